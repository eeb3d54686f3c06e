/* tests/dnsport/server.h - a DNS server with libevent, answering by script
 *
 * A name that begins with "hold" waits for server_release(); all others are
 * answered at once: "none..." does not exist, others have one address.
 */
#ifndef TESTS_DNSPORT_SERVER_H
#define TESTS_DNSPORT_SERVER_H

#include <event2/event.h>
#include <signal.h>
#include <unistd.h>

#include "base/loop.h"
#include "dnsport/dnsport.h"
#include "tests/dnsport/query.h"

enum { SERVER_HELD_MAX = 4096 };

static struct {
	struct event_base *base;
	struct loop	 loop;
	struct dnsport	*dp;
	int		 depth;
	unsigned	 asked, forgotten, enters;	/* ever */
	struct dns_query *held[SERVER_HELD_MAX];
	unsigned	 nheld;
	struct dns_from	 from;		/* of the last */
} server;

/* Runs the loop until @cond holds; some seconds at most. */
#define PUMP_UNTIL(cond) do {						\
	int pump_i_ = 0, pump_ok_;					\
	while (!(pump_ok_ = (cond)) && pump_i_++ < 10000) {		\
		event_base_loop(server.base, EVLOOP_NONBLOCK);		\
		if (pump_i_ > 4)					\
			usleep(500);					\
	}								\
	ck_assert_msg(pump_ok_, "never came: %s", #cond);		\
} while (0)

static inline void
server_pump(void)
{
	int i;

	for (i = 0; i < 20; i++) {
		event_base_loop(server.base, EVLOOP_NONBLOCK);
		usleep(200);
	}
}

static inline void
server_give(struct dns_query *q, const char *name)
{
	struct dns_record r = { .ttl = 300 };

	addr_v4(&r.addr, 0xc0000207, 0);
	if (strncmp(name, "none", 4) == 0)
		dnsport_answer(q, DNS_NXDOMAIN, NULL, 0);
	else
		dnsport_answer(q, DNS_OK, &r, 1);
}

static inline void
server_ask(void *arg, struct dns_query *q, const struct dns_question *question,
    const struct dns_from *from)
{
	(void)arg;
	server.asked++;
	server.from = *from;
	if (strncmp(question->name, "hold", 4) != 0)
		server_give(q, question->name);
	else if (server.nheld < SERVER_HELD_MAX)
		server.held[server.nheld++] = q;
}

static inline void
server_forget(void *arg, struct dns_query *q)
{
	unsigned i;

	(void)arg;
	server.forgotten++;
	for (i = 0; i < server.nheld; i++)
		if (server.held[i] == q) {
			server.held[i] = server.held[--server.nheld];
			return;
		}
	ck_abort_msg("a question is forgotten that was never asked");
}

/* 127.9.x and 10.9.x: all of each are one client. */
static inline void
server_share(void *arg, const struct dns_from *from, struct addr *out)
{
	(void)arg;
	*out = from->client;
	if (out->family == 4 && out->ip[1] == 9)
		out->ip[2] = out->ip[3] = 0;
}

static const struct dnsport_user server_user = {
	.ask = server_ask, .share = server_share, .forget = server_forget
};

static inline void
server_enter(void *turn)
{
	ck_assert_ptr_eq(turn, &server);
	server.depth++;
	server.enters++;
}

static inline void
server_leave(void *turn)
{
	ck_assert_ptr_eq(turn, &server);
	if (--server.depth == 0)
		loop_end_turn(&server.loop);
}

/* Answers what was held first. */
static inline void
server_release(void)
{
	struct dns_query *q = server.held[0];

	ck_assert_uint_gt(server.nheld, 0);
	server.nheld--;
	memmove(server.held, server.held + 1,
	    server.nheld * sizeof(server.held[0]));
	server_enter(&server);
	server_give(q, "hold");
	server_leave(&server);
}

static inline void
server_open(void)
{
	signal(SIGPIPE, SIG_IGN);	/* as the daemon does */
	memset(&server, 0, sizeof(server));
	loop_init(&server.loop, 1000, 1700000000);
	server.base = event_base_new();
	ck_assert_ptr_nonnull(server.base);
	ck_assert_int_eq(dnsport_new(&server.dp, &server.loop, &server_user,
	    NULL), 0);
}

static inline void
server_close(void)
{
	dnsport_free(server.dp);
	loop_end_turn(&server.loop);
	event_base_free(server.base);
}

#endif

/* tests/fuzz/fz_dns_tcp.c - a client's stream of DNS questions over TCP
 *
 * The input is cut into writes at lengths that it chooses itself, so that
 * frames come whole, in pieces and many at once; names that begin with "h"
 * are answered later, in another order.  What comes back must be frames that a
 * second parser (ldns) reads, no more of them than there were questions.
 */
#include <event2/event.h>
#include <ldns/ldns.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/loop.h"
#include "base/rand.h"
#include "base/wire.h"
#include "dnsport/dnsconn.h"
#include "dnsport/dnspipe.h"
#include "dnsport/dnsport.h"
#include "tests/fuzz/fuzz.h"

enum { HELD_MAX = 2 * DNSPIPE_PENDING_MAX };

static struct {
	struct loop	 loop;
	struct event_base *base;
	struct dnsport	*dp;
	struct dnsconn	*conn;
	int		 closed;
	struct dns_query *held[HELD_MAX];
	size_t		 nheld;
	uint8_t		 in[1 << 20];	/* what the client was sent */
	size_t		 in_len;
} fz;

static void
give(struct dns_query *q)
{
	struct dns_record r = { .ttl = 1, .name = "host.test" };

	addr_v4(&r.addr, 0xc0000207, 0);
	dnsport_answer(q, DNS_OK, &r, 1);
}

static void
on_ask(void *arg, struct dns_query *q, const struct dns_question *what,
    const struct dns_from *from)
{
	(void)arg;
	(void)from;
	if (what->name[0] != 'h')
		give(q);
	else if (fz.nheld < HELD_MAX)
		fz.held[fz.nheld++] = q;
	else
		abort();		/* more than may wait at a time */
}

static void
on_forget(void *arg, struct dns_query *q)
{
	size_t i;

	(void)arg;
	for (i = 0; i < fz.nheld && fz.held[i] != q; i++)
		;
	if (i == fz.nheld)
		abort();
	fz.held[i] = fz.held[--fz.nheld];
}

static void
on_closed(void *arg)
{
	(void)arg;
	if (fz.closed++)
		abort();
}

static void
enter(void *arg)
{
	(void)arg;
}

static void
leave(void *arg)
{
	(void)arg;
	loop_end_turn(&fz.loop);
}

static void
hear(int fd)
{
	ssize_t n;

	event_base_loop(fz.base, EVLOOP_NONBLOCK);
	while (fz.in_len < sizeof(fz.in) && (n = recv(fd, fz.in + fz.in_len,
	    sizeof(fz.in) - fz.in_len, MSG_DONTWAIT)) > 0)
		fz.in_len += (size_t)n;
}

static void
release_last(int fd)
{
	enter(NULL);
	give(fz.held[--fz.nheld]);
	leave(NULL);
	hear(fd);
}

static void
talk(int fd, const uint8_t *data, size_t len)
{
	size_t n;

	while (len && !fz.closed) {
		n = 1 + *data % 97u * 5;
		if (n > len)
			n = len;
		(void)!send(fd, data, n, MSG_DONTWAIT | MSG_NOSIGNAL);
		data += n;
		len -= n;
		hear(fd);
		if (fz.nheld > 3)
			release_last(fd);
	}
	shutdown(fd, SHUT_WR);
	while (fz.nheld && !fz.closed)
		release_last(fd);
	hear(fd);
	hear(fd);
	if (!fz.closed && fz.nheld == 0)
		abort();		/* all is said: it had to end */
}

static void
check_answers(void)
{
	struct dnsport_totals t;
	uint64_t answers = 0;
	ldns_pkt *pkt;
	struct wire w;
	size_t len;

	wire_init(&w, fz.in, fz.in_len);
	while (wire_left(&w) > 0 && fz.in_len < sizeof(fz.in)) {
		const uint8_t *msg;

		len = wire_u16(&w);
		msg = wire_take(&w, len);
		if (msg == NULL)
			abort();
		if (ldns_wire2pkt(&pkt, msg, len) != LDNS_STATUS_OK)
			abort();
		if (!ldns_pkt_qr(pkt))
			abort();
		ldns_pkt_free(pkt);
		answers++;
	}
	dnsport_totals(fz.dp, &t);
	if (answers > t.queries)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const struct dnsport_user user = {
		.ask = on_ask, .forget = on_forget
	};
	struct dnsconn_conf conf = {
		.loop = &fz.loop, .enter = enter, .leave = leave,
		.idle_ms = 60 * 1000
	};
	struct addr client;
	int fd[2];

	rand_init();
	signal(SIGPIPE, SIG_IGN);
	loop_init(&fz.loop, 1000, 1795300000);
	fz.closed = 0;
	fz.nheld = fz.in_len = 0;
	fz.base = event_base_new();
	addr_v4(&client, 0x0a090002, 1234);
	if (fz.base == NULL || dnsport_new(&fz.dp, &fz.loop, &user, NULL) < 0 ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fd) < 0)
		abort();
	conf.base = fz.base;
	conf.dnsport = fz.dp;
	if (dnsconn_new(&fz.conn, &conf, fd[1], &client, on_closed, NULL) < 0)
		abort();
	talk(fd[0], data, len);
	if (!fz.closed)
		dnsconn_kill(fz.conn);
	check_answers();
	loop_end_turn(&fz.loop);
	dnsport_free(fz.dp);
	loop_end_turn(&fz.loop);
	close(fd[0]);
	event_base_free(fz.base);
	return 0;
}

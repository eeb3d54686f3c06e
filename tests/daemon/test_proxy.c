/* tests/daemon/test_proxy.c - a proxy's clients between their sockets and the
 * gateway
 *
 * Both are made up: the socket takes what it is sent and gives what it has
 * credit for; the gateway holds what it is handed.  Each step is one turn.
 */
#include "daemon/proxy.h"

#include <errno.h>
#include <event2/event.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/endpoint.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/why.h"
#include "daemon/conf.h"
#include "daemon/evloop.h"
#include "daemon/gateway.h"
#include "daemon/sock.h"
#include "tests/quiet.h"
#include "tests/unit.h"

#define BYTES(s)	s, sizeof(s) - 1
#define CONNECT5	"\5\1\0\5\1\0\3\1a\0\x50"
#define OK5		"\5\0\5\0\0\1\0\0\0\0\0\0"

enum { MANY = PROXIES_MAX + 8 };

struct client {			/* a socket */
	struct endpoint	 ep;
	size_t		 credit;
	char		 said[65536];
	size_t		 len;
	int		 fin, killed, why;
	size_t		 room;
};

static struct loop loop;
static struct proxies *set;
static struct client *cl;
static struct door door;
static struct proxy_rules rules;
static struct addr who;

/* --- the gateway --- */

static struct {
	int		 flows, lookups, cancelled;
	char		 host[256];
	uint16_t	 port;
	char		 auth[64];
	size_t		 auth_len;
	struct endpoint	*ep;
	int		 kill_at_once, why;	/* within the call */
	int		 resolve_rc, family, reverse;
	gateway_lookup_fn *fn;
	void		*arg;
	/* of what it holds */
	char		 got[65536];
	size_t		 got_len;
	int		 fin, gone, gone_why, rooms;
} gw;

static void
on_data(void *arg, const void *p, size_t len)
{
	(void)arg;
	ck_assert_uint_lt(gw.got_len + len, sizeof(gw.got));
	memcpy(gw.got + gw.got_len, p, len);
	gw.got_len += len;
}

static void on_room(void *arg) { (void)arg; gw.rooms++; }
static void on_fin(void *arg) { (void)arg; gw.fin++; }

static void
on_gone(void *arg, int why)
{
	(void)arg;
	gw.gone++;
	gw.gone_why = why;
}

static const struct endpoint_user holder = {
	.data = on_data, .room = on_room, .fin = on_fin, .gone = on_gone
};

void
gateway_share(struct gateway *g, const struct door *d, const struct addr *from,
    struct addr *out)
{
	(void)g;
	*out = *door_share(d, from);
	if (out->family == 6)		/* is kin of that one */
		addr_v4(out, 0x0a000003, 0);
}

void
gateway_flow_to(struct gateway *g, const struct door *d,
    const struct addr *client, const char *host, uint16_t port,
    struct endpoint *take)
{
	(void)g;
	ck_assert(addr_equal(client, &who));
	ck_assert_int_eq(d->came.ifindex, door.came.ifindex);
	gw.flows++;
	snprintf(gw.host, sizeof(gw.host), "%s", host);
	gw.port = port;
	gw.auth_len = d->auth_len;
	if (d->auth)
		memcpy(gw.auth, d->auth, d->auth_len);
	gw.ep = take;
	endpoint_hold(take, &holder, NULL);
	if (gw.kill_at_once)
		endpoint_kill(take, gw.why);
}

int
gateway_resolve(struct gateway *g, const struct door *d,
    const struct addr *client, const char *name, int family, int reverse,
    gateway_lookup_fn *fn, void *arg, struct gateway_lookup **out)
{
	(void)g;
	(void)d;
	(void)client;
	gw.lookups++;
	snprintf(gw.host, sizeof(gw.host), "%s", name);
	gw.family = family;
	gw.reverse = reverse;
	gw.fn = fn;
	gw.arg = arg;
	*out = (struct gateway_lookup *)(void *)&gw;
	return gw.resolve_rc;
}

void
gateway_lookup_cancel(struct gateway_lookup *l)
{
	ck_assert_ptr_eq(l, &gw);
	gw.cancelled++;
}

/* --- sockets --- */

static size_t
cl_send(struct endpoint *e, const void *p, size_t len)
{
	struct client *c = (struct client *)(void *)e;

	ck_assert(!c->killed && !c->fin);
	if (len > c->room)
		len = c->room;
	c->room -= len;
	ck_assert_uint_lt(c->len + len, sizeof(c->said));
	memcpy(c->said + c->len, p, len);
	c->len += len;
	return len;
}

static void
cl_grant(struct endpoint *e, size_t n)
{
	struct client *c = (struct client *)(void *)e;

	ck_assert(!c->killed);
	c->credit += n;
}

static void
cl_fin(struct endpoint *e)
{
	struct client *c = (struct client *)(void *)e;

	ck_assert(!c->killed && !c->fin);
	c->fin = 1;
}

static void
cl_kill(struct endpoint *e, int why)
{
	struct client *c = (struct client *)(void *)e;

	ck_assert(!c->killed);
	c->killed = 1;
	c->why = why;
}

static const struct endpoint_ops cl_ops = {
	.send = cl_send, .grant = cl_grant, .fin = cl_fin, .kill = cl_kill
};

static void
turn(void)
{
	loop_end_turn(&loop);
}

static struct client *
come(void)
{
	struct client *c = calloc(1, sizeof(*c));

	ck_assert_ptr_nonnull(c);
	c->ep.ops = &cl_ops;
	c->room = 65000;
	proxies_take(set, &door, &rules, &who, &c->ep);
	turn();
	return c;
}

/* No more than it has credit for. */
static void
say(struct client *c, const void *p, size_t len)
{
	ck_assert(!c->killed);
	ck_assert_uint_le(len, c->credit);
	c->credit -= len;
	c->ep.user->data(c->ep.arg, p, len);
	turn();
}

static void
begin(uint8_t proto)
{
	struct proxies_conf pc = { .loop = &loop };

	log_capture(quiet, NULL);
	memset(&gw, 0, sizeof(gw));
	memset(&rules, 0, sizeof(rules));
	memset(&door, 0, sizeof(door));
	door.came.ifindex = 7;
	door.proto = proto;
	rules.handshake_ms = 60000;
	addr_v4(&who, 0x0a000002, 4000);
	loop_init(&loop, 1000, 1795300000);
	ck_assert_int_eq(proxies_new(&set, &pc), 0);
	cl = come();
}

static void
end(void)
{
	struct proxies_totals t;

	proxies_totals(set, &t);
	ck_assert_uint_eq(t.now, 0);
	proxies_close(set);
	turn();
	ck_assert_int_eq(loop_next(&loop), LOOP_NEVER);
	free(cl);
}

static void
said(const char *want, size_t len)
{
	ck_assert_uint_eq(cl->len, len);
	ck_assert_mem_eq(cl->said, want, len);
}

/* --- connections --- */

START_TEST(proxy_connection_is_answered_when_it_is_let_in)
{
	begin(DOOR_SOCKS);
	say(cl, BYTES("\5\1\2"));
	said(BYTES("\5\2"));
	say(cl, BYTES("\1\1u\1p"));
	said(BYTES("\5\2\1\0"));
	say(cl, BYTES("\5\1\0\3\7a.onion\1\xbb"));
	ck_assert_int_eq(gw.flows, 1);
	ck_assert_str_eq(gw.host, "a.onion");
	ck_assert_uint_eq(gw.port, 443);
	ck_assert_uint_eq(gw.auth_len, 6);
	ck_assert_mem_eq(gw.auth, "\0\1u\0\1p", 6);
	ck_assert_uint_eq(endpoint_send(gw.ep, "x", 1), 0);
	ck_assert_uint_eq(cl->len, 4);
	endpoint_accept(gw.ep);
	said(BYTES("\5\2\1\0\5\0\0\1\0\0\0\0\0\0"));
	ck_assert_uint_eq(endpoint_send(gw.ep, "hello", 5), 5);
	ck_assert_mem_eq(cl->said + 14, "hello", 5);
	endpoint_grant(gw.ep, 100000);
	turn();
	ck_assert_uint_eq(cl->credit, 100000);
	say(cl, BYTES("there"));
	ck_assert_mem_eq(gw.got, "there", 5);
	cl->ep.user->room(cl->ep.arg);
	ck_assert_int_eq(gw.rooms, 1);
	endpoint_kill(gw.ep, 0);
	turn();
	ck_assert_int_eq(cl->killed, 1);
	end();
}
END_TEST

START_TEST(proxy_http_connection_is_answered_when_it_is_let_in)
{
	begin(DOOR_HTTP);
	say(cl, BYTES("CONNECT a.example:443 HTTP/1.1\r\n"
	    "X-Tor-Stream-Isolation: q\r\n\r\nearly"));
	ck_assert_int_eq(gw.flows, 1);
	ck_assert_str_eq(gw.host, "a.example");
	ck_assert_uint_eq(gw.auth_len, 7);
	ck_assert_uint_eq(cl->len, 0);
	endpoint_accept(gw.ep);
	ck_assert_mem_eq(cl->said, "HTTP/1.0 200 OK\r\n", 17);
	endpoint_grant(gw.ep, 1000);
	turn();
	ck_assert_uint_eq(gw.got_len, 5);
	ck_assert_mem_eq(gw.got, "early", 5);
	endpoint_kill(gw.ep, -ECONNRESET);
	turn();
	ck_assert_int_eq(cl->why, -ECONNRESET);
	end();
}
END_TEST

/* As much as it may say before is kept, in order, and given as is granted. */
START_TEST(proxy_early_data_is_kept_and_comes_first)
{
	static char much[PROXY_EARLY_MAX];
	size_t i, n = sizeof(CONNECT5) - 1;

	begin(DOOR_SOCKS);
	ck_assert_uint_eq(cl->credit, PROXY_EARLY_MAX);
	for (i = 0; i < sizeof(much); i++)
		much[i] = (char)(i % 251);
	memcpy(much, CONNECT5, n);
	say(cl, much, 3000);
	say(cl, much + 3000, sizeof(much) - 3000);
	ck_assert_uint_eq(cl->credit, 0);
	endpoint_grant(gw.ep, 1000);
	turn();
	ck_assert_uint_eq(gw.got_len, 0);
	ck_assert_uint_eq(cl->credit, 0);
	endpoint_accept(gw.ep);
	ck_assert_uint_eq(gw.got_len, 0);	/* not from within */
	turn();
	ck_assert_uint_eq(gw.got_len, 1000);
	endpoint_grant(gw.ep, sizeof(much));
	turn();
	ck_assert_uint_eq(gw.got_len, sizeof(much) - n);
	ck_assert_mem_eq(gw.got, much + n, sizeof(much) - n);
	ck_assert_uint_eq(cl->credit, 1000 + n);
	endpoint_kill(gw.ep, 0);
	turn();
	end();
}
END_TEST

/* What is left of the first credit is used under a smaller grant: what comes
 * beyond it waits, and no byte is lost or given twice. */
START_TEST(proxy_grants_are_never_exceeded)
{
	size_t granted = 0, sent = 0, i;
	char bytes[512];

	begin(DOOR_SOCKS);
	say(cl, BYTES(CONNECT5));
	endpoint_accept(gw.ep);
	turn();
	for (i = 0; i < 100; i++) {
		size_t n = 1 + i * 7 % 300, j;

		if (n > cl->credit)
			n = cl->credit;
		for (j = 0; j < n; j++)
			bytes[j] = (char)((sent + j) % 127);
		if (n)
			say(cl, bytes, n);
		sent += n;
		ck_assert_uint_le(gw.got_len, granted);
		endpoint_grant(gw.ep, i * 13 % 200);
		granted += i * 13 % 200;
		turn();
		ck_assert_uint_le(gw.got_len, granted);
		ck_assert(gw.got_len == granted || gw.got_len == sent);
	}
	for (i = 0; i < gw.got_len; i++)
		ck_assert_int_eq(gw.got[i], (char)(i % 127));
	endpoint_kill(gw.ep, 0);
	turn();
	end();
}
END_TEST

START_TEST(proxy_fin_before_it_is_let_in_comes_after_the_data)
{
	begin(DOOR_SOCKS);
	say(cl, BYTES(CONNECT5 "bye"));
	cl->ep.user->fin(cl->ep.arg);
	turn();
	ck_assert_int_eq(gw.fin, 0);
	endpoint_accept(gw.ep);
	turn();
	ck_assert_int_eq(gw.fin, 0);
	endpoint_grant(gw.ep, 2);
	turn();
	ck_assert_int_eq(gw.fin, 0);
	endpoint_grant(gw.ep, 2);
	turn();
	ck_assert_uint_eq(gw.got_len, 3);
	ck_assert_int_eq(gw.fin, 1);
	endpoint_fin(gw.ep);
	ck_assert_int_eq(cl->fin, 1);
	cl->ep.user->gone(cl->ep.arg, 0);
	turn();
	ck_assert_int_eq(gw.gone, 1);
	ck_assert_int_eq(gw.gone_why, 0);
	end();
}
END_TEST

START_TEST(proxy_client_that_goes_ends_its_flow)
{
	begin(DOOR_SOCKS);
	say(cl, BYTES(CONNECT5));
	if (_i)
		endpoint_accept(gw.ep);
	cl->ep.user->gone(cl->ep.arg, -ECONNRESET);
	turn();
	ck_assert_int_eq(gw.gone, 1);
	ck_assert_int_eq(gw.gone_why, -ECONNRESET);
	end();
}
END_TEST

START_TEST(proxy_reply_that_has_no_room_ends_it)
{
	begin(DOOR_SOCKS);
	say(cl, BYTES(CONNECT5));
	cl->room = 3;
	endpoint_accept(gw.ep);
	ck_assert_int_eq(gw.gone, 0);
	turn();
	ck_assert_int_eq(gw.gone, 1);
	ck_assert_int_eq(cl->killed, 1);
	end();
}
END_TEST

/* --- refusals --- */

static const struct {
	int		 why, extended;
	uint8_t		 code;
} refusals[] = {
	{ -ECONNREFUSED, 0, 5 }, { -EACCES, 0, 2 }, { -ETIMEDOUT, 0, 6 },
	{ -ENOENT, 0, 4 }, { -WHY_HS_AUTH_MISSING, 0, 1 },
	{ -WHY_HS_NOT_FOUND, 1, 0xf0 }, { -WHY_HS_TIMEOUT, 1, 0xf7 },
};

START_TEST(proxy_refusal_is_told_and_the_answer_can_be_read)
{
	begin(DOOR_SOCKS);
	cl->ep.user->gone(cl->ep.arg, 0);
	turn();
	free(cl);
	rules.extended = (uint8_t)refusals[_i].extended;
	cl = come();
	say(cl, BYTES(CONNECT5));
	endpoint_kill(gw.ep, refusals[_i].why);
	turn();
	ck_assert_uint_eq(cl->len, 12);
	ck_assert_uint_eq((uint8_t)cl->said[3], refusals[_i].code);
	ck_assert_int_eq(cl->fin, 1);
	ck_assert_int_eq(cl->killed, 0);
	say(cl, BYTES("still here"));
	loop_advance(&loop, PROXY_LINGER_MS - 1);
	ck_assert_int_eq(cl->killed, 0);
	loop_advance(&loop, 1);
	ck_assert_int_eq(cl->killed, 1);
	ck_assert_int_eq(cl->why, 0);
	ck_assert_int_eq(gw.gone, 0);
	end();
}
END_TEST

START_TEST(proxy_refusal_from_within_the_call_is_told)
{
	begin(_i ? DOOR_HTTP : DOOR_SOCKS);
	gw.kill_at_once = 1;
	gw.why = -EACCES;
	if (_i)
		say(cl, BYTES("CONNECT a:1 HTTP/1.1\r\n\r\nx"));
	else
		say(cl, BYTES(CONNECT5 "x"));
	ck_assert_int_eq(cl->fin, 1);
	if (_i)
		ck_assert_mem_eq(cl->said, "HTTP/1.0 403 ", 13);
	else
		ck_assert_uint_eq(cl->said[3], 2);
	cl->ep.user->gone(cl->ep.arg, 0);
	turn();
	end();
}
END_TEST

START_TEST(proxy_drop_is_told_nothing)
{
	begin(DOOR_SOCKS);
	say(cl, BYTES(CONNECT5));
	endpoint_kill(gw.ep, 0);
	turn();
	ck_assert_uint_eq(cl->len, 2);
	ck_assert_int_eq(cl->why, -ECONNRESET);
	end();
}
END_TEST

START_TEST(proxy_client_that_floods_after_a_refusal_is_ended)
{
	static const char much[PROXY_EARLY_MAX];

	begin(DOOR_SOCKS);
	say(cl, BYTES(CONNECT5));
	endpoint_kill(gw.ep, -EACCES);
	ck_assert_uint_le(cl->credit, PROXY_EARLY_MAX);
	say(cl, much, cl->credit);
	ck_assert_int_eq(cl->killed, 1);
	end();
}
END_TEST

START_TEST(proxy_malformed_request_is_answered_or_reset)
{
	begin(DOOR_SOCKS);
	say(cl, BYTES("GET / HTTP/1.0\r\n\r\n"));
	ck_assert_mem_eq(cl->said, "HTTP/1.0 501 ", 13);
	ck_assert_int_eq(cl->fin, 1);
	cl->ep.user->gone(cl->ep.arg, 0);
	turn();
	free(cl);
	cl = come();
	say(cl, BYTES("\x16\3\1"));
	ck_assert_int_eq(cl->why, -ECONNRESET);
	ck_assert_uint_eq(cl->len, 0);
	ck_assert_int_eq(gw.flows, 0);
	end();
}
END_TEST

/* --- what a port lets through --- */

static const struct {
	const char	*name, *in;
	size_t		 len;
	int		 no_dns, no_onion, no4, no6, goes;
} lets[] = {
	{ "name", BYTES(CONNECT5), 0, 0, 0, 0, 1 },
	{ "name, no DNS", BYTES(CONNECT5), 1, 0, 0, 0, 0 },
	{ "onion, no DNS", BYTES("\5\1\0\5\1\0\3\7a.onion\0\1"), 1, 0, 1, 1,
	    1 },
	{ "onion, none", BYTES("\5\1\0\5\1\0\3\x8" "a.oNion.\0\1"), 0, 1, 0, 0,
	    0 },
	{ "IPv4, none", BYTES("\5\1\0\5\1\0\1\1\2\3\4\0\1"), 0, 0, 1, 0, 0 },
	{ "IPv4, no DNS", BYTES("\5\1\0\5\1\0\1\1\2\3\4\0\1"), 1, 0, 0, 1, 1 },
	{ "ours, no IPv4", BYTES("\5\1\0\5\1\0\1\x7f\xc0\0\1\0\1"), 1, 0, 1, 1,
	    1 },
	{ "IPv6, none", BYTES("\5\1\0\5\1\0\4\x20\1\0\0\0\0\0\0\0\0\0\0\0\0\0"
	    "\1\0\1"), 0, 0, 0, 1, 0 },
};

START_TEST(proxy_port_lets_through_what_its_flags_say)
{
	begin(DOOR_SOCKS);
	cl->ep.user->gone(cl->ep.arg, 0);
	turn();
	free(cl);
	rules.no_dns = (uint8_t)lets[_i].no_dns;
	rules.no_onion = (uint8_t)lets[_i].no_onion;
	door.no_ipv4 = (uint8_t)lets[_i].no4;
	door.no_ipv6 = (uint8_t)lets[_i].no6;
	ck_assert_int_eq(addr_net_parse(&rules.ours[0], "127.192.0.0/10", -1),
	    0);
	cl = come();
	say(cl, lets[_i].in, lets[_i].len);
	ck_assert_msg(gw.flows == lets[_i].goes, "%s", lets[_i].name);
	if (!lets[_i].goes)
		ck_assert_uint_eq(cl->said[3], 2);
	cl->ep.user->gone(cl->ep.arg, 0);
	turn();
	end();
}
END_TEST

static int lines;

static void
count_notices(void *arg, enum log_level level, const char *text)
{
	(void)arg;
	lines += level == LL_NOTICE && strstr(text, "TestSocks") != NULL;
	ck_assert_ptr_null(strstr(text, "1.2.3.4"));
}

START_TEST(proxy_test_socks_logs_each_request)
{
	begin(DOOR_SOCKS);
	cl->ep.user->gone(cl->ep.arg, 0);
	turn();
	free(cl);
	rules.test = 1;
	log_capture(count_notices, NULL);
	cl = come();
	say(cl, BYTES("\5\1\0\5\1\0\1\1\2\3\4\0\1"));
	ck_assert_int_eq(lines, 1);
	ck_assert_int_eq(gw.flows, 1);
	cl->ep.user->gone(cl->ep.arg, 0);
	turn();
	free(cl);
	cl = come();
	say(cl, BYTES(CONNECT5));
	ck_assert_int_eq(lines, 2);
	cl->ep.user->gone(cl->ep.arg, 0);
	turn();
	end();
}
END_TEST

START_TEST(proxy_safe_socks_refuses_an_address_and_not_a_virtual_one)
{
	begin(DOOR_SOCKS);
	cl->ep.user->gone(cl->ep.arg, 0);
	turn();
	free(cl);
	rules.safe = 1;
	ck_assert_int_eq(addr_net_parse(&rules.ours[0], "127.192.0.0/10", -1),
	    0);
	cl = come();
	say(cl, BYTES("\5\1\0\5\1\0\1\1\2\3\4\0\1"));
	ck_assert_uint_eq(cl->said[3], 2);
	ck_assert_int_eq(gw.flows, 0);
	cl->ep.user->gone(cl->ep.arg, 0);
	turn();
	free(cl);
	cl = come();
	say(cl, BYTES("\5\1\0\5\1\0\1\x7f\xc0\0\1\0\1"));
	ck_assert_int_eq(gw.flows, 1);
	cl->ep.user->gone(cl->ep.arg, 0);
	turn();
	end();
}
END_TEST

/* --- lookups --- */

static const struct {
	const char	*in;
	size_t		 len;
	int		 reverse, family, err;
	const char	*addr, *name;
	const char	*said;
	size_t		 said_len;
} lookups[] = {
	{ BYTES("\5\1\0\5\xf0\0\3\1a\0\0"), 0, 0, 0, "1.2.3.4", NULL,
	    BYTES("\5\0\5\0\0\1\1\2\3\4\0\0") },
	{ BYTES("\4\xf0\0\0\0\0\0\1\0a\0"), 0, 4, 0, "1.2.3.4", NULL,
	    BYTES("\0\x5a\0\0\1\2\3\4") },
	{ BYTES("\5\1\0\5\xf1\0\1\1\2\3\4\0\0"), 1, 0, 0, NULL, "x.y",
	    BYTES("\5\0\5\0\0\3\3x.y\0\0") },
	{ BYTES("\5\1\0\5\xf0\0\3\1a\0\0"), 0, 0, -ENOENT, NULL, NULL,
	    BYTES("\5\0\5\4\0\1\0\0\0\0\0\0") },
	{ BYTES("\5\1\0\5\xf0\0\3\1a\0\0"), 0, 0, -EACCES, NULL, NULL,
	    BYTES("\5\0\5\4\0\1\0\0\0\0\0\0") },
	{ BYTES("\5\1\0\5\xf0\0\3\1a\0\0"), 0, 0, -WHY_HS_ADDRESS, NULL, NULL,
	    BYTES("\5\0\5\4\0\1\0\0\0\0\0\0") },
};

START_TEST(proxy_lookup_is_answered_and_ends)
{
	struct addr a;

	begin(DOOR_SOCKS);
	say(cl, lookups[_i].in, lookups[_i].len);
	ck_assert_int_eq(gw.lookups, 1);
	ck_assert_int_eq(gw.reverse, lookups[_i].reverse);
	ck_assert_int_eq(gw.family, lookups[_i].family);
	if (lookups[_i].addr)
		ck_assert_int_eq(addr_parse_ip(&a, lookups[_i].addr, -1), 0);
	gw.fn(gw.arg, lookups[_i].err, lookups[_i].addr ? &a : NULL,
	    lookups[_i].name, 60);
	turn();
	said(lookups[_i].said, lookups[_i].said_len);
	ck_assert_int_eq(cl->fin, 1);
	cl->ep.user->gone(cl->ep.arg, 0);
	turn();
	ck_assert_int_eq(gw.cancelled, 0);
	end();
}
END_TEST

START_TEST(proxy_lookup_of_an_address_is_that_address)
{
	begin(DOOR_SOCKS);
	say(cl, BYTES("\5\1\0\5\xf0\0\3\7" "1.2.3.4\0\0"));
	ck_assert_int_eq(gw.lookups, 0);
	said(BYTES("\5\0\5\0\0\1\1\2\3\4\0\0"));
	cl->ep.user->gone(cl->ep.arg, 0);
	turn();
	end();
}
END_TEST

START_TEST(proxy_lookup_that_cannot_be_asked_is_refused)
{
	begin(DOOR_SOCKS);
	gw.resolve_rc = -EACCES;
	say(cl, BYTES("\5\1\0\5\xf0\0\3\1a\0\0"));
	ck_assert_uint_eq(cl->said[3], 2);
	cl->ep.user->gone(cl->ep.arg, 0);
	turn();
	end();
}
END_TEST

START_TEST(proxy_lookup_is_cancelled_when_the_client_goes)
{
	begin(DOOR_SOCKS);
	say(cl, BYTES("\5\1\0\5\xf0\0\3\1a\0\0"));
	say(cl, BYTES("what comes now is dropped"));
	if (_i)
		cl->ep.user->gone(cl->ep.arg, -ECONNRESET);
	else {
		proxies_close(set);
		ck_assert_int_eq(cl->killed, 1);
	}
	turn();
	ck_assert_int_eq(gw.cancelled, 1);
	if (_i)
		end();
}
END_TEST

/* --- limits --- */

START_TEST(proxy_silent_client_is_ended)
{
	begin(DOOR_SOCKS);
	say(cl, BYTES("\5\1"));
	loop_advance(&loop, rules.handshake_ms - 1);
	ck_assert_int_eq(cl->killed, 0);
	loop_advance(&loop, 1);
	ck_assert_int_eq(cl->killed, 1);
	ck_assert_int_lt(cl->why, 0);
	end();
}
END_TEST

START_TEST(proxy_one_that_waits_for_its_flow_has_no_limit_here)
{
	begin(DOOR_SOCKS);
	say(cl, BYTES(CONNECT5));
	ck_assert_int_eq(loop_next(&loop), LOOP_NEVER);
	loop_advance(&loop, 10 * rules.handshake_ms);
	ck_assert_int_eq(cl->killed, 0);
	endpoint_accept(gw.ep);
	endpoint_kill(gw.ep, 0);
	turn();
	end();
}
END_TEST

/* Clients that say nothing; @n of them so far. */
static void
come_many(struct client **c, size_t *n, size_t more)
{
	while (more-- > 0)
		c[(*n)++] = come();
}

static size_t
count_now(void)
{
	struct proxies_totals t;

	proxies_totals(set, &t);
	return t.now;
}

static void
end_many(struct client **c, size_t n)
{
	size_t i;

	proxies_close(set);
	turn();
	for (i = 0; i < n; i++) {
		ck_assert_int_eq(c[i]->killed, 1);
		free(c[i]);
	}
	ck_assert_int_eq(loop_next(&loop), LOOP_NEVER);
}

START_TEST(proxies_of_a_client_with_its_share_its_oldest_silent_one_goes)
{
	static struct client *c[MANY];
	struct addr six;
	size_t n = 0;

	begin(DOOR_SOCKS);		/* that one is of 10.0.0.2 */
	addr_v4(&who, 0x0a000003, 4000);
	come_many(c, &n, PROXIES_EACH_MAX);
	ck_assert_uint_eq(count_now(), PROXIES_EACH_MAX + 1);
	ck_assert_int_eq(c[0]->killed, 0);
	ck_assert_int_eq(addr_parse_ip(&six, "2001:db8::3", -1), 0);
	who = six;			/* by whatever address */
	come_many(c, &n, 1);
	ck_assert_int_eq(c[n - 1]->killed, 0);
	ck_assert_int_eq(c[0]->killed, 1);
	ck_assert_int_lt(c[0]->why, 0);
	ck_assert_int_eq(cl->killed, 0);
	ck_assert_uint_eq(count_now(), PROXIES_EACH_MAX + 1);
	end_many(c, n);
	free(cl);
}
END_TEST

START_TEST(proxies_when_all_is_full_the_oldest_silent_one_goes)
{
	static struct client *c[MANY];
	size_t n = 0;

	begin(DOOR_SOCKS);
	c[n++] = cl;
	say(cl, BYTES("\5\1\0\5\xf0\0\3\1a\0\0"));	/* wants a name */
	ck_assert_int_eq(gw.lookups, 1);
	come_many(c, &n, PROXIES_EACH_MAX - 1);
	addr_v4(&who, 0x0a000003, 4000);
	come_many(c, &n, PROXIES_MAX - PROXIES_EACH_MAX);
	ck_assert_uint_eq(count_now(), PROXIES_MAX);
	come_many(c, &n, 1);
	ck_assert_int_eq(c[n - 1]->killed, 0);
	ck_assert_int_eq(cl->killed, 0);	/* it said what it wants */
	ck_assert_int_eq(c[1]->killed, 1);
	ck_assert_int_eq(c[2]->killed, 0);
	ck_assert_uint_eq(count_now(), PROXIES_MAX);
	/* who waits for his flow takes no place any more */
	say(c[n - 1], BYTES(CONNECT5));
	ck_assert_uint_eq(count_now(), PROXIES_MAX - 1);
	come_many(c, &n, 1);
	ck_assert_int_eq(c[2]->killed, 0);
	/* but to be told that it was refused it does */
	endpoint_kill(gw.ep, -ECONNREFUSED);
	ck_assert_int_eq(c[n - 2]->killed, 0);
	ck_assert_int_eq(c[2]->killed, 1);
	ck_assert_uint_eq(count_now(), PROXIES_MAX);
	end_many(c, n);
}
END_TEST

START_TEST(proxies_that_all_wait_for_names_leave_no_room)
{
	static struct client *c[MANY];
	struct proxies_totals t;
	size_t i, n = 0;

	begin(DOOR_SOCKS);
	c[n++] = cl;
	come_many(c, &n, PROXIES_EACH_MAX - 1);
	for (i = 0; i < n; i++)
		say(c[i], BYTES("\5\1\0\5\xf0\0\3\1a\0\0"));
	come_many(c, &n, 1);
	ck_assert_int_eq(c[n - 1]->killed, 1);
	ck_assert_int_lt(c[n - 1]->why, 0);
	ck_assert_uint_eq(count_now(), PROXIES_EACH_MAX);
	proxies_totals(set, &t);
	ck_assert_uint_eq(t.refused, 1);
	end_many(c, n);
}
END_TEST

START_TEST(proxies_policy_says_who_may_come)
{
	struct conf_rule policy[3] = {
		{ .accept = 1 }, { .accept = 0 }, { .accept = 1 }
	};

	begin(DOOR_SOCKS);
	cl->ep.user->gone(cl->ep.arg, 0);
	turn();
	free(cl);
	ck_assert_int_eq(addr_net_parse(&policy[0].net, "10.0.0.2/32", -1), 0);
	ck_assert_int_eq(addr_net_parse(&policy[1].net, "10.0.0.0/8", -1), 0);
	policy[2].accept = 0;		/* everybody */
	rules.policy = policy;
	rules.npolicy = _i == 2 ? 3 : 2;
	addr_v4(&who, _i == 0 ? 0x0a000002 : _i == 1 ? 0x0a000003 :
	    0x0b000001, 1);
	cl = come();
	ck_assert_int_eq(cl->killed, _i != 0);
	if (_i == 0)
		cl->ep.user->gone(cl->ep.arg, 0);
	turn();
	free(cl);
	rules.npolicy = 2;
	addr_v4(&who, 0x0b000001, 1);
	cl = come();
	ck_assert_int_eq(cl->killed, 0);	/* no rule matches */
	cl->ep.user->gone(cl->ep.arg, 0);
	turn();
	end();
}
END_TEST

/* A flow outlives the set's owner, and the set goes with the last of them. */
START_TEST(proxies_close_leaves_flows_to_the_gateway)
{
	struct client *two;

	begin(DOOR_SOCKS);
	say(cl, BYTES(CONNECT5));
	two = come();
	proxies_close(set);
	turn();
	ck_assert_int_eq(two->killed, 1);
	ck_assert_int_eq(cl->killed, 0);
	if (_i) {
		endpoint_accept(gw.ep);
		endpoint_grant(gw.ep, 100);
		turn();
		say(cl, BYTES("x"));
		ck_assert_uint_eq(gw.got_len, 1);
	}
	endpoint_kill(gw.ep, -EAGAIN);
	turn();
	ck_assert_int_eq(cl->killed, 1);
	ck_assert_int_eq(loop_next(&loop), LOOP_NEVER);
	free(cl);
	free(two);
}
END_TEST

/* --- with real sockets --- */

static void
until(struct evloop *ev, int fd, char *got, size_t len)
{
	size_t n = 0;
	ssize_t r;
	int i;

	for (i = 0; i < 1000 && n < len; i++) {
		event_base_loop(ev->base, EVLOOP_NONBLOCK);
		r = recv(fd, got + n, len - n, MSG_DONTWAIT);
		if (r > 0)
			n += (size_t)r;
		else if (r == 0)
			break;
		else
			usleep(1000);
	}
	ck_assert_uint_eq(n, len);
}

START_TEST(proxy_over_a_socket_carries_both_ways)
{
	struct proxies_conf pc;
	struct endpoint *ep;
	struct evloop ev;
	char got[64];
	int fd[2];

	begin(DOOR_SOCKS);
	cl->ep.user->gone(cl->ep.arg, 0);
	turn();
	end();
	ck_assert_int_eq(evloop_init(&ev), 0);
	pc = (struct proxies_conf){ .loop = &ev.loop };
	ck_assert_int_eq(proxies_new(&set, &pc), 0);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	evloop_enter(&ev);
	ck_assert_int_eq(sock_new(&ep, &ev, fd[1]), 0);
	proxies_take(set, &door, &rules, &who, ep);
	evloop_leave(&ev);
	ck_assert_int_eq(write(fd[0], BYTES(CONNECT5 "early")), 16);
	until(&ev, fd[0], got, 2);
	ck_assert_int_eq(gw.flows, 1);
	evloop_enter(&ev);
	if (_i) {
		endpoint_kill(gw.ep, -EHOSTUNREACH);
		evloop_leave(&ev);
		until(&ev, fd[0], got, 10);
		ck_assert_uint_eq(got[1], 4);
		ck_assert_int_eq(recv(fd[0], got, 1, 0), 0);	/* an end */
	} else {
		endpoint_accept(gw.ep);
		endpoint_grant(gw.ep, 100);
		endpoint_send(gw.ep, "down", 4);
		evloop_leave(&ev);
		until(&ev, fd[0], got, 14);
		ck_assert_mem_eq(got + 10, "down", 4);
		ck_assert_mem_eq(gw.got, "early", 5);
		evloop_enter(&ev);
		endpoint_kill(gw.ep, 0);
		evloop_leave(&ev);
	}
	close(fd[0]);
	evloop_enter(&ev);
	proxies_close(set);
	evloop_leave(&ev);
	evloop_fini(&ev);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(proxy_connection_is_answered_when_it_is_let_in),
	UNIT(proxy_http_connection_is_answered_when_it_is_let_in),
	UNIT(proxy_early_data_is_kept_and_comes_first),
	UNIT(proxy_grants_are_never_exceeded),
	UNIT(proxy_fin_before_it_is_let_in_comes_after_the_data),
	UNIT_LOOP(proxy_client_that_goes_ends_its_flow, 2),
	UNIT(proxy_reply_that_has_no_room_ends_it),
	UNIT_LOOP(proxy_refusal_is_told_and_the_answer_can_be_read,
	    NELEM(refusals)),
	UNIT_LOOP(proxy_refusal_from_within_the_call_is_told, 2),
	UNIT(proxy_drop_is_told_nothing),
	UNIT(proxy_client_that_floods_after_a_refusal_is_ended),
	UNIT(proxy_malformed_request_is_answered_or_reset),
	UNIT_LOOP(proxy_port_lets_through_what_its_flags_say, NELEM(lets)),
	UNIT(proxy_test_socks_logs_each_request),
	UNIT(proxy_safe_socks_refuses_an_address_and_not_a_virtual_one),
	UNIT_LOOP(proxy_lookup_is_answered_and_ends, NELEM(lookups)),
	UNIT(proxy_lookup_of_an_address_is_that_address),
	UNIT(proxy_lookup_that_cannot_be_asked_is_refused),
	UNIT_LOOP(proxy_lookup_is_cancelled_when_the_client_goes, 2),
	UNIT(proxy_silent_client_is_ended),
	UNIT(proxy_one_that_waits_for_its_flow_has_no_limit_here),
	UNIT(proxies_of_a_client_with_its_share_its_oldest_silent_one_goes),
	UNIT(proxies_when_all_is_full_the_oldest_silent_one_goes),
	UNIT(proxies_that_all_wait_for_names_leave_no_room),
	UNIT_LOOP(proxies_policy_says_who_may_come, 3),
	UNIT_LOOP(proxies_close_leaves_flows_to_the_gateway, 2),
	UNIT_LOOP(proxy_over_a_socket_carries_both_ways, 2),
};

UNIT_MAIN("proxy", tests)

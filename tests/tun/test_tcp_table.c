/* tests/tun/test_tcp_table.c - many connections, and what they may cost
 *
 * Rows D01, D11 and D14 of the threat catalogue, and the limits.
 */
#include "tun/memory.h"
#include "tun/tcp_table.h"

#include <errno.h>
#include <string.h>

#include "base/rand.h"
#include "base/wire.h"
#include "tests/tun/nomem.h"
#include "tests/tun/peer.h"
#include "tests/unit.h"
#include "tun/ip.h"
#include "tun/tcp_conn.h"

static struct net net;
static struct peer peer;

static struct peer
client(uint32_t ip, uint16_t port)
{
	struct peer p;

	peer_init(&p, &net, "10.0.0.1:1", "203.0.113.80:80");
	addr_v4(&p.me, ip, port);
	return p;
}

/* --- D01: RFC 6528 --- */

static uint32_t
isn_of(struct peer *p)
{
	peer_syn(p);
	PEER_MUST(peer_got(p) && p->got.flags == (TCP_SYN | TCP_ACK));
	return p->got.seq;
}

static void
forget(struct peer *p)
{
	peer_send(p, TCP_RST, p->iss + 1, 0, NULL, 0);
	PEER_MUST(net.holds->ep == NULL);
}

/* Chi-square of 10,000 over 256 bins: 255 +- 22.6; 400 comes once in 10^7. */
START_TEST(d01_isn_has_high_bits_as_if_by_chance)
{
	double bins[256] = { 0 }, chi = 0, d;
	struct peer p;
	uint32_t i;

	net_init(&net, NULL);
	net.accept = 1000;
	for (i = 0; i < 10000; i++) {
		p = client(0x0a000001 + i % 7, (uint16_t)(1024 + i));
		bins[isn_of(&p) >> 24]++;
		forget(&p);
	}
	for (i = 0; i < 256; i++) {
		d = bins[i] - 10000.0 / 256;
		chi += d * d / (10000.0 / 256);
	}
	ck_assert_double_lt(chi, 400);
	net_fini(&net);
}
END_TEST

START_TEST(d01_isn_of_a_tuple_goes_up_with_the_clock)
{
	struct peer p;
	uint32_t was = 0, is;
	int i;

	net_init(&net, NULL);
	net.accept = 1000;
	for (i = 0; i < 100; i++) {
		p = client(0x0a000001, 1024);
		is = isn_of(&p);
		forget(&p);
		if (i > 0)
			ck_assert_uint_eq(is - was, 250 * 1000);
		was = is;
		net_advance(&net, 1000);
	}
	net_fini(&net);
}
END_TEST

START_TEST(d01_isn_differs_after_a_restart)
{
	struct peer p;
	uint32_t was;

	net_init(&net, NULL);
	net.accept = 1000;
	p = client(0x0a000001, 1024);
	was = isn_of(&p);
	net_fini(&net);
	net_init(&net, NULL);
	net.accept = 1000;
	p = client(0x0a000001, 1024);
	ck_assert_uint_ne(isn_of(&p), was);
	net_fini(&net);
}
END_TEST

START_TEST(timestamps_begin_anywhere)
{
	struct peer p;
	uint32_t a, b;

	net_init(&net, NULL);
	net.accept = 1000;
	p = client(0x0a000001, 1024);
	p.ts = 1;
	(void)isn_of(&p);
	a = p.got.ts_val;
	p = client(0x0a000001, 1025);
	p.ts = 1;
	(void)isn_of(&p);
	b = p.got.ts_val;
	ck_assert_uint_ne(a, b);
	ck_assert_uint_ne(a, (uint32_t)net.loop.now);
	net_fini(&net);
}
END_TEST

/* --- refusals: D14 --- */

static const struct {
	int	why;
	int	icmp[2];	/* IPv4's type and code; { 0, 0 }: a reset */
	int	icmp6[2];
} refusals[] = {
	{ ECONNREFUSED, { 0, 0 }, { 0, 0 } },
	{ ECONNRESET, { 0, 0 }, { 0, 0 } },
	{ EIO, { 0, 0 }, { 0, 0 } },
	{ EHOSTUNREACH, { 3, 1 }, { 1, 3 } },
	{ ETIMEDOUT, { 3, 1 }, { 1, 3 } },
	{ EAGAIN, { 3, 1 }, { 1, 3 } },
	{ ENOENT, { 3, 1 }, { 1, 3 } },
	{ ENETUNREACH, { 3, 0 }, { 1, 0 } },
	{ EACCES, { 3, 13 }, { 1, 1 } },
};

START_TEST(d14_refused_connection_tells_the_reason)
{
	const int *want = _i & 1 ? refusals[_i / 2].icmp6 :
	    refusals[_i / 2].icmp;
	const struct out *o;
	struct ip ip;

	net_init(&net, NULL);
	if (_i & 1)
		peer_init(&peer, &net, "[fd00::11]:40000", "[2001:db8::80]:80");
	else
		peer_init(&peer, &net, "10.9.0.11:40000", "203.0.113.80:80");
	net.refuse = refusals[_i / 2].why;
	peer_syn(&peer);
	if (want[0] == 0) {
		ck_assert(peer_got(&peer));
		ck_assert_uint_eq(peer.got.flags, TCP_RST | TCP_ACK);
		ck_assert_uint_eq(peer.got.ack, peer.iss + 1);
		ck_assert_uint_eq(peer.got.seq, 0);
	} else {
		ck_assert_ptr_nonnull(o = net_out(&net));
		ck_assert_int_eq(ip_parse(&ip, o->b, o->len), DROP_NOT);
		ck_assert(addr_same_ip(&ip.dst, &peer.me));
		ck_assert(addr_same_ip(&ip.src, &net.conf.own[_i & 1]));
		ck_assert_int_eq(ip.payload[0], want[0]);
		ck_assert_int_eq(ip.payload[1], want[1]);
		/* It quotes ports and number, by which it is believed. */
		o = (const void *)(ip.payload + 8 + (_i & 1 ? 40 : 20));
		ck_assert_uint_eq(wire_get16((const void *)o), 40000);
		ck_assert_uint_eq(wire_get32((const uint8_t *)o + 4), peer.iss);
	}
	ck_assert_ptr_null(net_out(&net));
	ck_assert_uint_eq(net_totals(&net).conns, 0);
	ck_assert_uint_eq(net_totals(&net).opening, 0);
	ck_assert_uint_eq(net_totals(&net).refused, 1);
	net_fini(&net);
}
END_TEST

START_TEST(d14_connection_refused_with_0_is_silence)
{
	net_init(&net, NULL);
	peer_init(&peer, &net, "10.9.0.11:40000", "203.0.113.80:80");
	net.silent = 1;
	peer_syn(&peer);
	ck_assert_ptr_null(net_out(&net));
	ck_assert_uint_eq(net_totals(&net).conns, 0);
	net_fini(&net);
}
END_TEST

START_TEST(d14_scan_shows_no_port_open_until_somebody_accepts)
{
	uint16_t port;

	net_init(&net, NULL);
	peer_init(&peer, &net, "10.9.0.11:40000", "203.0.113.80:80");
	for (port = 1; port <= 90; port++) {
		peer.dest.port = port;
		peer_syn(&peer);
	}
	net_advance(&net, 1000);
	ck_assert_uint_eq(net.opens, 90);
	ck_assert_uint_eq(net.nout, 0);
	net_fini(&net);
}
END_TEST

/* --- segments of no connection --- */

START_TEST(stray_segment_is_reset_as_rfc_9293_says)
{
	static const struct {
		uint8_t	 flags;
		size_t	 len;
		int	 answered;
		uint8_t	 want;
		uint32_t seq, ack;
	} c[] = {
		{ TCP_ACK, 0, 1, TCP_RST, 777, 0 },
		{ TCP_SYN | TCP_ACK, 0, 1, TCP_RST, 777, 0 },
		{ TCP_ACK | TCP_FIN, 5, 1, TCP_RST, 777, 0 },
		{ 0, 5, 1, TCP_RST | TCP_ACK, 0, 1005 },
		{ TCP_FIN, 5, 1, TCP_RST | TCP_ACK, 0, 1006 },
		{ TCP_SYN | TCP_FIN, 0, 1, TCP_RST | TCP_ACK, 0, 1002 },
		{ TCP_RST, 0, 0, 0, 0, 0 },
		{ TCP_RST | TCP_ACK, 0, 0, 0, 0, 0 },
		{ TCP_RST | TCP_SYN, 0, 0, 0, 0, 0 },
	};

	net_init(&net, NULL);
	peer_init(&peer, &net, "10.9.0.11:40000", "203.0.113.80:80");
	peer_send(&peer, c[_i].flags, 1000, 777, "hello", c[_i].len);
	ck_assert_int_eq(peer_got(&peer), c[_i].answered);
	if (c[_i].answered) {
		ck_assert_uint_eq(peer.got.flags, c[_i].want);
		ck_assert_uint_eq(peer.got.seq, c[_i].seq);
		ck_assert_uint_eq(peer.got.ack, c[_i].ack);
	}
	ck_assert_uint_eq(net.opens, 0);
	ck_assert_uint_eq(net_dropped(&net, DROP_STRAY), 1);
	net_fini(&net);
}
END_TEST

START_TEST(stray_segments_by_the_thousand_are_not_all_answered)
{
	struct peer p;
	uint32_t i;

	net_init(&net, NULL);
	net.quiet = 1;
	for (i = 0; i < 100000; i++) {
		p = client(0x0a000001 + i, 1024);
		peer_send(&p, TCP_ACK, 1, 1, NULL, 0);
	}
	ck_assert_uint_le(net.nout, 1000);
	ck_assert_uint_ge(net.nout, 100);
	net_fini(&net);
}
END_TEST

/* --- limits --- */

START_TEST(limit_of_half_open_connections_of_a_client_is_silence)
{
	struct stack_conf conf = { .opening_client_max = 3 };
	struct peer p[4];
	uint16_t i;

	net_init(&net, &conf);
	for (i = 0; i < 4; i++) {
		p[i] = client(0x0a000001, (uint16_t)(1000 + i));
		peer_syn(&p[i]);
	}
	ck_assert_uint_eq(net.opens, 3);
	ck_assert_uint_eq(net.nout, 0);
	ck_assert_uint_eq(net_dropped(&net, DROP_LIMIT), 1);
	endpoint_kill(net.holds->ep, -ECONNREFUSED);
	net.holds->ep = NULL;
	peer_syn(&p[3]);			/* asks again */
	ck_assert_uint_eq(net.opens, 4);
	net_fini(&net);
}
END_TEST

START_TEST(limit_of_connections_of_a_client_is_a_reset)
{
	struct stack_conf conf = { .conns_client_max = 2 };
	struct peer p;
	uint16_t i;

	net_init(&net, &conf);
	for (i = 0; i < 2; i++) {
		p = client(0x0a000001, (uint16_t)(1000 + i));
		peer_open(&p, 100);
	}
	p = client(0x0a000001, 1002);
	peer_syn(&p);
	ck_assert(peer_got(&p));
	ck_assert_uint_eq(p.got.flags, TCP_RST | TCP_ACK);
	p = client(0x0a000002, 1002);
	peer_open(&p, 100);
	ck_assert_uint_eq(net_totals(&net).conns, 3);
	net_fini(&net);
}
END_TEST

START_TEST(limit_of_all_ends_the_one_that_is_idle_long_or_refuses)
{
	struct stack_conf conf = { .conns_max = 3 };
	struct peer p[4];
	uint16_t i;

	net_init(&net, &conf);
	for (i = 0; i < 3; i++) {
		p[i] = client(0x0a000001 + i, 1000);
		peer_open(&p[i], 100);
		net_advance(&net, 1000);
	}
	p[3] = client(0x0a000009, 1000);
	peer_syn(&p[3]);
	ck_assert(peer_got(&p[3]));
	ck_assert(p[3].got.flags & TCP_RST);
	/* The first says something; the second is idle longest. */
	net_advance(&net, TCP_EVICT_MS - 2000);
	peer_data(&p[0], "x", 1);
	net_advance(&net, 2000);
	net_flush(&net);
	peer_open(&p[3], 100);
	ck_assert_uint_eq(p[0].hold->gones, 0);
	ck_assert_uint_eq(p[1].hold->gones, 1);
	ck_assert_uint_eq(p[2].hold->gones, 0);
	ck_assert_uint_eq(net_totals(&net).conns, 3);
	net_fini(&net);
}
END_TEST

START_TEST(limit_of_all_spares_the_idle_where_the_client_has_its_share)
{
	struct stack_conf conf = { .conns_max = 3, .conns_client_max = 2 };
	struct peer idle, p;
	uint16_t i;

	net_init(&net, &conf);
	idle = client(0x0a000001, 1000);
	peer_open(&idle, 100);
	for (i = 0; i < 2; i++) {
		p = client(0x0a000066, (uint16_t)(1000 + i));
		peer_open(&p, 100);
	}
	net_advance(&net, TCP_EVICT_MS);
	p = client(0x0a000066, 1002);
	peer_syn(&p);
	ck_assert(peer_got(&p));
	ck_assert(p.got.flags & TCP_RST);
	ck_assert_uint_eq(idle.hold->gones, 0);
	net_fini(&net);
}
END_TEST

START_TEST(limit_of_bytes_holds_for_all_connections_together)
{
	enum { MAX = 1 << 20 };
	struct stack_conf conf = { .bytes_max = MAX };
	static uint8_t big[80000];
	struct peer p[8], a;
	size_t before;
	uint32_t i;

	net_init(&net, &conf);
	for (i = 0; i < NELEM(p); i++) {
		p[i] = client(0x0a000001 + i, 1000);
		peer_open(&p[i], 100000);
	}
	before = nomem_live;
	for (i = 0; i < NELEM(p); i++) {
		while (endpoint_send(p[i].hold->ep, big, sizeof(big)))
			;
		ck_assert_uint_ge(endpoint_under_way(p[i].hold->ep),
		    MAX / 4 >> i);
	}
	ck_assert_uint_le(nomem_live - before, MAX);
	/* Nor is there room for what comes early. */
	a = p[0];
	peer_send(&a, TCP_ACK, a.nxt + 10, a.ack, big, 1000);
	peer_send(&a, TCP_ACK, a.nxt, a.ack, big, 10);
	ck_assert_uint_eq(a.hold->len, 10);
	net.quiet = 1;
	net_fini(&net);
}
END_TEST

/* Who has taken all but one byte of much holds little. */
START_TEST(limit_of_bytes_is_one_of_memory)
{
	enum { MAX = 1 << 20, N = 100, MUCH = 60000 };
	struct stack_conf conf = { .bytes_max = MAX };
	static uint8_t big[MUCH];
	size_t before, n;
	struct peer p;
	uint32_t i;

	net_init(&net, &conf);
	before = nomem_live;
	for (i = 0; i < N; i++) {
		p = client(0x0a000001 + i, 1000);
		peer_open(&p, 10);
		n = endpoint_send(p.hold->ep, big, MUCH);
		ck_assert_uint_gt(n, 1);
		loop_end_turn(&net.loop);
		while (endpoint_under_way(p.hold->ep) > 1) {
			peer_take(&p);
			peer_send(&p, TCP_ACK, p.nxt, p.ack - 1, NULL, 0);
		}
		ck_assert_uint_le(endpoint_under_way(p.hold->ep), 1);
		net_flush(&net);
	}
	ck_assert_uint_lt(nomem_live - before, MAX);
	net.quiet = 1;
	net_fini(&net);
}
END_TEST

/* A client that takes nothing, whatever comes, over all its connections. */
START_TEST(limit_of_bytes_leaves_as_much_to_others_as_one_client_has)
{
	enum { MAX = 8 << 20, N = 500 };
	struct stack_conf conf = { .bytes_max = MAX, .conns_max = 10000,
	    .conns_client_max = 10000, .opening_client_max = 10000 };
	static uint8_t big[300000];
	struct peer p;
	uint16_t i;

	net_init(&net, &conf);
	for (i = 0; i < N; i++) {
		p = client(0x0a000001, (uint16_t)(1000 + i));
		p.wnd = 0;
		peer_open(&p, 10);
		(void)endpoint_send(p.hold->ep, big, sizeof(big));
		peer_send(&p, TCP_ACK, p.nxt + 1, p.ack, big, 9);
		net_flush(&net);
	}
	p = client(0x0a000002, 1000);
	peer_open(&p, 20);
	ck_assert_uint_eq(endpoint_send(p.hold->ep, big, sizeof(big)),
	    sizeof(big));
	peer_send(&p, TCP_ACK, p.nxt + 10, p.ack, big, 10);
	peer_send(&p, TCP_ACK, p.nxt, p.ack, big, 10);
	ck_assert_uint_eq(p.hold->len, 20);
	net.quiet = 1;
	net_fini(&net);
}
END_TEST

START_TEST(limit_of_bytes_tells_an_empty_connection_of_room)
{
	struct stack_conf conf = { .bytes_max = 1000 };
	static uint8_t big[1000];
	struct peer a, b;

	net_init(&net, &conf);
	a = client(0x0a000001, 1000);
	b = client(0x0a000001, 1001);
	peer_open(&a, 100);
	peer_open(&b, 100);
	ck_assert_uint_eq(endpoint_send(a.hold->ep, big, 1000), 500);
	ck_assert_uint_eq(endpoint_send(b.hold->ep, big, 10), 0);
	net_advance(&net, 1000);
	ck_assert_uint_eq(b.hold->rooms, 0);
	endpoint_kill(a.hold->ep, -ECONNRESET);
	a.hold->ep = NULL;
	net_advance(&net, TCP_RETRY_MS << TCP_RETRIES);
	ck_assert_uint_eq(b.hold->rooms, 1);
	ck_assert_uint_eq(endpoint_send(b.hold->ep, big, 10), 10);
	net_fini(&net);
}
END_TEST

/* Two stacks that take all they get leave a third for one more; what one gives
 * back the other may have. */
START_TEST(limit_of_bytes_is_shared_by_stacks_and_never_used_up)
{
	struct memory memory = { .max = 90000 };
	struct stack_conf conf = { .bytes_max = 90000, .memory = &memory };
	static uint8_t big[90000];
	static struct net other;
	struct peer a, b;
	size_t first;
	int i;

	net_init(&net, &conf);
	net_init(&other, &conf);
	a = client(0x0a000001, 1000);
	peer_init(&b, &other, "10.9.0.2:1000", "203.0.113.80:80");
	peer_open(&a, 1000);
	peer_open(&b, 1000);
	ck_assert_uint_eq(endpoint_send(a.hold->ep, big, 90000), 45000);
	loop_end_turn(&net.loop);
	ck_assert_uint_ge(memory.used, 45000);
	first = endpoint_send(b.hold->ep, big, 90000);
	ck_assert_uint_gt(first, 0);
	ck_assert_uint_lt(first, 45000);
	endpoint_kill(a.hold->ep, -ECONNRESET);
	a.hold->ep = NULL;
	loop_end_turn(&net.loop);
	ck_assert_uint_gt(endpoint_send(b.hold->ep, big, 90000), 0);
	a = client(0x0a000001, 1001);
	peer_open(&a, 1000);
	for (i = 0; i < 100; i++) {
		loop_end_turn(&other.loop);
		while (peer_take(&b))
			peer_ack(&b);
		endpoint_send(a.hold->ep, big, 1000);
		endpoint_send(b.hold->ep, big, 1000);
	}
	ck_assert_uint_lt(memory.used, memory.max);
	net_fini(&net);
	net_fini(&other);
	ck_assert_uint_eq(memory.used, 0);
}
END_TEST

/* A hundred thousand of them may do so at once. */
START_TEST(limit_of_bytes_lets_a_connection_ask_for_memory_now_and_then)
{
	struct stack_conf conf = { .bytes_max = 1000 };
	static uint8_t big[1000];
	struct peer a, b;
	int64_t end;
	unsigned n;

	net_init(&net, &conf);
	a = client(0x0a000001, 1000);
	b = client(0x0a000001, 1001);
	peer_open(&a, 100);
	peer_open(&b, 100);
	ck_assert_uint_eq(endpoint_send(a.hold->ep, big, 1000), 500);
	ck_assert_uint_eq(endpoint_send(b.hold->ep, big, 10), 0);
	end = net.loop.now + 60000;
	for (n = 0; loop_next(&net.loop) < end; n++) {
		net_advance(&net, loop_next(&net.loop) - net.loop.now);
		if (n % 8 == 0)		/* it lives */
			peer_send(&a, TCP_ACK, a.nxt, a.ack, NULL, 0);
	}
	ck_assert_uint_le(n, 60);
	ck_assert_uint_eq(b.hold->rooms, 0);
	net.quiet = 1;
	net_fini(&net);
}
END_TEST

START_TEST(limit_of_time_wait_ends_the_oldest)
{
	struct stack_conf conf = { .conns_max = 10 };
	struct peer first, p;
	uint32_t i;

	net_init(&net, &conf);
	for (i = 0; i < TCP_TIME_WAIT_MAX + 5; i++) {
		p = client(0x0a000001 + i, 1000);
		peer_open(&p, 100);
		endpoint_fin(p.hold->ep);
		loop_end_turn(&net.loop);
		peer_take(&p);
		peer_ack(&p);
		peer_fin(&p);
		ck_assert_uint_eq(p.hold->gones, 1);
		if (i == 0)
			first = p;
		net_flush(&net);
	}
	/* The last one's FIN is known, the first one's is a stranger's. */
	peer_send(&p, TCP_FIN | TCP_ACK, p.nxt - 1, p.ack, NULL, 0);
	ck_assert(peer_got(&p));
	ck_assert_uint_eq(p.got.flags, TCP_ACK);
	peer_send(&first, TCP_FIN | TCP_ACK, first.nxt - 1, first.ack, NULL, 0);
	ck_assert(peer_got(&first));
	ck_assert_uint_eq(first.got.flags, TCP_RST);
	ck_assert_uint_eq(net_totals(&net).conns, 0);
	net_advance(&net, TCP_TIME_WAIT_MS);
	ck_assert_uint_eq(loop_next(&net.loop), LOOP_NEVER);
	net_fini(&net);
}
END_TEST

/* --- D11: a flood of SYNs --- */

/* What a kernel does with a segment that answers nothing it asked: RFC 9293
 * 3.10.7.3. */
static int
real_client_connects(struct peer *p)
{
	peer_syn(p);
	if (!peer_got(p))
		return 0;
	if (p->got.flags == TCP_ACK) {
		ck_assert_uint_ne(p->got.ack, p->iss + 1);
		peer_send(p, TCP_RST, p->got.ack, 0, NULL, 0);
		ck_assert(peer_none(p));
		peer_syn(p);
		if (!peer_got(p))
			return 0;
	}
	if (p->got.flags != (TCP_SYN | TCP_ACK))
		return 0;
	p->ack = p->got.seq + 1;
	peer_ack(p);
	return net.holds->opens == 1;
}

START_TEST(d11_flood_of_a_million_addresses_leaves_memory_flat)
{
	struct stack_conf conf = { .opening_max = 1000 };
	struct peer p, real;
	size_t calls;
	uint32_t i;

	net_init(&net, &conf);
	net.quiet = 1;
	p = client(1, 1);
	for (i = 0; i < 1000; i++) {
		addr_v4(&p.me, 0x0b000001 + i, 1024);
		peer_syn(&p);
	}
	calls = nomem_calls;
	for (i = 0; i < 1000000; i++) {
		addr_v4(&p.me, 0x0c000001 + i, (uint16_t)(i | 1));
		peer_syn(&p);
	}
	ck_assert_uint_le(nomem_calls - calls, 100);
	ck_assert_uint_eq(net_totals(&net).opening, 1000 / 32 + 1);
	ck_assert_uint_eq(net.opens, 1000 / 32 + 1);
	net.quiet = 0;
	net.accept = 1000;
	real = client(0x0a000042, 5000);
	ck_assert(real_client_connects(&real));
	net_fini(&net);
}
END_TEST

START_TEST(d11_client_that_connected_before_is_let_in)
{
	struct stack_conf conf = { .opening_max = 100 };
	struct peer p, real;
	uint32_t i;

	net_init(&net, &conf);
	net.accept = 1000;
	real = client(0x0a000042, 5000);
	ck_assert(real_client_connects(&real));
	net.accept = 0;
	for (i = 0; i < 100; i++) {
		p = client(0x0b000001 + i, 1024);
		peer_syn(&p);
	}
	net_flush(&net);
	real = client(0x0a000042, 5001);
	peer_syn(&real);
	ck_assert(peer_none(&real));		/* held, and not challenged */
	ck_assert(addr_equal(&net.holds->client, &real.me));
	net_fini(&net);
}
END_TEST

START_TEST(d11_wrong_cookie_proves_nothing)
{
	struct stack_conf conf = { .opening_max = 4 };
	struct peer p;
	uint32_t i;

	net_init(&net, &conf);
	for (i = 0; i < 4; i++) {
		p = client(0x0b000001 + i, 1024);
		peer_syn(&p);
	}
	net_flush(&net);
	p = client(0x0a000042, 5000);
	peer_syn(&p);
	ck_assert(peer_got(&p));
	ck_assert_uint_eq(p.got.flags, TCP_ACK);
	peer_send(&p, TCP_RST, p.got.ack + 1, 0, NULL, 0);
	peer_syn(&p);
	ck_assert(peer_got(&p));
	ck_assert_uint_eq(p.got.flags, TCP_ACK);	/* again */
	net_fini(&net);
}
END_TEST

/* --- many --- */

/* 100,000 connections that do nothing: the memory of each is the same as the
 * first one's, and so is what a new one costs. */
START_TEST(idle_connections_by_the_hundred_thousand_cost_little_each)
{
	enum { N = 100000, CLIENTS = 1000 };
	struct stack_conf conf = {
		.conns_max = STACK_CONNS_MAX, .opening_client_max = 1000
	};
	size_t before, half = 0, all, calls, first = 0, last = 0;
	struct hold *h;
	struct peer p;
	uint32_t i;

	net_init(&net, &conf);
	p = client(1, 1);
	before = nomem_live;
	for (i = 0; i < N; i++) {
		p.nxt = p.iss;
		addr_v4(&p.me, 0x0a000001 + i % CLIENTS,
		    (uint16_t)(1024 + i / CLIENTS));
		calls = nomem_calls;
		peer_open(&p, 65536);
		calls = nomem_calls - calls;
		if (i >= 100 && i < 200)
			first += calls;
		if (i >= N - 100)
			last += calls;
		if (i == N / 2 - 1)
			half = nomem_live - before;
	}
	all = nomem_live - before;
	ck_assert_uint_eq(net_totals(&net).conns, N);
	/* The holder's part is the test's. */
	half -= N / 2 * sizeof(struct hold);
	all -= N * sizeof(struct hold);
	ck_assert_uint_lt(all / N, 1024);
	ck_assert_uint_lt(all, half * 5 / 2);
	/* Only the map grows with all of them, and seldom. */
	ck_assert_uint_le(last, first + 10);
	/* They live, and they die. */
	peer_data(&p, "x", 1);
	for (h = net.holds; h && h->len == 0; h = h->next)
		;
	ck_assert_ptr_nonnull(h);
	net.quiet = 1;
	net_fini(&net);
}
END_TEST

START_TEST(connections_that_come_and_go_leave_nothing)
{
	struct peer p;
	size_t before = 0;
	uint32_t i;

	net_init(&net, NULL);
	for (i = 0; i < 30000; i++) {
		p = client(0x0a000001 + i % 50, (uint16_t)(1024 + i % 40000));
		peer_open(&p, 65536);
		peer_data(&p, "x", 1);
		endpoint_send(p.hold->ep, "y", 1);
		peer_fin(&p);
		endpoint_fin(p.hold->ep);
		loop_end_turn(&net.loop);
		peer_take(&p);
		peer_ack(&p);
		ck_assert_uint_eq(p.hold->gones, 1);
		net_flush(&net);
		net.holds = p.hold->next;
		free(p.hold->got);
		free(p.hold);
		if (i == 2000)
			before = nomem_live;
		if (i > 2000 && i % 1000 == 0)
			ck_assert_uint_le(nomem_live, before + 65536);
	}
	ck_assert_uint_eq(net_totals(&net).conns, 0);
	ck_assert_uint_eq(net_totals(&net).opened, 30000);
	net_fini(&net);
}
END_TEST

START_TEST(stack_free_resets_all_and_tells_their_holders)
{
	struct peer p[3];
	uint16_t i;

	net_init(&net, NULL);
	for (i = 0; i < 3; i++) {
		p[i] = client(0x0a000001, (uint16_t)(1000 + i));
		if (i < 2)
			peer_open(&p[i], 100);
		else
			peer_syn(&p[i]);
	}
	stack_free(net.stack);
	loop_end_turn(&net.loop);
	ck_assert(peer_got(&p[0]) || peer_got(&p[1]));
	ck_assert_uint_eq(p[0].hold->gones, 1);
	ck_assert_int_eq(p[0].hold->why, -ECONNRESET);
	ck_assert_uint_eq(net.holds->gones, 1);
	ck_assert_uint_eq(loop_next(&net.loop), LOOP_NEVER);
	net_flush(&net);
}
END_TEST

/* A whole life, in which only so many allocations succeed for a while. */
static void
live(struct peer *p, long after)
{
	static uint8_t some[3000];
	struct hold *h;

	nomem_after = after;
	peer_syn(p);
	nomem_after = -1;
	if (!peer_got(p)) {			/* lost: it asks again */
		peer_syn(p);
		PEER_MUST(peer_got(p));
	}
	h = net.holds;
	p->ack = p->got.seq + 1;
	nomem_after = after;
	peer_ack(p);
	peer_send(p, TCP_ACK, p->nxt + 10, p->ack, "later", 5);
	peer_send(p, TCP_ACK, p->nxt + 20, p->ack, "latest", 6);
	if (endpoint_send(h->ep, some, sizeof(some)) == 0)
		nomem_after = -1;
	loop_end_turn(&net.loop);
	nomem_after = -1;
	net_advance(&net, 1000);
	peer_data(p, "0123456789later56789latest", 26);
	PEER_MUST(h->len == 26);
	PEER_MUST(memcmp(h->got, "0123456789later56789latest", 26) == 0);
	while (endpoint_under_way(h->ep)) {
		peer_take(p);
		peer_ack(p);
		net_advance(&net, 1000);
	}
	endpoint_kill(h->ep, -ECONNRESET);
	h->ep = NULL;
	loop_end_turn(&net.loop);
	net_flush(&net);
}

START_TEST(memory_that_fails_loses_what_can_be_sent_again)
{
	struct peer p;
	long n;

	net_init(&net, NULL);
	net.accept = 10000;
	for (n = 0; n < 12; n++) {
		p = client(0x0a000001 + (uint32_t)n, 1000);
		p.sack = 1;
		live(&p, n);
	}
	ck_assert_uint_ge(net_dropped(&net, DROP_MEMORY), 3);
	ck_assert_uint_eq(net_totals(&net).conns, 0);
	net_fini(&net);
}
END_TEST

START_TEST(memory_that_fails_in_send_tells_of_room_later)
{
	struct peer p;
	size_t took;

	net_init(&net, NULL);
	p = client(0x0a000001, 1000);
	peer_open(&p, 100);
	nomem_after = 0;		/* not for libcheck */
	took = endpoint_send(p.hold->ep, "x", 1);
	loop_end_turn(&net.loop);
	net_advance(&net, TCP_RETRY_MS - 1);
	nomem_after = -1;
	ck_assert_uint_eq(took, 0);
	ck_assert_uint_eq(p.hold->rooms, 0);
	net_advance(&net, 1);
	ck_assert_uint_eq(p.hold->rooms, 1);
	net_fini(&net);
}
END_TEST

START_TEST(stack_new_without_memory_leaves_nothing)
{
	struct stack_conf conf;
	struct stack *s;
	size_t live = 0, made;
	long n;
	int rc = -ENOMEM;

	net_init(&net, NULL);
	conf = net.conf;
	for (n = 0; rc < 0; n++) {
		live = nomem_live;
		nomem_after = n;
		rc = stack_new(&s, &conf);
		nomem_after = -1;
		live = nomem_live - live;
		if (rc < 0) {
			ck_assert_int_eq(rc, -ENOMEM);
			ck_assert_uint_eq(live, 0);
		}
	}
	ck_assert_int_ge(n, 5);
	made = nomem_live;
	stack_free(s);
	loop_end_turn(&net.loop);
	made -= nomem_live;
	ck_assert_uint_eq(made, live);
	net_fini(&net);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(d01_isn_has_high_bits_as_if_by_chance),
	UNIT(d01_isn_of_a_tuple_goes_up_with_the_clock),
	UNIT(d01_isn_differs_after_a_restart),
	UNIT(timestamps_begin_anywhere),
	UNIT_LOOP(d14_refused_connection_tells_the_reason,
	    2 * NELEM(refusals)),
	UNIT(d14_connection_refused_with_0_is_silence),
	UNIT(d14_scan_shows_no_port_open_until_somebody_accepts),
	UNIT_LOOP(stray_segment_is_reset_as_rfc_9293_says, 9),
	UNIT(stray_segments_by_the_thousand_are_not_all_answered),
	UNIT(limit_of_half_open_connections_of_a_client_is_silence),
	UNIT(limit_of_connections_of_a_client_is_a_reset),
	UNIT(limit_of_all_ends_the_one_that_is_idle_long_or_refuses),
	UNIT(limit_of_all_spares_the_idle_where_the_client_has_its_share),
	UNIT(limit_of_bytes_holds_for_all_connections_together),
	UNIT(limit_of_bytes_is_one_of_memory),
	UNIT(limit_of_bytes_leaves_as_much_to_others_as_one_client_has),
	UNIT(limit_of_bytes_tells_an_empty_connection_of_room),
	UNIT(limit_of_bytes_is_shared_by_stacks_and_never_used_up),
	UNIT(limit_of_bytes_lets_a_connection_ask_for_memory_now_and_then),
	UNIT(limit_of_time_wait_ends_the_oldest),
	UNIT(d11_flood_of_a_million_addresses_leaves_memory_flat),
	UNIT(d11_client_that_connected_before_is_let_in),
	UNIT(d11_wrong_cookie_proves_nothing),
	UNIT(idle_connections_by_the_hundred_thousand_cost_little_each),
	UNIT(connections_that_come_and_go_leave_nothing),
	UNIT(stack_free_resets_all_and_tells_their_holders),
	UNIT(memory_that_fails_loses_what_can_be_sent_again),
	UNIT(memory_that_fails_in_send_tells_of_room_later),
	UNIT(stack_new_without_memory_leaves_nothing),
};

UNIT_MAIN("tcp_table", tests)

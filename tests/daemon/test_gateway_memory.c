/* tests/daemon/test_gateway_memory.c - flows by the thousand, without an engine
 *
 * onion_connect() is the test's own: streams that deliver as much as they are
 * granted.  Clients are scripted; what they hold they say.
 */
#include "daemon/gateway.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/endpoint.h"
#include "base/loop.h"
#include "daemon/conf.h"
#include "daemon/splice.h"
#include "onion/onion.h"
#include "tests/daemon/nolookup.h"
#include "tests/daemon/norelays.h"
#include "tests/tun/peer.h"
#include "tests/unit.h"

enum { CLIENT_OUT = 512 * 1024 };	/* as a socket holds */

struct fake {
	struct endpoint	ep;
	struct fake	*peer;		/* of a client: its stream */
	size_t		room, held, credit, counted;
	int64_t		since;
	int		dead, why;
};

static struct loop loop;
static struct gateway *gw;
static struct fake *latest;		/* stream */
static size_t alive;			/* streams */

static struct fake *
of(const struct endpoint *e)
{
	return (struct fake *)(void *)(uintptr_t)(const void *)e;
}

static size_t
fake_send(struct endpoint *e, const void *p, size_t len)
{
	struct fake *f = of(e);
	size_t n = len < f->room ? len : f->room;

	(void)p;
	if (f->held == 0)
		f->since = loop.now;
	f->held += n;
	f->room -= n;
	return n;
}

static void
fake_grant(struct endpoint *e, size_t n)
{
	of(e)->credit += n;
}

static void fake_fin(struct endpoint *e) { (void)e; }

static void
fake_kill(struct endpoint *e, int why)
{
	ck_assert(!of(e)->dead);
	of(e)->dead = 1;
	of(e)->why = why;
	of(e)->held = 0;
}

static void
stream_kill(struct endpoint *e, int why)
{
	(void)why;
	alive--;
	free(of(e));
}

static void
fake_queued(const struct endpoint *e, struct endpoint_queued *q)
{
	const struct fake *f = of(e);

	q->bytes = f->held;
	q->counted = f->counted;
	if (f->held || f->counted)
		q->since = f->since;
}

static const struct endpoint_ops client_ops = {
	.send = fake_send, .grant = fake_grant, .fin = fake_fin,
	.kill = fake_kill, .queued = fake_queued
}, stream_ops = {
	.send = fake_send, .grant = fake_grant, .fin = fake_fin,
	.kill = stream_kill, .queued = fake_queued
};

int
onion_connect(struct onion *o, const uint8_t token[ONION_TOKEN],
    const struct onion_target *t, struct endpoint **out)
{
	(void)o;
	(void)token;
	(void)t;
	if (alive >= ONION_STREAMS_MAX)
		return -ENOSPC;
	alive++;
	latest = calloc(1, sizeof(*latest));
	latest->ep.ops = &stream_ops;
	*out = &latest->ep;
	return 0;
}

static void
setup(size_t flows_max)
{
	static struct conf conf;
	struct gateway_conf gc = { .loop = &loop, .flows_max = flows_max,
	    .sockets_max = flows_max };

	loop_init(&loop, 1000, 1700000000);
	alive = 0;
	ck_assert_int_eq(gateway_new(&gw, &gc, &conf), 0);
}

static void
teardown(void)
{
	gateway_free(gw);
	loop_end_turn(&loop);
	ck_assert_uint_eq(alive, 0);
	ck_assert_int_eq(loop_next(&loop), LOOP_NEVER);
}

static void
flow(struct fake *client, uint32_t from)
{
	struct door door = { .proto = DOOR_TRANS };
	struct addr a, b;

	memset(client, 0, sizeof(*client));
	client->ep.ops = &client_ops;
	client->room = CLIENT_OUT;
	addr_v4(&a, 0x0a000000 + from, 40000);
	addr_v4(&b, 0x08080808, 443);
	latest = NULL;
	gateway_flow(gw, &door, &a, &b, &client->ep);
	client->peer = latest;
}

/* A client that never reads, and a stream that sends what it may. */
static void
flood(struct fake *client)
{
	static uint8_t b[SPLICE_CREDIT];
	struct fake *st = client->peer;
	size_t n;

	while ((n = st->credit) > 0) {
		st->credit = 0;
		st->ep.user->data(st->ep.arg, b, n);
	}
}

START_TEST(one_client_never_gets_all_streams_there_are)
{
	struct fake *c = calloc(ONION_STREAMS_MAX + 1, sizeof(*c));
	size_t i = 0;

	setup((size_t)1 << 20);		/* descriptors enough */
	do
		flow(&c[i], 1);
	while (!c[i++].dead && i <= ONION_STREAMS_MAX);
	ck_assert_uint_lt(i, ONION_STREAMS_MAX);
	ck_assert_int_eq(c[i - 1].why, -EAGAIN);
	flow(&c[i], 2);			/* another one has its share */
	ck_assert(!c[i].dead);
	teardown();
	free(c);
}
END_TEST

enum { MANY = 200, EACH = CLIENT_OUT + SPLICE_CREDIT };

START_TEST(clients_that_never_read_are_counted_and_the_oldest_go)
{
	static struct fake c[MANY + 1];
	int64_t oldest;
	size_t i, j;

	setup(1000);
	ck_assert_uint_eq(gateway_queued(gw, &oldest), 0);
	ck_assert_int_eq(oldest, INT64_MAX);
	/* Not in the order of arrival; one reads, and holds nothing. */
	for (i = 0; i <= MANY; i++)
		flow(&c[i], (uint32_t)i);
	for (i = 0; i < MANY; i++) {
		j = i * 7 % MANY;
		flood(&c[j]);
		c[j].peer->since = loop.now;
		if (i % 2)
			c[j].peer->counted = 100;
		loop_advance(&loop, 10);
	}
	ck_assert_uint_eq(gateway_queued(gw, &oldest), (uint64_t)MANY * EACH);
	ck_assert_int_eq(oldest, 1000);
	ck_assert_uint_ge(gateway_shed(gw, 20 * EACH, INT64_MAX), 20 * EACH);
	for (i = 0; i < MANY; i++)
		ck_assert_int_eq(c[i * 7 % MANY].dead, i < 20);
	ck_assert_int_lt(c[0].why, 0);
	ck_assert(!c[MANY].dead);
	ck_assert_uint_eq(gateway_queued(gw, &oldest),
	    (uint64_t)(MANY - 20) * EACH);
	ck_assert_int_eq(oldest, 1000 + 200);
	/* Whatever is wanted: none that is younger than that. */
	ck_assert_uint_gt(gateway_shed(gw, UINT64_MAX, 1000 + 300), 0);
	for (i = 0; i < MANY; i++)
		ck_assert_int_eq(c[i * 7 % MANY].dead, i <= 30);
	ck_assert_uint_eq(gateway_shed(gw, UINT64_MAX, 1000 + 300), 0);
	teardown();
}
END_TEST

/* What the client sent and the stream does not take is counted, too. */
START_TEST(uploads_that_wait_are_counted)
{
	static uint8_t b[SPLICE_EARLY];
	struct fake c;
	int64_t oldest;

	setup(10);
	flow(&c, 1);
	loop_advance(&loop, 500);
	c.ep.user->data(c.ep.arg, b, sizeof(b));
	loop_advance(&loop, 500);
	ck_assert_uint_eq(gateway_queued(gw, &oldest), sizeof(b));
	ck_assert_int_eq(oldest, 1500);
	c.peer->room = sizeof(b) / 2;
	c.peer->ep.user->room(c.peer->ep.arg);
	c.peer->held = 0;
	ck_assert_uint_eq(gateway_queued(gw, &oldest), sizeof(b) / 2);
	ck_assert_int_eq(oldest, 1750);		/* half of it went */
	teardown();
}
END_TEST

/* A client behind a TUN that takes nothing: what waits for it, and what came of
 * it too early, is counted, and its flow can be shed. */
START_TEST(what_waits_in_a_tun_is_counted_and_the_flow_can_go)
{
	static uint8_t b[SPLICE_CREDIT];
	static struct net net;
	struct door door = { .proto = DOOR_TUN };
	struct endpoint *ep;
	struct peer p;
	uint64_t sent;
	int64_t oldest;

	setup(1000);
	net_init(&net, NULL);
	peer_init(&p, &net, "10.9.0.11:40000", "203.0.113.80:80");
	peer_open(&p, 0);
	ep = p.hold->ep;
	p.hold->ep = NULL;
	gateway_flow(gw, &door, &p.me, &p.dest, ep);
	loop_advance(&net.loop, 77);
	latest->ep.user->data(latest->ep.arg, b, 30000);
	sent = gateway_queued(gw, &oldest);
	ck_assert_uint_ge(sent, 30000);		/* it is the memory that counts */
	ck_assert_int_eq(oldest, net.loop.now);
	peer_send(&p, TCP_ACK, p.nxt + 10, p.ack, b, 1000);
	ck_assert_uint_ge(gateway_queued(gw, &oldest), sent + 1000);
	ck_assert_uint_ge(gateway_shed(gw, 1, INT64_MAX), sent + 1000);
	ck_assert_uint_eq(gateway_queued(gw, &oldest), 0);
	ck_assert_uint_eq(net_totals(&net).conns, 0);
	loop_end_turn(&net.loop);
	net_fini(&net);
	teardown();
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(what_waits_in_a_tun_is_counted_and_the_flow_can_go),
	UNIT(one_client_never_gets_all_streams_there_are),
	UNIT(clients_that_never_read_are_counted_and_the_oldest_go),
	UNIT(uploads_that_wait_are_counted),
};

UNIT_MAIN("gateway_memory", tests)

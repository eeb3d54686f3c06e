/* tests/onion/circ/test_circ_link.c - circuits over real channels
 *
 * The same as elsewhere, but with onion/link below, over simlinks that take
 * time: dialling, turns between circuits, a link that stalls or is lost.
 */
#include "tests/unit.h"

#include <errno.h>
#include <string.h>

#include "base/endpoint.h"
#include "base/loop.h"
#include "onion/circ/circ.h"
#include "onion/circ/flowctl.h"
#include "onion/crypto/crypt.h"
#include "onion/link/chan.h"
#include "onion/link/relayid.h"
#include "tests/sim/simlink.h"
#include "tests/sim/simrelay.h"

enum { CIRCS = 5, HOPS = 3 };

struct one {			/* circuit, with one stream */
	struct world	*w;
	struct circ	*circ;
	struct endpoint	*e;
	int		 built, gone, over;
	enum circ_why	 why;
	uint64_t	 got, bad, sent, left;
};

struct world {
	struct loop	 loop;
	struct simlink	*sl;
	struct simnet	*net;
	struct simlink_relay *guard;
	struct chanset	*set;
	struct flow_params flow;
	struct one	 c[CIRCS];
};

static void
on_hop(void *arg, size_t n)
{
	(void)arg;
	(void)n;
}

static void
on_built(void *arg)
{
	struct one *c = arg;

	c->built = 1;
}

static void
on_gone(void *arg, enum circ_why why)
{
	struct one *c = arg;

	c->gone++;
	c->why = why;
	c->circ = NULL;
}

static const struct circ_user circ_users = {
	.hop = on_hop, .built = on_built, .gone = on_gone
};

static void
send_more(struct one *c)
{
	uint8_t buf[5000];
	size_t i, n, took;

	while (c->left > 0 && c->e) {
		n = c->left < sizeof(buf) ? (size_t)c->left : sizeof(buf);
		for (i = 0; i < n; i++)
			buf[i] = sim_byte(c->sent + i);
		took = endpoint_send(c->e, buf, n);
		c->sent += took;
		c->left -= took;
		if (took < n)
			return;
	}
}

static void
on_data(void *arg, const void *p, size_t n)
{
	struct one *c = arg;
	const uint8_t *b = p;
	size_t i;

	for (i = 0; i < n; i++)
		c->bad += b[i] != sim_byte(c->got + i);
	c->got += n;
	endpoint_grant(c->e, n);
}

static void
on_room(void *arg)
{
	send_more(arg);
}

static void
on_fin(void *arg)
{
	(void)arg;
}

static void
on_over(void *arg, int why)
{
	struct one *c = arg;

	(void)why;
	c->over++;
	c->e = NULL;
}

static const struct endpoint_user users = {
	.data = on_data, .room = on_room, .fin = on_fin, .gone = on_over
};

static void
on_hopinfo(void *arg, const struct hopinfo *h)
{
	(void)arg;
	(void)h;
}

static void
on_chan(void *arg, struct chan *c)
{
	(void)arg;
	(void)c;
}

static void
on_chan_gone(void *arg, const struct hopinfo *h, enum chan_why why, int open)
{
	(void)arg;
	(void)h;
	(void)why;
	(void)open;
}

static void
on_skew(void *arg, const struct relayid *id, int64_t s)
{
	(void)arg;
	(void)id;
	(void)s;
}

static const struct chanset_user set_users = {
	.dialling = on_hopinfo, .connected = on_hopinfo, .open = on_chan,
	.gone = on_chan_gone, .skew = on_skew
};

static void
start(struct world *w)
{
	struct chanset_conf conf = {
		.loop = &w->loop, .user = &set_users, .use_v4 = 1,
		.padding = { .off = 1 }
	};

	memset(w, 0, sizeof(*w));
	crypt_init();
	loop_init(&w->loop, 1000000, 1700000000);
	w->sl = simlink_new(&w->loop);
	w->net = simnet_new(&w->loop, HOPS);
	w->guard = simnet_attach(w->net, 0, w->sl);
	conf.dialer = simlink_dialer(w->sl);
	ck_assert_int_eq(chanset_new(&w->set, &conf), 0);
	flow_params_load(&w->flow, NULL);
}

static void
finish(struct world *w)
{
	struct circ *c;
	size_t i;

	for (i = 0; i < CIRCS; i++) {
		c = w->c[i].circ;
		w->c[i].circ = NULL;
		if (c)
			circ_kill(c, CIRC_WHY_FINISHED);
	}
	loop_advance(&w->loop, 1000);
	chanset_free(w->set);
	loop_end_turn(&w->loop);
	ck_assert_msg(w->net->broken == 0, "%s", w->net->broke);
	simlink_free(w->sl);
	simnet_free(w->net);
}

static void
launch(struct world *w, size_t i, int cc)
{
	struct circ_conf conf = { .loop = &w->loop, .flow = &w->flow };
	struct circ_hop hop[HOPS];
	struct chan *chan;
	size_t h;

	memset(hop, 0, sizeof(hop));
	for (h = 0; h < HOPS; h++) {
		simnet_hopinfo(w->net, h, &hop[h].info);
		hop[h].kind = HANDSHAKE_NTOR;
	}
	hop[HOPS - 1].kind = cc ? HANDSHAKE_NTOR3 : HANDSHAKE_NTOR;
	hop[HOPS - 1].want_cc = (uint8_t)cc;
	w->c[i].w = w;
	ck_assert_int_eq(chanset_get(w->set, &hop[0].info, &chan), 0);
	ck_assert_int_eq(circ_new(&w->c[i].circ, &conf, chan, hop, HOPS,
	    &circ_users, &w->c[i]), 0);
}

static void
open_stream(struct one *c, uint16_t port, uint64_t bytes)
{
	ck_assert_int_eq(circ_connect(c->circ, "a.example", port, 0, &c->e),
	    0);
	endpoint_hold(c->e, &users, c);
	endpoint_grant(c->e, 1 << 20);
	c->left = bytes;
	send_more(c);
}

START_TEST(circ_over_a_channel_builds_and_echoes)
{
	struct world w;
	size_t i;

	start(&w);
	for (i = 0; i < CIRCS; i++)
		launch(&w, i, (int)i % 2);
	loop_advance(&w.loop, 1000);
	ck_assert_uint_eq(w.guard->dials, 1);	/* one channel for all */
	for (i = 0; i < CIRCS; i++) {
		ck_assert(w.c[i].built);
		open_stream(&w.c[i], SIM_ECHO, 300 * 1000);
	}
	loop_advance(&w.loop, 5000);
	for (i = 0; i < CIRCS; i++) {
		ck_assert_uint_eq(w.c[i].got, 300 * 1000);
		ck_assert_uint_eq(w.c[i].bad, 0);
	}
	finish(&w);
}
END_TEST

START_TEST(circ_over_a_stalled_channel_shares_what_room_there_is)
{
	uint64_t least = UINT64_MAX, most = 0;
	struct world w;
	size_t i, round;

	start(&w);
	for (i = 0; i < CIRCS; i++)
		launch(&w, i, 0);
	loop_advance(&w.loop, 1000);
	for (i = 0; i < CIRCS; i++)
		open_stream(&w.c[i], SIM_SINK, 10 * 1000 * 1000);
	for (round = 0; round < 40; round++) {
		sim_stall(simlink_relay_conn(w.guard), round % 2 == 0);
		loop_advance(&w.loop, 10);
	}
	for (i = 0; i < CIRCS; i++) {
		least = w.c[i].sent < least ? w.c[i].sent : least;
		most = w.c[i].sent > most ? w.c[i].sent : most;
	}
	ck_assert_uint_gt(least, 0);
	ck_assert_uint_lt(most, 3 * least);
	sim_stall(simlink_relay_conn(w.guard), 0);
	for (i = 0; i < CIRCS; i++)
		endpoint_kill(w.c[i].e, 0);
	loop_advance(&w.loop, 1000);
	finish(&w);
}
END_TEST

START_TEST(circ_over_a_channel_that_is_lost_ends_all)
{
	struct world w;
	size_t i;

	start(&w);
	for (i = 0; i < CIRCS; i++)
		launch(&w, i, 1);
	loop_advance(&w.loop, _i == 0 ? 8 : 1000);
	if (_i == 2)
		for (i = 0; i < CIRCS; i++)
			open_stream(&w.c[i], SIM_ECHO, 300 * 1000);
	simlink_relay_gone(w.guard);
	loop_advance(&w.loop, 90 * 1000);
	for (i = 0; i < CIRCS; i++) {
		ck_assert_int_eq(w.c[i].gone, 1);
		ck_assert_int_eq(w.c[i].why, CIRC_WHY_CHANNEL);
		ck_assert_int_eq(w.c[i].over, _i == 2);
	}
	finish(&w);
}
END_TEST

START_TEST(circ_over_a_channel_that_cannot_be_opened_is_told)
{
	struct world w;

	start(&w);
	w.guard->knobs.down_at_dial = -ECONNREFUSED;
	launch(&w, 0, 0);
	loop_advance(&w.loop, 90 * 1000);
	ck_assert_int_eq(w.c[0].gone, 1);
	ck_assert_int_eq(w.c[0].why, CIRC_WHY_CHANNEL);
	finish(&w);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(circ_over_a_channel_builds_and_echoes),
	UNIT(circ_over_a_stalled_channel_shares_what_room_there_is),
	UNIT_LOOP(circ_over_a_channel_that_is_lost_ends_all, 3),
	UNIT(circ_over_a_channel_that_cannot_be_opened_is_told),
};
UNIT_MAIN("circ_link", tests)

/* tests/onion/circ/test_conflux_circ.c - two circuits, linked
 *
 * Against the fake exit, which is strict about numbers, and with a clock that
 * is driven by hand.  What a bad exit tries: test_conflux_hostile.c.
 */
#include "tests/unit.h"

#include <errno.h>
#include <string.h>

#include "onion/circ/circ_int.h"
#include "onion/circ/relaymsg.h"
#include "onion/circ/streams_int.h"
#include "onion/link/cell.h"
#include "tests/onion/circ/fakechan.h"
#include "tests/onion/circ/twin.h"

enum { CELL = RELAY_DATA_MAX, CWND = 124 };	/* cwnd_init, cells */

/* --- linking and joining --- */

START_TEST(circ_join_makes_one_set_of_two_circuits)
{
	struct circ_lookup *l;
	struct endpoint *e;
	struct twin t;

	twin_init(&t);
	twin_build(&t);
	ck_assert_ptr_null(circ_joined_to(t.r.circ));
	ck_assert_int_eq(circ_link_rtt_us(t.r.circ), 0);
	twin_link(&t, 80, 50);
	ck_assert_int_eq(circ_link_rtt_us(t.r.circ), 80000);
	ck_assert_int_eq(circ_link_rtt_us(t.circ), 50000);
	ck_assert_mem_eq(t.sim->nonce, twin_nonce, sizeof(twin_nonce));
	ck_assert_uint_eq(t.sim->ux, CONFLUX_UX_THROUGHPUT);
	ck_assert(t.sim->acked && t.r.sim->acked);
	ck_assert(!circ_is_built(t.r.circ) && !circ_is_built(t.circ));
	ck_assert_int_eq(circ_connect(t.r.circ, "a", 80, 0, &e), -ENOTCONN);
	twin_join(&t);
	ck_assert_ptr_eq(circ_joined_to(t.r.circ), t.circ);
	ck_assert_ptr_eq(circ_joined_to(t.circ), t.r.circ);
	ck_assert(circ_is_built(t.r.circ) && !circ_is_built(t.circ));
	ck_assert_int_eq(circ_connect(t.circ, "a", 80, 0, &e), -ENOTCONN);
	ck_assert_int_eq(circ_resolve(t.circ, "a", NULL, NULL, &l), -ENOTCONN);
	ck_assert_int_eq(circ_begin_dir(t.r.circ, &e), -ENOTCONN);
	ck_assert_int_eq(circ_begin_dir(t.circ, &e), -ENOTCONN);
	ck_assert_int_eq(circ_link(t.r.circ, twin_nonce, 0), -ENOTCONN);
	ck_assert_int_eq(circ_link(t.circ, twin_nonce, 0), -ENOTCONN);
	ck_assert_uint_eq(circ_nstreams(t.circ), 0);
	twin_free(&t);
}
END_TEST

START_TEST(circ_link_of_what_was_given_something_is_refused)
{
	struct rig r;

	rig_init(&r, 3, 1);
	ck_assert_int_eq(rig_start(&r, RIG_CC), 0);
	ck_assert_int_eq(circ_link(r.circ, twin_nonce, 0), -ENOTCONN);
	rig_run(&r);
	r.sim = simnet_circ(r.net);
	(void)rig_connect(&r, 0, SIM_MUTE, 0);
	ck_assert_int_eq(circ_link(r.circ, twin_nonce, 0), -ENOTCONN);
	rig_run(&r);
	if (_i)
		holder_kill(&r.h[0]);		/* END is still to go out */
	else {
		holder_kill(&r.h[0]);
		rig_run(&r);
	}
	ck_assert_uint_eq(circ_nstreams(r.circ), 0);
	ck_assert_int_eq(circ_link(r.circ, twin_nonce, 0), -ENOTCONN);
	rig_run(&r);
	ck_assert(circ_is_built(r.circ));
	rig_free(&r);
}
END_TEST

START_TEST(circ_link_without_congestion_control_is_refused)
{
	struct rig r;

	rig_new(&r, 3, RIG_NTOR);
	ck_assert_int_eq(circ_link(r.circ, twin_nonce, 0), -EOPNOTSUPP);
	ck_assert(circ_is_built(r.circ));
	(void)rig_connect(&r, 0, SIM_MUTE, 0);
	rig_run(&r);
	ck_assert_uint_eq(r.h[0].opened, 1);
	rig_free(&r);
}
END_TEST

START_TEST(circ_join_of_what_does_not_belong_together_is_refused)
{
	static const uint8_t other[CONFLUX_NONCE] = { 1 };
	struct twin t;

	twin_init(&t);
	twin_build(&t);
	ck_assert_int_eq(circ_join(t.r.circ, t.circ), -EINVAL);
	ck_assert_int_eq(circ_link(t.r.circ, twin_nonce, 0), 0);
	twin_run(&t);
	ck_assert_int_eq(circ_join(t.r.circ, t.circ), -EINVAL);
	ck_assert_int_eq(circ_join(t.circ, t.r.circ), -EINVAL);
	ck_assert_int_eq(circ_join(t.r.circ, t.r.circ), -EINVAL);
	ck_assert_int_eq(circ_link(t.circ, _i ? other : twin_nonce, 0), 0);
	ck_assert_int_eq(circ_join(t.r.circ, t.circ), -EINVAL);	/* LINKING */
	twin_run(&t);
	ck_assert_int_eq(circ_join(t.r.circ, t.circ), _i ? -EINVAL : 0);
	if (_i == 0) {
		ck_assert_int_eq(circ_join(t.r.circ, t.circ), -EINVAL);
		ck_assert_int_eq(circ_join(t.circ, t.r.circ), -EINVAL);
	}
	t.set = t.sim->set;
	twin_free(&t);
}
END_TEST

START_TEST(circ_link_without_room_goes_when_there_is)
{
	struct twin t;

	twin_init(&t);
	twin_build(&t);
	fakechan_room(t.chan, 0);
	ck_assert_int_eq(circ_link(t.circ, twin_nonce, 1), 0);
	twin_run(&t);
	loop_advance(&t.r.loop, 1000);		/* no part of the RTT */
	ck_assert_ptr_null(t.sim->set);
	fakechan_room(t.chan, 1);
	(void)fakechan_out(t.chan);
	ck_assert_ptr_nonnull(t.sim->set);
	loop_advance(&t.r.loop, 30);
	(void)fakechan_in(t.chan);
	ck_assert_uint_eq(t.linked, 1);
	ck_assert_int_eq(circ_link_rtt_us(t.circ), 30000);
	ck_assert(!t.sim->acked);
	ck_assert_int_eq(circ_link(t.r.circ, twin_nonce, 1), 0);
	twin_run(&t);
	t.set = t.sim->set;
	twin_join(&t);
	if (_i) {			/* BEGIN, over the second, waits */
		(void)holder_send(rig_connect(&t.r, 0, SIM_ECHO, SIZE_MAX),
		    9000);
		twin_run(&t);
	}
	ck_assert(!t.sim->acked);
	fakechan_room(t.chan, SIZE_MAX);
	twin_run(&t);
	ck_assert(t.sim->acked);
	if (_i)
		ck_assert_uint_eq(t.r.h[0].got, 9000);
	twin_free(&t);
}
END_TEST

/* --- data both ways --- */

static const struct way {
	const char	*name;
	unsigned	 switch_every;	/* the exit */
	uint8_t		 pass_by, ux;
	int		 holds;		/* by turns, what each leg brings */
	int64_t		 late[2];	/* ms, of SENDMEs */
} ways[] = {
	{ "over one leg", 0, 0, 1, 0, { 0, 0 } },
	{ "a leg for each message", 1, 0, 1, 0, { 0, 0 } },
	{ "and out of order", 1, 0, 1, 1, { 0, 0 } },
	{ "runs of 7, out of order", 7, 1, 1, 1, { 5, 9 } },
	{ "runs of 100, both pass by", 100, 1, 3, 1, { 5, 9 } },
	{ "both pass by", 0, 1, 3, 0, { 30, 10 } },
	{ "both pass by, RTTs change", 0, 1, 3, 1, { 10, 30 } },
	{ "whatever we like", 13, 0, 0, 1, { 3, 3 } },
};

static void
twin_on_way(struct twin *t, const struct way *w)
{
	twin_init(t);
	t->r.net->knobs.switch_every = w->switch_every;
	t->r.net->knobs.pass_by = w->pass_by;
	t->r.net->knobs.ux = w->ux;
	t->r.net->source = 700 * 1000;
	twin_build(t);
	twin_link(t, TWIN_RTT0, TWIN_RTT1);
	twin_join(t);
	t->r.sim->sendme_late_ms = w->late[0];
	t->sim->sendme_late_ms = w->late[1];
}

static int
all_done(const struct twin *t, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (t->r.h[i].to_send > 0)
			return 0;
	return 1;
}

/* Until nothing is to send, and a while longer. */
static void
stir(struct twin *t, const struct way *w, size_t holders)
{
	int i, rest = 20;

	for (i = 0; i < 5000 && rest > 0 && t->r.circ; i++) {
		if (w->holds)
			simcirc_hold(twin_sim(t, i / 2 % 2));
		twin_pass(t, 1);
		if (w->holds && i % 2)
			simcirc_release(twin_sim(t, i / 2 % 2));
		twin_pass(t, 1);
		rest -= all_done(t, holders);
	}
	simcirc_release(t->r.sim);
	simcirc_release(t->sim);
	twin_run(t);
}

START_TEST(stream_echo_over_two_legs_brings_every_byte_back)
{
	const struct way *w = &ways[_i];
	uint64_t fwd[2], bwd[2];
	struct twin t;
	size_t i;

	twin_on_way(&t, w);
	for (i = 0; i < 4; i++)
		(void)holder_send(rig_connect(&t.r, i, SIM_ECHO, SIZE_MAX),
		    200 * 1000);
	stir(&t, w, 4);
	for (i = 0; i < 4; i++) {
		ck_assert_msg(t.r.h[i].got == 200 * 1000 && !t.r.h[i].bad,
		    "%s: got %ju, bad %ju", w->name,
		    (uintmax_t)t.r.h[i].got, (uintmax_t)t.r.h[i].bad);
		holder_kill(&t.r.h[i]);
	}
	circ_totals(t.r.circ, &fwd[0], &bwd[0]);
	circ_totals(t.circ, &fwd[1], &bwd[1]);
	ck_assert_uint_eq(fwd[0] + fwd[1], 800 * 1000);
	ck_assert_uint_eq(bwd[0] + bwd[1], 800 * 1000);
	if (w->switch_every)
		ck_assert(bwd[0] > 0 && bwd[1] > 0);
	twin_run(&t);
	ck_assert_uint_eq(t.r.idle, 1);
	twin_free(&t);
}
END_TEST

START_TEST(stream_source_and_sink_over_two_legs_arrive_whole)
{
	const struct way *w = &ways[_i];
	struct simstream *st;
	struct twin t;
	size_t i;

	twin_on_way(&t, w);
	for (i = 0; i < 6; i++) {
		(void)rig_connect(&t.r, i, i % 2 ? SIM_SOURCE : SIM_SINK,
		    20 * 1000);
		t.r.h[i].regrant = 1;
		if (i % 2 == 0)
			(void)holder_send(&t.r.h[i], 300 * 1000);
	}
	stir(&t, w, 6);
	for (i = 1; i < 6; i += 2) {
		ck_assert_msg(t.r.h[i].got == t.r.net->source, "%s: %ju",
		    w->name, (uintmax_t)t.r.h[i].got);
		ck_assert_uint_eq(t.r.h[i].bad, 0);
		ck_assert_uint_eq(t.r.h[i].fins, 1);
		ck_assert_uint_eq(t.r.h[i].gones, 1);
	}
	for (st = t.set->streams; st; st = st->next) {
		ck_assert_uint_eq(st->bad, 0);
		ck_assert_uint_eq(st->got, st->port == SIM_SINK ? 300 * 1000 :
		    0);
	}
	for (i = 0; i < 2; i++)		/* quoting the right cells: checked */
		ck_assert_uint_eq(twin_sim(&t, (int)i)->sendmes_in,
		    twin_sim(&t, (int)i)->data_out /
		    twin_sim(&t, (int)i)->inc);
	twin_free(&t);
}
END_TEST

START_TEST(stream_many_over_two_legs_come_and_go)
{
	const struct way *w = &ways[_i];
	struct twin t;
	int i, j, echoed = 0;

	twin_on_way(&t, w);
	for (i = 0; i < 10; i++) {
		for (j = 0; j < 12; j++)
			if (t.r.h[j].e == NULL)
				(void)holder_send(rig_connect(&t.r, (size_t)j,
				    j % 3 ? SIM_ECHO : SIM_HTTP, 3000), 2000);
		if (w->holds)
			simcirc_hold(twin_sim(&t, i % 2));
		twin_pass(&t, 3);
		for (j = i % 4; j < 12; j += 4) {
			echoed += t.r.h[j].got == 2000;
			holder_kill(&t.r.h[j]);
		}
		simcirc_release(twin_sim(&t, i % 2));
	}
	ck_assert_int_gt(echoed, 5);
	twin_pass(&t, 10);
	ck_assert_ptr_nonnull(t.r.circ);
	for (j = 0; j < 12; j++)
		holder_kill(&t.r.h[j]);
	twin_free(&t);
}
END_TEST

START_TEST(circ_resolve_over_two_legs_is_answered_in_order)
{
	static const uint8_t v4[] = { 4, 4, 93, 184, 216, 34, 0, 0, 1, 44 };
	struct circ_lookup *l;
	char name[32];
	struct twin t;
	int i;

	twin_new(&t);
	t.r.net->knobs.switch_every = 1;
	memcpy(t.r.net->resolved, v4, sizeof(v4));
	t.r.net->resolved_len = sizeof(v4);
	simcirc_hold(twin_sim(&t, _i));
	for (i = 0; i < 10; i++) {
		snprintf(name, sizeof(name), "a%d.example", i);
		rig_resolve(&t.r, name, &l);
		twin_run(&t);
		if (i == 4)
			circ_lookup_cancel(l);
	}
	ck_assert_uint_le(t.r.answers, 1);
	simcirc_release(twin_sim(&t, _i));
	twin_run(&t);
	ck_assert_uint_eq(t.r.answers, 9 + (t.r.answers == 10));
	ck_assert_int_eq(t.r.answer_why, 0);
	ck_assert_uint_eq(t.r.answer_addr.family, 4);
	twin_free(&t);
}
END_TEST

/* --- order --- */

START_TEST(circ_queued_counts_what_came_too_early)
{
	int64_t oldest;
	struct twin t;
	uint16_t id;
	int i;

	twin_new(&t);
	(void)rig_connect(&t.r, 0, SIM_MUTE, SIZE_MAX);
	twin_run(&t);
	id = rig_last_id(&t.r);
	ck_assert_uint_eq(circ_queued(t.r.circ, &oldest), 0);
	ck_assert_int_eq(oldest, LOOP_NEVER);
	simcirc_hold(t.sim);
	simcirc_say_next(t.sim, RELAY_DATA, id, "\0", 1);
	loop_advance(&t.r.loop, 7);
	for (i = 0; i < 100; i++)
		simcirc_say_next(t.r.sim, RELAY_DATA, id, &(uint8_t){
		    sim_byte((uint64_t)i + 1) }, 1);
	twin_run(&t);
	ck_assert_uint_ge(circ_queued(t.r.circ, &oldest), 100);
	ck_assert_int_eq(oldest, t.r.loop.now);
	ck_assert_uint_eq(circ_queued(t.circ, &oldest), 0);
	ck_assert_uint_eq(t.r.h[0].got, 0);
	ck_assert_uint_gt(t.r.sim->sendmes_in, 0);	/* all the same */
	simcirc_release(t.sim);
	twin_run(&t);
	ck_assert_uint_eq(t.r.h[0].got, 101);
	ck_assert_uint_eq(t.r.h[0].bad, 0);
	ck_assert_uint_eq(circ_queued(t.r.circ, &oldest), 0);
	twin_free(&t);
}
END_TEST

START_TEST(stream_end_waits_for_data_over_the_other_leg)
{
	static const uint8_t done = END_DONE;
	struct holder *h;
	struct twin t;
	uint16_t id;

	twin_new(&t);
	h = rig_connect(&t.r, 0, SIM_DEAD, SIZE_MAX);
	twin_run(&t);
	id = rig_last_id(&t.r);
	simcirc_hold(twin_sim(&t, _i));
	simcirc_say_next(twin_sim(&t, _i), RELAY_CONNECTED, id, NULL, 0);
	simcirc_say_next(twin_sim(&t, _i), RELAY_DATA, id, "\0", 1);
	simcirc_say_next(twin_sim(&t, !_i), RELAY_END, id, &done, 1);
	twin_run(&t);
	ck_assert_uint_eq(h->opened + h->got + h->gones, 0);
	simcirc_let_go(twin_sim(&t, _i), 2);	/* SWITCH may be one of them */
	twin_run(&t);
	ck_assert_uint_eq(h->opened, 1);
	ck_assert_uint_eq(h->gones, (uint64_t)(h->got == 1));
	simcirc_release(twin_sim(&t, _i));
	twin_run(&t);
	ck_assert_uint_eq(h->got, 1);
	ck_assert_uint_eq(h->fins, 1);
	ck_assert_uint_eq(h->gones, 1);
	twin_free(&t);
}
END_TEST

START_TEST(stream_killed_with_data_on_both_legs_does_not_cost_the_set)
{
	struct twin t;
	int i;

	twin_new(&t);
	t.r.net->knobs.switch_every = 3;
	t.r.net->source = 100 * 1000;
	simcirc_hold(twin_sim(&t, _i));
	for (i = 0; i < 6; i++)
		(void)rig_connect(&t.r, (size_t)i, SIM_SOURCE, 5000);
	twin_run(&t);
	for (i = 0; i < 6; i++)
		holder_kill(&t.r.h[i]);
	twin_run(&t);
	simcirc_release(twin_sim(&t, _i));
	twin_run(&t);
	ck_assert_ptr_nonnull(t.r.circ);
	ck_assert_uint_eq(t.r.idle, 1);
	twin_free(&t);
}
END_TEST

START_TEST(stream_fin_over_two_legs_keeps_it_for_the_answer)
{
	struct holder *h;
	struct twin t;

	twin_new(&t);
	t.r.net->knobs.switch_every = 2;
	t.r.net->source = 30 * 1000;
	h = rig_connect(&t.r, 0, SIM_HTTP, SIZE_MAX);
	(void)holder_send(h, 100);
	endpoint_fin(h->e);
	simcirc_hold(twin_sim(&t, _i));
	twin_run(&t);
	ck_assert_uint_eq(h->gones, 0);
	simcirc_release(twin_sim(&t, _i));
	twin_run(&t);
	ck_assert_uint_eq(h->got, 30 * 1000);
	ck_assert_uint_eq(h->fins, 1);
	ck_assert_int_eq(h->why, 0);
	ck_assert_uint_eq(t.r.sim->ends + t.sim->ends, 0);
	twin_free(&t);
}
END_TEST

START_TEST(stream_xoff_and_xon_over_two_legs_keep_their_order)
{
	static const uint8_t zeros[5];
	struct holder *h;
	struct twin t;
	uint16_t id;

	twin_new(&t);
	h = rig_connect(&t.r, 0, SIM_SINK, 0);
	twin_run(&t);
	id = rig_last_id(&t.r);
	simcirc_hold(twin_sim(&t, _i));
	simcirc_say_next(twin_sim(&t, _i), RELAY_XOFF, id, zeros, 1);
	simcirc_say_next(twin_sim(&t, !_i), RELAY_XON, id, zeros, 5);
	twin_run(&t);
	(void)holder_send(h, 20 * CELL);
	twin_run(&t);
	ck_assert_uint_eq(t.set->streams->got, 20 * CELL);	/* both wait */
	simcirc_release(twin_sim(&t, _i));
	twin_run(&t);
	(void)holder_send(h, 20 * CELL);
	twin_run(&t);
	ck_assert_uint_eq(t.set->streams->got, 40 * CELL);
	simcirc_say_next(twin_sim(&t, _i), RELAY_XOFF, id, zeros, 1);
	twin_run(&t);
	(void)holder_send(h, 20 * CELL);
	twin_run(&t);
	ck_assert_uint_eq(t.set->streams->got, 40 * CELL);
	simcirc_say_next(twin_sim(&t, !_i), RELAY_XON, id, zeros, 5);
	twin_run(&t);
	ck_assert_uint_eq(t.set->streams->got, 60 * CELL);
	ck_assert_uint_eq(t.set->streams->bad, 0);
	twin_free(&t);
}
END_TEST

START_TEST(stream_without_credit_stops_the_exit_by_xoff)
{
	struct holder *h;
	struct twin t;
	int i;

	twin_new(&t);
	t.r.net->knobs.switch_every = 5;
	t.r.net->source = 3 * 1000 * 1000;
	h = rig_connect(&t.r, 0, SIM_SOURCE, 0);
	for (i = 0; i < 50; i++)
		twin_pass(&t, 50);
	ck_assert_uint_eq(t.set->streams->xoffs, 1);
	ck_assert_uint_gt(t.set->streams->left, 0);
	h->regrant = 1;
	holder_grant(h, 100 * 1000);
	for (i = 0; i < 50; i++)
		twin_pass(&t, 50);
	ck_assert_uint_ge(t.set->streams->xons, 1);
	ck_assert_uint_eq(h->got, 3 * 1000 * 1000);
	ck_assert_uint_eq(h->bad, 0);
	twin_free(&t);
}
END_TEST

/* --- which leg --- */

/* As the exit wished it: one window full is all, or each leg's. */
START_TEST(stream_upload_takes_legs_as_the_exit_wishes)
{
	static const struct {
		uint8_t ux;
		unsigned cells[2];
	} c[] = {
		{ CONFLUX_UX_LATENCY, { 0, CWND } },
		{ CONFLUX_UX_LATENCY_LOWMEM, { 0, CWND } },
		{ CONFLUX_UX_THROUGHPUT, { CWND, CWND } },
	};
	struct twin t;

	twin_init(&t);
	t.r.net->knobs.ux = c[_i].ux;
	t.r.net->knobs.no_sendmes = 1;
	twin_build(&t);
	twin_link(&t, TWIN_RTT0, TWIN_RTT1);
	twin_join(&t);
	(void)holder_send(rig_connect(&t.r, 0, SIM_SINK, 0), 600 * CELL);
	twin_run(&t);
	ck_assert_uint_eq(t.r.sim->data_in, c[_i].cells[0]);
	ck_assert_uint_eq(t.sim->data_in, c[_i].cells[1]);
	ck_assert_uint_eq(t.r.sim->switches_in, c[_i].cells[0] > 0);
	ck_assert_uint_eq(t.sim->switches_in, 0);	/* it came first */
	ck_assert_uint_eq(t.r.h[0].rooms, 0);
	twin_free(&t);
}
END_TEST

START_TEST(stream_upload_changes_to_the_leg_that_became_faster)
{
	struct holder *h;
	struct twin t;
	int i;

	twin_init(&t);
	t.r.flow.cwnd_max = 200;
	twin_build(&t);
	twin_link(&t, TWIN_RTT0, TWIN_RTT1);
	twin_join(&t);
	t.r.sim->sendme_late_ms = 80;
	t.sim->sendme_late_ms = 50;
	h = rig_connect(&t.r, 0, SIM_SINK, 0);
	(void)holder_send(h, 4000 * 1000);
	for (i = 0; i < 60; i++)
		twin_pass(&t, 5);
	ck_assert_uint_eq(t.r.sim->data_in, 0);
	ck_assert_uint_gt(t.sim->data_in, CWND);
	t.sim->sendme_late_ms = 82;	/* not clearly more */
	for (i = 0; i < 60; i++)
		twin_pass(&t, 5);
	ck_assert_uint_eq(t.r.sim->data_in, 0);
	t.sim->sendme_late_ms = 300;
	for (i = 0; i < 1000 && h->to_send > 0; i++)
		twin_pass(&t, 5);
	ck_assert_uint_eq(h->to_send, 0);
	ck_assert_uint_eq(t.r.sim->switches_in, 1);
	ck_assert_uint_eq(t.sim->switches_in, 0);
	ck_assert_uint_gt(t.r.sim->data_in, CWND);
	twin_pass(&t, 1000);
	ck_assert_uint_eq(t.set->streams->got, 4000 * 1000);
	ck_assert_uint_eq(t.set->streams->bad, 0);
	twin_free(&t);
}
END_TEST

START_TEST(stream_upload_with_a_full_channel_waits_or_passes_by)
{
	struct holder *h;
	struct twin t;

	twin_init(&t);
	t.r.net->knobs.ux = _i ? CONFLUX_UX_THROUGHPUT : CONFLUX_UX_LATENCY;
	twin_build(&t);
	twin_link(&t, TWIN_RTT0, TWIN_RTT1);
	twin_join(&t);
	fakechan_room(t.chan, 0);	/* of the faster leg */
	h = rig_connect(&t.r, 0, SIM_ECHO, SIZE_MAX);
	(void)holder_send(h, 50 * CELL);
	twin_run(&t);
	ck_assert_uint_eq(h->got, _i ? 50 * CELL : 0);
	fakechan_room(t.chan, SIZE_MAX);
	twin_run(&t);
	ck_assert_uint_eq(h->got, 50 * CELL);
	(void)holder_send(h, 50 * CELL);
	twin_run(&t);
	ck_assert_uint_eq(h->got, 100 * CELL);
	ck_assert_uint_eq(h->bad, 0);
	twin_free(&t);
}
END_TEST

START_TEST(stream_upload_begins_on_the_leg_of_the_lower_rtt)
{
	struct twin t;

	twin_init(&t);
	twin_build(&t);
	twin_link(&t, _i ? 75 : 80, _i ? 80 : 75);
	twin_join(&t);
	(void)holder_send(rig_connect(&t.r, 0, SIM_SINK, 0), 10 * CELL);
	twin_run(&t);
	ck_assert_uint_eq(twin_sim(&t, _i)->data_in, 0);
	ck_assert_uint_eq(twin_sim(&t, !_i)->data_in, 10);
	ck_assert_uint_eq(t.r.sim->switches_in + t.sim->switches_in, 0);
	twin_free(&t);
}
END_TEST

/* Data waits for the leg that it should take; what is none does not. */
START_TEST(stream_begin_goes_where_there_is_room_while_data_waits)
{
	struct holder *h;
	struct twin t;

	twin_init(&t);
	twin_build(&t);
	twin_link(&t, 50, 80);
	twin_join(&t);
	t.r.sim->sendme_late_ms = 200;
	h = rig_connect(&t.r, 0, SIM_SINK, 0);
	(void)holder_send(h, 40 * CELL);
	twin_run(&t);
	fakechan_room(t.chan, 0);
	twin_pass(&t, 200);		/* the second is faster now */
	(void)holder_send(h, 40 * CELL);
	twin_run(&t);
	ck_assert_uint_eq(t.set->streams->got, 40 * CELL);
	(void)rig_connect(&t.r, 1, SIM_MUTE, 0);
	twin_run(&t);
	ck_assert_uint_eq(t.r.h[1].opened, 1);
	ck_assert_uint_eq(t.sim->switches_in, 0);
	fakechan_room(t.chan, SIZE_MAX);
	twin_run(&t);
	ck_assert_uint_eq(t.sim->switches_in, 1);
	ck_assert_uint_eq(h->to_send, 0);
	twin_free(&t);
}
END_TEST

/* The slower leg's channel is full: nobody cares. */
START_TEST(stream_upload_goes_on_while_the_other_channel_is_full)
{
	struct holder *h;
	struct twin t;

	twin_new(&t);
	fakechan_room(t.r.chan, 0);
	h = rig_connect(&t.r, 0, SIM_ECHO, SIZE_MAX);
	(void)holder_send(h, 90 * CELL);
	twin_run(&t);
	ck_assert_uint_eq(h->got, 90 * CELL);
	fakechan_room(t.r.chan, SIZE_MAX);
	twin_free(&t);
}
END_TEST

/* SWITCH takes the last room: what it was sent for has to follow it before
 * anything goes elsewhere. */
START_TEST(stream_switch_without_room_behind_it_holds_to_that_leg)
{
	struct holder *h;
	struct twin t;
	int i;

	twin_init(&t);
	t.r.net->knobs.ux = CONFLUX_UX_THROUGHPUT;
	twin_build(&t);
	twin_link(&t, TWIN_RTT0, TWIN_RTT1);
	twin_join(&t);
	t.sim->sendme_late_ms = 20;
	t.r.sim->sendme_late_ms = 20;
	fakechan_room(t.r.chan, 0);
	h = rig_connect(&t.r, 0, SIM_SINK, 0);
	(void)holder_send(h, 1000 * CELL);	/* fills the second's window */
	twin_run(&t);
	for (i = 0; i < 60; i++) {
		if (i % 6 == 0)
			fakechan_room(t.r.chan, i / 6 % 3 == 2 ? 40 : 1);
		twin_pass(&t, 7);		/* SENDMEs of the second */
	}
	fakechan_room(t.r.chan, SIZE_MAX);
	for (i = 0; i < 200; i++)
		twin_pass(&t, 7);
	ck_assert_uint_eq(h->to_send, 0);
	ck_assert_uint_eq(t.set->streams->got, 1000 * CELL);
	ck_assert_uint_eq(t.set->streams->bad, 0);
	twin_free(&t);
}
END_TEST

/* Both count from 0: nothing to jump over, so no SWITCH. */
START_TEST(stream_first_message_over_the_other_leg_needs_no_switch)
{
	struct twin t;

	twin_init(&t);
	t.r.net->knobs.ux = CONFLUX_UX_THROUGHPUT;
	twin_build(&t);
	twin_link(&t, TWIN_RTT0, TWIN_RTT1);
	twin_join(&t);
	fakechan_room(t.chan, 0);
	(void)rig_connect(&t.r, 0, SIM_MUTE, 0);	/* finds it full */
	twin_run(&t);
	(void)holder_send(&t.r.h[0], 1000);
	twin_run(&t);
	ck_assert_uint_eq(t.r.h[0].opened, 1);
	ck_assert_uint_eq(t.r.sim->switches_in, 0);
	fakechan_room(t.chan, SIZE_MAX);
	twin_free(&t);
}
END_TEST

/* More than SWITCH can say: the set ends, and does not spin. */
START_TEST(stream_jump_that_switch_cannot_say_ends_the_set)
{
	struct twin t;
	int i;

	twin_init(&t);
	t.r.net->knobs.ux = CONFLUX_UX_THROUGHPUT;
	t.r.net->knobs.no_sendmes = 1;
	twin_build(&t);
	twin_link(&t, TWIN_RTT0, TWIN_RTT1);
	twin_join(&t);
	(void)rig_connect(&t.r, 0, SIM_SINK, 0);
	twin_run(&t);
	t.r.circ->streams->leg[1].count += UINT32_MAX;
	for (i = 0; i < 300 && t.r.circ; i++) {
		(void)holder_send(&t.r.h[0], 2 * CELL + 1);
		loop_end_turn(&t.r.loop);
	}
	ck_assert_uint_eq(t.r.gone, 1);
	ck_assert_uint_eq(t.gone, 1);
	ck_assert_uint_eq(t.r.h[0].gones, 1);
	t.r.net->broken = 0;		/* numbers, of course */
	twin_free(&t);
}
END_TEST

/* --- death --- */

enum death { KILL, DESTROY, TRUNCATE, LOSE, NONSENSE, NDEATHS };

static const enum circ_why death_whys[] = {
	CIRC_WHY_FINISHED, CIRC_WHY_DESTROYED, CIRC_WHY_TRUNCATED,
	CIRC_WHY_CHANNEL, CIRC_WHY_PROTOCOL
};

static void
inflict(struct twin *t, enum death d, int leg)
{
	static const uint8_t reason = 1;

	switch (d) {
	case KILL:
		twin_kill(t, leg);
		break;
	case DESTROY:
		simcirc_cell(twin_sim(t, leg), CELL_DESTROY, &reason, 1);
		twin_sim(t, leg)->destroyed = 1;
		break;
	case TRUNCATE:
		simcirc_say(twin_sim(t, leg), 1, RELAY_TRUNCATED, 0, &reason,
		    1);
		break;
	case LOSE:
		fakechan_lose(twin_chan(t, leg));
		break;
	default:
		simcirc_say(twin_sim(t, leg), 1, RELAY_DATA, 0, NULL, 0);
		break;
	}
	twin_run(t);
}

START_TEST(circ_death_of_a_leg_ends_the_set)
{
	enum death d = (enum death)(_i / 2);
	struct circ_lookup *l;
	struct twin t;
	int i, leg = _i % 2;

	twin_new(&t);
	t.r.net->source = 1000 * 1000;
	t.r.net->knobs.switch_every = 9;
	t.r.net->knobs.sendme_late_ms = 20;
	for (i = 0; i < 10; i++)
		(void)holder_send(rig_connect(&t.r, (size_t)i, i % 2 ?
		    SIM_SOURCE : SIM_SINK, 5000), 300 * 1000);
	rig_resolve(&t.r, "a.example", &l);
	simcirc_hold(twin_sim(&t, !leg));
	twin_run(&t);
	simcirc_release(twin_sim(&t, !leg));
	inflict(&t, d, leg);
	for (i = 0; i < 10; i++)
		holder_grant(&t.r.h[i], SIZE_MAX);	/* what came before */
	loop_end_turn(&t.r.loop);
	for (i = 0; i < 10; i++) {
		ck_assert_uint_eq(t.r.h[i].gones, 1);
		ck_assert_uint_eq(t.r.h[i].bad, 0);
		ck_assert_int_eq(t.r.h[i].why, -ECONNRESET);
	}
	ck_assert_uint_eq(t.r.answers, 1);
	ck_assert_int_eq(t.r.answer_why, -ECONNRESET);
	/* Whoever kills one hears of the other. */
	ck_assert_uint_eq(t.r.gone, d != KILL || leg != 0);
	ck_assert_uint_eq(t.gone, d != KILL || leg != 1);
	if (t.r.gone)
		ck_assert_int_eq(t.r.why, death_whys[d]);
	if (t.gone)
		ck_assert_int_eq(t.why, death_whys[d]);
	ck_assert_uint_eq(fakechan_circs(t.r.chan), 0);
	ck_assert_uint_eq(fakechan_circs(t.chan), 0);
	ck_assert_uint_eq(fakechan_destroys(twin_chan(&t, !leg)), 1);
	ck_assert_uint_eq(fakechan_destroys(twin_chan(&t, leg)),
	    d != DESTROY && d != LOSE);
	twin_free(&t);
}
END_TEST

START_TEST(circ_death_before_joined_leaves_the_other_alone)
{
	struct twin t;
	int leg = _i % 2;

	twin_init(&t);
	twin_build(&t);
	twin_link(&t, 10, 10);
	t.set = NULL;
	inflict(&t, (enum death)(_i / 2), leg);
	ck_assert_ptr_null(twin_circ(&t, leg));
	ck_assert_ptr_nonnull(twin_circ(&t, !leg));
	ck_assert_uint_eq(leg ? t.r.gone : t.gone, 0);
	twin_free(&t);
}
END_TEST

/* Whichever is killed in whatever callback. */

static struct twin *dying;
static int death_at, death_of, is_dead;

static void
die_now(int what)
{
	if (what != death_at || is_dead)
		return;
	is_dead = 1;
	if (death_of == 2) {
		twin_kill(dying, 1);
		twin_kill(dying, 0);
	} else
		twin_kill(dying, death_of);
}

static void
die_in_stream(struct holder *h, int what)
{
	(void)h;
	/* After it, only what came before is heard, and the end. */
	ck_assert(!is_dead || (what != ON_OPEN && what != ON_ROOM));
	die_now(what);
}

static void
die_in_first(struct rig *r, int what)
{
	(void)r;
	die_now(what);
}

static void
die_in_second(struct twin *t, int what)
{
	(void)t;
	die_now(what);
}

START_TEST(circ_death_in_any_callback_is_safe)
{
	static const int at[] = { ON_OPEN, ON_DATA, ON_ROOM, ON_FIN, ON_GONE,
		ON_IDLE };
	struct twin t;
	size_t i;

	dying = &t;
	is_dead = 0;
	death_at = at[_i / 3 % 6];
	death_of = _i % 3;
	twin_init(&t);
	t.r.net->source = 100 * 1000;
	t.r.net->knobs.switch_every = 4;
	t.r.net->knobs.ux = _i < 18 ? CONFLUX_UX_LATENCY :
	    CONFLUX_UX_THROUGHPUT;
	t.r.net->knobs.sendme_late_ms = 10;
	twin_build(&t);
	twin_link(&t, TWIN_RTT0, TWIN_RTT1);
	twin_join(&t);
	t.r.on = die_in_first;
	t.on = die_in_second;
	simcirc_hold(t.r.sim);		/* much is delivered from the queue */
	for (i = 0; i < 6; i++) {
		(void)rig_connect(&t.r, i, i % 2 ? SIM_HTTP : SIM_ECHO, 30000);
		t.r.h[i].on = die_in_stream;
		(void)holder_send(&t.r.h[i], 90 * 1000);
		if (t.r.circ == NULL)
			break;
	}
	twin_run(&t);
	if (t.r.circ)
		simcirc_release(t.r.sim);
	for (i = 0; i < 80; i++) {
		twin_pass(&t, 5);
		for (size_t j = 0; j < 6; j++)
			holder_grant(&t.r.h[j], 20000);
	}
	for (i = 0; i < 6; i++)
		holder_kill(&t.r.h[i]);
	twin_run(&t);
	ck_assert_uint_le(t.gone, 1);
	ck_assert_ptr_null(t.r.circ);
	ck_assert_ptr_null(t.circ);
	twin_free(&t);
}
END_TEST

START_TEST(circ_death_in_data_keeps_what_waited_behind_it_back)
{
	struct twin t;
	uint16_t id;
	int i;

	dying = &t;
	is_dead = 0;
	death_at = ON_DATA;
	death_of = _i;
	twin_new(&t);
	(void)rig_connect(&t.r, 0, SIM_MUTE, SIZE_MAX);
	twin_run(&t);
	id = rig_last_id(&t.r);
	t.r.h[0].on = die_in_stream;
	simcirc_hold(t.r.sim);
	simcirc_say_next(t.r.sim, RELAY_DATA, id, "\0", 1);
	for (i = 0; i < 3; i++)
		simcirc_say_next(t.sim, RELAY_DATA, id, "\0", 1);
	twin_run(&t);
	ck_assert_uint_eq(t.r.h[0].got, 0);
	simcirc_release(t.r.sim);
	twin_run(&t);
	ck_assert_uint_eq(t.r.h[0].got, 1);
	ck_assert_uint_eq(t.r.h[0].gones, 1);
	twin_free(&t);
}
END_TEST

static void
die_when_linked(struct twin *t, int what)
{
	if (what != ON_LINKED)
		return;
	if (death_of == 3)
		twin_join(t);
	else if (death_of == 2) {
		twin_join(t);
		twin_kill(t, 0);
	} else
		twin_kill(t, death_of);
}

START_TEST(circ_death_or_join_when_linked_is_told_is_safe)
{
	struct twin t;

	death_of = _i;
	twin_init(&t);
	twin_build(&t);
	ck_assert_int_eq(circ_link(t.r.circ, twin_nonce, 1), 0);
	twin_run(&t);
	t.on = die_when_linked;
	ck_assert_int_eq(circ_link(t.circ, twin_nonce, 1), 0);
	twin_run(&t);
	ck_assert_uint_eq(t.linked, 1);
	ck_assert_uint_eq(t.gone, _i == 2);
	ck_assert_uint_eq(t.r.gone, 0);
	if (_i == 3) {
		(void)rig_connect(&t.r, 0, SIM_MUTE, 0);
		twin_run(&t);
		ck_assert_uint_eq(t.r.h[0].opened, 1);
	}
	twin_free(&t);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(circ_join_makes_one_set_of_two_circuits),
	UNIT_LOOP(circ_link_of_what_was_given_something_is_refused, 2),
	UNIT(circ_link_without_congestion_control_is_refused),
	UNIT_LOOP(circ_join_of_what_does_not_belong_together_is_refused, 2),
	UNIT_LOOP(circ_link_without_room_goes_when_there_is, 2),
	UNIT_LOOP(stream_echo_over_two_legs_brings_every_byte_back,
	    NELEM(ways)),
	UNIT_LOOP(stream_source_and_sink_over_two_legs_arrive_whole,
	    NELEM(ways)),
	UNIT_LOOP(stream_many_over_two_legs_come_and_go, NELEM(ways)),
	UNIT_LOOP(circ_resolve_over_two_legs_is_answered_in_order, 2),
	UNIT(circ_queued_counts_what_came_too_early),
	UNIT_LOOP(stream_end_waits_for_data_over_the_other_leg, 2),
	UNIT_LOOP(stream_killed_with_data_on_both_legs_does_not_cost_the_set,
	    2),
	UNIT_LOOP(stream_fin_over_two_legs_keeps_it_for_the_answer, 2),
	UNIT_LOOP(stream_xoff_and_xon_over_two_legs_keep_their_order, 2),
	UNIT(stream_without_credit_stops_the_exit_by_xoff),
	UNIT_LOOP(stream_upload_takes_legs_as_the_exit_wishes, 3),
	UNIT(stream_upload_changes_to_the_leg_that_became_faster),
	UNIT_LOOP(stream_upload_with_a_full_channel_waits_or_passes_by, 2),
	UNIT_LOOP(stream_upload_begins_on_the_leg_of_the_lower_rtt, 2),
	UNIT(stream_begin_goes_where_there_is_room_while_data_waits),
	UNIT(stream_upload_goes_on_while_the_other_channel_is_full),
	UNIT(stream_switch_without_room_behind_it_holds_to_that_leg),
	UNIT(stream_first_message_over_the_other_leg_needs_no_switch),
	UNIT(stream_jump_that_switch_cannot_say_ends_the_set),
	UNIT_LOOP(circ_death_of_a_leg_ends_the_set, 2 * NDEATHS),
	UNIT_LOOP(circ_death_before_joined_leaves_the_other_alone,
	    2 * NDEATHS),
	UNIT_LOOP(circ_death_in_any_callback_is_safe, 36),
	UNIT_LOOP(circ_death_in_data_keeps_what_waited_behind_it_back, 3),
	UNIT_LOOP(circ_death_or_join_when_linked_is_told_is_safe, 4),
};
UNIT_MAIN("conflux_circ", tests)

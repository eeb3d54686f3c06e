/* tests/onion/circ/test_flow.c - sendme, vegas, hopflow, xonxoff, flowctl */
#include "tests/unit.h"

#include <errno.h>
#include <string.h>

#include "base/loop.h"
#include "onion/circ/flowctl.h"
#include "onion/circ/hopflow.h"
#include "onion/circ/relaymsg.h"
#include "onion/circ/sendme.h"
#include "onion/circ/vegas.h"
#include "onion/circ/xonxoff.h"
#include "onion/dir/params.h"

/* flowctl */

START_TEST(flow_params_load_takes_the_consensus_and_its_limits)
{
	static const char line[] = "cc_alg=0 cc_cwnd_min=124 "
	    "cc_sscap_exit=700 cc_vegas_alpha_exit=99999 cc_xoff_client=2";
	struct params *p;
	struct flow_params f;

	flow_params_load(&f, NULL);
	ck_assert_int_eq(f.cc_on, 2);
	ck_assert_int_eq(f.sendme_inc, 31);
	ck_assert_int_eq(f.cwnd_init, 124);
	ck_assert_int_eq(f.alpha, 186);
	ck_assert_int_eq(f.beta, 248);
	ck_assert_int_eq(f.gamma, 186);
	ck_assert_int_eq(f.delta, 310);
	ck_assert_int_eq(f.ss_cap, 600);
	ck_assert_int_eq(f.ss_max, 5000);
	ck_assert_int_eq(f.xoff_client, 500 * 488);
	ck_assert_int_eq(f.xon_rate, 500 * 498);
	ck_assert_int_eq(params_parse(&p, line, sizeof(line) - 1), 0);
	flow_params_load(&f, p);
	params_free(p);
	ck_assert_int_eq(f.cc_on, 0);
	ck_assert_int_eq(f.ss_cap, 700);
	ck_assert_int_eq(f.alpha, 1000);
	ck_assert_int_eq(f.xoff_client, 2 * 488);
}
END_TEST

START_TEST(flow_params_for_service_takes_those_of_longer_paths)
{
	static const char line[] = "cc_sscap_onion=500 "
	    "cc_vegas_delta_onion=5000";
	struct params *p;
	struct flow_params f;

	flow_params_load(&f, NULL);
	flow_params_for_service(&f);
	ck_assert_int_eq(f.alpha, 186);
	ck_assert_int_eq(f.beta, 372);
	ck_assert_int_eq(f.gamma, 248);
	ck_assert_int_eq(f.delta, 434);
	ck_assert_int_eq(f.ss_cap, 475);
	ck_assert_int_eq(f.ss_max, 5000);
	ck_assert_int_eq(params_parse(&p, line, sizeof(line) - 1), 0);
	flow_params_load(&f, p);
	params_free(p);
	flow_params_for_service(&f);
	ck_assert_int_eq(f.delta, 5000);
	ck_assert_int_eq(f.ss_cap, 500);
}
END_TEST

/* sendme */

static const uint8_t *
tag_of(unsigned n)
{
	static uint8_t tag[SENDME_TAG];

	memset(tag, (int)n, sizeof(tag));
	tag[3] = (uint8_t)(n >> 8);
	return tag;
}

START_TEST(sendme_acked_wants_tags_in_order_and_once)
{
	struct sendme s;
	int64_t at;
	unsigned i;

	sendme_init(&s, 10);
	ck_assert_int_eq(sendme_acked(&s, tag_of(0), &at), -EPROTO);
	for (i = 1; i <= 1000; i++)
		ck_assert_int_eq(sendme_sent(&s, tag_of(i), i), 0);
	ck_assert_int_eq(sendme_acked(&s, tag_of(20), &at), -EPROTO);
	ck_assert_int_eq(sendme_acked(&s, NULL, &at), -EPROTO);
	for (i = 10; i <= 1000; i += 10) {
		ck_assert_int_eq(sendme_acked(&s, tag_of(i), &at), 0);
		ck_assert_int_eq(at, i);
	}
	ck_assert_int_eq(sendme_acked(&s, tag_of(1000), &at), -EPROTO);
	sendme_fini(&s);
}
END_TEST

START_TEST(sendme_due_quotes_each_nth_cell_in_order)
{
	struct sendme s;
	unsigned i, paid = 0;

	sendme_init(&s, 31);
	for (i = 1; i <= 31 * 40; i++) {
		ck_assert_int_eq(sendme_got(&s, tag_of(i)), 0);
		if (i % 200 == 0)
			while (sendme_due(&s)) {
				paid++;
				ck_assert_mem_eq(sendme_due(&s),
				    tag_of(paid * 31), SENDME_TAG);
				sendme_paid(&s);
			}
	}
	ck_assert_uint_eq(paid, 1200 / 31);
	sendme_fini(&s);
}
END_TEST

START_TEST(sendme_owed_beyond_the_ceiling_is_refused)
{
	struct sendme s;
	int i;

	sendme_init(&s, 1);
	for (i = 0; i < SENDME_OWED_MAX; i++)
		ck_assert_int_eq(sendme_got(&s, tag_of(1)), 0);
	ck_assert_int_eq(sendme_got(&s, tag_of(1)), -EPROTO);
	sendme_fini(&s);
}
END_TEST

/* vegas: the vectors of C tor's test_congestion_control.c */

START_TEST(vegas_rtt_follows_the_vectors)
{
	static const struct {
		int64_t sent, got, cwnd;
		int ss;
		int64_t ewma, min;
	} t[] = {
		{ 100000, 200000, 124, 1, 100000, 100000 },
		{ 200000, 300000, 124, 1, 100000, 100000 },
		{ 350000, 500000, 124, 1, 133333, 100000 },
		{ 500000, 550000, 124, 1, 77777, 77777 },
		{ 600000, 700000, 124, 1, 92592, 77777 },
		{ 700000, 750000, 124, 1, 64197, 64197 },
		{ 750000, 875000, 124, 0, 104732, 104732 },
		{ 875000, 900000, 124, 0, 51577, 104732 },
		{ 900000, 950000, 200, 0, 50525, 50525 },
	};
	struct flow_params p;
	struct vegas v;
	size_t i;

	flow_params_load(&p, NULL);
	vegas_init(&v, &p, 31);
	for (i = 0; i < NELEM(t); i++) {
		v.cwnd = t[i].cwnd;
		v.slow_start = (uint8_t)t[i].ss;
		vegas_acked(&v, t[i].got - t[i].sent, 0);
		ck_assert_int_eq(v.rtt_ewma, t[i].ewma);
		ck_assert_int_eq(v.rtt_min, t[i].min);
	}
}
END_TEST

struct cwnd_step {
	int64_t	sent, got;
	int	blocked;
	int64_t	inflight, ewma, min, cwnd;
	int	ss, full, was_blocked;
};

static const struct cwnd_step edges[] = {
	{ 100000, 200000, 0, 124, 100000, 100000, 155, 1, 0, 0 },
	{ 200000, 300000, 0, 155, 100000, 100000, 186, 1, 1, 0 },
	{ 350000, 500000, 0, 186, 133333, 100000, 217, 1, 1, 0 },
	{ 500000, 550000, 0, 217, 77777, 77777, 248, 1, 1, 0 },
	{ 600000, 700000, 0, 248, 92592, 77777, 279, 1, 1, 0 },
	{ 700000, 750000, 0, 279, 64197, 64197, 310, 1, 0, 0 },
	{ 750000, 875000, 0, 310, 104732, 64197, 341, 1, 1, 0 },
	{ 875000, 900000, 0, 341, 51577, 51577, 372, 1, 1, 0 },
	{ 900000, 950000, 0, 279, 50525, 50525, 403, 1, 1, 0 },
	{ 950000, 1000000, 0, 279, 50175, 50175, 434, 1, 1, 0 },
	{ 1000000, 1050000, 0, 279, 50058, 50058, 465, 1, 1, 0 },
	{ 1050000, 1100000, 0, 279, 50019, 50019, 496, 1, 1, 0 },
	{ 1100000, 1150000, 0, 279, 50006, 50006, 527, 1, 1, 0 },
	{ 1150000, 1200000, 0, 279, 50002, 50002, 558, 1, 1, 0 },
	{ 1200000, 1250000, 0, 550, 50000, 50000, 589, 1, 1, 0 },
	{ 1250000, 1300000, 0, 550, 50000, 50000, 620, 1, 0, 0 },
	{ 1300000, 1350000, 0, 550, 50000, 50000, 635, 1, 1, 0 },
	{ 1350000, 1400000, 0, 550, 50000, 50000, 650, 1, 1, 0 },
	{ 1400000, 1450000, 0, 150, 50000, 50000, 650, 1, 0, 0 },
	{ 1450000, 1500000, 0, 150, 50000, 50000, 650, 1, 0, 0 },
	{ 1500000, 1550000, 0, 550, 50000, 50000, 664, 1, 1, 0 },
	{ 1500000, 1600000, 0, 550, 83333, 50000, 584, 0, 1, 0 },
	{ 1600000, 1650000, 0, 550, 61111, 50000, 585, 0, 1, 0 },
	{ 1650000, 1700000, 0, 550, 53703, 50000, 586, 0, 1, 0 },
	{ 1700000, 1750000, 0, 100, 51234, 50000, 586, 0, 0, 0 },
	{ 1750000, 1900000, 0, 100, 117078, 50000, 559, 0, 0, 0 },
	{ 1900000, 2000000, 0, 100, 105692, 50000, 558, 0, 0, 0 },
	{ 2000000, 2075000, 0, 500, 85230, 50000, 558, 0, 1, 0 },
	{ 2075000, 2125000, 1, 500, 61743, 50000, 557, 0, 1, 1 },
	{ 2125000, 2150000, 0, 500, 37247, 37247, 558, 0, 1, 0 },
	{ 2150000, 2350000, 0, 500, 145749, 37247, 451, 0, 1, 0 },
};

static const struct cwnd_step blocked[] = {
	{ 100000, 200000, 0, 124, 100000, 100000, 155, 1, 0, 0 },
	{ 200000, 300000, 0, 155, 100000, 100000, 186, 1, 1, 0 },
	{ 350000, 500000, 0, 186, 133333, 100000, 217, 1, 1, 0 },
	{ 500000, 550000, 1, 217, 77777, 77777, 403, 0, 1, 1 },
	{ 600000, 700000, 0, 248, 92592, 77777, 404, 0, 1, 0 },
	{ 700000, 750000, 1, 404, 64197, 64197, 403, 0, 0, 1 },
	{ 750000, 875000, 0, 403, 104732, 64197, 404, 0, 1, 0 },
};

static const struct cwnd_step upload1[] = {
	{ 18258527, 19002938, 0, 83, 744411, 744411, 155, 1, 0, 0 },
	{ 18258580, 19254257, 0, 52, 911921, 744411, 186, 1, 1, 0 },
	{ 20003224, 20645298, 0, 164, 732023, 732023, 217, 1, 1, 0 },
	{ 20003367, 21021444, 0, 133, 922725, 732023, 248, 1, 1, 0 },
	{ 20003845, 21265508, 0, 102, 1148683, 732023, 279, 1, 1, 0 },
	{ 20003975, 21429157, 0, 71, 1333015, 732023, 310, 1, 0, 0 },
	{ 20004309, 21707677, 0, 40, 1579917, 732023, 310, 1, 0, 0 },
};

static const struct cwnd_step upload2[] = {
	{ 358297091, 358854163, 0, 83, 557072, 557072, 155, 1, 0, 0 },
	{ 358297649, 359123845, 0, 52, 736488, 557072, 186, 1, 1, 0 },
	{ 359492879, 359995330, 0, 186, 580463, 557072, 217, 1, 1, 0 },
	{ 359493043, 360489243, 0, 217, 857621, 557072, 248, 1, 1, 0 },
	{ 359493232, 360489673, 0, 248, 950167, 557072, 279, 1, 1, 0 },
	{ 359493795, 360489971, 0, 279, 980839, 557072, 310, 1, 0, 0 },
	{ 359493918, 360490248, 0, 310, 991166, 557072, 341, 1, 1, 0 },
	{ 359494029, 360716465, 0, 341, 1145346, 557072, 372, 1, 1, 0 },
	{ 359996888, 360948867, 0, 372, 1016434, 557072, 403, 1, 1, 0 },
	{ 359996979, 360949330, 0, 403, 973712, 557072, 434, 1, 1, 0 },
	{ 360489528, 361113615, 0, 434, 740628, 557072, 465, 1, 1, 0 },
	{ 360489656, 361281604, 0, 465, 774841, 557072, 496, 1, 1, 0 },
	{ 360489837, 361500461, 0, 496, 932029, 557072, 482, 0, 1, 0 },
	{ 360489963, 361500631, 0, 482, 984455, 557072, 482, 0, 1, 0 },
	{ 360490117, 361842481, 0, 482, 1229727, 557072, 481, 0, 1, 0 },
};

static const struct {
	const struct cwnd_step	*v;
	size_t			 n;
} cwnd_cases[] = {
	{ edges, NELEM(edges) }, { blocked, NELEM(blocked) },
	{ upload1, NELEM(upload1) }, { upload2, NELEM(upload2) },
};

START_TEST(vegas_cwnd_follows_the_vectors)
{
	const struct cwnd_step *t;
	struct flow_params p;
	struct vegas v;
	size_t i;

	flow_params_load(&p, NULL);
	vegas_init(&v, &p, 31);
	for (i = 0; i < cwnd_cases[_i].n; i++) {
		t = &cwnd_cases[_i].v[i];
		v.inflight = t->inflight;
		vegas_acked(&v, t->got - t->sent, t->blocked);
		ck_assert_msg(v.rtt_ewma == t->ewma && v.rtt_min == t->min &&
		    v.cwnd == t->cwnd && v.slow_start == t->ss &&
		    v.full == t->full && v.blocked == t->was_blocked,
		    "step %zu: ewma %ld min %ld cwnd %ld ss %d full %d", i,
		    (long)v.rtt_ewma, (long)v.rtt_min, (long)v.cwnd,
		    v.slow_start, v.full);
	}
}
END_TEST

/* The clock's vectors, in the same place; with the state set as there. */
START_TEST(vegas_clock_that_stands_or_jumps_teaches_nothing)
{
	static const struct {
		int64_t old, new;
		int ss, stalled, skipped;
	} t[] = {
		{ 0, 1, 1, 0, 0 }, { 0, 0, 1, 1, 1 }, { 1, 1, 1, 1, 0 },
		{ 1, 4999, 0, 0, 0 }, { 4999, 1, 0, 0, 0 },
		{ 5001, 1, 0, 0, 0 }, { 5001, 0, 0, 1, 1 },
		{ 5001, 1, 0, 1, 1 }, { 5001, 1, 1, 1, 0 },
		{ 0, 5001, 0, 1, 0 }, { 1, 5001, 1, 1, 0 },
		{ 1, 1, 0, 0, 0 }, { 5001, 1, 0, 0, 0 },
		{ 1, 5001, 0, 0, 1 }, { 0, 5001, 0, 0, 0 },
		{ 5001, 1, 1, 0, 0 }, { 1, 1, 0, 0, 0 },
	};
	struct flow_params p;
	struct vegas v;
	int64_t before;
	size_t i;

	flow_params_load(&p, NULL);
	vegas_init(&v, &p, 31);
	for (i = 0; i < NELEM(t); i++) {
		v.slow_start = (uint8_t)t[i].ss;
		v.rtt_ewma = before = t[i].old * 1000;
		v.rtt_max = 0;
		vegas_acked(&v, t[i].new * 1000, 0);
		ck_assert_msg(v.stalled == t[i].stalled, "step %zu", i);
		ck_assert_msg((v.rtt_max == 0) == t[i].skipped, "step %zu", i);
		if (t[i].skipped)
			ck_assert_int_eq(v.rtt_ewma, before);
	}
}
END_TEST

/* TROVE-2022-001: an RTT that was far too small must not hold a circuit at the
 * smallest window for good. */
START_TEST(vegas_wedged_at_the_smallest_window_recovers)
{
	struct flow_params p;
	struct vegas v;
	int i;

	flow_params_load(&p, NULL);
	vegas_init(&v, &p, 31);
	v.slow_start = 0;
	v.cwnd = p.cwnd_min;
	v.rtt_min = 1;
	v.rtt_ewma = 100000;
	for (i = 0; i < 1000; i++) {
		v.inflight = v.cwnd;
		vegas_acked(&v, 100000, 0);
		ck_assert_int_ge(v.cwnd, p.cwnd_min);
	}
	ck_assert_int_gt(v.rtt_min, 90000);
	ck_assert_int_gt(v.cwnd, 2 * p.cwnd_min);
}
END_TEST

START_TEST(vegas_stays_within_bounds_whatever_it_is_told)
{
	struct flow_params p;
	struct vegas v;
	int64_t rtt;
	int i;

	flow_params_load(&p, NULL);
	if (_i & 1) {
		p.cwnd_inc = 1000;
		p.delta = INT32_MAX;
		p.ss_cap = INT32_MAX;
		p.ss_max = INT32_MAX;
	}
	if (_i & 2) {
		p.cwnd_min = 1000;
		p.cwnd_max = 500;
		p.cwnd_inc_rate = 250;
	}
	vegas_init(&v, &p, _i & 4 ? 254 : 1);
	for (i = 0; i < 20000; i++) {
		v.inflight += (int64_t)rand_below(300);
		rtt = rand_range(-10, 10);
		if (i % 3 == 0)
			rtt = rand_range(0, INT64_C(1) << (i % 40));
		vegas_acked(&v, rtt, (int)rand_below(2));
		ck_assert_int_ge(v.cwnd, 1);
		ck_assert_int_ge(v.cwnd, v.inc);
		ck_assert_int_le(v.cwnd, FLOWCTL_CWND_MAX);
		ck_assert_int_ge(v.inflight, 0);
		ck_assert_int_ge(vegas_room(&v), 0);
	}
}
END_TEST

/* hopflow */

START_TEST(hopflow_cell_makes_room_for_randomness_now_and_then)
{
	static const size_t most[] = { 498, 488 };
	struct flow_params p;
	struct hopflow f;
	size_t n, since = 0;
	int i;

	flow_params_load(&p, NULL);
	hopflow_init(&f, &p, 0, 0, _i ? RELAY_V1 : RELAY_V0);
	for (i = 0; i < 2000; i++) {
		n = hopflow_cell(&f);
		ck_assert(n == most[_i] || n == most[_i] - 20);
		since = n == most[_i] ? since + 1 : 0;
		ck_assert_uint_lt(since, 200);
		f.window = 1000;
		ck_assert_int_eq(hopflow_sent(&f, n, tag_of(1), 0), 0);
	}
	hopflow_fini(&f);
}
END_TEST

START_TEST(hopflow_window_closes_and_opens)
{
	uint8_t data[RELAY_DATA_MAX];
	struct relaymsg m = { .cmd = RELAY_SENDME, .data = data };
	struct flow_params p;
	struct hopflow f;
	unsigned i;

	flow_params_load(&p, NULL);
	hopflow_init(&f, &p, 0, 31, RELAY_V0);
	ck_assert_uint_eq(hopflow_room(&f), 1000);
	for (i = 1; i <= 1000; i++)
		ck_assert_int_eq(hopflow_sent(&f, 498, tag_of(i), 0), 0);
	ck_assert_uint_eq(hopflow_room(&f), 0);
	m.len = (uint16_t)relaymsg_put_sendme(data, RELAY_V0,
	    tag_of(100));
	ck_assert_int_eq(hopflow_acked(&f, &m, 0, 0), 0);
	ck_assert_uint_eq(hopflow_room(&f), 100);
	ck_assert_int_eq(hopflow_acked(&f, &m, 0, 0), -EPROTO);
	hopflow_fini(&f);
}
END_TEST

/* xonxoff */

START_TEST(xonxoff_over_has_a_grace_period_and_an_end_to_it)
{
	struct flow_params p;
	struct xonxoff x;
	size_t limit;

	flow_params_load(&p, NULL);
	limit = (size_t)p.xoff_client;
	memset(&x, 0, sizeof(x));
	ck_assert(!xonxoff_over(&x, &p, limit, 1000));
	ck_assert(!xonxoff_over(&x, &p, limit + 1, 1000));
	ck_assert(!xonxoff_over(&x, &p, limit + 1, 1004));
	ck_assert(!xonxoff_over(&x, &p, limit, 1004));	/* it began to drain */
	ck_assert(!xonxoff_over(&x, &p, limit + 1, 1005));
	ck_assert(xonxoff_over(&x, &p, limit + 1, 1010));
	xonxoff_xoff_sent(&x);
	ck_assert(!xonxoff_over(&x, &p, limit + 1, 2000));
	memset(&x, 0, sizeof(x));
	ck_assert(xonxoff_over(&x, &p, 2 * limit + 2, 1000));
}
END_TEST

START_TEST(xonxoff_drained_sends_xon_at_last_and_tells_the_rate)
{
	struct flow_params p;
	struct xonxoff x;
	size_t held = 400 * 1000;
	int64_t now = 1000;

	flow_params_load(&p, NULL);
	memset(&x, 0, sizeof(x));
	(void)xonxoff_over(&x, &p, held, now);
	ck_assert(xonxoff_over(&x, &p, held, now + 5));
	xonxoff_xoff_sent(&x);
	while (held > 0) {
		now += 10;
		held -= 1000;		/* 100 kB/s */
		ck_assert_int_eq(xonxoff_drained(&x, &p, 1000, held, now),
		    held == 0);
	}
	ck_assert_uint_ge(x.kbps, 95);
	ck_assert_uint_le(x.kbps, 105);
	ck_assert_uint_eq(xonxoff_xon_sent(&x), x.kbps);
	ck_assert(!x.xoff_out);
	/* The rate halves: another XON says so, while data waits. */
	held = 800 * 1000;
	now += 1000;
	(void)xonxoff_over(&x, &p, 200 * 1000, now);
	while (held > 1000) {
		now += 20;
		held -= 1000;
		if (xonxoff_drained(&x, &p, 1000, held, now))
			break;
	}
	ck_assert_uint_gt(held, 1000);
	ck_assert_uint_lt(x.kbps, 75);
}
END_TEST

START_TEST(xonxoff_start_takes_what_bytes_account_for)
{
	struct flow_params p;
	struct xonxoff x;
	int64_t when;
	int i, taken = 0;

	flow_params_load(&p, NULL);
	memset(&x, 0, sizeof(x));
	for (i = 0; i < 40; i++) {		/* 10 MB */
		xonxoff_sent(&x, 250 * 1000);
		ck_assert_int_eq(xonxoff_stop(&x, &p), 0);
		ck_assert(!xonxoff_may_send(&x, 1000, &when));
		ck_assert_int_eq(when, LOOP_NEVER);
		ck_assert_int_eq(xonxoff_start(&x, &p, 0, 1000), 0);
		ck_assert(xonxoff_may_send(&x, 1000, &when));
	}
	while (taken < 1000 && xonxoff_stop(&x, &p) == 0) {
		taken++;
		if (xonxoff_start(&x, &p, 0, 1000) < 0)
			break;
	}
	ck_assert_int_le(taken, XONXOFF_SLACK + 1);
}
END_TEST

START_TEST(xonxoff_may_send_keeps_to_the_rate)
{
	struct flow_params p;
	struct xonxoff x;
	int64_t now = 1000, when;
	uint64_t sent = 0;

	flow_params_load(&p, NULL);
	memset(&x, 0, sizeof(x));
	ck_assert_int_eq(xonxoff_start(&x, &p, 20, now), 0);	/* 20 kB/s */
	while (now < 11000) {
		if (xonxoff_may_send(&x, now, &when)) {
			xonxoff_sent(&x, 498);
			sent += 498;
			continue;
		}
		ck_assert_int_gt(when, now);
		ck_assert_int_lt(when, now + 1000);
		now = when;
	}
	ck_assert_uint_ge(sent, 210 * 1000);	/* a second ahead */
	ck_assert_uint_le(sent, 222 * 1000);
	/* More than can be counted is no rate at all. */
	ck_assert_int_eq(xonxoff_start(&x, &p, UINT32_MAX, now), 0);
	ck_assert_uint_eq(x.rate, 0);
}
END_TEST

/* As many XON as may come: the rate is what it says, all the same. */
START_TEST(xonxoff_start_again_gives_no_second_ahead)
{
	struct flow_params p;
	struct xonxoff x;
	int64_t now = 1000, when;
	uint64_t sent = 0;
	unsigned i;

	flow_params_load(&p, NULL);
	memset(&x, 0, sizeof(x));
	ck_assert_int_eq(xonxoff_start(&x, &p, 20, now), 0);
	for (i = 0; i < 3; i++) {
		while (xonxoff_may_send(&x, now, &when)) {
			xonxoff_sent(&x, 498);
			sent += 498;
		}
		ck_assert_int_eq(xonxoff_start(&x, &p, 20, now), 0);
	}
	ck_assert_uint_le(sent, 20 * 1000 + 498);
	/* A lower one holds less; a higher one is not full for that. */
	now += 1000;
	x.xons = 0;
	ck_assert_int_eq(xonxoff_start(&x, &p, 5, now), 0);
	ck_assert_int_eq(x.tokens, 5000);
	memset(&x, 0, sizeof(x));
	ck_assert_int_eq(xonxoff_start(&x, &p, 5, now), 0);
	ck_assert_int_eq(xonxoff_start(&x, &p, 20, now), 0);
	ck_assert_int_eq(x.tokens, 5000);
	/* After none at all it begins full. */
	ck_assert_int_eq(xonxoff_start(&x, &p, 0, now), 0);
	ck_assert_int_eq(xonxoff_start(&x, &p, 20, now), 0);
	ck_assert_int_eq(x.tokens, 20000);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(flow_params_load_takes_the_consensus_and_its_limits),
	UNIT(flow_params_for_service_takes_those_of_longer_paths),
	UNIT(sendme_acked_wants_tags_in_order_and_once),
	UNIT(sendme_due_quotes_each_nth_cell_in_order),
	UNIT(sendme_owed_beyond_the_ceiling_is_refused),
	UNIT(vegas_rtt_follows_the_vectors),
	UNIT_LOOP(vegas_cwnd_follows_the_vectors, NELEM(cwnd_cases)),
	UNIT(vegas_clock_that_stands_or_jumps_teaches_nothing),
	UNIT(vegas_wedged_at_the_smallest_window_recovers),
	UNIT_LOOP(vegas_stays_within_bounds_whatever_it_is_told, 8),
	UNIT_LOOP(hopflow_cell_makes_room_for_randomness_now_and_then, 2),
	UNIT(hopflow_window_closes_and_opens),
	UNIT(xonxoff_over_has_a_grace_period_and_an_end_to_it),
	UNIT(xonxoff_drained_sends_xon_at_last_and_tells_the_rate),
	UNIT(xonxoff_start_takes_what_bytes_account_for),
	UNIT(xonxoff_start_again_gives_no_second_ahead),
	UNIT(xonxoff_may_send_keeps_to_the_rate),
};
UNIT_MAIN("flow", tests)

#include "onion/path/timeout.h"

#include <errno.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/loop.h"
#include "onion/path/pareto.h"
#include "tests/onion/path/pathtest.h"

static struct loop loop;
static struct timeout *t;
static int ndirty;

static void
on_dirty(void *arg)
{
	(void)arg;
	ndirty++;
}

static struct timeout_conf conf = { .learn = 1, .dirty = on_dirty };

static void
begin(void)
{
	loop_init(&loop, 1000, PATHTEST_NOW);
	ck_assert_int_eq(timeout_new(&t, &loop, &conf), 0);
	timeout_cell(t);
}

static void
params(const char *text)
{
	struct netdir *nd;
	struct simdir sd;

	simdir_init_plain(&sd, 1, 1, PATHTEST_NOW);
	strcpy(sd.params, text);
	nd = simdir_netdir(&sd);
	timeout_set_netdir(t, nd);
	netdir_free(nd);
	simdir_fini(&sd);
}

static void
built(int64_t ms, int times)
{
	while (times-- > 0)
		timeout_built(t, ms);
}

/* --- the curve --- */

/* The times are evenly spaced: chance must not decide what is found. */
START_TEST(pareto_fit_gives_back_the_curve_that_the_times_follow)
{
	enum { N = 20000 };
	uint32_t *v = malloc(N * sizeof(*v));
	struct pareto p, q = { 505, 3.0 };
	size_t i;

	for (i = 0; i < N; i++)
		v[i] = (uint32_t)pareto_quantile(&q, (i + 0.5) / N);
	ck_assert_int_eq(pareto_fit(&p, v, N, 10, 1), 0);
	ck_assert_double_eq_tol(p.xm, 505, 25);
	ck_assert_double_eq_tol(p.alpha, 3.0, 0.35);
	ck_assert_double_eq_tol(pareto_quantile(&p, 0.8),
	    505 / pow(0.2, 1 / 3.0), 40);
	free(v);
}
END_TEST

START_TEST(pareto_fit_lowest_value_is_the_mean_of_the_fullest_bins)
{
	/* Bins 10 (3 times), 20 (2), 30 (2), 40 (1), 50 (1). */
	uint32_t v[] = { 104, 101, 109, 203, 204, 305, 301, 409, 501 };
	struct pareto p;

	ck_assert_int_eq(pareto_fit(&p, v, 9, 10, 3), 0);
	ck_assert_double_eq(p.xm, floor((105 * 3 + 205 * 2 + 305 * 2) / 7.0));
	ck_assert_int_eq(pareto_fit(&p, v, 9, 10, 1), 0);
	ck_assert_double_eq(p.xm, 105);
	/* Among equals the faster one. */
	ck_assert_int_eq(pareto_fit(&p, v, 9, 10, 2), 0);
	ck_assert_double_eq(p.xm, floor((105 * 3 + 205 * 2) / 5.0));
	ck_assert_uint_eq(v[0], 101);	/* sorted */
}
END_TEST

START_TEST(pareto_fit_of_times_all_alike_has_no_tail)
{
	uint32_t v[5] = { 500, 500, 500, 500, 500 };
	struct pareto p;

	ck_assert_int_eq(pareto_fit(&p, v, 5, 10, 10), 0);
	ck_assert_double_eq(p.alpha, HUGE_VAL);
	ck_assert_double_eq(pareto_quantile(&p, 0.99), 505);
	ck_assert_int_eq(pareto_fit(&p, v, 0, 10, 10), -ENODATA);
}
END_TEST

START_TEST(pareto_quantile_far_out_is_bounded)
{
	struct pareto p = { 1000, 0.01 };

	ck_assert_double_eq(pareto_quantile(&p, 0.99), INT32_MAX);
	ck_assert_double_eq(pareto_quantile(&p, 0), 1000);
}
END_TEST

/* --- learning --- */

START_TEST(timeout_use_ms_before_a_hundred_circuits_is_a_minute)
{
	begin();
	ck_assert_int_eq(timeout_use_ms(t, 3), 60000);
	built(500, 99);
	ck_assert_int_eq(timeout_is_learned(t), 0);
	ck_assert_int_eq(timeout_use_ms(t, 3), 60000);
	built(500, 1);
	ck_assert_int_eq(timeout_is_learned(t), 1);
	ck_assert_int_eq(timeout_use_ms(t, 3), 500);
	ck_assert_int_eq(timeout_close_ms(t, 3), 60000);
	timeout_free(t);
}
END_TEST

START_TEST(timeout_use_ms_is_what_eight_in_ten_stay_below)
{
	struct pareto p = { 1005, 2.0 };
	struct timeout_info info;
	int64_t ms[1000];
	int i, below = 0;

	begin();
	for (i = 0; i < 1000; i++) {
		/* Evenly spaced, and not in their order: 7 has no factor in
		 * common with 1000. */
		ms[i] = (int64_t)pareto_quantile(&p,
		    (i * 7 % 1000 + 0.5) / 1000);
		timeout_built(t, ms[i]);
	}
	for (i = 0; i < 1000; i++)
		below += ms[i] <= timeout_use_ms(t, 3);
	ck_assert_int_ge(below, 750);
	ck_assert_int_le(below, 850);
	timeout_info(t, &info);
	ck_assert_uint_eq(info.times, 1000);
	ck_assert_double_gt(info.close_ms, info.use_ms);
	timeout_free(t);
}
END_TEST

START_TEST(timeout_use_ms_is_no_more_than_the_slowest_seen)
{
	int i;

	begin();
	params("cbtquantile=99");
	for (i = 0; i < 200; i++)
		timeout_built(t, 1000 + i % 2 * 30000);
	ck_assert_int_eq(timeout_use_ms(t, 3), 31000);
	ck_assert_int_eq(timeout_close_ms(t, 3), 62000);
	timeout_free(t);
}
END_TEST

static const struct {
	size_t	hops;
	int64_t	use;
} lengths[] = {
	{ 0, 6000 }, { 1, 6000 }, { 2, 6000 }, { 3, 6000 }, { 4, 11000 },
	{ 5, 16000 }, { 8, 37000 }
};

START_TEST(timeout_use_ms_more_hops_have_more_time)
{
	begin();
	built(6000, 100);
	ck_assert_int_eq(timeout_use_ms(t, lengths[_i].hops), lengths[_i].use);
	timeout_free(t);
}
END_TEST

START_TEST(timeout_built_old_times_give_way)
{
	begin();
	built(9000, 1000);
	ck_assert_int_eq(timeout_use_ms(t, 3), 9000);
	built(300, 1000);
	ck_assert_int_eq(timeout_use_ms(t, 3), 300);
	timeout_free(t);
}
END_TEST

START_TEST(timeout_built_after_a_sleep_is_not_recorded)
{
	struct timeout_info info;

	begin();
	timeout_built(t, 3 * 60 * 60 * 1000);
	timeout_built(t, -5);
	timeout_info(t, &info);
	ck_assert_uint_eq(info.times, 0);
	timeout_built(t, 0);		/* a fast network, not a broken clock */
	timeout_info(t, &info);
	ck_assert_uint_eq(info.times, 1);
	timeout_free(t);
}
END_TEST

START_TEST(timeout_built_while_nothing_comes_is_not_recorded)
{
	struct timeout_info info;

	begin();
	loop_advance(&loop, 100000);
	timeout_closed(t, 1, loop.now - 60000);	/* no cell in its life */
	built(500, 5);
	timeout_info(t, &info);
	ck_assert_int_eq(info.live, 0);
	ck_assert_uint_eq(info.times, 0);
	timeout_cell(t);
	built(500, 5);
	timeout_closed(t, 1, loop.now);
	timeout_info(t, &info);
	ck_assert_int_eq(info.live, 1);
	ck_assert_uint_eq(info.times, 6);
	ck_assert_double_eq_tol(info.close_rate, 1 / 6.0, 1e-9);
	timeout_free(t);
}
END_TEST

START_TEST(timeout_slow_eighteen_of_twenty_forgets_all)
{
	int i;

	begin();
	built(500, 200);
	for (i = 0; i < 17; i++)
		timeout_slow(t, 1);
	timeout_slow(t, 0);		/* the guard's fault */
	ck_assert_int_eq(timeout_is_learned(t), 1);
	timeout_slow(t, 1);
	ck_assert_int_eq(timeout_is_learned(t), 0);
	ck_assert_int_eq(timeout_use_ms(t, 3), 60000);
	for (i = 0; i < 18; i++)
		timeout_slow(t, 1);
	ck_assert_int_eq(timeout_use_ms(t, 3), 120000);
	timeout_free(t);
}
END_TEST

START_TEST(timeout_slow_with_good_ones_between_forgets_nothing)
{
	int i;

	begin();
	built(500, 200);
	for (i = 0; i < 200; i++) {
		timeout_slow(t, 1);
		timeout_slow(t, 1);
		timeout_built(t, 400);
	}
	ck_assert_int_eq(timeout_is_learned(t), 1);
	timeout_free(t);
}
END_TEST

START_TEST(timeout_slow_for_ever_ends_at_ten_minutes)
{
	int i;

	begin();
	for (i = 0; i < 18 * 100; i++)
		timeout_slow(t, 1);
	ck_assert_int_eq(timeout_use_ms(t, 3), 600000);
	ck_assert_int_eq(timeout_close_ms(t, 3), 600000);
	timeout_free(t);
}
END_TEST

START_TEST(timeout_wants_test_every_ten_seconds_until_enough)
{
	begin();
	ck_assert_int_eq(timeout_wants_test(t, 0), 1);
	ck_assert_int_eq(timeout_wants_test(t, 0), 0);
	loop_advance(&loop, 10000);
	ck_assert_int_eq(timeout_wants_test(t, 10), 0);
	ck_assert_int_eq(timeout_wants_test(t, 9), 1);
	ck_assert_int_eq(timeout_learn_idle_ms(t), 180000);
	built(500, 100);
	loop_advance(&loop, 10000);
	ck_assert_int_eq(timeout_wants_test(t, 0), 0);
	ck_assert_int_eq(timeout_learn_idle_ms(t), 0);
	timeout_free(t);
}
END_TEST

/* --- parameters and options --- */

START_TEST(timeout_set_netdir_parameters_count)
{
	begin();
	params("cbtinitialtimeout=5000 cbtmincircs=10 cbtquantile=50 "
	    "cbtclosequantile=10 cbtmintimeout=2000");
	ck_assert_int_eq(timeout_use_ms(t, 3), 5000);
	built(500, 10);
	ck_assert_int_eq(timeout_is_learned(t), 1);
	ck_assert_int_eq(timeout_use_ms(t, 3), 2000);
	ck_assert_int_eq(timeout_close_ms(t, 3), 5000);
	timeout_free(t);
}
END_TEST

START_TEST(timeout_set_netdir_disabled_forgets_and_learns_no_more)
{
	begin();
	built(500, 200);
	params("cbtdisabled=1");
	ck_assert_int_eq(timeout_use_ms(t, 3), 60000);
	built(500, 200);
	ck_assert_int_eq(timeout_use_ms(t, 3), 60000);
	ck_assert_int_eq(timeout_wants_test(t, 0), 0);
	timeout_free(t);
}
END_TEST

START_TEST(timeout_set_conf_fixed_time_without_learning_is_kept)
{
	struct timeout_conf fixed = { .learn = 0, .fixed_ms = 15000 };

	begin();
	built(500, 200);
	timeout_set_conf(t, &fixed);
	ck_assert_int_eq(timeout_use_ms(t, 3), 15000);
	ck_assert_int_eq(timeout_close_ms(t, 3), 15000);
	built(500, 200);
	ck_assert_int_eq(timeout_use_ms(t, 3), 15000);
	fixed.learn = 1;		/* it is what learning begins with */
	timeout_set_conf(t, &fixed);
	ck_assert_int_eq(timeout_use_ms(t, 3), 15000);
	built(500, 100);
	ck_assert_int_eq(timeout_use_ms(t, 3), 500);
	timeout_free(t);
}
END_TEST

/* --- state --- */

static char text[65536];

static size_t
save(void)
{
	struct buf b;
	size_t len;

	buf_init(&b, sizeof(text) - 1);
	ck_assert_int_eq(timeout_save(t, &b), 0);
	len = b.len;
	memcpy(text, buf_head(&b), len);
	text[len] = '\0';
	buf_free(&b);
	return len;
}

START_TEST(timeout_load_after_a_restart_knows_what_was_learned)
{
	int64_t use;
	size_t len;
	int i;

	begin();
	for (i = 0; i < 300; i++)
		timeout_built(t, 400 + i % 20 * 50);
	timeout_closed(t, 1, loop.now);
	use = timeout_use_ms(t, 3);
	len = save();
	ck_assert_int_ge(ndirty, 30);
	timeout_free(t);
	begin();
	ck_assert_int_eq(timeout_load(t, text, len), 0);
	ck_assert_int_eq(timeout_is_learned(t), 1);
	ck_assert_int_le(labs((long)(timeout_use_ms(t, 3) - use)), 10);
	save();
	ck_assert_ptr_nonnull(strstr(text, "TotalBuildTimes 301\n"));
	ck_assert_ptr_nonnull(strstr(text, "CircuitBuildTimeBin 405 15\n"));
	ck_assert_ptr_nonnull(strstr(text, "CircuitBuildAbandonedCount 1\n"));
	timeout_free(t);
}
END_TEST

static const struct {
	const char	*text;
	int		 rc;
	size_t		 times;
} states[] = {
	{ "", 0, 0 },
	{ "TotalBuildTimes 3\nCircuitBuildTimeBin 405 3\n", 0, 3 },
	{ "CircuitBuildTimeBin 405 2\nNickname x\nTotalBuildTimes 3\n"
	    "CircuitBuildTimeBin 505 1", 0, 3 },
	{ "TotalBuildTimes 5\nCircuitBuildAbandonedCount 2\n"
	    "CircuitBuildTimeBin 405 3\n", 0, 5 },
	{ "totalbuildtimes 1\ncircuitbuildtimebin 5 1\n", 0, 1 },
	{ "TotalBuildTimes 4\nCircuitBuildTimeBin 405 3\n", -EPROTO, 0 },
	{ "TotalBuildTimes 2\nCircuitBuildTimeBin 405 3\n", -EPROTO, 0 },
	{ "CircuitBuildTimeBin 405 3\n", -EPROTO, 0 },
	{ "TotalBuildTimes 3\nCircuitBuildTimeBin 405\n", -EPROTO, 0 },
	{ "TotalBuildTimes 3\nCircuitBuildTimeBin 0 3\n", -EPROTO, 0 },
	{ "TotalBuildTimes 3\nCircuitBuildTimeBin -5 3\n", -EPROTO, 0 },
	{ "TotalBuildTimes 3\nCircuitBuildTimeBin 5x 3\n", -EPROTO, 0 },
	{ "TotalBuildTimes 99999999999\n", -EPROTO, 0 },
	{ "TotalBuildTimes 1\nCircuitBuildTimeBin 2147483647 1\n", -EPROTO, 0 },
	{ "TotalBuildTimes 3\nCircuitBuildTimeBin 5 4294967298\n", -EPROTO,
	    0 },
	{ "TotalBuildTimes 0\nCircuitBuildAbandonedCount 3\n", -EPROTO, 0 },
};

START_TEST(timeout_load_takes_all_or_nothing)
{
	struct timeout_info info;

	begin();
	ck_assert_int_eq(timeout_load(t, states[_i].text,
	    strlen(states[_i].text)), states[_i].rc);
	timeout_info(t, &info);
	ck_assert_uint_eq(info.times, states[_i].times);
	timeout_free(t);
}
END_TEST

START_TEST(timeout_load_more_than_is_kept_takes_a_random_thousand)
{
	static const char many[] = "TotalBuildTimes 10000\n"
	    "CircuitBuildTimeBin 405 5000\nCircuitBuildTimeBin 805 5000\n";
	struct timeout_info info;
	unsigned n = 0;

	begin();
	ck_assert_int_eq(timeout_load(t, many, strlen(many)), 0);
	timeout_info(t, &info);
	ck_assert_uint_eq(info.times, 1000);
	save();
	ck_assert_int_eq(sscanf(strstr(text, "Bin 405"), "Bin 405 %u", &n), 1);
	ck_assert_uint_gt(n, 380);
	ck_assert_uint_lt(n, 620);
	timeout_free(t);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(pareto_fit_gives_back_the_curve_that_the_times_follow),
	UNIT(pareto_fit_lowest_value_is_the_mean_of_the_fullest_bins),
	UNIT(pareto_fit_of_times_all_alike_has_no_tail),
	UNIT(pareto_quantile_far_out_is_bounded),
	UNIT(timeout_use_ms_before_a_hundred_circuits_is_a_minute),
	UNIT(timeout_use_ms_is_what_eight_in_ten_stay_below),
	UNIT(timeout_use_ms_is_no_more_than_the_slowest_seen),
	UNIT_LOOP(timeout_use_ms_more_hops_have_more_time, NELEM(lengths)),
	UNIT(timeout_built_old_times_give_way),
	UNIT(timeout_built_after_a_sleep_is_not_recorded),
	UNIT(timeout_built_while_nothing_comes_is_not_recorded),
	UNIT(timeout_slow_eighteen_of_twenty_forgets_all),
	UNIT(timeout_slow_with_good_ones_between_forgets_nothing),
	UNIT(timeout_slow_for_ever_ends_at_ten_minutes),
	UNIT(timeout_wants_test_every_ten_seconds_until_enough),
	UNIT(timeout_set_netdir_parameters_count),
	UNIT(timeout_set_netdir_disabled_forgets_and_learns_no_more),
	UNIT(timeout_set_conf_fixed_time_without_learning_is_kept),
	UNIT(timeout_load_after_a_restart_knows_what_was_learned),
	UNIT_LOOP(timeout_load_takes_all_or_nothing, NELEM(states)),
	UNIT(timeout_load_more_than_is_kept_takes_a_random_thousand),
};
PATHTEST_MAIN("timeout", tests)

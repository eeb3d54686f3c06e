#include "onion/path/weights.h"

#include "onion/dir/consensus.h"
#include "tests/onion/path/pathtest.h"

enum { RELAYS = 300, DRAWS = 200000 };

static struct simdir sd;
static struct netdir *nd;
static struct weights w;

static void
begin(void)
{
	nd = simdir_netdir(&sd);
	weights_init(&w, nd);
}

static void
end(void)
{
	netdir_free(nd);
	simdir_fini(&sd);
}

static uint64_t
index_of(const struct relay *r)
{
	return (uint64_t)(r - nd->relays);
}

/* What they should be given, by the definition and in floating point. */
static void
shares(double *share, enum weight_pos pos, wtable_ok_fn *ok)
{
	double sum = 0;
	size_t i;

	for (i = 0; i < nd->nrelays; i++) {
		share[i] = ok && !ok(NULL, &nd->relays[i]) ? 0 :
		    (double)weights_of(&w, pos, &nd->relays[i]);
		sum += share[i];
	}
	for (i = 0; i < nd->nrelays; i++)
		share[i] /= sum;
}

static void
check_draws(enum weight_pos pos, wtable_ok_fn *ok)
{
	uint64_t *got = calloc(nd->nrelays, sizeof(*got));
	double *share = calloc(nd->nrelays, sizeof(*share));
	struct wtable *t;
	int i;

	shares(share, pos, ok);
	ck_assert_int_eq(wtable_new(&t, nd, &w, pos, NULL, NULL), 0);
	for (i = 0; i < DRAWS; i++)
		got[index_of(wtable_pick(t, ok, NULL))]++;
	ck_assert_int_eq(chi_square_ok(got, share, nd->nrelays, DRAWS), 1);
	wtable_free(t);
	free(got);
	free(share);
}

START_TEST(wtable_pick_draws_each_by_its_weight)
{
	simdir_init(&sd, RELAYS, 1 + (uint64_t)_i, PATHTEST_NOW);
	begin();
	check_draws((enum weight_pos)_i, NULL);
	end();
}
END_TEST

static int
one_in_three(void *arg, const struct relay *r)
{
	(void)arg;
	return r->rsa[19] % 3 == 0;
}

static int
one_in_fifty(void *arg, const struct relay *r)
{
	(void)arg;
	return index_of(r) % 50 == 7;
}

START_TEST(wtable_pick_refusals_leave_the_others_their_shares)
{
	simdir_init(&sd, RELAYS, 11, PATHTEST_NOW);
	begin();
	check_draws(WEIGHT_MIDDLE, _i ? one_in_fifty : one_in_three);
	end();
}
END_TEST

START_TEST(wtable_pick_where_nothing_weighs_all_are_alike)
{
	uint64_t got[20] = { 0 };
	double share[20];
	struct wtable *t;
	int i;

	simdir_init_plain(&sd, 20, 3, PATHTEST_NOW);
	for (i = 0; i < 20; i++) {
		sd.relay[i].bw = 0;
		share[i] = 1.0 / 20;
	}
	begin();
	ck_assert_int_eq(wtable_new(&t, nd, &w, WEIGHT_GUARD, NULL, NULL), 0);
	ck_assert_uint_eq(wtable_total(t), 0);
	for (i = 0; i < DRAWS; i++)
		got[index_of(wtable_pick(t, NULL, NULL))]++;
	ck_assert_int_eq(chi_square_ok(got, share, 20, DRAWS), 1);
	wtable_free(t);
	end();
}
END_TEST

static int
weighs_nothing(void *arg, const struct relay *r)
{
	(void)arg;
	return r->bw == 0;
}

START_TEST(wtable_pick_only_weightless_ones_allowed_are_alike)
{
	uint64_t got[20] = { 0 };
	double share[20] = { 0 };
	struct wtable *t;
	int i;

	simdir_init_plain(&sd, 20, 3, PATHTEST_NOW);
	for (i = 0; i < 5; i++) {
		sd.relay[i].bw = 0;
		share[i] = 1.0 / 5;
	}
	begin();
	ck_assert_int_eq(wtable_new(&t, nd, &w, WEIGHT_EXIT, NULL, NULL), 0);
	for (i = 0; i < DRAWS / 10; i++)
		got[index_of(wtable_pick(t, weighs_nothing, NULL))]++;
	ck_assert_int_eq(chi_square_ok(got, share, 20, DRAWS / 10), 1);
	wtable_free(t);
	end();
}
END_TEST

static int
nobody(void *arg, const struct relay *r)
{
	(void)arg;
	(void)r;
	return 0;
}

START_TEST(wtable_pick_all_refused_is_null)
{
	struct wtable *t;

	simdir_init_plain(&sd, 20, 3, PATHTEST_NOW);
	begin();
	ck_assert_int_eq(wtable_new(&t, nd, &w, WEIGHT_PLAIN, NULL, NULL), 0);
	ck_assert_ptr_null(wtable_pick(t, nobody, NULL));
	wtable_free(t);
	ck_assert_int_eq(wtable_new(&t, nd, &w, WEIGHT_PLAIN, nobody, NULL),
	    0);
	ck_assert_uint_eq(wtable_count(t), 0);
	ck_assert_ptr_null(wtable_pick(t, NULL, NULL));
	wtable_free(t);
	end();
}
END_TEST

/* Wxy in 1/10000, by the position and the flags of one relay of 1000 kB/s. */
static const struct {
	enum weight_pos	 pos;
	uint32_t	 flags;
	uint64_t	 want;		/* relay's weight, kB/s */
} factors[] = {
	{ WEIGHT_GUARD, RELAY_GUARD, 600 },
	{ WEIGHT_GUARD, RELAY_GUARD | RELAY_V2DIR, 300 },
	{ WEIGHT_GUARD, RELAY_GUARD | RELAY_EXIT, 100 },
	{ WEIGHT_GUARD, RELAY_GUARD | RELAY_EXIT | RELAY_V2DIR, 25 },
	{ WEIGHT_GUARD, RELAY_GUARD | RELAY_EXIT | RELAY_BADEXIT, 600 },
	{ WEIGHT_GUARD, RELAY_EXIT, 0 },
	{ WEIGHT_GUARD, 0, 500 },
	{ WEIGHT_MIDDLE, RELAY_GUARD, 400 },
	{ WEIGHT_MIDDLE, 0, 1000 },
	{ WEIGHT_MIDDLE, RELAY_V2DIR, 700 },
	{ WEIGHT_MIDDLE, RELAY_EXIT, 200 },
	{ WEIGHT_MIDDLE, RELAY_EXIT | RELAY_V2DIR, 160 },
	{ WEIGHT_MIDDLE, RELAY_GUARD | RELAY_EXIT, 300 },
	{ WEIGHT_MIDDLE, RELAY_EXIT | RELAY_BADEXIT, 1000 },
	{ WEIGHT_EXIT, RELAY_EXIT, 900 },
	{ WEIGHT_EXIT, RELAY_GUARD, 50 },
	{ WEIGHT_EXIT, 0, 60 },
	{ WEIGHT_EXIT, RELAY_GUARD | RELAY_EXIT, 800 },
	{ WEIGHT_DIR, RELAY_GUARD | RELAY_V2DIR, 410 },
	{ WEIGHT_DIR, RELAY_V2DIR, 420 },
	{ WEIGHT_DIR, RELAY_EXIT | RELAY_V2DIR, 430 },
	{ WEIGHT_DIR, RELAY_GUARD | RELAY_EXIT | RELAY_V2DIR, 440 },
	{ WEIGHT_PLAIN, RELAY_GUARD | RELAY_EXIT | RELAY_V2DIR, 1000 },
};

static const char all_weights[] = "Wgg=6000 Wgm=5000 Wgd=1000 Wmg=4000 "
    "Wmm=10000 Wme=2000 Wmd=3000 Weg=500 Wem=600 Wee=9000 Wed=8000 Wgb=5000 "
    "Wmb=7000 Web=8000 Wdb=2500 Wbg=4100 Wbm=4200 Wbe=4300 Wbd=4400";

static void
one_relay(const char *weights, const char *params, uint32_t flags, uint32_t bw)
{
	simdir_init_plain(&sd, 1, 1, PATHTEST_NOW);
	strcpy(sd.weights, weights);
	strcpy(sd.params, params);
	sd.relay[0].flags = flags;
	sd.relay[0].bw = bw;
	begin();
}

static uint64_t
weight_kb(enum weight_pos pos)
{
	return (weights_of(&w, pos, &nd->relays[0]) + WEIGHTS_ONE / 2) /
	    WEIGHTS_ONE;
}

START_TEST(weights_of_relay_follows_position_class_and_dir)
{
	one_relay(all_weights, "", factors[_i].flags | RELAY_HAS_BW, 1000);
	ck_assert_uint_eq(weight_kb(factors[_i].pos), factors[_i].want);
	end();
}
END_TEST

START_TEST(weights_of_scale_other_than_10000_is_divided_by)
{
	one_relay(all_weights, "bwweightscale=12000", RELAY_HAS_BW |
	    RELAY_GUARD, 1000);
	ck_assert_uint_eq(weight_kb(WEIGHT_GUARD), 500);
	end();
}
END_TEST

START_TEST(weights_of_a_missing_weight_makes_all_count_as_one)
{
	one_relay("Wgg=6000 Wgm=5000", "", RELAY_HAS_BW | RELAY_EXIT, 1000);
	ck_assert_uint_eq(weight_kb(WEIGHT_GUARD), 1000);
	ck_assert_uint_eq(weight_kb(WEIGHT_MIDDLE), 1000);
	end();
}
END_TEST

START_TEST(weights_of_no_bandwidth_or_too_much_is_bounded)
{
	one_relay("", "", 0, 0);
	ck_assert_uint_eq(weight_kb(WEIGHT_PLAIN), WEIGHTS_BW_UNKNOWN);
	end();
	one_relay("", "", RELAY_HAS_BW, UINT32_MAX);
	ck_assert_uint_eq(weight_kb(WEIGHT_PLAIN), WEIGHTS_BW_MAX);
	ck_assert_uint_lt(weights_of(&w, WEIGHT_PLAIN, nd->relays),
	    UINT64_C(1) << 46);
	end();
}
END_TEST

static const struct unit_test tests[] = {
	UNIT_LOOP(wtable_pick_draws_each_by_its_weight, WEIGHT_NPOS),
	UNIT_LOOP(wtable_pick_refusals_leave_the_others_their_shares, 2),
	UNIT(wtable_pick_where_nothing_weighs_all_are_alike),
	UNIT(wtable_pick_only_weightless_ones_allowed_are_alike),
	UNIT(wtable_pick_all_refused_is_null),
	UNIT_LOOP(weights_of_relay_follows_position_class_and_dir,
	    NELEM(factors)),
	UNIT(weights_of_scale_other_than_10000_is_divided_by),
	UNIT(weights_of_a_missing_weight_makes_all_count_as_one),
	UNIT(weights_of_no_bandwidth_or_too_much_is_bounded),
};
PATHTEST_MAIN("weights", tests)

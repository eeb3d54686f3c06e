/* tests/onion/hs/test_hstime.c - time periods and shared random values */
#include "onion/hs/hstime.h"

#include <string.h>

#include "onion/crypto/crypt.h"
#include "onion/dir/netdir.h"
#include "onion/dir/params.h"
#include "tests/onion/crypto/hex.h"
#include "tests/unit.h"
#include "tests/vectors/hs.h"

enum { CURRENT = 0xcc, PREVIOUS = 0xbb };

static void
net_at(struct netdir *nd, int64_t valid_after, int64_t interval)
{
	memset(nd, 0, sizeof(*nd));
	nd->valid_after = valid_after;
	nd->fresh_until = valid_after + interval;
	nd->valid_until = valid_after + 3 * interval;
	nd->has_srv_current = nd->has_srv_previous = 1;
	memset(nd->srv_current, CURRENT, 32);
	memset(nd->srv_previous, PREVIOUS, 32);
}

static const struct {
	const char	*name;
	int64_t		 valid_after;
	int64_t		 interval;
	const char	*params;
	int		 testing;
	uint64_t	 period;
	uint64_t	 minutes;
	int64_t		 ends;
	int		 srv;
} cases[] = {
	/* 2016-04-13: the specification's example. */
	{ "11:00", 1460545200, 3600, "", 0, 16903, 1440, 1460548800,
	    PREVIOUS },
	{ "12:00", 1460548800, 3600, "", 0, 16904, 1440, 1460635200,
	    CURRENT },
	{ "13:00", 1460552400, 3600, "", 0, 16904, 1440, 1460635200,
	    CURRENT },
	{ "23:00", 1460588400, 3600, "", 0, 16904, 1440, 1460635200,
	    CURRENT },
	{ "00:00", 1460592000, 3600, "", 0, 16904, 1440, 1460635200,
	    PREVIOUS },
	{ "01:00", 1460595600, 3600, "", 0, 16904, 1440, 1460635200,
	    PREVIOUS },
	{ "param", 1460545200, 3600, "hsdir_interval=720", 0, 33807, 720,
	    1460548800, PREVIOUS },
	{ "param too small", 1460545200, 3600, "hsdir_interval=1", 0,
	    811390, 30, 1460547000, CURRENT },
	{ "param too large", 1460545200, 3600, "hsdir_interval=20000", 0,
	    1690, 14400, 1461067200, PREVIOUS },
	/* TestingTorNetwork, votings every 10 s: 4 minutes, 2 off. */
	{ "testing 00:00:00", 1460505600, 10, "", 1, 6085439, 4, 1460505720,
	    PREVIOUS },
	{ "testing 00:01:50", 1460505710, 10, "", 1, 6085439, 4, 1460505720,
	    PREVIOUS },
	{ "testing 00:02:00", 1460505720, 10, "", 1, 6085440, 4, 1460505960,
	    CURRENT },
	{ "testing 00:03:50", 1460505830, 10, "", 1, 6085440, 4, 1460505960,
	    CURRENT },
	{ "testing 00:04:00", 1460505840, 10, "", 1, 6085440, 4, 1460505960,
	    PREVIOUS },
	{ "testing, param is not looked at", 1460505840, 10,
	    "hsdir_interval=1440", 1, 6085440, 4, 1460505960, PREVIOUS },
	/* What a consensus can't be, but nothing may divide by. */
	{ "no interval", 1460545200, 0, "", 0, 16903, 1440, 1460548800,
	    PREVIOUS },
	{ "the beginning", 0, 3600, "", 0, 0, 1440, 129600, PREVIOUS },
	{ "testing, 1 s", 1460505600, 1, "", 1, 24341760, 1, 1460505672,
	    PREVIOUS },
};

START_TEST(hstime_of_counts_as_specified)
{
	struct params *params = NULL;
	struct netdir nd;
	struct hstime t;

	net_at(&nd, cases[_i].valid_after, cases[_i].interval);
	ck_assert_int_eq(params_parse(&params, cases[_i].params,
	    strlen(cases[_i].params)), 0);
	nd.params = params;
	hstime_of(&t, &nd, cases[_i].testing);
	params_free(params);
	ck_assert_msg(t.period == cases[_i].period, "%s: period %llu",
	    cases[_i].name, (unsigned long long)t.period);
	ck_assert_msg(t.minutes == cases[_i].minutes, "%s: minutes",
	    cases[_i].name);
	ck_assert_msg(t.ends == cases[_i].ends, "%s: ends %lld",
	    cases[_i].name, (long long)t.ends);
	ck_assert_msg(t.srv[0] == cases[_i].srv && t.srv[31] ==
	    cases[_i].srv, "%s: value", cases[_i].name);
	ck_assert_int_eq(t.disaster, 0);
}
END_TEST

static const struct { int64_t interval; int testing; } worlds[] = {
	{ 3600, 0 }, { 10, 1 }, { 300, 1 }
};

/* Authorities make value number N at the start of run N.  Whatever consensus
 * a client has: with one period goes one value, the next with the next. */
START_TEST(hstime_of_one_value_for_each_period)
{
	int64_t interval = worlds[_i].interval, run = 24 * interval;
	int64_t begin = 1460505600 / run * run, t;
	int64_t used, offset = 0;
	struct netdir nd;
	struct hstime h;

	for (t = begin; t < begin + 5 * run; t += interval) {
		net_at(&nd, t, interval);
		hstime_of(&h, &nd, worlds[_i].testing);
		ck_assert_int_gt(h.ends, t);
		ck_assert_int_le(h.ends - t, run);
		used = t / run - (h.srv[0] == PREVIOUS);
		if (t == begin)
			offset = used - (int64_t)h.period;
		ck_assert_int_eq(used - (int64_t)h.period, offset);
	}
}
END_TEST

START_TEST(hstime_of_without_values_makes_the_disaster_one)
{
	struct netdir nd;
	struct hstime t;

	/* In the middle of period HSV_PERIOD. */
	net_at(&nd, (int64_t)HSV_PERIOD * 86400 + 43200 + 50000 / 3600 * 3600,
	    3600);
	nd.has_srv_current = 0;
	nd.has_srv_previous = 0;
	hstime_of(&t, &nd, 0);
	ck_assert_uint_eq(t.period, HSV_PERIOD);
	ck_assert_int_eq(t.disaster, 1);
	CK_HEX(t.srv, sizeof(t.srv), hsv_disaster);
}
END_TEST

/* The other value does not stand in for the one that is missing. */
START_TEST(hstime_of_with_only_the_other_value_is_a_disaster)
{
	struct netdir nd;
	struct hstime t;

	net_at(&nd, 1460552400, 3600);		/* wants the current one */
	nd.has_srv_current = 0;
	hstime_of(&t, &nd, 0);
	ck_assert_int_eq(t.disaster, 1);
	net_at(&nd, 1460595600, 3600);		/* wants the previous one */
	nd.has_srv_previous = 0;
	hstime_of(&t, &nd, 0);
	ck_assert_int_eq(t.disaster, 1);
	nd.has_srv_previous = 1;
	nd.has_srv_current = 0;
	hstime_of(&t, &nd, 0);
	ck_assert_int_eq(t.disaster, 0);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT_LOOP(hstime_of_counts_as_specified, NELEM(cases)),
	UNIT_LOOP(hstime_of_one_value_for_each_period, NELEM(worlds)),
	UNIT(hstime_of_without_values_makes_the_disaster_one),
	UNIT(hstime_of_with_only_the_other_value_is_a_disaster),
};

int
main(void)
{
	crypt_init();
	return unit_run("hstime", tests, NELEM(tests));
}

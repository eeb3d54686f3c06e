/* tests/tun/test_tcp_rtt.c - RFC 6298, by hand */
#include "tun/tcp_rtt.h"

#include <check.h>

#include "tests/unit.h"

/* Samples, and the timeout after the last of them: srtt + 4 rttvar, where the
 * first gives R and R/2, the next (7/8, 1/8) and (3/4, 1/4 of the error). */
static const struct {
	const char	*name;
	uint32_t	 ms[4];
	unsigned	 n;
	uint32_t	 srtt, rto;
} cases[] = {
	{ "none", { 0 }, 0, 0, 1000 },
	{ "nothing", { 0 }, 1, 0, 200 },
	{ "first", { 100 }, 1, 100, 300 },	/* 100 + 4 * 50 */
	{ "first small", { 10 }, 1, 10, 200 },
	{ "steady", { 100, 100 }, 2, 100, 250 },	/* 100 + 4 * 37.5 */
	/* srtt 112.5, rttvar 37.5 + 25: 112.5 + 250 */
	{ "larger", { 100, 200 }, 2, 113, 362 },
	/* then srtt 110.9, rttvar 46.875 + 3.125: 110.9 + 200 */
	{ "and back", { 100, 200, 100 }, 3, 111, 310 },
	{ "very long", { 50000 }, 1, 50000, 60000 },
	{ "absurd", { UINT32_MAX }, 1, 60000, 60000 },
};

START_TEST(tcp_rtt_rto_follows_the_rfc)
{
	struct tcp_rtt r = { 0 };
	unsigned i;

	for (i = 0; i < cases[_i].n; i++)
		tcp_rtt_sample(&r, cases[_i].ms[i]);
	ck_assert_msg(tcp_rtt_ms(&r) == cases[_i].srtt, "%s: srtt %u",
	    cases[_i].name, tcp_rtt_ms(&r));
	ck_assert_msg(tcp_rtt_rto(&r) == cases[_i].rto, "%s: rto %u",
	    cases[_i].name, tcp_rtt_rto(&r));
}
END_TEST

START_TEST(tcp_rtt_backoff_doubles_up_to_a_minute)
{
	static const uint32_t want[] = { 400, 800, 1600, 3200, 6400, 12800,
	    25600, 51200, 60000, 60000, 60000 };
	struct tcp_rtt r = { 0 };
	unsigned i;

	tcp_rtt_sample(&r, 1);
	for (i = 0; i < NELEM(want); i++) {
		tcp_rtt_backoff(&r);
		ck_assert_uint_eq(tcp_rtt_rto(&r), want[i]);
	}
	tcp_rtt_sample(&r, 1);
	ck_assert_uint_eq(tcp_rtt_rto(&r), 200);
}
END_TEST

START_TEST(tcp_rtt_progress_keeps_enough_backoff_for_a_sample)
{
	struct tcp_rtt r = { 0 };
	int i;

	for (i = 0; i < 8; i++)
		tcp_rtt_backoff(&r);
	tcp_rtt_progress(&r);
	ck_assert_uint_eq(tcp_rtt_rto(&r), 4000);
	tcp_rtt_sample(&r, 1);
	tcp_rtt_progress(&r);
	ck_assert_uint_eq(tcp_rtt_rto(&r), 200);
	for (i = 0; i < 8; i++)
		tcp_rtt_backoff(&r);
	tcp_rtt_progress(&r);
	ck_assert_uint_eq(tcp_rtt_rto(&r), 400);
}
END_TEST

START_TEST(tcp_rtt_persist_backs_off_on_its_own)
{
	struct tcp_rtt r = { 0 };

	tcp_rtt_sample(&r, 1);
	tcp_rtt_backoff(&r);
	ck_assert_uint_eq(tcp_rtt_persist(&r, 0), 200);
	ck_assert_uint_eq(tcp_rtt_persist(&r, 3), 1600);
	ck_assert_uint_eq(tcp_rtt_persist(&r, 255), 60000);
}
END_TEST

START_TEST(tcp_rtt_min_is_the_least_ever)
{
	struct tcp_rtt r = { 0 };

	tcp_rtt_sample(&r, 7);
	tcp_rtt_sample(&r, 5);
	tcp_rtt_sample(&r, 9);
	ck_assert_uint_eq(r.min, 5);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT_LOOP(tcp_rtt_rto_follows_the_rfc, NELEM(cases)),
	UNIT(tcp_rtt_backoff_doubles_up_to_a_minute),
	UNIT(tcp_rtt_progress_keeps_enough_backoff_for_a_sample),
	UNIT(tcp_rtt_persist_backs_off_on_its_own),
	UNIT(tcp_rtt_min_is_the_least_ever),
};

UNIT_MAIN("tcp_rtt", tests)

/* tests/tun/test_tcp_cwnd.c - how much may be under way */
#include "tun/tcp_cwnd.h"

#include <check.h>

#include "tests/unit.h"

static const struct {
	uint32_t	mss, cwnd;
} first[] = {				/* RFC 6928 2 */
	{ 536, 5360 }, { 1448, 14480 }, { 1460, 14600 }, { 2000, 14600 },
	{ 8948, 17896 }, { 65483, 130966 },
};

START_TEST(tcp_cwnd_init_is_ten_segments_unless_they_are_large)
{
	struct tcp_cwnd c;

	tcp_cwnd_init(&c, first[_i].mss);
	ck_assert_uint_eq(c.cwnd, first[_i].cwnd);
}
END_TEST

START_TEST(tcp_cwnd_arrived_grows_only_what_is_used_up)
{
	struct tcp_cwnd c;

	tcp_cwnd_init(&c, 1000);
	tcp_cwnd_arrived(&c, 1000, 9000, 1000);
	ck_assert_uint_eq(c.cwnd, 10000);
	c.full = 1;
	tcp_cwnd_arrived(&c, 1000, 9000, 1000);
	ck_assert_uint_eq(c.cwnd, 11000);
}
END_TEST

START_TEST(tcp_cwnd_arrived_above_ssthresh_grows_a_segment_a_window)
{
	struct tcp_cwnd c;
	int i;

	tcp_cwnd_init(&c, 1000);
	c.full = 1;
	c.ssthresh = 10000;
	for (i = 0; i < 9; i++)
		tcp_cwnd_arrived(&c, 1000, 9000, 1000);
	ck_assert_uint_eq(c.cwnd, 10000);
	tcp_cwnd_arrived(&c, 1000, 9000, 1000);
	ck_assert_uint_eq(c.cwnd, 11000);
}
END_TEST

START_TEST(tcp_cwnd_arrived_never_exceeds_the_ceiling)
{
	struct tcp_cwnd c;
	int i;

	tcp_cwnd_init(&c, 1000);
	c.full = 1;
	for (i = 0; i < 100; i++)
		tcp_cwnd_arrived(&c, 64000, 64000, 1000);
	ck_assert_uint_eq(c.cwnd, TCP_CWND_MAX);
}
END_TEST

/* RFC 6937 4.1: 20 segments of which the first is lost; one goes out at once,
 * then one for every two that arrive, and at the end half of it is left. */
START_TEST(tcp_cwnd_in_recovery_sends_one_for_two)
{
	struct tcp_cwnd c;
	uint32_t pipe = 19000, out = 0, i;

	tcp_cwnd_init(&c, 1000);
	c.cwnd = 20000;
	pipe -= 3000;			/* three SACKs so far */
	tcp_cwnd_lost(&c, 20000, pipe, 77, 1000);
	ck_assert_uint_eq(c.ssthresh, 10000);
	ck_assert_uint_eq(c.cwnd, pipe + 1000);
	tcp_cwnd_sent(&c, 1000);
	pipe += 1000;
	for (i = 0; i < 16; i++) {
		pipe -= 1000;
		tcp_cwnd_arrived(&c, 1000, pipe, 1000);
		while (c.cwnd >= pipe + 1000) {
			tcp_cwnd_sent(&c, 1000);
			pipe += 1000;
			out++;
		}
	}
	ck_assert_uint_ge(out, 7);
	ck_assert_uint_le(out, 9);
	ck_assert_uint_le(pipe, 10000);
	tcp_cwnd_recovered(&c);
	ck_assert_uint_eq(c.cwnd, 10000);
	ck_assert_uint_eq(c.state, TCP_CWND_OPEN);
}
END_TEST

START_TEST(tcp_cwnd_timeout_starts_from_one_segment_and_can_be_undone)
{
	struct tcp_cwnd c;

	tcp_cwnd_init(&c, 1000);
	tcp_cwnd_timeout(&c, 9000, 5, 1000, 100);
	ck_assert_uint_eq(c.cwnd, 1000);
	ck_assert_uint_eq(c.ssthresh, 4500);
	tcp_cwnd_timeout_again(&c, 5, 1000);
	ck_assert_uint_eq(c.ssthresh, 4500);
	tcp_cwnd_undo(&c);
	ck_assert_uint_eq(c.cwnd, 10000);
	ck_assert_uint_eq(c.ssthresh, TCP_CWND_MAX);
	ck_assert_uint_eq(c.state, TCP_CWND_OPEN);
}
END_TEST

START_TEST(tcp_cwnd_ssthresh_is_two_segments_at_least)
{
	struct tcp_cwnd c;

	tcp_cwnd_init(&c, 1000);
	tcp_cwnd_halve(&c, 1000, 1000);
	ck_assert_uint_eq(c.ssthresh, 2000);
	ck_assert_uint_eq(c.cwnd, 2000);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT_LOOP(tcp_cwnd_init_is_ten_segments_unless_they_are_large,
	    NELEM(first)),
	UNIT(tcp_cwnd_arrived_grows_only_what_is_used_up),
	UNIT(tcp_cwnd_arrived_above_ssthresh_grows_a_segment_a_window),
	UNIT(tcp_cwnd_arrived_never_exceeds_the_ceiling),
	UNIT(tcp_cwnd_in_recovery_sends_one_for_two),
	UNIT(tcp_cwnd_timeout_starts_from_one_segment_and_can_be_undone),
	UNIT(tcp_cwnd_ssthresh_is_two_segments_at_least),
};

UNIT_MAIN("tcp_cwnd", tests)

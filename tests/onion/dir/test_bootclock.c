/* tests/onion/dir/test_bootclock.c - bootstrap and clocks that are wrong */
#include "onion/dir/bootstrap.h"

#include <errno.h>
#include <string.h>

#include "onion/crypto/crypt.h"
#include "onion/dir/consensus.h"
#include "onion/dir/dirsource.h"
#include "onion/dir/netdir.h"
#include "onion/link/relayid.h"
#include "tests/onion/dir/bootrig.h"
#include "tests/onion/dir/fakeauth.h"
#include "tests/onion/dir/tmpdir.h"
#include "tests/unit.h"

enum { SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE };

static struct rig rig;

/* --- clocks --- */

START_TEST(bootstrap_clock_behind_is_found_from_the_consensus)
{
	static const int64_t behind[] = { 4 * 3600, 86400 + 4 * 3600,
	    30 * 86400 };
	struct bootstrap_status s;

	be_quiet();
	rig_init(&rig, 60, NULL);
	rig.skew = behind[_i];
	rig_start(&rig);
	rig_run(&rig, 5 * MINUTE);
	bootstrap_status(rig.boot, &s);
	ck_assert_int_eq(s.clock, BOOTSTRAP_CLOCK_BEHIND);
	ck_assert_int_ge(s.skew_s, behind[_i] - 3600);
	ck_assert_int_le(s.skew_s, behind[_i]);
	ck_assert_ptr_nonnull(strstr(s.trouble, "clock is "));
	ck_assert_ptr_nonnull(strstr(s.trouble, "behind"));
	/* Within a day it works all the same. */
	ck_assert_int_eq(s.state, _i == 0 ? BOOTSTRAP_READY :
	    BOOTSTRAP_NO_CONSENSUS);
	/* The whole document is not fetched over and over. */
	ck_assert_uint_le(rig.full, 1);
	/* The clock is set: it goes on by itself. */
	loop_set(&rig.loop, rig.loop.now + 1, rig.loop.wall + behind[_i]);
	rig.skew = 0;
	rig_run(&rig, 90 * SECOND);
	bootstrap_status(rig.boot, &s);
	ck_assert_int_eq(s.state, BOOTSTRAP_READY);
	ck_assert_int_ne(s.clock, BOOTSTRAP_CLOCK_BEHIND);
	ck_assert_str_eq(s.trouble, "");
	rig_fini(&rig);
}
END_TEST

static int
say_date(struct rig *r, const struct rig_job *j, struct dir_result *res)
{
	(void)j;
	res->has_date = 1;
	res->skew_s = r->skew;
	return 0;
}

START_TEST(bootstrap_clock_ahead_is_found_from_dates)
{
	struct bootstrap_status s;

	be_quiet();
	rig_init(&rig, 60, NULL);
	rig.skew = _i ? -365 * 86400 : -30 * 3600;
	rig.mangle = say_date;
	rig_start(&rig);
	rig_run(&rig, 10 * MINUTE);
	bootstrap_status(rig.boot, &s);
	ck_assert_int_eq(s.clock, BOOTSTRAP_CLOCK_AHEAD);
	ck_assert_int_eq(s.skew_s, rig.skew);
	ck_assert_ptr_nonnull(strstr(s.trouble, "ahead"));
	ck_assert_ptr_null(rig.view);
	loop_set(&rig.loop, rig.loop.now + 1, rig.loop.wall + rig.skew);
	rig.skew = 0;
	rig_run(&rig, 2 * MINUTE);
	ck_assert_int_eq(rig_state(&rig), BOOTSTRAP_READY);
	rig_fini(&rig);
}
END_TEST

/* Where 32 bits of time, signed, unsigned and NTP's, come to their end. */
static const int64_t eras[] = {
	INT64_C(2085978496),		/* 2036-02-07 06:28:16 */
	INT64_C(2147483648),		/* 2038-01-19 03:14:08 */
	INT64_C(4294967296)		/* 2106-02-07 06:28:16 */
};

START_TEST(bootstrap_goes_on_over_the_end_of_an_era)
{
	struct bootstrap_status s;

	tmpdir_make();
	rig_init(&rig, 60, tmpdir);
	loop_set(&rig.loop, rig.loop.now, eras[_i] - 1800);
	rig_start(&rig);
	ck_assert_int_ge(rig_until_ready(&rig, MINUTE), 0);
	ck_assert_int_lt(rig.view->valid_after, eras[_i]);
	rig_run(&rig, 4 * HOUR);
	ck_assert_int_eq(rig_state(&rig), BOOTSTRAP_READY);
	ck_assert_int_ge(rig.view->valid_after, eras[_i]);
	ck_assert_int_ge(rig.view->valid_until, rig.loop.wall);
	ck_assert_int_eq(rig.view->valid_until - rig.view->valid_after,
	    3 * 3600);
	bootstrap_status(rig.boot, &s);
	ck_assert_int_eq(s.live, 2);
	ck_assert_uint_ge(rig.diffs, 1);
	rig_stop(&rig);
	rig_start(&rig);		/* and from disk */
	ck_assert_int_eq(rig_state(&rig), BOOTSTRAP_READY);
	rig_fini(&rig);
	tmpdir_remove();
}
END_TEST

START_TEST(bootstrap_skew_one_relay_alone_says_nothing)
{
	struct bootstrap_status s;
	struct relayid id = { .rsa = { 9 } };
	unsigned i;

	be_quiet();
	rig_init(&rig, 60, NULL);
	rig_start(&rig);
	ck_assert_int_ge(rig_until_ready(&rig, MINUTE), 0);
	for (i = 0; i < 10; i++)
		bootstrap_skew(rig.boot, &id, 90000);
	bootstrap_status(rig.boot, &s);
	ck_assert_int_eq(s.clock, BOOTSTRAP_CLOCK_UNKNOWN);
	for (i = 0; i < 3; i++) {
		id.rsa[0] = (uint8_t)(20 + i);
		bootstrap_skew(rig.boot, &id, 90000 + (int64_t)i);
	}
	bootstrap_status(rig.boot, &s);
	ck_assert_int_eq(s.clock, BOOTSTRAP_CLOCK_BEHIND);
	/* An authority knows better. */
	memset(id.rsa, 1, 20);
	bootstrap_skew(rig.boot, &id, 2);
	bootstrap_status(rig.boot, &s);
	ck_assert_int_eq(s.clock, BOOTSTRAP_CLOCK_GOOD);
	rig_fini(&rig);
}
END_TEST

START_TEST(bootstrap_clock_jumps_are_survived)
{
	static const int64_t jumps[] = {
		3600, -3600, 8 * 3600, -8 * 3600, 365 * 86400, -365 * 86400
	};
	struct bootstrap_status s;
	int64_t back;

	be_quiet();
	rig_init(&rig, 60, NULL);
	rig_start(&rig);
	ck_assert_int_ge(rig_until_ready(&rig, MINUTE), 0);
	/* The clock goes wrong, the network's does not. */
	loop_set(&rig.loop, rig.loop.now + 1, rig.loop.wall + jumps[_i]);
	rig.skew = -jumps[_i];
	rig_run(&rig, 5 * MINUTE);
	ck_assert_uint_eq(rig.jumps, 1);
	bootstrap_status(rig.boot, &s);
	ck_assert_int_eq(s.state == BOOTSTRAP_READY,
	    jumps[_i] < 24 * 3600 && jumps[_i] > -24 * 3600);
	ck_assert_uint_le(rig.to_authorities + rig.to_fallbacks, 30);
	/* It is put right. */
	back = rig.loop.wall - jumps[_i];
	loop_set(&rig.loop, rig.loop.now + 1, back);
	rig.skew = 0;
	rig_run(&rig, 90 * SECOND);
	ck_assert_uint_eq(rig.jumps, 2);
	ck_assert_int_eq(rig_state(&rig), BOOTSTRAP_READY);
	ck_assert_int_ge(rig.view->valid_until, rig.loop.wall);
	rig_fini(&rig);
}
END_TEST

START_TEST(bootstrap_check_clock_tells_of_a_jump_at_once)
{
	int i;

	be_quiet();
	rig_init(&rig, 60, NULL);
	rig_start(&rig);
	ck_assert_int_ge(rig_until_ready(&rig, MINUTE), 0);
	for (i = 0; i < 60; i++) {
		rig_run(&rig, SECOND);
		bootstrap_check_clock(rig.boot);
	}
	loop_end_turn(&rig.loop);
	ck_assert_uint_eq(rig.jumps, 0);
	loop_set(&rig.loop, rig.loop.now + 1, rig.loop.wall + 600);
	bootstrap_check_clock(rig.boot);
	loop_end_turn(&rig.loop);
	ck_assert_uint_eq(rig.jumps, 1);
	bootstrap_check_clock(rig.boot);
	loop_end_turn(&rig.loop);
	ck_assert_uint_eq(rig.jumps, 1);
	rig_fini(&rig);
}
END_TEST

/* A machine that slept: the time is right, but all is old. */
START_TEST(bootstrap_after_a_sleep_of_hours_is_up_to_date_soon)
{
	be_quiet();
	rig_init(&rig, 60, NULL);
	rig_start(&rig);
	ck_assert_int_ge(rig_until_ready(&rig, MINUTE), 0);
	loop_set(&rig.loop, rig.loop.now + 1, rig.loop.wall + 30 * 3600);
	rig_run(&rig, 75 * SECOND);
	ck_assert_int_eq(rig_state(&rig), BOOTSTRAP_READY);
	ck_assert_int_ge(rig.view->valid_until, rig.loop.wall);
	rig_fini(&rig);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT_LOOP(bootstrap_clock_behind_is_found_from_the_consensus, 3),
	UNIT_LOOP(bootstrap_clock_ahead_is_found_from_dates, 2),
	UNIT_LOOP(bootstrap_goes_on_over_the_end_of_an_era, NELEM(eras)),
	UNIT(bootstrap_skew_one_relay_alone_says_nothing),
	UNIT_LOOP(bootstrap_clock_jumps_are_survived, 6),
	UNIT(bootstrap_check_clock_tells_of_a_jump_at_once),
	UNIT(bootstrap_after_a_sleep_of_hours_is_up_to_date_soon)
};

int
main(void)
{
	crypt_init();
	fakeauth_init(RIG_AUTHS + 1);
	return unit_run("bootclock", tests, NELEM(tests));
}

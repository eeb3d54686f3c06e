/* tests/onion/hs/test_hsclient_pow.c - services that ask for a proof of work */
#include "tests/unit.h"

#include <errno.h>
#include <string.h>

#include "tests/onion/hs/hsrig.h"

static struct rig r;

static void
with_puzzle(uint32_t effort)
{
	r.desc.pow.has = 1;
	r.desc.pow.effort = effort;
	r.desc.pow.expires = r.loop.wall + 7200;
	memset(r.desc.pow.seed, 0x33, 32);
}

START_TEST(hsclient_puzzle_is_solved_before_the_introduction)
{
	struct rig_intro1 i;

	rig_new(&r, 0);
	with_puzzle(_i ? 50000 : 100);
	rig_to_introduced(&r, 0);
	ck_assert_uint_eq(r.njobs, 1);
	ck_assert_uint_eq(r.job[0].ask.effort, _i ? HSPOW_EFFORT_MAX : 100);
	ck_assert_uint_eq(rig_last(&r, HS_INTRO)->nsent, 0);
	rig_solve(&r, 0, 0);
	ck_assert_uint_eq(rig_last(&r, HS_INTRO)->nsent, 1);
	ck_assert_int_eq(rig_read(&r, rig_last(&r, HS_INTRO), &i), 0);
	ck_assert_int_eq(i.pow, 1);
	ck_assert_uint_eq(i.proof[0], 1);
	rig_free(&r);
}
END_TEST

START_TEST(hsclient_puzzle_that_is_not_solved_is_gone_without)
{
	struct rig_intro1 i;

	rig_new(&r, 0);
	with_puzzle(100);
	if (_i == 1)
		r.solve_rc = -ENOTSUP;
	rig_to_introduced(&r, 0);
	if (_i == 0)
		rig_solve(&r, 0, -ETIMEDOUT);
	ck_assert_int_eq(rig_read(&r, rig_last(&r, HS_INTRO), &i), 0);
	ck_assert_int_eq(i.pow, 0);
	rig_free(&r);
}
END_TEST

START_TEST(hsclient_effort_of_none_needs_no_proof_at_first)
{
	struct rig_circ *intro;

	rig_new(&r, 0);
	with_puzzle(0);
	rig_to_introduced(&r, 0);
	ck_assert_uint_eq(r.njobs, 0);
	intro = rig_last(&r, HS_INTRO);
	ck_assert_uint_eq(intro->nsent, 1);
	rig_wait(&r, 31 * 1000);
	ck_assert_uint_eq(r.njobs, 1);		/* the next time, it tries */
	ck_assert_uint_eq(r.job[0].ask.effort, hspow_effort_again(0));
	rig_free(&r);
}
END_TEST

START_TEST(hsclient_each_introduction_has_its_own_proof)
{
	struct rig_intro1 a, b;

	rig_new(&r, 0);
	with_puzzle(100);
	rig_to_introduced(&r, 0);
	rig_solve(&r, 0, 0);
	ck_assert_int_eq(rig_read(&r, rig_last(&r, HS_INTRO), &a), 0);
	ck_assert_int_eq(rig_ack(&r, rig_last(&r, HS_INTRO), 1), 0);
	rig_turn(&r);
	rig_built(&r, rig_last(&r, HS_INTRO));
	ck_assert_uint_eq(rig_last(&r, HS_INTRO)->nsent, 0);
	ck_assert_uint_eq(r.njobs, 2);
	ck_assert_uint_eq(r.job[1].ask.effort, 100);
	rig_solve(&r, 1, 0);
	ck_assert_int_eq(rig_read(&r, rig_last(&r, HS_INTRO), &b), 0);
	ck_assert_mem_ne(a.proof, b.proof, INTROMSG_POW);
	rig_free(&r);
}
END_TEST

START_TEST(hsclient_expired_puzzle_is_fetched_anew_once)
{
	struct rig_intro1 i;

	rig_new(&r, 0);
	with_puzzle(100);
	r.desc.pow.expires = r.loop.wall - 1;
	rig_to_descriptor(&r, 0);
	ck_assert_uint_eq(rig_count(&r, HS_DIR), 2);
	ck_assert_uint_eq(rig_count(&r, HS_INTRO), 0);
	if (_i)
		with_puzzle(200);
	rig_built(&r, rig_last(&r, HS_DIR));
	rig_fetched(&r, rig_last(&r, HS_DIR), 200);
	rig_built(&r, rig_last(&r, HS_INTRO));
	rig_built(&r, rig_last(&r, HS_REND));
	ck_assert_int_eq(rig_established(&r, rig_last(&r, HS_REND)), 0);
	rig_turn(&r);
	ck_assert_uint_eq(r.njobs, (unsigned)_i);
	if (_i)
		rig_solve(&r, 0, 0);
	ck_assert_int_eq(rig_read(&r, rig_last(&r, HS_INTRO), &i), 0);
	ck_assert_int_eq(i.pow, _i);
	rig_free(&r);
}
END_TEST

/* So that it is still wanted; ms. */
static void
wait_asking(int64_t ms)
{
	for (; ms > 0; ms -= 1000) {
		ck_assert_int_eq(rig_get(&r, 0, 0, NULL), -EAGAIN);
		rig_wait(&r, ms < 1000 ? ms : 1000);
	}
}

/* Once more, after the service did not come. */
static void
introduce_again(void)
{
	ck_assert_int_eq(rig_ack(&r, rig_last(&r, HS_INTRO), 0), 0);
	wait_asking(30 * 1000);
	rig_built(&r, rig_last(&r, HS_INTRO));
	rig_built(&r, rig_last(&r, HS_REND));
	ck_assert_int_eq(rig_established(&r, rig_last(&r, HS_REND)), 0);
	rig_turn(&r);
}

START_TEST(hsclient_puzzle_that_takes_too_long_is_gone_without_for_now)
{
	struct rig_intro1 i;

	rig_new(&r, 0);
	with_puzzle(100);
	rig_to_introduced(&r, 0);
	ck_assert_mem_eq(r.job[0].ask.owner, rig_token[0], HSCLIENT_OWNER);
	wait_asking(59 * 1000);
	ck_assert_uint_eq(rig_last(&r, HS_INTRO)->nsent, 0);
	wait_asking(1000);
	ck_assert_int_eq(rig_read(&r, rig_last(&r, HS_INTRO), &i), 0);
	ck_assert_int_eq(i.pow, 0);
	ck_assert_int_eq(r.job[0].open, 1);		/* it goes on */
	introduce_again();
	ck_assert_uint_eq(rig_last(&r, HS_INTRO)->nsent, 0);
	if (_i) {
		wait_asking(30 * 1000);			/* once more without */
		ck_assert_uint_eq(rig_last(&r, HS_INTRO)->nsent, 1);
		introduce_again();
	}
	ck_assert_uint_eq(r.njobs, 1);
	rig_solve(&r, 0, 0);
	ck_assert_int_eq(rig_read(&r, rig_last(&r, HS_INTRO), &i), 0);
	ck_assert_int_eq(i.pow, 1);
	/* Only what was proved and not enough makes the next one harder. */
	introduce_again();
	ck_assert_uint_eq(r.njobs, 2);
	ck_assert_uint_eq(r.job[1].ask.effort, hspow_effort_again(100));
	rig_free(&r);
}
END_TEST

START_TEST(hsclient_puzzle_without_a_place_waits_for_one)
{
	struct rig_intro1 i;

	rig_new(&r, 0);
	with_puzzle(100);
	rig_to_descriptor(&r, 1);
	ck_assert_uint_eq(r.njobs, 1);
	r.solve_rc = rig_laters[_i % 2 * 2];
	rig_to_introduced(&r, 0);
	wait_asking(59 * 1000);
	ck_assert_uint_eq(rig_last(&r, HS_INTRO)->nsent, 0);
	if (_i / 2 == 0) {		/* there never is one */
		wait_asking(1000);
		ck_assert_int_eq(rig_read(&r, rig_last(&r, HS_INTRO), &i), 0);
		ck_assert_int_eq(i.pow, 0);
		rig_free(&r);
		return;
	}
	ck_assert_int_eq(rig_get(&r, 1, 0, NULL), -EAGAIN);
	r.solve_rc = 0;
	if (_i / 2 == 1)
		rig_solve(&r, 0, 0);	/* the other one's is done */
	else
		hsclient_room(r.hs);
	rig_turn(&r);
	ck_assert_uint_eq(r.njobs, 2);
	rig_solve(&r, 1, 0);
	ck_assert_int_eq(rig_read(&r, rig_last(&r, HS_INTRO), &i), 0);
	ck_assert_int_eq(i.pow, 1);
	rig_free(&r);
}
END_TEST

/* The seed ends while it is worked on, or when all that is missing is a
 * circuit. */
START_TEST(hsclient_puzzle_that_expires_on_the_way_is_fetched_anew_once)
{
	struct rig_intro1 i;
	struct rig_circ *rend;

	rig_new(&r, 0);
	with_puzzle(100);
	r.desc.pow.expires = r.loop.wall + 40;
	rig_to_descriptor(&r, 0);
	rend = rig_last(&r, HS_REND);
	if (_i % 2)
		rig_solve(&r, 0, 0);
	wait_asking(41 * 1000);
	if (_i / 2)			/* there is none that is fresh */
		with_puzzle(200);
	rig_built(&r, rig_last(&r, HS_INTRO));
	rig_built(&r, rend);
	ck_assert_int_eq(rig_established(&r, rend), 0);
	rig_turn(&r);
	ck_assert_uint_eq(rend->nsent, 1);
	ck_assert_uint_eq(rig_count(&r, HS_DIR), 2);
	rig_built(&r, rig_last(&r, HS_DIR));
	rig_fetched(&r, rig_last(&r, HS_DIR), 200);
	rig_built(&r, rig_last(&r, HS_INTRO));
	if (_i / 2) {
		ck_assert_uint_eq(rig_last(&r, HS_INTRO)->nsent, 0);
		ck_assert_uint_eq(r.njobs, 2);
		ck_assert_uint_eq(r.job[1].ask.effort, 200);
		rig_solve(&r, 1, 0);
	}
	ck_assert_int_eq(rig_read(&r, rig_last(&r, HS_INTRO), &i), 0);
	ck_assert_int_eq(i.pow, _i / 2);
	ck_assert_uint_eq(rig_count(&r, HS_REND), 1);
	ck_assert_uint_eq(rig_count(&r, HS_DIR), 2);
	ck_assert_int_eq(rig_meet(&r, rig_last(&r, HS_INTRO), rend), 0);
	rig_turn(&r);
	rig_free(&r);
}
END_TEST

START_TEST(hsclient_puzzle_is_given_up_when_nobody_waits)
{
	rig_new(&r, 0);
	with_puzzle(100);
	rig_to_introduced(&r, 0);
	ck_assert_int_eq(r.job[0].open, 1);
	if (_i == 0) {
		rig_wait(&r, 44 * 1000);
		ck_assert_int_eq(r.job[0].open, 1);
		rig_wait(&r, 32 * 1000);
		ck_assert_uint_eq(rig_open(&r, HS_REND), 0);
		ck_assert_uint_eq(rig_totals(&r).trying, 0);
	} else if (_i == 1)
		hsclient_newnym(r.hs);
	else {
		rig_gone(&r, rig_last(&r, HS_INTRO));	/* not for that */
		ck_assert_int_eq(r.job[0].open, 1);
		rig_free(&r);
		return;
	}
	rig_turn(&r);
	ck_assert_int_eq(r.job[0].open, 0);
	rig_free(&r);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT_LOOP(hsclient_puzzle_is_solved_before_the_introduction, 2),
	UNIT_LOOP(hsclient_puzzle_that_is_not_solved_is_gone_without, 2),
	UNIT(hsclient_effort_of_none_needs_no_proof_at_first),
	UNIT(hsclient_each_introduction_has_its_own_proof),
	UNIT_LOOP(hsclient_expired_puzzle_is_fetched_anew_once, 2),
	UNIT_LOOP(hsclient_puzzle_that_takes_too_long_is_gone_without_for_now,
	    2),
	UNIT_LOOP(hsclient_puzzle_without_a_place_waits_for_one, 6),
	UNIT_LOOP(hsclient_puzzle_that_expires_on_the_way_is_fetched_anew_once,
	    4),
	UNIT_LOOP(hsclient_puzzle_is_given_up_when_nobody_waits, 3),
};

UNIT_MAIN("hsclient_pow", tests)

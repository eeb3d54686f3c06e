/* tests/onion/dir/test_bootplan.c - staying up to date */
#include "onion/dir/bootstrap_int.h"

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
static int other_base;

static void
check_view(size_t n)
{
	ck_assert_ptr_nonnull(rig.view);
	ck_assert_uint_eq(rig.view->nrelays, n);
	ck_assert_uint_eq(rig.view->nusable, n);
}

/* --- staying up to date --- */

START_TEST(bootstrap_consensus_rolls_over_for_days)
{
	unsigned hours = 48, i;

	tmpdir_make();
	rig_init(&rig, 100, tmpdir);
	rig_start(&rig);
	ck_assert_int_ge(rig_until_ready(&rig, MINUTE), 0);
	rig_forget(&rig);
	for (i = 0; i < hours; i++) {
		rig_run(&rig, HOUR);
		ck_assert_int_eq(rig_state(&rig), BOOTSTRAP_READY);
		ck_assert_int_le(rig.view->valid_after, rig.loop.wall);
		ck_assert_int_ge(rig.view->valid_until, rig.loop.wall);
	}
	/* When the last one is 1.75 to 2.85 hours old, as differences, from
	 * guards: mostly the next but one, and the next in a quarter of all
	 * cases.  27 are expected; more than 36 once in 10^8 runs. */
	ck_assert_uint_ge(rig.asked[DIR_KIND_CONSENSUS], hours / 3);
	ck_assert_uint_le(rig.asked[DIR_KIND_CONSENSUS], hours * 3 / 4);
	ck_assert_uint_eq(rig.diffs, rig.asked[DIR_KIND_CONSENSUS]);
	ck_assert_uint_eq(rig.asked[DIR_KIND_CERTS], 0);
	ck_assert_uint_eq(rig.to_authorities + rig.to_fallbacks, 0);
	ck_assert_uint_eq(rig.resets, 0);
	/* Five relays changed each hour: all known in the end. */
	rig_run(&rig, 11 * MINUTE);
	check_view(100);
	rig_fini(&rig);
	tmpdir_remove();
}
END_TEST

static int
spoil_diffs(struct rig *r, const struct rig_job *j, struct dir_result *res)
{
	size_t len;
	char *doc;

	if (j->request.kind != DIR_KIND_CONSENSUS ||
	    !j->request.has_diff_from || res->body == NULL)
		return 0;
	switch (rig.failure) {
	case 0:
		res->body[res->len * 3 / 4] ^= 1;
		break;
	case 1:
		res->len = res->len * 3 / 4;
		break;
	case 2:				/* from another base */
		doc = fakeauth_diff(rig_doc(r, RIG_T0 + 3600)->text,
		    rig_doc(r, RIG_T0 + 3600)->len, rig_doc_now(r)->text,
		    rig_doc_now(r)->len, &len);
		rig_body(res, doc, len);
		free(doc);
		break;
	default:			/* the whole, though a diff was asked */
		rig_body(res, rig_doc_now(r)->text, rig_doc_now(r)->len);
		break;
	}
	return 0;
}

START_TEST(bootstrap_bad_differences_fall_back_to_the_whole)
{
	be_quiet();
	tmpdir_make();
	rig_init(&rig, 60, tmpdir);
	rig.failure = _i;
	rig_start(&rig);
	ck_assert_int_ge(rig_until_ready(&rig, MINUTE), 0);
	rig_forget(&rig);
	rig.mangle = spoil_diffs;
	rig_run(&rig, 3 * HOUR);
	ck_assert_int_ge(rig.view->valid_after, RIG_T0 + 3600);
	ck_assert_int_eq(rig_state(&rig), BOOTSTRAP_READY);
	if (_i < 3)
		ck_assert_uint_ge(rig.full, 1);
	rig_fini(&rig);
	tmpdir_remove();
}
END_TEST

/* One that nobody asked for, or that starts elsewhere, whatever was asked. */
static int
diffs_only(struct rig *r, const struct rig_job *j, struct dir_result *res)
{
	int64_t of = other_base ? RIG_T0 + 3600 : RIG_T0;
	const struct rig_doc *from = rig_doc(r, of);
	size_t len;
	char *doc;

	if (j->request.kind != DIR_KIND_CONSENSUS)
		return 0;
	doc = fakeauth_diff(from->text, from->len, rig_doc_now(r)->text,
	    rig_doc_now(r)->len, &len);
	rig_body(res, doc, len);
	free(doc);
	return 0;
}

START_TEST(bootstrap_differences_not_asked_for_are_no_storm)
{
	be_quiet();
	tmpdir_make();
	rig_init(&rig, 60, tmpdir);
	rig.full_only = !(other_base = _i);
	rig_start(&rig);
	ck_assert_int_ge(rig_until_ready(&rig, MINUTE), 0);
	rig_run(&rig, HOUR);
	rig_forget(&rig);
	rig.mangle = diffs_only;
	while (rig.asked[DIR_KIND_CONSENSUS] == 0)
		rig_run(&rig, SECOND);
	rig_run(&rig, 10 * SECOND);
	ck_assert_int_eq(rig.verdict, -EBADMSG);
	ck_assert_uint_le(rig.asked[DIR_KIND_CONSENSUS], 13);
	ck_assert_int_eq(rig_state(&rig), BOOTSTRAP_READY);
	rig.mangle = NULL;
	rig_run(&rig, 15 * MINUTE);
	ck_assert_int_gt(rig.view->valid_after, RIG_T0);
	rig_fini(&rig);
	tmpdir_remove();
}
END_TEST

START_TEST(bootstrap_without_disk_or_by_option_asks_for_no_differences)
{
	tmpdir_make();
	rig_init(&rig, 60, _i ? tmpdir : NULL);
	rig.full_only = _i;
	rig_start(&rig);
	ck_assert_int_ge(rig_until_ready(&rig, MINUTE), 0);
	rig_run(&rig, 6 * HOUR);
	ck_assert_uint_eq(rig.diffs, 0);
	ck_assert_uint_ge(rig.full, 3);
	rig_fini(&rig);
	tmpdir_remove();
}
END_TEST

static int
no_new_consensus(struct rig *r, const struct rig_job *j,
    struct dir_result *res)
{
	(void)r;
	if (j->request.kind == DIR_KIND_CONSENSUS && rig.failing)
		rig_status(res, rig.failing == 1 ? 304 : 503);
	return 0;
}

/* The directories have nothing newer for a day: we go on with what we have as
 * long as it may be used, and ask at a gentle pace. */
START_TEST(bootstrap_expired_consensus_works_for_a_day_and_no_longer)
{
	struct bootstrap_status s;

	be_quiet();
	rig_init(&rig, 60, NULL);
	rig.failing = 1 + (unsigned)_i;
	rig_start(&rig);
	ck_assert_int_ge(rig_until_ready(&rig, MINUTE), 0);
	rig.mangle = no_new_consensus;
	rig_forget(&rig);
	rig_run(&rig, 24 * HOUR);
	ck_assert_int_eq(rig_state(&rig), BOOTSTRAP_READY);
	bootstrap_status(rig.boot, &s);
	ck_assert_int_eq(s.live, 1);
	ck_assert_uint_le(rig.asked[DIR_KIND_CONSENSUS], 24 * 60);
	ck_assert_uint_ge(rig.asked[DIR_KIND_CONSENSUS], 24 * 4);
	rig_run(&rig, 4 * HOUR);
	ck_assert_int_eq(rig_state(&rig), BOOTSTRAP_NO_CONSENSUS);
	ck_assert_uint_eq(rig.resets, 1);
	bootstrap_status(rig.boot, &s);
	ck_assert_int_eq(s.live, 0);
	rig.failing = 0;
	ck_assert_int_ge(rig_until_ready(&rig, 2 * MINUTE), 0);
	ck_assert_int_ge(rig.view->valid_until, rig.loop.wall);
	rig_fini(&rig);
}
END_TEST

static int
withhold(struct rig *r, const struct rig_job *j, struct dir_result *res)
{
	size_t i, keep, len = res->len;
	char *p = (char *)res->body, *at = p;

	(void)r;
	if (j->request.kind != DIR_KIND_MICRODESCS || p == NULL)
		return 0;
	keep = rig.failing;		/* at most so many of each answer */
	for (i = 0; i < keep && at != NULL; i++)
		at = strstr(at + 1, "onion-key\nntor");
	if (at && (size_t)(at - p) < len)
		res->len = (size_t)(at - p);
	p[res->len] = '\0';
	return 0;
}

START_TEST(bootstrap_microdescs_a_few_at_a_time_come_together)
{
	be_quiet();
	rig_init(&rig, 120, NULL);
	rig.failing = 7;
	rig.mangle = withhold;
	rig_start(&rig);
	ck_assert_int_ge(rig_until_ready(&rig, 10 * MINUTE), 0);
	ck_assert_int_eq(rig.percent, 75);
	rig_run(&rig, 90 * MINUTE);
	ck_assert_uint_ge(rig.view->nusable, 115);
	rig_fini(&rig);
}
END_TEST

static int
never_some(struct rig *r, const struct rig_job *j, struct dir_result *res)
{
	(void)r;
	if (j->request.kind == DIR_KIND_MICRODESCS)
		rig_status(res, 404);
	return 0;
}

START_TEST(bootstrap_microdescs_never_to_be_had_is_no_storm)
{
	be_quiet();
	rig_init(&rig, 600, NULL);
	rig.mangle = never_some;
	rig_start(&rig);
	rig_run(&rig, HOUR);
	ck_assert_int_eq(rig_state(&rig), BOOTSTRAP_NO_DESCS);
	/* Rounds of three, one in 20 seconds or so: waits are drawn at random,
	 * and an hour of them differs by a half from another. */
	ck_assert_uint_le(rig.asked[DIR_KIND_MICRODESCS], 3 * 330);
	ck_assert_uint_ge(rig.asked[DIR_KIND_MICRODESCS], 3 * 40);
	rig_fini(&rig);
}
END_TEST

static int
no_microdescs(struct rig *r, const struct rig_job *j, struct dir_result *res)
{
	(void)r;
	if (j->request.kind == DIR_KIND_MICRODESCS)
		rig_error(res, -ECONNREFUSED);
	return 0;
}

/* The live network's size, when no guard can be had and all is dark. */
START_TEST(bootstrap_microdescs_without_guards_are_no_storm)
{
	unsigned i, asked, before = 2;	/* consensus and certificates */

	be_quiet();
	rig_init(&rig, 8000, NULL);
	rig.nfallbacks = 200;
	rig.guards = 0;
	rig.latency = 20;
	rig.mangle = no_microdescs;
	rig_start(&rig);
	for (i = 0; i < 3; i++) {
		rig_run(&rig, 10 * MINUTE);
		asked = rig.to_authorities + rig.to_fallbacks;
		ck_assert_uint_le(asked - before, 60);
		ck_assert_uint_ge(asked - before, 20);
		before = asked;
	}
	ck_assert_uint_le(rig.most_out, 3);
	ck_assert_uint_eq(rig.asked[DIR_KIND_CONSENSUS], 1);
	rig.mangle = NULL;
	bootstrap_retry(rig.boot);
	if (_i)
		rig.guards = 1;
	ck_assert_int_ge(rig_until_ready(&rig, (_i ? 11 : 15) * SECOND), 0);
	ck_assert_uint_le(rig.most_out, _i ? 12 : 3);
	rig_fini(&rig);
}
END_TEST

/* However old the need is: guards that are gone for a moment trouble no
 * source. */
START_TEST(bootstrap_microdescs_old_need_gives_guards_their_grace)
{
	be_quiet();
	rig_init(&rig, 120, NULL);
	rig.mangle = withhold;
	rig.failing = 38;		/* of 40 */
	rig_start(&rig);
	ck_assert_int_ge(rig_until_ready(&rig, MINUTE), 0);
	rig_run(&rig, 9 * MINUTE);
	rig_forget(&rig);
	rig.guards = 0;
	rig.mangle = NULL;
	rig.fraction = 2.0;		/* what is missing can't wait */
	bootstrap_recheck(rig.boot);
	rig_run(&rig, 8 * SECOND);
	ck_assert_uint_eq(rig.to_fallbacks + rig.to_authorities, 0);
	rig_run(&rig, 7 * SECOND);
	ck_assert_uint_ge(rig.to_fallbacks + rig.to_authorities, 1);
	rig_fini(&rig);
}
END_TEST

/* Nor does a consensus for which guards failed an hour long. */
START_TEST(bootstrap_consensus_old_need_gives_guards_their_grace)
{
	be_quiet();
	rig_init(&rig, 60, NULL);
	rig.failing = 2;
	rig_start(&rig);
	ck_assert_int_ge(rig_until_ready(&rig, MINUTE), 0);
	rig.mangle = no_new_consensus;
	rig_run(&rig, 5 * HOUR);
	rig_forget(&rig);
	rig.guards = 0;
	bootstrap_retry(rig.boot);
	rig_run(&rig, 9 * SECOND);
	ck_assert_uint_eq(rig.to_fallbacks + rig.to_authorities, 0);
	rig_run(&rig, 3 * SECOND);
	ck_assert_uint_ge(rig.to_fallbacks + rig.to_authorities, 1);
	ck_assert_uint_le(rig.to_fallbacks + rig.to_authorities, 3);
	rig_fini(&rig);
}
END_TEST

static int
strangers(struct rig *r, const struct rig_job *j, struct dir_result *res)
{
	static const char other[] = "onion-key\n"
	    "ntor-onion-key AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n";
	struct dir_result was = *res;

	(void)r;
	if (j->request.kind != DIR_KIND_MICRODESCS || rig.failing == 0)
		return 0;
	rig.failing--;
	res->body = NULL;
	rig_body(res, other, sizeof(other) - 1);
	free(was.body);
	return 0;
}

START_TEST(bootstrap_microdescs_not_asked_for_are_not_kept)
{
	struct bootstrap_status s;

	be_quiet();
	rig_init(&rig, 120, NULL);
	rig.failing = 3;
	rig.mangle = strangers;
	rig_start(&rig);
	rig_run(&rig, 950);
	ck_assert_int_eq(rig.verdict, -EBADMSG);
	bootstrap_status(rig.boot, &s);
	ck_assert_uint_eq(s.microdescs, 0);
	ck_assert_int_ge(rig_until_ready(&rig, MINUTE), 0);
	bootstrap_status(rig.boot, &s);
	ck_assert_uint_eq(s.microdescs, 120);
	rig_fini(&rig);
}
END_TEST

/* A new consensus of which we know too little does not replace a view that
 * works. */
START_TEST(bootstrap_view_that_works_stays_until_the_next_is_enough)
{
	rig_init(&rig, 100, NULL);
	rig.churn = 90;
	rig_start(&rig);
	ck_assert_int_ge(rig_until_ready(&rig, MINUTE), 0);
	rig_forget(&rig);
	rig.failing_kind = DIR_KIND_MICRODESCS;
	rig.failure = 1;
	rig.failing = 1000;
	rig.mangle = rig_fail_some;
	while (rig.asked[DIR_KIND_MICRODESCS] == 0)
		rig_run(&rig, MINUTE);
	rig_run(&rig, MINUTE);
	ck_assert_int_eq(rig_state(&rig), BOOTSTRAP_READY);
	ck_assert_uint_eq(rig.netdirs, 0);
	ck_assert_int_eq(rig.view->valid_after, RIG_T0);
	rig.failing = 0;
	rig_run(&rig, 11 * MINUTE);
	ck_assert_int_gt(rig.view->valid_after, RIG_T0);
	check_view(100);
	rig_fini(&rig);
}
END_TEST

/* --- how microdescriptors are shared out --- */

static unsigned batches;
static size_t least, most, total;
static int64_t asked_at;

static int
count_batch(struct rig *r, const struct rig_job *j, struct dir_result *res)
{
	const char *at = j->path;
	size_t n = 1;

	(void)res;
	if (j->request.kind != DIR_KIND_MICRODESCS)
		return 0;
	while ((at = strchr(at, '-')) != NULL) {
		at++;
		n++;
	}
	batches++;
	asked_at = r->loop.now;
	total += n;
	least = batches == 1 || n < least ? n : least;
	most = n > most ? n : most;
	return 0;
}

static const struct {
	size_t	 relays;
	unsigned batches;
	size_t	 least, most;
	unsigned out;		/* at once */
} batch_cases[] = {
	{ 10, 1, 10, 10, 3 }, { 32, 1, 32, 32, 3 }, { 33, 2, 1, 32, 3 },
	{ 96, 3, 32, 32, 3 }, { 100, 3, 32, 34, 3 }, { 1500, 3, 500, 500, 3 },
	{ 1501, 4, 1, 500, 4 }, { 6000, 12, 500, 500, 12 },
	{ 8000, 0, 32, 500, 12 }
};

START_TEST(bootstrap_microdescs_are_shared_out_in_batches)
{
	rig_init(&rig, batch_cases[_i].relays, NULL);
	rig.mangle = count_batch;
	rig.fraction = 1;
	rig_start(&rig);
	ck_assert_int_ge(rig_until_ready(&rig, MINUTE), 0);
	ck_assert_uint_eq(total, batch_cases[_i].relays);
	ck_assert_uint_eq(most, batch_cases[_i].most);
	if (batch_cases[_i].batches) {
		ck_assert_uint_eq(batches, batch_cases[_i].batches);
		ck_assert_uint_eq(least, batch_cases[_i].least);
	} else {
		ck_assert_uint_gt(batches, 12);
		ck_assert_uint_le(batches, 32);
	}
	ck_assert_uint_le(rig.most_out, batch_cases[_i].out);
	rig_fini(&rig);
}
END_TEST

/* Fewer than sixteen can wait for more, but no more than ten minutes. */
START_TEST(bootstrap_microdescs_few_wait_ten_minutes_at_most)
{
	int64_t last;

	be_quiet();
	rig_init(&rig, 90, NULL);
	rig.mangle = withhold;
	rig.failing = _i ? 26 : 25;	/* of 30, three times: 12 or 15 */
	rig_start(&rig);
	ck_assert_int_ge(rig_until_ready(&rig, MINUTE), 0);
	last = rig.loop.now;
	rig_forget(&rig);
	rig.mangle = count_batch;
	while (batches == 0 && rig.loop.now - last < 11 * MINUTE)
		rig_run(&rig, SECOND);
	ck_assert_uint_eq(batches, 1);
	ck_assert_int_ge(asked_at - last, 9 * MINUTE);
	ck_assert_int_le(asked_at - last, 10 * MINUTE + 2 * SECOND);
	rig_fini(&rig);
}
END_TEST

/* --- when the next consensus is due --- */

/* From three quarters of an interval after it is no longer fresh, over seven
 * eighths of the rest of its life (dir-spec 5.1). */
START_TEST(bootplan_schedule_keeps_to_its_window_and_fills_it)
{
	int64_t from = RIG_T0 + 3600 + 2700, span, at, min, max;
	int i;

	span = (RIG_T0 + 3 * 3600 - from) * 7 / 8;
	rig_init(&rig, 20, NULL);
	rig_start(&rig);
	ck_assert_int_ge(rig_until_ready(&rig, MINUTE), 0);
	min = INT64_MAX;
	max = 0;
	for (i = 0; i < 50000; i++) {
		bootplan_schedule_consensus(rig.boot);
		at = rig.boot->next_consensus;
		min = at < min ? at : min;
		max = at > max ? at : max;
	}
	ck_assert_int_ge(min, from);
	ck_assert_int_le(min, from + 10);
	ck_assert_int_lt(max, from + span);
	ck_assert_int_ge(max, from + span - 10);
	rig_fini(&rig);
}
END_TEST

/* --- a testing network --- */

static void
testing_net(void)
{
	rig_init(&rig, 8, NULL);
	rig.testing = 1;
	rig.interval = 10;
	rig.lifetime = 20;
	rig.latency = 30;
	rig.nfallbacks = 0;
	rig.churn = 1;
}

START_TEST(bootstrap_testing_network_keeps_up_with_20_seconds)
{
	int i;

	testing_net();
	rig_start(&rig);
	ck_assert_int_ge(rig_until_ready(&rig, 3 * SECOND), 0);
	ck_assert_uint_eq(rig.to_fallbacks, 0);
	rig_forget(&rig);
	for (i = 0; i < 300; i++) {
		rig_run(&rig, SECOND);
		ck_assert_int_eq(rig_state(&rig), BOOTSTRAP_READY);
		ck_assert_int_ge(rig.view->valid_until, rig.loop.wall - 2);
	}
	ck_assert_uint_eq(rig.to_authorities, 0);
	ck_assert_uint_eq(rig.resets, 0);
	rig_fini(&rig);
}
END_TEST

START_TEST(bootstrap_testing_network_404_is_asked_again_soon)
{
	be_quiet();
	testing_net();
	rig.failing = 100000;
	rig.failure = 1;
	rig.failing_kind = DIR_KIND_CONSENSUS;
	rig.mangle = rig_fail_some;
	rig_start(&rig);
	rig_run(&rig, 10 * SECOND);
	ck_assert_uint_ge(rig.asked[DIR_KIND_CONSENSUS], 5);
	ck_assert_uint_le(rig.asked[DIR_KIND_CONSENSUS], 11);
	rig_run(&rig, _i ? 5 * MINUTE : 50 * SECOND);
	rig.failing = 0;
	ck_assert_int_ge(rig_until_ready(&rig, 4 * SECOND), 0);
	rig_fini(&rig);
}
END_TEST

START_TEST(bootstrap_testing_network_down_is_no_storm_either)
{
	be_quiet();
	testing_net();
	rig_start(&rig);
	ck_assert_int_ge(rig_until_ready(&rig, 3 * SECOND), 0);
	rig_forget(&rig);
	rig.mangle = rig_all_down;
	rig_run(&rig, 10 * MINUTE);
	ck_assert_uint_le(rig.to_guards + rig.to_authorities, 60);
	ck_assert_int_eq(rig_state(&rig), BOOTSTRAP_READY);
	rig.mangle = NULL;
	rig_run(&rig, MINUTE);
	ck_assert_int_ge(rig.view->valid_until, rig.loop.wall);
	rig_fini(&rig);
}
END_TEST

START_TEST(bootstrap_testing_network_paused_for_minutes_goes_on)
{
	testing_net();
	rig_start(&rig);
	ck_assert_int_ge(rig_until_ready(&rig, 3 * SECOND), 0);
	be_quiet();
	/* Nothing ran for 5 minutes: the consensus is long past its end. */
	loop_set(&rig.loop, rig.loop.now + 5 * MINUTE, rig.loop.wall + 300);
	ck_assert_int_eq(rig_state(&rig), BOOTSTRAP_READY);
	rig_run(&rig, 3 * SECOND);
	ck_assert_int_eq(rig_state(&rig), BOOTSTRAP_READY);
	ck_assert_uint_eq(rig.resets, 0);
	ck_assert_int_ge(rig.view->valid_until, rig.loop.wall);
	rig_fini(&rig);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(bootstrap_consensus_rolls_over_for_days),
	UNIT_LOOP(bootstrap_bad_differences_fall_back_to_the_whole, 4),
	UNIT_LOOP(bootstrap_differences_not_asked_for_are_no_storm, 2),
	UNIT_LOOP(bootstrap_without_disk_or_by_option_asks_for_no_differences,
	    2),
	UNIT_LOOP(bootstrap_expired_consensus_works_for_a_day_and_no_longer, 2),
	UNIT(bootstrap_microdescs_a_few_at_a_time_come_together),
	UNIT(bootstrap_microdescs_never_to_be_had_is_no_storm),
	UNIT_LOOP(bootstrap_microdescs_without_guards_are_no_storm, 2),
	UNIT(bootstrap_microdescs_old_need_gives_guards_their_grace),
	UNIT(bootstrap_consensus_old_need_gives_guards_their_grace),
	UNIT(bootstrap_microdescs_not_asked_for_are_not_kept),
	UNIT(bootstrap_view_that_works_stays_until_the_next_is_enough),
	UNIT_LOOP(bootstrap_microdescs_are_shared_out_in_batches,
	    NELEM(batch_cases)),
	UNIT_LOOP(bootstrap_microdescs_few_wait_ten_minutes_at_most, 2),
	UNIT(bootplan_schedule_keeps_to_its_window_and_fills_it),
	UNIT(bootstrap_testing_network_keeps_up_with_20_seconds),
	UNIT_LOOP(bootstrap_testing_network_404_is_asked_again_soon, 2),
	UNIT(bootstrap_testing_network_down_is_no_storm_either),
	UNIT(bootstrap_testing_network_paused_for_minutes_goes_on)
};

int
main(void)
{
	crypt_init();
	fakeauth_init(RIG_AUTHS + 1);
	return unit_run("bootplan", tests, NELEM(tests));
}

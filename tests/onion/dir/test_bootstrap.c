/* tests/onion/dir/test_bootstrap.c - fetching, failures, time; no disk */
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

static void
check_view(size_t n)
{
	ck_assert_ptr_nonnull(rig.view);
	ck_assert_uint_eq(rig.view->nrelays, n);
	ck_assert_uint_eq(rig.view->nusable, n);
}

/* --- the plain case --- */

START_TEST(bootstrap_start_from_nothing_gets_a_view)
{
	struct bootstrap_status s;

	rig_init(&rig, 120, NULL);
	rig_start(&rig);
	ck_assert_int_eq(rig_state(&rig), BOOTSTRAP_NO_CONSENSUS);
	ck_assert_int_ge(rig_until_ready(&rig, MINUTE), 0);
	rig_run(&rig, SECOND);
	check_view(120);
	ck_assert_int_eq(rig.percent, 75);
	ck_assert_uint_eq(rig.asked[DIR_KIND_CONSENSUS], 1);
	ck_assert_uint_eq(rig.asked[DIR_KIND_CERTS], 1);
	ck_assert_uint_eq(rig.asked[DIR_KIND_MICRODESCS], 3);
	ck_assert_uint_eq(rig.to_fallbacks, 2);
	ck_assert_uint_eq(rig.to_authorities, 0);
	ck_assert_uint_eq(rig.to_guards, 3);
	bootstrap_status(rig.boot, &s);
	ck_assert_str_eq(s.trouble, "");
	ck_assert_int_eq(s.live, 2);
	ck_assert_uint_eq(s.missing, 0);
	ck_assert_uint_eq(s.relays, 120);
	rig_fini(&rig);
}
END_TEST

START_TEST(bootstrap_start_600_relays_are_asked_for_in_three)
{
	rig_init(&rig, 600, NULL);
	rig_start(&rig);
	ck_assert_int_ge(rig_until_ready(&rig, MINUTE), 0);
	rig_run(&rig, SECOND);
	ck_assert_uint_eq(rig.asked[DIR_KIND_MICRODESCS], 3);
	check_view(600);
	rig_fini(&rig);
}
END_TEST

START_TEST(bootstrap_start_without_guards_asks_sources_for_all)
{
	rig_init(&rig, 120, NULL);
	rig.guards = 0;
	rig_start(&rig);
	ck_assert_int_ge(rig_until_ready(&rig, MINUTE), 0);
	ck_assert_uint_eq(rig.to_guards, 0);
	rig_run(&rig, MINUTE);
	check_view(120);
	rig_fini(&rig);
}
END_TEST

/* --- failures at each step --- */

static unsigned failing;	/* answers still to go wrong */
static enum dir_kind failing_kind;
static int failure;

static int
fail_some(struct rig *r, const struct rig_job *j, struct dir_result *res)
{
	(void)r;
	if (j->request.kind != failing_kind || failing == 0)
		return 0;
	failing--;
	switch (failure) {
	case 0:
		rig_error(res, -ECONNREFUSED);
		break;
	case 1:
		rig_status(res, 404);
		break;
	case 2:
		rig_status(res, 503);
		break;
	case 3:				/* cut in the middle, but sold as whole */
		if (res->body)
			res->len /= 2;
		break;
	case 4:
		rig_body(res, "<html>captive portal</html>", 27);
		break;
	case 5:
		rig_body(res, "", 0);
		break;
	case 6:
		rig_error(res, -EMSGSIZE);
		break;
	case 7:
		if (res->body)
			res->body[res->len / 2] ^= 1;
		break;
	case 8:
		rig_status(res, 304);
		break;
	default:
		return 1;		/* silence */
	}
	return 0;
}

static const enum dir_kind kinds[3] = {
	DIR_KIND_CONSENSUS, DIR_KIND_CERTS, DIR_KIND_MICRODESCS
};
enum { FAILURES = 9 };

START_TEST(bootstrap_failures_at_any_step_are_got_over)
{
	failure = _i / 3;
	failing_kind = kinds[_i % 3];
	failing = 5;
	be_quiet();
	rig_init(&rig, 120, NULL);
	rig.mangle = fail_some;
	rig_start(&rig);
	ck_assert_msg(rig_until_ready(&rig, 5 * MINUTE) >= 0,
	    "kind %d, failure %d", failing_kind, failure);
	rig.churn = 0;
	rig_run(&rig, 70 * MINUTE);	/* the last few can wait */
	check_view(120);
	rig_fini(&rig);
}
END_TEST

/* What never answers: another is asked in the meantime, and the first to
 * deliver makes the others be given up. */
START_TEST(bootstrap_silent_sources_are_hedged)
{
	failure = 99;
	failing_kind = DIR_KIND_CONSENSUS;
	failing = 2;
	rig_init(&rig, 120, NULL);
	rig.mangle = fail_some;
	rig_start(&rig);
	ck_assert_int_ge(rig_until_ready(&rig, 30 * SECOND), 0);
	ck_assert_uint_eq(rig.asked[DIR_KIND_CONSENSUS], 3);
	ck_assert_uint_eq(rig.cancels, 2);
	rig_fini(&rig);
}
END_TEST

/* All the answers come slowly: no more than three at a time are waited for. */
START_TEST(bootstrap_slow_sources_are_at_most_three_at_once)
{
	rig_init(&rig, 120, NULL);
	rig.latency = 50 * SECOND;
	rig_start(&rig);
	rig_run(&rig, 49 * SECOND);
	ck_assert_uint_le(rig.most_out, 3);
	ck_assert_uint_ge(rig.to_authorities, 1);	/* after 6 s */
	ck_assert_int_ge(rig_until_ready(&rig, 10 * MINUTE), 0);
	rig_fini(&rig);
}
END_TEST

static int
all_down(struct rig *r, const struct rig_job *j, struct dir_result *res)
{
	(void)r;
	(void)j;
	rig_error(res, -ECONNREFUSED);
	return 0;
}

static int
none_answers(struct rig *r, const struct rig_job *j, struct dir_result *res)
{
	(void)r;
	(void)j;
	rig_error(res, -ETIMEDOUT);
	return 0;
}

/* threats 4.2: at most 60 connects in any 10 minutes, and back within 60 s. */
START_TEST(bootstrap_all_down_for_an_hour_is_no_storm_and_recovers)
{
	unsigned i, asked, before = 0;
	struct bootstrap_status s;

	be_quiet();
	rig_init(&rig, 120, NULL);
	rig.mangle = _i ? none_answers : all_down;
	rig.latency = _i ? 10 * SECOND : 20;
	rig_start(&rig);
	for (i = 0; i < 6; i++) {
		rig_run(&rig, 10 * MINUTE);
		asked = rig.to_authorities + rig.to_fallbacks;
		ck_assert_uint_le(asked - before, 60);
		ck_assert_uint_ge(asked - before, 10);
		before = asked;
	}
	bootstrap_status(rig.boot, &s);
	ck_assert_ptr_nonnull(strstr(s.trouble, "requests failed"));
	rig.mangle = NULL;
	rig.latency = 300;
	ck_assert_int_ge(rig_until_ready(&rig, 60 * SECOND), 0);
	rig_fini(&rig);
}
END_TEST

START_TEST(bootstrap_retry_after_an_outage_works_at_once)
{
	be_quiet();
	rig_init(&rig, 120, NULL);
	rig.mangle = all_down;
	rig_start(&rig);
	rig_run(&rig, HOUR);
	rig.mangle = NULL;
	bootstrap_retry(rig.boot);
	ck_assert_int_ge(rig_until_ready(&rig, 3 * SECOND), 0);
	rig_fini(&rig);
}
END_TEST

START_TEST(bootstrap_retry_for_every_client_is_no_storm)
{
	unsigned i;

	be_quiet();
	rig_init(&rig, 120, NULL);
	rig.mangle = all_down;
	rig_start(&rig);
	for (i = 0; i < 6000; i++) {
		bootstrap_retry(rig.boot);
		rig_run(&rig, 100);
	}
	ck_assert_uint_le(rig.to_authorities + rig.to_fallbacks, 60);
	rig_fini(&rig);
}
END_TEST

START_TEST(bootstrap_guards_gone_for_a_moment_trouble_no_source)
{
	rig_init(&rig, 120, NULL);
	rig.guards = 0;
	rig_start(&rig);
	rig_run(&rig, 5 * SECOND);
	ck_assert_uint_eq(rig.to_fallbacks, 2);	/* consensus, certificates */
	rig.guards = 1;
	ck_assert_int_ge(rig_until_ready(&rig, 5 * SECOND), 0);
	ck_assert_uint_eq(rig.to_fallbacks + rig.to_authorities, 2);
	rig_fini(&rig);
}
END_TEST

START_TEST(bootstrap_fetch_refused_by_owner_is_a_failure_like_others)
{
	be_quiet();
	rig_init(&rig, 120, NULL);
	rig.fetch_rc = -ENETUNREACH;
	rig_start(&rig);
	rig_run(&rig, 10 * MINUTE);
	ck_assert_uint_le(rig.to_authorities + rig.to_fallbacks, 60);
	rig.fetch_rc = 0;
	ck_assert_int_ge(rig_until_ready(&rig, 60 * SECOND), 0);
	rig_fini(&rig);
}
END_TEST

/* --- signatures --- */

START_TEST(bootstrap_too_few_good_signatures_are_never_accepted)
{
	be_quiet();
	rig_init(&rig, 60, NULL);
	if (_i == 0)
		rig.signers = 1;		/* one of three */
	else
		rig.forged = 3;			/* two of three are wrong */
	rig_start(&rig);
	rig_run(&rig, 10 * MINUTE);
	ck_assert_ptr_null(rig.view);
	ck_assert_int_ne(rig_state(&rig), BOOTSTRAP_READY);
	ck_assert_int_eq(rig.asked[DIR_KIND_MICRODESCS], 0);
	rig_fini(&rig);
}
END_TEST

START_TEST(bootstrap_two_of_three_signatures_are_enough)
{
	rig_init(&rig, 60, NULL);
	rig.signers = _i ? 7 : 5;
	rig.forged = _i ? 2 : 0;
	rig_start(&rig);
	ck_assert_int_ge(rig_until_ready(&rig, MINUTE), 0);
	rig_fini(&rig);
}
END_TEST

static int
serve_stranger(struct rig *r, const struct rig_job *j, struct dir_result *res)
{
	char *cert;
	size_t len;

	(void)r;
	if (j->request.kind != DIR_KIND_CERTS || failing == 0)
		return 0;
	failing--;
	/* Authority 3 is none of those configured. */
	cert = fakeauth_cert(RIG_AUTHS, 0, RIG_T0, RIG_T0 + 864000,
	    &len);
	rig_body(res, cert, len);
	free(cert);
	return 0;
}

START_TEST(bootstrap_wrong_certificates_are_got_over)
{
	failing = 5;
	be_quiet();
	rig_init(&rig, 60, NULL);
	rig.signers = 7;
	rig.mangle = serve_stranger;
	rig_start(&rig);
	rig_run(&rig, 800);
	ck_assert_int_eq(rig_state(&rig), BOOTSTRAP_NO_CERTS);
	ck_assert_int_ge(rig_until_ready(&rig, 5 * MINUTE), 0);
	rig_fini(&rig);
}
END_TEST

/* A consensus that claims signing keys that nobody has must not keep us from
 * the true one for long. */
static int
serve_forgery(struct rig *r, const struct rig_job *j, struct dir_result *res)
{
	char *at;

	(void)r;
	if (j->request.kind != DIR_KIND_CONSENSUS || failing == 0)
		return 0;
	failing--;
	/* Another signing key, and of a later hour. */
	for (at = (char *)res->body;
	    (at = strstr(at, "directory-signature sha256 ")) != NULL; at++)
		memset(at + 27 + 41, 'A', 40);
	at = strstr((char *)res->body, "valid-after ");
	memcpy(at + 12, "2026-11-23 00:30:00", 19);
	return 0;
}

START_TEST(bootstrap_forged_consensus_does_not_block_the_true_one)
{
	int64_t took;

	failing = 1;
	be_quiet();
	rig_init(&rig, 60, NULL);
	rig.mangle = serve_forgery;
	rig_start(&rig);
	took = rig_until_ready(&rig, 5 * MINUTE);
	ck_assert_int_ge(took, 0);
	ck_assert_int_le(took, 2 * MINUTE);
	ck_assert_int_eq(rig.view->valid_after, RIG_T0);
	rig_fini(&rig);
}
END_TEST

START_TEST(bootstrap_new_signing_keys_are_fetched_when_seen)
{
	rig_init(&rig, 60, NULL);
	rig_start(&rig);
	ck_assert_int_ge(rig_until_ready(&rig, MINUTE), 0);
	rig.generation = 1;
	rig_forget(&rig);
	rig_run(&rig, 3 * HOUR);
	ck_assert_uint_eq(rig.asked[DIR_KIND_CERTS], 1);
	ck_assert_int_ge(rig.view->valid_after, RIG_T0 + 3600);
	ck_assert_int_eq(rig_state(&rig), BOOTSTRAP_READY);
	rig_fini(&rig);
}
END_TEST

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
	/* One every 1.75 to 2.9 hours, as differences, from guards. */
	ck_assert_uint_ge(rig.asked[DIR_KIND_CONSENSUS], hours / 3);
	ck_assert_uint_le(rig.asked[DIR_KIND_CONSENSUS], hours * 4 / 7 + 1);
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
	switch (failure) {
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
	failure = _i;
	be_quiet();
	tmpdir_make();
	rig_init(&rig, 60, tmpdir);
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
	if (j->request.kind == DIR_KIND_CONSENSUS && failing)
		rig_status(res, failing == 1 ? 304 : 503);
	return 0;
}

/* The directories have nothing newer for a day: we go on with what we have as
 * long as it may be used, and ask at a gentle pace. */
START_TEST(bootstrap_expired_consensus_works_for_a_day_and_no_longer)
{
	struct bootstrap_status s;

	be_quiet();
	failing = 1 + (unsigned)_i;
	rig_init(&rig, 60, NULL);
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
	failing = 0;
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
	keep = failing;			/* at most so many of each answer */
	for (i = 0; i < keep && at != NULL; i++)
		at = strstr(at + 1, "onion-key\nntor");
	if (at && (size_t)(at - p) < len)
		res->len = (size_t)(at - p);
	p[res->len] = '\0';
	return 0;
}

START_TEST(bootstrap_microdescs_a_few_at_a_time_come_together)
{
	failing = 7;
	be_quiet();
	rig_init(&rig, 120, NULL);
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
	/* Rounds of three; one in 20 seconds. */
	ck_assert_uint_le(rig.asked[DIR_KIND_MICRODESCS], 3 * 200);
	ck_assert_uint_ge(rig.asked[DIR_KIND_MICRODESCS], 3 * 80);
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
	if (j->request.kind != DIR_KIND_MICRODESCS || failing == 0)
		return 0;
	failing--;
	res->body = NULL;
	rig_body(res, other, sizeof(other) - 1);
	free(was.body);
	return 0;
}

START_TEST(bootstrap_microdescs_not_asked_for_are_not_kept)
{
	struct bootstrap_status s;

	failing = 3;
	be_quiet();
	rig_init(&rig, 120, NULL);
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
	failing_kind = DIR_KIND_MICRODESCS;
	failure = 1;
	failing = 1000;
	rig.mangle = fail_some;
	while (rig.asked[DIR_KIND_MICRODESCS] == 0)
		rig_run(&rig, MINUTE);
	rig_run(&rig, MINUTE);
	ck_assert_int_eq(rig_state(&rig), BOOTSTRAP_READY);
	ck_assert_uint_eq(rig.netdirs, 0);
	ck_assert_int_eq(rig.view->valid_after, RIG_T0);
	failing = 0;
	rig_run(&rig, 11 * MINUTE);
	ck_assert_int_gt(rig.view->valid_after, RIG_T0);
	check_view(100);
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
	failing = 100000;
	failure = 1;
	failing_kind = DIR_KIND_CONSENSUS;
	rig.mangle = fail_some;
	rig_start(&rig);
	rig_run(&rig, 10 * SECOND);
	ck_assert_uint_ge(rig.asked[DIR_KIND_CONSENSUS], 5);
	ck_assert_uint_le(rig.asked[DIR_KIND_CONSENSUS], 11);
	rig_run(&rig, 50 * SECOND);
	failing = 0;
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
	rig.mangle = all_down;
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

/* --- protocols --- */

START_TEST(bootstrap_required_protocol_that_we_lack_ends_it)
{
	struct bootstrap_status s;

	be_quiet();
	rig_init(&rig, 60, NULL);
	rig.lines = "required-client-protocols Link=63\n";
	rig_start(&rig);
	rig_run(&rig, MINUTE);
	ck_assert_int_eq(rig_state(&rig), BOOTSTRAP_OBSOLETE);
	bootstrap_status(rig.boot, &s);
	ck_assert_ptr_nonnull(strstr(s.trouble, "Link=63"));
	ck_assert_ptr_null(rig.view);
	rig_forget(&rig);
	rig_run(&rig, 24 * HOUR);
	ck_assert_uint_eq(rig.asked[DIR_KIND_CONSENSUS], 0);
	ck_assert_uint_eq(rig.asked[DIR_KIND_MICRODESCS], 0);
	rig_fini(&rig);
}
END_TEST

START_TEST(bootstrap_protocols_recommended_or_known_do_not_matter)
{
	rig_init(&rig, 60, NULL);
	rig.lines = _i ? "recommended-client-protocols Link=63 Relay=9\n" :
	    "required-client-protocols Cons=2 Desc=2 FlowCtrl=1 Link=4 "
	    "Microdesc=2 Relay=2\n";
	rig_start(&rig);
	ck_assert_int_ge(rig_until_ready(&rig, MINUTE), 0);
	rig_fini(&rig);
}
END_TEST

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
	bootstrap_status(rig.boot, &s);
	ck_assert_int_eq(s.state == BOOTSTRAP_READY,
	    jumps[_i] < 24 * 3600 && jumps[_i] > -24 * 3600);
	ck_assert_uint_le(rig.to_authorities + rig.to_fallbacks, 30);
	/* It is put right. */
	back = rig.loop.wall - jumps[_i];
	loop_set(&rig.loop, rig.loop.now + 1, back);
	rig.skew = 0;
	rig_run(&rig, 90 * SECOND);
	ck_assert_int_eq(rig_state(&rig), BOOTSTRAP_READY);
	ck_assert_int_ge(rig.view->valid_until, rig.loop.wall);
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

/* --- the owner's word --- */

START_TEST(bootstrap_stop_is_quiet_and_start_goes_on)
{
	int at[] = { 0, 100, 400, 700, 1000, 60000 };
	size_t i;

	for (i = 0; i < NELEM(at); i++) {
		rig_init(&rig, 60, NULL);
		rig_start(&rig);
		rig_run(&rig, at[i]);
		bootstrap_stop(rig.boot);
		ck_assert_uint_eq(rig.out, 0);
		ck_assert_int_eq(rig_state(&rig), BOOTSTRAP_IDLE);
		rig_forget(&rig);
		rig_run(&rig, HOUR);
		ck_assert_uint_eq(rig.to_guards + rig.to_fallbacks +
		    rig.to_authorities, 0);
		rig_start(&rig);
		ck_assert_int_ge(rig_until_ready(&rig, MINUTE), 0);
		rig_fini(&rig);
	}
}
END_TEST

START_TEST(bootstrap_free_at_any_time_leaves_nothing_behind)
{
	int at;

	for (at = 0; at < 1500; at += 97) {
		rig_init(&rig, 60, NULL);
		rig_start(&rig);
		rig_run(&rig, at);
		rig_stop(&rig);
		loop_end_turn(&rig.loop);
		ck_assert_int_eq(loop_next(&rig.loop), LOOP_NEVER);
		rig_fini(&rig);
	}
}
END_TEST

START_TEST(bootstrap_recheck_asks_enough_again)
{
	rig_init(&rig, 60, NULL);
	rig_start(&rig);
	ck_assert_int_ge(rig_until_ready(&rig, MINUTE), 0);
	rig.fraction = 2.0;
	bootstrap_recheck(rig.boot);
	rig_run(&rig, 100);
	ck_assert_int_eq(rig_state(&rig), BOOTSTRAP_NO_DESCS);
	rig.fraction = 0.6;
	bootstrap_recheck(rig.boot);
	rig_run(&rig, 100);
	ck_assert_int_eq(rig_state(&rig), BOOTSTRAP_READY);
	rig_fini(&rig);
}
END_TEST

START_TEST(bootstrap_result_for_nobody_is_passed_over)
{
	struct dir_result r = { .err = 0, .status = 200 };

	rig_init(&rig, 60, NULL);
	rig_start(&rig);
	ck_assert_int_eq(bootstrap_result(rig.boot, 12345, &r), 0);
	ck_assert_int_eq(bootstrap_result(rig.boot, 0, &r), 0);
	rig_fini(&rig);
}
END_TEST

START_TEST(bootstrap_new_without_authorities_is_refused)
{
	struct bootstrap_conf c = { .loop = &rig.loop };
	struct bootstrap *b;
	struct dirsources *s;

	loop_init(&rig.loop, 0, 0);
	ck_assert_int_eq(dirsources_new(&s, &rig.loop, NULL, 0, NULL, 0, 0),
	    0);
	c.sources = s;
	ck_assert_int_eq(bootstrap_new(&b, &c), -EINVAL);
	dirsources_free(s);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(bootstrap_start_from_nothing_gets_a_view),
	UNIT(bootstrap_start_600_relays_are_asked_for_in_three),
	UNIT(bootstrap_start_without_guards_asks_sources_for_all),
	UNIT_LOOP(bootstrap_failures_at_any_step_are_got_over, 3 * FAILURES),
	UNIT(bootstrap_silent_sources_are_hedged),
	UNIT(bootstrap_slow_sources_are_at_most_three_at_once),
	UNIT_LOOP(bootstrap_all_down_for_an_hour_is_no_storm_and_recovers, 2),
	UNIT(bootstrap_retry_after_an_outage_works_at_once),
	UNIT(bootstrap_retry_for_every_client_is_no_storm),
	UNIT(bootstrap_guards_gone_for_a_moment_trouble_no_source),
	UNIT(bootstrap_fetch_refused_by_owner_is_a_failure_like_others),
	UNIT_LOOP(bootstrap_too_few_good_signatures_are_never_accepted, 2),
	UNIT_LOOP(bootstrap_two_of_three_signatures_are_enough, 2),
	UNIT(bootstrap_wrong_certificates_are_got_over),
	UNIT(bootstrap_forged_consensus_does_not_block_the_true_one),
	UNIT(bootstrap_new_signing_keys_are_fetched_when_seen),
	UNIT(bootstrap_consensus_rolls_over_for_days),
	UNIT_LOOP(bootstrap_bad_differences_fall_back_to_the_whole, 4),
	UNIT_LOOP(bootstrap_without_disk_or_by_option_asks_for_no_differences,
	    2),
	UNIT_LOOP(bootstrap_expired_consensus_works_for_a_day_and_no_longer,
	    2),
	UNIT(bootstrap_microdescs_a_few_at_a_time_come_together),
	UNIT(bootstrap_microdescs_never_to_be_had_is_no_storm),
	UNIT(bootstrap_microdescs_not_asked_for_are_not_kept),
	UNIT(bootstrap_view_that_works_stays_until_the_next_is_enough),
	UNIT(bootstrap_testing_network_keeps_up_with_20_seconds),
	UNIT(bootstrap_testing_network_404_is_asked_again_soon),
	UNIT(bootstrap_testing_network_down_is_no_storm_either),
	UNIT(bootstrap_testing_network_paused_for_minutes_goes_on),
	UNIT(bootstrap_required_protocol_that_we_lack_ends_it),
	UNIT_LOOP(bootstrap_protocols_recommended_or_known_do_not_matter, 2),
	UNIT_LOOP(bootstrap_clock_behind_is_found_from_the_consensus, 3),
	UNIT_LOOP(bootstrap_clock_ahead_is_found_from_dates, 2),
	UNIT(bootstrap_skew_one_relay_alone_says_nothing),
	UNIT_LOOP(bootstrap_clock_jumps_are_survived, 6),
	UNIT(bootstrap_after_a_sleep_of_hours_is_up_to_date_soon),
	UNIT(bootstrap_stop_is_quiet_and_start_goes_on),
	UNIT(bootstrap_free_at_any_time_leaves_nothing_behind),
	UNIT(bootstrap_recheck_asks_enough_again),
	UNIT(bootstrap_result_for_nobody_is_passed_over),
	UNIT(bootstrap_new_without_authorities_is_refused)
};

int
main(void)
{
	crypt_init();
	fakeauth_init(RIG_AUTHS + 1);
	return unit_run("bootstrap", tests, NELEM(tests));
}

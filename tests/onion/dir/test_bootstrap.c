/* tests/onion/dir/test_bootstrap.c - from nothing to a view, through failures
 */
#include "onion/dir/bootstrap.h"

#include <errno.h>
#include <string.h>

#include "onion/crypto/crypt.h"
#include "onion/dir/bootstrap_int.h"
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

static const enum dir_kind kinds[3] = {
	DIR_KIND_CONSENSUS, DIR_KIND_CERTS, DIR_KIND_MICRODESCS
};
enum { FAILURES = 9 };

START_TEST(bootstrap_failures_at_any_step_are_got_over)
{
	be_quiet();
	rig_init(&rig, 120, NULL);
	rig.failure = _i / 3;
	rig.failing_kind = kinds[_i % 3];
	rig.failing = 5;
	rig.mangle = rig_fail_some;
	rig_start(&rig);
	ck_assert_msg(rig_until_ready(&rig, 5 * MINUTE) >= 0,
	    "kind %d, failure %d", rig.failing_kind, rig.failure);
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
	rig_init(&rig, 120, NULL);
	rig.failure = 99;
	rig.failing_kind = DIR_KIND_CONSENSUS;
	rig.failing = 2;
	rig.mangle = rig_fail_some;
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
	rig.mangle = _i ? none_answers : rig_all_down;
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
	rig.mangle = rig_all_down;
	rig_start(&rig);
	rig_run(&rig, HOUR);
	rig.mangle = NULL;
	bootstrap_retry(rig.boot);
	ck_assert_int_ge(rig_until_ready(&rig, 3 * SECOND), 0);
	rig_fini(&rig);
}
END_TEST

/* However much was tried in vain, a user, or a clock that is set, gets a try
 * at once. */
START_TEST(bootstrap_budget_used_up_lets_who_waits_pass)
{
	size_t i;

	be_quiet();
	rig_init(&rig, 120, NULL);
	rig.mangle = rig_all_down;
	rig_start(&rig);
	rig_run(&rig, SECOND);
	for (i = 0; i < BOOT_BUDGET; i++)
		rig.boot->place[i] = rig.loop.now + 9 * MINUTE;
	rig_run(&rig, MINUTE);
	rig.mangle = NULL;
	rig_forget(&rig);
	rig_run(&rig, MINUTE);
	ck_assert_uint_eq(rig.asked[DIR_KIND_CONSENSUS], 0);
	if (_i == 0)
		bootstrap_retry(rig.boot);
	else
		loop_set(&rig.loop, rig.loop.now + 1, rig.loop.wall + 3600);
	ck_assert_int_ge(rig_until_ready(&rig, 3 * SECOND), 0);
	rig_fini(&rig);
}
END_TEST

static size_t
places_taken(void)
{
	size_t i, n = 0;

	for (i = 0; i < BOOT_BUDGET; i++)
		n += rig.boot->place[i] > rig.loop.now;
	return n;
}

/* Nothing went out: nobody to ask, or an owner who would not. */
START_TEST(bootstrap_budget_counts_only_what_was_sent)
{
	be_quiet();
	rig_init(&rig, 120, NULL);
	if (_i == 0)
		rig.fetch_rc = -EAGAIN;
	else
		rig.nfallbacks = 1;
	rig.latency = _i ? 10 * MINUTE : 300;
	rig_start(&rig);
	rig_run(&rig, 5 * SECOND);
	ck_assert_uint_eq(places_taken(), _i ? 1 : 0);
	if (_i == 0)
		ck_assert_uint_ge(rig.asked[DIR_KIND_CONSENSUS], 1);
	rig_fini(&rig);
}
END_TEST

static int
no_certificates(struct rig *r, const struct rig_job *j,
    struct dir_result *res)
{
	(void)r;
	if (j->request.kind == DIR_KIND_CERTS)
		rig_error(res, -ECONNREFUSED);
	return 0;
}

/* One that waits for certificates shows that the network works. */
START_TEST(bootstrap_budget_is_free_again_after_a_consensus_that_waits)
{
	size_t i;

	be_quiet();
	rig_init(&rig, 120, NULL);
	rig.mangle = no_certificates;
	rig_start(&rig);
	for (i = 0; i < BOOT_BUDGET; i++)
		rig.boot->place[i] = rig.loop.now + 9 * MINUTE;
	rig_run(&rig, SECOND);
	ck_assert_int_eq(rig_state(&rig), BOOTSTRAP_NO_CERTS);
	ck_assert_uint_le(places_taken(), 2);
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
	rig.mangle = rig_all_down;
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

/* --- what is said of hostile documents --- */

static unsigned loud;

static void
count_loud(void *arg, enum log_level level, const char *text)
{
	(void)arg;
	(void)text;
	loud += level <= LL_NOTICE;
}

static const struct {
	enum dir_kind	 kind;
	int		 failure;	/* of rig_fail_some(), or ... */
	unsigned	 forged;	/* ... signatures */
} hostile[] = {
	{ DIR_KIND_CONSENSUS, 3, 0 }, { DIR_KIND_CONSENSUS, 4, 0 },
	{ DIR_KIND_CONSENSUS, 5, 0 }, { DIR_KIND_CONSENSUS, 6, 0 },
	{ DIR_KIND_CONSENSUS, 7, 0 }, { DIR_KIND_CERTS, 3, 0 },
	{ DIR_KIND_CERTS, 4, 0 }, { DIR_KIND_CERTS, 7, 0 },
	{ DIR_KIND_MICRODESCS, 3, 0 }, { DIR_KIND_MICRODESCS, 4, 0 },
	{ DIR_KIND_MICRODESCS, 7, 0 }, { DIR_KIND_NONE, 0, 3 }
};

/* However often it is sent (the log's clock does not move with the rig's, so
 * that this is what is told within its time). */
START_TEST(bootstrap_hostile_documents_are_told_once_at_most)
{
	be_quiet();
	rig_init(&rig, 60, NULL);
	rig.failing_kind = hostile[_i].kind;
	rig.failure = hostile[_i].failure;
	rig.forged = hostile[_i].forged;
	rig.failing = 1000000;
	rig.mangle = rig_fail_some;
	log_capture(count_loud, NULL);
	rig_start(&rig);
	rig_run(&rig, 2 * HOUR);
	log_capture(NULL, NULL);
	ck_assert_uint_ge(rig.asked[DIR_KIND_CONSENSUS], 1);
	ck_assert_uint_le(loud, 1);
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
	if (j->request.kind != DIR_KIND_CERTS || rig.failing == 0)
		return 0;
	rig.failing--;
	/* Authority 3 is none of those configured. */
	cert = fakeauth_cert(RIG_AUTHS, 0, RIG_T0, RIG_T0 + 864000,
	    &len);
	rig_body(res, cert, len);
	free(cert);
	return 0;
}

START_TEST(bootstrap_wrong_certificates_are_got_over)
{
	be_quiet();
	rig_init(&rig, 60, NULL);
	rig.failing = 5;
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
	if (j->request.kind != DIR_KIND_CONSENSUS || rig.failing == 0)
		return 0;
	rig.failing--;
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
	int64_t began;

	be_quiet();
	rig_init(&rig, 60, NULL);
	rig.failing = 1;
	rig.mangle = serve_forgery;
	rig_start(&rig);
	began = rig.loop.now;
	while (rig.asked[DIR_KIND_CONSENSUS] < 2) {
		rig_run(&rig, 100);
		ck_assert_int_le(rig.loop.now - began, 90 * SECOND);
	}
	/* Its certificates do not wait because others were not to be had. */
	ck_assert_int_ge(rig_until_ready(&rig, 3 * SECOND), 0);
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

static unsigned warned, informed;

static void
on_line(void *arg, enum log_level level, const char *text)
{
	(void)arg;
	if (strstr(text, "recommends protocols") == NULL)
		return;
	warned += level == LL_WARN;
	informed += level == LL_INFO;
}

static const struct {
	const char	*lines;
	unsigned	 warned;
} advice[] = {
	{ "recommended-client-protocols Link=63\n", 1 },
	{ "recommended-client-protocols Relay=9 HSDir=2\n", 1 },
	{ "recommended-client-protocols Wombat=1\n", 1 },
	{ "recommended-client-protocols HSDir=9 HSIntro=9 HSRend=9\n", 0 }
};

/* Told once, not with each consensus. */
START_TEST(bootstrap_recommended_protocol_that_we_lack_is_told)
{
	be_quiet();
	log_capture(on_line, NULL);
	rig_init(&rig, 60, NULL);
	rig.lines = advice[_i].lines;
	rig_start(&rig);
	rig_run(&rig, 9 * HOUR);
	log_capture(NULL, NULL);
	ck_assert_int_eq(rig_state(&rig), BOOTSTRAP_READY);
	ck_assert_uint_eq(warned, advice[_i].warned);
	if (!advice[_i].warned)
		ck_assert_uint_ge(informed, 1);
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
	UNIT_LOOP(bootstrap_budget_used_up_lets_who_waits_pass, 2),
	UNIT_LOOP(bootstrap_budget_counts_only_what_was_sent, 2),
	UNIT(bootstrap_budget_is_free_again_after_a_consensus_that_waits),
	UNIT(bootstrap_retry_for_every_client_is_no_storm),
	UNIT(bootstrap_guards_gone_for_a_moment_trouble_no_source),
	UNIT(bootstrap_fetch_refused_by_owner_is_a_failure_like_others),
	UNIT_LOOP(bootstrap_hostile_documents_are_told_once_at_most,
	    NELEM(hostile)),
	UNIT_LOOP(bootstrap_too_few_good_signatures_are_never_accepted, 2),
	UNIT_LOOP(bootstrap_two_of_three_signatures_are_enough, 2),
	UNIT(bootstrap_wrong_certificates_are_got_over),
	UNIT(bootstrap_forged_consensus_does_not_block_the_true_one),
	UNIT(bootstrap_new_signing_keys_are_fetched_when_seen),
	UNIT(bootstrap_required_protocol_that_we_lack_ends_it),
	UNIT_LOOP(bootstrap_protocols_recommended_or_known_do_not_matter, 2),
	UNIT_LOOP(bootstrap_recommended_protocol_that_we_lack_is_told,
	    NELEM(advice)),
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

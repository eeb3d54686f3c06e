/* tests/onion/hs/test_hsclient.c - from a key to a joined circuit, and what may
 * go wrong on the way
 */
#include "tests/unit.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "base/why.h"
#include "onion/dir/params.h"
#include "tests/onion/dir/tmpdir.h"
#include "tests/onion/hs/hsrig.h"

static struct rig r;

/* --- the way it should be --- */

START_TEST(hsclient_get_reaches_a_service)
{
	struct rig_circ *dir, *intro, *rend;
	struct rig_intro1 got;
	void *circ;

	rig_new(&r, 0);
	ck_assert_int_eq(rig_get(&r, 0, 0, NULL), -EAGAIN);
	rig_turn(&r);
	dir = rig_last(&r, HS_DIR);
	ck_assert_ptr_nonnull(dir);
	ck_assert_uint_eq(r.ncircs, 1);		/* nothing before it is known */
	ck_assert_uint_ge(dir->last.id.ed[0], 0x80);
	rig_built(&r, dir);
	rig_fetched(&r, dir, 200);
	ck_assert_int_eq(dir->open, 0);

	intro = rig_last(&r, HS_INTRO);		/* both at once */
	rend = rig_last(&r, HS_REND);
	ck_assert_ptr_nonnull(intro);
	ck_assert_ptr_nonnull(rend);
	rig_built(&r, intro);
	rig_built(&r, rend);
	ck_assert_uint_eq(rend->nsent, 1);
	ck_assert_uint_eq(intro->nsent, 0);	/* not before it is there */
	ck_assert_int_eq(rig_established(&r, rend), 0);
	rig_turn(&r);
	ck_assert_uint_eq(intro->nsent, 1);
	ck_assert_int_eq(rig_read(&r, intro, &got), 0);
	ck_assert_mem_eq(got.cookie, rend->sent[0].data, INTROMSG_COOKIE);
	ck_assert_int_eq(got.pow, 0);
	ck_assert_int_eq(got.cc, 0);
	ck_assert_int_eq(rig_ack(&r, intro, 0), 0);
	rig_turn(&r);
	ck_assert_int_eq(intro->open, 0);
	ck_assert_int_eq(rig_get(&r, 0, 0, NULL), -EAGAIN);

	r.wakes = 0;
	ck_assert_int_eq(rig_answer(&r, &got, rend), 0);
	rig_turn(&r);
	ck_assert_uint_eq(r.wakes, 1);
	ck_assert_int_eq(rig_get(&r, 0, 0, &circ), 0);
	ck_assert_ptr_eq(circ, rend);
	ck_assert_uint_eq(rig_totals(&r).joined, 1);
	ck_assert_uint_eq(rig_totals(&r).standing, 1);
	ck_assert_uint_eq(rig_totals(&r).trying, 0);
	ck_assert_uint_eq(rig_totals(&r).introduced, 1);
	ck_assert_uint_eq(rig_totals(&r).fetched, 1);
	rig_free(&r);
}
END_TEST

START_TEST(hsclient_get_again_gives_the_same_circuit)
{
	void *a, *b;

	rig_new(&r, 0);
	rig_to_joined(&r, 0);
	ck_assert_int_eq(rig_get(&r, 0, 0, &a), 0);
	rig_wait(&r, 60 * 1000);
	ck_assert_int_eq(rig_get(&r, 0, 0, &b), 0);
	ck_assert_ptr_eq(a, b);
	ck_assert_uint_eq(r.ncircs, 3);
	rig_free(&r);
}
END_TEST

START_TEST(hsclient_rendezvous2_before_the_ack_joins)
{
	struct rig_circ *intro, *rend;

	rig_new(&r, 0);
	rig_to_introduced(&r, 0);
	intro = rig_last(&r, HS_INTRO);
	rend = rig_last(&r, HS_REND);
	ck_assert_int_eq(rig_meet(&r, intro, rend), 0);
	ck_assert_int_eq(rig_ack(&r, intro, 0), 0);	/* nobody minds */
	rig_turn(&r);
	ck_assert_int_eq(rig_get(&r, 0, 0, NULL), 0);
	ck_assert_int_eq(intro->open, 0);
	rig_free(&r);
}
END_TEST

START_TEST(hsclient_spoil_and_gone_make_the_next_get_start_anew)
{
	struct rig_circ *rend;

	rig_new(&r, 0);
	rig_to_joined(&r, 0);
	rend = rig_last(&r, HS_REND);
	if (_i == 0) {
		hsclient_spoil(r.hs, rend);
		ck_assert_int_eq(rend->open, 1);
	} else
		rig_gone(&r, rend);
	ck_assert_uint_eq(rig_totals(&r).standing, 0);
	ck_assert_int_eq(rig_get(&r, 0, 0, NULL), -EAGAIN);
	rig_turn(&r);
	ck_assert_uint_eq(rig_count(&r, HS_DIR), 1);	/* it is still known */
	ck_assert_uint_eq(rig_count(&r, HS_INTRO), 2);
	ck_assert_uint_eq(rig_count(&r, HS_REND), 2);
	if (_i == 0) {
		rig_gone(&r, rend);
		ck_assert_uint_eq(rig_open(&r, HS_REND), 1);
	}
	rig_free(&r);
}
END_TEST

START_TEST(hsclient_newnym_forgets_all_and_lets_circuits_stand)
{
	struct rig_circ *rend, *other;

	rig_new(&r, 0);
	rig_to_joined(&r, 0);
	rend = rig_last(&r, HS_REND);
	rig_to_introduced(&r, 1);
	other = rig_last(&r, HS_REND);
	r.wakes = 0;
	hsclient_newnym(r.hs);
	rig_turn(&r);
	ck_assert_int_eq(rend->open, 1);
	ck_assert_int_eq(other->open, 0);
	ck_assert_uint_eq(rig_open(&r, HS_INTRO), 0);
	ck_assert_uint_eq(r.wakes, 1);
	ck_assert_uint_eq(rig_totals(&r).services, 0);
	ck_assert_int_eq(rig_get(&r, 0, 0, NULL), -EAGAIN);
	rig_turn(&r);
	ck_assert_uint_eq(rig_count(&r, HS_DIR), 3);
	rig_free(&r);
}
END_TEST

/* --- descriptors --- */

static const struct {
	int	status, desc_rc, want;
} all_cases[] = {
	{ 404, 0, -WHY_HS_NOT_FOUND },
	{ 503, 0, -WHY_HS_NOT_FOUND },
	{ 0, 0, -WHY_HS_NOT_FOUND },
	{ -1, 0, -WHY_HS_NOT_FOUND },
	{ 200, -WHY_HS_INVALID, -WHY_HS_INVALID },
	{ 200, -ENOMEM, -WHY_HS_NOT_FOUND }
};

START_TEST(hsclient_all_directories_fail_with_the_reason)
{
	unsigned n;

	rig_new(&r, 0);
	r.desc_rc = all_cases[_i].desc_rc;
	ck_assert_int_eq(rig_get(&r, 0, 0, NULL), -EAGAIN);
	rig_turn(&r);
	ck_assert_int_eq(rig_answer_all(&r, all_cases[_i].status, &n),
	    all_cases[_i].want);
	ck_assert_uint_eq(n, RIG_DIRS);
	ck_assert_uint_eq(rig_open(&r, HS_REND), 0);
	ck_assert_uint_eq(rig_totals(&r).failed, 1);
	rig_free(&r);
}
END_TEST

START_TEST(hsclient_one_of_the_directories_is_enough)
{
	int i;

	rig_new(&r, 0);
	ck_assert_int_eq(rig_get(&r, 0, 0, NULL), -EAGAIN);
	rig_turn(&r);
	for (i = 0; i < RIG_DIRS; i++) {
		r.desc_rc = i == 3 ? -WHY_HS_INVALID : 0;
		rig_built(&r, rig_last(&r, HS_DIR));
		rig_fetched(&r, rig_last(&r, HS_DIR), i == 3 ||
		    i == RIG_DIRS - 1 ? 200 : 404);
	}
	ck_assert_ptr_nonnull(rig_last(&r, HS_INTRO));
	rig_free(&r);
}
END_TEST

START_TEST(hsclient_directory_that_is_silent_is_given_up)
{
	rig_new(&r, 0);
	ck_assert_int_eq(rig_get(&r, 0, 0, NULL), -EAGAIN);
	rig_turn(&r);
	if (_i)
		rig_built(&r, rig_last(&r, HS_DIR));
	rig_wait(&r, 91 * 1000);
	ck_assert_int_eq(r.circ[0].open, 0);
	ck_assert_uint_ge(rig_count(&r, HS_DIR), 2);
	rig_free(&r);
}
END_TEST

START_TEST(hsclient_failure_stands_for_all_who_wait_and_then_is_tried_anew)
{
	unsigned n;

	rig_new(&r, 0);
	ck_assert_int_eq(rig_get(&r, 0, 0, NULL), -EAGAIN);
	rig_turn(&r);
	ck_assert_int_eq(rig_answer_all(&r, 404, &n), -WHY_HS_NOT_FOUND);
	ck_assert_int_eq(rig_get(&r, 0, 0, NULL), -WHY_HS_NOT_FOUND);
	rig_wait(&r, 1000);
	ck_assert_int_eq(rig_get(&r, 0, 0, NULL), -EAGAIN);
	rig_turn(&r);
	ck_assert_int_eq(rig_answer_all(&r, 404, &n), -WHY_HS_NOT_FOUND);
	ck_assert_uint_eq(n, RIG_DIRS);
	rig_wait(&r, 1000);			/* longer each time */
	ck_assert_int_eq(rig_get(&r, 0, 0, NULL), -WHY_HS_NOT_FOUND);
	rig_wait(&r, 1000);
	ck_assert_int_eq(rig_get(&r, 0, 0, NULL), -EAGAIN);
	rig_free(&r);
}
END_TEST

START_TEST(hsclient_descriptor_is_used_until_its_lifetime_ends)
{
	rig_new(&r, 0);
	r.desc.lifetime_s = 3600;
	rig_to_joined(&r, 0);
	rig_gone(&r, rig_last(&r, HS_REND));
	rig_wait(&r, 3598 * 1000);
	ck_assert_int_eq(rig_get(&r, 0, 0, NULL), -EAGAIN);
	rig_turn(&r);
	ck_assert_uint_eq(rig_count(&r, HS_DIR), 1);
	rig_wait(&r, 3 * 1000);
	ck_assert_int_eq(rig_get(&r, 0, 0, NULL), -EAGAIN);
	hsclient_room(r.hs);
	rig_turn(&r);
	ck_assert_uint_eq(rig_count(&r, HS_DIR), 2);
	ck_assert_uint_eq(rig_open(&r, HS_INTRO), 0);
	rig_free(&r);
}
END_TEST

START_TEST(hsclient_descriptor_whose_certificate_ended_is_fetched_again)
{
	rig_new(&r, 0);
	r.desc.cert_expires = r.loop.wall + 600;
	rig_to_joined(&r, 0);
	rig_gone(&r, rig_last(&r, HS_REND));
	rig_wait(&r, 601 * 1000);
	ck_assert_int_eq(rig_get(&r, 0, 0, NULL), -EAGAIN);
	rig_turn(&r);
	ck_assert_uint_eq(rig_count(&r, HS_DIR), 2);
	rig_free(&r);
}
END_TEST

/* All introduction points refuse, so that it is fetched again. */
static void
refuse_all(void)
{
	size_t i;

	for (i = 0; i < RIG_INTROS; i++) {
		rig_built(&r, rig_last(&r, HS_INTRO));
		ck_assert_int_eq(rig_ack(&r, rig_last(&r, HS_INTRO), 1), 0);
		rig_turn(&r);
	}
}

START_TEST(hsclient_older_revision_does_not_replace_a_newer)
{
	rig_new(&r, 0);
	rig_to_introduced(&r, 0);
	ck_assert_int_eq(rig_ack(&r, rig_last(&r, HS_INTRO), 1), 0);
	rig_turn(&r);
	rig_built(&r, rig_last(&r, HS_INTRO));
	ck_assert_int_eq(rig_ack(&r, rig_last(&r, HS_INTRO), 1), 0);
	rig_turn(&r);
	rig_built(&r, rig_last(&r, HS_INTRO));
	ck_assert_int_eq(rig_ack(&r, rig_last(&r, HS_INTRO), 1), 0);
	rig_turn(&r);
	ck_assert_uint_eq(rig_count(&r, HS_DIR), 2);
	/* One with an introduction point that did not fail. */
	r.desc.revision = 6 + (uint64_t)_i;
	memset(r.desc.intro[0].auth, 0x55, 32);
	rig_built(&r, rig_last(&r, HS_DIR));
	rig_fetched(&r, rig_last(&r, HS_DIR), 200);
	if (_i == 0) {
		ck_assert_int_eq(rig_get(&r, 0, 0, NULL), -WHY_HS_INTRO);
		ck_assert_uint_eq(rig_totals(&r).fetched, 1);
	} else {
		ck_assert_int_eq(rig_get(&r, 0, 0, NULL), -EAGAIN);
		ck_assert_ptr_nonnull(rig_last(&r, HS_INTRO));
	}
	rig_free(&r);
}
END_TEST

START_TEST(hsclient_descriptor_of_another_size_is_invalid)
{
	static uint8_t junk[HSDESC_TEXT_MAX + 1];
	unsigned i;

	rig_new(&r, 0);
	ck_assert_int_eq(rig_get(&r, 0, 0, NULL), -EAGAIN);
	rig_turn(&r);
	for (i = 0; i < RIG_DIRS; i++) {
		struct rig_circ *dir = rig_last(&r, HS_DIR);

		rig_built(&r, dir);
		hsclient_fetched(r.hs, dir, 200, junk, i % 2 ? sizeof(junk) :
		    0);
		rig_turn(&r);
	}
	ck_assert_int_eq(rig_get(&r, 0, 0, NULL), -WHY_HS_INVALID);
	rig_free(&r);
}
END_TEST

START_TEST(hsclient_service_without_introduction_points_is_an_intro_failure)
{
	rig_new(&r, 0);
	r.desc.nintros = 0;
	rig_to_descriptor(&r, 0);
	ck_assert_uint_eq(rig_count(&r, HS_DIR), 2);
	rig_built(&r, rig_last(&r, HS_DIR));
	rig_fetched(&r, rig_last(&r, HS_DIR), 200);
	ck_assert_int_eq(rig_get(&r, 0, 0, NULL), -WHY_HS_INTRO);
	rig_free(&r);
}
END_TEST

START_TEST(hsclient_key_that_is_none_is_no_address)
{
	static const uint8_t bad[32] = { 2, 1 };
	void *circ = NULL;

	rig_new(&r, 0);
	ck_assert_int_eq(hsclient_get(r.hs, rig_token[0], bad, 0, &circ),
	    -EAGAIN);
	rig_turn(&r);
	ck_assert_int_eq(hsclient_get(r.hs, rig_token[0], bad, 0, &circ),
	    -WHY_HS_ADDRESS);
	ck_assert_uint_eq(r.ncircs, 0);
	rig_free(&r);
}
END_TEST

/* --- time and the consensus --- */

START_TEST(hsclient_new_period_makes_everything_new)
{
	char old[64];

	rig_new(&r, 0);
	rig_to_joined(&r, 0);
	strcpy(old, r.circ[0].path);
	rig_gone(&r, rig_last(&r, HS_REND));
	rig_later(&r, 2);
	ck_assert_int_eq(rig_get(&r, 0, 0, NULL), -EAGAIN);
	rig_turn(&r);
	ck_assert_uint_eq(rig_count(&r, HS_DIR), 1);
	r.desc.cert_expires += 86400;
	rig_later(&r, 22);
	rig_wait(&r, 1000);
	ck_assert_int_eq(rig_get(&r, 0, 0, NULL), -EAGAIN);
	rig_turn(&r);
	ck_assert_uint_eq(rig_count(&r, HS_DIR), 2);
	rig_built(&r, rig_last(&r, HS_DIR));
	ck_assert_str_ne(old, rig_last(&r, HS_DIR)->path);
	rig_free(&r);
}
END_TEST

/* At each stage of a reach. */
START_TEST(hsclient_new_period_in_between_is_survived)
{
	struct rig_circ *intro, *rend, *dir;

	rig_new(&r, 0);
	r.desc.cert_expires += 10 * 86400;
	rig_later(&r, 22);		/* an hour before the next */
	if (_i == 0) {
		ck_assert_int_eq(rig_get(&r, 0, 0, NULL), -EAGAIN);
		rig_turn(&r);
		rig_built(&r, rig_last(&r, HS_DIR));
	} else if (_i == 1)
		rig_to_descriptor(&r, 0);
	else
		rig_to_introduced(&r, 0);
	dir = rig_last(&r, HS_DIR);
	intro = rig_last(&r, HS_INTRO);
	rend = rig_last(&r, HS_REND);
	/* The clock stands, as it were: only the consensus is new. */
	r.netdir.valid_after += 3 * 3600;
	r.netdir.fresh_until += 3 * 3600;
	r.netdir.valid_until += 3 * 3600;
	hsclient_set_netdir(r.hs, &r.netdir);
	rig_turn(&r);
	if (_i == 2) {			/* what was told, may still come */
		ck_assert_int_eq(intro->open && rend->open, 1);
		ck_assert_uint_eq(rig_count(&r, HS_DIR), 1);
		ck_assert_int_eq(rig_ack(&r, intro, 0), 0);
	} else {
		ck_assert_uint_eq(rig_count(&r, HS_DIR), 2);
		ck_assert_int_eq(dir && dir->open, 0);
		ck_assert_int_eq(intro && intro->open, 0);
		rig_built(&r, rig_last(&r, HS_DIR));
		ck_assert_str_ne(r.circ[0].path, rig_last(&r, HS_DIR)->path);
		rig_fetched(&r, rig_last(&r, HS_DIR), 200);
		ck_assert_ptr_nonnull(rig_last(&r, HS_INTRO));
	}
	ck_assert_int_eq(rig_get(&r, 0, 0, NULL), -EAGAIN);
	rig_free(&r);
}
END_TEST

START_TEST(hsclient_without_a_live_consensus_waits)
{
	rig_new(&r, 0);
	if (_i == 0)
		hsclient_set_netdir(r.hs, NULL);
	else
		rig_wait(&r, 48 * 3600 * 1000LL);
	ck_assert_int_eq(rig_get(&r, 0, 0, NULL), -EAGAIN);
	rig_turn(&r);
	ck_assert_uint_eq(r.ncircs, 0);
	r.wakes = 0;
	rig_later(&r, 1);
	ck_assert_uint_ge(r.wakes, 1);
	ck_assert_int_eq(rig_get(&r, 0, 0, NULL), -EAGAIN);
	rig_turn(&r);
	ck_assert_uint_eq(r.ncircs, 1);
	rig_free(&r);
}
END_TEST

/* --- client authorization --- */

static const uint8_t right_key[32] = { 9 }, wrong_key[32] = { 8 };

START_TEST(hsclient_auth_failure_is_told_at_once)
{
	rig_new(&r, 0);
	memcpy(r.wants_key, right_key, 32);
	if (_i)
		rig_key(&r, wrong_key);
	rig_to_descriptor(&r, 0);
	ck_assert_uint_eq(r.ncircs, 1);
	ck_assert_int_eq(rig_get(&r, 0, 0, NULL), _i ? -WHY_HS_AUTH_WRONG :
	    -WHY_HS_AUTH_MISSING);
	rig_wait(&r, 59 * 1000);
	ck_assert_int_eq(rig_get(&r, 0, 0, NULL), _i ? -WHY_HS_AUTH_WRONG :
	    -WHY_HS_AUTH_MISSING);
	rig_wait(&r, 1000);		/* they may have let us in */
	ck_assert_int_eq(rig_get(&r, 0, 0, NULL), -EAGAIN);
	rig_turn(&r);
	ck_assert_uint_eq(rig_count(&r, HS_DIR), 2);
	rig_free(&r);
}
END_TEST

START_TEST(hsclient_key_that_comes_later_opens_what_was_fetched)
{
	rig_new(&r, 0);
	memcpy(r.wants_key, right_key, 32);
	rig_to_descriptor(&r, 0);
	rig_key(&r, wrong_key);
	rig_turn(&r);
	ck_assert_int_eq(rig_get(&r, 0, 0, NULL), -EAGAIN);
	rig_turn(&r);
	ck_assert_int_eq(rig_get(&r, 0, 0, NULL), -WHY_HS_AUTH_WRONG);
	r.wakes = 0;
	rig_key(&r, right_key);
	rig_turn(&r);
	ck_assert_uint_eq(r.wakes, 1);
	ck_assert_int_eq(rig_get(&r, 0, 0, NULL), -EAGAIN);
	rig_turn(&r);
	ck_assert_uint_eq(rig_count(&r, HS_DIR), 1);
	ck_assert_ptr_nonnull(rig_last(&r, HS_INTRO));
	rig_key(&r, NULL);
	rig_free(&r);
}
END_TEST

/* By the @n-th of many tokens; the service wants a key. */
static int
get_sealed(uint16_t n)
{
	uint8_t t[HSCLIENT_TOKEN] = { 11, (uint8_t)(n >> 8), (uint8_t)n };
	struct rig_circ *dir;
	void *circ;
	int rc = hsclient_get(r.hs, t, rig_service[0], 0, &circ);

	ck_assert_int_eq(rc, -EAGAIN);
	rig_turn(&r);
	if ((dir = rig_last(&r, HS_DIR)) == NULL)
		return hsclient_get(r.hs, t, rig_service[0], 0, &circ);
	rig_built(&r, dir);
	rig_fetched(&r, dir, 200);
	return hsclient_get(r.hs, t, rig_service[0], 0, &circ);
}

START_TEST(hsclient_sealed_descriptors_are_kept_for_an_hour)
{
	rig_new(&r, 0);
	memcpy(r.wants_key, right_key, 32);
	rig_to_descriptor(&r, 0);
	ck_assert_uint_gt(rig_totals(&r).sealed, 0);
	rig_wait(&r, (_i ? 61 : 59) * 60 * 1000);
	ck_assert_uint_eq(rig_totals(&r).services, _i ? 0 : 1);
	ck_assert_int_eq(rig_totals(&r).sealed > 0, !_i);
	rig_key(&r, right_key);
	ck_assert_int_eq(rig_get(&r, 0, 0, NULL), -EAGAIN);
	rig_turn(&r);
	ck_assert_uint_eq(rig_count(&r, HS_DIR), _i ? 2 : 1);
	ck_assert_uint_eq(rig_totals(&r).sealed, 0);
	if (_i == 0) {		/* it is as old as it is */
		rig_gone(&r, rig_last(&r, HS_INTRO));
		rig_wait(&r, 2 * 3600 * 1000 + 61 * 1000);
		ck_assert_int_eq(rig_get(&r, 0, 0, NULL), -EAGAIN);
		rig_turn(&r);
		ck_assert_uint_eq(rig_count(&r, HS_DIR), 2);
	}
	rig_key(&r, NULL);
	rig_free(&r);
}
END_TEST

START_TEST(hsclient_sealed_descriptors_are_bounded_and_the_oldest_goes)
{
	enum { BYTES_MAX = 2 * 1024 * 1024 };
	static uint8_t text[RIG_TEXT];
	size_t len, most;
	uint16_t i;

	rig_new(&r, 0);
	memcpy(r.wants_key, right_key, 32);
	len = rig_text(&r, text, sizeof(text));
	most = BYTES_MAX / len;
	ck_assert_uint_lt(most + 8, RIG_CIRCS);
	for (i = 0; i < most + 3; i++)
		ck_assert_int_eq(get_sealed(i), -WHY_HS_AUTH_MISSING);
	ck_assert_uint_eq(rig_totals(&r).sealed, most * len);
	rig_key(&r, right_key);
	ck_assert_int_eq(get_sealed(3), -EAGAIN);
	ck_assert_uint_eq(rig_count(&r, HS_DIR), most + 3);
	ck_assert_int_eq(get_sealed(2), -EAGAIN);
	ck_assert_uint_eq(rig_count(&r, HS_DIR), most + 4);
	hsclient_newnym(r.hs);
	ck_assert_uint_eq(rig_totals(&r).sealed, 0);
	rig_key(&r, NULL);
	rig_free(&r);
}
END_TEST

/* --- introduction --- */

START_TEST(hsclient_refusal_goes_to_another_with_the_same_rendezvous)
{
	struct rig_circ *first, *second, *rend;
	struct rig_intro1 a, b;

	rig_new(&r, 0);
	rig_to_introduced(&r, 0);
	first = rig_last(&r, HS_INTRO);
	rend = rig_last(&r, HS_REND);
	ck_assert_int_eq(rig_read(&r, first, &a), 0);
	ck_assert_int_eq(rig_ack(&r, first, 1 + (unsigned)_i), 0);
	rig_turn(&r);
	ck_assert_int_eq(first->open, 0);
	second = rig_last(&r, HS_INTRO);
	rig_built(&r, second);
	ck_assert_uint_eq(rig_count(&r, HS_REND), 1);
	ck_assert_int_eq(rig_read(&r, second, &b), 0);
	ck_assert_uint_ne(a.which, b.which);
	ck_assert_int_eq(rig_ack(&r, second, 0), 0);
	ck_assert_int_eq(rig_meet(&r, second, rend), 0);
	rig_turn(&r);
	ck_assert_int_eq(rig_get(&r, 0, 0, NULL), 0);
	rig_free(&r);
}
END_TEST

START_TEST(hsclient_all_refuse_fetches_once_more_and_then_fails)
{
	rig_new(&r, 0);
	rig_to_introduced(&r, 0);
	ck_assert_int_eq(rig_ack(&r, rig_last(&r, HS_INTRO), 1), 0);
	rig_turn(&r);
	rig_built(&r, rig_last(&r, HS_INTRO));
	ck_assert_int_eq(rig_ack(&r, rig_last(&r, HS_INTRO), 2), 0);
	rig_turn(&r);
	rig_built(&r, rig_last(&r, HS_INTRO));
	ck_assert_int_eq(rig_ack(&r, rig_last(&r, HS_INTRO), 3), 0);
	rig_turn(&r);
	ck_assert_int_eq(rig_get(&r, 0, 0, NULL), -EAGAIN);
	ck_assert_uint_eq(rig_count(&r, HS_DIR), 2);
	rig_built(&r, rig_last(&r, HS_DIR));
	rig_fetched(&r, rig_last(&r, HS_DIR), 200);
	ck_assert_int_eq(rig_get(&r, 0, 0, NULL), -WHY_HS_INTRO);
	ck_assert_uint_eq(rig_open(&r, HS_REND), 0);
	ck_assert_uint_eq(rig_count(&r, HS_INTRO), RIG_INTROS);

	/* They are not asked again within two minutes, ... */
	rig_wait(&r, 5 * 1000);
	ck_assert_int_eq(rig_get(&r, 0, 0, NULL), -EAGAIN);
	rig_turn(&r);
	ck_assert_uint_eq(rig_count(&r, HS_INTRO), RIG_INTROS);
	ck_assert_uint_eq(rig_count(&r, HS_DIR), 3);
	rig_built(&r, rig_last(&r, HS_DIR));
	rig_fetched(&r, rig_last(&r, HS_DIR), 200);
	ck_assert_int_eq(rig_get(&r, 0, 0, NULL), -WHY_HS_INTRO);
	/* ... but then. */
	rig_wait(&r, 115 * 1000);
	ck_assert_int_eq(rig_get(&r, 0, 0, NULL), -EAGAIN);
	rig_turn(&r);
	ck_assert_uint_eq(rig_count(&r, HS_INTRO), RIG_INTROS + 1);
	rig_free(&r);
}
END_TEST

START_TEST(hsclient_refetch_that_brings_others_goes_on_with_them)
{
	rig_new(&r, 0);
	rig_to_descriptor(&r, 0);
	rig_built(&r, rig_last(&r, HS_REND));
	ck_assert_int_eq(rig_established(&r, rig_last(&r, HS_REND)), 0);
	rig_turn(&r);
	refuse_all();
	r.desc.revision++;
	memset(r.intro[1].pub.auth, 0x71, 32);
	r.desc.intro[1] = r.intro[1].pub;
	rig_built(&r, rig_last(&r, HS_DIR));
	rig_fetched(&r, rig_last(&r, HS_DIR), 200);
	rig_built(&r, rig_last(&r, HS_INTRO));
	ck_assert_int_eq(rig_ack(&r, rig_last(&r, HS_INTRO), 0), 0);
	ck_assert_int_eq(rig_meet(&r, &r.circ[r.ncircs - 1],
	    rig_last(&r, HS_REND)), 0);
	rig_turn(&r);
	ck_assert_int_eq(rig_get(&r, 0, 0, NULL), 0);
	rig_free(&r);
}
END_TEST

START_TEST(hsclient_circuit_that_fails_is_tried_five_times_each)
{
	size_t i, count[RIG_INTROS] = { 0 };
	struct rig_circ *c;

	rig_new(&r, 0);
	rig_to_descriptor(&r, 0);
	for (i = 0; i < 5 * RIG_INTROS; i++) {
		c = rig_last(&r, HS_INTRO);
		ck_assert_ptr_nonnull(c);
		count[c->last.id.rsa[0] - 0x60]++;
		rig_gone(&r, c);
	}
	for (i = 0; i < RIG_INTROS; i++)
		ck_assert_uint_eq(count[i], 5);
	ck_assert_ptr_null(rig_last(&r, HS_INTRO));
	ck_assert_uint_eq(rig_count(&r, HS_DIR), 2);
	rig_free(&r);
}
END_TEST

START_TEST(hsclient_no_acknowledgement_is_a_timeout)
{
	struct rig_circ *intro, *rend;
	size_t i;

	rig_new(&r, 0);
	rig_to_introduced(&r, 0);
	for (i = 0; i < RIG_INTROS; i++) {
		intro = rig_last(&r, HS_INTRO);
		rend = rig_last(&r, HS_REND);
		ck_assert_uint_eq(intro->nsent, 1);
		ck_assert_int_eq(rig_get(&r, 0, 0, NULL), -EAGAIN);
		rig_wait(&r, 29 * 1000);
		ck_assert_int_eq(intro->open, 1);
		rig_wait(&r, 2 * 1000);
		ck_assert_int_eq(intro->open, 0);
		ck_assert_int_eq(rend->open, 0);	/* it may know it */
		if (i + 1 == RIG_INTROS)
			break;
		rig_built(&r, rig_last(&r, HS_INTRO));
		rig_built(&r, rig_last(&r, HS_REND));
		ck_assert_int_eq(rig_established(&r, rig_last(&r, HS_REND)),
		    0);
		rig_turn(&r);
	}
	rig_built(&r, rig_last(&r, HS_DIR));
	rig_fetched(&r, rig_last(&r, HS_DIR), 200);
	ck_assert_int_eq(rig_get(&r, 0, 0, NULL), -WHY_HS_TIMEOUT);
	rig_free(&r);
}
END_TEST

START_TEST(hsclient_introduction_point_of_no_use_is_passed_over)
{
	rig_new(&r, 0);
	memset(r.desc.intro[0].enc, 0, 32);	/* 41295 */
	r.desc.intro[0].enc[0] = (uint8_t)_i;	/* or of low order */
	if (_i == 2)
		memset(r.desc.intro[0].auth, 0, 32);
	r.desc.nintros = 1;
	rig_to_descriptor(&r, 0);
	rig_built(&r, rig_last(&r, HS_INTRO));
	rig_built(&r, rig_last(&r, HS_REND));
	ck_assert_int_eq(rig_established(&r, rig_last(&r, HS_REND)), 0);
	rig_turn(&r);
	ck_assert_uint_eq(rig_count(&r, HS_INTRO), 1);
	ck_assert_uint_eq(rig_count(&r, HS_REND), 1);
	rig_built(&r, rig_last(&r, HS_DIR));
	rig_fetched(&r, rig_last(&r, HS_DIR), 200);
	ck_assert_int_eq(rig_get(&r, 0, 0, NULL), -WHY_HS_INTRO);
	rig_free(&r);
}
END_TEST

/* Private, loopback, and IPv6 of either kind. */
static const char *const nowhere[] = { "10.0.0.1:9001", "127.0.0.1:9001",
	"[fd00::1]:9001", "[::1]:9001" };

START_TEST(hsclient_introduction_point_in_somebodys_network_is_passed_over)
{
	struct hopinfo *h;
	struct addr a;

	rig_new(&r, 0);
	ck_assert_int_eq(addr_parse(&a, nowhere[_i], -1), 0);
	r.desc.nintros = 1;
	h = &r.desc.intro[0].relay;
	*(a.family == 4 ? &h->or4 : &h->or6) = a;
	rig_to_descriptor(&r, 0);
	ck_assert_uint_eq(rig_count(&r, HS_INTRO), 0);
	rig_built(&r, rig_last(&r, HS_DIR));
	rig_fetched(&r, rig_last(&r, HS_DIR), 200);
	ck_assert_int_eq(rig_get(&r, 0, 0, NULL), -WHY_HS_INTRO);
	rig_free(&r);
}
END_TEST

START_TEST(hsclient_introduction_point_may_be_private_where_all_are)
{
	rig_new(&r, 1);
	ck_assert_int_eq(addr_parse(&r.desc.intro[0].relay.or4,
	    "10.0.0.1:9001", -1), 0);
	r.desc.nintros = 1;
	rig_to_descriptor(&r, 0);
	ck_assert_uint_eq(rig_count(&r, HS_INTRO), 1);
	rig_free(&r);
}
END_TEST

START_TEST(hsclient_introductions_of_one_reach_are_bounded)
{
	struct rig_circ *c;
	unsigned n;

	rig_new(&r, 0);
	rig_to_descriptor(&r, 0);
	for (n = 0; (c = rig_last(&r, HS_INTRO)) != NULL; n++) {
		rig_gone(&r, c);
		if (rig_last(&r, HS_DIR) == NULL)
			continue;
		ck_assert_uint_eq(n, 5 * RIG_INTROS - 1);
		r.desc.revision++;	/* and all others */
		memset(r.desc.intro[0].auth, 0x51, 32);
		memset(r.desc.intro[1].auth, 0x52, 32);
		memset(r.desc.intro[2].auth, 0x53, 32);
		rig_built(&r, rig_last(&r, HS_DIR));
		rig_fetched(&r, rig_last(&r, HS_DIR), 200);
	}
	ck_assert_uint_eq(n, 24);
	ck_assert_int_eq(rig_get(&r, 0, 0, NULL), -WHY_HS_INTRO);
	rig_free(&r);
}
END_TEST

/* --- rendezvous --- */

START_TEST(hsclient_rendezvous_circuit_that_goes_is_replaced_a_few_times)
{
	struct rig_circ *intro;
	unsigned i;

	rig_new(&r, 0);
	rig_to_descriptor(&r, 0);
	intro = rig_last(&r, HS_INTRO);
	rig_built(&r, intro);
	for (i = 0; i < 4; i++) {
		ck_assert_int_eq(rig_get(&r, 0, 0, NULL), -EAGAIN);
		ck_assert_int_eq(intro->open, 1);
		if (_i == 1)
			rig_built(&r, rig_last(&r, HS_REND));
		if (_i == 2) {
			rig_built(&r, rig_last(&r, HS_REND));
			rig_wait(&r, 16 * 1000);	/* no answer */
		} else
			rig_gone(&r, rig_last(&r, HS_REND));
	}
	ck_assert_int_eq(rig_get(&r, 0, 0, NULL), -WHY_HS_REND);
	ck_assert_int_eq(intro->open, 0);
	rig_free(&r);
}
END_TEST

START_TEST(hsclient_service_that_does_not_come_is_a_timeout)
{
	unsigned i;

	rig_new(&r, 0);
	rig_to_introduced(&r, 0);
	for (i = 0; i < 4; i++) {
		ck_assert_int_eq(rig_ack(&r, rig_last(&r, HS_INTRO), 0), 0);
		rig_turn(&r);
		ck_assert_int_eq(rig_get(&r, 0, 0, NULL), -EAGAIN);
		rig_wait(&r, 29 * 1000);
		ck_assert_uint_eq(rig_count(&r, HS_REND), i + 1);
		rig_wait(&r, 1000);
		if (i == 3)
			break;
		rig_built(&r, rig_last(&r, HS_INTRO));
		rig_built(&r, rig_last(&r, HS_REND));
		ck_assert_int_eq(rig_established(&r, rig_last(&r, HS_REND)),
		    0);
		rig_turn(&r);
	}
	ck_assert_int_eq(rig_get(&r, 0, 0, NULL), -WHY_HS_TIMEOUT);
	rig_free(&r);
}
END_TEST

START_TEST(hsclient_join_that_fails_is_a_failed_rendezvous)
{
	struct rig_circ *rend;

	rig_new(&r, 0);
	rig_to_introduced(&r, 0);
	r.join_rc = -ENOMEM;
	rend = rig_last(&r, HS_REND);
	ck_assert_int_eq(rig_meet(&r, rig_last(&r, HS_INTRO), rend), -EPROTO);
	rig_turn(&r);
	rig_gone(&r, rend);
	ck_assert_int_eq(rig_get(&r, 0, 0, NULL), -EAGAIN);
	ck_assert_uint_eq(rig_count(&r, HS_REND), 2);
	rig_free(&r);
}
END_TEST

START_TEST(hsclient_send_that_fails_ends_in_a_reason)
{
	int i;

	rig_new(&r, 0);
	r.send_rc = -ENOBUFS;
	rig_to_descriptor(&r, 0);
	for (i = 0; i < 4; i++)
		rig_built(&r, rig_last(&r, HS_REND));
	ck_assert_int_eq(rig_get(&r, 0, 0, NULL), -WHY_HS_REND);
	rig_free(&r);
}
END_TEST

START_TEST(hsclient_rendezvous_point_that_nobody_knows_is_not_told)
{
	rig_new(&r, 0);
	r.no_last = 1;
	rig_to_introduced(&r, 0);
	ck_assert_uint_eq(rig_last(&r, HS_INTRO)->nsent, 0);
	ck_assert_uint_eq(rig_count(&r, HS_REND), 2);
	rig_free(&r);
}
END_TEST

START_TEST(hsclient_rendezvous_that_should_last_is_asked_for)
{
	void *circ;

	rig_new(&r, 0);
	ck_assert_int_eq(hsclient_get(r.hs, rig_token[0], rig_service[0],
	    _i == 1, &circ), -EAGAIN);
	ck_assert_int_eq(hsclient_get(r.hs, rig_token[0], rig_service[0],
	    _i == 2, &circ), -EAGAIN);
	rig_to_descriptor(&r, 0);
	ck_assert_int_eq(rig_last(&r, HS_REND)->stable, _i > 0);
	ck_assert_int_eq(r.circ[0].stable, 0);
	ck_assert_int_eq(rig_last(&r, HS_INTRO)->stable, 0);
	rig_free(&r);
}
END_TEST

/* --- congestion control --- */

static const struct {
	const char	*params;
	int		 offered, inc, want;
} cc_cases[] = {
	{ "cc_alg=2 cc_sendme_inc=31", 1, 31, 1 },
	{ "cc_alg=2 cc_sendme_inc=31", 1, 30, 1 },
	{ "cc_alg=2 cc_sendme_inc=31", 1, 32, 1 },
	{ "cc_alg=2 cc_sendme_inc=1", 1, 0, 0 },
	{ "cc_alg=2 cc_sendme_inc=31", 0, 31, 0 },
	{ "cc_alg=0 cc_sendme_inc=31", 1, 31, 0 }
};

START_TEST(hsclient_congestion_control_needs_offer_and_consensus)
{
	struct rig_circ *intro, *rend;
	struct rig_intro1 i;

	rig_new(&r, 0);
	ck_assert_int_eq(params_parse(&r.netdir.params, cc_cases[_i].params,
	    strlen(cc_cases[_i].params)), 0);
	hsclient_set_netdir(r.hs, &r.netdir);
	r.desc.flow_control = (uint8_t)cc_cases[_i].offered;
	r.desc.sendme_inc = (uint8_t)cc_cases[_i].inc;
	rig_to_introduced(&r, 0);
	intro = rig_last(&r, HS_INTRO);
	rend = rig_last(&r, HS_REND);
	ck_assert_int_eq(rig_read(&r, intro, &i), 0);
	ck_assert_int_eq(i.cc, cc_cases[_i].want);
	ck_assert_int_eq(rig_meet(&r, intro, rend), 0);
	ck_assert_int_eq(rend->cc, cc_cases[_i].want);
	ck_assert_int_eq(rend->inc, cc_cases[_i].want ? cc_cases[_i].inc : 0);
	rig_turn(&r);
	rig_free(&r);
	params_free(r.netdir.params);
}
END_TEST

static const struct {
	const char	*params;
	int		 inc, want;
} inc_cases[] = {
	{ "cc_alg=2 cc_sendme_inc=31", 33, -WHY_HS_INVALID },
	{ "cc_alg=2 cc_sendme_inc=31", 29, -WHY_HS_INVALID },
	{ "cc_alg=0 cc_sendme_inc=31", 255, -WHY_HS_INVALID },
	{ "cc_alg=0 cc_sendme_inc=31", 1, -WHY_HS_INVALID },
	{ "cc_alg=2 cc_sendme_inc=31", 30, -EAGAIN },
	{ "cc_alg=2 cc_sendme_inc=31", 0, -EAGAIN },	/* no such line */
	{ "cc_alg=2 cc_sendme_inc=1", 2, -EAGAIN },
	{ "", 33, -WHY_HS_INVALID }
};

START_TEST(hsclient_descriptor_of_far_increment_is_invalid)
{
	rig_new(&r, 0);
	ck_assert_int_eq(params_parse(&r.netdir.params, inc_cases[_i].params,
	    strlen(inc_cases[_i].params)), 0);
	hsclient_set_netdir(r.hs, &r.netdir);
	r.ndirs = 1;
	r.desc.flow_control = inc_cases[_i].inc != 0;
	r.desc.sendme_inc = (uint8_t)inc_cases[_i].inc;
	rig_to_descriptor(&r, 0);
	ck_assert_int_eq(rig_get(&r, 0, 0, NULL), inc_cases[_i].want);
	rig_free(&r);
	params_free(r.netdir.params);
}
END_TEST

/* --- who may not know of whom --- */

START_TEST(hsclient_tokens_share_nothing)
{
	void *a, *b;

	rig_new(&r, 0);
	rig_to_joined(&r, 0);
	ck_assert_uint_eq(rig_count(&r, HS_DIR), 1);
	rig_to_joined(&r, 1);			/* the whole way again */
	ck_assert_uint_eq(rig_count(&r, HS_DIR), 2);
	ck_assert_uint_eq(rig_count(&r, HS_INTRO), 2);
	ck_assert_int_eq(rig_get(&r, 0, 0, &a), 0);
	ck_assert_int_eq(rig_get(&r, 1, 0, &b), 0);
	ck_assert_ptr_ne(a, b);
	rig_free(&r);
}
END_TEST

START_TEST(hsclient_failures_of_one_token_are_not_anothers)
{
	unsigned n;

	rig_new(&r, 0);
	ck_assert_int_eq(rig_get(&r, 0, 0, NULL), -EAGAIN);
	rig_turn(&r);
	ck_assert_int_eq(rig_answer_all(&r, 404, &n), -WHY_HS_NOT_FOUND);
	ck_assert_int_eq(rig_get(&r, 1, 0, NULL), -EAGAIN);
	rig_turn(&r);
	ck_assert_uint_eq(rig_open(&r, HS_DIR), 1);
	ck_assert_mem_eq(rig_last(&r, HS_DIR)->token, rig_token[1],
	    HSCLIENT_TOKEN);
	rig_free(&r);
}
END_TEST

START_TEST(hsclient_services_of_a_token_have_circuits_of_their_own)
{
	void *a;

	rig_new(&r, 0);
	rig_to_joined(&r, 0);
	ck_assert_int_eq(rig_get(&r, 0, 1, NULL), -EAGAIN);
	ck_assert_int_eq(rig_get(&r, 0, 0, &a), 0);
	rig_turn(&r);
	ck_assert_uint_eq(rig_open(&r, HS_DIR), 1);
	rig_free(&r);
}
END_TEST

/* --- ExcludeNodes --- */

static unsigned nwarnings;

static void
count_warnings(void *arg, enum log_level level, const char *text)
{
	(void)arg;
	(void)text;
	nwarnings += level == LL_WARN;
}

/* All but the last @n of them. */
static void
exclude_dirs(size_t but)
{
	size_t i;

	for (i = 0; i < RIG_DIRS - but; i++)
		r.excluded[r.dirs[i].rsa[0]] = 1;
}

static void
exclude_intros(size_t but)
{
	size_t i;

	for (i = 0; i < RIG_INTROS - but; i++)
		r.excluded[r.desc.intro[i].relay.id.rsa[0]] = 1;
}

START_TEST(hsclient_directories_that_are_excluded_are_asked_last)
{
	unsigned i;

	rig_new(&r, 0);
	exclude_dirs(2);
	ck_assert_int_eq(rig_get(&r, 0, 0, NULL), -EAGAIN);
	rig_turn(&r);
	for (i = 0; i < RIG_DIRS; i++) {
		struct rig_circ *dir = rig_last(&r, HS_DIR);

		ck_assert_int_eq(r.excluded[dir->last.id.rsa[0]], i >= 2);
		rig_built(&r, dir);
		rig_fetched(&r, dir, 404);
	}
	ck_assert_int_eq(rig_get(&r, 0, 0, NULL), -WHY_HS_NOT_FOUND);
	rig_free(&r);
}
END_TEST

/* None of them (2), or few, are left. */
START_TEST(hsclient_directories_that_are_excluded_are_never_asked_if_strict)
{
	unsigned n;

	be_quiet();
	log_capture(count_warnings, NULL);
	rig_new(&r, 0);
	r.strict = 1;
	exclude_dirs((size_t)_i);
	ck_assert_int_eq(rig_get(&r, 0, 0, NULL), -EAGAIN);
	rig_turn(&r);
	n = 0;
	if (_i > 0)
		(void)rig_answer_all(&r, 404, &n);
	ck_assert_int_eq(rig_get(&r, 0, 0, NULL), -WHY_HS_NOT_FOUND);
	ck_assert_uint_eq(n, (unsigned)_i);
	ck_assert_uint_eq(rig_count(&r, HS_DIR), (unsigned)_i);
	ck_assert_uint_eq(nwarnings, 1);
	rig_free(&r);
}
END_TEST

START_TEST(hsclient_introduction_points_that_are_excluded_come_last)
{
	struct rig_circ *c;
	unsigned i, excluded = 0;

	rig_new(&r, 0);
	exclude_intros(1);
	rig_to_descriptor(&r, 0);
	for (i = 0; i < 5 * RIG_INTROS; i++) {
		c = rig_last(&r, HS_INTRO);
		excluded += r.excluded[c->last.id.rsa[0]];
		ck_assert_int_eq(r.excluded[c->last.id.rsa[0]], i >= 5);
		rig_gone(&r, c);
	}
	ck_assert_uint_eq(excluded, 5 * (RIG_INTROS - 1));
	rig_free(&r);
}
END_TEST

START_TEST(hsclient_introduction_points_that_are_excluded_are_none_if_strict)
{
	be_quiet();
	log_capture(count_warnings, NULL);
	rig_new(&r, 0);
	r.strict = 1;
	exclude_intros((size_t)_i);
	rig_to_descriptor(&r, 0);
	if (_i > 0) {
		rig_built(&r, rig_last(&r, HS_INTRO));
		rig_built(&r, rig_last(&r, HS_REND));
		ck_assert_int_eq(rig_established(&r, rig_last(&r, HS_REND)),
		    0);
		rig_turn(&r);
		ck_assert_int_eq(rig_ack(&r, rig_last(&r, HS_INTRO), 1), 0);
		rig_turn(&r);
	}
	rig_built(&r, rig_last(&r, HS_DIR));
	rig_fetched(&r, rig_last(&r, HS_DIR), 200);
	ck_assert_int_eq(rig_get(&r, 0, 0, NULL), -WHY_HS_INTRO);
	ck_assert_uint_eq(rig_count(&r, HS_INTRO), (unsigned)_i);
	ck_assert_uint_eq(nwarnings, 1);
	rig_free(&r);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(hsclient_get_reaches_a_service),
	UNIT(hsclient_get_again_gives_the_same_circuit),
	UNIT(hsclient_rendezvous2_before_the_ack_joins),
	UNIT_LOOP(hsclient_spoil_and_gone_make_the_next_get_start_anew, 2),
	UNIT(hsclient_newnym_forgets_all_and_lets_circuits_stand),
	UNIT_LOOP(hsclient_all_directories_fail_with_the_reason,
	    NELEM(all_cases)),
	UNIT(hsclient_one_of_the_directories_is_enough),
	UNIT_LOOP(hsclient_directory_that_is_silent_is_given_up, 2),
	UNIT(hsclient_failure_stands_for_all_who_wait_and_then_is_tried_anew),
	UNIT(hsclient_descriptor_is_used_until_its_lifetime_ends),
	UNIT(hsclient_descriptor_whose_certificate_ended_is_fetched_again),
	UNIT_LOOP(hsclient_older_revision_does_not_replace_a_newer, 2),
	UNIT(hsclient_descriptor_of_another_size_is_invalid),
	UNIT(hsclient_service_without_introduction_points_is_an_intro_failure),
	UNIT(hsclient_key_that_is_none_is_no_address),
	UNIT(hsclient_new_period_makes_everything_new),
	UNIT_LOOP(hsclient_new_period_in_between_is_survived, 3),
	UNIT_LOOP(hsclient_without_a_live_consensus_waits, 2),
	UNIT_LOOP(hsclient_auth_failure_is_told_at_once, 2),
	UNIT(hsclient_key_that_comes_later_opens_what_was_fetched),
	UNIT_LOOP(hsclient_sealed_descriptors_are_kept_for_an_hour, 2),
	UNIT(hsclient_sealed_descriptors_are_bounded_and_the_oldest_goes),
	UNIT_LOOP(hsclient_refusal_goes_to_another_with_the_same_rendezvous,
	    5),
	UNIT(hsclient_all_refuse_fetches_once_more_and_then_fails),
	UNIT(hsclient_refetch_that_brings_others_goes_on_with_them),
	UNIT(hsclient_circuit_that_fails_is_tried_five_times_each),
	UNIT(hsclient_no_acknowledgement_is_a_timeout),
	UNIT_LOOP(hsclient_introduction_point_of_no_use_is_passed_over, 3),
	UNIT_LOOP(hsclient_introduction_point_in_somebodys_network_is_passed_over,
	    NELEM(nowhere)),
	UNIT(hsclient_introduction_point_may_be_private_where_all_are),
	UNIT(hsclient_introductions_of_one_reach_are_bounded),
	UNIT_LOOP(hsclient_rendezvous_circuit_that_goes_is_replaced_a_few_times,
	    3),
	UNIT(hsclient_service_that_does_not_come_is_a_timeout),
	UNIT(hsclient_join_that_fails_is_a_failed_rendezvous),
	UNIT(hsclient_send_that_fails_ends_in_a_reason),
	UNIT(hsclient_rendezvous_point_that_nobody_knows_is_not_told),
	UNIT_LOOP(hsclient_rendezvous_that_should_last_is_asked_for, 3),
	UNIT_LOOP(hsclient_congestion_control_needs_offer_and_consensus,
	    NELEM(cc_cases)),
	UNIT_LOOP(hsclient_descriptor_of_far_increment_is_invalid,
	    NELEM(inc_cases)),
	UNIT(hsclient_tokens_share_nothing),
	UNIT(hsclient_failures_of_one_token_are_not_anothers),
	UNIT(hsclient_services_of_a_token_have_circuits_of_their_own),
	UNIT(hsclient_directories_that_are_excluded_are_asked_last),
	UNIT_LOOP(hsclient_directories_that_are_excluded_are_never_asked_if_strict,
	    3),
	UNIT(hsclient_introduction_points_that_are_excluded_come_last),
	UNIT_LOOP(hsclient_introduction_points_that_are_excluded_are_none_if_strict,
	    2),
};

UNIT_MAIN("hsclient", tests)

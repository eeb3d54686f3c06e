/* tests/onion/hs/test_hsclient_limits.c - how much, and how often */
#include "tests/unit.h"

#include <errno.h>
#include <string.h>

#include "base/why.h"
#include "tests/onion/hs/hsrig.h"

static struct rig r;

static int
get_nth(uint32_t token, uint32_t n)
{
	uint8_t t[HSCLIENT_TOKEN] = { 7 }, service[32] = { 2 };
	void *circ;

	memcpy(t + 4, &token, sizeof(token));
	memcpy(service + 4, &n, sizeof(n));
	return hsclient_get(r.hs, t, service, 0, &circ);
}

START_TEST(hsclient_tries_are_bounded_for_one_and_for_all)
{
	uint32_t i;

	rig_new(&r, 0);
	for (i = 0; i < HSCLIENT_TRYING_EACH + 8; i++)
		ck_assert_int_eq(get_nth(0, i), -EAGAIN);
	ck_assert_uint_eq(rig_totals(&r).trying, HSCLIENT_TRYING_EACH);
	for (i = 0; i < HSCLIENT_TRYING_MAX; i++)
		ck_assert_int_eq(get_nth(1 + i, i), -EAGAIN);
	ck_assert_uint_eq(rig_totals(&r).trying, HSCLIENT_TRYING_MAX);
	ck_assert_uint_eq(rig_totals(&r).services, HSCLIENT_TRYING_MAX);
	r.wakes = 0;
	rig_turn(&r);
	ck_assert_uint_eq(r.wakes, 1);		/* some ended: there is room */
	rig_free(&r);
}
END_TEST

/* Of one client, but for the last. */
START_TEST(hsclient_tries_are_bounded_whatever_tokens_one_has)
{
	uint8_t t[HSCLIENT_TOKEN] = { 8 }, service[32] = { 2 };
	void *circ;
	int i;

	rig_new(&r, 0);
	for (i = 0; i < HSCLIENT_TRYING_EACH + 8; i++) {
		t[HSCLIENT_OWNER] = (uint8_t)i;
		ck_assert_int_eq(hsclient_get(r.hs, t, service, 0, &circ),
		    -EAGAIN);
	}
	ck_assert_uint_eq(rig_totals(&r).trying, HSCLIENT_TRYING_EACH);
	t[HSCLIENT_OWNER - 1] = 1;
	ck_assert_int_eq(hsclient_get(r.hs, t, service, 0, &circ), -EAGAIN);
	ck_assert_uint_eq(rig_totals(&r).trying, HSCLIENT_TRYING_EACH + 1);
	rig_free(&r);
}
END_TEST

START_TEST(hsclient_services_are_bounded_and_the_oldest_forgotten)
{
	uint32_t i;

	rig_new(&r, 0);
	rig_to_joined(&r, 0);
	r.ndirs = 0;
	for (i = 0; i < HSCLIENT_SERVICES_MAX + 100; i++) {
		(void)get_nth(i / 200, i);
		rig_turn(&r);
		ck_assert_uint_le(rig_totals(&r).services, HSCLIENT_SERVICES_MAX);
	}
	ck_assert_uint_eq(rig_totals(&r).services, HSCLIENT_SERVICES_MAX);
	ck_assert_int_eq(rig_get(&r, 0, 0, NULL), -EAGAIN);	/* forgotten */
	ck_assert_int_eq(rig_last(&r, HS_REND)->open, 1);
	rig_free(&r);
}
END_TEST

START_TEST(hsclient_one_token_pushes_out_only_its_own)
{
	uint32_t i;

	rig_new(&r, 0);
	rig_to_joined(&r, 0);
	for (i = 0; i < HSCLIENT_SERVICES_EACH + 100; i++) {
		(void)get_nth(3, i);
		rig_turn(&r);
	}
	ck_assert_uint_eq(rig_totals(&r).services, HSCLIENT_SERVICES_EACH + 1);
	ck_assert_int_eq(rig_get(&r, 0, 0, NULL), 0);
	rig_free(&r);
}
END_TEST

START_TEST(hsclient_nobody_asks_any_more_and_all_is_closed)
{
	rig_new(&r, 0);
	rig_to_descriptor(&r, 0);
	r.wakes = 0;
	rig_wait(&r, 100 * 1000);
	ck_assert_uint_ge(r.wakes, 1);		/* do you? */
	ck_assert_int_eq(rig_get(&r, 0, 0, NULL), -EAGAIN);
	rig_wait(&r, 100 * 1000);
	ck_assert_uint_eq(rig_totals(&r).trying, 1);
	rig_wait(&r, 60 * 1000);
	ck_assert_uint_eq(rig_totals(&r).trying, 0);
	ck_assert_uint_eq(rig_open(&r, HS_INTRO), 0);
	ck_assert_uint_eq(rig_open(&r, HS_REND), 0);
	rig_free(&r);
}
END_TEST

START_TEST(hsclient_what_is_of_no_use_is_not_kept)
{
	rig_new(&r, 0);
	r.desc.lifetime_s = 3600;
	rig_to_joined(&r, 0);
	rig_gone(&r, rig_last(&r, HS_REND));
	rig_wait(&r, 3500 * 1000);
	ck_assert_uint_eq(rig_totals(&r).services, 1);
	rig_wait(&r, 200 * 1000);
	ck_assert_uint_eq(rig_totals(&r).services, 0);
	ck_assert_int_eq(loop_next(&r.loop) == LOOP_NEVER, 1);
	rig_free(&r);
}
END_TEST

START_TEST(hsclient_without_room_waits_for_it)
{
	enum hs_purpose p = (enum hs_purpose)(HS_DIR + _i);

	rig_new(&r, 0);
	r.open_rc[p] = -EAGAIN;
	ck_assert_int_eq(rig_get(&r, 0, 0, NULL), -EAGAIN);
	rig_turn(&r);
	if (p != HS_DIR) {
		rig_built(&r, rig_last(&r, HS_DIR));
		rig_fetched(&r, rig_last(&r, HS_DIR), 200);
	}
	ck_assert_uint_eq(rig_count(&r, p), 0);
	r.open_rc[p] = 0;
	if (_i % 2)
		hsclient_room(r.hs);
	else
		rig_wait(&r, 31 * 1000);	/* even if it is not told */
	rig_turn(&r);
	ck_assert_uint_eq(rig_open(&r, p), 1);
	ck_assert_int_eq(rig_get(&r, 0, 0, NULL), -EAGAIN);
	rig_free(&r);
}
END_TEST

START_TEST(hsclient_without_room_is_no_answer)
{
	enum hs_purpose p = (enum hs_purpose)(HS_DIR + _i % 3);
	unsigned i;

	rig_new(&r, 0);
	r.open_rc[p] = rig_laters[_i / 3];
	ck_assert_int_eq(rig_get(&r, 0, 0, NULL), -EAGAIN);
	rig_turn(&r);
	if (p != HS_DIR) {
		rig_built(&r, rig_last(&r, HS_DIR));
		rig_fetched(&r, rig_last(&r, HS_DIR), 200);
	}
	for (i = 0; i < 100; i++) {
		hsclient_room(r.hs);
		rig_turn(&r);
		ck_assert_int_eq(rig_get(&r, 0, 0, NULL), -EAGAIN);
	}
	r.open_rc[p] = 0;
	hsclient_room(r.hs);
	rig_turn(&r);
	ck_assert_uint_eq(rig_open(&r, p), 1);
	rig_free(&r);
}
END_TEST

/* By that many tokens, who all want the same. */
static void
get_by(uint8_t ntokens)
{
	uint8_t t[HSCLIENT_TOKEN] = { 9 };
	void *circ;

	for (t[1] = 0; t[1] < ntokens; t[1]++)
		ck_assert_int_eq(hsclient_get(r.hs, t, rig_service[0], 0, &circ),
		    -EAGAIN);
}

START_TEST(hsclient_without_room_one_asks_for_all)
{
	unsigned i;

	rig_new(&r, 0);
	r.open_rc[HS_DIR] = -EAGAIN;
	get_by(100);
	rig_turn(&r);
	ck_assert_uint_eq(r.opens, 1);
	for (i = 0; i < 10; i++) {
		hsclient_room(r.hs);
		rig_turn(&r);
	}
	ck_assert_uint_eq(r.opens, 11);
	ck_assert_uint_eq(r.rings, 1);
	r.open_rc[HS_DIR] = 0;
	hsclient_room(r.hs);
	rig_turn(&r);
	ck_assert_uint_eq(rig_open(&r, HS_DIR), 100);
	ck_assert_uint_eq(r.rings, 1);
	rig_free(&r);
}
END_TEST

START_TEST(hsclient_no_room_for_one_directory_is_none_for_nobody)
{
	rig_new(&r, 0);
	r.open_rc[HS_DIR] = -EBUSY;
	get_by(100);
	rig_turn(&r);
	ck_assert_uint_eq(r.opens, 100);
	rig_free(&r);
}
END_TEST

START_TEST(hsclient_ring_is_made_once_for_each_consensus)
{
	rig_new(&r, 0);
	rig_to_descriptor(&r, 0);
	rig_to_descriptor(&r, 1);
	ck_assert_uint_eq(r.rings, 1);
	rig_later(&r, 1);
	get_by(2);
	rig_turn(&r);
	ck_assert_uint_eq(r.rings, 2);
	rig_free(&r);
}
END_TEST

static unsigned nkeys;
int	__real_hsntor_new(struct hsntor *);
int	__wrap_hsntor_new(struct hsntor *);

int
__wrap_hsntor_new(struct hsntor *h)
{
	nkeys++;
	return __real_hsntor_new(h);
}

START_TEST(hsclient_without_room_no_keys_are_drawn)
{
	unsigned i;

	rig_new(&r, 0);
	nkeys = 0;
	r.open_rc[HS_REND] = -EBUSY;
	rig_to_descriptor(&r, 0);
	for (i = 0; i < 10; i++) {
		hsclient_room(r.hs);
		rig_turn(&r);
	}
	ck_assert_uint_eq(nkeys, 0);
	r.open_rc[HS_REND] = 0;
	hsclient_room(r.hs);
	rig_turn(&r);
	ck_assert_uint_eq(nkeys, 1);
	rig_free(&r);
}
END_TEST

/* No way there, that is: who was to be reached is as good as before. */
START_TEST(hsclient_path_that_is_none_is_held_against_nobody)
{
	enum hs_purpose p = (enum hs_purpose)(HS_DIR + _i);
	unsigned n;

	rig_new(&r, 0);
	r.open_rc[p] = -ENETUNREACH;
	if (p == HS_DIR) {
		ck_assert_int_eq(rig_get(&r, 0, 0, NULL), -EAGAIN);
		rig_turn(&r);
	} else
		rig_to_descriptor(&r, 0);
	ck_assert_int_eq(rig_get(&r, 0, 0, NULL), -ENETUNREACH);
	ck_assert_uint_eq(rig_open(&r, HS_INTRO) + rig_open(&r, HS_REND), 0);
	r.open_rc[p] = 0;
	rig_wait(&r, 1000);
	ck_assert_int_eq(rig_get(&r, 0, 0, NULL), -EAGAIN);
	rig_turn(&r);
	ck_assert_uint_eq(rig_open(&r, p), 1);
	if (p == HS_DIR) {
		ck_assert_int_eq(rig_answer_all(&r, 404, &n), -WHY_HS_NOT_FOUND);
		ck_assert_uint_eq(n, RIG_DIRS);
	}
	ck_assert_uint_eq(rig_count(&r, HS_DIR), p == HS_DIR ? RIG_DIRS : 1);
	rig_free(&r);
}
END_TEST

/* Its circuits do not come near; the network is dark, for example. */
START_TEST(hsclient_circuit_that_is_lost_on_our_way_is_held_against_nobody)
{
	enum hs_purpose p = (enum hs_purpose)(HS_DIR + _i);
	unsigned i, n;

	rig_new(&r, 0);
	r.desc.nintros = 1;
	if (p == HS_DIR) {
		ck_assert_int_eq(rig_get(&r, 0, 0, NULL), -EAGAIN);
		rig_turn(&r);
	} else
		rig_to_descriptor(&r, 0);
	for (i = 0; i < 100; i++) {
		rig_lost(&r, rig_last(&r, p));
		ck_assert_int_eq(rig_get(&r, 0, 0, NULL), -EAGAIN);
	}
	if (p == HS_DIR) {
		ck_assert_int_eq(rig_answer_all(&r, 404, &n), -WHY_HS_NOT_FOUND);
		ck_assert_uint_eq(n, RIG_DIRS);
		rig_free(&r);
		return;
	}
	rig_built(&r, rig_last(&r, HS_INTRO));
	rig_built(&r, rig_last(&r, HS_REND));
	ck_assert_int_eq(rig_established(&r, rig_last(&r, HS_REND)), 0);
	rig_turn(&r);
	ck_assert_uint_eq(rig_last(&r, HS_INTRO)->nsent, 1);
	ck_assert_uint_eq(rig_count(&r, HS_DIR), 1);
	rig_free(&r);
}
END_TEST

START_TEST(hsclient_fetch_that_cannot_begin_is_held_against_nobody)
{
	unsigned i, n;

	rig_new(&r, 0);
	r.ndirs = 1;
	r.fetch_rc = -ENOMEM;
	ck_assert_int_eq(rig_get(&r, 0, 0, NULL), -EAGAIN);
	rig_turn(&r);
	for (i = 0; i < 4; i++)
		rig_built(&r, rig_last(&r, HS_DIR));
	ck_assert_int_eq(rig_get(&r, 0, 0, NULL), -ENOMEM);
	rig_wait(&r, 1000);
	r.fetch_rc = 0;
	ck_assert_int_eq(rig_get(&r, 0, 0, NULL), -EAGAIN);
	rig_turn(&r);
	ck_assert_int_eq(rig_answer_all(&r, 404, &n), -WHY_HS_NOT_FOUND);
	ck_assert_uint_eq(n, 1);
	rig_free(&r);
}
END_TEST

START_TEST(hsclient_introduction_that_cannot_be_sent_is_held_against_nobody)
{
	unsigned i;

	rig_new(&r, 0);
	r.desc.nintros = 1;
	rig_to_descriptor(&r, 0);
	rig_built(&r, rig_last(&r, HS_REND));
	ck_assert_int_eq(rig_established(&r, rig_last(&r, HS_REND)), 0);
	r.send_rc = -ENOMEM;
	for (i = 0; i < 3; i++)
		rig_built(&r, rig_last(&r, HS_INTRO));
	r.send_rc = 0;
	rig_built(&r, rig_last(&r, HS_INTRO));	/* the same */
	ck_assert_uint_eq(rig_last(&r, HS_INTRO)->nsent, 1);
	ck_assert_uint_eq(rig_count(&r, HS_REND), 1);
	ck_assert_uint_eq(rig_count(&r, HS_DIR), 1);
	rig_free(&r);
}
END_TEST

START_TEST(hsclient_introduction_that_never_can_be_sent_ends_in_a_reason)
{
	unsigned i;

	rig_new(&r, 0);
	rig_to_descriptor(&r, 0);
	rig_built(&r, rig_last(&r, HS_REND));
	ck_assert_int_eq(rig_established(&r, rig_last(&r, HS_REND)), 0);
	r.send_rc = -ENOMEM;
	for (i = 0; i < 4; i++)
		rig_built(&r, rig_last(&r, HS_INTRO));
	ck_assert_int_eq(rig_get(&r, 0, 0, NULL), -ENOBUFS);
	rig_free(&r);
}
END_TEST

/* Joined and given up: streams may be on it still. */
static void
leave_one_standing(int token)
{
	struct rig_circ *intro, *rend;
	void *circ;

	ck_assert_int_eq(rig_get(&r, token, 0, NULL), -EAGAIN);
	rig_turn(&r);
	intro = rig_last(&r, HS_INTRO);
	rend = rig_last(&r, HS_REND);
	rig_built(&r, intro);
	rig_built(&r, rend);
	ck_assert_int_eq(rig_established(&r, rend), 0);
	rig_turn(&r);
	ck_assert_int_eq(rig_ack(&r, intro, 0), 0);
	ck_assert_int_eq(rig_meet(&r, intro, rend), 0);
	rig_turn(&r);
	ck_assert_int_eq(rig_get(&r, token, 0, &circ), 0);
	hsclient_spoil(r.hs, circ);
}

START_TEST(hsclient_circuits_of_a_client_are_bounded_for_it_alone)
{
	unsigned i;
	void *circ;

	rig_new(&r, 0);
	rig_to_joined(&r, 0);
	ck_assert_int_eq(rig_get(&r, 0, 0, &circ), 0);
	hsclient_spoil(r.hs, circ);
	for (i = 2; i < HSCLIENT_CIRCS_EACH; i++)
		leave_one_standing(0);
	ck_assert_uint_eq(rig_open(&r, HS_REND), HSCLIENT_CIRCS_EACH - 1);
	ck_assert_int_eq(rig_get(&r, 0, 0, NULL), -EAGAIN);
	rig_turn(&r);
	ck_assert_uint_eq(rig_open(&r, HS_REND) + rig_open(&r, HS_INTRO),
	    HSCLIENT_CIRCS_EACH);
	hsclient_room(r.hs);
	rig_turn(&r);
	ck_assert_uint_eq(rig_open(&r, HS_REND) + rig_open(&r, HS_INTRO),
	    HSCLIENT_CIRCS_EACH);
	rig_to_joined(&r, 1);
	rig_gone(&r, &r.circ[1]);		/* the first */
	hsclient_room(r.hs);
	rig_turn(&r);
	ck_assert_uint_eq(rig_open(&r, HS_REND) + rig_open(&r, HS_INTRO),
	    HSCLIENT_CIRCS_EACH + 1);
	hsclient_newnym(r.hs);		/* they are still its own */
	ck_assert_int_eq(rig_get(&r, 0, 0, NULL), -EAGAIN);
	rig_turn(&r);
	rig_free(&r);
}
END_TEST

START_TEST(hsclient_testing_network_asks_directories_again_soon)
{
	unsigned i;

	rig_new(&r, _i);
	r.ndirs = 1;
	rig_to_introduced(&r, 0);
	rig_gone(&r, rig_last(&r, HS_REND));
	for (i = 0; i < 3 && rig_last(&r, HS_INTRO); i++) {
		if (rig_last(&r, HS_REND)->nsent == 0) {
			rig_built(&r, rig_last(&r, HS_REND));
			(void)rig_established(&r, rig_last(&r, HS_REND));
		}
		rig_built(&r, rig_last(&r, HS_INTRO));
		(void)rig_ack(&r, rig_last(&r, HS_INTRO), 1);
		rig_turn(&r);
		if (i < 2)
			rig_wait(&r, 3000);
	}
	/* 6 s after the first time: in a testing network, it is asked. */
	ck_assert_uint_eq(rig_count(&r, HS_DIR), _i ? 2 : 1);
	rig_free(&r);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(hsclient_tries_are_bounded_for_one_and_for_all),
	UNIT(hsclient_tries_are_bounded_whatever_tokens_one_has),
	UNIT(hsclient_services_are_bounded_and_the_oldest_forgotten),
	UNIT(hsclient_one_token_pushes_out_only_its_own),
	UNIT(hsclient_nobody_asks_any_more_and_all_is_closed),
	UNIT(hsclient_what_is_of_no_use_is_not_kept),
	UNIT_LOOP(hsclient_without_room_waits_for_it, 3),
	UNIT_LOOP(hsclient_without_room_is_no_answer, 3 * RIG_LATERS),
	UNIT(hsclient_without_room_one_asks_for_all),
	UNIT(hsclient_no_room_for_one_directory_is_none_for_nobody),
	UNIT(hsclient_ring_is_made_once_for_each_consensus),
	UNIT(hsclient_without_room_no_keys_are_drawn),
	UNIT_LOOP(hsclient_path_that_is_none_is_held_against_nobody, 3),
	UNIT_LOOP(hsclient_circuit_that_is_lost_on_our_way_is_held_against_nobody,
	    3),
	UNIT(hsclient_fetch_that_cannot_begin_is_held_against_nobody),
	UNIT(hsclient_introduction_that_cannot_be_sent_is_held_against_nobody),
	UNIT(hsclient_introduction_that_never_can_be_sent_ends_in_a_reason),
	UNIT(hsclient_circuits_of_a_client_are_bounded_for_it_alone),
	UNIT_LOOP(hsclient_testing_network_asks_directories_again_soon, 2),
};

UNIT_MAIN("hsclient_limits", tests)

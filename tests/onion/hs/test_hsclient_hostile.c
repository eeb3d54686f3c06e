/* tests/onion/hs/test_hsclient_hostile.c - peers that say what is not due
 *
 * What a rendezvous point, an introduction point or a directory says at a time
 * when it may not, or wrongly, costs it the circuit and moves nothing on.
 */
#include "tests/unit.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "base/why.h"
#include "tests/onion/hs/hsrig.h"

static struct rig r;

enum who { DIR, INTRO, REND };
enum when { OPENED, BUILT, ESTABLISHED, INTRODUCED, ACKED, JOINED };

/* A reach, as far as that. */
static void
go(enum when w)
{
	rig_new(&r, 0);
	if (w == OPENED || w == BUILT) {
		rig_to_descriptor(&r, 0);
		if (w == BUILT) {
			rig_built(&r, rig_last(&r, HS_INTRO));
			rig_built(&r, rig_last(&r, HS_REND));
		}
	} else if (w == ESTABLISHED) {
		rig_to_descriptor(&r, 0);
		rig_built(&r, rig_last(&r, HS_REND));
		ck_assert_int_eq(rig_established(&r, rig_last(&r, HS_REND)),
		    0);
		rig_turn(&r);
	} else if (w == JOINED)
		rig_to_joined(&r, 0);
	else
		rig_to_introduced(&r, 0);
	if (w == ACKED)
		ck_assert_int_eq(rig_ack(&r, rig_last(&r, HS_INTRO), 0), 0);
}

static const struct {
	enum when	when;
	enum hs_purpose	who;
	uint8_t		cmd;
	size_t		len;
} wrong_cases[] = {
	/* 41297: what moves on a rendezvous that is not there yet. */
	{ OPENED,	HS_REND,	39, 0 },
	{ OPENED,	HS_REND,	37, 168 },
	{ OPENED,	HS_REND,	40, 3 },
	{ BUILT,	HS_REND,	37, 168 },
	{ BUILT,	HS_REND,	40, 3 },
	{ BUILT,	HS_REND,	33, 20 },
	{ BUILT,	HS_REND,	34, 246 },
	{ BUILT,	HS_REND,	38, 246 },
	{ ESTABLISHED,	HS_REND,	39, 0 },	/* twice */
	{ ESTABLISHED,	HS_REND,	37, 168 },	/* to nobody's call */
	{ INTRODUCED,	HS_REND,	39, 0 },
	{ INTRODUCED,	HS_REND,	37, 168 },	/* a wrong MAC */
	{ INTRODUCED,	HS_REND,	37, 63 },	/* none at all */
	{ INTRODUCED,	HS_REND,	37, 0 },
	{ INTRODUCED,	HS_REND,	36, 168 },
	{ INTRODUCED,	HS_REND,	40, 3 },
	{ ACKED,	HS_REND,	39, 0 },
	{ ACKED,	HS_REND,	37, 168 },
	{ OPENED,	HS_INTRO,	40, 3 },
	{ BUILT,	HS_INTRO,	40, 3 },	/* nothing was asked */
	{ BUILT,	HS_INTRO,	39, 0 },
	{ BUILT,	HS_INTRO,	37, 168 },
	{ INTRODUCED,	HS_INTRO,	40, 2 },	/* no such thing */
	{ INTRODUCED,	HS_INTRO,	40, 0 },
	{ INTRODUCED,	HS_INTRO,	37, 168 },
	{ INTRODUCED,	HS_INTRO,	39, 0 },
	{ INTRODUCED,	HS_INTRO,	35, 246 },
};

START_TEST(hsclient_message_not_due_closes_and_the_reach_goes_on)
{
	static const uint8_t data[512];
	struct rig_circ *c;
	size_t n;

	go(wrong_cases[_i].when);
	c = rig_last(&r, wrong_cases[_i].who);
	n = rig_count(&r, wrong_cases[_i].who);
	ck_assert_int_eq(rig_say(&r, c, wrong_cases[_i].cmd, data,
	    wrong_cases[_i].len), -EPROTO);
	rig_turn(&r);
	ck_assert_int_eq(rig_get(&r, 0, 0, NULL), -EAGAIN);
	ck_assert_int_eq(c->joined, 0);
	ck_assert_int_eq(c->open, 1);		/* gone() is to come */
	ck_assert_uint_eq(rig_count(&r, wrong_cases[_i].who), n + 1);
	/* It may have had more to say, which nobody hears. */
	ck_assert_int_eq(hsclient_message(r.hs, c, 39, data, 0), -EPROTO);
	rig_gone(&r, c);
	ck_assert_int_eq(rig_get(&r, 0, 0, NULL), -EAGAIN);
	rig_free(&r);
}
END_TEST

START_TEST(hsclient_message_on_a_directorys_circuit_closes_it)
{
	static const uint8_t data[168];
	static const uint8_t cmds[] = { 32, 33, 34, 35, 36, 37, 38, 39, 40 };
	struct rig_circ *dir;

	rig_new(&r, 0);
	ck_assert_int_eq(rig_get(&r, 0, 0, NULL), -EAGAIN);
	rig_turn(&r);
	dir = rig_last(&r, HS_DIR);
	rig_built(&r, dir);
	ck_assert_int_eq(rig_say(&r, dir, cmds[_i], data, sizeof(data)),
	    -EPROTO);
	rig_gone(&r, dir);
	ck_assert_uint_eq(rig_count(&r, HS_DIR), 2);
	rig_free(&r);
}
END_TEST

START_TEST(hsclient_message_after_joining_closes)
{
	struct rig_circ *rend;
	uint8_t reply[168] = { 0 };

	go(JOINED);
	rend = rig_last(&r, HS_REND);
	ck_assert_int_eq(rig_say(&r, rend, _i ? 37 : 39, reply, _i ? 168 : 0),
	    -EPROTO);
	rig_turn(&r);
	ck_assert_int_eq(rig_get(&r, 0, 0, NULL), -EAGAIN);
	rig_gone(&r, rend);
	rig_free(&r);
}
END_TEST

/* A rendezvous point that plays the service: it knows the cookie, and nothing
 * else; a zero key pair is what the fault of 41297 made it known. */
START_TEST(hsclient_rendezvous_point_cannot_be_the_service)
{
	struct rig_intro1 i;
	struct rig_circ *intro, *rend;
	struct hsntor_keys keys;
	uint8_t reply[HSNTOR_REPLY];

	go(INTRODUCED);
	intro = rig_last(&r, HS_INTRO);
	rend = rig_last(&r, HS_REND);
	ck_assert_int_eq(rig_read(&r, intro, &i), 0);
	switch (_i) {
	case 0:			/* another introduction point's keys */
		i.which = (i.which + 1) % RIG_INTROS;
		break;
	case 1:			/* an X of its own choice */
		memset(i.X, 9, sizeof(i.X));
		break;
	default:
		break;
	}
	rig_reply(&r, &i, reply, &keys);
	if (_i == 2)
		memset(reply, 0, 32);		/* of low order */
	if (_i == 3)
		reply[63] ^= 1;
	if (_i == 4)
		reply[0] ^= 1;
	ck_assert_int_eq(rig_say(&r, rend, 37, reply, sizeof(reply) -
	    (_i == 5)), -EPROTO);		/* right, but for its length */
	rig_turn(&r);
	ck_assert_int_eq(intro->open, 0);	/* that call is over */
	ck_assert_int_eq(rig_get(&r, 0, 0, NULL), -EAGAIN);
	rig_gone(&r, rend);
	rig_free(&r);
}
END_TEST

START_TEST(hsclient_answer_to_a_refused_introduction_does_not_join)
{
	struct rig_circ *intro, *rend;
	struct rig_intro1 i;
	struct hsntor_keys keys;
	uint8_t reply[HSNTOR_REPLY];

	go(INTRODUCED);
	intro = rig_last(&r, HS_INTRO);
	rend = rig_last(&r, HS_REND);
	ck_assert_int_eq(rig_read(&r, intro, &i), 0);
	rig_reply(&r, &i, reply, &keys);
	ck_assert_int_eq(rig_ack(&r, intro, 1), 0);	/* it lied */
	rig_turn(&r);
	if (_i) {			/* another was told meanwhile */
		rig_built(&r, rig_last(&r, HS_INTRO));
		ck_assert_uint_eq(rig_last(&r, HS_INTRO)->nsent, 1);
	}
	ck_assert_int_eq(rig_say(&r, rend, 37, reply, sizeof(reply)), -EPROTO);
	rig_turn(&r);
	ck_assert_int_eq(rig_get(&r, 0, 0, NULL), -EAGAIN);
	rig_free(&r);
}
END_TEST

START_TEST(hsclient_acknowledgement_again_changes_nothing)
{
	struct rig_circ *intro, *rend;

	go(INTRODUCED);
	intro = rig_last(&r, HS_INTRO);
	rend = rig_last(&r, HS_REND);
	ck_assert_int_eq(rig_ack(&r, intro, _i ? 1 : 0), 0);
	ck_assert_int_eq(rig_ack(&r, intro, 1), 0);	/* in the same turn */
	ck_assert_int_eq(rig_ack(&r, intro, 0), 0);
	rig_turn(&r);
	ck_assert_int_eq(intro->open, 0);
	ck_assert_int_eq(rend->open, 1);
	ck_assert_uint_eq(rig_count(&r, HS_REND), 1);
	ck_assert_uint_eq(rig_count(&r, HS_INTRO), _i ? 2 : 1);
	rig_free(&r);
}
END_TEST

START_TEST(hsclient_cookies_and_keys_are_never_the_same_twice)
{
	struct rig_intro1 a, b;
	struct rig_circ *old;

	go(INTRODUCED);
	old = rig_last(&r, HS_INTRO);
	ck_assert_int_eq(rig_read(&r, old, &a), 0);
	rig_gone(&r, rig_last(&r, HS_REND));
	rig_built(&r, rig_last(&r, HS_INTRO));
	rig_built(&r, rig_last(&r, HS_REND));
	ck_assert_int_eq(rig_established(&r, rig_last(&r, HS_REND)), 0);
	rig_turn(&r);
	ck_assert_int_eq(rig_read(&r, rig_last(&r, HS_INTRO), &b), 0);
	ck_assert_mem_ne(a.cookie, b.cookie, INTROMSG_COOKIE);
	ck_assert_mem_ne(a.X, b.X, 32);
	rig_free(&r);
}
END_TEST

START_TEST(hsclient_events_of_others_are_not_ours)
{
	static const uint8_t data[168];
	char other;

	go(BUILT);
	hsclient_built(r.hs, &other);
	hsclient_gone(r.hs, &other, 1);
	hsclient_spoil(r.hs, &other);
	hsclient_fetched(r.hs, &other, 200, data, sizeof(data));
	ck_assert_int_eq(hsclient_message(r.hs, &other, 37, data,
	    sizeof(data)), -EPROTO);
	rig_free(&r);
}
END_TEST

START_TEST(hsclient_events_twice_or_of_the_wrong_kind_are_passed_over)
{
	static const uint8_t data[168];
	struct rig_circ *intro, *rend;

	go(BUILT);
	intro = rig_last(&r, HS_INTRO);
	rend = rig_last(&r, HS_REND);
	hsclient_built(r.hs, intro);
	hsclient_built(r.hs, rend);
	hsclient_fetched(r.hs, intro, 200, data, sizeof(data));
	hsclient_fetched(r.hs, rend, 200, data, sizeof(data));
	hsclient_spoil(r.hs, rend);		/* it is not joined */
	rig_turn(&r);
	ck_assert_uint_eq(rend->nsent, 1);
	ck_assert_uint_eq(intro->nsent, 0);
	ck_assert_int_eq(rig_established(&r, rend), 0);
	rig_turn(&r);
	ck_assert_uint_eq(intro->nsent, 1);
	rig_free(&r);
}
END_TEST

START_TEST(hsclient_answer_before_or_after_the_question_is_none)
{
	struct rig_circ *dir;
	uint8_t text[8192];
	size_t len;

	rig_new(&r, 0);
	len = rig_text(&r, text, sizeof(text));
	ck_assert_int_eq(rig_get(&r, 0, 0, NULL), -EAGAIN);
	rig_turn(&r);
	dir = rig_last(&r, HS_DIR);
	hsclient_fetched(r.hs, dir, 200, text, len);
	rig_turn(&r);
	ck_assert_uint_eq(rig_count(&r, HS_INTRO), 0);
	rig_built(&r, dir);
	hsclient_fetched(r.hs, dir, 404, NULL, 0);
	hsclient_fetched(r.hs, dir, 200, text, len);	/* in the same turn */
	rig_turn(&r);
	ck_assert_uint_eq(rig_count(&r, HS_INTRO), 0);
	ck_assert_uint_eq(rig_count(&r, HS_DIR), 2);
	rig_free(&r);
}
END_TEST

/* Names, in the log, are nobody's business. */
static unsigned lines, above_info, named;

static void
look(void *arg, enum log_level level, const char *text)
{
	(void)arg;
	lines++;
	above_info += level < LL_INFO;
	named += strstr(text, ".onion") != NULL;
}

START_TEST(hsclient_log_has_no_names_and_does_not_swell)
{
	unsigned i, k;

	log_capture(look, NULL);
	rig_new(&r, 1);
	for (i = 0; i < 50; i++) {
		ck_assert_int_eq(rig_get(&r, 0, 0, NULL), -EAGAIN);
		rig_turn(&r);
		for (k = 0; k < RIG_DIRS; k++) {
			rig_built(&r, rig_last(&r, HS_DIR));
			rig_fetched(&r, rig_last(&r, HS_DIR), 404);
		}
		ck_assert_int_eq(rig_get(&r, 0, 0, NULL), -WHY_HS_NOT_FOUND);
		rig_wait(&r, 1000);
	}
	ck_assert_uint_ge(lines, 1);
	ck_assert_uint_le(lines, 7);
	ck_assert_uint_eq(named, 0);
	ck_assert_uint_eq(above_info, 0);
	rig_free(&r);
}
END_TEST

/* --- the clock --- */

static const struct { int64_t off_h; int asks; } clocks[] = {
	{ 0, 1 }, { -12, 1 }, { 12, 1 }, { -23, 1 }, { 23, 1 },
	{ -26, 0 }, { 28, 0 }
};

/* Which period it is, and so which directories and which blinded key, the
 * consensus says: a clock that is off by a day asks for the same.  One that is
 * more so has no consensus that counts. */
START_TEST(hsclient_clock_that_is_off_changes_no_period)
{
	char right[64];

	rig_new(&r, 0);
	rig_to_descriptor(&r, 0);
	strcpy(right, r.circ[0].path);
	ck_assert_uint_gt(strlen(right), 40);
	rig_free(&r);
	rig_new(&r, 0);
	r.loop.wall += clocks[_i].off_h * 3600;
	if (clocks[_i].asks) {
		rig_to_descriptor(&r, 0);
		ck_assert_str_eq(r.circ[0].path, right);
		ck_assert_ptr_nonnull(rig_last(&r, HS_INTRO));
	} else {
		ck_assert_int_eq(rig_get(&r, 0, 0, NULL), -EAGAIN);
		rig_turn(&r);
		ck_assert_uint_eq(r.ncircs, 0);
	}
	rig_free(&r);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT_LOOP(hsclient_message_not_due_closes_and_the_reach_goes_on,
	    NELEM(wrong_cases)),
	UNIT_LOOP(hsclient_message_on_a_directorys_circuit_closes_it, 9),
	UNIT_LOOP(hsclient_message_after_joining_closes, 2),
	UNIT_LOOP(hsclient_rendezvous_point_cannot_be_the_service, 6),
	UNIT_LOOP(hsclient_answer_to_a_refused_introduction_does_not_join, 2),
	UNIT_LOOP(hsclient_acknowledgement_again_changes_nothing, 2),
	UNIT(hsclient_cookies_and_keys_are_never_the_same_twice),
	UNIT(hsclient_events_of_others_are_not_ours),
	UNIT(hsclient_events_twice_or_of_the_wrong_kind_are_passed_over),
	UNIT(hsclient_answer_before_or_after_the_question_is_none),
	UNIT(hsclient_log_has_no_names_and_does_not_swell),
	UNIT_LOOP(hsclient_clock_that_is_off_changes_no_period,
	    NELEM(clocks)),
};

UNIT_MAIN("hsclient_hostile", tests)

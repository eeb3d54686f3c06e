/* tests/onion/circ/test_lookup.c - RESOLVE and its answers */
#include "tests/unit.h"

#include <errno.h>
#include <string.h>

#include "onion/circ/relaymsg.h"
#include "onion/circ/streams.h"
#include "tests/onion/circ/fakechan.h"
#include "tests/onion/circ/rig.h"

static const struct {
	const char	*name;
	const char	*in;
	size_t		 len;
	size_t		 n;		/* answers told */
	uint8_t		 type;		/* of the first */
} answer_cases[] = {
	{ "IPv4", "\4\4\10\10\10\10\0\0\1\0", 10, 1, 4 },
	{ "IPv6", "\6\20\x26\6\x47\0\x47\0\0\0\0\0\0\0\0\0\x11\x11\0\0\0\5",
	    22, 1, 6 },
	{ "name", "\0\3" "a.b" "\0\0\0\1", 9, 1, 0 },
	{ "error", "\xf1\0\0\0\0\7", 6, 1, 0xf1 },
	{ "internal alone", "\4\4\12\0\0\1\0\0\1\0", 10, 1, 0xf0 },
	{ "internal and another",
	    "\4\4\12\0\0\1\0\0\1\0\4\4\10\10\10\10\0\0\1\0", 20, 1, 4 },
	{ "nothing known", "\x77\0\0\0\0\7", 6, 1, 0xf0 },
	{ "bad name alone", "\0\3" "a b" "\0\0\0\1", 9, 1, 0xf0 },
};

START_TEST(circ_resolve_answer_is_told_once)
{
	struct rig r;

	rig_new(&r, 3, RIG_NTOR);
	memcpy(r.net->resolved, answer_cases[_i].in, answer_cases[_i].len);
	r.net->resolved_len = answer_cases[_i].len;
	rig_resolve(&r, "WWW.Example.test", NULL);
	ck_assert_uint_eq(circ_nstreams(r.circ), 1);
	rig_run(&r);
	ck_assert_uint_eq(r.answers, 1);
	ck_assert_int_eq(r.answer_why, 0);
	ck_assert_uint_eq(r.nanswers, answer_cases[_i].n);
	ck_assert_uint_eq(r.answer.type, answer_cases[_i].type);
	if (r.answer.type == 4)
		ck_assert_mem_eq(r.answer_addr.ip, "\10\10\10\10", 4);
	if (r.answer.type == 0)
		ck_assert_str_eq(r.answer_name, "a.b");
	ck_assert_uint_eq(circ_nstreams(r.circ), 0);
	ck_assert_uint_eq(r.idle, 1);
	rig_free(&r);
}
END_TEST

START_TEST(circ_resolve_of_no_name_is_refused)
{
	struct circ_lookup *l;
	struct rig r;

	rig_new(&r, 3, RIG_NTOR);
	ck_assert_int_eq(circ_resolve(r.circ, "", NULL, NULL, &l), -EINVAL);
	ck_assert_int_eq(circ_resolve(r.circ, "a b", NULL, NULL, &l),
	    -EINVAL);
	ck_assert_uint_eq(circ_nstreams(r.circ), 0);
	rig_free(&r);
}
END_TEST

START_TEST(circ_lookup_cancel_in_any_state_is_the_end_of_it)
{
	struct circ_lookup *l;
	struct rig r;

	rig_new(&r, 3, RIG_NTOR);
	memcpy(r.net->resolved, answer_cases[0].in, answer_cases[0].len);
	r.net->resolved_len = answer_cases[0].len;
	rig_resolve(&r, "a.example", &l);
	if (_i > 0)
		loop_end_turn(&r.loop);
	if (_i > 1)
		(void)fakechan_out(r.chan);
	circ_lookup_cancel(l);
	rig_run(&r);
	ck_assert_uint_eq(r.answers, 0);
	ck_assert_uint_eq(r.sim->resolves, _i > 0);
	ck_assert_uint_eq(circ_nstreams(r.circ), 0);
	ck_assert_uint_eq(r.gone, 0);
	rig_free(&r);
}
END_TEST

START_TEST(circ_resolve_ended_by_the_relay_is_told)
{
	static const uint8_t reason[] = { END_RESOURCELIMIT };
	struct rig r;

	rig_new(&r, 3, RIG_NTOR);
	rig_resolve(&r, "a.example", NULL);
	rig_run(&r);
	rig_say(&r, RELAY_END, r.sim->last_stream, reason, 1);
	rig_run(&r);
	ck_assert_uint_eq(r.answers, 1);
	ck_assert_int_eq(r.answer_why, -EAGAIN);
	ck_assert_uint_eq(r.nanswers, 0);
	rig_free(&r);
}
END_TEST

START_TEST(circ_resolve_many_at_once_all_get_answers)
{
	struct rig r;
	unsigned i;

	rig_new(&r, 3, RIG_CC);
	memcpy(r.net->resolved, answer_cases[0].in, answer_cases[0].len);
	r.net->resolved_len = answer_cases[0].len;
	fakechan_room(r.chan, 5);
	for (i = 0; i < 1000; i++)
		rig_resolve(&r, "a.example", NULL);
	rig_run(&r);
	ck_assert_uint_eq(r.answers, 5);
	fakechan_room(r.chan, SIZE_MAX);
	rig_run(&r);
	ck_assert_uint_eq(r.answers, 1000);
	rig_free(&r);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT_LOOP(circ_resolve_answer_is_told_once, NELEM(answer_cases)),
	UNIT(circ_resolve_of_no_name_is_refused),
	UNIT_LOOP(circ_lookup_cancel_in_any_state_is_the_end_of_it, 3),
	UNIT(circ_resolve_ended_by_the_relay_is_told),
	UNIT(circ_resolve_many_at_once_all_get_answers),
};
UNIT_MAIN("lookup", tests)

/* tests/onion/circ/test_lookup.c - RESOLVE and its answers */
#include "tests/unit.h"

#include <errno.h>
#include <stdio.h>
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
	char name[32];
	struct rig r;
	unsigned i;

	rig_new(&r, 3, RIG_CC);
	memcpy(r.net->resolved, answer_cases[0].in, answer_cases[0].len);
	r.net->resolved_len = answer_cases[0].len;
	fakechan_room(r.chan, 5);
	for (i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "a%u.example", i);
		rig_resolve(&r, name, NULL);
	}
	rig_run(&r);
	ck_assert_uint_eq(r.answers, 5);
	fakechan_room(r.chan, SIZE_MAX);
	rig_run(&r);
	ck_assert_uint_eq(r.answers, 1000);
	rig_free(&r);
}
END_TEST

/* --- what was asked before --- */

#define GOOD4 "\4\4\10\10\10\10\0\0\1\0"	/* 256 s */

static void
answer_with(struct rig *r, const char *in, size_t len)
{
	ck_assert_uint_le(len, sizeof(r->net->resolved));
	memcpy(r->net->resolved, in, len);
	r->net->resolved_len = len;
}

static void
new_with(struct rig *r, const char *in, size_t len)
{
	rig_new(r, 3, RIG_NTOR);
	answer_with(r, in, len);
}

START_TEST(circ_resolve_of_one_name_at_once_is_one_question)
{
	struct rig r;

	new_with(&r, GOOD4, 10);
	rig_resolve(&r, "a.example", NULL);
	rig_resolve(&r, "A.Example", NULL);
	rig_run(&r);
	ck_assert_uint_eq(r.sim->resolves, 1);
	ck_assert_uint_eq(r.answers, 2);
	ck_assert_uint_eq(r.nanswers, 1);
	ck_assert_mem_eq(r.answer_addr.ip, "\10\10\10\10", 4);
	rig_resolve(&r, "b.example", NULL);
	rig_run(&r);
	ck_assert_uint_eq(r.sim->resolves, 2);
	rig_free(&r);
}
END_TEST

START_TEST(circ_resolve_of_a_fact_is_answered_from_it_until_its_ttl)
{
	struct rig r;

	new_with(&r, GOOD4, 10);
	rig_resolve(&r, "a.example", NULL);
	rig_run(&r);
	answer_with(&r, "\4\4\11\11\11\11\0\0\1\0", 10);
	loop_advance(&r.loop, 255999);
	rig_resolve(&r, "a.EXAMPLE", NULL);
	ck_assert_uint_eq(r.answers, 1);	/* not from within the call */
	ck_assert_uint_eq(circ_nstreams(r.circ), 0);
	rig_run(&r);
	ck_assert_uint_eq(r.sim->resolves, 1);
	ck_assert_uint_eq(r.answers, 2);
	ck_assert_int_eq(r.answer_why, 0);
	ck_assert_uint_eq(r.nanswers, 1);
	ck_assert_uint_eq(r.answer.type, 4);
	ck_assert_uint_eq(r.answer.ttl, 256 - 255);
	ck_assert_mem_eq(r.answer_addr.ip, "\10\10\10\10", 4);
	loop_advance(&r.loop, 1);
	rig_resolve(&r, "a.example", NULL);
	rig_run(&r);
	ck_assert_uint_eq(r.sim->resolves, 2);
	ck_assert_mem_eq(r.answer_addr.ip, "\11\11\11\11", 4);
	rig_free(&r);
}
END_TEST

/* An hour is what exits say where it is much. */
START_TEST(circ_fact_is_kept_for_minutes_only)
{
	struct rig r;

	new_with(&r, "\4\4\10\10\10\10\0\0\16\20", 10);
	rig_resolve(&r, "a.example", NULL);
	rig_run(&r);
	loop_advance(&r.loop, CIRC_FACT_S * 1000 - 1);
	rig_resolve(&r, "a.example", NULL);
	rig_run(&r);
	ck_assert_uint_eq(r.sim->resolves, 1);
	loop_advance(&r.loop, 1);
	rig_resolve(&r, "a.example", NULL);
	rig_run(&r);
	ck_assert_uint_eq(r.sim->resolves, 2);
	rig_free(&r);
}
END_TEST

static const struct {
	const char	*what, *in;
	size_t		 len;
	unsigned	 resolves;	/* of two, one after the other */
} kept_cases[] = {
	{ "an address", GOOD4, 10, 1 },
	{ "both families", "\6\20\x26\6\x47\0\x47\0\0\0\0\0\0\0\0\0\x11\x11"
	    "\0\0\0\5" GOOD4, 32, 1 },
	{ "as many as are kept", GOOD4 GOOD4 GOOD4 GOOD4 GOOD4 GOOD4 GOOD4
	    GOOD4, 80, 1 },
	{ "one too many", GOOD4 GOOD4 GOOD4 GOOD4 GOOD4 GOOD4 GOOD4 GOOD4
	    GOOD4, 90, 2 },
	{ "no time to live", "\4\4\10\10\10\10\0\0\0\0", 10, 2 },
	{ "one without", GOOD4 "\4\4\10\10\10\10\0\0\0\0", 20, 2 },
	{ "a name", "\0\3" "a.b" "\0\0\1\0", 9, 2 },
	{ "an error that lasts", "\xf1\0\0\0\1\0", 6, 2 },
	{ "an error beside it", GOOD4 "\xf0\0\0\0\1\0", 16, 2 },
	{ "an internal one", "\4\4\12\0\0\1\0\0\1\0", 10, 2 },
};

START_TEST(circ_fact_is_nothing_but_addresses)
{
	unsigned first, last;
	struct rig r;

	new_with(&r, kept_cases[_i].in, kept_cases[_i].len);
	rig_resolve(&r, "a.example", NULL);
	rig_run(&r);
	first = r.sim->resolves;
	rig_resolve(&r, "a.example", NULL);
	rig_run(&r);
	last = r.sim->resolves;
	ck_assert_uint_eq(first, 1);
	ck_assert_msg(last == kept_cases[_i].resolves, "%s: %u",
	    kept_cases[_i].what, last);
	ck_assert_uint_eq(r.answers, 2);
	rig_free(&r);
}
END_TEST

START_TEST(circ_facts_give_way_to_newer_ones)
{
	char name[32];
	struct rig r;
	unsigned i;

	new_with(&r, GOOD4, 10);
	for (i = 0; i <= CIRC_FACTS_MAX; i++) {
		snprintf(name, sizeof(name), "a%u.example", i);
		rig_resolve(&r, name, NULL);
		rig_run(&r);
	}
	ck_assert_uint_eq(r.sim->resolves, CIRC_FACTS_MAX + 1);
	rig_resolve(&r, name, NULL);
	rig_resolve(&r, "a1.example", NULL);
	rig_run(&r);
	ck_assert_uint_eq(r.sim->resolves, CIRC_FACTS_MAX + 1);
	rig_resolve(&r, "a0.example", NULL);
	rig_run(&r);
	ck_assert_uint_eq(r.sim->resolves, CIRC_FACTS_MAX + 2);
	rig_free(&r);
}
END_TEST

/* 0: before it is sent, 1: after, 2: a fact. */
START_TEST(circ_lookup_cancel_leaves_who_asked_the_same)
{
	struct circ_lookup *a, *b;
	struct rig r;

	new_with(&r, GOOD4, 10);
	if (_i == 2) {
		rig_resolve(&r, "a.example", NULL);
		rig_run(&r);
		r.answers = 0;
	}
	rig_resolve(&r, "a.example", &a);
	rig_resolve(&r, "a.example", &b);
	if (_i == 1)
		loop_end_turn(&r.loop);
	circ_lookup_cancel(a);
	rig_run(&r);
	ck_assert_uint_eq(r.answers, 1);
	ck_assert_uint_eq(r.sim->resolves, 1);
	rig_free(&r);
}
END_TEST

START_TEST(circ_lookup_cancel_by_all_is_the_end_of_the_question)
{
	struct circ_lookup *a, *b;
	struct rig r;

	new_with(&r, GOOD4, 10);
	rig_resolve(&r, "a.example", &a);
	rig_resolve(&r, "a.example", &b);
	circ_lookup_cancel(b);
	ck_assert_uint_eq(circ_nstreams(r.circ), 1);
	circ_lookup_cancel(a);
	ck_assert_uint_eq(circ_nstreams(r.circ), 0);
	rig_run(&r);
	ck_assert_uint_eq(r.answers, 0);
	ck_assert_uint_eq(r.sim->resolves, 0);
	rig_free(&r);
}
END_TEST

/* Two who ask the same; the first that is told does something. */
struct pair {
	struct rig	*r;
	struct circ_lookup *l[2];
	unsigned	 told[2], again;
	int		 why[2];
	int		 deed;		/* 0 cancels, 1 kills, 2 asks again */
};

static void
on_second(void *arg, const struct circ_answer *a, size_t n, int why)
{
	struct pair *p = arg;

	(void)a;
	p->told[1]++;
	p->why[1] = why;
	ck_assert_uint_eq(n, why == 0);
}

static void
on_again(void *arg, const struct circ_answer *a, size_t n, int why)
{
	struct pair *p = arg;

	(void)a;
	p->again++;
	ck_assert_int_eq(why, 0);
	ck_assert_uint_eq(n, 1);
}

static void
on_first(void *arg, const struct circ_answer *a, size_t n, int why)
{
	struct circ_lookup *l;
	struct pair *p = arg;

	(void)a;
	(void)n;
	p->told[0]++;
	p->why[0] = why;
	if (p->deed == 0)
		circ_lookup_cancel(p->l[1]);
	else if (p->deed == 1)
		circ_kill(p->r->circ, CIRC_WHY_FINISHED);
	else
		ck_assert_int_eq(circ_resolve(p->r->circ, "a.example",
		    on_again, p, &l), 0);
}

/* 0 to 2: a question's answer; 3 to 5: a fact. */
START_TEST(circ_lookup_told_may_do_anything)
{
	struct rig r;
	struct pair p = { .r = &r, .deed = _i % 3 };

	new_with(&r, GOOD4, 10);
	if (_i >= 3) {
		rig_resolve(&r, "a.example", NULL);
		rig_run(&r);
	}
	ck_assert_int_eq(circ_resolve(r.circ, "a.example", on_first, &p,
	    &p.l[0]), 0);
	ck_assert_int_eq(circ_resolve(r.circ, "a.example", on_second, &p,
	    &p.l[1]), 0);
	rig_run(&r);
	if (p.deed == 1)
		r.circ = NULL;
	ck_assert_uint_eq(p.told[0], 1);
	ck_assert_int_eq(p.why[0], 0);
	ck_assert_uint_eq(p.told[1], p.deed != 0);
	ck_assert_int_eq(p.why[1], _i == 4 ? -ECONNRESET : 0);
	ck_assert_uint_eq(p.again, p.deed == 2);
	rig_free(&r);
}
END_TEST

START_TEST(circ_lookup_due_hears_of_the_circuits_end)
{
	struct rig r;

	new_with(&r, GOOD4, 10);
	rig_resolve(&r, "a.example", NULL);
	rig_run(&r);
	rig_resolve(&r, "a.example", NULL);
	rig_resolve(&r, "b.example", NULL);
	circ_kill(r.circ, CIRC_WHY_FINISHED);
	r.circ = NULL;
	loop_end_turn(&r.loop);
	ck_assert_uint_eq(r.answers, 3);
	ck_assert_int_eq(r.answer_why, -ECONNRESET);
	ck_assert_uint_eq(r.nanswers, 0);
	rig_free(&r);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT_LOOP(circ_resolve_answer_is_told_once, NELEM(answer_cases)),
	UNIT(circ_resolve_of_no_name_is_refused),
	UNIT_LOOP(circ_lookup_cancel_in_any_state_is_the_end_of_it, 3),
	UNIT(circ_resolve_ended_by_the_relay_is_told),
	UNIT(circ_resolve_many_at_once_all_get_answers),
	UNIT(circ_resolve_of_one_name_at_once_is_one_question),
	UNIT(circ_resolve_of_a_fact_is_answered_from_it_until_its_ttl),
	UNIT(circ_fact_is_kept_for_minutes_only),
	UNIT_LOOP(circ_fact_is_nothing_but_addresses, NELEM(kept_cases)),
	UNIT(circ_facts_give_way_to_newer_ones),
	UNIT_LOOP(circ_lookup_cancel_leaves_who_asked_the_same, 3),
	UNIT(circ_lookup_cancel_by_all_is_the_end_of_the_question),
	UNIT_LOOP(circ_lookup_told_may_do_anything, 6),
	UNIT(circ_lookup_due_hears_of_the_circuits_end),
};
UNIT_MAIN("lookup", tests)

/* tests/base/test_loop.c */
#include "base/loop.h"

#include <string.h>

#include "tests/unit.h"

struct probe {
	struct loop		*l;
	struct loop_timer	 t;
	struct loop_item	 i;
	struct probe		*other;
	int64_t			 again_ms;
	int64_t			 seen;		/* time of the last call */
	int			 calls;
};

static char order[64];

static void
note(void *arg)
{
	struct probe *p = arg;

	p->calls++;
	p->seen = p->l->now;
}

static void
note_letter(void *arg)
{
	size_t n = strlen(order);

	order[n] = *(char *)arg;
	order[n + 1] = '\0';
}

static void
note_and_set_again(void *arg)
{
	struct probe *p = arg;

	note(arg);
	loop_timer_in(p->l, &p->t, p->again_ms);
}

static void
note_and_clear_other(void *arg)
{
	struct probe *p = arg;

	note(arg);
	loop_timer_clear(p->l, &p->other->t);
	loop_item_clear(p->l, &p->other->i);
}

static void
note_and_add_other(void *arg)
{
	struct probe *p = arg;

	note(arg);
	loop_item_add(p->l, &p->other->i);
}

static void
probe_init(struct probe *p, struct loop *l, void (*fn)(void *))
{
	memset(p, 0, sizeof(*p));
	p->l = l;
	loop_timer_init(&p->t, fn, p);
	loop_item_init(&p->i, fn, p);
}

START_TEST(loop_timer_fires_at_its_deadline_once)
{
	struct loop l;
	struct probe p;

	loop_init(&l, 1000, 50);
	probe_init(&p, &l, note);
	ck_assert(loop_next(&l) == LOOP_NEVER);
	loop_timer_in(&l, &p.t, 500);
	ck_assert(loop_next(&l) == 1500);
	loop_advance(&l, 499);
	ck_assert_int_eq(p.calls, 0);
	loop_advance(&l, 1);
	ck_assert_int_eq(p.calls, 1);
	ck_assert_int_eq(p.t.armed, 0);
	loop_advance(&l, 5000);
	ck_assert_int_eq(p.calls, 1);
	ck_assert(p.seen == 1500);
}
END_TEST

START_TEST(loop_timer_set_again_moves_the_deadline)
{
	struct loop l;
	struct probe p;

	loop_init(&l, 0, 0);
	probe_init(&p, &l, note);
	loop_timer_set(&l, &p.t, 100);
	loop_timer_set(&l, &p.t, 300);
	loop_advance(&l, 200);
	ck_assert_int_eq(p.calls, 0);
	loop_timer_set(&l, &p.t, 250);
	loop_advance(&l, 50);
	ck_assert_int_eq(p.calls, 1);
}
END_TEST

START_TEST(loop_timer_never_is_never)
{
	struct loop l;
	struct probe p;

	loop_init(&l, 5, 0);
	probe_init(&p, &l, note);
	loop_timer_in(&l, &p.t, LOOP_NEVER);
	ck_assert(loop_next(&l) == LOOP_NEVER);
	loop_timer_in(&l, &p.t, LOOP_NEVER - 2);
	ck_assert(loop_next(&l) == LOOP_NEVER);
	loop_advance(&l, 100000);
	ck_assert_int_eq(p.calls, 0);
	loop_timer_clear(&l, &p.t);
	ck_assert_ptr_null(l.timers);
}
END_TEST

START_TEST(loop_timer_clear_of_unset_is_harmless)
{
	struct loop l;
	struct probe p;

	loop_init(&l, 0, 0);
	probe_init(&p, &l, note);
	loop_timer_clear(&l, &p.t);
	loop_timer_set(&l, &p.t, 1);
	loop_timer_clear(&l, &p.t);
	loop_timer_clear(&l, &p.t);
	loop_advance(&l, 10);
	ck_assert_int_eq(p.calls, 0);
}
END_TEST

/* The heap against the obvious: random sets and clears, then all must come in
 * order of time and exactly those that were set. */
START_TEST(loop_timers_random_use_fire_in_order)
{
	enum { N = 500 };
	static struct probe p[N];
	struct loop l;
	int64_t last = 0;
	size_t i, k, round;

	loop_init(&l, 0, 0);
	for (i = 0; i < N; i++)
		probe_init(&p[i], &l, note);
	for (round = 0; round < 20; round++) {
		for (k = 0; k < 3000; k++) {
			i = (size_t)rand_below(N);
			if (rand_below(3) == 0)
				loop_timer_clear(&l, &p[i].t);
			else
				loop_timer_in(&l, &p[i].t,
				    (int64_t)rand_below(1000));
			if (k % 500 == 0)
				loop_advance(&l, (int64_t)rand_below(50));
		}
		for (i = 0; i < N; i++)
			p[i].calls = -p[i].t.armed;
		while (l.timers) {
			ck_assert(loop_next(&l) >= last);
			last = loop_next(&l);
			loop_set(&l, last, 0);
			loop_run_timers(&l);
		}
		for (i = 0; i < N; i++) {
			ck_assert_int_eq(p[i].calls, 0);
			ck_assert_int_eq(p[i].t.armed, 0);
			ck_assert(p[i].seen <= last);
		}
	}
}
END_TEST

START_TEST(loop_timer_sees_its_own_time_when_advance_is_long)
{
	struct loop l;
	struct probe a, b;

	loop_init(&l, 0, 100);
	probe_init(&a, &l, note);
	probe_init(&b, &l, note_and_set_again);
	b.again_ms = 1000;
	loop_timer_set(&l, &a.t, 2500);
	loop_timer_set(&l, &b.t, 1000);
	loop_advance(&l, 10000);
	ck_assert(a.seen == 2500);
	ck_assert_int_eq(b.calls, 10);
	ck_assert(l.now == 10000);
	ck_assert(l.wall == 110);
}
END_TEST

START_TEST(loop_timer_always_due_runs_once_a_turn)
{
	struct loop l;
	struct probe p, q;

	loop_init(&l, 0, 0);
	probe_init(&p, &l, note_and_set_again);
	probe_init(&q, &l, note);
	loop_timer_set(&l, &p.t, 0);
	loop_timer_set(&l, &q.t, 0);
	loop_run_timers(&l);
	ck_assert_int_eq(p.calls, 1);
	ck_assert_int_eq(q.calls, 1);
	ck_assert(loop_next(&l) == 0);
	loop_run_timers(&l);
	ck_assert_int_eq(p.calls, 2);
	loop_advance(&l, 10);		/* ends */
	ck_assert_int_gt(p.calls, 2);
	ck_assert(l.now == 10);
}
END_TEST

START_TEST(loop_timer_cleared_by_another_that_is_due_does_not_fire)
{
	struct loop l;
	struct probe a, b, c[20];
	size_t i;

	loop_init(&l, 0, 0);
	probe_init(&a, &l, note_and_clear_other);
	probe_init(&b, &l, note);
	a.other = &b;
	for (i = 0; i < NELEM(c); i++) {
		probe_init(&c[i], &l, note);
		loop_timer_set(&l, &c[i].t, 20 + (int64_t)i % 7);
	}
	loop_timer_set(&l, &b.t, 15);
	loop_timer_set(&l, &a.t, 10);
	loop_set(&l, 50, 0);
	loop_run_timers(&l);
	ck_assert_int_eq(a.calls, 1);
	ck_assert_int_eq(b.calls, 0);
	for (i = 0; i < NELEM(c); i++)
		ck_assert_int_eq(c[i].calls, 1);
}
END_TEST

START_TEST(loop_set_never_goes_back)
{
	struct loop l;

	loop_init(&l, 1000, 500);
	loop_set(&l, 900, 400);
	ck_assert(l.now == 1000);
	ck_assert(l.wall == 400);	/* the wall clock may */
	loop_set(&l, 1100, 401);
	ck_assert(l.now == 1100);
}
END_TEST

START_TEST(loop_advance_in_small_steps_moves_the_wall_clock_too)
{
	struct loop l;
	int i;

	loop_init(&l, 123, 1000);
	for (i = 0; i < 100; i++)
		loop_advance(&l, 50);
	ck_assert(l.now == 5123);
	ck_assert(l.wall == 1005);
}
END_TEST

START_TEST(loop_items_run_once_in_order)
{
	static char letters[] = "abc";
	struct loop_item i[3];
	struct loop l;
	size_t k;

	order[0] = '\0';
	loop_init(&l, 0, 0);
	for (k = 0; k < 3; k++)
		loop_item_init(&i[k], note_letter, &letters[k]);
	loop_item_add(&l, &i[1]);
	loop_item_add(&l, &i[0]);
	loop_item_add(&l, &i[2]);
	loop_item_add(&l, &i[1]);
	loop_end_turn(&l);
	loop_end_turn(&l);
	ck_assert_str_eq(order, "bac");
	loop_item_add(&l, &i[0]);
	loop_end_turn(&l);
	ck_assert_str_eq(order, "baca");
}
END_TEST

START_TEST(loop_item_cleared_at_any_place_does_not_run)
{
	static char letters[] = "abc";
	struct loop_item i[3];
	struct loop l;
	size_t k;
	static const char *const want[] = { "bc", "ac", "ab" };

	order[0] = '\0';
	loop_init(&l, 0, 0);
	for (k = 0; k < 3; k++) {
		loop_item_init(&i[k], note_letter, &letters[k]);
		loop_item_add(&l, &i[k]);
	}
	loop_item_clear(&l, &i[_i]);
	loop_item_clear(&l, &i[_i]);
	loop_end_turn(&l);
	ck_assert_str_eq(order, want[_i]);
	loop_item_add(&l, &i[_i]);
	loop_end_turn(&l);
	ck_assert_uint_eq(strlen(order), 3);
}
END_TEST

START_TEST(loop_item_added_by_an_item_runs_in_the_same_turn)
{
	struct loop l;
	struct probe a, b;

	loop_init(&l, 0, 0);
	probe_init(&a, &l, note_and_add_other);
	probe_init(&b, &l, note);
	a.other = &b;
	loop_item_add(&l, &a.i);
	loop_end_turn(&l);
	ck_assert_int_eq(b.calls, 1);
	ck_assert_ptr_null(l.items);
}
END_TEST

START_TEST(loop_item_cleared_by_an_item_does_not_run)
{
	struct loop l;
	struct probe a, b;

	loop_init(&l, 0, 0);
	probe_init(&a, &l, note_and_clear_other);
	probe_init(&b, &l, note);
	a.other = &b;
	loop_item_add(&l, &a.i);
	loop_item_add(&l, &b.i);
	loop_end_turn(&l);
	ck_assert_int_eq(a.calls, 1);
	ck_assert_int_eq(b.calls, 0);
	loop_item_add(&l, &b.i);	/* the tail is whole */
	loop_end_turn(&l);
	ck_assert_int_eq(b.calls, 1);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(loop_timer_fires_at_its_deadline_once),
	UNIT(loop_timer_set_again_moves_the_deadline),
	UNIT(loop_timer_never_is_never),
	UNIT(loop_timer_clear_of_unset_is_harmless),
	UNIT(loop_timers_random_use_fire_in_order),
	UNIT(loop_timer_sees_its_own_time_when_advance_is_long),
	UNIT(loop_timer_always_due_runs_once_a_turn),
	UNIT(loop_timer_cleared_by_another_that_is_due_does_not_fire),
	UNIT(loop_set_never_goes_back),
	UNIT(loop_advance_in_small_steps_moves_the_wall_clock_too),
	UNIT(loop_items_run_once_in_order),
	UNIT_LOOP(loop_item_cleared_at_any_place_does_not_run, 3),
	UNIT(loop_item_added_by_an_item_runs_in_the_same_turn),
	UNIT(loop_item_cleared_by_an_item_does_not_run),
};

UNIT_MAIN("loop", tests)

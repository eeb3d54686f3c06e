/* tests/daemon/test_evloop.c - struct loop, driven by libevent */
#include "daemon/evloop.h"

#include <errno.h>
#include <event2/event.h>
#include <unistd.h>

#include "tests/unit.h"

static struct evloop ev;
static struct loop_timer timer, other;
static struct loop_item item;
static int order[8], n;

static void note(int what) { order[n++] = what; }
static void on_item(void *arg) { (void)arg; note(9); }

static void
on_timer(void *arg)
{
	note((int)(intptr_t)arg);
	loop_item_add(&ev.loop, &item);
	if ((intptr_t)arg == 1)
		evloop_stop(&ev);
}

static void
init(void)
{
	ck_assert_int_eq(evloop_init(&ev), 0);
	loop_timer_init(&timer, on_timer, (void *)1);
	loop_timer_init(&other, on_timer, (void *)2);
	loop_item_init(&item, on_item, NULL);
	n = 0;
}

START_TEST(evloop_run_deadlines_come_in_order_and_end_their_turn)
{
	int64_t from;

	init();
	evloop_enter(&ev);
	from = ev.loop.now;
	loop_timer_in(&ev.loop, &timer, 40);
	loop_timer_in(&ev.loop, &other, 10);
	evloop_leave(&ev);
	ck_assert_int_eq(evloop_run(&ev), 0);
	ck_assert_int_eq(n, 4);
	ck_assert_int_eq(order[0], 2);
	ck_assert_int_eq(order[1], 9);
	ck_assert_int_eq(order[2], 1);
	ck_assert_int_eq(order[3], 9);
	ck_assert_int_ge(ev.loop.now, from + 40);
	ck_assert_int_gt(ev.loop.wall, 1600000000);
	evloop_fini(&ev);
}
END_TEST

/* The timer of libevent stands at the later one already. */
START_TEST(evloop_leave_earlier_deadline_is_not_slept_over)
{
	init();
	evloop_enter(&ev);
	loop_timer_in(&ev.loop, &other, 3600 * 1000);
	evloop_leave(&ev);
	evloop_enter(&ev);
	loop_timer_in(&ev.loop, &timer, 1);
	evloop_leave(&ev);
	ck_assert_int_eq(evloop_run(&ev), 0);
	ck_assert_int_eq(order[0], 1);
	evloop_enter(&ev);
	loop_timer_clear(&ev.loop, &other);
	evloop_leave(&ev);
	evloop_fini(&ev);
}
END_TEST

START_TEST(evloop_leave_cleared_deadline_does_not_come)
{
	init();
	evloop_enter(&ev);
	loop_timer_in(&ev.loop, &other, 1);
	loop_timer_in(&ev.loop, &timer, 30);
	evloop_leave(&ev);
	evloop_enter(&ev);
	loop_timer_clear(&ev.loop, &other);
	evloop_leave(&ev);
	ck_assert_int_eq(evloop_run(&ev), 0);
	ck_assert_int_eq(order[0], 1);
	ck_assert_int_eq(n, 2);
	evloop_fini(&ev);
}
END_TEST

START_TEST(evloop_leave_only_the_outermost_ends_the_turn)
{
	int64_t now;

	init();
	evloop_enter(&ev);
	now = ev.loop.now;
	loop_item_add(&ev.loop, &item);
	usleep(5000);
	evloop_enter(&ev);
	ck_assert_int_eq(ev.loop.now, now);	/* one turn, one time */
	evloop_leave(&ev);
	ck_assert_int_eq(n, 0);
	evloop_leave(&ev);
	ck_assert_int_eq(n, 1);
	evloop_fini(&ev);
}
END_TEST

START_TEST(evloop_fini_twice_is_harmless)
{
	init();
	evloop_fini(&ev);
	evloop_fini(&ev);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(evloop_run_deadlines_come_in_order_and_end_their_turn),
	UNIT(evloop_leave_earlier_deadline_is_not_slept_over),
	UNIT(evloop_leave_cleared_deadline_does_not_come),
	UNIT(evloop_leave_only_the_outermost_ends_the_turn),
	UNIT(evloop_fini_twice_is_harmless),
};

UNIT_MAIN("evloop", tests)

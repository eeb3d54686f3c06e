/* daemon/evloop.c - libevent drives struct loop
 *
 * Theory of operation
 *	One libevent timer stands for the whole heap of deadlines.  It is set
 *	anew only when the earliest deadline moved forward, since a timer that
 *	fires too early merely finds nothing to do.
 */
#include "daemon/evloop.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"

/* seccomp: epoll_create epoll_create1 epoll_ctl epoll_wait epoll_pwait
 * epoll_pwait2 eventfd2 timerfd_create timerfd_settime pipe2 */

static void
set_time(struct loop *l)
{
	struct timespec wall;

	clock_gettime(CLOCK_REALTIME, &wall);
	loop_set(l, clock_ms(), wall.tv_sec);
}

static void
arm(struct evloop *e)
{
	int64_t at = loop_next(&e->loop), wait;
	struct timeval tv;

	if (at == LOOP_NEVER || at >= e->armed_for)
		return;
	wait = at > e->loop.now ? at - e->loop.now : 0;
	tv.tv_sec = wait / 1000;
	tv.tv_usec = wait % 1000 * 1000;
	event_add(e->deadline, &tv);
	e->armed_for = at;
}

void
evloop_enter(void *arg)
{
	struct evloop *e = arg;

	if (e->depth++ == 0)
		set_time(&e->loop);
}

void
evloop_leave(void *arg)
{
	struct evloop *e = arg;

	if (--e->depth > 0)
		return;
	loop_end_turn(&e->loop);
	arm(e);
}

static void
on_deadline(evutil_socket_t fd, short what, void *arg)
{
	struct evloop *e = arg;

	(void)fd;
	(void)what;
	e->armed_for = LOOP_NEVER;
	evloop_enter(e);
	loop_run_timers(&e->loop);
	evloop_leave(e);
}

int
evloop_init(struct evloop *e)
{
	e->depth = 0;
	e->armed_for = LOOP_NEVER;
	e->deadline = NULL;
	loop_init(&e->loop, 0, 0);
	set_time(&e->loop);
	e->base = event_base_new();
	e->scratch = malloc(EVLOOP_SCRATCH);
	if (e->base)
		e->deadline = event_new(e->base, -1, 0, on_deadline, e);
	if (e->deadline == NULL || e->scratch == NULL) {
		evloop_fini(e);
		return -ENOMEM;
	}
	return 0;
}

void
evloop_fini(struct evloop *e)
{
	if (e->deadline)
		event_free(e->deadline);
	if (e->base)
		event_base_free(e->base);
	free(e->scratch);
	e->deadline = NULL;
	e->base = NULL;
	e->scratch = NULL;
}

int
evloop_run(struct evloop *e)
{
	evloop_enter(e);	/* what was queued while starting */
	evloop_leave(e);
	return event_base_dispatch(e->base) < 0 ? -EIO : 0;
}

void
evloop_stop(struct evloop *e)
{
	event_base_loopbreak(e->base);
}

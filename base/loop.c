/* base/loop.c - time and the turn, as every state machine sees them
 *
 * Theory of operation
 *	Timers are an intrusive pairing heap: setting and clearing need no
 *	memory, so a deadline can never fail to be kept.  In the heap, ->child
 *	is the first child, ->next the next sibling, ->prev the previous sibling
 *	or, for a first child, the parent.  While timers run the heap is set
 *	aside as ->due and a fresh one takes what they set: a timer that sets
 *	itself again for now gives way to sockets and turn items in between.
 *
 *	Items form a list that is run from the front until it is empty: an item
 *	may add others (a flush may find a death), which run in the same turn.
 */
#include "base/loop.h"

#include <string.h>

enum { STILL_MAX = 100 };	/* then time goes on by itself, a millisecond */

void
loop_init(struct loop *l, int64_t now_ms, int64_t wall_s)
{
	memset(l, 0, sizeof(*l));
	l->now = now_ms;
	l->wall = wall_s;
	l->tail = &l->items;
}

void
loop_set(struct loop *l, int64_t now_ms, int64_t wall_s)
{
	if (now_ms > l->now)
		l->now = now_ms;
	l->wall = wall_s;
}

static struct loop_timer *
meld(struct loop_timer *a, struct loop_timer *b)
{
	struct loop_timer *t;

	if (a == NULL || b == NULL)
		return a ? a : b;
	if (b->at < a->at) {
		t = a;
		a = b;
		b = t;
	}
	b->prev = a;
	b->next = a->child;
	if (b->next)
		b->next->prev = b;
	a->child = b;
	a->next = a->prev = NULL;
	return a;
}

/* Two passes: pair up the siblings left to right, meld the pairs back. */
static struct loop_timer *
meld_siblings(struct loop_timer *t)
{
	struct loop_timer *pairs = NULL, *a, *b, *rest, *out = NULL;

	for (; t; t = rest) {
		a = t;
		b = a->next;
		rest = b ? b->next : NULL;
		a->next = a->prev = NULL;
		if (b)
			b->next = b->prev = NULL;
		a = meld(a, b);
		a->next = pairs;
		pairs = a;
	}
	for (; pairs; pairs = rest) {
		rest = pairs->next;
		pairs->next = NULL;
		out = meld(out, pairs);
	}
	return out;
}

void
loop_timer_init(struct loop_timer *t, void (*fn)(void *), void *arg)
{
	memset(t, 0, sizeof(*t));
	t->fn = fn;
	t->arg = arg;
}

/* @sub, which may be NULL, takes the place of @t among its siblings; all in
 * it is later than @t and so than @t's parent. */
static void
replace(struct loop_timer *t, struct loop_timer *sub)
{
	struct loop_timer *next = t->next;

	if (sub) {
		sub->prev = t->prev;
		sub->next = next;
		if (next)
			next->prev = sub;
	} else if (next)
		next->prev = t->prev;
	if (t->prev->child == t)
		t->prev->child = sub ? sub : next;
	else
		t->prev->next = sub ? sub : next;
}

void
loop_timer_clear(struct loop *l, struct loop_timer *t)
{
	struct loop_timer *sub;

	if (!t->armed)
		return;
	t->armed = 0;
	sub = meld_siblings(t->child);
	t->child = NULL;
	if (l->timers == t)
		l->timers = sub;
	else if (l->due == t)
		l->due = sub;
	else
		replace(t, sub);
	t->next = t->prev = NULL;
}

void
loop_timer_set(struct loop *l, struct loop_timer *t, int64_t at_ms)
{
	loop_timer_clear(l, t);
	t->at = at_ms;
	t->armed = 1;
	l->timers = meld(l->timers, t);
}

void
loop_timer_in(struct loop *l, struct loop_timer *t, int64_t delta_ms)
{
	loop_timer_set(l, t, delta_ms < LOOP_NEVER - l->now ?
	    l->now + delta_ms : LOOP_NEVER);
}

int64_t
loop_next(const struct loop *l)
{
	return l->timers ? l->timers->at : LOOP_NEVER;
}

void
loop_run_timers(struct loop *l)
{
	struct loop_timer *t;

	l->due = l->timers;
	l->timers = NULL;
	while ((t = l->due) != NULL && t->at <= l->now) {
		loop_timer_clear(l, t);
		t->fn(t->arg);
	}
	l->timers = meld(l->timers, l->due);
	l->due = NULL;
}

void
loop_item_init(struct loop_item *i, void (*fn)(void *), void *arg)
{
	memset(i, 0, sizeof(*i));
	i->fn = fn;
	i->arg = arg;
}

void
loop_item_add(struct loop *l, struct loop_item *i)
{
	if (i->prevp)
		return;
	i->next = NULL;
	i->prevp = l->tail;
	*l->tail = i;
	l->tail = &i->next;
}

void
loop_item_clear(struct loop *l, struct loop_item *i)
{
	if (i->prevp == NULL)
		return;
	*i->prevp = i->next;
	if (i->next)
		i->next->prevp = i->prevp;
	else
		l->tail = i->prevp;
	i->prevp = NULL;
	i->next = NULL;
}

void
loop_end_turn(struct loop *l)
{
	struct loop_item *i;

	while ((i = l->items) != NULL) {
		loop_item_clear(l, i);
		i->fn(i->arg);
	}
}

void
loop_advance(struct loop *l, int64_t ms)
{
	int64_t until = l->now + ms, start = l->now / 1000, wall = l->wall, at;
	int still = 0;		/* turns in which no time went by */

	loop_end_turn(l);
	do {
		at = loop_next(l);
		if (at < l->now)
			at = l->now;
		if (still == STILL_MAX)
			at = l->now + 1;
		if (at > until)
			at = until;
		still = at > l->now ? 0 : still + 1;
		loop_set(l, at, wall + at / 1000 - start);
		loop_run_timers(l);
		loop_end_turn(l);
	} while (l->now < until ||
	    (loop_next(l) <= until && still < STILL_MAX));
}

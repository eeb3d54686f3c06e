/* onion/path/guard_use.c - what became of a pick (guard-spec 4.7 to 4.9)
 *
 * Theory of operation
 *	A use follows one circuit:
 *
 *	  ON_COMPLETION --succeeded--> COMPLETE
 *	  IF_NO_BETTER --succeeded--> WAITING --nothing better--> COMPLETE
 *	  any --failed--> DEAD
 *
 *	Of those that wait the best is made COMPLETE once all primary guards are
 *	down and nothing blocks it: no circuit that obeys its restrictions,
 *	through a guard that we would rather have, is complete, or has been
 *	under way for less than connect_ms.  That is looked at when a turn ends
 *	in which something happened, and every second while any waits.
 *
 *	If anything comes after a long silence, it was the network that was down
 *	and not the primary guards: they get another chance first.
 * Not here
 *	Uses for directories never wait: a document is checked by itself, and
 *	who gives it learns nothing but that we are here.
 */
#include "onion/path/guard_int.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "onion/dir/netdir.h"
#include "onion/path/kin.h"

enum { TICK_MS = 1000 };

/* --- restrictions --- */

int
limit_init(struct limit *l, enum guard_usage usage,
    const struct guard_limit *from)
{
	memset(l, 0, sizeof(*l));
	l->path = usage == GUARD_FOR_TRAFFIC;
	if (from == NULL)
		return 0;
	if (from->exit) {
		l->has_exit = 1;
		memcpy(l->exit, from->exit->rsa, sizeof(l->exit));
	}
	if (from->nexclude == 0)
		return 0;
	if (from->nexclude > GUARD_EXCLUDE_MAX)
		return -EINVAL;
	if ((l->exclude = malloc(from->nexclude * 20)) == NULL)
		return -ENOMEM;
	memcpy(l->exclude, from->exclude, from->nexclude * 20);
	l->nexclude = from->nexclude;
	return 0;
}

void
limit_fini(struct limit *l)
{
	free(l->exclude);
	memset(l, 0, sizeof(*l));
}

int
limit_obeys(const struct guards *gs, const struct limit *l,
    const struct relay *exit, const struct guard *g)
{
	size_t i;

	if (l->has_exit && memcmp(l->exit, g->rsa, 20) == 0)
		return 0;
	for (i = 0; i < l->nexclude; i++)
		if (memcmp(l->exclude[i], g->rsa, 20) == 0)
			return 0;
	return exit == NULL || g->relay == NULL || gs->conf.kin == NULL ||
	    !kin_same(gs->conf.kin, gs->nd, exit, g->relay);
}

static int
use_obeys(const struct guard_use *use, const struct guard_use *rules)
{
	const struct guards *gs = use->gs;
	const struct relay *exit = NULL;

	if (rules->limit.has_exit && gs->nd)
		exit = netdir_by_rsa(gs->nd, rules->limit.exit);
	return limit_obeys(gs, &rules->limit, exit, use->guard);
}

/* --- uses --- */

int
use_new(struct guard_use **out, struct guards *gs, struct guard *g,
    enum guard_usage usage, enum use_state state, struct limit *take, void *arg)
{
	struct guard_use *u = calloc(1, sizeof(*u));

	if (u == NULL)
		return -ENOMEM;
	u->gs = gs;
	u->guard = g;
	memcpy(u->rsa, g->rsa, sizeof(u->rsa));
	u->usage = usage;
	u->state = state;
	u->since = gs->loop->now;
	u->limit = *take;
	u->arg = arg;
	u->next = gs->uses;
	if (u->next)
		u->next->prevp = &u->next;
	u->prevp = &gs->uses;
	gs->uses = u;
	gs->nuses++;
	*out = u;
	return 0;
}

static void
set_state(struct guard_use *u, enum use_state state)
{
	u->state = state;
	u->since = u->gs->loop->now;
	loop_item_add(u->gs->loop, &u->gs->item);
}

void
guard_use_free(struct guard_use *u)
{
	if (u == NULL)
		return;
	if (u->guard && u->state == USE_IF_NO_BETTER)
		u->guard->pending = 0;		/* nobody will know */
	loop_item_add(u->gs->loop, &u->gs->item);
	*u->prevp = u->next;
	if (u->next)
		u->next->prevp = u->prevp;
	u->gs->nuses--;
	limit_fini(&u->limit);
	free(u);
}

/* That guard leaves the sample. */
void
uses_forget(struct guards *gs, const struct guard *g)
{
	struct guard_use *u;

	for (u = gs->uses; u; u = u->next)
		if (u->guard == g)
			u->guard = NULL;
}

const struct relay *
guard_relay(const struct guard_use *u)
{
	if (u->guard)
		return u->guard->relay;
	return guards_find(u->gs, u->rsa);
}

const uint8_t *
guard_rsa(const struct guard_use *u)
{
	return u->rsa;
}

int
guard_is_complete(const struct guard_use *u)
{
	return u->state == USE_COMPLETE;
}

/* --- success and failure --- */

static void
note_failure(struct guards *gs, struct guard *g)
{
	g->reach = GUARD_NO;
	g->pending = 0;
	if (g->failing == GUARD_NEVER_MS)
		g->failing = gs->loop->now;
	if (g->tried == GUARD_NEVER_MS)
		g->tried = gs->loop->now;
	log_info(LD_GUARD, "%sguard %s cannot be reached",
	    g->primary ? "primary " : "", log_scrub(g->nickname));
}

static void
note_success(struct guards *gs, struct guard *g)
{
	guards_online(gs, g->sel);
	g->reach = GUARD_YES;
	g->failing = GUARD_NEVER_MS;
	g->pending = 0;
	sel_confirm(gs, g);
}

enum guard_verdict
guard_succeeded(struct guard_use *u)
{
	if (u->guard == NULL || u->state == USE_DEAD)
		return GUARD_NEVER;
	note_success(u->gs, u->guard);
	if (u->state == USE_WAITING)
		return GUARD_WAIT;
	/* Being confirmed may have made it primary. */
	if (u->state == USE_IF_NO_BETTER && u->usage == GUARD_FOR_TRAFFIC &&
	    !u->guard->primary) {
		set_state(u, USE_WAITING);
		return GUARD_WAIT;
	}
	set_state(u, USE_COMPLETE);
	return GUARD_NOW;
}

void
guard_failed(struct guard_use *u)
{
	if (u->guard && u->state != USE_DEAD)
		note_failure(u->gs, u->guard);
	set_state(u, USE_DEAD);
}

void
guard_chan_failed(struct guards *gs, const uint8_t rsa[20])
{
	struct guard *g = sel_find(gs->cur, rsa);
	struct guard_use *u;

	if (g == NULL)
		return;
	note_failure(gs, g);
	for (u = gs->uses; u; u = u->next)
		if (u->guard == g && (u->state == USE_ON_COMPLETION ||
		    u->state == USE_IF_NO_BETTER))
			set_state(u, USE_DEAD);
	loop_item_add(gs->loop, &gs->item);
}

/* --- circuits that wait (guard-spec 4.9) --- */

static int
is_better(const struct guard *a, const struct guard *b)
{
	if (a == b)
		return 0;
	if (a->confirmed_idx >= 0 || b->confirmed_idx >= 0)
		return a->confirmed_idx >= 0 && (b->confirmed_idx < 0 ||
		    a->confirmed_idx < b->confirmed_idx);
	if (a->pending && b->pending)
		return a->tried < b->tried;
	return a->pending && !b->pending;
}

static int
counts(const struct guards *gs, const struct guard_use *u)
{
	return u->guard != NULL && u->guard->sel == gs->cur &&
	    u->usage == GUARD_FOR_TRAFFIC && u->state != USE_DEAD;
}

static int
primaries_are_down(struct guards *gs)
{
	size_t i;

	sel_refresh(gs, gs->cur);
	for (i = 0; i < gs->cur->nprimary; i++) {
		guard_consider_retry(gs, gs->cur->primary[i]);
		if (gs->cur->primary[i]->reach != GUARD_NO)
			return 0;
	}
	return 1;
}

static struct guard_use *
best_waiting(struct guards *gs)
{
	struct guard_use *u, *best = NULL;

	for (u = gs->uses; u; u = u->next)
		if (counts(gs, u) && u->state == USE_WAITING &&
		    (best == NULL || is_better(u->guard, best->guard)))
			best = u;
	return best;
}

static int
is_blocked(struct guards *gs, const struct guard_use *waiting)
{
	const struct guard_use *u;

	for (u = gs->uses; u; u = u->next) {
		if (!counts(gs, u) || u == waiting)
			continue;
		if (u->state != USE_COMPLETE && (u->state != USE_IF_NO_BETTER ||
		    u->since <= gs->loop->now - gs->par.connect_ms))
			continue;
		if (is_better(u->guard, waiting->guard) &&
		    use_obeys(u, waiting))
			return 1;
	}
	return 0;
}

static void
complete(struct guard_use *u)
{
	u->state = USE_COMPLETE;
	u->since = u->gs->loop->now;
	u->tell_ready = 1;
}

/* The best one; with it, where that had no restriction of its own, all that
 * are as good. */
static void
upgrade(struct guards *gs)
{
	struct guard_use *u, *best;

	if ((best = best_waiting(gs)) == NULL || !primaries_are_down(gs) ||
	    is_blocked(gs, best))
		return;
	complete(best);
	if (best->limit.has_exit || best->limit.nexclude > 0)
		return;
	for (u = gs->uses; u; u = u->next)
		if (counts(gs, u) && u->state == USE_WAITING &&
		    !is_better(best->guard, u->guard))
			complete(u);
}

static int
is_stale(const struct guard_use *u)
{
	return u->state == USE_WAITING && !u->told_stale &&
	    u->since < u->gs->loop->now - u->gs->par.idle_ms;
}

/* One call at a time: each may free any of the uses. */
static int
tell_one(struct guards *gs)
{
	struct guard_use *u;

	for (u = gs->uses; u; u = u->next) {
		if (u->tell_ready) {
			u->tell_ready = 0;
			gs->user->ready(gs->arg, u, u->arg);
			return 1;
		}
		if (is_stale(u)) {
			u->told_stale = 1;
			gs->user->stale(gs->arg, u, u->arg);
			return 1;
		}
	}
	return 0;
}

void
uses_run(void *arg)
{
	struct guards *gs = arg;

	if (gs->switched) {
		gs->switched = 0;
		if (gs->user->switched)
			gs->user->switched(gs->arg);
	}
	do
		upgrade(gs);
	while (tell_one(gs));
	if (best_waiting(gs) == NULL)
		loop_timer_clear(gs->loop, &gs->timer);
	else if (!gs->timer.armed)
		loop_timer_in(gs->loop, &gs->timer, TICK_MS);
}

/* onion/circ/poolcirc.c - the life of one circuit of the pool
 *
 * Theory of operation
 *
 *	launch -> BUILDING --built--> guard says NOW  -> READY, or, one of two,
 *	             |                                   LINKING (poolset.c)
 *	             |                guard says WAIT -> WAITING -> READY
 *	             |timeout_use            NEVER    -> DEAD
 *	             v
 *	           SLOW --built, or timeout_close--> DEAD
 *
 *	Times count from when the channel is open, so that what is learned is
 *	about circuits; for a channel there is FIRST_HOP_MS.
 *
 *	A circuit that is slower than timeout_use_ms() is given up by those who
 *	wait, but is left to build so that its time can be learned.  Where it is
 *	built and no other stands it is used all the same: better slow than none.
 *
 *	Failures before the first hop stands are the guard's, unless it answered
 *	by DESTROY, which says that it is there; later ones are nobody's.  Nor
 *	is it to blame where nothing at all comes any more on a channel that was
 *	open already: a connection can die without a sign of it.  What is at
 *	hand on that one is given up, and the next one by that guard tells.
 *
 *	What goes to an onion service is built to its third hop like any other,
 *	and counts as such; from there on to a relay that others chose
 *	(poolhs.c), which is nobody's failure if it fails.
 *
 *	After HOLD_AFTER failures in a row launches are held back, so that a
 *	network that is down is not hammered: one at a time, further and further
 *	apart, HOLD_MAX_MS at most.  Each is a real try, whatever channels think
 *	of that guard by now.  When its first hop stands, after failures to get
 *	so far, the network is there and the others need not wait for the rest
 *	of it.  Circuits that fail in one turn have one cause and count as one.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/rand.h"
#include "onion/circ/circ.h"
#include "onion/circ/pool_int.h"
#include "onion/dir/consensus.h"
#include "onion/dir/netdir.h"
#include "onion/link/chan.h"
#include "onion/path/guard.h"
#include "onion/path/path.h"
#include "onion/path/timeout.h"

enum {
	HOLD_AFTER = 3,			/* failures in a row */
	HOLD_FIRST_MS = 500,
	HOLD_MAX_MS = 15 * 1000,
	/* So long may a guard take until its channel is open, and again for
	 * its answer to CREATE, before it counts as unreachable. */
	FIRST_HOP_MS = 15 * 1000,
	/* So long without a sign of life is more than a busy link is good for:
	 * the channel is dead. */
	SILENT_MS = 5 * 1000,
	EXTEND_MORE_MS = 1000
};

static int
is_failing(const struct pool *p)
{
	return p->failures > HOLD_AFTER;
}

/* Time is counted from the last launch, so that failures that come late don't
 * put off the next try for ever. */
static void
hold(struct pool *p)
{
	int64_t ms = HOLD_FIRST_MS, most = HOLD_MAX_MS;
	unsigned i;

	if (!is_failing(p))
		return;
	if (p->conf.retry_ms > 0 && p->conf.retry_ms < most)
		most = p->conf.retry_ms;
	for (i = HOLD_AFTER + 1; i < p->failures && ms < most; i++)
		ms *= 2;
	if (ms > most)
		ms = most;
	p->hold_until = p->launched + rand_range(ms - ms / 4, ms);
}

static void
note_failure(struct pool *p, int first_hop)
{
	int64_t now = p->conf.loop->now;

	p->dark = !first_hop;
	if (p->failed_at == now)
		return;
	p->failed_at = now;
	if (p->failures < UINT32_MAX)
		p->failures++;
	hold(p);
}

static void
note_first_hop(struct pool *p)
{
	if (!p->dark)
		return;
	p->dark = 0;
	if (!is_failing(p))
		return;
	p->failures = HOLD_AFTER;
	p->hold_until = 0;
	loop_item_add(p->conf.loop, &p->wake);
}

static void
reap(void *arg)
{
	struct pool_circ *pc = arg;

	poolhs_left(pc);
	free(pc);
}

/* Out of the pool; the circuit itself is gone already, or is killed next. */
static void
leave(struct pool_circ *pc)
{
	struct pool *p = pc->pool;

	if (pc->state == POOL_BUILDING)
		p->building--;
	poolset_lost(pc);
	poolhs_dying(pc);
	pc->state = POOL_DEAD;
	pc->circ = NULL;
	LIST_REMOVE(pc, link);
	p->count--;
	loop_timer_clear(p->conf.loop, &pc->timer);
	guard_use_free(pc->guard);
	pc->guard = NULL;
	loop_item_add(p->conf.loop, &pc->reap);
	loop_item_add(p->conf.loop, &p->wake);
}

void
poolcirc_close(struct pool_circ *pc, int why)
{
	struct circ *circ = pc->circ;

	if (pc->state == POOL_DEAD)
		return;
	leave(pc);
	circ_kill(circ, (enum circ_why)why);
}

static void
on_hop(void *arg, size_t built)
{
	struct pool_circ *pc = arg;
	struct pool *p = pc->pool;

	timeout_cell(p->conf.timeout);
	if (p->conf.guards)
		guard_note_online(p->conf.guards);
	pc->first_hop = 1;
	pc->hops_built = (uint8_t)built;
	if (built == 1)
		note_first_hop(p);
	if (built == PATH_HOPS)
		timeout_built(p->conf.timeout, p->conf.loop->now - pc->began);
}

static void
now_ready(struct pool_circ *pc)
{
	struct pool *p = pc->pool;

	if (pc->mate)
		poolset_built(pc);
	else
		pc->state = POOL_READY;
	if (pc->is_hs)
		poolhs_built(pc);
	p->failures = 0;
	p->dark = 0;
	p->hold_until = 0;
	loop_item_add(p->conf.loop, &p->wake);
	p->user->built(p->arg);
}

static void
on_built(void *arg)
{
	struct pool_circ *pc = arg;
	enum guard_verdict verdict = GUARD_NOW;

	if (pc->guard && pc->built == 0)	/* else it is a hop longer */
		verdict = guard_succeeded(pc->guard);
	if (verdict == GUARD_NEVER || (pc->is_hs && pc->spoilt) ||
	    (pc->state == POOL_SLOW && pool_standing(pc->pool) > 0)) {
		poolcirc_close(pc, CIRC_WHY_FINISHED);
		return;
	}
	loop_timer_clear(pc->pool->conf.loop, &pc->timer);
	if (pc->state == POOL_BUILDING)
		pc->pool->building--;
	pc->built = pc->pool->conf.loop->now;
	if (verdict == GUARD_NOW)
		now_ready(pc);
	else
		pc->state = POOL_WAITING;
}

static void
on_linked(void *arg)
{
	poolset_linked(arg);
}

static void
on_idle(void *arg)
{
	struct pool_circ *pc = arg;

	pc->idle = pc->pool->conf.loop->now;
	/* Closed at the end of the turn: whoever ended the last stream may
	 * still look at the circuit. */
	if (pc->spoilt)
		loop_timer_in(pc->pool->conf.loop, &pc->timer, 0);
}

/* Before the first hop stood, that is. */
static int
is_guards_fault(enum circ_why why)
{
	return why == CIRC_WHY_CHANNEL || why == CIRC_WHY_HANDSHAKE ||
	    why == CIRC_WHY_PROTOCOL || why == CIRC_WHY_TIMEOUT;
}

/* What is behind the third hop was chosen by others, or is what a service says
 * it is: whether that can be reached tells nothing of the network. */
static int
is_beyond(const struct pool_circ *pc)
{
	return pc->hops_built >= PATH_HOPS;
}

static void
on_gone(void *arg, enum circ_why why)
{
	struct pool_circ *pc = arg;
	struct pool *p = pc->pool;

	if ((pc->state == POOL_BUILDING || pc->state == POOL_SLOW) &&
	    !pc->first_hop && pc->guard && !pc->blameless &&
	    is_guards_fault(why))
		guard_failed(pc->guard);
	if (pc->state == POOL_BUILDING && !is_beyond(pc))
		note_failure(p, pc->first_hop || why == CIRC_WHY_DESTROYED);
	leave(pc);
}

static int
on_message(void *arg, uint8_t cmd, const uint8_t *data, size_t len)
{
	return poolhs_message(arg, cmd, data, len);
}

static const struct circ_user circ_users = {
	.hop = on_hop, .built = on_built, .linked = on_linked,
	.idle = on_idle, .gone = on_gone
};

static const struct circ_user hs_circ_users = {
	.hop = on_hop, .built = on_built, .idle = on_idle,
	.message = on_message, .gone = on_gone
};

static int64_t
close_at(const struct pool_circ *pc)
{
	return pc->began + timeout_close_ms(pc->pool->conf.timeout,
	    circ_nhops(pc->circ));
}

/* What goes over a dead channel is lost; over one leg of two, all of it. */
static void
spoil_on(struct pool *p, const struct chan *chan)
{
	struct pool_circ *pc;

	LIST_FOREACH(pc, &p->circs, link) {
		if (circ_chan(pc->circ) != chan)
			continue;
		pool_circ_spoil(pc);
		if (pc->mate)
			pool_circ_spoil(pc->mate);
	}
}

static int
may_be_silent(const struct pool_circ *pc)
{
	return pc->old_chan && !pc->first_hop && !pc->blameless;
}

static void
suspect_channel(struct pool_circ *pc)
{
	struct pool *p = pc->pool;
	struct chan *chan = circ_chan(pc->circ);

	if (!may_be_silent(pc) || chan == NULL ||
	    chan_cells_in(chan) != pc->cells_in)
		return;
	pc->blameless = 1;
	if (chanset_distrust(p->conf.chans, chan))
		spoil_on(p, chan);
}

/* The timer, on the way there: is anybody there? */
static void
set_due(struct pool_circ *pc, int64_t at)
{
	struct loop *loop = pc->pool->conf.loop;
	int64_t silent = pc->began + SILENT_MS;

	pc->due = at;
	loop_timer_set(loop, &pc->timer, may_be_silent(pc) &&
	    loop->now < silent && silent < at ? silent : at);
}

static void
much_too_slow(struct pool_circ *pc)
{
	struct pool *p = pc->pool;

	suspect_channel(pc);
	if (!pc->first_hop && pc->guard && !pc->blameless)
		guard_failed(pc->guard);
	if (p->conf.loop->now < close_at(pc)) {
		set_due(pc, close_at(pc));
		return;
	}
	if (!is_beyond(pc))
		timeout_closed(p->conf.timeout, pc->first_hop, pc->began);
	poolcirc_close(pc, CIRC_WHY_TIMEOUT);
}

static void
too_slow(struct pool_circ *pc)
{
	struct pool *p = pc->pool;
	int64_t at = close_at(pc);

	if (is_beyond(pc)) {
		poolcirc_close(pc, CIRC_WHY_TIMEOUT);
		return;
	}
	timeout_slow(p->conf.timeout, pc->first_hop);
	poolset_lost(pc);
	pc->state = POOL_SLOW;
	p->building--;
	note_failure(p, pc->first_hop);
	if (pool_standing(p) > 0)
		poolhs_give_up(pc);
	if (!pc->first_hop && at > pc->began + FIRST_HOP_MS)
		at = pc->began + FIRST_HOP_MS;
	if (at > p->conf.loop->now)
		set_due(pc, at);
	else	/* or those who are woken would get the same guard again */
		much_too_slow(pc);
	loop_item_add(p->conf.loop, &p->wake);
}

static void
on_timer(void *arg)
{
	struct pool_circ *pc = arg;
	int is_built = pc->state != POOL_BUILDING && pc->state != POOL_SLOW;

	if (!is_built && pc->pool->conf.loop->now < pc->due) {
		suspect_channel(pc);
		set_due(pc, pc->due);
	} else if (pc->state == POOL_BUILDING)
		too_slow(pc);
	else if (pc->state == POOL_SLOW)
		much_too_slow(pc);
	else if (pc->state == POOL_LINKING)
		poolcirc_close(pc, CIRC_WHY_TIMEOUT);
	else if (pc->spoilt && circ_nstreams(pc->circ) == 0)
		poolcirc_close(pc, CIRC_WHY_FINISHED);
}

void
pool_chan_open(struct pool *p, const struct chan *chan)
{
	struct pool_circ *pc;

	LIST_FOREACH(pc, &p->circs, link) {
		if (!pc->dialling || circ_chan(pc->circ) != chan)
			continue;
		pc->dialling = 0;
		pc->began = p->conf.loop->now;
		if (pc->state == POOL_BUILDING)
			set_due(pc, pc->began + timeout_use_ms(p->conf.timeout,
			    circ_nhops(pc->circ)));
	}
}

/* ntor-v3 where its extensions are wanted, or where the relay could do CGO, even
 * if it is not asked to; ntor elsewhere, as C tor does (map 5).  CGO needs
 * congestion control, and so only the exit's hop has it. */
void
poolcirc_fill_hop(const struct pool *p, const struct hopinfo *info,
    int is_exit, struct circ_hop *hop)
{
	const uint32_t cgo = CAP_FLOWCTRL | CAP_SUBPROTO | CAP_CGO;
	int has_cgo = (info->caps & cgo) == cgo;

	memset(hop, 0, sizeof(*hop));
	hop->info = *info;
	hop->kind = HANDSHAKE_NTOR;
	if ((info->caps & CAP_NTOR3) == 0 || !info->id.has_ed)
		return;
	if (is_exit && p->flow.cc_on && (info->caps & CAP_FLOWCTRL))
		hop->want_cc = 1;
	hop->want_cgo = hop->want_cc && has_cgo;
	if (hop->want_cc || has_cgo)
		hop->kind = HANDSHAKE_NTOR3;
}

static int
open_circ(struct pool *p, const struct path *path, struct pool_circ *pc)
{
	struct circ_hop hops[PATH_HOPS_MAX];
	struct hopinfo info;
	struct circ_conf conf = {
		.loop = p->conf.loop, .flow = &p->flow,
		.extend_by_ed = p->extend_by_ed, .pad = p->pad,
		.reject_internal = p->conf.reject_internal
	};
	struct chan *chan;
	size_t i;
	int rc;

	for (i = 0; i < path->n; i++) {
		relay_hopinfo(path->hop[i], &info);
		poolcirc_fill_hop(p, &info, i + 1 == path->n && !pc->is_hs,
		    &hops[i]);
	}
	rc = chanset_get(p->conf.chans, &hops[0].info, &chan);
	if (rc == -EHOSTDOWN && is_failing(p)) {
		chanset_forgive(p->conf.chans);
		rc = chanset_get(p->conf.chans, &hops[0].info, &chan);
	}
	if (rc < 0)
		return rc;
	memcpy(pc->exit, path->hop[path->n - 1]->rsa, sizeof(pc->exit));
	return circ_new(&pc->circ, &conf, chan, hops, path->n,
	    pc->is_hs ? &hs_circ_users : &circ_users, pc);
}

/* By that exit or not at all. */
static int
choose_named(struct pool *p, const struct pool_need *need,
    const struct relayset *exits, struct pool_circ *pc, struct path *out)
{
	struct path_target want = { .port = need->port,
		.family = need->family };
	struct path_request req = { .kind = PATH_EXIT, .need_capacity = 1,
		.guard_arg = pc };

	req.last = netdir_by_rsa(p->netdir, need->exit);
	if (req.last == NULL ||
	    !path_exit_named(p->conf.path, req.last, &want) ||
	    (exits && !path_exit_in(p->conf.path, req.last, exits)))
		return -ENOENT;
	req.need_uptime = path_port_is_long_lived(p->conf.path, need->port) !=
	    0;
	pc->named = 1;
	return path_choose(p->conf.path, &req, out);
}

struct launch {
	const struct pool_need	*need;		/* NULL: none */
	int			 is_set;
	const struct pool_circ	*first;		/* is to be linked with it */
	int			 is_hs;		/* a stub */
	int			 is_stable;	/* ... that is to be so */
	const uint8_t		*not;		/* ... not through that one */
};

static int
choose_stub(struct pool *p, const struct launch *l, struct pool_circ *pc,
    struct path *out)
{
	struct path_request req = { .kind = PATH_SERVICE, .need_capacity = 1,
		.need_uptime = l->is_stable != 0, .guard_arg = pc };

	req.avoid_middles = (const uint8_t (*)[20])(const void *)l->not;
	req.navoid_middles = l->not != NULL;
	return path_choose(p->conf.path, &req, out);
}

/* The exit has to take what is asked for and nothing else: to ask for all that
 * was wanted lately would narrow the choice to fewer and fewer exits, which
 * whoever makes us want odd ports could use. */
static int
choose(struct pool *p, const struct pool_need *need, struct pool_circ *pc,
    int is_set, struct path *out)
{
	struct path_target want = { 0 };
	struct path_request req = { .kind = PATH_EXIT, .need_capacity = 1,
		.targets = &want, .guard_arg = pc };
	const struct path_exits *exits;

	if (need && need->has_exits) {
		if ((exits = path_exits(p->conf.path, need->exits)) == NULL)
			return -ENOENT;		/* of a rule that is gone */
		req.exits = exits->set;
	}
	if (need && need->has_exit)
		return choose_named(p, need, req.exits, pc, out);
	req.need_conflux = req.need_uptime = is_set != 0;
	if (need && need->port) {
		want.port = need->port;
		want.family = need->family;
		req.ntargets = 1;
	}
	if (need) {
		req.avoid = need->avoid;
		req.navoid = need->navoid;
	}
	return path_choose(p->conf.path, &req, out);
}

/* To the exit of @first, by another guard and another middle. */
static int
choose_second(struct pool *p, const struct pool_circ *first,
    struct pool_circ *pc, struct path *out)
{
	struct path_request req = { .kind = PATH_EXIT, .need_capacity = 1,
		.need_uptime = 1, .navoid_guards = 1, .navoid_middles = 1,
		.guard_arg = pc };
	uint8_t guard[1][20], middle[1][20];

	memcpy(guard[0], circ_hopinfo(first->circ, 0)->id.rsa, 20);
	memcpy(middle[0], circ_hopinfo(first->circ, 1)->id.rsa, 20);
	req.avoid_guards = (const uint8_t (*)[20])guard;
	req.avoid_middles = (const uint8_t (*)[20])middle;
	req.last = netdir_by_rsa(p->netdir, first->exit);
	return req.last ? path_choose(p->conf.path, &req, out) : -ENOENT;
}

/* Asked for, it is as stable as it can be had: relays that are not Stable are
 * taken where no other will do, and the guard is who it is. */
static int
is_stable(const struct pool *p, const struct pool_need *need, int is_set,
    const struct path *path)
{
	size_t i;

	if (is_set || (need && path_port_is_long_lived(p->conf.path,
	    need->port)))
		return 1;
	for (i = 0; i < path->n; i++)
		if ((path->hop[i]->flags & RELAY_STABLE) == 0)
			return 0;
	return 1;
}

static int
may_launch(const struct pool *p)
{
	return p->usable && p->netdir &&
	    p->building < (size_t)p->conf.max_pending &&
	    p->conf.loop->now >= p->hold_until &&
	    poolshare_has_room(p);
}

static int64_t
clean_life(const struct pool *p)
{
	int64_t ms = timeout_learn_idle_ms(p->conf.timeout);

	return ms > 0 ? ms : p->keep_ms;
}

static int
choose_for(struct pool *p, const struct launch *l, struct pool_circ *pc,
    struct path *out)
{
	pc->is_hs = l->is_hs != 0;
	if (l->is_hs)
		return choose_stub(p, l, pc, out);
	if (l->first)
		return choose_second(p, l->first, pc, out);
	return choose(p, l->need, pc, l->is_set, out);
}

static struct pool_circ *
launch(struct pool *p, const struct launch *l, int *rc)
{
	struct path path = { 0 };
	struct pool_circ *pc;
	struct chan *chan;

	*rc = -EAGAIN;
	if (!may_launch(p) || (pc = calloc(1, sizeof(*pc))) == NULL)
		return NULL;
	pc->pool = p;
	pc->began = p->conf.loop->now;
	loop_item_init(&pc->reap, reap, pc);
	loop_timer_init(&pc->timer, on_timer, pc);
	if ((*rc = choose_for(p, l, pc, &path)) < 0)
		goto fail;
	if ((*rc = open_circ(p, &path, pc)) < 0)
		goto fail_guard;
	poolshare_make_room(p);
	pc->guard = path.guard;
	pc->stable = (uint8_t)is_stable(p, l->need, l->is_set || l->is_stable,
	    &path);
	pc->state = POOL_BUILDING;
	pc->keep_until = pc->began + clean_life(p);
	chan = circ_chan(pc->circ);	/* NULL: it failed at once */
	pc->dialling = chan && !chan_is_open(chan);
	pc->old_chan = chan && chan_is_open(chan);
	pc->cells_in = chan ? chan_cells_in(chan) : 0;
	set_due(pc, pc->began + (pc->dialling ? FIRST_HOP_MS :
	    timeout_use_ms(p->conf.timeout, path.n)));
	LIST_INSERT_HEAD(&p->circs, pc, link);
	p->count++;
	p->building++;
	p->launched = pc->began;
	hold(p);
	p->user->building(p->arg);
	*rc = 0;
	return pc;

fail_guard:
	if (path.guard && (*rc == -EHOSTDOWN || *rc == -EADDRNOTAVAIL))
		guard_failed(path.guard);
	guard_use_free(path.guard);
	p->launched = p->conf.loop->now;
	note_failure(p, 0);
	*rc = -EAGAIN;
fail:
	free(pc);
	return NULL;
}

struct pool_circ *
poolcirc_launch(struct pool *p, const struct pool_need *need, int *rc)
{
	struct launch l = { .need = need };

	return launch(p, &l, rc);
}

struct pool_circ *
poolcirc_launch_first(struct pool *p, const struct pool_need *need, int *rc)
{
	struct launch l = { .need = need, .is_set = 1 };

	return launch(p, &l, rc);
}

struct pool_circ *
poolcirc_launch_second(struct pool *p, const struct pool_circ *first, int *rc)
{
	struct launch l = { .is_set = 1, .first = first };

	return launch(p, &l, rc);
}

struct pool_circ *
poolcirc_launch_stub(struct pool *p, const uint8_t not[20], int stable,
    int *rc)
{
	struct launch l = { .is_hs = 1, .not = not, .is_stable = stable };

	return launch(p, &l, rc);
}

/* As C tor does it: 4/6 of the time for three hops, and a second. */
void
poolcirc_extending(struct pool_circ *pc)
{
	struct pool *p = pc->pool;
	int64_t ms = timeout_close_ms(p->conf.timeout, PATH_HOPS);

	pc->state = POOL_BUILDING;
	p->building++;
	set_due(pc, p->conf.loop->now + ms * 4 / 6 + EXTEND_MORE_MS);
}

void
pool_guard_ready(void *arg)
{
	struct pool_circ *pc = arg;

	if (pc->state == POOL_WAITING)
		now_ready(pc);
}

void
pool_guard_stale(void *arg)
{
	struct pool_circ *pc = arg;

	if (pc->state == POOL_WAITING)
		poolcirc_close(pc, CIRC_WHY_FINISHED);
}

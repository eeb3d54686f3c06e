/* onion/circ/pool.c - the circuits at hand, and those being built
 *
 * Theory of operation
 *	Choice.  For a need, the best circuit that stands is: a set of two
 *	before a single one, then one that already serves the same token, else a
 *	clean one, the oldest first.  Where none
 *	will do, one that is being built is promised to the need's token, and
 *	where there is none of those either, one is begun.  So a hundred
 *	streams that may share wait for one circuit, and a hundred that may not
 *	get one each, as far as max_pending allows.  A promise that nobody
 *	called in when the circuit stood is void: it is clean again.  So is one
 *	of a circuit that stands, but waits for its guard for too long.
 *
 *	Whose it is.  A circuit that a stream went onto is that stream's token's,
 *	and its identity's (nym), for life: nothing takes that mark off again,
 *	and may_serve() asks for it before anything else.
 *
 *	One that was built to leave by an exit that was named (.exit) is for
 *	those alone who name it: else whoever makes a client open such a name
 *	would choose the exit of all that it does next.  One that was built to
 *	leave by some set of exits (FlowRule's exit=) is for all whom its exit
 *	suits, as any other, and whoever wants such a set takes any that does.
 *
 *	Age.  A circuit that was used takes no new streams dirtiness_ms after
 *	its first, and is closed when its last one ends.  A clean one is kept
 *	until keep_until.  How long that is, and how long a port is expected
 *	again, is one time: so all ends together, the channels too, some time
 *	after the last use.  It is drawn from once to twice
 *	CircuitsAvailableTimeout, anew after each silence.
 *
 *	Ahead.  Once a second: every port that was used lately should have
 *	POOL_PER_PORT clean circuits whose exits take it, POOL_CLEAN_MAX in all
 *	at most, sets of two first (poolset.c); while build times are being
 *	learned, circuits are built for that alone.
 * Limits
 *	POOL_CIRCS_MAX circuits, and of them and of max_pending a share for each
 *	client (poolshare.c); over max_queued bytes in streams and outside,
 *	whatever has the oldest data, a circuit or what the user has, is ended
 *	until a tenth of that is free.
 */
#include "onion/circ/pool.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/rand.h"
#include "onion/circ/circ.h"
#include "onion/circ/pool_int.h"
#include "onion/dir/netdir.h"
#include "onion/dir/params.h"
#include "onion/link/chan.h"
#include "onion/path/guard.h"
#include "onion/path/path.h"
#include "onion/path/timeout.h"

enum {
	TICK_MS = 1000,
	/* So long may a circuit wait for a better guard to come up before those
	 * who were to have it get another. */
	WAITING_MS = 3000
};
enum { KEEP_S = 30 * 60, KEEP_MIN_S = 60, KEEP_MAX_S = 24 * 60 * 60 };

static int
exit_takes(const struct pool *p, const struct pool_circ *pc, uint16_t port,
    uint8_t family)
{
	struct path_target want = { .port = port, .family = family };
	const struct relay *exit;

	if (p->netdir == NULL)
		return 0;
	exit = netdir_by_rsa(p->netdir, pc->exit);
	if (exit == NULL || !path_exit_usable(p->conf.path, exit))
		return 0;
	return port == 0 || path_exit_allows(p->conf.path, exit, &want);
}

static const struct relay *
exit_of(const struct pool_circ *pc)
{
	const struct pool *p = pc->pool;

	return p->netdir ? netdir_by_rsa(p->netdir, pc->exit) : NULL;
}

static int
exit_is_in(const struct pool_circ *pc, const struct pool_need *need)
{
	const struct path_ctx *path = pc->pool->conf.path;
	const struct path_exits *exits = path_exits(path, need->exits);
	const struct relay *exit = exit_of(pc);

	return exits && exit && path_exit_in(path, exit, exits->set);
}

static int
exit_lets_out(const struct pool_circ *pc, const struct pool_need *need)
{
	struct path_target want = { .port = need->port,
		.family = need->family };
	const struct relay *exit = exit_of(pc);

	return exit && (want.port == 0 ||
	    path_exit_allows(pc->pool->conf.path, exit, &want));
}

/* Named, it need not be one that we would choose. */
static int
exit_serves(const struct pool_circ *pc, const struct pool_need *need)
{
	struct pool *p = pc->pool;
	struct path_target want = { .port = need->port,
		.family = need->family };
	const struct relay *exit;

	if (pc->named != need->has_exit ||
	    (need->has_exits && !exit_is_in(pc, need)))
		return 0;
	if (!need->has_exit)
		return need->has_exits ? exit_lets_out(pc, need) :
		    exit_takes(p, pc, need->port, need->family);
	if (memcmp(pc->exit, need->exit, sizeof(pc->exit)) != 0)
		return 0;
	exit = exit_of(pc);
	return exit != NULL && path_exit_named(p->conf.path, exit, &want);
}

static int
avoided(const struct pool_need *need, const struct pool_circ *pc)
{
	size_t i;

	for (i = 0; i < need->navoid; i++)
		if (memcmp(need->avoid[i], pc->exit, sizeof(pc->exit)) == 0)
			return 1;
	return 0;
}

int
poolcirc_too_old(const struct pool_circ *pc)
{
	const struct pool *p = pc->pool;

	if (poolhs_is_busy(pc))
		return 0;
	if (pc->used)
		return p->conf.loop->now - pc->dirty >= p->conf.dirtiness_ms;
	return p->conf.loop->now >= pc->keep_until;
}

static int
is_of(const struct pool_circ *pc, const struct pool_need *need)
{
	return pc->nym == need->nym &&
	    memcmp(pc->token, need->token, POOL_TOKEN) == 0;
}

/* Port 0, whatever takes anything, is never long-lived. */
static int
lasts_for(const struct pool_circ *pc, uint16_t port)
{
	return pc->stable ||
	    !path_port_is_long_lived(pc->pool->conf.path, port);
}

static int
may_serve(const struct pool_circ *pc, const struct pool_need *need)
{
	if (pc->is_hs || (pc->has_token && !is_of(pc, need)))
		return 0;
	if (pc->spoilt || pc->state == POOL_DEAD || pc->state == POOL_SLOW ||
	    pc->state == POOL_LEG)
		return 0;
	if (pc->state == POOL_WAITING &&
	    pc->pool->conf.loop->now - pc->built >= WAITING_MS)
		return 0;
	return !poolcirc_too_old(pc) && (need->has_exit ||
	    !avoided(need, pc)) && lasts_for(pc, need->port) &&
	    exit_serves(pc, need);
}

/* How soon can it be used? */
static int
readiness(const struct pool_circ *pc)
{
	if (pc->state == POOL_READY)
		return 3;
	if (pc->state == POOL_LINKING)
		return pc->linking ? 1 : 2;
	return 0;
}

static int
better(const struct pool_circ *a, const struct pool_circ *b)
{
	if (b == NULL)
		return 1;
	if (readiness(a) != readiness(b))
		return readiness(a) > readiness(b);
	if ((a->mate != NULL) != (b->mate != NULL))
		return a->mate != NULL;
	if (a->has_token != b->has_token)
		return a->has_token;
	return a->began <= b->began;	/* the list has the youngest first */
}

static void
promise(struct pool_circ *pc, const struct pool_need *need)
{
	assert(!pc->used || (pc->has_token && is_of(pc, need)));
	memcpy(pc->token, need->token, POOL_TOKEN);
	pc->nym = need->nym;
	pc->has_token = 1;
}

static void
draw_keep(struct pool *p)
{
	p->keep_ms = rand_range(p->keep_base, 2 * p->keep_base);
}

static void
set_keep(struct pool *p)
{
	const struct params *params = p->netdir ? p->netdir->params : NULL;
	int64_t ms = p->conf.keep_clean_ms;

	if (ms == 0) {
		ms = INT64_C(1000) * params_get(params,
		    "nf_conntimeout_clients", KEEP_S, KEEP_MIN_S, KEEP_MAX_S);
		if (p->conf.reduced_padding)
			ms /= 2;
	}
	if (ms == p->keep_base)
		return;
	p->keep_base = ms;
	draw_keep(p);
}

static void
note_port(struct pool *p, uint16_t port)
{
	int64_t now = p->conf.loop->now;
	uint16_t ports[PREDICT_PORTS_MAX];

	if (predict_ports(&p->predict, now, p->keep_ms, ports) == 0)
		draw_keep(p);
	predict_note(&p->predict, port, now);
}

static int
has_already(const struct pool_circ *pc, const struct pool_need *need)
{
	return pc->has_token && is_of(pc, need);
}

/* One that is to be had, or is begun; 0, or as pool_get(). */
static int
find_for(struct pool *p, const struct pool_need *need, struct pool_circ **out)
{
	struct pool_circ *pc, *best = NULL;
	int rc;

	LIST_FOREACH(pc, &p->circs, link)
		if (may_serve(pc, need) && better(pc, best))
			best = pc;
	*out = best;
	if (best && has_already(best, need))
		return 0;
	if (!poolshare_may_have(p, need->token, best == NULL))
		return -EAGAIN;
	if (best == NULL && (best = poolcirc_launch(p, need, &rc)) == NULL)
		return rc == -ENOENT ? -ENOENT : -EAGAIN;
	promise(best, need);
	poolshare_settle(p, need->token);
	*out = best;
	return 0;
}

int
pool_get(struct pool *p, const struct pool_need *need, struct pool_circ **out)
{
	struct pool_circ *best;
	int rc;

	if (need->port)
		note_port(p, need->port);
	if ((rc = find_for(p, need, &best)) < 0)
		return rc;
	if (best->state == POOL_LINKING && !best->linking)
		poolset_alone(best);	/* nobody waits for its mate */
	if (best->state != POOL_READY)
		return -EAGAIN;
	*out = best;
	return 0;
}

struct circ *
pool_circ(struct pool_circ *pc)
{
	return pc->circ;
}

const uint8_t *
pool_circ_exit(const struct pool_circ *pc)
{
	return pc->exit;
}

void
pool_circ_used(struct pool_circ *pc, const struct pool_need *need)
{
	if (pc->is_hs) {		/* its age counts from its first */
		if (!pc->streamed)
			pc->dirty = pc->pool->conf.loop->now;
		pc->streamed = 1;
		pc->idle = pc->pool->conf.loop->now;
		return;
	}
	promise(pc, need);
	pc->idle = pc->pool->conf.loop->now;
	if (need->alone)
		pc->spoilt = 1;
	if (pc->used)
		return;
	pc->used = 1;
	pc->dirty = pc->pool->conf.loop->now;
}

void
pool_circ_spoil(struct pool_circ *pc)
{
	pc->spoilt = 1;
	if (pc->state == POOL_READY && circ_nstreams(pc->circ) == 0)
		loop_timer_in(pc->pool->conf.loop, &pc->timer, 0);
}

void
pool_circ_close(struct pool_circ *pc)
{
	poolhs_unhand(pc);
	if (!poolhs_lingers(pc))
		poolcirc_close(pc, CIRC_WHY_FINISHED);
}

int
pool_circ_takes(const struct pool_circ *pc, uint16_t port, uint8_t family)
{
	return exit_takes(pc->pool, pc, port, family);
}

struct pool_circ *
pool_find(struct pool *p, const struct circ *circ)
{
	struct pool_circ *pc;

	LIST_FOREACH(pc, &p->circs, link)
		if (pc->circ == circ)
			return pc;
	return NULL;
}

/* Those who wait are asked what they want now; promises that none of them
 * called in are void then. */
static void
wake(void *arg)
{
	struct pool *p = arg;
	struct pool_circ *pc;

	p->user->ready(p->arg);
	LIST_FOREACH(pc, &p->circs, link)
		if (pc->state == POOL_READY && !pc->used)
			pc->has_token = 0;
}

/* How many that are not used yet would take that port?  One that waits for its
 * guard may never be given to anybody, but is one of all. */
static size_t
clean_for(const struct pool *p, uint16_t port, size_t *sets, size_t *all)
{
	const struct pool_circ *pc;
	size_t n = 0;

	*all = *sets = 0;
	LIST_FOREACH(pc, &p->circs, link) {
		if (pc->has_token || pc->spoilt || pc->is_leg ||
		    pc->state == POOL_SLOW)
			continue;
		(*all)++;
		if (pc->is_hs || pc->named || pc->state == POOL_WAITING ||
		    poolcirc_too_old(pc) ||
		    !exit_takes(p, pc, port, 0) || !lasts_for(pc, port))
			continue;
		n++;
		*sets += pc->mate != NULL;
	}
	return n;
}

/* For a port that is likely to be wanted: 0, or why none was begun. */
static int
build_for(struct pool *p, uint16_t port)
{
	struct pool_need need = { .port = port };
	size_t sets, all, n = clean_for(p, port, &sets, &all);
	int rc = -ENOSPC;

	if (sets < POOL_PER_PORT && all < POOL_CLEAN_MAX && poolset_wanted(p) &&
	    poolset_launch(p, &need, n < POOL_PER_PORT) == 0)
		return 0;
	if (n >= POOL_PER_PORT)
		return 0;
	if (all >= POOL_CLEAN_MAX || poolcirc_launch(p, &need, &rc) == NULL)
		return rc;
	return 0;
}

static void
build_ahead(struct pool *p)
{
	uint16_t ports[PREDICT_PORTS_MAX];
	size_t i, n, sets, all;
	int rc;

	if (!p->conf.predict || !p->usable)
		return;
	n = predict_ports(&p->predict, p->conf.loop->now, p->keep_ms,
	    ports);
	for (i = 0; i < n; i++) {
		rc = build_for(p, ports[i]);
		if (rc == -ENOENT)	/* no exit takes it */
			predict_drop(&p->predict, ports[i]);
		else if (rc < 0)
			return;
	}
	poolhs_ahead(p);
	clean_for(p, 443, &sets, &all);
	if (all < POOL_CLEAN_MAX && timeout_wants_test(p->conf.timeout,
	    p->count))
		poolcirc_launch(p, NULL, &rc);
}

static void
retire(struct pool *p)
{
	struct pool_circ *pc, *next;

	for (pc = LIST_FIRST(&p->circs); pc; pc = next) {
		next = LIST_NEXT(pc, link);
		if (pc->state != POOL_READY)
			continue;
		if (poolcirc_too_old(pc))
			pc->spoilt = 1;
		if (pc->spoilt && circ_nstreams(pc->circ) == 0)
			poolcirc_close(pc, CIRC_WHY_FINISHED);
	}
}

struct queued {
	uint64_t	 sum;
	struct pool_circ *oldest;	/* NULL: none that holds any */
	int64_t		 at;		/* its oldest data; ms */
	int64_t		 outside;	/* the same of what is the user's */
};

static void
queued(const struct pool *p, struct queued *q)
{
	struct pool_circ *pc;
	int64_t at;

	q->oldest = NULL;
	q->sum = 0;
	q->at = q->outside = LOOP_NEVER;
	LIST_FOREACH(pc, &p->circs, link) {
		q->sum += circ_queued(pc->circ, &at);
		if (at < q->at) {
			q->at = at;
			q->oldest = pc;
		}
	}
	if (p->user->queued)
		q->sum += p->user->queued(p->arg, &q->outside);
}

/* Whose data is the oldest goes, down to that many bytes. */
static int
shed_some(struct pool *p, const struct queued *q, uint64_t most)
{
	if (q->outside != LOOP_NEVER && q->outside <= q->at &&
	    p->user->shed(p->arg, q->sum - most, q->at) > 0)
		return 1;
	if (q->oldest == NULL)
		return 0;
	poolcirc_close(q->oldest, CIRC_WHY_MEMORY);
	return 1;
}

static void
shed(struct pool *p)
{
	static struct log_limit limit = { .every_s = 60 };
	uint64_t most = p->conf.max_queued;
	struct queued q;

	queued(p, &q);
	if (most == 0 || q.sum <= most)
		return;
	log_limited(&limit, LL_WARN, LD_CIRC, "%llu bytes wait for clients and "
	    "circuits, more than MaxMemInQueues allows: closing what has "
	    "waited longest", (unsigned long long)q.sum);
	most = most / 10 * 9;
	while (q.sum > most && shed_some(p, &q, most))
		queued(p, &q);
}

/* Any cell proves that the network is there, not only those that build a
 * circuit. */
static void
note_cells(struct pool *p)
{
	struct chanset_totals t;

	chanset_totals(p->conf.chans, &t);
	if (t.cells_in == p->cells_in)
		return;
	p->cells_in = t.cells_in;
	timeout_cell(p->conf.timeout);
	if (p->conf.guards)
		guard_note_online(p->conf.guards);
}

static void
tick(void *arg)
{
	struct pool *p = arg;

	note_cells(p);
	loop_timer_in(p->conf.loop, &p->tick, TICK_MS);
	retire(p);
	shed(p);
	build_ahead(p);
	loop_item_add(p->conf.loop, &p->wake);
}

int
pool_new(struct pool **out, const struct pool_conf *conf,
    const struct pool_user *user, void *arg)
{
	struct pool *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return -ENOMEM;
	p->user = user;
	p->arg = arg;
	LIST_INIT(&p->circs);
	p->conf.loop = conf->loop;
	loop_timer_init(&p->tick, tick, p);
	loop_item_init(&p->wake, wake, p);
	predict_init(&p->predict, conf->loop->now);
	p->failed_at = p->launched = INT64_MIN;
	p->hs_asked = LOOP_NEVER;
	pool_set_conf(p, conf);
	flow_params_load(&p->flow, NULL);
	loop_timer_in(conf->loop, &p->tick, TICK_MS);
	*out = p;
	return 0;
}

void
pool_free(struct pool *p)
{
	if (p == NULL)
		return;
	pool_close_all(p);
	loop_timer_clear(p->conf.loop, &p->tick);
	loop_item_clear(p->conf.loop, &p->wake);
	free(p);
}

void
pool_set_conf(struct pool *p, const struct pool_conf *conf)
{
	p->conf = *conf;
	if (conf->extend_by_ed >= 0)
		p->extend_by_ed = conf->extend_by_ed;
	set_keep(p);
	poolset_configure(p);
}

void
pool_set_netdir(struct pool *p, const struct netdir *nd, int usable)
{
	const struct params *params = nd ? nd->params : NULL;

	p->netdir = nd;
	p->usable = usable;
	flow_params_load(&p->flow, params);
	if (p->conf.extend_by_ed < 0)
		p->extend_by_ed = params_get(params, "ExtendByEd25519ID", 0, 0,
		    1);
	p->pad = !params_get(params, "circpad_padding_disabled", 0, 0, 1);
	set_keep(p);
	poolset_configure(p);
	if (usable)
		build_ahead(p);
	loop_item_add(p->conf.loop, &p->wake);
}

/* Stubs go too: they go through vanguards of before. */
static void
spoil_used(struct pool *p, int clean_too)
{
	struct pool_circ *pc, *next;

	for (pc = LIST_FIRST(&p->circs); pc; pc = next) {
		next = LIST_NEXT(pc, link);
		if (clean_too || pc->has_token || pc->is_hs)
			pool_circ_spoil(pc);
	}
}

void
pool_newnym(struct pool *p)
{
	p->nym++;
	path_newnym(p->conf.path);
	spoil_used(p, 0);
}

uint32_t
pool_nym(const struct pool *p)
{
	return p->nym;
}

void
pool_guards_switched(struct pool *p)
{
	spoil_used(p, 1);
}

void
pool_clock_jumped(struct pool *p)
{
	chanset_distrust_all(p->conf.chans);
	spoil_used(p, 1);
}

void
pool_close_all(struct pool *p)
{
	struct pool_circ *pc;

	while ((pc = LIST_FIRST(&p->circs)) != NULL)
		poolcirc_close(pc, CIRC_WHY_FINISHED);
}

static const char *const state_names[] = {
	[POOL_DEAD] = "closed", [POOL_BUILDING] = "building",
	[POOL_SLOW] = "slow", [POOL_WAITING] = "waiting for guard",
	[POOL_LINKING] = "linking", [POOL_LEG] = "built",
	[POOL_READY] = "built"
};

void
pool_each(const struct pool *p, void (*fn)(void *, const struct pool_show *),
    void *arg)
{
	int64_t now = p->conf.loop->now;
	const struct pool_circ *pc;

	LIST_FOREACH(pc, &p->circs, link) {
		struct pool_show show = {
			.circ = pc->circ, .state = state_names[pc->state],
			.purpose = pc->is_hs ? poolhs_purpose(pc) : "general",
			.age_ms = now - pc->began,
			.dirty_ms = pc->used ? now - pc->dirty : -1
		};

		fn(arg, &show);
	}
}

size_t
pool_count(const struct pool *p)
{
	return p->count;
}

size_t
pool_building(const struct pool *p)
{
	return p->building;
}

size_t
pool_standing(const struct pool *p)
{
	const struct pool_circ *pc;
	size_t n = 0;

	LIST_FOREACH(pc, &p->circs, link)
		n += pc->state == POOL_READY;
	return n;
}

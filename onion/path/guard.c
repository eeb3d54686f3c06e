/* onion/path/guard.c - the few relays that we let know who we are (guard-spec)
 *
 * Theory of operation
 *	Guards are kept in selections, of which one is in use: "default", or
 *	"restricted" where the configuration leaves us so few guards that a
 *	sample drawn from all of them would hold none that we may use.  With
 *	UseBridges it is "bridges", and no other ever: its guards come from the
 *	configuration.  Others are kept as they were read, for who comes after
 *	us.
 *
 *	A pick goes down this list until something is found (guard-spec 4.6):
 *
 *	  1. one of the first few PRIMARY guards not known to be unreachable.
 *	     A circuit through it is good once it stands.
 *	  2. the first other CONFIRMED one that is usable and is not being
 *	     tried yet.  Its circuit waits until all primary ones are down.
 *	  3. the first of the rest of the sample, with the same conditions.
 *	  4. nothing: all are given another chance, for the next pick.
 *
 *	So a network that is down, or somebody who lets nothing through, makes
 *	us try the sample and no more than that.
 * Invariants
 *	->cur is never NULL.  A guard is pending only while a use of it is in
 *	state USE_IF_NO_BETTER.
 * Limits
 *	GUARD_USES_MAX uses; the sample by consensus parameters, which are
 *	themselves forced below SAMPLE_MAX.
 * Not here
 *	Path bias counts (kept in the state as they were); where descriptors of
 *	bridges come from.
 */
#include "onion/path/guard_int.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/rand.h"
#include "onion/dir/consensus.h"
#include "onion/dir/netdir.h"
#include "onion/dir/params.h"

enum { SAMPLE_MAX = 1000, PRIMARY_MAX = 100 };

void
guards_dirty(struct guards *gs)
{
	if (gs->user->dirty)
		gs->user->dirty(gs->arg);
}

int
guards_live(const struct guards *gs)
{
	return gs->nd != NULL && consensus_reasonably_live(gs->nd->valid_after,
	    gs->nd->valid_until, gs->loop->wall);
}

/* A date to be written down: some time ago, so that nobody who reads the file
 * learns when it was (guard-spec A.2). */
int64_t
guards_backdate(const struct guards *gs, int64_t most_s)
{
	int64_t now = gs->loop->wall, from = now - most_s;

	return rand_range(from > 1 ? from : 1, now > 1 ? now : 1);
}

struct selection *
guards_selection(struct guards *gs, const char *name)
{
	struct selection *sel;
	size_t i;

	for (i = 0; i < gs->nsels; i++)
		if (strcmp(gs->sels[i]->name, name) == 0)
			return gs->sels[i];
	if (gs->nsels >= GUARD_SELECTIONS_MAX || (sel = sel_new(name)) == NULL)
		return NULL;
	return gs->sels[gs->nsels++] = sel;
}

/* --- parameters (guard-spec A.1) --- */

static int32_t
override(int32_t configured, int32_t from_params)
{
	if (configured < 1)
		return from_params;
	return configured < PRIMARY_MAX ? configured : PRIMARY_MAX;
}

static void
read_times(struct guard_params *g, const struct params *p, int64_t lifetime_s)
{
	const int64_t day = GUARD_DAY_S;

	g->unlisted_s = day * params_get(p,
	    "guard-remove-unlisted-guards-after-days", 20, 1, 3650);
	g->lifetime_s = day * params_get(p, "guard-lifetime-days", 120, 1,
	    3650);
	g->confirmed_s = day * params_get(p,
	    "guard-confirmed-min-lifetime-days", 60, 1, 3650);
	if (lifetime_s >= day)
		g->lifetime_s = g->confirmed_s = lifetime_s;
	g->down_ms = INT64_C(1000) * params_get(p,
	    "guard-internet-likely-down-interval", 600, 1, INT32_MAX);
	g->connect_ms = INT64_C(1000) * params_get(p,
	    "guard-nonprimary-guard-connect-timeout", 15, 1, INT32_MAX);
	g->idle_ms = INT64_C(1000) * params_get(p,
	    "guard-nonprimary-guard-idle-timeout", 600, 1, INT32_MAX);
}

static void
read_params(struct guards *gs)
{
	const struct params *p = gs->nd ? gs->nd->params : NULL;
	struct guard_params *g = &gs->par;

	read_times(g, p, gs->conf.lifetime_s);
	g->max_percent = params_get(p, "guard-max-sample-threshold-percent",
	    20, 1, 100);
	g->max_size = params_get(p, "guard-max-sample-size", 60, 1, SAMPLE_MAX);
	g->min_filtered = params_get(p, "guard-min-filtered-sample-size", 20,
	    1, SAMPLE_MAX);
	g->meaningful_percent = params_get(p,
	    "guard-meaningful-restriction-percent", 20, 1, 100);
	g->extreme_percent = params_get(p, "guard-extreme-restriction-percent",
	    1, 1, 100);
	g->nuse = override(gs->conf.nguards, params_get(p,
	    "guard-n-primary-guards-to-use", 1, 1, PRIMARY_MAX));
	g->ndir = override(gs->conf.ndir, params_get(p,
	    "guard-n-primary-dir-guards-to-use", 3, 1, PRIMARY_MAX));
	g->nprimary = override(gs->conf.nprimary, params_get(p,
	    "guard-n-primary-guards", 3, 1, PRIMARY_MAX));
	if (g->nprimary < g->nuse)
		g->nprimary = g->nuse;
}

/* --- which selection (guard-spec 2) --- */

static void
count_guards(struct guards *gs)
{
	size_t i;

	gs->nguards = gs->npassing = 0;
	for (i = 0; gs->nd && i < gs->nd->nrelays; i++) {
		if (!guard_is_possible(&gs->nd->relays[i]))
			continue;
		gs->nguards++;
		gs->npassing += guard_passes(gs, &gs->nd->relays[i]) != 0;
	}
}

static void
warn_extreme(struct guards *gs)
{
	size_t few = gs->nguards * (size_t)gs->par.extreme_percent / 100;

	if (gs->nguards == 0 || gs->warned_extreme || (gs->npassing >= few &&
	    gs->npassing > 0))
		return;
	gs->warned_extreme = 1;
	log_warn(LD_GUARD, "the configuration excludes %zu%% of all guards: "
	    "that makes us stand out from everybody else",
	    (gs->nguards - gs->npassing) * 100 / gs->nguards);
}

/* A little sticky, so that a network that changes by the hour does not take us
 * to and fro between two sets of guards. */
static const char *
choose_name(const struct guards *gs)
{
	double mid = (double)gs->nguards * gs->par.meaningful_percent / 100;
	size_t high = (size_t)(mid * 1.05), low = (size_t)(mid * 0.95);

	if (!gs->chosen)
		return gs->npassing >= (size_t)mid ? "default" : "restricted";
	if (gs->npassing >= high)
		return "default";
	return gs->npassing < low ? "restricted" : gs->cur->name;
}

static void
choose_selection(struct guards *gs)
{
	struct selection *sel;

	if (gs->conf.bridges)		/* there is no other */
		return;
	count_guards(gs);
	if (!guards_live(gs))
		return;
	warn_extreme(gs);
	if ((sel = guards_selection(gs, choose_name(gs))) == NULL)
		return;
	if (sel != gs->cur) {
		if (gs->chosen) {
			gs->switched = 1;
			loop_item_add(gs->loop, &gs->item);
		}
		log_notice(LD_GUARD, "guards are of the selection \"%s\" now",
		    sel->name);
		gs->cur = sel;
	}
	gs->chosen = 1;
}

/* --- life --- */

static void
take_conf(struct guards *gs, const struct guard_conf *conf)
{
	gs->conf = *conf;
	gs->conf.version = NULL;
	memset(gs->version, 0, sizeof(gs->version));
	if (conf->version && strpbrk(conf->version, " \t\r\n") == NULL)
		strncpy(gs->version, conf->version, sizeof(gs->version) - 1);
}

int
guard_new(struct guards **out, struct loop *loop, const struct guard_conf *conf,
    const struct guard_user *user, void *arg)
{
	struct guards *gs = calloc(1, sizeof(*gs));

	if (gs == NULL)
		return -ENOMEM;
	gs->loop = loop;
	gs->user = user;
	gs->arg = arg;
	gs->quiet.every_s = 60;
	take_conf(gs, conf);
	read_params(gs);
	loop_item_init(&gs->item, uses_run, gs);
	loop_timer_init(&gs->timer, uses_run, gs);
	if ((gs->cur = guards_selection(gs, conf->bridges ? "bridges" :
	    "default")) == NULL) {
		free(gs);
		return -ENOMEM;
	}
	*out = gs;
	return 0;
}

void
guard_free(struct guards *gs)
{
	size_t i;

	if (gs == NULL)
		return;
	loop_item_clear(gs->loop, &gs->item);
	loop_timer_clear(gs->loop, &gs->timer);
	for (i = 0; i < gs->nsels; i++)
		sel_free(gs->sels[i]);
	free(gs);
}

static void
update(struct guards *gs)
{
	size_t i;

	read_params(gs);
	for (i = 0; i < gs->nsels; i++)
		sel_relink(gs, gs->sels[i]);
	choose_selection(gs);
	sel_update(gs, gs->cur);
	loop_item_add(gs->loop, &gs->item);
}

int
guard_set_conf(struct guards *gs, const struct guard_conf *conf)
{
	take_conf(gs, conf);
	gs->warned_extreme = 0;
	update(gs);
	return 0;
}

int
guard_set_netdir(struct guards *gs, const struct netdir *nd)
{
	gs->nd = nd;
	update(gs);
	return 0;
}

void
guard_bridges_changed(struct guards *gs)
{
	update(gs);
}

int
guard_usable_bridges(const struct guards *gs)
{
	size_t i;
	int n = 0;

	if (gs->conf.bridges == NULL)
		return -1;
	for (i = 0; i < gs->conf.nbridges; i++)
		n += relay_usable(&gs->conf.bridges[i]) &&
		    guard_passes(gs, &gs->conf.bridges[i]);
	return n;
}

/* --- picking --- */

struct pick {
	struct guards		*gs;
	enum guard_usage	 usage;
	struct limit		 limit;
	const struct relay	*exit;	/* in the netdir of now, or NULL */
	enum use_state		 state;	/* of the use that comes of it */
};

static int
fits(const struct pick *p, const struct guard *g)
{
	return g->relay != NULL &&
	    (p->usage == GUARD_FOR_DIR || relay_usable(g->relay));
}

static void
chosen(struct pick *p, struct guard *g, enum use_state state)
{
	g->tried = p->gs->loop->now;
	g->pending = state == USE_IF_NO_BETTER;
	p->state = state;
}

/* A guard that this path can't have counts as one of those to choose from: or
 * somebody who runs many exits could lead us on to ever more guards.  One that
 * a directory request can't use doesn't count. */
static struct guard *
pick_primary(struct pick *p)
{
	struct guards *gs = p->gs;
	int32_t want = p->usage == GUARD_FOR_DIR ? gs->par.ndir : gs->par.nuse;
	struct guard *good[PRIMARY_MAX], *g;
	int32_t considered = 0;
	size_t i, n = 0;

	for (i = 0; i < gs->cur->nprimary && (considered < want || n == 0);
	    i++) {
		g = gs->cur->primary[i];
		guard_consider_retry(gs, g);
		if (!limit_obeys(gs, &p->limit, p->exit, g)) {
			considered += p->limit.path;
			continue;
		}
		if (g->reach == GUARD_NO || !fits(p, g))
			continue;
		good[n++] = g;
		considered++;
	}
	if (n == 0)
		return NULL;
	g = good[rand_below(n)];
	chosen(p, g, USE_ON_COMPLETION);
	return g;
}

static struct guard *
pick_from(struct pick *p, struct guard **list, size_t n, int confirmed)
{
	struct guard *g;
	size_t i;

	for (i = 0; i < n; i++) {
		g = list[i];
		guard_consider_retry(p->gs, g);
		if (g->primary || g->pending || !guard_is_usable(g) ||
		    (g->confirmed_idx >= 0) != confirmed || !fits(p, g) ||
		    !limit_obeys(p->gs, &p->limit, p->exit, g))
			continue;
		chosen(p, g, USE_IF_NO_BETTER);
		return g;
	}
	return NULL;
}

static struct guard *
pick_guard(struct pick *p)
{
	struct selection *sel = p->gs->cur;
	struct guard *g;

	sel_refresh(p->gs, sel);
	if ((g = pick_primary(p)) != NULL ||
	    (g = pick_from(p, sel->confirmed, sel->nconfirmed, 1)) != NULL)
		return g;
	sel_expand(p->gs, sel);
	sel_refresh(p->gs, sel);
	return pick_from(p, sel->sample, sel->n, 0);
}

static int
nothing_found(struct guards *gs)
{
	size_t i;

	for (i = 0; i < gs->cur->n && !gs->cur->sample[i]->filtered; i++)
		;
	if (i == gs->cur->n)
		return -ENOENT;
	log_limited(&gs->quiet, LL_INFO, LD_GUARD,
	    "no guard is left to try: all get another chance");
	sel_forgive(gs->cur, 0);
	return -EAGAIN;
}

int
guard_pick(struct guards *gs, enum guard_usage usage,
    const struct guard_limit *limit, void *use_arg, struct guard_use **out)
{
	struct pick p = { gs, usage, { 0 }, limit ? limit->exit : NULL,
	    USE_DEAD };
	struct guard *g;
	int rc;

	if (gs->nd == NULL)
		return -ENOENT;
	if (gs->nuses >= GUARD_USES_MAX)
		return -ENOSPC;
	if ((rc = limit_init(&p.limit, usage, limit)) < 0)
		return rc;
	if ((g = pick_guard(&p)) == NULL)
		rc = nothing_found(gs);
	else
		rc = use_new(out, gs, g, usage, p.state, &p.limit, use_arg);
	if (rc < 0)
		limit_fini(&p.limit);
	return rc;
}

/* --- what others want to know --- */

size_t
guard_missing_descs(struct guards *gs)
{
	size_t i, missing = 0;
	int32_t considered = 0;
	struct guard *g;

	sel_refresh(gs, gs->cur);
	for (i = 0; i < gs->cur->nprimary && considered <= gs->par.nuse; i++) {
		g = gs->cur->primary[i];
		guard_consider_retry(gs, g);
		if (g->reach == GUARD_NO)
			continue;
		considered++;
		if (g->relay && !(g->relay->flags & RELAY_HAS_MD))
			missing++;
	}
	return missing;
}

static void
describe(struct guard_info *i, const struct guard *g)
{
	memset(i, 0, sizeof(*i));
	memcpy(i->rsa, g->rsa, sizeof(i->rsa));
	memcpy(i->nickname, g->nickname, sizeof(i->nickname));
	i->sampled_on = g->sampled_on;
	i->confirmed_on = g->confirmed_on;
	i->unlisted_since = g->unlisted_since;
	i->reach = g->reach;
	i->listed = g->listed;
	i->filtered = g->filtered;
	i->confirmed = g->confirmed_idx >= 0;
	i->primary = g->primary;
	i->pending = g->pending;
}

size_t
guard_list(struct guards *gs, struct guard_info *out, size_t max)
{
	struct selection *sel = gs->cur;
	size_t i, n = 0;
	int rank;

	sel_refresh(gs, sel);
	for (rank = 2; rank >= 0; rank--)
		for (i = 0; i < sel->n && n < max; i++) {
			struct guard *g = sel->sample[i];
			int r = g->primary ? 2 : g->confirmed_idx >= 0;

			if (r == rank)
				describe(&out[n++], g);
		}
	return sel->n;
}

const char *
guard_selection(const struct guards *gs)
{
	return gs->cur->name;
}

/* The network is there.  If it was not for long, it was to blame for what
 * failed meanwhile, and not the primary guards (guard-spec 4.8).  It is told
 * within a second of any cell.  (tor looks at this when a circuit stands, but
 * notes each cell, so that it never finds a silence.) */
void
guards_online(struct guards *gs, struct selection *sel)
{
	int64_t before = sel->online;

	sel->online = gs->loop->now;
	if (before == GUARD_NEVER_MS ||
	    before + gs->par.down_ms < gs->loop->now)
		sel_forgive(sel, 1);
}

void
guard_note_online(struct guards *gs)
{
	guards_online(gs, gs->cur);
}

void
guard_retry_all(struct guards *gs)
{
	sel_forgive(gs->cur, 0);
}

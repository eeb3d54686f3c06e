/* onion/path/path_enough.c - do we know enough of the network to use it?
 *
 * Theory of operation
 *	Who could show us only some of the microdescriptors could choose our
 *	paths.  So none are built until the product of three fractions, each by
 *	weight in its position, is large enough: of guards, of all relays, and
 *	of exits, that we have the microdescriptor of (path-spec 2.1.0).  What
 *	the consensus lists is asked, not what the configuration would allow,
 *	except for those sets that restrict a position.
 *
 *	Bridges don't come from there: as guards they are all or nothing, and
 *	one that has its descriptor is all.
 *
 *	A position whose relays all weigh nothing is counted by heads.
 */
#include "onion/path/path_int.h"

#include "onion/dir/consensus.h"
#include "onion/dir/netdir.h"
#include "onion/dir/params.h"
#include "onion/dir/portlist.h"
#include "onion/path/guard.h"
#include "onion/path/relayset.h"

struct tally {
	uint64_t	weight, have_weight;
	size_t		n, have;
};

static void
tally_add(struct tally *t, const struct path_ctx *c, enum weight_pos pos,
    const struct relay *r)
{
	uint64_t w = weights_of(&c->weights, pos, r);
	int have = (r->flags & RELAY_HAS_MD) != 0;

	t->weight += w;
	t->n++;
	if (have) {
		t->have_weight += w;
		t->have++;
	}
}

static double
fraction(const struct tally *t)
{
	if (t->n == 0)
		return 0.0;
	if (t->weight == 0)
		return (double)t->have / (double)t->n;
	return (double)t->have_weight / (double)t->weight;
}

/* The flag, and no policy that is known to refuse all. */
static int
is_exit(const struct relay *r, int need_flag)
{
	if (need_flag && !(r->flags & RELAY_EXIT))
		return 0;
	return !(r->flags & RELAY_HAS_MD) || portlist_accepts_any(r->exit4) ||
	    portlist_accepts_any(r->exit6);
}

static double
exit_fraction(const struct path_ctx *c, const struct relayset *set,
    int need_flag, size_t *n)
{
	struct tally t = { 0 };
	size_t i;

	for (i = 0; i < c->nd->nrelays; i++) {
		const struct relay *r = &c->nd->relays[i];

		if (is_exit(r, need_flag) &&
		    (set == NULL || relayset_has(set, c->nd, r)))
			tally_add(&t, c, WEIGHT_EXIT, r);
	}
	*n = t.n;
	return fraction(&t);
}

/* Of all exits, and of those that we want: a directory that feeds us exits
 * one by one must not learn which ones we wait for. */
static double
count_exits(const struct path_ctx *c, int *has_exits)
{
	size_t all, mine;
	double f = exit_fraction(c, NULL, 1, &all), own;

	*has_exits = all > 0;
	if (c->conf.exits == NULL || all == 0)
		return f;
	own = exit_fraction(c, c->conf.exits, 1, &mine);
	if (mine == 0)
		own = exit_fraction(c, c->conf.exits, 0, &mine);
	return own < f ? own : f;
}

static int
is_guard(const struct path_ctx *c, const struct relay *r)
{
	return c->conf.entries ? relayset_has(c->conf.entries, c->nd, r) :
	    (r->flags & RELAY_GUARD) != 0;
}

static void
count_paths(const struct path_ctx *c, struct path_info *out)
{
	struct tally guards = { 0 }, middles = { 0 };
	int has_exits;
	size_t i;

	for (i = 0; i < c->nd->nrelays; i++) {
		const struct relay *r = &c->nd->relays[i];

		if (is_guard(c, r))
			tally_add(&guards, c, WEIGHT_GUARD, r);
		if (c->conf.middles == NULL ||
		    relayset_has(c->conf.middles, c->nd, r))
			tally_add(&middles, c, WEIGHT_MIDDLE, r);
	}
	out->guard = fraction(&guards);
	if (c->conf.guards && guard_usable_bridges(c->conf.guards) >= 0)
		out->guard = guard_usable_bridges(c->conf.guards) > 0;
	out->middle = fraction(&middles);
	out->exit = count_exits(c, &has_exits);
	if (!has_exits)
		out->exit = out->middle;
	out->has_exits = (uint8_t)has_exits;
	out->paths = out->guard * out->middle * out->exit;
}

int
path_have_enough(const struct path_ctx *c, struct path_info *out)
{
	struct path_info info = { 0 };
	const struct params *params = c->nd ? c->nd->params : NULL;

	info.needed = c->conf.paths_needed >= 0 ? c->conf.paths_needed :
	    params_get(params, "min_paths_for_circs_pct", 60, 25, 95) / 100.0;
	if (c->nd) {
		count_paths(c, &info);
		if (c->conf.guards)
			info.guards_missing =
			    guard_missing_descs(c->conf.guards);
		info.enough = info.paths >= info.needed &&
		    info.guards_missing == 0;
	}
	if (out)
		*out = info;
	return info.enough;
}

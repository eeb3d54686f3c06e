/* onion/path/path.c - which relays a circuit goes through (path-spec 2.2)
 *
 * Theory of operation
 *	For each netdir and configuration there are tables to draw from, which
 *	hold what may ever stand in that position:
 *
 *	  exit		has a way out, is no BadExit; ExitNodes; not excluded
 *	  any exit	the same without ExitNodes: where a request has a set of
 *			its own (FlowRule's exit=), which is asked for each
 *			relay drawn
 *	  middle	anything usable that is not excluded; MiddleNodes
 *	  end		the same without MiddleNodes and MiddleOnly relays: last
 *			hops of internal circuits
 *	  first		Guard relays that can be reached, where there are no
 *			guards (UseEntryGuards 0), and dir, V2Dir relays for
 *			the same
 *
 *	What depends on one request (ports, Fast and Stable, who is in the path
 *	already) is asked for each relay drawn.  Where nothing is left, Fast and
 *	Stable are given up, as tor does, and nothing else is: a path that would
 *	break a rule is no path.
 *	A path towards an onion service is chosen from the guard outward, and
 *	asks for nothing but that no relay comes twice (proposal 333; C tor).  A
 *	relay refuses to extend back to where a cell came from, so A-B-A is no
 *	path; and who stands at the end and never met a certain guard, or its
 *	kin, would learn of it.
 * Invariants
 *	Relays of one path are no kin of each other, except as said above; the
 *	first hop is a guard of the selection in use; the last one takes at
 *	least one of the targets.
 * Limits
 *	PATH_BAD_MAX exits are remembered as bad; the one that would be forgiven
 *	first gives way.
 * Not here
 *	Conflux sets (their owner passes what to avoid).
 */
#include "onion/path/path.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/loop.h"
#include "base/map.h"
#include "base/rand.h"
#include "onion/dir/consensus.h"
#include "onion/dir/netdir.h"
#include "onion/dir/portlist.h"
#include "onion/link/relayid.h"
#include "onion/path/guard.h"
#include "onion/path/path_int.h"
#include "onion/path/relayset.h"
#include "onion/path/weights.h"

/* --- tables --- */

static int
is_excluded(const struct path_ctx *c, const struct relay *r)
{
	return relayset_has(c->conf.exclude, c->nd, r);
}

static int
may_be_middle(void *arg, const struct relay *r)
{
	struct path_ctx *c = arg;

	return relay_usable(r) && !is_excluded(c, r) && (!c->conf.middles ||
	    relayset_has(c->conf.middles, c->nd, r));
}

static int
may_be_end(void *arg, const struct relay *r)
{
	return !(r->flags & RELAY_MIDDLEONLY) && relay_usable(r) &&
	    !is_excluded(arg, r);
}

static int
lets_anything_out(const struct relay *r)
{
	return portlist_accepts_any(r->exit4) || portlist_accepts_any(r->exit6);
}

/* Whatever ExitNodes says. */
static int
could_be_any_exit(const struct path_ctx *c, const struct relay *r)
{
	return !(r->flags & (RELAY_BADEXIT | RELAY_MIDDLEONLY)) &&
	    relay_usable(r) && lets_anything_out(r) && !is_excluded(c, r) &&
	    !relayset_has(c->conf.exclude_exits, c->nd, r);
}

static int
may_be_any_exit(void *arg, const struct relay *r)
{
	return could_be_any_exit(arg, r);
}

static int
could_exit(const struct path_ctx *c, const struct relay *r)
{
	return could_be_any_exit(c, r) &&
	    (!c->conf.exits || relayset_has(c->conf.exits, c->nd, r));
}

static int
may_be_exit(void *arg, const struct relay *r)
{
	return could_exit(arg, r);
}

static int
reachable_at(const struct path_ctx *c, const struct addr *a)
{
	return a->family != 0 && (c->conf.reachable == NULL ||
	    c->conf.reachable(c->conf.reachable_arg, a));
}

static int
is_reachable(const struct path_ctx *c, const struct relay *r)
{
	return reachable_at(c, &r->or4) || reachable_at(c, &r->or6);
}

static int
may_be_first(void *arg, const struct relay *r)
{
	struct path_ctx *c = arg;

	return (r->flags & (RELAY_GUARD | RELAY_MIDDLEONLY)) == RELAY_GUARD &&
	    relay_usable(r) && !is_excluded(c, r) && is_reachable(c, r) &&
	    (!c->conf.entries || relayset_has(c->conf.entries, c->nd, r));
}

static int
may_be_dir(void *arg, const struct relay *r)
{
	return (r->flags & RELAY_V2DIR) && !is_excluded(arg, r) &&
	    is_reachable(arg, r);
}

static const struct {
	enum weight_pos	 pos;
	wtable_ok_fn	*ok;
} tables[TABLES] = {
	[TABLE_EXIT] = { WEIGHT_EXIT, may_be_exit },
	[TABLE_ANY_EXIT] = { WEIGHT_EXIT, may_be_any_exit },
	[TABLE_MIDDLE] = { WEIGHT_MIDDLE, may_be_middle },
	[TABLE_END] = { WEIGHT_MIDDLE, may_be_end },
	[TABLE_FIRST] = { WEIGHT_GUARD, may_be_first },
	[TABLE_DIR] = { WEIGHT_DIR, may_be_dir }
};

static void
drop_tables(struct path_ctx *c)
{
	int i;

	for (i = 0; i < TABLES; i++) {
		wtable_free(c->table[i]);
		c->table[i] = NULL;
	}
}

/* Made when first needed: many a netdir is replaced before. */
static struct wtable *
table(struct path_ctx *c, enum path_table which)
{
	if (c->table[which] == NULL && wtable_new(&c->table[which], c->nd,
	    &c->weights, tables[which].pos, tables[which].ok, c) < 0)
		c->table[which] = NULL;
	return c->table[which];
}

/* --- life --- */

static int
by_port(const void *a, const void *b)
{
	return *(const uint16_t *)a - *(const uint16_t *)b;
}

static int
take_conf(struct path_ctx *c, const struct path_conf *conf)
{
	if (conf->nlong_lived > PATH_LONG_LIVED_MAX)
		return -E2BIG;
	c->conf = *conf;
	c->conf.long_lived = c->long_lived;
	if (conf->nlong_lived > 0) {
		memcpy(c->long_lived, conf->long_lived,
		    conf->nlong_lived * sizeof(*c->long_lived));
		qsort(c->long_lived, conf->nlong_lived, sizeof(*c->long_lived),
		    by_port);
	}
	return 0;
}

int
path_new(struct path_ctx **out, struct loop *loop, const struct path_conf *conf)
{
	struct path_ctx *c = calloc(1, sizeof(*c));
	int rc = -ENOMEM;

	if (c == NULL)
		return rc;
	c->loop = loop;
	if ((c->bad = map_new(20, PATH_BAD_MAX)) == NULL)
		goto fail;
	if ((rc = take_conf(c, conf)) < 0)
		goto fail;
	*out = c;
	return 0;
fail:
	path_free(c);
	return rc;
}

void
path_free(struct path_ctx *c)
{
	struct bad_exit *b;
	size_t i = 0;

	if (c == NULL)
		return;
	drop_tables(c);
	while (c->bad && (b = map_next(c->bad, &i)) != NULL)
		free(b);
	map_free(c->bad);
	free(c);
}

int
path_set_conf(struct path_ctx *c, const struct path_conf *conf)
{
	int rc = take_conf(c, conf);

	if (rc == 0)
		drop_tables(c);
	return rc;
}

int
path_set_netdir(struct path_ctx *c, const struct netdir *nd)
{
	drop_tables(c);
	c->nd = nd;
	if (nd)
		weights_init(&c->weights, nd);
	return 0;
}

/* --- exits --- */

int
path_exit_allows(const struct path_ctx *c, const struct relay *r,
    const struct path_target *t)
{
	(void)c;
	return portlist_accepts(t->family == 6 ? r->exit6 : r->exit4, t->port);
}

int
path_exit_is_bad(const struct path_ctx *c, const uint8_t rsa[20])
{
	const struct bad_exit *b;

	if (map_count(c->bad) == 0 || (b = map_get(c->bad, rsa)) == NULL)
		return 0;
	return b->until > c->loop->now;
}

int
path_exit_usable(const struct path_ctx *c, const struct relay *r)
{
	return c->nd != NULL && could_exit(c, r) &&
	    !path_exit_is_bad(c, r->rsa);
}

const struct path_exits *
path_exits(const struct path_ctx *c, const uint8_t id[PATH_EXITS_ID])
{
	const struct path_exits *v = c->conf.exit_sets;
	size_t lo = 0, hi = c->conf.nexit_sets, mid;
	int d;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if ((d = memcmp(id, v[mid].id, PATH_EXITS_ID)) == 0)
			return &v[mid];
		if (d < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return NULL;
}

int
path_exit_in(const struct path_ctx *c, const struct relay *r,
    const struct relayset *exits)
{
	return c->nd != NULL && relayset_has(exits, c->nd, r) &&
	    could_be_any_exit(c, r);
}

/* Room for one more: whatever is over goes, else what is over soonest. */
static void
forgive_one(struct path_ctx *c)
{
	struct bad_exit *b, *first = NULL;
	size_t i = 0;

	while ((b = map_next(c->bad, &i)) != NULL)
		if (first == NULL || b->until < first->until)
			first = b;
	if (first == NULL)
		return;
	map_del(c->bad, first->rsa);
	free(first);
}

void
path_exit_bad(struct path_ctx *c, const uint8_t rsa[20], int64_t for_ms)
{
	struct bad_exit *b = map_get(c->bad, rsa);

	if (b == NULL) {
		if (map_count(c->bad) >= PATH_BAD_MAX)
			forgive_one(c);
		if ((b = calloc(1, sizeof(*b))) == NULL)
			return;
		memcpy(b->rsa, rsa, sizeof(b->rsa));
		if (map_put(c->bad, rsa, b) < 0) {
			free(b);
			return;
		}
	}
	b->until = c->loop->now + for_ms;
}

int
path_port_is_long_lived(const struct path_ctx *c, uint16_t port)
{
	return c->conf.nlong_lived > 0 && bsearch(&port, c->long_lived,
	    c->conf.nlong_lived, sizeof(port), by_port) != NULL;
}

/* --- choosing --- */

struct choice {				/* what a relay is measured against */
	struct path_ctx			*c;
	const struct path_request	*req;
	uint32_t			 flags;	/* needed */
	uint32_t			 caps;
	const struct relay		*hop[PATH_HOPS_MAX];	/* chosen */
	size_t				 n;
	const uint8_t			(*avoid)[20];
	size_t				 navoid;
	size_t				 support;	/* targets at least */
	int				 relaxed;
	int				 any_kin;	/* only not the same */
	int				 even_bad;	/* exits */
};

static int
is_listed(const uint8_t (*ids)[20], size_t n, const struct relay *r)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (memcmp(ids[i], r->rsa, 20) == 0)
			return 1;
	return 0;
}

static int
fits(const struct choice *ch, const struct relay *r)
{
	size_t i;

	if ((r->flags & ch->flags) != ch->flags ||
	    (r->caps & ch->caps) != ch->caps ||
	    is_listed(ch->avoid, ch->navoid, r))
		return 0;
	for (i = 0; i < ch->n; i++)
		if (ch->any_kin ? memcmp(ch->hop[i]->rsa, r->rsa, 20) == 0 :
		    kin_same(&ch->c->conf.kin, ch->c->nd, ch->hop[i], r))
			return 0;
	return 1;
}

static int
fits_between(void *arg, const struct relay *r)
{
	return fits(arg, r);
}

static size_t
count_support(const struct choice *ch, const struct relay *r)
{
	size_t i, n = 0;

	for (i = 0; i < ch->req->ntargets; i++)
		n += path_exit_allows(ch->c, r, &ch->req->targets[i]) != 0;
	return n;
}

static int
fits_exit(void *arg, const struct relay *r)
{
	struct choice *ch = arg;

	return fits(ch, r) && (ch->req->exits == NULL ||
	    relayset_has(ch->req->exits, ch->c->nd, r)) &&
	    (ch->even_bad || !path_exit_is_bad(ch->c, r->rsa)) &&
	    (ch->support == 0 || count_support(ch, r) >= ch->support);
}

/* Without Fast and Stable, if it can't be had with them. */
static const struct relay *
draw(struct choice *ch, enum path_table which, wtable_ok_fn *ok)
{
	struct wtable *t = table(ch->c, which);
	const struct relay *r;

	if (t == NULL)
		return NULL;
	r = wtable_pick(t, ok, ch);
	if (r == NULL && ch->flags != 0) {
		ch->flags = 0;
		r = wtable_pick(t, ok, ch);
		ch->relaxed |= r != NULL;
	}
	return r;
}

static enum path_table
exit_table(const struct choice *ch)
{
	return ch->req->exits ? TABLE_ANY_EXIT : TABLE_EXIT;
}

/* No exit takes all targets: how many at most does one take?  Only some of
 * those that could be asked for are, so this is seldom. */
static size_t
best_support(struct choice *ch)
{
	struct wtable *t = table(ch->c, exit_table(ch));
	size_t i, n, best = 0;

	ch->support = 0;
	for (i = 0; t && i < wtable_count(t); i++) {
		const struct relay *r = wtable_at(t, i);

		if ((n = count_support(ch, r)) > best && fits_exit(ch, r))
			best = n;
	}
	return best;
}

static const struct relay *
draw_exit(struct choice *ch)
{
	struct wtable *t = table(ch->c, exit_table(ch));
	const struct relay *r;
	size_t all = ch->req->ntargets;

	if (t == NULL)
		return NULL;
	ch->support = all;
	if ((r = wtable_pick(t, fits_exit, ch)) != NULL || all <= 1)
		return r;
	if ((ch->support = best_support(ch)) == 0)
		return NULL;
	return wtable_pick(t, fits_exit, ch);
}

static const struct relay *
choose_exit(struct choice *ch)
{
	const struct relay *r = draw_exit(ch);

	if (r == NULL && ch->flags != 0) {
		ch->flags = 0;
		r = draw_exit(ch);
		ch->relaxed |= r != NULL;
	}
	/* Of few, one that is short of something is better than none. */
	if (r == NULL && ch->req->exits && !ch->even_bad) {
		ch->even_bad = 1;
		r = draw_exit(ch);
		ch->relaxed |= r != NULL;
	}
	return r;
}

static uint32_t
wanted_flags(const struct path_ctx *c, const struct path_request *req)
{
	uint32_t f = (req->need_uptime ? RELAY_STABLE : 0) |
	    (req->need_capacity ? RELAY_FAST : 0);
	size_t i;

	for (i = 0; i < req->ntargets; i++)
		if (path_port_is_long_lived(c, req->targets[i].port))
			f |= RELAY_STABLE;
	return f;
}

static uint32_t
wanted_caps(const struct path_request *req)
{
	uint32_t caps = 0;

	if (req->need_cc || req->need_conflux)
		caps |= CAP_FLOWCTRL | CAP_NTOR3;
	if (req->need_conflux)
		caps |= CAP_CONFLUX;
	return caps;
}

static const struct relay *
choose_last(struct choice *ch)
{
	const struct path_request *req = ch->req;
	const struct relay *r;

	if (req->last) {
		if (!relay_usable(req->last) || (ch->c->conf.strict &&
		    is_excluded(ch->c, req->last)))
			return NULL;
		return req->last;
	}
	ch->flags = wanted_flags(ch->c, req);
	ch->caps = wanted_caps(req);
	ch->avoid = req->avoid;
	ch->navoid = req->navoid;
	r = req->kind == PATH_EXIT ? choose_exit(ch) :
	    draw(ch, TABLE_END, fits_between);
	ch->caps = 0;
	return r;
}

static int
choose_first(struct choice *ch, enum guard_usage usage, struct path *p)
{
	const struct path_request *req = ch->req;
	struct guard_limit limit = { ch->n ? ch->hop[0] : NULL,
	    req->avoid_guards, req->navoid_guards };
	const struct relay *r;
	int rc;

	if (ch->c->conf.guards) {
		rc = guard_pick(ch->c->conf.guards, usage, &limit,
		    req->guard_arg, &p->guard);
		if (rc < 0)
			return rc;
		r = guard_relay(p->guard);
	} else {
		ch->flags = wanted_flags(ch->c, req);
		ch->avoid = req->avoid_guards;
		ch->navoid = req->navoid_guards;
		r = draw(ch, usage == GUARD_FOR_DIR ? TABLE_DIR : TABLE_FIRST,
		    fits_between);
	}
	if (r == NULL)
		return -ENOENT;
	p->hop[0] = r;
	return 0;
}

static int
choose_between(struct choice *ch, struct path *p)
{
	size_t i;

	for (i = 1; i + 1 < p->n; i++) {
		ch->flags = wanted_flags(ch->c, ch->req);
		ch->avoid = ch->req->avoid_middles;
		ch->navoid = ch->req->navoid_middles;
		p->hop[i] = draw(ch, TABLE_MIDDLE, fits_between);
		if (p->hop[i] == NULL)
			return -EHOSTUNREACH;
		ch->hop[ch->n++] = p->hop[i];
	}
	return 0;
}

static int
choose_all(struct choice *ch, struct path *p)
{
	const struct relay *last;
	int rc;

	if ((last = choose_last(ch)) == NULL)
		return -ENOENT;
	p->supported = ch->req->kind == PATH_EXIT ? count_support(ch, last) : 0;
	p->hop[p->n - 1] = ch->hop[ch->n++] = last;
	if ((rc = choose_first(ch, GUARD_FOR_TRAFFIC, p)) < 0)
		return rc;
	ch->hop[ch->n++] = p->hop[0];
	return choose_between(ch, p);
}

/* --- towards onion services --- */

static int
fits_vanguard(void *arg, const struct relay *r)
{
	struct choice *ch = arg;

	return (r->flags & ch->flags) == ch->flags &&
	    !vanguards_has(&ch->c->vanguards, r->rsa);
}

/* Drawn whatever the path at hand looks like: they are there for all. */
static void
fill_vanguards(struct choice *ch, size_t want)
{
	struct path_ctx *c = ch->c;
	struct vanguards *vs = &c->vanguards;
	const struct relay *r;
	int relaxed = ch->relaxed;

	vanguards_expire(vs, c->nd, may_be_middle, c, c->loop->now);
	while (vs->n < want) {
		ch->flags = RELAY_STABLE | RELAY_FAST;
		r = draw(ch, TABLE_MIDDLE, fits_vanguard);
		if (r == NULL)
			break;
		vanguards_add(vs, r, c->nd->params, c->loop->now);
	}
	ch->relaxed = relaxed;
}

/* Any of them, each as likely; where the network wants none, any relay. */
static const struct relay *
choose_vanguard(struct choice *ch)
{
	const struct vanguards *vs = &ch->c->vanguards;
	const struct relay *r, *fit[VANGUARDS_MAX];
	size_t i, want, n = 0;

	if (!vanguards_wanted(ch->c->nd->params, &want)) {
		ch->flags = wanted_flags(ch->c, ch->req);
		return draw(ch, TABLE_MIDDLE, fits_between);
	}
	fill_vanguards(ch, want);
	ch->flags = 0;
	for (i = 0; i < vs->n && i < want; i++) {
		r = netdir_by_rsa(ch->c->nd, vs->v[i].rsa);
		if (r != NULL && fits(ch, r))
			fit[n++] = r;
	}
	return n ? fit[rand_below((uint32_t)n)] : NULL;
}

/* From the guard outward: nothing that is chosen later bears on it. */
static int
choose_service(struct choice *ch, struct path *p)
{
	int rc;

	ch->any_kin = 1;
	if ((rc = choose_first(ch, GUARD_FOR_TRAFFIC, p)) < 0)
		return rc;
	ch->hop[ch->n++] = p->hop[0];
	ch->avoid = ch->req->avoid_middles;
	ch->navoid = ch->req->navoid_middles;
	if ((p->hop[1] = choose_vanguard(ch)) == NULL)
		return -EHOSTUNREACH;
	ch->hop[ch->n++] = p->hop[1];
	ch->flags = wanted_flags(ch->c, ch->req);
	ch->caps = CAP_HSREND;
	p->hop[2] = draw(ch, TABLE_END, fits_between);
	return p->hop[2] ? 0 : -ENOENT;
}

void
path_newnym(struct path_ctx *c)
{
	vanguards_drop_all(&c->vanguards);
}

int
path_exit_named(const struct path_ctx *c, const struct relay *r,
    const struct path_target *t)
{
	return relay_usable(r) &&
	    !relayset_has(c->conf.exclude_exits, c->nd, r) &&
	    !(c->conf.strict && is_excluded(c, r)) &&
	    (t->port == 0 || path_exit_allows(c, r, t));
}

/* As he says he is, and as the consensus has him. */
int
path_excludes(const struct path_ctx *c, const struct hopinfo *h)
{
	struct relay r = { .or4 = h->or4, .or6 = h->or6 };
	const struct relay *listed = c->nd ?
	    netdir_by_rsa(c->nd, h->id.rsa) : NULL;

	memcpy(r.rsa, h->id.rsa, sizeof(r.rsa));
	memcpy(r.nickname, h->nickname, sizeof(r.nickname));
	if (!is_excluded(c, &r) && (listed == NULL || !is_excluded(c, listed)))
		return 0;
	return c->conf.strict ? -EACCES : 1;
}

static int
makes_sense(const struct path_request *req)
{
	return req->ntargets <= PATH_TARGETS_MAX &&
	    req->navoid <= PATH_AVOID_MAX &&
	    req->navoid_middles <= PATH_AVOID_MAX &&
	    req->navoid_guards <= GUARD_EXCLUDE_MAX &&
	    (req->kind == PATH_ONE_HOP || req->hops == 0 ||
	    (req->kind != PATH_SERVICE && req->hops >= 2 &&
	    req->hops <= PATH_HOPS_MAX));
}

int
path_choose(struct path_ctx *c, const struct path_request *req,
    struct path *out)
{
	struct choice ch = { .c = c, .req = req };
	struct path p = { 0 };
	int rc;

	if (!makes_sense(req))
		return -EINVAL;
	if (c->nd == NULL)
		return -ENETUNREACH;
	if (req->kind == PATH_ONE_HOP) {
		p.n = 1;
		rc = choose_first(&ch, GUARD_FOR_DIR, &p);
	} else if (req->kind == PATH_SERVICE) {
		p.n = PATH_HOPS;
		rc = choose_service(&ch, &p);
	} else {
		p.n = req->hops ? req->hops : PATH_HOPS;
		rc = choose_all(&ch, &p);
	}
	if (rc < 0) {
		guard_use_free(p.guard);
		return rc;
	}
	p.relaxed = (uint8_t)ch.relaxed;
	*out = p;
	return 0;
}

/* onion/path/guard_sample.c - one selection of guards (guard-spec 4.1 to 4.5)
 *
 * Theory of operation
 *	GUARDS	  all in the netdir that have the flags
 *	SAMPLED	  drawn from GUARDS, kept on disk.  Only these are ever dialled;
 *		  their number is bounded, so that who can make guards fail
 *		  can't walk us through the whole network.
 *	FILTERED  those of SAMPLED that are listed now and that the
 *		  configuration lets us use
 *	usable	  those of FILTERED that are not known to be unreachable
 *	CONFIRMED those of SAMPLED through which a circuit was ever built
 *	PRIMARY	  the first few: CONFIRMED before others, by order of sampling
 *
 *	When more than the usable ones are wanted the sample grows; it shrinks
 *	only where a guard was not listed for weeks or has served its time.
 *	Nothing is done to it unless the netdir is reasonably live: an old one
 *	says nothing about now, nor does one read under a wrong clock.
 *
 *	Bridges are GUARDS by the configuration, and all that are usable are
 *	sampled, in random order: who names many wants them used.
 * Invariants
 *	All lists are in order of sampled_idx; CONFIRMED and PRIMARY are subsets
 *	of SAMPLED; ->primary is set in exactly those of PRIMARY.
 */
#include "onion/path/guard_int.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/rand.h"
#include "onion/dir/consensus.h"
#include "onion/dir/netdir.h"
#include "onion/path/relayset.h"
#include "onion/path/weights.h"

struct guard *
guard_new_blank(void)
{
	struct guard *g = calloc(1, sizeof(*g));

	if (g == NULL)
		return NULL;
	g->confirmed_idx = -1;
	g->reach = GUARD_MAYBE;
	g->tried = g->failing = GUARD_NEVER_MS;
	return g;
}

void
guard_discard(struct guard *g)
{
	if (g == NULL)
		return;
	free(g->sampled_by);
	free(g->extra);
	free(g);
}

struct selection *
sel_new(const char *name)
{
	struct selection *sel = calloc(1, sizeof(*sel));

	if (sel == NULL)
		return NULL;
	strncpy(sel->name, name, sizeof(sel->name) - 1);
	if (strcmp(name, "default") == 0)
		sel->kind = SELECTION_NORMAL;
	else if (strcmp(name, "restricted") == 0)
		sel->kind = SELECTION_RESTRICTED;
	else if (strcmp(name, "bridges") == 0)
		sel->kind = SELECTION_BRIDGES;
	sel->online = GUARD_NEVER_MS;
	sel->lists_stale = 1;
	return sel;
}

void
sel_empty(struct selection *sel)
{
	size_t i;

	for (i = 0; i < sel->n; i++)
		guard_discard(sel->sample[i]);
	sel->n = sel->nconfirmed = sel->nprimary = 0;
	sel->lists_stale = 1;
	sel->exhausted = 0;
}

void
sel_free(struct selection *sel)
{
	if (sel == NULL)
		return;
	sel_empty(sel);
	free(sel->sample);
	free(sel->confirmed);
	free(sel->primary);
	free(sel);
}

struct guard *
sel_find(const struct selection *sel, const uint8_t rsa[20])
{
	size_t i;

	for (i = 0; i < sel->n; i++)
		if (memcmp(sel->sample[i]->rsa, rsa, 20) == 0)
			return sel->sample[i];
	return NULL;
}

static int
grow_list(struct guard ***list, size_t cap)
{
	struct guard **v = realloc(*list, cap * sizeof(*v));

	if (v == NULL)
		return -ENOMEM;
	*list = v;
	return 0;
}

static int
grow(struct selection *sel)
{
	size_t cap = sel->cap ? sel->cap * 2 : 32;

	if (grow_list(&sel->sample, cap) < 0 ||
	    grow_list(&sel->confirmed, cap) < 0 ||
	    grow_list(&sel->primary, cap) < 0)
		return -ENOMEM;
	sel->cap = cap;
	return 0;
}

/* At its place; among equals it comes last. */
int
sel_insert(struct selection *sel, struct guard *g)
{
	size_t i;

	if (sel->n == sel->cap && grow(sel) < 0)
		return -ENOMEM;
	for (i = sel->n; i > 0 &&
	    sel->sample[i - 1]->sampled_idx > g->sampled_idx; i--)
		sel->sample[i] = sel->sample[i - 1];
	sel->sample[i] = g;
	sel->n++;
	g->sel = sel;
	sel->lists_stale = 1;
	return 0;
}

static void
list_drop(struct guard **list, size_t *n, const struct guard *g)
{
	size_t i, k = 0;

	for (i = 0; i < *n; i++)
		if (list[i] != g)
			list[k++] = list[i];
	*n = k;
}

static void
drop(struct guards *gs, struct selection *sel, size_t i, const char *why)
{
	struct guard *g = sel->sample[i];

	log_info(LD_GUARD, "guard %s leaves the sample: %s",
	    log_scrub(g->nickname), why);
	list_drop(sel->confirmed, &sel->nconfirmed, g);
	list_drop(sel->primary, &sel->nprimary, g);
	list_drop(sel->sample, &sel->n, g);
	sel->lists_stale = 1;
	uses_forget(gs, g);
	guard_discard(g);
}

/* --- what the network says --- */

int
guard_is_possible(const struct relay *r)
{
	const uint32_t need = RELAY_RUNNING | RELAY_VALID | RELAY_FAST |
	    RELAY_STABLE | RELAY_GUARD | RELAY_V2DIR;

	return (r->flags & (need | RELAY_MIDDLEONLY)) == need;
}

static int
reachable(const struct guards *gs, const struct addr *a)
{
	return a->family != 0 && (gs->conf.reachable == NULL ||
	    gs->conf.reachable(gs->conf.reachable_arg, a));
}

int
guard_passes(const struct guards *gs, const struct relay *r)
{
	if (relayset_has(gs->conf.exclude, gs->nd, r))
		return 0;
	if (gs->conf.entries && !relayset_has(gs->conf.entries, gs->nd, r))
		return 0;
	return reachable(gs, &r->or4) || reachable(gs, &r->or6);
}

const struct relay *
guards_find(const struct guards *gs, const uint8_t rsa[20])
{
	size_t i;

	if (gs->conf.bridges == NULL)
		return gs->nd ? netdir_by_rsa(gs->nd, rsa) : NULL;
	for (i = 0; i < gs->conf.nbridges; i++)
		if (memcmp(gs->conf.bridges[i].rsa, rsa, 20) == 0)
			return &gs->conf.bridges[i];
	return NULL;
}

void
sel_relink(struct guards *gs, struct selection *sel)
{
	size_t i;

	for (i = 0; i < sel->n; i++)
		sel->sample[i]->relay = guards_find(gs, sel->sample[i]->rsa);
}

/* A date that lies ahead was written under a wrong clock. */
static int
mend_date(struct guards *gs, int64_t *date, int64_t most_s)
{
	if (*date <= gs->loop->wall + GUARD_DAY_S)
		return 0;
	*date = guards_backdate(gs, most_s);
	return 1;
}

static int
note_listed(struct guards *gs, struct guard *g)
{
	int listed = g->relay != NULL && guard_is_possible(g->relay);
	int changed = listed != g->listed;

	g->listed = (uint8_t)listed;
	if (listed && g->unlisted_since != 0) {
		g->unlisted_since = 0;
		changed = 1;
	} else if (!listed && g->unlisted_since == 0) {
		g->unlisted_since = guards_backdate(gs, gs->par.unlisted_s / 5);
		changed = 1;
	}
	changed |= mend_date(gs, &g->sampled_on, gs->par.lifetime_s / 10);
	changed |= mend_date(gs, &g->confirmed_on, gs->par.lifetime_s / 10);
	changed |= mend_date(gs, &g->unlisted_since, gs->par.unlisted_s / 5);
	return changed;
}

/* Why it has to go, or NULL. */
static const char *
obsolete(const struct guards *gs, const struct guard *g)
{
	int64_t now = gs->loop->wall;

	if (!g->listed && g->unlisted_since < now - gs->par.unlisted_s)
		return "it is no guard any more";
	if (g->confirmed_idx < 0)
		return g->sampled_on < now - gs->par.lifetime_s ?
		    "it was never used" : NULL;
	return g->confirmed_on < now - gs->par.confirmed_s ?
	    "it has served its time" : NULL;
}

static void
set_filtered(struct guards *gs, struct guard *g)
{
	int was = g->filtered;

	g->filtered = g->listed && g->relay != NULL &&
	    guard_passes(gs, g->relay) &&
	    (g->sel->kind != SELECTION_BRIDGES || relay_usable(g->relay));
	if (g->filtered != was)
		g->sel->lists_stale = 1;
}

/* A new netdir or a new configuration (guard-spec 4.10). */
void
sel_update(struct guards *gs, struct selection *sel)
{
	int live = sel->kind == SELECTION_BRIDGES || guards_live(gs);
	int changed = 0;
	const char *why;
	size_t i;

	for (i = 0; live && i < sel->n; i++)
		changed |= note_listed(gs, sel->sample[i]);
	for (i = 0; live && i < sel->n; )
		if ((why = obsolete(gs, sel->sample[i])) != NULL) {
			drop(gs, sel, i, why);
			changed = 1;
		} else
			i++;
	for (i = 0; i < sel->n; i++)
		set_filtered(gs, sel->sample[i]);
	if (changed)
		guards_dirty(gs);
	sel->exhausted = 0;
	sel->lists_stale = 1;
	sel_refresh(gs, sel);
}

/* --- which are reachable (guard-spec 4.5) --- */

int
guard_is_usable(const struct guard *g)
{
	return g->filtered && g->reach != GUARD_NO;
}

static int64_t
retry_delay_ms(int64_t failing_ms, int primary)
{
	static const struct {
		int64_t	hours;		/* failing for so long at most */
		int64_t	minutes[2];	/* others, primary ones */
	} schedule[] = {
		{ 6, { 60, 10 } }, { 4 * 24, { 4 * 60, 90 } },
		{ 7 * 24, { 18 * 60, 4 * 60 } },
		{ INT64_MAX / 3600000, { 36 * 60, 9 * 60 } }
	};
	size_t i = 0;

	while (failing_ms > schedule[i].hours * 3600 * 1000 &&
	    i + 1 < sizeof(schedule) / sizeof(schedule[0]))
		i++;
	return schedule[i].minutes[primary != 0] * 60 * 1000;
}

void
guard_consider_retry(const struct guards *gs, struct guard *g)
{
	int64_t now = gs->loop->now, delay;

	if (g->reach != GUARD_NO)
		return;
	delay = retry_delay_ms(now - g->failing, g->primary);
	if (now >= g->tried + delay)
		g->reach = GUARD_MAYBE;
}

void
sel_forgive(struct selection *sel, int primary_only)
{
	size_t i;

	for (i = 0; i < sel->n; i++)
		if (sel->sample[i]->reach == GUARD_NO &&
		    (!primary_only || sel->sample[i]->primary))
			sel->sample[i]->reach = GUARD_MAYBE;
}

/* --- growing the sample --- */

static size_t
max_sample(const struct guards *gs, const struct selection *sel)
{
	size_t n = sel->kind == SELECTION_RESTRICTED ? gs->npassing :
	    gs->nguards;
	size_t max = n * (size_t)gs->par.max_percent / 100;

	if (max > (size_t)gs->par.max_size)
		max = (size_t)gs->par.max_size;
	if (max < (size_t)gs->par.min_filtered)
		max = (size_t)gs->par.min_filtered;
	return max;
}

struct candidates {
	struct guards		*gs;
	const struct selection	*sel;
	uint8_t			*sampled;	/* by index in the netdir */
};

static int
is_candidate(void *arg, const struct relay *r)
{
	struct candidates *c = arg;

	return guard_is_possible(r) &&
	    (c->sel->kind != SELECTION_RESTRICTED || guard_passes(c->gs, r));
}

static int
not_sampled(void *arg, const struct relay *r)
{
	struct candidates *c = arg;

	return !c->sampled[r - c->gs->nd->relays];
}

static struct guard *
add_to_sample(struct guards *gs, struct selection *sel, const struct relay *r)
{
	struct guard *g = guard_new_blank();

	if (g == NULL)
		return NULL;
	memcpy(g->rsa, r->rsa, sizeof(g->rsa));
	memcpy(g->nickname, r->nickname, sizeof(g->nickname));
	g->sampled_on = guards_backdate(gs, gs->par.lifetime_s / 10);
	g->sampled_idx = sel->n ? sel->sample[sel->n - 1]->sampled_idx + 1 : 0;
	g->listed = 1;
	g->relay = r;
	g->sampled_by = gs->version[0] ? strdup(gs->version) : NULL;
	if (sel_insert(sel, g) < 0) {
		guard_discard(g);
		return NULL;
	}
	set_filtered(gs, g);
	return g;
}

static size_t
count_usable(struct guards *gs, struct selection *sel)
{
	size_t i, n = 0;

	for (i = 0; i < sel->n; i++) {
		guard_consider_retry(gs, sel->sample[i]);
		n += guard_is_usable(sel->sample[i]) != 0;
	}
	return n;
}

static void
draw_guards(struct guards *gs, struct selection *sel, struct candidates *c,
    const struct wtable *t, size_t usable)
{
	const struct relay *r;
	struct guard *g;
	size_t before = sel->n;

	while (usable < (size_t)gs->par.min_filtered &&
	    sel->n < max_sample(gs, sel)) {
		if ((r = wtable_pick(t, not_sampled, c)) == NULL) {
			sel->exhausted = 1;
			break;
		}
		if ((g = add_to_sample(gs, sel, r)) == NULL)
			break;
		c->sampled[r - gs->nd->relays] = 1;
		usable += guard_is_usable(g) != 0;
	}
	if (sel->n == before)
		return;
	log_info(LD_GUARD, "%zu guards joined the sample \"%s\", which has %zu",
	    sel->n - before, sel->name, sel->n);
	guards_dirty(gs);
}

/* Any of those that are usable and not in the sample yet, or NULL. */
static const struct relay *
draw_bridge(const struct guards *gs, const struct selection *sel)
{
	const struct relay *r, *drawn = NULL;
	uint64_t seen = 0;
	size_t i;

	for (i = 0; i < gs->conf.nbridges; i++) {
		r = &gs->conf.bridges[i];
		if (relay_usable(r) && guard_is_possible(r) &&
		    sel_find(sel, r->rsa) == NULL && rand_below(++seen) == 0)
			drawn = r;
	}
	return drawn;
}

static void
add_bridges(struct guards *gs, struct selection *sel)
{
	const struct relay *r;
	size_t before = sel->n;

	while ((r = draw_bridge(gs, sel)) != NULL &&
	    add_to_sample(gs, sel, r) != NULL)
		;
	if (sel->n == before)
		return;
	log_info(LD_GUARD, "%zu bridges joined the sample, which has %zu",
	    sel->n - before, sel->n);
	guards_dirty(gs);
}

/* Until enough are usable, or the sample is as large as it may be. */
void
sel_expand(struct guards *gs, struct selection *sel)
{
	struct candidates c = { gs, sel, NULL };
	size_t i, usable = count_usable(gs, sel);
	struct weights w;
	struct wtable *t;

	if (sel->kind == SELECTION_BRIDGES) {
		add_bridges(gs, sel);
		return;
	}
	if (sel->exhausted || usable >= (size_t)gs->par.min_filtered ||
	    sel->n >= max_sample(gs, sel) || !guards_live(gs))
		return;
	if ((c.sampled = calloc(gs->nd->nrelays + 1, 1)) == NULL)
		return;
	for (i = 0; i < sel->n; i++)
		if (sel->sample[i]->relay)
			c.sampled[sel->sample[i]->relay - gs->nd->relays] = 1;
	weights_init(&w, gs->nd);
	if (wtable_new(&t, gs->nd, &w, WEIGHT_GUARD, is_candidate, &c) == 0) {
		draw_guards(gs, sel, &c, t, usable);
		wtable_free(t);
	}
	free(c.sampled);
}

/* --- confirmed and primary (guard-spec 4.3, 4.4) --- */

static int
by_confirmed(const void *a, const void *b)
{
	const struct guard *x = *(struct guard *const *)a;
	const struct guard *y = *(struct guard *const *)b;

	return x->confirmed_idx < y->confirmed_idx ? -1 :
	    x->confirmed_idx > y->confirmed_idx;
}

/* The numbers are made dense again, in the order in which guards were
 * confirmed; the list itself is in the order of sampling. */
static void
refresh_confirmed(struct selection *sel)
{
	size_t i, n = 0;

	for (i = 0; i < sel->n; i++)
		if (sel->sample[i]->confirmed_idx >= 0)
			sel->confirmed[n++] = sel->sample[i];
	if (n > 0)
		qsort(sel->confirmed, n, sizeof(*sel->confirmed), by_confirmed);
	for (i = 0; i < n; i++)
		sel->confirmed[i]->confirmed_idx = (int32_t)i;
	sel->next_confirmed = (int32_t)n;
	for (n = i = 0; i < sel->n; i++)
		if (sel->sample[i]->confirmed_idx >= 0)
			sel->confirmed[n++] = sel->sample[i];
	sel->nconfirmed = n;
}

/* In three rounds: confirmed guards, those that were primary before, then any
 * that may be used.  ->primary: 0 no, 1 it is, 2 it was. */
static size_t
mark_primary(struct selection *sel, size_t have, size_t want, int round)
{
	size_t i;

	for (i = 0; i < sel->n && have < want; i++) {
		struct guard *g = sel->sample[i];

		if (g->primary == 1 || !g->filtered)
			continue;
		if ((round == 0 && g->confirmed_idx < 0) ||
		    (round == 1 && g->primary != 2) ||
		    (round == 2 && (g->confirmed_idx >= 0 ||
		    g->reach == GUARD_NO)))
			continue;
		g->primary = 1;
		have++;
	}
	return have;
}

static void
refresh_primary(struct guards *gs, struct selection *sel)
{
	size_t i, n, want = (size_t)gs->par.nprimary;

	for (i = 0; i < sel->n; i++)
		sel->sample[i]->primary = sel->sample[i]->primary ? 2 : 0;
	n = mark_primary(sel, 0, want, 0);
	n = mark_primary(sel, n, want, 1);
	if (n < want) {
		sel_expand(gs, sel);
		mark_primary(sel, n, want, 2);
	}
	for (n = i = 0; i < sel->n; i++) {
		sel->sample[i]->primary = sel->sample[i]->primary == 1;
		if (sel->sample[i]->primary)
			sel->primary[n++] = sel->sample[i];
	}
	sel->nprimary = n;
}

void
sel_refresh(struct guards *gs, struct selection *sel)
{
	if (!sel->lists_stale)
		return;
	refresh_confirmed(sel);
	refresh_primary(gs, sel);
	sel->lists_stale = 0;
}

void
sel_confirm(struct guards *gs, struct guard *g)
{
	if (g->confirmed_idx >= 0)
		return;
	g->confirmed_on = guards_backdate(gs, gs->par.lifetime_s / 10);
	g->confirmed_idx = g->sel->next_confirmed++;
	log_info(LD_GUARD, "guard %s is confirmed", log_scrub(g->nickname));
	g->sel->lists_stale = 1;
	sel_refresh(gs, g->sel);
	guards_dirty(gs);
}

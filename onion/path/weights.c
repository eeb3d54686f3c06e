/* onion/path/weights.c - relays drawn at random, weighted by bandwidth
 *
 * Theory of operation
 *	Factors are fixed-point numbers with 24 bits behind the point.  A
 *	bandwidth has 22 bits at most, a netdir fewer than 2^17 relays: a sum of
 *	weights stays below 2^63.
 *
 *	A table is the running sum of the weights of its candidates.  A draw is
 *	a number below the total and the first candidate whose sum is above it.
 *	Refused draws are repeated: that gives each allowed candidate its due
 *	share.  It is only when nearly all is refused that the allowed ones are
 *	summed up by walking over them.
 */
#include "onion/path/weights.h"

#include <errno.h>
#include <stdlib.h>

#include "base/rand.h"
#include "onion/dir/consensus.h"
#include "onion/dir/netdir.h"

struct wtable {
	const struct netdir	*nd;
	size_t			 n;
	uint64_t		 total;
	uint64_t		*sum;		/* up to and with this one */
	uint32_t		*relay;		/* index in the netdir */
};

/* No consensus has a Wge: what is an exit only is no guard. */
#define WGE	NETDIR_NWEIGHTS

/* By class M, G, E, D: the weight for the position, and for V2Dir. */
static const enum netdir_weight names[WEIGHT_NPOS][WEIGHT_NCLASSES] = {
	[WEIGHT_GUARD] = {
		NETDIR_WGM, NETDIR_WGG, WGE, NETDIR_WGD },
	[WEIGHT_MIDDLE] = {
		NETDIR_WMM, NETDIR_WMG, NETDIR_WME, NETDIR_WMD },
	[WEIGHT_EXIT] = {
		NETDIR_WEM, NETDIR_WEG, NETDIR_WEE, NETDIR_WED },
	[WEIGHT_DIR] = {
		NETDIR_WBM, NETDIR_WBG, NETDIR_WBE, NETDIR_WBD }
};
static const enum netdir_weight dir_names[WEIGHT_NCLASSES] = {
	NETDIR_WMB, NETDIR_WGB, NETDIR_WEB, NETDIR_WDB
};

static double
factor(const struct netdir *nd, enum netdir_weight w)
{
	if (!nd->has_weights || nd->weight_scale < 1)
		return 1.0;
	if (w == WGE || nd->weight[w] <= 0)
		return 0.0;
	if (nd->weight[w] >= nd->weight_scale)
		return 1.0;
	return (double)nd->weight[w] / nd->weight_scale;
}

void
weights_init(struct weights *w, const struct netdir *nd)
{
	int pos, c;
	double f, dir;

	for (pos = 0; pos < WEIGHT_NPOS; pos++)
		for (c = 0; c < WEIGHT_NCLASSES; c++) {
			f = pos == WEIGHT_PLAIN ? 1 : factor(nd, names[pos][c]);
			dir = pos == WEIGHT_PLAIN || pos == WEIGHT_DIR ? 1 :
			    factor(nd, dir_names[c]);
			w->factor[pos][c][0] = (uint32_t)(f * WEIGHTS_ONE);
			w->factor[pos][c][1] =
			    (uint32_t)(f * dir * WEIGHTS_ONE);
		}
}

static enum weight_class
class_of(const struct relay *r)
{
	int guard = (r->flags & RELAY_GUARD) != 0;
	int way_out = (r->flags & (RELAY_EXIT | RELAY_BADEXIT)) == RELAY_EXIT;

	if (way_out)
		return guard ? WEIGHT_C_D : WEIGHT_C_E;
	return guard ? WEIGHT_C_G : WEIGHT_C_M;
}

uint64_t
weights_of(const struct weights *w, enum weight_pos pos, const struct relay *r)
{
	uint64_t bw = r->flags & RELAY_HAS_BW ? r->bw : WEIGHTS_BW_UNKNOWN;

	if (bw > WEIGHTS_BW_MAX)
		bw = WEIGHTS_BW_MAX;
	return bw *
	    w->factor[pos][class_of(r)][(r->flags & RELAY_V2DIR) != 0];
}

static int
takes(wtable_ok_fn *ok, void *arg, const struct relay *r)
{
	return ok == NULL || ok(arg, r);
}

static size_t
count(const struct netdir *nd, wtable_ok_fn *ok, void *arg)
{
	size_t i, n = 0;

	for (i = 0; i < nd->nrelays; i++)
		n += takes(ok, arg, &nd->relays[i]) != 0;
	return n;
}

static void
fill(struct wtable *t, const struct weights *w, enum weight_pos pos,
    wtable_ok_fn *ok, void *arg, size_t room)
{
	size_t i;

	for (i = 0; i < t->nd->nrelays && t->n < room; i++) {
		if (!takes(ok, arg, &t->nd->relays[i]))
			continue;
		t->total += weights_of(w, pos, &t->nd->relays[i]);
		t->sum[t->n] = t->total;
		t->relay[t->n++] = (uint32_t)i;
	}
}

int
wtable_new(struct wtable **out, const struct netdir *nd,
    const struct weights *w, enum weight_pos pos, wtable_ok_fn *ok, void *arg)
{
	struct wtable *t = calloc(1, sizeof(*t));
	size_t n = count(nd, ok, arg);

	if (t == NULL)
		return -ENOMEM;
	t->nd = nd;
	t->sum = malloc((n + 1) * sizeof(*t->sum));
	t->relay = malloc((n + 1) * sizeof(*t->relay));
	if (t->sum == NULL || t->relay == NULL) {
		wtable_free(t);
		return -ENOMEM;
	}
	fill(t, w, pos, ok, arg, n);
	*out = t;
	return 0;
}

void
wtable_free(struct wtable *t)
{
	if (t == NULL)
		return;
	free(t->sum);
	free(t->relay);
	free(t);
}

size_t
wtable_count(const struct wtable *t)
{
	return t->n;
}

uint64_t
wtable_total(const struct wtable *t)
{
	return t->total;
}

const struct relay *
wtable_at(const struct wtable *t, size_t i)
{
	return &t->nd->relays[t->relay[i]];
}

static uint64_t
weight_at(const struct wtable *t, size_t i)
{
	if (t->total == 0)
		return 1;
	return t->sum[i] - (i ? t->sum[i - 1] : 0);
}

static size_t
draw(const struct wtable *t)
{
	size_t lo = 0, hi = t->n - 1, mid;
	uint64_t r;

	if (t->total == 0)
		return (size_t)rand_below(t->n);
	r = rand_below(t->total);
	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (t->sum[mid] > r)
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo;
}

/* Two walks, of which the first may find that what is left weighs nothing. */
static const struct relay *
walk(const struct wtable *t, wtable_ok_fn *ok, void *arg)
{
	uint64_t total = 0, n = 0, r, w;
	size_t i;

	for (i = 0; i < t->n; i++)
		if (takes(ok, arg, wtable_at(t, i))) {
			total += weight_at(t, i);
			n++;
		}
	r = rand_below(total ? total : n);
	for (i = 0; i < t->n; i++) {
		if (!takes(ok, arg, wtable_at(t, i)))
			continue;
		w = total ? weight_at(t, i) : 1;
		if (r < w)
			return wtable_at(t, i);
		r -= w;
	}
	return NULL;
}

const struct relay *
wtable_pick(const struct wtable *t, wtable_ok_fn *ok, void *arg)
{
	const struct relay *r;
	int i;

	if (t->n == 0)
		return NULL;
	for (i = 0; i < WEIGHTS_TRIES; i++) {
		r = wtable_at(t, draw(t));
		if (takes(ok, arg, r))
			return r;
	}
	return walk(t, ok, arg);
}

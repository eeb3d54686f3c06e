/* onion/path/vanguard.c - layer-2 guards of onion service circuits
 * (proposal 333, "vanguards lite")
 *
 * Theory of operation
 *	A list of who they are and until when.  Whoever draws paths expires it
 *	first and fills it up, so it is always that of the network in use.
 *
 *	A time is drawn evenly between the consensus' least and most (1 and 12
 *	days), as C tor does it, where the proposal has the larger of two draws;
 *	who differed in that could be told apart by nothing but his hop 2, but
 *	it would be another crowd.  It is counted by the monotonic clock, so
 *	that nobody who sets our time makes us change them.
 *
 *	They are not kept on disk, as C tor does not: a file would show who may
 *	have been next to the guard, and for a client that restarts now and then
 *	the days would be mostly over anyway.
 */
#include "onion/path/vanguard.h"

#include <string.h>

#include "base/rand.h"
#include "base/secret.h"
#include "onion/dir/consensus.h"
#include "onion/dir/netdir.h"
#include "onion/dir/params.h"

enum { NUMBER = 4, LIFE_MIN_S = 24 * 3600, LIFE_MAX_S = 12 * 24 * 3600 };

static const uint32_t wanted_flags = RELAY_STABLE | RELAY_FAST;

int
vanguards_wanted(const struct params *p, size_t *n)
{
	*n = (size_t)params_get(p, "guard-hs-l2-number", NUMBER, 1,
	    VANGUARDS_MAX);
	return params_get(p, "vanguards-lite-enabled", 1, 0, 1);
}

static int
may_stay(const struct vanguard *v, const struct netdir *nd,
    vanguard_ok_fn *ok, void *arg, int64_t now)
{
	const struct relay *r = netdir_by_rsa(nd, v->rsa);

	return now < v->until && r != NULL && ok(arg, r) && (v->makeshift ||
	    (r->flags & wanted_flags) == wanted_flags);
}

void
vanguards_expire(struct vanguards *vs, const struct netdir *nd,
    vanguard_ok_fn *ok, void *arg, int64_t now)
{
	size_t i, n = 0;

	for (i = 0; i < vs->n; i++)
		if (may_stay(&vs->v[i], nd, ok, arg, now))
			vs->v[n++] = vs->v[i];
	vs->n = n;
}

int
vanguards_has(const struct vanguards *vs, const uint8_t rsa[20])
{
	size_t i;

	for (i = 0; i < vs->n; i++)
		if (memcmp(vs->v[i].rsa, rsa, sizeof(vs->v[i].rsa)) == 0)
			return 1;
	return 0;
}

static int64_t
draw_life_ms(const struct params *p)
{
	int64_t min = params_get(p, "guard-hs-l2-lifetime-min", LIFE_MIN_S, 1,
	    INT32_MAX);
	int64_t max = params_get(p, "guard-hs-l2-lifetime-max", LIFE_MAX_S, 1,
	    INT32_MAX);

	return 1000 * (min < max ? rand_range(min, max) : min);
}

void
vanguards_add(struct vanguards *vs, const struct relay *r,
    const struct params *p, int64_t now)
{
	struct vanguard *v;

	if (vs->n >= VANGUARDS_MAX || vanguards_has(vs, r->rsa))
		return;
	v = &vs->v[vs->n++];
	memcpy(v->rsa, r->rsa, sizeof(v->rsa));
	v->until = now + draw_life_ms(p);
	v->makeshift = (r->flags & wanted_flags) != wanted_flags;
}

void
vanguards_drop_all(struct vanguards *vs)
{
	secret_wipe(vs, sizeof(*vs));
}

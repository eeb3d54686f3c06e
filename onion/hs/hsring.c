/* onion/hs/hsring.c - which directories have a service's descriptor
 *
 *	of a relay	H("node-idx" | ED | SRV | INT_8(period) |
 *			    INT_8(minutes))
 *	of a replica	H("store-at-idx" | A' | INT_8(replica) |
 *			    INT_8(minutes) | INT_8(period))
 *
 * (the last two fields change places).  From where a replica falls on the ring
 * of relays the next ones have its copy; a relay counts once.
 *
 * To make it takes a digest per directory, some milliseconds for the whole
 * network; to look something up in it, next to nothing.
 */
#include "onion/hs/hsring.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/wire.h"
#include "onion/crypto/crypt.h"
#include "onion/dir/netdir.h"
#include "onion/dir/params.h"
#include "onion/dir/router.h"
#include "onion/link/relayid.h"

struct place {
	uint8_t			 at[32];
	const struct relay	*relay;
};

struct hsring {
	struct hstime	 when;
	size_t		 replicas, spread;
	size_t		 n;
	struct place	 place[];	/* in order */
};

static int
is_hsdir(const struct relay *r)
{
	return r->flags & RELAY_HSDIR && !(r->flags & RELAY_NOED) &&
	    r->caps & CAP_HSDIR && r->has_ed;
}

static void
place_relay(struct place *p, const struct relay *r, const struct hstime *t)
{
	static const char prefix[] = "node-idx";
	uint8_t in[sizeof(prefix) + 32 + 32 + 16];
	struct pack w;

	pack_init(&w, in, sizeof(in));
	pack_put(&w, prefix, sizeof(prefix) - 1);
	pack_put(&w, r->ed, sizeof(r->ed));
	pack_put(&w, t->srv, sizeof(t->srv));
	pack_u64(&w, t->period);
	pack_u64(&w, t->minutes);
	crypt_sha3(p->at, in, pack_len(&w));
	p->relay = r;
}

static void
place_replica(uint8_t at[32], const uint8_t blinded[BLIND_KEY],
    unsigned replica, const struct hstime *t)
{
	static const char prefix[] = "store-at-idx";
	uint8_t in[sizeof(prefix) + BLIND_KEY + 24];
	struct pack w;

	pack_init(&w, in, sizeof(in));
	pack_put(&w, prefix, sizeof(prefix) - 1);
	pack_put(&w, blinded, BLIND_KEY);
	pack_u64(&w, replica);
	pack_u64(&w, t->minutes);
	pack_u64(&w, t->period);
	crypt_sha3(at, in, pack_len(&w));
}

static int
compare(const void *a, const void *b)
{
	return memcmp(((const struct place *)a)->at,
	    ((const struct place *)b)->at, 32);
}

static size_t
param(const struct netdir *nd, const char *name, int32_t usual, int32_t most)
{
	return (size_t)params_get(nd->params, name, usual, 1, most);
}

int
hsring_new(struct hsring **out, const struct netdir *nd,
    const struct hstime *t)
{
	struct hsring *h;
	size_t i;

	h = calloc(1, sizeof(*h) + nd->nrelays * sizeof(h->place[0]));
	if (h == NULL)
		return -ENOMEM;
	h->when = *t;
	h->replicas = param(nd, "hsdir_n_replicas", 2, 16);
	h->spread = param(nd, "hsdir_spread_fetch", 3, 128);
	for (i = 0; i < nd->nrelays; i++)
		if (is_hsdir(&nd->relays[i]))
			place_relay(&h->place[h->n++], &nd->relays[i], t);
	qsort(h->place, h->n, sizeof(h->place[0]), compare);
	*out = h;
	return 0;
}

void
hsring_free(struct hsring *h)
{
	free(h);
}

/* The first that is not before @at; @n, which take() goes around, where all
 * are. */
static size_t
first_from(const struct hsring *h, const uint8_t at[32])
{
	size_t lo = 0, hi = h->n, mid;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (memcmp(h->place[mid].at, at, 32) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static int
has(const struct relay *const *out, size_t n, const struct relay *r)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (out[i] == r)
			return 1;
	return 0;
}

/* Adds one replica's to the @have that are there. */
static size_t
take(const struct hsring *h, size_t from, const struct relay **out,
    size_t have)
{
	size_t i, added = 0;

	for (i = 0; i < h->n && added < h->spread && have < HSRING_MAX; i++) {
		const struct relay *r = h->place[(from + i) % h->n].relay;

		if (has(out, have, r))
			continue;
		out[have++] = r;
		added++;
	}
	return have;
}

size_t
hsring_find(const struct hsring *h, const uint8_t blinded[BLIND_KEY],
    const struct relay *out[HSRING_MAX])
{
	uint8_t at[32];
	size_t have = 0;
	unsigned i;

	for (i = 1; i <= h->replicas && h->n > 0; i++) {
		place_replica(at, blinded, i, &h->when);
		have = take(h, first_from(h, at), out, have);
	}
	return have;
}

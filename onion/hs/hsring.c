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
 * The ring is made anew for each question: a digest per directory, some
 * milliseconds for the whole network, once per descriptor that is fetched.
 */
#include "onion/hs/hsring.h"

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

/* How many there are; *@ring is for free(). */
static size_t
make_ring(struct place **ring, const struct netdir *nd,
    const struct hstime *t)
{
	size_t i, n = 0;

	*ring = malloc((nd->nrelays + 1) * sizeof(**ring));
	if (*ring == NULL)
		return 0;
	for (i = 0; i < nd->nrelays; i++)
		if (is_hsdir(&nd->relays[i]))
			place_relay(&(*ring)[n++], &nd->relays[i], t);
	qsort(*ring, n, sizeof(**ring), compare);
	return n;
}

/* The first that is not before @at; @n, which take() goes around, where all
 * are. */
static size_t
first_from(const struct place *ring, size_t n, const uint8_t at[32])
{
	size_t lo = 0, hi = n, mid;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (memcmp(ring[mid].at, at, 32) < 0)
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
take(const struct place *ring, size_t n, size_t from, size_t spread,
    const struct relay **out, size_t have)
{
	size_t i, added = 0;

	for (i = 0; i < n && added < spread && have < HSRING_MAX; i++) {
		const struct relay *r = ring[(from + i) % n].relay;

		if (has(out, have, r))
			continue;
		out[have++] = r;
		added++;
	}
	return have;
}

size_t
hsring_find(const struct netdir *nd, const struct hstime *t,
    const uint8_t blinded[BLIND_KEY], const struct relay *out[HSRING_MAX])
{
	int32_t replicas = params_get(nd->params, "hsdir_n_replicas", 2, 1, 16);
	int32_t spread = params_get(nd->params, "hsdir_spread_fetch", 3, 1,
	    128);
	size_t n, have = 0;
	struct place *ring;
	uint8_t at[32];
	int32_t i;

	n = make_ring(&ring, nd, t);
	for (i = 1; i <= replicas && n > 0; i++) {
		place_replica(at, blinded, (unsigned)i, t);
		have = take(ring, n, first_from(ring, n, at), (size_t)spread,
		    out, have);
	}
	free(ring);
	return have;
}

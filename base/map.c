/* base/map.c - a table from keys of one fixed length to pointers
 *
 * Theory of operation
 *	Open addressing with linear probing over a power of two of slots, at
 *	most half full.  Removal leaves a tombstone; tombstones count as load
 *	and vanish at the next rebuild, so a walk stays valid over removals.
 */
#include "base/map.h"

#include <assert.h>
#include <errno.h>
#include <sodium.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/rand.h"

struct map {
	uint8_t	  seed[crypto_shorthash_KEYBYTES];
	size_t	  keylen;
	size_t	  max;
	size_t	  count;
	size_t	  used;		/* count and tombstones */
	size_t	  nslots;
	uint8_t	 *keys;
	void	**vals;		/* NULL: free; TOMB: was removed */
};

static char tomb;
#define TOMB ((void *)&tomb)

enum { MAP_FIRST = 16 };

static int
alloc_slots(struct map *m, size_t n)
{
	m->keys = calloc(n, m->keylen);
	m->vals = calloc(n, sizeof(*m->vals));
	if (m->keys == NULL || m->vals == NULL) {
		free(m->keys);
		free(m->vals);
		return -ENOMEM;
	}
	m->nslots = n;
	m->used = m->count = 0;
	return 0;
}

struct map *
map_new(size_t keylen, size_t max)
{
	struct map *m = calloc(1, sizeof(*m));

	if (m == NULL)
		return NULL;
	m->keylen = keylen;
	m->max = max;
	rand_bytes(m->seed, sizeof(m->seed));
	if (alloc_slots(m, MAP_FIRST) < 0) {
		free(m);
		return NULL;
	}
	return m;
}

void
map_free(struct map *m)
{
	if (m == NULL)
		return;
	free(m->keys);
	free(m->vals);
	free(m);
}

static size_t
slot_of(const struct map *m, const void *key)
{
	uint8_t h[crypto_shorthash_BYTES];
	uint64_t v;

	crypto_shorthash(h, key, m->keylen, m->seed);
	memcpy(&v, h, sizeof(v));
	return (size_t)v & (m->nslots - 1);
}

/* The key's slot; or, where it is not there, the free slot that ends the
 * search, which always exists. */
static size_t
find(const struct map *m, const void *key)
{
	size_t i = slot_of(m, key);

	while (m->vals[i] != NULL && (m->vals[i] == TOMB ||
	    memcmp(m->keys + i * m->keylen, key, m->keylen) != 0))
		i = (i + 1) & (m->nslots - 1);
	return i;
}

static void
put_at(struct map *m, size_t i, const void *key, void *val)
{
	memcpy(m->keys + i * m->keylen, key, m->keylen);
	m->vals[i] = val;
	m->count++;
	m->used++;
}

static int
rebuild(struct map *m)
{
	struct map old = *m;
	size_t i, n = MAP_FIRST;
	const uint8_t *key;

	while (n < (old.count + 1) * 4)
		n *= 2;
	if (alloc_slots(m, n) < 0) {
		*m = old;
		return -ENOMEM;
	}
	for (i = 0; i < old.nslots; i++) {
		if (old.vals[i] == NULL || old.vals[i] == TOMB)
			continue;
		key = old.keys + i * old.keylen;
		put_at(m, find(m, key), key, old.vals[i]);
	}
	free(old.keys);
	free(old.vals);
	return 0;
}

void *
map_get(const struct map *m, const void *key)
{
	return m->vals[find(m, key)];
}

int
map_put(struct map *m, const void *key, void *val)
{
	int rc;

	assert(val != NULL);		/* it would be as if it weren't there */
	if (m->vals[find(m, key)] != NULL)
		return -EEXIST;
	if (m->count >= m->max)
		return -ENOSPC;
	if ((m->used + 1) * 2 > m->nslots && (rc = rebuild(m)) < 0)
		return rc;
	put_at(m, find(m, key), key, val);
	return 0;
}

void *
map_del(struct map *m, const void *key)
{
	size_t i = find(m, key);
	void *val = m->vals[i];

	if (val == NULL)
		return NULL;
	m->vals[i] = TOMB;
	m->count--;
	return val;
}

size_t
map_count(const struct map *m)
{
	return m->count;
}

void *
map_next(const struct map *m, size_t *i)
{
	void *v;

	while (*i < m->nslots) {
		v = m->vals[(*i)++];
		if (v != NULL && v != TOMB)
			return v;
	}
	return NULL;
}

/* base/hash.c - a keyed hash of 64 bits */
#include "base/hash.h"

#include <sodium.h>
#include <string.h>

#include "base/rand.h"

_Static_assert(sizeof(struct hash_key) == crypto_shorthash_KEYBYTES, "key");

void
hash_draw(struct hash_key *key)
{
	rand_bytes(key->k, sizeof(key->k));
}

uint64_t
hash_keyed(const struct hash_key *key, const void *p, size_t len)
{
	uint8_t h[crypto_shorthash_BYTES];
	uint64_t v;

	crypto_shorthash(h, p, len, key->k);
	memcpy(&v, h, sizeof(v));
	return v;
}

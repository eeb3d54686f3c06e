/* base/hash.h - a keyed hash of 64 bits (SipHash-2-4)
 *
 * Who does not know the key can neither foretell a value nor find two inputs
 * with the same one.  Short values: no use as a signature.
 */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

struct hash_key {
	uint8_t	k[16];
};

void		hash_draw(struct hash_key *);	/* a new one, at random */
uint64_t	hash_keyed(const struct hash_key *, const void *, size_t len);

#endif

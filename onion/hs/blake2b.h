/* onion/hs/blake2b.h - BLAKE2b (RFC 7693), unkeyed
 *
 * With what proof of work needs and libsodium and OpenSSL do not offer: results
 * shorter than 16 bytes, and a salt without a key.  A short result is no prefix
 * of a longer one, since its length is hashed too.  All is public here: nothing
 * is wiped.
 */
#ifndef ONION_HS_BLAKE2B_H
#define ONION_HS_BLAKE2B_H

#include <stddef.h>
#include <stdint.h>

enum { BLAKE2B_MAX = 64, BLAKE2B_SALT = 16, BLAKE2B_PERSON = 16 };

/* @out_len: 1 to BLAKE2B_MAX.  @salt and @person may be NULL, which is the same
 * as all zero. */
void	blake2b(uint8_t *out, size_t out_len, const void *in, size_t len,
	    const uint8_t salt[BLAKE2B_SALT],
	    const uint8_t person[BLAKE2B_PERSON]);

#endif

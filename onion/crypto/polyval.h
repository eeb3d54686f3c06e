/* onion/crypto/polyval.h - POLYVAL, a hash over GF(2^128) (RFC 8452, section 3)
 *
 * In constant time: nothing depends on the key or the input but what comes out.
 * The caller owns everything, and wipes keys.
 *
 *	polyval_begin(&p, &key);
 *	polyval_add(&p, head, 32);
 *	polyval_add(&p, rest, len);
 *	polyval_end(&p, out);
 */
#ifndef ONION_CRYPTO_POLYVAL_H
#define ONION_CRYPTO_POLYVAL_H

#include <stddef.h>
#include <stdint.h>

enum { POLYVAL_LEN = 16, POLYVAL_POWERS = 4 };

struct polyval_key {
	uint64_t	h[POLYVAL_POWERS][2];	/* opaque */
	int		powers;			/* 0: portable */
};

struct polyval {
	const struct polyval_key	*key;	/* borrowed */
	uint64_t			 acc[2];
};

/* @powers: how many blocks are taken at once, and how much work the key is: 1
 * for single blocks, POLYVAL_POWERS for long inputs.  The result is the same,
 * and a machine without the instructions for it takes no notice. */
void	polyval_key_set(struct polyval_key *, const uint8_t h[POLYVAL_LEN],
	    int powers);
/* For tests: as such a machine would have it. */
void	polyval_key_set_portable(struct polyval_key *,
	    const uint8_t h[POLYVAL_LEN]);

void	polyval_begin(struct polyval *, const struct polyval_key *);
/* The last block is filled up with zeros: only the last call of a row may have
 * another length than whole blocks. */
void	polyval_add(struct polyval *, const uint8_t *, size_t);
void	polyval_end(struct polyval *, uint8_t out[POLYVAL_LEN]);  /* wipes */

#endif

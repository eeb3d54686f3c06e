/* onion/hs/hashx.h - HashX, a family of hash functions
 *
 * A seed makes a function, by way of a program of 512 instructions that is
 * drawn at random (hashx_gen.c says how); what the program leaves in eight
 * registers is the hash of the number that they were filled from.  About one
 * seed in several thousands makes no function.
 *
 * Everything here is public: the program branches on what it hashes.
 */
#ifndef ONION_HS_HASHX_H
#define ONION_HS_HASHX_H

#include <stddef.h>
#include <stdint.h>

enum {
	HASHX_PROGRAM	= 512,	/* instructions */
	HASHX_LANES	= 64,	/* numbers hashed side by side */
	HASHX_LEN	= 32	/* bytes of a hash */
};

struct hashx_insn {
	uint8_t		op;		/* enum hashx_op */
	uint8_t		dst, src;	/* registers */
	uint8_t		bits;		/* to shift or to rotate by */
	uint32_t	imm;		/* constant, or mask of a branch */
};

struct hashx {
	uint64_t		key[4];	/* of registers and result */
	struct hashx_insn	code[HASHX_PROGRAM];
};

/* 0 or -EDOM: this seed makes no function. */
int	hashx_make(struct hashx *, const void *seed, size_t len);
/* The first words of the hashes of HASHX_LANES numbers: hardly slower than
 * that of one. */
void	hashx_words(const struct hashx *, const uint64_t in[HASHX_LANES],
	    uint64_t out[HASHX_LANES]);
void	hashx_hash(const struct hashx *, uint64_t in, uint8_t out[HASHX_LEN]);

#endif

/* onion/hs/hashx_int.h - between the parts of HashX
 *
 * struct sip is the state of SipHash.  HashX takes the seed's BLAKE2b for two
 * of them, the generator's and the registers', and has ways of its own to make
 * numbers from one and a counter: siphash13_at() and siphash24_at().
 */
#ifndef ONION_HS_HASHX_INT_H
#define ONION_HS_HASHX_INT_H

#include "onion/hs/hashx.h"

enum { HASHX_REGS = 8 };

enum hashx_op {
	HASHX_TARGET, HASHX_BRANCH, HASHX_MUL, HASHX_UMULH, HASHX_SMULH,
	HASHX_ADD_SHIFT, HASHX_ADD, HASHX_SUB, HASHX_XOR, HASHX_XOR_CONST,
	HASHX_ROTATE, HASHX_NOPS
};

struct sip {
	uint64_t	v[4];
};

static inline uint64_t
hashx_rotl(uint64_t x, unsigned n)
{
	return x << n | x >> (-n & 63);
}

static inline void
sip_round(struct sip *s)
{
	uint64_t *v = s->v;

	v[0] += v[1];
	v[2] += v[3];
	v[1] = hashx_rotl(v[1], 13) ^ v[0];
	v[3] = hashx_rotl(v[3], 16) ^ v[2];
	v[0] = hashx_rotl(v[0], 32);
	v[2] += v[1];
	v[0] += v[3];
	v[1] = hashx_rotl(v[1], 17) ^ v[2];
	v[3] = hashx_rotl(v[3], 21) ^ v[0];
	v[2] = hashx_rotl(v[2], 32);
}

uint64_t siphash13_at(const struct sip *key, uint64_t n);
void	 siphash24_at(const struct sip *key, uint64_t n,
	    uint64_t out[HASHX_REGS]);

/* Random numbers of 8 and 32 bits from one row of 64 bits each.  Either kind
 * takes the next one of the row when its own is used up, high end first. */
struct hashx_rng {
	struct sip	key;
	uint64_t	next;		/* place in the row */
	uint64_t	bytes;		/* the next one on top */
	unsigned	nbytes;
	uint32_t	half;
	uint8_t		has_half;
};

void	 hashx_rng_init(struct hashx_rng *, const struct sip *key);
uint8_t	 hashx_rng_u8(struct hashx_rng *);
uint32_t hashx_rng_u32(struct hashx_rng *);

void	 hashx_seed(const void *seed, size_t len, struct sip *generator,
	    struct sip *registers);
/* 0 or -EDOM. */
int	 hashx_generate(const struct sip *generator,
	    struct hashx_insn code[HASHX_PROGRAM]);

#endif

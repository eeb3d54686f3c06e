/* onion/hs/hashx.c - HashX: seeds, registers and the interpreter
 *
 * Theory of operation
 *	An interpreter spends its time on finding out what to do next.  So this
 *	one does each instruction for HASHX_LANES numbers before it looks at the
 *	next; registers are rows of as many words.
 *
 *	Lanes would part at a branch.  But there is one target before each
 *	branch, and a number that once branched never does so again.  So the
 *	lanes that branch do what lies between the target and the branch a
 *	second time, then stand where all the others stand.
 *
 *	  TARGET ... BRANCH ... TARGET ... BRANCH ...
 *	     ^---------'  one lane in 16, once in the program
 *
 *	A branch is taken where the bits of its mask are all zero in the result
 *	of the last multiplication for high words (mulh).
 */
#include "onion/hs/hashx.h"

#include <errno.h>
#include <string.h>

#include "onion/hs/blake2b.h"
#include "onion/hs/hashx_int.h"

_Static_assert(HASHX_LANES <= 256, "a lane's number is a byte");

struct lanes {
	uint64_t	r[HASHX_REGS][HASHX_LANES];
	uint32_t	mulh[HASHX_LANES];	/* low half of the last one */
	uint8_t		branched[HASHX_LANES];
};

/* ---- SipHash as HashX has it ---- */

static void
rounds(struct sip *s, int n)
{
	while (n-- > 0)
		sip_round(s);
}

uint64_t
siphash13_at(const struct sip *key, uint64_t n)
{
	struct sip s = *key;

	s.v[3] ^= n;
	rounds(&s, 1);
	s.v[0] ^= n;
	s.v[2] ^= 0xff;
	rounds(&s, 3);
	return s.v[0] ^ s.v[1] ^ s.v[2] ^ s.v[3];
}

void
siphash24_at(const struct sip *key, uint64_t n, uint64_t out[HASHX_REGS])
{
	struct sip s = *key;

	s.v[1] ^= 0xee;
	s.v[3] ^= n;
	rounds(&s, 2);
	s.v[0] ^= n;
	s.v[2] ^= 0xee;
	rounds(&s, 4);
	memcpy(out, s.v, sizeof(s.v));
	s.v[1] ^= 0xdd;
	rounds(&s, 4);
	memcpy(out + 4, s.v, sizeof(s.v));
}

static uint64_t
load64(const uint8_t *p)	/* little-endian */
{
	uint64_t v = 0;
	int i;

	for (i = 7; i >= 0; i--)
		v = v << 8 | p[i];
	return v;
}

void
hashx_seed(const void *seed, size_t len, struct sip *generator,
    struct sip *registers)
{
	static const uint8_t salt[BLAKE2B_SALT] = "HashX v1";
	uint8_t h[BLAKE2B_MAX];
	int i;

	blake2b(h, sizeof(h), seed, len, salt, NULL);
	for (i = 0; i < 4; i++) {
		generator->v[i] = load64(h + 8 * i);
		registers->v[i] = load64(h + 32 + 8 * i);
	}
}

int
hashx_make(struct hashx *h, const void *seed, size_t len)
{
	struct sip generator, registers;

	hashx_seed(seed, len, &generator, &registers);
	memcpy(h->key, registers.v, sizeof(h->key));
	return hashx_generate(&generator, h->code);
}

/* ---- the interpreter ---- */

static inline uint64_t
umulh(uint64_t a, uint64_t b)
{
#ifdef __SIZEOF_INT128__
	return (uint64_t)((unsigned __int128)a * b >> 64);
#else
	uint64_t a0 = (uint32_t)a, a1 = a >> 32;
	uint64_t b0 = (uint32_t)b, b1 = b >> 32;
	uint64_t mid = a1 * b0 + (a0 * b0 >> 32);	/* can't overflow */

	return a1 * b1 + (mid >> 32) + ((a0 * b1 + (uint32_t)mid) >> 32);
#endif
}

/* Two's complement: a negative number is 2^64 more when it is read unsigned. */
static inline uint64_t
smulh(uint64_t a, uint64_t b)
{
	uint64_t h = umulh(a, b);

	h -= (int64_t)a < 0 ? b : 0;
	h -= (int64_t)b < 0 ? a : 0;
	return h;
}

static inline uint64_t
sign_extended(uint32_t v)
{
	return (uint64_t)(int64_t)(int32_t)v;
}

/* Compilers do not unroll at -O2; that is worth a fifth. */
#define EACH(what) do {							\
	_Pragma("GCC unroll 8")						\
	for (k = 0; k < n; k++) {					\
		i = which ? which[k] : k;				\
		what;							\
	}								\
} while (0)

/* One instruction that is no branch, on the @n lanes of @which, or, if that is
 * NULL, on the first @n. */
static inline __attribute__((always_inline)) void
execute(struct lanes *l, const struct hashx_insn *in, const uint8_t *which,
    size_t n)
{
	uint64_t *d = l->r[in->dst], *s = l->r[in->src];
	uint64_t imm = sign_extended(in->imm);
	unsigned bits = in->bits;
	size_t i, k;

	switch (in->op) {
	case HASHX_MUL:
		EACH(d[i] *= s[i]);
		break;
	case HASHX_UMULH:
		EACH(l->mulh[i] = (uint32_t)(d[i] = umulh(d[i], s[i])));
		break;
	case HASHX_SMULH:
		EACH(l->mulh[i] = (uint32_t)(d[i] = smulh(d[i], s[i])));
		break;
	case HASHX_ADD_SHIFT:
		EACH(d[i] += s[i] << bits);
		break;
	case HASHX_ADD:
		EACH(d[i] += imm);
		break;
	case HASHX_SUB:
		EACH(d[i] -= s[i]);
		break;
	case HASHX_XOR:
		EACH(d[i] ^= s[i]);
		break;
	case HASHX_XOR_CONST:
		EACH(d[i] ^= imm);
		break;
	case HASHX_ROTATE:	/* to the right */
		EACH(d[i] = d[i] >> bits | d[i] << (-bits & 63));
		break;
	}
}

/* Whoever branches at @at does [@target, @at) again. */
static void
branch(struct lanes *l, const struct hashx_insn *target,
    const struct hashx_insn *at)
{
	const struct hashx_insn *in;
	uint8_t who[HASHX_LANES];
	size_t n = 0, i;

	for (i = 0; i < HASHX_LANES; i++) {
		if (l->branched[i] || (l->mulh[i] & at->imm) != 0)
			continue;
		l->branched[i] = 1;
		who[n++] = (uint8_t)i;
	}
	for (in = target; in < at; in++)
		execute(l, in, who, n);
}

static void
run(struct lanes *l, const struct hashx *h)
{
	const struct hashx_insn *in, *target = h->code;
	const struct hashx_insn *end = h->code + HASHX_PROGRAM;

	for (in = h->code; in < end; in++) {
		if (in->op == HASHX_TARGET)
			target = in + 1;
		else if (in->op == HASHX_BRANCH)
			branch(l, target, in);
		else
			execute(l, in, NULL, HASHX_LANES);
	}
}

static void
fill(struct lanes *l, const struct hashx *h, const uint64_t in[HASHX_LANES])
{
	uint64_t r[HASHX_REGS];
	struct sip key;
	size_t i, j;

	memcpy(key.v, h->key, sizeof(key.v));
	for (i = 0; i < HASHX_LANES; i++) {
		siphash24_at(&key, in[i], r);
		for (j = 0; j < HASHX_REGS; j++)
			l->r[j][i] = r[j];
	}
	memset(l->mulh, 0, sizeof(l->mulh));
	memset(l->branched, 0, sizeof(l->branched));
}

/* Multiplications like zeros too well; the key helps against that. */
static void
finish(const struct lanes *l, const struct hashx *h, size_t i, uint64_t out[4])
{
	struct sip x = { { l->r[0][i] + h->key[0], l->r[1][i] + h->key[1],
	    l->r[2][i], l->r[3][i] } };
	struct sip y = { { l->r[4][i], l->r[5][i], l->r[6][i] + h->key[2],
	    l->r[7][i] + h->key[3] } };
	int j;

	sip_round(&x);
	sip_round(&y);
	for (j = 0; j < 4; j++)
		out[j] = x.v[j] ^ y.v[j];
}

void
hashx_words(const struct hashx *h, const uint64_t in[HASHX_LANES],
    uint64_t out[HASHX_LANES])
{
	uint64_t words[4];
	struct lanes l;
	size_t i;

	fill(&l, h, in);
	run(&l, h);
	for (i = 0; i < HASHX_LANES; i++) {
		finish(&l, h, i, words);
		out[i] = words[0];
	}
}

void
hashx_hash(const struct hashx *h, uint64_t in, uint8_t out[HASHX_LEN])
{
	uint64_t all[HASHX_LANES], words[4];
	struct lanes l;
	size_t i;

	for (i = 0; i < HASHX_LANES; i++)	/* one would do */
		all[i] = in;
	fill(&l, h, all);
	run(&l, h);
	finish(&l, h, 0, words);
	for (i = 0; i < HASHX_LEN; i++)
		out[i] = (uint8_t)(words[i / 8] >> 8 * (i % 8));
}

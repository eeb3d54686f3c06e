/* onion/hs/equix.c - Equi-X, a puzzle: Equihash(60, 3) over HashX
 *
 * Theory of operation
 *	The search is Wagner's for the generalised birthday problem.  All 2^16
 *	numbers are hashed, then three times
 *
 *	  the lowest 15 bits of the sums so far are their keys; sums are put in
 *	  order of their keys (counting sort); sums with key k meet those with
 *	  key -k; each pair, less the 15 bits that are zero now, is a sum of the
 *	  next stage
 *
 *	and of what is left, 2^16 or so each time, about two pairs have 30 zero
 *	bits in the last stage, where they need them.
 *
 *	  stage      a sum is of     bits left   refers to
 *	  hashes     one number      60          -
 *	  pairs      two             45          two numbers
 *	  quads      four            30          two pairs
 * Limits
 *	PAIRS_MAX meetings in each stage.  A good function has 2^16, give or
 *	take some hundreds; a bad one, for which all keys are the same, could
 *	have 2^31, and its solutions are of no interest.
 */
#include "onion/hs/equix.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "onion/hs/hashx.h"

enum {
	NUMBERS_ALL	= 1 << 16,
	PAIRS_MAX	= 5 << 14,	/* 81920 */
	KEY_BITS	= 15,
	KEYS		= 1 << KEY_BITS,
	KEY_MASK	= KEYS - 1
};

#define SUM_MASK(bits)	((UINT64_C(1) << (bits)) - 1)

struct equix {
	struct hashx	func;
	uint64_t	hashes[NUMBERS_ALL];
	uint64_t	pairs[PAIRS_MAX];
	uint32_t	quads[PAIRS_MAX];
	uint16_t	pair_of[PAIRS_MAX][2];
	uint32_t	quad_of[PAIRS_MAX][2];
	size_t		n;		/* made by this stage */

	uint32_t	start[KEYS + 1];	/* of a key's, in order[] */
	uint32_t	order[PAIRS_MAX];
	uint8_t		(*found)[EQUIX_LEN];
};

int
equix_new(struct equix **out)
{
	return (*out = malloc(sizeof(**out))) != NULL ? 0 : -ENOMEM;
}

void
equix_free(struct equix *e)
{
	free(e);
}

/* ---- the form of a solution ---- */

static void
pack(uint8_t out[EQUIX_LEN], const uint16_t n[EQUIX_NUMBERS])
{
	int i;

	for (i = 0; i < EQUIX_NUMBERS; i++) {
		out[2 * i] = (uint8_t)n[i];
		out[2 * i + 1] = (uint8_t)(n[i] >> 8);
	}
}

static void
unpack(uint16_t out[EQUIX_NUMBERS], const uint8_t in[EQUIX_LEN])
{
	int i;

	for (i = 0; i < EQUIX_NUMBERS; i++)
		out[i] = (uint16_t)(in[2 * i] | in[2 * i + 1] << 8);
}

/* May the first half of @n numbers stand before the second? */
static int
halves_in_order(const uint16_t *at, int n)
{
	int half = n / 2, i;

	for (i = half - 1; i >= 0; i--)
		if (at[i] != at[half + i])
			return at[i] < at[half + i];
	return 1;
}

static int
in_order(const uint16_t *at, int n)
{
	if (n < 2)
		return 1;
	return halves_in_order(at, n) && in_order(at, n / 2) &&
	    in_order(at + n / 2, n / 2);
}

static void
put_in_order(uint16_t *at, int n)
{
	int half = n / 2, i;
	uint16_t t;

	if (n < 2)
		return;
	put_in_order(at, half);
	put_in_order(at + half, half);
	if (halves_in_order(at, n))
		return;
	for (i = 0; i < half; i++) {
		t = at[i];
		at[i] = at[half + i];
		at[half + i] = t;
	}
}

/* ---- the search ---- */

/* Each stage: its sums' keys, and what to do when two meet.  -ENOSPC of
 * meet(): that's enough. */
struct stage {
	unsigned	(*key)(const struct equix *, size_t);
	int		(*meet)(struct equix *, uint32_t, uint32_t);
};

static void
hash_all(struct equix *e)
{
	uint64_t in[HASHX_LANES];
	size_t i, j;

	for (i = 0; i < NUMBERS_ALL; i += HASHX_LANES) {
		for (j = 0; j < HASHX_LANES; j++)
			in[j] = i + j;
		hashx_words(&e->func, in, e->hashes + i);
	}
}

static unsigned
key_of_hash(const struct equix *e, size_t i)
{
	return e->hashes[i] & KEY_MASK;
}

static unsigned
key_of_pair(const struct equix *e, size_t i)
{
	return e->pairs[i] & KEY_MASK;
}

static unsigned
key_of_quad(const struct equix *e, size_t i)
{
	return e->quads[i] & KEY_MASK;
}

static int
make_pair(struct equix *e, uint32_t a, uint32_t b)
{
	uint64_t sum = (e->hashes[a] + e->hashes[b]) & SUM_MASK(60);

	e->pairs[e->n] = sum >> KEY_BITS;
	e->pair_of[e->n][0] = (uint16_t)a;
	e->pair_of[e->n][1] = (uint16_t)b;
	e->n++;
	return 0;
}

static int
make_quad(struct equix *e, uint32_t a, uint32_t b)
{
	uint64_t sum = (e->pairs[a] + e->pairs[b]) & SUM_MASK(45);

	e->quads[e->n] = (uint32_t)(sum >> KEY_BITS);
	e->quad_of[e->n][0] = a;
	e->quad_of[e->n][1] = b;
	e->n++;
	return 0;
}

static int
make_solution(struct equix *e, uint32_t a, uint32_t b)
{
	uint32_t quad[2] = { a, b }, pair;
	uint16_t n[EQUIX_NUMBERS];
	int i;

	if (((e->quads[a] + e->quads[b]) & SUM_MASK(30)) != 0)
		return 0;
	for (i = 0; i < 4; i++) {
		pair = e->quad_of[quad[i / 2]][i % 2];
		memcpy(n + 2 * i, e->pair_of[pair], sizeof(e->pair_of[pair]));
	}
	put_in_order(n, EQUIX_NUMBERS);
	pack(e->found[e->n++], n);
	return e->n < EQUIX_FOUND_MAX ? 0 : -ENOSPC;
}

static void
sort(struct equix *e, const struct stage *st, size_t n)
{
	uint32_t at = 0, count;
	size_t i;

	memset(e->start, 0, sizeof(e->start));
	for (i = 0; i < n; i++)
		e->start[st->key(e, i)]++;
	for (i = 0; i <= KEYS; i++) {	/* counts become ends ... */
		count = e->start[i];
		at += count;
		e->start[i] = at;
	}
	for (i = n; i-- > 0;)		/* ... and ends starts */
		e->order[--e->start[st->key(e, i)]] = (uint32_t)i;
}

/* All with key @k and all with key -@k. */
static int
meet_key(struct equix *e, const struct stage *st, unsigned k, size_t *left)
{
	unsigned other = -k & KEY_MASK;
	uint32_t i, j;

	for (i = e->start[k]; i < e->start[k + 1]; i++) {
		j = k == other ? i + 1 : e->start[other];
		for (; j < e->start[other + 1]; j++) {
			if ((*left)-- == 0)
				return -ENOSPC;
			if (st->meet(e, e->order[i], e->order[j]) < 0)
				return -ENOSPC;
		}
	}
	return 0;
}

static inline __attribute__((always_inline)) void
run(struct equix *e, const struct stage *st, size_t n)
{
	size_t left = PAIRS_MAX;
	unsigned k;

	e->n = 0;
	sort(e, st, n);
	for (k = 0; k <= KEYS / 2; k++)
		if (meet_key(e, st, k, &left) < 0)
			break;
}

int
equix_solve(struct equix *e, const void *challenge, size_t len,
    uint8_t out[EQUIX_FOUND_MAX][EQUIX_LEN])
{
	static const struct stage hashes = { key_of_hash, make_pair };
	static const struct stage pairs = { key_of_pair, make_quad };
	static const struct stage quads = { key_of_quad, make_solution };

	if (hashx_make(&e->func, challenge, len) < 0)
		return -EDOM;
	e->found = out;
	hash_all(e);
	run(e, &hashes, NUMBERS_ALL);
	run(e, &pairs, e->n);
	run(e, &quads, e->n);
	return (int)e->n;
}

/* ---- verification ---- */

/* The sum of @n hashes: 0 if it and those below it are zero in their lowest
 * bits, or -EBADMSG. */
static int
check_sums(const uint64_t *hash, int n, unsigned bits, uint64_t *sum)
{
	uint64_t left, right;

	if (n == 1) {
		*sum = *hash;
		return 0;
	}
	if (check_sums(hash, n / 2, bits / 2, &left) < 0 ||
	    check_sums(hash + n / 2, n / 2, bits / 2, &right) < 0)
		return -EBADMSG;
	*sum = left + right;
	return (*sum & SUM_MASK(bits)) == 0 ? 0 : -EBADMSG;
}

int
equix_verify(const void *challenge, size_t len,
    const uint8_t solution[EQUIX_LEN])
{
	uint64_t in[HASHX_LANES] = { 0 }, hash[HASHX_LANES], sum;
	uint16_t n[EQUIX_NUMBERS];
	struct hashx func;
	int i;

	unpack(n, solution);
	if (!in_order(n, EQUIX_NUMBERS))
		return -EINVAL;
	if (hashx_make(&func, challenge, len) < 0)
		return -EDOM;
	for (i = 0; i < EQUIX_NUMBERS; i++)
		in[i] = n[i];
	hashx_words(&func, in, hash);
	return check_sums(hash, EQUIX_NUMBERS, 60, &sum);
}

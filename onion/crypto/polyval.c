/* onion/crypto/polyval.c - POLYVAL, a hash over GF(2^128) (RFC 8452, section 3)
 *
 * Theory of operation
 *	With dot(a, b) = a * b * x^-128 modulo x^128 + x^127 + x^126 + x^121 + 1
 *	the hash of blocks b0, b1, .. is S where S = dot(S + b, H) for each.
 *	Bit n of a block, as a little-endian number, is the coefficient of x^n.
 *
 *	Division by x^128 is Montgomery's: the low 64 bits of a product are
 *	made zero by adding that multiple of the modulus, twice.  The modulus
 *	ends in 1, so the multiple is those bits themselves, and what they do to
 *	the 128 bits above is a product with x^63 + x^62 + x^57, and themselves
 *	once more.
 *
 *	With PCLMULQDQ four blocks are one step: S = dot(S + b0, H^4) +
 *	dot(b1, H^3) + dot(b2, H^2) + dot(b3, H), where the products are added
 *	before they are reduced.  H^n is in the sense of dot().
 *
 *	Without it a product without carries is made of integer products whose
 *	factors have only each fourth bit.  At most 15 ones then add up in a
 *	column, which stay within its four bits, or 16 in the topmost, whose
 *	carry leaves the number.  That is the lower half; the upper half is the
 *	lower one of the factors read backwards.  It takes a processor which
 *	multiplies all numbers in the same time, as those of 64 bits do.
 *
 * Speed
 *	ns, of 510 bytes in two pieces and one new key, as CGO needs them; AMD
 *	EPYC, gcc -O2, the least of many rounds:
 *
 *	  portable				1850
 *	  PCLMULQDQ, one block a step		 190-205
 *	  two blocks, four products each	 115
 *	  four blocks, four products		 102
 *	  four blocks, three (Karatsuba)	  92	<- here
 *	  eight blocks, three			 114
 *
 *	Of that the powers of the key are 10; with eight of them 33, which is
 *	more than they save.
 */
#include "onion/crypto/polyval.h"

#include <string.h>

#include "base/secret.h"

#ifdef __x86_64__
#include <wmmintrin.h>
#endif

/* --- portable --- */

static uint64_t
le64(const uint8_t *p)
{
	uint64_t v = 0;
	int i;

	for (i = 7; i >= 0; i--)
		v = v << 8 | p[i];
	return v;
}

static void
put_le64(uint8_t *p, uint64_t v)
{
	int i;

	for (i = 0; i < 8; i++)
		p[i] = (uint8_t)(v >> 8 * i);
}

/* The lower 64 bits of the product. */
static uint64_t
mul_low(uint64_t a, uint64_t b)
{
	const uint64_t m0 = 0x1111111111111111, m1 = m0 << 1, m2 = m0 << 2,
	    m3 = m0 << 3;
	uint64_t a0 = a & m0, a1 = a & m1, a2 = a & m2, a3 = a & m3;
	uint64_t b0 = b & m0, b1 = b & m1, b2 = b & m2, b3 = b & m3;

	return (((a0 * b0) ^ (a1 * b3) ^ (a2 * b2) ^ (a3 * b1)) & m0) |
	    (((a0 * b1) ^ (a1 * b0) ^ (a2 * b3) ^ (a3 * b2)) & m1) |
	    (((a0 * b2) ^ (a1 * b1) ^ (a2 * b0) ^ (a3 * b3)) & m2) |
	    (((a0 * b3) ^ (a1 * b2) ^ (a2 * b1) ^ (a3 * b0)) & m3);
}

static uint64_t
swap(uint64_t v, int by, uint64_t mask)
{
	return (v >> by & mask) | (v & mask) << by;
}

static uint64_t
backwards(uint64_t v)
{
	v = swap(v, 1, 0x5555555555555555);
	v = swap(v, 2, 0x3333333333333333);
	v = swap(v, 4, 0x0f0f0f0f0f0f0f0f);
	v = swap(v, 8, 0x00ff00ff00ff00ff);
	v = swap(v, 16, 0x0000ffff0000ffff);
	return v << 32 | v >> 32;
}

static void
mul(uint64_t a, uint64_t b, uint64_t out[2])
{
	out[0] = mul_low(a, b);
	out[1] = backwards(mul_low(backwards(a), backwards(b))) >> 1;
}

/* Makes v[0] zero. */
static void
fold(uint64_t v[3])
{
	uint64_t a = v[0];

	v[1] ^= a << 63 ^ a << 62 ^ a << 57;
	v[2] ^= a ^ a >> 1 ^ a >> 2 ^ a >> 7;
}

/* Karatsuba's three products. */
static void
dot(uint64_t s[2], const uint64_t h[2])
{
	uint64_t lo[2], mid[2], hi[2], v[4];

	mul(s[0], h[0], lo);
	mul(s[1], h[1], hi);
	mul(s[0] ^ s[1], h[0] ^ h[1], mid);
	mid[0] ^= lo[0] ^ hi[0];
	mid[1] ^= lo[1] ^ hi[1];
	v[0] = lo[0];
	v[1] = lo[1] ^ mid[0];
	v[2] = hi[0] ^ mid[1];
	v[3] = hi[1];
	fold(v);
	fold(v + 1);
	s[0] = v[2];
	s[1] = v[3];
}

static void
add_portable(struct polyval *p, const uint8_t *in, size_t blocks)
{
	for (; blocks > 0; blocks--, in += POLYVAL_LEN) {
		p->acc[0] ^= le64(in);
		p->acc[1] ^= le64(in + 8);
		dot(p->acc, p->key->h[0]);
	}
}

void
polyval_key_set_portable(struct polyval_key *k, const uint8_t h[POLYVAL_LEN])
{
	k->h[0][0] = le64(h);
	k->h[0][1] = le64(h + 8);
	k->powers = 0;
}

/* --- PCLMULQDQ --- */

#ifdef __x86_64__
#define FAST	__attribute__((target("pclmul,sse2")))

struct wide {			/* Karatsuba's three products, unreduced */
	__m128i	lo, mid, hi;
};

static const struct wide zero;

FAST static inline __m128i
load(const void *p)
{
	return _mm_loadu_si128((const __m128i *)p);
}

FAST static inline void
store(void *p, __m128i v)
{
	_mm_storeu_si128((__m128i *)p, v);
}

FAST static inline __m128i
halves_added(__m128i v)
{
	return _mm_xor_si128(v, _mm_shuffle_epi32(v, 0x4e));
}

FAST static inline void
wide_add(struct wide *w, __m128i a, __m128i b)
{
	w->lo = _mm_xor_si128(w->lo, _mm_clmulepi64_si128(a, b, 0x00));
	w->hi = _mm_xor_si128(w->hi, _mm_clmulepi64_si128(a, b, 0x11));
	w->mid = _mm_xor_si128(w->mid, _mm_clmulepi64_si128(halves_added(a),
	    halves_added(b), 0x00));
}

FAST static inline __m128i
wide_fold(__m128i v)
{
	const __m128i c = _mm_set_epi64x(0, (long long)0xc200000000000000);

	return _mm_xor_si128(_mm_shuffle_epi32(v, 0x4e),
	    _mm_clmulepi64_si128(v, c, 0x00));
}

FAST static inline __m128i
wide_reduce(const struct wide *w)
{
	__m128i mid = _mm_xor_si128(w->mid, _mm_xor_si128(w->lo, w->hi));
	__m128i lo = _mm_xor_si128(w->lo, _mm_slli_si128(mid, 8));
	__m128i hi = _mm_xor_si128(w->hi, _mm_srli_si128(mid, 8));

	return _mm_xor_si128(hi, wide_fold(wide_fold(lo)));
}

FAST static inline __m128i
dot_fast(__m128i a, __m128i b)
{
	struct wide w = zero;

	wide_add(&w, a, b);
	return wide_reduce(&w);
}

/* Four blocks.  Spelt out, because gcc at -O2 keeps so short a loop. */
FAST static inline __m128i
step(__m128i s, const struct polyval_key *k, const uint8_t *in)
{
	struct wide w = zero;

	wide_add(&w, _mm_xor_si128(s, load(in)), load(k->h[3]));
	wide_add(&w, load(in + 16), load(k->h[2]));
	wide_add(&w, load(in + 32), load(k->h[1]));
	wide_add(&w, load(in + 48), load(k->h[0]));
	return wide_reduce(&w);
}

/* As many as there are powers, or fewer. */
FAST static inline __m128i
short_step(__m128i s, const struct polyval_key *k, const uint8_t *in, size_t n)
{
	struct wide w = zero;
	size_t i;

	wide_add(&w, _mm_xor_si128(s, load(in)), load(k->h[n - 1]));
	for (i = 1; i < n; i++)
		wide_add(&w, load(in + i * POLYVAL_LEN), load(k->h[n - 1 - i]));
	return wide_reduce(&w);
}

FAST static void
add_fast(struct polyval *p, const uint8_t *in, size_t blocks)
{
	const struct polyval_key *k = p->key;
	size_t n = (size_t)k->powers;
	__m128i s = load(p->acc);

	for (; n == 4 && blocks >= 4; blocks -= 4, in += 4 * POLYVAL_LEN)
		s = step(s, k, in);
	for (; blocks > 0; blocks -= n, in += n * POLYVAL_LEN) {
		n = blocks < n ? blocks : n;
		s = short_step(s, k, in, n);
	}
	store(p->acc, s);
}

FAST static void
key_set_fast(struct polyval_key *k, const uint8_t bytes[POLYVAL_LEN],
    int powers)
{
	__m128i h = load(bytes), to = h;
	int i;

	store(k->h[0], h);
	for (i = 1; i < powers; i++) {
		to = dot_fast(to, h);
		store(k->h[i], to);
	}
	k->powers = powers;
}

static int
fast(void)
{
	return __builtin_cpu_supports("pclmul");
}
#else
static int
fast(void)
{
	return 0;
}

static void
key_set_fast(struct polyval_key *k, const uint8_t *bytes, int powers)
{
	(void)powers;
	polyval_key_set_portable(k, bytes);
}

static void
add_fast(struct polyval *p, const uint8_t *in, size_t blocks)
{
	add_portable(p, in, blocks);
}
#endif

/* --- either --- */

void
polyval_key_set(struct polyval_key *k, const uint8_t h[POLYVAL_LEN],
    int powers)
{
	if (fast())
		key_set_fast(k, h, powers);
	else
		polyval_key_set_portable(k, h);
}

void
polyval_begin(struct polyval *p, const struct polyval_key *k)
{
	p->key = k;
	p->acc[0] = p->acc[1] = 0;
}

static void
add(struct polyval *p, const uint8_t *in, size_t blocks)
{
	if (p->key->powers > 0)
		add_fast(p, in, blocks);
	else
		add_portable(p, in, blocks);
}

void
polyval_add(struct polyval *p, const uint8_t *in, size_t len)
{
	uint8_t last[POLYVAL_LEN] = { 0 };
	size_t whole = len / POLYVAL_LEN, rest = len % POLYVAL_LEN;

	add(p, in, whole);
	if (rest == 0)
		return;
	memcpy(last, in + whole * POLYVAL_LEN, rest);
	add(p, last, 1);
	secret_wipe(last, sizeof(last));
}

void
polyval_end(struct polyval *p, uint8_t out[POLYVAL_LEN])
{
	put_le64(out, p->acc[0]);
	put_le64(out + 8, p->acc[1]);
	secret_wipe(p->acc, sizeof(p->acc));
}

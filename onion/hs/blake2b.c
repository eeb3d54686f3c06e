/* onion/hs/blake2b.c - BLAKE2b (RFC 7693), unkeyed */
#include "onion/hs/blake2b.h"

#include <assert.h>
#include <string.h>

enum { BLOCK = 128, ROUNDS = 12 };

static const uint64_t iv[8] = {
	0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b,
	0xa54ff53a5f1d36f1, 0x510e527fade682d1, 0x9b05688c2b3e6c1f,
	0x1f83d9abfb41bd6b, 0x5be0cd19137e2179
};

/* RFC 7693 2.7; rounds 10 and 11 are 0 and 1 again. */
static const uint8_t sigma[10][16] = {
	{ 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 },
	{ 14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3 },
	{ 11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4 },
	{ 7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8 },
	{ 9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13 },
	{ 2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9 },
	{ 12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11 },
	{ 13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10 },
	{ 6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5 },
	{ 10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0 },
};

static uint64_t
load64(const uint8_t *p)	/* little-endian, unlike all of base/wire */
{
	uint64_t v = 0;
	int i;

	for (i = 7; i >= 0; i--)
		v = v << 8 | p[i];
	return v;
}

static uint64_t
rotr(uint64_t v, int n)
{
	return v >> n | v << (64 - n);
}

/* RFC 7693 3.1 */
static void
mix(uint64_t v[16], const uint8_t at[4], uint64_t x, uint64_t y)
{
	uint64_t a = v[at[0]], b = v[at[1]], c = v[at[2]], d = v[at[3]];

	a += b + x;
	d = rotr(d ^ a, 32);
	c += d;
	b = rotr(b ^ c, 24);
	a += b + y;
	d = rotr(d ^ a, 16);
	c += d;
	b = rotr(b ^ c, 63);
	v[at[0]] = a;
	v[at[1]] = b;
	v[at[2]] = c;
	v[at[3]] = d;
}

/* RFC 7693 3.2.  @done: bytes hashed, those of @block included. */
static void
compress(uint64_t h[8], const uint8_t block[BLOCK], uint64_t done, int last)
{
	static const uint8_t at[8][4] = {	/* columns, then diagonals */
		{ 0, 4, 8, 12 }, { 1, 5, 9, 13 },
		{ 2, 6, 10, 14 }, { 3, 7, 11, 15 },
		{ 0, 5, 10, 15 }, { 1, 6, 11, 12 },
		{ 2, 7, 8, 13 }, { 3, 4, 9, 14 }
	};
	uint64_t v[16], m[16];
	int i, r;

	for (i = 0; i < 16; i++)
		m[i] = load64(block + 8 * i);
	for (i = 0; i < 8; i++) {
		v[i] = h[i];
		v[i + 8] = iv[i];
	}
	v[12] ^= done;		/* its upper half, v[13], stays: < 2^64 bytes */
	if (last)
		v[14] = ~v[14];
	for (r = 0; r < ROUNDS; r++)
		for (i = 0; i < 8; i++)
			mix(v, at[i], m[sigma[r % 10][2 * i]],
			    m[sigma[r % 10][2 * i + 1]]);
	for (i = 0; i < 8; i++)
		h[i] ^= v[i] ^ v[i + 8];
}

/* The parameter block (BLAKE2 paper, 2.8) goes into the state: no key, fan-out
 * and depth 1. */
static void
begin(uint64_t h[8], size_t out_len, const uint8_t *salt, const uint8_t *person)
{
	memcpy(h, iv, sizeof(iv));
	h[0] ^= 0x01010000 ^ out_len;
	if (salt != NULL) {
		h[4] ^= load64(salt);
		h[5] ^= load64(salt + 8);
	}
	if (person != NULL) {
		h[6] ^= load64(person);
		h[7] ^= load64(person + 8);
	}
}

void
blake2b(uint8_t *out, size_t out_len, const void *in, size_t len,
    const uint8_t salt[BLAKE2B_SALT], const uint8_t person[BLAKE2B_PERSON])
{
	uint8_t block[BLOCK] = { 0 };
	const uint8_t *p = in;
	uint64_t h[8];
	size_t off, i;

	assert(out_len >= 1 && out_len <= BLAKE2B_MAX);
	begin(h, out_len, salt, person);
	/* The last block is compressed as such even when it is full. */
	for (off = 0; len - off > BLOCK; off += BLOCK)
		compress(h, p + off, off + BLOCK, 0);
	if (len > off)
		memcpy(block, p + off, len - off);
	compress(h, block, len, 1);
	for (i = 0; i < out_len; i++)
		out[i] = (uint8_t)(h[i / 8] >> 8 * (i % 8));
}

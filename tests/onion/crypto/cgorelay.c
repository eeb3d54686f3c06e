/* tests/onion/crypto/cgorelay.c - the relay's side of CGO, one direction */
#include "tests/onion/crypto/cgorelay.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

enum { BLOCK = 16, BODY = 509, KEYS = 64 };

static void
must(int ok)
{
	if (!ok)
		abort();
}

struct cgorelay {
	EVP_CIPHER_CTX	*ecb;
	EVP_CIPHER_CTX	*ctr;
	uint8_t		 keys[KEYS];	/* KB, KU, K, B */
	uint8_t		 nonce[BLOCK];
	uint8_t		 tweak[BLOCK];	/* T' */
};

/* --- POLYVAL --- */

struct poly {			/* bit n is the coefficient of x^n */
	uint64_t	lo, hi;
};

static struct poly
poly_read(const uint8_t b[BLOCK])
{
	struct poly p = { 0, 0 };
	int i;

	for (i = 7; i >= 0; i--) {
		p.lo = p.lo << 8 | b[i];
		p.hi = p.hi << 8 | b[i + 8];
	}
	return p;
}

static void
poly_write(struct poly p, uint8_t b[BLOCK])
{
	int i;

	for (i = 0; i < 8; i++) {
		b[i] = (uint8_t)(p.lo >> 8 * i);
		b[i + 8] = (uint8_t)(p.hi >> 8 * i);
	}
}

/* a * b * x^-128: every round takes in a bit of b and divides by x. */
static struct poly
poly_dot(struct poly a, struct poly b)
{
	struct poly r = { 0, 0 };
	uint64_t bit, odd;
	int i;

	for (i = 0; i < 128; i++) {
		bit = (i < 64 ? b.lo >> i : b.hi >> (i - 64)) & 1;
		r.lo ^= bit ? a.lo : 0;
		r.hi ^= bit ? a.hi : 0;
		odd = r.lo & 1;
		r.lo = r.lo >> 1 | r.hi << 63;
		r.hi >>= 1;
		if (odd)		/* (x^128 + x^127 + ... + 1) / x */
			r.hi ^= (uint64_t)0xe1 << 56;
	}
	return r;
}

static void
polyval(const uint8_t key[BLOCK], const uint8_t *p, size_t len,
    uint8_t out[BLOCK])
{
	struct poly h = poly_read(key), s = { 0, 0 }, x;
	uint8_t block[BLOCK];
	size_t n;

	for (; len > 0; p += n, len -= n) {
		n = len < BLOCK ? len : BLOCK;
		memset(block, 0, BLOCK);
		memcpy(block, p, n);
		x = poly_read(block);
		s.lo ^= x.lo;
		s.hi ^= x.hi;
		s = poly_dot(s, h);
	}
	poly_write(s, out);
}

/* --- the wide block --- */

struct cgorelay *
cgorelay_new(const uint8_t keys[80])
{
	struct cgorelay *r = calloc(1, sizeof(*r));

	must(r != NULL);
	memcpy(r->keys, keys, KEYS);
	memcpy(r->nonce, keys + KEYS, BLOCK);
	r->ecb = EVP_CIPHER_CTX_new();
	r->ctr = EVP_CIPHER_CTX_new();
	must(r->ecb != NULL && r->ctr != NULL);
	must(EVP_EncryptInit_ex(r->ecb, EVP_aes_128_ecb(), NULL,
	    NULL, NULL) == 1);
	must(EVP_EncryptInit_ex(r->ctr, EVP_aes_128_ctr(), NULL,
	    NULL, NULL) == 1);
	return r;
}

void
cgorelay_free(struct cgorelay *r)
{
	if (r == NULL)
		return;
	EVP_CIPHER_CTX_free(r->ecb);
	EVP_CIPHER_CTX_free(r->ctr);
	free(r);
}

/* PRF(x, t) onto @inout. */
static void
prf(struct cgorelay *r, const uint8_t x[BLOCK], int t, uint8_t *inout,
    size_t len)
{
	uint8_t iv[BLOCK];
	int n;

	polyval(r->keys + 48, x, BLOCK, iv);
	iv[15] = (uint8_t)((iv[15] & 0xc0) + 31 * t);
	must(EVP_EncryptInit_ex(r->ctr, NULL, NULL, r->keys + 32,
	    iv) == 1);
	must(EVP_EncryptUpdate(r->ctr, inout, &n, inout, (int)len) ==
	    1);
}

/* The left block, under a tweak that is all the rest. */
static void
et(struct cgorelay *r, uint8_t cmd, uint8_t body[BODY])
{
	uint8_t all[BLOCK + 1 + BODY - BLOCK], mask[BLOCK];
	int i, n;

	memcpy(all, r->tweak, BLOCK);
	all[BLOCK] = cmd;
	memcpy(all + BLOCK + 1, body + BLOCK, BODY - BLOCK);
	polyval(r->keys + 16, all, sizeof(all), mask);
	for (i = 0; i < BLOCK; i++)
		body[i] ^= mask[i];
	must(EVP_EncryptInit_ex(r->ecb, NULL, NULL, r->keys, NULL) ==
	    1);
	must(EVP_EncryptUpdate(r->ecb, body, &n, body, BLOCK) == 1);
	for (i = 0; i < BLOCK; i++)
		body[i] ^= mask[i];
}

/* A relay encrypts in both directions. */
static void
encrypt(struct cgorelay *r, uint8_t cmd, uint8_t body[BODY])
{
	et(r, cmd, body);
	prf(r, body, 0, body + BLOCK, BODY - BLOCK);
	memcpy(r->tweak, body, BLOCK);
}

static void
update(struct cgorelay *r, const uint8_t nonce[BLOCK])
{
	uint8_t fresh[KEYS + BLOCK] = { 0 };

	prf(r, nonce, 1, fresh, sizeof(fresh));
	memcpy(r->keys, fresh, KEYS);
	memcpy(r->nonce, fresh + KEYS, BLOCK);
}

int
cgorelay_fwd(struct cgorelay *r, uint8_t cmd, uint8_t body[509],
    uint8_t tag[16])
{
	uint8_t came[BLOCK];

	memcpy(came, body, BLOCK);
	encrypt(r, cmd, body);
	if (memcmp(body, r->nonce, BLOCK) != 0)
		return 0;
	update(r, r->nonce);
	memcpy(tag, came, BLOCK);
	return 1;
}

void
cgorelay_originate(struct cgorelay *r, uint8_t cmd, uint8_t body[509],
    uint8_t tag[16])
{
	memcpy(body, r->nonce, BLOCK);
	encrypt(r, cmd, body);
	memcpy(tag, body, BLOCK);
	update(r, body);
}

void
cgorelay_pass_bwd(struct cgorelay *r, uint8_t cmd, uint8_t body[509])
{
	encrypt(r, cmd, body);
}

/* onion/crypto/hopcrypt.c - the encryption of relay cells, one hop
 *
 * Theory of operation
 *	Two streams a hop, one for each direction.  A stream is AES-128-CTR
 *	from IV 0 that is never reset, and a SHA-1 that has seen the seed (Df or
 *	Db) and every body that was *for* this hop or *from* it, with the four
 *	digest bytes as zeros.  Bodies for other hops pass only the cipher.
 *
 *	A body is recognised if bytes 1-2 are zero and bytes 5-8 are the first
 *	four of the digest with this body added.  The first holds for one in
 *	65536 of the bodies that are not for us, so only then the digest is
 *	forked and finished; if it does not match, the fork is dropped and the
 *	bytes are put back, and neither the state nor the body shows that it was
 *	tried.
 *
 *	What follows from that, and is the protocol's weakness, not ours: a bit
 *	flipped on the way is the same bit flipped after decryption, in a body
 *	that no hop recognises.  Its sender's digest has moved then and ours has
 *	not, so nothing of that hop is recognised ever after; the circuit must
 *	be closed at the first such body.
 *
 * Services
 *	The hop at an onion service has SHA3-256 in the place of SHA-1.  Its
 *	state can't be assigned, so the fork is a second one that is kept, which
 *	takes the cell, and becomes the first if it matches.  It is the last
 *	hop: what reaches it is nearly always its own.
 *
 * Speed
 *	ns per cell through three hops; the least of many rounds, OpenSSL
 *	3.0.22, AMD EPYC with AES-NI and SHA-NI, gcc -O2:
 *
 *	  AES, one EVP call for each cell and hop	258
 *	  AES, key stream 512 bytes ahead		236
 *	  AES, 2 KiB ahead				199	<- crypt_ctr
 *	  AES, 4 KiB, 16 KiB ahead			193, 189
 *	  (the key stream alone, in large pieces	145)
 *	  SHA-1, EVP, copied and finished		370-410
 *	  SHA-1, SHA1_*(), struct copied		336	<- here
 *	  (SHA-1 of 509 bytes alone			281)
 *	  all of hopcrypt_bwd() x 3			574
 *	  all of originate and pass_fwd() x 2		556
 *
 *	A busy hop keeps 2 KiB of key stream for each direction, one that never
 *	carried more than a cell 512 bytes.  XORing three streams in one pass
 *	would save 25 ns more and cost the simple rule of one hop, one call.
 *
 * CGO
 *	is the other kind of hop, behind these same calls: cgo.c.
 */
#include "onion/crypto/hopcrypt.h"

#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "onion/crypto/cgo.h"
#include "onion/crypto/crypt.h"
#include "onion/crypto/handshake.h"

enum { RECOGNIZED = 1, DIGEST = 5, DIGEST_LEN = 4 };	/* in a body */

struct way {			/* one direction */
	struct crypt_ctr	*ctr;
	struct crypt_sha1_run	 sha1;
	struct crypt_sha3_run	*sha3, *fork;	/* of a service; or NULL */
};

struct hopcrypt {
	struct way	fwd;
	struct way	bwd;
	struct cgo	*cgo_fwd, *cgo_bwd;	/* both, instead; or NULL */
};

static int
way_init(struct way *w, const uint8_t key[16], const uint8_t seed[20])
{
	crypt_sha1_begin(&w->sha1);
	crypt_sha1_add(&w->sha1, seed, 20);
	w->ctr = crypt_ctr_new(key, AES128_LEN);
	return w->ctr != NULL;
}

struct hopcrypt *
hopcrypt_new(const struct handshake_keys *k)
{
	struct hopcrypt *h;

	if ((h = calloc(1, sizeof(*h))) == NULL)
		return NULL;
	if (k->cgo_on) {
		h->cgo_fwd = cgo_new(k->cgo_fwd);
		h->cgo_bwd = cgo_new(k->cgo_bwd);
		if (h->cgo_fwd && h->cgo_bwd)
			return h;
	} else if (way_init(&h->fwd, k->kf, k->df) &&
	    way_init(&h->bwd, k->kb, k->db))
		return h;
	hopcrypt_free(h);
	return NULL;
}

static int
way_init_service(struct way *w, const uint8_t key[HOPCRYPT_SERVICE_KEY],
    const uint8_t seed[HOPCRYPT_SERVICE_KEY])
{
	w->sha3 = crypt_sha3_new();
	w->fork = crypt_sha3_new();
	w->ctr = crypt_ctr_new(key, AES256_LEN);
	if (w->sha3 == NULL || w->fork == NULL || w->ctr == NULL)
		return 0;
	crypt_sha3_add(w->sha3, seed, HOPCRYPT_SERVICE_KEY);
	return 1;
}

struct hopcrypt *
hopcrypt_new_service(const uint8_t df[HOPCRYPT_SERVICE_KEY],
    const uint8_t db[HOPCRYPT_SERVICE_KEY],
    const uint8_t kf[HOPCRYPT_SERVICE_KEY],
    const uint8_t kb[HOPCRYPT_SERVICE_KEY])
{
	struct hopcrypt *h;

	if ((h = calloc(1, sizeof(*h))) == NULL)
		return NULL;
	if (way_init_service(&h->fwd, kf, df) &&
	    way_init_service(&h->bwd, kb, db))
		return h;
	hopcrypt_free(h);
	return NULL;
}

static void
way_fini(struct way *w)
{
	crypt_ctr_free(w->ctr);
	crypt_sha3_free(w->sha3);
	crypt_sha3_free(w->fork);
}

void
hopcrypt_free(struct hopcrypt *h)
{
	if (h == NULL)
		return;
	way_fini(&h->fwd);
	way_fini(&h->bwd);
	cgo_free(h->cgo_fwd);
	cgo_free(h->cgo_bwd);
	secret_wipe(h, sizeof(*h));
	free(h);
}

int
hopcrypt_is_cgo(const struct hopcrypt *h)
{
	return h->cgo_fwd != NULL;
}

/* Adds @body, whose digest field is zero, and finishes a fork. */
static void
digest_with(struct crypt_sha1_run *run, const uint8_t body[HOPCRYPT_BODY],
    uint8_t out[SHA1_LEN])
{
	struct crypt_sha1_run fork;

	crypt_sha1_add(run, body, HOPCRYPT_BODY);
	fork = *run;
	crypt_sha1_end(&fork, out);
}

static void
digest_fwd(struct way *w, const uint8_t body[HOPCRYPT_BODY],
    uint8_t tag[HOPCRYPT_TAG])
{
	uint8_t out[SHA3_LEN];

	if (w->sha3 == NULL) {
		digest_with(&w->sha1, body, tag);
		return;
	}
	crypt_sha3_add(w->sha3, body, HOPCRYPT_BODY);
	crypt_sha3_get(w->sha3, out);
	memcpy(tag, out, HOPCRYPT_TAG);
}

/* Is @theirs the digest of @body, whose digest field is zero?  The state moves
 * on if it is. */
static int
digest_bwd(struct way *w, const uint8_t body[HOPCRYPT_BODY],
    const uint8_t theirs[DIGEST_LEN], uint8_t tag[HOPCRYPT_TAG])
{
	struct crypt_sha3_run *next = w->fork;
	struct crypt_sha1_run before;
	uint8_t ours[SHA3_LEN];

	if (next) {
		crypt_sha3_copy(next, w->sha3);
		crypt_sha3_add(next, body, HOPCRYPT_BODY);
		crypt_sha3_get(next, ours);
	} else {
		before = w->sha1;
		digest_with(&w->sha1, body, ours);
	}
	if (!secret_equal(ours, theirs, DIGEST_LEN)) {
		if (next == NULL)
			w->sha1 = before;
		return 0;
	}
	if (next) {
		w->fork = w->sha3;
		w->sha3 = next;
	}
	memcpy(tag, ours, HOPCRYPT_TAG);
	return 1;
}

void
hopcrypt_originate(struct hopcrypt *h, uint8_t cmd, uint8_t body[HOPCRYPT_BODY],
    uint8_t tag[HOPCRYPT_TAG])
{
	if (h->cgo_fwd) {
		memset(tag, 0, HOPCRYPT_TAG);
		cgo_originate(h->cgo_fwd, cmd, body, tag);
		return;
	}
	memset(body + RECOGNIZED, 0, 2);
	memset(body + DIGEST, 0, DIGEST_LEN);
	digest_fwd(&h->fwd, body, tag);
	memcpy(body + DIGEST, tag, DIGEST_LEN);
	crypt_ctr_xor(h->fwd.ctr, body, HOPCRYPT_BODY);
}

void
hopcrypt_pass_fwd(struct hopcrypt *h, uint8_t cmd, uint8_t body[HOPCRYPT_BODY])
{
	if (h->cgo_fwd)
		cgo_pass_fwd(h->cgo_fwd, cmd, body);
	else
		crypt_ctr_xor(h->fwd.ctr, body, HOPCRYPT_BODY);
}

static int
cgo_way_bwd(struct cgo *c, uint8_t cmd, uint8_t body[HOPCRYPT_BODY],
    uint8_t tag[HOPCRYPT_TAG])
{
	if (!cgo_bwd(c, cmd, body, tag))
		return 0;
	memset(tag + CGO_TAG, 0, HOPCRYPT_TAG - CGO_TAG);
	return 1;
}

int
hopcrypt_bwd(struct hopcrypt *h, uint8_t cmd, uint8_t body[HOPCRYPT_BODY],
    uint8_t tag[HOPCRYPT_TAG])
{
	uint8_t theirs[DIGEST_LEN];

	if (h->cgo_bwd)
		return cgo_way_bwd(h->cgo_bwd, cmd, body, tag);
	crypt_ctr_xor(h->bwd.ctr, body, HOPCRYPT_BODY);
	if ((body[RECOGNIZED] | body[RECOGNIZED + 1]) != 0)
		return 0;
	memcpy(theirs, body + DIGEST, DIGEST_LEN);
	memset(body + DIGEST, 0, DIGEST_LEN);
	if (digest_bwd(&h->bwd, body, theirs, tag))
		return 1;
	memcpy(body + DIGEST, theirs, DIGEST_LEN);
	return 0;
}

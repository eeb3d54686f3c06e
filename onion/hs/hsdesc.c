/* onion/hs/hsdesc.c - opening descriptors of onion services
 *
 * Theory of operation
 *	text	signed by a key that the blinded key certifies; holds, sealed,
 *	first	layer: who is authorized; holds, sealed,
 *	second	layer: the introduction points.
 *
 *	Both seals are the same (rend-spec-v3 2.5.3):
 *
 *	  SALT (16) | ENCRYPTED | MAC (32)
 *	  KEY (32) | IV (16) | MAC_KEY (32) = SHAKE256(SECRET |
 *	    subcredential | INT_8(revision) | SALT | CONSTANT)
 *	  MAC = SHA3(INT_8(32) | MAC_KEY | INT_8(16) | SALT | ENCRYPTED)
 *
 *	where SECRET is the blinded key and, for the second layer of a service
 *	with authorized clients, the descriptor cookie.  The MAC is looked at
 *	before anything is decrypted; in memory there is room before SALT for
 *	what it covers, so that it is one hash over one block.
 *
 *	Whether a service wants authorization is not said anywhere: it is so
 *	where the second layer does not open without a cookie.  A client that
 *	has a key but is not in the list tries without, too.
 * Limits
 *	HSDESC_TEXT_MAX bytes of text; all that is allocated is shorter.
 */
#include "onion/hs/hsdesc_int.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/enc.h"
#include "base/log.h"
#include "base/secret.h"
#include "base/why.h"
#include "base/wire.h"
#include "onion/crypto/crypt.h"

static const char first_constant[] = "hsdir-superencrypted-data";
static const char second_constant[] = "hsdir-encrypted-data";

enum {
	SALT = 16, IV = 16, MAC = SHA3_LEN, MAC_KEY = 32,
	ROOM = 8 + MAC_KEY + 8		/* before SALT, for the MAC */
};

struct keys {
	uint8_t	key[AES256_LEN];
	uint8_t	iv[IV];
	uint8_t	mac[MAC_KEY];
};

struct layer {
	uint8_t	*block;		/* ROOM, then the seal, opened in place */
	size_t	 size;
	char	*text;		/* within it */
	size_t	 len;
};

static void
close_layer(struct layer *l)
{
	if (l->block != NULL)
		secret_wipe(l->block, l->size);
	free(l->block);
}

static void
derive(struct keys *k, const struct blind *b, const uint8_t *cookie,
    uint64_t revision, const uint8_t salt[SALT], const char *constant)
{
	uint8_t in[BLIND_KEY + HSDESC_COOKIE + 32 + 8 + SALT +
	    sizeof(first_constant)];
	struct pack p;

	pack_init(&p, in, sizeof(in));
	pack_put(&p, b->key, sizeof(b->key));
	if (cookie != NULL)
		pack_put(&p, cookie, HSDESC_COOKIE);
	pack_put(&p, b->subcredential, sizeof(b->subcredential));
	pack_u64(&p, revision);
	pack_put(&p, salt, SALT);
	pack_put(&p, constant, strlen(constant));
	_Static_assert(sizeof(*k) == AES256_LEN + IV + MAC_KEY, "no holes");
	crypt_shake256((uint8_t *)k, sizeof(*k), in, pack_len(&p));
	secret_wipe(in, sizeof(in));
}

/* The base64 of a seal into a new layer: how many bytes. */
static int
unpack(struct layer *l, struct slice sealed)
{
	uint8_t *to;
	size_t i, n = 0;
	int len;

	l->size = ROOM + sealed.len + 1;
	if ((l->block = malloc(l->size)) == NULL)
		return -ENOMEM;
	to = l->block + ROOM;
	for (i = 0; i < sealed.len; i++)
		if (sealed.p[i] != '\n')
			to[n++] = (uint8_t)sealed.p[i];
	/* In place: it writes behind where it reads. */
	len = dec_b64(to, n, (const char *)to, n);
	return len <= SALT + MAC ? -EBADMSG : len;
}

static int
mac_holds(struct layer *l, const struct keys *k, size_t len)
{
	const uint8_t *mac = l->block + ROOM + len - MAC;
	uint8_t want[MAC];
	struct pack p;

	pack_init(&p, l->block, ROOM);
	pack_u64(&p, MAC_KEY);
	pack_put(&p, k->mac, MAC_KEY);
	pack_u64(&p, SALT);
	crypt_sha3(want, l->block, ROOM + len - MAC);
	return secret_equal(want, mac, MAC);
}

/* Padding of NULs goes, a last newline comes: C tor writes none. */
static int
decrypt(struct layer *l, const struct keys *k, size_t len)
{
	struct crypt_ctr *c = crypt_ctr_new_iv(k->key, sizeof(k->key), k->iv);
	uint8_t *at = l->block + ROOM + SALT;
	size_t n = len - SALT - MAC;

	if (c == NULL)
		return -ENOMEM;
	crypt_ctr_xor(c, at, n);
	crypt_ctr_free(c);
	l->text = (char *)at;
	l->len = strnlen(l->text, n);
	if (l->len == 0)
		return -EBADMSG;
	if (l->text[l->len - 1] != '\n')
		l->text[l->len++] = '\n';	/* the MAC stood there */
	return 0;
}

/* 0, -EACCES: not with this secret, -EBADMSG, -ENOMEM. */
static int
open_layer(struct layer *l, struct slice sealed, const struct blind *b,
    const uint8_t *cookie, uint64_t revision, const char *constant)
{
	struct keys k;
	int len, rc;

	if ((len = unpack(l, sealed)) < 0)
		return len;
	derive(&k, b, cookie, revision, l->block + ROOM, constant);
	rc = -EACCES;
	if (mac_holds(l, &k, (size_t)len))
		rc = decrypt(l, &k, (size_t)len);
	secret_wipe(&k, sizeof(k));
	return rc;
}

/* The cookie for who has @auth: 1, or 0: there is none, -ENOMEM.
 * CLIENT-ID (8) | COOKIE-KEY (32) = SHAKE256(subcredential | DH) */
static int
find_cookie(uint8_t cookie[HSDESC_COOKIE], const struct layer *first,
    const uint8_t ephemeral[32], const struct blind *b,
    const uint8_t auth[32])
{
	uint8_t in[32 + X25519_LEN], keys[HSDESC_CLIENT_ID + AES256_LEN];
	int rc = 0;

	memcpy(in, b->subcredential, 32);
	if (crypt_dh(in + 32, auth, ephemeral) == 0) {
		crypt_shake256(keys, sizeof(keys), in, sizeof(in));
		rc = hsdesc_cookie(cookie, first->text, first->len, keys,
		    keys + HSDESC_CLIENT_ID);
	}
	secret_wipe(in, sizeof(in));
	secret_wipe(keys, sizeof(keys));
	return rc;
}

static int
open_second(struct layer *second, const struct layer *first,
    const struct blind *b, uint64_t revision, const uint8_t *auth)
{
	uint8_t cookie[HSDESC_COOKIE] = { 0 };
	struct hsdesc_middle m;
	int rc, has = 0;

	if ((rc = hsdesc_middle(&m, first->text, first->len)) < 0)
		return rc;
	if (auth != NULL)
		has = find_cookie(cookie, first, m.ephemeral, b, auth);
	rc = has;
	if (has >= 0)
		rc = open_layer(second, m.sealed, b, has ? cookie : NULL,
		    revision, second_constant);
	secret_wipe(cookie, sizeof(cookie));
	if (rc == -EACCES)
		return auth != NULL ? -WHY_HS_AUTH_WRONG :
		    -WHY_HS_AUTH_MISSING;
	return rc;
}

static int
open_all(struct hsdesc *d, const char *text, size_t len,
    const struct blind *b, const uint8_t *auth, int64_t now)
{
	struct layer first = { 0 }, second = { 0 };
	struct hsdesc_outer outer;
	int rc;

	if (len > HSDESC_TEXT_MAX)
		return -EBADMSG;
	if ((rc = hsdesc_outer(&outer, text, len, b->key, now)) < 0)
		return rc;
	rc = open_layer(&first, outer.sealed, b, NULL, outer.revision,
	    first_constant);
	if (rc == 0)
		rc = open_second(&second, &first, b, outer.revision, auth);
	if (rc == 0)
		rc = hsdesc_inner(d, second.text, second.len, outer.signing,
		    now);
	d->revision = outer.revision;
	d->lifetime_s = outer.lifetime_s;
	d->cert_expires = outer.cert_expires;
	close_layer(&first);
	close_layer(&second);
	return rc;
}

int
hsdesc_open(struct hsdesc **out, const char *text, size_t len,
    const struct blind *b, const uint8_t auth[32], int64_t now)
{
	struct hsdesc *d = calloc(1, sizeof(*d));
	int rc = -ENOMEM;

	if (d != NULL)
		rc = open_all(d, text, len, b, auth, now);
	if (rc == 0) {
		*out = d;
		return 0;
	}
	free(d);
	if (rc == -EBADMSG || rc == -EACCES)
		rc = -WHY_HS_INVALID;
	log_info(LD_DIR, "an onion service's descriptor is refused: %s",
	    why_text(rc));
	return rc;
}

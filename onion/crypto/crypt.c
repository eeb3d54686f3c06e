/* onion/crypto/crypt.c - the primitives; the only door to OpenSSL's EVP
 *
 * Theory of operation
 *	Algorithms are fetched once, by crypt_init(): EVP_sha1() and friends
 *	look theirs up by name at every use, which for short inputs costs more
 *	than the hash.
 *
 *	Three things here are used for every cell and are made for it.
 *
 *	The running SHA-1 uses the old SHA1_*() functions, marked as deprecated
 *	since OpenSSL 3.0, because their state is a plain struct: to fork it is
 *	an assignment.  EVP_MD_CTX_copy_ex() allocates.
 *
 *	AES-CTR makes its key stream ahead, in larger pieces, and a cell is
 *	only XORed.  A call to EVP for 509 bytes spends nearly as much on its
 *	way in, and on the odd bytes at both ends, as on AES; the figures stand
 *	in hopcrypt.c.  The store begins with one cell and grows, so that a
 *	circuit which is only kept in reserve pays little for it.
 *
 *	AES of blocks, for CGO, is the opposite: a key for each cell.  There
 *	counter mode is made of ECB, because setting EVP's IV costs as much as
 *	the key stream of a cell.  Padding, which is never used, is avoided by
 *	EVP_Cipher(), because switching it off is done once more by each
 *	setting of a key: 35 ns of 90.
 *
 *	Whatever fails here empties OpenSSL's error queue, since what is left
 *	there would be blamed on the next TLS operation.
 */
/* For SHA1_*(); see above. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "onion/crypto/crypt.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>
#include <openssl/x509.h>

#include "base/log.h"
#include "base/rand.h"
#include "base/secret.h"

enum {
	CTR_AHEAD_MIN	= 512,		/* a cell, rounded up to AES blocks */
	CTR_AHEAD_MAX	= 2048
};

static struct {
	EVP_MD		*sha1, *sha256, *sha3, *shake256;
	EVP_CIPHER	*ctr128, *ctr256, *ecb128;
} alg;

struct crypt_ctr {
	EVP_CIPHER_CTX	*evp;
	uint8_t		*ahead;		/* key stream not yet used ... */
	size_t		 at;		/* ... begins here ... */
	size_t		 len;		/* ... and ends here */
};

struct crypt_rsa {
	EVP_PKEY	*key;
};

_Static_assert(sizeof(SHA_CTX) <= sizeof(struct crypt_sha1_run),
    "struct crypt_sha1_run holds a SHA_CTX");

/* No memory, or a library that lost an algorithm it had: nothing that follows
 * would be safe. */
static void
must(int ok, const char *what)
{
	if (ok)
		return;
	log_err(LD_GENERAL, "cryptography fails: %s", what);
	abort();
}

static int
fail(int rc)
{
	ERR_clear_error();
	return rc;
}

void
crypt_init(void)
{
	if (alg.sha1 != NULL)
		return;
	alg.sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	alg.sha3 = EVP_MD_fetch(NULL, "SHA3-256", NULL);
	alg.shake256 = EVP_MD_fetch(NULL, "SHAKE256", NULL);
	alg.ctr128 = EVP_CIPHER_fetch(NULL, "AES-128-CTR", NULL);
	alg.ctr256 = EVP_CIPHER_fetch(NULL, "AES-256-CTR", NULL);
	alg.ecb128 = EVP_CIPHER_fetch(NULL, "AES-128-ECB", NULL);
	alg.sha1 = EVP_MD_fetch(NULL, "SHA1", NULL);
	must(alg.sha256 != NULL, "OpenSSL has no SHA-256");
	must(alg.sha3 != NULL, "OpenSSL has no SHA3-256");
	must(alg.shake256 != NULL, "OpenSSL has no SHAKE256");
	must(alg.ctr128 != NULL, "OpenSSL has no AES-128-CTR");
	must(alg.ctr256 != NULL, "OpenSSL has no AES-256-CTR");
	must(alg.ecb128 != NULL, "OpenSSL has no AES-128-ECB");
	must(alg.sha1 != NULL, "OpenSSL has no SHA-1");
}

/* --- digests --- */

void
crypt_sha1(uint8_t out[SHA1_LEN], const void *p, size_t len)
{
	must(EVP_Digest(p, len, out, NULL, alg.sha1, NULL), "SHA-1");
}

void
crypt_sha256(uint8_t out[SHA256_LEN], const void *p, size_t len)
{
	must(EVP_Digest(p, len, out, NULL, alg.sha256, NULL), "SHA-256");
}

void
crypt_sha3(uint8_t out[SHA3_LEN], const void *p, size_t len)
{
	must(EVP_Digest(p, len, out, NULL, alg.sha3, NULL), "SHA3-256");
}

void
crypt_hmac_sha256(uint8_t out[SHA256_LEN], const void *key, size_t keylen,
    const void *p, size_t len)
{
	must(keylen <= INT_MAX && HMAC(alg.sha256, keylen > 0 ? key : "",
	    (int)keylen, len > 0 ? p : (const void *)"", len, out, NULL) !=
	    NULL, "HMAC-SHA-256");
}

/* RFC 5869.  Block i of the output is HMAC(prk, block i-1 | info | i). */
void
crypt_hkdf_sha256(uint8_t *out, size_t outlen, const void *ikm, size_t ikmlen,
    const void *salt, size_t saltlen, const void *info, size_t infolen)
{
	uint8_t prk[SHA256_LEN], block[SHA256_LEN], in[SHA256_LEN + 256 + 1];
	size_t done, n, prev = 0;
	uint8_t i = 1;

	must(infolen <= 256 && outlen <= 255 * SHA256_LEN, "HKDF: too long");
	crypt_hmac_sha256(prk, salt, saltlen, ikm, ikmlen);
	for (done = 0; done < outlen; done += n, i++) {
		memcpy(in, block, prev);
		if (infolen > 0)
			memcpy(in + prev, info, infolen);
		in[prev + infolen] = i;
		crypt_hmac_sha256(block, prk, sizeof(prk), in,
		    prev + infolen + 1);
		prev = sizeof(block);
		n = outlen - done < prev ? outlen - done : prev;
		memcpy(out + done, block, n);
	}
	secret_wipe(prk, sizeof(prk));
	secret_wipe(block, sizeof(block));
	secret_wipe(in, sizeof(in));
}

void
crypt_shake256(uint8_t *out, size_t outlen, const void *p, size_t len)
{
	EVP_MD_CTX *c = EVP_MD_CTX_new();

	must(c != NULL && EVP_DigestInit_ex2(c, alg.shake256, NULL) == 1 &&
	    EVP_DigestUpdate(c, p, len) == 1 &&
	    EVP_DigestFinalXOF(c, out, outlen) == 1, "SHAKE256");
	EVP_MD_CTX_free(c);
}

void
crypt_sha1_begin(struct crypt_sha1_run *r)
{
	must(SHA1_Init((SHA_CTX *)(void *)r->w), "SHA-1");
}

void
crypt_sha1_add(struct crypt_sha1_run *r, const void *p, size_t len)
{
	SHA1_Update((SHA_CTX *)(void *)r->w, p, len);
}

void
crypt_sha1_end(struct crypt_sha1_run *r, uint8_t out[SHA1_LEN])
{
	SHA1_Final(out, (SHA_CTX *)(void *)r->w);
}

/* EVP is the only way to SHA3 that OpenSSL has; contexts are kept, so that a
 * copy does not allocate them anew. */
struct crypt_sha3_run {
	EVP_MD_CTX	*run;
	EVP_MD_CTX	*scratch;	/* what is finished in its place */
};

struct crypt_sha3_run *
crypt_sha3_new(void)
{
	struct crypt_sha3_run *r;

	if ((r = calloc(1, sizeof(*r))) == NULL)
		return NULL;
	r->run = EVP_MD_CTX_new();
	r->scratch = EVP_MD_CTX_new();
	if (r->run == NULL || r->scratch == NULL) {
		crypt_sha3_free(r);
		return NULL;
	}
	must(EVP_DigestInit_ex2(r->run, alg.sha3, NULL) == 1, "SHA3-256");
	return r;
}

/* OpenSSL wipes the state as it frees it. */
void
crypt_sha3_free(struct crypt_sha3_run *r)
{
	if (r == NULL)
		return;
	EVP_MD_CTX_free(r->run);
	EVP_MD_CTX_free(r->scratch);
	free(r);
}

void
crypt_sha3_add(struct crypt_sha3_run *r, const void *p, size_t len)
{
	must(EVP_DigestUpdate(r->run, p, len) == 1, "SHA3-256");
}

void
crypt_sha3_get(struct crypt_sha3_run *r, uint8_t out[SHA3_LEN])
{
	must(EVP_MD_CTX_copy_ex(r->scratch, r->run) == 1 &&
	    EVP_DigestFinal_ex(r->scratch, out, NULL) == 1, "SHA3-256");
}

void
crypt_sha3_copy(struct crypt_sha3_run *to, const struct crypt_sha3_run *from)
{
	must(EVP_MD_CTX_copy_ex(to->run, from->run) == 1, "SHA3-256");
}

/* --- AES-CTR --- */

struct crypt_ctr *
crypt_ctr_new(const uint8_t *key, size_t keylen)
{
	static const uint8_t iv[16];

	return crypt_ctr_new_iv(key, keylen, iv);
}

struct crypt_ctr *
crypt_ctr_new_iv(const uint8_t *key, size_t keylen, const uint8_t iv[16])
{
	const EVP_CIPHER *cipher;
	struct crypt_ctr *c;

	must(keylen == AES128_LEN || keylen == AES256_LEN, "AES key length");
	cipher = keylen == AES128_LEN ? alg.ctr128 : alg.ctr256;
	if ((c = calloc(1, sizeof(*c))) == NULL)
		return NULL;
	if ((c->evp = EVP_CIPHER_CTX_new()) == NULL ||
	    EVP_EncryptInit_ex2(c->evp, cipher, key, iv, NULL) != 1) {
		crypt_ctr_free(c);
		ERR_clear_error();
		return NULL;
	}
	return c;
}

void
crypt_ctr_free(struct crypt_ctr *c)
{
	if (c == NULL)
		return;
	EVP_CIPHER_CTX_free(c->evp);
	if (c->ahead != NULL)
		secret_wipe(c->ahead, c->len);
	free(c->ahead);
	free(c);
}

/* More key stream.  Once it is as long as it gets its memory is used again. */
static void
look_ahead(struct crypt_ctr *c)
{
	static const uint8_t zero[CTR_AHEAD_MAX];
	size_t len = c->len == 0 ? CTR_AHEAD_MIN : c->len * 2;
	int n;

	if (len > CTR_AHEAD_MAX)
		len = CTR_AHEAD_MAX;
	if (len != c->len) {
		if (c->ahead != NULL)
			secret_wipe(c->ahead, c->len);
		free(c->ahead);
		must((c->ahead = malloc(len)) != NULL, "no memory");
		c->len = len;
	}
	must(EVP_EncryptUpdate(c->evp, c->ahead, &n, zero, (int)len) == 1,
	    "AES-CTR");
	c->at = 0;
}

/* Spelt as vectors, because gcc 12 at -O2 makes no vectors of a plain loop:
 * 14 ns for a cell instead of 150.  A cell's end, too: of its 509 bytes 61 are
 * beyond what the large steps do, and one by one they took as long again. */
typedef uint64_t vec16 __attribute__((vector_size(16), aligned(1), may_alias));
typedef uint32_t word4 __attribute__((aligned(1), may_alias));

void
crypt_xor(uint8_t *restrict to, const uint8_t *restrict with, size_t len)
{
	const vec16 *b;
	vec16 *a;
	size_t i;

	for (i = 0; i + 64 <= len; i += 64) {
		a = (vec16 *)(void *)(to + i);
		b = (const vec16 *)(const void *)(with + i);
		a[0] ^= b[0];
		a[1] ^= b[1];
		a[2] ^= b[2];
		a[3] ^= b[3];
	}
	for (; i + 16 <= len; i += 16)
		*(vec16 *)(void *)(to + i) ^=
		    *(const vec16 *)(const void *)(with + i);
	for (; i + 4 <= len; i += 4)
		*(word4 *)(void *)(to + i) ^=
		    *(const word4 *)(const void *)(with + i);
	for (; i < len; i++)
		to[i] ^= with[i];
}

void
crypt_ctr_xor(struct crypt_ctr *c, uint8_t *inout, size_t len)
{
	size_t n;

	while (len > 0) {
		if (c->at == c->len)
			look_ahead(c);
		n = c->len - c->at < len ? c->len - c->at : len;
		crypt_xor(inout, c->ahead + c->at, n);
		c->at += n;
		inout += n;
		len -= n;
	}
}

/* --- AES of blocks --- */

struct crypt_aes {
	EVP_CIPHER_CTX	*evp;
};

static struct crypt_aes *
aes_new(const uint8_t key[AES128_LEN], int enc)
{
	struct crypt_aes *c;

	if ((c = calloc(1, sizeof(*c))) == NULL)
		return NULL;
	if ((c->evp = EVP_CIPHER_CTX_new()) == NULL ||
	    EVP_CipherInit_ex2(c->evp, alg.ecb128, key, NULL, enc, NULL) != 1) {
		crypt_aes_free(c);
		ERR_clear_error();
		return NULL;
	}
	return c;
}

struct crypt_aes *
crypt_aes_new_enc(const uint8_t key[AES128_LEN])
{
	return aes_new(key, 1);
}

struct crypt_aes *
crypt_aes_new_dec(const uint8_t key[AES128_LEN])
{
	return aes_new(key, 0);
}

void
crypt_aes_free(struct crypt_aes *c)
{
	if (c == NULL)
		return;
	EVP_CIPHER_CTX_free(c->evp);
	free(c);
}

void
crypt_aes_key(struct crypt_aes *c, const uint8_t key[AES128_LEN])
{
	must(EVP_CipherInit_ex2(c->evp, NULL, key, NULL, -1, NULL) == 1,
	    "AES key");
}

static void
ecb(struct crypt_aes *c, uint8_t *inout, size_t len)
{
	must(EVP_Cipher(c->evp, inout, inout, (unsigned)len) > 0, "AES-ECB");
}

void
crypt_aes_block(struct crypt_aes *c, uint8_t inout[16])
{
	ecb(c, inout, 16);
}

typedef uint8_t byte16 __attribute__((vector_size(16), aligned(1), may_alias));

void
crypt_aes_stream(struct crypt_aes *c, const uint8_t iv[16], uint8_t *out,
    size_t blocks)
{
	const byte16 one = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1 };
	byte16 v = *(const byte16 *)(const void *)iv;
	size_t i;

	must(iv[15] + blocks <= 256, "AES counter");
	for (i = 0; i < blocks; i++, v += one)
		*(byte16 *)(void *)(out + 16 * i) = v;
	ecb(c, out, 16 * blocks);
}

/* --- X25519 and Ed25519 --- */

int
crypt_x25519_pub(uint8_t pub[X25519_LEN], const uint8_t sec[X25519_LEN])
{
	EVP_PKEY *k;
	size_t len = X25519_LEN;
	int ok;

	k = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, sec,
	    X25519_LEN);
	if (k == NULL)
		return fail(-ENOMEM);
	ok = EVP_PKEY_get_raw_public_key(k, pub, &len);
	EVP_PKEY_free(k);
	return ok == 1 ? 0 : fail(-EIO);
}

int
crypt_x25519_new(uint8_t sec[X25519_LEN], uint8_t pub[X25519_LEN])
{
	uint8_t s[X25519_LEN];
	int rc;

	rand_bytes(s, sizeof(s));
	if ((rc = crypt_x25519_pub(pub, s)) == 0)
		memcpy(sec, s, sizeof(s));
	secret_wipe(s, sizeof(s));
	return rc;
}

static int
derive(EVP_PKEY *mine, EVP_PKEY *theirs, uint8_t out[X25519_LEN])
{
	EVP_PKEY_CTX *c = EVP_PKEY_CTX_new(mine, NULL);
	size_t len = X25519_LEN;
	int ok;

	ok = c != NULL && EVP_PKEY_derive_init(c) == 1 &&
	    EVP_PKEY_derive_set_peer_ex(c, theirs, 0) == 1 &&
	    EVP_PKEY_derive(c, out, &len) == 1 && len == X25519_LEN;
	EVP_PKEY_CTX_free(c);
	return ok;
}

int
crypt_dh(uint8_t out[X25519_LEN], const uint8_t sec[X25519_LEN],
    const uint8_t pub[X25519_LEN])
{
	uint8_t s[X25519_LEN];
	EVP_PKEY *mine, *theirs;
	int ok;

	mine = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, sec,
	    X25519_LEN);
	theirs = EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, NULL, pub,
	    X25519_LEN);
	ok = mine != NULL && theirs != NULL && derive(mine, theirs, s) &&
	    !secret_is_zero(s, sizeof(s));
	EVP_PKEY_free(mine);
	EVP_PKEY_free(theirs);
	if (ok)
		memcpy(out, s, sizeof(s));
	secret_wipe(s, sizeof(s));
	return ok ? 0 : fail(-EBADMSG);
}

int
crypt_ed25519_verify(const uint8_t pub[ED25519_LEN],
    const uint8_t sig[ED25519_SIG_LEN], const void *p, size_t len)
{
	EVP_PKEY *k;
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	int ok;

	k = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, pub,
	    ED25519_LEN);
	ok = c != NULL && k != NULL &&
	    EVP_DigestVerifyInit(c, NULL, NULL, NULL, k) == 1 &&
	    EVP_DigestVerify(c, sig, ED25519_SIG_LEN, p, len) == 1;
	EVP_MD_CTX_free(c);
	EVP_PKEY_free(k);
	return ok ? 0 : fail(-EBADMSG);
}

/* --- RSA and X.509 --- */

/* Takes @key, which may be NULL. */
static int
rsa_give(struct crypt_rsa **out, EVP_PKEY *key)
{
	struct crypt_rsa *r;
	int bits, rc = -EPROTO;

	if (key == NULL || !EVP_PKEY_is_a(key, "RSA"))
		goto fail_key;
	bits = EVP_PKEY_get_bits(key);
	if (bits < CRYPT_RSA_BITS_MIN || bits > CRYPT_RSA_BITS_MAX)
		goto fail_key;
	rc = -ENOMEM;
	if ((r = malloc(sizeof(*r))) == NULL)
		goto fail_key;
	r->key = key;
	*out = r;
	return 0;

fail_key:
	EVP_PKEY_free(key);
	return fail(rc);
}

int
crypt_rsa_from_der(struct crypt_rsa **out, const uint8_t *der, size_t len)
{
	const uint8_t *at = der;
	EVP_PKEY *key;

	if (len > CRYPT_DER_MAX)
		return -EPROTO;
	key = d2i_PublicKey(EVP_PKEY_RSA, NULL, &at, (long)len);
	if (key != NULL && at != der + len) {
		EVP_PKEY_free(key);
		key = NULL;
	}
	return rsa_give(out, key);
}

static X509 *
x509_from_der(const uint8_t *der, size_t len)
{
	const uint8_t *at = der;
	X509 *x;

	if (len > CRYPT_DER_MAX)
		return NULL;
	x = d2i_X509(NULL, &at, (long)len);
	if (x != NULL && at == der + len)
		return x;
	X509_free(x);
	ERR_clear_error();
	return NULL;
}

int
crypt_rsa_from_x509(struct crypt_rsa **out, const uint8_t *der, size_t len)
{
	X509 *x = x509_from_der(der, len);
	EVP_PKEY *key;

	if (x == NULL)
		return -EPROTO;
	key = X509_get_pubkey(x);
	X509_free(x);
	return rsa_give(out, key);
}

void
crypt_rsa_free(struct crypt_rsa *r)
{
	if (r == NULL)
		return;
	EVP_PKEY_free(r->key);
	free(r);
}

int
crypt_rsa_bits(const struct crypt_rsa *r)
{
	return EVP_PKEY_get_bits(r->key);
}

void
crypt_rsa_id(const struct crypt_rsa *r, uint8_t out[SHA1_LEN])
{
	uint8_t *der = NULL;
	int len;

	len = i2d_PublicKey(r->key, &der);
	must(len > 0, "RSA key has no DER");
	crypt_sha1(out, der, (size_t)len);
	OPENSSL_free(der);
}

int
crypt_rsa_verify(const struct crypt_rsa *r, const uint8_t *sig, size_t siglen,
    const uint8_t *digest, size_t digestlen)
{
	uint8_t got[CRYPT_RSA_BITS_MAX / 8];
	EVP_PKEY_CTX *c = EVP_PKEY_CTX_new(r->key, NULL);
	size_t len = sizeof(got);
	int ok;

	/* No digest is set, hence no DigestInfo is looked for. */
	ok = c != NULL && EVP_PKEY_verify_recover_init(c) == 1 &&
	    EVP_PKEY_CTX_set_rsa_padding(c, RSA_PKCS1_PADDING) == 1 &&
	    EVP_PKEY_verify_recover(c, got, &len, sig, siglen) == 1 &&
	    digestlen > 0 && len >= digestlen &&
	    secret_equal(got, digest, digestlen);
	EVP_PKEY_CTX_free(c);
	return ok ? 0 : fail(-EBADMSG);
}

static int
asn1_seconds(const ASN1_TIME *t, int64_t *out)
{
	struct tm tm;

	if (t == NULL || ASN1_TIME_to_tm(t, &tm) != 1)
		return -EPROTO;
	*out = (int64_t)timegm(&tm);
	return 0;
}

int
crypt_x509_check(const uint8_t *der, size_t len, const struct crypt_rsa *by,
    int64_t wall, int64_t past_slop, int64_t future_slop)
{
	X509 *x = x509_from_der(der, len);
	int64_t from, until;
	int rc = -EPROTO;

	if (x == NULL)
		return -EPROTO;
	if (asn1_seconds(X509_get0_notBefore(x), &from) < 0 ||
	    asn1_seconds(X509_get0_notAfter(x), &until) < 0)
		goto done;
	rc = -EBADMSG;
	if (X509_verify(x, by->key) != 1)
		goto done;
	rc = -ESTALE;
	if (from > wall + future_slop || until < wall - past_slop)
		goto done;
	rc = 0;
done:
	X509_free(x);
	return rc < 0 ? fail(rc) : 0;
}

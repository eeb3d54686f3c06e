/* onion/crypto/crypt.h - the primitives; the only door to OpenSSL's EVP
 *
 * Everything returns 0 or a negative errno; -EBADMSG is a signature or a point
 * that does not hold, -EPROTO what cannot be decoded or is not allowed.
 * Outputs are written only on success, except hashes and ciphers, which cannot
 * fail (without memory they end the program).  crypt_init() comes first and
 * fetches every algorithm once; a missing one ends the program.
 */
#ifndef ONION_CRYPTO_CRYPT_H
#define ONION_CRYPTO_CRYPT_H

#include <stddef.h>
#include <stdint.h>

enum {
	SHA1_LEN = 20, SHA256_LEN = 32, SHA3_LEN = 32, X25519_LEN = 32,
	ED25519_LEN = 32, ED25519_SIG_LEN = 64, AES128_LEN = 16, AES256_LEN = 32
};

enum {				/* what we take from others */
	CRYPT_RSA_BITS_MIN = 1024,
	CRYPT_RSA_BITS_MAX = 8192,
	CRYPT_DER_MAX	= 16384		/* bytes of a key or certificate */
};

void	crypt_init(void);

/* Digests in one go; crypt_sha3() is SHA3-256. */
void	crypt_sha1(uint8_t out[SHA1_LEN], const void *, size_t);
void	crypt_sha256(uint8_t out[SHA256_LEN], const void *, size_t);
void	crypt_sha3(uint8_t out[SHA3_LEN], const void *, size_t);
void	crypt_hmac_sha256(uint8_t out[SHA256_LEN], const void *key,
	    size_t keylen, const void *, size_t);
void	crypt_hkdf_sha256(uint8_t *out, size_t outlen, const void *ikm,
	    size_t ikmlen, const void *salt, size_t saltlen, const void *info,
	    size_t infolen);		/* RFC 5869; infolen <= 256 */
void	crypt_shake256(uint8_t *out, size_t outlen, const void *, size_t);

/* A running SHA-1, by value: a plain assignment forks it. */
struct crypt_sha1_run {
	uint32_t w[32];		/* opaque; holds OpenSSL's SHA_CTX */
};
void	crypt_sha1_begin(struct crypt_sha1_run *);
void	crypt_sha1_add(struct crypt_sha1_run *, const void *, size_t);
void	crypt_sha1_end(struct crypt_sha1_run *, uint8_t out[SHA1_LEN]);

/* A running SHA3-256.  _get() is the digest of all so far, and it goes on;
 * _copy() makes one what another is. */
struct crypt_sha3_run;
struct crypt_sha3_run *crypt_sha3_new(void);	/* NULL: no memory */
void	crypt_sha3_free(struct crypt_sha3_run *);
void	crypt_sha3_add(struct crypt_sha3_run *, const void *, size_t);
void	crypt_sha3_get(struct crypt_sha3_run *, uint8_t out[SHA3_LEN]);
void	crypt_sha3_copy(struct crypt_sha3_run *to,
	    const struct crypt_sha3_run *from);

/* AES in counter mode from IV 0; a stream that is never reset.  16 or 32
 * bytes of key.  Keeps up to 2 KiB of key stream ahead. */
struct crypt_ctr;
struct crypt_ctr *crypt_ctr_new(const uint8_t *key, size_t keylen);
struct crypt_ctr *crypt_ctr_new_iv(const uint8_t *key, size_t keylen,
	    const uint8_t iv[16]);
void	crypt_ctr_free(struct crypt_ctr *);
void	crypt_ctr_xor(struct crypt_ctr *, uint8_t *inout, size_t);

/* AES-128 of whole blocks, for keys that change often.  A changed key allocates
 * nothing. */
struct crypt_aes;
struct crypt_aes *crypt_aes_new_enc(const uint8_t key[AES128_LEN]);
struct crypt_aes *crypt_aes_new_dec(const uint8_t key[AES128_LEN]);
void	crypt_aes_free(struct crypt_aes *);
void	crypt_aes_key(struct crypt_aes *, const uint8_t key[AES128_LEN]);
void	crypt_aes_block(struct crypt_aes *, uint8_t inout[16]);
/* Of _enc: the key stream of counter mode from @iv.  Only its last byte counts,
 * and must not run over. */
void	crypt_aes_stream(struct crypt_aes *, const uint8_t iv[16],
	    uint8_t *out, size_t blocks);

/* @to ^= @with, fast. */
void	crypt_xor(uint8_t *to, const uint8_t *with, size_t);

/* X25519.  crypt_dh() gives -EBADMSG for a result of all zeros. */
int	crypt_x25519_new(uint8_t sec[X25519_LEN], uint8_t pub[X25519_LEN]);
int	crypt_x25519_pub(uint8_t pub[X25519_LEN],
	    const uint8_t sec[X25519_LEN]);
int	crypt_dh(uint8_t out[X25519_LEN], const uint8_t sec[X25519_LEN],
	    const uint8_t pub[X25519_LEN]);

int	crypt_ed25519_verify(const uint8_t pub[ED25519_LEN],
	    const uint8_t sig[ED25519_SIG_LEN], const void *, size_t);

/* RSA public keys.  Signatures of the directory and of cross-certificates are
 * PKCS#1 padding around a bare digest, without DigestInfo (dir-spec 1.3). */
struct crypt_rsa;
int	crypt_rsa_from_der(struct crypt_rsa **, const uint8_t *, size_t);
			/* PKCS#1 RSAPublicKey; nothing may follow it */
int	crypt_rsa_from_x509(struct crypt_rsa **, const uint8_t *, size_t);
void	crypt_rsa_free(struct crypt_rsa *);
int	crypt_rsa_bits(const struct crypt_rsa *);
void	crypt_rsa_id(const struct crypt_rsa *, uint8_t out[SHA1_LEN]);
			/* SHA-1 of the PKCS#1 DER: the relay fingerprint */
int	crypt_rsa_verify(const struct crypt_rsa *, const uint8_t *sig,
	    size_t siglen, const uint8_t *digest, size_t digestlen);
			/* the recovered bytes begin with @digest */

/* X.509: is @der signed by @by, and valid at @wall (with slop, seconds)?
 * -ESTALE: it was, or will be. */
int	crypt_x509_check(const uint8_t *der, size_t, const struct crypt_rsa *by,
	    int64_t wall, int64_t past_slop, int64_t future_slop);

#endif

/* onion/crypto/cert.h - certificates: who stands at the other end of a link
 *
 * Ed25519 certificates (cert-spec section 2) and the check of everything that
 * a relay shows in its CERTS cell (tor-spec 4.2).  Nothing here allocates or
 * keeps state; a parsed certificate borrows the bytes that it came from.
 *
 * Errors: -EMSGSIZE too short, -EPROTO malformed or forbidden, -EBADMSG a
 * signature or a binding that does not hold, -ESTALE expired or not yet valid,
 * -ENOENT a certificate that must be there is missing, -EEXIST one type twice.
 */
#ifndef ONION_CRYPTO_CERT_H
#define ONION_CRYPTO_CERT_H

#include <stddef.h>
#include <stdint.h>

enum cert_type {		/* CertType of tor-spec 4.2 and cert-spec A.1 */
	CERT_NONE	= 0,
	CERT_RSA_LINK	= 1,	/* X.509; means nothing beside Ed25519 ones */
	CERT_RSA_ID	= 2,	/* X.509, self-signed */
	CERT_SIGNING	= 4,	/* Ed25519 identity certifies signing key */
	CERT_LINK	= 5,	/* signing key certifies TLS certificate */
	CERT_CROSS	= 7,	/* RSA identity certifies Ed25519 identity */
	/* Of descriptors of onion services (rend-spec-v3 2.4, 2.5.2.2). */
	CERT_HS_SIGNING	= 8,	/* blinded key certifies signing key */
	CERT_HS_AUTH	= 9,	/* that, the key of an introduction point ... */
	CERT_HS_ENC	= 11	/* ... and its encryption key */
};

enum cert_key_type {		/* cert-spec A.2 */
	CERT_KEY_NONE	= 0,
	CERT_KEY_ED25519 = 1,
	CERT_KEY_RSA_SHA256 = 2,
	CERT_KEY_X509_SHA256 = 3
};

enum {
	CERT_BLOBS_MAX	= 32,	/* certificates that we look at in one cell */
	CERT_EXT_MAX	= 16	/* extensions in one Ed25519 certificate */
};

struct cert {			/* one Ed25519 certificate, parsed */
	uint8_t		 type;
	uint8_t		 key_type;
	uint8_t		 key[32];	/* the key or digest certified */
	int64_t		 expires;	/* s since 1970; whole hours */
	uint8_t		 has_signer;
	uint8_t		 signer[32];	/* extension 04; if has_signer */
	const uint8_t	*body;		/* what is signed; borrowed */
	size_t		 body_len;	/* the 64-byte signature follows */
};

/* The whole of the buffer must be the certificate.  Proves nothing. */
int	cert_parse(struct cert *, const uint8_t *, size_t);
/* Signed by @signer, and not expired at @wall?  Where the certificate names
 * another signer it is refused. */
int	cert_check(const struct cert *, const uint8_t signer[32],
	    int64_t wall);

/* One entry of a CERTS cell.  Borrowed from the cell. */
struct cert_blob {
	uint8_t		 type;
	size_t		 len;
	const uint8_t	*body;
};

struct certs_result {
	uint8_t	rsa[20];	/* SHA-1 of the RSA identity key */
	uint8_t	ed[32];		/* Ed25519 identity */
};

/* The body of a CERTS cell in pieces: their number, or a negative errno.
 * Bytes after the last one are ignored, as the specification wants. */
int	cert_split(struct cert_blob out[CERT_BLOBS_MAX], const uint8_t *body,
	    size_t len);

/* Do these certificates prove, for the TLS certificate whose SHA-256 (over its
 * DER) is @tls_sha256, an RSA and an Ed25519 identity that vouch for each
 * other?  @out is written only when all of it holds.  There is no fallback to
 * RSA alone.  @wall in s. */
int	cert_check_link(const struct cert_blob *certs, size_t n,
	    const uint8_t tls_sha256[32], int64_t wall,
	    struct certs_result *out);

#endif

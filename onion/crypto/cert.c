/* onion/crypto/cert.c - certificates: who stands at the other end of a link
 *
 * The chain that cert_check_link() follows, from what nobody can forge to what
 * we want to know:
 *
 *	TLS certificate  <-  5 link  <-  4 signing  <-  Ed25519 identity
 *						   <-  7 cross  <-  2 RSA id
 *
 * An RSA identity key of 1024 bits proves little today.  It stands here because
 * relays are still named by its fingerprint; whoever forges it has not forged
 * the Ed25519 identity, and who expects one compares that.
 */
#include "onion/crypto/cert.h"

#include <errno.h>
#include <string.h>

#include "base/wire.h"
#include "onion/crypto/crypt.h"

#define CROSS_PREFIX	"Tor TLS RSA/Ed25519 cross-certificate"

enum {
	VERSION		= 1,
	EXT_SIGNED_WITH	= 4,
	EXT_CRITICAL	= 1,	/* flag AFFECTS_VALIDATION */
	RSA_ID_BITS	= 1024,
	HOUR		= 3600
};

/* Clocks are wrong, and C tor is lenient with X.509 in just this way. */
static const int64_t past_slop = 2 * 24 * HOUR, future_slop = 30 * 24 * HOUR;

/* --- Ed25519 certificates --- */

static int
read_extension(struct wire *w, struct cert *c)
{
	struct wire body;
	uint8_t type, flags;
	size_t len = wire_u16(w);

	type = wire_u8(w);
	flags = wire_u8(w);
	wire_sub(w, &body, len);
	if (w->err != 0)
		return w->err;
	if (type != EXT_SIGNED_WITH)
		return flags & EXT_CRITICAL ? -EPROTO : 0;
	if (len != sizeof(c->signer) || c->has_signer)
		return -EPROTO;
	wire_copy(&body, c->signer, sizeof(c->signer));
	c->has_signer = 1;
	return 0;
}

int
cert_parse(struct cert *out, const uint8_t *p, size_t len)
{
	struct cert c = { 0 };
	struct wire w;
	uint8_t version;
	unsigned n;
	int rc;

	wire_init(&w, p, len);
	version = wire_u8(&w);
	c.type = wire_u8(&w);
	c.expires = (int64_t)wire_u32(&w) * HOUR;
	c.key_type = wire_u8(&w);
	wire_copy(&w, c.key, sizeof(c.key));
	n = wire_u8(&w);
	if (w.err == 0 && (version != VERSION || n > CERT_EXT_MAX))
		return -EPROTO;
	for (; n > 0; n--)
		if ((rc = read_extension(&w, &c)) < 0)
			return rc;
	c.body = p;
	c.body_len = len - wire_left(&w);
	(void)wire_take(&w, ED25519_SIG_LEN);
	if ((rc = wire_done(&w)) < 0)
		return rc;
	*out = c;
	return 0;
}

int
cert_check(const struct cert *c, const uint8_t signer[32], int64_t wall)
{
	if (c->has_signer && memcmp(c->signer, signer, 32) != 0)
		return -EBADMSG;
	if (c->expires < wall)
		return -ESTALE;
	return crypt_ed25519_verify(signer, c->body + c->body_len, c->body,
	    c->body_len);
}

/* --- the CERTS cell --- */

int
cert_split(struct cert_blob out[CERT_BLOBS_MAX], const uint8_t *body,
    size_t len)
{
	struct wire w;
	unsigned i, n;

	wire_init(&w, body, len);
	n = wire_u8(&w);
	if (n > CERT_BLOBS_MAX)
		return -EPROTO;
	for (i = 0; i < n; i++) {
		out[i].type = wire_u8(&w);
		out[i].len = wire_u16(&w);
		out[i].body = wire_take(&w, out[i].len);
	}
	return w.err != 0 ? w.err : (int)n;
}

static int
refuse_twins(const struct cert_blob *certs, size_t n)
{
	uint8_t seen[256] = { 0 };
	size_t i;

	for (i = 0; i < n; i++)
		if (seen[certs[i].type]++)
			return -EEXIST;
	return 0;
}

static const struct cert_blob *
find(const struct cert_blob *certs, size_t n, enum cert_type type)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (certs[i].type == type)
			return &certs[i];
	return NULL;
}

/* An Ed25519 certificate that says itself that it is of this type. */
static int
parse_as(struct cert *c, const struct cert_blob *b, enum cert_key_type key)
{
	int rc;

	if (b == NULL)
		return -ENOENT;
	if ((rc = cert_parse(c, b->body, b->len)) < 0)
		return rc;
	return c->type != b->type || c->key_type != key ? -EPROTO : 0;
}

/* Identity -> signing key -> TLS certificate; gives the identity. */
static int
check_ed(const struct cert_blob *certs, size_t n, const uint8_t tls[32],
    int64_t wall, uint8_t ed[32])
{
	struct cert signing, link;
	int rc;

	if ((rc = parse_as(&signing, find(certs, n, CERT_SIGNING),
	    CERT_KEY_ED25519)) < 0)
		return rc;
	if ((rc = parse_as(&link, find(certs, n, CERT_LINK),
	    CERT_KEY_X509_SHA256)) < 0)
		return rc;
	if (!signing.has_signer)
		return -EPROTO;
	if (memcmp(link.key, tls, 32) != 0)
		return -EBADMSG;
	if ((rc = cert_check(&signing, signing.signer, wall)) < 0)
		return rc;
	if ((rc = cert_check(&link, signing.key, wall)) < 0)
		return rc;
	memcpy(ed, signing.signer, 32);
	return 0;
}

/* cert-spec 2.3: ED25519_KEY (32) | EXPIRATION (4) | SIGLEN (1) | SIG, signed
 * over a prefix and what comes before SIGLEN. */
static int
check_cross(const struct cert_blob *b, const struct crypt_rsa *id,
    const uint8_t ed[32], int64_t wall)
{
	uint8_t in[sizeof(CROSS_PREFIX) - 1 + 36], digest[SHA256_LEN];
	const uint8_t *key, *sig;
	int64_t expires;
	struct wire w;
	struct pack p;
	size_t siglen;

	if (b == NULL)
		return -ENOENT;
	wire_init(&w, b->body, b->len);
	key = wire_take(&w, 32);
	expires = (int64_t)wire_u32(&w) * HOUR;
	siglen = wire_u8(&w);
	sig = wire_take(&w, siglen);
	if (wire_done(&w) < 0)
		return wire_done(&w);
	if (memcmp(key, ed, 32) != 0)
		return -EBADMSG;
	if (expires < wall)
		return -ESTALE;
	pack_init(&p, in, sizeof(in));
	pack_put(&p, CROSS_PREFIX, sizeof(CROSS_PREFIX) - 1);
	pack_put(&p, b->body, 36);
	crypt_sha256(digest, in, pack_len(&p));
	return crypt_rsa_verify(id, sig, siglen, digest, sizeof(digest));
}

/* RSA identity, self-signed, and its word for @ed; gives the fingerprint. */
static int
check_rsa(const struct cert_blob *certs, size_t n, const uint8_t ed[32],
    int64_t wall, uint8_t rsa[20])
{
	const struct cert_blob *b = find(certs, n, CERT_RSA_ID);
	struct crypt_rsa *id;
	int rc;

	if (b == NULL)
		return -ENOENT;
	if ((rc = crypt_rsa_from_x509(&id, b->body, b->len)) < 0)
		return rc;
	rc = -EPROTO;
	if (crypt_rsa_bits(id) != RSA_ID_BITS)
		goto done;
	if ((rc = crypt_x509_check(b->body, b->len, id, wall, past_slop,
	    future_slop)) < 0)
		goto done;
	if ((rc = check_cross(find(certs, n, CERT_CROSS), id, ed, wall)) < 0)
		goto done;
	crypt_rsa_id(id, rsa);
done:
	crypt_rsa_free(id);
	return rc;
}

int
cert_check_link(const struct cert_blob *certs, size_t n,
    const uint8_t tls_sha256[32], int64_t wall, struct certs_result *out)
{
	struct certs_result got;
	int rc;

	if ((rc = refuse_twins(certs, n)) < 0)
		return rc;
	if ((rc = check_ed(certs, n, tls_sha256, wall, got.ed)) < 0)
		return rc;
	if ((rc = check_rsa(certs, n, got.ed, wall, got.rsa)) < 0)
		return rc;
	*out = got;
	return 0;
}

/* tests/onion/crypto/mint.c - certificates made to order, good and bad */
#include "tests/onion/crypto/mint.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "base/wire.h"
#include "onion/crypto/crypt.h"

struct mint {
	EVP_PKEY	*rsa, *other;
	EVP_PKEY	*id, *signing;
};

static void
must(int ok)
{
	if (!ok)
		abort();
}

struct mint *
mint_new(int rsa_bits)
{
	struct mint *m = calloc(1, sizeof(*m));

	must(m != NULL);
	m->rsa = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)rsa_bits);
	m->other = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)1024);
	m->id = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	m->signing = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	must(m->rsa != NULL && m->other != NULL && m->id != NULL &&
	    m->signing != NULL);
	return m;
}

void
mint_free(struct mint *m)
{
	if (m == NULL)
		return;
	EVP_PKEY_free(m->rsa);
	EVP_PKEY_free(m->other);
	EVP_PKEY_free(m->id);
	EVP_PKEY_free(m->signing);
	free(m);
}

static void
ed_pub(EVP_PKEY *k, uint8_t out[32])
{
	size_t len = 32;

	must(EVP_PKEY_get_raw_public_key(k, out, &len) == 1);
}

void
mint_ids(struct mint *m, struct certs_result *out)
{
	uint8_t *der = NULL;
	int len = i2d_PublicKey(m->rsa, &der);

	must(len > 0);
	crypt_sha1(out->rsa, der, (size_t)len);
	OPENSSL_free(der);
	ed_pub(m->id, out->ed);
}

static void
ed_sign(EVP_PKEY *k, struct pack *p)
{
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	uint8_t sig[64];
	size_t len = sizeof(sig);

	must(c != NULL && EVP_DigestSignInit(c, NULL, NULL, NULL, k) == 1 &&
	    EVP_DigestSign(c, sig, &len, p->base, pack_len(p)) == 1);
	EVP_MD_CTX_free(c);
	pack_put(p, sig, sizeof(sig));
}

static void
put_ext(struct pack *p, uint8_t type, uint8_t flags, const void *body,
    size_t len)
{
	pack_u16(p, (uint16_t)len);
	pack_u8(p, type);
	pack_u8(p, flags);
	pack_put(p, body, len);
}

static void
put_head(struct pack *p, uint8_t version, uint8_t type, int64_t at,
    uint8_t key_type, const uint8_t key[32])
{
	pack_u8(p, version != 0 ? version : 1);
	pack_u8(p, type);
	pack_u32(p, (uint32_t)(at / 3600));
	pack_u8(p, key_type);
	pack_put(p, key, 32);
}

static void
make_signing(struct mint *m, int64_t wall, const struct mint_odd *o,
    struct pack *p)
{
	uint8_t key[32], id[32];
	int n = 1;

	ed_pub(m->signing, key);
	ed_pub(m->id, id);
	put_head(p, o->version, o->signing_type ? o->signing_type : 4,
	    o->signing_at ? o->signing_at : wall + 30 * 86400,
	    o->signing_key_type ? o->signing_key_type : 1, key);
	n += o->signer_twice - o->no_signer + (o->ext_type != 0);
	pack_u8(p, (uint8_t)n);
	if (o->ext_type != 0)
		put_ext(p, o->ext_type, o->ext_flags, "abc", 3);
	if (!o->no_signer)
		put_ext(p, 4, 0, id, 32);
	if (o->signer_twice)
		put_ext(p, 4, 0, id, 32);
	ed_sign(m->id, p);
}

static void
make_link(struct mint *m, const uint8_t tls[32], int64_t wall,
    const struct mint_odd *o, struct pack *p)
{
	uint8_t key[32];

	put_head(p, o->version, o->link_type ? o->link_type : 5,
	    o->link_at ? o->link_at : wall + 30 * 86400,
	    o->link_key_type ? o->link_key_type : 3, tls);
	ed_pub(o->link_names_other ? m->id : m->signing, key);
	pack_u8(p, o->link_names_other | o->link_names_signer);
	if (o->link_names_other | o->link_names_signer)
		put_ext(p, 4, 0, key, 32);
	ed_sign(o->link_by_id ? m->id : m->signing, p);
}

static void
make_x509(struct mint *m, const struct mint_odd *o, int64_t wall,
    struct pack *p)
{
	X509 *x = X509_new();
	X509_NAME *name;
	uint8_t *der = NULL;
	int len;

	must(x != NULL && X509_set_version(x, 2) == 1 &&
	    ASN1_INTEGER_set(X509_get_serialNumber(x), 7) == 1);
	name = X509_get_subject_name(x);
	must(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
	    (const uint8_t *)"www.a.net", -1, -1, 0) == 1);
	must(X509_set_issuer_name(x, name) == 1);
	must(ASN1_TIME_set(X509_getm_notBefore(x), (time_t)(wall +
	    (o->x509_from ? o->x509_from : -3600))) != NULL);
	must(ASN1_TIME_set(X509_getm_notAfter(x), (time_t)(wall +
	    (o->x509_until ? o->x509_until : 365 * 86400))) != NULL);
	must(X509_set_pubkey(x, m->rsa) == 1);
	must(X509_sign(x, o->x509_by_other ? m->other : m->rsa,
	    EVP_sha256()) > 0);
	must((len = i2d_X509(x, &der)) > 0);
	pack_put(p, der, (size_t)len);
	OPENSSL_free(der);
	X509_free(x);
}

static size_t
rsa_sign(EVP_PKEY *k, const uint8_t *digest, size_t len, uint8_t sig[512])
{
	EVP_PKEY_CTX *c = EVP_PKEY_CTX_new(k, NULL);
	size_t n = 512;

	must(c != NULL && EVP_PKEY_sign_init(c) == 1 &&
	    EVP_PKEY_CTX_set_rsa_padding(c, RSA_PKCS1_PADDING) == 1 &&
	    EVP_PKEY_sign(c, sig, &n, digest, len) == 1);
	EVP_PKEY_CTX_free(c);
	return n;
}

static void
make_cross(struct mint *m, int64_t wall, const struct mint_odd *o,
    struct pack *p)
{
	static const char prefix[] = "Tor TLS RSA/Ed25519 cross-certificate";
	uint8_t in[128], digest[32], sig[512], id[32];
	const struct mint *by = o->cross_by != NULL ? o->cross_by : m;
	struct pack q;
	size_t n;

	ed_pub(m->id, id);
	pack_put(p, id, 32);
	pack_u32(p, (uint32_t)((o->cross_at ? o->cross_at :
	    wall + 30 * 86400) / 3600));
	pack_init(&q, in, sizeof(in));
	if (!o->cross_no_prefix)
		pack_put(&q, prefix, strlen(prefix));
	pack_put(&q, p->base, pack_len(p));
	crypt_sha256(digest, in, pack_len(&q));
	n = rsa_sign(by->rsa, digest, o->cross_short_hash ? 20 : 32, sig);
	pack_u8(p, o->cross_siglen ? o->cross_siglen : (uint8_t)n);
	pack_put(p, sig, n);
}

void
mint_cell(struct mint *m, const uint8_t tls[32], int64_t wall,
    const struct mint_odd *odd, struct mint_cell *c)
{
	static const uint8_t types[4] = { 2, 4, 5, 7 };
	static const struct mint_odd none;
	const struct mint_odd *o = odd != NULL ? odd : &none;
	struct pack p[4];
	int i;

	for (i = 0; i < 4; i++)
		pack_init(&p[i], c->bytes[i], sizeof(c->bytes[i]));
	make_x509(m, o, wall, &p[0]);
	make_signing(m, wall, o, &p[1]);
	make_link(m, tls, wall, o, &p[2]);
	make_cross(m, wall, o, &p[3]);
	for (i = 0; i < 4; i++) {
		if (types[i] == o->trailing)
			pack_u8(&p[i], 0);
		must(p[i].err == 0);
		c->blobs[i].type = types[i];
		c->blobs[i].body = c->bytes[i];
		c->blobs[i].len = pack_len(&p[i]);
	}
}

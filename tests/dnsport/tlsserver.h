/* tests/dnsport/tlsserver.h - the other end of a TLS session, in memory
 *
 * With a certificate made on the spot, for the names asked for, signed by an
 * authority made on the spot.
 */
#ifndef TESTS_DNSPORT_TLSSERVER_H
#define TESTS_DNSPORT_TLSSERVER_H

#include <check.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <string.h>

struct tlsserver {
	SSL_CTX	*ctx;
	SSL	*ssl;
	BIO	*in, *out;
	char	 ca[8192];		/* PEM, of the authority */
	char	 sni[256];		/* that was asked for; "": none */
	char	 alpn[16];
};

static inline X509 *
tls_cert(EVP_PKEY *key, const char *cn, const char *names, X509 *issuer,
    EVP_PKEY *issuer_key, long days)
{
	X509 *c = X509_new();
	X509V3_CTX v3;
	X509_EXTENSION *ext;

	X509_set_version(c, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(c), issuer ? 2 : 1);
	X509_gmtime_adj(X509_getm_notBefore(c), -86400);
	X509_gmtime_adj(X509_getm_notAfter(c), days * 86400);
	X509_set_pubkey(c, key);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(c), "CN",
	    MBSTRING_ASC, (const unsigned char *)cn, -1, -1, 0);
	X509_set_issuer_name(c, X509_get_subject_name(issuer ? issuer : c));
	X509V3_set_ctx(&v3, issuer ? issuer : c, c, NULL, NULL, 0);
	ext = X509V3_EXT_conf_nid(NULL, &v3, issuer ? NID_subject_alt_name :
	    NID_basic_constraints, issuer ? names : "critical,CA:TRUE");
	ck_assert_ptr_nonnull(ext);
	X509_add_ext(c, ext, -1);
	X509_EXTENSION_free(ext);
	ck_assert_int_gt(X509_sign(c, issuer_key, EVP_sha256()), 0);
	return c;
}

static inline int
tls_on_alpn(SSL *ssl, const unsigned char **out, unsigned char *outlen,
    const unsigned char *in, unsigned inlen, void *arg)
{
	struct tlsserver *s = arg;

	(void)ssl;
	if (inlen < 2 || inlen - 1 >= sizeof(s->alpn))
		return SSL_TLSEXT_ERR_NOACK;
	memcpy(s->alpn, in + 1, inlen - 1);
	*out = in + 1;
	*outlen = in[0];
	return SSL_TLSEXT_ERR_OK;
}

/* @names as in openssl's configuration: "DNS:a.test,IP:192.0.2.1". */
static inline void
tlsserver_open(struct tlsserver *s, const char *names, long days)
{
	EVP_PKEY *ca_key = EVP_EC_gen("P-256"), *key = EVP_EC_gen("P-256");
	X509 *ca = tls_cert(ca_key, "authority", NULL, NULL, ca_key, 10);
	X509 *cert = tls_cert(key, "resolver", names, ca, ca_key, days);
	BIO *b = BIO_new(BIO_s_mem());

	memset(s, 0, sizeof(*s));
	PEM_write_bio_X509(b, ca);
	ck_assert_int_gt(BIO_read(b, s->ca, sizeof(s->ca) - 1), 0);
	BIO_free(b);
	s->ctx = SSL_CTX_new(TLS_server_method());
	SSL_CTX_use_certificate(s->ctx, cert);
	SSL_CTX_use_PrivateKey(s->ctx, key);
	SSL_CTX_set_alpn_select_cb(s->ctx, tls_on_alpn, s);
	s->ssl = SSL_new(s->ctx);
	s->in = BIO_new(BIO_s_mem());
	s->out = BIO_new(BIO_s_mem());
	SSL_set_bio(s->ssl, s->in, s->out);
	SSL_set_accept_state(s->ssl);
	X509_free(ca);
	X509_free(cert);
	EVP_PKEY_free(ca_key);
	EVP_PKEY_free(key);
}

static inline void
tlsserver_close(struct tlsserver *s)
{
	SSL_free(s->ssl);
	SSL_CTX_free(s->ctx);
}

/* Bytes from the client; what it said, in plain text, in @plain. */
static inline size_t
tlsserver_input(struct tlsserver *s, const void *p, size_t len, void *plain,
    size_t max)
{
	const char *sni;
	int n;

	if (len)
		BIO_write(s->in, p, (int)len);
	n = SSL_read(s->ssl, plain, (int)max);
	sni = SSL_get_servername(s->ssl, TLSEXT_NAMETYPE_host_name);
	if (sni)
		snprintf(s->sni, sizeof(s->sni), "%s", sni);
	return n > 0 ? (size_t)n : 0;
}

static inline size_t
tlsserver_output(struct tlsserver *s, void *p, size_t max)
{
	int n = BIO_read(s->out, p, (int)max);

	return n > 0 ? (size_t)n : 0;
}

#endif

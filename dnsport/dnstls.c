/* dnsport/dnstls.c - TLS to a resolver (RFC 7858), sans IO
 *
 * Theory of operation
 *	Two memory BIOs, one a direction.  All that came is read out at once, so
 *	neither keeps more than a record that is not whole.
 * Limits
 *	A record is 16 KiB by the protocol; the certificates of a handshake
 *	OpenSSL limits to 100 KiB.
 */
#include "dnsport/dnstls.h"

#include <errno.h>
#include <stdlib.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "base/addr.h"
#include "base/buf.h"

enum { GULP = 4096, PEM_MAX = 16 * 1024 * 1024 };

struct dnstls_ctx {
	SSL_CTX		*ssl;
};

struct dnstls {
	SSL		*ssl;
	BIO		*in, *out;	/* the SSL's */
};

/* --- whom to trust --- */

static int
trust(X509_STORE *store, const char *pem, size_t len)
{
	BIO *b = len <= PEM_MAX ? BIO_new_mem_buf(pem, (int)len) : NULL;
	X509 *cert;
	int n = 0;

	if (b == NULL)
		return -ENOMEM;
	while ((cert = PEM_read_bio_X509(b, NULL, NULL, NULL)) != NULL) {
		n += X509_STORE_add_cert(store, cert);
		X509_free(cert);
	}
	BIO_free(b);
	ERR_clear_error();	/* how the end of them is said */
	return n ? 0 : -EINVAL;
}

int
dnstls_ctx_new(struct dnstls_ctx **out, const char *pem, size_t len)
{
	static const uint8_t dot[] = { 3, 'd', 'o', 't' };
	struct dnstls_ctx *c = calloc(1, sizeof(*c));
	int rc = -ENOMEM;

	if (c == NULL)
		return rc;
	if ((c->ssl = SSL_CTX_new(TLS_client_method())) == NULL)
		goto fail;
	SSL_CTX_set_verify(c->ssl, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_session_cache_mode(c->ssl, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_options(c->ssl, SSL_OP_NO_TICKET |
	    SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
	if (!SSL_CTX_set_min_proto_version(c->ssl, TLS1_2_VERSION) ||
	    SSL_CTX_set_alpn_protos(c->ssl, dot, sizeof(dot)) != 0)
		goto fail;
	if (pem == NULL)
		rc = SSL_CTX_set_default_verify_paths(c->ssl) ? 0 : -ENOMEM;
	else
		rc = trust(SSL_CTX_get_cert_store(c->ssl), pem, len);
	if (rc < 0)
		goto fail;
	*out = c;
	return 0;

fail:
	dnstls_ctx_free(c);
	ERR_clear_error();
	return rc;
}

void
dnstls_ctx_free(struct dnstls_ctx *c)
{
	if (c == NULL)
		return;
	SSL_CTX_free(c->ssl);
	free(c);
}

/* --- a session --- */

/* The name in the certificate is to be this one.  Of an address none is said in
 * the handshake (RFC 6066). */
static int
expect(SSL *ssl, const char *name)
{
	struct addr a;

	if (addr_parse_ip(&a, name, -1) == 0)
		return X509_VERIFY_PARAM_set1_ip(SSL_get0_param(ssl), a.ip,
		    addr_iplen(&a)) == 1;
	SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	return SSL_set1_host(ssl, name) == 1 &&
	    SSL_set_tlsext_host_name(ssl, name) == 1;
}

static int
make_bios(struct dnstls *t)
{
	t->in = BIO_new(BIO_s_mem());
	t->out = BIO_new(BIO_s_mem());
	if (t->in == NULL || t->out == NULL) {
		BIO_free(t->in);
		BIO_free(t->out);
		return -ENOMEM;
	}
	SSL_set_bio(t->ssl, t->in, t->out);
	return 0;
}

int
dnstls_new(struct dnstls **out, struct dnstls_ctx *ctx, const char *name)
{
	struct dnstls *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return -ENOMEM;
	if ((t->ssl = SSL_new(ctx->ssl)) == NULL || make_bios(t) < 0 ||
	    !expect(t->ssl, name)) {
		dnstls_free(t);
		ERR_clear_error();
		return -ENOMEM;
	}
	SSL_set_connect_state(t->ssl);
	ERR_clear_error();
	(void)SSL_do_handshake(t->ssl);	/* says hello */
	*out = t;
	return 0;
}

void
dnstls_free(struct dnstls *t)
{
	if (t == NULL)
		return;
	SSL_free(t->ssl);
	free(t);
}

int
dnstls_is_up(const struct dnstls *t)
{
	return SSL_is_init_finished(t->ssl);
}

/* After a call that did not do all: 0 where it only waits. */
static int
why(const struct dnstls *t, int rc)
{
	switch (SSL_get_error(t->ssl, rc)) {
	case SSL_ERROR_WANT_READ:
	case SSL_ERROR_WANT_WRITE:
		return 0;
	case SSL_ERROR_ZERO_RETURN:
		return -ECONNRESET;
	default:
		return SSL_get_verify_result(t->ssl) != X509_V_OK ?
		    -EKEYREJECTED : -EPROTO;
	}
}

static int
read_out(struct dnstls *t, struct buf *plain)
{
	uint8_t gulp[GULP];
	int n;

	while ((n = SSL_read(t->ssl, gulp, sizeof(gulp))) > 0)
		if (buf_add(plain, gulp, (size_t)n) < 0)
			return -ENOBUFS;
	return why(t, n);
}

int
dnstls_input(struct dnstls *t, const void *p, size_t len, struct buf *plain)
{
	if (len > INT32_MAX || BIO_write(t->in, p, (int)len) != (int)len)
		return -ENOBUFS;
	ERR_clear_error();
	return read_out(t, plain);
}

int
dnstls_output(struct dnstls *t, const void *p, size_t len)
{
	int n;

	if (!dnstls_is_up(t))
		return -EAGAIN;
	ERR_clear_error();
	n = SSL_write(t->ssl, p, (int)len);
	if (n == (int)len)
		return 0;
	n = why(t, n);
	return n < 0 ? n : -EPROTO;
}

int
dnstls_pull(struct dnstls *t, struct buf *wire)
{
	uint8_t gulp[GULP];
	int n;

	while ((n = BIO_read(t->out, gulp, sizeof(gulp))) > 0)
		if (buf_add(wire, gulp, (size_t)n) < 0)
			return -ENOBUFS;
	return 0;
}

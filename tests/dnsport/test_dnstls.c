/* tests/dnsport/test_dnstls.c - TLS to a resolver: whom it believes */
#include "dnsport/dnstls.h"

#include <errno.h>

#include "base/buf.h"
#include "tests/dnsport/tlsserver.h"
#include "tests/unit.h"

enum { ROOM = 65536 };

static struct tlsserver server;
static struct dnstls_ctx *ctx;
static struct dnstls *tls;
static struct buf wire, plain;
static char heard[ROOM];
static size_t heard_len;

static void
open_tls(const char *names, long days, const char *want)
{
	heard_len = 0;
	buf_init(&wire, ROOM);
	buf_init(&plain, ROOM);
	tlsserver_open(&server, names, days);
	ck_assert_int_eq(dnstls_ctx_new(&ctx, server.ca, strlen(server.ca)),
	    0);
	ck_assert_int_eq(dnstls_new(&tls, ctx, want), 0);
}

static void
close_tls(void)
{
	dnstls_free(tls);
	dnstls_ctx_free(ctx);
	tlsserver_close(&server);
	buf_free(&wire);
	buf_free(&plain);
}

/* Carries bytes both ways until there are no more: what the client says. */
static int
carry(void)
{
	uint8_t b[ROOM];
	size_t n;
	int rc = 0, i;

	for (i = 0; i < 20 && rc == 0; i++) {
		ck_assert_int_eq(dnstls_pull(tls, &wire), 0);
		heard_len += tlsserver_input(&server, buf_head(&wire),
		    wire.len, heard + heard_len, ROOM - heard_len);
		buf_drain(&wire, wire.len);
		n = tlsserver_output(&server, b, sizeof(b));
		if (n)
			rc = dnstls_input(tls, b, n, &plain);
	}
	return rc;
}

static const struct { const char *has, *want; long days; int rc; } certs[] = {
	{ "DNS:dns.example.test", "dns.example.test", 5, 0 },
	{ "DNS:dns.example.test", "DNS.Example.Test", 5, 0 },
	{ "DNS:*.example.test", "dns.example.test", 5, 0 },
	{ "DNS:a.test,DNS:dns.example.test", "dns.example.test", 5, 0 },
	{ "IP:192.0.2.53", "192.0.2.53", 5, 0 },
	{ "IP:2001:db8::53", "2001:db8::53", 5, 0 },
	{ "DNS:dns.example.test", "example.test", 5, -EKEYREJECTED },
	{ "DNS:dns.example.test", "other.test", 5, -EKEYREJECTED },
	{ "DNS:*.example.test", "a.dns.example.test", 5, -EKEYREJECTED },
	{ "DNS:d*.example.test", "dns.example.test", 5, -EKEYREJECTED },
	{ "IP:192.0.2.53", "192.0.2.54", 5, -EKEYREJECTED },
	{ "DNS:192.0.2.53", "192.0.2.53", 5, -EKEYREJECTED },
	{ "DNS:dns.example.test", "192.0.2.53", 5, -EKEYREJECTED },
	{ "DNS:resolver2", "resolver", 5, -EKEYREJECTED },	/* CN is none */
	{ "DNS:dns.example.test", "dns.example.test", -1, -EKEYREJECTED },
};

START_TEST(dnstls_believes_a_certificate_for_its_name_only)
{
	open_tls(certs[_i].has, certs[_i].days, certs[_i].want);
	ck_assert_int_eq(carry(), certs[_i].rc);
	ck_assert_int_eq(dnstls_is_up(tls), certs[_i].rc == 0);
	close_tls();
}
END_TEST

START_TEST(dnstls_carries_bytes_both_ways_once_it_is_up)
{
	open_tls("DNS:dns.example.test", 5, "dns.example.test");
	ck_assert_int_eq(dnstls_output(tls, "early", 5), -EAGAIN);
	ck_assert_int_eq(carry(), 0);
	ck_assert_str_eq(server.sni, "dns.example.test");
	ck_assert_str_eq(server.alpn, "dot");
	ck_assert_int_eq(dnstls_output(tls, "question", 8), 0);
	ck_assert_int_eq(carry(), 0);
	ck_assert_uint_eq(heard_len, 8);
	ck_assert_mem_eq(heard, "question", 8);
	ck_assert_int_eq(SSL_write(server.ssl, "answer", 6), 6);
	ck_assert_int_eq(carry(), 0);
	ck_assert_uint_eq(plain.len, 6);
	close_tls();
}
END_TEST

START_TEST(dnstls_answer_byte_by_byte_is_read)
{
	uint8_t b[ROOM];
	size_t n, i;

	open_tls("DNS:dns.example.test", 5, "dns.example.test");
	ck_assert_int_eq(carry(), 0);
	SSL_write(server.ssl, "answer", 6);
	n = tlsserver_output(&server, b, sizeof(b));
	ck_assert_uint_gt(n, 6);
	for (i = 0; i < n; i++)
		ck_assert_int_eq(dnstls_input(tls, b + i, 1, &plain), 0);
	ck_assert_uint_eq(plain.len, 6);
	ck_assert_mem_eq(buf_head(&plain), "answer", 6);
	SSL_shutdown(server.ssl);
	n = tlsserver_output(&server, b, sizeof(b));
	ck_assert_int_eq(dnstls_input(tls, b, n, &plain), -ECONNRESET);
	close_tls();
}
END_TEST

START_TEST(dnstls_of_an_unknown_authority_is_not_believed)
{
	struct tlsserver other;

	open_tls("DNS:dns.example.test", 5, "dns.example.test");
	tlsserver_open(&other, "DNS:dns.example.test", 5);
	dnstls_free(tls);
	dnstls_ctx_free(ctx);
	ck_assert_int_eq(dnstls_ctx_new(&ctx, other.ca, strlen(other.ca)), 0);
	ck_assert_int_eq(dnstls_new(&tls, ctx, "dns.example.test"), 0);
	ck_assert_int_eq(carry(), -EKEYREJECTED);
	ck_assert(!dnstls_is_up(tls));
	ck_assert_int_eq(dnstls_output(tls, "no", 2), -EAGAIN);
	tlsserver_close(&other);
	close_tls();
}
END_TEST

START_TEST(dnstls_garbage_is_an_error)
{
	open_tls("DNS:dns.example.test", 5, "dns.example.test");
	ck_assert_int_lt(dnstls_input(tls, "HTTP/1.1 400 Bad Request\r\n", 26,
	    &plain), 0);
	close_tls();
}
END_TEST

START_TEST(dnstls_flipped_byte_is_an_error)
{
	uint8_t b[ROOM];
	size_t n;

	open_tls("DNS:dns.example.test", 5, "dns.example.test");
	ck_assert_int_eq(carry(), 0);
	SSL_write(server.ssl, "answer", 6);
	n = tlsserver_output(&server, b, sizeof(b));
	b[n - 1] ^= 1;
	ck_assert_int_eq(dnstls_input(tls, b, n, &plain), -EPROTO);
	ck_assert_uint_eq(plain.len, 0);
	close_tls();
}
END_TEST

START_TEST(dnstls_ctx_new_wants_certificates)
{
	static const char none[] = "# nothing\n";

	ck_assert_int_eq(dnstls_ctx_new(&ctx, none, sizeof(none) - 1),
	    -EINVAL);
	ck_assert_int_eq(dnstls_ctx_new(&ctx, none, 0), -EINVAL);
	ck_assert_int_eq(dnstls_ctx_new(&ctx, NULL, 0), 0);
	dnstls_ctx_free(ctx);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT_LOOP(dnstls_believes_a_certificate_for_its_name_only,
	    NELEM(certs)),
	UNIT(dnstls_carries_bytes_both_ways_once_it_is_up),
	UNIT(dnstls_answer_byte_by_byte_is_read),
	UNIT(dnstls_of_an_unknown_authority_is_not_believed),
	UNIT(dnstls_garbage_is_an_error),
	UNIT(dnstls_flipped_byte_is_an_error),
	UNIT(dnstls_ctx_new_wants_certificates),
};

UNIT_MAIN("dnstls", tests)

/* tests/daemon/test_httpconnect.c - requests for a tunnel, whole and in all
 * pieces */
#include "daemon/httpconnect.h"

#include <errno.h>
#include <string.h>

#include "base/why.h"
#include "tests/unit.h"

#define END	"\r\n\r\n"

struct heard {
	enum httpconnect_result r;
	size_t	used;
};

static struct heard
hear(struct httpconnect *h, const char *in, size_t len, size_t step)
{
	struct heard out = { HTTPCONNECT_MORE, 0 };
	size_t n, used;

	while (out.r == HTTPCONNECT_MORE && out.used < len) {
		n = len - out.used < step ? len - out.used : step;
		out.r = httpconnect_input(h, in + out.used, n, &used);
		ck_assert_uint_le(used, n);
		ck_assert(used == n || out.r != HTTPCONNECT_MORE);
		out.used += used;
	}
	return out;
}

static const struct {
	const char	*in, *host;
	uint16_t	 port;
	const char	*auth;
	size_t		 auth_len;
} good[] = {
	{ "CONNECT a.example:443 HTTP/1.1" END, "a.example", 443, NULL, 0 },
	{ "connect a.example:80 HTTP/1.0\r\nHost: b:1" END, "a.example", 80,
	    NULL, 0 },
	{ "CONNECT [2001:db8::1]:65535 HTTP/1.1\r\nContent-Length: 0" END,
	    "2001:db8::1", 65535, NULL, 0 },
	{ "CONNECT 1.2.3.4:1 HTTP/1.1\r\nX: \r\nUser-Agent: \xc3\xa4" END,
	    "1.2.3.4", 1, NULL, 0 },
	{ "CONNECT a:1 HTTP/1.1\r\nproxy-authorization:Basic dG9yOmE=  " END,
	    "a", 1, "\0\x0e" "Basic dG9yOmE=\0\0\0\0", 20 },
	{ "CONNECT a:1 HTTP/1.1\r\nX-Tor-Stream-Isolation: x y" END, "a", 1,
	    "\0\0\0\0\0\3x y", 9 },
	{ "CONNECT a:1 HTTP/1.1\r\nTor-Stream-Isolation: x y" END, "a", 1,
	    "\0\0\0\3x y\0\0", 9 },
};

START_TEST(httpconnect_input_request_in_any_pieces_is_the_same)
{
	const char *in = good[_i].in;
	size_t len = strlen(in), step;
	struct httpconnect h;
	struct heard got;
	char more[512];

	memcpy(more, in, len);
	memcpy(more + len, "\x16\3\1", 3);
	for (step = 1; step <= len + 3; step++) {
		httpconnect_init(&h);
		got = hear(&h, more, len + 3, step);
		ck_assert_msg(got.r == HTTPCONNECT_ASKED, "%s: %s", in, h.what);
		ck_assert_uint_eq(got.used, len);
		ck_assert_str_eq(h.host, good[_i].host);
		ck_assert_uint_eq(h.port, good[_i].port);
		ck_assert_uint_eq(h.auth_len, good[_i].auth_len);
		if (h.auth_len)
			ck_assert_mem_eq(h.auth, good[_i].auth, h.auth_len);
		httpconnect_fini(&h);
	}
}
END_TEST

/* Whoever is no client of ours learns nothing. */
static const char *const silent[] = {
	"\5\1\0" END, "\4\1" END, "\x16\3\1" END, "\r\n" END, " CONNECT" END,
	"GET / HTTP/1.1" END, "GET http://a/ HTTP/1.1\r\nHost: a" END,
	"OPTIONS * HTTP/1.1\r\nHost: evil.example" END,
	"CONNECT a:1" END, "CONNECT a:1 HTTP/2.0" END, "CONNECT  a:1 HTTP/1.1"
	END, "CONNECT a:1 HTTP/1.1 " END, "CONN(ECT a:1 HTTP/1.1" END,
	"CONNECT a:1 HTTP/1.1\nHost: b" END,
	"CONNECT a:1 HTTP/1.1\r\nHost b" END,
	"CONNECT a:1 HTTP/1.1\r\nHost : b" END,
	"CONNECT a:1 HTTP/1.1\r\nA: b\r\n c" END,
	"CONNECT a:1 HTTP/1.1\r\nA: b\rc" END,
	"CONNECT a:1 HTTP/1.1\r\nA: b\x01" END,
	"CONNECT a:1 HTTP/1.1\r\n: b" END,
	"CONNECT a:1 HTTP/1.1\r\nProxy-Authorization: a\r\n"
	"Proxy-Authorization: b" END,
	"GET / HTTP/1.1\r\nHost: 127.0.0.1.evil.example" END,
	"GET / HTTP/1.1\r\nHost: 128.0.0.1" END,
};

START_TEST(httpconnect_input_what_is_no_request_gets_no_answer)
{
	size_t len = strlen(silent[_i]), step;
	struct httpconnect h;
	struct heard got;

	for (step = 1; step <= len; step++) {
		httpconnect_init(&h);
		got = hear(&h, silent[_i], len, step);
		ck_assert_msg(got.r == HTTPCONNECT_OVER, "%s", silent[_i]);
		ck_assert_uint_eq(h.reply_len, 0);
		ck_assert_ptr_nonnull(h.what);
		httpconnect_fini(&h);
	}
}
END_TEST

START_TEST(httpconnect_input_nul_in_a_header_gets_no_answer)
{
	static const char in[] = "CONNECT a:1 HTTP/1.1\r\nA: b\0c" END;
	struct httpconnect h;

	httpconnect_init(&h);
	ck_assert_int_eq(hear(&h, in, sizeof(in) - 1, 5).r, HTTPCONNECT_OVER);
	ck_assert_uint_eq(h.reply_len, 0);
	httpconnect_fini(&h);
}
END_TEST

static const struct {
	const char	*in, *status;
} refused[] = {
	{ "CONNECT a HTTP/1.1" END, "HTTP/1.0 400 " },
	{ "CONNECT a:0 HTTP/1.1" END, "HTTP/1.0 400 " },
	{ "CONNECT a:65536 HTTP/1.1" END, "HTTP/1.0 400 " },
	{ "CONNECT a: HTTP/1.1" END, "HTTP/1.0 400 " },
	{ "CONNECT :80 HTTP/1.1" END, "HTTP/1.0 400 " },
	{ "CONNECT [::1] HTTP/1.1" END, "HTTP/1.0 400 " },
	{ "CONNECT ::1:80 HTTP/1.1" END, "HTTP/1.0 400 " },
	{ "CONNECT [a]:80 HTTP/1.1" END, "HTTP/1.0 400 " },
	{ "CONNECT http://a/:80 HTTP/1.1" END, "HTTP/1.0 400 " },
	{ "CONNECT a..b:80 HTTP/1.1" END, "HTTP/1.0 400 " },
	{ "CONNECT a:1 HTTP/1.1\r\nContent-Length: 5" END, "HTTP/1.0 400 " },
	{ "CONNECT a:1 HTTP/1.1\r\nTransfer-Encoding: chunked" END,
	    "HTTP/1.0 400 " },
	{ "CONNECT a:1 HTTP/1.1\r\nTor-RPC-Target: x" END, "HTTP/1.0 501 " },
	{ "GET / HTTP/1.1\r\nHost: localhost" END, "HTTP/1.0 405 " },
	{ "GET / HTTP/1.1\r\nHost: LOCALHOST:8118" END, "HTTP/1.0 405 " },
	{ "GET / HTTP/1.1\r\nHost: 127.9.9.9:8118" END, "HTTP/1.0 405 " },
	{ "GET / HTTP/1.1\r\nHost: [::1]:8118" END, "HTTP/1.0 405 " },
	{ "OPTIONS * HTTP/1.1\r\nHost: localhost" END, "HTTP/1.0 200 OK" },
};

START_TEST(httpconnect_input_what_cannot_be_is_answered)
{
	struct httpconnect h;

	httpconnect_init(&h);
	ck_assert_int_eq(hear(&h, refused[_i].in, strlen(refused[_i].in), 9).r,
	    HTTPCONNECT_OVER);
	ck_assert_msg(h.reply_len > 20 && memcmp(h.reply, refused[_i].status,
	    strlen(refused[_i].status)) == 0, "%s: %.20s", refused[_i].in,
	    h.reply);
	ck_assert_ptr_nonnull(memmem(h.reply, h.reply_len, END, 4));
	httpconnect_fini(&h);
}
END_TEST

START_TEST(httpconnect_input_name_of_more_than_255_is_too_long)
{
	struct httpconnect h;
	char in[400];

	memset(in, 'a', sizeof(in));
	memcpy(in, "CONNECT ", 8);
	strcpy(in + 8 + 256, ":1 HTTP/1.1" END);
	httpconnect_init(&h);
	ck_assert_int_eq(hear(&h, in, strlen(in), 64).r, HTTPCONNECT_OVER);
	ck_assert_mem_eq(h.reply, "HTTP/1.0 414 ", 13);
	httpconnect_fini(&h);
}
END_TEST

START_TEST(httpconnect_input_endless_header_ends)
{
	static char in[2 * HTTPCONNECT_IN_MAX];
	struct httpconnect h;
	struct heard got;

	memset(in, 'a', sizeof(in));
	memcpy(in, "CONNECT a:1 HTTP/1.1\r\nX: ", 25);
	httpconnect_init(&h);
	got = hear(&h, in, sizeof(in), 1000);
	ck_assert_int_eq(got.r, HTTPCONNECT_OVER);
	ck_assert_uint_eq(got.used, HTTPCONNECT_IN_MAX);
	ck_assert_uint_eq(h.reply_len, 0);
	ck_assert_uint_le(h.in_cap, HTTPCONNECT_IN_MAX);
	httpconnect_fini(&h);
}
END_TEST

static const struct {
	int		 why;
	const char	*status;
} whys[] = {
	{ 0, "200 OK\r\n" }, { -ENOENT, "503 " }, { -EHOSTUNREACH, "503 " },
	{ -ENETUNREACH, "503 " }, { -ECONNREFUSED, "403 " },
	{ -ECONNRESET, "403 " }, { -EACCES, "403 " }, { -ETIMEDOUT, "504 " },
	{ -EAGAIN, "502 " }, { -ENOMEM, "500 " },
	{ -WHY_HS_NOT_FOUND, "503 " }, { -WHY_HS_INVALID, "500 " },
	{ -WHY_HS_INTRO, "500 " }, { -WHY_HS_REND, "500 " },
	{ -WHY_HS_AUTH_MISSING, "500 " }, { -WHY_HS_AUTH_WRONG, "500 " },
	{ -WHY_HS_ADDRESS, "502 " }, { -WHY_HS_TIMEOUT, "504 " },
};

START_TEST(httpconnect_answer_has_the_status_of_the_reason)
{
	struct httpconnect h;

	httpconnect_init(&h);
	hear(&h, good[0].in, strlen(good[0].in), 64);
	httpconnect_answer(&h, whys[_i].why);
	ck_assert_mem_eq(h.reply, "HTTP/1.0 ", 9);
	ck_assert_mem_eq(h.reply + 9, whys[_i].status,
	    strlen(whys[_i].status));
	ck_assert_mem_eq(h.reply + h.reply_len - 4, END, 4);
	ck_assert((memmem(h.reply, h.reply_len, "Tor-Request-Failed: ", 20) !=
	    NULL) == (whys[_i].why != 0));
	httpconnect_fini(&h);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT_LOOP(httpconnect_input_request_in_any_pieces_is_the_same,
	    NELEM(good)),
	UNIT_LOOP(httpconnect_input_what_is_no_request_gets_no_answer,
	    NELEM(silent)),
	UNIT(httpconnect_input_nul_in_a_header_gets_no_answer),
	UNIT_LOOP(httpconnect_input_what_cannot_be_is_answered,
	    NELEM(refused)),
	UNIT(httpconnect_input_name_of_more_than_255_is_too_long),
	UNIT(httpconnect_input_endless_header_ends),
	UNIT_LOOP(httpconnect_answer_has_the_status_of_the_reason,
	    NELEM(whys)),
};

UNIT_MAIN("httpconnect", tests)

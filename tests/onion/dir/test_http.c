/* tests/onion/dir/test_http.c */
#include "onion/dir/http.h"

#include <errno.h>
#include <string.h>

#include "tests/unit.h"

#define HEAD_OK "HTTP/1.0 200 OK\r\n"

static const struct {
	const char	*name;
	const char	*text;
	int		 rc;		/* of the feed: 0 means "taken" */
	int		 status;
	enum http_coding coding;
	int64_t		 date;		/* -1: none */
	int64_t		 length;	/* -1: none */
	const char	*body;
} heads[] = {
	{ "plain", HEAD_OK "\r\nbody", 0, 200, HTTP_CODING_NONE, -1, -1,
	    "body" },
	{ "as tor writes it", HEAD_OK
	    "Date: Sun, 22 Nov 2026 22:45:00 GMT\r\n"
	    "Content-Type: text/plain\r\nX-Your-Address-Is: 127.0.0.1\r\n"
	    "Content-Encoding: deflate\r\nExpires: x\r\n\r\n",
	    0, 200, HTTP_CODING_DEFLATE, 1795387500, -1, "" },
	{ "bare newlines", "HTTP/1.1 404 Not found\n\n", 0, 404,
	    HTTP_CODING_NONE, -1, -1, "" },
	{ "no reason", "HTTP/1.0 503\r\n\r\n", 0, 503, HTTP_CODING_NONE, -1,
	    -1, "" },
	{ "length", HEAD_OK "content-length:  4 \r\n\r\nabcd", 0, 200,
	    HTTP_CODING_NONE, -1, 4, "abcd" },
	{ "the same length twice", HEAD_OK
	    "Content-Length: 4\r\nContent-Length: 4\r\n\r\n", 0, 200,
	    HTTP_CODING_NONE, -1, 4, "" },
	{ "gzip", HEAD_OK "Content-Encoding: x-gzip\r\n\r\n", 0, 200,
	    HTTP_CODING_GZIP, -1, -1, "" },
	{ "identity", HEAD_OK "Content-Encoding: identity\r\n\r\n", 0, 200,
	    HTTP_CODING_NONE, -1, -1, "" },
	{ "another coding", HEAD_OK "Content-Encoding: x-zstd\r\n\r\n", 0, 200,
	    HTTP_CODING_OTHER, -1, -1, "" },
	{ "a date that is none", HEAD_OK "Date: yesterday\r\n\r\n", 0, 200,
	    HTTP_CODING_NONE, -1, -1, "" },
	{ "two lengths", HEAD_OK
	    "Content-Length: 4\r\nContent-Length: 5\r\n\r\n", -EPROTO, 0,
	    HTTP_CODING_NONE, -1, -1, "" },
	{ "negative length", HEAD_OK "Content-Length: -4\r\n\r\n", -EPROTO, 0,
	    HTTP_CODING_NONE, -1, -1, "" },
	{ "huge length", HEAD_OK
	    "Content-Length: 99999999999999999999\r\n\r\n", -EPROTO, 0,
	    HTTP_CODING_NONE, -1, -1, "" },
	{ "not HTTP", "SSH-2.0-x\r\n\r\n", -EPROTO, 0, HTTP_CODING_NONE, -1, -1,
	    "" },
	{ "HTTP/2", "HTTP/2.0 200 OK\r\n\r\n", -EPROTO, 0, HTTP_CODING_NONE,
	    -1, -1, "" },
	{ "status 099", "HTTP/1.0 099 OK\r\n\r\n", -EPROTO, 0,
	    HTTP_CODING_NONE, -1, -1, "" },
	{ "status 600", "HTTP/1.0 600 OK\r\n\r\n", -EPROTO, 0,
	    HTTP_CODING_NONE, -1, -1, "" },
	{ "status of 4 digits", "HTTP/1.0 2000 OK\r\n\r\n", -EPROTO, 0,
	    HTTP_CODING_NONE, -1, -1, "" },
	{ "header without a colon", HEAD_OK "nonsense\r\n\r\n", -EPROTO, 0,
	    HTTP_CODING_NONE, -1, -1, "" },
	{ "header without a name", HEAD_OK ": v\r\n\r\n", -EPROTO, 0,
	    HTTP_CODING_NONE, -1, -1, "" },
	{ "nothing but a blank line", "\r\n\r\n", -EPROTO, 0, HTTP_CODING_NONE,
	    -1, -1, "" }
};

static void
check_head(size_t row, size_t chunk)
{
	size_t len = strlen(heads[row].text), at = 0, body = 0, n;
	char got[64] = "";
	struct http_resp r;
	int rc = 0;

	memset(&r, 0, sizeof(r));
	for (; at < len && rc >= 0; at += n) {
		n = len - at < chunk ? len - at : chunk;
		rc = http_feed(&r, heads[row].text + at, n);
		if (rc >= 0 && r.done) {
			memcpy(got + body, heads[row].text + at + rc,
			    n - (size_t)rc);
			body += n - (size_t)rc;
		}
	}
	if (heads[row].rc < 0) {
		ck_assert_msg(rc == heads[row].rc, "%s", heads[row].name);
		return;
	}
	ck_assert_msg(rc >= 0 && r.done, "%s", heads[row].name);
	ck_assert_int_eq(r.status, heads[row].status);
	ck_assert_int_eq(r.coding, heads[row].coding);
	ck_assert_int_eq(r.has_date, heads[row].date >= 0);
	if (r.has_date)
		ck_assert_int_eq(r.date, heads[row].date);
	ck_assert_int_eq(r.has_length, heads[row].length >= 0);
	if (r.has_length)
		ck_assert_uint_eq(r.length, (uint64_t)heads[row].length);
	ck_assert_str_eq(got, heads[row].body);
	ck_assert_uint_eq(r.got, body);
}

START_TEST(http_feed_any_pieces_gives_the_same)
{
	size_t chunk;

	for (chunk = 1; chunk < 200; chunk++)
		check_head((size_t)_i, chunk);
}
END_TEST

START_TEST(http_feed_endless_head_is_too_long)
{
	struct http_resp *r = calloc(1, sizeof(*r));
	char line[100];
	int rc = 0, i;

	memset(line, 'a', sizeof(line));
	line[3] = ':';
	line[99] = '\n';
	ck_assert_int_gt(http_feed(r, HEAD_OK, strlen(HEAD_OK)), 0);
	for (i = 0; i < 1000 && rc >= 0; i++)
		rc = http_feed(r, line, sizeof(line));
	ck_assert_int_eq(rc, -EMSGSIZE);
	ck_assert_int_lt(i, HTTP_HEAD_MAX / 100 + 2);
	free(r);
}
END_TEST

START_TEST(http_feed_nul_in_head_is_refused)
{
	static const char text[] = HEAD_OK "Da\0te: x\r\n\r\n";
	struct http_resp r;

	memset(&r, 0, sizeof(r));
	ck_assert_int_eq(http_feed(&r, text, sizeof(text) - 1), -EPROTO);
}
END_TEST

static const struct {
	const char	*text;
	int		 want;
} ends[] = {
	{ "HTTP/1.0 200 OK\r\n", -EPIPE },
	{ "", -EPIPE },
	{ HEAD_OK "\r\n", 0 },
	{ HEAD_OK "\r\nanything", 0 },
	{ HEAD_OK "Content-Length: 3\r\n\r\nab", -EPIPE },
	{ HEAD_OK "Content-Length: 3\r\n\r\nabc", 0 },
	{ HEAD_OK "Content-Length: 3\r\n\r\nabcd", -EPROTO }
};

START_TEST(http_end_holds_to_the_promised_length)
{
	struct http_resp r;

	memset(&r, 0, sizeof(r));
	ck_assert_int_ge(http_feed(&r, ends[_i].text, strlen(ends[_i].text)),
	    0);
	ck_assert_int_eq(http_end(&r), ends[_i].want);
}
END_TEST

START_TEST(http_get_writes_request)
{
	static const struct http_field f[] = {
		{ "Host", "127.0.0.1:5001" },
		{ "Accept-Encoding", "deflate, gzip, identity" }
	};
	static const char want[] = "GET /tor/keys/all.z HTTP/1.0\r\n"
	    "Host: 127.0.0.1:5001\r\n"
	    "Accept-Encoding: deflate, gzip, identity\r\n\r\n";
	char out[200];
	size_t max;
	int n;

	n = http_get(out, sizeof(out), "/tor/keys/all.z", f, 2);
	ck_assert_int_eq(n, (int)sizeof(want) - 1);
	ck_assert_str_eq(out, want);
	for (max = 0; max < sizeof(want); max++)
		ck_assert_int_eq(http_get(out, max, "/tor/keys/all.z", f, 2),
		    -ENOBUFS);
}
END_TEST

START_TEST(http_get_what_would_break_the_line_is_refused)
{
	static const struct http_field bad = { "Host", "a\r\nX: y" };
	char out[200];

	ck_assert_int_eq(http_get(out, sizeof(out), "/tor x", NULL, 0),
	    -EINVAL);
	ck_assert_int_eq(http_get(out, sizeof(out), "/tor\n", NULL, 0),
	    -EINVAL);
	ck_assert_int_eq(http_get(out, sizeof(out), "tor", NULL, 0), -EINVAL);
	ck_assert_int_eq(http_get(out, sizeof(out), "/tor", &bad, 1),
	    -EINVAL);
}
END_TEST

static const struct {
	const char	*text;
	int64_t		 wall;		/* -1: refused */
} dates[] = {
	{ "Sun, 06 Nov 1994 08:49:37 GMT", 784111777 },
	{ "Thu, 01 Jan 1970 00:00:00 GMT", 0 },
	{ "Fri, 31 Dec 9999 23:59:59 GMT", INT64_C(253402300799) },
	{ "Tue, 19 Jan 2038 03:14:08 GMT", INT64_C(2147483648) },
	{ "Sun, 06 Nov 1994 08:49:37 UTC", -1 },
	{ "Sun, 6 Nov 1994 08:49:37 GMT", -1 },
	{ "Sun, 00 Nov 1994 08:49:37 GMT", -1 },
	{ "Sun, 06 Nox 1994 08:49:37 GMT", -1 },
	{ "Sun, 06 Nov 1969 08:49:37 GMT", -1 },
	{ "Sun, 06 Nov 1994 24:49:37 GMT", -1 },
	{ "Sun, 06 Nov 1994 08:60:37 GMT", -1 },
	{ "Sun, 06 Nov 1994 08:49:3x GMT", -1 },
	{ "", -1 }
};

START_TEST(http_date_both_ways_agree)
{
	char out[HTTP_DATE_LEN];
	int64_t wall = -2;
	int rc;

	rc = http_date_parse(dates[_i].text, strlen(dates[_i].text), &wall);
	if (dates[_i].wall < 0) {
		ck_assert_int_eq(rc, -EINVAL);
		ck_assert_int_eq(wall, -2);
		return;
	}
	ck_assert_int_eq(rc, 0);
	ck_assert_int_eq(wall, dates[_i].wall);
	http_date_build(out, wall);
	ck_assert_str_eq(out, dates[_i].text);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT_LOOP(http_feed_any_pieces_gives_the_same, NELEM(heads)),
	UNIT(http_feed_endless_head_is_too_long),
	UNIT(http_feed_nul_in_head_is_refused),
	UNIT_LOOP(http_end_holds_to_the_promised_length, NELEM(ends)),
	UNIT(http_get_writes_request),
	UNIT(http_get_what_would_break_the_line_is_refused),
	UNIT_LOOP(http_date_both_ways_agree, NELEM(dates))
};

UNIT_MAIN("http", tests)

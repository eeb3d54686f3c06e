/* tests/onion/dir/test_inflate.c */
#include "onion/dir/inflate.h"

#include <errno.h>
#include <string.h>
#include <zlib.h>

#include "base/rand.h"
#include "tests/unit.h"

enum { ZLIB = 15, GZIP = 31, MAX = 1 << 20 };

/* Appends a stream of @text to *out. */
static void
squeeze(uint8_t **out, size_t *len, const void *text, size_t n, int window)
{
	z_stream z;
	size_t room;

	memset(&z, 0, sizeof(z));
	ck_assert_int_eq(deflateInit2(&z, 9, Z_DEFLATED, window, 8,
	    Z_DEFAULT_STRATEGY), Z_OK);
	room = deflateBound(&z, (uLong)n) + 64;
	*out = realloc(*out, *len + room);
	z.next_in = (Bytef *)(uintptr_t)text;
	z.avail_in = (uInt)n;
	z.next_out = *out + *len;
	z.avail_out = (uInt)room;
	ck_assert_int_eq(deflate(&z, Z_FINISH), Z_STREAM_END);
	*len += room - z.avail_out;
	deflateEnd(&z);
}

static uint8_t *
sample(size_t n)
{
	static const char hex[] = "0123456789abcdef";
	uint8_t *p = malloc(n + 1);
	size_t i;

	for (i = 0; i < n; i++)
		p[i] = (uint8_t)hex[rand_below(16)];
	p[n] = '\0';
	return p;
}

static int
feed(const uint8_t *p, size_t len, size_t chunk, size_t max, uint8_t **out,
    size_t *outlen)
{
	struct inflate *f;
	size_t at, n;
	int rc = 0;

	ck_assert_int_eq(inflate_new(&f, max), 0);
	for (at = 0; at < len && rc == 0; at += n) {
		n = len - at < chunk ? len - at : chunk;
		rc = inflate_feed(f, p + at, n);
		ck_assert_uint_le(inflate_size(f), max + 1);
	}
	if (rc == 0)
		rc = inflate_finish(f, out, outlen);
	else
		ck_assert_int_eq(inflate_feed(f, "x", 1), rc);
	inflate_free(f);
	return rc;
}

static const struct {
	const char	*name;
	int		 window;	/* 0: not compressed */
	size_t		 size, times, chunk;
} rounds[] = {
	{ "plain", 0, 5000, 1, 7 },
	{ "plain, one byte", 0, 1, 1, 1 },
	{ "nothing", 0, 0, 1, 1 },
	{ "zlib, bytewise", ZLIB, 5000, 1, 1 },
	{ "gzip, bytewise", GZIP, 5000, 1, 1 },
	{ "zlib at once", ZLIB, 300000, 1, SIZE_MAX },
	{ "gzip in pieces", GZIP, 300000, 1, 1000 },
	{ "zlib, three streams", ZLIB, 20000, 3, 333 },
	{ "gzip, three streams", GZIP, 20000, 3, 333 },
	{ "gzip, streams of nothing", GZIP, 0, 20, 3 }
};

START_TEST(inflate_gives_back_what_went_in)
{
	size_t n = rounds[_i].size, len = 0, outlen = 0, k;
	uint8_t *text = sample(n), *in = NULL, *out = NULL;

	if (rounds[_i].window == 0) {
		in = malloc(n + 1);
		memcpy(in, text, n);
		len = n;
	}
	for (k = 0; rounds[_i].window && k < rounds[_i].times; k++)
		squeeze(&in, &len, text, n, rounds[_i].window);
	ck_assert_msg(feed(in, len, rounds[_i].chunk, MAX, &out, &outlen) == 0,
	    "%s", rounds[_i].name);
	ck_assert_uint_eq(outlen, n * rounds[_i].times);
	for (k = 0; k < rounds[_i].times; k++)
		ck_assert_mem_eq(out + k * n, text, n);
	ck_assert_uint_eq(out[outlen], 0);
	free(out);
	free(in);
	free(text);
}
END_TEST

START_TEST(inflate_cut_short_anywhere_is_an_error)
{
	uint8_t *text = sample(3000), *in = NULL, *out;
	size_t len = 0, outlen, cut;
	int rc;

	squeeze(&in, &len, text, 3000, _i ? GZIP : ZLIB);
	for (cut = 2; cut < len; cut++) {
		rc = feed(in, cut, 100, MAX, &out, &outlen);
		ck_assert_int_eq(rc, -EPIPE);
	}
	free(in);
	free(text);
}
END_TEST

/* The first two bytes tell what it is: spoilt, they make it plain text.  Bits
 * that pad the last block mean nothing, and Adler-32 misses a little.  (What
 * counts is signed or named by its digest anyway.) */
START_TEST(inflate_flipped_bit_is_nearly_always_noticed)
{
	uint8_t *text = sample(2000), *in = NULL, *out;
	size_t len = 0, outlen, i, failed = 0;

	squeeze(&in, &len, text, 2000, ZLIB);
	for (i = 0; i < len * 8; i++) {
		in[i / 8] ^= (uint8_t)(1 << i % 8);
		out = NULL;
		if (feed(in, len, 64, MAX, &out, &outlen) < 0)
			failed++;
		else if (i < 16)
			ck_assert_mem_eq(out, in, len);
		free(out);
		in[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	ck_assert_uint_gt(failed, len * 8 - 16 - 8 - len / 100);
	free(in);
	free(text);
}
END_TEST

START_TEST(inflate_junk_after_a_stream_is_refused)
{
	uint8_t *text = sample(100), *in = NULL, *out;
	size_t len = 0, outlen;

	squeeze(&in, &len, text, 100, _i ? GZIP : ZLIB);
	in = realloc(in, len + 2);
	memcpy(in + len, "xy", 2);
	ck_assert_int_eq(feed(in, len + 2, 50, MAX, &out, &outlen), -EBADMSG);
	ck_assert_int_eq(feed(in, len + 1, 50, MAX, &out, &outlen), -EBADMSG);
	free(in);
	free(text);
}
END_TEST

START_TEST(inflate_bomb_fails_soon_after_the_grace)
{
	size_t n = 8 << 20, len = 0, outlen;
	uint8_t *zeros = calloc(1, n), *in = NULL, *out;
	struct inflate *f;

	squeeze(&in, &len, zeros, n, GZIP);
	ck_assert_int_eq(feed(in, len, 512, 64 << 20, &out, &outlen), -E2BIG);
	ck_assert_int_eq(inflate_new(&f, 64 << 20), 0);
	ck_assert_int_eq(inflate_feed(f, in, len), -E2BIG);
	ck_assert_uint_lt(inflate_size(f), 1 << 20);
	inflate_free(f);
	free(in);
	free(zeros);
}
END_TEST

START_TEST(inflate_bomb_of_many_small_streams_fails_too)
{
	uint8_t *zeros = calloc(1, 60000), *in = NULL, *out;
	size_t len = 0, outlen;
	int i;

	for (i = 0; i < 20; i++)	/* each within the grace by itself */
		squeeze(&in, &len, zeros, 60000, ZLIB);
	ck_assert_int_eq(feed(in, len, 512, 64 << 20, &out, &outlen), -E2BIG);
	free(in);
	free(zeros);
}
END_TEST

START_TEST(inflate_ceiling_is_exact)
{
	uint8_t *text = sample(5000), *in = NULL, *out;
	size_t len = 0, outlen;
	int window = _i == 0 ? 0 : _i == 1 ? ZLIB : GZIP;

	if (window)
		squeeze(&in, &len, text, 5000, window);
	else {
		in = malloc(5000);
		memcpy(in, text, 5000);
		len = 5000;
	}
	ck_assert_int_eq(feed(in, len, 999, 4999, &out, &outlen), -EMSGSIZE);
	ck_assert_int_eq(feed(in, len, 999, 5000, &out, &outlen), 0);
	ck_assert_uint_eq(outlen, 5000);
	free(out);
	free(in);
	free(text);
}
END_TEST

START_TEST(inflate_endless_streams_of_nothing_end_at_the_ceiling)
{
	uint8_t *in = NULL;
	struct inflate *f;
	size_t len = 0, fed = 0;
	int rc = 0;

	squeeze(&in, &len, "", 0, GZIP);
	ck_assert_int_eq(inflate_new(&f, 1000), 0);
	for (; rc == 0 && fed < 1 << 20; fed += len)
		rc = inflate_feed(f, in, len);
	ck_assert_int_eq(rc, -EMSGSIZE);
	ck_assert_uint_lt(fed, 100 * 1024);
	inflate_free(f);
	free(in);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT_LOOP(inflate_gives_back_what_went_in, NELEM(rounds)),
	UNIT_LOOP(inflate_cut_short_anywhere_is_an_error, 2),
	UNIT(inflate_flipped_bit_is_nearly_always_noticed),
	UNIT_LOOP(inflate_junk_after_a_stream_is_refused, 2),
	UNIT(inflate_bomb_fails_soon_after_the_grace),
	UNIT(inflate_bomb_of_many_small_streams_fails_too),
	UNIT_LOOP(inflate_ceiling_is_exact, 3),
	UNIT(inflate_endless_streams_of_nothing_end_at_the_ceiling)
};

UNIT_MAIN("inflate", tests)

/* tests/onion/dir/test_netdoc.c */
#include "onion/dir/netdoc.h"

#include "tests/onion/dir/dirtest.h"

static struct slice
slice(const char *s)
{
	struct slice out = { s, strlen(s) };

	return out;
}

#define OBJECT "-----BEGIN THING-----\nAAEC\n-----END THING-----\n"

static const struct {
	const char	*text;
	int		 items;		/* before the end or the error */
	int		 rc;		/* of the last call */
} doc_cases[] = {
	{ "", 0, 0 },
	{ "\n\n", 0, 0 },
	{ "a\n", 1, 0 },
	{ "a b c\nd\n", 2, 0 },
	{ "a\n\n\nb\n", 2, 0 },
	{ "opt a b\n", 1, 0 },
	{ "a", 0, -EBADMSG },
	{ "a\nb", 1, -EBADMSG },
	{ " a\n", 0, -EBADMSG },
	{ "a\n\tb\n", 1, -EBADMSG },
	{ "a\r\n", 0, -EBADMSG },
	/* UTF-8 (proposal 285) */
	{ "a \xc3\xa9 \xe2\x82\xac \xf0\x9f\xa7\x85\n", 1, 0 },
	{ "a \xed\x9f\xbf \xee\x80\x80 \xf4\x8f\xbf\xbf\n", 1, 0 },
	{ "a \xe9\n", 0, -EBADMSG },		/* Latin-1 */
	{ "a\nb \x80\n", 0, -EBADMSG },
	{ "a \xc0\xaf\n", 0, -EBADMSG },	/* '/', too long */
	{ "a \xc1\xbf\n", 0, -EBADMSG },
	{ "a \xe0\x9f\xbf\n", 0, -EBADMSG },
	{ "a \xf0\x8f\xbf\xbf\n", 0, -EBADMSG },
	{ "a \xed\xa0\x80\n", 0, -EBADMSG },	/* a surrogate */
	{ "a \xf4\x90\x80\x80\n", 0, -EBADMSG }, /* U+110000 */
	{ "a \xf8\x88\x80\x80\x80\n", 0, -EBADMSG },
	{ "a \xe2\x82\n", 0, -EBADMSG },	/* cut short */
	{ "a \xe2\x82", 0, -EBADMSG },
	{ "a \xf0\x9f\xa7", 0, -EBADMSG },
	{ "a \xff\xfe\n", 0, -EBADMSG },
	{ "a\n" OBJECT, 1, 0 },
	{ "a\n" OBJECT "b\n", 2, 0 },
	{ "a\n-----BEGIN THING-----\nAAEC\n-----END THING-----", 0, -EBADMSG },
	{ "a\n-----BEGIN THING-----\nAAEC\n-----END THIN-----\n", 0,
	    -EBADMSG },
	{ "a\n-----BEGIN THING-----\nAAEC\n-----END THING----\n", 0,
	    -EBADMSG },
	{ "a\n-----BEGIN THING-----\nAAEC\n", 0, -EBADMSG },
	{ "a\n-----BEGIN THING-----\n", 0, -EBADMSG },
	{ "a\n-----BEGIN THING----\nAAEC\n-----END THING----\n", 0,
	    -EBADMSG },
	{ "a\n-----BEGIN -----\nAAEC\n-----END -----\n", 0, -EBADMSG },
	{ "a\n-----BEGIN A-----\n-----BEGIN A-----\n-----END A-----\n", 0,
	    -EBADMSG },
	{ "a\n-----BEGIN A-----\n-----END A-----\n", 1, 0 },
};

START_TEST(netdoc_next_walks_items_or_says_where_it_is_bad)
{
	struct text t = text_copy(doc_cases[_i].text,
	    strlen(doc_cases[_i].text));
	struct netdoc d;
	struct netdoc_item it;
	int n = 0, rc;

	netdoc_init(&d, t.p, t.len);
	while ((rc = netdoc_next(&d, &it)) > 0)
		n++;
	if (rc < 0 && d.err == rc && netdoc_next(&d, &it) != rc)
		ck_abort_msg("the error does not latch");
	ck_assert_msg(rc == doc_cases[_i].rc, "rc %d in %s", rc,
	    doc_cases[_i].text);
	ck_assert_int_eq(n, doc_cases[_i].items);
	free(t.p);
}
END_TEST

START_TEST(netdoc_init_nul_anywhere_is_bad)
{
	char text[] = "abc def\nghi\n";
	struct netdoc d;
	struct netdoc_item it;
	size_t i;

	for (i = 0; i < sizeof(text) - 1; i++) {
		char was = text[i];

		text[i] = '\0';
		netdoc_init(&d, text, sizeof(text) - 1);
		ck_assert_int_eq(netdoc_next(&d, &it), -EBADMSG);
		text[i] = was;
	}
	netdoc_init(&d, text, sizeof(text) - 1);
	ck_assert_int_eq(netdoc_next(&d, &it), 1);
}
END_TEST

START_TEST(netdoc_next_line_of_the_greatest_length_is_the_last_good_one)
{
	size_t len = NETDOC_LINE_MAX + 2;
	char *text = malloc(len);
	struct netdoc d;
	struct netdoc_item it;

	memset(text, 'x', len);
	text[NETDOC_LINE_MAX] = '\n';
	netdoc_init(&d, text, NETDOC_LINE_MAX + 1);
	ck_assert_int_eq(netdoc_next(&d, &it), 1);
	ck_assert_uint_eq(it.key.len, NETDOC_LINE_MAX);
	text[NETDOC_LINE_MAX] = 'x';
	text[NETDOC_LINE_MAX + 1] = '\n';
	netdoc_init(&d, text, len);
	ck_assert_int_eq(netdoc_next(&d, &it), -EBADMSG);
	free(text);
}
END_TEST

START_TEST(netdoc_next_gives_exact_places)
{
	static const char text[] = "key  one\ttwo \n" OBJECT "next\n";
	struct netdoc d;
	struct netdoc_item it;
	struct slice arg;
	uint8_t bytes[8];

	netdoc_init(&d, text, sizeof(text) - 1);
	ck_assert_int_eq(netdoc_next(&d, &it), 1);
	ck_assert(netdoc_is(&it, "key"));
	ck_assert(!netdoc_is(&it, "ke"));
	ck_assert(!netdoc_is(&it, "keys"));
	ck_assert_ptr_eq(it.begin, text);
	ck_assert_ptr_eq(it.end, strstr(text, "next"));
	ck_assert(netdoc_eq(it.type, "THING"));
	ck_assert(netdoc_eq(it.rest, "one\ttwo "));
	ck_assert_int_eq(netdoc_arg(&it.rest, &arg), 1);
	ck_assert(netdoc_eq(arg, "one"));
	ck_assert_int_eq(netdoc_arg(&it.rest, &arg), 1);
	ck_assert(netdoc_eq(arg, "two"));
	ck_assert_int_eq(netdoc_arg(&it.rest, &arg), 0);
	ck_assert_int_eq(netdoc_object(&it, "THING", bytes, 3), 3);
	ck_assert_mem_eq(bytes, "\0\1\2", 3);
	ck_assert_int_eq(netdoc_object(&it, "THING", bytes, 2), -EBADMSG);
	ck_assert_int_eq(netdoc_object(&it, "OTHER", bytes, 8), -EBADMSG);
	ck_assert_int_eq(netdoc_next(&d, &it), 1);
	ck_assert_uint_eq(it.type.len, 0);
	ck_assert_int_eq(netdoc_object(&it, "", bytes, 8), -EBADMSG);
}
END_TEST

static const struct {
	const char	*text;
	int		 rc;
	uint32_t	 want;
} u32_cases[] = {
	{ "0", 0, 0 }, { "1", 0, 1 }, { "007", 0, 7 },
	{ "4294967295", 0, UINT32_MAX }, { "4294967296", -EBADMSG, 0 },
	{ "9999999999", -EBADMSG, 0 }, { "18446744073709551617", -EBADMSG, 0 },
	{ "", -EBADMSG, 0 }, { "-1", -EBADMSG, 0 }, { "+1", -EBADMSG, 0 },
	{ "1 ", -EBADMSG, 0 }, { " 1", -EBADMSG, 0 }, { "0x1", -EBADMSG, 0 },
	{ "1.0", -EBADMSG, 0 },
};

START_TEST(netdoc_u32_takes_digits_in_range_only)
{
	uint32_t v = 0;

	ck_assert_int_eq(netdoc_u32(&v, slice(u32_cases[_i].text), 0,
	    UINT32_MAX), u32_cases[_i].rc);
	ck_assert_uint_eq(v, u32_cases[_i].want);
}
END_TEST

static const struct {
	const char	*text;
	int		 rc;
	int32_t		 want;
} i32_cases[] = {
	{ "0", 0, 0 }, { "-0", 0, 0 }, { "2147483647", 0, INT32_MAX },
	{ "2147483648", -EBADMSG, 0 }, { "-2147483648", 0, INT32_MIN },
	{ "-2147483649", -EBADMSG, 0 }, { "-", -EBADMSG, 0 },
	{ "--1", -EBADMSG, 0 }, { "", -EBADMSG, 0 },
};

START_TEST(netdoc_i32_takes_the_whole_range_and_no_more)
{
	int32_t v = 0;

	ck_assert_int_eq(netdoc_i32(&v, slice(i32_cases[_i].text)),
	    i32_cases[_i].rc);
	ck_assert_int_eq(v, i32_cases[_i].want);
}
END_TEST

static const struct {
	const char	*text;
	int		 rc;
	int64_t		 want;
} time_cases[] = {
	{ "1970-01-01 00:00:00", 0, 0 },
	{ "2000-02-29 12:00:01", 0, 951825601 },
	{ "2026-11-22 23:07:50", 0, VECTOR_TIME },
	{ "2038-01-01 00:00:00", 0, INT64_C(2145916800) },
	{ "2038-01-19 03:14:08", 0, INT64_C(2147483648) },
	{ "2100-02-28 00:00:00", 0, INT64_C(4107456000) },
	{ "2106-02-07 06:28:16", 0, INT64_C(4294967296) },
	{ "9999-12-31 23:59:59", 0, INT64_C(253402300799) },
	{ "2100-02-29 00:00:00", -EBADMSG, 0 },
	{ "2026-02-29 00:00:00", -EBADMSG, 0 },
	{ "2026-13-01 00:00:00", -EBADMSG, 0 },
	{ "2026-00-01 00:00:00", -EBADMSG, 0 },
	{ "2026-04-31 00:00:00", -EBADMSG, 0 },
	{ "2026-01-00 00:00:00", -EBADMSG, 0 },
	{ "1969-12-31 23:59:59", -EBADMSG, 0 },
	{ "2026-01-01 24:00:00", -EBADMSG, 0 },
	{ "2026-01-01 00:60:00", -EBADMSG, 0 },
	{ "2026-01-01 00:00:61", -EBADMSG, 0 },
	{ "2026-01-01T00:00:00", -EBADMSG, 0 },
	{ "2026-01-01 00:00:00 ", -EBADMSG, 0 },
	{ "2026-1-01 00:00:000", -EBADMSG, 0 },
	{ "2026-01-01 00:00", -EBADMSG, 0 },
	{ "", -EBADMSG, 0 },
};

START_TEST(netdoc_time_knows_the_calendar)
{
	int64_t t = 0;

	ck_assert_int_eq(netdoc_time(&t, slice(time_cases[_i].text)),
	    time_cases[_i].rc);
	ck_assert_int_eq(t, time_cases[_i].want);
}
END_TEST

START_TEST(netdoc_time_text_is_read_back_for_any_day)
{
	char out[20];
	int64_t t, back;

	for (t = 0; t < INT64_C(253402300800); t += 86400 * 97 + 12345) {
		netdoc_time_text(out, t);
		ck_assert_int_eq(netdoc_time(&back, slice(out)), 0);
		ck_assert_int_eq(t, back);
	}
	netdoc_time_text(out, -5);
	ck_assert_str_eq(out, "1970-01-01 00:00:00");
	netdoc_time_text(out, INT64_MAX);
	ck_assert_str_eq(out, "9999-12-31 23:59:59");
}
END_TEST

START_TEST(netdoc_hex_and_b64_want_the_exact_length)
{
	uint8_t b[4];

	ck_assert_int_eq(netdoc_hex(b, 2, slice("0aF1")), 0);
	ck_assert_mem_eq(b, "\x0a\xf1", 2);
	ck_assert_int_eq(netdoc_hex(b, 2, slice("0aF")), -EBADMSG);
	ck_assert_int_eq(netdoc_hex(b, 2, slice("0aF1a2")), -EBADMSG);
	ck_assert_int_eq(netdoc_hex(b, 2, slice("0aGG")), -EBADMSG);
	ck_assert_int_eq(netdoc_b64(b, 3, slice("AAEC")), 0);
	ck_assert_int_eq(netdoc_b64(b, 2, slice("AAE")), 0);
	ck_assert_int_eq(netdoc_b64(b, 2, slice("AAE=")), 0);
	ck_assert_int_eq(netdoc_b64(b, 3, slice("AAE=")), -EBADMSG);
	ck_assert_int_eq(netdoc_b64(b, 2, slice("AAEC")), -EBADMSG);
	ck_assert_int_eq(netdoc_b64(b, 3, slice("AA C")), -EBADMSG);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT_LOOP(netdoc_next_walks_items_or_says_where_it_is_bad,
	    NELEM(doc_cases)),
	UNIT(netdoc_init_nul_anywhere_is_bad),
	UNIT(netdoc_next_line_of_the_greatest_length_is_the_last_good_one),
	UNIT(netdoc_next_gives_exact_places),
	UNIT_LOOP(netdoc_u32_takes_digits_in_range_only, NELEM(u32_cases)),
	UNIT_LOOP(netdoc_i32_takes_the_whole_range_and_no_more,
	    NELEM(i32_cases)),
	UNIT_LOOP(netdoc_time_knows_the_calendar, NELEM(time_cases)),
	UNIT(netdoc_time_text_is_read_back_for_any_day),
	UNIT(netdoc_hex_and_b64_want_the_exact_length),
};
UNIT_MAIN("netdoc", tests)

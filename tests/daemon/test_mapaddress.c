/* tests/daemon/test_mapaddress.c */
#include "daemon/mapaddress.h"

#include <errno.h>
#include <string.h>

#include "tests/unit.h"

static const struct { const char *text, *canonical; } good[] = {
	{ "a.example b.example", "a.example b.example" },
	{ "  A.Example.\tB.Example.  ", "a.example b.example" },
	{ "*.a.example *.b.example", "*.a.example *.b.example" },
	{ "*.a.example b.example", "*.a.example b.example" },
	{ "a.example 192.0.2.1", "a.example 192.0.2.1" },
	{ "192.0.2.1 a.example", "192.0.2.1 a.example" },
	{ "2001:DB8:0::1 [2001:db8::2]", "2001:db8::1 2001:db8::2" },
	{ "::ffff:192.0.2.1 ::ffff:192.0.2.2", "192.0.2.1 192.0.2.2" },
	{ "a.example a.example.relay.exit", "a.example a.example.relay.exit" },
	{ "*.a *.a.$0123456789ABCDEF0123456789abcdef01234567.exit",
	    "*.a *.a.$0123456789abcdef0123456789abcdef01234567.exit" },
	{ "a.b 192.0.2.1.0123456789abcdef0123456789abcdef01234567.exit",
	    "a.b 192.0.2.1.0123456789abcdef0123456789abcdef01234567.exit" },
	{ "a.b relay.exit", "a.b relay.exit" },
	{ "a_b.example x-y.example", "a_b.example x-y.example" },
	{ "single other", "single other" },
};

START_TEST(mapaddress_parse_takes_a_line)
{
	char why[MAPADDRESS_WHY], text[MAPADDRESS_TEXT];
	struct mapaddress_rule r, again;

	ck_assert_int_eq(mapaddress_parse(&r, good[_i].text, why), 0);
	ck_assert_str_eq(mapaddress_text(&r, text), good[_i].canonical);
	ck_assert_int_eq(mapaddress_parse(&again, text, why), 0);
	ck_assert_str_eq(mapaddress_text(&again, text), good[_i].canonical);
}
END_TEST

static const char *const bad[] = {
	"", " ", "a.example", "a.example b.example c.example",
	"* b.example", "*. b.example", "a.example *", "a.example *.b.example",
	"*ample.com b.example", "a.*.example b.example", ".a b", "a..b c",
	"a b..c", "*.192.0.2.1 a.example", "a *.192.0.2.1", "a b$c",
	"a.exit b.example", "*.exit b.example", "exit b", "a b.relay!.exit",
	"a .exit", "a exit.", "a .relay.exit", "a b..relay.exit",
	"a b.$0123.exit", "a b.nickname-is-far-too-long-for-one.exit",
	"*.a *.relay.exit", "a b.relay.exit.relay.exit.x.exit y",
	"a\xff b", "a b/c",
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa b",
};

START_TEST(mapaddress_parse_refuses_what_is_no_line)
{
	char why[MAPADDRESS_WHY] = "";
	struct mapaddress_rule r;

	ck_assert_msg(mapaddress_parse(&r, bad[_i], why) == -EINVAL, "%s",
	    bad[_i]);
	ck_assert(why[0]);
}
END_TEST

static const char *const lines[] = {
	"www.torproject.org 192.0.2.1", "www.torproject.org 198.51.100.1",
	"198.51.100.1 203.0.113.1",
	"*.wild.example *.tame.example", "*.one.example www.one.example",
	"*.deep.wild.example deep.example", "exact.wild.example x.example",
	"same.example same.example", "*.top *.other",
	"*.exits.example *.exits.example.relay.exit",
	"ping.example pong.example", "pong.example ping.example",
	"*.grow.example *.more.grow.example",
	"c0.example c1.example", "c1.example c2.example",
	"c2.example c3.example", "c3.example c4.example",
	"c4.example c5.example", "c5.example c6.example",
	"c6.example c7.example", "c7.example c8.example",
	"c8.example c9.example", "c9.example c10.example",
	"c10.example c11.example", "c11.example c12.example",
	"c12.example c13.example", "c13.example c14.example",
	"c14.example c15.example", "c15.example c16.example",
	"d.example c0.example", "192.0.2.80 a.onion", "*.80 no.example",
};

static const struct {
	const char	*name;
	int		 n;
	const char	*want;
} found[] = {
	{ "other.example", 0, "other.example" },
	{ "www.torproject.org", 2, "203.0.113.1" },	/* the last line */
	{ "198.51.100.1", 1, "203.0.113.1" },
	{ "a.b.wild.example", 1, "a.b.tame.example" },
	{ "wild.example", 1, "tame.example" },
	{ "notwild.example", 0, "notwild.example" },
	{ "x.deep.wild.example", 1, "deep.example" },
	{ "exact.wild.example", 1, "x.example" },
	{ "below.exact.wild.example", 1, "below.exact.tame.example" },
	{ "mail.one.example", 1, "www.one.example" },
	{ "www.one.example", 0, "www.one.example" },
	{ "same.example", 0, "same.example" },
	{ "a.top", 1, "a.other" },
	{ "top", 1, "other" },
	{ "www.exits.example", 1, "www.exits.example.relay.exit" },
	{ "c0.example", 16, "c16.example" },
	{ "d.example", -ELOOP, NULL },
	{ "ping.example", -ELOOP, NULL },
	{ "a.grow.example", -ELOOP, NULL },
	{ "192.0.2.80", 1, "a.onion" },
	{ "192.0.9.80", 0, "192.0.9.80" },	/* no name below "80" */
	{ "", 0, "" }, { ".", 0, "." }, { "..", 0, ".." },
};

START_TEST(mapaddress_find_follows_the_lines)
{
	char out[MAPADDRESS_NAME + 1];
	struct mapaddress *m;

	ck_assert_int_eq(mapaddress_new(&m, (char *const *)(uintptr_t)lines,
	    NELEM(lines)), 0);
	ck_assert_int_eq(mapaddress_find(m, found[_i].name, out),
	    found[_i].n);
	if (found[_i].want)
		ck_assert_str_eq(out, found[_i].want);
	mapaddress_free(m);
}
END_TEST

START_TEST(mapaddress_find_of_a_name_that_gets_too_long_fails)
{
	static char *one[] = { (char *)(uintptr_t)"*.a *.bcd" };
	char name[MAPADDRESS_NAME + 2], out[MAPADDRESS_NAME + 1];
	struct mapaddress *m;

	ck_assert_int_eq(mapaddress_new(&m, one, 1), 0);
	memset(name, 'x', sizeof(name));
	name[MAPADDRESS_NAME + 1] = '\0';
	ck_assert_int_eq(mapaddress_find(m, name, out), -ENAMETOOLONG);
	memcpy(name + MAPADDRESS_NAME - 2, ".a", 3);
	ck_assert_int_eq(mapaddress_find(m, name, out), -ENAMETOOLONG);
	memcpy(name + MAPADDRESS_NAME - 4, ".a", 3);
	ck_assert_int_eq(mapaddress_find(m, name, out), 1);
	ck_assert_uint_eq(strlen(out), MAPADDRESS_NAME);
	mapaddress_free(m);
}
END_TEST

START_TEST(mapaddress_without_lines_finds_nothing)
{
	char out[MAPADDRESS_NAME + 1];
	struct mapaddress *m;

	ck_assert_int_eq(mapaddress_find(NULL, "a.example", out), 0);
	ck_assert_int_eq(mapaddress_new(&m, NULL, 0), 0);
	ck_assert_int_eq(mapaddress_find(m, "a.example", out), 0);
	ck_assert_str_eq(out, "a.example");
	mapaddress_free(m);
	mapaddress_free(NULL);
}
END_TEST

START_TEST(mapaddress_new_of_a_wrong_line_fails)
{
	static char *wrong[] = { (char *)(uintptr_t)"a b",
		(char *)(uintptr_t)"a" };
	struct mapaddress *m;

	ck_assert_int_eq(mapaddress_new(&m, wrong, 2), -EINVAL);
}
END_TEST

static const struct {
	const char	*name;
	int		 rc;
	size_t		 rest;
	const char	*relay;
} exits[] = {
	{ "www.example.com.relay.exit", 0, 15, "relay" },
	{ "relay.exit", 0, 0, "relay" },
	{ "a.$0123456789abcdef0123456789abcdef01234567.exit", 0, 1,
	    "$0123456789abcdef0123456789abcdef01234567" },
	{ "0123456789abcdef0123456789abcdef01234567.exit", 0, 0,
	    "0123456789abcdef0123456789abcdef01234567" },
	{ ".exit", -EINVAL, 0, NULL }, { "exit", -EINVAL, 0, NULL },
	{ "..exit", -EINVAL, 0, NULL }, { "a..exit", -EINVAL, 0, NULL },
	{ ".relay.exit", -EINVAL, 0, NULL }, { "a.b", -EINVAL, 0, NULL },
	{ "a.relay_x.exit", -EINVAL, 0, NULL },
	{ "a.$relay.exit", -EINVAL, 0, NULL },
	{ "a.relay.exit.", -EINVAL, 0, NULL }, { "", -EINVAL, 0, NULL },
	{ "a.$0123456789abcdef0123456789abcdef0123456.exit", -EINVAL, 0,
	    NULL },
	{ "a.twentycharactersxxxx.exit", -EINVAL, 0, NULL },
};

START_TEST(mapaddress_exit_reads_the_relay)
{
	size_t rest, len;
	const char *relay;

	ck_assert_int_eq(mapaddress_exit(exits[_i].name, &rest, &relay, &len),
	    exits[_i].rc);
	if (exits[_i].rc < 0)
		return;
	ck_assert_uint_eq(rest, exits[_i].rest);
	ck_assert_uint_eq(len, strlen(exits[_i].relay));
	ck_assert_mem_eq(relay, exits[_i].relay, len);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT_LOOP(mapaddress_parse_takes_a_line, NELEM(good)),
	UNIT_LOOP(mapaddress_parse_refuses_what_is_no_line, NELEM(bad)),
	UNIT_LOOP(mapaddress_find_follows_the_lines, NELEM(found)),
	UNIT(mapaddress_find_of_a_name_that_gets_too_long_fails),
	UNIT(mapaddress_without_lines_finds_nothing),
	UNIT(mapaddress_new_of_a_wrong_line_fails),
	UNIT_LOOP(mapaddress_exit_reads_the_relay, NELEM(exits)),
};

UNIT_MAIN("mapaddress", tests)

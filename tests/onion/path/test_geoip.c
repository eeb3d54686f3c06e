#include "onion/path/geoip.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/addr.h"
#include "tests/unit.h"

static const char v4[] =
    "# a comment\n"
    "16777216,16777471,AU\n"			/* 1.0.0.0/24 */
    "16777472,16778239,CN\n"			/* 1.0.1.0 - 1.0.3.255 */
    "33554432,33554687,de\r\n"			/* 2.0.0.0/24 */
    "4294967040,4294967295,US\n";		/* 255.255.255.0/24 */
static const char v6[] =
    "2001:db8::,2001:db8:0:ffff:ffff:ffff:ffff:ffff,FR\n"
    "2001:db9::,2001:db9::ff,??\n";

static struct geoip *
parse(const char *four, const char *six)
{
	struct geoip *g;

	ck_assert_int_eq(geoip_parse(&g, four, four ? strlen(four) : 0, six,
	    six ? strlen(six) : 0, NULL), 0);
	return g;
}

static void
check_country(const struct geoip *g, const char *ip, const char *want)
{
	struct addr a;
	char cc[3];

	ck_assert_int_eq(addr_parse_ip(&a, ip, -1), 0);
	ck_assert_str_eq(geoip_text(geoip_country(g, &a), cc), want);
}

static const struct {
	const char *ip, *cc;
} where[] = {
	{ "0.0.0.0", "??" }, { "0.255.255.255", "??" }, { "1.0.0.0", "au" },
	{ "1.0.0.255", "au" }, { "1.0.1.0", "cn" }, { "1.0.3.255", "cn" },
	{ "1.0.4.0", "??" }, { "1.255.255.255", "??" }, { "2.0.0.9", "de" },
	{ "2.0.1.0", "??" }, { "255.255.254.255", "??" },
	{ "255.255.255.255", "us" }, { "::", "??" }, { "2001:db8::", "fr" },
	{ "2001:db8:0:ffff:ffff:ffff:ffff:ffff", "fr" },
	{ "2001:db8:1::", "??" }, { "2001:db9::1", "??" },
	{ "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "??" }
};

START_TEST(geoip_country_each_edge_is_on_its_side)
{
	struct geoip *g = parse(v4, v6);

	check_country(g, where[_i].ip, where[_i].cc);
	geoip_free(g);
}
END_TEST

START_TEST(geoip_country_of_no_address_is_unknown)
{
	struct geoip *g = parse(v4, v6);
	struct addr a = { 0 };

	ck_assert_int_eq(geoip_country(g, &a), GEOIP_UNKNOWN);
	geoip_free(g);
}
END_TEST

START_TEST(geoip_country_with_one_family_knows_nothing_of_the_other)
{
	struct geoip *g = parse(v4, NULL);

	check_country(g, "1.0.0.1", "au");
	check_country(g, "2001:db8::1", "??");
	ck_assert_uint_eq(geoip_count(g, 4), 4);
	ck_assert_uint_eq(geoip_count(g, 6), 0);
	geoip_free(g);
}
END_TEST

START_TEST(geoip_has_country_only_those_that_came)
{
	struct geoip *g = parse(v4, v6);

	ck_assert_int_eq(geoip_has_country(g, GEOIP_CC('d', 'e')), 1);
	ck_assert_int_eq(geoip_has_country(g, GEOIP_CC('f', 'r')), 1);
	ck_assert_int_eq(geoip_has_country(g, GEOIP_CC('x', 'x')), 0);
	ck_assert_int_eq(geoip_has_country(g, GEOIP_UNKNOWN), 1);
	geoip_free(g);
}
END_TEST

START_TEST(geoip_parse_lines_out_of_order_are_sorted)
{
	struct geoip *g = parse("300,400,BB\n100,200,AA\n", NULL);

	check_country(g, "0.0.0.150", "aa");
	check_country(g, "0.0.0.250", "??");
	check_country(g, "0.0.1.44", "bb");
	geoip_free(g);
}
END_TEST

START_TEST(geoip_parse_neighbours_of_one_country_are_one_stretch)
{
	struct geoip *g = parse("100,199,AA\n200,299,AA\n300,300,BB", NULL);

	check_country(g, "0.0.0.100", "aa");
	check_country(g, "0.0.1.43", "aa");
	check_country(g, "0.0.1.44", "bb");
	check_country(g, "0.0.1.45", "??");
	ck_assert_uint_eq(geoip_count(g, 4), 3);
	geoip_free(g);
}
END_TEST

static const char *const bad_lines[] = {
	"x,2,AA\n", "1,x,AA\n", "1,2\n", "1,2,A\n", "1,2,AAA\n", "2,1,AA\n",
	"4294967296,4294967297,AA\n", "1,,AA\n", ",1,AA\n", "-1,2,AA\n",
	"1,2,A \n", "99999999999999999999,1,AA\n", "100,150,BB\n",
	"::1,::2,AA\n"
};

START_TEST(geoip_parse_bad_line_is_counted_and_passed_over)
{
	char text[256];
	struct geoip *g;
	size_t bad = 0;

	snprintf(text, sizeof(text), "100,200,AA\n%s500,501,CC\n",
	    bad_lines[_i]);
	ck_assert_int_eq(geoip_parse(&g, text, strlen(text), NULL, 0, &bad), 0);
	ck_assert_uint_eq(bad, 1);
	check_country(g, "0.0.0.120", "aa");
	check_country(g, "0.0.1.245", "cc");
	geoip_free(g);
}
END_TEST

START_TEST(geoip_parse_without_a_good_line_is_refused)
{
	static const char none[] = "# nothing\n\n1,2\n";
	struct geoip *g;

	ck_assert_int_eq(geoip_parse(&g, none, strlen(none), NULL, 0, NULL),
	    -EINVAL);
	ck_assert_int_eq(geoip_parse(&g, v4, strlen(v4), none, strlen(none),
	    NULL), -EINVAL);
	ck_assert_int_eq(geoip_parse(&g, "", 0, NULL, 0, NULL), -EINVAL);
}
END_TEST

START_TEST(geoip_load_reads_files_and_names_a_missing_one)
{
	char path[] = "/tmp/geoip-test-XXXXXX";
	int fd = mkstemp(path);
	struct geoip *g;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, v4, strlen(v4)), (ssize_t)strlen(v4));
	close(fd);
	ck_assert_int_eq(geoip_load(&g, path, NULL), 0);
	check_country(g, "1.0.0.1", "au");
	geoip_free(g);
	unlink(path);
	ck_assert_int_eq(geoip_load(&g, path, NULL), -ENOENT);
	ck_assert_int_eq(geoip_load(&g, "/", NULL), -EINVAL);
}
END_TEST

/* --- what Debian installs --- */

static char *
slurp(const char *path, size_t *len)
{
	FILE *f = fopen(path, "rb");
	char *p;

	if (f == NULL)
		return NULL;
	fseek(f, 0, SEEK_END);
	*len = (size_t)ftell(f);
	rewind(f);
	ck_assert_ptr_nonnull(p = malloc(*len + 1));
	ck_assert_uint_eq(fread(p, 1, *len, f), *len);
	p[*len] = '\0';
	fclose(f);
	return p;
}

/* One end of a line's stretch, as it stands there. */
static void
check_end(const struct geoip *g, const char *text, const char *cc)
{
	struct addr a;
	char got[3];

	if (strchr(text, ':'))
		ck_assert_int_eq(addr_parse_ip(&a, text, -1), 0);
	else
		addr_v4(&a, (uint32_t)strtoul(text, NULL, 10), 0);
	geoip_text(geoip_country(g, &a), got);
	ck_assert_msg(strcasecmp(got, cc) == 0, "%s: %s, not %s", text, got,
	    cc);
}

/* Every hundredth line; how many lines there are. */
static size_t
check_lines(const struct geoip *g, const char *text)
{
	char low[64], high[64], cc[3];
	size_t n = 0;

	for (; *text; text += *text == '\n') {
		if (*text != '#' && n++ % 100 == 0) {
			ck_assert_int_eq(sscanf(text,
			    "%63[^,],%63[^,],%2s", low, high, cc), 3);
			check_end(g, low, cc);
			check_end(g, high, cc);
		}
		text += strcspn(text, "\n");
	}
	return n;
}

START_TEST(geoip_parse_reads_all_that_is_installed)
{
	static const char dir[] = "/usr/share/tor/geoip";
	size_t len4, len6, bad = 0;
	char *text4 = slurp(dir, &len4);
	char *text6 = slurp("/usr/share/tor/geoip6", &len6);
	struct geoip *g;

	if (text4 == NULL || text6 == NULL) {
		fprintf(stderr, "skip geoip_parse_reads_all_that_is_installed: "
		    "no %s and geoip6 (apt install tor-geoipdb)\n", dir);
		goto done;
	}
	ck_assert_int_eq(geoip_parse(&g, text4, len4, text6, len6, &bad), 0);
	ck_assert_uint_eq(bad, 0);
	ck_assert_uint_eq(check_lines(g, text4), geoip_count(g, 4));
	ck_assert_uint_eq(check_lines(g, text6), geoip_count(g, 6));
	ck_assert_uint_gt(geoip_count(g, 4), 100000);
	ck_assert_uint_gt(geoip_count(g, 6), 50000);
	ck_assert(geoip_has_country(g, GEOIP_CC('d', 'e')));
	check_country(g, "10.1.2.3", "??");
	check_country(g, "127.0.0.1", "??");
	check_country(g, "::1", "??");
	geoip_free(g);
done:
	free(text4);
	free(text6);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(geoip_parse_reads_all_that_is_installed),
	UNIT_LOOP(geoip_country_each_edge_is_on_its_side, NELEM(where)),
	UNIT(geoip_country_of_no_address_is_unknown),
	UNIT(geoip_country_with_one_family_knows_nothing_of_the_other),
	UNIT(geoip_has_country_only_those_that_came),
	UNIT(geoip_parse_lines_out_of_order_are_sorted),
	UNIT(geoip_parse_neighbours_of_one_country_are_one_stretch),
	UNIT_LOOP(geoip_parse_bad_line_is_counted_and_passed_over,
	    NELEM(bad_lines)),
	UNIT(geoip_parse_without_a_good_line_is_refused),
	UNIT(geoip_load_reads_files_and_names_a_missing_one),
};
UNIT_MAIN("geoip", tests)

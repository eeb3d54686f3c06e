#include "onion/path/relayset.h"

#include <errno.h>
#include <string.h>

#include "onion/dir/netdir.h"
#include "onion/path/geoip.h"
#include "tests/unit.h"

#define FP	"0123456789ABCDEF0123456789ABCDEF01234567"
#define FP2	"0123456789ABCDEF0123456789ABCDEF01234568"

static const struct relay relay = {
	.rsa = { 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0x01, 0x23,
	    0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0x01, 0x23, 0x45, 0x67 },
	.nickname = "Moritz7",
	.or4 = { .family = 4, .port = 9001, .ip = { 192, 0, 2, 77 } },
	.or6 = { .family = 6, .port = 9002,
	    .ip = { 0x20, 0x01, 0x0d, 0xb8, 0, 1 } }
};

static const struct {
	const char	*text;
	int		 has;
} members[] = {
	{ "$" FP, 1 }, { FP, 1 }, { "$" FP "=Other", 1 }, { "$" FP "~Moritz7",
	1 }, { "$0123456789abcdef0123456789abcdef01234567", 1 },
	{ "$" FP2, 0 }, { "Moritz7", 1 }, { "mORITZ7", 1 }, { "Moritz", 0 },
	{ "Moritz77", 0 }, { "192.0.2.77", 1 }, { "192.0.2.78", 0 },
	{ "192.0.2.0/24", 1 }, { "192.0.3.0/24", 0 }, { "0.0.0.0/0", 1 },
	{ "192.0.2.0/255.255.255.0", 1 }, { "192.0.2.0/255.255.255.240", 0 },
	{ "192.0.2.77:9001", 1 }, { "192.0.2.77:9002", 0 },
	{ "192.0.0.0/16:9000-9010", 1 }, { "192.0.0.0/16:*", 1 },
	{ "192.0.0.0/16:1-9000", 0 }, { "[2001:db8::]/32", 1 },
	{ "[2001:db8:1::]/48:9002", 1 }, { "[2001:db8:1::]/48:9001", 0 },
	{ "2001:db8::/32", 1 }, { "2001:db9::/32", 0 }, { "*", 1 },
	{ "*4", 1 }, { "*6", 1 }, { "*:9002", 1 }, { "*4:9002", 0 },
	{ "*:1", 0 }, { "{de}", 1 }, { "{DE}", 1 }, { "{fr}", 0 },
	{ "{??}", 0 }, { "", 0 }, { " , ,", 0 },
	{ "nobody, {fr} ,10.0.0.0/8,\tmoritz7 ", 1 },
	{ "nobody,{fr},10.0.0.0/8,other", 0 },
	{ "a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,moritz7,q,r,s,t", 1 },
};

static struct geoip *
germany(void)
{
	static const char text[] = "3221225984,3221226239,DE\n";
	struct geoip *g;

	ck_assert_int_eq(geoip_parse(&g, text, strlen(text), NULL, 0, NULL),
	    0);
	return g;
}

START_TEST(relayset_has_whom_the_text_describes)
{
	struct geoip *g = germany();
	struct relayset *set;
	struct netdir nd = { 0 };

	ck_assert_int_eq(relayset_parse(&set, members[_i].text, NULL), 0);
	relayset_use_geoip(set, g);
	ck_assert_msg(relayset_has(set, &nd, &relay) == members[_i].has,
	    "%s", members[_i].text);
	relayset_free(set);
	geoip_free(g);
}
END_TEST

static const struct {
	const char	*text;
	size_t		 at, len;
} broken[] = {
	{ "$0123", 0, 5 }, { "good, $zz ,other", 6, 3 },
	{ "ok,bad-name", 3, 8 }, { "a,TwentyCharactersLong", 2, 20 },
	{ "{d}", 0, 3 }, { "{deu}", 0, 5 }, { "{de", 0, 3 }, { "{}", 0, 2 },
	{ "1.2.3", 0, 5 }, { "1.2.3.4.5", 0, 9 }, { "1.2.3.4/33", 0, 10 },
	{ "1.2.3.4/255.0.255.0", 0, 19 }, { "[::1]/129", 0, 9 },
	{ "1.2.3.4:0", 0, 9 }, { "1.2.3.4:65536", 0, 13 },
	{ "1.2.3.4:20-10", 0, 13 }, { "1.2.3.4:", 0, 8 }, { "*5", 0, 2 },
	{ "**", 0, 2 }, { "x,*4:1-", 2, 5 }, { ":80", 0, 3 },
	{ "[::1", 0, 4 }, { "$" FP "=", 0, 42 }, { "$" FP "x", 0, 42 },
	{ "$" FP "=bad name", 0, 50 }, { FP "0", 0, 41 }, { "/", 0, 1 },
	{ "a b", 0, 3 }, { "1.2.3.4/", 0, 8 }, { "[1.2.3.4", 0, 8 },
};

START_TEST(relayset_parse_bad_item_is_refused_and_shown)
{
	struct relayset_error err = { 99, 99, NULL };
	struct relayset *set;

	ck_assert_msg(relayset_parse(&set, broken[_i].text, &err) == -EINVAL,
	    "%s", broken[_i].text);
	ck_assert_uint_eq(err.at, broken[_i].at);
	ck_assert_uint_eq(err.len, broken[_i].len);
	ck_assert_ptr_nonnull(err.what);
}
END_TEST

START_TEST(relayset_parse_too_many_items_is_refused)
{
	char *text = malloc(2 * RELAYSET_ITEMS_MAX + 3);
	struct relayset *set;
	size_t i;

	for (i = 0; i <= RELAYSET_ITEMS_MAX; i++)
		memcpy(text + 2 * i, "a,", 2);
	text[2 * i] = '\0';
	ck_assert_int_eq(relayset_parse(&set, text, NULL), -E2BIG);
	text[2 * (i - 1)] = '\0';
	ck_assert_int_eq(relayset_parse(&set, text, NULL), 0);
	relayset_free(set);
	free(text);
}
END_TEST

START_TEST(relayset_has_country_without_a_database_matches_nobody)
{
	struct relayset *set;
	struct netdir nd = { 0 };

	ck_assert_int_eq(relayset_parse(&set, "{de},{??}", NULL), 0);
	ck_assert_int_eq(relayset_needs_geoip(set), 1);
	ck_assert_int_eq(relayset_has(set, &nd, &relay), 0);
	relayset_free(set);
}
END_TEST

START_TEST(relayset_add_unknown_takes_those_without_a_country)
{
	struct relay lost = relay;
	struct geoip *g = germany();
	struct relayset *set;
	struct netdir nd = { 0 };

	lost.or4.ip[0] = 9;
	ck_assert_int_eq(relayset_parse(&set, "nobody", NULL), 0);
	relayset_use_geoip(set, g);
	ck_assert_int_eq(relayset_add_unknown(set, 0), 0);
	ck_assert_int_eq(relayset_has(set, &nd, &lost), 0);
	ck_assert_int_eq(relayset_needs_geoip(set), 0);
	ck_assert_int_eq(relayset_add_unknown(set, 1), 0);
	ck_assert_int_eq(relayset_has(set, &nd, &lost), 1);
	ck_assert_int_eq(relayset_has(set, &nd, &relay), 0);
	relayset_free(set);
	geoip_free(g);
}
END_TEST

START_TEST(relayset_null_is_an_empty_set)
{
	struct netdir nd = { 0 };

	ck_assert_int_eq(relayset_has(NULL, &nd, &relay), 0);
	ck_assert_int_eq(relayset_is_empty(NULL), 1);
	ck_assert_int_eq(relayset_needs_geoip(NULL), 0);
	ck_assert_int_eq(relayset_has_parts(NULL, relay.rsa, "x", &relay.or4),
	    0);
	relayset_free(NULL);
}
END_TEST

START_TEST(relayset_has_parts_asks_what_is_given)
{
	struct relayset *set;

	ck_assert_int_eq(relayset_parse(&set, FP ",some,10.0.0.0/8", NULL), 0);
	ck_assert_int_eq(relayset_has_parts(set, relay.rsa, NULL, NULL), 1);
	ck_assert_int_eq(relayset_has_parts(set, NULL, "SOME", NULL), 1);
	ck_assert_int_eq(relayset_has_parts(set, NULL, "else", &relay.or4), 0);
	ck_assert_int_eq(relayset_has_parts(set, NULL, NULL, NULL), 0);
	relayset_free(set);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT_LOOP(relayset_has_whom_the_text_describes, NELEM(members)),
	UNIT_LOOP(relayset_parse_bad_item_is_refused_and_shown, NELEM(broken)),
	UNIT(relayset_parse_too_many_items_is_refused),
	UNIT(relayset_has_country_without_a_database_matches_nobody),
	UNIT(relayset_add_unknown_takes_those_without_a_country),
	UNIT(relayset_null_is_an_empty_set),
	UNIT(relayset_has_parts_asks_what_is_given),
};
UNIT_MAIN("relayset", tests)

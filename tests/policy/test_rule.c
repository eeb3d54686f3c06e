/* tests/policy/test_rule.c - FlowRule, from text to the rule that decides */
#include "policy/rule.h"

#include <check.h>
#include <errno.h>
#include <string.h>

#include "tests/unit.h"

static struct rule
parsed(const char *text)
{
	struct rule_error err;
	struct rule r;

	if (rule_parse(&r, text, &err) < 0)
		ck_abort_msg("%s: %zu: %s", text, err.at, err.why);
	return r;
}

static const struct {
	const char	*text, *canonical;	/* NULL: the same */
} good[] = {
	{ "drop", NULL },
	{ "reject", NULL },
	{ "torify", NULL },
	{ "DIRECT  TO\t10.1.2.3 ", "direct to 10.1.2.3/32" },
	{ "direct to 0.0.0.0/0", NULL },
	{ "direct to ::/0", NULL },
	{ "direct to [fd00::]/8", "direct to fd00::/8" },
	{ "direct to fd00::1", "direct to fd00::1/128" },
	{ "drop from 10.0.0.0/8 to 203.0.113.0/24 port 1-1023,8080", NULL },
	{ "drop port 80,443 to 203.0.113.0/25 from 10.0.0.7",
	    "drop from 10.0.0.7/32 to 203.0.113.0/25 port 80,443" },
	{ "reject from 2001:db8::/33 to 2001:db8:8000::/34", NULL },
	{ "torify accept=deferred", NULL },
	{ "torify accept=OPTIMISTIC port 22",
	    "torify port 22 accept=optimistic" },
	{ "torify port 5-5", "torify port 5" },
	{ "drop port 65535", NULL },
	{ "drop port 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16", NULL },
	{ "direct from 2001:db8:ffff:ffff:ffff:ffff:ffff:fff0/124 to "
	    "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff/128 port 10000-20000,"
	    "10001-20001,10002-20002,10003-20003,10004-20004,10005-20005,"
	    "10006-20006,10007-20007,10008-20008,10009-20009,10010-20010,"
	    "10011-20011,10012-20012,10013-20013,10014-20014,10015-20015 "
	    "accept=optimistic", NULL },
};

START_TEST(rule_parse_of_what_is_right_prints_canonically)
{
	const char *want = good[_i].canonical;
	char text[RULE_TEXT], again[RULE_TEXT];
	struct rule r, s;

	r = parsed(good[_i].text);
	rule_text(&r, text);
	ck_assert_str_eq(text, want ? want : good[_i].text);
	ck_assert_uint_lt(strlen(text), RULE_TEXT - 1);
	s = parsed(text);
	ck_assert_str_eq(rule_text(&s, again), text);
}
END_TEST

static const struct {
	const char	*text;
	size_t		 at;
	const char	*why;			/* part of it */
} errors[] = {
	{ "", 0, "no action" },
	{ "  ", 2, "no action" },
	{ "allow", 0, "'allow' is none of torify, direct" },
	{ "port 80 direct", 0, "'port' is none of torify" },
	{ "torifyx", 0, "none of" },
	{ " torify frm 10.0.0.0/8", 8, "'frm' is none of from, to" },
	{ "torify exit={de}", 7, "none of from" },
	{ "drop from", 9, "from wants a network" },
	{ "drop from ", 10, "from wants a network" },
	{ "drop from to 10.0.0.0/8", 10, "'to' is neither" },
	{ "drop to 10.0.0.0/33", 8, "neither" },
	{ "drop to 10.0.0/8", 8, "neither" },
	{ "drop to example.com", 8, "neither" },
	{ "drop to 10.0.0.1:80", 8, "neither" },
	{ "drop to 10.0.0.1/8", 8, "no network; 10.0.0.0/8 is" },
	{ "drop to 10.0.0.1/31", 8, "no network; 10.0.0.0/31 is" },
	{ "drop to fd00::1/64", 8, "no network; fd00::/64 is" },
	{ "drop to 10.0.0.1 to 10.0.0.2", 17, "to stands here a second" },
	{ "drop from 10.0.0.1 from 10.0.0.2", 19, "from stands" },
	{ "drop from 10.0.0.1 to fd00::", 19, "no connection is both" },
	{ "drop to 10.0.0.1 from fd00::", 17, "both from IPv6 and to IPv4" },
	{ "drop port", 9, "port wants ports" },
	{ "drop port 0", 10, "'0' is neither a port" },
	{ "drop port 65536", 10, "neither a port" },
	{ "drop port 80,", 13, "'' is neither" },
	{ "drop port 80,,81", 13, "'' is neither" },
	{ "drop port ,80", 10, "'' is neither" },
	{ "drop port 80,http", 13, "'http' is neither" },
	{ "drop port 90-80", 10, "neither" },
	{ "drop port 80-", 10, "neither" },
	{ "drop port -80", 10, "neither" },
	{ "drop port 1-2-3", 10, "neither" },
	{ "drop port 80 443", 13, "'443' is none of" },
	{ "drop port 80 port 443", 13, "port stands here a second" },
	{ "drop port 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17", 49,
	    "no more than 16" },
	{ "torify accept=", 14, "wants deferred or optimistic" },
	{ "torify accept=later", 14, "wants deferred" },
	{ "torify accept=deferred accept=deferred", 23, "second time" },
	{ "torify accept", 7, "none of" },
	{ "drop accept=deferred", 5, "drop accepts nothing" },
	{ "reject port 80 accept=optimistic", 15, "reject accepts nothing" },
	{ "direct", 0, "direct wants to" },
	{ " direct from 10.0.0.0/8 port 80", 1, "direct wants to" },
	{ "drop to aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	    8, "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' is neither" },
};

START_TEST(rule_parse_of_what_is_wrong_points_at_the_word)
{
	struct rule_error err = { .at = 999 };
	struct rule r, before;

	memset(&before, 0x5a, sizeof(before));
	r = before;
	ck_assert_int_eq(rule_parse(&r, errors[_i].text, &err), -EINVAL);
	ck_assert_msg(strstr(err.why, errors[_i].why) != NULL, "%s: %s",
	    errors[_i].text, err.why);
	ck_assert_msg(err.at == errors[_i].at, "%s: %zu", errors[_i].text,
	    err.at);
	ck_assert_uint_lt(strlen(err.why), RULE_WHY - 1);	/* not cut */
	ck_assert_mem_eq(&r, &before, sizeof(r));
}
END_TEST

START_TEST(rule_of_zeroed_memory_drops_everything)
{
	static const struct rule zero;
	struct addr client, dest;

	addr_v4(&client, 0x0a000001, 1);
	addr_v4(&dest, 0xcb007150, 443);
	ck_assert_int_eq(zero.action, RULE_DROP);
	ck_assert_ptr_eq(rule_find(&zero, 1, &client, &dest), &zero);
}
END_TEST

static const char *const table[] = {
	"reject to 192.168.7.0/24 port 23",
	"direct to 192.168.0.0/16",
	"direct from 10.0.0.9 to 203.0.113.80 port 80-89,443",
	"drop from 10.0.0.8/29 port 25",
	"torify to 2001:db8:80::/48 accept=optimistic",
	"reject from fd00::/8",
	"drop to 203.0.113.80",
};

static const struct {
	const char	*from, *to;
	int		 rule;		/* -1: none */
} flows[] = {
	{ "10.0.0.1:1",	"192.168.7.1:23",	0 },
	{ "10.0.0.1:1",	"192.168.7.1:22",	1 },
	{ "10.0.0.1:1",	"192.168.8.1:23",	1 },
	{ "10.0.0.1:1",	"192.169.0.1:23",	-1 },
	{ "10.0.0.9:1",	"203.0.113.80:80",	2 },
	{ "10.0.0.9:1",	"203.0.113.80:89",	2 },
	{ "10.0.0.9:1",	"203.0.113.80:443",	2 },
	{ "10.0.0.9:1",	"203.0.113.80:90",	6 },
	{ "10.0.0.9:1",	"203.0.113.80:79",	6 },
	{ "10.0.0.9:1",	"203.0.113.81:80",	-1 },
	{ "10.0.0.8:1",	"203.0.113.80:80",	6 },
	{ "10.0.0.15:1", "8.8.8.8:25",		3 },
	{ "10.0.0.16:1", "8.8.8.8:25",		-1 },
	{ "10.0.0.15:25", "8.8.8.8:80",		-1 },	/* not its own port */
	{ "[fd00::1]:1", "[2001:db8:80::1]:80",	4 },
	{ "[fd00::1]:1", "[2001:db8:81::1]:80",	5 },
	{ "[fe80::1]:1", "[2001:db8:81::1]:80",	-1 },
	/* the same first bytes in another family are another network */
	{ "10.0.0.1:1",	"[c0a8:701::]:23",	-1 },
};

START_TEST(rule_find_takes_the_first_that_matches)
{
	struct rule rules[NELEM(table)];
	struct addr from, to;
	const struct rule *r;
	size_t i;

	for (i = 0; i < NELEM(table); i++)
		rules[i] = parsed(table[i]);
	ck_assert_int_eq(addr_parse(&from, flows[_i].from, -1), 0);
	ck_assert_int_eq(addr_parse(&to, flows[_i].to, -1), 0);
	r = rule_find(rules, NELEM(rules), &from, &to);
	ck_assert_msg((r ? r - rules : -1) == flows[_i].rule, "%s to %s: %d",
	    flows[_i].from, flows[_i].to, r ? (int)(r - rules) : -1);
	ck_assert_ptr_null(rule_find(NULL, 0, &from, &to));
}
END_TEST

static const struct unit_test tests[] = {
	UNIT_LOOP(rule_parse_of_what_is_right_prints_canonically, NELEM(good)),
	UNIT_LOOP(rule_parse_of_what_is_wrong_points_at_the_word,
	    NELEM(errors)),
	UNIT(rule_of_zeroed_memory_drops_everything),
	UNIT_LOOP(rule_find_takes_the_first_that_matches, NELEM(flows)),
};

UNIT_MAIN("rule", tests)

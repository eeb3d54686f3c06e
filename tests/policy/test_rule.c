/* tests/policy/test_rule.c - FlowRule, from text to the rule that decides */
#include "policy/rule.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
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
	{ "drop MAC 02:00:5E:10:ab:CD", "drop mac 02:00:5e:10:ab:cd" },
	{ "drop in br-lan.100", NULL },
	{ "torify user 1000", NULL },
	{ "torify user 4294967294 app /", NULL },
	{ "torify user _apt app /system.slice/cups.service", NULL },
	{ "drop to {DE}", "drop to {de}" },
	{ "drop to Example.COM", "drop to example.com" },
	{ "drop to .onion", NULL },
	{ "drop to *.a-b.example_2.net", NULL },
	{ "drop to *", NULL },
	{ "drop to localhost", NULL },
	{ "drop to 1.example", NULL },
	{ "drop proto UDP port 443", "drop port 443 proto udp" },
	{ "reject proto icmp", NULL },
	{ "torify proto tcp", NULL },
	{ "drop time Mon-Fri,08:00-17:30", NULL },
	{ "drop time mon-mon", "drop time Mon" },
	{ "drop time Sat-Mon", "drop time Mon,Sat-Sun" },
	{ "drop time Tue,Mon,Thu", "drop time Mon-Tue,Thu" },
	{ "drop time 22:00-06:00", NULL },
	{ "drop time Mon,22:00-00:00", "drop time Mon,22:00-24:00" },
	{ "drop time Mon-Sun", "drop time 00:00-24:00" },
	{ "torify isolate=flow,client", "torify isolate=client,flow" },
	{ "torify isolate=client,dest,port,user,app,name,flow", NULL },
	{ "torify exit={de},$0123456789ABCDEF0123456789ABCDEF01234567", NULL },
	{ "torify dotexit accept=optimistic exit=moria1",
	    "torify exit=moria1 accept=optimistic dotexit" },
	{ "direct to {de}", NULL },
	{ "direct to .printers.example proto tcp", NULL },
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
	{ " torify frm 10.0.0.0/8", 8, "'frm' is no word of a rule" },
	{ "torify exit", 7, "'exit' is no word" },
	{ "torify from=10.0.0.0/8", 7, "is no word" },
	{ "torify =", 7, "is no word" },
	{ "drop from", 9, "from wants a network" },
	{ "drop from ", 10, "from wants a network" },
	{ "drop from to 10.0.0.0/8", 10, "'to' is neither" },
	{ "drop to 10.0.0.0/33", 8, "neither" },
	{ "drop to 10.0.0/8", 8, "neither" },
	{ "drop to exa$mple.com", 8, "neither" },
	{ "drop to example..com", 8, "neither" },
	{ "drop to example.com.", 8, "neither" },
	{ "drop to .", 8, "neither" },
	{ "drop to *.", 8, "neither" },
	{ "drop to **.x", 8, "neither" },
	{ "drop to *x", 8, "neither" },
	{ "drop to example.1", 8, "neither" },
	{ "drop to 10.1.2", 8, "neither" },
	{ "drop to {d}", 8, "no country" },
	{ "drop to {deu}", 8, "no country" },
	{ "drop to {d1}", 8, "no country" },
	{ "drop to {de", 8, "no country" },
	{ "drop mac", 8, "mac wants a MAC address" },
	{ "drop mac 02:00:5e:10:00", 9, "no MAC address" },
	{ "drop mac 02:00:5e:10:00:0g", 9, "no MAC address" },
	{ "drop mac 02-00-5e-10-00-01", 9, "no MAC address" },
	{ "drop mac 02:00:5e:10:00:011", 9, "no MAC address" },
	{ "drop in", 7, "in wants an interface" },
	{ "drop in eth0123456789abc", 8, "no interface" },
	{ "drop in a/b", 8, "no interface" },
	{ "drop user 12x", 10, "no user" },
	{ "drop user 4294967295", 10, "no user" },
	{ "drop user 99999999999", 10, "no user" },
	{ "drop app cups", 9, "no cgroup" },
	{ "drop proto sctp", 11, "none of tcp, udp, icmp" },
	{ "drop proto icmp port 1", 16, "icmp has no ports" },
	{ "torify proto udp", 7, "torify is for tcp only" },
	{ "direct to 10.0.0.0/8 proto icmp", 21, "direct is for tcp only" },
	{ "drop time", 9, "time wants days or hours" },
	{ "drop time Mo", 10, "neither days" },
	{ "drop time Mon-", 10, "neither days" },
	{ "drop time 8:00-17:00", 10, "neither days" },
	{ "drop time 08:00-25:00", 10, "neither days" },
	{ "drop time 08:60-17:00", 10, "neither days" },
	{ "drop time 24:00-08:00", 10, "neither days" },
	{ "drop time 08:00-08:00", 10, "neither days" },
	{ "drop time 08:00-17:00,Mon", 22, "neither days" },
	{ "drop time Mon,,Tue", 14, "neither days" },
	{ "torify isolate=", 15, "isolate= wants what to" },
	{ "torify isolate=all", 15, "'all' is none of client" },
	{ "torify isolate=client,", 22, "'' is none of" },
	{ "drop isolate=client", 5, "drop has no use for isolate=" },
	{ "direct to 10.0.0.0/8 exit={de}", 21, "no use for exit=" },
	{ "reject dotexit", 7, "reject has no use for dotexit" },
	{ "direct to *", 7, "nearly everything" },
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
	{ "drop port 80 443", 13, "'443' is no word of" },
	{ "drop port 80 port 443", 13, "port stands here a second" },
	{ "drop port 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17", 49,
	    "no more than 16" },
	{ "torify accept=", 14, "wants deferred or optimistic" },
	{ "torify accept=later", 14, "wants deferred" },
	{ "torify accept=deferred accept=deferred", 23, "second time" },
	{ "torify accept", 7, "no word" },
	{ "drop accept=deferred", 5, "drop has no use for accept=" },
	{ "reject port 80 accept=optimistic", 15, "reject has no use for accept=" },
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

START_TEST(rule_of_zeroed_memory_matches_everything)
{
	static const struct rule zero;
	struct rule_flow f = { .proto = RULE_PROTO_TCP };

	addr_v4(&f.client, 0x0a000001, 1);
	addr_v4(&f.dest, 0xcb007150, 443);
	ck_assert_int_eq(zero.action, RULE_DROP);
	ck_assert(rule_matches(&zero, &f));
	memset(&f, 0, sizeof(f));
	ck_assert(rule_matches(&zero, &f));
}
END_TEST

/* --- what a rule speaks of --- */

static const uint8_t mac[6] = { 2, 0, 0x5e, 0x10, 0, 1 };
static const uint32_t uid = 1000;
static const char *const names[] = { "www.example.com", "cdn.example.net" };

/* Of this flow everything is known. */
static void
fill(struct rule_flow *f)
{
	memset(f, 0, sizeof(*f));
	ck_assert_int_eq(addr_parse(&f->client, "10.0.0.9:4000", -1), 0);
	ck_assert_int_eq(addr_parse(&f->dest, "203.0.113.80:443", -1), 0);
	f->mac = mac;
	f->in = "lan0";
	f->app = "/user.slice/a.service";
	f->uid = &uid;
	f->names = names;
	f->nnames = NELEM(names);
	strcpy(f->country, "de");
	f->proto = RULE_PROTO_TCP;
	f->has_time = 1;
	f->minute = 2 * RULE_DAY + 9 * 60 + 30;		/* Wed, 9:30 */
}

static const struct {
	const char	*match;		/* behind "drop" */
	int		 yes;
} matches[] = {
	{ "", 1 },
	{ "from 10.0.0.8/29", 1 }, { "from 10.0.0.0/29", 0 },
	{ "from fd00::/8", 0 },
	{ "mac 02:00:5e:10:00:01", 1 }, { "mac 02:00:5e:10:00:02", 0 },
	{ "in lan0", 1 }, { "in lan", 0 }, { "in lan00", 0 },
	{ "user 1000", 1 }, { "user 1001", 0 },
	{ "user nobody-has-said-who", 0 },
	{ "app /", 1 }, { "app /user.slice", 1 }, { "app /user", 0 },
	{ "app /user.slice/", 1 },
	{ "app /user.slice/a.service", 1 },
	{ "app /user.slice/a.service/x", 0 },
	{ "to 203.0.113.0/24", 1 }, { "to 203.0.114.0/24", 0 },
	{ "to 2001:db8::/32", 0 },
	{ "to www.example.com", 1 }, { "to cdn.example.net", 1 },
	{ "to example.com", 0 }, { "to a.www.example.com", 0 },
	{ "to .example.com", 1 }, { "to *.example.com", 1 },
	{ "to .www.example.com", 1 }, { "to *.www.example.com", 0 },
	{ "to .net", 1 }, { "to .ample.com", 0 }, { "to *.ample.com", 0 },
	{ "to *", 1 },
	{ "to {de}", 1 }, { "to {fr}", 0 },
	{ "port 443", 1 }, { "port 400-500", 1 }, { "port 80,443", 1 },
	{ "port 80", 0 }, { "port 444-500", 0 }, { "port 4000", 0 },
	{ "proto tcp", 1 }, { "proto udp", 0 }, { "proto icmp", 0 },
	{ "time Wed", 1 }, { "time Mon-Wed", 1 }, { "time Thu-Tue", 0 },
	{ "time 09:30-09:31", 1 }, { "time 09:00-09:30", 0 },
	{ "time 09:31-09:30", 0 }, { "time 22:00-09:31", 1 },
	{ "time Tue,22:00-09:31", 1 }, { "time Wed,22:00-09:31", 0 },
	{ "time Wed,09:00-08:00", 1 }, { "time Tue,09:00-08:00", 0 },
	{ "from 10.0.0.9 mac 02:00:5e:10:00:01 in lan0 user 1000 app / "
	    "to .example.com port 443 proto tcp time Wed", 1 },
	{ "from 10.0.0.9 mac 02:00:5e:10:00:01 in lan0 user 1000 app / "
	    "to .example.com port 443 proto tcp time Thu", 0 },
	{ "from 10.0.0.9 in lan1 to .example.com", 0 },
};

START_TEST(rule_matches_all_that_it_says_and_no_other)
{
	struct rule_flow f;
	struct rule r;
	char text[300];

	snprintf(text, sizeof(text), "drop %s", matches[_i].match);
	r = parsed(text);
	fill(&f);
	ck_assert_msg(rule_matches(&r, &f) == matches[_i].yes, "%s", text);
}
END_TEST

static const struct { const char *text; size_t at; } users[] = {
	{ "drop user alice", 10 }, { "drop user 1000 port 80", 10 },
	{ "drop in user  user  bob", 20 }, { "drop port 80", 0 },
};

START_TEST(rule_parse_says_where_the_user_stands)
{
	struct rule_error err = { .at = 99 };
	struct rule r;

	ck_assert_int_eq(rule_parse(&r, users[_i].text, &err), 0);
	ck_assert_uint_eq(err.at, users[_i].at);
}
END_TEST

/* What says something, and a flow of which nothing is known. */
START_TEST(rule_matches_nothing_that_is_unknown)
{
	struct rule_flow f;
	struct rule r;
	char text[300];

	snprintf(text, sizeof(text), "drop %s", matches[_i].match);
	r = parsed(text);
	memset(&f, 0, sizeof(f));
	ck_assert_msg(rule_matches(&r, &f) == (matches[_i].match[0] == '\0'),
	    "%s", text);
}
END_TEST

/* Of this flow only where it goes to, and its port. */
static void
fill_little(struct rule_flow *f, int named)
{
	memset(f, 0, sizeof(*f));
	f->proto = RULE_PROTO_TCP;
	f->dest.port = 443;
	if (named) {
		f->names = names;
		f->nnames = NELEM(names);
	} else
		ck_assert_int_eq(addr_parse(&f->dest, "203.0.113.80:443", -1),
		    0);
}

enum { NO = -1 };			/* whatever else is known */

static const struct {
	const char	*match;
	int		 by_addr, by_name;	/* what it lacks, or NO */
} could[] = {
	{ "", 0, 0 },
	{ "from 10.0.0.8/29", RULE_FACT_CLIENT, RULE_FACT_CLIENT },
	{ "from 0.0.0.0/0", 0, 0 },
	{ "mac 02:00:5e:10:00:01", RULE_FACT_MAC, RULE_FACT_MAC },
	{ "in lan0", RULE_FACT_IN, RULE_FACT_IN },
	{ "user 1000", RULE_FACT_USER, RULE_FACT_USER },
	{ "user nobody-has-said-who", NO, NO },
	{ "app /user.slice", RULE_FACT_APP, RULE_FACT_APP },
	{ "to 203.0.113.0/24", 0, NO }, { "to 203.0.114.0/24", NO, NO },
	{ "to www.example.com", RULE_FACT_NAME, 0 },
	{ "to www.example.org", RULE_FACT_NAME, NO },
	{ "to *", RULE_FACT_NAME, 0 },
	{ "to {de}", RULE_FACT_COUNTRY, NO },
	{ "port 443", 0, 0 }, { "port 80", NO, NO },
	{ "proto tcp", 0, 0 }, { "proto udp", NO, NO },
	{ "time Wed", RULE_FACT_TIME, RULE_FACT_TIME },
	{ "in lan0 user 7 time Wed", RULE_FACT_IN | RULE_FACT_USER |
	    RULE_FACT_TIME, RULE_FACT_IN | RULE_FACT_USER | RULE_FACT_TIME },
	{ "in lan0 port 80", NO, NO },
	{ "user 7 to {de}", RULE_FACT_USER | RULE_FACT_COUNTRY, NO },
};

START_TEST(rule_could_match_says_what_is_not_known)
{
	struct rule_flow f;
	unsigned lacks;
	struct rule r;
	char text[300];
	int named, want, may;

	snprintf(text, sizeof(text), "drop %s", could[_i].match);
	r = parsed(text);
	for (named = 0; named < 2; named++) {
		want = named ? could[_i].by_name : could[_i].by_addr;
		fill_little(&f, named);
		may = rule_could_match(&r, &f, &lacks);
		ck_assert_msg(may == (want != NO), "%s, %d", text, named);
		if (may)
			ck_assert_msg(lacks == (unsigned)want, "%s, %d: %#x",
			    text, named, lacks);
		ck_assert_int_eq(rule_matches(&r, &f), want == 0);
	}
}
END_TEST

/* What is known and is otherwise is not lacking. */
START_TEST(rule_could_match_of_a_whole_flow_is_whether_it_matches)
{
	struct rule_flow f;
	unsigned lacks;
	struct rule r;
	char text[300];

	snprintf(text, sizeof(text), "drop %s", matches[_i].match);
	r = parsed(text);
	fill(&f);
	ck_assert_int_eq(rule_could_match(&r, &f, &lacks), matches[_i].yes);
	if (matches[_i].yes)
		ck_assert_uint_eq(lacks, 0);
}
END_TEST

START_TEST(rule_matches_whatever_port_where_there_is_none_yet)
{
	struct rule r = parsed("drop to .example.com port 80");
	struct rule_flow f;

	fill(&f);
	ck_assert(!rule_matches(&r, &f));
	f.any_port = 1;
	ck_assert(rule_matches(&r, &f));
	f.nnames = 0;
	ck_assert(!rule_matches(&r, &f));
}
END_TEST

/* The address of a name is not known yet: it can be any. */
START_TEST(rule_matches_a_name_in_the_whole_internet_only)
{
	struct rule any4 = parsed("drop to 0.0.0.0/0");
	struct rule any6 = parsed("drop to ::/0"), half = parsed(
	    "drop to 0.0.0.0/1");
	struct rule_flow f;

	fill(&f);
	memset(&f.dest, 0, sizeof(f.dest));
	f.dest.port = 443;
	ck_assert(rule_matches(&any4, &f));
	ck_assert(rule_matches(&any6, &f));
	ck_assert(!rule_matches(&half, &f));
}
END_TEST

static const struct unit_test tests[] = {
	UNIT_LOOP(rule_parse_of_what_is_right_prints_canonically, NELEM(good)),
	UNIT_LOOP(rule_parse_of_what_is_wrong_points_at_the_word,
	    NELEM(errors)),
	UNIT_LOOP(rule_parse_says_where_the_user_stands, NELEM(users)),
	UNIT(rule_of_zeroed_memory_matches_everything),
	UNIT_LOOP(rule_matches_all_that_it_says_and_no_other, NELEM(matches)),
	UNIT_LOOP(rule_matches_nothing_that_is_unknown, NELEM(matches)),
	UNIT_LOOP(rule_could_match_says_what_is_not_known, NELEM(could)),
	UNIT_LOOP(rule_could_match_of_a_whole_flow_is_whether_it_matches,
	    NELEM(matches)),
	UNIT(rule_matches_whatever_port_where_there_is_none_yet),
	UNIT(rule_matches_a_name_in_the_whole_internet_only),
};

UNIT_MAIN("rule", tests)

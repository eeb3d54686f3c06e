/* tests/policy/test_policy.c - tables of flows and names */
#include "policy/policy.h"

#include <check.h>
#include <string.h>

#include "policy/isolate.h"
#include "policy/rule.h"
#include "policy/rules.h"
#include "tests/unit.h"

static const uint16_t reject_ports[] = { 23, 109 };
static const uint16_t warn_ports[] = { 110, 143, 23 };

static const struct policy_conf normal = {
	.reject_internal = 1, .reject_ports = reject_ports,
	.nreject_ports = NELEM(reject_ports), .warn_ports = warn_ports,
	.nwarn_ports = NELEM(warn_ports)
};

enum { NO4 = 1, NO6 = 2 };

static const struct {
	const char	*dest;
	int		 door;
	enum policy_verdict verdict;
	int		 plaintext;
} flows[] = {
	{ "203.0.113.80:443",		0, POLICY_TORIFY, 0 },
	{ "203.0.113.80:80",		0, POLICY_TORIFY, 0 },
	{ "203.0.113.80:110",		0, POLICY_TORIFY, 1 },
	{ "203.0.113.80:143",		0, POLICY_TORIFY, 1 },
	{ "203.0.113.80:23",		0, POLICY_REJECT, 0 },
	{ "203.0.113.80:109",		0, POLICY_REJECT, 0 },
	{ "[2001:db8:1::1]:443",	0, POLICY_TORIFY, 0 },
	{ "[2001:db8:1::1]:23",		0, POLICY_REJECT, 0 },
	{ "10.0.0.1:80",		0, POLICY_REJECT, 0 },
	{ "127.0.0.1:80",		0, POLICY_REJECT, 0 },
	{ "192.168.1.1:80",		0, POLICY_REJECT, 0 },
	{ "172.16.0.1:80",		0, POLICY_REJECT, 0 },
	{ "172.32.0.1:80",		0, POLICY_TORIFY, 0 },
	{ "100.64.0.1:80",		0, POLICY_REJECT, 0 },
	{ "169.254.169.254:80",		0, POLICY_REJECT, 0 },
	{ "0.0.0.0:80",			0, POLICY_REJECT, 0 },
	{ "224.0.0.1:80",		0, POLICY_REJECT, 0 },
	{ "255.255.255.255:80",		0, POLICY_REJECT, 0 },
	{ "[::1]:80",			0, POLICY_REJECT, 0 },
	{ "[fe80::1]:80",		0, POLICY_REJECT, 0 },
	{ "[fd00::1]:80",		0, POLICY_REJECT, 0 },
	{ "[::ffff:10.0.0.1]:80",	0, POLICY_REJECT, 0 },
	{ "[64:ff9b::10.0.0.1]:80",	0, POLICY_REJECT, 0 },
	{ "203.0.113.80:443",		NO4, POLICY_REJECT, 0 },
	{ "203.0.113.80:443",		NO6, POLICY_TORIFY, 0 },
	{ "[2001:db8:1::1]:443",	NO4, POLICY_TORIFY, 0 },
	{ "[2001:db8:1::1]:443",	NO6, POLICY_REJECT, 0 },
};

static struct policy_decision
decide(const struct policy_conf *conf, const char *dest, int door)
{
	struct policy_flow flow = { .no_ipv4 = (door & NO4) != 0,
		.no_ipv6 = (door & NO6) != 0 };
	struct policy_decision d;

	memset(&d, 0xff, sizeof(d));
	ck_assert_int_eq(addr_parse(&flow.about.dest, dest, -1), 0);
	addr_v4(&flow.about.client, 0x0a000001, 40000);
	policy_decide(conf, &flow, &d);
	return d;
}

START_TEST(policy_decide_follows_the_table)
{
	struct policy_decision d = decide(&normal, flows[_i].dest,
	    flows[_i].door);

	ck_assert_msg(d.verdict == flows[_i].verdict, "%s", flows[_i].dest);
	ck_assert_int_eq(d.plaintext, flows[_i].plaintext);
	ck_assert_msg((d.why == NULL) == (d.verdict == POLICY_TORIFY),
	    "a refusal has a reason");
}
END_TEST

START_TEST(policy_decide_unknown_destination_is_dropped)
{
	struct policy_flow flow = { .about = { .dest = { .port = 80 } } };
	struct policy_decision d = { .verdict = POLICY_TORIFY };

	policy_decide(&normal, &flow, &d);
	ck_assert_int_eq(d.verdict, POLICY_DROP);
	ck_assert_ptr_nonnull(d.why);
	addr_v4(&flow.about.dest, 0xcb007150, 0);	/* no port */
	d.verdict = POLICY_TORIFY;
	policy_decide(&normal, &flow, &d);
	ck_assert_int_eq(d.verdict, POLICY_DROP);
}
END_TEST

START_TEST(policy_decide_internal_addresses_go_where_configured)
{
	struct policy_conf open = normal;

	open.reject_internal = 0;
	ck_assert_int_eq(decide(&open, "10.0.0.1:80", 0).verdict,
	    POLICY_TORIFY);
	ck_assert_int_eq(decide(&open, "10.0.0.1:23", 0).verdict,
	    POLICY_REJECT);
}
END_TEST

START_TEST(policy_decide_without_port_lists_torifies)
{
	static const struct policy_conf none = { .reject_internal = 1 };

	ck_assert_int_eq(decide(&none, "203.0.113.80:23", 0).verdict,
	    POLICY_TORIFY);
}
END_TEST

/* --- rules --- */

static const char *const table[] = {
	"drop to 192.168.66.0/24",
	"reject to 192.168.67.0/24",
	"torify to 10.0.0.0/8",
	"direct to 192.168.0.0/16",
	"direct from 10.0.0.1 to 203.0.113.0/24 port 80-90,109-143",
	"drop from 10.0.0.1 to 203.0.113.0/24 port 79",
	"direct to fd00::/8",
	"torify to 198.51.100.0/25 port 22,443 accept=optimistic",
	"torify to 198.51.100.128/25 accept=deferred",
	"direct to 100.64.0.0/10 accept=optimistic",
	/* and, last, as wide as can be */
	"direct to 0.0.0.0/0 port 7", "direct to ::/0 port 7",
};
static struct rule rules[NELEM(table)];
static struct policy_conf ruled;

/* One table at a time. */
static const struct rules *
made(const struct rule *v, size_t n)
{
	static struct rules *s;

	rules_free(s);
	ck_assert_int_eq(rules_new(&s, v, n), 0);
	return s;
}

static void
compile(void)
{
	struct rule_error err;
	size_t i;

	for (i = 0; i < NELEM(table); i++)
		if (rule_parse(&rules[i], table[i], &err) < 0)
			ck_abort_msg("%s: %s", table[i], err.why);
	ruled = normal;
	ruled.rules = made(rules, NELEM(table));
}

static const struct {
	const char	*dest;
	int		 door;
	enum policy_verdict verdict;
	int		 plaintext;
} by_rule[] = {
	{ "192.168.66.1:80",	0,	POLICY_DROP, 0 },
	{ "192.168.67.1:80",	0,	POLICY_REJECT, 0 },
	/* torify is the ordinary way, where that is refused */
	{ "10.0.0.5:80",	0,	POLICY_REJECT, 0 },
	/* an explicit direct beats ClientRejectInternalAddresses ... */
	{ "192.168.1.1:80",	0,	POLICY_DIRECT, 0 },
	{ "[fd00::1]:80",	0,	POLICY_DIRECT, 0 },
	{ "100.64.0.1:80",	0,	POLICY_DIRECT, 0 },
	{ "203.0.113.80:80",	0,	POLICY_DIRECT, 0 },
	/* ... no other refusal ... */
	{ "192.168.1.1:80",	NO4,	POLICY_REJECT, 0 },
	{ "192.168.1.1:80",	NO6,	POLICY_DIRECT, 0 },
	{ "[fd00::1]:80",	NO6,	POLICY_REJECT, 0 },
	{ "192.168.1.1:23",	0,	POLICY_REJECT, 0 },
	{ "203.0.113.80:109",	0,	POLICY_REJECT, 0 },
	/* ... and its exit reads no passwords */
	{ "203.0.113.80:110",	0,	POLICY_DIRECT, 0 },
	{ "203.0.114.80:110",	0,	POLICY_TORIFY, 1 },
	{ "203.0.113.80:79",	0,	POLICY_DROP, 0 },
	/* what a rule says beats the door's families only to refuse */
	{ "192.168.66.1:80",	NO4,	POLICY_DROP, 0 },
	{ "203.0.113.80:443",	0,	POLICY_TORIFY, 0 },
	{ "172.16.0.1:80",	0,	POLICY_REJECT, 0 },
	/* not to ourselves, nor to many */
	{ "1.1.1.1:7",		0,	POLICY_DIRECT, 0 },
	{ "172.16.0.1:7",	0,	POLICY_DIRECT, 0 },
	{ "223.255.255.255:7",	0,	POLICY_DIRECT, 0 },
	{ "0.0.0.0:7",		0,	POLICY_REJECT, 0 },
	{ "0.1.2.3:7",		0,	POLICY_REJECT, 0 },
	{ "127.0.0.1:7",	0,	POLICY_REJECT, 0 },
	{ "127.255.255.254:7",	0,	POLICY_REJECT, 0 },
	{ "224.0.0.1:7",	0,	POLICY_REJECT, 0 },
	{ "239.255.255.250:7",	0,	POLICY_REJECT, 0 },
	{ "240.0.0.1:7",	0,	POLICY_REJECT, 0 },
	{ "255.255.255.255:7",	0,	POLICY_REJECT, 0 },
	{ "[2001:db8::1]:7",	0,	POLICY_DIRECT, 0 },
	{ "[fe80::1]:7",	0,	POLICY_DIRECT, 0 },
	{ "[::]:7",		0,	POLICY_REJECT, 0 },
	{ "[::1]:7",		0,	POLICY_REJECT, 0 },
	{ "[::ffff:127.0.0.1]:7", 0,	POLICY_REJECT, 0 },
	{ "[::ffff:8.8.8.8]:7",	0,	POLICY_REJECT, 0 },
	{ "[64:ff9b::7f00:1]:7", 0,	POLICY_REJECT, 0 },
	{ "[ff02::1]:7",	0,	POLICY_REJECT, 0 },
};

START_TEST(policy_decide_follows_the_rules)
{
	struct policy_decision d;

	compile();
	d = decide(&ruled, by_rule[_i].dest, by_rule[_i].door);
	ck_assert_msg(d.verdict == by_rule[_i].verdict, "%s: %d",
	    by_rule[_i].dest, d.verdict);
	ck_assert_int_eq(d.plaintext, by_rule[_i].plaintext);
	ck_assert_int_eq(d.why == NULL, d.verdict == POLICY_TORIFY ||
	    d.verdict == POLICY_DIRECT);
}
END_TEST

START_TEST(policy_decide_direct_only_where_a_rule_says_so)
{
	static const char *const dests[] = {
		"203.0.113.80:80", "192.168.1.1:80", "[fd00::1]:80"
	};
	struct policy_conf closed = normal;
	int internal, i;

	for (internal = 0; internal < 2; internal++)
		for (i = 0; i < 3; i++) {
			closed.reject_internal = internal;
			ck_assert_int_ne(decide(&closed, dests[i], 0).verdict,
			    POLICY_DIRECT);
		}
}
END_TEST

START_TEST(policy_decide_says_which_rule_it_was)
{
	compile();
	ck_assert_ptr_eq(decide(&ruled, "192.168.66.1:80", 0).rule, &rules[0]);
	ck_assert_ptr_eq(decide(&ruled, "192.168.1.1:80", 0).rule, &rules[3]);
	ck_assert_ptr_null(decide(&ruled, "8.8.8.8:80", 0).rule);
}
END_TEST

START_TEST(policy_decide_without_a_network_lets_nothing_go_direct)
{
	compile();
	ruled.no_network = 1;
	ck_assert_int_eq(decide(&ruled, "192.168.1.1:80", 0).verdict,
	    POLICY_REJECT);
	ck_assert_int_eq(decide(&ruled, "8.8.8.8:80", 0).verdict,
	    POLICY_TORIFY);
}
END_TEST

static const struct {
	const char	*dest;
	int		 named, optimistic;
} accepts[] = {
	/* a name, where the client speaks first */
	{ "8.8.8.8:80",		1, 1 },
	{ "8.8.8.8:443",	1, 1 },
	{ "8.8.8.8:8443",	1, 1 },
	{ "8.8.8.8:853",	1, 1 },
	{ "8.8.8.8:465",	1, 1 },
	{ "8.8.8.8:993",	1, 1 },
	{ "8.8.8.8:6697",	1, 1 },
	{ "[2001:db8::1]:443",	1, 1 },
	/* or no name */
	{ "8.8.8.8:80",		0, 0 },
	{ "8.8.8.8:443",	0, 0 },
	/* or the server does, or nobody knows */
	{ "8.8.8.8:21",		1, 0 },
	{ "8.8.8.8:22",		1, 0 },
	{ "8.8.8.8:25",		1, 0 },
	{ "8.8.8.8:110",	1, 0 },
	{ "8.8.8.8:143",	1, 0 },
	{ "8.8.8.8:587",	1, 0 },
	{ "8.8.8.8:3306",	1, 0 },
	{ "8.8.8.8:5900",	1, 0 },
	{ "8.8.8.8:81",		1, 0 },
	{ "8.8.8.8:50000",	1, 0 },
	/* a rule decides both ways, whether there is a name or not */
	{ "198.51.100.1:22",	0, 1 },
	{ "198.51.100.1:22",	1, 1 },
	{ "198.51.100.1:443",	0, 1 },
	{ "198.51.100.1:25",	1, 0 },
	{ "198.51.100.129:443",	1, 0 },
	{ "198.51.100.129:443",	0, 0 },
	/* direct: only by a rule; and a name is not direct */
	{ "203.0.113.80:80",	0, 0 },
	{ "203.0.113.80:80",	1, 1 },
	{ "100.64.0.1:22",	0, 1 },
	/* what is refused is not accepted first */
	{ "192.168.66.1:80",	1, 0 },
	{ "192.168.67.1:443",	1, 0 },
	{ "10.0.0.5:443",	1, 0 },
};

START_TEST(policy_decide_is_optimistic_where_that_is_right)
{
	struct policy_flow flow = {
		.name = accepts[_i].named ? "www.example.com" : NULL
	};
	struct policy_decision d;

	compile();
	ck_assert_int_eq(addr_parse(&flow.about.dest, accepts[_i].dest, -1), 0);
	addr_v4(&flow.about.client, 0x0a000001, 40000);
	policy_decide(&ruled, &flow, &d);
	ck_assert_msg(d.optimistic == accepts[_i].optimistic, "%s, %d",
	    accepts[_i].dest, accepts[_i].named);
}
END_TEST

/* Names: by a virtual address, or by none but a port. */
static const struct {
	const char	*rule;
	const char	*dest;		/* "": only a name */
	struct policy_flow flow;
	enum policy_verdict want;
} named[] = {
	{ NULL, "10.192.0.7:80", { .no_addr = 1 }, POLICY_TORIFY },
	{ NULL, "10.192.0.7:80", { .no_addr = 0 }, POLICY_REJECT },
	{ NULL, "", { .no_addr = 1 }, POLICY_TORIFY },
	{ NULL, "", { .no_addr = 0 }, POLICY_DROP },
	{ "direct to 10.0.0.0/8", "10.192.0.7:80", { .no_addr = 1 },
	    POLICY_TORIFY },
	{ "direct to 8.8.8.8", "8.8.8.8:80", { .no_addr = 0 }, POLICY_TORIFY },
	{ "direct to 0.0.0.0/0", "", { .no_addr = 1 }, POLICY_TORIFY },
	{ "reject to 10.0.0.0/8", "10.192.0.7:80", { .no_addr = 1 },
	    POLICY_REJECT },
	{ "reject to 0.0.0.0/0", "", { .no_addr = 1 }, POLICY_REJECT },
	{ "drop to ::/0 port 80", "", { .no_addr = 1 }, POLICY_DROP },
	{ "reject to ::/0 port 81", "", { .no_addr = 1 }, POLICY_TORIFY },
	{ "reject to 8.0.0.0/8", "", { .no_addr = 1 }, POLICY_TORIFY },
	{ "reject port 80", "", { .no_addr = 1 }, POLICY_REJECT },
	{ NULL, "10.192.0.7:80", { .no_addr = 1, .no_ipv4 = 1 },
	    POLICY_TORIFY },
	{ NULL, "", { .no_addr = 1, .no_ipv4 = 1, .no_ipv6 = 1 },
	    POLICY_REJECT },
	{ NULL, "", { .no_addr = 1, .no_ipv4 = 1, .no_ipv6 = 1, .onion = 1 },
	    POLICY_TORIFY },
	{ NULL, "", { .no_addr = 1, .no_onion = 1 }, POLICY_TORIFY },
	{ NULL, "", { .no_addr = 1, .no_onion = 1, .onion = 1 },
	    POLICY_REJECT },
};

START_TEST(policy_decide_of_a_name)
{
	struct policy_conf conf = { .reject_internal = 1 };
	struct policy_flow flow = named[_i].flow;
	struct policy_decision d;
	struct rule_error err;
	struct rule rule;

	if (named[_i].rule) {
		ck_assert_int_eq(rule_parse(&rule, named[_i].rule, &err), 0);
		conf.rules = made(&rule, 1);
	}
	flow.name = "www.example.com";
	addr_v4(&flow.about.client, 0x0a000001, 40000);
	flow.about.dest.port = 80;
	if (named[_i].dest[0])
		ck_assert_int_eq(addr_parse(&flow.about.dest, named[_i].dest, -1),
		    0);
	policy_decide(&conf, &flow, &d);
	ck_assert_int_eq(d.verdict, named[_i].want);
}
END_TEST

START_TEST(policy_decide_of_a_name_passes_over_direct_rules)
{
	static const char *const texts[] = { "direct to 10.0.0.0/8",
		"direct to 10.192.0.0/10", "reject to 10.192.0.0/10 port 25",
		"direct to 10.192.0.0/10", "torify to 10.0.0.0/8" };
	struct rule row[NELEM(texts)];
	struct policy_conf conf = { .no_network = 0 };
	struct policy_flow flow = { .name = "a.example", .no_addr = 1 };
	struct policy_decision d;
	struct rule_error err;
	size_t i;

	for (i = 0; i < NELEM(texts); i++)
		ck_assert_int_eq(rule_parse(&row[i], texts[i], &err), 0);
	conf.rules = made(row, NELEM(texts));
	addr_v4(&flow.about.client, 0x0a000001, 40000);
	addr_v4(&flow.about.dest, 0x0ac00007, 80);
	policy_decide(&conf, &flow, &d);
	ck_assert_ptr_eq(d.rule, &row[4]);
	flow.about.dest.port = 25;
	policy_decide(&conf, &flow, &d);
	ck_assert_ptr_eq(d.rule, &row[2]);
	flow.name = NULL;
	flow.no_addr = 0;
	policy_decide(&conf, &flow, &d);
	ck_assert_ptr_eq(d.rule, &row[0]);
}
END_TEST

/* A connection to 192.0.2.7, which was told to be called so: answers with a
 * colon between them, names of one with a comma. */
static const struct {
	const char	*rules[2], *told;
	int		 more;
	enum policy_verdict want;
} told[] = {
	{ { "direct to p.example" }, "p.example", 0, POLICY_DIRECT },
	{ { "direct to p.example" }, "", 0, POLICY_TORIFY },
	{ { "direct to p.example" }, "q.example", 0, POLICY_TORIFY },
	/* one answer, whichever of its names */
	{ { "direct to p.example" }, "p.example,cdn.example", 0,
	    POLICY_DIRECT },
	{ { "direct to cdn.example" }, "p.example,cdn.example", 0,
	    POLICY_DIRECT },
	/* an address that others have, too */
	{ { "direct to p.example" }, "p.example:q.example", 0, POLICY_TORIFY },
	{ { "direct to p.example" }, "q.example:p.example", 0, POLICY_TORIFY },
	{ { "direct to .example" }, "q.example:p.example", 0, POLICY_DIRECT },
	{ { "direct to p.example" },
	    "p.example,cdn.example:cdn.example", 0, POLICY_TORIFY },
	{ { "direct to p.example" }, "p.example", 1, POLICY_TORIFY },
	/* what forbids holds for any of them */
	{ { "reject to q.example" }, "p.example:q.example", 0, POLICY_REJECT },
	{ { "drop to cdn.example" }, "p.example,cdn.example", 1, POLICY_DROP },
	/* what does not hold is passed over */
	{ { "direct to p.example", "reject to *.example" },
	    "p.example:q.example", 0, POLICY_REJECT },
	{ { "direct to p.example", "direct to 192.0.2.0/24" },
	    "p.example:q.example", 0, POLICY_DIRECT },
	{ { "reject to *" }, "p.example", 0, POLICY_REJECT },
	{ { "reject to *" }, "", 0, POLICY_TORIFY },
};

START_TEST(policy_decide_of_an_address_by_the_names_it_was_given)
{
	struct policy_conf conf = { .no_network = 0 };
	struct policy_flow flow = { .more_names = told[_i].more };
	struct policy_decision d;
	const char *names[8];
	struct rule row[2];
	struct rule_error err;
	uint8_t answer[8], n = 0;
	char text[100], *s, *end;
	size_t k;

	for (k = 0; k < 2 && told[_i].rules[k]; k++)
		ck_assert_int_eq(rule_parse(&row[k], told[_i].rules[k], &err),
		    0);
	conf.rules = made(row, k);
	strcpy(text, told[_i].told);
	for (s = text; *s; s = end) {
		names[flow.about.nnames] = s;
		answer[flow.about.nnames++] = n;
		end = s + strcspn(s, ",:");
		n += *end == ':';
		if (*end)
			*end++ = '\0';
	}
	flow.about.names = names;
	flow.answer = answer;
	addr_v4(&flow.about.client, 0x0a000001, 40000);
	addr_v4(&flow.about.dest, 0xc0000207, 80);
	policy_decide(&conf, &flow, &d);
	ck_assert_msg(d.verdict == told[_i].want, "%s of %s: %d",
	    told[_i].rules[0], told[_i].told, d.verdict);
}
END_TEST

/* A rule that may be meant for this sender keeps a later one from letting it go
 * direct; a question about a flow has said all that there is. */
START_TEST(policy_decide_of_a_sender_that_is_not_known_is_not_direct)
{
	struct policy_flow flow = { .supposed = _i == 2 };
	struct policy_conf conf = { .no_network = 0 };
	struct policy_decision d;
	struct rule_error err;
	struct rule row[2];

	ck_assert_int_eq(rule_parse(&row[0], "torify user 7", &err), 0);
	ck_assert_int_eq(rule_parse(&row[1], "direct to 192.0.2.0/24", &err),
	    0);
	conf.rules = made(row, 2);
	addr_v4(&flow.about.client, 0x0a000001, 40000);
	addr_v4(&flow.about.dest, 0xc0000207, 80);
	flow.about.in = _i == 0 ? "lo" : _i == 1 ? "lan0" : NULL;
	policy_decide(&conf, &flow, &d);
	ck_assert_int_eq(d.verdict, _i == 0 ? POLICY_TORIFY : POLICY_DIRECT);
	ck_assert_ptr_eq(d.rule, _i == 0 ? NULL : &row[1]);
}
END_TEST

/* Who says a name to us wants it through Tor; what was to go direct does not
 * go there, either. */
static const struct {
	const char	*rule;
	int		 onion;
	enum policy_verdict want;
} by_name[] = {
	{ "direct to www.example.com", 0, POLICY_REJECT },
	{ "direct to .example.com", 0, POLICY_REJECT },
	{ "direct to .example.com port 81", 0, POLICY_TORIFY },
	{ "direct to .example.net", 0, POLICY_TORIFY },
	{ "direct to www.example.com", 1, POLICY_TORIFY },
};

START_TEST(policy_decide_of_a_name_that_is_direct_by_name_refuses)
{
	struct policy_conf conf = { .reject_internal = 1 };
	struct policy_flow flow = { .name = "www.example.com", .no_addr = 1,
	    .onion = by_name[_i].onion };
	struct policy_decision d;
	struct rule_error err;
	struct rule rule;

	ck_assert_int_eq(rule_parse(&rule, by_name[_i].rule, &err), 0);
	conf.rules = made(&rule, 1);
	flow.about.names = &flow.name;
	flow.about.nnames = 1;
	addr_v4(&flow.about.client, 0x0a000001, 40000);
	flow.about.dest.port = 80;
	policy_decide(&conf, &flow, &d);
	ck_assert_int_eq(d.verdict, by_name[_i].want);
	if (d.verdict == POLICY_REJECT)
		ck_assert_ptr_nonnull(strstr(d.why, "our DNS server"));
}
END_TEST

/* Who writes .exit chooses an exit. */
static const struct {
	const char	*rule;		/* "": none */
	int		 allow, asked;
	enum policy_verdict want;
} exits[] = {
	{ "", 0, 1, POLICY_REJECT }, { "", 1, 1, POLICY_TORIFY },
	{ "", 0, 0, POLICY_TORIFY },
	{ "torify", 0, 1, POLICY_REJECT }, { "torify", 1, 1, POLICY_TORIFY },
	{ "torify dotexit", 0, 1, POLICY_TORIFY },
	{ "torify to .example dotexit", 0, 1, POLICY_TORIFY },
	{ "torify to .elsewhere dotexit", 0, 1, POLICY_REJECT },
	{ "torify port 81 dotexit", 0, 1, POLICY_REJECT },
	{ "reject to .example", 1, 1, POLICY_REJECT },
	{ "drop to .example", 0, 1, POLICY_DROP },
};

START_TEST(policy_decide_lets_clients_choose_exits_where_that_is_said)
{
	static const char *const called[] = { "a.example" };
	struct policy_conf conf = { .allow_dot_exit = exits[_i].allow };
	struct policy_flow flow = { .name = "a.example.relay.exit",
		.no_addr = 1, .asked_exit = exits[_i].asked,
		.about = { .names = called, .nnames = 1 } };
	struct policy_decision d;
	struct rule_error err;
	struct rule rule;

	if (exits[_i].rule[0]) {
		ck_assert_int_eq(rule_parse(&rule, exits[_i].rule, &err), 0);
		conf.rules = made(&rule, 1);
	}
	flow.about.dest.port = 80;
	policy_decide(&conf, &flow, &d);
	ck_assert_msg(d.verdict == exits[_i].want, "%s: %d", exits[_i].rule,
	    d.verdict);
}
END_TEST

static const struct {
	const char	*options;
	unsigned	 door, want;
} isolations[] = {
	{ "", ISOLATE_CLIENT_ADDR, ISOLATE_CLIENT_ADDR },
	{ "accept=deferred", ISOLATE_DEST_ADDR, ISOLATE_DEST_ADDR },
	{ "isolate=client", ISOLATE_DEST_ADDR | ISOLATE_DEST_PORT,
	    ISOLATE_CLIENT_ADDR },
	{ "isolate=dest", ISOLATE_CLIENT_ADDR, ISOLATE_DEST_ADDR },
	{ "isolate=port", ISOLATE_CLIENT_ADDR, ISOLATE_DEST_PORT },
	{ "isolate=user", ISOLATE_CLIENT_ADDR, ISOLATE_USER },
	{ "isolate=app", ISOLATE_CLIENT_ADDR, ISOLATE_APP },
	{ "isolate=name", ISOLATE_CLIENT_ADDR, ISOLATE_NAME },
	{ "isolate=flow", ISOLATE_CLIENT_ADDR, ISOLATE_FLOW },
	/* what no word of isolate= is for stays as the door has it */
	{ "isolate=dest", ISOLATE_CLIENT_ADDR | ISOLATE_SOCKS_AUTH |
	    ISOLATE_CLIENT_PROTO, ISOLATE_DEST_ADDR | ISOLATE_SOCKS_AUTH |
	    ISOLATE_CLIENT_PROTO },
	{ "isolate=client,dest,port,user,app,name,flow", 0,
	    ISOLATE_CLIENT_ADDR | ISOLATE_DEST_ADDR | ISOLATE_DEST_PORT |
	    ISOLATE_USER | ISOLATE_APP | ISOLATE_NAME | ISOLATE_FLOW },
};

START_TEST(policy_isolation_is_the_rules_where_it_says_so)
{
	struct rule_error err;
	struct rule rule;
	char text[100];

	snprintf(text, sizeof(text), "torify %s", isolations[_i].options);
	ck_assert_int_eq(rule_parse(&rule, text, &err), 0);
	ck_assert_uint_eq(policy_isolation(&rule, isolations[_i].door),
	    isolations[_i].want);
	ck_assert_uint_eq(policy_isolation(NULL, isolations[_i].door),
	    isolations[_i].door);
}
END_TEST

START_TEST(policy_verdict_of_zeroed_memory_is_drop)
{
	static const struct policy_decision zero;

	ck_assert_int_eq(zero.verdict, POLICY_DROP);
}
END_TEST

static const struct { const char *name; int may; } names[] = {
	{ "www.lab.example", 1 },	{ "www.lab.example.", 1 },
	{ "www.example.test", 0 },	{ "TEST", 0 },
	{ "test.example", 1 },		{ "a.xtest", 1 },
	{ "example.com", 1 },		{ "EXAMPLE.COM", 1 },
	{ "notlocal.com", 1 },		{ "local.com", 1 },
	{ "mylocal.example", 1 },	{ "onion.example.org", 1 },
	{ "a.xlocal", 1 },		{ "home.arpa.example.org", 1 },
	{ "xn--bcher-kva.example", 1 },	{ "1.2.3.4.example", 1 },
	{ "1.2.3.4a", 1 },		{ "a.0xg", 1 },
	{ "", 0 },			{ ".", 0 },
	{ "printer", 0 },		{ "printer.", 0 },
	{ "localhost", 0 },		{ "foo.localhost", 0 },
	{ "localhost.localdomain", 0 },	{ "printer.local", 0 },
	{ "printer.LOCAL.", 0 },	{ "a.b.c.local", 0 },
	{ "nas.lan", 0 },		{ "x.internal", 0 },
	{ "x.home.arpa", 0 },		{ "home.arpa", 0 },
	{ "x.corp", 0 },		{ "x.home", 0 },
	{ "x.private", 0 },		{ "x.intranet", 0 },
	{ "x.invalid", 0 },		{ "x.alt", 0 },
	{ "abcdefghijklmnopqrstuvwxyz234567abcdefghijklmnopqrstuvwxyz.onion",
	  0 },
	/* ... with search domains, and what only looks like it */
	{ "abcdefghijklmnopqrstuvwxyz234567abcdefghijklmnopqrstuvwx.onion."
	  "example.com", 0 },
	{ "www.ABCDEFGHIJKLMNOPQRSTUVWXYZ234567ABCDEFGHIJKLMNOPQRSTUVWX."
	  "Onion.a.example.com.", 0 },
	{ "abcdefghijklmnop.onion.example.com", 0 },
	{ "abcdefghijklmno1.onion.example.com", 1 },
	{ "abcdefghijklmnopq.onion.example.com", 1 },
	{ "abcdefghijklmnop.a.onion.example.com", 1 },
	{ "abcdefghijklmnop.xonion.example.com", 1 },
	{ "onion.abcdefghijklmnop.example.com", 1 },
	/* odd bytes are question marks */
	{ "x.onion?", 0 },		{ "x.?onion", 0 },
	{ "x.onion?.", 0 },		{ "x.local_", 0 },
	{ "a?b.example.com", 1 },	{ "a.b-c", 1 },
	{ "resolver.arpa", 0 },		{ "_dns.resolver.arpa", 0 },
	{ "x.service.arpa", 0 },	{ "service.arpa.example", 1 },
	{ "use-application-dns.net", 0 }, { "application-dns.net", 1 },
	{ "Use-Application-DNS.net.", 0 },
	{ "www.Onion", 0 },		{ "www.google.com.relay.exit", 0 },
	{ "x.noconnect", 0 },		{ "x.i2p", 0 },
	{ "1.2.3.4", 0 },		{ "1.2.3.4.", 0 },
	{ "192.168.1.1", 0 },		{ "127.1", 0 },
	{ "0x7f.1", 0 },		{ "127.0x1", 0 },
	{ "127.0X1", 0 },		{ "foo.0x", 0 },
	{ "example.1", 0 },		{ "example.0", 0 },
	/* reverse names, and zones of them */
	{ "8.8.8.8.in-addr.arpa", 1 },	{ "8.in-addr.arpa", 1 },
	{ "in-addr.arpa", 1 },		{ "ip6.arpa", 1 },
	{ "16.172.in-addr.arpa.example", 1 },
	{ "172.in-addr.arpa", 1 },	{ "15.172.in-addr.arpa", 1 },
	{ "10.in-addr.arpa", 0 },	{ "10.IN-ADDR.ARPA.", 0 },
	{ "1.0.0.10.in-addr.arpa", 0 },	{ "16.172.in-addr.arpa", 0 },
	{ "31.172.in-addr.arpa", 0 },	{ "168.192.in-addr.arpa", 0 },
	{ "254.169.in-addr.arpa", 0 },	{ "127.in-addr.arpa", 0 },
	{ "64.100.in-addr.arpa", 0 },
	{ "b._dns-sd._udp.0.1.168.192.in-addr.arpa", 0 },
	{ "lb._dns-sd._udp.0.0.0.10.in-addr.arpa", 0 },
	{ "b._dns-sd._udp.0.8.8.8.in-addr.arpa", 1 },
	{ "8.b.d.0.1.0.0.2.ip6.arpa", 1 },
	{ "2.ip6.arpa", 1 },		{ "d.f.ip6.arpa", 0 },
	{ "192.in-addr.arpa", 1 },	{ "0.192.in-addr.arpa", 1 },
	{ "0.0.192.in-addr.arpa", 0 },	{ "100.in-addr.arpa", 1 },
	{ "240.in-addr.arpa", 0 },	{ "0.in-addr.arpa", 0 },
	{ "0.ip6.arpa", 1 },		{ "f.ip6.arpa", 1 },
	{ "c.f.ip6.arpa", 0 },		{ "e.f.ip6.arpa", 1 },
	{ "0.2.0.0.2.ip6.arpa", 1 },	{ "a.0.2.0.0.2.ip6.arpa", 0 },
	{ "8.2.0.0.2.ip6.arpa", 1 },
	{ "D.F.ip6.arpa", 0 },		{ "8.e.f.ip6.arpa", 0 },
	{ "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0."
	  "ip6.arpa", 0 },
};

START_TEST(policy_name_may_leave_follows_the_table)
{
	ck_assert_msg(policy_name_may_leave(names[_i].name) == names[_i].may,
	    "\"%s\"", names[_i].name);
}
END_TEST

static const struct { const char *name; int may; } zones[] = {
	{ "", 1 }, { ".", 1 }, { "com", 1 }, { "com.", 1 }, { "arpa", 1 },
	{ "xn--p1ai", 1 }, { "example.com", 1 }, { "in-addr.arpa", 1 },
	{ "192.in-addr.arpa", 1 }, { "168.192.in-addr.arpa", 0 },
	{ "onion", 0 }, { "local", 0 }, { "lan.", 0 }, { "localhost", 0 },
	{ "x.home.arpa", 0 }, { "exit", 0 }, { "1", 0 }, { "on?on", 0 },
	{ "abcdefghijklmnop.onion.com", 0 },
};

START_TEST(policy_zone_may_leave_also_from_below_the_root)
{
	ck_assert_msg(policy_zone_may_leave(zones[_i].name) == zones[_i].may,
	    "\"%s\"", zones[_i].name);
}
END_TEST

START_TEST(policy_addr_may_leave_only_if_public)
{
	static const struct { const char *addr; int may; } rows[] = {
		{ "203.0.113.80", 1 }, { "2001:db8:1::1", 1 },
		{ "192.168.1.1", 0 }, { "10.0.0.1", 0 }, { "127.0.0.1", 0 },
		{ "fe80::1", 0 }, { "::1", 0 }, { "fd12::1", 0 }
	};
	struct addr a;
	size_t i;

	for (i = 0; i < NELEM(rows); i++) {
		ck_assert_int_eq(addr_parse_ip(&a, rows[i].addr, -1), 0);
		ck_assert_msg(policy_addr_may_leave(&a) == rows[i].may, "%s",
		    rows[i].addr);
	}
	memset(&a, 0, sizeof(a));
	ck_assert(!policy_addr_may_leave(&a));
}
END_TEST

static const struct unit_test tests[] = {
	UNIT_LOOP(policy_decide_follows_the_table, NELEM(flows)),
	UNIT(policy_decide_unknown_destination_is_dropped),
	UNIT(policy_decide_internal_addresses_go_where_configured),
	UNIT(policy_decide_without_port_lists_torifies),
	UNIT_LOOP(policy_decide_follows_the_rules, NELEM(by_rule)),
	UNIT(policy_decide_direct_only_where_a_rule_says_so),
	UNIT(policy_decide_says_which_rule_it_was),
	UNIT(policy_decide_without_a_network_lets_nothing_go_direct),
	UNIT_LOOP(policy_decide_is_optimistic_where_that_is_right,
	    NELEM(accepts)),
	UNIT_LOOP(policy_decide_of_a_name, NELEM(named)),
	UNIT(policy_decide_of_a_name_passes_over_direct_rules),
	UNIT_LOOP(policy_decide_of_a_sender_that_is_not_known_is_not_direct, 3),
	UNIT_LOOP(policy_decide_of_an_address_by_the_names_it_was_given,
	    NELEM(told)),
	UNIT_LOOP(policy_decide_of_a_name_that_is_direct_by_name_refuses,
	    NELEM(by_name)),
	UNIT_LOOP(policy_decide_lets_clients_choose_exits_where_that_is_said,
	    NELEM(exits)),
	UNIT_LOOP(policy_isolation_is_the_rules_where_it_says_so,
	    NELEM(isolations)),
	UNIT(policy_verdict_of_zeroed_memory_is_drop),
	UNIT_LOOP(policy_name_may_leave_follows_the_table, NELEM(names)),
	UNIT_LOOP(policy_zone_may_leave_also_from_below_the_root,
	    NELEM(zones)),
	UNIT(policy_addr_may_leave_only_if_public),
};

UNIT_MAIN("policy", tests)

/* tests/policy/test_policy.c - tables of flows and names */
#include "policy/policy.h"

#include <check.h>
#include <string.h>

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
	ck_assert_int_eq(addr_parse(&flow.dest, dest, -1), 0);
	addr_v4(&flow.client, 0x0a000001, 40000);
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
	struct policy_flow flow = { .dest = { .port = 80 } };
	struct policy_decision d = { .verdict = POLICY_TORIFY };

	policy_decide(&normal, &flow, &d);
	ck_assert_int_eq(d.verdict, POLICY_DROP);
	ck_assert_ptr_nonnull(d.why);
	addr_v4(&flow.dest, 0xcb007150, 0);	/* no port */
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

START_TEST(policy_verdict_of_zeroed_memory_is_drop)
{
	static const struct policy_decision zero;

	ck_assert_int_eq(zero.verdict, POLICY_DROP);
}
END_TEST

static const struct { const char *name; int may; } names[] = {
	{ "www.example.test", 1 },	{ "www.example.test.", 1 },
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
	{ "www.Onion", 0 },		{ "www.google.com.relay.exit", 0 },
	{ "x.noconnect", 0 },		{ "x.i2p", 0 },
	{ "1.2.3.4", 0 },		{ "1.2.3.4.", 0 },
	{ "192.168.1.1", 0 },		{ "127.1", 0 },
	{ "0x7f.1", 0 },		{ "127.0x1", 0 },
	{ "127.0X1", 0 },		{ "foo.0x", 0 },
	{ "example.1", 0 },		{ "example.0", 0 },
};

START_TEST(policy_name_may_leave_follows_the_table)
{
	ck_assert_msg(policy_name_may_leave(names[_i].name) == names[_i].may,
	    "\"%s\"", names[_i].name);
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
	UNIT(policy_verdict_of_zeroed_memory_is_drop),
	UNIT_LOOP(policy_name_may_leave_follows_the_table, NELEM(names)),
	UNIT(policy_addr_may_leave_only_if_public),
};

UNIT_MAIN("policy", tests)

/* tests/daemon/test_onionconf.c - each option arrives in the engine's words */
#include "daemon/onionconf.h"

#include <string.h>

#include "base/addr.h"
#include "daemon/conf.h"
#include "tests/daemon/testconf.h"
#include "tests/unit.h"

#define ID "0123456789012345678901234567890123456789"
#define V3 "1123456789012345678901234567890123456789"

static struct conf *c;
static struct onion_conf oc;
static struct onionconf_store store;

static void
make(const char *text)
{
	c = testconf(text);
	ck_assert_int_eq(onionconf_make(&oc, &store, c), 0);
}

static void
end(void)
{
	onionconf_free(&store);
	conf_free(c);
}

START_TEST(onionconf_make_numbers_and_flags_arrive)
{
	static const struct {
		const char	*line;
		int64_t		 before, after;
	} rows[] = {
#define ROW(text, field, a, b) { text, a, b },
#define ROWS(X)								\
	X("DisableNetwork 1", disable_network, 0, 1)			\
	X("StrictNodes 1", strict_nodes, 0, 1)				\
	X("GeoIPExcludeUnknown 1", geoip_exclude_unknown, -1, 1)	\
	X("EnforceDistinctSubnets 0", distinct_subnets, 1, 0)		\
	X("UseEntryGuards 0", use_guards, 1, 0)				\
	X("NumEntryGuards 3", num_entry_guards, 0, 3)			\
	X("NumDirectoryGuards 4", num_dir_guards, 0, 4)			\
	X("NumPrimaryGuards 5", num_primary_guards, 0, 5)		\
	X("GuardLifetime 40 days", guard_lifetime_s, 0, 3456000)	\
	X("MaxCircuitDirtiness 20", dirtiness_s, 600, 20)		\
	X("NewCircuitPeriod 7", new_circuit_period_s, 30, 7)		\
	X("CircuitBuildTimeout 50", build_timeout_s, 0, 50)		\
	X("LearnCircuitBuildTimeout 0", learn_timeout, 1, 0)		\
	X("CircuitStreamTimeout 11", stream_timeout_s, 0, 11)		\
	X("SocksTimeout 12", request_timeout_s, 120, 12)		\
	X("__DisablePredictedCircuits 1", predict, 1, 0)		\
	X("CircuitsAvailableTimeout 13", predict_s, 0, 13)		\
	X("MaxClientCircuitsPending 14", max_pending, 32, 14)		\
	X("ExtendByEd25519ID 0", extend_by_ed, -1, 0)			\
	X("ClientUseIPv4 0", use_v4, 1, 0)				\
	X("ClientUseIPv6 0", use_v6, 1, 0)				\
	X("ClientPreferIPv6ORPort 1", prefer_v6_or, -1, 1)		\
	X("ConnectionPadding 0", padding, -1, 0)			\
	X("ReducedConnectionPadding 1", reduced_padding, 0, 1)		\
	X("MaxMemInQueues 512 MB", max_memory, 0, 536870912)		\
	X("LongLivedPorts 80", nlong_lived_ports, 12, 1)
		ROWS(ROW)
	};
	int64_t got[2][NELEM(rows)];
	size_t i, at;
	int turn;

	for (i = 0; i < NELEM(rows); i++)
		for (turn = 0; turn < 2; turn++) {
			at = 0;
			make(turn ? rows[i].line : "");
#define GET(text, field, a, b) got[turn][at++] = (int64_t)oc.field;
			ROWS(GET)
			end();
			ck_assert_msg(got[turn][i] == (turn ? rows[i].after :
			    rows[i].before), "%s: %lld", rows[i].line,
			    (long long)got[turn][i]);
		}
}
END_TEST

START_TEST(onionconf_make_node_sets_arrive)
{
	make("ExcludeNodes a,b\nExcludeExitNodes c\nExitNodes d\nEntryNodes e\n"
	    "MiddleNodes f\nNodeFamily g,h\nNodeFamily i\nGeoIPFile /x\n"
	    "GeoIPv6File /y\nPathsNeededToBuildCircuits 0.5\n");
	ck_assert_str_eq(oc.exclude_nodes, "a,b");
	ck_assert_str_eq(oc.exclude_exit_nodes, "c");
	ck_assert_str_eq(oc.exit_nodes, "d");
	ck_assert_str_eq(oc.entry_nodes, "e");
	ck_assert_str_eq(oc.middle_nodes, "f");
	ck_assert_uint_eq(oc.nfamilies, 2);
	ck_assert_str_eq(oc.families[1], "i");
	ck_assert_str_eq(oc.geoip, "/x");
	ck_assert_str_eq(oc.geoip6, "/y");
	ck_assert(oc.paths_needed > 0.49 && oc.paths_needed < 0.51);
	end();
}
END_TEST

static const struct {
	const char	*text, *where;
} blame[] = {
	{ "", "" },
	{ "ExcludeNodes {de}\n", "rc:1: " },
	{ "ExcludeNodes a\nExitNodes {de}\n", "rc:2: " },
	{ "ExcludeNodes {de}\nGeoIPFile /x\n", "rc:2: " },
	{ "NodeFamily a,b\nNodeFamily a,{de}\n", "rc:2: " },
	{ "FlowRule torify exit=a\nFlowRule torify exit=b,{de}\n", "rc:2: " },
	{ "FlowRule drop port 25\nFlowRule reject to {de}\n", "rc:2: " },
	{ "FlowRule reject to {de}\nNodeFamily a,{de}\n", "rc:1: " },
};

START_TEST(onionconf_make_countries_have_a_line_to_blame)
{
	make(blame[_i].text);
	ck_assert_str_eq(oc.geoip_where, blame[_i].where);
	ck_assert_int_eq(oc.countries,
	    strstr(blame[_i].text, "to {de}") != NULL);
	end();
}
END_TEST

START_TEST(onionconf_make_exits_of_rules_arrive)
{
	make("FlowRule drop port 25\nFlowRule torify port 80 exit=a,{de}\n"
	    "FlowRule torify port 81\nFlowRule torify exit=b\n");
	ck_assert_uint_eq(oc.nexit_sets, 2);
	ck_assert_str_eq(oc.exit_sets[0], "a,{de}");
	ck_assert_str_eq(oc.exit_sets[1], "b");
	end();
}
END_TEST

START_TEST(onionconf_make_sources_arrive)
{
	make("DirAuthority a orport=5001 v3ident=" V3 " 10.0.0.1:7001 " ID "\n"
	    "DirAuthority b bridge orport=5002 v3ident=" V3
	    " ipv6=[2001:db8::1]:3 10.0.0.2:7001 " V3 "\n"
	    "FallbackDir 10.0.0.3:1 orport=2 id=" ID " weight=2.5\n");
	ck_assert_uint_eq(oc.nauths, 2);
	ck_assert_str_eq(oc.auths[0].nickname, "a");
	ck_assert_uint_eq(oc.auths[0].rsa_id[0], 0x01);
	ck_assert_uint_eq(oc.auths[0].v3ident[0], 0x11);
	ck_assert_uint_eq(oc.auths[0].or4.port, 5001);
	ck_assert_uint_eq(oc.auths[0].or6.family, 0);
	/* a bridge authority has no vote on the consensus */
	ck_assert_uint_eq(oc.auths[1].v3ident[0], 0);
	ck_assert_uint_eq(oc.auths[1].or6.port, 3);
	ck_assert_uint_eq(oc.nfallbacks, 1);
	ck_assert_uint_eq(oc.fallbacks[0].or4.port, 2);
	ck_assert(oc.fallbacks[0].weight > 2.4);
	end();
}
END_TEST

START_TEST(onionconf_make_bridges_arrive_if_they_are_used)
{
	static const char lines[] = "Bridge 192.0.2.1:9001 " ID "\n"
	    "Bridge [2001:db8::1]:443 " V3 "\n";
	char text[512];
	struct addr a;
	size_t i, n;

	for (i = 0; i < 2; i++) {
		snprintf(text, sizeof(text), "UseBridges %zu\n%s", i, lines);
		make(text);
		ck_assert_uint_eq(oc.nbridges, i ? 2 : 0);
		for (n = 0; conf_first_relay(c, n, &a); n++)
			ck_assert(i == 0 || addr_equal(&a,
			    &oc.bridges[n].addr));
		if (i == 0) {
			ck_assert_uint_gt(n, 200);
			end();
			continue;
		}
		ck_assert_uint_eq(n, 2);
		ck_assert_uint_eq(oc.bridges[0].rsa_id[0], 0x01);
		ck_assert_uint_eq(oc.bridges[0].addr.port, 9001);
		ck_assert_uint_eq(oc.bridges[1].addr.family, 6);
		end();
	}
}
END_TEST

START_TEST(onionconf_make_addresses_and_firewall_arrive)
{
	struct addr a;

	make("OutboundBindAddress 192.0.2.1\nOutboundBindAddress [2001:db8::1]"
	    "\nReachableAddresses *:443\n");
	ck_assert_uint_eq(oc.bind4.family, 4);
	ck_assert_uint_eq(oc.bind6.family, 6);
	addr_v4(&a, 0x08080808, 443);
	ck_assert_int_eq(oc.may_reach(oc.may_reach_arg, &a), 1);
	a.port = 80;
	ck_assert_int_eq(oc.may_reach(oc.may_reach_arg, &a), 0);
	end();
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(onionconf_make_numbers_and_flags_arrive),
	UNIT(onionconf_make_node_sets_arrive),
	UNIT_LOOP(onionconf_make_countries_have_a_line_to_blame,
	    NELEM(blame)),
	UNIT(onionconf_make_exits_of_rules_arrive),
	UNIT(onionconf_make_sources_arrive),
	UNIT(onionconf_make_bridges_arrive_if_they_are_used),
	UNIT(onionconf_make_addresses_and_firewall_arrive),
};

UNIT_MAIN("onionconf", tests)

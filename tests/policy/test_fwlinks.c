/* tests/policy/test_fwlinks.c - a LAN and an uplink that are one network */
#include "policy/fwlinks.h"

#include <errno.h>
#include <string.h>

#include "policy/fwplan.h"
#include "policy/netplan.h"
#include "tests/unit.h"

enum { LAN = 2, UP, BRIDGE, BOND, OTHER, VRF, NLINKS = VRF };

static struct netplan_link links[NLINKS];
static struct netplan_route routes[2];
static struct netplan_world world;
static struct fwplan_conf conf;
static char why[256];

static void
set_up(void)
{
	static const char *const names[] = { "lo", "lan0", "up0", "br0",
		"bond0", "eth9", "vrf0" };
	size_t i;

	memset(links, 0, sizeof(links));
	memset(routes, 0, sizeof(routes));
	memset(&world, 0, sizeof(world));
	memset(&conf, 0, sizeof(conf));
	for (i = 0; i < NLINKS; i++) {
		links[i].index = (int)i + 1;
		strcpy(links[i].name, names[i]);
	}
	links[VRF - 1].is_vrf = 1;
	world.links = links;
	world.nlinks = NLINKS;
	world.main = routes;
	strcpy(conf.uplinks.name[conf.uplinks.n++], "up0");
	strcpy(conf.lans.name[conf.lans.n++], "lan0");
}

static void
put(int link, int master)
{
	links[link - 1].master = master;
}

static int
check(void)
{
	why[0] = '\0';
	return fwlinks_check(&world, &conf, why, sizeof(why));
}

START_TEST(fwlinks_check_two_networks_are_well)
{
	set_up();
	put(LAN, BRIDGE);
	put(UP, BOND);
	ck_assert_int_eq(check(), 0);
}
END_TEST

START_TEST(fwlinks_check_both_in_one_bridge_are_refused)
{
	set_up();
	put(LAN, BRIDGE);
	put(UP, BRIDGE);
	ck_assert_int_eq(check(), -EINVAL);
	ck_assert_ptr_nonnull(strstr(why, "lan0"));
	ck_assert_ptr_nonnull(strstr(why, "up0"));
}
END_TEST

START_TEST(fwlinks_check_an_uplink_in_the_lans_bridge_is_refused)
{
	set_up();
	strcpy(conf.lans.name[0], "br0");
	ck_assert_int_eq(check(), 0);
	put(UP, BOND);
	put(BOND, BRIDGE);
	ck_assert_int_eq(check(), -EINVAL);
}
END_TEST

START_TEST(fwlinks_check_a_lan_in_the_uplinks_bridge_is_refused)
{
	set_up();
	conf.lans.n = 0;
	strcpy(conf.tun_lans.name[conf.tun_lans.n++], "lan0");
	strcpy(conf.uplinks.name[0], "br0");
	put(LAN, BRIDGE);
	ck_assert_int_eq(check(), -EINVAL);
}
END_TEST

START_TEST(fwlinks_check_a_vrf_joins_nothing)
{
	set_up();
	put(LAN, VRF);
	put(UP, VRF);
	ck_assert_int_eq(check(), 0);
}
END_TEST

START_TEST(fwlinks_check_a_circle_of_masters_ends)
{
	set_up();
	put(BRIDGE, BOND);
	put(BOND, BRIDGE);
	put(LAN, BRIDGE);
	ck_assert_int_eq(check(), 0);
}
END_TEST

START_TEST(fwlinks_check_a_default_route_into_the_lan_is_refused)
{
	set_up();
	world.nmain = 2;
	routes[0].type = routes[1].type = NETPLAN_UNICAST;
	routes[0].link = UP;
	routes[1].link = LAN;
	routes[1].dst.addr.family = 4;
	routes[1].dst.bits = 24;
	ck_assert_int_eq(check(), 0);
	routes[1].dst.bits = 0;
	ck_assert_int_eq(check(), -EINVAL);
	ck_assert_ptr_nonnull(strstr(why, "lan0"));
	routes[1].type = NETPLAN_UNREACHABLE;
	ck_assert_int_eq(check(), 0);
	/* that anybody in the LAN can make */
	routes[1].type = NETPLAN_UNICAST;
	routes[1].dst.addr.family = 6;
	ck_assert_int_eq(check(), 0);
}
END_TEST

START_TEST(fwlinks_joined_of_names_that_are_not_there_is_none)
{
	set_up();
	ck_assert_int_eq(fwlinks_joined(links, NLINKS, "no1", "no2"), 0);
	ck_assert_int_eq(fwlinks_joined(links, NLINKS, "lan0", "no2"), 0);
	ck_assert_int_eq(fwlinks_joined(links, NLINKS, "lan0", "lan0"), 1);
	conf.lans.n = conf.uplinks.n = 0;
	ck_assert_int_eq(check(), 0);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(fwlinks_check_two_networks_are_well),
	UNIT(fwlinks_check_both_in_one_bridge_are_refused),
	UNIT(fwlinks_check_an_uplink_in_the_lans_bridge_is_refused),
	UNIT(fwlinks_check_a_lan_in_the_uplinks_bridge_is_refused),
	UNIT(fwlinks_check_a_vrf_joins_nothing),
	UNIT(fwlinks_check_a_circle_of_masters_ends),
	UNIT(fwlinks_check_a_default_route_into_the_lan_is_refused),
	UNIT(fwlinks_joined_of_names_that_are_not_there_is_none),
};
UNIT_MAIN("fwlinks", tests)

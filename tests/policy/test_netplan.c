/* tests/policy/test_netplan.c - plans as text, and what is ours
 *
 * Each case makes a plan for a machine and has to give what
 * tests/golden/netplan/NAME holds; NETPLAN_GOLDEN_WRITE=1 in the environment
 * writes the files anew, for a person to look through.
 */
#include "policy/netplan.h"

#include <check.h>
#include <errno.h>
#include <string.h>

#include "tests/unit.h"

enum { LO = 1, UP, LAN, TUN };

static struct netplan_link links[] = {
	{ .index = LO, .name = "lo", .up = 1, .accept_ra = 1 },
	{ .index = UP, .name = "up0", .up = 1, .accept_ra = 1 },
	{ .index = LAN, .name = "lan0", .up = 1, .accept_ra = 1 },
	{ .index = TUN, .name = "ot0", .up = 1, .accept_ra = 1 },
};

static struct addr_net
net(const char *text)
{
	struct addr_net n;

	ck_assert_int_eq(addr_net_parse(&n, text, -1), 0);
	return n;
}

static struct netplan_route
route(const char *dst, const char *via, int link, uint32_t metric)
{
	struct netplan_route r = { .table = NETPLAN_MAIN,
		.type = NETPLAN_UNICAST, .link = link, .metric = metric };

	r.dst = net(dst);
	if (via)
		ck_assert_int_eq(addr_parse_ip(&r.gateway, via, -1), 0);
	return r;
}

static struct netplan_world world;
static struct netplan_conf conf;

static void
setup(void)
{
	static struct netplan_route routes[9];

	routes[0] = route("0.0.0.0/0", "198.51.100.1", UP, 0);
	routes[1] = route("10.8.0.0/16", "10.9.0.254", LAN, 5);
	routes[2] = route("10.9.0.0/24", NULL, LAN, 0);
	routes[3] = route("0.0.0.0/1", "10.9.0.66", LAN, 0);
	routes[4] = route("198.51.100.0/24", NULL, UP, 0);
	routes[5] = route("10.191.0.0/24", NULL, TUN, 0);
	routes[6] = route("::/0", "fe80::1", LAN, 1024);
	routes[7] = route("fd09:9::/64", NULL, LAN, 256);
	routes[8] = route("2000::/3", "fe80::2", LAN, 256);
	ck_assert_int_eq(addr_parse_ip(&routes[2].from, "10.9.0.1", -1), 0);
	memset(&world, 0, sizeof(world));
	world.links = links;
	world.nlinks = NELEM(links);
	world.main = routes;
	world.nmain = NELEM(routes);
	world.has_ipv6 = world.has_force6 = 1;
	world.default6 = (struct netplan_link){ .name = "default",
		.accept_ra = 1 };
	links[UP - 1].rp_filter = links[UP - 1].forward6 = 0;
	links[TUN - 1].up = 1;
	memset(&conf, 0, sizeof(conf));
	strcpy(conf.tun, "ot0");
	conf.own[0] = net("10.191.0.1/24");
	conf.own[1] = net("fd00:6f74::1/64");
	conf.nown = 2;
	conf.uid = 1234;
	conf.mtu = 1500;
}

static void
lan(void)
{
	strcpy(conf.lan[conf.nlan++], "lan0");
}

static void
make_gateway(void)
{
	lan();
}

static void
make_workstation(void)
{
	conf.local = 1;
	links[UP - 1].rp_filter = 1;
}

static void
make_both(void)
{
	lan();
	conf.local = 1;
}

static void
make_old_kernel(void)
{
	lan();
	world.has_force6 = 0;
}

static void
make_old_router(void)		/* that heeds no other router on up0 */
{
	make_old_kernel();
	links[UP - 1].forward6 = 1;
}

static void
make_no_ipv6(void)
{
	lan();
	world.has_ipv6 = 0;
	world.rp_filter_all = 1;
}

static void
make_tun_down(void)
{
	lan();
	conf.local = 1;
	links[TUN - 1].up = 0;
}

static void
make_no_tun(void)
{
	lan();
	world.nlinks--;
}

static void
make_one_family(void)
{
	lan();
	conf.nown = 1;
	conf.mtu = 9000;
}

static const struct {
	const char	*name;
	void		(*make)(void);
} cases[] = {
	{ "gateway", make_gateway }, { "workstation", make_workstation },
	{ "both", make_both }, { "old-kernel", make_old_kernel },
	{ "old-router", make_old_router }, { "no-ipv6", make_no_ipv6 },
	{ "tun-down", make_tun_down }, { "no-tun", make_no_tun },
	{ "one-family", make_one_family },
};

static const char *
golden(const char *name, char *path, size_t max)
{
	const char *src = getenv("srcdir");

	snprintf(path, max, "%s/tests/golden/netplan/%s", src ? src : ".",
	    name);
	return path;
}

static void
compare(const char *name, const char *got)
{
	char path[4096], want[16384];
	FILE *f;
	size_t n;

	golden(name, path, sizeof(path));
	if (getenv("NETPLAN_GOLDEN_WRITE")) {
		ck_assert_ptr_nonnull(f = fopen(path, "w"));
		fputs(got, f);
		fclose(f);
		return;
	}
	ck_assert_msg((f = fopen(path, "r")) != NULL, "%s is missing", path);
	n = fread(want, 1, sizeof(want) - 1, f);
	want[n] = '\0';
	fclose(f);
	ck_assert_msg(strcmp(got, want) == 0, "%s: got\n%s\nwanted\n%s", name,
	    got, want);
}

START_TEST(netplan_make_for_a_machine_gives_its_text)
{
	struct netplan p;
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	setup();
	cases[_i].make();
	ck_assert_int_eq(netplan_make(&p, &conf, &world), 0);
	netplan_print(f, &p, &world);
	fclose(f);
	compare(cases[_i].name, text);
	free(text);
	netplan_free(&p);
}
END_TEST

/* What is left by a process that was killed is known again. */
START_TEST(netplan_rule_every_one_of_a_plan_is_ours_or_the_kernels_first)
{
	struct netplan_rule first;
	struct netplan p;
	size_t i, firsts = 0;

	setup();
	cases[_i].make();
	ck_assert_int_eq(netplan_make(&p, &conf, &world), 0);
	for (i = 0; i < p.nrules; i++) {
		netplan_first_rule(&first, p.rules[i].family);
		if (netplan_rule_equal(&p.rules[i], &first)) {
			ck_assert(!netplan_rule_is_ours(&p.rules[i]));
			firsts++;
		} else
			ck_assert(netplan_rule_is_ours(&p.rules[i]));
	}
	ck_assert_uint_eq(firsts, world.has_ipv6 ? 2 : 1);
	netplan_free(&p);
}
END_TEST

/* Nothing goes on to whatever rules come after: a plan's last words are that
 * what is forwarded, or with local all, ends here. */
START_TEST(netplan_rules_end_what_is_forwarded)
{
	struct netplan p;
	uint8_t family;
	size_t i;
	int ends;

	setup();
	cases[_i].make();
	ck_assert_int_eq(netplan_make(&p, &conf, &world), 0);
	for (family = 4; family <= (world.has_ipv6 ? 6 : 4); family += 2) {
		for (i = ends = 0; i < p.nrules; i++)
			if (p.rules[i].family == family)
				ends |= p.rules[i].action == NETPLAN_DROP &&
				    p.rules[i].not_iif &&
				    strcmp(p.rules[i].iif, "lo") == 0 &&
				    p.rules[i].to.family == 0 &&
				    p.rules[i].mark == 0;
		ck_assert(ends);
	}
	netplan_free(&p);
}
END_TEST

static const struct {
	const char	*what;
	struct netplan_rule rule;
} foreign[] = {
	{ "wg-quick", { .family = 4, .action = NETPLAN_LOOKUP,
	    .table = 51820, .mark = 51820 } },
	{ "a mark of ours without a uid", { .family = 4,
	    .action = NETPLAN_LOOKUP, .table = NETPLAN_MAIN,
	    .mark = NETPLAN_MARK } },
	{ "TPROXY", { .family = 4, .action = NETPLAN_LOOKUP, .table = 100,
	    .mark = 1 } },
	{ "main", { .family = 6, .action = NETPLAN_LOOKUP,
	    .table = NETPLAN_MAIN } },
	{ "local", { .family = 6, .action = NETPLAN_LOOKUP,
	    .table = NETPLAN_LOCAL } },
	{ "a blackhole", { .family = 4, .action = NETPLAN_DROP } },
	{ "local, for somebody", { .family = 4, .action = NETPLAN_LOOKUP,
	    .table = NETPLAN_LOCAL, .iif = "eth0", .mark = 7 } },
	{ "local, from somewhere", { .family = 4, .action = NETPLAN_LOOKUP,
	    .table = NETPLAN_LOCAL, .iif = "eth0", .from.family = 4 } },
};

START_TEST(netplan_rule_of_somebody_else_is_not_ours)
{
	ck_assert_msg(!netplan_rule_is_ours(&foreign[_i].rule), "%s",
	    foreign[_i].what);
}
END_TEST

static const struct {
	const char	*own, *peer;
} peers[] = {
	{ "10.191.0.1/24", "10.191.0.2" },
	{ "10.191.0.253/24", "10.191.0.254" },
	{ "10.0.0.255/16", "10.0.1.0" }, { "10.9.0.1/30", "10.9.0.2" },
	{ "fd00:6f74::1/64", "fd00:6f74::2" },
	{ "fd00::ffff/64", "fd00::1:0" },
	{ "10.191.0.254/24", NULL }, { "10.191.0.255/24", NULL },
	{ "10.9.0.2/30", NULL }, { "10.9.0.1/31", NULL },
	{ "10.9.0.1/32", NULL }, { "fd00::1/128", NULL },
	{ "fd00::ffff:ffff:ffff:ffff/64", NULL }, { "255.255.255.255/8", NULL },
};

START_TEST(netplan_peer_is_the_next_address_or_none)
{
	struct addr_net own = net(peers[_i].own);
	struct addr out;
	char text[ADDR_TEXT];

	if (peers[_i].peer == NULL) {
		ck_assert_int_eq(netplan_peer(&own, &out), -ERANGE);
		return;
	}
	ck_assert_int_eq(netplan_peer(&own, &out), 0);
	ck_assert_str_eq(addr_ip_raw(&out, text), peers[_i].peer);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT_LOOP(netplan_make_for_a_machine_gives_its_text, NELEM(cases)),
	UNIT_LOOP(netplan_rule_every_one_of_a_plan_is_ours_or_the_kernels_first,
	    NELEM(cases)),
	UNIT_LOOP(netplan_rules_end_what_is_forwarded, NELEM(cases)),
	UNIT_LOOP(netplan_rule_of_somebody_else_is_not_ours, NELEM(foreign)),
	UNIT_LOOP(netplan_peer_is_the_next_address_or_none, NELEM(peers)),
};
UNIT_MAIN("netplan", tests)

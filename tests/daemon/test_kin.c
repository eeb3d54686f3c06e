/* tests/daemon/test_kin.c - kin, by a neighbour table that is made up */
#include "daemon/kin.h"

#include <errno.h>
#include <string.h>

#include "base/loop.h"
#include "daemon/kin_int.h"
#include "tests/unit.h"

static struct loop loop;
static struct kin *kin;
static struct kin_neighbour table[KIN_MAX + 10];
static size_t n;
static int reads, fails;

static int
neighbours(void *arg, void (*fn)(void *, const struct kin_neighbour *),
    void *fn_arg)
{
	size_t i;

	(void)arg;
	reads++;
	for (i = 0; i < n; i++)
		fn(fn_arg, &table[i]);
	return fails ? -EIO : 0;
}

static int
own(void *arg, void (*fn)(void *, const struct addr *), void *fn_arg)
{
	struct addr a;

	(void)arg;
	ck_assert_int_eq(addr_parse_ip(&a, "10.9.0.1", -1), 0);
	fn(fn_arg, &a);
	ck_assert_int_eq(addr_parse_ip(&a, "fd09:9::1", -1), 0);
	fn(fn_arg, &a);
	return 0;
}

static int
ifname(void *arg, int ifindex, char out[KIN_IFNAME])
{
	(void)arg;
	snprintf(out, KIN_IFNAME, "lan%d", ifindex);
	return ifindex == 99 ? -ENXIO : 0;
}

static const struct kin_source source = { .neighbours = neighbours,
    .own = own, .ifname = ifname };

static void
add(const char *ip, int ifindex, uint8_t link)
{
	struct kin_neighbour *e = &table[n++];

	memset(e, 0, sizeof(*e));
	ck_assert_int_eq(addr_parse_ip(&e->addr, ip, -1), 0);
	e->ifindex = ifindex;
	e->link[5] = link;
	e->link_len = link ? 6 : 0;
}

static void
init(void)
{
	n = 0;
	reads = fails = 0;
	loop_init(&loop, 1000000, 1795300000);
	ck_assert_int_eq(kin_new(&kin, &loop, &source), 0);
}

/* On interface 3, where that matters. */
static struct addr
at(const char *ip)
{
	struct addr a;

	ck_assert_int_eq(addr_parse_ip(&a, ip, -1), 0);
	if (addr_is_link_local(&a))
		a.scope = 3;
	return a;
}

static void
is_kin(const char *client, const char *want)
{
	struct addr a = at(client), b = at(want), got;

	a.port = 4000;
	kin_of(kin, &a, &got);
	ck_assert_msg(addr_equal(&got, &b), "%s", client);
}

/* Do both count as one client? */
static int
shares(const struct addr *a, const struct addr *b)
{
	struct addr x, y;

	kin_share(kin, a, &x);
	kin_share(kin, b, &y);
	ck_assert_uint_eq(x.port + y.port, 0);
	return addr_same_ip(&x, &y);
}

static void
lan(void)
{
	add("10.9.0.11", 3, 1);
	add("10.9.0.12", 3, 2);
	add("fd09:9::11", 3, 1);
	add("fe80::11", 3, 1);
	add("fd09:9::12", 3, 2);
	add("fd09:9::13", 3, 3);	/* has no IPv4 */
	add("fd09:9::14", 3, 0);	/* not known behind what */
	add("fd09:9::15", 4, 1);	/* as lan1, on another link */
	add("10.9.0.21", 3, 9);		/* two of a wireless bridge */
	add("10.9.0.22", 3, 9);
	add("fd09:9::21", 3, 9);
}

static const struct { const char *client, *is; } cases[] = {
	{ "10.9.0.11", "10.9.0.11" }, { "10.9.0.12", "10.9.0.12" },
	{ "10.9.0.99", "10.9.0.99" }, { "10.9.0.22", "10.9.0.22" },
	{ "fd09:9::11", "10.9.0.11" }, { "fe80::11", "10.9.0.11" },
	{ "fd09:9::12", "10.9.0.12" }, { "fd09:9::13", "fd09:9::13" },
	{ "fd09:9::14", "fd09:9::14" }, { "fd09:9::15", "fd09:9::15" },
	{ "fd09:9::21", "fd09:9::21" }, { "fd09:9::99", "fd09:9::99" },
	/* this host itself */
	{ "127.0.0.1", "127.0.0.1" }, { "127.5.0.1", "127.0.0.1" },
	{ "::1", "127.0.0.1" }, { "10.9.0.1", "127.0.0.1" },
	{ "fd09:9::1", "127.0.0.1" },
};

START_TEST(kin_of_an_address_is_what_the_link_says)
{
	init();
	lan();
	is_kin(cases[_i].client, cases[_i].is);
	is_kin(cases[_i].client, cases[_i].is);
	kin_free(kin);
}
END_TEST

START_TEST(kin_of_who_has_no_address_is_this_host)
{
	struct addr none = { .family = 0 }, got;

	init();
	kin_of(kin, &none, &got);
	ck_assert_uint_eq(got.family, 4);
	ck_assert_uint_eq(got.ip[0], 127);
	kin_free(kin);
}
END_TEST

START_TEST(kin_of_ipv4_asks_nobody)
{
	init();
	lan();
	is_kin("10.9.0.11", "10.9.0.11");
	ck_assert_int_eq(reads, 0);
	is_kin("fd09:9::11", "10.9.0.11");
	is_kin("fd09:9::11", "10.9.0.11");
	ck_assert_int_eq(reads, 1);
	loop_advance(&loop, KIN_FRESH_MS);
	is_kin("fd09:9::11", "10.9.0.11");
	ck_assert_int_eq(reads, 2);
	kin_free(kin);
}
END_TEST

START_TEST(kin_of_strangers_reads_the_table_no_more_than_it_has_to)
{
	char ip[40];
	int i;

	init();
	lan();
	for (i = 0; i < 1000; i++) {
		snprintf(ip, sizeof(ip), "fd09:9:0:1::%x:1", i);
		is_kin(ip, ip);
	}
	ck_assert_int_eq(reads, 1);
	kin_free(kin);
}
END_TEST

START_TEST(kin_is_remembered_when_the_kernel_forgets)
{
	init();
	lan();
	is_kin("fd09:9::11", "10.9.0.11");
	loop_advance(&loop, KIN_FRESH_MS);
	table[0] = table[--n];			/* 10.9.0.11 */
	is_kin("fd09:9::11", "10.9.0.11");
	loop_advance(&loop, KIN_FRESH_MS);
	n = 0;
	is_kin("fd09:9::11", "10.9.0.11");
	loop_advance(&loop, KIN_KEEP_MS);
	is_kin("fd09:9::11", "fd09:9::11");
	kin_free(kin);
}
END_TEST

START_TEST(kin_is_over_when_the_link_says_otherwise)
{
	init();
	lan();
	is_kin("fd09:9::11", "10.9.0.11");
	loop_advance(&loop, KIN_FRESH_MS);
	if (_i == 0) {			/* it is somebody else's now */
		table[2].link[5] = 2;
		is_kin("fd09:9::11", "10.9.0.12");
	} else if (_i == 1) {		/* of whom nothing is known */
		table[2].link[5] = 77;
		is_kin("fd09:9::11", "fd09:9::11");
	} else {			/* there are two of them */
		add("10.9.0.88", 3, 1);
		is_kin("fd09:9::11", "fd09:9::11");
	}
	kin_free(kin);
}
END_TEST

START_TEST(kin_of_an_address_on_two_links_is_none)
{
	init();
	lan();
	is_kin("fd09:9::11", "10.9.0.11");
	loop_advance(&loop, KIN_FRESH_MS);
	add("fd09:9::11", 4, 2);
	is_kin("fd09:9::11", "fd09:9::11");
	/* nor was anything remembered */
	loop_advance(&loop, KIN_FRESH_MS);
	n = 0;
	is_kin("fd09:9::11", "fd09:9::11");
	kin_free(kin);
}
END_TEST

START_TEST(kin_of_a_link_local_address_is_of_its_link)
{
	struct addr a = at("fe80::11"), got, none;

	init();
	lan();
	add("fe80::11", 4, 2);
	add("10.8.0.2", 4, 2);
	is_kin("fe80::11", "10.9.0.11");
	a.scope = 4;
	kin_of(kin, &a, &got);
	none = at("10.8.0.2");
	ck_assert(addr_equal(&got, &none));
	is_kin("fe80::11", "10.9.0.11");
	a.scope = 0;			/* on whichever */
	kin_of(kin, &a, &got);
	ck_assert(addr_equal(&got, &a));
	kin_free(kin);
}
END_TEST

static const struct { const char *a, *b; int is_one; } share_cases[] = {
	{ "10.9.0.11", "10.9.0.12", 0 }, { "10.9.0.21", "10.9.0.22", 0 },
	{ "fd09:9::11", "10.9.0.11", 1 }, { "fd09:9::11", "10.9.0.12", 0 },
	{ "fd09:9::13", "fd09:9::33", 1 },	/* one link-layer address, */
	{ "fd09:9::13", "fe80::13", 1 },
	{ "fd09:9::13", "fd09:9:0:1::13", 1 },
	{ "fd09:9::13", "fd09:9::16", 0 },	/* two */
	{ "fd09:9::13", "fd09:9::11", 0 },
	{ "2001:db8::1", "2001:db8::2:3", 1 },	/* nobody here knows them */
	{ "2001:db8::1", "2001:db8:0:1::1", 0 },
	{ "2001:db8::1", "fd09:9::13", 0 },
	{ "fd09:9::13", "fd09:9::99", 0 }, { "fe80::98", "fe80::99", 1 },
	{ "::1", "127.0.0.1", 1 }, { "10.9.0.1", "fd09:9::1", 1 },
};

START_TEST(kin_share_of_many_addresses_is_one)
{
	struct addr a = at(share_cases[_i].a), b = at(share_cases[_i].b);

	init();
	lan();
	add("fd09:9::33", 3, 3);
	add("fd09:9:0:1::13", 3, 3);
	add("fe80::13", 3, 3);
	add("fd09:9::16", 3, 6);
	a.port = 1;
	ck_assert_msg(shares(&a, &b) == share_cases[_i].is_one, "%s, %s",
	    share_cases[_i].a, share_cases[_i].b);
	loop_advance(&loop, KIN_FRESH_MS);
	n = 0;				/* and stays so */
	ck_assert_msg(shares(&a, &b) == share_cases[_i].is_one, "%s, %s",
	    share_cases[_i].a, share_cases[_i].b);
	kin_free(kin);
}
END_TEST

START_TEST(kin_without_the_kernels_help_is_none)
{
	init();
	lan();
	fails = 1;
	is_kin("fd09:9::11", "fd09:9::11");
	is_kin("10.9.0.11", "10.9.0.11");
	kin_free(kin);
	kin_free(NULL);
}
END_TEST

START_TEST(kin_of_many_forgets_the_longest_unused)
{
	char ip[40];
	int i;

	init();
	add("10.9.0.11", 3, 1);
	for (i = 0; i < KIN_MAX + 1; i++) {
		snprintf(ip, sizeof(ip), "fd09:9:0:1::%x:1", i);
		add(ip, 3, 1);
	}
	for (i = 0; i < KIN_MAX + 1; i++) {
		snprintf(ip, sizeof(ip), "fd09:9:0:1::%x:1", i);
		is_kin(ip, "10.9.0.11");
	}
	loop_advance(&loop, KIN_FRESH_MS);
	n = 0;
	is_kin("fd09:9:0:1::1:1", "10.9.0.11");
	is_kin("fd09:9:0:1::0:1", "fd09:9:0:1::0:1");
	kin_free(kin);
}
END_TEST

/* --- places --- */

static struct kin_place now, as;

static void
look(const char *ip, int ifindex)
{
	struct addr a = at(ip);

	a.port = 4000;
	kin_place(kin, &a, ifindex, &now, &as);
}

static void
is_at(const struct kin_place *p, int ifindex, uint8_t link)
{
	ck_assert_int_eq(p->ifindex, ifindex);
	ck_assert_int_eq(p->link_len, link ? 6 : 0);
	ck_assert_int_eq(p->link[5], link);
}

static const struct { const char *ip; int by, ifindex, link; } places[] = {
	{ "10.9.0.11", 0, 3, 1 }, { "10.9.0.11", 3, 3, 1 },
	{ "10.9.0.12", 0, 3, 2 }, { "fd09:9::12", 0, 3, 2 },
	{ "fe80::11", 0, 3, 1 },
	{ "10.9.0.22", 0, 3, 9 },
	{ "fd09:9::14", 0, 0, 0 },		/* a neighbour of no link */
	{ "10.9.0.99", 0, 0, 0 }, { "10.9.0.99", 3, 3, 0 },
	{ "10.9.0.11", 4, 4, 0 },		/* but the neighbour is on 3 */
};

START_TEST(kin_place_is_what_the_link_says)
{
	init();
	lan();
	look(places[_i].ip, places[_i].by);
	is_at(&now, places[_i].ifindex, (uint8_t)places[_i].link);
	is_at(&as, places[_i].ifindex, (uint8_t)places[_i].link);
	kin_free(kin);
}
END_TEST

static const struct { const char *ip; int by; } locals[] = {
	{ "127.0.0.1", 0 }, { "::1", 0 }, { "10.9.0.1", 0 },
	{ "fd09:9::1", 0 }, { "10.9.0.1", KIN_LO }, { "127.0.0.1", KIN_LO },
	{ "10.9.0.1", 3 },			/* bound to it */
};

START_TEST(kin_place_of_this_host_is_lo)
{
	struct addr a = at(locals[_i].ip), none = { .family = 0 };

	init();
	look(locals[_i].ip, locals[_i].by);
	is_at(&now, KIN_LO, 0);
	is_at(&as, 0, 0);
	ck_assert_int_eq(kin_is_local(kin, &a), 1);
	a = at("10.9.0.2");
	ck_assert_int_eq(kin_is_local(kin, &a), 0);
	kin_place(kin, &none, 0, &now, &as);
	is_at(&now, KIN_LO, 0);
	ck_assert_int_eq(reads, 0);
	kin_free(kin);
}
END_TEST

START_TEST(kin_place_on_two_links_is_nowhere_unless_it_is_said_which)
{
	init();
	add("10.9.0.50", 3, 1);
	add("10.9.0.50", 4, 2);
	look("10.9.0.50", 0);
	is_at(&now, 0, 0);
	is_at(&as, 0, 0);
	look("10.9.0.50", 4);
	is_at(&now, 4, 2);
	is_at(&as, 4, 2);
	look("10.9.0.50", 3);
	is_at(&now, 3, 1);
	is_at(&as, 3, 1);
	look("10.9.0.50", 4);
	is_at(&as, 4, 2);
	look("10.9.0.50", 0);			/* as little as before */
	is_at(&now, 0, 0);
	kin_free(kin);
}
END_TEST

/* Catalogue C07: an address that another host has by now. */
START_TEST(kin_place_with_another_link_is_somebody_else)
{
	init();
	add("10.9.0.11", 3, 1);
	look("10.9.0.11", 3);
	is_at(&as, 3, 1);
	table[0].link[5] = 7;
	loop_advance(&loop, KIN_FRESH_MS);
	look("10.9.0.11", 3);
	is_at(&now, 3, 7);
	is_at(&as, 3, 7);
	table[0].link[5] = 1;			/* and back */
	loop_advance(&loop, KIN_FRESH_MS);
	look("10.9.0.11", 3);
	is_at(&as, 3, 1);
	kin_free(kin);
}
END_TEST

START_TEST(kin_place_that_gets_known_better_is_nobody_else)
{
	init();
	look("10.9.0.11", 0);
	is_at(&as, 0, 0);
	add("10.9.0.11", 3, 1);
	loop_advance(&loop, KIN_FRESH_MS);
	look("10.9.0.11", 0);
	is_at(&now, 3, 1);			/* rules know */
	is_at(&as, 0, 0);			/* circuits and names stay */
	look("10.9.0.11", 3);
	is_at(&as, 0, 0);
	n = 0;					/* the kernel forgets */
	loop_advance(&loop, KIN_FRESH_MS);
	look("10.9.0.11", 0);
	is_at(&now, 0, 0);
	is_at(&as, 0, 0);
	add("10.9.0.11", 3, 2);			/* it was 1 */
	loop_advance(&loop, KIN_FRESH_MS);
	look("10.9.0.11", 0);
	is_at(&as, 3, 2);
	kin_free(kin);
}
END_TEST

/* Nobody needs to ask: else whoever takes the address first is taken for it. */
START_TEST(kin_place_without_a_link_is_looked_for_soon)
{
	init();
	look("10.9.0.11", 3);
	is_at(&as, 3, 0);
	add("10.9.0.11", 3, 1);
	loop_advance(&loop, KIN_LOOK_MS);
	table[0].link[5] = 2;
	loop_advance(&loop, KIN_FRESH_MS);
	look("10.9.0.11", 3);
	is_at(&as, 3, 2);
	kin_free(kin);
}
END_TEST

START_TEST(kin_places_without_a_link_are_all_looked_for_soon)
{
	enum { MANY = 5 * KIN_LOOKS_TURN };
	char ip[20];
	int i;

	init();
	for (i = 0; i < MANY; i++) {
		snprintf(ip, sizeof(ip), "10.8.0.%d", i);
		look(ip, 3);
	}
	for (i = 0; i < MANY; i++) {
		snprintf(ip, sizeof(ip), "10.8.0.%d", i);
		add(ip, 3, 1);
	}
	loop_advance(&loop, KIN_LOOK_MS + MANY / KIN_LOOKS_TURN * KIN_READ_MS);
	ck_assert_int_eq(loop_next(&loop), LOOP_NEVER);
	for (i = 0; i < MANY; i++)
		table[i].link[5] = 2;
	loop_advance(&loop, KIN_FRESH_MS);
	for (i = 0; i < MANY; i++) {
		snprintf(ip, sizeof(ip), "10.8.0.%d", i);
		look(ip, 3);
		is_at(&as, 3, 2);
		loop_advance(&loop, KIN_READ_KNOWN_MS);
	}
	kin_free(kin);
}
END_TEST

START_TEST(kin_place_that_gets_known_late_is_somebody_else)
{
	init();
	look("10.9.0.11", 3);
	loop_advance(&loop, KIN_LOOKS * KIN_LOOK_MS);
	ck_assert_int_eq(loop_next(&loop), LOOP_NEVER);	/* it is enough */
	ck_assert_int_eq(reads, 1 + KIN_LOOKS);
	add("10.9.0.11", 3, 1);
	loop_advance(&loop, KIN_FRESH_MS);
	look("10.9.0.11", 3);
	is_at(&now, 3, 1);
	is_at(&as, 3, 1);
	kin_free(kin);
}
END_TEST

START_TEST(kin_place_that_is_looked_for_goes_with_its_kin)
{
	init();
	look("10.9.0.11", 3);
	ck_assert_int_ne(loop_next(&loop), LOOP_NEVER);
	kin_free(kin);
	ck_assert_int_eq(loop_next(&loop), LOOP_NEVER);
}
END_TEST

START_TEST(kin_place_is_forgotten_in_the_end)
{
	init();
	add("10.9.0.11", 3, 1);
	look("10.9.0.11", 3);
	n = 0;
	loop_advance(&loop, KIN_KEEP_MS);
	look("10.9.0.11", 3);
	is_at(&now, 3, 0);
	is_at(&as, 3, 1);
	loop_advance(&loop, KIN_FRESH_MS);
	look("10.9.0.11", 3);
	is_at(&as, 3, 0);
	kin_free(kin);
}
END_TEST

START_TEST(kin_place_reads_the_table_no_more_than_it_has_to)
{
	init();
	add("10.9.0.11", 3, 1);
	look("10.9.0.11", 3);
	look("10.9.0.11", 3);
	loop_advance(&loop, KIN_FRESH_MS - 1);
	look("10.9.0.11", 3);
	ck_assert_int_eq(reads, 1);
	loop_advance(&loop, 1);
	look("10.9.0.11", 3);
	ck_assert_int_eq(reads, 2);
	kin_free(kin);
}
END_TEST

START_TEST(kin_place_of_known_clients_reads_the_table_for_all_of_them)
{
	char ip[20];
	int i, round;

	init();
	for (i = 1; i <= 40; i++) {
		snprintf(ip, sizeof(ip), "10.9.0.%d", i + 50);
		add(ip, 3, (uint8_t)i);
	}
	for (round = 0; round < 2; round++) {
		for (i = 1; i <= 40; i++) {
			snprintf(ip, sizeof(ip), "10.9.0.%d", i + 50);
			look(ip, 3);
			loop_advance(&loop, 20);
		}
		ck_assert_int_eq(reads, round ? 41 : 40);
		loop_advance(&loop, KIN_FRESH_MS);
	}
	kin_free(kin);
}
END_TEST

START_TEST(kin_place_of_many_forgets_the_longest_unused)
{
	char ip[40];
	int i;

	init();
	for (i = 0; i < KIN_MAX + 1; i++) {
		snprintf(ip, sizeof(ip), "10.8.%d.%d", i >> 8, i & 255);
		add(ip, 3, 1);
		if (i == KIN_MAX)
			look("10.8.0.0", 0);	/* in use */
		look(ip, 0);
		loop_advance(&loop, 20);
	}
	n = 0;
	loop_advance(&loop, KIN_FRESH_MS);
	look("10.8.0.0", 0);
	is_at(&as, 3, 1);
	look("10.8.0.1", 0);
	is_at(&as, 0, 0);
	kin_free(kin);
}
END_TEST

START_TEST(kin_place_without_the_kernels_help_is_what_the_socket_says)
{
	init();
	lan();
	fails = 1;
	look("10.9.0.11", 3);
	is_at(&now, 3, 0);
	look("10.9.0.11", 0);
	is_at(&now, 0, 0);
	kin_free(kin);
}
END_TEST

START_TEST(kin_ifname_says_what_the_kernel_says_or_nothing)
{
	char name[KIN_IFNAME];

	init();
	kin_ifname(kin, 3, name);
	ck_assert_str_eq(name, "lan3");
	kin_ifname(kin, 99, name);
	ck_assert_str_eq(name, "");
	kin_ifname(kin, 0, name);
	ck_assert_str_eq(name, "");
	kin_free(kin);
	ck_assert_int_eq(kin_kernel.ifname(NULL, KIN_LO, name), 0);
	ck_assert_str_eq(name, "lo");
	ck_assert_int_lt(kin_kernel.ifname(NULL, 1 << 30, name), 0);
}
END_TEST

static void
count(void *arg, const struct kin_neighbour *e)
{
	ck_assert(e->addr.family == 4 || e->addr.family == 6);
	++*(int *)arg;
}

static void
see_own(void *arg, const struct addr *a)
{
	*(int *)arg |= a->family == 4 && a->ip[0] == 127;
}

START_TEST(kin_kernel_answers)
{
	int some = 0, loopback = 0;

	ck_assert_int_eq(kin_kernel.neighbours(NULL, count, &some), 0);
	ck_assert_int_eq(kin_kernel.own(NULL, see_own, &loopback), 0);
	ck_assert_int_eq(loopback, 1);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT_LOOP(kin_of_an_address_is_what_the_link_says, NELEM(cases)),
	UNIT(kin_of_who_has_no_address_is_this_host),
	UNIT(kin_of_ipv4_asks_nobody),
	UNIT(kin_of_strangers_reads_the_table_no_more_than_it_has_to),
	UNIT(kin_is_remembered_when_the_kernel_forgets),
	UNIT_LOOP(kin_is_over_when_the_link_says_otherwise, 3),
	UNIT(kin_of_an_address_on_two_links_is_none),
	UNIT(kin_of_a_link_local_address_is_of_its_link),
	UNIT_LOOP(kin_share_of_many_addresses_is_one, NELEM(share_cases)),
	UNIT(kin_without_the_kernels_help_is_none),
	UNIT(kin_of_many_forgets_the_longest_unused),
	UNIT_LOOP(kin_place_is_what_the_link_says, NELEM(places)),
	UNIT_LOOP(kin_place_of_this_host_is_lo, NELEM(locals)),
	UNIT(kin_place_on_two_links_is_nowhere_unless_it_is_said_which),
	UNIT(kin_place_with_another_link_is_somebody_else),
	UNIT(kin_place_that_gets_known_better_is_nobody_else),
	UNIT(kin_place_without_a_link_is_looked_for_soon),
	UNIT(kin_places_without_a_link_are_all_looked_for_soon),
	UNIT(kin_place_that_gets_known_late_is_somebody_else),
	UNIT(kin_place_that_is_looked_for_goes_with_its_kin),
	UNIT(kin_place_is_forgotten_in_the_end),
	UNIT(kin_place_reads_the_table_no_more_than_it_has_to),
	UNIT(kin_place_of_known_clients_reads_the_table_for_all_of_them),
	UNIT(kin_place_of_many_forgets_the_longest_unused),
	UNIT(kin_place_without_the_kernels_help_is_what_the_socket_says),
	UNIT(kin_ifname_says_what_the_kernel_says_or_nothing),
	UNIT(kin_kernel_answers),
};

UNIT_MAIN("kin", tests)

/* tests/dnsport/test_automap.c */
#include "dnsport/automap.h"

#include <errno.h>
#include <string.h>

#include "tests/unit.h"

/* Groups of two owners, as hosts have them. */
static const uint8_t lan1[AUTOMAP_GROUP] = { 1, [AUTOMAP_OWNER] = 1 },
    lan2[AUTOMAP_GROUP] = { 2, [AUTOMAP_OWNER] = 2 };
static struct automap *map;

static void
init(const char *net4, const char *net6)
{
	struct automap_conf conf = { .net4 = { .bits = 0 } };

	if (net4)
		ck_assert_int_eq(addr_net_parse(&conf.net4, net4, -1), 0);
	if (net6)
		ck_assert_int_eq(addr_net_parse(&conf.net6, net6, -1), 0);
	ck_assert_int_eq(automap_new(&map, &conf), 0);
}

static void
usual(void)
{
	init("10.192.0.0/10", "[fd61:7574:6f6d::]/48");
}

static struct addr
mapped(const uint8_t *group, const char *name, int family, int64_t now_s)
{
	struct addr a;

	ck_assert_int_eq(automap_address(map, group, name, family, now_s, &a),
	    0);
	ck_assert_uint_eq(a.family, family);
	ck_assert_uint_eq(a.port, 0);
	ck_assert(automap_is_virtual(map, &a));
	return a;
}

static int
rc_of(const uint8_t *group, const char *name, int family)
{
	struct addr a;

	return automap_address(map, group, name, family, 0, &a);
}

static void
is_name(const uint8_t *group, const struct addr *a, const char *name,
    int64_t now_s)
{
	const char *got = automap_name(map, group, a, now_s);

	if (name)
		ck_assert_str_eq(got, name);
	else
		ck_assert_ptr_null(got);
}

START_TEST(automap_address_is_the_same_for_the_same_name)
{
	struct addr a, b;

	usual();
	a = mapped(lan1, "www.example.com", 4, 0);
	b = mapped(lan1, "WWW.Example.COM.", 4, 1);
	ck_assert(addr_same_ip(&a, &b));
	is_name(lan1, &a, "www.example.com", 2);
	b = mapped(lan1, "example.com", 4, 3);
	ck_assert(!addr_same_ip(&a, &b));
	ck_assert_uint_eq(automap_count(map), 2);
	automap_free(map);
}
END_TEST

START_TEST(automap_address_of_both_families_has_one_name)
{
	struct addr a, b;

	usual();
	a = mapped(lan1, "a.onion", 6, 0);
	b = mapped(lan1, "a.onion", 4, 0);
	ck_assert_uint_eq(automap_count(map), 1);
	is_name(lan1, &a, "a.onion", 0);
	is_name(lan1, &b, "a.onion", 0);
	automap_free(map);
}
END_TEST

/* C10: what one client was told is no use to another. */
START_TEST(automap_name_of_another_group_is_none)
{
	struct addr a, b;
	int family = _i ? 6 : 4;

	usual();
	a = mapped(lan1, "a.onion", family, 0);
	is_name(lan2, &a, NULL, 0);
	ck_assert_ptr_null(automap_hold(map, lan2, &a));
	b = mapped(lan2, "a.onion", family, 0);
	ck_assert(!addr_same_ip(&a, &b));
	is_name(lan2, &a, NULL, 0);
	is_name(lan1, &b, NULL, 0);
	is_name(lan1, &a, "a.onion", 0);
	ck_assert_uint_eq(automap_count(map), 2);
	automap_free(map);
}
END_TEST

START_TEST(automap_name_of_an_unknown_address_is_none)
{
	struct addr a;

	usual();
	addr_v4(&a, 0x0ac00001, 0);
	ck_assert(automap_is_virtual(map, &a));
	is_name(lan1, &a, NULL, 0);
	addr_v4(&a, 0x0b000001, 0);
	ck_assert(!automap_is_virtual(map, &a));
	is_name(lan1, &a, NULL, 0);
	memset(&a, 0, sizeof(a));
	ck_assert(!automap_is_virtual(map, &a));
	ck_assert_ptr_null(automap_hold(map, lan1, &a));
	automap_free(map);
}
END_TEST

static const char *const bad_names[] = {
	"", ".", "a b", "a\n", "\x80", "a\x7f",
};

START_TEST(automap_address_of_no_name_is_refused)
{
	usual();
	ck_assert_int_eq(rc_of(lan1, bad_names[_i], 4), -EINVAL);
	ck_assert_uint_eq(automap_count(map), 0);
	automap_free(map);
}
END_TEST

START_TEST(automap_address_of_a_name_that_is_too_long_is_refused)
{
	char name[AUTOMAP_NAME_MAX + 2];
	struct addr a;

	usual();
	memset(name, 'a', sizeof(name));
	name[AUTOMAP_NAME_MAX + 1] = '\0';
	ck_assert_int_eq(rc_of(lan1, name, 4), -EINVAL);
	name[AUTOMAP_NAME_MAX] = '\0';
	a = mapped(lan1, name, 4, 0);
	is_name(lan1, &a, name, 0);
	automap_free(map);
}
END_TEST

START_TEST(automap_address_without_a_pool_is_refused)
{
	init("10.192.0.0/10", NULL);
	ck_assert_int_eq(rc_of(lan1, "a.b", 6), -EINVAL);
	ck_assert_int_eq(rc_of(lan1, "a.b", 5), -EINVAL);
	ck_assert_int_eq(rc_of(lan1, "a.b", 0), -EINVAL);
	mapped(lan1, "a.b", 4, 0);
	automap_free(map);
}
END_TEST

/* Networks of all sizes, and how many addresses they have: all of them come,
 * each once. */
static const struct {
	const char	*net;
	unsigned	 n;		/* or more than are asked for */
} sizes[] = {
	{ "0.0.0.0/0", 9999 }, { "10.0.0.0/7", 9999 }, { "10.0.0.0/8", 9999 },
	{ "10.192.0.0/10", 9999 }, { "10.1.0.0/16", 9999 },
	{ "10.1.2.0/23", 508 }, { "10.1.2.0/24", 254 },
	{ "10.1.2.128/25", 127 }, { "10.1.2.16/28", 16 },
	{ "10.1.2.6/31", 2 }, { "10.1.2.7/32", 1 },
	{ "[::]/0", 9999 }, { "[fc00::]/7", 9999 }, { "[fd00::]/8", 9999 },
	{ "[fd61:7574:6f6d::]/48", 9999 }, { "[fd00:1::]/63", 9999 },
	{ "[fd00:1::]/64", 9999 }, { "[fd00:1::]/65", 9999 },
	{ "[fd00:1::]/104", 9999 }, { "[fd00:1::]/120", 255 },
	{ "[fd00:1::]/127", 1 },
};

START_TEST(automap_address_comes_once_of_all_of_a_network)
{
	static struct addr got[600];
	struct addr_net net;
	char name[32];
	unsigned i, j, n = sizes[_i].n < NELEM(got) ? sizes[_i].n :
	    NELEM(got);

	ck_assert_int_eq(addr_net_parse(&net, sizes[_i].net, -1), 0);
	if (net.addr.family == 4)
		init(sizes[_i].net, NULL);
	else
		init(NULL, sizes[_i].net);
	for (i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "n%u.onion", i);
		got[i] = mapped(lan1, name, net.addr.family, 0);
		ck_assert(addr_in_net(&got[i], &net));
		for (j = 0; j < i; j++)
			ck_assert(!addr_same_ip(&got[i], &got[j]));
	}
	for (i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "n%u.onion", i);
		is_name(lan1, &got[i], name, 0);
	}
	ck_assert_uint_eq(automap_count(map), n);
	if (sizes[_i].n == n) {		/* one more is the first one's */
		struct addr more;

		is_name(lan1, &got[0], "n0.onion", 1);	/* used again */
		more = mapped(lan1, "more.onion", net.addr.family, 2);
		ck_assert(addr_same_ip(&more, n > 1 ? &got[1] : &got[0]));
		is_name(lan1, &more, "more.onion", 2);
		ck_assert_uint_eq(automap_count(map), n);
	}
	automap_free(map);
}
END_TEST

START_TEST(automap_address_never_ends_in_0_or_255)
{
	struct addr a;
	char name[32];
	int i;

	init("10.0.0.0/16", NULL);
	for (i = 0; i < 5000; i++) {
		snprintf(name, sizeof(name), "n%d.onion", i);
		a = mapped(lan1, name, 4, 0);
		ck_assert_uint_ne(a.ip[3], 0);
		ck_assert_uint_ne(a.ip[3], 255);
	}
	automap_free(map);
}
END_TEST

/* Eight addresses of 22 bits: that they come by chance as they would by a
 * counter, or the same way twice, has no chance. */
START_TEST(automap_address_does_not_follow_from_others)
{
	struct addr a[2][8];
	char name[32];
	int round, i, same = 0, next = 0;

	for (round = 0; round < 2; round++) {
		usual();
		for (i = 0; i < 8; i++) {
			snprintf(name, sizeof(name), "n%d.onion", i);
			a[round][i] = mapped(lan1, name, 4, 0);
		}
		automap_free(map);
	}
	for (i = 0; i < 8; i++)
		same += addr_same_ip(&a[0][i], &a[1][i]);
	for (i = 1; i < 8; i++)
		next += memcmp(a[0][i].ip, a[0][i - 1].ip, 3) == 0;
	ck_assert_int_lt(same, 8);
	ck_assert_int_lt(next, 7);
}
END_TEST

/* Nobody gets an address that was another's before all others had their turn:
 * a client may still have it in its cache. */
START_TEST(automap_address_is_not_given_again_soon)
{
	struct addr first, a;
	char name[32];
	int64_t now = 0;
	int i;

	init("10.1.2.0/24", NULL);
	first = mapped(lan1, "first.onion", 4, now);
	for (i = 0; i < 253; i++) {
		now += AUTOMAP_KEEP_S + 1;
		snprintf(name, sizeof(name), "n%d.onion", i);
		a = mapped(lan1, name, 4, now);
		ck_assert_uint_eq(automap_count(map), 1);
		ck_assert(!addr_same_ip(&a, &first));
	}
	a = mapped(lan1, "again.onion", 4, now + AUTOMAP_KEEP_S + 1);
	ck_assert(addr_same_ip(&a, &first));
	automap_free(map);
}
END_TEST

START_TEST(automap_held_ones_never_go)
{
	struct automap_entry *held[16];
	struct addr a[16], b;
	char name[32];
	int i;

	init("10.1.2.16/28", NULL);
	for (i = 0; i < 16; i++) {
		snprintf(name, sizeof(name), "n%d.onion", i);
		a[i] = mapped(lan1, name, 4, 0);
		held[i] = automap_hold(map, lan1, &a[i]);
		ck_assert_str_eq(automap_held_name(held[i]), name);
	}
	ck_assert_ptr_eq(automap_hold(map, lan1, &a[3]), held[3]);
	ck_assert_int_eq(rc_of(lan1, "more.onion", 4), -ENOSPC);
	ck_assert_int_eq(rc_of(lan2, "more.onion", 4), -ENOSPC);
	ck_assert_uint_eq(automap_count(map), 16);
	automap_release(map, held[3], 1);	/* of two */
	ck_assert_int_eq(rc_of(lan2, "more.onion", 4), -ENOSPC);
	is_name(lan1, &a[3], "n3.onion", 10 * AUTOMAP_KEEP_S);
	automap_release(map, held[3], 2);
	b = mapped(lan2, "more.onion", 4, 2);
	ck_assert(addr_same_ip(&b, &a[3]));
	for (i = 0; i < 16; i++)
		if (i != 3)
			automap_release(map, held[i], 2);
	automap_release(map, NULL, 2);
	automap_free(map);
}
END_TEST

START_TEST(automap_entry_is_kept_while_it_is_in_use)
{
	struct automap_entry *e;
	struct addr a, b;

	usual();
	a = mapped(lan1, "a.onion", 4, 0);
	b = mapped(lan1, "b.onion", 4, 0);
	is_name(lan1, &a, "a.onion", AUTOMAP_KEEP_S);	/* is a use */
	is_name(lan1, &b, NULL, AUTOMAP_KEEP_S + 1);
	e = automap_hold(map, lan1, &a);
	is_name(lan1, &a, "a.onion", 5 * AUTOMAP_KEEP_S);
	automap_release(map, e, 6 * AUTOMAP_KEEP_S);
	is_name(lan1, &a, "a.onion", 7 * AUTOMAP_KEEP_S);
	is_name(lan1, &a, NULL, 9 * AUTOMAP_KEEP_S);
	ck_assert_uint_eq(automap_count(map), 0);
	automap_free(map);
}
END_TEST

static void
fill(const uint8_t *group, int n)
{
	char name[32];
	int i;

	for (i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "n%d.onion", i);
		mapped(group, name, 4, 0);
	}
}

START_TEST(automap_owner_that_is_full_recycles_his_own)
{
	struct addr first, other, a;

	usual();
	other = mapped(lan2, "other.onion", 4, 0);
	first = mapped(lan1, "first.onion", 4, 0);
	fill(lan1, AUTOMAP_OWNER_MAX - 1);
	is_name(lan1, &first, "first.onion", 0);	/* used: n0 is next */
	a = mapped(lan1, "n0.onion", 4, 0);		/* and now n1 is */
	mapped(lan1, "more.onion", 4, 0);
	ck_assert_uint_eq(automap_count(map), AUTOMAP_OWNER_MAX + 1);
	is_name(lan1, &first, "first.onion", 0);
	is_name(lan1, &a, "n0.onion", 0);
	is_name(lan2, &other, "other.onion", 0);
	automap_free(map);
}
END_TEST

/* The @i-th address that a host makes up, a group of its own each. */
static void
made_up(uint8_t group[AUTOMAP_GROUP], uint8_t owner, int i)
{
	memset(group, 0, AUTOMAP_GROUP);
	group[0] = owner;
	i += 1000;			/* none of the others */
	memcpy(group + AUTOMAP_OWNER, &i, sizeof(i));
}

START_TEST(automap_owner_of_many_groups_recycles_his_own)
{
	uint8_t group[AUTOMAP_GROUP];
	struct addr other, first, a;
	int i;

	usual();
	other = mapped(lan2, "other.onion", 4, 0);
	for (i = 0; i <= AUTOMAP_OWNER_MAX; i++) {
		made_up(group, 9, i);
		a = mapped(group, "a.onion", 4, 0);
		if (i == 0)
			first = a;
	}
	ck_assert_uint_eq(automap_count(map), AUTOMAP_OWNER_MAX + 1);
	is_name(group, &a, "a.onion", 0);
	made_up(group, 9, 0);
	is_name(group, &first, NULL, 0);
	is_name(lan2, &other, "other.onion", 0);
	automap_free(map);
}
END_TEST

START_TEST(automap_that_is_full_recycles_of_who_has_the_most)
{
	enum { OWNERS = 64, EACH = (AUTOMAP_MAX - 2) / OWNERS };
	uint8_t group[AUTOMAP_GROUP];
	struct addr few[2], many[OWNERS];
	struct automap_entry *held;
	int i;

	usual();
	few[0] = mapped(lan1, "first.onion", 4, 0);	/* longest unused */
	few[1] = mapped(lan1, "second.onion", 4, 0);
	for (i = 0; i < OWNERS; i++) {
		made_up(group, (uint8_t)(100 + i), i);
		many[i] = mapped(group, "many.onion", 4, 0);
		fill(group, EACH - 1);
	}
	fill(lan1, AUTOMAP_MAX - 2 - OWNERS * EACH);
	ck_assert_uint_eq(automap_count(map), AUTOMAP_MAX);
	made_up(group, 100, 0);
	held = automap_hold(map, group, &many[0]);
	ck_assert_ptr_nonnull(held);
	for (i = 0; i < OWNERS; i++) {
		char name[32];

		snprintf(name, sizeof(name), "more%d.onion", i);
		mapped(lan2, name, 4, 0);
		ck_assert_uint_eq(automap_count(map), AUTOMAP_MAX);
	}
	is_name(lan1, &few[0], "first.onion", 0);
	is_name(lan1, &few[1], "second.onion", 0);
	is_name(group, &many[0], "many.onion", 0);
	automap_release(map, held, 0);
	automap_free(map);
}
END_TEST

START_TEST(automap_new_wants_networks_of_their_families)
{
	struct automap_conf conf;
	struct automap *m = NULL;

	addr_net_parse(&conf.net4, "10.192.0.0/10", -1);
	conf.net6 = conf.net4;
	ck_assert_int_eq(automap_new(&m, &conf), -EINVAL);
	conf.net6.addr.family = 0;
	conf.net4.bits = 33;
	ck_assert_int_eq(automap_new(&m, &conf), -EINVAL);
	ck_assert_ptr_null(m);
	automap_free(NULL);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(automap_address_is_the_same_for_the_same_name),
	UNIT(automap_address_of_both_families_has_one_name),
	UNIT_LOOP(automap_name_of_another_group_is_none, 2),
	UNIT(automap_name_of_an_unknown_address_is_none),
	UNIT_LOOP(automap_address_of_no_name_is_refused, NELEM(bad_names)),
	UNIT(automap_address_of_a_name_that_is_too_long_is_refused),
	UNIT(automap_address_without_a_pool_is_refused),
	UNIT_LOOP(automap_address_comes_once_of_all_of_a_network,
	    NELEM(sizes)),
	UNIT(automap_address_never_ends_in_0_or_255),
	UNIT(automap_address_does_not_follow_from_others),
	UNIT(automap_address_is_not_given_again_soon),
	UNIT(automap_held_ones_never_go),
	UNIT(automap_entry_is_kept_while_it_is_in_use),
	UNIT(automap_owner_that_is_full_recycles_his_own),
	UNIT(automap_owner_of_many_groups_recycles_his_own),
	UNIT(automap_that_is_full_recycles_of_who_has_the_most),
	UNIT(automap_new_wants_networks_of_their_families),
};

UNIT_MAIN("automap", tests)

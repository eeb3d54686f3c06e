/* tests/onion/path/test_vanguard.c - paths towards onion services, and the
 * layer-2 guards in them
 */
#include "onion/path/path.h"

#include "base/enc.h"
#include "onion/link/relayid.h"
#include "onion/path/kin.h"
#include "onion/path/vanguard.h"
#include "tests/onion/path/choosetest.h"

enum { DAY_MS = 24 * 3600 * 1000, MANY = 400, SEEN_MAX = 32 };

static const struct path_request service = { .kind = PATH_SERVICE,
    .need_capacity = 1 };

static uint8_t seen[SEEN_MAX][20];
static size_t nseen;

static int
is_seen(const uint8_t rsa[20])
{
	size_t i;

	for (i = 0; i < nseen; i++)
		if (memcmp(seen[i], rsa, 20) == 0)
			return 1;
	return 0;
}

/* Which relays are second hops? */
static void
look(void)
{
	struct path p;
	int i, rc;

	nseen = 0;
	for (i = 0; i < MANY; i++) {
		/* Where there is one, it may be the guard. */
		if ((rc = choose(&service, &p)) == -EHOSTUNREACH)
			continue;
		ck_assert_int_eq(rc, 0);
		ck_assert_uint_eq(p.n, 3);
		if (!is_seen(p.hop[1]->rsa) && nseen < SEEN_MAX)
			memcpy(seen[nseen++], p.hop[1]->rsa, 20);
	}
}

static size_t
count_kept(const uint8_t (*old)[20], size_t n)
{
	size_t i, kept = 0;

	for (i = 0; i < n; i++)
		kept += is_seen(old[i]) != 0;
	return kept;
}

static size_t
look_again(void)
{
	uint8_t old[SEEN_MAX][20];
	size_t n = nseen;

	memcpy(old, seen, sizeof(old));
	look();
	return count_kept((const uint8_t (*)[20])old, n);
}

static void
relist(void)
{
	struct netdir *before = nd;

	nd = simdir_netdir(&sd);
	if (guards)
		ck_assert_int_eq(guard_set_netdir(guards, nd), 0);
	ck_assert_int_eq(path_set_netdir(ctx, nd), 0);
	netdir_free(before);
}

/* --- the second hop --- */

static const struct {
	const char	*params;
	size_t		 want;
} numbers[] = {
	{ "", 4 }, { "guard-hs-l2-number=1", 1 }, { "guard-hs-l2-number=2", 2 },
	{ "guard-hs-l2-number=19", 19 }, { "guard-hs-l2-number=1000", 19 },
	{ "guard-hs-l2-number=0", 1 },
};

START_TEST(path_choose_service_second_hop_is_one_of_a_few)
{
	plain(200);
	strcpy(sd.params, numbers[_i].params);
	begin_conf(1);
	look();
	/* The guard may be one of them. */
	ck_assert_uint_le(nseen, numbers[_i].want);
	ck_assert_uint_ge(nseen + 1, numbers[_i].want);
	end();
}
END_TEST

START_TEST(path_choose_service_a_network_that_wants_none_has_none)
{
	plain(200);
	strcpy(sd.params, "vanguards-lite-enabled=0");
	begin_conf(1);
	look();
	ck_assert_uint_eq(nseen, SEEN_MAX);
	end();
}
END_TEST

START_TEST(path_choose_service_vanguards_last_a_day_to_twelve)
{
	size_t n;

	plain(200);
	begin_conf(0);
	look();
	n = nseen;
	ck_assert_uint_eq(n, 4);
	loop_advance(&loop, DAY_MS - 1);
	ck_assert_uint_eq(look_again(), n);
	loop_advance(&loop, (int64_t)11 * DAY_MS + 1);
	/* One may be drawn again. */
	ck_assert_uint_lt(look_again(), n);
	ck_assert_uint_eq(nseen, n);
	end();
}
END_TEST

START_TEST(path_choose_service_lifetime_follows_the_consensus)
{
	plain(200);
	strcpy(sd.params,
	    "guard-hs-l2-lifetime-min=100 guard-hs-l2-lifetime-max=100");
	begin_conf(0);
	look();
	loop_advance(&loop, 100 * 1000 - 1);
	ck_assert_uint_eq(look_again(), 4);
	loop_advance(&loop, 1);
	ck_assert_uint_lt(look_again(), 4);
	end();
}
END_TEST

START_TEST(path_choose_service_vanguard_that_is_not_stable_any_more_goes)
{
	struct simdir_relay *r;
	uint8_t lost[3][20];
	int i;

	plain(200);
	begin_conf(0);
	look();
	for (i = 0; i < 3; i++)
		memcpy(lost[i], seen[i], 20);
	r = simdir_by_rsa(&sd, lost[0]);
	r->flags &= ~(uint32_t)RELAY_STABLE;
	r = simdir_by_rsa(&sd, lost[1]);
	r->gone = 1;
	r = simdir_by_rsa(&sd, lost[2]);
	r->flags &= ~(uint32_t)RELAY_FAST;
	relist();
	ck_assert_uint_eq(look_again(), 1);
	ck_assert_uint_eq(nseen, 4);
	for (i = 0; i < 3; i++)
		ck_assert(!is_seen(lost[i]));
	end();
}
END_TEST

START_TEST(path_choose_service_vanguards_are_stable_and_fast)
{
	size_t i;

	plain(100);
	for (i = 0; i < 100; i++)
		if (i % 10)
			sd.relay[i].flags &= ~(uint32_t)(i % 2 ? RELAY_STABLE :
			    RELAY_FAST);
	begin_conf(0);
	look();
	for (i = 0; i < nseen; i++)
		ck_assert_uint_eq(simdir_by_rsa(&sd, seen[i])->flags &
		    (RELAY_STABLE | RELAY_FAST), RELAY_STABLE | RELAY_FAST);
	end();
}
END_TEST

START_TEST(path_choose_service_where_none_is_stable_others_do_meanwhile)
{
	size_t i;

	plain(40);
	for (i = 0; i < 40; i++)
		sd.relay[i].flags &= ~(uint32_t)RELAY_STABLE;
	begin_conf(0);
	look();
	ck_assert_uint_eq(nseen, 4);
	ck_assert_uint_eq(look_again(), 4);
	end();
}
END_TEST

START_TEST(path_choose_service_excluded_vanguard_goes)
{
	struct relayset *set;
	char text[48];
	uint8_t lost[20];

	plain(100);
	begin_conf(0);
	look();
	memcpy(lost, seen[0], 20);
	enc_hex(text, lost, 20);
	set = make_set(text);
	conf.exclude = set;
	ck_assert_int_eq(path_set_conf(ctx, &conf), 0);
	ck_assert_uint_eq(look_again(), 3);
	ck_assert(!is_seen(lost));
	end();
	relayset_free(set);
}
END_TEST

START_TEST(path_newnym_takes_other_vanguards)
{
	plain(300);
	begin_conf(0);
	look();
	path_newnym(ctx);
	ck_assert_uint_lt(look_again(), 4);
	ck_assert_uint_eq(nseen, 4);
	end();
}
END_TEST

static int
takes_all(void *arg, const struct relay *r)
{
	(void)arg;
	(void)r;
	return 1;
}

START_TEST(vanguards_expire_each_in_its_time)
{
	struct vanguards vs = { .n = 0 };
	size_t i;

	plain(60);
	nd = simdir_netdir(&sd);
	for (i = 0; i < 40; i++)
		vanguards_add(&vs, &nd->relays[i], NULL, 1000);
	ck_assert_uint_eq(vs.n, VANGUARDS_MAX);
	vanguards_add(&vs, &nd->relays[0], NULL, 1000);
	vanguards_expire(&vs, nd, takes_all, NULL, 1000 + DAY_MS - 1);
	ck_assert_uint_eq(vs.n, VANGUARDS_MAX);
	for (i = 0; i < vs.n; i++) {
		ck_assert_int_ge(vs.v[i].until, 1000 + DAY_MS);
		ck_assert_int_le(vs.v[i].until, 1000 + (int64_t)12 * DAY_MS);
	}
	vs.v[7].until = 5000;
	vanguards_expire(&vs, nd, takes_all, NULL, 5000);
	ck_assert_uint_eq(vs.n, VANGUARDS_MAX - 1);
	ck_assert(!vanguards_has(&vs, nd->relays[7].rsa));
	ck_assert(vanguards_has(&vs, nd->relays[8].rsa));
	vanguards_expire(&vs, nd, takes_all, NULL,
	    1000 + (int64_t)12 * DAY_MS);
	ck_assert_uint_eq(vs.n, 0);
	netdir_free(nd);
	simdir_fini(&sd);
}
END_TEST

/* --- the path --- */

START_TEST(path_choose_service_no_relay_comes_twice_and_kin_may)
{
	struct path p;
	int i, kin_met = 0;
	size_t j;

	plain(12);
	for (j = 0; j < 12; j++)	/* all in one /16 */
		addr_v4(&sd.relay[j].or4, 0x14000001u + (uint32_t)j, 9001);
	begin_conf(_i);
	for (i = 0; i < MANY; i++) {
		ck_assert_int_eq(choose(&service, &p), 0);
		ck_assert_ptr_ne(p.hop[0], p.hop[1]);
		ck_assert_ptr_ne(p.hop[0], p.hop[2]);
		ck_assert_ptr_ne(p.hop[1], p.hop[2]);
		kin_met += kin_same(&kin, nd, p.hop[0], p.hop[2]);
	}
	ck_assert_int_eq(kin_met, MANY);
	end();
}
END_TEST

START_TEST(path_choose_service_guard_does_not_depend_on_who_comes_behind)
{
	struct path_request req = service;
	struct path p, first;
	int i;

	plain(60);
	begin_conf(1);
	ck_assert_int_eq(choose(&service, &first), 0);
	req.avoid_middles = &first.hop[0]->rsa;
	req.navoid_middles = 1;
	for (i = 0; i < MANY; i++) {
		ck_assert_int_eq(choose(&req, &p), 0);
		ck_assert_ptr_eq(p.hop[0], first.hop[0]);
	}
	end();
}
END_TEST

START_TEST(path_choose_service_whom_it_leads_to_is_not_in_it)
{
	struct path_request req = service;
	uint8_t not[20];
	struct path p;
	int i;

	plain(30);
	begin_conf(1);
	look();
	memcpy(not, seen[0], 20);
	req.avoid_middles = (const uint8_t (*)[20])not;
	req.navoid_middles = 1;
	for (i = 0; i < MANY; i++) {
		ck_assert_int_eq(choose(&req, &p), 0);
		ck_assert_mem_ne(p.hop[1]->rsa, not, 20);
		ck_assert_mem_ne(p.hop[2]->rsa, not, 20);
		ck_assert_int_eq(is_seen(p.hop[1]->rsa), 1);
	}
	end();
}
END_TEST

START_TEST(path_choose_service_third_hop_can_be_a_rendezvous_point)
{
	struct path p;
	size_t i;

	plain(60);
	for (i = 0; i < 60; i++) {
		if (i % 3 == 0)
			strcpy(sd.relay[i].pr, "Relay=1-4 HSRend=1");
		if (i % 3 == 1)
			sd.relay[i].flags |= RELAY_MIDDLEONLY;
	}
	begin_conf(0);
	for (i = 0; i < MANY; i++) {
		ck_assert_int_eq(choose(&service, &p), 0);
		ck_assert_uint_ne(p.hop[2]->caps & CAP_HSREND, 0);
		ck_assert_uint_eq(p.hop[2]->flags & RELAY_MIDDLEONLY, 0);
	}
	end();
}
END_TEST

START_TEST(path_choose_service_impossible_paths_are_none)
{
	struct path_request four = { .kind = PATH_SERVICE, .hops = 4 };
	struct path p = { 0 };
	size_t i;

	plain(60);
	begin_conf(0);
	ck_assert_int_eq(choose(&four, &p), -EINVAL);
	for (i = 0; i < 60; i++)
		strcpy(sd.relay[i].pr, "Relay=1-4 HSRend=1");
	relist();
	ck_assert_int_eq(choose(&service, &p), -ENOENT);
	ck_assert_uint_eq(p.n, 0);
	end();
	plain(2);
	begin_conf(0);
	ck_assert_int_lt(choose(&service, &p), 0);
	end();
}
END_TEST

/* --- who is excluded --- */

START_TEST(path_choose_service_goes_through_nobody_who_is_excluded)
{
	struct relayset *set = make_set("relay1,relay2,relay3,relay4,relay5");
	struct path p;
	size_t k;
	int i;

	plain(12);
	conf.exclude = set;
	conf.strict = (uint8_t)_i;
	begin_conf(0);
	for (i = 0; i < MANY; i++) {
		if (choose(&service, &p) < 0)
			continue;
		for (k = 0; k < p.n; k++)
			ck_assert_int_eq(relayset_has(set, nd, p.hop[k]), 0);
	}
	end();
	relayset_free(set);
}
END_TEST

static const struct {
	const char	*set;
	int		 want;
} excludes_cases[] = {
	{ "relay3", 1 },		/* as it is listed */
	{ "relay4", 0 },
	{ "192.0.2.0/24", 1 },		/* as it says it is */
	{ "192.0.2.0/24:9000", 0 },
	{ "*6", 1 },
	{ "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", 0 }
};

START_TEST(path_excludes_looks_at_both_names)
{
	struct relayset *set = make_set(excludes_cases[_i].set);
	struct hopinfo h = { .id = { .has_ed = 0 } }, unlisted = h;
	int want = excludes_cases[_i].want;

	plain(10);
	conf.exclude = set;
	begin_conf(0);
	memcpy(h.id.rsa, named(nd, "relay3")->rsa, 20);
	ck_assert_int_eq(addr_parse(&h.or4, "192.0.2.7:9001", -1), 0);
	ck_assert_int_eq(addr_parse(&h.or6, "[2001:db8::7]:9001", -1), 0);
	memset(unlisted.id.rsa, 0xaa, 20);
	ck_assert_int_eq(path_excludes(ctx, &h), want);
	ck_assert_int_eq(path_excludes(ctx, &unlisted), _i == 5);
	conf.strict = 1;
	ck_assert_int_eq(path_set_conf(ctx, &conf), 0);
	ck_assert_int_eq(path_excludes(ctx, &h), want ? -EACCES : 0);
	end();
	relayset_free(set);
}
END_TEST

/* --- exits by name --- */

START_TEST(path_exit_named_asks_exclusion_and_policy)
{
	struct relayset *exits = make_set("relay1,relay2"),
	    *all = make_set("relay3");
	struct path_target web_at = { 443, 0 };

	plain(10);
	strcpy(simdir_by_name(&sd, "relay5")->p, "accept 80");
	conf.exclude_exits = exits;
	conf.exclude = all;
	conf.exits = exits;
	begin_conf(0);
	ck_assert_int_eq(path_exit_named(ctx, named(nd, "relay1"), &web_at), 0);
	ck_assert_int_eq(path_exit_named(ctx, named(nd, "relay4"), &web_at), 1);
	ck_assert_int_eq(path_exit_named(ctx, named(nd, "relay5"), &web_at), 0);
	ck_assert_int_eq(path_exit_named(ctx, named(nd, "relay3"), &web_at), 1);
	conf.strict = 1;
	ck_assert_int_eq(path_set_conf(ctx, &conf), 0);
	ck_assert_int_eq(path_exit_named(ctx, named(nd, "relay3"), &web_at), 0);
	end();
	relayset_free(exits);
	relayset_free(all);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT_LOOP(path_choose_service_goes_through_nobody_who_is_excluded, 2),
	UNIT_LOOP(path_excludes_looks_at_both_names, NELEM(excludes_cases)),
	UNIT_LOOP(path_choose_service_second_hop_is_one_of_a_few,
	    NELEM(numbers)),
	UNIT(path_choose_service_a_network_that_wants_none_has_none),
	UNIT(path_choose_service_vanguards_last_a_day_to_twelve),
	UNIT(path_choose_service_lifetime_follows_the_consensus),
	UNIT(path_choose_service_vanguard_that_is_not_stable_any_more_goes),
	UNIT(path_choose_service_vanguards_are_stable_and_fast),
	UNIT(path_choose_service_where_none_is_stable_others_do_meanwhile),
	UNIT(path_choose_service_excluded_vanguard_goes),
	UNIT(path_newnym_takes_other_vanguards),
	UNIT(vanguards_expire_each_in_its_time),
	UNIT_LOOP(path_choose_service_no_relay_comes_twice_and_kin_may, 2),
	UNIT(path_choose_service_guard_does_not_depend_on_who_comes_behind),
	UNIT(path_choose_service_whom_it_leads_to_is_not_in_it),
	UNIT(path_choose_service_third_hop_can_be_a_rendezvous_point),
	UNIT(path_choose_service_impossible_paths_are_none),
	UNIT(path_exit_named_asks_exclusion_and_policy),
};
PATHTEST_MAIN("vanguard", tests)

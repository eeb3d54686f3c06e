#include "onion/path/path.h"

#include "onion/link/relayid.h"
#include "tests/onion/path/choosetest.h"

static const struct path_target web = { 443, 0 };
static const struct path_request exit_web = { .kind = PATH_EXIT,
    .targets = &web, .ntargets = 1, .need_capacity = 1 };
static const struct path_request internal = { .kind = PATH_INTERNAL,
    .need_capacity = 1 };

/* --- statistics --- */

enum { DRAWS = 100000 };

static void
count_hops(size_t hop, uint64_t *got)
{
	struct path p;
	int i;

	for (i = 0; i < DRAWS; i++) {
		ck_assert_int_eq(choose(&exit_web, &p), 0);
		got[p.hop[hop] - nd->relays]++;
	}
}

START_TEST(path_choose_exits_are_drawn_by_their_weight)
{
	uint64_t got[300] = { 0 };
	double share[300], sum = 0;
	size_t i;

	plain(300);
	strcpy(sd.weights, "Wgg=1 Wgm=1 Wgd=1 Wmg=1 Wmm=1 Wme=1 Wmd=1 Weg=1 "
	    "Wem=5000 Wee=10000 Wed=1 Wgb=10000 Wmb=10000 Web=10000 Wdb=10000 "
	    "Wbg=1 Wbm=1 Wbe=1 Wbd=1");
	for (i = 0; i < 300; i++) {
		struct simdir_relay *r = &sd.relay[i];

		r->bw = (uint32_t)(i % 20) * 100;
		r->flags &= ~(uint32_t)(RELAY_GUARD | RELAY_EXIT);
		strcpy(r->p, i % 3 ? "accept 443" : "reject 443");
		if (i % 2)
			r->flags |= RELAY_EXIT;
		share[i] = i % 3 ? (i % 2 ? 2 : 1) * (double)r->bw : 0;
		if (i % 7 == 0) {	/* those that can be guards */
			r->flags |= RELAY_GUARD;
			strcpy(r->p, "reject 1-65535");
			share[i] = 0;
		}
		sum += share[i];
	}
	for (i = 0; i < 300; i++)
		share[i] /= sum;
	begin_conf(1);
	count_hops(2, got);
	ck_assert_int_eq(chi_square_ok(got, share, 300, DRAWS), 1);
	end();
}
END_TEST

START_TEST(path_choose_guard_stays_while_the_rest_of_the_path_changes)
{
	uint64_t first[100] = { 0 }, middle[100] = { 0 };
	size_t i, nfirst = 0, nmiddle = 0;

	plain(100);
	begin_conf(1);
	count_hops(0, first);
	count_hops(1, middle);
	for (i = 0; i < 100; i++) {
		nfirst += first[i] > 0;
		nmiddle += middle[i] > 0;
	}
	/* One guard, and another where the first one is the exit. */
	ck_assert_uint_le(nfirst, 2);
	ck_assert_uint_gt(nmiddle, 90);
	end();
}
END_TEST

/* --- what the configuration and the request ask for --- */

static void
check_all_last(const struct path_request *req, const char *prefix_ok)
{
	struct path p;
	int i;

	for (i = 0; i < 300; i++) {
		ck_assert_int_eq(choose(req, &p), 0);
		ck_assert_msg(strstr(prefix_ok, p.hop[2]->nickname) != NULL,
		    "%s", p.hop[2]->nickname);
	}
}

START_TEST(path_choose_exit_nodes_are_the_only_exits)
{
	struct relayset *set = make_set("relay3,relay4");

	plain(60);
	conf.exits = set;
	begin_conf(1);
	check_all_last(&exit_web, " relay3 relay4 ");
	end();
	relayset_free(set);
}
END_TEST

START_TEST(path_choose_exit_nodes_that_take_no_such_port_give_no_path)
{
	struct relayset *set = make_set("relay3");
	struct path p = { 0 };

	plain(60);
	strcpy(simdir_by_name(&sd, "relay3")->p, "accept 80");
	conf.exits = set;
	begin_conf(1);
	ck_assert_int_eq(choose(&exit_web, &p), -ENOENT);
	ck_assert_uint_eq(p.n, 0);
	end();
	relayset_free(set);
}
END_TEST

/* A request's own exits, whatever ExitNodes has. */
START_TEST(path_choose_exits_of_the_request_are_the_only_exits)
{
	struct relayset *set = make_set("relay3,relay4,relay5,relay6");
	struct relayset *all = make_set("relay9");
	struct relayset *not = make_set("relay5"), *no_exit = make_set("relay6");
	struct path_request req = exit_web;

	plain(60);
	conf.exits = all;
	conf.exclude = not;
	conf.exclude_exits = no_exit;
	begin_conf(1);
	req.exits = set;
	check_all_last(&req, " relay3 relay4 ");
	check_all_last(&exit_web, " relay9 ");
	end();
	relayset_free(set);
	relayset_free(all);
	relayset_free(not);
	relayset_free(no_exit);
}
END_TEST

static const struct {
	const char	*set;
	const char	*p;		/* policy of relay3 */
} no_exits[] = {
	{ "relay5,relay6", "accept 443" }, { "nobody", "accept 443" },
	{ "relay3", "accept 80" }, { "30.0.0.0/8", "accept 443" }
};

START_TEST(path_choose_exits_of_the_request_that_will_not_do_give_no_path)
{
	struct relayset *set = make_set(no_exits[_i].set);
	struct relayset *not = make_set("relay5"), *no_exit = make_set("relay6");
	struct path_request req = exit_web;
	struct path p = { 0 };

	plain(60);
	strcpy(simdir_by_name(&sd, "relay3")->p, no_exits[_i].p);
	conf.exclude = not;
	conf.exclude_exits = no_exit;
	begin_conf(1);
	req.exits = set;
	ck_assert_int_eq(choose(&req, &p), -ENOENT);
	ck_assert_uint_eq(p.n, 0);
	end();
	relayset_free(set);
	relayset_free(not);
	relayset_free(no_exit);
}
END_TEST

/* Sets of names, networks and fingerprints by chance. */
static struct relayset *
random_set(void)
{
	char text[512] = "", *at = text;
	unsigned i, k, n = 1 + rand_below(4);

	for (i = 0; i < n; i++) {
		struct simdir_relay *r = &sd.relay[rand_below(60)];

		if (i)
			*at++ = ',';
		switch (rand_below(3)) {
		case 0:
			at += sprintf(at, "%s", r->nickname);
			break;
		case 1:
			at += sprintf(at, "%u.%u.0.0/%u", r->or4.ip[0],
			    r->or4.ip[1] & 0xfc, 14);
			break;
		default:
			*at++ = '$';
			for (k = 0; k < 20; k++)
				at += sprintf(at, "%02X", r->rsa[k]);
		}
	}
	return make_set(text);
}

START_TEST(path_choose_last_hop_is_in_the_set_whatever_that_is)
{
	struct relayset *not, *set;
	struct path_request req = exit_web;
	unsigned i, n, found = 0;
	struct path p;

	plain(60);
	not = random_set();
	conf.exclude = not;
	begin_conf(1);
	for (n = 0; n < 200; n++) {
		req.exits = set = random_set();
		for (i = 0; i < 20 && choose(&req, &p) == 0; i++) {
			const struct relay *last = p.hop[p.n - 1];

			found++;
			ck_assert(relayset_has(set, nd, last));
			ck_assert(!relayset_has(not, nd, last));
			ck_assert(path_exit_in(ctx, last, set));
		}
		relayset_free(set);
	}
	ck_assert_uint_gt(found, 1000);
	end();
	relayset_free(not);
}
END_TEST

START_TEST(path_exits_are_found_by_id)
{
	struct path_exits v[50];
	uint8_t id[PATH_EXITS_ID] = { 0 };
	size_t i;

	plain(3);
	memset(v, 0, sizeof(v));
	for (i = 0; i < NELEM(v); i++)
		v[i].id[PATH_EXITS_ID - 1] = (uint8_t)(2 * i + 1);
	conf.exit_sets = v;
	conf.nexit_sets = NELEM(v);
	begin_conf(0);
	for (i = 0; i < 2 * NELEM(v) + 2; i++) {
		id[PATH_EXITS_ID - 1] = (uint8_t)i;
		ck_assert_ptr_eq(path_exits(ctx, id), i % 2 && i < 100 ?
		    &v[i / 2] : NULL);
	}
	end();
}
END_TEST

START_TEST(path_choose_excluded_exit_is_still_a_middle)
{
	struct relayset *set = make_set("20.0.0.0/9");	/* relay0 to relay127 */
	uint64_t middle[200] = { 0 };
	size_t i, n = 0;
	struct path p;

	plain(200);
	conf.exclude_exits = set;
	begin_conf(1);
	for (i = 0; i < 3000; i++) {
		ck_assert_int_eq(choose(&exit_web, &p), 0);
		ck_assert_int_ge(p.hop[2]->or4.ip[1], 128);
		middle[p.hop[1]->or4.ip[1]]++;
	}
	for (i = 0; i < 128; i++)
		n += middle[i] > 0;
	ck_assert_uint_gt(n, 100);
	end();
	relayset_free(set);
}
END_TEST

START_TEST(path_choose_middle_nodes_are_the_only_middles)
{
	struct relayset *set = make_set("relay7,relay8,relay9");
	struct path p;
	int i;

	plain(60);
	conf.middles = set;
	begin_conf(1);
	for (i = 0; i < 300; i++) {
		ck_assert_int_eq(choose(&exit_web, &p), 0);
		ck_assert(strstr("relay7 relay8 relay9", p.hop[1]->nickname));
	}
	end();
	relayset_free(set);
}
END_TEST

START_TEST(path_choose_entry_nodes_are_the_only_guards)
{
	struct relayset *set = make_set("relay11,relay12");
	struct path p;
	int i;

	plain(60);
	conf.entries = set;
	begin_conf(1);
	ck_assert_str_eq(guard_selection(guards), "restricted");
	for (i = 0; i < 300; i++) {
		ck_assert_int_eq(choose(&exit_web, &p), 0);
		ck_assert(strstr("relay11 relay12", p.hop[0]->nickname));
	}
	end();
	relayset_free(set);
}
END_TEST

/* Flag that must go or come, for all relays but relay5. */
static const struct {
	const char	*name;
	uint32_t	 lose, gain;
} unfit[] = {
	{ "no microdescriptor", RELAY_HAS_MD, 0 },
	{ "bad exit", 0, RELAY_BADEXIT },
	{ "middle only", 0, RELAY_MIDDLEONLY },
	{ "not fast", RELAY_FAST, 0 },
};

START_TEST(path_choose_unfit_exits_are_passed_over)
{
	size_t i;

	plain(60);
	for (i = 0; i < 60; i++) {
		if (i % 2 == 0)		/* guards and middles */
			strcpy(sd.relay[i].p, "reject 1-65535");
		else if (strcmp(sd.relay[i].nickname, "relay5") != 0) {
			sd.relay[i].flags &= ~unfit[_i].lose;
			sd.relay[i].flags |= unfit[_i].gain;
		}
	}
	strcpy(simdir_by_name(&sd, "relay5")->p, "accept 443");
	begin_conf(1);
	check_all_last(&exit_web, "relay5");
	end();
}
END_TEST

START_TEST(path_choose_none_fast_or_stable_is_relaxed)
{
	struct path_request req = exit_web;
	struct path p;
	size_t i;

	plain(60);
	for (i = 0; i < 60; i++)
		if (i % 2)
			sd.relay[i].flags &=
			    ~(uint32_t)(RELAY_FAST | RELAY_STABLE);
		else
			strcpy(sd.relay[i].p, "reject 1-65535");
	begin_conf(1);
	req.need_uptime = 1;
	ck_assert_int_eq(choose(&req, &p), 0);
	ck_assert_int_eq(p.relaxed, 1);
	end();
}
END_TEST

START_TEST(path_choose_long_lived_port_wants_stable_relays)
{
	static const uint16_t ports[] = { 6667, 22 };
	struct path_target t = { 22, 0 };
	struct path_request req = { .kind = PATH_EXIT, .targets = &t,
	    .ntargets = 1 };
	struct path p;
	int i;

	plain(60);
	for (i = 0; i < 60; i += 2)
		sd.relay[i].flags &= ~(uint32_t)RELAY_STABLE;
	conf.long_lived = ports;
	conf.nlong_lived = 2;
	begin_conf(1);
	ck_assert_int_eq(path_port_is_long_lived(ctx, 22), 1);
	ck_assert_int_eq(path_port_is_long_lived(ctx, 23), 0);
	for (i = 0; i < 300; i++) {
		ck_assert_int_eq(choose(&req, &p), 0);
		ck_assert(p.hop[1]->flags & p.hop[2]->flags & RELAY_STABLE);
	}
	end();
}
END_TEST

START_TEST(path_choose_exit_takes_as_many_targets_as_any_can)
{
	static const struct path_target three[] = { { 443, 0 }, { 22, 0 },
	    { 25, 0 } };
	struct path_request req = { .kind = PATH_EXIT, .targets = three,
	    .ntargets = 3 };
	struct path p;
	size_t i;

	plain(60);
	for (i = 0; i < 60; i++)
		strcpy(sd.relay[i].p, "accept 443");
	strcpy(simdir_by_name(&sd, "relay20")->p, "accept 22,443");
	strcpy(simdir_by_name(&sd, "relay21")->p, "accept 25,22");
	begin_conf(1);
	check_all_last(&req, "relay20 relay21");
	ck_assert_int_eq(choose(&req, &p), 0);
	ck_assert_uint_eq(p.supported, 2);
	end();
}
END_TEST

START_TEST(path_choose_ipv6_target_asks_the_ipv6_policy)
{
	static const struct path_target t = { 443, 6 };
	struct path_request req = { .kind = PATH_EXIT, .targets = &t,
	    .ntargets = 1 };

	plain(60);
	strcpy(simdir_by_name(&sd, "relay20")->p6, "accept 443");
	strcpy(simdir_by_name(&sd, "relay21")->p6, "accept 80");
	begin_conf(1);
	check_all_last(&req, "relay20");
	end();
}
END_TEST

START_TEST(path_choose_without_targets_takes_any_way_out)
{
	struct path_request req = { .kind = PATH_EXIT };
	size_t i;

	plain(60);
	for (i = 0; i < 60; i++)
		strcpy(sd.relay[i].p, "reject 1-65535");
	strcpy(simdir_by_name(&sd, "relay20")->p, "accept 7");
	strcpy(simdir_by_name(&sd, "relay21")->p6, "accept 7");
	begin_conf(1);
	check_all_last(&req, "relay20 relay21");
	end();
}
END_TEST

START_TEST(path_choose_bad_exit_is_passed_over_until_forgiven)
{
	struct path p;
	size_t i;

	plain(60);
	for (i = 0; i < 60; i++)
		strcpy(sd.relay[i].p, "reject 1-65535");
	strcpy(simdir_by_name(&sd, "relay20")->p, "accept 443");
	begin_conf(1);
	ck_assert_int_eq(choose(&exit_web, &p), 0);
	path_exit_bad(ctx, p.hop[2]->rsa, 60000);
	ck_assert_int_eq(path_exit_is_bad(ctx, p.hop[2]->rsa), 1);
	ck_assert_int_eq(path_exit_usable(ctx, p.hop[2]), 0);
	ck_assert_int_eq(choose(&exit_web, &p), -ENOENT);
	loop_advance(&loop, 60000);
	ck_assert_int_eq(choose(&exit_web, &p), 0);
	ck_assert_int_eq(path_exit_usable(ctx, p.hop[2]), 1);
	end();
}
END_TEST

START_TEST(path_exit_bad_has_a_ceiling_and_forgives_the_oldest)
{
	uint8_t id[20] = { 0 };
	int i;

	plain(10);
	begin_conf(1);
	for (i = 0; i < PATH_BAD_MAX + 1; i++) {
		id[0] = (uint8_t)i;
		id[1] = (uint8_t)(i >> 8);
		path_exit_bad(ctx, id, 1000 + i);
	}
	ck_assert_int_eq(path_exit_is_bad(ctx, id), 1);
	id[0] = id[1] = 0;
	ck_assert_int_eq(path_exit_is_bad(ctx, id), 0);
	id[0] = 1;
	ck_assert_int_eq(path_exit_is_bad(ctx, id), 1);
	end();
}
END_TEST

START_TEST(path_choose_avoided_relays_do_not_come)
{
	struct path_request req = exit_web;
	uint8_t avoid[3][20];
	struct path p;
	int i;

	plain(12);
	begin_conf(1);
	memcpy(avoid[0], named(nd, "relay1")->rsa, 20);
	memcpy(avoid[1], named(nd, "relay2")->rsa, 20);
	memcpy(avoid[2], named(nd, "relay3")->rsa, 20);
	req.avoid = (const uint8_t (*)[20])avoid;
	req.navoid = 3;
	req.avoid_middles = req.avoid;
	req.navoid_middles = 2;
	req.avoid_guards = req.avoid;
	req.navoid_guards = 1;
	for (i = 0; i < 500; i++) {
		ck_assert_int_eq(choose(&req, &p), 0);
		ck_assert_str_ne(p.hop[0]->nickname, "relay1");
		ck_assert(!strstr("relay1 relay2", p.hop[1]->nickname));
		ck_assert(!strstr("relay1 relay2 relay3", p.hop[2]->nickname));
	}
	end();
}
END_TEST

START_TEST(path_choose_given_last_hop_is_taken_whatever_its_policy)
{
	struct relayset *set = make_set("relay5");
	struct path_request req = { .kind = PATH_EXIT, .targets = &web,
	    .ntargets = 1 };
	struct path p;

	plain(60);
	strcpy(simdir_by_name(&sd, "relay5")->p, "reject 1-65535");
	conf.exclude = set;
	begin_conf(1);
	req.last = named(nd, "relay5");
	ck_assert_int_eq(choose(&req, &p), 0);
	ck_assert_ptr_eq(p.hop[2], req.last);
	ck_assert_uint_eq(p.supported, 0);
	conf.strict = 1;
	path_set_conf(ctx, &conf);
	ck_assert_int_eq(choose(&req, &p), -ENOENT);
	end();
	relayset_free(set);
}
END_TEST

START_TEST(path_choose_internal_needs_no_exit)
{
	struct path p;
	size_t i;

	plain(60);
	for (i = 0; i < 60; i++)
		sd.relay[i].p[0] = '\0';
	begin_conf(1);
	ck_assert_int_eq(choose(&exit_web, &p), -ENOENT);
	ck_assert_int_eq(choose(&internal, &p), 0);
	ck_assert_uint_eq(p.n, 3);
	end();
}
END_TEST

START_TEST(path_choose_one_hop_is_a_directory_guard)
{
	struct path_request req = { .kind = PATH_ONE_HOP };
	struct path p;
	size_t i;

	plain(60);
	for (i = 0; i < 60; i++)	/* which needs no microdescriptor */
		sd.relay[i].flags &= ~(uint32_t)RELAY_HAS_MD;
	begin_conf(1);
	ck_assert_int_eq(choose(&req, &p), 0);
	ck_assert_uint_eq(p.n, 1);
	ck_assert_int_eq(choose(&internal, &p), -ENOENT);
	end();
}
END_TEST

START_TEST(path_choose_without_guards_first_hops_vary_by_weight)
{
	uint64_t first[60] = { 0 };
	size_t i, n = 0;

	plain(60);
	for (i = 0; i < 60; i += 2)
		sd.relay[i].flags &= ~(uint32_t)RELAY_GUARD;
	begin_conf(0);
	count_hops(0, first);
	for (i = 0; i < 60; i++) {
		ck_assert(i % 2 || first[i] == 0);
		n += first[i] > 0;
	}
	ck_assert_uint_eq(n, 30);
	end();
}
END_TEST

static int
only_even(void *arg, const struct addr *a)
{
	(void)arg;
	return a->ip[1] % 2 == 0;
}

START_TEST(path_choose_without_guards_first_hops_can_be_reached)
{
	struct path_request dir = { .kind = PATH_ONE_HOP };
	struct path p;
	int i;

	plain(60);
	conf.reachable = only_even;
	begin_conf(0);
	for (i = 0; i < 300; i++) {
		ck_assert_int_eq(choose(&exit_web, &p), 0);
		ck_assert_int_eq(p.hop[0]->or4.ip[1] % 2, 0);
		ck_assert_int_eq(choose(&dir, &p), 0);
		ck_assert_int_eq(p.hop[0]->or4.ip[1] % 2, 0);
	}
	end();
}
END_TEST

START_TEST(path_choose_one_subnet_gives_a_path_only_if_subnets_do_not_count)
{
	struct path p;
	size_t i;

	plain(30);
	for (i = 0; i < 30; i++)
		addr_v4(&sd.relay[i].or4, 0x7f000001, (uint16_t)(5000 + i));
	begin_conf(1);
	ck_assert_int_lt(choose(&exit_web, &p), 0);
	end();
	plain(30);
	for (i = 0; i < 30; i++) {
		addr_v4(&sd.relay[i].or4, 0x7f000001, (uint16_t)(5000 + i));
		sd.relay[i].bw = 0;	/* a test network measures none */
	}
	conf.kin.subnets = 0;
	begin_conf(1);
	ck_assert_int_eq(choose(&exit_web, &p), 0);
	end();
}
END_TEST

START_TEST(path_choose_three_relays_are_just_enough)
{
	struct path p;
	int i;

	plain(3);
	begin_conf(1);
	for (i = 0; i < 100; i++)
		ck_assert_int_eq(choose(&exit_web, &p), 0);
	end();
	plain(2);
	begin_conf(1);
	ck_assert_int_eq(choose(&exit_web, &p), -EHOSTUNREACH);
	end();
}
END_TEST

START_TEST(path_choose_caps_that_are_needed_are_there)
{
	struct path_request req = exit_web;
	struct path p;
	size_t i;

	plain(20);
	for (i = 0; i < 20; i++)
		strcpy(sd.relay[i].pr, i == 7 ? "FlowCtrl=1-2 Relay=1-4" :
		    "FlowCtrl=1 Relay=1-2");
	begin_conf(1);
	req.need_cc = 1;
	ck_assert_int_eq(choose(&req, &p), 0);
	ck_assert_ptr_eq(p.hop[2], &nd->relays[7]);
	req.need_conflux = 1;
	ck_assert_int_eq(choose(&req, &p), -ENOENT);
	end();
}
END_TEST

START_TEST(path_choose_senseless_request_or_no_netdir_is_refused)
{
	struct path_request req = exit_web;
	struct path p;

	plain(10);
	begin_conf(1);
	req.hops = 1;
	ck_assert_int_eq(choose(&req, &p), -EINVAL);
	req.hops = PATH_HOPS_MAX + 1;
	ck_assert_int_eq(choose(&req, &p), -EINVAL);
	req.hops = 0;
	req.ntargets = PATH_TARGETS_MAX + 1;
	ck_assert_int_eq(choose(&req, &p), -EINVAL);
	path_set_netdir(ctx, NULL);
	ck_assert_int_eq(choose(&exit_web, &p), -ENETUNREACH);
	ck_assert_int_eq(path_have_enough(ctx, NULL), 0);
	end();
}
END_TEST

START_TEST(path_set_netdir_new_relays_are_used_and_old_ones_are_not)
{
	struct netdir *old;
	struct path p;
	int i;

	plain(40);
	for (i = 20; i < 40; i++)
		sd.relay[i].gone = 1;
	begin_conf(0);
	old = nd;
	for (i = 0; i < 40; i++)
		sd.relay[i].gone = i < 20;
	nd = simdir_netdir(&sd);
	path_set_netdir(ctx, nd);
	netdir_free(old);
	for (i = 0; i < 200; i++) {
		ck_assert_int_eq(choose(&exit_web, &p), 0);
		ck_assert_ptr_nonnull(netdir_by_rsa(nd, p.hop[1]->rsa));
	}
	end();
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(path_choose_exits_are_drawn_by_their_weight),
	UNIT(path_choose_guard_stays_while_the_rest_of_the_path_changes),
	UNIT(path_choose_exit_nodes_are_the_only_exits),
	UNIT(path_choose_exit_nodes_that_take_no_such_port_give_no_path),
	UNIT(path_choose_exits_of_the_request_are_the_only_exits),
	UNIT_LOOP(path_choose_exits_of_the_request_that_will_not_do_give_no_path,
	    NELEM(no_exits)),
	UNIT(path_choose_last_hop_is_in_the_set_whatever_that_is),
	UNIT(path_exits_are_found_by_id),
	UNIT(path_choose_excluded_exit_is_still_a_middle),
	UNIT(path_choose_middle_nodes_are_the_only_middles),
	UNIT(path_choose_entry_nodes_are_the_only_guards),
	UNIT_LOOP(path_choose_unfit_exits_are_passed_over, NELEM(unfit)),
	UNIT(path_choose_none_fast_or_stable_is_relaxed),
	UNIT(path_choose_long_lived_port_wants_stable_relays),
	UNIT(path_choose_exit_takes_as_many_targets_as_any_can),
	UNIT(path_choose_ipv6_target_asks_the_ipv6_policy),
	UNIT(path_choose_without_targets_takes_any_way_out),
	UNIT(path_choose_bad_exit_is_passed_over_until_forgiven),
	UNIT(path_exit_bad_has_a_ceiling_and_forgives_the_oldest),
	UNIT(path_choose_avoided_relays_do_not_come),
	UNIT(path_choose_given_last_hop_is_taken_whatever_its_policy),
	UNIT(path_choose_internal_needs_no_exit),
	UNIT(path_choose_one_hop_is_a_directory_guard),
	UNIT(path_choose_without_guards_first_hops_vary_by_weight),
	UNIT(path_choose_without_guards_first_hops_can_be_reached),
	UNIT(path_choose_one_subnet_gives_a_path_only_if_subnets_do_not_count),
	UNIT(path_choose_three_relays_are_just_enough),
	UNIT(path_choose_caps_that_are_needed_are_there),
	UNIT(path_choose_senseless_request_or_no_netdir_is_refused),
	UNIT(path_set_netdir_new_relays_are_used_and_old_ones_are_not),
};
PATHTEST_MAIN("path", tests)

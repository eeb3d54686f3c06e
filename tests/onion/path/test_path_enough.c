#include "onion/path/path.h"

#include "tests/onion/path/choosetest.h"

START_TEST(path_have_enough_is_the_product_of_three_fractions)
{
	struct path_info info;
	size_t i;

	plain(100);
	for (i = 0; i < 100; i++) {
		uint32_t role = i < 40 ? RELAY_GUARD : i < 80 ? RELAY_EXIT : 0;

		sd.relay[i].flags &= ~(uint32_t)(RELAY_GUARD | RELAY_EXIT);
		sd.relay[i].flags |= role;
		if (i % 10 == 0 || (role == RELAY_EXIT && i % 2 == 0))
			sd.relay[i].flags &= ~(uint32_t)RELAY_HAS_MD;
	}
	begin_conf(0);
	ck_assert_int_eq(path_have_enough(ctx, &info), 0);
	ck_assert_double_eq_tol(info.guard, 0.9, 1e-9);
	ck_assert_double_eq_tol(info.exit, 0.5, 1e-9);
	ck_assert_double_eq_tol(info.middle, 0.74, 1e-9);
	ck_assert_double_eq_tol(info.paths, 0.9 * 0.5 * 0.74, 1e-9);
	ck_assert_double_eq_tol(info.needed, 0.60, 1e-9);
	ck_assert_int_eq(info.has_exits, 1);
	conf.paths_needed = 0.33;
	path_set_conf(ctx, &conf);
	ck_assert_int_eq(path_have_enough(ctx, &info), 1);
	end();
}
END_TEST

START_TEST(path_have_enough_bandwidth_counts_and_not_heads)
{
	struct path_info info;
	size_t i;

	plain(100);
	for (i = 0; i < 50; i++) {
		sd.relay[i].flags &= ~(uint32_t)RELAY_HAS_MD;
		sd.relay[i].bw = 1;
	}
	begin_conf(0);
	ck_assert_int_eq(path_have_enough(ctx, &info), 1);
	ck_assert_double_gt(info.paths, 0.99);
	end();
}
END_TEST

START_TEST(path_have_enough_without_bandwidth_heads_count)
{
	struct path_info info;
	size_t i;

	plain(100);
	strcpy(sd.params, "min_paths_for_circs_pct=80");
	for (i = 0; i < 100; i++) {
		sd.relay[i].bw = 0;
		if (i < 10)
			sd.relay[i].flags &= ~(uint32_t)RELAY_HAS_MD;
	}
	begin_conf(0);
	ck_assert_int_eq(path_have_enough(ctx, &info), 0);
	ck_assert_double_eq_tol(info.paths, 0.9 * 0.9 * 0.9, 1e-9);
	ck_assert_double_eq_tol(info.needed, 0.8, 1e-9);
	end();
}
END_TEST

START_TEST(path_have_enough_no_exits_means_internal_only)
{
	struct path_info info;
	size_t i;

	plain(50);
	for (i = 0; i < 50; i++)
		sd.relay[i].flags &= ~(uint32_t)RELAY_EXIT;
	begin_conf(0);
	ck_assert_int_eq(path_have_enough(ctx, &info), 1);
	ck_assert_int_eq(info.has_exits, 0);
	end();
}
END_TEST

START_TEST(path_have_enough_exits_not_known_yet_are_waited_for)
{
	struct path_info info;
	size_t i;

	plain(50);
	for (i = 0; i < 50; i++)
		if (i < 5)
			sd.relay[i].flags &= ~(uint32_t)RELAY_HAS_MD;
		else
			sd.relay[i].flags &= ~(uint32_t)RELAY_EXIT;
	begin_conf(0);
	ck_assert_int_eq(path_have_enough(ctx, &info), 0);
	ck_assert_int_eq(info.has_exits, 1);
	ck_assert_double_eq(info.exit, 0.0);
	end();
}
END_TEST

START_TEST(path_have_enough_own_exits_and_all_exits_are_both_asked)
{
	struct relayset *set = make_set("relay1,relay2");
	struct path_info info;

	plain(50);
	simdir_by_name(&sd, "relay1")->flags &= ~(uint32_t)RELAY_HAS_MD;
	conf.exits = set;
	begin_conf(0);
	ck_assert_int_eq(path_have_enough(ctx, &info), 0);
	ck_assert_double_eq_tol(info.exit, 0.5, 1e-9);
	end();
	relayset_free(set);
}
END_TEST

START_TEST(path_have_enough_waits_for_the_primary_guards)
{
	struct guard_info g[3];
	struct path_info info;
	struct netdir *old;

	plain(60);
	begin_conf(1);
	ck_assert_int_eq(path_have_enough(ctx, &info), 1);
	guard_list(guards, g, 3);
	simdir_by_rsa(&sd, g[0].rsa)->flags &= ~(uint32_t)RELAY_HAS_MD;
	old = nd;
	nd = simdir_netdir(&sd);
	guard_set_netdir(guards, nd);
	path_set_netdir(ctx, nd);
	netdir_free(old);
	ck_assert_int_eq(path_have_enough(ctx, &info), 0);
	ck_assert_uint_eq(info.guards_missing, 1);
	guard_chan_failed(guards, g[0].rsa);	/* then never mind it */
	ck_assert_int_eq(path_have_enough(ctx, &info), 1);
	end();
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(path_have_enough_is_the_product_of_three_fractions),
	UNIT(path_have_enough_bandwidth_counts_and_not_heads),
	UNIT(path_have_enough_without_bandwidth_heads_count),
	UNIT(path_have_enough_no_exits_means_internal_only),
	UNIT(path_have_enough_exits_not_known_yet_are_waited_for),
	UNIT(path_have_enough_own_exits_and_all_exits_are_both_asked),
	UNIT(path_have_enough_waits_for_the_primary_guards),
};
PATHTEST_MAIN("path_enough", tests)

#include "onion/path/guard.h"

#include "base/buf.h"
#include "tests/onion/path/guardtest.h"

/* --- the sample --- */

START_TEST(guard_set_netdir_draws_a_sample_with_three_primary_ones)
{
	struct guard_info g[25];

	begin(300);
	ck_assert_uint_eq(guard_list(gs, g, 25), 20);
	ck_assert_uint_eq(count_primary(), 3);
	ck_assert_str_eq(guard_selection(gs), "default");
	ck_assert_int_eq(g[0].primary && g[2].primary && !g[3].primary, 1);
	ck_assert_int_eq(g[0].confirmed, 0);
	ck_assert_int_gt(ndirty, 0);
	end();
}
END_TEST

static const struct {
	const char	*params;
	size_t		 want;
} samples[] = {
	{ "guard-min-filtered-sample-size=5", 5 },
	{ "guard-min-filtered-sample-size=50", 50 },
	{ "guard-min-filtered-sample-size=100", 100 },
	{ "guard-min-filtered-sample-size=10 guard-max-sample-size=5", 10 },
};

START_TEST(guard_set_netdir_sample_has_the_size_of_the_parameters)
{
	struct guard_info g[1];

	begin_params(300, samples[_i].params);
	renew();
	ck_assert_uint_eq(guard_list(gs, g, 1), samples[_i].want);
	end();
}
END_TEST

START_TEST(guard_set_netdir_small_network_is_sampled_whole)
{
	struct guard_info g[1];

	begin(6);
	ck_assert_uint_eq(guard_list(gs, g, 1), 6);
	ck_assert_uint_eq(count_primary(), 3);
	end();
}
END_TEST

/* One flag too few, and it is no guard. */
static const uint32_t lost_flags[] = {
	RELAY_GUARD, RELAY_STABLE, RELAY_FAST, RELAY_V2DIR
};

START_TEST(guard_set_netdir_relay_without_a_flag_is_no_guard)
{
	struct guard_info g[20];
	size_t i;

	begin_params(40, "");
	for (i = 0; i < 40; i += 2)
		sd.relay[i].flags &= ~lost_flags[_i];
	renew();
	info(g, 20);
	for (i = 0; i < 20; i++)
		ck_assert(simdir_by_rsa(&sd, g[i].rsa)->flags & lost_flags[_i]);
	end();
}
END_TEST

START_TEST(guard_set_netdir_middle_only_is_no_guard)
{
	struct guard_info g[20];
	size_t i;

	begin_params(40, "");
	for (i = 0; i < 40; i += 2)
		sd.relay[i].flags |= RELAY_MIDDLEONLY;
	renew();
	info(g, 20);
	for (i = 0; i < 20; i++)
		ck_assert(!(simdir_by_rsa(&sd, g[i].rsa)->flags &
		    RELAY_MIDDLEONLY));
	end();
}
END_TEST

START_TEST(guard_set_netdir_guards_are_drawn_by_weight)
{
	enum { DRAWS = 4000, N = 30 };
	struct guard_info g[1];
	uint64_t got[N] = { 0 };
	double share[N], sum = 0;
	int i;

	begin_params(N, "");
	for (i = 0; i < N; i++) {
		sd.relay[i].bw = (uint32_t)(1 + i % 10) * 50;
		share[i] = sd.relay[i].bw;
		sum += share[i];
	}
	for (i = 0; i < N; i++)
		share[i] /= sum;
	nd = simdir_netdir(&sd);
	for (i = 0; i < DRAWS; i++) {
		guard_free(gs);
		open_guards();
		guard_set_netdir(gs, nd);
		info(g, 1);
		got[netdir_by_rsa(nd, g->rsa) - nd->relays]++;
	}
	ck_assert_int_eq(chi_square_ok(got, share, N, DRAWS), 1);
	end();
}
END_TEST

START_TEST(guard_set_netdir_too_old_a_consensus_draws_nothing)
{
	struct guard_use *u;

	begin_params(50, "");
	nd = simdir_netdir(&sd);
	loop.wall += 3 * 3600 + 25 * 3600;	/* its end, and a day */
	guard_set_netdir(gs, nd);
	ck_assert_uint_eq(guard_list(gs, NULL, 0), 0);
	ck_assert_int_eq(guard_pick(gs, GUARD_FOR_DIR, NULL, NULL, &u),
	    -ENOENT);
	end();
}
END_TEST

/* --- picking --- */

START_TEST(guard_pick_without_netdir_is_refused)
{
	struct guard_use *u;

	begin_params(5, "");
	ck_assert_int_eq(guard_pick(gs, GUARD_FOR_DIR, NULL, NULL, &u),
	    -ENOENT);
	end();
}
END_TEST

START_TEST(guard_pick_stays_with_the_first_guard)
{
	struct guard_info g[3];
	struct guard_use *u;
	int i;

	begin(100);
	info(g, 3);
	for (i = 0; i < 100; i++) {
		u = pick();
		ck_assert_int_eq(is_rsa(u, &g[0]), 1);
		ck_assert_int_eq(guard_succeeded(u), GUARD_NOW);
		ck_assert_int_eq(guard_is_complete(u), 1);
		guard_use_free(u);
	}
	info(g, 3);
	ck_assert_int_eq(g[0].confirmed, 1);
	ck_assert_int_eq(g[0].reach, GUARD_YES);
	ck_assert_int_eq(g[1].confirmed, 0);
	end();
}
END_TEST

/* By parameter and by option: how many are shared among. */
static const struct {
	const char		*params;
	int32_t			 nguards, ndir;
	enum guard_usage	 usage;
	int			 want;
} shared[] = {
	{ "", 0, 0, GUARD_FOR_TRAFFIC, 1 },
	{ "guard-n-primary-guards-to-use=2", 0, 0, GUARD_FOR_TRAFFIC, 2 },
	{ "guard-n-primary-guards-to-use=2", 3, 0, GUARD_FOR_TRAFFIC, 3 },
	{ "", 5, 0, GUARD_FOR_TRAFFIC, 5 },
	{ "", 0, 0, GUARD_FOR_DIR, 3 },
	{ "guard-n-primary-dir-guards-to-use=2", 0, 0, GUARD_FOR_DIR, 2 },
	{ "guard-n-primary-dir-guards-to-use=2", 0, 1, GUARD_FOR_DIR, 1 },
};

START_TEST(guard_pick_is_shared_among_so_many_primary_guards)
{
	struct guard_info g[8];
	struct guard_use *u;
	int i, k, used[8] = { 0 }, n = 0;

	begin_params(100, shared[_i].params);
	conf.nguards = shared[_i].nguards;
	conf.ndir = shared[_i].ndir;
	guard_set_conf(gs, &conf);
	renew();
	info(g, 8);
	for (i = 0; i < 400; i++) {
		ck_assert_int_eq(guard_pick(gs, shared[_i].usage, NULL, NULL,
		    &u), 0);
		for (k = 0; k < 8; k++)
			used[k] |= is_rsa(u, &g[k]);
		guard_use_free(u);
	}
	for (k = 0; k < 8; k++)
		n += used[k];
	ck_assert_int_eq(n, shared[_i].want);
	end();
}
END_TEST

START_TEST(guard_pick_primary_down_takes_the_next_primary)
{
	struct guard_info g[3];
	struct guard_use *u;

	begin(100);
	info(g, 3);
	fail_one();
	u = pick();
	ck_assert_int_eq(is_rsa(u, &g[1]), 1);
	ck_assert_int_eq(guard_succeeded(u), GUARD_NOW);
	guard_use_free(u);
	end();
}
END_TEST

START_TEST(guard_pick_all_primary_down_waits_then_is_ready)
{
	struct guard_use *u;
	int i;

	begin(100);
	/* The network is known to be there, or they get another chance. */
	guard_note_online(gs);
	for (i = 0; i < 3; i++)
		fail_one();
	u = pick();
	ck_assert_int_eq(guard_succeeded(u), GUARD_NOW);
	/* It became primary by being confirmed: no need to wait. */
	guard_use_free(u);
	end();
}
END_TEST

/* Three confirmed primary guards, all down; a fourth is tried. */
static struct guard_use *
fourth(void)
{
	struct guard_info g[3];
	struct guard_use *u;
	int i;

	info(g, 3);
	for (i = 0; i < 3; i++) {
		u = pick();
		ck_assert_int_eq(guard_succeeded(u), GUARD_NOW);
		guard_failed(u);	/* later; now the next one is picked */
		guard_use_free(u);
	}
	u = pick();
	for (i = 0; i < 3; i++)
		ck_assert_int_eq(is_rsa(u, &g[i]), 0);
	return u;
}

START_TEST(guard_succeeded_beside_primary_guards_waits_for_them)
{
	struct guard_use *u;

	begin(100);
	u = fourth();
	ck_assert_int_eq(guard_succeeded(u), GUARD_WAIT);
	ck_assert_int_eq(guard_is_complete(u), 0);
	ck_assert_int_eq(nready, 0);
	loop_end_turn(&loop);		/* and all of those are down */
	ck_assert_int_eq(nready, 1);
	ck_assert_ptr_eq(last_ready, u);
	guard_use_free(u);
	end();
}
END_TEST

START_TEST(guard_succeeded_after_a_long_silence_tries_primary_ones_again)
{
	struct guard_info g[3];
	struct guard_use *u, *v;

	begin(100);
	info(g, 3);
	u = fourth();
	loop_advance(&loop, 11 * MINUTE);
	info(g, 3);
	ck_assert_int_eq(guard_succeeded(u), GUARD_WAIT);
	info(g, 3);
	ck_assert_int_eq(g[0].reach, GUARD_MAYBE);
	loop_advance(&loop, MINUTE);
	ck_assert_int_eq(nready, 0);
	v = pick();			/* the first one works after all */
	ck_assert_int_eq(is_rsa(v, &g[0]), 1);
	ck_assert_int_eq(guard_succeeded(v), GUARD_NOW);
	loop_advance(&loop, 20 * MINUTE);
	ck_assert_int_eq(nready, 0);
	ck_assert_int_eq(nstale, 1);	/* the other may go */
	ck_assert_ptr_eq(last_stale, u);
	guard_use_free(u);
	guard_use_free(v);
	end();
}
END_TEST

START_TEST(guard_note_online_after_a_silence_tries_primary_ones_again)
{
	struct guard_info g[1];
	struct guard_use *u;

	begin(100);
	u = fourth();
	guard_note_online(gs);		/* no silence so far */
	info(g, 1);
	ck_assert_int_eq(g[0].reach, GUARD_NO);
	loop_advance(&loop, 601 * 1000);
	info(g, 1);
	ck_assert_int_eq(g[0].reach, GUARD_NO);
	guard_note_online(gs);		/* a cell, before the circuit stands */
	info(g, 1);
	ck_assert_int_eq(g[0].reach, GUARD_MAYBE);
	ck_assert_int_eq(guard_succeeded(u), GUARD_WAIT);
	loop_end_turn(&loop);
	ck_assert_int_eq(nready, 0);
	guard_use_free(u);
	end();
}
END_TEST

START_TEST(guard_pick_one_circuit_explores_each_guard_at_a_time)
{
	struct guard_use *u, *v;
	uint8_t first[20];

	begin(100);
	u = fourth();
	memcpy(first, guard_rsa(u), 20);
	v = pick();
	ck_assert_mem_ne(first, guard_rsa(v), 20);
	guard_use_free(u);		/* nobody will know: it may be tried */
	u = pick();
	ck_assert_mem_eq(first, guard_rsa(u), 20);
	guard_use_free(u);
	guard_use_free(v);
	end();
}
END_TEST

START_TEST(guard_ready_a_better_one_under_way_blocks_for_fifteen_seconds)
{
	struct guard_use *u, *v;

	begin(100);
	u = fourth();			/* confirmed later than v, if at all */
	loop_advance(&loop, 100);
	v = pick();
	/* v succeeds and is confirmed first; u, unconfirmed, is worse. */
	ck_assert_int_eq(guard_succeeded(v), GUARD_WAIT);
	loop_end_turn(&loop);
	ck_assert_int_eq(nready, 1);
	ck_assert_ptr_eq(last_ready, v);
	ck_assert_int_eq(guard_succeeded(u), GUARD_WAIT);
	loop_advance(&loop, 5000);
	ck_assert_int_eq(nready, 1);	/* v is complete and better */
	guard_use_free(v);
	loop_advance(&loop, 5000);
	ck_assert_int_eq(nready, 2);
	ck_assert_ptr_eq(last_ready, u);
	guard_use_free(u);
	end();
}
END_TEST

START_TEST(guard_ready_waits_while_a_confirmed_guard_is_still_tried)
{
	struct guard_use *u, *v;

	begin(100);
	u = fourth();
	ck_assert_int_eq(guard_succeeded(u), GUARD_WAIT);
	loop_end_turn(&loop);
	guard_use_free(u);
	nready = 0;
	u = pick();			/* the same: confirmed, not pending */
	loop_advance(&loop, 1000);
	v = pick();			/* another one */
	ck_assert_mem_ne(guard_rsa(u), guard_rsa(v), 20);
	ck_assert_int_eq(guard_succeeded(v), GUARD_WAIT);
	loop_advance(&loop, 5000);
	ck_assert_int_eq(nready, 0);
	loop_advance(&loop, 10000);	/* it had its fifteen seconds */
	ck_assert_int_eq(nready, 1);
	ck_assert_ptr_eq(last_ready, v);
	guard_use_free(u);
	guard_use_free(v);
	end();
}
END_TEST

/* --- all is down, and back --- */

START_TEST(guard_pick_all_down_tries_the_sample_and_no_more)
{
	uint8_t met[500] = { 0 };
	struct guard_info g[100];
	struct guard_use *u;
	size_t i, n = 0, max;
	int rc, tries;

	begin(500);
	for (tries = 0; tries < 2000; tries++) {
		rc = guard_pick(gs, GUARD_FOR_TRAFFIC, NULL, NULL, &u);
		if (rc == 0) {
			met[guard_relay(u) - nd->relays] = 1;
			guard_failed(u);
			guard_use_free(u);
		} else
			ck_assert_int_eq(rc, -EAGAIN);
		loop_advance(&loop, 1000);
	}
	for (i = 0; i < 500; i++)
		n += met[i];
	max = guard_list(gs, g, 100);
	ck_assert_uint_eq(max, 60);
	ck_assert_uint_le(n, max);
	end();
}
END_TEST

START_TEST(guard_pick_network_back_comes_to_the_same_guards)
{
	struct guard_info before[3], after[3];
	struct guard_use *u;
	int i, rc;

	begin(500);
	u = pick();
	guard_succeeded(u);
	guard_use_free(u);
	info(before, 3);
	for (i = 0; i < 300; i++) {	/* five minutes without a network */
		rc = guard_pick(gs, GUARD_FOR_TRAFFIC, NULL, NULL, &u);
		if (rc == 0) {
			guard_failed(u);
			guard_use_free(u);
		}
		loop_advance(&loop, 1000);
	}
	loop_advance(&loop, 11 * MINUTE);
	for (i = 0; i < 20; i++) {	/* it is there again */
		u = pick();
		guard_succeeded(u);
		guard_use_free(u);
		loop_advance(&loop, 1000);
	}
	u = pick();
	info(after, 3);
	ck_assert_int_eq(is_rsa(u, &before[0]), 1);
	for (i = 0; i < 3; i++)
		ck_assert_mem_eq(before[i].rsa, after[i].rsa, 20);
	guard_use_free(u);
	end();
}
END_TEST

START_TEST(guard_retry_all_gives_all_another_chance_at_once)
{
	struct guard_info g[1];

	begin(100);
	fail_one();
	info(g, 1);
	ck_assert_int_eq(g[0].reach, GUARD_NO);
	guard_retry_all(gs);
	info(g, 1);
	ck_assert_int_eq(g[0].reach, GUARD_MAYBE);
	end();
}
END_TEST

/* Failing for so long already: when is a guard tried again? */
static const struct {
	int64_t	failing, before, after;
} retries[] = {
	{ 0, 9 * MINUTE, 11 * MINUTE },
	{ 7 * HOUR, 89 * MINUTE, 91 * MINUTE },
	{ 5 * (int64_t)DAY, 239 * MINUTE, 241 * MINUTE },
	{ 8 * (int64_t)DAY, 539 * MINUTE, 541 * MINUTE },
};

START_TEST(guard_pick_primary_guard_is_retried_by_the_schedule)
{
	struct guard_info g[1];
	struct guard_use *u;

	begin(100);
	info(g, 1);
	u = pick();
	guard_failed(u);
	guard_use_free(u);
	if (retries[_i].failing) {
		loop_advance(&loop, retries[_i].failing);
		u = pick();
		ck_assert_int_eq(is_rsa(u, g), 1);
		guard_failed(u);
		guard_use_free(u);
	}
	loop_advance(&loop, retries[_i].before);
	u = pick();
	ck_assert_int_eq(is_rsa(u, g), 0);
	guard_use_free(u);
	loop_advance(&loop, retries[_i].after - retries[_i].before);
	u = pick();
	ck_assert_int_eq(is_rsa(u, g), 1);
	guard_use_free(u);
	end();
}
END_TEST

START_TEST(guard_chan_failed_marks_the_guard_and_what_was_under_way)
{
	struct guard_info g[2];
	struct guard_use *u, *v;
	static const uint8_t stranger[20] = { 1 };

	begin(100);
	info(g, 2);
	u = pick();
	guard_chan_failed(gs, stranger);
	guard_chan_failed(gs, g[0].rsa);
	ck_assert_int_eq(guard_succeeded(u), GUARD_NEVER);
	v = pick();
	ck_assert_int_eq(is_rsa(v, &g[1]), 1);
	guard_use_free(u);
	guard_use_free(v);
	end();
}
END_TEST

/* --- restrictions --- */

START_TEST(guard_pick_exit_and_its_kin_are_no_guards)
{
	struct guard_limit limit = { 0 };
	struct guard_info g[4];
	struct guard_use *u;

	begin(100);
	info(g, 4);
	limit.exit = netdir_by_rsa(nd, g[0].rsa);
	ck_assert_int_eq(guard_pick(gs, GUARD_FOR_TRAFFIC, &limit, NULL, &u),
	    0);
	ck_assert_int_eq(is_rsa(u, &g[1]), 1);
	guard_use_free(u);
	/* The second one moves next to the first one. */
	memcpy(simdir_by_rsa(&sd, g[1].rsa)->or4.ip,
	    simdir_by_rsa(&sd, g[0].rsa)->or4.ip, 2);
	renew();
	limit.exit = netdir_by_rsa(nd, g[0].rsa);
	ck_assert_int_eq(guard_pick(gs, GUARD_FOR_TRAFFIC, &limit, NULL, &u),
	    0);
	ck_assert_int_eq(is_rsa(u, &g[2]), 1);
	guard_use_free(u);
	end();
}
END_TEST

START_TEST(guard_pick_excluded_guards_do_not_come)
{
	struct guard_limit limit = { 0 };
	uint8_t ids[2][20];
	struct guard_info g[4];
	struct guard_use *u;
	int usage;

	begin(100);
	info(g, 4);
	memcpy(ids[0], g[0].rsa, 20);
	memcpy(ids[1], g[1].rsa, 20);
	limit.exclude = (const uint8_t (*)[20])ids;
	limit.nexclude = 2;
	for (usage = GUARD_FOR_TRAFFIC; usage <= GUARD_FOR_DIR; usage++) {
		ck_assert_int_eq(guard_pick(gs, (enum guard_usage)usage,
		    &limit, NULL, &u), 0);
		ck_assert_int_eq(is_rsa(u, &g[2]), 1);
		guard_use_free(u);
	}
	limit.nexclude = GUARD_EXCLUDE_MAX + 1;
	ck_assert_int_eq(guard_pick(gs, GUARD_FOR_DIR, &limit, NULL, &u),
	    -EINVAL);
	end();
}
END_TEST

START_TEST(guard_pick_restricted_guard_counts_as_one_to_choose_from)
{
	struct guard_limit limit = { 0 };
	struct guard_info g[3];
	struct guard_use *u;
	int i;

	begin_params(100, "guard-n-primary-guards-to-use=2");
	renew();
	info(g, 3);
	limit.exit = netdir_by_rsa(nd, g[0].rsa);
	for (i = 0; i < 50; i++) {
		ck_assert_int_eq(guard_pick(gs, GUARD_FOR_TRAFFIC, &limit,
		    NULL, &u), 0);
		ck_assert_int_eq(is_rsa(u, &g[1]), 1);
		guard_use_free(u);
	}
	end();
}
END_TEST

/* Whoever runs many exits must not lead us on to ever more guards. */
START_TEST(guard_pick_restrictions_use_as_few_guards_as_can_be)
{
	struct guard_limit limit = { 0 };
	uint8_t met[100] = { 0 };
	struct guard_use *u;
	int i, n = 0;

	begin(100);
	for (i = 0; i < 100; i++) {
		limit.exit = &nd->relays[i];
		ck_assert_int_eq(guard_pick(gs, GUARD_FOR_TRAFFIC, &limit,
		    NULL, &u), 0);
		met[guard_relay(u) - nd->relays] = 1;
		guard_use_free(u);
	}
	for (i = 0; i < 100; i++)
		n += met[i];
	ck_assert_int_eq(n, 2);
	end();
}
END_TEST

START_TEST(guard_pick_traffic_needs_a_microdescriptor_and_a_directory_none)
{
	struct guard_info g[3];
	struct guard_use *u;

	begin_params(100, "guard-n-primary-dir-guards-to-use=1");
	renew();
	info(g, 3);
	simdir_by_rsa(&sd, g[0].rsa)->flags &= ~(uint32_t)RELAY_HAS_MD;
	renew();
	ck_assert_uint_eq(guard_missing_descs(gs), 1);
	u = pick();
	ck_assert_int_eq(is_rsa(u, &g[1]), 1);
	guard_use_free(u);
	ck_assert_int_eq(guard_pick(gs, GUARD_FOR_DIR, NULL, NULL, &u), 0);
	ck_assert_int_eq(is_rsa(u, &g[0]), 1);
	guard_use_free(u);
	end();
}
END_TEST

/* --- bridges --- */

enum { NBRIDGES = 3 };

static struct relay bridge[NBRIDGES];

/* In a network of 40 guards, bridges that are not of it. */
static void
begin_bridges(size_t n)
{
	size_t i;

	begin_params(40, "");
	guard_free(gs);
	memset(bridge, 0, sizeof(bridge));
	for (i = 0; i < NBRIDGES; i++) {
		memset(bridge[i].rsa, 0xb0 + (int)i, sizeof(bridge[i].rsa));
		addr_v4(&bridge[i].or4, 0xcb007101 + ((uint32_t)i << 16), 443);
		bridge[i].flags = RELAY_RUNNING | RELAY_VALID | RELAY_FAST |
		    RELAY_STABLE | RELAY_GUARD | RELAY_V2DIR;
	}
	conf.bridges = bridge;
	conf.nbridges = n;
	open_guards();
	renew();
}

static void
describe(size_t i)
{
	bridge[i].flags |= RELAY_HAS_MD;
	bridge[i].has_ntor = 1;
	guard_bridges_changed(gs);
	loop_end_turn(&loop);
}

START_TEST(guard_pick_bridge_without_descriptor_is_no_guard)
{
	struct guard_use *u;

	begin_bridges(NBRIDGES);
	ck_assert_str_eq(guard_selection(gs), "bridges");
	ck_assert_int_eq(guard_usable_bridges(gs), 0);
	ck_assert_int_eq(guard_pick(gs, GUARD_FOR_TRAFFIC, NULL, NULL, &u),
	    -ENOENT);
	ck_assert_int_eq(guard_pick(gs, GUARD_FOR_DIR, NULL, NULL, &u),
	    -ENOENT);
	end();
	begin(40);
	ck_assert_int_eq(guard_usable_bridges(gs), -1);
	end();
}
END_TEST

START_TEST(guard_pick_bridges_are_all_guards_and_nobody_else_is)
{
	int i, k, seen[NBRIDGES] = { 0 };
	struct guard_use *u;

	begin_bridges(NBRIDGES);
	describe(0);
	describe(2);
	ck_assert_int_eq(guard_usable_bridges(gs), 2);
	for (i = 0; i < 40; i++) {	/* down, all of them, again and again */
		if (guard_pick(gs, GUARD_FOR_TRAFFIC, NULL, &sd, &u) < 0)
			continue;
		for (k = 0; k < NBRIDGES; k++)
			if (guard_relay(u) == &bridge[k])
				seen[k]++;
		guard_failed(u);
		guard_use_free(u);
	}
	ck_assert_int_gt(seen[0], 0);
	ck_assert_int_eq(seen[1], 0);
	ck_assert_int_gt(seen[2], 0);
	ck_assert_uint_eq(guard_list(gs, NULL, 0), 2);
	end();
}
END_TEST

START_TEST(guard_pick_bridge_that_is_back_is_used_again)
{
	struct guard_use *u;

	begin_bridges(1);
	describe(0);
	fail_one();
	ck_assert_int_eq(guard_pick(gs, GUARD_FOR_TRAFFIC, NULL, &sd, &u),
	    -EAGAIN);
	u = pick();
	ck_assert_int_eq(guard_succeeded(u), GUARD_NOW);
	guard_use_free(u);
	end();
}
END_TEST

START_TEST(guard_pick_bridge_is_no_kin_of_the_exit)
{
	struct guard_limit limit = { 0 };
	struct guard_use *u;

	begin_bridges(1);
	describe(0);
	limit.exit = &nd->relays[0];
	ck_assert_int_eq(guard_pick(gs, GUARD_FOR_TRAFFIC, &limit, NULL, &u),
	    0);
	guard_use_free(u);
	bridge[0].or4.ip[0] = nd->relays[0].or4.ip[0];
	bridge[0].or4.ip[1] = nd->relays[0].or4.ip[1];
	ck_assert_int_lt(guard_pick(gs, GUARD_FOR_TRAFFIC, &limit, NULL, &u),
	    0);
	end();
}
END_TEST

START_TEST(guard_load_bridges_and_other_guards_are_kept_apart)
{
	static const char text[] =
	    "Guard in=default rsa_id=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA "
	    "sampled_on=2026-11-01T00:00:00 sampled_idx=0 listed=1 "
	    "confirmed_on=2026-11-01T00:00:00 confirmed_idx=0\n"
	    "Guard in=bridges rsa_id=B0B0B0B0B0B0B0B0B0B0B0B0B0B0B0B0B0B0B0B0 "
	    "sampled_on=2026-11-01T00:00:00 sampled_idx=0 listed=1 "
	    "confirmed_on=2026-11-01T00:00:00 confirmed_idx=0\n";
	struct guard_info g[4];
	struct buf out;

	begin_bridges(2);
	ck_assert_int_eq(guard_load(gs, text, strlen(text)), 0);
	describe(1);			/* came later, is no better */
	describe(0);
	ck_assert_uint_eq(guard_list(gs, g, 4), 2);
	ck_assert_mem_eq(g[0].rsa, bridge[0].rsa, 20);
	ck_assert_int_eq(g[0].confirmed, 1);
	ck_assert_int_eq(g[1].confirmed, 0);
	buf_init(&out, 1 << 16);
	ck_assert_int_eq(guard_save(gs, &out), 0);
	ck_assert_int_eq(buf_add(&out, "", 1), 0);
	ck_assert_ptr_nonnull(strstr((char *)buf_head(&out), "in=default"));
	ck_assert_ptr_nonnull(strstr((char *)buf_head(&out),
	    "in=bridges rsa_id=B0B0"));
	buf_free(&out);
	end();
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(guard_set_netdir_draws_a_sample_with_three_primary_ones),
	UNIT_LOOP(guard_set_netdir_sample_has_the_size_of_the_parameters,
	    NELEM(samples)),
	UNIT(guard_set_netdir_small_network_is_sampled_whole),
	UNIT_LOOP(guard_set_netdir_relay_without_a_flag_is_no_guard,
	    NELEM(lost_flags)),
	UNIT(guard_set_netdir_middle_only_is_no_guard),
	UNIT(guard_set_netdir_guards_are_drawn_by_weight),
	UNIT(guard_set_netdir_too_old_a_consensus_draws_nothing),
	UNIT(guard_pick_without_netdir_is_refused),
	UNIT(guard_pick_stays_with_the_first_guard),
	UNIT_LOOP(guard_pick_is_shared_among_so_many_primary_guards,
	    NELEM(shared)),
	UNIT(guard_pick_primary_down_takes_the_next_primary),
	UNIT(guard_pick_all_primary_down_waits_then_is_ready),
	UNIT(guard_succeeded_beside_primary_guards_waits_for_them),
	UNIT(guard_succeeded_after_a_long_silence_tries_primary_ones_again),
	UNIT(guard_note_online_after_a_silence_tries_primary_ones_again),
	UNIT(guard_pick_one_circuit_explores_each_guard_at_a_time),
	UNIT(guard_ready_a_better_one_under_way_blocks_for_fifteen_seconds),
	UNIT(guard_ready_waits_while_a_confirmed_guard_is_still_tried),
	UNIT(guard_pick_all_down_tries_the_sample_and_no_more),
	UNIT(guard_pick_network_back_comes_to_the_same_guards),
	UNIT(guard_retry_all_gives_all_another_chance_at_once),
	UNIT_LOOP(guard_pick_primary_guard_is_retried_by_the_schedule,
	    NELEM(retries)),
	UNIT(guard_chan_failed_marks_the_guard_and_what_was_under_way),
	UNIT(guard_pick_exit_and_its_kin_are_no_guards),
	UNIT(guard_pick_excluded_guards_do_not_come),
	UNIT(guard_pick_restricted_guard_counts_as_one_to_choose_from),
	UNIT(guard_pick_restrictions_use_as_few_guards_as_can_be),
	UNIT(guard_pick_bridge_without_descriptor_is_no_guard),
	UNIT(guard_pick_bridges_are_all_guards_and_nobody_else_is),
	UNIT(guard_pick_bridge_that_is_back_is_used_again),
	UNIT(guard_pick_bridge_is_no_kin_of_the_exit),
	UNIT(guard_load_bridges_and_other_guards_are_kept_apart),
	UNIT(guard_pick_traffic_needs_a_microdescriptor_and_a_directory_none),
};
PATHTEST_MAIN("guard", tests)

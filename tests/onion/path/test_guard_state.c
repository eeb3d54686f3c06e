#include "onion/path/guard.h"

#include "base/buf.h"
#include "base/enc.h"
#include "base/log.h"
#include "tests/onion/path/guardtest.h"

/* --- time goes by --- */

static void
pass_days(int days)
{
	while (days-- > 0) {
		loop_advance(&loop, DAY);
		renew();
	}
}

START_TEST(guard_set_netdir_confirmed_guard_serves_its_time)
{
	struct guard_info g[1], later[1];
	struct guard_use *u;

	begin(100);
	u = pick();
	guard_succeeded(u);
	info(g, 1);
	ck_assert_int_eq(g[0].confirmed, 1);
	pass_days(47);			/* 60 less up to 12 of random */
	info(later, 1);
	ck_assert_mem_eq(later[0].rsa, g[0].rsa, 20);
	ck_assert_int_eq(guard_succeeded(u), GUARD_NOW);
	pass_days(14);
	info(later, 1);
	ck_assert_mem_ne(later[0].rsa, g[0].rsa, 20);
	ck_assert_int_eq(guard_succeeded(u), GUARD_NEVER);
	ck_assert_uint_eq(count_primary(), 3);
	guard_use_free(u);
	end();
}
END_TEST

START_TEST(guard_set_netdir_unused_guards_go_after_their_lifetime)
{
	struct guard_info g[20], later[20];
	size_t i, k, same = 0;

	begin(100);
	info(g, 20);
	pass_days(107);			/* 120 less 12, less one */
	info(later, 20);
	for (i = 0; i < 20; i++)
		ck_assert_mem_eq(g[i].rsa, later[i].rsa, 20);
	pass_days(15);
	info(later, 20);
	for (i = 0; i < 20; i++)
		for (k = 0; k < 20; k++)
			same += memcmp(g[i].rsa, later[k].rsa, 20) == 0;
	ck_assert_uint_lt(same, 20);	/* some may have been drawn again */
	for (i = 0; i < 20; i++)
		ck_assert_int_gt(later[i].sampled_on,
		    loop.wall - 40 * 86400);
	end();
}
END_TEST

START_TEST(guard_set_netdir_configured_lifetime_counts_for_both)
{
	struct guard_info g[1], later[1];
	struct guard_use *u;

	begin_params(100, "");
	conf.lifetime_s = 30 * 86400;
	guard_set_conf(gs, &conf);
	renew();
	u = pick();
	guard_succeeded(u);
	guard_use_free(u);
	info(g, 1);
	ck_assert_int_eq(g[0].confirmed, 1);
	pass_days(26);
	info(later, 1);
	ck_assert_mem_eq(later[0].rsa, g[0].rsa, 20);
	ck_assert_int_eq(later[0].confirmed_on, g[0].confirmed_on);
	pass_days(5);			/* it may have been drawn again, */
	info(later, 1);			/* but that is a new beginning */
	ck_assert_int_eq(later[0].confirmed, 0);
	end();
}
END_TEST

START_TEST(guard_set_netdir_unlisted_guard_rests_then_leaves)
{
	struct guard_info g[1], later[1];
	struct guard_use *u;

	begin(100);
	info(g, 1);
	u = pick();
	guard_succeeded(u);
	guard_use_free(u);
	simdir_by_rsa(&sd, g[0].rsa)->gone = 1;
	ndirty = 0;
	renew();
	ck_assert_int_eq(ndirty, 1);
	u = pick();			/* is another one for the time being */
	ck_assert_int_eq(is_rsa(u, &g[0]), 0);
	guard_use_free(u);
	pass_days(15);
	simdir_by_rsa(&sd, g[0].rsa)->gone = 0;
	renew();
	u = pick();			/* back in time */
	ck_assert_int_eq(is_rsa(u, &g[0]), 1);
	guard_use_free(u);
	simdir_by_rsa(&sd, g[0].rsa)->gone = 1;
	pass_days(21);
	simdir_by_rsa(&sd, g[0].rsa)->gone = 0;
	renew();
	info(later, 1);			/* too late */
	ck_assert_mem_ne(later[0].rsa, g[0].rsa, 20);
	end();
}
END_TEST

START_TEST(guard_set_netdir_clock_that_jumps_ahead_drops_nobody)
{
	struct guard_info g[20], later[20];
	struct guard_use *u;

	begin(100);
	u = pick();
	guard_succeeded(u);
	guard_use_free(u);
	info(g, 20);
	loop.wall += 400 * 86400;
	guard_set_netdir(gs, nd);	/* which is not live by that clock */
	loop.wall -= 400 * 86400;
	guard_set_netdir(gs, nd);
	info(later, 20);
	ck_assert_mem_eq(g, later, sizeof(g));
	end();
}
END_TEST

START_TEST(guard_set_netdir_dates_ahead_are_mended)
{
	struct guard_info g[20];
	size_t i;

	begin(100);
	loop.wall -= 100 * 86400;	/* it was ahead until now */
	renew();
	info(g, 20);
	for (i = 0; i < 20; i++)
		ck_assert_int_le(g[i].sampled_on, loop.wall);
	end();
}
END_TEST

START_TEST(guard_dates_are_random_and_in_the_past)
{
	struct guard_info g[20];
	int64_t least = INT64_MAX, most = 0;
	size_t i;

	begin(100);
	info(g, 20);
	for (i = 0; i < 20; i++) {
		if (g[i].sampled_on < least)
			least = g[i].sampled_on;
		if (g[i].sampled_on > most)
			most = g[i].sampled_on;
	}
	ck_assert_int_ge(least, loop.wall - 12 * 86400);
	ck_assert_int_le(most, loop.wall);
	ck_assert_int_gt(most - least, 86400);
	end();
}
END_TEST

/* --- configuration --- */

START_TEST(guard_set_conf_excluded_guards_are_not_used_but_kept)
{
	struct relayset *set;
	struct guard_info g[1];
	struct guard_use *u;
	char id[42] = "$";

	begin(300);
	info(g, 1);
	enc_hex(id + 1, g[0].rsa, 20);
	set = make_set(id);
	conf.exclude = set;
	guard_set_conf(gs, &conf);
	u = pick();
	ck_assert_int_eq(is_rsa(u, &g[0]), 0);
	guard_use_free(u);
	conf.exclude = NULL;
	guard_set_conf(gs, &conf);
	ck_assert_uint_eq(guard_list(gs, g, 1), 21);	/* one was added */
	end();
	relayset_free(set);
}
END_TEST

static int
only_443(void *arg, const struct addr *a)
{
	(void)arg;
	return a->port == 443;
}

START_TEST(guard_set_conf_unreachable_addresses_are_not_used)
{
	struct guard_use *u;
	int i;

	begin_params(200, "");
	for (i = 0; i < 200; i += 2)
		sd.relay[i].or4.port = 443;
	conf.reachable = only_443;
	guard_set_conf(gs, &conf);
	renew();
	ck_assert_str_eq(guard_selection(gs), "default");
	for (i = 0; i < 10; i++) {
		u = pick();
		ck_assert_uint_eq(guard_relay(u)->or4.port, 443);
		guard_failed(u);
		guard_use_free(u);
	}
	end();
}
END_TEST

static char said[4096];

static void
on_line(void *arg, enum log_level level, const char *line)
{
	(void)arg;
	if (level <= LL_WARN)
		strncat(said, line, sizeof(said) - strlen(said) - 1);
}

START_TEST(guard_set_conf_few_entry_nodes_are_a_selection_of_their_own)
{
	struct relayset *set = make_set("20.0.0.0/12,20.16.0.0/15");
	struct guard_info def[3], own[3], again[3];

	begin(200);			/* 18 of them, below 20% */
	info(def, 3);
	conf.entries = set;
	log_capture(on_line, NULL);
	guard_set_conf(gs, &conf);
	loop_end_turn(&loop);
	ck_assert_str_eq(guard_selection(gs), "restricted");
	ck_assert_int_eq(nswitched, 1);
	ck_assert_str_eq(said, "");
	info(own, 3);
	ck_assert_int_eq(own[0].filtered, 1);
	conf.entries = NULL;
	guard_set_conf(gs, &conf);
	loop_end_turn(&loop);
	log_capture(NULL, NULL);
	ck_assert_int_eq(nswitched, 2);
	info(again, 3);
	ck_assert_mem_eq(def[0].rsa, again[0].rsa, 20);
	end();
	relayset_free(set);
}
END_TEST

START_TEST(guard_set_conf_nearly_all_excluded_is_warned_of)
{
	struct relayset *set = make_set("relay5,relay6");

	begin(300);
	conf.entries = set;
	log_capture(on_line, NULL);
	guard_set_conf(gs, &conf);
	guard_set_netdir(gs, nd);
	log_capture(NULL, NULL);
	ck_assert_ptr_nonnull(strstr(said, "99%"));
	/* and once */
	ck_assert_ptr_eq(strstr(said, "99%"), strrchr(said, '%') - 2);
	end();
	relayset_free(set);
}
END_TEST

START_TEST(guard_set_netdir_near_the_threshold_nothing_switches)
{
	struct relayset *set = make_set("20.0.0.0/11,20.32.0.0/13");
	size_t i;

	begin_params(200, "");		/* relay0 to relay39 */
	conf.entries = set;
	guard_set_conf(gs, &conf);
	renew();
	ck_assert_str_eq(guard_selection(gs), "default");
	/* 39 and 40 of 200: below and at 20%, but not by 5% of that. */
	for (i = 0; i < 6; i++) {
		simdir_by_name(&sd, "relay0")->gone = i % 2 == 0;
		renew();
		ck_assert_str_eq(guard_selection(gs), "default");
	}
	simdir_by_name(&sd, "relay0")->gone = 1;
	simdir_by_name(&sd, "relay1")->gone = 1;
	simdir_by_name(&sd, "relay2")->gone = 1;
	simdir_by_name(&sd, "relay3")->gone = 1;
	renew();
	ck_assert_str_eq(guard_selection(gs), "restricted");
	simdir_by_name(&sd, "relay2")->gone = 0;
	simdir_by_name(&sd, "relay3")->gone = 0;
	renew();
	ck_assert_str_eq(guard_selection(gs), "restricted");
	end();
	relayset_free(set);
}
END_TEST

/* --- state --- */

static size_t
save(char *out, size_t max)
{
	struct buf b;
	size_t len;

	buf_init(&b, max);
	ck_assert_int_eq(guard_save(gs, &b), 0);
	len = b.len;
	memcpy(out, buf_head(&b), len);
	out[len] = '\0';
	buf_free(&b);
	return len;
}

static char text[65536], text2[65536];

START_TEST(guard_load_after_a_restart_brings_the_same_guards)
{
	struct guard_info before[20], after[20];
	struct guard_use *u;
	size_t len;
	int i;

	begin(100);
	fail_one();
	u = pick();
	guard_succeeded(u);
	guard_use_free(u);
	info(before, 20);
	len = save(text, sizeof(text) - 1);
	guard_free(gs);
	open_guards();
	ck_assert_int_eq(guard_load(gs, text, len), 0);
	guard_set_netdir(gs, nd);
	info(after, 20);
	for (i = 0; i < 20; i++) {
		ck_assert_mem_eq(before[i].rsa, after[i].rsa, 20);
		ck_assert_int_eq(before[i].sampled_on, after[i].sampled_on);
		ck_assert_int_eq(before[i].confirmed_on, after[i].confirmed_on);
		ck_assert_int_eq(before[i].primary, after[i].primary);
		ck_assert_int_eq(after[i].reach, GUARD_MAYBE);
	}
	save(text2, sizeof(text2) - 1);
	ck_assert_str_eq(text, text2);
	end();
}
END_TEST

#define ID1	"0123456789ABCDEF0123456789ABCDEF01234567"
#define ID2	"AB23456789ABCDEF0123456789ABCDEF01234567"

/* Written by tor 0.4.9.11, with additions. */
static const char tors[] =
    "TorVersion Tor 0.4.9.11\n"
    "Guard in=default rsa_id=" ID1 " nickname=r3 "
    "sampled_on=2026-11-13T04:05:06 sampled_idx=0 sampled_by=0.4.9.11 "
    "listed=1 confirmed_on=2026-11-20T00:00:01 confirmed_idx=0 "
    "pb_circ_attempts=2.000000 pb_circ_successes=2.000000 x=y\n"
    "Guard in=bridges rsa_id=" ID2 " bridge_addr=192.0.2.1:443 "
    "sampled_on=2026-11-13T04:05:06 sampled_idx=0 sampled_by=0.4.9.11 "
    "listed=1\n"
    "LastWritten 2026-11-22 22:00:00\n";

START_TEST(guard_save_keeps_what_it_does_not_know)
{
	begin_params(0, "");
	ck_assert_int_eq(guard_load(gs, tors, strlen(tors)), 0);
	save(text, sizeof(text) - 1);
	ck_assert_ptr_nonnull(strstr(text, " pb_circ_attempts=2.000000 "
	    "pb_circ_successes=2.000000 x=y\n"));
	ck_assert_ptr_nonnull(strstr(text, "in=bridges rsa_id=" ID2));
	ck_assert_ptr_nonnull(strstr(text, " bridge_addr=192.0.2.1:443\n"));
	ck_assert_ptr_nonnull(strstr(text, "nickname=r3 "
	    "sampled_on=2026-11-13T04:05:06 sampled_idx=0 sampled_by=0.4.9.11 "
	    "listed=1 confirmed_on=2026-11-20T00:00:01 confirmed_idx=0 "));
	ck_assert_ptr_null(strstr(text, "TorVersion"));
	end();
}
END_TEST

static const struct {
	const char	*line;
	int		 bad;
} lines[] = {
	{ "Guard in=default rsa_id=" ID1 "\n", 0 },
	{ "guard in=default rsa_id=" ID1, 0 },
	{ "Guard rsa_id=" ID1 "  in=default   listed=1\r\n", 0 },
	{ "Guard in=default rsa_id=" ID1 " sampled_on=never listed=2\n", 0 },
	{ "Guard in=default rsa_id=" ID1 " sampled_idx=-4\n", 0 },
	{ "Guard in=default rsa_id=" ID1 " confirmed_idx=99999999999\n", 0 },
	{ "Guard in=default rsa_id=" ID1 " nickname=$bad=one word ==\n", 0 },
	{ "Guard rsa_id=" ID1 "\n", 1 },
	{ "Guard in=default\n", 1 },
	{ "Guard in=default rsa_id=0123\n", 1 },
	{ "Guard in=default rsa_id=Z123456789ABCDEF0123456789ABCDEF01234567",
	    1 },
	{ "Guard in= rsa_id=" ID1 "\n", 1 },
	{ "Guard in=default rsa_id=" ID1 " \001\n", 1 },
	{ "Guard in=default rsa_id=" ID1 "\nGuard in=default rsa_id=" ID1 "\n",
	    1 },
	{ "Guard in=default rsa_id=" ID1 "\nGuard in=other rsa_id=" ID1 "\n",
	    0 },
	{ "Guardian in=default\nGuard\n", 0 },
	{ "", 0 },
};

START_TEST(guard_load_counts_lines_that_cannot_be_read)
{
	begin_params(20, "");
	ck_assert_int_eq(guard_load(gs, lines[_i].line,
	    strlen(lines[_i].line)), lines[_i].bad);
	renew();			/* whatever came, it can go on */
	guard_use_free(pick());
	save(text, sizeof(text) - 1);
	ck_assert_int_eq(guard_load(gs, text, strlen(text)), 0);
	save(text2, sizeof(text2) - 1);
	ck_assert_str_eq(text, text2);
	end();
}
END_TEST

START_TEST(guard_load_too_many_guards_are_refused)
{
	size_t len = 0, max = (GUARD_STATE_MAX + 5) * 80;
	char *many = malloc(max);
	int i;

	for (i = 0; i < GUARD_STATE_MAX + 4; i++)
		len += (size_t)snprintf(many + len, max - len,
		    "Guard in=default rsa_id=%040X\n", (unsigned)i + 1);
	begin_params(20, "");
	ck_assert_int_eq(guard_load(gs, many, len), 4);
	ck_assert_uint_eq(guard_list(gs, NULL, 0), GUARD_STATE_MAX);
	len = 0;
	for (i = 0; i < GUARD_SELECTIONS_MAX + 3; i++)
		len += (size_t)snprintf(many + len, max - len,
		    "Guard in=s%d rsa_id=%040X\n", i, 1);
	ck_assert_int_eq(guard_load(gs, many, len), 4);
	end();
	free(many);
}
END_TEST

START_TEST(guard_save_without_room_says_so)
{
	struct buf b;

	begin(100);
	buf_init(&b, 500);
	ck_assert_int_eq(guard_save(gs, &b), -ENOBUFS);
	buf_free(&b);
	end();
}
END_TEST

START_TEST(guard_pick_has_a_ceiling)
{
	struct guard_use **u = calloc(GUARD_USES_MAX + 1, sizeof(*u));
	int i;

	begin(30);
	for (i = 0; i < GUARD_USES_MAX; i++)
		ck_assert_int_eq(guard_pick(gs, GUARD_FOR_DIR, NULL, NULL,
		    &u[i]), 0);
	ck_assert_int_eq(guard_pick(gs, GUARD_FOR_DIR, NULL, NULL, &u[i]),
	    -ENOSPC);
	for (i = 0; i < GUARD_USES_MAX; i++)
		guard_use_free(u[i]);
	end();
	free(u);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(guard_set_netdir_confirmed_guard_serves_its_time),
	UNIT(guard_set_netdir_unused_guards_go_after_their_lifetime),
	UNIT(guard_set_netdir_configured_lifetime_counts_for_both),
	UNIT(guard_set_netdir_unlisted_guard_rests_then_leaves),
	UNIT(guard_set_netdir_clock_that_jumps_ahead_drops_nobody),
	UNIT(guard_set_netdir_dates_ahead_are_mended),
	UNIT(guard_dates_are_random_and_in_the_past),
	UNIT(guard_set_conf_excluded_guards_are_not_used_but_kept),
	UNIT(guard_set_conf_unreachable_addresses_are_not_used),
	UNIT(guard_set_conf_few_entry_nodes_are_a_selection_of_their_own),
	UNIT(guard_set_conf_nearly_all_excluded_is_warned_of),
	UNIT(guard_set_netdir_near_the_threshold_nothing_switches),
	UNIT(guard_load_after_a_restart_brings_the_same_guards),
	UNIT(guard_save_keeps_what_it_does_not_know),
	UNIT_LOOP(guard_load_counts_lines_that_cannot_be_read, NELEM(lines)),
	UNIT(guard_load_too_many_guards_are_refused),
	UNIT(guard_save_without_room_says_so),
	UNIT(guard_pick_has_a_ceiling),
};
PATHTEST_MAIN("guard_state", tests)

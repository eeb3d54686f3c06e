/* tests/onion/circ/test_pool.c - which circuit for whom, and when to build */
#include "tests/unit.h"

#include <errno.h>
#include <string.h>

#include "base/rand.h"
#include "onion/circ/circ.h"
#include "onion/dir/consensus.h"
#include "onion/link/chan.h"
#include "onion/path/guard.h"
#include "tests/onion/circ/poolrig.h"
#include "tests/sim/simlink.h"

enum { MINUTE = 60 * 1000 };

static int
get(struct poolrig *r, unsigned token, uint16_t port, struct pool_circ **pc)
{
	struct poolrig_need n;

	poolrig_need(r, &n, token, port);
	return pool_get(r->pool, &n.need, pc);
}

static void
use(struct poolrig *r, struct pool_circ *pc, unsigned token, uint16_t port)
{
	struct poolrig_need n;

	poolrig_need(r, &n, token, port);
	pool_circ_used(pc, &n.need);
}

/* One more circuit that stands, clean. */
static struct pool_circ *
build_clean(struct poolrig *r, unsigned token, uint16_t port)
{
	struct pool_circ *pc = NULL;
	size_t before = pool_standing(r->pool);

	ck_assert_int_eq(get(r, token, port, &pc), -EAGAIN);
	poolrig_run(r, 1000);
	ck_assert_uint_eq(pool_standing(r->pool), before + 1);
	return pc;
}

/* --- choice --- */

START_TEST(pool_get_equal_tokens_wait_for_one_circuit)
{
	struct poolrig r = { .no_attach = 1 };
	struct pool_circ *pc;
	int i;

	poolrig_new(&r);
	for (i = 0; i < 100; i++)
		ck_assert_int_eq(get(&r, 1, 80, &pc), -EAGAIN);
	ck_assert_uint_eq(pool_building(r.pool), 1);
	poolrig_run(&r, 1000);
	ck_assert_int_eq(get(&r, 1, 80, &pc), 0);
	ck_assert(circ_is_built(pool_circ(pc)));
	ck_assert_uint_eq(r.built, 1);
	poolrig_free(&r);
}
END_TEST

START_TEST(pool_get_different_tokens_get_one_each_up_to_max_pending)
{
	struct poolrig r = { .no_attach = 1, .pconf = { .max_pending = 4 } };
	struct pool_circ *pc;
	unsigned i;

	poolrig_new(&r);
	for (i = 0; i < 3; i++) {
		ck_assert_int_eq(get(&r, i, 80, &pc), -EAGAIN);
		ck_assert_uint_eq(pool_building(r.pool), i + 1);
	}
	for (; i < 10; i++)
		ck_assert_int_eq(get(&r, i, 80, &pc), -EAGAIN);
	ck_assert_uint_eq(pool_building(r.pool), 4);
	poolrig_free(&r);
}
END_TEST

struct age {
	const struct circ *circ;
	int64_t		 ms;
};

static void
note_age(void *arg, const struct pool_show *s)
{
	struct age *a = arg;

	if (s->circ == a->circ)
		a->ms = s->age_ms;
}

static int64_t
age_of(struct poolrig *r, struct pool_circ *pc)
{
	struct age a = { .circ = pool_circ(pc), .ms = -1 };

	pool_each(r->pool, note_age, &a);
	ck_assert_int_ge(a.ms, 0);
	return a.ms;
}

START_TEST(pool_get_prefers_own_token_then_oldest_clean)
{
	struct poolrig r = { .no_attach = 1 };
	struct pool_circ *a, *b, *c, *got;

	poolrig_new(&r);
	ck_assert_int_eq(get(&r, 1, 80, &a), -EAGAIN);
	poolrig_run(&r, 10);
	ck_assert_int_eq(get(&r, 2, 80, &b), -EAGAIN);
	poolrig_run(&r, 10);
	ck_assert_int_eq(get(&r, 3, 80, &c), -EAGAIN);
	poolrig_run(&r, 1500);
	ck_assert_uint_eq(pool_standing(r.pool), 3);
	/* all clean by now: the oldest goes first, whoever asks */
	ck_assert_int_eq(get(&r, 9, 80, &a), 0);
	use(&r, a, 9, 80);
	ck_assert_int_eq(get(&r, 8, 80, &b), 0);
	ck_assert_ptr_ne(a, b);
	use(&r, b, 8, 80);
	ck_assert_int_eq(get(&r, 9, 80, &got), 0);
	ck_assert_ptr_eq(got, a);
	ck_assert_int_eq(get(&r, 8, 80, &got), 0);
	ck_assert_ptr_eq(got, b);
	ck_assert_int_eq(get(&r, 7, 80, &c), 0);
	ck_assert(c != a && c != b);
	use(&r, c, 7, 80);
	ck_assert_int_eq(get(&r, 6, 80, &got), -EAGAIN);
	ck_assert_int_ge(age_of(&r, a), age_of(&r, b));
	ck_assert_int_ge(age_of(&r, b), age_of(&r, c));
	poolrig_free(&r);
}
END_TEST

START_TEST(pool_get_promise_nobody_called_in_is_void)
{
	struct poolrig r = { .no_attach = 1 };
	struct pool_circ *pc;

	poolrig_new(&r);
	build_clean(&r, 1, 80);
	ck_assert_int_eq(get(&r, 2, 80, &pc), 0);
	poolrig_free(&r);
}
END_TEST

START_TEST(pool_get_used_circuit_is_its_tokens_for_life)
{
	struct poolrig r = { .no_attach = 1 };
	struct pool_circ *pc, *other;
	int i;

	poolrig_new(&r);
	build_clean(&r, 1, 80);
	ck_assert_int_eq(get(&r, 1, 80, &pc), 0);
	use(&r, pc, 1, 80);
	for (i = 0; i < 30; i++) {
		poolrig_run(&r, 10000);
		if (get(&r, 2, 80, &other) == 0)
			ck_assert_ptr_ne(other, pc);
		ck_assert_int_eq(get(&r, 1, 80, &other), 0);
		ck_assert_ptr_eq(other, pc);
	}
	poolrig_free(&r);
}
END_TEST

START_TEST(pool_get_spoilt_circuit_is_not_given)
{
	struct poolrig r = { .no_attach = 1 };
	struct pool_circ *pc;

	poolrig_new(&r);
	build_clean(&r, 1, 80);
	ck_assert_int_eq(get(&r, 1, 80, &pc), 0);
	pool_circ_spoil(pc);
	ck_assert_int_eq(get(&r, 1, 80, &pc), -EAGAIN);
	poolrig_run(&r, 2000);
	ck_assert_uint_eq(pool_count(r.pool), 1);	/* it was closed */
	poolrig_free(&r);
}
END_TEST

START_TEST(pool_get_used_too_long_is_not_given_and_closed)
{
	struct poolrig r = { .no_attach = 1 };
	struct pool_circ *pc;

	poolrig_new(&r);
	build_clean(&r, 1, 80);
	ck_assert_int_eq(get(&r, 1, 80, &pc), 0);
	use(&r, pc, 1, 80);
	poolrig_run(&r, 599 * 1000);
	ck_assert_int_eq(get(&r, 1, 80, &pc), 0);
	poolrig_run(&r, 2000);
	ck_assert_uint_eq(pool_count(r.pool), 0);
	ck_assert_int_eq(get(&r, 1, 80, &pc), -EAGAIN);
	poolrig_free(&r);
}
END_TEST

START_TEST(pool_old_circuit_stays_until_its_last_stream_ends)
{
	struct poolrig r = { .no_attach = 0 };
	struct hold h = { .on = NULL }, later = { .on = NULL };
	struct simcirc *c1, *c2;

	poolrig_new(&r);
	ck_assert_int_eq(hold_connect(&r, &h, 1, "a.test", SIM_MUTE), 0);
	poolrig_run(&r, 11 * MINUTE);
	ck_assert_uint_eq(h.gones, 0);
	ck_assert_int_eq(hold_connect(&r, &later, 1, "b.test", SIM_MUTE), 0);
	poolrig_run(&r, 3000);
	poolrig_stream(&r, "a.test", &c1);
	poolrig_stream(&r, "b.test", &c2);
	ck_assert_ptr_ne(c1, c2);
	ck_assert_uint_eq(pool_count(r.pool), 2);
	hold_kill(&h);
	poolrig_run(&r, 1500);
	ck_assert_uint_eq(pool_count(r.pool), 1);
	poolrig_free(&r);
}
END_TEST

START_TEST(pool_clean_circuit_is_closed_when_its_time_is_over)
{
	struct poolrig r = { .no_attach = 1,
		.pconf = { .keep_clean_ms = 10 * MINUTE } };

	poolrig_new(&r);
	build_clean(&r, 1, 80);
	poolrig_run(&r, 9 * MINUTE);
	ck_assert_uint_eq(pool_count(r.pool), 1);
	poolrig_run(&r, 12 * MINUTE);
	ck_assert_uint_eq(pool_count(r.pool), 0);
	poolrig_free(&r);
}
END_TEST

static void
conntimeout(struct poolrig *r)
{
	strcpy(r->sd.params, "nf_conntimeout_clients=600");
}

static const struct {
	int		 configured_min, in_consensus, reduced;
	int		 least_min;	/* and twice that at most */
} keep_cases[] = {
	{ 0, 0, 0, 30 }, { 0, 0, 1, 15 }, { 0, 1, 0, 10 }, { 0, 1, 1, 5 },
	{ 4, 1, 1, 4 }, { 120, 0, 0, 120 }
};

/* Ports are expected, and clean circuits kept, for one time: with the last need
 * that long ago nothing is built, and soon nothing stands. */
START_TEST(pool_keeps_circuits_ready_as_long_as_configured_or_agreed)
{
	int64_t least = keep_cases[_i].least_min * MINUTE;
	struct poolrig r = { .no_attach = 1, .pconf = { .predict = 1,
		.keep_clean_ms = keep_cases[_i].configured_min * MINUTE,
		.reduced_padding = keep_cases[_i].reduced },
		.edit = keep_cases[_i].in_consensus ? conntimeout : NULL };
	struct pool_circ *pc;
	unsigned built;

	poolrig_new(&r);
	poolrig_run(&r, 5 * MINUTE);
	(void)get(&r, 1, 80, &pc);
	poolrig_run(&r, least - MINUTE);
	if (pool_standing(r.pool) < POOL_PER_PORT)
		poolrig_run(&r, 10000);		/* one is being replaced */
	ck_assert_uint_ge(pool_standing(r.pool), POOL_PER_PORT);
	poolrig_run(&r, least + 2 * MINUTE);
	built = r.building;
	poolrig_run(&r, 2 * least);
	ck_assert_uint_eq(r.building, built);
	ck_assert_uint_eq(pool_count(r.pool), 0);
	(void)get(&r, 1, 80, &pc);	/* and it begins again */
	poolrig_run(&r, 10000);
	ck_assert_uint_ge(pool_standing(r.pool), POOL_PER_PORT);
	poolrig_free(&r);
}
END_TEST

static void
two_kinds(struct poolrig *r)
{
	size_t i;

	for (i = 0; i < POOLRIG_RELAYS; i++)
		strcpy(poolrig_listed(r, i)->p, i < 8 ? "accept 80" :
		    "accept 443");
	strcpy(poolrig_listed(r, 2)->p6, "accept 80");
}

START_TEST(pool_get_exit_must_take_the_port)
{
	struct poolrig r = { .no_attach = 1, .edit = two_kinds };
	struct pool_circ *pc;

	poolrig_new(&r);
	build_clean(&r, 1, 80);
	ck_assert_int_eq(get(&r, 1, 443, &pc), -EAGAIN);
	poolrig_run(&r, 1000);
	ck_assert_int_eq(get(&r, 1, 443, &pc), 0);
	ck_assert_uint_ge(poolrig_index(&r, pool_circ_exit(pc)), 8);
	ck_assert(pool_circ_takes(pc, 443, 0));
	ck_assert(!pool_circ_takes(pc, 80, 4));
	ck_assert_int_eq(get(&r, 2, 80, &pc), 0);
	ck_assert_uint_lt(poolrig_index(&r, pool_circ_exit(pc)), 8);
	ck_assert_int_eq(get(&r, 1, 25, &pc), -ENOENT);
	poolrig_free(&r);
}
END_TEST

START_TEST(pool_get_exit_must_take_the_family)
{
	struct poolrig r = { .no_attach = 1, .edit = two_kinds };
	struct poolrig_need n;
	struct pool_circ *pc;

	poolrig_new(&r);
	poolrig_need(&r, &n, 1, 80);
	n.need.family = 6;
	ck_assert_int_eq(pool_get(r.pool, &n.need, &pc), -EAGAIN);
	poolrig_run(&r, 1000);
	ck_assert_int_eq(pool_get(r.pool, &n.need, &pc), 0);
	ck_assert_uint_eq(poolrig_index(&r, pool_circ_exit(pc)), 2);
	n.need.port = 443;
	ck_assert_int_eq(pool_get(r.pool, &n.need, &pc), -ENOENT);
	poolrig_free(&r);
}
END_TEST

/* Only the first four are Stable; whatever is asked for more lasting circuits
 * than there are gets what there is. */
static void
few_stable(struct poolrig *r)
{
	size_t i;

	for (i = 4; i < POOLRIG_RELAYS; i++)
		poolrig_listed(r, i)->flags &= ~(uint32_t)RELAY_STABLE;
}

/* And those that are let nothing out. */
static void
no_stable_exit(struct poolrig *r)
{
	size_t i;

	few_stable(r);
	for (i = 0; i < 4; i++)
		poolrig_listed(r, i)->p[0] = '\0';
}

START_TEST(pool_get_long_lived_port_gets_a_circuit_that_lasts)
{
	static const uint16_t ports[] = { 22 };
	struct poolrig r = { .no_attach = 1, .edit = _i ? no_stable_exit :
	    few_stable, .long_lived = ports, .nlong_lived = 1 };
	struct pool_circ *plain, *pc;
	unsigned i;

	poolrig_new(&r);
	for (i = 0; i < 4; i++)		/* all four last by chance: 1e-6 */
		ck_assert_int_eq(get(&r, i, 80, &pc), -EAGAIN);
	poolrig_run(&r, 1000);
	ck_assert_uint_eq(pool_standing(r.pool), 4);
	ck_assert_int_eq(get(&r, 9, 80, &plain), 0);
	for (i = 0; i < 4 && get(&r, 9 + i, 22, &pc) == 0; i++)
		use(&r, pc, 9 + i, 22);
	ck_assert_uint_lt(i, 4);
	ck_assert_uint_eq(pool_building(r.pool), 1);
	poolrig_run(&r, 1000);
	ck_assert_int_eq(get(&r, 9 + i, 22, &pc), 0);
	use(&r, pc, 9 + i, 22);
	/* and is good for all else */
	ck_assert_int_eq(get(&r, 9 + i, 80, &plain), 0);
	ck_assert_ptr_eq(plain, pc);
	poolrig_free(&r);
}
END_TEST

START_TEST(pool_predicts_circuits_that_last_for_a_long_lived_port)
{
	static const uint16_t ports[] = { 22 };
	struct poolrig r = { .no_attach = 1, .edit = no_stable_exit,
		.long_lived = ports, .nlong_lived = 1,
		.pconf = { .predict = 1 } };
	struct pool_circ *pc;
	unsigned i;

	poolrig_new(&r);
	poolrig_run(&r, 20000);		/* two for 443, which don't last */
	ck_assert_int_eq(get(&r, 1, 22, &pc), -EAGAIN);
	poolrig_run(&r, 20000);
	for (i = 0; i < POOL_PER_PORT; i++) {
		ck_assert_int_eq(get(&r, 5 + i, 22, &pc), 0);
		use(&r, pc, 5 + i, 22);
	}
	poolrig_free(&r);
}
END_TEST

START_TEST(pool_get_avoided_and_bad_exits_are_not_given)
{
	struct poolrig r = { .no_attach = 1 };
	struct poolrig_need n;
	struct pool_circ *pc;

	poolrig_new(&r);
	build_clean(&r, 1, 80);
	ck_assert_int_eq(get(&r, 1, 80, &pc), 0);
	poolrig_need(&r, &n, 1, 80);
	n.need.navoid = 1;
	memcpy(n.avoid[0], pool_circ_exit(pc), 20);
	ck_assert_int_eq(pool_get(r.pool, &n.need, &pc), -EAGAIN);
	poolrig_run(&r, 1000);
	ck_assert_int_eq(pool_get(r.pool, &n.need, &pc), 0);
	ck_assert_mem_ne(pool_circ_exit(pc), n.avoid[0], 20);
	path_exit_bad(r.path, pool_circ_exit(pc), MINUTE);
	ck_assert_int_eq(pool_get(r.pool, &n.need, &pc), -EAGAIN);
	poolrig_free(&r);
}
END_TEST

START_TEST(pool_get_exit_that_left_the_network_is_not_given)
{
	struct poolrig r = { .no_attach = 1 };
	struct pool_circ *pc;
	size_t i;

	poolrig_new(&r);
	build_clean(&r, 1, 80);
	ck_assert_int_eq(get(&r, 1, 80, &pc), 0);
	i = poolrig_index(&r, pool_circ_exit(pc));
	if (_i == 0)
		poolrig_listed(&r, i)->gone = 1;
	else
		poolrig_listed(&r, i)->flags |= RELAY_BADEXIT;
	poolrig_relist(&r);
	ck_assert_int_eq(get(&r, 1, 80, &pc), -EAGAIN);
	poolrig_free(&r);
}
END_TEST

/* --- identities --- */

START_TEST(pool_newnym_spoils_what_was_used_and_keeps_what_is_clean)
{
	struct poolrig r = { .no_attach = 1 };
	struct pool_circ *used, *pc;

	poolrig_new(&r);
	ck_assert_int_eq(get(&r, 1, 80, &pc), -EAGAIN);
	ck_assert_int_eq(get(&r, 2, 80, &pc), -EAGAIN);
	poolrig_run(&r, 2000);
	ck_assert_int_eq(get(&r, 1, 80, &used), 0);
	use(&r, used, 1, 80);
	pool_newnym(r.pool);
	ck_assert_int_eq(get(&r, 1, 80, &pc), 0);
	ck_assert_ptr_ne(pc, used);
	poolrig_run(&r, 2000);
	ck_assert_uint_eq(pool_count(r.pool), 1);
	poolrig_free(&r);
}
END_TEST

START_TEST(pool_guards_switched_spoils_all)
{
	struct poolrig r = { .no_attach = 1 };
	struct pool_circ *pc;

	poolrig_new(&r);
	build_clean(&r, 1, 80);
	pool_guards_switched(r.pool);
	ck_assert_int_eq(get(&r, 1, 80, &pc), -EAGAIN);
	poolrig_free(&r);
}
END_TEST

START_TEST(pool_close_all_ends_streams_and_builds_no_more_while_unusable)
{
	struct poolrig r = { .pconf = { .predict = 1 } };
	struct hold h = { .on = NULL };
	unsigned before;

	poolrig_new(&r);
	ck_assert_int_eq(hold_connect(&r, &h, 1, "a.test", SIM_MUTE), 0);
	poolrig_run(&r, 3000);
	ck_assert_uint_eq(h.opened, 1);
	pool_set_netdir(r.pool, r.nd, 0);
	pool_close_all(r.pool);
	before = r.building;
	poolrig_run(&r, 20000);
	ck_assert_uint_eq(h.gones, 1);
	ck_assert_int_eq(h.why, -ECONNRESET);
	ck_assert_uint_eq(pool_count(r.pool), 0);
	ck_assert_uint_eq(r.building, before);
	pool_set_netdir(r.pool, r.nd, 1);
	poolrig_run(&r, 5000);
	ck_assert_uint_ge(pool_standing(r.pool), POOL_PER_PORT);
	poolrig_free(&r);
}
END_TEST

/* --- ahead --- */

START_TEST(pool_predicts_two_clean_circuits_for_each_port)
{
	struct poolrig r = { .no_attach = 1, .edit = two_kinds,
		.pconf = { .predict = 1 } };
	struct pool_circ *pc;

	poolrig_new(&r);
	poolrig_run(&r, 20000);
	ck_assert_uint_eq(pool_count(r.pool), POOL_PER_PORT);	/* 443 */
	ck_assert_int_eq(get(&r, 1, 80, &pc), -EAGAIN);
	poolrig_run(&r, 20000);
	ck_assert_uint_eq(pool_standing(r.pool), 2 * POOL_PER_PORT);
	ck_assert_int_eq(get(&r, 1, 80, &pc), 0);
	use(&r, pc, 1, 80);		/* and makes up for it */
	poolrig_run(&r, 20000);
	ck_assert_uint_eq(pool_standing(r.pool), 2 * POOL_PER_PORT + 1);
	poolrig_free(&r);
}
END_TEST

START_TEST(pool_predicts_no_more_than_clean_max)
{
	struct poolrig r = { .no_attach = 1, .pconf = { .predict = 1 } };
	struct pool_circ *pc;
	uint16_t p;
	size_t i;

	poolrig_new(&r);
	for (i = 0; i < POOLRIG_RELAYS; i++) {
		snprintf(poolrig_listed(&r, i)->p, SIMDIR_TEXT, "accept %zu",
		    1000 + i);
	}
	poolrig_relist(&r);
	pool_close_all(r.pool);
	pool_set_netdir(r.pool, r.nd, 0);	/* none for the asking */
	for (p = 0; p < POOLRIG_RELAYS; p++)
		ck_assert_int_eq(get(&r, 1, (uint16_t)(1000 + p), &pc),
		    -EAGAIN);
	pool_set_netdir(r.pool, r.nd, 1);
	poolrig_run(&r, 60000);
	ck_assert_uint_eq(pool_count(r.pool), POOL_CLEAN_MAX);
	poolrig_free(&r);
}
END_TEST

START_TEST(pool_predicted_port_that_no_exit_takes_stops_no_other)
{
	struct poolrig r = { .no_attach = 1, .edit = two_kinds,
		.pconf = { .predict = 1 } };
	struct pool_circ *pc;

	poolrig_new(&r);
	ck_assert_int_eq(get(&r, 1, 25, &pc), -ENOENT);
	ck_assert_int_eq(get(&r, 1, 80, &pc), -EAGAIN);
	poolrig_run(&r, 20000);
	ck_assert_uint_eq(pool_standing(r.pool), 2 * POOL_PER_PORT);
	poolrig_free(&r);
}
END_TEST

START_TEST(pool_predict_off_builds_nothing_unasked)
{
	struct poolrig r = { .no_attach = 1, .tconf = { .learn = 1 } };

	poolrig_new(&r);
	poolrig_run(&r, 10 * MINUTE);
	ck_assert_uint_eq(r.building, 0);
	poolrig_free(&r);
}
END_TEST

START_TEST(pool_learning_builds_circuits_to_time_them)
{
	struct poolrig r = { .no_attach = 1, .pconf = { .predict = 1 },
		.tconf = { .learn = 1 } };
	struct timeout_info info;

	poolrig_new(&r);
	/* Ten stand at a time, for three minutes each: about 133. */
	poolrig_run(&r, 40 * MINUTE);
	timeout_info(r.timeout, &info);
	ck_assert_uint_ge(info.times, 100);
	ck_assert_uint_lt(info.times, 260);
	poolrig_free(&r);
}
END_TEST

/* --- slow circuits --- */

START_TEST(pool_circuit_too_slow_is_given_up_for_another)
{
	struct poolrig r = { .no_attach = 1, .tconf = { .fixed_ms = 2000 } };
	struct guard_info info[8];
	struct pool_circ *pc;
	size_t i, n, down = 0;

	poolrig_new(&r);
	r.net->knobs.mute_at = _i + 1;
	ck_assert_int_eq(get(&r, 1, 80, &pc), -EAGAIN);
	poolrig_run(&r, 1900);
	ck_assert_uint_eq(pool_building(r.pool), 1);
	r.net->knobs.mute_at = 0;
	poolrig_run(&r, 200);
	ck_assert_uint_eq(pool_building(r.pool), 0);
	ck_assert_int_eq(get(&r, 1, 80, &pc), -EAGAIN);
	poolrig_run(&r, 1000);
	ck_assert_int_eq(get(&r, 1, 80, &pc), 0);
	ck_assert_uint_eq(pool_count(r.pool), 1);
	/* Only one who does not answer CREATE has failed as a guard. */
	n = guard_list(r.guards, info, 8);
	for (i = 0; i < n && i < 8; i++)
		down += info[i].reach == GUARD_NO;
	ck_assert_uint_eq(down, _i == 0);
	poolrig_free(&r);
}
END_TEST

static void
teach(struct poolrig *r)
{
	int i;

	for (i = 0; i < 200; i++)
		timeout_built(r->timeout, 40 + i % 20);
	ck_assert(timeout_is_learned(r->timeout));
	ck_assert_int_lt(timeout_use_ms(r->timeout, 3), 500);
	ck_assert_int_gt(timeout_close_ms(r->timeout, 3), 5000);
}

START_TEST(pool_slow_circuit_is_used_where_no_other_stands)
{
	struct poolrig r = { .no_attach = 1, .tconf = { .learn = 1 } };
	struct pool_circ *pc;

	poolrig_new(&r);
	teach(&r);
	simlink_latency(r.sl, 300);
	ck_assert_int_eq(get(&r, 1, 80, &pc), -EAGAIN);
	poolrig_run(&r, 8000);
	ck_assert_uint_eq(pool_building(r.pool), 0);
	ck_assert_uint_eq(pool_standing(r.pool), 1);
	ck_assert_int_eq(get(&r, 1, 80, &pc), 0);
	poolrig_free(&r);
}
END_TEST

START_TEST(pool_slow_circuit_is_timed_and_closed_where_another_stands)
{
	struct poolrig r = { .no_attach = 1, .tconf = { .learn = 1 } };
	struct timeout_info before, after;
	struct pool_circ *pc;

	poolrig_new(&r);
	build_clean(&r, 1, 80);
	ck_assert_int_eq(get(&r, 1, 80, &pc), 0);
	use(&r, pc, 1, 80);
	teach(&r);
	timeout_info(r.timeout, &before);
	simlink_latency(r.sl, 300);
	ck_assert_int_eq(get(&r, 2, 80, &pc), -EAGAIN);
	poolrig_run(&r, 8000);
	timeout_info(r.timeout, &after);
	ck_assert_uint_eq(after.times, before.times + 1);
	ck_assert_uint_eq(pool_count(r.pool), 1);
	poolrig_free(&r);
}
END_TEST

/* --- guards --- */

START_TEST(pool_primary_guards_down_others_serve_soon)
{
	struct poolrig r = { .no_attach = 0 };
	struct hold h = { .on = NULL };
	struct guard_info info[8];
	size_t i;

	poolrig_new(&r);
	poolrig_run(&r, 100);
	ck_assert_uint_ge(guard_list(r.guards, info, 8), 4);
	for (i = 0; i < 3; i++) {
		ck_assert(info[i].primary);
		simlink_relay_gone(r.relay[poolrig_index(&r, info[i].rsa)]);
	}
	ck_assert_int_eq(hold_connect(&r, &h, 1, "a.test", SIM_ECHO), 0);
	poolrig_run(&r, 30000);
	ck_assert_uint_eq(h.opened, 1);
	poolrig_free(&r);
}
END_TEST

/* A circuit through a guard of the second choice stands, and the first ones may
 * be up again: it is not used, for now. */
static void
make_waiting(struct poolrig *r)
{
	uint8_t first[3][20];
	struct guard_limit limit = { NULL, (const uint8_t (*)[20])first, 0 };
	struct guard_use *use;
	struct pool_circ *pc;
	size_t i;

	for (i = 0; i < 3; limit.nexclude = ++i) {	/* all are confirmed */
		ck_assert_int_eq(guard_pick(r->guards, GUARD_FOR_TRAFFIC,
		    &limit, NULL, &use), 0);
		ck_assert_int_eq(guard_succeeded(use), GUARD_NOW);
		memcpy(first[i], guard_rsa(use), 20);
		guard_use_free(use);
	}
	for (i = 0; i < 3; i++)
		guard_chan_failed(r->guards, first[i]);
	if (!r->pconf.predict)
		ck_assert_int_eq(get(r, 1, 80, &pc), -EAGAIN);
	while (pool_building(r->pool) == 0)
		poolrig_run(r, 1);
	guard_retry_all(r->guards);
	poolrig_run(r, 500);
	ck_assert_uint_eq(pool_building(r->pool), 0);
	ck_assert_uint_eq(pool_standing(r->pool), 0);
	ck_assert_uint_ge(pool_count(r->pool), 1);
}

START_TEST(pool_get_circuit_that_waits_for_its_guard_is_waited_for_a_while)
{
	struct poolrig r = { .no_attach = 1 };
	struct pool_circ *pc;

	poolrig_new(&r);
	make_waiting(&r);
	ck_assert_int_eq(get(&r, 1, 80, &pc), -EAGAIN);
	ck_assert_uint_eq(pool_building(r.pool), 0);
	poolrig_run(&r, 3000);
	ck_assert_int_eq(get(&r, 1, 80, &pc), -EAGAIN);
	ck_assert_uint_eq(pool_building(r.pool), 1);
	poolrig_run(&r, 1000);
	ck_assert_int_eq(get(&r, 1, 80, &pc), 0);
	poolrig_free(&r);
}
END_TEST

START_TEST(pool_predicts_in_place_of_circuits_that_wait_for_their_guard)
{
	struct poolrig r = { .no_attach = 1, .pconf = { .predict = 1 } };

	poolrig_new(&r);
	pool_close_all(r.pool);		/* by the first guard */
	make_waiting(&r);
	poolrig_run(&r, 20000);
	ck_assert_uint_eq(pool_standing(r.pool), POOL_PER_PORT);
	poolrig_free(&r);
}
END_TEST

/* A channel that dies takes many with it: that is one failure, and the next
 * guard is at work within seconds. */
START_TEST(pool_guard_killed_new_circuits_stand_within_seconds)
{
	static struct hold h[20];
	struct poolrig r = { .no_attach = 0 };
	struct simcirc *c;
	unsigned i, opened = 0;

	poolrig_new(&r);
	ck_assert_int_eq(hold_connect(&r, &h[0], 99, "a.test", SIM_MUTE), 0);
	poolrig_run(&r, 3000);
	poolrig_stream(&r, "a.test", &c);
	for (i = 1; i < 20; i++)
		ck_assert_int_eq(hold_connect(&r, &h[i], i, "b.test",
		    SIM_ECHO), 0);
	poolrig_run(&r, 25);
	simlink_relay_gone(r.relay[c->relay[0]]);
	poolrig_run(&r, 5000);
	ck_assert_uint_eq(h[0].gones, 1);
	for (i = 1; i < 20; i++)
		opened += h[i].opened;
	ck_assert_uint_eq(opened, 19);
	poolrig_free(&r);
}
END_TEST

static size_t
guards_down(struct poolrig *r)
{
	struct guard_info info[8];
	size_t i, n = guard_list(r->guards, info, 8), down = 0;

	for (i = 0; i < n && i < 8; i++)
		down += info[i].reach == GUARD_NO;
	return down;
}

/* Six guards, ten exits: the first guard serves every path. */
static void
guards_apart(struct poolrig *r)
{
	size_t i;

	for (i = 0; i < POOLRIG_RELAYS; i++) {
		if (i < 6)
			poolrig_listed(r, i)->p[0] = '\0';
		else
			poolrig_listed(r, i)->flags &= ~(uint32_t)RELAY_GUARD;
	}
}

/* A connection that is dead without a sign of it costs one timeout, and no
 * guard; where nothing is known of timeouts yet, five seconds. */
START_TEST(pool_channel_that_went_silent_is_replaced)
{
	struct poolrig r = { .no_attach = 1, .edit = guards_apart,
		.tconf = { .fixed_ms = _i ? 0 : 2000, .learn = _i == 2 } };
	struct pool_circ *clean, *pc;
	int64_t ms = _i ? 5000 : 2000;
	unsigned dials;

	poolrig_new(&r);
	build_clean(&r, 1, 80);
	ck_assert_int_eq(get(&r, 1, 80, &clean), 0);
	use(&r, clean, 1, 80);
	ck_assert_int_eq(get(&r, 2, 80, &pc), -EAGAIN);
	ck_assert_int_eq(get(&r, 3, 80, &pc), -EAGAIN);
	poolrig_run(&r, 1000);
	ck_assert_uint_eq(pool_standing(r.pool), 3);
	ck_assert_int_eq(get(&r, 2, 80, &pc), 0);
	use(&r, pc, 2, 80);
	if (_i == 2)
		teach(&r);
	dials = poolrig_dials(&r);
	r.net->knobs.mute_at = 1;
	ck_assert_int_eq(get(&r, 3, 80, &pc), 0);
	use(&r, pc, 3, 80);
	ck_assert_int_eq(get(&r, 4, 80, &pc), -EAGAIN);
	poolrig_run(&r, ms - 100);
	ck_assert_int_eq(get(&r, 1, 80, &clean), 0);
	poolrig_run(&r, 200);
	/* None of those that stood on it is given any more. */
	r.net->knobs.mute_at = 0;
	ck_assert_int_eq(get(&r, 1, 80, &pc), -EAGAIN);
	ck_assert_int_eq(get(&r, 4, 80, &pc), -EAGAIN);
	poolrig_run(&r, 1000);
	ck_assert_int_eq(get(&r, 1, 80, &pc), 0);
	ck_assert_int_eq(get(&r, 4, 80, &pc), 0);
	ck_assert_uint_eq(poolrig_dials(&r), dials + 1);
	poolrig_run(&r, 60000);
	ck_assert_uint_eq(guards_down(&r), 0);
	poolrig_free(&r);
}
END_TEST

/* ... but one that only answers late is no dead one. */
START_TEST(pool_channel_that_carries_cells_is_not_replaced)
{
	struct poolrig r = { .tconf = { .fixed_ms = 2000 },
		.edit = guards_apart };
	struct hold h = { .on = NULL };
	struct pool_circ *before, *pc;

	poolrig_new(&r);
	ck_assert_int_eq(hold_connect(&r, &h, 1, "a.test", SIM_ECHO), 0);
	poolrig_run(&r, 1000);
	ck_assert_uint_eq(h.opened, 1);
	ck_assert_int_eq(get(&r, 1, 80, &before), 0);
	r.net->knobs.mute_at = 1;
	ck_assert_int_eq(get(&r, 4, 80, &pc), -EAGAIN);
	poolrig_run(&r, 1000);
	ck_assert_uint_eq(hold_send(&h, 0, 10), 10);
	poolrig_run(&r, 1500);
	ck_assert_uint_eq(h.got, 10);
	ck_assert_int_eq(get(&r, 1, 80, &pc), 0);
	ck_assert_ptr_eq(pc, before);
	ck_assert_uint_eq(guards_down(&r), 1);	/* its answer is too late */
	poolrig_free(&r);
}
END_TEST

/* A guard that takes connections and answers nothing is left for another. */
START_TEST(pool_guard_that_answers_no_create_is_replaced)
{
	struct poolrig r = { .tconf = { .fixed_ms = 2000 },
		.pconf = { .predict = 1 } };
	struct hold h = { .on = NULL };

	poolrig_new(&r);
	poolrig_run(&r, 5000);
	r.net->knobs.mute_at = 1;
	poolrig_run(&r, 60 * 1000);
	ck_assert_int_eq(hold_connect(&r, &h, 1, "a.test", SIM_REFUSE + 1), 0);
	poolrig_run(&r, 60 * 1000);
	ck_assert_uint_ge(guards_down(&r), 1);
	r.net->knobs.mute_at = 0;
	hold_kill(&h);
	ck_assert_int_eq(hold_connect(&r, &h, 1, "a.test", SIM_ECHO), 0);
	poolrig_run(&r, 20000);
	ck_assert_uint_eq(h.opened, 1);
	poolrig_free(&r);
}
END_TEST

START_TEST(pool_clock_jumped_gives_nothing_that_stood_before)
{
	struct poolrig r = { .no_attach = 0, .edit = guards_apart };
	struct hold h = { .on = NULL }, again = { .on = NULL };
	struct simcirc *before, *after;
	unsigned dials;

	poolrig_new(&r);
	ck_assert_int_eq(hold_connect(&r, &h, 1, "a.test", SIM_ECHO), 0);
	poolrig_run(&r, 1000);
	dials = poolrig_dials(&r);
	pool_clock_jumped(r.pool);
	ck_assert_int_eq(hold_connect(&r, &again, 1, "b.test", SIM_ECHO), 0);
	poolrig_run(&r, 1000);
	ck_assert_uint_eq(again.opened, 1);
	ck_assert_uint_eq(poolrig_dials(&r), dials + 1);
	poolrig_stream(&r, "a.test", &before);
	poolrig_stream(&r, "b.test", &after);
	ck_assert_ptr_ne(before, after);
	/* What flowed goes on, if it can. */
	ck_assert_uint_eq(hold_send(&h, 0, 10), 10);
	poolrig_run(&r, 1000);
	ck_assert_uint_eq(h.got, 10);
	poolrig_free(&r);
}
END_TEST

static struct simlink_relay *
first_guard(struct poolrig *r)
{
	struct guard_info info[8];

	ck_assert_uint_ge(guard_list(r->guards, info, 8), 1);
	return r->relay[poolrig_index(r, info[0].rsa)];
}

/* No connection, no TLS, and TLS with nobody behind it. */
START_TEST(pool_guard_whose_channel_never_opens_is_replaced_in_time)
{
	struct poolrig r = { .edit = guards_apart };
	struct hold h = { .on = NULL };
	struct simlink_relay *g;

	poolrig_new(&r);
	g = first_guard(&r);
	g->knobs.no_answer = _i == 0;
	g->knobs.no_tls = _i == 1;
	g->knobs.silent = _i == 2;
	ck_assert_int_eq(hold_connect(&r, &h, 1, "a.test", SIM_ECHO), 0);
	poolrig_run(&r, 14000);
	ck_assert_uint_eq(h.opened, 0);
	ck_assert_uint_ge(g->dials, 1);
	poolrig_run(&r, 4000);
	ck_assert_uint_eq(h.opened, 1);
	ck_assert_uint_le(poolrig_dials(&r), 4);
	poolrig_free(&r);
}
END_TEST

START_TEST(pool_half_of_the_guards_dead_the_others_serve)
{
	struct poolrig r = { .edit = guards_apart, .pconf = { .predict = 1 } };
	struct hold h[5] = { { .on = NULL } };
	struct guard_info info[8];
	size_t i, n;

	poolrig_new(&r);
	n = guard_list(r.guards, info, 8);
	ck_assert_uint_eq(n, 6);
	for (i = 0; i < n; i++)
		if (_i ? i % 2 == (size_t)_i - 1 : i < n / 2)
			simlink_relay_gone(r.relay[poolrig_index(&r,
			    info[i].rsa)]);
	for (i = 0; i < NELEM(h); i++)
		ck_assert_int_eq(hold_connect(&r, &h[i], (unsigned)i,
		    "a.test", SIM_ECHO), 0);
	poolrig_run(&r, 10000);
	for (i = 0; i < NELEM(h); i++)
		ck_assert_uint_eq(h[i].opened, 1);
	poolrig_run(&r, 5 * MINUTE);
	ck_assert_uint_le(poolrig_dials(&r), 40);
	poolrig_free(&r);
}
END_TEST

/* --- a guard that loses cells --- */

static struct {
	const struct simlink_user *user;
	void		*arg;
	unsigned	 cells, lost;
} lossy;

static void
lossy_open(void *arg, struct simlink_conn *c)
{
	(void)arg;
	lossy.user->open(lossy.arg, c);
}

static void
lossy_cell(void *arg, struct simlink_conn *c, uint32_t circ_id, uint8_t cmd,
    uint8_t *body, size_t len)
{
	(void)arg;
	if (circ_id != 0 && (++lossy.cells == 3 || rand_below(10) < 3))
		lossy.lost++;
	else
		lossy.user->cell(lossy.arg, c, circ_id, cmd, body, len);
}

static void
lossy_closed(void *arg, struct simlink_conn *c)
{
	(void)arg;
	lossy.user->closed(lossy.arg, c);
}

static const struct simlink_user lossy_users = {
	.open = lossy_open, .cell = lossy_cell, .closed = lossy_closed
};

/* Circuits die of it, at any moment; others serve, and nothing hangs. */
START_TEST(pool_guard_that_loses_cells_hangs_nobody)
{
	struct poolrig r = { .edit = guards_apart,
		.pconf = { .predict = 1 }, .tconf = { .fixed_ms = 3000 } };
	static struct hold h[40];
	struct simlink_relay *g;
	unsigned i, opened = 0;

	poolrig_new(&r);
	g = first_guard(&r);
	lossy.user = g->user;
	lossy.arg = g->arg;
	lossy.cells = lossy.lost = 0;
	simlink_relay_user(g, &lossy_users, NULL);
	for (i = 0; i < NELEM(h); i++) {
		ck_assert_int_eq(hold_connect(&r, &h[i], i, "a.test",
		    SIM_ECHO), 0);
		poolrig_run(&r, 5000);
	}
	poolrig_run(&r, 2 * MINUTE + 1000);
	for (i = 0; i < NELEM(h); i++) {
		ck_assert_uint_ge(h[i].opened + h[i].gones, 1);
		opened += h[i].opened;
		ck_assert_uint_eq(h[i].bad, 0);
	}
	ck_assert_uint_ge(lossy.lost, 1);
	ck_assert_uint_ge(opened, NELEM(h) / 2);
	ck_assert_uint_le(r.building, 400);
	simlink_relay_user(g, lossy.user, lossy.arg);
	r.net->broken = 0;		/* that was us */
	poolrig_free(&r);
}
END_TEST

/* Some bytes to and fro, every ten seconds. */
static void
chat(struct poolrig *r, struct hold *h, int64_t ms)
{
	static uint64_t at;

	for (at = h->got; ms > 0; ms -= 10000) {
		at += hold_send(h, at, 10);
		poolrig_run(r, 10000);
		ck_assert_uint_eq(h->got, at);
	}
}

/* It would be said to have come back, and primary guards that are down would be
 * tried again, though it was never away. */
START_TEST(pool_cells_of_a_stream_prove_that_the_network_is_there)
{
	struct poolrig r = { .edit = guards_apart,
		.tconf = { .fixed_ms = 30000, .learn = 1 },
		.aconf = { .total_ms = 600000 } };
	struct hold h = { .on = NULL }, more = { .on = NULL };
	struct guard_info info[8];
	struct timeout_info times;

	poolrig_new(&r);
	ck_assert_int_eq(hold_connect(&r, &h, 1, "a.test", SIM_ECHO), 0);
	poolrig_run(&r, 5000);
	ck_assert_uint_eq(h.opened, 1);
	chat(&r, &h, 15 * MINUTE);
	ck_assert_uint_ge(guard_list(r.guards, info, 8), 3);
	guard_chan_failed(r.guards, info[1].rsa);
	ck_assert_int_eq(hold_connect(&r, &more, 2, "b.test", SIM_ECHO), 0);
	poolrig_run(&r, 5000);
	ck_assert_uint_eq(more.opened, 1);
	ck_assert_uint_eq(guards_down(&r), 1);
	hold_kill(&more);
	/* Nor does a circuit that is not answered say that it is away. */
	r.net->knobs.mute_at = 1;
	ck_assert_int_eq(hold_connect(&r, &more, 3, "c.test", SIM_ECHO), 0);
	chat(&r, &h, 3 * MINUTE);
	timeout_info(r.timeout, &times);
	ck_assert_int_eq(times.live, 1);
	poolrig_free(&r);
}
END_TEST

START_TEST(pool_destroy_from_guard_is_no_failure_of_the_guard)
{
	struct poolrig r = { .no_attach = 1 };
	struct guard_info info[8];
	struct pool_circ *pc;
	size_t i, n;

	poolrig_new(&r);
	r.net->knobs.destroy_at = 1;
	ck_assert_int_eq(get(&r, 1, 80, &pc), -EAGAIN);
	poolrig_run(&r, 1000);
	ck_assert_uint_eq(pool_count(r.pool), 0);
	n = guard_list(r.guards, info, 8);
	for (i = 0; i < n && i < 8; i++)
		ck_assert_int_ne(info[i].reach, GUARD_NO);
	poolrig_free(&r);
}
END_TEST

START_TEST(pool_without_guards_builds_too)
{
	struct poolrig r = { .no_attach = 1, .no_guards = 1 };
	struct pool_circ *pc;

	poolrig_new(&r);
	ck_assert_int_eq(get(&r, 1, 80, &pc), -EAGAIN);
	poolrig_run(&r, 1000);
	ck_assert_int_eq(get(&r, 1, 80, &pc), 0);
	poolrig_free(&r);
}
END_TEST

/* --- a network that is not there --- */

static void
one_guard(struct poolrig *r)
{
	size_t i;

	for (i = 1; i < POOLRIG_RELAYS; i++)
		poolrig_listed(r, i)->flags &= ~(uint32_t)RELAY_GUARD;
}

static void
no_guard_exits(struct poolrig *r)
{
	one_guard(r);
	poolrig_listed(r, 0)->p[0] = '\0';
}

/* Dials in ten minutes, and seconds until a waiting stream is served again;
 * with many guards and with one, a short and a long time. */
START_TEST(pool_dark_network_is_not_hammered_and_recovery_is_prompt)
{
	struct poolrig r = { .edit = _i & 1 ? no_guard_exits : NULL,
		.pconf = { .predict = 1 }, .aconf = { .total_ms = 7200000 } };
	struct hold h = { .on = NULL }, first = { .on = NULL };
	unsigned dials, i, rounds = _i & 2 ? 6 : 1;

	poolrig_new(&r);
	ck_assert_int_eq(hold_connect(&r, &first, 1, "a.test", SIM_MUTE), 0);
	poolrig_run(&r, 5000);
	ck_assert_uint_eq(first.opened, 1);
	poolrig_dark(&r, 1);
	ck_assert_int_eq(hold_connect(&r, &h, 1, "b.test", SIM_ECHO), 0);
	for (i = 0; i < rounds; i++) {
		dials = poolrig_dials(&r);
		poolrig_run(&r, 10 * MINUTE);
		ck_assert_uint_le(poolrig_dials(&r) - dials, 60);
	}
	ck_assert_uint_eq(h.opened, 0);
	poolrig_run(&r, (int64_t)rand_below(15000));
	poolrig_dark(&r, 0);
	poolrig_run(&r, 20000);
	ck_assert_uint_eq(h.opened, 1);
	poolrig_free(&r);
}
END_TEST

START_TEST(pool_broken_network_behind_the_guard_is_not_hammered)
{
	struct poolrig r = { .no_attach = 0, .pconf = { .predict = 1 } };
	struct hold h = { .on = NULL };

	poolrig_new(&r);
	r.net->knobs.truncate_at = 2;
	ck_assert_int_eq(hold_connect(&r, &h, 1, "b.test", SIM_ECHO), 0);
	poolrig_run(&r, 100 * 1000);
	ck_assert_uint_le(r.building, 60);
	r.net->knobs.truncate_at = 0;
	poolrig_run(&r, 16000);
	ck_assert_uint_eq(h.opened, 1);
	poolrig_free(&r);
}
END_TEST

START_TEST(pool_retry_period_bounds_the_wait)
{
	struct poolrig r = { .pconf = { .retry_ms = 3000 },
		.aconf = { .total_ms = 3600000 } };
	struct hold h = { .on = NULL };

	poolrig_new(&r);
	poolrig_dark(&r, 1);
	ck_assert_int_eq(hold_connect(&r, &h, 1, "b.test", SIM_ECHO), 0);
	poolrig_run(&r, 10 * MINUTE);
	poolrig_dark(&r, 0);
	poolrig_run(&r, 6000);
	ck_assert_uint_eq(h.opened, 1);
	poolrig_free(&r);
}
END_TEST

/* --- congestion control --- */

static void
without_cc(struct poolrig *r)
{
	strcpy(r->sd.params, "cc_alg=0");
}

/* 0: the exit is asked for it, and no other hop; 1: the consensus says not */
START_TEST(pool_circuits_ask_their_exit_for_congestion_control)
{
	struct poolrig r = { .no_attach = 1, .edit = _i ? without_cc : NULL };
	const struct simcirc *c;
	unsigned n = 0;

	poolrig_new(&r);
	build_clean(&r, 1, 80);
	for (c = r.net->circs; c; c = c->next) {
		if (c->n != 3)
			continue;
		n++;
		ck_assert_int_eq(c->cc, !_i);
		ck_assert_int_eq(c->inc > 0 && c->cc, !_i);
	}
	ck_assert_uint_gt(n, 0);
	poolrig_free(&r);
}
END_TEST

/* --- memory --- */

START_TEST(pool_over_max_queued_circuit_with_oldest_data_goes)
{
	struct poolrig r = { .pconf = { .max_queued = 100 * 1000 } };
	struct hold old = { .on = NULL }, young = { .on = NULL };

	poolrig_new(&r);
	r.net->source = 60 * 1000;		/* in a block of 65536 */
	ck_assert_int_eq(hold_connect(&r, &old, 1, "a.test", SIM_SOURCE), 0);
	endpoint_kill(old.e, 0);
	{	/* without credit, so that it all waits */
		struct attach_target t = { .host = "a.test",
			.port = SIM_SOURCE };
		uint8_t t1[POOL_TOKEN] = { 1 }, t2[POOL_TOKEN] = { 2 };
		static const struct endpoint_user *users;

		users = old.e->user;
		ck_assert_int_eq(attach_connect(r.attach, t1, &t, &old.e), 0);
		endpoint_hold(old.e, users, &old);
		poolrig_run(&r, 5000);
		ck_assert_uint_eq(old.gones, 0);
		ck_assert_int_eq(attach_connect(r.attach, t2, &t, &young.e),
		    0);
		endpoint_hold(young.e, users, &young);
	}
	poolrig_run(&r, 5000);
	ck_assert_uint_eq(old.gones, 1);
	ck_assert_uint_eq(young.gones, 0);
	poolrig_free(&r);
}
END_TEST

/* Outside the pool: so much, so old; what was asked of it. */
static struct {
	uint64_t	bytes, each, wanted;
	int64_t		since, before;
	unsigned	sheds;
} outside;

static uint64_t
outside_queued(int64_t *oldest)
{
	*oldest = outside.bytes ? outside.since : LOOP_NEVER;
	return outside.bytes;
}

static uint64_t
outside_shed(uint64_t bytes, int64_t at)
{
	outside.sheds++;
	outside.wanted = bytes;
	outside.before = at;
	outside.bytes -= outside.each;
	return outside.each;
}

/* 0: what is outside is older, 1: the circuit's is; 2: there is none. */
START_TEST(pool_limit_is_for_what_waits_outside_too)
{
	struct poolrig r = { .pconf = { .max_queued = 100 * 1000 },
		.queued = outside_queued, .shed = outside_shed };
	struct hold h = { .on = NULL };
	struct attach_target t = { .host = "a.test", .port = SIM_SOURCE };
	const struct endpoint_user *users;
	uint8_t token[POOL_TOKEN] = { 1 };

	memset(&outside, 0, sizeof(outside));
	poolrig_new(&r);
	r.net->source = 60 * 1000;
	ck_assert_int_eq(hold_connect(&r, &h, 1, "a.test", SIM_SOURCE), 0);
	users = h.e->user;
	endpoint_kill(h.e, 0);
	if (_i < 2) {
		ck_assert_int_eq(attach_connect(r.attach, token, &t, &h.e), 0);
		endpoint_hold(h.e, users, &h);
		poolrig_run(&r, 5000);
	} else
		h.gones = 0;
	ck_assert_uint_eq(h.gones, 0);
	outside.bytes = _i < 2 ? 50 * 1000 : 110 * 1000;
	outside.each = 26 * 1000;
	outside.since = _i == 1 ? r.loop.now : 0;
	poolrig_run(&r, 1500);
	ck_assert_uint_eq(outside.sheds, _i != 1);
	ck_assert_uint_eq(h.gones, _i == 1);
	if (outside.sheds)
		ck_assert_uint_eq(outside.wanted, _i == 2 ? 20 * 1000 :
		    50 * 1000 + 65536 - 90 * 1000);
	poolrig_run(&r, 5000);			/* and that was enough */
	ck_assert_uint_eq(outside.sheds, _i != 1);
	if (_i == 0)
		endpoint_kill(h.e, 0);
	poolrig_free(&r);
}
END_TEST

/* --- isolation, whatever happens --- */

enum { SLOTS = 200, TOKENS = 24, CONNECTS = 10000 };

/* The relays' side knows: all streams of one circuit asked for one host, and
 * the host is named for its token and its identity. */
static unsigned
check_isolation(const struct poolrig *r)
{
	const struct simstream *st;
	const struct simcirc *c;
	unsigned shared = 0;

	for (c = r->net->circs; c; c = c->next)
		for (st = c->streams; st && st->next; st = st->next) {
			ck_assert_str_eq(st->host, st->next->host);
			shared++;
		}
	return shared;
}

static void
destroy_one(struct poolrig *r)
{
	size_t skip = rand_below(8);
	struct simcirc *c;

	for (c = r->net->circs; c && skip > 0; c = c->next)
		skip--;
	if (c && !c->destroyed) {
		simcirc_cell(c, 4, "\1", 1);
		c->destroyed = 1;
	}
}

static void
disturb(struct poolrig *r)
{
	switch (rand_below(1000)) {
	case 0:
		pool_newnym(r->pool);
		return;
	case 1:
		pool_guards_switched(r->pool);
		return;
	case 2:
		check_isolation(r);
		poolrig_dark(r, 1);
		poolrig_dark(r, 0);
		return;
	case 3:
		r->net->knobs.truncate_at = 2 + rand_below(2);
		return;
	case 4:
		r->net->knobs.mute_at = rand_below(4);
		return;
	case 5:
		poolrig_run(r, (int64_t)rand_below(60000));
		return;
	case 6:
		poolrig_relist(r);
		return;
	case 7:
		pool_close_all(r->pool);
		return;
	default:
		r->net->knobs.truncate_at = r->net->knobs.mute_at = 0;
	}
	if (rand_below(60) == 0)
		destroy_one(r);
}

START_TEST(pool_no_two_tokens_ever_share_a_circuit)
{
	static const uint16_t ports[] = { SIM_ECHO, SIM_MUTE, SIM_DEAD,
		SIM_SOURCE, SIM_REFUSE + 1, SIM_REFUSE + 4, SIM_REFUSE + 13,
		SIM_CLOSE + 6 };
	static struct hold h[SLOTS];
	struct poolrig r = { .pconf = { .predict = 1, .max_pending = 16,
		.dirtiness_ms = 20 * 1000 }, .tconf = { .fixed_ms = 3000 } };
	unsigned i, token, shared = 0, opened = 0;
	struct hold *s;
	char host[32];

	poolrig_new(&r);
	for (i = 0; i < CONNECTS; i++) {
		s = &h[rand_below(SLOTS)];
		opened += s->opened;
		hold_kill(s);
		token = (unsigned)rand_below(TOKENS);
		snprintf(host, sizeof(host), "t%un%u.test", token,
		    pool_nym(r.pool));
		ck_assert_int_eq(hold_connect(&r, s, token, host,
		    ports[rand_below(NELEM(ports))]), 0);
		disturb(&r);
		poolrig_run(&r, (int64_t)rand_below(40));
		if (i % 20 == 0)
			shared += check_isolation(&r);
	}
	shared += check_isolation(&r);
	/* It was a test of something. */
	ck_assert_uint_gt(shared, 1000);
	ck_assert_uint_gt(opened, CONNECTS / 10);
	poolrig_free(&r);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(pool_get_equal_tokens_wait_for_one_circuit),
	UNIT(pool_get_different_tokens_get_one_each_up_to_max_pending),
	UNIT(pool_get_prefers_own_token_then_oldest_clean),
	UNIT(pool_get_promise_nobody_called_in_is_void),
	UNIT(pool_get_used_circuit_is_its_tokens_for_life),
	UNIT(pool_get_spoilt_circuit_is_not_given),
	UNIT(pool_get_used_too_long_is_not_given_and_closed),
	UNIT(pool_old_circuit_stays_until_its_last_stream_ends),
	UNIT(pool_clean_circuit_is_closed_when_its_time_is_over),
	UNIT_LOOP(pool_keeps_circuits_ready_as_long_as_configured_or_agreed,
	    NELEM(keep_cases)),
	UNIT(pool_get_exit_must_take_the_port),
	UNIT(pool_get_exit_must_take_the_family),
	UNIT_LOOP(pool_get_long_lived_port_gets_a_circuit_that_lasts, 2),
	UNIT(pool_predicts_circuits_that_last_for_a_long_lived_port),
	UNIT(pool_get_avoided_and_bad_exits_are_not_given),
	UNIT_LOOP(pool_get_exit_that_left_the_network_is_not_given, 2),
	UNIT(pool_newnym_spoils_what_was_used_and_keeps_what_is_clean),
	UNIT(pool_guards_switched_spoils_all),
	UNIT(pool_close_all_ends_streams_and_builds_no_more_while_unusable),
	UNIT(pool_predicts_two_clean_circuits_for_each_port),
	UNIT(pool_predicts_no_more_than_clean_max),
	UNIT(pool_predicted_port_that_no_exit_takes_stops_no_other),
	UNIT(pool_predict_off_builds_nothing_unasked),
	UNIT(pool_learning_builds_circuits_to_time_them),
	UNIT_LOOP(pool_circuit_too_slow_is_given_up_for_another, 3),
	UNIT(pool_slow_circuit_is_used_where_no_other_stands),
	UNIT(pool_slow_circuit_is_timed_and_closed_where_another_stands),
	UNIT(pool_primary_guards_down_others_serve_soon),
	UNIT(pool_get_circuit_that_waits_for_its_guard_is_waited_for_a_while),
	UNIT(pool_predicts_in_place_of_circuits_that_wait_for_their_guard),
	UNIT(pool_guard_killed_new_circuits_stand_within_seconds),
	UNIT_LOOP(pool_channel_that_went_silent_is_replaced, 3),
	UNIT(pool_channel_that_carries_cells_is_not_replaced),
	UNIT(pool_guard_that_answers_no_create_is_replaced),
	UNIT(pool_clock_jumped_gives_nothing_that_stood_before),
	UNIT_LOOP(pool_guard_whose_channel_never_opens_is_replaced_in_time, 3),
	UNIT_LOOP(pool_half_of_the_guards_dead_the_others_serve, 3),
	UNIT(pool_guard_that_loses_cells_hangs_nobody),
	UNIT(pool_cells_of_a_stream_prove_that_the_network_is_there),
	UNIT(pool_destroy_from_guard_is_no_failure_of_the_guard),
	UNIT(pool_without_guards_builds_too),
	UNIT_LOOP(pool_dark_network_is_not_hammered_and_recovery_is_prompt, 4),
	UNIT(pool_broken_network_behind_the_guard_is_not_hammered),
	UNIT(pool_retry_period_bounds_the_wait),
	UNIT_LOOP(pool_circuits_ask_their_exit_for_congestion_control, 2),
	UNIT(pool_over_max_queued_circuit_with_oldest_data_goes),
	UNIT_LOOP(pool_limit_is_for_what_waits_outside_too, 3),
	UNIT(pool_no_two_tokens_ever_share_a_circuit),
};
UNIT_MAIN("pool", tests)

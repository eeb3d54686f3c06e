/* tests/onion/circ/test_poolset.c - circuits that are built to be linked */
#include "tests/unit.h"

#include <errno.h>
#include <string.h>

#include "onion/circ/circ.h"
#include "onion/dir/consensus.h"
#include "onion/path/guard.h"
#include "tests/onion/circ/poolrig.h"
#include "tests/sim/simlink.h"

enum { MINUTE = 60 * 1000 };

static int
get(struct poolrig *r, unsigned token, struct pool_circ **pc)
{
	struct poolrig_need n;

	poolrig_need(r, &n, token, 443);
	return pool_get(r->pool, &n.need, pc);
}

static void
use(struct poolrig *r, struct pool_circ *pc, unsigned token)
{
	struct poolrig_need n;

	poolrig_need(r, &n, token, 443);
	pool_circ_used(pc, &n.need);
}

/* Sets of which both legs are there, and of all that ever were begun. */
static unsigned
sets(const struct poolrig *r, unsigned *ever)
{
	const struct simset *s;
	unsigned n = 0, all = 0;

	for (s = r->net->sets; s; s = s->next) {
		n += s->leg[0] && s->leg[1] && s->leg[0]->acked &&
		    s->leg[1]->acked && !s->leg[0]->destroyed &&
		    !s->leg[1]->destroyed;
		all++;
	}
	if (ever)
		*ever = all;
	return n;
}

struct tally {
	unsigned	building, linking, built;
};

static void
add_state(void *arg, const struct pool_show *s)
{
	struct tally *t = arg;

	t->building += strcmp(s->state, "building") == 0;
	t->linking += strcmp(s->state, "linking") == 0;
	t->built += strcmp(s->state, "built") == 0;
}

static struct tally
tally(struct poolrig *r)
{
	struct tally t = { 0 };

	pool_each(r->pool, add_state, &t);
	return t;
}

/* --- two by two --- */

START_TEST(poolset_two_circuits_to_one_exit_share_nothing_else)
{
	struct poolrig r = { .no_attach = 1, .pconf = { .predict = 1,
		.conflux = -1 } };
	const struct simset *s;
	struct pool_circ *pc;
	unsigned ever;

	poolrig_new(&r);
	poolrig_run(&r, 10000);
	ck_assert_uint_eq(sets(&r, &ever), POOL_PER_PORT);
	ck_assert_uint_eq(ever, POOL_PER_PORT);
	for (s = r.net->sets; s; s = s->next) {
		ck_assert_uint_eq(s->leg[0]->relay[2], s->leg[1]->relay[2]);
		ck_assert_uint_ne(s->leg[0]->relay[1], s->leg[1]->relay[1]);
		ck_assert_uint_ne(s->leg[0]->relay[0], s->leg[1]->relay[0]);
	}
	/* Each is one that stands. */
	ck_assert_uint_eq(pool_standing(r.pool), POOL_PER_PORT);
	ck_assert_uint_eq(pool_count(r.pool), 2 * POOL_PER_PORT);
	ck_assert_int_eq(get(&r, 1, &pc), 0);
	ck_assert_ptr_nonnull(circ_joined_to(pool_circ(pc)));
	use(&r, pc, 1);
	poolrig_run(&r, 10000);		/* and is made up for */
	ck_assert_uint_eq(sets(&r, NULL), POOL_PER_PORT + 1);
	poolrig_free(&r);
}
END_TEST

/* One stands, and waits for the other one: its channel was there already. */
static void
until_one_waits(struct poolrig *r)
{
	struct pool_circ *pc;
	struct tally t;
	int i;

	ck_assert_int_eq(get(r, 99, &pc), -EAGAIN);
	poolrig_run(r, 500);
	ck_assert_int_eq(get(r, 99, &pc), 0);
	use(r, pc, 99);
	r->pconf.predict = 1;
	pool_set_conf(r->pool, &r->pconf);
	for (i = 0; i < 10000; i++) {
		poolrig_run(r, 1);
		t = tally(r);
		if (t.linking == 1 && t.building > 0)
			break;
	}
	ck_assert_int_lt(i, 10000);
	r->pconf.predict = 0;		/* and let no more come */
	pool_set_conf(r->pool, &r->pconf);
}

/* The first guard serves any exit. */
static void
one_set_ahead(struct poolrig *r)
{
	size_t i;

	strcpy(r->sd.params, "cfx_max_prebuilt_set=1");
	for (i = 0; i < POOLRIG_RELAYS; i++) {
		if (i < 6)
			poolrig_listed(r, i)->p[0] = '\0';
		else
			poolrig_listed(r, i)->flags &= ~(uint32_t)RELAY_GUARD;
	}
}

START_TEST(poolset_somebody_waits_the_one_that_stands_is_given)
{
	struct poolrig r = { .no_attach = 1, .edit = one_set_ahead,
		.pconf = { .conflux = -1 } };
	struct pool_circ *pc;

	poolrig_new(&r);
	until_one_waits(&r);
	ck_assert_int_eq(get(&r, 1, &pc), 0);
	use(&r, pc, 1);
	poolrig_run(&r, 5000);
	ck_assert(circ_is_built(pool_circ(pc)));
	ck_assert_ptr_null(circ_joined_to(pool_circ(pc)));
	/* The others are circuits of their own. */
	ck_assert_uint_eq(sets(&r, NULL), 0);
	ck_assert_uint_ge(pool_standing(r.pool), 3);
	ck_assert_uint_eq(pool_standing(r.pool), pool_count(r.pool));
	poolrig_free(&r);
}
END_TEST

START_TEST(poolset_other_one_lost_before_link_is_good_alone)
{
	struct poolrig r = { .no_attach = 1, .edit = one_set_ahead,
		.pconf = { .conflux = -1 } };
	struct pool_circ *pc;
	struct simcirc *c;

	poolrig_new(&r);
	until_one_waits(&r);
	for (c = r.net->circs; c; c = c->next) {
		if (c->n == 3)
			continue;
		simcirc_cell(c, 4, "\1", 1);
		c->destroyed = 1;
	}
	poolrig_run(&r, 1000);
	ck_assert_uint_eq(tally(&r).linking, 0);
	ck_assert_uint_ge(pool_standing(r.pool), 2);
	ck_assert_uint_eq(pool_standing(r.pool), pool_count(r.pool));
	ck_assert_int_eq(get(&r, 1, &pc), 0);
	ck_assert_ptr_null(circ_joined_to(pool_circ(pc)));
	ck_assert_uint_eq(sets(&r, NULL), 0);
	poolrig_free(&r);
}
END_TEST

START_TEST(poolset_leg_that_dies_takes_the_other_one_along)
{
	struct poolrig r = { .no_attach = 1, .edit = one_set_ahead,
		.pconf = { .predict = 1, .conflux = -1 } };
	struct simcirc *c;
	size_t before;

	poolrig_new(&r);
	poolrig_run(&r, 10000);
	ck_assert_uint_eq(sets(&r, NULL), 1);
	r.pconf.predict = 0;
	pool_set_conf(r.pool, &r.pconf);
	before = pool_count(r.pool);
	c = r.net->sets->leg[_i];
	simcirc_cell(c, 4, "\1", 1);
	c->destroyed = 1;
	poolrig_run(&r, 100);
	ck_assert_uint_eq(pool_count(r.pool), before - 2);
	poolrig_free(&r);
}
END_TEST

/* --- exits that don't do it --- */

/* Both go, the next ones wait longer and longer, single circuits are built
 * meanwhile, and it is found out when linking works after all. */
START_TEST(poolset_link_not_answered_closes_both_and_holds_further_ones)
{
	struct poolrig r = { .no_attach = 1, .edit = one_set_ahead,
		.tconf = { .fixed_ms = 3000 },
		.pconf = { .predict = 1, .conflux = -1,
		    .keep_clean_ms = 120 * MINUTE } };
	unsigned ever, before, launched;
	struct pool_circ *pc;
	int i;

	poolrig_new(&r);
	r.net->knobs.no_linked = 1;
	poolrig_run(&r, 6000);
	sets(&r, &before);
	ck_assert_uint_ge(before, 1);
	ck_assert_uint_eq(tally(&r).linking, 0);
	poolrig_run(&r, 5000);
	ck_assert_uint_ge(pool_standing(r.pool), POOL_PER_PORT);
	sets(&r, &ever);
	ck_assert_uint_eq(ever, before);	/* 11 s at least */
	for (i = 0; i < 120; i++) {		/* two hours */
		poolrig_run(&r, MINUTE);
		ck_assert_int_eq(get(&r, 1, &pc), 0);
	}
	sets(&r, &ever);
	/* 15, 30, 60 s ... then every ten minutes, or less by a quarter */
	ck_assert_uint_le(ever - before, 8 + 120 / 7);
	ck_assert_uint_ge(ever - before, 8);
	launched = r.building;
	ck_assert_uint_le(launched, 2 * ever + 10);
	r.net->knobs.no_linked = 0;
	poolrig_run(&r, 11 * MINUTE);
	ck_assert_uint_ge(sets(&r, NULL), 1);
	poolrig_free(&r);
}
END_TEST

/* --- how many --- */

static size_t nconflux;
static const char *params;

static void
some_link(struct poolrig *r)
{
	size_t i;

	strcpy(r->sd.params, params);
	for (i = nconflux; i < POOLRIG_RELAYS; i++)
		memcpy(poolrig_listed(r, i)->pr, "Conflux=0", 9);
}

static const struct {
	const char	*params;
	size_t		 link;		/* so many exits, of 16 */
	int		 conf;		/* ConfluxEnabled */
	unsigned	 sets;
} limits[] = {
	{ "", 16, -1, 2 },
	{ "", 16, 1, 2 },
	{ "", 16, 0, 0 },
	{ "cfx_enabled=0", 16, -1, 0 },
	{ "cfx_enabled=0", 16, 1, 2 },
	{ "cfx_max_linked_set=1", 16, -1, 1 },
	{ "cfx_max_linked_set=0", 16, -1, 0 },
	{ "cfx_max_prebuilt_set=1", 16, -1, 1 },
	{ "cfx_max_prebuilt_set=0", 16, -1, 0 },
	{ "cfx_num_legs_set=1", 16, -1, 0 },
	{ "cc_alg=0", 16, -1, 0 },
	/* 60 % of the exits, or it would tell a lot who can */
	{ "", 10, -1, 2 },
	{ "", 9, -1, 1 },
	{ "cfx_low_exit_threshold=5000", 9, -1, 2 },
	{ "cfx_low_exit_threshold=10000", 15, -1, 1 },
	{ "", 0, -1, 0 },
};

START_TEST(poolset_as_many_as_consensus_and_configuration_allow)
{
	struct poolrig r = { .no_attach = 1, .edit = some_link,
		.pconf = { .predict = 1, .conflux = limits[_i].conf } };
	unsigned i, n, most = 0, ever, launched;

	nconflux = limits[_i].link;
	params = limits[_i].params;
	poolrig_new(&r);
	for (i = 0; i < 100; i++) {
		poolrig_run(&r, 100);
		if ((n = sets(&r, &ever)) > most)
			most = n;
	}
	ck_assert_msg(most == limits[_i].sets, "%s, %zu of 16: %u sets",
	    params, nconflux, most);
	ck_assert_uint_ge(pool_standing(r.pool), POOL_PER_PORT);
	/* And all is quiet from then on. */
	launched = r.building;
	poolrig_run(&r, 2 * MINUTE);
	ck_assert_uint_le(r.building - launched, 2);
	poolrig_free(&r);
}
END_TEST

/* Streams that are used up want new sets, but not more than there may be. */
START_TEST(poolset_no_more_than_linked_set_max_however_many_are_used)
{
	struct poolrig r = { .no_attach = 1, .pconf = { .predict = 1,
		.conflux = -1 } };
	struct pool_circ *pc;
	unsigned i, n;

	poolrig_new(&r);
	for (i = 0; i < 40; i++) {
		poolrig_run(&r, 3000);
		ck_assert_int_eq(get(&r, i, &pc), 0);
		use(&r, pc, i);
		ck_assert_uint_le(n = sets(&r, NULL), 10);
	}
	ck_assert_uint_eq(n, 10);
	poolrig_free(&r);
}
END_TEST

static void
one_guard(struct poolrig *r)
{
	size_t i;

	for (i = 1; i < POOLRIG_RELAYS; i++)
		poolrig_listed(r, i)->flags &= ~(uint32_t)RELAY_GUARD;
	poolrig_listed(r, 0)->p[0] = '\0';
}

START_TEST(poolset_no_second_guard_is_no_storm)
{
	struct poolrig r = { .no_attach = 1, .edit = one_guard,
		.pconf = { .predict = 1, .conflux = -1 } };
	struct pool_circ *pc;
	unsigned ever;
	int i;

	poolrig_new(&r);
	poolrig_run(&r, 5000);
	ck_assert_uint_ge(pool_standing(r.pool), POOL_PER_PORT);
	for (i = 0; i < 25; i++) {
		poolrig_run(&r, MINUTE);
		ck_assert_int_eq(get(&r, 1, &pc), 0);
	}
	ck_assert_uint_eq(sets(&r, &ever), 0);
	ck_assert_uint_eq(ever, 0);
	/* Firsts that found no second: 15, 30, 60 s ... ten minutes apart. */
	ck_assert_uint_le(r.building, 20);
	poolrig_free(&r);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(poolset_two_circuits_to_one_exit_share_nothing_else),
	UNIT(poolset_somebody_waits_the_one_that_stands_is_given),
	UNIT(poolset_other_one_lost_before_link_is_good_alone),
	UNIT_LOOP(poolset_leg_that_dies_takes_the_other_one_along, 2),
	UNIT(poolset_link_not_answered_closes_both_and_holds_further_ones),
	UNIT_LOOP(poolset_as_many_as_consensus_and_configuration_allow,
	    NELEM(limits)),
	UNIT(poolset_no_more_than_linked_set_max_however_many_are_used),
	UNIT(poolset_no_second_guard_is_no_storm),
};
UNIT_MAIN("poolset", tests)

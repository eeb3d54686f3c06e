/* tests/onion/circ/test_poolshare.c - how much of the pool one client has */
#include "tests/unit.h"

#include <errno.h>
#include <string.h>

#include "onion/circ/circ.h"
#include "tests/onion/circ/poolrig.h"

enum { ALONE = POOL_CIRCS_MAX / 4 * 3, BATCH = 32 };

/* The @n-th token of a client. */
static void
need_of(struct poolrig *r, struct poolrig_need *n, uint8_t client, unsigned k)
{
	poolrig_need(r, n, 0, 80);
	memset(n->need.token, client, POOL_OWNER);
	memcpy(n->need.token + POOL_OWNER, &k, sizeof(k));
}

static int
get(struct poolrig *r, uint8_t client, unsigned k, struct pool_circ **pc)
{
	struct poolrig_need n;

	need_of(r, &n, client, k);
	return pool_get(r->pool, &n.need, pc);
}

/* The @k-th need of that client; or, of client 0, of the @k-th client. */
static void
any_need(struct poolrig *r, struct poolrig_need *n, uint8_t client, unsigned k)
{
	if (client)
		need_of(r, n, client, k);
	else
		poolrig_need(r, n, k, 80);
}

/* A circuit for each of @n needs, each some ms longer unused than the next. */
static void
use_many(struct poolrig *r, uint8_t client, unsigned n)
{
	struct poolrig_need need;
	struct pool_circ *pc;
	unsigned k, i, to;

	for (k = 0; k < n; k = to) {
		to = k + BATCH < n ? k + BATCH : n;
		for (i = k; i < to; i++) {
			any_need(r, &need, client, i);
			ck_assert_int_eq(pool_get(r->pool, &need.need, &pc),
			    -EAGAIN);
		}
		poolrig_run(r, 500);
		for (i = k; i < to; i++) {
			any_need(r, &need, client, i);
			ck_assert_int_eq(pool_get(r->pool, &need.need, &pc), 0);
			pool_circ_used(pc, &need.need);
			poolrig_run(r, 1);
		}
	}
	ck_assert_uint_eq(pool_building(r->pool), 0);
}

static struct circ *
circ_of(struct poolrig *r, uint8_t client, unsigned k)
{
	struct pool_circ *pc;

	ck_assert_int_eq(get(r, client, k, &pc), 0);
	return pool_circ(pc);
}

START_TEST(pool_get_one_client_leaves_some_of_what_is_built_to_others)
{
	struct poolrig r = { .no_attach = 1, .pconf = { .max_pending = 8 } };
	struct pool_circ *pc;
	unsigned k;

	poolrig_new(&r);
	for (k = 0; k < 20; k++)
		ck_assert_int_eq(get(&r, 1, k, &pc), -EAGAIN);
	ck_assert_uint_eq(pool_building(r.pool), 6);
	for (k = 0; k < 20; k++)
		ck_assert_int_eq(get(&r, 2, k, &pc), -EAGAIN);
	ck_assert_uint_eq(pool_building(r.pool), 8);
	poolrig_run(&r, 1000);
	ck_assert_int_eq(get(&r, 1, 5, &pc), 0);
	ck_assert_int_eq(get(&r, 2, 1, &pc), 0);
	poolrig_free(&r);
}
END_TEST

START_TEST(pool_get_one_client_never_has_all_circuits)
{
	struct poolrig r = { .no_attach = 1, .pconf = {
		.max_pending = 4 * POOL_CIRCS_MAX } };
	struct pool_circ *pc;
	unsigned k, c;

	poolrig_new(&r);
	for (k = 0; k < POOL_CIRCS_MAX; k++)
		ck_assert_int_eq(get(&r, 1, k, &pc), -EAGAIN);
	ck_assert_uint_eq(pool_count(r.pool), ALONE);
	/* nor have two or three of them */
	for (c = 2; c < 4; c++)
		for (k = 0; k < POOL_CIRCS_MAX; k++)
			ck_assert_int_eq(get(&r, (uint8_t)c, k, &pc), -EAGAIN);
	ck_assert_uint_lt(pool_count(r.pool), POOL_CIRCS_MAX);
	k = (unsigned)pool_count(r.pool);
	ck_assert_int_eq(get(&r, 99, 0, &pc), -EAGAIN);
	ck_assert_uint_eq(pool_count(r.pool), k + 1);
	poolrig_free(&r);
}
END_TEST

START_TEST(pool_get_client_with_its_share_gives_up_what_it_used_longest_ago)
{
	struct poolrig r = { .no_attach = 1, .pconf = {
		.max_pending = 4 * POOL_CIRCS_MAX,
		.dirtiness_ms = 3600 * 1000 } };
	struct endpoint *e;
	struct pool_circ *pc;
	struct circ *first, *second, *other;

	poolrig_new(&r);
	use_many(&r, 2, 1);
	use_many(&r, 1, ALONE);
	other = circ_of(&r, 2, 0);
	first = circ_of(&r, 1, 0);
	second = circ_of(&r, 1, 1);
	ck_assert_int_eq(circ_connect(first, "192.0.2.1", 80, 0, &e), 0);
	ck_assert_uint_eq(pool_count(r.pool), ALONE + 1);
	ck_assert_int_eq(get(&r, 1, ALONE, &pc), -EAGAIN);
	ck_assert_uint_eq(pool_building(r.pool), 1);
	ck_assert_uint_eq(pool_count(r.pool), ALONE + 1);
	ck_assert_ptr_nonnull(pool_find(r.pool, other));
	ck_assert_ptr_nonnull(pool_find(r.pool, first));
	ck_assert_ptr_null(pool_find(r.pool, second));
	endpoint_kill(e, 0);
	poolrig_free(&r);
}
END_TEST

/* Each of them has one, so that nobody has more than a share. */
START_TEST(pool_get_full_pool_what_is_unused_longest_gives_way)
{
	struct poolrig r = { .no_attach = 1, .pconf = {
		.max_pending = 4 * POOL_CIRCS_MAX,
		.dirtiness_ms = 3600 * 1000 } };
	struct poolrig_need n;
	struct pool_circ *pc;
	struct circ *first, *second;
	struct endpoint *e;

	poolrig_new(&r);
	use_many(&r, 0, POOL_CIRCS_MAX);
	poolrig_need(&r, &n, 0, 80);
	ck_assert_int_eq(pool_get(r.pool, &n.need, &pc), 0);
	first = pool_circ(pc);
	ck_assert_int_eq(circ_connect(first, "192.0.2.1", 80, 0, &e), 0);
	poolrig_need(&r, &n, 1, 80);
	ck_assert_int_eq(pool_get(r.pool, &n.need, &pc), 0);
	second = pool_circ(pc);
	ck_assert_uint_eq(pool_count(r.pool), POOL_CIRCS_MAX);
	poolrig_need(&r, &n, POOL_CIRCS_MAX, 80);
	ck_assert_int_eq(pool_get(r.pool, &n.need, &pc), -EAGAIN);
	ck_assert_uint_eq(pool_building(r.pool), 1);
	ck_assert_uint_eq(pool_count(r.pool), POOL_CIRCS_MAX);
	ck_assert_ptr_nonnull(pool_find(r.pool, first));
	ck_assert_ptr_null(pool_find(r.pool, second));
	endpoint_kill(e, 0);
	poolrig_free(&r);
}
END_TEST

START_TEST(pool_get_full_pool_where_nothing_is_unused_waits)
{
	struct poolrig r = { .no_attach = 1, .pconf = {
		.max_pending = 4 * POOL_CIRCS_MAX } };
	struct poolrig_need n;
	struct pool_circ *pc;
	unsigned i;

	poolrig_new(&r);
	for (i = 0; i < POOL_CIRCS_MAX + 10; i++) {
		poolrig_need(&r, &n, i, 80);
		ck_assert_int_eq(pool_get(r.pool, &n.need, &pc), -EAGAIN);
	}
	ck_assert_uint_eq(pool_building(r.pool), POOL_CIRCS_MAX);
	ck_assert_uint_eq(pool_count(r.pool), POOL_CIRCS_MAX);
	poolrig_free(&r);
}
END_TEST

/* What can't be built costs nobody what he has. */
START_TEST(pool_get_that_comes_to_nothing_closes_nothing)
{
	struct poolrig r = { .no_attach = 1, .pconf = {
		.max_pending = 4 * POOL_CIRCS_MAX,
		.dirtiness_ms = 3600 * 1000 } };
	struct poolrig_need n;
	struct pool_circ *pc;

	poolrig_new(&r);
	use_many(&r, 1, ALONE);
	need_of(&r, &n, 1, ALONE);
	n.need.has_exit = 1;		/* that of nobody */
	ck_assert_int_eq(pool_get(r.pool, &n.need, &pc), -ENOENT);
	ck_assert_uint_eq(pool_standing(r.pool), ALONE);
	poolrig_free(&r);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(pool_get_one_client_leaves_some_of_what_is_built_to_others),
	UNIT(pool_get_one_client_never_has_all_circuits),
	UNIT(pool_get_client_with_its_share_gives_up_what_it_used_longest_ago),
	UNIT(pool_get_full_pool_what_is_unused_longest_gives_way),
	UNIT(pool_get_full_pool_where_nothing_is_unused_waits),
	UNIT(pool_get_that_comes_to_nothing_closes_nothing),
};

UNIT_MAIN("poolshare", tests)

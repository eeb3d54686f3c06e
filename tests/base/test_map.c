/* tests/base/test_map.c */
#include "base/map.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "tests/unit.h"

static int vals[4000];

START_TEST(map_get_of_absent_key_is_null)
{
	struct map *m = map_new(4, 10);

	ck_assert_ptr_null(map_get(m, "abcd"));
	ck_assert_ptr_null(map_del(m, "abcd"));
	ck_assert_uint_eq(map_count(m), 0);
	map_free(m);
	map_free(NULL);
}
END_TEST

START_TEST(map_put_then_get_then_del_gives_the_value)
{
	struct map *m = map_new(4, 10);
	char key[] = "abcd";

	ck_assert_int_eq(map_put(m, key, &vals[1]), 0);
	key[0] = 'x';		/* it keeps a copy */
	ck_assert_ptr_null(map_get(m, key));
	ck_assert_ptr_eq(map_get(m, "abcd"), &vals[1]);
	ck_assert_int_eq(map_put(m, "abcd", &vals[2]), -EEXIST);
	ck_assert_ptr_eq(map_get(m, "abcd"), &vals[1]);
	ck_assert_ptr_eq(map_del(m, "abcd"), &vals[1]);
	ck_assert_ptr_null(map_get(m, "abcd"));
	ck_assert_ptr_null(map_del(m, "abcd"));
	ck_assert_int_eq(map_put(m, "abcd", &vals[3]), 0);
	ck_assert_ptr_eq(map_get(m, "abcd"), &vals[3]);
	map_free(m);
}
END_TEST

START_TEST(map_put_over_ceiling_is_refused)
{
	struct map *m = map_new(sizeof(uint32_t), 100);
	uint32_t k;

	for (k = 0; k < 100; k++)
		ck_assert_int_eq(map_put(m, &k, &vals[k]), 0);
	ck_assert_int_eq(map_put(m, &k, &vals[k]), -ENOSPC);
	k = 5;
	ck_assert_int_eq(map_put(m, &k, &vals[k]), -EEXIST);
	ck_assert_ptr_nonnull(map_del(m, &k));
	k = 100;
	ck_assert_int_eq(map_put(m, &k, &vals[k]), 0);
	ck_assert_uint_eq(map_count(m), 100);
	map_free(m);
}
END_TEST

START_TEST(map_with_no_room_takes_nothing)
{
	struct map *m = map_new(1, 0);

	ck_assert_int_eq(map_put(m, "a", vals), -ENOSPC);
	map_free(m);
}
END_TEST

static void
expect_same(const struct map *m, const int *there, uint32_t n)
{
	size_t i, seen = 0, want = 0;
	int *v;
	uint32_t k;

	for (i = 0; (v = map_next(m, &i)) != NULL; seen++)
		ck_assert(there[v - vals]);
	for (k = 0; k < n; k++) {
		ck_assert_ptr_eq(map_get(m, &k), there[k] ? &vals[k] : NULL);
		want += there[k] != 0;
	}
	ck_assert_uint_eq(seen, want);
	ck_assert_uint_eq(map_count(m), want);
}

START_TEST(map_random_use_agrees_with_an_array)
{
	enum { N = 4000 };
	static int there[N];
	struct map *m = map_new(sizeof(uint32_t), N);
	uint32_t k;
	size_t step;

	for (step = 0; step < 200000; step++) {
		/* in waves, so that it grows and shrinks */
		k = (uint32_t)rand_below(N);
		if (rand_below(100) < (step / 20000 % 2 ? 20u : 80u)) {
			ck_assert_int_eq(map_put(m, &k, &vals[k]),
			    there[k] ? -EEXIST : 0);
			there[k] = 1;
		} else {
			ck_assert_ptr_eq(map_del(m, &k),
			    there[k] ? &vals[k] : NULL);
			there[k] = 0;
		}
		if (step % 10000 == 0)
			expect_same(m, there, N);
	}
	expect_same(m, there, N);
	map_free(m);
}
END_TEST

START_TEST(map_next_survives_removal_of_what_it_visits)
{
	struct map *m = map_new(sizeof(uint32_t), 1000);
	size_t i, seen = 0;
	uint32_t k;
	int *v;

	for (k = 0; k < 1000; k++)
		ck_assert_int_eq(map_put(m, &k, &vals[k]), 0);
	for (i = 0; (v = map_next(m, &i)) != NULL; seen++) {
		k = (uint32_t)(v - vals);
		ck_assert_ptr_eq(map_del(m, &k), v);
	}
	ck_assert_uint_eq(seen, 1000);
	ck_assert_uint_eq(map_count(m), 0);
	map_free(m);
}
END_TEST

START_TEST(map_put_and_del_for_ever_does_not_fill_up)
{
	struct map *m = map_new(sizeof(uint32_t), 1);
	uint32_t k;

	for (k = 0; k < 100000; k++) {
		ck_assert_int_eq(map_put(m, &k, &vals[0]), 0);
		ck_assert_ptr_nonnull(map_del(m, &k));
	}
	ck_assert_ptr_null(map_get(m, &k));
	map_free(m);
}
END_TEST

START_TEST(map_order_differs_between_tables)
{
	struct map *m[2];
	size_t i[2] = { 0, 0 }, t;
	uint32_t k;
	int differ = 0;
	void *v;

	for (t = 0; t < 2; t++) {
		m[t] = map_new(sizeof(k), 200);
		for (k = 0; k < 200; k++)
			ck_assert_int_eq(map_put(m[t], &k, &vals[k]), 0);
	}
	while ((v = map_next(m[0], &i[0])) != NULL)
		differ |= v != map_next(m[1], &i[1]);
	ck_assert_msg(differ, "both have the same key");
	map_free(m[0]);
	map_free(m[1]);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(map_get_of_absent_key_is_null),
	UNIT(map_put_then_get_then_del_gives_the_value),
	UNIT(map_put_over_ceiling_is_refused),
	UNIT(map_with_no_room_takes_nothing),
	UNIT(map_random_use_agrees_with_an_array),
	UNIT(map_next_survives_removal_of_what_it_visits),
	UNIT(map_put_and_del_for_ever_does_not_fill_up),
	UNIT(map_order_differs_between_tables),
};

UNIT_MAIN("map", tests)

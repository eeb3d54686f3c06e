/* tests/base/test_buf.c */
#include "base/buf.h"

#include <errno.h>
#include <string.h>

#include "tests/unit.h"

START_TEST(buf_zeroed_takes_nothing)
{
	struct buf b = { 0 };

	ck_assert_uint_eq(buf_room(&b), 0);
	ck_assert_int_eq(buf_add(&b, "x", 1), -ENOBUFS);
	ck_assert_int_eq(buf_add(&b, "", 0), 0);
	ck_assert_ptr_null(buf_head(&b));
	buf_free(&b);
}
END_TEST

START_TEST(buf_add_up_to_ceiling_then_refuses)
{
	static const uint8_t some[5000];
	struct buf b;

	buf_init(&b, 5000);
	ck_assert_int_eq(buf_add(&b, some, 4999), 0);
	ck_assert_uint_eq(buf_room(&b), 1);
	ck_assert_int_eq(buf_add(&b, some, 2), -ENOBUFS);
	ck_assert_uint_eq(b.len, 4999);
	ck_assert_int_eq(buf_add(&b, some, 1), 0);
	ck_assert_ptr_null(buf_reserve(&b, 1));
	buf_drain(&b, 1);
	ck_assert_uint_eq(buf_room(&b), 1);
	ck_assert_int_eq(buf_add(&b, some, 1), 0);
	buf_free(&b);
	ck_assert_uint_eq(b.len, 0);
	ck_assert_uint_eq(buf_room(&b), 5000);
}
END_TEST

START_TEST(buf_reserve_of_absurd_length_is_refused)
{
	struct buf b;

	buf_init(&b, SIZE_MAX);
	ck_assert_int_eq(buf_add(&b, "x", 1), 0);
	ck_assert_ptr_null(buf_reserve(&b, SIZE_MAX - 1));
	ck_assert_ptr_null(buf_reserve(&b, SIZE_MAX / 2 + 5));
	ck_assert_int_eq(buf_add(&b, "y", 1), 0);
	ck_assert_mem_eq(buf_head(&b), "xy", 2);
	buf_free(&b);
}
END_TEST

START_TEST(buf_commit_less_than_reserved_keeps_only_that)
{
	struct buf b;
	uint8_t *p;

	buf_init(&b, 100);
	ck_assert_ptr_nonnull(p = buf_reserve(&b, 100));
	memset(p, 'x', 100);
	buf_commit(&b, 3);
	ck_assert_uint_eq(b.len, 3);
	ck_assert_ptr_null(buf_reserve(&b, 98));
	ck_assert_ptr_nonnull(buf_reserve(&b, 97));
	buf_free(&b);
}
END_TEST

START_TEST(buf_drained_empty_gives_large_block_back)
{
	static const uint8_t some[100000];
	struct buf b;

	buf_init(&b, sizeof(some));
	ck_assert_int_eq(buf_add(&b, some, sizeof(some)), 0);
	buf_drain(&b, sizeof(some));
	ck_assert_uint_eq(b.cap, 0);
	ck_assert_ptr_null(b.base);
	ck_assert_int_eq(buf_add(&b, some, sizeof(some)), 0);
	buf_free(&b);
}
END_TEST

/* What it came to hold is made room for at once the next time, and is forgotten
 * little by little. */
START_TEST(buf_filled_again_begins_with_the_room_of_the_last_time)
{
	static const uint8_t some[1000];
	struct buf b;
	int i;

	buf_init(&b, 100000);
	for (i = 0; i < 50; i++)
		ck_assert_int_eq(buf_add(&b, some, sizeof(some)), 0);
	buf_drain(&b, b.len);
	ck_assert_ptr_null(b.base);
	ck_assert_int_eq(buf_add(&b, some, 1), 0);
	ck_assert_uint_ge(b.cap, 50 * sizeof(some));
	buf_drain(&b, 1);
	ck_assert_int_eq(buf_add(&b, some, 1), 0);
	ck_assert_uint_ge(b.cap, 40 * sizeof(some));
	for (i = 0; i < 60; i++) {
		buf_drain(&b, 1);
		ck_assert_int_eq(buf_add(&b, some, 1), 0);
	}
	ck_assert_uint_le(b.cap, 64);
	buf_free(&b);
	ck_assert_uint_eq(b.most, 0);
}
END_TEST

/* Against a plain array: any order of adding and draining keeps the bytes. */
START_TEST(buf_random_use_keeps_bytes_in_order)
{
	enum { MAX = 20000 };
	struct buf b;
	uint8_t in = 0, out = 0, tmp[3000];
	size_t n, i, step;

	buf_init(&b, MAX);
	for (step = 0; step < 20000; step++) {
		if (rand_below(2)) {
			n = (size_t)rand_below(sizeof(tmp));
			for (i = 0; i < n; i++)
				tmp[i] = (uint8_t)(in + i);
			if (b.len + n <= MAX) {
				ck_assert_int_eq(buf_add(&b, tmp, n), 0);
				in = (uint8_t)(in + n);
			} else
				ck_assert_int_eq(buf_add(&b, tmp, n), -ENOBUFS);
		} else {
			n = (size_t)rand_below(b.len + 1);
			for (i = 0; i < n; i++)
				if (buf_head(&b)[i] != (uint8_t)(out + i))
					ck_abort_msg("byte %zu", i);
			out = (uint8_t)(out + n);
			buf_drain(&b, n);
		}
		ck_assert_uint_le(b.len, MAX);
		ck_assert_uint_le(b.cap, 4 * MAX);
	}
	buf_free(&b);
}
END_TEST

/* A long queue from which as much is taken as is added must not be copied
 * whole for each byte. */
START_TEST(buf_steady_long_queue_moves_each_byte_rarely)
{
	static const uint8_t some[60000];
	size_t i, moves = 0;
	struct buf b;
	uint8_t *base;
	size_t off;

	buf_init(&b, 65536);
	ck_assert_int_eq(buf_add(&b, some, sizeof(some)), 0);
	for (i = 0; i < 1000000; i++) {
		buf_drain(&b, 1);
		base = b.base;
		off = b.off;
		ck_assert_int_eq(buf_add(&b, some, 1), 0);
		moves += b.base != base || b.off < off;
	}
	ck_assert_uint_le(moves, 40);
	buf_free(&b);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(buf_zeroed_takes_nothing),
	UNIT(buf_add_up_to_ceiling_then_refuses),
	UNIT(buf_reserve_of_absurd_length_is_refused),
	UNIT(buf_commit_less_than_reserved_keeps_only_that),
	UNIT(buf_drained_empty_gives_large_block_back),
	UNIT(buf_filled_again_begins_with_the_room_of_the_last_time),
	UNIT(buf_random_use_keeps_bytes_in_order),
	UNIT(buf_steady_long_queue_moves_each_byte_rarely),
};

UNIT_MAIN("buf", tests)

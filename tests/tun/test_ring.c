/* tests/tun/test_ring.c - a queue of bytes that are read where they lie */
#include "tun/ring.h"

#include <check.h>
#include <string.h>

#include "tests/unit.h"

/* What the slices hold, in one piece. */
static size_t
copy(const struct ring *r, size_t at, size_t len, uint8_t *out)
{
	struct pkt_slice s[2];
	unsigned i, n = ring_slices(r, at, len, s);
	size_t got = 0;

	for (i = 0; i < n; i++) {
		ck_assert_uint_gt(s[i].len, 0);
		memcpy(out + got, s[i].p, s[i].len);
		got += s[i].len;
	}
	return got;
}

START_TEST(ring_put_up_to_the_ceiling_takes_no_more)
{
	static const uint8_t some[1000];
	struct ring r;

	ring_init(&r, 1000);
	ck_assert_uint_eq(ring_put(&r, some, 999), 999);
	ck_assert_uint_eq(ring_put(&r, some, 2), 1);
	ck_assert_uint_eq(ring_put(&r, some, 1), 0);
	ck_assert_uint_eq(r.cap, 1000);
	ring_drain(&r, 10);
	ck_assert_uint_eq(ring_put(&r, some, 100), 10);
	ring_free(&r);
	ck_assert_uint_eq(ring_put(&r, some, 1000), 1000);
	ring_free(&r);
}
END_TEST

START_TEST(ring_that_runs_empty_holds_no_memory)
{
	struct ring r;

	ring_init(&r, 1000);
	ck_assert_uint_eq(ring_put(&r, "abc", 3), 3);
	ck_assert_ptr_nonnull(r.base);
	ring_drain(&r, 3);
	ck_assert_ptr_null(r.base);
	ck_assert_uint_eq(r.cap, 0);
}
END_TEST

/* One burst like the last is put without a move; something small is no burst,
 * and after enough of that a burst is not expected any more. */
START_TEST(ring_is_made_as_large_as_the_last_burst)
{
	static const uint8_t some[60000];
	const uint8_t *base;
	struct ring r;
	size_t n;

	ring_init(&r, 1 << 20);
	ck_assert_uint_eq(ring_put(&r, some, sizeof(some)), sizeof(some));
	ring_drain(&r, sizeof(some));
	ck_assert_ptr_null(r.base);
	ck_assert_uint_eq(ring_put(&r, some, 498), 498);
	base = r.base;
	for (n = 498; n + 498 <= sizeof(some); n += 498)
		ck_assert_uint_eq(ring_put(&r, some, 498), 498);
	ck_assert_ptr_eq(r.base, base);
	ck_assert_uint_le(r.cap, 65536);
	ring_drain(&r, n);
	for (n = 0; n < 50; n++) {
		ck_assert_uint_eq(ring_put(&r, some, 1), 1);
		ck_assert_uint_le(r.cap, 512);
		ring_drain(&r, 1);
	}
	ck_assert_uint_eq(ring_put(&r, some, 498), 498);
	ck_assert_uint_le(r.cap, 512);
	ring_free(&r);
}
END_TEST

/* The same where a little of the burst is left when the next one comes. */
START_TEST(ring_that_shrank_is_made_large_at_once)
{
	static const uint8_t some[60000];
	const uint8_t *base;
	struct ring r;
	size_t n;

	ring_init(&r, 1 << 20);
	ck_assert_uint_eq(ring_put(&r, some, sizeof(some)), sizeof(some));
	ring_drain(&r, sizeof(some) - 400);
	ck_assert_uint_lt(r.cap, 4096);
	for (n = 0; r.cap < 4096; n += 498)
		ck_assert_uint_eq(ring_put(&r, some, 498), 498);
	base = r.base;
	for (; n + 498 <= sizeof(some) - 400; n += 498)
		ck_assert_uint_eq(ring_put(&r, some, 498), 498);
	ck_assert_ptr_eq(r.base, base);
	ring_free(&r);
}
END_TEST

START_TEST(ring_zeroed_takes_nothing)
{
	struct ring r = { 0 };
	struct pkt_slice s[2];

	ck_assert_uint_eq(ring_put(&r, "abc", 3), 0);
	ck_assert_uint_eq(ring_slices(&r, 0, 0, s), 0);
	ring_free(&r);
}
END_TEST

START_TEST(ring_slices_across_the_end_are_two)
{
	struct pkt_slice s[2];
	uint8_t in[256], out[256];
	struct ring r;
	size_t i;

	for (i = 0; i < sizeof(in); i++)
		in[i] = (uint8_t)i;
	ring_init(&r, sizeof(in));
	ck_assert_uint_eq(ring_put(&r, in, 200), 200);
	ring_drain(&r, 150);
	ck_assert_uint_eq(ring_put(&r, in, 150), 150);
	ck_assert_uint_eq(ring_slices(&r, 0, 200, s), 2);
	ck_assert_uint_eq(s[0].len, 106);
	ck_assert_uint_eq(ring_slices(&r, 0, 106, s), 1);
	ck_assert_uint_eq(ring_slices(&r, 106, 94, s), 1);
	ck_assert_uint_eq(copy(&r, 0, 200, out), 200);
	ck_assert_mem_eq(out, in + 150, 50);
	ck_assert_mem_eq(out + 50, in, 150);
	ring_free(&r);
}
END_TEST

START_TEST(ring_that_is_nearly_empty_holds_little)
{
	static uint8_t in[100000];
	uint8_t out[1] = { 0 };
	struct ring r;
	size_t i;

	in[sizeof(in) - 1] = 'x';
	ring_init(&r, sizeof(in));
	ck_assert_uint_eq(ring_put(&r, in, sizeof(in)), sizeof(in));
	for (i = 0; i < sizeof(in) - 1; i++)
		ring_drain(&r, 1);
	ck_assert_uint_le(r.cap, 512);
	ck_assert_uint_eq(copy(&r, 0, 1, out), 1);
	ck_assert_uint_eq(out[0], 'x');
	ring_free(&r);
}
END_TEST

/* Against an array, with growth at every state of wrapping. */
START_TEST(ring_at_random_is_a_queue)
{
	static uint8_t model[5000], out[5000], in[700];
	size_t len = 0, n, at, took;
	struct ring r;
	int i, wrong = 0;

	ring_init(&r, sizeof(model));
	for (i = 0; i < 20000; i++) {
		n = (size_t)rand_below(sizeof(in));
		if (rand_below(2)) {
			rand_bytes(in, n);
			took = ring_put(&r, in, n);
			wrong += took !=
			    (n < sizeof(model) - len ? n : sizeof(model) - len);
			memcpy(model + len, in, took);
			len += took;
		} else {
			n = n < len ? n : len;
			ring_drain(&r, n);
			memmove(model, model + n, len - n);
			len -= n;
		}
		at = (size_t)rand_below(len + 1);
		n = (size_t)rand_below(len - at + 1);
		wrong += r.len != len || copy(&r, at, n, out) != n ||
		    memcmp(out, model + at, n) != 0;
		ck_assert_int_eq(wrong, 0);
	}
	ring_free(&r);
}
END_TEST

/* @len bytes like put()'s are put to where they belong. */
static void
place(struct ring *r, size_t len, const uint8_t *from)
{
	struct iovec v[2];
	size_t i, n, k;

	n = ring_place(r, len, v);
	ck_assert_uint_ge(n, 1);
	for (i = 0; i < n && len; i++) {
		k = v[i].iov_len < len ? v[i].iov_len : len;
		memcpy(v[i].iov_base, from, k);
		from += k;
		len -= k;
	}
	ck_assert_uint_eq(len, 0);
}

START_TEST(ring_place_is_none_in_a_queue_that_was_never_long)
{
	static const uint8_t some[RING_PLACE_MIN];
	struct iovec v[2];
	struct ring r;

	ring_init(&r, 1 << 20);
	ck_assert_uint_eq(ring_place(&r, 1 << 20, v), 0);
	ck_assert_uint_eq(ring_put(&r, some, sizeof(some) - 1), sizeof(some) - 1);
	ck_assert_uint_eq(ring_place(&r, 1 << 19, v), 0);
	ck_assert_uint_eq(ring_put(&r, some, 1), 1);
	ck_assert_uint_ge(ring_place(&r, 1 << 19, v), 1);
	ring_placed(&r, 0);
	ck_assert_uint_eq(ring_place(&r, RING_PLACE_MIN - 1, v), 0);
	ring_free(&r);
}
END_TEST

START_TEST(ring_placed_is_a_put_across_the_end_too)
{
	static uint8_t some[200000], out[300000];
	struct iovec v[2];
	struct ring r;
	size_t i;

	for (i = 0; i < sizeof(some); i++)
		some[i] = (uint8_t)(i * 7 + i / 251);
	ring_init(&r, 262144);
	ck_assert_uint_eq(ring_put(&r, some, 100000), 100000);
	place(&r, 100000, some + 100000);
	ring_placed(&r, 100000);
	ck_assert_uint_eq(copy(&r, 0, 200000, out), 200000);
	ck_assert_int_eq(memcmp(out, some, 200000), 0);
	ring_drain(&r, 150000);
	ck_assert_uint_eq(ring_place(&r, 262144, v), 2);
	ck_assert_uint_eq(v[0].iov_len + v[1].iov_len, 262144 - 50000);
	ring_placed(&r, 0);
	place(&r, 150000, some);
	ring_placed(&r, 149999);
	ck_assert_uint_eq(r.len, 199999);
	ck_assert_uint_eq(copy(&r, 50000, 149999, out), 149999);
	ck_assert_int_eq(memcmp(out, some, 149999), 0);
	ring_free(&r);
}
END_TEST

START_TEST(ring_placed_less_than_there_was_place_for_keeps_no_more_memory)
{
	static const uint8_t some[100000];
	struct iovec v[2];
	struct ring r;

	ring_init(&r, 1 << 20);
	ck_assert_uint_eq(ring_put(&r, some, sizeof(some)), sizeof(some));
	ring_drain(&r, sizeof(some));
	ck_assert_uint_eq(ring_place(&r, sizeof(some), v), 1);
	ring_placed(&r, 0);
	ck_assert_ptr_null(r.base);
	ck_assert_uint_eq(ring_place(&r, sizeof(some), v), 1);
	memcpy(v[0].iov_base, "abc", 3);
	ring_placed(&r, 3);
	ck_assert_uint_le(r.cap, 512);
	ring_drain(&r, 3);
	ck_assert_ptr_null(r.base);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(ring_place_is_none_in_a_queue_that_was_never_long),
	UNIT(ring_placed_is_a_put_across_the_end_too),
	UNIT(ring_placed_less_than_there_was_place_for_keeps_no_more_memory),
	UNIT(ring_put_up_to_the_ceiling_takes_no_more),
	UNIT(ring_that_runs_empty_holds_no_memory),
	UNIT(ring_is_made_as_large_as_the_last_burst),
	UNIT(ring_that_shrank_is_made_large_at_once),
	UNIT(ring_zeroed_takes_nothing),
	UNIT(ring_slices_across_the_end_are_two),
	UNIT(ring_that_is_nearly_empty_holds_little),
	UNIT(ring_at_random_is_a_queue),
};

UNIT_MAIN("ring", tests)

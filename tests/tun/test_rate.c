/* tests/tun/test_rate.c - how often may something be answered? */
#include "tun/rate.h"

#include "base/addr.h"
#include "tests/unit.h"

START_TEST(rate_bucket_gives_its_burst_and_then_one_at_a_time)
{
	struct rate_bucket b = { 0 };
	int64_t now = 1000;
	int i, n = 0;

	for (i = 0; i < 100; i++)
		n += rate_bucket_take(&b, now, 10, 7);
	ck_assert_int_eq(n, 7);
	ck_assert_int_eq(rate_bucket_take(&b, now + 9, 10, 7), 0);
	ck_assert_int_eq(rate_bucket_take(&b, now + 10, 10, 7), 1);
	ck_assert_int_eq(rate_bucket_take(&b, now + 10, 10, 7), 0);
	for (i = 0, n = 0; i < 100; i++)
		n += rate_bucket_take(&b, now + 100000, 10, 7);
	ck_assert_int_eq(n, 7);
}
END_TEST

START_TEST(rate_take_of_one_client_leaves_the_others_theirs)
{
	static struct rate r = {
		.every_ms = 10, .burst = 5, .all_every_ms = 1, .all_burst = 50
	};
	struct addr a, b;
	int i, n = 0;

	rate_init(&r);
	addr_v4(&a, 0x0a000001, 0);
	addr_v4(&b, 0x0a000002, 0);
	for (i = 0; i < 10000; i++)
		n += rate_take(&r, &a, 0);
	ck_assert_int_eq(n, 5);
	ck_assert_int_eq(rate_take(&r, &b, 0), 1);	/* 1 of 1024 fails */
}
END_TEST

START_TEST(rate_take_of_many_clients_is_bounded_in_all)
{
	static struct rate r = {
		.every_ms = 10, .burst = 5, .all_every_ms = 1, .all_burst = 50
	};
	struct addr a;
	uint32_t i;
	int n = 0;

	rate_init(&r);
	for (i = 0; i < 100000; i++) {
		addr_v4(&a, 0x0a000000 + i, 0);
		n += rate_take(&r, &a, 0);
	}
	ck_assert_int_eq(n, 50);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(rate_bucket_gives_its_burst_and_then_one_at_a_time),
	UNIT(rate_take_of_one_client_leaves_the_others_theirs),
	UNIT(rate_take_of_many_clients_is_bounded_in_all),
};

UNIT_MAIN("rate", tests)

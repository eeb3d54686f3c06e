/* tests/tun/test_proven.c - addresses that have shown that they are there */
#include "tun/proven.h"

#include "base/addr.h"
#include "tests/unit.h"

static struct addr
address(uint32_t ip, uint16_t port)
{
	struct addr a = { 0 };

	addr_v4(&a, ip, port);
	return a;
}

START_TEST(proven_has_what_was_added_for_a_while)
{
	struct proven *p = proven_new();
	struct addr a = address(1, 2), port = address(1, 3), b = address(2, 2);

	ck_assert(!proven_has(p, &a, 5));
	proven_add(p, &a, 5);
	ck_assert(proven_has(p, &a, 5));
	ck_assert(proven_has(p, &port, 5));
	ck_assert(!proven_has(p, &b, 5));
	ck_assert(proven_has(p, &a, 4 + PROVEN_MS));
	ck_assert(!proven_has(p, &a, 5 + PROVEN_MS));
	proven_free(p);
}
END_TEST

START_TEST(proven_add_of_many_keeps_as_many_as_there_is_room_for)
{
	struct proven *p = proven_new();
	struct addr a;
	uint32_t i, n = 0;

	for (i = 0; i < 100000; i++) {
		a = address(i, 0);
		proven_add(p, &a, (int64_t)i);
		proven_add(p, &a, (int64_t)i);	/* takes one place */
		ck_assert(proven_has(p, &a, (int64_t)i));
	}
	for (i = 0; i < 100000; i++) {
		a = address(i, 0);
		n += (uint32_t)proven_has(p, &a, 100000);
	}
	ck_assert_uint_eq(n, PROVEN_MAX);
	proven_free(p);
}
END_TEST

START_TEST(proven_cookie_is_good_for_its_ends_and_its_time)
{
	struct proven *p = proven_new(), *q = proven_new();
	struct addr a = address(1, 2), b = address(9, 80);
	struct addr other = address(1, 3);
	int64_t now = 100 * PROVEN_COOKIE_MS;
	uint32_t c = proven_cookie(p, &a, &b, 0, now), turned;

	ck_assert(proven_cookie_ok(p, &a, &b, c, now));
	ck_assert(proven_cookie_ok(p, &a, &b, c, now + PROVEN_COOKIE_MS));
	ck_assert(!proven_cookie_ok(p, &a, &b, c, now + 2 * PROVEN_COOKIE_MS));
	ck_assert(!proven_cookie_ok(p, &other, &b, c, now));
	ck_assert(!proven_cookie_ok(p, &a, &other, c, now));
	ck_assert(!proven_cookie_ok(q, &a, &b, c, now));
	turned = proven_cookie(p, &a, &b, c, now);
	ck_assert_uint_ne(turned, c);
	ck_assert(proven_cookie_ok(p, &a, &b, turned, now));
	proven_free(p);
	proven_free(q);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(proven_has_what_was_added_for_a_while),
	UNIT(proven_add_of_many_keeps_as_many_as_there_is_room_for),
	UNIT(proven_cookie_is_good_for_its_ends_and_its_time),
};

UNIT_MAIN("proven", tests)

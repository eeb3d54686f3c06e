/* tests/base/test_secret.c */
#include "base/secret.h"

#include <string.h>

#include "tests/unit.h"

START_TEST(secret_wipe_leaves_zeros)
{
	uint8_t key[33];

	memset(key, 0xaa, sizeof(key));
	secret_wipe(key, 32);
	ck_assert_int_eq(secret_is_zero(key, 32), 1);
	ck_assert_uint_eq(key[32], 0xaa);
	secret_wipe(key, 0);
	secret_wipe(NULL, 0);
}
END_TEST

START_TEST(secret_equal_sees_a_difference_at_any_place)
{
	uint8_t a[32], b[32];
	size_t i;

	rand_bytes(a, sizeof(a));
	memcpy(b, a, sizeof(b));
	ck_assert_int_eq(secret_equal(a, b, sizeof(a)), 1);
	for (i = 0; i < sizeof(a) * 8; i++) {
		b[i / 8] ^= (uint8_t)(1 << i % 8);
		ck_assert_int_eq(secret_equal(a, b, sizeof(a)), 0);
		b[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	b[31] ^= 1;
	ck_assert_int_eq(secret_equal(a, b, 31), 1);
	ck_assert_int_eq(secret_equal(a, b, 0), 1);
}
END_TEST

START_TEST(secret_is_zero_sees_a_bit_at_any_place)
{
	uint8_t a[32] = { 0 };
	size_t i;

	ck_assert_int_eq(secret_is_zero(a, sizeof(a)), 1);
	for (i = 0; i < sizeof(a) * 8; i++) {
		a[i / 8] = (uint8_t)(1 << i % 8);
		ck_assert_int_eq(secret_is_zero(a, sizeof(a)), 0);
		a[i / 8] = 0;
	}
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(secret_wipe_leaves_zeros),
	UNIT(secret_equal_sees_a_difference_at_any_place),
	UNIT(secret_is_zero_sees_a_bit_at_any_place),
};

UNIT_MAIN("secret", tests)

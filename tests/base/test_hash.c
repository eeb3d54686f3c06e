/* tests/base/test_hash.c */
#include "base/hash.h"

#include "tests/unit.h"

/* The first three of the vectors of the SipHash paper's reference: key 00..0f,
 * input 00.. of length 0, 1, 2. */
START_TEST(hash_keyed_is_siphash_2_4)
{
	static const uint64_t want[] = {
		0x726fdb47dd0e0e31, 0x74f839c593dc67fd, 0x0d6c8009d9a94f5a
	};
	struct hash_key k;
	uint8_t in[3], b[8], i;
	uint64_t v;
	int j;

	for (i = 0; i < sizeof(k.k); i++)
		k.k[i] = i;
	for (i = 0; i < sizeof(in); i++)
		in[i] = i;
	for (i = 0; i < 3; i++) {
		v = hash_keyed(&k, in, i);
		for (j = 0; j < 8; j++)		/* as bytes, low first */
			b[j] = ((const uint8_t *)&v)[j];
		for (v = 0, j = 7; j >= 0; j--)
			v = v << 8 | b[j];
		ck_assert_uint_eq(v, want[i]);
	}
}
END_TEST

START_TEST(hash_keyed_differs_by_key)
{
	struct hash_key a, b;

	hash_draw(&a);
	hash_draw(&b);
	ck_assert_uint_ne(hash_keyed(&a, "x", 1), hash_keyed(&b, "x", 1));
	ck_assert_uint_eq(hash_keyed(&a, "x", 1), hash_keyed(&a, "x", 1));
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(hash_keyed_is_siphash_2_4),
	UNIT(hash_keyed_differs_by_key),
};

UNIT_MAIN("hash", tests)

/* tests/onion/crypto/test_polyval.c - POLYVAL, both ways to it */
#include "onion/crypto/polyval.h"

#include "tests/onion/crypto/hex.h"
#include "tests/unit.h"

enum { LONG = 600 };

/* RFC 8452, appendix A, and the first ones of appendix C.1, here without the
 * zeros at the end of the last block. */
#define C1	"d9b360279694941ac5dbc6987ada7377"
#define Z7	"00000000000000"
#define Z15	Z7 Z7 "00"
static const struct {
	const char	*key, *in, *out;
} known[] = {
	{ "25629347589242761d31f826ba4b757b",
	    "4f4f95668c83dfb6401762bb2d01a262"
	    "d1a24ddd2721d006bbe45f20d3c9f362",
	    "f7a3b47b846119fae5b7866cf5e5b77e" },
	{ C1, Z15 "00", Z15 "00" },
	{ C1, "01" Z15 Z7 "0040", "eb93b7740962c5e49d2a90a7dc5cec74" },
	{ C1, "01" Z15 Z7 "0060", "48eb6c6c5a2dbe4a1dde508fee06361b" },
	{ C1, "01" Z15 Z7 "0080", "20806c26e3c1de019e111255708031d6" },
	{ C1, "01" Z15 "02" Z15 Z7 "000001",
	    "ce6edc9a50b36d9a98986bbf6a261c3b" },
	{ C1, "01" Z15 "02" Z15 "03" Z15 Z7 "008001",
	    "81388746bc22d26b2abc3dcb15754222" },
	{ C1, "01" Z15 "02" Z15 "03" Z15 "04" Z15 Z7 "000002",
	    "1e39b6d3344d348f6044f89935d1cf78" },
};

/* @powers 0: portable. */
static void
key_set(struct polyval_key *k, const uint8_t h[16], int powers)
{
	if (powers == 0)
		polyval_key_set_portable(k, h);
	else
		polyval_key_set(k, h, powers);
}

static void
hash(const uint8_t h[16], int powers, const uint8_t *in, size_t len,
    uint8_t out[16])
{
	struct polyval_key k;
	struct polyval p;

	key_set(&k, h, powers);
	polyval_begin(&p, &k);
	polyval_add(&p, in, len);
	polyval_end(&p, out);
}

START_TEST(polyval_rfc8452_input_gives_known_output)
{
	uint8_t key[16], in[128], out[16];
	size_t len;
	int powers;

	UNHEX(key, known[_i].key);
	len = unhex(in, sizeof(in), known[_i].in);
	for (powers = 0; powers <= POLYVAL_POWERS; powers++) {
		hash(key, powers, in, len, out);
		CK_HEX(out, 16, known[_i].out);
	}
}
END_TEST

/* Where the key counts bits in the other direction, for instance. */
START_TEST(polyval_single_bits_agree_both_ways)
{
	uint8_t key[16], in[16], one[16], two[16];
	int a, b;

	for (a = 0; a < 128; a++) {
		for (b = 0; b < 128; b++) {
			memset(key, 0, 16);
			memset(in, 0, 16);
			key[a / 8] = (uint8_t)(1 << a % 8);
			in[b / 8] = (uint8_t)(1 << b % 8);
			hash(key, 0, in, 16, one);
			hash(key, POLYVAL_POWERS, in, 16, two);
			ck_assert_msg(memcmp(one, two, 16) == 0, "%d %d", a, b);
		}
	}
}
END_TEST

/* All ones are the fullest columns that the portable way has to bear. */
START_TEST(polyval_any_length_agrees_both_ways)
{
	uint8_t key[16], in[LONG], one[16], two[16];
	int powers, round;
	size_t len;

	for (round = 0; round < 8; round++) {
		rand_bytes(key, sizeof(key));
		rand_bytes(in, sizeof(in));
		if (round & 1)
			memset(key, 0xff, sizeof(key));
		if (round & 2)
			memset(in, 0xff, sizeof(in));
		for (len = 0; len <= LONG; len++) {
			hash(key, 0, in, len, one);
			for (powers = 1; powers <= POLYVAL_POWERS; powers++) {
				hash(key, powers, in, len, two);
				ck_assert_msg(memcmp(one, two, 16) == 0,
				    "%zu bytes, %d powers", len, powers);
			}
		}
	}
}
END_TEST

START_TEST(polyval_add_fills_up_with_zeros)
{
	uint8_t key[16], in[LONG + 16], full[LONG + 16], one[16], two[16];
	size_t len;

	rand_bytes(key, sizeof(key));
	rand_bytes(in, sizeof(in));
	for (len = 0; len <= LONG; len++) {
		memset(full, 0, sizeof(full));
		memcpy(full, in, len);
		hash(key, _i, in, len, one);
		hash(key, _i, full, (len + 15) / 16 * 16, two);
		ck_assert_msg(memcmp(one, two, 16) == 0, "%zu", len);
	}
}
END_TEST

START_TEST(polyval_add_in_any_pieces_is_the_same)
{
	uint8_t key[16], in[LONG], one[16], two[16];
	struct polyval_key k;
	struct polyval p;
	size_t at, n;
	int round;

	rand_bytes(key, sizeof(key));
	rand_bytes(in, sizeof(in));
	key_set(&k, key, _i);
	hash(key, _i, in, LONG, one);
	for (round = 0; round < 500; round++) {
		polyval_begin(&p, &k);
		for (at = 0; at < LONG; at += n) {
			n = 16 * rand_below(12);
			n = n < LONG - at ? n : LONG - at;
			polyval_add(&p, in + at, n);
		}
		polyval_end(&p, two);
		ck_assert(memcmp(one, two, 16) == 0);
	}
}
END_TEST

START_TEST(polyval_end_wipes)
{
	struct polyval_key k;
	struct polyval p;
	uint8_t in[16], out[16];

	rand_bytes(in, sizeof(in));
	key_set(&k, in, _i);
	polyval_begin(&p, &k);
	polyval_add(&p, in, sizeof(in));
	polyval_end(&p, out);
	ck_assert(p.acc[0] == 0 && p.acc[1] == 0);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT_LOOP(polyval_rfc8452_input_gives_known_output, NELEM(known)),
	UNIT(polyval_single_bits_agree_both_ways),
	UNIT(polyval_any_length_agrees_both_ways),
	UNIT_LOOP(polyval_add_fills_up_with_zeros, POLYVAL_POWERS + 1),
	UNIT_LOOP(polyval_add_in_any_pieces_is_the_same, POLYVAL_POWERS + 1),
	UNIT_LOOP(polyval_end_wipes, 2),
};
UNIT_MAIN("polyval", tests)

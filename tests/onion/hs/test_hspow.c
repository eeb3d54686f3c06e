/* tests/onion/hs/test_hspow.c - proofs of work: the search and its check */
#include "onion/hs/hspow_int.h"

#include <errno.h>

#include "base/wire.h"
#include "onion/hs/hashx.h"
#include "tests/onion/crypto/hex.h"
#include "tests/unit.h"

enum { VERSION_AT, NONCE_AT, EFFORT_AT = 17, SEED_AT = 21, SOLUTION_AT = 25 };

/* C tor's (and arti's): from which nonce it looked, and what it found. */
static const struct vector {
	uint32_t	 effort;
	const char	*from, *seed, *blinded, *nonce, *solution;
} vectors[] = {
	{ 0, "55555555555555555555555555555555",
	  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	  "1111111111111111111111111111111111111111111111111111111111111111",
	  "55555555555555555555555555555555",
	  "4312f87ceab844c78e1c793a913812d7" },
	{ 1, "55555555555555555555555555555555",
	  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	  "1111111111111111111111111111111111111111111111111111111111111111",
	  "55555555555555555555555555555555",
	  "84355542ab2b3f79532ef055144ac5ab" },
	{ 1, "55555555555555555555555555555555",
	  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	  "1111111111111111111111111111111111111111111111111111111111111110",
	  "55555555555555555555555555555555",
	  "115e4b70da858792fc205030b8c83af9" },
	{ 2, "55555555555555555555555555555555",
	  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	  "1111111111111111111111111111111111111111111111111111111111111111",
	  "55555555555555555555555555555555",
	  "4600a93a535ed76dc746c99942ab7de2" },
	{ 10, "55555555555555555555555555555555",
	  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	  "1111111111111111111111111111111111111111111111111111111111111111",
	  "56555555555555555555555555555555",
	  "128bbda5df2929c3be086de2aad34aed" },
	{ 10, "ffffffffffffffffffffffffffffffff",
	  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	  "1111111111111111111111111111111111111111111111111111111111111111",
	  "01000000000000000000000000000000",
	  "203af985537fadb23f3ed5873b4c81ce" },
	{ 1337, "feffffffffffffffffffffffffffffff",
	  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	  "4111111111111111111111111111111111111111111111111111111111111111",
	  "01000000000000000000000000000000",
	  "31c377cb72796ed80ae77df6ac1d6bfd" },
	{ 31337, "34a20000000000000000000000000000",
	  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	  "1111111111111111111111111111111111111111111111111111111111111111",
	  "36a20000000000000000000000000000",
	  "ca6899b91113aaf7536f28db42526bff" },
	{ 100, "55555555555555555555555555555555",
	  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	  "1111111111111111111111111111111111111111111111111111111111111111",
	  "56555555555555555555555555555555",
	  "3a4122a240bd7abfc922ab3cbb9479ed" },
	{ 1000, "d3555555555555555555555555555555",
	  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	  "1111111111111111111111111111111111111111111111111111111111111111",
	  "d4555555555555555555555555555555",
	  "338cc08f57697ce8ac2e4b453057d6e9" },
	{ 10000, "c5715555555555555555555555555555",
	  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	  "1111111111111111111111111111111111111111111111111111111111111111",
	  "c8715555555555555555555555555555",
	  "9f2d3d4ed831ac96ad34c25fb59ff3e2" },
	{ 100000, "418d5655555555555555555555555555",
	  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	  "1111111111111111111111111111111111111111111111111111111111111111",
	  "428d5655555555555555555555555555",
	  "9863f3acd2d15adfd244a7ca61d4c6ff" },
	{ 1000000, "58217255555555555555555555555555",
	  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	  "1111111111111111111111111111111111111111111111111111111111111111",
	  "59217255555555555555555555555555",
	  "0f3db97b9cac20c1771680a1a34848d3" },
	{ 1, "d0aec1669384bfe5ed39cd724d6c7954",
	  "c52be1f8a5e6cc3b8fb71cfdbe272cbc91d4d035400f2f94fb0d0074794e0a07",
	  "bfd298428562e530c52bdb36d81a0e293ef4a0e94d787f0f8c0c611f4f9e78ed",
	  "d1aec1669384bfe5ed39cd724d6c7954",
	  "462606e5f8c2f3f844127b8bfdd6b4ff" },
	{ 1, "b4d0e611e6935750fcf9406aae131f62",
	  "86fb0acf4932cda44dbb451282f415479462dd10cb97ff5e7e8e2a53c3767a7f",
	  "bfd298428562e530c52bdb36d81a0e293ef4a0e94d787f0f8c0c611f4f9e78ed",
	  "b4d0e611e6935750fcf9406aae131f62",
	  "9f3fbd50b1a83fb63284bde44318c0fd" },
	{ 1, "b4d0e611e6935750fcf9406aae131f62",
	  "9dfbd06d86fed8e12de3ab214e1a63ea61f46253fe08346a20378da70c4a327d",
	  "bec632eb76123956f99a06d394fcbee8f135b8ed01f2e90aabe404cb0346744a",
	  "b4d0e611e6935750fcf9406aae131f62",
	  "161baa7490356292d020065fdbe55ffc" },
	{ 1, "40559fdbc34326d9d2f18ed277469c63",
	  "86fb0acf4932cda44dbb451282f415479462dd10cb97ff5e7e8e2a53c3767a7f",
	  "bfd298428562e530c52bdb36d81a0e293ef4a0e94d787f0f8c0c611f4f9e78ed",
	  "40559fdbc34326d9d2f18ed277469c63",
	  "fa649c6a2c5c0bb6a3511b9ea4b448d1" },
	{ 10000, "34569fdbc34326d9d2f18ed277469c63",
	  "86fb0acf4932cda44dbb451282f415479462dd10cb97ff5e7e8e2a53c3767a7f",
	  "bfd298428562e530c52bdb36d81a0e293ef4a0e94d787f0f8c0c611f4f9e78ed",
	  "36569fdbc34326d9d2f18ed277469c63",
	  "2802951e623c74adc443ab93e99633ee" },
	{ 100000, "2cff9fdbc34326d9d2f18ed277469c63",
	  "86fb0acf4932cda44dbb451282f415479462dd10cb97ff5e7e8e2a53c3767a7f",
	  "bfd298428562e530c52bdb36d81a0e293ef4a0e94d787f0f8c0c611f4f9e78ed",
	  "2eff9fdbc34326d9d2f18ed277469c63",
	  "400cb091139f86b352119f6e131802d6" },
	{ 1000000, "5243b3dbc34326d9d2f18ed277469c63",
	  "86fb0acf4932cda44dbb451282f415479462dd10cb97ff5e7e8e2a53c3767a7f",
	  "bfd298428562e530c52bdb36d81a0e293ef4a0e94d787f0f8c0c611f4f9e78ed",
	  "5543b3dbc34326d9d2f18ed277469c63",
	  "b47c718b56315e9697173a6bac1feaa4" },
};

static void
ask_of(struct hspow_ask *ask, const struct vector *v)
{
	UNHEX(ask->seed, v->seed);
	UNHEX(ask->blinded, v->blinded);
	ask->effort = v->effort;
}

static void
proof_of(uint8_t proof[INTROMSG_POW], const struct vector *v)
{
	proof[VERSION_AT] = 1;
	unhex(proof + NONCE_AT, 16, v->nonce);
	wire_set32(proof + EFFORT_AT, v->effort);
	ck_assert_int_eq(dec_hex(proof + SEED_AT, 4, v->seed, 8), 4);
	unhex(proof + SOLUTION_AT, EQUIX_LEN, v->solution);
}

/* A low effort takes any of a challenge's solutions, and their order is ours;
 * a high one at most takes one. */
START_TEST(hspow_search_finds_the_proofs_of_c_tor)
{
	const struct vector *v = &vectors[_i];
	uint8_t proof[INTROMSG_POW], want[INTROMSG_POW], nonce[HSPOW_NONCE];
	struct hspow_search s;
	struct hspow_ask ask;
	struct equix *e;
	int tries = 0;

	ask_of(&ask, v);
	proof_of(want, v);
	UNHEX(nonce, v->from);
	ck_assert_int_eq(equix_new(&e), 0);
	hspow_search_init(&s, &ask, nonce);
	while (!hspow_search_attempt(&s, e, proof))
		ck_assert_int_lt(tries++, 10);
	ck_assert_uint_eq(s.attempts, (unsigned)tries + 1);
	ck_assert_mem_eq(proof, want, v->effort < 100 ? SOLUTION_AT :
	    sizeof(proof));
	ck_assert_int_eq(hspow_verify(&ask, proof), 1);
	ck_assert_int_eq(hspow_verify(&ask, want), 1);
	equix_free(e);
}
END_TEST

/* Wherever it is wrong: version, nonce, effort, seed or solution. */
START_TEST(hspow_verify_any_other_byte_is_refused)
{
	uint8_t proof[INTROMSG_POW];
	struct hspow_ask ask;
	size_t i;

	ask_of(&ask, &vectors[_i]);
	proof_of(proof, &vectors[_i]);
	ck_assert_int_eq(hspow_verify(&ask, proof), 1);
	for (i = 0; i < sizeof(proof); i++) {
		proof[i] ^= 0x10;
		ck_assert_int_eq(hspow_verify(&ask, proof), 0);
		proof[i] ^= 0x10;
	}
}
END_TEST

START_TEST(hspow_verify_other_question_is_refused)
{
	uint8_t proof[INTROMSG_POW];
	struct hspow_ask ask;
	size_t i;

	ask_of(&ask, &vectors[0]);
	proof_of(proof, &vectors[0]);
	for (i = 0; i < 32; i++) {
		ask.blinded[i] ^= 1;
		ck_assert_int_eq(hspow_verify(&ask, proof), 0);
		ask.blinded[i] ^= 1;
		ask.seed[i] ^= 1;	/* also behind its head */
		ck_assert_int_eq(hspow_verify(&ask, proof), 0);
		ask.seed[i] ^= 1;
	}
	ask.effort++;
	ck_assert_int_eq(hspow_verify(&ask, proof), 0);
	ask.effort--;
	ck_assert_int_eq(hspow_verify(&ask, proof), 1);
}
END_TEST

/* Solutions of Equi-X whose hash is too large for what they claim. */
START_TEST(hspow_verify_solution_that_is_not_worth_it_is_refused)
{
	uint8_t found[EQUIX_FOUND_MAX][EQUIX_LEN], proof[INTROMSG_POW];
	struct hspow_search s;
	struct hspow_ask ask;
	struct equix *e;
	int n = 0, i;
	uint8_t nonce[HSPOW_NONCE] = { 0 };

	ask_of(&ask, &vectors[0]);
	ask.effort = 1000000;
	ck_assert_int_eq(equix_new(&e), 0);
	while (n < 1) {
		nonce[0]++;
		hspow_search_init(&s, &ask, nonce);
		n = equix_solve(e, s.challenge, sizeof(s.challenge), found);
	}
	proof_of(proof, &vectors[0]);
	memcpy(proof + NONCE_AT, nonce, sizeof(nonce));
	wire_set32(proof + EFFORT_AT, ask.effort);
	for (i = 0; i < n; i++) {
		ck_assert_int_eq(equix_verify(s.challenge,
		    sizeof(s.challenge), found[i]), 0);
		memcpy(proof + SOLUTION_AT, found[i], EQUIX_LEN);
		ck_assert_int_eq(hspow_verify(&ask, proof), 0);
	}
	equix_free(e);
}
END_TEST

/* All zero, for an effort of 1 and 10: neither sums nor worth. */
START_TEST(hspow_verify_zeros_are_refused)
{
	uint8_t proof[INTROMSG_POW] = { 1 };
	struct hspow_ask ask;

	memset(&ask, 0, sizeof(ask));
	memset(ask.blinded, 0x11, sizeof(ask.blinded));
	for (ask.effort = 0; ask.effort <= 10; ask.effort++) {
		wire_set32(proof + EFFORT_AT, ask.effort);
		ck_assert_int_eq(hspow_verify(&ask, proof), 0);
	}
}
END_TEST

START_TEST(hspow_search_passes_over_challenges_without_a_function)
{
	uint8_t nonce[HSPOW_NONCE] = { 0 }, proof[INTROMSG_POW];
	struct hspow_search s;
	struct hspow_ask ask;
	struct hashx h;
	struct equix *e;
	uint32_t n = 0;

	ask_of(&ask, &vectors[0]);
	do {
		wire_set32(nonce + 8, n++);
		hspow_search_init(&s, &ask, nonce);
	} while (hashx_make(&h, s.challenge, sizeof(s.challenge)) == 0);
	ck_assert_int_eq(equix_new(&e), 0);
	ck_assert_int_eq(hspow_search_attempt(&s, e, proof), 0);
	nonce[0]++;
	ck_assert_mem_eq(s.challenge + HSPOW_NONCE_AT, nonce, HSPOW_NONCE);
	equix_free(e);
}
END_TEST

static const struct {
	uint32_t	effort, want;
} again[] = {
	{ 0, 8 }, { 1, 8 }, { 4, 8 }, { 5, 10 }, { 8, 16 }, { 999, 1998 },
	{ 1000, 1500 }, { 1001, 1501 }, { 6666, 9999 }, { 6667, 10000 },
	{ 9999, 10000 }, { 10000, 10000 }, { 10001, 10000 },
	{ UINT32_MAX, 10000 },
};

START_TEST(hspow_effort_again_grows_up_to_the_cap)
{
	ck_assert_uint_eq(hspow_effort_again(again[_i].effort),
	    again[_i].want);
}
END_TEST

START_TEST(hspow_effort_first_is_what_is_suggested_up_to_the_cap)
{
	ck_assert_uint_eq(hspow_effort_first(0), 0);
	ck_assert_uint_eq(hspow_effort_first(9999), 9999);
	ck_assert_uint_eq(hspow_effort_first(10001), 10000);
	ck_assert_uint_eq(hspow_effort_first(UINT32_MAX), 10000);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT_LOOP(hspow_search_finds_the_proofs_of_c_tor, NELEM(vectors)),
	UNIT_LOOP(hspow_verify_any_other_byte_is_refused, NELEM(vectors)),
	UNIT(hspow_verify_other_question_is_refused),
	UNIT(hspow_verify_solution_that_is_not_worth_it_is_refused),
	UNIT(hspow_verify_zeros_are_refused),
	UNIT(hspow_search_passes_over_challenges_without_a_function),
	UNIT_LOOP(hspow_effort_again_grows_up_to_the_cap, NELEM(again)),
	UNIT(hspow_effort_first_is_what_is_suggested_up_to_the_cap),
};

UNIT_MAIN("hspow", tests)

/* tests/onion/hs/test_equix.c - Equi-X against the vectors of C tor and arti */
#include "onion/hs/equix.h"

#include <errno.h>
#include <string.h>

#include "tests/unit.h"

#define C(s)	s, sizeof(s) - 1

/* C tor's, all solutions of each challenge. */
static const struct {
	const char	*challenge;
	size_t		 len;
	int		 n;
	uint16_t	 want[5][EQUIX_NUMBERS];
} vectors[] = {
	{ C("zzz"), 1, {
	    { 0xae21, 0xd392, 0x3215, 0xdd9c, 0x2f08, 0x93df, 0x232c, 0xe5dc },
	} },
	{ C("rrr"), 1, {
	    { 0x0873, 0x57a8, 0x73e0, 0x912e, 0x1ca8, 0xad96, 0x9abd, 0xd7de },
	} },
	{ C("qqq"), 0, { { 0 } } },
	{ C("0123456789"), 0, { { 0 } } },
	{ C("zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz"), 0, { { 0 } } },
	{ C(""), 3, {
	    { 0x0098, 0x3a4d, 0xc489, 0xcfba, 0x7ef3, 0xa498, 0xa00f, 0xec20 },
	    { 0x78d8, 0x8611, 0xa4df, 0xec19, 0x0927, 0xa729, 0x842f, 0xf771 },
	    { 0x54b5, 0xcc11, 0x1593, 0xe624, 0x9357, 0xb339, 0xb138, 0xed99 },
	} },
	{ C("a"), 3, {
	    { 0x4b38, 0x8c81, 0x9255, 0xad99, 0x5ce7, 0xeb3e, 0xc635, 0xee38 },
	    { 0x3f9e, 0x659b, 0x9ae6, 0xb891, 0x63ae, 0x777c, 0x06ca, 0xc593 },
	    { 0x2227, 0xa173, 0x365a, 0xb47d, 0x1bb2, 0xa077, 0x0d5e, 0xf25f },
	} },
	{ C("abc"), 2, {
	    { 0x371f, 0x8865, 0x8189, 0xfbc3, 0x26df, 0xe4c0, 0xab39, 0xfe5a },
	    { 0x2101, 0xb88f, 0xc525, 0xccb3, 0x5785, 0xa41e, 0x4fba, 0xed18 },
	} },
	{ C("abce"), 4, {
	    { 0x4fca, 0x72eb, 0x101f, 0xafab, 0x1add, 0x2d71, 0x75a3, 0xc978 },
	    { 0x17f1, 0x7aa6, 0x23e3, 0xab00, 0x7e2f, 0x917e, 0x16da, 0xda9e },
	    { 0x70ee, 0x7757, 0x8a54, 0xbd2b, 0x90e4, 0xe31e, 0x2085, 0xe47e },
	    { 0x62c5, 0x86d1, 0x5752, 0xe1f0, 0x12da, 0x8f33, 0x7336, 0xf161 },
	} },
	{ C("01234567890123456789"), 5, {
	    { 0x4803, 0x6775, 0xc5c9, 0xd1b0, 0x1bc3, 0xe4f6, 0x4027, 0xf5ad },
	    { 0x5a8a, 0x9542, 0xef99, 0xf0b9, 0x4905, 0x4e29, 0x2da5, 0xfbd5 },
	    { 0x4c79, 0xc935, 0x2bcb, 0xcd0f, 0x0362, 0x9fa9, 0xa62e, 0xf83a },
	    { 0x5878, 0x6edf, 0x1e00, 0xf5e3, 0x43de, 0x9212, 0xd01e, 0xfd11 },
	    { 0x0b69, 0x2d17, 0x01be, 0x6cb4, 0x0fba, 0x4a9e, 0x8d75, 0xa50f },
	} },
};

static void
bytes(uint8_t out[EQUIX_LEN], const uint16_t n[EQUIX_NUMBERS])
{
	int i;

	for (i = 0; i < EQUIX_NUMBERS; i++) {
		out[2 * i] = n[i] & 0xff;
		out[2 * i + 1] = n[i] >> 8;
	}
}

static int
is_among(uint8_t found[][EQUIX_LEN], int n, const uint8_t *one)
{
	int i;

	for (i = 0; i < n; i++)
		if (memcmp(found[i], one, EQUIX_LEN) == 0)
			return 1;
	return 0;
}

START_TEST(equix_solve_finds_what_others_find)
{
	uint8_t found[EQUIX_FOUND_MAX][EQUIX_LEN], want[EQUIX_LEN];
	struct equix *e;
	int i, n;

	ck_assert_int_eq(equix_new(&e), 0);
	n = equix_solve(e, vectors[_i].challenge, vectors[_i].len, found);
	ck_assert_int_eq(n, vectors[_i].n);
	for (i = 0; i < n; i++) {
		bytes(want, vectors[_i].want[i]);
		ck_assert_int_eq(is_among(found, n, want), 1);
		ck_assert_int_eq(is_among(found, i, found[i]), 0);
		ck_assert_int_eq(equix_verify(vectors[_i].challenge,
		    vectors[_i].len, want), 0);
	}
	equix_free(e);
}
END_TEST

/* arti's: 20 challenges, 38 solutions.  One solver, one memory for all. */
START_TEST(equix_solve_finds_as_many_as_others)
{
	uint8_t found[EQUIX_FOUND_MAX][EQUIX_LEN];
	uint8_t challenge[4] = { 0 };
	struct equix *e;
	int i, n, total = 0;

	ck_assert_int_eq(equix_new(&e), 0);
	for (challenge[0] = 0; challenge[0] < 20; challenge[0]++) {
		n = equix_solve(e, challenge, sizeof(challenge), found);
		ck_assert_int_ge(n, 0);
		if (challenge[0] == 0)
			ck_assert_int_eq(n, 1);
		for (i = 0; i < n; i++)
			ck_assert_int_eq(equix_verify(challenge,
			    sizeof(challenge), found[i]), 0);
		total += n;
	}
	ck_assert_int_eq(total, 38);
	equix_free(e);
}
END_TEST

static const struct {
	uint16_t	n[EQUIX_NUMBERS];
	int		want;
} checks[] = {	/* of the challenge "a" */
	{ { 0x2227, 0xa173, 0x365a, 0xb47d, 0x1bb2, 0xa077, 0x0d5e, 0xf25f },
	    0 },
	{ { 0x1bb2, 0xa077, 0x0d5e, 0xf25f, 0x2220, 0xa173, 0x365a, 0xb47d },
	    -EINVAL },		/* halves */
	{ { 0x2220, 0xa173, 0x365a, 0xb47d, 0x1bb2, 0xa077, 0x0d5e, 0xf25f },
	    -EBADMSG },
	{ { 0xa173, 0x2227, 0x365a, 0xb47d, 0x1bb2, 0xa077, 0x0d5e, 0xf25f },
	    -EINVAL },		/* a pair */
	{ { 0x365a, 0xb47d, 0x2227, 0xa173, 0x1bb2, 0xa077, 0x0d5e, 0xf25f },
	    -EINVAL },		/* two pairs */
	{ { 0x2227, 0xa173, 0x365a, 0xb47d, 0x1bb2, 0xa077, 0xf25f, 0x0d5e },
	    -EINVAL },		/* the last pair */
	{ { 0x2227, 0xa173, 0x2227, 0xa173, 0x2227, 0xa173, 0x2227, 0xa173 },
	    -EBADMSG },		/* equal sides are in order */
	{ { 0 }, -EBADMSG },
	{ { 0xffff, 0xffff, 0xffff, 0xffff, 0xffff, 0xffff, 0xffff, 0xffff },
	    -EBADMSG },
};

START_TEST(equix_verify_wants_order_and_sums)
{
	uint8_t in[EQUIX_LEN];

	bytes(in, checks[_i].n);
	ck_assert_int_eq(equix_verify("a", 1, in), checks[_i].want);
}
END_TEST

START_TEST(equix_verify_other_challenge_is_refused)
{
	uint8_t in[EQUIX_LEN];

	bytes(in, checks[0].n);
	ck_assert_int_eq(equix_verify("b", 1, in), -EBADMSG);
	ck_assert_int_eq(equix_verify("", 0, in), -EBADMSG);
	ck_assert_int_eq(equix_verify("a\0", 2, in), -EBADMSG);
}
END_TEST

START_TEST(equix_verify_any_flipped_bit_is_refused)
{
	uint8_t in[EQUIX_LEN];
	unsigned bit;

	for (bit = 0; bit < 8 * EQUIX_LEN; bit++) {
		bytes(in, checks[0].n);
		in[bit / 8] ^= (uint8_t)(1 << bit % 8);
		ck_assert_int_lt(equix_verify("a", 1, in), 0);
	}
}
END_TEST

/* Heap's algorithm: arti's count of the permutations of the one solution for
 * the challenge 0 that are in order. */
struct count {
	int	good, disorder, sum;
};

static void
permute(uint16_t n[EQUIX_NUMBERS], int k, struct count *c)
{
	static const uint8_t challenge[4];
	uint8_t in[EQUIX_LEN];
	uint16_t t;
	int i, at, rc;

	if (k == 1) {
		bytes(in, n);
		rc = equix_verify(challenge, sizeof(challenge), in);
		c->good += rc == 0;
		c->disorder += rc == -EINVAL;
		c->sum += rc == -EBADMSG;
		return;
	}
	for (i = 0; i < k; i++) {
		permute(n, k - 1, c);
		at = k % 2 == 0 ? i : 0;
		t = n[at];
		n[at] = n[k - 1];
		n[k - 1] = t;
	}
}

START_TEST(equix_verify_takes_one_of_all_permutations)
{
	static const uint8_t challenge[4];
	uint8_t found[EQUIX_FOUND_MAX][EQUIX_LEN];
	struct count c = { 0, 0, 0 };
	uint16_t n[EQUIX_NUMBERS];
	struct equix *e;
	int i;

	ck_assert_int_eq(equix_new(&e), 0);
	ck_assert_int_eq(equix_solve(e, challenge, sizeof(challenge), found),
	    1);
	for (i = 0; i < EQUIX_NUMBERS; i++)
		n[i] = (uint16_t)(found[0][2 * i] | found[0][2 * i + 1] << 8);
	permute(n, EQUIX_NUMBERS, &c);
	ck_assert_int_eq(c.good, 1);
	ck_assert_int_eq(c.sum, 314);
	ck_assert_int_eq(c.disorder, 40320 - 1 - 314);
	equix_free(e);
}
END_TEST

static const char *const functionless[] = {
	"bsipdp", "espceob", "tvfdrjb", "zuneuh", "augbcgc", "ldspzed"
};

START_TEST(equix_challenge_without_a_function_is_told)
{
	static const uint8_t zero[EQUIX_LEN];
	uint8_t found[EQUIX_FOUND_MAX][EQUIX_LEN];
	const char *c = functionless[_i];
	struct equix *e;

	ck_assert_int_eq(equix_new(&e), 0);
	ck_assert_int_eq(equix_solve(e, c, strlen(c), found), -EDOM);
	ck_assert_int_eq(equix_verify(c, strlen(c), zero), -EDOM);
	equix_free(e);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT_LOOP(equix_solve_finds_what_others_find, NELEM(vectors)),
	UNIT(equix_solve_finds_as_many_as_others),
	UNIT_LOOP(equix_verify_wants_order_and_sums, NELEM(checks)),
	UNIT(equix_verify_other_challenge_is_refused),
	UNIT(equix_verify_any_flipped_bit_is_refused),
	UNIT(equix_verify_takes_one_of_all_permutations),
	UNIT_LOOP(equix_challenge_without_a_function_is_told,
	    NELEM(functionless)),
};

UNIT_MAIN("equix", tests)

/* tests/base/test_enc.c - vectors of RFC 4648 section 10 */
#include "base/enc.h"

#include <errno.h>
#include <string.h>

#include "tests/unit.h"

static const struct {
	const char	*plain;
	const char	*hex;
	const char	*b32;
	const char	*b64;
	const char	*bare;
} vectors[] = {
	{ "", "", "", "", "" },
	{ "f", "66", "my", "Zg==", "Zg" },
	{ "fo", "666F", "mzxq", "Zm8=", "Zm8" },
	{ "foo", "666F6F", "mzxw6", "Zm9v", "Zm9v" },
	{ "foob", "666F6F62", "mzxw6yq", "Zm9vYg==", "Zm9vYg" },
	{ "fooba", "666F6F6261", "mzxw6ytb", "Zm9vYmE=", "Zm9vYmE" },
	{ "foobar", "666F6F626172", "mzxw6ytboi", "Zm9vYmFy", "Zm9vYmFy" },
	{ "\xff\xfe\xfb", "FFFEFB", "777pw", "//77", "//77" },
};

START_TEST(enc_vector_encodes_and_decodes)
{
	const char *plain = vectors[_i].plain;
	size_t n = strlen(plain);
	char text[64];
	uint8_t out[16];

	enc_hex(text, plain, n);
	ck_assert_str_eq(text, vectors[_i].hex);
	ck_assert_int_eq(dec_hex(out, n, text, strlen(text)), (int)n);
	ck_assert_mem_eq(out, plain, n);
	enc_b32(text, plain, n);
	ck_assert_str_eq(text, vectors[_i].b32);
	ck_assert_uint_eq(strlen(text), ENC_B32_LEN(n) - 1);
	ck_assert_int_eq(dec_b32(out, n, text, strlen(text)), (int)n);
	ck_assert_mem_eq(out, plain, n);
	enc_b64(text, plain, n);
	ck_assert_str_eq(text, vectors[_i].b64);
	ck_assert_uint_lt(strlen(text), ENC_B64_LEN(n));
	ck_assert_int_eq(dec_b64(out, n, text, strlen(text)), (int)n);
	ck_assert_mem_eq(out, plain, n);
	enc_b64_bare(text, plain, n);
	ck_assert_str_eq(text, vectors[_i].bare);
	ck_assert_int_eq(dec_b64(out, n, text, strlen(text)), (int)n);
	ck_assert_mem_eq(out, plain, n);
	if (n) {
		ck_assert_int_eq(dec_b64(out, n - 1, text, strlen(text)),
		    -EINVAL);
		ck_assert_int_eq(dec_hex(out, n - 1, vectors[_i].hex, 2 * n),
		    -EINVAL);
	}
}
END_TEST

static const struct {
	const char	*text;
	size_t		 len;
} bad_b64[] = {
	{ "A", 1 }, { "AAAAA", 5 }, { "====", 4 }, { "=", 1 }, { "==", 2 },
	{ "A===", 4 }, { "AA=A", 4 }, { "=AAA", 4 }, { "AA=", 3 },
	{ "Zg= ", 4 }, { "Zg==\n", 5 }, { "Zm9v Zg", 7 }, { "Zm-v", 4 },
	{ "Zm_v", 4 }, { "Zh", 2 }, { "Zh==", 4 }, { "Zm9=", 4 },
	{ "AAAA====", 8 }, { "Zm9vYg===", 9 }, { "AA\0A", 4 },
	{ "\xff\xff\xff\xff", 4 }, { "AA==AA==", 8 },
};

static const char *const bad_b32[] = {
	"m", "mzx", "mzxw6y",		/* no such lengths */
	"my======", "m0", "m1", "m8", "m9", "m-", "m ", "\xc3\xa9",
	"mz", "mzxr", "mzxw7",		/* bits that mean nothing */
};

START_TEST(dec_b32_bad_text_is_refused)
{
	uint8_t out[16];

	ck_assert_int_eq(dec_b32(out, sizeof(out), bad_b32[_i],
	    strlen(bad_b32[_i])), -EINVAL);
}
END_TEST

START_TEST(dec_b32_case_does_not_count_and_max_does)
{
	uint8_t out[6];

	ck_assert_int_eq(dec_b32(out, 6, "MZxw6YTBOI", 10), 6);
	ck_assert_mem_eq(out, "foobar", 6);
	ck_assert_int_eq(dec_b32(out, 5, "mzxw6ytboi", 10), -EINVAL);
}
END_TEST

START_TEST(dec_b64_bad_text_is_refused)
{
	uint8_t out[16];

	ck_assert_int_eq(dec_b64(out, sizeof(out), bad_b64[_i].text,
	    bad_b64[_i].len), -EINVAL);
}
END_TEST

static const struct {
	const char	*text;
	size_t		 len;
} bad_hex[] = {
	{ "1", 1 }, { "123", 3 }, { "0g", 2 }, { "g0", 2 }, { " 1", 2 },
	{ "0x", 2 }, { "1\0", 2 }, { "-1", 2 }, { "@@", 2 }, { "``", 2 },
	{ "//", 2 }, { "::", 2 },
};

START_TEST(dec_hex_bad_text_is_refused)
{
	uint8_t out[4];

	ck_assert_int_eq(dec_hex(out, sizeof(out), bad_hex[_i].text,
	    bad_hex[_i].len), -EINVAL);
}
END_TEST

START_TEST(dec_hex_takes_both_cases)
{
	uint8_t out[3];

	ck_assert_int_eq(dec_hex(out, 3, "aBcDeF", 6), 3);
	ck_assert_mem_eq(out, "\xab\xcd\xef", 3);
}
END_TEST

START_TEST(enc_random_bytes_come_back)
{
	uint8_t in[200], out[200];
	char text[ENC_B64_LEN(200) + 400];
	size_t n;
	int i;

	for (i = 0; i < 2000; i++) {
		n = (size_t)rand_below(sizeof(in) + 1);
		rand_bytes(in, n);
		enc_b64(text, in, n);
		ck_assert_int_eq(dec_b64(out, n, text, strlen(text)), (int)n);
		ck_assert_mem_eq(out, in, n);
		enc_b64_bare(text, in, n);
		ck_assert_int_eq(dec_b64(out, n, text, strlen(text)), (int)n);
		ck_assert_mem_eq(out, in, n);
		enc_hex(text, in, n);
		ck_assert_int_eq(dec_hex(out, n, text, strlen(text)), (int)n);
		ck_assert_mem_eq(out, in, n);
	}
}
END_TEST

static const struct unit_test tests[] = {
	UNIT_LOOP(enc_vector_encodes_and_decodes, NELEM(vectors)),
	UNIT_LOOP(dec_b32_bad_text_is_refused, NELEM(bad_b32)),
	UNIT(dec_b32_case_does_not_count_and_max_does),
	UNIT_LOOP(dec_b64_bad_text_is_refused, NELEM(bad_b64)),
	UNIT_LOOP(dec_hex_bad_text_is_refused, NELEM(bad_hex)),
	UNIT(dec_hex_takes_both_cases),
	UNIT(enc_random_bytes_come_back),
};

UNIT_MAIN("enc", tests)

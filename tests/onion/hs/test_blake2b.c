/* tests/onion/hs/test_blake2b.c - BLAKE2b: RFC 7693, Python, libsodium */
#include "onion/hs/blake2b.h"

#include <sodium.h>

#include "tests/onion/crypto/hex.h"
#include "tests/unit.h"

/* Made with hashlib of Python; byte i of the input is 7 * i + len. */
static const struct {
	size_t		 out_len, len;
	const char	*salt, *person, *want;
} cases[] = {
	{ 1, 0, "", "",
	  "2e" },
	{ 4, 116, "", "",
	  "4bd36c4c" },
	{ 4, 0, "", "",
	  "1271cf25" },
	{ 4, 3, "", "",
	  "7e655eb1" },
	{ 8, 127, "", "",
	  "262a6b51bea9b7cc" },
	{ 16, 128, "", "",
	  "117ca2028a4b08156b399fd29adea911" },
	{ 20, 129, "", "",
	  "c6c21f622fe0096e8de681e4327f4b2159c615a0" },
	{ 32, 255, "", "",
	  "b579b3e762db9a4a9def50ea22419ca669a4875f015a167f52baa86547df"
	  "7554" },
	{ 33, 256, "", "",
	  "b8d26165a062e1714685742deaf52dc2e0ac755122ca65266d54fcdff99a"
	  "ecd7f3" },
	{ 48, 257, "", "",
	  "b0cd25dd877a62f0110d18bd5b115535fbd3e9e1f991b30c5a23df7cab18"
	  "6a704a95275ed214b5f86192e4d0c1a6a5b2" },
	{ 64, 1000, "", "",
	  "eee729ae72452db92c8475b12e4cebd336e3a6761b4b83399221f4a89061"
	  "1e86a6b62efe82240bc0ec06417c02aadb54a37bbb5f659984cc0b8b7e1c"
	  "afa573ec" },
	{ 64, 0, "HashX v1", "",
	  "92bec5b34777cacade215f8b26bd6a292ad7ad952f4d4c9ec7c11e33277f"
	  "ac0019c4f1867f192dc3fe8de2f4ba7ae4bbd4286f78d5b974c15a032ab2"
	  "9741bda2" },
	{ 64, 100, "HashX v1", "",
	  "a546c73925db1c71d4c1980c1c8d43c9f24e353b9541af11db95cf51c76e"
	  "9a747e64514866d0d3cefd941664ce48d22a18f7840029130f635b71c1c0"
	  "e99e27b1" },
	{ 64, 128, "0123456789abcdef", "",
	  "06259bc3876eac9afeef9f0619b174aec54371cf6acd733b06efdc28c998"
	  "e5705d17c0737ce58a3b9ee758bd22990c4ca6842b0a2a70602562cfefbe"
	  "417120e7" },
	{ 63, 5, "", "fedcba9876543210",
	  "6311e7bf1aec21956efa0539780270e076f11b8eaa14d40f913522a06cb5"
	  "3a9d7134036da421735982473b64a0764867b1cc3f36b01bdf591ecb4d85"
	  "87e878" },
	{ 31, 200, "0123456789abcdef", "fedcba9876543210",
	  "4724dcea83ebbc588182554bc30d3d14e7863ba72997e5e167dfa163dc05"
	  "6a" },
	{ 4, 100, "salt", "person",
	  "43e7a425" },
};

static void
input(uint8_t *out, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		out[i] = (uint8_t)(7 * i + len);
}

START_TEST(blake2b_is_that_of_python)
{
	uint8_t in[1000], out[BLAKE2B_MAX];
	uint8_t salt[BLAKE2B_SALT] = { 0 }, person[BLAKE2B_PERSON] = { 0 };

	input(in, cases[_i].len);
	memcpy(salt, cases[_i].salt, strlen(cases[_i].salt));
	memcpy(person, cases[_i].person, strlen(cases[_i].person));
	blake2b(out, cases[_i].out_len, in, cases[_i].len,
	    cases[_i].salt[0] ? salt : NULL,
	    cases[_i].person[0] ? person : NULL);
	CK_HEX(out, cases[_i].out_len, cases[_i].want);
}
END_TEST

START_TEST(blake2b_abc_is_that_of_rfc7693)
{
	uint8_t out[64];

	blake2b(out, sizeof(out), "abc", 3, NULL, NULL);
	CK_HEX(out, sizeof(out),
	    "BA80A53F981C4D0D6A2797B69F12F6E94C212F14685AC4B74B12BB6FDBFFA2D1"
	    "7D87C5392AAB792DC252D5DE4533CC9518D38AA8DBF1925AB92386EDD4009923");
}
END_TEST

/* All lengths around the blocks' ends, all results that libsodium can make. */
START_TEST(blake2b_any_length_is_that_of_libsodium)
{
	uint8_t in[400], ours[64], theirs[64];
	uint8_t salt[BLAKE2B_SALT], person[BLAKE2B_PERSON];
	size_t len, out_len;

	randombytes_buf(in, sizeof(in));
	randombytes_buf(salt, sizeof(salt));
	randombytes_buf(person, sizeof(person));
	for (len = 0; len <= sizeof(in); len++) {
		out_len = 16 + len % 49;
		blake2b(ours, out_len, in, len, salt, person);
		ck_assert_int_eq(crypto_generichash_blake2b_salt_personal(
		    theirs, out_len, in, len, NULL, 0, salt, person), 0);
		ck_assert_mem_eq(ours, theirs, out_len);
	}
}
END_TEST

START_TEST(blake2b_writes_no_more_than_asked_for)
{
	uint8_t out[BLAKE2B_MAX + 1];
	size_t len;

	for (len = 1; len <= BLAKE2B_MAX; len++) {
		out[len] = 0xA5;
		blake2b(out, len, NULL, 0, NULL, NULL);
		ck_assert_uint_eq(out[len], 0xA5);
	}
}
END_TEST

static const struct unit_test tests[] = {
	UNIT_LOOP(blake2b_is_that_of_python, NELEM(cases)),
	UNIT(blake2b_abc_is_that_of_rfc7693),
	UNIT(blake2b_any_length_is_that_of_libsodium),
	UNIT(blake2b_writes_no_more_than_asked_for),
};

UNIT_MAIN("blake2b", tests)

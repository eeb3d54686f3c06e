/* tests/onion/hs/test_onionaddr.c - addresses of onion services */
#include "onion/hs/onionaddr.h"

#include <ctype.h>
#include <string.h>

#include "onion/crypto/crypt.h"
#include "tests/onion/crypto/hex.h"
#include "tests/unit.h"
#include "tests/vectors/hs.h"

/* Of services that exist, and of tor's test/hs_build_address.py. */
#define DUCK	"duckduckgogg42xjoc72x3sjasowoarfbgcmvfimaftt6twagswzczad"
#define TORPRO	"2gzyxa5ihm7nsggfxnu52rck2vv4rvmdlkiu3zzui5du4xyclen53wid"
#define RFC8032	"25njqamcweflpvkl73j4szahhihoc4xt3ktcgjnpaingr5yhkenl5sid"

static const char *const good[] = {
	DUCK ".onion", TORPRO ".onion", RFC8032 ".onion",
	DUCK ".onion.", "www." DUCK ".onion", "a.b.c." DUCK ".onion.",
	DUCK ".ONION", DUCK ".OnIoN",
	"DUCKDUCKGOGG42XJOC72X3SJASOWOARFBGCMVFIMAFTT6TWAGSWZCZAD.onion",
	TORPRO "." DUCK ".onion", ".." DUCK ".onion", "-_." DUCK ".onion",
};

START_TEST(onionaddr_parse_good_address_is_ok)
{
	uint8_t key[ONIONADDR_KEY];
	char text[ONIONADDR_TEXT];
	const char *label;
	size_t i;

	ck_assert_int_eq(onionaddr_parse(good[_i], key), ONIONADDR_OK);
	onionaddr_format(key, text);
	ck_assert_uint_eq(strlen(text), ONIONADDR_TEXT - 1);
	label = strrchr(good[_i], '.');
	if (label[1] == '\0')
		for (label--; *label != '.'; label--)
			;
	label -= ONIONADDR_LABEL;
	for (i = 0; i < ONIONADDR_LABEL; i++)
		ck_assert_int_eq(text[i], tolower((unsigned char)label[i]));
	ck_assert_str_eq(text + ONIONADDR_LABEL, ".onion");
}
END_TEST

START_TEST(onionaddr_parse_gives_the_key)
{
	uint8_t key[ONIONADDR_KEY];
	char host[80], text[ONIONADDR_TEXT];

	snprintf(host, sizeof(host), "%s.onion", hsv_address);
	ck_assert_int_eq(onionaddr_parse(host, key), ONIONADDR_OK);
	CK_HEX(key, sizeof(key), hsv_service);
	onionaddr_format(key, text);
	ck_assert_str_eq(text, host);
	ck_assert_int_eq(onionaddr_parse(RFC8032 ".onion", key),
	    ONIONADDR_OK);
	CK_HEX(key, sizeof(key), "d75a980182b10ab7d54bfed3c964073a0ee172f3daa"
	    "62325af021a68f707511a");
}
END_TEST

static const struct {
	const char		*host;
	enum onionaddr_verdict	 want;
} others[] = {
	{ "", ONIONADDR_NOT },
	{ ".", ONIONADDR_NOT },
	{ "example.com", ONIONADDR_NOT },
	{ "onion.example.com", ONIONADDR_NOT },
	{ DUCK, ONIONADDR_NOT },
	{ DUCK "onion", ONIONADDR_NOT },
	{ DUCK ".onions", ONIONADDR_NOT },
	{ DUCK ".onion.com", ONIONADDR_NOT },
	{ "xonion", ONIONADDR_NOT },
	{ "onio", ONIONADDR_NOT },
	/* In .onion, though no address is there: never for an exit. */
	{ "onion", ONIONADDR_LENGTH },
	{ "ONION.", ONIONADDR_LENGTH },
	{ ".onion", ONIONADDR_LENGTH },
	{ "..onion", ONIONADDR_LENGTH },
	{ "a.onion", ONIONADDR_LENGTH },
	{ DUCK "..onion", ONIONADDR_LENGTH },
	{ DUCK ".onion..", ONIONADDR_LENGTH },
	{ "onion..", ONIONADDR_LENGTH },
	{ DUCK ".onion......", ONIONADDR_LENGTH },
	{ "a" DUCK ".onion", ONIONADDR_LENGTH },
	{ &DUCK ".onion"[1], ONIONADDR_LENGTH },
	{ DUCK ".www.onion", ONIONADDR_LENGTH },
	{ "expyuzz4wqqyqhjn.onion", ONIONADDR_V2 },
	{ "www.EXPYUZZ4WQQYQHJN.onion.", ONIONADDR_V2 },
	{ "0uckduckgogg42xjoc72x3sjasowoarfbgcmvfimaftt6twagswzczad.onion",
	    ONIONADDR_ALPHABET },
	{ "duckduckgogg42xjoc72x3sjasowoarfbgcmvfimaftt6twagswzcz-d.onion",
	    ONIONADDR_ALPHABET },
	{ "duckduckgogg42xjoc72x3sjasowoarfbgcmvfimaftt6twagswzcz\xc3\xa9"
	    ".onion",
	    ONIONADDR_ALPHABET },
	{ "eugkduckgogg42xjoc72x3sjasowoarfbgcmvfimaftt6twagswzczad.onion",
	    ONIONADDR_CHECKSUM },
	{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.onion",
	    ONIONADDR_VERSION },
};

START_TEST(onionaddr_parse_other_names_are_told_apart)
{
	uint8_t key[ONIONADDR_KEY] = { 1, 2, 3 }, before[ONIONADDR_KEY];

	memcpy(before, key, sizeof(key));
	ck_assert_msg(onionaddr_parse(others[_i].host, key) ==
	    others[_i].want, "%s", others[_i].host);
	ck_assert_mem_eq(key, before, sizeof(key));
}
END_TEST

static const struct {
	const char		*label;
	enum onionaddr_verdict	 want;
} points[] = {
	{ hsv_address, ONIONADDR_OK },
	{ hsv_address_torsion_8, ONIONADDR_POINT },
	{ hsv_address_torsion_4, ONIONADDR_POINT },
	{ hsv_address_torsion_2, ONIONADDR_POINT },
	{ hsv_address_small_8, ONIONADDR_POINT },
	{ hsv_address_small_4, ONIONADDR_POINT },
	{ hsv_address_small_2, ONIONADDR_POINT },
	{ hsv_address_identity, ONIONADDR_POINT },
	{ hsv_address_not_canonical, ONIONADDR_POINT },
	{ hsv_address_off_curve, ONIONADDR_POINT },
	{ hsv_address_version_4, ONIONADDR_VERSION },
};

START_TEST(onionaddr_parse_refuses_what_is_no_key)
{
	uint8_t key[ONIONADDR_KEY];
	char host[80];

	snprintf(host, sizeof(host), "%s.onion", points[_i].label);
	ck_assert_int_eq(onionaddr_parse(host, key), points[_i].want);
}
END_TEST

/* Each of 56 characters, each way of mistyping it. */
START_TEST(onionaddr_parse_one_wrong_character_is_never_ok)
{
	static const char chars[] = "abcdefghijklmnopqrstuvwxyz234567";
	char host[] = DUCK ".onion";
	uint8_t key[ONIONADDR_KEY];
	size_t i, c;

	for (i = 0; i < ONIONADDR_LABEL; i++) {
		char was = host[i];

		for (c = 0; c < 32; c++) {
			host[i] = chars[c];
			ck_assert_msg((onionaddr_parse(host, key) ==
			    ONIONADDR_OK) == (chars[c] == was), "%s", host);
		}
		host[i] = was;
	}
}
END_TEST

START_TEST(onionaddr_why_has_words_for_each_refusal)
{
	int v;

	ck_assert_ptr_null(onionaddr_why(ONIONADDR_NOT));
	ck_assert_ptr_null(onionaddr_why(ONIONADDR_OK));
	for (v = ONIONADDR_V2; v <= ONIONADDR_POINT; v++)
		ck_assert_uint_gt(strlen(onionaddr_why(
		    (enum onionaddr_verdict)v)), 10);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT_LOOP(onionaddr_parse_good_address_is_ok, NELEM(good)),
	UNIT(onionaddr_parse_gives_the_key),
	UNIT_LOOP(onionaddr_parse_other_names_are_told_apart, NELEM(others)),
	UNIT_LOOP(onionaddr_parse_refuses_what_is_no_key, NELEM(points)),
	UNIT(onionaddr_parse_one_wrong_character_is_never_ok),
	UNIT(onionaddr_why_has_words_for_each_refusal),
};

int
main(void)
{
	crypt_init();
	return unit_run("onionaddr", tests, NELEM(tests));
}

/* tests/onion/hs/test_blind.c - blinded keys, subcredentials */
#include "onion/hs/blind.h"

#include <errno.h>

#include "onion/crypto/crypt.h"
#include "tests/onion/crypto/hex.h"
#include "tests/unit.h"
#include "tests/vectors/hs.h"

/* That of C tor and arti: test_blinding_basics. */
START_TEST(blind_service_makes_what_tor_makes)
{
	uint8_t key[BLIND_KEY];
	struct blind b;

	UNHEX(key, "833990B085C1A688C1D4C8B1F6B56AFAF5A2ECA674449E1D704F83765"
	    "CCB7BC6");
	ck_assert_int_eq(blind_service(&b, key, 1234, 1440), 0);
	CK_HEX(b.key, sizeof(b.key), "3A50BF210E8F9EE955AE0014F7A6917FB65EBF0"
	    "98A86305ABB508D1A7291B6D5");
	CK_HEX(b.subcredential, sizeof(b.subcredential), "635D55907816E8D7639"
	    "8A675A50B1C2F3E36B42A5CA77BA3A0441285161AE07D");
}
END_TEST

START_TEST(blind_service_makes_what_the_specification_says)
{
	uint8_t key[BLIND_KEY];
	struct blind b;

	UNHEX(key, hsv_service);
	ck_assert_int_eq(blind_service(&b, key, HSV_PERIOD, HSV_MINUTES), 0);
	CK_HEX(b.key, sizeof(b.key), hsv_blinded);
	CK_HEX(b.subcredential, sizeof(b.subcredential), hsv_subcredential);
	ck_assert_int_eq(blind_service(&b, key, 7, 240), 0);
	CK_HEX(b.key, sizeof(b.key), hsv_blinded_240);
}
END_TEST

/* Identity, order 2, off the curve: onionaddr_parse() lets none of them come
 * here, and still. */
START_TEST(blind_service_no_key_is_refused)
{
	static const uint8_t bad[3][BLIND_KEY] = {
		{ 1 }, { 0 }, { 2 }
	};
	struct blind b;

	ck_assert_int_eq(blind_service(&b, bad[_i], 1, 1440), -EBADMSG);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(blind_service_makes_what_tor_makes),
	UNIT(blind_service_makes_what_the_specification_says),
	UNIT_LOOP(blind_service_no_key_is_refused, 3),
};

int
main(void)
{
	crypt_init();
	return unit_run("blind", tests, NELEM(tests));
}

/* tests/dnsport/test_cookie.c - whose address a cookie proves */
#include "dnsport/cookie.h"

#include <string.h>

#include "base/addr.h"
#include "base/hash.h"
#include "tests/unit.h"

/* RFC 9018, appendix A.1 to A.4. */
static const struct {
	uint8_t		 secret[16];
	uint8_t		 cookie[COOKIE_LEN];
	const char	*addr;
	int64_t		 wall;
} vectors[] = {
	{ { 0xe5, 0xe9, 0x73, 0xe5, 0xa6, 0xb2, 0xa4, 0x3f, 0x48, 0xe7, 0xdc,
	    0x84, 0x9e, 0x37, 0xbf, 0xcf },
	  { 0x24, 0x64, 0xc4, 0xab, 0xcf, 0x10, 0xc9, 0x57, 0x01, 0, 0, 0,
	    0x5c, 0xf7, 0x9f, 0x11, 0x1f, 0x81, 0x30, 0xc3, 0xee, 0xe2, 0x94,
	    0x80 }, "198.51.100.100", 1559731985 },
	{ { 0x44, 0x55, 0x36, 0xbc, 0xd2, 0x51, 0x32, 0x98, 0x07, 0x5a, 0x5d,
	    0x37, 0x96, 0x63, 0xc9, 0x62 },
	  { 0x22, 0x68, 0x1a, 0xb9, 0x7d, 0x52, 0xc2, 0x98, 0x01, 0, 0, 0,
	    0x5c, 0xf7, 0xc6, 0x09, 0xa6, 0xbb, 0x79, 0xd1, 0x66, 0x25, 0x50,
	    0x7a }, "2001:db8:220:1:59de:d0f4:8769:82b8", 0x5cf7c609 },
};

START_TEST(cookie_make_gives_the_vectors_of_the_specification)
{
	struct hash_key key;
	uint8_t out[COOKIE_LEN];
	struct addr a;

	memcpy(key.k, vectors[_i].secret, 16);
	ck_assert_int_eq(addr_parse_ip(&a, vectors[_i].addr, -1), 0);
	cookie_make(&key, vectors[_i].cookie, &a, vectors[_i].wall, out);
	ck_assert_mem_eq(out, vectors[_i].cookie, COOKIE_LEN);
	ck_assert(cookie_is_ours(&key, out, COOKIE_LEN, &a,
	    vectors[_i].wall));
}
END_TEST

static struct hash_key key;
static struct addr client;
static uint8_t ours[COOKIE_LEN];
enum { NOW = 1795300000 };

static void
make(void)
{
	hash_draw(&key);
	addr_v4(&client, 0x0a000001, 4000);
	cookie_make(&key, (const uint8_t *)"client!!", &client, NOW, ours);
}

START_TEST(cookie_is_ours_for_that_address_and_key_only)
{
	struct addr other;
	size_t i;

	make();
	ck_assert_mem_eq(ours, "client!!", 8);
	ck_assert(cookie_is_ours(&key, ours, COOKIE_LEN, &client, NOW));
	client.port = 5000;		/* ports change */
	ck_assert(cookie_is_ours(&key, ours, COOKIE_LEN, &client, NOW));
	addr_v4(&other, 0x0a000002, 4000);
	ck_assert(!cookie_is_ours(&key, ours, COOKIE_LEN, &other, NOW));
	for (i = 0; i < COOKIE_LEN; i++) {
		ours[i] ^= 1;
		ck_assert(!cookie_is_ours(&key, ours, COOKIE_LEN, &client,
		    NOW));
		ours[i] ^= 1;
	}
	for (i = 0; i < COOKIE_LEN; i++)
		ck_assert(!cookie_is_ours(&key, ours, i, &client, NOW));
	hash_draw(&key);
	ck_assert(!cookie_is_ours(&key, ours, COOKIE_LEN, &client, NOW));
}
END_TEST

START_TEST(cookie_is_ours_for_an_hour)
{
	make();
	ck_assert(cookie_is_ours(&key, ours, COOKIE_LEN, &client,
	    NOW + COOKIE_OLD_S));
	ck_assert(!cookie_is_ours(&key, ours, COOKIE_LEN, &client,
	    NOW + COOKIE_OLD_S + 1));
	ck_assert(cookie_is_ours(&key, ours, COOKIE_LEN, &client,
	    NOW - COOKIE_AHEAD_S));
	ck_assert(!cookie_is_ours(&key, ours, COOKIE_LEN, &client,
	    NOW - COOKIE_AHEAD_S - 1));
}
END_TEST

static const struct unit_test tests[] = {
	UNIT_LOOP(cookie_make_gives_the_vectors_of_the_specification,
	    NELEM(vectors)),
	UNIT(cookie_is_ours_for_that_address_and_key_only),
	UNIT(cookie_is_ours_for_an_hour),
};

UNIT_MAIN("cookie", tests)

/* tests/onion/link/test_hello.c */
#include <errno.h>
#include <string.h>

#include "onion/link/hello.h"
#include "tests/unit.h"

START_TEST(hello_versions_build_offers_what_c_tor_offers)
{
	static const uint8_t want[] = {
		0, 0, 7, 0, 6, 0, 3, 0, 4, 0, 5
	};
	uint8_t got[HELLO_VERSIONS_LEN];

	hello_versions_build(got);
	ck_assert_mem_eq(got, want, sizeof(want));
}
END_TEST

static const struct {
	const char	*name;
	uint8_t		 body[8];
	size_t		 len;
	int		 want;
} versions[] = {
	{ "usual", { 0, 3, 0, 4, 0, 5 }, 6, 5 },
	{ "any order", { 0, 5, 0, 4 }, 4, 5 },
	{ "only 4", { 0, 4 }, 2, 4 },
	{ "unknown ones", { 0, 4, 0, 9, 4, 0 }, 6, 4 },
	{ "none in common", { 0, 3, 0, 6 }, 4, -EPROTO },
	{ "empty", { 0 }, 0, -EPROTO },
	{ "odd", { 0, 4, 0, 5, 0 }, 5, -EPROTO },
	{ "one byte", { 5 }, 1, -EPROTO },
};

START_TEST(hello_versions_pick_is_the_highest_in_common)
{
	ck_assert_msg(hello_versions_pick(versions[_i].body,
	    versions[_i].len) == versions[_i].want, "%s", versions[_i].name);
}
END_TEST

START_TEST(hello_challenge_check_wants_as_many_methods_as_it_says)
{
	uint8_t body[40] = { 0 };

	body[33] = 2;
	ck_assert_int_eq(hello_challenge_check(body, 38), 0);
	ck_assert_int_eq(hello_challenge_check(body, 40), 0);
	ck_assert_int_eq(hello_challenge_check(body, 37), -EPROTO);
	ck_assert_int_eq(hello_challenge_check(body, 33), -EPROTO);
	ck_assert_int_eq(hello_challenge_check(body, 0), -EPROTO);
}
END_TEST

START_TEST(hello_netinfo_build_tells_no_time_and_no_address_of_ours)
{
	static const uint8_t want[] = { 0, 0, 0, 0, 4, 4, 10, 1, 2, 3, 0, 0 };
	uint8_t body[CELL_BODY] = { 0 };
	struct addr a;

	addr_v4(&a, 0x0a010203, 443);
	hello_netinfo_build(body, &a);
	ck_assert_mem_eq(body, want, sizeof(want));
	memset(body, 0, sizeof(body));
	ck_assert_int_eq(addr_parse(&a, "[2001:db8::1]:9", -1), 0);
	hello_netinfo_build(body, &a);
	ck_assert_uint_eq(body[4], 6);
	ck_assert_uint_eq(body[5], 16);
	ck_assert_mem_eq(body + 6, a.ip, 16);
	ck_assert_uint_eq(body[22], 0);
}
END_TEST

static const struct {
	const char	*name;
	uint8_t		 body[48];
	size_t		 len;
	int		 want;
	size_t		 nmine;
} netinfos[] = {
	{ "none of its own", { 1, 2, 3, 4, 4, 4, 1, 2, 3, 4, 0 }, 48, 0, 0 },
	{ "one", { 1, 2, 3, 4, 4, 4, 1, 2, 3, 4, 1, 4, 4, 9, 9, 9, 9 }, 48,
	  0, 1 },
	{ "v6 other", { 1, 2, 3, 4, 6, 16 }, 48, 0, 0 },
	{ "odd one skipped", { 1, 2, 3, 4, 4, 4, 1, 2, 3, 4, 2,
	  77, 2, 1, 1, 4, 4, 9, 9, 9, 9 }, 48, 0, 1 },
	{ "v4 of 3 bytes skipped", { 1, 2, 3, 4, 4, 4, 1, 2, 3, 4, 2,
	  4, 3, 1, 1, 1, 6, 16 }, 48, 0, 1 },
	{ "other of unknown type", { 1, 2, 3, 4, 9, 4, 1, 2, 3, 4, 0 }, 48,
	  -EPROTO, 0 },
	{ "other of 3 bytes", { 1, 2, 3, 4, 4, 3, 1, 2, 3, 0 }, 48, -EPROTO,
	  0 },
	{ "other v6 of 4 bytes", { 1, 2, 3, 4, 6, 4, 1, 2, 3, 4, 0 }, 48,
	  -EPROTO, 0 },
	{ "no count", { 1, 2, 3, 4, 4, 4, 1, 2, 3, 4 }, 10, -EPROTO, 0 },
	{ "more than there are", { 1, 2, 3, 4, 4, 4, 1, 2, 3, 4, 9, 4, 4 },
	  16, -EPROTO, 0 },
	{ "own one too long", { 1, 2, 3, 4, 4, 4, 1, 2, 3, 4, 1, 4, 255 },
	  48, -EPROTO, 0 },
	{ "empty", { 0 }, 0, -EPROTO, 0 },
};

START_TEST(hello_netinfo_parse_takes_what_c_tor_takes)
{
	struct hello_netinfo ni = { .time = 77 };
	int rc;

	rc = hello_netinfo_parse(&ni, netinfos[_i].body, netinfos[_i].len);
	ck_assert_msg(rc == netinfos[_i].want, "%s", netinfos[_i].name);
	if (rc < 0) {
		ck_assert_uint_eq(ni.time, 77);
		return;
	}
	ck_assert_uint_eq(ni.time, 0x01020304);
	ck_assert_msg(ni.nmine == netinfos[_i].nmine, "%s",
	    netinfos[_i].name);
}
END_TEST

START_TEST(hello_netinfo_parse_keeps_only_so_many_addresses)
{
	uint8_t body[CELL_BODY] = { 0, 0, 0, 1, 4, 4, 1, 2, 3, 4, 83 };
	struct hello_netinfo ni;
	int i;

	for (i = 0; i < 83; i++) {
		body[11 + 6 * i] = 4;
		body[12 + 6 * i] = 4;
	}
	ck_assert_int_eq(hello_netinfo_parse(&ni, body, sizeof(body)), 0);
	ck_assert_uint_eq(ni.nmine, HELLO_MINE_MAX);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(hello_versions_build_offers_what_c_tor_offers),
	UNIT_LOOP(hello_versions_pick_is_the_highest_in_common,
	    NELEM(versions)),
	UNIT(hello_challenge_check_wants_as_many_methods_as_it_says),
	UNIT(hello_netinfo_build_tells_no_time_and_no_address_of_ours),
	UNIT_LOOP(hello_netinfo_parse_takes_what_c_tor_takes,
	    NELEM(netinfos)),
	UNIT(hello_netinfo_parse_keeps_only_so_many_addresses),
};
UNIT_MAIN("hello", tests)

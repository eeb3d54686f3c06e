/* tests/tun/test_csum.c - the internet checksum */
#include "tun/csum.h"

#include <check.h>
#include <string.h>

#include "base/addr.h"
#include "base/rand.h"
#include "tests/unit.h"

/* RFC 1071 section 3 has this sum: ddf2. */
START_TEST(csum_partial_matches_the_example_of_the_rfc)
{
	static const uint8_t in[] = { 0, 1, 0xf2, 3, 0xf4, 0xf5, 0xf6, 0xf7 };

	ck_assert_uint_eq(csum_partial(csum_add(0, in, sizeof(in))), 0xddf2);
	ck_assert_uint_eq(csum_fold(csum_add(0, in, sizeof(in))), 0x220d);
}
END_TEST

/* An IPv4 header that a kernel made. */
START_TEST(csum_fold_of_a_good_header_is_zero)
{
	static uint8_t in[] = {
		0x45, 0x00, 0x00, 0x73, 0x00, 0x00, 0x40, 0x00, 0x40, 0x11,
		0xb8, 0x61, 0xc0, 0xa8, 0x00, 0x01, 0xc0, 0xa8, 0x00, 0xc7
	};

	ck_assert_uint_eq(csum_fold(csum_add(0, in, sizeof(in))), 0);
	in[7]++;
	ck_assert_uint_ne(csum_fold(csum_add(0, in, sizeof(in))), 0);
}
END_TEST

static uint16_t
slow(const uint8_t *p, size_t len)
{
	uint32_t sum = 0;
	size_t i;

	for (i = 0; i < len; i++)
		sum += i % 2 ? p[i] : (uint32_t)p[i] << 8;
	while (sum > 0xffff)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

START_TEST(csum_add_agrees_with_the_definition_for_every_length)
{
	uint8_t buf[300];
	size_t len, cut;

	rand_bytes(buf, sizeof(buf));
	for (len = 0; len <= sizeof(buf); len++) {
		cut = len / 2 & ~(size_t)1;
		ck_assert_uint_eq(csum_fold(csum_add(0, buf, len)),
		    slow(buf, len));
		ck_assert_uint_eq(csum_fold(csum_add(csum_add(0, buf, cut),
		    buf + cut, len - cut)), slow(buf, len));
	}
	memset(buf, 0xff, sizeof(buf));
	ck_assert_uint_eq(csum_fold(csum_add(0, buf, 300)), slow(buf, 300));
}
END_TEST

START_TEST(csum_pseudo_covers_addresses_protocol_and_length)
{
	struct addr a, b;
	static const uint8_t v4[] = { 10, 0, 0, 1, 10, 0, 0, 2, 0, 6, 0, 20 };

	addr_v4(&a, 0x0a000001, 99);
	addr_v4(&b, 0x0a000002, 98);
	ck_assert_uint_eq(csum_fold(csum_pseudo(&a, &b, 6, 20)),
	    slow(v4, sizeof(v4)));
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(csum_partial_matches_the_example_of_the_rfc),
	UNIT(csum_fold_of_a_good_header_is_zero),
	UNIT(csum_add_agrees_with_the_definition_for_every_length),
	UNIT(csum_pseudo_covers_addresses_protocol_and_length),
};

UNIT_MAIN("csum", tests)

/* tests/tun/test_ip.c - every way for an IP header to be wrong */
#include "tun/ip.h"

#include <check.h>

#include "tests/tun/raw.h"
#include "tests/unit.h"
#include "tun/pkt.h"

#define C4	"10.9.0.11"
#define D4	"203.0.113.80"
#define C6	"fd00:6f74::11"
#define D6	"2001:db8::80"

static struct raw raw;
static struct ip ip;

/* @ip points into the copy of the last call. */
static enum drop
parse_cut(size_t len)
{
	static uint8_t *copy;

	free(copy);
	copy = raw_copy(raw.b, len);
	return ip_parse(&ip, copy, len);
}

static enum drop
parse(void)
{
	return parse_cut(raw.len);
}

static void
expect(size_t headlen, uint8_t proto, const char *payload)
{
	ck_assert_uint_eq(ip.headlen, headlen);
	ck_assert_uint_eq(ip.proto, proto);
	ck_assert_uint_eq(ip.head[ip.proto_at], proto);
	ck_assert_ptr_eq(ip.payload, ip.head + headlen);
	ck_assert_uint_eq(ip.len, strlen(payload));
	ck_assert_mem_eq(ip.payload, payload, ip.len);
}

static void
expect_addrs(const char *src, const char *dst)
{
	struct addr s = raw_addr(src), d = raw_addr(dst);

	ck_assert(addr_equal(&ip.src, &s));
	ck_assert(addr_equal(&ip.dst, &d));
}

START_TEST(ip_parse_plain_packet_is_taken)
{
	raw4(&raw, C4, D4, IP_TCP, "payload", 7);
	ck_assert_int_eq(parse(), DROP_NOT);
	expect(20, IP_TCP, "payload");
	expect_addrs(C4, D4);
	raw6(&raw, C6, D6, IP_UDP, "payload", 7);
	ck_assert_int_eq(parse(), DROP_NOT);
	expect(40, IP_UDP, "payload");
	expect_addrs(C6, D6);
}
END_TEST

START_TEST(ip_parse_packet_without_payload_is_taken)
{
	raw4(&raw, C4, D4, 99, "", 0);
	ck_assert_int_eq(parse(), DROP_NOT);
	expect(20, 99, "");
	raw6(&raw, C6, D6, 59, "", 0);
	ck_assert_int_eq(parse(), DROP_NOT);
	expect(40, 59, "");
}
END_TEST

START_TEST(ip_parse_largest_packet_is_taken)
{
	static const uint8_t payload[65535];

	raw4(&raw, C4, D4, IP_TCP, payload, 65515);
	ck_assert_int_eq(parse(), DROP_NOT);
	ck_assert_uint_eq(ip.len, 65515);
	raw6(&raw, C6, D6, IP_TCP, payload, 65535);
	ck_assert_int_eq(parse(), DROP_NOT);
	ck_assert_uint_eq(ip.len, 65535);
}
END_TEST

START_TEST(ip_parse_longer_frame_is_trimmed)
{
	raw4(&raw, C4, D4, IP_TCP, "payload", 7);
	raw_put(&raw, "padding", 7);
	ck_assert_int_eq(parse(), DROP_NOT);
	expect(20, IP_TCP, "payload");
	raw6(&raw, C6, D6, IP_TCP, "payload", 7);
	raw_put(&raw, "padding", 7);
	ck_assert_int_eq(parse(), DROP_NOT);
	expect(40, IP_TCP, "payload");
}
END_TEST

START_TEST(ip_parse_packet_cut_anywhere_is_a_runt)
{
	static const uint8_t ext[] = {
		60, 0, 1, 4, 0, 0, 0, 0, IP_TCP, 0, 1, 4, 0, 0, 0, 0, 'p'
	};
	size_t cut;

	raw4(&raw, C4, D4, IP_TCP, "payload", 7);
	raw4_options(&raw, "\x94\x04\0\0\1\1\1\0", 8);
	ck_assert_int_eq(parse(), DROP_NOT);
	for (cut = 0; cut < raw.len; cut++)
		ck_assert_int_eq(parse_cut(cut), DROP_RUNT);
	raw6(&raw, C6, D6, 0, ext, sizeof(ext));
	ck_assert_int_eq(parse(), DROP_NOT);
	for (cut = 0; cut < raw.len; cut++)
		ck_assert_int_eq(parse_cut(cut), DROP_RUNT);
}
END_TEST

START_TEST(ip_parse_other_version_is_refused)
{
	raw4(&raw, C4, D4, IP_TCP, "payload", 7);
	raw.b[0] = (uint8_t)(_i << 4 | 5);
	raw_seal(&raw);
	if (_i == 4)
		ck_assert_int_eq(parse(), DROP_NOT);
	else if (_i == 6)
		ck_assert_int_eq(parse(), DROP_RUNT);
	else
		ck_assert_int_eq(parse(), DROP_VERSION);
}
END_TEST

/* One byte of a good header with 20 bytes of payload, changed; the checksum is
 * right again after it. */
static const struct {
	const char	*name;
	size_t		 at;
	uint8_t		 to;
	enum drop	 want;
} bytes4[] = {
	{ "header of 16 bytes",		0, 0x44, DROP_HEADER },
	{ "header of none",		0, 0x40, DROP_HEADER },
	{ "options in the payload",	0, 0x46, DROP_NOT },
	{ "header up to the end",	0, 0x4a, DROP_NOT },
	{ "header beyond the end",	0, 0x4b, DROP_HEADER },
	{ "total below the header",	3, 19, DROP_HEADER },
	{ "total of the header",	3, 20, DROP_NOT },
	{ "total of 0",			3, 0, DROP_HEADER },
	{ "total of the frame",		3, 40, DROP_NOT },
	{ "total beyond the frame",	3, 41, DROP_RUNT },
	{ "total far beyond",		2, 0xff, DROP_RUNT },
	{ "type of service",		1, 0xff, DROP_NOT },
	{ "identification",		4, 0xff, DROP_NOT },
	{ "reserved flag",		6, 0x80, DROP_NOT },
	{ "don't fragment",		6, 0x40, DROP_NOT },
	{ "first fragment",		6, 0x20, DROP_FRAGMENT },
	{ "middle fragment",		6, 0x30, DROP_FRAGMENT },
	{ "don't and more fragments",	6, 0x60, DROP_FRAGMENT },
	{ "last fragment",		7, 1, DROP_FRAGMENT },
	{ "last fragment, far",		6, 0x10, DROP_FRAGMENT },
	{ "last fragment, farthest",	6, 0x1f, DROP_FRAGMENT },
	{ "time to live of 0",		8, 0, DROP_NOT },
	{ "other protocol",		9, 255, DROP_NOT },
};

START_TEST(ip_parse_judges_each_field_of_ipv4)
{
	static const uint8_t payload[20];

	raw4(&raw, C4, D4, IP_TCP, payload, sizeof(payload));
	raw.b[bytes4[_i].at] = bytes4[_i].to;
	if ((raw.b[0] & 15) >= 5)
		raw_seal(&raw);
	ck_assert_msg(parse() == bytes4[_i].want, "%s", bytes4[_i].name);
}
END_TEST

START_TEST(ip_parse_any_bit_of_the_header_spoils_its_checksum)
{
	size_t bit;

	raw4(&raw, C4, D4, IP_TCP, "payload", 7);
	raw4_options(&raw, "\x94\x04\0\0", 4);
	for (bit = 0; bit < 24 * 8; bit++) {
		if (bit < 32 && (bit < 8 || bit >= 16))
			continue;	/* version and lengths come first */
		raw.b[bit / 8] ^= (uint8_t)(1 << bit % 8);
		ck_assert_int_eq(parse(), DROP_CHECKSUM);
		raw.b[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	ck_assert_int_eq(parse(), DROP_NOT);
}
END_TEST

static const struct {
	const char	*name;
	const char	*bytes;
	size_t		 len;
	enum drop	 want;
} options4[] = {
	{ "no-operations",	"\1\1\1\1", 4, DROP_NOT },
	{ "end, then rubbish",	"\0\x83\1\xff", 4, DROP_NOT },
	{ "router alert",	"\x94\4\0\0", 4, DROP_NOT },
	{ "security",		"\x82\3\0\1", 4, DROP_NOT },
	{ "unknown",		"\x5e\3\0\1", 4, DROP_NOT },
	{ "unknown, empty",	"\x5e\2\x5e\2", 4, DROP_NOT },
	{ "unknown, 40 bytes",	"\x5e\x28" "0123456789abcdefghi"
	    "0123456789abcdefghi", 40, DROP_NOT },
	{ "loose source route",	"\x83\7\4\1\2\3\4\0", 8, DROP_OPTIONS },
	{ "strict, spent",	"\x89\3\4\0", 4, DROP_OPTIONS },
	{ "record route",	"\7\7\4\0\0\0\0\0", 8, DROP_OPTIONS },
	{ "timestamp",		"\x44\4\5\0", 4, DROP_OPTIONS },
	{ "route behind others", "\1\x94\4\0\0\x83\3\4", 8, DROP_OPTIONS },
	{ "route without length", "\1\1\1\x83", 4, DROP_OPTIONS },
	{ "length of 0",	"\x94\0\0\0", 4, DROP_HEADER },
	{ "length of 1",	"\x94\1\0\0", 4, DROP_HEADER },
	{ "length beyond",	"\x94\5\0\0", 4, DROP_HEADER },
	{ "length far beyond",	"\x94\xff\0\0", 4, DROP_HEADER },
	{ "no length",		"\1\1\1\x94", 4, DROP_HEADER },
};

START_TEST(ip_parse_judges_the_options_of_ipv4)
{
	raw4(&raw, C4, D4, IP_TCP, "payload", 7);
	raw4_options(&raw, options4[_i].bytes, options4[_i].len);
	ck_assert_msg(parse() == options4[_i].want, "%s", options4[_i].name);
	if (options4[_i].want == DROP_NOT)
		expect(20 + options4[_i].len, IP_TCP, "payload");
}
END_TEST

#define PAD6	"\1\4\0\0\0\0"		/* PadN, 6 bytes */

static const struct {
	const char	*name;
	uint8_t		 next;
	const char	*bytes;
	size_t		 len;
	enum drop	 want;
	uint8_t		 proto;
} extensions[] = {
	{ "hop-by-hop", 0, "\6\0" PAD6, 8, DROP_NOT, 6 },
	{ "destination", 60, "\6\0" PAD6, 8, DROP_NOT, 6 },
	{ "both", 0, "\x3c\0" PAD6 "\6\0" PAD6, 16, DROP_NOT, 6 },
	{ "destination of 16", 60, "\6\1\1\x0c\0\0\0\0\0\0\0\0\0\0\0\0", 16,
	    DROP_NOT, 6 },
	{ "hop-by-hop as second", 60, "\0\0" PAD6 "\6\0" PAD6, 16,
	    DROP_HEADER, 0 },
	{ "hop-by-hop twice", 0, "\0\0" PAD6 "\6\0" PAD6, 16, DROP_HEADER, 0 },
	{ "pad1 only", 60, "\6\0\0\0\0\0\0\0", 8, DROP_NOT, 6 },
	{ "padn of nothing", 60, "\6\0\1\0\1\0\1\0", 8, DROP_NOT, 6 },
	{ "router alert", 0, "\6\0\5\2\0\0\1\0", 8, DROP_NOT, 6 },
	{ "unknown to be skipped", 60, "\6\0\x3f\4\0\0\0\0", 8, DROP_NOT, 6 },
	{ "unknown to be dropped", 60, "\6\0\x7f\4\0\0\0\0", 8,
	    DROP_OPTIONS, 0 },
	{ "unknown, tell", 60, "\6\0\xbf\4\0\0\0\0", 8, DROP_OPTIONS, 0 },
	{ "unknown, tell one", 60, "\6\0\xff\4\0\0\0\0", 8, DROP_OPTIONS, 0 },
	{ "jumbo payload", 0, "\6\0\xc2\4\0\1\0\0", 8, DROP_OPTIONS, 0 },
	{ "home address", 60, "\6\2\1\2\0\0\xc9\x10" "0123456789abcdef", 24,
	    DROP_OPTIONS, 0 },
	{ "option beyond", 60, "\6\0\1\5\0\0\0\0", 8, DROP_HEADER, 0 },
	{ "option without length", 60, "\6\0\1\3\0\0\0\1", 8, DROP_HEADER, 0 },
	{ "header beyond", 60, "\6\2" PAD6, 8, DROP_RUNT, 0 },
	{ "header far beyond", 60, "\6\xff" PAD6, 8, DROP_RUNT, 0 },
	{ "atomic fragment", 44, "\6\xff\0\0\1\2\3\4", 8, DROP_NOT, 6 },
	{ "atomic, reserved", 44, "\6\0\0\6\1\2\3\4", 8, DROP_NOT, 6 },
	{ "first fragment", 44, "\6\0\0\1\1\2\3\4", 8, DROP_FRAGMENT, 0 },
	{ "last fragment", 44, "\6\0\0\x08\1\2\3\4", 8, DROP_FRAGMENT, 0 },
	{ "last fragment, far", 44, "\6\0\x80\0\1\2\3\4", 8,
	    DROP_FRAGMENT, 0 },
	{ "fragment of no tcp", 60, "\x2c\0" PAD6 "\x3b\0\0\1\1\2\3\4", 16,
	    DROP_FRAGMENT, 0 },
	{ "type 0 route", 43, "\6\2\0\1\0\0\0\0" "0123456789abcdef", 24,
	    DROP_OPTIONS, 0 },
	{ "type 0, spent", 43, "\6\0\0\0\0\0\0\0", 8, DROP_OPTIONS, 0 },
	{ "type 2, spent", 43, "\6\0\2\0\0\0\0\0", 8, DROP_OPTIONS, 0 },
	{ "type 3", 43, "\6\0\3\1\0\0\0\0", 8, DROP_OPTIONS, 0 },
	{ "type 4, spent", 43, "\6\0\4\0\0\0\0\0", 8, DROP_NOT, 6 },
	{ "type 253, spent", 43, "\6\0\xfd\0\0\0\0\0", 8, DROP_NOT, 6 },
	{ "esp is no extension", 50, "\6\0" PAD6, 8, DROP_NOT, 50 },
	{ "ah is no extension", 51, "\6\0" PAD6, 8, DROP_NOT, 51 },
	{ "nothing follows", 0, "\x3b\0" PAD6, 8, DROP_NOT, 59 },
	{ "unknown protocol", 60, "\xfe\0" PAD6, 8, DROP_NOT, 254 },
};

START_TEST(ip_parse_judges_the_extension_headers_of_ipv6)
{
	int taken = extensions[_i].want == DROP_NOT;
	const char *rest = "";

	raw6(&raw, C6, D6, extensions[_i].next, extensions[_i].bytes,
	    extensions[_i].len);
	ck_assert_msg(parse() == extensions[_i].want, "%s",
	    extensions[_i].name);
	if (!taken)
		return;
	ck_assert_uint_eq(ip.proto, extensions[_i].proto);
	ck_assert_uint_eq(ip.head[ip.proto_at], ip.proto);
	ck_assert_uint_eq(ip.headlen + ip.len, raw.len);
	if (ip.proto == 50 || ip.proto == 51)
		ck_assert_uint_eq(ip.headlen, 40);
	else
		expect(raw.len, extensions[_i].proto, rest);
}
END_TEST

START_TEST(ip_parse_ipv6_option_is_not_read_from_the_next_header)
{
	static const uint8_t ext[] = {
		60, 0, 1, 4, 0, 0, 0, 0,	/* good */
		IP_TCP, 0, 1, 12, 0, 0, 0, 0,	/* 8 more than there are */
		0, 0, 0, 0, 0, 0, 0, 0
	};

	raw6(&raw, C6, D6, 60, ext, sizeof(ext));
	ck_assert_int_eq(parse(), DROP_HEADER);
}
END_TEST

START_TEST(ip_parse_limits_the_number_of_extension_headers)
{
	static const uint8_t one[8] = { 60, 0, 1, 4 }, last[8] = { 6, 0, 1, 4 };
	int i;

	raw6(&raw, C6, D6, 60, "", 0);
	for (i = 1; i < IP_EXT_MAX; i++)
		raw_put(&raw, one, sizeof(one));
	raw_put(&raw, last, sizeof(last));
	raw_set16(raw.b + 4, raw.len - 40);
	ck_assert_int_eq(parse(), DROP_NOT);
	expect(40 + IP_EXT_MAX * 8, IP_TCP, "");
	raw.b[raw.len - 8] = 60;
	raw_put(&raw, last, sizeof(last));
	raw_set16(raw.b + 4, raw.len - 40);
	ck_assert_int_eq(parse(), DROP_OPTIONS);
}
END_TEST

START_TEST(ip_parse_jumbogram_is_refused)
{
	raw6(&raw, C6, D6, 0, "\6\0\xc2\4\0\1\0\0", 8);
	raw_put(&raw, "payload", 7);
	raw_set16(raw.b + 4, 0);
	ck_assert_int_eq(parse(), DROP_OPTIONS);
}
END_TEST

static const struct {
	const char	*src, *dst;
	enum drop	 want;
} addrs[] = {
	{ "1.0.0.0", "223.255.255.255", DROP_NOT },
	{ "126.255.255.255", "128.0.0.0", DROP_NOT },
	{ "10.9.0.255", "10.9.0.255", DROP_SOURCE },	/* LAND */
	{ "0.0.0.0", D4, DROP_SOURCE },
	{ "0.255.255.255", D4, DROP_SOURCE },
	{ "127.0.0.0", D4, DROP_SOURCE },
	{ "127.255.255.255", D4, DROP_SOURCE },
	{ "169.254.0.0", D4, DROP_SOURCE },
	{ "169.254.255.255", D4, DROP_SOURCE },
	{ "169.253.255.255", D4, DROP_NOT },
	{ "169.255.0.0", D4, DROP_NOT },
	{ "170.254.0.0", D4, DROP_NOT },
	{ "224.0.0.0", D4, DROP_SOURCE },
	{ "239.255.255.255", D4, DROP_SOURCE },
	{ "240.0.0.0", D4, DROP_SOURCE },
	{ "255.255.255.254", D4, DROP_SOURCE },
	{ "255.255.255.255", D4, DROP_SOURCE },
	{ "255.255.255.255", "255.255.255.255", DROP_SOURCE },
	{ C4, "0.0.0.0", DROP_DEST },
	{ C4, "0.255.255.255", DROP_DEST },
	{ C4, "127.0.0.1", DROP_DEST },
	{ C4, "127.255.255.255", DROP_DEST },
	{ C4, "224.0.0.0", DROP_DEST },
	{ C4, "239.255.255.255", DROP_DEST },
	{ C4, "255.255.255.255", DROP_DEST },
	/* Policy says no to these, so that the client hears it. */
	{ C4, "255.255.255.254", DROP_NOT },
	{ C4, "240.0.0.0", DROP_NOT },
	{ C4, "169.254.169.254", DROP_NOT },
	{ C4, "10.9.0.12", DROP_NOT },

	{ "2001:db8::1", "2001:db8::2", DROP_NOT },
	{ "fec0::1", "fc00::1", DROP_NOT },
	{ D6, D6, DROP_SOURCE },			/* LAND */
	{ "::", D6, DROP_SOURCE },
	{ "::1", D6, DROP_SOURCE },
	{ "::10.9.0.11", D6, DROP_SOURCE },
	{ "::ffff:10.9.0.11", D6, DROP_SOURCE },
	{ "::ffff:127.0.0.1", D6, DROP_SOURCE },
	{ "::1:0:0", D6, DROP_NOT },
	{ "::ffff:0:a09:b", D6, DROP_NOT },
	{ "fe80::", D6, DROP_SOURCE },
	{ "febf:ffff::1", D6, DROP_SOURCE },
	{ "fe7f::1", D6, DROP_NOT },
	{ "ff00::", D6, DROP_SOURCE },
	{ "ff02::1", D6, DROP_SOURCE },
	{ C6, "::", DROP_DEST },
	{ C6, "::1", DROP_DEST },
	{ C6, "::203.0.113.80", DROP_DEST },
	{ C6, "::ffff:203.0.113.80", DROP_DEST },
	{ C6, "ff02::16", DROP_DEST },
	{ C6, "ffff::1", DROP_DEST },
	{ C6, "fe80::1", DROP_NOT },
	{ C6, "64:ff9b::203.0.113.80", DROP_NOT },
};

START_TEST(ip_parse_judges_addresses)
{
	const char *src = addrs[_i].src, *dst = addrs[_i].dst;

	if (raw_addr(src).family == 4)
		raw4(&raw, src, dst, IP_TCP, "payload", 7);
	else
		raw6(&raw, src, dst, IP_TCP, "payload", 7);
	ck_assert_msg(parse() == addrs[_i].want, "%s > %s", src, dst);
}
END_TEST

START_TEST(ip_build_ipv4_header_is_as_by_hand)
{
	static const uint8_t want[] = {
		0x45, 0, 0x00, 0x73, 0, 0, 0x40, 0, 64, 17,
		0xb8, 0x61, 192, 168, 0, 1, 192, 168, 0, 199
	};
	struct addr src = raw_addr("192.168.0.1"), dst = raw_addr(
	    "192.168.0.199");
	uint8_t out[IP6_HEAD];

	ck_assert_uint_eq(ip_build(out, &src, &dst, IP_UDP, 0x73 - 20), 20);
	ck_assert_mem_eq(out, want, sizeof(want));
}
END_TEST

START_TEST(ip_build_ipv6_header_is_as_by_hand)
{
	static const uint8_t want[] = {
		0x60, 0, 0, 0, 0x12, 0x34, 6, 64,
		0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x80,
		0xfd, 0, 0x6f, 0x74, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x11
	};
	struct addr src = raw_addr(D6), dst = raw_addr(C6);
	uint8_t out[IP6_HEAD];

	ck_assert_uint_eq(ip_build(out, &src, &dst, IP_TCP, 0x1234), 40);
	ck_assert_mem_eq(out, want, sizeof(want));
}
END_TEST

static const struct {
	const char	*src, *dst;
	size_t		 len;
} builds[] = {
	{ D4, C4, 0 }, { D4, C4, 1 }, { "1.1.1.1", "255.255.255.254", 1480 },
	{ D4, C4, PKT_MAX - IP4_HEAD },
	{ D6, C6, 0 }, { D6, C6, 1440 }, { D6, C6, PKT_MAX - IP6_HEAD },
};

START_TEST(ip_build_header_is_parsed_to_what_it_was_built_from)
{
	struct addr src = raw_addr(builds[_i].src);
	struct addr dst = raw_addr(builds[_i].dst);
	size_t n;

	n = ip_build(raw.b, &src, &dst, IP_TCP, builds[_i].len);
	ck_assert_uint_eq(n, src.family == 4 ? 20 : 40);
	raw.len = n + builds[_i].len;
	ck_assert_int_eq(parse(), DROP_NOT);
	ck_assert(addr_equal(&ip.src, &src));
	ck_assert(addr_equal(&ip.dst, &dst));
	ck_assert_uint_eq(ip.proto, IP_TCP);
	ck_assert_uint_eq(ip.len, builds[_i].len);
	if (src.family == 4)
		ck_assert_uint_eq(raw_sum4(raw.b), raw.b[10] << 8 | raw.b[11]);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(ip_parse_plain_packet_is_taken),
	UNIT(ip_parse_packet_without_payload_is_taken),
	UNIT(ip_parse_largest_packet_is_taken),
	UNIT(ip_parse_longer_frame_is_trimmed),
	UNIT(ip_parse_packet_cut_anywhere_is_a_runt),
	UNIT_LOOP(ip_parse_other_version_is_refused, 16),
	UNIT_LOOP(ip_parse_judges_each_field_of_ipv4, NELEM(bytes4)),
	UNIT(ip_parse_any_bit_of_the_header_spoils_its_checksum),
	UNIT_LOOP(ip_parse_judges_the_options_of_ipv4, NELEM(options4)),
	UNIT_LOOP(ip_parse_judges_the_extension_headers_of_ipv6,
	    NELEM(extensions)),
	UNIT(ip_parse_ipv6_option_is_not_read_from_the_next_header),
	UNIT(ip_parse_limits_the_number_of_extension_headers),
	UNIT(ip_parse_jumbogram_is_refused),
	UNIT_LOOP(ip_parse_judges_addresses, NELEM(addrs)),
	UNIT(ip_build_ipv4_header_is_as_by_hand),
	UNIT(ip_build_ipv6_header_is_as_by_hand),
	UNIT_LOOP(ip_build_header_is_parsed_to_what_it_was_built_from,
	    NELEM(builds)),
};

UNIT_MAIN("ip", tests)

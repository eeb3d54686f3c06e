/* tests/tun/test_icmp.c - what is said and heard by ICMP */
#include "tun/icmp.h"

#include <check.h>

#include "tests/tun/raw.h"
#include "tests/unit.h"

#define C4	"10.9.0.11"
#define D4	"203.0.113.80"
#define US4	"10.191.0.1"
#define C6	"fd00:6f74::11"
#define D6	"2001:db8::80"
#define US6	"fd00:6f74::1"

/* Ports 80 and 4000, sequence number 0x01020304. */
static const uint8_t tcp[] = {
	0, 80, 0x0f, 0xa0, 1, 2, 3, 4, 0, 0, 0, 0, 0x50, 0x10, 0xff, 0xff,
	0, 0, 0, 0
};

static struct raw raw;
static struct ip ip;
static struct icmp icmp;
static uint8_t out[ICMP_MAX];

/* @ip and @icmp borrow the copy of the last call. */
static enum drop
parse_ip(const void *p, size_t len)
{
	static uint8_t *copy;

	free(copy);
	copy = raw_copy(p, len);
	return ip_parse(&ip, copy, len);
}

static void
raw_any(const char *src, const char *dst, uint8_t proto, const void *p,
    size_t len)
{
	if (raw_addr(src).family == 4)
		raw4(&raw, src, dst, proto, p, len);
	else
		raw6(&raw, src, dst, proto, p, len);
}

static void
seal(uint8_t *p, size_t len)
{
	raw_set16(p + 2, raw_sum(p, len, 2, &ip.src, &ip.dst,
	    ip.src.family == 6 ? IP_ICMP6 : 0));
}

/* An ICMP message in a packet of its own, with a checksum. */
static enum drop
hear(const char *src, const char *dst, const void *msg, size_t len)
{
	uint8_t *m = raw_copy(msg, len);

	ip.src = raw_addr(src);
	ip.dst = raw_addr(dst);
	seal(m, len);
	raw_any(src, dst, ip.src.family == 4 ? IP_ICMP : IP_ICMP6, m, len);
	free(m);
	ck_assert_int_eq(parse_ip(raw.b, raw.len), DROP_NOT);
	return icmp_parse(&icmp, &ip, 0);
}

/* A header of type, code and second word, and what it quotes. */
static enum drop
hear_error(const char *src, const char *dst, int type, int code,
    uint32_t second, const void *quote, size_t len)
{
	uint8_t m[2048] = { (uint8_t)type, (uint8_t)code };

	raw_set16(m + 4, second >> 16);
	raw_set16(m + 6, second);
	if (len)
		memcpy(m + 8, quote, len);
	return hear(src, dst, m, 8 + len);
}

/* --- errors that we send --- */

static const struct {
	enum icmp_error	 error;
	uint8_t		 type4, code4, type6, code6;
} errors[] = {
	{ ICMP_NO_HOST,		3, 1, 1, 3 },
	{ ICMP_NO_NET,		3, 0, 1, 0 },
	{ ICMP_PROHIBITED,	3, 13, 1, 1 },
	{ ICMP_NO_PORT,		3, 3, 1, 4 },
	{ ICMP_NO_PROTOCOL,	3, 2, 4, 1 },
};

START_TEST(icmp_error_build_ipv4_error_is_as_by_hand)
{
	struct addr from = raw_addr(US4), src = raw_addr(C4);
	const uint8_t *m = out + 20;
	size_t n;

	raw4(&raw, C4, D4, IP_UDP, "payload", 7);
	ck_assert_int_eq(parse_ip(raw.b, raw.len), DROP_NOT);
	n = icmp_error_build(out, &from, errors[_i].error, &ip);
	ck_assert_uint_eq(n, 20 + 8 + raw.len);
	ck_assert_uint_eq(out[0], 0x45);
	ck_assert_uint_eq(out[2] << 8 | out[3], n);
	ck_assert_uint_eq(out[8], 64);
	ck_assert_uint_eq(out[9], 1);
	ck_assert_uint_eq(out[10] << 8 | out[11], raw_sum4(out));
	ck_assert_mem_eq(out + 12, from.ip, 4);
	ck_assert_mem_eq(out + 16, src.ip, 4);
	ck_assert_uint_eq(m[0], errors[_i].type4);
	ck_assert_uint_eq(m[1], errors[_i].code4);
	ck_assert_uint_eq(m[2] << 8 | m[3],
	    raw_sum(m, n - 20, 2, NULL, NULL, 0));
	ck_assert_mem_eq(m + 4, "\0\0\0\0", 4);
	ck_assert_mem_eq(m + 8, raw.b, raw.len);
}
END_TEST

START_TEST(icmp_error_build_ipv6_error_is_as_by_hand)
{
	struct addr from = raw_addr(US6), src = raw_addr(C6);
	const uint8_t *m = out + 40;
	size_t n;

	raw6(&raw, C6, D6, 254, "payload", 7);
	ck_assert_int_eq(parse_ip(raw.b, raw.len), DROP_NOT);
	n = icmp_error_build(out, &from, errors[_i].error, &ip);
	ck_assert_uint_eq(n, 40 + 8 + raw.len);
	ck_assert_mem_eq(out, "\x60\0\0\0", 4);
	ck_assert_uint_eq(out[4] << 8 | out[5], n - 40);
	ck_assert_uint_eq(out[6], 58);
	ck_assert_uint_eq(out[7], 64);
	ck_assert_mem_eq(out + 8, from.ip, 16);
	ck_assert_mem_eq(out + 24, src.ip, 16);
	ck_assert_uint_eq(m[0], errors[_i].type6);
	ck_assert_uint_eq(m[1], errors[_i].code6);
	ck_assert_uint_eq(m[2] << 8 | m[3],
	    raw_sum(m, n - 40, 2, &from, &src, 58));
	ck_assert_mem_eq(m + 4, errors[_i].error == ICMP_NO_PROTOCOL ?
	    "\0\0\0\6" : "\0\0\0\0", 4);
	ck_assert_mem_eq(m + 8, raw.b, raw.len);
}
END_TEST

START_TEST(icmp_error_build_points_at_the_last_extension_header)
{
	static const uint8_t ext[] = {
		60, 0, 1, 4, 0, 0, 0, 0, 254, 0, 1, 4, 0, 0, 0, 0, 'x'
	};
	struct addr from = raw_addr(US6);

	raw6(&raw, C6, D6, 0, ext, sizeof(ext));
	ck_assert_int_eq(parse_ip(raw.b, raw.len), DROP_NOT);
	icmp_error_build(out, &from, ICMP_NO_PROTOCOL, &ip);
	ck_assert_mem_eq(out + 44, "\0\0\0\x30", 4);
	ck_assert_uint_eq(out[48 + 48], 254);
}
END_TEST

static const struct {
	const char	*from, *src, *dst;
	size_t		 payload, want;
} sizes[] = {
	{ US4, C4, D4, 0, 48 },
	{ US4, C4, D4, 527, 575 },
	{ US4, C4, D4, 528, 576 },
	{ US4, C4, D4, 529, 576 },
	{ US4, C4, D4, 65515, 576 },
	{ US6, C6, D6, 0, 88 },
	{ US6, C6, D6, 1191, 1279 },
	{ US6, C6, D6, 1192, 1280 },
	{ US6, C6, D6, 1193, 1280 },
	{ US6, C6, D6, 65535, 1280 },
};

START_TEST(icmp_error_build_quotes_as_much_as_fits)
{
	static uint8_t payload[65535];
	struct addr from = raw_addr(sizes[_i].from), to;
	size_t n, head = from.family == 4 ? 20 : 40, i;
	uint8_t *copy = malloc(sizes[_i].want);

	ck_assert_ptr_nonnull(copy);
	for (i = 0; i < sizeof(payload); i++)
		payload[i] = (uint8_t)(i * 7);
	raw_any(sizes[_i].src, sizes[_i].dst, IP_UDP, payload,
	    sizes[_i].payload);
	ck_assert_int_eq(parse_ip(raw.b, raw.len), DROP_NOT);
	to = ip.src;
	n = icmp_error_build(copy, &from, ICMP_PROHIBITED, &ip);
	ck_assert_uint_eq(n, sizes[_i].want);
	ck_assert_mem_eq(copy + head + 8, raw.b, n - head - 8);
	ck_assert_uint_eq(copy[head + 2] << 8 | copy[head + 3],
	    raw_sum(copy + head, n - head, 2, &from, &to,
	    from.family == 6 ? 58 : 0));
	ck_assert_int_eq(parse_ip(copy, n), DROP_NOT);
	ck_assert(addr_equal(&ip.src, &from));
	ck_assert(addr_equal(&ip.dst, &to));
	free(copy);
}
END_TEST

START_TEST(icmp_error_build_padding_of_a_frame_is_not_quoted)
{
	struct addr from = raw_addr(US4);
	size_t len;

	raw4(&raw, C4, D4, IP_UDP, "payload", 7);
	len = raw.len;
	raw_put(&raw, "padding", 7);
	ck_assert_int_eq(parse_ip(raw.b, raw.len), DROP_NOT);
	ck_assert_uint_eq(icmp_error_build(out, &from, ICMP_NO_PORT, &ip),
	    28 + len);
}
END_TEST

/* Of all types: about which an error is sent. */
START_TEST(icmp_error_build_is_silent_about_what_may_be_an_error)
{
	static const int asks4[] = { 0, 8, 13, 14, 15, 16, 17, 18 };
	struct addr us4 = raw_addr(US4), us6 = raw_addr(US6);
	uint8_t m[8] = { (uint8_t)_i };
	int ok4 = 0, ok6 = _i >= 128 && _i != 137;
	size_t i;

	for (i = 0; i < NELEM(asks4); i++)
		ok4 |= asks4[i] == _i;
	raw4(&raw, C4, D4, IP_ICMP, m, sizeof(m));
	ck_assert_int_eq(parse_ip(raw.b, raw.len), DROP_NOT);
	ck_assert_uint_eq(icmp_error_build(out, &us4, ICMP_PROHIBITED, &ip),
	    ok4 ? 56 : 0);
	raw6(&raw, C6, D6, IP_ICMP6, m, sizeof(m));
	ck_assert_int_eq(parse_ip(raw.b, raw.len), DROP_NOT);
	ck_assert_uint_eq(icmp_error_build(out, &us6, ICMP_PROHIBITED, &ip),
	    ok6 ? 96 : 0);
}
END_TEST

START_TEST(icmp_error_build_is_silent_about_icmp_without_a_type)
{
	struct addr us4 = raw_addr(US4), us6 = raw_addr(US6);

	raw4(&raw, C4, D4, IP_ICMP, "", 0);
	ck_assert_int_eq(parse_ip(raw.b, raw.len), DROP_NOT);
	ck_assert_uint_eq(icmp_error_build(out, &us4, ICMP_NO_NET, &ip), 0);
	raw6(&raw, C6, D6, IP_ICMP6, "", 0);
	ck_assert_int_eq(parse_ip(raw.b, raw.len), DROP_NOT);
	ck_assert_uint_eq(icmp_error_build(out, &us6, ICMP_NO_NET, &ip), 0);
}
END_TEST

START_TEST(icmp_error_build_icmp_of_the_other_family_is_just_a_protocol)
{
	struct addr us4 = raw_addr(US4), us6 = raw_addr(US6);

	raw4(&raw, C4, D4, IP_ICMP6, "\3\0", 2);
	ck_assert_int_eq(parse_ip(raw.b, raw.len), DROP_NOT);
	ck_assert_uint_ne(icmp_error_build(out, &us4, ICMP_NO_PROTOCOL, &ip),
	    0);
	raw6(&raw, C6, D6, IP_ICMP, "\3\0", 2);
	ck_assert_int_eq(parse_ip(raw.b, raw.len), DROP_NOT);
	ck_assert_uint_ne(icmp_error_build(out, &us6, ICMP_NO_PROTOCOL, &ip),
	    0);
}
END_TEST

/* --- echo --- */

static const uint8_t echo4[] = "\x08\0\0\0\x12\x34\0\1payload of the ping";
static const uint8_t echo6[] = "\x80\0\0\0\x12\x34\0\1payload of the ping";

static void
expect_reply(const char *us, uint8_t type, size_t head)
{
	struct addr a = raw_addr(us), to = ip.src;
	uint8_t whole[256];
	size_t n, len;

	ck_assert_int_eq(icmp.kind, ICMP_ECHO);
	n = icmp_echo_build(whole, &ip);
	ck_assert_uint_eq(n, head + 8);
	len = ip.len - 8;
	memcpy(whole + n, ip.payload + 8, len);
	ck_assert_uint_eq(whole[head], type);
	ck_assert_uint_eq(whole[head + 1], 0);
	ck_assert_mem_eq(whole + head + 4, "\x12\x34\0\1payload of the ping",
	    4 + len);
	ck_assert_uint_eq(whole[head + 2] << 8 | whole[head + 3],
	    raw_sum(whole + head, 8 + len, 2, &a, &to, head == 40 ? 58 : 0));
	ck_assert_int_eq(parse_ip(whole, n + len), DROP_NOT);
	ck_assert(addr_equal(&ip.src, &a));
	ck_assert(addr_equal(&ip.dst, &to));
	ck_assert_uint_eq(ip.len, 8 + len);
	ck_assert_uint_eq(ip.head[head == 40 ? 7 : 8], 64);
}

START_TEST(icmp_echo_build_answers_a_request)
{
	size_t len;

	for (len = 8; len < sizeof(echo4); len++) {
		ck_assert_int_eq(hear(C4, US4, echo4, len), DROP_NOT);
		expect_reply(US4, 0, 20);
		ck_assert_int_eq(hear(C6, US6, echo6, len), DROP_NOT);
		expect_reply(US6, 129, 40);
	}
}
END_TEST

/* The device left the checksum to whoever needs it. */
START_TEST(icmp_echo_build_does_not_go_by_the_checksum_of_the_request)
{
	raw4(&raw, C4, US4, IP_ICMP, echo4, sizeof(echo4) - 1);
	ck_assert_int_eq(parse_ip(raw.b, raw.len), DROP_NOT);
	ck_assert_int_eq(icmp_parse(&icmp, &ip, 0), DROP_CHECKSUM);
	ck_assert_int_eq(icmp.kind, ICMP_OTHER);
	ck_assert_int_eq(icmp_parse(&icmp, &ip, 1), DROP_NOT);
	expect_reply(US4, 0, 20);
}
END_TEST

START_TEST(icmp_echo_build_writes_a_head_and_no_more)
{
	uint8_t *head = malloc(48);

	ck_assert_ptr_nonnull(head);
	ck_assert_int_eq(hear(C6, US6, echo6, sizeof(echo6)), DROP_NOT);
	ck_assert_uint_eq(icmp_echo_build(head, &ip), 48);
	free(head);
}
END_TEST

/* --- what we hear --- */

START_TEST(icmp_parse_wrong_checksum_is_refused)
{
	size_t bit;

	ck_assert_int_eq(hear(C6, US6, echo6, sizeof(echo6)), DROP_NOT);
	for (bit = 0; bit < sizeof(echo6) * 8; bit++) {
		raw.b[40 + bit / 8] ^= (uint8_t)(1 << bit % 8);
		ck_assert_int_eq(parse_ip(raw.b, raw.len), DROP_NOT);
		ck_assert_int_eq(icmp_parse(&icmp, &ip, 0), DROP_CHECKSUM);
		raw.b[40 + bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	raw.b[9] ^= 1;			/* the pseudo header counts */
	ck_assert_int_eq(parse_ip(raw.b, raw.len), DROP_NOT);
	ck_assert_int_eq(icmp_parse(&icmp, &ip, 0), DROP_CHECKSUM);
}
END_TEST

START_TEST(icmp_parse_message_cut_short_is_a_runt)
{
	size_t len;

	for (len = 0; len < 8; len++) {
		raw4(&raw, C4, US4, IP_ICMP, echo4, len);
		ck_assert_int_eq(parse_ip(raw.b, raw.len), DROP_NOT);
		ck_assert_int_eq(icmp_parse(&icmp, &ip, 1), DROP_RUNT);
		ck_assert_int_eq(icmp.kind, ICMP_OTHER);
	}
}
END_TEST

START_TEST(icmp_parse_of_the_other_family_is_to_nobody)
{
	raw4(&raw, C4, US4, IP_ICMP6, echo6, sizeof(echo6));
	ck_assert_int_eq(parse_ip(raw.b, raw.len), DROP_NOT);
	ck_assert_int_eq(icmp_parse(&icmp, &ip, 1), DROP_ICMP);
	raw6(&raw, C6, US6, IP_ICMP, echo4, sizeof(echo4));
	ck_assert_int_eq(parse_ip(raw.b, raw.len), DROP_NOT);
	ck_assert_int_eq(icmp_parse(&icmp, &ip, 1), DROP_ICMP);
	raw4(&raw, C4, US4, IP_TCP, echo4, sizeof(echo4));
	ck_assert_int_eq(parse_ip(raw.b, raw.len), DROP_NOT);
	ck_assert_int_eq(icmp_parse(&icmp, &ip, 1), DROP_ICMP);
}
END_TEST

/* Every type, with a quote of a segment of ours. */
START_TEST(icmp_parse_takes_these_types_and_no_others)
{
	enum icmp_kind want4 = ICMP_OTHER, want6 = ICMP_OTHER;

	if (_i == 8)
		want4 = ICMP_ECHO;
	if (_i == 3 || _i == 11 || _i == 12)
		want4 = ICMP_UNREACHABLE;
	if (_i == 128)
		want6 = ICMP_ECHO;
	if (_i == 1 || _i == 3 || _i == 4)
		want6 = ICMP_UNREACHABLE;
	if (_i == 2)
		want6 = ICMP_TOO_BIG;
	raw4(&raw, D4, C4, IP_TCP, tcp, sizeof(tcp));
	ck_assert_int_eq(hear_error(C4, D4, _i, 0, 0, raw.b, raw.len),
	    want4 ? DROP_NOT : DROP_ICMP);
	ck_assert_int_eq(icmp.kind, want4);
	raw6(&raw, D6, C6, IP_TCP, tcp, sizeof(tcp));
	ck_assert_int_eq(hear_error(C6, D6, _i, 0, 0, raw.b, raw.len),
	    want6 ? DROP_NOT : DROP_ICMP);
	ck_assert_int_eq(icmp.kind, want6);
}
END_TEST

START_TEST(icmp_parse_echo_with_a_code_is_not_answered)
{
	uint8_t m[sizeof(echo4)];

	memcpy(m, echo4, sizeof(m));
	m[1] = 1;
	ck_assert_int_eq(hear(C4, US4, m, sizeof(m)), DROP_ICMP);
	m[0] = 128;
	ck_assert_int_eq(hear(C6, US6, m, sizeof(m)), DROP_ICMP);
}
END_TEST

static void
expect_quoted(const char *src, const char *dst)
{
	struct addr s = raw_addr(src), d = raw_addr(dst);

	s.port = 80;
	d.port = 4000;
	ck_assert(addr_equal(&icmp.src, &s));
	ck_assert(addr_equal(&icmp.dst, &d));
	ck_assert_uint_eq(icmp.seq, 0x01020304);
}

/* A router between the client and us says it, not the client. */
START_TEST(icmp_parse_too_big_tells_mtu_and_segment)
{
	raw4(&raw, D4, C4, IP_TCP, tcp, sizeof(tcp));
	ck_assert_int_eq(hear_error("10.9.0.1", D4, 3, 4, 0xabcd0514, raw.b,
	    raw.len), DROP_NOT);
	ck_assert_int_eq(icmp.kind, ICMP_TOO_BIG);
	ck_assert_uint_eq(icmp.mtu, 1300);
	expect_quoted(D4, C4);
	raw6(&raw, D6, C6, IP_TCP, tcp, sizeof(tcp));
	ck_assert_int_eq(hear_error("fd00:1::1", D6, 2, 0, 0x00010500, raw.b,
	    raw.len), DROP_NOT);
	ck_assert_int_eq(icmp.kind, ICMP_TOO_BIG);
	ck_assert_uint_eq(icmp.mtu, 0x10500);
	expect_quoted(D6, C6);
}
END_TEST

START_TEST(icmp_parse_too_big_of_old_routers_has_no_mtu)
{
	raw4(&raw, D4, C4, IP_TCP, tcp, sizeof(tcp));
	ck_assert_int_eq(hear_error("10.9.0.1", D4, 3, 4, 0, raw.b, raw.len),
	    DROP_NOT);
	ck_assert_int_eq(icmp.kind, ICMP_TOO_BIG);
	ck_assert_uint_eq(icmp.mtu, 0);
}
END_TEST

START_TEST(icmp_parse_unreachable_tells_segment_and_no_mtu)
{
	raw4(&raw, D4, C4, IP_TCP, tcp, sizeof(tcp));
	ck_assert_int_eq(hear_error("10.9.0.1", D4, 3, 1, 0x514, raw.b,
	    raw.len), DROP_NOT);
	ck_assert_int_eq(icmp.kind, ICMP_UNREACHABLE);
	ck_assert_uint_eq(icmp.mtu, 0);
	expect_quoted(D4, C4);
	raw6(&raw, D6, C6, IP_TCP, tcp, sizeof(tcp));
	ck_assert_int_eq(hear_error("fd00:1::1", D6, 1, 3, 0x514, raw.b,
	    raw.len), DROP_NOT);
	ck_assert_int_eq(icmp.kind, ICMP_UNREACHABLE);
	ck_assert_uint_eq(icmp.mtu, 0);
	expect_quoted(D6, C6);
}
END_TEST

START_TEST(icmp_parse_quote_needs_ports_and_sequence_number)
{
	size_t len;

	for (len = 0; len <= 30; len++) {
		raw4(&raw, D4, C4, IP_TCP, tcp, sizeof(tcp));
		ck_assert_int_eq(hear_error("10.9.0.1", D4, 3, 1, 0, raw.b,
		    len), len < 28 ? DROP_RUNT : DROP_NOT);
		ck_assert_int_eq(icmp.kind, len < 28 ? ICMP_OTHER :
		    ICMP_UNREACHABLE);
	}
	for (len = 0; len <= 50; len++) {
		raw6(&raw, D6, C6, IP_TCP, tcp, sizeof(tcp));
		ck_assert_int_eq(hear_error("fd00:1::1", D6, 1, 0, 0, raw.b,
		    len), len < 48 ? DROP_RUNT : DROP_NOT);
		ck_assert_int_eq(icmp.kind, len < 48 ? ICMP_OTHER :
		    ICMP_UNREACHABLE);
	}
}
END_TEST

/* A quote of one of our segments, with one byte changed on its way. */
static const struct {
	const char	*name;
	int		 family;
	size_t		 at;
	uint8_t		 to;
	enum drop	 want;
} quotes[] = {
	{ "time to live",		4, 8, 1, DROP_NOT },
	{ "class of service",		4, 1, 3, DROP_NOT },
	{ "length",			4, 2, 1, DROP_NOT },
	{ "identification",		4, 4, 9, DROP_NOT },
	{ "checksum",			4, 10, 0xff, DROP_NOT },
	{ "reserved flag",		4, 6, 0x80, DROP_NOT },
	{ "other version",		4, 0, 0x65, DROP_ICMP },
	{ "short header",		4, 0, 0x44, DROP_ICMP },
	{ "options",			4, 0, 0x46, DROP_ICMP },
	{ "fragment",			4, 7, 1, DROP_ICMP },
	{ "fragment, far",		4, 6, 0x10, DROP_ICMP },
	{ "more fragments",		4, 6, 0x20, DROP_ICMP },
	{ "udp",			4, 9, 17, DROP_ICMP },
	{ "icmp",			4, 9, 1, DROP_ICMP },
	{ "other source",		4, 15, 81, DROP_ICMP },
	{ "other destination",		4, 19, 12, DROP_NOT },
	{ "hop limit",			6, 7, 1, DROP_NOT },
	{ "flow label",			6, 3, 1, DROP_NOT },
	{ "length",			6, 4, 1, DROP_NOT },
	{ "other version",		6, 0, 0x40, DROP_ICMP },
	{ "hop-by-hop",			6, 6, 0, DROP_ICMP },
	{ "fragment",			6, 6, 44, DROP_ICMP },
	{ "udp",			6, 6, 17, DROP_ICMP },
	{ "other source",		6, 23, 0x81, DROP_ICMP },
	{ "other destination",		6, 39, 0x12, DROP_NOT },
};

START_TEST(icmp_parse_quote_must_be_of_a_segment_of_ours)
{
	enum drop got;

	if (quotes[_i].family == 4) {
		raw4(&raw, D4, C4, IP_TCP, tcp, sizeof(tcp));
		raw.b[quotes[_i].at] = quotes[_i].to;
		got = hear_error(C4, D4, 3, 1, 0, raw.b, raw.len);
	} else {
		raw6(&raw, D6, C6, IP_TCP, tcp, sizeof(tcp));
		raw.b[quotes[_i].at] = quotes[_i].to;
		got = hear_error(C6, D6, 1, 0, 0, raw.b, raw.len);
	}
	ck_assert_msg(got == quotes[_i].want, "%s", quotes[_i].name);
	ck_assert_int_eq(icmp.kind, got ? ICMP_OTHER : ICMP_UNREACHABLE);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT_LOOP(icmp_error_build_ipv4_error_is_as_by_hand, NELEM(errors)),
	UNIT_LOOP(icmp_error_build_ipv6_error_is_as_by_hand, NELEM(errors)),
	UNIT(icmp_error_build_points_at_the_last_extension_header),
	UNIT_LOOP(icmp_error_build_quotes_as_much_as_fits, NELEM(sizes)),
	UNIT(icmp_error_build_padding_of_a_frame_is_not_quoted),
	UNIT_LOOP(icmp_error_build_is_silent_about_what_may_be_an_error, 256),
	UNIT(icmp_error_build_is_silent_about_icmp_without_a_type),
	UNIT(icmp_error_build_icmp_of_the_other_family_is_just_a_protocol),
	UNIT(icmp_echo_build_answers_a_request),
	UNIT(icmp_echo_build_does_not_go_by_the_checksum_of_the_request),
	UNIT(icmp_echo_build_writes_a_head_and_no_more),
	UNIT(icmp_parse_wrong_checksum_is_refused),
	UNIT(icmp_parse_message_cut_short_is_a_runt),
	UNIT(icmp_parse_of_the_other_family_is_to_nobody),
	UNIT_LOOP(icmp_parse_takes_these_types_and_no_others, 256),
	UNIT(icmp_parse_echo_with_a_code_is_not_answered),
	UNIT(icmp_parse_too_big_tells_mtu_and_segment),
	UNIT(icmp_parse_too_big_of_old_routers_has_no_mtu),
	UNIT(icmp_parse_unreachable_tells_segment_and_no_mtu),
	UNIT(icmp_parse_quote_needs_ports_and_sequence_number),
	UNIT_LOOP(icmp_parse_quote_must_be_of_a_segment_of_ours,
	    NELEM(quotes)),
};

UNIT_MAIN("icmp", tests)

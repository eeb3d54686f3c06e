/* tests/tun/test_tcp_seg.c - every way for a TCP header to be wrong */
#include "tun/tcp_seg.h"

#include <check.h>

#include "tests/tun/raw.h"
#include "tests/unit.h"

static struct raw raw;
static struct tcp_seg seg;

/* A segment with @options, which are padded by the end of options. */
static void
make(const void *options, size_t len, const char *payload)
{
	static const uint8_t pad[3];
	uint8_t head[20] = {
		0x30, 0x39, 0, 80, 1, 2, 3, 4, 0xf5, 6, 7, 8, 0, TCP_ACK,
		0x10, 0x01, 0xaa, 0xbb, 0, 0
	};

	head[12] = (uint8_t)((5 + (len + 3) / 4) << 4);
	raw.len = 0;
	raw_put(&raw, head, sizeof(head));
	raw_put(&raw, options, len);
	raw_put(&raw, pad, -len % 4);
	raw_put(&raw, payload, strlen(payload));
}

/* @seg points into the copy of the last call. */
static enum drop
parse_cut(size_t len)
{
	static uint8_t *copy;

	free(copy);
	copy = raw_copy(raw.b, len);
	return tcp_seg_parse(&seg, copy, len);
}

static enum drop
parse(void)
{
	return parse_cut(raw.len);
}

START_TEST(tcp_seg_parse_plain_segment_is_taken)
{
	make("", 0, "payload");
	ck_assert_int_eq(parse(), DROP_NOT);
	ck_assert_uint_eq(seg.sport, 12345);
	ck_assert_uint_eq(seg.dport, 80);
	ck_assert_uint_eq(seg.seq, 0x01020304);
	ck_assert_uint_eq(seg.ack, 0xf5060708);
	ck_assert_uint_eq(seg.flags, TCP_ACK);
	ck_assert_uint_eq(seg.wnd, 0x1001);
	ck_assert_uint_eq(seg.len, 7);
	ck_assert_mem_eq(seg.data, "payload", 7);
	ck_assert_uint_eq(seg.mss, 0);
	ck_assert_int_eq(seg.wscale, -1);
	ck_assert_uint_eq(seg.sack_ok, 0);
	ck_assert_uint_eq(seg.has_ts, 0);
	ck_assert_uint_eq(seg.nsack, 0);
}
END_TEST

START_TEST(tcp_seg_parse_gives_every_flag)
{
	make("", 0, "");
	raw.b[13] = (uint8_t)(1 << _i);
	ck_assert_int_eq(parse(), DROP_NOT);
	ck_assert_uint_eq(seg.flags, 1 << _i);
}
END_TEST

START_TEST(tcp_seg_parse_options_of_a_syn_are_taken)
{
	static const char linux_syn[] =
	    "\2\4\5\xb4\4\2\x08\x0a\1\2\3\4\5\6\7\x08\1\3\3\7";

	make(linux_syn, sizeof(linux_syn) - 1, "");
	ck_assert_int_eq(parse(), DROP_NOT);
	ck_assert_uint_eq(seg.mss, 1460);
	ck_assert_uint_eq(seg.sack_ok, 1);
	ck_assert_uint_eq(seg.has_ts, 1);
	ck_assert_uint_eq(seg.ts_val, 0x01020304);
	ck_assert_uint_eq(seg.ts_ecr, 0x05060708);
	ck_assert_int_eq(seg.wscale, 7);
	ck_assert_uint_eq(seg.len, 0);
}
END_TEST

START_TEST(tcp_seg_parse_four_sack_blocks_are_taken)
{
	uint8_t opt[36] = { 1, 1, 5, 34 };
	uint32_t i;

	for (i = 4; i < sizeof(opt); i++)
		opt[i] = (uint8_t)i;
	make(opt, sizeof(opt), "x");
	ck_assert_int_eq(parse(), DROP_NOT);
	ck_assert_uint_eq(seg.nsack, 4);
	for (i = 0; i < 4; i++) {
		ck_assert_uint_eq(seg.sack[i].from,
		    0x04050607 + i * 0x08080808);
		ck_assert_uint_eq(seg.sack[i].to, 0x08090a0b + i * 0x08080808);
	}
}
END_TEST

START_TEST(tcp_seg_parse_segment_cut_anywhere_is_refused)
{
	size_t cut;

	make("\1\1\x08\x0a\0\0\0\1\0\0\0\2", 12, "");
	for (cut = 0; cut < raw.len; cut++)
		ck_assert_int_eq(parse_cut(cut), cut < TCP_HEAD ? DROP_RUNT :
		    DROP_SEGMENT);
	ck_assert_int_eq(parse(), DROP_NOT);
}
END_TEST

START_TEST(tcp_seg_parse_offset_outside_of_the_segment_is_refused)
{
	static const char zeros[] = "0123456789abcdefghijklmnopqrstuvwxyz";
	size_t words = (size_t)_i;

	make("", 0, zeros);			/* 56 bytes in all: 14 words */
	raw.b[12] = (uint8_t)(words << 4 | 0x0f);	/* reserved bits */
	memset(raw.b + 20, 0, raw.len - 20);
	ck_assert_int_eq(parse(), words < 5 || words > 14 ? DROP_SEGMENT :
	    DROP_NOT);
	if (words >= 5 && words <= 14)
		ck_assert_uint_eq(seg.len, 56 - words * 4);
}
END_TEST

START_TEST(tcp_seg_parse_port_of_0_is_refused)
{
	make("", 0, "");
	raw_set16(raw.b, 0);
	ck_assert_int_eq(parse(), DROP_SEGMENT);
	raw_set16(raw.b, 1);
	raw_set16(raw.b + 2, 0);
	ck_assert_int_eq(parse(), DROP_SEGMENT);
	raw_set16(raw.b + 2, 1);
	ck_assert_int_eq(parse(), DROP_NOT);
}
END_TEST

START_TEST(tcp_seg_parse_urgent_pointer_changes_nothing)
{
	struct tcp_seg plain;

	make("", 0, "payload");
	raw.b[13] = TCP_ACK | TCP_URG;
	ck_assert_int_eq(parse(), DROP_NOT);
	plain = seg;
	raw_set16(raw.b + 18, 0xffff);
	ck_assert_int_eq(parse(), DROP_NOT);
	ck_assert_uint_eq(seg.flags, plain.flags);
	ck_assert_uint_eq(seg.len, 7);
	ck_assert_mem_eq(seg.data, "payload", 7);
}
END_TEST

static const struct {
	const char	*name;
	const char	*bytes;
	size_t		 len;
	enum drop	 want;
} options[] = {
	{ "no-operations", "\1\1\1\1", 4, DROP_NOT },
	{ "end, then rubbish", "\0\2\1\xff", 4, DROP_NOT },
	{ "unknown", "\xfd\4\1\2", 4, DROP_NOT },
	{ "unknown, empty", "\xfd\2\xfd\2", 4, DROP_NOT },
	{ "fast open cookie", "\x22\x0a" "12345678", 10, DROP_NOT },
	{ "multipath", "\x1e\x0c\0\x81" "12345678", 12, DROP_NOT },
	{ "md5", "\x13\x12" "0123456789abcdef", 18, DROP_NOT },
	{ "length of 0", "\xfd\0\1\1", 4, DROP_SEGMENT },
	{ "length of 1", "\xfd\1\1\1", 4, DROP_SEGMENT },
	{ "length beyond", "\xfd\5\1\1", 4, DROP_SEGMENT },
	{ "length far beyond", "\xfd\xff\1\1", 4, DROP_SEGMENT },
	{ "no length", "\1\1\1\xfd", 4, DROP_SEGMENT },
	{ "mss, no length", "\1\1\1\2", 4, DROP_SEGMENT },
	{ "mss short", "\2\3\5\1", 4, DROP_SEGMENT },
	{ "mss long", "\2\5\5\xb4\1\1\1\1", 8, DROP_SEGMENT },
	{ "mss of no value", "\2\2\1\1", 4, DROP_SEGMENT },
	{ "wscale of no value", "\3\2\1\1", 4, DROP_SEGMENT },
	{ "wscale long", "\3\4\7\1", 4, DROP_SEGMENT },
	{ "sack permitted long", "\4\3\0\1", 4, DROP_SEGMENT },
	{ "sack of no block", "\5\2\1\1", 4, DROP_SEGMENT },
	{ "sack of half a block", "\5\6\0\0\0\1\1\1", 8, DROP_SEGMENT },
	{ "sack of a block and a byte", "\5\x0b\0\0\0\1\0\0\0\2\0\1", 12,
	    DROP_SEGMENT },
	{ "sack of a block", "\5\x0a\0\0\0\1\0\0\0\2\1\1", 12, DROP_NOT },
	{ "sack of 31 blocks", "\5\xfa\0\0\0\1\0\0\0\2\1\1", 12,
	    DROP_SEGMENT },
	{ "timestamps short", "\x08\x09\0\0\0\1\0\0\0\1\1\1", 12,
	    DROP_SEGMENT },
	{ "timestamps long", "\x08\x0b\0\0\0\1\0\0\0\1\1\1", 12,
	    DROP_SEGMENT },
	{ "timestamps beyond", "\x08\x0a\0\0\0\1\0\0", 8, DROP_SEGMENT },
};

START_TEST(tcp_seg_parse_judges_options)
{
	make(options[_i].bytes, options[_i].len, "payload");
	ck_assert_msg(parse() == options[_i].want, "%s", options[_i].name);
	if (options[_i].want == DROP_NOT) {
		ck_assert_uint_eq(seg.len, 7);
		ck_assert_mem_eq(seg.data, "payload", 7);
	}
}
END_TEST

/* The payload goes on as if it were more of the option. */
START_TEST(tcp_seg_parse_option_is_not_read_from_the_payload)
{
	make("\1\1\2\4", 4, "\x05\xb4");
	ck_assert_int_eq(parse(), DROP_SEGMENT);
}
END_TEST

START_TEST(tcp_seg_parse_last_of_two_options_counts)
{
	make("\2\4\5\xb4\2\4\2\x18\3\3\1\3\3\2", 14, "");
	ck_assert_int_eq(parse(), DROP_NOT);
	ck_assert_uint_eq(seg.mss, 536);
	ck_assert_int_eq(seg.wscale, 2);
	make("\x08\x0a\0\0\0\1\0\0\0\2\x08\x0a\0\0\0\3\0\0\0\4", 20, "");
	ck_assert_int_eq(parse(), DROP_NOT);
	ck_assert_uint_eq(seg.ts_val, 3);
	ck_assert_uint_eq(seg.ts_ecr, 4);
	make("\5\x12\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4"
	    "\5\x0a\0\0\0\5\0\0\0\6", 28, "");
	ck_assert_int_eq(parse(), DROP_NOT);
	ck_assert_uint_eq(seg.nsack, 1);
	ck_assert_uint_eq(seg.sack[0].from, 5);
	ck_assert_uint_eq(seg.sack[0].to, 6);
}
END_TEST

START_TEST(tcp_seg_parse_window_scale_is_14_at_most)
{
	static const struct { uint8_t wire; int8_t want; } rows[] = {
		{ 0, 0 }, { 13, 13 }, { 14, 14 }, { 15, 14 }, { 127, 14 },
		{ 128, 14 }, { 255, 14 }
	};
	uint8_t opt[3] = { 3, 3 };
	size_t i;

	for (i = 0; i < NELEM(rows); i++) {
		opt[2] = rows[i].wire;
		make(opt, sizeof(opt), "");
		ck_assert_int_eq(parse(), DROP_NOT);
		ck_assert_int_eq(seg.wscale, rows[i].want);
	}
}
END_TEST

START_TEST(tcp_seg_parse_mss_is_as_on_the_wire)
{
	static const uint16_t rows[] = { 0, 1, 87, 536, 65535 };
	uint8_t opt[4] = { 2, 4 };
	size_t i;

	for (i = 0; i < NELEM(rows); i++) {
		raw_set16(opt + 2, rows[i]);
		make(opt, sizeof(opt), "");
		ck_assert_int_eq(parse(), DROP_NOT);
		ck_assert_uint_eq(seg.mss, rows[i]);
	}
}
END_TEST

static const struct tcp_seg base = {
	.sport = 80, .dport = 12345, .seq = 0x01020304, .ack = 0xf5060708,
	.flags = TCP_ACK | TCP_PSH, .wnd = 0x1001, .wscale = -1
};

/* Beyond what is built nothing is written. */
static size_t
build(const struct tcp_seg *s, uint8_t out[TCP_HEAD_MAX])
{
	uint8_t *copy = malloc(TCP_HEAD_MAX);
	size_t n, i;

	ck_assert_ptr_nonnull(copy);
	memset(copy, 0xa5, TCP_HEAD_MAX);
	n = tcp_seg_build(copy, s);
	ck_assert_uint_le(n, TCP_HEAD_MAX);
	ck_assert_uint_eq(n, (copy[12] >> 4) * 4u);
	for (i = n; i < TCP_HEAD_MAX; i++)
		ck_assert_uint_eq(copy[i], 0xa5);
	memcpy(out, copy, n);
	free(copy);
	return n;
}

START_TEST(tcp_seg_build_plain_header_is_as_by_hand)
{
	static const uint8_t want[20] = {
		0, 80, 0x30, 0x39, 1, 2, 3, 4, 0xf5, 6, 7, 8, 0x50, 0x18,
		0x10, 0x01, 0, 0, 0, 0
	};
	uint8_t out[TCP_HEAD_MAX];

	ck_assert_uint_eq(build(&base, out), 20);
	ck_assert_mem_eq(out, want, 20);
}
END_TEST

#define SYN		.mss = 1460
#define TS		.has_ts = 1, .ts_val = 0x01020304, .ts_ecr = 0x05060708
#define SACKS(n)	.nsack = n,					\
	.sack = { { 1, 2 }, { 3, 4 }, { 5, 6 }, { 7, 8 } }
#define B1	"\0\0\0\1\0\0\0\2"
#define B2	B1 "\0\0\0\3\0\0\0\4"
#define B3	B2 "\0\0\0\5\0\0\0\6"
#define B4	B3 "\0\0\0\7\0\0\0\x08"
#define T	"\x08\x0a\1\2\3\4\5\6\7\x08"

/* Linux 6.18 was seen to send each of them but the last. */
static const struct {
	struct tcp_seg	 seg;
	const char	*want;
	size_t		 len;
} layouts[] = {
	{ { SYN, TS, .sack_ok = 1, .wscale = 7 },
	    "\2\4\5\xb4\4\2" T "\1\3\3\7", 20 },
	{ { SYN, TS, .wscale = 7 }, "\2\4\5\xb4\1\1" T "\1\3\3\7", 20 },
	{ { SYN, .sack_ok = 1, .wscale = 0 }, "\2\4\5\xb4\1\1\4\2\1\3\3\0",
	    12 },
	{ { SYN, .sack_ok = 1, .wscale = -1 }, "\2\4\5\xb4\1\1\4\2", 8 },
	{ { SYN, .wscale = 14 }, "\2\4\5\xb4\1\3\3\x0e", 8 },
	{ { SYN, .wscale = -1 }, "\2\4\5\xb4", 4 },
	{ { TS, .wscale = -1 }, "\1\1" T, 12 },
	{ { SACKS(1), .wscale = -1 }, "\1\1\5\x0a" B1, 12 },
	{ { SACKS(4), .wscale = -1 }, "\1\1\5\x22" B4, 36 },
	{ { TS, SACKS(1), .wscale = -1 }, "\1\1" T "\1\1\5\x0a" B1, 24 },
	{ { TS, SACKS(3), .wscale = -1 }, "\1\1" T "\1\1\5\x1a" B3, 40 },
	/* The fourth has no room, nor has more beside a whole SYN. */
	{ { TS, SACKS(4), .wscale = -1 }, "\1\1" T "\1\1\5\x1a" B3, 40 },
	{ { SYN, TS, .sack_ok = 1, .wscale = 7, SACKS(4) },
	    "\2\4\5\xb4\4\2" T "\1\3\3\7\1\1\5\x12" B2, 40 },
};

START_TEST(tcp_seg_build_options_are_in_the_order_of_linux)
{
	struct tcp_seg s = layouts[_i].seg;
	uint8_t out[TCP_HEAD_MAX];

	s.sport = s.dport = 1;
	ck_assert_uint_eq(build(&s, out), 20 + layouts[_i].len);
	ck_assert_mem_eq(out + 20, layouts[_i].want, layouts[_i].len);
}
END_TEST

START_TEST(tcp_seg_build_header_is_parsed_to_what_it_was_built_from)
{
	const struct tcp_seg *want = &layouts[_i].seg;
	struct tcp_seg s = *want;
	size_t i;

	s.sport = 65535;
	s.dport = 1;
	s.seq = 0xfffffffe;
	s.ack = 0x80000000;
	s.flags = 0xff;
	s.wnd = 65535;
	raw.len = build(&s, raw.b);
	raw_put(&raw, "payload", 7);
	ck_assert_int_eq(parse(), DROP_NOT);
	ck_assert_uint_eq(seg.sport, 65535);
	ck_assert_uint_eq(seg.dport, 1);
	ck_assert_uint_eq(seg.seq, 0xfffffffe);
	ck_assert_uint_eq(seg.ack, 0x80000000);
	ck_assert_uint_eq(seg.flags, 0xff);
	ck_assert_uint_eq(seg.wnd, 65535);
	ck_assert_uint_eq(seg.mss, want->mss);
	ck_assert_int_eq(seg.wscale, want->wscale);
	ck_assert_uint_eq(seg.sack_ok, want->sack_ok);
	ck_assert_uint_eq(seg.has_ts, want->has_ts);
	ck_assert_uint_eq(seg.ts_val, want->ts_val);
	ck_assert_uint_eq(seg.ts_ecr, want->ts_ecr);
	ck_assert_uint_eq(seg.len, 7);
	ck_assert_uint_eq(seg.nsack, want->nsack < 4 ? want->nsack :
	    want->mss ? 2 : want->has_ts ? 3 : 4);
	for (i = 0; i < seg.nsack; i++) {
		ck_assert_uint_eq(seg.sack[i].from, want->sack[i].from);
		ck_assert_uint_eq(seg.sack[i].to, want->sack[i].to);
	}
}
END_TEST

START_TEST(seq_lt_and_le_hold_around_the_wrap)
{
	static const struct { uint32_t a, b; int lt, le; } rows[] = {
		{ 0, 0, 0, 1 }, { 0, 1, 1, 1 }, { 1, 0, 0, 0 },
		{ 0xffffffff, 0, 1, 1 }, { 0, 0xffffffff, 0, 0 },
		{ 0xfffffff0, 0x10, 1, 1 }, { 0, 0x7fffffff, 1, 1 },
		{ 0x7fffffff, 0, 0, 0 }, { 0x80000001, 0, 1, 1 }
	};
	size_t i;

	for (i = 0; i < NELEM(rows); i++) {
		ck_assert_int_eq(seq_lt(rows[i].a, rows[i].b), rows[i].lt);
		ck_assert_int_eq(seq_le(rows[i].a, rows[i].b), rows[i].le);
	}
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(tcp_seg_parse_plain_segment_is_taken),
	UNIT_LOOP(tcp_seg_parse_gives_every_flag, 8),
	UNIT(tcp_seg_parse_options_of_a_syn_are_taken),
	UNIT(tcp_seg_parse_four_sack_blocks_are_taken),
	UNIT(tcp_seg_parse_segment_cut_anywhere_is_refused),
	UNIT_LOOP(tcp_seg_parse_offset_outside_of_the_segment_is_refused, 16),
	UNIT(tcp_seg_parse_port_of_0_is_refused),
	UNIT(tcp_seg_parse_urgent_pointer_changes_nothing),
	UNIT_LOOP(tcp_seg_parse_judges_options, NELEM(options)),
	UNIT(tcp_seg_parse_option_is_not_read_from_the_payload),
	UNIT(tcp_seg_parse_last_of_two_options_counts),
	UNIT(tcp_seg_parse_window_scale_is_14_at_most),
	UNIT(tcp_seg_parse_mss_is_as_on_the_wire),
	UNIT(tcp_seg_build_plain_header_is_as_by_hand),
	UNIT_LOOP(tcp_seg_build_options_are_in_the_order_of_linux,
	    NELEM(layouts)),
	UNIT_LOOP(tcp_seg_build_header_is_parsed_to_what_it_was_built_from,
	    NELEM(layouts)),
	UNIT(seq_lt_and_le_hold_around_the_wrap),
};

UNIT_MAIN("tcp_seg", tests)

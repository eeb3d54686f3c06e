/* tests/base/test_wire.c */
#include "base/wire.h"

#include <errno.h>
#include <string.h>

#include "tests/unit.h"

static const uint8_t digits[16] = {
	0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef,
	0xfe, 0xdc, 0xba, 0x98, 0x76, 0x54, 0x32, 0x10
};

START_TEST(wire_integers_are_big_endian)
{
	struct wire w;

	wire_init(&w, digits, 15);
	ck_assert_uint_eq(wire_u8(&w), 0x01);
	ck_assert_uint_eq(wire_u16(&w), 0x2345);
	ck_assert_uint_eq(wire_u32(&w), 0x6789abcd);
	ck_assert(wire_u64(&w) == 0xeffedcba98765432u);
	ck_assert_int_eq(wire_done(&w), 0);
}
END_TEST

static uint64_t
read_n(struct wire *w, int width)
{
	return width == 1 ? wire_u8(w) : width == 2 ? wire_u16(w) :
	    width == 4 ? wire_u32(w) : wire_u64(w);
}

START_TEST(wire_short_buffer_yields_zero_and_latches)
{
	static const int widths[] = { 1, 2, 4, 8 };
	int width = widths[_i];
	struct wire w;
	size_t len;

	for (len = 0; len < (size_t)width; len++) {
		wire_init(&w, digits, len);
		ck_assert(read_n(&w, width) == 0);
		ck_assert_int_eq(w.err, -EMSGSIZE);
		/* what is there can't be had any more */
		ck_assert_uint_eq(wire_u8(&w), 0);
		ck_assert_ptr_null(wire_take(&w, 0));
		ck_assert_uint_eq(wire_left(&w), 0);
		ck_assert_int_eq(wire_done(&w), -EMSGSIZE);
	}
	wire_init(&w, digits, (size_t)width);
	ck_assert(read_n(&w, width) != 0);
	ck_assert_int_eq(wire_done(&w), 0);
}
END_TEST

static const struct {
	const char	*name;
	size_t		 len;
	int		 want;
} done_cases[] = {
	{ "empty",    0, -EMSGSIZE }, { "short",    3, -EMSGSIZE },
	{ "exact",    4, 0 },	      { "trailing", 5, -EPROTO },
};

START_TEST(wire_done_accepts_only_exact_length)
{
	struct wire w;

	wire_init(&w, digits, done_cases[_i].len);
	(void)wire_u32(&w);
	ck_assert_msg(wire_done(&w) == done_cases[_i].want, "%s",
	    done_cases[_i].name);
}
END_TEST

START_TEST(wire_take_borrows_and_advances)
{
	struct wire w;

	wire_init(&w, digits, 4);
	ck_assert_ptr_eq(wire_take(&w, 0), digits);
	ck_assert_ptr_eq(wire_take(&w, 3), digits);
	ck_assert_uint_eq(wire_left(&w), 1);
	ck_assert_ptr_null(wire_take(&w, 2));
	ck_assert_uint_eq(wire_left(&w), 0);
}
END_TEST

START_TEST(wire_take_of_absurd_length_is_short)
{
	struct wire w;

	wire_init(&w, digits, 4);
	ck_assert_ptr_null(wire_take(&w, SIZE_MAX));
	ck_assert_int_eq(w.err, -EMSGSIZE);
}
END_TEST

START_TEST(wire_init_of_null_is_empty)
{
	struct wire w, sub;
	uint8_t b = 7;

	wire_init(&w, NULL, 0);
	ck_assert_uint_eq(wire_left(&w), 0);
	wire_copy(&w, &b, 0);
	ck_assert_uint_eq(b, 7);
	wire_sub(&w, &sub, 0);
	ck_assert_int_eq(wire_done(&sub), 0);
	ck_assert_int_eq(wire_done(&w), 0);
	ck_assert_uint_eq(wire_u8(&w), 0);
	ck_assert_int_eq(wire_done(&w), -EMSGSIZE);
}
END_TEST

START_TEST(wire_copy_short_buffer_zeroes_output)
{
	uint8_t out[5] = { 1, 2, 3, 4, 5 };
	static const uint8_t zero[5];
	struct wire w;

	wire_init(&w, digits, 4);
	wire_copy(&w, out, 5);
	ck_assert_mem_eq(out, zero, 5);
	ck_assert_int_eq(w.err, -EMSGSIZE);
	wire_init(&w, digits, 4);
	wire_copy(&w, out, 4);
	ck_assert_mem_eq(out, digits, 4);
}
END_TEST

START_TEST(wire_sub_is_confined_to_its_part)
{
	struct wire w, sub;

	wire_init(&w, digits, 6);
	wire_sub(&w, &sub, 2);
	ck_assert_uint_eq(wire_left(&sub), 2);
	ck_assert_uint_eq(wire_u16(&sub), 0x0123);
	ck_assert_uint_eq(wire_u8(&sub), 0);
	ck_assert_int_eq(sub.err, -EMSGSIZE);
	ck_assert_int_eq(w.err, 0);
	ck_assert_uint_eq(wire_u32(&w), 0x456789ab);
	ck_assert_int_eq(wire_done(&w), 0);
}
END_TEST

START_TEST(wire_sub_too_long_fails_both)
{
	struct wire w, sub;

	wire_init(&w, digits, 6);
	wire_sub(&w, &sub, 7);
	ck_assert_int_eq(wire_done(&sub), -EMSGSIZE);
	ck_assert_int_eq(wire_done(&w), -EMSGSIZE);
	wire_sub(&w, &sub, 0);	/* also of one that failed before */
	ck_assert_int_eq(wire_done(&sub), -EMSGSIZE);
}
END_TEST

START_TEST(pack_writes_what_wire_reads)
{
	uint8_t out[15];
	struct pack p;

	pack_init(&p, out, sizeof(out));
	pack_u8(&p, 0x01);
	pack_u16(&p, 0x2345);
	pack_u32(&p, 0x6789abcd);
	pack_u64(&p, 0xeffedcba98765432u);
	ck_assert_int_eq(p.err, 0);
	ck_assert_uint_eq(pack_len(&p), 15);
	ck_assert_mem_eq(out, digits, 15);
	pack_put(&p, digits, 0);
	ck_assert_int_eq(p.err, 0);
	pack_u8(&p, 1);
	ck_assert_int_eq(p.err, -ENOBUFS);
}
END_TEST

START_TEST(pack_overrun_latches_and_writes_nothing)
{
	uint8_t out[8] = { 0 };
	struct pack p;

	pack_init(&p, out, 7);
	pack_u16(&p, 0x0102);
	switch (_i) {
	case 0:
		pack_u64(&p, UINT64_MAX);
		break;
	case 1:
		pack_put(&p, digits, 6);
		break;
	default:
		pack_put(&p, digits, SIZE_MAX);
	}
	pack_u8(&p, 0xff);
	ck_assert_int_eq(p.err, -ENOBUFS);
	ck_assert_uint_eq(pack_len(&p), 0);
	ck_assert_uint_eq(out[0], 1);
	ck_assert_uint_eq(out[2], 0);
	ck_assert_uint_eq(out[7], 0);
}
END_TEST

START_TEST(pack_init_of_null_takes_nothing)
{
	struct pack p;

	pack_init(&p, NULL, 0);
	pack_put(&p, NULL, 0);
	ck_assert_int_eq(p.err, 0);
	ck_assert_uint_eq(pack_len(&p), 0);
	pack_u8(&p, 1);
	ck_assert_int_eq(p.err, -ENOBUFS);
}
END_TEST

START_TEST(wire_set_then_get_gives_same_value)
{
	uint8_t b[4];

	wire_set16(b, 0xfedc);
	ck_assert_uint_eq(b[0], 0xfe);
	ck_assert_uint_eq(wire_get16(b), 0xfedc);
	wire_set32(b, 0xfedcba98u);
	ck_assert_uint_eq(b[3], 0x98);
	ck_assert_uint_eq(wire_get32(b), 0xfedcba98u);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(wire_integers_are_big_endian),
	UNIT_LOOP(wire_short_buffer_yields_zero_and_latches, 4),
	UNIT_LOOP(wire_done_accepts_only_exact_length, NELEM(done_cases)),
	UNIT(wire_take_borrows_and_advances),
	UNIT(wire_take_of_absurd_length_is_short),
	UNIT(wire_init_of_null_is_empty),
	UNIT(wire_copy_short_buffer_zeroes_output),
	UNIT(wire_sub_is_confined_to_its_part),
	UNIT(wire_sub_too_long_fails_both),
	UNIT(pack_writes_what_wire_reads),
	UNIT_LOOP(pack_overrun_latches_and_writes_nothing, 3),
	UNIT(pack_init_of_null_takes_nothing),
	UNIT(wire_set_then_get_gives_same_value),
};

UNIT_MAIN("wire", tests)

/* tests/onion/link/test_cell.c */
#include <errno.h>
#include <string.h>

#include "onion/link/cell.h"
#include "tests/unit.h"

static const struct {
	const char	*name;
	int		 wide;
	uint8_t		 head[7];
	size_t		 len;		/* bytes there */
	int		 want;
	uint32_t	 id;
	uint8_t		 cmd;
	size_t		 body;
} cases[] = {
	{ "nothing", 1, { 0 }, 0, 0, 0, 0, 0 },
	{ "half an id", 1, { 0x80 }, 3, 0, 0, 0, 0 },
	{ "id, no command", 1, { 0x80 }, 4, 0, 0, 0, 0 },
	{ "fixed, a byte short", 1, { 0x80, 1, 2, 3, 3 }, 513, 0, 0, 0, 0 },
	{ "fixed", 1, { 0x80, 1, 2, 3, 3 }, 514, 514, 0x80010203, 3, 509 },
	{ "fixed, more behind", 1, { 0, 0, 0, 0, 8 }, 600, 514, 0, 8, 509 },
	{ "fixed, narrow", 0, { 0x80, 1, 3 }, 512, 512, 0x8001, 3, 509 },
	{ "fixed, narrow, short", 0, { 0x80, 1, 3 }, 511, 0, 0, 0, 0 },
	{ "var, half a length", 1, { 0, 0, 0, 0, 129, 0 }, 6, 0, 0, 0, 0 },
	{ "var, empty", 1, { 0, 0, 0, 0, 129, 0, 0 }, 7, 7, 0, 129, 0 },
	{ "var, short", 1, { 0, 0, 0, 0, 128, 0, 9 }, 15, 0, 0, 0, 0 },
	{ "var", 1, { 0, 0, 0, 0, 255, 0, 9 }, 16, 16, 0, 255, 9 },
	{ "VERSIONS", 0, { 0, 0, 7, 0, 4 }, 9, 9, 0, 7, 4 },
	{ "VERSIONS, wide", 1, { 0, 0, 0, 0, 7, 0, 4 }, 11, 11, 0, 7, 4 },
	{ "longest", 1, { 0, 0, 0, 0, 130, 0x40, 0 }, 16391, 16391, 0, 130,
	  16384 },
	{ "too long", 1, { 0, 0, 0, 0, 130, 0x40, 1 }, 7, -EMSGSIZE, 0, 0, 0 },
	{ "giant", 0, { 0, 0, 200, 0xff, 0xff }, 5, -EMSGSIZE, 0, 0, 0 },
};

START_TEST(cell_parse_takes_exactly_one_cell)
{
	uint8_t buf[20000] = { 0 };
	struct cell c = { 0 };
	int n;

	memcpy(buf, cases[_i].head, 7);
	n = cell_parse(&c, buf, cases[_i].len, cases[_i].wide);
	ck_assert_msg(n == cases[_i].want, "%s: %d", cases[_i].name, n);
	if (n <= 0) {
		ck_assert(c.body == NULL);
		return;
	}
	ck_assert_uint_eq(c.circ_id, cases[_i].id);
	ck_assert_uint_eq(c.cmd, cases[_i].cmd);
	ck_assert_uint_eq(c.len, cases[_i].body);
	ck_assert(c.body + c.len == buf + n);
}
END_TEST

START_TEST(cell_begin_is_read_back_by_cell_parse)
{
	uint8_t buf[CELL_LEN], *body;
	struct cell c;
	int i;

	memset(buf, 0xff, sizeof(buf));
	body = cell_begin(buf, 0xdeadbeef, CELL_CREATE2);
	for (i = 0; i < CELL_BODY; i++)
		ck_assert_uint_eq(body[i], 0);
	ck_assert_int_eq(cell_parse(&c, buf, sizeof(buf), 1), CELL_LEN);
	ck_assert_uint_eq(c.circ_id, 0xdeadbeef);
	ck_assert_uint_eq(c.cmd, CELL_CREATE2);
	ck_assert(c.body == body);
}
END_TEST

START_TEST(cell_is_var_only_for_versions_and_from_128)
{
	int i;

	for (i = 0; i < 256; i++)
		ck_assert_int_eq(cell_is_var((uint8_t)i), i == 7 || i >= 128);
}
END_TEST

START_TEST(cell_name_knows_every_command)
{
	ck_assert_str_eq(cell_name(CELL_RELAY_EARLY), "RELAY_EARLY");
	ck_assert_str_eq(cell_name(99), "unknown");
}
END_TEST

static const struct unit_test tests[] = {
	UNIT_LOOP(cell_parse_takes_exactly_one_cell, NELEM(cases)),
	UNIT(cell_begin_is_read_back_by_cell_parse),
	UNIT(cell_is_var_only_for_versions_and_from_128),
	UNIT(cell_name_knows_every_command),
};
UNIT_MAIN("cell", tests)

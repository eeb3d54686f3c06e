/* tests/onion/dir/test_params.c */
#include "onion/dir/params.h"

#include <errno.h>
#include <string.h>

#include "tests/unit.h"

static const struct {
	const char	*line;
	int		 rc;
	size_t		 n;
} parse_cases[] = {
	{ "", 0, 0 },
	{ "a=1", 0, 1 },
	{ "b=1 a=2", 0, 2 },
	{ "a=1  b=-2\tc=3", 0, 3 },
	{ "a-b=1 a=2", 0, 2 },
	{ "x=2147483647 y=-2147483648", 0, 2 },
	{ "x=2147483648", -EBADMSG, 0 },
	{ "x=-2147483649", -EBADMSG, 0 },
	{ "x=99999999999999999999", -EBADMSG, 0 },
	{ "x", -EBADMSG, 0 },
	{ "x=", -EBADMSG, 0 },
	{ "=1", -EBADMSG, 0 },
	{ "x=1a", -EBADMSG, 0 },
	{ "x=1=2", -EBADMSG, 0 },
	{ "a=1 a=1", -EBADMSG, 0 },
	{ "a=1 b=1 a=2", -EBADMSG, 0 },
};

START_TEST(params_parse_takes_names_with_int32_values_once)
{
	struct params *p = NULL;
	const char *line = parse_cases[_i].line;
	int rc = params_parse(&p, line, strlen(line));

	ck_assert_msg(rc == parse_cases[_i].rc, "%s: %d", line, rc);
	ck_assert_uint_eq(params_count(p), parse_cases[_i].n);
	params_free(p);
}
END_TEST

static const struct {
	const char	*name;
	int32_t		 def, min, max, want;
} get_cases[] = {
	{ "cc_alg", 0, 0, 3, 2 },
	{ "cc_alg", 0, 0, 1, 1 },
	{ "cc_alg", 0, 5, 9, 5 },
	{ "cc_al", 7, 0, 9, 7 },
	{ "cc_alg2", 7, 0, 9, 7 },
	{ "", 7, 0, 9, 7 },
	{ "neg", 1, INT32_MIN, INT32_MAX, -5 },
	{ "neg", 1, 0, INT32_MAX, 0 },
	{ "huge", 1, 0, 100, 100 },
	{ "tiny", 1, -3, 100, -3 },
	{ "ExtendByEd25519ID", 0, 0, 1, 1 },
	{ "missing", 42, 0, 10, 42 },
};

START_TEST(params_get_forces_values_into_range_and_knows_the_default)
{
	static const char line[] = "ExtendByEd25519ID=1 cc_alg=2 "
	    "huge=2147483647 neg=-5 tiny=-2147483648 zz=9";
	struct params *p, *copy;

	ck_assert_int_eq(params_parse(&p, line, strlen(line)), 0);
	ck_assert_int_eq(params_copy(&copy, p), 0);
	ck_assert_int_eq(params_get(p, get_cases[_i].name, get_cases[_i].def,
	    get_cases[_i].min, get_cases[_i].max), get_cases[_i].want);
	params_free(p);
	ck_assert_int_eq(params_get(copy, get_cases[_i].name,
	    get_cases[_i].def, get_cases[_i].min, get_cases[_i].max),
	    get_cases[_i].want);
	params_free(copy);
	ck_assert_int_eq(params_get(NULL, get_cases[_i].name, 11, 0, 1), 11);
}
END_TEST

START_TEST(params_copy_of_none_is_none)
{
	struct params *p = (struct params *)&p;

	ck_assert_int_eq(params_copy(&p, NULL), 0);
	ck_assert_ptr_null(p);
}
END_TEST

START_TEST(params_parse_over_the_ceiling_is_refused)
{
	char line[16 * (PARAMS_MAX + 1)];
	struct params *p = NULL;
	size_t len = 0;
	int i;

	for (i = 0; i < PARAMS_MAX; i++)
		len += (size_t)snprintf(line + len, sizeof(line) - len,
		    "p%d=%d ", i, i);
	ck_assert_int_eq(params_parse(&p, line, len), 0);
	ck_assert_int_eq(params_get(p, "p317", 0, 0, 1000), 317);
	params_free(p);
	len += (size_t)snprintf(line + len, sizeof(line) - len, "q=1");
	ck_assert_int_eq(params_parse(&p, line, len), -EBADMSG);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT_LOOP(params_parse_takes_names_with_int32_values_once,
	    NELEM(parse_cases)),
	UNIT_LOOP(params_get_forces_values_into_range_and_knows_the_default,
	    NELEM(get_cases)),
	UNIT(params_copy_of_none_is_none),
	UNIT(params_parse_over_the_ceiling_is_refused),
};
UNIT_MAIN("params", tests)

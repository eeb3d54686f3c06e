/* The program at interfaces' egress: what can be seen without any.  The rest
 * shows tests/platform/fwstate, on a kernel's interfaces. */
#include "policy/tcxgate.h"

#include <errno.h>
#include <string.h>

#include "tests/unit.h"

static const char gone[][NETPLAN_IFNAME] = { "no-such-if0", "no-such-if1" };

START_TEST(tcxgate_put_at_nothing_puts_nothing)
{
	struct tcxgate h;
	char why[200] = "";

	tcxgate_init(&h);
	ck_assert_int_eq(tcxgate_put(&h, NULL, 0, why, sizeof(why)), 0);
	ck_assert_uint_eq(h.n, 0);
	ck_assert_uint_eq(h.changes, 0);
	ck_assert_str_eq(h.mended, "");
	ck_assert_str_eq(why, "");
	tcxgate_keep(&h, NULL, 0);
	tcxgate_free(&h);
	tcxgate_free(&h);
}
END_TEST

START_TEST(tcxgate_put_at_what_is_not_there_is_no_failure)
{
	struct tcxgate h;
	char why[200] = "";

	tcxgate_init(&h);
	ck_assert_int_eq(tcxgate_put(&h, gone, 2, why, sizeof(why)), 0);
	ck_assert_uint_eq(h.n, 0);
	ck_assert_int_eq(h.missing, 0);
	ck_assert_int_eq(tcxgate_look(gone, 2, why, sizeof(why)), 0);
	tcxgate_free(&h);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(tcxgate_put_at_nothing_puts_nothing),
	UNIT(tcxgate_put_at_what_is_not_there_is_no_failure),
};
UNIT_MAIN("tcxgate", tests)

/* Taking the queues of interfaces: what can be seen without any.  The rest shows
 * tests/platform/fwstate, on a kernel's interfaces. */
#include "policy/xskhold.h"

#include <errno.h>
#include <string.h>

#include "tests/unit.h"

static const char gone[][NETPLAN_IFNAME] = { "no-such-if0", "no-such-if1" };

START_TEST(xskhold_take_of_nothing_takes_nothing)
{
	struct xskhold h;
	char why[200] = "";

	xskhold_init(&h);
	ck_assert_int_eq(xskhold_take(&h, NULL, 0, 0, why, sizeof(why)), 0);
	ck_assert_uint_eq(h.n, 0);
	ck_assert_uint_eq(h.changes, 0);
	ck_assert_str_eq(why, "");
	xskhold_free(&h);
	xskhold_free(&h);
}
END_TEST

START_TEST(xskhold_take_of_what_is_not_there_is_no_failure)
{
	struct xskhold h;
	char why[200] = "";

	xskhold_init(&h);
	ck_assert_int_eq(xskhold_take(&h, gone, 2, 0, why, sizeof(why)), 0);
	ck_assert_uint_eq(h.n, 0);
	ck_assert_int_eq(xskhold_look(gone, 2, why, sizeof(why)), 0);
	xskhold_free(&h);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(xskhold_take_of_nothing_takes_nothing),
	UNIT(xskhold_take_of_what_is_not_there_is_no_failure),
};
UNIT_MAIN("xskhold", tests)

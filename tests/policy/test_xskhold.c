/* Taking the queues of interfaces: what can be seen without any.  The rest shows
 * tests/platform/fwstate, on a kernel's interfaces. */
#include "policy/xskhold.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>

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

/* What cannot be looked up may be there. */
START_TEST(xskhold_take_without_descriptors_fails)
{
	static const char lo[][NETPLAN_IFNAME] = { "lo" };
	struct rlimit before, none;
	struct xskhold h;
	char why[200] = "";

	xskhold_init(&h);
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = before;
	none.rlim_cur = 0;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
	ck_assert_int_lt(xskhold_take(&h, lo, 1, 0, why, sizeof(why)), 0);
	ck_assert_ptr_nonnull(strstr(why, "interface lo"));
	ck_assert_int_lt(xskhold_look(lo, 1, why, sizeof(why)), 0);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
	xskhold_free(&h);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(xskhold_take_of_nothing_takes_nothing),
	UNIT(xskhold_take_of_what_is_not_there_is_no_failure),
	UNIT(xskhold_take_without_descriptors_fails),
};
UNIT_MAIN("xskhold", tests)

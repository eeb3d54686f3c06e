/* The program at interfaces' egress: what can be seen without any.  The rest
 * shows tests/platform/fwstate, on a kernel's interfaces. */
#include "policy/tcxgate.h"

#include <errno.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

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

static const char lo[][NETPLAN_IFNAME] = { "lo" };

/* What cannot be looked up may be there. */
START_TEST(tcxgate_put_without_descriptors_fails)
{
	struct rlimit before, none;
	struct tcxgate h;
	char why[200] = "";

	tcxgate_init(&h);
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = before;
	none.rlim_cur = 0;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
	ck_assert_int_lt(tcxgate_put(&h, lo, 1, why, sizeof(why)), 0);
	ck_assert_ptr_nonnull(strstr(why, "interface lo"));
	ck_assert_int_eq(h.missing, 0);
	ck_assert_int_lt(tcxgate_look(lo, 1, why, sizeof(why)), 0);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
	tcxgate_free(&h);
}
END_TEST

static void
give_up_rights(void)
{
	struct __user_cap_header_struct h = {
		.version = _LINUX_CAPABILITY_VERSION_3
	};
	struct __user_cap_data_struct none[2] = { { .permitted = 0 } };

	ck_assert_int_eq(syscall(SYS_capset, &h, none), 0);
}

/* Where there is such a thing, to be refused it is a failure, also when no
 * interface has it. */
START_TEST(tcxgate_put_that_is_refused_later_fails)
{
	struct tcxgate h;
	char why[200] = "";

	tcxgate_init(&h);
	if (unshare(CLONE_NEWNET) < 0 ||
	    tcxgate_put(&h, lo, 1, why, sizeof(why)) != 0) {
		printf("not tried: no right, or no tcx: %s\n", why);
		return;
	}
	ck_assert_uint_eq(h.n, 1);
	tcxgate_keep(&h, NULL, 0);
	ck_assert_uint_eq(h.n, 0);
	give_up_rights();
	ck_assert_int_eq(tcxgate_put(&h, lo, 1, why, sizeof(why)), -EPERM);
	ck_assert_int_eq(h.missing, 0);
	tcxgate_free(&h);
}
END_TEST

/* Where it was refused from the start it is done without. */
START_TEST(tcxgate_put_that_is_refused_at_once_is_told)
{
	struct tcxgate h;
	char why[200] = "";

	tcxgate_init(&h);
	give_up_rights();
	ck_assert_int_eq(tcxgate_put(&h, lo, 1, why, sizeof(why)), 1);
	ck_assert_ptr_nonnull(strstr(why, "CAP_BPF"));
	ck_assert_int_eq(h.missing, 1);
	ck_assert_int_eq(h.refused, 1);
	tcxgate_free(&h);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(tcxgate_put_at_nothing_puts_nothing),
	UNIT(tcxgate_put_at_what_is_not_there_is_no_failure),
	UNIT(tcxgate_put_without_descriptors_fails),
	UNIT(tcxgate_put_that_is_refused_later_fails),
	UNIT(tcxgate_put_that_is_refused_at_once_is_told),
};
UNIT_MAIN("tcxgate", tests)

/* tests/base/test_borrow.c - with a lender, and without */
#include "base/borrow.h"

#include <errno.h>
#include <string.h>

#include "base/addr.h"
#include "tests/unit.h"

static struct borrow_want got;
static int answer;

static int
lend(void *arg, const struct borrow_want *w, int fd[BORROW_FDS_MAX])
{
	ck_assert_ptr_eq(arg, &answer);
	got = *w;
	fd[0] = 11;
	fd[1] = 12;
	return answer;
}

START_TEST(borrow_without_a_lender_says_so)
{
	struct borrow_want w = { .kind = BORROW_TUN };
	int fd[BORROW_FDS_MAX];

	ck_assert_int_eq(borrow_has_lender(), 0);
	ck_assert_int_eq(borrow(&w, fd), -ENOSYS);
	ck_assert_int_eq(borrow_path(BORROW_LOG, "/x"), -ENOSYS);
}
END_TEST

START_TEST(borrow_lender_is_asked_and_answers)
{
	struct addr a = { .family = 4, .port = 53 };
	struct borrow_want w = { .kind = BORROW_DNS, .addr = &a };
	int fd[BORROW_FDS_MAX];

	borrow_from(lend, &answer);
	ck_assert_int_eq(borrow_has_lender(), 1);
	ck_assert_int_eq(borrow(&w, fd), 0);
	ck_assert_int_eq(got.kind, BORROW_DNS);
	ck_assert_ptr_eq(got.addr, &a);
	ck_assert_int_eq(fd[1], 12);
	ck_assert_int_eq(borrow_path(BORROW_FILE, "/x"), 11);
	ck_assert_str_eq(got.path, "/x");
	answer = -EPERM;
	ck_assert_int_eq(borrow_path(BORROW_FILE, "/x"), -EPERM);
	borrow_from(NULL, NULL);
	ck_assert_int_eq(borrow(&w, fd), -ENOSYS);
}
END_TEST

START_TEST(borrow_count_is_two_for_dns_alone)
{
	int kind;

	for (kind = BORROW_FILE; kind < BORROW_NKINDS; kind++)
		ck_assert_uint_eq(borrow_count((enum borrow_kind)kind),
		    kind == BORROW_DNS ? 2 : 1);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(borrow_without_a_lender_says_so),
	UNIT(borrow_lender_is_asked_and_answers),
	UNIT(borrow_count_is_two_for_dns_alone),
};
UNIT_MAIN("borrow", tests)

/* tests/base/test_quota.c */
#include "base/quota.h"

#include <check.h>
#include <errno.h>

#include "base/addr.h"
#include "tests/unit.h"

static struct addr
client(uint32_t ip, uint16_t port)
{
	struct addr a;

	addr_v4(&a, ip, port);
	return a;
}

START_TEST(quota_take_over_the_clients_share_fails_for_it_alone)
{
	struct quota *q = quota_new(10, 2);
	struct addr a = client(1, 1), same = client(1, 2), b = client(2, 1);

	ck_assert_ptr_nonnull(q);
	ck_assert_int_eq(quota_take(q, &a), 0);
	ck_assert(!quota_is_full(q, &a));
	ck_assert_int_eq(quota_take(q, &same), 0);	/* ports don't count */
	ck_assert(quota_is_full(q, &a) && !quota_is_full(q, &b));
	ck_assert_int_eq(quota_take(q, &a), -ENOSPC);
	ck_assert_int_eq(quota_take(q, &b), 0);
	ck_assert_uint_eq(quota_count(q), 3);
	quota_give(q, &a);
	ck_assert_int_eq(quota_take(q, &same), 0);
	ck_assert_int_eq(quota_take(q, &same), -ENOSPC);
	quota_free(q);
}
END_TEST

START_TEST(quota_of_a_link_local_address_is_of_its_link)
{
	struct quota *q = quota_new(10, 2);
	struct addr a, b;

	ck_assert_ptr_nonnull(q);
	ck_assert_int_eq(addr_parse_ip(&a, "fe80::1", -1), 0);
	a.scope = 1;
	b = a;
	b.scope = 2;
	ck_assert_int_eq(quota_take(q, &a), 0);
	ck_assert_int_eq(quota_take(q, &a), 0);
	ck_assert(quota_is_full(q, &a) && !quota_is_full(q, &b));
	ck_assert_int_eq(quota_take(q, &b), 0);
	quota_give(q, &a);
	ck_assert(!quota_is_full(q, &a));
	quota_free(q);
}
END_TEST

START_TEST(quota_take_over_the_whole_fails_for_all)
{
	struct quota *q = quota_new(3, 2);
	struct addr a = client(1, 0), b = client(2, 0), c = client(3, 0);

	ck_assert_ptr_nonnull(q);
	ck_assert_int_eq(quota_take(q, &a), 0);
	ck_assert_int_eq(quota_take(q, &a), 0);
	ck_assert_int_eq(quota_take(q, &b), 0);
	ck_assert_int_eq(quota_take(q, &b), -ENOSPC);
	ck_assert_int_eq(quota_take(q, &c), -ENOSPC);
	quota_give(q, &a);
	ck_assert_int_eq(quota_take(q, &c), 0);
	ck_assert_int_eq(quota_take(q, &a), -ENOSPC);
	quota_free(q);
}
END_TEST

START_TEST(quota_note_is_one_of_the_client_while_it_has_a_place)
{
	struct quota *q = quota_new(10, 5);
	struct addr a = client(1, 1), same = client(1, 2), b = client(2, 1);
	size_t *note;

	ck_assert_ptr_null(quota_note(q, &a));
	ck_assert_int_eq(quota_take(q, &a), 0);
	ck_assert_int_eq(quota_take(q, &same), 0);
	ck_assert_int_eq(quota_take(q, &b), 0);
	note = quota_note(q, &a);
	ck_assert_ptr_nonnull(note);
	ck_assert_uint_eq(*note, 0);
	*note = 7;
	quota_give(q, &a);
	ck_assert_ptr_eq(quota_note(q, &same), note);
	ck_assert_uint_eq(*note, 7);
	ck_assert_uint_eq(*quota_note(q, &b), 0);
	quota_give(q, &same);
	ck_assert_ptr_null(quota_note(q, &a));
	ck_assert_int_eq(quota_take(q, &a), 0);
	ck_assert_uint_eq(*quota_note(q, &a), 0);
	quota_free(q);
}
END_TEST

START_TEST(quota_take_tells_the_families_apart)
{
	struct quota *q = quota_new(4, 1);
	struct addr four = client(0x20010db8, 0), six;

	ck_assert_ptr_nonnull(q);
	ck_assert_int_eq(addr_parse_ip(&six, "2001:db8::", -1), 0);
	ck_assert_int_eq(quota_take(q, &four), 0);
	ck_assert_int_eq(quota_take(q, &six), 0);
	ck_assert_int_eq(quota_take(q, &six), -ENOSPC);
	quota_give(q, &six);
	ck_assert_int_eq(quota_take(q, &four), -ENOSPC);
	quota_free(q);
}
END_TEST

START_TEST(quota_give_forgets_who_has_nothing)
{
	struct quota *q = quota_new(4, 4);
	struct addr a;
	uint32_t i;

	ck_assert_ptr_nonnull(q);
	for (i = 0; i < 1000; i++) {	/* far more clients than places */
		a = client(i, 0);
		ck_assert_int_eq(quota_take(q, &a), 0);
		quota_give(q, &a);
	}
	ck_assert_uint_eq(quota_count(q), 0);
	quota_free(q);
	quota_free(NULL);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(quota_take_over_the_clients_share_fails_for_it_alone),
	UNIT(quota_of_a_link_local_address_is_of_its_link),
	UNIT(quota_take_over_the_whole_fails_for_all),
	UNIT(quota_note_is_one_of_the_client_while_it_has_a_place),
	UNIT(quota_take_tells_the_families_apart),
	UNIT(quota_give_forgets_who_has_nothing),
};

UNIT_MAIN("quota", tests)

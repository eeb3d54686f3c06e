/* tests/onion/dir/test_portlist.c */
#include "onion/dir/portlist.h"

#include <errno.h>
#include <string.h>

#include "tests/unit.h"

static const struct {
	const char	*text;
	int		 rc;
	uint16_t	 n;		/* ranges after joining */
	uint16_t	 yes, no;	/* a port taken, one refused; 0: none */
} cases[] = {
	{ "accept 80", 0, 1, 80, 81 },
	{ "accept 80,443", 0, 2, 443, 444 },
	{ "accept 443,80", 0, 2, 80, 442 },
	{ "accept 1-65535", 0, 1, 65535, 0 },
	{ "reject 1-65535", 0, 1, 0, 25 },
	{ "reject 25,119,135-139", 0, 3, 80, 137 },
	{ "accept 80-90,85-100", 0, 1, 100, 101 },
	{ "accept 80-90,91", 0, 1, 91, 92 },
	{ "accept 65535", 0, 1, 65535, 1 },
	{ "accept future,80", 0, 1, 80, 443 },
	{ "accept ,80", 0, 1, 80, 443 },
	{ "accept 80,", 0, 1, 80, 443 },
	{ "accept 80,80,80", 0, 1, 80, 443 },
	{ "accept", -EBADMSG, 0, 0, 0 },
	{ "accept ", -EBADMSG, 0, 0, 0 },
	{ "accept *", -EBADMSG, 0, 0, 0 },
	{ "allow 80", -EBADMSG, 0, 0, 0 },
	{ "accept80", -EBADMSG, 0, 0, 0 },
	{ "accept 0", -EBADMSG, 0, 0, 0 },
	{ "accept 0-80", -EBADMSG, 0, 0, 0 },
	{ "accept 65536", -EBADMSG, 0, 0, 0 },
	{ "accept 90-80", -EBADMSG, 0, 0, 0 },
	{ "accept 80-", -EBADMSG, 0, 0, 0 },
	{ "accept 80-90-100", -EBADMSG, 0, 0, 0 },
	{ "accept 80 443", -EBADMSG, 0, 0, 0 },
	{ "accept 4294967376", -EBADMSG, 0, 0, 0 },
	{ "", -EBADMSG, 0, 0, 0 },
};

START_TEST(portlist_parse_reads_summaries)
{
	struct portlist *l = NULL;
	const char *text = cases[_i].text;
	int rc = portlist_parse(&l, text, strlen(text));

	ck_assert_msg(rc == cases[_i].rc, "%s: %d", text, rc);
	if (rc < 0)
		return;
	ck_assert_uint_eq(l->n, cases[_i].n);
	if (cases[_i].yes)
		ck_assert(portlist_accepts(l, cases[_i].yes));
	if (cases[_i].no)
		ck_assert(!portlist_accepts(l, cases[_i].no));
	ck_assert(!portlist_accepts(l, 0));
	ck_assert_int_eq(portlist_accepts_any(l), cases[_i].yes != 0);
	free(l);
}
END_TEST

START_TEST(portlist_accepts_agrees_with_a_plain_search_at_every_port)
{
	static const char text[] = "reject 7,20-30,28-40,1000-2000,65530-65535";
	struct portlist *l;
	int p, refused;

	ck_assert_int_eq(portlist_parse(&l, text, strlen(text)), 0);
	for (p = 1; p <= 65535; p++) {
		refused = p == 7 || (p >= 20 && p <= 40) ||
		    (p >= 1000 && p <= 2000) || p >= 65530;
		ck_assert_int_eq(portlist_accepts(l, (uint16_t)p), !refused);
	}
	free(l);
}
END_TEST

START_TEST(portlist_accepts_null_accepts_nothing)
{
	ck_assert(!portlist_accepts(NULL, 80));
	ck_assert(!portlist_accepts_any(NULL));
}
END_TEST

START_TEST(portlist_parse_equal_policies_are_equal_bytes)
{
	static const char a[] = "accept 80,443,1000-2000";
	static const char b[] = "accept 1500-2000,443,80,1000-1499";
	struct portlist *x, *y;

	ck_assert_int_eq(portlist_parse(&x, a, strlen(a)), 0);
	ck_assert_int_eq(portlist_parse(&y, b, strlen(b)), 0);
	ck_assert_uint_eq(portlist_size(x), portlist_size(y));
	ck_assert_mem_eq(x, y, portlist_size(x));
	free(x);
	free(y);
}
END_TEST

START_TEST(portlist_parse_over_the_ceiling_is_refused)
{
	char text[8 * (PORTLIST_MAX + 2)];
	struct portlist *l;
	size_t len;
	int i;

	len = (size_t)snprintf(text, sizeof(text), "accept ");
	for (i = 0; i < PORTLIST_MAX; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%d,",
		    2 * i + 1);
	ck_assert_int_eq(portlist_parse(&l, text, len), 0);
	ck_assert_uint_eq(l->n, PORTLIST_MAX);
	free(l);
	len += (size_t)snprintf(text + len, sizeof(text) - len, "65000");
	ck_assert_int_eq(portlist_parse(&l, text, len), -EBADMSG);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT_LOOP(portlist_parse_reads_summaries, NELEM(cases)),
	UNIT(portlist_accepts_agrees_with_a_plain_search_at_every_port),
	UNIT(portlist_accepts_null_accepts_nothing),
	UNIT(portlist_parse_equal_policies_are_equal_bytes),
	UNIT(portlist_parse_over_the_ceiling_is_refused),
};
UNIT_MAIN("portlist", tests)

/* tests/daemon/test_given.c - what clients were told addresses are called */
#include "daemon/given.h"

#include <stdio.h>
#include <string.h>

#include "base/addr.h"
#include "base/loop.h"
#include "tests/unit.h"

static struct loop loop;
static struct given *given;
static struct given_names names;

static void
init(void)
{
	loop_init(&loop, 5000, 1795300000);
	ck_assert_int_eq(given_new(&given, &loop), 0);
}

static void
end(void)
{
	given_free(given);
	ck_assert_ptr_null(loop.timers);
	given_free(NULL);
}

static struct addr
at(const char *ip)
{
	struct addr a;

	ck_assert_int_eq(addr_parse_ip(&a, ip, -1), 0);
	a.port = 443;
	return a;
}

/* Owners are clients; each has two groups. */
static const uint8_t *
group(unsigned owner, unsigned n)
{
	static uint8_t g[2][GIVEN_GROUP];
	static int i;

	i = !i;
	memset(g[i], 0, GIVEN_GROUP);
	memcpy(g[i], &owner, sizeof(owner));
	g[i][GIVEN_GROUP - 1] = (uint8_t)n;
	return g[i];
}

/* "asked,alias" */
static void
add(unsigned owner, const char *ip, const char *list, uint32_t ttl)
{
	const char *v[GIVEN_NAMES_MAX + 4];
	struct addr a = at(ip);
	char text[2000], *s = text;
	size_t n = 0;

	snprintf(text, sizeof(text), "%s", list);
	while ((v[n] = strsep(&s, ",")) != NULL)
		n++;
	given_add(given, group(owner, 0), &a, v, n, ttl);
}

/* All that is known: answers with a colon between them. */
static const char *
known(unsigned owner, unsigned n, const char *ip)
{
	static char out[8000];
	struct addr a = at(ip);
	size_t i, len = 0;

	a.port = 80;			/* of another connection */
	given_find(given, group(owner, n), &a, &names);
	out[0] = '\0';
	for (i = 0; i < names.n; i++)
		len += (size_t)snprintf(out + len, sizeof(out) - len, "%s%s",
		    i == 0 ? "" : names.answer[i] == names.answer[i - 1] ? "," :
		    ":", names.name[i]);
	return out;
}

START_TEST(given_find_tells_what_the_client_was_told)
{
	init();
	add(1, "192.0.2.1", "www.example,cdn.example", 60);
	add(1, "192.0.2.2", "www.example,cdn.example", 60);
	add(1, "2001:db8::1", "six.example", 60);
	ck_assert_str_eq(known(1, 0, "192.0.2.1"), "www.example,cdn.example");
	ck_assert_int_eq(names.more, 0);
	ck_assert_str_eq(known(1, 0, "192.0.2.2"), "www.example,cdn.example");
	ck_assert_str_eq(known(1, 0, "2001:db8::1"), "six.example");
	ck_assert_str_eq(known(1, 0, "192.0.2.3"), "");
	ck_assert_str_eq(known(1, 0, "192.0.2.1"), "www.example,cdn.example");
	end();
}
END_TEST

START_TEST(given_find_tells_no_other_client)
{
	init();
	add(1, "192.0.2.1", "www.example", 60);
	ck_assert_str_eq(known(2, 0, "192.0.2.1"), "");
	ck_assert_str_eq(known(1, 1, "192.0.2.1"), "");
	add(2, "192.0.2.1", "other.example", 60);
	ck_assert_str_eq(known(2, 0, "192.0.2.1"), "other.example");
	ck_assert_str_eq(known(1, 0, "192.0.2.1"), "www.example");
	end();
}
END_TEST

START_TEST(given_add_of_another_answer_keeps_both)
{
	init();
	add(1, "192.0.2.1", "a.example,cdn.example", 60);
	add(1, "192.0.2.1", "b.example", 60);
	ck_assert_str_eq(known(1, 0, "192.0.2.1"),
	    "b.example:a.example,cdn.example");
	add(1, "192.0.2.1", "a.example,cdn.example", 60);	/* again */
	ck_assert_str_eq(known(1, 0, "192.0.2.1"),
	    "a.example,cdn.example:b.example");
	ck_assert_int_eq(names.more, 0);
	end();
}
END_TEST

START_TEST(given_is_known_for_its_ttl_and_the_grace)
{
	init();
	add(1, "192.0.2.1", "a.example", 60);
	loop_advance(&loop, (60 + GIVEN_GRACE_S) * 1000 - 1);
	ck_assert_str_eq(known(1, 0, "192.0.2.1"), "a.example");
	loop_advance(&loop, 1);
	ck_assert_str_eq(known(1, 0, "192.0.2.1"), "");
	end();
}
END_TEST

/* What is left of an address must not look as if it were all. */
START_TEST(given_answers_of_an_address_go_together)
{
	init();
	add(1, "192.0.2.1", "a.example", 60);
	loop_advance(&loop, GIVEN_GRACE_S * 1000);
	add(1, "192.0.2.1", "b.example", 60);
	loop_advance(&loop, GIVEN_GRACE_S * 1000);	/* a's is long over */
	ck_assert_str_eq(known(1, 0, "192.0.2.1"), "b.example:a.example");
	/* nor does a short one make a long one shorter */
	add(1, "192.0.2.1", "c.example", 3600);
	add(1, "192.0.2.1", "d.example", 1);
	loop_advance(&loop, (3600 + GIVEN_GRACE_S) * 1000 - 1);
	ck_assert_str_eq(known(1, 0, "192.0.2.1"),
	    "d.example:c.example:b.example:a.example");
	loop_advance(&loop, 1);
	add(1, "192.0.2.1", "e.example", 60);
	ck_assert_str_eq(known(1, 0, "192.0.2.1"), "e.example");
	end();
}
END_TEST

START_TEST(given_of_many_answers_says_that_there_is_more)
{
	char name[40];
	int i;

	init();
	for (i = 0; i < GIVEN_ANSWERS_MAX; i++) {
		snprintf(name, sizeof(name), "n%d.example", i);
		add(1, "192.0.2.1", name, 60);
	}
	known(1, 0, "192.0.2.1");
	ck_assert_uint_eq(names.n, GIVEN_ANSWERS_MAX);
	ck_assert_int_eq(names.more, 0);
	add(1, "192.0.2.1", "n0.example", 60);		/* it is there */
	known(1, 0, "192.0.2.1");
	ck_assert_int_eq(names.more, 0);
	add(1, "192.0.2.1", "last.example", 60);
	known(1, 0, "192.0.2.1");
	ck_assert_uint_eq(names.n, GIVEN_ANSWERS_MAX);
	ck_assert_int_eq(names.more, 1);
	ck_assert_str_eq(names.name[0], "last.example");
	ck_assert_str_eq(names.name[1], "n0.example");
	end();
}
END_TEST

START_TEST(given_add_of_very_many_names_takes_the_first)
{
	char text[2000];
	size_t n = 0;
	int i;

	init();
	for (i = 0; i < GIVEN_NAMES_MAX + 2; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%sn%d",
		    i ? "," : "", i);
	add(1, "192.0.2.1", text, 60);
	known(1, 0, "192.0.2.1");
	ck_assert_uint_eq(names.n, GIVEN_NAMES_MAX);
	ck_assert_str_eq(names.name[0], "n0");
	end();
}
END_TEST

/* Names as long as they come, until something has to go. */
static void
fill(unsigned owner, unsigned from, unsigned n)
{
	char name[254], ip[40];
	unsigned i;

	memset(name, 'a', sizeof(name) - 1);
	name[253] = '\0';
	for (i = from; i < from + n; i++) {
		snprintf(ip, sizeof(ip), "2001:db8::%x:%x", i >> 16,
		    i & 0xffff);
		add(owner, ip, name, 60);
	}
}

START_TEST(given_one_client_has_a_quarter_and_loses_its_own)
{
	init();
	add(2, "192.0.2.1", "other.example", 60);
	fill(1, 0, 20000);
	ck_assert_uint_le(given_bytes(given), GIVEN_CLIENT_MAX + 4096);
	ck_assert_uint_gt(given_bytes(given), GIVEN_CLIENT_MAX - 4096);
	ck_assert_str_eq(known(2, 0, "192.0.2.1"), "other.example");
	ck_assert_str_eq(known(1, 0, "2001:db8::0:0"), "");
	ck_assert_str_ne(known(1, 0, "2001:db8::0:4e1f"), "");
	end();
}
END_TEST

START_TEST(given_in_all_is_bounded_and_takes_from_whoever_has_most)
{
	unsigned i;

	init();
	add(99, "192.0.2.1", "small.example", 60);
	for (i = 1; i <= 6; i++)
		fill(i, 0, 20000);
	ck_assert_uint_le(given_bytes(given), GIVEN_BYTES_MAX);
	ck_assert_uint_gt(given_bytes(given), GIVEN_BYTES_MAX - 65536);
	ck_assert_str_eq(known(99, 0, "192.0.2.1"), "small.example");
	for (i = 1; i <= 6; i++)
		ck_assert_str_ne(known(i, 0, "2001:db8::0:4e1f"), "");
	end();
}
END_TEST

START_TEST(given_of_very_many_clients_forgets_who_was_idle)
{
	unsigned i;

	init();
	for (i = 0; i < GIVEN_CLIENTS_MAX; i++)
		add(i, "192.0.2.1", "a.example", 60);
	add(0, "192.0.2.2", "b.example", 60);
	add(GIVEN_CLIENTS_MAX, "192.0.2.1", "a.example", 60);
	ck_assert_str_eq(known(0, 0, "192.0.2.1"), "a.example");
	ck_assert_str_eq(known(1, 0, "192.0.2.1"), "");
	ck_assert_str_eq(known(2, 0, "192.0.2.1"), "a.example");
	end();
}
END_TEST

START_TEST(given_that_is_over_costs_nothing)
{
	init();
	ck_assert_uint_eq(given_bytes(given), 0);
	fill(1, 0, 100);
	add(2, "192.0.2.1", "long.example", 3600);
	ck_assert_uint_gt(given_bytes(given), 100 * 253);
	loop_advance(&loop, (60 + GIVEN_GRACE_S) * 1000 + GIVEN_SWEEP_MS);
	ck_assert_uint_lt(given_bytes(given), 1000);
	ck_assert_str_eq(known(2, 0, "192.0.2.1"), "long.example");
	loop_advance(&loop, 3600 * 1000);
	ck_assert_uint_eq(given_bytes(given), 0);
	ck_assert_ptr_null(loop.timers);
	end();
}
END_TEST

START_TEST(given_forget_forgets_everybody)
{
	init();
	add(1, "192.0.2.1", "a.example", 60);
	add(2, "192.0.2.1", "a.example", 60);
	given_forget(given);
	ck_assert_uint_eq(given_bytes(given), 0);
	ck_assert_str_eq(known(1, 0, "192.0.2.1"), "");
	add(1, "192.0.2.1", "b.example", 60);
	ck_assert_str_eq(known(1, 0, "192.0.2.1"), "b.example");
	end();
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(given_find_tells_what_the_client_was_told),
	UNIT(given_find_tells_no_other_client),
	UNIT(given_add_of_another_answer_keeps_both),
	UNIT(given_is_known_for_its_ttl_and_the_grace),
	UNIT(given_answers_of_an_address_go_together),
	UNIT(given_of_many_answers_says_that_there_is_more),
	UNIT(given_add_of_very_many_names_takes_the_first),
	UNIT(given_one_client_has_a_quarter_and_loses_its_own),
	UNIT(given_in_all_is_bounded_and_takes_from_whoever_has_most),
	UNIT(given_of_very_many_clients_forgets_who_was_idle),
	UNIT(given_that_is_over_costs_nothing),
	UNIT(given_forget_forgets_everybody),
};

UNIT_MAIN("given", tests)

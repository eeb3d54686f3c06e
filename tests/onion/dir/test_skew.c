/* tests/onion/dir/test_skew.c - also backoff, which is as small */
#include "onion/dir/skew.h"

#include <string.h>

#include "onion/dir/backoff.h"
#include "tests/unit.h"

static void
say(struct skew *s, uint8_t who, int trusted, int64_t off, int64_t now)
{
	uint8_t id[20];

	memset(id, who, sizeof(id));
	skew_add(s, id, trusted, off, now);
}

START_TEST(skew_estimate_nobody_spoke_knows_nothing)
{
	struct skew s = { .o = { { .used = 0 } } };
	int64_t off;

	ck_assert_int_eq(skew_estimate(&s, 0, &off), 0);
}
END_TEST

START_TEST(skew_estimate_one_authority_is_enough)
{
	struct skew s = { .o = { { .used = 0 } } };
	int64_t off = 1;

	say(&s, 1, 1, 7200, 100);
	ck_assert_int_eq(skew_estimate(&s, 100, &off), 1);
	ck_assert_int_eq(off, 7200);
	say(&s, 2, 1, 5, 101);		/* a later one */
	ck_assert_int_eq(skew_estimate(&s, 101, &off), 1);
	ck_assert_int_eq(off, 0);
}
END_TEST

START_TEST(skew_estimate_relays_must_be_several_and_agree)
{
	struct skew s = { .o = { { .used = 0 } } };
	int64_t off;

	say(&s, 1, 0, -90000, 0);
	say(&s, 1, 0, -90000, 1);	/* the same again is no second */
	say(&s, 2, 0, -90100, 0);
	ck_assert_int_eq(skew_estimate(&s, 5, &off), 0);
	say(&s, 3, 0, 0, 0);		/* one that says otherwise */
	ck_assert_int_eq(skew_estimate(&s, 5, &off), 0);
	say(&s, 4, 0, -89900, 0);
	ck_assert_int_eq(skew_estimate(&s, 5, &off), 1);
	ck_assert_int_le(off, -89900);
	ck_assert_int_ge(off, -90100);
}
END_TEST

START_TEST(skew_estimate_liars_do_not_outvote_an_authority)
{
	struct skew s = { .o = { { .used = 0 } } };
	int64_t off;
	uint8_t i;

	say(&s, 200, 1, 0, 0);
	for (i = 0; i < 100; i++)
		say(&s, i, 0, 86400, 1);
	ck_assert_int_eq(skew_estimate(&s, 2, &off), 1);
	ck_assert_int_eq(off, 0);
}
END_TEST

START_TEST(skew_estimate_forgets_the_old)
{
	struct skew s = { .o = { { .used = 0 } } };
	int64_t off;

	say(&s, 1, 1, 7200, 0);
	ck_assert_int_eq(skew_estimate(&s, SKEW_KEEP_S - 1, &off), 1);
	ck_assert_int_eq(skew_estimate(&s, SKEW_KEEP_S, &off), 0);
	say(&s, 1, 1, 7200, SKEW_KEEP_S);
	skew_forget(&s);
	ck_assert_int_eq(skew_estimate(&s, SKEW_KEEP_S, &off), 0);
}
END_TEST

static const struct {
	int64_t		 off;
	const char	*text;
} texts[] = {
	{ 60, "1 minute" }, { -1800, "30 minutes" }, { 7100, "118 minutes" },
	{ 14400, "4 hours" }, { -100000, "28 hours" },
	{ 30 * 86400, "30 days" }, { 0, "0 minutes" }
};

START_TEST(skew_text_is_for_people)
{
	char out[32];

	ck_assert_str_eq(skew_text(out, sizeof(out), texts[_i].off),
	    texts[_i].text);
}
END_TEST

START_TEST(backoff_next_stays_between_base_and_cap)
{
	struct backoff b;
	int64_t sum = 0, d, last = 0;
	int i, k;

	for (k = 0; k < 200; k++) {
		backoff_init(&b, 1000, 40000, 3);
		for (i = 0; i < 50; i++) {
			d = backoff_next(&b);
			ck_assert_int_ge(d, 1000);
			ck_assert_int_le(d, 40000);
			ck_assert_int_lt(d, (last && i ? last : 1000) * 3);
			last = d;
			if (i >= 25)
				sum += d;
		}
	}
	/* In the long run near the cap, and not always at it. */
	ck_assert_int_gt(sum / (200 * 25), 18000);
	ck_assert_int_lt(sum / (200 * 25), 39000);
}
END_TEST

START_TEST(backoff_reset_begins_anew)
{
	struct backoff b;
	int i;

	backoff_init(&b, 100, 1000000, 3);
	for (i = 0; i < 100; i++)
		backoff_next(&b);
	backoff_reset(&b);
	ck_assert_int_lt(backoff_next(&b), 300);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(skew_estimate_nobody_spoke_knows_nothing),
	UNIT(skew_estimate_one_authority_is_enough),
	UNIT(skew_estimate_relays_must_be_several_and_agree),
	UNIT(skew_estimate_liars_do_not_outvote_an_authority),
	UNIT(skew_estimate_forgets_the_old),
	UNIT_LOOP(skew_text_is_for_people, NELEM(texts)),
	UNIT(backoff_next_stays_between_base_and_cap),
	UNIT(backoff_reset_begins_anew)
};

UNIT_MAIN("skew", tests)

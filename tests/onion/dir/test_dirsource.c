/* tests/onion/dir/test_dirsource.c */
#include "onion/dir/dirsource.h"

#include <errno.h>
#include <string.h>

#include "base/loop.h"
#include "tests/unit.h"

static struct loop loop;

static struct dirsource_conf
conf(uint8_t id, int votes)
{
	struct dirsource_conf c = { .weight = 1.0 };

	snprintf(c.nickname, sizeof(c.nickname), "n%u", id);
	memset(c.rsa_id, id, sizeof(c.rsa_id));
	if (votes)
		memset(c.v3ident, id + 100, sizeof(c.v3ident));
	addr_v4(&c.or4, 0x0a000000u + id, 9001);
	return c;
}

static struct dirsources *
make(size_t nauths, size_t nfallbacks, int testing)
{
	struct dirsource_conf a[20], f[20];
	struct dirsources *s;
	size_t i;

	for (i = 0; i < nauths; i++)
		a[i] = conf((uint8_t)(1 + i), 1);
	for (i = 0; i < nfallbacks; i++)
		f[i] = conf((uint8_t)(50 + i), 0);
	loop_init(&loop, 1000, 1700000000);
	ck_assert_int_eq(dirsources_new(&s, &loop, a, nauths, f, nfallbacks,
	    testing), 0);
	return s;
}

/* The bridge authority: in the list, but it has no say and is never asked. */
START_TEST(dirsources_authority_without_vote_or_weight_is_left_alone)
{
	struct dirsource_conf a[2] = { conf(1, 1), conf(2, 0) };
	struct dirsources *s;
	struct dirsource *d;
	int64_t at;
	int i;

	a[1].weight = 0;
	loop_init(&loop, 1000, 1700000000);
	ck_assert_int_eq(dirsources_new(&s, &loop, a, 2, NULL, 0, 0), 0);
	ck_assert_uint_eq(dirsources_nvoters(s), 1);
	ck_assert(dirsource_votes(dirsources_find(s, a[0].rsa_id)));
	ck_assert(!dirsource_votes(dirsources_find(s, a[1].rsa_id)));
	for (i = 0; i < 100; i++) {
		loop_advance(&loop, 10000);
		d = dirsources_pick(s, 0, &at);
		ck_assert_ptr_eq(d, dirsources_find(s, a[0].rsa_id));
		dirsource_done(d, i % 2 ? -EIO : 0);
		loop_advance(&loop, 3600000);
	}
	dirsources_free(s);
}
END_TEST

START_TEST(dirsources_pick_asks_fallbacks_alone_at_first)
{
	struct dirsources *s = make(9, 5, 0);
	struct dirsource *d;
	int64_t at = -1;
	int i;

	for (i = 0; i < 5; i++) {
		d = dirsources_pick(s, loop.now, &at);
		ck_assert_ptr_nonnull(d);
		ck_assert(!dirsource_is_authority(d));
	}
	/* All are busy: nobody before the authorities' time. */
	ck_assert_ptr_null(dirsources_pick(s, loop.now, &at));
	ck_assert_int_gt(at, loop.now);
	ck_assert_int_le(at, loop.now + 6000);
	dirsources_free(s);
}
END_TEST

START_TEST(dirsources_pick_asks_an_authority_after_six_seconds)
{
	struct dirsources *s = make(9, 5, 0);
	int64_t at, since = loop.now;
	struct dirsource *d;

	loop_advance(&loop, 5999);
	d = dirsources_pick(s, since, &at);
	ck_assert(!dirsource_is_authority(d));
	loop_advance(&loop, 1);
	d = dirsources_pick(s, since, &at);
	ck_assert(dirsource_is_authority(d));
	d = dirsources_pick(s, since, &at);
	ck_assert_ptr_nonnull(d);
	dirsources_free(s);
}
END_TEST

START_TEST(dirsources_pick_without_fallbacks_asks_authorities_at_once)
{
	struct dirsources *s = make(3, 0, 0);
	struct dirsource *d;
	int64_t at;

	d = dirsources_pick(s, loop.now, &at);
	ck_assert_ptr_nonnull(d);
	ck_assert(dirsource_is_authority(d));
	dirsources_free(s);
}
END_TEST

/* One of two is dead: it is asked once, and then no more while the other
 * answers; without that every second question would be lost. */
START_TEST(dirsources_pick_of_few_comes_first_who_answers)
{
	struct dirsources *s = make(0, 2, 0);
	struct dirsource *d, *dead = NULL;
	int64_t at;
	int i, lost = 0;

	if (_i)
		dirsources_are_few(s);
	for (i = 0; i < 100; i++) {
		d = dirsources_pick(s, loop.now, &at);
		ck_assert_ptr_nonnull(d);
		if (dead == NULL)
			dead = d;
		lost += d == dead;
		dirsource_done(d, d == dead ? -EIO : 0);
		dirsources_forgive(s);
		loop_advance(&loop, 3600000);
	}
	if (_i)
		ck_assert_int_eq(lost, 1);
	else
		ck_assert_int_gt(lost, 10);
	dirsources_free(s);
}
END_TEST

START_TEST(dirsources_pick_testing_network_waits_for_nothing)
{
	struct dirsources *s = make(3, 2, 1);
	struct dirsource *d;
	int64_t at;

	d = dirsources_pick(s, loop.now, &at);
	ck_assert_ptr_nonnull(d);
	ck_assert(dirsource_is_authority(d));
	dirsources_free(s);
}
END_TEST

START_TEST(dirsource_done_failure_rests_and_success_does_not)
{
	struct dirsources *s = make(1, 0, 0);
	struct dirsource *d;
	int64_t at;

	d = dirsources_pick(s, loop.now, &at);
	dirsource_done(d, 0);
	d = dirsources_pick(s, loop.now, &at);
	ck_assert_ptr_nonnull(d);
	dirsource_done(d, -ECANCELED);
	d = dirsources_pick(s, loop.now, &at);
	ck_assert_ptr_nonnull(d);
	dirsource_done(d, -ECONNREFUSED);
	ck_assert_ptr_null(dirsources_pick(s, loop.now, &at));
	ck_assert_int_gt(at, loop.now);
	ck_assert_int_le(at, loop.now + 30000);
	dirsources_forgive(s);
	ck_assert_ptr_nonnull(dirsources_pick(s, loop.now, &at));
	dirsources_free(s);
}
END_TEST

/* However long all have been down, 30 s after the last failure of the one
 * longest at rest somebody can be asked. */
START_TEST(dirsources_pick_all_down_is_never_starved_for_long)
{
	struct dirsources *s = make(2, 3, 0);
	int64_t at, since = loop.now;
	struct dirsource *d;
	int asked = 0, i;

	for (i = 0; i < 3600; i++) {
		while ((d = dirsources_pick(s, since, &at)) != NULL) {
			dirsource_done(d, -ETIMEDOUT);
			asked++;
		}
		ck_assert_int_gt(at, loop.now);
		ck_assert_int_le(at, loop.now + 30000);
		loop_advance(&loop, 1000);
	}
	ck_assert_int_gt(asked, 3600 / 30);
	ck_assert_int_lt(asked, 3600 / 30 * 5 + 50);
	dirsources_free(s);
}
END_TEST

START_TEST(dirsources_pick_follows_weights)
{
	struct dirsource_conf f[2] = { conf(50, 0), conf(51, 0) };
	int64_t at;
	struct dirsources *s;
	struct dirsource *d;
	int i, heavy = 0;

	f[0].weight = 9.0;
	loop_init(&loop, 0, 0);
	ck_assert_int_eq(dirsources_new(&s, &loop, NULL, 0, f, 2, 0), 0);
	for (i = 0; i < 2000; i++) {
		d = dirsources_pick(s, 0, &at);
		heavy += strncmp(dirsource_name(d), "n50", 3) == 0;
		dirsource_done(d, 0);
	}
	ck_assert_int_gt(heavy, 1700);
	ck_assert_int_lt(heavy, 1900);
	dirsources_free(s);
}
END_TEST

START_TEST(dirsources_pick_passes_over_what_cannot_be_dialled)
{
	struct dirsource_conf f[2] = { conf(50, 0), conf(51, 0) };
	struct dirsources *s;
	struct dirsource *d;
	struct hopinfo h;
	int64_t at;

	memset(&f[1].or4, 0, sizeof(f[1].or4));
	ck_assert_int_eq(addr_parse(&f[1].or6, "[2001:db8::1]:443", -1), 0);
	loop_init(&loop, 0, 0);
	ck_assert_int_eq(dirsources_new(&s, &loop, NULL, 0, f, 2, 0), 0);
	dirsources_use(s, 0, 1);
	d = dirsources_pick(s, 0, &at);
	dirsource_hopinfo(d, &h);
	ck_assert_int_eq(h.id.rsa[0], 51);
	ck_assert_int_eq(h.or6.family, 6);
	ck_assert_int_eq(h.has_ntor, 0);
	dirsource_done(d, 0);
	dirsources_use(s, 0, 0);
	ck_assert_ptr_null(dirsources_pick(s, 0, &at));
	ck_assert_int_eq(at, LOOP_NEVER);
	dirsources_free(s);
}
END_TEST

static int
only_six(void *arg, const struct addr *a)
{
	return a->family == 6 || *(int *)arg;
}

START_TEST(dirsources_pick_passes_over_what_may_not_be_reached)
{
	struct dirsource_conf a = conf(1, 1), f[2] = { conf(50, 0),
	    conf(51, 0) };
	struct dirsources *s;
	struct dirsource *d;
	struct hopinfo h;
	int64_t at;
	int all = 0;

	ck_assert_int_eq(addr_parse(&f[1].or6, "[2001:db8::1]:443", -1), 0);
	loop_init(&loop, 0, 0);
	ck_assert_int_eq(dirsources_new(&s, &loop, &a, 1, f, 2, 0), 0);
	dirsources_reach(s, only_six, &all);
	d = dirsources_pick(s, 0, &at);
	ck_assert_ptr_nonnull(d);
	dirsource_hopinfo(d, &h);
	ck_assert_int_eq(h.id.rsa[0], 51);
	loop.now = 10 * DIRSOURCE_AUTH_DELAY_MS;
	ck_assert_ptr_null(dirsources_pick(s, 0, &at));
	all = 1;
	ck_assert_ptr_nonnull(dirsources_pick(s, 0, &at));
	dirsources_free(s);
}
END_TEST

static int
is_below(void *arg, const struct dirsource_conf *c)
{
	return c->rsa_id[0] < *(const uint8_t *)arg;
}

/* Sources 1, an authority, and 50 to 53. */
static const struct {
	const char	*name;
	uint8_t		 below;		/* are excluded */
	int		 strict, six;	/* 53 alone can be dialled */
	unsigned	 from;		/* that one is asked; 0: nobody */
} exclude_cases[] = {
	{ "nobody",		    0,	1, 0, 50 },
	{ "some",		    52,	0, 0, 52 },
	{ "some, strictly",	    52,	1, 0, 52 },
	{ "all",		    99,	0, 0, 50 },
	{ "all, strictly",	    99,	1, 0, 0 },
	{ "all that can be dialled", 54, 0, 1, 53 },
};

START_TEST(dirsources_pick_asks_excluded_ones_where_there_is_nobody_else)
{
	struct dirsource_conf a = conf(1, 1), f[4] = { conf(50, 0),
	    conf(51, 0), conf(52, 0), conf(53, 0) };
	uint8_t below = exclude_cases[_i].below;
	unsigned lowest = 0, n;
	struct dirsources *s;
	struct dirsource *d;
	struct hopinfo h;
	int64_t at;

	ck_assert_int_eq(addr_parse(&f[3].or6, "[2001:db8::1]:443", -1), 0);
	loop_init(&loop, 0, 0);
	ck_assert_int_eq(dirsources_new(&s, &loop, &a, 1, f, 4, 0), 0);
	dirsources_use(s, !exclude_cases[_i].six, 1);
	dirsources_exclude(s, is_below, &below, exclude_cases[_i].strict);
	for (n = 0; (d = dirsources_pick(s, 0, &at)) != NULL; n++) {
		dirsource_hopinfo(d, &h);
		if (lowest == 0 || h.id.rsa[0] < lowest)
			lowest = h.id.rsa[0];
	}
	ck_assert_msg(lowest == exclude_cases[_i].from, "%s: %u",
	    exclude_cases[_i].name, lowest);
	if (lowest == 0)
		ck_assert_int_eq(at, LOOP_NEVER);
	else
		ck_assert_uint_eq(n, exclude_cases[_i].six ? 1 :
		    54 - lowest);
	dirsources_free(s);
}
END_TEST

/* Their failing does not get us to those that are excluded. */
START_TEST(dirsources_pick_others_that_fail_do_not_lead_to_excluded_ones)
{
	struct dirsources *s = make(2, 4, 0);
	uint8_t below = 52;
	struct dirsource *d;
	struct hopinfo h;
	int64_t at;
	int i;

	dirsources_exclude(s, is_below, &below, 0);
	for (i = 0; i < 1000; i++) {
		if ((d = dirsources_pick(s, 0, &at)) == NULL) {
			ck_assert_int_lt(at, loop.now + 60 * 1000);
			loop_advance(&loop, at - loop.now);
			continue;
		}
		dirsource_hopinfo(d, &h);
		ck_assert_uint_ge(h.id.rsa[0], 52);
		dirsource_done(d, -ECONNRESET);
	}
	dirsources_free(s);
}
END_TEST

START_TEST(dirsources_new_what_cannot_be_asked_is_refused)
{
	struct dirsource_conf c = conf(50, 0);
	struct dirsources *s;

	loop_init(&loop, 0, 0);
	memset(c.rsa_id, 0, sizeof(c.rsa_id));
	ck_assert_int_eq(dirsources_new(&s, &loop, NULL, 0, &c, 1, 0),
	    -EINVAL);
	c = conf(50, 0);
	memset(&c.or4, 0, sizeof(c.or4));
	ck_assert_int_eq(dirsources_new(&s, &loop, NULL, 0, &c, 1, 0),
	    -EINVAL);
	ck_assert_int_eq(dirsources_new(&s, &loop, NULL, 0, &c,
	    DIRSOURCES_MAX + 1, 0), -E2BIG);
}
END_TEST

START_TEST(dirsources_voters_are_those_with_a_vote)
{
	struct dirsource_conf a[3] = { conf(1, 1), conf(2, 0), conf(3, 1) };
	struct dirsource_conf f = conf(50, 1);
	struct dirsources *s;
	uint8_t id[20];

	loop_init(&loop, 0, 0);
	ck_assert_int_eq(dirsources_new(&s, &loop, a, 3, &f, 1, 0), 0);
	ck_assert_uint_eq(dirsources_nvoters(s), 2);
	ck_assert_int_eq(dirsources_voter(s, 0)[0], 101);
	ck_assert_int_eq(dirsources_voter(s, 1)[0], 103);
	memset(id, 2, 20);
	ck_assert(dirsource_is_authority(dirsources_find(s, id)));
	memset(id, 99, 20);
	ck_assert_ptr_null(dirsources_find(s, id));
	dirsources_free(s);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(dirsources_authority_without_vote_or_weight_is_left_alone),
	UNIT(dirsources_pick_asks_fallbacks_alone_at_first),
	UNIT(dirsources_pick_asks_an_authority_after_six_seconds),
	UNIT(dirsources_pick_without_fallbacks_asks_authorities_at_once),
	UNIT(dirsources_pick_testing_network_waits_for_nothing),
	UNIT(dirsource_done_failure_rests_and_success_does_not),
	UNIT(dirsources_pick_all_down_is_never_starved_for_long),
	UNIT(dirsources_pick_follows_weights),
	UNIT(dirsources_pick_passes_over_what_cannot_be_dialled),
	UNIT(dirsources_pick_passes_over_what_may_not_be_reached),
	UNIT_LOOP(dirsources_pick_asks_excluded_ones_where_there_is_nobody_else,
	    NELEM(exclude_cases)),
	UNIT(dirsources_pick_others_that_fail_do_not_lead_to_excluded_ones),
	UNIT_LOOP(dirsources_pick_of_few_comes_first_who_answers, 2),
	UNIT(dirsources_new_what_cannot_be_asked_is_refused),
	UNIT(dirsources_voters_are_those_with_a_vote)
};

UNIT_MAIN("dirsource", tests)

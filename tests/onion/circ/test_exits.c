/* tests/onion/circ/test_exits.c - streams that are to leave by some exits */
#include "tests/unit.h"

#include <errno.h>
#include <string.h>

#include "base/rand.h"
#include "onion/circ/circ.h"
#include "onion/path/relayset.h"
#include "tests/onion/circ/poolrig.h"
#include "tests/sim/simlink.h"

/* By rising id, which is their first letter. */
static const struct {
	uint8_t		 id[PATH_EXITS_ID];
	const char	*text;
} texts[] = {
	{ "a", "sim1,sim2" },
	{ "b", "sim2,sim3" },
	{ "c", "sim4" },
	{ "d", "nobody" },
	{ "e", "sim5,sim6" },		/* excluded */
};
enum { A, B, C, D, E, SETS };

struct sets {
	struct path_exits exits[SETS];
	struct relayset	*set[SETS];
	struct relayset	*exclude, *exclude_exits, *exit_nodes;
};

static struct relayset *
parse(const char *text)
{
	struct relayset *set;

	ck_assert_int_eq(relayset_parse(&set, text, NULL), 0);
	return set;
}

/* @n of the sets are configured. */
static void
configure(struct poolrig *r, const struct sets *s, size_t n)
{
	struct path_conf pc = { .paths_needed = -1, .guards = r->guards,
		.exclude = s->exclude, .exclude_exits = s->exclude_exits,
		.exits = s->exit_nodes, .exit_sets = s->exits,
		.nexit_sets = n };

	ck_assert_int_eq(path_set_conf(r->path, &pc), 0);
}

static void
begin(struct poolrig *r, struct sets *s)
{
	size_t i;

	memset(s, 0, sizeof(*s));
	for (i = 0; i < SETS; i++) {
		s->set[i] = parse(texts[i].text);
		memcpy(s->exits[i].id, texts[i].id, PATH_EXITS_ID);
		s->exits[i].text = texts[i].text;
		s->exits[i].set = s->set[i];
	}
	s->exclude = parse("sim5");
	s->exclude_exits = parse("sim6");
	poolrig_new(r);
	configure(r, s, SETS);
}

static void
end(struct poolrig *r, struct sets *s)
{
	size_t i;

	poolrig_free(r);
	for (i = 0; i < SETS; i++)
		relayset_free(s->set[i]);
	relayset_free(s->exclude);
	relayset_free(s->exclude_exits);
	relayset_free(s->exit_nodes);
}

static int
connect_by(struct poolrig *r, struct hold *h, unsigned token, int set,
    const char *host)
{
	struct attach_target t = { .host = host, .port = 80,
		.exits = set < 0 ? NULL : texts[set].id };

	return hold_connect_to(r, h, token, &t);
}

/* The relay that the latest stream to @host leaves by. */
static unsigned
left_by(const struct poolrig *r, const char *host)
{
	struct simcirc *c = NULL;

	ck_assert_ptr_nonnull(poolrig_stream(r, host, &c));
	return c->relay[c->n - 1];
}

static int
is_in(int set, unsigned relay)
{
	char name[16];
	const char *at;

	snprintf(name, sizeof(name), "sim%u", relay);
	at = strstr(texts[set].text, name);
	return at && (at[strlen(name)] == ',' || at[strlen(name)] == '\0');
}

/* --- choice --- */

/* Whatever stands already, was built ahead or is asked for by others. */
START_TEST(exits_stream_always_leaves_by_one_of_its_set)
{
	struct poolrig r = { .pconf = { .predict = 1 } };
	struct hold h[64];
	char host[64][16];
	struct sets s;
	unsigned i, kind;

	begin(&r, &s);
	poolrig_run(&r, 10000);
	for (i = 0; i < 64; i++) {
		kind = rand_below(4);
		h[i].on = NULL;
		snprintf(host[i], sizeof(host[i]), "h%u.test", i);
		ck_assert_int_eq(connect_by(&r, &h[i], 1 + rand_below(6),
		    kind == 3 ? -1 : (int)kind, host[i]), 0);
		poolrig_run(&r, 3000);
		ck_assert_uint_eq(h[i].opened, 1);
		if (kind < 3)
			ck_assert_msg(is_in((int)kind, left_by(&r, host[i])),
			    "%s left by sim%u", texts[kind].text,
			    left_by(&r, host[i]));
		if (i % 3 == 0)
			hold_kill(&h[i]);
	}
	end(&r, &s);
}
END_TEST

START_TEST(exits_circuit_that_stands_is_taken_if_its_exit_is_in_the_set)
{
	struct poolrig r = { .no_attach = 0 };
	struct hold h[4] = { { .on = NULL } };
	struct sets s;
	unsigned built;

	begin(&r, &s);
	ck_assert_int_eq(connect_by(&r, &h[0], 1, C, "c.test"), 0);
	poolrig_run(&r, 3000);
	ck_assert_uint_eq(left_by(&r, "c.test"), 4);
	built = r.building;
	/* The same token: any exit will do, and so will this one. */
	ck_assert_int_eq(connect_by(&r, &h[1], 1, -1, "any.test"), 0);
	poolrig_run(&r, 3000);
	ck_assert_uint_eq(h[1].opened, 1);
	ck_assert_uint_eq(r.building, built);
	ck_assert_uint_eq(left_by(&r, "any.test"), 4);
	/* It won't do for another set. */
	ck_assert_int_eq(connect_by(&r, &h[2], 1, A, "a.test"), 0);
	poolrig_run(&r, 3000);
	ck_assert_uint_eq(r.building, built + 1);
	ck_assert(is_in(A, left_by(&r, "a.test")));
	/* Nor for another token of the same set. */
	ck_assert_int_eq(connect_by(&r, &h[3], 2, C, "again.test"), 0);
	poolrig_run(&r, 3000);
	ck_assert_uint_eq(r.building, built + 2);
	ck_assert_uint_eq(left_by(&r, "again.test"), 4);
	end(&r, &s);
}
END_TEST

/* From the start, or a circuit that is built ahead at once may leave by it. */
static void
sim4_is_no_exit(struct poolrig *r)
{
	strcpy(poolrig_listed(r, 4)->p, "reject 1-65535");
}

/* That one has to wait says nothing of another, which wants something else. */
START_TEST(exits_stream_that_waits_for_its_set_holds_up_no_other)
{
	struct poolrig r = { .pconf = { .predict = 1 },
		.edit = sim4_is_no_exit };
	struct hold h[3] = { { .on = NULL } };
	struct attach_totals t;
	struct sets s;

	begin(&r, &s);
	ck_assert_int_eq(connect_by(&r, &h[0], 7, -1, "warm.test"), 0);
	poolrig_run(&r, 60000);		/* others are ready: none of the set */
	strcpy(poolrig_listed(&r, 4)->p, "accept 80");
	poolrig_relist(&r);
	ck_assert_int_eq(connect_by(&r, &h[1], 1, C, "set.test"), 0);
	ck_assert_int_eq(connect_by(&r, &h[2], 1, -1, "any.test"), 0);
	loop_end_turn(&r.loop);
	attach_totals(r.attach, &t);
	ck_assert_uint_eq(t.waiting, 1);
	poolrig_run(&r, 3000);
	ck_assert_uint_eq(h[1].opened, 1);
	ck_assert_uint_eq(h[2].opened, 1);
	end(&r, &s);
}
END_TEST

/* Where two sets have a relay in common, streams of both may meet there. */
START_TEST(exits_sets_that_overlap_share_a_circuit_by_a_common_exit)
{
	struct poolrig r = { .no_attach = 0 };
	struct hold h[2] = { { .on = NULL } };
	struct simcirc *one, *two;
	struct sets s;
	unsigned shared = 0, apart = 0, i;
	char a[16], b[16];

	begin(&r, &s);
	for (i = 1; i < 40; i++) {
		snprintf(a, sizeof(a), "a%u.test", i);
		snprintf(b, sizeof(b), "b%u.test", i);
		ck_assert_int_eq(connect_by(&r, &h[0], i, A, a), 0);
		poolrig_run(&r, 3000);
		ck_assert_int_eq(connect_by(&r, &h[1], i, B, b), 0);
		poolrig_run(&r, 3000);
		poolrig_stream(&r, a, &one);
		poolrig_stream(&r, b, &two);
		ck_assert_int_eq(one == two, left_by(&r, a) == 2);
		shared += one == two;
		apart += one != two;
		hold_kill(&h[0]);
		hold_kill(&h[1]);
	}
	ck_assert_uint_gt(shared, 0);
	ck_assert_uint_gt(apart, 0);
	end(&r, &s);
}
END_TEST

/* ExitNodes is what holds where nothing else is said. */
START_TEST(exits_set_stands_in_for_exit_nodes)
{
	struct poolrig r = { .no_attach = 0 };
	struct hold h[2] = { { .on = NULL } };
	struct sets s;

	begin(&r, &s);
	s.exit_nodes = parse("sim9");
	configure(&r, &s, SETS);
	ck_assert_int_eq(connect_by(&r, &h[0], 1, C, "c.test"), 0);
	poolrig_run(&r, 3000);
	ck_assert_uint_eq(left_by(&r, "c.test"), 4);
	ck_assert_int_eq(connect_by(&r, &h[1], 1, -1, "any.test"), 0);
	poolrig_run(&r, 3000);
	ck_assert_uint_eq(left_by(&r, "any.test"), 9);
	end(&r, &s);
}
END_TEST

/* --- nobody will do --- */

static const struct {
	const char	*name;
	int		 set;
} nobody[] = {
	{ "not in the network", D }, { "excluded", E },
};

START_TEST(exits_without_a_usable_one_the_stream_is_refused)
{
	struct poolrig r = { .pconf = { .predict = 1 } };
	struct hold h = { .on = NULL }, other = { .on = NULL };
	unsigned seen, exits;
	struct sets s;

	begin(&r, &s);
	ck_assert_int_eq(connect_by(&r, &other, 1, -1, "other.test"), 0);
	poolrig_run(&r, 10000);
	ck_assert_uint_eq(other.opened, 1);
	ck_assert_int_eq(connect_by(&r, &h, 1, nobody[_i].set, "h.test"), 0);
	poolrig_run(&r, 10000);
	ck_assert_uint_eq(h.gones, 1);
	ck_assert_int_eq(h.why, -ENETUNREACH);
	seen = poolrig_seen(&r, "h.test", &exits);
	ck_assert_uint_eq(seen, 0);
	end(&r, &s);
}
END_TEST

START_TEST(exits_port_that_none_of_the_set_takes_is_refused)
{
	struct poolrig r = { .no_attach = 0 };
	struct hold h = { .on = NULL };
	struct sets s;

	begin(&r, &s);
	strcpy(poolrig_listed(&r, 4)->p, "reject 80");
	poolrig_relist(&r);
	ck_assert_int_eq(connect_by(&r, &h, 1, C, "h.test"), 0);
	poolrig_run(&r, 10000);
	ck_assert_int_eq(h.why, -ENETUNREACH);
	ck_assert_uint_eq(r.building, 0);
	end(&r, &s);
}
END_TEST

/* The rule went while the stream waited: its set is not to be found any more,
 * and it goes nowhere else instead. */
START_TEST(exits_set_that_is_gone_leaves_nothing_to_take)
{
	struct poolrig r = { .no_attach = 0 };
	struct hold h = { .on = NULL };
	struct sets s;

	begin(&r, &s);
	poolrig_dark(&r, 1);
	ck_assert_int_eq(connect_by(&r, &h, 1, C, "h.test"), 0);
	poolrig_run(&r, 3000);
	ck_assert_uint_eq(h.opened + h.gones, 0);
	configure(&r, &s, C);
	poolrig_dark(&r, 0);
	poolrig_run(&r, 60000);
	ck_assert_uint_eq(h.opened, 0);
	ck_assert_int_eq(h.why, -ENETUNREACH);
	end(&r, &s);
}
END_TEST

/* Of one relay there is no other to go to. */
START_TEST(exits_only_one_that_is_short_of_something_is_asked_again)
{
	struct poolrig r = { .no_attach = 0 };
	struct hold h = { .on = NULL };
	struct sets s;

	begin(&r, &s);
	path_exit_bad(r.path, r.net->relay[4].rsa_id, 60 * 1000);
	ck_assert_int_eq(connect_by(&r, &h, 1, C, "h.test"), 0);
	poolrig_run(&r, 5000);
	ck_assert_uint_eq(h.opened, 1);
	ck_assert_uint_eq(left_by(&r, "h.test"), 4);
	ck_assert_uint_eq(r.building, 1);	/* and not one after another */
	end(&r, &s);
}
END_TEST

START_TEST(exits_bad_one_is_left_alone_where_there_is_another)
{
	struct poolrig r = { .no_attach = 0 };
	struct hold h[20];
	struct sets s;
	unsigned i;

	begin(&r, &s);
	path_exit_bad(r.path, r.net->relay[1].rsa_id, 60 * 60 * 1000);
	for (i = 0; i < 20; i++) {
		h[i].on = NULL;
		ck_assert_int_eq(connect_by(&r, &h[i], i + 1, A, "h.test"), 0);
		poolrig_run(&r, 3000);
		ck_assert_uint_eq(left_by(&r, "h.test"), 2);
	}
	end(&r, &s);
}
END_TEST

/* --- together with others --- */

static const struct {
	const char	*name;
	unsigned	 relay;
	int		 why;		/* 0: it is opened */
} named[] = {
	{ "in the set", 4, 0 }, { "not in it", 3, -ENETUNREACH },
	{ "excluded", 6, -ENETUNREACH },
};

START_TEST(exits_named_exit_has_to_be_in_the_set)
{
	struct poolrig r = { .no_attach = 0 };
	struct attach_target t = { .host = "h.test", .port = 80,
		.exits = texts[C].id };
	struct hold h = { .on = NULL };
	struct sets s;

	begin(&r, &s);
	t.exit = r.net->relay[named[_i].relay].rsa_id;
	ck_assert_int_eq(hold_connect_to(&r, &h, 1, &t), 0);
	poolrig_run(&r, 5000);
	ck_assert_msg(h.why == named[_i].why, "%s: %d", named[_i].name, h.why);
	ck_assert_uint_eq(h.opened, named[_i].why == 0);
	end(&r, &s);
}
END_TEST

static void
no_answer(void *arg, int err, const struct circ_answer *ans, size_t n)
{
	(void)ans;
	(void)n;
	*(int *)arg = err;
}

START_TEST(exits_lookup_leaves_by_one_of_its_set)
{
	static const uint8_t token[POOL_TOKEN] = { 9 };
	struct attach_question q = { .name = "h.test", .exits = texts[C].id };
	struct poolrig r = { .pconf = { .predict = 1 } };
	struct attach_lookup *l;
	const struct simcirc *c;
	unsigned asked = 0;
	struct sets s;
	int err = 1;

	begin(&r, &s);
	poolrig_run(&r, 10000);
	ck_assert_int_eq(attach_resolve(r.attach, token, &q, no_answer, &err,
	    &l), 0);
	poolrig_run(&r, 5000);
	for (c = r.net->circs; c; c = c->next) {
		asked += c->resolves;
		if (c->resolves)
			ck_assert_uint_eq(c->relay[c->n - 1], 4);
	}
	ck_assert_uint_gt(asked, 0);
	end(&r, &s);
}
END_TEST

START_TEST(exits_lookup_without_a_usable_one_finds_nothing_out)
{
	static const uint8_t token[POOL_TOKEN] = { 9 };
	struct attach_question q = { .name = "h.test", .exits = texts[D].id };
	struct poolrig r = { .no_attach = 0 };
	struct attach_lookup *l;
	struct sets s;
	int err = 1;

	begin(&r, &s);
	ck_assert_int_eq(attach_resolve(r.attach, token, &q, no_answer, &err,
	    &l), 0);
	poolrig_run(&r, 5000);
	ck_assert_int_eq(err, -EAGAIN);
	end(&r, &s);
}
END_TEST

/* --- alone --- */

START_TEST(exits_stream_alone_has_its_circuit_to_itself_and_takes_it_along)
{
	struct attach_target t = { .host = "h.test", .port = SIM_MUTE,
		.alone = 1 };
	struct poolrig r = { .no_attach = 0 };
	struct hold h[2] = { { .on = NULL } };
	struct simcirc *one, *two;
	struct sets s;

	begin(&r, &s);
	ck_assert_int_eq(hold_connect_to(&r, &h[0], 1, &t), 0);
	poolrig_run(&r, 3000);
	poolrig_stream(&r, "h.test", &one);
	ck_assert_int_eq(hold_connect_to(&r, &h[1], 1, &t), 0);
	poolrig_run(&r, 3000);
	poolrig_stream(&r, "h.test", &two);
	ck_assert_ptr_ne(one, two);
	ck_assert_uint_eq(pool_count(r.pool), 2);
	hold_kill(&h[0]);
	poolrig_run(&r, 2500);
	ck_assert_uint_eq(pool_count(r.pool), 1);
	hold_kill(&h[1]);
	poolrig_run(&r, 2500);
	ck_assert_uint_eq(pool_count(r.pool), 0);
	end(&r, &s);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(exits_stream_always_leaves_by_one_of_its_set),
	UNIT(exits_circuit_that_stands_is_taken_if_its_exit_is_in_the_set),
	UNIT(exits_stream_that_waits_for_its_set_holds_up_no_other),
	UNIT(exits_sets_that_overlap_share_a_circuit_by_a_common_exit),
	UNIT(exits_set_stands_in_for_exit_nodes),
	UNIT_LOOP(exits_without_a_usable_one_the_stream_is_refused,
	    NELEM(nobody)),
	UNIT(exits_port_that_none_of_the_set_takes_is_refused),
	UNIT(exits_set_that_is_gone_leaves_nothing_to_take),
	UNIT(exits_only_one_that_is_short_of_something_is_asked_again),
	UNIT(exits_bad_one_is_left_alone_where_there_is_another),
	UNIT_LOOP(exits_named_exit_has_to_be_in_the_set, NELEM(named)),
	UNIT(exits_lookup_leaves_by_one_of_its_set),
	UNIT(exits_lookup_without_a_usable_one_finds_nothing_out),
	UNIT(exits_stream_alone_has_its_circuit_to_itself_and_takes_it_along),
};
UNIT_MAIN("exits", tests)

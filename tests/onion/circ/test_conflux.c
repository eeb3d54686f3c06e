/* tests/onion/circ/test_conflux.c - messages of linking, and order */
#include "tests/unit.h"

#include <errno.h>
#include <string.h>

#include "onion/circ/conflux.h"

enum { HELD_MAX = 4000, LINK_LEN = 50 };

/* --- messages --- */

static const uint8_t zeros[RELAY_DATA_MAX];

static struct conflux_link
some_link(void)
{
	struct conflux_link l = {
		.sent = 0x0102030405060708, .received = 0x1112131415161718,
		.ux = CONFLUX_UX_THROUGHPUT
	};
	size_t i;

	for (i = 0; i < CONFLUX_NONCE; i++)
		l.nonce[i] = (uint8_t)(0xa0 + i);
	return l;
}

START_TEST(conflux_put_link_is_read_as_it_was_written)
{
	struct conflux_link in = some_link(), out;
	uint8_t data[RELAY_DATA_MAX];
	struct relaymsg m = { .cmd = RELAY_CONFLUX_LINKED, .data = data };

	m.len = (uint16_t)conflux_put_link(data, &in);
	ck_assert_uint_eq(m.len, LINK_LEN);
	ck_assert_uint_eq(data[0], 1);
	ck_assert_uint_eq(data[1], 0xa0);
	ck_assert_uint_eq(data[33], 1);		/* sent, then received */
	ck_assert_uint_eq(data[40], 8);
	ck_assert_uint_eq(data[41], 0x11);
	ck_assert_uint_eq(data[49], CONFLUX_UX_THROUGHPUT);
	ck_assert_int_eq(conflux_get_link(&m, &out), 0);
	ck_assert_mem_eq(out.nonce, in.nonce, CONFLUX_NONCE);
	ck_assert_uint_eq(out.sent, in.sent);
	ck_assert_uint_eq(out.received, in.received);
	ck_assert_uint_eq(out.ux, in.ux);
}
END_TEST

static const struct {
	const char	*name;
	uint8_t		 version, ux;
	uint16_t	 len;
	int		 want;
} link_cases[] = {
	{ "as it should be", 1, 0, LINK_LEN, 0 },
	{ "the last of the wishes", 1, 4, LINK_LEN, 0 },
	{ "a wish that nobody knows", 1, 5, LINK_LEN, -EPROTO },
	{ "something behind it", 1, 1, LINK_LEN + 1, 0 },
	{ "a whole cell", 1, 1, RELAY_DATA_MAX, 0 },
	{ "version 0", 0, 1, LINK_LEN, -EPROTO },
	{ "version 2", 2, 1, LINK_LEN, -EPROTO },
	{ "empty", 1, 1, 0, -EPROTO },
	{ "a version and no more", 1, 1, 1, -EPROTO },
	{ "half a nonce", 1, 1, 17, -EPROTO },
	{ "no numbers", 1, 1, 33, -EPROTO },
	{ "no wish", 1, 1, LINK_LEN - 1, -EPROTO },
};

START_TEST(conflux_get_link_takes_only_whole_ones_of_version_1)
{
	struct conflux_link l = some_link(), out;
	uint8_t data[RELAY_DATA_MAX] = { 0 };
	struct relaymsg m = { .data = data, .len = link_cases[_i].len };

	(void)conflux_put_link(data, &l);
	data[0] = link_cases[_i].version;
	data[49] = link_cases[_i].ux;
	memset(&out, 0x55, sizeof(out));
	ck_assert_msg(conflux_get_link(&m, &out) == link_cases[_i].want, "%s",
	    link_cases[_i].name);
	if (link_cases[_i].want < 0)
		ck_assert_uint_eq(out.ux, 0x55);	/* left alone */
}
END_TEST

START_TEST(conflux_get_switch_wants_four_bytes)
{
	uint8_t data[RELAY_DATA_MAX];
	struct relaymsg m = { .data = data };
	uint32_t jump = 7;
	uint16_t len;

	ck_assert_uint_eq(conflux_put_switch(data, 0xfffefdfc), 4);
	ck_assert_uint_eq(data[0], 0xff);
	ck_assert_uint_eq(data[3], 0xfc);
	for (len = 0; len < 4; len++) {
		m.len = len;
		ck_assert_int_eq(conflux_get_switch(&m, &jump), -EPROTO);
		ck_assert_uint_eq(jump, 7);
	}
	m.len = len;
	ck_assert_int_eq(conflux_get_switch(&m, &jump), 0);
	ck_assert_uint_eq(jump, 0xfffefdfc);
}
END_TEST

START_TEST(conflux_counts_what_belongs_to_streams)
{
	static const uint8_t counted[] = {
		RELAY_BEGIN, RELAY_DATA, RELAY_END, RELAY_CONNECTED,
		RELAY_RESOLVE, RELAY_RESOLVED, RELAY_XON, RELAY_XOFF
	};
	size_t n = 0, i;
	int cmd;

	for (cmd = 0; cmd < 256; cmd++)
		n += conflux_counts((uint8_t)cmd) != 0;
	ck_assert_uint_eq(n, NELEM(counted));
	for (i = 0; i < NELEM(counted); i++)
		ck_assert(conflux_counts(counted[i]));
}
END_TEST

START_TEST(conflux_passes_by_where_throughput_is_wanted)
{
	ck_assert(conflux_passes_by(CONFLUX_UX_ANY));
	ck_assert(conflux_passes_by(CONFLUX_UX_THROUGHPUT));
	ck_assert(!conflux_passes_by(CONFLUX_UX_LATENCY));
	ck_assert(!conflux_passes_by(CONFLUX_UX_LATENCY_LOWMEM));
}
END_TEST

/* --- order --- */

/* One thing that comes over a leg, and what follows from it. */
enum what { END_OF_CASE, MSG, SWITCH };

struct thing {
	enum what	what;
	size_t		leg;
	uint32_t	jump;		/* SWITCH */
	int		want;		/* 1, 0 or -EPROTO */
	unsigned	then;		/* of those held go as well */
};

#define M(leg, want, then)	{ MSG, leg, 0, want, then }
#define S(leg, jump, want)	{ SWITCH, leg, jump, want, 0 }

static const struct {
	const char	*name;
	struct thing	 t[12];
} order_cases[] = {
	{ "one leg", { M(0, 1, 0), M(0, 1, 0), M(0, 1, 0) } },
	{ "the other", { M(1, 1, 0), M(1, 1, 0) } },
	{ "legs in turn", { M(0, 1, 0), S(1, 1, 0), M(1, 1, 0), S(0, 1, 0),
	    M(0, 1, 0), S(1, 1, 0), M(1, 1, 0) } },
	{ "jump 0 at the start", { S(1, 0, 0), M(1, 1, 0), M(1, 1, 0) } },
	{ "the second's comes first", { S(1, 2, 0), M(1, 0, 0), M(1, 0, 0),
	    M(0, 1, 0), M(0, 1, 2), S(0, 2, 0), M(0, 1, 0) } },
	{ "held on one, by turns", { S(1, 1, 0), M(1, 0, 0), S(1, 1, 0),
	    M(1, 0, 0), M(0, 1, 1), S(0, 1, 0), M(0, 1, 1) } },
	{ "SWITCH before what it jumps over", { S(1, 3, 0), M(0, 1, 0),
	    M(0, 1, 0), M(1, 0, 0), M(0, 1, 1) } },
	{ "a number that was there", { M(0, 1, 0), M(1, -EPROTO, 0) } },
	{ "and later", { M(0, 1, 0), M(0, 1, 0), S(1, 1, 0),
	    M(1, -EPROTO, 0) } },
	{ "one that was held before", { S(1, 1, 0), M(1, 0, 0), M(0, 1, 1),
	    M(0, -EPROTO, 0) } },
	{ "SWITCH twice", { M(0, 1, 0), S(1, 1, 0), S(1, 1, -EPROTO) } },
	{ "SWITCH twice, by 0", { S(0, 0, 0), S(0, 0, -EPROTO) } },
	{ "SWITCH on both", { S(0, 0, 0), S(1, 1, 0), M(0, 1, 0),
	    M(1, 1, 0) } },
	/* Numbers of a leg only grow: what is missing can't come. */
	{ "a hole that no leg can fill", { S(1, 5, 0), M(1, 0, 0),
	    S(0, 2, -EPROTO) } },
	{ "the same number on both", { S(1, 5, 0), S(0, 5, -EPROTO) } },
	{ "a hole that the other leg can fill", { M(0, 1, 0), S(0, 1, 0),
	    M(0, 0, 0), S(1, 1, 0), M(1, 1, 1) } },
};

static unsigned
drain(struct conflux_in *in)
{
	struct relaymsg m;
	unsigned n = 0;

	while (conflux_in_next(in, &m))
		n++;
	return n;
}

START_TEST(conflux_in_got_tells_what_is_next)
{
	const struct thing *t = order_cases[_i].t;
	struct relaymsg m = { .cmd = RELAY_DATA, .stream = 1, .data = zeros,
		.len = 3 };
	struct conflux_in in;
	uint64_t all = 0;
	int rc;

	conflux_in_init(&in, 2, HELD_MAX);
	for (; t->what; t++) {
		if (t->what == SWITCH)
			rc = conflux_in_switch(&in, t->leg, t->jump);
		else
			rc = conflux_in_got(&in, t->leg, &m, 1);
		ck_assert_msg(rc == t->want, "%s, %d: %d", order_cases[_i].name,
		    (int)(t - order_cases[_i].t), rc);
		if (t->what == MSG && rc == 1)
			ck_assert_msg(drain(&in) == t->then, "%s, %d",
			    order_cases[_i].name,
			    (int)(t - order_cases[_i].t));
		all += rc == 1 ? 1 + t->then : 0;
	}
	ck_assert_uint_eq(in.delivered, all);
	conflux_in_fini(&in);
}
END_TEST

START_TEST(conflux_in_got_with_one_leg_holds_nothing)
{
	struct relaymsg m = { .cmd = RELAY_DATA, .data = zeros, .len = 3 };
	struct conflux_in in;

	conflux_in_init(&in, 1, HELD_MAX);
	ck_assert_int_eq(conflux_in_got(&in, 0, &m, 1), 1);
	if (conflux_in_switch(&in, 0, 1) == 0)
		ck_assert_int_eq(conflux_in_got(&in, 0, &m, 1), -EPROTO);
	ck_assert_uint_eq(conflux_in_held(&in), 0);
	conflux_in_fini(&in);
}
END_TEST

START_TEST(conflux_in_got_beyond_what_may_be_held_is_refused)
{
	struct relaymsg m = { .cmd = RELAY_DATA, .data = zeros,
		.len = RELAY_DATA_MAX };
	struct conflux_in in;
	size_t n = 0;
	int rc;

	conflux_in_init(&in, 2, HELD_MAX);
	ck_assert_int_eq(conflux_in_switch(&in, 1, 1), 0);
	while ((rc = conflux_in_got(&in, 1, &m, 77)) == 0) {
		n++;
		ck_assert_uint_le(conflux_in_held(&in), HELD_MAX);
		ck_assert_uint_ge(conflux_in_held(&in), n * RELAY_DATA_MAX);
	}
	ck_assert_int_eq(rc, -EPROTO);
	ck_assert_uint_eq(n, 7);
	ck_assert_int_eq(in.since, 77);
	conflux_in_fini(&in);
	ck_assert_uint_eq(conflux_in_held(&in), 0);
}
END_TEST

START_TEST(conflux_in_held_counts_until_the_next_call)
{
	struct relaymsg m = { .cmd = RELAY_END, .stream = 9, .data = zeros,
		.len = 1 }, out;
	struct conflux_in in;

	conflux_in_init(&in, 2, HELD_MAX);
	(void)conflux_in_switch(&in, 1, 1);
	ck_assert_int_eq(conflux_in_got(&in, 1, &m, 5), 0);
	m.cmd = RELAY_DATA;
	m.len = 0;
	ck_assert_int_eq(conflux_in_got(&in, 1, &m, 6), 0);
	ck_assert_int_eq(in.since, 5);
	ck_assert(!conflux_in_next(&in, &out));
	ck_assert_int_eq(conflux_in_got(&in, 0, &m, 7), 1);
	ck_assert(conflux_in_next(&in, &out));
	ck_assert_uint_eq(out.cmd, RELAY_END);
	ck_assert_uint_eq(out.stream, 9);
	ck_assert_uint_eq(out.len, 1);
	ck_assert(conflux_in_next(&in, &out));
	ck_assert_uint_eq(out.len, 0);
	ck_assert_uint_eq(conflux_in_held(&in), 0);
	ck_assert(!conflux_in_next(&in, &out));
	conflux_in_fini(&in);
}
END_TEST

/* What waits now, not what waited before it: the memory limit goes by it. */
START_TEST(conflux_in_since_is_when_the_oldest_held_came)
{
	struct relaymsg m = { .cmd = RELAY_DATA, .data = zeros, .len = 1 };
	struct conflux_in in;

	conflux_in_init(&in, 2, HELD_MAX);
	(void)conflux_in_switch(&in, 1, 1);
	ck_assert_int_eq(conflux_in_got(&in, 1, &m, 5), 0);
	(void)conflux_in_switch(&in, 1, 1);
	ck_assert_int_eq(conflux_in_got(&in, 1, &m, 500), 0);
	ck_assert_int_eq(conflux_in_got(&in, 0, &m, 600), 1);
	ck_assert_uint_eq(drain(&in), 1);
	ck_assert_uint_gt(conflux_in_held(&in), 0);
	ck_assert_int_ge(in.since, 500);
	conflux_in_fini(&in);
}
END_TEST

/* Any schedule of an honest sender, in any interleaving. */

enum { MESSAGES = 2000, THINGS = 2 * MESSAGES };

struct sent {
	uint8_t		is_switch;
	uint32_t	jump, number;
};

static uint32_t seed;

static uint32_t
roll(uint32_t sides)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % sides;
}

static struct sent way[2][THINGS];
static size_t nway[2];

static void
send_all(uint32_t run)
{
	uint64_t count[2] = { 0, 0 };
	uint32_t i;
	size_t leg = roll(2), to;

	nway[0] = nway[1] = 0;
	for (i = 0; i < MESSAGES; i++) {
		to = roll(run) == 0 ? !leg : leg;
		if (to != leg) {
			way[to][nway[to]++] = (struct sent){ 1,
				(uint32_t)(count[leg] - count[to]), 0 };
			count[to] = count[leg];
			leg = to;
		}
		count[leg]++;
		way[leg][nway[leg]++] = (struct sent){ 0, 0, i };
	}
}

static void
expect_message(const struct relaymsg *m, uint32_t number)
{
	ck_assert_uint_eq(m->stream, number & 0xffff);
	ck_assert_uint_eq(m->cmd, number % 3 ? RELAY_DATA : RELAY_XON);
	ck_assert_uint_eq(m->len, number % 11);
	if (m->len)
		ck_assert_uint_eq(m->data[m->len - 1], number & 0xff);
}

START_TEST(conflux_in_brings_all_in_order_whatever_the_interleaving)
{
	static const uint32_t runs[] = { 1, 2, 7, 50, 700 };
	uint8_t data[11];
	struct relaymsg m = { .data = data };
	size_t at[2] = { 0, 0 }, leg;
	struct conflux_in in;
	const struct sent *t;
	uint32_t next = 0;
	int rc;

	seed = 4711 + (uint32_t)_i;
	send_all(runs[_i % 5]);
	conflux_in_init(&in, 2, MESSAGES * 64);
	while (at[0] < nway[0] || at[1] < nway[1]) {
		leg = roll(3 + (uint32_t)_i % 60) == 0;
		leg = at[leg] < nway[leg] ? leg : !leg;
		t = &way[leg][at[leg]++];
		if (t->is_switch) {
			ck_assert_int_eq(conflux_in_switch(&in, leg, t->jump),
			    0);
			continue;
		}
		m.stream = (uint16_t)t->number;
		m.cmd = t->number % 3 ? RELAY_DATA : RELAY_XON;
		m.len = (uint16_t)(t->number % 11);
		memset(data, (int)t->number, sizeof(data));
		rc = conflux_in_got(&in, leg, &m, 1);
		ck_assert_int_eq(rc, t->number == next);
		if (rc == 0)
			continue;
		next++;
		while (conflux_in_next(&in, &m))
			expect_message(&m, next++);
		m.data = data;
	}
	ck_assert_uint_eq(next, MESSAGES);
	ck_assert_uint_eq(conflux_in_held(&in), 0);
	conflux_in_fini(&in);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(conflux_put_link_is_read_as_it_was_written),
	UNIT_LOOP(conflux_get_link_takes_only_whole_ones_of_version_1,
	    NELEM(link_cases)),
	UNIT(conflux_get_switch_wants_four_bytes),
	UNIT(conflux_counts_what_belongs_to_streams),
	UNIT(conflux_passes_by_where_throughput_is_wanted),
	UNIT_LOOP(conflux_in_got_tells_what_is_next, NELEM(order_cases)),
	UNIT(conflux_in_got_with_one_leg_holds_nothing),
	UNIT(conflux_in_got_beyond_what_may_be_held_is_refused),
	UNIT(conflux_in_held_counts_until_the_next_call),
	UNIT(conflux_in_since_is_when_the_oldest_held_came),
	UNIT_LOOP(conflux_in_brings_all_in_order_whatever_the_interleaving,
	    200),
};
UNIT_MAIN("conflux", tests)

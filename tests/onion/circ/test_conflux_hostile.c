/* tests/onion/circ/test_conflux_hostile.c - what a bad exit may try with legs
 *
 * Each of these must close the circuit and, once joined, the other one; tell
 * the holder, and leave nothing behind.
 */
#include "tests/unit.h"

#include <errno.h>
#include <string.h>

#include "onion/circ/relaymsg.h"
#include "tests/onion/circ/fakechan.h"
#include "tests/onion/circ/twin.h"

enum { EXIT_HOP = 2 };

static const uint8_t zeros[RELAY_DATA_MAX];
static const uint8_t by_two[4] = { 0, 0, 0, 2 };
static const uint8_t done[1] = { END_DONE };

/* --- LINKED --- */

static const struct linked_case {
	const char	*name;
	size_t		 hop;
	uint16_t	 stream;
	uint8_t		 version, flip;	/* a bit of the nonce */
	uint64_t	 sent, received;
	uint8_t		 ux;
	size_t		 len;
	int		 fine;
} linked_cases[] = {
	{ "as it should be", EXIT_HOP, 0, 1, 0, 0, 0, 1, SIM_LINK_LEN, 1 },
	{ "something behind it", EXIT_HOP, 0, 1, 0, 0, 0, 1, 498, 1 },
	{ "another nonce", EXIT_HOP, 0, 1, 1, 0, 0, 1, SIM_LINK_LEN, 0 },
	{ "it sent something", EXIT_HOP, 0, 1, 0, 1, 0, 1, SIM_LINK_LEN, 0 },
	{ "it got something", EXIT_HOP, 0, 1, 0, 0, 1, 1, SIM_LINK_LEN, 0 },
	{ "numbers of 64 bits", EXIT_HOP, 0, 1, 0, 1ULL << 40, 0, 1,
	    SIM_LINK_LEN, 0 },
	{ "a wish that nobody knows", EXIT_HOP, 0, 1, 0, 0, 0, 5,
	    SIM_LINK_LEN, 0 },
	{ "version 2", EXIT_HOP, 0, 2, 0, 0, 0, 1, SIM_LINK_LEN, 0 },
	{ "short", EXIT_HOP, 0, 1, 0, 0, 0, 1, SIM_LINK_LEN - 1, 0 },
	{ "empty", EXIT_HOP, 0, 1, 0, 0, 0, 1, 0, 0 },
	{ "on a stream", EXIT_HOP, 7, 1, 0, 0, 0, 1, SIM_LINK_LEN, 0 },
	{ "from the middle", 1, 0, 1, 0, 0, 0, 1, SIM_LINK_LEN, 0 },
	{ "from the guard", 0, 0, 1, 0, 0, 0, 1, SIM_LINK_LEN, 0 },
};

static void
say_linked(struct simcirc *sim, const struct linked_case *c)
{
	uint8_t body[RELAY_DATA_MAX] = { 0 }, nonce[CONFLUX_NONCE];

	memcpy(nonce, twin_nonce, sizeof(nonce));
	nonce[31] ^= c->flip;
	sim_put_link(body, nonce, c->sent, c->received, c->ux);
	body[0] = c->version;
	sim->said_linked = 1;
	simcirc_say(sim, c->hop, RELAY_CONFLUX_LINKED, c->stream, body,
	    c->len);
}

START_TEST(circ_linked_that_answers_something_else_closes_it)
{
	const struct linked_case *c = &linked_cases[_i];
	struct rig r;

	rig_init(&r, 3, 1);
	r.net->knobs.no_linked = 1;
	rig_build(&r, RIG_CC);
	ck_assert_int_eq(circ_link(r.circ, twin_nonce, 1), 0);
	rig_run(&r);
	say_linked(r.sim, c);
	rig_run(&r);
	ck_assert_msg(r.linked == (unsigned)c->fine, "%s", c->name);
	ck_assert_msg(r.gone == !c->fine, "%s", c->name);
	if (r.gone)
		ck_assert_int_eq(r.why, CIRC_WHY_PROTOCOL);
	rig_free(&r);
}
END_TEST

enum when { UNASKED, UNSENT, TWICE, JOINED };

START_TEST(circ_linked_at_another_time_closes_it)
{
	struct twin t;

	twin_init(&t);
	twin_build(&t);
	if (_i == TWICE || _i == JOINED)
		twin_link(&t, 10, 10);
	if (_i == JOINED)
		twin_join(&t);
	if (_i == UNSENT) {
		fakechan_room(t.chan, 0);
		ck_assert_int_eq(circ_link(t.circ, twin_nonce, 1), 0);
	}
	say_linked(t.sim, &linked_cases[0]);
	twin_run(&t);
	ck_assert_uint_eq(t.linked, _i == TWICE || _i == JOINED);
	ck_assert_uint_eq(t.gone, 1);
	ck_assert_int_eq(t.why, CIRC_WHY_PROTOCOL);
	ck_assert_uint_eq(t.r.gone, _i == JOINED);
	twin_free(&t);
}
END_TEST

/* --- before a set is joined --- */

enum stage { BUILT, LINKING, LINKED };

static const struct early_case {
	const char	*name;
	uint8_t		 cmd;
	uint16_t	 stream;
	size_t		 len;
} early_cases[] = {
	{ "SWITCH", RELAY_CONFLUX_SWITCH, 0, 4 },
	{ "DATA", RELAY_DATA, 7, 4 },
	{ "CONNECTED", RELAY_CONNECTED, 7, 0 },
	{ "END", RELAY_END, 7, 1 },
	{ "RESOLVED", RELAY_RESOLVED, 7, 0 },
	{ "XOFF", RELAY_XOFF, 7, 1 },
	{ "XON", RELAY_XON, 7, 5 },
	{ "SENDME", RELAY_SENDME, 0, 23 },
	{ "EXTENDED2", RELAY_EXTENDED2, 0, 66 },
	{ "LINK", RELAY_CONFLUX_LINK, 0, SIM_LINK_LEN },
	{ "LINKED_ACK", RELAY_CONFLUX_LINKED_ACK, 0, 0 },
	{ "DROP", RELAY_DROP, 0, 0 },
};

START_TEST(circ_message_before_the_set_is_joined_closes_it)
{
	const struct early_case *c = &early_cases[_i / 3];
	struct rig r;

	rig_init(&r, 3, 1);
	r.net->knobs.no_linked = _i % 3 == LINKING;
	rig_build(&r, RIG_CC);
	if (_i % 3 != BUILT)
		ck_assert_int_eq(circ_link(r.circ, twin_nonce, 1), 0);
	rig_run(&r);
	ck_assert_uint_eq(r.linked, _i % 3 == LINKED);
	simcirc_say(r.sim, EXIT_HOP, c->cmd, c->stream, zeros, c->len);
	rig_run(&r);
	ck_assert_msg(r.gone == 1 && r.why == CIRC_WHY_PROTOCOL, "%s: %u",
	    c->name, r.gone);
	rig_free(&r);
}
END_TEST

/* --- in a set --- */

/* What it says over which leg, in raw form, after BEGIN and CONNECTED went over
 * the second one; the last of them is one too many. */
struct say {
	int		 leg;
	size_t		 hop;
	uint8_t		 cmd;
	uint16_t	 stream;	/* 1: the one that is open */
	const void	*data;
	size_t		 len;
};

static const struct set_case {
	const char	*name;
	struct say	 say[4];
} set_cases[] = {
	{ "a number that was there", {
	    { 0, EXIT_HOP, RELAY_DATA, 1, zeros, 1 } } },
	{ "SWITCH twice", {
	    { 0, EXIT_HOP, RELAY_CONFLUX_SWITCH, 0, by_two, 4 },
	    { 0, EXIT_HOP, RELAY_CONFLUX_SWITCH, 0, by_two, 4 } } },
	{ "SWITCH, short", {
	    { 0, EXIT_HOP, RELAY_CONFLUX_SWITCH, 0, by_two, 3 } } },
	{ "SWITCH on a stream", {
	    { 0, EXIT_HOP, RELAY_CONFLUX_SWITCH, 1, by_two, 4 } } },
	{ "SWITCH from the middle", {
	    { 0, 1, RELAY_CONFLUX_SWITCH, 0, by_two, 4 } } },
	{ "a hole that no leg can fill", {
	    { 0, EXIT_HOP, RELAY_CONFLUX_SWITCH, 0, by_two, 4 },
	    { 0, EXIT_HOP, RELAY_DATA, 1, zeros, 1 },
	    { 1, EXIT_HOP, RELAY_CONFLUX_SWITCH, 0, by_two, 4 } } },
	{ "nonsense that comes early", {
	    { 0, EXIT_HOP, RELAY_CONFLUX_SWITCH, 0, by_two, 4 },
	    { 0, EXIT_HOP, RELAY_CONNECTED, 1, NULL, 0 },
	    { 1, EXIT_HOP, RELAY_DATA, 1, zeros, 1 } } },
	{ "stream SENDME", {
	    { 0, EXIT_HOP, RELAY_SENDME, 1, zeros, 0 } } },
	{ "stream SENDME that is not next", {
	    { 0, EXIT_HOP, RELAY_CONFLUX_SWITCH, 0, by_two, 4 },
	    { 0, EXIT_HOP, RELAY_SENDME, 1, zeros, 0 } } },
	{ "empty DATA that is not next", {
	    { 0, EXIT_HOP, RELAY_CONFLUX_SWITCH, 0, by_two, 4 },
	    { 0, EXIT_HOP, RELAY_DATA, 1, zeros, 0 } } },
	{ "DATA from the middle", {
	    { 1, 1, RELAY_DATA, 1, zeros, 1 } } },
	{ "DATA after END", {
	    { 1, EXIT_HOP, RELAY_END, 1, done, 1 },
	    { 1, EXIT_HOP, RELAY_DATA, 1, zeros, 1 } } },
	{ "END twice, by turns", {
	    { 1, EXIT_HOP, RELAY_END, 1, done, 1 },
	    { 0, EXIT_HOP, RELAY_CONFLUX_SWITCH, 0, by_two, 4 },
	    { 0, EXIT_HOP, RELAY_END, 1, done, 1 } } },
	{ "DATA for an unknown stream", {
	    { 1, EXIT_HOP, RELAY_DATA, 2, zeros, 1 } } },
	{ "LINKED", {
	    { 1, EXIT_HOP, RELAY_CONFLUX_LINKED, 0, zeros, 50 } } },
	{ "EXTENDED2", {
	    { 1, EXIT_HOP, RELAY_EXTENDED2, 0, zeros, 66 } } },
	{ "DROP", {
	    { 1, EXIT_HOP, RELAY_DROP, 0, zeros, 0 } } },
};

START_TEST(circ_message_of_a_set_that_is_wrong_closes_both)
{
	const struct set_case *c = &set_cases[_i];
	const struct say *s;
	struct twin t;
	uint16_t id;

	twin_new(&t);
	(void)rig_connect(&t.r, 0, SIM_MUTE, SIZE_MAX);
	twin_run(&t);
	ck_assert_uint_eq(t.sim->count_out, 1);
	id = rig_last_id(&t.r);
	for (s = c->say; s->cmd; s++) {
		ck_assert_msg(t.r.gone == 0, "%s: too soon", c->name);
		simcirc_say(twin_sim(&t, s->leg), s->hop, s->cmd,
		    s->stream == 0 ? 0 : (uint16_t)(id + s->stream - 1),
		    s->data, s->len);
		twin_run(&t);
	}
	ck_assert_msg(t.r.gone == 1 && t.gone == 1, "%s: %u %u", c->name,
	    t.r.gone, t.gone);
	ck_assert_int_eq(t.r.why, CIRC_WHY_PROTOCOL);
	ck_assert_int_eq(t.why, CIRC_WHY_PROTOCOL);
	ck_assert_uint_eq(t.r.h[0].gones, 1);
	twin_free(&t);
}
END_TEST

START_TEST(circ_sendme_over_the_other_leg_closes_both)
{
	uint8_t body[23] = { 1, 0, 20 };
	struct twin t;

	twin_new(&t);
	t.r.net->knobs.no_sendmes = 1;
	(void)holder_send(rig_connect(&t.r, 0, SIM_SINK, 0), 60 * 498);
	twin_run(&t);
	ck_assert_uint_ge(t.sim->data_in, 31);
	memcpy(body + 3, t.sim->tag_in, 20);
	simcirc_say(_i ? t.sim : t.r.sim, EXIT_HOP, RELAY_SENDME, 0, body,
	    sizeof(body));
	twin_run(&t);
	ck_assert_uint_eq(t.gone, _i == 0);
	ck_assert_uint_eq(t.r.gone, _i == 0);
	twin_free(&t);
}
END_TEST

START_TEST(circ_data_held_beyond_what_is_allowed_closes_both)
{
	struct twin t;
	uint16_t id;
	size_t n = 0, most;
	int64_t oldest;

	twin_init(&t);
	most = _i ? CONFLUX_HELD_MAX : 100 * 1000;
	if (_i == 0)
		t.r.flow.conflux_held = (int32_t)most;
	twin_build(&t);
	twin_link(&t, 10, 10);
	twin_join(&t);
	(void)rig_connect(&t.r, 0, SIM_MUTE, SIZE_MAX);
	twin_run(&t);
	id = rig_last_id(&t.r);
	simcirc_say(t.sim, EXIT_HOP, RELAY_CONFLUX_SWITCH, 0, by_two, 4);
	while (n < 40000 && t.circ) {
		simcirc_data(t.sim, id, zeros, sizeof(zeros));
		n++;
		if (n % 16 == 0)
			twin_run(&t);
		if (t.r.circ)
			ck_assert_uint_le(circ_queued(t.r.circ, &oldest),
			    2 * most);	/* blocks are that large */
	}
	ck_assert_uint_le(n * sizeof(zeros), most + 17 * sizeof(zeros));
	ck_assert_uint_ge(n * sizeof(zeros) * 11 / 10, most);
	ck_assert_int_eq(t.r.why, CIRC_WHY_PROTOCOL);
	ck_assert_uint_eq(t.gone, 1);
	twin_free(&t);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT_LOOP(circ_linked_that_answers_something_else_closes_it,
	    NELEM(linked_cases)),
	UNIT_LOOP(circ_linked_at_another_time_closes_it, JOINED + 1),
	UNIT_LOOP(circ_message_before_the_set_is_joined_closes_it,
	    3 * NELEM(early_cases)),
	UNIT_LOOP(circ_message_of_a_set_that_is_wrong_closes_both,
	    NELEM(set_cases)),
	UNIT_LOOP(circ_sendme_over_the_other_leg_closes_both, 2),
	UNIT_LOOP(circ_data_held_beyond_what_is_allowed_closes_both, 2),
};
UNIT_MAIN("conflux_hostile", tests)

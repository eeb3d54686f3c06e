/* tests/onion/circ/test_stream_hostile.c - what a bad exit may try
 *
 * Each of these must close the circuit, tell the holder, and leave nothing
 * behind; or, where a case says so, must be taken, since honest relays do it.
 */
#include "tests/unit.h"

#include <errno.h>
#include <string.h>

#include "onion/circ/flowctl.h"
#include "onion/circ/relaymsg.h"
#include "onion/circ/sendme.h"
#include "onion/circ/streams.h"
#include "onion/circ/xonxoff.h"
#include "tests/onion/circ/fakechan.h"
#include "tests/onion/circ/rig.h"

enum { THE_STREAM = 0xffff, OTHER = 0xfffe };

static const uint8_t zeros[RELAY_DATA_MAX];
static const uint8_t v1_zeros[23] = { 1, 0, 20 };
static const uint8_t v4[8] = { 93, 184, 216, 34, 0, 0, 1, 44 };
static const uint8_t done[1] = { END_DONE };

/* One message on a circuit with one stream in a state. */
enum where { CONNECTING, OPEN, KILLED, ENDED, ASKED, CANCELLED };

static const struct say_case {
	const char	*name;
	enum where	 where;
	enum rig_kind	 kind;
	uint8_t		 cmd;
	uint16_t	 stream;
	const uint8_t	*data;
	size_t		 len;
	int		 fine;		/* the circuit lives */
} say_cases[] = {
	/* DATA */
	{ "empty DATA", OPEN, RIG_NTOR, RELAY_DATA, THE_STREAM, zeros, 0, 0 },
	{ "DATA, length 499", OPEN, RIG_NTOR, RELAY_DATA, THE_STREAM, zeros,
	    499, 0 },
	{ "DATA, length 65535", OPEN, RIG_CC, RELAY_DATA, THE_STREAM, zeros,
	    65535, 0 },
	{ "DATA, full", OPEN, RIG_CC, RELAY_DATA, THE_STREAM, zeros, 498, 1 },
	{ "DATA on stream 0", OPEN, RIG_NTOR, RELAY_DATA, 0, zeros, 1, 0 },
	{ "DATA on unknown stream", OPEN, RIG_NTOR, RELAY_DATA, OTHER, zeros,
	    1, 0 },
	{ "DATA before CONNECTED", CONNECTING, RIG_CC, RELAY_DATA,
	    THE_STREAM, zeros, 1, 0 },
	{ "DATA after END", ENDED, RIG_CC, RELAY_DATA, THE_STREAM, zeros, 1,
	    0 },
	{ "DATA after our END", KILLED, RIG_CC, RELAY_DATA, THE_STREAM,
	    zeros, 1, 1 },
	{ "empty DATA after our END", KILLED, RIG_CC, RELAY_DATA, THE_STREAM,
	    zeros, 0, 0 },
	{ "DATA for RESOLVE", ASKED, RIG_NTOR, RELAY_DATA, THE_STREAM, zeros,
	    1, 0 },
	{ "DATA for cancelled RESOLVE", CANCELLED, RIG_CC, RELAY_DATA,
	    THE_STREAM, zeros, 1, 0 },
	/* CONNECTED */
	{ "CONNECTED twice", OPEN, RIG_NTOR, RELAY_CONNECTED, THE_STREAM, v4,
	    8, 0 },
	{ "CONNECTED, empty", CONNECTING, RIG_NTOR, RELAY_CONNECTED,
	    THE_STREAM, zeros, 0, 1 },
	{ "CONNECTED, 4 bytes", CONNECTING, RIG_NTOR, RELAY_CONNECTED,
	    THE_STREAM, v4, 4, 1 },
	{ "CONNECTED, 3 bytes", CONNECTING, RIG_NTOR, RELAY_CONNECTED,
	    THE_STREAM, v4, 3, 0 },
	{ "CONNECTED, no family", CONNECTING, RIG_NTOR, RELAY_CONNECTED,
	    THE_STREAM, zeros, 25, 0 },
	{ "CONNECTED, short", CONNECTING, RIG_NTOR, RELAY_CONNECTED,
	    THE_STREAM, zeros, 4, 0 },
	{ "CONNECTED for stream 0", CONNECTING, RIG_NTOR, RELAY_CONNECTED, 0,
	    v4, 8, 0 },
	{ "CONNECTED for unknown stream", OPEN, RIG_NTOR, RELAY_CONNECTED,
	    OTHER, v4, 8, 0 },
	{ "CONNECTED after our END", KILLED, RIG_NTOR, RELAY_CONNECTED,
	    THE_STREAM, v4, 8, 0 },		/* it was open */
	{ "CONNECTED for RESOLVE", ASKED, RIG_NTOR, RELAY_CONNECTED,
	    THE_STREAM, v4, 8, 0 },
	/* END */
	{ "END, empty", OPEN, RIG_NTOR, RELAY_END, THE_STREAM, done, 0, 0 },
	{ "END, empty, not open", CONNECTING, RIG_NTOR, RELAY_END,
	    THE_STREAM, done, 0, 0 },
	{ "END, unknown reason", OPEN, RIG_NTOR, RELAY_END, THE_STREAM,
	    (const uint8_t *)"\xc8", 1, 1 },
	{ "END twice", ENDED, RIG_NTOR, RELAY_END, THE_STREAM, done, 1, 0 },
	{ "END for unknown stream", OPEN, RIG_NTOR, RELAY_END, OTHER, done,
	    1, 0 },
	{ "END for stream 0", OPEN, RIG_NTOR, RELAY_END, 0, done, 1, 0 },
	{ "END crossing our END", KILLED, RIG_NTOR, RELAY_END, THE_STREAM,
	    done, 1, 1 },
	{ "empty END crossing ours", KILLED, RIG_NTOR, RELAY_END, THE_STREAM,
	    done, 0, 0 },
	{ "END for RESOLVE", ASKED, RIG_NTOR, RELAY_END, THE_STREAM, done, 1,
	    1 },
	{ "empty END for RESOLVE", ASKED, RIG_NTOR, RELAY_END, THE_STREAM,
	    done, 0, 0 },
	/* SENDME */
	{ "SENDME that is not due", OPEN, RIG_NTOR, RELAY_SENDME, 0,
	    v1_zeros, 23, 0 },
	{ "SENDME that is not due, cc", OPEN, RIG_CC, RELAY_SENDME, 0,
	    v1_zeros, 23, 0 },
	{ "stream SENDME not due", OPEN, RIG_NTOR, RELAY_SENDME, THE_STREAM,
	    zeros, 0, 0 },
	{ "stream SENDME with cc", OPEN, RIG_CC, RELAY_SENDME, THE_STREAM,
	    zeros, 0, 0 },
	{ "stream SENDME, unknown", OPEN, RIG_NTOR, RELAY_SENDME, OTHER,
	    zeros, 0, 0 },
	{ "stream SENDME, not open", CONNECTING, RIG_NTOR, RELAY_SENDME,
	    THE_STREAM, zeros, 0, 0 },
	{ "stream SENDME after our END", KILLED, RIG_NTOR, RELAY_SENDME,
	    THE_STREAM, zeros, 0, 0 },	/* we had sent too little */
	/* XON, XOFF */
	{ "XOFF without cc", OPEN, RIG_NTOR, RELAY_XOFF, THE_STREAM, zeros,
	    1, 0 },
	{ "XON without cc", OPEN, RIG_NTOR, RELAY_XON, THE_STREAM, zeros, 5,
	    0 },
	{ "XOFF", OPEN, RIG_CC, RELAY_XOFF, THE_STREAM, zeros, 1, 1 },
	{ "XOFF while connecting", CONNECTING, RIG_CC, RELAY_XOFF,
	    THE_STREAM, zeros, 1, 1 },
	{ "XON", OPEN, RIG_CC, RELAY_XON, THE_STREAM, zeros, 5, 1 },
	{ "XOFF, empty", OPEN, RIG_CC, RELAY_XOFF, THE_STREAM, zeros, 0, 0 },
	{ "XOFF, version 1", OPEN, RIG_CC, RELAY_XOFF, THE_STREAM, v1_zeros,
	    1, 0 },
	{ "XON, short", OPEN, RIG_CC, RELAY_XON, THE_STREAM, zeros, 4, 0 },
	{ "XON, version 1", OPEN, RIG_CC, RELAY_XON, THE_STREAM, v1_zeros, 5,
	    0 },
	{ "XOFF, unknown stream", OPEN, RIG_CC, RELAY_XOFF, OTHER, zeros, 1,
	    0 },
	{ "XOFF after our END", KILLED, RIG_CC, RELAY_XOFF, THE_STREAM,
	    zeros, 1, 1 },
	{ "XOFF for RESOLVE", ASKED, RIG_CC, RELAY_XOFF, THE_STREAM, zeros,
	    1, 0 },
	/* RESOLVED */
	{ "RESOLVED for a stream", OPEN, RIG_NTOR, RELAY_RESOLVED,
	    THE_STREAM, zeros, 0, 0 },
	{ "RESOLVED without RESOLVE", OPEN, RIG_NTOR, RELAY_RESOLVED, OTHER,
	    zeros, 0, 0 },
	{ "RESOLVED after our END", KILLED, RIG_NTOR, RELAY_RESOLVED,
	    THE_STREAM, zeros, 0, 0 },
	{ "RESOLVED, empty", ASKED, RIG_NTOR, RELAY_RESOLVED, THE_STREAM,
	    zeros, 0, 1 },
	{ "RESOLVED, malformed", ASKED, RIG_NTOR, RELAY_RESOLVED, THE_STREAM,
	    v4, 8, 0 },
	{ "RESOLVED, cancelled", CANCELLED, RIG_NTOR, RELAY_RESOLVED,
	    THE_STREAM, zeros, 0, 1 },
	/* Not for a client */
	{ "BEGIN", OPEN, RIG_NTOR, RELAY_BEGIN, OTHER,
	    (const uint8_t *)"a:80", 5, 0 },
	{ "BEGIN_DIR", OPEN, RIG_NTOR, RELAY_BEGIN_DIR, OTHER, zeros, 0, 0 },
	{ "RESOLVE", OPEN, RIG_NTOR, RELAY_RESOLVE, OTHER,
	    (const uint8_t *)"a", 2, 0 },
	{ "DROP", OPEN, RIG_NTOR, RELAY_DROP, 0, zeros, 0, 0 },
	{ "DROP on the stream", OPEN, RIG_NTOR, RELAY_DROP, THE_STREAM,
	    zeros, 0, 0 },
	{ "EXTENDED2", OPEN, RIG_NTOR, RELAY_EXTENDED2, 0, zeros, 66, 0 },
	{ "EXTENDED2 on the stream", OPEN, RIG_NTOR, RELAY_EXTENDED2,
	    THE_STREAM, zeros, 66, 0 },
	{ "TRUNCATED on the stream", OPEN, RIG_NTOR, RELAY_TRUNCATED,
	    THE_STREAM, zeros, 1, 0 },
	{ "PADDING_NEGOTIATED", OPEN, RIG_NTOR, 42, 0, zeros, 4, 0 },
	{ "CONFLUX_LINK", OPEN, RIG_CC, 19, 0, zeros, 50, 0 },
	{ "CONFLUX_SWITCH", OPEN, RIG_CC, 22, 0, zeros, 4, 0 },
	{ "RENDEZVOUS2", OPEN, RIG_CC, 37, 0, zeros, 64, 0 },
	{ "command 0", OPEN, RIG_CC, 0, THE_STREAM, zeros, 4, 0 },
	{ "command 200", OPEN, RIG_CC, 200, THE_STREAM, zeros, 4, 0 },
};

static uint16_t
set_scene(struct rig *r, enum where where)
{
	struct circ_lookup *l;
	struct holder *h;

	if (where == ASKED || where == CANCELLED) {
		rig_resolve(r, "a.example", &l);
		rig_run(r);
		if (where == CANCELLED)
			circ_lookup_cancel(l);
		return r->sim->last_stream;
	}
	h = rig_connect(r, 0, where == CONNECTING ? SIM_DEAD :
	    where == ENDED ? SIM_CLOSE + END_DONE : SIM_MUTE, 498);
	rig_run(r);
	ck_assert_uint_eq(h->opened, where != CONNECTING);
	if (where == KILLED) {
		holder_kill(h);
		rig_run(r);
	}
	return rig_last_id(r);
}

START_TEST(stream_message_from_a_bad_exit_closes_the_circuit)
{
	const struct say_case *t = &say_cases[_i];
	uint16_t id;
	struct rig r;

	rig_new(&r, 3, t->kind);
	id = set_scene(&r, t->where);
	simcirc_say(r.sim, 2, t->cmd, t->stream == THE_STREAM ? id :
	    t->stream == OTHER ? (uint16_t)(id + 1) : t->stream, t->data,
	    t->len);
	rig_run(&r);
	if (t->fine)
		ck_assert_msg(r.gone == 0, "%s: circuit died", t->name);
	else
		ck_assert_msg(r.gone == 1 && r.why == CIRC_WHY_PROTOCOL,
		    "%s: gone %u why %d", t->name, r.gone, (int)r.why);
	rig_free(&r);
}
END_TEST

static int
lives(struct rig *r)
{
	rig_run(r);
	return r->gone == 0;
}

START_TEST(stream_data_beyond_the_stream_window_closes_the_circuit)
{
	struct rig r;
	uint16_t id;
	int i;

	rig_new(&r, 3, RIG_NTOR);
	(void)rig_connect(&r, 0, SIM_MUTE, 0);
	rig_run(&r);
	id = rig_last_id(&r);
	for (i = 0; i < FLOWCTL_STREAM_WINDOW; i++)
		simcirc_data(r.sim, id, "x", 1);
	ck_assert(lives(&r));
	simcirc_data(r.sim, id, "x", 1);
	ck_assert(!lives(&r));
	ck_assert_int_eq(r.why, CIRC_WHY_PROTOCOL);
	rig_free(&r);
}
END_TEST

START_TEST(stream_data_beyond_the_circuit_window_closes_the_circuit)
{
	struct rig r;
	uint16_t id[3];
	int i;

	rig_new(&r, 3, RIG_NTOR);
	for (i = 0; i < 3; i++) {
		(void)rig_connect(&r, (size_t)i, SIM_MUTE, SIZE_MAX);
		rig_run(&r);
		id[i] = rig_last_id(&r);
	}
	fakechan_room(r.chan, 0);	/* none of our SENDMEs gets out */
	for (i = 0; i < FLOWCTL_CIRC_WINDOW; i++)
		simcirc_data(r.sim, id[i % 3], "\0", 1);
	ck_assert(lives(&r));
	simcirc_data(r.sim, id[0], "\0", 1);
	ck_assert(!lives(&r));
	ck_assert_int_eq(r.why, CIRC_WHY_PROTOCOL);
	rig_free(&r);
}
END_TEST

START_TEST(stream_data_without_end_and_our_sendmes_unsent_closes_it)
{
	struct rig r;
	uint16_t id;
	long n = 0;

	rig_new(&r, 1, RIG_CC);
	(void)rig_connect(&r, 0, SIM_MUTE, SIZE_MAX);
	rig_run(&r);
	id = rig_last_id(&r);
	fakechan_room(r.chan, 0);
	while (n < 100000 && r.circ) {
		simcirc_data(r.sim, id, "\0", 1);
		n++;
		if (n % 64 == 0)
			(void)lives(&r);
	}
	(void)lives(&r);
	ck_assert_int_eq(r.why, CIRC_WHY_PROTOCOL);
	ck_assert_int_lt(n, (SENDME_OWED_MAX + 4) * 31);
	rig_free(&r);
}
END_TEST

START_TEST(stream_data_held_beyond_the_ceiling_closes_it)
{
	static uint8_t data[RELAY_DATA_MAX];
	struct rig r;
	uint16_t id;
	long n = 0;

	rig_new(&r, 1, RIG_CC);
	(void)rig_connect(&r, 0, SIM_MUTE, 0);
	rig_run(&r);
	id = rig_last_id(&r);
	while (n < 20000 && r.circ) {
		simcirc_data(r.sim, id, data, sizeof(data));
		n++;
		if (n % 64 == 0)
			(void)lives(&r);
	}
	ck_assert_uint_eq(r.sim->streams->xoffs, 1);
	ck_assert_int_eq(r.why, CIRC_WHY_PROTOCOL);
	ck_assert_int_ge(n, STREAMS_HELD_MAX / RELAY_DATA_MAX);
	ck_assert_int_le(n, STREAMS_HELD_MAX / RELAY_DATA_MAX + 65);
	rig_free(&r);
}
END_TEST

/* SENDMEs for cells that went out. */
START_TEST(stream_sendme_that_quotes_another_cell_closes_it)
{
	struct rig r;
	struct holder *h;

	rig_new(&r, 3, _i % 2 ? RIG_CC : RIG_NTOR);
	r.net->knobs.bad_sendmes = 1;
	h = rig_connect(&r, 0, SIM_SINK, 0);
	(void)holder_send(h, 97 * 498);
	if (_i % 2 == 0)
		ck_assert(lives(&r));	/* 100 are not full yet */
	(void)holder_send(h, 50 * 498);
	ck_assert(!lives(&r));
	ck_assert_int_eq(r.why, CIRC_WHY_PROTOCOL);
	ck_assert_uint_eq(h->gones, 1);
	rig_free(&r);
}
END_TEST

START_TEST(stream_sendme_version_0_or_with_a_short_tag_closes_it)
{
	static const uint8_t shorter[] = { 1, 0, 16, 1, 2, 3, 4, 5, 6, 7, 8, 9,
	    10, 11, 12, 13, 14, 15, 16 };
	static const uint8_t two[23] = { 2, 0, 20 };
	struct rig r;

	rig_new(&r, 3, RIG_NTOR);
	r.net->knobs.no_sendmes = 1;
	(void)holder_send(rig_connect(&r, 0, SIM_SINK, 0), 150 * 498);
	ck_assert(lives(&r));		/* so that one is due */
	if (_i == 0)
		simcirc_say(r.sim, 2, RELAY_SENDME, 0, NULL, 0);
	else if (_i == 1)
		simcirc_say(r.sim, 2, RELAY_SENDME, 0, shorter, 19);
	else
		simcirc_say(r.sim, 2, RELAY_SENDME, 0, two, 23);
	ck_assert(!lives(&r));
	ck_assert_int_eq(r.why, CIRC_WHY_PROTOCOL);
	rig_free(&r);
}
END_TEST

START_TEST(stream_sendme_out_of_order_or_twice_closes_it)
{
	struct rig r;
	uint8_t again[23] = { 1, 0, 20 };

	rig_new(&r, 3, RIG_NTOR);
	r.net->knobs.no_sendmes = 1;
	(void)holder_send(rig_connect(&r, 0, SIM_SINK, 0), 250 * 498);
	ck_assert(lives(&r));			/* two are due */
	memcpy(again + 3, r.sim->tag_in, 20);	/* of the second one */
	if (_i == 0) {
		simcirc_say(r.sim, 2, RELAY_SENDME, 0, again, sizeof(again));
		ck_assert(!lives(&r));		/* out of order */
	} else {
		memcpy(again + 3, r.sim->tag_before, 20);
		simcirc_say(r.sim, 2, RELAY_SENDME, 0, again, sizeof(again));
		ck_assert(lives(&r));
		simcirc_say(r.sim, 2, RELAY_SENDME, 0, again, sizeof(again));
		ck_assert(!lives(&r));		/* twice */
	}
	rig_free(&r);
}
END_TEST

START_TEST(stream_xoff_storm_closes_it)
{
	struct rig r;
	uint16_t id;
	int i, n = 0;

	rig_new(&r, 3, RIG_CC);
	(void)rig_connect(&r, 0, SIM_SINK, 0);
	rig_run(&r);
	id = rig_last_id(&r);
	for (i = 0; i < 1000 && r.circ; i++, n++) {
		simcirc_say(r.sim, 2, RELAY_XOFF, id, zeros, 1);
		simcirc_say(r.sim, 2, RELAY_XON, id, zeros, 5);
		(void)lives(&r);
	}
	ck_assert_int_eq(r.why, CIRC_WHY_PROTOCOL);
	ck_assert_int_eq(n, XONXOFF_SLACK + 1);
	rig_free(&r);
}
END_TEST

START_TEST(stream_xoff_twice_or_xon_storm_closes_it)
{
	struct rig r;
	uint16_t id;
	int i;

	rig_new(&r, 3, RIG_CC);
	(void)rig_connect(&r, 0, SIM_SINK, 0);
	rig_run(&r);
	id = rig_last_id(&r);
	for (i = 0; i < 2 + _i * 100; i++)
		simcirc_say(r.sim, 2, _i ? RELAY_XON : RELAY_XOFF, id, zeros,
		    _i ? 5 : 1);
	ck_assert(!lives(&r));
	ck_assert_int_eq(r.why, CIRC_WHY_PROTOCOL);
	rig_free(&r);
}
END_TEST

START_TEST(stream_xon_xoff_for_a_half_are_few)
{
	struct rig r;
	struct holder *h;
	uint16_t id;
	int i;

	rig_new(&r, 3, RIG_CC);
	h = rig_connect(&r, 0, SIM_SINK, 0);
	rig_run(&r);
	id = rig_last_id(&r);
	holder_kill(h);
	rig_run(&r);
	for (i = 0; i < STREAMS_HALF_FLOW_MAX; i++)
		simcirc_say(r.sim, 2, RELAY_XON, id, zeros, 5);
	ck_assert(lives(&r));
	simcirc_say(r.sim, 2, RELAY_XON, id, zeros, 5);
	ck_assert(!lives(&r));
	rig_free(&r);
}
END_TEST

START_TEST(stream_half_takes_one_window_and_no_more)
{
	struct rig r;
	struct holder *h;
	uint16_t id;
	int i;

	rig_new(&r, 3, RIG_NTOR);
	h = rig_connect(&r, 0, SIM_MUTE, 0);
	rig_run(&r);
	id = rig_last_id(&r);
	simcirc_data(r.sim, id, "x", 1);
	rig_run(&r);
	holder_kill(h);
	rig_run(&r);
	for (i = 0; i < FLOWCTL_STREAM_WINDOW - 1; i++)
		simcirc_data(r.sim, id, "x", 1);
	ck_assert(lives(&r));
	simcirc_data(r.sim, id, "x", 1);
	ck_assert(!lives(&r));
	rig_free(&r);
}
END_TEST

/* With congestion control nothing tells how much is under way, but it has an
 * end. */
START_TEST(stream_half_without_a_window_has_a_ceiling)
{
	struct rig r;
	struct holder *h;
	uint16_t id;
	int i;

	rig_new(&r, 3, RIG_CC);
	h = rig_connect(&r, 0, SIM_MUTE, 0);
	rig_run(&r);
	id = rig_last_id(&r);
	holder_kill(h);
	rig_run(&r);
	for (i = 0; i < STREAMS_HALF_DATA_MAX; i++) {
		simcirc_data(r.sim, id, "x", 1);
		if (i % 100 == 0)
			rig_run(&r);
	}
	ck_assert(lives(&r));
	simcirc_data(r.sim, id, "x", 1);
	ck_assert(!lives(&r));
	rig_free(&r);
}
END_TEST

/* The longest round trip that was seen counts, where it is longer. */
START_TEST(stream_half_lasts_a_long_round_trip)
{
	struct rig r;
	struct holder *h;
	uint16_t id;
	int i;

	rig_new(&r, 3, RIG_CC);
	r.net->knobs.sendme_late_ms = STREAMS_HALF_DATA_MS + 10000;
	h = rig_connect(&r, 0, SIM_SINK, 0);
	(void)holder_send(h, 40 * 498);
	for (i = 0; i < 60; i++) {
		rig_run(&r);
		loop_advance(&r.loop, 1000);
	}
	rig_run(&r);
	id = rig_last_id(&r);
	holder_kill(h);
	rig_run(&r);
	loop_advance(&r.loop, STREAMS_HALF_DATA_MS + 9000);
	simcirc_data(r.sim, id, "x", 1);
	ck_assert(lives(&r));
	loop_advance(&r.loop, 3000);
	simcirc_data(r.sim, id, "x", 1);
	ck_assert(!lives(&r));
	rig_free(&r);
}
END_TEST

START_TEST(stream_half_takes_as_many_sendmes_as_were_due)
{
	struct rig r;
	struct holder *h;
	uint16_t id;
	int i;

	rig_new(&r, 3, RIG_NTOR);
	r.net->knobs.no_sendmes = 1;
	h = rig_connect(&r, 0, SIM_SINK, 0);
	(void)holder_send(h, 120 * 498);	/* two are due */
	rig_run(&r);
	id = rig_last_id(&r);
	holder_kill(h);
	rig_run(&r);
	for (i = 0; i < 2; i++)
		simcirc_say(r.sim, 2, RELAY_SENDME, id, NULL, 0);
	ck_assert(lives(&r));
	simcirc_say(r.sim, 2, RELAY_SENDME, id, NULL, 0);
	ck_assert(!lives(&r));
	rig_free(&r);
}
END_TEST

START_TEST(stream_half_is_over_after_a_while)
{
	struct rig r;
	struct holder *h;
	uint16_t id;

	rig_new(&r, 3, _i ? RIG_CC : RIG_NTOR);
	h = rig_connect(&r, 0, SIM_MUTE, 0);
	rig_run(&r);
	id = rig_last_id(&r);
	fakechan_room(r.chan, 0);
	holder_kill(h);
	loop_end_turn(&r.loop);
	/* It begins when END is out, not before. */
	loop_advance(&r.loop, 2 * STREAMS_HALF_MS);
	simcirc_data(r.sim, id, "x", 1);
	ck_assert(lives(&r));
	fakechan_room(r.chan, SIZE_MAX);
	loop_advance(&r.loop, (_i ? STREAMS_HALF_DATA_MS : STREAMS_HALF_MS) -
	    1);
	simcirc_data(r.sim, id, "x", 1);
	ck_assert(lives(&r));
	loop_advance(&r.loop, 1);
	simcirc_data(r.sim, id, "x", 1);
	ck_assert(!lives(&r));
	rig_free(&r);
}
END_TEST

START_TEST(stream_half_once_ended_is_unknown)
{
	struct rig r;
	struct holder *h;
	uint16_t id;

	rig_new(&r, 3, RIG_CC);
	h = rig_connect(&r, 0, SIM_MUTE, 0);
	rig_run(&r);
	id = rig_last_id(&r);
	holder_kill(h);
	rig_run(&r);
	simcirc_say(r.sim, 2, RELAY_END, id, done, 1);
	ck_assert(lives(&r));
	simcirc_say(r.sim, 2, RELAY_DATA, id, "x", 1);
	ck_assert(!lives(&r));
	rig_free(&r);
}
END_TEST

START_TEST(stream_halves_are_forgotten_beyond_the_ceiling)
{
	struct rig r;
	uint16_t first = 0, last;
	int i;

	rig_new(&r, 1, RIG_CC);
	for (i = 0; i <= STREAMS_HALF_MAX; i++) {
		(void)rig_connect(&r, 0, SIM_DEAD, 0);
		rig_run(&r);
		if (i == 0)
			first = rig_last_id(&r);
		holder_kill(&r.h[0]);
		rig_run(&r);
	}
	last = rig_last_id(&r);
	simcirc_say(r.sim, 0, RELAY_CONNECTED, last, v4, 8);
	ck_assert(lives(&r));
	simcirc_say(r.sim, 0, RELAY_CONNECTED, first, v4, 8);
	ck_assert(!lives(&r));
	rig_free(&r);
}
END_TEST

/* Before its BEGIN went out nobody can know of a stream. */
START_TEST(stream_message_before_begin_went_out_closes_it)
{
	struct rig r;
	uint16_t id;

	rig_new(&r, 3, RIG_NTOR);
	(void)rig_connect(&r, 0, SIM_MUTE, 0);
	rig_run(&r);
	id = rig_last_id(&r);
	fakechan_room(r.chan, 0);
	(void)rig_connect(&r, 1, SIM_MUTE, 0);
	id = id == 0xffff ? 1 : (uint16_t)(id + 1);
	if (_i == 0)
		simcirc_say(r.sim, 2, RELAY_CONNECTED, id, v4, 8);
	else if (_i == 1)
		simcirc_say(r.sim, 2, RELAY_END, id, done, 1);
	else
		simcirc_say(r.sim, 2, RELAY_DATA, id, done, 1);
	ck_assert(!lives(&r));
	ck_assert_uint_eq(r.h[0].gones + r.h[1].gones, 2);
	rig_free(&r);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT_LOOP(stream_message_from_a_bad_exit_closes_the_circuit,
	    NELEM(say_cases)),
	UNIT(stream_data_beyond_the_stream_window_closes_the_circuit),
	UNIT(stream_data_beyond_the_circuit_window_closes_the_circuit),
	UNIT(stream_data_without_end_and_our_sendmes_unsent_closes_it),
	UNIT(stream_data_held_beyond_the_ceiling_closes_it),
	UNIT_LOOP(stream_sendme_that_quotes_another_cell_closes_it, 2),
	UNIT_LOOP(stream_sendme_version_0_or_with_a_short_tag_closes_it, 3),
	UNIT_LOOP(stream_sendme_out_of_order_or_twice_closes_it, 2),
	UNIT(stream_xoff_storm_closes_it),
	UNIT_LOOP(stream_xoff_twice_or_xon_storm_closes_it, 2),
	UNIT(stream_xon_xoff_for_a_half_are_few),
	UNIT(stream_half_takes_one_window_and_no_more),
	UNIT(stream_half_without_a_window_has_a_ceiling),
	UNIT(stream_half_lasts_a_long_round_trip),
	UNIT(stream_half_takes_as_many_sendmes_as_were_due),
	UNIT_LOOP(stream_half_is_over_after_a_while, 2),
	UNIT(stream_half_once_ended_is_unknown),
	UNIT(stream_halves_are_forgotten_beyond_the_ceiling),
	UNIT_LOOP(stream_message_before_begin_went_out_closes_it, 3),
};
UNIT_MAIN("stream_hostile", tests)

/* tests/onion/circ/test_cgo_circ.c - circuits whose exit is of CGO
 *
 * Two hops of tor1 and one of CGO, as they are met on the network: messages of
 * the last one are in V1, with tags of 16 bytes; all others are in V0.  The
 * fake relays are strict about either, and rig_free() asks them.
 */
#include "tests/unit.h"

#include <errno.h>
#include <string.h>

#include "base/rand.h"
#include "onion/circ/relaymsg.h"
#include "onion/hs/hsntor.h"
#include "onion/link/cell.h"
#include "tests/onion/circ/fakechan.h"
#include "tests/onion/circ/rig.h"
#include "tests/onion/circ/twin.h"

enum {
	CELL = 488,			/* data of a DATA cell, in V1 */
	CWND = 124,			/* cwnd_init, cells */
	INC = 31,			/* cells for each SENDME */
	TWO_MB = 2 * 1000 * 1000,
	THE_STREAM = 0xffff, OTHER = 0xfffe
};

static const uint8_t zeros[RELAY_DATA_MAX];

/* --- building --- */

static const size_t lengths[] = { 1, 2, 3, CIRC_HOPS_MAX };

START_TEST(circ_new_with_cgo_at_the_exit_is_built)
{
	struct rig r;

	rig_new(&r, lengths[_i], RIG_CGO);
	ck_assert_uint_eq(circ_nbuilt(r.circ), r.hops);
	ck_assert_uint_eq(r.sim->early, r.hops - 1);
	ck_assert_uint_eq(simcirc_data_max(r.sim), CELL);
	rig_free(&r);
}
END_TEST

/* There, and back. */
static void
echo(struct rig *r, uint64_t bytes)
{
	struct holder *h = rig_connect(r, 0, SIM_ECHO, SIZE_MAX);

	(void)holder_send(h, bytes);
	rig_run(r);
	ck_assert_uint_eq(h->got, bytes);
	ck_assert_uint_eq(h->bad, 0);
	holder_kill(h);
}

/* EXTEND2 through hops of CGO; nobody does that but by hand. */
START_TEST(circ_new_with_cgo_at_all_hops_is_built)
{
	struct rig r;

	rig_new(&r, lengths[_i], RIG_CGO_ALL);
	echo(&r, 100 * 1000);
	rig_free(&r);
}
END_TEST

/* There is no answer to the request: a relay that can't do it sends DESTROY,
 * and one that leaves congestion control out can't mean it. */
START_TEST(circ_new_with_cgo_that_is_not_granted_fails)
{
	static const struct {
		size_t		hops;
		int		cc, cgo;
		enum circ_why	why;
	} t[] = {
		{ 3, 1, 0, CIRC_WHY_TRUNCATED },
		{ 1, 1, 0, CIRC_WHY_DESTROYED },
		{ 3, 0, 1, CIRC_WHY_HANDSHAKE },
		{ 1, 0, 1, CIRC_WHY_HANDSHAKE },
	};
	struct rig r;

	rig_init(&r, t[_i].hops, 1);
	r.net->relay[r.hops - 1].cc = t[_i].cc;
	r.net->relay[r.hops - 1].cgo = t[_i].cgo;
	ck_assert_int_eq(rig_start(&r, RIG_CGO), 0);
	rig_run(&r);
	ck_assert_uint_eq(r.built, 0);
	ck_assert_uint_eq(r.hop, r.hops - 1);
	ck_assert_uint_eq(r.gone, 1);
	ck_assert_int_eq(r.why, t[_i].why);
	rig_free(&r);
}
END_TEST

START_TEST(circ_handshake_of_cgo_with_a_flipped_bit_fails)
{
	struct rig r;

	rig_init(&r, 3, 1);
	r.net->knobs.flip_reply = 3;
	ck_assert_int_eq(rig_start(&r, RIG_CGO), 0);
	rig_run(&r);
	ck_assert_int_eq(r.why, CIRC_WHY_HANDSHAKE);
	rig_free(&r);
}
END_TEST

/* A cell's command is in its tweak: those to the exit are RELAY_EARLY as long
 * as the budget lasts, RELAY behind it, and all of them are known there. */
START_TEST(circ_first_cells_to_a_cgo_exit_are_relay_early)
{
	unsigned early, i;
	struct holder *h;
	struct rig r;

	rig_new(&r, 3, RIG_CGO);
	early = r.sim->early;
	ck_assert_uint_eq(early, 2);
	h = rig_connect(&r, 0, SIM_ECHO, SIZE_MAX);
	rig_run(&r);
	ck_assert_uint_eq(r.sim->early, ++early);
	ck_assert_uint_eq(fakechan_last(r.chan), CELL_RELAY_EARLY);
	for (i = 0; i < 10; i++) {
		(void)holder_send(h, 10);
		rig_run(&r);
		if (r.sim->early == early)
			break;
		ck_assert_uint_eq(r.sim->early, ++early);
		ck_assert_uint_eq(r.sim->last_cmd, RELAY_DATA);
	}
	ck_assert_uint_ge(early, 7);
	ck_assert_uint_le(early, 8);
	ck_assert_uint_eq(fakechan_last(r.chan), CELL_RELAY);
	ck_assert_uint_eq(r.sim->streams->got, h->sent);
	ck_assert_uint_eq(h->got, h->sent);
	holder_kill(h);
	rig_free(&r);
}
END_TEST

/* --- data --- */

static const uint64_t sizes[] = {
	1, CELL - 1, CELL, CELL + 1, 498, CELL * 2, TWO_MB
};

START_TEST(stream_echo_over_cgo_brings_every_byte_back)
{
	uint64_t fwd, bwd;
	struct holder *h;
	struct rig r;

	rig_new(&r, 3, RIG_CGO);
	h = rig_connect(&r, 0, SIM_ECHO, SIZE_MAX);
	(void)holder_send(h, sizes[_i]);
	rig_run(&r);
	ck_assert_uint_eq(h->to_send, 0);
	ck_assert_uint_eq(r.sim->streams->got, sizes[_i]);
	ck_assert_uint_eq(r.sim->streams->bad, 0);
	ck_assert_uint_eq(h->got, sizes[_i]);
	ck_assert_uint_eq(h->bad, 0);
	circ_totals(r.circ, &fwd, &bwd);
	ck_assert_uint_eq(fwd, sizes[_i]);
	ck_assert_uint_eq(bwd, sizes[_i]);
	ck_assert_uint_eq(r.sim->sendmes_in, r.sim->data_out / INC);
	ck_assert_uint_eq(r.sim->sendmes_out, r.sim->data_in / INC);
	holder_kill(h);
	rig_run(&r);
	ck_assert_uint_eq(r.gone, 0);
	rig_free(&r);
}
END_TEST

START_TEST(stream_echo_over_one_hop_of_cgo_brings_every_byte_back)
{
	struct holder *h;
	struct rig r;

	rig_new(&r, 1, RIG_CGO);
	h = rig_connect(&r, 0, SIM_ECHO, SIZE_MAX);
	(void)holder_send(h, 300 * 1000);
	rig_run(&r);
	ck_assert_uint_eq(h->got, 300 * 1000);
	ck_assert_uint_eq(h->bad, 0);
	holder_kill(h);
	rig_free(&r);
}
END_TEST

/* Cells are full, but one in some 75 that has 20 bytes less: no cell of V0 is
 * cut in two. */
static void
check_cells(const struct simstream *st, uint64_t bytes)
{
	uint64_t whole = bytes / CELL;

	ck_assert_uint_eq(st->got, bytes);
	ck_assert_uint_eq(st->bad, 0);
	ck_assert_uint_ge(st->cells, whole);
	ck_assert_uint_le(st->cells, whole + whole / 1000 + 2);
	ck_assert_uint_ge(st->full + st->cells / 50 + 2, st->cells);
}

START_TEST(stream_upload_over_cgo_goes_in_full_cells)
{
	struct holder *h;
	struct rig r;

	rig_new(&r, 3, RIG_CGO);
	r.net->knobs.sendme_late_ms = _i ? 20 : 0;
	h = rig_connect(&r, 0, SIM_SINK, 0);
	(void)holder_send(h, TWO_MB);
	rig_run(&r);
	while (h->to_send > 0 && r.circ && !r.net->broken) {
		loop_advance(&r.loop, 1);
		rig_run(&r);
	}
	loop_end_turn(&r.loop);
	rig_run(&r);
	ck_assert_uint_eq(h->sent, TWO_MB);
	check_cells(r.sim->streams, TWO_MB);
	holder_kill(h);
	rig_free(&r);
}
END_TEST

/* Given in pieces of whatever size. */
START_TEST(stream_upload_in_pieces_over_cgo_goes_in_full_cells)
{
	static const size_t pieces[] = { 498, 488, 1000, 16384, 7 };
	size_t sent = 0, to = pieces[_i] * (_i == 4 ? 3000 : 60);
	struct holder *h;
	struct rig r;

	rig_new(&r, 3, RIG_CGO);
	h = rig_connect(&r, 0, SIM_SINK, 0);
	rig_run(&r);
	for (; sent < to; sent += pieces[_i]) {
		(void)holder_send(h, pieces[_i]);
		if (h->to_send > 0)
			rig_run(&r);
	}
	rig_run(&r);
	ck_assert_uint_eq(h->to_send, 0);
	ck_assert_uint_eq(r.sim->streams->got, to);
	ck_assert_uint_eq(r.sim->streams->bad, 0);
	/* Only the turns' ends, when a window was full, cut one short. */
	ck_assert_uint_le(r.sim->streams->cells, to / CELL + 2 +
	    to / CELL / CWND * 2);
	holder_kill(h);
	rig_free(&r);
}
END_TEST

START_TEST(stream_send_pieces_over_cgo_share_a_cell_until_the_turn_ends)
{
	struct holder *h;
	struct rig r;
	size_t before;

	rig_new(&r, 3, RIG_CGO);
	h = rig_connect(&r, 0, SIM_SINK, 0);
	rig_run(&r);
	before = fakechan_sent(r.chan);
	(void)holder_send(h, 100);
	ck_assert_uint_eq(fakechan_sent(r.chan), before);
	(void)holder_send(h, CELL - 100);
	ck_assert_uint_eq(fakechan_sent(r.chan), before + 1);
	rig_run(&r);
	ck_assert_uint_eq(fakechan_sent(r.chan), before + 1);
	(void)holder_send(h, CELL + 2);
	ck_assert_uint_eq(fakechan_sent(r.chan), before + 2);
	loop_end_turn(&r.loop);
	ck_assert_uint_eq(fakechan_sent(r.chan), before + 3);
	rig_run(&r);
	ck_assert_uint_eq(r.sim->streams->got, 2 * CELL + 2);
	ck_assert_uint_eq(r.sim->streams->full, 2);
	ck_assert_uint_eq(r.sim->streams->bad, 0);
	holder_kill(h);
	rig_free(&r);
}
END_TEST

START_TEST(stream_download_over_cgo_arrives_whole)
{
	struct holder *h;
	struct rig r;

	rig_new(&r, 3, RIG_CGO);
	r.net->source = TWO_MB;
	h = rig_connect(&r, 0, SIM_SOURCE, 100 * 1000);
	h->regrant = _i;
	rig_run(&r);
	rig_drain(&r, h, TWO_MB);
	ck_assert_uint_eq(r.sim->data_out, (TWO_MB + CELL - 1) / CELL);
	ck_assert_uint_eq(r.sim->sendmes_in, r.sim->data_out / INC);
	ck_assert_ptr_nonnull(r.circ);
	rig_free(&r);
}
END_TEST

START_TEST(stream_many_over_cgo_come_and_go)
{
	struct rig r;
	int i, j, echoed = 0;

	rig_new(&r, 3, RIG_CGO);
	r.net->source = 3000;
	for (i = 0; i < 20; i++) {
		for (j = 0; j < 20; j++)
			if (r.h[j].e == NULL)
				(void)holder_send(rig_connect(&r, (size_t)j,
				    j % 3 ? SIM_ECHO : SIM_HTTP, SIZE_MAX),
				    2000);
		if (i % 2)
			rig_run(&r);
		else {
			loop_end_turn(&r.loop);
			(void)fakechan_out(r.chan);
		}
		for (j = i % 4; j < 20; j += 4) {
			ck_assert_uint_eq(r.h[j].bad, 0);
			echoed += r.h[j].got == 2000;
			holder_kill(&r.h[j]);
		}
	}
	rig_run(&r);
	ck_assert_int_gt(echoed, 10);
	ck_assert_uint_eq(r.gone, 0);
	for (j = 0; j < 20; j++)
		holder_kill(&r.h[j]);
	rig_free(&r);
}
END_TEST

START_TEST(stream_data_before_connected_over_cgo_follows_begin)
{
	struct holder *h;
	struct rig r;

	rig_new(&r, 3, RIG_CGO);
	r.net->source = 5000;
	h = rig_connect(&r, 0, SIM_HTTP, SIZE_MAX);
	(void)holder_send(h, 4 * CELL + 1);
	loop_end_turn(&r.loop);
	(void)fakechan_out(r.chan);
	ck_assert_uint_eq(r.sim->data_in, 5);
	(void)fakechan_in(r.chan);
	ck_assert_uint_eq(h->opened, 1);
	ck_assert_uint_eq(h->got, 5000);
	ck_assert_uint_eq(h->gones, 1);
	rig_free(&r);
}
END_TEST

/* --- windows --- */

START_TEST(stream_send_over_cgo_stops_at_the_window)
{
	uint8_t sendme[19] = { 1, 0, 16 };
	struct holder *h;
	struct rig r;

	rig_new(&r, 3, RIG_CGO);
	r.net->knobs.no_sendmes = 1;
	h = rig_connect(&r, 0, SIM_SINK, 0);
	(void)holder_send(h, INC * CELL);
	rig_run(&r);
	ck_assert_uint_ge(r.sim->data_in, INC);
	memcpy(sendme + 3, r.sim->tag_in, 16);	/* of the one that is due */
	(void)holder_send(h, TWO_MB);
	rig_run(&r);
	ck_assert_uint_eq(r.sim->streams->cells, CWND);
	rig_say(&r, RELAY_SENDME, 0, sendme, sizeof(sendme));
	rig_run(&r);
	ck_assert_uint_eq(r.gone, 0);
	ck_assert_uint_gt(r.sim->streams->cells, CWND);
	ck_assert_uint_eq(r.sim->streams->bad, 0);
	holder_kill(h);
	rig_free(&r);
}
END_TEST

static void
wait_for_sendme(struct rig *r)
{
	rig_new(r, 3, RIG_CGO);
	r->net->knobs.no_sendmes = 1;
	(void)holder_send(rig_connect(r, 0, SIM_SINK, 0), 35 * CELL);
	rig_run(r);
	ck_assert_uint_eq(r->gone, 0);
	ck_assert_uint_ge(r->sim->data_in, 35);
}

static const struct {
	const char	*name;
	uint8_t		 version;
	uint16_t	 says;		/* length of the tag */
	size_t		 len;		/* of the message */
	int		 flip;		/* a byte of the tag, or -1 */
	int		 fine;
} sendmes[] = {
	{ "the right one", 1, 16, 19, -1, 1 },
	{ "and something behind it", 1, 16, 40, -1, 1 },
	{ "first byte wrong", 1, 16, 19, 0, 0 },
	{ "last byte wrong", 1, 16, 19, 15, 0 },
	{ "as long as one of V0", 1, 20, 23, -1, 0 },
	{ "a byte too long", 1, 17, 20, -1, 0 },
	{ "a byte too short", 1, 15, 18, -1, 0 },
	{ "no tag", 1, 0, 3, -1, 0 },
	{ "cut", 1, 16, 18, -1, 0 },
	{ "version 0", 0, 16, 19, -1, 0 },
	{ "version 0, empty", 0, 16, 0, -1, 0 },
	{ "version 2", 2, 16, 19, -1, 0 },
};

START_TEST(stream_sendme_over_cgo_quotes_16_bytes_or_closes_it)
{
	uint8_t body[64] = { sendmes[_i].version };
	struct rig r;

	wait_for_sendme(&r);
	body[1] = (uint8_t)(sendmes[_i].says >> 8);
	body[2] = (uint8_t)sendmes[_i].says;
	memcpy(body + 3, r.sim->tag_in, 20);	/* V1: 4 zeros are its end */
	if (sendmes[_i].flip >= 0)
		body[3 + sendmes[_i].flip] ^= 0x40;
	rig_say(&r, RELAY_SENDME, 0, body, sendmes[_i].len);
	rig_run(&r);
	if (sendmes[_i].fine)
		ck_assert_msg(r.gone == 0, "%s: died", sendmes[_i].name);
	else
		ck_assert_msg(r.gone == 1 && r.why == CIRC_WHY_PROTOCOL,
		    "%s: gone %u, why %d", sendmes[_i].name, r.gone,
		    (int)r.why);
	rig_free(&r);
}
END_TEST

START_TEST(stream_sendme_over_cgo_twice_closes_it)
{
	uint8_t body[19] = { 1, 0, 16 };
	struct rig r;

	wait_for_sendme(&r);
	memcpy(body + 3, r.sim->tag_in, 16);
	rig_say(&r, RELAY_SENDME, 0, body, sizeof(body));
	rig_run(&r);
	ck_assert_uint_eq(r.gone, 0);
	rig_say(&r, RELAY_SENDME, 0, body, sizeof(body));
	rig_run(&r);
	ck_assert_int_eq(r.why, CIRC_WHY_PROTOCOL);
	rig_free(&r);
}
END_TEST

START_TEST(stream_sendme_over_cgo_that_quotes_another_cell_closes_it)
{
	struct holder *h;
	struct rig r;

	rig_new(&r, 3, RIG_CGO);
	r.net->knobs.bad_sendmes = 1;
	h = rig_connect(&r, 0, SIM_SINK, 0);
	(void)holder_send(h, 50 * CELL);
	rig_run(&r);
	ck_assert_int_eq(r.why, CIRC_WHY_PROTOCOL);
	ck_assert_uint_eq(h->gones, 1);
	rig_free(&r);
}
END_TEST

START_TEST(stream_sendmes_over_cgo_wait_for_room_and_quote_the_right_cells)
{
	struct holder *h;
	struct rig r;

	rig_new(&r, 3, RIG_CGO);
	r.net->source = 450 * CELL;
	h = rig_connect(&r, 0, SIM_SOURCE, SIZE_MAX);
	loop_end_turn(&r.loop);
	(void)fakechan_out(r.chan);
	fakechan_room(r.chan, 0);
	rig_run(&r);
	ck_assert_uint_eq(r.sim->sendmes_in, 0);
	ck_assert_uint_eq(h->got, 450 * CELL);
	fakechan_room(r.chan, 2);
	rig_run(&r);
	ck_assert_uint_eq(r.sim->sendmes_in, 2);
	fakechan_room(r.chan, SIZE_MAX);
	rig_run(&r);
	ck_assert_uint_eq(r.sim->sendmes_in, 450 / INC);
	rig_free(&r);
}
END_TEST

START_TEST(stream_send_over_cgo_to_a_full_channel_goes_on)
{
	struct holder *h;
	struct rig r;
	int i;

	rig_new(&r, 3, RIG_CGO);
	h = rig_connect(&r, 0, SIM_ECHO, SIZE_MAX);
	rig_run(&r);
	(void)holder_send(h, 100 * 1000);
	for (i = 0; i < 1000 && h->got < 100 * 1000; i++) {
		fakechan_room(r.chan, (size_t)(1 + i % 7));
		rig_run(&r);
	}
	ck_assert_uint_eq(h->got, 100 * 1000);
	ck_assert_uint_eq(h->bad, 0);
	ck_assert_uint_eq(r.sim->streams->bad, 0);
	fakechan_room(r.chan, SIZE_MAX);
	holder_kill(h);
	rig_free(&r);
}
END_TEST

/* --- other messages --- */

START_TEST(circ_resolve_over_cgo_is_answered)
{
	static const uint8_t v4[] = { 4, 4, 93, 184, 216, 34, 0, 0, 1, 44 };
	struct rig r;

	rig_new(&r, 3, RIG_CGO);
	memcpy(r.net->resolved, v4, sizeof(v4));
	r.net->resolved_len = sizeof(v4);
	rig_resolve(&r, "www.example.test", NULL);
	rig_run(&r);
	ck_assert_uint_eq(r.sim->resolves, 1);
	ck_assert_uint_ne(r.sim->last_stream, 0);
	ck_assert_uint_eq(r.answers, 1);
	ck_assert_int_eq(r.answer_why, 0);
	ck_assert_uint_eq(r.answer_addr.family, 4);
	ck_assert_uint_eq(r.answer_addr.ip[0], 93);
	rig_free(&r);
}
END_TEST

/* As much as one message holds. */
START_TEST(circ_resolve_over_cgo_takes_a_full_answer)
{
	struct rig r;
	size_t i;

	rig_new(&r, 3, RIG_CGO);
	for (i = 0; i + 10 <= CELL; i += 10)
		memcpy(r.net->resolved + i, (const uint8_t[]){ 4, 4, 93, 184,
		    216, (uint8_t)i, 0, 0, 1, 44 }, 10);
	r.net->resolved_len = i;
	rig_resolve(&r, "a.example", NULL);
	rig_run(&r);
	ck_assert_uint_eq(r.answers, 1);
	ck_assert_int_eq(r.answer_why, 0);
	ck_assert_uint_gt(r.nanswers, 1);
	rig_free(&r);
}
END_TEST

/* Names of any length that may be asked for fit. */
START_TEST(circ_connect_over_cgo_to_the_longest_name_opens)
{
	char name[RELAY_HOST_MAX + 1];
	struct holder *h;
	struct rig r;

	rig_new(&r, 3, RIG_CGO);
	memset(name, 'a', RELAY_HOST_MAX);
	name[RELAY_HOST_MAX] = '\0';
	h = rig_connect_host(&r, 0, name, SIM_MUTE, 0);
	rig_run(&r);
	ck_assert_uint_eq(h->opened, 1);
	ck_assert_str_eq(r.sim->streams->host, name);
	holder_kill(h);
	h = rig_connect_flags(&r, 1, SIM_MUTE, 0, 5);
	rig_run(&r);
	ck_assert_uint_eq(h->opened, 1);
	ck_assert_uint_eq(r.sim->streams->flags, 5);
	ck_assert_uint_eq(h->rig->gone, 0);
	holder_kill(h);
	rig_free(&r);
}
END_TEST

START_TEST(circ_begin_dir_over_cgo_fetches)
{
	struct holder *h;
	struct rig r;

	rig_new(&r, 3, RIG_CGO);
	r.net->source = 300 * 1000;
	h = rig_begin_dir(&r, 0, SIZE_MAX);
	rig_run(&r);
	ck_assert(r.sim->streams->is_dir);
	ck_assert_uint_eq(h->opened, 1);
	(void)holder_send(h, 200);
	rig_run(&r);
	ck_assert_uint_eq(h->got, 300 * 1000);
	ck_assert_uint_eq(h->bad, 0);
	ck_assert_uint_eq(h->fins, 1);
	ck_assert_uint_eq(h->end_reason, END_DONE);
	rig_free(&r);
}
END_TEST

START_TEST(stream_end_over_cgo_is_told_with_its_reason)
{
	uint8_t reason = (uint8_t)(1 + _i % 14);
	int open = _i >= 14;
	struct holder *h;
	struct rig r;

	rig_new(&r, 3, RIG_CGO);
	h = rig_connect(&r, 0, (uint16_t)((open ? SIM_CLOSE : SIM_REFUSE) +
	    reason), 0);
	rig_run(&r);
	ck_assert_uint_eq(h->gones, 1);
	ck_assert_uint_eq(h->end_reason, reason);
	ck_assert_int_eq(h->was_open, open);
	ck_assert_int_eq(h->why, relaymsg_end_errno(reason, open));
	ck_assert_uint_eq(r.gone, 0);
	ck_assert_uint_eq(r.sim->ends, 0);
	rig_free(&r);
}
END_TEST

START_TEST(stream_end_over_cgo_by_exit_policy_tells_the_address)
{
	static const uint8_t end[] = { END_EXITPOLICY, 93, 184, 216, 34, 0, 0,
	    1, 44 };
	struct holder *h;
	struct rig r;

	rig_new(&r, 3, RIG_CGO);
	h = rig_connect(&r, 0, SIM_DEAD, 0);
	rig_run(&r);
	rig_say(&r, RELAY_END, rig_last_id(&r), end, sizeof(end));
	rig_run(&r);
	ck_assert_uint_eq(h->gones, 1);
	ck_assert_int_eq(h->why, -EACCES);
	ck_assert_uint_eq(h->addr.family, 4);
	ck_assert_uint_eq(h->addr.ip[3], 34);
	rig_free(&r);
}
END_TEST

START_TEST(stream_over_cgo_without_credit_stops_the_relay_by_xoff)
{
	struct holder *h;
	struct rig r;
	uint64_t sent;

	rig_new(&r, 3, RIG_CGO);
	r.net->source = 10 * TWO_MB;
	h = rig_connect(&r, 0, SIM_SOURCE, 0);
	r.net->knobs.cwnd = 400;
	loop_end_turn(&r.loop);
	while ((r.sim->streams == NULL || !r.sim->streams->stopped) &&
	    !r.net->broken) {
		(void)fakechan_out(r.chan);
		loop_advance(&r.loop, 1);
		(void)fakechan_in(r.chan);
	}
	rig_run(&r);
	ck_assert_uint_eq(r.sim->streams->xoffs, 1);
	sent = r.sim->streams->sent;
	ck_assert_uint_gt(sent, 500 * CELL);
	loop_advance(&r.loop, 100);
	endpoint_grant(h->e, sent);
	rig_run(&r);
	ck_assert_uint_eq(r.sim->streams->xons, 1);
	ck_assert_uint_gt(r.sim->streams->sent, sent);
	endpoint_grant(h->e, SIZE_MAX);
	rig_run(&r);
	ck_assert_uint_eq(h->bad, 0);
	holder_kill(h);
	rig_run(&r);
	ck_assert_uint_eq(r.gone, 0);
	rig_free(&r);
}
END_TEST

START_TEST(stream_over_cgo_stops_at_xoff_and_starts_at_xon)
{
	static const uint8_t xoff[] = { 0 }, slow[] = { 0, 0, 0, 0, 50 };
	static const uint8_t fast[] = { 0, 0, 0, 0, 0 };
	uint64_t before, got;
	struct holder *h;
	struct rig r;

	rig_new(&r, 3, RIG_CGO);
	h = rig_connect(&r, 0, SIM_SINK, 0);
	(void)holder_send(h, 600 * CELL);
	rig_run(&r);
	before = r.sim->streams->got;
	ck_assert_uint_eq(before, 600 * CELL);
	rig_say(&r, RELAY_XOFF, rig_last_id(&r), xoff, sizeof(xoff));
	rig_run(&r);
	ck_assert_uint_le(holder_send(h, 400 * 1000), CELL);
	rig_run(&r);
	ck_assert_uint_eq(r.sim->streams->got, before);
	rig_say(&r, RELAY_XON, rig_last_id(&r), slow, sizeof(slow));
	rig_run(&r);
	got = r.sim->streams->got - before;
	ck_assert_uint_ge(got, 50 * 1000);
	ck_assert_uint_le(got, 51 * 1000);
	rig_say(&r, RELAY_XON, rig_last_id(&r), fast, sizeof(fast));
	rig_run(&r);
	ck_assert_uint_eq(r.sim->streams->got, before + 400 * 1000);
	ck_assert_uint_eq(r.sim->streams->bad, 0);
	holder_kill(h);
	rig_free(&r);
}
END_TEST

START_TEST(stream_half_over_cgo_takes_what_is_under_way)
{
	struct holder *h, *h2;
	struct rig r;

	rig_new(&r, 3, RIG_CGO);
	r.net->source = TWO_MB;
	h = rig_connect(&r, 0, _i ? SIM_SOURCE : SIM_CLOSE + END_DONE,
	    SIZE_MAX);
	loop_end_turn(&r.loop);
	(void)fakechan_out(r.chan);	/* what comes back finds no stream */
	holder_kill(h);
	loop_end_turn(&r.loop);
	(void)fakechan_in(r.chan);
	ck_assert_uint_eq(h->got, 0);
	rig_run(&r);
	ck_assert_uint_eq(r.gone, 0);
	ck_assert_uint_eq(r.sim->ends, (uint64_t)1);
	h2 = rig_connect(&r, 1, SIM_ECHO, SIZE_MAX);
	(void)holder_send(h2, 50 * 1000);
	rig_run(&r);
	ck_assert_uint_eq(h2->got, 50 * 1000);
	ck_assert_uint_eq(h2->bad, 0);
	holder_kill(h2);
	rig_run(&r);
	ck_assert_uint_eq(r.gone, 0);
	rig_free(&r);
}
END_TEST

/* A message of a hop of tor1 is in V0 all the same. */
START_TEST(circ_truncated_by_a_hop_before_cgo_is_read)
{
	static const uint8_t reason = 8;
	struct rig r;

	rig_new(&r, 3, RIG_CGO);
	simcirc_say(r.sim, (size_t)_i, RELAY_TRUNCATED, 0, &reason, 1);
	rig_run(&r);
	ck_assert_uint_eq(r.gone, 1);
	ck_assert_int_eq(r.why, CIRC_WHY_TRUNCATED);
	rig_free(&r);
}
END_TEST

/* --- longer, and onion services --- */

/* EXTEND2 and EXTENDED2 of V1; windows and format are the new last hop's. */
START_TEST(circ_lengthen_behind_a_hop_of_cgo_takes_the_format_of_the_new_one)
{
	struct circ_hop hop = { .kind = HANDSHAKE_NTOR };
	struct rig r;

	rig_init(&r, 4, 1);
	r.hops = 3;
	rig_build(&r, RIG_CGO);
	simnet_hopinfo(r.net, 3, &hop.info);
	if (_i) {
		hop.kind = HANDSHAKE_NTOR3;
		hop.want_cc = hop.want_cgo = 1;
	}
	ck_assert_int_eq(circ_lengthen(r.circ, &hop), 0);
	rig_run(&r);
	ck_assert_uint_eq(circ_nbuilt(r.circ), 4);
	ck_assert(simcirc_is_v1(r.sim, 2));
	ck_assert_int_eq(simcirc_is_v1(r.sim, 3), _i);
	echo(&r, 600 * 1000);
	rig_free(&r);
}
END_TEST

/* The rendezvous point's messages are in V1, the service's in V0 always. */
START_TEST(circ_join_service_behind_a_hop_of_cgo_speaks_v0)
{
	static const uint8_t cookie[20] = { 1, 2, 3 };
	struct hsntor_keys keys;
	struct holder *h;
	struct rig r;

	rig_new(&r, 3, RIG_CGO);
	ck_assert_int_eq(circ_tell(r.circ, RELAY_ESTABLISH_RENDEZVOUS, cookie,
	    sizeof(cookie)), 0);
	rig_run(&r);
	ck_assert_uint_eq(r.message, RELAY_RENDEZVOUS_ESTABLISHED);
	rig_say(&r, RELAY_RENDEZVOUS2, 0, cookie, sizeof(cookie));
	rig_run(&r);
	ck_assert_uint_eq(r.message, RELAY_RENDEZVOUS2);
	ck_assert_uint_eq(r.message_len, sizeof(cookie));
	ck_assert_mem_eq(r.message_data, cookie, sizeof(cookie));
	rand_bytes(&keys, sizeof(keys));
	ck_assert_int_eq(circ_join_service(r.circ, &keys, _i, INC), 0);
	simcirc_join(r.sim, keys.df, keys.db, keys.kf, keys.kb, _i, INC);
	ck_assert(!simcirc_is_v1(r.sim, 3));
	h = rig_connect_host(&r, 0, "", SIM_ECHO, SIZE_MAX);
	(void)holder_send(h, 600 * 1000);
	rig_run(&r);
	ck_assert_uint_eq(h->got, 600 * 1000);
	ck_assert_uint_eq(h->bad, 0);
	holder_kill(h);
	rig_free(&r);
}
END_TEST

START_TEST(circ_tell_a_hop_of_cgo_as_much_as_v1_holds)
{
	struct rig r;

	rig_new(&r, 3, RIG_CGO);
	ck_assert_int_eq(circ_tell(r.circ, RELAY_INTRODUCE1, zeros, CELL + 3),
	    -EMSGSIZE);
	ck_assert_int_eq(circ_tell(r.circ, RELAY_INTRODUCE1, zeros, CELL + 2),
	    0);
	rig_run(&r);
	ck_assert_uint_eq(r.sim->introduce_len, CELL + 2);
	ck_assert_uint_eq(r.message, RELAY_INTRODUCE_ACK);
	rig_free(&r);
}
END_TEST

/* --- what a bad exit, or a bad relay before it, may try --- */

static void
flip(unsigned bit)
{
	struct holder *h;
	struct rig r;

	rig_new(&r, 3, RIG_CGO);
	h = rig_connect(&r, 0, SIM_MUTE, 1000);
	rig_run(&r);
	simcirc_say_flipped(r.sim, 2, RELAY_DATA, rig_last_id(&r), zeros, 400,
	    bit);
	rig_run(&r);
	ck_assert_msg(r.gone == 1 && r.why == CIRC_WHY_PROTOCOL &&
	    h->got == 0 && h->gones == 1, "bit %u", bit);
	rig_free(&r);
}

START_TEST(circ_bit_flipped_anywhere_in_a_cell_of_cgo_closes_it)
{
	unsigned bit;

	for (bit = 0; bit < 22 * 8; bit += 3)
		flip(bit);
	for (; bit < RELAY_BODY * 8; bit += 29)
		flip(bit);
	flip(RELAY_BODY * 8 - 1);
}
END_TEST

/* Recognised at a hop that has no business to say it. */
START_TEST(circ_stream_message_from_a_hop_before_cgo_closes_it)
{
	static const uint8_t cmds[] = {
		RELAY_DATA, RELAY_END, RELAY_CONNECTED, RELAY_SENDME,
		RELAY_RESOLVED, RELAY_XOFF, RELAY_XON
	};
	struct holder *h;
	struct rig r;

	rig_new(&r, 3, RIG_CGO);
	h = rig_connect(&r, 0, SIM_MUTE, 1000);
	rig_run(&r);
	simcirc_say(r.sim, (size_t)_i % 2, cmds[_i / 2], rig_last_id(&r),
	    zeros, 5);
	rig_run(&r);
	ck_assert_int_eq(r.why, CIRC_WHY_PROTOCOL);
	ck_assert_uint_eq(h->got, 0);
	rig_free(&r);
}
END_TEST

static const struct say_case {
	const char	*name;
	uint8_t		 cmd;
	uint16_t	 stream;
	size_t		 len;		/* of zeros, but for what begins so: */
	uint8_t		 first;
	int		 fine;		/* the circuit lives */
} say_cases[] = {
	{ "DATA, empty", RELAY_DATA, THE_STREAM, 0, 0, 0 },
	{ "DATA", RELAY_DATA, THE_STREAM, 1, 0, 1 },
	{ "DATA, full", RELAY_DATA, THE_STREAM, CELL, 0, 1 },
	{ "DATA, length 489", RELAY_DATA, THE_STREAM, 489, 0, 0 },
	{ "DATA, length 490", RELAY_DATA, THE_STREAM, 490, 0, 0 },
	{ "DATA, length 498", RELAY_DATA, THE_STREAM, 498, 0, 0 },
	{ "DATA, length 65535", RELAY_DATA, THE_STREAM, 65535, 0, 0 },
	{ "DATA on stream 0", RELAY_DATA, 0, 1, 0, 0 },
	{ "DATA on unknown stream", RELAY_DATA, OTHER, 1, 0, 0 },
	{ "CONNECTED twice", RELAY_CONNECTED, THE_STREAM, 0, 0, 0 },
	{ "CONNECTED for stream 0", RELAY_CONNECTED, 0, 0, 0, 0 },
	{ "END", RELAY_END, THE_STREAM, 1, END_DONE, 1 },
	{ "END, unknown reason", RELAY_END, THE_STREAM, 1, 200, 1 },
	{ "END, empty", RELAY_END, THE_STREAM, 0, 0, 0 },
	{ "END for stream 0", RELAY_END, 0, 1, END_DONE, 0 },
	{ "END for unknown stream", RELAY_END, OTHER, 1, END_DONE, 0 },
	{ "END, length 489", RELAY_END, THE_STREAM, 489, END_DONE, 0 },
	{ "SENDME that is not due", RELAY_SENDME, 0, 19, 1, 0 },
	{ "SENDME, empty", RELAY_SENDME, 0, 0, 0, 0 },
	{ "SENDME, length 491", RELAY_SENDME, 0, 491, 1, 0 },
	{ "XOFF", RELAY_XOFF, THE_STREAM, 1, 0, 1 },
	{ "XOFF for stream 0", RELAY_XOFF, 0, 1, 0, 0 },
	{ "XOFF, empty", RELAY_XOFF, THE_STREAM, 0, 0, 0 },
	{ "XOFF, version 1", RELAY_XOFF, THE_STREAM, 1, 1, 0 },
	{ "XOFF, unknown stream", RELAY_XOFF, OTHER, 1, 0, 0 },
	{ "XON", RELAY_XON, THE_STREAM, 5, 0, 1 },
	{ "XON for stream 0", RELAY_XON, 0, 5, 0, 0 },
	{ "XON, short", RELAY_XON, THE_STREAM, 4, 0, 0 },
	{ "RESOLVED for a stream", RELAY_RESOLVED, THE_STREAM, 0, 0, 0 },
	{ "RESOLVED for stream 0", RELAY_RESOLVED, 0, 0, 0, 0 },
	{ "RESOLVED without RESOLVE", RELAY_RESOLVED, OTHER, 0, 0, 0 },
	{ "BEGIN", RELAY_BEGIN, OTHER, 5, 'a', 0 },
	{ "BEGIN_DIR", RELAY_BEGIN_DIR, OTHER, 0, 0, 0 },
	{ "RESOLVE", RELAY_RESOLVE, OTHER, 2, 'a', 0 },
	{ "DROP", RELAY_DROP, 0, 0, 0, 0 },
	{ "EXTEND2", RELAY_EXTEND2, 0, 100, 2, 0 },
	{ "EXTENDED2", RELAY_EXTENDED2, 0, 66, 0, 0 },
	{ "CONFLUX_LINK", 19, 0, 50, 1, 0 },
	{ "CONFLUX_LINKED", 20, 0, 50, 1, 0 },
	{ "CONFLUX_LINKED_ACK", 21, 0, 0, 0, 0 },
	{ "CONFLUX_SWITCH", 22, 0, 4, 1, 0 },
	{ "RENDEZVOUS2", 37, 0, 64, 0, 0 },
	{ "RENDEZVOUS_ESTABLISHED", 39, 0, 0, 0, 0 },
	{ "PADDING_NEGOTIATED", 42, 0, 4, 0, 0 },
	{ "command 0", 0, 0, 4, 0, 0 },
	{ "command 6, EXTEND", 6, 0, 4, 0, 0 },
	{ "command 16", 16, 0, 0, 0, 0 },
	{ "command 32", 32, 0, 4, 0, 0 },
	{ "command 45", 45, 0, 4, 0, 0 },
	{ "command 200", 200, 0, 4, 0, 0 },
	{ "command 255", 255, 0, 4, 0, 0 },
};

START_TEST(stream_message_of_v1_from_a_bad_exit_closes_the_circuit)
{
	const struct say_case *t = &say_cases[_i];
	uint8_t data[RELAY_DATA_MAX] = { t->first };
	uint16_t id;
	struct rig r;

	rig_new(&r, 3, RIG_CGO);
	(void)rig_connect(&r, 0, SIM_MUTE, 1000);
	rig_run(&r);
	id = rig_last_id(&r);
	simcirc_say(r.sim, 2, t->cmd, t->stream == THE_STREAM ? id :
	    t->stream == OTHER ? (uint16_t)(id + 1) : t->stream, data,
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

/* A guard that turns RELAY into RELAY_EARLY, or the other way about. */
START_TEST(circ_relay_early_from_a_cgo_exit_closes_it)
{
	uint8_t body[RELAY_BODY] = { 0 };
	struct rig r;

	rig_new(&r, 3, RIG_CGO);
	(void)rig_connect(&r, 0, SIM_MUTE, 1000);
	rig_run(&r);
	fakechan_deliver(r.chan, CELL_RELAY_EARLY, body);
	rig_run(&r);
	ck_assert_int_eq(r.why, CIRC_WHY_PROTOCOL);
	rig_free(&r);
}
END_TEST

/* --- conflux --- */

static const struct way {
	const char	*name;
	unsigned	 switch_every;	/* the exit */
	uint8_t		 pass_by, ux;
	int		 holds;		/* by turns, what each leg brings */
	int64_t		 late[2];	/* ms, of SENDMEs */
	int		 cgo;		/* of which legs; see twin.h */
} ways[] = {
	{ "over one leg", 0, 0, 1, 0, { 0, 0 }, 3 },
	{ "a leg for each message, out of order", 1, 0, 1, 1, { 0, 0 }, 3 },
	{ "runs of 7, out of order", 7, 1, 1, 1, { 5, 9 }, 3 },
	{ "both pass by", 100, 1, 3, 0, { 30, 10 }, 3 },
	{ "whatever we like", 13, 0, 0, 1, { 3, 3 }, 3 },
	/* The exit learned of CGO in between. */
	{ "first leg of tor1", 5, 1, 3, 1, { 20, 5 }, 2 },
	{ "second leg of tor1", 5, 1, 3, 1, { 5, 20 }, 1 },
};

static void
twin_on_way(struct twin *t, const struct way *w)
{
	twin_init(t);
	t->cgo = w->cgo;
	t->r.net->knobs.switch_every = w->switch_every;
	t->r.net->knobs.pass_by = w->pass_by;
	t->r.net->knobs.ux = w->ux;
	t->r.net->source = 400 * 1000;
	twin_build(t);
	twin_link(t, TWIN_RTT0, TWIN_RTT1);
	twin_join(t);
	t->r.sim->sendme_late_ms = w->late[0];
	t->sim->sendme_late_ms = w->late[1];
}

static int
all_done(const struct twin *t)
{
	size_t i;

	for (i = 0; i < 4; i++)
		if (t->r.h[i].to_send > 0)
			return 0;
	return 1;
}

/* Until nothing is to send, and a while longer. */
static void
stir(struct twin *t, const struct way *w)
{
	int i, rest = 20;

	for (i = 0; i < 5000 && rest > 0 && t->r.circ; i++) {
		if (w->holds)
			simcirc_hold(twin_sim(t, i / 2 % 2));
		twin_pass(t, 1);
		if (w->holds && i % 2)
			simcirc_release(twin_sim(t, i / 2 % 2));
		twin_pass(t, 1);
		rest -= all_done(t);
	}
	simcirc_release(t->r.sim);
	simcirc_release(t->sim);
	twin_run(t);
}

START_TEST(stream_over_two_legs_of_cgo_arrives_whole)
{
	const struct way *w = &ways[_i];
	const struct simstream *st;
	struct holder *h;
	struct twin t;
	size_t i;

	twin_on_way(&t, w);
	for (i = 0; i < 4; i++) {
		h = rig_connect(&t.r, i, i % 2 ? SIM_SOURCE : SIM_ECHO,
		    SIZE_MAX);
		if (i % 2 == 0)
			(void)holder_send(h, 250 * 1000);
	}
	stir(&t, w);
	for (i = 0; i < 4; i++) {
		h = &t.r.h[i];
		ck_assert_msg(h->got == (i % 2 ? 400 * 1000 : 250 * 1000) &&
		    h->bad == 0, "%s: stream %zu got %ju, bad %ju", w->name,
		    i, (uintmax_t)h->got, (uintmax_t)h->bad);
	}
	for (st = t.set->streams; st; st = st->next)
		ck_assert_uint_eq(st->bad, 0);
	for (i = 0; i < 2; i++)		/* quoting the right cells: checked */
		ck_assert_uint_eq(twin_sim(&t, (int)i)->sendmes_in,
		    twin_sim(&t, (int)i)->data_out / INC);
	if (w->switch_every)
		ck_assert(t.r.sim->switches_out > 0 &&
		    t.sim->switches_out > 0);
	for (i = 0; i < 4; i++)
		holder_kill(&t.r.h[i]);
	twin_free(&t);
}
END_TEST

START_TEST(stream_upload_over_two_legs_of_cgo_goes_in_full_cells)
{
	const struct way *w = &ways[_i];
	struct holder *h;
	struct twin t;

	twin_on_way(&t, w);
	h = rig_connect(&t.r, 0, SIM_SINK, 0);
	twin_run(&t);
	(void)holder_send(h, 1000 * 1000);
	stir(&t, w);
	ck_assert_uint_eq(h->to_send, 0);
	if (w->cgo == 3)
		check_cells(t.set->streams, 1000 * 1000);
	ck_assert_uint_eq(t.set->streams->got, 1000 * 1000);
	ck_assert_uint_eq(t.set->streams->bad, 0);
	ck_assert_uint_le(t.set->streams->cells, 1000 * 1000 / CELL + 6);
	if (w->ux == 3)
		ck_assert(t.r.sim->data_in > 0 && t.sim->data_in > 0);
	holder_kill(h);
	twin_free(&t);
}
END_TEST

START_TEST(circ_resolve_over_two_legs_of_cgo_is_answered)
{
	static const uint8_t v4[] = { 4, 4, 93, 184, 216, 34, 0, 0, 1, 44 };
	char name[32];
	struct twin t;
	int i;

	twin_on_way(&t, &ways[1]);
	memcpy(t.r.net->resolved, v4, sizeof(v4));
	t.r.net->resolved_len = sizeof(v4);
	simcirc_hold(twin_sim(&t, _i));
	for (i = 0; i < 10; i++) {
		snprintf(name, sizeof(name), "a%d.example", i);
		rig_resolve(&t.r, name, NULL);
		twin_run(&t);
	}
	simcirc_release(twin_sim(&t, _i));
	twin_run(&t);
	ck_assert_uint_eq(t.r.answers, 10);
	ck_assert_int_eq(t.r.answer_why, 0);
	twin_free(&t);
}
END_TEST

START_TEST(circ_bit_flipped_on_one_leg_of_cgo_ends_the_set)
{
	struct holder *h;
	struct twin t;

	twin_on_way(&t, &ways[0]);
	h = rig_connect(&t.r, 0, SIM_MUTE, 1000);
	twin_run(&t);
	simcirc_say_flipped(twin_sim(&t, _i), 2, RELAY_DATA,
	    rig_last_id(&t.r), zeros, 400, 3000);
	twin_run(&t);
	ck_assert_uint_eq(h->got, 0);
	ck_assert_uint_eq(h->gones, 1);
	ck_assert_uint_eq(t.r.gone, 1);
	ck_assert_uint_eq(t.gone, 1);
	ck_assert_int_eq(_i ? t.why : t.r.why, CIRC_WHY_PROTOCOL);
	twin_free(&t);
}
END_TEST

/* --- ends --- */

START_TEST(circ_of_cgo_killed_with_data_under_way_is_safe)
{
	struct circ_lookup *l;
	struct rig r;
	size_t i;

	rig_new(&r, 3, RIG_CGO);
	r.net->source = TWO_MB;
	for (i = 0; i < 6; i++)
		(void)holder_send(rig_connect(&r, i, i % 2 ? SIM_ECHO :
		    SIM_SOURCE, 20 * 1000), 90 * 1000);
	rig_resolve(&r, "a.example", &l);
	loop_end_turn(&r.loop);
	(void)fakechan_out(r.chan);
	if (_i)
		(void)fakechan_in(r.chan);
	if (_i == 2)
		fakechan_lose(r.chan);
	rig_free(&r);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT_LOOP(circ_new_with_cgo_at_the_exit_is_built, NELEM(lengths)),
	UNIT_LOOP(circ_new_with_cgo_at_all_hops_is_built, NELEM(lengths)),
	UNIT_LOOP(circ_new_with_cgo_that_is_not_granted_fails, 4),
	UNIT(circ_handshake_of_cgo_with_a_flipped_bit_fails),
	UNIT(circ_first_cells_to_a_cgo_exit_are_relay_early),
	UNIT_LOOP(stream_echo_over_cgo_brings_every_byte_back, NELEM(sizes)),
	UNIT(stream_echo_over_one_hop_of_cgo_brings_every_byte_back),
	UNIT_LOOP(stream_upload_over_cgo_goes_in_full_cells, 2),
	UNIT_LOOP(stream_upload_in_pieces_over_cgo_goes_in_full_cells, 5),
	UNIT(stream_send_pieces_over_cgo_share_a_cell_until_the_turn_ends),
	UNIT_LOOP(stream_download_over_cgo_arrives_whole, 2),
	UNIT(stream_many_over_cgo_come_and_go),
	UNIT(stream_data_before_connected_over_cgo_follows_begin),
	UNIT(stream_send_over_cgo_stops_at_the_window),
	UNIT_LOOP(stream_sendme_over_cgo_quotes_16_bytes_or_closes_it,
	    NELEM(sendmes)),
	UNIT(stream_sendme_over_cgo_twice_closes_it),
	UNIT(stream_sendme_over_cgo_that_quotes_another_cell_closes_it),
	UNIT(stream_sendmes_over_cgo_wait_for_room_and_quote_the_right_cells),
	UNIT(stream_send_over_cgo_to_a_full_channel_goes_on),
	UNIT(circ_resolve_over_cgo_is_answered),
	UNIT(circ_resolve_over_cgo_takes_a_full_answer),
	UNIT(circ_connect_over_cgo_to_the_longest_name_opens),
	UNIT(circ_begin_dir_over_cgo_fetches),
	UNIT_LOOP(stream_end_over_cgo_is_told_with_its_reason, 28),
	UNIT(stream_end_over_cgo_by_exit_policy_tells_the_address),
	UNIT(stream_over_cgo_without_credit_stops_the_relay_by_xoff),
	UNIT(stream_over_cgo_stops_at_xoff_and_starts_at_xon),
	UNIT_LOOP(stream_half_over_cgo_takes_what_is_under_way, 2),
	UNIT_LOOP(circ_truncated_by_a_hop_before_cgo_is_read, 2),
	UNIT_LOOP(
	    circ_lengthen_behind_a_hop_of_cgo_takes_the_format_of_the_new_one,
	    2),
	UNIT_LOOP(circ_join_service_behind_a_hop_of_cgo_speaks_v0, 2),
	UNIT(circ_tell_a_hop_of_cgo_as_much_as_v1_holds),
	UNIT(circ_bit_flipped_anywhere_in_a_cell_of_cgo_closes_it),
	UNIT_LOOP(circ_stream_message_from_a_hop_before_cgo_closes_it, 14),
	UNIT_LOOP(stream_message_of_v1_from_a_bad_exit_closes_the_circuit,
	    NELEM(say_cases)),
	UNIT(circ_relay_early_from_a_cgo_exit_closes_it),
	UNIT_LOOP(stream_over_two_legs_of_cgo_arrives_whole, NELEM(ways)),
	UNIT_LOOP(stream_upload_over_two_legs_of_cgo_goes_in_full_cells,
	    NELEM(ways)),
	UNIT_LOOP(circ_resolve_over_two_legs_of_cgo_is_answered, 2),
	UNIT_LOOP(circ_bit_flipped_on_one_leg_of_cgo_ends_the_set, 2),
	UNIT_LOOP(circ_of_cgo_killed_with_data_under_way_is_safe, 3),
};
UNIT_MAIN("cgo_circ", tests)

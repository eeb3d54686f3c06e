/* tests/onion/circ/test_stream.c - streams through honest relays */
#include "tests/unit.h"

#include <errno.h>
#include <string.h>

#include "onion/circ/relaymsg.h"
#include "onion/circ/streams.h"
#include "onion/link/cell.h"
#include "tests/onion/circ/fakechan.h"
#include "tests/onion/circ/rig.h"

static const enum rig_kind kinds[] = { RIG_NTOR, RIG_CC };

START_TEST(circ_connect_sends_begin_and_opens)
{
	static const struct {
		const char *host, *told;
		uint32_t flags;
	} t[] = {
		{ "WWW.Example.TEST", "www.example.test", 0 },
		{ "198.51.100.7", "198.51.100.7", 0 },
		{ "2001:DB8::1", "[2001:db8::1]", BEGIN_IPV6_OK },
		{ "a", "a", BEGIN_IPV6_OK | BEGIN_IPV6_PREFERRED },
	};
	struct endpoint *e;
	struct rig r;

	rig_new(&r, 3, RIG_NTOR);
	ck_assert_int_eq(circ_connect(r.circ, t[_i].host, 81, t[_i].flags,
	    &e), 0);
	ck_assert(!stream_is_open(e));
	rig_run(&r);
	ck_assert_str_eq(r.sim->streams->host, t[_i].told);
	ck_assert_uint_eq(r.sim->streams->port, 81);
	ck_assert_uint_eq(r.sim->streams->flags, t[_i].flags);
	ck_assert(stream_is_open(e));
	ck_assert(addr_same_ip(stream_addr(e), &r.net->exit_addr));
	ck_assert_uint_eq(circ_nstreams(r.circ), 1);
	endpoint_kill(e, 0);
	ck_assert_uint_eq(circ_nstreams(r.circ), 0);
	rig_run(&r);
	ck_assert_uint_eq(r.sim->ends, 1);
	ck_assert_uint_eq(r.idle, 1);
	rig_free(&r);
}
END_TEST

START_TEST(circ_connect_bad_target_is_refused)
{
	static const char *const bad[] = {
		"a b", "a:1", "[::1]", "::g", "a\nb", "a\x80", "1.2.3.4:80"
	};
	char longer[400];
	struct endpoint *e;
	struct rig r;
	size_t i;

	rig_new(&r, 1, RIG_FAST);
	memset(longer, 'a', sizeof(longer));
	longer[256] = '\0';
	for (i = 0; i < NELEM(bad); i++)
		ck_assert_int_eq(circ_connect(r.circ, bad[i], 80, 0, &e),
		    -EINVAL);
	ck_assert_int_eq(circ_connect(r.circ, longer, 80, 0, &e), -EINVAL);
	ck_assert_int_eq(circ_connect(r.circ, "a", 0, 0, &e), -EINVAL);
	longer[255] = '\0';
	ck_assert_int_eq(circ_connect(r.circ, longer, 80, 0, &e), 0);
	endpoint_kill(e, 0);
	rig_run(&r);
	ck_assert_uint_eq(circ_nstreams(r.circ), 0);
	rig_free(&r);
}
END_TEST

START_TEST(circ_connect_beyond_the_ceiling_is_refused)
{
	struct endpoint *e[STREAMS_MAX], *more;
	struct rig r;
	size_t i;

	rig_new(&r, 1, RIG_CC);
	for (i = 0; i < STREAMS_MAX; i++)
		ck_assert_int_eq(circ_connect(r.circ, "a", SIM_DEAD, 0, &e[i]),
		    0);
	ck_assert_int_eq(circ_connect(r.circ, "a", 1, 0, &more), -ENOSPC);
	ck_assert_int_eq(circ_begin_dir(r.circ, &more), -ENOSPC);
	ck_assert_uint_eq(circ_nstreams(r.circ), STREAMS_MAX);
	endpoint_kill(e[7], 0);
	ck_assert_int_eq(circ_connect(r.circ, "a", SIM_MUTE, 0, &e[7]), 0);
	rig_run(&r);
	rig_free(&r);
}
END_TEST

/* Bytes both ways, through the same cells. */
static const struct {
	const char	*name;
	size_t		 hops;
	enum rig_kind	 kind;
	uint64_t	 bytes;
} echo_cases[] = {
	{ "one byte", 3, RIG_NTOR, 1 },
	{ "one cell", 3, RIG_NTOR, 498 },
	{ "one cell and a byte", 3, RIG_CC, 499 },
	{ "more than both windows", 3, RIG_NTOR, 1000 * 1000 },
	{ "the same with cc", 3, RIG_CC, 1000 * 1000 },
	{ "one hop", 1, RIG_FAST, 300 * 1000 },
};

START_TEST(stream_echo_brings_every_byte_back)
{
	struct holder *h;
	struct rig r;
	uint64_t fwd, bwd;

	rig_new(&r, echo_cases[_i].hops, echo_cases[_i].kind);
	h = rig_connect(&r, 0, SIM_ECHO, SIZE_MAX);
	(void)holder_send(h, echo_cases[_i].bytes);
	rig_run(&r);
	ck_assert_uint_eq(h->to_send, 0);
	ck_assert_uint_eq(r.sim->streams->got, echo_cases[_i].bytes);
	ck_assert_uint_eq(r.sim->streams->bad, 0);
	ck_assert_uint_eq(h->got, echo_cases[_i].bytes);
	ck_assert_uint_eq(h->bad, 0);
	circ_totals(r.circ, &fwd, &bwd);
	ck_assert_uint_eq(fwd, echo_cases[_i].bytes);
	ck_assert_uint_eq(bwd, echo_cases[_i].bytes);
	holder_kill(h);
	rig_run(&r);
	rig_free(&r);
}
END_TEST

enum { TEN_MB = 10 * 1000 * 1000 };

START_TEST(stream_upload_of_ten_mb_arrives_whole)
{
	struct holder *h;
	struct rig r;

	rig_new(&r, 3, kinds[_i % 2]);
	r.net->knobs.sendme_late_ms = _i >= 2 ? 20 : 0;
	h = rig_connect(&r, 0, SIM_SINK, 0);
	(void)holder_send(h, TEN_MB);
	rig_run(&r);
	while (h->to_send > 0 && r.circ) {
		loop_advance(&r.loop, 1);
		rig_run(&r);
	}
	loop_end_turn(&r.loop);
	rig_run(&r);
	ck_assert_uint_eq(h->sent, TEN_MB);
	ck_assert_uint_eq(r.sim->streams->got, TEN_MB);
	ck_assert_uint_eq(r.sim->streams->bad, 0);
	/* Full cells, but one in some 75, for its random bytes. */
	ck_assert_uint_le(r.sim->streams->cells, TEN_MB / 497 + 2);
	holder_kill(h);
	rig_free(&r);
}
END_TEST

START_TEST(stream_download_of_ten_mb_arrives_whole)
{
	struct holder *h;
	struct rig r;

	rig_new(&r, 3, kinds[_i % 2]);
	r.net->source = TEN_MB;
	h = rig_connect(&r, 0, SIM_SOURCE, 100 * 1000);
	h->regrant = _i >= 2;
	rig_run(&r);
	rig_drain(&r, h, TEN_MB);
	ck_assert(h->was_open);
	ck_assert_ptr_nonnull(r.circ);
	rig_free(&r);
}
END_TEST

/* Sending. */

START_TEST(stream_send_small_pieces_share_a_cell_until_the_turn_ends)
{
	struct holder *h;
	struct rig r;
	size_t before, i;

	rig_new(&r, 3, kinds[_i]);
	h = rig_connect(&r, 0, SIM_SINK, 0);
	rig_run(&r);
	before = fakechan_sent(r.chan);
	for (i = 0; i < 40; i++)
		ck_assert_uint_eq(holder_send(h, 10), 10);
	ck_assert_uint_eq(fakechan_sent(r.chan), before);
	loop_end_turn(&r.loop);
	ck_assert_uint_eq(fakechan_sent(r.chan), before + 1);
	(void)holder_send(h, 498 + 2);
	ck_assert_uint_eq(fakechan_sent(r.chan), before + 2);
	loop_end_turn(&r.loop);
	ck_assert_uint_eq(fakechan_sent(r.chan), before + 3);
	rig_run(&r);
	ck_assert_uint_eq(r.sim->streams->got, 900);
	ck_assert_uint_eq(r.sim->streams->bad, 0);
	holder_kill(h);
	rig_free(&r);
}
END_TEST

START_TEST(stream_send_pieces_that_fill_a_cell_make_no_empty_one)
{
	struct holder *h;
	struct rig r;
	size_t before;

	rig_new(&r, 3, kinds[_i]);
	h = rig_connect(&r, 0, SIM_SINK, 0);
	rig_run(&r);
	before = fakechan_sent(r.chan);
	(void)holder_send(h, 100);
	(void)holder_send(h, 398);
	ck_assert_uint_eq(fakechan_sent(r.chan), before + 1);
	rig_run(&r);
	ck_assert_uint_eq(fakechan_sent(r.chan), before + 1);
	ck_assert_uint_eq(r.sim->streams->got, 498);
	holder_kill(h);
	rig_free(&r);
}
END_TEST

START_TEST(stream_send_before_connected_follows_begin)
{
	struct holder *h;
	struct rig r;

	rig_new(&r, 3, kinds[_i]);
	r.net->source = 5000;
	h = rig_connect(&r, 0, SIM_HTTP, SIZE_MAX);
	(void)holder_send(h, 2000);
	ck_assert_uint_eq(h->to_send, 0);
	loop_end_turn(&r.loop);
	(void)fakechan_out(r.chan);		/* one way */
	ck_assert_uint_eq(r.sim->data_in, 5);
	ck_assert_uint_eq(h->opened, 0);
	(void)fakechan_in(r.chan);		/* and back */
	ck_assert_uint_eq(h->opened, 1);
	ck_assert_uint_eq(h->got, 5000);
	ck_assert_uint_eq(h->gones, 1);
	rig_free(&r);
}
END_TEST

START_TEST(stream_send_to_a_full_channel_comes_up_short_and_goes_on)
{
	struct holder *h;
	struct rig r;

	rig_new(&r, 3, kinds[_i]);
	h = rig_connect(&r, 0, SIM_SINK, 0);
	rig_run(&r);
	fakechan_room(r.chan, 3);
	/* Three cells and one that is kept. */
	ck_assert_uint_eq(holder_send(h, 10000), 4 * 498);
	ck_assert_uint_eq(h->to_send, 10000 - 4 * 498);
	loop_end_turn(&r.loop);
	ck_assert_uint_eq(h->rooms, 0);
	fakechan_room(r.chan, 5);
	ck_assert_uint_eq(h->rooms, 1);
	ck_assert_uint_eq(h->sent, 9 * 498);
	fakechan_room(r.chan, SIZE_MAX);
	rig_run(&r);
	ck_assert_uint_eq(r.sim->streams->got, 10000);
	ck_assert_uint_eq(r.sim->streams->bad, 0);
	holder_kill(h);
	rig_free(&r);
}
END_TEST

START_TEST(stream_begin_without_room_goes_when_there_is)
{
	struct holder *h;
	struct rig r;

	rig_new(&r, 3, kinds[_i]);
	fakechan_room(r.chan, 0);
	h = rig_connect(&r, 0, SIM_SINK, 0);
	ck_assert_uint_eq(holder_send(h, 600), 498);
	rig_run(&r);
	ck_assert_ptr_null(r.sim->streams);
	fakechan_room(r.chan, 1);
	rig_run(&r);
	ck_assert_ptr_nonnull(r.sim->streams);
	ck_assert_uint_eq(r.sim->streams->got, 0);
	fakechan_room(r.chan, SIZE_MAX);
	rig_run(&r);
	ck_assert_uint_eq(r.sim->streams->got, 600);
	/* One that is killed before its BEGIN went out was never there. */
	fakechan_room(r.chan, 0);
	holder_kill(rig_connect(&r, 1, SIM_SINK, 0));
	fakechan_room(r.chan, SIZE_MAX);
	rig_run(&r);
	ck_assert_ptr_null(r.sim->streams->next);
	ck_assert_uint_eq(r.sim->ends, 0);
	holder_kill(h);
	rig_free(&r);
}
END_TEST

START_TEST(stream_send_stops_at_the_windows)
{
	struct holder *h, *h2;
	struct rig r;
	size_t cells = kinds[_i] == RIG_CC ? 124 : 500;

	rig_new(&r, 3, kinds[_i]);
	r.net->knobs.no_sendmes = 1;
	h = rig_connect(&r, 0, SIM_SINK, 0);
	(void)holder_send(h, 2000 * 498);
	rig_run(&r);
	ck_assert_uint_eq(r.sim->streams->cells, cells);
	/* With fixed windows another stream has one of its own. */
	h2 = rig_connect(&r, 1, SIM_SINK, 0);
	(void)holder_send(h2, 2000 * 498);
	rig_run(&r);
	ck_assert_uint_eq(r.sim->streams->cells,
	    kinds[_i] == RIG_CC ? 0 : 500);
	holder_kill(h);
	holder_kill(h2);
	rig_free(&r);
}
END_TEST

START_TEST(stream_send_many_streams_share_the_window)
{
	struct rig r;
	uint64_t least = UINT64_MAX, most = 0;
	struct simstream *st;
	size_t i;

	rig_new(&r, 3, kinds[_i]);
	r.net->knobs.sendme_late_ms = 30;
	for (i = 0; i < 20; i++)
		(void)holder_send(rig_connect(&r, i, SIM_SINK, 0), TEN_MB);
	for (i = 0; i < 400; i++) {
		loop_advance(&r.loop, 5);
		rig_run(&r);
	}
	for (st = r.sim->streams; st; st = st->next) {
		least = st->got < least ? st->got : least;
		most = st->got > most ? st->got : most;
		ck_assert_uint_eq(st->bad, 0);
	}
	ck_assert_uint_gt(least, 50000);
	/* The first took what there was before the others came. */
	ck_assert_uint_le(most - least, 510 * 498);
	for (i = 0; i < 20; i++)
		holder_kill(&r.h[i]);
	rig_free(&r);
}
END_TEST

START_TEST(stream_cells_keep_being_unpredictable)
{
	struct holder *h;
	struct rig r;

	/* 400 cells of data need at least four padded ones: see hopflow. */
	rig_new(&r, 3, RIG_NTOR);
	h = rig_connect(&r, 0, SIM_SINK, 0);
	(void)holder_send(h, 400 * 498);
	rig_run(&r);
	ck_assert_uint_ge(r.sim->streams->cells, 401);
	ck_assert_uint_eq(r.sim->streams->bad, 0);
	holder_kill(h);
	rig_free(&r);
}
END_TEST

/* Receiving. */

START_TEST(stream_data_beyond_credit_is_held_until_granted)
{
	struct holder *h;
	struct rig r;
	int64_t oldest;

	rig_new(&r, 3, kinds[_i]);
	r.net->source = 5000;
	h = rig_connect(&r, 0, SIM_SOURCE, 700);
	rig_run(&r);
	ck_assert_uint_eq(h->got, 700);
	ck_assert_uint_eq(circ_queued(r.circ, &oldest), 8192);	/* its block */
	ck_assert_int_eq(oldest, r.loop.now);
	ck_assert_uint_eq(h->gones, 0);		/* END came, but not told */
	endpoint_grant(h->e, 1000);
	ck_assert_uint_eq(h->got, 700);		/* not within the call */
	loop_end_turn(&r.loop);
	ck_assert_uint_eq(h->got, 1700);
	ck_assert_uint_eq(h->fins, 0);
	ck_assert_uint_eq(circ_nstreams(r.circ), 1);
	ck_assert_uint_eq(r.idle, 0);
	endpoint_grant(h->e, SIZE_MAX);
	endpoint_grant(h->e, SIZE_MAX);
	loop_end_turn(&r.loop);
	ck_assert_uint_eq(h->got, 5000);
	ck_assert_uint_eq(h->fins, 1);
	ck_assert_uint_eq(h->gones, 1);
	ck_assert_uint_eq(circ_queued(r.circ, &oldest), 0);
	ck_assert_int_eq(oldest, LOOP_NEVER);
	ck_assert_uint_eq(r.idle, 1);
	ck_assert_uint_eq(r.sim->ends, 0);
	rig_free(&r);
}
END_TEST

START_TEST(stream_grant_inside_data_for_what_was_held_gives_no_empty_data)
{
	struct holder *h;
	struct rig r;

	rig_new(&r, 3, kinds[_i]);
	h = rig_connect(&r, 0, SIM_MUTE, 0);
	rig_run(&r);
	simcirc_data(r.sim, rig_last_id(&r), "\0", 1);
	rig_run(&r);
	h->regrant = 1;
	holder_grant(h, 1);		/* data() sees to it that n > 0 */
	rig_run(&r);
	ck_assert_uint_eq(h->got, 1);
	rig_free(&r);
}
END_TEST

START_TEST(stream_without_credit_stalls_the_relay_at_the_window)
{
	struct holder *h;
	struct rig r;

	rig_new(&r, 3, RIG_NTOR);
	r.net->source = TEN_MB;
	h = rig_connect(&r, 0, SIM_SOURCE, 0);
	rig_run(&r);
	ck_assert_uint_eq(r.sim->streams->sent, 500 * 498);
	ck_assert_uint_eq(r.sim->streams->sendmes, 0);
	ck_assert_uint_eq(r.sim->sendmes_in, 5);	/* the circuit's go */
	endpoint_grant(h->e, 489 * 498);
	rig_run(&r);
	ck_assert_uint_eq(r.sim->streams->sent, 500 * 498);
	endpoint_grant(h->e, 2 * 498);
	rig_run(&r);
	/* Few are left: the whole window opens again. */
	ck_assert_uint_gt(r.sim->streams->sent, 900 * 498);
	holder_kill(h);
	rig_run(&r);
	rig_free(&r);
}
END_TEST

START_TEST(stream_without_credit_stops_the_relay_by_xoff)
{
	struct holder *h;
	struct rig r;
	uint64_t sent;

	rig_new(&r, 3, RIG_CC);
	r.net->source = TEN_MB;
	h = rig_connect(&r, 0, SIM_SOURCE, 0);
	r.net->knobs.cwnd = 400;
	loop_end_turn(&r.loop);
	while (r.sim->streams == NULL || !r.sim->streams->stopped) {
		(void)fakechan_out(r.chan);
		loop_advance(&r.loop, 1);
		(void)fakechan_in(r.chan);
	}
	rig_run(&r);
	ck_assert_uint_eq(r.sim->streams->xoffs, 1);
	sent = r.sim->streams->sent;
	ck_assert_uint_gt(sent, 500 * 488);
	rig_run(&r);
	ck_assert_uint_eq(r.sim->streams->sent, sent);
	endpoint_grant(h->e, sent - 1);
	rig_run(&r);
	ck_assert_uint_eq(r.sim->streams->xons, 0);
	loop_advance(&r.loop, 100);
	endpoint_grant(h->e, 1);
	rig_run(&r);
	ck_assert_uint_eq(r.sim->streams->xons, 1);
	while (h->e) {
		endpoint_grant(h->e, TEN_MB);
		rig_run(&r);
	}
	ck_assert_uint_eq(h->got, TEN_MB);
	ck_assert_uint_eq(h->bad, 0);
	rig_free(&r);
}
END_TEST

START_TEST(stream_xoff_stops_us_and_xon_starts_us)
{
	static const uint8_t xoff[] = { 0 }, fast[] = { 0, 0, 0, 0, 0 };
	static const uint8_t slow[] = { 0, 0, 0, 0, 50 };	/* kB/s */
	struct holder *h;
	struct rig r;
	uint64_t got;
	int i;

	rig_new(&r, 3, RIG_CC);
	h = rig_connect(&r, 0, SIM_SINK, 0);
	(void)holder_send(h, 600 * 498);
	rig_run(&r);
	ck_assert_uint_eq(r.sim->streams->got, 600 * 498);
	rig_say(&r, RELAY_XOFF, rig_last_id(&r), xoff, sizeof(xoff));
	rig_run(&r);
	ck_assert_uint_le(holder_send(h, 400 * 1000), 498);
	rig_run(&r);
	ck_assert_uint_eq(r.sim->streams->got, 600 * 498);
	rig_say(&r, RELAY_XON, rig_last_id(&r), slow, sizeof(slow));
	rig_run(&r);
	got = r.sim->streams->got - 600 * 498;
	ck_assert_uint_ge(got, 50 * 1000);	/* a second's worth at once */
	ck_assert_uint_le(got, 51 * 1000);
	for (i = 0; i < 200; i++) {
		loop_advance(&r.loop, 10);
		rig_run(&r);
	}
	got = r.sim->streams->got - 600 * 498;
	ck_assert_uint_ge(got, 145 * 1000);
	ck_assert_uint_le(got, 152 * 1000);
	rig_say(&r, RELAY_XON, rig_last_id(&r), fast, sizeof(fast));
	rig_run(&r);
	ck_assert_uint_eq(r.sim->streams->got, 600 * 498 + 400 * 1000);
	ck_assert_uint_eq(r.sim->streams->bad, 0);
	holder_kill(h);
	rig_free(&r);
}
END_TEST

START_TEST(stream_sendmes_wait_for_room_and_quote_the_right_cells)
{
	struct holder *h;
	struct rig r;

	rig_new(&r, 3, kinds[_i]);
	r.net->source = 450 * 498;
	h = rig_connect(&r, 0, SIM_SOURCE, SIZE_MAX);
	loop_end_turn(&r.loop);
	(void)fakechan_out(r.chan);
	fakechan_room(r.chan, 0);
	rig_run(&r);
	ck_assert_uint_eq(r.sim->sendmes_in, 0);
	ck_assert_uint_eq(h->got, 450 * 498);
	fakechan_room(r.chan, 2);
	rig_run(&r);
	ck_assert_uint_eq(r.sim->sendmes_in, 2);
	fakechan_room(r.chan, SIZE_MAX);
	rig_run(&r);
	ck_assert_uint_eq(r.sim->sendmes_in, kinds[_i] == RIG_CC ? 14 : 4);
	rig_free(&r);			/* where broken is looked at */
}
END_TEST

/* Ends. */

START_TEST(stream_end_reason_before_connected_is_told)
{
	static const struct {
		uint8_t reason;
		int why;
	} t[] = {
		{ END_MISC, -ECONNRESET }, { END_RESOLVEFAILED, -ENOENT },
		{ END_CONNECTREFUSED, -ECONNREFUSED },
		{ END_EXITPOLICY, -EACCES }, { END_DESTROY, -ECONNRESET },
		{ END_DONE, -ECONNRESET }, { END_TIMEOUT, -ETIMEDOUT },
		{ END_NOROUTE, -EHOSTUNREACH }, { END_HIBERNATING, -EAGAIN },
		{ END_INTERNAL, -ECONNRESET }, { END_RESOURCELIMIT, -EAGAIN },
		{ END_CONNRESET, -ECONNRESET },
		{ END_TORPROTOCOL, -ECONNRESET },
		{ END_NOTDIRECTORY, -ECONNREFUSED },
		{ 0, -ECONNRESET }, { 99, -ECONNRESET }, { 255, -ECONNRESET },
	};
	struct holder *h;
	struct rig r;

	rig_new(&r, 3, RIG_NTOR);
	h = rig_connect(&r, 0, (uint16_t)(SIM_REFUSE + t[_i].reason), 0);
	(void)holder_send(h, 10);
	rig_run(&r);
	ck_assert_uint_eq(h->gones, 1);
	ck_assert_int_eq(h->why, t[_i].why);
	ck_assert_uint_eq(h->end_reason, t[_i].reason);
	ck_assert(!h->was_open);
	ck_assert_uint_eq(h->fins + h->opened, 0);
	ck_assert_uint_eq(r.idle, 1);
	ck_assert_ptr_nonnull(r.circ);
	ck_assert_uint_eq(r.sim->ends, 0);	/* END is not answered */
	rig_free(&r);
}
END_TEST

START_TEST(stream_end_exit_policy_tells_the_address)
{
	static const uint8_t v4[] = { 4, 192, 0, 2, 1, 0, 0, 0, 9 };
	static const uint8_t v6[21] = { 4, 0x20, 1, 0xd, 0xb8 };
	static const uint8_t odd[] = { 4, 192, 0, 2 };
	static const struct {
		const uint8_t *p;
		size_t len;
		uint8_t family;
	} t[] = {
		{ v4, 9, 4 }, { v4, 5, 4 }, { v6, 21, 6 }, { v6, 17, 6 },
		{ odd, 4, 0 }, { odd, 1, 0 }
	};
	struct holder *h;
	struct rig r;

	rig_new(&r, 3, RIG_NTOR);
	h = rig_connect(&r, 0, SIM_DEAD, 0);
	rig_run(&r);
	rig_say(&r, RELAY_END, rig_last_id(&r), t[_i].p, t[_i].len);
	rig_run(&r);
	ck_assert_int_eq(h->why, -EACCES);
	ck_assert_uint_eq(h->addr.family, t[_i].family);
	if (h->addr.family)
		ck_assert_mem_eq(h->addr.ip, t[_i].p + 1,
		    addr_iplen(&h->addr));
	rig_free(&r);
}
END_TEST

START_TEST(stream_end_after_connected_is_told_with_its_reason)
{
	struct holder *h;
	struct rig r;

	rig_new(&r, 3, RIG_CC);
	h = rig_connect(&r, 0, SIM_CLOSE + END_DONE, 0);
	rig_run(&r);
	ck_assert_uint_eq(h->opened, 1);
	ck_assert_uint_eq(h->fins, 1);
	ck_assert_int_eq(h->why, 0);
	h = rig_connect(&r, 1, SIM_CLOSE + END_CONNRESET, 0);
	rig_run(&r);
	ck_assert_uint_eq(h->opened, 1);
	ck_assert_uint_eq(h->fins, 0);
	ck_assert_int_eq(h->why, -ECONNRESET);
	ck_assert_uint_eq(h->end_reason, END_CONNRESET);
	rig_free(&r);
}
END_TEST

START_TEST(stream_fin_keeps_it_for_the_answer)
{
	struct holder *h;
	struct rig r;

	rig_new(&r, 3, kinds[_i]);
	r.net->source = 3000;
	h = rig_connect(&r, 0, SIM_HTTP, SIZE_MAX);
	(void)holder_send(h, 100);
	endpoint_fin(h->e);
	ck_assert_uint_eq(endpoint_send(h->e, "x", 1), 0);
	rig_run(&r);
	ck_assert_uint_eq(r.sim->ends, 0);
	ck_assert_uint_eq(r.sim->streams->got, 100);
	ck_assert_uint_eq(h->got, 3000);
	ck_assert_int_eq(h->why, 0);
	rig_free(&r);
}
END_TEST

START_TEST(stream_fin_and_silence_ends_it_at_last)
{
	struct holder *h;
	struct rig r;

	rig_new(&r, 3, kinds[_i]);
	h = rig_connect(&r, 0, SIM_MUTE, 10);
	rig_run(&r);
	endpoint_fin(h->e);
	endpoint_fin(h->e);
	loop_advance(&r.loop, STREAMS_SILENT_MS - 1000);
	/* One byte, taken, and the time begins anew. */
	simcirc_data(r.sim, rig_last_id(&r), "\0", 1);
	rig_run(&r);
	loop_advance(&r.loop, STREAMS_SILENT_MS - 1000);
	ck_assert_uint_eq(h->gones, 0);
	loop_advance(&r.loop, 1001);
	/* All went and all came: an end in order. */
	ck_assert_uint_eq(h->fins, 1);
	ck_assert_uint_eq(h->gones, 1);
	ck_assert_int_eq(h->why, 0);
	rig_run(&r);
	ck_assert_uint_eq(r.sim->ends, 1);
	rig_free(&r);
}
END_TEST

/* Less than half a minute: what is uploaded until end-of-file waits for that
 * with each file. */
START_TEST(stream_upload_that_ends_by_fin_gets_its_end_soon)
{
	struct holder *h;
	struct rig r;

	rig_new(&r, 3, kinds[_i]);
	h = rig_connect(&r, 0, SIM_SINK, 10);
	(void)holder_send(h, 100 * 1000);
	rig_run(&r);
	endpoint_fin(h->e);
	loop_advance(&r.loop, 29 * 1000);
	rig_run(&r);
	ck_assert_uint_eq(r.sim->ends, 0);
	loop_advance(&r.loop, 2 * 1000);
	rig_run(&r);
	ck_assert_uint_eq(r.sim->streams->got, 100 * 1000);
	ck_assert_uint_eq(r.sim->ends, 1);
	ck_assert_int_eq(h->why, 0);
	rig_free(&r);
}
END_TEST

/* The time begins when the last byte went out, however long that took. */
START_TEST(stream_fin_is_not_told_before_all_is_out)
{
	struct holder *h;
	struct rig r;

	rig_new(&r, 3, RIG_CC);
	h = rig_connect(&r, 0, SIM_SINK, 10);
	rig_run(&r);
	rig_say(&r, RELAY_XOFF, rig_last_id(&r), "\0", 1);
	rig_run(&r);
	ck_assert_uint_eq(holder_send(h, 100), 100);
	endpoint_fin(h->e);
	loop_advance(&r.loop, 3 * STREAMS_SILENT_MS);
	rig_run(&r);
	ck_assert_uint_eq(h->gones + r.sim->streams->got, 0);
	rig_say(&r, RELAY_XON, rig_last_id(&r), "\0\0\0\0\0", 5);
	rig_run(&r);
	ck_assert_uint_eq(r.sim->streams->got, 100);
	loop_advance(&r.loop, STREAMS_SILENT_MS - 1);
	ck_assert_uint_eq(h->gones, 0);
	loop_advance(&r.loop, 1);
	ck_assert_uint_eq(h->gones, 1);
	rig_run(&r);
	rig_free(&r);
}
END_TEST

/* 0: it is killed by its holder, 1: the circuit ends, in the last fin() */
static void
end_in_fin(struct holder *h, int what)
{
	struct circ *c = h->rig->circ;

	if (what != ON_FIN)
		return;
	if (h->regrant == 0) {
		holder_kill(h);
		return;
	}
	h->rig->circ = NULL;
	circ_kill(c, CIRC_WHY_FINISHED);
}

START_TEST(stream_may_die_in_the_fin_that_silence_brings)
{
	struct holder *h;
	struct rig r;

	rig_new(&r, 3, RIG_CC);
	h = rig_connect(&r, 0, SIM_MUTE, 10);
	h->on = end_in_fin;
	h->regrant = (size_t)_i;
	rig_run(&r);
	endpoint_fin(h->e);
	loop_advance(&r.loop, 2 * STREAMS_SILENT_MS);
	ck_assert_uint_eq(h->fins, 1);
	ck_assert_uint_eq(h->gones, _i);
	rig_run(&r);
	rig_free(&r);
}
END_TEST

START_TEST(stream_fin_does_not_count_silence_that_is_ours)
{
	struct holder *h;
	struct rig r;

	rig_new(&r, 3, kinds[_i]);
	h = rig_connect(&r, 0, SIM_MUTE, 0);
	rig_run(&r);
	simcirc_data(r.sim, rig_last_id(&r), "\0", 1);
	rig_run(&r);
	endpoint_fin(h->e);
	loop_advance(&r.loop, 10 * STREAMS_SILENT_MS);
	ck_assert_uint_eq(h->gones, 0);
	endpoint_grant(h->e, 1);
	loop_end_turn(&r.loop);
	ck_assert_uint_eq(h->got, 1);
	loop_advance(&r.loop, 2 * STREAMS_SILENT_MS);
	ck_assert_uint_eq(h->gones, 1);
	rig_run(&r);
	rig_free(&r);
}
END_TEST

START_TEST(stream_kill_with_data_under_way_does_not_cost_the_circuit)
{
	struct holder *h, *h2;
	struct rig r;

	rig_new(&r, 3, kinds[_i]);
	r.net->source = TEN_MB;
	h = rig_connect(&r, 0, SIM_SOURCE, SIZE_MAX);
	loop_end_turn(&r.loop);
	(void)fakechan_out(r.chan);	/* hundreds of cells come back */
	holder_kill(h);
	loop_end_turn(&r.loop);
	(void)fakechan_in(r.chan);
	ck_assert_uint_eq(h->got, 0);
	rig_run(&r);
	ck_assert_uint_eq(r.gone, 0);
	ck_assert_uint_eq(r.sim->ends, 1);
	h2 = rig_connect(&r, 1, SIM_ECHO, 1000);
	(void)holder_send(h2, 1000);
	rig_run(&r);
	ck_assert_uint_eq(h2->got, 1000);
	holder_kill(h2);
	rig_run(&r);
	rig_free(&r);
}
END_TEST

START_TEST(stream_kill_while_connecting_tolerates_the_answer)
{
	struct holder *h;
	struct rig r;

	rig_new(&r, 3, kinds[_i]);
	h = rig_connect(&r, 0, SIM_CLOSE + END_DONE, 0);
	loop_end_turn(&r.loop);
	(void)fakechan_out(r.chan);	/* CONNECTED and END come back */
	holder_kill(h);
	rig_run(&r);
	ck_assert_uint_eq(r.gone, 0);
	ck_assert_uint_eq(h->opened, 0);
	rig_free(&r);
}
END_TEST

START_TEST(stream_internal_address_is_refused)
{
	static const uint32_t internal[] = {
		0x0a000001, 0x7f000001, 0xc0a80101, 0xa9fe0101
	};
	struct holder *h, *h2;
	struct rig r;

	rig_new(&r, 3, RIG_NTOR);
	addr_v4(&r.net->exit_addr, internal[_i], 0);
	h = rig_connect(&r, 0, SIM_MUTE, 0);
	rig_run(&r);
	ck_assert_uint_eq(h->opened, 0);
	ck_assert_uint_eq(h->gones, 1);
	ck_assert_int_eq(h->why, -EACCES);
	ck_assert(!h->was_open);
	ck_assert_uint_eq(r.sim->ends, 1);
	addr_v4(&r.net->exit_addr, 0x08080808, 0);
	h2 = rig_connect(&r, 1, SIM_MUTE, 0);
	rig_run(&r);
	ck_assert_uint_eq(h2->opened, 1);
	holder_kill(h2);
	rig_run(&r);
	rig_free(&r);
}
END_TEST

/* As in C tor: nobody can have meant it, or it was ruled out. */
static const struct {
	const char	*addr;
	uint32_t	 flags;
	int		 opens;
} connected_cases[] = {
	{ "8.8.8.8", 0, 1 },
	{ "8.8.8.8", BEGIN_IPV6_OK, 1 },
	{ "8.8.8.8", BEGIN_IPV6_OK | BEGIN_IPV4_NOT_OK, 0 },
	{ "2600::1", 0, 0 },
	{ "2600::1", BEGIN_IPV6_OK, 1 },
	{ "2600::1", BEGIN_IPV6_OK | BEGIN_IPV4_NOT_OK, 1 },
	{ "::", BEGIN_IPV6_OK, 0 },
	{ "::", BEGIN_IPV6_OK | BEGIN_IPV4_NOT_OK, 0 }
};

START_TEST(stream_connected_to_what_was_not_asked_for_is_refused)
{
	struct holder *h;
	struct rig r;

	rig_new(&r, 3, RIG_CC);
	ck_assert_int_eq(addr_parse_ip(&r.net->exit_addr,
	    connected_cases[_i].addr, -1), 0);
	h = rig_connect_flags(&r, 0, SIM_MUTE, 0, connected_cases[_i].flags);
	rig_run(&r);
	ck_assert_uint_eq(h->opened, connected_cases[_i].opens);
	ck_assert_uint_eq(h->gones, !connected_cases[_i].opens);
	if (h->gones)
		ck_assert_int_eq(h->why, -EACCES);
	ck_assert_uint_eq(r.sim->ends, h->gones);
	ck_assert_uint_eq(r.gone, 0);
	holder_kill(h);
	rig_run(&r);
	rig_free(&r);
}
END_TEST

START_TEST(circ_begin_dir_fetches)
{
	struct endpoint *e;
	struct rig r;

	rig_new(&r, 1, RIG_FAST);
	ck_assert_int_eq(circ_begin_dir(r.circ, &e), 0);
	rig_run(&r);
	ck_assert(r.sim->streams->is_dir);
	ck_assert(stream_is_open(e));
	ck_assert_ptr_null(stream_addr(e));
	endpoint_kill(e, 0);
	rig_run(&r);
	rig_free(&r);
}
END_TEST

/* Whatever is killed in whatever callback. */

static int death_at, death_of;

static void
die_here(struct holder *h, int what)
{
	struct rig *r = h->rig;
	struct circ *c = r->circ;
	size_t i;

	if (what != death_at)
		return;
	if (death_of == 0 && h->e)
		holder_kill(h);
	else if (death_of == 1) {
		for (i = 0; i < RIG_HOLDERS; i++)
			holder_kill(&r->h[i]);
	} else if (c) {
		r->circ = NULL;
		circ_kill(c, CIRC_WHY_FINISHED);
	}
}

START_TEST(stream_death_in_any_callback_is_safe)
{
	struct holder *h;
	struct rig r;
	size_t i;

	death_at = ON_OPEN + _i / 2 % 5;
	death_of = _i / 10;
	rig_new(&r, 3, kinds[_i % 2]);
	r.net->source = 400 * 1000;
	r.net->knobs.sendme_late_ms = 10;
	for (i = 0; i < 8; i++) {
		h = rig_connect(&r, i, i % 2 ? SIM_HTTP : SIM_SINK, 30000);
		h->on = die_here;
		(void)holder_send(h, 200 * 1000);
		if (r.circ == NULL)
			break;
	}
	for (i = 0; i < 40; i++) {
		rig_run(&r);
		loop_advance(&r.loop, 5);
		holder_grant(&r.h[1], 20000);
		holder_grant(&r.h[3], 200000);
	}
	for (i = 0; i < 8; i++)
		holder_kill(&r.h[i]);
	rig_run(&r);
	rig_free(&r);
}
END_TEST

static struct rig *connect_rig;

static void
connect_again(struct holder *h, int what)
{
	struct rig *r = h->rig;

	if (what == ON_GONE && r->circ && r->idle == 0 && h < &r->h[20])
		(h + 1)->on = NULL, rig_connect(r, (size_t)(h - r->h) + 1,
		    SIM_REFUSE + END_MISC, 0)->on = connect_again;
}

START_TEST(stream_connect_from_gone_keeps_the_circuit_busy)
{
	struct rig r;

	connect_rig = &r;
	rig_new(&r, 3, RIG_NTOR);
	rig_connect(&r, 0, SIM_REFUSE + END_MISC, 0)->on = connect_again;
	rig_run(&r);
	ck_assert_uint_eq(r.h[20].gones, 1);
	ck_assert_uint_eq(r.idle, 1);	/* once, after the last */
	rig_free(&r);
}
END_TEST

START_TEST(stream_channel_lost_in_the_middle_ends_all)
{
	struct rig r;
	size_t i;

	rig_new(&r, 3, kinds[_i]);
	r.net->source = TEN_MB;
	for (i = 0; i < 10; i++)
		(void)holder_send(rig_connect(&r, i, i % 2 ? SIM_SOURCE :
		    SIM_SINK, 5000), 300 * 1000);
	rig_run(&r);
	fakechan_lose(r.chan);
	ck_assert_uint_eq(r.gone, 1);
	for (i = 0; i < 10; i++) {
		/* What it sent before is delivered first. */
		ck_assert_uint_eq(r.h[i].gones, !(i % 2));
		holder_grant(&r.h[i], SIZE_MAX);
	}
	loop_end_turn(&r.loop);
	for (i = 0; i < 10; i++) {
		ck_assert_uint_eq(r.h[i].gones, 1);
		ck_assert_int_eq(r.h[i].why, -ECONNRESET);
		if (i % 2)
			ck_assert_uint_gt(r.h[i].got, 5000);
		ck_assert_uint_eq(r.h[i].bad, 0);
	}
	rig_free(&r);
}
END_TEST

/* All had arrived, the end too; then the circuit went.  0: by itself, 1: by us.
 * The holder takes the rest bit by bit. */
START_TEST(stream_that_ended_outlives_its_circuit)
{
	struct endpoint_queued q;
	struct holder *h;
	struct rig r;
	struct circ *c;
	size_t i;

	rig_new(&r, 3, kinds[_i / 2]);
	r.net->source = 5000;
	h = rig_connect(&r, 0, SIM_SOURCE, 700);
	rig_run(&r);
	ck_assert_uint_eq(h->gones, 0);
	endpoint_queued(h->e, &q);
	ck_assert_uint_eq(q.bytes, 0);
	ck_assert_uint_eq(q.counted, 8192);	/* by the circuit */
	endpoint_grant(h->e, 100);		/* and it goes before that */
	c = r.circ;
	if (_i % 2)
		fakechan_lose(r.chan);
	else
		r.circ = NULL, circ_kill(c, CIRC_WHY_FINISHED);
	loop_end_turn(&r.loop);
	ck_assert_uint_eq(h->gones, 0);
	ck_assert_uint_eq(h->got, 800);
	endpoint_queued(h->e, &q);
	ck_assert_uint_eq(q.bytes, 8192);
	ck_assert_uint_eq(endpoint_send(h->e, "x", 1), 0);
	for (i = 0; i < 4; i++) {
		loop_advance(&r.loop, STREAMS_UNREAD_MS - 1);
		endpoint_grant(h->e, 1000);
		loop_end_turn(&r.loop);
		ck_assert_uint_eq(h->got, 1800 + 1000 * i);
	}
	endpoint_fin(h->e);
	endpoint_grant(h->e, 1000);
	loop_end_turn(&r.loop);
	ck_assert_uint_eq(h->got, 5000);
	ck_assert_uint_eq(h->bad, 0);
	ck_assert_uint_eq(h->fins, 1);
	ck_assert_int_eq(h->why, 0);
	ck_assert_uint_eq(h->gones, 1);
	rig_free(&r);
}
END_TEST

/* What must be freed is not kept for anybody. */
START_TEST(stream_goes_with_its_circuit_for_want_of_memory)
{
	struct holder *h;
	struct circ *c;
	struct rig r;

	rig_new(&r, 3, RIG_CC);
	r.net->source = 5000;
	h = rig_connect(&r, 0, SIM_SOURCE, 700);
	rig_run(&r);
	c = r.circ;
	r.circ = NULL;
	circ_kill(c, CIRC_WHY_MEMORY);
	loop_end_turn(&r.loop);
	ck_assert_uint_eq(h->gones, 1);
	ck_assert_int_eq(h->why, -ECONNRESET);
	rig_free(&r);
}
END_TEST

/* 0: its circuit lives, 1: it does not; and the holder takes nothing. */
START_TEST(stream_that_ended_does_not_wait_for_ever)
{
	struct holder *h, *h2;
	struct rig r;

	rig_new(&r, 3, RIG_CC);
	r.net->source = 5000;
	h = rig_connect(&r, 0, SIM_SOURCE, 700);
	h2 = rig_connect(&r, 1, SIM_SOURCE, 700);
	rig_run(&r);
	if (_i)
		fakechan_lose(r.chan);
	loop_end_turn(&r.loop);
	loop_advance(&r.loop, STREAMS_UNREAD_MS - 1);
	ck_assert_uint_eq(h->gones + h2->gones, 0);
	holder_kill(h2);
	loop_advance(&r.loop, 1);
	ck_assert_uint_eq(h->gones, 1);
	ck_assert_int_eq(h->why, -ETIMEDOUT);
	ck_assert_uint_eq(h->got, 700);
	rig_free(&r);
}
END_TEST

/* A holder that grants as it takes, as all do: data() is never empty. */
static void
grant_at_once(struct holder *h, int what)
{
	if (what == ON_DATA)
		holder_grant(h, 100);
}

START_TEST(stream_grant_in_data_delivers_nothing_empty)
{
	struct holder *h;
	struct rig r;

	rig_new(&r, 3, kinds[_i]);
	r.net->source = 5000;
	h = rig_connect(&r, 0, SIM_SOURCE, 0);
	rig_run(&r);
	h->on = grant_at_once;
	endpoint_grant(h->e, SIZE_MAX / 2);
	loop_end_turn(&r.loop);		/* the holder looks for what is empty */
	ck_assert_uint_eq(h->got, 5000);
	ck_assert_uint_eq(h->gones, 1);
	rig_free(&r);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT_LOOP(circ_connect_sends_begin_and_opens, 4),
	UNIT(circ_connect_bad_target_is_refused),
	UNIT(circ_connect_beyond_the_ceiling_is_refused),
	UNIT_LOOP(stream_echo_brings_every_byte_back, NELEM(echo_cases)),
	UNIT_LOOP(stream_upload_of_ten_mb_arrives_whole, 4),
	UNIT_LOOP(stream_download_of_ten_mb_arrives_whole, 4),
	UNIT_LOOP(stream_send_small_pieces_share_a_cell_until_the_turn_ends,
	    2),
	UNIT_LOOP(stream_send_pieces_that_fill_a_cell_make_no_empty_one, 2),
	UNIT_LOOP(stream_send_before_connected_follows_begin, 2),
	UNIT_LOOP(stream_send_to_a_full_channel_comes_up_short_and_goes_on,
	    2),
	UNIT_LOOP(stream_begin_without_room_goes_when_there_is, 2),
	UNIT_LOOP(stream_send_stops_at_the_windows, 2),
	UNIT_LOOP(stream_send_many_streams_share_the_window, 2),
	UNIT(stream_cells_keep_being_unpredictable),
	UNIT_LOOP(stream_data_beyond_credit_is_held_until_granted, 2),
	UNIT_LOOP(
	    stream_grant_inside_data_for_what_was_held_gives_no_empty_data, 2),
	UNIT(stream_without_credit_stalls_the_relay_at_the_window),
	UNIT(stream_without_credit_stops_the_relay_by_xoff),
	UNIT(stream_xoff_stops_us_and_xon_starts_us),
	UNIT_LOOP(stream_sendmes_wait_for_room_and_quote_the_right_cells, 2),
	UNIT_LOOP(stream_end_reason_before_connected_is_told, 17),
	UNIT_LOOP(stream_end_exit_policy_tells_the_address, 6),
	UNIT(stream_end_after_connected_is_told_with_its_reason),
	UNIT_LOOP(stream_fin_keeps_it_for_the_answer, 2),
	UNIT_LOOP(stream_fin_and_silence_ends_it_at_last, 2),
	UNIT_LOOP(stream_upload_that_ends_by_fin_gets_its_end_soon, 2),
	UNIT(stream_fin_is_not_told_before_all_is_out),
	UNIT_LOOP(stream_may_die_in_the_fin_that_silence_brings, 2),
	UNIT_LOOP(stream_fin_does_not_count_silence_that_is_ours, 2),
	UNIT_LOOP(stream_kill_with_data_under_way_does_not_cost_the_circuit,
	    2),
	UNIT_LOOP(stream_kill_while_connecting_tolerates_the_answer, 2),
	UNIT_LOOP(stream_internal_address_is_refused, 4),
	UNIT_LOOP(stream_connected_to_what_was_not_asked_for_is_refused,
	    NELEM(connected_cases)),
	UNIT(circ_begin_dir_fetches),
	UNIT_LOOP(stream_death_in_any_callback_is_safe, 30),
	UNIT(stream_connect_from_gone_keeps_the_circuit_busy),
	UNIT_LOOP(stream_channel_lost_in_the_middle_ends_all, 2),
	UNIT_LOOP(stream_that_ended_outlives_its_circuit, 4),
	UNIT(stream_goes_with_its_circuit_for_want_of_memory),
	UNIT_LOOP(stream_that_ended_does_not_wait_for_ever, 2),
	UNIT_LOOP(stream_grant_in_data_delivers_nothing_empty, 2),
};
UNIT_MAIN("stream", tests)

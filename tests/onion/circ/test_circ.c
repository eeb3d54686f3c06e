/* tests/onion/circ/test_circ.c - building circuits, and how they end */
#include "tests/unit.h"

#include <errno.h>
#include <string.h>

#include "onion/circ/hops.h"
#include "onion/circ/relaymsg.h"
#include "onion/crypto/crypt.h"
#include "onion/link/cell.h"
#include "tests/onion/circ/fakechan.h"
#include "tests/onion/circ/rig.h"

static const struct {
	const char	*name;
	size_t		 hops;
	enum rig_kind	 kind;
	unsigned	 early;		/* cells */
} build_cases[] = {
	{ "one hop, CREATE_FAST", 1, RIG_FAST, 0 },
	{ "one hop, ntor", 1, RIG_NTOR, 0 },
	{ "one hop, ntor3 and cc", 1, RIG_CC, 0 },
	{ "three hops, ntor", 3, RIG_NTOR, 2 },
	{ "three hops, ntor3 and cc", 3, RIG_CC, 2 },
	{ "as many as there can be", CIRC_HOPS_MAX, RIG_CC, 7 },
};

START_TEST(circ_new_through_honest_relays_is_built)
{
	struct rig r;
	struct hopinfo want;
	size_t i;

	rig_new(&r, build_cases[_i].hops, build_cases[_i].kind);
	ck_assert_uint_eq(r.hop, build_cases[_i].hops);
	ck_assert_uint_eq(circ_nbuilt(r.circ), build_cases[_i].hops);
	ck_assert_uint_eq(circ_nhops(r.circ), build_cases[_i].hops);
	ck_assert_uint_eq(r.sim->n, build_cases[_i].hops);
	ck_assert_uint_eq(r.sim->early, build_cases[_i].early);
	for (i = 0; i < r.hops; i++) {
		simnet_hopinfo(r.net, i, &want);
		ck_assert_mem_eq(circ_hopinfo(r.circ, i)->id.rsa, want.id.rsa,
		    20);
		ck_assert_uint_eq(r.sim->relay[i], i);
	}
	ck_assert_ptr_null(circ_hopinfo(r.circ, r.hops));
	ck_assert_uint_ne(circ_id(r.circ), 0);
	ck_assert_ptr_eq(circ_chan(r.circ), r.chan);
	rig_free(&r);
	ck_assert_uint_eq(r.gone, 0);	/* our own kill is not told to us */
}
END_TEST

START_TEST(hops_init_allows_as_many_early_cells_as_c_tor)
{
	unsigned seen[HOPS_EARLY + 1] = { 0 };
	struct hops h;
	int i;

	for (i = 0; i < 64; i++) {
		hops_init(&h, NULL, 1);
		ck_assert_uint_le(h.early, HOPS_EARLY);
		seen[h.early]++;
	}
	ck_assert_uint_gt(seen[HOPS_EARLY], 0);
	ck_assert_uint_gt(seen[HOPS_EARLY - 1], 0);
	ck_assert_uint_eq(seen[HOPS_EARLY] + seen[HOPS_EARLY - 1], 64);
}
END_TEST

START_TEST(circ_new_on_dialling_channel_waits_for_it)
{
	struct endpoint *e;
	struct rig r;

	rig_init(&r, 3, 0);
	ck_assert_int_eq(rig_start(&r, RIG_NTOR), 0);
	rig_run(&r);
	ck_assert_uint_eq(r.hop, 0);
	ck_assert_int_eq(circ_connect(r.circ, "a", 1, 0, &e), -ENOTCONN);
	ck_assert_int_eq(circ_begin_dir(r.circ, &e), -ENOTCONN);
	fakechan_open(r.chan);
	rig_run(&r);
	ck_assert_uint_eq(r.built, 1);
	rig_free(&r);
}
END_TEST

START_TEST(circ_new_nonsense_is_refused)
{
	struct circ_hop hop[CIRC_HOPS_MAX + 1];
	struct circ_conf conf;
	struct circ *c;
	struct rig r;
	size_t i;

	rig_init(&r, 2, 1);
	memset(hop, 0, sizeof(hop));
	memset(&conf, 0, sizeof(conf));
	conf.loop = &r.loop;
	conf.flow = &r.flow;
	for (i = 0; i <= CIRC_HOPS_MAX; i++) {
		simnet_hopinfo(r.net, 0, &hop[i].info);
		hop[i].kind = HANDSHAKE_NTOR;
	}
	ck_assert_int_eq(circ_new(&c, &conf, r.chan, hop, 0, NULL, NULL),
	    -EINVAL);
	ck_assert_int_eq(circ_new(&c, &conf, r.chan, hop, CIRC_HOPS_MAX + 1,
	    NULL, NULL), -EINVAL);
	hop[1].kind = HANDSHAKE_FAST;
	ck_assert_int_eq(circ_new(&c, &conf, r.chan, hop, 2, NULL, NULL),
	    -EINVAL);
	hop[1].kind = HANDSHAKE_NONE;
	ck_assert_int_eq(circ_new(&c, &conf, r.chan, hop, 2, NULL, NULL),
	    -EINVAL);
	hop[1].kind = HANDSHAKE_NTOR;
	hop[1].info.has_ntor = 0;
	ck_assert_int_eq(circ_new(&c, &conf, r.chan, hop, 2, NULL, NULL),
	    -EINVAL);
	hop[1].info.has_ntor = 1;
	hop[1].kind = HANDSHAKE_NTOR3;
	hop[1].info.id.has_ed = 0;
	ck_assert_int_eq(circ_new(&c, &conf, r.chan, hop, 2, NULL, NULL),
	    -EINVAL);
	ck_assert_uint_eq(fakechan_circs(r.chan), 0);
	rig_free(&r);
}
END_TEST

START_TEST(circ_extend_to_relay_without_ipv4_fails_the_handshake)
{
	struct rig r;

	rig_init(&r, 3, 1);
	r.net->addr[2].family = 0;
	ck_assert_int_eq(rig_start(&r, RIG_NTOR), 0);
	rig_run(&r);
	ck_assert_uint_eq(r.hop, 2);
	ck_assert_uint_eq(r.gone, 1);
	ck_assert_int_eq(r.why, CIRC_WHY_HANDSHAKE);
	rig_free(&r);
}
END_TEST

/* What relays can do while we build, and what we make of it. */
static const struct {
	const char	*name;
	enum rig_kind	 kind;
	size_t		 hops;
	struct simknobs	 knobs;
	unsigned	 stand;		/* hops, at the end */
	enum circ_why	 why;
	unsigned	 destroys;	/* of ours */
} spoilt_cases[] = {
	{ "DESTROY for CREATE2", RIG_NTOR, 3,
	    { .destroy_at = 1, .reason = 1 }, 0, CIRC_WHY_DESTROYED, 0 },
	{ "DESTROY for EXTEND2", RIG_NTOR, 3,
	    { .destroy_at = 3, .reason = 6 }, 2, CIRC_WHY_DESTROYED, 0 },
	{ "TRUNCATED for EXTEND2 to 2", RIG_NTOR, 3,
	    { .truncate_at = 2, .reason = 8 }, 1, CIRC_WHY_TRUNCATED, 1 },
	{ "TRUNCATED for EXTEND2 to 3", RIG_CC, 3,
	    { .truncate_at = 3 }, 2, CIRC_WHY_TRUNCATED, 1 },
	{ "wrong CREATED_FAST", RIG_FAST, 1,
	    { .flip_reply = 1 }, 0, CIRC_WHY_HANDSHAKE, 1 },
	{ "wrong CREATED2", RIG_NTOR, 3,
	    { .flip_reply = 1 }, 0, CIRC_WHY_HANDSHAKE, 1 },
	{ "wrong EXTENDED2", RIG_NTOR, 3,
	    { .flip_reply = 2 }, 1, CIRC_WHY_HANDSHAKE, 1 },
	{ "wrong EXTENDED2, ntor3", RIG_CC, 3,
	    { .flip_reply = 3 }, 2, CIRC_WHY_HANDSHAKE, 1 },
	{ "CREATED2 cut short", RIG_NTOR, 3,
	    { .short_reply = 1 }, 0, CIRC_WHY_PROTOCOL, 1 },
	{ "EXTENDED2 cut short", RIG_NTOR, 3,
	    { .short_reply = 3 }, 2, CIRC_WHY_PROTOCOL, 1 },
	{ "CREATED2 twice", RIG_NTOR, 3,
	    { .twice_at = 1 }, 1, CIRC_WHY_PROTOCOL, 1 },
	{ "EXTENDED2 twice", RIG_NTOR, 3,
	    { .twice_at = 2 }, 2, CIRC_WHY_PROTOCOL, 1 },
	{ "last EXTENDED2 twice", RIG_NTOR, 3,
	    { .twice_at = 3 }, 3, CIRC_WHY_PROTOCOL, 1 },
	{ "CREATED_FAST twice", RIG_FAST, 1,
	    { .twice_at = 1 }, 1, CIRC_WHY_PROTOCOL, 1 },
};

START_TEST(circ_build_spoilt_by_a_relay_ends_for_the_right_reason)
{
	struct rig r;

	rig_init(&r, spoilt_cases[_i].hops, 1);
	r.net->knobs = spoilt_cases[_i].knobs;
	ck_assert_int_eq(rig_start(&r, spoilt_cases[_i].kind), 0);
	rig_run(&r);
	ck_assert_msg(r.gone == 1 && r.why == spoilt_cases[_i].why &&
	    r.hop == spoilt_cases[_i].stand, "%s: gone %u why %d hops %u",
	    spoilt_cases[_i].name, r.gone, (int)r.why, r.hop);
	ck_assert_uint_eq(fakechan_destroys(r.chan),
	    spoilt_cases[_i].destroys);
	rig_free(&r);
}
END_TEST

START_TEST(circ_build_that_is_never_answered_just_waits)
{
	struct rig r;

	rig_init(&r, 3, 1);
	r.net->knobs.mute_at = 2;
	ck_assert_int_eq(rig_start(&r, RIG_NTOR), 0);
	rig_run(&r);
	loop_advance(&r.loop, 3600 * 1000);
	ck_assert_uint_eq(r.hop, 1);
	ck_assert_uint_eq(r.gone, 0);
	circ_kill(r.circ, CIRC_WHY_TIMEOUT);
	r.circ = NULL;
	rig_run(&r);
	ck_assert_uint_eq(r.gone, 0);
	ck_assert_uint_eq(fakechan_destroys(r.chan), 1);
	rig_free(&r);
}
END_TEST

START_TEST(circ_build_without_room_extends_when_there_is)
{
	struct rig r;

	rig_init(&r, 3, 1);
	fakechan_room(r.chan, 0);
	ck_assert_int_eq(rig_start(&r, RIG_NTOR), 0);
	rig_run(&r);			/* CREATE always has room */
	ck_assert_uint_eq(r.hop, 1);
	fakechan_room(r.chan, 1);
	rig_run(&r);
	ck_assert_uint_eq(r.hop, 2);
	fakechan_room(r.chan, 1);
	rig_run(&r);
	ck_assert_uint_eq(r.built, 1);
	rig_free(&r);
}
END_TEST

START_TEST(circ_extended_before_extend_went_out_is_a_violation)
{
	static const uint8_t reply[66] = { 0, 64 };
	struct rig r;

	rig_init(&r, 3, 1);
	fakechan_room(r.chan, 0);
	ck_assert_int_eq(rig_start(&r, RIG_NTOR), 0);
	rig_run(&r);
	ck_assert_uint_eq(r.hop, 1);
	simcirc_say(simnet_circ(r.net), 0, RELAY_EXTENDED2, 0, reply,
	    sizeof(reply));
	rig_run(&r);
	ck_assert_int_eq(r.why, CIRC_WHY_PROTOCOL);
	rig_free(&r);
}
END_TEST

/* Cells that a channel may bring at the wrong time. */
static const struct {
	const char	*name;
	uint8_t		 cmd;
	int		 built;
} cell_cases[] = {
	{ "CREATED_FAST for CREATE2", CELL_CREATED_FAST, 0 },
	{ "RELAY before CREATED", CELL_RELAY, 0 },
	{ "RELAY_EARLY", CELL_RELAY_EARLY, 1 },
	{ "RELAY_EARLY before CREATED", CELL_RELAY_EARLY, 0 },
	{ "CREATE2", CELL_CREATE2, 1 },
	{ "CREATE_FAST", CELL_CREATE_FAST, 0 },
	{ "PADDING", CELL_PADDING, 1 },
	{ "PADDING_NEGOTIATE", CELL_PADDING_NEGOTIATE, 1 },
	{ "CREATED2 when built", CELL_CREATED2, 1 },
	{ "command 99", 99, 1 },
	{ "RELAY that no hop sent", CELL_RELAY, 1 },
};

START_TEST(circ_cell_at_the_wrong_time_closes_it)
{
	uint8_t body[CELL_BODY] = { 0 };
	struct rig r;

	rig_init(&r, 3, 1);
	if (cell_cases[_i].built)
		rig_build(&r, RIG_NTOR);
	else
		ck_assert_int_eq(rig_start(&r, RIG_NTOR), 0);
	fakechan_deliver(r.chan, cell_cases[_i].cmd, body);
	rig_run(&r);
	ck_assert_msg(r.gone == 1 && r.why == CIRC_WHY_PROTOCOL, "%s: why %d",
	    cell_cases[_i].name, (int)r.why);
	ck_assert_uint_eq(fakechan_destroys(r.chan), 1);
	rig_free(&r);
}
END_TEST

/* Any message, from any hop, while two of three hops stand. */
static void
say_while_extending(uint8_t cmd, size_t from)
{
	enum circ_why want = CIRC_WHY_PROTOCOL;
	static const uint8_t body[40] = { 0, 20 };
	struct rig r;

	rig_init(&r, 3, 1);
	r.net->knobs.mute_at = 3;
	ck_assert_int_eq(rig_start(&r, RIG_NTOR), 0);
	rig_run(&r);
	ck_assert_uint_eq(r.hop, 2);
	simcirc_say(simnet_circ(r.net), from, cmd, 0, body, sizeof(body));
	rig_run(&r);
	if (cmd == RELAY_TRUNCATED)
		want = CIRC_WHY_TRUNCATED;
	else if (cmd == RELAY_EXTENDED2 && from == 1)
		want = CIRC_WHY_HANDSHAKE;	/* it holds no handshake */
	ck_assert_msg(r.gone == 1 && r.why == want, "%s from %zu: %d",
	    relaymsg_name(cmd), from, (int)r.why);
	rig_free(&r);
}

START_TEST(circ_message_while_extending_is_death_or_extended_or_truncated)
{
	unsigned cmd;

	for (cmd = 0; cmd < 64; cmd++) {
		say_while_extending((uint8_t)cmd, 0);
		say_while_extending((uint8_t)cmd, 1);
	}
	say_while_extending(255, 1);
}
END_TEST

/* Any message without a stream, from any hop of a circuit that is built. */
static void
say_when_built(uint8_t cmd, size_t from)
{
	static const uint8_t body[40] = { 1, 0, 20 };
	struct rig r;

	rig_new(&r, 3, RIG_CC);
	simcirc_say(r.sim, from, cmd, 0, body, sizeof(body));
	rig_run(&r);
	ck_assert_msg(r.gone == 1 && r.why == (cmd == RELAY_TRUNCATED ?
	    CIRC_WHY_TRUNCATED : CIRC_WHY_PROTOCOL), "%s from %zu: %d",
	    relaymsg_name(cmd), from, (int)r.why);
	rig_free(&r);
}

START_TEST(circ_message_without_stream_when_built_closes_it)
{
	unsigned cmd;
	size_t from;

	for (cmd = 0; cmd < 64; cmd++)
		for (from = 0; from < 3; from++)
			say_when_built((uint8_t)cmd, from);
	say_when_built(255, 2);
}
END_TEST

START_TEST(circ_destroy_when_built_is_not_answered)
{
	struct rig r;
	struct holder *h;
	uint8_t reason = (uint8_t)_i;

	rig_new(&r, 3, RIG_NTOR);
	h = rig_connect(&r, 0, SIM_MUTE, 1000);
	rig_run(&r);
	ck_assert_uint_eq(h->opened, 1);
	simcirc_cell(r.sim, CELL_DESTROY, &reason, 1);
	r.sim->destroyed = 1;
	rig_run(&r);
	ck_assert_int_eq(r.why, CIRC_WHY_DESTROYED);
	ck_assert_uint_eq(h->gones, 1);
	ck_assert_int_eq(h->why, -ECONNRESET);
	ck_assert_uint_eq(fakechan_destroys(r.chan), 0);
	rig_free(&r);
}
END_TEST

START_TEST(circ_channel_gone_ends_it_in_any_state)
{
	struct rig r;

	rig_init(&r, 3, _i > 0);
	if (_i == 2)
		r.net->knobs.mute_at = 2;
	ck_assert_int_eq(rig_start(&r, RIG_NTOR), 0);
	if (_i >= 2)
		rig_run(&r);
	fakechan_lose(r.chan);
	ck_assert_uint_eq(r.gone, 1);
	ck_assert_int_eq(r.why, CIRC_WHY_CHANNEL);
	rig_free(&r);
}
END_TEST

/* A bit wrong anywhere in a cell: no hop knows it, and the circuit dies. */
static void
flip(unsigned bit)
{
	static const uint8_t data[400];
	struct holder *h;
	struct rig r;

	rig_new(&r, 3, RIG_CC);
	h = rig_connect(&r, 0, SIM_MUTE, 1000);
	rig_run(&r);
	simcirc_say_flipped(r.sim, 2, RELAY_DATA, rig_last_id(&r), data,
	    sizeof(data), bit);
	rig_run(&r);
	ck_assert_msg(r.gone == 1 && r.why == CIRC_WHY_PROTOCOL &&
	    h->got == 0 && h->gones == 1, "bit %u", bit);
	rig_free(&r);
}

START_TEST(circ_bit_flipped_anywhere_closes_it)
{
	unsigned bit;

	for (bit = 0; bit < relaymsg_at(RELAY_V0, RELAY_DATA) * 8; bit++)
		flip(bit);
	for (; bit < RELAY_BODY * 8; bit += 13)
		flip(bit);
}
END_TEST

/* Recognised at a hop that has no business to say it. */
START_TEST(circ_stream_message_from_a_middle_hop_closes_it)
{
	static const uint8_t cmds[] = {
		RELAY_DATA, RELAY_END, RELAY_CONNECTED, RELAY_SENDME,
		RELAY_RESOLVED, RELAY_XOFF, RELAY_XON
	};
	static const uint8_t data[] = { 6, 0, 0, 0, 0 };
	struct holder *h;
	struct rig r;

	rig_new(&r, 3, RIG_CC);
	h = rig_connect(&r, 0, SIM_MUTE, 1000);
	rig_run(&r);
	simcirc_say(r.sim, (size_t)_i % 2, cmds[_i / 2], rig_last_id(&r),
	    data, sizeof(data));
	rig_run(&r);
	ck_assert_int_eq(r.why, CIRC_WHY_PROTOCOL);
	ck_assert_uint_eq(h->got, 0);
	ck_assert_int_eq(h->why, -ECONNRESET);
	rig_free(&r);
}
END_TEST

static int kill_at;

static void
kill_in_callback(struct rig *r, int what)
{
	struct circ *c = r->circ;

	if (what != kill_at || c == NULL)
		return;
	r->circ = NULL;
	circ_kill(c, CIRC_WHY_FINISHED);
	/* Everything may still be asked of it until the turn ends. */
	ck_assert(!circ_is_built(c));
	ck_assert_ptr_null(circ_chan(c));
	circ_kill(c, CIRC_WHY_TIMEOUT);
}

START_TEST(circ_kill_in_any_callback_of_its_own_is_safe)
{
	static const int at[] = { ON_HOP, ON_BUILT, ON_IDLE, ON_CIRC_GONE };
	struct holder *h;
	struct rig r;

	kill_at = at[_i % 4];
	rig_init(&r, 3, 1);
	r.on = kill_in_callback;
	ck_assert_int_eq(rig_start(&r, _i < 4 ? RIG_NTOR : RIG_CC), 0);
	rig_run(&r);
	if (r.circ) {
		r.sim = simnet_circ(r.net);
		h = rig_connect(&r, 0, SIM_ECHO, 1000);
		(void)holder_send(h, 100);
		rig_run(&r);
		holder_kill(h);
		rig_run(&r);
	}
	if (r.circ) {
		simcirc_cell(r.sim, CELL_DESTROY, NULL, 0);
		rig_run(&r);
	}
	ck_assert_ptr_null(r.circ);
	ck_assert_uint_eq(r.gone, kill_at == ON_CIRC_GONE);
	rig_free(&r);
}
END_TEST

START_TEST(circ_kill_by_us_still_tells_holders)
{
	struct circ_lookup *l;
	struct holder *h;
	struct circ *c;
	struct rig r;

	rig_new(&r, 3, RIG_NTOR);
	h = rig_connect(&r, 0, SIM_MUTE, 0);
	rig_resolve(&r, "a.example", &l);
	rig_run(&r);
	c = r.circ;
	r.circ = NULL;
	circ_kill(c, CIRC_WHY_FINISHED);
	ck_assert_uint_eq(h->gones, 0);		/* not from within a call */
	ck_assert_uint_eq(endpoint_send(h->e, "x", 1), 0);
	loop_end_turn(&r.loop);
	ck_assert_uint_eq(h->gones, 1);
	ck_assert_int_eq(h->why, -ECONNRESET);
	ck_assert_uint_eq(r.answers, 1);
	ck_assert_int_eq(r.answer_why, -ECONNRESET);
	rig_free(&r);
}
END_TEST

START_TEST(circ_kill_at_every_step_of_building_is_safe)
{
	struct rig r;
	struct circ *c;
	int step;

	rig_init(&r, 3, _i > 0);
	ck_assert_int_eq(rig_start(&r, RIG_CC), 0);
	for (step = 1; step < _i; step++) {
		loop_end_turn(&r.loop);
		if (step % 2)
			(void)fakechan_out(r.chan);
		else
			(void)fakechan_in(r.chan);
	}
	c = r.circ;
	r.circ = NULL;
	circ_kill(c, CIRC_WHY_TIMEOUT);
	rig_run(&r);
	ck_assert_uint_eq(r.gone, 0);
	ck_assert_uint_eq(fakechan_destroys(r.chan), _i > 0);
	rig_free(&r);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT_LOOP(circ_new_through_honest_relays_is_built,
	    NELEM(build_cases)),
	UNIT(hops_init_allows_as_many_early_cells_as_c_tor),
	UNIT(circ_new_on_dialling_channel_waits_for_it),
	UNIT(circ_new_nonsense_is_refused),
	UNIT(circ_extend_to_relay_without_ipv4_fails_the_handshake),
	UNIT_LOOP(circ_build_spoilt_by_a_relay_ends_for_the_right_reason,
	    NELEM(spoilt_cases)),
	UNIT(circ_build_that_is_never_answered_just_waits),
	UNIT(circ_build_without_room_extends_when_there_is),
	UNIT(circ_extended_before_extend_went_out_is_a_violation),
	UNIT_LOOP(circ_cell_at_the_wrong_time_closes_it, NELEM(cell_cases)),
	UNIT(circ_message_while_extending_is_death_or_extended_or_truncated),
	UNIT(circ_message_without_stream_when_built_closes_it),
	UNIT_LOOP(circ_destroy_when_built_is_not_answered, 14),
	UNIT_LOOP(circ_channel_gone_ends_it_in_any_state, 4),
	UNIT(circ_bit_flipped_anywhere_closes_it),
	UNIT_LOOP(circ_stream_message_from_a_middle_hop_closes_it, 14),
	UNIT_LOOP(circ_kill_in_any_callback_of_its_own_is_safe, 8),
	UNIT(circ_kill_by_us_still_tells_holders),
	UNIT_LOOP(circ_kill_at_every_step_of_building_is_safe, 9),
};
UNIT_MAIN("circ", tests)

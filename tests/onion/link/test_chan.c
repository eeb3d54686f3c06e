/* tests/onion/link/test_chan.c - one channel: dialling, handshake, death */
#include <errno.h>
#include <string.h>

#include "base/wire.h"
#include "tests/onion/link/rig.h"
#include "tests/unit.h"

static struct rig r;

START_TEST(chan_honest_relay_opens)
{
	struct chan *c;

	rig_init(&r);
	c = rig_open(&r);
	ck_assert_uint_eq(r.dialling, 1);
	ck_assert_uint_eq(r.connected, 1);
	ck_assert_uint_eq(r.opened, 1);
	ck_assert(r.open_chan == c);
	ck_assert_uint_eq(r.cells[CELL_VERSIONS], 1);
	ck_assert_uint_eq(r.cells[CELL_NETINFO], 1);
	ck_assert_mem_eq(chan_id(c)->rsa, r.relay->rsa_id, 20);
	ck_assert_mem_eq(chan_id(c)->ed, r.relay->ed_id, 32);
	ck_assert(addr_equal(chan_peer(c), &r.relay->addr));
	/* NETINFO: no time, its address, none of ours */
	ck_assert_uint_eq(wire_get32(r.last_body), 0);
	ck_assert_mem_eq(r.last_body + 6, r.relay->addr.ip, 4);
	ck_assert_uint_eq(r.last_body[10], 0);
	rig_fini(&r);
}
END_TEST

/* What a relay may do and what it may not. */
static const struct {
	const char		*name;
	struct simlink_knobs	 k;
	enum chan_why		 why;	/* NONE: it opens */
} knobs[] = {
#define K(...) { __VA_ARGS__ }
	{ "honest", K(.vpadding = 0), CHAN_WHY_NONE },
	{ "VPADDING all the way", K(.vpadding = 1), CHAN_WHY_NONE },
	{ "unknown variable cells", K(.unknown_var = 1), CHAN_WHY_NONE },
	{ "second VERSIONS", K(.versions_twice = 1), CHAN_WHY_NONE },
	{ "no AUTH_CHALLENGE", K(.challenge_none = 1), CHAN_WHY_NONE },
	{ "odd address of its own", K(.netinfo_bad_mine = 1), CHAN_WHY_NONE },
	{ "only version 4", K(.versions = { 4 }), CHAN_WHY_NONE },
	{ "versions from the future", K(.versions = { 4, 5, 6, 900 }),
	  CHAN_WHY_NONE },
	{ "no type 7, but expected", K(.certs_drop = 7), CHAN_WHY_IDENTITY },
	{ "bytes one by one", K(.chop = 1), CHAN_WHY_NONE },
	{ "bytes in sevens", K(.chop = 7, .vpadding = 1), CHAN_WHY_NONE },

	{ "dial() fails", K(.refuse = -ENETUNREACH), CHAN_WHY_CONNECT },
	{ "refused", K(.down_at_dial = -ECONNREFUSED), CHAN_WHY_CONNECT },
	{ "no answer", K(.no_answer = 1), CHAN_WHY_TIMEOUT },
	{ "no TLS", K(.no_tls = 1), CHAN_WHY_TIMEOUT },
	{ "TLS fails", K(.tls_fails = 1), CHAN_WHY_TLS },
	{ "says nothing", K(.silent = 1), CHAN_WHY_TIMEOUT },

	{ "VERSIONS odd", K(.versions_odd = 1), CHAN_WHY_PROTOCOL },
	{ "no VERSIONS", K(.versions_none = 1), CHAN_WHY_PROTOCOL },
	{ "VERSIONS wide", K(.versions_wide = 1), CHAN_WHY_PROTOCOL },
	{ "only version 3", K(.versions = { 3 }), CHAN_WHY_PROTOCOL },
	{ "only unknown", K(.versions = { 1, 2, 7 }), CHAN_WHY_PROTOCOL },
	{ "PADDING in the handshake", K(.padding = 1), CHAN_WHY_PROTOCOL },
	{ "giant cell", K(.giant_var = 65535), CHAN_WHY_PROTOCOL },
	{ "just too large a cell", K(.giant_var = 16385), CHAN_WHY_PROTOCOL },
	{ "large but legal cell", K(.giant_var = 16384), CHAN_WHY_NONE },

	{ "no CERTS", K(.certs_none = 1), CHAN_WHY_PROTOCOL },
	{ "CERTS twice", K(.certs_cell_twice = 1), CHAN_WHY_PROTOCOL },
	{ "CERTS with id", K(.certs_circ_id = 9), CHAN_WHY_PROTOCOL },
	{ "CERTS cut short", K(.certs_short = 1), CHAN_WHY_PROTOCOL },
	{ "a type twice", K(.certs_double = 4), CHAN_WHY_PROTOCOL },
	{ "no type 2", K(.certs_drop = 2), CHAN_WHY_IDENTITY },
	{ "no type 4", K(.certs_drop = 4), CHAN_WHY_IDENTITY },
	{ "no type 5", K(.certs_drop = 5), CHAN_WHY_IDENTITY },
	{ "bad type 2", K(.certs_flip = 2), CHAN_WHY_IDENTITY },
	{ "bad type 4", K(.certs_flip = 4), CHAN_WHY_IDENTITY },
	{ "bad type 5", K(.certs_flip = 5), CHAN_WHY_IDENTITY },
	{ "bad type 7", K(.certs_flip = 7), CHAN_WHY_IDENTITY },
	{ "impostor", K(.impostor = 1), CHAN_WHY_IDENTITY },
	{ "other Ed25519 identity", K(.wrong_ed = 1), CHAN_WHY_IDENTITY },
	{ "other TLS certificate", K(.wrong_tls = 1), CHAN_WHY_IDENTITY },
	{ "expired", K(.expired = 1), CHAN_WHY_IDENTITY },

	{ "AUTH_CHALLENGE first", K(.challenge_first = 1),
	  CHAN_WHY_PROTOCOL },
	{ "AUTH_CHALLENGE twice", K(.challenge_twice = 1),
	  CHAN_WHY_PROTOCOL },
	{ "NETINFO before CERTS", K(.netinfo_first = 1), CHAN_WHY_PROTOCOL },
	{ "no NETINFO", K(.netinfo_none = 1), CHAN_WHY_TIMEOUT },
	{ "NETINFO malformed", K(.netinfo_bad_other = 1),
	  CHAN_WHY_PROTOCOL },
#undef K
};

START_TEST(chan_relay_with_a_knob_opens_or_dies_for_the_right_reason)
{
	struct ear e = { 0 };
	struct chan *c;

	rig_init(&r);
	r.relay->knobs = knobs[_i].k;
	simlink_relay_hopinfo(r.relay, &r.hop);
	c = rig_get(&r);
	ck_assert_int_eq(ear_attach(&e, &r, c), 0);
	loop_advance(&r.loop, 61000);
	ck_assert_msg(e.why == knobs[_i].why, "%s: %d", knobs[_i].name,
	    e.why);
	if (knobs[_i].why == CHAN_WHY_NONE) {
		ck_assert_uint_eq(e.open, 1);
		ck_assert_uint_eq(r.opened, 1);
		ck_assert(chan_is_open(c));
		ck_assert_uint_eq(r.cells[CELL_CREATE2], 1);
	} else {
		ck_assert_uint_eq(e.open, 0);
		ck_assert_uint_eq(e.gone, 1);
		ck_assert_uint_eq(r.gone, 1);
		ck_assert_uint_eq(r.opened, 0);
		ck_assert_int_eq(r.was_open, 0);
		ck_assert_int_eq(r.why, knobs[_i].why);
		ck_assert_uint_eq(r.relay->conns, 0);
		/* F01: nothing but the handshake went to it */
		ck_assert_uint_eq(r.cells[CELL_CREATE2], 0);
	}
	rig_fini(&r);
}
END_TEST

START_TEST(chan_sends_no_netinfo_to_an_impostor)
{
	rig_init(&r);
	r.relay->knobs.impostor = 1;
	rig_get(&r);
	loop_advance(&r.loop, 1000);
	ck_assert_uint_eq(r.gone, 1);
	ck_assert_uint_eq(r.cells[CELL_NETINFO], 0);
	rig_fini(&r);
}
END_TEST

START_TEST(chan_ed_identity_unasked_for_is_taken)
{
	struct chan *c;

	rig_init(&r);
	r.hop.id.has_ed = 0;
	memset(r.hop.id.ed, 0, 32);
	c = rig_open(&r);
	ck_assert_uint_eq(chan_id(c)->has_ed, 1);
	ck_assert_mem_eq(chan_id(c)->ed, r.relay->ed_id, 32);
	rig_fini(&r);
}
END_TEST

START_TEST(chan_unknown_identity_is_learned_and_found_by_it)
{
	struct chan *c, *again;

	rig_init(&r);
	memset(&r.hop.id, 0, sizeof(r.hop.id));
	c = rig_open(&r);
	ck_assert(chanset_find(r.set, r.relay->rsa_id) == c);
	simlink_relay_hopinfo(r.relay, &r.hop);
	ck_assert_int_eq(chanset_get(r.set, &r.hop, &again), 0);
	ck_assert(again == c);
	memset(&r.hop.id, 0, sizeof(r.hop.id));
	ck_assert_int_eq(chanset_get(r.set, &r.hop, &again), 0);
	ck_assert(again == c);
	rig_fini(&r);
}
END_TEST

static const struct {
	int64_t	 late_ms, skew;
	unsigned skews;
} skew_cases[] = {
	{ 0, 0, 1 }, { 0, 86400, 1 }, { 0, -86400, 1 },
	{ 20000, -7200, 1 }, { 29000, 7200, 1 }, { 31000, 7200, 0 },
	{ 58000, 0, 0 },
	{ 0, -RIG_WALL, 0 },			/* it says 0: no time */
	{ 0, 1 - (int64_t)RIG_WALL, 1 }, { 0, UINT32_MAX - RIG_WALL, 1 },
};

START_TEST(chan_skew_is_told_when_netinfo_came_promptly)
{
	int64_t want = skew_cases[_i].skew;

	rig_init(&r);
	r.relay->knobs.netinfo_skew = want;
	r.relay->knobs.netinfo_late_ms = skew_cases[_i].late_ms;
	rig_get(&r);
	loop_advance(&r.loop, 59000);
	ck_assert_uint_eq(r.opened, 1);
	ck_assert_uint_eq(r.skews, skew_cases[_i].skews);
	if (r.skews > 0) {
		ck_assert_int_ge(r.skew, want - 1);
		ck_assert_int_le(r.skew, want + 1);
	}
	rig_fini(&r);
}
END_TEST

/* F02: however it is cut up, no more than CHAN_PREAUTH_MAX is looked at. */
START_TEST(chan_flood_before_authentication_is_cut_off)
{
	uint8_t junk[16000] = { 0 };
	int i;

	rig_init(&r);
	r.relay->knobs.silent = 1;
	rig_get(&r);
	loop_advance(&r.loop, 100);
	for (i = 0; i < 4; i++)
		sim_send_var(rig_conn(&r), 0, CELL_VPADDING, junk,
		    sizeof(junk));
	loop_advance(&r.loop, 100);
	ck_assert_uint_eq(r.gone, 0);
	sim_send_var(rig_conn(&r), 0, CELL_VPADDING, junk, sizeof(junk));
	loop_advance(&r.loop, 100);
	ck_assert_uint_eq(r.gone, 1);
	ck_assert_int_eq(r.why, CHAN_WHY_PROTOCOL);
	rig_fini(&r);
}
END_TEST

START_TEST(chan_slow_loris_is_timed_out)
{
	static const uint8_t vpadding[5] = { 0, 0, CELL_VPADDING, 0, 0 };
	int i;

	rig_init(&r);
	r.relay->knobs.silent = 1;
	rig_get(&r);
	loop_advance(&r.loop, 100);
	for (i = 0; i < 59 && r.gone == 0; i++) {
		sim_send_raw(rig_conn(&r), vpadding + i % 5, 1);
		loop_advance(&r.loop, 1000);
	}
	ck_assert_uint_eq(r.gone, 0);
	loop_advance(&r.loop, 2000);
	ck_assert_int_eq(r.why, CHAN_WHY_TIMEOUT);
	rig_fini(&r);
}
END_TEST

/* The relay's whole flight and two cells, cut at every byte. */
START_TEST(chan_input_cut_at_any_byte_is_the_same)
{
	struct ear e = { 0 };
	struct chan *c;

	rig_init(&r);
	r.relay->knobs.chop = (size_t)_i + 1;
	c = rig_open(&r);
	ear_attach(&e, &r, c);
	sim_send_cell(rig_conn(&r), e.id, CELL_CREATED2, "\0\2hi", 4);
	sim_send_cell(rig_conn(&r), e.id, CELL_RELAY, "there", 5);
	loop_advance(&r.loop, 100);
	ck_assert_uint_eq(e.cells, 2);
	ck_assert_mem_eq(e.body, "there", 5);
	rig_fini(&r);
}
END_TEST

/* All that the relay sends until it is open: VERSIONS, CERTS, AUTH_CHALLENGE,
 * NETINFO. */
static size_t
flight_len(void)
{
	size_t n;

	rig_open(&r);
	n = rig_conn(&r)->bytes_out;
	chanset_close(r.set, 1);
	loop_end_turn(&r.loop);
	r.gone = r.opened = 0;
	return n;
}

static const int goodbyes[] = { 0, -ECONNRESET, -EPROTO };

START_TEST(chan_closed_by_the_relay_at_any_byte_of_the_handshake_is_gone)
{
	struct simlink_knobs *k;
	struct ear e;
	size_t len, at;

	rig_init(&r);
	k = &r.relay->knobs;
	k->vpadding = 1;
	len = flight_len();
	k->close_err = goodbyes[_i];
	for (at = 1; at < len; at += at < 32 || at + 32 > len ? 1 : 7) {
		k->close_after = at;
		chanset_forgive(r.set);
		memset(&e, 0, sizeof(e));
		ear_attach(&e, &r, rig_get(&r));
		loop_advance(&r.loop, 100);
		ck_assert_msg(e.gone == 1 && e.open == 0, "at %zu", at);
		ck_assert_int_eq(e.why, goodbyes[_i] == -EPROTO ?
		    CHAN_WHY_TLS : CHAN_WHY_LOST);
		ck_assert_int_eq(r.was_open, 0);
		ck_assert_uint_eq(r.relay->conns, 0);
	}
	ck_assert_uint_eq(r.opened, 0);
	ck_assert_uint_eq(r.cells[CELL_CREATE2], 0);
	rig_fini(&r);
}
END_TEST

/* In each state of the way there, and before any of the flight has come. */
START_TEST(chan_closed_by_the_relay_at_any_moment_is_gone)
{
	struct ear e = { 0 };

	rig_init(&r);
	ear_attach(&e, &r, rig_get(&r));
	loop_advance(&r.loop, _i);
	sim_close(rig_conn(&r), -ECONNRESET);
	loop_end_turn(&r.loop);
	ck_assert_uint_eq(e.gone, 1);
	ck_assert_uint_eq(e.open, _i >= 20);
	ck_assert_int_eq(e.why, _i < 5 ? CHAN_WHY_CONNECT : _i < 10 ?
	    CHAN_WHY_TLS : CHAN_WHY_LOST);
	ck_assert_uint_eq(r.relay->conns, 0);
	rig_fini(&r);
}
END_TEST

START_TEST(chan_second_address_is_tried_where_the_first_fails)
{
	struct addr v6;
	struct chan *c;

	rig_init(&r);
	addr_parse(&v6, "[2001:db8::9]:443", -1);
	r.hop.or6 = r.hop.or4;		/* nobody at v4, the relay at v6 */
	r.relay->addr = v6;
	r.hop.or6 = v6;
	addr_v4(&r.hop.or4, 0x0a630001, 1);
	c = rig_open(&r);
	ck_assert(addr_equal(chan_peer(c), &v6));
	ck_assert_uint_eq(r.dialling, 1);
	rig_fini(&r);
}
END_TEST

START_TEST(chan_second_address_is_tried_where_the_first_is_silent)
{
	struct simlink_relay *mute;
	struct addr v4;
	struct chan *c;

	rig_init(&r);
	addr_v4(&v4, 0x0a630001, 1);
	mute = simlink_relay_new(r.net, &v4);
	mute->knobs.no_answer = 1;
	addr_parse(&r.relay->addr, "[2001:db8::9]:443", -1);
	r.hop.or6 = r.relay->addr;
	r.hop.or4 = v4;
	c = rig_get(&r);
	loop_advance(&r.loop, 10000);
	ck_assert(!chan_is_open(c));
	loop_advance(&r.loop, 5000);
	ck_assert(chan_is_open(c));
	ck_assert_uint_eq(mute->conns, 0);
	rig_fini(&r);
}
END_TEST

static const struct {
	int	use_v4, use_v6, prefer_v6, has_v4, has_v6, want;
} address_cases[] = {
	{ 1, 1, 0, 1, 1, 4 }, { 1, 1, 1, 1, 1, 6 }, { 1, 0, 1, 1, 1, 4 },
	{ 0, 1, 0, 1, 1, 6 }, { 1, 1, 0, 0, 1, 6 }, { 1, 1, 1, 1, 0, 4 },
	{ 1, 0, 0, 0, 1, 0 }, { 0, 1, 0, 1, 0, 0 }, { 1, 1, 0, 0, 0, 0 },
};

START_TEST(chanset_get_dials_the_address_that_is_configured)
{
	struct chan *c;
	int rc;

	rig_init(&r);
	chanset_free(r.set);
	r.conf.use_v4 = address_cases[_i].use_v4;
	r.conf.use_v6 = address_cases[_i].use_v6;
	r.conf.prefer_v6 = address_cases[_i].prefer_v6;
	ck_assert_int_eq(chanset_new(&r.set, &r.conf), 0);
	if (address_cases[_i].has_v6)
		addr_parse(&r.hop.or6, "[2001:db8::9]:443", -1);
	if (!address_cases[_i].has_v4)
		memset(&r.hop.or4, 0, sizeof(r.hop.or4));
	rc = chanset_get(r.set, &r.hop, &c);
	if (address_cases[_i].want == 0)
		ck_assert_int_eq(rc, -EADDRNOTAVAIL);
	else
		ck_assert_int_eq(chan_peer(c)->family, address_cases[_i].want);
	rig_fini(&r);
}
END_TEST

static int
not_on_443(void *arg, const struct addr *a)
{
	(void)arg;
	return a->port != 443;
}

static const struct {
	const char	*or4, *or6;
	int		 want;
} reach_cases[] = {
	{ "192.0.2.9:443", "[2001:db8::9]:9001", 6 },
	{ "192.0.2.9:9001", "[2001:db8::9]:443", 4 },
	{ "192.0.2.9:9001", "[2001:db8::9]:9001", 4 },
	{ "192.0.2.9:443", "[2001:db8::9]:443", 0 },
};

START_TEST(chanset_get_dials_only_what_may_be_reached)
{
	struct chan *c;
	int rc;

	rig_init(&r);
	chanset_free(r.set);
	r.conf.may_reach = not_on_443;
	ck_assert_int_eq(chanset_new(&r.set, &r.conf), 0);
	addr_parse(&r.hop.or4, reach_cases[_i].or4, -1);
	addr_parse(&r.hop.or6, reach_cases[_i].or6, -1);
	rc = chanset_get(r.set, &r.hop, &c);
	if (reach_cases[_i].want == 0)
		ck_assert_int_eq(rc, -EADDRNOTAVAIL);
	else
		ck_assert_int_eq(chan_peer(c)->family, reach_cases[_i].want);
	rig_fini(&r);
}
END_TEST

static int
nobody(void *arg, const struct addr *a)
{
	(void)arg;
	(void)a;
	return 0;
}

/* A reload between the making of a channel and its dialling. */
START_TEST(chanset_set_reach_holds_for_channels_that_are_there)
{
	struct ear e = { 0 };
	struct chan *c;

	rig_init(&r);
	ck_assert_int_eq(chanset_get(r.set, &r.hop, &c), 0);
	ear_attach(&e, &r, c);
	r.conf.may_reach = nobody;
	chanset_set_reach(r.set, &r.conf);
	loop_advance(&r.loop, 1000);
	ck_assert_uint_eq(e.gone, 1);
	ck_assert_int_eq(e.why, CHAN_WHY_CONNECT);
	ck_assert_uint_eq(r.relay->dials, 0);
	rig_fini(&r);
}
END_TEST

START_TEST(chan_closed_by_the_relay_is_lost)
{
	struct ear e = { 0 };

	rig_init(&r);
	ear_attach(&e, &r, rig_open(&r));
	sim_close(rig_conn(&r), 0);
	ck_assert_uint_eq(e.gone, 1);
	ck_assert_int_eq(e.why, CHAN_WHY_LOST);
	ck_assert_int_eq(r.was_open, 1);
	rig_fini(&r);
}
END_TEST

/* After it is open. */
static const struct {
	const char	*name;
	uint8_t		 cmd;
	enum chan_why	 why;
} late[] = {
	{ "PADDING", CELL_PADDING, CHAN_WHY_NONE },
	{ "VPADDING", CELL_VPADDING, CHAN_WHY_NONE },
	{ "unknown variable", 250, CHAN_WHY_NONE },
	{ "unknown fixed", 77, CHAN_WHY_NONE },
	{ "VERSIONS", CELL_VERSIONS, CHAN_WHY_NONE },
	{ "PADDING_NEGOTIATE", CELL_PADDING_NEGOTIATE, CHAN_WHY_NONE },
	{ "CREATE", 1, CHAN_WHY_NONE },
	{ "CREATE_FAST", CELL_CREATE_FAST, CHAN_WHY_NONE },
	{ "CREATE2", CELL_CREATE2, CHAN_WHY_NONE },
	{ "RELAY for id 0", CELL_RELAY, CHAN_WHY_NONE },
	{ "DESTROY for id 0", CELL_DESTROY, CHAN_WHY_NONE },
	{ "NETINFO", CELL_NETINFO, CHAN_WHY_PROTOCOL },
	{ "CERTS", CELL_CERTS, CHAN_WHY_PROTOCOL },
	{ "AUTH_CHALLENGE", CELL_AUTH_CHALLENGE, CHAN_WHY_PROTOCOL },
};

START_TEST(chan_open_drops_or_dies_of_cells_that_are_no_circuits)
{
	struct ear e = { 0 };

	rig_init(&r);
	ear_attach(&e, &r, rig_open(&r));
	memset(r.cells, 0, sizeof(r.cells));
	if (cell_is_var(late[_i].cmd))
		sim_send_var(rig_conn(&r), 0, late[_i].cmd, "\0\5", 2);
	else
		sim_send_cell(rig_conn(&r), 0, late[_i].cmd, "\0\1", 2);
	loop_advance(&r.loop, 500);
	ck_assert_msg(e.why == late[_i].why, "%s", late[_i].name);
	ck_assert_uint_eq(e.cells, 0);
	/* and nothing was answered */
	ck_assert_uint_eq(r.cells[CELL_DESTROY] +
	    r.cells[CELL_PADDING_NEGOTIATE], 0);
	rig_fini(&r);
}
END_TEST

START_TEST(chan_without_circuits_is_closed_after_3_to_4_and_a_half_minutes)
{
	struct ear e = { 0 };
	struct chan *c;

	rig_init(&r);
	c = rig_open(&r);
	ear_attach(&e, &r, c);
	loop_advance(&r.loop, 3600000);
	ck_assert_uint_eq(r.gone, 0);
	chan_detach(c, e.id, 0);
	loop_advance(&r.loop, 179000);
	ck_assert_uint_eq(r.gone, 0);
	ear_attach(&e, &r, c);		/* stops it */
	loop_advance(&r.loop, 300000);
	ck_assert_uint_eq(r.gone, 0);
	chan_detach(c, e.id, 0);
	loop_advance(&r.loop, 270000);
	ck_assert_uint_eq(r.gone, 1);
	ck_assert_int_eq(r.why, CHAN_WHY_CLOSED);
	ck_assert_uint_eq(r.relay->conns, 0);
	rig_fini(&r);
}
END_TEST

START_TEST(chan_never_used_is_closed_too)
{
	rig_init(&r);
	rig_open(&r);
	loop_advance(&r.loop, 270000);
	ck_assert_int_eq(r.why, CHAN_WHY_CLOSED);
	ck_assert_uint_eq(r.gone, 1);
	rig_fini(&r);
}
END_TEST

/* ---- a callback may kill anything ---- */

static struct ear ears[3];

static void
free_set(struct ear *e)
{
	chanset_free(e->rig->set);
	e->rig->set = NULL;
}

static void
close_all(struct ear *e)
{
	chanset_close(e->rig->set, 1);
}

static void
detach_all(struct ear *e)
{
	size_t i;

	for (i = 0; i < NELEM(ears); i++)
		if (!ears[i].gone)
			chan_detach(e->chan, ears[i].id, 1);
}

static void
drop_link(struct ear *e)
{
	struct simlink_conn *conn = simlink_relay_conn(e->rig->relay);

	if (conn)
		sim_close(conn, -ECONNRESET);
}

static void
redial(struct ear *e)
{
	struct chan *c;

	chanset_close(e->rig->set, 1);
	if (e->rig->dialling < 5)
		chanset_get(e->rig->set, &e->rig->hop, &c);
}

static void (*const deeds[])(struct ear *) = {
	free_set, close_all, detach_all, drop_link, redial
};
enum { NDEEDS = NELEM(deeds), NMOMENTS = 4 };

START_TEST(chan_survives_any_deed_in_any_callback)
{
	int moment = _i % NMOMENTS, i;
	struct chan *c;

	memset(ears, 0, sizeof(ears));
	rig_init(&r);
	c = rig_get(&r);
	if (moment != 0)
		loop_advance(&r.loop, 1000);
	for (i = 0; i < 3; i++)
		ck_assert_int_eq(ear_attach(&ears[i], &r, c), 0);
	ears[0].then = deeds[_i / NMOMENTS];
	switch (moment) {
	case 0:				/* in open() */
		break;
	case 1:				/* in cell(), with cells behind it */
		for (i = 0; i < 9; i++)
			sim_send_cell(rig_conn(&r), ears[i % 3].id,
			    CELL_RELAY, "x", 1);
		break;
	case 2:				/* in room() */
		for (i = 0; i < 3; i++)
			chan_want_room(c, ears[i].id);
		break;
	case 3:				/* in gone() */
		drop_link(&ears[0]);
		break;
	}
	loop_advance(&r.loop, 1000);
	if (deeds[_i / NMOMENTS] != detach_all)
		for (i = 0; i < 3; i++)
			ck_assert_uint_eq(ears[i].gone, 1);
	ck_assert_uint_gt(ears[0].open + ears[0].cells + ears[0].rooms +
	    ears[0].gone, 0);
	rig_fini(&r);
}
END_TEST

static void
set_free_in_open(struct rig *rig)
{
	chanset_free(rig->set);
	rig->set = NULL;
}

START_TEST(chanset_free_in_its_own_open_is_safe)
{
	struct ear e = { 0 };

	rig_init(&r);
	ear_attach(&e, &r, rig_get(&r));
	r.on_open = set_free_in_open;
	loop_advance(&r.loop, 1000);
	ck_assert_uint_eq(r.opened, 1);
	ck_assert_uint_eq(e.open, 0);
	ck_assert_uint_eq(e.gone, 1);
	ck_assert_uint_eq(r.gone, 0);	/* whoever frees it knows */
	rig_fini(&r);
}
END_TEST

START_TEST(chanset_free_in_its_own_gone_is_safe)
{
	rig_init(&r);
	r.on_gone = set_free_in_open;
	r.relay->knobs.tls_fails = 1;
	rig_get(&r);
	loop_advance(&r.loop, 1000);
	ck_assert_uint_eq(r.gone, 1);
	ck_assert(r.set == NULL);
	rig_fini(&r);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(chan_honest_relay_opens),
	UNIT_LOOP(chan_relay_with_a_knob_opens_or_dies_for_the_right_reason,
	    NELEM(knobs)),
	UNIT(chan_sends_no_netinfo_to_an_impostor),
	UNIT(chan_ed_identity_unasked_for_is_taken),
	UNIT(chan_unknown_identity_is_learned_and_found_by_it),
	UNIT_LOOP(chan_skew_is_told_when_netinfo_came_promptly,
	    NELEM(skew_cases)),
	UNIT(chan_flood_before_authentication_is_cut_off),
	UNIT(chan_slow_loris_is_timed_out),
	UNIT_LOOP(chan_input_cut_at_any_byte_is_the_same, 64),
	UNIT_LOOP(
	    chan_closed_by_the_relay_at_any_byte_of_the_handshake_is_gone,
	    NELEM(goodbyes)),
	UNIT_LOOP(chan_closed_by_the_relay_at_any_moment_is_gone, 25),
	UNIT(chan_second_address_is_tried_where_the_first_fails),
	UNIT(chan_second_address_is_tried_where_the_first_is_silent),
	UNIT_LOOP(chanset_get_dials_the_address_that_is_configured,
	    NELEM(address_cases)),
	UNIT_LOOP(chanset_get_dials_only_what_may_be_reached,
	    NELEM(reach_cases)),
	UNIT(chanset_set_reach_holds_for_channels_that_are_there),
	UNIT(chan_closed_by_the_relay_is_lost),
	UNIT_LOOP(chan_open_drops_or_dies_of_cells_that_are_no_circuits,
	    NELEM(late)),
	UNIT(chan_without_circuits_is_closed_after_3_to_4_and_a_half_minutes),
	UNIT(chan_never_used_is_closed_too),
	UNIT_LOOP(chan_survives_any_deed_in_any_callback, NDEEDS * NMOMENTS),
	UNIT(chanset_free_in_its_own_open_is_safe),
	UNIT(chanset_free_in_its_own_gone_is_safe),
};
UNIT_MAIN("chan", tests)

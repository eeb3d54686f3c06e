/* tests/onion/circ/test_circ_service.c - circuits towards onion services
 *
 * A hop more, messages with the last relay, and the service behind it; and
 * what a relay or a service may not say (threats F11).
 */
#include "tests/unit.h"

#include <errno.h>
#include <string.h>

#include "base/rand.h"
#include "onion/circ/relaymsg.h"
#include "onion/hs/hsntor.h"
#include "tests/onion/circ/fakechan.h"
#include "tests/onion/circ/rig.h"

enum { BYTES = 700 * 1000 };

static const uint8_t cookie[20] = { 1, 2, 3 };
static struct hsntor_keys keys;

static void
ntor_hop(struct rig *r, size_t i, struct circ_hop *hop)
{
	memset(hop, 0, sizeof(*hop));
	simnet_hopinfo(r->net, i, &hop->info);
	hop->kind = HANDSHAKE_NTOR;
}

/* A circuit through the first three of @nrelays. */
static void
three_of(struct rig *r, size_t nrelays)
{
	rig_init(r, nrelays, 1);
	r->hops = 3;
	rig_build(r, RIG_NTOR);
}

static int
establish(struct rig *r)
{
	return circ_tell(r->circ, RELAY_ESTABLISH_RENDEZVOUS, cookie, 20);
}

static void
join(struct rig *r, int cc)
{
	rand_bytes(&keys, sizeof(keys));
	ck_assert_int_eq(circ_join_service(r->circ, &keys, cc, 31), 0);
	simcirc_join(r->sim, keys.df, keys.db, keys.kf, keys.kb, cc, 31);
}

static void
joined(struct rig *r, int cc)
{
	rig_new(r, 3, RIG_NTOR);
	ck_assert_int_eq(establish(r), 0);
	rig_run(r);
	rig_say(r, RELAY_RENDEZVOUS2, 0, cookie, sizeof(cookie));
	rig_run(r);
	ck_assert_uint_eq(r->messages, 2);
	join(r, cc);
}

static void
closed(struct rig *r, enum circ_why why)
{
	rig_run(r);
	ck_assert_uint_eq(r->gone, 1);
	ck_assert_int_eq(r->why, why);
	ck_assert_ptr_null(r->circ);
}

/* --- longer --- */

START_TEST(circ_lengthen_adds_a_hop_and_announces_it_again)
{
	struct circ_hop hop;
	struct holder *h;
	struct rig r;
	size_t n;

	three_of(&r, 8);
	for (n = 3; n < 8; n++) {
		ntor_hop(&r, n, &hop);
		ck_assert_int_eq(circ_lengthen(r.circ, &hop), 0);
		ck_assert(!circ_is_built(r.circ));
		ck_assert_uint_eq(circ_nhops(r.circ), n + 1);
		ck_assert_uint_eq(circ_nbuilt(r.circ), n);
		rig_run(&r);
		ck_assert_uint_eq(r.built, n - 1);
		ck_assert_uint_eq(circ_nbuilt(r.circ), n + 1);
		ck_assert_mem_eq(circ_hopinfo(r.circ, n)->id.rsa,
		    hop.info.id.rsa, 20);
		ck_assert_uint_eq(r.sim->relay[n], n);
	}
	ck_assert_int_eq(circ_lengthen(r.circ, &hop), -EINVAL);
	h = rig_connect(&r, 0, SIM_ECHO, BYTES);
	holder_send(h, 1000);
	rig_run(&r);
	ck_assert_uint_eq(h->got, 1000);
	ck_assert_uint_eq(h->bad, 0);
	rig_free(&r);
}
END_TEST

START_TEST(circ_lengthen_what_is_in_use_or_not_there_is_refused)
{
	struct circ_hop hop;
	struct rig r;

	rig_init(&r, 4, 1);
	r.hops = 3;
	ntor_hop(&r, 3, &hop);
	ck_assert_int_eq(rig_start(&r, RIG_NTOR), 0);
	ck_assert_int_eq(circ_lengthen(r.circ, &hop), -ENOTCONN);
	rig_run(&r);
	r.sim = simnet_circ(r.net);
	hop.kind = HANDSHAKE_FAST;
	ck_assert_int_eq(circ_lengthen(r.circ, &hop), -EINVAL);
	hop.kind = HANDSHAKE_NTOR;
	rig_connect(&r, 0, SIM_MUTE, 0);
	ck_assert_int_eq(circ_lengthen(r.circ, &hop), -EBUSY);
	holder_kill(&r.h[0]);
	rig_run(&r);
	ck_assert_int_eq(circ_lengthen(r.circ, &hop), -EBUSY);
	rig_free(&r);

	three_of(&r, 4);
	ck_assert_int_eq(establish(&r), 0);
	ck_assert_int_eq(circ_lengthen(r.circ, &hop), -EBUSY);
	rig_free(&r);
}
END_TEST

START_TEST(circ_lengthen_a_hop_that_cannot_be_reached_ends_it)
{
	struct circ_hop hop;
	struct rig r;

	three_of(&r, 4);
	ntor_hop(&r, 3, &hop);
	r.net->knobs.truncate_at = 4;
	ck_assert_int_eq(circ_lengthen(r.circ, &hop), 0);
	closed(&r, CIRC_WHY_TRUNCATED);
	rig_free(&r);
}
END_TEST

START_TEST(circ_lengthen_without_room_waits_for_it)
{
	struct circ_hop hop;
	struct rig r;

	three_of(&r, 4);
	ntor_hop(&r, 3, &hop);
	fakechan_room(r.chan, 0);
	ck_assert_int_eq(circ_lengthen(r.circ, &hop), 0);
	rig_run(&r);
	ck_assert_uint_eq(r.sim->n, 3);
	fakechan_room(r.chan, 1);
	rig_run(&r);
	ck_assert_uint_eq(r.sim->n, 4);
	ck_assert(circ_is_built(r.circ));
	rig_free(&r);
}
END_TEST

/* --- messages --- */

START_TEST(circ_tell_rendezvous_is_established_and_met)
{
	struct rig r;

	rig_new(&r, 3, RIG_NTOR);
	ck_assert_int_eq(establish(&r), 0);
	rig_run(&r);
	ck_assert_uint_eq(r.sim->establishes, 1);
	ck_assert_mem_eq(r.sim->cookie, cookie, 20);
	ck_assert_uint_eq(r.messages, 1);
	ck_assert_uint_eq(r.message, RELAY_RENDEZVOUS_ESTABLISHED);
	rig_say(&r, RELAY_RENDEZVOUS2, 0, cookie, 7);
	rig_run(&r);
	ck_assert_uint_eq(r.messages, 2);
	ck_assert_uint_eq(r.message, RELAY_RENDEZVOUS2);
	ck_assert_uint_eq(r.message_len, 7);
	ck_assert_mem_eq(r.message_data, cookie, 7);
	ck_assert_uint_eq(r.gone, 0);
	rig_free(&r);
}
END_TEST

START_TEST(circ_tell_introduction_is_acknowledged)
{
	uint8_t text[RELAY_DATA_MAX];
	struct rig r;

	rand_bytes(text, sizeof(text));
	rig_new(&r, 4, RIG_NTOR);
	r.net->knobs.ack_status = 2;
	ck_assert_int_eq(circ_tell(r.circ, RELAY_INTRODUCE1, text, 490), 0);
	rig_run(&r);
	ck_assert_uint_eq(r.sim->introduce_len, 490);
	ck_assert_mem_eq(r.sim->introduce, text, 490);
	ck_assert_uint_eq(r.messages, 1);
	ck_assert_uint_eq(r.message, RELAY_INTRODUCE_ACK);
	ck_assert_uint_eq(r.message_data[1], 2);
	rig_free(&r);
}
END_TEST

START_TEST(circ_tell_anything_else_or_twice_is_refused)
{
	static const uint8_t data[RELAY_DATA_MAX + 1];
	struct rig r;

	rig_init(&r, 3, 1);
	ck_assert_int_eq(rig_start(&r, RIG_NTOR), 0);
	ck_assert_int_eq(establish(&r), -ENOTCONN);
	rig_run(&r);
	r.sim = simnet_circ(r.net);
	ck_assert_int_eq(circ_tell(r.circ, RELAY_RENDEZVOUS2, data, 1),
	    -EINVAL);
	ck_assert_int_eq(circ_tell(r.circ, RELAY_DATA, data, 1), -EINVAL);
	ck_assert_int_eq(circ_tell(r.circ, RELAY_INTRODUCE1, data,
	    sizeof(data)), -EMSGSIZE);
	ck_assert_int_eq(establish(&r), 0);
	ck_assert_int_eq(establish(&r), -EBUSY);
	ck_assert_int_eq(circ_tell(r.circ, RELAY_INTRODUCE1, data, 1), -EBUSY);
	rig_free(&r);
}
END_TEST

START_TEST(circ_tell_without_room_waits_and_is_not_answered_before)
{
	struct rig r;

	rig_new(&r, 3, RIG_NTOR);
	fakechan_room(r.chan, 0);
	ck_assert_int_eq(establish(&r), 0);
	rig_run(&r);
	ck_assert_uint_eq(r.sim->establishes, 0);
	fakechan_room(r.chan, 1);
	rig_run(&r);
	ck_assert_uint_eq(r.sim->establishes, 1);
	ck_assert_uint_eq(r.messages, 1);
	rig_free(&r);

	rig_new(&r, 3, RIG_NTOR);
	fakechan_room(r.chan, 0);
	ck_assert_int_eq(establish(&r), 0);
	rig_say(&r, RELAY_RENDEZVOUS_ESTABLISHED, 0, NULL, 0);
	(void)fakechan_in(r.chan);
	closed(&r, CIRC_WHY_PROTOCOL);
	ck_assert_uint_eq(r.messages, 0);
	rig_free(&r);
}
END_TEST

static const struct {
	const char	*name;
	uint8_t		 ask;		/* 0: nothing */
	uint8_t		 say[3];	/* by whom and what; 0: no more */
	uint8_t		 hop;		/* from 1 */
	uint8_t		 stream;
	unsigned	 messages;	/* that reach the owner */
} bad[] = {
	{ "established, not asked", 0, { 39 }, 3, 0, 0 },
	{ "ack, not asked", 0, { 40 }, 3, 0, 0 },
	{ "met, not asked", 0, { 37 }, 3, 0, 0 },
	{ "established twice", 33, { 39 }, 3, 0, 1 },
	{ "met twice", 33, { 37, 37 }, 3, 0, 2 },
	{ "established after met", 33, { 37, 39 }, 3, 0, 2 },
	{ "ack of a rendezvous", 33, { 40 }, 3, 0, 1 },
	{ "ack twice", 34, { 40 }, 3, 0, 1 },
	{ "established, of an introduction", 34, { 39 }, 3, 0, 1 },
	{ "met, of an introduction", 34, { 37 }, 3, 0, 1 },
	{ "met, on a stream", 33, { 37 }, 3, 5, 1 },
	{ "met, from the middle", 33, { 37 }, 2, 0, 1 },
	{ "met, from the guard", 33, { 37 }, 1, 0, 1 },
	{ "established, from the middle", 33, { 39 }, 2, 0, 1 },
	{ "what only relays get", 33, { 33 }, 3, 0, 1 },
	{ "INTRODUCE1", 33, { 34 }, 3, 0, 1 },
	{ "INTRODUCE2", 33, { 35 }, 3, 0, 1 },
	{ "RENDEZVOUS1", 33, { 36 }, 3, 0, 1 },
	{ "INTRO_ESTABLISHED", 33, { 38 }, 3, 0, 1 },
	{ "DROP", 33, { RELAY_DROP }, 3, 0, 1 },
	{ "SENDME", 33, { RELAY_SENDME }, 3, 0, 1 },
	{ "DATA", 33, { RELAY_DATA }, 3, 1, 1 },
	{ "another hop", 33, { RELAY_EXTENDED2 }, 3, 0, 1 },
};

START_TEST(circ_message_out_of_place_closes_it)
{
	struct rig r;
	size_t i;

	rig_new(&r, 3, RIG_NTOR);
	if (bad[_i].ask) {
		ck_assert_int_eq(circ_tell(r.circ, bad[_i].ask, cookie, 20),
		    0);
		rig_run(&r);
		ck_assert_uint_eq(r.messages, 1);
	}
	for (i = 0; i < 3 && bad[_i].say[i]; i++) {
		ck_assert_uint_eq(r.gone, 0);
		simcirc_say(r.sim, bad[_i].hop - 1u, bad[_i].say[i],
		    bad[_i].stream, cookie, 20);
		rig_run(&r);
	}
	ck_assert_msg(r.gone == 1, "%s", bad[_i].name);
	ck_assert_int_eq(r.why, CIRC_WHY_PROTOCOL);
	ck_assert_uint_eq(r.messages, bad[_i].messages);
	rig_free(&r);
}
END_TEST

START_TEST(circ_message_that_its_owner_refuses_closes_it)
{
	struct rig r;

	rig_new(&r, 3, RIG_NTOR);
	r.message_rc = -EPROTO;
	ck_assert_int_eq(establish(&r), 0);
	closed(&r, CIRC_WHY_PROTOCOL);
	ck_assert_uint_eq(r.messages, 1);
	rig_free(&r);
}
END_TEST

static void
kill_at_message(struct rig *r, int what)
{
	struct circ *c = r->circ;

	if (what != ON_MESSAGE)
		return;
	r->circ = NULL;
	circ_kill(c, CIRC_WHY_FINISHED);
}

START_TEST(circ_message_may_end_its_circuit)
{
	struct rig r;

	rig_new(&r, 3, RIG_NTOR);
	r.on = kill_at_message;
	r.message_rc = -EPROTO;
	ck_assert_int_eq(establish(&r), 0);
	rig_run(&r);
	ck_assert_uint_eq(r.gone, 0);
	rig_free(&r);
}
END_TEST

/* --- the service --- */

static struct holder *
connect_service(struct rig *r, uint16_t port)
{
	return rig_connect_host(r, 0, "", port, BYTES * 2);
}

START_TEST(circ_join_service_streams_go_to_it_both_ways)
{
	struct holder *h;
	struct rig r;

	joined(&r, _i);
	ck_assert(circ_is_built(r.circ));
	ck_assert_int_eq(circ_is_of_service(r.circ), 1);
	ck_assert_uint_eq(circ_nhops(r.circ), 3);
	ck_assert_uint_eq(circ_nbuilt(r.circ), 3);
	h = connect_service(&r, SIM_ECHO);
	holder_send(h, BYTES);
	rig_run(&r);
	ck_assert_uint_eq(h->opened, 1);
	ck_assert_uint_eq(h->sent, BYTES);
	ck_assert_uint_eq(h->got, BYTES);
	ck_assert_uint_eq(h->bad, 0);
	ck_assert_str_eq(simcirc_streams(r.sim)->host, "");
	ck_assert_uint_gt(r.sim->sendmes_in, 0);
	ck_assert_uint_gt(r.sim->sendmes_out, 0);
	rig_free(&r);
}
END_TEST

START_TEST(circ_join_service_no_name_is_told_and_nothing_looked_up)
{
	struct circ_lookup *l;
	struct endpoint *e;
	struct rig r;

	rig_new(&r, 3, RIG_NTOR);
	ck_assert_int_eq(circ_connect(r.circ, "", 80, 0, &e), -EINVAL);
	ck_assert_int_eq(circ_is_of_service(r.circ), 0);
	rig_free(&r);
	joined(&r, 1);
	ck_assert_int_eq(circ_connect(r.circ, "a.onion", 80, 0, &e), -EINVAL);
	ck_assert_int_eq(circ_connect(r.circ, "", 80, BEGIN_IPV6_OK, &e),
	    -EINVAL);
	ck_assert_int_eq(circ_connect(r.circ, "", 0, 0, &e), -EINVAL);
	ck_assert_int_eq(circ_begin_dir(r.circ, &e), -ENOTCONN);
	ck_assert_int_eq(circ_resolve(r.circ, "a", NULL, NULL, &l),
	    -ENOTCONN);
	ck_assert_int_eq(circ_tell(r.circ, RELAY_INTRODUCE1, cookie, 20),
	    -ENOTCONN);
	ck_assert_int_eq(circ_join_service(r.circ, &keys, 0, 0), -ENOTCONN);
	rig_free(&r);
}
END_TEST

START_TEST(circ_join_service_what_cannot_be_is_refused)
{
	struct rig r;

	rig_new(&r, CIRC_HOPS_MAX, RIG_NTOR);
	ck_assert_int_eq(circ_join_service(r.circ, &keys, 0, 0), -EINVAL);
	rig_free(&r);
	rig_new(&r, 3, RIG_NTOR);
	ck_assert_int_eq(circ_join_service(r.circ, &keys, 1, 0), -EINVAL);
	rig_connect(&r, 0, SIM_MUTE, 0);
	ck_assert_int_eq(circ_join_service(r.circ, &keys, 0, 0), -EBUSY);
	rig_free(&r);
}
END_TEST

static const struct {
	const char	*name;
	uint8_t		 cmd;
	uint8_t		 hop;		/* from 1; 4 is the service */
	uint8_t		 on_stream;
	enum circ_why	 why;
} late[] = {
	{ "DATA from the rendezvous point", RELAY_DATA, 3, 1,
	    CIRC_WHY_PROTOCOL },
	{ "CONNECTED from it", RELAY_CONNECTED, 3, 1, CIRC_WHY_PROTOCOL },
	{ "END from it", RELAY_END, 3, 1, CIRC_WHY_PROTOCOL },
	{ "SENDME from it", RELAY_SENDME, 3, 0, CIRC_WHY_PROTOCOL },
	{ "RENDEZVOUS2 from it", RELAY_RENDEZVOUS2, 3, 0, CIRC_WHY_PROTOCOL },
	{ "ESTABLISHED from it", RELAY_RENDEZVOUS_ESTABLISHED, 3, 0,
	    CIRC_WHY_PROTOCOL },
	{ "DROP from it", RELAY_DROP, 3, 0, CIRC_WHY_PROTOCOL },
	{ "DATA from the middle", RELAY_DATA, 2, 1, CIRC_WHY_PROTOCOL },
	{ "TRUNCATED from it", RELAY_TRUNCATED, 3, 0, CIRC_WHY_TRUNCATED },
	{ "TRUNCATED from the guard", RELAY_TRUNCATED, 1, 0,
	    CIRC_WHY_TRUNCATED },
	{ "TRUNCATED from the service", RELAY_TRUNCATED, 4, 0,
	    CIRC_WHY_PROTOCOL },
	{ "RENDEZVOUS2 from the service", RELAY_RENDEZVOUS2, 4, 0,
	    CIRC_WHY_PROTOCOL },
	{ "EXTENDED2 from the service", RELAY_EXTENDED2, 4, 0,
	    CIRC_WHY_PROTOCOL },
	{ "LINKED from the service", RELAY_CONFLUX_LINKED, 4, 0,
	    CIRC_WHY_PROTOCOL },
	{ "SWITCH from the service", RELAY_CONFLUX_SWITCH, 4, 0,
	    CIRC_WHY_PROTOCOL },
	{ "BEGIN from the service", RELAY_BEGIN, 4, 1, CIRC_WHY_PROTOCOL },
	{ "DROP from the service", RELAY_DROP, 4, 0, CIRC_WHY_PROTOCOL },
	{ "SENDME that is not due", RELAY_SENDME, 4, 0, CIRC_WHY_PROTOCOL },
};

START_TEST(circ_join_service_other_messages_close_it)
{
	struct rig r;

	joined(&r, 1);
	connect_service(&r, SIM_MUTE);
	rig_run(&r);
	simcirc_say(r.sim, late[_i].hop - 1u, late[_i].cmd,
	    late[_i].on_stream ? rig_last_id(&r) : 0, cookie, 20);
	rig_run(&r);
	ck_assert_msg(r.gone == 1, "%s", late[_i].name);
	ck_assert_int_eq(r.why, late[_i].why);
	ck_assert_uint_eq(r.h[0].gones, 1);
	ck_assert_int_eq(r.h[0].why, -ECONNRESET);
	rig_free(&r);
}
END_TEST

START_TEST(circ_join_service_sendmes_that_quote_another_cell_close_it)
{
	struct holder *h;
	struct rig r;

	joined(&r, _i);
	r.net->knobs.bad_sendmes = 1;
	h = connect_service(&r, SIM_SINK);
	holder_send(h, BYTES);
	closed(&r, CIRC_WHY_PROTOCOL);
	rig_free(&r);
}
END_TEST

START_TEST(circ_join_service_a_cell_that_was_changed_closes_it)
{
	struct rig r;

	joined(&r, 0);
	connect_service(&r, SIM_MUTE);
	simcirc_say_flipped(r.sim, 3, RELAY_CONNECTED, 1, NULL, 0, 100);
	closed(&r, CIRC_WHY_PROTOCOL);
	rig_free(&r);
}
END_TEST

/* --- padding --- */

static void
padded(struct rig *r, size_t nhops)
{
	rig_init(r, nhops, 1);
	r->pad = 1;
	rig_build(r, RIG_NTOR);
}

START_TEST(circpad_rendezvous_has_one_drop_each_way)
{
	struct holder *h;
	struct rig r;

	padded(&r, 3);
	ck_assert_int_eq(establish(&r), 0);
	rig_run(&r);
	ck_assert_uint_eq(r.sim->pad_asked, 1);
	ck_assert_uint_eq(r.sim->pad_machine, 1);
	ck_assert_uint_eq(r.sim->pad_drops, 1);
	ck_assert_int_eq(circ_should_stay(r.circ), 0);
	rig_say(&r, RELAY_RENDEZVOUS2, 0, cookie, sizeof(cookie));
	rig_run(&r);
	join(&r, 1);
	h = connect_service(&r, SIM_ECHO);
	holder_send(h, 5000);
	rig_run(&r);
	ck_assert_uint_eq(h->got, 5000);
	rig_free(&r);
}
END_TEST

START_TEST(circpad_introduction_gets_some_and_its_circuit_stays)
{
	struct rig r;

	padded(&r, 4);
	ck_assert_int_eq(circ_should_stay(r.circ), 0);
	ck_assert_int_eq(circ_tell(r.circ, RELAY_INTRODUCE1, cookie, 20), 0);
	rig_run(&r);
	ck_assert_uint_eq(r.messages, 1);
	ck_assert_uint_eq(r.sim->pad_asked, 1);
	ck_assert_uint_eq(r.sim->pad_machine, 0);
	ck_assert_uint_eq(r.sim->pad_drops, 0);
	ck_assert_int_eq(circ_should_stay(r.circ), 1);
	rig_free(&r);
}
END_TEST

/* By ->pad, by the hop's own word, and without room. */
START_TEST(circpad_where_it_cannot_be_nothing_is_negotiated)
{
	struct rig r;

	rig_init(&r, 4, 1);
	r.pad = _i > 0;
	rig_build(&r, RIG_NTOR);
	r.net->knobs.pad_refused = _i == 1;
	if (_i == 2)
		fakechan_room(r.chan, 1);
	ck_assert_int_eq(circ_tell(r.circ, RELAY_INTRODUCE1, cookie, 20), 0);
	rig_run(&r);
	ck_assert_uint_eq(r.messages, 1);
	ck_assert_uint_eq(r.sim->pad_asked, _i == 1);
	ck_assert_int_eq(circ_should_stay(r.circ), 0);
	ck_assert_uint_eq(r.gone, 0);
	simcirc_say(r.sim, 1, RELAY_DROP, 0, NULL, 0);
	closed(&r, CIRC_WHY_PROTOCOL);
	rig_free(&r);
}
END_TEST

enum { D = 0xd0 };	/* a DROP; else what NEGOTIATED says */

static const struct {
	const char	*name;
	uint8_t		 first[8];	/* by hop 2; then: */
	uint8_t		 then[8];
	uint8_t		 drops;		/* in between */
	uint8_t		 hop, stream;
	uint8_t		 len;
} pads[] = {
	{ "DROP before it was negotiated", { D }, { 0 }, 0, 2, 0, 8 },
	{ "another version", { 1, 2, 1, 0, 0, 0, 0, 1 }, { 0 }, 0, 2, 0, 8 },
	{ "another command", { 0, 3, 1, 0, 0, 0, 0, 1 }, { 0 }, 0, 2, 0, 8 },
	{ "another response", { 0, 2, 3, 0, 0, 0, 0, 1 }, { 0 }, 0, 2, 0, 8 },
	{ "another machine", { 0, 2, 1, 1, 0, 0, 0, 1 }, { 0 }, 0, 2, 0, 8 },
	{ "another counter", { 0, 2, 1, 0, 0, 0, 0, 2 }, { 0 }, 0, 2, 0, 8 },
	{ "cut short", { 0, 2, 1, 0, 0, 0, 0, 1 }, { 0 }, 0, 2, 0, 7 },
	{ "on a stream", { 0, 2, 1, 0, 0, 0, 0, 1 }, { 0 }, 0, 2, 9, 8 },
	{ "from hop 3", { 0, 2, 1, 0, 0, 0, 0, 1 }, { 0 }, 0, 3, 0, 8 },
	{ "from hop 1", { 0, 2, 1, 0, 0, 0, 0, 1 }, { 0 }, 0, 1, 0, 8 },
	{ "STOP before START", { 0, 1, 1, 0, 0, 0, 0, 1 }, { 0 }, 0, 2, 0, 8 },
	{ "START twice", { 0, 2, 1, 0, 0, 0, 0, 1 },
	    { 0, 2, 1, 0, 0, 0, 0, 1 }, 0, 2, 0, 8 },
	{ "DROP after a refusal", { 0, 2, 2, 0, 0, 0, 0, 1 }, { D }, 0, 2, 0,
	    8 },
	{ "one DROP too many", { 0, 2, 1, 0, 0, 0, 0, 1 }, { D }, 10, 2, 0,
	    8 },
};

static void
say_pad(struct rig *r, int i, const uint8_t what[8])
{
	if (what[0] == D)
		simcirc_say(r->sim, pads[i].hop - 1u, RELAY_DROP, 0, NULL, 0);
	else
		simcirc_say(r->sim, pads[i].hop - 1u,
		    RELAY_PADDING_NEGOTIATED, pads[i].stream, what,
		    pads[i].len);
	rig_run(r);
}

START_TEST(circpad_what_was_not_negotiated_closes_the_circuit)
{
	struct rig r;
	int n;

	padded(&r, 4);
	r.net->knobs.pad_mute = 1;
	ck_assert_int_eq(circ_tell(r.circ, RELAY_INTRODUCE1, cookie, 20), 0);
	rig_run(&r);
	ck_assert_uint_eq(r.sim->pad_asked, 1);
	say_pad(&r, _i, pads[_i].first);
	for (n = 0; n < pads[_i].drops; n++) {
		simcirc_say(r.sim, 1, RELAY_DROP, 0, NULL, 0);
		rig_run(&r);
	}
	if (pads[_i].then[0] || pads[_i].then[1]) {
		ck_assert_msg(r.gone == 0, "%s", pads[_i].name);
		say_pad(&r, _i, pads[_i].then);
	}
	ck_assert_msg(r.gone == 1, "%s", pads[_i].name);
	ck_assert_int_eq(r.why, CIRC_WHY_PROTOCOL);
	rig_free(&r);
}
END_TEST

START_TEST(circpad_drops_after_stop_close_the_circuit)
{
	struct rig r;

	padded(&r, _i ? 4 : 3);
	if (_i)
		ck_assert_int_eq(circ_tell(r.circ, RELAY_INTRODUCE1, cookie,
		    20), 0);
	else
		ck_assert_int_eq(establish(&r), 0);
	rig_run(&r);
	ck_assert_uint_eq(r.gone, 0);
	simcirc_say(r.sim, 1, RELAY_DROP, 0, NULL, 0);
	closed(&r, CIRC_WHY_PROTOCOL);
	rig_free(&r);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(circ_lengthen_adds_a_hop_and_announces_it_again),
	UNIT(circ_lengthen_what_is_in_use_or_not_there_is_refused),
	UNIT(circ_lengthen_a_hop_that_cannot_be_reached_ends_it),
	UNIT(circ_lengthen_without_room_waits_for_it),
	UNIT(circ_tell_rendezvous_is_established_and_met),
	UNIT(circ_tell_introduction_is_acknowledged),
	UNIT(circ_tell_anything_else_or_twice_is_refused),
	UNIT(circ_tell_without_room_waits_and_is_not_answered_before),
	UNIT_LOOP(circ_message_out_of_place_closes_it, NELEM(bad)),
	UNIT(circ_message_that_its_owner_refuses_closes_it),
	UNIT(circ_message_may_end_its_circuit),
	UNIT_LOOP(circ_join_service_streams_go_to_it_both_ways, 2),
	UNIT(circ_join_service_no_name_is_told_and_nothing_looked_up),
	UNIT(circ_join_service_what_cannot_be_is_refused),
	UNIT_LOOP(circ_join_service_other_messages_close_it, NELEM(late)),
	UNIT_LOOP(circ_join_service_sendmes_that_quote_another_cell_close_it,
	    2),
	UNIT(circ_join_service_a_cell_that_was_changed_closes_it),
	UNIT(circpad_rendezvous_has_one_drop_each_way),
	UNIT(circpad_introduction_gets_some_and_its_circuit_stays),
	UNIT_LOOP(circpad_where_it_cannot_be_nothing_is_negotiated, 3),
	UNIT_LOOP(circpad_what_was_not_negotiated_closes_the_circuit,
	    NELEM(pads)),
	UNIT_LOOP(circpad_drops_after_stop_close_the_circuit, 2),
};
UNIT_MAIN("circ_service", tests)

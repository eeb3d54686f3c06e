/* tests/onion/circ/test_attach.c - streams and lookups, and their tries */
#include "tests/unit.h"

#include <errno.h>
#include <string.h>

#include "base/addr.h"
#include "onion/circ/relaymsg.h"
#include "onion/circ/resolvemsg.h"
#include "onion/link/chan.h"
#include "tests/onion/circ/poolrig.h"
#include "tests/sim/simlink.h"

static const char HOST[] = "www.example.test";

/* --- what goes well --- */

START_TEST(attach_connect_opens_and_carries_both_ways)
{
	struct poolrig r = { .no_attach = 0 };
	struct hold h = { .on = NULL };

	poolrig_new(&r);
	ck_assert_int_eq(hold_connect(&r, &h, 1, HOST, SIM_ECHO), 0);
	poolrig_run(&r, 3000);
	ck_assert_uint_eq(h.opened, 1);
	ck_assert_uint_eq(hold_send(&h, 0, 2000), 2000);
	poolrig_run(&r, 1000);
	ck_assert_uint_eq(h.got, 2000);
	ck_assert_uint_eq(h.bad, 0);
	hold_kill(&h);
	poolrig_run(&r, 1000);
	ck_assert_uint_eq(h.gones, 0);
	poolrig_free(&r);
}
END_TEST

START_TEST(attach_connect_end_in_order_is_fin_then_gone)
{
	struct poolrig r = { .no_attach = 0 };
	struct hold h = { .on = NULL };

	poolrig_new(&r);
	r.net->source = 5000;
	ck_assert_int_eq(hold_connect(&r, &h, 1, HOST, SIM_SOURCE), 0);
	poolrig_run(&r, 3000);
	ck_assert_uint_eq(h.got, 5000);
	ck_assert_uint_eq(h.bad, 0);
	ck_assert_uint_eq(h.fins, 1);
	ck_assert_uint_eq(h.gones, 1);
	ck_assert_int_eq(h.why, 0);
	poolrig_free(&r);
}
END_TEST

START_TEST(attach_connect_early_bytes_and_fin_travel_with_begin)
{
	struct poolrig r = { .no_attach = 0 };
	struct hold h = { .on = NULL };
	struct simstream *st;

	poolrig_new(&r);
	ck_assert_int_eq(hold_connect(&r, &h, 1, HOST, SIM_SINK), 0);
	ck_assert_uint_eq(hold_send(&h, 0, 3000), 3000);
	endpoint_fin(h.e);
	ck_assert_uint_eq(hold_send(&h, 0, 10), 0);	/* after fin */
	poolrig_run(&r, 3000);
	ck_assert_uint_eq(h.opened, 1);
	st = poolrig_stream(&r, HOST, NULL);
	ck_assert_uint_eq(st->got, 3000);
	ck_assert_uint_eq(st->bad, 0);
	poolrig_free(&r);
}
END_TEST

START_TEST(attach_connect_more_than_early_max_gets_room_once_open)
{
	struct poolrig r = { .no_attach = 0 };
	struct hold h = { .on = NULL };
	size_t more = 500;

	poolrig_new(&r);
	ck_assert_int_eq(hold_connect(&r, &h, 1, HOST, SIM_SINK), 0);
	ck_assert_uint_eq(hold_send(&h, 0, ATTACH_EARLY_MAX + 1000),
	    ATTACH_EARLY_MAX);
	ck_assert_uint_eq(hold_send(&h, ATTACH_EARLY_MAX, 1), 0);
	poolrig_run(&r, 3000);
	ck_assert_uint_eq(h.opened, 1);
	ck_assert_uint_eq(h.rooms, 1);
	ck_assert_uint_eq(hold_send(&h, ATTACH_EARLY_MAX, more), more);
	poolrig_run(&r, 3000);
	ck_assert_uint_eq(poolrig_stream(&r, HOST, NULL)->got,
	    ATTACH_EARLY_MAX + more);
	ck_assert_uint_eq(poolrig_stream(&r, HOST, NULL)->bad, 0);
	poolrig_free(&r);
}
END_TEST

/* --- reasons --- */

static const struct {
	uint8_t		 reason;
	int		 why;		/* of gone() */
	unsigned	 tries, exits;
} reason_cases[] = {
	{ END_MISC,		-ECONNREFUSED,	3, 3 },
	{ END_RESOLVEFAILED,	-ENOENT,	3, 3 },
	{ END_CONNECTREFUSED,	-ECONNREFUSED,	1, 1 },
	{ END_EXITPOLICY,	-EHOSTUNREACH,	3, 3 },
	{ END_DESTROY,		-ECONNRESET,	3, 3 },
	{ END_DONE,		-ECONNRESET,	1, 1 },
	{ END_TIMEOUT,		-ETIMEDOUT,	1, 1 },
	{ END_NOROUTE,		-EHOSTUNREACH,	3, 3 },
	{ END_HIBERNATING,	-EAGAIN,	3, 3 },
	{ END_INTERNAL,		-ECONNRESET,	1, 1 },
	{ END_RESOURCELIMIT,	-EAGAIN,	3, 3 },
	{ END_CONNRESET,	-ECONNRESET,	1, 1 },
	{ END_TORPROTOCOL,	-ECONNRESET,	3, 3 },
	{ END_NOTDIRECTORY,	-ECONNREFUSED,	1, 1 },
	{ 99,			-ECONNRESET,	1, 1 },	/* unknown */
};

START_TEST(attach_connect_refused_is_retried_as_the_reason_allows)
{
	struct poolrig r = { .no_attach = 0 };
	struct hold h = { .on = NULL };
	unsigned tries, exits;

	poolrig_new(&r);
	ck_assert_int_eq(hold_connect(&r, &h, 1, HOST,
	    SIM_REFUSE + reason_cases[_i].reason), 0);
	poolrig_run(&r, 60000);
	tries = poolrig_seen(&r, HOST, &exits);
	ck_assert_uint_eq(h.opened, 0);
	ck_assert_uint_eq(h.gones, 1);
	ck_assert_int_eq(h.why, reason_cases[_i].why);
	ck_assert_uint_eq(tries, reason_cases[_i].tries);
	ck_assert_uint_ge(exits, reason_cases[_i].exits);
	poolrig_free(&r);
}
END_TEST

/* Bad for all others is only an exit that is short of something. */
START_TEST(attach_connect_refused_marks_exit_only_if_short_of_something)
{
	uint8_t reason = reason_cases[_i].reason;
	struct poolrig r = { .no_attach = 0 };
	struct hold h = { .on = NULL };
	unsigned i, bad = 0;

	poolrig_new(&r);
	ck_assert_int_eq(hold_connect(&r, &h, 1, "192.0.2.7",
	    SIM_REFUSE + reason), 0);
	poolrig_run(&r, 60000);
	ck_assert_uint_eq(h.gones, 1);
	for (i = 0; i < POOLRIG_RELAYS; i++)
		bad += path_exit_is_bad(r.path, r.net->relay[i].rsa_id) != 0;
	if (reason == END_HIBERNATING || reason == END_RESOURCELIMIT)
		ck_assert_uint_eq(bad, 3);
	else
		ck_assert_uint_eq(bad, 0);
	poolrig_free(&r);
}
END_TEST

/* A page full of closed ports must not go through circuits. */
START_TEST(attach_connect_refused_often_spends_no_circuits)
{
	struct poolrig r = { .no_attach = 0 };
	struct hold h = { .on = NULL };
	unsigned i, before;

	poolrig_new(&r);
	ck_assert_int_eq(hold_connect(&r, &h, 1, HOST,
	    SIM_REFUSE + END_MISC), 0);
	poolrig_run(&r, 5000);
	ck_assert_uint_eq(h.gones, 1);
	before = r.building;
	for (i = 0; i < 50; i++) {
		ck_assert_int_eq(hold_connect(&r, &h, 1, HOST,
		    SIM_REFUSE + END_MISC), 0);
		poolrig_run(&r, 5000);
		ck_assert_uint_eq(h.gones, 1);
	}
	ck_assert_uint_eq(r.building, before);
	poolrig_free(&r);
}
END_TEST

START_TEST(attach_connect_torprotocol_closes_the_circuit)
{
	struct poolrig r = { .no_attach = 0 };
	struct hold other = { .on = NULL }, h = { .on = NULL };

	poolrig_new(&r);
	ck_assert_int_eq(hold_connect(&r, &other, 1, HOST, SIM_MUTE), 0);
	poolrig_run(&r, 3000);
	ck_assert_uint_eq(other.opened, 1);
	ck_assert_int_eq(hold_connect(&r, &h, 1, "b.test",
	    SIM_REFUSE + END_TORPROTOCOL), 0);
	poolrig_run(&r, 3000);
	ck_assert_uint_eq(other.gones, 1);
	ck_assert_int_eq(other.why, -ECONNRESET);
	poolrig_free(&r);
}
END_TEST

START_TEST(attach_connect_closed_after_open_is_not_retried)
{
	struct poolrig r = { .no_attach = 0 };
	struct hold h = { .on = NULL };

	poolrig_new(&r);
	ck_assert_int_eq(hold_connect(&r, &h, 1, HOST,
	    SIM_CLOSE + END_MISC), 0);
	poolrig_run(&r, 10000);
	ck_assert_uint_eq(h.opened, 1);
	ck_assert_uint_eq(h.gones, 1);
	ck_assert_int_eq(h.why, -ECONNRESET);
	ck_assert_uint_eq(poolrig_seen(&r, HOST, NULL), 1);
	poolrig_free(&r);
}
END_TEST

/* EXITPOLICY with the address that the exit found. */
static const struct {
	const char	*name;
	const char	*body;
	size_t		 len;
	int		 why;
	unsigned	 tries;
} policy_cases[] = {
	{ "elsewhere", "\4\1\2\3\4\0\0\0\1", 9, -EHOSTUNREACH, 3 },
	{ "0.0.0.0", "\4\0\0\0\0\0\0\0\1", 9, -EACCES, 1 },
	{ "internal", "\4\12\0\0\1\0\0\0\1", 9, -EACCES, 1 },
	{ "v6 not wanted", "\4\x26\x07\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\1",
	    21, -EACCES, 1 },
};

static unsigned
say_policy(struct poolrig *r, const char *body, size_t len)
{
	struct simstream *st;
	struct simcirc *c;
	unsigned n = 0;

	for (c = r->net->circs; c; c = c->next)
		for (st = c->streams; st; st = st->next) {
			if (st->port != SIM_DEAD || st->ended ||
			    c->destroyed)
				continue;
			st->ended = 1;
			simcirc_say(c, c->n - 1, RELAY_END, st->id, body, len);
			n++;
		}
	return n;
}

START_TEST(attach_connect_exitpolicy_address_is_judged)
{
	struct poolrig r = { .aconf = { .reject_internal = 1 } };
	struct hold h = { .on = NULL };
	unsigned n = 0, i;

	poolrig_new(&r);
	ck_assert_int_eq(hold_connect(&r, &h, 1, HOST, SIM_DEAD), 0);
	for (i = 0; i < 1000 && !h.gones; i++) {
		poolrig_run(&r, 20);
		n += say_policy(&r, policy_cases[_i].body,
		    policy_cases[_i].len);
	}
	ck_assert_msg(h.why == policy_cases[_i].why, "%s: %d",
	    policy_cases[_i].name, h.why);
	ck_assert_uint_eq(n, policy_cases[_i].tries);
	poolrig_free(&r);
}
END_TEST

/* 1, 0: ClientDNSRejectInternalAddresses */
START_TEST(attach_connect_internal_answer_is_eacces_at_once)
{
	struct poolrig r = { .pconf = { .reject_internal = _i } };
	struct hold h = { .on = NULL };

	poolrig_new(&r);
	addr_v4(&r.net->exit_addr, 0x0a000001, 0);
	ck_assert_int_eq(hold_connect(&r, &h, 1, HOST, SIM_ECHO), 0);
	poolrig_run(&r, 5000);
	ck_assert_uint_eq(h.opened, !_i);
	ck_assert_int_eq(h.why, _i ? -EACCES : 0);
	ck_assert_uint_eq(poolrig_seen(&r, HOST, NULL), 1);
	poolrig_free(&r);
}
END_TEST

/* EXITPOLICY with an internal address: the answer, or one exit's opinion. */
START_TEST(attach_connect_internal_policy_address_is_obeyed_as_configured)
{
	struct poolrig r = { .aconf = { .reject_internal = _i } };
	struct hold h = { .on = NULL };
	unsigned n = 0, i;

	poolrig_new(&r);
	ck_assert_int_eq(hold_connect(&r, &h, 1, HOST, SIM_DEAD), 0);
	for (i = 0; i < 1000 && !h.gones; i++) {
		poolrig_run(&r, 20);
		n += say_policy(&r, "\4\12\0\0\1\0\0\0\1", 9);
	}
	ck_assert_int_eq(h.why, _i ? -EACCES : -EHOSTUNREACH);
	ck_assert_uint_eq(n, _i ? 1 : ATTACH_FAILURES_MAX);
	poolrig_free(&r);
}
END_TEST

/* --- retries in full --- */

START_TEST(attach_connect_retry_repeats_early_bytes_and_fin)
{
	struct poolrig r = { .no_attach = 0 };
	struct hold h = { .on = NULL };
	struct simstream *first, *second;
	struct simcirc *c1, *c2;

	poolrig_new(&r);
	ck_assert_int_eq(hold_connect(&r, &h, 1, HOST, SIM_DEAD), 0);
	ck_assert_uint_eq(hold_send(&h, 0, 5000), 5000);
	poolrig_run(&r, 3000);
	first = poolrig_stream(&r, HOST, &c1);
	ck_assert_uint_eq(first->got, 5000);
	ck_assert_uint_eq(hold_send(&h, 5000, 100), 100);
	endpoint_fin(h.e);
	poolrig_run(&r, 500);
	ck_assert_uint_eq(first->got, 5100);
	simcirc_say(c1, c1->n - 1, RELAY_END, first->id, "\1", 1);
	poolrig_run(&r, 3000);
	second = poolrig_stream(&r, HOST, &c2);
	ck_assert_ptr_ne(c1, c2);
	ck_assert_uint_ne(c1->relay[2], c2->relay[2]);
	ck_assert_uint_eq(second->got, 5100);
	ck_assert_uint_eq(second->bad, 0);
	ck_assert_uint_eq(h.gones, 0);
	poolrig_free(&r);
}
END_TEST

START_TEST(attach_connect_circuit_lost_while_trying_is_tried_elsewhere)
{
	struct poolrig r = { .no_attach = 0 };
	struct hold h = { .on = NULL };
	struct simcirc *c;

	poolrig_new(&r);
	ck_assert_int_eq(hold_connect(&r, &h, 1, HOST, SIM_DEAD), 0);
	poolrig_run(&r, 3000);
	poolrig_stream(&r, HOST, &c);
	simcirc_cell(c, 4, "\11", 1);		/* DESTROY */
	c->destroyed = 1;
	poolrig_run(&r, 3000);
	ck_assert_uint_eq(poolrig_seen(&r, HOST, NULL), 2);
	ck_assert_uint_eq(h.gones, 0);
	poolrig_free(&r);
}
END_TEST

START_TEST(attach_connect_circuit_lost_when_open_ends_the_stream)
{
	struct poolrig r = { .no_attach = 0 };
	struct hold h = { .on = NULL };
	struct simcirc *c;

	poolrig_new(&r);
	ck_assert_int_eq(hold_connect(&r, &h, 1, HOST, SIM_MUTE), 0);
	poolrig_run(&r, 3000);
	poolrig_stream(&r, HOST, &c);
	simcirc_cell(c, 4, "\11", 1);
	c->destroyed = 1;
	poolrig_run(&r, 1000);
	ck_assert_uint_eq(h.gones, 1);
	ck_assert_int_eq(h.why, -ECONNRESET);
	ck_assert_uint_eq(poolrig_seen(&r, HOST, NULL), 1);
	poolrig_free(&r);
}
END_TEST

/* 10 s, 10 s, then 15 s each; 120 s in all. */
START_TEST(attach_connect_silent_exits_are_left_in_time)
{
	static const struct { int64_t at; unsigned tries; } steps[] = {
		{ 9000, 1 }, { 12000, 2 }, { 19000, 2 }, { 23000, 3 },
		{ 33000, 3 }, { 38000, 4 }, { 119000, 9 }
	};
	struct poolrig r = { .no_attach = 0 };
	struct hold h = { .on = NULL };
	unsigned exits;
	int64_t at = 0;
	size_t i;

	poolrig_new(&r);
	ck_assert_int_eq(hold_connect(&r, &h, 1, HOST, SIM_DEAD), 0);
	for (i = 0; i < NELEM(steps); i++) {
		poolrig_run(&r, steps[i].at - at);
		at = steps[i].at;
		ck_assert_uint_eq(poolrig_seen(&r, HOST, &exits),
		    steps[i].tries);
		if (exits < 9)
			ck_assert_uint_eq(exits, steps[i].tries);
		ck_assert_uint_eq(h.gones, 0);
	}
	poolrig_run(&r, 2000);
	ck_assert_uint_eq(h.gones, 1);
	ck_assert_int_eq(h.why, -ETIMEDOUT);
	poolrig_free(&r);
}
END_TEST

START_TEST(attach_connect_without_network_ends_after_total_time)
{
	struct poolrig r = { .aconf = { .total_ms = 30000 } };
	struct hold h = { .on = NULL };

	poolrig_new(&r);
	poolrig_dark(&r, 1);
	ck_assert_int_eq(hold_connect(&r, &h, 1, HOST, SIM_ECHO), 0);
	poolrig_run(&r, 29000);
	ck_assert_uint_eq(h.gones, 0);
	poolrig_run(&r, 1500);
	ck_assert_uint_eq(h.gones, 1);
	ck_assert_int_eq(h.why, -ETIMEDOUT);
	poolrig_free(&r);
}
END_TEST

static void
no_mail(struct poolrig *r)
{
	size_t i;

	for (i = 0; i < POOLRIG_RELAYS; i++)
		strcpy(poolrig_listed(r, i)->p, "reject 25");
}

START_TEST(attach_connect_port_that_no_exit_takes_fails_at_once)
{
	struct poolrig r = { .edit = no_mail };
	struct hold h = { .on = NULL };

	poolrig_new(&r);
	ck_assert_int_eq(hold_connect(&r, &h, 1, HOST, 25), 0);
	poolrig_run(&r, 100);
	ck_assert_uint_eq(h.gones, 1);
	ck_assert_int_eq(h.why, -ENETUNREACH);
	poolrig_free(&r);
}
END_TEST

static const struct {
	const char *host;
	uint16_t port;
} bad_targets[] = { { "", 80 }, { "a.test", 0 }, { "a b", 80 } };

START_TEST(attach_connect_impossible_target_is_einval_and_costs_nothing)
{
	struct poolrig r = { .no_attach = 0 };
	struct hold h = { .on = NULL };
	struct attach_totals t;

	poolrig_new(&r);
	ck_assert_int_eq(hold_connect(&r, &h, 1, bad_targets[_i].host,
	    bad_targets[_i].port), -EINVAL);
	attach_totals(r.attach, &t);
	ck_assert_uint_eq(t.streams + t.waiting, 0);
	poolrig_run(&r, 1000);
	ck_assert_uint_eq(r.building, 0);
	poolrig_free(&r);
}
END_TEST

/* --- IPv6 --- */

static void
some_v6(struct poolrig *r)
{
	strcpy(poolrig_listed(r, 3)->p6, "accept 1-65535");
}

START_TEST(attach_connect_v6_address_goes_to_exit_that_takes_it)
{
	struct poolrig r = { .edit = some_v6 };
	struct hold h = { .on = NULL };
	struct simcirc *c;
	struct addr a6 = { .family = 6, .ip = { 0x26, 7 } };

	poolrig_new(&r);
	r.net->exit_addr = a6;
	ck_assert_int_eq(hold_connect(&r, &h, 1, "2607::1", SIM_ECHO), 0);
	poolrig_run(&r, 10000);
	ck_assert_uint_eq(h.opened, 1);
	poolrig_stream(&r, "[2607::1]", &c);
	ck_assert_uint_eq(c->relay[2], 3);
	poolrig_free(&r);
}
END_TEST

START_TEST(attach_connect_name_says_ipv6_ok_only_to_exit_that_has_it)
{
	struct poolrig r = { .edit = _i ? some_v6 : NULL };
	struct attach_target t = { .host = HOST, .port = SIM_DEAD,
		.flags = BEGIN_IPV6_OK };
	uint8_t token[POOL_TOKEN] = { 1 };
	static const struct endpoint_user none;
	struct simstream *st;
	struct simcirc *c;
	struct endpoint *e;

	poolrig_new(&r);
	ck_assert_int_eq(attach_connect(r.attach, token, &t, &e), 0);
	endpoint_hold(e, &none, NULL);
	poolrig_run(&r, 5000);
	st = poolrig_stream(&r, HOST, &c);
	ck_assert_uint_eq(st->flags, _i && c->relay[2] == 3);
	endpoint_kill(e, 0);
	poolrig_free(&r);
}
END_TEST

/* --- whoever holds may do anything at any call --- */

static void
kill_at_first(struct hold *h, int what)
{
	(void)what;
	hold_kill(h);
}

static const uint16_t kill_ports[] = { SIM_ECHO, SIM_SOURCE, SIM_MUTE,
	SIM_CLOSE + END_DONE };

START_TEST(attach_connect_killed_in_callback_is_never_called_again)
{
	struct poolrig r = { .no_attach = 0 };
	struct hold h = { .on = kill_at_first };
	unsigned calls;

	poolrig_new(&r);
	r.net->source = 100000;
	ck_assert_int_eq(hold_connect(&r, &h, 1, HOST, kill_ports[_i]), 0);
	hold_send(&h, 0, ATTACH_EARLY_MAX + 1);
	poolrig_run(&r, 5000);
	calls = h.opened + h.rooms + h.fins + h.gones + (h.got > 0);
	ck_assert_uint_eq(calls, 1);
	poolrig_free(&r);
}
END_TEST

static void
kill_at_data(struct hold *h, int what)
{
	if (what == HOLD_DATA)
		hold_kill(h);
}

START_TEST(attach_connect_killed_in_data_gets_no_more)
{
	struct poolrig r = { .no_attach = 0 };
	struct hold h = { .on = kill_at_data };
	struct attach_totals t;

	poolrig_new(&r);
	r.net->source = 100000;
	ck_assert_int_eq(hold_connect(&r, &h, 1, HOST, SIM_SOURCE), 0);
	poolrig_run(&r, 5000);
	ck_assert_uint_gt(h.got, 0);
	ck_assert_uint_lt(h.got, 1000);
	attach_totals(r.attach, &t);
	ck_assert_uint_eq(t.streams, 0);
	poolrig_free(&r);
}
END_TEST

/* At every moment of its life. */
START_TEST(attach_connect_killed_before_open_leaves_nothing)
{
	struct poolrig r = { .no_attach = 0 };
	struct hold h = { .on = NULL };
	struct attach_totals t;

	poolrig_new(&r);
	ck_assert_int_eq(hold_connect(&r, &h, 1, HOST, SIM_ECHO), 0);
	hold_send(&h, 0, 100);
	poolrig_run(&r, _i * 7);
	hold_kill(&h);
	attach_totals(r.attach, &t);
	ck_assert_uint_eq(t.streams + t.waiting, 0);
	poolrig_run(&r, 5000);
	ck_assert_uint_eq(h.gones, 0);
	poolrig_free(&r);
}
END_TEST

static void
connect_again(struct hold *h, int what)
{
	if (what == HOLD_GONE)
		(void)hold_connect(h->rig, h, 1, HOST, SIM_ECHO);
}

START_TEST(attach_free_ends_all_even_if_holders_ask_again)
{
	struct poolrig r = { .no_attach = 0 };
	struct hold waits = { .on = connect_again };
	struct hold open = { .on = connect_again };

	poolrig_new(&r);
	ck_assert_int_eq(hold_connect(&r, &open, 2, HOST, SIM_ECHO), 0);
	poolrig_run(&r, 3000);
	ck_assert_uint_eq(open.opened, 1);
	ck_assert_int_eq(hold_connect(&r, &waits, 1, HOST, SIM_ECHO), 0);
	poolrig_run(&r, _i * 10);
	attach_free(r.attach);
	r.attach = NULL;
	ck_assert_ptr_null(open.e);
	ck_assert_ptr_null(waits.e);
	poolrig_free(&r);
}
END_TEST

/* A stream that waits when the identity is changed belongs to the old one. */
START_TEST(pool_newnym_waiting_stream_shares_with_none_of_after)
{
	struct poolrig r = { .no_attach = 0 };
	struct hold before = { .on = NULL }, after = { .on = NULL };
	struct simcirc *c1, *c2;

	poolrig_new(&r);
	ck_assert_int_eq(hold_connect(&r, &before, 1, "a.test", SIM_ECHO), 0);
	poolrig_run(&r, _i * 15);
	pool_newnym(r.pool);
	ck_assert_int_eq(hold_connect(&r, &after, 1, "b.test", SIM_ECHO), 0);
	poolrig_run(&r, 5000);
	ck_assert_uint_eq(before.opened + after.opened, 2);
	poolrig_stream(&r, "a.test", &c1);
	poolrig_stream(&r, "b.test", &c2);
	ck_assert_ptr_ne(c1, c2);
	poolrig_free(&r);
}
END_TEST

START_TEST(attach_send_early_bytes_of_all_have_a_ceiling)
{
	enum { N = ATTACH_EARLY_SUM_MAX / ATTACH_EARLY_MAX };
	static struct hold h[N + 1];
	struct poolrig r = { .no_attach = 0 };
	size_t i;

	poolrig_new(&r);
	poolrig_dark(&r, 1);
	for (i = 0; i <= N; i++) {
		ck_assert_int_eq(hold_connect(&r, &h[i], 1, HOST, SIM_SINK), 0);
		ck_assert_uint_eq(hold_send(&h[i], 0, ATTACH_EARLY_MAX),
		    i < N ? ATTACH_EARLY_MAX : 0);
	}
	hold_kill(&h[0]);
	ck_assert_uint_eq(hold_send(&h[N], 0, ATTACH_EARLY_MAX),
	    ATTACH_EARLY_MAX);
	poolrig_free(&r);
}
END_TEST

/* --- lookups --- */

struct look {
	struct attach_lookup *l;
	unsigned	 calls;
	int		 err;
	size_t		 n, good;
};

static void
on_lookup(void *arg, int err, const struct circ_answer *a, size_t n)
{
	struct look *k = arg;
	size_t i;

	k->calls++;
	k->err = err;
	k->n = n;
	k->l = NULL;
	for (i = 0; i < n; i++)
		k->good += a[i].type == 4 || a[i].type == 6;
}

static void
look_start(struct poolrig *r, struct look *k)
{
	static const uint8_t token[POOL_TOKEN] = { 9 };
	static const struct attach_question host = { .name = HOST };

	memset(k, 0, sizeof(*k));
	ck_assert_int_eq(attach_resolve(r->attach, token, &host, on_lookup, k,
	    &k->l), 0);
	ck_assert_uint_eq(k->calls, 0);
}

static unsigned
resolves(const struct poolrig *r)
{
	const struct simcirc *c;
	unsigned n = 0;

	for (c = r->net->circs; c; c = c->next)
		n += c->resolves;
	return n;
}

#define GOOD4	"\4\4\10\10\10\10\0\0\1\0"
#define LASTING	"\xf1\0\0\0\0\7"
#define FLEETING "\xf0\0\0\0\0\7"

static const struct {
	const char	*name, *in;
	size_t		 len;
	int		 err;
	size_t		 n, good;
	unsigned	 tries;
} look_cases[] = {
	{ "address", GOOD4, 10, 0, 1, 1, 1 },
	{ "lasting", LASTING, 6, -ENOENT, 0, 0, 1 },
	{ "transient", FLEETING, 6, -EAGAIN, 0, 0, 3 },
	{ "lasting and an address", LASTING GOOD4, 16, 0, 2, 1, 1 },
	{ "transient and an address", GOOD4 FLEETING, 16, 0, 2, 1, 1 },
	{ "both errors", FLEETING LASTING, 12, -ENOENT, 0, 0, 1 },
};

START_TEST(attach_resolve_answer_is_judged)
{
	struct poolrig r = { .no_attach = 0 };
	struct look k;

	poolrig_new(&r);
	memcpy(r.net->resolved, look_cases[_i].in, look_cases[_i].len);
	r.net->resolved_len = look_cases[_i].len;
	look_start(&r, &k);
	poolrig_run(&r, 20000);
	ck_assert_uint_eq(k.calls, 1);
	ck_assert_msg(k.err == look_cases[_i].err, "%s: %d",
	    look_cases[_i].name, k.err);
	ck_assert_uint_eq(k.n, look_cases[_i].n);
	ck_assert_uint_eq(k.good, look_cases[_i].good);
	ck_assert_uint_eq(resolves(&r), look_cases[_i].tries);
	poolrig_free(&r);
}
END_TEST

#define INTERNAL4 "\4\4\12\0\0\1\0\0\1\0"

/* 1, 0: ClientDNSRejectInternalAddresses.  What is left of an answer may be
 * nothing: then other exits are asked. */
START_TEST(attach_resolve_internal_answers_go_as_configured)
{
	static const struct {
		const char	*in;
		size_t		 len;
		int		 err;
		size_t		 n;
	} t[] = {
		{ INTERNAL4, 10, 0, 1 },
		{ INTERNAL4, 10, -EAGAIN, 0 },
		{ INTERNAL4 GOOD4, 20, 0, 2 },
		{ INTERNAL4 GOOD4, 20, 0, 1 },
	};
	struct poolrig r = { .pconf = { .reject_internal = _i % 2 } };
	struct look k;

	poolrig_new(&r);
	memcpy(r.net->resolved, t[_i].in, t[_i].len);
	r.net->resolved_len = t[_i].len;
	look_start(&r, &k);
	poolrig_run(&r, 20000);
	ck_assert_uint_eq(k.calls, 1);
	ck_assert_int_eq(k.err, t[_i].err);
	ck_assert_uint_eq(k.n, t[_i].n);
	poolrig_free(&r);
}
END_TEST

/* Each time it is another exit's resolver that is asked. */
START_TEST(attach_resolve_is_retried_on_different_exits)
{
	struct poolrig r = { .no_attach = 0 };
	uint8_t asked[POOLRIG_RELAYS] = { 0 };
	const struct simcirc *c;
	struct look k;
	unsigned exits = 0;

	poolrig_new(&r);
	memcpy(r.net->resolved, FLEETING, 6);
	r.net->resolved_len = 6;
	look_start(&r, &k);
	poolrig_run(&r, 20000);
	ck_assert_int_eq(k.err, -EAGAIN);
	for (c = r.net->circs; c; c = c->next) {
		if (c->resolves == 0)
			continue;
		exits += !asked[c->relay[c->n - 1]];
		asked[c->relay[c->n - 1]] = 1;
	}
	ck_assert_uint_eq(exits, ATTACH_FAILURES_MAX);
	poolrig_free(&r);
}
END_TEST

START_TEST(attach_resolve_silent_exit_is_left_for_another)
{
	struct poolrig r = { .no_attach = 0 };
	struct look k;

	poolrig_new(&r);
	look_start(&r, &k);
	poolrig_run(&r, 9000);
	ck_assert_uint_eq(resolves(&r), 1);
	r.net->resolved_len = 10;
	memcpy(r.net->resolved, GOOD4, 10);
	poolrig_run(&r, 5000);
	ck_assert_uint_eq(k.calls, 1);
	ck_assert_int_eq(k.err, 0);
	poolrig_free(&r);
}
END_TEST

START_TEST(attach_cancel_at_any_moment_is_the_end)
{
	struct poolrig r = { .no_attach = 0 };
	struct attach_totals t;
	struct look k;

	poolrig_new(&r);
	look_start(&r, &k);
	poolrig_run(&r, _i * 9);
	attach_cancel(k.l);
	attach_totals(r.attach, &t);
	ck_assert_uint_eq(t.lookups + t.waiting, 0);
	poolrig_run(&r, 30000);
	ck_assert_uint_eq(k.calls, 0);
	poolrig_free(&r);
}
END_TEST

START_TEST(attach_free_tells_lookups)
{
	struct poolrig r = { .no_attach = 0 };
	struct look k;

	poolrig_new(&r);
	look_start(&r, &k);
	poolrig_run(&r, _i * 50);
	attach_free(r.attach);
	r.attach = NULL;
	ck_assert_uint_eq(k.calls, 1);
	ck_assert_int_eq(k.err, -ECANCELED);
	poolrig_free(&r);
}
END_TEST

/* More than are asked for at a time, each to get a circuit of its own. */
START_TEST(attach_many_of_one_client_are_served_and_keep_nobody_waiting)
{
	enum { MANY = ATTACH_ASKS_MAX + 100, CLIENT = 1 << 16 };
	static struct hold h[MANY];
	struct poolrig r = { .no_attach = 0 };
	struct hold other = { .on = NULL };
	unsigned i, opened = 0;

	poolrig_new(&r);
	for (i = 0; i < MANY; i++) {
		memset(&h[i], 0, sizeof(h[i]));
		ck_assert_int_eq(hold_connect(&r, &h[i], CLIENT + i, HOST,
		    SIM_ECHO), 0);
	}
	ck_assert_int_eq(hold_connect(&r, &other, 2 * CLIENT, HOST, SIM_ECHO),
	    0);
	while (other.opened == 0 && opened < MANY)
		for (poolrig_run(&r, 10), i = opened = 0; i < MANY; i++)
			opened += h[i].opened;
	ck_assert_uint_eq(other.opened, 1);
	ck_assert_uint_lt(opened, MANY / 2);
	poolrig_run(&r, 100 * 1000);
	for (i = 0; i < MANY; i++)
		ck_assert_uint_eq(h[i].opened, 1);
	for (i = 0; i < MANY; i++)
		hold_kill(&h[i]);
	hold_kill(&other);
	poolrig_free(&r);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(attach_many_of_one_client_are_served_and_keep_nobody_waiting),
	UNIT(attach_connect_opens_and_carries_both_ways),
	UNIT(attach_connect_end_in_order_is_fin_then_gone),
	UNIT(attach_connect_early_bytes_and_fin_travel_with_begin),
	UNIT(attach_connect_more_than_early_max_gets_room_once_open),
	UNIT_LOOP(attach_connect_refused_is_retried_as_the_reason_allows,
	    NELEM(reason_cases)),
	UNIT_LOOP(attach_connect_refused_marks_exit_only_if_short_of_something,
	    NELEM(reason_cases)),
	UNIT(attach_connect_refused_often_spends_no_circuits),
	UNIT(attach_connect_torprotocol_closes_the_circuit),
	UNIT(attach_connect_closed_after_open_is_not_retried),
	UNIT_LOOP(attach_connect_exitpolicy_address_is_judged,
	    NELEM(policy_cases)),
	UNIT_LOOP(attach_connect_internal_answer_is_eacces_at_once, 2),
	UNIT_LOOP(
	    attach_connect_internal_policy_address_is_obeyed_as_configured, 2),
	UNIT(attach_connect_retry_repeats_early_bytes_and_fin),
	UNIT(attach_connect_circuit_lost_while_trying_is_tried_elsewhere),
	UNIT(attach_connect_circuit_lost_when_open_ends_the_stream),
	UNIT(attach_connect_silent_exits_are_left_in_time),
	UNIT(attach_connect_without_network_ends_after_total_time),
	UNIT(attach_connect_port_that_no_exit_takes_fails_at_once),
	UNIT_LOOP(attach_connect_impossible_target_is_einval_and_costs_nothing,
	    NELEM(bad_targets)),
	UNIT(attach_connect_v6_address_goes_to_exit_that_takes_it),
	UNIT_LOOP(attach_connect_name_says_ipv6_ok_only_to_exit_that_has_it, 2),
	UNIT_LOOP(attach_connect_killed_in_callback_is_never_called_again,
	    NELEM(kill_ports)),
	UNIT(attach_connect_killed_in_data_gets_no_more),
	UNIT_LOOP(attach_connect_killed_before_open_leaves_nothing, 25),
	UNIT_LOOP(attach_free_ends_all_even_if_holders_ask_again, 10),
	UNIT_LOOP(pool_newnym_waiting_stream_shares_with_none_of_after, 10),
	UNIT(attach_send_early_bytes_of_all_have_a_ceiling),
	UNIT_LOOP(attach_resolve_answer_is_judged, NELEM(look_cases)),
	UNIT_LOOP(attach_resolve_internal_answers_go_as_configured, 4),
	UNIT(attach_resolve_is_retried_on_different_exits),
	UNIT(attach_resolve_silent_exit_is_left_for_another),
	UNIT_LOOP(attach_cancel_at_any_moment_is_the_end, 20),
	UNIT_LOOP(attach_free_tells_lookups, 4),
};
UNIT_MAIN("attach", tests)

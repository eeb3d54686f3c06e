/* tests/fuzz/fz_conflux.c - an exit that does anything with two legs
 *
 * Two circuits of one hop to one fake relay, linked and joined unless the first
 * byte says otherwise; of CGO, if it says so.  Then steps: a byte for what, one for how, and operands.
 * The exit links, switches, numbers and interleaves as the input says; cells of
 * a leg are held back; holders come and go, or kill a circuit inside a call.
 *
 * Oracles: what a holder gets is a prefix of what was sent to it in the order
 * of numbers, without a hole in those; gone() once, of streams before circuits;
 * no more data than was granted; what went up arrived as it was sent; a client
 * that the fake relay finds no fault with; an empty loop at the end.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/endpoint.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/rand.h"
#include "base/wire.h"
#include "onion/circ/circ.h"
#include "onion/circ/conflux.h"
#include "onion/circ/flowctl.h"
#include "onion/circ/relaymsg.h"
#include "onion/crypto/crypt.h"
#include "onion/link/cell.h"
#include "tests/fuzz/fuzz.h"
#include "tests/onion/circ/fakechan.h"
#include "tests/quiet.h"
#include "tests/sim/simrelay.h"

enum { HOLDERS = 4, LEGS = 2, NONE = 0xff, STEPS = 200, MSGS = 4000 };

struct holder {
	struct endpoint	*e;
	uint8_t		 serial;	/* of those that this one held */
	uint8_t		 kills;		/* in its next call: what */
	int		 over;		/* nothing may come any more */
	uint64_t	 granted, got, sent;
	uint64_t	 number;	/* of the message that comes now */
	size_t		 left;		/* of it */
	uint8_t		 value;
	int		 unchecked;
};

struct leg {
	struct circ	*circ;
	struct chan	*chan;
	struct simcirc	*sim;		/* NULL: its channel was lost */
	unsigned	 linked, gone;
};

struct msg {			/* numbered, said by the exit */
	uint64_t	number;
	uint16_t	len;		/* DATA; all bytes are @value */
	uint8_t		holder, serial, value;
};

static const uint8_t nonce[CONFLUX_NONCE] = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
static struct loop loop;
static struct simnet *net;
static struct leg legs[LEGS];
static struct holder holders[HOLDERS];
static struct circ_lookup *asked;
static struct msg msgs[MSGS];
static size_t nmsgs;
static uint64_t whole;		/* numbers up to here were said */
static uint64_t limit;		/* the first that was said twice */
static int joins, joined;

/* --- what was said, by number --- */

static const struct msg *
find_number(uint64_t n)
{
	size_t i;

	for (i = 0; i < nmsgs; i++)
		if (msgs[i].number == n)
			return &msgs[i];
	return NULL;
}

static void
note(uint64_t number, uint8_t holder, uint8_t value, uint16_t len)
{
	struct msg *m = &msgs[nmsgs];

	if (find_number(number) && number < limit)
		limit = number;
	m->number = number;
	m->holder = holder;
	m->serial = holder < HOLDERS ? holders[holder].serial : 0;
	m->value = value;
	m->len = len;
	nmsgs++;
	while (find_number(whole + 1))
		whole++;
}

/* The next message for it, in order: 0, all that may be known is over. */
static int
next_message(struct holder *h)
{
	const struct msg *m, *best = NULL;
	size_t i;

	for (i = 0; i < nmsgs; i++) {
		m = &msgs[i];
		if (m->len > 0 && &holders[m->holder % HOLDERS] == h &&
		    m->holder != NONE && m->serial == h->serial &&
		    m->number > h->number &&
		    (best == NULL || m->number < best->number))
			best = m;
	}
	if (best == NULL || best->number >= limit)
		return 0;
	must(best->number <= whole);
	h->number = best->number;
	h->left = best->len;
	h->value = best->value;
	return 1;
}

static void
check_bytes(struct holder *h, const uint8_t *p, size_t n)
{
	size_t i;

	for (i = 0; i < n && !h->unchecked; i++) {
		if (h->left == 0 && !next_message(h)) {
			must(limit != UINT64_MAX);	/* nobody said that */
			h->unchecked = 1;
			return;
		}
		must(p[i] == h->value);
		h->left--;
	}
}

/* --- holders and owners --- */

static void
kill_leg(size_t i)
{
	struct circ *c = legs[i].circ;

	legs[i].circ = NULL;
	if (c)
		circ_kill(c, CIRC_WHY_FINISHED);
}

static void
drop(struct holder *h)
{
	struct endpoint *e = h->e;

	h->e = NULL;
	h->over = 1;
	if (e)
		endpoint_kill(e, 0);
}

static int
set_lives(void)
{
	return legs[0].circ && (!joined || legs[1].circ);
}

static void
called(struct holder *h)
{
	uint8_t kills = h->kills;

	must(!h->over);
	h->kills = 0;
	if (kills == 1)
		drop(h);
	else if (kills > 1)
		kill_leg(kills & 1);
}

static void
on_open(void *arg)
{
	must(set_lives());	/* data and its end may come after it */
	called(arg);
}

static void
on_data(void *arg, const void *p, size_t n)
{
	struct holder *h = arg;

	must(n > 0 && n <= h->granted - h->got);
	h->got += n;
	check_bytes(h, p, n);
	called(h);
}

static void
send_up(struct holder *h, size_t n)
{
	uint8_t buf[4096];
	size_t i;

	for (i = 0; i < n; i++)
		buf[i] = sim_byte(h->sent + i);
	h->sent += endpoint_send(h->e, buf, n);
}

static void
on_room(void *arg)
{
	struct holder *h = arg;

	must(set_lives());
	called(h);
	if (h->e)
		send_up(h, 700);
}

static void
on_fin(void *arg)
{
	called(arg);
}

static void
on_gone(void *arg, int why)
{
	struct holder *h = arg;

	must(!h->over && why <= 0);
	h->over = 1;
	h->e = NULL;
}

static const struct endpoint_user users = {
	.open = on_open, .data = on_data, .room = on_room, .fin = on_fin,
	.gone = on_gone
};

static void
on_answer(void *arg, const struct circ_answer *a, size_t n, int why)
{
	(void)arg;
	(void)a;
	must(asked != NULL && (why < 0) == (n == 0));
	asked = NULL;
}

static void
on_hop(void *arg, size_t n)
{
	(void)arg;
	(void)n;
}

static void
on_linked(void *arg)
{
	struct leg *l = arg;

	must(l->linked++ == 0);
}

static void
on_circ_gone(void *arg, enum circ_why why)
{
	struct endpoint_queued q;
	struct leg *l = arg;
	size_t i;

	must(why != CIRC_WHY_NONE && l->gone++ == 0);
	l->circ = NULL;
	if (l != &legs[0] && !joined)
		return;
	for (i = 0; i < HOLDERS; i++) {
		if (holders[i].e == NULL)
			continue;
		endpoint_queued(holders[i].e, &q);
		must(q.bytes > 0);	/* else it would be over */
	}
	must(asked == NULL);
}

static const struct circ_user circ_users = {
	.hop = on_hop, .linked = on_linked, .gone = on_circ_gone
};

/* --- the scene --- */

static void
run(void)
{
	while (fakechan_run(legs[0].chan) | fakechan_run(legs[1].chan))
		;
	if (joins && legs[0].linked && legs[1].linked && legs[0].circ &&
	    legs[1].circ) {
		must(circ_join(legs[0].circ, legs[1].circ) == 0);
		joins = 0;
		joined = 1;
	}
}

static void
setup_leg(struct leg *l, const struct circ_conf *conf, uint8_t cgo)
{
	struct circ_hop hop = {
		.kind = HANDSHAKE_NTOR3, .want_cc = 1, .want_cgo = cgo
	};

	memset(l, 0, sizeof(*l));
	l->chan = fakechan_new(&loop, net, 0, 1);
	simnet_hopinfo(net, 0, &hop.info);
	must(circ_new(&l->circ, conf, l->chan, &hop, 1, &circ_users, l) == 0);
	(void)fakechan_run(l->chan);
	must(l->circ != NULL && circ_is_built(l->circ));
	l->sim = simnet_circ(net);
}

static void
setup(uint8_t how)
{
	static struct flow_params flow;
	struct circ_conf conf = { .loop = &loop, .flow = &flow };
	size_t i;

	rand_init();
	crypt_init();
	log_capture(quiet, NULL);
	loop_init(&loop, 1000, 1700000000);
	net = simnet_new(&loop, 1);
	net->knobs.ux = how & 3;
	net->knobs.no_linked = how >> 2 & 1;
	joins = !(how & 8);
	joined = 0;
	flow_params_load(&flow, NULL);
	if (how & 16)
		flow.conflux_held = 4000;
	memset(holders, 0, sizeof(holders));
	nmsgs = 0;
	whole = 0;
	limit = UINT64_MAX;
	for (i = 0; i < LEGS; i++)
		setup_leg(&legs[i], &conf, how >> 7);
	for (i = 0; i < LEGS && !(how & 32); i++)
		must(circ_link(legs[i].circ, nonce, 3) == 0);
	if (how & 64)		/* who has the lower RTT */
		(void)fakechan_run(legs[0].chan);
	loop_advance(&loop, 20);
	run();
}

static void
check_uploads(void)
{
	const struct simstream *st;
	const struct simset *set;

	for (set = net->sets; set; set = set->next)
		for (st = set->streams; st; st = st->next)
			must(st->bad == 0);
}

static void
teardown(void)
{
	size_t i;

	check_uploads();
	kill_leg(0);
	kill_leg(1);
	loop_end_turn(&loop);
	for (i = 0; i < HOLDERS; i++)
		drop(&holders[i]);
	loop_end_turn(&loop);
	must(asked == NULL);
	for (i = 0; i < LEGS; i++) {
		(void)fakechan_out(legs[i].chan);
		must(fakechan_circs(legs[i].chan) == 0);
		fakechan_free(legs[i].chan);
	}
	must(net->broken == 0);
	simnet_free(net);
	must(loop.items == NULL && loop.timers == NULL);
}

/* --- what the input can do --- */

static void
connect_one(uint8_t how)
{
	struct holder *h = &holders[how % HOLDERS];
	uint8_t serial = (uint8_t)(h->serial + 1);
	struct circ *c = legs[0].circ;
	char host[32];

	if (h->e || c == NULL)
		return;
	memset(h, 0, sizeof(*h));
	h->serial = serial;
	(void)snprintf(host, sizeof(host), "h%u.s%u.example", how % HOLDERS,
	    serial);
	if (circ_connect(c, host, SIM_DEAD, 0, &h->e) == 0)
		endpoint_hold(h->e, &users, h);
	else
		h->over = 1;
	h->kills = how >> 4 & 3;
}

/* Whose stream it is: its holder, if it has it still. */
static uint8_t
holder_of(const struct simstream *st)
{
	unsigned holder, serial;

	if (st == NULL || sscanf(st->host, "h%u.s%u.", &holder, &serial) != 2)
		return NONE;
	return holders[holder].serial == serial ? (uint8_t)holder : NONE;
}

static int
can_say(const struct leg *l)
{
	return l->sim && !l->sim->destroyed && nmsgs < MSGS;
}

/* A numbered message, with its SWITCH or without. */
static void
say(struct leg *l, int honest, uint8_t cmd, uint8_t which, uint16_t len)
{
	static const uint8_t v4[8] = { 93, 184, 216, 34, 0, 0, 1, 44 };
	uint8_t data[RELAY_DATA_MAX] = { 0 }, value = (uint8_t)nmsgs;
	struct simstream *st;
	uint16_t id;

	if (!can_say(l))
		return;
	for (st = simcirc_streams(l->sim); st && which > 0; which--)
		st = st->next;
	id = st ? st->id : l->sim->last_stream;
	st = simcirc_stream(l->sim, id);
	len = (uint16_t)(len % (simcirc_data_max(l->sim) + 1));
	if (cmd == RELAY_DATA)
		memset(data, value, len);
	else if (cmd == RELAY_CONNECTED) {
		len = sizeof(v4);
		memcpy(data, v4, len);
		if (st)
			st->connected = 1;
	} else if (cmd == RELAY_END)
		data[0] = END_DONE;
	if (!honest)
		l->sim->count_out++;
	if (honest)
		simcirc_say_next(l->sim, cmd, id, data, len);
	else if (cmd == RELAY_DATA)
		simcirc_data(l->sim, id, data, len);
	else
		simcirc_say(l->sim, 0, cmd, id, data, len);
	note(l->sim->count_out, holder_of(st), value,
	    cmd == RELAY_DATA ? len : 0);
}

static void
say_numbered(struct wire *w, uint8_t how)
{
	static const uint8_t cmds[] = {
		RELAY_CONNECTED, RELAY_DATA, RELAY_DATA, RELAY_END, RELAY_XOFF,
		RELAY_XON, RELAY_RESOLVED, RELAY_DATA
	};
	static const uint16_t lens[] = { 0, 0, 0, 1, 1, 5, 0, 0 };
	uint8_t i = how >> 1 & 7, which = how >> 4 & 7;
	uint16_t len = cmds[i] == RELAY_DATA ? (uint16_t)(wire_u8(w) * 2u) :
	    lens[i];

	say(&legs[how & 1], !(how & 128), cmds[i], which, len);
}

static void
say_switch(struct wire *w, uint8_t how)
{
	struct leg *l = &legs[how & 1];
	uint32_t jump = how & 128 ? wire_u32(w) : how >> 1 & 63;
	uint8_t body[4];

	if (!can_say(l))
		return;
	wire_set32(body, jump);
	simcirc_say(l->sim, 0, RELAY_CONFLUX_SWITCH, 0, body, sizeof(body));
	l->sim->count_out += jump;
}

/* Many, over both legs, in runs. */
static void
burst(uint8_t how)
{
	unsigned run_of = 1 + (how & 7), i;

	for (i = 0; i < (how >> 3) * 4u; i++)
		say(&legs[i / run_of % LEGS], 1, RELAY_DATA, (uint8_t)(i % 3),
		    (uint16_t)(1 + i % 40));
}

static int
is_numbered(uint8_t cmd)
{
	return cmd == RELAY_BEGIN || cmd == RELAY_DATA || cmd == RELAY_END ||
	    cmd == RELAY_CONNECTED || cmd == RELAY_RESOLVE ||
	    cmd == RELAY_RESOLVED || cmd == RELAY_XON || cmd == RELAY_XOFF;
}

static void
say_anything(struct wire *w, uint8_t how)
{
	struct leg *l = &legs[how & 1];
	uint8_t cmd = wire_u8(w), id = wire_u8(w), len = wire_u8(w);
	uint8_t data[256] = { 0 };

	len = wire_left(w) < len ? (uint8_t)wire_left(w) : len;
	wire_copy(w, data, len);
	if (is_numbered(cmd) || !can_say(l))
		return;
	if (cmd == RELAY_CONFLUX_LINKED)
		l->sim->said_linked = 1;
	simcirc_say(l->sim, 0, cmd, id, data, len);
}

static void
end_something(uint8_t how)
{
	struct leg *l = &legs[how & 1];
	uint8_t reason = 1;

	switch (how >> 1 & 7) {
	case 0:
		kill_leg(how & 1);
		break;
	case 1:
		if (!can_say(l))
			break;
		simcirc_cell(l->sim, CELL_DESTROY, &reason, 1);
		l->sim->destroyed = 1;
		break;
	case 2:
		fakechan_lose(l->chan);
		break;
	default:
		drop(&holders[how >> 4 & 3]);
		break;
	}
}

static void
ask(void)
{
	if (asked)
		circ_lookup_cancel(asked);
	asked = NULL;
	if (legs[0].circ && circ_is_built(legs[0].circ))
		must(circ_resolve(legs[0].circ, "a.example", on_answer, NULL,
		    &asked) == 0);
}

static void
step(struct wire *w)
{
	uint8_t what = wire_u8(w), how = wire_u8(w);
	struct holder *h = &holders[how % HOLDERS];
	struct leg *l = &legs[how & 1];

	switch (what & 15) {
	case 0:
		connect_one(how);
		break;
	case 1:
	case 2:
	case 3:
		say_numbered(w, how);
		break;
	case 4:
		say_switch(w, how);
		break;
	case 5:
		burst(how);
		break;
	case 6:
		if (h->e)
			send_up(h, (size_t)how * 16);
		break;
	case 7:
		h->granted += (uint64_t)how * 64;
		if (h->e)
			endpoint_grant(h->e, (size_t)how * 64);
		break;
	case 8:
		if (l->sim && how & 2)
			simcirc_hold(l->sim);
		else if (l->sim && how & 4)
			simcirc_let_go(l->sim, how >> 3);
		else if (l->sim)
			simcirc_release(l->sim);
		break;
	case 9:
		fakechan_room(l->chan, how & 128 ? SIZE_MAX : how >> 1);
		break;
	case 10:
		loop_advance(&loop, (int64_t)how * how / 8);
		break;
	case 11:
		if (l->sim)
			l->sim->sendme_late_ms = how >> 1;
		break;
	case 12:
		say_anything(w, how);
		break;
	case 13:
		end_something(how);
		break;
	case 14:
		ask();
		break;
	default:
		if (h->e)
			endpoint_fin(h->e);
		break;
	}
	if (what & 0x80)
		run();
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	struct wire w;
	int steps;

	wire_init(&w, p, len);
	setup(wire_u8(&w));
	for (steps = 0; steps < STEPS && wire_left(&w) > 1; steps++)
		step(&w);
	fakechan_room(legs[0].chan, SIZE_MAX);
	fakechan_room(legs[1].chan, SIZE_MAX);
	run();
	teardown();
	return 0;
}

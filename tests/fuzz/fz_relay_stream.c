/* tests/fuzz/fz_relay_stream.c - an exit, and a holder, that do anything
 *
 * A circuit of one hop through a fake relay; the first byte says with which
 * handshake, and so whether messages are in V0 or, with CGO, in V1.  Then steps: a byte for what, and its operands.  Streams are begun
 * and killed, data is sent, credit and room are given, time passes, and the
 * exit says whatever the input says.
 *
 * Oracles: holders are told gone() once and nothing after it; no more data than
 * was granted; a client that the fake relay finds no fault with; an empty loop
 * at the end.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/endpoint.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/rand.h"
#include "base/wire.h"
#include "onion/circ/circ.h"
#include "onion/circ/flowctl.h"
#include "onion/circ/relaymsg.h"
#include "onion/crypto/crypt.h"
#include "onion/link/cell.h"
#include "tests/fuzz/fuzz.h"
#include "tests/onion/circ/fakechan.h"
#include "tests/quiet.h"
#include "tests/sim/simrelay.h"

enum { HOLDERS = 4, LOOKUPS = 2 };

struct holder {
	struct endpoint	*e;
	uint64_t	 granted, got;
	int		 over;		/* nothing may come any more */
	uint8_t		 kills;		/* itself, in its next call */
	uint8_t		 grants;	/* what came, at once */
};

static struct loop loop;
static struct simnet *net;
static struct chan *chan;
static struct circ *circ;
static struct holder holders[HOLDERS];
static struct circ_lookup *lookups[LOOKUPS];
static unsigned gone;

static void
drop(struct holder *h)
{
	struct endpoint *e = h->e;

	h->e = NULL;
	h->over = 1;
	if (e)
		endpoint_kill(e, 0);
}

static void
called(struct holder *h)
{
	must(!h->over);
	if (h->kills)
		drop(h);
}

static void
on_open(void *arg)
{
	called(arg);
}

static void
on_data(void *arg, const void *p, size_t n)
{
	struct holder *h = arg;

	(void)p;
	h->got += n;
	must(n > 0 && h->got <= h->granted);
	called(h);
	if (h->grants && h->e) {
		h->granted += n;
		endpoint_grant(h->e, n);
	}
}

static void
on_room(void *arg)
{
	struct holder *h = arg;
	static const uint8_t some[700];

	called(h);
	if (h->e)
		(void)endpoint_send(h->e, some, sizeof(some));
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
	(void)stream_addr(h->e);
	(void)stream_end_reason(h->e);
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
	struct circ_lookup **l = arg;

	(void)a;
	must(*l != NULL && (why < 0) == (n == 0));
	*l = NULL;
}

static void
on_circ_gone(void *arg, enum circ_why why)
{
	struct endpoint_queued q;
	size_t i;

	(void)arg;
	must(why != CIRC_WHY_NONE && gone++ == 0);
	for (i = 0; i < HOLDERS; i++) {
		if (holders[i].e == NULL)
			continue;
		endpoint_queued(holders[i].e, &q);
		must(q.bytes > 0);	/* else it would be over */
	}
	circ = NULL;
}

static void
on_hop(void *arg, size_t n)
{
	(void)arg;
	(void)n;
}

static void
on_built(void *arg)
{
	(void)arg;
}

static const struct circ_user circ_users = {
	.hop = on_hop, .built = on_built, .gone = on_circ_gone
};

static void
setup(uint8_t how)
{
	struct circ_hop hop = { .kind = HANDSHAKE_FAST };
	static struct flow_params flow;
	struct circ_conf conf = {
		.loop = &loop, .flow = &flow, .reject_internal = how >> 1 & 1
	};

	rand_init();
	crypt_init();
	log_capture(quiet, NULL);
	loop_init(&loop, 1000, 1700000000);
	net = simnet_new(&loop, 1);
	net->source = 30000;
	chan = fakechan_new(&loop, net, 0, 1);
	flow_params_load(&flow, NULL);
	simnet_hopinfo(net, 0, &hop.info);
	if (how & 1) {
		hop.kind = HANDSHAKE_NTOR3;
		hop.want_cc = 1;
		hop.want_cgo = how >> 2 & 1;
	}
	memset(holders, 0, sizeof(holders));
	memset(lookups, 0, sizeof(lookups));
	gone = 0;
	must(circ_new(&circ, &conf, chan, &hop, 1, &circ_users, NULL) == 0);
	(void)fakechan_run(chan);
	must(circ != NULL && circ_is_built(circ));
}

static void
teardown(void)
{
	struct circ *c = circ;
	size_t i;

	circ = NULL;
	if (c)
		circ_kill(c, CIRC_WHY_FINISHED);
	loop_end_turn(&loop);
	for (i = 0; i < HOLDERS; i++)
		drop(&holders[i]);
	loop_end_turn(&loop);
	for (i = 0; i < LOOKUPS; i++)
		must(lookups[i] == NULL);
	(void)fakechan_out(chan);
	must(fakechan_circs(chan) == 0 && net->broken == 0);
	fakechan_free(chan);
	simnet_free(net);
	must(loop.items == NULL && loop.timers == NULL);
}

static void
connect_one(struct holder *h, uint8_t script)
{
	static const uint16_t ports[] = {
		SIM_ECHO, SIM_SINK, SIM_SOURCE, SIM_MUTE, SIM_DEAD, SIM_HTTP,
		SIM_REFUSE + END_MISC, SIM_CLOSE + END_DONE
	};

	if (h->e || circ == NULL)
		return;
	memset(h, 0, sizeof(*h));
	if (circ_connect(circ, "a.example", ports[script % 8], 0, &h->e) == 0)
		endpoint_hold(h->e, &users, h);
	else
		h->over = 1;
	h->kills = script >> 7;
	h->grants = script >> 6 & 1;
}

/* A message from the exit: command, stream, length, data.  DATA counts, as it
 * would for an honest one, or the fake relay would find our SENDMEs wrong. */
static void
say(struct wire *w)
{
	struct simcirc *sim = simnet_circ(net);
	uint8_t cmd = wire_u8(w), which = wire_u8(w), data[RELAY_DATA_MAX];
	uint16_t len = wire_u16(w), id = which;
	struct simstream *st = sim->streams;
	size_t n = wire_left(w) < len ? wire_left(w) : len;

	memset(data, 0, sizeof(data));
	n = n < sizeof(data) ? n : sizeof(data);
	wire_copy(w, data, n);
	for (; st && which > 0; which--)
		st = st->next;
	if (st)
		id = st->id;
	else if (which < 200)
		id = sim->last_stream;
	if (sim->destroyed)
		return;
	if (cmd == RELAY_DATA && len <= simcirc_data_max(sim))
		simcirc_data(sim, id, data, len);
	else
		simcirc_say(sim, 0, cmd, id, data, len);
}

static void
destroy(struct wire *w)
{
	struct simcirc *sim = simnet_circ(net);
	uint8_t reason = wire_u8(w);

	if (sim->destroyed)
		return;
	simcirc_cell(sim, CELL_DESTROY, &reason, 1);
	sim->destroyed = 1;
}

static void
lookup(struct circ_lookup **l)
{
	if (circ == NULL)
		return;
	if (*l)
		circ_lookup_cancel(*l);
	*l = NULL;
	if (circ_is_built(circ))
		must(circ_resolve(circ, "a.example", on_answer, l, l) == 0);
}

static void
step(struct wire *w)
{
	uint8_t what = wire_u8(w), n = wire_u8(w);
	struct holder *h = &holders[n % HOLDERS];
	static const uint8_t zeros[4096];

	switch (what % 12) {
	case 0:
		connect_one(h, n);
		break;
	case 1:
	case 2:
		say(w);
		break;
	case 3:
		if (h->e)
			(void)endpoint_send(h->e, zeros, (size_t)n * 16);
		break;
	case 4:
		h->granted += (uint64_t)n * 64;
		if (h->e)
			endpoint_grant(h->e, (size_t)n * 64);
		break;
	case 5:
		drop(h);
		break;
	case 6:
		if (h->e)
			endpoint_fin(h->e);
		break;
	case 7:
		fakechan_room(chan, n);
		break;
	case 8:
		loop_advance(&loop, (int64_t)n * n * 20);
		break;
	case 9:
		lookup(&lookups[n % LOOKUPS]);
		break;
	case 10:
		net->source = (uint64_t)n * 1000;
		break;
	default:
		if (n == 255)
			destroy(w);
		break;
	}
	if (what & 0x80)
		(void)fakechan_run(chan);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	struct wire w;
	int steps;

	wire_init(&w, p, len);
	setup(wire_u8(&w));
	for (steps = 0; steps < 200 && wire_left(&w) > 1; steps++)
		step(&w);
	fakechan_room(chan, SIZE_MAX);
	(void)fakechan_run(chan);
	teardown();
	return 0;
}

/* tests/fuzz/fz_chan_cells.c - a relay that sends anything, at any time
 *
 * The first byte says when: bits 0-1, how far the honest handshake went before
 * (nothing, VERSIONS, all but NETINFO, all); bits 2-4, in pieces of which size
 * the bytes come; bit 5, whether a circuit detaches at its first cell; bit 6,
 * whether the whole set goes then.  In the bytes, a circuit id 0xc1c1c1c1 or
 * 0xc2c2c2c2 stands for that of the first and second circuit.
 *
 * Oracles: the client never breaks the protocol itself (simlink counts that);
 * it is open only where the whole handshake was honest; each circuit is told
 * gone() at most once; nothing is left on the loop.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/loop.h"
#include "base/rand.h"
#include "base/wire.h"
#include "onion/crypto/crypt.h"
#include "onion/link/chan.h"
#include "onion/link/relayid.h"
#include "tests/fuzz/fuzz.h"
#include "tests/quiet.h"
#include "tests/sim/simlink.h"

struct ear {
	struct chan	*chan;
	uint32_t	 id;
	unsigned	 gone;
	uint8_t		 detaches, frees;
};

static struct loop loop;
static struct simlink *net;
static struct simlink_relay *relay;
static struct chanset *set;

static void
setup(void)
{
	rand_init();
	crypt_init();
	log_capture(quiet, NULL);
	loop_init(&loop, 1000, 1790000000);
	net = simlink_new(&loop);
	relay = simlink_relay_new(net, NULL);
}

static void
on_open(void *arg)
{
	(void)arg;
}

static void
on_cell(void *arg, uint8_t cmd, uint8_t body[CELL_BODY])
{
	struct ear *e = arg;

	must(e->gone == 0);
	must(cmd < 128);
	memset(body, 0, CELL_BODY);
	if (e->frees) {
		chanset_free(set);
		set = NULL;
	} else if (e->detaches || cmd == CELL_DESTROY)
		chan_detach(e->chan, e->id, 1);
	else
		(void)chan_cell(e->chan, e->id, CELL_RELAY);
}

static void
on_room(void *arg)
{
	(void)arg;
}

static void
on_gone(void *arg, enum chan_why why)
{
	struct ear *e = arg;

	must(why != CHAN_WHY_NONE);
	must(e->gone++ == 0);
}

static const struct chan_user user = {
	.open = on_open, .cell = on_cell, .room = on_room, .gone = on_gone
};

static void
put_ids(uint8_t *p, size_t len, const struct ear *e)
{
	size_t i;

	for (i = 0; i + 4 <= len; i++)
		if (wire_get32(p + i) == 0xc1c1c1c1u)
			wire_set32(p + i, e[0].id);
		else if (wire_get32(p + i) == 0xc2c2c2c2u)
			wire_set32(p + i, e[1].id);
}

static void
set_knobs(uint8_t how)
{
	static const size_t pieces[8] = { 0, 1, 2, 7, 100, 513, 514, 4000 };
	int stage = how & 3;

	memset(&relay->knobs, 0, sizeof(relay->knobs));
	relay->knobs.chop = pieces[how >> 2 & 7];
	relay->knobs.silent = stage == 0;
	relay->knobs.certs_none = relay->knobs.challenge_none = stage == 1;
	relay->knobs.netinfo_none = stage != 3;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct chanset_conf conf = { .loop = &loop, .use_v4 = 1,
	    .padding = { .low_ms = 1500, .high_ms = 9500 } };
	struct ear e[2] = { 0 };
	struct simlink_conn *conn;
	struct hopinfo hop;
	struct chan *c;
	uint8_t *copy;
	int i;

	if (net == NULL)
		setup();
	if (size < 1)
		return 0;
	set_knobs(data[0]);
	conf.dialer = simlink_dialer(net);
	must(chanset_new(&set, &conf) == 0);
	simlink_relay_hopinfo(relay, &hop);
	must(chanset_get(set, &hop, &c) == 0);
	for (i = 0; i < 2; i++) {
		e[i].chan = c;
		must(chan_attach(c, &user, &e[i], &e[i].id) == 0);
		e[i].detaches = data[0] >> 5 & 1;
		e[i].frees = data[0] >> 6 & 1;
	}
	loop_advance(&loop, 50);
	must(chan_is_open(c) == ((data[0] & 3) == 3));
	conn = simlink_relay_conn(relay);
	must(conn != NULL);
	must((copy = malloc(size)) != NULL);
	memcpy(copy, data + 1, size - 1);
	put_ids(copy, size - 1, e);
	sim_send_raw(conn, copy, size - 1);
	free(copy);
	loop_advance(&loop, 50);
	/* Nobody can prove that identity without its keys. */
	if (set && e[0].gone == 0 && (data[0] & 3) < 2)
		must(!chan_is_open(c));
	loop_advance(&loop, 70000);
	chanset_free(set);
	set = NULL;
	loop_end_turn(&loop);
	must(simlink_broken(net) == 0);
	must(loop.timers == NULL && loop.items == NULL);
	return 0;
}

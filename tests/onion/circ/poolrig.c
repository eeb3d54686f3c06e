/* tests/onion/circ/poolrig.c - a client's upper half over a simulated network */
#include "tests/onion/circ/poolrig.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "onion/crypto/crypt.h"
#include "onion/dir/netdir.h"
#include "onion/link/chan.h"
#include "onion/link/relayid.h"
#include "onion/path/guard.h"
#include "tests/sim/simlink.h"

/* --- joints --- */

static void
on_hop_event(void *arg, const struct hopinfo *hop)
{
	(void)arg;
	(void)hop;
}

static void
on_chan_open(void *arg, struct chan *c)
{
	struct poolrig *r = arg;

	if (r->guards)
		guard_note_online(r->guards);
	pool_chan_open(r->pool, c);
}

static void
on_chan_gone(void *arg, const struct hopinfo *wanted, enum chan_why why,
    int was_open)
{
	struct poolrig *r = arg;

	if (!was_open && why != CHAN_WHY_CLOSED && r->guards)
		guard_chan_failed(r->guards, wanted->id.rsa);
}

static void
on_skew(void *arg, const struct relayid *id, int64_t s)
{
	(void)arg;
	(void)id;
	(void)s;
}

static const struct chanset_user chan_users = {
	.dialling = on_hop_event, .connected = on_hop_event,
	.open = on_chan_open, .gone = on_chan_gone, .skew = on_skew
};

static void
on_guard_ready(void *arg, struct guard_use *use, void *use_arg)
{
	(void)arg;
	(void)use;
	pool_guard_ready(use_arg);
}

static void
on_guard_stale(void *arg, struct guard_use *use, void *use_arg)
{
	struct poolrig *r = arg;

	(void)use;
	r->stale++;
	pool_guard_stale(use_arg);
}

static const struct guard_user guard_users = {
	.ready = on_guard_ready, .stale = on_guard_stale
};

static void
on_ready(void *arg)
{
	struct poolrig *r = arg;

	r->ready++;
	if (r->on_ready)
		r->on_ready(r);
	if (r->attach)
		attach_serve(r->attach);
}

static void
on_built(void *arg)
{
	struct poolrig *r = arg;

	r->built++;
}

static void
on_building(void *arg)
{
	struct poolrig *r = arg;

	r->building++;
}

static uint64_t
on_queued(void *arg, int64_t *oldest)
{
	struct poolrig *r = arg;

	*oldest = LOOP_NEVER;
	return r->queued ? r->queued(oldest) : 0;
}

static uint64_t
on_shed(void *arg, uint64_t bytes, int64_t at)
{
	struct poolrig *r = arg;

	return r->shed(bytes, at);
}

static const struct pool_user pool_users = {
	.ready = on_ready, .built = on_built, .building = on_building,
	.queued = on_queued, .shed = on_shed
};

/* --- the network --- */

static int
by_rsa(const void *a, const void *b)
{
	return memcmp(((const struct simdir_relay *)a)->rsa,
	    ((const struct simdir_relay *)b)->rsa, 20);
}

static void
list_relays(struct poolrig *r)
{
	size_t i;

	simdir_init_plain(&r->sd, POOLRIG_RELAYS, 7, POOLRIG_NOW - 600);
	for (i = 0; i < POOLRIG_RELAYS; i++) {
		struct simdir_relay *d = &r->sd.relay[i];
		const struct simhand_relay *h = &r->net->relay[i];

		r->relay[i] = simnet_attach(r->net, i, r->sl);
		memcpy(d->rsa, h->rsa_id, sizeof(d->rsa));
		memcpy(d->ed, h->ed_id, sizeof(d->ed));
		memcpy(d->ntor, h->ntor_pub, sizeof(d->ntor));
		d->or4 = r->net->addr[i];
		snprintf(d->nickname, sizeof(d->nickname), "sim%zu", i);
	}
	qsort(r->sd.relay, r->sd.n, sizeof(*r->sd.relay), by_rsa);
}

struct simdir_relay *
poolrig_listed(struct poolrig *r, size_t i)
{
	struct simdir_relay *d = simdir_by_rsa(&r->sd, r->net->relay[i].rsa_id);

	ck_assert_ptr_nonnull(d);
	return d;
}

void
poolrig_relist(struct poolrig *r)
{
	struct netdir *old = r->nd;

	r->nd = simdir_netdir(&r->sd);
	if (r->guards)
		guard_set_netdir(r->guards, r->nd);
	path_set_netdir(r->path, r->nd);
	timeout_set_netdir(r->timeout, r->nd);
	pool_set_netdir(r->pool, r->nd, 1);
	loop_end_turn(&r->loop);
	netdir_free(old);
}

static void
make_pool(struct poolrig *r)
{
	struct pool_conf *c = &r->pconf;

	c->loop = &r->loop;
	c->chans = r->chans;
	c->path = r->path;
	c->guards = r->guards;
	c->timeout = r->timeout;
	if (c->dirtiness_ms == 0)
		c->dirtiness_ms = 600 * 1000;
	if (c->max_pending == 0)
		c->max_pending = 32;
	c->extend_by_ed = 1;
	ck_assert_int_eq(pool_new(&r->pool, c, &pool_users, r), 0);
	if (!r->no_attach)
		poolrig_attach(r);
}

void
poolrig_attach(struct poolrig *r)
{
	r->aconf.loop = &r->loop;
	r->aconf.pool = r->pool;
	r->aconf.path = r->path;
	if (r->aconf.total_ms == 0)
		r->aconf.total_ms = 120 * 1000;
	ck_assert_int_eq(attach_new(&r->attach, &r->aconf), 0);
}

static void
make_guards(struct poolrig *r)
{
	struct guard_conf c = { .version = "test" };

	if (!r->no_guards)
		ck_assert_int_eq(guard_new(&r->guards, &r->loop, &c,
		    &guard_users, r), 0);
}

void
poolrig_new(struct poolrig *r)
{
	struct chanset_conf cc = { .loop = &r->loop, .user = &chan_users,
		.arg = r, .use_v4 = 1 };
	struct path_conf pc = { .paths_needed = -1 };

	crypt_init();
	loop_init(&r->loop, 1000000, POOLRIG_NOW);
	r->sl = simlink_new(&r->loop);
	r->net = simnet_new(&r->loop, POOLRIG_RELAYS);
	cc.dialer = simlink_dialer(r->sl);
	ck_assert_int_eq(chanset_new(&r->chans, &cc), 0);
	ck_assert_int_eq(timeout_new(&r->timeout, &r->loop, &r->tconf), 0);
	make_guards(r);
	pc.guards = r->guards;
	pc.long_lived = r->long_lived;
	pc.nlong_lived = r->nlong_lived;
	ck_assert_int_eq(path_new(&r->path, &r->loop, &pc), 0);
	make_pool(r);
	list_relays(r);
	if (r->edit)
		r->edit(r);
	poolrig_relist(r);
}

void
poolrig_free(struct poolrig *r)
{
	attach_free(r->attach);
	r->attach = NULL;
	pool_free(r->pool);
	chanset_free(r->chans);
	loop_end_turn(&r->loop);
	ck_assert_uint_eq(simlink_broken(r->sl), 0);
	ck_assert_msg(r->net->broken == 0, "client broke a rule: %s",
	    r->net->broke);
	path_free(r->path);
	guard_free(r->guards);
	timeout_free(r->timeout);
	netdir_free(r->nd);
	simdir_fini(&r->sd);
	simlink_free(r->sl);
	simnet_free(r->net);
	ck_assert_ptr_null(r->loop.items);
	ck_assert_ptr_null(r->loop.timers);
}

void
poolrig_run(struct poolrig *r, int64_t ms)
{
	loop_advance(&r->loop, ms);
}

void
poolrig_dark(struct poolrig *r, int dark)
{
	size_t i;

	for (i = 0; i < POOLRIG_RELAYS; i++) {
		if (dark)
			simlink_relay_gone(r->relay[i]);
		else
			r->relay[i]->knobs.down_at_dial = 0;
	}
}

unsigned
poolrig_dials(const struct poolrig *r)
{
	unsigned n = 0;
	size_t i;

	for (i = 0; i < POOLRIG_RELAYS; i++)
		n += r->relay[i]->dials;
	return n;
}

size_t
poolrig_index(const struct poolrig *r, const uint8_t rsa[20])
{
	size_t i;

	for (i = 0; i < POOLRIG_RELAYS; i++)
		if (memcmp(r->net->relay[i].rsa_id, rsa, 20) == 0)
			return i;
	ck_abort_msg("no such relay");
	return 0;
}

static void
make_token(uint8_t token[POOL_TOKEN], unsigned n)
{
	uint16_t owner = (uint16_t)(n >> 16);

	memset(token, 0x55, POOL_TOKEN);
	memcpy(owner ? token + POOL_OWNER : token, &n, sizeof(n));
	if (owner)
		memcpy(token, &owner, sizeof(owner));
}

void
poolrig_need(struct poolrig *r, struct poolrig_need *n, unsigned token,
    uint16_t port)
{
	memset(n, 0, sizeof(*n));
	make_token(n->need.token, token);
	n->need.nym = pool_nym(r->pool);
	n->need.port = port;
	n->need.family = 4;
	n->need.avoid = (const uint8_t (*)[20])n->avoid;
}

/* --- holders --- */

static void
tell(struct hold *h, int what)
{
	if (h->on)
		h->on(h, what);
}

static void
on_open(void *arg)
{
	struct hold *h = arg;

	ck_assert_uint_eq(h->opened++, 0);
	tell(h, HOLD_OPEN);
}

static void
on_data(void *arg, const void *p, size_t n)
{
	struct hold *h = arg;
	const uint8_t *b = p;
	size_t i;

	ck_assert_uint_eq(h->opened, 1);
	ck_assert_uint_eq(h->fins + h->gones, 0);
	for (i = 0; i < n; i++)
		h->bad += b[i] != sim_byte(h->got + i);
	h->got += n;
	tell(h, HOLD_DATA);
}

static void
on_room(void *arg)
{
	struct hold *h = arg;

	h->rooms++;
	tell(h, HOLD_ROOM);
}

static void
on_fin(void *arg)
{
	struct hold *h = arg;

	ck_assert_uint_eq(h->fins++, 0);
	tell(h, HOLD_FIN);
}

static void
on_gone(void *arg, int why)
{
	struct hold *h = arg;

	ck_assert_ptr_nonnull(h->e);	/* not killed */
	ck_assert_uint_eq(h->gones++, 0);
	h->why = why;
	h->e = NULL;
	tell(h, HOLD_GONE);
}

static const struct endpoint_user hold_users = {
	.open = on_open, .data = on_data, .room = on_room, .fin = on_fin,
	.gone = on_gone
};

int
hold_connect_to(struct poolrig *r, struct hold *h, unsigned token,
    const struct attach_target *t)
{
	uint8_t tok[POOL_TOKEN];
	int rc;

	make_token(tok, token);
	memset(h, 0, offsetof(struct hold, on));
	h->rig = r;
	if ((rc = attach_connect(r->attach, tok, t, &h->e)) == 0) {
		endpoint_hold(h->e, &hold_users, h);
		endpoint_grant(h->e, 1 << 20);
	}
	return rc;
}

int
hold_connect(struct poolrig *r, struct hold *h, unsigned token,
    const char *host, uint16_t port)
{
	struct attach_target t = { .host = host, .port = port };

	if (addr_parse_ip(&t.addr, host, -1) < 0)
		t.addr.family = 0;
	if (t.addr.family == 6)
		t.flags = BEGIN_IPV6_OK | BEGIN_IPV4_NOT_OK;
	return hold_connect_to(r, h, token, &t);
}

void
hold_kill(struct hold *h)
{
	struct endpoint *e = h->e;

	h->e = NULL;
	if (e)
		endpoint_kill(e, 0);
}

size_t
hold_send(struct hold *h, uint64_t at, size_t n)
{
	uint8_t *buf = malloc(n ? n : 1);
	size_t i, took;

	ck_assert_ptr_nonnull(buf);
	for (i = 0; i < n; i++)
		buf[i] = sim_byte(at + i);
	took = endpoint_send(h->e, buf, n);
	ck_assert_uint_le(took, n);
	free(buf);
	return took;
}

/* --- what the relays saw --- */

unsigned
poolrig_seen(const struct poolrig *r, const char *host, unsigned *exits)
{
	const struct simstream *st;
	const struct simcirc *c;
	uint32_t set = 0;
	unsigned n = 0;

	for (c = r->net->circs; c; c = c->next)
		for (st = c->streams; st; st = st->next)
			if (strcmp(st->host, host) == 0) {
				n++;
				set |= UINT32_C(1) << c->relay[c->n - 1];
			}
	if (exits)
		*exits = (unsigned)__builtin_popcount(set);
	return n;
}

struct simstream *
poolrig_stream(const struct poolrig *r, const char *host,
    struct simcirc **circ)
{
	struct simstream *st;
	struct simcirc *c;

	for (c = r->net->circs; c; c = c->next)
		for (st = c->streams; st; st = st->next)
			if (strcmp(st->host, host) == 0) {
				if (circ)
					*circ = c;
				return st;
			}
	ck_abort_msg("nobody saw %s", host);
	return NULL;
}

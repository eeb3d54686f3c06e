/* tests/sim/simlink.c - links to fake relays, in one process and by hand
 *
 * Theory of operation
 *	A conn has two pipes of chunks, each with the time at which it arrives:
 *
 *	  client  reserve, commit -> out -(end of turn)-> fwd ... relay_input()
 *	          input() <- inbox ................... bwd <- sim_send_*()
 *
 *	@step drives what is not bytes: TCP up, TLS up, going down.  The relay's
 *	side is written from tor-spec 3 and 4, not from the client's code.
 */
#include "tests/sim/simlink.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/buf.h"
#include "base/loop.h"
#include "base/rand.h"
#include "base/wire.h"
#include "onion/link/link.h"
#include "onion/link/relayid.h"
#include "tests/onion/crypto/mint.h"

enum { FLIGHT_MAX = 262144, LOW = SIMLINK_QUEUE / 4 };
enum step { STEP_CONNECT, STEP_UP, STEP_DONE };

struct chunk {
	TAILQ_ENTRY(chunk)	 link;
	int64_t			 due;
	size_t			 len;
	uint8_t			 data[];
};
TAILQ_HEAD(chunks, chunk);

struct conn {
	struct simlink_conn	 pub;		/* first */
	struct link		 link;
	struct simlink		*net;
	TAILQ_ENTRY(conn)	 list;
	enum step		 step;
	struct loop_timer	 step_timer, fwd_timer, bwd_timer, late_timer;
	struct loop_item	 flush;
	struct chunks		 fwd, bwd;
	struct buf		 out, inbox, relay_in;
	uint8_t			 tls[32];
	uint8_t			 dead, up, stalled, pressed;
	size_t			 fed;		/* bytes, to the client */
	unsigned		 circ_cells;	/* to the client */
	uint8_t			 wide;		/* ids from the client */
	uint8_t			 wide_out;	/* ids to the client */
};
TAILQ_HEAD(conns, conn);

struct simlink {
	struct link_dialer	 dialer;
	struct loop		*loop;
	int64_t			 latency;
	struct simlink_relay	*relays;
	struct conns		 conns, dead;
	struct loop_item	 reap;
	unsigned		 broken;
	unsigned		 made;
};

static struct conn *
conn_of(struct link *l)
{
	return (struct conn *)((char *)l - offsetof(struct conn, link));
}

static const struct conn *
conn_of_const(const struct link *l)
{
	return (const struct conn *)((const char *)l -
	    offsetof(struct conn, link));
}

static struct conn *
of(const struct simlink_conn *p)
{
	return (struct conn *)(uintptr_t)p;
}

static const struct simlink_knobs *
knobs(const struct conn *c)
{
	static const struct simlink_knobs nobody = {
		.down_at_dial = -ECONNREFUSED
	};

	return c->pub.relay ? &c->pub.relay->knobs : &nobody;
}

/* ---- death ---- */

static void
free_chunks(struct chunks *q)
{
	struct chunk *k;

	while ((k = TAILQ_FIRST(q)) != NULL) {
		TAILQ_REMOVE(q, k, link);
		free(k);
	}
}

static void
on_reap(void *arg)
{
	struct simlink *net = arg;
	struct conn *c;

	while ((c = TAILQ_FIRST(&net->dead)) != NULL) {
		TAILQ_REMOVE(&net->dead, c, list);
		free_chunks(&c->fwd);
		free_chunks(&c->bwd);
		buf_free(&c->out);
		buf_free(&c->inbox);
		buf_free(&c->relay_in);
		free(c);
	}
}

static void
bury(struct conn *c)
{
	struct simlink *net = c->net;
	struct simlink_relay *r = c->pub.relay;

	if (c->dead)
		return;
	c->dead = 1;
	loop_timer_clear(net->loop, &c->step_timer);
	loop_timer_clear(net->loop, &c->fwd_timer);
	loop_timer_clear(net->loop, &c->bwd_timer);
	loop_timer_clear(net->loop, &c->late_timer);
	loop_item_clear(net->loop, &c->flush);
	TAILQ_REMOVE(&net->conns, c, list);
	TAILQ_INSERT_TAIL(&net->dead, c, list);
	loop_item_add(net->loop, &net->reap);
	if (r == NULL)
		return;
	r->conns--;
	if (r->user && r->user->closed)
		r->user->closed(r->arg, &c->pub);
}

static void
go_down(struct conn *c, int err)
{
	if (c->dead)
		return;
	bury(c);
	c->link.user->down(c->link.arg, err);
}

static void
broke(struct conn *c, const char *what)
{
	fprintf(stderr, "simlink: the client broke the protocol: %s\n", what);
	c->net->broken++;
	go_down(c, 0);
}

/* ---- pipes ---- */

static void
pipe_put(struct conn *c, struct chunks *q, struct loop_timer *t,
    const void *p, size_t len)
{
	struct chunk *k = malloc(sizeof(*k) + len);

	if (k == NULL)
		abort();
	k->due = c->net->loop->now + c->net->latency;
	k->len = len;
	memcpy(k->data, p, len);
	TAILQ_INSERT_TAIL(q, k, link);
	if (!t->armed)
		loop_timer_set(c->net->loop, t, k->due);
}

/* The next one that has arrived, which the caller frees; or NULL, and the
 * timer is set for when there will be one. */
static struct chunk *
pipe_get(struct conn *c, struct chunks *q, struct loop_timer *t)
{
	struct chunk *k = TAILQ_FIRST(q);

	if (k == NULL)
		return NULL;
	if (k->due > c->net->loop->now) {
		loop_timer_set(c->net->loop, t, k->due);
		return NULL;
	}
	TAILQ_REMOVE(q, k, link);
	return k;
}

static void
must_add(struct buf *b, const void *p, size_t len)
{
	if (buf_add(b, p, len) < 0)
		abort();
}

static void
feed_client(struct conn *c, const uint8_t *p, size_t len)
{
	size_t chop = knobs(c)->chop, end = knobs(c)->close_after, n, used;

	c->link.net_in += len;
	for (; len > 0 && !c->dead; p += n, len -= n) {
		n = chop && chop < len ? chop : len;
		if (end && n > end - c->fed)
			n = end - c->fed;
		c->fed += n;
		must_add(&c->inbox, p, n);
		used = c->link.user->input(c->link.arg, buf_head(&c->inbox),
		    c->inbox.len);
		if (!c->dead)
			buf_drain(&c->inbox, used);
		if (end && c->fed == end)
			go_down(c, knobs(c)->close_err);
	}
}

static void
on_bwd(void *arg)
{
	struct conn *c = arg;
	struct chunk *k;

	while (!c->dead && (k = pipe_get(c, &c->bwd, &c->bwd_timer)) != NULL) {
		feed_client(c, k->data, k->len);
		free(k);
	}
}

void
sim_send_raw(struct simlink_conn *p, const void *data, size_t len)
{
	struct conn *c = of(p);

	if (c->dead || len == 0)
		return;
	p->bytes_out += len;
	pipe_put(c, &c->bwd, &c->bwd_timer, data, len);
}

size_t
sim_pending(const struct simlink_conn *p)
{
	const struct conn *c = of(p);
	const struct chunk *k;
	size_t n = 0;

	TAILQ_FOREACH(k, &c->bwd, link)
		n += k->len;
	return n;
}

/* ---- the relay speaks ---- */

static void
put_head(struct pack *w, int wide, uint32_t id, uint8_t cmd)
{
	if (wide)
		pack_u32(w, id);
	else
		pack_u16(w, (uint16_t)id);
	pack_u8(w, cmd);
}

void
sim_send_cell(struct simlink_conn *p, uint32_t circ_id, uint8_t cmd,
    const void *body, size_t len)
{
	uint8_t cell[5 + 509] = { 0 };
	int wide = of(p)->wide_out;
	unsigned lost = knobs(of(p))->drop_every;
	struct pack w;

	if (lost && circ_id != 0 && ++of(p)->circ_cells % lost == 0)
		return;
	pack_init(&w, cell, sizeof(cell));
	put_head(&w, wide, circ_id, cmd);
	if (body)
		pack_put(&w, body, len);
	sim_send_raw(p, cell, wide ? 514 : 512);
}

void
sim_send_var(struct simlink_conn *p, uint32_t circ_id, uint8_t cmd,
    const void *body, size_t len)
{
	uint8_t *cell = malloc(len + 7);
	struct pack w;

	if (cell == NULL)
		abort();
	pack_init(&w, cell, len + 7);
	put_head(&w, of(p)->wide_out, circ_id, cmd);
	pack_u16(&w, (uint16_t)len);
	pack_put(&w, body, len);
	sim_send_raw(p, cell, pack_len(&w));
	free(cell);
}

static void
filler(struct conn *c)
{
	if (knobs(c)->vpadding)
		sim_send_var(&c->pub, 0, 128, "\1\2\3", 3);
	if (knobs(c)->unknown_var)
		sim_send_var(&c->pub, 0, 200, "", 0);
}

static void
send_versions(struct conn *c)
{
	const struct simlink_knobs *k = knobs(c);
	static const uint16_t usual[8] = { 3, 4, 5 };
	const uint16_t *v = k->versions[0] ? k->versions : usual;
	uint8_t body[32];
	struct pack w;
	int i;

	if (k->versions_none)
		return;
	filler(c);
	pack_init(&w, body, sizeof(body));
	for (i = 0; i < 8 && v[i]; i++)
		pack_u16(&w, v[i]);
	if (k->versions_odd)
		pack_u8(&w, 0);
	c->wide_out = k->versions_wide;
	sim_send_var(&c->pub, 0, 7, body, pack_len(&w));
	c->wide_out = 1;
	if (k->versions_twice)
		sim_send_var(&c->pub, 0, 7, body, pack_len(&w));
	if (k->padding)
		sim_send_cell(&c->pub, 0, 0, NULL, 0);
}

static void
put_cert(struct pack *w, const struct cert_blob *b, int flip)
{
	uint8_t copy[MINT_MAX];

	memcpy(copy, b->body, b->len);
	if (flip)
		copy[b->len - 1] ^= 1;
	pack_u8(w, b->type);
	pack_u16(w, (uint16_t)b->len);
	pack_put(w, copy, b->len);
}

static void
send_certs(struct conn *c)
{
	const struct simlink_knobs *k = knobs(c);
	struct simlink_relay *r = c->pub.relay;
	int64_t wall = c->net->loop->wall;
	struct mint_odd odd = { 0 };
	struct mint_cell cell;
	uint8_t body[16384], n = 0;
	struct pack w;
	int i, j;

	if (k->certs_none)
		return;
	filler(c);
	if (k->expired)
		odd.signing_at = odd.link_at = wall - 2 * 3600;
	if (k->impostor && r->other_mint == NULL)
		r->other_mint = mint_new(1024);
	mint_cell(k->impostor ? r->other_mint : r->mint, c->tls, wall, &odd,
	    &cell);
	pack_init(&w, body, sizeof(body));
	pack_u8(&w, 0);
	for (i = 0; i < 4; i++)
		for (j = cell.blobs[i].type == k->certs_drop;
		    j < 1 + (cell.blobs[i].type == k->certs_double); j++, n++)
			put_cert(&w, &cell.blobs[i],
			    cell.blobs[i].type == k->certs_flip);
	body[0] = n;
	for (i = 0; i < 1 + k->certs_cell_twice; i++)
		sim_send_var(&c->pub, k->certs_circ_id, 129, body,
		    pack_len(&w) - (k->certs_short ? 10 : 0));
}

static void
send_challenge(struct conn *c)
{
	uint8_t body[32 + 2 + 4];
	struct pack w;
	int i;

	if (knobs(c)->challenge_none)
		return;
	filler(c);
	memset(body, 0x55, 32);
	pack_init(&w, body + 32, 6);
	pack_u16(&w, 2);
	pack_u16(&w, 1);
	pack_u16(&w, 3);
	for (i = 0; i < 1 + knobs(c)->challenge_twice; i++)
		sim_send_var(&c->pub, 0, 130, body, sizeof(body));
}

static void
send_netinfo(void *arg)
{
	struct conn *c = arg;
	const struct simlink_knobs *k = knobs(c);
	const struct addr *a = &c->pub.relay->addr;
	uint8_t body[509] = { 0 };
	struct pack w;

	filler(c);
	pack_init(&w, body, sizeof(body));
	pack_u32(&w, (uint32_t)(c->net->loop->wall + k->netinfo_skew));
	pack_u8(&w, 4);
	pack_u8(&w, k->netinfo_bad_other ? 3 : 4);
	pack_put(&w, "\300\0\2\1", k->netinfo_bad_other ? 3 : 4);
	pack_u8(&w, 1 + k->netinfo_bad_mine);
	if (k->netinfo_bad_mine)
		pack_put(&w, "\x77\5abcde", 7);
	pack_u8(&w, a->family);
	pack_u8(&w, (uint8_t)addr_iplen(a));
	pack_put(&w, a->ip, addr_iplen(a));
	sim_send_cell(&c->pub, 0, 8, body, sizeof(body));
}

static void
send_flight(struct conn *c)
{
	const struct simlink_knobs *k = knobs(c);
	uint8_t *giant;

	if (k->silent)
		return;
	if (k->giant_var) {
		giant = calloc(1, k->giant_var + 1);
		sim_send_var(&c->pub, 0, 200, giant, k->giant_var);
		free(giant);
	}
	send_versions(c);
	if (k->challenge_first)
		send_challenge(c);
	if (k->netinfo_first)
		send_netinfo(c);
	send_certs(c);
	if (!k->challenge_first)
		send_challenge(c);
	if (k->netinfo_late_ms)
		loop_timer_in(c->net->loop, &c->late_timer, k->netinfo_late_ms);
	else if (!k->netinfo_none && !k->netinfo_first)
		send_netinfo(c);
}

/* ---- the relay listens ---- */

static void
client_versions(struct conn *c, const uint8_t *body, size_t len)
{
	const struct simlink_knobs *k = knobs(c);
	static const uint16_t usual[8] = { 3, 4, 5 };
	const uint16_t *v = k->versions[0] ? k->versions : usual;
	size_t i;
	int j;

	if (c->pub.versions_in++) {
		broke(c, "VERSIONS twice");
		return;
	}
	for (i = 0; i + 1 < len; i += 2)
		for (j = 0; j < 8 && v[j]; j++)
			if (wire_get16(body + i) == v[j] &&
			    v[j] > c->pub.version)
				c->pub.version = v[j];
	c->wide = 1;
	send_flight(c);
}

static void
client_netinfo(struct conn *c)
{
	struct simlink_relay *r = c->pub.relay;

	if (c->pub.netinfo_in++) {
		broke(c, "NETINFO twice");
		return;
	}
	c->pub.open = 1;
	r->opened++;
	if (r->user && r->user->open)
		r->user->open(r->arg, &c->pub);
}

static void
client_cell(struct conn *c, uint32_t id, uint8_t cmd, uint8_t *body, size_t len)
{
	struct simlink_relay *r = c->pub.relay;

	c->pub.cells_in++;
	if (cmd == 7)
		client_versions(c, body, len);
	else if (!c->pub.versions_in)
		broke(c, "VERSIONS is not the first");
	else if (cmd == 8)
		client_netinfo(c);
	else if (!c->pub.netinfo_in)
		broke(c, "a cell before NETINFO");
	else if (id != 0 && !(id & 0x80000000u))
		broke(c, "a circuit id without the high bit");
	if (!c->dead && r->user && r->user->cell)
		r->user->cell(r->arg, &c->pub, id, cmd, body, len);
}

/* The first cell in the buffer; 0 where it is not whole. */
static size_t
take_cell(struct conn *c)
{
	uint8_t *p = buf_head(&c->relay_in);
	size_t have = c->relay_in.len, idlen = c->wide ? 4 : 2, head, len;
	uint8_t cmd;

	if (have < idlen + 1)
		return 0;
	cmd = p[idlen];
	head = idlen + 1;
	len = 509;
	if (cmd == 7 || cmd >= 128) {
		if (have < head + 2)
			return 0;
		len = wire_get16(p + head);
		head += 2;
	}
	if (have < head + len)
		return 0;
	client_cell(c, c->wide ? wire_get32(p) : wire_get16(p), cmd, p + head,
	    len);
	return head + len;
}

static void
on_fwd(void *arg)
{
	struct conn *c = arg;
	struct chunk *k;
	size_t n;

	while (!c->dead && (k = pipe_get(c, &c->fwd, &c->fwd_timer)) != NULL) {
		must_add(&c->relay_in, k->data, k->len);
		c->pub.bytes_in += k->len;
		free(k);
		while (!c->dead && (n = take_cell(c)) > 0)
			buf_drain(&c->relay_in, n);
	}
}

/* ---- the link, as the client holds it ---- */

static uint8_t *
op_reserve(struct link *l, size_t n)
{
	struct conn *c = conn_of(l);

	return c->up && !c->dead ? buf_reserve(&c->out, n) : NULL;
}

static void
op_commit(struct link *l, size_t n)
{
	struct conn *c = conn_of(l);

	buf_commit(&c->out, n);
	if (c->out.len > LOW)
		c->pressed = 1;
	loop_item_add(c->net->loop, &c->flush);
}

static size_t
op_room(const struct link *l)
{
	const struct conn *c = conn_of_const(l);

	return c->up && !c->dead ? buf_room(&c->out) : 0;
}

static size_t
op_queued(const struct link *l)
{
	return conn_of_const(l)->out.len;
}

static void
op_kill(struct link *l)
{
	bury(conn_of(l));
}

static const struct link_ops ops = {
	.reserve = op_reserve, .commit = op_commit, .room = op_room,
	.queued = op_queued, .kill = op_kill
};

static void
on_flush(void *arg)
{
	struct conn *c = arg;

	if (c->stalled || c->out.len == 0)
		return;
	pipe_put(c, &c->fwd, &c->fwd_timer, buf_head(&c->out), c->out.len);
	c->link.net_out += c->out.len;
	buf_drain(&c->out, c->out.len);
	if (!c->pressed)
		return;
	c->pressed = 0;
	c->link.user->drained(c->link.arg);
}

void
sim_stall(struct simlink_conn *p, int on)
{
	struct conn *c = of(p);

	c->stalled = (uint8_t)on;
	if (!on && !c->dead)
		loop_item_add(c->net->loop, &c->flush);
}

void
sim_close(struct simlink_conn *p, int err)
{
	go_down(of(p), err);
}

static void
on_step(void *arg)
{
	struct conn *c = arg;
	const struct simlink_knobs *k = knobs(c);
	uint8_t hash[32];

	if (c->step == STEP_CONNECT) {
		if (k->down_at_dial) {
			go_down(c, k->down_at_dial);
			return;
		}
		c->step = STEP_UP;
		if (!k->no_tls)
			loop_timer_in(c->net->loop, &c->step_timer,
			    c->net->latency);
		c->link.user->connected(c->link.arg);
		return;
	}
	if (k->tls_fails) {
		go_down(c, -EPROTO);
		return;
	}
	c->step = STEP_DONE;
	c->up = 1;
	memcpy(hash, c->tls, sizeof(hash));
	hash[0] ^= k->wrong_tls;
	c->link.user->up(c->link.arg, hash);
}

static struct simlink_relay *
find_relay(struct simlink *net, const struct addr *a)
{
	struct simlink_relay *r;

	for (r = net->relays; r; r = r->next)
		if (addr_equal(&r->addr, a))
			return r;
	return NULL;
}

static int
op_dial(void *arg, const struct addr *to, const struct link_user *user,
    void *user_arg, struct link **out)
{
	struct simlink *net = arg;
	struct simlink_relay *r = find_relay(net, to);
	struct conn *c;

	if (r) {
		r->dials++;
		if (r->knobs.refuse)
			return r->knobs.refuse;
		r->conns++;
	}
	if ((c = calloc(1, sizeof(*c))) == NULL)
		abort();
	c->pub.relay = r;
	c->net = net;
	c->link.ops = &ops;
	c->link.user = user;
	c->link.arg = user_arg;
	TAILQ_INIT(&c->fwd);
	TAILQ_INIT(&c->bwd);
	buf_init(&c->out, SIMLINK_QUEUE);
	buf_init(&c->inbox, 1 << 24);
	buf_init(&c->relay_in, 1 << 24);
	rand_bytes(c->tls, sizeof(c->tls));
	loop_timer_init(&c->step_timer, on_step, c);
	loop_timer_init(&c->fwd_timer, on_fwd, c);
	loop_timer_init(&c->bwd_timer, on_bwd, c);
	loop_timer_init(&c->late_timer, send_netinfo, c);
	loop_item_init(&c->flush, on_flush, c);
	TAILQ_INSERT_TAIL(&net->conns, c, list);
	if (!knobs(c)->no_answer)
		loop_timer_in(net->loop, &c->step_timer, net->latency);
	*out = &c->link;
	return 0;
}

/* ---- the net and its relays ---- */

struct simlink *
simlink_new(struct loop *loop)
{
	struct simlink *net = calloc(1, sizeof(*net));

	if (net == NULL)
		abort();
	net->loop = loop;
	net->latency = 5;
	net->dialer.dial = op_dial;
	net->dialer.arg = net;
	TAILQ_INIT(&net->conns);
	TAILQ_INIT(&net->dead);
	loop_item_init(&net->reap, on_reap, net);
	return net;
}

void
simlink_free(struct simlink *net)
{
	struct simlink_relay *r;
	struct conn *c;

	while ((c = TAILQ_FIRST(&net->conns)) != NULL)
		bury(c);
	on_reap(net);
	loop_item_clear(net->loop, &net->reap);
	while ((r = net->relays) != NULL) {
		net->relays = r->next;
		mint_free(r->mint);
		mint_free(r->other_mint);
		free(r);
	}
	free(net);
}

const struct link_dialer *
simlink_dialer(struct simlink *net)
{
	return &net->dialer;
}

void
simlink_latency(struct simlink *net, int64_t ms)
{
	net->latency = ms;
}

unsigned
simlink_broken(const struct simlink *net)
{
	return net->broken;
}

struct simlink_relay *
simlink_relay_new(struct simlink *net, const struct addr *addr)
{
	struct simlink_relay *r = calloc(1, sizeof(*r));
	struct certs_result ids;

	if (r == NULL)
		abort();
	net->made++;
	if (addr)
		r->addr = *addr;
	else
		addr_v4(&r->addr, 0x0a010000u + net->made, 9001);
	snprintf(r->nickname, sizeof(r->nickname), "sim%u", net->made);
	r->mint = mint_new(1024);
	mint_ids(r->mint, &ids);
	memcpy(r->rsa_id, ids.rsa, sizeof(r->rsa_id));
	memcpy(r->ed_id, ids.ed, sizeof(r->ed_id));
	r->net = net;
	r->next = net->relays;
	net->relays = r;
	return r;
}

void
simlink_relay_user(struct simlink_relay *r, const struct simlink_user *user,
    void *arg)
{
	r->user = user;
	r->arg = arg;
}

void
simlink_relay_hopinfo(const struct simlink_relay *r, struct hopinfo *hop)
{
	memset(hop, 0, sizeof(*hop));
	memcpy(hop->id.rsa, r->rsa_id, sizeof(hop->id.rsa));
	memcpy(hop->id.ed, r->ed_id, sizeof(hop->id.ed));
	hop->id.ed[0] ^= r->knobs.wrong_ed;
	hop->id.has_ed = 1;
	*(r->addr.family == 6 ? &hop->or6 : &hop->or4) = r->addr;
	memcpy(hop->nickname, r->nickname, sizeof(hop->nickname));
}

void
simlink_relay_gone(struct simlink_relay *r)
{
	struct simlink_conn *p;

	r->knobs.down_at_dial = -ECONNREFUSED;
	while ((p = simlink_relay_conn(r)) != NULL)
		sim_close(p, -ECONNRESET);
}

struct simlink_conn *
simlink_relay_conn(struct simlink_relay *r)
{
	struct conn *c;

	TAILQ_FOREACH_REVERSE(c, &r->net->conns, conns, list)
		if (c->pub.relay == r)
			return &c->pub;
	return NULL;
}

/* tests/onion/link/rig.c - a chanset, fake relays, a clock: all by hand */
#include "tests/onion/link/rig.h"

#include <check.h>
#include <string.h>

#include "onion/crypto/crypt.h"

static void
on_dialling(void *arg, const struct hopinfo *hop)
{
	struct rig *r = arg;

	(void)hop;
	r->dialling++;
}

static void
on_connected(void *arg, const struct hopinfo *hop)
{
	struct rig *r = arg;

	(void)hop;
	r->connected++;
}

static void
on_open(void *arg, struct chan *c)
{
	struct rig *r = arg;

	r->opened++;
	r->open_chan = c;
	if (r->on_open)
		r->on_open(r);
}

static void
on_gone(void *arg, const struct hopinfo *hop, enum chan_why why, int was_open)
{
	struct rig *r = arg;

	(void)hop;
	r->gone++;
	r->why = why;
	r->was_open = was_open;
	if (r->on_gone)
		r->on_gone(r);
}

static void
on_skew(void *arg, const struct relayid *id, int64_t s)
{
	struct rig *r = arg;

	(void)id;
	r->skews++;
	r->skew = s;
}

static const struct chanset_user set_user = {
	.dialling = on_dialling, .connected = on_connected, .open = on_open,
	.gone = on_gone, .skew = on_skew
};

static void
relay_cell(void *arg, struct simlink_conn *conn, uint32_t id, uint8_t cmd,
    uint8_t *body, size_t len)
{
	struct rig *r = arg;

	(void)conn;
	r->cells[cmd]++;
	r->last_id = id;
	if (len == CELL_BODY)
		memcpy(r->last_body, body, len);
	if (cmd == CELL_RELAY && r->norder < 2048)
		r->order[r->norder++] = id;
	if (cmd == CELL_DESTROY && r->nends < 512)
		r->ends[r->nends++] = id;
}

static const struct simlink_user relay_user = { .cell = relay_cell };

void
rig_init(struct rig *r)
{
	memset(r, 0, sizeof(*r));
	crypt_init();
	loop_init(&r->loop, 1000, RIG_WALL);
	r->net = simlink_new(&r->loop);
	r->relay = simlink_relay_new(r->net, NULL);
	simlink_relay_user(r->relay, &relay_user, r);
	simlink_relay_hopinfo(r->relay, &r->hop);
	r->conf.loop = &r->loop;
	r->conf.dialer = simlink_dialer(r->net);
	r->conf.user = &set_user;
	r->conf.arg = r;
	r->conf.use_v4 = r->conf.use_v6 = 1;
	r->conf.padding.low_ms = 1500;
	r->conf.padding.high_ms = 9500;
	r->conf.padding.low_reduced_ms = 9000;
	r->conf.padding.high_reduced_ms = 14000;
	ck_assert_int_eq(chanset_new(&r->set, &r->conf), 0);
}

void
rig_fini(struct rig *r)
{
	chanset_free(r->set);
	ck_assert_uint_eq(simlink_broken(r->net), 0);
	simlink_free(r->net);
	ck_assert(r->loop.timers == NULL);
	ck_assert(r->loop.items == NULL);
}

struct chan *
rig_get(struct rig *r)
{
	struct chan *c = NULL;

	ck_assert_int_eq(chanset_get(r->set, &r->hop, &c), 0);
	return c;
}

struct chan *
rig_open(struct rig *r)
{
	struct chan *c = rig_get(r);

	loop_advance(&r->loop, 1000);
	ck_assert_uint_eq(r->gone, 0);
	ck_assert(chan_is_open(c));
	return c;
}

struct simlink_conn *
rig_conn(struct rig *r)
{
	struct simlink_conn *conn = simlink_relay_conn(r->relay);

	ck_assert(conn != NULL);
	return conn;
}

static void
ear_open(void *arg)
{
	struct ear *e = arg;

	e->open++;
	(void)chan_cell(e->chan, e->id, CELL_CREATE2);	/* as circuits do */
	if (e->then)
		e->then(e);
}

static void
ear_cell(void *arg, uint8_t cmd, uint8_t body[CELL_BODY])
{
	struct ear *e = arg;

	e->cells++;
	e->cmd = cmd;
	memcpy(e->body, body, CELL_BODY);
	memset(body, 0xee, CELL_BODY);	/* it may be changed in place */
	if (e->then)
		e->then(e);
}

static void
ear_room(void *arg)
{
	struct ear *e = arg;
	uint8_t *p;

	e->rooms++;
	while (e->to_send > 0) {
		if ((p = chan_cell(e->chan, e->id, CELL_RELAY)) == NULL) {
			chan_want_room(e->chan, e->id);
			break;
		}
		p[0] = 1;
		e->to_send--;
	}
	if (e->then)
		e->then(e);
}

static void
ear_gone(void *arg, enum chan_why why)
{
	struct ear *e = arg;

	e->gone++;
	e->why = why;
	if (e->then)
		e->then(e);
}

static const struct chan_user ear_user = {
	.open = ear_open, .cell = ear_cell, .room = ear_room, .gone = ear_gone
};

int
ear_attach(struct ear *e, struct rig *r, struct chan *c)
{
	e->rig = r;
	e->chan = c;
	return chan_attach(c, &ear_user, e, &e->id);
}

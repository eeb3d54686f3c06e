/* tests/onion/circ/rig.c - a circuit through a simnet, holders for streams */
#include "tests/onion/circ/rig.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "onion/circ/relaymsg.h"
#include "onion/crypto/crypt.h"
#include "tests/onion/circ/fakechan.h"

static void
call(struct rig *r, int what)
{
	if (r->on)
		r->on(r, what);
}

static void
on_hop(void *arg, size_t built)
{
	struct rig *r = arg;

	r->hop++;
	ck_assert_uint_eq(r->hop, built);
	call(r, ON_HOP);
}

static void
on_built(void *arg)
{
	struct rig *r = arg;

	r->built++;
	call(r, ON_BUILT);
}

static void
on_linked(void *arg)
{
	struct rig *r = arg;

	r->linked++;
	call(r, ON_LINKED);
}

static void
on_idle(void *arg)
{
	struct rig *r = arg;

	r->idle++;
	call(r, ON_IDLE);
}

static int
on_message(void *arg, uint8_t cmd, const uint8_t *data, size_t len)
{
	struct rig *r = arg;

	r->messages++;
	r->message = cmd;
	ck_assert_uint_le(len, sizeof(r->message_data));
	memcpy(r->message_data, data, len);
	r->message_len = len;
	call(r, ON_MESSAGE);
	return r->message_rc;
}

static void
on_circ_gone(void *arg, enum circ_why why)
{
	struct rig *r = arg;
	struct endpoint_queued q;
	size_t i;

	/* All streams ended before, but those that have something left. */
	for (i = 0; i < RIG_HOLDERS; i++) {
		if (r->h[i].e == NULL)
			continue;
		endpoint_queued(r->h[i].e, &q);
		ck_assert_uint_gt(q.bytes, 0);
	}
	r->gone++;
	r->why = why;
	call(r, ON_CIRC_GONE);
	r->circ = NULL;
}

static const struct circ_user circ_users = {
	.hop = on_hop, .built = on_built, .linked = on_linked, .idle = on_idle,
	.message = on_message, .gone = on_circ_gone
};

void
rig_init(struct rig *r, size_t nhops, int open)
{
	memset(r, 0, sizeof(*r));
	crypt_init();
	loop_init(&r->loop, 1000000, 1700000000);
	r->net = simnet_new(&r->loop, nhops);
	r->chan = fakechan_new(&r->loop, r->net, 0, open);
	r->hops = nhops;
	flow_params_load(&r->flow, NULL);
}

static int
is_cgo(const struct rig *r, enum rig_kind kind, size_t hop)
{
	return kind == RIG_CGO_ALL || (kind == RIG_CGO && hop == r->hops - 1);
}

int
rig_start(struct rig *r, enum rig_kind kind)
{
	struct circ_hop hop[CIRC_HOPS_MAX];
	struct circ_conf conf = {
		.loop = &r->loop, .flow = &r->flow, .extend_by_ed = 1,
		.reject_internal = 1, .pad = r->pad
	};
	size_t i, last = r->hops - 1;

	memset(hop, 0, sizeof(hop));
	for (i = 0; i < r->hops; i++) {
		simnet_hopinfo(r->net, i, &hop[i].info);
		hop[i].kind = HANDSHAKE_NTOR;
		if (r->pad)
			hop[i].info.caps |= CAP_PADDING;
		if (is_cgo(r, kind, i)) {
			hop[i].kind = HANDSHAKE_NTOR3;
			hop[i].want_cc = hop[i].want_cgo = 1;
		}
	}
	if (kind == RIG_CC) {
		hop[last].kind = HANDSHAKE_NTOR3;
		hop[last].want_cc = 1;
	} else if (kind == RIG_FAST)
		hop[0].kind = HANDSHAKE_FAST;
	return circ_new(&r->circ, &conf, r->chan, hop, r->hops, &circ_users,
	    r);
}

void
rig_build(struct rig *r, enum rig_kind kind)
{
	size_t i;

	ck_assert_int_eq(rig_start(r, kind), 0);
	rig_run(r);
	ck_assert_uint_eq(r->built, 1);
	ck_assert(circ_is_built(r->circ));
	r->sim = simnet_circ(r->net);
	ck_assert_int_eq(r->sim->cc, kind != RIG_NTOR && kind != RIG_FAST);
	for (i = 0; i < r->hops; i++)
		ck_assert_int_eq(simcirc_is_v1(r->sim, i), is_cgo(r, kind, i));
}

void
rig_new(struct rig *r, size_t nhops, enum rig_kind kind)
{
	rig_init(r, nhops, 1);
	rig_build(r, kind);
}

void
rig_free(struct rig *r)
{
	struct circ *c = r->circ;
	size_t i;

	r->circ = NULL;
	if (c)
		circ_kill(c, CIRC_WHY_FINISHED);
	loop_end_turn(&r->loop);
	for (i = 0; i < RIG_HOLDERS; i++)
		holder_kill(&r->h[i]);		/* what outlived it */
	loop_end_turn(&r->loop);
	ck_assert_uint_eq(fakechan_circs(r->chan), 0);
	ck_assert_msg(r->net->broken == 0, "client broke a rule: %s",
	    r->net->broke);
	fakechan_free(r->chan);
	simnet_free(r->net);
	ck_assert_ptr_null(r->loop.items);
	ck_assert_ptr_null(r->loop.timers);
}

void
rig_run(struct rig *r)
{
	(void)fakechan_run(r->chan);
}

static void
tell(struct holder *h, int what)
{
	if (h->on)
		h->on(h, what);
}

static void
on_open(void *arg)
{
	struct holder *h = arg;

	h->opened++;
	ck_assert(stream_is_open(h->e));
	tell(h, ON_OPEN);
}

static void
on_data(void *arg, const void *p, size_t n)
{
	struct holder *h = arg;
	const uint8_t *b = p;
	size_t i;

	ck_assert_uint_eq(h->fins + h->gones, 0);
	ck_assert_uint_gt(n, 0);
	for (i = 0; i < n; i++)
		h->bad += b[i] != sim_byte(h->got + i);
	h->got += n;
	if (h->regrant)
		endpoint_grant(h->e, n);
	tell(h, ON_DATA);
}

static void
send_more(struct holder *h)
{
	uint8_t buf[20000];
	size_t i, n, took;

	while (h->e && h->to_send > 0) {
		n = h->to_send < sizeof(buf) ? (size_t)h->to_send :
		    sizeof(buf);
		for (i = 0; i < n; i++)
			buf[i] = sim_byte(h->sent + i);
		took = endpoint_send(h->e, buf, n);
		ck_assert_uint_le(took, n);
		h->sent += took;
		h->to_send -= took;
		if (took < n)
			break;
	}
}

static void
on_room(void *arg)
{
	struct holder *h = arg;

	h->rooms++;
	tell(h, ON_ROOM);
	if (h->e)
		send_more(h);
}

static void
on_fin(void *arg)
{
	struct holder *h = arg;

	h->fins++;
	tell(h, ON_FIN);
}

static void
on_gone(void *arg, int why)
{
	struct holder *h = arg;

	h->gones++;
	h->why = why;
	h->end_reason = stream_end_reason(h->e);
	h->was_open = (uint8_t)stream_is_open(h->e);
	if (stream_addr(h->e))
		h->addr = *stream_addr(h->e);
	h->e = NULL;
	tell(h, ON_GONE);
}

static const struct endpoint_user holder_users = {
	.open = on_open, .data = on_data, .room = on_room, .fin = on_fin,
	.gone = on_gone
};

struct holder *
rig_connect(struct rig *r, size_t i, uint16_t port, size_t credit)
{
	return rig_connect_flags(r, i, port, credit, 0);
}

static struct holder *
fresh(struct rig *r, size_t i)
{
	struct holder *h = &r->h[i];

	memset(h, 0, sizeof(*h));
	h->rig = r;
	return h;
}

static struct holder *
hold(struct holder *h, size_t credit)
{
	endpoint_hold(h->e, &holder_users, h);
	if (credit)
		endpoint_grant(h->e, credit);
	return h;
}

static struct holder *
connect_to(struct rig *r, size_t i, const char *host, uint16_t port,
    size_t credit, uint32_t flags)
{
	struct holder *h = fresh(r, i);

	ck_assert_int_eq(circ_connect(r->circ, host, port, flags, &h->e), 0);
	return hold(h, credit);
}

struct holder *
rig_connect_flags(struct rig *r, size_t i, uint16_t port, size_t credit,
    uint32_t flags)
{
	return connect_to(r, i, "www.example.test", port, credit, flags);
}

struct holder *
rig_connect_host(struct rig *r, size_t i, const char *host, uint16_t port,
    size_t credit)
{
	return connect_to(r, i, host, port, credit, 0);
}

struct holder *
rig_begin_dir(struct rig *r, size_t i, size_t credit)
{
	struct holder *h = fresh(r, i);

	ck_assert_int_eq(circ_begin_dir(r->circ, &h->e), 0);
	return hold(h, credit);
}

size_t
holder_send(struct holder *h, uint64_t bytes)
{
	uint64_t before = h->sent;

	h->to_send += bytes;
	send_more(h);
	return (size_t)(h->sent - before);
}

void
holder_grant(struct holder *h, size_t n)
{
	if (h->e)
		endpoint_grant(h->e, n);
}

void
holder_kill(struct holder *h)
{
	struct endpoint *e = h->e;

	h->e = NULL;
	if (e)
		endpoint_kill(e, 0);
}

static void
on_answer(void *arg, const struct circ_answer *a, size_t n, int why)
{
	struct rig *r = arg;

	r->answers++;
	r->answer_why = why;
	r->nanswers = n;
	if (n == 0)
		return;
	r->answer = a[0];
	if (a[0].addr)
		r->answer_addr = *a[0].addr;
	if (a[0].name) {
		ck_assert_uint_lt(strlen(a[0].name), sizeof(r->answer_name));
		strcpy(r->answer_name, a[0].name);
	}
}

void
rig_resolve(struct rig *r, const char *name, struct circ_lookup **out)
{
	struct circ_lookup *l;

	ck_assert_int_eq(circ_resolve(r->circ, name, on_answer, r,
	    out ? out : &l), 0);
}

void
rig_say(struct rig *r, uint8_t cmd, uint16_t stream, const void *p, size_t n)
{
	simcirc_say(r->sim, r->sim->n - 1, cmd, stream, p, n);
}

uint16_t
rig_last_id(const struct rig *r)
{
	return simcirc_streams(r->sim)->id;
}

void
rig_drain(struct rig *r, struct holder *h, uint64_t bytes)
{
	while (h->e && r->circ && !r->net->broken) {
		holder_grant(h, 100 * 1000);
		rig_run(r);
		loop_advance(&r->loop, 1);
	}
	ck_assert_uint_eq(h->got, bytes);
	ck_assert_uint_eq(h->bad, 0);
	ck_assert_uint_eq(h->fins, 1);
	ck_assert_uint_eq(h->gones, 1);
	ck_assert_int_eq(h->why, 0);
	ck_assert_uint_eq(h->end_reason, END_DONE);
}

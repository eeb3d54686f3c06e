/* tests/onion/circ/twin.c - two circuits to one exit, to be linked */
#include "tests/onion/circ/twin.h"

#include <check.h>
#include <string.h>

#include "tests/onion/circ/fakechan.h"

enum { RELAYS = 5, HOPS = 3, EXIT = 2 };

const uint8_t twin_nonce[CONFLUX_NONCE] = "thirty-two bytes that are random";

static void
call(struct twin *t, int what)
{
	if (t->on)
		t->on(t, what);
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
	struct twin *t = arg;

	t->built++;
}

static void
on_linked(void *arg)
{
	struct twin *t = arg;

	t->linked++;
	call(t, ON_LINKED);
}

static void
on_idle(void *arg)
{
	(void)arg;
	ck_abort_msg("the second leg has no streams");
}

static void
on_gone(void *arg, enum circ_why why)
{
	struct twin *t = arg;
	struct endpoint_queued q;
	size_t i;

	/* They hear first, but those that have something left. */
	for (i = 0; i < RIG_HOLDERS; i++) {
		if (t->r.h[i].e == NULL)
			continue;
		endpoint_queued(t->r.h[i].e, &q);
		ck_assert_uint_gt(q.bytes, 0);
	}
	t->gone++;
	t->why = why;
	call(t, ON_CIRC_GONE);
	t->circ = NULL;
}

static const struct circ_user users = {
	.hop = on_hop, .built = on_built, .linked = on_linked,
	.idle = on_idle, .gone = on_gone
};

void
twin_init(struct twin *t)
{
	memset(t, 0, sizeof(*t));
	rig_init(&t->r, RELAYS, 1);
	t->r.hops = HOPS;
	t->chan = fakechan_new(&t->r.loop, t->r.net, EXIT + 1, 1);
}

static void
build_second(struct twin *t)
{
	static const size_t path[HOPS] = { EXIT + 1, EXIT + 2, EXIT };
	struct circ_hop hop[HOPS];
	struct circ_conf conf = {
		.loop = &t->r.loop, .flow = &t->r.flow, .extend_by_ed = 1,
		.reject_internal = 1
	};
	size_t i;

	memset(hop, 0, sizeof(hop));
	for (i = 0; i < HOPS; i++) {
		simnet_hopinfo(t->r.net, path[i], &hop[i].info);
		hop[i].kind = HANDSHAKE_NTOR;
	}
	hop[HOPS - 1].kind = HANDSHAKE_NTOR3;
	hop[HOPS - 1].want_cc = 1;
	hop[HOPS - 1].want_cgo = (t->cgo & 2) != 0;
	ck_assert_int_eq(circ_new(&t->circ, &conf, t->chan, hop, HOPS, &users,
	    t), 0);
	(void)fakechan_run(t->chan);
	ck_assert_uint_eq(t->built, 1);
	t->sim = simnet_circ(t->r.net);
	ck_assert_int_eq(simcirc_is_v1(t->sim, EXIT), (t->cgo & 2) != 0);
}

void
twin_build(struct twin *t)
{
	rig_build(&t->r, t->cgo & 1 ? RIG_CGO : RIG_CC);
	build_second(t);
}

static void
link_one(struct twin *t, int i, int64_t rtt)
{
	ck_assert_int_eq(circ_link(twin_circ(t, i), twin_nonce,
	    CONFLUX_UX_THROUGHPUT), 0);
	(void)fakechan_out(twin_chan(t, i));
	loop_advance(&t->r.loop, rtt);
	(void)fakechan_in(twin_chan(t, i));
}

void
twin_link(struct twin *t, int64_t rtt0, int64_t rtt1)
{
	link_one(t, 0, rtt0);
	link_one(t, 1, rtt1);
	twin_run(t);
	ck_assert_uint_eq(t->r.linked, 1);
	ck_assert_uint_eq(t->linked, 1);
	t->set = t->sim->set;
}

void
twin_join(struct twin *t)
{
	ck_assert_int_eq(circ_join(t->r.circ, t->circ), 0);
}

void
twin_new(struct twin *t)
{
	twin_init(t);
	twin_build(t);
	twin_link(t, TWIN_RTT0, TWIN_RTT1);
	twin_join(t);
}

static void
check_set(const struct twin *t)
{
	if (t->set == NULL || t->set->over || t->r.circ == NULL)
		return;
	ck_assert_uint_eq(t->set->nheld, 0);
	ck_assert(!t->r.sim->switched_in && !t->sim->switched_in);
	ck_assert(t->r.sim->acked && t->sim->acked);
}

void
twin_free(struct twin *t)
{
	twin_run(t);
	check_set(t);
	twin_kill(t, 0);
	twin_kill(t, 1);
	loop_end_turn(&t->r.loop);
	ck_assert_uint_eq(fakechan_circs(t->chan), 0);
	fakechan_free(t->chan);
	rig_free(&t->r);
}

void
twin_run(struct twin *t)
{
	while (fakechan_run(t->r.chan) | fakechan_run(t->chan))
		;
}

void
twin_pass(struct twin *t, int64_t ms)
{
	loop_advance(&t->r.loop, ms);
	twin_run(t);
}

struct circ *
twin_circ(struct twin *t, int i)
{
	return i ? t->circ : t->r.circ;
}

struct simcirc *
twin_sim(struct twin *t, int i)
{
	return i ? t->sim : t->r.sim;
}

struct chan *
twin_chan(struct twin *t, int i)
{
	return i ? t->chan : t->r.chan;
}

void
twin_kill(struct twin *t, int i)
{
	struct circ **p = i ? &t->circ : &t->r.circ, *c = *p;

	*p = NULL;
	if (c)
		circ_kill(c, CIRC_WHY_FINISHED);
}

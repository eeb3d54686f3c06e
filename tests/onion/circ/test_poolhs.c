/* tests/onion/circ/test_poolhs.c - circuits of the pool towards services */
#include "tests/unit.h"

#include <errno.h>
#include <string.h>

#include "base/rand.h"
#include "onion/circ/circ.h"
#include "onion/circ/relaymsg.h"
#include "onion/dir/consensus.h"
#include "onion/hs/hsntor.h"
#include "onion/link/chan.h"
#include "onion/link/relayid.h"
#include "onion/path/guard.h"
#include "tests/onion/circ/poolrig.h"
#include "tests/sim/simlink.h"

enum { MINUTE = 60 * 1000, OWNERS = 40 };

struct owner {
	struct pool_circ *pc;
	unsigned	 built, messages, gone;
	int		 reached;
	uint8_t		 cmd;
	int		 rc;
};

static const uint8_t token[POOL_TOKEN] = { 7 };
static const uint8_t cookie[20] = { 1 };

static void
on_built(void *arg)
{
	struct owner *o = arg;

	ck_assert_ptr_nonnull(o->pc);	/* not from within the call */
	ck_assert(circ_is_built(pool_circ(o->pc)));
	o->built++;
}

static int
on_message(void *arg, uint8_t cmd, const uint8_t *data, size_t len)
{
	struct owner *o = arg;

	(void)data;
	(void)len;
	o->messages++;
	o->cmd = cmd;
	return o->rc;
}

static void
on_gone(void *arg, int reached)
{
	struct owner *o = arg;

	ck_assert_ptr_nonnull(o->pc);
	o->gone++;
	o->reached = reached;
	o->pc = NULL;
}

static const struct pool_hs_user owners = {
	.built = on_built, .message = on_message, .gone = on_gone
};

static int
ask(struct poolrig *r, struct owner *o, enum pool_hs_kind kind,
    const struct hopinfo *last)
{
	struct pool_circ *pc = NULL;
	int rc;

	memset(o, 0, sizeof(*o));
	rc = pool_hs_open(r->pool, kind, token, last, &owners, o, &pc);
	o->pc = pc;
	return rc;
}

static void
let_go(struct owner *o)
{
	struct pool_circ *pc = o->pc;

	o->pc = NULL;
	if (pc)
		pool_circ_close(pc);
}

struct shown {
	unsigned	 general, ahead, dir, intro, rend;
};

static void
count(void *arg, const struct pool_show *s)
{
	struct shown *n = arg;

	n->general += strcmp(s->purpose, "general") == 0;
	n->ahead += strcmp(s->purpose, "onion service: ahead") == 0;
	n->dir += strcmp(s->purpose, "onion service: directory") == 0;
	n->intro += strcmp(s->purpose, "onion service: introduction") == 0;
	n->rend += strcmp(s->purpose, "onion service: rendezvous") == 0;
}

static struct shown
shown(const struct poolrig *r)
{
	struct shown n = { 0 };

	pool_each(r->pool, count, &n);
	return n;
}

static struct simcirc *
sim_of(struct poolrig *r, const struct owner *o)
{
	const struct circ *c = pool_circ(o->pc);
	struct simcirc *s;
	size_t i, n = circ_nbuilt(c);

	for (s = r->net->circs; s; s = s->next) {
		for (i = 0; i < n && i < s->n; i++)
			if (memcmp(r->net->relay[s->relay[i]].rsa_id,
			    circ_hopinfo(c, i)->id.rsa, 20) != 0)
				break;
		if (i == n && n == s->n && !s->destroyed)
			return s;
	}
	ck_abort_msg("no such circuit");
	return NULL;
}

/* --- asking --- */

START_TEST(pool_hs_open_stub_of_three_hops_is_built)
{
	struct poolrig r = { .no_attach = 1 };
	struct owner o;

	poolrig_new(&r);
	ck_assert_int_eq(ask(&r, &o, POOL_HS_REND, NULL), 0);
	ck_assert_uint_eq(o.built, 0);
	poolrig_run(&r, 1000);
	ck_assert_uint_eq(o.built, 1);
	ck_assert_uint_eq(circ_nhops(pool_circ(o.pc)), 3);
	ck_assert_uint_eq(shown(&r).rend, 1);
	let_go(&o);
	poolrig_run(&r, 1000);
	ck_assert_uint_eq(o.gone, 0);
	poolrig_free(&r);
}
END_TEST

START_TEST(pool_hs_open_last_hop_is_the_fourth)
{
	struct poolrig r = { .no_attach = 1, .pconf = { .predict = 1 } };
	struct owner o[6];
	struct hopinfo last;
	size_t i, j;

	poolrig_new(&r);
	for (i = 0; i < NELEM(o); i++) {
		simnet_hopinfo(r.net, i, &last);
		ck_assert_int_eq(ask(&r, &o[i], i % 2 ? POOL_HS_DIR :
		    POOL_HS_INTRO, &last), 0);
		if (i > 2)		/* from a stub that stands */
			poolrig_run(&r, 3000);
	}
	poolrig_run(&r, 3000);
	for (i = 0; i < NELEM(o); i++) {
		const struct circ *c = pool_circ(o[i].pc);

		ck_assert_uint_eq(o[i].built, 1);
		ck_assert_uint_eq(circ_nbuilt(c), 4);
		ck_assert_mem_eq(circ_hopinfo(c, 3)->id.rsa,
		    r.net->relay[i].rsa_id, 20);
		for (j = 1; j < 3; j++)
			ck_assert_mem_ne(circ_hopinfo(c, j)->id.rsa,
			    r.net->relay[i].rsa_id, 20);
	}
	ck_assert_uint_eq(shown(&r).dir, 3);
	ck_assert_uint_eq(shown(&r).intro, 3);
	for (i = 0; i < NELEM(o); i++)
		let_go(&o[i]);
	poolrig_free(&r);
}
END_TEST

/* Where stubs have that relay in them, another is begun. */
START_TEST(pool_hs_open_never_leads_back_to_where_it_came_from)
{
	struct poolrig r = { .no_attach = 1, .pconf = { .predict = 1 } };
	struct owner first, o;
	struct hopinfo last;
	int i;
	size_t j;

	poolrig_new(&r);
	for (i = 0; i < 30; i++) {
		ck_assert_int_eq(ask(&r, &first, POOL_HS_REND, NULL), 0);
		poolrig_run(&r, 3000);
		last = *circ_hopinfo(pool_circ(first.pc), 1 + (size_t)i % 2);
		let_go(&first);
		ck_assert_int_eq(ask(&r, &o, POOL_HS_DIR, &last), 0);
		poolrig_run(&r, 3000);
		ck_assert_uint_eq(o.built, 1);
		for (j = 0; j + 2 < 4; j++)
			ck_assert_mem_ne(circ_hopinfo(pool_circ(o.pc),
			    j)->id.rsa, circ_hopinfo(pool_circ(o.pc),
			    j + 2)->id.rsa, 20);
		let_go(&o);
	}
	poolrig_free(&r);
}
END_TEST

/* --- whose it is --- */

/* Half of the relays are not. */
static void
make_half_unstable(struct poolrig *r)
{
	size_t i;

	for (i = 0; i < POOLRIG_RELAYS; i += 2)
		poolrig_listed(r, i)->flags &= ~(uint32_t)RELAY_STABLE;
}

START_TEST(pool_hs_open_stable_rendezvous_is_of_relays_that_are)
{
	struct poolrig r = { .no_attach = 1, .edit = make_half_unstable,
		.pconf = { .predict = 1, .keep_clean_ms = 10 * MINUTE } };
	const struct circ *c;
	struct owner o;
	unsigned i, k;

	poolrig_new(&r);
	for (i = 0; i < 40; i++) {
		ck_assert_int_eq(ask(&r, &o, POOL_HS_REND_STABLE, NULL), 0);
		poolrig_run(&r, 3000);
		ck_assert_uint_eq(o.built, 1);
		ck_assert_int_eq(pool_circ_is_stable(o.pc), 1);
		c = pool_circ(o.pc);
		for (k = 1; k < 3; k++)
			ck_assert_uint_eq(poolrig_index(&r,
			    circ_hopinfo(c, k)->id.rsa) % 2, 1);
		ck_assert_uint_eq(shown(&r).rend, 1);
		let_go(&o);
	}
	poolrig_free(&r);
}
END_TEST

START_TEST(pool_hs_open_circuits_serve_nobody_else)
{
	struct poolrig r = { .no_attach = 1, .pconf = { .predict = 1 } };
	struct poolrig_need n;
	struct pool_circ *pc;
	struct owner o[2];
	int i;

	poolrig_new(&r);
	ck_assert_int_eq(ask(&r, &o[0], POOL_HS_REND, NULL), 0);
	ck_assert_int_eq(ask(&r, &o[1], POOL_HS_REND, NULL), 0);
	ck_assert_ptr_ne(o[0].pc, o[1].pc);
	poolrig_run(&r, 3000);
	for (i = 0; i < 20; i++) {
		poolrig_need(&r, &n, (unsigned)i, 80);
		memcpy(n.need.token, token, sizeof(token));
		if (pool_get(r.pool, &n.need, &pc) < 0)
			continue;
		ck_assert_ptr_ne(pc, o[0].pc);
		ck_assert_ptr_ne(pc, o[1].pc);
		pool_circ_spoil(pc);
	}
	let_go(&o[0]);
	let_go(&o[1]);
	poolrig_free(&r);
}
END_TEST

/* --- ahead --- */

START_TEST(pool_hs_stubs_are_kept_once_somebody_asked)
{
	struct poolrig r = { .no_attach = 1, .pconf = { .predict = 1,
		.keep_clean_ms = 10 * MINUTE } };
	struct owner o;

	poolrig_new(&r);
	poolrig_run(&r, MINUTE);
	ck_assert_uint_eq(shown(&r).ahead, 0);
	ck_assert_int_eq(ask(&r, &o, POOL_HS_REND, NULL), 0);
	poolrig_run(&r, 5000);
	ck_assert_uint_eq(shown(&r).ahead, POOL_HS_STUBS);
	ck_assert_uint_eq(shown(&r).rend, 1);
	let_go(&o);
	/* One is given, and another comes in its place; it is built already. */
	ck_assert_int_eq(ask(&r, &o, POOL_HS_REND, NULL), 0);
	poolrig_run(&r, 0);
	ck_assert_uint_eq(o.built, 1);
	poolrig_run(&r, 5000);
	ck_assert_uint_eq(shown(&r).ahead, POOL_HS_STUBS);
	let_go(&o);
	poolrig_run(&r, 45 * MINUTE);
	ck_assert_uint_eq(shown(&r).ahead, 0);
	poolrig_free(&r);
}
END_TEST

struct old {
	uint32_t	 id[64];
	size_t		 n;
};

static void
note_old(void *arg, const struct pool_show *s)
{
	struct old *o = arg;

	if (o->n < 64 && strncmp(s->purpose, "onion", 5) == 0)
		o->id[o->n++] = circ_id(s->circ);
}

static void
must_be_new(void *arg, const struct pool_show *s)
{
	const struct old *o = arg;
	size_t i;

	for (i = 0; i < o->n; i++)
		ck_assert_uint_ne(circ_id(s->circ), o->id[i]);
}

START_TEST(pool_newnym_takes_stubs_and_circuits_to_services)
{
	struct poolrig r = { .no_attach = 1, .pconf = { .predict = 1 } };
	struct owner o[2];
	struct old old;

	poolrig_new(&r);
	ck_assert_int_eq(ask(&r, &o[0], POOL_HS_REND, NULL), 0);
	poolrig_run(&r, 5000);
	ck_assert_int_eq(ask(&r, &o[1], POOL_HS_REND, NULL), 0);
	poolrig_run(&r, 0);
	ck_assert_uint_eq(o[1].built, 1);
	pool_newnym(r.pool);
	ck_assert_int_eq(pool_circ_is_over(o[0].pc), 1);
	memset(&old, 0, sizeof(old));
	pool_each(r.pool, note_old, &old);
	ck_assert_uint_ge(old.n, POOL_HS_STUBS);
	poolrig_run(&r, 1);
	ck_assert_uint_eq(o[0].gone, 1);
	ck_assert_uint_eq(o[1].gone, 1);
	poolrig_run(&r, 5000);
	ck_assert_uint_eq(shown(&r).ahead, POOL_HS_STUBS);
	pool_each(r.pool, must_be_new, &old);
	poolrig_free(&r);
}
END_TEST

START_TEST(pool_newnym_circuit_that_is_being_built_is_not_given)
{
	struct poolrig r = { .no_attach = 1 };
	struct owner o;

	poolrig_new(&r);
	ck_assert_int_eq(ask(&r, &o, POOL_HS_REND, NULL), 0);
	pool_newnym(r.pool);
	poolrig_run(&r, 5000);
	ck_assert_uint_eq(o.built, 0);
	ck_assert_uint_eq(o.gone, 1);
	poolrig_free(&r);
}
END_TEST

/* --- failing --- */

START_TEST(pool_hs_open_hop_that_is_dead_is_nobodys_failure)
{
	struct poolrig r = { .no_attach = 1, .pconf = { .predict = 1 } };
	struct poolrig_need n;
	struct pool_circ *pc;
	struct hopinfo last;
	struct owner o;
	int i;

	poolrig_new(&r);
	simnet_hopinfo(r.net, 5, &last);
	poolrig_run(&r, 5000);
	r.net->knobs.truncate_at = 4;
	for (i = 0; i < 10; i++) {
		ck_assert_int_eq(ask(&r, &o, POOL_HS_INTRO, &last), 0);
		poolrig_run(&r, 3000);
		ck_assert_uint_eq(o.built, 0);
		ck_assert_uint_eq(o.gone, 1);
		ck_assert_int_eq(o.reached, 1);
	}
	/* Others are not held back. */
	poolrig_need(&r, &n, 99, 443);
	memset(&n.need.exit, 0, sizeof(n.need.exit));
	for (i = 0; i < 40; i++) {
		poolrig_need(&r, &n, 100 + (unsigned)i, 443);
		if (pool_get(r.pool, &n.need, &pc) == 0)
			pool_circ_used(pc, &n.need);
	}
	ck_assert_uint_gt(pool_building(r.pool), 10);
	poolrig_free(&r);
}
END_TEST

START_TEST(pool_hs_open_hop_that_is_silent_is_given_up)
{
	struct poolrig r = { .no_attach = 1, .tconf = { .fixed_ms = 6000 } };
	struct hopinfo last;
	struct owner o;

	poolrig_new(&r);
	simnet_hopinfo(r.net, 5, &last);
	r.net->knobs.mute_at = 4;
	ck_assert_int_eq(ask(&r, &o, POOL_HS_INTRO, &last), 0);
	poolrig_run(&r, 1000);
	ck_assert_uint_eq(circ_nbuilt(pool_circ(o.pc)), 3);
	ck_assert_uint_eq(pool_building(r.pool), 1);
	poolrig_run(&r, 2 * MINUTE);
	ck_assert_uint_eq(o.built, 0);
	ck_assert_uint_eq(o.gone, 1);
	ck_assert_int_eq(o.reached, 1);
	ck_assert_uint_eq(pool_building(r.pool), 0);
	poolrig_free(&r);
}
END_TEST

START_TEST(pool_hs_open_stub_that_is_slow_is_given_up_by_its_asker)
{
	struct poolrig r = { .no_attach = 1, .tconf = { .fixed_ms = 6000 } };
	struct poolrig_need n;
	struct pool_circ *pc;
	struct owner o;

	poolrig_new(&r);
	poolrig_need(&r, &n, 1, 80);
	ck_assert_int_eq(pool_get(r.pool, &n.need, &pc), -EAGAIN);
	poolrig_run(&r, 1000);
	r.net->knobs.mute_at = 2;
	ck_assert_int_eq(ask(&r, &o, POOL_HS_REND, NULL), 0);
	poolrig_run(&r, 8000);
	ck_assert_uint_eq(o.gone, 1);
	ck_assert_int_eq(o.reached, 0);
	poolrig_run(&r, 2 * MINUTE);
	ck_assert_uint_eq(shown(&r).rend, 0);
	poolrig_free(&r);
}
END_TEST

START_TEST(pool_hs_open_stub_that_fails_has_reached_nobody)
{
	struct poolrig r = { .no_attach = 1 };
	struct hopinfo last;
	struct owner o;

	poolrig_new(&r);
	simnet_hopinfo(r.net, 5, &last);
	r.net->knobs.truncate_at = 2 + (size_t)_i;
	ck_assert_int_eq(ask(&r, &o, POOL_HS_DIR, &last), 0);
	poolrig_run(&r, 5000);
	ck_assert_uint_eq(o.gone, 1);
	ck_assert_int_eq(o.reached, _i == 2);
	poolrig_free(&r);
}
END_TEST

START_TEST(pool_hs_open_without_a_network_comes_to_nothing)
{
	struct poolrig r = { .no_attach = 1 };
	struct owner o;
	size_t i;

	poolrig_new(&r);
	pool_set_netdir(r.pool, r.nd, 0);
	ck_assert_int_eq(ask(&r, &o, POOL_HS_REND, NULL), -EAGAIN);
	for (i = 0; i < POOLRIG_RELAYS; i++)
		strcpy(r.sd.relay[i].pr, "Relay=1-4 HSRend=1");
	poolrig_relist(&r);
	ck_assert_int_eq(ask(&r, &o, POOL_HS_REND, NULL), -ENETUNREACH);
	poolrig_free(&r);
}
END_TEST

START_TEST(pool_close_all_owners_are_told_when_the_turn_ends)
{
	struct poolrig r = { .no_attach = 1 };
	struct owner o[3];
	int i;

	poolrig_new(&r);
	for (i = 0; i < 3; i++)
		ck_assert_int_eq(ask(&r, &o[i], POOL_HS_REND, NULL), 0);
	poolrig_run(&r, 1000);
	pool_close_all(r.pool);
	ck_assert_uint_eq(o[0].gone, 0);
	ck_assert_ptr_null(pool_circ(o[0].pc));
	let_go(&o[2]);
	poolrig_run(&r, 0);
	ck_assert_uint_eq(o[0].gone, 1);
	ck_assert_uint_eq(o[1].gone, 1);
	ck_assert_uint_eq(o[2].gone, 0);
	poolrig_free(&r);
}
END_TEST

START_TEST(pool_hs_open_pending_is_bounded)
{
	struct poolrig r = { .no_attach = 1, .pconf = { .max_pending = 4 } };
	struct owner o[OWNERS];
	int i, got = 0;

	poolrig_new(&r);
	for (i = 0; i < OWNERS; i++)
		got += ask(&r, &o[i], POOL_HS_REND, NULL) == 0;
	ck_assert_int_eq(got, 4);
	ck_assert_uint_eq(pool_building(r.pool), 4);
	poolrig_free(&r);
}
END_TEST

START_TEST(pool_hs_open_ceiling_is_no_failure_and_others_are_left_some)
{
	static struct owner o[POOL_HS_MAX];
	struct poolrig r = { .no_attach = 1, .pconf = { .max_pending = 1024,
		.dirtiness_ms = 10 * MINUTE } };
	struct poolrig_need n;
	struct pool_circ *pc;
	struct owner more;
	size_t i;

	poolrig_new(&r);
	for (i = 0; i < NELEM(o); i++)
		ck_assert_int_eq(ask(&r, &o[i], POOL_HS_REND, NULL), 0);
	ck_assert_int_eq(ask(&r, &more, POOL_HS_REND, NULL), -EAGAIN);
	poolrig_need(&r, &n, 1, 80);
	ck_assert_int_eq(pool_get(r.pool, &n.need, &pc), -EAGAIN);
	ck_assert_uint_eq(pool_count(r.pool), POOL_HS_MAX + 1);
	let_go(&o[0]);
	ck_assert_int_eq(ask(&r, &more, POOL_HS_REND, NULL), 0);
	poolrig_free(&r);
}
END_TEST

static void
find_ahead(void *arg, const struct pool_show *s)
{
	const struct circ **out = arg;

	if (strcmp(s->purpose, "onion service: ahead") == 0)
		*out = s->circ;
}

/* None can be launched, and the one there is must not lead to everybody. */
START_TEST(pool_hs_open_no_room_for_one_is_told_from_none_at_all)
{
	struct poolrig r = { .no_attach = 1, .pconf = { .predict = 1,
		.keep_clean_ms = 10 * MINUTE } };
	const struct circ *stub = NULL;
	struct hopinfo behind, guard;
	struct owner o[POOL_HS_STUBS + 2];
	unsigned i;

	poolrig_new(&r);
	ck_assert_int_eq(ask(&r, &o[0], POOL_HS_REND, NULL), 0);
	poolrig_run(&r, 5000);
	r.pconf.max_pending = 0;
	pool_set_conf(r.pool, &r.pconf);
	for (i = 1; i < POOL_HS_STUBS; i++)
		ck_assert_int_eq(ask(&r, &o[i], POOL_HS_REND, NULL), 0);
	ck_assert_uint_eq(shown(&r).ahead, 1);
	pool_each(r.pool, find_ahead, &stub);
	behind = *circ_hopinfo(stub, 2);
	guard = *circ_hopinfo(stub, 0);
	ck_assert_int_eq(ask(&r, &o[i], POOL_HS_DIR, &behind), -EBUSY);
	ck_assert_int_eq(ask(&r, &o[i], POOL_HS_DIR, &guard), 0);
	ck_assert_int_eq(ask(&r, &o[i + 1], POOL_HS_DIR, &guard), -EAGAIN);
	poolrig_free(&r);
}
END_TEST

/* --- messages, age --- */

START_TEST(pool_hs_message_reaches_its_owner_who_may_refuse_it)
{
	struct poolrig r = { .no_attach = 1 };
	struct owner o[2];
	int i;

	poolrig_new(&r);
	for (i = 0; i < 2; i++) {
		ck_assert_int_eq(ask(&r, &o[i], POOL_HS_REND, NULL), 0);
		poolrig_run(&r, 1000);
		o[i].rc = i ? -EPROTO : 0;
		ck_assert_int_eq(circ_tell(pool_circ(o[i].pc),
		    RELAY_ESTABLISH_RENDEZVOUS, cookie, 20), 0);
		poolrig_run(&r, 1000);
		ck_assert_uint_eq(o[i].messages, 1);
		ck_assert_uint_eq(o[i].cmd, RELAY_RENDEZVOUS_ESTABLISHED);
		ck_assert_uint_eq(o[i].gone, (unsigned)i);
	}
	let_go(&o[0]);
	poolrig_free(&r);
}
END_TEST

START_TEST(pool_hs_message_on_a_stub_closes_it)
{
	struct poolrig r = { .no_attach = 1, .pconf = { .predict = 1 } };
	struct simcirc *s;
	struct owner o;
	unsigned told = 0;

	poolrig_new(&r);
	ck_assert_int_eq(ask(&r, &o, POOL_HS_REND, NULL), 0);
	poolrig_run(&r, 5000);
	for (s = r.net->circs; s; s = s->next)
		if (s->n == 3 && !s->destroyed) {
			simcirc_say(s, 2, RELAY_RENDEZVOUS_ESTABLISHED, 0,
			    NULL, 0);
			told++;
		}
	ck_assert_uint_ge(told, POOL_HS_STUBS);
	poolrig_run(&r, 500);
	ck_assert_uint_eq(o.gone, 1);
	ck_assert_uint_eq(o.messages, 0);
	poolrig_free(&r);
}
END_TEST

START_TEST(pool_hs_circuit_takes_no_streams_when_it_is_old)
{
	struct poolrig r = { .no_attach = 1,
		.pconf = { .dirtiness_ms = 10 * MINUTE } };
	struct hsntor_keys keys;
	struct poolrig_need n;
	struct endpoint *e;
	struct owner o;

	poolrig_new(&r);
	ck_assert_int_eq(ask(&r, &o, POOL_HS_REND, NULL), 0);
	poolrig_run(&r, MINUTE);
	rand_bytes(&keys, sizeof(keys));
	simcirc_join(sim_of(&r, &o), keys.df, keys.db, keys.kf, keys.kb, 0, 0);
	ck_assert_int_eq(circ_join_service(pool_circ(o.pc), &keys, 0, 0), 0);
	poolrig_run(&r, 8 * MINUTE);
	poolrig_need(&r, &n, 1, 80);
	pool_circ_used(o.pc, &n.need);
	ck_assert_int_eq(circ_connect(pool_circ(o.pc), "", SIM_MUTE, 0, &e),
	    0);
	poolrig_run(&r, 10 * MINUTE - 2000);
	ck_assert_int_eq(pool_circ_is_over(o.pc), 0);
	poolrig_run(&r, 4000);
	ck_assert_int_eq(pool_circ_is_over(o.pc), 1);
	ck_assert_uint_eq(o.gone, 0);		/* the stream lives on */
	endpoint_kill(e, 0);
	poolrig_run(&r, 4000);
	ck_assert_uint_eq(o.gone, 1);
	poolrig_free(&r);
}
END_TEST

/* What its owner does with it may take longer than it may be used. */
START_TEST(pool_hs_circuit_does_not_age_before_it_is_joined)
{
	struct poolrig r = { .no_attach = 1,
		.pconf = { .dirtiness_ms = 10 * 1000 } };
	struct owner rend, intro;
	struct hsntor_keys keys;
	struct hopinfo last;

	poolrig_new(&r);
	simnet_hopinfo(r.net, 5, &last);
	ck_assert_int_eq(ask(&r, &rend, POOL_HS_REND, NULL), 0);
	ck_assert_int_eq(ask(&r, &intro, POOL_HS_INTRO, &last), 0);
	poolrig_run(&r, MINUTE);
	ck_assert_uint_eq(rend.gone + intro.gone, 0);
	ck_assert_int_eq(pool_circ_is_over(rend.pc), 0);
	rand_bytes(&keys, sizeof(keys));
	simcirc_join(sim_of(&r, &rend), keys.df, keys.db, keys.kf, keys.kb, 0,
	    0);
	ck_assert_int_eq(circ_join_service(pool_circ(rend.pc), &keys, 0, 0),
	    0);
	pool_circ_joined(rend.pc);
	poolrig_run(&r, 9000);
	ck_assert_int_eq(pool_circ_is_over(rend.pc), 0);
	poolrig_run(&r, 2000);
	ck_assert_uint_eq(rend.gone, 1);
	ck_assert_uint_eq(intro.gone, 0);
	pool_newnym(r.pool);		/* that holds for it all the same */
	poolrig_run(&r, 1000);
	ck_assert_uint_eq(intro.gone, 1);
	poolrig_free(&r);
}
END_TEST

START_TEST(pool_hs_introduction_that_was_padded_lingers)
{
	struct poolrig r = { .no_attach = 1,
		.pconf = { .dirtiness_ms = 10 * MINUTE } };
	struct hopinfo last;
	struct owner o[40];
	unsigned i;

	poolrig_new(&r);
	simnet_hopinfo(r.net, 5, &last);
	for (i = 0; i < NELEM(o); i++) {
		ck_assert_int_eq(ask(&r, &o[i], POOL_HS_INTRO, &last), 0);
		poolrig_run(&r, 1000);
		ck_assert_uint_eq(o[i].built, 1);
		ck_assert_int_eq(circ_tell(pool_circ(o[i].pc),
		    RELAY_INTRODUCE1, cookie, 20), 0);
		poolrig_run(&r, 1000);
		ck_assert_uint_eq(o[i].messages, 1);
		let_go(&o[i]);
		poolrig_run(&r, 1000);
		ck_assert_uint_eq(shown(&r).intro, i < 32 ? i + 1 : 32);
	}
	poolrig_run(&r, 11 * MINUTE);
	ck_assert_uint_eq(shown(&r).intro, 0);
	for (i = 0; i < NELEM(o); i++)
		ck_assert_uint_eq(o[i].gone, 0);
	poolrig_free(&r);
}
END_TEST

/* Its owner gave up waiting for the acknowledgement, which comes late. */
START_TEST(pool_hs_introduction_that_lingers_survives_its_acknowledgement)
{
	struct poolrig r = { .no_attach = 1,
		.pconf = { .dirtiness_ms = 10 * MINUTE } };
	struct hopinfo last;
	struct owner o;

	poolrig_new(&r);
	simnet_hopinfo(r.net, 5, &last);
	ck_assert_int_eq(ask(&r, &o, POOL_HS_INTRO, &last), 0);
	poolrig_run(&r, 1000);
	ck_assert_uint_eq(o.built, 1);
	ck_assert_int_eq(circ_tell(pool_circ(o.pc), RELAY_INTRODUCE1, cookie,
	    20), 0);
	let_go(&o);
	ck_assert_uint_eq(shown(&r).intro, 1);
	poolrig_run(&r, 5000);
	ck_assert_uint_eq(o.messages, 0);
	ck_assert_uint_eq(shown(&r).intro, 1);
	poolrig_run(&r, 11 * MINUTE);
	ck_assert_uint_eq(shown(&r).intro, 0);
	poolrig_free(&r);
}
END_TEST

/* --- exits by name --- */

START_TEST(pool_get_named_exit_is_the_one_and_no_other_need_shares_it)
{
	struct poolrig r = { .no_attach = 1 };
	struct pool_circ *pc, *other;
	struct poolrig_need n;
	int i;

	poolrig_new(&r);
	for (i = 0; i < 8; i++) {
		poolrig_need(&r, &n, 1, 80);
		n.need.has_exit = 1;
		memcpy(n.need.exit, r.net->relay[i].rsa_id, 20);
		n.need.navoid = 1;	/* is not asked */
		memcpy(n.avoid[0], n.need.exit, 20);
		ck_assert_int_eq(pool_get(r.pool, &n.need, &pc), -EAGAIN);
		poolrig_run(&r, 1000);
		ck_assert_int_eq(pool_get(r.pool, &n.need, &pc), 0);
		ck_assert_mem_eq(pool_circ_exit(pc), n.need.exit, 20);
		pool_circ_used(pc, &n.need);
		n.need.has_exit = n.need.navoid = 0;
		memset(n.need.exit, 0, 20);
		if (i == 0) {
			ck_assert_int_eq(pool_get(r.pool, &n.need, &other),
			    -EAGAIN);
			poolrig_run(&r, 1000);
		}
		ck_assert_int_eq(pool_get(r.pool, &n.need, &other), 0);
		ck_assert_ptr_ne(other, pc);
		pool_circ_used(other, &n.need);
	}
	poolrig_free(&r);
}
END_TEST

START_TEST(pool_get_named_exit_that_cannot_be_used_is_none)
{
	struct poolrig r = { .no_attach = 1 };
	struct poolrig_need n;
	struct pool_circ *pc;

	poolrig_new(&r);
	strcpy(poolrig_listed(&r, 3)->p, "accept 443");
	poolrig_listed(&r, 4)->gone = 1;
	poolrig_relist(&r);
	poolrig_need(&r, &n, 1, 80);
	n.need.has_exit = 1;
	memcpy(n.need.exit, r.net->relay[3].rsa_id, 20);
	ck_assert_int_eq(pool_get(r.pool, &n.need, &pc), -ENOENT);
	memcpy(n.need.exit, r.net->relay[4].rsa_id, 20);
	ck_assert_int_eq(pool_get(r.pool, &n.need, &pc), -ENOENT);
	memset(n.need.exit, 9, 20);
	ck_assert_int_eq(pool_get(r.pool, &n.need, &pc), -ENOENT);
	ck_assert_uint_eq(pool_count(r.pool), 0);
	poolrig_free(&r);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(pool_hs_open_stub_of_three_hops_is_built),
	UNIT(pool_hs_open_last_hop_is_the_fourth),
	UNIT(pool_hs_open_never_leads_back_to_where_it_came_from),
	UNIT(pool_hs_open_stable_rendezvous_is_of_relays_that_are),
	UNIT(pool_hs_open_circuits_serve_nobody_else),
	UNIT(pool_hs_stubs_are_kept_once_somebody_asked),
	UNIT(pool_newnym_takes_stubs_and_circuits_to_services),
	UNIT(pool_newnym_circuit_that_is_being_built_is_not_given),
	UNIT(pool_hs_open_hop_that_is_dead_is_nobodys_failure),
	UNIT(pool_hs_open_hop_that_is_silent_is_given_up),
	UNIT(pool_hs_open_stub_that_is_slow_is_given_up_by_its_asker),
	UNIT_LOOP(pool_hs_open_stub_that_fails_has_reached_nobody, 3),
	UNIT(pool_hs_open_without_a_network_comes_to_nothing),
	UNIT(pool_close_all_owners_are_told_when_the_turn_ends),
	UNIT(pool_hs_open_pending_is_bounded),
	UNIT(pool_hs_open_ceiling_is_no_failure_and_others_are_left_some),
	UNIT(pool_hs_open_no_room_for_one_is_told_from_none_at_all),
	UNIT(pool_hs_message_reaches_its_owner_who_may_refuse_it),
	UNIT(pool_hs_message_on_a_stub_closes_it),
	UNIT(pool_hs_circuit_takes_no_streams_when_it_is_old),
	UNIT(pool_hs_circuit_does_not_age_before_it_is_joined),
	UNIT(pool_hs_introduction_that_was_padded_lingers),
	UNIT(pool_hs_introduction_that_lingers_survives_its_acknowledgement),
	UNIT(pool_get_named_exit_is_the_one_and_no_other_need_shares_it),
	UNIT(pool_get_named_exit_that_cannot_be_used_is_none),
};
UNIT_MAIN("poolhs", tests)

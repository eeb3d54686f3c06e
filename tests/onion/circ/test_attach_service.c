/* tests/onion/circ/test_attach_service.c - streams to onion services, and by
 * exits that are named
 *
 * Who leads to services is a stand-in: a circuit from the pool, joined at once.
 */
#include "tests/unit.h"

#include <errno.h>
#include <string.h>

#include "base/rand.h"
#include "base/why.h"
#include "onion/circ/circ.h"
#include "onion/circ/relaymsg.h"
#include "onion/hs/hsntor.h"
#include "onion/path/path.h"
#include "tests/onion/circ/poolrig.h"
#include "tests/sim/simlink.h"

enum { MINUTE = 60 * 1000 };

static const uint8_t key[32] = { 1, 2, 3 };
static const struct attach_target target = { .host = "xyz.onion", .port = 80,
	.service = key };

struct leader {
	struct poolrig	*rig;
	struct pool_circ *pc;
	uint8_t		 stands;
	int		 fails;		/* with that */
	unsigned	 gets, opened, spoilt;
	const struct pool_circ *was;	/* spoilt last */
};

static struct leader lead;

static void
on_built(void *arg)
{
	struct leader *l = arg;
	struct simcirc *s = simnet_circ(l->rig->net);
	struct hsntor_keys k;

	while (s && (s->n != 3 || s->joined || s->destroyed))
		s = s->next;
	ck_assert_ptr_nonnull(s);
	rand_bytes(&k, sizeof(k));
	simcirc_join(s, k.df, k.db, k.kf, k.kb, 1, 31);
	ck_assert_int_eq(circ_join_service(pool_circ(l->pc), &k, 1, 31), 0);
	l->stands = 1;
	if (l->rig->attach)		/* else all ends */
		attach_wake(l->rig->attach);
}

static int
on_message(void *arg, uint8_t cmd, const uint8_t *data, size_t len)
{
	(void)arg;
	(void)cmd;
	(void)data;
	(void)len;
	return -EPROTO;
}

static void
on_gone(void *arg, int reached)
{
	(void)reached;
	struct leader *l = arg;

	l->pc = NULL;
	l->stands = 0;
	if (l->rig->attach)		/* else all ends */
		attach_wake(l->rig->attach);
}

static const struct pool_hs_user users = {
	.built = on_built, .message = on_message, .gone = on_gone
};

static int
get(void *arg, const struct pool_need *need, const uint8_t service[32],
    struct pool_circ **out)
{
	struct leader *l = arg;

	l->gets++;
	ck_assert_mem_eq(service, key, 32);
	if (l->fails)
		return l->fails;
	if (l->pc == NULL && pool_hs_open(l->rig->pool, POOL_HS_REND,
	    need->token, NULL, &users, l, &l->pc) == 0)
		l->opened++;
	/* It went in this turn, and on_gone() is still to come. */
	if (!l->stands || pool_circ_is_over(l->pc))
		return -EAGAIN;
	*out = l->pc;
	return 0;
}

static void
spoil(void *arg, struct pool_circ *pc)
{
	struct leader *l = arg;

	l->spoilt++;
	l->was = pc;
	if (l->pc != pc)
		return;
	l->pc = NULL;
	l->stands = 0;
}

static void
begin(struct poolrig *r)
{
	memset(&lead, 0, sizeof(lead));
	lead.rig = r;
	r->aconf.services.get = get;
	r->aconf.services.spoil = spoil;
	r->aconf.services.arg = &lead;
	poolrig_new(r);
}

static int
connect_port(struct poolrig *r, struct hold *h, unsigned token, uint16_t port)
{
	struct attach_target t = target;

	t.port = port;
	return hold_connect_to(r, h, token, &t);
}

/* --- services --- */

START_TEST(attach_service_stream_goes_there_and_tells_no_name)
{
	struct poolrig r = { .no_attach = 0 };
	struct hold h = { .on = NULL };
	struct simstream *st;
	struct simcirc *c;

	begin(&r);
	ck_assert_int_eq(hold_connect_to(&r, &h, 1, &target), 0);
	ck_assert_uint_eq(hold_send(&h, 0, 1000), 1000);	/* early */
	poolrig_run(&r, 3000);
	ck_assert_uint_eq(h.opened, 1);
	ck_assert_uint_eq(poolrig_seen(&r, "xyz.onion", NULL), 0);
	st = poolrig_stream(&r, "", &c);
	ck_assert_uint_eq(c->joined, 1);
	ck_assert_uint_eq(st->port, 80);
	ck_assert_uint_eq(st->flags, 0);
	ck_assert_uint_eq(st->got, 1000);
	hold_kill(&h);
	poolrig_free(&r);
}
END_TEST

START_TEST(attach_service_streams_share_its_circuit)
{
	struct poolrig r = { .no_attach = 0 };
	struct hold h[5] = { { .on = NULL } };
	int i;

	begin(&r);
	for (i = 0; i < 5; i++)
		ck_assert_int_eq(hold_connect_to(&r, &h[i], 1, &target), 0);
	poolrig_run(&r, 3000);
	for (i = 0; i < 5; i++)
		ck_assert_uint_eq(h[i].opened, 1);
	ck_assert_uint_eq(lead.opened, 1);
	ck_assert_uint_eq(poolrig_seen(&r, "", NULL), 5);
	for (i = 0; i < 5; i++)
		hold_kill(&h[i]);
	poolrig_free(&r);
}
END_TEST

static const int whys[] = {
	-WHY_HS_NOT_FOUND, -WHY_HS_INVALID, -WHY_HS_INTRO, -WHY_HS_REND,
	-WHY_HS_AUTH_MISSING, -WHY_HS_AUTH_WRONG, -WHY_HS_TIMEOUT,
	-ENETUNREACH,
};

START_TEST(attach_service_reason_of_its_leader_ends_the_stream)
{
	struct poolrig r = { .no_attach = 0 };
	struct hold h = { .on = NULL };

	begin(&r);
	lead.fails = whys[_i];
	ck_assert_int_eq(hold_connect_to(&r, &h, 1, &target), 0);
	poolrig_run(&r, 1000);
	ck_assert_uint_eq(h.gones, 1);
	ck_assert_int_eq(h.why, whys[_i]);
	ck_assert_uint_eq(lead.gets, 1);
	poolrig_free(&r);
}
END_TEST

START_TEST(attach_service_without_a_leader_is_unreachable)
{
	struct poolrig r = { .no_attach = 0 };
	struct hold h = { .on = NULL };

	poolrig_new(&r);
	ck_assert_int_eq(hold_connect_to(&r, &h, 1, &target), 0);
	poolrig_run(&r, 1000);
	ck_assert_int_eq(h.why, -EHOSTUNREACH);
	ck_assert_uint_eq(pool_count(r.pool), 0);
	poolrig_free(&r);
}
END_TEST

static const struct {
	uint8_t	reason;
	int	why;
} ends[] = {
	{ END_MISC, -ECONNREFUSED }, { END_DONE, -ECONNREFUSED },
	{ END_CONNECTREFUSED, -ECONNREFUSED }, { END_TIMEOUT, -ETIMEDOUT },
	{ END_EXITPOLICY, -EACCES }, { END_RESOURCELIMIT, -EAGAIN },
	{ END_DESTROY, -ECONNRESET }, { END_TORPROTOCOL, -ECONNRESET },
	{ END_NOROUTE, -EHOSTUNREACH }, { 99, -ECONNRESET },
};

START_TEST(attach_service_end_is_its_answer)
{
	struct poolrig r = { .no_attach = 0 };
	struct hold h = { .on = NULL };
	struct attach_target t = target;

	begin(&r);
	t.port = (uint16_t)(SIM_REFUSE + ends[_i].reason);
	lead.rig = &r;
	ck_assert_int_eq(hold_connect_to(&r, &h, 1, &t), 0);
	poolrig_run(&r, 5000);
	ck_assert_uint_eq(h.gones, 1);
	ck_assert_int_eq(h.why, ends[_i].why);
	ck_assert_uint_eq(poolrig_seen(&r, "", NULL), 1);
	poolrig_free(&r);
}
END_TEST

START_TEST(attach_service_circuit_that_went_is_replaced)
{
	struct poolrig r = { .no_attach = 0 };
	struct hold h = { .on = NULL };
	struct simcirc *c;

	begin(&r);
	ck_assert_int_eq(connect_port(&r, &h, 1, SIM_DEAD), 0);
	poolrig_run(&r, 3000);
	ck_assert_uint_eq(poolrig_seen(&r, "", NULL), 1);
	(void)poolrig_stream(&r, "", &c);
	simcirc_cell(c, 4, NULL, 0);		/* DESTROY */
	c->destroyed = 1;
	poolrig_run(&r, 3000);
	ck_assert_uint_eq(lead.opened, 2);
	ck_assert_uint_eq(poolrig_seen(&r, "", NULL), 2);
	ck_assert_uint_eq(h.gones, 0);
	hold_kill(&h);
	poolrig_free(&r);
}
END_TEST

START_TEST(attach_service_circuits_that_always_go_are_enough_once)
{
	struct poolrig r = { .no_attach = 0 };
	struct hold h = { .on = NULL };
	struct simcirc *c;
	int i;

	begin(&r);
	ck_assert_int_eq(connect_port(&r, &h, 1, SIM_DEAD), 0);
	for (i = 0; i < 2 * ATTACH_TRIES_MAX && h.gones == 0; i++) {
		poolrig_run(&r, 3000);
		for (c = r.net->circs; c; c = c->next)
			if (c->joined && !c->destroyed) {
				simcirc_cell(c, 4, NULL, 0);
				c->destroyed = 1;
			}
	}
	poolrig_run(&r, 1000);
	ck_assert_uint_eq(h.gones, 1);
	ck_assert_int_eq(h.why, -ECONNRESET);
	ck_assert_uint_le(lead.opened, ATTACH_TRIES_MAX);
	poolrig_free(&r);
}
END_TEST

START_TEST(attach_service_that_is_silent_gets_all_the_time_there_is)
{
	struct poolrig r = { .no_attach = 0 };
	struct hold h = { .on = NULL };

	begin(&r);
	ck_assert_int_eq(connect_port(&r, &h, 1, SIM_DEAD), 0);
	poolrig_run(&r, MINUTE);
	ck_assert_uint_eq(h.gones, 0);
	ck_assert_uint_eq(poolrig_seen(&r, "", NULL), 1);
	poolrig_run(&r, MINUTE + 1000);
	ck_assert_uint_eq(h.gones, 1);
	ck_assert_int_eq(h.why, -ETIMEDOUT);
	ck_assert_uint_eq(lead.spoilt, 1);
	poolrig_free(&r);
}
END_TEST

START_TEST(attach_service_target_that_names_an_exit_too_is_refused)
{
	struct poolrig r = { .no_attach = 0 };
	struct hold h = { .on = NULL };
	struct attach_target t = target;

	begin(&r);
	t.exit = r.net->relay[0].rsa_id;
	ck_assert_int_eq(hold_connect_to(&r, &h, 1, &t), -EINVAL);
	t = target;
	t.port = 0;
	ck_assert_int_eq(hold_connect_to(&r, &h, 1, &t), -EINVAL);
	poolrig_free(&r);
}
END_TEST

/* --- .exit --- */

static struct attach_target
by_exit(const struct poolrig *r, size_t i, uint16_t port)
{
	struct attach_target t = { .host = "www.example.test", .port = port,
		.exit = r->net->relay[i].rsa_id };

	return t;
}

static void
check_exits(const struct poolrig *r, size_t i)
{
	const struct simstream *st;
	const struct simcirc *c;

	for (c = r->net->circs; c; c = c->next)
		for (st = c->streams; st; st = st->next)
			ck_assert_uint_eq(c->relay[c->n - 1], i);
}

START_TEST(attach_exit_is_the_one_that_was_named)
{
	struct poolrig r = { .no_attach = 0 };
	struct hold h[8] = { { .on = NULL } };
	struct attach_target t;
	unsigned i;

	poolrig_new(&r);
	t = by_exit(&r, 5, SIM_MUTE);
	for (i = 0; i < 8; i++)
		ck_assert_int_eq(hold_connect_to(&r, &h[i], i % 3, &t), 0);
	poolrig_run(&r, 5000);
	for (i = 0; i < 8; i++)
		ck_assert_uint_eq(h[i].opened, 1);
	check_exits(&r, 5);
	for (i = 0; i < 8; i++)
		hold_kill(&h[i]);
	poolrig_free(&r);
}
END_TEST

START_TEST(attach_exit_failures_are_tried_again_with_it_alone)
{
	struct poolrig r = { .no_attach = 0 };
	struct hold h = { .on = NULL };
	struct attach_target t;

	poolrig_new(&r);
	t = by_exit(&r, 5, SIM_REFUSE + END_HIBERNATING);
	ck_assert_int_eq(hold_connect_to(&r, &h, 1, &t), 0);
	poolrig_run(&r, 20000);
	ck_assert_uint_eq(h.gones, 1);
	ck_assert_int_eq(h.why, -EAGAIN);
	ck_assert_uint_eq(poolrig_seen(&r, t.host, NULL), ATTACH_FAILURES_MAX);
	check_exits(&r, 5);
	/* What one client names is no worse for others. */
	ck_assert_int_eq(path_exit_is_bad(r.path, t.exit), 0);
	poolrig_free(&r);
}
END_TEST

START_TEST(attach_exit_that_is_not_there_is_replaced_by_none)
{
	struct poolrig r = { .no_attach = 0 };
	static const uint8_t nobody[20] = { 1 };
	struct hold h = { .on = NULL };
	struct attach_target t;

	poolrig_new(&r);
	t = by_exit(&r, 0, SIM_MUTE);
	t.exit = nobody;
	ck_assert_int_eq(hold_connect_to(&r, &h, 1, &t), 0);
	poolrig_run(&r, 5000);
	ck_assert_uint_eq(h.gones, 1);
	ck_assert_int_eq(h.why, -ENETUNREACH);
	ck_assert_uint_eq(pool_count(r.pool), 0);
	poolrig_free(&r);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(attach_service_stream_goes_there_and_tells_no_name),
	UNIT(attach_service_streams_share_its_circuit),
	UNIT_LOOP(attach_service_reason_of_its_leader_ends_the_stream,
	    NELEM(whys)),
	UNIT(attach_service_without_a_leader_is_unreachable),
	UNIT_LOOP(attach_service_end_is_its_answer, NELEM(ends)),
	UNIT(attach_service_circuit_that_went_is_replaced),
	UNIT(attach_service_circuits_that_always_go_are_enough_once),
	UNIT(attach_service_that_is_silent_gets_all_the_time_there_is),
	UNIT(attach_service_target_that_names_an_exit_too_is_refused),
	UNIT(attach_exit_is_the_one_that_was_named),
	UNIT(attach_exit_failures_are_tried_again_with_it_alone),
	UNIT(attach_exit_that_is_not_there_is_replaced_by_none),
};
UNIT_MAIN("attach_service", tests)

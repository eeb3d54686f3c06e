/* onion/circ/poolset.c - circuits of the pool that are linked two by two
 *
 * Theory of operation
 *	What is built ahead is built as a set, as far as the consensus and the
 *	guards allow: two circuits to one exit through different guards and
 *	middles, which carry one set of streams (conflux.h).
 *
 *	  BUILDING -built-> LINKING, alone -mate too-> LINKING, LINK sent
 *	                        |                        | LINKED on both
 *	                        | mate lost, or          v
 *	                        | somebody waits       joined: the one of the
 *	                        v                      lower RTT is READY, the
 *	                      READY, as any other      other one a LEG of it
 *
 *	A need never waits for the second circuit: it takes the one that stands,
 *	and the other becomes a circuit of its own.  What somebody waits for is
 *	launched alone in the first place.
 *
 *	As long as LINK was not sent a circuit whose mate is lost is as good as
 *	any.  After that the two live and die together.
 *
 *	After a set that could not be linked none is begun for a while, longer
 *	each time: exits that cannot do it must not cost a circuit a second.
 */
#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "base/rand.h"
#include "onion/circ/circ.h"
#include "onion/circ/conflux.h"
#include "onion/circ/pool_int.h"
#include "onion/dir/consensus.h"
#include "onion/dir/netdir.h"
#include "onion/dir/params.h"
#include "onion/link/relayid.h"
#include "onion/path/path.h"
#include "onion/path/timeout.h"

enum {
	LINK_MS = 10 * 1000,		/* at most, for an answer to LINK */
	HOLD_FIRST_MS = 15 * 1000,
	HOLD_MAX_MS = 10 * 60 * 1000,
	WHOLE = 10000			/* 100 % of cfx_low_exit_threshold */
};

/* Do so many exits link that their being chosen tells little? */
static int
many_exits_link(const struct netdir *nd, int32_t threshold)
{
	size_t i, all = 0, link = 0;

	for (i = 0; i < nd->nrelays; i++) {
		const struct relay *r = &nd->relays[i];

		if ((r->flags & RELAY_EXIT) == 0 || (r->flags & RELAY_BADEXIT))
			continue;
		all++;
		link += (r->caps & CAP_CONFLUX) != 0;
	}
	return all > 0 && link * WHOLE >= all * (size_t)threshold;
}

void
poolset_configure(struct pool *p)
{
	const struct params *par = p->netdir ? p->netdir->params : NULL;
	int on = p->conf.conflux;

	p->sets_max = p->sets_ahead = 0;
	if (on < 0)
		on = params_get(par, "cfx_enabled", 1, 0, 1);
	if (!on || p->netdir == NULL || !p->flow.cc_on ||
	    params_get(par, "cfx_num_legs_set", CONFLUX_LEGS, 0, 255) <
	    CONFLUX_LEGS)
		return;
	p->sets_max = (size_t)params_get(par, "cfx_max_linked_set", 10, 0,
	    255);
	p->sets_ahead = (size_t)params_get(par, "cfx_max_prebuilt_set", 3, 0,
	    255);
	if (p->sets_ahead > 1 && !many_exits_link(p->netdir,
	    params_get(par, "cfx_low_exit_threshold", 6000, 0, WHOLE)))
		p->sets_ahead = 1;
}

static int
is_set(const struct pool_circ *pc)
{
	return pc->mate != NULL && !pc->is_leg;
}

int
poolset_wanted(const struct pool *p)
{
	const struct pool_circ *pc;
	size_t all = 0, clean = 0;

	if (p->sets_max == 0 || p->conf.loop->now < p->sets_hold_until)
		return 0;
	LIST_FOREACH(pc, &p->circs, link) {
		if (!is_set(pc))
			continue;
		all++;
		clean += !pc->has_token && !pc->used && !pc->spoilt;
	}
	return all < p->sets_max && clean < p->sets_ahead;
}

/* --- two that belong together --- */

static void
part(struct pool_circ *pc)
{
	struct pool_circ *mate = pc->mate;

	pc->mate = mate->mate = NULL;
	pc->is_leg = mate->is_leg = 0;
}

static void
note_unlinked(struct pool *p)
{
	int64_t ms = HOLD_FIRST_MS;
	unsigned i;

	if (p->sets_hold_until > p->conf.loop->now)
		return;
	for (i = 0; i < p->unlinked && ms < HOLD_MAX_MS; i++)
		ms *= 2;
	if (ms > HOLD_MAX_MS)
		ms = HOLD_MAX_MS;
	p->unlinked++;
	p->sets_hold_until = p->conf.loop->now + rand_range(ms - ms / 4, ms);
}

int
poolset_launch(struct pool *p, const struct pool_need *need, int or_one)
{
	struct pool_circ *first, *second;
	int rc;

	if ((first = poolcirc_launch_first(p, need, &rc)) == NULL)
		return rc;
	if ((second = poolcirc_launch_second(p, first, &rc)) != NULL) {
		first->mate = second;
		second->mate = first;
		second->is_leg = 1;
		return 0;
	}
	log_debug(LD_CIRC, "no second circuit for a set: %s", strerror(-rc));
	note_unlinked(p);
	if (or_one)
		return 0;
	poolcirc_close(first, CIRC_WHY_FINISHED);
	return rc;
}

/* It is good as it is. */
void
poolset_alone(struct pool_circ *pc)
{
	if (pc->mate)
		part(pc);
	if (pc->state == POOL_LINKING && !pc->linking) {
		pc->state = POOL_READY;
		loop_item_add(pc->pool->conf.loop, &pc->pool->wake);
	}
}

/* It leaves the pool, or is no longer fit for one: what of the other? */
void
poolset_lost(struct pool_circ *pc)
{
	struct pool_circ *mate = pc->mate;

	if (mate == NULL)
		return;
	part(pc);
	if (!mate->linking) {
		poolset_alone(mate);
		return;
	}
	if (mate->state == POOL_LINKING) {
		note_unlinked(pc->pool);
		poolcirc_close(mate, CIRC_WHY_FINISHED);
		return;
	}
	mate->spoilt = 1;		/* circ.c ends it, within this turn */
}

/* --- linking --- */

static int
send_link(struct pool_circ *pc, const uint8_t nonce[CONFLUX_NONCE])
{
	struct pool *p = pc->pool;
	int64_t ms = timeout_use_ms(p->conf.timeout, circ_nhops(pc->circ));
	int rc;

	rc = circ_link(pc->circ, nonce, (uint8_t)p->conf.conflux_ux);
	if (rc < 0)
		return rc;
	pc->linking = 1;
	loop_timer_in(p->conf.loop, &pc->timer, ms < LINK_MS ? ms : LINK_MS);
	return 0;
}

/* All hops of it stand, and it may be used: so could it be alone. */
void
poolset_built(struct pool_circ *pc)
{
	struct pool_circ *mate = pc->mate;
	uint8_t nonce[CONFLUX_NONCE];

	pc->state = POOL_LINKING;
	if (mate->state != POOL_LINKING)
		return;
	rand_bytes(nonce, sizeof(nonce));
	if (send_link(pc, nonce) < 0) {
		note_unlinked(pc->pool);
		poolset_alone(mate);
		poolset_alone(pc);
	} else if (send_link(mate, nonce) < 0)
		poolcirc_close(pc, CIRC_WHY_FINISHED);
}

/* What was promised to the one holds for the set. */
static void
hand_over(struct pool_circ *from, struct pool_circ *to)
{
	if (!from->has_token)
		return;
	to->has_token = 1;
	to->nym = from->nym;
	memcpy(to->token, from->token, sizeof(to->token));
	from->has_token = 0;
}

void
poolset_linked(struct pool_circ *pc)
{
	struct pool_circ *first = pc->is_leg ? pc->mate : pc, *second;
	struct pool *p = pc->pool;

	pc->linked = 1;
	loop_timer_clear(p->conf.loop, &pc->timer);
	if (!pc->mate->linked)
		return;
	if (circ_link_rtt_us(first->mate->circ) < circ_link_rtt_us(first->circ))
		first = first->mate;
	second = first->mate;
	if (circ_join(first->circ, second->circ) < 0) {
		poolcirc_close(pc, CIRC_WHY_PROTOCOL);
		return;
	}
	first->is_leg = 0;
	second->is_leg = 1;
	hand_over(second, first);
	second->state = POOL_LEG;
	first->state = POOL_READY;
	p->unlinked = 0;
	loop_item_add(p->conf.loop, &p->wake);
}

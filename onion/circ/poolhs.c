/* onion/circ/poolhs.c - circuits of the pool towards onion services
 *
 * Theory of operation
 *	Each begins as a stub: guard, layer-2 vanguard, and a relay that can be
 *	a rendezvous point.  Who asks gets one that stands, else one that is
 *	being built, else a new one, and has it for himself from then on.  For a
 *	directory or an introduction point it is made one hop longer when it
 *	stands:
 *
 *	  BUILDING -third hop-> READY, a stub, ahead
 *	                          |  pool_hs_open()
 *	                          +--> his, built()
 *	                          '--> BUILDING -fourth hop-> READY, built()
 *
 *	The hop that is added must be neither of the two before it: A-B-A is no
 *	path.  It may be the guard, and where it was chosen at random it must
 *	not be known that it never is (path.c).
 *
 *	Ahead.  Once somebody asked, POOL_HS_STUBS are kept, for as long as a
 *	port would be expected again; before that none, since who never goes to
 *	a service need not look to his guard as if he did.
 *
 *	Age.  What its owner does with it has limits of his own, and may well
 *	take longer than MaxCircuitDirtiness: it begins to age when it leads to
 *	the service, or when nobody owns it any more.
 *
 *	Death is told when the turn ends, and being built, where a stub that
 *	stands is given, too: no call up comes from within a call down.
 *	A circuit to an introduction point that was padded stays when its owner
 *	is done with it, as long as any that was used, or its short life would
 *	tell what it was (padding-spec 3).
 * Limits
 *	LINGER_MAX that only stay.  POOL_HS_MAX circuits, so that others are
 *	always left some.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "onion/circ/circ.h"
#include "onion/circ/pool_int.h"
#include "onion/path/path.h"

/* --- what its owner is told --- */

enum { LINGER_MAX = 32 };

static void
tell_gone(struct pool_circ *pc)
{
	const struct pool_hs_user *user = pc->hs ? pc->hs->user : NULL;

	if (user == NULL)
		return;
	pc->hs->user = NULL;
	user->gone(pc->hs->arg, pc->hops_built >= PATH_HOPS);
}

static void
tell(void *arg)
{
	struct pool_circ *pc = arg;
	struct pool_hs *hs = pc->hs;

	if (hs->gave_up)
		tell_gone(pc);
	else if (pc->state == POOL_READY && hs->user)
		hs->user->built(hs->arg);
}

int
poolhs_message(struct pool_circ *pc, uint8_t cmd, const uint8_t *data,
    size_t len)
{
	struct pool_hs *hs = pc->hs;

	if (hs && hs->lingers)
		return 0;	/* it came late; to die of it would show */
	if (hs == NULL || hs->user == NULL || hs->owes_last)
		return -EPROTO;
	return hs->user->message(hs->arg, cmd, data, len);
}

void
poolhs_dying(struct pool_circ *pc)
{
	if (pc->hs)
		loop_item_clear(pc->pool->conf.loop, &pc->hs->tell);
}

/* Nothing else of it may be touched: the pool may be gone by now. */
void
poolhs_left(struct pool_circ *pc)
{
	tell_gone(pc);
	free(pc->hs);
	pc->hs = NULL;
}

void
poolhs_unhand(struct pool_circ *pc)
{
	if (pc->hs)
		pc->hs->user = NULL;
}

static size_t
count_lingering(const struct pool *p)
{
	const struct pool_circ *pc;
	size_t n = 0;

	LIST_FOREACH(pc, &p->circs, link)
		n += pc->hs != NULL && pc->hs->lingers;
	return n;
}

int
poolhs_lingers(struct pool_circ *pc)
{
	struct pool *p = pc->pool;

	if (pc->hs == NULL || pc->state != POOL_READY || pc->spoilt ||
	    !circ_should_stay(pc->circ) || count_lingering(p) >= LINGER_MAX)
		return 0;
	pc->hs->lingers = 1;
	pc->dirty = p->conf.loop->now;
	return 1;
}

/* --- being built --- */

static void
extend_to_last(struct pool_circ *pc)
{
	int rc = circ_lengthen(pc->circ, &pc->hs->last);

	pc->hs->owes_last = 0;
	if (rc < 0)
		poolcirc_close(pc, CIRC_WHY_FINISHED);
	else
		poolcirc_extending(pc);
}

void
poolhs_built(struct pool_circ *pc)
{
	if (pc->hs == NULL)
		return;
	if (pc->hs->owes_last)
		extend_to_last(pc);
	else
		loop_item_add(pc->pool->conf.loop, &pc->hs->tell);
}

/* Others get on without it; it goes on being timed. */
void
poolhs_give_up(struct pool_circ *pc)
{
	if (pc->hs == NULL)
		return;
	pc->spoilt = 1;
	pc->hs->gave_up = 1;
	loop_item_add(pc->pool->conf.loop, &pc->hs->tell);
}

/* --- asking for one --- */

/* One that waits for its guard may never be given to anybody, but counts. */
static int
is_stub(const struct pool_circ *pc)
{
	return pc->is_hs && pc->hs == NULL && !pc->spoilt &&
	    !poolcirc_too_old(pc) && (pc->state == POOL_BUILDING ||
	    pc->state == POOL_WAITING || pc->state == POOL_READY);
}

/* Is that relay neither of those that it would stand behind? */
static int
can_lead_to(const struct pool_circ *pc, const uint8_t *rsa)
{
	size_t i;

	for (i = 1; rsa && i < circ_nhops(pc->circ); i++)
		if (memcmp(circ_hopinfo(pc->circ, i)->id.rsa, rsa, 20) == 0)
			return 0;
	return 1;
}

/* The oldest: the list has the youngest first. */
static struct pool_circ *
find_stub(struct pool *p, const uint8_t *rsa, int stable)
{
	struct pool_circ *pc, *best = NULL;

	LIST_FOREACH(pc, &p->circs, link)
		if (is_stub(pc) && pc->state != POOL_WAITING &&
		    can_lead_to(pc, rsa) && pc->stable >= stable &&
		    (best == NULL ||
		    pc->state == POOL_READY || best->state != POOL_READY))
			best = pc;
	return best;
}

static size_t
count_hs(const struct pool *p, size_t *stubs)
{
	const struct pool_circ *pc;
	size_t n = 0;

	*stubs = 0;
	LIST_FOREACH(pc, &p->circs, link) {
		n += pc->is_hs;
		*stubs += is_stub(pc) != 0;
	}
	return n;
}

void
poolhs_ahead(struct pool *p)
{
	size_t stubs, n;
	int rc;

	if (!p->conf.predict || !p->usable || p->hs_asked == LOOP_NEVER ||
	    p->conf.loop->now - p->hs_asked > p->keep_ms)
		return;
	for (n = count_hs(p, &stubs); stubs < POOL_HS_STUBS && n < POOL_HS_MAX;
	    stubs++, n++)
		if (poolcirc_launch_stub(p, NULL, 0, &rc) == NULL)
			return;
}

static void
hand_out(struct pool_circ *pc, struct pool_hs *hs,
    const uint8_t token[POOL_TOKEN])
{
	struct pool *p = pc->pool;

	pc->hs = hs;
	memcpy(pc->token, token, POOL_TOKEN);
	pc->nym = p->nym;
	pc->has_token = pc->used = 1;
	pc->dirty = p->conf.loop->now;
	loop_item_init(&hs->tell, tell, pc);
	if (pc->state == POOL_READY)
		poolhs_built(pc);
}

static struct pool_hs *
new_owner(const struct pool *p, enum pool_hs_kind kind,
    const struct hopinfo *last, const struct pool_hs_user *user, void *arg)
{
	struct pool_hs *hs;

	if ((hs = calloc(1, sizeof(*hs))) == NULL)
		return NULL;
	hs->kind = kind;
	hs->user = user;
	hs->arg = arg;
	hs->owes_last = last != NULL;
	if (last)
		poolcirc_fill_hop(p, last, 0, &hs->last);
	return hs;
}

/* There may be one that only must not lead to who was asked for, or does not
 * last. */
static int
why_none(struct pool *p, int rc)
{
	if (rc == -ENOENT || rc == -EHOSTUNREACH)
		return -ENETUNREACH;
	return find_stub(p, NULL, 0) ? -EBUSY : -EAGAIN;
}

int
pool_hs_open(struct pool *p, enum pool_hs_kind kind,
    const uint8_t token[POOL_TOKEN], const struct hopinfo *last,
    const struct pool_hs_user *user, void *arg, struct pool_circ **out)
{
	const uint8_t *rsa = last ? last->id.rsa : NULL;
	struct pool_circ *pc;
	struct pool_hs *hs;
	int rc, stable = kind == POOL_HS_REND_STABLE;
	size_t stubs;

	p->hs_asked = p->conf.loop->now;
	if (count_hs(p, &stubs) >= POOL_HS_MAX + stubs)
		return -EAGAIN;
	if ((hs = new_owner(p, kind, last, user, arg)) == NULL)
		return -ENOMEM;
	if ((pc = find_stub(p, rsa, stable)) == NULL &&
	    (pc = poolcirc_launch_stub(p, rsa, stable, &rc)) == NULL) {
		free(hs);
		return why_none(p, rc);
	}
	hand_out(pc, hs, token);
	poolhs_ahead(p);
	*out = pc;
	return 0;
}

int
poolhs_is_busy(const struct pool_circ *pc)
{
	return pc->hs && pc->hs->user && !circ_is_of_service(pc->circ);
}

int
pool_circ_is_stable(const struct pool_circ *pc)
{
	return pc->stable;
}

void
pool_circ_joined(struct pool_circ *pc)
{
	pc->dirty = pc->pool->conf.loop->now;
}

int
pool_circ_is_over(const struct pool_circ *pc)
{
	return pc->state == POOL_DEAD || pc->spoilt || poolcirc_too_old(pc);
}

const char *
poolhs_purpose(const struct pool_circ *pc)
{
	static const char *const names[] = {
		[POOL_HS_DIR] = "onion service: directory",
		[POOL_HS_INTRO] = "onion service: introduction",
		[POOL_HS_REND] = "onion service: rendezvous",
		[POOL_HS_REND_STABLE] = "onion service: rendezvous"
	};

	return pc->hs ? names[pc->hs->kind] : "onion service: ahead";
}

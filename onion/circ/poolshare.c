/* onion/circ/poolshare.c - how much of the pool one client may have
 *
 * Theory of operation
 *	Whoever chooses tokens (SOCKS credentials, source addresses) has a
 *	circuit for each, for as long as it is fit for use; so circuits are
 *	counted by who has them, which the first POOL_OWNER bytes of a token
 *	say.
 *
 *	Nobody gets more while he has SHARE times what is left for all others: a
 *	client that is alone has three quarters at most, two that come together
 *	three sevenths each, and who comes later finds something, unless there
 *	are many who work together.  The same holds of the circuits that are
 *	being built.
 *
 *	A client that has its share gets another circuit for one of its own that
 *	carries nothing, the one that does so for the longest time.  In a pool
 *	that is full anybody's gives way.  What is towards an onion service does
 *	so only once it has carried a stream: before that it is somebody's work.
 */
#include <string.h>

#include "onion/circ/circ.h"
#include "onion/circ/pool_int.h"

enum { SHARE = 3 };

static int
is_owned(const struct pool_circ *pc, const uint8_t *token)
{
	return pc->has_token && memcmp(pc->token, token, POOL_OWNER) == 0;
}

static int
is_idle(const struct pool_circ *pc)
{
	return pc->state == POOL_READY && pc->used &&
	    (!pc->is_hs || pc->streamed) && circ_nstreams(pc->circ) == 0;
}

/* @token: whose; NULL: anybody's. */
static struct pool_circ *
idlest(const struct pool *p, const uint8_t *token)
{
	struct pool_circ *pc, *best = NULL;

	LIST_FOREACH(pc, &p->circs, link)
		if (is_idle(pc) && (token == NULL || is_owned(pc, token)) &&
		    (best == NULL || pc->idle <= best->idle))
			best = pc;
	return best;
}

static void
close_idlest(const struct pool *p, const uint8_t *token)
{
	struct pool_circ *pc = idlest(p, token);

	if (pc)
		poolcirc_close(pc, CIRC_WHY_FINISHED);
}

int
poolshare_has_room(const struct pool *p)
{
	return p->count < POOL_CIRCS_MAX || idlest(p, NULL) != NULL;
}

void
poolshare_make_room(struct pool *p)
{
	if (p->count >= POOL_CIRCS_MAX)
		close_idlest(p, NULL);
}

/* @own of @all, of which there may be @max: may it be one more? */
static int
is_share(size_t own, size_t all, size_t max)
{
	return all < max && own < SHARE * (max - all);
}

static size_t
count_owned(const struct pool *p, const uint8_t *token, size_t *building)
{
	const struct pool_circ *pc;
	size_t n = 0;

	*building = 0;
	LIST_FOREACH(pc, &p->circs, link)
		if (is_owned(pc, token)) {
			n++;
			*building += pc->state == POOL_BUILDING;
		}
	return n;
}

int
poolshare_may_have(const struct pool *p, const uint8_t token[POOL_TOKEN],
    int is_new)
{
	size_t building, n = count_owned(p, token, &building);
	size_t all = p->count;

	if (is_new && !is_share(building, p->building,
	    (size_t)p->conf.max_pending))
		return 0;
	if (!is_new || all >= POOL_CIRCS_MAX)	/* another one gives way */
		all--;
	return is_share(n, all, POOL_CIRCS_MAX) || idlest(p, token) != NULL;
}

void
poolshare_settle(struct pool *p, const uint8_t token[POOL_TOKEN])
{
	size_t building, n = count_owned(p, token, &building);

	if (!is_share(n - 1, p->count - 1, POOL_CIRCS_MAX))
		close_idlest(p, token);
}

/* onion/link/chanset.c - which channels there are
 *
 * Theory of operation
 *	One channel per relay that is trusted to be alive, found by the relay's
 *	RSA identity, which every relay has and which is proven together with
 *	the Ed25519 one.  A relay of which only the address is known (a bridge
 *	without fingerprint) is found by that until its identity is proven.  Who
 *	dials may also not know its Ed25519 identity, as of a directory; the
 *	first who knows it and joins adds it to what the relay has to prove
 *	(TROVE-2020-005: a circuit must not end up on a channel whose proof is
 *	of another one).
 *
 *	A channel that is no longer trusted is not found by anything; it stays
 *	on the list until it dies, beside the one that takes its place.
 *
 *	A relay that could not be reached is left alone for a while, longer each
 *	time it fails: about 1, 2, 4 ... 60 s, each between half and one and a
 *	half of that, so that neither clients nor circuits of one client come
 *	back in step.
 *
 *	Where a channel dies, it is taken off the lists at once and freed when
 *	the turn ends.  chanset_free() from inside a callback waits for the
 *	callback to return.
 * Limits
 *	CHANSET_MAX channels; over that the one that has been idle longest
 *	makes room.  CHANSET_BACKOFFS_MAX relays that failed; over that the one
 *	whose time is over first is forgotten.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/rand.h"
#include "base/secret.h"
#include "onion/link/chan_int.h"

struct backoff {
	uint8_t		 key[20];
	unsigned	 fails;
	int64_t		 until;		/* ms */
};

static void
reap(struct chanset *set)
{
	struct chan *c;

	while ((c = TAILQ_FIRST(&set->dead)) != NULL) {
		TAILQ_REMOVE(&set->dead, c, link);
		chan_free(c);
	}
}

static void
on_reap(void *arg)
{
	reap(arg);
}

int
chanset_new(struct chanset **out, const struct chanset_conf *conf)
{
	struct chanset *set;

	if ((set = calloc(1, sizeof(*set))) == NULL)
		goto fail;
	if ((set->by_id = map_new(20, CHANSET_MAX)) == NULL)
		goto fail_set;
	if ((set->backoffs = map_new(20, CHANSET_BACKOFFS_MAX)) == NULL)
		goto fail_map;
	set->conf = *conf;
	TAILQ_INIT(&set->chans);
	TAILQ_INIT(&set->dead);
	loop_item_init(&set->reap, on_reap, set);
	*out = set;
	return 0;

fail_map:
	map_free(set->by_id);
fail_set:
	free(set);
fail:
	return -ENOMEM;
}

static void
free_now(struct chanset *set)
{
	struct backoff *b;
	size_t i = 0;

	reap(set);
	loop_item_clear(set->conf.loop, &set->reap);
	while ((b = map_next(set->backoffs, &i)) != NULL)
		free(b);
	map_free(set->backoffs);
	map_free(set->by_id);
	free(set);
}

void
chanset_enter(struct chanset *set)
{
	set->depth++;
}

void
chanset_leave(struct chanset *set)
{
	if (--set->depth == 0 && set->closing)
		free_now(set);
}

void
chanset_free(struct chanset *set)
{
	struct chan *c;

	if (set == NULL || set->closing)
		return;
	chanset_enter(set);
	set->closing = 1;
	while ((c = TAILQ_FIRST(&set->chans)) != NULL)
		chan_kill(c, CHAN_WHY_CLOSED);
	chanset_leave(set);
}

/* ---- backoff ---- */

static void
backoff_key(uint8_t key[20], const struct hopinfo *hop)
{
	const struct addr *a = hop->or4.family ? &hop->or4 : &hop->or6;

	memcpy(key, hop->id.rsa, 20);
	if (!secret_is_zero(key, 20))
		return;
	key[0] = a->family;
	key[1] = (uint8_t)(a->port >> 8);
	key[2] = (uint8_t)a->port;
	memcpy(key + 3, a->ip, 16);
}

static struct backoff *
backoff_get(const struct chanset *set, const struct hopinfo *hop)
{
	uint8_t key[20];

	backoff_key(key, hop);
	return map_get(set->backoffs, key);
}

static void
backoff_del(struct chanset *set, struct backoff *b)
{
	map_del(set->backoffs, b->key);
	free(b);
}

static struct backoff *
backoff_new(struct chanset *set, const struct hopinfo *hop)
{
	struct backoff *b, *first = NULL;
	size_t i = 0;

	if (map_count(set->backoffs) >= CHANSET_BACKOFFS_MAX) {
		while ((b = map_next(set->backoffs, &i)) != NULL)
			if (first == NULL || b->until < first->until)
				first = b;
		backoff_del(set, first);
	}
	if ((b = calloc(1, sizeof(*b))) == NULL)
		return NULL;
	backoff_key(b->key, hop);
	if (map_put(set->backoffs, b->key, b) < 0) {
		free(b);
		return NULL;
	}
	return b;
}

static void
failed(struct chanset *set, const struct hopinfo *hop)
{
	struct backoff *b = backoff_get(set, hop);
	int64_t wait = CHANSET_BACKOFF_MS;
	unsigned i;

	if (b == NULL && (b = backoff_new(set, hop)) == NULL)
		return;
	for (i = 0; i < b->fails && wait < CHANSET_BACKOFF_MS_MAX; i++)
		wait *= 2;
	if (wait > CHANSET_BACKOFF_MS_MAX)
		wait = CHANSET_BACKOFF_MS_MAX;
	else
		b->fails++;
	b->until = set->conf.loop->now + wait / 2 +
	    (int64_t)rand_below((uint64_t)wait);
}

int64_t
chanset_retry_at(struct chanset *set, const struct hopinfo *hop)
{
	const struct backoff *b = backoff_get(set, hop);

	return b ? b->until : 0;
}

void
chanset_forgive(struct chanset *set)
{
	struct backoff *b;
	size_t i = 0;

	while ((b = map_next(set->backoffs, &i)) != NULL)
		backoff_del(set, b);
}

/* ---- what a channel tells ---- */

void
chanset_worked(struct chan *c)
{
	struct backoff *b = backoff_get(c->set, &c->wanted);

	if (b)
		backoff_del(c->set, b);
}

void
chanset_index(struct chan *c)
{
	if (!c->indexed && !c->distrusted &&
	    map_put(c->set->by_id, c->id.rsa, c) == 0)
		c->indexed = 1;
}

static void
unindex(struct chan *c)
{
	if (c->indexed)
		map_del(c->set->by_id, c->id.rsa);
	c->indexed = 0;
}

void
chanset_buried(struct chan *c)
{
	struct chanset *set = c->set;

	unindex(c);
	TAILQ_REMOVE(&set->chans, c, link);
	TAILQ_INSERT_TAIL(&set->dead, c, link);
	set->nchans--;
	set->gone.cells_in += c->cells_in;
	set->gone.cells_out += c->cells_out;
	if (!c->was_open && c->why != CHAN_WHY_CLOSED)
		failed(set, &c->wanted);
	loop_item_add(set->conf.loop, &set->reap);
}

/* ---- finding and making ---- */

struct chan *
chanset_find(struct chanset *set, const uint8_t rsa_id[20])
{
	return map_get(set->by_id, rsa_id);
}

static struct chan *
find_by_addr(struct chanset *set, const struct hopinfo *hop)
{
	struct chan *c;

	TAILQ_FOREACH(c, &set->chans, link)
		if (!c->distrusted &&
		    ((hop->or4.family && addr_equal(&c->peer, &hop->or4)) ||
		    (hop->or6.family && addr_equal(&c->peer, &hop->or6))))
			return c;
	return NULL;
}

/* The last gate: nothing is dialled that this does not let through. */
int
chanset_may_dial(const struct chanset *set, const struct addr *a)
{
	const struct chanset_conf *c = &set->conf;

	if (!((a->family == 4 && c->use_v4) || (a->family == 6 && c->use_v6)))
		return 0;
	return c->may_reach == NULL || c->may_reach(c->may_reach_arg, a);
}

/* First which, then which other address. */
static int
pick_addrs(const struct chanset *set, const struct hopinfo *hop,
    struct addr *first, struct addr *second)
{
	static const struct addr none;
	struct addr v4 = chanset_may_dial(set, &hop->or4) ? hop->or4 : none;
	struct addr v6 = chanset_may_dial(set, &hop->or6) ? hop->or6 : none;
	int six = v6.family && (set->conf.prefer_v6 || !v4.family);

	*first = six ? v6 : v4;
	*second = six ? v4 : v6;
	return first->family ? 0 : -EADDRNOTAVAIL;
}

static int
make_place(struct chanset *set)
{
	struct chan *c, *idlest = NULL;

	if (set->nchans < CHANSET_MAX)
		return 0;
	TAILQ_FOREACH(c, &set->chans, link)
		if (chan_is_open(c) && chan_circuits(c) == 0 &&
		    (idlest == NULL || c->idle_since < idlest->idle_since))
			idlest = c;
	if (idlest == NULL)
		return -ENOSPC;
	chan_kill(idlest, CHAN_WHY_CLOSED);
	return set->nchans < CHANSET_MAX ? 0 : -ENOSPC;
}

static int
make(struct chanset *set, const struct hopinfo *hop, struct chan **out)
{
	struct addr first, second;
	struct chan *c;
	int rc;

	if ((rc = pick_addrs(set, hop, &first, &second)) < 0)
		return rc;
	if (set->conf.loop->now < chanset_retry_at(set, hop))
		return -EHOSTDOWN;
	if ((rc = make_place(set)) < 0)
		return rc;
	if (set->closing)		/* by whom it told about that */
		return -ENOTCONN;
	if ((rc = chan_new(&c, set, hop, &first, &second)) < 0)
		return rc;
	TAILQ_INSERT_TAIL(&set->chans, c, link);
	set->nchans++;
	if (!secret_is_zero(hop->id.rsa, sizeof(hop->id.rsa)))
		chanset_index(c);
	*out = c;
	return 0;
}

/* Is, or will be, this the Ed25519 identity that the relay proves?  Only before
 * CERTS there may be none yet. */
static int
expect_ed(struct chan *c, const struct relayid *id)
{
	if (!id->has_ed)
		return 1;
	if (c->id.has_ed)
		return memcmp(id->ed, c->id.ed, sizeof(c->id.ed)) == 0;
	memcpy(c->id.ed, id->ed, sizeof(c->id.ed));
	c->id.has_ed = 1;
	memcpy(c->wanted.id.ed, id->ed, sizeof(c->wanted.id.ed));
	c->wanted.id.has_ed = 1;
	return 1;
}

int
chanset_get(struct chanset *set, const struct hopinfo *hop, struct chan **out)
{
	struct chan *c;
	int known = !secret_is_zero(hop->id.rsa, sizeof(hop->id.rsa)), rc;

	if (set->closing)
		return -ENOTCONN;
	c = known ? chanset_find(set, hop->id.rsa) : find_by_addr(set, hop);
	if (c == NULL) {
		chanset_enter(set);
		rc = make(set, hop, out);
		chanset_leave(set);
		return rc;
	}
	if (!expect_ed(c, &hop->id))
		return -EHOSTDOWN;
	*out = c;
	return 0;
}

int
chanset_distrust(struct chanset *set, struct chan *c)
{
	if (c->why || c->distrusted)
		return 0;
	chan_log(c, LL_INFO, "not trusted to be alive any more");
	c->distrusted = 1;
	unindex(c);
	if (chan_circuits(c) == 0)
		loop_item_add(set->conf.loop, &c->work);
	return 1;
}

/* ---- all of them ---- */

void
chanset_distrust_all(struct chanset *set)
{
	struct chan *c;

	TAILQ_FOREACH(c, &set->chans, link)
		(void)chanset_distrust(set, c);
}

void
chanset_set_padding(struct chanset *set, const struct chan_padding *padding)
{
	struct chan *c;

	set->conf.padding = *padding;
	TAILQ_FOREACH(c, &set->chans, link)
		chan_padding_changed(c);
}

void
chanset_set_reach(struct chanset *set, const struct chanset_conf *conf)
{
	set->conf.prefer_v6 = conf->prefer_v6;
	set->conf.use_v4 = conf->use_v4;
	set->conf.use_v6 = conf->use_v6;
	set->conf.may_reach = conf->may_reach;
	set->conf.may_reach_arg = conf->may_reach_arg;
}

void
chanset_close(struct chanset *set, int all)
{
	size_t n = set->nchans;	/* not those that are dialled meanwhile */
	struct chan *c;

	chanset_enter(set);
	for (; n > 0; n--) {
		TAILQ_FOREACH(c, &set->chans, link)
			if (all || chan_circuits(c) == 0)
				break;
		if (c == NULL)
			break;
		chan_kill(c, CHAN_WHY_CLOSED);
	}
	chanset_leave(set);
}

void
chanset_totals(const struct chanset *set, struct chanset_totals *out)
{
	const struct chan *c;

	*out = set->gone;
	TAILQ_FOREACH(c, &set->chans, link) {
		out->cells_in += c->cells_in;
		out->cells_out += c->cells_out;
		if (c->wire) {
			out->bytes_in += c->wire->net_in;
			out->bytes_out += c->wire->net_out;
		}
		out->channels++;
		out->dialling += !chan_is_open(c);
	}
}

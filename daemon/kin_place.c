/* daemon/kin_place.c - where a client is
 *
 * Theory of operation
 *	A place is what is known of where an address is: the interface and the
 *	link-layer address, either of which may not be known.  It is looked up
 *	anew after KIN_FRESH_MS, or when a connection names another interface;
 *	of those that are known a table will do that is not quite so new, so that
 *	it is not read for each of many.
 *
 *	What is seen is compared with what was seen last.  Where both are known
 *	and differ, somebody else has the address now: it is @as what is seen.
 *	Where not, it stays @as what it was, and gets to be known better.
 *
 *	A client's first packet can be here before the kernel has asked for its
 *	link-layer address.  Whoever takes its address before a second look
 *	would be taken for it, so there is one soon, and some more while nothing
 *	is known: the kernel has its answer, or gives up, within 3 s.  What comes
 *	to be known after that may be anybody's, and is somebody else.
 *
 *	An address that is behind two link-layer addresses, and of which nobody
 *	knows by which interface it came, is nowhere.
 * Limits
 *	KIN_MAX places; the longest unused goes.  KIN_LOOKS_TURN looks a turn.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/loop.h"
#include "base/map.h"
#include "daemon/kin_int.h"

struct place {
	TAILQ_ENTRY(place) link, wait;
	uint8_t		 key[KIN_KEY];
	struct addr	 client;
	struct kin_place seen;		/* at the last look */
	struct kin_place known;		/* of it, at any time */
	struct kin_place as;
	int		 by;		/* the interface that was named then */
	int64_t		 looked, found;	/* loop ms */
	int64_t		 again;		/* the next look, if it is in unknown */
	uint8_t		 looks;		/* that were for nothing */
	uint8_t		 waits;		/* it is in unknown */
};

static void
drop(struct kin *k, struct place *p)
{
	TAILQ_REMOVE(&k->places, p, link);
	if (p->waits)
		TAILQ_REMOVE(&k->unknown, p, wait);
	map_del(k->place_of, p->key);
	free(p);
}

void
kin_free_places(struct kin *k)
{
	struct place *p;

	while ((p = TAILQ_FIRST(&k->places)) != NULL)
		drop(k, p);
	loop_timer_clear(k->loop, &k->again);
	map_free(k->place_of);
}

static struct place *
place_new(struct kin *k, const uint8_t key[KIN_KEY], const struct addr *client)
{
	struct place *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return NULL;
	if (map_count(k->place_of) >= KIN_MAX)
		drop(k, TAILQ_FIRST(&k->places));
	memcpy(p->key, key, KIN_KEY);
	p->client = *client;
	if (map_put(k->place_of, p->key, p) < 0) {
		free(p);
		return NULL;
	}
	TAILQ_INSERT_TAIL(&k->places, p, link);
	return p;
}

static int
differ(const struct kin_place *a, const struct kin_place *b)
{
	if (a->ifindex && b->ifindex && a->ifindex != b->ifindex)
		return 1;
	return a->link_len && b->link_len && (a->link_len != b->link_len ||
	    memcmp(a->link, b->link, a->link_len) != 0);
}

static void
learn(struct kin_place *known, const struct kin_place *seen)
{
	if (seen->ifindex)
		known->ifindex = seen->ifindex;
	if (seen->link_len == 0)
		return;
	memcpy(known->link, seen->link, sizeof(known->link));
	known->link_len = seen->link_len;
}

static int
too_late(const struct place *p, const struct kin_place *seen)
{
	return p->known.link_len == 0 && seen->link_len &&
	    p->looks >= KIN_LOOKS;
}

static void
wait_for(struct kin *k, struct place *p)
{
	if (p->waits || p->known.link_len || p->looks >= KIN_LOOKS)
		return;
	p->waits = 1;
	p->again = k->loop->now + KIN_LOOK_MS;
	TAILQ_INSERT_TAIL(&k->unknown, p, wait);
}

/* @is_new: nothing was known before. */
static void
note(struct kin *k, struct place *p, const struct kin_place *seen, int is_new)
{
	int64_t now = k->loop->now;

	if (is_new || now - p->found > KIN_KEEP_MS ||
	    differ(&p->known, seen) || too_late(p, seen)) {
		p->as = p->known = *seen;
		p->found = now;
		p->looks = 0;
	}
	learn(&p->known, seen);
	if (seen->link_len)
		p->found = now;
	p->seen = *seen;
	p->looked = now;
	wait_for(k, p);
}

/* 0: it is in two places. */
static int
see(struct kin *k, const struct addr *client, int ifindex, int old_ms,
    struct kin_place *out)
{
	const struct kin_neighbour *n;
	int is_ambiguous;

	memset(out, 0, sizeof(*out));
	out->ifindex = ifindex;
	kin_read_table(k, old_ms);
	n = kin_neighbour(k, client, ifindex, &is_ambiguous);
	if (is_ambiguous)
		return 0;
	if (n) {
		out->ifindex = n->ifindex;
		memcpy(out->link, n->link, sizeof(out->link));
		out->link_len = n->link_len;
	}
	return 1;
}

static void
set_timer(struct kin *k)
{
	const struct place *p = TAILQ_FIRST(&k->unknown);
	int64_t in;

	if (p == NULL || k->looking)
		return;
	k->looking = 1;
	in = p->again - k->loop->now;
	loop_timer_in(k->loop, &k->again, in > KIN_READ_MS ? in : KIN_READ_MS);
}

static void
look_again(struct kin *k, struct place *p)
{
	struct kin_place seen;

	TAILQ_REMOVE(&k->unknown, p, wait);
	p->waits = 0;
	if (p->known.link_len)
		return;
	p->looks++;
	if (see(k, &p->client, p->by, KIN_READ_MS, &seen))
		note(k, p, &seen, 0);
	else
		wait_for(k, p);
}

static void
on_again(void *arg)
{
	struct kin *k = arg;
	struct place *p;
	int i;

	k->looking = 0;
	for (i = 0; i < KIN_LOOKS_TURN; i++) {
		p = TAILQ_FIRST(&k->unknown);
		if (p == NULL || p->again > k->loop->now)
			break;
		look_again(k, p);
	}
	set_timer(k);
}

void
kin_init_places(struct kin *k)
{
	TAILQ_INIT(&k->places);
	TAILQ_INIT(&k->unknown);
	loop_timer_init(&k->again, on_again, k);
}

static int
is_fresh(const struct kin *k, const struct place *p, int ifindex)
{
	return k->loop->now - p->looked < KIN_FRESH_MS && ifindex == p->by;
}

/* NULL: it is nowhere, or there is no memory. */
static const struct place *
place_of(struct kin *k, const struct addr *client, int ifindex)
{
	uint8_t key[KIN_KEY];
	struct kin_place seen;
	struct place *p;
	int is_new;

	kin_key(key, client);
	p = map_get(k->place_of, key);
	if (p == NULL || !is_fresh(k, p, ifindex)) {
		is_new = p == NULL;
		if (!see(k, client, ifindex, is_new ? KIN_READ_MS :
		    KIN_READ_KNOWN_MS, &seen))
			return NULL;
		if (p == NULL && (p = place_new(k, key, client)) == NULL)
			return NULL;
		p->by = ifindex;
		note(k, p, &seen, is_new);
		set_timer(k);
	}
	TAILQ_REMOVE(&k->places, p, link);
	TAILQ_INSERT_TAIL(&k->places, p, link);
	return p;
}

void
kin_place(struct kin *k, const struct addr *client, int ifindex,
    struct kin_place *now, struct kin_place *as)
{
	static const struct kin_place none, lo = { .ifindex = KIN_LO };
	const struct place *p = NULL;
	int local = kin_is_local(k, client);

	if (!local)
		p = place_of(k, client, ifindex);
	if (now)
		*now = local ? lo : p ? p->seen : none;
	if (as)
		*as = p ? p->as : none;
}

void
kin_ifname(const struct kin *k, int ifindex, char out[KIN_IFNAME])
{
	if (ifindex <= 0 || k->source.ifname == NULL ||
	    k->source.ifname(k->source.arg, ifindex, out) < 0)
		out[0] = '\0';
}

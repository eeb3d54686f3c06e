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
 *	An address that is behind two link-layer addresses, and of which nobody
 *	knows by which interface it came, is nowhere.
 * Limits
 *	KIN_MAX places; the longest unused goes.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/loop.h"
#include "base/map.h"
#include "daemon/kin_int.h"

struct place {
	TAILQ_ENTRY(place) link;
	uint8_t		 key[KIN_KEY];
	struct kin_place seen;		/* at the last look */
	struct kin_place known;		/* of it, at any time */
	struct kin_place as;
	int		 by;		/* the interface that was named then */
	int64_t		 looked, found;	/* loop ms */
};

static void
drop(struct kin *k, struct place *p)
{
	TAILQ_REMOVE(&k->places, p, link);
	map_del(k->place_of, p->key);
	free(p);
}

void
kin_free_places(struct kin *k)
{
	struct place *p;

	while ((p = TAILQ_FIRST(&k->places)) != NULL)
		drop(k, p);
	map_free(k->place_of);
}

static struct place *
place_new(struct kin *k, const uint8_t key[KIN_KEY])
{
	struct place *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return NULL;
	if (map_count(k->place_of) >= KIN_MAX)
		drop(k, TAILQ_FIRST(&k->places));
	memcpy(p->key, key, KIN_KEY);
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

/* @is_new: nothing was known before. */
static void
note(struct kin *k, struct place *p, const struct kin_place *seen, int is_new)
{
	int64_t now = k->loop->now;

	if (is_new || now - p->found > KIN_KEEP_MS ||
	    differ(&p->known, seen)) {
		p->as = p->known = *seen;
		p->found = now;
	}
	learn(&p->known, seen);
	if (seen->link_len)
		p->found = now;
	p->seen = *seen;
	p->looked = now;
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
		if (p == NULL && (p = place_new(k, key)) == NULL)
			return NULL;
		note(k, p, &seen, is_new);
		p->by = ifindex;
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

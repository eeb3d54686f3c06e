/* dnsport/zones.c - zones whose keys have been proven, of one client
 *
 * A list: there are few, and looking through it costs nothing beside a
 * signature.  What is put stays until zones_trim(), so that whoever walks from
 * zone to zone keeps those that it came by.
 */
#include "dnsport/zones.h"

#include <errno.h>
#include <ldns/ldns.h>
#include <stdlib.h>

#include "dnsport/dname.h"

struct zones {
	struct zone	**zone;
	size_t		 n, room;
	uint64_t	 clock;
};

struct zones *
zones_new(void)
{
	return calloc(1, sizeof(struct zones));
}

static void
zone_free(struct zone *z)
{
	if (z == NULL)
		return;
	ldns_rdf_deep_free(z->name);
	ldns_rr_list_deep_free(z->keys);
	free(z);
}

void
zones_free(struct zones *zs)
{
	if (zs == NULL)
		return;
	while (zs->n)
		zone_free(zs->zone[--zs->n]);
	free(zs->zone);
	free(zs);
}

const struct zone *
zones_get(struct zones *zs, const ldns_rdf *name, int64_t wall_s)
{
	size_t i;

	for (i = zs->n; i-- > 0;)	/* the newest first */
		if (dname_rdf_same(zs->zone[i]->name, name)) {
			if (zs->zone[i]->until <= wall_s)
				return NULL;
			zs->zone[i]->used = ++zs->clock;
			return zs->zone[i];
		}
	return NULL;
}

static int
make_room(struct zones *zs)
{
	size_t room = zs->room ? zs->room * 2 : 16;
	struct zone **more;

	if (zs->n < zs->room)
		return 0;
	more = realloc(zs->zone, room * sizeof(*more));
	if (more == NULL)
		return -ENOMEM;
	zs->zone = more;
	zs->room = room;
	return 0;
}

int
zones_put(struct zones *zs, const ldns_rdf *name, enum zone_kind kind,
    const ldns_rr_list *keys, int64_t until)
{
	struct zone *z = calloc(1, sizeof(*z));

	if (z == NULL || make_room(zs) < 0)
		goto fail;
	z->kind = kind;
	z->until = until;
	z->used = ++zs->clock;
	if ((z->name = ldns_rdf_clone(name)) == NULL ||
	    (keys && (z->keys = ldns_rr_list_clone(keys)) == NULL))
		goto fail;
	zs->zone[zs->n++] = z;
	return 0;

fail:
	zone_free(z);
	return -ENOMEM;
}

void
zones_trim(struct zones *zs)
{
	size_t i, oldest;

	while (zs->n > ZONES_MAX) {
		for (oldest = 0, i = 1; i < zs->n; i++)
			if (zs->zone[i]->used < zs->zone[oldest]->used)
				oldest = i;
		zone_free(zs->zone[oldest]);
		for (i = oldest + 1; i < zs->n; i++)
			zs->zone[i - 1] = zs->zone[i];
		zs->n--;
	}
}

size_t
zones_count(const struct zones *zs)
{
	return zs->n;
}

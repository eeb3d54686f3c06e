/* dnsport/automap.h - virtual addresses: a name, and an address that stands for
 * it (tor's AutomapHostsOnResolve)
 *
 * A mapping belongs to a group of clients (an isolation key): the same name has
 * another address in another group, and an address is no address there.  Which
 * one a name gets is drawn by a keyed permutation: none can be guessed from
 * others.  It is stable while in use, that is while flows hold it and for
 * AUTOMAP_KEEP_S after it was last asked for or used; when there is no room one
 * goes of who has the most, its longest unused, and one in use never.
 *
 * A group's first bytes say whose it is, as to how much one may have, and no
 * more: groups that differ in nothing else are one.
 */
#ifndef DNSPORT_AUTOMAP_H
#define DNSPORT_AUTOMAP_H

#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"

struct automap;
struct automap_entry;

enum {
	AUTOMAP_GROUP = 16,
	AUTOMAP_OWNER = 6,
	AUTOMAP_NAME_MAX = 253,
	AUTOMAP_MAX = 65536,		/* mappings, of all owners */
	AUTOMAP_OWNER_MAX = 16384,	/* of one */
	AUTOMAP_KEEP_S = 24 * 60 * 60
};

struct automap_conf {
	struct addr_net	 net4, net6;	/* VirtualAddrNetworkIPv4, IPv6;
					 * family 0: none */
};

int	automap_new(struct automap **, const struct automap_conf *);
void	automap_free(struct automap *);

/* Is it an address of the pool, mapped or not? */
int	automap_is_virtual(const struct automap *, const struct addr *);
/* The address of @family that stands for @name in that group, made where there
 * is none.  -ENOSPC: all are in use; -EINVAL. */
int	automap_address(struct automap *, const uint8_t group[AUTOMAP_GROUP],
	    const char *name, int family, int64_t now_s, struct addr *out);
/* The name that it stands for in that group; NULL: none. */
const char *automap_name(struct automap *, const uint8_t group[AUTOMAP_GROUP],
	    const struct addr *, int64_t now_s);
/* A flow uses it: it stays until released.  NULL: no such mapping. */
struct automap_entry *automap_hold(struct automap *,
	    const uint8_t group[AUTOMAP_GROUP], const struct addr *);
void	automap_release(struct automap *, struct automap_entry *,
	    int64_t now_s);
const char *automap_held_name(const struct automap_entry *);
size_t	automap_count(const struct automap *);

#endif

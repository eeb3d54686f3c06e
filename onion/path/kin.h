/* onion/path/kin.h - which relays must not share a path (path-spec 2.2)
 *
 * Two relays are kin where they are the same one, have addresses in one IPv4
 * /16 or IPv6 /32 (unless EnforceDistinctSubnets is 0), each list the other in
 * their "family", share a family id (proposal 321), or stand together in one
 * NodeFamily of the configuration.
 */
#ifndef ONION_PATH_KIN_H
#define ONION_PATH_KIN_H

#include <stddef.h>
#include <stdint.h>

struct netdir;
struct relay;
struct relayset;

struct kin {				/* the sets are borrowed */
	const struct relayset	*const *families;	/* NodeFamily */
	size_t			 nfamilies;
	uint8_t			 subnets;	/* EnforceDistinctSubnets */
};

int	kin_same(const struct kin *, const struct netdir *,
	    const struct relay *, const struct relay *);

#endif

/* onion/dir/router.h - one relay's entry in a consensus: what is kept of it
 *
 * Plain values (dir-spec 3.4.1).  Most get it with dir/consensus.h.
 */
#ifndef ONION_DIR_ROUTER_H
#define ONION_DIR_ROUTER_H

#include <stdint.h>

#include "base/addr.h"

/* Flags of a relay. */
enum {
	RELAY_RUNNING	 = 1 << 0,	/* by being listed */
	RELAY_VALID	 = 1 << 1,	/* by being listed */
	RELAY_FAST	 = 1 << 2,
	RELAY_STABLE	 = 1 << 3,
	RELAY_GUARD	 = 1 << 4,
	RELAY_EXIT	 = 1 << 5,
	RELAY_BADEXIT	 = 1 << 6,
	RELAY_MIDDLEONLY = 1 << 7,
	RELAY_HSDIR	 = 1 << 8,
	RELAY_V2DIR	 = 1 << 9,	/* serves directory documents */
	RELAY_AUTHORITY	 = 1 << 10,
	RELAY_STALEDESC	 = 1 << 11,
	RELAY_SYBIL	 = 1 << 12,
	RELAY_NOED	 = 1 << 13,	/* no agreement on its Ed25519 key */
	RELAY_UNMEASURED = 1 << 14,	/* bandwidth is its own word */
	RELAY_HAS_BW	 = 1 << 15,
	RELAY_HAS_MD	 = 1 << 16	/* netdir: its microdesc is here */
};

struct consensus_router {		/* one `r` entry */
	uint8_t		rsa[20];
	uint8_t		md[32];		/* SHA-256 of its microdescriptor */
	char		nickname[20];
	struct addr	or4;
	struct addr	or6;		/* family 0: none */
	uint32_t	bw;		/* kB/s, weighted by the authorities */
	uint32_t	flags;		/* RELAY_* */
	uint32_t	caps;		/* CAP_*, link/relayid.h */
};

#endif

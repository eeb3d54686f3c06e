/* onion/link/hello.h - what the cells of a channel's handshake say
 *
 * Bodies of VERSIONS, AUTH_CHALLENGE and NETINFO (tor-spec 4.1, 4.3, 4.5), as
 * a client reads and writes them.  Pure: nothing is kept, nothing allocated.
 * Parsers give 0 (or what they are asked for) or -EPROTO, and write their
 * result only where all of it held.
 */
#ifndef ONION_LINK_HELLO_H
#define ONION_LINK_HELLO_H

#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "onion/link/cell.h"

enum {
	/* circuit id of 2 bytes, command, length, versions 3, 4 and 5 */
	HELLO_VERSIONS_LEN = 2 + 1 + 2 + 6,
	HELLO_VERSION_MIN = 4,
	HELLO_VERSION_MAX = 5,
	HELLO_MINE_MAX = 16	/* of the relay's own addresses, kept */
};

struct hello_netinfo {
	uint32_t	 time;		/* s since 1970; 0: it doesn't say */
	struct addr	 other;		/* how it sees us; port 0 */
	size_t		 nmine;
	struct addr	 mine[HELLO_MINE_MAX];	/* its own; port 0 */
};

/* The whole VERSIONS cell.  C tor offers 3 as well, and so do we: what differs
 * from it on the wire marks its user.  We take only 4 and 5. */
void	hello_versions_build(uint8_t out[HELLO_VERSIONS_LEN]);
int	hello_versions_pick(const uint8_t *, size_t);	/* the version */

int	hello_challenge_check(const uint8_t *, size_t);

/* @body: CELL_BODY zeros.  No time and no address of ours is told. */
void	hello_netinfo_build(uint8_t *body, const struct addr *peer);
int	hello_netinfo_parse(struct hello_netinfo *, const uint8_t *, size_t);

#endif

/* onion/dir/protover.h - subprotocol versions (tor-spec 9)
 *
 * "Link=4-5 Relay=2,4": names and sets of versions from 0 to 63.  Unknown
 * names parse and are passed over, except in protover_missing(), where
 * whatever we do not know is something that we lack.
 */
#ifndef ONION_DIR_PROTOVER_H
#define ONION_DIR_PROTOVER_H

#include <stddef.h>
#include <stdint.h>

enum { PROTOVER_NAME_MAX = 100, PROTOVER_TEXT = 256 };

/* What lacking something costs. */
enum {
	PROTOVER_LACK_CORE = 1 << 0,	/* cannot take part in the network */
	PROTOVER_LACK_HS   = 1 << 1	/* no onion services */
};

/* When this version was released (configure.ac), s since 1970: a protocol
 * required by a consensus that is older does not bind us (tor-spec 9). */
int64_t	protover_released(void);

/* What a relay's `pr` line promises, as CAP_* (link/relayid.h): 0 or
 * -EBADMSG for a malformed line, which promises nothing. */
int	protover_caps(uint32_t *caps, const char *, size_t);

/* What of a *-client-protocols line this program lacks: 0 or PROTOVER_LACK_*,
 * and its text, such as "Link=6 Relay=7-8", cut to fit @out; -EBADMSG. */
int	protover_missing(char out[PROTOVER_TEXT], const char *, size_t);

#endif

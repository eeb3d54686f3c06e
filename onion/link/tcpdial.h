/* onion/link/tcpdial.h - a TCP connection to a relay, begun
 *
 * The socket belongs to the caller, is non-blocking, and becomes writable when
 * it is connected or has failed (SO_ERROR).
 */
#ifndef ONION_LINK_TCPDIAL_H
#define ONION_LINK_TCPDIAL_H

#include <stdint.h>

struct addr;

/* @from: the address to bind to, family 0: any.  @mark: SO_MARK, 0: none.
 * @notsent: TCP_NOTSENT_LOWAT in bytes, 0: 32 KiB. */
int	tcpdial(int *fd, const struct addr *to, const struct addr *from,
	    uint32_t mark, int notsent);

#endif

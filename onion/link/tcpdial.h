/* onion/link/tcpdial.h - a TCP connection to a relay, begun
 *
 * The socket belongs to the caller, is non-blocking, and becomes writable when
 * it is connected or has failed (SO_ERROR).
 */
#ifndef ONION_LINK_TCPDIAL_H
#define ONION_LINK_TCPDIAL_H

#include <stdint.h>

struct addr;

struct tcpdial_conf {			/* zeroed: a plain socket */
	/* Makes the socket, of AF_INET or AF_INET6, for TCP, non-blocking; the
	 * descriptor or -errno.  NULL: socket() does. */
	int		(*socket)(void *arg, int family);
	void		*arg;
	uint32_t	 mark;		/* SO_MARK; 0: as it is */
	int		 notsent;	/* TCP_NOTSENT_LOWAT; 0: 32 KiB */
};

/* @from: the address to bind to, family 0: any. */
int	tcpdial(int *fd, const struct addr *to, const struct addr *from,
	    const struct tcpdial_conf *);

#endif

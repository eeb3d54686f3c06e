/* tun/tell.h - what is said about packets that are not wanted
 *
 * ICMP errors, and resets of no connection: to each client, and to all of them,
 * only so many, since the source of a packet may be made up.
 */
#ifndef TUN_TELL_H
#define TUN_TELL_H

#include "tun/icmp.h"
#include "tun/rate.h"

struct pkt_out;
struct tcp_seg;

enum {				/* a second, and at once */
	TELL_EVERY_MS = 10, TELL_BURST = 200,
	TELL_ALL_EVERY_MS = 1, TELL_ALL_BURST = 1000
};

struct tell {
	const struct loop *loop;
	const struct addr *own;		/* errors are from one of these ... */
	unsigned	 nown;		/* ... or from who was not reached */
	int		 offload;
	void		(*emit)(void *arg, const struct pkt_out *);
	void		*arg;
	struct rate	 errors, resets;	/* tell_init() */
};

void	tell_init(struct tell *);
void	tell_icmp(struct tell *, enum icmp_error, const struct ip *about);
/* RFC 9293 3.10.7.1: never about a reset. */
void	tell_reset(struct tell *, const struct addr *client,
	    const struct addr *dest, const struct tcp_seg *about);
/* The SYN @seq, which came a while ago, is refused: as stack.h says. */
void	tell_refused(struct tell *, const struct addr *client,
	    const struct addr *dest, uint32_t seq, int why);

#endif

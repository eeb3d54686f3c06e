/* tun/stack.h - the door: packets in; byte streams and datagrams out
 *
 * Clients behind the device believe that they talk to their destinations; they
 * talk to this.  A SYN to any address becomes an endpoint whose holder accepts
 * or refuses it, a UDP datagram to a port that is served becomes a question,
 * and everything else is told at once that it is not wanted, or dropped and
 * counted.  Sans IO: packets go out through emit(), time is the loop's.
 *
 * The endpoint of a connection (base/endpoint.h).  Until accept() nothing is
 * answered to the SYN; kill() before it refuses the connection:
 *
 *	-ECONNREFUSED, -ECONNRESET, others	RST
 *	-EHOSTUNREACH, -ETIMEDOUT, -EAGAIN,
 *	-ENOENT				ICMP host unreachable
 *	-ENETUNREACH			ICMP network unreachable
 *	-EACCES				ICMP administratively prohibited
 *	0				nothing: silence
 *
 * kill() after it resets the connection, but for 0 where all that was sent has
 * been acknowledged.
 *
 * Limits of one client are of one address, for IPv6, too.  A LAN is one /64:
 * to count by /64 would make one client of all who are on it, and let each of
 * them use up what is the others'.  So a host with many addresses, each of
 * which it can prove (tun/proven.h), gets around the limits of one client; those
 * of all hold, and then others are refused until it lets go.  Networks behind
 * another router are LANs as well, and are counted alike.
 */
#ifndef TUN_STACK_H
#define TUN_STACK_H

#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "tun/drop.h"
#include "tun/pkt.h"

struct endpoint;
struct loop;
struct memory;
struct stack;

enum {
	STACK_OWN_MAX = 4,		/* addresses of its own */
	STACK_CONNS_MAX = 262144	/* of any stack */
};

struct stack_user {
	void	(*emit)(void *arg, const struct pkt_out *);
	/* Somebody wants to connect.  The endpoint is to be taken, and held,
	 * within the call. */
	void	(*open)(void *arg, const struct addr *client,
		    const struct addr *dest, struct endpoint *take);
	/* A datagram to a port for which served() said 1. */
	void	(*datagram)(void *arg, const struct addr *client,
		    const struct addr *dest, const void *, size_t len);
};

struct stack_conf {
	struct loop	*loop;
	uint16_t	 mtu;		/* of the device; at least 1280 */
	int		 offload;	/* the device cuts super-segments and
					 * completes checksums */
	struct addr	 own[STACK_OWN_MAX];	/* answer echo requests, and
						 * are no client's */
	unsigned	 nown;
	uint16_t	 udp_port;	/* served at every address; 0: none */
	size_t		 conns_max;	/* in all */
	size_t		 conns_client_max;	/* of one client address */
	size_t		 opening_max;	/* half open: held, or accepted and not
					 * heard of since; in all */
	size_t		 opening_client_max;
	size_t		 bytes_max;	/* of memory, for what waits in queues:
					 * in all; half of it for one client */
	struct memory	*memory;	/* borrowed: shared with other stacks,
					 * which takes from bytes_max; or
					 * NULL (tun/memory.h) */
	const struct stack_user *user;
	void		*arg;
};

int	stack_new(struct stack **, const struct stack_conf *);
/* Resets what is open; the loop's turn must end after it. */
void	stack_free(struct stack *);

void	stack_input(struct stack *, const struct pkt_in *);
/* An answer: from the address that was asked.  Longer than a packet: it is
 * dropped and counted. */
void	stack_send(struct stack *, const struct addr *from,
	    const struct addr *client, const void *, size_t len);

struct stack_totals {
	size_t		conns, opening;		/* now */
	/* Handshakes done; SYNs refused, by the holder or a limit;
	 * connections that did not end in order. */
	uint64_t	opened, refused, resets;
	uint64_t	packets_in, packets_out, bytes_in, bytes_out;
	uint64_t	dropped[DROP_N];
};
void	stack_totals(const struct stack *, struct stack_totals *);

#endif

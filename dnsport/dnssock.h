/* dnsport/dnssock.h - UDP and TCP sockets in front of the DNS server
 *
 * One dnssock is one DNSPort line: a UDP and a TCP socket on one address.
 * Answers leave from the address that was asked (IP_PKTINFO), so that a
 * question redirected to us is answered as its client expects.
 */
#ifndef DNSPORT_DNSSOCK_H
#define DNSPORT_DNSSOCK_H

#include "base/addr.h"

struct dnsport;
struct dnssock;
struct event_base;
struct loop;

enum {
	DNSSOCK_TCP_MAX = 256,		/* connections */
	DNSSOCK_TCP_CLIENT_MAX = 32,	/* of one client */
	DNSSOCK_TCP_IDLE_MS = 30 * 1000
};

struct dnssock_conf {
	struct loop		*loop;
	struct event_base	*base;
	struct dnsport		*dnsport;
	struct addr		 addr;		/* port 0: any */
	void			*listener;	/* for struct dns_from */
	void			(*enter)(void *turn);	/* around each event */
	void			(*leave)(void *turn);
	void			*turn;
};

/* -errno from bind or listen. */
int	dnssock_new(struct dnssock **, const struct dnssock_conf *);
/* Such sockets, UDP and TCP, for a lender (base/borrow.h): 0 or -errno. */
int	dnssock_open(const struct addr *, int fd[2]);
/* Drops what waits for an answer.  The loop's turn must end after it. */
void	dnssock_free(struct dnssock *);
const struct addr *dnssock_addr(const struct dnssock *);	/* bound to */

#endif

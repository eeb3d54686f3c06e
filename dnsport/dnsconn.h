/* dnsport/dnsconn.h - a client's TCP connection to the DNS server (RFC 7766)
 *
 * A dnspipe on a socket.  A connection ends with closed(), once, unless its
 * owner killed it; after either the pointer must not be used again, and it is
 * freed when the turn ends.  libevent writes without MSG_NOSIGNAL: SIGPIPE has
 * to be ignored.
 */
#ifndef DNSPORT_DNSCONN_H
#define DNSPORT_DNSCONN_H

#include <stdint.h>

#include "base/addr.h"

struct dnsconn;
struct dnsport;
struct event_base;
struct loop;

enum {
	DNSCONN_OUT_MAX = 256 * 1024	/* bytes unread by the client; one
					 * answer more may come */
};

struct dnsconn_conf {
	struct loop		*loop;
	struct event_base	*base;
	struct dnsport		*dnsport;
	void			*listener;	/* for struct dns_from */
	void			(*enter)(void *turn);	/* around each event */
	void			(*leave)(void *turn);
	void			*turn;
	int64_t			 idle_ms;	/* no progress: the end */
};

/* Takes @fd on success; 0 or -ENOMEM.  @conf is borrowed for its life. */
int	dnsconn_new(struct dnsconn **, const struct dnsconn_conf *, int fd,
	    const struct addr *client, void (*closed)(void *arg), void *arg);
void	dnsconn_kill(struct dnsconn *);
/* Since when nothing is asked, and all is answered and read: loop ms, at first
 * when it began.  INT64_MAX: it is not so. */
int64_t	dnsconn_idle(const struct dnsconn *);

#endif

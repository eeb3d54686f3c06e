/* daemon/listen.h - clients' connections come in here
 *
 * One listener is one TransPort, SocksPort or HTTPTunnelPort line.  Of what is
 * redirected to a TransPort it finds out where it was really going (natlook),
 * and hands it to the gateway; what it cannot find out is reset.  What comes to a
 * proxy port goes to whom it belongs.
 */
#ifndef DAEMON_LISTEN_H
#define DAEMON_LISTEN_H

#include <stddef.h>

#include "base/addr.h"
#include "daemon/conf.h"
#include "daemon/gateway.h"
#include "natlook/natlook.h"

struct endpoint;
struct evloop;
struct listener;
struct natlook;

struct listen_conf {
	struct evloop	*ev;
	struct gateway	*gateway;
	struct natlook	*natlook;
	const struct door *door;	/* its rules; they may change */
	struct addr	 addr;
	/* A proxy port's: who takes the client, and the door as it is for this
	 * one; natlook is NULL then. */
	void		(*take)(void *arg, const struct door *,
			    const struct addr *client, struct endpoint *);
	void		*arg;
	/* A unix socket of this file mode, and no address; NULL.  Its clients
	 * count as 127.0.0.1. */
	const char	*path;
	int		 mode;
};

/* By what connections are turned around, as TransProxyType has it. */
static inline enum natlook_kind
listen_kind(enum conf_trans t)
{
	switch (t) {
	case CONF_TRANS_NETFILTER:
		return NATLOOK_NETFILTER;
	case CONF_TRANS_TPROXY:
		return NATLOOK_TPROXY;
	case CONF_TRANS_PF:
		return NATLOOK_PF;
	default:
		return NATLOOK_NONE;
	}
}

/* -errno from bind, listen or the options that the kind needs. */
int	listen_new(struct listener **, const struct listen_conf *,
	    enum natlook_kind);
/* Such a socket, for a lender: the descriptor or -errno. */
int	listen_open(const struct addr *, enum natlook_kind);
void	listen_free(struct listener *);
/* Family 0: a unix socket. */
const struct addr *listen_addr(const struct listener *);

#endif

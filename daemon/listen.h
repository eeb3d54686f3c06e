/* daemon/listen.h - redirected sockets come in here
 *
 * One listener is one TransPort line.  It finds out where each connection was
 * really going (natlook) and hands it to the gateway; what it cannot find out
 * is reset.
 */
#ifndef DAEMON_LISTEN_H
#define DAEMON_LISTEN_H

#include <stddef.h>

#include "base/addr.h"
#include "daemon/gateway.h"
#include "natlook/natlook.h"

struct evloop;
struct listener;
struct natlook;

struct listen_conf {
	struct evloop	*ev;
	struct gateway	*gateway;
	struct natlook	*natlook;
	const struct door *door;	/* its rules; they may change */
	struct addr	 addr;
};

/* -errno from bind, listen or the options that the kind needs. */
int	listen_new(struct listener **, const struct listen_conf *,
	    enum natlook_kind);
void	listen_free(struct listener *);
const struct addr *listen_addr(const struct listener *);

#endif

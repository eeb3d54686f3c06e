/* daemon/runengine.h - an engine of the user's own, where there is no daemon
 *
 * A process in the background, as the user, in the user's network.  It serves
 * whoever finds its socket in DataDirectory, which only the user can, and ends
 * with the last of them.
 */
#ifndef DAEMON_RUNENGINE_H
#define DAEMON_RUNENGINE_H

#include "daemon/conf.h"

/* The name of its socket: DataDirectory/run; NULL: no memory. */
char	*runengine_socket(const struct conf *);
/* A lock that its process holds: a descriptor, or -errno; -EWOULDBLOCK: there
 * is such a process already.  Makes DataDirectory. */
int	runengine_lock(const struct conf *);
/* Starts it, with the lock; both descriptors are closed here.  @client is the
 * far end of a connection to it, whose holder is told by runmsg.h what becomes
 * of it, its failure included.  0 or -errno. */
int	runengine_start(const struct conf *, enum conf_quiet, int lock,
	    int client);

#endif

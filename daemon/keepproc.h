/* daemon/keepproc.h - the process that keeps the right to change the network
 *
 * Forked before rights are given up (daemon/keeper.h has the other end).
 */
#ifndef DAEMON_KEEPPROC_H
#define DAEMON_KEEPPROC_H

struct netplan_conf;

struct keepproc_conf {
	const struct netplan_conf *plan;
	const char	*directory;	/* for netstate */
	const char	*user;		/* to become, or NULL */
	int		 undo;		/* it may be told to */
};

/* The whole life of the process, as a child; its status.  Closes every other
 * descriptor.  @parent is who may undo, and it ends with it; the engine, at
 * @fd, may end before. */
int	keepproc_run(int fd, int parent, const struct keepproc_conf *);

#endif

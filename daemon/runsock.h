/* daemon/runsock.h - the socket that `onion-transparent run` asks a daemon at
 *
 * Whoever may connect gets a tunnel for a TUN device of its own, with circuits
 * that no other tunnel shares (runmsg.h has the messages).  The tunnel lives
 * for as long as its client keeps the connection.  Before Linux 6.4 a client
 * can hold us up with its device for 2 * NOWAIT_TICK_MS (tun/nowait.h); that is
 * the end of its tunnel, and its place is taken for RUNSOCK_PENALTY_S.
 */
#ifndef DAEMON_RUNSOCK_H
#define DAEMON_RUNSOCK_H

#include <stddef.h>
#include <sys/types.h>

struct evloop;
struct gateway;
struct runsock;
struct stack_totals;

enum {
	RUNSOCK_CLIENTS_MAX = 256,	/* in all */
	RUNSOCK_USER_MAX = 32,		/* of one user */
	RUNSOCK_TIMEOUT_S = 30,		/* from connect to OPEN */
	RUNSOCK_PENALTY_S = 60,
	RUNSOCK_CONNS_MAX = 16384,	/* of one tunnel */
	RUNSOCK_OPENING_MAX = 4096
};

struct runsock_conf {
	struct evloop	*ev;
	struct gateway	*gateway;
	const char	*path;
	int		 mode;		/* of the socket */
	const char	*group;		/* of the socket; NULL: ours */
	size_t		 bytes_max;	/* that wait, in all tunnels */
	/* That process has gone.  May be NULL. */
	void		(*left)(void *arg, pid_t);
	void		*arg;
};

/* -errno: as unixsock_listen(); -ENOENT: no such group, or no directory; -EPERM
 * we may not give the socket to that group. */
int	runsock_new(struct runsock **, const struct runsock_conf *);
/* Ends all tunnels, and removes the socket.  The turn must end after it. */
void	runsock_free(struct runsock *);

/* The socket's group, NULL: as it is.  A lender does it for its own. */
int	runsock_give(const char *path, const char *group);
/* A client that is connected already.  0, or -ENOSPC, -ENOMEM: then the
 * descriptor stays the caller's. */
int	runsock_add(struct runsock *, int take);
/* How far the bootstrap has come, for those that wait for it. */
void	runsock_progress(struct runsock *, int percent, const char *summary);
void	runsock_ready(struct runsock *, int ready);

size_t	runsock_clients(const struct runsock *);
/* Tells @fn (status.h) of each tunnel, as "run:UID"; @runsock is a struct
 * runsock or NULL. */
void	runsock_tunnels(void *runsock, void (*fn)(void *arg, const char *name,
	    const struct stack_totals *), void *fn_arg);

#endif

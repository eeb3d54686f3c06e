/* daemon/keeper.h - the helper that may change the network, as the daemon
 * sees it
 *
 * The daemon gives up its rights for good; what needs them afterwards is done
 * by a process of its own (daemon/keepproc.h).  A question waits for its
 * answer, in the turn: they are few, and the helper has little else to do.
 */
#ifndef DAEMON_KEEPER_H
#define DAEMON_KEEPER_H

#include <stddef.h>
#include <sys/types.h>

struct evloop;
struct keeper;
struct keepproc_conf;

/* Forks: before there are signal handlers, and while there are rights.  @conf
 * is borrowed for the call. */
int	keeper_new(struct keeper **, const struct keepproc_conf *, char *why,
	    size_t max);
pid_t	keeper_pid(const struct keeper *);
/* After the engine was forked each of the two keeps its end: the engine may
 * prepare, apply, watch and have sockets, and only the parent may undo, and
 * waits for the process. */
void	keeper_parents(struct keeper *);
void	keeper_engines(struct keeper *);
/* The parent asks whether it lives, and hears what it said since.  How many such
 * questions it had not answered before this one. */
unsigned keeper_ping(struct keeper *);
/* Lets it end; what is in force stays so, but for keeper_undo(). */
void	keeper_free(struct keeper *);

/* See policy/netstate.h. */
int	keeper_prepare(struct keeper *, char *why, size_t max);
int	keeper_apply(struct keeper *, char *why, size_t max);
int	keeper_undo(struct keeper *, char *why, size_t max);

/* From now on: @gone when it died, once.  What it says is logged. */
int	keeper_watch(struct keeper *, struct evloop *,
	    void (*gone)(void *arg), void *arg);

/* A TCP socket, non-blocking, not connected, with the mark that lets it out
 * past the TUN: the caller's, or -errno.  @family: AF_INET or AF_INET6. */
int	keeper_socket(void *keeper, int family);

#endif

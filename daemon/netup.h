/* daemon/netup.h - the TUN's life: helper, device, stack
 *
 * Nothing of it is there without TunClients; all functions may then be called
 * all the same.  In this order: the parent forks the keeper by netup_fork() and
 * then the engine, which calls netup_start(), and at the end netup_stop() and
 * netup_free(); netup_end() is the parent's.
 */
#ifndef DAEMON_NETUP_H
#define DAEMON_NETUP_H

#include <stddef.h>
#include <sys/types.h>

#include "daemon/status.h"

struct addr_net;
struct conf;
struct dial_conf;
struct evloop;
struct gateway;
struct netup;
struct onion_conf;

/* NULL where there is no TUN.  @conf stays as it is for netup's life, in what
 * says something of the TUN. */
int	netup_fork(struct netup **, const struct conf *, char *why,
	    size_t max);
/* Sockets to relays come from the helper, where the host's own traffic goes
 * into the TUN. */
void	netup_sockets(struct netup *, struct onion_conf *);
/* And those of direct flows; NULL: any will do.  For netup's life. */
const struct dial_conf *netup_dial(const struct netup *);
/* The networks behind the TUN.  For netup's life. */
const struct addr_net *netup_networks(const struct netup *, unsigned *n);
/* The device, and then all that leads to it.  @gone: it, or the helper, is no
 * more, and @why says so. */
int	netup_start(struct netup *, struct evloop *, struct gateway *,
	    void (*gone)(void *arg, const char *why), void *arg, char *why,
	    size_t max);
/* No more packets; between evloop_enter() and _leave(). */
void	netup_stop(struct netup *);
/* What is in force stays so. */
void	netup_free(struct netup *);

/* Between netup_fork() and netup_start() parent and engine part: each keeps
 * what is its own. */
void	netup_parents(struct netup *);
void	netup_engines(struct netup *);
pid_t	netup_keeper(const struct netup *);	/* 0: there is none */
/* Asks whether it lives: answers that it owed before; 0: there is none. */
unsigned netup_ping(struct netup *);
/* The parent's last word.  With TunUndo 1 all is put back, else it stays
 * closed; it says which, where there was something. */
void	netup_end(struct netup *, int applied);

void	netup_log(const struct netup *);	/* statistics */
void	netup_tunnels(const struct netup *, status_tunnel_fn *, void *arg);

/* Puts back what a daemon of this configuration left: needs root. */
int	netup_undo(const struct conf *, char *why, size_t max);

#endif

/* daemon/status.h - what `onion-transparent status` shows
 *
 * The text is made by the daemon and sent over a local socket; the command
 * only prints it.  Which relays a circuit uses is shown: the socket is for the
 * operator, with mode 0600 in a directory of the daemon's own.  Clients are
 * never shown, and destinations only where SafeLogging is 0.
 */
#ifndef DAEMON_STATUS_H
#define DAEMON_STATUS_H

#include <stddef.h>

struct gateway;
struct onion;
struct proxies_totals;
struct stack_totals;

typedef void status_tunnel_fn(void *arg, const char *name,
	    const struct stack_totals *);

struct status_source {
	const struct onion	*onion;
	const struct gateway	*gateway;
	/* Tells @fn of each tunnel; NULL: there are none. */
	void	(*tunnels)(void *arg, status_tunnel_fn *fn, void *fn_arg);
	/* Of the proxies' ports; 0: there are none, and never were.  NULL: the
	 * same. */
	int	(*proxies)(void *arg, struct proxies_totals *);
	/* 1 the gate is open, 0 it is shut; -1 or NULL: there is none. */
	int	(*gate)(void *arg);
	void	*arg;
};

/* NUL-terminated, to be freed; NULL without memory. */
char	*status_text(const struct status_source *, int json, size_t *len);

#endif

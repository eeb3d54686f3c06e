/* daemon/doors.h - all listeners of a configuration
 *
 * All ports are opened together or not at all.  At a reload the
 * addresses that both configurations have are kept open, under the new rules;
 * the rest is opened before anything of the old is closed, since it may be that
 * it could not be opened again.  What needs rights is borrowed (base/borrow.h).
 */
#ifndef DAEMON_DOORS_H
#define DAEMON_DOORS_H

#include <stddef.h>

struct conf;
struct conf_port;
struct door;
struct doors;
struct evloop;
struct gateway;
struct proxies_totals;

/* What a line's flags say, but for the group of one that has no SessionGroup. */
void	doors_rules(struct door *, const struct conf_port *);

/* Opens what @old (NULL: none) has not got yet, and changes nothing of it.
 * The loop must not turn before the new doors are either committed, with @old
 * closed, or dropped.  @why gets what could not be opened, and what to do. */
int	doors_prepare(struct doors **, struct doors *old, struct evloop *,
	    struct gateway *, const struct conf *, char *why, size_t max);
void	doors_commit(struct doors *, struct doors *old, const struct conf *);
void	doors_drop(struct doors *, struct doors *old);
void	doors_close(struct doors *);
/* 1, or 0: there never was a port of a proxy. */
int	doors_proxies(const struct doors *, struct proxies_totals *);

#endif

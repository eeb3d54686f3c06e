/* daemon/doors.h - all listeners of a configuration
 *
 * TransPorts and DNSPorts are opened together or not at all.  At a reload the
 * addresses that both configurations have are kept open, under the new rules;
 * the rest is opened before anything of the old is closed.
 */
#ifndef DAEMON_DOORS_H
#define DAEMON_DOORS_H

#include <stddef.h>

struct conf;
struct doors;
struct evloop;
struct gateway;

/* @old is used up on success and untouched on failure; NULL: none.  @why gets
 * what could not be opened, and what to do about it. */
int	doors_open(struct doors **, struct doors *old, struct evloop *,
	    struct gateway *, const struct conf *, char *why, size_t max);
void	doors_close(struct doors *);

#endif

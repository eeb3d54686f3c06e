/* policy/netstate.h - the kernel made to agree with a plan, and put back
 *
 * Needs CAP_NET_ADMIN in its network namespace, and a directory that it may
 * write.  Whatever fails leaves a sentence in @why and the machine closed
 * rather than open: what was done stays until netstate_undo().
 */
#ifndef POLICY_NETSTATE_H
#define POLICY_NETSTATE_H

#include <stddef.h>

struct netplan_conf;
struct netstate;

/* @directory holds the record of what was before, and is locked (policy/lock.h):
 * -EBUSY where another process has it. */
int	netstate_open(struct netstate **, const char *directory, char *why,
	    size_t max);
void	netstate_close(struct netstate *);

/* Before the TUN is there: can the plan be, and how was the machine before?
 * Changes nothing.  @conf is copied. */
int	netstate_prepare(struct netstate *, const struct netplan_conf *,
	    char *why, size_t max);
/* The TUN is there: does it all.  Before a packet could be forwarded it is
 * closed to all others. */
int	netstate_apply(struct netstate *, char *why, size_t max);

/* Something may have changed: makes the kernel agree again; 1: something had to
 * be done, 0, or -errno.  @why may be there without an error, for a route into
 * a LAN that the kernel did not take; else it is empty. */
int	netstate_follow(struct netstate *, char *why, size_t max);
int	netstate_watch_fd(const struct netstate *);	/* then follow ... */
void	netstate_calm(struct netstate *);		/* ... after this */

/* Puts all back that this or an earlier process changed; needs no plan. */
int	netstate_undo(struct netstate *, char *why, size_t max);

#endif

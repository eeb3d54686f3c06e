/* policy/fwlinks.h - are a LAN and an uplink one network?
 *
 * Rules tell what is a LAN's from what goes out by the interface.  Where a bridge
 * joins the two, or the way out is a LAN's interface, they cannot.
 */
#ifndef POLICY_FWLINKS_H
#define POLICY_FWLINKS_H

#include <stddef.h>

struct fwplan_conf;
struct netplan_link;
struct netplan_world;

/* The machine's interfaces; @out is the caller's to free().  0 or negative. */
int	fwlinks_list(struct netplan_link **out, size_t *n);
/* Are they one interface, or parts of one, or one a part of the other?  A VRF's
 * members are not; names that are not there are nobody's. */
int	fwlinks_joined(const struct netplan_link *, size_t n, const char *,
	    const char *);
/* 0, or -EINVAL and in @why which two, and what to do. */
int	fwlinks_check(const struct netplan_world *, const struct fwplan_conf *,
	    char *why, size_t max);
/* The same of what the machine has now; or negative, with the reason that it
 * cannot be said. */
int	fwlinks_check_now(const struct fwplan_conf *, char *why, size_t max);

#endif

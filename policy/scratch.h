/* policy/scratch.h - a network namespace in which rules are tried
 *
 * It has nothing but lo and, under the names that rules name, interfaces that
 * lead nowhere.  What the kernel has after it took rules there is what it has
 * to have here.  It lives as long as its descriptors.
 */
#ifndef POLICY_SCRATCH_H
#define POLICY_SCRATCH_H

#include <stddef.h>

#include "policy/netplan.h"

struct scratch {
	int	net;		/* the namespace */
	int	user;		/* the user namespace that it is in, or -1 */
	int	nft;		/* nftsock_open()'s, in there */
};

/* A sentence in @why, where it cannot be made. */
int	scratch_open(struct scratch *,
	    const char (*devices)[NETPLAN_IFNAME], size_t n, char *why,
	    size_t max);
void	scratch_close(struct scratch *);	/* also of one that is zeroed */
/* The calling process goes there, for good. */
int	scratch_enter(const struct scratch *);

#endif

/* policy/ifindex.h - the number that an interface has now
 *
 * That there is no such interface is one thing, that it cannot be asked (no
 * more descriptors, for instance) another: what is not there takes nothing out.
 */
#ifndef POLICY_IFINDEX_H
#define POLICY_IFINDEX_H

#include <stddef.h>

#include "policy/netplan.h"

/* 0; -ENODEV: there is none; or another -errno.  Unless it is 0, @index is. */
int	ifindex_of(const char *name, unsigned *index);
/* Is it one of these, or can that not be asked? */
int	ifindex_may_be(unsigned index, const char (*devices)[NETPLAN_IFNAME],
	    size_t n);

#endif

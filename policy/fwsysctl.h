/* policy/fwsysctl.h - the sysctls that have to hold while the rules do
 *
 * Data: which path has which value, in the order in which they are written
 * (forwarding first: the kernel changes others with it).  A path that a machine
 * does not have is nothing to hold: that is for who writes them to see.
 */
#ifndef POLICY_FWSYSCTL_H
#define POLICY_FWSYSCTL_H

#include <stddef.h>
#include <stdint.h>

#include "policy/netplan.h"

enum { FWSYSCTL_LEAVE = -1 };	/* as it is */

struct fwsysctl_link {
	char	name[NETPLAN_IFNAME];
	int8_t	rp_filter;	/* 1 strict, 2 loose, 0, or FWSYSCTL_LEAVE */
	int8_t	accept_ra;	/* 0, 1, 2, or FWSYSCTL_LEAVE */
};

/* Zeroed: nothing is forwarded, no advertisement is heard; and with rp_filter
 * (1) for all of them, no source but where it should come from. */
struct fwsysctl_conf {
	int8_t	forward4, forward6;	/* 0, 1 or FWSYSCTL_LEAVE */
	int8_t	rp_filter;		/* of all and of new ones, as above */
	int8_t	accept_ra;
	int8_t	timestamps;		/* of TCP: 0, 1 or FWSYSCTL_LEAVE */
	int8_t	liberal;		/* 1: what is late in a connection is no
					 * invalid packet; 0: leave it */
	const struct fwsysctl_link *links;
	size_t	nlinks;
};

struct fwsysctl {
	char	path[NETPLAN_SYSCTL];	/* below /proc/sys/ */
	char	value[NETPLAN_VALUE];
};

/* The list is the caller's, by malloc.  -ENOMEM, or -EINVAL: a link's name is
 * none. */
int	fwsysctl_make(struct fwsysctl **out, size_t *n,
	    const struct fwsysctl_conf *);

#endif

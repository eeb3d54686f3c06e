/* policy/netrecord.h - how the machine was before we changed it
 *
 * A small file, written before the first change and kept until all of them are
 * undone: who was killed finds there what to put back, and does not take its
 * own doing for what was before.  It holds for one boot and one network
 * namespace; any other is passed over.  Whoever runs as the daemon's user can
 * write it, so nothing is taken from it but small numbers for sysctls that a
 * plan may set.
 *
 *	onion-transparent network 1
 *	boot 9d6c6a53-...
 *	netns 4026531840
 *	link ot0
 *	old net/ipv4/conf/lan0/forwarding 0
 */
#ifndef POLICY_NETRECORD_H
#define POLICY_NETRECORD_H

#include <stddef.h>

#include "policy/netplan.h"

enum {
	NETRECORD_OLD_MAX = 4096,
	NETRECORD_FILE_MAX = 1 << 20
};

struct netrecord_old {
	char	path[NETPLAN_SYSCTL];
	char	value[NETPLAN_VALUE];
};

struct netrecord {
	char	link[NETPLAN_IFNAME];	/* that we made; "": none */
	struct netrecord_old *old;	/* in the order of the changes */
	size_t	n;
};

void	netrecord_free(struct netrecord *);
const struct netrecord_old *netrecord_find(const struct netrecord *,
	    const char *path);
/* The first value stands.  -EINVAL: not such a sysctl; -ENOSPC: there are too
 * many. */
int	netrecord_add(struct netrecord *, const char *path,
	    const char *value);

/* Those go whose sysctl is no more; how many. */
size_t	netrecord_forget(struct netrecord *, int (*exists)(const char *path));

/* -ENOENT: of another boot or namespace (@here, two lines of text).  -EPROTO:
 * not such a file. */
int	netrecord_parse(struct netrecord *, const char *text, size_t len,
	    const char *here);
/* The same from a file; -ENOENT: there is none, or it is not for here. */
int	netrecord_load(struct netrecord *, const char *path);
/* Whole, or as it was; on the disk when it returns. */
int	netrecord_save(const struct netrecord *, const char *path);

#endif

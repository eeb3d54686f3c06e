/* policy/netlink.h - asking the kernel about its network, and telling it
 *
 * Links, addresses, routes and rules, by libnl; one request at a time, and each
 * waits for its answer.  Lists are made by malloc and are the caller's.  All
 * return 0 or a negative errno.  Works for the network namespace in which it
 * was opened.
 */
#ifndef POLICY_NETLINK_H
#define POLICY_NETLINK_H

#include <linux/rtnetlink.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "policy/netplan.h"

struct netlink;
struct netplan_link;
struct netplan_route;
struct netplan_rule;

int	netlink_open(struct netlink **);
void	netlink_close(struct netlink *);

/* A descriptor that becomes readable when something changed; what it was is
 * thrown away by netlink_calm(). */
int	netlink_watch(struct netlink *);
int	netlink_watch_fd(const struct netlink *);
void	netlink_calm(struct netlink *);

struct netlink_addr {
	int		 link;
	struct addr_net	 net;
};

/* Names and numbers only; their sysctls are for others to read. */
int	netlink_links(struct netlink *, struct netplan_link **, size_t *n);
int	netlink_addrs(struct netlink *, struct netlink_addr **, size_t *n);
/* Of @family, in their order: those of priority 0 that struct netplan_rule can
 * say.  What it cannot is nobody's business here. */
int	netlink_rules(struct netlink *, uint8_t family, struct netplan_rule **,
	    size_t *n);
/* Of @family, of the main table and of ours; the same. */
int	netlink_routes(struct netlink *, uint8_t family,
	    struct netplan_route **, size_t *n);

enum netlink_do { NETLINK_ADD, NETLINK_DELETE };

/* A rule is added behind all others of its priority, 0, also if there is one
 * like it.  The first that has what @rule has goes when one is deleted; what it
 * has not does not count. */
int	netlink_rule(struct netlink *, enum netlink_do,
	    const struct netplan_rule *);
int	netlink_route(struct netlink *, enum netlink_do,
	    const struct netplan_route *);
int	netlink_addr(struct netlink *, enum netlink_do,
	    const struct netlink_addr *);
/* Up, with that MTU, and a queue for so many packets. */
int	netlink_link_up(struct netlink *, int link, uint32_t mtu,
	    uint32_t queue);
int	netlink_link_delete(struct netlink *, int link);
/* -EEXIST: another has that name. */
int	netlink_link_rename(struct netlink *, int link, const char *name);

/* To the egress of which interfaces tc's "mirred" leads packets, by whatever
 * filters; 0: of a block of them. */
int	netlink_mirred(struct netlink *, int **to, size_t *n);

struct netlink_filter {			/* that has such an action */
	struct tcmsg	 at;
	uint32_t	 chain;
	char		 kind[NETPLAN_IFNAME];
	int		 to;
};

enum netlink_side { NETLINK_INGRESS, NETLINK_EGRESS };

/* Those at that side of @link (clsact, ingress), once for each such action. */
int	netlink_filters(struct netlink *, int link, enum netlink_side,
	    struct netlink_filter **, size_t *n);
int	netlink_filter_delete(struct netlink *, const struct netlink_filter *);

#endif

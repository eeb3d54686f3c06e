/* policy/netlink_int.h - messages and attributes, for policy/netlink*.c */
#ifndef POLICY_NETLINK_INT_H
#define POLICY_NETLINK_INT_H

#include <netlink/attr.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "policy/netlink.h"
#include "policy/netplan.h"

struct netlink {
	struct nl_sock	*ask;
	struct nl_sock	*watch;
	int		 err;		/* of the request that is out */
	int		(*found)(struct netlink *, struct nlmsghdr *);
	uint8_t		 family;	/* what to list */
	void		*list;
	size_t		 n;
};

/* What netlink_list() has found becomes the caller's. */
#define NETLINK_GIVE(nl, out, n) do {					\
	*(out) = (nl)->list;						\
	*(n) = (nl)->n;							\
} while (0)

int	netlink_af(uint8_t family);		/* AF_*, of 4 or 6 */
uint8_t	netlink_family(int af);			/* 0: another one */

struct nl_msg *netlink_message(int type, int flags, const void *hdr,
	    size_t len);
struct nl_msg *netlink_order(enum netlink_do, int add, int del,
	    const void *hdr, size_t len);
/* Takes the message; waits for the answer. */
int	netlink_request(struct netlink *, struct nl_msg *take);
/* @found is called with each; what it adds to the list is kept. */
int	netlink_list(struct netlink *, int type, uint8_t family,
	    int (*found)(struct netlink *, struct nlmsghdr *));

/* No attribute: family 0.  -EPROTO: it has another length. */
int	netlink_get_addr(struct addr *, uint8_t family, struct nlattr *);
int	netlink_put_addr(struct nl_msg *, int type, const struct addr *);
void	netlink_get_name(char out[NETPLAN_IFNAME], struct nlattr *);
uint32_t netlink_get_u32(struct nlattr *, uint32_t none);

/* Of attributes, and what is in them: to whose egress actions "mirred" lead, @max
 * at the most; how many. */
size_t	netlink_mirred_in(struct nlattr *, int len, int *to, size_t max);

#endif

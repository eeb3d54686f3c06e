/* daemon/runnet.c - the network that a program of `run` sees */
#include "daemon/runnet.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_addr.h>
#include <net/if.h>
#include <netlink/addr.h>
#include <netlink/errno.h>
#include <netlink/route/addr.h>
#include <netlink/route/link.h>
#include <netlink/route/route.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/addr.h"

static const struct {
	int		 family;
	const char	*kernel, *own, *all;
} nets[RUNNET_OWN] = {
	{ AF_INET, "10.191.0.1/24", RUNNET_RESOLVER, "0.0.0.0/0" },
	{ AF_INET6, "fd00:6f74::1/64", "fd00:6f74::2", "::/0" }
};

void
runnet_own(struct addr *own)
{
	int i;

	for (i = 0; i < RUNNET_OWN; i++)
		if (addr_parse_ip(&own[i], nets[i].own, -1) < 0)
			memset(&own[i], 0, sizeof(own[i]));
}

/* libnl's errors are its own; those that tell something here. */
static int
to_errno(int nlerr)
{
	switch (nlerr < 0 ? -nlerr : nlerr) {
	case 0:
		return 0;
	case NLE_PERM:
	case NLE_NOACCESS:
		return -EPERM;
	case NLE_NODEV:
	case NLE_OBJ_NOTFOUND:
		return -ENODEV;
	case NLE_EXIST:
		return -EEXIST;
	case NLE_NOMEM:
		return -ENOMEM;
	case NLE_OPNOTSUPP:
	case NLE_AF_NOSUPPORT:
		return -EOPNOTSUPP;
	default:
		return -EIO;
	}
}

static int
link_up(struct nl_sock *nl, int ifindex)
{
	struct rtnl_link *old = rtnl_link_alloc(), *new = rtnl_link_alloc();
	int rc = -NLE_NOMEM;

	if (old && new) {
		rtnl_link_set_ifindex(old, ifindex);
		rtnl_link_set_flags(new, IFF_UP);
		rc = rtnl_link_change(nl, old, new, 0);
	}
	if (old)
		rtnl_link_put(old);
	if (new)
		rtnl_link_put(new);
	return to_errno(rc);
}

static int
add_address(struct nl_sock *nl, int ifindex, const char *text, int family)
{
	struct rtnl_addr *a = rtnl_addr_alloc();
	struct nl_addr *local = NULL;
	int rc = -NLE_NOMEM;

	if (a && (rc = nl_addr_parse(text, family, &local)) == 0) {
		rtnl_addr_set_ifindex(a, ifindex);
		rtnl_addr_set_flags(a, IFA_F_NODAD);
		if ((rc = rtnl_addr_set_local(a, local)) == 0)
			rc = rtnl_addr_add(nl, a, 0);
	}
	if (local)
		nl_addr_put(local);
	if (a)
		rtnl_addr_put(a);
	return to_errno(rc);
}

static int
add_route(struct nl_sock *nl, int ifindex, const char *text, int family)
{
	struct rtnl_route *r = rtnl_route_alloc();
	struct rtnl_nexthop *hop = rtnl_route_nh_alloc();
	struct nl_addr *dest = NULL;
	int rc = -NLE_NOMEM;

	if (r && hop && (rc = nl_addr_parse(text, family, &dest)) == 0) {
		rtnl_route_nh_set_ifindex(hop, ifindex);
		rtnl_route_set_family(r, (uint8_t)family);
		rtnl_route_set_scope(r, family == AF_INET ? RT_SCOPE_LINK :
		    RT_SCOPE_UNIVERSE);
		rtnl_route_add_nexthop(r, hop);		/* takes it */
		hop = NULL;
		if ((rc = rtnl_route_set_dst(r, dest)) == 0)
			rc = rtnl_route_add(nl, r, 0);
	}
	if (dest)
		nl_addr_put(dest);
	if (hop)
		rtnl_route_nh_free(hop);
	if (r)
		rtnl_route_put(r);
	return to_errno(rc);
}

/* A machine may have turned IPv6 off for every interface to come; that choice
 * was about networks outside. */
static void
allow_ipv6(void)
{
	static const char *const files[] = {
		"/proc/sys/net/ipv6/conf/all/disable_ipv6",
		"/proc/sys/net/ipv6/conf/default/disable_ipv6"
	};
	size_t i;
	int fd;

	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		if ((fd = open(files[i], O_WRONLY | O_CLOEXEC)) < 0)
			continue;
		if (write(fd, "0", 1) < 0) {
			/* then there will be none: closed, not open */
		}
		close(fd);
	}
}

static int
has_ipv6(void)
{
	return access("/proc/sys/net/ipv6", F_OK) == 0 ||
	    access("/proc/net/if_inet6", F_OK) == 0;
}

static int
fill(struct nl_sock *nl, int ifindex, char *why, size_t max)
{
	int i, rc;

	if ((rc = link_up(nl, (int)if_nametoindex("lo"))) < 0 ||
	    (rc = link_up(nl, ifindex)) < 0) {
		snprintf(why, max, "cannot bring its interfaces up: %s",
		    strerror(-rc));
		return rc;
	}
	for (i = 0; i < RUNNET_OWN; i++) {
		if (nets[i].family == AF_INET6 && !has_ipv6())
			continue;
		if ((rc = add_address(nl, ifindex, nets[i].kernel,
		    nets[i].family)) == 0)
			rc = add_route(nl, ifindex, nets[i].all,
			    nets[i].family);
		if (rc < 0 && nets[i].family == AF_INET) {
			snprintf(why, max, "cannot set its address and "
			    "route: %s", strerror(-rc));
			return rc;
		}
	}
	return 0;
}

int
runnet_up(const char *device, char *why, size_t max)
{
	struct nl_sock *nl = nl_socket_alloc();
	unsigned ifindex = if_nametoindex(device);
	int rc;

	if (nl == NULL || ifindex == 0) {
		rc = nl ? -ENODEV : -ENOMEM;
		snprintf(why, max, "cannot find its device %s", device);
	} else if ((rc = to_errno(nl_connect(nl, NETLINK_ROUTE))) < 0) {
		snprintf(why, max, "cannot talk to the kernel's routing: %s",
		    strerror(-rc));
	} else {
		allow_ipv6();
		rc = fill(nl, (int)ifindex, why, max);
	}
	if (nl)
		nl_socket_free(nl);
	return rc;
}

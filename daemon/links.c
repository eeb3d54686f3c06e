/* daemon/links.c - interfaces, addresses and routes of a namespace */
#include "daemon/links.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/addr.h>
#include <netlink/errno.h>
#include <netlink/route/addr.h>
#include <netlink/route/link.h>
#include <netlink/route/link/veth.h>
#include <netlink/route/route.h>
#include <netlink/route/rule.h>
#include <stdio.h>

#include "base/addr.h"

enum { TABLE_HOME = 100 };

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

int
link_open(struct nl_sock **out)
{
	struct nl_sock *nl = nl_socket_alloc();
	int rc;

	if (nl == NULL)
		return -ENOMEM;
	if ((rc = to_errno(nl_connect(nl, NETLINK_ROUTE))) < 0) {
		nl_socket_free(nl);
		return rc;
	}
	*out = nl;
	return 0;
}

void
link_close(struct nl_sock *nl)
{
	if (nl)
		nl_socket_free(nl);
}

int
link_pair(struct nl_sock *nl, const char *name, const char *peer, int ns)
{
	struct rtnl_link *l = rtnl_link_veth_alloc(), *other;
	int rc;

	if (l == NULL)
		return -ENOMEM;
	rtnl_link_set_name(l, name);
	other = rtnl_link_veth_get_peer(l);
	rtnl_link_set_name(other, peer);
	rtnl_link_set_ns_fd(other, ns);
	rc = rtnl_link_add(nl, l, NLM_F_CREATE | NLM_F_EXCL);
	rtnl_link_put(other);
	rtnl_link_put(l);
	return to_errno(rc);
}

int
link_delete(struct nl_sock *nl, const char *name)
{
	struct rtnl_link *l = rtnl_link_alloc();
	int rc = -NLE_NOMEM;

	if (l) {
		rtnl_link_set_name(l, name);
		rc = rtnl_link_delete(nl, l);
		rtnl_link_put(l);
	}
	return to_errno(rc);
}

static int
change(struct nl_sock *nl, const char *name, struct rtnl_link *to)
{
	struct rtnl_link *l = rtnl_link_alloc();
	int rc = -NLE_NOMEM;

	if (l && to) {
		rtnl_link_set_ifindex(l, (int)if_nametoindex(name));
		rc = rtnl_link_change(nl, l, to, 0);
	}
	if (l)
		rtnl_link_put(l);
	if (to)
		rtnl_link_put(to);
	return to_errno(rc);
}

int
link_set(struct nl_sock *nl, const char *name, int up)
{
	struct rtnl_link *to = rtnl_link_alloc();

	if (to && up)
		rtnl_link_set_flags(to, IFF_UP);
	else if (to)
		rtnl_link_unset_flags(to, IFF_UP);
	return change(nl, name, to);
}

int
link_rename(struct nl_sock *nl, const char *name, const char *to)
{
	struct rtnl_link *l = rtnl_link_alloc();

	if (l)
		rtnl_link_set_name(l, to);
	return change(nl, name, l);
}

static struct nl_addr *
nl_of(const struct addr *a, unsigned bits)
{
	struct nl_addr *n = nl_addr_build(a->family == 6 ? AF_INET6 : AF_INET,
	    a->ip, addr_iplen(a));

	if (n)
		nl_addr_set_prefixlen(n, (int)bits);
	return n;
}

int
link_address(struct nl_sock *nl, const char *name, const struct addr_net *net,
    int add)
{
	struct rtnl_addr *a = rtnl_addr_alloc();
	struct nl_addr *local = nl_of(&net->addr, net->bits);
	int rc = -NLE_NOMEM;

	if (a && local) {
		rtnl_addr_set_ifindex(a, (int)if_nametoindex(name));
		rtnl_addr_set_flags(a, IFA_F_NODAD);
		if ((rc = rtnl_addr_set_local(a, local)) == 0)
			rc = add ? rtnl_addr_add(nl, a, 0) :
			    rtnl_addr_delete(nl, a, 0);
	}
	if (local)
		nl_addr_put(local);
	if (a)
		rtnl_addr_put(a);
	return to_errno(rc);
}

static int
add_route(struct nl_sock *nl, struct rtnl_route *r, const char *name,
    struct nl_addr *via, struct nl_addr *dst)
{
	struct rtnl_nexthop *hop = rtnl_route_nh_alloc();
	int rc;

	if (hop == NULL || dst == NULL)
		return -NLE_NOMEM;
	rtnl_route_nh_set_ifindex(hop, (int)if_nametoindex(name));
	if (via)
		rtnl_route_nh_set_gateway(hop, via);
	rtnl_route_add_nexthop(r, hop);		/* takes it */
	if ((rc = rtnl_route_set_dst(r, dst)) == 0)
		rc = rtnl_route_add(nl, r, 0);
	return rc;
}

int
link_route(struct nl_sock *nl, const char *name, const struct addr_net *to,
    const struct addr *via, uint32_t metric)
{
	uint8_t family = to ? to->addr.family : via->family;
	struct addr none = { .family = family };
	struct rtnl_route *r = rtnl_route_alloc();
	struct nl_addr *gw = via ? nl_of(via, family == 6 ? 128 : 32) : NULL;
	struct nl_addr *dst = to ? nl_of(&to->addr, to->bits) :
	    nl_of(&none, 0);
	int rc = -NLE_NOMEM;

	if (r && (gw || via == NULL) && dst) {
		rtnl_route_set_family(r, family == 6 ? AF_INET6 : AF_INET);
		if (metric)
			rtnl_route_set_priority(r, metric);
		if (via == NULL && family == 4)
			rtnl_route_set_scope(r, RT_SCOPE_LINK);
		rc = add_route(nl, r, name, gw, dst);
	}
	if (dst)
		nl_addr_put(dst);
	if (gw)
		nl_addr_put(gw);
	if (r)
		rtnl_route_put(r);
	return to_errno(rc);
}

static int
add_rule(struct nl_sock *nl, int family, uint32_t mark)
{
	struct rtnl_rule *r = rtnl_rule_alloc();
	int rc;

	if (r == NULL)
		return -NLE_NOMEM;
	rtnl_rule_set_family(r, family);
	rtnl_rule_set_mark(r, mark);
	rtnl_rule_set_table(r, TABLE_HOME);
	rtnl_rule_set_action(r, FR_ACT_TO_TBL);
	rc = rtnl_rule_add(nl, r, 0);
	rtnl_rule_put(r);
	return rc;
}

int
link_marked_home(struct nl_sock *nl, uint8_t family, uint32_t mark)
{
	struct addr none = { .family = family };
	int af = family == 6 ? AF_INET6 : AF_INET, rc = -NLE_NOMEM;
	struct rtnl_route *r = rtnl_route_alloc();
	struct nl_addr *dst = nl_of(&none, 0);

	if (r && dst) {
		rtnl_route_set_family(r, (uint8_t)af);
		rtnl_route_set_table(r, TABLE_HOME);
		rtnl_route_set_type(r, RTN_LOCAL);
		rtnl_route_set_scope(r, RT_SCOPE_HOST);
		if ((rc = add_route(nl, r, "lo", NULL, dst)) == 0)
			rc = add_rule(nl, af, mark);
	}
	if (dst)
		nl_addr_put(dst);
	if (r)
		rtnl_route_put(r);
	return to_errno(rc);
}

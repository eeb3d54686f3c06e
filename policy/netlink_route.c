/* policy/netlink_route.c - routes, as the kernel says them */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "policy/grow.h"
#include "policy/netlink_int.h"

static int
get_type(enum netplan_type *out, uint8_t type)
{
	switch (type) {
	case RTN_UNICAST:
		*out = NETPLAN_UNICAST;
		return 0;
	case RTN_UNREACHABLE:
		*out = NETPLAN_UNREACHABLE;
		return 0;
	case RTN_LOCAL:
		*out = NETPLAN_AT_HOME;
		return 0;
	default:
		return -ENOENT;
	}
}

/* RTA_VIA: IPv4 by an IPv6 gateway */
static int
get_gateway(struct addr *out, uint8_t family, struct nlattr **tb)
{
	const struct rtvia *via;

	if (tb[RTA_VIA] == NULL)
		return netlink_get_addr(out, family, tb[RTA_GATEWAY]);
	via = nla_data(tb[RTA_VIA]);
	memset(out, 0, sizeof(*out));
	if (nla_len(tb[RTA_VIA]) < (int)sizeof(*via))
		return -EPROTO;
	out->family = netlink_family(via->rtvia_family);
	if (out->family == 0 || (size_t)nla_len(tb[RTA_VIA]) <
	    sizeof(*via) + addr_iplen(out))
		return -EPROTO;
	memcpy(out->ip, via->rtvia_addr, addr_iplen(out));
	return 0;
}

static int
is_wanted_table(uint32_t table)
{
	return table == NETPLAN_MAIN || table == NETPLAN_TUN ||
	    table == NETPLAN_LAN || table == NETPLAN_HOST;
}

static int
found_route(struct netlink *nl, struct nlmsghdr *h)
{
	struct nlattr *tb[RTA_MAX + 1];
	struct rtmsg *rt = nlmsg_data(h);
	struct netplan_route r = { .metric = 0 }, *at;
	uint32_t table;

	if (nlmsg_parse(h, sizeof(*rt), tb, RTA_MAX, NULL) < 0)
		return -EPROTO;
	table = netlink_get_u32(tb[RTA_TABLE], rt->rtm_table);
	if (netlink_family(rt->rtm_family) != nl->family || rt->rtm_tos ||
	    (rt->rtm_flags & RTM_F_CLONED) || !is_wanted_table(table) ||
	    rt->rtm_src_len || tb[RTA_MULTIPATH] ||
	    get_type(&r.type, rt->rtm_type) < 0 ||
	    netlink_get_addr(&r.dst.addr, nl->family, tb[RTA_DST]) < 0 ||
	    netlink_get_addr(&r.from, nl->family, tb[RTA_PREFSRC]) < 0 ||
	    get_gateway(&r.gateway, nl->family, tb) < 0)
		return 0;
	r.table = (enum netplan_table)table;
	r.dst.addr.family = nl->family;
	r.dst.bits = rt->rtm_dst_len;
	r.metric = netlink_get_u32(tb[RTA_PRIORITY], 0);
	/* IPv6 says that such a route leads to the loopback */
	if (r.type != NETPLAN_UNREACHABLE)
		r.link = (int)netlink_get_u32(tb[RTA_OIF], 0);
	if ((at = grow(&nl->list, &nl->n, sizeof(*at))) == NULL)
		return -ENOMEM;
	*at = r;
	return 0;
}

int
netlink_routes(struct netlink *nl, uint8_t family, struct netplan_route **out,
    size_t *n)
{
	int rc = netlink_list(nl, RTM_GETROUTE, family, found_route);

	if (rc == 0)
		NETLINK_GIVE(nl, out, n);
	return rc;
}

static int
put_gateway(struct nl_msg *m, uint8_t family, const struct addr *gw)
{
	struct {
		__kernel_sa_family_t family;
		uint8_t		 ip[16];
	} via = { .family = (__kernel_sa_family_t)netlink_af(gw->family) };

	if (gw->family == 0)
		return 0;
	if (gw->family == family)
		return netlink_put_addr(m, RTA_GATEWAY, gw);
	memcpy(via.ip, gw->ip, addr_iplen(gw));
	return nla_put(m, RTA_VIA, (int)(sizeof(via.family) +
	    addr_iplen(gw)), &via);
}

static int
put_route(struct nl_msg *m, const struct netplan_route *r)
{
	if (nla_put_u32(m, RTA_TABLE, r->table) < 0 ||
	    (r->metric && nla_put_u32(m, RTA_PRIORITY, r->metric) < 0) ||
	    (r->dst.bits && netlink_put_addr(m, RTA_DST, &r->dst.addr) < 0) ||
	    (r->link && nla_put_u32(m, RTA_OIF, (uint32_t)r->link) < 0) ||
	    (r->from.family &&
	    netlink_put_addr(m, RTA_PREFSRC, &r->from) < 0) ||
	    put_gateway(m, r->dst.addr.family, &r->gateway) < 0)
		return -ENOMEM;
	return 0;
}

static uint8_t
scope_of(const struct netplan_route *r)
{
	if (r->type == NETPLAN_AT_HOME)
		return RT_SCOPE_HOST;
	return r->link && r->gateway.family == 0 ? RT_SCOPE_LINK :
	    RT_SCOPE_UNIVERSE;
}

int
netlink_route(struct netlink *nl, enum netlink_do what,
    const struct netplan_route *r)
{
	static const uint8_t types[] = {
		[NETPLAN_UNREACHABLE] = RTN_UNREACHABLE,
		[NETPLAN_UNICAST] = RTN_UNICAST,
		[NETPLAN_AT_HOME] = RTN_LOCAL
	};
	struct rtmsg rt = {
		.rtm_family = (uint8_t)netlink_af(r->dst.addr.family),
		.rtm_dst_len = r->dst.bits, .rtm_protocol = RTPROT_KERNEL,
		.rtm_type = types[r->type],
		/* that it is there the main table knows */
		.rtm_flags = r->gateway.family ? RTNH_F_ONLINK : 0,
		.rtm_scope = what == NETLINK_ADD ? scope_of(r) :
		    RT_SCOPE_NOWHERE	/* whatever it has */
	};
	struct nl_msg *m = netlink_order(what, RTM_NEWROUTE, RTM_DELROUTE, &rt,
	    sizeof(rt));

	if (m == NULL)
		return -ENOMEM;
	if (put_route(m, r) < 0) {
		nlmsg_free(m);
		return -ENOMEM;
	}
	return netlink_request(nl, m);
}

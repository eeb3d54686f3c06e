/* policy/netlink.c - asking the kernel about its network, and telling it
 *
 * libnl carries the messages and their attributes; libnl-route's objects are
 * not used, since its rules know neither "not" nor uids.
 */
#include "policy/netlink.h"

#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "policy/grow.h"
#include "policy/netplan.h"

enum { TRIES = 16 };		/* to list what changes meanwhile */

struct netlink {
	struct nl_sock	*ask;
	struct nl_sock	*watch;
	int		 err;		/* of the request that is out */
	int		(*found)(struct netlink *, struct nlmsghdr *);
	uint8_t		 family;	/* what to list */
	void		*list;
	size_t		 n;
};

static int
af_of(uint8_t family)
{
	return family == 6 ? AF_INET6 : AF_INET;
}

static uint8_t
family_of(int af)
{
	return af == AF_INET6 ? 6 : af == AF_INET ? 4 : 0;
}

static int
to_errno(int nle)
{
	switch (-nle) {
	case NLE_NOMEM:
		return -ENOMEM;
	case NLE_PERM:
	case NLE_NOACCESS:
		return -EPERM;
	case NLE_DUMP_INTR:
		return -EAGAIN;
	default:
		return -EIO;
	}
}

/* --- requests --- */

static int
on_valid(struct nl_msg *msg, void *arg)
{
	struct netlink *nl = arg;
	int rc;

	if (nl->err == 0 && nl->found &&
	    (rc = nl->found(nl, nlmsg_hdr(msg))) < 0)
		nl->err = rc;
	return NL_OK;
}

static int
on_error(struct sockaddr_nl *from, struct nlmsgerr *e, void *arg)
{
	struct netlink *nl = arg;

	(void)from;
	nl->err = e->error < 0 ? e->error : -EIO;
	return NL_STOP;
}

static int
on_ack(struct nl_msg *msg, void *arg)
{
	(void)msg;
	(void)arg;
	return NL_STOP;
}

/* Takes @msg. */
static int
request(struct netlink *nl, struct nl_msg *msg)
{
	int rc;

	nl->err = 0;
	rc = nl_send_auto(nl->ask, msg);
	nlmsg_free(msg);
	if (rc < 0 || (rc = nl_recvmsgs_default(nl->ask)) < 0)
		return nl->err ? nl->err : to_errno(rc);
	return nl->err;
}

static struct nl_msg *
message(int type, int flags, const void *hdr, size_t len)
{
	struct nl_msg *m = nlmsg_alloc_simple(type, flags);

	if (m == NULL)
		return NULL;
	/* nlmsg_append() has no const */
	if (nlmsg_append(m, (void *)(uintptr_t)hdr, len, NLMSG_ALIGNTO) < 0) {
		nlmsg_free(m);
		return NULL;
	}
	return m;
}

static struct nl_msg *
order(enum netlink_do what, int add, int del, const void *hdr, size_t len)
{
	return message(what == NETLINK_ADD ? add : del,
	    what == NETLINK_ADD ? NLM_F_CREATE : 0, hdr, len);
}

/* The list is whole, or it is none. */
static int
list(struct netlink *nl, int type, uint8_t family,
    int (*found)(struct netlink *, struct nlmsghdr *))
{
	struct rtgenmsg g = { .rtgen_family = (unsigned char)(family ?
	    af_of(family) : AF_UNSPEC) };
	struct nl_msg *m;
	int i, rc = -EAGAIN;

	nl->found = found;
	nl->family = family;
	for (i = 0; i < TRIES && rc == -EAGAIN; i++) {
		nl->list = NULL;
		nl->n = 0;
		m = message(type, NLM_F_DUMP, &g, sizeof(g));
		rc = m ? request(nl, m) : -ENOMEM;
		if (rc < 0)
			free(nl->list);
	}
	nl->found = NULL;
	return rc;
}

#define GIVE(nl, out, n) do {						\
	*(out) = (nl)->list;						\
	*(n) = (nl)->n;							\
} while (0)

static int
socket_new(struct nl_sock **out)
{
	struct nl_sock *s = nl_socket_alloc();
	int rc;

	if (s == NULL)
		return -ENOMEM;
	if ((rc = nl_connect(s, NETLINK_ROUTE)) < 0) {
		nl_socket_free(s);
		return to_errno(rc);
	}
	*out = s;
	return 0;
}

int
netlink_open(struct netlink **out)
{
	struct netlink *nl = calloc(1, sizeof(*nl));
	int rc;

	if (nl == NULL)
		return -ENOMEM;
	if ((rc = socket_new(&nl->ask)) < 0) {
		free(nl);
		return rc;
	}
	nl_socket_enable_msg_peek(nl->ask);
	nl_socket_modify_cb(nl->ask, NL_CB_VALID, NL_CB_CUSTOM, on_valid, nl);
	nl_socket_modify_cb(nl->ask, NL_CB_ACK, NL_CB_CUSTOM, on_ack, nl);
	nl_socket_modify_err_cb(nl->ask, NL_CB_CUSTOM, on_error, nl);
	*out = nl;
	return 0;
}

void
netlink_close(struct netlink *nl)
{
	if (nl == NULL)
		return;
	nl_socket_free(nl->ask);
	nl_socket_free(nl->watch);
	free(nl);
}

/* --- changes --- */

int
netlink_watch(struct netlink *nl)
{
	int rc = socket_new(&nl->watch);

	if (rc < 0)
		return rc;
	rc = nl_socket_add_memberships(nl->watch, RTNLGRP_LINK,
	    RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR, RTNLGRP_IPV4_ROUTE,
	    RTNLGRP_IPV6_ROUTE, RTNLGRP_IPV4_RULE, RTNLGRP_IPV6_RULE, 0);
	return rc < 0 ? to_errno(rc) : 0;
}

int
netlink_watch_fd(const struct netlink *nl)
{
	return nl_socket_get_fd(nl->watch);
}

void
netlink_calm(struct netlink *nl)
{
	char gone[64];		/* the rest of each message is cut off */
	int fd = netlink_watch_fd(nl);

	/* ENOBUFS: there was more than the kernel kept, and we look anyway */
	while (recv(fd, gone, sizeof(gone), MSG_DONTWAIT) >= 0 ||
	    errno == ENOBUFS || errno == EINTR)
		;
}

/* --- attributes --- */

static int
get_addr(struct addr *out, uint8_t family, struct nlattr *a)
{
	memset(out, 0, sizeof(*out));
	if (a == NULL)
		return 0;
	out->family = family;
	if ((size_t)nla_len(a) != addr_iplen(out))
		return -EPROTO;
	memcpy(out->ip, nla_data(a), addr_iplen(out));
	return 0;
}

static int
put_addr(struct nl_msg *m, int type, const struct addr *a)
{
	return nla_put(m, type, (int)addr_iplen(a), a->ip);
}

static void
get_name(char out[NETPLAN_IFNAME], struct nlattr *a)
{
	if (a)
		nla_strlcpy(out, a, NETPLAN_IFNAME);
	else
		out[0] = '\0';
}

static uint32_t
get_u32(struct nlattr *a, uint32_t none)
{
	return a && nla_len(a) >= 4 ? nla_get_u32(a) : none;
}

/* --- links and addresses --- */

static int
found_link(struct netlink *nl, struct nlmsghdr *h)
{
	struct nlattr *tb[IFLA_MAX + 1];
	struct ifinfomsg *ifi = nlmsg_data(h);
	struct netplan_link *l;

	if (nlmsg_parse(h, sizeof(*ifi), tb, IFLA_MAX, NULL) < 0)
		return -EPROTO;
	if ((l = grow(&nl->list, &nl->n, sizeof(*l))) == NULL)
		return -ENOMEM;
	l->index = ifi->ifi_index;
	l->up = (ifi->ifi_flags & IFF_UP) != 0;
	l->mtu = get_u32(tb[IFLA_MTU], 0);
	get_name(l->name, tb[IFLA_IFNAME]);
	return 0;
}

int
netlink_links(struct netlink *nl, struct netplan_link **out, size_t *n)
{
	int rc = list(nl, RTM_GETLINK, 0, found_link);

	if (rc == 0)
		GIVE(nl, out, n);
	return rc;
}

static int
found_addr(struct netlink *nl, struct nlmsghdr *h)
{
	struct nlattr *tb[IFA_MAX + 1];
	struct ifaddrmsg *ifa = nlmsg_data(h);
	struct netlink_addr *a;
	struct addr got;

	if (nlmsg_parse(h, sizeof(*ifa), tb, IFA_MAX, NULL) < 0)
		return -EPROTO;
	if (get_addr(&got, family_of(ifa->ifa_family),
	    tb[IFA_LOCAL] ? tb[IFA_LOCAL] : tb[IFA_ADDRESS]) < 0 ||
	    got.family == 0)
		return 0;
	if ((a = grow(&nl->list, &nl->n, sizeof(*a))) == NULL)
		return -ENOMEM;
	a->link = (int)ifa->ifa_index;
	a->net.addr = got;
	a->net.bits = ifa->ifa_prefixlen;
	return 0;
}

int
netlink_addrs(struct netlink *nl, struct netlink_addr **out, size_t *n)
{
	int rc = list(nl, RTM_GETADDR, 0, found_addr);

	if (rc == 0)
		GIVE(nl, out, n);
	return rc;
}

int
netlink_addr(struct netlink *nl, enum netlink_do what,
    const struct netlink_addr *a)
{
	struct ifaddrmsg ifa = {
		.ifa_family = (uint8_t)af_of(a->net.addr.family),
		.ifa_prefixlen = a->net.bits, .ifa_index = (uint32_t)a->link,
		.ifa_flags = IFA_F_NODAD
	};
	struct nl_msg *m = order(what, RTM_NEWADDR, RTM_DELADDR, &ifa,
	    sizeof(ifa));

	if (m == NULL)
		return -ENOMEM;
	if (put_addr(m, IFA_LOCAL, &a->net.addr) < 0 ||
	    put_addr(m, IFA_ADDRESS, &a->net.addr) < 0) {
		nlmsg_free(m);
		return -ENOMEM;
	}
	return request(nl, m);
}

int
netlink_link_up(struct netlink *nl, int link, uint32_t mtu, uint32_t queue)
{
	struct ifinfomsg ifi = { .ifi_index = link, .ifi_flags = IFF_UP,
		.ifi_change = IFF_UP };
	struct nl_msg *m = message(RTM_NEWLINK, 0, &ifi, sizeof(ifi));

	if (m == NULL)
		return -ENOMEM;
	if (nla_put_u32(m, IFLA_MTU, mtu) < 0 ||
	    nla_put_u32(m, IFLA_TXQLEN, queue) < 0) {
		nlmsg_free(m);
		return -ENOMEM;
	}
	return request(nl, m);
}

int
netlink_link_delete(struct netlink *nl, int link)
{
	struct ifinfomsg ifi = { .ifi_index = link };
	struct nl_msg *m = message(RTM_DELLINK, 0, &ifi, sizeof(ifi));

	return m ? request(nl, m) : -ENOMEM;
}

/* --- rules --- */

/* Has it anything that struct netplan_rule cannot say? */
static int
is_odd_rule(const struct fib_rule_hdr *f, struct nlattr **tb, int full)
{
	static const int never[] = { FRA_SRC, FRA_GOTO, FRA_FLOW, FRA_TUN_ID,
		FRA_OIFNAME, FRA_IP_PROTO, FRA_SPORT_RANGE, FRA_DPORT_RANGE };
	size_t i;

	for (i = 0; i < sizeof(never) / sizeof(never[0]); i++)
		if (tb[never[i]])
			return 1;
	return f->src_len || f->tos || (f->dst_len && f->dst_len != full) ||
	    get_u32(tb[FRA_SUPPRESS_PREFIXLEN], UINT32_MAX) != UINT32_MAX ||
	    get_u32(tb[FRA_SUPPRESS_IFGROUP], UINT32_MAX) != UINT32_MAX ||
	    (tb[FRA_L3MDEV] && nla_get_u8(tb[FRA_L3MDEV])) ||
	    (tb[FRA_FWMARK] && get_u32(tb[FRA_FWMASK], 0) != UINT32_MAX);
}

static int
get_action(enum netplan_action *out, uint8_t action)
{
	switch (action) {
	case FR_ACT_TO_TBL:
		*out = NETPLAN_LOOKUP;
		return 0;
	case FR_ACT_BLACKHOLE:
		*out = NETPLAN_DROP;
		return 0;
	case FR_ACT_UNREACHABLE:
		*out = NETPLAN_REFUSE;
		return 0;
	default:
		return -ENOENT;
	}
}

static int
get_uid(struct netplan_rule *r, struct nlattr *a)
{
	struct fib_rule_uid_range u;

	if (a == NULL)
		return 0;
	if (nla_len(a) < (int)sizeof(u))
		return -EPROTO;
	memcpy(&u, nla_data(a), sizeof(u));
	if (u.start != u.end)
		return -ENOENT;
	r->has_uid = 1;
	r->uid = u.start;
	return 0;
}

static int
found_rule(struct netlink *nl, struct nlmsghdr *h)
{
	struct nlattr *tb[FRA_MAX + 1];
	struct fib_rule_hdr *f = nlmsg_data(h);
	struct netplan_rule r = { .family = nl->family }, *at;

	if (nlmsg_parse(h, sizeof(*f), tb, FRA_MAX, NULL) < 0)
		return -EPROTO;
	if (family_of(f->family) != nl->family ||
	    get_u32(tb[FRA_PRIORITY], 0) != 0 ||
	    is_odd_rule(f, tb, nl->family == 6 ? 128 : 32) ||
	    get_action(&r.action, f->action) < 0 ||
	    get_addr(&r.to, nl->family, tb[FRA_DST]) < 0 ||
	    get_uid(&r, tb[FRA_UID_RANGE]) < 0)
		return 0;
	r.not_iif = (f->flags & FIB_RULE_INVERT) != 0;
	r.table = get_u32(tb[FRA_TABLE], f->table);
	r.mark = get_u32(tb[FRA_FWMARK], 0);
	get_name(r.iif, tb[FRA_IIFNAME]);
	if ((at = grow(&nl->list, &nl->n, sizeof(*at))) == NULL)
		return -ENOMEM;
	*at = r;
	return 0;
}

int
netlink_rules(struct netlink *nl, uint8_t family, struct netplan_rule **out,
    size_t *n)
{
	int rc = list(nl, RTM_GETRULE, family, found_rule);

	if (rc == 0)
		GIVE(nl, out, n);
	return rc;
}

static int
put_rule(struct nl_msg *m, const struct netplan_rule *r)
{
	struct fib_rule_uid_range uid = { r->uid, r->uid };

	if (nla_put_u32(m, FRA_PRIORITY, 0) < 0 ||
	    nla_put_u32(m, FRA_TABLE, r->table) < 0 ||
	    nla_put_u8(m, FRA_PROTOCOL, RTPROT_KERNEL) < 0 ||
	    (r->iif[0] && nla_put_string(m, FRA_IIFNAME, r->iif) < 0) ||
	    (r->to.family && put_addr(m, FRA_DST, &r->to) < 0) ||
	    (r->mark && (nla_put_u32(m, FRA_FWMARK, r->mark) < 0 ||
	    nla_put_u32(m, FRA_FWMASK, UINT32_MAX) < 0)) ||
	    (r->has_uid && nla_put(m, FRA_UID_RANGE, sizeof(uid), &uid) < 0))
		return -ENOMEM;
	return 0;
}

int
netlink_rule(struct netlink *nl, enum netlink_do what,
    const struct netplan_rule *r)
{
	static const uint8_t actions[] = {
		[NETPLAN_DROP] = FR_ACT_BLACKHOLE,
		[NETPLAN_REFUSE] = FR_ACT_UNREACHABLE,
		[NETPLAN_LOOKUP] = FR_ACT_TO_TBL
	};
	struct fib_rule_hdr f = {
		.family = (uint8_t)af_of(r->family),
		.dst_len = (uint8_t)(addr_iplen(&r->to) * 8),
		.action = actions[r->action],
		.flags = r->not_iif ? FIB_RULE_INVERT : 0
	};
	struct nl_msg *m = order(what, RTM_NEWRULE, RTM_DELRULE, &f,
	    sizeof(f));

	if (m == NULL)
		return -ENOMEM;
	if (put_rule(m, r) < 0) {
		nlmsg_free(m);
		return -ENOMEM;
	}
	return request(nl, m);
}

/* --- routes --- */

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
		return get_addr(out, family, tb[RTA_GATEWAY]);
	via = nla_data(tb[RTA_VIA]);
	memset(out, 0, sizeof(*out));
	if (nla_len(tb[RTA_VIA]) < (int)sizeof(*via))
		return -EPROTO;
	out->family = family_of(via->rtvia_family);
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
	table = get_u32(tb[RTA_TABLE], rt->rtm_table);
	if (family_of(rt->rtm_family) != nl->family || rt->rtm_tos ||
	    (rt->rtm_flags & RTM_F_CLONED) || !is_wanted_table(table) ||
	    rt->rtm_src_len || tb[RTA_MULTIPATH] ||
	    get_type(&r.type, rt->rtm_type) < 0 ||
	    get_addr(&r.dst.addr, nl->family, tb[RTA_DST]) < 0 ||
	    get_addr(&r.from, nl->family, tb[RTA_PREFSRC]) < 0 ||
	    get_gateway(&r.gateway, nl->family, tb) < 0)
		return 0;
	r.table = (enum netplan_table)table;
	r.dst.addr.family = nl->family;
	r.dst.bits = rt->rtm_dst_len;
	r.metric = get_u32(tb[RTA_PRIORITY], 0);
	/* IPv6 says that such a route leads to the loopback */
	if (r.type != NETPLAN_UNREACHABLE)
		r.link = (int)get_u32(tb[RTA_OIF], 0);
	if ((at = grow(&nl->list, &nl->n, sizeof(*at))) == NULL)
		return -ENOMEM;
	*at = r;
	return 0;
}

int
netlink_routes(struct netlink *nl, uint8_t family, struct netplan_route **out,
    size_t *n)
{
	int rc = list(nl, RTM_GETROUTE, family, found_route);

	if (rc == 0)
		GIVE(nl, out, n);
	return rc;
}

static int
put_gateway(struct nl_msg *m, uint8_t family, const struct addr *gw)
{
	struct {
		__kernel_sa_family_t family;
		uint8_t		 ip[16];
	} via = { .family = (__kernel_sa_family_t)af_of(gw->family) };

	if (gw->family == 0)
		return 0;
	if (gw->family == family)
		return put_addr(m, RTA_GATEWAY, gw);
	memcpy(via.ip, gw->ip, addr_iplen(gw));
	return nla_put(m, RTA_VIA, (int)(sizeof(via.family) +
	    addr_iplen(gw)), &via);
}

static int
put_route(struct nl_msg *m, const struct netplan_route *r)
{
	if (nla_put_u32(m, RTA_TABLE, r->table) < 0 ||
	    (r->metric && nla_put_u32(m, RTA_PRIORITY, r->metric) < 0) ||
	    (r->dst.bits && put_addr(m, RTA_DST, &r->dst.addr) < 0) ||
	    (r->link && nla_put_u32(m, RTA_OIF, (uint32_t)r->link) < 0) ||
	    (r->from.family && put_addr(m, RTA_PREFSRC, &r->from) < 0) ||
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
		.rtm_family = (uint8_t)af_of(r->dst.addr.family),
		.rtm_dst_len = r->dst.bits, .rtm_protocol = RTPROT_KERNEL,
		.rtm_type = types[r->type],
		/* that it is there the main table knows */
		.rtm_flags = r->gateway.family ? RTNH_F_ONLINK : 0,
		.rtm_scope = what == NETLINK_ADD ? scope_of(r) :
		    RT_SCOPE_NOWHERE	/* whatever it has */
	};
	struct nl_msg *m = order(what, RTM_NEWROUTE, RTM_DELROUTE, &rt,
	    sizeof(rt));

	if (m == NULL)
		return -ENOMEM;
	if (put_route(m, r) < 0) {
		nlmsg_free(m);
		return -ENOMEM;
	}
	return request(nl, m);
}

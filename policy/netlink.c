/* policy/netlink.c - asking the kernel about its network, and telling it
 *
 * libnl carries the messages and their attributes; libnl-route's objects are
 * not used, since its rules know neither "not" nor uids.
 */
#include "policy/netlink.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "policy/grow.h"
#include "policy/netlink_int.h"
#include "policy/netplan.h"

enum { TRIES = 16 };		/* to list what changes meanwhile */

int
netlink_af(uint8_t family)
{
	return family == 6 ? AF_INET6 : AF_INET;
}

uint8_t
netlink_family(int af)
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
int
netlink_request(struct netlink *nl, struct nl_msg *msg)
{
	int rc;

	nl->err = 0;
	rc = nl_send_auto(nl->ask, msg);
	nlmsg_free(msg);
	if (rc < 0 || (rc = nl_recvmsgs_default(nl->ask)) < 0)
		return nl->err ? nl->err : to_errno(rc);
	return nl->err;
}

struct nl_msg *
netlink_message(int type, int flags, const void *hdr, size_t len)
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

struct nl_msg *
netlink_order(enum netlink_do what, int add, int del, const void *hdr,
    size_t len)
{
	return netlink_message(what == NETLINK_ADD ? add : del,
	    what == NETLINK_ADD ? NLM_F_CREATE : 0, hdr, len);
}

/* The list is whole, or it is none. */
int
netlink_list(struct netlink *nl, int type, uint8_t family,
    int (*found)(struct netlink *, struct nlmsghdr *))
{
	struct rtgenmsg g = { .rtgen_family = (unsigned char)(family ?
	    netlink_af(family) : AF_UNSPEC) };
	struct nl_msg *m;
	int i, rc = -EAGAIN;

	nl->found = found;
	nl->family = family;
	for (i = 0; i < TRIES && rc == -EAGAIN; i++) {
		nl->list = NULL;
		nl->n = 0;
		m = netlink_message(type, NLM_F_DUMP, &g, sizeof(g));
		rc = m ? netlink_request(nl, m) : -ENOMEM;
		if (rc < 0)
			free(nl->list);
	}
	nl->found = NULL;
	return rc;
}

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
	    RTNLGRP_IPV6_ROUTE, RTNLGRP_IPV4_RULE, RTNLGRP_IPV6_RULE,
	    RTNLGRP_IPV4_NETCONF, RTNLGRP_IPV6_NETCONF, 0);
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

int
netlink_get_addr(struct addr *out, uint8_t family, struct nlattr *a)
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

int
netlink_put_addr(struct nl_msg *m, int type, const struct addr *a)
{
	return nla_put(m, type, (int)addr_iplen(a), a->ip);
}

void
netlink_get_name(char out[NETPLAN_IFNAME], struct nlattr *a)
{
	if (a)
		nla_strlcpy(out, a, NETPLAN_IFNAME);
	else
		out[0] = '\0';
}

uint32_t
netlink_get_u32(struct nlattr *a, uint32_t none)
{
	return a && nla_len(a) >= 4 ? nla_get_u32(a) : none;
}

/* --- links and addresses --- */

static int
is_kind(struct nlattr *info, const char *kind)
{
	struct nlattr *tb[IFLA_INFO_MAX + 1];

	return info && nla_parse_nested(tb, IFLA_INFO_MAX, info, NULL) == 0 &&
	    tb[IFLA_INFO_KIND] && nla_strcmp(tb[IFLA_INFO_KIND], kind) == 0;
}

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
	l->carrier = tb[IFLA_CARRIER] && nla_get_u8(tb[IFLA_CARRIER]);
	l->is_tun = is_kind(tb[IFLA_LINKINFO], "tun");
	l->is_vrf = is_kind(tb[IFLA_LINKINFO], "vrf");
	l->master = (int)netlink_get_u32(tb[IFLA_MASTER], 0);
	l->mtu = netlink_get_u32(tb[IFLA_MTU], 0);
	netlink_get_name(l->name, tb[IFLA_IFNAME]);
	return 0;
}

int
netlink_links(struct netlink *nl, struct netplan_link **out, size_t *n)
{
	int rc = netlink_list(nl, RTM_GETLINK, 0, found_link);

	if (rc == 0)
		NETLINK_GIVE(nl, out, n);
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
	if (netlink_get_addr(&got, netlink_family(ifa->ifa_family),
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
	int rc = netlink_list(nl, RTM_GETADDR, 0, found_addr);

	if (rc == 0)
		NETLINK_GIVE(nl, out, n);
	return rc;
}

int
netlink_addr(struct netlink *nl, enum netlink_do what,
    const struct netlink_addr *a)
{
	struct ifaddrmsg ifa = {
		.ifa_family = (uint8_t)netlink_af(a->net.addr.family),
		.ifa_prefixlen = a->net.bits, .ifa_index = (uint32_t)a->link,
		.ifa_flags = IFA_F_NODAD
	};
	struct nl_msg *m = netlink_order(what, RTM_NEWADDR, RTM_DELADDR, &ifa,
	    sizeof(ifa));

	if (m == NULL)
		return -ENOMEM;
	if (netlink_put_addr(m, IFA_LOCAL, &a->net.addr) < 0 ||
	    netlink_put_addr(m, IFA_ADDRESS, &a->net.addr) < 0) {
		nlmsg_free(m);
		return -ENOMEM;
	}
	return netlink_request(nl, m);
}

int
netlink_link_up(struct netlink *nl, int link, uint32_t mtu, uint32_t queue)
{
	struct ifinfomsg ifi = { .ifi_index = link, .ifi_flags = IFF_UP,
		.ifi_change = IFF_UP };
	struct nl_msg *m = netlink_message(RTM_NEWLINK, 0, &ifi, sizeof(ifi));

	if (m == NULL)
		return -ENOMEM;
	if (nla_put_u32(m, IFLA_MTU, mtu) < 0 ||
	    nla_put_u32(m, IFLA_TXQLEN, queue) < 0) {
		nlmsg_free(m);
		return -ENOMEM;
	}
	return netlink_request(nl, m);
}

static int
link_down(struct netlink *nl, int link)
{
	struct ifinfomsg ifi = { .ifi_index = link, .ifi_change = IFF_UP };
	struct nl_msg *m = netlink_message(RTM_NEWLINK, 0, &ifi, sizeof(ifi));

	return m ? netlink_request(nl, m) : -ENOMEM;
}

static int
rename_link(struct netlink *nl, int link, const char *name)
{
	struct ifinfomsg ifi = { .ifi_index = link };
	struct nl_msg *m = netlink_message(RTM_NEWLINK, 0, &ifi, sizeof(ifi));

	if (m == NULL)
		return -ENOMEM;
	if (nla_put_string(m, IFLA_IFNAME, name) < 0) {
		nlmsg_free(m);
		return -ENOMEM;
	}
	return netlink_request(nl, m);
}

/* Older kernels rename none that is up. */
int
netlink_link_rename(struct netlink *nl, int link, const char *name)
{
	int rc = rename_link(nl, link, name);

	if (rc == -EBUSY && (rc = link_down(nl, link)) == 0)
		rc = rename_link(nl, link, name);
	return rc;
}

int
netlink_link_delete(struct netlink *nl, int link)
{
	struct ifinfomsg ifi = { .ifi_index = link };
	struct nl_msg *m = netlink_message(RTM_DELLINK, 0, &ifi, sizeof(ifi));

	return m ? netlink_request(nl, m) : -ENOMEM;
}

/* policy/netlink_rule.c - rules, as the kernel says them */
#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "policy/grow.h"
#include "policy/netlink_int.h"

/* Has it anything that struct netplan_rule cannot say? */
static int
is_odd_rule(const struct fib_rule_hdr *f, struct nlattr **tb, int full)
{
	static const int never[] = { FRA_GOTO, FRA_FLOW, FRA_TUN_ID,
		FRA_OIFNAME, FRA_SPORT_RANGE, FRA_DPORT_RANGE };
	const uint32_t none = UINT32_MAX;	/* or all, for a mask */
	size_t i;

	for (i = 0; i < sizeof(never) / sizeof(never[0]); i++)
		if (tb[never[i]])
			return 1;
	return f->tos || (f->src_len && f->src_len != full) ||
	    (f->dst_len && f->dst_len != full) ||
	    (netlink_get_u32(tb[FRA_SUPPRESS_PREFIXLEN], none) != none &&
	    netlink_get_u32(tb[FRA_SUPPRESS_PREFIXLEN], none) != 0) ||
	    netlink_get_u32(tb[FRA_SUPPRESS_IFGROUP], none) != none ||
	    (tb[FRA_L3MDEV] && nla_get_u8(tb[FRA_L3MDEV])) ||
	    (tb[FRA_FWMARK] && netlink_get_u32(tb[FRA_FWMASK], 0) != none);
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
	if (netlink_family(f->family) != nl->family ||
	    netlink_get_u32(tb[FRA_PRIORITY], 0) != 0 ||
	    is_odd_rule(f, tb, nl->family == 6 ? 128 : 32) ||
	    get_action(&r.action, f->action) < 0 ||
	    netlink_get_addr(&r.from, nl->family, tb[FRA_SRC]) < 0 ||
	    netlink_get_addr(&r.to, nl->family, tb[FRA_DST]) < 0 ||
	    get_uid(&r, tb[FRA_UID_RANGE]) < 0)
		return 0;
	r.not_iif = (f->flags & FIB_RULE_INVERT) != 0;
	r.table = netlink_get_u32(tb[FRA_TABLE], f->table);
	r.mark = netlink_get_u32(tb[FRA_FWMARK], 0);
	r.proto = tb[FRA_IP_PROTO] ? nla_get_u8(tb[FRA_IP_PROTO]) : 0;
	r.on_link = netlink_get_u32(tb[FRA_SUPPRESS_PREFIXLEN], 1) == 0;
	netlink_get_name(r.iif, tb[FRA_IIFNAME]);
	if ((at = grow(&nl->list, &nl->n, sizeof(*at))) == NULL)
		return -ENOMEM;
	*at = r;
	return 0;
}

int
netlink_rules(struct netlink *nl, uint8_t family, struct netplan_rule **out,
    size_t *n)
{
	int rc = netlink_list(nl, RTM_GETRULE, family, found_rule);

	if (rc == 0)
		NETLINK_GIVE(nl, out, n);
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
	    (r->from.family && netlink_put_addr(m, FRA_SRC, &r->from) < 0) ||
	    (r->to.family && netlink_put_addr(m, FRA_DST, &r->to) < 0) ||
	    (r->mark && (nla_put_u32(m, FRA_FWMARK, r->mark) < 0 ||
	    nla_put_u32(m, FRA_FWMASK, UINT32_MAX) < 0)) ||
	    (r->proto && nla_put_u8(m, FRA_IP_PROTO, r->proto) < 0) ||
	    (r->on_link && nla_put_u32(m, FRA_SUPPRESS_PREFIXLEN, 0) < 0) ||
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
		.family = (uint8_t)netlink_af(r->family),
		.src_len = (uint8_t)(addr_iplen(&r->from) * 8),
		.dst_len = (uint8_t)(addr_iplen(&r->to) * 8),
		.action = actions[r->action],
		.flags = r->not_iif ? FIB_RULE_INVERT : 0
	};
	struct nl_msg *m = netlink_order(what, RTM_NEWRULE, RTM_DELRULE, &f,
	    sizeof(f));

	if (m == NULL)
		return -ENOMEM;
	if (put_rule(m, r) < 0) {
		nlmsg_free(m);
		return -ENOMEM;
	}
	return netlink_request(nl, m);
}

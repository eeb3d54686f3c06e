/* policy/netlink_tc.c - what tc leads from one interface to another: mirred
 *
 * An action may be part of any kind of filter, and each kind has its actions in
 * another attribute.  So an answer is searched for what is an action, wherever
 * in it that stands: attributes that have a kind, "mirred", and options.
 */
#include <errno.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <linux/tc_act/tc_mirred.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <stdlib.h>
#include <string.h>

#include "policy/grow.h"
#include "policy/netlink.h"
#include "policy/netlink_int.h"

enum { DEPTH_MAX = 6, MIRRED_IN_FILTER = 64, TRIES = 16 };

/* --- what stands in an answer --- */

struct search {
	int		*to;
	size_t		 n, max;
};

static int
is_egress(int eaction)
{
	return eaction == TCA_EGRESS_REDIR || eaction == TCA_EGRESS_MIRROR;
}

/* Without an index it leads to a block of interfaces. */
static void
take(struct search *s, struct nlattr *options)
{
	struct nlattr *tb[TCA_MIRRED_MAX + 1];
	struct tc_mirred p;

	if (nla_parse_nested(tb, TCA_MIRRED_MAX, options, NULL) < 0 ||
	    tb[TCA_MIRRED_PARMS] == NULL ||
	    (size_t)nla_len(tb[TCA_MIRRED_PARMS]) < sizeof(p))
		return;
	memcpy(&p, nla_data(tb[TCA_MIRRED_PARMS]), sizeof(p));
	if (is_egress(p.eaction) && s->n < s->max)
		s->to[s->n++] = (int)p.ifindex;
}

static int
is_mirred(struct nlattr *kind)
{
	static const char name[] = "mirred";

	return kind && (size_t)nla_len(kind) == sizeof(name) &&
	    memcmp(nla_data(kind), name, sizeof(name)) == 0;
}

static void
search(struct search *s, struct nlattr *head, int len, int depth)
{
	struct nlattr *a, *kind = NULL, *options = NULL;
	int left;

	nla_for_each_attr(a, head, len, left) {
		if (nla_type(a) == TCA_ACT_KIND)
			kind = a;
		if (nla_type(a) == TCA_ACT_OPTIONS)
			options = a;
	}
	if (options && is_mirred(kind))
		take(s, options);
	if (depth == DEPTH_MAX)
		return;
	nla_for_each_attr(a, head, len, left)
		search(s, nla_data(a), nla_len(a), depth + 1);
}

size_t
netlink_mirred_in(struct nlattr *head, int len, int *to, size_t max)
{
	struct search s = { .to = to, .max = max };

	search(&s, head, len, 0);
	return s.n;
}

/* --- all of them --- */

static int
found_action(struct netlink *nl, struct nlmsghdr *h)
{
	int to[MIRRED_IN_FILTER], *one;
	size_t n = netlink_mirred_in(nlmsg_attrdata(h, sizeof(struct tcamsg)),
	    nlmsg_attrlen(h, sizeof(struct tcamsg)), to, MIRRED_IN_FILTER), i;

	for (i = 0; i < n; i++) {
		if ((one = grow(&nl->list, &nl->n, sizeof(*one))) == NULL)
			return -ENOMEM;
		*one = to[i];
	}
	return 0;
}

/* The list is whole, or it is none. */
static int
list(struct netlink *nl, struct nl_msg *(*ask)(int link), int link,
    int (*found)(struct netlink *, struct nlmsghdr *))
{
	int i, rc = -EAGAIN;
	struct nl_msg *m;

	nl->found = found;
	for (i = 0; i < TRIES && rc == -EAGAIN; i++) {
		nl->list = NULL;
		nl->n = 0;
		m = ask(link);
		rc = m ? netlink_request(nl, m) : -ENOMEM;
		if (rc < 0)
			free(nl->list);
	}
	nl->found = NULL;
	return rc;
}

static struct nl_msg *
ask_actions(int none)
{
	struct tcamsg t = { .tca_family = AF_UNSPEC };
	struct nl_msg *m = netlink_message(RTM_GETACTION, NLM_F_DUMP, &t,
	    sizeof(t));
	struct nlattr *tab, *one;

	(void)none;
	if (m && (tab = nla_nest_start(m, TCA_ACT_TAB)) &&
	    (one = nla_nest_start(m, 1)) &&
	    nla_put_string(m, TCA_ACT_KIND, "mirred") == 0) {
		nla_nest_end(m, one);
		nla_nest_end(m, tab);
		return m;
	}
	nlmsg_free(m);
	return NULL;
}

int
netlink_mirred(struct netlink *nl, int **out, size_t *n)
{
	int rc = list(nl, ask_actions, 0, found_action);

	if (rc == -EOPNOTSUPP) {	/* the kernel has no actions at all */
		*out = NULL;
		*n = 0;
		return 0;
	}
	if (rc == 0)
		NETLINK_GIVE(nl, out, n);
	return rc;
}

/* --- filters --- */

static int
found_filter(struct netlink *nl, struct nlmsghdr *h)
{
	struct nlattr *tb[TCA_MAX + 1];
	struct netlink_filter *f;
	int to[MIRRED_IN_FILTER];
	size_t n, i;

	if (nlmsg_parse(h, sizeof(struct tcmsg), tb, TCA_MAX, NULL) < 0)
		return -EPROTO;
	n = netlink_mirred_in(nlmsg_attrdata(h, sizeof(struct tcmsg)),
	    nlmsg_attrlen(h, sizeof(struct tcmsg)), to, MIRRED_IN_FILTER);
	for (i = 0; i < n; i++) {
		if ((f = grow(&nl->list, &nl->n, sizeof(*f))) == NULL)
			return -ENOMEM;
		memcpy(&f->at, nlmsg_data(h), sizeof(f->at));
		f->chain = netlink_get_u32(tb[TCA_CHAIN], 0);
		netlink_get_name(f->kind, tb[TCA_KIND]);
		f->to = to[i];
	}
	return 0;
}

static struct nl_msg *
ask_filters(int link, uint32_t side)
{
	struct tcmsg t = { .tcm_family = AF_UNSPEC, .tcm_ifindex = link,
		.tcm_parent = TC_H_MAKE(TC_H_CLSACT, side) };

	return netlink_message(RTM_GETTFILTER, NLM_F_DUMP, &t, sizeof(t));
}

static struct nl_msg *
ask_egress(int link)
{
	return ask_filters(link, TC_H_MIN_EGRESS);
}

static struct nl_msg *
ask_ingress(int link)
{
	return ask_filters(link, TC_H_MIN_INGRESS);
}

int
netlink_filters(struct netlink *nl, int link, enum netlink_side side,
    struct netlink_filter **out, size_t *n)
{
	int rc = list(nl, side == NETLINK_EGRESS ? ask_egress : ask_ingress,
	    link, found_filter);

	if (rc == 0)
		NETLINK_GIVE(nl, out, n);
	return rc;
}

int
netlink_filter_delete(struct netlink *nl, const struct netlink_filter *f)
{
	struct nl_msg *m = netlink_message(RTM_DELTFILTER, 0, &f->at,
	    sizeof(f->at));

	if (m && nla_put_string(m, TCA_KIND, f->kind) == 0 &&
	    (f->chain == 0 || nla_put_u32(m, TCA_CHAIN, f->chain) == 0))
		return netlink_request(nl, m);
	nlmsg_free(m);
	return -ENOMEM;
}

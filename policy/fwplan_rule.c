/* policy/fwplan_rule.c - rules of a firewall's plan, one after the other
 *
 * The first failure stays, and what is built after it goes nowhere: so nobody
 * has to look at each rule, and whoever finishes the plan looks once.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "policy/fwplan.h"
#include "policy/fwplan_int.h"
#include "policy/grow.h"

void
fwp_fail(struct fwplan_build *b, int err, const char *fmt, ...)
{
	va_list ap;

	if (b->err)
		return;
	b->err = err;
	va_start(ap, fmt);
	vsnprintf(b->why, FWPLAN_WHY, fmt, ap);
	va_end(ap);
}

/* Good until the next one. */
struct fwplan_rule *
fwp_add(struct fwplan_build *b, enum fwplan_chain chain,
    enum fwplan_verdict verdict)
{
	struct fwplan_rule *r = NULL;

	if (b->plan->nrules == FWPLAN_RULES_MAX)
		fwp_fail(b, -E2BIG,
		    "the firewall would have more than %d rules",
		    FWPLAN_RULES_MAX);
	else if ((r = grow(&b->plan->rules, &b->plan->nrules,
	    sizeof(*r))) == NULL)
		fwp_fail(b, -ENOMEM, "no memory");
	if (r == NULL) {
		memset(&b->spare, 0, sizeof(b->spare));
		r = &b->spare;
	}
	r->chain = (uint8_t)chain;
	r->verdict = (uint8_t)verdict;
	return r;
}

struct fwplan_rule *
fwp_drop(struct fwplan_build *b, enum fwplan_chain chain,
    enum fwplan_reason reason)
{
	struct fwplan_rule *r = fwp_add(b, chain, FWPLAN_DROP);

	r->reason = (uint8_t)reason;
	return r;
}

struct fwplan_rule *
fwp_jump(struct fwplan_build *b, enum fwplan_chain chain, enum fwplan_chain to)
{
	struct fwplan_rule *r = fwp_add(b, chain, FWPLAN_JUMP);

	r->to = (uint8_t)to;
	return r;
}

/* FWPLAN_MATCHES_MAX is more than any rule here has. */
struct fwplan_match *
fwp_match(struct fwplan_rule *r, enum fwplan_match_kind kind)
{
	struct fwplan_match *m = &r->match[r->nmatches++];

	m->kind = (uint8_t)kind;
	return m;
}

void
fwp_on_link(struct fwplan_rule *r, enum fwplan_match_kind kind,
    const char *name)
{
	struct fwplan_match *m = fwp_match(r, kind);

	snprintf(m->link, sizeof(m->link), "%s", name);
}

void
fwp_in_set(struct fwplan_rule *r, enum fwplan_match_kind kind,
    enum fwplan_set set)
{
	fwp_match(r, kind)->set = set;
}

void
fwp_number(struct fwplan_rule *r, enum fwplan_match_kind kind, uint32_t n)
{
	fwp_match(r, kind)->n = n;
}

void
fwp_in_net(struct fwplan_rule *r, enum fwplan_match_kind kind,
    const struct addr_net *net)
{
	if (net->addr.family)
		fwp_match(r, kind)->net = *net;
}

void
fwp_ports(struct fwplan_rule *r, enum fwplan_match_kind kind, uint16_t lo,
    uint16_t hi)
{
	struct fwplan_match *m = fwp_match(r, kind);

	m->lo = lo;
	m->hi = hi;
}

static void
udp_ports(struct fwplan_rule *r, uint16_t from, uint16_t to)
{
	fwp_number(r, FWPLAN_M_PROTO, IPPROTO_UDP);
	fwp_ports(r, FWPLAN_M_SPORT, from, from);
	fwp_ports(r, FWPLAN_M_DPORT, to, to);
}

void
fwp_replies(struct fwplan_rule *r)
{
	fwp_number(r, FWPLAN_M_CT, FWPLAN_CT_ESTABLISHED);
	fwp_match(r, FWPLAN_M_CT_ORIGINAL)->invert = 1;
}

/* Of one type, with the codes that it has. */
void
fwp_icmp(struct fwplan_rule *r, int family, uint32_t type, uint16_t code_max)
{
	struct fwplan_match *m;

	fwp_number(r, FWPLAN_M_FAMILY, (uint32_t)family);
	fwp_number(r, FWPLAN_M_PROTO,
	    family == 4 ? IPPROTO_ICMP : IPPROTO_ICMPV6);
	m = fwp_match(r, FWPLAN_M_ICMP);
	m->n = type;
	m->hi = code_max;
}

/* --- what several chains have --- */

void
fwp_drop_odd(struct fwplan_build *b, enum fwplan_chain chain)
{
	struct fwplan_rule *r = fwp_drop(b, chain, FWPLAN_R_INVALID);

	fwp_number(r, FWPLAN_M_CT, FWPLAN_CT_INVALID);
	r = fwp_drop(b, chain, FWPLAN_R_NO_SYN);
	fwp_number(r, FWPLAN_M_PROTO, IPPROTO_TCP);
	fwp_number(r, FWPLAN_M_CT, FWPLAN_CT_NEW);
	fwp_match(r, FWPLAN_M_SYN)->invert = 1;
}

/* Whoever looks for routers asks all of them; to any other address it would be
 * a way out for whoever can send it. */
static void
to_all_routers(struct fwplan_rule *r)
{
	struct addr_net routers;

	if (addr_net_parse(&routers, "ff02::2/128", -1) == 0)
		fwp_in_net(r, FWPLAN_M_DADDR, &routers);
	else
		r->verdict = FWPLAN_DROP;
}

/* Neighbour discovery: exactly the messages that it has. */
void
fwp_accept_nd(struct fwplan_build *b, enum fwplan_chain chain,
    enum fwplan_match_kind kind, enum fwplan_set set, uint32_t router_type)
{
	const uint32_t types[] = { router_type, ND_NEIGHBOUR_SOLICIT,
		ND_NEIGHBOUR_ADVERT };
	struct fwplan_rule *r;
	size_t i;

	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		r = fwp_add(b, chain, FWPLAN_ACCEPT);
		if (kind)
			fwp_in_set(r, kind, set);
		fwp_icmp(r, 6, types[i], 0);
		fwp_number(r, FWPLAN_M_HOPS, ND_HOPS);
		if (types[i] == ND_ROUTER_SOLICIT)
			to_all_routers(r);
	}
}

void
fwp_accept_dhcp(struct fwplan_build *b, enum fwplan_chain chain, int to_server,
    enum fwplan_match_kind kind, enum fwplan_set set)
{
	struct fwplan_rule *r = fwp_add(b, chain, FWPLAN_ACCEPT);

	if (kind)
		fwp_in_set(r, kind, set);
	fwp_number(r, FWPLAN_M_FAMILY, 4);
	udp_ports(r, to_server ? PORT_DHCP_CLIENT : PORT_DHCP_SERVER,
	    to_server ? PORT_DHCP_SERVER : PORT_DHCP_CLIENT);
}

/* Addresses that only mean something here. */
void
fwp_drop_own(struct fwplan_build *b, enum fwplan_chain chain,
    enum fwplan_match_kind kind)
{
	const struct fwplan_conf *c = b->conf;
	unsigned i;

	for (i = 0; i < c->ntun_net; i++)
		if (kind != FWPLAN_M_ARP_SADDR ||
		    c->tun_net[i].addr.family == 4)
			fwp_in_net(fwp_drop(b, chain, FWPLAN_R_TUN_RANGE), kind,
			    &c->tun_net[i]);
	for (i = 0; i < c->nvirt; i++)
		if (kind != FWPLAN_M_ARP_SADDR || c->virt[i].addr.family == 4)
			fwp_in_net(fwp_drop(b, chain, FWPLAN_R_VIRTUAL), kind,
			    &c->virt[i]);
}

/* --- the operator's allowances --- */

/* The far side and the ports, as they stand in a packet that goes @outward. */
static void
allowed_tcp_udp(struct fwplan_build *b, const struct fwplan_allow *a,
    enum fwplan_chain chain, int outward)
{
	int asks = outward == a->out;	/* from who begins */
	struct fwplan_rule *r = fwp_add(b, chain, FWPLAN_ACCEPT);

	fwp_on_link(r, outward ? FWPLAN_M_OIF : FWPLAN_M_IIF, a->link);
	fwp_in_net(r, outward ? FWPLAN_M_DADDR : FWPLAN_M_SADDR, &a->net);
	fwp_number(r, FWPLAN_M_PROTO,
	    a->proto == FWPLAN_ALLOW_TCP ? IPPROTO_TCP : IPPROTO_UDP);
	if (a->hi)
		fwp_ports(r, asks ? FWPLAN_M_DPORT : FWPLAN_M_SPORT, a->lo,
		    a->hi);
	if (fwplan_place(chain)->netdev)
		return;
	if (asks)
		fwp_match(r, FWPLAN_M_CT_ORIGINAL);
	else
		fwp_replies(r);
}

static void
allowed_ping(struct fwplan_build *b, const struct fwplan_allow *a,
    enum fwplan_chain chain, int outward)
{
	int family, asks = outward == a->out;
	struct fwplan_rule *r;

	for (family = 4; family <= 6; family += 2) {
		if (a->net.addr.family && a->net.addr.family != family)
			continue;
		r = fwp_add(b, chain, FWPLAN_ACCEPT);
		fwp_on_link(r, outward ? FWPLAN_M_OIF : FWPLAN_M_IIF, a->link);
		fwp_in_net(r, outward ? FWPLAN_M_DADDR : FWPLAN_M_SADDR,
		    &a->net);
		if (family == 4)
			fwp_icmp(r, 4, asks ? ICMP4_ECHO : ICMP4_REPLY, 0);
		else
			fwp_icmp(r, 6, asks ? ICMP6_ECHO : ICMP6_REPLY, 0);
		if (!asks && !fwplan_place(chain)->netdev)
			fwp_replies(r);
	}
}

static void
to_group(struct fwplan_rule *r, const char *group)
{
	struct addr_net net;

	if (addr_net_parse(&net, group, -1) == 0)
		fwp_in_net(r, FWPLAN_M_DADDR, &net);
	else
		r->verdict = FWPLAN_DROP;
}

static void
hops(struct fwplan_rule *r, int family, uint32_t n)
{
	fwp_number(r, family == 4 ? FWPLAN_M_TTL : FWPLAN_M_HOPS, n);
}

/* A switch that asks who is in a group, and is not answered, may keep its
 * packets to itself; the answers are a LAN's anyway. */
static void
allowed_group_query(struct fwplan_build *b, const struct fwplan_allow *a,
    enum fwplan_chain chain, int family)
{
	struct fwplan_rule *r = fwp_add(b, chain, FWPLAN_ACCEPT);

	fwp_on_link(r, FWPLAN_M_IIF, a->link);
	to_group(r, family == 4 ? "224.0.0.0/24" : "ff02::/16");
	if (family == 4)
		fwp_number(r, FWPLAN_M_PROTO, IPPROTO_IGMP);
	else
		fwp_icmp(r, 6, ICMP6_MLD_QUERY, 0);
	hops(r, family, GROUP_HOPS);
}

static void
allowed_vrrp(struct fwplan_build *b, const struct fwplan_allow *a,
    enum fwplan_chain chain, int outward)
{
	struct fwplan_rule *r;
	int family;

	for (family = 4; family <= 6; family += 2) {
		if (a->net.addr.family && a->net.addr.family != family)
			continue;
		r = fwp_add(b, chain, FWPLAN_ACCEPT);
		fwp_on_link(r, outward ? FWPLAN_M_OIF : FWPLAN_M_IIF, a->link);
		if (!outward)
			fwp_in_net(r, FWPLAN_M_SADDR, &a->net);
		to_group(r, family == 4 ? "224.0.0.18/32" : "ff02::12/128");
		fwp_number(r, FWPLAN_M_PROTO, PROTO_VRRP);
		hops(r, family, VRRP_HOPS);
		if (!outward)
			allowed_group_query(b, a, chain, family);
	}
}

static void
allowed_eapol(struct fwplan_build *b, const struct fwplan_allow *a,
    enum fwplan_chain chain)
{
	struct fwplan_rule *r = fwp_add(b, chain, FWPLAN_ACCEPT);

	fwp_on_link(r, FWPLAN_M_OIF, a->link);
	fwp_number(r, FWPLAN_M_ETHER, ETHER_EAPOL);
}

void
fwp_add_allowed(struct fwplan_build *b, enum fwplan_chain chain, int outward)
{
	int netdev = fwplan_place(chain)->netdev;
	const struct fwplan_allow *a;
	unsigned i;

	for (i = 0; i < b->conf->nallow; i++) {
		a = &b->conf->allow[i];
		if (fwplan_place(chain)->nat && !a->out)
			continue;	/* NAT sees the first packet only */
		if (a->proto == FWPLAN_ALLOW_EAPOL) {
			if (netdev)
				allowed_eapol(b, a, chain);
		} else if (a->proto == FWPLAN_ALLOW_VRRP) {
			if (!netdev)	/* these are uplinks' */
				allowed_vrrp(b, a, chain, outward);
		} else if (a->proto == FWPLAN_ALLOW_PING)
			allowed_ping(b, a, chain, outward);
		else
			allowed_tcp_udp(b, a, chain, outward);
	}
}

/* --- what is said in more than one direction --- */

void
fwp_redirect(struct fwplan_build *b, enum fwplan_chain chain,
    const struct addr *door, uint32_t proto, uint16_t dport)
{
	struct fwplan_rule *r;

	if (door->family == 0)
		return;
	r = fwp_add(b, chain, FWPLAN_REDIRECT);
	if (chain == FWPLAN_PRE_NAT)
		fwp_in_set(r, FWPLAN_M_IIFS, FWPLAN_TRANS_LANS);
	fwp_number(r, FWPLAN_M_FAMILY, door->family);
	fwp_number(r, FWPLAN_M_PROTO, proto);
	if (dport)
		fwp_ports(r, FWPLAN_M_DPORT, dport, dport);
	else
		fwp_match(r, FWPLAN_M_SYN);
	r->door = *door;
}

void
fwp_redirect_dns(struct fwplan_build *b, enum fwplan_chain chain,
    const struct fwplan_doors *d)
{
	fwp_redirect(b, chain, &d->dns4, IPPROTO_UDP, PORT_DNS);
	fwp_redirect(b, chain, &d->dns4, IPPROTO_TCP, PORT_DNS);
	fwp_redirect(b, chain, &d->dns6, IPPROTO_UDP, PORT_DNS);
	fwp_redirect(b, chain, &d->dns6, IPPROTO_TCP, PORT_DNS);
}

int
fwp_may_be_direct(const struct fwplan_conf *c, const struct fwplan_direct *d)
{
	return d->net.addr.family != 6 || c->ipv6;
}

/* policy/netplan.c - what the kernel is to do with packets, as data
 *
 * Theory of operation
 *	The kernel asks rules in the order of their priority, and then of their
 *	age, for a table to look into; the first table that has an answer
 *	decides, and a rule may refuse by itself.  All of ours have priority 0,
 *	before anything else: a rule that is added without a priority goes
 *	behind them, and whoever flushes rules leaves those of priority 0 alone.
 *	They say that the kernel made them, since network managers take away what
 *	they did not make.  What comes in on an interface is "iif NAME", what
 *	this host sends itself "iif lo".
 *
 *	for the host	The kernel's first rule, "lookup local", would take what
 *			is for the TUN's address from any interface, so that
 *			somebody on the uplink could find out about connections
 *			(CVE-2019-14899).  It moves behind two others, for the
 *			TUN and the host itself, and one that drops; ARP for
 *			that address goes without an answer by the same rule.
 *	LANs		go into the TUN, and where that is down, nowhere.
 *	the TUN		leads to the LANs only.
 *	errors		that the kernel itself sends about packets from the TUN
 *			(a client that is gone: no neighbour) would go to whom a
 *			client speaks with, by the uplink.  They are given the
 *			TUN's address (a sysctl; IPv6 does so since Linux 5.5),
 *			and what has that goes into the TUN.  With local all of
 *			the host's does.
 *	anything else	that is not from this host is dropped: nothing is ever
 *			forwarded between other interfaces, in any direction.
 *	this host	(local) goes into the TUN, but for sockets with the mark
 *			and the uid of the daemon, and for the LANs.
 *
 *	A socket that is bound to an interface (SO_BINDTODEVICE, IP_PKTINFO)
 *	finds routes of that interface only.  Where IPv4 finds none or is
 *	refused, it takes the destination for a neighbour and sends anyway.  So
 *	there must be a route, and table HOST has one on each interface: it
 *	leads back into this host.  IPv6 needs no such thing.
 *
 *	Forwarding is allowed for as few interfaces as the kernel can.  IPv6
 *	knew only all or none until Linux 6.17; then others would no longer
 *	heed router advertisements, but for accept_ra 2.
 * Not here
 *	Multicast and broadcast to the link of a socket's own choice, and raw
 *	packets, which no route decides on.
 */
#include "policy/netplan.h"

#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include "policy/grow.h"
#include "policy/netplan_int.h"

enum {
	METRIC_FIRST = 1,
	METRIC_ELSE = 2,	/* where there is no TUN ... */
	METRIC_BOUND = 3,	/* ... or for sockets bound elsewhere */
	LAN_BITS4 = 8,		/* a shorter prefix is no LAN: it would take
				 * half the internet away from the TUN */
	LAN_BITS6 = 7
};

/* --- lists --- */

static int
add_rule(struct netplan *p, const struct netplan_rule *r)
{
	struct netplan_rule *at = grow(&p->rules, &p->nrules, sizeof(*at));

	if (at == NULL)
		return -ENOMEM;
	*at = *r;
	return 0;
}

static int
add_route(struct netplan *p, const struct netplan_route *r)
{
	struct netplan_route *at = grow(&p->routes, &p->nroutes, sizeof(*at));

	if (at == NULL)
		return -ENOMEM;
	*at = *r;
	return 0;
}

/* --- addresses --- */

static int
bits_of(uint8_t family)
{
	return family == 6 ? 128 : 32;
}

/* The network's last address (IPv4's broadcast) or its first (IPv6's anycast):
 * the kernel takes it for its own too. */
static void
shared_address(const struct addr_net *own, struct addr *out)
{
	int i, n = bits_of(own->addr.family);

	*out = own->addr;
	for (i = own->bits; i < n; i++)
		if (own->addr.family == 6)
			out->ip[i / 8] &= (uint8_t)~(0x80 >> i % 8);
		else
			out->ip[i / 8] |= (uint8_t)(0x80 >> i % 8);
}

int
netplan_peer(const struct addr_net *own, struct addr *out)
{
	size_t i = addr_iplen(&own->addr);
	struct addr shared;

	*out = own->addr;
	while (i > 0 && ++out->ip[--i] == 0)
		;
	shared_address(own, &shared);
	return addr_in_net(out, own) && !addr_same_ip(out, &shared) ? 0 :
	    -ERANGE;
}

const struct netplan_link *
netplan_link(const struct netplan_world *w, const char *name)
{
	size_t i;

	for (i = 0; i < w->nlinks; i++)
		if (strcmp(w->links[i].name, name) == 0)
			return &w->links[i];
	return NULL;
}

int
netplan_is_lan(const struct netplan_conf *c, const char *name)
{
	unsigned i;

	for (i = 0; i < c->nlan; i++)
		if (strcmp(c->lan[i], name) == 0)
			return 1;
	return 0;
}

/* Does the kernel forward from the TUN, where the host's own packets do not go
 * into it anyway? */
int
netplan_has_errors(const struct netplan_conf *c)
{
	return c->nlan > 0 && !c->local;
}

static const struct addr *
source(const struct netplan_conf *c, uint8_t family)
{
	static const struct addr none;
	unsigned i;

	for (i = 0; i < c->nown; i++)
		if (c->own[i].addr.family == family)
			return &c->own[i].addr;
	return &none;
}

/* --- rules --- */

void
netplan_first_rule(struct netplan_rule *r, uint8_t family)
{
	memset(r, 0, sizeof(*r));
	r->family = family;
	r->action = NETPLAN_LOOKUP;
	r->table = NETPLAN_LOCAL;
}

static struct netplan_rule
rule(uint8_t family, const char *iif, enum netplan_action action,
    enum netplan_table table)
{
	struct netplan_rule r = { .family = family, .action = action,
		.table = table };

	memcpy(r.iif, iif, strlen(iif) + 1);	/* checked: it fits */
	return r;
}

static int
add_simple(struct netplan *p, uint8_t family, const char *iif,
    enum netplan_action action, enum netplan_table table)
{
	struct netplan_rule r = rule(family, iif, action, table);

	return add_rule(p, &r);
}

static int
add_drop_to(struct netplan *p, const struct addr *to)
{
	struct netplan_rule r = rule(to->family, "", NETPLAN_DROP,
	    NETPLAN_TUN);

	r.to = *to;
	return add_rule(p, &r);
}

/* What is for the host itself. */
static int
add_home(struct netplan *p, uint8_t family)
{
	const struct netplan_conf *c = &p->conf;
	struct addr shared;
	unsigned i;
	int rc;

	if ((rc = add_simple(p, family, c->tun, NETPLAN_LOOKUP,
	    NETPLAN_LOCAL)) < 0 ||
	    (rc = add_simple(p, family, "lo", NETPLAN_LOOKUP,
	    NETPLAN_LOCAL)) < 0)
		return rc;
	for (i = 0; i < c->nown; i++) {
		if (c->own[i].addr.family != family)
			continue;
		shared_address(&c->own[i], &shared);
		if ((rc = add_drop_to(p, &c->own[i].addr)) < 0 ||
		    (rc = add_drop_to(p, &shared)) < 0)
			return rc;
	}
	return add_simple(p, family, "", NETPLAN_LOOKUP, NETPLAN_LOCAL);
}

/* What the kernel says to senders, where it finds no neighbour for their packet or
 * that is too large, has the TUN's address and goes into the TUN. */
static int
add_errors(struct netplan *p, uint8_t family)
{
	struct netplan_rule r = rule(family, "lo", NETPLAN_LOOKUP,
	    NETPLAN_TUN);

	r.from = *source(&p->conf, family);
	return r.from.family ? add_rule(p, &r) : 0;
}

/* What comes in and is not for the host. */
static int
add_forwarded(struct netplan *p, uint8_t family)
{
	const struct netplan_conf *c = &p->conf;
	struct netplan_rule r = rule(family, "lo", NETPLAN_DROP, NETPLAN_TUN);
	unsigned i;
	int rc;

	for (i = 0; i < c->nlan; i++)
		if ((rc = add_simple(p, family, c->lan[i], NETPLAN_LOOKUP,
		    NETPLAN_TUN)) < 0)
			return rc;
	if ((rc = add_simple(p, family, c->tun, NETPLAN_LOOKUP,
	    NETPLAN_LAN)) < 0)
		return rc;
	r.not_iif = 1;
	return add_rule(p, &r);
}

/* Who sets a route by a gateway has the kernel look for that: it does so by these
 * rules, with no protocol, as root, and only a gateway that it finds on the link
 * is one.  In table HOST all are at home, and the route would have none.  So what
 * has a protocol that programs have goes there before. */
static int
add_gateways(struct netplan *p)
{
	enum { ICMP = 1, IGMP = 2, TCP = 6, UDP = 17, DCCP = 33, L2TP = 115,
		SCTP = 132, UDPLITE = 136 };
	static const uint8_t protos[] = { TCP, UDP, ICMP, IGMP, DCCP, L2TP,
		SCTP, UDPLITE };
	struct netplan_rule r = rule(4, "", NETPLAN_LOOKUP, NETPLAN_HOST);
	size_t i;
	int rc;

	for (i = 0; i < sizeof(protos); i++) {
		r.proto = protos[i];
		if ((rc = add_rule(p, &r)) < 0)
			return rc;
	}
	r = rule(4, "", NETPLAN_LOOKUP, NETPLAN_MAIN);
	r.has_uid = 1;			/* root */
	r.on_link = 1;
	return add_rule(p, &r);
}

/* What the host sends: nothing else is left where this is reached. */
static int
add_local(struct netplan *p, uint8_t family)
{
	struct netplan_rule r = rule(family, "", NETPLAN_LOOKUP, NETPLAN_MAIN);
	int rc;

	r.mark = NETPLAN_MARK;
	r.has_uid = 1;
	r.uid = p->conf.uid;
	if ((rc = add_rule(p, &r)) < 0)
		return rc;
	r.action = NETPLAN_REFUSE;	/* never into our own TUN */
	r.table = NETPLAN_TUN;
	if ((rc = add_rule(p, &r)) < 0)
		return rc;
	if (p->conf.nlan && (rc = add_simple(p, family, "", NETPLAN_LOOKUP,
	    NETPLAN_LAN)) < 0)
		return rc;
	if (family == 4 && (rc = add_gateways(p)) < 0)
		return rc;
	if ((rc = add_simple(p, family, "", NETPLAN_LOOKUP,
	    family == 4 ? NETPLAN_HOST : NETPLAN_TUN)) < 0)
		return rc;
	return add_simple(p, family, "", NETPLAN_REFUSE, NETPLAN_TUN);
}

static int
add_rules(struct netplan *p, uint8_t family)
{
	int rc;

	if ((rc = add_home(p, family)) < 0 ||
	    (netplan_has_errors(&p->conf) &&
	    (rc = add_errors(p, family)) < 0) ||
	    (rc = add_forwarded(p, family)) < 0)
		return rc;
	return p->conf.local ? add_local(p, family) : 0;
}

/* "None" is the same as "none" here. */
static int
same_addr(const struct addr *a, const struct addr *b)
{
	return a->family == 0 ? b->family == 0 : addr_same_ip(a, b);
}

int
netplan_rule_equal(const struct netplan_rule *a, const struct netplan_rule *b)
{
	return a->family == b->family && a->not_iif == b->not_iif &&
	    a->has_uid == b->has_uid && a->action == b->action &&
	    a->table == b->table && strcmp(a->iif, b->iif) == 0 &&
	    same_addr(&a->from, &b->from) && same_addr(&a->to, &b->to) &&
	    a->mark == b->mark && a->uid == b->uid && a->proto == b->proto &&
	    a->on_link == b->on_link;
}

static int
is_our_table(uint32_t table)
{
	return table == NETPLAN_TUN || table == NETPLAN_LAN ||
	    table == NETPLAN_HOST;
}

int
netplan_rule_is_ours(const struct netplan_rule *r)
{
	if (is_our_table(r->table))
		return 1;
	if (r->action != NETPLAN_LOOKUP || r->not_iif || r->from.family ||
	    r->to.family)
		return 0;
	if (r->table == NETPLAN_MAIN)
		return r->has_uid && (r->on_link ? r->uid == 0 && r->mark == 0 :
		    r->mark == NETPLAN_MARK);
	return r->table == NETPLAN_LOCAL && r->iif[0] && r->mark == 0 &&
	    !r->has_uid;
}

int
netplan_rule_is_home(const struct netplan_rule *r)
{
	return r->table == NETPLAN_LOCAL || r->to.family != 0;
}

/* --- routes --- */

static struct netplan_route
default_route(uint8_t family, enum netplan_table table,
    enum netplan_type type, uint32_t metric)
{
	struct netplan_route r = { .table = table, .type = type,
		.metric = metric };

	r.dst.addr.family = family;
	return r;
}

static int
add_default(struct netplan *p, const struct netplan_link *tun, uint8_t family,
    enum netplan_table table)
{
	struct netplan_route r = default_route(family, table, NETPLAN_UNICAST,
	    METRIC_FIRST);

	if (tun == NULL || !tun->up)
		return 0;
	r.link = tun->index;
	r.from = *source(&p->conf, family);
	return add_route(p, &r);
}

static int
add_into_tun(struct netplan *p, const struct netplan_link *tun, uint8_t family)
{
	struct netplan_route r = default_route(family, NETPLAN_TUN,
	    NETPLAN_UNREACHABLE, METRIC_ELSE);
	int rc = add_default(p, tun, family, NETPLAN_TUN);

	return rc < 0 ? rc : add_route(p, &r);
}

/* Of a route without TUN, an error would be as good as none: a packet for the
 * loopback that is not for this host is dropped there. */
static int
add_host(struct netplan *p, const struct netplan_world *w,
    const struct netplan_link *tun)
{
	struct netplan_route r = default_route(4, NETPLAN_HOST,
	    NETPLAN_UNICAST, METRIC_ELSE);
	const struct netplan_link *l = netplan_link(w, "lo");
	size_t i;
	int rc = add_default(p, tun, 4, NETPLAN_HOST);

	if (rc < 0)
		return rc;
	if (l && l->up) {
		r.link = l->index;
		if ((rc = add_route(p, &r)) < 0)
			return rc;
	}
	r.type = NETPLAN_AT_HOME;
	r.metric = METRIC_BOUND;
	for (i = 0; i < w->nlinks; i++) {
		r.link = w->links[i].index;
		if (&w->links[i] != l && &w->links[i] != tun &&
		    (rc = add_route(p, &r)) < 0)
			return rc;
	}
	return 0;
}

static int
is_lan_route(const struct netplan_conf *c, const struct netplan_world *w,
    const struct netplan_route *r)
{
	int min = r->dst.addr.family == 6 ? LAN_BITS6 : LAN_BITS4;
	size_t i;

	if (r->table != NETPLAN_MAIN || r->type != NETPLAN_UNICAST ||
	    r->dst.bits < min)
		return 0;
	for (i = 0; i < w->nlinks; i++)
		if (w->links[i].index == r->link)
			return netplan_is_lan(c, w->links[i].name);
	return 0;
}

/* Those on the link first: the others' gateways are found by them. */
static int
add_lans(struct netplan *p, const struct netplan_world *w, uint8_t family)
{
	struct netplan_route r;
	int with_gateway, rc;
	size_t i;

	for (with_gateway = 0; with_gateway < 2; with_gateway++)
		for (i = 0; i < w->nmain; i++) {
			r = w->main[i];
			if (r.dst.addr.family != family ||
			    (r.gateway.family != 0) != with_gateway ||
			    !is_lan_route(&p->conf, w, &r))
				continue;
			r.table = NETPLAN_LAN;
			if ((rc = add_route(p, &r)) < 0)
				return rc;
		}
	return 0;
}

static int
add_routes(struct netplan *p, const struct netplan_world *w, uint8_t family)
{
	const struct netplan_link *tun = netplan_link(w, p->conf.tun);
	int rc;

	if ((rc = add_into_tun(p, tun, family)) < 0 ||
	    (rc = add_lans(p, w, family)) < 0)
		return rc;
	return family == 4 && p->conf.local ? add_host(p, w, tun) : 0;
}

int
netplan_route_equal(const struct netplan_route *a,
    const struct netplan_route *b)
{
	return a->table == b->table && a->type == b->type &&
	    a->dst.bits == b->dst.bits &&
	    same_addr(&a->dst.addr, &b->dst.addr) &&
	    same_addr(&a->gateway, &b->gateway) &&
	    same_addr(&a->from, &b->from) && a->link == b->link &&
	    a->metric == b->metric;
}

/* --- the plan --- */

int
netplan_make(struct netplan *p, const struct netplan_conf *c,
    const struct netplan_world *w)
{
	uint8_t family;
	int rc = 0;

	memset(p, 0, sizeof(*p));
	p->conf = *c;
	for (family = 4; family <= (w->has_ipv6 ? 6 : 4) && rc == 0;
	    family += 2)
		if ((rc = add_routes(p, w, family)) == 0)
			rc = add_rules(p, family);
	if (rc == 0)
		rc = netplan_add_sysctls(p, w);
	if (rc < 0)
		netplan_free(p);
	return rc;
}

void
netplan_free(struct netplan *p)
{
	free(p->rules);
	free(p->routes);
	free(p->sysctls);
	memset(p, 0, sizeof(*p));
}

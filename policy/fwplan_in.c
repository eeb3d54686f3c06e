/* policy/fwplan_in.c - what a firewall lets in, and what it turns around */
#include <netinet/in.h>
#include <string.h>

#include "policy/fwplan.h"
#include "policy/fwplan_int.h"

static void
drop_loopback(struct fwplan_build *b, enum fwplan_match_kind kind)
{
	static const char *const nets[] = { "127.0.0.0/8", "::1/128" };
	struct addr_net net;
	size_t i;

	for (i = 0; i < sizeof(nets) / sizeof(nets[0]); i++)
		if (addr_net_parse(&net, nets[i], -1) == 0)
			fwp_in_net(fwp_drop(b, FWPLAN_PRE_RAW,
			    FWPLAN_R_LOOPBACK), kind, &net);
}

/* Who asks for an address has none yet. */
static void
accept_unspecified(struct fwplan_build *b)
{
	static const char *const nets[] = { "0.0.0.0/32", "::/128" };
	struct fwplan_rule *r;
	struct addr_net net;
	size_t i;

	for (i = 0; i < sizeof(nets) / sizeof(nets[0]); i++)
		if (addr_net_parse(&net, nets[i], -1) == 0) {
			r = fwp_add(b, FWPLAN_PRE_RAW, FWPLAN_ACCEPT);
			fwp_in_set(r, FWPLAN_M_IIFS, FWPLAN_TRANS_LANS);
			fwp_in_net(r, FWPLAN_M_SADDR, &net);
		}
}

static void
add_pre_raw(struct fwplan_build *b)
{
	struct fwplan_rule *r = fwp_add(b, FWPLAN_PRE_RAW, FWPLAN_ACCEPT);

	fwp_on_link(r, FWPLAN_M_IIF, "lo");
	if (b->conf->tun[0])
		fwp_on_link(fwp_add(b, FWPLAN_PRE_RAW, FWPLAN_ACCEPT),
		    FWPLAN_M_IIF, b->conf->tun);
	drop_loopback(b, FWPLAN_M_DADDR);
	drop_loopback(b, FWPLAN_M_SADDR);
	/* routes of LANs that are led into the TUN are that plan's */
	if (b->conf->lans.n) {
		accept_unspecified(b);
		r = fwp_drop(b, FWPLAN_PRE_RAW, FWPLAN_R_SPOOFED);
		fwp_in_set(r, FWPLAN_M_IIFS, FWPLAN_TRANS_LANS);
		fwp_match(r, FWPLAN_M_NO_WAY_BACK);
	}
	fwp_in_set(fwp_add(b, FWPLAN_PRE_RAW, FWPLAN_ACCEPT), FWPLAN_M_IIFS,
	    FWPLAN_LANS);
	fwp_drop_own(b, FWPLAN_PRE_RAW, FWPLAN_M_DADDR);
	fwp_drop_own(b, FWPLAN_PRE_RAW, FWPLAN_M_SADDR);
}

/* What is for this host goes to it. */
static void
accept_home(struct fwplan_build *b, enum fwplan_chain chain)
{
	struct fwplan_rule *r = fwp_add(b, chain, FWPLAN_ACCEPT);

	fwp_in_set(r, FWPLAN_M_IIFS, FWPLAN_TRANS_LANS);
	fwp_match(r, FWPLAN_M_TO_LOCAL);
}

static void
divert(struct fwplan_build *b, const struct addr *door)
{
	struct fwplan_rule *r;

	if (door->family == 0)
		return;
	r = fwp_add(b, FWPLAN_PRE_DIVERT, FWPLAN_TPROXY);
	fwp_in_set(r, FWPLAN_M_IIFS, FWPLAN_TRANS_LANS);
	fwp_number(r, FWPLAN_M_FAMILY, door->family);
	fwp_number(r, FWPLAN_M_PROTO, IPPROTO_TCP);
	r->door = *door;
}

static void
add_divert(struct fwplan_build *b)
{
	const struct fwplan_doors *d = &b->conf->lan_doors;
	struct fwplan_rule *r = fwp_add(b, FWPLAN_PRE_DIVERT, FWPLAN_ACCEPT);

	fwp_in_set(r, FWPLAN_M_IIFS, FWPLAN_TRANS_LANS);
	fwp_number(r, FWPLAN_M_PROTO, IPPROTO_TCP);
	fwp_ports(r, FWPLAN_M_DPORT, PORT_DNS, PORT_DNS);
	accept_home(b, FWPLAN_PRE_DIVERT);
	divert(b, &d->trans4);
	divert(b, &d->trans6);
}

/* A connection of which nothing is known: that of a gateway whose address this
 * one has taken over.  Who has it open is told.  That no packet of a connection
 * which is known is invalid, for being late, fwsysctl.h sees to. */
static void
reset_others(struct fwplan_build *b, const char *lan)
{
	struct fwplan_rule *r = fwp_add(b, FWPLAN_PRE_REFUSE, FWPLAN_RESET);

	fwp_on_link(r, FWPLAN_M_IIF, lan);
	fwp_number(r, FWPLAN_M_PROTO, IPPROTO_TCP);
	fwp_number(r, FWPLAN_M_CT, FWPLAN_CT_INVALID);
	fwp_match(r, FWPLAN_M_SYN)->invert = 1;
	fwp_match(r, FWPLAN_M_TO_UNICAST);
	r->reason = FWPLAN_R_REFUSED;
}

static void
add_reset_others(struct fwplan_build *b)
{
	unsigned i;

	for (i = 0; i < b->conf->lans.n; i++)
		if (fwplan_is_shared(b->conf, b->conf->lans.name[i]))
			reset_others(b, b->conf->lans.name[i]);
}

/* Neither redirected nor diverted: this host will not carry it. */
static void
add_refuse(struct fwplan_build *b)
{
	struct fwplan_rule *r;

	add_reset_others(b);
	if (b->conf->tproxy)
		fwp_number(fwp_add(b, FWPLAN_PRE_REFUSE, FWPLAN_ACCEPT),
		    FWPLAN_M_MARK, FWPLAN_MARK);
	r = fwp_add(b, FWPLAN_PRE_REFUSE, FWPLAN_REFUSE);
	fwp_in_set(r, FWPLAN_M_IIFS, FWPLAN_TRANS_LANS);
	fwp_number(r, FWPLAN_M_PROTO, IPPROTO_UDP);
	fwp_match(r, FWPLAN_M_TO_UNICAST);
	r->reason = FWPLAN_R_REFUSED;
	r = fwp_add(b, FWPLAN_PRE_REFUSE, FWPLAN_REFUSE);
	fwp_in_set(r, FWPLAN_M_IIFS, FWPLAN_TRANS_LANS);
	fwp_number(r, FWPLAN_M_PROTO, IPPROTO_TCP);
	fwp_match(r, FWPLAN_M_SYN);
	fwp_match(r, FWPLAN_M_TO_UNICAST);
	r->reason = FWPLAN_R_REFUSED;
}

static void
add_prerouting(struct fwplan_build *b)
{
	const struct fwplan_conf *c = b->conf;

	add_pre_raw(b);
	if (c->lans.n == 0)
		return;
	fwp_redirect_dns(b, FWPLAN_PRE_NAT, &c->lan_doors);
	if (c->tproxy)
		add_divert(b);
	else {
		accept_home(b, FWPLAN_PRE_NAT);
		fwp_redirect(b, FWPLAN_PRE_NAT, &c->lan_doors.trans4,
		    IPPROTO_TCP, 0);
		fwp_redirect(b, FWPLAN_PRE_NAT, &c->lan_doors.trans6,
		    IPPROTO_TCP, 0);
	}
	add_refuse(b);
}

static void
accept_engine_replies(struct fwplan_build *b, enum fwplan_set set)
{
	struct fwplan_rule *r = fwp_add(b, FWPLAN_FROM_UPLINK, FWPLAN_ACCEPT);

	fwp_in_set(r, FWPLAN_M_SET_FROM, set);
	fwp_replies(r);
}

/* Errors of the engine's connections, and no other is there. */
static void
accept_errors(struct fwplan_build *b)
{
	static const uint32_t types[] = { ICMP4_UNREACHABLE, ICMP4_TIME,
		ICMP4_PARAMETER };
	struct fwplan_rule *r;
	uint32_t type;
	size_t i;

	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		r = fwp_add(b, FWPLAN_FROM_UPLINK, FWPLAN_ACCEPT);
		fwp_icmp(r, 4, types[i], CODE_MAX);
		fwp_number(r, FWPLAN_M_CT, FWPLAN_CT_RELATED);
	}
	for (type = ICMP6_ERROR_FIRST; b->conf->ipv6 &&
	    type <= ICMP6_ERROR_LAST; type++) {
		r = fwp_add(b, FWPLAN_FROM_UPLINK, FWPLAN_ACCEPT);
		fwp_icmp(r, 6, type, CODE_MAX);
		fwp_number(r, FWPLAN_M_CT, FWPLAN_CT_RELATED);
	}
}

static void
add_from_uplink(struct fwplan_build *b)
{
	const struct fwplan_conf *c = b->conf;
	struct fwplan_rule *r;
	enum fwplan_set set;
	size_t i;

	if (c->any_relay) {
		r = fwp_add(b, FWPLAN_FROM_UPLINK, FWPLAN_ACCEPT);
		if (!c->ipv6)
			fwp_number(r, FWPLAN_M_FAMILY, 4);
		fwp_number(r, FWPLAN_M_PROTO, IPPROTO_TCP);
		fwp_replies(r);
	}
	for (set = FWPLAN_RELAYS4; !c->any_relay && set < FWPLAN_NSETS; set++)
		if (c->ipv6 || set == FWPLAN_RELAYS4 || set == FWPLAN_DIRECT4)
			accept_engine_replies(b, set);
	for (i = 0; !c->any_relay && i < c->ndirect; i++) {
		if (!fwp_may_be_direct(c, &c->direct[i]))
			continue;
		r = fwp_add(b, FWPLAN_FROM_UPLINK, FWPLAN_ACCEPT);
		fwp_in_net(r, FWPLAN_M_SADDR, &c->direct[i].net);
		fwp_number(r, FWPLAN_M_PROTO, IPPROTO_TCP);
		fwp_ports(r, FWPLAN_M_SPORT, c->direct[i].lo, c->direct[i].hi);
		fwp_replies(r);
	}
	accept_errors(b);
	if (c->dhcp)
		fwp_accept_dhcp(b, FWPLAN_FROM_UPLINK, 0, 0, 0);
	if (c->ipv6)
		fwp_accept_nd(b, FWPLAN_FROM_UPLINK, 0, 0, ND_ROUTER_ADVERT);
}

/* What comes to a door's port from LANs whose connections are turned around; NULL:
 * there is no such door. */
static struct fwplan_rule *
accept_at(struct fwplan_build *b, const struct addr *door, uint32_t proto)
{
	struct fwplan_rule *r;

	if (door->family == 0)
		return NULL;
	r = fwp_add(b, FWPLAN_FROM_LAN, FWPLAN_ACCEPT);
	fwp_in_set(r, FWPLAN_M_IIFS, FWPLAN_TRANS_LANS);
	fwp_number(r, FWPLAN_M_FAMILY, door->family);
	fwp_number(r, FWPLAN_M_PROTO, proto);
	fwp_ports(r, FWPLAN_M_DPORT, door->port, door->port);
	return r;
}

static void
accept_redirected(struct fwplan_build *b, const struct addr *door)
{
	struct fwplan_rule *r = accept_at(b, door, IPPROTO_TCP);

	if (r)
		fwp_match(r, FWPLAN_M_CT_DNAT);
}

/* Connections by a door that a reload has moved, or closed, go on. */
static void
accept_begun(struct fwplan_build *b)
{
	struct fwplan_rule *r = fwp_add(b, FWPLAN_FROM_LAN, FWPLAN_ACCEPT);

	fwp_in_set(r, FWPLAN_M_IIFS, FWPLAN_TRANS_LANS);
	fwp_number(r, FWPLAN_M_PROTO, IPPROTO_TCP);
	fwp_match(r, FWPLAN_M_CT_DNAT);
	fwp_number(r, FWPLAN_M_CT, FWPLAN_CT_ESTABLISHED);
}

static int
is_unspecified(const struct addr *a)
{
	static const uint8_t none[16];

	return memcmp(a->ip, none, addr_iplen(a)) == 0;
}

static void
accept_listener(struct fwplan_build *b, const struct addr *a)
{
	struct fwplan_rule *r = fwp_add(b, FWPLAN_FROM_LAN, FWPLAN_ACCEPT);
	struct addr_net net = { .addr = *a,
		.bits = (uint8_t)(addr_iplen(a) * 8) };

	if (is_unspecified(a))
		fwp_number(r, FWPLAN_M_FAMILY, a->family);
	else
		fwp_in_net(r, FWPLAN_M_DADDR, &net);
	fwp_number(r, FWPLAN_M_PROTO, IPPROTO_TCP);
	fwp_ports(r, FWPLAN_M_DPORT, a->port, a->port);
}

static void
add_lan_doors(struct fwplan_build *b)
{
	const struct fwplan_conf *c = b->conf;
	struct fwplan_rule *r;

	if (c->lans.n == 0)
		return;
	if (c->tproxy) {
		r = fwp_add(b, FWPLAN_FROM_LAN, FWPLAN_ACCEPT);
		fwp_in_set(r, FWPLAN_M_IIFS, FWPLAN_TRANS_LANS);
		fwp_number(r, FWPLAN_M_MARK, FWPLAN_MARK);
	} else {
		accept_redirected(b, &c->lan_doors.trans4);
		accept_redirected(b, &c->lan_doors.trans6);
		accept_begun(b);
	}
	(void)accept_at(b, &c->lan_doors.dns4, IPPROTO_UDP);
	(void)accept_at(b, &c->lan_doors.dns4, IPPROTO_TCP);
	(void)accept_at(b, &c->lan_doors.dns6, IPPROTO_UDP);
	(void)accept_at(b, &c->lan_doors.dns6, IPPROTO_TCP);
}

static void
add_from_lan(struct fwplan_build *b)
{
	struct fwplan_rule *r;
	unsigned i;

	fwp_accept_dhcp(b, FWPLAN_FROM_LAN, 1, 0, 0);
	fwp_accept_nd(b, FWPLAN_FROM_LAN, 0, 0, ND_ROUTER_SOLICIT);
	add_lan_doors(b);
	for (i = 0; i < b->conf->nlisten; i++)
		accept_listener(b, &b->conf->listen[i]);
	fwp_replies(fwp_add(b, FWPLAN_FROM_LAN, FWPLAN_ACCEPT));
	fwp_number(fwp_add(b, FWPLAN_FROM_LAN, FWPLAN_ACCEPT), FWPLAN_M_CT,
	    FWPLAN_CT_RELATED);
	r = fwp_add(b, FWPLAN_FROM_LAN, FWPLAN_RESET);
	fwp_number(r, FWPLAN_M_PROTO, IPPROTO_TCP);
	r->reason = FWPLAN_R_REFUSED;
	r = fwp_add(b, FWPLAN_FROM_LAN, FWPLAN_REFUSE);
	fwp_number(r, FWPLAN_M_PROTO, IPPROTO_UDP);
	fwp_match(r, FWPLAN_M_TO_LOCAL);
	r->reason = FWPLAN_R_REFUSED;
}

static void
add_input(struct fwplan_build *b)
{
	const struct fwplan_conf *c = b->conf;
	struct fwplan_rule *r;
	uint32_t state;

	fwp_drop_odd(b, FWPLAN_INPUT);
	fwp_on_link(fwp_add(b, FWPLAN_INPUT, FWPLAN_ACCEPT), FWPLAN_M_IIF,
	    "lo");
	for (state = FWPLAN_CT_ESTABLISHED; c->tun[0] &&
	    state <= FWPLAN_CT_RELATED; state *= 2) {
		r = fwp_add(b, FWPLAN_INPUT, FWPLAN_ACCEPT);
		fwp_on_link(r, FWPLAN_M_IIF, c->tun);
		fwp_number(r, FWPLAN_M_CT, state);
	}
	fwp_add_allowed(b, FWPLAN_INPUT, 0);
	fwp_in_set(fwp_jump(b, FWPLAN_INPUT, FWPLAN_FROM_UPLINK), FWPLAN_M_IIFS,
	    FWPLAN_UPLINKS);
	fwp_in_set(fwp_jump(b, FWPLAN_INPUT, FWPLAN_FROM_LAN), FWPLAN_M_IIFS,
	    FWPLAN_LANS);
	fwp_drop(b, FWPLAN_INPUT, FWPLAN_R_INPUT);
	add_from_uplink(b);
	add_from_lan(b);
}

static void
add_forward(struct fwplan_build *b)
{
	const struct fwplan_conf *c = b->conf;
	struct fwplan_rule *r;

	if (c->tun[0] && c->tun_lans.n) {
		r = fwp_add(b, FWPLAN_FORWARD, FWPLAN_ACCEPT);
		fwp_in_set(r, FWPLAN_M_IIFS, FWPLAN_TUN_LANS);
		fwp_on_link(r, FWPLAN_M_OIF, c->tun);
		r = fwp_add(b, FWPLAN_FORWARD, FWPLAN_ACCEPT);
		fwp_on_link(r, FWPLAN_M_IIF, c->tun);
		fwp_in_set(r, FWPLAN_M_OIFS, FWPLAN_TUN_LANS);
	}
	fwp_drop(b, FWPLAN_FORWARD, FWPLAN_R_FORWARD);
}

void
fwp_add_in(struct fwplan_build *b)
{
	add_prerouting(b);
	add_input(b);
	add_forward(b);
}

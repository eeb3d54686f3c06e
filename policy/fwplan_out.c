/* policy/fwplan_out.c - what a firewall lets out */
#include <netinet/in.h>

#include "policy/fwplan.h"
#include "policy/fwplan_int.h"

static void
add_out_nat(struct fwplan_build *b)
{
	const struct fwplan_conf *c = b->conf;

	if (!c->local)
		return;
	fwp_number(fwp_add(b, FWPLAN_OUT_NAT, FWPLAN_ACCEPT), FWPLAN_M_UID,
	    c->uid);
	fwp_redirect_dns(b, FWPLAN_OUT_NAT, &c->local_doors);
	fwp_on_link(fwp_add(b, FWPLAN_OUT_NAT, FWPLAN_ACCEPT), FWPLAN_M_OIF,
	    "lo");
	fwp_in_set(fwp_add(b, FWPLAN_OUT_NAT, FWPLAN_ACCEPT), FWPLAN_M_OIFS,
	    FWPLAN_LANS);
	fwp_add_allowed(b, FWPLAN_OUT_NAT, 1);
	fwp_redirect(b, FWPLAN_OUT_NAT, &c->local_doors.trans4, IPPROTO_TCP, 0);
	fwp_redirect(b, FWPLAN_OUT_NAT, &c->local_doors.trans6, IPPROTO_TCP, 0);
}

static void
engine_begins(struct fwplan_rule *r)
{
	if (!fwplan_place(r->chain)->netdev)
		fwp_match(r, FWPLAN_M_CT_ORIGINAL);
}

/* Where a TCP packet of the engine's may go. */
static void
add_engine(struct fwplan_build *b, enum fwplan_chain chain)
{
	const struct fwplan_conf *c = b->conf;
	struct fwplan_rule *r;
	enum fwplan_set set;
	size_t i;

	fwp_drop_own(b, chain, FWPLAN_M_DADDR);
	if (c->any_relay) {
		r = fwp_add(b, chain, FWPLAN_ACCEPT);
		if (!c->ipv6)
			fwp_number(r, FWPLAN_M_FAMILY, 4);
		fwp_number(r, FWPLAN_M_PROTO, IPPROTO_TCP);
		engine_begins(r);
		return;
	}
	for (set = FWPLAN_RELAYS4; set < FWPLAN_NSETS; set++) {
		if (!c->ipv6 && set != FWPLAN_RELAYS4 && set != FWPLAN_DIRECT4)
			continue;
		r = fwp_add(b, chain, FWPLAN_ACCEPT);
		fwp_in_set(r, FWPLAN_M_SET_TO, set);
		engine_begins(r);
	}
	for (i = 0; i < c->ndirect; i++) {
		if (!fwp_may_be_direct(c, &c->direct[i]))
			continue;
		r = fwp_add(b, chain, FWPLAN_ACCEPT);
		if (c->direct[i].net.addr.family == 0 && !c->ipv6)
			fwp_number(r, FWPLAN_M_FAMILY, 4);
		fwp_in_net(r, FWPLAN_M_DADDR, &c->direct[i].net);
		fwp_number(r, FWPLAN_M_PROTO, IPPROTO_TCP);
		fwp_ports(r, FWPLAN_M_DPORT, c->direct[i].lo, c->direct[i].hi);
		engine_begins(r);
	}
}

/* What was redirected, of a socket that is bound to an interface: who has
 * 127.0.0.1, the kernel would ask there. */
static void
drop_loopback(struct fwplan_build *b)
{
	static const char *const nets[] = { "127.0.0.0/8", "::1/128" };
	struct addr_net net;
	size_t i;

	for (i = 0; i < sizeof(nets) / sizeof(nets[0]); i++)
		if (addr_net_parse(&net, nets[i], -1) == 0)
			fwp_in_net(fwp_drop(b, FWPLAN_LEAVE,
			    FWPLAN_R_LOOPBACK), FWPLAN_M_DADDR, &net);
}

static void
add_leave(struct fwplan_build *b)
{
	const struct fwplan_conf *c = b->conf;
	struct fwplan_rule *r;

	fwp_on_link(fwp_add(b, FWPLAN_LEAVE, FWPLAN_ACCEPT), FWPLAN_M_OIF,
	    "lo");
	drop_loopback(b);
	if (c->tun[0])
		fwp_on_link(fwp_add(b, FWPLAN_LEAVE, FWPLAN_ACCEPT),
		    FWPLAN_M_OIF, c->tun);
	fwp_in_set(fwp_add(b, FWPLAN_LEAVE, FWPLAN_ACCEPT), FWPLAN_M_OIFS,
	    FWPLAN_LANS);
	fwp_drop_odd(b, FWPLAN_LEAVE);
	r = fwp_jump(b, FWPLAN_LEAVE, FWPLAN_ENGINE);
	fwp_in_set(r, FWPLAN_M_OIFS, FWPLAN_UPLINKS);
	fwp_number(r, FWPLAN_M_PROTO, IPPROTO_TCP);
	fwp_number(r, FWPLAN_M_UID, c->uid);
	if (c->dhcp)
		fwp_accept_dhcp(b, FWPLAN_LEAVE, 1, FWPLAN_M_OIFS,
		    FWPLAN_UPLINKS);
	if (c->ipv6)
		fwp_accept_nd(b, FWPLAN_LEAVE, FWPLAN_M_OIFS, FWPLAN_UPLINKS,
		    ND_ROUTER_SOLICIT);
	fwp_add_allowed(b, FWPLAN_LEAVE, 1);
	add_engine(b, FWPLAN_ENGINE);
}

void
fwp_add_wire(struct fwplan_build *b, int engine)
{
	const struct fwplan_conf *c = b->conf;
	struct fwplan_rule *r;

	fwp_drop_own(b, FWPLAN_WIRE, FWPLAN_M_ARP_SADDR);
	fwp_number(fwp_add(b, FWPLAN_WIRE, FWPLAN_ACCEPT), FWPLAN_M_ETHER,
	    ETHER_ARP);
	if (engine) {
		r = fwp_jump(b, FWPLAN_WIRE, FWPLAN_WIRE_ENGINE);
		fwp_number(r, FWPLAN_M_PROTO, IPPROTO_TCP);
		fwp_number(r, FWPLAN_M_UID, c->uid);
		add_engine(b, FWPLAN_WIRE_ENGINE);
	}
	if (c->dhcp)
		fwp_accept_dhcp(b, FWPLAN_WIRE, 1, 0, 0);
	if (c->ipv6)
		fwp_accept_nd(b, FWPLAN_WIRE, 0, 0, ND_ROUTER_SOLICIT);
	fwp_add_allowed(b, FWPLAN_WIRE, 1);
}

/* Which networks a LAN has is not known when rules are made; but these are
 * nobody's in the internet.  Where the program may go it may by a LAN, too. */
static void
add_to_lan(struct fwplan_build *b)
{
	static const char *const nets[] = { "10.0.0.0/8", "100.64.0.0/10",
		"169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16",
		"224.0.0.0/4", "255.255.255.255/32", "fc00::/7", "fe80::/10",
		"ff00::/8" };
	struct addr_net net;
	struct fwplan_rule *r;
	size_t i;

	fwp_drop_own(b, FWPLAN_TO_LAN, FWPLAN_M_DADDR);
	for (i = 0; i < sizeof(nets) / sizeof(nets[0]); i++)
		if (addr_net_parse(&net, nets[i], -1) == 0)
			fwp_in_net(fwp_add(b, FWPLAN_TO_LAN, FWPLAN_ACCEPT),
			    FWPLAN_M_DADDR, &net);
	fwp_add_allowed(b, FWPLAN_TO_LAN, 1);
	r = fwp_jump(b, FWPLAN_TO_LAN, FWPLAN_ENGINE);
	fwp_number(r, FWPLAN_M_PROTO, IPPROTO_TCP);
	fwp_number(r, FWPLAN_M_UID, b->conf->uid);
	fwp_drop(b, FWPLAN_TO_LAN, FWPLAN_R_OUTPUT);
}

static void
add_output(struct fwplan_build *b)
{
	struct fwplan_rule *r;

	if (b->conf->local)	/* where it goes is seen in postrouting */
		fwp_match(fwp_add(b, FWPLAN_OUTPUT, FWPLAN_ACCEPT),
		    FWPLAN_M_CT_DNAT);
	if (b->conf->lans.n || b->conf->tun_lans.n) {
		r = fwp_jump(b, FWPLAN_OUTPUT, FWPLAN_TO_LAN);
		fwp_in_set(r, FWPLAN_M_OIFS, FWPLAN_LANS);
		fwp_match(r, FWPLAN_M_CT_ORIGINAL);
		add_to_lan(b);
	}
	fwp_jump(b, FWPLAN_OUTPUT, FWPLAN_LEAVE);
	fwp_drop(b, FWPLAN_OUTPUT, FWPLAN_R_OUTPUT);
	fwp_jump(b, FWPLAN_POSTROUTING, FWPLAN_LEAVE);
	fwp_drop(b, FWPLAN_POSTROUTING, FWPLAN_R_POSTROUTING);
}

void
fwp_add_out(struct fwplan_build *b)
{
	add_out_nat(b);
	add_output(b);
	add_leave(b);
	fwp_add_wire(b, 1);
}

/* policy/fwplan_int.h - how a firewall's plan is put together, and written
 *
 * Only for policy/fwplan*.
 */
#ifndef POLICY_FWPLAN_INT_H
#define POLICY_FWPLAN_INT_H

#include "policy/fwplan.h"

enum { FWPLAN_NET_TEXT = ADDR_TEXT + 4 };

enum {
	ETHER_ARP = 0x0806, ETHER_EAPOL = 0x888e,
	ND_HOPS = 255,			/* nobody forwarded it */
	VRRP_HOPS = 255, GROUP_HOPS = 1,	/* ... nor it; and nobody will */
	PROTO_VRRP = 112,
	PORT_DNS = 53, PORT_DHCP_SERVER = 67, PORT_DHCP_CLIENT = 68,
	ICMP4_REPLY = 0, ICMP4_UNREACHABLE = 3, ICMP4_ECHO = 8,
	ICMP4_TIME = 11, ICMP4_PARAMETER = 12,
	ICMP6_ERROR_FIRST = 1, ICMP6_ERROR_LAST = 4, ICMP6_ECHO = 128,
	ICMP6_REPLY = 129, ICMP6_MLD_QUERY = 130,
	ND_ROUTER_SOLICIT = 133, ND_ROUTER_ADVERT = 134,
	ND_NEIGHBOUR_SOLICIT = 135, ND_NEIGHBOUR_ADVERT = 136,
	CODE_MAX = 255
};

struct fwplan_build {
	struct fwplan	*plan;
	const struct fwplan_conf *conf;
	int		 err;		/* 0; the first failure stays */
	char		*why;
	struct fwplan_rule spare;	/* what is written to after it */
};

void	fwp_fail(struct fwplan_build *, int err, const char *fmt, ...)
	    __attribute__((format(printf, 3, 4)));

/* A rule behind all others of its chain, which matches everything yet; good
 * until the next one, and never NULL. */
struct fwplan_rule *fwp_add(struct fwplan_build *, enum fwplan_chain,
	    enum fwplan_verdict);
struct fwplan_rule *fwp_drop(struct fwplan_build *, enum fwplan_chain,
	    enum fwplan_reason);
struct fwplan_rule *fwp_jump(struct fwplan_build *, enum fwplan_chain,
	    enum fwplan_chain to);

/* One match more. */
struct fwplan_match *fwp_match(struct fwplan_rule *,
	    enum fwplan_match_kind);
void	fwp_on_link(struct fwplan_rule *, enum fwplan_match_kind,
	    const char *name);
void	fwp_in_set(struct fwplan_rule *, enum fwplan_match_kind,
	    enum fwplan_set);
void	fwp_number(struct fwplan_rule *, enum fwplan_match_kind,
	    uint32_t n);
/* Family 0: none. */
void	fwp_in_net(struct fwplan_rule *, enum fwplan_match_kind,
	    const struct addr_net *);
void	fwp_ports(struct fwplan_rule *, enum fwplan_match_kind,
	    uint16_t lo, uint16_t hi);
void	fwp_replies(struct fwplan_rule *);
void	fwp_icmp(struct fwplan_rule *, int family, uint32_t type,
	    uint16_t code_max);

/* Rules that more than one chain has.  @kind 0: by whatever interface. */
void	fwp_drop_odd(struct fwplan_build *, enum fwplan_chain);
void	fwp_accept_nd(struct fwplan_build *, enum fwplan_chain,
	    enum fwplan_match_kind, enum fwplan_set, uint32_t router_type);
void	fwp_accept_dhcp(struct fwplan_build *, enum fwplan_chain,
	    int to_server, enum fwplan_match_kind, enum fwplan_set);
void	fwp_drop_own(struct fwplan_build *, enum fwplan_chain,
	    enum fwplan_match_kind);
void	fwp_add_allowed(struct fwplan_build *, enum fwplan_chain,
	    int outward);
/* @dport 0: whatever begins. */
void	fwp_redirect(struct fwplan_build *, enum fwplan_chain,
	    const struct addr *door, uint32_t proto, uint16_t dport);
void	fwp_redirect_dns(struct fwplan_build *, enum fwplan_chain,
	    const struct fwplan_doors *);
int	fwp_may_be_direct(const struct fwplan_conf *,
	    const struct fwplan_direct *);

void	fwp_add_in(struct fwplan_build *);
void	fwp_add_out(struct fwplan_build *);
/* Of each uplink's egress; @engine: and what of the engine's may leave. */
void	fwp_add_wire(struct fwplan_build *, int engine);

/* "10.9.0.0/24": the network's own address, whatever else was in it. */
const char *fwplan_net_text(const struct addr_net *,
	    char out[FWPLAN_NET_TEXT]);

#endif

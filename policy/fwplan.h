/* policy/fwplan.h - what the kernel's firewall is to let through, as data
 *
 * From what the operator wants comes a list of chains, sets and rules that is
 * no firewall's language; fwplan_nft.c and fwplan_iptables.c write it in one.
 * Nothing here talks to a kernel, and nothing that it makes has a name in it
 * which the kernel, or a library, would have to look up: users are numbers.
 *
 * A plan fails closed: what no rule accepts is dropped by each base chain's
 * policy, and by its last rule, which counts it.  Zeroed memory is a plan
 * that lets nothing through.
 *
 * The text is a pure function of the plan, and the plan of fwplan_conf: the
 * same in gives the same bytes out.
 */
#ifndef POLICY_FWPLAN_H
#define POLICY_FWPLAN_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/addr.h"

#define FWPLAN_TABLE "onion_transparent"	/* inet's, and netdev's */

/* The upper half of the mark of what came by an uplink's egress chain; what did
 * not, policy/tcxgate.h drops.  The lower half is as it was. */
#define FWPLAN_OUT_MARK	0x4f540000u
#define FWPLAN_OUT_MASK	0xffff0000u

enum {
	FWPLAN_IFNAME = 16,		/* with its NUL; the kernel's */
	FWPLAN_LINKS_MAX = 16,		/* interfaces of one kind */
	FWPLAN_LISTEN_MAX = 64,
	FWPLAN_ALLOW_MAX = 64,		/* allowances */
	FWPLAN_DIRECT_MAX = 1024,	/* networks with ports */
	FWPLAN_RELAYS_MAX = 2048,	/* that are known from the start */
	FWPLAN_RULES_MAX = 4096,
	FWPLAN_MATCHES_MAX = 10,	/* in one rule */
	FWPLAN_NET_MAX = 2,		/* one of each family */
	FWPLAN_MARK = 1,		/* of packets that TPROXY delivers here;
					 * onion-transparent(8) routes them */
	FWPLAN_CHAIN_NAME = 64,
	FWPLAN_WHY = 160
};

/* --- what is wanted --- */

struct fwplan_links {
	char		 name[FWPLAN_LINKS_MAX][FWPLAN_IFNAME];
	unsigned	 n;
};

struct fwplan_doors {			/* family 0: there is none */
	struct addr	 trans4, trans6;	/* TransPort; of REDIRECT only */
	struct addr	 dns4, dns6;		/* its port counts.  DNSPort */
};

enum fwplan_allow_proto {
	FWPLAN_ALLOW_TCP = 1, FWPLAN_ALLOW_UDP, FWPLAN_ALLOW_PING,
	FWPLAN_ALLOW_EAPOL,		/* frames of 802.1X, WPA; @out only */
	FWPLAN_ALLOW_VRRP		/* advertisements, in and out, of a LAN
					 * only; @out is 0, @net the senders' */
};

struct fwplan_allow {			/* one of the operator's own */
	uint8_t		 out;		/* else in: who begins */
	uint8_t		 proto;		/* enum fwplan_allow_proto */
	uint16_t	 lo, hi;	/* ports of who is asked; 0: any */
	struct addr_net	 net;		/* of the far side; family 0: any */
	char		 link[FWPLAN_IFNAME];
};

struct fwplan_direct {			/* where TCP may go past Tor */
	struct addr_net	 net;		/* family 0: anywhere */
	uint16_t	 lo, hi;
};

struct fwplan_conf {
	uint32_t	 uid;		/* the engine's; 0 (root) is refused */
	struct fwplan_links uplinks;	/* that are here, and may be used */
	uint8_t		 any_relay;	/* the engine may reach any address by
					 * TCP, for who fills no sets; 0: only
					 * what is in them */
	uint8_t		 ipv6;		/* relays are reached over it, too */
	uint8_t		 dhcp;		/* uplinks get addresses by DHCP */
	const struct addr *relays;	/* from the start in the sets */
	size_t		 nrelays;
	const struct fwplan_direct *direct;
	size_t		 ndirect;

	/* TransPort and DNSPort */
	struct fwplan_links lans;	/* whose connections are turned
					 * around */
	uint8_t		 local;		/* this host's, too */
	uint8_t		 tproxy;	/* for @lans; else REDIRECT */
	struct fwplan_doors lan_doors, local_doors;

	/* the TUN */
	char		 tun[FWPLAN_IFNAME];	/* "": there is none */
	struct fwplan_links tun_lans;	/* what is routed into it */
	struct addr_net	 tun_net[FWPLAN_NET_MAX];
	unsigned	 ntun_net;

	struct addr_net	 virt[FWPLAN_NET_MAX];	/* virtual addresses */
	unsigned	 nvirt;
	struct addr	 listen[FWPLAN_LISTEN_MAX];	/* TCP, that LANs may
					 * reach as it is: SocksPort ... */
	unsigned	 nlisten;
	struct fwplan_allow allow[FWPLAN_ALLOW_MAX];
	unsigned	 nallow;
};

/* --- the plan --- */

enum fwplan_set {			/* named, so that they can change while
					 * rules stay */
	FWPLAN_LANS,			/* interfaces: @lans and @tun_lans */
	FWPLAN_TUN_LANS, FWPLAN_TRANS_LANS, FWPLAN_UPLINKS,
	FWPLAN_RELAYS4, FWPLAN_RELAYS6,	/* addresses with TCP ports */
	FWPLAN_DIRECT4, FWPLAN_DIRECT6,	/* of names whose flows go past Tor */
	FWPLAN_NSETS
};

enum fwplan_chain {
	FWPLAN_PRE_RAW,			/* who may have sent it */
	FWPLAN_PRE_DIVERT,		/* TPROXY */
	FWPLAN_PRE_NAT,			/* REDIRECT, of LANs */
	FWPLAN_PRE_REFUSE,		/* what clients are told at once */
	FWPLAN_INPUT, FWPLAN_FORWARD,
	FWPLAN_OUT_NAT,			/* REDIRECT, of this host */
	FWPLAN_OUTPUT, FWPLAN_POSTROUTING,
	FWPLAN_FROM_UPLINK, FWPLAN_FROM_LAN,	/* parts of input ... */
	FWPLAN_TO_LAN,			/* ... of output: what begins here */
	FWPLAN_LEAVE,			/* ... of output and postrouting */
	FWPLAN_ENGINE,			/* ... and of that */
	FWPLAN_WIRE,			/* netdev: of each uplink's egress, */
	FWPLAN_WIRE_ENGINE,		/* and of that */
	FWPLAN_NCHAINS
};

enum fwplan_hook {
	FWPLAN_NO_HOOK,			/* is only jumped to */
	FWPLAN_HOOK_PREROUTING, FWPLAN_HOOK_INPUT, FWPLAN_HOOK_FORWARD,
	FWPLAN_HOOK_OUTPUT, FWPLAN_HOOK_POSTROUTING
};

struct fwplan_place {			/* of a chain */
	const char	*name;
	enum fwplan_hook hook;
	int		 netdev;	/* else inet */
	int		 nat;		/* else filter */
	int		 priority;
	int		 accept;	/* policy; else drop.  Where not the
					 * last word is spoken */
};

enum fwplan_match_kind {
	FWPLAN_M_IIF = 1, FWPLAN_M_OIF,	/* @link */
	FWPLAN_M_IIFS, FWPLAN_M_OIFS,	/* @set, of interfaces */
	FWPLAN_M_FAMILY,		/* @n: 4 or 6 */
	FWPLAN_M_SADDR, FWPLAN_M_DADDR,	/* @net */
	FWPLAN_M_SET_FROM, FWPLAN_M_SET_TO,	/* TCP; @set, of addresses
					 * with ports */
	FWPLAN_M_PROTO,			/* @n: IPPROTO_ */
	FWPLAN_M_SPORT, FWPLAN_M_DPORT,	/* @lo to @hi, of TCP or UDP as a
					 * PROTO before says */
	FWPLAN_M_ICMP,			/* @n: type; @lo to @hi: codes.  As
					 * PROTO says */
	FWPLAN_M_HOPS,			/* @n: IPv6's hop limit */
	FWPLAN_M_TTL,			/* @n: IPv4's time to live */
	FWPLAN_M_SYN,			/* of SYN, ACK, FIN, RST only SYN;
					 * @invert: anything else */
	FWPLAN_M_CT,			/* @n: FWPLAN_CT_*, one of them */
	FWPLAN_M_CT_DNAT,		/* its destination was changed */
	FWPLAN_M_CT_ORIGINAL,		/* as the one who began sends it;
					 * @invert: the other */
	FWPLAN_M_UID,			/* @n: of the socket */
	FWPLAN_M_MARK,			/* @n */
	FWPLAN_M_TO_LOCAL,		/* an address of this host */
	FWPLAN_M_TO_UNICAST,		/* neither that nor a broadcast ... */
	FWPLAN_M_NO_WAY_BACK,		/* its source is elsewhere */
	FWPLAN_M_ETHER,			/* @n: type of frame; netdev only */
	FWPLAN_M_ARP_SADDR		/* @net; netdev only */
};

enum fwplan_ct {
	FWPLAN_CT_INVALID = 1, FWPLAN_CT_NEW = 2, FWPLAN_CT_ESTABLISHED = 4,
	FWPLAN_CT_RELATED = 8
};

struct fwplan_match {
	uint8_t		 kind, invert;
	uint16_t	 lo, hi;
	uint32_t	 n;
	enum fwplan_set	 set;
	struct addr_net	 net;
	char		 link[FWPLAN_IFNAME];
};

enum fwplan_verdict {
	FWPLAN_DROP, FWPLAN_ACCEPT,
	FWPLAN_JUMP,			/* @to, and on after it */
	FWPLAN_REFUSE,			/* ICMP: administratively prohibited */
	FWPLAN_RESET,			/* TCP's RST */
	FWPLAN_REDIRECT,		/* to this host, @door's port */
	FWPLAN_TPROXY			/* to @door, with FWPLAN_MARK */
};

enum fwplan_reason {			/* why it was dropped, or refused: a
					 * counter of each table that has it */
	FWPLAN_UNCOUNTED,
	FWPLAN_R_SPOOFED, FWPLAN_R_LOOPBACK, FWPLAN_R_TUN_RANGE,
	FWPLAN_R_VIRTUAL, FWPLAN_R_INVALID, FWPLAN_R_NO_SYN, FWPLAN_R_REFUSED,
	FWPLAN_R_INPUT, FWPLAN_R_FORWARD, FWPLAN_R_OUTPUT,
	FWPLAN_R_POSTROUTING, FWPLAN_R_WIRE,
	FWPLAN_NREASONS
};

struct fwplan_rule {
	uint8_t		 nmatches;
	uint8_t		 verdict;	/* enum fwplan_verdict */
	uint8_t		 reason;	/* enum fwplan_reason */
	uint8_t		 chain, to;	/* enum fwplan_chain */
	struct addr	 door;
	struct fwplan_match match[FWPLAN_MATCHES_MAX];
};

struct fwplan {
	struct fwplan_links links[FWPLAN_UPLINKS + 1];	/* by set */
	struct addr	*relays;	/* what the sets have from the start */
	size_t		 nrelays;
	struct fwplan_rule *rules;	/* of each chain in their order */
	size_t		 nrules;
};

/* 0, -ENOMEM, -EINVAL (a name, a user), -E2BIG; @why, of FWPLAN_WHY bytes, says
 * what is wrong.  On failure @plan is empty. */
int	fwplan_make(struct fwplan *, const struct fwplan_conf *, char *why);
/* The base alone, for the time before any link is up: the same chains, the
 * loopback, and what the operator allows.  Of @conf only @allow counts. */
int	fwplan_make_early(struct fwplan *, const struct fwplan_conf *,
	    char *why);
/* The same on a machine that has its interfaces: beside that base the egress of
 * each uplink, by which ARP and DHCP leave and what the operator allows. */
int	fwplan_make_closed(struct fwplan *, const struct fwplan_conf *,
	    char *why);
void	fwplan_free(struct fwplan *);

const struct fwplan_place *fwplan_place(enum fwplan_chain);
const char *fwplan_set_name(enum fwplan_set);
const char *fwplan_reason_name(enum fwplan_reason);	/* of the counter */
/* Is it a set of interfaces? */
int	fwplan_set_is_links(enum fwplan_set);
/* Gateways speak VRRP there, and one carries on for the other. */
int	fwplan_is_shared(const struct fwplan_conf *, const char *lan);
/* A name that no firewall takes for a pattern or for syntax. */
int	fwplan_link_is_plain(const char *);

/* --- as text --- */

/* For `nft -f -`, one transaction: tables, chains and sets are added where they
 * are missing, and never deleted; bodies are flushed and filled anew.  The sets
 * of relays and of direct flows keep what is in them.  Of each uplink, which
 * has to exist, there is a chain of the netdev table. */
void	fwplan_nft(FILE *, const struct fwplan *);
/* Of one uplink that came later, or -EINVAL for its name: the rest is as it
 * was, and @name may be used after it. */
int	fwplan_nft_uplink(FILE *, const char *name);
/* An address into a set, or out of it, of both tables, whether or not it is
 * there; @timeout_s 0: for good.  -EINVAL: not of that set's kind. */
int	fwplan_nft_add(FILE *, enum fwplan_set, const struct addr *,
	    unsigned timeout_s);
int	fwplan_nft_delete(FILE *, enum fwplan_set, const struct addr *);
/* The set holds those of @addrs that are of its family, each with a port, and
 * nothing else, in both tables.  -EINVAL: it is no set of addresses. */
int	fwplan_nft_elements(FILE *, enum fwplan_set, const struct addr *addrs,
	    size_t n);
/* What it is called in the netdev table. */
const char *fwplan_nft_egress(const char *link, char out[FWPLAN_CHAIN_NAME]);

/* For iptables-restore (@family 4) and ip6tables-restore (6), which know only
 * one family.  What they lack stands in the text. */
void	fwplan_iptables(FILE *, const struct fwplan *, int family);

#endif

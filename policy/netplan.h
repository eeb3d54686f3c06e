/* policy/netplan.h - what the kernel is to do with packets, as data
 *
 * From what the operator wants and what the machine has comes a list of
 * addresses, routes, rules and sysctls; nothing here talks to a kernel
 * (policy/netstate.h does).  All that a plan makes can be told from what is
 * others': routes by their table, rules by the table that they name.
 */
#ifndef POLICY_NETPLAN_H
#define POLICY_NETPLAN_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/addr.h"

enum {
	NETPLAN_IFNAME = 16,		/* with its NUL; the kernel's */
	NETPLAN_LANS_MAX = 16,
	NETPLAN_OWN_MAX = 2,		/* one address of each family */
	NETPLAN_SYSCTL = 64,		/* "net/ipv6/conf/NAME/forwarding" */
	NETPLAN_VALUE = 12
};

enum netplan_table {
	NETPLAN_MAIN	= 254,		/* the kernel's */
	NETPLAN_LOCAL	= 255,
	NETPLAN_TUN	= 28532,	/* into the TUN, or nowhere */
	NETPLAN_LAN	= 28533,	/* the LANs, and nothing else */
	NETPLAN_HOST	= 28534		/* the same as TUN, for this host's own
					 * IPv4 packets */
};
enum { NETPLAN_MARK = 0x6f7400 };	/* of sockets that may go out */

struct netplan_conf {			/* what is wanted */
	char		 tun[NETPLAN_IFNAME];
	struct addr_net	 own[NETPLAN_OWN_MAX];	/* of the TUN, in the kernel */
	unsigned	 nown;
	char		 lan[NETPLAN_LANS_MAX][NETPLAN_IFNAME];
	unsigned	 nlan;
	int		 local;		/* this host's own traffic too */
	uint32_t	 uid;		/* whose marked sockets may go out */
	uint16_t	 mtu;
};

/* The stack's own address: the next after the kernel's, in its network.
 * -ERANGE: there is none. */
int	netplan_peer(const struct addr_net *own, struct addr *out);

/* --- what the machine has --- */

struct netplan_link {
	int		 index;
	char		 name[NETPLAN_IFNAME];
	int		 up;
	int		 carrier;	/* a TUN: somebody has it open */
	int		 is_tun;
	int		 master;	/* whose part it is; 0: nobody's */
	int		 is_vrf;
	uint32_t	 mtu;
	int		 rp_filter;	/* sysctls; -1: it has none */
	int		 forward6, accept_ra;
};

enum netplan_type {			/* of a route */
	NETPLAN_UNREACHABLE, NETPLAN_UNICAST, NETPLAN_AT_HOME
};

struct netplan_route {
	enum netplan_table table;
	enum netplan_type type;
	struct addr_net	 dst;		/* 0 bits: default */
	struct addr	 gateway;	/* family 0: on the link */
	struct addr	 from;		/* source to prefer; family 0: none */
	int		 link;		/* index; 0: none */
	uint32_t	 metric;
};

struct netplan_world {
	struct netplan_link *links;
	size_t		 nlinks;
	struct netplan_route *main;	/* the main table */
	size_t		 nmain;
	int		 has_ipv6;
	int		 has_force6;	/* forwarding for single interfaces */
	int		 rp_filter_all;
	struct netplan_link default6;	/* of those to come */
};

const struct netplan_link *netplan_link(const struct netplan_world *,
	    const char *name);

/* --- the plan --- */

enum netplan_action {
	NETPLAN_DROP,			/* without a word */
	NETPLAN_REFUSE,			/* with ICMP; a socket: with an error */
	NETPLAN_LOOKUP
};

struct netplan_rule {			/* in the order in which they apply */
	uint8_t		 family;	/* 4 or 6 */
	uint8_t		 not_iif;	/* from any interface but @iif */
	uint8_t		 has_uid;
	uint8_t		 proto;		/* of IP; 0: any */
	uint8_t		 on_link;	/* what it finds by a default is none */
	enum netplan_action action;
	uint32_t	 table;		/* where to look, or whose rule it is */
	char		 iif[NETPLAN_IFNAME];	/* "": from anywhere; "lo": from
						 * this host */
	struct addr	 from, to;	/* family 0: anywhere */
	uint32_t	 mark, uid;
};

enum netplan_when { NETPLAN_KEEP, NETPLAN_EARLY, NETPLAN_LATE };

struct netplan_sysctl {
	enum netplan_when when;		/* KEEP: never set by us, but changed by
					 * the kernel when another is */
	char		 path[NETPLAN_SYSCTL];	/* below /proc/sys/ */
	char		 value[NETPLAN_VALUE];
};

struct netplan {
	struct netplan_conf conf;
	struct netplan_rule *rules;
	size_t		 nrules;
	struct netplan_route *routes;
	size_t		 nroutes;
	struct netplan_sysctl *sysctls;
	size_t		 nsysctls;
};

int	netplan_make(struct netplan *, const struct netplan_conf *,
	    const struct netplan_world *);	/* 0 or -ENOMEM */
void	netplan_free(struct netplan *);

/* What a machine has where no plan is: the kernel's own first rule. */
void	netplan_first_rule(struct netplan_rule *, uint8_t family);
int	netplan_rule_equal(const struct netplan_rule *,
	    const struct netplan_rule *);
int	netplan_route_equal(const struct netplan_route *,
	    const struct netplan_route *);
/* Is a rule of priority 0 ours?  The kernel's own first rule is not. */
int	netplan_rule_is_ours(const struct netplan_rule *);
/* Does it say what is for the host itself?  Such go last when a plan is
 * replaced, that the host never be without. */
int	netplan_rule_is_home(const struct netplan_rule *);

/* As text, one thing a line. */
void	netplan_print(FILE *, const struct netplan *,
	    const struct netplan_world *);
void	netplan_print_rule(FILE *, const struct netplan_rule *);
void	netplan_print_route(FILE *, const struct netplan_route *,
	    const struct netplan_world *);

#endif

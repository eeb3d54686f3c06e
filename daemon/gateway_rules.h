/* daemon/gateway_rules.h - what a configuration says of flows
 *
 * Compiled for policy_decide(), and a copy: nothing is borrowed from the
 * configuration.  A reload makes another, and gives it to gateway_set_rules().
 */
#ifndef DAEMON_GATEWAY_RULES_H
#define DAEMON_GATEWAY_RULES_H

#include <stdint.h>

struct addr;
struct addr_net;
struct conf;
struct dnsport_conf;
struct gateway_rules;
struct names_rules;
struct policy_conf;
struct rule_flow;

int	gateway_rules_new(struct gateway_rules **, const struct conf *);
			/* 0, -ENOMEM, or as dnsconf_new() */
void	gateway_rules_free(struct gateway_rules *);
const struct policy_conf *gateway_rules_policy(const struct gateway_rules *);
const struct names_rules *gateway_rules_names(const struct gateway_rules *);
/* Has any rule dotexit, and may one that has it decide what is so? */
int	gateway_rules_have_dotexit(const struct gateway_rules *);
int	gateway_rules_may_dotexit(const struct gateway_rules *,
	    const struct rule_flow *);
/* VirtualAddrNetworkIPv4 (4) or IPv6 (6). */
const struct addr_net *gateway_rules_virtual(const struct gateway_rules *,
	    int family);
/* By what a relay's name is found out; before they are used. */
void	gateway_rules_set_relay(struct gateway_rules *, int (*relay)(void *arg,
	    const char *name, uint8_t id[20], struct addr *), void *arg);
const struct dnsport_conf *gateway_rules_dns(const struct gateway_rules *);
/* To the log, what goes past Tor: nobody is to find that out later. */
void	gateway_rules_tell(const struct gateway_rules *);

#endif

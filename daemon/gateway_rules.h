/* daemon/gateway_rules.h - what a configuration says of flows
 *
 * Compiled for policy_decide(), and a copy: nothing is borrowed from the
 * configuration.  A reload makes another, and gives it to gateway_set_rules().
 */
#ifndef DAEMON_GATEWAY_RULES_H
#define DAEMON_GATEWAY_RULES_H

struct conf;
struct dnsport_conf;
struct gateway_rules;
struct policy_conf;

int	gateway_rules_new(struct gateway_rules **, const struct conf *);
			/* 0, -ENOMEM, or as dnsconf_new() */
void	gateway_rules_free(struct gateway_rules *);
const struct policy_conf *gateway_rules_policy(const struct gateway_rules *);
const struct dnsport_conf *gateway_rules_dns(const struct gateway_rules *);
/* To the log, what goes past Tor: nobody is to find that out later. */
void	gateway_rules_tell(const struct gateway_rules *);

#endif

/* policy/netplan_int.h - between the parts of policy/netplan*.c */
#ifndef POLICY_NETPLAN_INT_H
#define POLICY_NETPLAN_INT_H

#include "policy/netplan.h"

int	netplan_is_lan(const struct netplan_conf *, const char *name);
int	netplan_has_errors(const struct netplan_conf *);
int	netplan_add_sysctls(struct netplan *, const struct netplan_world *);

#endif

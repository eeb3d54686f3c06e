/* policy/networld.h - what the machine has, read from the kernel */
#ifndef POLICY_NETWORLD_H
#define POLICY_NETWORLD_H

struct netlink;
struct netplan_world;

int	networld_read(struct netplan_world *, struct netlink *);
void	networld_free(struct netplan_world *);
int	networld_has_ipv6(void);

#endif

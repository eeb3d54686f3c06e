/* daemon/runnet.h - the network that a program of `run` sees
 *
 * In a network namespace of its own: the loopback, and a TUN device with a
 * default route for each family.  Nothing else is in it, so that whatever does
 * not go through the device goes nowhere.
 */
#ifndef DAEMON_RUNNET_H
#define DAEMON_RUNNET_H

#include <stddef.h>

struct addr;

#define RUNNET_DEVICE "ot0"
#define RUNNET_RESOLVER "10.191.0.2"

enum { RUNNET_MTU = 1500, RUNNET_OWN = 2 };

/* The far end's own addresses: of the stack, and of the resolver. */
void	runnet_own(struct addr *own);	/* RUNNET_OWN of them */
/* In the namespace, with CAP_NET_ADMIN there: addresses, routes, up.  A kernel
 * without IPv6 gets none.  0 or -errno, with a sentence in @why. */
int	runnet_up(const char *device, char *why, size_t max);

#endif

/* daemon/virtnet.c - are virtual addresses somebody's real ones? */
#include "daemon/virtnet.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/log.h"
#include "daemon/conf.h"

static unsigned
mask_bits(const struct addr *mask)
{
	unsigned n = 0, max = (unsigned)addr_iplen(mask) * 8;

	while (n < max && mask->ip[n / 8] & (0x80 >> n % 8))
		n++;
	return n;
}

static int
net_of(const struct ifaddrs *i, struct addr_net *net)
{
	struct addr mask;

	if (i->ifa_addr == NULL || i->ifa_netmask == NULL ||
	    (i->ifa_flags & IFF_LOOPBACK) ||
	    addr_from_sock(&net->addr, i->ifa_addr) < 0 ||
	    addr_from_sock(&mask, i->ifa_netmask) < 0)
		return 0;
	net->bits = (uint8_t)mask_bits(&mask);
	return 1;
}

static void
check(const struct ifaddrs *i, const struct addr_net *net,
    const struct addr_net *virt, const char *option)
{
	unsigned bits = net->bits < virt->bits ? net->bits : virt->bits;
	char text[ADDR_TEXT];

	if (virt->addr.family && addr_same_prefix(&net->addr, &virt->addr,
	    (int)bits))
		log_warn(LD_CONFIG, "%s %s/%u and the network that %s is in "
		    "have addresses in common: a name could get the address of "
		    "a host there; choose another network", option,
		    addr_ip_raw(&virt->addr, text), virt->bits, i->ifa_name);
}

void
virtnet_check(const struct conf *c)
{
	struct ifaddrs *all, *i;
	struct addr_net net;

	if (!c->automap_hosts_on_resolve || getifaddrs(&all) < 0)
		return;
	for (i = all; i; i = i->ifa_next)
		if (net_of(i, &net)) {
			check(i, &net, &c->virtual_addr_network4,
			    "VirtualAddrNetworkIPv4");
			check(i, &net, &c->virtual_addr_network6,
			    "VirtualAddrNetworkIPv6");
		}
	freeifaddrs(all);
}

/* policy/ifindex.c */
#include "policy/ifindex.h"

#include <errno.h>
#include <net/if.h>

int
ifindex_of(const char *name, unsigned *index)
{
	if ((*index = if_nametoindex(name)) != 0)
		return 0;
	return errno == ENXIO ? -ENODEV : -errno;
}

int
ifindex_may_be(unsigned index, const char (*devices)[NETPLAN_IFNAME], size_t n)
{
	unsigned is;
	size_t i;
	int rc;

	for (i = 0; i < n; i++) {
		rc = ifindex_of(devices[i], &is);
		if (is == index || (rc < 0 && rc != -ENODEV))
			return 1;
	}
	return 0;
}

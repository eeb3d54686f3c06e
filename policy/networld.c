/* policy/networld.c - what the machine has, read from the kernel */
#include "policy/networld.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/grow.h"
#include "policy/netlink.h"
#include "policy/netplan.h"
#include "policy/sysctl.h"

int
networld_has_ipv6(void)
{
	return sysctl_exists("net/ipv6/conf/all/forwarding");
}

static int
number(const char *family, const char *link, const char *what)
{
	char path[NETPLAN_SYSCTL + 16];

	snprintf(path, sizeof(path), "net/%s/conf/%s/%s", family, link, what);
	return sysctl_number(path, -1);
}

static void
read_sysctls(struct netplan_link *l, const char *name)
{
	l->rp_filter = number("ipv4", name, "rp_filter");
	l->forward6 = number("ipv6", name, "forwarding");
	l->accept_ra = number("ipv6", name, "accept_ra");
}

static int
add_main(struct netplan_world *w, struct netlink *nl, uint8_t family)
{
	struct netplan_route *list, *at;
	size_t i, n;
	int rc = netlink_routes(nl, family, &list, &n);

	if (rc < 0)
		return rc;
	for (i = 0; i < n && rc == 0; i++) {
		if (list[i].table != NETPLAN_MAIN)
			continue;
		if ((at = grow(&w->main, &w->nmain, sizeof(*at))) == NULL)
			rc = -ENOMEM;
		else
			*at = list[i];
	}
	free(list);
	return rc;
}

int
networld_read(struct netplan_world *w, struct netlink *nl)
{
	size_t i;
	int rc;

	memset(w, 0, sizeof(*w));
	w->has_ipv6 = networld_has_ipv6();
	w->has_force6 = sysctl_exists("net/ipv6/conf/all/force_forwarding");
	w->rp_filter_all = number("ipv4", "all", "rp_filter");
	read_sysctls(&w->default6, "default");
	strcpy(w->default6.name, "default");
	if ((rc = netlink_links(nl, &w->links, &w->nlinks)) < 0)
		return rc;
	for (i = 0; i < w->nlinks; i++)
		read_sysctls(&w->links[i], w->links[i].name);
	if ((rc = add_main(w, nl, 4)) == 0 && w->has_ipv6)
		rc = add_main(w, nl, 6);
	if (rc < 0)
		networld_free(w);
	return rc;
}

void
networld_free(struct netplan_world *w)
{
	free(w->links);
	free(w->main);
	memset(w, 0, sizeof(*w));
}

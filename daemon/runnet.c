/* daemon/runnet.c - the network that a program of `run` sees */
#include "daemon/runnet.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/addr.h"
#include "daemon/links.h"

static const struct {
	int		 family;
	const char	*kernel, *own, *all;
} nets[RUNNET_OWN] = {
	{ AF_INET, "10.191.0.1/24", RUNNET_RESOLVER, "0.0.0.0/0" },
	{ AF_INET6, "fd00:6f74::1/64", "fd00:6f74::2", "::/0" }
};

void
runnet_own(struct addr *own)
{
	int i;

	for (i = 0; i < RUNNET_OWN; i++)
		if (addr_parse_ip(&own[i], nets[i].own, -1) < 0)
			memset(&own[i], 0, sizeof(own[i]));
}

/* A machine may have turned IPv6 off for every interface to come; that choice
 * was about networks outside. */
static void
allow_ipv6(void)
{
	static const char *const files[] = {
		"/proc/sys/net/ipv6/conf/all/disable_ipv6",
		"/proc/sys/net/ipv6/conf/default/disable_ipv6"
	};
	size_t i;
	int fd;

	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		if ((fd = open(files[i], O_WRONLY | O_CLOEXEC)) < 0)
			continue;
		if (write(fd, "0", 1) < 0) {
			/* then there will be none: closed, not open */
		}
		close(fd);
	}
}

static int
has_ipv6(void)
{
	return access("/proc/sys/net/ipv6", F_OK) == 0 ||
	    access("/proc/net/if_inet6", F_OK) == 0;
}

static int
add_net(struct nl_sock *nl, const char *device, const char *kernel,
    const char *all)
{
	struct addr_net own, to;
	int rc;

	if (addr_net_parse(&own, kernel, -1) < 0 ||
	    addr_net_parse(&to, all, -1) < 0)
		return -EINVAL;
	if ((rc = link_address(nl, device, &own, 1)) < 0)
		return rc;
	return link_route(nl, device, &to, NULL, 0);
}

static int
fill(struct nl_sock *nl, const char *device, char *why, size_t max)
{
	int i, rc;

	if ((rc = link_set(nl, "lo", 1)) < 0 ||
	    (rc = link_set(nl, device, 1)) < 0) {
		snprintf(why, max, "cannot bring its interfaces up: %s",
		    strerror(-rc));
		return rc;
	}
	for (i = 0; i < RUNNET_OWN; i++) {
		if (nets[i].family == AF_INET6 && !has_ipv6())
			continue;
		rc = add_net(nl, device, nets[i].kernel, nets[i].all);
		if (rc < 0 && nets[i].family == AF_INET) {
			snprintf(why, max, "cannot set its address and "
			    "route: %s", strerror(-rc));
			return rc;
		}
	}
	return 0;
}

int
runnet_up(const char *device, char *why, size_t max)
{
	struct nl_sock *nl;
	int rc;

	if (if_nametoindex(device) == 0) {
		snprintf(why, max, "cannot find its device %s", device);
		return -ENODEV;
	}
	if ((rc = link_open(&nl)) < 0) {
		snprintf(why, max, "cannot talk to the kernel's routing: %s",
		    strerror(-rc));
		return rc;
	}
	allow_ipv6();
	rc = fill(nl, device, why, max);
	link_close(nl);
	return rc;
}

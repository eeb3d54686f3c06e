/* natlook/netfilter.c - Linux: REDIRECT (conntrack) and TPROXY
 *
 * REDIRECT rewrites the destination and conntrack keeps the original, which
 * SO_ORIGINAL_DST gives for the connection of an accepted socket.  A socket
 * of an IPv6 listener that holds an IPv4 connection (a mapped address) answers
 * at the IPv4 level.  Without any conntrack entry there is nothing: ENOENT.
 *
 * TPROXY rewrites nothing: the accepted socket is bound to the destination.
 * Its listener must be marked as transparent before it is bound.
 */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "natlook/natlook_int.h"

/* seccomp: getsockopt getsockname */

/* Numbers of linux/netfilter_ipv4.h, linux/netfilter_ipv6/ip6_tables.h,
 * linux/in.h and linux/in6.h, which can't all be included with netinet/in.h. */
enum {
	LINUX_SO_ORIGINAL_DST		= 80,
	LINUX_IP6T_SO_ORIGINAL_DST	= 80,
	LINUX_IP_TRANSPARENT		= 19,
	LINUX_IPV6_TRANSPARENT		= 75,
};

static int
netfilter_find(struct natlook *n, int fd, const struct addr *client,
    const struct addr *name, struct addr *orig)
{
	int v6 = client->family == 6;
	struct sockaddr_storage ss;
	socklen_t len = v6 ? sizeof(struct sockaddr_in6) :
	    sizeof(struct sockaddr_in);

	(void)name;
	memset(&ss, 0, sizeof(ss));
	if (n->sys->getsockopt(fd, v6 ? IPPROTO_IPV6 : IPPROTO_IP, v6 ?
	    LINUX_IP6T_SO_ORIGINAL_DST : LINUX_SO_ORIGINAL_DST, &ss, &len) < 0)
		return -errno;
	return addr_from_sock(orig, (struct sockaddr *)&ss);
}

static int
tproxy_find(struct natlook *n, int fd, const struct addr *client,
    const struct addr *name, struct addr *orig)
{
	(void)n;
	(void)fd;
	(void)client;
	*orig = *name;
	return 0;
}

static int
tproxy_listen_opts(const struct natlook_sys *sys, int fd, int family)
{
	static const int on = 1;

	/* An IPv6 socket that also takes IPv4 needs both. */
	if (family == AF_INET6 && sys->setsockopt(fd, IPPROTO_IPV6,
	    LINUX_IPV6_TRANSPARENT, &on, sizeof(on)) < 0)
		return -errno;
	if (sys->setsockopt(fd, IPPROTO_IP, LINUX_IP_TRANSPARENT, &on,
	    sizeof(on)) < 0)
		return -errno;
	return 0;
}

#ifndef __linux__
static int
not_here(struct natlook *n)
{
	(void)n;
	return -EOPNOTSUPP;
}
#define INIT_ON_LINUX not_here
#else
#define INIT_ON_LINUX NULL
#endif

const struct natlook_row natlook_netfilter = {
	.name = "netfilter",
	.init = INIT_ON_LINUX,
	.find = netfilter_find,
};

const struct natlook_row natlook_tproxy = {
	.name = "TPROXY",
	.init = INIT_ON_LINUX,
	.listen_opts = tproxy_listen_opts,
	.find = tproxy_find,
};

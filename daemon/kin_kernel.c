/* daemon/kin_kernel.c - this host's neighbours and addresses, of the kernel
 *
 * Both may be asked by anybody.  The kernel answers at once, while it is asked,
 * so that reading its answer waits for nothing; ANSWER_MS is for a kernel that
 * is otherwise.
 */
#include "daemon/kin.h"

#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#ifdef __linux__
#include <linux/neighbour.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>

/* seccomp: bind sendto recvfrom sendmsg recvmsg getsockname
 * setsockopt close */

enum { ANSWER_MS = 200, ANSWER = 32768 };

/* With these the link-layer address is known, or was. */
enum { KNOWN = NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE |
    NUD_PERMANENT };

struct reading {
	void		(*fn)(void *, const struct kin_neighbour *);
	void		*arg;
};

static void
read_attribute(struct kin_neighbour *n, struct rtattr *at)
{
	size_t len = RTA_PAYLOAD(at);

	if (at->rta_type == NDA_DST && len == addr_iplen(&n->addr))
		memcpy(n->addr.ip, RTA_DATA(at), len);
	else if (at->rta_type == NDA_LLADDR && len <= KIN_LINK) {
		memcpy(n->link, RTA_DATA(at), len);
		n->link_len = (uint8_t)len;
	}
}

static void
read_neighbour(const struct reading *r, struct nlmsghdr *h)
{
	struct ndmsg *nd = NLMSG_DATA(h);
	struct kin_neighbour n = { .ifindex = 0 };
	struct rtattr *at;
	int left;

	if (h->nlmsg_type != RTM_NEWNEIGH ||
	    h->nlmsg_len < NLMSG_LENGTH(sizeof(*nd)) ||
	    !(nd->ndm_state & KNOWN) || (nd->ndm_flags & NTF_PROXY) ||
	    (nd->ndm_family != AF_INET && nd->ndm_family != AF_INET6))
		return;
	n.addr.family = nd->ndm_family == AF_INET ? 4 : 6;
	n.ifindex = nd->ndm_ifindex;
	at = (struct rtattr *)(void *)((char *)nd + NLMSG_ALIGN(sizeof(*nd)));
	left = (int)(h->nlmsg_len - NLMSG_LENGTH(sizeof(*nd)));
	for (; RTA_OK(at, left); at = RTA_NEXT(at, left))
		read_attribute(&n, at);
	r->fn(r->arg, &n);
}

/* 1: there is more to come. */
static int
read_messages(const struct reading *r, void *buf, size_t len)
{
	struct nlmsghdr *h = buf;

	for (; NLMSG_OK(h, len); h = NLMSG_NEXT(h, len)) {
		if (h->nlmsg_type == NLMSG_DONE)
			return 0;
		if (h->nlmsg_type == NLMSG_ERROR)
			return -EIO;
		read_neighbour(r, h);
	}
	return 1;
}

static int
ask(int fd)
{
	struct {
		struct nlmsghdr	h;
		struct ndmsg	nd;
	} m = {
		.h = { .nlmsg_len = sizeof(m), .nlmsg_type = RTM_GETNEIGH,
		    .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP },
	};
	struct timeval tv = { .tv_usec = ANSWER_MS * 1000 };

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	return send(fd, &m, sizeof(m), 0) < 0 ? -errno : 0;
}

static int
neighbours(void *arg, void (*fn)(void *, const struct kin_neighbour *),
    void *fn_arg)
{
	static _Alignas(struct nlmsghdr) char buf[ANSWER];
	struct reading r = { .fn = fn, .arg = fn_arg };
	int fd, rc;
	ssize_t n;

	(void)arg;
	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (fd < 0)
		return -errno;
	rc = ask(fd);
	if (rc == 0)
		do {
			n = recv(fd, buf, sizeof(buf), 0);
			rc = n < 0 ? -errno : read_messages(&r, buf,
			    (size_t)n);
		} while (rc > 0);
	close(fd);
	return rc;
}
#else
static int
neighbours(void *arg, void (*fn)(void *, const struct kin_neighbour *),
    void *fn_arg)
{
	(void)arg;
	(void)fn;
	(void)fn_arg;
	return -EOPNOTSUPP;
}
#endif

static int
own(void *arg, void (*fn)(void *, const struct addr *), void *fn_arg)
{
	struct ifaddrs *all, *i;
	struct addr a;

	(void)arg;
	if (getifaddrs(&all) < 0)
		return -errno;
	for (i = all; i; i = i->ifa_next)
		if (i->ifa_addr && addr_from_sock(&a, i->ifa_addr) == 0)
			fn(fn_arg, &a);
	freeifaddrs(all);
	return 0;
}

/* Not by if_indextoname(): with which socket that asks is its own affair. */
static int
ifname(void *arg, int ifindex, char out[KIN_IFNAME])
{
	struct ifreq r = { .ifr_ifindex = ifindex };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), rc = 0;

	(void)arg;
	if (fd < 0)
		return -errno;
	if (ioctl(fd, SIOCGIFNAME, &r) < 0)
		rc = -errno;
	else
		memcpy(out, r.ifr_name, IF_NAMESIZE);
	close(fd);
	return rc;
}

_Static_assert((int)KIN_IFNAME >= (int)IF_NAMESIZE, "a name has room");

const struct kin_source kin_kernel = { .neighbours = neighbours, .own = own,
    .ifname = ifname };

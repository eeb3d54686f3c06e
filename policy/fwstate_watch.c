/* policy/fwstate_watch.c - what the kernel tells of changes
 *
 * One descriptor for all of it: rules, interfaces and addresses, the sysctls
 * that the kernel tells of (forwarding, rp_filter), tc's filters, and the
 * holder's end.
 */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "policy/fwstate_int.h"
#include "policy/nftsock.h"

enum { ROOM = 16 << 10, HEAR_MAX = 10000 };

static int
add(struct fwstate *s, int fd)
{
	struct epoll_event e = { .events = EPOLLIN, .data = { .fd = fd } };

	return epoll_ctl(s->poll, EPOLL_CTL_ADD, fd, &e) < 0 &&
	    errno != EEXIST ? -errno : 0;
}

static int
open_links(void)
{
	static const int groups[] = { RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR,
		RTNLGRP_IPV6_IFADDR, RTNLGRP_IPV4_NETCONF,
		RTNLGRP_IPV6_NETCONF, RTNLGRP_TC };
	struct sockaddr_nl sa = { .nl_family = AF_NETLINK };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    NETLINK_ROUTE), rc = 0;
	size_t i;

	if (fd < 0)
		return -errno;
	if (bind(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0)
		rc = -errno;
	for (i = 0; i < sizeof(groups) / sizeof(groups[0]) && rc == 0; i++)
		if (setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP,
		    &groups[i], sizeof(groups[i])) < 0)
			rc = -errno;
	if (rc == 0)
		return fd;
	close(fd);
	return rc;
}

int
fwstate_watch_open(struct fwstate *s)
{
	int rc;

	if ((s->poll = epoll_create1(EPOLL_CLOEXEC)) < 0)
		return -errno;
	if ((s->watch = nftsock_watch()) < 0)
		return s->watch;
	if ((s->links = open_links()) < 0)
		return s->links;
	if ((rc = add(s, s->watch)) < 0)
		return rc;
	return add(s, s->links);
}

void
fwstate_watch_holder(struct fwstate *s)
{
	if (s->hold.holder.fd >= 0)
		(void)add(s, s->hold.holder.fd);
}

static unsigned
kind_of(const struct nlmsghdr *h)
{
	switch (h->nlmsg_type) {
	case RTM_NEWLINK:
	case RTM_DELLINK:
	case RTM_NEWADDR:
	case RTM_DELADDR:
		return FWSTATE_HEARD_LINKS;
	case RTM_NEWNETCONF:
	case RTM_DELNETCONF:
		return FWSTATE_HEARD_SYSCTLS;
	case RTM_NEWTFILTER:
	case RTM_NEWACTION:
		return FWSTATE_HEARD_TC;
	default:
		return 0;
	}
}

/* Only which kind it is counts: all is looked at anew. */
static unsigned
hear_links(int fd)
{
	static uint8_t buf[ROOM] __attribute__((aligned(8)));
	struct nlmsghdr *h;
	unsigned heard = 0;
	ssize_t n;
	int left, i;

	for (i = 0; i < HEAR_MAX; i++) {
		if ((n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT)) < 0) {
			if (errno == EAGAIN)
				break;
			heard |= FWSTATE_HEARD_LINKS | FWSTATE_HEARD_SYSCTLS |
			    FWSTATE_HEARD_TC;
			if (errno != EINTR && errno != ENOBUFS)
				break;
			continue;
		}
		left = (int)n;
		for (h = (struct nlmsghdr *)(void *)buf; nlmsg_ok(h, left);
		    h = nlmsg_next(h, &left))
			heard |= kind_of(h);
	}
	return heard;
}

/* A transaction that was done before the last look is nothing new. */
static int
is_new(const struct fwstate *s, const struct nftevent *e)
{
	return e->touched && (e->generation == 0 ||
	    (int32_t)(e->generation - s->verified) > 0);
}

unsigned
fwstate_hear(struct fwstate *s)
{
	struct nftevent e = { .touching = s->event.touching };
	unsigned heard = 0;

	nftsock_hear(s->watch, &e, s->plan.tables, s->plan.ntables);
	if (is_new(s, &e)) {
		s->event = e;
		heard |= FWSTATE_HEARD_RULES;
	}
	s->event.touching = e.touching;
	return heard | hear_links(s->links);
}

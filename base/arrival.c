/* base/arrival.c - by which interface a connection came
 *
 * The kernel keeps it in each TCP socket, and tells it by the control messages
 * of that socket's options (IP_PKTOPTIONS, IPV6_2292PKTOPTIONS), where they are
 * wanted (IP_PKTINFO, IPV6_RECVPKTINFO).
 */
#include "base/arrival.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

enum { CONTROL = 256 };

#ifdef __linux__
#ifndef IPV6_2292PKTOPTIONS
#define IPV6_2292PKTOPTIONS 6
#endif
#ifndef IPV6_2292PKTINFO
#define IPV6_2292PKTINFO 2
#endif

int
arrival_of_datagram(const struct msghdr *mh)
{
	struct msghdr *m = (struct msghdr *)(unsigned long)mh;
	struct in6_pktinfo six;
	struct in_pktinfo four;
	struct cmsghdr *c;

	for (c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO &&
		    c->cmsg_len >= CMSG_LEN(sizeof(four))) {
			memcpy(&four, CMSG_DATA(c), sizeof(four));
			return four.ipi_ifindex;
		}
		if (c->cmsg_level == IPPROTO_IPV6 &&
		    (c->cmsg_type == IPV6_PKTINFO ||
		    c->cmsg_type == IPV6_2292PKTINFO) &&
		    c->cmsg_len >= CMSG_LEN(sizeof(six))) {
			memcpy(&six, CMSG_DATA(c), sizeof(six));
			return (int)six.ipi6_ifindex;
		}
	}
	return 0;
}

static int
family_of(int fd)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);

	return getsockname(fd, (struct sockaddr *)&ss, &len) < 0 ? AF_UNSPEC :
	    ss.ss_family;
}

int
arrival_of_socket(int fd)
{
	_Alignas(struct cmsghdr) unsigned char control[CONTROL];
	socklen_t len = sizeof(control);
	int on = 1, off = 0, level, want, get, rc;
	struct msghdr mh;

	switch (family_of(fd)) {
	case AF_INET:
		level = IPPROTO_IP;
		want = IP_PKTINFO;
		get = IP_PKTOPTIONS;
		break;
	case AF_INET6:
		level = IPPROTO_IPV6;
		want = IPV6_RECVPKTINFO;
		get = IPV6_2292PKTOPTIONS;
		break;
	default:
		return 0;
	}
	if (setsockopt(fd, level, want, &on, sizeof(on)) < 0)
		return 0;
	memset(control, 0, sizeof(control));
	rc = getsockopt(fd, level, get, control, &len);
	setsockopt(fd, level, want, &off, sizeof(off));
	if (rc < 0)
		return 0;
	memset(&mh, 0, sizeof(mh));
	mh.msg_control = control;
	mh.msg_controllen = len;
	return arrival_of_datagram(&mh);
}
#else
int
arrival_of_datagram(const struct msghdr *mh)
{
	(void)mh;
	return 0;
}

int
arrival_of_socket(int fd)
{
	(void)fd;
	return 0;
}
#endif

/* daemon/dial.c - sockets that connect, and where they must not */
#include "daemon/dial.h"

#include <errno.h>
#include <event2/util.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/addr.h"

/* seccomp: bind connect close */

static int
make(const struct dial_conf *conf, int family)
{
	int fd;

	if (conf && conf->socket)
		return conf->socket(conf->arg, family);
	fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	return fd < 0 ? -errno : fd;
}

static int
start(int fd, const struct sockaddr_storage *ss, socklen_t len)
{
	if (evutil_make_socket_nonblocking(fd) < 0)
		return -EIO;
	if (connect(fd, (const struct sockaddr *)ss, len) == 0 ||
	    errno == EINPROGRESS || errno == EINTR)
		return 0;
	if (errno == EPERM)		/* how the packet filter says it */
		return -EACCES;
	return errno == EADDRNOTAVAIL ? -EAGAIN : -errno;
}

int
dial_start(const struct dial_conf *conf, const struct addr *to)
{
	struct sockaddr_storage ss;
	socklen_t len = addr_to_sock(to, &ss);
	int fd, rc;

	if (len == 0 || to->port == 0)
		return -EINVAL;
	if ((fd = make(conf, ss.ss_family)) < 0)
		return fd;
	if ((rc = start(fd, &ss, len)) < 0) {
		close(fd);
		return rc;
	}
	return fd;
}

/* Only an address of one's own can be bound to.  (Where the kernel is told to
 * allow more, by net.ipv4.ip_nonlocal_bind, all seem to be one's own.) */
int
dial_is_own(const struct addr *a)
{
	struct addr any_port = *a;
	struct sockaddr_storage ss;
	socklen_t len;
	int fd, rc;

	any_port.port = 0;
	if ((len = addr_to_sock(&any_port, &ss)) == 0)
		return -EINVAL;
	if ((fd = make(NULL, ss.ss_family)) < 0)
		return fd;
	rc = bind(fd, (struct sockaddr *)&ss, len) < 0 ? -errno : 0;
	close(fd);
	if (rc == 0)
		return 1;
	/* A link-local address that does not tell its link is nobody's. */
	return rc == -EADDRNOTAVAIL || rc == -EINVAL ? 0 : rc;
}

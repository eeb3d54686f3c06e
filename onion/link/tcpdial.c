/* onion/link/tcpdial.c - a TCP connection to a relay, begun */
#include "onion/link/tcpdial.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/addr.h"

/* seccomp: bind connect setsockopt getsockopt close */

enum {
	NOTSENT		 = 32768,
	/* A peer that is gone without a word costs its circuits this long:
	 * with bytes under way GONE_MS, without any the sum of the others. */
	GONE_MS		 = 100000,
	IDLE_S		 = 60,
	PROBE_S		 = 10,
	PROBES		 = 4
};

static void
set_opt(int fd, int level, int name, int val)
{
	/* A kernel that lacks one of these still carries the bytes. */
	(void)setsockopt(fd, level, name, &val, sizeof(val));
}

static void
set_patience(int fd)
{
	set_opt(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
#ifdef TCP_USER_TIMEOUT
	set_opt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, GONE_MS);
#endif
#if defined(TCP_KEEPIDLE) && defined(TCP_KEEPINTVL) && defined(TCP_KEEPCNT)
	set_opt(fd, IPPROTO_TCP, TCP_KEEPIDLE, IDLE_S);
	set_opt(fd, IPPROTO_TCP, TCP_KEEPINTVL, PROBE_S);
	set_opt(fd, IPPROTO_TCP, TCP_KEEPCNT, PROBES);
#endif
}

static int
set_mark(int fd, uint32_t mark)
{
	/* Whereas a missing mark could send it the wrong way. */
	if (mark == 0)
		return 0;
	return setsockopt(fd, SOL_SOCKET, SO_MARK, &mark, sizeof(mark)) < 0 ?
	    -errno : 0;
}

static int
bind_to(int fd, const struct addr *from)
{
	struct addr any_port = *from;
	struct sockaddr_storage ss;
	socklen_t len;

	if (from->family == 0)
		return 0;
	any_port.port = 0;
	/* Else the kernel picks a port that is free for all destinations. */
	set_opt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
	len = addr_to_sock(&any_port, &ss);
	return bind(fd, (struct sockaddr *)&ss, len) < 0 ? -errno : 0;
}

static int
make_socket(const struct tcpdial_conf *conf, int family)
{
	int fd;

	if (conf->socket)
		return conf->socket(conf->arg, family);
	fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	return fd < 0 ? -errno : fd;
}

int
tcpdial(int *out, const struct addr *to, const struct addr *from,
    const struct tcpdial_conf *conf)
{
	struct sockaddr_storage ss;
	socklen_t len = addr_to_sock(to, &ss);
	int fd, rc;

	if (len == 0)
		return -EAFNOSUPPORT;
	if ((fd = make_socket(conf, ss.ss_family)) < 0)
		return fd;
	set_opt(fd, IPPROTO_TCP, TCP_NODELAY, 1);
	set_opt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT,
	    conf->notsent ? conf->notsent : NOTSENT);
	set_patience(fd);
	if ((rc = set_mark(fd, conf->mark)) < 0)
		goto fail;
	if ((rc = bind_to(fd, from)) < 0)
		goto fail;
	if (connect(fd, (struct sockaddr *)&ss, len) < 0 &&
	    errno != EINPROGRESS) {
		rc = -errno;
		goto fail;
	}
	*out = fd;
	return 0;

fail:
	close(fd);
	return rc;
}

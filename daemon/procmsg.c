/* daemon/procmsg.c - what the daemon's processes say to each other */
#include "daemon/procmsg.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

/* seccomp: sendmsg recvmsg poll ppoll close */

struct head {			/* then the text, without its NUL */
	uint32_t	type;
	int32_t		value;
};

union control {			/* as aligned as it has to be */
	struct cmsghdr	 head;
	char		 room[CMSG_SPACE(sizeof(int) * PROCMSG_FDS)];
};

/* How many descriptors come with it, at most. */
static const unsigned char allowed[PROCMSG_NTYPES] = {
	[PROCMSG_SOCKETS] = PROCMSG_FDS, [PROCMSG_LENT] = 2,
	[PROCMSG_RELOAD] = 1, [PROCMSG_ENGINE] = 1
};

static int
send_flags(int fd, const struct procmsg *m, int flags)
{
	struct head h = { .type = m->type, .value = m->value };
	struct iovec iov[2] = {
		{ .iov_base = &h, .iov_len = sizeof(h) },
		{ .iov_base = (void *)(uintptr_t)m->text,
		    .iov_len = strlen(m->text) }
	};
	union control c;
	struct msghdr mh = { .msg_iov = iov, .msg_iovlen = 2 };
	ssize_t n;

	if (m->nfds) {
		memset(&c, 0, sizeof(c));
		mh.msg_control = &c;
		mh.msg_controllen = CMSG_SPACE(sizeof(int) * m->nfds);
		c.head.cmsg_level = SOL_SOCKET;
		c.head.cmsg_type = SCM_RIGHTS;
		c.head.cmsg_len = CMSG_LEN(sizeof(int) * m->nfds);
		memcpy(CMSG_DATA(&c.head), m->fds, sizeof(int) * m->nfds);
	}
	do
		n = sendmsg(fd, &mh, MSG_NOSIGNAL | flags);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}

int
procmsg_send(int fd, const struct procmsg *m)
{
	return send_flags(fd, m, 0);
}

int
procmsg_send_now(int fd, const struct procmsg *m)
{
	return send_flags(fd, m, MSG_DONTWAIT);
}

void
procmsg_close(struct procmsg *m)
{
	while (m->nfds > 0)
		close(m->fds[--m->nfds]);
}

static void
take_fds(struct procmsg *m, struct msghdr *mh)
{
	struct cmsghdr *c;
	size_t n, i;
	int fd;

	for (c = CMSG_FIRSTHDR(mh); c; c = CMSG_NXTHDR(mh, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (i = 0; i < n; i++) {
			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int),
			    sizeof(fd));
			if (m->nfds < PROCMSG_FDS)
				m->fds[m->nfds++] = fd;
			else
				close(fd);
		}
	}
}

/* Only what its type may have; the text is ours to print. */
static int
check(struct procmsg *m, const struct head *h, size_t len, int flags)
{
	size_t i;

	if ((flags & (MSG_TRUNC | MSG_CTRUNC)) || len < sizeof(*h) ||
	    h->type <= PROCMSG_NONE || h->type >= PROCMSG_NTYPES ||
	    m->nfds > allowed[h->type])
		return -EPROTO;
	m->type = (enum procmsg_type)h->type;
	m->value = h->value;
	m->text[len - sizeof(*h)] = '\0';
	for (i = 0; m->text[i]; i++)
		if (m->text[i] < ' ' || m->text[i] > '~')
			m->text[i] = '?';
	return 0;
}

static int
wait_for(int fd, int timeout_ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int n;

	do
		n = poll(&p, 1, timeout_ms);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n == 0 ? -ETIMEDOUT : 0;
}

int
procmsg_recv(int fd, struct procmsg *m, int timeout_ms)
{
	struct head h = { .type = 0 };
	struct iovec iov[2] = {
		{ .iov_base = &h, .iov_len = sizeof(h) },
		{ .iov_base = m->text, .iov_len = sizeof(m->text) - 1 }
	};
	union control c;
	struct msghdr mh = { .msg_iov = iov, .msg_iovlen = 2,
		.msg_control = &c, .msg_controllen = sizeof(c) };
	ssize_t n;
	int rc = wait_for(fd, timeout_ms);

	m->type = PROCMSG_NONE;
	m->nfds = 0;
	if (rc < 0)
		return rc;
	do
		n = recvmsg(fd, &mh, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	if (n <= 0)
		return n == 0 || errno == ECONNRESET ? -EPIPE : -errno;
	take_fds(m, &mh);
	rc = check(m, &h, (size_t)n, mh.msg_flags);
	if (rc < 0)
		procmsg_close(m);
	return rc;
}

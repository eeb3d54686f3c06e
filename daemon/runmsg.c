/* daemon/runmsg.c - what `run` and a daemon tell each other */
#include "daemon/runmsg.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/wire.h"

enum { PASSED_MAX = 4 };	/* room for more than is right, to close them */

int
runmsg_build(const struct runmsg *m, void *buf, size_t max)
{
	struct pack p;

	pack_init(&p, buf, max);
	pack_u8(&p, RUNMSG_VERSION);
	pack_u8(&p, (uint8_t)m->type);
	if (m->type == RUNMSG_OPEN) {
		pack_u16(&p, m->mtu);
	} else {
		if (m->type == RUNMSG_PROGRESS) {
			pack_u8(&p, m->percent);
			pack_u8(&p, m->ready);
		}
		pack_put(&p, m->text, strnlen(m->text, RUNMSG_TEXT - 1));
	}
	return p.err ? -EMSGSIZE : (int)pack_len(&p);
}

/* All that is left.  It will be shown on a terminal. */
static int
get_text(struct wire *w, char *out)
{
	size_t n = wire_left(w), i;

	if (n >= RUNMSG_TEXT)
		return -EPROTO;
	wire_copy(w, out, n);
	out[n] = '\0';
	for (i = 0; i < n; i++)
		if (out[i] < ' ' || out[i] > '~')
			return -EPROTO;
	return 0;
}

static int
get_body(struct wire *w, struct runmsg *m)
{
	switch (m->type) {
	case RUNMSG_OPEN:
		m->mtu = wire_u16(w);
		return 0;
	case RUNMSG_PROGRESS:
		m->percent = wire_u8(w);
		m->ready = wire_u8(w);
		if (m->percent > 100 || m->ready > 1)
			return -EPROTO;
		return get_text(w, m->text);
	case RUNMSG_REFUSED:
		return get_text(w, m->text);
	default:
		return -EPROTO;
	}
}

int
runmsg_parse(struct runmsg *out, const void *buf, size_t len)
{
	struct runmsg m;
	struct wire w;
	uint8_t version;

	memset(&m, 0, sizeof(m));
	wire_init(&w, buf, len);
	version = wire_u8(&w);
	m.type = (enum runmsg_type)wire_u8(&w);
	if (w.err == 0 && version != RUNMSG_VERSION)
		return -EPROTONOSUPPORT;
	if (get_body(&w, &m) < 0 || wire_done(&w) < 0)
		return -EPROTO;
	*out = m;
	return 0;
}

void
runmsg_set_text(struct runmsg *m, const char *text)
{
	size_t i;

	for (i = 0; i < sizeof(m->text) - 1 && text[i]; i++)
		m->text[i] = text[i] < ' ' || text[i] > '~' ? '?' : text[i];
	m->text[i] = '\0';
}

int
runmsg_send(int fd, const struct runmsg *m, int pass)
{
	union {
		char		buf[CMSG_SPACE(sizeof(int))];
		struct cmsghdr	align;
	} control;
	uint8_t buf[RUNMSG_MAX];
	struct iovec iov = { .iov_base = buf };
	struct msghdr h = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *c;
	int len = runmsg_build(m, buf, sizeof(buf));

	if (len < 0)
		return len;
	iov.iov_len = (size_t)len;
	if (pass >= 0) {
		memset(&control, 0, sizeof(control));
		h.msg_control = control.buf;
		h.msg_controllen = sizeof(control.buf);
		c = CMSG_FIRSTHDR(&h);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &pass, sizeof(pass));
	}
	return sendmsg(fd, &h, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

void
runmsg_refuse(int fd, const char *why)
{
	struct runmsg m = { .type = RUNMSG_REFUSED };

	runmsg_set_text(&m, why);
	(void)runmsg_send(fd, &m, -1);
}

static void *
close_it(void *arg)
{
	close((int)(intptr_t)arg);
	return NULL;
}

void
runmsg_drop(int fd)
{
	sigset_t all, old;
	pthread_attr_t attr;
	pthread_t thread;

	sigfillset(&all);		/* signals are for the main thread */
	pthread_sigmask(SIG_SETMASK, &all, &old);
	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	/* without a thread it stays open: a descriptor is less than a hang */
	(void)pthread_create(&thread, &attr, close_it, (void *)(intptr_t)fd);
	pthread_attr_destroy(&attr);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
}

/* The descriptor that came; with more than one, none, and *@bad. */
static int
take_passed(struct msghdr *h, int *bad)
{
	struct cmsghdr *c;
	int got = -1, fd;
	size_t i, n;

	for (c = CMSG_FIRSTHDR(h); c; c = CMSG_NXTHDR(h, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (i = 0; i < n; i++) {
			memcpy(&fd, CMSG_DATA(c) + i * sizeof(fd), sizeof(fd));
			if (got >= 0) {
				runmsg_drop(fd);
				*bad = -1;
			} else
				got = fd;
		}
	}
	if (*bad && got >= 0) {
		runmsg_drop(got);
		got = -1;
	}
	return got;
}

int
runmsg_recv(int fd, struct runmsg *m, int *passed)
{
	union {
		char		buf[CMSG_SPACE(PASSED_MAX * sizeof(int))];
		struct cmsghdr	align;
	} control;
	uint8_t buf[RUNMSG_MAX];
	struct iovec iov = { .iov_base = buf, .iov_len = sizeof(buf) };
	struct msghdr h = { .msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control.buf,
		.msg_controllen = sizeof(control.buf) };
	ssize_t n = recvmsg(fd, &h, MSG_CMSG_CLOEXEC);
	int bad, rc;

	/* Whoever went without having read all that we said may yet have
	 * said something: the kernel tells the first, once, before it. */
	if (n < 0 && errno == ECONNRESET)
		n = recvmsg(fd, &h, MSG_CMSG_CLOEXEC);
	*passed = -1;
	if (n < 0)
		return -errno;
	bad = (h.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0;
	*passed = take_passed(&h, &bad);
	if (n == 0 && *passed < 0 && !bad)
		return 0;
	rc = bad ? -EPROTO : runmsg_parse(m, buf, (size_t)n);
	if (rc == 0 && (*passed >= 0) != (m->type == RUNMSG_OPEN))
		rc = -EPROTO;
	if (rc < 0 && *passed >= 0) {
		runmsg_drop(*passed);
		*passed = -1;
	}
	return rc < 0 ? rc : 1;
}

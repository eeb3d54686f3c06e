/* tun/tundev_bsd.c - the device: /dev/tunN of the BSDs
 *
 * Before each packet stand four bytes, its address family in network order
 * (OpenBSD always; FreeBSD and NetBSD where TUNSIFHEAD asks for it).  There are
 * no offloads.  An interface is /dev/NAME; it stays when it is closed, however
 * it is opened, so persistence is not ours to ask for.
 *
 * No BSD has run this; it is compiled where its header is.
 */
#include "config.h"

#if defined(HAVE_NET_IF_TUN_H) && !defined(HAVE_LINUX_IF_TUN_H)

#include <sys/types.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <net/if_tun.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "tun/pkt.h"
#include "tun/tundev.h"

enum { HEAD = 4, TRIES = 256 };

struct tundev {
	int	fd;
	char	name[TUNDEV_NAME];
};

static int
set_up(struct tundev *d)
{
	int fl = fcntl(d->fd, F_GETFL), fdfl = fcntl(d->fd, F_GETFD);
#ifdef TUNSIFHEAD
	int on = 1;

	if (ioctl(d->fd, TUNSIFHEAD, &on) < 0)
		return -errno;
#endif
	if (fl < 0 || fdfl < 0 || fcntl(d->fd, F_SETFL, fl | O_NONBLOCK) < 0 ||
	    fcntl(d->fd, F_SETFD, fdfl | FD_CLOEXEC) < 0)
		return -errno;
	return 0;
}

static int
open_name(struct tundev *d, const char *name)
{
	char path[sizeof("/dev/") + TUNDEV_NAME];

	snprintf(path, sizeof(path), "/dev/%s", name);
	snprintf(d->name, sizeof(d->name), "%s", name);
	d->fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	return d->fd < 0 ? -errno : 0;
}

static int
open_any(struct tundev *d)
{
	char name[TUNDEV_NAME];
	int i, rc = -EBUSY;

	for (i = 0; i < TRIES && rc == -EBUSY; i++) {
		snprintf(name, sizeof(name), "tun%d", i);
		rc = open_name(d, name);
	}
	return rc;
}

int
tundev_open(struct tundev **out, const char *name, int persist)
{
	struct tundev *d;
	int rc;

	(void)persist;
	if (strlen(name) >= TUNDEV_NAME)
		return -ENAMETOOLONG;
	if ((d = calloc(1, sizeof(*d))) == NULL)
		return -ENOMEM;
	if ((rc = name[0] ? open_name(d, name) : open_any(d)) < 0)
		goto fail;
	if ((rc = set_up(d)) < 0)
		goto fail_fd;
	*out = d;
	return 0;

fail_fd:
	close(d->fd);
fail:
	free(d);
	return rc;
}

/* Which one is it?  By the number of its device. */
static int
find_name(struct tundev *d)
{
	char path[sizeof("/dev/") + TUNDEV_NAME];
	struct stat mine, st;
	int i;

	if (fstat(d->fd, &mine) < 0)
		return -errno;
	for (i = 0; i < TRIES; i++) {
		snprintf(d->name, sizeof(d->name), "tun%d", i);
		snprintf(path, sizeof(path), "/dev/%s", d->name);
		if (stat(path, &st) == 0 && S_ISCHR(mine.st_mode) &&
		    st.st_rdev == mine.st_rdev)
			return 0;
	}
	return -ENOTTY;
}

int
tundev_adopt(struct tundev **out, int fd)
{
	struct tundev *d = calloc(1, sizeof(*d));
	int rc;

	if (d == NULL)
		return -ENOMEM;
	d->fd = fd;
	if ((rc = find_name(d)) < 0 || (rc = set_up(d)) < 0) {
		free(d);
		return rc;
	}
	*out = d;
	return 0;
}

int
tundev_take(struct tundev **out, int fd)
{
	return tundev_adopt(out, fd);
}

void
tundev_free(struct tundev *d)
{
	if (d == NULL)
		return;
	close(d->fd);
	free(d);
}

int
tundev_fd(const struct tundev *d)
{
	return d->fd;
}

int
tundev_offload(const struct tundev *d)
{
	(void)d;
	return 0;
}

const char *
tundev_name(const struct tundev *d)
{
	return d->name;
}

int
tundev_read(struct tundev *d, uint8_t *buf, struct pkt_in *p)
{
	ssize_t n = read(d->fd, buf, TUNDEV_READ);

	if (n < 0)
		return errno == EAGAIN || errno == EWOULDBLOCK ||
		    errno == EINTR ? 0 : -errno;
	if (n <= HEAD)
		return 0;
	p->p = buf + HEAD;
	p->len = (size_t)n - HEAD;
	p->csum_ok = 0;
	return 1;
}

int
tundev_write(struct tundev *d, const struct pkt_out *p)
{
	struct iovec iov[2 + PKT_BODY_MAX];
	uint32_t family = htonl(p->head[0] >> 4 == 4 ? AF_INET : AF_INET6);
	unsigned i;
	int n = 0;

	if (p->csum_start || p->seg)
		return -EOPNOTSUPP;
	iov[n++] = (struct iovec){ &family, HEAD };
	iov[n++] = (struct iovec){ (void *)(uintptr_t)p->head, p->headlen };
	for (i = 0; i < p->nbody; i++)
		iov[n++] = (struct iovec){
			(void *)(uintptr_t)p->body[i].p, p->body[i].len };
	return writev(d->fd, iov, n) < 0 ? -errno : 0;
}

#endif /* HAVE_NET_IF_TUN_H */

/* tun/tundev_linux.c - the device: Linux's /dev/net/tun
 *
 * Theory of operation
 *	One descriptor, one packet a system call, and before each packet a
 *	header that spares us checksums and lets 64 KiB pass at once (vnet.h).
 *	A kernel without IFF_VNET_HDR, or without the offloads, carries plain
 *	packets.
 *
 *	Of a device that somebody passed to us the sender may still have the
 *	descriptor, and with it O_NONBLOCK: nowait does not wait even so.  What
 *	else it can do, any network may: lose packets, and be down.
 *
 *	While the interface is down nothing can be read, and what is written is
 *	refused (EIO).  When it is deleted the descriptor is readable for ever,
 *	and reading fails.
 */
#include "config.h"

#ifdef HAVE_LINUX_IF_TUN_H

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

#include "tun/nowait.h"
#include "tun/pkt.h"
#include "tun/tundev.h"
#include "tun/vnet.h"

/* seccomp: read write readv writev close */

_Static_assert(TUNDEV_NAME == IFNAMSIZ, "a name fits");

struct tundev {
	struct nowait io;
	char	name[TUNDEV_NAME];
	uint8_t	vnet;		/* a header stands before each packet */
	uint8_t	offload;
};

/* 0 with *r as the kernel has it. */
static int
attach(int fd, const char *name, struct ifreq *r)
{
	unsigned features = 0;
	short want = IFF_TUN | IFF_NO_PI;

	if (ioctl(fd, TUNGETFEATURES, &features) == 0 &&
	    (features & IFF_VNET_HDR))
		want |= IFF_VNET_HDR;
	memset(r, 0, sizeof(*r));
	memcpy(r->ifr_name, name, strlen(name));
	r->ifr_flags = want;
	return ioctl(fd, TUNSETIFF, r) < 0 ? -errno : 0;
}

/* What it can, and that it does; also of one that somebody else set up.
 * Whether that has IFF_NO_PI the kernel does not tell: in TUNGETIFF its bit has
 * another meaning, too.  Without it no packet is one, and all are dropped. */
static int
set_up(struct tundev *d, const struct ifreq *r)
{
	int head = VNET_HEAD;

	if ((r->ifr_flags & (IFF_TUN | IFF_TAP)) != IFF_TUN)
		return -EINVAL;
	memcpy(d->name, r->ifr_name, sizeof(d->name));
	d->name[sizeof(d->name) - 1] = '\0';
	if ((r->ifr_flags & IFF_VNET_HDR) == 0)
		return 0;
	if (ioctl(d->io.fd, TUNSETVNETHDRSZ, &head) < 0)
		return -errno;
	d->vnet = 1;
	d->offload = ioctl(d->io.fd, TUNSETOFFLOAD,
	    TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6) == 0;
	return 0;
}

/* Without an owner it would be whoever's opens it when we are gone, and with it
 * all that is routed there. */
static int
keep(int fd)
{
	return ioctl(fd, TUNSETOWNER, (unsigned long)geteuid()) < 0 ||
	    ioctl(fd, TUNSETPERSIST, 1) < 0 ? -errno : 0;
}

int
tundev_open(struct tundev **out, const char *name, int persist)
{
	struct tundev *d;
	struct ifreq r;
	int rc = -ENAMETOOLONG;

	if (strlen(name) >= TUNDEV_NAME)
		return rc;
	if ((d = calloc(1, sizeof(*d))) == NULL)
		return -ENOMEM;
	d->io.fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (d->io.fd < 0) {
		rc = errno == EACCES ? -EPERM : -errno;
		goto fail;
	}
	if ((rc = attach(d->io.fd, name, &r)) < 0 || (rc = set_up(d, &r)) < 0)
		goto fail_fd;
	if (persist && (rc = keep(d->io.fd)) < 0)
		goto fail_fd;
	*out = d;
	return 0;

fail_fd:
	close(d->io.fd);
fail:
	free(d);
	return rc;
}

static int
set_flags(int fd)
{
	int fl = fcntl(fd, F_GETFL), fdfl = fcntl(fd, F_GETFD);

	if (fl < 0 || fdfl < 0 || fcntl(fd, F_SETFL, fl | O_NONBLOCK) < 0 ||
	    fcntl(fd, F_SETFD, fdfl | FD_CLOEXEC) < 0)
		return -errno;
	return 0;
}

int
tundev_adopt(struct tundev **out, int fd)
{
	struct tundev *d;
	struct ifreq r;
	int rc;

	memset(&r, 0, sizeof(r));
	if (ioctl(fd, TUNGETIFF, &r) < 0)
		return -errno;
	if ((d = calloc(1, sizeof(*d))) == NULL)
		return -ENOMEM;
	d->io.fd = fd;
	d->io.shared = 1;
	if ((rc = set_up(d, &r)) < 0 || (rc = set_flags(fd)) < 0) {
		free(d);
		return rc;
	}
	*out = d;
	return 0;
}

int
tundev_take(struct tundev **out, int fd)
{
	int rc = tundev_adopt(out, fd);

	if (rc == 0)
		(*out)->io.shared = 0;
	return rc;
}

void
tundev_free(struct tundev *d)
{
	if (d == NULL)
		return;
	close(d->io.fd);
	free(d);
}

int
tundev_fd(const struct tundev *d)
{
	return d->io.fd;
}

int
tundev_offload(const struct tundev *d)
{
	return d->offload;
}

const char *
tundev_name(const struct tundev *d)
{
	return d->name;
}

/* What is no packet for us is skipped: 0, and whoever watches the descriptor
 * comes back if there is more. */
int
tundev_read(struct tundev *d, uint8_t *buf, struct pkt_in *p)
{
	size_t head = d->vnet ? VNET_HEAD : 0;
	struct iovec iov = { buf, TUNDEV_READ };
	ssize_t n = nowait_readv(&d->io, &iov, 1);

	if (n < 0)
		return n == -EAGAIN ? 0 : (int)n;
	p->csum_ok = 0;
	if ((size_t)n <= head || (d->vnet && vnet_parse(buf, p) < 0))
		return 0;
	p->p = buf + head;
	p->len = (size_t)n - head;
	return 1;
}

int
tundev_write(struct tundev *d, const struct pkt_out *p)
{
	struct iovec iov[2 + PKT_BODY_MAX];
	uint8_t head[VNET_HEAD];
	ssize_t rc;
	unsigned i;
	int n = 0;

	if (d->vnet) {
		vnet_build(head, p);
		iov[n++] = (struct iovec){ head, sizeof(head) };
	} else if (p->csum_start || p->seg)
		return -EOPNOTSUPP;
	iov[n++] = (struct iovec){ (void *)(uintptr_t)p->head, p->headlen };
	for (i = 0; i < p->nbody; i++)
		iov[n++] = (struct iovec){
			(void *)(uintptr_t)p->body[i].p, p->body[i].len };
	rc = nowait_writev(&d->io, iov, n);
	return rc < 0 ? (int)rc : 0;
}

#endif /* HAVE_LINUX_IF_TUN_H */

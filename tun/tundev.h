/* tun/tundev.h - the device: the only IO of tun/
 *
 * A TUN interface; tundev_linux.c runs, tundev_bsd.c is compiled where its
 * headers are.  With IFF_VNET_HDR one read or write carries a super-segment of
 * up to 64 KiB.  Whoever opens it needs CAP_NET_ADMIN in its network namespace,
 * or /dev/net/tun and a persistent device that is its own; whoever has the
 * descriptor needs nothing.
 */
#ifndef TUN_TUNDEV_H
#define TUN_TUNDEV_H

#include <stddef.h>
#include <stdint.h>

struct pkt_in;
struct pkt_out;
struct tundev;

enum { TUNDEV_NAME = 16, TUNDEV_READ = 65536 + 128 };

/* @name: "ot0"; "" lets the kernel choose.  @persist: the interface stays when
 * the descriptor is closed.  -errno: -ENOENT no /dev/net/tun, -EPERM, -EBUSY
 * somebody else holds it, -ENODEV no tun in this kernel. */
int	tundev_open(struct tundev **, const char *name, int persist);
/* Takes a descriptor that another process opened, by tundev_open() or like it,
 * and finds out what it can.  On failure it stays the caller's.  The sender may
 * still have it, and change its modes: we do not wait even then (nowait.h). */
int	tundev_adopt(struct tundev **, int fd);
/* The same of one that its sender has closed. */
int	tundev_take(struct tundev **, int fd);
void	tundev_free(struct tundev *);		/* closes it */
int	tundev_fd(const struct tundev *);
int	tundev_offload(const struct tundev *);	/* super-segments, checksums */
const char *tundev_name(const struct tundev *);

/* One packet into @buf, TUNDEV_READ bytes: 1; 0: none at this time; -errno:
 * the device is gone (-EIO: it is down; it may come back; -EINTR: whoever else
 * has it made us wait). */
int	tundev_read(struct tundev *, uint8_t *buf, struct pkt_in *);
/* 0 or -errno; what the kernel has no room for is lost, as on any network. */
int	tundev_write(struct tundev *, const struct pkt_out *);

#endif

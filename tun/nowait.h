/* tun/nowait.h - reading and writing a descriptor that others have, too
 *
 * Whoever passed a descriptor to us may still have it, and O_NONBLOCK is one
 * for all who do: it can be taken away at any time.  These calls do not wait
 * even then.
 *
 * Since Linux 6.4 a TUN device takes it from each call that it must not wait.
 * Before that a call can wait, but no longer than 2 * NOWAIT_TICK_MS; then it
 * fails, and so does each one after it, at once.
 */
#ifndef TUN_NOWAIT_H
#define TUN_NOWAIT_H

#include <stdint.h>
#include <sys/types.h>

struct iovec;

enum { NOWAIT_TICK_MS = 10 };

struct nowait {
	int	fd;
	uint8_t	shared;		/* others have it; else it has O_NONBLOCK, and
				 * nobody takes that away */
	uint8_t	plain;		/* the kernel does not take it from a call */
	uint8_t	waited;		/* though it must not */
};

/* Bytes, or -errno.  -EAGAIN: it would have to wait; -EINTR: it did. */
ssize_t	nowait_readv(struct nowait *, const struct iovec *, int n);
ssize_t	nowait_writev(struct nowait *, const struct iovec *, int n);

#endif

/* daemon/runmsg.h - what `onion-transparent run` and a daemon tell each other
 *
 * Over a SOCK_SEQPACKET socket, so that a message comes whole or not at all:
 *
 *	byte 0	the protocol's version, RUNMSG_VERSION
 *	byte 1	the type
 *	then	OPEN		u16 mtu				+ one descriptor
 *		PROGRESS	u8 percent, u8 ready, text
 *		REFUSED		text
 *
 * The command sends OPEN, once, with the descriptor of a TUN device.  The
 * daemon answers PROGRESS, and again when that changes, or REFUSED and the end.
 * The device is served until either side closes the socket.
 */
#ifndef DAEMON_RUNMSG_H
#define DAEMON_RUNMSG_H

#include <stddef.h>
#include <stdint.h>

enum {
	RUNMSG_VERSION = 1,
	RUNMSG_TEXT = 256,		/* with the NUL */
	RUNMSG_MAX = 4 + RUNMSG_TEXT	/* bytes of a message */
};

enum runmsg_type {
	RUNMSG_NONE,
	RUNMSG_OPEN,
	RUNMSG_PROGRESS,
	RUNMSG_REFUSED
};

struct runmsg {
	enum runmsg_type type;
	uint16_t	mtu;		/* OPEN: of the device */
	uint8_t		percent;	/* PROGRESS: of the bootstrap, <= 100 */
	uint8_t		ready;		/* circuits can be built */
	char		text[RUNMSG_TEXT];	/* printable ASCII */
};

/* Pure.  The length, or -EMSGSIZE. */
int	runmsg_build(const struct runmsg *, void *buf, size_t max);
/* 0; -EPROTONOSUPPORT another version; -EPROTO anything else that is wrong. */
int	runmsg_parse(struct runmsg *, const void *, size_t len);

/* As much of it as has room; what is not printable becomes "?". */
void	runmsg_set_text(struct runmsg *, const char *);

/* Sends one, with @pass if that is not negative, which stays the caller's. */
int	runmsg_send(int fd, const struct runmsg *, int pass);
/* REFUSED.  Who can't be told is gone. */
void	runmsg_refuse(int fd, const char *why);
/* 1, and in *@passed the descriptor that came with it, or -1: it is the
 * caller's; 0 at the end; -errno, as runmsg_parse() and recvmsg().  Whatever
 * descriptors came with something that is wrong are dropped. */
int	runmsg_recv(int fd, struct runmsg *, int *passed);
/* Lets go of a descriptor that may be of anything.  The file system behind it
 * can make close() wait for as long as it likes, and can be the sender's own:
 * so that a thread waits, and nobody else. */
void	runmsg_drop(int fd);

#endif

/* daemon/keepmsg.h - what the daemon and its keeper say to each other
 *
 * Over a SOCK_SEQPACKET pair: a message is one packet, with descriptors where
 * the type says so.  The daemon asks and the keeper answers, one question at a
 * time; SAID may come at any time.
 *
 *	PREPARE, APPLY, UNDO	DONE, or FAILED with an errno and a sentence
 *	SOCKETS family		SOCKETS with descriptors, or FAILED
 *				SAID, a sentence for the log
 */
#ifndef DAEMON_KEEPMSG_H
#define DAEMON_KEEPMSG_H

#include <stddef.h>
#include <stdint.h>

enum {
	KEEPMSG_TEXT = 512,
	KEEPMSG_FDS = 16
};

enum keepmsg_type {
	KEEPMSG_NONE, KEEPMSG_PREPARE, KEEPMSG_APPLY, KEEPMSG_UNDO,
	KEEPMSG_SOCKETS, KEEPMSG_DONE, KEEPMSG_FAILED, KEEPMSG_SAID,
	KEEPMSG_NTYPES
};

struct keepmsg {
	enum keepmsg_type type;
	int32_t		 value;		/* AF_*; -errno */
	char		 text[KEEPMSG_TEXT];
	int		 fds[KEEPMSG_FDS];	/* the receiver's */
	unsigned	 nfds;
};

/* 0 or -errno; @fds stay the sender's. */
int	keepmsg_send(int fd, const struct keepmsg *);
/* One message, waiting for it at most @timeout_ms.  -ETIMEDOUT; -EPIPE: the
 * other is gone; -EPROTO: what came is no message, and nothing is kept. */
int	keepmsg_recv(int fd, struct keepmsg *, int timeout_ms);
void	keepmsg_close(struct keepmsg *);	/* descriptors not taken */

#endif

/* daemon/procmsg.h - what the daemon's processes say to each other
 *
 * Over SOCK_SEQPACKET pairs: a message is one packet, with descriptors where
 * the type says so.  On each pair one side asks and the other answers, one
 * question at a time; SAID may come at any time.
 *
 *  parent and engine ask the keeper (daemon/keepproc.h)
 *	PING			(the parent only) PONG: it lives
 *	PREPARE, APPLY, UNDO	DONE, or FAILED with an errno and a sentence
 *	SOCKETS family		SOCKETS with descriptors, or FAILED
 *				SAID, a sentence for the log
 *  the engine asks the parent
 *	LEND row		LENT with descriptors, or FAILED
 *	LEND_NEW row		the same, of the configuration that RELOAD
 *				brought
 *	UP			no answer: it has started
 *  the parent asks the engine
 *	RELOAD, a memfd		DONE: it is in force; FAILED: the old one is
 *	REOPEN			(no answer to these) log files, if moved away,
 *	STATISTICS, DEBUG	what to log,
 *	STOP			and to end
 *	PING			PONG: it lives
 *  the parent asks the firewall's process (daemon/fwproc.h)
 *	RELOAD, a memfd		DONE: its rules are in force; FAILED and a
 *				sentence: the old ones are
 *	COMMIT			(no answer to these) they stay,
 *	ENGINE, a socket	and an engine, in the place of any before
 *	PING			PONG: it lives
 *  and on its other socket it tells the parent
 *	SAID 0|1		a sentence for the log; 1: it is no fault
 *	DISTRUST		what the engine did that none of ours does
 *  the engine asks the firewall's process, on that socket
 *	PERMIT_RELAY number,	DONE number: it may be reached; FAILED number
 *	  PERMIT_DIRECT number,	and a sentence: it may not
 *	  an address with a port
 *				GATE, at any time: 1 open, or 0 and why
 */
#ifndef DAEMON_PROCMSG_H
#define DAEMON_PROCMSG_H

#include <stddef.h>
#include <stdint.h>

enum {
	PROCMSG_TEXT = 512,
	PROCMSG_FDS = 16
};

enum procmsg_type {
	PROCMSG_NONE, PROCMSG_PREPARE, PROCMSG_APPLY, PROCMSG_UNDO,
	PROCMSG_SOCKETS, PROCMSG_DONE, PROCMSG_FAILED, PROCMSG_SAID,
	PROCMSG_LEND, PROCMSG_LEND_NEW, PROCMSG_LENT, PROCMSG_UP,
	PROCMSG_RELOAD, PROCMSG_REOPEN, PROCMSG_STATISTICS, PROCMSG_DEBUG,
	PROCMSG_STOP, PROCMSG_PING, PROCMSG_PONG, PROCMSG_COMMIT,
	PROCMSG_ENGINE, PROCMSG_DISTRUST, PROCMSG_PERMIT_RELAY,
	PROCMSG_PERMIT_DIRECT, PROCMSG_GATE,
	PROCMSG_NTYPES
};

struct procmsg {
	enum procmsg_type type;
	int32_t		 value;		/* AF_*; -errno; a row; a number */
	char		 text[PROCMSG_TEXT];
	int		 fds[PROCMSG_FDS];	/* the receiver's */
	unsigned	 nfds;
};

/* 0 or -errno; @fds stay the sender's.  The second does not wait for room:
 * -EAGAIN. */
int	procmsg_send(int fd, const struct procmsg *);
int	procmsg_send_now(int fd, const struct procmsg *);
/* One message, waiting for it at most @timeout_ms.  -ETIMEDOUT; -EPIPE: the
 * other is gone; -EPROTO: what came is no message, and nothing is kept. */
int	procmsg_recv(int fd, struct procmsg *, int timeout_ms);
void	procmsg_close(struct procmsg *);	/* descriptors not taken */

#endif

/* tests/tun/rawdev.h - raw frames to our stack by a real TUN, and back
 *
 * echo_tun opens the device in a network namespace that is the caller's alone,
 * and a packet socket is bound to it.  What is sent there goes to the driver as
 * it is, around routing and filters, and comes out of echo_tun's read(); what
 * echo_tun writes passes the socket before the kernel looks at it.  No address
 * of the kernel's is used, so that it neither answers nor adds anything.
 *
 * Nothing is waited for by the clock.  The stack takes frames in order, so that
 * the answer to an echo request that is sent behind a frame says that it was
 * read; and the totals, which echo_tun writes between two turns, say that the
 * turn in which it was is over.  What is said at all, but by a timer, has come
 * by then.
 *
 * What can't be done, because of the machine or of a mistake of the test, ends
 * the program; whatever the stack does does not.
 */
#ifndef TESTS_TUN_RAWDEV_H
#define TESTS_TUN_RAWDEV_H

#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/addr.h"

enum {
	RAWDEV_PATIENCE_MS = 60000,	/* for what must come */
	RAWDEV_RX = 70000
};

struct frame {			/* one packet that the stack sent */
	TAILQ_ENTRY(frame) link;
	int64_t		 at;		/* ms, when it came */
	struct addr	 src, dst;	/* no ports */
	uint8_t		 proto;
	const uint8_t	*payload;	/* behind the IP header */
	size_t		 payload_len;
	size_t		 seg;		/* bytes of each part that it is to be
					 * cut into; 0: one */
	size_t		 len;
	uint8_t		 b[];
};

/* Of the whole program, once: a network of its own. */
void	rawdev_init(const char *echo_tun);
/* A new process, a new device; "plain" is one without offloads. */
void	rawdev_start(int plain);
void	rawdev_stop(void);		/* in order, or the program ends */

void	rawdev_send(const void *, size_t len);
/* All that was sent has been read, and what that led to has come. */
void	rawdev_settle(void);
/* The next frame, that has come already; the caller frees it. */
struct frame *rawdev_take(void);
/* The same, and waits for it; NULL: for too long. */
struct frame *rawdev_wait(void);
void	rawdev_drop(void);		/* what has come */

uint64_t rawdev_total(const char *name);	/* of echo_tun's, now */
size_t	rawdev_memory(void);		/* bytes resident, of echo_tun */
int64_t	rawdev_now(void);		/* ms */
/* How many came that were not as each has to be: checksums, a TTL of 64, an
 * identification of 0 and "don't fragment"; class and flow label 0. */
unsigned rawdev_strange(void);

#endif

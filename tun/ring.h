/* tun/ring.h - a queue of bytes that are read where they lie
 *
 * Bytes are copied once, when they come, or put where ring_place() says, and stay where they are until they are
 * drained; what is read is therefore up to two slices.  The block grows as it
 * must, up to @max, shrinks when less than an eighth of it is left, and goes
 * when the ring runs empty.  What it held until then says how large the next
 * one is made, as with base/buf: a stream in bursts does not pay for growth
 * each time.
 */
#ifndef TUN_RING_H
#define TUN_RING_H

#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "tun/pkt.h"

enum { RING_PLACE_MIN = 32 * 1024 };

struct ring {
	uint8_t		*base;
	uint32_t	 off;		/* of the first byte */
	uint32_t	 len;		/* bytes queued */
	uint32_t	 cap;
	uint32_t	 max;		/* most bytes that may ever be queued */
	uint32_t	 most;		/* bytes at once, since it was empty */
	uint32_t	 last;		/* the same, of the times before: 7/8 of
					 * it counts once more each time */
};

void	 ring_init(struct ring *, uint32_t max);
void	 ring_free(struct ring *);	/* back to empty, memory gone */
size_t	 ring_put(struct ring *, const void *, size_t len);	/* taken */
/* Where the next @len bytes at most would be: pieces of memory, 0 to 2.  It grows
 * only for a queue that was long lately, and gives nothing less than
 * RING_PLACE_MIN.  After any other answer than 0 ring_placed() is the next call. */
unsigned ring_place(struct ring *, size_t len, struct iovec out[2]);
void	 ring_placed(struct ring *, size_t len);
void	 ring_drain(struct ring *, size_t);
/* @len bytes from @at on, all of which must be there: slices filled. */
unsigned ring_slices(const struct ring *, size_t at, size_t len,
	    struct pkt_slice out[2]);

#endif

/* base/buf.h - a queue of bytes with a ceiling
 *
 * Contiguous: the head is one slice.  Zeroed memory is an empty queue that
 * takes nothing.  buf_free() wipes nothing; what is secret does not go here.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stddef.h>
#include <stdint.h>

struct buf {
	uint8_t	*base;
	size_t	 off;		/* first byte not yet drained */
	size_t	 len;		/* bytes queued, from off */
	size_t	 cap;
	size_t	 max;		/* most bytes that may ever be queued */
};

void	 buf_init(struct buf *, size_t max);
void	 buf_free(struct buf *);		/* back to empty, memory gone */
size_t	 buf_room(const struct buf *);		/* how much more it takes */
uint8_t	*buf_reserve(struct buf *, size_t);	/* NULL: no room */
void	 buf_commit(struct buf *, size_t);	/* <= what was reserved */
int	 buf_add(struct buf *, const void *, size_t);	/* 0 or -ENOBUFS */
uint8_t	*buf_head(const struct buf *);		/* ->len bytes */
void	 buf_drain(struct buf *, size_t);

#endif

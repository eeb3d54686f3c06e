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
	size_t	 cap;		/* what it takes of memory; 0 when empty */
	size_t	 max;		/* most bytes that may ever be queued */
	size_t	 most;		/* bytes to make room for when it begins anew */
};

void	 buf_init(struct buf *, size_t max);
void	 buf_free(struct buf *);		/* back to empty, memory gone */
size_t	 buf_room(const struct buf *);		/* how much more it takes */
uint8_t	*buf_reserve(struct buf *, size_t);	/* NULL: no room */
void	 buf_commit(struct buf *, size_t);	/* <= what was reserved */
int	 buf_add(struct buf *, const void *, size_t);	/* 0 or -ENOBUFS */
uint8_t	*buf_head(const struct buf *);		/* ->len bytes */
void	 buf_drain(struct buf *, size_t);

/* @n of @len bytes that came since then, as if evenly, went at @now: since when
 * has the oldest of the rest been there?  Who takes a byte now and then keeps
 * the rest no younger for it. */
static inline int64_t
buf_since(int64_t since, int64_t now, size_t n, size_t len)
{
	return since + (now - since) * (int64_t)n / (int64_t)len;
}

#endif

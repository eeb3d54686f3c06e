/* base/buf.c - a queue of bytes with a ceiling
 *
 * Theory of operation
 *	One block of memory; what is drained from the front is reclaimed by
 *	moving the rest down, but only when room is wanted and at least half of
 *	the block is waste; otherwise the block doubles.  Either way as many
 *	bytes come and go as are moved, so each is moved about once on average.
 *	A queue that runs empty gives its block back: most are empty most of the
 *	time, and there are several to each stream.  But many are filled and
 *	emptied over and over again, by now more and now less: so the next block
 *	has room from the start for what the last one came to hold, for 7/8 of
 *	what the one before that did, and so on.
 */
#include "base/buf.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { BUF_FIRST = 64 };		/* many a queue never holds more */

void
buf_init(struct buf *b, size_t max)
{
	memset(b, 0, sizeof(*b));
	b->max = max;
}

void
buf_free(struct buf *b)
{
	free(b->base);
	buf_init(b, b->max);
}

size_t
buf_room(const struct buf *b)
{
	return b->len < b->max ? b->max - b->len : 0;
}

uint8_t *
buf_head(const struct buf *b)
{
	return b->off ? b->base + b->off : b->base;
}

static int
grow(struct buf *b, size_t want)
{
	size_t cap = b->cap ? b->cap : BUF_FIRST / 2;
	uint8_t *p;

	if (want > SIZE_MAX / 4)
		return -ENOMEM;
	if (b->base == NULL && want < b->most)
		want = b->most;
	do
		cap *= 2;
	while (cap < want);
	if ((p = malloc(cap)) == NULL)
		return -ENOMEM;
	if (b->len)
		memcpy(p, buf_head(b), b->len);
	if (b->base == NULL)
		b->most -= b->most / 8;
	free(b->base);
	b->base = p;
	b->cap = cap;
	b->off = 0;
	return 0;
}

uint8_t *
buf_reserve(struct buf *b, size_t n)
{
	if (n > buf_room(b))
		return NULL;
	if (b->cap - b->off - b->len < n) {
		if (b->off >= b->cap / 2 && b->cap - b->len >= n) {
			memmove(b->base, buf_head(b), b->len);
			b->off = 0;
		} else if (grow(b, b->len + n) < 0)
			return NULL;
	}
	return buf_head(b) + b->len;
}

void
buf_commit(struct buf *b, size_t n)
{
	assert(n <= b->cap - b->off - b->len);
	b->len += n;
	if (b->len > b->most)
		b->most = b->len;
}

int
buf_add(struct buf *b, const void *p, size_t n)
{
	uint8_t *at;

	if (n == 0)
		return 0;
	if ((at = buf_reserve(b, n)) == NULL)
		return -ENOBUFS;
	memcpy(at, p, n);
	buf_commit(b, n);
	return 0;
}

void
buf_drain(struct buf *b, size_t n)
{
	size_t most = b->most;

	assert(n <= b->len);
	b->off += n;
	b->len -= n;
	if (b->len > 0)
		return;
	buf_free(b);
	b->most = most;
}

/* tun/ring.c - a queue of bytes that are read where they lie
 *
 * base/buf keeps its bytes in one piece, for which each is moved about once
 * more, and needs up to twice the memory.  A queue of sent data is large, never
 * at rest, and read by whoever takes slices: here nothing moves but where the
 * block must grow.
 */
#include "tun/ring.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
	RING_FIRST = 256,
	RING_AHEAD = 256		/* times what is put, at most */
};

void
ring_init(struct ring *r, uint32_t max)
{
	memset(r, 0, sizeof(*r));
	r->max = max;
}

void
ring_free(struct ring *r)
{
	free(r->base);
	ring_init(r, r->max);
}

unsigned
ring_slices(const struct ring *r, size_t at, size_t len,
    struct pkt_slice out[2])
{
	size_t from = r->off + at, head;

	assert(at + len <= r->len);
	if (len == 0)
		return 0;
	if (from >= r->cap)
		from -= r->cap;
	head = r->cap - from < len ? r->cap - from : len;
	out[0].p = r->base + from;
	out[0].len = head;
	if (head == len)
		return 1;
	out[1].p = r->base;
	out[1].len = len - head;
	return 2;
}

/* Without memory it stays as it is: the ring takes less. */
static void
move(struct ring *r, uint32_t cap)
{
	struct pkt_slice old[2];
	unsigned i, n;
	uint8_t *p;
	size_t at = 0;

	if ((p = malloc(cap)) == NULL)
		return;
	n = ring_slices(r, 0, r->len, old);
	for (i = 0; i < n; i++) {
		memcpy(p + at, old[i].p, old[i].len);
		at += old[i].len;
	}
	free(r->base);
	r->base = p;
	r->cap = cap;
	r->off = 0;
}

/* What fills and empties again and again is made large enough at once: to grow
 * by doubling moves each byte once more. */
static void
grow(struct ring *r, size_t want)
{
	uint32_t cap = r->cap ? r->cap : RING_FIRST / 2;
	uint32_t likely = r->most > r->last ? r->most : r->last;

	if (want < likely)
		want = want < likely / RING_AHEAD ? want * RING_AHEAD : likely;
	do
		cap = cap < r->max / 2 ? cap * 2 : r->max;
	while (cap < want);
	move(r, cap);
}

/* What is left when most has gone may stay for long. */
static void
shrink(struct ring *r)
{
	uint32_t cap = r->cap;

	if (r->len >= cap / 8)
		return;
	while (cap / 2 >= RING_FIRST && r->len < cap / 4)
		cap /= 2;
	if (cap < r->cap)
		move(r, cap);
}

/* Its block goes; how long it was is remembered, and slowly forgotten. */
static void
empty(struct ring *r)
{
	uint32_t most = r->most, last = r->last - r->last / 8;

	ring_free(r);
	r->last = most > last ? most : last;
}

size_t
ring_put(struct ring *r, const void *p, size_t len)
{
	size_t at, head;

	if (len > r->max - r->len)
		len = r->max - r->len;
	if (len > r->cap - r->len)
		grow(r, r->len + len);
	if (len > r->cap - r->len)
		len = r->cap - r->len;
	if (len == 0)
		return 0;
	at = r->off + r->len;
	if (at >= r->cap)
		at -= r->cap;
	head = r->cap - at < len ? r->cap - at : len;
	memcpy(r->base + at, p, head);
	if (len > head)
		memcpy(r->base, (const uint8_t *)p + head, len - head);
	r->len += (uint32_t)len;
	if (r->len > r->most)
		r->most = r->len;
	return len;
}

/* Only where much is to be expected: who reads a little would have had a large
 * block made for it. */
unsigned
ring_place(struct ring *r, size_t len, struct iovec out[2])
{
	uint32_t likely = r->most > r->last ? r->most : r->last;
	size_t at, head;

	if (len > r->max - r->len)
		len = r->max - r->len;
	if (len < RING_PLACE_MIN || likely < RING_PLACE_MIN)
		return 0;
	if (len > r->cap - r->len)
		grow(r, r->len + len);
	if (len > r->cap - r->len)
		len = r->cap - r->len;
	if (len < RING_PLACE_MIN)
		return 0;
	at = r->off + r->len;
	if (at >= r->cap)
		at -= r->cap;
	head = r->cap - at < len ? r->cap - at : len;
	out[0].iov_base = r->base + at;
	out[0].iov_len = head;
	out[1].iov_base = r->base;
	out[1].iov_len = len - head;
	return head < len ? 2 : 1;
}

void
ring_placed(struct ring *r, size_t len)
{
	assert(len <= r->cap - r->len);
	r->len += (uint32_t)len;
	if (r->len > r->most)
		r->most = r->len;
	if (r->len)
		shrink(r);
	else
		empty(r);
}

void
ring_drain(struct ring *r, size_t n)
{
	assert(n <= r->len);
	r->len -= (uint32_t)n;
	if (r->len == 0) {
		empty(r);
		return;
	}
	r->off += (uint32_t)n;
	if (r->off >= r->cap)
		r->off -= r->cap;
	shrink(r);
}

/* onion/dir/backoff.c - how long to wait before the next try */
#include "onion/dir/backoff.h"

#include "base/rand.h"

void
backoff_init(struct backoff *b, int64_t base, int64_t cap, int multiplier)
{
	b->base = base;
	b->cap = cap;
	b->multiplier = multiplier;
	b->last = 0;
}

void
backoff_reset(struct backoff *b)
{
	b->last = 0;
}

int64_t
backoff_next(struct backoff *b)
{
	int64_t high = (b->last ? b->last : b->base) * b->multiplier;

	if (high <= b->base)
		high = b->base + 1;
	b->last = rand_range(b->base, high - 1);
	if (b->last > b->cap)
		b->last = b->cap;
	return b->last;
}

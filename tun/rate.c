/* tun/rate.c - how often may something be answered?
 *
 * A client that has used up its own share takes nothing of what is for all, so
 * that one alone can't silence the others.
 */
#include "tun/rate.h"

#include <string.h>

#include "base/addr.h"

int
rate_bucket_take(struct rate_bucket *b, int64_t now, int every_ms, int burst)
{
	int64_t at = b->full_at > now ? b->full_at : now;

	if (at - now > (int64_t)every_ms * (burst - 1))
		return 0;
	b->full_at = at + every_ms;
	return 1;
}

void
rate_init(struct rate *r)
{
	hash_draw(&r->key);
	memset(&r->all, 0, sizeof(r->all));
	memset(r->each, 0, sizeof(r->each));
}

int
rate_take(struct rate *r, const struct addr *client, int64_t now)
{
	size_t i = hash_keyed(&r->key, client->ip, addr_iplen(client)) &
	    (RATE_PLACES - 1);

	return rate_bucket_take(&r->each[i], now, r->every_ms, r->burst) &&
	    rate_bucket_take(&r->all, now, r->all_every_ms, r->all_burst);
}

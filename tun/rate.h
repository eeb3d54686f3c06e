/* tun/rate.h - how often may something be answered?
 *
 * A bucket holds @burst answers and gets a new one every @every_ms.  A
 * struct rate is one for all clients and one for each, in a table of fixed
 * size: clients whose addresses fall on the same place, which nobody can
 * choose, share one.
 */
#ifndef TUN_RATE_H
#define TUN_RATE_H

#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"

struct addr;

struct rate_bucket {		/* zeroed: full */
	int64_t	full_at;	/* ms */
};

/* 1, and it is taken; 0: not now. */
int	rate_bucket_take(struct rate_bucket *, int64_t now, int every_ms,
	    int burst);

enum { RATE_PLACES = 1024 };	/* a power of two */

struct rate {
	struct hash_key	   key;
	struct rate_bucket all;
	struct rate_bucket each[RATE_PLACES];
	int		   every_ms, burst;	/* of each */
	int		   all_every_ms, all_burst;
};

/* Set the four numbers before. */
void	rate_init(struct rate *);
int	rate_take(struct rate *, const struct addr *client, int64_t now);

#endif

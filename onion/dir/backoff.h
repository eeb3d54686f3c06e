/* onion/dir/backoff.h - how long to wait before the next try
 *
 * Decorrelated jitter: each delay is drawn from [base, multiplier * last) and
 * cut at a ceiling, so that many clients that failed together don't come back
 * together (dir-spec 5.5).  All in ms.  A plain value: no memory, no clock.
 */
#ifndef ONION_DIR_BACKOFF_H
#define ONION_DIR_BACKOFF_H

#include <stdint.h>

struct backoff {
	int64_t	base;
	int64_t	cap;
	int	multiplier;
	int64_t	last;		/* 0: fresh */
};

void	backoff_init(struct backoff *, int64_t base, int64_t cap,
	    int multiplier);
int64_t	backoff_next(struct backoff *);		/* the delay now due */
void	backoff_reset(struct backoff *);

#endif

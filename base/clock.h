/* base/clock.h - the monotonic clock, in milliseconds
 *
 * For processes and threads without a loop, which has a clock of its own
 * (base/loop.h).  Protocol code reads none: it is told the time.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline int64_t
clock_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

#endif

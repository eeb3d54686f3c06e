/* onion/hs/hstime.h - time periods, and which shared random value goes with one
 * (rend-spec-v3 2.2.1, 2.2.4; map 15)
 *
 * Time is that of the consensus (valid-after), not of the clock.
 */
#ifndef ONION_HS_HSTIME_H
#define ONION_HS_HSTIME_H

#include <stdint.h>

struct netdir;

struct hstime {
	uint64_t	period;		/* its number */
	uint64_t	minutes;	/* its length */
	int64_t		ends;		/* s since 1970 */
	uint8_t		srv[32];	/* that clients use with it */
	uint8_t		disaster;	/* made up: the consensus has none */
};

/* @testing: TestingTorNetwork, where the length follows the voting interval. */
void	hstime_of(struct hstime *, const struct netdir *, int testing);

#endif

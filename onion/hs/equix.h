/* onion/hs/equix.h - Equi-X, a puzzle: Equihash(60, 3) over HashX
 *
 * A challenge makes a hash function; a solution is eight numbers of 16 bits
 * whose hashes, as a tree of pairs, add up to zero:
 *
 *	((0 + 1) + (2 + 3)) + ((4 + 5) + (6 + 7))
 *
 * in the lowest 15 bits for each pair, in 30 for each pair of pairs, in 60 for
 * all.  At each node the left side comes first, compared from its last number
 * on, so that a solution has one form only.  A challenge has two solutions on
 * average, and about one in several thousands makes no function.
 */
#ifndef ONION_HS_EQUIX_H
#define ONION_HS_EQUIX_H

#include <stddef.h>
#include <stdint.h>

enum {
	EQUIX_NUMBERS	= 8,
	EQUIX_LEN	= 16,	/* bytes of a solution */
	EQUIX_FOUND_MAX	= 8	/* solutions reported of one challenge */
};

struct equix;			/* memory of a search: 3 MB */

int	equix_new(struct equix **);	/* 0 or -ENOMEM */
void	equix_free(struct equix *);
/* The number of solutions in @out, without allocating anything; -EDOM: the
 * challenge makes no function. */
int	equix_solve(struct equix *, const void *challenge, size_t len,
	    uint8_t out[EQUIX_FOUND_MAX][EQUIX_LEN]);
/* 0, -EINVAL: not in order, -EDOM, -EBADMSG: a sum is not zero. */
int	equix_verify(const void *challenge, size_t len,
	    const uint8_t solution[EQUIX_LEN]);

#endif

/* onion/path/weights.h - relays drawn at random, weighted by bandwidth
 *
 * A relay's weight is its bandwidth in the consensus times the factor for its
 * class (guard, exit, both, neither; with V2Dir or without) in the position it
 * is wanted for (dir-spec 3.8.3, "bandwidth-weights").  Where one of these
 * factors is missing, or is no number, all of them count as 1.
 *
 * A wtable is made once per netdir, position and set of candidates.  A pick
 * bisects the running sums; what the caller refuses is drawn anew, and after
 * WEIGHTS_TRIES refusals all are looked at one by one, so that a pick ends and
 * is exactly as random as if the table had held only what is allowed.  Where
 * all that is allowed weighs nothing, each is as likely as any other.
 */
#ifndef ONION_PATH_WEIGHTS_H
#define ONION_PATH_WEIGHTS_H

#include <stddef.h>
#include <stdint.h>

struct netdir;
struct relay;
struct wtable;

enum weight_pos {
	WEIGHT_PLAIN,		/* bandwidth, whatever the flags */
	WEIGHT_GUARD,
	WEIGHT_MIDDLE,
	WEIGHT_EXIT,
	WEIGHT_DIR,
	WEIGHT_NPOS
};

enum weight_class {		/* BadExit makes no E or D */
	WEIGHT_C_M, WEIGHT_C_G, WEIGHT_C_E, WEIGHT_C_D, WEIGHT_NCLASSES
};

enum {
	WEIGHTS_TRIES = 24,
	WEIGHTS_ONE = 1 << 24,		/* the factor 1 */
	WEIGHTS_BW_MAX = INT32_MAX / 1000,	/* kB/s; more counts as this */
	WEIGHTS_BW_UNKNOWN = 30		/* kB/s, where no bandwidth stands */
};

struct weights {		/* by position, class, V2Dir */
	uint32_t	factor[WEIGHT_NPOS][WEIGHT_NCLASSES][2];
};

void	 weights_init(struct weights *, const struct netdir *);
/* < 2^46, so that the sum over any consensus fits. */
uint64_t weights_of(const struct weights *, enum weight_pos,
	    const struct relay *);

/* May it be taken?  1 yes. */
typedef int wtable_ok_fn(void *arg, const struct relay *);

/* All relays of the netdir that @ok takes (NULL: all).  The netdir is borrowed
 * and must outlive the table.  0 or -ENOMEM. */
int	 wtable_new(struct wtable **, const struct netdir *,
	    const struct weights *, enum weight_pos, wtable_ok_fn *ok,
	    void *arg);
void	 wtable_free(struct wtable *);
size_t	 wtable_count(const struct wtable *);
uint64_t wtable_total(const struct wtable *);	/* 0: all weigh nothing */
const struct relay *wtable_at(const struct wtable *, size_t i);

/* NULL: @ok (NULL: takes all) refused all there is. */
const struct relay *wtable_pick(const struct wtable *, wtable_ok_fn *ok,
	    void *arg);

#endif

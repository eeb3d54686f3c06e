/* tests/onion/circ/twin.h - two circuits to one exit, to be linked
 *
 * The first is a rig's, with its holders; the second goes over a channel of its
 * own.  Time passes only when a test says so.
 */
#ifndef TESTS_ONION_CIRC_TWIN_H
#define TESTS_ONION_CIRC_TWIN_H

#include "onion/circ/conflux.h"
#include "tests/onion/circ/rig.h"

enum { TWIN_RTT0 = 80, TWIN_RTT1 = 50 };	/* ms, of linking */

struct twin {
	struct rig	 r;		/* the first circuit */
	struct chan	*chan;		/* of the second */
	struct circ	*circ;		/* NULL: gone */
	struct simcirc	*sim;
	struct simset	*set;
	int		 cgo;		/* to the exit: of leg 1 << leg */
	unsigned	 built, linked, gone;
	enum circ_why	 why;
	void		(*on)(struct twin *, int what);	/* of the second */
};

extern const uint8_t twin_nonce[CONFLUX_NONCE];

void	 twin_init(struct twin *);	/* nothing is built yet */
void	 twin_build(struct twin *);	/* both circuits */
/* Both are linked: so many ms went by. */
void	 twin_link(struct twin *, int64_t rtt0, int64_t rtt1);
void	 twin_join(struct twin *);
/* All that, with the RTTs from above: the second leg is the faster one. */
void	 twin_new(struct twin *);
void	 twin_free(struct twin *);
void	 twin_run(struct twin *);
void	 twin_pass(struct twin *, int64_t ms);	/* and run */
struct circ *twin_circ(struct twin *, int i);
struct simcirc *twin_sim(struct twin *, int i);
struct chan *twin_chan(struct twin *, int i);
void	 twin_kill(struct twin *, int i);	/* by its owner */

#endif

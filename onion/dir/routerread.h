/* onion/dir/routerread.h - reads the relays of a consensus, entry by entry
 *
 * For consensus.c.  The reader is fed the items of all entries in order; an
 * entry begins with "r" and ends where the next begins or routerread_end() is
 * called.  Then it is complete in ->now.
 */
#ifndef ONION_DIR_ROUTERREAD_H
#define ONION_DIR_ROUTERREAD_H

#include <stddef.h>
#include <stdint.h>

#include "onion/dir/netdoc.h"
#include "onion/dir/router.h"

enum { ROUTERREAD_PR_SEEN = 8 };

struct routerread {
	struct consensus_router	now;
	unsigned		open;	/* lines that ->now has had */
	struct routerread_pr {		/* most `pr` lines are the same few */
		struct slice	text;
		uint32_t	caps;
	} pr[ROUTERREAD_PR_SEEN];
	size_t			next_pr;
};

/* 0 or -EBADMSG; zeroed memory is a new reader. */
int	routerread_begin(struct routerread *, const struct netdoc_item *r);
int	routerread_item(struct routerread *, const struct netdoc_item *);
int	routerread_end(struct routerread *);

#endif

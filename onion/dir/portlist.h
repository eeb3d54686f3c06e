/* onion/dir/portlist.h - exit policy summaries: `p` and `p6` (dir-spec 3.3)
 *
 * "accept 80,443,1000-2000" or "reject 25".  One block of memory without
 * pointers, so that it can be copied and interned as bytes.  A summary says
 * nothing about addresses: an exit may still refuse.
 */
#ifndef ONION_DIR_PORTLIST_H
#define ONION_DIR_PORTLIST_H

#include <stddef.h>
#include <stdint.h>

enum { PORTLIST_MAX = 1000 };	/* ranges */

struct portlist {
	uint16_t	n;
	uint16_t	accept;	/* 1: these are accepted; 0: all others are */
	struct portrange {
		uint16_t lo, hi;
	} range[];		/* ascending, apart from each other */
};

/* -EBADMSG, -ENOMEM; free() what it gives. */
int	portlist_parse(struct portlist **, const char *, size_t);
size_t	portlist_size(const struct portlist *);	/* bytes of the block */

/* A NULL list accepts nothing. */
int	portlist_accepts(const struct portlist *, uint16_t port);
int	portlist_accepts_any(const struct portlist *);

#endif

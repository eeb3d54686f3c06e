/* daemon/kin_int.h - what kin and places have in common */
#ifndef DAEMON_KIN_INT_H
#define DAEMON_KIN_INT_H

#include <sys/queue.h>

#include "base/loop.h"
#include "daemon/kin.h"

struct entry;
struct map;
struct place;

enum {
	KIN_OWN_MAX = 256,
	KIN_KEY = 1 + 16 + 4		/* family, address, scope */
};

struct kin {
	struct loop	*loop;
	struct kin_source source;
	struct map	*by_ip;
	TAILQ_HEAD(, entry) entries;	/* the longest unused first */
	struct map	*place_of;
	TAILQ_HEAD(, place) places;	/* the longest unused first */
	TAILQ_HEAD(, place) unknown;	/* who is looked for again; the next
					 * first */
	struct loop_timer again;
	int		 looking;	/* again is set */
	struct kin_neighbour *table;
	size_t		 n, room;
	struct addr	 own[KIN_OWN_MAX];
	size_t		 nown;
	int64_t		 read, read_own;
};

void	kin_key(uint8_t key[KIN_KEY], const struct addr *);
/* The table, read anew if that was @old_ms ago, or more. */
enum { KIN_READ_MS = 20, KIN_READ_KNOWN_MS = 1000 };
void	kin_read_table(struct kin *, int old_ms);
/* The neighbour with that address on that interface (0: any); NULL: none, or,
 * as is said, more. */
const struct kin_neighbour *kin_neighbour(const struct kin *,
	    const struct addr *, int ifindex, int *is_ambiguous);
/* How often, and how soon, one is looked for of whom the kernel knew no
 * link-layer address, and how many of them in one turn. */
enum { KIN_LOOKS = 12, KIN_LOOK_MS = 250, KIN_LOOKS_TURN = 32 };
void	kin_init_places(struct kin *);
void	kin_free_places(struct kin *);

#endif

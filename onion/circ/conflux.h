/* onion/circ/conflux.h - one set of streams over several circuits
 *
 * Conflux, proposal 329.
 *
 * Circuits to the same exit, its legs, are linked by a nonce that both ends
 * have seen on each.  From then on messages that belong to streams are numbered
 * over the whole set, and only the sum of a leg's messages and of the jumps
 * that SWITCH announces tells a message's number.  Here: what the messages of
 * linking look like, and what puts in order what comes.
 *
 *	LINK, LINKED	version 1 | nonce 32 | last sent 8 | last received 8 |
 *			wanted of the other's choice of legs 1
 *	LINKED_ACK	empty
 *	SWITCH		by how much the leg's count jumps 4
 */
#ifndef ONION_CIRC_CONFLUX_H
#define ONION_CIRC_CONFLUX_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "onion/circ/relaymsg.h"

enum {
	CONFLUX_NONCE	= 32,
	CONFLUX_LEGS	= 2,	/* at most */
	/* Ours, whatever a consensus says: bytes that came too early, of each
	 * leg.  More than what an exit's slow start puts in flight. */
	CONFLUX_HELD_MAX = 8 * 1024 * 1024
};

enum conflux_ux {		/* how the other one should choose a leg */
	CONFLUX_UX_ANY,
	CONFLUX_UX_LATENCY,
	CONFLUX_UX_LATENCY_LOWMEM,
	CONFLUX_UX_THROUGHPUT,
	CONFLUX_UX_THROUGHPUT_LOWMEM
};

struct conflux_link {
	uint8_t		nonce[CONFLUX_NONCE];
	uint64_t	sent, received;		/* numbers */
	uint8_t		ux;
};

size_t	conflux_put_link(uint8_t data[RELAY_DATA_MAX],
	    const struct conflux_link *);
size_t	conflux_put_switch(uint8_t data[RELAY_DATA_MAX], uint32_t jump);
int	conflux_get_link(const struct relaymsg *, struct conflux_link *);
int	conflux_get_switch(const struct relaymsg *, uint32_t *jump);
		/* 0 or -EPROTO */

/* Is it one of those that are numbered? */
int	conflux_counts(uint8_t cmd);
/* Should a leg that has no room be passed by (the highest throughput), or be
 * waited for (the least delay)? */
int	conflux_passes_by(uint8_t ux);

/* What comes over several legs, in the order in which it was sent. */
struct conflux_leg_in {
	uint64_t	count;		/* number of the last that came */
	struct buf	held;		/* came before its turn */
	uint8_t		switched;	/* and nothing came since */
};

struct conflux_in {
	uint64_t	 delivered;	/* number of the last in order */
	int64_t		 since;		/* ms; the oldest one held came */
	struct conflux_leg_in leg[CONFLUX_LEGS];
	size_t		 nlegs;
	size_t		 taken;		/* bytes of leg @from, next to go */
	size_t		 from;
};

void	conflux_in_init(struct conflux_in *, size_t nlegs, size_t held_max);
void	conflux_in_fini(struct conflux_in *);
/* 0; -EPROTO: one that no honest sender sends. */
int	conflux_in_switch(struct conflux_in *, size_t leg, uint32_t jump);
/* A numbered message: 1, it is the next; 0, it is held until it is; -EPROTO,
 * that number was there before, can never be the next, or too much is held;
 * -ENOMEM. */
int	conflux_in_got(struct conflux_in *, size_t leg,
	    const struct relaymsg *, int64_t now);
/* Of those held, one whose turn has come: 1, valid until the next call; 0. */
int	conflux_in_next(struct conflux_in *, struct relaymsg *);
size_t	conflux_in_held(const struct conflux_in *);	/* bytes */
/* What they take, with the room that their queues have for more. */
size_t	conflux_in_memory(const struct conflux_in *);

#endif

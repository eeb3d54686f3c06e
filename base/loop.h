/* base/loop.h - time and the turn, as every state machine sees them
 *
 * Protocol code reads no clock and owns no event loop: it is given a
 * struct loop at creation and finds there the time of this turn, a heap of
 * deadlines, and a list of what must happen when the turn ends (flush what
 * was queued, free what died).  daemon/evloop drives it with libevent; a unit
 * test drives it by hand:
 *
 *	loop_advance(&l, 1500);		one and a half seconds later
 *
 * Timers and turn items are embedded in their owner, which must clear them
 * before it goes.  Neither ever allocates at use: a timer can always be set.
 */
#ifndef BASE_LOOP_H
#define BASE_LOOP_H

#include <stddef.h>
#include <stdint.h>

#define LOOP_NEVER INT64_MAX

struct loop_timer {
	int64_t			 at;		/* ms, loop time */
	void			(*fn)(void *arg);
	void			*arg;
	struct loop_timer	*child;		/* pairing heap; see loop.c */
	struct loop_timer	*next;
	struct loop_timer	*prev;
	int			 armed;
};

struct loop_item {
	void			(*fn)(void *arg);
	void			*arg;
	struct loop_item	*next;
	struct loop_item	**prevp;	/* NULL: not queued */
};

struct loop {
	int64_t			 now;		/* ms, monotonic, this turn */
	int64_t			 wall;		/* s since 1970, this turn */
	struct loop_timer	*timers;
	struct loop_timer	*due;		/* while timers run */
	struct loop_item	*items;
	struct loop_item	**tail;
};

void	loop_init(struct loop *, int64_t now_ms, int64_t wall_s);

void	loop_timer_init(struct loop_timer *, void (*fn)(void *), void *arg);
void	loop_timer_set(struct loop *, struct loop_timer *, int64_t at_ms);
void	loop_timer_in(struct loop *, struct loop_timer *, int64_t delta_ms);
void	loop_timer_clear(struct loop *, struct loop_timer *);

void	loop_item_init(struct loop_item *, void (*fn)(void *), void *arg);
void	loop_item_add(struct loop *, struct loop_item *); /* once a turn */
void	loop_item_clear(struct loop *, struct loop_item *);

/* For whoever drives it. */
int64_t	loop_next(const struct loop *);		/* deadline or LOOP_NEVER */
void	loop_set(struct loop *, int64_t now_ms, int64_t wall_s);
void	loop_run_timers(struct loop *);		/* all that are due; what
						 * they set waits a turn */
void	loop_end_turn(struct loop *);		/* items, till none is left */
void	loop_advance(struct loop *, int64_t ms);/* tests: steps to each
						 * deadline in between */

#endif

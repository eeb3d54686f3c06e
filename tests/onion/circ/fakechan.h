/* tests/onion/circ/fakechan.h - a channel that is two lists of cells
 *
 * Stands in for onion/link/chan.c, whose functions it defines as far as
 * circuits call them: one channel, by hand.  What circuits send is given to
 * the simnet, and what that says to circuits, when fakechan_run() is called;
 * so nothing happens that the test did not ask for.
 */
#ifndef TESTS_ONION_CIRC_FAKECHAN_H
#define TESTS_ONION_CIRC_FAKECHAN_H

#include <stddef.h>
#include <stdint.h>

struct chan;
struct loop;
struct simnet;

/* Opened at once if @open. @at: the relay that it leads to. */
struct chan *fakechan_new(struct loop *, struct simnet *, size_t at, int open);
void	 fakechan_free(struct chan *);
void	 fakechan_open(struct chan *);
void	 fakechan_lose(struct chan *);		/* gone(), for all */
/* Cells that it takes before it is full; they count until the next run. */
void	 fakechan_room(struct chan *, size_t cells);
/* To and fro until nothing moves, and the turns' ends; 0 if nothing did. */
int	 fakechan_run(struct chan *);
/* Only one step: what was sent goes to the relays; what they sent comes. */
int	 fakechan_out(struct chan *);
int	 fakechan_in(struct chan *);
/* Deliver a cell that nobody sent. */
void	 fakechan_deliver(struct chan *, uint8_t cmd, uint8_t *body);
size_t	 fakechan_circs(const struct chan *);
unsigned fakechan_destroys(const struct chan *);	/* sent by us */
size_t	 fakechan_sent(const struct chan *);	/* cells of ours, ever */
/* The command of the last cell sent. */
uint8_t	 fakechan_last(const struct chan *);

#endif

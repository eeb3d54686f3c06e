/* tun/tcp_rack.h - which transmissions are lost (RFC 8985, RACK)
 *
 * One that was sent before another which has arrived, and that longer ago than
 * a round trip and a margin for reordering, is lost: whether it was the first
 * or was itself sent again.
 */
#ifndef TUN_TCP_RACK_H
#define TUN_TCP_RACK_H

#include <stdint.h>

struct tcp_tx;
struct tcp_txs;

struct tcp_rack {
	uint32_t	order, to;	/* the latest sent that has arrived */
	uint32_t	rtt;		/* and how long it took, ms */
	uint32_t	fack;		/* highest that has arrived, one past */
	uint32_t	round;		/* una there: the next DSACK counts */
	uint8_t		known;		/* of order, to, rtt */
	uint8_t		reordered;	/* something came out of order, ever */
	uint8_t		mult;		/* of the margin */
	uint8_t		persist;	/* recoveries until it is 1 again */
	uint8_t		in_round;
};

void	tcp_rack_init(struct tcp_rack *, uint32_t seq);
/* A piece has arrived.  @suspect: if it was sent more than once, this answers
 * an earlier transmission. */
void	tcp_rack_arrived(struct tcp_rack *, const struct tcp_tx *, uint32_t rtt,
	    int suspect);
/* We sent something for nothing (RFC 2883): allow for more reordering. */
void	tcp_rack_dsack(struct tcp_rack *, uint32_t una, uint32_t max);
void	tcp_rack_recovered(struct tcp_rack *);
/* The margin, ms; @sure: enough has arrived to take the rest as lost. */
uint32_t tcp_rack_margin(const struct tcp_rack *, uint32_t min_rtt,
	    uint32_t srtt, int sure);
/* Marks what is lost; when to look again, LOOP_NEVER for no such time. */
int64_t	tcp_rack_detect(const struct tcp_rack *, struct tcp_txs *,
	    uint32_t margin, int64_t now);

#endif

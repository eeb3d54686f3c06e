/* onion/circ/vegas.h - how many cells may be in flight (proposal 324, 3.3)
 *
 * TOR_VEGAS: the congestion window follows how much of it seems to sit in
 * queues, judged by how far the round trip time is above the smallest seen.
 * Times are microseconds; what they are measured with may be coarser.
 */
#ifndef ONION_CIRC_VEGAS_H
#define ONION_CIRC_VEGAS_H

#include <stdint.h>

struct flow_params;

struct vegas {
	const struct flow_params *p;	/* outlives this */
	uint32_t	inc;		/* cells in a SENDME */
	int64_t		cwnd;		/* cells */
	int64_t		inflight;
	int64_t		bdp;		/* bandwidth-delay product, cells */
	int64_t		rtt_ewma;	/* us; 0: not known */
	int64_t		rtt_min;
	int64_t		rtt_max;
	uint32_t	next_event;	/* SENDMEs until cwnd may change */
	uint32_t	next_cwnd;	/* SENDMEs until one cwnd went by */
	uint8_t		slow_start;
	uint8_t		full;		/* cwnd has been in use */
	uint8_t		blocked;	/* our channel took no more */
	uint8_t		stalled;	/* the clock did not move, lately */
};

void	vegas_init(struct vegas *, const struct flow_params *, uint32_t inc);
int64_t	vegas_room(const struct vegas *);	/* cells */
void	vegas_sent(struct vegas *);
/* A SENDME for a cell that was sent @rtt_us ago.  @blocked: the channel is
 * full and has cells of ours to take. */
void	vegas_acked(struct vegas *, int64_t rtt_us, int blocked);

#endif

/* tun/tcp_rtt.h - the round trip, and what follows from it for timers
 *
 * RFC 6298.  All times are milliseconds; a LAN's round trip is often none, so
 * the averages are kept in 1/256 ms.
 */
#ifndef TUN_TCP_RTT_H
#define TUN_TCP_RTT_H

#include <stdint.h>

enum {
	TCP_RTO_MIN_MS = 200, TCP_RTO_MAX_MS = 60000, TCP_RTO_FIRST_MS = 1000
};

struct tcp_rtt {
	uint32_t	srtt, var;	/* 1/256 ms */
	uint32_t	min;		/* ms, ever */
	uint8_t		known;		/* there was a sample */
	uint8_t		backoff;	/* timeouts since the last one */
};

/* A sample, never of a segment sent twice (Karn).  Ends the backoff. */
void	 tcp_rtt_sample(struct tcp_rtt *, uint32_t ms);
void	 tcp_rtt_backoff(struct tcp_rtt *);
/* Something arrived that gives no sample, since it was sent twice. */
void	 tcp_rtt_progress(struct tcp_rtt *);
uint32_t tcp_rtt_rto(const struct tcp_rtt *);	/* with the backoff */
uint32_t tcp_rtt_ms(const struct tcp_rtt *);	/* smoothed, rounded up */
/* The @n-th wait for an answer to a probe of the window. */
uint32_t tcp_rtt_persist(const struct tcp_rtt *, unsigned n);

#endif

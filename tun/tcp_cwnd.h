/* tun/tcp_cwnd.h - how much may be under way (RFC 5681, 6928, 6937)
 *
 * In bytes.  Slow start and congestion avoidance by what arrives, recovery at
 * the rate at which bytes arrive, half of it after a loss, a single segment
 * after a timeout.  A window that is not used up does not grow; one that was
 * idle is not made small again (RFC 5681 4.1 would): between us and the client
 * there is at most a LAN, and each answer to a request would start anew.
 */
#ifndef TUN_TCP_CWND_H
#define TUN_TCP_CWND_H

#include <stdint.h>

enum { TCP_CWND_MAX = 1024 * 1024 };	/* bytes */

enum tcp_cwnd_state {
	TCP_CWND_OPEN,		/* nothing is known to be lost */
	TCP_CWND_RECOVERY,	/* fast recovery */
	TCP_CWND_LOSS		/* after a timeout */
};

struct tcp_cwnd {
	uint32_t	cwnd, ssthresh;
	uint32_t	arrived;	/* towards the next segment more */
	uint32_t	end;		/* recovery ends when it has arrived */
	union {
		struct {		/* RECOVERY; RFC 6937 has for them */
			uint32_t in;	/* prr_delivered, */
			uint32_t out;	/* prr_out and */
			uint32_t flight;	/* RecoverFS */
		} prr;
		struct {		/* LOSS: as it was before */
			uint32_t cwnd, ssthresh;
			uint32_t at;	/* ms, low bits */
		} old;
	};
	uint8_t		state;		/* enum tcp_cwnd_state */
	uint8_t		full;		/* it is what holds us back */
};

void	tcp_cwnd_init(struct tcp_cwnd *, uint32_t mss);
/* @bytes have arrived; @under_way still are. */
void	tcp_cwnd_arrived(struct tcp_cwnd *, uint32_t bytes, uint32_t under_way,
	    uint32_t mss);
void	tcp_cwnd_sent(struct tcp_cwnd *, uint32_t bytes);
/* Something is lost; @flight bytes were not acknowledged, up to @end. */
void	tcp_cwnd_lost(struct tcp_cwnd *, uint32_t flight, uint32_t under_way,
	    uint32_t end, uint32_t mss);
void	tcp_cwnd_timeout(struct tcp_cwnd *, uint32_t flight, uint32_t end,
	    uint32_t mss, int64_t now);
/* Another one, with nothing heard since the last. */
void	tcp_cwnd_timeout_again(struct tcp_cwnd *, uint32_t end, uint32_t mss);
/* All up to @end has arrived. */
void	tcp_cwnd_recovered(struct tcp_cwnd *);
/* The timeout was for nothing. */
void	tcp_cwnd_undo(struct tcp_cwnd *);
/* A loss that is repaired already. */
void	tcp_cwnd_halve(struct tcp_cwnd *, uint32_t flight, uint32_t mss);

#endif

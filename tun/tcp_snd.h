/* tun/tcp_snd.h - the sending half of a TCP connection
 *
 * What the holder wants sent waits here until the client has acknowledged it:
 * the queue, what of it is under way, what the client said has arrived (SACK,
 * RFC 2018), what must be taken as lost (RACK and tail loss probes, RFC 8985),
 * the round trip and the retransmission timeout (RFC 6298), the congestion
 * window (RFC 5681, 6928, 6675) and probes of a closed window (RFC 9293
 * 3.8.6.1).  Sans IO: segments are asked for by tcp_snd_next(), and time comes
 * in as milliseconds of the loop.
 *
 * SYN and FIN take a place in the sequence space; SYN is not sent here: una and
 * nxt begin behind it.
 */
#ifndef TUN_TCP_SND_H
#define TUN_TCP_SND_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "tun/pkt.h"

struct tcp_tx;			/* one transmission; tcp_snd.c */

enum {
	TCP_SND_QUEUE_MAX = 512 * 1024,	/* bytes, sent and unsent */
	TCP_SND_TX_MAX = 1024,		/* transmissions remembered */
	TCP_SND_SACK_MAX = 4,		/* blocks in one segment */
	TCP_RTO_MIN_MS = 200, TCP_RTO_MAX_MS = 60000, TCP_RTO_FIRST_MS = 1000,
	TCP_GIVE_UP_MS = 100 * 1000	/* unacknowledged: the client is gone */
};

struct tcp_sack {
	uint32_t	from, to;	/* [from, to) */
};

struct tcp_ack {			/* of an acceptable segment */
	uint32_t	ack;
	uint32_t	wnd;		/* bytes, scaled already */
	uint32_t	seq;		/* of the segment, for WL1 */
	uint32_t	len;		/* of its payload, SYN and FIN: one that
					 * carries any is no duplicate */
	struct tcp_sack	sack[TCP_SND_SACK_MAX];
	unsigned	nsack;
	uint8_t		has_ts;
	uint32_t	ts_ecr;		/* the ms clock that we sent */
};

struct tcp_seg_out {
	uint32_t	seq;
	size_t		len;
	struct pkt_slice body[PKT_BODY_MAX];	/* dies with the next call */
	unsigned	nbody;
	uint8_t		fin, push;
};

struct tcp_snd {
	struct buf	 q;		/* from una; FIN is not in it */
	struct tcp_tx	*tx;		/* what is under way, by sequence */
	uint32_t	 ntx, txcap;
	uint32_t	 una, nxt;
	uint32_t	 max;		/* highest ever sent, one past */
	uint32_t	 wnd, max_wnd;	/* that the client offers; the largest */
	uint32_t	 wl1, wl2;
	uint32_t	 cwnd, ssthresh;
	int64_t		 deadline;	/* LOOP_NEVER: none */
	/* The rest is tcp_snd.c's own; add what it needs. */
};

void	tcp_snd_init(struct tcp_snd *, uint32_t iss, uint16_t mss, int sack,
	    int timestamps);
void	tcp_snd_free(struct tcp_snd *);

/* How much of it the queue took. */
size_t	tcp_snd_put(struct tcp_snd *, const void *, size_t len, int64_t now);
size_t	tcp_snd_room(const struct tcp_snd *);
void	tcp_snd_fin(struct tcp_snd *);		/* after all that is in it */
int	tcp_snd_fin_acked(const struct tcp_snd *);
size_t	tcp_snd_queued(const struct tcp_snd *);	/* bytes not acknowledged */

/* What an acceptable ACK (una <= ack <= max) means.  TCP_ACK_* or'ed. */
enum { TCP_ACK_NEW = 1, TCP_ACK_WINDOW = 2, TCP_ACK_FIN = 4 };
int	tcp_snd_ack(struct tcp_snd *, const struct tcp_ack *, int64_t now);

/* The next segment to go out now, up to @most bytes of payload (at least the
 * MSS; more where the device cuts): 1, and it counts as sent; 0: none. */
int	tcp_snd_next(struct tcp_snd *, struct tcp_seg_out *, size_t most,
	    int64_t now);
/* When tcp_snd_timer() is due: s->deadline.  0, and there may be something to
 * send now; -ETIMEDOUT: the client is gone. */
int	tcp_snd_timer(struct tcp_snd *, int64_t now);

/* The path takes smaller segments only (a plausible ICMP; RFC 5927). */
void	tcp_snd_set_mss(struct tcp_snd *, uint16_t mss);

#endif

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
 * Its parts: ring (the queue), tcp_tx (what is under way), tcp_rtt, tcp_rack,
 * tcp_cwnd.
 *
 * SYN and FIN take a place in the sequence space; SYN is not sent here: una and
 * nxt begin behind it.
 */
#ifndef TUN_TCP_SND_H
#define TUN_TCP_SND_H

#include <stddef.h>
#include <stdint.h>

#include "tun/pkt.h"
#include "tun/ring.h"
#include "tun/tcp_cwnd.h"
#include "tun/tcp_rack.h"
#include "tun/tcp_rtt.h"
#include "tun/tcp_tx.h"

enum {
	TCP_SND_QUEUE_MAX = 512 * 1024,	/* bytes, sent and unsent */
	TCP_SND_BULK = 128 * 1024,	/* under way: a crumb behind it waits */
	TCP_SND_SACK_MAX = 4,		/* blocks in one segment */
	TCP_SND_MSS_MIN = 536 - 12,	/* see tcp_snd_init() */
	TCP_GIVE_UP_MS = 100 * 1000	/* nothing heard: the client is gone */
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
	struct ring	 q;		/* from una; FIN is not in it */
	struct tcp_txs	 tx;		/* what is under way */
	struct tcp_rtt	 rtt;
	struct tcp_rack	 rack;
	struct tcp_cwnd	 cc;
	uint32_t	 una;
	uint32_t	 nxt;		/* of a segment without payload: max,
					 * but not beyond the window */
	uint32_t	 max;		/* highest ever sent, one past */
	uint32_t	 wnd, max_wnd;	/* the client offers; the largest */
	uint32_t	 wl1, wl2;
	int64_t		 deadline;	/* LOOP_NEVER: none */

	/* tcp_snd.c's own. */
	int64_t		 since;		/* the oldest in q; see buf_since */
	int64_t		 rto_at;	/* or the next probe of the window */
	int64_t		 soon_at;	/* something that comes before it */
	int64_t		 alive_at;	/* the client last gave us hope */
	uint32_t	 tlp_end;	/* RFC 8985 7: TLP.end_seq */
	uint32_t	 sack_seen;	/* a hash of the last blocks */
	uint32_t	 dup;		/* bytes that left, say duplicate ACKs
					 * of a client without SACK */
	uint16_t	 mss;
	uint8_t		 soon;		/* what it is that comes soon ... */
	uint8_t		 probe;		/* ... and that goes out next */
	uint8_t		 probes;	/* for the tail, unanswered */
	uint8_t		 tries;		/* to probe the window, unanswered */
	uint8_t		 dups;		/* duplicate ACKs in a row */
	uint8_t		 sack : 1, ts : 1;	/* negotiated */
	uint8_t		 heard : 1;	/* wl1 and wl2 hold */
	uint8_t		 fin : 1, fin_sent : 1, fin_acked : 1;
	uint8_t		 stuck : 1;	/* only the window holds us back */
	uint8_t		 tlp : 1, tlp_again : 1;	/* see tlp_end */
	uint8_t		 undo : 1;	/* the timeout may prove spurious */
};

/* @mss is the payload that fits a segment, options such as timestamps taken
 * off.  Below TCP_SND_MSS_MIN it counts as that: no host may refuse as much,
 * which is 536 bytes with timestamps (RFC 9293 3.7.1), and one that says so
 * wants us to send a flood of crumbs.  How long the handshake took, if our SYN
 * went out once, should be told next: tcp_rtt_sample(&s->rtt, ms). */
void	tcp_snd_init(struct tcp_snd *, uint32_t iss, uint16_t mss, int sack,
	    int timestamps);
void	tcp_snd_free(struct tcp_snd *);

/* How much of it the queue took: less than there is room for where memory is
 * short, and then tcp_snd_timer() says when to try again. */
size_t	tcp_snd_put(struct tcp_snd *, const void *, size_t len, int64_t now);
/* The same where the bytes are yet to be fetched: see ring_place(). */
unsigned tcp_snd_place(struct tcp_snd *, size_t len, struct iovec out[2]);
void	tcp_snd_placed(struct tcp_snd *, size_t len, int64_t now);
size_t	tcp_snd_room(const struct tcp_snd *);
void	tcp_snd_fin(struct tcp_snd *);		/* after all that is in it */
int	tcp_snd_fin_acked(const struct tcp_snd *);
size_t	tcp_snd_queued(const struct tcp_snd *);	/* bytes not acknowledged */
size_t	tcp_snd_memory(const struct tcp_snd *);	/* bytes that all of it takes */
/* Loop ms since when the oldest of them have waited; LOOP_NEVER: none. */
int64_t	tcp_snd_since(const struct tcp_snd *);

/* What an acceptable ACK (una <= ack <= max) means: TCP_ACK_* or'ed.  WINDOW:
 * another one is offered.  There may be segments to send after it, as after
 * tcp_snd_put() and tcp_snd_fin(). */
enum { TCP_ACK_NEW = 1, TCP_ACK_WINDOW = 2, TCP_ACK_FIN = 4 };
int	tcp_snd_ack(struct tcp_snd *, const struct tcp_ack *, int64_t now);

/* The next segment to go out now, up to @most bytes of payload (at least the
 * MSS; more where the device cuts): 1, and it counts as sent; 0: none.  It may
 * be a probe: an empty one, whose sequence number is an old one. */
int	tcp_snd_next(struct tcp_snd *, struct tcp_seg_out *, size_t most,
	    int64_t now);
/* When tcp_snd_timer() is due: s->deadline.  0, and there may be something to
 * send now, or room again; -ETIMEDOUT: the client is gone. */
int	tcp_snd_timer(struct tcp_snd *, int64_t now);

/* The path takes smaller segments only (a plausible ICMP; RFC 5927): what is
 * under way goes again.  Larger than now: nothing happens. */
void	tcp_snd_set_mss(struct tcp_snd *, uint16_t mss, int64_t now);

#endif

/* tun/tcp_conn.h - a connection's fields, for the files that make it up
 *
 * tcp_out sends, tcp_life changes states, tcp_in takes segments, tcp is its
 * holder's side and its time, and tcp_table keeps all of them.
 */
#ifndef TUN_TCP_CONN_H
#define TUN_TCP_CONN_H

#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/addr.h"
#include "base/endpoint.h"
#include "base/loop.h"
#include "tun/memory.h"
#include "tun/rate.h"
#include "tun/tcp_fsm.h"
#include "tun/tcp_rcv.h"
#include "tun/tcp_snd.h"

struct pkt_out;
struct tcp;

enum {
	TCP_RCV_SCALE = 4,		/* windows up to 1 MiB */
	TCP_MSS_MIN = 536,		/* RFC 9293 3.7.1 */
	TCP_MSS6_MIN = 1220,
	TCP_SYN_TRIES = 5,		/* again, each after twice as long */
	/* A client asks again after 1000.  If ours were first, it would take
	 * the second for a round trip. */
	TCP_SYN_MS = 1250,
	/* A client that stopped asking gave up, so whoever holds may, too. */
	TCP_HELD_MS = 180 * 1000,
	/* An idle client is asked whether it is there; one of which, or to
	 * which, the end is known sooner. */
	TCP_IDLE_MS = 7200 * 1000, TCP_IDLE_EVERY_MS = 75 * 1000,
	TCP_IDLE_TRIES = 9,
	TCP_HALF_MS = 30 * 1000, TCP_HALF_EVERY_MS = 15 * 1000,
	TCP_HALF_TRIES = 4,
	/* Nothing moves though something should: a window that stays shut, an
	 * end that does not come. */
	TCP_STALL_MS = 1800 * 1000,
	TCP_ORPHAN_MS = 60 * 1000,	/* the same, when nobody holds it */
	/* After there was no memory; then twice as long, and so on. */
	TCP_RETRY_MS = 100, TCP_RETRIES = 5,
	TCP_CHALLENGE_MS = 500, TCP_CHALLENGE_BURST = 10
};

TAILQ_HEAD(tcp_list, tcp);

struct tcp_host {		/* what all connections of a stack share */
	struct loop	*loop;
	uint16_t	 mtu;
	uint8_t		 offload;
	size_t		 bytes;		/* of queues, now */
	size_t		 bytes_max;
	struct memory	*memory;	/* with other stacks; or NULL */
	struct tcp_list	 active;	/* not in TIME_WAIT, the idlest first */
	uint64_t	 resets;	/* by either side */
	void		(*emit)(void *arg, const struct pkt_out *);
	/* It has just come into its state; also again into the same one. */
	void		(*moved)(void *arg, struct tcp *, enum tcp_state from);
	void		(*refuse)(void *arg, const struct tcp *, int why);
	void		*arg;
};

struct tcp {
	struct endpoint	 ep;		/* user NULL: nobody holds it */
	struct tcp_host	*host;
	struct addr	 client, dest;
	TAILQ_ENTRY(tcp) link;		/* active, or waiting */
	struct loop_item turn;		/* send; or, when it is dead, free */
	struct loop_timer timer;	/* no later than the next deadline */
	struct tcp_snd	 snd;
	struct tcp_rcv	 rcv;
	struct rate_bucket challenges;
	int64_t		 heard;		/* ms; something acceptable came */
	int64_t		 moved;		/* ms; bytes came or were acknowledged,
					 * or began to wait */
	int64_t		 at;		/* SYN_RCVD: the next SYN|ACK;
					 * TIME_WAIT: its end; else try again
					 * to get memory */
	int64_t		 ts_recent_at;	/* ms */
	int64_t		 early_since;	/* ms */
	uint32_t	 ts_recent;
	uint32_t	 ts_off;	/* our clock's, from the loop's */
	uint32_t	 irs, iss;
	size_t		*share;		/* the client's part of host->bytes;
					 * NULL: it has no place any more */
	uint32_t	 counted;	/* in both */
	uint16_t	 peer_mss;	/* as announced, or what that means */
	uint8_t		 state;		/* enum tcp_state */
	uint8_t		 peer_scale;
	uint8_t		 tries;		/* SYN|ACKs, or probes, unanswered */
	uint8_t		 waits;		/* for memory, in vain */
	uint8_t		 scaled : 1, sack : 1, ts : 1;	/* were offered */
	uint8_t		 fin : 1;	/* the holder sends no more */
	uint8_t		 refused : 1;	/* the holder waits for room */
	uint8_t		 ack_now : 1;
	uint8_t		 syn_now : 1;	/* SYN|ACK */
	uint8_t		 syn_again : 1;	/* the client asked for it twice */
};

static inline void
tcp_wake(struct tcp *c)
{
	loop_item_add(c->host->loop, &c->turn);
}

#endif

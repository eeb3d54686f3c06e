/* tun/tcp_rcv.h - the receiving half of a TCP connection
 *
 * In-order payload is handed on at once, as slices of the packet that it came
 * in; what comes early waits here, within the window, and is said by SACK.  The
 * window that we offer is the credit that the holder granted and the client did
 * not use yet, so its right edge moves left by no more than the rounding of its
 * scale (RFC 7323 2.4; what was offered before is still taken), and what a
 * stalled stream does not take stays with the client (RFC 9293 3.8.6.2).  Less
 * than a unit of the scale can't be offered: who waits for the last bytes of a
 * credit before it grants more may wait for ever.
 *
 * Sans IO: whether and when an ACK is due is an answer of tcp_rcv_segment().
 */
#ifndef TUN_TCP_RCV_H
#define TUN_TCP_RCV_H

#include <stddef.h>
#include <stdint.h>

#include "tun/tcp_snd.h"

struct tcp_early;		/* a stretch that came early; tcp_rcv.c */

enum {
	TCP_RCV_EARLY_MAX = 128,	/* stretches; more: the farthest goes */
	TCP_RCV_QUICK = 16,
	TCP_DELACK_MS = 40
};

struct tcp_rcv {
	uint32_t	 nxt;
	uint32_t	 wup;		/* right edge as last advertised */
	size_t		 credit;	/* granted, not yet delivered */
	uint8_t		 scale;		/* our window's shift */
	struct tcp_early *early;	/* by sequence, none overlap */
	size_t		 early_bytes;	/* memory that they take */
	size_t		 early_max;	/* and may take; the holder sets it */
	int64_t		 ack_at;	/* delayed ACK; LOOP_NEVER: none */
	uint32_t	 acked;		/* nxt as last advertised */
	uint32_t	 dup_from, dup_to;	/* came twice (RFC 2883) */
	uint32_t	 fin_at;	/* where a FIN stands that came early */
	uint16_t	 mss;
	uint16_t	 count;		/* stretches */
	uint32_t	 clock;		/* counts arrivals out of order */
	uint8_t		 fin_known;
	uint8_t		 quick;		/* segments whose ACK is not delayed */
};

enum tcp_rcv_ack { TCP_RCV_QUIET, TCP_RCV_LATER, TCP_RCV_NOW };

typedef void tcp_rcv_fn(void *arg, const void *, size_t len);

void	tcp_rcv_init(struct tcp_rcv *, uint32_t irs, uint16_t mss,
	    uint8_t scale);
void	tcp_rcv_free(struct tcp_rcv *);		/* what waits; not within @fn */
/* 1: the window has opened enough to be told at once. */
int	tcp_rcv_grant(struct tcp_rcv *, size_t credit);
/* RFC 9293 3.10.7.4, first check: is any of it in the window?  An empty one may
 * stand at the right edge, where a client stands that used up its window. */
int	tcp_rcv_acceptable(const struct tcp_rcv *, uint32_t seq, size_t len);
/* Payload and FIN of an acceptable segment, trimmed here to the window.  In
 * order bytes go to @fn, which may grant; *fin is set when all up to the FIN
 * has been given. */
enum tcp_rcv_ack tcp_rcv_segment(struct tcp_rcv *, uint32_t seq, const void *,
	    size_t len, int has_fin, int *fin, tcp_rcv_fn *fn, void *arg,
	    int64_t now);
/* Payload that had come before, all of it: the next ACK says so (RFC 2883). */
void	tcp_rcv_old(struct tcp_rcv *, uint32_t seq, size_t len);
/* Would the next ACK tell more than up to where all has come? */
int	tcp_rcv_disorder(const struct tcp_rcv *);
/* What an ACK that goes out now says; it also settles what was owed.  The
 * blocks are to be asked for first. */
uint16_t tcp_rcv_advertise(struct tcp_rcv *);	/* the header's field */
uint16_t tcp_rcv_advertise_syn(struct tcp_rcv *);	/* never scaled */
unsigned tcp_rcv_sacks(const struct tcp_rcv *, struct tcp_sack *, unsigned max);

#endif

/* tests/tun/peer.h - a stack, those who hold its connections, and clients
 *
 * struct net is one stack in a loop driven by hand: what it emits is checked
 * (lengths, checksums) and queued, each connection that it opens is taken by a
 * struct hold, which keeps all it is told.  struct peer is a client that does
 * nothing by itself: the test says which segment it sends, and looks at what it
 * gets.
 */
#ifndef TESTS_TUN_PEER_H
#define TESTS_TUN_PEER_H

#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/endpoint.h"
#include "base/loop.h"
#include "tun/pkt.h"
#include "tun/stack.h"
#include "tun/tcp_seg.h"

/* libcheck writes to a pipe at each of its assertions, and fuzzers have none:
 * for what runs a million times. */
#define PEER_MUST(x) do {						\
	if (!(x))							\
		peer_failed(#x, __FILE__, __LINE__);			\
} while (0)
void	peer_failed(const char *what, const char *file, int line);

struct net;

struct hold {			/* of one connection */
	struct net	*net;
	struct endpoint	*ep;	/* NULL: over */
	struct addr	 client, dest;
	uint8_t		*got;
	size_t		 len, cap;
	size_t		 granted;
	unsigned	 opens, rooms, fins, gones;
	int		 why;
	/* What it does by itself, in its next call. */
	uint8_t		 kills;		/* 1: with a reset; 2: with 0 */
	uint8_t		 grants;	/* what came, at once */
	size_t		 sends;		/* so much, whenever there is room */
	struct hold	*next;
};

struct out {			/* a packet that the stack emitted */
	struct out	*next;
	uint16_t	 cut;		/* into segments of this payload */
	size_t		 len;
	uint8_t		 b[];
};

struct net {
	struct loop	 loop;
	struct stack	*stack;
	struct stack_conf conf;
	struct out	*out, **tail;
	size_t		 nout;		/* emitted, ever */
	struct hold	*holds;		/* the newest first */
	size_t		 opens;
	/* Done by the holder within open(). */
	int		 accept;	/* and grants so much */
	int		 refuse;	/* kill(-refuse) */
	int		 silent;	/* kill(0) */
	int		 quiet;		/* keeps nothing of what is emitted */
	/* The last datagram. */
	unsigned	 datagrams;
	struct addr	 from, to;
	uint8_t		 dgram[2048];
	size_t		 dgramlen;
};

/* Defaults where conf has 0: IPv4 and IPv6 addresses of its own, MTU 1500, UDP
 * port 53, room for much. */
void	net_init(struct net *, const struct stack_conf *);
void	net_fini(struct net *);		/* all is gone, or it fails */
void	net_advance(struct net *, int64_t ms);
void	net_flush(struct net *);	/* forgets what was emitted */
/* The oldest packet that was emitted; NULL: none.  Frees the one before. */
const struct out *net_out(struct net *);
/* How many were dropped for this reason. */
uint64_t net_dropped(struct net *, enum drop);
/* A packet into the stack, and the turn ends. */
void	net_packet(struct net *, const void *, size_t len, int csum_ok);
void	net_packet_in_turn(struct net *, const void *, size_t len, int csum_ok);
struct stack_totals net_totals(struct net *);

struct peer {
	struct net	*net;
	struct addr	 me, dest;
	uint32_t	 iss, nxt;	/* what it sends next */
	uint32_t	 ack;		/* what it has got */
	uint16_t	 wnd;		/* the field */
	uint16_t	 mss;		/* offered in its SYN; 0: not */
	int8_t		 wscale;	/* -1: not */
	uint8_t		 sack, ts;
	uint32_t	 ts_val, ts_ecr;
	struct tcp_sack	 blocks[TCP_SND_SACK_MAX];
	unsigned	 nblocks;
	struct tcp_seg	 got;		/* the last segment; data is borrowed */
	uint16_t	 cut;
	struct hold	*hold;		/* after peer_open() */
	int		 same_turn;	/* a segment does not end it */
};

void	peer_init(struct peer *, struct net *, const char *me,
	    const char *dest);
/* One segment, with the options of the peer. */
void	peer_send(struct peer *, uint8_t flags, uint32_t seq, uint32_t ack,
	    const void *, size_t len);
void	peer_syn(struct peer *);
void	peer_data(struct peer *, const void *, size_t len);	/* in order */
void	peer_fin(struct peer *);
void	peer_ack(struct peer *);
/* The next segment for it: 1, in ->got; 0: none.  Others' are skipped. */
int	peer_got(struct peer *);
/* Takes all segments, those in order into ->ack: how many bytes. */
size_t	peer_take(struct peer *);
/* SYN, accept(), ACK: open, with a credit of @credit. */
void	peer_open(struct peer *, size_t credit);
int	peer_none(struct peer *);	/* nothing came for it */

#endif

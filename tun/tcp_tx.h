/* tun/tcp_tx.h - what is under way: transmissions, and what became of them
 *
 * Records lie by sequence number, touch each other, and together cover all from
 * the oldest byte not acknowledged to the newest sent, a FIN's place included.
 * Bytes that went out one after the other within a millisecond share a record,
 * and it is split where their ways part.  Nothing is allocated while nothing is
 * under way, nor for each segment.
 */
#ifndef TUN_TCP_TX_H
#define TUN_TCP_TX_H

#include <stdint.h>

enum { TCP_TX_MAX = 1024 };	/* records of one connection */

struct tcp_tx {
	int64_t		sent_at;	/* ms; the last time */
	uint32_t	from, to;	/* [from, to) */
	uint32_t	order;		/* of that transmission among all */
	uint8_t		sacked;		/* arrived, says the client */
	uint8_t		lost;		/* to be sent again */
	uint8_t		again;		/* was sent more than once */
};

struct tcp_txs {
	struct tcp_tx	*v;
	uint16_t	 off, n, cap;
	uint32_t	 sacked, lost;	/* bytes */
	uint32_t	 lost_from;	/* nothing before it is lost */
	uint32_t	 order;		/* the last transmission's */
};

/* A piece of a record that has arrived and was not known to have. */
typedef void tcp_tx_fn(void *arg, const struct tcp_tx *);

void	tcp_txs_free(struct tcp_txs *);

static inline struct tcp_tx *
tcp_txs_at(const struct tcp_txs *t, int i)
{
	return &t->v[t->off + i];
}

/* Was a's transmission before that of the byte before @to in @order? */
int	tcp_tx_before(const struct tcp_tx *a, uint32_t order, uint32_t to);

/* New bytes go out, right behind the last.  -ENOMEM; -ENOBUFS: wait until
 * something has been acknowledged. */
int	tcp_txs_add(struct tcp_txs *, uint32_t from, uint32_t to, int64_t now);
/* The first @len bytes of a record go out again.  Where it can't be split, all
 * of it counts as sent: that it wasn't comes out like any loss. */
void	tcp_txs_resend(struct tcp_txs *, int i, uint32_t len, int64_t now);

/* All before @ack has arrived. */
void	tcp_txs_ack(struct tcp_txs *, uint32_t ack, tcp_tx_fn *, void *arg);
/* [from, to) has arrived.  Where a record can't be split, it is left out. */
void	tcp_txs_sack(struct tcp_txs *, uint32_t from, uint32_t to, tcp_tx_fn *,
	    void *arg);

void	tcp_txs_lose(struct tcp_txs *, int i);		/* unless it arrived */
void	tcp_txs_lose_head(struct tcp_txs *, uint32_t len);
void	tcp_txs_lose_all(struct tcp_txs *);
void	tcp_txs_found_all(struct tcp_txs *);	/* none of them is lost */
void	tcp_txs_unsack(struct tcp_txs *);	/* RFC 2018 8: forget it all */

int	tcp_txs_next_lost(struct tcp_txs *);	/* the first; -1: none */
int	tcp_txs_first_out(const struct tcp_txs *); /* not sacked; -1: none */
/* The last record, cut so that it has no more than @len bytes. */
int	tcp_txs_tail(struct tcp_txs *, uint32_t len);

#endif

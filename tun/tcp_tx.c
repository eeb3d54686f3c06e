/* tun/tcp_tx.c - what is under way: transmissions, and what became of them
 *
 * Theory of operation
 *	A stretch of an array that grows by doubling: acknowledged records leave
 *	at its head, new ones come at its end.  A split moves what lies behind
 *	it, neighbours that have both arrived become one, and so the array stays
 *	short: a window sent within a millisecond is one record until the client
 *	tells of holes in it.
 *
 *	The clock has milliseconds, a LAN's round trip often less than one.  So
 *	it can't tell which of two transmissions was first; their order can.
 * Limits
 *	TCP_TX_MAX records.  New bytes are refused before what arrived is no
 *	longer told apart, and that before what is sent again.  A client that
 *	acknowledges every other byte gets so far and no further, and each ACK
 *	of it costs at most a walk over them all.
 * Invariants
 *	sacked and lost are sums over the records; none is both.
 */
#include "tun/tcp_tx.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tun/seq.h"

enum {
	TX_FIRST = 8,
	TX_MAX_ADD = TCP_TX_MAX - 64,
	TX_MAX_SACK = TCP_TX_MAX - 16
};

static uint32_t
size(const struct tcp_tx *r)
{
	return r->to - r->from;
}

int
tcp_tx_before(const struct tcp_tx *a, uint32_t order, uint32_t to)
{
	return a->order == order ? seq_lt(a->to, to) :
	    seq_lt(a->order, order);
}

void
tcp_txs_free(struct tcp_txs *t)
{
	free(t->v);
	t->v = NULL;
	t->off = t->n = t->cap = 0;
	t->sacked = t->lost = 0;
}

/* Place for one more behind the last. */
static int
reserve(struct tcp_txs *t, unsigned limit)
{
	unsigned cap = t->cap ? t->cap * 2u : TX_FIRST;
	struct tcp_tx *v;

	if (t->n >= limit)
		return -ENOBUFS;
	if (t->off + t->n < t->cap)
		return 0;
	if (t->off > t->cap / 4 || (t->off && t->cap == TCP_TX_MAX)) {
		memmove(t->v, t->v + t->off, t->n * sizeof(*t->v));
		t->off = 0;
		return 0;
	}
	if ((v = malloc(cap * sizeof(*v))) == NULL)
		return -ENOMEM;
	if (t->n)
		memcpy(v, t->v + t->off, t->n * sizeof(*v));
	free(t->v);
	t->v = v;
	t->off = 0;
	t->cap = (uint16_t)cap;
	return 0;
}

/* Record @i ends at @at, and a twin begins there. */
static int
split(struct tcp_txs *t, int i, uint32_t at, unsigned limit)
{
	struct tcp_tx *r;
	int rc;

	if ((rc = reserve(t, limit)) < 0)
		return rc;
	r = tcp_txs_at(t, i);
	memmove(r + 1, r, (t->n - (unsigned)i) * sizeof(*r));
	t->n++;
	r[0].to = at;
	r[1].from = at;
	return 0;
}

static void
drop(struct tcp_txs *t, int i)
{
	struct tcp_tx *r = tcp_txs_at(t, i);

	t->n--;
	memmove(r, r + 1, (t->n - (unsigned)i) * sizeof(*r));
}

/* The first record that ends behind @seq; n where there is none. */
static int
find(const struct tcp_txs *t, uint32_t seq)
{
	int lo = 0, hi = t->n, mid;

	while (lo < hi) {
		mid = (lo + hi) / 2;
		if (seq_lt(seq, tcp_txs_at(t, mid)->to))
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo;
}

/* Was it sent just now, and nothing after it? */
static int
is_last(const struct tcp_txs *t, const struct tcp_tx *r, int64_t now)
{
	return r->sent_at == now && r->order == t->order && !r->sacked &&
	    !r->lost;
}

int
tcp_txs_add(struct tcp_txs *t, uint32_t from, uint32_t to, int64_t now)
{
	struct tcp_tx *r;
	int rc;

	if (t->n) {
		r = tcp_txs_at(t, t->n - 1);
		if (is_last(t, r, now) && !r->again) {
			r->to = to;
			return 0;
		}
	}
	if ((rc = reserve(t, TX_MAX_ADD)) < 0)
		return rc;
	r = tcp_txs_at(t, t->n++);
	memset(r, 0, sizeof(*r));
	r->from = from;
	r->to = to;
	r->sent_at = now;
	r->order = ++t->order;
	return 0;
}

static void
no_longer_lost(struct tcp_txs *t, struct tcp_tx *r)
{
	if (r->lost)
		t->lost -= size(r);
	r->lost = 0;
}

void
tcp_txs_resend(struct tcp_txs *t, int i, uint32_t len, int64_t now)
{
	struct tcp_tx *r = tcp_txs_at(t, i);
	struct tcp_tx *prev = i > 0 ? tcp_txs_at(t, i - 1) : NULL;

	if (prev && (!is_last(t, prev, now) || !prev->again))
		prev = NULL;
	if (len < size(r)) {
		if (prev) {
			if (r->lost)
				t->lost -= len;
			prev->to += len;
			r->from += len;
			return;
		}
		(void)split(t, i, r->from + len, TCP_TX_MAX);
		r = tcp_txs_at(t, i);
	}
	no_longer_lost(t, r);
	if (prev) {
		prev->to = r->to;
		drop(t, i);
		return;
	}
	r->again = 1;
	r->sent_at = now;
	r->order = ++t->order;
}

/* All of @r has arrived. */
static void
deliver(struct tcp_txs *t, struct tcp_tx *r, tcp_tx_fn *fn, void *arg)
{
	no_longer_lost(t, r);
	if (r->sacked)
		t->sacked -= size(r);
	else
		fn(arg, r);
}

void
tcp_txs_ack(struct tcp_txs *t, uint32_t ack, tcp_tx_fn *fn, void *arg)
{
	struct tcp_tx *r, head;

	for (; t->n; t->off++, t->n--) {
		r = tcp_txs_at(t, 0);
		if (seq_lt(ack, r->to))
			break;
		deliver(t, r, fn, arg);
	}
	if (t->n == 0) {
		tcp_txs_free(t);
		return;
	}
	r = tcp_txs_at(t, 0);
	if (!seq_lt(r->from, ack))
		return;
	head = *r;
	head.to = ack;
	deliver(t, &head, fn, arg);
	r->from = ack;
}

/* Record @i has arrived: where the one before it has too, they become one. */
static int
mark_sacked(struct tcp_txs *t, int i, tcp_tx_fn *fn, void *arg)
{
	struct tcp_tx *r = tcp_txs_at(t, i);
	int n = 0;

	deliver(t, r, fn, arg);
	r->sacked = 1;
	t->sacked += size(r);
	if (i + 1 < t->n && r[1].sacked) {
		r[1].from = r->from;
		r[1].again |= r->again;
		drop(t, i);
		n++;
		r = tcp_txs_at(t, i);
	}
	if (i > 0 && r[-1].sacked) {
		r[-1].to = r->to;
		r[-1].again |= r->again;
		drop(t, i);
		n++;
	}
	return n;
}

void
tcp_txs_sack(struct tcp_txs *t, uint32_t from, uint32_t to, tcp_tx_fn *fn,
    void *arg)
{
	const struct tcp_tx *r;
	int i;

	for (i = find(t, from); i < t->n; i++) {
		r = tcp_txs_at(t, i);
		if (!seq_lt(r->from, to))
			break;
		if (r->sacked)
			continue;
		if (seq_lt(r->from, from)) {	/* the rest is the next one */
			(void)split(t, i, from, TX_MAX_SACK);
			continue;
		}
		if (seq_lt(to, r->to) && split(t, i, to, TX_MAX_SACK) < 0)
			break;
		i -= mark_sacked(t, i, fn, arg);
	}
}

void
tcp_txs_lose(struct tcp_txs *t, int i)
{
	struct tcp_tx *r = tcp_txs_at(t, i);

	if (r->sacked || r->lost)
		return;
	if (t->lost == 0 || seq_lt(r->from, t->lost_from))
		t->lost_from = r->from;
	r->lost = 1;
	t->lost += size(r);
}

void
tcp_txs_lose_head(struct tcp_txs *t, uint32_t len)
{
	const struct tcp_tx *r = tcp_txs_at(t, 0);

	if (len < size(r) && !r->lost)
		(void)split(t, 0, r->from + len, TCP_TX_MAX);
	tcp_txs_lose(t, 0);
}

void
tcp_txs_lose_all(struct tcp_txs *t)
{
	int i;

	for (i = 0; i < t->n; i++)
		tcp_txs_lose(t, i);
}

void
tcp_txs_found_all(struct tcp_txs *t)
{
	int i;

	for (i = 0; i < t->n; i++)
		tcp_txs_at(t, i)->lost = 0;
	t->lost = 0;
}

void
tcp_txs_unsack(struct tcp_txs *t)
{
	int i;

	for (i = 0; i < t->n; i++)
		tcp_txs_at(t, i)->sacked = 0;
	t->sacked = 0;
}

int
tcp_txs_next_lost(struct tcp_txs *t)
{
	int i;

	if (t->lost == 0)
		return -1;
	for (i = find(t, t->lost_from); i < t->n; i++)
		if (tcp_txs_at(t, i)->lost) {
			t->lost_from = tcp_txs_at(t, i)->from;
			return i;
		}
	return -1;
}

int
tcp_txs_first_out(const struct tcp_txs *t)
{
	int i;

	for (i = 0; i < t->n; i++)
		if (!tcp_txs_at(t, i)->sacked)
			return i;
	return -1;
}

int
tcp_txs_tail(struct tcp_txs *t, uint32_t len)
{
	const struct tcp_tx *r;
	int i = t->n - 1;

	if (i < 0)
		return -1;
	r = tcp_txs_at(t, i);
	if (len < size(r) && split(t, i, r->to - len, TCP_TX_MAX) == 0)
		i++;
	return i;
}

/* tests/tun/sndcheck.h - what holds of a struct tcp_snd at any time */
#ifndef TESTS_TUN_SNDCHECK_H
#define TESTS_TUN_SNDCHECK_H

#include <stdint.h>

#include "base/loop.h"
#include "tun/seq.h"
#include "tun/tcp_snd.h"

/* NULL, or what does not hold. */
static inline const char *
sndcheck_records(const struct tcp_snd *s)
{
	const struct tcp_txs *t = &s->tx;
	uint32_t at = s->una, sacked = 0, lost = 0;
	const struct tcp_tx *r;
	int i;

	if (t->n > TCP_TX_MAX || t->off + t->n > t->cap)
		return "records within their array";
	if ((t->n == 0) != (t->v == NULL))
		return "no memory while nothing is under way";
	for (i = 0; i < t->n; i++) {
		r = tcp_txs_at(t, i);
		if (r->from != at || !seq_lt(r->from, r->to))
			return "records in order, without gaps";
		if (r->sacked && r->lost)
			return "sacked or lost";
		if (r->lost && seq_lt(r->from, t->lost_from))
			return "nothing is lost before lost_from";
		sacked += r->sacked ? r->to - r->from : 0;
		lost += r->lost ? r->to - r->from : 0;
		at = r->to;
	}
	if (at != s->max)
		return "records up to max";
	if (sacked != t->sacked || lost != t->lost)
		return "sums of bytes sacked and lost";
	return NULL;
}

static inline const char *
sndcheck(const struct tcp_snd *s)
{
	uint32_t out = s->max - s->una;
	int fin = s->fin_sent && !s->fin_acked;

	if (!seq_le(s->una, s->nxt) || !seq_le(s->nxt, s->max))
		return "una <= nxt <= max";
	if (out > s->q.len + (uint32_t)fin)
		return "nothing is under way that is not kept";
	if (fin && out != s->q.len + 1)
		return "nothing waits behind a FIN";
	if (s->q.len > TCP_SND_QUEUE_MAX || s->q.cap > TCP_SND_QUEUE_MAX)
		return "the queue has a ceiling";
	if ((s->q.len == 0) != (s->q.base == NULL))
		return "an empty queue holds no memory";
	if (out && s->deadline == LOOP_NEVER)
		return "a deadline while something is under way";
	if (s->cc.cwnd < s->mss || s->cc.cwnd > TCP_CWND_MAX)
		return "cwnd within its bounds";
	if (s->dup > out)
		return "duplicate ACKs tell of what is under way";
	if ((s->q.len == 0) != (tcp_snd_since(s) == LOOP_NEVER))
		return "since when bytes wait";
	return sndcheck_records(s);
}

#endif

/* tun/tcp_snd_ack.c - the sending half: what the client's ACKs tell */
#include <string.h>

#include "base/buf.h"
#include "base/loop.h"
#include "tun/seq.h"
#include "tun/tcp_snd.h"
#include "tun/tcp_snd_int.h"

struct news {				/* of one ACK */
	struct tcp_snd	*s;
	const struct tcp_ack *a;
	int64_t		 now;
	uint32_t	 advanced;	/* sequence numbers acknowledged */
	uint32_t	 bytes;		/* that have arrived, by ACK or SACK */
	int64_t		 last_at;	/* when the last of them was sent */
	uint8_t		 again;		/* some were sent more than once */
	uint8_t		 ts;		/* ts_ecr holds */
	uint8_t		 dsack;
};

/* The echo is of a time before @ms. */
static int
echoes_before(const struct news *n, int64_t ms)
{
	return n->ts && seq_lt(n->a->ts_ecr, (uint32_t)ms);
}

static void
arrived(void *arg, const struct tcp_tx *r)
{
	struct news *n = arg;
	uint32_t rtt = (uint32_t)(n->now - r->sent_at);

	n->bytes += r->to - r->from;
	if (n->last_at == LOOP_NEVER || n->last_at < r->sent_at)
		n->last_at = r->sent_at;
	n->again |= r->again;
	tcp_rack_arrived(&n->s->rack, r, rtt,
	    echoes_before(n, r->sent_at) || rtt < n->s->rtt.min);
}

static int
acknowledge(struct tcp_snd *s, struct news *n)
{
	uint32_t len = min32(n->advanced, s->q.len);
	int flags = TCP_ACK_NEW;

	if (len < n->advanced) {
		s->fin_acked = 1;
		flags |= TCP_ACK_FIN;
	}
	s->una = n->a->ack;
	tcp_txs_ack(&s->tx, s->una, arrived, n);
	if (len) {
		s->since = buf_since(s->since, n->now, len, s->q.len);
		ring_drain(&s->q, len);
	}
	if (s->q.len == 0)
		s->since = LOOP_NEVER;
	s->alive_at = n->now;
	return flags;
}

/* RFC 2883 4: the first block may tell of a duplicate: it is acknowledged
 * already, or within the second. */
static int
is_dsack(const struct tcp_ack *a)
{
	const struct tcp_sack *b = a->sack;

	if (a->nsack == 0 || !seq_lt(b[0].from, b[0].to))
		return 0;
	return seq_le(b[0].to, a->ack) || (a->nsack > 1 &&
	    seq_le(b[1].from, b[0].from) && seq_le(b[0].to, b[1].to));
}

/* A client that repeats itself is not listened to again. */
static int
is_seen(struct tcp_snd *s, const struct tcp_ack *a, unsigned nsack)
{
	uint32_t h = 2166136261u ^ a->ack;
	unsigned i;
	int same;

	for (i = 0; i < nsack; i++) {
		h = (h ^ a->sack[i].from) * 16777619u;
		h = (h ^ a->sack[i].to) * 16777619u;
		h ^= h >> 15;
	}
	same = h == s->sack_seen;
	s->sack_seen = h;
	return same;
}

/* Blocks that make no sense are no blocks. */
static void
hear_sack(struct tcp_snd *s, struct news *n)
{
	unsigned i, nsack = min32(n->a->nsack, TCP_SND_SACK_MAX);
	const struct tcp_sack *b = n->a->sack;

	if (!s->sack || nsack == 0 || is_seen(s, n->a, nsack))
		return;
	if ((n->dsack = is_dsack(n->a) & 1))
		tcp_rack_dsack(&s->rack, s->una, s->max);
	for (i = n->dsack; i < nsack; i++)
		if (seq_lt(b[i].from, b[i].to) && seq_le(b[i].to, s->max) &&
		    seq_le(s->una, b[i].from))
			tcp_txs_sack(&s->tx, b[i].from, b[i].to, arrived, n);
}

/* RFC 9293 3.10.7.4, fifth check. */
static int
hear_window(struct tcp_snd *s, const struct tcp_ack *a)
{
	int changed;

	if (s->heard && !seq_lt(s->wl1, a->seq) &&
	    !(s->wl1 == a->seq && seq_le(s->wl2, a->ack)))
		return 0;
	changed = !s->heard || s->wnd != a->wnd;
	s->heard = 1;
	s->wl1 = a->seq;
	s->wl2 = a->ack;
	s->wnd = a->wnd;
	if (s->max_wnd < s->wnd)
		s->max_wnd = s->wnd;
	return changed ? TCP_ACK_WINDOW : 0;
}

/* What arrived and went out once (Karn), and what is echoed, were both sent a
 * round trip ago, or more: much more where the first ACK of it was lost, since
 * nothing tells until the next, and that may wait for a probe. */
static void
hear_rtt(struct tcp_snd *s, const struct news *n)
{
	uint32_t echo = (uint32_t)n->now - n->a->ts_ecr, ms = UINT32_MAX;

	if (!n->again && n->last_at != LOOP_NEVER)
		ms = (uint32_t)(n->now - n->last_at);
	if (n->ts && n->advanced && echo <= TCP_RTO_MAX_MS)
		ms = min32(ms, echo);
	if (ms != UINT32_MAX)
		tcp_rtt_sample(&s->rtt, ms);
	else if (n->advanced)
		tcp_rtt_progress(&s->rtt);
}

/* RFC 8985 7.4: was it the probe that repaired the loss of a tail? */
static void
hear_probe(struct tcp_snd *s, const struct news *n)
{
	if (n->bytes) {
		s->probes = 0;
		s->probe = TCP_SND_PROBE_NONE;
	}
	if (!s->tlp || seq_lt(s->una, s->tlp_end))
		return;
	if (!s->tlp_again || n->dsack) {
		s->tlp = 0;
	} else if (seq_lt(s->tlp_end, s->una)) {
		s->tlp = 0;
		if (s->cc.state == TCP_CWND_OPEN)
			tcp_cwnd_halve(&s->cc, s->cc.cwnd, s->mss);
	} else if (n->advanced == 0 && n->a->nsack == 0 && n->a->len == 0) {
		s->tlp = 0;
	}
}

/* Without SACK (RFC 6582): each duplicate tells that a segment left, the third
 * that the head is lost, a partial ACK that the next one is. */
static void
hear_dups(struct tcp_snd *s, struct news *n, int dup)
{
	uint32_t out = s->max - s->una, known;

	if (n->advanced) {
		known = min32(s->dup, n->advanced);
		s->dup -= known;
		n->bytes -= min32(known, n->bytes);
		s->dups = 0;
		if (s->cc.state == TCP_CWND_RECOVERY &&
		    seq_lt(s->una, s->cc.end))
			tcp_txs_lose_head(&s->tx, s->mss);
		else
			s->dup = 0;
		return;
	}
	if (!dup || out == 0 || s->cc.state == TCP_CWND_LOSS)
		return;
	known = s->dup;
	s->dup = min32(s->dup + s->mss, out > s->mss ? out - s->mss : 0);
	n->bytes += s->dup > known ? s->dup - known : 0;
	if (s->dups < UINT8_MAX && ++s->dups == 3 &&
	    s->cc.state == TCP_CWND_OPEN) {
		tcp_txs_lose_head(&s->tx, s->mss);
		tcp_snd_recover(s);
	}
}

static void
hear_timeout(struct tcp_snd *s, const struct news *n)
{
	if (n->advanced == 0 || !s->undo)
		return;
	s->undo = 0;
	if (s->cc.state != TCP_CWND_LOSS || !n->ts ||
	    !seq_lt(n->a->ts_ecr, s->cc.old.at))
		return;
	tcp_cwnd_undo(&s->cc);
	tcp_txs_found_all(&s->tx);
}

int
tcp_snd_ack(struct tcp_snd *s, const struct tcp_ack *a, int64_t now)
{
	struct news n = { .s = s, .a = a, .now = now, .last_at = LOOP_NEVER,
	    .advanced = a->ack - s->una, .ts = s->ts && a->has_ts };
	int flags = 0, dup;

	if (n.advanced > s->max - s->una)	/* not acceptable */
		return 0;
	if (n.advanced)
		flags |= acknowledge(s, &n);
	hear_sack(s, &n);
	dup = !n.advanced && a->len == 0 && a->wnd == s->wnd;
	flags |= hear_window(s, a);
	hear_rtt(s, &n);
	hear_timeout(s, &n);
	if (s->sack) {
		if (n.bytes && (s->tx.sacked || s->tlp ||
		    s->cc.state != TCP_CWND_OPEN))
			tcp_snd_detect(s, now);
	} else {
		hear_dups(s, &n, dup);
	}
	hear_probe(s, &n);
	if (s->cc.state != TCP_CWND_OPEN && seq_le(s->cc.end, s->una)) {
		tcp_cwnd_recovered(&s->cc);
		tcp_rack_recovered(&s->rack);
	}
	tcp_cwnd_arrived(&s->cc, n.bytes, tcp_snd_pipe(s), s->mss);
	if (n.advanced)
		s->rto_at = now + tcp_rtt_rto(&s->rtt);
	if (n.bytes)
		tcp_snd_soon_probe(s, now);
	tcp_snd_schedule(s, now);
	if (s->stuck)
		s->alive_at = now;
	return flags;
}

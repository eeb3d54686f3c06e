/* tun/tcp_snd.c - the sending half of a TCP connection: state and timers
 *
 * Theory of operation
 *	Bytes wait in a ring from una on.  tcp_snd_out.c makes segments of them,
 *	tcp_snd_ack.c learns from the client's ACKs; both change the state and
 *	have the deadline set anew from it, here.
 *
 *	  una ........................ max ............ una + queue (+ FIN)
 *	  | records: on their way,     |  not sent yet
 *	  | arrived (SACK), lost       |
 *
 *	What is lost goes first, then a new segment, as far as the client's
 *	window and the congestion window let them; nothing waits for more to
 *	send (Nagle), since whoever writes does so once a turn, but no crumbs
 *	are sent into a window that is nearly full (RFC 9293 3.8.6.2.1), nor
 *	behind TCP_SND_BULK bytes that are under way: a transfer comes in blocks
 *	whose last bytes can go with the next one's, and its ACKs come soon.
 *
 *	There are two times.  rto_at is the retransmission timeout, or, where
 *	nothing is under way and only the client's window holds us back, the
 *	next probe of it.  soon_at comes before: losses that RACK is waiting
 *	for; else a probe for a tail that was lost with nothing behind it.
 *
 *	The timeout's least is 200 ms, hundreds of round trips of a LAN, so on a
 *	bad link everything depends on never coming to it.  Hence some liberties
 *	with RFC 8985 7: up to SND_PROBES probes, each waiting twice as long as
 *	the one before it; in recovery too, and after a first timeout, where the
 *	head goes, whose ACK tells of all that was sent before; and for a client
 *	without SACK, for which such a silence is as good as three duplicate
 *	ACKs.  A lone segment's ACK may be delayed, by Linux for 40 ms: so is
 *	its probe.
 *
 *	A timeout takes all as lost.  Where the first ACK after it echoes a
 *	timestamp from before it, it was for nothing, and is undone (Eifel, RFC
 *	3522, 4015).
 *
 *	A probe of the window is an empty segment with an old sequence number,
 *	as Linux does it: any receiver answers what is out of its window with an
 *	ACK, and none takes a byte for which it has no room.  A window that is
 *	open by less than is worth a segment is filled instead.
 * Invariants
 *	una <= nxt <= max; the records cover [una, max); nothing was sent beyond
 *	the largest una + wnd there was; with una != max there is a deadline.
 * Limits
 *	TCP_SND_QUEUE_MAX bytes, TCP_TX_MAX records, TCP_CWND_MAX.  Without
 *	memory for a record nothing new goes, without memory for the queue
 *	nothing is taken, until TCP_SND_RETRY_MS later.
 * Ends
 *	TCP_GIVE_UP_MS without an ACK that acknowledges anything, or, while the
 *	window is closed, without any.  Who closes it and answers probes lives
 *	on: to end that is the holder's.
 */
#include "tun/tcp_snd.h"

#include <errno.h>
#include <string.h>

#include "base/loop.h"
#include "tun/seq.h"
#include "tun/tcp_snd_int.h"

enum {
	SND_PROBES = 5,
	SND_PROBE_MS = 3,		/* and two round trips */
	SND_DELACK_MS = 50		/* more than others' delayed ACK */
};

void
tcp_snd_init(struct tcp_snd *s, uint32_t iss, uint16_t mss, int sack,
    int timestamps)
{
	memset(s, 0, sizeof(*s));
	ring_init(&s->q, TCP_SND_QUEUE_MAX);
	s->mss = mss < TCP_SND_MSS_MIN ? TCP_SND_MSS_MIN : mss;
	s->una = s->nxt = s->max = iss + 1;
	s->sack = sack != 0;
	s->ts = timestamps != 0;
	s->deadline = s->rto_at = s->soon_at = s->since = LOOP_NEVER;
	tcp_rack_init(&s->rack, s->una);
	tcp_cwnd_init(&s->cc, s->mss);
}

void
tcp_snd_free(struct tcp_snd *s)
{
	ring_free(&s->q);
	tcp_txs_free(&s->tx);
}

size_t
tcp_snd_put(struct tcp_snd *s, const void *p, size_t len, int64_t now)
{
	size_t n;

	if (s->fin || len == 0)
		return 0;
	if (s->q.len == 0)
		s->since = now;
	n = ring_put(&s->q, p, len);
	if (s->q.len == 0) {
		s->since = LOOP_NEVER;
		tcp_snd_soon(s, TCP_SND_SOON_MEMORY, now + TCP_SND_RETRY_MS);
	}
	tcp_snd_schedule(s, now);
	return n;
}

unsigned
tcp_snd_place(struct tcp_snd *s, size_t len, struct iovec out[2])
{
	return s->fin ? 0 : ring_place(&s->q, len, out);
}

void
tcp_snd_placed(struct tcp_snd *s, size_t len, int64_t now)
{
	if (len && s->q.len == 0)
		s->since = now;
	ring_placed(&s->q, len);
	tcp_snd_schedule(s, now);
}

size_t
tcp_snd_room(const struct tcp_snd *s)
{
	return s->fin ? 0 : s->q.max - s->q.len;
}

void
tcp_snd_fin(struct tcp_snd *s)
{
	s->fin = 1;
}

int
tcp_snd_fin_acked(const struct tcp_snd *s)
{
	return s->fin_acked;
}

size_t
tcp_snd_queued(const struct tcp_snd *s)
{
	return s->q.len;
}

size_t
tcp_snd_memory(const struct tcp_snd *s)
{
	return s->q.cap + s->tx.cap * sizeof(*s->tx.v);
}

int64_t
tcp_snd_since(const struct tcp_snd *s)
{
	return s->since;
}

void
tcp_snd_set_mss(struct tcp_snd *s, uint16_t mss, int64_t now)
{
	const struct tcp_tx *r;
	int i;

	if (mss < TCP_SND_MSS_MIN)
		mss = TCP_SND_MSS_MIN;
	if (mss >= s->mss)
		return;
	s->mss = mss;
	for (i = 0; i < s->tx.n; i++) {	/* no congestion: cwnd stays */
		r = tcp_txs_at(&s->tx, i);
		if (r->to - r->from > mss)
			tcp_txs_lose(&s->tx, i);
	}
	tcp_snd_schedule(s, now);
}

uint32_t
tcp_snd_pipe(const struct tcp_snd *s)
{
	uint32_t out = s->max - s->una - s->tx.sacked - s->tx.lost;

	return out > s->dup ? out - s->dup : 0;
}

uint32_t
tcp_snd_left(const struct tcp_snd *s, uint32_t seq)
{
	uint32_t edge = s->una + s->wnd;

	return seq_lt(seq, edge) ? edge - seq : 0;
}

uint32_t
tcp_snd_unsent(const struct tcp_snd *s)
{
	return s->fin_sent ? 0 : s->q.len - (s->max - s->una);
}

/* All that waits could go.  Behind much that is under way the last of it would
 * make a segment of its own, which costs as much as the largest. */
static uint32_t
whole_ones(const struct tcp_snd *s, uint32_t n, uint32_t most)
{
	uint32_t large = min32(most, PKT_MAX);

	if (s->fin || tcp_snd_pipe(s) < TCP_SND_BULK)
		return n;
	large = large < s->mss ? large : large - large % s->mss;
	return n - n % large;
}

/* RFC 9293 3.8.6.2.1, without Nagle but for much: all there is, whole segments,
 * or half of the largest window. */
uint32_t
tcp_snd_fresh(const struct tcp_snd *s, uint32_t room, uint32_t most)
{
	uint32_t unsent = tcp_snd_unsent(s), left = tcp_snd_left(s, s->max);
	uint32_t n = min32(min32(unsent, left), min32(room, most));
	uint32_t unit = min32(s->mss, most);

	if (n == unsent)
		return whole_ones(s, n, most);
	if (n >= unit)
		return n - n % unit;
	return n == left && n >= s->max_wnd / 2 ? n : 0;
}

/* Is it the client's window alone that holds us back? */
static int
stuck(struct tcp_snd *s)
{
	int i;

	if (!s->heard || tcp_snd_pipe(s))
		return 0;
	if ((i = tcp_txs_next_lost(&s->tx)) >= 0)
		return !tcp_snd_left(s, tcp_txs_at(&s->tx, i)->from);
	if (tcp_snd_unsent(s))
		return !tcp_snd_fresh(s, UINT32_MAX, UINT32_MAX);
	return s->fin && !s->fin_sent && !tcp_snd_left(s, s->max);
}

void
tcp_snd_soon(struct tcp_snd *s, enum tcp_snd_soon what, int64_t at)
{
	s->soon = what;
	s->soon_at = at;
}

/* RFC 8985 7.2; but not after two timeouts in a row. */
void
tcp_snd_soon_probe(struct tcp_snd *s, int64_t now)
{
	uint32_t pipe = tcp_snd_pipe(s), ms;

	if (s->soon == TCP_SND_SOON_LOST)
		return;
	tcp_snd_soon(s, TCP_SND_SOON_NOTHING, LOOP_NEVER);
	if (!s->rtt.known || s->rtt.backoff > 1 || pipe == 0 ||
	    s->probes >= SND_PROBES)
		return;
	ms = 2 * tcp_rtt_ms(&s->rtt);
	ms += pipe <= s->mss && s->probes == 0 ? SND_DELACK_MS : SND_PROBE_MS;
	tcp_snd_soon(s, TCP_SND_SOON_PROBE, now + ((int64_t)ms << s->probes));
}

static void
set_stuck(struct tcp_snd *s, int is, int64_t now)
{
	if (is == s->stuck)
		return;
	s->stuck = is & 1;
	s->tries = 0;
	s->probe = TCP_SND_PROBE_NONE;
	s->rto_at = now + (is ? tcp_rtt_persist(&s->rtt, 0) :
	    tcp_rtt_rto(&s->rtt));
	if (is && s->una == s->max)
		s->alive_at = now;
}

void
tcp_snd_schedule(struct tcp_snd *s, int64_t now)
{
	int64_t at;
	int waits;

	set_stuck(s, stuck(s), now);
	waits = s->stuck || s->una != s->max;
	if (!waits)
		s->rto_at = LOOP_NEVER;
	else if (s->rto_at == LOOP_NEVER)
		s->rto_at = now + tcp_rtt_rto(&s->rtt);
	if ((s->stuck || !waits) && s->soon != TCP_SND_SOON_MEMORY)
		tcp_snd_soon(s, TCP_SND_SOON_NOTHING, LOOP_NEVER);
	at = s->rto_at < s->soon_at ? s->rto_at : s->soon_at;
	if (waits && s->alive_at + TCP_GIVE_UP_MS < at)
		at = s->alive_at + TCP_GIVE_UP_MS;
	s->deadline = at;
	s->nxt = s->max;
	if (seq_lt(s->una + s->wnd, s->max))	/* the window was taken back */
		s->nxt = s->una + s->wnd;
}

void
tcp_snd_recover(struct tcp_snd *s)
{
	if (s->cc.state != TCP_CWND_OPEN)
		return;
	tcp_cwnd_lost(&s->cc, s->max - s->una, tcp_snd_pipe(s), s->max,
	    s->mss);
	s->tlp = 0;
}

void
tcp_snd_detect(struct tcp_snd *s, int64_t now)
{
	uint32_t margin, lost = s->tx.lost;
	int sure = s->cc.state != TCP_CWND_OPEN ||
	    s->tx.sacked >= 3u * s->mss;
	int64_t at;

	margin = tcp_rack_margin(&s->rack, s->rtt.min, tcp_rtt_ms(&s->rtt),
	    sure);
	at = tcp_rack_detect(&s->rack, &s->tx, margin, now);
	if (at != LOOP_NEVER)
		tcp_snd_soon(s, TCP_SND_SOON_LOST, at);
	else if (s->soon == TCP_SND_SOON_LOST)
		tcp_snd_soon(s, TCP_SND_SOON_NOTHING, LOOP_NEVER);
	if (s->tx.lost > lost)
		tcp_snd_recover(s);
}

/* RFC 6298 5.4-5.6.  What the client said has arrived stands, unless it took
 * that back (RFC 2018 8): then the head is among it, or this is no way on. */
static void
timeout(struct tcp_snd *s, int64_t now)
{
	if (s->rtt.backoff || (s->tx.n && tcp_txs_at(&s->tx, 0)->sacked))
		tcp_txs_unsack(&s->tx);
	if (s->rtt.backoff && s->cc.state == TCP_CWND_LOSS) {
		tcp_cwnd_timeout_again(&s->cc, s->max, s->mss);
	} else {
		tcp_cwnd_timeout(&s->cc, tcp_snd_pipe(s), s->max, s->mss, now);
		s->undo = 1;
	}
	tcp_txs_lose_all(&s->tx);
	tcp_rtt_backoff(&s->rtt);
	tcp_snd_soon(s, TCP_SND_SOON_NOTHING, LOOP_NEVER);
	s->sack_seen = 0;		/* what is forgotten may come again */
	s->tlp = 0;
	s->probes = s->dups = 0;
	s->probe = TCP_SND_PROBE_NONE;
	s->dup = 0;
	s->rto_at = now + tcp_rtt_rto(&s->rtt);
}

static void
probe_window(struct tcp_snd *s, int64_t now)
{
	s->probe = TCP_SND_PROBE_WINDOW;
	if (s->tries < UINT8_MAX)
		s->tries++;
	s->rto_at = now + tcp_rtt_persist(&s->rtt, s->tries);
}

static void
soon(struct tcp_snd *s, int64_t now)
{
	enum tcp_snd_soon what = (enum tcp_snd_soon)s->soon;

	tcp_snd_soon(s, TCP_SND_SOON_NOTHING, LOOP_NEVER);
	if (what == TCP_SND_SOON_LOST) {
		tcp_snd_detect(s, now);
		if (s->soon == TCP_SND_SOON_NOTHING)
			tcp_snd_soon_probe(s, now);
	} else if (what == TCP_SND_SOON_PROBE) {
		s->probes++;
		if (s->sack || s->cc.state != TCP_CWND_OPEN) {
			s->probe = TCP_SND_PROBE_TAIL;
			return;
		}
		tcp_txs_lose_head(&s->tx, s->mss);
		tcp_snd_recover(s);
	}
}

int
tcp_snd_timer(struct tcp_snd *s, int64_t now)
{
	if (now < s->deadline)
		return 0;
	if ((s->stuck || s->una != s->max) &&
	    now - s->alive_at >= TCP_GIVE_UP_MS)
		return -ETIMEDOUT;
	if (now >= s->rto_at && s->stuck)
		probe_window(s, now);
	else if (now >= s->rto_at)
		timeout(s, now);
	else
		soon(s, now);
	tcp_snd_schedule(s, now);
	return 0;
}

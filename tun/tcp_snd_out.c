/* tun/tcp_snd_out.c - the sending half: which segment goes out next */
#include <string.h>

#include "base/loop.h"
#include "tun/seq.h"
#include "tun/tcp_snd.h"
#include "tun/tcp_snd_int.h"

enum { SND_BURSTS = 4 };		/* in a congestion window, at least */

/* What of [from, to) is payload, and where it lies. */
static void
fill(struct tcp_snd *s, struct tcp_seg_out *out, uint32_t from, uint32_t to)
{
	uint32_t end = s->una + s->q.len;

	out->seq = from;
	out->fin = s->fin_sent && seq_lt(end, to);
	out->len = to - from - out->fin;
	out->nbody = ring_slices(&s->q, from - s->una, out->len, out->body);
	out->push = out->len && from + (uint32_t)out->len == end;
}

static void
sent(struct tcp_snd *s, uint32_t len, int64_t now)
{
	tcp_cwnd_sent(&s->cc, len);
	tcp_snd_soon_probe(s, now);
}

static int
send_new(struct tcp_snd *s, struct tcp_seg_out *out, uint32_t n, int fin,
    int64_t now)
{
	uint32_t from = s->max, to = from + n + (uint32_t)fin;

	if (tcp_txs_add(&s->tx, from, to, now) < 0) {
		if (s->una == s->max)	/* else there will be an event */
			tcp_snd_soon(s, TCP_SND_SOON_MEMORY,
			    now + TCP_SND_RETRY_MS);
		return 0;
	}
	if (s->una == s->max) {
		s->alive_at = now;
		s->rto_at = now + tcp_rtt_rto(&s->rtt);
	}
	s->fin_sent |= fin & 1;
	s->max = to;
	fill(s, out, from, to);
	sent(s, to - from, now);
	return 1;
}

static int
send_again(struct tcp_snd *s, struct tcp_seg_out *out, int i, uint32_t n,
    int64_t now)
{
	uint32_t from = tcp_txs_at(&s->tx, i)->from;

	tcp_txs_resend(&s->tx, i, n, now);
	if (from == s->una)
		s->rto_at = now + tcp_rtt_rto(&s->rtt);
	fill(s, out, from, from + n);
	sent(s, n, now);
	return 1;
}

/* The window has let nothing out for a while. */
static int
probe_window(struct tcp_snd *s, struct tcp_seg_out *out, int64_t now)
{
	uint32_t n = min32(tcp_snd_unsent(s), tcp_snd_left(s, s->max));

	if (n && s->tx.lost == 0)
		return send_new(s, out, min32(n, s->mss), 0, now);
	out->seq = s->una - 1;
	return 1;
}

/* RFC 8985 7.3: new bytes, else the last; while more is known to be missing,
 * the first.  The congestion window has no say. */
static int
probe_tail(struct tcp_snd *s, struct tcp_seg_out *out, int64_t now)
{
	int tail = s->cc.state == TCP_CWND_OPEN && s->tx.sacked == 0 &&
	    s->tx.lost == 0, again = 1, rc, i;
	const struct tcp_tx *r;
	uint32_t n = min32(tcp_snd_unsent(s), tcp_snd_left(s, s->max));

	if (tail && n && send_new(s, out, min32(n, s->mss), 0, now)) {
		again = 0;
		rc = 1;
	} else {
		i = tail ? tcp_txs_tail(&s->tx, s->mss) :
		    tcp_txs_first_out(&s->tx);
		if (i < 0)
			return 0;
		r = tcp_txs_at(&s->tx, i);
		n = min32(min32(r->to - r->from, s->mss),
		    tcp_snd_left(s, r->from));
		if (n == 0)
			return 0;
		rc = send_again(s, out, i, n, now);
	}
	s->rto_at = now + tcp_rtt_rto(&s->rtt);
	if (tail) {
		s->tlp_again = (s->tlp && s->tlp_again) | again;
		s->tlp = 1;
		s->tlp_end = s->max;
	}
	return rc;
}

static int
probe(struct tcp_snd *s, struct tcp_seg_out *out, int64_t now)
{
	enum tcp_snd_probe what = (enum tcp_snd_probe)s->probe;

	s->probe = TCP_SND_PROBE_NONE;
	if (what == TCP_SND_PROBE_WINDOW && s->stuck)
		return probe_window(s, out, now);
	if (what == TCP_SND_PROBE_TAIL && tcp_snd_pipe(s))
		return probe_tail(s, out, now);
	return 0;
}

/* What the congestion window leaves. */
static uint32_t
room(const struct tcp_snd *s)
{
	uint32_t pipe = tcp_snd_pipe(s);

	return s->cc.cwnd > pipe ? s->cc.cwnd - pipe : 0;
}

static int
lost(struct tcp_snd *s, struct tcp_seg_out *out, size_t most, int64_t now)
{
	int i = tcp_txs_next_lost(&s->tx);
	const struct tcp_tx *r;
	uint32_t n, len, left;

	if (i < 0)
		return 0;
	r = tcp_txs_at(&s->tx, i);
	len = r->to - r->from;
	left = tcp_snd_left(s, r->from);
	n = min32(min32(len, left), min32(room(s), (uint32_t)most));
	if (n < len && n >= s->mss)
		n -= n % s->mss;
	else if (n < len && n < left && n < most)
		n = 0;			/* the rest can go with it soon */
	return n ? send_again(s, out, i, n, now) : 0;
}

static int
fresh(struct tcp_snd *s, struct tcp_seg_out *out, size_t most, int64_t now)
{
	uint32_t n = tcp_snd_fresh(s, room(s), (uint32_t)most);
	int fin = s->fin && !s->fin_sent && n == tcp_snd_unsent(s) &&
	    tcp_snd_left(s, s->max) > n;

	if (s->heard == 0 || (n == 0 && !fin))
		return 0;
	return send_new(s, out, n, fin, now);
}

/* Where there are losses, a super-segment may be lost as one.  So a flight is
 * several: else all of it is lost at once, and nothing comes back that says so,
 * until a timer asks. */
static size_t
burst(const struct tcp_snd *s, size_t most)
{
	uint32_t part = s->cc.cwnd / SND_BURSTS;

	if (most > PKT_MAX)
		most = PKT_MAX;
	if (s->cc.ssthresh == TCP_CWND_MAX)	/* there were none */
		return most;
	if (part < s->mss)
		part = s->mss;
	return part < most ? part : most;
}

int
tcp_snd_next(struct tcp_snd *s, struct tcp_seg_out *out, size_t most,
    int64_t now)
{
	int rc;

	most = burst(s, most);
	memset(out, 0, sizeof(*out));
	rc = probe(s, out, now) || lost(s, out, most, now) ||
	    (s->tx.lost == 0 && fresh(s, out, most, now));
	if (!rc)
		s->cc.full = s->tx.lost ||
		    tcp_snd_fresh(s, UINT32_MAX, UINT32_MAX) > 0;
	tcp_snd_schedule(s, now);
	return rc;
}

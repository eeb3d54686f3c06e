/* tun/tcp_in.c - a segment arrives (RFC 9293 3.10.7.4)
 *
 * Theory of operation
 *	What a segment means is asked in this order: is it a SYN; is it older
 *	than what came (PAWS, RFC 7323 5); is it in the window; is it a reset;
 *	does it acknowledge what was sent; and only then what it carries.
 *
 *	Who can guess the ports may be anybody, so a segment must be right to
 *	the last to do harm (RFC 5961): a reset is taken at the very next
 *	sequence number and nowhere else, a SYN never, and an ACK only of what
 *	is under way or was within the last window.  What is almost right gets a
 *	challenge, an ACK from which the real client learns what to do; so many
 *	of them per connection, and no count that others can see.
 *
 *	An ICMP error must quote what is under way (RFC 5927).  It makes our
 *	segments smaller, within reason; it never ends anything.
 */
#include "tun/tcp_in.h"

#include "tun/icmp.h"
#include "tun/tcp_conn.h"
#include "tun/tcp_life.h"
#include "tun/tcp_out.h"
#include "tun/tcp_seg.h"

enum { PAWS_MS = 24 * 86400 * 1000 };	/* RFC 7323 5.5: it wraps at last */
enum { MTU_MIN = 576, MTU6_MIN = 1280 };

static int64_t
now(const struct tcp *c)
{
	return c->host->loop->now;
}

/* --- before the handshake is over --- */

/* What is sent again, a SYN too, is what is answered: else the client takes the
 * wait between the two for a round trip. */
static void
note_ts_new(struct tcp *c, const struct tcp_seg *s)
{
	if (!c->ts || !s->has_ts || seq_lt(s->ts_val, c->ts_recent))
		return;
	c->ts_recent = s->ts_val;
	c->ts_recent_at = now(c);
}

static enum drop
input_held(struct tcp *c, const struct tcp_seg *s)
{
	if ((s->flags & TCP_RST) && s->seq == c->irs + 1)
		tcp_event(c, TCP_E_GOT_RST, 0);
	else if ((s->flags & (TCP_SYN | TCP_ACK | TCP_RST)) == TCP_SYN &&
	    s->seq == c->irs) {
		c->heard = now(c);	/* it still waits */
		note_ts_new(c, s);
	} else
		return DROP_STRAY;
	return DROP_NOT;
}

static enum drop
input_syn(struct tcp *c, const struct tcp_seg *s)
{
	if (c->state == TCP_S_SYN_RCVD && s->seq == c->irs &&
	    (s->flags & TCP_ACK) == 0) {
		note_ts_new(c, s);
		c->syn_again = 1;
		if (rate_bucket_take(&c->challenges, now(c), TCP_CHALLENGE_MS,
		    TCP_CHALLENGE_BURST))
			c->syn_now = 1;
		tcp_wake(c);
		return DROP_NOT;
	}
	tcp_event(c, TCP_E_GOT_SYN, 0);
	return DROP_WINDOW;
}

/* --- is it one of this connection? --- */

static int
paws_old(const struct tcp *c, const struct tcp_seg *s)
{
	return s->has_ts && seq_lt(s->ts_val, c->ts_recent) &&
	    now(c) - c->ts_recent_at < PAWS_MS;
}

/* RFC 5961 5; and none of what was there before our SYN, as Linux has it.  (When
 * the numbers have wrapped this may be too strict, for a moment.) */
static int
ack_ok(const struct tcp *c, uint32_t ack)
{
	uint32_t acked = c->snd.una - c->iss - 1, back = c->snd.max_wnd;

	if (back > acked)
		back = acked;
	return seq_le(ack, c->snd.max) && seq_le(c->snd.una - back, ack);
}

static void
note_ts(struct tcp *c, const struct tcp_seg *s)
{
	if (!c->ts || !s->has_ts || seq_lt(c->rcv.acked, s->seq))
		return;			/* RFC 7323 4.3 */
	c->ts_recent = s->ts_val;
	c->ts_recent_at = now(c);
}

/* Bytes that we have already: our ACK of them was lost, and the client measures
 * its round trip by the next one.  If that echoed what the lost one did, the
 * time in between would count as a round trip, and its timeouts would grow with
 * each loss; so here we go beyond RFC 7323 4.3, but only for what is as hard to
 * guess as what is in the window. */
static void
hear_old(struct tcp *c, const struct tcp_seg *s)
{
	tcp_rcv_old(&c->rcv, s->seq, s->len);
	if (c->rcv.nxt - s->seq <= (uint32_t)UINT16_MAX << c->rcv.scale &&
	    ack_ok(c, s->ack) && !paws_old(c, s))
		note_ts(c, s);
}

/* Not acceptable: an ACK tells where we are.  Whoever sends bytes, or its end,
 * again must have it. */
static enum drop
out_of_window(struct tcp *c, const struct tcp_seg *s)
{
	uint32_t end = s->seq + (uint32_t)s->len;

	if (s->flags & TCP_RST)
		return DROP_WINDOW;
	if ((s->flags & TCP_FIN) && end + 1 == c->rcv.nxt &&
	    c->state >= TCP_S_CLOSE_WAIT) {
		tcp_event(c, TCP_E_GOT_FIN, 0);
		return DROP_NOT;
	}
	if (s->len == 0) {
		tcp_challenge(c);
		return DROP_WINDOW;
	}
	if (seq_le(end, c->rcv.nxt))
		hear_old(c, s);
	c->ack_now = 1;
	tcp_wake(c);
	return DROP_WINDOW;
}

static enum drop
input_rst(struct tcp *c, const struct tcp_seg *s)
{
	if (s->seq == c->rcv.nxt)
		tcp_event(c, TCP_E_GOT_RST, 0);
	else if (c->state != TCP_S_TIME_WAIT)
		tcp_challenge(c);
	return DROP_NOT;
}

/* RFC 9293: SYN-RECEIVED is left by an ACK of the SYN|ACK, nothing else. */
static enum drop
bad_handshake(struct tcp *c, const struct tcp_seg *s)
{
	struct tcp_seg rst = { .seq = s->ack, .flags = TCP_RST };
	struct pkt_out p;

	if (!rate_bucket_take(&c->challenges, now(c), TCP_CHALLENGE_MS,
	    TCP_CHALLENGE_BURST))
		return DROP_WINDOW;
	tcp_out_bare(&p, &c->dest, &c->client, &rst, c->host->offload);
	c->host->emit(c->host->arg, &p);
	return DROP_WINDOW;
}

/* --- what it says --- */

/* How long did the handshake take?  The echo knows which SYN|ACK it was that is
 * acknowledged. */
static void
hear_handshake(struct tcp *c, const struct tcp_seg *s)
{
	uint32_t ms = (uint32_t)now(c) - (s->ts_ecr - c->ts_off);

	if (c->ts && s->has_ts && ms <= TCP_RTO_MAX_MS)
		tcp_rtt_sample(&c->snd.rtt, ms);
	else if (c->tries == 0 && !c->syn_again)
		tcp_rtt_sample(&c->snd.rtt,
		    (uint32_t)(now(c) - (c->at - TCP_SYN_MS)));
}

static void
hear_ack(struct tcp *c, const struct tcp_seg *s)
{
	struct tcp_ack a = { .ack = s->ack, .seq = s->seq,
	    .wnd = (uint32_t)s->wnd << c->peer_scale,
	    .len = (uint32_t)s->len, .nsack = s->nsack };
	unsigned i;
	int what;

	if (c->state == TCP_S_SYN_RCVD)
		hear_handshake(c, s);
	if (s->flags & TCP_FIN)
		a.len++;
	for (i = 0; i < s->nsack; i++)
		a.sack[i] = s->sack[i];
	if (c->ts && s->has_ts) {
		a.has_ts = 1;
		a.ts_ecr = s->ts_ecr - c->ts_off;
	}
	what = tcp_snd_ack(&c->snd, &a, now(c));
	if (what & TCP_ACK_NEW)
		c->moved = now(c);
	if (c->state == TCP_S_SYN_RCVD)
		tcp_event(c, TCP_E_ACK_OF_SYN, 0);
	if (what & TCP_ACK_FIN)
		tcp_event(c, TCP_E_ACK_OF_FIN, 0);
}

static void
deliver(void *arg, const void *p, size_t len)
{
	struct tcp *c = arg;

	if (c->ep.user)			/* else it went in the midst of it */
		c->ep.user->data(c->ep.arg, p, len);
}

static int
takes_text(const struct tcp *c)
{
	return c->state == TCP_S_ESTABLISHED || c->state == TCP_S_FIN_WAIT_1 ||
	    c->state == TCP_S_FIN_WAIT_2;
}

static void
hear_text(struct tcp *c, const struct tcp_seg *s)
{
	enum tcp_rcv_ack ack;
	size_t early = c->rcv.early_bytes;
	int fin;

	if (s->len && c->ep.user == NULL) {	/* RFC 9293 3.10.7.4: closed */
		tcp_event(c, TCP_E_KILL, 0);
		return;
	}
	c->rcv.early_max = early + tcp_room(c);
	ack = tcp_rcv_segment(&c->rcv, s->seq, s->data, s->len,
	    s->flags & TCP_FIN, &fin, deliver, c, now(c));
	if (c->state == TCP_S_DEAD)
		return;
	if (s->len)
		c->moved = now(c);
	if (early == 0)
		c->early_since = now(c);
	if (ack == TCP_RCV_NOW)
		c->ack_now = 1;
	if (fin)
		tcp_event(c, TCP_E_GOT_FIN, 0);
}

static enum drop
hear(struct tcp *c, const struct tcp_seg *s)
{
	c->heard = now(c);
	if (c->state != TCP_S_SYN_RCVD)
		c->tries = 0;
	note_ts(c, s);
	if (seq_le(c->snd.una, s->ack) && c->state != TCP_S_TIME_WAIT)
		hear_ack(c, s);
	if (c->state == TCP_S_DEAD)
		return DROP_NOT;
	if (s->len || (s->flags & TCP_FIN)) {
		if (takes_text(c))
			hear_text(c, s);
		else
			tcp_challenge(c);	/* behind its end */
	}
	if (c->state != TCP_S_DEAD) {
		tcp_count(c);
		tcp_wake(c);
	}
	return DROP_NOT;
}

/* One ACK a turn is enough where all is in order.  Where it is not, each of them
 * tells something else, is counted by a client without SACK, and may get lost;
 * so the one that is due goes before the next bytes are looked at. */
static void
settle(struct tcp *c, const struct tcp_seg *s)
{
	if (s->len && c->ack_now && tcp_rcv_disorder(&c->rcv))
		tcp_out_ack(c);
}

enum drop
tcp_input(struct tcp *c, const struct tcp_seg *s)
{
	if (c->state == TCP_S_HELD)
		return input_held(c, s);
	settle(c, s);
	if ((s->flags & (TCP_SYN | TCP_RST)) == TCP_SYN)
		return input_syn(c, s);
	if (c->ts && !(s->flags & TCP_RST)) {
		if (!s->has_ts)		/* RFC 7323 3.2 */
			return DROP_WINDOW;
		if (paws_old(c, s))
			return out_of_window(c, s);
	}
	if (!tcp_rcv_acceptable(&c->rcv, s->seq, s->len))
		return out_of_window(c, s);
	if (s->flags & TCP_RST)
		return input_rst(c, s);
	if ((s->flags & TCP_ACK) == 0)
		return DROP_SEGMENT;
	if (c->state == TCP_S_SYN_RCVD && s->ack != c->snd.una)
		return bad_handshake(c, s);
	if (!ack_ok(c, s->ack)) {
		tcp_challenge(c);
		return DROP_WINDOW;
	}
	return hear(c, s);
}

/* --- ICMP --- */

enum drop
tcp_icmp(struct tcp *c, const struct icmp *i)
{
	int v6 = c->client.family == 6;
	uint32_t least = v6 ? MTU6_MIN : MTU_MIN;
	uint16_t mss;

	if (!seq_le(c->snd.una, i->seq) || !seq_lt(i->seq, c->snd.max))
		return DROP_ICMP;
	if (i->kind != ICMP_TOO_BIG || i->mtu < least || i->mtu >= c->host->mtu)
		return DROP_ICMP;
	mss = tcp_out_mss((uint16_t)i->mtu, &c->client);
	if (c->ts)
		mss -= TCP_OUT_TS;
	tcp_snd_set_mss(&c->snd, mss, now(c));
	tcp_wake(c);
	return DROP_NOT;
}

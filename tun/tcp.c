/* tun/tcp.c - a connection that a client opened: its holder's side, its time
 *
 * Theory of operation
 *	A client behind the device believes that it talks to the destination.
 *	It talks to us.  Its SYN is held until the holder accepts, so that a
 *	refused stream is a refused connection; then bytes are carried, not
 *	segments.
 *
 *	Whatever happens within a turn, by segments, by the holder or by time,
 *	changes the state and sets what is due; it goes out once, when the turn
 *	ends: all data that the windows let go, and one ACK, which rides on data
 *	where there is any; only while something is missing each segment has an
 *	ACK of its own.  Then the holder hears of room, and the timer is set.  It
 *	is set to the earliest deadline, and left alone where it is early enough
 *	already: to come too early costs less than to move it with every segment.
 * Invariants
 *	snd.una <= snd.nxt <= snd.una + snd.wnd; the window that we offer is at
 *	most the credit that was granted, so an onion stream that stalls stalls
 *	the client, and nothing piles up here.
 *	The memory of what waits, here and there, is counted in host->bytes.
 * Death
 *	tcp_life.c.  A holder that leaves a connection in order when all that it
 *	sent has arrived leaves an orphan, which says FIN and waits for the
 *	client's, but not for long, and takes no bytes.
 * Limits
 *	Every state ends by itself (tcp_conn.h): a SYN that is held when the
 *	client stops asking, a handshake after TCP_SYN_TRIES, what is sent and
 *	not acknowledged after TCP_GIVE_UP_MS, a client that is silent after it
 *	was asked, one that is there but takes nothing after TCP_STALL_MS.
 */
#include "tun/tcp.h"

#include <errno.h>
#include <stdlib.h>

#include "tun/tcp_conn.h"
#include "tun/tcp_life.h"
#include "tun/tcp_out.h"
#include "tun/tcp_seg.h"

_Static_assert(sizeof(struct tcp) <= 768, "an idle connection is small");

static int64_t
now(const struct tcp *c)
{
	return c->host->loop->now;
}

/* --- time --- */

struct patience {
	int64_t	after, every;		/* ms */
	int	tries;
};

static const struct patience idle = {
	TCP_IDLE_MS, TCP_IDLE_EVERY_MS, TCP_IDLE_TRIES
};
static const struct patience half = {
	TCP_HALF_MS, TCP_HALF_EVERY_MS, TCP_HALF_TRIES
};

static const struct patience *
patience(const struct tcp *c)
{
	return c->state == TCP_S_ESTABLISHED ? &idle : &half;
}

/* The next question whether the client is there, or the end of questions.
 * While something is under way the sending half asks already. */
static int64_t
ask_at(const struct tcp *c)
{
	const struct patience *p = patience(c);

	if (c->snd.una != c->snd.max)
		return LOOP_NEVER;
	return c->heard + p->after + c->tries * p->every;
}

static int64_t
stall_at(const struct tcp *c)
{
	if (c->ep.user == NULL)
		return c->moved + TCP_ORPHAN_MS;
	if (tcp_snd_queued(&c->snd) || c->fin)
		return c->moved + TCP_STALL_MS;
	return LOOP_NEVER;
}

static int64_t
sooner(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t
deadline(const struct tcp *c)
{
	int64_t at;

	switch (c->state) {
	case TCP_S_DEAD:
	case TCP_S_TIME_WAIT:		/* it is the table's */
		return LOOP_NEVER;
	case TCP_S_HELD:
		return c->heard + TCP_HELD_MS;
	case TCP_S_SYN_RCVD:
		return c->at;
	default:
		at = sooner(c->snd.deadline, c->rcv.ack_at);
		at = sooner(at, sooner(c->at, stall_at(c)));
		return sooner(at, ask_at(c));
	}
}

static void
set_timer(struct tcp *c)
{
	int64_t at = deadline(c);

	if (at == LOOP_NEVER || (c->timer.armed && c->timer.at <= at))
		return;
	loop_timer_set(c->host->loop, &c->timer, at);
}

static void
syn_timer(struct tcp *c)
{
	if (c->tries >= TCP_SYN_TRIES) {
		tcp_event(c, TCP_E_TIMEOUT, -ETIMEDOUT);
		return;
	}
	c->tries++;
	c->at = now(c) + ((int64_t)TCP_SYN_MS << c->tries);
	c->syn_now = 1;
}

static void
open_timer(struct tcp *c)
{
	if (tcp_snd_timer(&c->snd, now(c)) < 0 || stall_at(c) <= now(c)) {
		tcp_event(c, TCP_E_TIMEOUT, -ETIMEDOUT);
		return;
	}
	if (c->rcv.ack_at <= now(c))
		c->ack_now = 1;
	if (c->at <= now(c))
		c->at = LOOP_NEVER;	/* try again */
	if (ask_at(c) > now(c))
		return;
	if (c->tries >= patience(c)->tries) {
		tcp_event(c, TCP_E_TIMEOUT, -ETIMEDOUT);
		return;
	}
	c->tries++;
	tcp_out_probe(c);
}

static void
on_timer(void *arg)
{
	struct tcp *c = arg;

	if (c->state == TCP_S_HELD) {
		if (deadline(c) <= now(c))
			tcp_event(c, TCP_E_TIMEOUT, -ETIMEDOUT);
	} else if (c->state == TCP_S_SYN_RCVD) {
		if (c->at <= now(c))
			syn_timer(c);
	} else {
		open_timer(c);
	}
	tcp_wake(c);
}

/* --- the turn --- */

/* What there is memory for, or what its own has room for. */
static size_t
fits(const struct tcp *c, size_t len)
{
	size_t room = tcp_room(c) + c->snd.q.cap - c->snd.q.len;

	return len < room ? len : room;
}

static void
wait_for_memory(struct tcp *c)
{
	if (c->at != LOOP_NEVER)	/* it does already */
		return;
	c->at = now(c) + ((int64_t)TCP_RETRY_MS << c->waits);
	if (c->waits < TCP_RETRIES)
		c->waits++;
}

static void
tell_room(struct tcp *c)
{
	if (!c->refused || c->ep.user == NULL ||
	    c->state < TCP_S_ESTABLISHED || c->fin || c->at != LOOP_NEVER ||
	    tcp_snd_queued(&c->snd) > TCP_SND_QUEUE_MAX / 2)
		return;
	if (fits(c, 1) == 0) {
		wait_for_memory(c);
		return;
	}
	c->refused = 0;
	c->ep.user->room(c->ep.arg);
}

static void
reap(struct tcp *c)
{
	tcp_snd_free(&c->snd);
	tcp_rcv_free(&c->rcv);
	free(c);
}

static void
on_turn(void *arg)
{
	struct tcp *c = arg;
	struct tcp_list *active = &c->host->active;

	if (c->state == TCP_S_DEAD) {
		reap(c);
		return;
	}
	if (c->moved == now(c) && c->state != TCP_S_TIME_WAIT) {
		TAILQ_REMOVE(active, c, link);
		TAILQ_INSERT_TAIL(active, c, link);
	}
	tcp_out_flush(c);
	tcp_count(c);
	tell_room(c);
	if (c->state != TCP_S_DEAD)
		set_timer(c);
}

/* --- the holder --- */

static struct tcp *
of(const struct endpoint *e)
{
	return (struct tcp *)(uintptr_t)e;	/* its first member */
}

static size_t
op_send(struct endpoint *e, const void *p, size_t len)
{
	struct tcp *c = of(e);
	size_t n;

	if (c->state < TCP_S_SYN_RCVD || c->fin) {
		c->refused = !c->fin;
		return 0;
	}
	if (tcp_snd_queued(&c->snd) == 0)
		c->moved = now(c);
	n = tcp_snd_put(&c->snd, p, fits(c, len), now(c));
	tcp_count(c);
	if (n < len) {
		c->refused = 1;
		/* Not for want of room in the queue, of which it would hear at
		 * once, and for ever. */
		if (c->state != TCP_S_SYN_RCVD && n == 0 &&
		    tcp_snd_queued(&c->snd) <= TCP_SND_QUEUE_MAX / 2)
			wait_for_memory(c);
	}
	if (n)
		c->waits = 0;
	tcp_wake(c);
	return n;
}

static int
op_roomy(struct endpoint *e)
{
	struct tcp *c = of(e);

	if (c->fin || tcp_snd_queued(&c->snd) <= TCP_SND_QUEUE_MAX / 2)
		return 1;
	c->refused = 1;
	return 0;
}

static unsigned
op_place(struct endpoint *e, size_t len, struct iovec v[2])
{
	struct tcp *c = of(e);

	if (c->state < TCP_S_SYN_RCVD || c->fin)
		return 0;
	return tcp_snd_place(&c->snd, fits(c, len), v);
}

static void
op_placed(struct endpoint *e, size_t len)
{
	struct tcp *c = of(e);

	if (len && tcp_snd_queued(&c->snd) == 0)
		c->moved = now(c);
	tcp_snd_placed(&c->snd, len, now(c));
	tcp_count(c);
	if (len)
		tcp_wake(c);
}

static void
op_grant(struct endpoint *e, size_t credit)
{
	struct tcp *c = of(e);

	if (!tcp_rcv_grant(&c->rcv, credit) || c->state < TCP_S_ESTABLISHED)
		return;
	c->ack_now = 1;
	tcp_wake(c);
}

static void
op_fin(struct endpoint *e)
{
	struct tcp *c = of(e);

	if (c->fin)
		return;
	c->fin = 1;
	if (c->state != TCP_S_HELD)
		tcp_event(c, TCP_E_CLOSE, 0);
}

static void
op_accept(struct endpoint *e)
{
	struct tcp *c = of(e);

	if (c->state == TCP_S_HELD)
		tcp_event(c, TCP_E_ACCEPT, 0);
}

static void
op_kill(struct endpoint *e, int why)
{
	struct tcp *c = of(e);

	c->ep.user = NULL;
	if (why < 0 || c->state < TCP_S_ESTABLISHED ||
	    tcp_snd_queued(&c->snd) || c->rcv.early) {
		tcp_event(c, TCP_E_KILL, why);
		return;
	}
	c->moved = now(c);
	if (!c->fin) {
		c->fin = 1;
		tcp_event(c, TCP_E_CLOSE, 0);
	}
	tcp_wake(c);			/* its deadlines are others now */
}

static void
op_queued(const struct endpoint *e, struct endpoint_queued *q)
{
	const struct tcp *c = of(e);

	q->bytes = c->snd.q.cap + c->rcv.early_bytes;
	q->since = tcp_snd_since(&c->snd);
	if (c->rcv.early_bytes && c->early_since < q->since)
		q->since = c->early_since;
}

static size_t
op_under_way(const struct endpoint *e)
{
	return tcp_snd_queued(&of(e)->snd);
}

static const struct endpoint_ops ops = {
	.send = op_send, .grant = op_grant, .fin = op_fin, .kill = op_kill,
	.accept = op_accept, .queued = op_queued, .under_way = op_under_way,
	.roomy = op_roomy, .place = op_place, .placed = op_placed
};

/* --- birth and end --- */

static void
read_options(struct tcp *c, const struct tcp_seg *syn)
{
	uint16_t least = c->client.family == 6 ? TCP_MSS6_MIN : TCP_MSS_MIN;

	c->peer_mss = syn->mss ? syn->mss : least;
	if (c->peer_mss < TCP_MSS_MIN)
		c->peer_mss = TCP_MSS_MIN;
	c->sack = syn->sack_ok != 0;
	if (syn->wscale >= 0) {
		c->scaled = 1;
		c->peer_scale = (uint8_t)syn->wscale;
	}
	if (syn->has_ts) {
		c->ts = 1;
		c->ts_recent = syn->ts_val;
		c->ts_recent_at = now(c);
	}
}

static void
init_halves(struct tcp *c)
{
	uint16_t ours = tcp_out_mss(c->host->mtu, &c->client), mss = ours;

	if (c->peer_mss < mss)
		mss = c->peer_mss;
	if (c->ts) {
		mss -= TCP_OUT_TS;
		ours -= TCP_OUT_TS;
	}
	tcp_snd_init(&c->snd, c->iss, mss, c->sack, c->ts);
	tcp_rcv_init(&c->rcv, c->irs, ours, c->scaled ? TCP_RCV_SCALE : 0);
}

struct tcp *
tcp_new(struct tcp_host *host, const struct tcp_seg *syn,
    const struct addr *client, const struct addr *dest, uint32_t iss,
    uint32_t ts_off)
{
	struct tcp *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return NULL;
	c->ep.ops = &ops;
	c->host = host;
	c->client = *client;
	c->dest = *dest;
	c->state = TCP_S_HELD;
	c->irs = syn->seq;
	c->iss = iss;
	c->ts_off = ts_off;
	c->heard = c->moved = now(c);
	c->at = LOOP_NEVER;
	loop_item_init(&c->turn, on_turn, c);
	loop_timer_init(&c->timer, on_timer, c);
	read_options(c, syn);
	init_halves(c);
	TAILQ_INSERT_TAIL(&host->active, c, link);
	set_timer(c);
	return c;
}

void
tcp_discard(struct tcp *c)
{
	TAILQ_REMOVE(&c->host->active, c, link);
	loop_timer_clear(c->host->loop, &c->timer);
	loop_item_clear(c->host->loop, &c->turn);
	reap(c);
}

struct endpoint *
tcp_endpoint(struct tcp *c)
{
	return &c->ep;
}

void
tcp_abort(struct tcp *c, int why)
{
	tcp_event(c, TCP_E_TIMEOUT, why);
}

int
tcp_replaceable(const struct tcp *c, const struct tcp_seg *syn)
{
	if (c->state != TCP_S_TIME_WAIT)
		return 0;
	if (c->ts && syn->has_ts && syn->ts_val != c->ts_recent)
		return seq_lt(c->ts_recent, syn->ts_val);
	return seq_le(c->rcv.nxt, syn->seq);
}

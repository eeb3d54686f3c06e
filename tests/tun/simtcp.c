/* tests/tun/simtcp.c - a link and a receiver for tcp_snd, in virtual time */
#include "tests/tun/simtcp.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/loop.h"
#include "tests/tun/sndcheck.h"
#include "tun/seq.h"
#include "tun/tcp_snd.h"

enum {
	SIM_PACKETS = 8192,		/* under way, both directions */
	SIM_EARLY = 512,		/* stretches that came early */
	SIM_DELACK_US = 40000
};

struct packet {
	int64_t		 at;		/* us; it arrives */
	uint64_t	 n;		/* equal times: as they were sent */
	int		 is_ack;
	uint32_t	 seq, ts, wnd;
	uint32_t	 len;
	int		 fin;
	struct tcp_sack	 sack[TCP_SND_SACK_MAX];
	unsigned	 nsack;
	uint8_t		*data;
};

struct receiver {
	uint32_t	 nxt;
	uint64_t	 got;		/* bytes in order */
	uint32_t	 unread;
	int64_t		 read_at;	/* us; the application was here */
	uint32_t	 edge;		/* advertised, never taken back */
	struct tcp_sack	 early[SIM_EARLY];	/* the newest first */
	unsigned	 nearly;
	struct tcp_sack	 dsack;
	uint32_t	 ts_recent, last_ack;
	int64_t		 ack_at;	/* us; LOOP_NEVER */
	unsigned	 segs;		/* since the last ACK */
	int		 fin;
	uint32_t	 fin_seq;
	int		 has_fin;
};

struct sim {
	const struct simtcp_conf *c;
	struct simtcp_result *res;
	struct tcp_snd	 snd;
	struct receiver	 rcv;
	struct packet	*heap;		/* by at, n */
	size_t		 nheap;
	uint64_t	 npackets;
	int64_t		 now;		/* us */
	int64_t		 free_at;	/* us; the link's rate */
	uint64_t	 put;
	uint64_t	 rng;
};

uint8_t
simtcp_byte(uint64_t at)
{
	uint64_t x = (at + 1) * 0x9e3779b97f4a7c15u;

	return (uint8_t)(x >> 56);
}

static void
broken(struct sim *m, const char *what)
{
	if (m->res->broken == NULL)
		m->res->broken = what;
}

static double
unit(struct sim *m)
{
	m->rng ^= m->rng << 13;
	m->rng ^= m->rng >> 7;
	m->rng ^= m->rng << 17;
	return (double)(m->rng >> 11) / 9007199254740992.0;
}

static int
earlier(const struct packet *a, const struct packet *b)
{
	return a->at < b->at || (a->at == b->at && a->n < b->n);
}

static void
push(struct sim *m, const struct packet *p)
{
	size_t i = m->nheap++, up;
	struct packet t;

	if (m->nheap > SIM_PACKETS)
		abort();
	m->heap[i] = *p;
	for (; i && earlier(&m->heap[i], &m->heap[up = (i - 1) / 2]); i = up) {
		t = m->heap[i];
		m->heap[i] = m->heap[up];
		m->heap[up] = t;
	}
}

static struct packet
pop(struct sim *m)
{
	struct packet top = m->heap[0], t;
	size_t i = 0, k;

	m->heap[0] = m->heap[--m->nheap];
	while ((k = 2 * i + 1) < m->nheap) {
		if (k + 1 < m->nheap && earlier(&m->heap[k + 1], &m->heap[k]))
			k++;
		if (!earlier(&m->heap[k], &m->heap[i]))
			break;
		t = m->heap[i];
		m->heap[i] = m->heap[k];
		m->heap[k] = t;
		i = k;
	}
	return top;
}

static void
carry(struct sim *m, struct packet *p)
{
	const struct simtcp_conf *c = m->c;
	double lost = p->is_ack ? c->ack_loss : c->loss;
	int copies = unit(m) < c->twice ? 2 : 1;
	uint8_t *data = p->data;

	if (c->rate && !p->is_ack) {
		if (m->free_at < m->now)
			m->free_at = m->now;
		if ((m->free_at - m->now) * c->rate / 1000 > c->queue)
			copies = 0;
		else
			m->free_at += (p->len + 60) * 1000 / c->rate;
	}
	for (; copies > 0; copies--) {
		if (unit(m) < lost)
			continue;
		p->at = (c->rate && !p->is_ack ? m->free_at : m->now) +
		    c->delay_us;
		if (unit(m) < c->reorder)
			p->at += (int64_t)(unit(m) * c->reorder_us);
		p->n = ++m->npackets;
		if (p->len) {
			p->data = malloc(p->len);
			memcpy(p->data, data, p->len);
		}
		push(m, p);
	}
}

/* The application reads, at its rate. */
static void
rcv_read(struct sim *m)
{
	struct receiver *r = &m->rcv;
	int64_t can;

	if (m->c->read == 0) {
		r->unread = 0;
		return;
	}
	can = (m->now - r->read_at) * m->c->read / 1000;
	if (can == 0)
		return;
	r->read_at = m->now;
	r->unread = can > r->unread ? 0 : r->unread - (uint32_t)can;
}

static void
rcv_ack(struct sim *m)
{
	struct receiver *r = &m->rcv;
	struct packet p = { .is_ack = 1 };
	uint32_t room, mss = m->c->mss;
	unsigned i;

	rcv_read(m);
	room = m->c->rcvbuf - r->unread;
	if (room < m->c->rcvbuf / 2 && room < mss)
		room = 0;		/* no silly window */
	if (seq_lt(r->edge, r->nxt + room))
		r->edge = r->nxt + room;
	p.seq = r->nxt;
	p.wnd = r->edge - r->nxt;
	p.ts = r->ts_recent;
	if (!m->c->no_sack) {
		if (r->dsack.from != r->dsack.to)
			p.sack[p.nsack++] = r->dsack;
		for (i = 0; i < r->nearly && p.nsack < 3; i++)
			p.sack[p.nsack++] = r->early[i];
	}
	r->dsack.from = r->dsack.to = 0;
	r->last_ack = r->nxt;
	r->ack_at = LOOP_NEVER;
	r->segs = 0;
	carry(m, &p);
}

static void
rcv_early(struct receiver *r, uint32_t from, uint32_t to)
{
	struct tcp_sack b = { from, to };
	unsigned i, n = 0;

	for (i = 0; i < r->nearly; i++) {
		if (seq_lt(b.to, r->early[i].from) ||
		    seq_lt(r->early[i].to, b.from)) {
			r->early[n++] = r->early[i];
			continue;
		}
		if (seq_lt(r->early[i].from, b.from))
			b.from = r->early[i].from;
		if (seq_lt(b.to, r->early[i].to))
			b.to = r->early[i].to;
	}
	if (n == SIM_EARLY)
		n--;
	memmove(r->early + 1, r->early, n * sizeof(b));
	r->early[0] = b;
	r->nearly = n + 1;
}

static void
rcv_advance(struct sim *m, uint32_t to)
{
	struct receiver *r = &m->rcv;
	unsigned i;

	r->nxt = to;
	for (i = 0; i < r->nearly; i++) {
		if (seq_lt(r->nxt, r->early[i].from))
			continue;
		if (seq_lt(r->nxt, r->early[i].to))
			r->nxt = r->early[i].to;
		memmove(r->early + i, r->early + i + 1,
		    (r->nearly - i - 1) * sizeof(*r->early));
		r->nearly--;
		i = UINT32_MAX;		/* once more from the start */
	}
	if (r->has_fin && r->nxt == r->fin_seq + 1)
		r->fin = 1;
}

static int
rcv_is_dup(const struct receiver *r, uint32_t from, uint32_t to)
{
	unsigned i;

	if (seq_le(to, r->nxt))
		return 1;
	for (i = 0; i < r->nearly; i++)
		if (seq_le(r->early[i].from, from) &&
		    seq_le(to, r->early[i].to))
			return 1;
	return 0;
}

static void
rcv_data(struct sim *m, const struct packet *p)
{
	struct receiver *r = &m->rcv;
	uint32_t end = p->seq + p->len + (uint32_t)p->fin, old = r->nxt, i;
	uint64_t at;

	rcv_read(m);
	for (i = 0; i < p->len; i++) {
		at = r->got + (uint32_t)(p->seq + i - r->nxt);
		if (seq_lt(p->seq + i, r->nxt))
			at = r->got + (uint32_t)r->fin -
			    (uint32_t)(r->nxt - p->seq - i);
		if (p->data[i] != simtcp_byte(at)) {
			broken(m, "bytes as they were put");
			break;
		}
	}
	if (seq_lt(r->edge, end))
		broken(m, "nothing beyond the window");
	if (p->len == 0 && !p->fin) {	/* a probe */
		rcv_ack(m);
		return;
	}
	if (seq_le(p->seq, r->last_ack) && !seq_lt(p->ts, r->ts_recent))
		r->ts_recent = p->ts;
	if (rcv_is_dup(r, p->seq, end)) {
		r->dsack.from = p->seq;
		r->dsack.to = end;
		rcv_ack(m);
		return;
	}
	if (p->fin) {
		r->has_fin = 1;
		r->fin_seq = end - 1;
	}
	if (seq_lt(r->nxt, p->seq)) {
		rcv_early(r, p->seq, end);
		rcv_ack(m);
		return;
	}
	i = r->nearly;
	rcv_advance(m, end);
	r->got += r->nxt - old - (uint32_t)r->fin;
	r->unread += r->nxt - old - (uint32_t)r->fin;
	if (++r->segs >= 2 || i || r->fin)
		rcv_ack(m);
	else if (r->ack_at == LOOP_NEVER)
		r->ack_at = m->now + SIM_DELACK_US;
}

static void
check(struct sim *m)
{
	const char *what = sndcheck(&m->snd);

	if (what)
		broken(m, what);
}

/* As the device cuts it. */
static void
emit(struct sim *m, const struct tcp_seg_out *o)
{
	uint8_t buf[PKT_MAX];
	struct packet p;
	size_t at = 0, n, i;

	for (i = 0; i < o->nbody; i++) {
		memcpy(buf + at, o->body[i].p, o->body[i].len);
		at += o->body[i].len;
	}
	if (at != o->len)
		broken(m, "slices make up the length");
	m->res->sent += at;
	at = 0;
	do {
		memset(&p, 0, sizeof(p));
		n = o->len - at < m->c->mss || m->c->whole ? o->len - at :
		    m->c->mss;
		p.seq = o->seq + (uint32_t)at;
		p.len = (uint32_t)n;
		p.data = buf + at;
		p.ts = (uint32_t)(m->now / 1000);
		at += n;
		p.fin = o->fin && at == o->len;
		m->res->packets++;
		carry(m, &p);
	} while (at < o->len);
}

static void
flush(struct sim *m)
{
	uint8_t chunk[4096];
	struct tcp_seg_out o;
	size_t n, i;
	int64_t ms = m->now / 1000;

	while (m->put < m->c->bytes && tcp_snd_room(&m->snd)) {
		n = tcp_snd_room(&m->snd);
		n = n < sizeof(chunk) ? n : sizeof(chunk);
		if (n > m->c->bytes - m->put)
			n = (size_t)(m->c->bytes - m->put);
		for (i = 0; i < n; i++)
			chunk[i] = simtcp_byte(m->put + i);
		if (tcp_snd_put(&m->snd, chunk, n, ms) != n)
			broken(m, "put takes what there is room for");
		m->put += n;
	}
	if (m->put == m->c->bytes && !m->snd.fin)
		tcp_snd_fin(&m->snd);
	while (m->res->broken == NULL &&
	    tcp_snd_next(&m->snd, &o, m->c->most, ms)) {
		check(m);
		emit(m, &o);
	}
	check(m);
}

static void
snd_ack(struct sim *m, const struct packet *p)
{
	struct tcp_ack a = { .ack = p->seq, .wnd = p->wnd, .seq = 7,
	    .has_ts = !m->c->no_ts, .ts_ecr = p->ts, .nsack = p->nsack };

	if (!seq_le(m->snd.una, a.ack) || !seq_le(a.ack, m->snd.max))
		return;			/* as the connection does */
	memcpy(a.sack, p->sack, sizeof(a.sack));
	(void)tcp_snd_ack(&m->snd, &a, m->now / 1000);
	check(m);
}

/* When the next thing happens, and it does. */
static int
step(struct sim *m)
{
	struct receiver *r = &m->rcv;
	int64_t timer = m->snd.deadline == LOOP_NEVER ? LOOP_NEVER :
	    m->snd.deadline * 1000, at = timer;
	int64_t open = LOOP_NEVER;
	struct packet p;
	int rc = 0;

	if (r->edge - r->nxt < m->c->rcvbuf / 2 && m->c->read)
		open = m->now + 1000;	/* an update may be due */
	if (open < at)
		at = open;
	if (r->ack_at < at)
		at = r->ack_at;
	if (m->nheap && m->heap[0].at < at)
		at = m->heap[0].at;
	if (at == LOOP_NEVER)
		return -EDEADLK;
	if (at > m->now)
		m->now = at;
	if (m->nheap && m->heap[0].at == at) {
		p = pop(m);
		if (p.is_ack)
			snd_ack(m, &p);
		else
			rcv_data(m, &p);
		if (p.len)
			free(p.data);
	} else if (r->ack_at == at) {
		rcv_ack(m);
	} else if (timer == at) {
		rc = tcp_snd_timer(&m->snd, m->now / 1000);
	} else {
		rcv_read(m);
		if (m->c->rcvbuf - r->unread - (r->edge - r->nxt) >=
		    m->c->rcvbuf / 2)
			rcv_ack(m);
	}
	flush(m);
	return rc;
}

void
simtcp_run(const struct simtcp_conf *c, struct simtcp_result *res)
{
	struct tcp_ack first = { .ack = c->iss + 1, .seq = 7,
	    .wnd = c->rcvbuf };
	struct sim m = { .c = c, .res = res, .rng = c->seed * 2654435761u + 1,
	    .now = 5000000 };

	memset(res, 0, sizeof(*res));
	m.heap = calloc(SIM_PACKETS, sizeof(*m.heap));
	m.rcv.nxt = m.rcv.last_ack = c->iss + 1;
	m.rcv.edge = m.rcv.nxt + c->rcvbuf;
	m.rcv.ack_at = LOOP_NEVER;
	m.rcv.read_at = m.now;
	tcp_snd_init(&m.snd, c->iss, c->mss, !c->no_sack, !c->no_ts);
	tcp_rtt_sample(&m.snd.rtt, 2 * c->delay_us / 1000);
	(void)tcp_snd_ack(&m.snd, &first, m.now / 1000);
	flush(&m);
	while (!tcp_snd_fin_acked(&m.snd) && res->broken == NULL &&
	    res->rc == 0) {
		res->rc = step(&m);
		if (m.now / 1000 > c->limit_ms)
			res->rc = -ETIME;
	}
	if (res->rc == 0 && res->broken == NULL &&
	    (m.rcv.got != c->bytes || !m.rcv.fin))
		broken(&m, "all that was put has arrived");
	res->ms = m.now / 1000 - 5000;
	tcp_snd_free(&m.snd);
	while (m.nheap) {
		struct packet p = pop(&m);

		if (p.len)
			free(p.data);
	}
	free(m.heap);
}

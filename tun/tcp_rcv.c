/* tun/tcp_rcv.c - the receiving half of a TCP connection
 *
 * Theory of operation
 *	nxt is what we wait for.  Up to it all has been given to the holder;
 *	[nxt, nxt + credit) may come.  A segment at nxt goes straight through;
 *	one beyond it is kept as a stretch in a list by sequence:
 *
 *	  delivered   nxt     early          early         nxt + credit
 *	  ===========>|......[#####]....[####][###]........|
 *
 *	What continues a stretch is appended to it, which is how segments behind
 *	a lost one come; the block doubles, so each byte is copied about once
 *	more.  Nothing is ever put in front of a stretch or moved: bytes that
 *	come one by one in reverse make a stretch each, a small one, at the
 *	front, where it is found at once; when there are too many, the one that
 *	will be needed last goes, and the client sends it again.
 *
 *	Where segments overlap, the bytes that came first stand: whoever sends
 *	others for the same place does not change what was already said to have
 *	arrived.
 *
 *	An ACK is due at once for all that is out of order, came twice, or fills
 *	a gap (RFC 5681 4.2), and for every second full segment; else later, but
 *	not for the TCP_RCV_QUICK segments after such a one: a client that lost
 *	all of a flight sends one segment and waits for its ACK.
 * Limits
 *	TCP_RCV_EARLY_MAX stretches, early_max bytes of memory, and the window.
 */
#include "tun/tcp_rcv.h"

#include <stdlib.h>
#include <string.h>

#include "base/loop.h"
#include "tun/tcp_seg.h"

struct tcp_early {
	struct tcp_early *next;
	uint32_t	 seq;
	uint32_t	 len, cap;
	uint32_t	 stamp;		/* of the last arrival */
	uint8_t		 data[];
};

enum { EARLY_FIRST = 64 };		/* bytes of a stretch at least */

/* A piece of a segment's payload. */
struct piece {
	uint32_t	 seq;
	const uint8_t	*p;
	size_t		 len;
};

void
tcp_rcv_init(struct tcp_rcv *r, uint32_t irs, uint16_t mss, uint8_t scale)
{
	memset(r, 0, sizeof(*r));
	r->nxt = r->wup = r->acked = irs + 1;
	r->mss = mss;
	r->scale = scale;
	r->ack_at = LOOP_NEVER;
	r->early_max = SIZE_MAX;
}

static void
remove_at(struct tcp_rcv *r, struct tcp_early **at)
{
	struct tcp_early *e = *at;

	*at = e->next;
	r->early_bytes -= sizeof(*e) + e->cap;
	r->count--;
	free(e);
}

void
tcp_rcv_free(struct tcp_rcv *r)
{
	while (r->early)
		remove_at(r, &r->early);
}

/* --- the window --- */

static uint32_t
edge(const struct tcp_rcv *r)
{
	return r->nxt + (uint32_t)r->credit;
}

static size_t
offer(const struct tcp_rcv *r)
{
	size_t field = r->credit >> r->scale;

	return (field < UINT16_MAX ? field : UINT16_MAX) << r->scale;
}

int
tcp_rcv_grant(struct tcp_rcv *r, size_t credit)
{
	uint32_t left = r->wup - r->nxt, opened;

	if (credit > INT32_MAX - r->credit)	/* half the sequence space */
		credit = INT32_MAX - r->credit;
	r->credit += credit;
	opened = (uint32_t)offer(r) > left ? (uint32_t)offer(r) - left : 0;
	if (left < r->mss)
		return opened > 0;
	return opened >= left && opened >= 2 * (uint32_t)r->mss;
}

int
tcp_rcv_acceptable(const struct tcp_rcv *r, uint32_t seq, size_t len)
{
	if (len == 0)
		return seq_le(r->nxt, seq) && seq_le(seq, edge(r));
	return seq_lt(seq, edge(r)) && seq_lt(r->nxt, seq + (uint32_t)len);
}

static uint16_t
settle(struct tcp_rcv *r, size_t window, uint8_t scale)
{
	uint32_t to = r->nxt + (uint32_t)window;

	if (seq_lt(r->wup, to))
		r->wup = to;
	r->acked = r->nxt;
	r->ack_at = LOOP_NEVER;
	r->dup_from = r->dup_to = 0;
	return (uint16_t)(window >> scale);
}

uint16_t
tcp_rcv_advertise(struct tcp_rcv *r)
{
	return settle(r, offer(r), r->scale);
}

uint16_t
tcp_rcv_advertise_syn(struct tcp_rcv *r)
{
	return settle(r, r->credit < UINT16_MAX ? r->credit : UINT16_MAX, 0);
}

/* --- what came early --- */

static uint32_t
end_of(const struct tcp_early *e)
{
	return e->seq + e->len;
}

/* 0; -1: there is no memory for it. */
static int
append(struct tcp_rcv *r, struct tcp_early **at, const struct piece *new)
{
	struct tcp_early *e = *at;
	size_t need = e->len + new->len, cap = e->cap;

	if (need > cap) {
		while (cap < need)
			cap *= 2;
		if (r->early_bytes + cap - e->cap > r->early_max ||
		    (e = realloc(e, sizeof(*e) + cap)) == NULL)
			return -1;
		*at = e;
		r->early_bytes += cap - e->cap;
		e->cap = (uint32_t)cap;
	}
	memcpy(e->data + e->len, new->p, new->len);
	e->len += (uint32_t)new->len;
	e->stamp = r->clock;
	return 0;
}

static int
insert(struct tcp_rcv *r, struct tcp_early **at, const struct piece *new)
{
	size_t cap = new->len < EARLY_FIRST ? EARLY_FIRST : new->len;
	struct tcp_early *e;

	if (r->early_bytes + sizeof(*e) + cap > r->early_max ||
	    (e = malloc(sizeof(*e) + cap)) == NULL)
		return -1;
	e->seq = new->seq;
	e->len = (uint32_t)new->len;
	e->cap = (uint32_t)cap;
	e->stamp = r->clock;
	memcpy(e->data, new->p, new->len);
	e->next = *at;
	*at = e;
	r->early_bytes += sizeof(*e) + cap;
	r->count++;
	return 0;
}

static void
drop_last(struct tcp_rcv *r)
{
	struct tcp_early **at = &r->early;

	while ((*at)->next)
		at = &(*at)->next;
	remove_at(r, at);
}

static void
note_dup(struct tcp_rcv *r, uint32_t from, uint32_t to)
{
	r->dup_from = from;
	r->dup_to = to;
	r->quick = TCP_RCV_QUICK;
}

int
tcp_rcv_disorder(const struct tcp_rcv *r)
{
	return r->early || r->dup_from != r->dup_to;
}

void
tcp_rcv_old(struct tcp_rcv *r, uint32_t seq, size_t len)
{
	if (len)
		note_dup(r, seq, seq + (uint32_t)len);
}

/* The first @n bytes are elsewhere already. */
static void
skip(struct piece *p, size_t n)
{
	p->seq += (uint32_t)n;
	p->p += n;
	p->len -= n;
}

/* What of @p is at its head in @e, if it is: how much that is. */
static size_t
overlap(const struct tcp_early *e, const struct piece *p)
{
	size_t n;

	if (e == NULL || seq_lt(p->seq, e->seq))
		return 0;
	n = end_of(e) - p->seq;
	return n < p->len ? n : p->len;
}

/* Keeps what of @p no stretch has, one hole between them after the other. */
static void
fill(struct tcp_rcv *r, struct piece p)
{
	struct tcp_early **at = &r->early, **prev = NULL;
	struct piece part;
	size_t n;

	while (p.len) {
		while (*at && seq_le(end_of(*at), p.seq)) {
			prev = at;
			at = &(*at)->next;
		}
		if ((n = overlap(*at, &p)) > 0) {
			note_dup(r, p.seq, p.seq + (uint32_t)n);
			(*at)->stamp = r->clock;
			skip(&p, n);
			continue;
		}
		part = p;
		if (*at && seq_lt((*at)->seq, p.seq + (uint32_t)p.len))
			part.len = (*at)->seq - p.seq;
		if (prev && end_of(*prev) == p.seq) {
			if (append(r, prev, &part) < 0)
				return;
			at = &(*prev)->next;
		} else if (insert(r, at, &part) < 0)
			return;
		skip(&p, part.len);
	}
}

static void
keep(struct tcp_rcv *r, struct piece p)
{
	r->clock++;
	r->quick = TCP_RCV_QUICK;
	fill(r, p);
	while (r->count > TCP_RCV_EARLY_MAX)
		drop_last(r);
}

/* --- in order --- */

static void
give(struct tcp_rcv *r, const uint8_t *p, size_t len, tcp_rcv_fn *fn, void *arg)
{
	r->nxt += (uint32_t)len;
	r->credit -= len;
	fn(arg, p, len);
}

/* What came early and is next now.  A stretch leaves the list before it is
 * given: the holder may do anything. */
static void
give_early(struct tcp_rcv *r, tcp_rcv_fn *fn, void *arg)
{
	struct tcp_early *e;
	uint32_t had;

	while ((e = r->early) != NULL && seq_le(e->seq, r->nxt)) {
		had = r->nxt - e->seq;
		r->early = e->next;
		r->early_bytes -= sizeof(*e) + e->cap;
		r->count--;
		if (had < e->len)
			give(r, e->data + had, e->len - had, fn, arg);
		free(e);
	}
}

/* In order, and what of it came early before is left out. */
static void
give_new(struct tcp_rcv *r, struct piece p, tcp_rcv_fn *fn, void *arg)
{
	size_t n;

	while (p.len) {
		n = p.len;
		if (r->early && seq_lt(r->early->seq, p.seq + (uint32_t)n))
			n = r->early->seq - p.seq;
		give(r, p.p, n, fn, arg);
		skip(&p, n);
		give_early(r, fn, arg);
		n = r->nxt - p.seq;
		if (n > p.len)
			n = p.len;
		if (n)
			note_dup(r, p.seq, p.seq + (uint32_t)n);
		skip(&p, n);
	}
}

/* To the window, and to the end where it is known; what lies behind it takes
 * its FIN with it. */
static void
trim(struct tcp_rcv *r, struct piece *p, int *has_fin)
{
	uint32_t end = p->seq + (uint32_t)p->len, old, last = edge(r);

	if (seq_lt(p->seq, r->nxt)) {
		old = r->nxt - p->seq;
		if (old > p->len)
			old = (uint32_t)p->len;
		tcp_rcv_old(r, p->seq, old);
		skip(p, old);
	}
	if (r->fin_known && seq_lt(r->fin_at, last))
		last = r->fin_at;
	if (seq_lt(last, end)) {
		*has_fin = 0;
		p->len = seq_lt(p->seq, last) ? last - p->seq : 0;
	}
}

/* One that stands before what has come already is none. */
static void
note_fin(struct tcp_rcv *r, uint32_t at)
{
	const struct tcp_early *e;

	if (r->fin_known)
		return;
	for (e = r->early; e; e = e->next)
		if (seq_lt(at, end_of(e)))
			return;
	r->fin_known = 1;
	r->fin_at = at;
}

static enum tcp_rcv_ack
due(struct tcp_rcv *r, int64_t now)
{
	if (r->quick) {
		r->quick--;
		return TCP_RCV_NOW;
	}
	if (r->nxt - r->acked >= 2 * (uint32_t)r->mss)
		return TCP_RCV_NOW;
	if (r->ack_at == LOOP_NEVER)
		r->ack_at = now + TCP_DELACK_MS;
	return TCP_RCV_LATER;
}

static int
take_fin(struct tcp_rcv *r)
{
	if (!r->fin_known || r->fin_at != r->nxt)
		return 0;
	r->nxt++;
	r->fin_known = 0;
	return 1;
}

enum tcp_rcv_ack
tcp_rcv_segment(struct tcp_rcv *r, uint32_t seq, const void *data, size_t len,
    int has_fin, int *fin, tcp_rcv_fn *fn, void *arg, int64_t now)
{
	struct piece p = { .seq = seq, .p = data, .len = len };
	int disorder = r->early != NULL;

	*fin = 0;
	trim(r, &p, &has_fin);
	if (has_fin)
		note_fin(r, seq + (uint32_t)len);
	if (p.len && p.seq != r->nxt) {
		keep(r, p);
		return TCP_RCV_NOW;
	}
	give_new(r, p, fn, arg);
	*fin = take_fin(r);
	if (*fin || disorder || p.len < len || (has_fin && p.len == 0))
		return TCP_RCV_NOW;
	return p.len ? due(r, now) : TCP_RCV_QUIET;
}

/* --- SACK --- */

/* The most recent of what is not in @out yet; stretches that touch are one. */
static int
next_block(const struct tcp_rcv *r, uint32_t before, struct tcp_sack *out,
    uint32_t *stamp)
{
	const struct tcp_early *e = r->early;
	struct tcp_sack b;
	uint32_t newest;
	int found = 0;

	while (e) {
		b.from = e->seq;
		newest = 0;
		do {
			b.to = end_of(e);
			if (e->stamp > newest)
				newest = e->stamp;
			e = e->next;
		} while (e && e->seq == b.to);
		if (newest >= before || (found && newest <= *stamp))
			continue;
		found = 1;
		*stamp = newest;
		*out = b;
	}
	return found;
}

unsigned
tcp_rcv_sacks(const struct tcp_rcv *r, struct tcp_sack *out, unsigned max)
{
	uint32_t before = UINT32_MAX;
	unsigned n = 0;

	if (r->dup_from != r->dup_to && n < max) {
		out[n].from = r->dup_from;
		out[n++].to = r->dup_to;
	}
	while (n < max && next_block(r, before, &out[n], &before))
		n++;
	return n;
}

/* tun/tcp_seg.c - a TCP segment: header and options */
#include "tun/tcp_seg.h"

#include <assert.h>
#include <string.h>

#include "base/wire.h"

enum {
	OPT_END = 0, OPT_NOP = 1, OPT_MSS = 2, OPT_WSCALE = 3, OPT_SACK_OK = 4,
	OPT_SACK = 5, OPT_TS = 8
};
enum {				/* bytes, kind and length included */
	LEN_MSS = 4, LEN_WSCALE = 3, LEN_SACK_OK = 2, LEN_TS = 10,
	LEN_SACK_HEAD = 2, LEN_BLOCK = 8
};
enum { WSCALE_MAX = 14 };

/* A header has no room for more of them than a segment. */
_Static_assert((TCP_HEAD_MAX - TCP_HEAD - LEN_SACK_HEAD) / LEN_BLOCK <=
    TCP_SND_SACK_MAX, "SACK blocks");

static int
read_sack(struct tcp_seg *s, struct wire *w)
{
	size_t len = wire_left(w);

	if (len == 0 || len % LEN_BLOCK)
		return 0;
	for (s->nsack = 0; wire_left(w); s->nsack++) {
		s->sack[s->nsack].from = wire_u32(w);
		s->sack[s->nsack].to = wire_u32(w);
	}
	return 1;
}

static int
read_wscale(struct tcp_seg *s, struct wire *w)
{
	uint8_t shift = wire_u8(w);

	s->wscale = (int8_t)(shift > WSCALE_MAX ? WSCALE_MAX : shift);
	return wire_done(w) == 0;
}

/* What is known has one length.  Of what comes twice the last counts, as it
 * does in the kernels that clients run. */
static int
read_option(struct tcp_seg *s, uint8_t kind, struct wire *w)
{
	switch (kind) {
	case OPT_MSS:
		s->mss = wire_u16(w);
		break;
	case OPT_WSCALE:
		return read_wscale(s, w);
	case OPT_SACK_OK:
		s->sack_ok = 1;
		break;
	case OPT_SACK:
		return read_sack(s, w);
	case OPT_TS:
		s->has_ts = 1;
		s->ts_val = wire_u32(w);
		s->ts_ecr = wire_u32(w);
		break;
	default:
		return 1;
	}
	return wire_done(w) == 0;
}

static int
read_options(struct tcp_seg *s, struct wire *w)
{
	struct wire body;
	uint8_t kind, len;

	while (wire_left(w)) {
		kind = wire_u8(w);
		if (kind == OPT_END)
			return 1;
		if (kind == OPT_NOP)
			continue;
		len = wire_u8(w);
		if (len < 2)
			return 0;
		wire_sub(w, &body, len - 2u);
		if (w->err || !read_option(s, kind, &body))
			return 0;
	}
	return 1;
}

enum drop
tcp_seg_parse(struct tcp_seg *s, const uint8_t *p, size_t len)
{
	struct wire w, options;
	size_t headlen;

	memset(s, 0, sizeof(*s));
	s->wscale = -1;
	wire_init(&w, p, len);
	s->sport = wire_u16(&w);
	s->dport = wire_u16(&w);
	s->seq = wire_u32(&w);
	s->ack = wire_u32(&w);
	headlen = (wire_u8(&w) >> 4) * 4u;
	s->flags = wire_u8(&w);
	s->wnd = wire_u16(&w);
	wire_take(&w, 4);		/* checksum; urgent pointer */
	if (w.err)
		return DROP_RUNT;
	if (headlen < TCP_HEAD || s->sport == 0 || s->dport == 0)
		return DROP_SEGMENT;
	wire_sub(&w, &options, headlen - TCP_HEAD);
	if (w.err || !read_options(s, &options))
		return DROP_SEGMENT;
	s->data = w.at;
	s->len = wire_left(&w);
	return DROP_NOT;
}

static void
put_option(struct pack *p, uint8_t kind, uint8_t len)
{
	pack_u8(p, kind);
	pack_u8(p, len);
}

static void
put_nops(struct pack *p, int n)
{
	while (n--)
		pack_u8(p, OPT_NOP);
}

static void
put_sacks(struct pack *p, const struct tcp_seg *s)
{
	size_t room = (size_t)(p->end - p->at), most, i, n = s->nsack;

	most = room < 2 + LEN_SACK_HEAD ? 0 :
	    (room - 2 - LEN_SACK_HEAD) / LEN_BLOCK;
	if (n > most)
		n = most;
	if (n == 0)
		return;
	put_nops(p, 2);
	put_option(p, OPT_SACK, (uint8_t)(LEN_SACK_HEAD + n * LEN_BLOCK));
	for (i = 0; i < n; i++) {
		pack_u32(p, s->sack[i].from);
		pack_u32(p, s->sack[i].to);
	}
}

/* Order and padding are Linux's.  Its receiver predicts a header whose options
 * are two NOPs and the timestamps, compared as one word; others take the slow
 * path.  It also makes us look like nothing special. */
static void
put_options(struct pack *p, const struct tcp_seg *s)
{
	if (s->mss) {
		put_option(p, OPT_MSS, LEN_MSS);
		pack_u16(p, s->mss);
	}
	if (s->sack_ok || s->has_ts) {
		if (!s->sack_ok || !s->has_ts)
			put_nops(p, 2);
		if (s->sack_ok)
			put_option(p, OPT_SACK_OK, LEN_SACK_OK);
		if (s->has_ts) {
			put_option(p, OPT_TS, LEN_TS);
			pack_u32(p, s->ts_val);
			pack_u32(p, s->ts_ecr);
		}
	}
	if (s->wscale >= 0) {
		put_nops(p, 1);
		put_option(p, OPT_WSCALE, LEN_WSCALE);
		pack_u8(p, (uint8_t)s->wscale);
	}
	put_sacks(p, s);
}

size_t
tcp_seg_build(uint8_t *out, const struct tcp_seg *s)
{
	struct pack p;

	pack_init(&p, out, TCP_HEAD_MAX);
	pack_u16(&p, s->sport);
	pack_u16(&p, s->dport);
	pack_u32(&p, s->seq);
	pack_u32(&p, s->ack);
	pack_u8(&p, 0);
	pack_u8(&p, s->flags);
	pack_u16(&p, s->wnd);
	pack_u32(&p, 0);		/* checksum, urgent */
	put_options(&p, s);
	assert(p.err == 0 && pack_len(&p) % 4 == 0);
	out[12] = (uint8_t)(pack_len(&p) / 4 << 4);
	return pack_len(&p);
}

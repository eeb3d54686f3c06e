/* tests/tun/test_tcp_link.c - a connection across links that lose and mix up
 *
 * A client that shares no code with tun/: it goes back to the first byte that
 * was not acknowledged whenever a timer says so, and keeps what comes in any
 * order in a map of bytes.  Slow, but right; so whatever goes wrong is ours.
 * The link loses, doubles and delays packets as a seeded generator says.
 */
#include <errno.h>
#include <string.h>

#include "base/buf.h"
#include "tests/tun/peer.h"
#include "tests/unit.h"
#include "tun/ip.h"

enum { BYTES = 300000, PACKETS = 4096, RTO_MS = 60, GULP = 65536 };

struct link {
	uint32_t	loss, twice;	/* per mille */
	uint32_t	jitter;		/* ms, on top of one */
};

/* What is on its way, either way. */
static struct flight {
	int64_t		at;
	int		up;		/* to the stack */
	size_t		len;
	uint8_t		b[1600];
} flights[PACKETS];
static size_t nflights;

static struct net net;
static struct peer peer;
static struct link the_link;
static uint64_t seed;

static uint32_t
chance(uint32_t n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(seed >> 33) % n;
}

static uint8_t
byte_at(size_t i, int up)
{
	return (uint8_t)(i * 31 + i / 251 + (up ? 7 : 0));
}

/* --- the model --- */

static struct {
	/* up */
	size_t		una, nxt, len;		/* offsets of payload */
	uint32_t	base;			/* number of offset 0 */
	uint32_t	wnd;
	uint8_t		scale;
	int64_t		rto_at;
	int		fin, fin_acked;
	/* down */
	uint8_t		has[BYTES + 1];
	size_t		got;			/* in order */
	uint32_t	first;
	int64_t		fin_at;			/* offset; -1: not known */
	int		fin_got, ack;
} m;

static void
fly(int up, const uint8_t *p, size_t len)
{
	unsigned copies = 1 + (chance(1000) < the_link.twice);

	while (copies--) {
		struct flight *f;

		if (chance(1000) < the_link.loss || nflights == PACKETS)
			continue;
		f = &flights[nflights++];
		PEER_MUST(len <= sizeof(f->b));
		f->at = net.loop.now + 1 + chance(the_link.jitter + 1);
		f->up = up;
		f->len = len;
		memcpy(f->b, p, len);
	}
}

/* One segment of the client's, through a stack of its own making: peer_send()
 * would put it into the stack at once. */
static void
say(uint8_t flags, size_t from, size_t len)
{
	static uint8_t data[1460], b[1600];
	struct tcp_seg s = { .sport = peer.me.port, .dport = peer.dest.port,
	    .flags = flags, .wnd = 65535, .wscale = -1 };
	uint8_t tcp[TCP_HEAD_MAX];
	size_t i, iplen, tcplen;

	s.seq = m.base + (uint32_t)from;
	s.ack = m.first + (uint32_t)m.got + (m.fin_got ? 1 : 0);
	if (peer.sack && m.got < BYTES) {	/* the one block after a hole */
		for (i = m.got; i < BYTES && !m.has[i]; i++)
			;
		if (i < BYTES) {
			s.sack[0].from = m.first + (uint32_t)i;
			while (i < BYTES && m.has[i])
				i++;
			s.sack[0].to = m.first + (uint32_t)i;
			s.nsack = 1;
		}
	}
	if (peer.ts) {
		s.has_ts = 1;
		s.ts_val = (uint32_t)net.loop.now;
		s.ts_ecr = peer.ts_ecr;
	}
	for (i = 0; i < len; i++)
		data[i] = byte_at(from + i, 1);
	tcplen = tcp_seg_build(tcp, &s);
	iplen = ip_build(b, &peer.me, &peer.dest, IP_TCP, tcplen + len);
	memcpy(b + iplen, tcp, tcplen);
	memcpy(b + iplen + tcplen, data, len);
	fly(1, b, iplen + tcplen + len);
	m.ack = 0;
}

static void
client_sends(void)
{
	size_t edge = m.una + m.wnd, n;

	if (net.loop.now >= m.rto_at) {
		m.nxt = m.una;
		if (edge == m.una)
			edge++;			/* a probe */
		m.rto_at = net.loop.now + RTO_MS;
	}
	if (edge > m.una + 40000)
		edge = m.una + 40000;
	while (m.nxt < m.len && m.nxt < edge) {
		n = m.len - m.nxt < 1400 ? m.len - m.nxt : 1400;
		if (n > edge - m.nxt)
			n = edge - m.nxt;
		say(TCP_ACK, m.nxt, n);
		m.nxt += n;
	}
	if (m.nxt == m.len && m.fin && !m.fin_acked) {
		say(TCP_ACK | TCP_FIN, m.len, 0);
		m.nxt++;			/* until the timer */
	}
	if (m.ack)
		say(TCP_ACK, m.nxt < m.len ? m.nxt : m.len +
		    (size_t)m.fin_acked, 0);
}

static void
client_hears(const uint8_t *b, size_t len)
{
	struct ip ip;
	struct tcp_seg s;
	size_t off, acked, i;

	PEER_MUST(ip_parse(&ip, b, len) == DROP_NOT);
	PEER_MUST(tcp_seg_parse(&s, ip.payload, ip.len) == DROP_NOT);
	if (s.flags & TCP_SYN) {		/* our ACK of it was lost */
		m.ack = 1;
		return;
	}
	PEER_MUST((s.flags & TCP_RST) == 0);
	if (s.has_ts)
		peer.ts_ecr = s.ts_val;
	acked = s.ack - m.base;
	PEER_MUST(acked <= m.len + (size_t)m.fin);
	if (acked >= m.una) {
		if (acked > m.una)
			m.rto_at = net.loop.now + RTO_MS;
		m.una = acked;
		m.wnd = (uint32_t)s.wnd << m.scale;
		if (m.nxt < m.una)
			m.nxt = m.una;
		m.fin_acked = m.fin && acked == m.len + 1;
		if (m.fin_acked)
			m.una = m.len;
	}
	off = s.seq - m.first;
	for (i = 0; i < s.len; i++) {
		PEER_MUST(off + i < BYTES || off + i > (size_t)-70000);
		if (off + i >= BYTES)
			continue;
		PEER_MUST(s.data[i] == byte_at(off + i, 0));
		m.has[off + i] = 1;
	}
	if (s.flags & TCP_FIN)
		m.fin_at = (int64_t)(off + s.len);
	while (m.has[m.got])
		m.got++;
	if (m.fin_at == (int64_t)m.got)
		m.fin_got = 1;
	if (s.len || (s.flags & TCP_FIN))
		m.ack = 1;
}

/* --- the holder: reads in gulps, writes when there is room --- */

static size_t written, granted;

static void
holder_acts(struct hold *h, size_t down)
{
	static uint8_t data[GULP];
	size_t n, i, took;

	if (h->ep == NULL)
		return;
	if (h->granted - h->len < GULP / 2 && chance(4) == 0) {
		endpoint_grant(h->ep, GULP / 2);
		h->granted += GULP / 2;
		granted += GULP / 2;
	}
	while (written < down) {
		n = 1 + chance(GULP - 1);
		if (n > down - written)
			n = down - written;
		for (i = 0; i < n; i++)
			data[i] = byte_at(written + i, 0);
		took = endpoint_send(h->ep, data, n);
		written += took;
		if (took < n)
			break;
		if (written == down)
			endpoint_fin(h->ep);
	}
}

/* --- the link --- */

static void
take_out(void)
{
	const struct out *o;
	struct ip ip;
	struct tcp_seg s;
	size_t at, n, head;
	uint8_t b[1600], *tcp;

	while ((o = net_out(&net)) != NULL) {
		PEER_MUST(ip_parse(&ip, o->b, o->len) == DROP_NOT);
		PEER_MUST(tcp_seg_parse(&s, ip.payload, ip.len) == DROP_NOT);
		if (o->cut == 0) {
			fly(0, o->b, o->len);
			continue;
		}
		/* As a device cuts it. */
		head = ip.len - s.len;
		for (at = 0; at < s.len; at += n) {
			n = s.len - at < o->cut ? s.len - at : o->cut;
			tcp = b + ip_build(b, &ip.src, &ip.dst, IP_TCP,
			    head + n);
			memcpy(tcp, ip.payload, head);
			tcp[4] = (uint8_t)((s.seq + at) >> 24);
			tcp[5] = (uint8_t)((s.seq + at) >> 16);
			tcp[6] = (uint8_t)((s.seq + at) >> 8);
			tcp[7] = (uint8_t)(s.seq + at);
			if (at + n < s.len)
				tcp[13] &= (uint8_t)~(TCP_FIN | TCP_PSH);
			memcpy(tcp + head, s.data + at, n);
			fly(0, b, (size_t)(tcp - b) + head + n);
		}
	}
}

static void
land(void)
{
	static struct flight f;
	size_t i;

	for (i = 0; i < nflights;) {
		if (flights[i].at > net.loop.now) {
			i++;
			continue;
		}
		f = flights[i];
		flights[i] = flights[--nflights];
		if (f.up)
			net_packet_in_turn(&net, f.b, f.len, 1);
		else
			client_hears(f.b, f.len);
	}
}

static int
over(const struct hold *h)
{
	return h->ep == NULL && m.fin_got && (m.fin_acked || !m.fin);
}

static const struct link links[] = {
	{ 0, 0, 0 }, { 0, 0, 10 }, { 10, 10, 0 }, { 50, 50, 5 },
	{ 200, 100, 10 }
};

/* A row of links; SACK, timestamps, scale, offload or none. */
START_TEST(bytes_and_ends_pass_every_link_both_ways)
{
	int how = _i % 4;
	struct stack_conf conf = { .offload = how == 3 };
	struct hold *h;
	int64_t t;
	size_t i;

	the_link = (struct link){ 0, 0, 0 };
	net_init(&net, &conf);
	peer_init(&peer, &net, "10.9.0.11:40000", "203.0.113.80:80");
	peer.sack = how != 0;
	peer.ts = how >= 2;
	peer.wscale = how == 0 ? -1 : 3;
	peer.wnd = 8192;
	peer_open(&peer, GULP);
	h = peer.hold;
	granted = GULP;
	written = 0;
	memset(&m, 0, sizeof(m));
	m.base = peer.nxt;
	m.first = peer.ack;
	m.len = BYTES;
	m.wnd = peer.got.wnd;
	m.scale = how == 0 ? 0 : 4;
	m.fin = 1;
	m.fin_at = -1;
	seed = 0x1234567 + (uint64_t)_i;
	nflights = 0;
	the_link = links[_i / 4];
	for (t = 0; t < 600000 && !over(h); t++) {
		holder_acts(h, BYTES);
		loop_advance(&net.loop, 1);
		take_out();
		land();
		client_sends();
	}
	ck_assert_msg(over(h), "not over after %lld ms: up %zu/%zu down %zu",
	    (long long)t, h->len, m.una, m.got);
	ck_assert_uint_eq(h->len, BYTES);
	for (i = 0; i < BYTES; i++)
		if (h->got[i] != byte_at(i, 1))
			ck_abort_msg("byte %zu is wrong", i);
	ck_assert_uint_eq(m.got, BYTES);
	ck_assert_int_eq(h->why, 0);
	nflights = 0;
	net_fini(&net);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT_LOOP(bytes_and_ends_pass_every_link_both_ways,
	    4 * NELEM(links)),
};

UNIT_MAIN("tcp_link", tests)

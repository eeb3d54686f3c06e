/* tests/fuzz/fz_stack.c - clients, holders, time and memory that do anything
 *
 * The first byte says how the stack is made.  Then steps: a byte for what, and
 * its operands.  Four clients send what a client sends, nearly that, or any
 * packet; holders accept, grant, send, close and kill; time passes and memory
 * runs out.  A client's byte is a function of its sequence number, so wherever
 * it is sent from, and however often, it is the same.
 *
 * Oracles, after each step: what a holder got are the bytes of its client from
 * the first on, and no more than it granted; snd.una <= snd.nxt <= snd.una +
 * snd.wnd; no window beyond the credit; what is counted is there.  At the end
 * no memory, no timer.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/rand.h"
#include "base/wire.h"
#include "tests/fuzz/fuzz.h"
#include "tests/quiet.h"
#include "tests/tun/nomem.h"
#include "tests/tun/peer.h"
#include "tun/csum.h"
#include "tun/ip.h"
#include "tun/tcp_conn.h"

enum { PEERS = 4, STEPS = 2000, SEGMENT = 3000 };

static struct net net;
static struct peer peers[PEERS];
static struct wire in;

static uint8_t
byte_at(uint32_t seq)
{
	return (uint8_t)(seq * 2654435761u >> 24);
}

static const void *
bytes_at(uint32_t seq, size_t len)
{
	static uint8_t b[SEGMENT];
	size_t i;

	for (i = 0; i < len; i++)
		b[i] = byte_at(seq + (uint32_t)i);
	return b;
}

static struct tcp *
conn(const struct hold *h)
{
	return (struct tcp *)(void *)h->ep;
}

static void
check_conn(const struct hold *h)
{
	const struct tcp *c = conn(h);
	const struct tcp_snd *s = &c->snd;
	const struct tcp_rcv *r = &c->rcv;
	struct endpoint_queued q;
	size_t i;

	must(c->state != TCP_S_DEAD && c->state != TCP_S_TIME_WAIT);
	must(seq_le(s->una, s->nxt) && seq_le(s->nxt, s->max));
	must(s->nxt == s->una || s->nxt - s->una <= s->wnd);
	must(h->granted - h->len == r->credit);
	must(seq_le(r->wup, r->nxt + (uint32_t)r->credit));
	must(r->count <= TCP_RCV_EARLY_MAX);
	must((r->early == NULL) == (r->early_bytes == 0));
	must(c->counted == tcp_snd_memory(s) + r->early_bytes);
	endpoint_queued(h->ep, &q);
	must(q.bytes == s->q.cap + r->early_bytes);
	must((q.bytes == 0) == (q.since == INT64_MAX));
	must(endpoint_under_way(h->ep) == tcp_snd_queued(s));
	for (i = h->len > 64 ? h->len - 64 : 0; i < h->len; i++)
		must(h->got[i] == byte_at(c->irs + 1 + (uint32_t)i));
}

static void
check(void)
{
	struct stack_totals t = net_totals(&net);
	const struct hold *h;
	size_t bytes = 0, live = 0;

	for (h = net.holds; h; h = h->next) {
		if (h->ep == NULL)
			continue;
		check_conn(h);
		bytes += conn(h)->counted;
		live++;
	}
	must(bytes <= net.conf.bytes_max + 65536);
	must(live <= t.conns && t.conns <= net.conf.conns_max);
	must(t.opening <= net.conf.opening_max && t.opening <= t.conns);
}

/* --- clients --- */

static struct peer *
a_peer(void)
{
	return &peers[wire_u8(&in) % PEERS];
}

static void
new_syn(struct peer *p)
{
	uint8_t how = wire_u8(&in);

	if (how & 1)
		p->me.port++;
	p->sack = how >> 1 & 1;
	p->ts = how >> 2 & 1;
	p->wscale = how & 8 ? (int8_t)(how >> 4) : -1;
	p->mss = wire_u16(&in);
	p->iss = wire_u32(&in);
	p->ts_val++;
	peer_syn(p);
}

static void
near_segment(struct peer *p)
{
	uint8_t flags = wire_u8(&in);
	uint32_t seq = p->nxt + (uint32_t)(int16_t)wire_u16(&in);
	uint32_t ack = p->ack + (uint32_t)(int16_t)wire_u16(&in);
	size_t len = wire_u8(&in);
	unsigned i;

	p->wnd = wire_u16(&in);
	p->ts_val += (uint32_t)(int8_t)wire_u8(&in);
	p->nblocks = flags & TCP_SYN ? 0 : wire_u8(&in) % 4;
	for (i = 0; i < p->nblocks; i++) {
		p->blocks[i].from = p->ack + (uint32_t)(int16_t)wire_u16(&in);
		p->blocks[i].to = p->blocks[i].from +
		    (uint32_t)(int16_t)wire_u16(&in);
	}
	peer_send(p, flags, seq, ack, bytes_at(seq, len), len);
	p->nblocks = 0;
}

static void
send_data(struct peer *p)
{
	size_t len = wire_u16(&in) % SEGMENT;
	uint32_t seq = p->nxt;

	p->wnd = 65535;
	peer_data(p, bytes_at(seq, len), len);
}

/* Takes what came, and says so. */
static void
hear(struct peer *p, int answers)
{
	while (peer_got(p)) {
		if (p->got.flags & TCP_RST) {
			p->nxt = p->got.ack;
		} else if (p->got.flags & TCP_SYN) {
			p->ack = p->got.seq + 1;
			p->nxt = p->got.ack;
		} else if (p->got.seq == p->ack) {
			p->ack += (uint32_t)p->got.len;
			p->ack += (p->got.flags & TCP_FIN) != 0;
		}
	}
	if (answers)
		peer_ack(p);
}

static void
icmp_error(struct peer *p)
{
	uint8_t b[IP4_HEAD + 8 + IP4_HEAD + 8], *i, *t;
	struct addr from;
	size_t at;

	if (p->me.family != 4)
		return;
	addr_v4(&from, 0x0a0900fe, 0);
	at = ip_build(b, &from, &p->dest, IP_ICMP, sizeof(b) - IP4_HEAD);
	i = b + at;
	memset(i, 0, 8);
	i[0] = 3;
	i[1] = wire_u8(&in) & 7;
	wire_set16(i + 6, wire_u16(&in));
	t = i + 8 + ip_build(i + 8, &p->dest, &p->me, IP_TCP, 20);
	wire_set16(t, p->dest.port);
	wire_set16(t + 2, p->me.port);
	wire_set32(t + 4, p->ack + (uint32_t)(int16_t)wire_u16(&in));
	wire_set16(i + 2, csum_fold(csum_add(0, i, sizeof(b) - at)));
	net_packet(&net, b, sizeof(b), 0);
}

/* One byte each, from the end: SegmentSmack. */
static void
in_reverse(struct peer *p)
{
	uint32_t n = wire_u8(&in), seq;

	while (n > 0) {
		seq = p->nxt + n--;
		peer_send(p, TCP_ACK, seq, p->ack, bytes_at(seq, 1), 1);
	}
}

/* As a real one does it to what answers nothing it asked. */
static void
rst_of_what_came(struct peer *p)
{
	if (peer_got(p) && (p->got.flags & TCP_ACK))
		peer_send(p, TCP_RST, p->got.ack, 0, NULL, 0);
}

/* UDP, an echo request, anything: between addresses that are right. */
static void
packet_of(struct peer *p, uint8_t proto)
{
	size_t len = wire_u8(&in), at;
	const uint8_t *data = wire_take(&in, len);
	struct addr dest = p->dest;
	uint8_t b[400];

	if (data == NULL)
		return;
	if (proto == IP_ICMP && p->me.family == 6)
		proto = IP_ICMP6;
	if (len & 1)
		dest = net.conf.own[p->me.family == 6];
	at = ip_build(b, &p->me, &dest, proto, len);
	memcpy(b + at, data, len);
	net_packet(&net, b, at + len, 1);
	if (net.datagrams) {
		stack_send(net.stack, &net.to, &net.from, net.dgram,
		    net.dgramlen);
		net.datagrams = 0;
	}
}

static void
any_packet(void)
{
	size_t len = wire_u8(&in);
	const uint8_t *p = wire_take(&in, len);

	if (p)
		net_packet_in_turn(&net, p, len, 1);
}

/* --- holders --- */

static struct hold *
a_hold(void)
{
	unsigned n = wire_u8(&in) % 8;
	struct hold *h;

	for (h = net.holds; h && n; h = h->next)
		n -= h->ep != NULL;
	return h && h->ep ? h : NULL;
}

static void
grant(struct hold *h, size_t n)
{
	h->granted += n;
	endpoint_grant(h->ep, n);
}

/* Some of what it is offered a place for, or none. */
static void
put_in_place(struct endpoint *e)
{
	size_t len = (size_t)wire_u16(&in) * 8, part = wire_u8(&in), sum = 0;
	struct iovec v[2];
	unsigned i, n = endpoint_place(e, len, v);

	for (i = 0; i < n; i++) {
		memset(v[i].iov_base, 0, v[i].iov_len);
		sum += v[i].iov_len;
	}
	if (sum > len)
		abort();
	if (n)
		endpoint_placed(e, sum * part / 255);
}

static void
holder_acts(struct hold *h)
{
	static const int whys[] = { 0, -ECONNRESET, -EACCES, -ENETUNREACH,
	    -EHOSTUNREACH };
	static uint8_t some[65535];
	struct endpoint *e = h->ep;
	uint8_t what = wire_u8(&in);

	if (what >= 0xe0) {
		put_in_place(e);
		return;
	}
	switch (what % 8) {
	case 0:
		endpoint_accept(e);
		break;
	case 1:
		grant(h, 1 + (size_t)wire_u16(&in));
		break;
	case 2:
		(void)endpoint_send(e, some, wire_u16(&in));
		break;
	case 3:
		endpoint_fin(e);
		break;
	case 4:
		h->ep = NULL;
		endpoint_kill(e, whys[wire_u8(&in) % 5]);
		break;
	case 5:
		h->kills = 1;
		break;
	case 6:
		h->grants = 1;
		break;
	default:
		grant(h, 20000);
		endpoint_accept(e);
	}
}

/* --- */

static void
setup(uint8_t how)
{
	struct stack_conf conf = {
		.offload = how & 1, .conns_max = 6, .opening_max = 8,
		.bytes_max = how & 2 ? 3000 : 1 << 20
	};
	static const char *const from[PEERS] = {
		"10.9.0.11:1000", "10.9.0.11:3000", "10.9.0.12:1000",
		"[fd00::11]:1000"
	};
	size_t i;

	rand_init();
	log_capture(quiet, NULL);
	net_init(&net, &conf);
	net.accept = how & 4 ? 5000 : 0;
	for (i = 0; i < PEERS; i++) {
		peer_init(&peers[i], &net, from[i],
		    i < 3 ? "203.0.113.80:80" : "[2001:db8::80]:80");
		peers[i].same_turn = how >> 3 & 1;
	}
}

static void
step(uint8_t what)
{
	static const int64_t ms[] = { 1, 40, 200, 1000, 5000, 60000, 600000,
	    7300000 };
	struct hold *h;

	switch (what % 16) {
	case 0:
		new_syn(a_peer());
		break;
	case 1:
		send_data(a_peer());
		break;
	case 2:
		near_segment(a_peer());
		break;
	case 3:
		hear(a_peer(), what & 128);
		break;
	case 4:
		peer_fin(a_peer());
		break;
	case 5:
	case 6:
		if ((h = a_hold()) != NULL)
			holder_acts(h);
		break;
	case 7:
		net_advance(&net, ms[wire_u8(&in) % 8]);
		break;
	case 8:
		nomem_after = wire_u8(&in) % 8;
		break;
	case 9:
		icmp_error(a_peer());
		break;
	case 10:
		any_packet();
		break;
	case 11:
		in_reverse(a_peer());
		break;
	case 12:
		rst_of_what_came(a_peer());
		break;
	case 13:
		packet_of(a_peer(), IP_UDP);
		break;
	case 14:
		packet_of(a_peer(), what & 16 ? IP_ICMP : what);
		break;
	default:
		loop_end_turn(&net.loop);
	}
	if (what % 16 != 8)
		nomem_after = -1;
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	size_t live = nomem_live;
	unsigned n;

	wire_init(&in, p, len);
	setup(wire_u8(&in));
	for (n = 0; n < STEPS && wire_left(&in); n++) {
		step(wire_u8(&in));
		check();
	}
	nomem_after = -1;
	net_fini(&net);
	(void)net_out(&net);
	log_capture(NULL, NULL);
	must(nomem_live == live);
	return 0;
}

/* tests/tun/peer.c - a stack, those who hold its connections, and clients */
#include "tests/tun/peer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rand.h"
#include "base/wire.h"
#include "tests/tun/nomem.h"
#include "tun/csum.h"
#include "tun/ip.h"

void
peer_failed(const char *what, const char *file, int line)
{
	fprintf(stderr, "%s:%d: not so: %s\n", file, line, what);
	abort();
}

/* --- the holder --- */

static void
drop(struct hold *h, int why)
{
	struct endpoint *e = h->ep;

	h->ep = NULL;
	h->kills = 0;
	if (e)
		endpoint_kill(e, why);
}

static void
called(struct hold *h)
{
	PEER_MUST(h->ep != NULL);
	if (h->kills)
		drop(h, h->kills == 1 ? -ECONNRESET : 0);
}

static void
on_open_endpoint(void *arg)
{
	struct hold *h = arg;

	h->opens++;
	called(h);
}

static void
on_data(void *arg, const void *p, size_t len)
{
	struct hold *h = arg;

	PEER_MUST(len > 0 && h->fins == 0);
	PEER_MUST(h->len + len <= h->granted);
	if (h->len + len > h->cap) {
		uint8_t *was = h->got;

		while (h->cap < h->len + len)
			h->cap = h->cap ? h->cap * 2 : 64;
		h->got = nomem_own(h->cap);
		if (h->len)
			memcpy(h->got, was, h->len);
		free(was);
	}
	memcpy(h->got + h->len, p, len);
	h->len += len;
	called(h);
	if (h->grants && h->ep) {
		h->granted += len;
		endpoint_grant(h->ep, len);
	}
}

static void
on_room(void *arg)
{
	static const uint8_t some[65536];
	struct hold *h = arg;

	PEER_MUST(++h->rooms < 100000);		/* or it never ends */
	called(h);
	if (h->sends && h->ep)
		(void)endpoint_send(h->ep, some, h->sends);
}

static void
on_fin(void *arg)
{
	struct hold *h = arg;

	PEER_MUST(h->fins == 0);
	h->fins++;
	called(h);
}

static void
on_gone(void *arg, int why)
{
	struct hold *h = arg;

	PEER_MUST(h->ep != NULL && h->gones == 0 && why <= 0);
	h->gones++;
	h->why = why;
	h->ep = NULL;
}

static const struct endpoint_user users = {
	.open = on_open_endpoint, .data = on_data, .room = on_room,
	.fin = on_fin, .gone = on_gone
};

/* --- the stack's user --- */

static void
on_open(void *arg, const struct addr *client, const struct addr *dest,
    struct endpoint *e)
{
	struct net *n = arg;
	struct hold *h = nomem_own(sizeof(*h));

	memset(h, 0, sizeof(*h));
	n->opens++;
	h->net = n;
	h->ep = e;
	h->client = *client;
	h->dest = *dest;
	h->next = n->holds;
	n->holds = h;
	endpoint_hold(e, &users, h);
	if (n->refuse || n->silent) {
		drop(h, -n->refuse);
	} else if (n->accept) {
		h->granted += (size_t)n->accept;
		endpoint_grant(e, (size_t)n->accept);
		endpoint_accept(e);
	}
}

/* As the device does it for whoever gets the packet. */
static void
complete(uint8_t *b, size_t len, const struct pkt_out *p)
{
	uint8_t *at;
	uint16_t sum;

	if (p->csum_start == 0)
		return;
	PEER_MUST(p->csum_start + p->csum_offset + 2u <= p->headlen);
	at = b + p->csum_start + p->csum_offset;
	sum = csum_fold(csum_add(0, b + p->csum_start, len - p->csum_start));
	wire_set16(at, sum ? sum : 0xffff);
}

static void
check_packet(const uint8_t *b, size_t len)
{
	struct ip ip;
	uint64_t sum;

	PEER_MUST(ip_parse(&ip, b, len) == DROP_NOT);
	PEER_MUST(ip.headlen + ip.len == len);
	if (ip.proto == IP_ICMP) {
		PEER_MUST(csum_fold(csum_add(0, ip.payload, ip.len)) == 0);
		return;
	}
	sum = csum_pseudo(&ip.src, &ip.dst, ip.proto, ip.len);
	PEER_MUST(csum_fold(csum_add(sum, ip.payload, ip.len)) == 0);
}

static void
on_emit(void *arg, const struct pkt_out *p)
{
	struct net *n = arg;
	size_t len = p->headlen, at = 0;
	struct out *o;
	unsigned i;

	for (i = 0; i < p->nbody; i++)
		len += p->body[i].len;
	PEER_MUST(p->headlen <= PKT_HEAD_MAX && p->nbody <= PKT_BODY_MAX);
	PEER_MUST(len <= (p->seg ? PKT_MAX : n->conf.mtu));
	PEER_MUST(n->conf.offload || (!p->seg && !p->csum_start));
	n->nout++;
	o = nomem_own(sizeof(*o) + len);
	o->next = NULL;
	o->len = len;
	o->cut = p->seg;
	memcpy(o->b, p->head, p->headlen);
	at = p->headlen;
	for (i = 0; i < p->nbody; at += p->body[i++].len)
		memcpy(o->b + at, p->body[i].p, p->body[i].len);
	complete(o->b, len, p);
	check_packet(o->b, len);
	if (n->quiet) {
		free(o);
		return;
	}
	*n->tail = o;
	n->tail = &o->next;
}

static void
on_datagram(void *arg, const struct addr *client, const struct addr *dest,
    const void *p, size_t len)
{
	struct net *n = arg;

	PEER_MUST(len <= sizeof(n->dgram));
	n->datagrams++;
	n->from = *client;
	n->to = *dest;
	n->dgramlen = len;
	if (len)
		memcpy(n->dgram, p, len);
}

static const struct stack_user stack_users = {
	.emit = on_emit, .open = on_open, .datagram = on_datagram
};

static void
or_else(size_t *v, size_t other)
{
	if (*v == 0)
		*v = other;
}

void
net_init(struct net *n, const struct stack_conf *conf)
{
	struct stack_conf *c = &n->conf;

	memset(n, 0, sizeof(*n));
	n->tail = &n->out;
	loop_init(&n->loop, 1000000, 1700000000);
	if (conf)
		*c = *conf;
	c->loop = &n->loop;
	if (c->mtu == 0)
		c->mtu = 1500;
	if (c->nown == 0) {
		c->nown = 2;
		PEER_MUST(addr_parse_ip(&c->own[0], "10.191.0.1", -1) == 0);
		PEER_MUST(addr_parse_ip(&c->own[1], "fd00:6f74::1", -1) == 0);
	}
	if (c->udp_port == 0)
		c->udp_port = 53;
	or_else(&c->conns_max, 1000);
	or_else(&c->conns_client_max, 1000);
	or_else(&c->opening_max, 4000);
	or_else(&c->opening_client_max, 100);
	or_else(&c->bytes_max, 64 << 20);
	c->user = &stack_users;
	c->arg = n;
	PEER_MUST(stack_new(&n->stack, c) == 0);
}

void
net_flush(struct net *n)
{
	struct out *o;

	while ((o = n->out) != NULL) {
		n->out = o->next;
		free(o);
	}
	n->tail = &n->out;
}

void
net_fini(struct net *n)
{
	struct hold *h;

	stack_free(n->stack);
	loop_end_turn(&n->loop);
	PEER_MUST(loop_next(&n->loop) == LOOP_NEVER);
	net_flush(n);
	while ((h = n->holds) != NULL) {
		PEER_MUST(h->ep == NULL);
		n->holds = h->next;
		free(h->got);
		free(h);
	}
}

void
net_advance(struct net *n, int64_t ms)
{
	loop_advance(&n->loop, ms);
}

const struct out *
net_out(struct net *n)
{
	static struct out *last;
	struct out *o = n->out;

	free(last);
	last = o;
	if (o == NULL)
		return NULL;
	n->out = o->next;
	if (n->out == NULL)
		n->tail = &n->out;
	return o;
}

struct stack_totals
net_totals(struct net *n)
{
	struct stack_totals t;

	stack_totals(n->stack, &t);
	return t;
}

uint64_t
net_dropped(struct net *n, enum drop d)
{
	return net_totals(n).dropped[d];
}

void
net_packet_in_turn(struct net *n, const void *p, size_t len, int csum_ok)
{
	struct pkt_in in = { .len = len, .csum_ok = csum_ok != 0 };
	uint8_t *copy = nomem_own(len ? len : 1);	/* for sanitizers */

	if (len)
		memcpy(copy, p, len);
	in.p = copy;
	stack_input(n->stack, &in);
	free(copy);
}

void
net_packet(struct net *n, const void *p, size_t len, int csum_ok)
{
	net_packet_in_turn(n, p, len, csum_ok);
	loop_end_turn(&n->loop);
}

/* --- the client --- */

void
peer_init(struct peer *p, struct net *n, const char *me, const char *dest)
{
	memset(p, 0, sizeof(*p));
	p->net = n;
	PEER_MUST(addr_parse(&p->me, me, -1) == 0);
	PEER_MUST(addr_parse(&p->dest, dest, -1) == 0);
	p->iss = 0x7fffff00;
	p->nxt = p->iss;
	p->wnd = 65535;
	p->mss = (uint16_t)(p->me.family == 6 ? 1440 : 1460);
	p->wscale = -1;
	p->ts_val = 5000;
}

void
peer_send(struct peer *p, uint8_t flags, uint32_t seq, uint32_t ack,
    const void *data, size_t len)
{
	static uint8_t b[PKT_MAX + 200];
	struct tcp_seg s = { .sport = p->me.port, .dport = p->dest.port,
	    .seq = seq, .ack = ack, .flags = flags, .wnd = p->wnd,
	    .wscale = -1, .nsack = p->nblocks };
	uint8_t tcp[TCP_HEAD_MAX];
	size_t iplen, tcplen;

	memcpy(s.sack, p->blocks, sizeof(s.sack));
	if (flags & TCP_SYN) {
		s.mss = p->mss;
		s.wscale = p->wscale;
		s.sack_ok = p->sack;
	}
	s.has_ts = p->ts;
	s.ts_val = p->ts_val;
	s.ts_ecr = p->ts_ecr;
	tcplen = tcp_seg_build(tcp, &s);
	iplen = ip_build(b, &p->me, &p->dest, IP_TCP, tcplen + len);
	memcpy(b + iplen, tcp, tcplen);
	if (len)
		memcpy(b + iplen + tcplen, data, len);
	wire_set16(b + iplen + 16, csum_fold(csum_add(csum_pseudo(&p->me,
	    &p->dest, IP_TCP, tcplen + len), b + iplen, tcplen + len)));
	net_packet_in_turn(p->net, b, iplen + tcplen + len, 0);
	if (!p->same_turn)
		loop_end_turn(&p->net->loop);
}

void
peer_syn(struct peer *p)
{
	peer_send(p, TCP_SYN, p->iss, 0, NULL, 0);
	p->nxt = p->iss + 1;
}

void
peer_data(struct peer *p, const void *data, size_t len)
{
	uint32_t seq = p->nxt;

	p->nxt += (uint32_t)len;
	peer_send(p, TCP_ACK | TCP_PSH, seq, p->ack, data, len);
}

void
peer_fin(struct peer *p)
{
	peer_send(p, TCP_ACK | TCP_FIN, p->nxt++, p->ack, NULL, 0);
}

void
peer_ack(struct peer *p)
{
	peer_send(p, TCP_ACK, p->nxt, p->ack, NULL, 0);
}

int
peer_got(struct peer *p)
{
	const struct out *o;
	struct ip ip;

	while ((o = net_out(p->net)) != NULL) {
		PEER_MUST(ip_parse(&ip, o->b, o->len) == DROP_NOT);
		if (ip.proto != IP_TCP || !addr_same_ip(&ip.dst, &p->me))
			continue;
		PEER_MUST(addr_same_ip(&ip.src, &p->dest));
		PEER_MUST(tcp_seg_parse(&p->got, ip.payload, ip.len) ==
		    DROP_NOT);
		if (p->got.dport != p->me.port)
			continue;
		PEER_MUST(p->got.sport == p->dest.port);
		p->cut = o->cut;
		if (p->got.has_ts)
			p->ts_ecr = p->got.ts_val;
		return 1;
	}
	return 0;
}

size_t
peer_take(struct peer *p)
{
	size_t n = 0;

	while (peer_got(p)) {
		if (p->got.seq != p->ack || (p->got.flags & TCP_RST))
			continue;
		n += p->got.len;
		p->ack += (uint32_t)p->got.len;
		if (p->got.flags & TCP_FIN)
			p->ack++;
	}
	return n;
}

void
peer_open(struct peer *p, size_t credit)
{
	struct hold *h;

	peer_syn(p);
	h = p->hold = p->net->holds;
	PEER_MUST(h && h->ep && h->client.port == p->me.port);
	if (credit) {
		h->granted += credit;
		endpoint_grant(h->ep, credit);
	}
	endpoint_accept(h->ep);
	loop_end_turn(&p->net->loop);
	PEER_MUST(peer_got(p));
	PEER_MUST(p->got.flags == (TCP_SYN | TCP_ACK));
	PEER_MUST(p->got.ack == p->nxt);
	p->ack = p->got.seq + 1;
	peer_ack(p);
	PEER_MUST(h->opens == 1);
}

int
peer_none(struct peer *p)
{
	return !peer_got(p);
}

/* tun/tcp_out.c - the segments that a connection sends, and those of none */
#include "tun/tcp_out.h"

#include <string.h>

#include "base/wire.h"
#include "tun/csum.h"
#include "tun/ip.h"
#include "tun/pkt.h"
#include "tun/tcp_conn.h"
#include "tun/tcp_seg.h"

enum {
	CSUM_AT = 16,			/* the field in a TCP header */
	/* As much as a device that cuts segments takes with any header. */
	SUPER_MAX = PKT_MAX - IP6_HEAD - TCP_HEAD_MAX
};

static uint64_t
sum_slice(uint64_t sum, const struct pkt_slice *s, size_t at)
{
	uint16_t part = csum_partial(csum_add(0, s->p, s->len));

	if (at & 1)			/* it begins in the midst of a word */
		part = (uint16_t)(part << 8 | part >> 8);
	return sum + part;
}

/* The headers stand; the TCP checksum is still 0. */
static void
seal(struct pkt_out *p, const struct addr *from, const struct addr *to,
    size_t iplen, size_t body, int offload)
{
	size_t tcplen = p->headlen - iplen, at = 0;
	uint64_t sum = csum_pseudo(from, to, IP_TCP, tcplen + body);
	unsigned i;

	if (offload) {
		p->csum_start = (uint16_t)iplen;
		p->csum_offset = CSUM_AT;
		wire_set16(p->head + iplen + CSUM_AT, csum_partial(sum));
		return;
	}
	sum = csum_add(sum, p->head + iplen, tcplen);
	for (i = 0; i < p->nbody; at += p->body[i++].len)
		sum = sum_slice(sum, &p->body[i], at);
	wire_set16(p->head + iplen + CSUM_AT, csum_fold(sum));
}

static void
write_heads(struct pkt_out *p, const struct addr *from, const struct addr *to,
    struct tcp_seg *s, size_t body, int offload)
{
	uint8_t tcp[TCP_HEAD_MAX];
	size_t tcplen, iplen;

	s->sport = from->port;
	s->dport = to->port;
	tcplen = tcp_seg_build(tcp, s);
	iplen = ip_build(p->head, from, to, IP_TCP, tcplen + body);
	memcpy(p->head + iplen, tcp, tcplen);
	p->headlen = iplen + tcplen;
	seal(p, from, to, iplen, body, offload);
}

void
tcp_out_bare(struct pkt_out *p, const struct addr *from, const struct addr *to,
    const struct tcp_seg *what, int offload)
{
	struct tcp_seg s = { .seq = what->seq, .ack = what->ack,
	    .flags = what->flags, .wscale = -1 };

	memset(p, 0, sizeof(*p));
	write_heads(p, from, to, &s, 0, offload);
}

uint16_t
tcp_out_mss(uint16_t mtu, const struct addr *a)
{
	return (uint16_t)(mtu - TCP_HEAD - (a->family == 6 ? IP6_HEAD :
	    IP4_HEAD));
}

/* --- of a connection --- */

static void
emit(struct tcp *c, struct tcp_seg *s, const struct tcp_seg_out *data)
{
	struct pkt_out p;
	size_t len = data ? data->len : 0;

	memset(&p, 0, sizeof(p));
	if (len) {
		memcpy(p.body, data->body, sizeof(p.body));
		p.nbody = data->nbody;
		if (len > c->snd.mss)
			p.seg = c->snd.mss;
	}
	if (c->ts) {
		s->has_ts = 1;
		s->ts_val = (uint32_t)c->host->loop->now + c->ts_off;
		s->ts_ecr = c->ts_recent;
	}
	write_heads(&p, &c->dest, &c->client, s, len, c->host->offload);
	c->host->emit(c->host->arg, &p);
}

static void
send_ack(struct tcp *c, uint32_t seq)
{
	struct tcp_seg s = { .seq = seq, .flags = TCP_ACK, .wscale = -1 };

	if (c->sack)
		s.nsack = tcp_rcv_sacks(&c->rcv, s.sack,
		    c->ts ? TCP_SND_SACK_MAX - 1 : TCP_SND_SACK_MAX);
	s.ack = c->rcv.nxt;
	s.wnd = tcp_rcv_advertise(&c->rcv);
	c->ack_now = 0;
	emit(c, &s, NULL);
}

static void
send_data(struct tcp *c, const struct tcp_seg_out *data)
{
	struct tcp_seg s = { .seq = data->seq, .flags = TCP_ACK,
	    .wscale = -1 };

	if (data->push)
		s.flags |= TCP_PSH;
	if (data->fin)
		s.flags |= TCP_FIN;
	s.ack = c->rcv.nxt;
	s.wnd = tcp_rcv_advertise(&c->rcv);
	c->ack_now = 0;
	emit(c, &s, data);
}

static void
send_synack(struct tcp *c)
{
	struct tcp_seg s = { .seq = c->iss, .flags = TCP_SYN | TCP_ACK,
	    .wscale = -1 };

	s.ack = c->irs + 1;
	s.wnd = tcp_rcv_advertise_syn(&c->rcv);
	s.mss = tcp_out_mss(c->host->mtu, &c->client);
	if (c->scaled)
		s.wscale = TCP_RCV_SCALE;
	s.sack_ok = c->sack;
	c->syn_now = 0;
	emit(c, &s, NULL);
}

void
tcp_out_rst(struct tcp *c)
{
	struct tcp_seg s = { .seq = c->snd.nxt, .ack = c->rcv.nxt,
	    .flags = TCP_RST | TCP_ACK, .wscale = -1 };

	emit(c, &s, NULL);
}

void
tcp_out_probe(struct tcp *c)
{
	send_ack(c, c->snd.una - 1);
}

void
tcp_out_ack(struct tcp *c)
{
	send_ack(c, c->snd.nxt);
}

/* What came early or twice is said apart, so that the segments with payload
 * have their full length. */
static void
flush_open(struct tcp *c)
{
	struct tcp_seg_out data;
	size_t most = c->host->offload ? SUPER_MAX : c->snd.mss;

	if (c->ack_now && tcp_rcv_disorder(&c->rcv))
		send_ack(c, c->snd.nxt);
	while (tcp_snd_next(&c->snd, &data, most, c->host->loop->now))
		send_data(c, &data);
	if (c->ack_now)
		send_ack(c, c->snd.nxt);
}

void
tcp_out_flush(struct tcp *c)
{
	if (c->syn_now)
		send_synack(c);
	switch (c->state) {
	case TCP_S_DEAD:
	case TCP_S_HELD:
		break;
	case TCP_S_SYN_RCVD:
	case TCP_S_TIME_WAIT:
		if (c->ack_now)
			send_ack(c, c->snd.nxt);
		break;
	default:
		flush_open(c);
	}
}

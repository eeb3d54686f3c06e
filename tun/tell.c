/* tun/tell.c - what is said about packets that are not wanted */
#include "tun/tell.h"

#include <errno.h>
#include <string.h>

#include "base/loop.h"
#include "tun/pkt.h"
#include "tun/tcp_out.h"
#include "tun/tcp_seg.h"

static void
init_rate(struct rate *r)
{
	r->every_ms = TELL_EVERY_MS;
	r->burst = TELL_BURST;
	r->all_every_ms = TELL_ALL_EVERY_MS;
	r->all_burst = TELL_ALL_BURST;
	rate_init(r);
}

void
tell_init(struct tell *t)
{
	init_rate(&t->errors);
	init_rate(&t->resets);
}

static const struct addr *
own(const struct tell *t, const struct addr *dest)
{
	unsigned i;

	for (i = 0; i < t->nown; i++)
		if (t->own[i].family == dest->family)
			return &t->own[i];
	return dest;
}

void
tell_icmp(struct tell *t, enum icmp_error e, const struct ip *about)
{
	uint8_t buf[ICMP_MAX];
	struct pkt_out p;
	size_t len;

	if (!rate_take(&t->errors, &about->src, t->loop->now))
		return;
	len = icmp_error_build(buf, own(t, &about->dst), e, about);
	if (len == 0)
		return;
	memset(&p, 0, sizeof(p));
	p.headlen = len < PKT_HEAD_MAX ? len : PKT_HEAD_MAX;
	memcpy(p.head, buf, p.headlen);
	p.body[0].p = buf + p.headlen;
	p.body[0].len = len - p.headlen;
	p.nbody = len > p.headlen;
	t->emit(t->arg, &p);
}

void
tell_reset(struct tell *t, const struct addr *client, const struct addr *dest,
    const struct tcp_seg *about)
{
	struct tcp_seg s = { .flags = TCP_RST };
	struct pkt_out p;

	if ((about->flags & TCP_RST) ||
	    !rate_take(&t->resets, client, t->loop->now))
		return;
	if (about->flags & TCP_ACK) {
		s.seq = about->ack;
	} else {
		s.flags |= TCP_ACK;
		s.ack = about->seq + (uint32_t)about->len;
		s.ack += (about->flags & TCP_SYN) != 0;
		s.ack += (about->flags & TCP_FIN) != 0;
	}
	tcp_out_bare(&p, dest, client, &s, t->offload);
	t->emit(t->arg, &p);
}

/* As much of the SYN as an error quotes anyway is known. */
static void
refuse_by_icmp(struct tell *t, enum icmp_error e, const struct addr *client,
    const struct addr *dest, const struct tcp_seg *syn)
{
	struct pkt_out p;
	struct ip ip;

	tcp_out_bare(&p, client, dest, syn, 0);
	if (ip_parse(&ip, p.head, p.headlen) == DROP_NOT)
		tell_icmp(t, e, &ip);
}

void
tell_refused(struct tell *t, const struct addr *client, const struct addr *dest,
    uint32_t seq, int why)
{
	struct tcp_seg syn = { .seq = seq, .flags = TCP_SYN, .wscale = -1 };

	switch (why) {
	case 0:
		break;
	case -EHOSTUNREACH:
	case -ETIMEDOUT:
	case -EAGAIN:
	case -ENOENT:
		refuse_by_icmp(t, ICMP_NO_HOST, client, dest, &syn);
		break;
	case -ENETUNREACH:
		refuse_by_icmp(t, ICMP_NO_NET, client, dest, &syn);
		break;
	case -EACCES:
		refuse_by_icmp(t, ICMP_PROHIBITED, client, dest, &syn);
		break;
	default:
		tell_reset(t, client, dest, &syn);
	}
}

/* tun/stack.c - the door: packets in; byte streams and datagrams out
 *
 * Theory of operation
 *	A packet is parsed once, from the outside in, and each layer says why it
 *	does not go on:
 *
 *	  ip -> tcp_seg -> tcp_table -> a connection, or a reset
 *	     -> udp ----> datagram(), or an error
 *	     -> icmp ---> an echo, or tcp_table: about a segment of ours
 *	     -> else ---> an error
 *
 *	All that goes out passes emit(), and is counted.  What is not wanted is
 *	told so by tell, a little at a time.
 *
 *	The stack goes with the turn in which it is freed, behind its
 *	connections, since whoever frees it may have been called by it.
 */
#include "tun/stack.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/loop.h"
#include "tun/csum.h"
#include "tun/icmp.h"
#include "tun/ip.h"
#include "tun/tcp_seg.h"
#include "tun/tcp_table.h"
#include "tun/tell.h"
#include "tun/udp.h"

enum { MTU_MIN = 1280 };

struct stack {
	struct stack_conf conf;
	struct tell	 tell;
	struct tcp_table *tcp;
	struct loop_item reap;
	struct stack_totals n;
	uint8_t		 dead;
};

/* --- out --- */

static void
on_emit(void *arg, const struct pkt_out *p)
{
	struct stack *s = arg;
	unsigned i;

	s->n.packets_out++;
	s->n.bytes_out += p->headlen;
	for (i = 0; i < p->nbody; i++)
		s->n.bytes_out += p->body[i].len;
	s->conf.user->emit(s->conf.arg, p);
}

static void
on_open(void *arg, const struct addr *client, const struct addr *dest,
    struct endpoint *take)
{
	struct stack *s = arg;

	s->conf.user->open(s->conf.arg, client, dest, take);
}

void
stack_send(struct stack *s, const struct addr *from, const struct addr *client,
    const void *p, size_t len)
{
	size_t head = UDP_HEAD + (client->family == 6 ? IP6_HEAD : IP4_HEAD);
	struct pkt_out out;

	if (s->dead)
		return;
	if (len + head > s->conf.mtu || from->family != client->family) {
		s->n.dropped[DROP_DATAGRAM]++;
		return;
	}
	udp_build(&out, from, client, p, len, s->conf.offload);
	on_emit(s, &out);
}

/* --- in --- */

static int
is_own(const struct stack *s, const struct addr *a)
{
	unsigned i;

	for (i = 0; i < s->conf.nown; i++)
		if (addr_same_ip(&s->conf.own[i], a))
			return 1;
	return 0;
}

static enum drop
input_tcp(struct stack *s, const struct ip *ip, int csum_ok)
{
	struct tcp_seg seg;
	enum drop d;

	d = tcp_seg_parse(&seg, ip->payload, ip->len);
	if (d != DROP_NOT)
		return d;
	if (!csum_ok && csum_fold(csum_add(csum_pseudo(&ip->src, &ip->dst,
	    IP_TCP, ip->len), ip->payload, ip->len)) != 0)
		return DROP_CHECKSUM;
	return tcp_table_input(s->tcp, ip, &seg);
}

static enum drop
input_udp(struct stack *s, const struct ip *ip, int csum_ok)
{
	struct addr client = ip->src, dest = ip->dst;
	struct udp u;
	enum drop d;

	if ((d = udp_parse(&u, ip, csum_ok)) != DROP_NOT)
		return d;
	if (s->conf.udp_port == 0 || u.dport != s->conf.udp_port) {
		tell_icmp(&s->tell, ICMP_PROHIBITED, ip);
		return DROP_UNSERVED;
	}
	client.port = u.sport;
	dest.port = u.dport;
	s->conf.user->datagram(s->conf.arg, &client, &dest, u.data, u.len);
	return DROP_NOT;
}

static enum drop
input_echo(struct stack *s, const struct ip *ip)
{
	struct pkt_out out;

	if (!is_own(s, &ip->dst)) {
		tell_icmp(&s->tell, ICMP_PROHIBITED, ip);
		return DROP_ICMP;
	}
	if (ip->headlen + ip->len > s->conf.mtu)
		return DROP_ICMP;
	memset(&out, 0, sizeof(out));
	out.headlen = icmp_echo_build(out.head, ip);
	out.body[0].p = ip->payload + 8;
	out.body[0].len = ip->len - 8;
	out.nbody = out.body[0].len > 0;
	on_emit(s, &out);
	return DROP_NOT;
}

static enum drop
input_icmp(struct stack *s, const struct ip *ip, int csum_ok)
{
	struct icmp i;
	enum drop d;

	if ((d = icmp_parse(&i, ip, csum_ok)) != DROP_NOT)
		return d;
	switch (i.kind) {
	case ICMP_ECHO:
		return input_echo(s, ip);
	case ICMP_TOO_BIG:
	case ICMP_UNREACHABLE:
		return tcp_table_icmp(s->tcp, &i);
	case ICMP_OTHER:
		break;
	}
	return DROP_ICMP;
}

static enum drop
input(struct stack *s, const struct pkt_in *p)
{
	struct ip ip;
	enum drop d;

	if ((d = ip_parse(&ip, p->p, p->len)) != DROP_NOT)
		return d;
	/* What we said to ourselves would come back by the device. */
	if (is_own(s, &ip.src))
		return DROP_SOURCE;
	switch (ip.proto) {
	case IP_TCP:
		return input_tcp(s, &ip, p->csum_ok);
	case IP_UDP:
		return input_udp(s, &ip, p->csum_ok);
	case IP_ICMP:
	case IP_ICMP6:
		/* Each only within its own IP. */
		if ((ip.proto == IP_ICMP6) == (ip.src.family == 6))
			return input_icmp(s, &ip, p->csum_ok);
		break;
	default:
		if (ip.src.family == 4 || ip.proto != IP6_NONE)
			tell_icmp(&s->tell, ICMP_NO_PROTOCOL, &ip);
	}
	return DROP_PROTOCOL;
}

void
stack_input(struct stack *s, const struct pkt_in *p)
{
	enum drop d;

	if (s->dead)
		return;
	s->n.packets_in++;
	s->n.bytes_in += p->len;
	d = input(s, p);
	if (d != DROP_NOT)
		s->n.dropped[d]++;
}

/* --- the stack --- */

static void
init_tell(struct stack *s)
{
	struct tell *t = &s->tell;

	t->loop = s->conf.loop;
	t->own = s->conf.own;
	t->nown = s->conf.nown;
	t->offload = s->conf.offload;
	t->emit = on_emit;
	t->arg = s;
	tell_init(t);
}

static void
reap(void *arg)
{
	struct stack *s = arg;

	tcp_table_free(s->tcp);
	free(s);
}

static int
bad(const struct stack_conf *c)
{
	return c->mtu < MTU_MIN || c->nown > STACK_OWN_MAX ||
	    c->conns_max > STACK_CONNS_MAX;
}

int
stack_new(struct stack **out, const struct stack_conf *conf)
{
	struct tcp_table_conf tcp = {
		.loop = conf->loop, .mtu = conf->mtu,
		.offload = conf->offload, .conns_max = conf->conns_max,
		.conns_client_max = conf->conns_client_max,
		.opening_max = conf->opening_max,
		.opening_client_max = conf->opening_client_max,
		.bytes_max = conf->bytes_max, .memory = conf->memory,
		.emit = on_emit, .open = on_open
	};
	struct stack *s;
	int rc;

	if (bad(conf))
		return -EINVAL;
	if ((s = calloc(1, sizeof(*s))) == NULL)
		return -ENOMEM;
	s->conf = *conf;
	init_tell(s);
	loop_item_init(&s->reap, reap, s);
	tcp.tell = &s->tell;
	tcp.arg = s;
	if ((rc = tcp_table_new(&s->tcp, &tcp)) < 0) {
		free(s);
		return rc;
	}
	*out = s;
	return 0;
}

void
stack_free(struct stack *s)
{
	if (s == NULL || s->dead)
		return;
	s->dead = 1;
	tcp_table_close(s->tcp);
	loop_item_add(s->conf.loop, &s->reap);
}

void
stack_totals(const struct stack *s, struct stack_totals *out)
{
	struct tcp_totals t;

	tcp_table_totals(s->tcp, &t);
	*out = s->n;
	out->conns = t.conns;
	out->opening = t.opening;
	out->opened = t.opened;
	out->refused = t.refused;
	out->resets = t.resets;
}

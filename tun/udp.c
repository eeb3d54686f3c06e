/* tun/udp.c - a UDP datagram */
#include "tun/udp.h"

#include <string.h>

#include "base/addr.h"
#include "base/wire.h"
#include "tun/csum.h"
#include "tun/ip.h"
#include "tun/pkt.h"

enum { CSUM_AT = 6 };

static enum drop
check_sum(const struct ip *ip, uint16_t sum, size_t len)
{
	if (sum == 0)			/* none, which only IPv4 may have */
		return ip->src.family == 4 ? DROP_NOT : DROP_CHECKSUM;
	return csum_fold(csum_add(csum_pseudo(&ip->src, &ip->dst, IP_UDP, len),
	    ip->payload, len)) == 0 ? DROP_NOT : DROP_CHECKSUM;
}

/* What the IP packet has behind the datagram is padding. */
enum drop
udp_parse(struct udp *u, const struct ip *ip, int csum_ok)
{
	struct wire w;
	uint16_t len, sum;

	wire_init(&w, ip->payload, ip->len);
	u->sport = wire_u16(&w);
	u->dport = wire_u16(&w);
	len = wire_u16(&w);
	sum = wire_u16(&w);
	if (w.err || len < UDP_HEAD || len > ip->len || u->sport == 0 ||
	    u->dport == 0)
		return DROP_DATAGRAM;
	u->data = ip->payload + UDP_HEAD;
	u->len = len - UDP_HEAD;
	return csum_ok ? DROP_NOT : check_sum(ip, sum, len);
}

void
udp_build(struct pkt_out *p, const struct addr *from, const struct addr *to,
    const void *data, size_t len, int offload)
{
	size_t all = UDP_HEAD + len, iplen;
	uint64_t sum = csum_pseudo(from, to, IP_UDP, all);
	uint16_t whole;
	uint8_t *h;

	memset(p, 0, sizeof(*p));
	iplen = ip_build(p->head, from, to, IP_UDP, all);
	h = p->head + iplen;
	wire_set16(h, from->port);
	wire_set16(h + 2, to->port);
	wire_set16(h + 4, (uint16_t)all);
	p->headlen = iplen + UDP_HEAD;
	p->body[0].p = data;
	p->body[0].len = len;
	p->nbody = len > 0;
	if (offload) {
		p->csum_start = (uint16_t)iplen;
		p->csum_offset = CSUM_AT;
		wire_set16(h + CSUM_AT, csum_partial(sum));
		return;
	}
	whole = csum_fold(csum_add(csum_add(sum, h, UDP_HEAD), data, len));
	wire_set16(h + CSUM_AT, whole ? whole : 0xffff);
}

/* daemon/selftest_packet.c - frames that a hostile or careless client sends */
#include "daemon/selftest_packet.h"

#include <linux/if_ether.h>
#include <netinet/in.h>
#include <string.h>

enum { IP4_HEAD = 20, IP6_HEAD = 40, TCP_HEAD = 20, UDP_HEAD = 8,
	ICMP_HEAD = 8, DATA_MAX = 1400, PSEUDO_MAX = 40 };

static void
put16(uint8_t *at, size_t n)
{
	at[0] = (uint8_t)(n >> 8);
	at[1] = (uint8_t)n;
}

static uint16_t
checksum(const uint8_t *a, size_t na, const uint8_t *b, size_t nb)
{
	uint32_t sum = 0;
	size_t i;

	for (i = 0; i < na; i++)
		sum += i % 2 ? a[i] : (uint32_t)a[i] << 8;
	for (i = 0; i < nb; i++)
		sum += i % 2 ? b[i] : (uint32_t)b[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

/* Of what lies below IP: with addresses, length and protocol in front. */
static uint16_t
sum_of(const struct packet_way *w, uint8_t proto, const uint8_t *b, size_t len)
{
	uint8_t pseudo[PSEUDO_MAX] = { 0 };
	size_t n = addr_iplen(&w->src);

	memcpy(pseudo, w->src.ip, n);
	memcpy(pseudo + n, w->dst.ip, n);
	if (w->src.family == 6) {
		put16(pseudo + 34, len);
		pseudo[39] = proto;
		return checksum(pseudo, 40, b, len);
	}
	pseudo[9] = proto;
	put16(pseudo + 10, len);
	return checksum(pseudo, 12, b, len);
}

static void
ether(struct packet *p, const struct packet_way *w, uint16_t type)
{
	memcpy(p->b, w->to_mac, PACKET_MAC);
	memcpy(p->b + PACKET_MAC, w->from_mac, PACKET_MAC);
	put16(p->b + 12, type);
	p->len = PACKET_HEAD;
}

static void
head4(uint8_t *h, const struct packet_way *w, uint8_t proto, size_t len)
{
	size_t head = IP4_HEAD + w->noptions;

	h[0] = (uint8_t)(0x40 | head / 4);
	put16(h + 2, head + len);
	put16(h + 4, w->id ? w->id : 7);
	put16(h + 6, w->frag);
	h[8] = w->hops;
	h[9] = proto;
	memcpy(h + 12, w->src.ip, 4);
	memcpy(h + 16, w->dst.ip, 4);
	if (w->noptions)
		memcpy(h + IP4_HEAD, w->options, w->noptions);
	put16(h + 10, checksum(h, head, NULL, 0));
}

static void
head6(uint8_t *h, const struct packet_way *w, uint8_t proto, size_t len)
{
	h[0] = 0x60;
	put16(h + 4, len);
	h[6] = proto;
	h[7] = w->hops;
	memcpy(h + 8, w->src.ip, 16);
	memcpy(h + 24, w->dst.ip, 16);
}

void
packet_ip(struct packet *p, const struct packet_way *w, uint8_t proto,
    const void *payload, size_t len)
{
	int six = w->src.family == 6;
	size_t head = six ? (size_t)IP6_HEAD : IP4_HEAD + w->noptions;

	memset(p, 0, sizeof(*p));
	ether(p, w, six ? ETH_P_IPV6 : ETH_P_IP);
	if (len > PACKET_MAX - PACKET_HEAD - head)
		len = PACKET_MAX - PACKET_HEAD - head;
	if (six)
		head6(p->b + p->len, w, proto, len);
	else
		head4(p->b + p->len, w, proto, len);
	p->len += head;
	if (len)
		memcpy(p->b + p->len, payload, len);
	p->len += len;
}

static size_t
append(uint8_t *to, const void *data, size_t len)
{
	if (len > DATA_MAX)
		len = DATA_MAX;
	if (len)
		memcpy(to, data, len);
	return len;
}

void
packet_tcp(struct packet *p, const struct packet_way *w, uint16_t sport,
    uint16_t dport, unsigned flags, const void *data, size_t len)
{
	uint8_t b[TCP_HEAD + DATA_MAX] = { 0 };

	put16(b, sport);
	put16(b + 2, dport);
	put16(b + 6, 1000);			/* sequence number */
	put16(b + 10, flags & PACKET_ACK ? 1000 : 0);
	b[12] = TCP_HEAD / 4 << 4;
	b[13] = (uint8_t)flags;
	put16(b + 14, 65535);
	put16(b + 18, flags & PACKET_URG ? 1 : 0);
	len = TCP_HEAD + append(b + TCP_HEAD, data, len);
	put16(b + 16, sum_of(w, IPPROTO_TCP, b, len));
	packet_ip(p, w, IPPROTO_TCP, b, len);
}

void
packet_udp(struct packet *p, const struct packet_way *w, uint16_t sport,
    uint16_t dport, const void *data, size_t len)
{
	uint8_t b[UDP_HEAD + DATA_MAX] = { 0 };
	uint16_t sum;

	put16(b, sport);
	put16(b + 2, dport);
	len = UDP_HEAD + append(b + UDP_HEAD, data, len);
	put16(b + 4, len);
	sum = sum_of(w, IPPROTO_UDP, b, len);
	put16(b + 6, sum ? sum : 0xffff);
	packet_ip(p, w, IPPROTO_UDP, b, len);
}

void
packet_icmp(struct packet *p, const struct packet_way *w, uint8_t type,
    uint8_t code, const uint8_t rest[4], const void *data, size_t len)
{
	uint8_t b[ICMP_HEAD + DATA_MAX] = { type, code };
	int six = w->src.family == 6;

	memcpy(b + 4, rest, 4);
	len = ICMP_HEAD + append(b + ICMP_HEAD, data, len);
	put16(b + 2, six ? sum_of(w, IPPROTO_ICMPV6, b, len) :
	    checksum(b, len, NULL, 0));
	packet_ip(p, w, six ? IPPROTO_ICMPV6 : IPPROTO_ICMP, b, len);
}

void
packet_arp(struct packet *p, const struct packet_way *w)
{
	static const uint8_t head[8] = { 0, 1, 8, 0, 6, 4, 0, 1 };
	uint8_t *b;

	memset(p, 0, sizeof(*p));
	ether(p, w, ETH_P_ARP);
	memset(p->b, 0xff, PACKET_MAC);
	b = p->b + PACKET_HEAD;
	memcpy(b, head, sizeof(head));
	memcpy(b + 8, w->from_mac, PACKET_MAC);
	memcpy(b + 14, w->src.ip, 4);
	memcpy(b + 24, w->dst.ip, 4);
	p->len += 28;
}

size_t
packet_inner(const struct packet *p, const uint8_t **ip)
{
	*ip = p->b + PACKET_HEAD;
	return p->len - PACKET_HEAD;
}

/* tests/fuzz/fz_ip.c - a packet, IPv4 or IPv6, up to ICMP and TCP
 *
 * The input is a packet as it came, and, once more, with an IPv4 checksum that
 * is right, which no mutation would find.
 *
 * Oracles: header and payload lie within the frame and next to each other; no
 * address that was taken is one that nobody has; an error about the packet is
 * a packet of at most the size that is allowed, with checksums that hold, never
 * about an error, and is heard as one about that segment, if it was one; the
 * answer to an echo request is an echo reply.
 */
#include <string.h>

#include "base/wire.h"
#include "tests/fuzz/fuzz.h"
#include "tun/csum.h"
#include "tun/icmp.h"
#include "tun/ip.h"
#include "tun/pkt.h"
#include "tun/tcp_seg.h"

static int
is_icmp(const struct ip *ip)
{
	return ip->proto == (ip->src.family == 4 ? IP_ICMP : IP_ICMP6);
}

static void
bounds(const struct ip *ip, const uint8_t *p, size_t len)
{
	size_t least = ip->src.family == 4 ? IP4_HEAD : IP6_HEAD;

	must(ip->src.family == p[0] >> 4 && ip->dst.family == p[0] >> 4);
	must(ip->src.port == 0 && ip->dst.port == 0);
	must(ip->head == p && ip->payload == p + ip->headlen);
	must(ip->headlen >= least && ip->headlen <= len);
	must(ip->len <= len - ip->headlen);
	must(ip->proto_at < ip->headlen && p[ip->proto_at] == ip->proto);
	must(!addr_same_ip(&ip->src, &ip->dst));
	must(ip->src.ip[0] != (ip->src.family == 4 ? 127 : 0xff));
	must(ip->dst.ip[0] != (ip->src.family == 4 ? 127 : 0xff));
}

/* A client may send to what it may not have as its own address (240/4,
 * link-local), and from there our answer would come. */
static int
can_answer(const struct ip *about)
{
	uint8_t head[IP6_HEAD];
	struct ip back;
	size_t n;

	n = ip_build(head, &about->dst, &about->src, IP_TCP, 0);
	return ip_parse(&back, head, n) == DROP_NOT;
}

static void
echo(const struct ip *about)
{
	static uint8_t whole[PKT_MAX + IP6_HEAD];
	struct icmp m;
	struct ip ip;
	size_t n;

	if (about->len > PKT_MAX - IP6_HEAD)
		return;
	must(about->len >= 8);
	n = icmp_echo_build(whole, about);
	memcpy(whole + n, about->payload + 8, about->len - 8);
	if (!can_answer(about))
		return;
	must(ip_parse(&ip, whole, n + about->len - 8) == DROP_NOT);
	must(ip.len == about->len && is_icmp(&ip));
	must(addr_equal(&ip.src, &about->dst));
	must(addr_equal(&ip.dst, &about->src));
	must(ip.payload[0] == (ip.src.family == 4 ? 0 : 129));
	must(memcmp(ip.payload + 4, about->payload + 4, ip.len - 4) == 0);
	must(icmp_parse(&m, &ip, 0) == DROP_ICMP);
}

static void
heard(const struct icmp *m, const struct ip *about)
{
	struct tcp_seg seg;

	must(m->kind == ICMP_UNREACHABLE);
	must(addr_same_ip(&m->src, &about->src));
	must(addr_same_ip(&m->dst, &about->dst));
	if (tcp_seg_parse(&seg, about->payload, about->len) == DROP_NOT)
		must(m->src.port == seg.sport && m->dst.port == seg.dport &&
		    m->seq == seg.seq);
}

static void
error(const struct ip *about, enum icmp_error e)
{
	int v4 = about->src.family == 4;
	uint8_t out[ICMP_MAX];
	struct addr from = { 0 };
	struct icmp m;
	enum drop drop;
	struct ip ip;
	size_t n;

	from.family = about->src.family;
	memset(from.ip, 0x20, addr_iplen(&from));
	n = icmp_error_build(out, &from, e, about);
	if (n == 0) {
		must(is_icmp(about));
		return;
	}
	must(n <= (v4 ? 576u : 1280u));
	if (addr_same_ip(&from, &about->src))
		return;
	must(ip_parse(&ip, out, n) == DROP_NOT);
	must(is_icmp(&ip) && ip.headlen + ip.len == n);
	must(memcmp(ip.payload + 8, about->head, ip.len - 8) == 0);
	drop = icmp_parse(&m, &ip, 0);
	must(drop == DROP_NOT || drop == DROP_ICMP || drop == DROP_RUNT);
	must(icmp_error_build(out, &from, e, &ip) == 0);
	if (about->proto == IP_TCP && about->len >= 8 &&
	    about->headlen == (v4 ? IP4_HEAD : IP6_HEAD)) {
		must(drop == DROP_NOT);
		heard(&m, about);
	}
}

static void
transport(const struct ip *ip)
{
	struct tcp_seg seg;
	struct icmp m;
	int ok;

	for (ok = 0; ok < 2; ok++) {
		if (icmp_parse(&m, ip, ok) != DROP_NOT) {
			must(m.kind == ICMP_OTHER);
			continue;
		}
		must(is_icmp(ip) && m.kind != ICMP_OTHER);
		if (m.kind == ICMP_ECHO)
			echo(ip);
		else
			must(addr_same_ip(&m.src, &ip->dst) &&
			    m.dst.family == ip->dst.family);
	}
	if (ip->proto == IP_TCP &&
	    tcp_seg_parse(&seg, ip->payload, ip->len) == DROP_NOT)
		must(seg.data >= ip->payload &&
		    seg.data + seg.len == ip->payload + ip->len);
}

static void
packet(const uint8_t *p, size_t len)
{
	enum icmp_error e;
	struct ip ip;

	if (ip_parse(&ip, p, len) != DROP_NOT)
		return;
	bounds(&ip, p, len);
	transport(&ip);
	for (e = ICMP_NO_HOST; e <= ICMP_NO_PROTOCOL; e++)
		error(&ip, e);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t headlen = size ? (data[0] & 15u) * 4u : 0;
	uint8_t *copy;

	packet(data, size);
	if (headlen < IP4_HEAD || headlen > size || data[0] >> 4 != 4)
		return 0;
	if ((copy = malloc(size)) == NULL)
		abort();
	memcpy(copy, data, size);
	copy[10] = copy[11] = 0;
	wire_set16(copy + 10, csum_fold(csum_add(0, copy, headlen)));
	packet(copy, size);
	free(copy);
	return 0;
}

/* tun/ip.c - IPv4 and IPv6 headers */
#include "tun/ip.h"

#include <assert.h>
#include <string.h>

#include "base/wire.h"
#include "tun/csum.h"
#include "tun/pkt.h"

enum { DONT_FRAGMENT = 0x4000, FRAGMENT4 = 0x3fff, FRAGMENT6 = 0xfff9 };
enum {				/* IPv4 options, the copied bit and all */
	OPT4_END = 0, OPT4_NOP = 1, OPT4_RECORD = 7, OPT4_STAMP = 68,
	OPT4_LOOSE = 131, OPT4_STRICT = 137
};
enum { EXT_HOP = 0, EXT_ROUTING = 43, EXT_FRAGMENT = 44, EXT_DEST = 60 };
enum { OPT6_PAD1 = 0, OPT6_ACTION = 0xc0 };
enum { ROUTING_SOURCE = 0, ROUTING_MOBILE = 2 };

static int
unicast4(const uint8_t *ip)
{
	static const uint8_t broadcast[4] = { 255, 255, 255, 255 };

	return ip[0] != 0 && ip[0] != 127 && ip[0] >> 4 != 14 &&
	    memcmp(ip, broadcast, 4) != 0;
}

/* ::/96 has the unspecified and the loopback address in it, and, as the mapped
 * form, IPv4 addresses, which must not come around the checks of their own.
 * NAT64 is a matter of policy. */
static int
unicast6(const uint8_t *ip)
{
	static const uint8_t zero[12];
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	return ip[0] != 0xff && memcmp(ip, zero, 12) != 0 &&
	    memcmp(ip, mapped, 12) != 0;
}

/* What a link-local address sends is the noise of that link, and is never to be
 * forwarded (RFC 3927 2.7, RFC 4291 2.5.6). */
static int
source_ok(const struct addr *a)
{
	const uint8_t *ip = a->ip;

	if (a->family == 4)
		return unicast4(ip) && ip[0] < 240 &&
		    !(ip[0] == 169 && ip[1] == 254);
	return unicast6(ip) && !(ip[0] == 0xfe && ip[1] >> 6 == 2);
}

/* Internal destinations are for policy, which tells the client so. */
static int
dest_ok(const struct addr *a)
{
	return a->family == 4 ? unicast4(a->ip) : unicast6(a->ip);
}

static enum drop
judge_addrs(const struct ip *ip)
{
	if (!source_ok(&ip->src) || addr_same_ip(&ip->src, &ip->dst))
		return DROP_SOURCE;
	return dest_ok(&ip->dst) ? DROP_NOT : DROP_DEST;
}

/* Source routes ask for a way that is not there, and what records the way or
 * the time asks us to write into a packet that goes nowhere: RFC 7126 4.3 to
 * 4.6 has all of them dropped.  The rest says nothing to us (RFC 1122
 * 3.2.1.8). */
static enum drop
options4(struct wire *w)
{
	uint8_t type, len;

	while (wire_left(w)) {
		type = wire_u8(w);
		if (type == OPT4_END)
			return DROP_NOT;
		if (type == OPT4_NOP)
			continue;
		if (type == OPT4_LOOSE || type == OPT4_STRICT ||
		    type == OPT4_RECORD || type == OPT4_STAMP)
			return DROP_OPTIONS;
		len = wire_u8(w);
		if (len < 2)
			return DROP_HEADER;
		wire_take(w, len - 2u);
	}
	return w->err ? DROP_HEADER : DROP_NOT;
}

static enum drop
parse4(struct ip *ip, const uint8_t *p, size_t len)
{
	struct wire w, options;
	size_t headlen, total;
	uint16_t fragment;
	enum drop drop;

	wire_init(&w, p, len);
	headlen = (wire_u8(&w) & 15u) * 4u;
	wire_take(&w, 1);			/* type of service */
	total = wire_u16(&w);
	wire_take(&w, 2);			/* identification */
	fragment = wire_u16(&w);
	wire_take(&w, 1);			/* time to live */
	ip->proto_at = 9;
	ip->proto = wire_u8(&w);
	wire_take(&w, 2);			/* checksum */
	addr_v4(&ip->src, wire_u32(&w), 0);
	addr_v4(&ip->dst, wire_u32(&w), 0);
	if (w.err)
		return DROP_RUNT;
	if (headlen < IP4_HEAD || total < headlen)
		return DROP_HEADER;
	if (total > len)
		return DROP_RUNT;
	wire_sub(&w, &options, headlen - IP4_HEAD);
	ip->headlen = headlen;
	ip->payload = w.at;
	ip->len = total - headlen;
	if (csum_fold(csum_add(0, p, headlen)) != 0)
		return DROP_CHECKSUM;
	if (fragment & FRAGMENT4)
		return DROP_FRAGMENT;
	drop = options4(&options);
	return drop ? drop : judge_addrs(ip);
}

/* Of hop-by-hop and destination headers.  The two upper bits of an option say
 * whether it may be skipped by who does not know it (RFC 8200 4.2): the jumbo
 * payload and the home address may not. */
static enum drop
options6(struct wire *w)
{
	uint8_t type;

	while (wire_left(w)) {
		type = wire_u8(w);
		if (type == OPT6_PAD1)
			continue;
		if (type & OPT6_ACTION)
			return DROP_OPTIONS;
		wire_take(w, wire_u8(w));
	}
	return w->err ? DROP_HEADER : DROP_NOT;
}

/* Type 0 is refused even when it is spent (RFC 5095); type 2 never is spent,
 * and there is no mobile node here. */
static enum drop
routing(struct wire *w)
{
	uint8_t type = wire_u8(w), left = wire_u8(w);

	return left || type == ROUTING_SOURCE || type == ROUTING_MOBILE ?
	    DROP_OPTIONS : DROP_NOT;
}

static int
is_extension(uint8_t type)
{
	return type == EXT_HOP || type == EXT_ROUTING ||
	    type == EXT_FRAGMENT || type == EXT_DEST;
}

static enum drop
extension(struct wire *w, uint8_t type, uint8_t *next)
{
	struct wire body;
	uint8_t eights;

	*next = wire_u8(w);
	eights = wire_u8(w);		/* after the first; reserved in a
					 * fragment header, which has 8 bytes */
	wire_sub(w, &body, type == EXT_FRAGMENT ? 6 : 6 + 8u * eights);
	if (w->err)
		return DROP_RUNT;
	if (type == EXT_FRAGMENT)
		return wire_u16(&body) & FRAGMENT6 ? DROP_FRAGMENT : DROP_NOT;
	if (type == EXT_ROUTING)
		return routing(&body);
	return options6(&body);
}

static enum drop
walk(struct ip *ip, struct wire *w)
{
	enum drop drop;
	uint8_t type;
	int n;

	for (n = 0; is_extension(ip->proto); n++) {
		if (n == IP_EXT_MAX)
			return DROP_OPTIONS;
		type = ip->proto;
		if (type == EXT_HOP && n > 0)
			return DROP_HEADER;	/* RFC 8200 4.1 */
		ip->proto_at = (uint16_t)(w->at - ip->head);
		if ((drop = extension(w, type, &ip->proto)) != DROP_NOT)
			return drop;
	}
	ip->payload = w->at;
	ip->headlen = (size_t)(w->at - ip->head);
	ip->len = wire_left(w);
	return DROP_NOT;
}

static enum drop
parse6(struct ip *ip, const uint8_t *p, size_t len)
{
	struct wire w, rest;
	enum drop drop;
	size_t total;

	wire_init(&w, p, len);
	wire_take(&w, 4);			/* traffic class, flow */
	total = wire_u16(&w);
	ip->proto_at = 6;
	ip->proto = wire_u8(&w);
	wire_take(&w, 1);			/* hop limit */
	ip->src.family = ip->dst.family = 6;
	wire_copy(&w, ip->src.ip, 16);
	wire_copy(&w, ip->dst.ip, 16);
	if (w.err)
		return DROP_RUNT;
	if (total == 0 && ip->proto == EXT_HOP)
		return DROP_OPTIONS;		/* a jumbogram: RFC 2675 */
	wire_sub(&w, &rest, total);
	if (w.err)
		return DROP_RUNT;
	drop = walk(ip, &rest);
	return drop ? drop : judge_addrs(ip);
}

enum drop
ip_parse(struct ip *ip, const uint8_t *p, size_t len)
{
	memset(ip, 0, sizeof(*ip));
	if (len == 0)
		return DROP_RUNT;
	ip->head = p;
	if (p[0] >> 4 == 4)
		return parse4(ip, p, len);
	if (p[0] >> 4 == 6)
		return parse6(ip, p, len);
	return DROP_VERSION;
}

/* The identification is 0 in every packet: none of ours may be fragmented, so
 * it identifies nothing (RFC 6864 4.1), and a constant tells nobody how many
 * packets went elsewhere.  A device that cuts a super-segment counts up from
 * it, and begins again with the next. */
static void
build4(struct pack *p, const struct addr *src, const struct addr *dst,
    uint8_t proto, size_t len)
{
	uint8_t *head = p->at;

	pack_u16(p, 0x4500);
	pack_u16(p, (uint16_t)(IP4_HEAD + len));
	pack_u16(p, 0);
	pack_u16(p, DONT_FRAGMENT);
	pack_u8(p, IP_HOPS);
	pack_u8(p, proto);
	pack_u16(p, 0);
	pack_put(p, src->ip, 4);
	pack_put(p, dst->ip, 4);
	wire_set16(head + 10, csum_fold(csum_add(0, head, IP4_HEAD)));
}

static void
build6(struct pack *p, const struct addr *src, const struct addr *dst,
    uint8_t proto, size_t len)
{
	pack_u32(p, 0x60000000);		/* no class, no flow label */
	pack_u16(p, (uint16_t)len);
	pack_u8(p, proto);
	pack_u8(p, IP_HOPS);
	pack_put(p, src->ip, 16);
	pack_put(p, dst->ip, 16);
}

size_t
ip_build(uint8_t *out, const struct addr *src, const struct addr *dst,
    uint8_t proto, size_t len)
{
	struct pack p;

	assert(src->family == dst->family && addr_iplen(src) != 0);
	pack_init(&p, out, IP6_HEAD);
	if (src->family == 4)
		build4(&p, src, dst, proto, len);
	else
		build6(&p, src, dst, proto, len);
	assert(pack_len(&p) + len <= PKT_MAX);
	return pack_len(&p);
}

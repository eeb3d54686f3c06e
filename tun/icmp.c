/* tun/icmp.c - ICMP and ICMPv6 */
#include "tun/icmp.h"

#include <string.h>

#include "base/wire.h"
#include "tun/csum.h"

enum { HEAD = 8, QUOTE4_MAX = 576, TCP_QUOTED = 8 };
enum {
	V4_ECHO_REPLY = 0, V4_UNREACHABLE = 3, V4_ECHO = 8, V4_TIME = 11,
	V4_PARAMETER = 12, V4_STAMP = 13, V4_MASK_REPLY = 18
};
enum { V4_TOO_BIG = 4 };	/* a code */
enum {
	V6_UNREACHABLE = 1, V6_TOO_BIG = 2, V6_TIME = 3, V6_PARAMETER = 4,
	V6_ECHO = 128, V6_ECHO_REPLY = 129, V6_REDIRECT = 137
};

struct kind {
	uint8_t	type, code;
};

static const struct {
	struct kind	v4, v6;
} kinds[] = {
	[ICMP_NO_HOST] = { { V4_UNREACHABLE, 1 }, { V6_UNREACHABLE, 3 } },
	[ICMP_NO_NET] = { { V4_UNREACHABLE, 0 }, { V6_UNREACHABLE, 0 } },
	[ICMP_PROHIBITED] = { { V4_UNREACHABLE, 13 }, { V6_UNREACHABLE, 1 } },
	[ICMP_NO_PORT] = { { V4_UNREACHABLE, 3 }, { V6_UNREACHABLE, 4 } },
	[ICMP_NO_PROTOCOL] = { { V4_UNREACHABLE, 2 }, { V6_PARAMETER, 1 } }
};

static uint8_t
proto_of(const struct addr *a)
{
	return a->family == 4 ? IP_ICMP : IP_ICMP6;
}

static uint64_t
pseudo(const struct addr *src, const struct addr *dst, size_t len)
{
	return src->family == 4 ? 0 : csum_pseudo(src, dst, IP_ICMP6, len);
}

/* Could @about be an error itself?  RFC 1122 3.2.2, RFC 4443 2.4 (e).  Of the
 * types that nobody has heard of, those of IPv4 could. */
static int
may_be_error(const struct ip *about)
{
	uint8_t type;

	if (about->proto != proto_of(&about->src))
		return 0;
	if (about->len == 0)
		return 1;
	type = about->payload[0];
	if (about->src.family == 6)
		return type < V6_ECHO || type == V6_REDIRECT;
	return type != V4_ECHO_REPLY && type != V4_ECHO &&
	    (type < V4_STAMP || type > V4_MASK_REPLY);
}

/* The second word of the header: where the field is that is not understood. */
static uint32_t
pointer(const struct ip *about, enum icmp_error error)
{
	return about->src.family == 6 && error == ICMP_NO_PROTOCOL ?
	    about->proto_at : 0;
}

size_t
icmp_error_build(uint8_t *out, const struct addr *from, enum icmp_error error,
    const struct ip *about)
{
	int v4 = about->src.family == 4;
	const struct kind *k = v4 ? &kinds[error].v4 : &kinds[error].v6;
	size_t max = v4 ? QUOTE4_MAX - IP4_HEAD : ICMP_MAX - IP6_HEAD, len;
	struct pack p;
	uint8_t *icmp;

	if (may_be_error(about))
		return 0;
	len = HEAD + about->headlen + about->len;
	if (len > max)
		len = max;
	icmp = out + ip_build(out, from, &about->src, proto_of(from), len);
	pack_init(&p, icmp, len);
	pack_u8(&p, k->type);
	pack_u8(&p, k->code);
	pack_u16(&p, 0);
	pack_u32(&p, pointer(about, error));
	pack_put(&p, about->head, len - HEAD);
	wire_set16(icmp + 2, csum_fold(csum_add(pseudo(from, &about->src, len),
	    icmp, len)));
	return (size_t)(p.at - out);
}

size_t
icmp_echo_build(uint8_t *out, const struct ip *about)
{
	const struct addr *from = &about->dst, *to = &about->src;
	uint8_t *icmp = out + ip_build(out, from, to, about->proto, about->len);
	uint64_t sum = pseudo(from, to, about->len);
	struct wire w;

	wire_init(&w, about->payload, about->len);
	wire_copy(&w, icmp, HEAD);
	icmp[0] = from->family == 4 ? V4_ECHO_REPLY : V6_ECHO_REPLY;
	icmp[1] = icmp[2] = icmp[3] = 0;
	sum = csum_add(sum, icmp, HEAD);
	wire_set16(icmp + 2, csum_fold(csum_add(sum, w.at, wire_left(&w))));
	return (size_t)(icmp + HEAD - out);
}

/* What is not there for a TCP segment of ours to be in error, or for us to
 * answer, is ICMP_OTHER: source quenches (RFC 6633) and redirects among it. */
static enum icmp_kind
kind4(uint8_t type, uint8_t code)
{
	if (type == V4_ECHO && code == 0)
		return ICMP_ECHO;
	if (type == V4_UNREACHABLE)
		return code == V4_TOO_BIG ? ICMP_TOO_BIG : ICMP_UNREACHABLE;
	return type == V4_TIME || type == V4_PARAMETER ? ICMP_UNREACHABLE :
	    ICMP_OTHER;
}

static enum icmp_kind
kind6(uint8_t type, uint8_t code)
{
	if (type == V6_ECHO && code == 0)
		return ICMP_ECHO;
	if (type == V6_TOO_BIG)
		return ICMP_TOO_BIG;
	return type == V6_UNREACHABLE || type == V6_TIME ||
	    type == V6_PARAMETER ? ICMP_UNREACHABLE : ICMP_OTHER;
}

/* The quoted IP header, as far as we would have written it; its checksum has
 * been through a hop that changed what it covers.  0: not ours. */
static int
quoted4(struct icmp *m, struct wire *w)
{
	uint8_t first = wire_u8(w), proto;
	uint16_t fragment;

	wire_take(w, 5);
	fragment = wire_u16(w);
	wire_take(w, 1);
	proto = wire_u8(w);
	wire_take(w, 2);
	addr_v4(&m->src, wire_u32(w), 0);
	addr_v4(&m->dst, wire_u32(w), 0);
	return first == 0x45 && proto == IP_TCP && (fragment & 0x3fff) == 0;
}

static int
quoted6(struct icmp *m, struct wire *w)
{
	uint8_t first = wire_u8(w), next;

	wire_take(w, 5);
	next = wire_u8(w);
	wire_take(w, 1);
	m->src.family = m->dst.family = 6;
	wire_copy(w, m->src.ip, 16);
	wire_copy(w, m->dst.ip, 16);
	return first >> 4 == 6 && next == IP_TCP;
}

/* An error comes to who sent what it quotes (RFC 5927 4.1). */
static enum drop
quoted(struct icmp *m, const struct ip *ip, struct wire *w)
{
	int ours = ip->dst.family == 4 ? quoted4(m, w) : quoted6(m, w);

	m->src.port = wire_u16(w);
	m->dst.port = wire_u16(w);
	m->seq = wire_u32(w);
	if (w->err)
		return DROP_RUNT;
	return ours && addr_same_ip(&m->src, &ip->dst) ? DROP_NOT : DROP_ICMP;
}

static enum drop
parse(struct icmp *m, const struct ip *ip, struct wire *w)
{
	uint8_t type = wire_u8(w), code = wire_u8(w);
	int v4 = ip->src.family == 4;
	uint32_t second;

	wire_take(w, 2);
	second = wire_u32(w);
	m->kind = v4 ? kind4(type, code) : kind6(type, code);
	if (m->kind == ICMP_TOO_BIG)	/* before RFC 1191 it was 0 */
		m->mtu = v4 ? second & 0xffff : second;
	if (m->kind == ICMP_TOO_BIG || m->kind == ICMP_UNREACHABLE)
		return quoted(m, ip, w);
	return m->kind == ICMP_ECHO ? DROP_NOT : DROP_ICMP;
}

enum drop
icmp_parse(struct icmp *out, const struct ip *ip, int csum_ok)
{
	struct icmp m = { 0 };
	struct wire w;
	enum drop drop;

	memset(out, 0, sizeof(*out));
	if (ip->proto != proto_of(&ip->src))
		return DROP_ICMP;
	if (ip->len < HEAD)
		return DROP_RUNT;
	if (!csum_ok && csum_fold(csum_add(pseudo(&ip->src, &ip->dst, ip->len),
	    ip->payload, ip->len)) != 0)
		return DROP_CHECKSUM;
	wire_init(&w, ip->payload, ip->len);
	if ((drop = parse(&m, ip, &w)) == DROP_NOT)
		*out = m;
	return drop;
}

/* daemon/selftest_oracle.c - what leaves the gateway, seen from outside */
#include "daemon/selftest_oracle.h"

#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "daemon/conf.h"
#include "policy/rule.h"

enum { FRAME_MAX = 2048, ONCE_MAX = 1 << 20 };
enum {					/* of ICMPv6 */
	ND_SOLICIT_ROUTER = 133, ND_SOLICIT = 135, ND_ADVERT = 136,
	MLD_FIRST = 130, MLD_LAST = 132, MLD_REPORT2 = 143
};

struct view {				/* a frame, as far as it can be read */
	const struct lab_uplink *from;
	const uint8_t	*b;		/* of the network layer */
	size_t		 len;
	unsigned	 type;		/* of Ethernet */
	int		 is_ip;
	enum lab_family	 family;
	struct addr	 src, dst;	/* ports, where there are some */
	uint8_t		 proto, hops;
	const uint8_t	*up;		/* what IP carries */
	size_t		 nup;
};

static unsigned
get16(const uint8_t *b)
{
	return (unsigned)(b[0] << 8 | b[1]);
}

/* --- reading --- */

static void
read_ports(struct view *v)
{
	if (v->nup < 4 || (v->proto != IPPROTO_TCP && v->proto != IPPROTO_UDP))
		return;
	v->src.port = (uint16_t)get16(v->up);
	v->dst.port = (uint16_t)get16(v->up + 2);
}

static void
read4(struct view *v)
{
	size_t head;

	if (v->len < 20 || (head = (v->b[0] & 15) * 4u) < 20 || head > v->len)
		return;
	v->is_ip = 1;
	v->src.family = v->dst.family = 4;
	memcpy(v->src.ip, v->b + 12, 4);
	memcpy(v->dst.ip, v->b + 16, 4);
	v->proto = v->b[9];
	v->hops = v->b[8];
	v->up = v->b + head;
	v->nup = v->len - head;
	if ((get16(v->b + 6) & 0x3fff) == 0)	/* of a fragment it is none */
		read_ports(v);
}

static void
read6(struct view *v)
{
	v->family = LAB_6;
	if (v->len < 40)
		return;
	v->is_ip = 1;
	v->src.family = v->dst.family = 6;
	memcpy(v->src.ip, v->b + 8, 16);
	memcpy(v->dst.ip, v->b + 24, 16);
	v->proto = v->b[6];
	v->hops = v->b[7];
	v->up = v->b + 40;
	v->nup = v->len - 40;
	/* hop-by-hop options, in front of MLD */
	if (v->proto == 0 && v->nup >= 8 && v->up[0] == IPPROTO_ICMPV6 &&
	    v->up[1] == 0) {
		v->proto = IPPROTO_ICMPV6;
		v->up += 8;
		v->nup -= 8;
	}
	read_ports(v);
}

/* Who asks, and for whom. */
static void
read_arp(struct view *v)
{
	if (v->len < 28)
		return;
	v->src.family = v->dst.family = 4;
	memcpy(v->src.ip, v->b + 14, 4);
	memcpy(v->dst.ip, v->b + 24, 4);
}

static int
view_frame(struct view *v, const struct lab_uplink *u, const uint8_t *b,
    size_t len)
{
	memset(v, 0, sizeof(*v));
	if (len < PACKET_HEAD)
		return 0;
	v->from = u;
	v->type = get16(b + 12);
	v->b = b + PACKET_HEAD;
	v->len = len - PACKET_HEAD;
	if (v->type == ETH_P_IP)
		read4(v);
	else if (v->type == ETH_P_IPV6)
		read6(v);
	else if (v->type == ETH_P_ARP)
		read_arp(v);
	return 1;
}

/* --- the whitelist --- */

static int
is_own(const struct lab *l, const struct addr *a)
{
	unsigned i, f;

	for (i = 0; i < l->nuplink; i++)
		for (f = 0; f < LAB_NFAMILIES; f++)
			if (addr_same_ip(a, &l->uplink[i].gw[f].addr))
				return 1;
	return 0;
}

/* Who asks has our address, for one of the link's. */
static int
is_arp(const struct lab *l, const struct view *v)
{
	return v->type == ETH_P_ARP && is_own(l, &v->src) &&
	    addr_in_net(&v->dst, &v->from->gw[LAB_4]);
}

static int
is_of_link(const struct addr *a, const struct view *v)
{
	return addr_is_link_local(a) || addr_in_net(a, &v->from->gw[LAB_6]);
}

static int
is_nd(const struct view *v)
{
	static const uint8_t none[16];
	struct addr target = { .family = 6 };

	if (!v->is_ip || v->proto != IPPROTO_ICMPV6 || v->hops != 255 ||
	    v->src.family != 6 || (!is_of_link(&v->src, v) &&
	    memcmp(v->src.ip, none, sizeof(none)) != 0))
		return 0;
	if (v->nup >= 8 && v->up[0] == ND_SOLICIT_ROUTER)
		return 1;
	if (v->nup < 24 || (v->up[0] != ND_SOLICIT && v->up[0] != ND_ADVERT))
		return 0;
	memcpy(target.ip, v->up + 8, 16);
	return is_of_link(&target, v);
}

static int
is_mld(const struct view *v)
{
	return v->is_ip && v->proto == IPPROTO_ICMPV6 && v->nup > 0 &&
	    ((v->up[0] >= MLD_FIRST && v->up[0] <= MLD_LAST) ||
	    v->up[0] == MLD_REPORT2);
}

static int
is_dhcp(const struct view *v)
{
	static const uint8_t all[4] = { 255, 255, 255, 255 }, none[4];

	return v->is_ip && v->src.family == 4 && v->proto == IPPROTO_UDP &&
	    v->src.port == 68 && v->dst.port == 67 &&
	    memcmp(v->src.ip, none, 4) == 0 && memcmp(v->dst.ip, all, 4) == 0;
}

static int
is_between(uint16_t port, unsigned first)
{
	return port >= first && port < first + LAB_PORTS;
}

static int
has_port(const struct rule *r, uint16_t port)
{
	unsigned i;

	for (i = 0; i < r->nports; i++)
		if (port >= r->ports[i].lo && port <= r->ports[i].hi)
			return 1;
	return r->nports == 0;
}

static int
goes_direct(const struct conf *c, const struct addr *a)
{
	const struct rule *r;
	size_t i;

	for (i = 0; i < c->nflow_rules; i++) {
		r = &c->flow_rules[i];
		if (r->action == RULE_DIRECT && r->to_kind == RULE_TO_NET &&
		    has_port(r, a->port) && (r->to.addr.family == 0 ||
		    addr_in_net(a, &r->to)))
			return 1;
	}
	return 0;
}

/* --- counting --- */

static void
describe(const struct view *v, char *out, size_t max)
{
	char a[ADDR_TEXT], b[ADDR_TEXT];
	int n = snprintf(out, max, "%s: ", v->from->name);

	if (n < 0 || (size_t)n >= max)
		return;
	out += n;
	max -= (size_t)n;
	if (v->type == ETH_P_ARP && v->src.family)
		snprintf(out, max, "ARP: %s, to or for %s",
		    addr_ip_raw(&v->src, a), addr_ip_raw(&v->dst, b));
	else if (!v->is_ip)
		snprintf(out, max, "a frame of type %04x, %zu bytes", v->type,
		    v->len);
	else if (v->proto == IPPROTO_TCP && v->nup >= 14)
		snprintf(out, max, "TCP %s > %s, flags %02x, %zu bytes",
		    addr_raw(&v->src, a), addr_raw(&v->dst, b), v->up[13],
		    v->len);
	else if (v->proto == IPPROTO_UDP)
		snprintf(out, max, "UDP %s > %s, %zu bytes",
		    addr_raw(&v->src, a), addr_raw(&v->dst, b), v->len);
	else if (v->proto == IPPROTO_ICMP || v->proto == IPPROTO_ICMPV6)
		snprintf(out, max, "ICMP %s > %s, type %u, %zu bytes",
		    addr_ip_raw(&v->src, a), addr_ip_raw(&v->dst, b),
		    v->nup ? v->up[0] : 0u, v->len);
	else
		snprintf(out, max, "IP protocol %u %s > %s, %zu bytes",
		    v->proto, addr_ip_raw(&v->src, a),
		    addr_ip_raw(&v->dst, b), v->len);
}

static void
count_leak(const struct view *v, struct seen *s)
{
	if (is_mld(v))
		s->noise++;
	else
		s->leak[v->family]++;
	if (s->nlines < SEEN_LINES)
		describe(v, s->line[s->nlines++], SEEN_LINE);
}

/* TCP of the gateway's own: whose is it? 0: nobody's who may. */
static int
count_own(const struct lab *l, const struct conf *c, const struct view *v,
    struct seen *s)
{
	if (!v->is_ip || v->proto != IPPROTO_TCP || !is_own(l, &v->src) ||
	    is_between(v->src.port, LAB_STRAY))
		return 0;
	if (addr_equal(&v->dst, &l->relay[v->family])) {
		if (is_between(v->src.port, LAB_CONTROL))
			s->control[v->family]++;
		else
			s->good[v->family]++;
		return 1;
	}
	if (is_between(v->src.port, LAB_CONTROL) || !goes_direct(c, &v->dst))
		return 0;
	s->direct++;
	return 1;
}

static void
judge(const struct lab *l, const struct conf *c, const struct view *v,
    struct seen *s)
{
	if (is_arp(l, v)) {
		s->arp += get16(v->b + 6) == 2;
		return;
	}
	if (is_nd(v) || is_dhcp(v) || count_own(l, c, v, s))
		return;
	count_leak(v, s);
}

static void
count_lost(int fd, struct seen *s)
{
	struct tpacket_stats st;
	socklen_t len = sizeof(st);

	if (getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, &st, &len) == 0)
		s->lost += st.tp_drops;
}

/* -1: there is none; 0: it is one of ours. */
static ssize_t
next_frame(int fd, uint8_t *b)
{
	struct sockaddr_ll from = { .sll_pkttype = 0 };
	socklen_t flen = sizeof(from);
	ssize_t n = recvfrom(fd, b, FRAME_MAX, MSG_DONTWAIT,
	    (struct sockaddr *)&from, &flen);

	if (n < 0 && errno == ENETDOWN)	/* said once: frames follow */
		return 0;
	return n >= 0 && from.sll_pkttype == PACKET_OUTGOING ? 0 : n;
}

void
oracle_read(const struct lab *l, const struct conf *c, struct seen *s)
{
	uint8_t b[FRAME_MAX];
	struct view v;
	unsigned i, n;
	ssize_t len;

	for (i = 0; i < l->nuplink; i++) {
		for (n = 0; n < ONCE_MAX; n++) {
			if ((len = next_frame(l->uplink[i].raw, b)) < 0)
				break;
			if (len > 0 && view_frame(&v, &l->uplink[i], b,
			    (size_t)len))
				judge(l, c, &v, s);
		}
		count_lost(l->uplink[i].raw, s);
	}
}

/* An error that quotes what was sent is none of it. */
static int
carries(const struct view *v, const char *token)
{
	if (!v->is_ip || memmem(v->b, v->len, token, strlen(token)) == NULL)
		return 0;
	if (v->proto == IPPROTO_ICMP)
		return v->nup && (v->up[0] == 8 || v->up[0] == 0);
	return v->proto != IPPROTO_ICMPV6 || (v->nup && v->up[0] >= 128);
}

void
oracle_lan(const struct lab *l, const char *token, struct seen *s)
{
	struct lab_uplink as = { .name = "" };
	struct seen thrown = { .lost = 0 };
	uint8_t b[FRAME_MAX];
	struct view v;
	unsigned i, n;
	ssize_t len;

	for (i = 0; i < l->nlan; i++) {
		memcpy(as.name, l->lan[i].name, sizeof(as.name));
		for (n = 0; n < ONCE_MAX; n++) {
			if ((len = next_frame(l->lan[i].raw, b)) < 0)
				break;
			if (token && len > 0 && view_frame(&v, &as, b,
			    (size_t)len) && carries(&v, token))
				count_leak(&v, s);
		}
		count_lost(l->lan[i].raw, token ? s : &thrown);
	}
}

unsigned
oracle_leaks(const struct seen *s)
{
	return s->leak[LAB_4] + s->leak[LAB_6] + s->noise;
}

/* daemon/selftest_stimuli.c - what is sent, so that it may not get out */
#include "daemon/selftest_stimuli.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/selftest_oracle.h"
#include "policy/netplan.h"

#define N(a)	(sizeof(a) / sizeof((a)[0]))
#define SYN	PACKET_SYN
#define ACK	PACKET_ACK

enum { DRAIN_EACH = 512 };	/* frames: who sees them has room for more */

static const uint8_t zeros[64];
static const uint8_t question[] = "\x12\x34\1\0\0\1\0\0\0\0\0\0\7example\3com"
    "\0\0\1\0\1";

/* --- frames --- */

void
shoot(struct shot *s, const struct packet *p)
{
	if (send(s->raw, p->b, p->len, 0) != (ssize_t)p->len)
		return;
	if (++s->sent % DRAIN_EACH == 0 && s->drain)
		s->drain(s->arg);
}

void
shot_from_lan(struct shot *s, struct lab *l, unsigned lan, enum lab_family f)
{
	const struct lab_lan *n = &l->lan[lan];

	memset(s, 0, sizeof(*s));
	s->lab = l;
	s->raw = n->raw;
	s->family = f;
	s->lan = n;
	s->sport = 40000;
	s->way.hops = 64;
	memcpy(s->way.from_mac, n->mac, PACKET_MAC);
	memcpy(s->way.to_mac, n->gw_mac, PACKET_MAC);
	s->way.src = n->client[f];
	s->way.dst = l->far[f];
}

void
shot_from_net(struct shot *s, struct lab *l, unsigned uplink,
    enum lab_family f, const struct addr *dst)
{
	const struct lab_uplink *u = &l->uplink[uplink];

	memset(s, 0, sizeof(*s));
	s->lab = l;
	s->raw = u->raw;
	s->family = f;
	s->sport = 40000;
	s->way.hops = 64;
	memcpy(s->way.from_mac, u->mac, PACKET_MAC);
	memcpy(s->way.to_mac, u->gw_mac, PACKET_MAC);
	s->way.src = l->far[f];
	s->way.dst = *dst;
}

static void
tcp(struct shot *s, uint16_t dport, unsigned flags)
{
	struct packet p;

	packet_tcp(&p, &s->way, s->sport++, dport, flags, NULL, 0);
	shoot(s, &p);
}

static void
udp(struct shot *s, uint16_t dport, const void *data, size_t len)
{
	struct packet p;

	packet_udp(&p, &s->way, s->sport++, dport, data, len);
	shoot(s, &p);
}

static void
icmp(struct shot *s, uint8_t type, const void *data, size_t len)
{
	struct packet p;

	packet_icmp(&p, &s->way, type, 0, zeros, data, len);
	shoot(s, &p);
}

static void
ip(struct shot *s, uint8_t proto, const void *data, size_t len)
{
	struct packet p;

	packet_ip(&p, &s->way, proto, data, len);
	shoot(s, &p);
}

void
stim_protocols(struct shot *s)
{
	static const uint8_t ones[40] = { 0xff, 0x4e, 0x11, 0x35 };
	int p;

	for (p = 0; p < 256; p++) {
		ip(s, (uint8_t)p, zeros, 40);
		ip(s, (uint8_t)p, ones, sizeof(ones));
	}
}

void
stim_ports(struct shot *s)
{
	unsigned port;

	for (port = 1; port <= UINT16_MAX; port++) {
		s->sport = 40000;
		tcp(s, (uint16_t)port, SYN);
		s->sport = 40000;
		udp(s, (uint16_t)port, "x", 1);
	}
}

/* @sport 0: each of its own. */
static void
all_flags(struct shot *s, uint16_t sport)
{
	struct packet p;
	unsigned some;

	for (some = 0; some < 64; some++) {
		packet_tcp(&p, &s->way, sport ? sport : s->sport++,
		    LAB_FAR_PORT, some, "data", 4);
		shoot(s, &p);
	}
}

/* A connection that the client's kernel opened, if somebody takes it. */
static void
flags_of_open(struct shot *s)
{
	struct sockaddr_storage ss, own;
	socklen_t len = addr_to_sock(&s->way.dst, &ss), olen = sizeof(own);
	struct addr a;
	int fd = lab_socket(s->lab, LAB_LAN, s->lab->other, ss.ss_family,
	    SOCK_STREAM, 0);

	if (fd < 0)
		return;
	(void)setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, s->lan->peer,
	    (socklen_t)strlen(s->lan->peer));
	(void)connect(fd, (struct sockaddr *)&ss, len);
	usleep(20000);			/* held ones are as good */
	if (getsockname(fd, (struct sockaddr *)&own, &olen) == 0 &&
	    addr_from_sock(&a, (struct sockaddr *)&own) == 0)
		all_flags(s, a.port);
	close(fd);
}

void
stim_flags(struct shot *s)
{
	all_flags(s, 0);
	flags_of_open(s);
}

void
stim_udp(struct shot *s)
{
	static const uint16_t ports[] = { 123, 137, 138, 161, 500, 514, 1194,
		1701, 1812, 1900, 3544, 3702, 4500, 4789, 5060, 5353, 5355,
		6081, 6881, 19302, 27015, 33434, 51820 };
	static const uint8_t quic[1200] = { 0xc3, 0, 0, 0, 1 };
	static const uint8_t stun[20] = { 0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42 };
	size_t i;

	udp(s, 443, quic, sizeof(quic));
	udp(s, 3478, stun, sizeof(stun));
	udp(s, 5349, stun, sizeof(stun));
	for (i = 0; i < N(ports); i++)
		udp(s, ports[i], zeros, 48);
}

void
stim_icmp(struct shot *s)
{
	static const uint8_t types4[] = { 8, 0, 3, 4, 5, 10, 11, 12, 13, 15,
		17 };
	static const uint8_t types6[] = { 128, 129, 1, 2, 3, 4, 133, 134, 135,
		136, 137, 143 };
	const uint8_t *types = s->family == LAB_6 ? types6 : types4, *inner;
	size_t n = s->family == LAB_6 ? N(types6) : N(types4), i, len;
	struct packet p;

	packet_udp(&p, &s->way, 40000, 53, question, sizeof(question));
	len = packet_inner(&p, &inner);
	for (i = 0; i < n; i++)
		icmp(s, types[i], inner, len);
}

void
stim_names(struct shot *s)
{
	static const uint16_t ports[] = { 53, 853, 443, 5353, 5355 };
	static const char *const resolvers[LAB_NFAMILIES][2] = {
		{ "8.8.8.8", "9.9.9.9" }, { "2001:4860:4860::8888", "fd00::53" }
	};
	struct addr far = s->way.dst;
	size_t i, j;

	for (j = 0; j < 3; j++) {
		if (j && addr_parse_ip(&s->way.dst,
		    resolvers[s->family][j - 1], -1) < 0)
			continue;
		for (i = 0; i < N(ports); i++) {
			udp(s, ports[i], question, sizeof(question) - 1);
			tcp(s, ports[i], SYN);
		}
	}
	s->way.dst = far;
}

static void
fragments4(struct shot *s)
{
	static const uint8_t big[1000];
	struct packet p;
	const uint8_t *inner;
	size_t len;

	packet_udp(&p, &s->way, 40000, 53, big, sizeof(big));
	len = packet_inner(&p, &inner);
	s->way.frag = 0x2000;
	ip(s, IPPROTO_UDP, inner + 20, 800);
	s->way.frag = 800 / 8;
	ip(s, IPPROTO_UDP, inner + 820, len - 820);
	packet_tcp(&p, &s->way, 40001, 80, SYN, NULL, 0);
	len = packet_inner(&p, &inner);
	s->way.id = 8;
	s->way.frag = 0x2000;
	ip(s, IPPROTO_TCP, inner + 20, 8);
	s->way.frag = 1;
	ip(s, IPPROTO_TCP, inner + 28, len - 28);
	s->way.id = 9;			/* and one that never has the rest */
	s->way.frag = 0x2000;
	ip(s, IPPROTO_TCP, inner + 20, 16);
	s->way.id = s->way.frag = 0;
}

static void
fragments6(struct shot *s)
{
	static const uint8_t big[600];
	uint8_t b[1000];
	struct packet p;
	const uint8_t *inner;
	size_t len;

	packet_udp(&p, &s->way, 40000, 53, big, sizeof(big));
	len = packet_inner(&p, &inner) - 40;
	memcpy(b, "\x11\0\0\1\0\0\0\1", 8);
	memcpy(b + 8, inner + 40, 400);
	ip(s, IPPROTO_FRAGMENT, b, 408);
	memcpy(b, "\x11\0\1\x90\0\0\0\1", 8);
	memcpy(b + 8, inner + 440, len - 400);
	ip(s, IPPROTO_FRAGMENT, b, 8 + len - 400);
	packet_tcp(&p, &s->way, 40001, 80, SYN, NULL, 0);
	len = packet_inner(&p, &inner) - 40;
	memcpy(b, "\6\0\0\0\0\0\0\2", 8);	/* all of it in one */
	memcpy(b + 8, inner + 40, len);
	ip(s, IPPROTO_FRAGMENT, b, 8 + len);
	memcpy(b, "\6\0\0\1\0\0\0\3", 8);	/* never the rest */
	ip(s, IPPROTO_FRAGMENT, b, 16);
}

void
stim_fragments(struct shot *s)
{
	if (s->family == LAB_6)
		fragments6(s);
	else
		fragments4(s);
}

static void
options4(struct shot *s)
{
	static const uint8_t kinds[] = { 131, 137, 7, 68, 148 };
	uint8_t opt[8];
	size_t i;

	s->way.options = opt;
	s->way.noptions = sizeof(opt);
	for (i = 0; i < N(kinds); i++) {
		memset(opt, 0, sizeof(opt));
		opt[0] = kinds[i];
		opt[1] = kinds[i] == 148 ? 4 : 7;
		opt[2] = kinds[i] == 148 ? 0 : 4;
		memcpy(opt + 3, s->way.dst.ip, 4);
		if (kinds[i] == 148)
			memset(opt + 3, 0, 4);
		tcp(s, 80, SYN);
		udp(s, 443, "x", 1);
	}
	s->way.options = NULL;
	s->way.noptions = 0;
}

static void
options6(struct shot *s)
{
	static const uint8_t heads[] = { 0, 60, 43, 135, 139, 140 };
	struct packet p;
	const uint8_t *inner;
	uint8_t b[200];
	size_t i, len;

	packet_tcp(&p, &s->way, 40002, 80, SYN, NULL, 0);
	len = packet_inner(&p, &inner) - 40;
	for (i = 0; i < N(heads); i++) {
		memcpy(b, "\6\0\1\4\0\0\0\0", 8);
		memcpy(b + 8, inner + 40, len);
		ip(s, heads[i], b, 8 + len);
	}
	memset(b, 0, sizeof(b));
	b[0] = IPPROTO_TCP;
	b[1] = 2;
	b[3] = 1;
	memcpy(b + 8, s->way.dst.ip, 16);
	memcpy(b + 24, inner + 40, len);
	for (i = 0; i < 5; i += 2) {
		b[2] = (uint8_t)i;		/* type of routing header */
		ip(s, IPPROTO_ROUTING, b, 24 + len);
	}
}

void
stim_options(struct shot *s)
{
	if (s->family == LAB_6)
		options6(s);
	else
		options4(s);
}

void
stim_few(struct shot *s)
{
	tcp(s, LAB_FAR_PORT, SYN);
	tcp(s, 443, ACK);
	tcp(s, 443, PACKET_FIN | ACK);
	udp(s, 53, question, sizeof(question) - 1);
	udp(s, 443, zeros, sizeof(zeros));
	icmp(s, s->family == LAB_6 ? 128 : 8, zeros, 32);
}

void
stim_forged(struct shot *s)
{
	static const char *const from[LAB_NFAMILIES][9] = {
		{ "127.0.0.1", "0.0.0.0", "0.1.2.3", "169.254.1.1",
		    "224.0.0.1", "240.0.0.1", "255.255.255.255", "10.99.0.1",
		    "192.0.2.1" },
		{ "::1", "::", "fe80::1", "ff02::1", "2001:db8:99::1",
		    "fd99::1", "64:ff9b::a09:1", "::ffff:10.9.0.1", "2002::1" }
	};
	const struct addr *others[] = { &s->lan->gw[s->family].addr,
		&s->lan->other[s->family],
		&s->lab->uplink[0].gw[s->family].addr,
		&s->lab->uplink[0].router[s->family],
		&s->lab->relay[s->family], &s->lab->far[s->family] };
	struct addr own = s->way.src;
	size_t i;

	for (i = 0; i < N(from[0]); i++)
		if (addr_parse_ip(&s->way.src, from[s->family][i], -1) == 0)
			stim_few(s);
	for (i = 0; i < N(others); i++) {
		s->way.src = *others[i];
		stim_few(s);
	}
	s->way.src = own;
}

void
stim_inner(struct shot *s)
{
	static const uint16_t tunnels[] = { 1701, 3544, 4789, 6081, 655 };
	struct packet p;
	const uint8_t *inner;
	uint8_t b[200];
	size_t len, i;

	packet_udp(&p, &s->way, 40000, 53, question, sizeof(question) - 1);
	len = packet_inner(&p, &inner);
	ip(s, IPPROTO_IPIP, inner, len);
	ip(s, IPPROTO_IPV6, inner, len);
	memcpy(b, s->family == LAB_6 ? "\0\0\x86\xdd" : "\0\0\x08\0", 4);
	memcpy(b + 4, inner, len);
	ip(s, IPPROTO_GRE, b, len + 4);
	memcpy(b, "\x11\4\0\0\0\0\0\1\0\0\0\1", 12);
	memset(b + 12, 0, 12);
	memcpy(b + 24, inner, len);
	ip(s, IPPROTO_AH, b, len + 24);
	ip(s, IPPROTO_ESP, inner, len);
	for (i = 0; i < N(tunnels); i++)
		udp(s, tunnels[i], inner, len);
}

void
stim_hops(struct shot *s)
{
	uint8_t hops;

	for (hops = 0; hops < 5; hops++) {
		s->way.hops = hops;
		tcp(s, 80, SYN);
		udp(s, (uint16_t)(33434 + hops), "x", 1);
		icmp(s, s->family == LAB_6 ? 128 : 8, zeros, 32);
	}
	s->way.hops = 64;
}

void
stim_relay(struct shot *s)
{
	struct addr far = s->way.dst;

	s->way.dst = s->lab->relay[s->family];
	tcp(s, s->lab->relay[s->family].port, SYN);
	tcp(s, s->lab->relay[s->family].port, ACK);
	udp(s, s->lab->relay[s->family].port, "x", 1);
	tcp(s, LAB_DIRECTORY_PORT, SYN);
	s->way.dst = far;
}

/* --- from outside --- */

void
stim_knock(struct shot *s)
{
	static const uint16_t ports[] = { 22, 53, 80, 443, 9040, 9050, 9053 };
	static const unsigned flags[] = { SYN, ACK, PACKET_FIN, SYN | ACK, 0,
		PACKET_FIN | PACKET_PSH | PACKET_URG };
	static const uint8_t types4[] = { 8, 13, 15, 17 }, types6[] = { 128 };
	const uint8_t *types = s->family == LAB_6 ? types6 : types4;
	size_t n = s->family == LAB_6 ? N(types6) : N(types4), i, j;

	for (i = 0; i < N(ports); i++) {
		for (j = 0; j < N(flags); j++)
			tcp(s, ports[i], flags[j]);
		udp(s, ports[i], question, sizeof(question) - 1);
	}
	for (i = 0; i < n; i++)
		icmp(s, types[i], zeros, 32);
}

void
stim_inject(struct shot *s)
{
	static const unsigned flags[] = { SYN, SYN | ACK, ACK, PACKET_RST,
		PACKET_FIN | ACK };
	struct packet p;
	size_t i;

	for (i = 0; i < N(flags); i++) {
		packet_tcp(&p, &s->way, LAB_FAR_PORT, 40000, flags[i],
		    STIM_TOKEN, sizeof(STIM_TOKEN) - 1);
		shoot(s, &p);
	}
	packet_udp(&p, &s->way, 53, 40000, STIM_TOKEN, sizeof(STIM_TOKEN) - 1);
	shoot(s, &p);
	icmp(s, s->family == LAB_6 ? 128 : 8, STIM_TOKEN,
	    sizeof(STIM_TOKEN) - 1);
}

/* --- the gateway's own programs --- */

struct own {				/* a socket, and what is done with it */
	const char	*bind_to;	/* an interface */
	uid_t		 uid;
	uint32_t	 mark;
};

static void
prepare(const struct own *o, int fd, unsigned family)
{
	int one = 1;

	(void)setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &one, sizeof(one));
	if (o->bind_to)
		(void)setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, o->bind_to,
		    (socklen_t)strlen(o->bind_to));
	if (o->mark)
		(void)setsockopt(fd, SOL_SOCKET, SO_MARK, &o->mark,
		    sizeof(o->mark));
	(void)lab_bind(fd, family, LAB_STRAY);
}

/* A program that sends there, or tries to connect, and goes away. */
static unsigned
send_own(struct lab *l, const struct own *o, const struct addr *to,
    uint16_t port, int type)
{
	struct addr a = *to;
	unsigned family = a.family == 6 ? LAB_6 : LAB_4;
	struct sockaddr_storage ss;
	socklen_t len;
	int fd;

	a.port = port;
	len = addr_to_sock(&a, &ss);
	fd = lab_socket(l, LAB_GW, o->uid, ss.ss_family, type, 0);
	if (fd < 0)
		return 0;
	prepare(o, fd, family);
	if (type == SOCK_DGRAM)
		(void)sendto(fd, question, sizeof(question) - 1, 0,
		    (struct sockaddr *)&ss, len);
	else
		(void)connect(fd, (struct sockaddr *)&ss, len);
	close(fd);
	return 1;	/* refused on its way is as good */
}

unsigned
stim_own_sockets(struct lab *l)
{
	static const uint16_t ports[] = { 53, 80, 123, 443, 853, 3478, 9001 };
	struct own o = { .uid = l->other };
	unsigned n = 0, f;
	size_t i;

	for (f = 0; f < l->nfamilies; f++)
		for (i = 0; i < N(ports); i++) {
			n += send_own(l, &o, &l->far[f], ports[i], SOCK_DGRAM);
			n += send_own(l, &o, &l->far[f], ports[i],
			    SOCK_STREAM);
		}
	return n;
}

unsigned
stim_own_relay(struct lab *l)
{
	struct own o = { .uid = l->other };
	unsigned n = 0, f, root;

	for (root = 0; root < (l->uid ? 2 : 1); root++) {
		o.uid = root ? 0 : l->other;
		for (f = 0; f < l->nfamilies; f++) {
			n += send_own(l, &o, &l->relay[f], l->relay[f].port,
			    SOCK_STREAM);
			n += send_own(l, &o, &l->relay[f], l->relay[f].port,
			    SOCK_DGRAM);
		}
	}
	return n;
}

unsigned
stim_own_bound(struct lab *l)
{
	struct own o = { .uid = l->other };
	unsigned n = 0, i, f;

	for (i = 0; i < l->nuplink; i++)
		for (f = 0; f < l->nfamilies; f++) {
			o.bind_to = l->uplink[i].name;
			o.mark = 0;
			n += send_own(l, &o, &l->far[f], 443, SOCK_DGRAM);
			n += send_own(l, &o, &l->far[f], 443, SOCK_STREAM);
			o.mark = NETPLAN_MARK;
			n += send_own(l, &o, &l->far[f], 443, SOCK_DGRAM);
			n += send_own(l, &o, &l->far[f], 443, SOCK_STREAM);
			o.bind_to = NULL;
			n += send_own(l, &o, &l->far[f], 443, SOCK_DGRAM);
		}
	return n;
}

static unsigned
send_raw(struct lab *l, unsigned f, int proto)
{
	struct sockaddr_storage ss;
	struct addr a = l->far[f];
	socklen_t len;
	int fd;

	a.port = 0;
	len = addr_to_sock(&a, &ss);
	fd = lab_socket(l, LAB_GW, 0, ss.ss_family, SOCK_RAW, proto);
	if (fd < 0)
		return 0;
	(void)sendto(fd, "\x08\0\xf7\xff\0\0\0\0", 8, 0,
	    (struct sockaddr *)&ss, len);
	close(fd);
	return 1;
}

unsigned
stim_own_raw(struct lab *l)
{
	unsigned n = 0, f;

	for (f = 0; f < l->nfamilies; f++) {
		n += send_raw(l, f, 253);
		n += send_raw(l, f, IPPROTO_GRE);
		n += send_raw(l, f, f == LAB_6 ? (int)IPPROTO_ICMPV6 :
		    (int)IPPROTO_ICMP);
	}
	return n;
}

/* Past all that the kernel would look up. */
static unsigned
shoot_own(struct lab *l, unsigned i, unsigned f)
{
	struct lab_uplink *u = &l->uplink[i];
	struct sockaddr_ll to = { .sll_family = AF_PACKET };
	struct shot s;

	lab_enter(l, LAB_GW);
	shot_from_net(&s, l, i, (enum lab_family)f, &l->far[f]);
	memcpy(s.way.from_mac, u->gw_mac, PACKET_MAC);
	memcpy(s.way.to_mac, u->mac, PACKET_MAC);
	s.way.src = u->gw[f].addr;
	s.sport = LAB_STRAY;
	to.sll_ifindex = (int)if_nametoindex(u->name);
	s.raw = lab_socket(l, LAB_GW, 0, AF_PACKET, SOCK_RAW, 0);
	if (s.raw < 0)
		return 0;
	if (to.sll_ifindex && bind(s.raw, (struct sockaddr *)&to,
	    sizeof(to)) == 0) {
		stim_few(&s);
		ip(&s, 253, zeros, 8);
		s.way.dst = l->relay[f];
		tcp(&s, l->relay[f].port, SYN);
		/* what is refused on its way is as good */
		s.sent = 8;
	}
	close(s.raw);
	return s.sent;
}

/* Where torrc knows of no uplink there is no chain that would see these
 * (docs/known-issues.md). */
unsigned
stim_own_packet(struct lab *l)
{
	unsigned n = 0, i, f;

	for (i = 0; i < l->nuplink; i++)
		for (f = 0; f < l->nfamilies && !l->uplink[i].foreign; f++)
			n += shoot_own(l, i, f);
	return n;
}

unsigned
stim_own_multicast(struct lab *l)
{
	static const struct { const char *to; uint16_t port; } all[] = {
		{ "224.0.0.251", 5353 }, { "224.0.0.252", 5355 },
		{ "239.255.255.250", 1900 }, { "255.255.255.255", 137 },
		{ "ff02::fb", 5353 }, { "ff02::1:3", 5355 },
		{ "ff02::c", 1900 }, { "ff05::2", 547 },
	};
	struct own o = { .uid = l->other };
	struct addr a;
	unsigned n = 0, i;
	size_t j;

	for (i = 0; i < l->nuplink; i++)
		for (j = 0; j < N(all); j++) {
			if (addr_parse_ip(&a, all[j].to, -1) < 0 ||
			    (a.family == 6 && l->nfamilies < 2))
				continue;
			o.bind_to = l->uplink[i].name;
			n += send_own(l, &o, &a, all[j].port, SOCK_DGRAM);
		}
	return n;
}

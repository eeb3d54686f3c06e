/* base/addr.c - the one type for an internet address with a port */
#include "base/addr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/wire.h"

void
addr_v4(struct addr *a, uint32_t ip, uint16_t port)
{
	memset(a, 0, sizeof(*a));
	a->family = 4;
	a->port = port;
	wire_set32(a->ip, ip);
}

static int
is_mapped(const uint8_t *ip)
{
	static const uint8_t prefix[12] = { [10] = 0xff, [11] = 0xff };

	return memcmp(ip, prefix, sizeof(prefix)) == 0;
}

void
addr_unmap(struct addr *a)
{
	if (a->family == 6 && is_mapped(a->ip))
		addr_v4(a, wire_get32(a->ip + 12), a->port);
}

int
addr_is_link_local(const struct addr *a)
{
	return a->family == 6 && a->ip[0] == 0xfe &&
	    (a->ip[1] & 0xc0) == 0x80;
}

int
addr_from_sock(struct addr *a, const struct sockaddr *sa)
{
	const struct sockaddr_in *s4 = (const void *)sa;
	const struct sockaddr_in6 *s6 = (const void *)sa;

	memset(a, 0, sizeof(*a));
	switch (sa->sa_family) {
	case AF_INET:
		a->family = 4;
		memcpy(a->ip, &s4->sin_addr, 4);
		a->port = ntohs(s4->sin_port);
		return 0;
	case AF_INET6:
		a->port = ntohs(s6->sin6_port);
		a->family = 6;
		memcpy(a->ip, &s6->sin6_addr, 16);
		addr_unmap(a);
		if (addr_is_link_local(a))
			a->scope = s6->sin6_scope_id;
		return 0;
	default:
		return -EAFNOSUPPORT;
	}
}

socklen_t
addr_to_sock(const struct addr *a, struct sockaddr_storage *ss)
{
	struct sockaddr_in *s4 = (void *)ss;
	struct sockaddr_in6 *s6 = (void *)ss;

	memset(ss, 0, sizeof(*ss));
	if (a->family == 4) {
		s4->sin_family = AF_INET;
		s4->sin_port = htons(a->port);
		memcpy(&s4->sin_addr, a->ip, 4);
		return sizeof(*s4);
	}
	if (a->family == 6) {
		s6->sin6_family = AF_INET6;
		s6->sin6_port = htons(a->port);
		memcpy(&s6->sin6_addr, a->ip, 16);
		s6->sin6_scope_id = a->scope;
		return sizeof(*s6);
	}
	return 0;
}

size_t
addr_iplen(const struct addr *a)
{
	return a->family == 4 ? 4 : a->family == 6 ? 16 : 0;
}

static int
text_copy(char *out, size_t max, const char *s, int len)
{
	size_t n = len < 0 ? strlen(s) : (size_t)len;

	if (n == 0 || n >= max || memchr(s, '\0', n) != NULL)
		return -EINVAL;
	memcpy(out, s, n);
	out[n] = '\0';
	return (int)n;
}

int
addr_parse_ip(struct addr *out, const char *s, int len)
{
	char text[INET6_ADDRSTRLEN + 2], *p = text;
	struct addr a = { 0 };
	int n = text_copy(text, sizeof(text), s, len);

	if (n < 0)
		return n;
	if (text[0] == '[') {
		if (text[n - 1] != ']')
			return -EINVAL;
		text[n - 1] = '\0';
		p++;
	} else if (inet_pton(AF_INET, p, a.ip) == 1) {
		a.family = 4;
		*out = a;
		return 0;
	}
	if (inet_pton(AF_INET6, p, a.ip) != 1)
		return -EINVAL;
	a.family = 6;
	*out = a;
	return 0;
}

int
addr_port_parse(uint16_t *port, const char *s, int len)
{
	size_t i, n = len < 0 ? strlen(s) : (size_t)len;
	unsigned v = 0;

	if (n == 0 || n > 5)
		return -EINVAL;
	for (i = 0; i < n; i++) {
		if (s[i] < '0' || s[i] > '9')
			return -EINVAL;
		v = v * 10 + (unsigned)(s[i] - '0');
	}
	if (v == 0 || v > 65535)
		return -EINVAL;
	*port = (uint16_t)v;
	return 0;
}

int
addr_parse(struct addr *out, const char *s, int len)
{
	int n = len < 0 ? (int)strlen(s) : len, i = n;
	struct addr a;

	while (i > 0 && s[i - 1] != ':')
		i--;
	if (i < 2)
		return -EINVAL;
	if (s[0] != '[' && memchr(s, ':', (size_t)i - 1) != NULL)
		return -EINVAL;		/* bare IPv6: the port is ambiguous */
	if (addr_parse_ip(&a, s, i - 1) < 0 ||
	    addr_port_parse(&a.port, s + i, n - i) < 0)
		return -EINVAL;
	*out = a;
	return 0;
}

int
addr_net_parse(struct addr_net *out, const char *s, int len)
{
	size_t n = len < 0 ? strlen(s) : (size_t)len;
	const char *slash = memchr(s, '/', n);
	struct addr_net net = { 0 };
	unsigned bits = 0, max;
	const char *p;

	if (addr_parse_ip(&net.addr, s, (int)(slash ? (size_t)(slash - s) : n)))
		return -EINVAL;
	max = net.addr.family == 4 ? 32 : 128;
	if (slash == NULL)
		bits = max;
	else {
		if (slash + 1 == s + n || s + n - slash > 4)
			return -EINVAL;
		for (p = slash + 1; p < s + n; p++) {
			if (*p < '0' || *p > '9')
				return -EINVAL;
			bits = bits * 10 + (unsigned)(*p - '0');
		}
	}
	if (bits > max)
		return -EINVAL;
	net.bits = (uint8_t)bits;
	*out = net;
	return 0;
}

int
addr_same_ip(const struct addr *a, const struct addr *b)
{
	return a->family && a->family == b->family && a->scope == b->scope &&
	    memcmp(a->ip, b->ip, addr_iplen(a)) == 0;
}

int
addr_equal(const struct addr *a, const struct addr *b)
{
	return addr_same_ip(a, b) && a->port == b->port;
}

static int
bits_agree(const uint8_t *a, const uint8_t *b, int bits)
{
	uint8_t mask;

	if (memcmp(a, b, (size_t)bits / 8) != 0)
		return 0;
	if (bits % 8 == 0)
		return 1;
	mask = (uint8_t)(0xff << (8 - bits % 8));
	return ((a[bits / 8] ^ b[bits / 8]) & mask) == 0;
}

int
addr_same_prefix(const struct addr *a, const struct addr *b, int bits)
{
	if (a->family == 0 || a->family != b->family)
		return 0;
	if (bits > (int)addr_iplen(a) * 8)
		bits = (int)addr_iplen(a) * 8;
	if (bits < 0)
		bits = 0;
	return bits_agree(a->ip, b->ip, bits);
}

int
addr_in_net(const struct addr *a, const struct addr_net *net)
{
	return addr_same_prefix(a, &net->addr, net->bits);
}

struct range {
	uint8_t	ip[16];
	int	bits;
};

static const struct range internal4[] = {
	{ { 0 }, 8 },			{ { 10 }, 8 },
	{ { 100, 64 }, 10 },		{ { 127 }, 8 },
	{ { 169, 254 }, 16 },		{ { 172, 16 }, 12 },
	{ { 192, 168 }, 16 },		{ { 192, 0, 0 }, 24 },
	{ { 198, 18 }, 15 },		{ { 224 }, 4 },
	{ { 240 }, 4 }
};

static const struct range internal6[] = {
	{ { 0xfc }, 7 },		/* unique local */
	{ { 0xfe, 0x80 }, 10 },		/* link-local */
	{ { 0xfe, 0xc0 }, 10 },		/* site-local, old */
	{ { 0xff }, 8 },		/* multicast */
	{ { 0x01 }, 64 },		/* discard-only */
	{ { 0 }, 96 },			/* ::, ::1, compatible form of old */
	{ { 0, 0x64, 0xff, 0x9b, 0, 1 }, 48 }	/* NAT64 of one site, RFC
						 * 8215 */
};

/* Is all of that prefix in one of them? */
static int
in_ranges(const uint8_t *ip, int bits, const struct range *r, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (r[i].bits <= bits && bits_agree(ip, r[i].ip, r[i].bits))
			return 1;
	return 0;
}

static int
is_internal4(const uint8_t *ip, int bits)
{
	return in_ranges(ip, bits, internal4,
	    sizeof(internal4) / sizeof(internal4[0]));
}

/* Where an IPv4 address is in an IPv6 one that somebody would translate to it,
 * or send it by way of. */
static const struct {
	uint8_t	prefix[12];		/* right before it */
	int	bits;
} carriers[] = {
	{ { [10] = 0xff, [11] = 0xff }, 96 },	/* mapped */
	{ { [8] = 0xff, [9] = 0xff }, 96 },	/* SIIT, RFC 2765 */
	{ { 0, 0x64, 0xff, 0x9b }, 96 },	/* NAT64 */
	{ { 0x20, 0x02 }, 16 },			/* 6to4 */
	{ { 0x20, 0x01 }, 32 }			/* Teredo's server */
};

static int
carries_internal4(const uint8_t *ip, int bits)
{
	size_t i;

	for (i = 0; i < sizeof(carriers) / sizeof(carriers[0]); i++)
		if (carriers[i].bits <= bits && bits_agree(ip,
		    carriers[i].prefix, carriers[i].bits) &&
		    is_internal4(ip + carriers[i].bits / 8,
		    bits - carriers[i].bits))
			return 1;
	return 0;
}

/* RFC 4380 4: the client's own IPv4 address, all bits of it turned round. */
static int
is_internal_teredo(const uint8_t *ip, int bits)
{
	static const uint8_t prefix[4] = { 0x20, 0x01 };
	uint8_t four[4];
	int i;

	for (i = 0; i < 4; i++)
		four[i] = (uint8_t)~ip[12 + i];
	return bits >= 96 && bits_agree(ip, prefix, 32) &&
	    is_internal4(four, bits - 96);
}

int
addr_net_is_internal(const struct addr_net *net)
{
	const uint8_t *ip = net->addr.ip;
	int bits = net->bits;

	if (net->addr.family == 4)
		return is_internal4(ip, bits);
	if (net->addr.family != 6)
		return 1;
	return in_ranges(ip, bits, internal6,
	    sizeof(internal6) / sizeof(internal6[0])) ||
	    carries_internal4(ip, bits) || is_internal_teredo(ip, bits);
}

int
addr_is_internal(const struct addr *a)
{
	struct addr_net net = { .addr = *a,
		.bits = (uint8_t)(addr_iplen(a) * 8) };

	return addr_net_is_internal(&net);
}

const char *
addr_ip_raw(const struct addr *a, char *out)
{
	if (a->family == 0 || inet_ntop(a->family == 4 ? AF_INET : AF_INET6,
	    a->ip, out, ADDR_TEXT) == NULL)
		strcpy(out, "none");
	return out;
}

const char *
addr_raw(const struct addr *a, char *out)
{
	char ip[ADDR_TEXT];

	addr_ip_raw(a, ip);
	if (a->family == 6)
		snprintf(out, ADDR_TEXT, "[%.47s]:%u", ip, a->port);
	else
		snprintf(out, ADDR_TEXT, "%.47s:%u", ip, a->port);
	return out;
}

const char *
addr_show(const struct addr *a, char *out)
{
	char raw[ADDR_TEXT];
	const char *s = log_scrub(addr_raw(a, raw));

	memmove(out, s, strlen(s) + 1);
	return out;
}

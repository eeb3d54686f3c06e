/* daemon/conf_reach.c - ReachableAddresses and its like: rules by address */
#include "daemon/conf_reach.h"

#include <errno.h>
#include <string.h>

#include "base/addr.h"
#include "base/wire.h"
#include "daemon/conf.h"
#include "daemon/conf_util.h"

static const char *const private_nets[] = {
	"0.0.0.0/8", "169.254.0.0/16", "127.0.0.0/8", "192.168.0.0/16",
	"10.0.0.0/8", "172.16.0.0/12", "[::]/8", "[fc00::]/7", "[fe80::]/10",
	"[fec0::]/10", "[ff00::]/8", "[::]/127", NULL
};

/* "80", "80-90" or "*" */
static int
read_ports(struct conf_rule *r, const char *s, size_t len)
{
	const char *dash = memchr(s, '-', len);
	size_t first = dash ? (size_t)(dash - s) : len;

	if (len == 1 && *s == '*')
		return 0;
	if (addr_port_parse(&r->port_lo, s, (int)first) < 0)
		return -EINVAL;
	r->port_hi = r->port_lo;
	if (dash && addr_port_parse(&r->port_hi, dash + 1,
	    (int)(len - first - 1)) < 0)
		return -EINVAL;
	return r->port_lo <= r->port_hi ? 0 : -EINVAL;
}

/* 10.0.0.0/255.0.0.0: the bits, or -EINVAL */
static int
mask_bits(const char *s, size_t len)
{
	struct addr mask;
	uint32_t v;
	int bits = 0;

	if (addr_parse_ip(&mask, s, (int)len) < 0 || mask.family != 4)
		return -EINVAL;
	for (v = wire_get32(mask.ip); v & 0x80000000; v <<= 1)
		bits++;
	return v ? -EINVAL : bits;
}

static int
read_net(struct addr_net *net, const char *s, size_t len)
{
	const char *slash = memchr(s, '/', len);
	size_t n = slash ? (size_t)(slash - s) : len;
	int bits;

	if (len == 1 && *s == '*')
		return 0;
	if (len == 2 && *s == '*' && (s[1] == '4' || s[1] == '6')) {
		net->addr.family = (uint8_t)(s[1] - '0');
		return 0;
	}
	if (addr_net_parse(net, s, (int)len) == 0)
		return 0;
	if (slash == NULL || addr_parse_ip(&net->addr, s, (int)n) < 0 ||
	    net->addr.family != 4 ||
	    (bits = mask_bits(slash + 1, len - n - 1)) < 0)
		return -EINVAL;
	net->bits = (uint8_t)bits;
	return 0;
}

/* The ':' before the port, or NULL: behind the bracket of an IPv6 address, or
 * the only one there is. */
static const char *
find_port(const char *s, size_t len)
{
	const char *end = s + len, *from = s, *colon;

	if (*s == '[' && (from = memchr(s, ']', len)) == NULL)
		return NULL;
	colon = memchr(from, ':', (size_t)(end - from));
	if (colon && *s != '[' &&
	    memchr(colon + 1, ':', (size_t)(end - colon - 1)) != NULL)
		return NULL;
	return colon;
}

int
conf_pattern(struct conf_rule *out, const char *s, size_t len)
{
	struct conf_rule r = { .port_lo = 1, .port_hi = 65535 };
	const char *port;
	size_t n = len;

	if (len == 0)
		return -EINVAL;
	if ((port = find_port(s, len)) != NULL) {
		n = (size_t)(port - s);
		if (read_ports(&r, port + 1, len - n - 1) < 0)
			return -EINVAL;
	}
	if (n == 0 || read_net(&r.net, s, n) < 0)
		return -EINVAL;
	r.accept = out->accept;
	*out = r;
	return 0;
}

static int
add_rule(void *array, const struct conf_rule *r)
{
	struct conf_rule *at = conf_array_add(array, sizeof(*at));

	if (at == NULL)
		return -ENOMEM;
	*at = *r;
	return 0;
}

/* "private" with or without a port */
static int
add_private(void *array, int accept, const char *s, size_t len)
{
	struct conf_rule r = { .accept = accept }, one;
	size_t i;

	if (len > 0 && *s != ':')
		return -EINVAL;
	r.port_lo = 1;
	r.port_hi = 65535;
	if (len > 0 && read_ports(&r, s + 1, len - 1) < 0)
		return -EINVAL;
	for (i = 0; private_nets[i]; i++) {
		one = r;
		if (addr_net_parse(&one.net, private_nets[i], -1) < 0 ||
		    add_rule(array, &one) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* accept or reject, then white space; moves @s on. */
static void
read_verb(const char **s, size_t *len, int *accept)
{
	static const char *const verbs[] = {
		"reject", "accept", "reject6", "accept6"
	};
	const char *rest;
	size_t i;

	for (i = 0; i < 4; i++) {
		if (!conf_begins(*s, *len, verbs[i], &rest) ||
		    (*rest != ' ' && *rest != '\t'))
			continue;
		*accept = (int)i % 2;
		while (*rest == ' ' || *rest == '\t')
			rest++;
		*len -= (size_t)(rest - *s);
		*s = rest;
		return;
	}
}

static int
read_rule(void *array, const char *s, size_t len)
{
	struct conf_rule r = { .accept = 1 };
	const char *rest;

	read_verb(&s, &len, &r.accept);
	if (conf_begins(s, len, "private", &rest))
		return add_private(array, r.accept, rest, len - 7);
	if (conf_pattern(&r, s, len) < 0)
		return -EINVAL;
	return add_rule(array, &r);
}

int
conf_read_rules(void *array, const char *s, struct conf_note *note)
{
	const char *item;
	size_t len;
	int rc;

	while ((item = conf_item(&s, &len)) != NULL) {
		if ((rc = read_rule(array, item, len)) == -EINVAL)
			return conf_wrong(note, "'%.*s' is no such rule",
			    len < 60 ? (int)len : 60, item);
		if (rc < 0)
			return rc;
	}
	return 0;
}

void
conf_print_rule(FILE *f, const void *item)
{
	const struct conf_rule *r = item;
	char ip[ADDR_TEXT];

	fputs(r->accept ? "accept " : "reject ", f);
	if (r->net.addr.family == 0)
		fputs("*", f);
	else
		fprintf(f, r->net.addr.family == 6 ? "[%s]/%u" : "%s/%u",
		    addr_ip_raw(&r->net.addr, ip), r->net.bits);
	if (r->port_lo == 1 && r->port_hi == 65535)
		fputs(":*", f);
	else if (r->port_lo == r->port_hi)
		fprintf(f, ":%u", r->port_lo);
	else
		fprintf(f, ":%u-%u", r->port_lo, r->port_hi);
}

int
conf_rules_accept(const struct conf_rule *r, size_t n, const struct addr *a)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (a->port >= r[i].port_lo && a->port <= r[i].port_hi &&
		    (r[i].net.addr.family == 0 ||
		    addr_in_net(a, &r[i].net)))
			return r[i].accept;
	return 0;
}

int
conf_may_reach(const struct conf *c, const struct addr *a)
{
	if (a->family == 0 || (a->family == 4 && !c->client_use_ipv4) ||
	    (a->family == 6 && !c->client_use_ipv6))
		return 0;
	return c->nreachable_or == 0 ||
	    conf_rules_accept(c->reachable_or, c->nreachable_or, a);
}

/* onion/path/relayset.c - a set of relays, as torrc options describe one
 *
 * Theory of operation
 *	Four arrays, one for each kind of item.  Identities and nicknames are
 *	sorted after parsing and bisected; address patterns and countries, of
 *	which there are few, are tried one after the other.  Nothing is kept of
 *	what a relay was found to be: callers ask once per relay and netdir.
 */
#include "onion/path/relayset.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "base/enc.h"
#include "onion/dir/netdir.h"
#include "onion/path/geoip.h"

enum { NICKNAME_MAX = 19, CC_A1 = GEOIP_CC('a', '1') };

struct id {
	uint8_t	rsa[20];
};

struct name {
	char	text[NICKNAME_MAX + 1];	/* lower case, padded with NUL */
};

struct pattern {
	struct addr_net	net;		/* family 0: any address */
	uint16_t	lo, hi;		/* ports */
};

struct list {			/* of one kind of item */
	void	*v;
	size_t	 n, cap;
};

struct relayset {
	struct list		 ids, names, patterns, countries;
	const struct geoip	*geoip;
};

static void *
list_add(struct list *l, const void *item, size_t size)
{
	size_t cap = l->cap ? l->cap * 2 : 8;
	void *v;

	if (l->n == l->cap) {
		if ((v = realloc(l->v, cap * size)) == NULL)
			return NULL;
		l->v = v;
		l->cap = cap;
	}
	v = (char *)l->v + l->n++ * size;
	memcpy(v, item, size);
	return v;
}

static int
is_nickname(const char *s, size_t len)
{
	size_t i;

	if (len == 0 || len > NICKNAME_MAX)
		return 0;
	for (i = 0; i < len; i++)
		if (!isalnum((unsigned char)s[i]) || (s[i] & 0x80))
			return 0;
	return 1;
}

static void
name_init(struct name *n, const char *s, size_t len)
{
	size_t i;

	memset(n, 0, sizeof(*n));
	for (i = 0; i < len; i++)
		n->text[i] = (char)tolower((unsigned char)s[i]);
}

/* "$HEX", "HEX", either with "=Name" or "~Name": the name decides nothing. */
static int
parse_id(struct id *id, const char *s, size_t len)
{
	if (len > 0 && *s == '$') {
		s++;
		len--;
	}
	if (len < 40 || dec_hex(id->rsa, sizeof(id->rsa), s, 40) < 0)
		return -EINVAL;
	if (len == 40)
		return 0;
	if (s[40] != '=' && s[40] != '~')
		return -EINVAL;
	return is_nickname(s + 41, len - 41) ? 0 : -EINVAL;
}

static int
parse_cc(uint16_t *cc, const char *s, size_t len)
{
	if (len != 4 || s[0] != '{' || s[3] != '}' ||
	    !isgraph((unsigned char)s[1]) || !isgraph((unsigned char)s[2]))
		return -EINVAL;
	*cc = GEOIP_CC(tolower((unsigned char)s[1]),
	    tolower((unsigned char)s[2]));
	return 0;
}

/* "*", "80", "80-90" */
static int
parse_ports(struct pattern *p, const char *s, size_t len)
{
	const char *dash = memchr(s, '-', len);
	size_t first = dash ? (size_t)(dash - s) : len;

	if (len == 1 && *s == '*')
		return 0;
	if (addr_port_parse(&p->lo, s, (int)first) < 0)
		return -EINVAL;
	p->hi = p->lo;
	if (dash && addr_port_parse(&p->hi, dash + 1,
	    (int)(len - first - 1)) < 0)
		return -EINVAL;
	return p->lo <= p->hi ? 0 : -EINVAL;
}

/* "255.255.0.0" as a number of bits; -EINVAL where its ones have gaps. */
static int
mask_bits(const char *s, size_t len)
{
	struct addr a;
	uint32_t m;
	int bits = 0;

	if (len >= ADDR_TEXT || addr_parse_ip(&a, s, (int)len) < 0 ||
	    a.family != 4)
		return -EINVAL;
	m = (uint32_t)a.ip[0] << 24 | (uint32_t)a.ip[1] << 16 |
	    (uint32_t)a.ip[2] << 8 | a.ip[3];
	for (; m & 0x80000000; m <<= 1)
		bits++;
	return m == 0 ? bits : -EINVAL;
}

static int
parse_net(struct addr_net *net, const char *s, size_t len)
{
	const char *slash = memchr(s, '/', len);
	size_t head;
	int bits;

	if (len >= 2 * ADDR_TEXT)
		return -EINVAL;
	if (slash == NULL || memchr(slash, '.', len - (size_t)(slash - s)) ==
	    NULL)
		return addr_net_parse(net, s, (int)len);
	head = (size_t)(slash - s);
	if (addr_net_parse(net, s, (int)head) < 0 || net->addr.family != 4)
		return -EINVAL;
	if ((bits = mask_bits(slash + 1, len - head - 1)) < 0)
		return bits;
	net->bits = (uint8_t)bits;
	return 0;
}

/* Where the address (and mask) ends and ":PORT" begins: a colon outside
 * brackets, unless the whole is IPv6 without them. */
static size_t
port_colon(const char *s, size_t len)
{
	const char *close = memchr(s, ']', len), *from = close ? close : s;
	const char *colon = memchr(from, ':', len - (size_t)(from - s));
	size_t at;

	if (colon == NULL)
		return len;
	at = (size_t)(colon - s);
	if (close == NULL && memchr(colon + 1, ':', len - at - 1) != NULL)
		return len;
	return at;
}

static int
parse_pattern(struct pattern *p, const char *s, size_t len)
{
	size_t end = port_colon(s, len);

	memset(p, 0, sizeof(*p));
	p->hi = UINT16_MAX;
	if (end < len && parse_ports(p, s + end + 1, len - end - 1) < 0)
		return -EINVAL;
	if (end == 0 || s[0] != '*')
		return parse_net(&p->net, s, end);
	if (end == 2 && (s[1] == '4' || s[1] == '6'))
		p->net.addr.family = (uint8_t)(s[1] - '0');
	else if (end != 1)
		return -EINVAL;
	return 0;
}

static const char *
complaint(const char *s, size_t len)
{
	if (*s == '{')
		return "a country is two letters in braces: {de}, {??}";
	if (*s == '$')
		return "a fingerprint is $ and 40 hexadecimal digits, "
		    "optionally with =Name or ~Name";
	if (memchr(s, '.', len) || memchr(s, ':', len) || memchr(s, '*', len))
		return "not an address pattern: 192.0.2.0/24, "
		    "[2001:db8::]/32, each optionally with :PORT";
	return "neither a fingerprint (40 hexadecimal digits), a nickname (up "
	    "to 19 letters and digits), an address pattern nor a {country}";
}

/* 0, -ENOMEM, -EINVAL. */
static int
add_item(struct relayset *set, const char *s, size_t len)
{
	struct pattern p;
	struct name name;
	struct id id;
	uint16_t cc;
	void *ok;

	if (parse_id(&id, s, len) == 0)
		ok = list_add(&set->ids, &id, sizeof(id));
	else if (is_nickname(s, len)) {
		name_init(&name, s, len);
		ok = list_add(&set->names, &name, sizeof(name));
	} else if (parse_cc(&cc, s, len) == 0)
		ok = list_add(&set->countries, &cc, sizeof(cc));
	else if (parse_pattern(&p, s, len) == 0)
		ok = list_add(&set->patterns, &p, sizeof(p));
	else
		return -EINVAL;
	return ok ? 0 : -ENOMEM;
}

static size_t
item_count(const struct relayset *set)
{
	return set->ids.n + set->names.n + set->patterns.n + set->countries.n;
}

static int
add_items(struct relayset *set, const char *text, struct relayset_error *err)
{
	const char *s = text, *end;
	size_t len;
	int rc;

	for (; ; s = end + 1) {
		s += strspn(s, " \t\r\n");
		end = s + strcspn(s, ",");
		len = (size_t)(end - s);
		while (len > 0 && isspace((unsigned char)s[len - 1]))
			len--;
		if (len > 0 && item_count(set) >= RELAYSET_ITEMS_MAX)
			return -E2BIG;
		if (len > 0 && (rc = add_item(set, s, len)) < 0) {
			if (rc == -EINVAL && err != NULL)
				*err = (struct relayset_error){
				    (size_t)(s - text), len,
				    complaint(s, len) };
			return rc;
		}
		if (*end == '\0')
			return 0;
	}
}

static int
by_id(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct id));
}

static int
by_name(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct name));
}

int
relayset_parse(struct relayset **out, const char *text,
    struct relayset_error *err)
{
	struct relayset *set = calloc(1, sizeof(*set));
	int rc;

	if (set == NULL)
		return -ENOMEM;
	if ((rc = add_items(set, text, err)) < 0) {
		relayset_free(set);
		return rc;
	}
	if (set->ids.n > 0)
		qsort(set->ids.v, set->ids.n, sizeof(struct id), by_id);
	if (set->names.n > 0)
		qsort(set->names.v, set->names.n, sizeof(struct name),
		    by_name);
	*out = set;
	return 0;
}

void
relayset_free(struct relayset *set)
{
	if (set == NULL)
		return;
	free(set->ids.v);
	free(set->names.v);
	free(set->patterns.v);
	free(set->countries.v);
	free(set);
}

int
relayset_is_empty(const struct relayset *set)
{
	return set == NULL || item_count(set) == 0;
}

int
relayset_needs_geoip(const struct relayset *set)
{
	return set != NULL && set->countries.n > 0;
}

void
relayset_use_geoip(struct relayset *set, const struct geoip *geoip)
{
	if (set != NULL)
		set->geoip = geoip;
}

static int
has_country(const struct relayset *set, uint16_t cc)
{
	const uint16_t *v = set->countries.v;
	size_t i;

	for (i = 0; i < set->countries.n; i++)
		if (v[i] == cc)
			return 1;
	return 0;
}

int
relayset_add_unknown(struct relayset *set, int always)
{
	static const uint16_t unknown[] = { GEOIP_UNKNOWN, CC_A1 };
	size_t i;

	if (!always && set->countries.n == 0)
		return 0;
	for (i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++)
		if (!has_country(set, unknown[i]) && list_add(&set->countries,
		    &unknown[i], sizeof(unknown[i])) == NULL)
			return -ENOMEM;
	return 0;
}

static int
has_id(const struct relayset *set, const uint8_t rsa[20])
{
	return set->ids.n > 0 && bsearch(rsa, set->ids.v, set->ids.n,
	    sizeof(struct id), by_id) != NULL;
}

static int
has_name(const struct relayset *set, const char *nickname)
{
	size_t len = strlen(nickname);
	struct name name;

	if (set->names.n == 0 || len > NICKNAME_MAX)
		return 0;
	name_init(&name, nickname, len);
	return bsearch(&name, set->names.v, set->names.n, sizeof(name),
	    by_name) != NULL;
}

static int
pattern_takes(const struct pattern *p, const struct addr *a)
{
	if (a->port < p->lo || a->port > p->hi)
		return 0;
	return p->net.addr.family == 0 || addr_in_net(a, &p->net);
}

static int
has_addr(const struct relayset *set, const struct addr *a)
{
	const struct pattern *v = set->patterns.v;
	size_t i;

	if (a->family == 0)
		return 0;
	for (i = 0; i < set->patterns.n; i++)
		if (pattern_takes(&v[i], a))
			return 1;
	return 0;
}

static int
has_addr_country(const struct relayset *set, const struct addr *a)
{
	return set->countries.n > 0 && set->geoip != NULL && a->family != 0 &&
	    has_country(set, geoip_country(set->geoip, a));
}

int
relayset_has(const struct relayset *set, const struct netdir *nd,
    const struct relay *r)
{
	(void)nd;
	if (set == NULL)
		return 0;
	return has_id(set, r->rsa) || has_name(set, r->nickname) ||
	    has_addr(set, &r->or4) || has_addr(set, &r->or6) ||
	    has_addr_country(set, r->or4.family ? &r->or4 : &r->or6);
}

int
relayset_has_parts(const struct relayset *set, const uint8_t rsa[20],
    const char *nickname, const struct addr *a)
{
	if (set == NULL)
		return 0;
	return (rsa != NULL && has_id(set, rsa)) ||
	    (nickname != NULL && has_name(set, nickname)) ||
	    (a != NULL && (has_addr(set, a) || has_addr_country(set, a)));
}

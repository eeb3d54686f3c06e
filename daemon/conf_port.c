/* daemon/conf_port.c - TransPort, DNSPort, SocksPort, HTTPTunnelPort, and the
 * doors that are not built
 *
 * A flag is NAME or NoNAME; where it isolates, a plural s is passed over, as
 * tor does.  A flag that is not known is an error here, though tor only warns:
 * a misspelt isolation flag would share circuits that were to be kept apart.
 */
#include "daemon/conf_port.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "daemon/conf.h"
#include "daemon/conf_util.h"

enum { LOOPBACK = 0x7f000001 };
enum kind { KIND_TRANS, KIND_DNS, KIND_SOCKS, KIND_HTTP };

static const struct {
	const char	*name;
	unsigned	 bit;
} iso_flags[] = {
	{ "IsolateDestPort", CONF_ISO_DESTPORT },
	{ "IsolateDestAddr", CONF_ISO_DESTADDR },
	{ "IsolateSOCKSAuth", CONF_ISO_SOCKSAUTH },
	{ "IsolateClientProtocol", CONF_ISO_CLIENTPROTO },
	{ "IsolateClientAddr", CONF_ISO_CLIENTADDR },
};
enum { NISO = sizeof(iso_flags) / sizeof(iso_flags[0]) };

/* What tor knows and this program does not do: taken, with a remark. */
static const char *const unbuilt_flags[] = {
	"CacheIPv4DNS", "CacheIPv6DNS", "CacheDNS", "UseIPv4Cache",
	"UseIPv6Cache", "UseDNSCache", "PreferSOCKSNoAuth", "ExtendedErrors",
	"PreferIPv6",		/* connections to names only: we have none */
	NULL
};
static const char *const unix_flags[] = {
	"GroupWritable", "WorldWritable", "RelaxDirModeCheck", NULL
};

/* What tor caches of exits' answers; here nothing is, whatever they say. */
static const char *const proxy_unbuilt_flags[] = {
	"CacheIPv4DNS", "CacheIPv6DNS", "CacheDNS", "UseIPv4Cache",
	"UseIPv6Cache", "UseDNSCache", "PreferSOCKSNoAuth", "ExtendedErrors",
	NULL
};

static int
is_one_of(const char *s, size_t len, const char *const *names)
{
	for (; *names; names++)
		if (conf_is(s, len, *names))
			return 1;
	return 0;
}

/* A host that needs no lookup: an address, or "localhost". */
static int
read_host(struct addr *a, const char *s, size_t len)
{
	if (conf_is(s, len, "localhost")) {
		addr_v4(a, LOOPBACK, 0);
		return 0;
	}
	if (len > 2 && *s != '[' && memchr(s, ':', len) != NULL)
		return -EINVAL;		/* where would its port begin? */
	return addr_parse_ip(a, s, (int)len);
}

static int
read_number(uint16_t *port, const char *s, size_t len)
{
	if (conf_is(s, len, "auto")) {
		*port = 0;
		return 0;
	}
	return addr_port_parse(port, s, (int)len);
}

/* "unix:PATH" or "unix:"PATH WITH BLANKS"": how much of @s that is, or
 * -EINVAL. */
static int
read_path(struct conf_port *p, const char *s, size_t len, enum kind kind,
    struct conf_note *note)
{
	const char *from = s + 5, *end = s + len;

	if (kind != KIND_SOCKS)
		return conf_wrong(note, kind == KIND_HTTP ? "only a SocksPort "
		    "can be a unix socket" : "a unix socket has no original "
		    "destination");
	if (from < end && *from == '"') {
		from++;
		if ((end = strchr(from, '"')) == NULL)
			return conf_wrong(note, "the path has no closing \"");
	}
	if (*from != '/' || end - from < 2)
		return conf_wrong(note, "unix: wants an absolute path");
	if ((size_t)(end - from) >= sizeof(p->path))
		return conf_wrong(note, "the path is too long for a unix "
		    "socket");
	memcpy(p->path, from, (size_t)(end - from));
	return (int)(end - s) + (*end == '"');
}

/* 1: it says 0, for none. */
static int
read_where(struct conf_port *p, const char *s, size_t len,
    struct conf_note *note)
{
	const char *colon;
	uint16_t port;
	size_t n;

	if (conf_is(s, len, "0"))
		return 1;
	addr_v4(&p->addr, LOOPBACK, 0);
	if (read_number(&p->addr.port, s, len) == 0)
		return 0;
	if ((colon = memrchr(s, ':', len)) == NULL || *s == ':')
		return conf_wrong(note, "'%.*s' is no port",
		    len < 60 ? (int)len : 60, s);
	n = (size_t)(colon - s);
	if (read_host(&p->addr, s, n) < 0)
		return conf_wrong(note, "'%.*s' is no address (IPv6 wants "
		    "brackets, names are not looked up)",
		    n < 60 ? (int)n : 60, s);
	if (read_number(&port, colon + 1, len - n - 1) < 0)
		return conf_wrong(note, "'%.*s' is no port",
		    len - n < 60 ? (int)(len - n - 1) : 60, colon + 1);
	p->addr.port = port;
	p->explicit_addr = 1;
	return 0;
}

static int
read_group(struct conf_port *p, const char *s, size_t len,
    struct conf_note *note)
{
	int64_t v = 0;
	size_t i;

	if (p->session_group >= 0)
		return conf_wrong(note, "SessionGroup stands twice");
	for (i = 0; i < len && v <= INT_MAX; i++) {
		if (s[i] < '0' || s[i] > '9')
			break;
		v = v * 10 + (s[i] - '0');
	}
	if (len == 0 || i < len || v > INT_MAX)
		return conf_wrong(note, "SessionGroup= wants a number");
	p->session_group = (int)v;
	return 0;
}

static int
traffic_flag(struct conf_port *p, const char *s, size_t len, unsigned on)
{
	if (conf_is(s, len, "IPv4Traffic"))
		p->ipv4_traffic = on;
	else if (conf_is(s, len, "IPv6Traffic"))
		p->ipv6_traffic = on;
	else if (conf_is(s, len, "DNSRequest"))
		p->dns_request = on;
	else if (conf_is(s, len, "OnionTraffic"))
		p->onion_traffic = on;
	else if (conf_is(s, len, "OnionTrafficOnly") && on)
		p->ipv4_traffic = p->ipv6_traffic = p->dns_request = 0;
	else if (conf_is(s, len, "PreferIPv6Automap"))
		p->prefer_ipv6_automap = on;
	else if (conf_is(s, len, "KeepAliveIsolateSOCKSAuth"))
		p->keepalive_isolate_socksauth = on;
	else
		return 0;
	return 1;
}

/* What only a proxy's port has. */
static int
proxy_flag(struct conf_port *p, const char *s, size_t len, unsigned on,
    enum kind kind)
{
	if (kind != KIND_SOCKS && kind != KIND_HTTP)
		return 0;
	if (conf_is(s, len, "PreferIPv6"))
		p->prefer_ipv6 = on;
	else if (kind == KIND_HTTP)
		return 0;
	else if (conf_is(s, len, "ExtendedErrors"))
		p->extended_errors = on;
	else if (conf_is(s, len, "PreferSOCKSNoAuth"))
		p->prefer_no_auth = on;
	else if (p->path[0] && conf_is(s, len, "GroupWritable"))
		p->group_writable = on;
	else if (p->path[0] && conf_is(s, len, "WorldWritable"))
		p->world_writable = on;
	else
		return p->path[0] && conf_is(s, len, "RelaxDirModeCheck");
	return 1;
}

static int
iso_flag(struct conf_port *p, const char *s, size_t len, int on)
{
	size_t i;

	if (len && (s[len - 1] == 's' || s[len - 1] == 'S'))
		len--;
	for (i = 0; i < NISO; i++) {
		if (!conf_is(s, len, iso_flags[i].name))
			continue;
		if (on)
			p->isolate |= iso_flags[i].bit;
		else
			p->isolate &= ~iso_flags[i].bit;
		return 1;
	}
	return 0;
}

static int
read_flag(struct conf_port *p, const char *s, size_t len, enum kind kind,
    struct conf_note *note)
{
	int proxy = kind == KIND_SOCKS || kind == KIND_HTTP;
	const char *word = s, *rest;
	size_t wlen = len;
	int on = 1;

	if (conf_begins(s, len, "SessionGroup=", &rest))
		return read_group(p, rest, len - (size_t)(rest - s), note);
	if (conf_begins(s, len, "No", &rest)) {
		on = 0;
		s += 2;
		len -= 2;
	}
	if (proxy && on && conf_is(s, len, "KeepAliveIsolateSOCKSAuth"))
		conf_odd(note, "the flag %.*s is not built: circuits live as "
		    "MaxCircuitDirtiness says", (int)wlen, word);
	if (traffic_flag(p, s, len, (unsigned)on) || iso_flag(p, s, len, on) ||
	    proxy_flag(p, s, len, (unsigned)on, kind))
		return 0;
	if (is_one_of(s, len, proxy ? proxy_unbuilt_flags : unbuilt_flags)) {
		if (on)
			conf_odd(note, "the flag %.*s is not built and has no "
			    "effect", (int)wlen, word);
		return 0;
	}
	if (is_one_of(s, len, unix_flags))
		return conf_wrong(note, "%.*s is for unix sockets",
		    (int)wlen, word);
	return conf_wrong(note, "there is no flag '%.*s'",
	    wlen < 60 ? (int)wlen : 60, word);
}

static int
check_flags(const struct conf_port *p, enum kind kind, struct conf_note *note)
{
	if (kind == KIND_DNS && !p->dns_request)
		return conf_wrong(note, "with NoDNSRequest it can do nothing");
	if (kind != KIND_DNS && !p->ipv4_traffic && !p->ipv6_traffic &&
	    !p->onion_traffic)
		return conf_wrong(note, "IPv4, IPv6 and .onion are all off, "
		    "so it can do nothing");
	if (p->keepalive_isolate_socksauth &&
	    !(p->isolate & CONF_ISO_SOCKSAUTH))
		return conf_wrong(note, "KeepAliveIsolateSOCKSAuth and "
		    "NoIsolateSOCKSAuth contradict each other");
	return 0;
}

static void
set_defaults(struct conf_port *p)
{
	p->isolate = CONF_ISO_DEFAULT;
	p->session_group = -1;
	p->ipv4_traffic = p->ipv6_traffic = p->onion_traffic = 1;
	p->dns_request = p->prefer_ipv6_automap = 1;
}

static int
read_flags(struct conf_port *p, const char *s, enum kind kind,
    struct conf_note *note)
{
	const char *word;
	size_t len;
	int rc;

	while ((word = conf_word(&s, &len)) != NULL)
		if ((rc = read_flag(p, word, len, kind, note)) < 0)
			return rc;
	return 0;
}

int
conf_port_flags(struct conf_port *p, const char *s, struct conf_note *note)
{
	int rc;

	set_defaults(p);
	rc = read_flags(p, s, KIND_TRANS, note);
	return rc < 0 ? rc : check_flags(p, KIND_TRANS, note);
}

static int
is_public(const struct addr *a)
{
	static const struct addr any4 = { .family = 4 }, any6 = { .family = 6 };

	return addr_same_ip(a, &any4) || addr_same_ip(a, &any6) ||
	    !addr_is_internal(a);
}

static int
is_loopback(const struct addr *a)
{
	static const struct addr six = { .family = 6, .ip = { [15] = 1 } };

	return a->family == 4 ? a->ip[0] == 127 : addr_same_ip(a, &six);
}

/* Whoever reaches a proxy's port can use it, and what goes there can be read on
 * the way. */
static void
warn_of_public(const struct conf_port *p, enum kind kind,
    struct conf_note *note)
{
	int proxy = kind == KIND_SOCKS || kind == KIND_HTTP;

	if (!p->explicit_addr || note->odd[0])
		return;
	if (is_public(&p->addr))
		conf_odd(note, "whoever reaches this address of the machine "
		    "can use it; a firewall should decide who does");
	else if (proxy && !is_loopback(&p->addr))
		conf_odd(note, "others than this machine can use it, and what "
		    "they send there is not encrypted");
}

static int
read_port(struct conf_port *p, const char *s, enum kind kind,
    struct conf_note *note)
{
	const char *word;
	size_t len;
	int rc, off = 0;

	set_defaults(p);
	if ((word = conf_word(&s, &len)) == NULL)
		return conf_wrong(note, "there is none");
	if (len >= 5 && strncasecmp(word, "unix:", 5) == 0) {
		if ((rc = read_path(p, word, len, kind, note)) < 0)
			return rc;
		s = word + rc;
	} else if ((off = read_where(p, word, len, note)) < 0)
		return off;
	if ((rc = read_flags(p, s, kind, note)) < 0)
		return rc;
	if (off)
		return 1;
	warn_of_public(p, kind, note);
	return check_flags(p, kind, note);
}

static int
add_port(void *array, const char *s, enum kind kind, struct conf_note *note)
{
	struct conf_port p = { .isolate = 0 }, *at, *items;
	int rc = read_port(&p, s, kind, note);
	size_t n;

	if (rc < 0)
		return rc;
	if (rc == 1)
		p.session_group = CONF_PORT_OFF;
	conf_array_get(array, (void **)&items, &n);
	if (n >= CONF_PORTS_MAX)
		return conf_wrong(note, "there are more than %d",
		    CONF_PORTS_MAX);
	if (n && (items[0].session_group == CONF_PORT_OFF) != (rc == 1))
		return conf_wrong(note, "one line turns it off and another "
		    "turns it on");
	if ((at = conf_array_add(array, sizeof(*at))) == NULL)
		return -ENOMEM;
	*at = p;
	return 0;
}

int
conf_read_trans_port(void *array, const char *s, struct conf_note *note)
{
	return add_port(array, s, KIND_TRANS, note);
}

int
conf_read_dns_port(void *array, const char *s, struct conf_note *note)
{
	return add_port(array, s, KIND_DNS, note);
}

int
conf_read_socks_port(void *array, const char *s, struct conf_note *note)
{
	return add_port(array, s, KIND_SOCKS, note);
}

int
conf_read_http_port(void *array, const char *s, struct conf_note *note)
{
	return add_port(array, s, KIND_HTTP, note);
}

static void
print_iso(FILE *f, const struct conf_port *p)
{
	size_t i;

	for (i = 0; i < NISO; i++)
		if ((p->isolate ^ CONF_ISO_DEFAULT) & iso_flags[i].bit)
			fprintf(f, " %s%s", p->isolate & iso_flags[i].bit ?
			    "" : "No", iso_flags[i].name);
}

void
conf_print_flags(FILE *f, const struct conf_port *p)
{
	print_iso(f, p);
	if (p->session_group >= 0)
		fprintf(f, " SessionGroup=%d", p->session_group);
	if (!p->ipv4_traffic)
		fputs(" NoIPv4Traffic", f);
	if (!p->ipv6_traffic)
		fputs(" NoIPv6Traffic", f);
	if (!p->onion_traffic)
		fputs(" NoOnionTraffic", f);
	if (!p->dns_request)
		fputs(" NoDNSRequest", f);
	if (!p->prefer_ipv6_automap)
		fputs(" NoPreferIPv6Automap", f);
	if (p->keepalive_isolate_socksauth)
		fputs(" KeepAliveIsolateSOCKSAuth", f);
	if (p->prefer_ipv6)
		fputs(" PreferIPv6", f);
	if (p->extended_errors)
		fputs(" ExtendedErrors", f);
	if (p->prefer_no_auth)
		fputs(" PreferSOCKSNoAuth", f);
	if (p->group_writable)
		fputs(" GroupWritable", f);
	if (p->world_writable)
		fputs(" WorldWritable", f);
}

static void
print_where(FILE *f, const struct conf_port *p)
{
	char ip[ADDR_TEXT];

	if (p->path[0]) {
		fprintf(f, strchr(p->path, ' ') ? "unix:\"%s\"" : "unix:%s",
		    p->path);
		return;
	}
	fprintf(f, p->addr.family == 6 ? "[%s]:" : "%s:",
	    addr_ip_raw(&p->addr, ip));
	if (p->addr.port)
		fprintf(f, "%u", p->addr.port);
	else
		fputs("auto", f);
}

void
conf_print_port(FILE *f, const void *item)
{
	const struct conf_port *p = item;

	if (p->session_group == CONF_PORT_OFF) {
		fputs("0", f);
		return;
	}
	print_where(f, p);
	conf_print_flags(f, p);
}

int
conf_port_is_off(const char *s)
{
	size_t len;
	const char *word = conf_word(&s, &len);

	return word == NULL || conf_is(word, len, "0");
}

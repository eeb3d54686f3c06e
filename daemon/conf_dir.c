/* daemon/conf_dir.c - DirAuthority, FallbackDir and Bridge lines
 *
 *	DirAuthority [nickname] [flags] IPv4:dirport fingerprint
 *	FallbackDir IP:dirport orport=PORT id=FINGERPRINT [weight=N] [ipv6=..]
 *	Bridge [transport] IP[:port] fingerprint
 *
 * Flags end at the first word that begins with a digit.  A fingerprint may be
 * cut into words.
 */
#include "daemon/conf_dir.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/enc.h"
#include "base/secret.h"
#include "daemon/conf.h"
#include "daemon/conf_scalar.h"
#include "daemon/conf_util.h"

enum { HEX_ID = 2 * CONF_ID };

static int
is_nickname(const char *s, size_t len)
{
	size_t i;

	if (len < 1 || len > CONF_NICKNAME_MAX)
		return 0;
	for (i = 0; i < len; i++)
		if (!((s[i] >= '0' && s[i] <= '9') ||
		    (s[i] >= 'a' && s[i] <= 'z') ||
		    (s[i] >= 'A' && s[i] <= 'Z')))
			return 0;
	return 1;
}

static int
read_id(uint8_t *id, const char *s, size_t len, const char *what,
    struct conf_note *note)
{
	if (len == HEX_ID && dec_hex(id, CONF_ID, s, len) == CONF_ID)
		return 0;
	return conf_wrong(note, "%s wants %d hexadecimal digits", what, HEX_ID);
}

static int
read_ipv6(struct addr *out, const char *s, size_t len, struct conf_note *note)
{
	struct addr a;

	if (out->family == 6)
		return conf_wrong(note, "ipv6= stands twice");
	if (addr_parse(&a, s, (int)len) < 0 || a.family != 6)
		return conf_wrong(note, "ipv6= wants [ADDRESS]:PORT");
	*out = a;
	return 0;
}

static int
read_weight(double *out, const char *s, size_t len, struct conf_note *note)
{
	char text[32];

	if (len < sizeof(text)) {
		memcpy(text, s, len);
		text[len] = '\0';
		if (conf_read_double(out, text, note) == 0 && *out >= 0)
			return 0;
	}
	return conf_wrong(note, "weight= wants a number that is not negative");
}

static int
read_orport(uint16_t *out, const char *s, size_t len, struct conf_note *note)
{
	if (addr_port_parse(out, s, (int)len) == 0)
		return 0;
	return conf_wrong(note, "orport= wants a port");
}

static int
authority_flag(struct conf_authority *a, uint16_t *orport, const char *s,
    size_t len, struct conf_note *note)
{
	const char *v;

	if (conf_is(s, len, "bridge")) {
		a->is_bridge = 1;
		return 0;
	}
	if (conf_begins(s, len, "orport=", &v))
		return read_orport(orport, v, len - 7, note);
	if (conf_begins(s, len, "weight=", &v))
		return read_weight(&a->weight, v, len - 7, note);
	if (conf_begins(s, len, "ipv6=", &v))
		return read_ipv6(&a->or6, v, len - 5, note);
	if (conf_begins(s, len, "v3ident=", &v)) {
		a->has_v3ident = 1;
		return read_id(a->v3ident, v, len - 8, "v3ident=", note);
	}
	if (conf_is(s, len, "hs") || conf_is(s, len, "no-hs") ||
	    conf_is(s, len, "no-v2") || conf_begins(s, len, "upload=", &v) ||
	    conf_begins(s, len, "download=", &v) ||
	    conf_begins(s, len, "vote=", &v))
		return 0;	/* old, or for those who publish */
	conf_odd(note, "the flag '%.*s' is not known and has no effect",
	    len < 60 ? (int)len : 60, s);
	return 0;
}

/* What is left of the line, without white space, is the fingerprint. */
static int
read_fingerprint(uint8_t *id, const char *s, struct conf_note *note)
{
	char hex[HEX_ID + 1];
	const char *word;
	size_t len, n = 0;

	while ((word = conf_word(&s, &len)) != NULL) {
		if (n + len > HEX_ID)
			return read_id(id, "", 0, "the fingerprint", note);
		memcpy(hex + n, word, len);
		n += len;
	}
	return read_id(id, hex, n, "the fingerprint", note);
}

static int
parse_authority(struct conf_authority *a, const char *s,
    struct conf_note *note)
{
	uint16_t orport = 0;
	const char *word;
	size_t len, n;

	a->weight = 1;
	for (n = 0; (word = conf_word(&s, &len)) != NULL; n++) {
		if (n == 0 && is_nickname(word, len))
			memcpy(a->nickname, word, len);
		else if (*word >= '0' && *word <= '9')
			break;
		else if (authority_flag(a, &orport, word, len, note) < 0)
			return -EINVAL;
	}
	if (word == NULL || addr_parse(&a->dir, word, (int)len) < 0 ||
	    a->dir.family != 4)
		return conf_wrong(note, "there is no IPv4 ADDRESS:DIRPORT");
	if (read_fingerprint(a->id, s, note) < 0)
		return -EINVAL;
	if (orport) {
		a->or4 = a->dir;
		a->or4.port = orport;
	}
	if (note->odd[0])
		return 0;
	if (orport == 0 && a->or6.family == 0)
		conf_odd(note, "without orport= it cannot be asked for "
		    "anything");
	else if (!a->has_v3ident && !a->is_bridge)
		conf_odd(note, "without v3ident= its signature on a consensus "
		    "does not count");
	return 0;
}

int
conf_read_authority(void *array, const char *s, struct conf_note *note)
{
	struct conf_authority a = { .weight = 1 }, *at;

	if (parse_authority(&a, s, note) < 0)
		return -EINVAL;
	if ((at = conf_array_add(array, sizeof(*at))) == NULL)
		return -ENOMEM;
	*at = a;
	return 0;
}

static void
print_common(FILE *f, const struct addr *or6, double weight)
{
	char text[ADDR_TEXT];

	if (or6->family)
		fprintf(f, " ipv6=%s", addr_raw(or6, text));
	if (weight < 1 || weight > 1) {
		fputs(" weight=", f);
		conf_print_double(f, &weight);
	}
}

void
conf_print_authority(FILE *f, const void *item)
{
	const struct conf_authority *a = item;
	char hex[HEX_ID + 1], text[ADDR_TEXT];

	/* a line whose first word is no nickname begins with a flag */
	fputs(a->nickname[0] ? a->nickname : "no-v2", f);
	if (a->or4.family)
		fprintf(f, " orport=%u", a->or4.port);
	if (a->is_bridge)
		fputs(" bridge", f);
	if (a->has_v3ident) {
		enc_hex(hex, a->v3ident, CONF_ID);
		fprintf(f, " v3ident=%s", hex);
	}
	print_common(f, &a->or6, a->weight);
	enc_hex(hex, a->id, CONF_ID);
	fprintf(f, " %s %s", addr_raw(&a->dir, text), hex);
}

struct fallback_line {
	struct conf_fallback	 f;
	struct addr		 addr;
	uint16_t		 orport;
	int			 has_id;
	size_t			 naddr;
};

static int
fallback_word(struct fallback_line *l, const char *s, size_t len,
    struct conf_note *note)
{
	const char *v;

	if (conf_begins(s, len, "orport=", &v))
		return read_orport(&l->orport, v, len - 7, note);
	if (conf_begins(s, len, "weight=", &v))
		return read_weight(&l->f.weight, v, len - 7, note);
	if (conf_begins(s, len, "ipv6=", &v))
		return read_ipv6(&l->f.or6, v, len - 5, note);
	if (conf_begins(s, len, "id=", &v)) {
		l->has_id = 1;
		return read_id(l->f.id, v, len - 3, "id=", note);
	}
	if (memchr(s, '=', len) != NULL)
		return 0;		/* as tor: for versions to come */
	l->naddr++;
	if (addr_parse(&l->addr, s, (int)len) < 0)
		return conf_wrong(note, "'%.*s' is no ADDRESS:DIRPORT",
		    len < 60 ? (int)len : 60, s);
	return 0;
}

int
conf_read_fallback(void *array, const char *s, struct conf_note *note)
{
	struct fallback_line l = { .f.weight = 1 };
	struct conf_fallback *at;
	const char *word;
	size_t len;

	while ((word = conf_word(&s, &len)) != NULL)
		if (fallback_word(&l, word, len, note) < 0)
			return -EINVAL;
	if (l.naddr != 1)
		return conf_wrong(note, "there is not one address, but %zu",
		    l.naddr);
	if (l.orport == 0 || !l.has_id || secret_is_zero(l.f.id, CONF_ID))
		return conf_wrong(note, "it has no %s=",
		    l.orport == 0 ? "orport" : "id");
	l.addr.port = l.orport;
	if (l.addr.family == 6 && l.f.or6.family == 6)
		return conf_wrong(note, "it has two IPv6 addresses");
	*(l.addr.family == 6 ? &l.f.or6 : &l.f.or4) = l.addr;
	if ((at = conf_array_add(array, sizeof(*at))) == NULL)
		return -ENOMEM;
	*at = l.f;
	return 0;
}

void
conf_print_fallback(FILE *f, const void *item)
{
	const struct conf_fallback *b = item;
	const struct addr *a = b->or4.family ? &b->or4 : &b->or6;
	static const struct addr none;
	char hex[HEX_ID + 1], text[ADDR_TEXT];

	enc_hex(hex, b->id, CONF_ID);
	fprintf(f, "%s orport=%u id=%s", addr_raw(a, text), a->port, hex);
	print_common(f, a == &b->or4 ? &b->or6 : &none, b->weight);
}

/* --- bridges --- */

enum { BRIDGE_PORT = 443 };		/* tor's default */

/* As tor tells it: an address has a dot or a colon in it. */
static int
is_transport(const char *s, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (!(s[i] == '_' || (s[i] >= 'a' && s[i] <= 'z') ||
		    (s[i] >= 'A' && s[i] <= 'Z') ||
		    (i > 0 && s[i] >= '0' && s[i] <= '9')))
			return 0;
	return len > 0;
}

static int
read_bridge_addr(struct addr *out, const char *s, size_t len,
    struct conf_note *note)
{
	char bare[ADDR_TEXT];

	if (addr_parse(out, s, (int)len) == 0 && out->port != 0)
		return 0;
	if (len > 2 && s[0] == '[' && s[len - 1] == ']') {
		s++;
		len -= 2;
	}
	if (len < sizeof(bare)) {
		memcpy(bare, s, len);
		bare[len] = '\0';
		if (addr_parse_ip(out, bare, -1) == 0) {
			out->port = BRIDGE_PORT;
			return 0;
		}
	}
	return conf_wrong(note, "'%.*s' is no ADDRESS:PORT, such as "
	    "192.0.2.1:443 or [2001:db8::1]:443", len < 60 ? (int)len : 60, s);
}

static int
parse_bridge(struct conf_bridge *b, const char *line, struct conf_note *note)
{
	const char *s = line, *word;
	size_t len;

	if ((word = conf_word(&s, &len)) == NULL)
		return conf_wrong(note, "there is no address");
	note->column = (size_t)(word - line) + 1;
	if (is_transport(word, len)) {
		note->column = 0;
		return (b->other = strdup(line)) != NULL ? 0 : -ENOMEM;
	}
	if (read_bridge_addr(&b->addr, word, len, note) < 0)
		return -EINVAL;
	while (*s == ' ' || *s == '\t')
		s++;
	note->column = (size_t)(s - line) + 1;
	if (*s == '\0') {
		note->column = 0;
		return conf_wrong(note, "there is no fingerprint behind the "
		    "address: without it anybody could be the bridge");
	}
	if (read_fingerprint(b->id, s, note) < 0)
		return -EINVAL;
	if (secret_is_zero(b->id, CONF_ID))
		return conf_wrong(note, "that is nobody's fingerprint");
	note->column = 0;
	return 0;
}

int
conf_read_bridge(void *array, const char *s, struct conf_note *note)
{
	struct conf_bridge b = { .other = NULL }, *at;
	void *all;
	size_t n;
	int rc;

	if ((rc = parse_bridge(&b, s, note)) < 0)
		return rc;
	conf_array_get(array, &all, &n);
	if (n >= CONF_BRIDGES_MAX)
		rc = conf_wrong(note, "there are more than %d bridges",
		    CONF_BRIDGES_MAX);
	else if ((at = conf_array_add(array, sizeof(*at))) == NULL)
		rc = -ENOMEM;
	else
		*at = b;
	if (rc < 0)
		free(b.other);
	return rc;
}

void
conf_print_bridge(FILE *f, const void *item)
{
	const struct conf_bridge *b = item;
	char hex[HEX_ID + 1], text[ADDR_TEXT];

	if (b->other) {
		conf_quote(f, b->other);
		return;
	}
	enc_hex(hex, b->id, CONF_ID);
	fprintf(f, "%s %s", addr_raw(&b->addr, text), hex);
}

void
conf_free_bridge(void *item)
{
	struct conf_bridge *b = item;

	free(b->other);
}

/* --- all of them --- */

int
conf_first_relay(const struct conf *c, size_t i, struct addr *out)
{
	size_t half = i / 2;

	memset(out, 0, sizeof(*out));
	if (c->use_bridges) {
		if (i < c->nbridges)
			*out = c->bridges[i].addr;
		return i < c->nbridges;
	}
	if (half < c->nauthorities) {
		*out = i % 2 ? c->authorities[half].or6 :
		    c->authorities[half].or4;
		return 1;
	}
	half -= c->nauthorities;
	if (half >= c->nfallbacks)
		return 0;
	*out = i % 2 ? c->fallbacks[half].or6 : c->fallbacks[half].or4;
	return 1;
}

/* daemon/conf_made.c - fields that are made from more than one option */
#include "daemon/conf_made.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/conf.h"
#include "daemon/conf_port.h"
#include "daemon/conf_reach.h"
#include "daemon/conf_util.h"
#include "daemon/conf_values.h"
#include "daemon/netdata.h"

static int
no_memory(struct conf_err *err)
{
	return conf_fail(err, -ENOMEM, "no memory for the configuration");
}

static int
bad_value(const struct conf_opt *o, const struct conf_value *v,
    const struct conf_note *note, struct conf_err *err)
{
	char shown[80];

	if (note->column)
		return conf_bad_word(o->name, v, note, err);
	conf_shown(shown, sizeof(shown), v->text, strlen(v->text));
	return conf_fail(err, -EINVAL, "%s%s wants %s; got '%s'%s%s", v->where,
	    o->name, conf_type(o->kind)->wants, shown,
	    note->why[0] ? ": " : "", note->why);
}

/* May a value be empty?  Then the option is as if unset. */
static int
takes_nothing(enum conf_kind kind)
{
	return kind == CONF_K_STRING || kind == CONF_K_PATH ||
	    kind == CONF_K_WORDS || kind == CONF_K_NUMBERS ||
	    kind == CONF_K_NODES || kind == CONF_K_TUN_CLIENTS || kind == CONF_K_LINKS ||
	    kind == CONF_K_SUFFIXES;
}

static int
read_value(const struct conf_opt *o, const struct conf_value *v, void *field,
    struct conf_strings *warnings, struct conf_err *err)
{
	struct conf_note note = { .why = "" };
	int rc;

	if (*v->text == '\0' && !takes_nothing(o->kind)) {
		conf_wrong(&note, "there is no value");
		return bad_value(o, v, &note, err);
	}
	rc = conf_type(o->kind)->read(field, v->text, &note);
	if (rc == -EINVAL)
		return bad_value(o, v, &note, err);
	if (rc < 0)
		return no_memory(err);
	if (note.odd[0] && conf_warn(warnings, v->where, "%s: %s", o->name,
	    note.odd) < 0)
		return no_memory(err);
	return 0;
}

int
conf_read_given(const struct conf_opt *o, const struct conf_given *g,
    int testing, void *field, struct conf_strings *warnings,
    struct conf_err *err)
{
	const char *def = conf_option_default(o, testing);
	struct conf_note note = { .why = "" };
	size_t i;
	int rc;

	for (i = 0; i < g->n; i++)
		if ((rc = read_value(o, &g->value[i], field, warnings,
		    err)) < 0)
			return rc;
	if (g->n || *def == '\0')
		return 0;
	if (conf_type(o->kind)->read(field, def, &note) < 0)
		return conf_fail(err, -EINVAL, "%s: bad default '%s'", o->name,
		    def);
	return 0;
}

/* The same by the option's name, its remarks among the warnings or dropped
 * (they were made when the option itself was loaded). */
static int
read_again(struct conf *c, const char *name, void *field, struct conf_err *err)
{
	const struct conf_opt *o = conf_option_find(name, NULL);
	struct conf_strings dropped = { .n = 0 };
	int rc = conf_read_given(o, conf_values_of(c->values, name),
	    c->values->testing, field, &dropped, err);

	conf_strings_free(&dropped);
	return rc;
}

static int
is_given(const struct conf *c, const char *name)
{
	return conf_values_of(c->values, name)->n != 0;
}

static const char *
where(const struct conf *c, const char *name)
{
	const struct conf_given *g = conf_values_of(c->values, name);

	return g->n ? g->value[g->n - 1].where : "";
}

/* "X 0" leaves no port; a port without SessionGroup is a group of its own. */
static void
settle_ports(struct conf_port **ports, size_t *n, int first_group)
{
	size_t i;

	if (*n && (*ports)[0].session_group == CONF_PORT_OFF) {
		free(*ports);
		*ports = NULL;
		*n = 0;
	}
	for (i = 0; i < *n; i++)
		if ((*ports)[i].session_group < 0)
			(*ports)[i].session_group = first_group - (int)i;
}

static int
is_same(const struct conf_port *a, const struct conf_port *b)
{
	if (a->path[0] || b->path[0])
		return strcmp(a->path, b->path) == 0;
	return a->addr.port && addr_equal(&a->addr, &b->addr);
}

struct ports {			/* all of one kind */
	struct conf_port **port;
	size_t		*n;
	const char	*name, *more;
};

/* Of @a and @b, which may be the same kind. */
static int
find_twice(const struct conf *c, const struct ports *a, const struct ports *b,
    struct conf_err *err)
{
	const struct conf_port *p;
	char text[ADDR_TEXT];
	size_t i, j;

	for (i = 0; i < *a->n; i++)
		for (j = a == b ? i + 1 : 0; j < *b->n; j++) {
			p = &(*a->port)[i];
			if (is_same(p, &(*b->port)[j]))
				return conf_fail(err, -EINVAL, "%s%s: two "
				    "ports are the same, %s", where(c, b->name),
				    b->name, p->path[0] ? p->path :
				    addr_raw(&p->addr, text));
		}
	return 0;
}

enum { NKINDS = 4 };

static int
settle_kinds(struct conf *c, const struct ports *kind, struct conf_err *err)
{
	size_t i, j;
	int rc = 0;

	for (i = 0; i < NKINDS; i++) {
		/* they stand one behind the other */
		if ((rc = read_again(c, kind[i].more, kind[i].port, err)) < 0)
			return rc;
		settle_ports(kind[i].port, kind[i].n,
		    -1 - (int)i * CONF_PORTS_MAX);
	}
	for (j = 0; j < NKINDS && rc == 0; j++)
		for (i = 0; i <= j && rc == 0; i++)
			rc = find_twice(c, &kind[i], &kind[j], err);
	return rc;
}

int
conf_made_ports(struct conf *c, struct conf_err *err)
{
	static const char type[] = "TransProxyType";
	const struct ports kind[NKINDS] = {
		{ &c->trans_ports, &c->ntrans_ports, "TransPort",
		    "__TransPort" },
		{ &c->dns_ports, &c->ndns_ports, "DNSPort", "__DNSPort" },
		{ &c->socks_ports, &c->nsocks_ports, "SocksPort",
		    "__SocksPort" },
		{ &c->http_ports, &c->nhttp_ports, "HTTPTunnelPort",
		    "__HTTPTunnelPort" },
	};
	size_t n = 0, i;
	int rc;

	if ((rc = settle_kinds(c, kind, err)) < 0)
		return rc;
	if (c->trans_proxy_type == CONF_TRANS_TPROXY && c->ntrans_ports == 0)
		return conf_fail(err, -EINVAL, "%s%s wants a TransPort",
		    where(c, type), type);
	for (i = 0; i < NKINDS; i++)
		n += *kind[i].n;
	if (n == 0 && !conf_has_tun(c) &&
	    conf_warn(&c->warnings, "", CONF_NO_DOORS) < 0)
		return no_memory(err);
	return 0;
}

/* Built-in lines, @what of them: voters, the bridge authority, or both. */
enum { VOTERS = 1, BRIDGES = 2 };

static int
add_builtin(struct conf *c, int what, struct conf_err *err)
{
	const char *const *line;
	struct conf_note note;

	for (line = netdata_authorities; *line; line++) {
		int wanted = strstr(*line, " bridge ") ? BRIDGES : VOTERS;

		if (!(what & wanted))
			continue;
		if (conf_type(CONF_K_AUTHORITIES)->read(&c->authorities,
		    *line, &note) < 0)
			return conf_fail(err, -EINVAL, "built-in authority: "
			    "'%s'", *line);
	}
	return 0;
}

static int
add_builtin_fallbacks(struct conf *c, struct conf_err *err)
{
	const char *const *line;
	struct conf_note note;

	for (line = netdata_fallbacks; *line; line++)
		if (conf_type(CONF_K_FALLBACKS)->read(&c->fallbacks, *line,
		    &note) < 0)
			return conf_fail(err, -EINVAL, "built-in fallback: "
			    "'%s'", *line);
	return 0;
}

/* tor's rules: DirAuthority replaces all, the Alternate ones their half; the
 * built-in fallbacks go with the built-in voters. */
int
conf_made_dirs(struct conf *c, struct conf_err *err)
{
	int all = is_given(c, "DirAuthority");
	int alt = is_given(c, "AlternateDirAuthority");
	int bridges = is_given(c, "AlternateBridgeAuthority");
	int use_fallbacks = 1, rc;

	if (all && (alt || bridges))
		return conf_fail(err, -EINVAL, "%sDirAuthority and "
		    "Alternate%sAuthority exclude each other",
		    where(c, "DirAuthority"), alt ? "Dir" : "Bridge");
	c->default_authorities = !all && !alt;
	if (!all && (rc = add_builtin(c, (alt ? 0 : VOTERS) |
	    (bridges ? 0 : BRIDGES), err)) < 0)
		return rc;
	if ((rc = read_again(c, "DirAuthority", &c->authorities, err)) < 0 ||
	    (rc = read_again(c, "AlternateBridgeAuthority", &c->authorities,
	    err)) < 0 ||
	    (rc = read_again(c, "AlternateDirAuthority", &c->authorities,
	    err)) < 0 ||
	    (rc = read_again(c, "FallbackDir", &c->fallbacks, err)) < 0 ||
	    (rc = read_again(c, "UseDefaultFallbackDirs", &use_fallbacks,
	    err)) < 0)
		return rc;
	if (use_fallbacks && c->default_authorities && c->nfallbacks == 0)
		return add_builtin_fallbacks(c, err);
	return 0;
}

static int
add_port_rule(struct conf *c, uint16_t port, struct conf_err *err)
{
	struct conf_rule *r = conf_array_add(&c->reachable_or, sizeof(*r));

	if (r == NULL)
		return no_memory(err);
	r->accept = 1;
	r->port_lo = r->port_hi = port;
	return 0;
}

/* FascistFirewall without ReachableAddresses */
static int
add_firewall(struct conf *c, struct conf_err *err)
{
	struct conf_numbers ports = { .n = 0 };
	int fascist = 0, rc;
	size_t i;

	if ((rc = read_again(c, "FascistFirewall", &fascist, err)) < 0 ||
	    !fascist)
		return rc;
	if ((rc = read_again(c, "FirewallPorts", &ports, err)) < 0)
		return rc;
	for (i = 0; i < ports.n && rc == 0; i++)
		rc = add_port_rule(c, ports.item[i], err);
	if (ports.n == 0)
		rc = add_port_rule(c, 443, err);
	free(ports.item);
	return rc;
}

int
conf_made_reach(struct conf *c, struct conf_err *err)
{
	const char *name = is_given(c, "ReachableORAddresses") ?
	    "ReachableORAddresses" : "ReachableAddresses";
	size_t i;
	int rc;

	rc = is_given(c, name) ? read_again(c, name, &c->reachable_or, err) :
	    add_firewall(c, err);
	if (rc < 0)
		return rc;
	for (i = 0; i < c->nreachable_or; i++)
		if (c->reachable_or[i].accept)
			return 0;
	if (i && conf_warn(&c->warnings, where(c, name), "%s accepts nothing: "
	    "no relay can be reached", name) < 0)
		return no_memory(err);
	return 0;
}

static int
take_outbound(struct conf *c, const char *name, struct conf_err *err)
{
	struct {
		struct addr	*item;
		size_t		 n;
	} list = { .n = 0 };
	struct addr *to, four = { .family = 0 }, six = four;
	size_t i;
	int rc = read_again(c, name, &list, err);

	for (i = 0; i < list.n && rc == 0; i++) {
		to = list.item[i].family == 6 ? &six : &four;
		if (to->family)
			rc = conf_fail(err, -EINVAL, "%s%s: two addresses of "
			    "one family", where(c, name), name);
		*to = list.item[i];
	}
	free(list.item);
	if (four.family)
		c->outbound_or4 = four;
	if (six.family)
		c->outbound_or6 = six;
	return rc;
}

int
conf_made_outbound(struct conf *c, struct conf_err *err)
{
	int rc = take_outbound(c, "OutboundBindAddress", err);

	return rc < 0 ? rc : take_outbound(c, "OutboundBindAddressOR", err);
}

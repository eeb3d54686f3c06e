/* policy/rule.c - FlowRule: what the operator says of single flows
 *
 * Theory of operation
 *	The text is a row of words.  The first is the action; then come words
 *	that say what they are and, but for options, a word with their value,
 *	in any order, each at most once.  A word knows where it stood, so that
 *	an error can point at it.
 *
 *	Whatever could be a slip is an error: a network with bits behind its
 *	prefix, the two families in one rule, a `direct` that does not say where
 *	to.  A rule that means something else than it seems to is worse than
 *	none.
 */
#include "policy/rule.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { SHOWN = 40 };			/* bytes of a word in an error */

struct word {
	const char	*s;
	size_t		 len;		/* 0: there is none */
};

struct parse {
	const char	*text;
	const char	*at;
	struct rule	 rule;
	struct rule_error *err;
	struct word	 action, from, to, port, accept; /* where they stand */
};

static const char *const actions[] = {
	[RULE_DROP] = "drop", [RULE_REJECT] = "reject",
	[RULE_TORIFY] = "torify", [RULE_DIRECT] = "direct"
};
static const char *const accepts[] = {
	[RULE_ACCEPT_UNSAID] = "", [RULE_ACCEPT_DEFERRED] = "deferred",
	[RULE_ACCEPT_OPTIMISTIC] = "optimistic"
};
enum {
	NACTIONS = sizeof(actions) / sizeof(actions[0]),
	NACCEPTS = sizeof(accepts) / sizeof(accepts[0])
};

static int	wrong(struct parse *, const char *at, const char *fmt, ...)
		    __attribute__((format(printf, 3, 4)));

static int
wrong(struct parse *p, const char *at, const char *fmt, ...)
{
	va_list ap;

	p->err->at = (size_t)(at - p->text);
	va_start(ap, fmt);
	vsnprintf(p->err->why, sizeof(p->err->why), fmt, ap);
	va_end(ap);
	return -EINVAL;
}

static int
shown(const struct word *w)
{
	return w->len < SHOWN ? (int)w->len : SHOWN;
}

static int
is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static struct word
next(struct parse *p)
{
	struct word w;

	while (is_space(*p->at))
		p->at++;
	w.s = p->at;
	while (*p->at && !is_space(*p->at))
		p->at++;
	w.len = (size_t)(p->at - w.s);
	return w;
}

static int
is(const struct word *w, const char *want)
{
	return w->len == strlen(want) && strncasecmp(w->s, want, w->len) == 0;
}

static int
read_action(struct parse *p)
{
	struct word w = next(p);
	unsigned i;

	for (i = 0; i < NACTIONS; i++)
		if (is(&w, actions[i])) {
			p->rule.action = (uint8_t)i;
			p->action = w;
			return 0;
		}
	if (w.len == 0)
		return wrong(p, w.s, "there is no action");
	return wrong(p, w.s, "'%.*s' is none of torify, direct, reject, drop",
	    shown(&w), w.s);
}

static void
clear_host_bits(struct addr_net *net)
{
	size_t i, len = addr_iplen(&net->addr);

	for (i = 0; i < len; i++) {
		unsigned keep = net->bits > i * 8 ? net->bits - i * 8 : 0;

		if (keep < 8)
			net->addr.ip[i] &= (uint8_t)(0xff00 >> keep);
	}
}

static int
read_net(struct parse *p, const struct word *key, struct addr_net *net)
{
	struct word w = next(p);
	struct addr_net clean;
	char ip[ADDR_TEXT];

	if (w.len == 0)
		return wrong(p, w.s, "%.*s wants a network", shown(key),
		    key->s);
	if (addr_net_parse(net, w.s, (int)w.len) < 0)
		return wrong(p, w.s, "'%.*s' is neither an address nor a "
		    "network", shown(&w), w.s);
	clean = *net;
	clear_host_bits(&clean);
	if (!addr_same_ip(&clean.addr, &net->addr))
		return wrong(p, w.s, "'%.*s' is no network; %s/%u is one",
		    shown(&w), w.s, addr_ip_raw(&clean.addr, ip), clean.bits);
	return 0;
}

/* N or N-M */
static int
read_range(struct rule_ports *r, const char *s, size_t len)
{
	const char *dash = memchr(s, '-', len);
	size_t first = dash ? (size_t)(dash - s) : len;

	if (addr_port_parse(&r->lo, s, (int)first) < 0)
		return -EINVAL;
	r->hi = r->lo;
	if (dash && addr_port_parse(&r->hi, dash + 1,
	    (int)(len - first - 1)) < 0)
		return -EINVAL;
	return r->lo <= r->hi ? 0 : -EINVAL;
}

static int
read_ports(struct parse *p, const struct word *key)
{
	struct word w = next(p);
	const char *s = w.s, *end = w.s + w.len, *comma;
	struct rule *r = &p->rule;
	size_t n;

	if (w.len == 0)
		return wrong(p, w.s, "%.*s wants ports", shown(key), key->s);
	for (;; s = comma + 1) {
		comma = memchr(s, ',', (size_t)(end - s));
		n = (size_t)((comma ? comma : end) - s);
		if (r->nports == RULE_PORTS_MAX)
			return wrong(p, s, "no more than %d ports and ranges "
			    "fit in a rule; make it two", RULE_PORTS_MAX);
		if (read_range(&r->ports[r->nports], s, n) < 0)
			return wrong(p, s, "'%.*s' is neither a port nor a "
			    "range of ports", n < SHOWN ? (int)n : SHOWN, s);
		r->nports++;
		if (comma == NULL)
			return 0;
	}
}

static int
read_accept(struct parse *p, const struct word *w)
{
	struct word value = { w->s + 7, w->len - 7 };
	unsigned i;

	for (i = RULE_ACCEPT_UNSAID + 1; i < NACCEPTS; i++)
		if (is(&value, accepts[i])) {
			p->rule.accept = (uint8_t)i;
			return 0;
		}
	return wrong(p, value.s, "accept= wants deferred or optimistic");
}

static int
once(struct parse *p, struct word *seen, const struct word *w, int len)
{
	if (seen->len)
		return wrong(p, w->s, "%.*s stands here a second time", len,
		    w->s);
	*seen = *w;
	return 0;
}

static int
read_word(struct parse *p, const struct word *w)
{
	int rc;

	if (is(w, "from"))
		return (rc = once(p, &p->from, w, 4)) < 0 ? rc :
		    read_net(p, w, &p->rule.from);
	if (is(w, "to"))
		return (rc = once(p, &p->to, w, 2)) < 0 ? rc :
		    read_net(p, w, &p->rule.to);
	if (is(w, "port"))
		return (rc = once(p, &p->port, w, 4)) < 0 ? rc :
		    read_ports(p, w);
	if (w->len >= 7 && strncasecmp(w->s, "accept=", 7) == 0)
		return (rc = once(p, &p->accept, w, 7)) < 0 ? rc :
		    read_accept(p, w);
	return wrong(p, w->s, "'%.*s' is none of from, to, port, accept=",
	    shown(w), w->s);
}

/* What each word alone does not show. */
static int
check_whole(struct parse *p)
{
	const struct rule *r = &p->rule;

	if (r->action == RULE_DIRECT && p->to.len == 0)
		return wrong(p, p->action.s, "direct wants to: what it lets "
		    "through goes past Tor, so it has to say where to");
	if (p->from.len && p->to.len &&
	    r->from.addr.family != r->to.addr.family)
		return wrong(p, p->from.s < p->to.s ? p->to.s : p->from.s,
		    "no connection is both from IPv%u and to IPv%u",
		    r->from.addr.family, r->to.addr.family);
	if (p->accept.len && r->action != RULE_TORIFY &&
	    r->action != RULE_DIRECT)
		return wrong(p, p->accept.s, "%s accepts nothing",
		    actions[r->action]);
	return 0;
}

int
rule_parse(struct rule *rule, const char *text, struct rule_error *err)
{
	struct parse p = { .text = text, .at = text, .err = err };
	struct word w;
	int rc;

	if ((rc = read_action(&p)) < 0)
		return rc;
	for (w = next(&p); w.len; w = next(&p))
		if ((rc = read_word(&p, &w)) < 0)
			return rc;
	if ((rc = check_whole(&p)) < 0)
		return rc;
	*rule = p.rule;
	return 0;
}

static void
add(char *out, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void
add(char *out, const char *fmt, ...)
{
	size_t n = strlen(out);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(out + n, RULE_TEXT - n, fmt, ap);
	va_end(ap);
}

static void
add_net(char *out, const char *key, const struct addr_net *net)
{
	char ip[ADDR_TEXT];

	if (net->addr.family)
		add(out, " %s %s/%u", key, addr_ip_raw(&net->addr, ip),
		    net->bits);
}

const char *
rule_text(const struct rule *r, char out[RULE_TEXT])
{
	unsigned i;

	*out = '\0';
	add(out, "%s", actions[r->action]);
	add_net(out, "from", &r->from);
	add_net(out, "to", &r->to);
	for (i = 0; i < r->nports; i++) {
		add(out, "%s%u", i ? "," : " port ", r->ports[i].lo);
		if (r->ports[i].hi != r->ports[i].lo)
			add(out, "-%u", r->ports[i].hi);
	}
	if (r->accept)
		add(out, " accept=%s", accepts[r->accept]);
	return out;
}

/* What has no address, but a name, is in the whole internet. */
static int
in_net(const struct addr *a, const struct addr_net *net)
{
	if (net->addr.family == 0)
		return 1;
	return a->family ? addr_in_net(a, net) : net->bits == 0;
}

static int
in_ports(uint16_t port, const struct rule *r)
{
	unsigned i;

	for (i = 0; i < r->nports; i++)
		if (port >= r->ports[i].lo && port <= r->ports[i].hi)
			return 1;
	return r->nports == 0;
}

const struct rule *
rule_find(const struct rule *r, size_t n, const struct addr *client,
    const struct addr *dest)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (in_net(dest, &r[i].to) && in_net(client, &r[i].from) &&
		    in_ports(dest->port, &r[i]))
			return &r[i];
	return NULL;
}

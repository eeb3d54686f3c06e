/* policy/rule.c - FlowRule, read
 *
 * Theory of operation
 *	The text is a row of words.  The first is the action; then come words
 *	that say what they are, with their value behind a space (matches) or an
 *	equals sign (options), in any order, each at most once.  A word knows
 *	where it stood, so that an error can point at it.
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

#include "policy/rule_int.h"

enum { SHOWN = 40 };			/* bytes of a word in an error */

struct word {
	const char	*s;
	size_t		 len;		/* 0: there is none */
};

/* Words of a rule, in the order in which they are written. */
enum key {
	KEY_FROM, KEY_MAC, KEY_IN, KEY_USER, KEY_APP, KEY_TO, KEY_PORT,
	KEY_PROTO, KEY_TIME, KEY_ISOLATE, KEY_EXIT, KEY_ACCEPT, KEY_DOTEXIT,
	NKEYS
};

struct parse {
	const char	*text;
	const char	*at;
	struct rule	 rule;
	struct rule_error *err;
	struct word	 action;
	struct word	 seen[NKEYS];	/* where they stand */
	const char	*user;		/* and the user's name */
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

/* --- words --- */

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

/* Which of them it is; @n: none. */
static size_t
which(const struct word *w, const char *const *of, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (of[i][0] && is(w, of[i]))
			return i;
	return n;
}

/* Takes what stands before the next comma off @list; 0: there is nothing. */
static int
next_of_list(struct word *list, struct word *item)
{
	const char *comma;

	if (list->s == NULL)
		return 0;
	comma = memchr(list->s, ',', list->len);
	item->s = list->s;
	item->len = comma ? (size_t)(comma - list->s) : list->len;
	list->s = comma ? comma + 1 : NULL;
	list->len -= item->len + (comma != NULL);
	return 1;
}

static int
is_plain(const struct word *w)
{
	size_t i;

	for (i = 0; i < w->len; i++)
		if (w->s[i] < '!' || w->s[i] > '~')
			return 0;
	return 1;
}

/* A value that is taken as it is. */
static int
read_text(struct parse *p, const struct word *w, char *out, size_t max,
    const char *what)
{
	if (w->len > max || !is_plain(w))
		return wrong(p, w->s, "'%.*s' is no %s", shown(w), w->s, what);
	memcpy(out, w->s, w->len);
	out[w->len] = '\0';
	return 0;
}

/* --- matches --- */

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
take_net(struct parse *p, const struct word *w, struct addr_net *net)
{
	struct addr_net clean = *net;
	char ip[ADDR_TEXT];

	clear_host_bits(&clean);
	if (!addr_same_ip(&clean.addr, &net->addr))
		return wrong(p, w->s, "'%.*s' is no network; %s/%u is one",
		    shown(w), w->s, addr_ip_raw(&clean.addr, ip), clean.bits);
	return 0;
}

static int
read_from(struct parse *p, const struct word *w)
{
	struct addr_net *net = &p->rule.from;

	if (addr_net_parse(net, w->s, (int)w->len) < 0)
		return wrong(p, w->s, "'%.*s' is neither an address nor a "
		    "network", shown(w), w->s);
	return take_net(p, w, net);
}

static int
hex(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c ? strchr(digits, c | 0x20) : NULL;

	return c >= '0' && at ? (int)(at - digits) : -1;
}

static int
read_mac(struct parse *p, const struct word *w)
{
	size_t i;
	int hi, lo;

	for (i = 0; i < 6 && w->len == 17; i++) {
		hi = hex(w->s[i * 3]);
		lo = hex(w->s[i * 3 + 1]);
		if (hi < 0 || lo < 0 || (i < 5 && w->s[i * 3 + 2] != ':'))
			break;
		p->rule.mac[i] = (uint8_t)(hi << 4 | lo);
	}
	if (i < 6 || w->len != 17)
		return wrong(p, w->s, "'%.*s' is no MAC address, such as "
		    "02:00:5e:10:00:01", shown(w), w->s);
	p->rule.has_mac = 1;
	return 0;
}

static int
read_in(struct parse *p, const struct word *w)
{
	if (memchr(w->s, '/', w->len))
		return wrong(p, w->s, "'%.*s' is no interface's name",
		    shown(w), w->s);
	return read_text(p, w, p->rule.in, RULE_IN_MAX, "interface's name");
}

static int
read_user(struct parse *p, const struct word *w)
{
	uint64_t n = 0;
	size_t i;

	for (i = 0; i < w->len && i < 10 && w->s[i] >= '0' &&
	    w->s[i] <= '9'; i++)
		n = n * 10 + (uint64_t)(w->s[i] - '0');
	p->user = w->s;
	if (i == w->len && n < UINT32_MAX) {
		p->rule.uid = (uint32_t)n;
		p->rule.has_uid = 1;
	} else if (w->s[0] >= '0' && w->s[0] <= '9')
		return wrong(p, w->s, "'%.*s' is no user", shown(w), w->s);
	return read_text(p, w, p->rule.user, RULE_USER_MAX, "user");
}

static int
read_app(struct parse *p, const struct word *w)
{
	if (w->s[0] != '/')
		return wrong(p, w->s, "'%.*s' is no cgroup, such as "
		    "/system.slice/cups.service", shown(w), w->s);
	return read_text(p, w, p->rule.app, RULE_APP_MAX, "cgroup");
}

static int
is_label_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
	    c == '_';
}

/* Labels of a host's name, the last of them no number. */
static int
is_name(const char *s)
{
	size_t n, number = 1;

	for (; *s; s += n + (s[n] == '.')) {
		for (n = 0; is_label_char(s[n]); n++)
			;
		if (n == 0 || n > 63 || (s[n] && s[n] != '.') ||
		    (s[n] == '.' && s[n + 1] == '\0'))
			return 0;
		number = strspn(s, "0123456789") >= n;
	}
	return !number;
}

static int
take_name(struct rule *r, const struct word *w)
{
	size_t i, skip = 0;

	r->to_kind = RULE_TO_NAME;
	if (is(w, "*")) {
		r->to_kind = RULE_TO_NAMED;
		return 0;
	}
	if (w->s[0] == '.') {
		r->to_kind = RULE_TO_WITHIN;
		skip = 1;
	} else if (w->len > 1 && w->s[0] == '*' && w->s[1] == '.') {
		r->to_kind = RULE_TO_BELOW;
		skip = 2;
	}
	if (w->len - skip > RULE_NAME_MAX)
		return -EINVAL;
	for (i = skip; i < w->len; i++)
		r->name[i - skip] = (char)(w->s[i] >= 'A' && w->s[i] <= 'Z' ?
		    w->s[i] | 0x20 : w->s[i]);
	r->name[w->len - skip] = '\0';
	return is_name(r->name) ? 0 : -EINVAL;
}

static int
take_country(struct parse *p, const struct word *w)
{
	struct rule *r = &p->rule;
	size_t i;

	for (i = 1; i < 3 && w->len == 4; i++) {
		r->country[i - 1] = (char)(w->s[i] | 0x20);
		if (r->country[i - 1] < 'a' || r->country[i - 1] > 'z')
			break;
	}
	if (i < 3 || w->len != 4 || w->s[3] != '}')
		return wrong(p, w->s, "'%.*s' is no country, such as {de}",
		    shown(w), w->s);
	r->country[2] = '\0';
	r->to_kind = RULE_TO_COUNTRY;
	return 0;
}

static int
read_to(struct parse *p, const struct word *w)
{
	struct rule *r = &p->rule;

	if (w->s[0] == '{')
		return take_country(p, w);
	if (addr_net_parse(&r->to, w->s, (int)w->len) == 0) {
		r->to_kind = RULE_TO_NET;
		return take_net(p, w, &r->to);
	}
	if (take_name(r, w) < 0)
		return wrong(p, w->s, "'%.*s' is neither an address, a network, "
		    "a name nor a {country}", shown(w), w->s);
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
read_ports(struct parse *p, const struct word *w)
{
	struct word list = *w, one;
	struct rule *r = &p->rule;

	while (next_of_list(&list, &one)) {
		if (r->nports == RULE_PORTS_MAX)
			return wrong(p, one.s, "no more than %d ports and "
			    "ranges fit in a rule; make it two",
			    RULE_PORTS_MAX);
		if (read_range(&r->ports[r->nports], one.s, one.len) < 0)
			return wrong(p, one.s, "'%.*s' is neither a port nor a "
			    "range of ports", shown(&one), one.s);
		r->nports++;
	}
	return 0;
}

static int
read_proto(struct parse *p, const struct word *w)
{
	size_t i = which(w, rule_protos, RULE_NPROTOS);

	if (i == RULE_NPROTOS)
		return wrong(p, w->s, "'%.*s' is none of tcp, udp, icmp",
		    shown(w), w->s);
	p->rule.proto = (uint8_t)i;
	return 0;
}

/* Mon, or Fri-Mon */
static int
read_days(struct rule *r, const struct word *w)
{
	struct word a = *w, b;
	const char *dash = memchr(w->s, '-', w->len);
	size_t from, to;

	if (dash)
		a.len = (size_t)(dash - w->s);
	b = dash ? (struct word){ dash + 1, w->len - a.len - 1 } : a;
	from = which(&a, rule_days, RULE_NDAYS);
	to = which(&b, rule_days, RULE_NDAYS);
	if (from == RULE_NDAYS || to == RULE_NDAYS)
		return -EINVAL;
	for (; from != to; from = (from + 1) % 7)
		r->days |= (uint8_t)(1 << from);
	r->days |= (uint8_t)(1 << to);
	return 0;
}

/* HH:MM; 24:00 too, as an end. */
static int
read_minute(const char *s, uint16_t *out)
{
	unsigned h, m;

	if (strspn(s, "0123456789") != 2 || s[2] != ':' ||
	    strspn(s + 3, "0123456789") < 2)
		return -EINVAL;
	h = (unsigned)(s[0] - '0') * 10 + (unsigned)(s[1] - '0');
	m = (unsigned)(s[3] - '0') * 10 + (unsigned)(s[4] - '0');
	*out = (uint16_t)(h * 60 + m);
	return m < 60 && *out <= RULE_DAY ? 0 : -EINVAL;
}

static int
read_hours(struct rule *r, const struct word *w)
{
	if (w->len != 11 || w->s[5] != '-' || read_minute(w->s, &r->begin) < 0 ||
	    read_minute(w->s + 6, &r->end) < 0)
		return -EINVAL;
	if (r->end == 0)
		r->end = RULE_DAY;
	return r->begin < RULE_DAY && r->begin != r->end ? 0 : -EINVAL;
}

/* Days, hours, or both. */
static int
read_time(struct parse *p, const struct word *w)
{
	struct word list = *w, one;
	struct rule *r = &p->rule;
	int hours = 0;

	r->end = RULE_DAY;
	while (next_of_list(&list, &one)) {
		if (!hours && read_days(r, &one) == 0)
			continue;
		if (hours || read_hours(r, &one) < 0)
			return wrong(p, one.s, "'%.*s' is neither days, such "
			    "as Mon-Fri, nor, as the last, hours, such as "
			    "08:00-17:30", shown(&one), one.s);
		hours = 1;
	}
	if (r->days == 0)
		r->days = 0x7f;
	return 0;
}

/* --- options --- */

static int
read_isolate(struct parse *p, const struct word *w)
{
	struct word list = *w, one;
	size_t i;

	while (next_of_list(&list, &one)) {
		i = which(&one, rule_isolations, RULE_NISOLATIONS);
		if (i == RULE_NISOLATIONS)
			return wrong(p, one.s, "'%.*s' is none of client, "
			    "dest, port, user, app, name, flow", shown(&one),
			    one.s);
		p->rule.isolate |= (uint8_t)(1 << i);
	}
	return 0;
}

static int
read_exit(struct parse *p, const struct word *w)
{
	if (w->len > RULE_EXIT_MAX)
		return wrong(p, w->s, "exit= has room for %d characters; say "
		    "countries or networks, or make it two rules",
		    RULE_EXIT_MAX);
	return read_text(p, w, p->rule.exit, RULE_EXIT_MAX, "list of nodes");
}

static int
read_accept(struct parse *p, const struct word *w)
{
	size_t i = which(w, rule_accepts, RULE_NACCEPTS);

	if (i == RULE_NACCEPTS)
		return wrong(p, w->s, "accept= wants deferred or optimistic");
	p->rule.accept = (uint8_t)i;
	return 0;
}

/* --- the whole --- */

static const struct {
	const char	*word;		/* options end in "=" */
	const char	*wants;		/* NULL: no value */
	int		(*read)(struct parse *, const struct word *value);
} keys[NKEYS] = {
	[KEY_FROM] = { "from", "a network", read_from },
	[KEY_MAC] = { "mac", "a MAC address", read_mac },
	[KEY_IN] = { "in", "an interface", read_in },
	[KEY_USER] = { "user", "a user", read_user },
	[KEY_APP] = { "app", "a cgroup", read_app },
	[KEY_TO] = { "to", "a network, a name or a {country}", read_to },
	[KEY_PORT] = { "port", "ports", read_ports },
	[KEY_PROTO] = { "proto", "tcp, udp or icmp", read_proto },
	[KEY_TIME] = { "time", "days or hours", read_time },
	[KEY_ISOLATE] = { "isolate=", "what to isolate by", read_isolate },
	[KEY_EXIT] = { "exit=", "nodes", read_exit },
	[KEY_ACCEPT] = { "accept=", "deferred or optimistic", read_accept },
	[KEY_DOTEXIT] = { "dotexit", NULL, NULL },
};

static int
read_action(struct parse *p)
{
	struct word w = next(p);
	size_t i = which(&w, rule_actions, RULE_NACTIONS);

	if (w.len == 0)
		return wrong(p, w.s, "there is no action");
	if (i == RULE_NACTIONS)
		return wrong(p, w.s, "'%.*s' is none of torify, direct, "
		    "reject, drop", shown(&w), w.s);
	p->rule.action = (uint8_t)i;
	p->action = w;
	return 0;
}

static int
is_option(enum key k)
{
	return keys[k].word[strlen(keys[k].word) - 1] == '=';
}

static enum key
key_of(const struct word *w)
{
	struct word begin = *w;
	const char *eq = memchr(w->s, '=', w->len);
	unsigned k;

	if (eq)
		begin.len = (size_t)(eq - w->s) + 1;
	for (k = 0; k < NKEYS; k++)
		if (is(&begin, keys[k].word))
			break;
	return (enum key)k;
}

static int
read_word(struct parse *p, const struct word *w)
{
	enum key k = key_of(w);
	size_t len = k < NKEYS ? strlen(keys[k].word) : 0;
	struct word value;

	if (k == NKEYS)
		return wrong(p, w->s, "'%.*s' is no word of a rule: from, mac, "
		    "in, user, app, to, port, proto, time, isolate=, exit=, ...",
		    shown(w), w->s);
	if (p->seen[k].len)
		return wrong(p, w->s, "%s stands here a second time",
		    keys[k].word);
	p->seen[k] = *w;
	if (k == KEY_DOTEXIT) {
		p->rule.dotexit = 1;
		return 0;
	}
	value = is_option(k) ? (struct word){ w->s + len, w->len - len } :
	    next(p);
	if (value.len == 0)
		return wrong(p, value.s, "%s wants %s", keys[k].word,
		    keys[k].wants);
	return keys[k].read(p, &value);
}

static int
check_direct(struct parse *p)
{
	if (p->seen[KEY_TO].len == 0)
		return wrong(p, p->action.s, "direct wants to: what it lets "
		    "through goes past Tor, so it has to say where to");
	if (p->rule.to_kind == RULE_TO_NAMED)
		return wrong(p, p->seen[KEY_TO].s, "direct to every name would "
		    "be nearly everything; name them");
	return 0;
}

static int
check_proto(struct parse *p)
{
	const struct rule *r = &p->rule;

	if (r->proto == RULE_PROTO_ICMP && r->nports)
		return wrong(p, p->seen[KEY_PORT].s, "icmp has no ports");
	if (r->proto == RULE_PROTO_ANY || r->proto == RULE_PROTO_TCP)
		return 0;
	if (r->action == RULE_TORIFY || r->action == RULE_DIRECT)
		return wrong(p, p->seen[KEY_PROTO].s, "%s is for tcp only: "
		    "nothing else is carried", rule_actions[r->action]);
	return 0;
}

/* Options are for what is let through, and most for Tor. */
static int
check_options(struct parse *p)
{
	const struct rule *r = &p->rule;
	unsigned k;

	for (k = KEY_ISOLATE; k < NKEYS; k++) {
		if (p->seen[k].len == 0 || r->action == RULE_TORIFY ||
		    (k == KEY_ACCEPT && r->action == RULE_DIRECT))
			continue;
		return wrong(p, p->seen[k].s, "%s has no use for %s",
		    rule_actions[r->action], keys[k].word);
	}
	return 0;
}

/* What each word alone does not show. */
static int
check_whole(struct parse *p)
{
	const struct rule *r = &p->rule;
	const char *from = p->seen[KEY_FROM].s, *to = p->seen[KEY_TO].s;
	int rc;

	if (r->action == RULE_DIRECT && (rc = check_direct(p)) < 0)
		return rc;
	if (r->from.addr.family && r->to_kind == RULE_TO_NET &&
	    r->from.addr.family != r->to.addr.family)
		return wrong(p, from < to ? to : from, "no connection is both "
		    "from IPv%u and to IPv%u", r->from.addr.family,
		    r->to.addr.family);
	if ((rc = check_proto(p)) < 0)
		return rc;
	return check_options(p);
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
	err->at = p.user ? (size_t)(p.user - text) : 0;
	return 0;
}

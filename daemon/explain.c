/* daemon/explain.c - what the FlowRules are, and what they say of a flow
 *
 * The decision is policy_decide()'s own, about a flow that is made up of the
 * words.  What a name is says target.c, as for any flow; only that a relay's
 * name before .exit is believed, since no relays are known here.
 */
#include "daemon/explain.h"

#include <errno.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/addr.h"
#include "daemon/conf.h"
#include "daemon/mapaddress.h"
#include "daemon/target.h"
#include "onion/onion.h"
#include "policy/policy.h"
#include "policy/rule.h"
#include "policy/rules.h"

enum { TEXT = 1024, LISTED = 20 };

struct table {			/* of a configuration */
	const struct conf *conf;
	struct rule	*v;
	size_t		 n;
	struct rules	*rules;
	struct mapaddress *map;
	struct policy_conf policy;
};

struct flow {			/* that is asked about */
	char		text[TEXT];	/* the words; NULs between them */
	size_t		 len, at;	/* of it; of the next word */
	size_t		 word;		/* where the last one began */
	struct policy_flow flow;
	struct target	 target;
	const char	*names[2];
	const char	*from, *to, *user, *port;
	uint8_t		 mac[6];
	uint32_t	 uid;
	int		 local;
};

/* --- the table --- */

static int
find_user(const char *name, uint32_t *uid)
{
	const struct passwd *pw = getpwnam(name);

	if (pw == NULL)
		return -ENOENT;
	*uid = (uint32_t)pw->pw_uid;
	return 0;
}

static void
table_free(struct table *t)
{
	rules_free(t->rules);
	mapaddress_free(t->map);
	free(t->v);
}

static int
table_new(struct table *t, const struct conf *c)
{
	size_t i;

	memset(t, 0, sizeof(*t));
	t->conf = c;
	t->n = c->nflow_rules;
	if ((t->v = calloc(t->n + 1, sizeof(*t->v))) == NULL)
		return -ENOMEM;
	for (i = 0; i < t->n; i++) {
		t->v[i] = c->flow_rules[i];
		if (t->v[i].user[0] && !t->v[i].has_uid)
			t->v[i].has_uid = find_user(t->v[i].user,
			    &t->v[i].uid) == 0;
	}
	if (rules_new(&t->rules, t->v, t->n) < 0 ||
	    mapaddress_new(&t->map, c->map_address.item,
	    c->map_address.n) < 0) {
		table_free(t);
		return -ENOMEM;
	}
	t->policy.rules = t->rules;
	t->policy.no_network = c->disable_network;
	t->policy.allow_dot_exit = c->allow_dot_exit;
	t->policy.reject_internal = c->client_reject_internal_addresses;
	t->policy.reject_ports = c->reject_plaintext_ports.item;
	t->policy.nreject_ports = c->reject_plaintext_ports.n;
	t->policy.warn_ports = c->warn_plaintext_ports.item;
	t->policy.nwarn_ports = c->warn_plaintext_ports.n;
	return 0;
}

/* --- in words --- */

/* "a", "a and b", "a, b and c": what stands between the @i-th and the next. */
static const char *
between(size_t i, size_t n, const char *last)
{
	return i + 1 >= n ? "" : i + 2 == n ? last : ", ";
}

static void
say_isolation(FILE *f, const struct rule *r)
{
	static const char *const words[] = {	/* by bit of RULE_ISOLATE_* */
		"client", "destination", "port", "user", "program",
		"name", "connection"
	};
	size_t i, n = 0, at = 0;

	if (r == NULL || r->isolate == 0) {
		fputs("as the line of its port says", f);
		return;
	}
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		n += (r->isolate >> i & 1) != 0;
	fputs("circuits of its own for each ", f);
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (r->isolate >> i & 1)
			fprintf(f, "%s%s", words[i], between(at++, n, " and "));
	if (rule_merges_clients(r))
		fputs("; clients share them", f);
}

static void
say_node(FILE *f, const char *s, size_t len)
{
	static const char hex[] = "0123456789abcdefABCDEF";

	if (*s == '{')
		fprintf(f, "country %.*s", (int)len - 2, s + 1);
	else if (memchr(s, '.', len) || memchr(s, ':', len) ||
	    memchr(s, '*', len))
		fprintf(f, "network %.*s", (int)len, s);
	else if (*s == '$' || strspn(s, hex) >= 40)
		fprintf(f, "the relay %.*s", (int)len, s);
	else
		fprintf(f, "relays named %.*s", (int)len, s);
}

static void
say_exits(FILE *f, const struct rule *r)
{
	const char *s = r->exit;
	size_t n = 1, i, len;

	for (; *s; s++)
		n += *s == ',';
	for (i = 0, s = r->exit; i < n; i++, s += len + 1) {
		len = strcspn(s, ",");
		say_node(f, s, len);
		fputs(between(i, n, " or "), f);
	}
	fputs("; or not at all", f);
}

static void
say_uid(FILE *f, const struct rule *r)
{
	if (r->has_uid)
		fprintf(f, "%u", r->uid);
	else
		fputs("there is no such user: it matches nothing", f);
}

static void
say_accept(FILE *f, const struct rule *r)
{
	fputs(r->accept == RULE_ACCEPT_OPTIMISTIC ? "at once" :
	    "once the far side has", f);
}

static void
detail(FILE *f, const char *label)
{
	fprintf(f, "       %-10s ", label);
}

static void
print_rule(FILE *f, const struct rule *r, size_t number)
{
	char text[RULE_TEXT];

	fprintf(f, "%5zu  %s\n", number, rule_text(r, text));
	if (r->user[0]) {
		detail(f, "user id");
		say_uid(f, r);
		fputc('\n', f);
	}
	if (r->action == RULE_DIRECT) {
		detail(f, "past Tor");
		fputs("its destinations see this host's own address\n", f);
	}
	if (r->isolate) {
		detail(f, "isolation");
		say_isolation(f, r);
		fputc('\n', f);
	}
	if (r->exit[0]) {
		detail(f, "leaves by");
		say_exits(f, r);
		fputc('\n', f);
	}
	if (r->accept) {
		detail(f, "accepted");
		say_accept(f, r);
		fputc('\n', f);
	}
	if (r->dotexit) {
		detail(f, "exits");
		fputs("clients may choose theirs, by a name in .exit\n", f);
	}
}

void
explain_table(const struct conf *c, FILE *f)
{
	struct table t;
	size_t i;

	if (c->nflow_rules == 0 || table_new(&t, c) < 0)
		return;
	fputs("FlowRule: the first that matches a connection decides\n", f);
	for (i = 0; i < t.n; i++)
		print_rule(f, &t.v[i], i + 1);
	fputs("    -  torify all others, as far as nothing else refuses "
	    "them\n", f);
	table_free(&t);
}

/* --- the words --- */

static int	wrong(const struct flow *, FILE *err, const char *fmt, ...)
		    __attribute__((format(printf, 3, 4)));

static int
wrong(const struct flow *q, FILE *err, const char *fmt, ...)
{
	va_list ap;

	fprintf(err, "explain, column %zu: ", q->word + 1);
	va_start(ap, fmt);
	vfprintf(err, fmt, ap);
	va_end(ap);
	fputc('\n', err);
	return -EINVAL;
}

/* All in one line, so that 'mon 12:30' may be one word to the shell or two. */
static int
join(struct flow *q, const char *const *words, size_t n, FILE *err)
{
	size_t i, len;

	for (i = 0; i < n; i++) {
		len = strlen(words[i]);
		if (q->len + len + 2 > sizeof(q->text)) {
			fputs("explain: that is too long\n", err);
			return -E2BIG;
		}
		if (i)
			q->text[q->len++] = ' ';
		memcpy(q->text + q->len, words[i], len);
		q->len += len;
	}
	q->text[q->len] = '\0';
	return 0;
}

/* NULL: there is none; then it is missing at the end. */
static const char *
next(struct flow *q)
{
	static const char space[] = " \t\r\n";
	size_t n;

	while (q->at < q->len && strchr(space, q->text[q->at]))
		q->at++;
	q->word = q->at;
	if (q->at == q->len)
		return NULL;
	n = strcspn(q->text + q->at, space);
	q->at += n;
	if (q->at < q->len)
		q->text[q->at++] = '\0';
	return q->text + q->word;
}

static int
take_from(struct flow *q, FILE *err)
{
	struct addr *a = &q->flow.about.client;
	const char *s = next(q);

	if (s == NULL)
		return wrong(q, err, "from where?  An address, or local");
	q->from = s;
	q->local = strcasecmp(s, "local") == 0;
	if (!q->local && addr_parse_ip(a, s, -1) < 0)
		return wrong(q, err, "'%s' is neither an address nor local", s);
	addr_unmap(a);
	return 0;
}

static int
take_to(struct flow *q, FILE *err)
{
	if ((q->to = next(q)) == NULL)
		return wrong(q, err, "where to?  An address or a name");
	return 0;
}

static int
take_port(struct flow *q, FILE *err)
{
	const char *s = next(q);

	if (s == NULL)
		return wrong(q, err, "to which port?");
	if (addr_port_parse(&q->flow.about.dest.port, s, -1) < 0)
		return wrong(q, err, "'%s' is no port", s);
	q->port = s;
	return 0;
}

/* A rule knows how its words are written, so it is asked. */
static int
take_as_rule(struct flow *q, FILE *err, const char *key, const char *s,
    struct rule *r)
{
	char text[TEXT + 32];
	struct rule_error e;

	snprintf(text, sizeof(text), "drop %s %s", key, s);
	return rule_parse(r, text, &e) < 0 ? wrong(q, err, "%s", e.why) : 0;
}

static int
take_mac(struct flow *q, FILE *err, const char *s)
{
	struct rule r;
	int rc = take_as_rule(q, err, "mac", s, &r);

	if (rc < 0)
		return rc;
	memcpy(q->mac, r.mac, sizeof(q->mac));
	q->flow.about.mac = q->mac;
	return 0;
}

static int
take_in(struct flow *q, FILE *err, const char *s)
{
	struct rule r;
	int rc = take_as_rule(q, err, "in", s, &r);

	q->flow.about.in = s;
	return rc;
}

static int
take_app(struct flow *q, FILE *err, const char *s)
{
	struct rule r;
	int rc = take_as_rule(q, err, "app", s, &r);

	q->flow.about.app = s;
	return rc;
}

static int
take_user(struct flow *q, FILE *err, const char *s)
{
	struct rule r;
	int rc = take_as_rule(q, err, "user", s, &r);

	if (rc < 0)
		return rc;
	q->uid = r.uid;
	if (!r.has_uid && find_user(s, &q->uid) < 0)
		return wrong(q, err, "there is no user '%s'", s);
	q->user = s;
	q->flow.about.uid = &q->uid;
	return 0;
}

static int
take_country(struct flow *q, FILE *err, const char *s)
{
	char text[TEXT];
	struct rule r;
	int rc;

	snprintf(text, sizeof(text), *s == '{' ? "%s" : "{%s}", s);
	if ((rc = take_as_rule(q, err, "to", text, &r)) < 0)
		return rc;
	memcpy(q->flow.about.country, r.country, sizeof(r.country));
	return 0;
}

static int
take_proto(struct flow *q, FILE *err, const char *s)
{
	struct rule r;
	int rc = take_as_rule(q, err, "proto", s, &r);

	if (rc == 0)
		q->flow.about.proto = r.proto;
	return rc;
}

/* DAY HH:MM, as the beginning of a time that lasts to the day's end. */
static int
take_time(struct flow *q, FILE *err, const char *day)
{
	char text[TEXT + 32];
	struct rule_error e;
	struct rule r;
	unsigned d = 0;
	const char *s;
	int rc;

	if (strpbrk(day, ",-") || (rc = take_as_rule(q, err, "time", day,
	    &r)) < 0)
		return strpbrk(day, ",-") ? wrong(q, err, "'%s' is no day, "
		    "such as Mon", day) : rc;
	while (!(r.days >> d & 1))
		d++;
	if ((s = next(q)) == NULL)
		return wrong(q, err, "at what time of the day?  HH:MM");
	snprintf(text, sizeof(text), "drop time %s-24:00", s);
	if (strlen(s) != 5 || rule_parse(&r, text, &e) < 0)
		return wrong(q, err, "'%s' is no time, such as 12:30", s);
	q->flow.about.minute = (uint16_t)(d * RULE_DAY + r.begin);
	q->flow.about.has_time = 1;
	return 0;
}

static const struct {
	const char	*word;
	int		(*take)(struct flow *, FILE *err, const char *value);
} facts[] = {
	{ "in", take_in }, { "mac", take_mac }, { "user", take_user },
	{ "app", take_app }, { "country", take_country },
	{ "proto", take_proto }, { "time", take_time }
};
enum { NFACTS = sizeof(facts) / sizeof(facts[0]) };

static int
take_fact(struct flow *q, FILE *err, const char *key, unsigned *seen)
{
	const char *value;
	size_t i;

	for (i = 0; i < NFACTS; i++)
		if (strcasecmp(facts[i].word, key) == 0)
			break;
	if (i == NFACTS)
		return wrong(q, err, "'%s' is none of in, mac, user, app, "
		    "country, proto, time", key);
	if (*seen >> i & 1)
		return wrong(q, err, "%s stands here a second time", key);
	*seen |= 1u << i;
	if ((value = next(q)) == NULL)
		return wrong(q, err, "%s wants a value", facts[i].word);
	return facts[i].take(q, err, value);
}

static int
take_words(struct flow *q, FILE *err)
{
	unsigned seen = 0;
	const char *key;
	int rc;

	q->flow.about.proto = RULE_PROTO_TCP;
	q->flow.supposed = 1;
	if ((rc = take_from(q, err)) < 0 || (rc = take_to(q, err)) < 0 ||
	    (rc = take_port(q, err)) < 0)
		return rc;
	while ((key = next(q)) != NULL)
		if ((rc = take_fact(q, err, key, &seen)) < 0)
			return rc;
	return 0;
}

/* --- the flow --- */

static int
any_relay(void *arg, const char *name, uint8_t id[TARGET_ID],
    struct addr *addr)
{
	(void)arg;
	(void)name;
	memset(id, 0, TARGET_ID);
	memset(addr, 0, sizeof(*addr));
	return 0;
}

static int
is_virtual(const struct conf *c, const struct addr *a)
{
	return addr_in_net(a, &c->virtual_addr_network4) ||
	    addr_in_net(a, &c->virtual_addr_network6);
}

/* What the gateway makes of where it goes to, before there is a rule: NULL, or
 * why it is refused. */
static const char *
find_target(struct flow *q, const struct table *t)
{
	struct target_conf conf = { .map = t->map, .allow_dot_exit = 1,
		.relay = any_relay };
	struct target *to = &q->target;
	struct rule_flow *about = &q->flow.about;
	uint16_t port = about->dest.port;
	struct addr a;

	if (addr_parse_ip(&a, q->to, -1) == 0) {
		addr_unmap(&a);
		if (is_virtual(t->conf, &a))
			return "a virtual address: it stands for a name, so "
			    "ask about that";
		target_find_addr(to, &conf, &a);
	} else
		target_find(to, &conf, q->to);
	if (to->kind == TARGET_REFUSED)
		return to->why;
	about->dest = to->addr;
	about->dest.port = port;
	about->nnames = target_names(to, q->names);
	about->names = q->names;
	q->flow.no_addr = to->kind != TARGET_ADDR;
	q->flow.name = to->asked[0] ? to->asked : q->flow.no_addr ||
	    to->has_exit ? to->host : NULL;
	q->flow.onion = to->kind == TARGET_ONION;
	q->flow.asked_exit = to->asked_exit;
	return NULL;
}

/* --- the answer --- */

static void
line(FILE *f, const char *label)
{
	fprintf(f, "%-10s ", label);
}

static void
say_where(FILE *f, const struct table *t, const struct rule *r)
{
	size_t i = (size_t)(r - t->v);
	const char *where = conf_where(t->conf, "FlowRule", i);
	size_t len = strlen(where);

	fprintf(f, "rule %zu", i + 1);
	if (len > 2)			/* "torrc:12: " */
		fprintf(f, " (%.*s)", (int)len - 2, where);
}

static void
say_rule(FILE *f, const struct table *t, const struct rule *r)
{
	char text[RULE_TEXT];

	say_where(f, t, r);
	fprintf(f, ": %s\n", rule_text(r, text));
}

/* What the rule asks for, and the flow has. */
static void
say_why(FILE *f, const struct flow *q, const struct rule *r)
{
	static const char *const days[] = { "Mon", "Tue", "Wed", "Thu", "Fri",
		"Sat", "Sun" };
	static const char *const protos[] = { "", "TCP", "UDP", "ICMP" };
	const struct rule_flow *about = &q->flow.about;
	const char *sep = "";
	unsigned minute = about->minute % RULE_DAY;

#define SAY(is_so, ...)							\
	if (is_so) {							\
		fputs(sep, f);						\
		fprintf(f, __VA_ARGS__);				\
		sep = ", ";						\
	}
	SAY(r->from.addr.family, "it comes from %s", q->from)
	SAY(r->has_mac, "its MAC address is that")
	SAY(r->in[0], "it comes in by %s", about->in)
	SAY(r->user[0], "its program is user %s's", q->user)
	SAY(r->app[0], "its program is in %s", about->app)
	SAY(r->to_kind != RULE_TO_ANY, "it goes to %s", q->to)
	SAY(r->nports, "its port is %s", q->port)
	SAY(r->proto, "it is %s", protos[r->proto])
	SAY(r->days, "it is %s %02u:%02u", days[about->minute / RULE_DAY],
	    minute / 60, minute % 60)
	SAY(*sep == '\0', "it matches everything")
#undef SAY
	fputc('\n', f);
}

static void
say_lacks(FILE *f, const struct rule *r, unsigned lacks)
{
	char text[RULE_TEXT];
	struct rule one;
	unsigned i, n = 0, at = 0;

	for (i = 0; i < 8; i++)
		n += lacks >> i & 1;
	for (i = 0; i < 8; i++) {
		if (!(lacks >> i & 1))
			continue;
		memset(&one, 0, sizeof(one));
		switch (1u << i) {
		case RULE_FACT_CLIENT:
			one.from = r->from;
			break;
		case RULE_FACT_MAC:
			one.has_mac = 1;
			memcpy(one.mac, r->mac, sizeof(one.mac));
			break;
		case RULE_FACT_IN:
			memcpy(one.in, r->in, sizeof(one.in));
			break;
		case RULE_FACT_USER:
			memcpy(one.user, r->user, sizeof(one.user));
			break;
		case RULE_FACT_APP:
			memcpy(one.app, r->app, sizeof(one.app));
			break;
		case RULE_FACT_NAME:
		case RULE_FACT_COUNTRY:
			one.to_kind = r->to_kind;
			memcpy(one.name, r->name, sizeof(one.name));
			memcpy(one.country, r->country, sizeof(one.country));
			break;
		case RULE_FACT_TIME:
			one.days = r->days;
			one.begin = r->begin;
			one.end = r->end;
			break;
		}
		/* behind "drop " */
		fprintf(f, "%s%s", rule_text(&one, text) + strlen("drop "),
		    between(at++, n, " and "));
	}
}

/* Rules before the one that decides, that would if more were known, or if it
 * went to an address. */
static void
say_others(FILE *f, const struct table *t, const struct flow *q,
    const struct rule *decides)
{
	size_t i, end = decides ? (size_t)(decides - t->v) : t->n, listed = 0;
	unsigned lacks;

	for (i = 0; i < end && listed < LISTED; i++) {
		const struct rule *r = &t->v[i];

		if (!rule_could_match(r, &q->flow.about, &lacks))
			continue;
		if (q->flow.name && r->action == RULE_DIRECT) {
			line(f, "not");
			say_where(f, t, r);
			fputs(": nothing goes direct that is connected to by "
			    "name\n", f);
		} else if (lacks) {
			line(f, "unless");
			say_lacks(f, r, lacks);
			fputs(": then ", f);
			say_rule(f, t, r);
		} else
			continue;
		listed++;
	}
	if (listed == LISTED) {
		line(f, "");
		fputs("... and perhaps more\n", f);
	}
}

static void
say_way_out(FILE *f, const struct flow *q, const struct rule *r)
{
	int has_set = r && r->exit[0];

	if (q->flow.onion)
		fputs("none: it is an onion service", f);
	else if (q->target.has_exit)
		fprintf(f, "the relay that its name says%s", has_set ?
		    ", if that is one of " : "");
	else if (!has_set)
		fputs("any exit, as ExitNodes has it", f);
	if (has_set && !q->flow.onion)
		say_exits(f, r);
}

static void
say_options(FILE *f, const struct flow *q, const struct policy_decision *d)
{
	if (d->verdict == POLICY_TORIFY) {
		line(f, "isolation");
		say_isolation(f, d->rule);
		fputc('\n', f);
		line(f, "leaves by");
		say_way_out(f, q, d->rule);
		fputc('\n', f);
	}
	line(f, "accepted");
	fputs(d->optimistic ? "at once, where it comes by a TUN\n" :
	    "once the far side has\n", f);
}

static enum explain_status
answer(FILE *f, const struct table *t, const struct flow *q,
    const struct policy_decision *d)
{
	static const struct {
		const char	*word;
		enum explain_status status;
	} verdicts[] = {
		[POLICY_DROP] = { "drop", EXPLAIN_DROP },
		[POLICY_REJECT] = { "reject", EXPLAIN_REJECT },
		[POLICY_TORIFY] = { "torify", EXPLAIN_TORIFY },
		[POLICY_DIRECT] = { "direct", EXPLAIN_DIRECT }
	};

	line(f, "verdict");
	fprintf(f, "%s%s%s\n", verdicts[d->verdict].word, d->why ||
	    d->verdict == POLICY_DIRECT ? ": " : "", d->why ? d->why :
	    d->verdict == POLICY_DIRECT ? "past Tor; its destination sees this "
	    "host's own address" : "");
	line(f, "decided by");
	if (d->rule) {
		say_rule(f, t, d->rule);
		line(f, "because");
		say_why(f, q, d->rule);
	} else
		fputs("no rule: all others are torified, as far as nothing "
		    "refuses them\n", f);
	if (d->verdict == POLICY_TORIFY || d->verdict == POLICY_DIRECT)
		say_options(f, q, d);
	if (d->plaintext) {
		line(f, "warning");
		fprintf(f, "port %s is commonly used for passwords in clear "
		    "(WarnPlaintextPorts)\n", q->port);
	}
	say_others(f, t, q, d->rule);
	return verdicts[d->verdict].status;
}

/* What policy is never asked about. */
static void
refuse_others(const struct flow *q, struct policy_decision *d)
{
	if (q->flow.about.proto == RULE_PROTO_TCP ||
	    (d->verdict != POLICY_TORIFY && d->verdict != POLICY_DIRECT))
		return;
	d->verdict = POLICY_REJECT;
	d->why = "only tcp is carried; questions for names have doors of "
	    "their own";
}

enum explain_status
explain(const struct conf *c, const char *const *words, size_t n, FILE *out,
    FILE *err)
{
	enum explain_status status;
	struct policy_decision d;
	const char *refused;
	struct table t;
	struct flow q;

	memset(&q, 0, sizeof(q));
	memset(&d, 0, sizeof(d));
	if (join(&q, words, n, err) < 0 || take_words(&q, err) < 0)
		return EXPLAIN_ERROR;
	onion_init();			/* names in .onion are looked at */
	if (table_new(&t, c) < 0) {
		fputs("explain: no memory\n", err);
		return EXPLAIN_ERROR;
	}
	if ((refused = find_target(&q, &t)) != NULL) {
		line(out, "verdict");
		fprintf(out, "reject: %s\n", refused);
		line(out, "decided by");
		fputs("where it goes to, before any rule\n", out);
		status = EXPLAIN_REJECT;
	} else {
		policy_decide(&t.policy, &q.flow, &d);
		refuse_others(&q, &d);
		status = answer(out, &t, &q, &d);
	}
	table_free(&t);
	return status;
}

/* daemon/names.c - clients' questions for names and for addresses
 *
 * Theory of operation
 *	Whoever asks (the DNS server for its clients, a proxy for its own), the
 *	question is first weighed:
 *
 *	  name -> target (MapAddress, .exit, .onion)
 *	          refused                  there is no such name, and why
 *	          service, chosen exit     a virtual address, or there is none
 *	          name that is mapped      a virtual address
 *	          address                  it is the answer
 *	          any other name           ask the engine
 *	  address -> virtual               its name, for its own client only
 *	             what may leave        ask the engine
 *
 *	A lookup is what a question to the engine waits for: it ends with the
 *	engine's answer, or when whoever asked is forgotten.
 */
#include "daemon/names.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/queue.h>

#include "base/addr.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/why.h"
#include "dnsport/automap.h"
#include "dnsport/dnsport.h"
#include "onion/onion.h"
#include "policy/policy.h"
#include "policy/rules.h"

enum { ANSWERS_MAX = 16, NAMES_MAX = 16 };
enum { TYPE_SOA = 6, TYPE_DS = 43, TYPE_DNSKEY = 48 };

_Static_assert((int)NAMES_TOKEN == (int)ONION_TOKEN, "the engine's");
_Static_assert((int)NAMES_GROUP == (int)AUTOMAP_GROUP, "the map's");

struct names {
	struct names_conf conf;
	const struct names_rules *rules;
	struct dnsport	*dnsport;
	LIST_HEAD(, gateway_lookup) lookups;
	int		 shut;		/* see names_gate() */
	uint64_t	 rejected;
};

struct question {			/* of either kind */
	const struct dns_from *from;
	const char	*name;		/* or NULL: */
	const struct addr *addr;	/* reverse */
	int		 family;	/* wanted; 0: a name */
};

/* --- what becomes of a question --- */

enum plan {
	PLAN_REFUSE,		/* @err, @why */
	PLAN_ADDR,		/* @addr is the answer */
	PLAN_NAME,		/* @name is */
	PLAN_NOTHING,		/* the name is there, and no such address */
	PLAN_ASK		/* the engine, for @host */
};

struct verdict {
	enum plan	 plan;
	int		 err;
	uint16_t	 ede;
	const char	*why;
	struct addr	 addr;
	const char	*name;
	char		 host[TARGET_HOST + 1];
};

static void
refuse(struct verdict *v, int err, uint16_t ede, const char *why)
{
	v->plan = PLAN_REFUSE;
	v->err = err;
	v->ede = ede;
	v->why = why;
}

static int64_t
seconds(const struct names *n)
{
	return n->conf.loop->now / 1000;
}

static int
has_suffix(const char *name, const char *suffix)
{
	size_t len = strlen(name), n;

	if (strcmp(suffix, ".") == 0)
		return 1;
	if (*suffix == '.')
		suffix++;
	n = strlen(suffix);
	return n && len >= n && strcasecmp(name + len - n, suffix) == 0 &&
	    (len == n || name[len - n - 1] == '.');
}

static int
is_mapped(const struct names_rules *r, const char *name)
{
	size_t i;

	if (r->table && rules_may_be_direct(r->table, name))
		return 0;
	for (i = 0; r->automap && i < r->nsuffix; i++)
		if (has_suffix(name, r->suffix[i]))
			return 1;
	return 0;
}

/* By what it was asked for, or by what that means; unless either goes direct. */
static int
are_mapped(const struct names_rules *r, const char *name, const char *host)
{
	if (r->table && (rules_may_be_direct(r->table, name) ||
	    rules_may_be_direct(r->table, host)))
		return 0;
	return is_mapped(r, name) || is_mapped(r, host);
}

/* A door that carries connections to one family alone gets no addresses of the
 * other; one that carries them to neither is for onion services, which have
 * both. */
static int
is_wanted(const struct names_who *who, int family)
{
	if (who->no_ipv4 && who->no_ipv6)
		return 1;
	return !(family == 4 ? who->no_ipv4 : who->no_ipv6);
}

static void
give_virtual(struct names *n, const struct names_who *who,
    const struct question *q, struct verdict *v)
{
	int rc;

	if (!is_wanted(who, q->family)) {
		v->plan = PLAN_NOTHING;
		return;
	}
	rc = automap_address(n->conf.automap, who->group, q->name, q->family,
	    seconds(n), &v->addr);
	if (rc == -EINVAL)
		v->plan = PLAN_NOTHING;		/* no pool of that family */
	else if (rc < 0)
		refuse(v, -EAGAIN, DNS_EDE_OTHER, "no virtual address is free");
	else
		v->plan = PLAN_ADDR;
}

static uint16_t
ede_of(const struct target *t)
{
	return t->err == -EACCES ? DNS_EDE_PROHIBITED : t->err == -ENOENT ?
	    DNS_EDE_BLOCKED : DNS_EDE_OTHER;
}

/* It can be reached by name alone: a service, or what a relay is chosen for. */
static void
only_virtual(struct names *n, const struct names_who *who,
    const struct question *q, const struct target *t, struct verdict *v)
{
	if (t->kind == TARGET_ONION && who->no_onion)
		refuse(v, -EACCES, DNS_EDE_PROHIBITED, "its port's line in the "
		    "configuration does not allow onion services");
	else if (!n->rules->automap)
		refuse(v, -ENOENT, DNS_EDE_PROHIBITED, "such names have no "
		    "address without AutomapHostsOnResolve 1");
	else
		give_virtual(n, who, q, v);
}

static void
weigh_addr(const struct names *n, const struct names_who *who,
    const struct question *q, const struct target *t, struct verdict *v)
{
	v->addr = t->addr;
	if (automap_is_virtual(n->conf.automap, &t->addr) &&
	    automap_name(n->conf.automap, who->group, &t->addr,
	    seconds(n)) == NULL)
		refuse(v, -ENOENT, DNS_EDE_OTHER, "a virtual address that no "
		    "name of this client has");
	else
		v->plan = t->addr.family == q->family && is_wanted(who,
		    q->family) ? PLAN_ADDR : PLAN_NOTHING;
}

/* A rule may let some choose exits that others must not. */
static void
find_target(const struct names *n, const struct dns_from *from,
    const char *name, struct target *t)
{
	struct target_conf conf = n->rules->target;

	if (!conf.allow_dot_exit && n->conf.dotexit)
		conf.allow_dot_exit = n->conf.dotexit(n->conf.arg, from, name);
	target_find(t, &conf, name);
}

static void
weigh_name(struct names *n, const struct names_who *who,
    const struct question *q, struct verdict *v)
{
	struct target t;

	find_target(n, q->from, q->name, &t);
	if (t.kind == TARGET_REFUSED)
		refuse(v, t.err, ede_of(&t), t.why);
	else if (t.kind == TARGET_ONION || t.has_exit)
		only_virtual(n, who, q, &t, v);
	else if (t.kind == TARGET_ADDR)
		weigh_addr(n, who, q, &t, v);
	else if (are_mapped(n->rules, q->name, t.host))
		give_virtual(n, who, q, v);
	else {
		v->plan = PLAN_ASK;
		memcpy(v->host, t.host, sizeof(t.host));
	}
}

static void
weigh_reverse(struct names *n, const struct names_who *who,
    const struct question *q, struct verdict *v)
{
	char text[ADDR_TEXT];

	if (automap_is_virtual(n->conf.automap, q->addr)) {
		v->name = automap_name(n->conf.automap, who->group, q->addr,
		    seconds(n));
		v->plan = PLAN_NAME;
		if (v->name == NULL)
			refuse(v, -ENOENT, DNS_EDE_OTHER, "a virtual address "
			    "that no name of this client has");
	} else if (!policy_addr_may_leave(q->addr))
		refuse(v, -ENOENT, DNS_EDE_BLOCKED, "it means nothing outside "
		    "of a local network");
	else {
		v->plan = PLAN_ASK;
		snprintf(v->host, sizeof(v->host), "%s",
		    addr_ip_raw(q->addr, text));
	}
}

static void
weigh(struct names *n, const struct question *q, struct verdict *v)
{
	static struct log_limit limits[2] = { { .every_s = 10 },
		{ .every_s = 10 } };
	char text[TARGET_HOST + 1];
	struct names_who who;
	int typo;

	memset(v, 0, sizeof(*v));
	memset(&who, 0, sizeof(who));
	n->conf.who(n->conf.arg, q->from, &who);
	if (n->shut)
		refuse(v, -EAGAIN, DNS_EDE_NOT_READY,
		    "the kernel's rules are not in force");
	else if (q->name)
		weigh_name(n, &who, q, v);
	else
		weigh_reverse(n, &who, q, v);
	if (v->plan != PLAN_REFUSE)
		return;
	n->rejected++;
	typo = v->err == -WHY_HS_ADDRESS;	/* somebody will wonder */
	log_limited(&limits[typo], typo ? LL_NOTICE : LL_INFO,
	    LD_DNS, "refused a question for %s: %s", q->name ?
	    log_scrub(log_text(text, sizeof(text), q->name, strlen(q->name))) :
	    addr_show(q->addr, text), v->why);
}

static int
ask_onion(struct names *n, const struct question *q, const struct verdict *v,
    onion_lookup_fn *fn, void *arg, struct onion_lookup **out)
{
	struct onion_question oq = { .name = v->host };
	uint8_t token[ONION_TOKEN];

	oq.exits = n->conf.token(n->conf.arg, q->from, v->host, token);
	return onion_resolve(n->conf.onion, token, &oq, fn, arg, out);
}

/* --- the DNS server --- */

/* A virtual address out of the network would be an address of somebody's choice
 * for whatever name it is given out for. */
static int
may_be(void *arg, const struct addr *a)
{
	const struct names *n = arg;

	return !automap_is_virtual(n->conf.automap, a);
}

static size_t
records(struct names *names, struct dns_record *out,
    const struct onion_answer *ans, size_t n, int family)
{
	size_t i, got = 0;

	for (i = 0; i < n && got < ANSWERS_MAX; i++) {
		if (ans[i].addr.family != family ||
		    !may_be(names, &ans[i].addr))
			continue;
		out[got].addr = ans[i].addr;
		out[got].name = ans[i].name;
		out[got].ttl = ans[i].ttl;
		got++;
	}
	return got;
}

struct lookup {
	struct names	*names;
	struct dns_query *query;
	struct onion_lookup *onion;
	int		 family;	/* wanted; 0: a name */
};

/* An answer that points into a private network is none.  To say REFUSED would
 * make a client ask another resolver. */
static enum dns_outcome
outcome_of(int err)
{
	switch (err) {
	case 0:
		return DNS_OK;
	case -EACCES:
	case -ENOENT:
		return DNS_NXDOMAIN;
	default:
		return DNS_SERVFAIL;
	}
}

static void
on_lookup(void *arg, int err, const struct onion_answer *ans, size_t n)
{
	struct lookup *l = arg;
	struct dns_record rr[ANSWERS_MAX];
	enum dns_outcome outcome = outcome_of(err);
	size_t got = 0;

	if (err == 0) {
		got = records(l->names, rr, ans, n, l->family);
		if (got == 0 && l->family == 0)
			outcome = DNS_NXDOMAIN;
	} else if (err == -EACCES)
		dnsport_explain(l->query, DNS_EDE_FILTERED,
		    "the answer leads into a private network");
	dnsport_answer(l->query, outcome, rr, got);
	free(l);
}

static int
start_lookup(struct names *n, struct dns_query *query,
    const struct question *q, const struct verdict *v)
{
	struct lookup *l = calloc(1, sizeof(*l));
	int rc;

	if (l == NULL)
		return -ENOMEM;
	l->names = n;
	l->query = query;
	l->family = q->family;
	if ((rc = ask_onion(n, q, v, on_lookup, l, &l->onion)) < 0) {
		free(l);
		return rc;
	}
	dns_query_set(query, l);
	return 0;
}

/* What we refuse ourselves is not there, whatever is wrong with it: REFUSED
 * would make a client ask another resolver. */
static void
answer_refusal(struct dns_query *query, const struct verdict *v)
{
	dnsport_explain(query, v->ede, v->why);
	dnsport_answer(query, v->err == -EAGAIN ? DNS_SERVFAIL : DNS_NXDOMAIN,
	    NULL, 0);
}

static void
on_ask(void *arg, struct dns_query *query, const struct dns_question *dq,
    const struct dns_from *from)
{
	struct names *n = arg;
	struct question q = { .from = from };
	struct dns_record rr = { .ttl = NAMES_TTL };
	struct verdict v;

	if (dq->ask == DNS_ASK_PTR)
		q.addr = &dq->addr;
	else
		q.name = dq->name;
	q.family = dq->ask == DNS_ASK_A ? 4 : dq->ask == DNS_ASK_AAAA ? 6 : 0;
	weigh(n, &q, &v);
	rr.addr = v.addr;
	rr.name = v.name;
	if (v.plan == PLAN_REFUSE)
		answer_refusal(query, &v);
	else if (v.plan != PLAN_ASK)
		dnsport_answer(query, DNS_OK, &rr, v.plan != PLAN_NOTHING);
	else if (start_lookup(n, query, &q, &v) < 0)
		dnsport_answer(query, DNS_SERVFAIL, NULL, 0);
}

static void
on_forget(void *arg, struct dns_query *query)
{
	struct lookup *l = dns_query_get(query);

	(void)arg;
	if (l == NULL)
		return;
	onion_lookup_cancel(l->onion);
	free(l);
}

/* Of services, of what a relay is chosen for and of what the operator put in
 * another's place we say all that there is to say.  Of a name that is mapped,
 * its addresses. */
static int
is_ours(const struct names *n, const struct dns_question *q,
    const struct dns_from *from)
{
	struct target t;

	find_target(n, from, q->name, &t);
	if (t.kind == TARGET_ONION || t.has_exit || t.mapped)
		return 1;
	return t.kind == TARGET_NAME && q->ask != DNS_ASK_OTHER &&
	    is_mapped(n->rules, q->name);
}

/* Whoever validates behind us needs the keys of zones up to the top-level
 * domains, and to know where zones begin.  Of what else there is of these
 * nobody asks, so it would be a host's name.  The root is nobody's secret. */
static int
name_may_leave(const struct dns_question *q)
{
	switch (q->type) {
	case TYPE_SOA:
	case TYPE_DS:
	case TYPE_DNSKEY:
		return policy_zone_may_leave(q->name);
	default:
		return q->name[0] == '\0' || policy_name_may_leave(q->name);
	}
}

/* What a question is about, whatever its type: a host, a zone, an address. */
static enum dns_leave
on_may_leave(void *arg, const struct dns_question *q,
    const struct dns_from *from)
{
	struct names *n = arg;
	int may;

	if (n->shut)
		return DNS_LEAVE_LATER;
	may = q->addr.family == 0 || (policy_addr_may_leave(&q->addr) &&
	    !automap_is_virtual(n->conf.automap, &q->addr));

	if (may && q->name[0] && is_ours(n, q, from))
		return DNS_LEAVE_HERE;
	may = may && name_may_leave(q);
	n->rejected += !may && q->ask == DNS_ASK_OTHER;
	return may ? DNS_LEAVE_MAY : DNS_LEAVE_NOT;
}

static int
on_connect(void *arg, const struct dns_from *from, const struct addr *resolver,
    struct endpoint **out)
{
	struct names *n = arg;

	if (n->shut)
		return -EAGAIN;
	return n->conf.connect ? n->conf.connect(n->conf.arg, from, resolver,
	    out) : -ENETUNREACH;
}

static int
on_is_public(void *arg, const char *zone)
{
	(void)arg;
	return policy_zone_may_leave(zone);
}

static void
on_share(void *arg, const struct dns_from *from, struct addr *out)
{
	struct names *n = arg;

	*out = from->client;
	if (n->conf.share)
		n->conf.share(n->conf.arg, from, out);
}

/* What the operator put in a name's place (MapAddress) is its name, too. */
static void
on_told(void *arg, const struct dns_from *from, const struct dns_told *t)
{
	const char *names[NAMES_MAX + 1];
	struct names *n = arg;
	struct dns_told more = *t;
	struct target target;

	if (n->conf.told == NULL)
		return;
	target_find(&target, &n->rules->target, t->names[0]);
	if (t->nnames <= NAMES_MAX && target.kind == TARGET_NAME) {
		memcpy(names, t->names, t->nnames * sizeof(*names));
		more.names = names;
		if (strcmp(names[0], target.host) != 0)
			names[more.nnames++] = target.host;
	}
	n->conf.told(n->conf.arg, from, &more);
}

static const struct dnsport_user dns_user = {
	.ask = on_ask, .connect = on_connect, .may_leave = on_may_leave,
	.may_be = may_be, .is_public = on_is_public, .share = on_share,
	.told = on_told, .forget = on_forget
};

/* --- a proxy's clients --- */

struct gateway_lookup {
	LIST_ENTRY(gateway_lookup) link;
	struct names	*names;
	struct onion_lookup *onion;	/* NULL: the answer is here already */
	struct loop_item item;		/* and is given when the turn ends */
	int		 family;	/* 4 or 6; 0: either, or a name */
	int		 reverse;
	int		 err;
	struct addr	 addr;
	char		 name[TARGET_HOST + 1];
	uint32_t	 ttl;
	void		(*fn)(void *, int, const struct addr *, const char *,
			    uint32_t);
	void		*arg;
};

static void
lookup_free(struct gateway_lookup *l)
{
	LIST_REMOVE(l, link);
	loop_item_clear(l->names->conf.loop, &l->item);
	free(l);
}

static void
deliver(void *arg)
{
	struct gateway_lookup *l = arg, copy = *l;

	lookup_free(l);
	copy.fn(copy.arg, copy.err,
	    copy.err == 0 && !copy.reverse ? &copy.addr : NULL,
	    copy.err == 0 && copy.reverse ? copy.name : NULL, copy.ttl);
}

static int
is_better(const struct gateway_lookup *l, const struct onion_answer *a,
    const struct onion_answer *than)
{
	if (l->reverse)
		return than == NULL && a->addr.family == 0 && a->name &&
		    strlen(a->name) < sizeof(l->name);
	if (a->addr.family == 0 || !may_be(l->names, &a->addr) ||
	    (l->family && a->addr.family != l->family))
		return 0;
	return than == NULL || (than->addr.family == 6 && a->addr.family == 4);
}

static void
on_answer(void *arg, int err, const struct onion_answer *ans, size_t n)
{
	struct gateway_lookup *l = arg;
	const struct onion_answer *best = NULL;
	size_t i;

	for (i = 0; err == 0 && i < n; i++)
		if (is_better(l, &ans[i], best))
			best = &ans[i];
	l->err = err == 0 && best == NULL ? -ENOENT : err;
	if (best) {
		l->addr = best->addr;
		l->ttl = best->ttl;
		snprintf(l->name, sizeof(l->name), "%s",
		    best->name ? best->name : "");
	}
	deliver(l);
}

static void
settle(struct gateway_lookup *l, const struct verdict *v)
{
	if (v->plan == PLAN_REFUSE)
		l->err = v->err;
	else if (v->plan == PLAN_NOTHING)
		l->err = -ENOENT;
	l->addr = v->addr;
	l->addr.port = 0;
	l->ttl = NAMES_TTL;
	snprintf(l->name, sizeof(l->name), "%s", v->name ? v->name : "");
	loop_item_add(l->names->conf.loop, &l->item);
}

/* Either family would do: of virtual addresses the one that the door prefers;
 * an address has its own. */
static int
choose_family(struct names *n, const struct question *q)
{
	struct names_who who;
	struct target t;

	memset(&who, 0, sizeof(who));
	n->conf.who(n->conf.arg, q->from, &who);
	find_target(n, q->from, q->name, &t);
	if (t.kind == TARGET_ADDR && !t.has_exit)
		return t.addr.family;
	if (who.prefer_ipv6)
		return is_wanted(&who, 6) ? 6 : 4;
	return is_wanted(&who, 4) ? 4 : 6;
}

static int
read_question(struct names *n, struct question *q, struct addr *a,
    const char *name, int family, int reverse)
{
	if (reverse) {
		q->addr = a;
		return addr_parse_ip(a, name, -1);
	}
	q->name = name;
	q->family = family ? family : choose_family(n, q);
	return 0;
}

int
names_lookup(struct names *n, const struct dns_from *from, const char *name,
    int family, int reverse, void (*fn)(void *, int, const struct addr *,
    const char *, uint32_t), void *arg, struct gateway_lookup **out)
{
	struct question q = { .from = from };
	struct gateway_lookup *l;
	struct verdict v;
	struct addr a;
	int rc;

	if ((rc = read_question(n, &q, &a, name, family, reverse)) < 0)
		return rc;
	if ((l = calloc(1, sizeof(*l))) == NULL)
		return -ENOMEM;
	l->names = n;
	l->family = family;
	l->reverse = reverse != 0;
	l->fn = fn;
	l->arg = arg;
	loop_item_init(&l->item, deliver, l);
	LIST_INSERT_HEAD(&n->lookups, l, link);
	weigh(n, &q, &v);
	if (v.plan != PLAN_ASK)
		settle(l, &v);
	else if ((rc = ask_onion(n, &q, &v, on_answer, l, &l->onion)) < 0) {
		lookup_free(l);
		return rc;
	}
	*out = l;
	return 0;
}

void
names_lookup_cancel(struct gateway_lookup *l)
{
	if (l == NULL)
		return;
	if (l->onion)
		onion_lookup_cancel(l->onion);
	lookup_free(l);
}

/* --- the whole --- */

int
names_new(struct names **out, const struct names_conf *conf)
{
	struct names *n = calloc(1, sizeof(*n));
	int rc;

	if (n == NULL)
		return -ENOMEM;
	n->conf = *conf;
	LIST_INIT(&n->lookups);
	if ((rc = dnsport_new(&n->dnsport, conf->loop, &dns_user, n)) < 0) {
		free(n);
		return rc;
	}
	*out = n;
	return 0;
}

int
names_set_dns(struct names *n, const struct dnsport_conf *conf)
{
	return dnsport_set_conf(n->dnsport, conf);
}

void
names_free(struct names *n)
{
	struct gateway_lookup *l;

	if (n == NULL)
		return;
	while ((l = LIST_FIRST(&n->lookups)) != NULL)
		names_lookup_cancel(l);
	dnsport_free(n->dnsport);
	free(n);
}

void
names_set_rules(struct names *n, const struct names_rules *rules)
{
	n->rules = rules;
}

void
names_gate(struct names *n, int open)
{
	n->shut = !open;
}

struct dnsport *
names_dnsport(struct names *n)
{
	return n->dnsport;
}

uint64_t
names_rejected(const struct names *n)
{
	return n->rejected;
}

/* dnsport/stub.c - a stub resolver that validates
 *
 * Theory of operation
 *	A lookup is a client's question; a part is a question of its own that
 *	validating it needs.
 *
 *	  ask -> upstream -> parsed -> [validate -> parts -> validate] -> done
 *
 *	A validation is run again when all its parts are there, so that what it
 *	asked ahead is used at once.
 *
 *	A group is a client at a listener.  The only thing that is remembered of
 *	it is which zones' keys were proven (zones.h); there is no cache of
 *	answers.  The resolver is told to check nothing (CD), so that it gives
 *	what there is, and we judge.
 *
 *	What an answer says is somebody else's: where it leads is looked at
 *	before it is passed (points.h), and no part asks for a zone that is not
 *	public, whatever alias leads there.
 * Limits
 *	STUB_GROUPS_MAX groups, the longest unused goes; one that is being used
 *	stays, and where all are, a lookup has one of its own.  STUB_TOTAL_MS.
 *	What messages a lookup keeps to validate is counted in bytes, for it, for
 *	its client and for all (STUB_*HELD_MAX); over one of these, a message
 *	counts as not come.
 */
#include "dnsport/stub.h"

#include <errno.h>
#include <ldns/ldns.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/addr.h"
#include "base/loop.h"
#include "base/map.h"
#include "base/quota.h"
#include "dnsport/anchors.h"
#include "dnsport/chain.h"
#include "dnsport/dname.h"
#include "dnsport/dnstls.h"
#include "dnsport/points.h"
#include "dnsport/question.h"
#include "dnsport/record.h"
#include "dnsport/reply.h"
#include "dnsport/upstream.h"
#include "dnsport/validate.h"
#include "dnsport/zones.h"

enum { TYPE_RRSIG = 46 };

struct key {			/* no padding: it is hashed */
	uint64_t	listener;
	uint8_t		ip[16];
	uint8_t		family;
	uint8_t		zero[7];
};

struct group {
	TAILQ_ENTRY(group) link;	/* the longest unused first */
	struct key	 key;
	struct zones	*zones;
	size_t		 users;
	int64_t		 used;		/* loop ms */
	uint8_t		 mapped;
};

struct part {
	LIST_ENTRY(part) link;
	struct stub_lookup *lookup;
	struct upstream_query *query;	/* NULL: it could not be asked */
	ldns_rdf	*name;
	uint16_t	 type;
};

struct stub_lookup {
	LIST_ENTRY(stub_lookup) link;
	struct stub	*stub;
	struct question	 q;
	struct dns_from	 from;
	ldns_rdf	*name;		/* lower case */
	struct upstream_query *query;	/* NULL: answered */
	ldns_pkt	*pkt;
	struct chain	*chain;		/* of it */
	ldns_pkt	*reply;		/* of that */
	struct group	*group;		/* while validating */
	struct validate	*validate;
	LIST_HEAD(, part) parts;
	size_t		 nparts;	/* under way */
	size_t		 held;		/* bytes of messages */
	struct loop_timer timer;
	struct loop_item reap;
	stub_done_fn	*done;
	void		*arg;
	uint8_t		 over;
};

struct stub {
	struct stub_user user;
	struct dns_resolver *resolvers;
	struct dnstls_ctx *tls;
	struct upstream	*upstream;
	struct anchors	*anchors;
	int		 validate;
	struct points_conf points;
	size_t		 held;		/* by all lookups; */
	struct quota	*shares;	/* of them: its notes are what is held
					 * by one client's */
	struct map	*map;
	TAILQ_HEAD(, group) groups;
	LIST_HEAD(, stub_lookup) lookups;
};

/* --- groups --- */

static void
group_free(struct group *g)
{
	zones_free(g->zones);
	free(g);
}

static void
group_unmap(struct stub *s, struct group *g)
{
	map_del(s->map, &g->key);
	TAILQ_REMOVE(&s->groups, g, link);
	g->mapped = 0;
	if (g->users == 0)
		group_free(g);
}

static void
forget_old(struct stub *s)
{
	int64_t old = s->user.loop->now - (int64_t)STUB_GROUP_S * 1000;
	struct group *g;

	while ((g = TAILQ_FIRST(&s->groups)) != NULL &&
	    (g->used < old || map_count(s->map) >= STUB_GROUPS_MAX))
		group_unmap(s, g);
}

static struct group *
group_new(struct stub *s, const struct key *key)
{
	struct group *g = calloc(1, sizeof(*g));

	if (g == NULL || (g->zones = zones_new()) == NULL) {
		free(g);
		return NULL;
	}
	forget_old(s);
	g->key = *key;
	if (map_put(s->map, key, g) == 0) {
		g->mapped = 1;
		TAILQ_INSERT_TAIL(&s->groups, g, link);
	}
	return g;
}

static struct group *
group_get(struct stub *s, const struct dns_from *from)
{
	struct key key = { .listener = (uintptr_t)from->listener,
		.family = from->client.family };
	struct group *g;

	memcpy(key.ip, from->client.ip, addr_iplen(&from->client));
	g = map_get(s->map, &key);
	if (g == NULL && (g = group_new(s, &key)) == NULL)
		return NULL;
	g->users++;
	g->used = s->user.loop->now;
	if (g->mapped) {
		TAILQ_REMOVE(&s->groups, g, link);
		TAILQ_INSERT_TAIL(&s->groups, g, link);
	}
	return g;
}

static void
group_put(struct group *g)
{
	if (g && --g->users == 0 && !g->mapped)
		group_free(g);
}

/* --- the end of a lookup --- */

static void
part_free(struct part *p)
{
	if (p->query) {
		upstream_cancel(p->query);
		p->lookup->nparts--;
	}
	LIST_REMOVE(p, link);
	ldns_rdf_deep_free(p->name);
	free(p);
}

static void
reap(void *arg)
{
	struct stub_lookup *l = arg;

	ldns_pkt_free(l->reply);
	chain_free(l->chain);
	ldns_pkt_free(l->pkt);
	ldns_rdf_deep_free(l->name);
	free(l);
}

static void
retire(struct stub_lookup *l)
{
	struct part *p;

	l->over = 1;
	LIST_REMOVE(l, link);
	if (l->query)
		upstream_cancel(l->query);
	while ((p = LIST_FIRST(&l->parts)) != NULL)
		part_free(p);
	validate_free(l->validate);
	l->stub->held -= l->held;
	*quota_note(l->stub->shares, &l->from.share) -= l->held;
	quota_give(l->stub->shares, &l->from.share);
	group_put(l->group);
	loop_timer_clear(l->stub->user.loop, &l->timer);
	loop_item_add(l->stub->user.loop, &l->reap);
}

static void
end(struct stub_lookup *l, const struct stub_answer *a)
{
	retire(l);
	l->done(l->arg, a);
}

static void
fail(struct stub_lookup *l, uint16_t ede, const char *text)
{
	struct stub_answer a = { .rcode = RCODE_SERVFAIL, .explained = 1,
		.ede = ede, .text = text };

	end(l, &a);
}

void
stub_cancel(struct stub_lookup *l)
{
	if (!l->over)
		retire(l);
}

/* --- judging --- */

/* There is no such name: with any other code whoever asks would go on to ask
 * others. */
static void
refuse_astray(struct stub_lookup *l)
{
	struct stub_answer a = { .rcode = RCODE_NXDOMAIN, .explained = 1,
		.ede = DNS_EDE_FILTERED,
		.text = "the answer leads into a private network" };

	end(l, &a);
}

static void
pass(struct stub_lookup *l, int secure, uint16_t why)
{
	struct stub_answer a = { .secure = secure != 0, .ede = why,
		.explained = why != 0 };

	a.rcode = (uint16_t)ldns_pkt_get_rcode(l->pkt);
	a.pkt = l->reply = reply_make(l->chain, secure, l->q.dnssec);
	if (a.pkt == NULL)
		fail(l, DNS_EDE_OTHER, NULL);
	else if (points_astray(&l->stub->points, a.pkt))
		refuse_astray(l);
	else
		end(l, &a);
}

static void
verdict(struct stub_lookup *l, enum validate_verdict v)
{
	uint16_t why = validate_why(l->validate);

	switch (v) {
	case VALIDATE_SECURE:
		pass(l, 1, 0);
		break;
	case VALIDATE_INSECURE:
		pass(l, 0, why);
		break;
	case VALIDATE_FAILED:
		fail(l, DNS_EDE_NO_REACHABLE, "no keys to be had");
		break;
	default:
		fail(l, why ? why : DNS_EDE_BOGUS, NULL);
	}
}

static void
on_part(void *arg, int err, const uint8_t *msg, size_t len);

static int
is_public(const struct stub *s, const ldns_rdf *name)
{
	char text[DNSPORT_NAME_MAX + 1];

	(void)question_text(text, ldns_rdf_data(name), ldns_rdf_size(name));
	return s->user.is_public && s->user.is_public(s->user.arg, text);
}

static void
on_want(void *arg, const ldns_rdf *name, uint16_t type)
{
	struct stub_lookup *l = arg;
	struct upstream_ask a = { .from = &l->from,
		.name = ldns_rdf_data(name), .name_len = ldns_rdf_size(name),
		.type = type, .flags = UPSTREAM_DO | UPSTREAM_CD };
	struct part *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return;		/* the timer ends it */
	p->lookup = l;
	p->type = type;
	p->name = ldns_rdf_clone(name);
	LIST_INSERT_HEAD(&l->parts, p, link);
	if (p->name == NULL || !is_public(l->stub, name) ||
	    upstream_ask(l->stub->upstream, &a, on_part, p, &p->query) < 0)
		p->query = NULL;
	else
		l->nparts++;
}

/* What could not even be asked. */
static int
give_up_parts(struct stub_lookup *l)
{
	struct part *p, *next;
	int n = 0;

	for (p = LIST_FIRST(&l->parts); p; p = next) {
		next = LIST_NEXT(p, link);
		if (p->query)
			continue;
		if (p->name)
			validate_give(l->validate, p->name, p->type, NULL);
		n += p->name != NULL;
		part_free(p);
	}
	return n;
}

static void
judge(struct stub_lookup *l)
{
	enum validate_verdict v;

	do
		v = validate_run(l->validate, l->stub->user.loop->wall);
	while (v == VALIDATE_NEED && give_up_parts(l) && l->nparts == 0);
	if (v != VALIDATE_NEED)
		verdict(l, v);
}

/* A message that is kept; NULL: it is none, or there is no room for it. */
static ldns_pkt *
keep(struct stub_lookup *l, const uint8_t *msg, size_t len)
{
	size_t *held = quota_note(l->stub->shares, &l->from.share);
	ldns_pkt *pkt;

	if (len > STUB_LOOKUP_HELD_MAX - l->held ||
	    len > STUB_CLIENT_HELD_MAX - *held ||
	    len > STUB_HELD_MAX - l->stub->held ||
	    (pkt = reply_parse(msg, len)) == NULL)
		return NULL;
	l->held += len;
	*held += len;
	l->stub->held += len;
	return pkt;
}

static int
has_answer(const ldns_pkt *pkt)
{
	return ldns_pkt_get_rcode(pkt) == LDNS_RCODE_NOERROR ||
	    ldns_pkt_get_rcode(pkt) == LDNS_RCODE_NXDOMAIN;
}

static void
on_part(void *arg, int err, const uint8_t *msg, size_t len)
{
	struct part *p = arg;
	struct stub_lookup *l = p->lookup;
	ldns_pkt *pkt = err ? NULL : keep(l, msg, len);

	if (pkt && !has_answer(pkt)) {
		ldns_pkt_free(pkt);
		pkt = NULL;
	}
	p->query = NULL;
	l->nparts--;
	validate_give(l->validate, p->name, p->type, pkt);
	part_free(p);
	if (l->nparts == 0)
		judge(l);
}

static int
start_validating(struct stub_lookup *l)
{
	struct validate_conf conf = { .anchors = l->stub->anchors,
		.want = on_want, .arg = l };

	if ((l->group = group_get(l->stub, &l->from)) == NULL)
		return -ENOMEM;
	conf.zones = l->group->zones;
	return validate_new(&l->validate, &conf, l->chain);
}

static int
is_to_validate(const struct stub_lookup *l)
{
	return l->stub->validate && !l->q.cd && l->q.type != TYPE_RRSIG;
}

static void
on_chain(struct stub_lookup *l)
{
	if (!is_to_validate(l))
		pass(l, 0, 0);
	else if (start_validating(l) < 0)
		fail(l, DNS_EDE_OTHER, NULL);
	else
		judge(l);
}

static void
find_chain(struct stub_lookup *l)
{
	int rc = chain_find(&l->chain, l->pkt, l->name, l->q.type);

	if (rc == -ENOMEM)
		fail(l, DNS_EDE_OTHER, NULL);
	else if (rc < 0)
		fail(l, is_to_validate(l) ? DNS_EDE_BOGUS : DNS_EDE_NETWORK,
		    "the answer contradicts itself");
	else
		on_chain(l);
}

static void
on_answer(void *arg, int err, const uint8_t *msg, size_t len)
{
	struct stub_lookup *l = arg;

	l->query = NULL;
	if (err == -EKEYREJECTED)
		fail(l, DNS_EDE_NETWORK, "the resolver is not who it should "
		    "be");
	else if (err)
		fail(l, DNS_EDE_NO_REACHABLE, NULL);
	else if ((l->pkt = keep(l, msg, len)) == NULL)
		fail(l, DNS_EDE_NETWORK, "the resolver's answer is malformed");
	else if (!has_answer(l->pkt))
		fail(l, DNS_EDE_NETWORK, "the resolver has no answer");
	else
		find_chain(l);
}

static void
on_timer(void *arg)
{
	fail(arg, DNS_EDE_NO_REACHABLE, NULL);
}

/* --- the door --- */

static int
send_question(struct stub_lookup *l)
{
	int validate = is_to_validate(l);
	struct upstream_ask a = { .from = &l->from, .type = l->q.type,
		.name = ldns_rdf_data(l->name),
		.name_len = ldns_rdf_size(l->name) };

	if (validate || l->q.dnssec)
		a.flags |= UPSTREAM_DO;
	if (validate || l->q.cd)
		a.flags |= UPSTREAM_CD;
	return upstream_ask(l->stub->upstream, &a, on_answer, l, &l->query);
}

static struct stub_lookup *
lookup_new(struct stub *s, const struct question *q,
    const struct dns_from *from, const struct dname *name)
{
	struct stub_lookup *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return NULL;
	l->stub = s;
	l->q = *q;
	l->from = *from;
	LIST_INIT(&l->parts);
	loop_timer_init(&l->timer, on_timer, l);
	loop_item_init(&l->reap, reap, l);
	l->name = ldns_rdf_new_frm_data(LDNS_RDF_TYPE_DNAME, name->len,
	    name->b);
	if (l->name == NULL) {
		free(l);
		return NULL;
	}
	return l;
}

int
stub_ask(struct stub *s, const struct question *q, const struct dns_from *from,
    stub_done_fn *done, void *arg, struct stub_lookup **out)
{
	struct stub_lookup *l;
	struct dname name;
	int rc;

	if (dname_set(&name, q->name, q->name_len) < 0)
		return -EINVAL;
	if ((rc = quota_take(s->shares, &from->share)) < 0)
		return rc;
	if ((l = lookup_new(s, q, from, &name)) == NULL) {
		quota_give(s->shares, &from->share);
		return -ENOMEM;
	}
	l->done = done;
	l->arg = arg;
	if ((rc = send_question(l)) < 0) {
		quota_give(s->shares, &from->share);
		reap(l);
		return rc;
	}
	LIST_INSERT_HEAD(&s->lookups, l, link);
	loop_timer_in(s->user.loop, &l->timer, STUB_TOTAL_MS);
	*out = l;
	return 0;
}

void
stub_forget(struct stub *s, const void *listener)
{
	struct group *g, *next;

	upstream_forget(s->upstream, listener);
	for (g = TAILQ_FIRST(&s->groups); g; g = next) {
		next = TAILQ_NEXT(g, link);
		if (g->key.listener == (uintptr_t)listener)
			group_unmap(s, g);
	}
}

size_t
stub_held(const struct stub *s)
{
	return s->held;
}

int
stub_validates(const struct stub *s)
{
	return s->validate;
}

static int
needs_tls(const struct dnsport_conf *conf)
{
	size_t i;

	for (i = 0; i < conf->nresolvers; i++)
		if (conf->resolvers[i].name[0])
			return 1;
	return 0;
}

static int
make_tls(struct dnstls_ctx **out, const struct dnsport_conf *conf)
{
	return needs_tls(conf) ? dnstls_ctx_new(out, conf->ca, conf->ca_len) :
	    0;
}

static int
make_anchors(struct anchors **out, const struct dnsport_conf *conf)
{
	size_t line;

	return conf->validate ? anchors_new(out, conf->anchors,
	    conf->anchors_len, &line) : 0;
}

int
stub_check_ca(const struct dnsport_conf *conf)
{
	struct dnstls_ctx *ctx = NULL;
	int rc = make_tls(&ctx, conf);

	dnstls_ctx_free(ctx);
	return rc;
}

int
stub_check_anchors(const struct dnsport_conf *conf)
{
	struct anchors *a = NULL;
	int rc = make_anchors(&a, conf);

	anchors_free(a);
	return rc;
}

static int
set_up(struct stub *s, const struct dnsport_conf *conf)
{
	struct upstream_conf uc = { .loop = s->user.loop,
		.n = conf->nresolvers, .connect = s->user.connect,
		.arg = s->user.arg };
	int rc;

	s->resolvers = calloc(conf->nresolvers, sizeof(*s->resolvers));
	s->map = map_new(sizeof(struct key), STUB_GROUPS_MAX);
	s->shares = quota_new(STUB_LOOKUPS_MAX, STUB_LOOKUPS_MAX);
	if (s->resolvers == NULL || s->map == NULL || s->shares == NULL)
		return -ENOMEM;
	memcpy(s->resolvers, conf->resolvers,
	    conf->nresolvers * sizeof(*s->resolvers));
	if ((rc = make_tls(&s->tls, conf)) < 0 ||
	    (rc = make_anchors(&s->anchors, conf)) < 0)
		return rc;
	uc.resolvers = s->resolvers;
	uc.tls = s->tls;
	return upstream_new(&s->upstream, &uc);
}

int
stub_new(struct stub **out, const struct stub_user *user,
    const struct dnsport_conf *conf)
{
	struct stub *s = calloc(1, sizeof(*s));
	int rc;

	if (s == NULL)
		return -ENOMEM;
	s->user = *user;
	s->validate = conf->validate;
	s->points = (struct points_conf){
		.reject_internal = conf->reject_internal,
		.may_be = user->may_be, .is_public = user->is_public,
		.arg = user->arg };
	TAILQ_INIT(&s->groups);
	LIST_INIT(&s->lookups);
	if ((rc = set_up(s, conf)) < 0) {
		stub_free(s);
		return rc;
	}
	*out = s;
	return 0;
}

void
stub_free(struct stub *s)
{
	struct stub_lookup *l;
	struct group *g;

	if (s == NULL)
		return;
	while ((l = LIST_FIRST(&s->lookups)) != NULL)
		retire(l);
	while ((g = TAILQ_FIRST(&s->groups)) != NULL)
		group_unmap(s, g);
	upstream_free(s->upstream);
	map_free(s->map);
	quota_free(s->shares);
	dnstls_ctx_free(s->tls);
	anchors_free(s->anchors);
	free(s->resolvers);
	free(s);
}

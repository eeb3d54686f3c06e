/* dnsport/validate.c - is an answer what its zones say?
 *
 * Theory of operation
 *	The answer is a chain (chain.h) from the name that was asked, over
 *	CNAMEs and DNAMEs, to the records or to the proof that there are none.
 *	Its links are verified in their order, and nothing else of the message
 *	is: what a client gets is made of them, and of the proofs that are added
 *	here.  Each link's set of records names its zone (the signer); the walk
 *	goes from the anchor down to that zone:
 *
 *	  anchor -> its keys -> DS of the next label?
 *	     a set, signed by these keys -> the child's keys -> and on
 *	     proven to be none, at a delegation -> INSECURE, all that is below
 *	     proven to be none, elsewhere -> no zone begins here, and on
 *	     neither -> BOGUS
 *
 *	What is not signed is walked to by its own name: only an insecure
 *	delegation on the way excuses it.
 *
 *	What the walk has to know is asked for ahead, down to the zone, so that
 *	it costs one round trip more and not one a label.  What it finds goes
 *	into zones, and is found there by the next question.  Each run begins
 *	at the link that was not decided, so that nothing is verified twice but
 *	what waited for something.
 * Invariants
 *	No set counts before it is verified with keys that are; a record that
 *	proves an absence, in particular, is not made by a wildcard.
 * Limits
 *	VALIDATE_*_MAX, SIGCHECK_*_MAX, DENIAL_*_MAX: over one of them the
 *	answer is bogus.
 */
#include "dnsport/validate.h"

#include <errno.h>
#include <ldns/ldns.h>
#include <stdlib.h>
#include <string.h>

#include "dnsport/anchors.h"
#include "dnsport/chain.h"
#include "dnsport/denial.h"
#include "dnsport/dname.h"
#include "dnsport/record.h"
#include "dnsport/rrset.h"
#include "dnsport/sigcheck.h"
#include "dnsport/zones.h"

enum fetch_state { FETCH_FAILED, FETCH_ASKED, FETCH_GOT };

struct fetch {
	enum fetch_state state;
	ldns_rdf	*name;
	uint16_t	 type;
	ldns_pkt	*pkt;
};

struct validate {
	struct validate_conf conf;
	struct chain	*chain;
	size_t		 at;		/* the link that is not decided */
	int		 insecure;	/* one before it is */
	struct fetch	 fetch[VALIDATE_FETCH_MAX];
	size_t		 nfetch;
	unsigned	 asked;		/* fetches, in all */
	unsigned	 hashes;
	struct sigcheck	 check;
	uint16_t	 ede;
};

#define T(x) ((uint16_t)LDNS_RR_TYPE_##x)

static enum validate_verdict
bogus(struct validate *v, uint16_t ede)
{
	v->ede = ede;
	return VALIDATE_BOGUS;
}

static int
is_good(enum validate_verdict r)
{
	return r == VALIDATE_SECURE || r == VALIDATE_INSECURE;
}

/* --- sets of records --- */

static int
at_or_below(const ldns_rdf *name, const ldns_rdf *top)
{
	return dname_rdf_same(name, top) || dname_rdf_below(name, top);
}

static int
set_is_signed(struct validate *v, const struct rrset *s, const struct zone *z)
{
	return sigcheck_set(&v->check, s->rrs, s->sigs, z->keys, z->name);
}

static unsigned
labels(const ldns_rdf *name)
{
	return ldns_dname_label_count(name);
}

/* After set_is_signed(): was it made from a wildcard?  (The "*" itself counts
 * as no label.) */
static int
is_expanded(const struct validate *v, const ldns_rdf *owner)
{
	return v->check.labels < labels(owner) -
	    (unsigned)ldns_dname_is_wildcard(owner);
}

/* --- what has to be known --- */

static struct fetch *
find_fetch(struct validate *v, const ldns_rdf *name, uint16_t type)
{
	size_t i;

	for (i = 0; i < v->nfetch; i++)
		if (v->fetch[i].type == type &&
		    dname_rdf_same(v->fetch[i].name, name))
			return &v->fetch[i];
	return NULL;
}

/* NULL: too many. */
static struct fetch *
want(struct validate *v, const ldns_rdf *name, uint16_t type)
{
	struct fetch *f = find_fetch(v, name, type);

	if (f || v->nfetch >= VALIDATE_FETCH_MAX ||
	    v->asked >= VALIDATE_ASKED_MAX)
		return f;
	f = &v->fetch[v->nfetch];
	*f = (struct fetch){ .state = FETCH_ASKED, .type = type,
		.name = ldns_rdf_clone(name) };
	if (f->name == NULL)
		return NULL;
	v->nfetch++;
	v->asked++;
	v->conf.want(v->conf.arg, name, type);
	return f;
}

/* SECURE: there it is. */
static enum validate_verdict
fetched(struct validate *v, const ldns_rdf *name, uint16_t type,
    const ldns_pkt **out)
{
	struct fetch *f = want(v, name, type);

	if (f == NULL)
		return bogus(v, DNS_EDE_BOGUS);
	if (f->state == FETCH_ASKED)
		return VALIDATE_NEED;
	if (f->state == FETCH_FAILED) {
		v->ede = DNS_EDE_NO_REACHABLE;
		return VALIDATE_FAILED;
	}
	*out = f->pkt;
	return VALIDATE_SECURE;
}

static void
fetch_fini(struct fetch *f)
{
	ldns_rdf_deep_free(f->name);
	ldns_pkt_free(f->pkt);
}

/* What one link had to know is in zones, and makes room for the next one's. */
static void
drop_fetches(struct validate *v)
{
	size_t i, n = v->nfetch;

	v->nfetch = 0;
	for (i = 0; i < n; i++)
		if (v->fetch[i].state == FETCH_ASKED)
			v->fetch[v->nfetch++] = v->fetch[i];
		else
			fetch_fini(&v->fetch[i]);
}

/* The last @n labels of @name, to be freed. */
static ldns_rdf *
tail(const ldns_rdf *name, unsigned n)
{
	return ldns_dname_clone_from(name, (uint16_t)(labels(name) - n));
}

/* DS and DNSKEY of the next names on the way down to @target. */
static void
look_ahead(struct validate *v, const ldns_rdf *target, unsigned from)
{
	unsigned n, end = labels(target);
	ldns_rdf *name;

	for (n = from; n <= end && n < from + VALIDATE_AHEAD; n++) {
		if ((name = tail(target, n)) == NULL)
			return;
		if (!zones_get(v->conf.zones, name, v->check.now)) {
			want(v, name, T(DS));
			want(v, name, T(DNSKEY));
		}
		ldns_rdf_deep_free(name);
	}
}

/* --- proofs of absence --- */

static uint32_t
ttl_of(const struct validate *v)
{
	return v->check.until > v->check.now ?
	    (uint32_t)(v->check.until - v->check.now) : 0;
}

struct proofs {
	const ldns_pkt	*pkt;
	const struct zone *zone;
	ldns_rr_list	*records;	/* that are the zone's: borrowed */
	int64_t		 until;		/* they count */
};

static void
add_proof(struct validate *v, struct proofs *p, const struct rrset *s)
{
	if (rrset_count(s->rrs) != 1 || !set_is_signed(v, s, p->zone) ||
	    is_expanded(v, rrset_owner(s)))
		return;
	ldns_rr_list_push_rr(p->records, ldns_rr_list_rr(s->rrs, 0));
	if (v->check.until < p->until)
		p->until = v->check.until;
	if (p->pkt == v->chain->pkt)	/* the client may want it */
		chain_add_proof(v->chain, s, ttl_of(v));
}

/* The first few NSEC and NSEC3 records of a message that could be the zone's,
 * as far as they are.  0 or -ENOMEM. */
static int
proven(struct validate *v, struct proofs *p)
{
	const ldns_rr_list *from = ldns_pkt_authority(p->pkt);
	size_t i, seen = 0, n = rrset_count(from);
	struct rrset s;

	p->until = INT64_MAX;
	if ((p->records = ldns_rr_list_new()) == NULL)
		return -ENOMEM;
	for (i = 0; i < n && seen < DENIAL_RECORDS_MAX; i++) {
		const ldns_rr *rr = ldns_rr_list_rr(from, i);
		uint16_t type = (uint16_t)ldns_rr_get_type(rr);

		if ((type != T(NSEC) && type != T(NSEC3)) ||
		    !at_or_below(ldns_rr_owner(rr), p->zone->name))
			continue;
		seen++;
		if (rrset_find(&s, from, ldns_rr_owner(rr), type) > 0) {
			add_proof(v, p, &s);
			rrset_fini(&s);
		}
	}
	return 0;
}

/* What they prove of @type at @name; of @closer, that nothing is there which is
 * nearer than its ancestor of that many labels. */
enum { AT_NAME = -1 };

static enum denial
deny(struct validate *v, struct proofs *p, const ldns_rdf *name, uint16_t type,
    int closer)
{
	struct denial_of of = { .zone = p->zone->name, .hashes = &v->hashes };
	enum denial d = DENIAL_NOTHING;

	if (proven(v, p) < 0)
		return DENIAL_NOTHING;
	of.records = p->records;
	d = closer == AT_NAME ? denial_find(&of, name, type) :
	    denial_of_closer(&of, name, (unsigned)closer);
	ldns_rr_list_free(p->records);
	return d;
}

/* After set_is_signed(): it was made from a wildcard.  Was it right to be? */
static enum validate_verdict
expanded(struct validate *v, const ldns_rdf *owner, struct proofs *p)
{
	switch (deny(v, p, owner, 0, (int)v->check.labels)) {
	case DENIAL_NXDOMAIN:
		return VALIDATE_SECURE;
	case DENIAL_OPTOUT:
	case DENIAL_ITERATIONS:
		return VALIDATE_INSECURE;
	default:
		return bogus(v, DNS_EDE_NO_NSEC);
	}
}

/* --- the walk --- */

static int64_t
until(const struct validate *v, int64_t what)
{
	int64_t least = v->check.now + DNSPORT_TTL_MIN,
	    most = v->check.now + ZONES_TTL_MAX;

	return what < least ? least : what > most ? most : what;
}

static enum validate_verdict
learn(struct validate *v, const ldns_rdf *name, enum zone_kind kind,
    const ldns_rr_list *keys, int64_t till, const struct zone **out)
{
	if (zones_put(v->conf.zones, name, kind, keys, until(v, till)) < 0)
		return VALIDATE_FAILED;
	*out = zones_get(v->conf.zones, name, v->check.now);
	return VALIDATE_SECURE;
}

/* Can any of these (DS or DNSKEY) be checked at all? */
static int
any_known(const ldns_rr_list *anchors)
{
	size_t i, n = rrset_count(anchors);

	for (i = 0; i < n; i++) {
		const ldns_rr *rr = ldns_rr_list_rr(anchors, i);
		int ds = ldns_rr_get_type(rr) == LDNS_RR_TYPE_DS;

		if (ldns_rr_rd_count(rr) == 4 && sigcheck_knows_algorithm(
		    ldns_rdf2native_int8(ldns_rr_rdf(rr, ds ? 1 : 2))) &&
		    (!ds || sigcheck_knows_digest(
		    ldns_rdf2native_int8(ldns_rr_rdf(rr, 2)))))
			return 1;
	}
	return 0;
}

static enum validate_verdict
check_keys(struct validate *v, const ldns_rdf *name, const struct rrset *keys,
    const ldns_rr_list *anchors, const struct zone **out)
{
	ldns_rr_list *entry = sigcheck_entry(anchors, keys->rrs);
	enum validate_verdict r;

	if (entry == NULL)
		return VALIDATE_FAILED;
	if (rrset_count(entry) == 0)
		r = bogus(v, DNS_EDE_NO_DNSKEY);
	else if (!sigcheck_set(&v->check, keys->rrs, keys->sigs, entry, name))
		r = bogus(v, v->check.ede);
	else
		r = learn(v, name, ZONE_SECURE, keys->rrs, v->check.until,
		    out);
	ldns_rr_list_free(entry);
	return r;
}

/* The keys of the zone @name, for which @anchors (DS, DNSKEY) stand. */
static enum validate_verdict
enter(struct validate *v, const ldns_rdf *name, const ldns_rr_list *anchors,
    const struct zone **out)
{
	enum validate_verdict r;
	const ldns_pkt *pkt;
	struct rrset keys;

	if (!any_known(anchors))
		return learn(v, name, ZONE_INSECURE, NULL,
		    v->check.now + ZONES_TTL_MAX, out);
	if ((r = fetched(v, name, T(DNSKEY), &pkt)) != VALIDATE_SECURE)
		return r;
	if (rrset_find(&keys, ldns_pkt_answer(pkt), name, T(DNSKEY)) <= 0)
		return bogus(v, DNS_EDE_NO_DNSKEY);
	r = check_keys(v, name, &keys, anchors, out);
	rrset_fini(&keys);
	return r;
}

static enum validate_verdict
from_anchor(struct validate *v, const ldns_rdf *name, const struct zone **out)
{
	enum validate_verdict r;
	ldns_rr_list *anchors;

	if ((*out = zones_get(v->conf.zones, name, v->check.now)) != NULL)
		return VALIDATE_SECURE;
	if ((anchors = anchors_of(v->conf.anchors, name)) == NULL)
		return VALIDATE_FAILED;
	r = enter(v, name, anchors, out);
	ldns_rr_list_free(anchors);
	return r;
}

/* No DS: what is proven of @name, seen from the zone above. */
static enum validate_verdict
without_ds(struct validate *v, const ldns_rdf *name, struct proofs *p,
    const struct zone **out)
{
	enum zone_kind kind;

	switch (deny(v, p, name, T(DS), AT_NAME)) {
	case DENIAL_CUT:
	case DENIAL_OPTOUT:
		kind = ZONE_INSECURE;
		break;
	case DENIAL_ITERATIONS:
		v->ede = DNS_EDE_NSEC3_ITERATIONS;
		kind = ZONE_INSECURE;
		break;
	case DENIAL_NODATA:
	case DENIAL_NXDOMAIN:
		kind = ZONE_NONE;
		break;
	default:
		return bogus(v, DNS_EDE_NO_NSEC);
	}
	return learn(v, name, kind, NULL, p->until, out);
}

/* A CNAME or a DNAME instead: no zone begins there. */
static enum validate_verdict
alias(struct validate *v, const struct chain_link *l, struct proofs *p,
    const struct zone **out)
{
	int64_t till = v->check.until;
	enum validate_verdict r = VALIDATE_SECURE;

	if (is_expanded(v, rrset_owner(&l->set))) {
		r = l->type == T(CNAME) ? expanded(v, l->name, p) :
		    bogus(v, DNS_EDE_BOGUS);
		till = till < p->until ? till : p->until;
	}
	if (!is_good(r))
		return r;
	return learn(v, l->name, r == VALIDATE_SECURE ? ZONE_NONE :
	    ZONE_INSECURE, NULL, till, out);
}

static enum validate_verdict
from_ds(struct validate *v, const struct chain_link *l, struct proofs *p,
    const struct zone **out)
{
	if (l->set.rrs == NULL)
		return without_ds(v, l->name, p, out);
	if (!set_is_signed(v, &l->set, p->zone))
		return bogus(v, v->check.ede);
	if (l->type != T(DS))
		return alias(v, l, p, out);
	if (is_expanded(v, l->name))
		return bogus(v, DNS_EDE_BOGUS);
	return enter(v, l->name, l->set.rrs, out);
}

static enum validate_verdict
ask_ds(struct validate *v, const ldns_rdf *name, const struct zone *above,
    const struct zone **out)
{
	struct proofs p = { .zone = above };
	enum validate_verdict r;
	struct chain *c;

	if ((r = fetched(v, name, T(DS), &p.pkt)) != VALIDATE_SECURE)
		return r;
	switch (chain_find(&c, p.pkt, name, T(DS))) {
	case 0:
		break;
	case -ENOMEM:
		return VALIDATE_FAILED;
	default:
		return bogus(v, DNS_EDE_BOGUS);
	}
	r = from_ds(v, &c->link[0], &p, out);
	chain_free(c);
	return r;
}

static enum validate_verdict
next_zone(struct validate *v, const ldns_rdf *name, const struct zone *above,
    const struct zone **out)
{
	if ((*out = zones_get(v->conf.zones, name, v->check.now)) != NULL)
		return VALIDATE_SECURE;
	return ask_ds(v, name, above, out);
}

/* The zone that @target is in, with its keys: SECURE; or INSECURE. */
static enum validate_verdict
walk(struct validate *v, const ldns_rdf *target, const struct zone **out)
{
	const ldns_rdf *anchor = anchors_zone(v->conf.anchors, target);
	const struct zone *z, *next;
	enum validate_verdict r;
	ldns_rdf *name;
	unsigned n, end = labels(target);

	if (anchor == NULL)
		return VALIDATE_INSECURE;
	n = labels(anchor);
	r = from_anchor(v, anchor, &z);
	if (r == VALIDATE_NEED)
		look_ahead(v, target, n + 1);
	while (r == VALIDATE_SECURE && z->kind == ZONE_SECURE && n < end) {
		if ((name = tail(target, ++n)) == NULL)
			return VALIDATE_FAILED;
		r = next_zone(v, name, z, &next);
		ldns_rdf_deep_free(name);
		if (r == VALIDATE_NEED)
			look_ahead(v, target, n);
		else if (r == VALIDATE_SECURE && next->kind != ZONE_NONE)
			z = next;
	}
	if (r != VALIDATE_SECURE)
		return r;
	*out = z;
	return z->kind == ZONE_SECURE ? VALIDATE_SECURE : VALIDATE_INSECURE;
}

/* Where the zone is that answers for it: a DS is the parent's. */
static ldns_rdf *
home(const ldns_rdf *name, uint16_t type)
{
	unsigned n = labels(name);

	return tail(name, type == T(DS) && n ? n - 1 : n);
}

/* Where nothing is signed: only an insecure zone is excused. */
static enum validate_verdict
unsigned_at(struct validate *v, const ldns_rdf *name, uint16_t type,
    uint16_t ede)
{
	ldns_rdf *target = home(name, type);
	const struct zone *z;
	enum validate_verdict r;

	if (target == NULL)
		return VALIDATE_FAILED;
	r = walk(v, target, &z);
	ldns_rdf_deep_free(target);
	return r == VALIDATE_SECURE ? bogus(v, ede) : r;
}

/* Could that zone sign what is at @name?  Anybody can write a zone's name into
 * a signature.  One above the anchor could not, however insecure it is: the
 * walk to the zone has to be the beginning of the walk to @name. */
static int
may_sign(const struct validate *v, const ldns_rdf *signer,
    const ldns_rdf *name, uint16_t type)
{
	ldns_rdf *at = home(name, type);
	const ldns_rdf *anchor = at ? anchors_zone(v->conf.anchors, at) : NULL;
	int rc = anchor && at_or_below(at, signer) &&
	    at_or_below(signer, anchor);

	ldns_rdf_deep_free(at);
	return rc;
}

/* The zone that is said to have signed it: SECURE; or INSECURE. */
static enum validate_verdict
zone_of(struct validate *v, const ldns_rdf *signer, const struct zone **out)
{
	enum validate_verdict r = walk(v, signer, out);

	return r != VALIDATE_SECURE || dname_rdf_same((*out)->name, signer) ?
	    r : bogus(v, DNS_EDE_NO_DNSKEY);
}

/* --- one link --- */

/* Whose signature it is; NULL: nobody's who could sign that. */
static const ldns_rdf *
signer_of(const struct validate *v, const struct rrset *s, uint16_t type)
{
	size_t i, n = rrset_count(s->sigs);

	for (i = 0; i < n; i++) {
		const ldns_rdf *signer = ldns_rr_rdf(
		    ldns_rr_list_rr(s->sigs, i), 7);

		if (may_sign(v, signer, rrset_owner(s), type))
			return signer;
	}
	return NULL;
}

/* Signed.  A DNAME is not made from a wildcard (RFC 6672 3.3). */
static enum validate_verdict
check_signed(struct validate *v, struct chain_link *l, const struct zone *z)
{
	struct proofs p = { .pkt = v->chain->pkt, .zone = z };

	l->ttl = ttl_of(v);
	if (!is_expanded(v, rrset_owner(&l->set)))
		return VALIDATE_SECURE;
	return l->type == T(DNAME) ? bogus(v, DNS_EDE_BOGUS) :
	    expanded(v, l->name, &p);
}

static enum validate_verdict
check_set(struct validate *v, struct chain_link *l)
{
	const ldns_rdf *owner = rrset_owner(&l->set);
	const ldns_rdf *signer = signer_of(v, &l->set, l->type);
	const struct zone *z;
	enum validate_verdict r;

	if (signer == NULL)
		return unsigned_at(v, owner, l->type, DNS_EDE_NO_RRSIG);
	if ((r = zone_of(v, signer, &z)) != VALIDATE_SECURE)
		return r;
	if (!set_is_signed(v, &l->set, z))
		return bogus(v, v->check.ede);
	return check_signed(v, l, z);
}

static const ldns_rdf *
negative_signer(const struct validate *v, const struct chain_link *l)
{
	const ldns_rr_list *from = ldns_pkt_authority(v->chain->pkt);
	size_t i, n = rrset_count(from);

	for (i = 0; i < n; i++) {
		const ldns_rr *rr = ldns_rr_list_rr(from, i);
		uint16_t type = rrset_covers(rr);

		if ((type == T(NSEC) || type == T(NSEC3) || type == T(SOA)) &&
		    may_sign(v, ldns_rr_rdf(rr, 7), l->name, l->type))
			return ldns_rr_rdf(rr, 7);
	}
	return NULL;
}

static enum validate_verdict
check_denial(struct validate *v, const struct chain_link *l,
    const struct zone *z)
{
	struct proofs p = { .pkt = v->chain->pkt, .zone = z };
	int nx = ldns_pkt_get_rcode(v->chain->pkt) == LDNS_RCODE_NXDOMAIN;

	switch (deny(v, &p, l->name, l->type, AT_NAME)) {
	case DENIAL_NODATA:
	case DENIAL_CUT:
		return nx ? bogus(v, DNS_EDE_NO_NSEC) : VALIDATE_SECURE;
	case DENIAL_NXDOMAIN:
		return nx ? VALIDATE_SECURE : bogus(v, DNS_EDE_NO_NSEC);
	case DENIAL_ITERATIONS:
		v->ede = DNS_EDE_NSEC3_ITERATIONS;
		return VALIDATE_INSECURE;
	case DENIAL_OPTOUT:
		return VALIDATE_INSECURE;
	default:
		return bogus(v, v->check.ede && v->check.ede !=
		    DNS_EDE_NO_RRSIG ? v->check.ede : DNS_EDE_NO_NSEC);
	}
}

/* It goes to the client, under the same bit that says that all is proven. */
static int
soa_is_good(struct validate *v, const struct zone *z)
{
	struct rrset s;
	int rc;

	if (rrset_find(&s, ldns_pkt_authority(v->chain->pkt), z->name,
	    T(SOA)) <= 0)
		return 1;
	rc = set_is_signed(v, &s, z);
	if (rc)
		chain_add_proof(v->chain, &s, ttl_of(v));
	rrset_fini(&s);
	return rc;
}

static enum validate_verdict
check_negative(struct validate *v, const struct chain_link *l)
{
	const ldns_rdf *signer = negative_signer(v, l);
	const struct zone *z;
	enum validate_verdict r;

	if (signer == NULL)
		return unsigned_at(v, l->name, l->type, DNS_EDE_NO_NSEC);
	if ((r = zone_of(v, signer, &z)) != VALIDATE_SECURE)
		return r;
	if (!soa_is_good(v, z))
		return bogus(v, v->check.ede);
	v->check.ede = 0;
	return check_denial(v, l, z);
}

/* --- the door --- */

int
validate_new(struct validate **out, const struct validate_conf *conf,
    struct chain *chain)
{
	struct validate *v = calloc(1, sizeof(*v));

	if (v == NULL)
		return -ENOMEM;
	v->conf = *conf;
	v->chain = chain;
	*out = v;
	return 0;
}

void
validate_free(struct validate *v)
{
	size_t i;

	if (v == NULL)
		return;
	for (i = 0; i < v->nfetch; i++)
		fetch_fini(&v->fetch[i]);
	free(v);
}

static int
too_long(const ldns_pkt *pkt)
{
	return rrset_count(ldns_pkt_answer(pkt)) +
	    rrset_count(ldns_pkt_authority(pkt)) > VALIDATE_RECORDS_MAX;
}

static enum validate_verdict
next_link(struct validate *v)
{
	struct chain_link *l = &v->chain->link[v->at];
	enum validate_verdict r = l->set.rrs ? check_set(v, l) :
	    check_negative(v, l);

	if (is_good(r)) {
		v->insecure |= r == VALIDATE_INSECURE;
		v->at++;
		drop_fetches(v);
	}
	return r;
}

enum validate_verdict
validate_run(struct validate *v, int64_t wall_s)
{
	enum validate_verdict r = VALIDATE_SECURE;

	v->check.now = wall_s;
	if (too_long(v->chain->pkt))
		return bogus(v, DNS_EDE_BOGUS);
	while (is_good(r) && v->at < v->chain->n)
		r = next_link(v);
	zones_trim(v->conf.zones);
	return r == VALIDATE_SECURE && v->insecure ? VALIDATE_INSECURE : r;
}

void
validate_give(struct validate *v, const ldns_rdf *name, uint16_t type,
    ldns_pkt *pkt)
{
	struct fetch *f = find_fetch(v, name, type);

	if (f == NULL || f->state != FETCH_ASKED) {
		ldns_pkt_free(pkt);
		return;
	}
	if (pkt && too_long(pkt)) {
		ldns_pkt_free(pkt);
		pkt = NULL;
	}
	f->pkt = pkt;
	f->state = pkt ? FETCH_GOT : FETCH_FAILED;
}

uint16_t
validate_why(const struct validate *v)
{
	return v->ede;
}

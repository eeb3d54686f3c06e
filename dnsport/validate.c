/* dnsport/validate.c - is an answer what its zones say?
 *
 * Theory of operation
 *	The answer is followed from the name that was asked, over CNAMEs and
 *	DNAMEs, to the records or to the proof that there are none.  Each step's
 *	set of records names its zone (the signer); the walk goes from the
 *	anchor down to that zone:
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
 *	at the step that was not decided, so that nothing is verified twice but
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
#include "dnsport/denial.h"
#include "dnsport/dname.h"
#include "dnsport/record.h"
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
	const ldns_pkt	*pkt;
	ldns_rdf	*at;		/* the name that this step is about */
	uint16_t	 type;
	unsigned	 steps;
	int		 insecure;	/* a step was */
	struct fetch	 fetch[VALIDATE_FETCH_MAX];
	size_t		 nfetch;
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

/* --- sets of records --- */

static int
same_name(const ldns_rdf *a, const ldns_rdf *b)
{
	return ldns_dname_compare(a, b) == 0;
}

static int
at_or_below(const ldns_rdf *name, const ldns_rdf *top)
{
	return same_name(name, top) || ldns_dname_is_subdomain(name, top);
}

static size_t
count(const ldns_rr_list *l)
{
	return l ? ldns_rr_list_rr_count(l) : 0;
}

/* What a signature covers; 0: it is none. */
static uint16_t
covers(const ldns_rr *rr)
{
	if (ldns_rr_get_type(rr) != LDNS_RR_TYPE_RRSIG ||
	    ldns_rr_rd_count(rr) != 9)
		return 0;
	return (uint16_t)ldns_rdf2rr_type(ldns_rr_rdf(rr, 0));
}

static int
is_of(const ldns_rr *rr, const ldns_rdf *owner, uint16_t type, int sigs)
{
	uint16_t t = sigs ? covers(rr) : (uint16_t)ldns_rr_get_type(rr);

	return t == type && ldns_rr_get_class(rr) == LDNS_RR_CLASS_IN &&
	    same_name(ldns_rr_owner(rr), owner);
}

/* The set, or its signatures: borrowed records.  NULL: no memory. */
static ldns_rr_list *
pick(const ldns_rr_list *from, const ldns_rdf *owner, uint16_t type, int sigs)
{
	ldns_rr_list *out = ldns_rr_list_new();
	size_t i, n = count(from);
	ldns_rr *rr;

	for (i = 0; i < n && out; i++) {
		rr = ldns_rr_list_rr(from, i);
		if (is_of(rr, owner, type, sigs))
			ldns_rr_list_push_rr(out, rr);
	}
	return out;
}

struct set {
	ldns_rr_list	*rrs, *sigs;	/* borrowed records */
};

static void
set_free(struct set *s)
{
	ldns_rr_list_free(s->rrs);
	ldns_rr_list_free(s->sigs);
}

/* Is there one? */
static int
set_find(struct set *s, const ldns_rr_list *from, const ldns_rdf *owner,
    uint16_t type)
{
	s->rrs = pick(from, owner, type, 0);
	s->sigs = pick(from, owner, type, 1);
	if (s->rrs && s->sigs && ldns_rr_list_rr_count(s->rrs))
		return 1;
	set_free(s);
	s->rrs = s->sigs = NULL;
	return 0;
}

static const ldns_rdf *
set_owner(const struct set *s)
{
	return ldns_rr_owner(ldns_rr_list_rr(s->rrs, 0));
}

/* A DNAME of a name above @name. */
static int
set_find_dname(struct set *s, const ldns_rr_list *from, const ldns_rdf *name)
{
	size_t i, n = count(from);

	for (i = 0; i < n; i++) {
		const ldns_rr *rr = ldns_rr_list_rr(from, i);

		if (ldns_rr_get_type(rr) == LDNS_RR_TYPE_DNAME &&
		    ldns_rr_rd_count(rr) == 1 &&
		    ldns_dname_is_subdomain(name, ldns_rr_owner(rr)))
			return set_find(s, from, ldns_rr_owner(rr), T(DNAME));
	}
	return 0;
}

static int
set_is_signed(struct validate *v, const struct set *s, const struct zone *z)
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
		    same_name(v->fetch[i].name, name))
			return &v->fetch[i];
	return NULL;
}

/* NULL: too many. */
static struct fetch *
want(struct validate *v, const ldns_rdf *name, uint16_t type)
{
	struct fetch *f = find_fetch(v, name, type);

	if (f || v->nfetch >= VALIDATE_FETCH_MAX)
		return f;
	f = &v->fetch[v->nfetch];
	if ((f->name = ldns_rdf_clone(name)) == NULL)
		return NULL;
	f->type = type;
	f->state = FETCH_ASKED;
	v->nfetch++;
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

/* The NSEC and NSEC3 records of a message that are @z's: borrowed. */
static ldns_rr_list *
proven(struct validate *v, const ldns_pkt *pkt, const struct zone *z)
{
	const ldns_rr_list *from = ldns_pkt_authority(pkt);
	ldns_rr_list *out = ldns_rr_list_new();
	size_t i, n = count(from);
	struct set s;
	uint16_t type;
	ldns_rr *rr;

	for (i = 0; i < n && out &&
	    count(out) < DENIAL_RECORDS_MAX; i++) {
		rr = ldns_rr_list_rr(from, i);
		type = (uint16_t)ldns_rr_get_type(rr);
		if ((type != T(NSEC) && type != T(NSEC3)) ||
		    !at_or_below(ldns_rr_owner(rr), z->name) ||
		    !set_find(&s, from, ldns_rr_owner(rr), type))
			continue;
		if (count(s.rrs) == 1 && set_is_signed(v, &s, z) &&
		    !is_expanded(v, ldns_rr_owner(rr)))
			ldns_rr_list_push_rr(out, rr);
		set_free(&s);
	}
	return out;
}

static enum denial
deny(struct validate *v, const ldns_pkt *pkt, const struct zone *z,
    const ldns_rdf *name, uint16_t type)
{
	ldns_rr_list *records = proven(v, pkt, z);
	struct denial_of of = { .zone = z->name, .records = records,
		.hashes = &v->hashes };
	enum denial d = DENIAL_NOTHING;

	if (records)
		d = denial_find(&of, name, type);
	ldns_rr_list_free(records);
	return d;
}

static enum denial
deny_closer(struct validate *v, const ldns_pkt *pkt, const struct zone *z,
    const ldns_rdf *name, unsigned n)
{
	ldns_rr_list *records = proven(v, pkt, z);
	struct denial_of of = { .zone = z->name, .records = records,
		.hashes = &v->hashes };
	enum denial d = DENIAL_NOTHING;

	if (records)
		d = denial_of_closer(&of, name, n);
	ldns_rr_list_free(records);
	return d;
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
	size_t i, n = count(anchors);

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

/* Those of @keys that @anchors stand for: borrowed. */
static ldns_rr_list *
entry_keys(const ldns_rr_list *anchors, const ldns_rr_list *keys)
{
	ldns_rr_list *out = ldns_rr_list_new();
	size_t i, j, n = count(keys), m = count(anchors);

	for (i = 0; i < n && out; i++)
		for (j = 0; j < m; j++)
			if (sigcheck_is_key(ldns_rr_list_rr(anchors, j),
			    ldns_rr_list_rr(keys, i))) {
				ldns_rr_list_push_rr(out,
				    ldns_rr_list_rr(keys, i));
				break;
			}
	return out;
}

static enum validate_verdict
check_keys(struct validate *v, const ldns_rdf *name, const struct set *keys,
    const ldns_rr_list *anchors, const struct zone **out)
{
	ldns_rr_list *entry = entry_keys(anchors, keys->rrs);
	enum validate_verdict r;

	if (entry == NULL)
		return VALIDATE_FAILED;
	if (count(entry) == 0)
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
	struct set keys;

	if (!any_known(anchors))
		return learn(v, name, ZONE_INSECURE, NULL,
		    v->check.now + ZONES_TTL_MAX, out);
	if ((r = fetched(v, name, T(DNSKEY), &pkt)) != VALIDATE_SECURE)
		return r;
	if (!set_find(&keys, ldns_pkt_answer(pkt), name, T(DNSKEY)))
		return bogus(v, DNS_EDE_NO_DNSKEY);
	r = check_keys(v, name, &keys, anchors, out);
	set_free(&keys);
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
without_ds(struct validate *v, const ldns_rdf *name, const ldns_pkt *pkt,
    const struct zone *above, const struct zone **out)
{
	enum zone_kind kind;

	switch (deny(v, pkt, above, name, T(DS))) {
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
	return learn(v, name, kind, NULL, v->check.until, out);
}

/* A CNAME or a DNAME instead: no zone begins there. */
static enum validate_verdict
alias(struct validate *v, const ldns_rdf *name, const struct set *s,
    const struct zone *above, const struct zone **out)
{
	if (!set_is_signed(v, s, above))
		return bogus(v, v->check.ede);
	return learn(v, name, ZONE_NONE, NULL, v->check.until, out);
}

static enum validate_verdict
ask_ds(struct validate *v, const ldns_rdf *name, const struct zone *above,
    const struct zone **out)
{
	enum validate_verdict r;
	const ldns_rr_list *answer;
	const ldns_pkt *pkt;
	struct set s;

	if ((r = fetched(v, name, T(DS), &pkt)) != VALIDATE_SECURE)
		return r;
	answer = ldns_pkt_answer(pkt);
	if (set_find(&s, answer, name, T(DS))) {
		if (!set_is_signed(v, &s, above))
			r = bogus(v, v->check.ede);
		else if (is_expanded(v, name))
			r = bogus(v, DNS_EDE_BOGUS);
		else
			r = enter(v, name, s.rrs, out);
	} else if (set_find_dname(&s, answer, name) ||
	    set_find(&s, answer, name, T(CNAME)))
		r = alias(v, name, &s, above, out);
	else
		return without_ds(v, name, pkt, above, out);
	set_free(&s);
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

/* Where nothing is signed: only an insecure zone is excused. */
static enum validate_verdict
unsigned_at(struct validate *v, const ldns_rdf *name, uint16_t type,
    uint16_t ede)
{
	/* A DS is the parent's. */
	unsigned n = labels(name), from = type == T(DS) && n ? 1 : 0;
	ldns_rdf *target = tail(name, n - from);
	const struct zone *z;
	enum validate_verdict r;

	if (target == NULL)
		return VALIDATE_FAILED;
	r = walk(v, target, &z);
	ldns_rdf_deep_free(target);
	return r == VALIDATE_SECURE ? bogus(v, ede) : r;
}

/* --- one step --- */

/* Whose signature it is; NULL: nobody's who could sign that. */
static const ldns_rdf *
signer_of(const ldns_rr_list *sigs, const ldns_rdf *owner, uint16_t type)
{
	size_t i, n = count(sigs);

	for (i = 0; i < n; i++) {
		const ldns_rr *sig = ldns_rr_list_rr(sigs, i);
		const ldns_rdf *signer;

		if (covers(sig) == 0)
			continue;
		signer = ldns_rr_rdf(sig, 7);
		if (ldns_dname_is_subdomain(owner, signer) ||
		    (type != T(DS) && same_name(owner, signer)))
			return signer;
	}
	return NULL;
}

static enum validate_verdict
expanded(struct validate *v, const ldns_rdf *owner, const struct zone *z)
{
	switch (deny_closer(v, v->pkt, z, owner, v->check.labels)) {
	case DENIAL_NXDOMAIN:
		return VALIDATE_SECURE;
	case DENIAL_OPTOUT:
	case DENIAL_ITERATIONS:
		return VALIDATE_INSECURE;
	default:
		return bogus(v, DNS_EDE_NO_NSEC);
	}
}

static enum validate_verdict
check_set(struct validate *v, const struct set *s, uint16_t type)
{
	const ldns_rdf *owner = set_owner(s);
	const ldns_rdf *signer = signer_of(s->sigs, owner, type);
	const struct zone *z;
	enum validate_verdict r;

	if (signer == NULL)
		return unsigned_at(v, owner, type, DNS_EDE_NO_RRSIG);
	if ((r = walk(v, signer, &z)) != VALIDATE_SECURE)
		return r;
	if (!same_name(z->name, signer))
		return bogus(v, DNS_EDE_NO_DNSKEY);
	if (!set_is_signed(v, s, z))
		return bogus(v, v->check.ede);
	return is_expanded(v, owner) ? expanded(v, owner, z) :
	    VALIDATE_SECURE;
}

static const ldns_rdf *
negative_signer(const struct validate *v)
{
	const ldns_rr_list *from = ldns_pkt_authority(v->pkt);
	size_t i, n = count(from);

	for (i = 0; i < n; i++) {
		const ldns_rr *rr = ldns_rr_list_rr(from, i);
		uint16_t type = covers(rr);
		const ldns_rdf *signer;

		if (type != T(NSEC) && type != T(NSEC3) && type != T(SOA))
			continue;
		signer = ldns_rr_rdf(rr, 7);
		if (ldns_dname_is_subdomain(v->at, signer) ||
		    (same_name(v->at, signer) &&
		    (v->type != T(DS) || labels(signer) == 0)))
			return signer;
	}
	return NULL;
}

static enum validate_verdict
check_denial(struct validate *v, const struct zone *z)
{
	int nx = ldns_pkt_get_rcode(v->pkt) == LDNS_RCODE_NXDOMAIN;

	switch (deny(v, v->pkt, z, v->at, v->type)) {
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
	const ldns_rr_list *from = ldns_pkt_authority(v->pkt);
	struct set s;
	int rc;

	if (!set_find(&s, from, z->name, T(SOA)))
		return 1;
	rc = set_is_signed(v, &s, z);
	set_free(&s);
	return rc;
}

static enum validate_verdict
check_negative(struct validate *v)
{
	const ldns_rdf *signer = negative_signer(v);
	const struct zone *z;
	enum validate_verdict r;

	if (signer == NULL)
		return unsigned_at(v, v->at, v->type, DNS_EDE_NO_NSEC);
	if ((r = walk(v, signer, &z)) != VALIDATE_SECURE)
		return r;
	if (!same_name(z->name, signer))
		return bogus(v, DNS_EDE_NO_DNSKEY);
	if (!soa_is_good(v, z))
		return bogus(v, v->check.ede);
	v->check.ede = 0;
	return check_denial(v, z);
}

static ldns_rdf *
rdf_of(const uint8_t *wire, size_t len)
{
	return len <= DNAME_LEN_MAX ? ldns_rdf_new_frm_data(
	    LDNS_RDF_TYPE_DNAME, len, wire) : NULL;
}

/* @v->at with the DNAME's owner replaced by its target; NULL: too long. */
static ldns_rdf *
replaced(const struct validate *v, const struct set *dname)
{
	const ldns_rr *rr = ldns_rr_list_rr(dname->rrs, 0);
	const ldns_rdf *to = ldns_rr_rdf(rr, 0);
	uint8_t wire[2 * DNAME_LEN_MAX];
	struct dname at, owner;
	size_t keep;

	if (dname_set(&at, ldns_rdf_data(v->at), ldns_rdf_size(v->at)) < 0 ||
	    dname_set(&owner, ldns_rdf_data(ldns_rr_owner(rr)),
	    ldns_rdf_size(ldns_rr_owner(rr))) < 0 ||
	    ldns_rdf_size(to) > DNAME_LEN_MAX)
		return NULL;
	keep = at.at[at.n - owner.n];
	memcpy(wire, at.b, keep);
	memcpy(wire + keep, ldns_rdf_data(to), ldns_rdf_size(to));
	return rdf_of(wire, keep + ldns_rdf_size(to));
}

/* The next name, taken. */
static enum validate_verdict
step_to(struct validate *v, ldns_rdf *take)
{
	if (take == NULL)
		return bogus(v, DNS_EDE_BOGUS);
	ldns_rdf_deep_free(v->at);
	v->at = take;
	return ++v->steps > VALIDATE_CHAIN_MAX ? bogus(v, DNS_EDE_BOGUS) :
	    VALIDATE_NEED;
}

static ldns_rdf *
target_of(const struct set *cname)
{
	const ldns_rr *rr = ldns_rr_list_rr(cname->rrs, 0);

	return count(cname->rrs) == 1 && ldns_rr_rd_count(rr) == 1 ?
	    ldns_rdf_clone(ldns_rr_rdf(rr, 0)) : NULL;
}

static int
is_good(enum validate_verdict r)
{
	return r == VALIDATE_SECURE || r == VALIDATE_INSECURE;
}

/* A step over an alias: @s, whose target is @to (taken). */
static enum validate_verdict
over(struct validate *v, const struct set *s, uint16_t type, ldns_rdf *to,
    int *again)
{
	enum validate_verdict r = check_set(v, s, type);

	if (!is_good(r)) {
		ldns_rdf_deep_free(to);
		return r;
	}
	v->insecure |= r == VALIDATE_INSECURE;
	r = step_to(v, to);
	*again = r == VALIDATE_NEED;
	return r;
}

/* The verdict on the whole, or *again: one step was done. */
static enum validate_verdict
step(struct validate *v, int *again)
{
	const ldns_rr_list *answer = ldns_pkt_answer(v->pkt);
	enum validate_verdict r;
	struct set s;

	*again = 0;
	if (set_find(&s, answer, v->at, v->type))
		r = check_set(v, &s, v->type);
	else if (set_find_dname(&s, answer, v->at))
		r = over(v, &s, T(DNAME), replaced(v, &s), again);
	else if (set_find(&s, answer, v->at, T(CNAME)))
		r = over(v, &s, T(CNAME), target_of(&s), again);
	else
		return check_negative(v);
	set_free(&s);
	return r;
}

/* --- the door --- */

int
validate_new(struct validate **out, const struct validate_conf *conf,
    const ldns_rdf *name, uint16_t type, const ldns_pkt *pkt)
{
	struct validate *v = calloc(1, sizeof(*v));

	if (v == NULL)
		return -ENOMEM;
	if ((v->at = ldns_rdf_clone(name)) == NULL) {
		free(v);
		return -ENOMEM;
	}
	v->conf = *conf;
	v->type = type;
	v->pkt = pkt;
	*out = v;
	return 0;
}

void
validate_free(struct validate *v)
{
	size_t i;

	if (v == NULL)
		return;
	for (i = 0; i < v->nfetch; i++) {
		ldns_rdf_deep_free(v->fetch[i].name);
		ldns_pkt_free(v->fetch[i].pkt);
	}
	ldns_rdf_deep_free(v->at);
	free(v);
}

static int
too_long(const ldns_pkt *pkt)
{
	return count(ldns_pkt_answer(pkt)) + count(ldns_pkt_authority(pkt)) >
	    VALIDATE_RECORDS_MAX;
}

enum validate_verdict
validate_run(struct validate *v, int64_t wall_s)
{
	enum validate_verdict r;
	int again;

	v->check.now = wall_s;
	if (too_long(v->pkt))
		return bogus(v, DNS_EDE_BOGUS);
	do
		r = step(v, &again);
	while (again);
	zones_trim(v->conf.zones);
	if (r == VALIDATE_SECURE && v->insecure)
		return VALIDATE_INSECURE;
	return r;
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

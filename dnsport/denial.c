/* dnsport/denial.c - what NSEC and NSEC3 records prove
 *
 * Theory of operation
 *	A record says of a stretch of the zone (of its names, or of their
 *	hashes) that nothing is in it, and of the name that it begins at which
 *	types are there.  A name is denied by a record whose stretch it is in,
 *	together with the wildcard that could have stood in for it.
 *
 *	Not every true record is a proof: one at a delegation says nothing of
 *	what is below, nor of any type but DS at the name itself; one of the
 *	child's says nothing of its DS; and below a DNAME there is no name at
 *	all (RFC 6840 4).
 */
#include "dnsport/denial.h"

#include <ldns/ldns.h>
#include <string.h>

#include "dnsport/dname.h"

enum {
	HASH = 20, HASH_TEXT = 32, SALT_MAX = 255,
	NSEC3_SHA1 = 1, NSEC3_OPTOUT = 1, WINDOW_MAX = 32,
	T_NS = 2, T_CNAME = 5, T_SOA = 6, T_DNAME = 39, T_DS = 43
};

struct nsec {
	struct dname	 owner, next;
	const ldns_rdf	*types;
};

struct nsec3 {
	uint8_t		 owner[HASH], next[HASH];
	uint8_t		 optout;
	const ldns_rdf	*types;
};

struct params {			/* of NSEC3, one set for all */
	uint16_t	 iterations;
	uint8_t		 salt_len;
	uint8_t		 salt[SALT_MAX];
};

struct proofs {
	struct dname	 zone;
	struct nsec	 nsec[DENIAL_RECORDS_MAX];
	size_t		 nnsec;
	struct nsec3	 nsec3[DENIAL_RECORDS_MAX];
	size_t		 nnsec3;
	struct params	 params;
	int		 too_many;	/* iterations */
	unsigned	*hashes;
};

static int
has(const ldns_rdf *types, unsigned type)
{
	return types && ldns_nsec_bitmap_covers_type(types,
	    (ldns_rr_type)type);
}

static int
is_delegation(const ldns_rdf *types)
{
	return has(types, T_NS) && !has(types, T_SOA);
}

static int
set_name(struct dname *d, const ldns_rdf *rdf)
{
	return dname_set(d, ldns_rdf_data(rdf), ldns_rdf_size(rdf));
}

/* --- reading --- */

/* RFC 4034 4.1.2: windows in order, each with 1 to 32 bytes.  ldns looks into
 * it without that. */
static int
is_bitmap(const ldns_rdf *rdf)
{
	size_t at = 0, len = ldns_rdf_size(rdf);
	const uint8_t *b = ldns_rdf_data(rdf);
	int last = -1;

	while (at < len) {
		if (len - at < 2 || b[at] <= last || b[at + 1] == 0 ||
		    b[at + 1] > WINDOW_MAX || len - at - 2 < b[at + 1])
			return 0;
		last = b[at];
		at += 2u + b[at + 1];
	}
	return 1;
}

static void
add_nsec(struct proofs *p, const ldns_rr *rr)
{
	struct nsec *n = &p->nsec[p->nnsec];

	if (ldns_rr_rd_count(rr) != 2 || p->nnsec >= DENIAL_RECORDS_MAX ||
	    set_name(&n->owner, ldns_rr_owner(rr)) < 0 ||
	    set_name(&n->next, ldns_rr_rdf(rr, 0)) < 0 ||
	    !is_bitmap(ldns_rr_rdf(rr, 1)))
		return;
	n->types = ldns_rr_rdf(rr, 1);
	p->nnsec++;
}

/* Its owner's first label is a hash, right below the zone. */
static int
owner_hash(const struct proofs *p, const ldns_rr *rr, uint8_t out[HASH])
{
	struct dname owner;

	return set_name(&owner, ldns_rr_owner(rr)) == 0 &&
	    owner.n == p->zone.n + 1u && dname_is_below(&owner, &p->zone) &&
	    owner.b[0] == HASH_TEXT &&
	    ldns_b32_pton_extended_hex((const char *)owner.b + 1, HASH_TEXT,
	    out, HASH) == HASH;
}

static int
read_params(struct params *params, const ldns_rr *rr)
{
	const ldns_rdf *salt = ldns_rr_rdf(rr, 3);
	size_t len = ldns_rdf_size(salt);
	const uint8_t *b = ldns_rdf_data(salt);

	if (ldns_rdf2native_int8(ldns_rr_rdf(rr, 0)) != NSEC3_SHA1 ||
	    len == 0 || len != b[0] + 1u)
		return 0;
	memset(params, 0, sizeof(*params));
	params->iterations = ldns_rdf2native_int16(ldns_rr_rdf(rr, 2));
	params->salt_len = b[0];
	memcpy(params->salt, b + 1, b[0]);
	return 1;
}

static void
add_nsec3(struct proofs *p, const ldns_rr *rr)
{
	struct nsec3 *n = &p->nsec3[p->nnsec3];
	struct params params;
	const ldns_rdf *next;
	uint8_t flags;

	if (ldns_rr_rd_count(rr) < 5 || p->nnsec3 >= DENIAL_RECORDS_MAX ||
	    !read_params(&params, rr) || !owner_hash(p, rr, n->owner) ||
	    (ldns_rr_rdf(rr, 5) && !is_bitmap(ldns_rr_rdf(rr, 5))))
		return;
	flags = ldns_rdf2native_int8(ldns_rr_rdf(rr, 1));
	if (flags > NSEC3_OPTOUT)	/* RFC 5155 8.2: not for us */
		return;
	if (params.iterations > DENIAL_ITERATIONS_MAX) {
		p->too_many = 1;
		return;
	}
	next = ldns_rr_rdf(rr, 4);
	if (ldns_rdf_size(next) != HASH + 1 || ldns_rdf_data(next)[0] != HASH ||
	    (p->nnsec3 && memcmp(&params, &p->params, sizeof(params)) != 0))
		return;
	p->params = params;
	memcpy(n->next, ldns_rdf_data(next) + 1, HASH);
	n->optout = flags == NSEC3_OPTOUT;
	n->types = ldns_rr_rdf(rr, 5);	/* NULL: an empty name, without any */
	p->nnsec3++;
}

static int
read_proofs(struct proofs *p, const struct denial_of *of)
{
	size_t i, n = ldns_rr_list_rr_count(of->records);
	const ldns_rr *rr;

	memset(p, 0, sizeof(*p));
	p->hashes = of->hashes;
	if (set_name(&p->zone, of->zone) < 0)
		return -1;
	for (i = 0; i < n; i++) {
		rr = ldns_rr_list_rr(of->records, i);
		if (ldns_rr_get_type(rr) == LDNS_RR_TYPE_NSEC)
			add_nsec(p, rr);
		else if (ldns_rr_get_type(rr) == LDNS_RR_TYPE_NSEC3)
			add_nsec3(p, rr);
	}
	return 0;
}

/* --- of a name that is there --- */

/* What its types say of @type. */
static enum denial
at_name(const ldns_rdf *types, const struct dname *name, uint16_t type)
{
	if (has(types, type) || has(types, T_CNAME))
		return DENIAL_NOTHING;
	if (type != T_DS)
		return is_delegation(types) ? DENIAL_NOTHING : DENIAL_NODATA;
	if (has(types, T_SOA) && name->n)	/* the child's */
		return DENIAL_NOTHING;
	return has(types, T_NS) ? DENIAL_CUT : DENIAL_NODATA;
}

/* --- NSEC --- */

static int
nsec_covers(const struct nsec *n, const struct dname *name)
{
	if (dname_cmp(&n->owner, name) >= 0 ||
	    (dname_cmp(name, &n->next) >= 0 &&
	    dname_cmp(&n->next, &n->owner) > 0))
		return 0;
	return !dname_is_below(name, &n->owner) ||
	    (!is_delegation(n->types) && !has(n->types, T_DNAME));
}

static const struct nsec *
nsec_cover(const struct proofs *p, const struct dname *name)
{
	size_t i;

	for (i = 0; i < p->nnsec; i++)
		if (nsec_covers(&p->nsec[i], name))
			return &p->nsec[i];
	return NULL;
}

static const struct nsec *
nsec_match(const struct proofs *p, const struct dname *name, uint16_t type)
{
	const struct nsec *found = NULL;
	size_t i;

	/* At a cut there may be the parent's and the child's. */
	for (i = 0; i < p->nnsec; i++)
		if (dname_cmp(&p->nsec[i].owner, name) == 0) {
			found = &p->nsec[i];
			if (at_name(found->types, name, type))
				break;
		}
	return found;
}

static enum denial
nsec_find(const struct proofs *p, const struct dname *name, uint16_t type)
{
	const struct nsec *n = nsec_match(p, name, type), *w;
	struct dname encloser, wild;
	unsigned a, b;

	if (n)
		return at_name(n->types, name, type);
	if ((n = nsec_cover(p, name)) == NULL)
		return DENIAL_NOTHING;
	if (dname_is_below(&n->next, name))
		return DENIAL_NODATA;	/* names below, nothing at it */
	a = dname_common(name, &n->owner);
	b = dname_common(name, &n->next);
	dname_cut(&encloser, name, a > b ? a : b);
	if (dname_wildcard(&wild, &encloser) < 0)
		return DENIAL_NXDOMAIN;
	if ((w = nsec_match(p, &wild, type)) != NULL)
		return at_name(w->types, &wild, type);
	return nsec_cover(p, &wild) ? DENIAL_NXDOMAIN : DENIAL_NOTHING;
}

/* --- NSEC3 --- */

static int
hash(struct proofs *p, const struct dname *name, uint8_t out[HASH])
{
	uint8_t in[DNAME_LEN_MAX + SALT_MAX];
	const struct params *params = &p->params;
	unsigned i;

	if (++*p->hashes > DENIAL_HASHES_MAX)
		return -1;
	memcpy(in, name->b, name->len);
	memcpy(in + name->len, params->salt, params->salt_len);
	ldns_sha1(in, name->len + (unsigned)params->salt_len, out);
	for (i = 0; i < params->iterations; i++) {
		memcpy(in, out, HASH);
		memcpy(in + HASH, params->salt, params->salt_len);
		ldns_sha1(in, HASH + (unsigned)params->salt_len, out);
	}
	return 0;
}

static const struct nsec3 *
nsec3_match(struct proofs *p, const struct dname *name)
{
	uint8_t h[HASH];
	size_t i;

	if (hash(p, name, h) < 0)
		return NULL;
	for (i = 0; i < p->nnsec3; i++)
		if (memcmp(p->nsec3[i].owner, h, HASH) == 0)
			return &p->nsec3[i];
	return NULL;
}

static const struct nsec3 *
nsec3_cover(struct proofs *p, const struct dname *name)
{
	uint8_t h[HASH];
	size_t i;

	if (hash(p, name, h) < 0)
		return NULL;
	for (i = 0; i < p->nnsec3; i++) {
		const struct nsec3 *n = &p->nsec3[i];
		int after = memcmp(n->owner, h, HASH) < 0;
		int before = memcmp(h, n->next, HASH) < 0;

		if (memcmp(n->owner, n->next, HASH) < 0 ? after && before :
		    after || before)
			return n;
	}
	return NULL;
}

/* The record of the longest ancestor of @name that is there, or of itself. */
static const struct nsec3 *
nsec3_encloser(struct proofs *p, const struct dname *name,
    struct dname *encloser)
{
	const struct nsec3 *n = NULL;
	unsigned labels = name->n + 1u;

	while (n == NULL && labels-- > p->zone.n) {
		dname_cut(encloser, name, labels);
		n = nsec3_match(p, encloser);
	}
	return n;
}

static enum denial
nsec3_wildcard(struct proofs *p, const struct dname *encloser, uint16_t type)
{
	const struct nsec3 *n;
	struct dname wild;

	if (dname_wildcard(&wild, encloser) < 0)
		return DENIAL_NXDOMAIN;
	if ((n = nsec3_match(p, &wild)) != NULL)
		return at_name(n->types, &wild, type);
	return nsec3_cover(p, &wild) ? DENIAL_NXDOMAIN : DENIAL_NOTHING;
}

static enum denial
nsec3_find(struct proofs *p, const struct dname *name, uint16_t type)
{
	struct dname encloser, closer;
	const struct nsec3 *n = nsec3_encloser(p, name, &encloser);
	enum denial d;

	if (n == NULL)
		return DENIAL_NOTHING;
	if (encloser.n == name->n)
		return at_name(n->types, name, type);
	if (is_delegation(n->types) || has(n->types, T_DNAME))
		return DENIAL_NOTHING;
	dname_cut(&closer, name, encloser.n + 1u);
	if ((n = nsec3_cover(p, &closer)) == NULL)
		return DENIAL_NOTHING;
	if (n->optout && type == T_DS)
		return DENIAL_OPTOUT;
	d = nsec3_wildcard(p, &encloser, type);
	return n->optout && d ? DENIAL_OPTOUT : d;
}

/* --- the door --- */

enum denial
denial_find(const struct denial_of *of, const ldns_rdf *rdf, uint16_t type)
{
	struct proofs p;
	struct dname name;
	enum denial d = DENIAL_NOTHING;

	if (read_proofs(&p, of) < 0 || set_name(&name, rdf) < 0 ||
	    dname_common(&name, &p.zone) != p.zone.n)
		return DENIAL_NOTHING;
	if (p.nnsec)
		d = nsec_find(&p, &name, type);
	if (d == DENIAL_NOTHING && p.nnsec3)
		d = nsec3_find(&p, &name, type);
	return d == DENIAL_NOTHING && p.too_many ? DENIAL_ITERATIONS : d;
}

enum denial
denial_of_closer(const struct denial_of *of, const ldns_rdf *rdf,
    unsigned labels)
{
	const struct nsec3 *n3;
	const struct nsec *n;
	struct dname name, closer;
	struct proofs p;

	if (read_proofs(&p, of) < 0 || set_name(&name, rdf) < 0 ||
	    labels >= name.n)
		return DENIAL_NOTHING;
	dname_cut(&closer, &name, labels + 1);
	if (p.nnsec && (n = nsec_cover(&p, &closer)) != NULL &&
	    !dname_is_below(&n->next, &closer))
		return DENIAL_NXDOMAIN;
	if (p.nnsec3 && (n3 = nsec3_cover(&p, &closer)) != NULL)
		return n3->optout ? DENIAL_OPTOUT : DENIAL_NXDOMAIN;
	return p.too_many ? DENIAL_ITERATIONS : DENIAL_NOTHING;
}

/* dnsport/chain.c - an answer, link by link from the name that was asked for
 *
 * Theory of operation
 *	A link is a name and the set of records that is found for it: of a DNAME
 *	above it, of the type that was asked for, or of a CNAME.  An alias leads
 *	to the next link.  Where there is none of these, the chain ends with
 *	nothing, and the message has to say why.
 *
 *	A DNAME has the first word, since there is no name below one; what is
 *	said to be there (a CNAME that follows from it, as a rule) is not looked
 *	at (RFC 6672 5.3.1).  A CNAME and other data at one name, two CNAMEs,
 *	and records under an rcode that says that there are none contradict each
 *	other, and nobody can say which of them was meant.
 * Limits
 *	CHAIN_MAX links.
 */
#include "dnsport/chain.h"

#include <errno.h>
#include <ldns/ldns.h>
#include <stdlib.h>
#include <string.h>

#include "dnsport/dname.h"

enum { KEY = 25 };		/* RFC 2535's, beside any name */

#define T(x) ((uint16_t)LDNS_RR_TYPE_##x)

static int
is_beside_any(uint16_t type)
{
	return type == T(RRSIG) || type == T(NSEC) || type == KEY;
}

/* An alias stands alone, but for what DNSSEC adds (RFC 2181 10.1). */
static int
alias_has_company(const ldns_rr_list *answer, const ldns_rdf *name)
{
	size_t i, n = rrset_count(answer);
	int cname = 0, other = 0;

	for (i = 0; i < n; i++) {
		const ldns_rr *rr = ldns_rr_list_rr(answer, i);
		uint16_t type = (uint16_t)ldns_rr_get_type(rr);

		if (is_beside_any(type) ||
		    ldns_rr_get_class(rr) != LDNS_RR_CLASS_IN ||
		    !dname_rdf_same(ldns_rr_owner(rr), name))
			continue;
		cname |= type == T(CNAME);
		other |= type != T(CNAME);
	}
	return cname && other;
}

/* The name that an alias' only record has; NULL: that is none. */
static const ldns_rdf *
target(const struct rrset *s)
{
	const ldns_rr *rr = ldns_rr_list_rr(s->rrs, 0);
	const ldns_rdf *to;

	if (rrset_count(s->rrs) != 1 || ldns_rr_rd_count(rr) != 1)
		return NULL;
	to = ldns_rr_rdf(rr, 0);
	return ldns_rdf_get_type(to) == LDNS_RDF_TYPE_DNAME ? to : NULL;
}

/* --- DNAME --- */

/* Of a name above @name. */
static int
find_dname(struct rrset *s, const ldns_rr_list *answer, const ldns_rdf *name)
{
	size_t i, n = rrset_count(answer);

	for (i = 0; i < n; i++) {
		const ldns_rr *rr = ldns_rr_list_rr(answer, i);

		if (ldns_rr_get_type(rr) == LDNS_RR_TYPE_DNAME &&
		    ldns_rr_get_class(rr) == LDNS_RR_CLASS_IN &&
		    dname_rdf_below(name, ldns_rr_owner(rr)))
			return rrset_find(s, answer, ldns_rr_owner(rr),
			    T(DNAME));
	}
	return 0;
}

/* @name with @owner, which it is below, replaced by @to.  0; -EBADMSG: too
 * long, which an answer would have said by its rcode; -ENOMEM. */
static int
replace(ldns_rdf **out, const ldns_rdf *name, const ldns_rdf *owner,
    const ldns_rdf *to)
{
	size_t keep = ldns_rdf_size(name) - ldns_rdf_size(owner);
	size_t len = keep + ldns_rdf_size(to);
	uint8_t wire[DNAME_LEN_MAX];

	if (len > sizeof(wire))
		return -EBADMSG;
	memcpy(wire, ldns_rdf_data(name), keep);
	memcpy(wire + keep, ldns_rdf_data(to), ldns_rdf_size(to));
	*out = ldns_rdf_new_frm_data(LDNS_RDF_TYPE_DNAME, len, wire);
	return *out ? 0 : -ENOMEM;
}

/* --- links --- */

static int
over_dname(struct chain_link *l)
{
	const ldns_rdf *to = target(&l->set);

	l->type = T(DNAME);
	if (to == NULL)
		return -EBADMSG;
	return replace(&l->to, l->name, rrset_owner(&l->set), to);
}

static int
over_cname(struct chain_link *l)
{
	const ldns_rdf *to = target(&l->set);

	l->type = T(CNAME);
	if (to == NULL)
		return -EBADMSG;
	l->to = ldns_rdf_clone(to);
	return l->to ? 0 : -ENOMEM;
}

/* @l with what is there for its name. */
static int
fill(struct chain_link *l, const ldns_rr_list *answer, uint16_t type)
{
	int rc;

	l->type = type;
	l->ttl = UINT32_MAX;
	if (alias_has_company(answer, l->name))
		return -EBADMSG;
	if ((rc = find_dname(&l->set, answer, l->name)) != 0)
		return rc < 0 ? rc : over_dname(l);
	if ((rc = rrset_find(&l->set, answer, l->name, type)) != 0)
		return rc < 0 ? rc : type == T(CNAME) && !target(&l->set) ?
		    -EBADMSG : 0;
	if ((rc = rrset_find(&l->set, answer, l->name, T(CNAME))) != 0)
		return rc < 0 ? rc : over_cname(l);
	return 0;
}

static int
add_link(struct chain *c)
{
	const ldns_rdf *name = c->n ? c->link[c->n - 1].to : c->name;

	if (c->n >= CHAIN_MAX)
		return -ELOOP;
	c->link[c->n].name = name;
	return fill(&c->link[c->n++], ldns_pkt_answer(c->pkt), c->type);
}

/* The alias itself is an answer to who asks for CNAME. */
static int
goes_on(const struct chain *c)
{
	return chain_end(c)->to != NULL && c->type != T(CNAME);
}

static int
follow(struct chain *c)
{
	int rc;

	do
		rc = add_link(c);
	while (rc == 0 && goes_on(c));
	if (rc == 0 && chain_end(c)->set.rrs &&
	    ldns_pkt_get_rcode(c->pkt) != LDNS_RCODE_NOERROR)
		return -EBADMSG;
	return rc;
}

/* --- the door --- */

int
chain_find(struct chain **out, const ldns_pkt *pkt, const ldns_rdf *name,
    uint16_t type)
{
	struct chain *c = calloc(1, sizeof(*c));
	int rc = -ENOMEM;

	if (c == NULL)
		return -ENOMEM;
	c->pkt = pkt;
	c->type = type;
	c->name = ldns_rdf_clone(name);
	c->proof = ldns_rr_list_new();
	if (c->name && c->proof)
		rc = follow(c);
	if (rc < 0) {
		chain_free(c);
		return rc;
	}
	*out = c;
	return 0;
}

void
chain_free(struct chain *c)
{
	size_t i;

	if (c == NULL)
		return;
	for (i = 0; i < c->n; i++) {
		rrset_fini(&c->link[i].set);
		ldns_rdf_deep_free(c->link[i].to);
	}
	ldns_rr_list_deep_free(c->proof);
	ldns_rdf_deep_free(c->name);
	free(c);
}

const struct chain_link *
chain_end(const struct chain *c)
{
	return &c->link[c->n - 1];
}

static int
is_proof_already(const struct chain *c, const struct rrset *s)
{
	size_t i, n = rrset_count(c->proof);

	for (i = 0; i < n; i++) {
		const ldns_rr *rr = ldns_rr_list_rr(c->proof, i);

		if (ldns_rr_get_type(rr) == ldns_rr_get_type(
		    ldns_rr_list_rr(s->rrs, 0)) &&
		    dname_rdf_same(ldns_rr_owner(rr), rrset_owner(s)))
			return 1;
	}
	return 0;
}

int
chain_add_proof(struct chain *c, const struct rrset *s, uint32_t ttl)
{
	if (is_proof_already(c, s))
		return 0;
	return rrset_copy(s->rrs, c->proof, ttl) < 0 ||
	    rrset_copy(s->sigs, c->proof, ttl) < 0 ? -ENOMEM : 0;
}

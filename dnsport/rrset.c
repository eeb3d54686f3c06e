/* dnsport/rrset.c - a set of records with its signatures, out of a message */
#include "dnsport/rrset.h"

#include <errno.h>
#include <ldns/ldns.h>

#include "dnsport/dname.h"

enum { SIG_FIELDS = 9 };

size_t
rrset_count(const ldns_rr_list *l)
{
	return l ? ldns_rr_list_rr_count(l) : 0;
}

uint16_t
rrset_covers(const ldns_rr *rr)
{
	if (ldns_rr_get_type(rr) != LDNS_RR_TYPE_RRSIG ||
	    ldns_rr_rd_count(rr) != SIG_FIELDS)
		return 0;
	return (uint16_t)ldns_rdf2rr_type(ldns_rr_rdf(rr, 0));
}

static int
is_of(const ldns_rr *rr, const ldns_rdf *owner, uint16_t type, int sigs)
{
	uint16_t t = sigs ? rrset_covers(rr) : (uint16_t)ldns_rr_get_type(rr);

	return t == type && ldns_rr_get_class(rr) == LDNS_RR_CLASS_IN &&
	    dname_rdf_same(ldns_rr_owner(rr), owner);
}

/* At most @max of the set, or of its signatures; NULL: no memory. */
static ldns_rr_list *
pick(const ldns_rr_list *from, const ldns_rdf *owner, uint16_t type, int sigs,
    size_t max)
{
	ldns_rr_list *out = ldns_rr_list_new();
	size_t i, n = rrset_count(from);
	ldns_rr *rr;

	for (i = 0; i < n && out && rrset_count(out) < max; i++) {
		rr = ldns_rr_list_rr(from, i);
		if (!is_of(rr, owner, type, sigs))
			continue;
		if (!ldns_rr_list_push_rr(out, rr)) {
			ldns_rr_list_free(out);
			return NULL;
		}
	}
	return out;
}

int
rrset_find(struct rrset *s, const ldns_rr_list *from, const ldns_rdf *owner,
    uint16_t type)
{
	int rc;

	s->rrs = pick(from, owner, type, 0, SIZE_MAX);
	s->sigs = pick(from, owner, type, 1, RRSET_SIGS_MAX);
	if (s->rrs == NULL || s->sigs == NULL)
		rc = -ENOMEM;
	else
		rc = rrset_count(s->rrs) != 0;
	if (rc <= 0)
		rrset_fini(s);
	return rc;
}

void
rrset_fini(struct rrset *s)
{
	ldns_rr_list_free(s->rrs);
	ldns_rr_list_free(s->sigs);
	s->rrs = s->sigs = NULL;
}

const ldns_rdf *
rrset_owner(const struct rrset *s)
{
	return ldns_rr_owner(ldns_rr_list_rr(s->rrs, 0));
}

int
rrset_copy_one(const ldns_rr *from, ldns_rr_list *out, uint32_t ttl)
{
	ldns_rr *rr = ldns_rr_clone(from);

	if (rr == NULL)
		return -ENOMEM;
	if (ldns_rr_ttl(rr) > ttl)
		ldns_rr_set_ttl(rr, ttl);
	if (ldns_rr_list_push_rr(out, rr))
		return 0;
	ldns_rr_free(rr);
	return -ENOMEM;
}

int
rrset_copy(const ldns_rr_list *from, ldns_rr_list *out, uint32_t ttl)
{
	size_t i, n = rrset_count(from);
	int rc = 0;

	for (i = 0; i < n && rc == 0; i++)
		rc = rrset_copy_one(ldns_rr_list_rr(from, i), out, ttl);
	return rc;
}

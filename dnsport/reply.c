/* dnsport/reply.c - what a resolver said, and what of it goes to a client
 *
 * What was not asked for is not passed on: additional addresses, servers'
 * names, records of other names.  A client that wants these asks for them, and
 * they are looked at then.  So a reply is not the message with something taken
 * away, but is made of its chain (chain.h), which is what was validated.
 */
#include "dnsport/reply.h"

#include <errno.h>
#include <ldns/ldns.h>
#include <string.h>

#include "base/wire.h"
#include "dnsport/chain.h"
#include "dnsport/dname.h"
#include "dnsport/glance.h"
#include "dnsport/rrset.h"

enum { HEADER = 12 };

/* --- parsing --- */

/* What is read of records here and by the validator is there: ldns takes a
 * record that ends early, or has nothing at all, for a whole one. */
static int
has_its_parts(const ldns_rr *rr)
{
	size_t n = ldns_rr_rd_count(rr);

	switch (ldns_rr_get_type(rr)) {
	case LDNS_RR_TYPE_A:
	case LDNS_RR_TYPE_AAAA:
	case LDNS_RR_TYPE_CNAME:
	case LDNS_RR_TYPE_DNAME:
		return n == 1;
	case LDNS_RR_TYPE_NSEC:
		return n == 2;
	case LDNS_RR_TYPE_DS:
	case LDNS_RR_TYPE_DNSKEY:
		return n == 4;
	case LDNS_RR_TYPE_NSEC3:
		return n == 5 || n == 6;	/* without types, or with */
	case LDNS_RR_TYPE_SOA:
		return n == 7;
	case LDNS_RR_TYPE_RRSIG:
		return n == 9;
	default:
		return 1;
	}
}

static int
all_have_their_parts(const ldns_rr_list *l)
{
	size_t i, n = rrset_count(l);

	for (i = 0; i < n; i++)
		if (!has_its_parts(ldns_rr_list_rr(l, i)))
			return 0;
	return 1;
}

static size_t
count_parts(const ldns_rr_list *l)
{
	size_t i, sum = 0, n = rrset_count(l);

	for (i = 0; i < n; i++)
		sum += ldns_rr_rd_count(ldns_rr_list_rr(l, i));
	return sum;
}

/* One may have a single byte on the wire, and takes far more memory. */
static int
has_too_many_parts(const ldns_pkt *pkt)
{
	return count_parts(ldns_pkt_answer(pkt)) +
	    count_parts(ldns_pkt_authority(pkt)) +
	    count_parts(ldns_pkt_additional(pkt)) > REPLY_PARTS_MAX;
}

ldns_pkt *
reply_parse(const uint8_t *msg, size_t len)
{
	ldns_pkt *pkt = NULL;

	if (len < HEADER || wire_get16(msg + 6) + wire_get16(msg + 8) +
	    wire_get16(msg + 10) > REPLY_RECORDS_MAX ||
	    !glance_is_cheap(msg, len))
		return NULL;
	if (ldns_wire2pkt(&pkt, msg, len) != LDNS_STATUS_OK ||
	    has_too_many_parts(pkt) ||
	    !all_have_their_parts(ldns_pkt_answer(pkt)) ||
	    !all_have_their_parts(ldns_pkt_authority(pkt))) {
		ldns_pkt_free(pkt);
		return NULL;
	}
	return pkt;
}

/* --- making --- */

/* RFC 6672 5.3.1: with the DNAME's TTL. */
static int
add_cname(ldns_rr_list *out, const struct chain_link *l)
{
	uint32_t ttl = ldns_rr_ttl(ldns_rr_list_rr(l->set.rrs, 0));
	ldns_rdf *owner = ldns_rdf_clone(l->name), *to = ldns_rdf_clone(l->to);
	ldns_rr *rr = ldns_rr_new();

	if (owner == NULL || to == NULL || rr == NULL ||
	    !ldns_rr_push_rdf(rr, to)) {
		ldns_rdf_deep_free(to);
		ldns_rdf_deep_free(owner);
		ldns_rr_free(rr);
		return -ENOMEM;
	}
	ldns_rr_set_owner(rr, owner);
	ldns_rr_set_type(rr, LDNS_RR_TYPE_CNAME);
	ldns_rr_set_class(rr, LDNS_RR_CLASS_IN);
	ldns_rr_set_ttl(rr, ttl < l->ttl ? ttl : l->ttl);
	if (ldns_rr_list_push_rr(out, rr))
		return 0;
	ldns_rr_free(rr);
	return -ENOMEM;
}

static int
add_link(ldns_rr_list *out, const struct chain_link *l, int dnssec)
{
	int rc = rrset_copy(l->set.rrs, out, l->ttl);

	if (rc == 0 && dnssec)
		rc = rrset_copy(l->set.sigs, out, l->ttl);
	if (rc == 0 && l->set.rrs && l->type == LDNS_RR_TYPE_DNAME && l->to)
		rc = add_cname(out, l);
	return rc;
}

static int
add_links(ldns_rr_list *out, const struct chain *c, int dnssec)
{
	size_t i;
	int rc = 0;

	for (i = 0; i < c->n && rc == 0; i++)
		rc = add_link(out, &c->link[i], dnssec);
	return rc;
}

/* The owner of the SOA that says that there is nothing; NULL: there are
 * records, or nobody says so. */
static const ldns_rdf *
soa_of(const struct chain *c, const ldns_rr_list *from)
{
	const ldns_rdf *name = chain_end(c)->name, *owner;
	size_t i, n = rrset_count(from);

	for (i = 0; i < n && chain_end(c)->set.rrs == NULL; i++) {
		const ldns_rr *rr = ldns_rr_list_rr(from, i);

		owner = ldns_rr_owner(rr);
		if (ldns_rr_get_type(rr) == LDNS_RR_TYPE_SOA &&
		    (dname_rdf_same(name, owner) ||
		    dname_rdf_below(name, owner)))
			return owner;
	}
	return NULL;
}

/* Is it wanted in the authority section, with @soa as the SOA's owner? */
static int
is_wanted(const ldns_rr *rr, const ldns_rdf *soa, int dnssec)
{
	uint16_t covers = rrset_covers(rr);
	uint16_t type = covers ? covers : (uint16_t)ldns_rr_get_type(rr);

	if (ldns_rr_get_class(rr) != LDNS_RR_CLASS_IN || (covers && !dnssec))
		return 0;
	if (type == LDNS_RR_TYPE_SOA)
		return dname_rdf_same(ldns_rr_owner(rr), soa);
	return dnssec && (type == LDNS_RR_TYPE_NSEC ||
	    type == LDNS_RR_TYPE_NSEC3);
}

static int
add_authority(ldns_rr_list *out, const struct chain *c,
    const ldns_rr_list *from, int dnssec)
{
	const ldns_rdf *soa = soa_of(c, from);
	size_t i, n = rrset_count(from);
	int rc = 0;

	for (i = 0; i < n && rc == 0; i++) {
		const ldns_rr *rr = ldns_rr_list_rr(from, i);

		if (is_wanted(rr, soa, dnssec))
			rc = rrset_copy_one(rr, out, UINT32_MAX);
	}
	return rc;
}

static void
set_count(ldns_pkt *pkt)
{
	ldns_pkt_set_ancount(pkt, (uint16_t)rrset_count(ldns_pkt_answer(pkt)));
	ldns_pkt_set_nscount(pkt, (uint16_t)rrset_count(
	    ldns_pkt_authority(pkt)));
}

ldns_pkt *
reply_make(const struct chain *c, int secure, int dnssec)
{
	const ldns_rr_list *from = secure ? c->proof :
	    ldns_pkt_authority(c->pkt);
	ldns_pkt *pkt = ldns_pkt_new();

	if (pkt == NULL)
		return NULL;
	if (add_links(ldns_pkt_answer(pkt), c, dnssec) < 0 ||
	    add_authority(ldns_pkt_authority(pkt), c, from, dnssec) < 0) {
		ldns_pkt_free(pkt);
		return NULL;
	}
	ldns_pkt_set_rcode(pkt, ldns_pkt_get_rcode(c->pkt));
	set_count(pkt);
	return pkt;
}

/* dnsport/reply.c - what a resolver said, and what of it goes to a client
 *
 * What was not asked for is not passed on: additional addresses, servers'
 * names, records of other names.  A client that wants these asks for them, and
 * they are looked at then.
 */
#include "dnsport/reply.h"

#include <errno.h>
#include <ldns/ldns.h>
#include <string.h>

#include "base/addr.h"
#include "base/wire.h"

enum { HEADER = 12, RDATA_MAX = 65535, HINT4 = 4, HINT6 = 6 };

static size_t
count(const ldns_rr_list *l)
{
	return l ? ldns_rr_list_rr_count(l) : 0;
}

ldns_pkt *
reply_parse(const uint8_t *msg, size_t len)
{
	ldns_pkt *pkt = NULL;

	if (len < HEADER || wire_get16(msg + 6) + wire_get16(msg + 8) +
	    wire_get16(msg + 10) > REPLY_RECORDS_MAX)
		return NULL;
	if (ldns_wire2pkt(&pkt, msg, len) != LDNS_STATUS_OK) {
		ldns_pkt_free(pkt);
		return NULL;
	}
	return pkt;
}

/* --- trimming --- */

struct chain {
	const ldns_rdf	*name[REPLY_CHAIN_MAX];
	size_t		 n;
	uint16_t	 type;
	int		 dnssec;
	int		 found;		/* records of that type, at its end */
};

static uint16_t
type_of(const ldns_rr *rr)
{
	if (ldns_rr_get_type(rr) != LDNS_RR_TYPE_RRSIG)
		return (uint16_t)ldns_rr_get_type(rr);
	return ldns_rr_rd_count(rr) ?
	    (uint16_t)ldns_rdf2rr_type(ldns_rr_rdf(rr, 0)) : 0;
}

static int
is_sig(const ldns_rr *rr)
{
	return ldns_rr_get_type(rr) == LDNS_RR_TYPE_RRSIG;
}

static const ldns_rr *
cname_at(const ldns_rr_list *l, const ldns_rdf *name)
{
	size_t i, n = count(l);

	for (i = 0; i < n; i++) {
		const ldns_rr *rr = ldns_rr_list_rr(l, i);

		if (ldns_rr_get_type(rr) == LDNS_RR_TYPE_CNAME &&
		    ldns_rr_rd_count(rr) == 1 &&
		    ldns_dname_compare(ldns_rr_owner(rr), name) == 0)
			return rr;
	}
	return NULL;
}

static void
follow(struct chain *c, const ldns_rr_list *l, const ldns_rdf *name)
{
	const ldns_rr *rr;

	do {
		c->name[c->n++] = name;
		if (c->type == LDNS_RR_TYPE_CNAME ||
		    (rr = cname_at(l, name)) == NULL)
			break;
		name = ldns_rr_rdf(rr, 0);
	} while (c->n < REPLY_CHAIN_MAX);
}

static int
is_on_way(const struct chain *c, const ldns_rr *rr)
{
	uint16_t type = type_of(rr);
	size_t i;

	for (i = 0; i < c->n; i++) {
		if (ldns_dname_compare(ldns_rr_owner(rr), c->name[i]) == 0)
			return type == c->type || type == LDNS_RR_TYPE_CNAME ||
			    (uint16_t)ldns_rr_get_type(rr) == c->type;
		if (type == LDNS_RR_TYPE_DNAME &&
		    ldns_dname_is_subdomain(c->name[i], ldns_rr_owner(rr)))
			return 1;
	}
	return 0;
}

static int
wanted_in_answer(struct chain *c, const ldns_rr *rr)
{
	if (ldns_rr_get_class(rr) != LDNS_RR_CLASS_IN || !is_on_way(c, rr))
		return 0;
	if ((uint16_t)ldns_rr_get_type(rr) == c->type) {
		c->found = 1;
		return 1;
	}
	return !is_sig(rr) || c->dnssec;
}

static int
wanted_in_authority(struct chain *c, const ldns_rr *rr)
{
	uint16_t type = type_of(rr);

	if (ldns_rr_get_class(rr) != LDNS_RR_CLASS_IN ||
	    (is_sig(rr) && !c->dnssec))
		return 0;
	if (type == LDNS_RR_TYPE_SOA)
		return !c->found;
	return c->dnssec && (type == LDNS_RR_TYPE_NSEC ||
	    type == LDNS_RR_TYPE_NSEC3);
}

/* Those that are wanted; the rest is freed.  NULL: no memory, nothing is. */
static ldns_rr_list *
sift(struct chain *c, ldns_rr_list *l,
    int (*wanted)(struct chain *, const ldns_rr *))
{
	ldns_rr_list *out = ldns_rr_list_new();
	size_t i, n = count(l);

	for (i = 0; i < n && out; i++) {
		ldns_rr *rr = ldns_rr_list_rr(l, i);

		if (wanted(c, rr))
			ldns_rr_list_push_rr(out, ldns_rr_clone(rr));
	}
	return out;
}

int
reply_trim(ldns_pkt *pkt, const ldns_rdf *name, uint16_t type, int dnssec)
{
	struct chain c = { .type = type, .dnssec = dnssec };
	ldns_rr_list *old_answer = ldns_pkt_answer(pkt),
	    *old_authority = ldns_pkt_authority(pkt), *answer, *authority;

	follow(&c, old_answer, name);
	answer = sift(&c, old_answer, wanted_in_answer);
	authority = sift(&c, old_authority, wanted_in_authority);
	if (answer == NULL || authority == NULL) {
		ldns_rr_list_deep_free(answer);
		ldns_rr_list_deep_free(authority);
		return -ENOMEM;
	}
	ldns_pkt_set_answer(pkt, answer);
	ldns_pkt_set_ancount(pkt, (uint16_t)count(answer));
	ldns_pkt_set_authority(pkt, authority);
	ldns_pkt_set_nscount(pkt, (uint16_t)count(authority));
	ldns_rr_list_deep_free(old_answer);	/* the chain's names, too */
	ldns_rr_list_deep_free(old_authority);
	return 0;
}

/* --- addresses --- */

static int
is_internal(int family, const uint8_t *ip)
{
	struct addr a = { .family = (uint8_t)family };

	memcpy(a.ip, ip, family == 4 ? 4 : 16);
	return addr_is_internal(&a);
}

/* The data as on the wire, whatever of it ldns understood. */
static size_t
raw(const ldns_rr *rr, uint8_t *out, size_t max)
{
	size_t i, n = ldns_rr_rd_count(rr), len = 0;

	for (i = 0; i < n; i++) {
		const ldns_rdf *rdf = ldns_rr_rdf(rr, i);

		if (ldns_rdf_size(rdf) > max - len)
			return 0;
		memcpy(out + len, ldns_rdf_data(rdf), ldns_rdf_size(rdf));
		len += ldns_rdf_size(rdf);
	}
	return len;
}

static int
hints_are_internal(struct wire *w, int family)
{
	const uint8_t *ip;

	while (wire_left(w)) {
		ip = wire_take(w, family == 4 ? 4 : 16);
		if (ip == NULL || is_internal(family, ip))
			return 1;
	}
	return 0;
}

/* RFC 9460 2.2: a priority, a name, and pairs of a key and a value. */
static int
svcb_is_internal(const ldns_rr *rr)
{
	static uint8_t data[RDATA_MAX];
	struct wire w, value;
	uint16_t key;
	uint8_t len;

	wire_init(&w, data, raw(rr, data, sizeof(data)));
	wire_u16(&w);
	do
		wire_take(&w, len = wire_u8(&w));
	while (len && !w.err);
	while (wire_left(&w) && !w.err) {
		key = wire_u16(&w);
		wire_sub(&w, &value, wire_u16(&w));
		if (w.err == 0 && (key == HINT4 || key == HINT6) &&
		    hints_are_internal(&value, key == HINT4 ? 4 : 6))
			return 1;
	}
	return w.err != 0;
}

static int
record_is_internal(const ldns_rr *rr)
{
	switch (ldns_rr_get_type(rr)) {
	case LDNS_RR_TYPE_A:
		return ldns_rr_rd_count(rr) != 1 ||
		    ldns_rdf_size(ldns_rr_rdf(rr, 0)) != 4 ||
		    is_internal(4, ldns_rdf_data(ldns_rr_rdf(rr, 0)));
	case LDNS_RR_TYPE_AAAA:
		return ldns_rr_rd_count(rr) != 1 ||
		    ldns_rdf_size(ldns_rr_rdf(rr, 0)) != 16 ||
		    is_internal(6, ldns_rdf_data(ldns_rr_rdf(rr, 0)));
	case LDNS_RR_TYPE_SVCB:
	case LDNS_RR_TYPE_HTTPS:
		return svcb_is_internal(rr);
	default:
		return 0;
	}
}

int
reply_is_internal(const ldns_pkt *pkt)
{
	const ldns_rr_list *l = ldns_pkt_answer(pkt);
	size_t i, n = count(l);

	for (i = 0; i < n; i++)
		if (record_is_internal(ldns_rr_list_rr(l, i)))
			return 1;
	return 0;
}

/* dnsport/answer.c - a DNS message that answers a question
 *
 * Built by ldns.  The question section is the client's own name, so that its
 * case, which some resolvers use to tell forged answers, is kept.  TTLs are
 * clipped: what an exit says is neither cached for long nor, by an odd value,
 * made into a mark.
 *
 * An answer without records is never longer than its question, so nobody can
 * make us say more than they said themselves to somebody whose address they
 * borrow; one with records took a circuit's round trip and a place among the
 * DNSPORT_CLIENT_MAX of that address.
 */
#include "dnsport/answer.h"

#include <ldns/ldns.h>
#include <stdlib.h>
#include <string.h>

static uint32_t
clip_ttl(uint32_t ttl)
{
	if (ttl < DNSPORT_TTL_MIN)
		return DNSPORT_TTL_MIN;
	return ttl > DNSPORT_TTL_MAX ? DNSPORT_TTL_MAX : ttl;
}

/* A name from the network as a domain name.  ldns would take a backslash for
 * an escape; a host's name has none. */
static ldns_rdf *
make_name(const char *name)
{
	size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.");

	if (len == 0 || name[len] != '\0' || len > DNSPORT_NAME_MAX + 1)
		return NULL;
	return ldns_dname_new_frm_str(name);
}

static ldns_rdf *
make_rdata(enum dns_ask ask, const struct dns_record *r)
{
	if (ask == DNS_ASK_A && r->addr.family == 4)
		return ldns_rdf_new_frm_data(LDNS_RDF_TYPE_A, 4, r->addr.ip);
	if (ask == DNS_ASK_AAAA && r->addr.family == 6)
		return ldns_rdf_new_frm_data(LDNS_RDF_TYPE_AAAA, 16,
		    r->addr.ip);
	if (ask == DNS_ASK_PTR && r->name)
		return make_name(r->name);
	return NULL;
}

/* A record of the name that was asked for, without data; NULL: no memory. */
static ldns_rr *
make_record(const struct question *q)
{
	ldns_rdf *owner = ldns_rdf_new_frm_data(LDNS_RDF_TYPE_DNAME,
	    q->name_len, q->name);
	ldns_rr *rr = ldns_rr_new();

	if (owner == NULL || rr == NULL) {
		ldns_rdf_deep_free(owner);
		ldns_rr_free(rr);
		return NULL;
	}
	ldns_rr_set_owner(rr, owner);
	ldns_rr_set_type(rr, (ldns_rr_type)q->type);
	ldns_rr_set_class(rr, (ldns_rr_class)q->class);
	return rr;
}

static void
add_record(ldns_pkt *pkt, const struct question *q, const struct dns_record *r)
{
	ldns_rdf *rdata = make_rdata(q->q.ask, r);
	ldns_rr *rr;

	if (rdata == NULL)
		return;		/* not what was asked for, or no name at all */
	if ((rr = make_record(q)) == NULL) {
		ldns_rdf_deep_free(rdata);
		return;
	}
	ldns_rr_set_ttl(rr, clip_ttl(r->ttl));
	ldns_rr_push_rdf(rr, rdata);
	ldns_pkt_push_rr(pkt, LDNS_SECTION_ANSWER, rr);
}

static void
add_question(ldns_pkt *pkt, const struct question *q)
{
	ldns_rr *rr = make_record(q);

	if (rr == NULL)
		return;
	ldns_rr_set_question(rr, true);
	ldns_pkt_push_rr(pkt, LDNS_SECTION_QUESTION, rr);
}

static ldns_pkt *
make_packet(const struct question *q, uint16_t rcode)
{
	ldns_pkt *pkt = ldns_pkt_new();

	if (pkt == NULL)
		return NULL;
	ldns_pkt_set_id(pkt, q->id);
	ldns_pkt_set_qr(pkt, 1);
	ldns_pkt_set_opcode(pkt, (ldns_pkt_opcode)q->opcode);
	ldns_pkt_set_rd(pkt, q->rd);
	ldns_pkt_set_cd(pkt, q->cd);
	ldns_pkt_set_ra(pkt, 1);
	ldns_pkt_set_rcode(pkt, rcode & 15);
	if (q->edns) {
		ldns_pkt_set_edns_udp_size(pkt, DNSPORT_UDP_MAX);
		ldns_pkt_set_edns_extended_rcode(pkt, (uint8_t)(rcode >> 4));
	}
	if (q->name_len)
		add_question(pkt, q);
	return pkt;
}

static uint8_t *
render(const ldns_pkt *pkt, size_t *len)
{
	uint8_t *wire = NULL;

	if (ldns_pkt2wire(&wire, pkt, len) != LDNS_STATUS_OK) {
		free(wire);
		return NULL;
	}
	return wire;
}

static uint8_t *
render_truncated(const struct question *q, uint16_t rcode, size_t *len)
{
	ldns_pkt *pkt = make_packet(q, rcode);
	uint8_t *wire;

	if (pkt == NULL)
		return NULL;
	ldns_pkt_set_tc(pkt, 1);
	wire = render(pkt, len);
	ldns_pkt_free(pkt);
	return wire;
}

uint8_t *
answer_build(const struct question *q, uint16_t rcode,
    const struct dns_record *r, size_t n, int tcp, size_t *len)
{
	size_t i, max = q->udp_size < DNSPORT_UDP_MAX ? q->udp_size :
	    DNSPORT_UDP_MAX;
	ldns_pkt *pkt = make_packet(q, rcode);
	uint8_t *wire;

	if (pkt == NULL)
		return NULL;
	for (i = 0; i < n && q->name_len; i++)
		add_record(pkt, q, &r[i]);
	wire = render(pkt, len);
	ldns_pkt_free(pkt);
	if (wire && !tcp && *len > max) {
		free(wire);
		return render_truncated(q, rcode, len);
	}
	return wire;
}

/* dnsport/answer.c - a DNS message that answers a question
 *
 * Built by ldns.  The question section is the client's own record, so that the
 * case of its name, which some resolvers use to tell forged answers, is kept.
 * TTLs are clipped: what an exit says is neither cached for long nor, by an odd
 * value, made into a mark (threats 1, TROVE-2021-009).
 */
#include "dnsport/answer.h"

#include <ldns/ldns.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

static uint32_t
clip_ttl(uint32_t ttl)
{
	if (ttl < DNSPORT_TTL_MIN)
		return DNSPORT_TTL_MIN;
	return ttl > DNSPORT_TTL_MAX ? DNSPORT_TTL_MAX : ttl;
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
		return ldns_dname_new_frm_str(r->name);
	return NULL;
}

static void
add_record(ldns_pkt *pkt, const struct question *q, const struct dns_record *r)
{
	ldns_rdf *rdata = make_rdata(q->q.ask, r);
	ldns_rr *rr;

	if (rdata == NULL)
		return;		/* not what was asked for, or no name at all */
	if ((rr = ldns_rr_new()) == NULL) {
		ldns_rdf_deep_free(rdata);
		return;
	}
	ldns_rr_set_owner(rr, ldns_rdf_clone(ldns_rr_owner(q->rr)));
	ldns_rr_set_type(rr, ldns_rr_get_type(q->rr));
	ldns_rr_set_class(rr, LDNS_RR_CLASS_IN);
	ldns_rr_set_ttl(rr, clip_ttl(r->ttl));
	ldns_rr_push_rdf(rr, rdata);
	ldns_pkt_push_rr(pkt, LDNS_SECTION_ANSWER, rr);
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
	if (q->rr)
		ldns_pkt_push_rr(pkt, LDNS_SECTION_QUESTION,
		    ldns_rr_clone(q->rr));
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
	for (i = 0; i < n && q->rr; i++)
		add_record(pkt, q, &r[i]);
	wire = render(pkt, len);
	ldns_pkt_free(pkt);
	if (wire && !tcp && *len > max) {
		free(wire);
		return render_truncated(q, rcode, len);
	}
	return wire;
}

/* dnsport/reply.h - what a resolver said, and what of it goes to a client */
#ifndef DNSPORT_REPLY_H
#define DNSPORT_REPLY_H

#include <stddef.h>
#include <stdint.h>

struct chain;
struct ldns_struct_pkt;

enum {
	REPLY_RECORDS_MAX = 1024,
	REPLY_PARTS_MAX = 9 * REPLY_RECORDS_MAX	/* of their data: as many as
						 * if all were RRSIGs */
};

/* To be freed with ldns_pkt_free(); NULL: it is no message, or one with more in
 * it than anybody needs (glance.h), or a record of it lacks a part. */
struct ldns_struct_pkt *reply_parse(const uint8_t *msg, size_t len);
/* Leaves what answers that question: the records on the way from its name over
 * CNAMEs, the SOA where there are none, and with @dnssec their signatures and
 * proofs.  0 or -ENOMEM. */
int	reply_trim(struct ldns_struct_pkt *, const struct ldns_struct_rdf *name,
	    uint16_t type, int dnssec);

#endif

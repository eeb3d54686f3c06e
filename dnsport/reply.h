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
/* A message of that chain: its links, for a DNAME the CNAME that follows from
 * it, the SOA where there is nothing, and with @dnssec the signatures and
 * proofs.  @secure: of what is beside the links only what the validator has
 * verified, or what else the message has.  To be freed with ldns_pkt_free();
 * NULL: no memory. */
struct ldns_struct_pkt *reply_make(const struct chain *, int secure,
	    int dnssec);

#endif

/* dnsport/chain.h - an answer, link by link from the name that was asked for
 *
 * There is one way to read an answer: whoever validates it and whoever passes
 * it on to a client have the same chain, and nothing else of the message.
 *
 *	chain_find -> [validate.h verifies each link] -> reply.h -> chain_free
 */
#ifndef DNSPORT_CHAIN_H
#define DNSPORT_CHAIN_H

#include <stddef.h>
#include <stdint.h>

#include "dnsport/rrset.h"

struct ldns_struct_pkt;

enum { CHAIN_MAX = 13 };	/* 12 CNAMEs and DNAMEs, and the end */

struct chain_link {
	const struct ldns_struct_rdf *name;	/* that is looked for */
	uint16_t	 type;		/* of the set: what was asked for, or
					 * CNAME, DNAME */
	struct rrset	 set;		/* none: nothing is there */
	struct ldns_struct_rdf *to;	/* where an alias leads; else NULL */
	uint32_t	 ttl;		/* it counts no longer: s */
};

struct chain {
	const struct ldns_struct_pkt *pkt;
	struct ldns_struct_rdf *name;	/* asked for */
	uint16_t	 type;
	struct chain_link link[CHAIN_MAX];
	size_t		 n;		/* at least 1 */
	/* What else of the message was verified (SOA, NSEC, NSEC3, and their
	 * signatures): by the validator, copies. */
	struct ldns_struct_rr_list *proof;
};

/* @pkt is borrowed for its life.  0; -EBADMSG: the answer contradicts itself;
 * -ELOOP: there are too many aliases; -ENOMEM. */
int	chain_find(struct chain **, const struct ldns_struct_pkt *,
	    const struct ldns_struct_rdf *name, uint16_t type);
void	chain_free(struct chain *);
/* The name that the last link is about, and whether anything is there. */
const struct chain_link *chain_end(const struct chain *);
/* That set is verified, for @ttl s.  0 or -ENOMEM. */
int	chain_add_proof(struct chain *, const struct rrset *, uint32_t ttl);

#endif

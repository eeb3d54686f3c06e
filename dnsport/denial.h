/* dnsport/denial.h - what NSEC and NSEC3 records prove (RFC 4035, 5155, 6840)
 *
 * Pure: the records given are proven to be the zone's; the question is only
 * what follows from them.
 */
#ifndef DNSPORT_DENIAL_H
#define DNSPORT_DENIAL_H

#include <stdint.h>

struct ldns_struct_rdf;
struct ldns_struct_rr_list;

enum {
	DENIAL_RECORDS_MAX = 16,	/* more are not looked at */
	DENIAL_ITERATIONS_MAX = 50,	/* RFC 9276; beyond, insecure */
	DENIAL_HASHES_MAX = 160		/* of one question */
};

enum denial {
	DENIAL_NOTHING,			/* is proven */
	DENIAL_NODATA,			/* the name has no such type */
	DENIAL_CUT,			/* the same of DS, at a delegation */
	DENIAL_NXDOMAIN,
	DENIAL_OPTOUT,		/* nothing secure is there: RFC 5155 6 */
	DENIAL_ITERATIONS		/* not looked at: as if insecure */
};

struct denial_of {
	const struct ldns_struct_rdf *zone;
	/* NSEC and NSEC3, borrowed.  None may come from a wildcard. */
	const struct ldns_struct_rr_list *records;
	unsigned	*hashes;	/* done for this question so far */
};

/* Of @type at @name, which is in the zone. */
enum denial	denial_find(const struct denial_of *,
	    const struct ldns_struct_rdf *name, uint16_t type);
/* There is nothing at @name nearer than its ancestor of @labels labels, so that
 * the wildcard there was right to be used: DENIAL_NXDOMAIN, OPTOUT, ITERATIONS
 * or NOTHING. */
enum denial	denial_of_closer(const struct denial_of *,
	    const struct ldns_struct_rdf *name, unsigned labels);

#endif

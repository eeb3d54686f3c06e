/* dnsport/rrset.h - a set of records with its signatures, out of a message
 *
 * The records are the message's: borrowed.
 */
#ifndef DNSPORT_RRSET_H
#define DNSPORT_RRSET_H

#include <stddef.h>
#include <stdint.h>

struct ldns_struct_rdf;
struct ldns_struct_rr;
struct ldns_struct_rr_list;

enum { RRSET_SIGS_MAX = 16 };	/* more are not looked at */

struct rrset {
	struct ldns_struct_rr_list *rrs, *sigs;	/* both NULL: there is none */
};

/* The one of class IN: 1; 0: there is none; -ENOMEM. */
int	rrset_find(struct rrset *, const struct ldns_struct_rr_list *from,
	    const struct ldns_struct_rdf *owner, uint16_t type);
void	rrset_fini(struct rrset *);
const struct ldns_struct_rdf *rrset_owner(const struct rrset *);
/* What a signature covers; 0: it is none. */
uint16_t rrset_covers(const struct ldns_struct_rr *);
/* Copies to @out's end, none with more than @ttl s.  0 or -ENOMEM. */
int	rrset_copy_one(const struct ldns_struct_rr *,
	    struct ldns_struct_rr_list *out, uint32_t ttl);
int	rrset_copy(const struct ldns_struct_rr_list *,
	    struct ldns_struct_rr_list *out, uint32_t ttl);
size_t	rrset_count(const struct ldns_struct_rr_list *);	/* NULL: 0 */

#endif

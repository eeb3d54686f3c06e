/* dnsport/sigcheck.h - is a set of records signed by these keys?
 *
 * Bounded work: whoever makes an answer also says how many signatures and keys
 * there are, and can make many of them fit each other without one being right
 * (CVE-2023-50387, KeyTrap).
 */
#ifndef DNSPORT_SIGCHECK_H
#define DNSPORT_SIGCHECK_H

#include <stdint.h>

struct ldns_struct_rdf;
struct ldns_struct_rr;
struct ldns_struct_rr_list;

enum {
	SIGCHECK_MAX = 64,		/* signatures tried, of one question */
	SIGCHECK_WRONG_MAX = 16,	/* of these, wrong ones */
	SIGCHECK_SAME_TAG_MAX = 4,	/* keys tried for one signature */
	SIGCHECK_KEYS_MAX = 32,		/* of a zone; more are not looked at */
	SIGCHECK_DS_MAX = 16,		/* the same */
	SIGCHECK_DIGESTS_MAX = 4,	/* wrong ones, of one zone */
	SIGCHECK_EXPONENT_MAX = 5,	/* bytes; a long one is a long time */
	SIGCHECK_KEY_MAX = 600		/* bytes of a key: RSA of 4096 bits */
};

struct sigcheck {
	int64_t		 now;		/* s since 1970 */
	unsigned	 tried, wrong;	/* of one question */
	uint16_t	 ede;		/* why the last was refused, RFC 8914 */
	uint32_t	 labels;	/* of the last that was right: of
					 * the name that was signed */
	int64_t		 until;		/* ... and how long it counts: by its
					 * TTLs and the signature's end */
};

/* Algorithms and digests that we check; what only has others is insecure. */
int	sigcheck_knows_algorithm(unsigned);
int	sigcheck_knows_digest(unsigned);
/* Is any of @sigs a right one over all of @set, by one of @keys, in the name of
 * @zone? */
int	sigcheck_set(struct sigcheck *, const struct ldns_struct_rr_list *set,
	    const struct ldns_struct_rr_list *sigs,
	    const struct ldns_struct_rr_list *keys,
	    const struct ldns_struct_rdf *zone);
/* Those of @keys that DS records (or DNSKEY, of an anchor) stand for: borrowed,
 * in a list that the caller frees.  NULL: no memory. */
struct ldns_struct_rr_list *sigcheck_entry(
	    const struct ldns_struct_rr_list *anchors,
	    const struct ldns_struct_rr_list *keys);

#endif

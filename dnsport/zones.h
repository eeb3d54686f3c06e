/* dnsport/zones.h - zones whose keys have been proven, of one client
 *
 * A small cache for the validator: what is known of a name as a zone.  It
 * belongs to one group of clients and is shown to no other.
 */
#ifndef DNSPORT_ZONES_H
#define DNSPORT_ZONES_H

#include <stddef.h>
#include <stdint.h>

struct ldns_struct_rdf;
struct ldns_struct_rr_list;
struct zones;

enum { ZONES_MAX = 64, ZONES_TTL_MAX = 3600 };

enum zone_kind {
	ZONE_UNKNOWN,
	ZONE_SECURE,		/* with keys */
	ZONE_INSECURE,		/* proven to have none that count */
	ZONE_NONE		/* proven: no zone begins there */
};

struct zone {
	enum zone_kind	 kind;
	struct ldns_struct_rdf *name;
	struct ldns_struct_rr_list *keys;
	int64_t		 until;		/* s since 1970 */
	uint64_t	 used;
};

struct zones	*zones_new(void);	/* NULL: no memory */
void		 zones_free(struct zones *);
/* NULL: nothing is known, or not any more.  Valid until zones_trim(). */
const struct zone *zones_get(struct zones *, const struct ldns_struct_rdf *,
	    int64_t wall_s);
/* Copies the name and the keys (NULL: none).  0 or -ENOMEM. */
int		 zones_put(struct zones *, const struct ldns_struct_rdf *,
	    enum zone_kind, const struct ldns_struct_rr_list *keys,
	    int64_t until);
/* Back to ZONES_MAX: the longest unused go. */
void		 zones_trim(struct zones *);
size_t		 zones_count(const struct zones *);

#endif

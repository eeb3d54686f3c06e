/* dnsport/anchors.h - where DNSSEC's chains of trust begin
 *
 * DS or DNSKEY records of a zone, the root's as a rule.  Names below no anchor
 * are not secured.
 */
#ifndef DNSPORT_ANCHORS_H
#define DNSPORT_ANCHORS_H

#include <stddef.h>

struct anchors;
struct ldns_struct_rdf;
struct ldns_struct_rr_list;

enum { ANCHORS_MAX = 64, ANCHORS_TEXT_MAX = 64 * 1024 };

/* Of a zone file's text with DS and DNSKEY records; NULL: the root's, as the
 * program ships them.  0; -EINVAL with the line that is wrong in *line (0:
 * there is no record at all); -ENOMEM. */
int	anchors_new(struct anchors **, const char *text, size_t len,
	    size_t *line);
void	anchors_free(struct anchors *);
/* The lowest zone with an anchor that @name is in or below; NULL: none. */
const struct ldns_struct_rdf *anchors_zone(const struct anchors *,
	    const struct ldns_struct_rdf *name);
/* Its records: borrowed ones in a list that the caller frees with
 * ldns_rr_list_free(). */
struct ldns_struct_rr_list *anchors_of(const struct anchors *,
	    const struct ldns_struct_rdf *zone);

#endif

/* dnsport/dname.h - a domain name in canonical form (RFC 4034 6), its labels
 * counted, to be compared and cut
 */
#ifndef DNSPORT_DNAME_H
#define DNSPORT_DNAME_H

#include <stddef.h>
#include <stdint.h>

struct ldns_struct_rdf;

enum { DNAME_LEN_MAX = 255, DNAME_LABELS_MAX = 127 };

struct dname {
	uint8_t		b[DNAME_LEN_MAX];	/* on the wire, lower case */
	uint8_t		len;
	uint8_t		n;			/* labels; the root's not */
	uint8_t		at[DNAME_LABELS_MAX + 1];	/* where each begins */
};

/* 0, or -EINVAL where these bytes are no name, or not only one. */
int	dname_set(struct dname *, const uint8_t *wire, size_t len);
/* Its last @n labels. */
void	dname_cut(struct dname *out, const struct dname *, unsigned n);
/* "*" before it; -EINVAL where that is too long. */
int	dname_wildcard(struct dname *out, const struct dname *);
/* The canonical order: negative, 0, positive. */
int	dname_cmp(const struct dname *, const struct dname *);
/* How many labels they have in common, from the end. */
unsigned dname_common(const struct dname *, const struct dname *);
int	dname_is_below(const struct dname *, const struct dname *top);
int	dname_is_wildcard(const struct dname *);

/* Of names as ldns keeps them, whatever their case; what is no name is neither.
 * ldns' own are slow, and take a name in another case for one below it. */
int	dname_rdf_same(const struct ldns_struct_rdf *,
	    const struct ldns_struct_rdf *);
int	dname_rdf_below(const struct ldns_struct_rdf *,
	    const struct ldns_struct_rdf *top);	/* not: the same */

#endif

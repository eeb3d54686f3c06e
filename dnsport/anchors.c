/* dnsport/anchors.c - where DNSSEC's chains of trust begin */
#include "dnsport/anchors.h"

#include <errno.h>
#include <ldns/ldns.h>
#include <stdlib.h>
#include <string.h>

#include "dnsport/dname.h"

struct anchors {
	ldns_rr_list	*list;
};

enum { LINE_MAX_LEN = 4096 };

/* The root's two, of 2017 and 2024 (https://data.iana.org/root-anchors/). */
static const char shipped[] =
    ". IN DS 20326 8 2 "
    "E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D\n"
    ". IN DS 38696 8 2 "
    "683D2D0ACB8C9B712A1948B27F741219298D0A450D612C483AF444A4C0FB2B16\n";

static int
add_line(struct anchors *a, const char *s, size_t len)
{
	char line[LINE_MAX_LEN];
	ldns_rr *rr = NULL;
	const char *end = memchr(s, ';', len);

	if (end)
		len = (size_t)(end - s);
	while (len && strchr(" \t\r", s[len - 1]))
		len--;
	if (len == 0)
		return 0;
	if (len >= sizeof(line) || memchr(s, '\0', len))
		return -EINVAL;
	memcpy(line, s, len);
	line[len] = '\0';
	if (ldns_rr_new_frm_str(&rr, line, 0, NULL, NULL) != LDNS_STATUS_OK)
		return -EINVAL;
	if ((ldns_rr_get_type(rr) != LDNS_RR_TYPE_DS &&
	    ldns_rr_get_type(rr) != LDNS_RR_TYPE_DNSKEY) ||
	    ldns_rr_list_rr_count(a->list) >= ANCHORS_MAX) {
		ldns_rr_free(rr);
		return -EINVAL;
	}
	if (!ldns_rr_list_push_rr(a->list, rr)) {
		ldns_rr_free(rr);
		return -ENOMEM;
	}
	return 0;
}

int
anchors_new(struct anchors **out, const char *text, size_t len, size_t *line)
{
	struct anchors *a = calloc(1, sizeof(*a));
	const char *eol;
	size_t n;
	int rc = 0;

	*line = 0;
	if (a == NULL || (a->list = ldns_rr_list_new()) == NULL) {
		free(a);
		return -ENOMEM;
	}
	if (text == NULL) {
		text = shipped;
		len = sizeof(shipped) - 1;
	}
	for (; len && rc == 0; text += n, len -= n) {
		++*line;
		eol = memchr(text, '\n', len);
		n = eol ? (size_t)(eol - text) : len;
		rc = add_line(a, text, n);
		n += eol != NULL;
	}
	if (rc == 0 && ldns_rr_list_rr_count(a->list) == 0) {
		*line = 0;
		rc = -EINVAL;
	}
	if (rc < 0) {
		anchors_free(a);
		return rc;
	}
	*out = a;
	return 0;
}

void
anchors_free(struct anchors *a)
{
	if (a == NULL)
		return;
	ldns_rr_list_deep_free(a->list);
	free(a);
}

static int
is_at_or_below(const ldns_rdf *name, const ldns_rdf *zone)
{
	return dname_rdf_same(name, zone) || dname_rdf_below(name, zone);
}

const ldns_rdf *
anchors_zone(const struct anchors *a, const ldns_rdf *name)
{
	size_t i, n = ldns_rr_list_rr_count(a->list);
	const ldns_rdf *best = NULL, *zone;

	for (i = 0; i < n; i++) {
		zone = ldns_rr_owner(ldns_rr_list_rr(a->list, i));
		if (is_at_or_below(name, zone) && (best == NULL ||
		    ldns_dname_label_count(zone) >
		    ldns_dname_label_count(best)))
			best = zone;
	}
	return best;
}

ldns_rr_list *
anchors_of(const struct anchors *a, const ldns_rdf *zone)
{
	ldns_rr_list *out = ldns_rr_list_new();
	size_t i, n = ldns_rr_list_rr_count(a->list);

	for (i = 0; i < n && out; i++)
		if (dname_rdf_same(zone,
		    ldns_rr_owner(ldns_rr_list_rr(a->list, i))))
			ldns_rr_list_push_rr(out,
			    ldns_rr_list_rr(a->list, i));
	return out;
}

/* dnsport/dname.c - a domain name in canonical form */
#include "dnsport/dname.h"

#include <errno.h>
#include <ldns/ldns.h>
#include <string.h>

enum { LABEL_MAX = 63 };

static uint8_t
lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

int
dname_set(struct dname *d, const uint8_t *wire, size_t len)
{
	size_t at = 0, i;

	memset(d, 0, sizeof(*d));
	if (len == 0 || len > DNAME_LEN_MAX)
		return -EINVAL;
	while (wire[at] != 0) {
		if (wire[at] > LABEL_MAX || d->n >= DNAME_LABELS_MAX ||
		    at + 1 + wire[at] >= len)
			return -EINVAL;
		d->at[d->n++] = (uint8_t)at;
		at += 1u + wire[at];
	}
	if (at + 1 != len)
		return -EINVAL;
	d->at[d->n] = (uint8_t)at;
	d->len = (uint8_t)len;
	for (i = 0; i < len; i++)	/* lengths are below 'A' */
		d->b[i] = lower(wire[i]);
	return 0;
}

void
dname_cut(struct dname *out, const struct dname *d, unsigned n)
{
	size_t from = d->at[d->n - n];
	struct dname cut;

	(void)dname_set(&cut, d->b + from, d->len - from);
	*out = cut;
}

int
dname_wildcard(struct dname *out, const struct dname *d)
{
	uint8_t b[DNAME_LEN_MAX + 2] = { 1, '*' };

	memcpy(b + 2, d->b, d->len);
	return dname_set(out, b, d->len + 2u);
}

static int
label_cmp(const uint8_t *a, const uint8_t *b)
{
	int rc = memcmp(a + 1, b + 1, *a < *b ? *a : *b);

	return rc ? rc : *a - *b;
}

unsigned
dname_common(const struct dname *a, const struct dname *b)
{
	unsigned n = 0;

	while (n < a->n && n < b->n && label_cmp(a->b + a->at[a->n - n - 1],
	    b->b + b->at[b->n - n - 1]) == 0)
		n++;
	return n;
}

int
dname_cmp(const struct dname *a, const struct dname *b)
{
	unsigned n = dname_common(a, b);

	if (n == a->n || n == b->n)
		return a->n - b->n;
	return label_cmp(a->b + a->at[a->n - n - 1],
	    b->b + b->at[b->n - n - 1]);
}

int
dname_is_below(const struct dname *d, const struct dname *top)
{
	return d->n > top->n && dname_common(d, top) == top->n;
}

int
dname_is_wildcard(const struct dname *d)
{
	return d->n && d->b[0] == 1 && d->b[1] == '*';
}

/* --- as ldns keeps them --- */

static int
same_bytes(const uint8_t *a, const uint8_t *b, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (lower(a[i]) != lower(b[i]))
			return 0;
	return 1;
}

/* 0: it is no name. */
static size_t
rdf_len(const ldns_rdf *rdf)
{
	return rdf && ldns_rdf_get_type(rdf) == LDNS_RDF_TYPE_DNAME &&
	    ldns_rdf_data(rdf) ? ldns_rdf_size(rdf) : 0;
}

int
dname_rdf_same(const ldns_rdf *a, const ldns_rdf *b)
{
	size_t len = rdf_len(a);

	return len && len == rdf_len(b) &&
	    same_bytes(ldns_rdf_data(a), ldns_rdf_data(b), len);
}

int
dname_rdf_below(const ldns_rdf *rdf, const ldns_rdf *top)
{
	size_t at = 0, len = rdf_len(rdf), want = rdf_len(top);
	const uint8_t *b;

	if (want == 0 || len <= want)
		return 0;
	b = ldns_rdf_data(rdf);
	while (at < len - want && b[at])
		at += 1u + b[at];
	return at == len - want && same_bytes(b + at, ldns_rdf_data(top),
	    want);
}

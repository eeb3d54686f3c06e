/* onion/dir/portlist.c - exit policy summaries
 *
 * Entries that are no numbers are passed over, as C tor does for formats to
 * come; a number that is no port makes the whole list void.  Ranges are sorted
 * and joined, so that equal policies are equal bytes and a port is found by
 * bisection.
 */
#include "onion/dir/portlist.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "onion/dir/netdoc.h"

static int
take_until(struct slice *s, char sep, struct slice *part)
{
	const char *at;

	if (s->len == 0)
		return 0;
	part->p = s->p;
	part->len = s->len;
	if ((at = memchr(s->p, sep, s->len)) == NULL) {
		s->p += s->len;
		s->len = 0;
		return 1;
	}
	part->len = (size_t)(at - s->p);
	s->p = at + 1;
	s->len -= part->len + 1;
	return 1;
}

/* "80" or "80-90". */
static int
parse_range(struct portrange *r, struct slice s)
{
	struct slice lo;
	uint32_t a, b;
	int single = memchr(s.p, '-', s.len) == NULL;

	if (!take_until(&s, '-', &lo) || netdoc_u32(&a, lo, 1, 65535) < 0)
		return -EBADMSG;
	b = a;
	if (!single && netdoc_u32(&b, s, a, 65535) < 0)
		return -EBADMSG;
	r->lo = (uint16_t)a;
	r->hi = (uint16_t)b;
	return 0;
}

static int
compare(const void *va, const void *vb)
{
	const struct portrange *a = va, *b = vb;

	return a->lo != b->lo ? a->lo - b->lo : a->hi - b->hi;
}

static size_t
normalise(struct portrange *r, size_t n)
{
	size_t i, m = 0;

	qsort(r, n, sizeof(*r), compare);
	for (i = 1; i < n; i++) {
		if (r[i].lo <= r[m].hi + 1) {
			if (r[i].hi > r[m].hi)
				r[m].hi = r[i].hi;
		} else
			r[++m] = r[i];
	}
	return m + 1;
}

static int
parse_ranges(struct portrange *r, struct slice s, size_t *count)
{
	struct slice part;
	size_t n = 0;

	while (take_until(&s, ',', &part)) {
		if (part.len == 0 || part.p[0] < '0' || part.p[0] > '9')
			continue;
		if (n == PORTLIST_MAX || parse_range(&r[n], part) < 0)
			return -EBADMSG;
		n++;
	}
	if (n == 0)
		return -EBADMSG;
	*count = normalise(r, n);
	return 0;
}

int
portlist_parse(struct portlist **out, const char *p, size_t len)
{
	struct portrange ranges[PORTLIST_MAX];
	struct slice rest = { p, len }, verb;
	struct portlist *l;
	size_t n;

	if (!take_until(&rest, ' ', &verb) ||
	    (!netdoc_eq(verb, "accept") && !netdoc_eq(verb, "reject")) ||
	    parse_ranges(ranges, rest, &n) < 0)
		return -EBADMSG;
	if ((l = malloc(sizeof(*l) + n * sizeof(ranges[0]))) == NULL)
		return -ENOMEM;
	l->n = (uint16_t)n;
	l->accept = verb.p[0] == 'a';
	memcpy(l->range, ranges, n * sizeof(ranges[0]));
	*out = l;
	return 0;
}

size_t
portlist_size(const struct portlist *l)
{
	return sizeof(*l) + l->n * sizeof(l->range[0]);
}

int
portlist_accepts(const struct portlist *l, uint16_t port)
{
	size_t lo = 0, hi;

	if (l == NULL || port == 0)
		return 0;
	for (hi = l->n; lo < hi;) {
		size_t mid = lo + (hi - lo) / 2;

		if (port < l->range[mid].lo)
			hi = mid;
		else if (port > l->range[mid].hi)
			lo = mid + 1;
		else
			return l->accept;
	}
	return !l->accept;
}

int
portlist_accepts_any(const struct portlist *l)
{
	if (l == NULL)
		return 0;
	return l->accept || l->n != 1 || l->range[0].lo != 1 ||
	    l->range[0].hi != 65535;
}

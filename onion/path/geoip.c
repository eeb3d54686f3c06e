/* onion/path/geoip.c - which country an address is in
 *
 * Theory of operation
 *	A table holds, for one family, the first address of each stretch and
 *	its country, ascending; a stretch ends where the next one begins, and
 *	gaps are stretches of GEOIP_UNKNOWN.  Addresses are kept as the bytes of
 *	the wire, so that one bisection by memcmp() serves both families.
 *
 *	Lines are gathered as ranges first, because a file need not be in order.
 *	A range that begins within another one is passed over: which of the two
 *	is right can't be known.
 */
#include "onion/path/geoip.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/addr.h"
#include "base/borrow.h"
#include "base/log.h"
#include "base/wire.h"

/* seccomp: open openat fstat newfstatat close */

struct range {
	uint8_t		low[16];
	uint8_t		high[16];
	uint16_t	cc;
};

struct ranges {
	struct range	*v;
	size_t		 n, cap;
	size_t		 bad;
	int		 unsorted;
};

struct table {
	size_t		 width;		/* bytes of an address */
	size_t		 n;		/* stretches */
	size_t		 ranges;	/* that were read */
	uint8_t		*start;
	uint16_t	*cc;
};

struct geoip {
	struct table	v4, v6;
	uint8_t		has[0x10000 / 8];	/* countries by GEOIP_CC */
};

static int
field(const char **at, const char *end, char sep, const char **out, size_t *len)
{
	const char *p = memchr(*at, sep, (size_t)(end - *at));

	if (p == NULL)
		return -EINVAL;
	*out = *at;
	*len = (size_t)(p - *at);
	*at = p + 1;
	return 0;
}

static int
parse_number(uint8_t *out, const char *s, size_t len)
{
	uint64_t v = 0;
	size_t i;

	if (len == 0 || len > 10)
		return -EINVAL;
	for (i = 0; i < len; i++) {
		if (s[i] < '0' || s[i] > '9')
			return -EINVAL;
		v = v * 10 + (uint64_t)(s[i] - '0');
	}
	if (v > UINT32_MAX)
		return -EINVAL;
	wire_set32(out, (uint32_t)v);
	return 0;
}

static int
parse_bound(uint8_t *out, size_t width, const char *s, size_t len)
{
	struct addr a;

	if (width == 4)
		return parse_number(out, s, len);
	if (len > ADDR_TEXT || addr_parse_ip(&a, s, (int)len) < 0 ||
	    a.family != 6)
		return -EINVAL;
	memcpy(out, a.ip, 16);
	return 0;
}

static int
parse_cc(uint16_t *cc, const char *s, size_t len)
{
	if (len != 2 || !isgraph((unsigned char)s[0]) ||
	    !isgraph((unsigned char)s[1]))
		return -EINVAL;
	*cc = GEOIP_CC(tolower((unsigned char)s[0]),
	    tolower((unsigned char)s[1]));
	return 0;
}

/* "16777216,16777471,AU" */
static int
parse_range(struct range *r, size_t width, const char *s, const char *end)
{
	const char *low, *high;
	size_t lowlen, highlen;

	if (field(&s, end, ',', &low, &lowlen) < 0 ||
	    field(&s, end, ',', &high, &highlen) < 0)
		return -EINVAL;
	memset(r, 0, sizeof(*r));
	if (parse_bound(r->low, width, low, lowlen) < 0 ||
	    parse_bound(r->high, width, high, highlen) < 0 ||
	    parse_cc(&r->cc, s, (size_t)(end - s)) < 0)
		return -EINVAL;
	return memcmp(r->low, r->high, width) <= 0 ? 0 : -EINVAL;
}

static int
ranges_add(struct ranges *rs, const struct range *r)
{
	struct range *v;
	size_t cap;

	if (rs->n >= GEOIP_LINES_MAX)
		return -E2BIG;
	if (rs->n == rs->cap) {
		cap = rs->cap ? rs->cap * 2 : 1024;
		if ((v = realloc(rs->v, cap * sizeof(*v))) == NULL)
			return -ENOMEM;
		rs->v = v;
		rs->cap = cap;
	}
	if (rs->n > 0 && memcmp(rs->v[rs->n - 1].low, r->low,
	    sizeof(r->low)) > 0)
		rs->unsorted = 1;
	rs->v[rs->n++] = *r;
	return 0;
}

static int
ranges_parse(struct ranges *rs, size_t width, const char *s, size_t len)
{
	const char *end = s + len, *nl, *stop;
	struct range r;
	int rc;

	for (; s < end; s = nl < end ? nl + 1 : end) {
		if ((nl = memchr(s, '\n', (size_t)(end - s))) == NULL)
			nl = end;
		stop = nl;
		if (stop > s && stop[-1] == '\r')
			stop--;
		if (stop == s || *s == '#')
			continue;
		if (parse_range(&r, width, s, stop) < 0)
			rs->bad++;
		else if ((rc = ranges_add(rs, &r)) < 0)
			return rc;
	}
	return rs->n > 0 ? 0 : -EINVAL;
}

static int
by_low(const void *a, const void *b)
{
	const struct range *x = a, *y = b;

	return memcmp(x->low, y->low, sizeof(x->low));
}

static void
table_put(struct table *t, const uint8_t *start, uint16_t cc)
{
	if (t->n > 0 && t->cc[t->n - 1] == cc)
		return;			/* the stretch goes on */
	memcpy(t->start + t->n * t->width, start, t->width);
	t->cc[t->n++] = cc;
}

/* The address after @a; 0 where there is none. */
static int
successor(uint8_t *out, const uint8_t *a, size_t width)
{
	size_t i = width;

	memcpy(out, a, width);
	while (i-- > 0)
		if (++out[i] != 0)
			return 1;
	return 0;
}

static void
table_fill(struct table *t, struct ranges *rs)
{
	uint8_t next[16] = { 0 };	/* first address not yet covered */
	int more = 1;
	size_t i;

	for (i = 0; i < rs->n; i++) {
		const struct range *r = &rs->v[i];

		if (!more || memcmp(r->low, next, t->width) < 0) {
			rs->bad++;
			continue;
		}
		if (memcmp(r->low, next, t->width) > 0)
			table_put(t, next, GEOIP_UNKNOWN);
		table_put(t, r->low, r->cc);
		t->ranges++;
		more = successor(next, r->high, t->width);
	}
	if (more)
		table_put(t, next, GEOIP_UNKNOWN);
}

static void
table_shrink(struct table *t)
{
	uint8_t *start = realloc(t->start, t->n * t->width);
	uint16_t *cc = realloc(t->cc, t->n * sizeof(*cc));

	if (start != NULL)
		t->start = start;
	if (cc != NULL)
		t->cc = cc;
}

static int
table_parse(struct table *t, size_t width, const char *s, size_t len,
    size_t *bad)
{
	struct ranges rs = { 0 };
	int rc;

	t->width = width;
	if ((rc = ranges_parse(&rs, width, s, len)) < 0)
		goto out;
	if (rs.unsorted)
		qsort(rs.v, rs.n, sizeof(*rs.v), by_low);
	t->start = malloc((2 * rs.n + 1) * width);
	t->cc = malloc((2 * rs.n + 1) * sizeof(*t->cc));
	if (t->start == NULL || t->cc == NULL) {
		rc = -ENOMEM;
		goto out;
	}
	table_fill(t, &rs);
	table_shrink(t);
out:
	*bad += rs.bad;
	free(rs.v);
	return rc;
}

static void
note_countries(struct geoip *g, const struct table *t)
{
	size_t i;

	for (i = 0; i < t->n; i++)
		g->has[t->cc[i] / 8] |= (uint8_t)(1 << t->cc[i] % 8);
}

int
geoip_parse(struct geoip **out, const char *v4, size_t v4len, const char *v6,
    size_t v6len, size_t *bad)
{
	struct geoip *g = calloc(1, sizeof(*g));
	size_t nbad = 0;
	int rc = 0;

	if (g == NULL)
		return -ENOMEM;
	if (v4 != NULL)
		rc = table_parse(&g->v4, 4, v4, v4len, &nbad);
	if (rc == 0 && v6 != NULL)
		rc = table_parse(&g->v6, 16, v6, v6len, &nbad);
	if (rc < 0) {
		geoip_free(g);
		return rc;
	}
	note_countries(g, &g->v4);
	note_countries(g, &g->v6);
	if (bad != NULL)
		*bad = nbad;
	*out = g;
	return 0;
}

void
geoip_free(struct geoip *g)
{
	if (g == NULL)
		return;
	free(g->v4.start);
	free(g->v4.cc);
	free(g->v6.start);
	free(g->v6.cc);
	free(g);
}

/* A file as memory. @len 0 and no memory where there is no path. */
static int
map_file(const char *path, char **text, size_t *len)
{
	struct stat st;
	void *p;
	int fd, rc = 0;

	*text = NULL;
	*len = 0;
	if (path == NULL)
		return 0;
	if ((fd = borrow_path(BORROW_FILE, path)) == -ENOSYS &&
	    (fd = open(path, O_RDONLY | O_CLOEXEC)) < 0)
		fd = -errno;
	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		rc = -errno;
	else if (!S_ISREG(st.st_mode) || st.st_size <= 0)
		rc = -EINVAL;
	else if ((p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE,
	    fd, 0)) == MAP_FAILED)
		rc = -errno;
	else {
		*text = p;
		*len = (size_t)st.st_size;
	}
	close(fd);
	return rc;
}

static void
unmap(char *text, size_t len)
{
	if (text != NULL)
		munmap(text, len);
}

int
geoip_load(struct geoip **out, const char *v4path, const char *v6path)
{
	char *v4, *v6 = NULL;
	size_t v4len, v6len = 0, bad = 0;
	int rc;

	if ((rc = map_file(v4path, &v4, &v4len)) < 0)
		return rc;
	if ((rc = map_file(v6path, &v6, &v6len)) == 0)
		rc = geoip_parse(out, v4, v4len, v6, v6len, &bad);
	unmap(v4, v4len);
	unmap(v6, v6len);
	if (rc == 0 && bad > 0)
		log_notice(LD_GENERAL, "passed over %zu lines of the country "
		    "database that make no sense", bad);
	return rc;
}

/* The last stretch that begins at or before @ip. */
static uint16_t
lookup(const struct table *t, const uint8_t *ip)
{
	size_t lo = 0, hi = t->n, mid;

	if (t->n == 0)
		return GEOIP_UNKNOWN;
	while (hi - lo > 1) {
		mid = lo + (hi - lo) / 2;
		if (memcmp(t->start + mid * t->width, ip, t->width) <= 0)
			lo = mid;
		else
			hi = mid;
	}
	return memcmp(t->start + lo * t->width, ip, t->width) <= 0 ?
	    t->cc[lo] : GEOIP_UNKNOWN;
}

uint16_t
geoip_country(const struct geoip *g, const struct addr *a)
{
	if (a->family == 4)
		return lookup(&g->v4, a->ip);
	if (a->family == 6)
		return lookup(&g->v6, a->ip);
	return GEOIP_UNKNOWN;
}

int
geoip_has_country(const struct geoip *g, uint16_t cc)
{
	return cc == GEOIP_UNKNOWN || (g->has[cc / 8] >> cc % 8 & 1);
}

size_t
geoip_count(const struct geoip *g, int family)
{
	return family == 4 ? g->v4.ranges : family == 6 ? g->v6.ranges : 0;
}

const char *
geoip_text(uint16_t cc, char out[3])
{
	out[0] = (char)(cc >> 8);
	out[1] = (char)(cc & 0xff);
	out[2] = '\0';
	return out;
}

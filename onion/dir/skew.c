/* onion/dir/skew.c - what the others think of our clock
 *
 * The latest trusted opinion wins.  Without one, the median of the relays'
 * counts once SKEW_AGREE of them lie near it: one relay that lies can neither
 * frighten nor calm anybody.
 */
#include "onion/dir/skew.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int
is_current(const struct skew_opinion *o, int64_t now)
{
	return o->used && now - o->at < SKEW_KEEP_S && now >= o->at;
}

/* Its own slot, a free one, or the oldest: untrusted ones first. */
static struct skew_opinion *
slot(struct skew *s, const uint8_t who[20])
{
	struct skew_opinion *best = &s->o[0], *o;
	size_t i;

	for (i = 0; i < SKEW_OPINIONS; i++)
		if (s->o[i].used && memcmp(s->o[i].who, who, 20) == 0)
			return &s->o[i];
	for (i = 0; i < SKEW_OPINIONS; i++) {
		o = &s->o[i];
		if (!o->used)
			return o;
		if (o->trusted != best->trusted ? best->trusted :
		    o->at < best->at)
			best = o;
	}
	return best;
}

void
skew_add(struct skew *s, const uint8_t who[20], int trusted, int64_t off,
    int64_t now)
{
	struct skew_opinion *o = slot(s, who);

	memcpy(o->who, who, sizeof(o->who));
	o->used = 1;
	o->trusted = trusted != 0;
	o->off = off;
	o->at = now;
}

static int
cmp_off(const void *pa, const void *pb)
{
	int64_t a = *(const int64_t *)pa, b = *(const int64_t *)pb;

	return a < b ? -1 : a > b;
}

static int
median(const struct skew *s, int64_t now, int64_t *out)
{
	int64_t off[SKEW_OPINIONS], mid;
	size_t n = 0, near = 0, i;

	for (i = 0; i < SKEW_OPINIONS; i++)
		if (is_current(&s->o[i], now))
			off[n++] = s->o[i].off;
	if (n < SKEW_AGREE)
		return 0;
	qsort(off, n, sizeof(off[0]), cmp_off);
	mid = off[n / 2];
	for (i = 0; i < n; i++)
		near += off[i] >= mid - SKEW_AGREE_S &&
		    off[i] <= mid + SKEW_AGREE_S;
	*out = mid;
	return near >= SKEW_AGREE && near * 2 > n;
}

int
skew_estimate(const struct skew *s, int64_t now, int64_t *out)
{
	const struct skew_opinion *best = NULL, *o;
	int64_t off;
	size_t i;

	for (i = 0; i < SKEW_OPINIONS; i++) {
		o = &s->o[i];
		if (is_current(o, now) && o->trusted &&
		    (best == NULL || o->at >= best->at))
			best = o;
	}
	if (best)
		off = best->off;
	else if (!median(s, now, &off))
		return 0;
	*out = off > -SKEW_MIN_S && off < SKEW_MIN_S ? 0 : off;
	return 1;
}

void
skew_forget(struct skew *s)
{
	memset(s, 0, sizeof(*s));
}

const char *
skew_text(char *out, size_t max, int64_t off)
{
	int64_t s = off < 0 ? -off : off, n;
	const char *unit;

	if (s >= 2 * 86400) {
		n = (s + 43200) / 86400;
		unit = "day";
	} else if (s >= 2 * 3600) {
		n = (s + 1800) / 3600;
		unit = "hour";
	} else {
		n = (s + 30) / 60;
		unit = "minute";
	}
	snprintf(out, max, "%lld %s%s", (long long)n, unit, n == 1 ? "" : "s");
	return out;
}

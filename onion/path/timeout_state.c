/* onion/path/timeout_state.c - build times in the state file
 *
 * Theory of operation
 *	Times are written as a histogram with bins of 10 ms, as tor does.  While
 *	a file is read they are gathered aside; only where their number is what
 *	TotalBuildTimes says do they replace what was there.
 * Limits
 *	LOAD_MAX times are read, of which a random TIMEOUT_TIMES are kept.
 */
#include "onion/path/timeout_int.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/rand.h"

const char *const timeout_state_keys[] = {
	"CircuitBuildAbandonedCount", "CircuitBuildTimeBin", "TotalBuildTimes",
	NULL
};

static int
parse_number(const char **s, uint32_t max, uint32_t *out)
{
	uint64_t v = 0;
	const char *p = *s;

	while (*p == ' ')
		p++;
	if (*p < '0' || *p > '9')
		return -EINVAL;
	for (; *p >= '0' && *p <= '9'; p++) {
		v = v * 10 + (uint64_t)(*p - '0');
		if (v > max)
			return -EINVAL;
	}
	if (*p != '\0' && *p != ' ')
		return -EINVAL;
	*s = p;
	*out = (uint32_t)v;
	return 0;
}

static int
load_times(struct loading *l, uint32_t ms, uint32_t count)
{
	if (l->times == NULL &&
	    (l->times = calloc(LOAD_MAX, sizeof(*l->times))) == NULL)
		return -ENOMEM;
	if (count > LOAD_MAX - l->n)
		return -EINVAL;
	while (count-- > 0)
		l->times[l->n++] = ms;
	return 0;
}

/* Both halves are there and agree: shuffled, so that old and new ones give way
 * alike as time goes on. */
static void
load_finish(struct timeout *t)
{
	struct loading *l = &t->load;
	size_t i;

	if (load_times(l, ABANDONED, (uint32_t)l->abandoned) < 0)
		return;
	rand_shuffle(l->times, l->n, sizeof(*l->times));
	timeout_forget(t);
	for (i = 0; i < l->n && i < TIMEOUT_TIMES; i++)
		timeout_add(t, l->times[i]);
	timeout_learn(t);
}

static int
load_bin(struct loading *l, const char *value)
{
	uint32_t ms, count;

	if (parse_number(&value, TIME_MAX, &ms) < 0 || ms == 0 ||
	    parse_number(&value, LOAD_MAX, &count) < 0)
		return -EINVAL;
	return load_times(l, ms, count);
}

static int
load_count(int64_t *out, const char *value)
{
	uint32_t n;

	if (parse_number(&value, LOAD_MAX, &n) < 0)
		return -EINVAL;
	*out = n;
	return 0;
}

static int
load_agrees(const struct loading *l)
{
	return !l->bad && l->total > 0 &&
	    (int64_t)l->n + l->abandoned == l->total;
}

int
timeout_state_line(struct timeout *t, const char *key, const char *value)
{
	struct loading *l = &t->load;
	int rc;

	if (strcasecmp(key, "CircuitBuildTimeBin") == 0)
		rc = load_bin(l, value);
	else if (strcasecmp(key, "TotalBuildTimes") == 0)
		rc = load_count(&l->total, value);
	else if (strcasecmp(key, "CircuitBuildAbandonedCount") == 0)
		rc = load_count(&l->abandoned, value);
	else
		return 0;
	if (rc < 0)
		l->bad = 1;
	return rc;
}

int
timeout_state_done(struct timeout *t)
{
	struct loading *l = &t->load;
	int rc = 0;

	if (load_agrees(l)) {
		if (timeout_learns(t))
			load_finish(t);
	} else if (l->bad || l->n > 0 || l->total > 0 || l->abandoned > 0)
		rc = -EPROTO;
	free(l->times);
	memset(l, 0, sizeof(*l));
	l->total = -1;
	return rc;
}

int
timeout_load(struct timeout *t, const char *text, size_t len)
{
	const char *s = text, *end = text + len, *nl, *blank;
	char line[128];
	size_t n;

	for (; s < end; s = nl < end ? nl + 1 : end) {
		if ((nl = memchr(s, '\n', (size_t)(end - s))) == NULL)
			nl = end;
		n = (size_t)(nl - s);
		blank = memchr(s, ' ', n);
		if (blank == NULL || n >= sizeof(line) ||
		    memchr(s, '\0', n) != NULL)
			continue;
		memcpy(line, s, n);
		line[n] = '\0';
		line[blank - s] = '\0';
		timeout_state_line(t, line, line + (blank - s) + 1);
	}
	return timeout_state_done(t);
}

static int
by_value(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

/* Gives how many were abandoned, and so have no bin. */
static size_t
put_bins(const struct timeout *t, timeout_put_fn *put, void *arg)
{
	uint32_t times[TIMEOUT_TIMES];
	size_t i, n = timeout_finished(t, times), count;
	char value[64];

	qsort(times, n, sizeof(*times), by_value);
	for (i = 0; i < n; i += count) {
		uint32_t bin = times[i] / TIMEOUT_BIN_MS;

		for (count = 1; i + count < n &&
		    times[i + count] / TIMEOUT_BIN_MS == bin; )
			count++;
		snprintf(value, sizeof(value), "%" PRIu32 " %zu",
		    bin * TIMEOUT_BIN_MS + TIMEOUT_BIN_MS / 2, count);
		put(arg, "CircuitBuildTimeBin", value);
	}
	return t->ntimes - n;
}

void
timeout_state_each(const struct timeout *t, timeout_put_fn *put, void *arg)
{
	char value[64];
	size_t abandoned;

	if (t->ntimes == 0)
		return;
	snprintf(value, sizeof(value), "%zu", t->ntimes);
	put(arg, "TotalBuildTimes", value);
	abandoned = put_bins(t, put, arg);
	if (abandoned > 0) {
		snprintf(value, sizeof(value), "%zu", abandoned);
		put(arg, "CircuitBuildAbandonedCount", value);
	}
}

struct text_out {
	struct buf	*buf;
	int		 rc;
};

static void
put_text(void *arg, const char *key, const char *value)
{
	struct text_out *o = arg;
	char line[192];
	int n = snprintf(line, sizeof(line), "%s %s\n", key, value);

	if (o->rc == 0)
		o->rc = buf_add(o->buf, line, (size_t)n);
}

int
timeout_save(const struct timeout *t, struct buf *out)
{
	struct text_out o = { out, 0 };

	timeout_state_each(t, put_text, &o);
	return o.rc;
}

/* onion/path/pareto.c - the curve that circuit build times are taken to follow
 */
#include "onion/path/pareto.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MODES_MAX = 32 };

struct bin {
	uint32_t	mid;	/* ms */
	size_t		count;
};

static int
by_value(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

/* Into the list of the @max fullest, fullest first; among equals the one that
 * came first, which is the faster one, stays before. */
static size_t
keep(struct bin *top, size_t n, size_t max, struct bin b)
{
	size_t i;

	if (n == max && top[n - 1].count >= b.count)
		return n;
	if (n < max)
		n++;
	for (i = n - 1; i > 0 && top[i - 1].count < b.count; i--)
		top[i] = top[i - 1];
	top[i] = b;
	return n;
}

static double
mean_of_modes(const uint32_t *times, size_t n, uint32_t bin_ms, size_t modes)
{
	struct bin top[MODES_MAX], b;
	size_t i, ntop = 0, count = 0;
	double sum = 0;

	for (i = 0; i < n; i += b.count) {
		b.mid = times[i] / bin_ms * bin_ms + bin_ms / 2;
		for (b.count = 1; i + b.count < n &&
		    times[i + b.count] / bin_ms == times[i] / bin_ms; )
			b.count++;
		ntop = keep(top, ntop, modes, b);
	}
	for (i = 0; i < ntop; i++) {
		sum += (double)top[i].mid * (double)top[i].count;
		count += top[i].count;
	}
	return sum / (double)count;
}

int
pareto_fit(struct pareto *out, uint32_t *times, size_t n, uint32_t bin_ms,
    size_t modes)
{
	struct pareto p;
	double logs = 0;
	size_t i;

	if (n == 0)
		return -ENODATA;
	if (modes < 1)
		modes = 1;
	if (modes > MODES_MAX)
		modes = MODES_MAX;
	qsort(times, n, sizeof(*times), by_value);
	p.xm = floor(mean_of_modes(times, n, bin_ms, modes));
	if (p.xm < 1)
		p.xm = 1;
	for (i = 0; i < n; i++)
		logs += log(times[i] > p.xm ? times[i] : p.xm);
	logs -= (double)n * log(p.xm);
	p.alpha = logs > 0 ? (double)n / logs : HUGE_VAL;
	*out = p;
	return 0;
}

double
pareto_quantile(const struct pareto *p, double q)
{
	double v = p->xm / pow(1.0 - q, 1.0 / p->alpha);

	return v < INT32_MAX ? v : INT32_MAX;
}

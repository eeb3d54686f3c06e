/* onion/path/pareto.h - the curve that circuit build times are taken to follow
 *
 * path-spec 2.4.3.  Its lowest value is not the least that was seen but the
 * mean of the most frequent bins, which suits what is really measured.
 */
#ifndef ONION_PATH_PARETO_H
#define ONION_PATH_PARETO_H

#include <stddef.h>
#include <stdint.h>

struct pareto {
	double	xm;	/* ms */
	double	alpha;	/* HUGE_VAL where all times are alike */
};

/* @times: @n of them, in ms, any order; sorted by the call.  Bins are @bin_ms
 * wide; @modes of them are taken.  -ENODATA where there are no times. */
int	pareto_fit(struct pareto *, uint32_t *times, size_t n, uint32_t bin_ms,
	    size_t modes);
/* Below which time do so many (0 <= @q < 1) of all lie?  At most INT32_MAX. */
double	pareto_quantile(const struct pareto *, double q);

#endif

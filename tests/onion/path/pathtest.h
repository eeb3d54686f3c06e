/* tests/onion/path/pathtest.h - what the tests of onion/path share */
#ifndef TESTS_ONION_PATH_PATHTEST_H
#define TESTS_ONION_PATH_PATHTEST_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "onion/crypto/crypt.h"
#include "onion/dir/netdir.h"
#include "onion/path/relayset.h"
#include "tests/sim/simdir.h"
#include "tests/unit.h"

enum { PATHTEST_NOW = 1795300000 };	/* 2026-11-21 */

#define PATHTEST_MAIN(name, tests)					\
int									\
main(void)								\
{									\
	crypt_init();							\
	return unit_run(name, tests, NELEM(tests));			\
}

/* Are these counts what these shares (in sum 1) would give?  Says no by
 * accident once in 10^10 times.  Shares that expect less than five are put
 * together. */
static inline int
chi_square_ok(const uint64_t *got, const double *share, size_t n,
    uint64_t draws)
{
	double sum = 0, rest_want = 0, rest_got = 0, want, d, bound;
	size_t i, cells = 0;

	for (i = 0; i < n; i++) {
		want = share[i] * (double)draws;
		if (want == 0 && got[i] > 0)
			return 0;
		if (want < 5) {
			rest_want += want;
			rest_got += (double)got[i];
			continue;
		}
		d = (double)got[i] - want;
		sum += d * d / want;
		cells++;
	}
	if (rest_want >= 5) {
		sum += (rest_got - rest_want) * (rest_got - rest_want) /
		    rest_want;
		cells++;
	}
	if (cells < 2)
		return cells == 1 && sum == 0;
	d = 2.0 / (9.0 * (double)(cells - 1));	/* Wilson and Hilferty */
	bound = (double)(cells - 1) * pow(1 - d + 6.4 * sqrt(d), 3);
	return sum < bound;
}

static inline struct relayset *
make_set(const char *text)
{
	struct relayset *set;

	ck_assert_int_eq(relayset_parse(&set, text, NULL), 0);
	return set;
}

/* The relay of that name. */
static inline const struct relay *
named(const struct netdir *nd, const char *name)
{
	const struct relay *r;
	size_t i = 0;

	r = netdir_by_nickname(nd, name, &i);
	ck_assert_ptr_nonnull(r);
	return r;
}

#endif

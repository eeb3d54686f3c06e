/* tests/onion/hs/probe_pow.c - how fast proof of work is here
 *
 *	probe_pow [ATTEMPTS]
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "onion/hs/equix.h"
#include "onion/hs/hashx.h"

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int
main(int argc, char **argv)
{
	unsigned i, n = argc > 1 ? (unsigned)atoi(argv[1]) : 200;
	uint8_t found[EQUIX_FOUND_MAX][EQUIX_LEN];
	unsigned solutions = 0, bad = 0, makes = 20 * n;
	struct hashx h;
	struct equix *e;
	double start;
	int rc;

	if (equix_new(&e) < 0)
		return 1;
	start = now();
	for (i = 0; i < n; i++)
		if ((rc = equix_solve(e, &i, sizeof(i), found)) > 0)
			solutions += (unsigned)rc;
	start = now() - start;
	printf("%u attempts, %u solutions: %.1f attempts/s, %.1f solutions/s\n",
	    n, solutions, n / start, solutions / start);
	start = now();
	for (i = 0; i < makes; i++)
		bad += hashx_make(&h, &i, sizeof(i)) < 0;
	start = now() - start;
	printf("%u programs, %u refused: %.1f us each\n", makes, bad,
	    start / makes * 1e6);
	start = now();
	for (i = 0; i < makes; i++)
		(void)equix_verify("a", 1, (const uint8_t *)
		    "\x27\x22\x73\xa1\x5a\x36\x7d\xb4"
		    "\xb2\x1b\x77\xa0\x5e\x0d\x5f\xf2");
	start = now() - start;
	printf("%u verifications: %.1f us each\n", makes, start / makes * 1e6);
	equix_free(e);
	return 0;
}

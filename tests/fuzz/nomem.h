/* tests/fuzz/nomem.h - one input again and again, each time with less memory
 *
 * The first allocation that our own code makes for it fails, then the second, and
 * so on; each time in a process of its own, which must live through it or end by
 * its own decision, and in time.  What libraries allocate for themselves does not
 * fail, nor is it known how the target itself takes it: what it finds broken
 * (must()) is its own business here, a signal is not.
 */
#ifndef TESTS_FUZZ_NOMEM_H
#define TESTS_FUZZ_NOMEM_H

#include <stddef.h>
#include <stdint.h>

struct nomem_tally {
	unsigned	 refused;	/* allocations */
	unsigned	 died;		/* of one that was refused */
};

int	nomem_possible(void);	/* 0: this build has another malloc() */
void	nomem_input(const char *name, const uint8_t *, size_t,
	    struct nomem_tally *);

#endif

/* tests/fuzz/fuzz.h - what fuzz targets have in common */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/* A promise that no input may break. */
static inline void
must(int ok)
{
	if (!ok)
		abort();
}

#endif

/* tests/fuzz/fz_state_file.c - the state file, read by its parser */
#include <stdlib.h>
#include <string.h>

#include "onion/dir/statefile.h"
#include "tests/fuzz/fuzz.h"

static void
on_line(void *arg, const char *key, const char *value)
{
	size_t *sum = arg;

	if (key[0] == '\0' || strpbrk(key, " \t\n\r#") ||
	    strpbrk(value, "\n\r"))
		abort();
	*sum += strlen(key) + strlen(value);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	size_t sum = 0, bad;

	bad = statefile_parse((const char *)p, len, on_line, &sum);
	if (sum > len || bad > len)
		abort();
	return 0;
}

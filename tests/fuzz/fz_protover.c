/* tests/fuzz/fz_protover.c - a line of subprotocol versions */
#include <stdlib.h>
#include <string.h>

#include "onion/dir/protover.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char out[PROTOVER_TEXT];
	uint32_t caps = 0;
	int rc, missing;

	rc = protover_caps(&caps, (const char *)data, len);
	missing = protover_missing(out, (const char *)data, len);
	if ((rc < 0) != (missing < 0))
		abort();
	if (memchr(out, '\0', sizeof(out)) == NULL)
		abort();
	if (missing >= 0 && (missing != 0) != (out[0] != '\0'))
		abort();
	return 0;
}

/* tests/fuzz/fz_run_msg.c - what any user may send to RunSocket */
#include <stdlib.h>
#include <string.h>

#include "daemon/runmsg.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	uint8_t again[RUNMSG_MAX];
	struct runmsg m;
	int n;

	if (runmsg_parse(&m, data, len) < 0)
		return 0;
	n = runmsg_build(&m, again, sizeof(again));
	if (n != (int)len || memcmp(again, data, len) != 0)
		abort();
	return 0;
}

/* tests/fuzz/fz_netrecord.c - what was before, from a file that the daemon's
 * user may have written
 *
 * Nothing but small numbers for sysctls below net/ comes out of it.
 */
#include <stdlib.h>
#include <string.h>

#include "policy/netrecord.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct netrecord r;
	size_t i;

	if (netrecord_parse(&r, (const char *)data, len,
	    "boot 1\nnetns 2\n") < 0)
		return 0;
	if (strchr(r.link, '/') || r.n > NETRECORD_OLD_MAX)
		abort();
	for (i = 0; i < r.n; i++)
		if (strncmp(r.old[i].path, "net/", 4) != 0 ||
		    strstr(r.old[i].path, "/.") ||
		    strspn(r.old[i].value, "-0123456789") !=
		    strlen(r.old[i].value) ||
		    netrecord_find(&r, r.old[i].path) != &r.old[i])
			abort();
	netrecord_free(&r);
	return 0;
}

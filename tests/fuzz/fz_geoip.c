/* tests/fuzz/fz_geoip.c - a country database
 *
 * Input: an IPv4 and an IPv6 file, with a NUL between them.
 */
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "onion/path/geoip.h"
#include "tests/fuzz/fuzz.h"

static void
ask(const struct geoip *g, const uint8_t *ip, uint8_t family)
{
	struct addr a = { .family = family, .port = 1 };
	char cc[3];

	memcpy(a.ip, ip, family == 4 ? 4 : 16);
	geoip_text(geoip_country(g, &a), cc);
	if (!geoip_has_country(g, geoip_country(g, &a)) || cc[0] == '\0')
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const uint8_t ends[2][16] = { { 0 }, { 0xff, 0xff, 0xff, 0xff,
	    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	    0xff } };
	const uint8_t *nul = len ? memchr(data, '\0', len) : NULL;
	size_t first = nul ? (size_t)(nul - data) : len, i, bad;
	struct geoip *g;

	if (geoip_parse(&g, (const char *)data, first,
	    nul ? (const char *)nul + 1 : NULL, nul ? len - first - 1 : 0,
	    &bad) < 0)
		return 0;
	ask(g, ends[0], 4);
	ask(g, ends[1], 4);
	ask(g, ends[0], 6);
	ask(g, ends[1], 6);
	for (i = 0; i + 16 <= len && i < 64; i++) {
		ask(g, data + i, 4);
		ask(g, data + i, 6);
	}
	geoip_free(g);
	return 0;
}

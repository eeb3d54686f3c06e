/* tests/fuzz/fz_resolved.c - the answers in RESOLVED
 *
 * Oracles: no more answers than fit, names that are names, addresses of the
 * family that their type says.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "onion/circ/resolvemsg.h"
#include "tests/fuzz/fuzz.h"

static void
check(const struct resolved *r)
{
	size_t i, n = strlen(r->name);

	must(n <= RELAY_HOST_MAX);
	must((n > 0) == (r->type == RESOLVED_NAME));
	for (i = 0; i < n; i++)
		must(r->name[i] > ' ' && r->name[i] <= 'z');
	if (r->type == RESOLVED_V4 || r->type == RESOLVED_V6)
		must(r->addr.family == r->type);
	else
		must(r->addr.family == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	static struct resolved v[RESOLVED_MAX];
	struct relaymsg m = { .cmd = RELAY_RESOLVED, .stream = 1 };
	int i, n;

	if (len > RELAY_DATA_MAX)
		len = RELAY_DATA_MAX;
	m.len = (uint16_t)len;
	m.data = p;
	n = resolvemsg_parse(v, &m);
	must(n <= RESOLVED_MAX);
	for (i = 0; i < n; i++)
		check(&v[i]);
	return 0;
}

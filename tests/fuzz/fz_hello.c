/* tests/fuzz/fz_hello.c - VERSIONS, AUTH_CHALLENGE, NETINFO, and cell framing
 *
 * Oracles: a cell lies within its buffer and is never longer than allowed; of
 * what was parsed, nothing has a form that the parser doesn't take.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "onion/link/cell.h"
#include "onion/link/hello.h"
#include "tests/fuzz/fuzz.h"

static void
frames(const uint8_t *data, size_t size, int wide)
{
	uint8_t *copy = malloc(size + 1);
	struct cell c;
	size_t off = 0;
	int n;

	must(copy != NULL);
	memcpy(copy, data, size);
	while ((n = cell_parse(&c, copy + off, size - off, wide)) > 0) {
		must((size_t)n <= size - off);
		must(c.body >= copy + off);
		must(c.body + c.len == copy + off + n);
		must(c.len <= CELL_VAR_BODY_MAX);
		must(cell_is_var(c.cmd) || c.len == CELL_BODY);
		off += (size_t)n;
	}
	free(copy);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hello_netinfo ni;
	size_t i;
	int v;

	frames(data, size, 0);
	frames(data, size, 1);
	v = hello_versions_pick(data, size);
	must(v < 0 || (v >= HELLO_VERSION_MIN && v <= HELLO_VERSION_MAX &&
	    size % 2 == 0));
	if (hello_challenge_check(data, size) == 0)
		must(size >= 34);
	if (hello_netinfo_parse(&ni, data, size) == 0) {
		must(ni.nmine <= HELLO_MINE_MAX);
		must(ni.other.family == 4 || ni.other.family == 6);
		for (i = 0; i < ni.nmine; i++)
			must(ni.mine[i].family == 4 || ni.mine[i].family == 6);
	}
	return 0;
}

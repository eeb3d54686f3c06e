/* tests/fuzz/fz_portlist.c - an exit policy summary */
#include <stdlib.h>
#include <string.h>

#include "onion/dir/portlist.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct portlist *l;
	uint16_t i;

	if (portlist_parse(&l, (const char *)data, len) < 0)
		return 0;
	if (l->n == 0 || l->n > PORTLIST_MAX)
		abort();
	for (i = 0; i < l->n; i++) {
		if (l->range[i].lo == 0 || l->range[i].lo > l->range[i].hi ||
		    (i > 0 && l->range[i].lo <= l->range[i - 1].hi + 1))
			abort();
		if (portlist_accepts(l, l->range[i].lo) != l->accept ||
		    portlist_accepts(l, l->range[i].hi) != l->accept)
			abort();
	}
	free(l);
	return 0;
}

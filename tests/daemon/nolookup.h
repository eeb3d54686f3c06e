/* tests/daemon/nolookup.h - an engine that looks nothing up, for tests of flows
 *
 * Its functions come before those of libonion.a.  Included by one file of a
 * program, which makes up onion_connect() itself.
 */
#ifndef TESTS_DAEMON_NOLOOKUP_H
#define TESTS_DAEMON_NOLOOKUP_H

#include <errno.h>

#include "onion/onion.h"

int
onion_resolve(struct onion *o, const uint8_t token[ONION_TOKEN],
    const struct onion_question *q, onion_lookup_fn *fn, void *arg,
    struct onion_lookup **out)
{
	(void)o;
	(void)token;
	(void)q;
	(void)fn;
	(void)arg;
	(void)out;
	return -ENOSPC;
}

void
onion_lookup_cancel(struct onion_lookup *l)
{
	(void)l;
}

#endif

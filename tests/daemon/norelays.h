/* tests/daemon/norelays.h - for an engine that is made up: it knows no relay */
#ifndef TESTS_DAEMON_NORELAYS_H
#define TESTS_DAEMON_NORELAYS_H

#include <errno.h>

#include "onion/onion.h"

int
onion_relay_named(const struct onion *o, const char *name, uint8_t rsa[20])
{
	(void)o;
	(void)name;
	(void)rsa;
	return -ENOENT;
}

int
onion_relay_addr(const struct onion *o, const uint8_t rsa[20],
    struct addr *out)
{
	(void)o;
	(void)rsa;
	(void)out;
	return -ENOENT;
}

#endif

/* tests/quiet.h - for log_capture(): nobody needs to read it */
#ifndef TESTS_QUIET_H
#define TESTS_QUIET_H

#include "base/log.h"

static inline void
quiet(void *arg, enum log_level level, const char *text)
{
	(void)arg;
	(void)level;
	(void)text;
}

#endif

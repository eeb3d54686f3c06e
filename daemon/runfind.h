/* daemon/runfind.h - whoever takes the device of a program: daemon or engine */
#ifndef DAEMON_RUNFIND_H
#define DAEMON_RUNFIND_H

#include <stddef.h>

#include "daemon/conf.h"

/* A connection to it (runmsg.h); @own: an engine of the user's, which may have
 * been started just now.  -errno with a sentence in @why. */
int	runfind(const struct conf *, enum conf_quiet, int *own, char *why,
	    size_t max);

#endif

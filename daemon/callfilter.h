/* daemon/callfilter.h - the system calls that the engine may make
 *
 * A list of what is allowed; the first call that is not on it ends the process
 * (SIGSYS), whatever made it.  Each file that the engine consists of names the
 * calls it needs, in a comment beside its code:
 *
 *	// seccomp: accept4 getsockname		(but as a C comment)
 *
 * daemon/callfilter.awk makes the list of them.  Calls whose arguments matter
 * are in callfilter.c, with what they may be asked for.
 *
 * A build with CPPFLAGS=-DCALLFILTER_TELL says on standard error which call it
 * was, before it ends: for whoever adds code.
 */
#ifndef DAEMON_CALLFILTER_H
#define DAEMON_CALLFILTER_H

#include <stddef.h>

struct callfilter_conf {
	int	syslog;			/* may reach the system's log again */
};

/* For the calling thread and all that it starts, for good; before there are
 * threads.  0; -ENOSYS: the kernel has no such filter; another -errno.  @why
 * gets a sentence. */
int	callfilter_load(const struct callfilter_conf *, char *why, size_t max);
/* The @i-th name on the list, or NULL: for tests. */
const char *callfilter_name(size_t i);

#endif

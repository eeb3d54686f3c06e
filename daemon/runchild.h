/* daemon/runchild.h - the child of `run`, until it is the program
 *
 * It makes the namespaces and what is in them, hands the TUN to its parent, and
 * waits for leave to begin.
 */
#ifndef DAEMON_RUNCHILD_H
#define DAEMON_RUNCHILD_H

#include <signal.h>
#include <sys/types.h>

/* Exit statuses beside the program's own, as those of env(1), timeout(1). */
enum {
	RUNCHILD_FAILED = 125,		/* ours, the program did not run */
	RUNCHILD_CANNOT_EXECUTE = 126,
	RUNCHILD_NOT_FOUND = 127
};

struct runchild {
	char *const	*program;	/* its argv */
	sigset_t	 mask;		/* as it was given to us */
	struct sigaction chld;		/* of SIGCHLD, the same */
};

/* Over @pair, whose other end is with @parent, go OPEN with the TUN, or else
 * REFUSED with why not; back comes a byte, when the program is to begin.  The
 * end of @pair, or of @parent, is the end. */
void	runchild_main(const struct runchild *, int pair, pid_t parent)
	    __attribute__((noreturn));

/* Whether execvp() would find @name in @path (PATH, or NULL): 0, or one of the
 * above. */
int	runchild_find(const char *name, const char *path);
/* Takes those variables away from the environment that would lead the program
 * around the device: proxies, buses, and what its resolver would add. */
void	runchild_clean_environment(void);

#endif

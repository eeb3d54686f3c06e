/* daemon/sandbox.h - what a process gives up before it hears the network
 *
 * In this order: its root (daemon/emptyroot), its user and capabilities, core
 * dumps, new privileges and debuggers, files and ports (daemon/landlock), and
 * at last the system calls that it does not need (daemon/callfilter).
 */
#ifndef DAEMON_SANDBOX_H
#define DAEMON_SANDBOX_H

#include <stddef.h>
#include <sys/types.h>

enum { SANDBOX_DIRS_MAX = 8, SANDBOX_TEXT = 512 };

struct sandbox_conf {
	const char	*user;		/* to become, if we are root; NULL */
	struct {
		const char	*path;	/* absolute; NULL is passed over */
		int		 writable;
	} dir[SANDBOX_DIRS_MAX];	/* all that is left of the files */
	size_t		 ndirs;
	pid_t		 parent;	/* to end with; 0: none */
	int		 debugger;	/* one may be attached */
	int		 syslog;	/* it logs to the system's log */
};

/* For good.  Threads must not be there yet.  0, and @lacks says what of it
 * could not be had here ("" where all is), which is for whoever runs the
 * program to know; or -errno with a sentence in @why: then the process is not
 * to go on. */
int	sandbox_enter(const struct sandbox_conf *, char lacks[SANDBOX_TEXT],
	    char *why, size_t max);

#endif

/* daemon/fwproc.h - the process that keeps the firewall's rules in force
 *
 * With FailClosed 1.  It is told what to do by daemon/procmsg.h; who starts it
 * is daemon/fwkeep.h.
 */
#ifndef DAEMON_FWPROC_H
#define DAEMON_FWPROC_H

#include <stddef.h>

#include "daemon/proc.h"

struct conf;

/* Its directory: below DataDirectory, root's own, since an engine that is
 * somebody else's could write in that. */
#define FWPROC_DIRECTORY "firewall"
enum { FWPROC_PATH = 4096 };

enum { FWPROC_ASKED, FWPROC_TELLS };	/* its sockets */

/* The whole life of the process; its status.  The first answer, on the first
 * socket, comes unasked: DONE, the rules are in force, or FAILED.  @conf is
 * borrowed. */
int	fwproc_run(const struct conf *, const int fd[PROC_SOCKETS]);

/* The directory, made where it is missing.  -EPERM and a sentence: it is not
 * root's. */
int	fwproc_directory(const struct conf *, char path[FWPROC_PATH],
	    char *why, size_t max);
/* Does the kernel have tables of ours? */
int	fwproc_is_in_force(void);
/* `firewall open`: the rules go, where there ever were some, and the sysctls are what
 * they were. */
int	fwproc_undo(const struct conf *, char *why, size_t max);

#endif

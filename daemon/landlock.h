/* daemon/landlock.h - files and ports that a process may touch
 *
 * For good, and for its threads and children.  It is the second lock beside
 * daemon/emptyroot.h, and the only one where there are no rights for that.
 */
#ifndef DAEMON_LANDLOCK_H
#define DAEMON_LANDLOCK_H

#include <stddef.h>

struct landlock_dir {
	const char	*path;
	int		 writable;	/* files made, changed, taken away */
};

/* From now on: nothing of the file system but what is below @dirs, no TCP port
 * to listen at (ABI 4), and no abstract Unix socket and no signal that leads
 * out (ABI 6).  Directories that are not there are passed over.  The kernel's
 * ABI; 0: it has no Landlock; or -errno. */
int	landlock_enter(const struct landlock_dir *, size_t n);
int	landlock_abi(void);		/* 0: none */

#endif

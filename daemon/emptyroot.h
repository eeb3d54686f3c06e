/* daemon/emptyroot.h - a root directory with nothing in it
 *
 * The calling process gets mounts of its own: an empty file system, read only,
 * with the directories that it was promised at their old names, and nothing on
 * them is a device, a program or set-uid.  The old root is gone for it.
 */
#ifndef DAEMON_EMPTYROOT_H
#define DAEMON_EMPTYROOT_H

#include <stddef.h>

struct emptyroot_dir {
	const char	*path;		/* absolute, and it is there */
	int		 writable;
};

/* Needs CAP_SYS_ADMIN.  0; or -errno with a sentence in @why, and the root is
 * as it was. */
int	emptyroot_enter(const struct emptyroot_dir *, size_t n, char *why,
	    size_t max);

#endif

/* daemon/runmirror.h - a directory of which some names are not seen
 *
 * In a mount namespace of its own, for what a program of `run` must not find.
 */
#ifndef DAEMON_RUNMIRROR_H
#define DAEMON_RUNMIRROR_H

#include <stddef.h>
#include <sys/types.h>

enum { RUNMIRRORS_MAX = 8 };

struct runmirrors {			/* zeroed: none */
	dev_t	dev[RUNMIRRORS_MAX];	/* file systems of our own */
	size_t	n;
};

/* @dir is a mirror from now on, without what @hidden names (a list that ends
 * with NULL; or NULL); one that is not there needs none.  0 or -errno. */
int	runmirror(struct runmirrors *, const char *dir,
	    const char *const *hidden);
/* An empty file system of our own over @dir.  0; -E2BIG; -errno. */
int	runmirror_mount(struct runmirrors *, const char *dir, mode_t);
/* What is in @from appears in @to, which is in such a one: all of it but what
 * @list names; with @only, nothing else than that.  0; -E2BIG; -errno. */
int	runmirror_entries(int from, int to, const char *const *list, int only);
int	runmirror_has(const struct runmirrors *, const char *dir);

#endif

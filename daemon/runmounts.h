/* daemon/runmounts.h - what a program of `run` sees of the file system
 *
 * In a mount namespace of its own, nothing of which is seen outside: the
 * resolver's configuration, and neither name services nor buses behind Unix
 * sockets, which would look up or connect in the network outside.
 */
#ifndef DAEMON_RUNMOUNTS_H
#define DAEMON_RUNMOUNTS_H

#include <stddef.h>

enum { RUNMOUNTS_PATH = 4096 };

/* In the namespace, with CAP_SYS_ADMIN there.  0 or -errno with a sentence in
 * @why; then nothing may be executed. */
int	runmounts_apply(char *why, size_t max);

/* nsswitch.conf's text as it must be: names are looked up in files and by DNS,
 * and by nothing else but the module that knows this host's own name, if it was
 * there.  To be freed; NULL: no memory. */
char	*runmounts_nsswitch(const char *text, size_t len);
/* Where @path leads, every symbolic link followed, though the end be missing:
 * the part that exists in @real, and what is missing of it, "" or "a/b", in
 * @rest.  0; -ELOOP; -ENAMETOOLONG; -errno as of realpath(). */
int	runmounts_follow(const char *path, char real[RUNMOUNTS_PATH],
	    char rest[RUNMOUNTS_PATH]);

#endif

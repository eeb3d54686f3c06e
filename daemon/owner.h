/* daemon/owner.h - whose a local program's connection is
 *
 * The user and the control group (cgroup v2) of the program that connected,
 * where that runs on this host: the kernel is asked for the socket with the
 * client's own addresses and ports, and says who made it.  That is who made the
 * socket, in which group, even if another process has it now; and a group that
 * is given to its user to divide (user.slice) divides as that user likes.
 *
 * What is not known, or could be another socket's, is not said.
 */
#ifndef DAEMON_OWNER_H
#define DAEMON_OWNER_H

#include <stddef.h>
#include <stdint.h>

struct addr;
struct loop;
struct owner;

enum {
	OWNER_APP = 1024,		/* bytes of a group's path, with a NUL */
	OWNER_PLACE = 1024,
	OWNER_PATHS_MAX = 1024,		/* remembered */
	OWNER_AGAIN_MS = 1000,		/* a group that was not found is not
					 * looked for again for so long, */
	OWNER_LOOKS_MAX = 20		/* nor more than so many in that time */
};

struct owner_is {
	uint8_t		 has_uid;
	uint32_t	 uid;
	uint64_t	 group;		/* 0: not known */
};

struct owner_source {		/* what the kernel knows; tests make it up */
	/* Who has the socket that is at @at and connected to @to?  0; -ENOENT:
	 * nobody, or who it is is not known. */
	int	(*find)(void *arg, const struct addr *at, const struct addr *to,
		    struct owner_is *);
	/* The path of that group; 0, -ENOENT. */
	int	(*path)(void *arg, uint64_t group, char out[OWNER_APP]);
	void	*arg;
};

int	owner_new(struct owner **, struct loop *, const struct owner_source *);
void	owner_free(struct owner *);
/* As above; @out is all 0 where it is not 0. */
int	owner_find(struct owner *, const struct addr *at, const struct addr *to,
	    struct owner_is *);
/* "/system.slice/foo.service", borrowed until the next call; NULL: not known. */
const char *owner_app(struct owner *, const struct owner_is *);

/* The one that asks the kernel.  What it needs is opened now, so that it works
 * in a process that has another root later.  @place gets the directory of the
 * groups ("": there is none), which has to stay readable, or no group is known.
 * 0 or -errno; close it after the owner. */
int	owner_kernel_open(struct owner_source *, char place[OWNER_PLACE]);
void	owner_kernel_close(struct owner_source *);

#endif

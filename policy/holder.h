/* policy/holder.h - a process that holds sockets, and does nothing else
 *
 * A table with an owner is there as long as the owner's socket is open.  We
 * have it open, and so has this process, which has no rights, reads nothing and
 * outlives us.  Its name tells the next one of us which it is: a name is
 * chosen by whoever runs us, up to HOLDER_NAME characters.
 */
#ifndef POLICY_HOLDER_H
#define POLICY_HOLDER_H

#include <stddef.h>
#include <sys/types.h>

enum { HOLDER_NAME = 15 };

struct holder {
	pid_t	pid;		/* 0: there is none */
	int	fd;		/* readable when it is gone; or -1 */
};

/* @fds: what it holds.  0 or -errno. */
int	holder_start(struct holder *, const char *name, const int *fds,
	    size_t n);
int	holder_is_gone(const struct holder *);
void	holder_stop(struct holder *);
void	holder_leave(struct holder *);	/* it stays; we forget it */
/* Those of this name, of our user and in our network namespace, which an
 * earlier one of us left, but for @but.  How many were ended. */
int	holder_stop_others(const char *name, const struct holder *but);
/* The descriptors that those hold, as our own: @take has to close them or keep
 * them.  None where the kernel lets us have none (before Linux 5.6). */
void	holder_inherit(const char *name, void (*take)(void *arg, int fd),
	    void *arg);

#endif

/* daemon/fwkeep.h - the firewall's process, as the parent sees it
 *
 * It outlives engines.  What it says is logged.
 */
#ifndef DAEMON_FWKEEP_H
#define DAEMON_FWKEEP_H

#include <stddef.h>

#include "daemon/proc.h"

struct conf;

struct fwkeep {
	struct proc	 proc;		/* its sockets: FWPROC_ASKED, _TELLS */
};

enum fwkeep_heard {
	FWKEEP_NOTHING,
	FWKEEP_DONE, FWKEEP_FAILED,	/* of fwkeep_reload() */
	FWKEEP_PONG,			/* of fwkeep_ping() */
	FWKEEP_DISTRUST,		/* @text is what the engine did */
	FWKEEP_GONE			/* its process ends, or has */
};

/* Forks, and waits until the rules are in force.  0 or negative, and @why: then
 * there is no process, and what was in force is so. */
int	fwkeep_start(struct fwkeep *, const struct conf *, char *why,
	    size_t max);
/* Of a new engine: its end of a socket, the caller's. */
int	fwkeep_engine(struct fwkeep *, int *fd);
/* Asks it to put the rules of another configuration in force; the answer is
 * heard later. */
int	fwkeep_reload(struct fwkeep *, const struct conf *);
/* It is in force everywhere. */
void	fwkeep_commit(struct fwkeep *);

/* Does it live?  0 or -errno; the answer is heard later. */
int	fwkeep_ping(struct fwkeep *);

/* What there is at that socket. */
enum fwkeep_heard fwkeep_hear(struct fwkeep *, int which, char *text,
	    size_t max);
/* It is dead, and reaped. */
void	fwkeep_died(struct fwkeep *);
/* Lets it end; all stays in force. */
void	fwkeep_end(struct fwkeep *);

#endif

/* daemon/proc.h - the daemon's processes, as rows of a table
 *
 * What each is called, and which capabilities it may keep, stands in proc.c, at
 * one place.  A child has two sockets (daemon/procmsg.h), of which its starter
 * has the other ends; what they are for the two agree on.
 */
#ifndef DAEMON_PROC_H
#define DAEMON_PROC_H

#include <stdint.h>
#include <sys/types.h>

enum proc_kind {
	PROC_PARENT, PROC_ENGINE, PROC_KEEPER, PROC_FIREWALL, PROC_NKINDS
};
enum { PROC_SOCKETS = 2 };

struct proc {			/* a child, as its starter sees it */
	pid_t	pid;		/* 0: there is none */
	int	fd[PROC_SOCKETS];	/* -1: closed */
};

/* A child's whole life; its status.  Signals that are sent to all processes of
 * a service, or typed at a terminal, are ignored, since they are the parent's
 * affair; the mask is empty. */
typedef int proc_main(void *arg, const int fd[PROC_SOCKETS]);

int	proc_start(struct proc *, enum proc_kind, proc_main *, void *arg);
/* In a child: nothing of its starter's stays open but the two, which get other
 * numbers; 0 to 2 lead to nowhere.  0 or -errno. */
int	proc_alone(int fd[PROC_SOCKETS]);
void	proc_close(struct proc *);	/* its sockets */
/* It has been told to end: waits some seconds, then kills it. */
void	proc_wait(struct proc *);
uint32_t proc_capabilities(enum proc_kind);	/* 1 << CAP_* */

#endif

/* daemon/selftest_daemon.h - the program itself, in a laboratory
 *
 * This very executable, with the user's configuration as it was read: what
 * names files, sockets and the network's directories is replaced by what the
 * laboratory has, and all else stays.  It runs in the gateway.
 */
#ifndef DAEMON_SELFTEST_DAEMON_H
#define DAEMON_SELFTEST_DAEMON_H

#include <stddef.h>
#include <sys/types.h>

#include "daemon/selftest_lab.h"

struct conf;

#define TESTED_LOG	LAB_AT "/log"

struct tested {
	struct lab		*lab;
	const struct conf	*conf;
	pid_t			 pid;	/* 0: it is not there */
	int			 status;	/* of its end */
};

/* @more: lines of torrc, or NULL. */
int	tested_write(struct tested *, const char *more);
int	tested_start(struct tested *);		/* 0 or -errno */
/* Did it come up?  Once it did that stays so. */
int	tested_is_up(struct tested *);
/* 1 while it is there; who ended is taken notice of. */
int	tested_lives(struct tested *);
/* "ot-engine": its process of that name; 0: there is none. */
pid_t	tested_child(const struct tested *, const char *name);
/* The first process of a name that begins so, whoever started it. */
pid_t	tested_process(const char *prefix);
/* How many lines of its log have that. */
unsigned tested_said(const char *text);
/* The last error, or what it printed, in one line; "" for none. */
void	tested_complaint(char *out, size_t max);
/* nft, with @text as its input, in the gateway; 0, or -1: it failed. */
int	tested_nft(struct lab *, const char *text);

#endif

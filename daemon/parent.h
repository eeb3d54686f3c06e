/* daemon/parent.h - the daemon's first process, which starts the others
 *
 * It keeps the rights that it was started with, and hears nobody but the
 * operator, its signals, and, with mistrust, the processes that it started.
 */
#ifndef DAEMON_PARENT_H
#define DAEMON_PARENT_H

struct conf;
struct conf_args;

/* Runs until a signal ends it. Takes @conf.  The exit status of the program. */
int	parent_run(const struct conf_args *, struct conf *take);

#endif

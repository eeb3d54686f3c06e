/* daemon/app.h - the running gateway: its parts, its signals, its reload */
#ifndef DAEMON_APP_H
#define DAEMON_APP_H

struct conf;
struct conf_args;

/* Runs until a signal ends it. Takes @conf.  The exit status of the program. */
int	app_run(const struct conf_args *, struct conf *take);

#endif

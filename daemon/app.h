/* daemon/app.h - the running gateway: its parts, its reload
 *
 * The engine's process; who starts it, and starts it again, is the parent
 * (daemon/parent.h).
 */
#ifndef DAEMON_APP_H
#define DAEMON_APP_H

#include <sys/types.h>

#include "daemon/conf.h"

struct netup;

struct app_conf {
	struct conf	*conf;		/* taken */
	struct netup	*netup;		/* taken; NULL: there is no TUN */
	enum conf_quiet	 quiet;
	int		 ask, tell;	/* to the parent, and from it */
	int		 firewall;	/* to its process, taken; -1: FailClosed
					 * is 0 */
	pid_t		 parent;	/* to end with */
	int		 background;	/* once up, nobody reads stdout */
};

/* The whole life of the process, forked with the rights that it has to give
 * up; its status. */
int	app_run(const struct app_conf *);

#endif

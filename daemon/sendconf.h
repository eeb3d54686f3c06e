/* daemon/sendconf.h - a configuration, given to another process
 *
 * As RELOAD of daemon/procmsg.h.
 */
#ifndef DAEMON_SENDCONF_H
#define DAEMON_SENDCONF_H

#include <stddef.h>

struct conf;
struct procmsg;

/* Does not wait: -EAGAIN. */
int	sendconf(int fd, const struct conf *);
/* What the other side makes of the message.  0 or negative with @why. */
int	sendconf_take(struct conf **, const struct procmsg *, char *why,
	    size_t max);

#endif

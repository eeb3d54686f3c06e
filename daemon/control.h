/* daemon/control.h - the local socket for `onion-transparent status`
 *
 * A Unix stream socket; a client sends one line, "status" or "status json",
 * and gets the text and the end of the stream.
 */
#ifndef DAEMON_CONTROL_H
#define DAEMON_CONTROL_H

#include <stddef.h>

struct control;
struct evloop;
struct status_source;

enum { CONTROL_CLIENTS_MAX = 8, CONTROL_TIMEOUT_S = 10 };

/* @src is copied; what it points to is borrowed.  -errno; -EADDRINUSE where
 * somebody answers there. */
int	control_new(struct control **, struct evloop *, const char *path,
	    const struct status_source *src);
void	control_free(struct control *);		/* and removes the socket */

/* The command's side: prints what the daemon at @path says; 0 or -errno:
 * -ECONNREFUSED or -ENOENT where there is none, -EBUSY where it has too many
 * to talk to, -EAGAIN where it does not answer. */
int	control_ask(const char *path, int json);

#endif

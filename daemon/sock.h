/* daemon/sock.h - a connected TCP socket as an endpoint
 *
 * Reads only what it has credit for, so that a stalled onion stream stalls
 * the client; collects what it is sent and writes it once a turn.
 */
#ifndef DAEMON_SOCK_H
#define DAEMON_SOCK_H

#include <stddef.h>

struct endpoint;
struct evloop;

enum {
	SOCK_OUT_MAX = 512 * 1024	/* bytes that wait for the client */
};

/* Takes @fd on success (non-blocking from then on). */
int	sock_new(struct endpoint **, struct evloop *, int fd);

#endif

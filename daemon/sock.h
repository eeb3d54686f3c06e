/* daemon/sock.h - a TCP socket as an endpoint
 *
 * Reads only what it has credit for, so that a stalled onion stream stalls
 * the client; collects what it is sent in small slices and writes it once a
 * turn.
 */
#ifndef DAEMON_SOCK_H
#define DAEMON_SOCK_H

#include <stddef.h>

struct addr;
struct dial_conf;			/* daemon/dial.h */
struct endpoint;
struct evloop;

enum {
	SOCK_OUT_MAX = 512 * 1024,	/* bytes that wait for the client */
	SOCK_DIAL_MS = 130 * 1000	/* Linux gives up after 127 s */
};

/* Takes @fd on success (non-blocking from then on). */
int	sock_new(struct endpoint **, struct evloop *, int fd);

/* Connects: open() says that it is, gone() why not.  Both come later; what
 * dial_start() knows at once is returned. */
int	sock_dial(struct endpoint **, struct evloop *, const struct addr *to,
	    const struct dial_conf *);

#endif

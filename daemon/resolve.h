/* daemon/resolve.h - `onion-transparent resolve`: a name through Tor
 *
 * Asks the daemon's SocksPort by tor's extensions RESOLVE and RESOLVE_PTR, as
 * tor-resolve does.  Nothing is ever asked of anybody else.
 */
#ifndef DAEMON_RESOLVE_H
#define DAEMON_RESOLVE_H

#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"

struct conf;
struct conf_args;

enum { RESOLVE_TIMEOUT_S = 150 };	/* SocksTimeout, and some more */

struct resolve_place {			/* where the daemon listens */
	struct addr	 addr;		/* family 0: at @path */
	const char	*path;
};

/* The exit status; the answer goes to stdout, what is wrong to stderr. */
int	resolve_command(const struct conf_args *);

/* Of -p: PORT or ADDRESS:PORT; 0 or -EINVAL. */
int	resolve_port(struct resolve_place *, const char *);
/* Of the configuration: the first port that can be found; -ENOENT. */
int	resolve_find(struct resolve_place *, const struct conf *);
/* Bytes of the whole conversation; @fd is connected and blocks.  0 and an
 * address, or a name in @name (of at least 256 bytes); -errno, or -EPROTO;
 * >0: the SOCKS reply that came instead. */
int	resolve_ask(int fd, const char *name, int reverse, struct addr *,
	    char *out);

#endif

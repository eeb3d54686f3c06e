/* daemon/unixsock.h - Unix sockets with a name in the file system
 *
 * @type is SOCK_STREAM or SOCK_SEQPACKET.  All descriptors close on exec.
 */
#ifndef DAEMON_UNIXSOCK_H
#define DAEMON_UNIXSOCK_H

#include <stdint.h>

/* A socket that listens, non-blocking, with the file mode @mode.  One that
 * nobody answers at is left from a crash, and is replaced.  The descriptor or
 * -errno: -EADDRINUSE somebody answers there, -EEXIST it is no socket. */
/* A lender (base/borrow.h) knows type and mode by its configuration. */
int	unixsock_listen(const char *path, int type, int mode, int backlog);
/* A blocking socket to whoever listens at @path, whose sends and receives take
 * no more than @limit_s each.  The descriptor or -errno: -ECONNREFUSED or
 * -ENOENT nobody does. */
int	unixsock_dial(const char *path, int type, int limit_s);
/* The user at the other end.  0, -EOPNOTSUPP or another -errno. */
int	unixsock_peer(int fd, uint32_t *uid);

#endif

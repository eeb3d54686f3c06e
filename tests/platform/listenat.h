/* tests/platform/listenat.h - a socket that listens, for programs that look at
 * what the kernel says of its connections
 */
#ifndef TESTS_PLATFORM_LISTENAT_H
#define TESTS_PLATFORM_LISTENAT_H

#include <errno.h>
#include <sys/socket.h>

#include "base/addr.h"
#include "natlook/natlook.h"

/* At any address; the descriptor or -errno. */
static inline int
listen_at(enum natlook_kind kind, int v6, uint16_t port)
{
	struct sockaddr_storage ss;
	struct addr any = { .family = v6 ? 6 : 4, .port = port };
	socklen_t len = addr_to_sock(&any, &ss);
	static const int on = 1;
	int fd, rc;

	if ((fd = socket(ss.ss_family, SOCK_STREAM, 0)) < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (kind != NATLOOK_NONE &&
	    (rc = natlook_listen_opts(fd, kind, ss.ss_family)) < 0)
		return rc;
	if (bind(fd, (struct sockaddr *)&ss, len) < 0 || listen(fd, 5) < 0)
		return -errno;
	return fd;
}

#endif

/* daemon/unixsock.c - Unix sockets with a name in the file system */
#include "daemon/unixsock.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/borrow.h"

enum { STALE_WAIT_S = 10 };

static int
make_address(struct sockaddr_un *at, const char *path)
{
	memset(at, 0, sizeof(*at));
	at->sun_family = AF_UNIX;
	if (strlen(path) >= sizeof(at->sun_path))
		return -ENAMETOOLONG;
	strcpy(at->sun_path, path);
	return 0;
}

/* Somebody who hangs must not make us hang. */
int
unixsock_dial(const char *path, int type, int limit_s)
{
	struct timeval limit = { .tv_sec = limit_s };
	struct sockaddr_un at;
	int fd, rc;

	if ((rc = make_address(&at, path)) < 0)
		return rc;
	if ((fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0)) < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	if (connect(fd, (const struct sockaddr *)&at, sizeof(at)) < 0) {
		rc = -errno;
		close(fd);
		return rc;
	}
	return fd;
}

/* A socket that nobody answers at is left from a crash: it may go. */
static int
clear_stale(const char *path, int type)
{
	struct stat st;
	int fd;

	if (lstat(path, &st) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(st.st_mode))
		return -EEXIST;
	if ((fd = unixsock_dial(path, type, STALE_WAIT_S)) >= 0)
		close(fd);
	/* EAGAIN: it is, but hangs; EPROTOTYPE: it is, of another type */
	if (fd >= 0 || fd == -EAGAIN || fd == -EPROTOTYPE)
		return -EADDRINUSE;
	if (fd != -ECONNREFUSED)
		return fd;
	return unlink(path) < 0 ? -errno : 0;
}

int
unixsock_listen(const char *path, int type, int mode, int backlog)
{
	struct sockaddr_un at;
	mode_t mask;
	int fd, rc;

	if ((fd = borrow_path(BORROW_UNIX, path)) != -ENOSYS)
		return fd;
	if ((rc = make_address(&at, path)) < 0 ||
	    (rc = clear_stale(path, type)) < 0)
		return rc;
	fd = socket(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	mask = umask((mode_t)(~mode & 0777));
	rc = bind(fd, (const struct sockaddr *)&at, sizeof(at)) < 0 ||
	    listen(fd, backlog) < 0 ? -errno : 0;
	umask(mask);
	if (rc < 0) {
		close(fd);
		return rc;
	}
	return fd;
}

int
unixsock_peer(int fd, uint32_t *uid)
{
#ifdef SO_PEERCRED
	struct ucred peer;
	socklen_t len = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0)
		return -errno;
	*uid = peer.uid;
	return 0;
#else
	(void)fd;
	(void)uid;
	return -EOPNOTSUPP;
#endif
}

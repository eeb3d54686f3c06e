/* daemon/runfind.c - whoever takes the device of a program: daemon or engine
 *
 * Theory of operation
 *	A daemon that listens at RunSocket; else the user's engine, if one runs;
 *	else an engine that is started here.  One is started by whoever holds
 *	the lock of its directory, and while one starts or ends the lock is held
 *	and nobody answers, for a moment.
 */
#include "daemon/runfind.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "daemon/process.h"
#include "daemon/runengine.h"
#include "daemon/unixsock.h"

enum {
	DIAL_S = 10,			/* to a daemon */
	JOIN_S = 10			/* to an engine that starts or ends */
};

/* The connection that it was started with. */
static int
start_engine(const struct conf *c, enum conf_quiet quiet, int lock)
{
	int pair[2], rc;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0) {
		rc = -errno;
		close(lock);
		return rc;
	}
	rc = runengine_start(c, quiet, lock, pair[1]);
	if (rc < 0)
		close(pair[0]);
	return rc < 0 ? rc : pair[0];
}

/* In a directory that others can write to it may be anybody's, who would carry
 * all that the program sends. */
static int
is_ours(const struct conf *c, int fd)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);
	uint32_t uid = 0;

	return process_uid(c->user, &uid) == 0 &&
	    getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 &&
	    peer.uid == uid;
}

static int
dial_engine(const struct conf *c, const char *path)
{
	int fd = unixsock_dial(path, SOCK_SEQPACKET, DIAL_S);

	if (fd < 0 || is_ours(c, fd))
		return fd;
	close(fd);
	return -EPERM;
}

/* One that runs already, or else a new one; while one starts or ends it can
 * be neither for a moment. */
static int
find_engine(const struct conf *c, enum conf_quiet quiet, char *why, size_t max)
{
	char *path = runengine_socket(c);
	int64_t until = clock_ms() / 1000 + JOIN_S;
	int rc;

	if (path == NULL)
		return -ENOMEM;
	do {
		rc = dial_engine(c, path);
		if (rc >= 0 || rc == -EPERM)
			break;
		if ((rc = runengine_lock(c)) >= 0)
			rc = start_engine(c, quiet, rc);
		else if (rc == -EWOULDBLOCK)
			poll(NULL, 0, 50);
	} while (rc == -EWOULDBLOCK && clock_ms() / 1000 < until);
	if (rc < 0)
		snprintf(why, max, "cannot start an engine in %s: %s",
		    c->data_directory, rc == -EWOULDBLOCK ?
		    "there is one, but it does not answer" : rc == -EPERM ?
		    "somebody else's is there" : strerror(-rc));
	free(path);
	return rc;
}

int
runfind(const struct conf *c, enum conf_quiet quiet, int *own, char *why,
    size_t max)
{
	const char *path = c->run_socket;
	int rc = -ENOENT;

	*own = 0;
	if (*path)
		rc = unixsock_dial(path, SOCK_SEQPACKET, DIAL_S);
	if (rc >= 0)
		return rc;
	if (rc == -EACCES || rc == -EPERM) {
		if (quiet != CONF_QUIET)
			fprintf(stderr, "onion-transparent: no right to use "
			    "the daemon at %s (RunSocketGroup): starting an "
			    "engine of our own\n", path);
	} else if (rc != -ENOENT && rc != -ECONNREFUSED && rc != -ENOTDIR) {
		snprintf(why, max, "the daemon at %s: %s", path,
		    strerror(-rc));
		return rc;
	}
	*own = 1;
	return find_engine(c, quiet, why, max);
}

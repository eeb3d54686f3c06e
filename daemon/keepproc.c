/* daemon/keepproc.c - the process that keeps the right to change the network
 *
 * Theory of operation
 *	It runs as the daemon's user, with CAP_NET_ADMIN and nothing else.  It
 *	hears the kernel (netlink) and the daemon, and nobody besides; no byte
 *	from a network gets here.
 *
 *	What the kernel tells of changes is not read: all is looked at anew and
 *	made to agree with the plan, at once after the first change, since on an
 *	interface that is new nothing keeps in who is bound to it; then when it
 *	was quiet for a moment, or at the latest after some time.  Its own
 *	changes make it look once more.
 *
 *	When the parent is gone, it ends, and what is in force stays in force:
 *	the machine is closed.  Only the parent's word undoes it, and that only
 *	with TunUndo: an engine that somebody took over is not to open what it
 *	should close.
 */
#include "daemon/keepproc.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "daemon/proc.h"
#include "daemon/process.h"
#include "daemon/procmsg.h"
#include "policy/netplan.h"
#include "policy/netstate.h"

enum {
	QUIET_MS = 20,		/* after the last change ... */
	LATEST_MS = 200,	/* ... or after the first */
	RETRY_MS = 1000
};

struct keepproc {
	int		 fd;		/* the engine; -1: gone */
	int		 parent;
	int		 asked;		/* by whom: one of the two */
	const struct keepproc_conf *conf;
	struct netstate	*state;
	int		 applied;
	int		 over;		/* undone: nothing is left to do */
	int64_t		 due;		/* when to look; 0: no need */
	int64_t		 latest;
	int64_t		 rested;	/* from when on it looks at once */
	char		 said[PROCMSG_TEXT];	/* not to be said twice */
};

static void
answer(struct keepproc *k, int rc, const char *why)
{
	struct procmsg m = { .type = rc < 0 ? PROCMSG_FAILED : PROCMSG_DONE,
		.value = rc };

	if (rc < 0)
		snprintf(m.text, sizeof(m.text), "%s", why);
	(void)procmsg_send_now(k->asked, &m);
}

static void
say(struct keepproc *k, const char *text)
{
	struct procmsg m = { .type = PROCMSG_SAID };

	if (strcmp(k->said, text) == 0)
		return;
	snprintf(k->said, sizeof(k->said), "%s", text);
	if (text[0] == '\0')
		return;
	snprintf(m.text, sizeof(m.text), "%s", text);
	if (k->fd >= 0)
		(void)procmsg_send_now(k->fd, &m);
}

/* --- what the daemon wants --- */

static int
marked_socket(int family)
{
	uint32_t mark = NETPLAN_MARK;
	int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0),
	    rc;

	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_MARK, &mark, sizeof(mark)) == 0)
		return fd;
	rc = -errno;
	close(fd);
	return rc;
}

static void
give_sockets(struct keepproc *k, int family)
{
	struct procmsg m = { .type = PROCMSG_SOCKETS, .value = family };
	int fd = -EAFNOSUPPORT;

	while ((family == AF_INET || family == AF_INET6) &&
	    m.nfds < PROCMSG_FDS && (fd = marked_socket(family)) >= 0)
		m.fds[m.nfds++] = fd;
	if (m.nfds)
		(void)procmsg_send_now(k->asked, &m);
	else
		answer(k, fd, strerror(-fd));
	procmsg_close(&m);
}

static void
apply(struct keepproc *k)
{
	char why[PROCMSG_TEXT] = "";
	int rc = netstate_apply(k->state, why, sizeof(why));

	k->applied = rc == 0;
	if (k->applied)
		k->due = clock_ms() + QUIET_MS;
	answer(k, rc, why);
}

static void
prepare(struct keepproc *k)
{
	char why[PROCMSG_TEXT] = "";
	int rc = 0;

	if (k->state == NULL)
		rc = netstate_open(&k->state, k->conf->directory, why,
		    sizeof(why));
	if (rc == 0)
		rc = netstate_prepare(k->state, k->conf->plan, why,
		    sizeof(why));
	answer(k, rc, why);
}

static void
undo(struct keepproc *k)
{
	char why[PROCMSG_TEXT] = "";
	int rc = 0;

	/* Who had prepared it may be the one before us. */
	if (k->state == NULL)
		rc = netstate_open(&k->state, k->conf->directory, why,
		    sizeof(why));
	if (rc == 0)
		rc = netstate_undo(k->state, why, sizeof(why));
	k->over = 1;
	k->applied = 0;
	k->due = 0;		/* what was to be looked at is no more */
	answer(k, rc, why);
}

static void
pong(struct keepproc *k)
{
	struct procmsg m = { .type = PROCMSG_PONG };

	if (k->asked == k->parent)
		(void)procmsg_send_now(k->parent, &m);
}

static void
obey(struct keepproc *k, struct procmsg *m)
{
	procmsg_close(m);		/* it has none to give */
	switch (m->type) {
	case PROCMSG_PING:
		pong(k);
		break;
	case PROCMSG_PREPARE:
		prepare(k);
		break;
	case PROCMSG_SOCKETS:
		give_sockets(k, m->value);
		break;
	case PROCMSG_APPLY:
		if (k->state)
			apply(k);
		else
			answer(k, -EINVAL, "nothing is prepared");
		break;
	case PROCMSG_UNDO:
		if (k->asked == k->parent && k->conf->undo)
			undo(k);
		else
			answer(k, -EPERM, "nothing is to be undone");
		break;
	default:
		break;
	}
}

/* --- what the kernel tells --- */

static void
on_change(struct keepproc *k)
{
	int64_t now = clock_ms();

	netstate_calm(k->state);
	if (!k->applied)
		return;
	if (k->due == 0 && now >= k->rested) {
		k->due = now;		/* the first of them: at once */
		return;
	}
	if (k->due == 0)
		k->latest = now + LATEST_MS;
	k->due = now + QUIET_MS < k->latest ? now + QUIET_MS : k->latest;
}

static void
follow(struct keepproc *k)
{
	char why[PROCMSG_TEXT] = "";
	int rc = netstate_follow(k->state, why, sizeof(why));

	say(k, why);
	k->rested = clock_ms() + QUIET_MS;
	k->due = rc < 0 ? clock_ms() + RETRY_MS : 0;
	k->latest = k->due;
}

static int
patience(const struct keepproc *k)
{
	int64_t left = k->due - clock_ms();

	return k->due == 0 ? -1 : left < 0 ? 0 : (int)left;
}

/* 0; -EPIPE: whoever is there is gone. */
static int
hear(struct keepproc *k, int fd)
{
	struct procmsg m;
	int rc = procmsg_recv(fd, &m, 0);

	k->asked = fd;
	if (rc == 0)
		obey(k, &m);
	return rc == -ETIMEDOUT ? 0 : rc;
}

static int
live(struct keepproc *k)
{
	struct pollfd p[3] = { { .fd = k->parent, .events = POLLIN },
		{ .fd = k->fd, .events = POLLIN },
		{ .fd = -1, .events = POLLIN } };
	int rc;

	while (!k->over) {
		if (k->state)
			p[2].fd = netstate_watch_fd(k->state);
		if (poll(p, 3, patience(k)) < 0 && errno != EINTR)
			return EXIT_FAILURE;
		if (p[2].revents)
			on_change(k);
		if (p[0].revents && (rc = hear(k, k->parent)) < 0)
			return rc == -EPIPE ? EXIT_SUCCESS : EXIT_FAILURE;
		if (p[1].revents && hear(k, k->fd) < 0)
			p[1].fd = k->fd = -1;
		if (k->due && clock_ms() >= k->due)
			follow(k);
	}
	return EXIT_SUCCESS;
}

/* --- what it is to the system --- */

/* Neither a pipe that somebody waits at stays open, nor what only the daemon
 * should have. */
static int
alone(struct keepproc *k)
{
	int fd[PROC_SOCKETS] = { k->fd, k->parent }, rc = proc_alone(fd);

	k->fd = fd[0];
	k->asked = k->parent = fd[1];
	return rc;
}

int
keepproc_run(int fd, int parent, const struct keepproc_conf *conf)
{
	struct keepproc k = { .fd = fd, .parent = parent, .conf = conf };
	int rc;

	if (alone(&k) < 0)
		return EXIT_FAILURE;
	if ((rc = process_keep(conf->user,
	    proc_capabilities(PROC_KEEPER))) < 0) {
		answer(&k, rc, "rights cannot be given up");
		return EXIT_FAILURE;
	}
	answer(&k, 0, "");
	rc = live(&k);
	netstate_close(k.state);
	return rc;
}

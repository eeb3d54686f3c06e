/* daemon/keeper.c - the helper that may change the network, as the daemon
 * sees it
 */
#include "daemon/keeper.h"

#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/evloop.h"
#include "daemon/keepmsg.h"
#include "daemon/keepproc.h"

enum {
	ANSWER_MS = 10 * 1000,
	END_MS = 5 * 1000,
	STEP_MS = 10
};

struct keeper {
	int		 fd;
	pid_t		 pid;
	struct evloop	*ev;
	struct event	*readable;
	void		(*gone)(void *arg);
	void		*arg;
	struct keepmsg	 stock[2];	/* sockets at hand: IPv4, IPv6 */
};

/* --- questions --- */

static void
log_said(const struct keepmsg *m)
{
	log_warn(LD_NET, "the network's state: %s", m->text);
}

/* The answer to what was asked, past what it says besides. */
static int
await(struct keeper *k, struct keepmsg *m)
{
	int rc;

	while ((rc = keepmsg_recv(k->fd, m, ANSWER_MS)) == 0 &&
	    m->type == KEEPMSG_SAID)
		log_said(m);
	return rc;
}

static int
take_answer(struct keeper *k, char *why, size_t max)
{
	struct keepmsg m;
	int rc = await(k, &m);

	if (rc < 0) {
		snprintf(why, max, "the process that keeps the network's state "
		    "does not answer: %s", strerror(-rc));
		return rc;
	}
	keepmsg_close(&m);
	if (m.type == KEEPMSG_DONE)
		return 0;
	snprintf(why, max, "%s", m.text);
	return m.value < 0 ? m.value : -EIO;
}

static int
ask(struct keeper *k, enum keepmsg_type what, char *why, size_t max)
{
	struct keepmsg m = { .type = what };
	int rc = keepmsg_send(k->fd, &m);

	if (rc < 0) {
		snprintf(why, max, "the process that keeps the network's state "
		    "is gone: %s", strerror(-rc));
		return rc;
	}
	return take_answer(k, why, max);
}

int
keeper_prepare(struct keeper *k, char *why, size_t max)
{
	return ask(k, KEEPMSG_PREPARE, why, max);
}

int
keeper_apply(struct keeper *k, char *why, size_t max)
{
	return ask(k, KEEPMSG_APPLY, why, max);
}

int
keeper_undo(struct keeper *k, char *why, size_t max)
{
	return ask(k, KEEPMSG_UNDO, why, max);
}

/* --- sockets --- */

static int
fetch(struct keeper *k, struct keepmsg *stock, int family)
{
	struct keepmsg m = { .type = KEEPMSG_SOCKETS, .value = family };
	int rc = keepmsg_send(k->fd, &m);

	if (rc < 0 || (rc = await(k, &m)) < 0)
		return rc;
	if (m.type != KEEPMSG_SOCKETS || m.value != family || m.nfds == 0) {
		keepmsg_close(&m);
		return m.type == KEEPMSG_FAILED && m.value < 0 ? m.value :
		    -EIO;
	}
	*stock = m;
	return 0;
}

int
keeper_socket(void *arg, int family)
{
	struct keeper *k = arg;
	struct keepmsg *stock = &k->stock[family == AF_INET6];
	int rc;

	if (stock->nfds == 0 && (rc = fetch(k, stock, family)) < 0) {
		log_warn(LD_NET, "no socket that may pass by the TUN: %s",
		    strerror(-rc));
		return rc;
	}
	return stock->fds[--stock->nfds];
}

/* --- its life --- */

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct keeper *k = arg;
	struct keepmsg m;
	int rc;

	(void)what;
	while ((rc = keepmsg_recv(fd, &m, 0)) == 0) {
		keepmsg_close(&m);
		if (m.type == KEEPMSG_SAID)
			log_said(&m);
	}
	if (rc == -ETIMEDOUT)
		return;
	event_del(k->readable);
	evloop_enter(k->ev);
	k->gone(k->arg);
	evloop_leave(k->ev);
}

int
keeper_watch(struct keeper *k, struct evloop *ev, void (*gone)(void *arg),
    void *arg)
{
	k->ev = ev;
	k->gone = gone;
	k->arg = arg;
	k->readable = event_new(ev->base, k->fd, EV_READ | EV_PERSIST,
	    on_readable, k);
	if (k->readable == NULL || event_add(k->readable, NULL) < 0)
		return -ENOMEM;
	return 0;
}

static int
fork_keeper(pid_t *pid, int fds[2])
{
	int rc;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
		return -errno;
	if ((*pid = fork()) >= 0)
		return 0;
	rc = -errno;
	close(fds[0]);
	close(fds[1]);
	return rc;
}

int
keeper_new(struct keeper **out, const struct keepproc_conf *conf, char *why,
    size_t max)
{
	struct keeper *k = calloc(1, sizeof(*k));
	int fds[2], rc;

	snprintf(why, max, "no memory");
	if (k == NULL)
		return -ENOMEM;
	if ((rc = fork_keeper(&k->pid, fds)) < 0) {
		snprintf(why, max, "no process for the network's state: %s",
		    strerror(-rc));
		free(k);
		return rc;
	}
	if (k->pid == 0)
		_exit(keepproc_run(fds[1], conf));
	close(fds[1]);
	k->fd = fds[0];
	if ((rc = take_answer(k, why, max)) < 0) {
		keeper_free(k);
		return rc;
	}
	*out = k;
	return 0;
}

static void
wait_end(pid_t pid)
{
	struct timespec step = { .tv_nsec = STEP_MS * 1000000L };
	int i;

	for (i = 0; i < END_MS / STEP_MS; i++) {
		if (waitpid(pid, NULL, WNOHANG) != 0)
			return;
		nanosleep(&step, NULL);
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

void
keeper_free(struct keeper *k)
{
	if (k == NULL)
		return;
	if (k->readable)
		event_free(k->readable);
	keepmsg_close(&k->stock[0]);
	keepmsg_close(&k->stock[1]);
	close(k->fd);
	wait_end(k->pid);
	free(k);
}

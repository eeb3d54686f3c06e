/* daemon/keeper.c - the helper that may change the network, as the daemon
 * sees it
 */
#include "daemon/keeper.h"

#include <errno.h>
#include <event2/event.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/evloop.h"
#include "daemon/procmsg.h"
#include "daemon/keepproc.h"
#include "daemon/proc.h"

enum {
	ANSWER_MS = 10 * 1000
};

enum { ENGINE, PARENT };	/* who hears; the parent may undo */

struct keeper {
	struct proc	 proc;		/* no pid: not our child */
	struct evloop	*ev;
	struct event	*readable;
	void		(*gone)(void *arg);
	void		*arg;
	unsigned	 owed;		/* answers to PING */
	struct procmsg	 stock[2];	/* sockets at hand: IPv4, IPv6 */
};

/* --- questions --- */

static void
log_said(const struct procmsg *m)
{
	log_warn(LD_NET, "the network's state: %s", m->text);
}

/* The answer to what was asked, past what it says besides. */
static int
await(int fd, struct procmsg *m)
{
	int rc;

	while ((rc = procmsg_recv(fd, m, ANSWER_MS)) == 0 &&
	    (m->type == PROCMSG_SAID || m->type == PROCMSG_PONG))
		if (m->type == PROCMSG_SAID)
			log_said(m);
	return rc;
}

static int
take_answer(int fd, char *why, size_t max)
{
	struct procmsg m;
	int rc = await(fd, &m);

	if (rc < 0) {
		snprintf(why, max, "the process that keeps the network's state "
		    "does not answer: %s", strerror(-rc));
		return rc;
	}
	procmsg_close(&m);
	if (m.type == PROCMSG_DONE)
		return 0;
	snprintf(why, max, "%s", m.text);
	return m.value < 0 ? m.value : -EIO;
}

static int
ask(int fd, enum procmsg_type what, char *why, size_t max)
{
	struct procmsg m = { .type = what };
	int rc = procmsg_send(fd, &m);

	if (rc < 0) {
		snprintf(why, max, "the process that keeps the network's state "
		    "is gone: %s", strerror(-rc));
		return rc;
	}
	return take_answer(fd, why, max);
}

int
keeper_prepare(struct keeper *k, char *why, size_t max)
{
	return ask(k->proc.fd[ENGINE], PROCMSG_PREPARE, why, max);
}

int
keeper_apply(struct keeper *k, char *why, size_t max)
{
	return ask(k->proc.fd[ENGINE], PROCMSG_APPLY, why, max);
}

int
keeper_undo(struct keeper *k, char *why, size_t max)
{
	return ask(k->proc.fd[PARENT], PROCMSG_UNDO, why, max);
}

unsigned
keeper_ping(struct keeper *k)
{
	struct procmsg m;

	while (procmsg_recv(k->proc.fd[PARENT], &m, 0) == 0) {
		procmsg_close(&m);
		if (m.type == PROCMSG_PONG)
			k->owed = 0;
	}
	m = (struct procmsg){ .type = PROCMSG_PING };
	(void)procmsg_send_now(k->proc.fd[PARENT], &m);
	return k->owed++;
}

/* --- sockets --- */

static int
fetch(struct keeper *k, struct procmsg *stock, int family)
{
	struct procmsg m = { .type = PROCMSG_SOCKETS, .value = family };
	int rc = procmsg_send(k->proc.fd[ENGINE], &m);

	if (rc < 0 || (rc = await(k->proc.fd[ENGINE], &m)) < 0)
		return rc;
	if (m.type != PROCMSG_SOCKETS || m.value != family || m.nfds == 0) {
		procmsg_close(&m);
		return m.type == PROCMSG_FAILED && m.value < 0 ? m.value :
		    -EIO;
	}
	*stock = m;
	return 0;
}

int
keeper_socket(void *arg, int family)
{
	struct keeper *k = arg;
	struct procmsg *stock = &k->stock[family == AF_INET6];
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
	struct procmsg m;
	int rc;

	(void)what;
	while ((rc = procmsg_recv(fd, &m, 0)) == 0) {
		procmsg_close(&m);
		if (m.type == PROCMSG_SAID)
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
	k->readable = event_new(ev->base, k->proc.fd[ENGINE],
	    EV_READ | EV_PERSIST, on_readable, k);
	if (k->readable == NULL || event_add(k->readable, NULL) < 0)
		return -ENOMEM;
	return 0;
}

static int
be_keeper(void *conf, const int fd[PROC_SOCKETS])
{
	return keepproc_run(fd[ENGINE], fd[PARENT], conf);
}

int
keeper_new(struct keeper **out, const struct keepproc_conf *conf, char *why,
    size_t max)
{
	struct keeper *k = calloc(1, sizeof(*k));
	int rc;

	snprintf(why, max, "no memory");
	if (k == NULL)
		return -ENOMEM;
	if ((rc = proc_start(&k->proc, PROC_KEEPER, be_keeper,
	    (void *)(uintptr_t)conf)) < 0) {
		snprintf(why, max, "no process for the network's state: %s",
		    strerror(-rc));
		free(k);
		return rc;
	}
	if ((rc = take_answer(k->proc.fd[PARENT], why, max)) < 0) {
		keeper_free(k);
		return rc;
	}
	*out = k;
	return 0;
}

pid_t
keeper_pid(const struct keeper *k)
{
	return k->proc.pid;
}

static void
close_socket(struct keeper *k, int which)
{
	close(k->proc.fd[which]);
	k->proc.fd[which] = -1;
}

void
keeper_parents(struct keeper *k)
{
	close_socket(k, ENGINE);
}

void
keeper_engines(struct keeper *k)
{
	close_socket(k, PARENT);
	k->proc.pid = 0;
}

void
keeper_free(struct keeper *k)
{
	if (k == NULL)
		return;
	if (k->readable)
		event_free(k->readable);
	procmsg_close(&k->stock[0]);
	procmsg_close(&k->stock[1]);
	proc_close(&k->proc);
	proc_wait(&k->proc);
	free(k);
}

/* daemon/fwkeep.c - the firewall's process, as the parent sees it */
#include "daemon/fwkeep.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/conf.h"
#include "daemon/fwproc.h"
#include "daemon/procmsg.h"
#include "daemon/sendconf.h"

enum { START_MS = 90 * 1000 };	/* nft has 20 s, several times */

static int
be_firewall(void *conf, const int fd[PROC_SOCKETS])
{
	return fwproc_run(conf, fd);
}

static void
say(const char *text, int is_fault)
{
	if (is_fault)
		log_warn(LD_NET, "firewall: %s", text);
	else
		log_notice(LD_NET, "firewall: %s", text);
}

static void
hear_all(struct fwkeep *k)
{
	char text[PROCMSG_TEXT];

	while (fwkeep_hear(k, FWPROC_TELLS, text, sizeof(text)) ==
	    FWKEEP_DISTRUST)
		;			/* there is no engine yet */
}

static int
await_start(struct fwkeep *k, char *why, size_t max)
{
	struct procmsg m;
	int rc = procmsg_recv(k->proc.fd[FWPROC_ASKED], &m, START_MS);

	if (rc < 0) {
		snprintf(why, max, "the firewall's process does not answer: "
		    "%s", strerror(-rc));
		return rc;
	}
	procmsg_close(&m);
	if (m.type == PROCMSG_DONE)
		return 0;
	snprintf(why, max, "FailClosed: %s", m.text);
	return m.value < 0 ? m.value : -EIO;
}

int
fwkeep_start(struct fwkeep *k, const struct conf *c, char *why, size_t max)
{
	char path[FWPROC_PATH];
	int rc;

	if ((rc = fwproc_directory(c, path, why, max)) < 0)
		return rc;
	if ((rc = proc_start(&k->proc, PROC_FIREWALL, be_firewall,
	    (void *)(uintptr_t)c)) < 0) {
		snprintf(why, max, "no process for the firewall: %s",
		    strerror(-rc));
		return rc;
	}
	rc = await_start(k, why, max);
	hear_all(k);
	if (rc < 0) {
		if (rc == -ETIMEDOUT)
			kill(k->proc.pid, SIGKILL);
		fwkeep_end(k);
	}
	return rc;
}

int
fwkeep_engine(struct fwkeep *k, int *fd)
{
	struct procmsg m = { .type = PROCMSG_ENGINE, .nfds = 1 };
	int pair[2], rc;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	m.fds[0] = pair[0];
	rc = procmsg_send_now(k->proc.fd[FWPROC_ASKED], &m);
	close(pair[0]);
	if (rc < 0)
		close(pair[1]);
	else
		*fd = pair[1];
	return rc;
}

int
fwkeep_reload(struct fwkeep *k, const struct conf *c)
{
	return sendconf(k->proc.fd[FWPROC_ASKED], c);
}

void
fwkeep_commit(struct fwkeep *k)
{
	struct procmsg m = { .type = PROCMSG_COMMIT };

	if (k->proc.pid)
		(void)procmsg_send_now(k->proc.fd[FWPROC_ASKED], &m);
}

int
fwkeep_ping(struct fwkeep *k)
{
	struct procmsg m = { .type = PROCMSG_PING };

	return procmsg_send_now(k->proc.fd[FWPROC_ASKED], &m);
}

static enum fwkeep_heard
gone(struct fwkeep *k, int which)
{
	close(k->proc.fd[which]);
	k->proc.fd[which] = -1;
	return FWKEEP_GONE;
}

enum fwkeep_heard
fwkeep_hear(struct fwkeep *k, int which, char *text, size_t max)
{
	struct procmsg m;
	int rc = procmsg_recv(k->proc.fd[which], &m, 0);

	if (rc == -ETIMEDOUT)
		return FWKEEP_NOTHING;
	if (rc < 0)
		return gone(k, which);
	procmsg_close(&m);
	snprintf(text, max, "%s", m.text);
	switch (m.type) {
	case PROCMSG_DONE:
		return FWKEEP_DONE;
	case PROCMSG_FAILED:
		return FWKEEP_FAILED;
	case PROCMSG_PONG:
		return FWKEEP_PONG;
	case PROCMSG_DISTRUST:
		return FWKEEP_DISTRUST;
	case PROCMSG_SAID:
		say(text, m.value == 0);
		return FWKEEP_NOTHING;
	default:
		return gone(k, which);
	}
}

void
fwkeep_died(struct fwkeep *k)
{
	proc_close(&k->proc);
	k->proc.pid = 0;
}

void
fwkeep_end(struct fwkeep *k)
{
	proc_close(&k->proc);
	proc_wait(&k->proc);
}

/* daemon/proc.c - the daemon's processes, as rows of a table */
#include "daemon/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/sanitizer.h"

enum { END_MS = 5 * 1000, STEP_MS = 10 };
enum { FIRST = STDERR_FILENO + 1, HIGH = 16 };	/* descriptors */

#define CAP(name)	(1u << CAP_##name)

static const struct {
	const char	*name;		/* as ps shows it; NULL: as it is */
	uint32_t	 capabilities;
} rows[PROC_NKINDS] = {
	[PROC_PARENT] = { NULL,
	    CAP(SETUID) | CAP(SETGID) | CAP(SETPCAP) |	/* the others' */
	    CAP(SYS_ADMIN) |				/* the engine's root */
	    CAP(KILL) |
	    CAP(CHOWN) | CAP(FOWNER) | CAP(DAC_OVERRIDE) |	/* files */
	    CAP(DAC_READ_SEARCH) |			/* the firewall's */
	    CAP(NET_BIND_SERVICE) | CAP(NET_RAW) |	/* doors */
	    CAP(NET_ADMIN) },				/* the TUN, keeper */
	[PROC_ENGINE] = { "ot-engine", 0 },
	[PROC_KEEPER] = { "ot-keeper", CAP(NET_ADMIN) },
	[PROC_FIREWALL] = { "ot-firewall", CAP(NET_ADMIN) |
	    CAP(NET_RAW) |		/* AF_XDP is kept from uplinks */
	    CAP(SYS_ADMIN) |		/* where rules are tried; BPF */
	    CAP(DAC_READ_SEARCH) },	/* through DataDirectory to its own */
};

uint32_t
proc_capabilities(enum proc_kind kind)
{
	return rows[kind].capabilities;
}

/* --- the child --- */

static void
ignore_signals(void)
{
	static const int all[] = { SIGHUP, SIGINT, SIGTERM, SIGPIPE, SIGUSR1,
		SIGUSR2 };
	sigset_t none;
	size_t i;

	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		signal(all[i], SIG_IGN);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

int
proc_alone(int fd[PROC_SOCKETS])
{
	int null = open("/dev/null", O_RDWR), i;

	if (null < 0)
		return -errno;
	for (i = 0; i <= STDERR_FILENO; i++)
		if (dup2(null, i) < 0)
			return -errno;
	/* above all of them, whatever their numbers are, and then down */
	for (i = 0; i < PROC_SOCKETS; i++)
		if ((fd[i] = fcntl(fd[i], F_DUPFD_CLOEXEC, HIGH)) < 0)
			return -errno;
	for (i = 0; i < PROC_SOCKETS; i++) {
		if (dup3(fd[i], FIRST + i, O_CLOEXEC) < 0)
			return -errno;
		fd[i] = FIRST + i;
	}
	return close_range(FIRST + PROC_SOCKETS, ~0U, 0) < 0 ? -errno : 0;
}

/* What was registered for the end of the program is the parent's to do; but a
 * sanitizer has things to say. */
static void
leave(int status)
{
	if (SANITIZERS)
		exit(status);
	_exit(status);
}

static void
be(enum proc_kind kind, int pair[PROC_SOCKETS][2], proc_main *body, void *arg)
{
	int fd[PROC_SOCKETS], i;

	for (i = 0; i < PROC_SOCKETS; i++) {
		close(pair[i][0]);
		fd[i] = pair[i][1];
	}
	ignore_signals();
	(void)prctl(PR_SET_NAME, rows[kind].name);
	leave(body(arg, fd));
}

/* --- its starter --- */

static void
close_pairs(int pair[PROC_SOCKETS][2], int n)
{
	while (n-- > 0) {
		close(pair[n][0]);
		close(pair[n][1]);
	}
}

static int
make_pairs(int pair[PROC_SOCKETS][2])
{
	int i, rc;

	for (i = 0; i < PROC_SOCKETS; i++)
		if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0,
		    pair[i]) < 0) {
			rc = -errno;
			close_pairs(pair, i);
			return rc;
		}
	return 0;
}

int
proc_start(struct proc *p, enum proc_kind kind, proc_main *body, void *arg)
{
	int pair[PROC_SOCKETS][2], i, rc = make_pairs(pair);

	p->pid = 0;
	for (i = 0; i < PROC_SOCKETS; i++)
		p->fd[i] = -1;
	if (rc < 0)
		return rc;
	fflush(NULL);			/* else both would write it */
	if ((p->pid = fork()) < 0) {
		rc = -errno;
		p->pid = 0;
		close_pairs(pair, PROC_SOCKETS);
		return rc;
	}
	if (p->pid == 0)
		be(kind, pair, body, arg);
	for (i = 0; i < PROC_SOCKETS; i++) {
		close(pair[i][1]);
		p->fd[i] = pair[i][0];
	}
	return 0;
}

void
proc_close(struct proc *p)
{
	int i;

	for (i = 0; i < PROC_SOCKETS; i++) {
		if (p->fd[i] >= 0)
			close(p->fd[i]);
		p->fd[i] = -1;
	}
}

void
proc_wait(struct proc *p)
{
	struct timespec step = { .tv_nsec = STEP_MS * 1000000L };
	pid_t pid = p->pid;
	int i;

	p->pid = 0;
	for (i = 0; pid && i < END_MS / STEP_MS; i++) {
		if (waitpid(pid, NULL, WNOHANG) != 0)
			return;
		nanosleep(&step, NULL);
	}
	if (pid) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
}

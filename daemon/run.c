/* daemon/run.c - `onion-transparent run`: a program in a network of its own
 *
 * Theory of operation
 *	run ---fork--> child: namespaces, TUN, mounts, no rights any more
 *	 |  <---TUN---   |
 *	 |--TUN--> daemon, or an engine of our own (runengine)
 *	 |  <-ready--    |
 *	 |--go-------> child: becomes the program
 *	waits, passes signals on, ends as the program ended
 *
 *	The program starts when circuits can be built and not before: its own
 *	patience is for its destination.  If nothing moves for STALL_S, or there
 *	is no network at all, it never starts.
 *
 *	When the connection to the daemon closes the device goes with it, and
 *	the program has no network any more.  Children that outlive the program
 *	have none either: they are not ended, but nobody is there to carry what
 *	they send.  There is no PID namespace: processes have the numbers, the
 *	/proc and the signals that they have outside.
 *
 * Signals
 *	We are in the program's process group.  What the terminal sends reaches
 *	both, and what somebody sends to us is passed on.  When the program
 *	stops, so do we, so that a shell sees the job as it is; it goes on when
 *	we do.
 */
#include "daemon/run.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "daemon/conf.h"
#include "daemon/runchild.h"
#include "daemon/runconf.h"
#include "daemon/runfind.h"
#include "daemon/runmsg.h"
#include "daemon/runnet.h"

enum {
	WHY_MAX = 512,
	TRIES = 3,			/* to meet one that lives */
	STALL_S = 90			/* a bootstrap that does not move */
};

static const int passed_on[] = {
	SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGWINCH, SIGCONT,
	SIGTSTP, SIGALRM
};
enum { NPASSED = sizeof(passed_on) / sizeof(passed_on[0]) };

struct run {
	const struct conf_args *args;
	struct conf	*conf;
	struct runchild	 prog;
	int		 signals;	/* a signalfd */
	pid_t		 child;
	int		 pair;		/* to the child, until it goes */
	int		 tun;		/* until it is sent */
	int		 daemon;	/* the socket to whoever has the TUN */
	int		 own_engine;
	int		 heard;		/* it answered */
	int		 shown;		/* progress stands on the terminal */
	int		 ended;		/* the child, with: */
	int		 status;
};

static void
say(const struct run *r, const char *text)
{
	if (r->args->quiet != CONF_QUIET)
		fprintf(stderr, "onion-transparent: %s\n", text);
}

/* --- the child --- */

static int
fork_child(struct run *r)
{
	pid_t parent = getpid();
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	fflush(NULL);
	if ((r->child = fork()) < 0) {
		close(pair[0]);
		close(pair[1]);
		return -errno;
	}
	if (r->child == 0) {
		close(pair[0]);
		runchild_main(&r->prog, pair[1], parent);
	}
	close(pair[1]);
	r->pair = pair[0];
	return 0;
}

/* --- signals --- */

static int
take_signals(struct run *r)
{
	struct sigaction dfl = { .sa_handler = SIG_DFL };
	sigset_t set;
	size_t i;

	sigemptyset(&set);
	for (i = 0; i < NPASSED; i++)
		sigaddset(&set, passed_on[i]);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGTTIN);	/* the program's stop is ours, too */
	sigaddset(&set, SIGTTOU);
	/* ignored, it would take the exit status away */
	sigaction(SIGCHLD, &dfl, &r->prog.chld);
	if (sigprocmask(SIG_BLOCK, &set, &r->prog.mask) < 0)
		return -errno;
	r->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return r->signals < 0 ? -errno : 0;
}

/* For good: as if the signal had met the program in our place. */
static int
die_of(int sig)
{
	struct rlimit none = { 0, 0 };
	sigset_t set;

	setrlimit(RLIMIT_CORE, &none);	/* the program had its chance */
	signal(sig, SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, sig);
	raise(sig);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	return 128 + sig;
}

static void
follow_child(struct run *r)
{
	int status;

	while (waitpid(r->child, &status, WNOHANG | WUNTRACED) == r->child) {
		if (!WIFSTOPPED(status)) {
			r->ended = 1;
			r->status = status;
			return;
		}
		raise(SIGSTOP);			/* until we are continued */
		kill(r->child, SIGCONT);
	}
}

static int
is_passed_on(int sig)
{
	size_t i;

	for (i = 0; i < NPASSED; i++)
		if (passed_on[i] == sig)
			return 1;
	return 0;
}

/* The signal that ends the wait for the network, or 0. */
static int
read_signals(struct run *r, int running)
{
	struct signalfd_siginfo si;
	int sig;

	while (read(r->signals, &si, sizeof(si)) == sizeof(si)) {
		sig = (int)si.ssi_signo;
		if (sig == SIGCHLD)
			follow_child(r);
		else if (!running && (sig == SIGINT || sig == SIGTERM ||
		    sig == SIGHUP || sig == SIGQUIT))
			return sig;
		else if (!running && sig == SIGTSTP)
			raise(SIGSTOP);
		else if (running && si.ssi_code <= 0 && !r->ended &&
		    is_passed_on(sig))
			kill(r->child, sig);	/* not the terminal's */
	}
	return 0;
}

/* --- until it is ready --- */

static void
show(struct run *r, const struct runmsg *m)
{
	if (r->args->quiet || !isatty(STDERR_FILENO))
		return;
	fprintf(stderr, "\r\033[KBootstrapped %d%%: %s", m->percent, m->text);
	r->shown = 1;
}

static void
unshow(struct run *r)
{
	if (r->shown)
		fprintf(stderr, "\r\033[K");
	r->shown = 0;
}

static int
child_died(struct run *r, char *why, size_t max)
{
	snprintf(why, max, "the program's process died before it began");
	r->ended = 1;
	return -ECHILD;
}

static int
wait_tun(struct run *r, char *why, size_t max)
{
	struct runmsg m;
	int rc = runmsg_recv(r->pair, &m, &r->tun);

	if (rc > 0 && m.type == RUNMSG_OPEN)
		return 0;
	if (rc <= 0)
		return child_died(r, why, max);
	snprintf(why, max, "%s", m.text);
	return -EPERM;
}

/* One message: 1 ready, 0 not yet, or -errno. */
static int
read_daemon(struct run *r, struct runmsg *last, char *why, size_t max)
{
	struct runmsg m;
	int fd, rc = runmsg_recv(r->daemon, &m, &fd);

	if (rc <= 0) {
		snprintf(why, max, "%s", r->own_engine ?
		    "the engine died" : "the daemon closed the connection");
		return r->own_engine && !r->heard ? -EAGAIN : -ECONNRESET;
	}
	r->heard = 1;
	if (m.type != RUNMSG_PROGRESS) {
		snprintf(why, max, "%s%s", r->own_engine ? "" :
		    "the daemon says: ", m.text);
		return -ECONNREFUSED;
	}
	*last = m;
	if (m.ready)
		return 1;
	show(r, &m);
	return 0;
}

static int
stalled(const struct runmsg *last, char *why, size_t max)
{
	snprintf(why, max, "the network cannot be reached: at %d%% (%s) "
	    "nothing has moved for %d seconds", last->percent, last->text,
	    STALL_S);
	return -ETIMEDOUT;
}

/* 0 ready; a signal that ends it all; or -errno. */
static int
wait_ready(struct run *r, char *why, size_t max)
{
	struct pollfd p[2] = { { .fd = r->signals, .events = POLLIN },
		{ .fd = r->daemon, .events = POLLIN } };
	struct runmsg last = { .text = "Starting" };
	int64_t until = clock_ms() + STALL_S * 1000, left;
	int rc = 0, percent = -1;

	while (rc == 0) {
		if ((left = until - clock_ms()) <= 0)
			return stalled(&last, why, max);
		if (poll(p, 2, (int)left) < 0 && errno != EINTR)
			return -errno;
		if ((rc = read_signals(r, 0)) > 0)
			return rc;
		if (r->ended)
			return child_died(r, why, max);
		if (p[1].revents)
			rc = read_daemon(r, &last, why, max);
		if (last.percent != percent)
			until = clock_ms() + STALL_S * 1000;
		percent = last.percent;
	}
	return rc < 0 ? rc : 0;
}

static int
pass_tun(struct run *r, char *why, size_t max)
{
	struct runmsg m = { .type = RUNMSG_OPEN, .mtu = RUNNET_MTU };
	int rc = runmsg_send(r->daemon, &m, r->tun);

	/* one that turns us away has said why, and is gone */
	if (rc == -EPIPE || rc == -ECONNRESET)
		rc = 0;
	if (rc < 0)
		snprintf(why, max, "cannot pass the device on: %s",
		    strerror(-rc));
	return rc;
}

/* --- while it runs --- */

static void
daemon_spoke(struct run *r)
{
	char text[WHY_MAX];
	struct runmsg m;
	int fd, rc = runmsg_recv(r->daemon, &m, &fd);

	if (rc == -EINTR || (rc > 0 && m.type == RUNMSG_PROGRESS))
		return;
	snprintf(text, sizeof(text), "the %s has gone: %s has no network any "
	    "more%s%s", r->own_engine ? "engine" : "daemon",
	    r->args->program[0], rc > 0 ? ": " : "", rc > 0 ? m.text : "");
	say(r, text);
	close(r->daemon);
	r->daemon = -1;
}

static void
wait_end(struct run *r)
{
	struct pollfd p[2] = { { .fd = r->signals, .events = POLLIN } };

	while (!r->ended) {
		p[1] = (struct pollfd){ .fd = r->daemon, .events = POLLIN };
		if (poll(p, 2, -1) < 0)
			continue;
		if (p[1].revents)
			daemon_spoke(r);
		read_signals(r, 1);
	}
}

static int
end_as_it_did(int status)
{
	if (WIFSIGNALED(status))
		return die_of(WTERMSIG(status));
	return WEXITSTATUS(status);
}

/* --- all of it --- */

static void
give_up(struct run *r)
{
	if (r->child > 0 && !r->ended) {
		kill(r->child, SIGKILL);
		while (waitpid(r->child, NULL, 0) < 0 && errno == EINTR)
			;
	}
	if (r->daemon >= 0)
		close(r->daemon);
	conf_free(r->conf);
	r->conf = NULL;
}

/* An engine that was found can be one that is just about to end, and has not
 * a word for us: then there is another one to be found, or to be started. */
static int
connect_tun(struct run *r, char *why, size_t max)
{
	int tries, rc = -EAGAIN;

	for (tries = 0; rc == -EAGAIN && tries < TRIES; tries++) {
		if (r->daemon >= 0)
			close(r->daemon);
		r->daemon = -1;
		rc = runfind(r->conf, r->args->quiet, &r->own_engine, why,
		    max);
		if (rc < 0)
			continue;
		r->daemon = rc;
		if ((rc = pass_tun(r, why, max)) == 0)
			rc = wait_ready(r, why, max);
	}
	close(r->tun);		/* else it would outlive the daemon */
	r->tun = -1;
	return rc;
}

static int
prepare(struct run *r, char *why, size_t max)
{
	struct conf_err err = { 0 };
	int rc;

	if ((rc = runconf_load(&r->conf, r->args, &err)) < 0) {
		snprintf(why, max, "%s", err.text);
		return rc;
	}
	if ((rc = take_signals(r)) < 0 ||
	    (rc = fork_child(r)) < 0 || (rc = wait_tun(r, why, max)) < 0)
		return rc;
	rc = connect_tun(r, why, max);
	unshow(r);
	return rc;
}

int
run_program(const struct conf_args *args)
{
	struct run r = { .args = args, .prog.program = args->program,
		.pair = -1, .tun = -1, .daemon = -1, .signals = -1 };
	char why[WHY_MAX] = "no memory", text[WHY_MAX + 100];
	int rc = runchild_find(args->program[0], getenv("PATH"));

	if (rc) {
		snprintf(text, sizeof(text), "cannot run %s: %s",
		    args->program[0], rc == RUNCHILD_NOT_FOUND ? "not found" :
		    "it cannot be executed");
		say(&r, text);
		return rc;
	}
	if ((rc = prepare(&r, why, sizeof(why))) < 0)
		say(&r, why);
	if (rc != 0) {
		give_up(&r);
		return rc < 0 ? RUNCHILD_FAILED : die_of(rc);
	}
	if (send(r.pair, "", 1, MSG_NOSIGNAL) == 1) {
		close(r.pair);
		wait_end(&r);
		rc = end_as_it_did(r.status);
	} else {
		say(&r, "the program's process died before it began");
		rc = RUNCHILD_FAILED;
	}
	give_up(&r);
	return rc;
}

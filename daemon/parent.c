/* daemon/parent.c - the daemon's first process, which starts the others
 *
 * Theory of operation
 *	parent	as started (root, with some of its capabilities): reads torrc,
 *		opens what needs rights, has the signals, starts the others
 *	firewall  with FailClosed 1: keeps the rules (daemon/fwproc.c)
 *	keeper	CAP_NET_ADMIN, with a TUN only (daemon/keepproc.c)
 *	engine	no rights at all: all that comes from a network (daemon/app.c)
 *
 *	Keeper and engine are one generation: should one of them die, the other
 *	is ended, and both are started anew, from what is on disk; what the
 *	keeper put in force stays so meanwhile, and nobody answers at the TUN:
 *	closed.  The first time that is at once, then after pauses that grow, so
 *	that an engine that can't live is no storm of connections to relays.
 *	Only one that was never up ends the program, with the sentence that it
 *	logged.
 *
 *	The firewall's process is of no generation: it is there before the first
 *	engine, with its rules in force, and stays when engines die.  Should it
 *	die itself, the rules stay, another one takes them over at once, and the
 *	engine is ended, which has nobody to ask any more.
 *
 *	  STARTING --UP--> UP --it dies--> (pause) --> STARTING
 *	                    |--HUP--> RELOADING --answer--> UP
 *	  any --TERM--> STOPPING --it ends--> over
 *
 *	Two sockets lead to the engine.  On one it is told what to do; on the
 *	other it asks for what it can't open.  It gets what this process's own
 *	reading of torrc has at the number that it names, and nothing else.  A
 *	message that is none, that does not belong where it comes, or that is
 *	one too many since the last start or reload, is no mistake that the
 *	engine could make: it is killed.  No send here waits for it.
 *
 *	Every TICK_MS each of the others is asked whether it lives.  Who owes
 *	MISSES_MAX answers does not, and is ended; these are counted, and not
 *	the time, since all of us may have been frozen.
 *
 *	At a reload torrc is read here, once, and goes to the engine as text;
 *	what it names is lent of the new one (LEND_NEW) until the answer comes,
 *	which says which of the two is in force, here and there.  Before the
 *	engine the firewall's process is asked; should the engine not want the
 *	new one then, it is told the old one again.
 *
 *	  IDLE --ask--> TRIES --done--> (the engine is asked) --> IDLE
 *	                             `-- its no, or its end --> BACK --> IDLE
 */
#include "daemon/parent.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/rand.h"
#include "daemon/app.h"
#include "daemon/conf.h"
#include "daemon/confchange.h"
#include "daemon/fwkeep.h"
#include "daemon/fwproc.h"
#include "daemon/lend.h"
#include "daemon/lender.h"
#include "daemon/netup.h"
#include "daemon/notify.h"
#include "daemon/proc.h"
#include "daemon/process.h"
#include "daemon/procmsg.h"
#include "daemon/sendconf.h"

enum {
	WHY_MAX = 512,
	ANSWER_MS = 60 * 1000,	/* to a reload */
	END_MS = 10 * 1000,	/* for an end in order */
	TICK_MS = 10 * 1000,
	MISSES_MAX = 3,
	PAUSE_MS = 1000,	/* before the second start; then twice that */
	PAUSE_MAX_MS = 60 * 1000,
	PROVEN_MS = 300 * 1000,	/* who lived that long is new again */
	AT_ONCE_MS = 5 * 1000	/* a firewall's process that lived as long is
				 * started again at once */
};

enum fw_stage {			/* of a reload, as to the firewall */
	FW_IDLE,
	FW_TRIES,		/* it tries the new rules */
	FW_BACK			/* it is to have the old ones again */
};

enum { ASK, TELL };		/* the engine asks; it is told */

struct parent {
	struct confchange cc;		/* torrc */
	struct netup	*netup;		/* this generation's, or NULL */
	struct proc	 engine;	/* its sockets: ASK, TELL */
	struct fwkeep	 firewall;	/* FailClosed */
	int		 engine_fw;	/* the engine's way to it, till it is
					 * forked; -1 */
	enum fw_stage	 stage;
	int		 fw_fresh;	/* it has the new rules in force */
	int64_t		 fw_patience;	/* until when it is waited for; 0 */
	int64_t		 fw_born;
	pid_t		 self;
	int		 signals;
	int		 hup;		/* another reload is wanted */

	int		 ever_up, stopping, over, status;
	unsigned	 deaths;
	int64_t		 born;		/* ms */
	int64_t		 again;		/* when to start; 0: not */
	int64_t		 patience;	/* until when it is waited for; 0 */
	int64_t		 tick;		/* when to ask who lives; 0: never */
	unsigned	 owed, fw_owed;	/* answers to that */
	struct lender	 lender;
	int		 ready_fd;	/* RunAsDaemon: who waits for us */
	int		 wrote_pid;	/* the PidFile is ours */
};

static int
failed(const struct parent *p, const char *why)
{
	log_err(LD_GENERAL, "%s", why);
	if (p->ready_fd >= 0 && p->cc.args->quiet != CONF_QUIET)
		fprintf(stderr, "onion-transparent: %s\n", why);
	return EXIT_FAILURE;
}

/* --- what the engine is told --- */

/* Once: what else it said before is not heard. */
static void
distrust(struct parent *p, const char *what)
{
	if (p->engine.pid == 0)
		return;
	log_err(LD_GENERAL, "the engine %s: it is ended", what);
	kill(p->engine.pid, SIGKILL);
	proc_close(&p->engine);
}

static void
tell(struct parent *p, enum procmsg_type what)
{
	struct procmsg m = { .type = what };

	if (p->engine.fd[TELL] >= 0 &&
	    procmsg_send_now(p->engine.fd[TELL], &m) < 0)
		distrust(p, "does not listen");
}

/* It is gone, and a signal will tell of its death; or else it only seems so. */
static void
close_socket(struct parent *p, int which)
{
	close(p->engine.fd[which]);
	p->engine.fd[which] = -1;
	if (p->patience == 0)
		p->patience = clock_ms() + END_MS;
}

/* --- reload --- */

/* Read again it would be empty, and every door would be closed. */
static void
reload_nothing(struct parent *p)
{
	log_warn(LD_CONFIG, "the configuration came from standard input and "
	    "cannot be read again: it stays in force");
	confchange_reopen(&p->cc);
	lender_round(&p->lender);
	tell(p, PROCMSG_REOPEN);
}

/* Whoever is to end is still waited for. */
static void
answered(struct parent *p)
{
	if (!p->stopping)
		p->patience = 0;
}

static void
change_commit(struct parent *p)
{
	struct conf *old;

	confchange_commit(&p->cc, &old);
	lend_unlink(&p->lender.made, p->cc.conf->user, p->cc.conf);
	conf_free(old);
	answered(p);
	p->fw_fresh = 0;
	fwkeep_commit(&p->firewall);
	log_notice(LD_CONFIG, "the new configuration is in force");
}

static void
end_firewall(struct parent *p, const char *why)
{
	if (p->firewall.proc.pid == 0)
		return;
	log_err(LD_NET, "the firewall's process %s: it is ended", why);
	kill(p->firewall.proc.pid, SIGKILL);
}

static void
ask_firewall(struct parent *p, enum fw_stage stage, const struct conf *c)
{
	int rc = fwkeep_reload(&p->firewall, c);

	p->stage = stage;
	p->fw_patience = clock_ms() + ANSWER_MS;
	if (rc < 0)
		end_firewall(p, strerror(-rc));
}

static void
change_drop(struct parent *p)
{
	confchange_drop(&p->cc);
	answered(p);
	if (p->fw_fresh)
		ask_firewall(p, FW_BACK, p->cc.conf);
	p->fw_fresh = 0;
}

static void
refuse_change(struct parent *p, const char *why)
{
	log_err(LD_CONFIG, "%s", why);
	log_err(LD_CONFIG, "the old configuration stays in force");
	change_drop(p);
}

/* While there is no engine there is nobody to ask. */
static void
ask_engine(struct parent *p)
{
	char why[WHY_MAX];
	int rc;

	if (!p->lender.up) {
		change_commit(p);
		return;
	}
	if ((rc = sendconf(p->engine.fd[TELL], p->cc.fresh)) < 0) {
		snprintf(why, sizeof(why), "the engine cannot be told: %s",
		    strerror(-rc));
		refuse_change(p, why);
	} else
		p->patience = clock_ms() + ANSWER_MS;
}

static void
reload(struct parent *p)
{
	char why[WHY_MAX];

	p->hup = 0;
	if (confchange_is_fixed(&p->cc)) {
		reload_nothing(p);
		return;
	}
	log_notice(LD_CONFIG, "reading the configuration again (SIGHUP)");
	lender_round(&p->lender);
	if (confchange_begin(&p->cc, why, sizeof(why)) < 0)
		refuse_change(p, why);
	else if (p->firewall.proc.pid)
		ask_firewall(p, FW_TRIES, p->cc.fresh);
	else
		ask_engine(p);
}

static void
want_reload(struct parent *p)
{
	if (p->cc.fresh || p->stage || (p->engine.pid && !p->lender.up))
		p->hup = 1;		/* when that is over */
	else
		reload(p);
}

/* The answer. */
static void
on_tell(struct parent *p)
{
	struct procmsg m;
	int rc = procmsg_recv(p->engine.fd[TELL], &m, 0);

	if (rc == -ETIMEDOUT)
		return;
	if (rc == -EPIPE) {
		close_socket(p, TELL);
		return;
	}
	if (rc == 0 && m.type == PROCMSG_PONG && p->owed) {
		p->owed = 0;
		return;
	}
	if (rc < 0 || p->cc.fresh == NULL || p->patience == 0 ||
	    (m.type != PROCMSG_DONE && m.type != PROCMSG_FAILED)) {
		procmsg_close(&m);
		distrust(p, "answers what nobody asked");
		return;
	}
	if (m.type == PROCMSG_DONE)
		change_commit(p);
	else
		change_drop(p);
	if (p->hup && p->stage == FW_IDLE)
		reload(p);
}

/* --- the firewall's process --- */

static void
firewall_answers(struct parent *p, enum fwkeep_heard heard, const char *text)
{
	enum fw_stage stage = p->stage;

	p->stage = FW_IDLE;
	p->fw_patience = 0;
	if (stage == FW_IDLE)
		end_firewall(p, "answers what nobody asked");
	else if (stage == FW_TRIES && heard == FWKEEP_DONE) {
		p->fw_fresh = 1;
		if (p->cc.fresh)
			ask_engine(p);
		else			/* the engine died meanwhile */
			change_drop(p);
	} else if (stage == FW_TRIES && p->cc.fresh)
		refuse_change(p, text);
	else if (stage == FW_BACK && heard == FWKEEP_FAILED) {
		log_err(LD_NET, "firewall: %s", text);
		end_firewall(p, "cannot go back to the old rules");
	}
	if (p->hup && p->stage == FW_IDLE && p->cc.fresh == NULL)
		want_reload(p);
}

static void
on_firewall(struct parent *p, int which)
{
	char text[WHY_MAX];
	enum fwkeep_heard heard = fwkeep_hear(&p->firewall, which, text,
	    sizeof(text));

	switch (heard) {
	case FWKEEP_DONE:
	case FWKEEP_FAILED:
		firewall_answers(p, heard, text);
		break;
	case FWKEEP_PONG:
		p->fw_owed = 0;
		break;
	case FWKEEP_DISTRUST:
		distrust(p, text);
		break;
	case FWKEEP_GONE:
		if (!p->stopping)
			end_firewall(p, "closed its sockets");
		break;
	case FWKEEP_NOTHING:
		break;
	}
}

static int
start_firewall(struct parent *p, char *why, size_t max)
{
	int rc;

	if (!p->cc.conf->fail_closed || p->firewall.proc.pid)
		return 0;
	if ((rc = fwkeep_start(&p->firewall, p->cc.conf, why, max)) < 0)
		return rc;
	p->fw_born = clock_ms();
	p->fw_owed = 0;
	log_notice(LD_NET, "FailClosed 1: the firewall's rules are in force");
	return 0;
}

/* Rules that nobody keeps are in force all the same. */
static void
on_firewall_death(struct parent *p)
{
	char why[WHY_MAX];

	fwkeep_died(&p->firewall);
	p->stage = FW_IDLE;
	p->fw_patience = 0;
	p->fw_fresh = 0;
	if (p->stopping)
		return;
	if (p->engine.pid)
		kill(p->engine.pid, SIGKILL);
	if (p->cc.fresh)
		refuse_change(p, "the firewall's process died");
	log_err(LD_NET, "the process that keeps the firewall's rules died: "
	    "they stay in force, and another one takes them over");
	if (clock_ms() - p->fw_born >= AT_ONCE_MS &&
	    start_firewall(p, why, sizeof(why)) < 0)
		log_err(LD_NET, "%s", why);
}

/* --- what the engine asks for --- */

static void
stop_engine(struct parent *p)
{
	p->stopping = 1;
	p->tick = 0;
	p->patience = clock_ms() + END_MS;
	tell(p, PROCMSG_STOP);
}

static void
write_pid(struct parent *p)
{
	const char *path = p->cc.conf->pid_file;
	char why[WHY_MAX];
	int rc;

	if (path == NULL || p->wrote_pid)
		return;
	if ((rc = process_pid_file(path)) == 0) {
		p->wrote_pid = 1;
		return;
	}
	snprintf(why, sizeof(why), "%sPidFile %s: %s",
	    conf_where(p->cc.conf, "PidFile", 0), path, strerror(-rc));
	p->status = failed(p, why);
	stop_engine(p);
}

/* It starts as long as it takes; then it has to answer. */
static void
on_up(struct parent *p)
{
	p->owed = 0;
	if (!p->ever_up) {
		write_pid(p);
		if (p->stopping)
			return;
		p->ever_up = 1;
		process_up(&p->ready_fd);
		notify("READY=1");
	} else
		log_notice(LD_GENERAL, "the engine is up again");
	if (p->hup)
		reload(p);
}

static void
on_ask(struct parent *p)
{
	struct procmsg m, answer;
	int rc = procmsg_recv(p->engine.fd[ASK], &m, 0);

	if (rc == -ETIMEDOUT)
		return;
	if (rc == -EPIPE) {
		close_socket(p, ASK);
		return;
	}
	switch (lender_hear(&p->lender, rc, &m, p->cc.conf, p->cc.fresh,
	    &answer)) {
	case LENDER_ANSWER:
		if (procmsg_send_now(p->engine.fd[ASK], &answer) < 0)
			distrust(p, "does not listen");
		procmsg_close(&answer);
		break;
	case LENDER_UP:
		on_up(p);
		break;
	default:
		distrust(p, p->lender.why);
		break;
	}
}

/* --- a generation --- */

/* The child's whole life. */
static int
be_engine(void *arg, const int fd[PROC_SOCKETS])
{
	struct parent *p = arg;
	struct app_conf ac = { .conf = p->cc.conf, .netup = p->netup,
		.firewall = p->engine_fw,
		.quiet = p->cc.args->quiet, .ask = fd[ASK], .tell = fd[TELL],
		.parent = p->self, .background = p->ready_fd >= 0 };

	close(p->signals);
	if (p->ready_fd >= 0)
		close(p->ready_fd);
	netup_engines(p->netup);
	proc_close(&p->firewall.proc);
	lender_free(&p->lender);
	return app_run(&ac);
}

static int
start_engine(struct parent *p, char *why, size_t max)
{
	int rc = 0;

	snprintf(why, max, "no process for the engine");
	if (p->firewall.proc.pid)
		rc = fwkeep_engine(&p->firewall, &p->engine_fw);
	if (rc == 0)
		rc = proc_start(&p->engine, PROC_ENGINE, be_engine, p);
	if (p->engine_fw >= 0)
		close(p->engine_fw);
	p->engine_fw = -1;
	if (rc < 0)
		snprintf(why, max, "no process for the engine: %s",
		    strerror(-rc));
	return rc;
}

static int
start_generation(struct parent *p, char *why, size_t max)
{
	int rc;

	p->again = 0;
	p->lender.up = 0;
	lender_round(&p->lender);
	if ((rc = start_firewall(p, why, max)) < 0 ||
	    (rc = netup_fork(&p->netup, p->cc.conf, why, max)) < 0)
		return rc;
	if ((rc = start_engine(p, why, max)) < 0) {
		netup_free(p->netup);
		p->netup = NULL;
		return rc;
	}
	netup_parents(p->netup);
	p->born = clock_ms();
	return 0;
}

static void
plan_start(struct parent *p, const char *what)
{
	int64_t pause = PAUSE_MS, now = clock_ms();
	unsigned i;

	if (now - p->born > PROVEN_MS)
		p->deaths = 0;
	if (p->deaths == 0)
		pause = 0;
	for (i = 1; i < p->deaths && pause < PAUSE_MAX_MS; i++)
		pause *= 2;
	if (pause > PAUSE_MAX_MS)
		pause = PAUSE_MAX_MS;
	p->deaths++;
	p->again = now + pause;
	if (pause == 0)
		log_err(LD_GENERAL, "%s: it is started again", what);
	else
		log_err(LD_GENERAL, "%s: it is started again in %d s", what,
		    (int)(pause / 1000));
}

static void
start_again(struct parent *p)
{
	char why[WHY_MAX];

	if (start_generation(p, why, sizeof(why)) < 0) {
		p->born = clock_ms();
		plan_start(p, why);
	}
}

static void
describe_death(int status, char *text, size_t max)
{
	int sig = WIFSIGNALED(status) ? WTERMSIG(status) : 0;

	if (sig == SIGSYS)
		snprintf(text, max, "the engine made a system call that is not "
		    "on its list (a fault or an attack; the kernel's audit log "
		    "has its number)");
	else if (sig)
		snprintf(text, max, "the engine was killed by signal %d (%s)",
		    sig, strsignal(sig));
	else
		snprintf(text, max, "the engine ended by itself, with status "
		    "%d", WEXITSTATUS(status));
}

static void
close_engine(struct parent *p)
{
	proc_close(&p->engine);
	p->engine.pid = 0;
	p->patience = 0;
	p->lender.up = 0;
	if (p->cc.fresh)
		refuse_change(p, "the engine died while it was to change");
}

static void
on_engine_death(struct parent *p, int status)
{
	char text[WHY_MAX];

	close_engine(p);
	describe_death(status, text, sizeof(text));
	if (p->stopping || !p->ever_up) {
		if (WIFSIGNALED(status))	/* else it has said why */
			(void)failed(p, text);
		if (status != 0)
			p->status = EXIT_FAILURE;
		p->over = 1;
		return;
	}
	netup_free(p->netup);		/* it ends, and leaves all in force */
	p->netup = NULL;
	plan_start(p, text);
}

static void
reap(struct parent *p)
{
	pid_t keeper = netup_keeper(p->netup), fw = p->firewall.proc.pid;
	int status;

	if (fw && waitpid(fw, &status, WNOHANG) == fw)
		on_firewall_death(p);
	if (keeper && waitpid(keeper, &status, WNOHANG) == keeper &&
	    !p->stopping) {
		log_err(LD_NET, "the process that keeps the network's state "
		    "died: all is closed until it is there again");
		if (p->engine.pid)
			kill(p->engine.pid, SIGKILL);
	}
	if (p->engine.pid &&
	    waitpid(p->engine.pid, &status, WNOHANG) == p->engine.pid)
		on_engine_death(p, status);
}

/* --- signals --- */

static void
stop(struct parent *p, int sig)
{
	log_notice(LD_GENERAL, "stopping (signal %d)", sig);
	notify("STOPPING=1");
	if (p->engine.pid == 0)
		p->over = 1;
	else if (!p->stopping)
		stop_engine(p);
}

static void
on_signal(struct parent *p)
{
	struct signalfd_siginfo si;

	if (read(p->signals, &si, sizeof(si)) != sizeof(si))
		return;
	switch (si.ssi_signo) {
	case SIGCHLD:
		reap(p);
		break;
	case SIGHUP:
		want_reload(p);
		break;
	case SIGUSR1:
		tell(p, PROCMSG_STATISTICS);
		break;
	case SIGUSR2:
		lender_round(&p->lender);
		tell(p, PROCMSG_DEBUG);
		break;
	default:
		stop(p, (int)si.ssi_signo);
		break;
	}
}

static int
take_signals(struct parent *p)
{
	static const int all[] = { SIGHUP, SIGUSR1, SIGUSR2, SIGTERM, SIGINT,
		SIGCHLD };
	sigset_t set;
	size_t i;

	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_DFL);
	sigemptyset(&set);
	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		sigaddset(&set, all[i]);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -errno;
	p->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return p->signals < 0 ? -errno : 0;
}

/* --- its life --- */

/* Without RunSocket in the configuration it is an offer, and may fail: the
 * engine says so. */
static int
make_directories(const struct conf *c, char *why, size_t max)
{
	int ours = conf_where(c, "RunSocket", 0)[0] == '\0', rc;

	if ((rc = process_directory(c->data_directory, c->user)) < 0) {
		snprintf(why, max, "%sDataDirectory %s: %s",
		    conf_where(c, "DataDirectory", 0), c->data_directory,
		    strerror(-rc));
		return rc;
	}
	if (c->run_socket[0] && (rc = process_socket_directory(c->run_socket,
	    c->user, ours)) < 0 && !ours) {
		snprintf(why, max, "%sRunSocket %s: %s",
		    conf_where(c, "RunSocket", 0), c->run_socket,
		    strerror(-rc));
		return rc;
	}
	return 0;
}

/* The log comes first, so that it holds whatever goes wrong from then on. */
static int
start(struct parent *p, char *why, size_t max)
{
	int rc;

	if ((rc = process_check_user(p->cc.conf, why, max)) < 0 ||
	    (rc = make_directories(p->cc.conf, why, max)) < 0 ||
	    (rc = confchange_log(&p->cc, why, max)) < 0)
		return rc;
	snprintf(why, max, "rights cannot be given up");
	if ((rc = process_limit(proc_capabilities(PROC_PARENT))) < 0 ||
	    (rc = process_closed(!p->cc.conf->disable_debugger_attachment)) < 0)
		return rc;
	return start_generation(p, why, max);
}

static int64_t
earlier(int64_t a, int64_t b)
{
	return a == 0 || (b && b < a) ? b : a;
}

static int
timeout(const struct parent *p)
{
	int64_t at = earlier(earlier(p->stage ? 0 : p->again, p->fw_patience),
	    earlier(p->patience, p->tick));
	int64_t left = at - clock_ms();

	return at == 0 ? -1 : left < 0 ? 0 : (int)left;
}

static void
ping_keeper(struct parent *p)
{
	if (netup_ping(p->netup) < MISSES_MAX)
		return;
	log_err(LD_NET, "the process that keeps the network's state does not "
	    "answer: it is ended");
	kill(netup_keeper(p->netup), SIGKILL);
}

/* While a reload is waited for, that is what it has to answer. */
static void
ping_firewall(struct parent *p)
{
	if (p->firewall.proc.pid == 0 || p->stage != FW_IDLE)
		return;
	if (p->fw_owed >= MISSES_MAX || fwkeep_ping(&p->firewall) < 0)
		end_firewall(p, "does not answer");
	p->fw_owed++;
}

static void
ping_engine(struct parent *p)
{
	if (p->owed >= MISSES_MAX) {
		distrust(p, "does not answer");
		return;
	}
	p->owed++;
	tell(p, PROCMSG_PING);
}

/* Those that the engine waits for come first: it may have nothing but them to
 * wait for.  It starts as long as it takes. */
static void
on_tick(struct parent *p)
{
	p->tick = clock_ms() + TICK_MS;
	ping_firewall(p);
	if (!p->lender.up)
		return;
	ping_keeper(p);
	ping_engine(p);
}

static void
on_time(struct parent *p)
{
	int64_t now = clock_ms();

	if (p->patience && now >= p->patience) {
		p->patience = 0;
		distrust(p, p->stopping ? "does not end" : "does not answer");
	}
	if (p->tick && now >= p->tick)
		on_tick(p);
	if (p->fw_patience && now >= p->fw_patience) {
		p->fw_patience = 0;
		end_firewall(p, "does not answer");
	}
	/* not with a configuration that is about to be another */
	if (p->again && now >= p->again && !p->over && p->stage == FW_IDLE)
		start_again(p);
}

static void
on_readable(struct parent *p, const struct pollfd f[5])
{
	int i;

	if (f[1].revents && p->engine.fd[ASK] >= 0)
		on_ask(p);
	if (f[2].revents && p->engine.fd[TELL] >= 0)
		on_tell(p);
	for (i = 0; i < PROC_SOCKETS; i++)
		if (f[3 + i].revents && p->firewall.proc.fd[i] >= 0)
			on_firewall(p, i);
	if (f[0].revents)
		on_signal(p);
}

static void
live(struct parent *p)
{
	struct pollfd f[5];
	int i;

	p->tick = clock_ms() + TICK_MS;
	memset(f, 0, sizeof(f));
	for (i = 0; i < 5; i++)
		f[i].events = POLLIN;
	while (!p->over) {
		f[0].fd = p->signals;
		f[1].fd = p->engine.fd[ASK];
		f[2].fd = p->engine.fd[TELL];
		f[3].fd = p->firewall.proc.fd[FWPROC_ASKED];
		f[4].fd = p->firewall.proc.fd[FWPROC_TELLS];
		if (poll(f, 5, timeout(p)) < 0) {
			if (errno == EINTR)
				continue;
			log_err(LD_GENERAL, "poll: %s", strerror(errno));
			p->status = EXIT_FAILURE;
			break;
		}
		on_readable(p, f);
		on_time(p);
	}
}

/* Between two generations there is no keeper; to undo anything needs one. */
static void
end_network(struct parent *p)
{
	char why[WHY_MAX];

	if (p->netup == NULL && p->lender.tun &&
	    netup_fork(&p->netup, p->cc.conf, why, sizeof(why)) < 0)
		log_err(LD_NET, "%s", why);
	netup_end(p->netup, p->lender.tun);
}

static void
leave_firewall(struct parent *p)
{
	if (p->firewall.proc.pid == 0)
		return;
	fwkeep_end(&p->firewall);
	log_notice(LD_NET, "the firewall's rules stay in force; "
	    "'onion-transparent firewall open' takes them away");
}

static void
end(struct parent *p)
{
	end_network(p);
	leave_firewall(p);
	lend_unlink(&p->lender.made, p->cc.conf->user, NULL);
	if (p->wrote_pid)	/* else it may be another instance's */
		unlink(p->cc.conf->pid_file);
	lender_free(&p->lender);
	conf_free(p->cc.conf);
}

int
parent_run(const struct conf_args *args, struct conf *conf)
{
	struct parent p = { .cc = { .args = args, .conf = conf },
		.engine = { .fd = { -1, -1 } }, .engine_fw = -1,
		.firewall = { .proc = { .fd = { -1, -1 } } }, .ready_fd = -1,
		.status = EXIT_SUCCESS,
		.lender = { .open = lend_open } };
	char why[WHY_MAX];
	int rc;

	/* What a starter left open would be everybody's, the engine's too. */
	if (close_range(STDERR_FILENO + 1, ~0U, 0) < 0)
		log_warn(LD_GENERAL, "descriptors of the starter stay open: %s",
		    strerror(errno));
	notify_take();
	rand_init();
	process_memory();
	tzset();
	if ((conf->run_as_daemon &&
	    (rc = process_background(&p.ready_fd)) < 0) ||
	    (rc = take_signals(&p)) < 0) {
		p.status = failed(&p, strerror(-rc));
		conf_free(conf);
		return p.status;
	}
	p.self = getpid();
	if (start(&p, why, sizeof(why)) < 0)
		p.status = failed(&p, why);
	else
		live(&p);
	end(&p);
	return p.status;
}

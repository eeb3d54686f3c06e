/* daemon/selftest.c - the leak laboratory on the user's own machine
 *
 * Theory of operation
 *	first	(the command) is in the machine's own namespaces, and does
 *		nothing there but wait, and write the log if there is a reason
 *	second	is the first of a PID namespace, with mounts and networks of
 *		its own: it makes the laboratory, sends and looks
 *	the program under test, and what it starts, are in that as well
 *
 *	Should the first be killed, the second is, by way of one in between
 *	that made its PID namespace; and with it, all of them, since it is the
 *	first there.  Networks, mounts and files are gone with the last who is
 *	in them.
 *
 *	Each item is tried twice, before the program is there and with it.  What
 *	the oracle did not see without it is not shown by not being seen with
 *	it; nor is anything shown where the program's own account does not get
 *	through to a relay.
 */
#include "daemon/selftest.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "daemon/conf.h"
#include "daemon/selftest_items.h"
#include "daemon/selftest_report.h"

enum { WHY_MAX = 512, ITEMS_MAX = 128, LAST_US = 500 * 1000 };

struct selftest {
	struct trial	 trial;
	struct report	 report;
	const struct item *item[ITEMS_MAX];	/* those that are tried */
	struct tried	 bare[ITEMS_MAX];	/* without the program */
	size_t		 n;
	int		 control;	/* without the program: 0, or -1 */
};

/* --- the second --- */

static void
fix_processor(void)
{
	cpu_set_t one;
	int cpu = sched_getcpu();

	CPU_ZERO(&one);
	CPU_SET(cpu < 0 ? 0u : (unsigned)cpu, &one);
	(void)sched_setaffinity(0, sizeof(one), &one);
}

static void
log_frames(struct selftest *s, const struct seen *seen)
{
	unsigned i;

	for (i = 0; i < seen->nlines; i++)
		fprintf(s->report.log, "          %s\n", seen->line[i]);
	if (oracle_leaks(seen) > seen->nlines)
		fprintf(s->report.log, "          ... %u in all\n",
		    oracle_leaks(seen));
}

static enum verdict
judge(struct selftest *s, size_t i, const struct tried *t, int control,
    char *why, size_t max)
{
	const struct tried *bare = &s->bare[i];
	unsigned leaks = oracle_leaks(&t->seen), n;

	if (leaks) {
		n = t->seen.leak[LAB_4];
		snprintf(why, max, "%u packet%s got through (%u of IPv4, %u "
		    "of IPv6)%s", leaks, leaks == 1 ? "" : "s", n, leaks - n,
		    t->seen.nlines ? "; the first:" : "");
		return FAIL;
	}
	if (t->why[0]) {
		snprintf(why, max, "%s", t->why);
		return FAIL;
	}
	if (t->sent == 0)
		snprintf(why, max, "nothing could be sent");
	else if (bare->unseen || oracle_leaks(&bare->seen) == 0)
		snprintf(why, max, "not shown: without the program not all of "
		    "it was seen either");
	else if (t->seen.lost || bare->seen.lost)
		snprintf(why, max, "not shown: not all that came could be "
		    "looked at");
	else if (control < 0)
		snprintf(why, max, "not shown: the program's own account does "
		    "not reach a relay, so all may be closed");
	else {
		snprintf(why, max, "%u sent, 0 out (%u)", t->sent,
		    oracle_leaks(&bare->seen));
		return PASS;
	}
	return NOT_SHOWN;
}

static void
try_bare(struct selftest *s)
{
	struct trial *t = &s->trial;
	size_t i;

	t->now = &s->bare[0];
	s->control = trial_control(t);
	memset(&s->bare[0], 0, sizeof(s->bare[0]));
	for (i = 0; i < s->n; i++) {
		report_doing(&s->report, (unsigned)i + 1, (unsigned)s->n,
		    s->item[i]->id, "without the program, to be seen");
		t->now = &s->bare[i];
		item_try(s->item[i], t);
		fprintf(s->report.log, "  seen  %s: %u sent, %u out, %u "
		    "not seen\n", s->item[i]->id, t->now->sent,
		    oracle_leaks(&t->now->seen), t->now->unseen);
		log_frames(s, &t->now->seen);
	}
}

/* What comes when all is over is a leak as well. */
static void
look_again(struct selftest *s)
{
	static const char what[] = "after all that";
	struct trial *t = &s->trial;
	struct tried now;
	char why[WHY_MAX];

	memset(&now, 0, sizeof(now));
	t->now = &now;
	usleep(LAST_US);
	trial_settle(t);
	if (oracle_leaks(&now.seen) == 0)
		return;
	(void)judge(s, 0, &now, 0, why, sizeof(why));
	report_item(&s->report, item_group_name(ITEM_EVENTS), "end", what,
	    FAIL, why, now.seen.line[0]);
	log_frames(s, &now.seen);
}

/* -1: the program cannot be had, and it was said why. */
static int
try_armed(struct selftest *s)
{
	struct trial *t = &s->trial;
	struct tried now;
	char why[WHY_MAX];
	enum verdict v;
	size_t i;
	int control;

	t->armed = 1;
	for (i = 0; i < s->n; i++) {
		memset(&now, 0, sizeof(now));
		t->now = &now;
		report_doing(&s->report, (unsigned)i + 1, (unsigned)s->n,
		    s->item[i]->id, s->item[i]->what);
		if (trial_ensure(t, why, sizeof(why)) < 0) {
			report_say(&s->report, "%s", why);
			return -1;
		}
		memset(&now, 0, sizeof(now));
		item_try(s->item[i], t);
		control = trial_control(t);
		v = judge(s, i, &now, control, why, sizeof(why));
		report_item(&s->report, item_group_name(s->item[i]->group),
		    s->item[i]->id, s->item[i]->what, v, why,
		    v == FAIL && now.seen.nlines ? now.seen.line[0] : NULL);
		log_frames(s, &now.seen);
	}
	look_again(s);
	return 0;
}

static void
copy_log(struct selftest *s)
{
	FILE *f = fopen(TESTED_LOG, "re");
	char line[1024];

	fprintf(s->report.log, "\nWhat the program logged:\n");
	while (f && fgets(line, sizeof(line), f))
		fprintf(s->report.log, "  %s", line);
	if (f)
		fclose(f);
}

static void
describe_links(struct report *r, const struct conf *c, const struct lab *l)
{
	unsigned i;

	for (i = 0; i < c->trans_clients.nlan; i++)
		report_say(r, "  clients   %s, by TransPort",
		    c->trans_clients.lan[i]);
	for (i = 0; i < c->tun_clients.nlan; i++)
		report_say(r, "  clients   %s, by the TUN",
		    c->tun_clients.lan[i]);
	if (c->trans_clients.local || c->tun_clients.local)
		report_say(r, "  clients   this host, by %s",
		    c->tun_clients.local ? "the TUN" : "TransPort");
	for (i = 0; i < l->nuplink; i++)
		report_say(r, "  uplink    %s", l->uplink[i].name);
	report_say(r, "  rules     FailClosed %d%s", c->fail_closed,
	    l->nfamilies > 1 ? "" : "; this kernel has no IPv6");
}

static int
summary(struct selftest *s, int64_t began)
{
	struct report *r = &s->report;
	const struct conf *c = s->trial.conf;

	report_say(r, "%s", "");
	if (!c->fail_closed && r->count[FAIL])
		report_say(r, "FailClosed is 0: nothing holds back what "
		    "failed here. FailClosed 1 (with User) would.");
	else if (r->count[FAIL] && c->nallows)
		report_say(r, "There are FirewallAllow lines: look first "
		    "whether they let out more than they should.");
	report_say(r, "%u passed, %u failed, %u not shown, in %d s",
	    r->count[PASS], r->count[FAIL], r->count[NOT_SHOWN],
	    (int)((clock_ms() - began) / 1000));
	return r->count[FAIL] || r->count[NOT_SHOWN] || r->count[PASS] == 0 ?
	    EXIT_FAILURE : EXIT_SUCCESS;
}

static int
run(struct selftest *s, const struct conf *c)
{
	struct trial *t = &s->trial;
	char why[WHY_MAX];
	int64_t began = clock_ms();
	int rc;

	fix_processor();
	if (lab_make(&t->lab, c, why, sizeof(why)) < 0) {
		report_say(&s->report, "selftest: %s", why);
		return EXIT_FAILURE;
	}
	t->conf = c;
	t->tested.lab = &t->lab;
	t->tested.conf = c;
	report_say(&s->report, "A laboratory in namespaces, with this "
	    "configuration (in brackets: how much\ngets out without the "
	    "program):");
	describe_links(&s->report, c, &t->lab);
	if ((rc = tested_write(&t->tested, NULL)) < 0) {
		report_say(&s->report, "selftest: its torrc cannot be "
		    "written: %s", strerror(-rc));
		return EXIT_FAILURE;
	}
	try_bare(s);
	if (s->control < 0)
		report_say(&s->report, "Without the program no relay is "
		    "reached: the laboratory is broken.");
	rc = s->control < 0 ? -1 : try_armed(s);
	copy_log(s);
	return rc < 0 ? EXIT_FAILURE : summary(s, began);
}

/* What is the machine's own is left behind before anything else. */
static void __attribute__((noreturn))
second(struct selftest *s, const struct conf *c, int alive)
{
	struct pollfd p = { .fd = alive, .events = 0 };
	int status;

	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 ||
	    (poll(&p, 1, 0) > 0 && (p.revents & POLLHUP)))
		_exit(EXIT_FAILURE);
	signal(SIGPIPE, SIG_IGN);
	if (unshare(CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC |
	    CLONE_NEWUTS) < 0) {
		fprintf(stderr, "selftest: namespaces cannot be made: %s (a "
		    "container may forbid them; the kernel wants "
		    "CONFIG_NAMESPACES, CONFIG_NET_NS)\n", strerror(errno));
		_exit(EXIT_FAILURE);
	}
	status = run(s, c);
	fflush(s->report.out);
	fflush(s->report.log);
	_exit(status);
}

/* --- the first --- */

static volatile sig_atomic_t caught;
static pid_t child;

static void
on_signal(int sig)
{
	caught = sig;
	if (child > 0)
		kill(child, SIGKILL);
}

static void
take_signals(void)
{
	static const int all[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
	struct sigaction sa = { .sa_handler = on_signal };
	size_t i;

	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		sigaction(all[i], &sa, NULL);
}

/* Only where there is something to be read in it. */
static void
keep_log(FILE *log)
{
	const char *dir = getenv("TMPDIR");
	char path[256], b[4096];
	size_t n;
	FILE *to;
	int fd;

	/* it did not even begin, and said why */
	if (fseek(log, 0, SEEK_END) < 0 || ftell(log) <= 0)
		return;
	snprintf(path, sizeof(path), "%s/onion-transparent-selftest-XXXXXX",
	    dir && *dir == '/' ? dir : "/tmp");
	if ((fd = mkstemp(path)) < 0 || (to = fdopen(fd, "w")) == NULL) {
		fprintf(stderr, "selftest: its log cannot be written: %s: "
		    "%s\n", path, strerror(errno));
		if (fd >= 0)
			close(fd);
		return;
	}
	rewind(log);
	while ((n = fread(b, 1, sizeof(b), log)) > 0)
		fwrite(b, 1, n, to);
	if (fclose(to) == 0)
		printf("What was seen, packet by packet, and the program's "
		    "log: %s\n", path);
}

static int
wait_for(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return EXIT_FAILURE;
	if (caught) {
		printf("\ninterrupted: all of it is gone\n");
		return 128 + caught;
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILURE;
}

static int
choose(struct selftest *s, const struct conf *c, const char *const *ids,
    size_t n)
{
	const struct item *it;
	size_t i, j;

	for (j = 0; j < n; j++) {
		if ((it = item_find(ids[j])) == NULL)
			fprintf(stderr, "selftest: there is no item %s; "
			    "--list has them all\n", ids[j]);
		else if (!item_fits(it, c))
			fprintf(stderr, "selftest: %s: this configuration "
			    "has nothing of that\n", it->id);
		else
			continue;
		return -1;
	}
	for (i = 0; i < nitems && s->n < ITEMS_MAX; i++) {
		for (j = 0; j < n && item_find(ids[j]) != &items[i]; j++)
			;
		if ((n == 0 || j < n) && item_fits(&items[i], c))
			s->item[s->n++] = &items[i];
	}
	return 0;
}

static FILE *
memory_file(void)
{
	int fd = memfd_create("selftest", MFD_CLOEXEC);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "w+");

	if (f == NULL && fd >= 0)
		close(fd);
	return f;
}

/* The child's whole life: PID namespaces are of children to come, and the first
 * process is to stay as it is. */
static void __attribute__((noreturn))
between(struct selftest *s, const struct conf *c, FILE *log, pid_t parent)
{
	int alive[2], status = 0;
	pid_t pid;

	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 ||
	    getppid() != parent || pipe2(alive, O_CLOEXEC) < 0)
		_exit(EXIT_FAILURE);
	if (unshare(CLONE_NEWPID) < 0 || (pid = fork()) < 0) {
		fprintf(stderr, "selftest: a PID namespace cannot be made: %s "
		    "(a container may forbid it)\n", strerror(errno));
		_exit(EXIT_FAILURE);
	}
	if (pid == 0) {
		close(alive[1]);
		report_open(&s->report, stdout, log);
		second(s, c, alive[0]);
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILURE);
}

static int
start(struct selftest *s, const struct conf *c, FILE *log)
{
	pid_t self = getpid();

	fflush(NULL);
	if ((child = fork()) == 0)
		between(s, c, log, self);
	return child < 0 ? -errno : 0;
}

int
selftest(const struct conf *c, const char *const *ids, size_t n)
{
	struct selftest *s;
	int status = EXIT_FAILURE, rc;
	FILE *log;

	if (geteuid() != 0) {
		fprintf(stderr, "selftest: run it as root: it makes "
		    "namespaces, and nothing of this machine's own network is "
		    "touched\n");
		return EXIT_FAILURE;
	}
	s = calloc(1, sizeof(*s));
	log = memory_file();
	if (s == NULL || log == NULL)
		fprintf(stderr, "selftest: no memory\n");
	else if (choose(s, c, ids, n) == 0) {
		take_signals();
		if ((rc = start(s, c, log)) < 0)
			fprintf(stderr, "selftest: %s\n", strerror(-rc));
		else if ((status = wait_for(child)) != EXIT_SUCCESS && !caught)
			keep_log(log);
	}
	if (log)
		fclose(log);
	free(s);
	return status;
}

void
selftest_list(FILE *f)
{
	const char *group = NULL;
	size_t i;

	for (i = 0; i < nitems; i++) {
		if (group != item_group_name(items[i].group)) {
			group = item_group_name(items[i].group);
			fprintf(f, "%s%s\n", i ? "\n" : "", group);
		}
		fprintf(f, "  %-5s %s%s\n", items[i].id, items[i].what,
		    items[i].needs & ITEM_CLOSED ? " (FailClosed 1)" :
		    items[i].needs & ITEM_TUN ? " (TUN)" :
		    items[i].needs & ITEM_TRANS ? " (TransPort, a LAN)" :
		    items[i].needs & ITEM_LAN ? " (a LAN)" : "");
	}
}

/* daemon/fwproc.c - the process that keeps the firewall's rules in force
 *
 * Theory of operation
 *	Root, with the capabilities for that and no others: nobody who has the
 *	engine's account can signal it.  It hears the kernel, the parent and the
 *	engine, and no byte from a network gets here; the engine is heard with
 *	mistrust (daemon/fwhear.h).
 *
 *	  configuration, interfaces -> rules \
 *	                      engine -> sets --> fwstate -> kernel
 *	                      engine <- gate <-/
 *
 *	It outlives the engines: each gets a socket, by way of the parent.  When
 *	it ends, for whichever reason, all stays in force.
 *
 *	What the engine asks for is taken together, as much as waits: one run of
 *	nft serves all of it.  Only when the kernel has it is the answer yes.
 *
 *	When the kernel tells of interfaces or addresses, the rules are made
 *	anew, once it was quiet for a moment, and put in force if they are other
 *	ones.  If that fails, the old ones stay, and it is tried again: what is
 *	new is closed so far, since no rule names it.
 *
 *	A reload is all or nothing: rules are tried first (policy/fwstate.h).
 *	What may go direct is thrown out only when the engine took the new
 *	configuration, too.
 */
#include "daemon/fwproc.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "daemon/conf.h"
#include "daemon/fwhear.h"
#include "daemon/fwrules.h"
#include "daemon/fwsets.h"
#include "daemon/process.h"
#include "daemon/procmsg.h"
#include "daemon/sendconf.h"
#include "policy/fwstate.h"

enum {
	QUIET_MS = 100,		/* after the last change ... */
	LATEST_MS = 500,	/* ... or after the first */
	RETRY_MS = 2000,	/* the first time; then twice that ... */
	RETRY_MAX_MS = 64000,
	WAITING_MAX = 64	/* questions that one run of nft serves */
};

struct question {
	int32_t		 number;
	enum fwsets_kind kind;
	struct addr	 addr;
};

struct fwproc {
	int		 asked, tells;	/* the parent */
	int		 engine;	/* -1: there is none */
	const struct conf *conf;	/* in force */
	struct conf	*own;		/* that one, if it came later */
	struct fwstate	*state;
	struct fwrules	 rules;
	struct fwsets	*sets;
	struct fwhear	 hear;
	struct question	 waiting[WAITING_MAX];
	size_t		 nwaiting;
	int		 changed;	/* the sets, and the kernel not yet */
	int		 up;		/* rules are in force */
	int64_t		 due;		/* new rules; 0: no need */
	int64_t		 latest;
	int64_t		 pause;		/* before the next try; 0: all is well */
	char		 stays[PROCMSG_TEXT];	/* why; it is said once */
	char		 shut[PROCMSG_TEXT];	/* why; "": it is open */
};

/* --- what it says --- */

static int
send_text(int fd, enum procmsg_type type, int32_t value, const char *text)
{
	struct procmsg m = { .type = type, .value = value };

	snprintf(m.text, sizeof(m.text), "%.*s", PROCMSG_TEXT - 1, text);
	return procmsg_send_now(fd, &m);
}

static void
say(struct fwproc *p, const char *text)
{
	(void)send_text(p->tells, PROCMSG_SAID, 0, text);
}

static void
answer_parent(struct fwproc *p, int rc, const char *why)
{
	(void)send_text(p->asked, rc < 0 ? PROCMSG_FAILED : PROCMSG_DONE, rc,
	    rc < 0 ? why : "");
}

static void
close_engine(struct fwproc *p)
{
	if (p->engine >= 0)
		close(p->engine);
	p->engine = -1;
	p->nwaiting = 0;
}

/* Who does not listen would miss that the gate is shut: it is to end. */
static void
tell_engine(struct fwproc *p, enum procmsg_type type, int32_t value,
    const char *text)
{
	if (p->engine >= 0 && send_text(p->engine, type, value, text) < 0)
		close_engine(p);
}

static void
answer_engine(struct fwproc *p, int32_t number, const char *refused)
{
	tell_engine(p, refused ? PROCMSG_FAILED : PROCMSG_DONE, number,
	    refused ? refused : "");
}

static void
tell_gate(struct fwproc *p)
{
	tell_engine(p, PROCMSG_GATE, p->shut[0] == '\0', p->shut);
}

/* --- what the kernel's rules are --- */

static void
on_shut(void *arg, const char *why)
{
	struct fwproc *p = arg;
	char text[PROCMSG_TEXT];

	snprintf(p->shut, sizeof(p->shut), "%s", why[0] ? why : "unknown");
	tell_gate(p);
	snprintf(text, sizeof(text), "the gate is shut: %.*s",
	    (int)(sizeof(text) - 32), why);
	say(p, text);
}

static void
on_open(void *arg)
{
	struct fwproc *p = arg;

	p->shut[0] = '\0';
	tell_gate(p);
	if (p->up)
		say(p, "the gate is open again");
}

static void
on_said(void *arg, const char *text)
{
	say(arg, text);
}

static void
on_noted(void *arg, const char *text)
{
	struct fwproc *p = arg;

	(void)send_text(p->tells, PROCMSG_SAID, 1, text);
}

static void
on_network(void *arg)
{
	struct fwproc *p = arg;
	int64_t now = clock_ms();

	if (p->due == 0)
		p->latest = now + LATEST_MS;
	p->due = now + QUIET_MS < p->latest ? now + QUIET_MS : p->latest;
}

static const struct fwstate_ops ops = { .shut = on_shut, .open = on_open,
	.said = on_said, .noted = on_noted, .network = on_network };

/* --- rules --- */

static char *
elements(const struct fwproc *p)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);
	int rc;

	if (f == NULL)
		return NULL;
	rc = fwsets_write(p->sets, f);
	if (fclose(f) == 0 && rc == 0)
		return text;
	free(text);
	return NULL;
}

static int
apply_rules(struct fwproc *p, const struct fwrules *r, char *why, size_t max)
{
	struct fwstate_rules fr = { .text = r->text,
		.tables = fwrules_tables, .ntables = FWRULES_TABLES,
		.devices = r->devices.name, .ndevices = r->devices.n,
		.sysctls = r->sysctls, .nsysctls = r->nsysctls, .unseen = 1,
		.marked = 1 };
	char *text = elements(p);
	int rc;

	snprintf(why, max, "no memory for the firewall's sets");
	if (text == NULL)
		return -ENOMEM;
	fr.elements = text;
	rc = fwstate_apply(p->state, &fr, why, max);
	free(text);
	return rc == -EAGAIN ? 0 : rc;	/* it goes on with it, and says so */
}

/* Takes @r, or leaves all as it was. */
static int
use_rules(struct fwproc *p, struct fwrules *r, char *why, size_t max)
{
	int rc;

	snprintf(why, max, "no memory for the firewall's sets");
	if ((rc = fwsets_set_base(p->sets, r->relays, r->nrelays)) < 0)
		return rc;
	if ((rc = apply_rules(p, r, why, max)) < 0) {
		if (fwsets_set_base(p->sets, p->rules.relays,
		    p->rules.nrelays) < 0)
			say(p, "no memory for the firewall's sets");
		return rc;
	}
	fwrules_free(&p->rules);
	p->rules = *r;
	memset(r, 0, sizeof(*r));
	p->changed = 0;
	return 0;
}

/* The engine has the number that was User's when it was started: who has it by
 * now, or another one, is somebody else. */
static int
check_account(const struct fwproc *p, const struct fwrules *r,
    const struct conf *c, char *why, size_t max)
{
	if (!p->up || r->uid == p->rules.uid)
		return 0;
	snprintf(why, max, "User %s is account %u now, and was %u: restart "
	    "the program", c->user, r->uid, p->rules.uid);
	return -EBUSY;
}

static int
put_in_force(struct fwproc *p, const struct conf *c, char *why, size_t max)
{
	struct fwrules r;
	int rc = fwrules_make(&r, c, why, max);

	if (rc < 0)
		return rc;
	if ((rc = check_account(p, &r, c, why, max)) == 0 &&
	    (!p->up || !fwrules_same(&r, &p->rules)))
		rc = use_rules(p, &r, why, max);
	fwrules_free(&r);
	return rc;
}

/* As long as it is the same that goes wrong, it is said once. */
static void
stay(struct fwproc *p, const char *why)
{
	char text[PROCMSG_TEXT];

	p->pause = p->pause ? 2 * p->pause : RETRY_MS;
	if (p->pause > RETRY_MAX_MS)
		p->pause = RETRY_MAX_MS;
	p->due = p->latest = clock_ms() + p->pause;
	if (strcmp(why, p->stays) == 0)
		return;
	snprintf(p->stays, sizeof(p->stays), "%s", why);
	snprintf(text, sizeof(text), "interfaces changed, and the rules "
	    "stay as they were: %.*s", (int)(sizeof(text) - 64), why);
	say(p, text);
}

static void
look_around(struct fwproc *p)
{
	char why[PROCMSG_TEXT] = "";

	p->due = 0;
	if (put_in_force(p, p->conf, why, sizeof(why)) < 0) {
		stay(p, why);
		return;
	}
	p->pause = 0;
	p->stays[0] = '\0';
}

/* --- sets --- */

static void
answer_waiting(struct fwproc *p, const char *refused)
{
	const struct question *q;
	size_t i;

	for (i = 0; i < p->nwaiting; i++) {
		q = &p->waiting[i];
		if (refused)
			fwsets_remove(p->sets, q->kind, &q->addr);
		answer_engine(p, q->number, refused);
	}
	p->nwaiting = 0;
}

/* The text is the kernel's, or was not taken, and the sets are as before. */
static void
write_sets(struct fwproc *p)
{
	char why[PROCMSG_TEXT] = "no memory for the firewall's sets";
	char *text = elements(p);
	int rc = -ENOMEM;

	if (text)
		rc = fwstate_update(p->state, text, why, sizeof(why));
	free(text);
	answer_waiting(p, rc < 0 ? why : NULL);
	p->changed = 0;
	if (rc < 0)
		say(p, why);
}

/* --- the engine --- */

static void
distrust(struct fwproc *p, const char *why)
{
	(void)send_text(p->tells, PROCMSG_DISTRUST, 0, why);
	close_engine(p);
}

static void
hear_one(struct fwproc *p, int rc, struct procmsg *m)
{
	struct question q = { .number = m->value };

	switch (fwhear(&p->hear, rc, m, clock_ms(), &q.kind, &q.addr)) {
	case FWHEAR_NEW:
		p->waiting[p->nwaiting++] = q;
		p->changed = 1;
		break;
	case FWHEAR_KNOWN:
		/* it may be one that waits */
		if (p->changed)
			p->waiting[p->nwaiting++] = q;
		else
			answer_engine(p, q.number, NULL);
		break;
	case FWHEAR_REFUSED:
		answer_engine(p, q.number, p->hear.why);
		break;
	case FWHEAR_KILL:
		distrust(p, p->hear.why);
		break;
	}
}

static void
on_engine(struct fwproc *p)
{
	struct procmsg m = { .value = 0 };
	int i, rc;

	for (i = 0; i < WAITING_MAX && p->engine >= 0; i++) {
		rc = procmsg_recv(p->engine, &m, 0);
		if (rc == -ETIMEDOUT)
			break;
		if (rc == -EPIPE)
			close_engine(p);
		else
			hear_one(p, rc, &m);
	}
	if (p->changed)
		write_sets(p);
}

static void
take_engine(struct fwproc *p, struct procmsg *m)
{
	close_engine(p);
	if (m->nfds == 1)
		p->engine = m->fds[--m->nfds];
	memset(&p->hear, 0, sizeof(p->hear));
	p->hear.sets = p->sets;
	p->hear.conf = p->conf;
	tell_gate(p);
}

/* --- the parent --- */

static void
reload(struct fwproc *p, const struct procmsg *m)
{
	char why[PROCMSG_TEXT];
	struct conf *fresh = NULL;
	int rc = sendconf_take(&fresh, m, why, sizeof(why));

	if (rc == 0)
		rc = put_in_force(p, fresh, why, sizeof(why));
	if (rc == 0) {
		conf_free(p->own);
		p->conf = p->own = fresh;
		p->hear.conf = fresh;
	} else
		conf_free(fresh);
	answer_parent(p, rc, why);
}

static int
may_direct(void *conf, const struct addr *a)
{
	return fwhear_may_direct(conf, a);
}

static void
commit(struct fwproc *p)
{
	if (fwsets_keep(p->sets, FWSETS_DIRECT, may_direct,
	    (void *)(uintptr_t)p->conf))
		write_sets(p);
}

/* 0; -EPIPE: the parent is gone. */
static int
on_asked(struct fwproc *p)
{
	struct procmsg m;
	int rc = procmsg_recv(p->asked, &m, 0);

	if (rc < 0)
		return rc == -ETIMEDOUT ? 0 : rc;
	switch (m.type) {
	case PROCMSG_RELOAD:
		reload(p, &m);
		break;
	case PROCMSG_COMMIT:
		commit(p);
		break;
	case PROCMSG_ENGINE:
		take_engine(p, &m);
		break;
	case PROCMSG_PING:
		(void)send_text(p->asked, PROCMSG_PONG, 0, "");
		break;
	default:
		break;
	}
	procmsg_close(&m);
	return 0;
}

/* --- its life --- */

static int
patience(const struct fwproc *p)
{
	int64_t at = fwstate_due(p->state), left;

	if (p->due && p->due < at)
		at = p->due;
	if (at == INT64_MAX)
		return -1;
	left = at - clock_ms();
	return left < 0 ? 0 : left > INT32_MAX ? INT32_MAX : (int)left;
}

static int
live(struct fwproc *p)
{
	struct pollfd f[3] = { { .fd = p->asked, .events = POLLIN },
		{ .fd = fwstate_watch_fd(p->state), .events = POLLIN },
		{ .events = POLLIN } };
	int rc;

	for (;;) {
		f[2].fd = p->engine;
		if (poll(f, 3, patience(p)) < 0 && errno != EINTR)
			return EXIT_FAILURE;
		if (f[0].revents && (rc = on_asked(p)) < 0)
			return rc == -EPIPE ? EXIT_SUCCESS : EXIT_FAILURE;
		if (f[1].revents || clock_ms() >= fwstate_due(p->state))
			fwstate_follow(p->state, clock_ms());
		if (f[2].revents && p->engine >= 0)
			on_engine(p);
		if (p->due && clock_ms() >= p->due)
			look_around(p);
	}
}

int
fwproc_directory(const struct conf *c, char path[FWPROC_PATH], char *why,
    size_t max)
{
	struct stat st;

	snprintf(path, FWPROC_PATH, "%s/" FWPROC_DIRECTORY, c->data_directory);
	if (mkdir(path, 0700) < 0 && errno != EEXIST) {
		snprintf(why, max, "%s: %s", path, strerror(errno));
		return -errno;
	}
	if (lstat(path, &st) == 0 && S_ISDIR(st.st_mode) &&
	    st.st_uid == geteuid() && (st.st_mode & 077) == 0)
		return 0;
	snprintf(why, max, "%s has to be a directory of root's, which nobody "
	    "else can enter: look what is in it, and remove it", path);
	return -EPERM;
}

static int
start(struct fwproc *p, char *why, size_t max)
{
	char path[FWPROC_PATH];
	int rc;

	snprintf(why, max, "the firewall's process cannot give up rights");
	if ((rc = process_limit(proc_capabilities(PROC_FIREWALL))) < 0 ||
	    (rc = process_closed(0)) < 0)
		return rc;
	snprintf(why, max, "no memory for the firewall's sets");
	if ((rc = fwsets_new(&p->sets, FWSETS_RELAYS_MAX,
	    FWSETS_DIRECT_MAX)) < 0 ||
	    (rc = fwproc_directory(p->conf, path, why, max)) < 0 ||
	    (rc = fwstate_open(&p->state, path, &ops, p, why, max)) < 0 ||
	    (rc = put_in_force(p, p->conf, why, max)) < 0)
		return rc;
	p->up = 1;
	return 0;
}

/* Its log is what it tells the parent: the sinks that it was forked with are
 * closed, and their numbers are others'. */
int
fwproc_run(const struct conf *conf, const int fd[PROC_SOCKETS])
{
	struct fwproc p = { .engine = -1, .conf = conf,
		.shut = "it is not yet in force" };
	char why[PROCMSG_TEXT] = "";
	int own[PROC_SOCKETS] = { fd[0], fd[1] }, rc;

	log_set_use(log_set_new());
	if (proc_alone(own) < 0)
		return EXIT_FAILURE;
	p.asked = own[FWPROC_ASKED];
	p.tells = own[FWPROC_TELLS];
	rc = start(&p, why, sizeof(why));
	answer_parent(&p, rc, why);
	rc = rc < 0 ? EXIT_FAILURE : live(&p);
	fwstate_close(p.state);
	close_engine(&p);
	fwrules_free(&p.rules);
	fwsets_free(p.sets);
	conf_free(p.own);
	return rc;
}

/* --- undo --- */

static void
ignore_why(void *arg, const char *text)
{
	(void)arg;
	(void)text;
}

static void
ignore(void *arg)
{
	(void)arg;
}

static const struct fwstate_ops undo_ops = { .shut = ignore_why,
	.open = ignore, .said = ignore_why, .noted = ignore_why,
	.network = ignore };

int
fwproc_is_in_force(void)
{
	return fwstate_is_there(fwrules_tables, FWRULES_TABLES) > 0;
}

int
fwproc_undo(const struct conf *c, char *why, size_t max)
{
	char path[FWPROC_PATH];
	struct fwstate *s;
	int rc;

	snprintf(path, sizeof(path), "%s/" FWPROC_DIRECTORY,
	    c->data_directory);
	/* without FailClosed it may be that there never was anything */
	if (!c->fail_closed && access(path, F_OK) < 0 && errno == ENOENT)
		return 0;
	if ((rc = fwproc_directory(c, path, why, max)) < 0 ||
	    (rc = fwstate_open(&s, path, &undo_ops, NULL, why, max)) < 0)
		return rc;
	rc = fwstate_undo(s, fwrules_tables, FWRULES_TABLES, why, max);
	fwstate_close(s);
	return rc;
}

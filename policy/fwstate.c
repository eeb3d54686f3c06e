/* policy/fwstate.c - the kernel's rules, put in force and kept there
 *
 * Theory of operation
 *	A plan is tried first, in a network namespace that has nothing else:
 *	what the kernel has there afterwards is what it has to have here, told
 *	in the same messages, whatever the versions of kernel and nft.
 *
 *	  try -> copy with an owner -> sysctls -> nft, one transaction
 *	      -> read back -> old copy goes -> gate opens
 *
 *	The text adds and flushes and adds, and deletes no table: so at every
 *	moment either the old rules are in force or the new.
 *
 *	Then it watches.  A transaction of others that names none of our tables
 *	costs to read its messages; one that names ours costs to read the rules
 *	and compare them.  Where something differs
 *
 *	  gate shuts -> the text again -> read back -> gate opens
 *	                    `-> or, if that did not do, the tables are deleted
 *	                        in the same transaction
 *
 *	An interface that is gone takes nothing out, and its chain goes with it,
 *	which cannot be mended: whoever made the plan is told, and has a moment
 *	for another one before that counts as a difference.
 *
 *	The next repair waits the longer, the more there were: who fights with
 *	us finds the gate shut, not the machine busy.  A tool that does it once
 *	an hour finds it open again at once.
 *	What no rule sees is closed by other means (fwstate_unseen.c), and where
 *	that cannot be, it counts as a difference.  Earlier ones of us have let
 *	go of queues before these are taken, and of the program at the egress
 *	only when ours is there.
 * Invariants
 *	The gate is open only while the last look found what was planned.
 * Not here
 *	Routes (policy/netstate.h), and what the plan is.
 */
#include "policy/fwstate.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "policy/fwstate_int.h"
#include "policy/lock.h"
#include "policy/netlink.h"
#include "policy/nftrun.h"
#include "policy/nftsock.h"
#include "policy/sentence.h"

enum {
	QUIET_MS = 20,		/* between two looks */
	AWAIT_MS = 900,		/* another plan; less than a second */
	PERIODIC_MS = 60000,
	SYSCTLS_MS = 500,	/* the kernel does not tell of most of them,
				 * nor of queues */
	FREED_MS = 2000,	/* queues of somebody who was just ended */
	PAUSE_FIRST_MS = 50, PAUSE_MAX_MS = 30000,
	CALM_MS = 60000		/* without a repair: the next is the first */
};

int
fwstate_fail(struct fwstate *s, int rc, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)sentence(s->why, s->max, rc, fmt, ap);
	va_end(ap);
	return rc;
}

/* The same thing once, however often it is tried. */
void
fwstate_say(struct fwstate *s, const char *fmt, ...)
{
	char text[FWSTATE_WHY];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (strcmp(text, s->said) == 0)
		return;
	snprintf(s->said, sizeof(s->said), "%s", text);
	s->ops->said(s->arg, text);
}

void
fwstate_shut(struct fwstate *s, const char *why)
{
	if (s->is_shut)
		return;
	s->is_shut = 1;
	s->ops->shut(s->arg, why);
}

void
fwstate_reopen(struct fwstate *s)
{
	if (!s->is_shut)
		return;
	s->is_shut = 0;
	s->ops->open(s->arg);
}

int
fwstate_is_shut(const struct fwstate *s)
{
	return s->is_shut;
}

static void
use_why(struct fwstate *s, char *why, size_t max)
{
	s->why = why;
	s->max = max;
	why[0] = '\0';
}

/* --- open and close --- */

static int
take_lock(struct fwstate *s, const char *directory)
{
	char *path;
	int rc;

	if (asprintf(&path, "%s/firewall-lock", directory) < 0)
		return -ENOMEM;
	s->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	rc = s->lock < 0 ? -errno : 0;
	free(path);
	if (rc < 0)
		return fwstate_fail(s, rc, "DataDirectory %s", directory);
	rc = lock_take(s->lock);
	if (rc == -EBUSY)
		snprintf(s->why, s->max, "another daemon keeps the rules, with "
		    "DataDirectory %s", directory);
	else if (rc < 0)
		return fwstate_fail(s, rc, "DataDirectory %s", directory);
	return rc;
}

static int
open_all(struct fwstate *s, const char *directory)
{
	char full[4096];
	int rc;

	if (realpath(directory, full) == NULL)
		return fwstate_fail(s, -errno, "DataDirectory %s", directory);
	fwhold_init(&s->hold, full);
	if (asprintf(&s->path, "%s/firewall-before", full) < 0) {
		s->path = NULL;
		return fwstate_fail(s, -ENOMEM, "DataDirectory %s", directory);
	}
	if ((rc = take_lock(s, full)) < 0)
		return rc;
	if ((rc = netlink_open(&s->net)) < 0)
		return fwstate_fail(s, rc, "netlink");
	if ((s->ask = nftsock_open()) < 0 ||
	    (rc = fwstate_watch_open(s)) < 0) {
		rc = s->ask < 0 ? s->ask : rc;
		return rc == -EPROTONOSUPPORT ? fwstate_fail(s, rc, "the "
		    "kernel has no netfilter by netlink") :
		    fwstate_fail(s, rc, "netlink");
	}
	return 0;
}

int
fwstate_open(struct fwstate **out, const char *directory,
    const struct fwstate_ops *ops, void *arg, char *why, size_t max)
{
	struct fwstate *s = calloc(1, sizeof(*s));
	int rc;

	snprintf(why, max, "no memory");
	if (s == NULL)
		return -ENOMEM;
	s->ops = ops;
	s->arg = arg;
	s->lock = s->ask = s->watch = s->links = s->poll = -1;
	s->is_shut = 1;
	s->hold.fd = s->hold.holder.fd = -1;
	xskhold_init(&s->queues);
	tcxgate_init(&s->gate);
	use_why(s, why, max);
	if ((rc = open_all(s, directory)) < 0) {
		fwstate_close(s);
		return rc;
	}
	fwhold_inherit(s);
	*out = s;
	return 0;
}

static void
close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

void
fwstate_close(struct fwstate *s)
{
	if (s == NULL)
		return;
	fwhold_leave(&s->hold);
	xskhold_free(&s->queues);
	tcxgate_free(&s->gate);
	fwstate_plan_free(&s->plan);
	netrecord_free(&s->record);
	netlink_close(s->net);
	close_fd(s->poll);
	close_fd(s->watch);
	close_fd(s->links);
	close_fd(s->ask);
	close_fd(s->lock);
	free(s->path);
	free(s);
}

/* --- a plan in force --- */

static int
check_plan(struct fwstate *s)
{
	int rc = fwstate_check_all(s, &s->plan);

	return fwstate_close_unseen(s, &s->plan, rc, 0);
}

/* With the copy of @p there already: rules and sysctls.  1: in force, but it is
 * not what was planned. */
static int
put_in_force(struct fwstate *s, const struct fwstate_plan *p)
{
	int rc;

	/* twice: a rule may need a module, which has sysctls */
	if ((rc = fwstate_remember(s, p)) < 0 ||
	    (rc = fwstate_set_sysctls(s, p)) < 0)
		return rc;
	/* it was taken elsewhere: what is here already is in its way */
	if (fwstate_load(s, p, 0) < 0 && (rc = fwstate_load(s, p, 1)) < 0)
		return rc;
	if (fwstate_remember(s, p) == 0 && fwstate_set_sysctls(s, p) == 0 &&
	    fwstate_check_all(s, p) == 0)
		return 0;
	/* it is ours now, and something differs: as if it had come later */
	if (fwstate_load(s, p, 1) == 0 && fwstate_set_sysctls(s, p) == 0 &&
	    fwstate_check_all(s, p) == 0)
		return 0;
	return 1;
}

static void
forget_flows(struct fwstate *s)
{
	int rc = nftsock_flush_flows(s->ask);

	if (rc < 0)
		fwstate_say(s, "connections from before cannot be made to be "
		    "forgotten (nf_conntrack_netlink is missing: modprobe "
		    "it): %s", strerror(-rc));
}

/* @p is ours from here on. */
static void
take_plan(struct fwstate *s, struct fwstate_plan *p)
{
	fwstate_plan_free(&s->plan);
	s->plan = *p;
	s->event.touched = 0;
	s->sysctls = clock_ms() + SYSCTLS_MS;
	s->periodic = clock_ms() + PERIODIC_MS;
}

static int
settle(struct fwstate *s, int rc)
{
	int first = !s->in_force;

	if (first)
		fwstate_keep_queues(s, &s->plan);
	fwstate_begin_gate(s, &s->plan);
	s->in_force = 1;
	fwhold_start(s, clock_ms());
	rc = fwstate_close_unseen(s, &s->plan, rc, first ? FREED_MS : 0);
	if (fwhold_lacks(s))
		fwhold_start_now(s, clock_ms());
	if (first)
		forget_flows(s);
	s->retry = 0;
	s->awaits = 0;
	if (rc == 0) {
		s->dirty = 0;
		fwstate_reopen(s);
		return 0;
	}
	s->dirty = 1;		/* it is tried again */
	fwstate_shut(s, s->why);
	return -EAGAIN;
}

int
fwstate_apply(struct fwstate *s, const struct fwstate_rules *r, char *why,
    size_t max)
{
	struct fwstate_plan p;
	struct fwhold old;
	int rc;

	use_why(s, why, max);
	if ((rc = fwstate_try(s, &p, r)) < 0 ||
	    (rc = fwhold_make(s, &p, &old)) < 0) {
		fwstate_plan_free(&p);
		return rc;
	}
	if ((rc = put_in_force(s, &p)) < 0) {
		fwhold_back(s, &old);
		fwstate_plan_free(&p);
		return rc;
	}
	fwhold_drop(s, &old);
	take_plan(s, &p);
	return settle(s, rc);
}

/* Once they were tried they are the plan, and what fails is a difference, to be
 * repaired. */
static int
change_elements(struct fwstate *s)
{
	const struct fwstate_plan *p = &s->plan;
	struct fwhold old;
	int rc;

	if ((rc = fwhold_make(s, p, &old)) < 0)
		return rc;
	rc = nftrun(NULL, p->elements, strlen(p->elements), s->why, s->max);
	fwhold_drop(s, &old);
	return rc < 0 ? rc : fwstate_check_all(s, p);
}

int
fwstate_update(struct fwstate *s, const char *elements, char *why, size_t max)
{
	int rc;

	use_why(s, why, max);
	if (!s->in_force)
		return fwstate_fail(s, -EINVAL, "no rules are in force");
	if ((rc = fwstate_try_elements(s, &s->plan, elements)) < 0)
		return rc;
	if (change_elements(s) == 0)
		return 0;
	s->dirty = 1;
	fwstate_shut(s, why);
	return 0;
}

int
fwstate_check(struct fwstate *s, char *why, size_t max)
{
	use_why(s, why, max);
	if (!s->in_force)
		return fwstate_fail(s, -EINVAL, "no rules are in force");
	return check_plan(s);
}

/* --- kept in force --- */

int
fwstate_watch_fd(const struct fwstate *s)
{
	return s->poll;
}

int64_t
fwstate_due(const struct fwstate *s)
{
	int64_t due = s->periodic;

	if (!s->in_force)
		return INT64_MAX;
	if (s->dirty && s->is_shut)
		due = s->retry > s->rested ? s->retry : s->rested;
	else if (s->dirty && s->rested < s->periodic)
		due = s->rested;
	else if (!s->dirty && s->sysctls < s->periodic)
		due = s->sysctls;
	return fwhold_due(s) < due ? fwhold_due(s) : due;
}

static int
repair_once(struct fwstate *s, int anew)
{
	const struct fwstate_plan *p = &s->plan;
	struct fwhold old;
	int rc;

	if (fwhold_check(s) != 0) {
		if ((rc = fwhold_make(s, p, &old)) < 0)
			return rc;
		fwhold_drop(s, &old);
	}
	if ((rc = fwstate_set_sysctls(s, p)) < 0)
		return rc;
	/* rules that are as planned are left alone */
	if (fwstate_check_rules(s, p) != 0 &&
	    (rc = fwstate_load(s, p, anew)) < 0)
		return rc;
	return check_plan(s);
}

/* 0: repaired. */
static int
repair(struct fwstate *s, int64_t now)
{
	int rc;

	if (now - s->repaired > CALM_MS)
		s->pause = 0;
	s->repaired = now;
	s->pause = s->pause ? 2 * s->pause : PAUSE_FIRST_MS;
	if (s->pause > PAUSE_MAX_MS)
		s->pause = PAUSE_MAX_MS;
	s->retry = now + s->pause;
	if ((rc = repair_once(s, 0)) == 0)
		return 0;
	/* nft may be another one since: then rules are not what they were */
	if ((rc = fwstate_try_again(s, &s->plan)) < 0)
		return rc;
	return repair_once(s, 1);
}

static void
name_culprit(const struct fwstate *s, char *out, size_t max)
{
	if (s->event.touched && s->event.pid)
		snprintf(out, max, " (the last who changed them: %s, process "
		    "%u)", s->event.comm, s->event.pid);
	else
		out[0] = '\0';
}

/* Something differs, as @why says. */
static void
mend(struct fwstate *s, int64_t now)
{
	char first[FWSTATE_WHY], who[80];

	snprintf(first, sizeof(first), "%s", s->why);
	name_culprit(s, who, sizeof(who));
	fwstate_shut(s, first);
	s->dirty = 1;
	if (now < s->retry)
		return;
	if (repair(s, now) != 0) {
		s->event.touched = 0;	/* from here on it is our doing */
		(void)nftsock_generation(s->ask, &s->verified);
		fwstate_say(s, "the kernel's rules are not as planned: %s%s; "
		    "the gate stays shut: %s", first, who, s->why);
		return;
	}
	s->dirty = 0;
	s->event.touched = 0;
	s->said[0] = '\0';		/* each time counts */
	fwstate_say(s, "the kernel's rules were not as planned: %s%s; "
	    "repaired", first, who);
	fwstate_reopen(s);
}

static void
look(struct fwstate *s, int64_t now)
{
	int rc = check_plan(s);

	s->awaits = 0;
	s->rested = now + QUIET_MS;
	s->periodic = now + PERIODIC_MS;
	if (rc != 0) {
		mend(s, now);
		return;
	}
	s->dirty = 0;
	s->event.touched = 0;
	fwstate_reopen(s);
}

/* Once for each plan: it is not put off further by what goes later. */
static void
await_plan(struct fwstate *s, int64_t now)
{
	if (s->is_shut || s->awaits || !fwstate_lacks_device(&s->plan))
		return;
	s->awaits = 1;
	s->rested = now + AWAIT_MS;
}

void
fwstate_follow(struct fwstate *s, int64_t now)
{
	char why[FWSTATE_WHY];
	unsigned heard;

	use_why(s, why, sizeof(why));
	heard = fwstate_hear(s);
	if (!s->in_force)
		return;
	fwhold_start(s, now);
	if (heard & FWSTATE_HEARD_TC && fwstate_cut_mirred(s, &s->plan) != 0)
		s->dirty = 1;
	heard &= ~(unsigned)FWSTATE_HEARD_TC;
	if (heard || now >= s->periodic)
		s->dirty = 1;
	if (heard)
		await_plan(s, now);
	if (!s->dirty && now >= s->sysctls) {
		s->sysctls = now + SYSCTLS_MS;
		s->dirty = fwstate_check_sysctls(s, &s->plan) != 0 ||
		    fwstate_close_unseen(s, &s->plan, 0, 0) != 0;
	}
	if (s->dirty && now >= s->rested &&
	    (!s->is_shut || now >= s->retry))
		look(s, now);
	if (heard & FWSTATE_HEARD_LINKS)
		s->ops->network(s->arg);
}

/* --- and back --- */

int
fwstate_undo(struct fwstate *s, const struct nftlist_table *tables, size_t n,
    char *why, size_t max)
{
	struct fwstate_plan none = { .scratch = { -1, -1, -1 } };
	char empty[] = "";
	int rc;

	use_why(s, why, max);
	if (n > FWSTATE_TABLES_MAX)
		return fwstate_fail(s, -E2BIG, "tables");
	memcpy(none.tables, tables, n * sizeof(*tables));
	none.ntables = n;
	none.text = none.elements = empty;
	s->in_force = 0;
	fwstate_shut(s, "the rules are taken back");
	if ((rc = fwstate_load(s, &none, 1)) < 0)
		return rc;
	fwhold_end(&s->hold);
	xskhold_free(&s->queues);
	tcxgate_free(&s->gate);
	return fwstate_restore_sysctls(s);
}

/* daemon/fwclose.c - `firewall close`, `open` and `check`
 *
 * Theory of operation
 *	close	rules -> tried elsewhere -> copy with an owner -> sysctls ->
 *		one transaction -> read back -> 0
 *		anything fails -> everything is dropped (policy/fwdrop.h) -> 1
 *
 *	Killed at any point it has not exited with 0, so that links stay down,
 *	and the kernel has all of the rules or none.  Where a daemon runs, its
 *	rules are in force, and closing is to see that they are.
 *
 *	open	`firewall open --yes-let-everything-out`, and then the word yes
 *		or --without-asking: two, so that neither a slip nor a script's
 *		leftover opens anything.
 */
#include "daemon/fwclose.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/conf.h"
#include "daemon/fwproc.h"
#include "daemon/fwrules.h"
#include "daemon/process.h"
#include "policy/fwdrop.h"
#include "policy/fwplan.h"
#include "policy/fwstate.h"

enum { WHY_MAX = 512, DIFFERENCES_MAX = 200 };

static void
say(FILE *err, const char *what, const char *why)
{
	fprintf(err, "onion-transparent: %s%s\n", what, why);
}

/* --- check --- */

struct found {			/* what differs from one plan */
	char		*text;
	size_t		 size;
	FILE		*f;
	unsigned	 n;
};

static void
on_difference(void *arg, const char *what)
{
	struct found *d = arg;

	if (d->n++ < DIFFERENCES_MAX)
		fprintf(d->f, "%s\n", what);
}

/* The sets that an engine fills. */
static const char *const *
filled_sets(void)
{
	static const char *names[FWPLAN_NSETS + 1];
	enum fwplan_set s;
	size_t n = 0;

	for (s = 0; s < FWPLAN_NSETS; s++)
		if (!fwplan_set_is_links(s))
			names[n++] = fwplan_set_name(s);
	names[n] = NULL;
	return names;
}

typedef int make_rules(struct fwrules *, const struct conf *, char *why,
    size_t max);

/* Without FailClosed nobody sets sysctls, nor takes queues. */
static struct fwstate_rules
given(const struct conf *c, const struct fwrules *r)
{
	return (struct fwstate_rules){ .text = r->text, .elements = "",
		.tables = fwrules_tables, .ntables = FWRULES_TABLES,
		.devices = r->devices.name, .ndevices = r->devices.n,
		.sysctls = r->sysctls,
		.nsysctls = c->fail_closed ? r->nsysctls : 0,
		.unseen = c->fail_closed, .marked = 1 };
}

/* 0, 1 with @d, or -errno. */
static int
compare(struct found *d, const struct conf *c, make_rules *make, char *why,
    size_t max)
{
	struct fwstate_rules given_rules;
	struct fwrules r;
	int rc;

	memset(d, 0, sizeof(*d));
	if ((rc = make(&r, c, why, max)) < 0)
		return rc;
	if ((d->f = open_memstream(&d->text, &d->size)) == NULL) {
		snprintf(why, max, "no memory");
		rc = -ENOMEM;
	} else {
		given_rules = given(c, &r);
		rc = fwstate_look(&given_rules, filled_sets(), on_difference,
		    d, why, max);
		if (fclose(d->f) != 0 && rc > 0)
			rc = -ENOMEM;
	}
	fwrules_free(&r);
	return rc;
}

/* What is nearer is what it was meant to be. */
static void
tell_found(const struct found *full, const struct found *early, FILE *out)
{
	const struct found *d = early->n < full->n ? early : full;

	fprintf(out, "the kernel's rules are not as planned:\n%s", d->text);
	if (d->n > DIFFERENCES_MAX)
		fprintf(out, "and %u differences more\n",
		    d->n - DIFFERENCES_MAX);
}

/* 0: as planned, in the one way or the other, which @out tells. */
static int
look(const struct conf *c, FILE *out, char *why, size_t max)
{
	struct found full, early = { .text = NULL };
	int rc = compare(&full, c, fwrules_make, why, max);

	if (rc == 0)
		fputs("the kernel's rules are as planned\n", out);
	else if (rc > 0 && (rc = compare(&early, c, fwrules_make_closed, why,
	    max)) == 0)
		fputs("closed: the early rules are in force, until the daemon "
		    "starts\n", out);
	else if (rc > 0)
		tell_found(&full, &early, out);
	free(full.text);
	free(early.text);
	return rc;
}

int
fwcheck(const struct conf *c, FILE *out, FILE *err)
{
	char why[WHY_MAX] = "";
	int rc = look(c, out, why, sizeof(why));

	if (rc < 0)
		say(err, "", why);
	return rc == 0 && fflush(out) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* --- close --- */

static void
on_why(void *arg, const char *why)
{
	say(arg, "", why);
}

static void
ignore_why(void *arg, const char *why)
{
	(void)arg;
	(void)why;
}

static void
ignore(void *arg)
{
	(void)arg;
}

static const struct fwstate_ops ops = { .shut = ignore_why, .open = ignore,
	.said = on_why, .noted = ignore_why, .network = ignore };

/* @state is kept as it is. */
static int
apply(struct fwstate *state, const struct conf *c, char *why, size_t max)
{
	struct fwstate_rules given_rules;
	struct fwrules r;
	int rc = fwrules_make_closed(&r, c, why, max);

	if (rc < 0)
		return rc;
	given_rules = given(c, &r);
	rc = fwstate_apply(state, &given_rules, why, max);
	if (rc == 0 && (rc = fwstate_check(state, why, max)) > 0)
		rc = -EAGAIN;
	fwrules_free(&r);
	return rc;
}

/* 1: another process keeps the rules. */
static int
put_in_force(const struct conf *c, FILE *err, char *why, size_t max)
{
	char path[FWPROC_PATH];
	struct fwstate *state;
	int rc;

	if ((rc = process_check_user(c, why, max)) < 0)
		return rc;
	if ((rc = process_directory(c->data_directory, c->user)) < 0) {
		snprintf(why, max, "DataDirectory %s: %s", c->data_directory,
		    strerror(-rc));
		return rc;
	}
	if ((rc = fwproc_directory(c, path, why, max)) < 0)
		return rc;
	if ((rc = fwstate_open(&state, path, &ops, err, why, max)) < 0)
		return rc == -EBUSY ? 1 : rc;
	rc = apply(state, c, why, max);
	fwstate_close(state);
	return rc;
}

/* A daemon keeps the rules: it mends them, and so do not we. */
static int
close_beside(const struct conf *c, FILE *err)
{
	char why[WHY_MAX] = "";
	int rc = look(c, err, why, sizeof(why));

	if (rc < 0)
		say(err, "", why);
	if (rc == 0)
		say(err, "a daemon keeps them", "");
	return rc == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int
drop_all(const char *first, FILE *err)
{
	char why[WHY_MAX] = "";
	int rc;

	say(err, "", first);
	if ((rc = fwdrop(why, sizeof(why))) != 0)
		say(err, "", why);
	if (rc < 0)
		say(err, "NOTHING IS CLOSED: keep all links down, and mend the "
		    "first of these", "");
	else
		say(err, "so everything is dropped, to and from anywhere but "
		    "this machine itself: mend that, and run "
		    "'onion-transparent firewall close' again", "");
	return EXIT_FAILURE;
}

int
fwclose(const struct conf *c, const char *why, FILE *err)
{
	char text[WHY_MAX] = "";
	int rc;

	if (c == NULL)
		return drop_all(why, err);
	if (!c->fail_closed) {
		say(err, "FailClosed is 0: nobody would open again what is "
		    "closed here.  Set FailClosed 1, or load what "
		    "'onion-transparent firewall early' writes", "");
		return EXIT_FAILURE;
	}
	if ((rc = put_in_force(c, err, text, sizeof(text))) > 0)
		return close_beside(c, err);
	if (rc < 0)
		return drop_all(text, err);
	say(err, "closed: the early rules are in force, and verified", "");
	return EXIT_SUCCESS;
}

/* --- open --- */

/* Where the program's log goes, and to the system's in any case. */
static void
start_log(const struct conf *c, const struct conf_args *args, FILE *err)
{
	struct conf_err e = { 0 };
	struct log_set *set = NULL;
	int rc = process_as_user(c->user);

	if (rc == 0)
		rc = conf_log_open(c, args->quiet, &set, &e);
	process_as_root();
	if (rc < 0)
		say(err, "the log cannot be opened: ", *e.text ? e.text :
		    strerror(-rc));
	else
		conf_log_use(c, set);
}

static void
tell(int priority, const char *text)
{
	openlog("onion-transparent", LOG_PID, LOG_AUTHPRIV);
	syslog(priority, "%s", text);
	closelog();
	if (priority == LOG_ERR)
		log_err(LD_NET, "%s", text);
	else
		log_warn(LD_NET, "%s", text);
}

/* Nobody who reads the log knows root's name behind sudo but by these. */
static void
describe_who(char *out, size_t max)
{
	const char *sudo = getenv("SUDO_USER");
	char name[64], tty[64];

	if (ttyname_r(STDIN_FILENO, tty, sizeof(tty)) != 0)
		snprintf(tty, sizeof(tty), "no terminal");
	if (sudo)
		(void)log_text(name, sizeof(name), sudo, strlen(sudo));
	snprintf(out, max, "uid %u%s%s, %s", (unsigned)getuid(),
	    sudo ? ", by sudo from " : "", sudo ? name : "", tty);
}

static int
is_yes(FILE *in)
{
	char line[16];

	return fgets(line, sizeof(line), in) && strcmp(line, "yes\n") == 0;
}

static int
is_confirmed(const struct conf_args *args, FILE *in, FILE *err)
{
	if (!args->let_out) {
		say(err, "without the firewall's rules everything leaves past "
		    "Tor.  If that is wanted: onion-transparent firewall open "
		    "--yes-let-everything-out", "");
		return 0;
	}
	if (args->unasked)
		return 1;
	if (!isatty(fileno(in))) {
		say(err, "there is nobody to ask once more: run it at a "
		    "terminal, or add --without-asking", "");
		return 0;
	}
	fputs("From now on packets leave this machine, and the LANs behind it, "
	    "past Tor.\nType yes to let them: ", err);
	fflush(err);
	if (is_yes(in))
		return 1;
	say(err, "nothing was changed", "");
	return 0;
}

int
fwopen(const struct conf *c, const struct conf_args *args, FILE *in, FILE *err)
{
	char why[WHY_MAX] = "", who[160], text[WHY_MAX + 256];

	if (!is_confirmed(args, in, err))
		return EXIT_FAILURE;
	start_log(c, args, err);
	describe_who(who, sizeof(who));
	snprintf(text, sizeof(text), "the firewall is to be opened (%s)", who);
	tell(LOG_WARNING, text);
	if (fwproc_undo(c, why, sizeof(why)) < 0) {
		snprintf(text, sizeof(text), "the firewall was not opened: %s",
		    why);
		tell(LOG_ERR, text);
		say(err, "", why);
		return EXIT_FAILURE;
	}
	snprintf(text, sizeof(text), "the firewall is open: nothing of ours "
	    "closes this machine any more (%s)", who);
	tell(LOG_WARNING, text);
	return EXIT_SUCCESS;
}

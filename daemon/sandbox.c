/* daemon/sandbox.c - what a process gives up before it hears the network
 *
 * Theory of operation
 *	Each lock is there for the case that another one does not hold: the
 *	kernel may lack one, or have a fault in it.  What needs rights to be put
 *	in force comes first, and the system calls last, since the others need
 *	some that it does not leave.
 *
 *	Names of users and groups are looked up while there are files to read
 *	them from.
 *
 *	A build with sanitizers has its user and no rights, and nothing of the
 *	rest: at the end they look into /proc, and attach to the process.
 */
#include "daemon/sandbox.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/sanitizer.h"
#include "daemon/callfilter.h"
#include "daemon/emptyroot.h"
#include "daemon/landlock.h"
#include "daemon/process.h"

static void
lack(char lacks[SANDBOX_TEXT], const char *what)
{
	size_t n = strlen(lacks);

	snprintf(lacks + n, SANDBOX_TEXT - n, "%s%s", n ? "; " : "", what);
}

static void
enter_root(const struct sandbox_conf *c, char lacks[SANDBOX_TEXT])
{
	struct emptyroot_dir d[SANDBOX_DIRS_MAX];
	char why[SANDBOX_TEXT];
	size_t i, n = 0;

	for (i = 0; i < c->ndirs; i++)	/* who wants it finds it missing */
		if (c->dir[i].path && access(c->dir[i].path, F_OK) == 0)
			d[n++] = (struct emptyroot_dir){
				.path = c->dir[i].path,
				.writable = c->dir[i].writable
			};
	if (geteuid() != 0)
		lack(lacks, "not root, so no root directory of its own");
	else if (emptyroot_enter(d, n, why, sizeof(why)) < 0)
		lack(lacks, why);
}

static void
lock_files(const struct sandbox_conf *c, char lacks[SANDBOX_TEXT])
{
	struct landlock_dir d[SANDBOX_DIRS_MAX];
	char why[SANDBOX_TEXT];
	size_t i, n = 0;
	int rc;

	for (i = 0; i < c->ndirs; i++)
		if (c->dir[i].path)
			d[n++] = (struct landlock_dir){
				.path = c->dir[i].path,
				.writable = c->dir[i].writable
			};
	if ((rc = landlock_enter(d, n)) > 0)
		return;
	snprintf(why, sizeof(why), "no Landlock: %s", rc < 0 ? strerror(-rc) :
	    "the kernel has none");
	lack(lacks, why);
}

/* A parent that died before we said so will not be told of. */
static int
end_with(pid_t parent)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		return -errno;
	return getppid() == parent ? 0 : -ESRCH;
}

static int
filter_calls(const struct sandbox_conf *c, char lacks[SANDBOX_TEXT],
    char *why, size_t max)
{
	struct callfilter_conf fc = { .syslog = c->syslog };
	int rc = callfilter_load(&fc, why, max);

	if (rc != -ENOSYS)
		return rc;
	lack(lacks, why);
	return 0;
}

static int
give_up(const struct sandbox_conf *c, const struct process_user *u,
    char *why, size_t max)
{
	int rc;

	/* A change of the user takes the signal of the parent's death away. */
	if ((rc = process_become(u)) < 0 ||
	    (rc = process_no_rights()) < 0 ||
	    (rc = process_closed(c->debugger)) < 0 ||
	    (c->parent && (rc = end_with(c->parent)) < 0))
		snprintf(why, max, "rights cannot be given up: %s",
		    strerror(-rc));
	return rc;
}

int
sandbox_enter(const struct sandbox_conf *c, char lacks[SANDBOX_TEXT],
    char *why, size_t max)
{
	struct process_user u;
	int rc;

	lacks[0] = '\0';
	if ((rc = process_find(&u, c->user)) < 0) {
		snprintf(why, max, "User %s: %s", c->user, strerror(-rc));
		return rc;
	}
	process_no_bounds();
	if (!SANITIZERS)
		enter_root(c, lacks);
	if ((rc = give_up(c, &u, why, max)) < 0)
		return rc;
	if (SANITIZERS) {
		lack(lacks, "built with sanitizers");
		return 0;
	}
	lock_files(c, lacks);
	return filter_calls(c, lacks, why, max);
}

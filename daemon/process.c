/* daemon/process.c - what a daemon is to the system */
#include "daemon/process.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <linux/capability.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/conf.h"

enum { KEPT_MAX = 8 << 20, KEPT_PIECE = 1 << 20 };

int
process_background(int *ready_fd)
{
	int fds[2], status, null;
	char up;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	if ((pid = fork()) < 0)
		return -errno;
	if (pid > 0) {
		close(fds[1]);
		if (read(fds[0], &up, 1) == 1)
			_exit(0);
		waitpid(pid, &status, 0);
		_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
	}
	close(fds[0]);
	setsid();
	if ((null = open("/dev/null", O_RDWR)) >= 0) {
		dup2(null, STDIN_FILENO);
		if (null > STDERR_FILENO)
			close(null);
	}
	*ready_fd = fds[1];
	return 0;
}

void
process_up(int *ready_fd)
{
	int null;

	if (*ready_fd < 0)
		return;
	if (write(*ready_fd, "", 1) == 1 &&
	    (null = open("/dev/null", O_RDWR)) >= 0) {
		dup2(null, STDOUT_FILENO);
		dup2(null, STDERR_FILENO);
		if (null > STDERR_FILENO)
			close(null);
	}
	close(*ready_fd);
	*ready_fd = -1;
}

static int
find_user(const char *user, uid_t *uid, gid_t *gid)
{
	const struct passwd *pw;

	errno = 0;
	if ((pw = getpwnam(user)) == NULL)
		return errno ? -errno : -ENOENT;
	*uid = pw->pw_uid;
	*gid = pw->pw_gid;
	return 0;
}

int
process_check_user(const struct conf *c, char *why, size_t max)
{
	uid_t uid = (uid_t)-1;
	gid_t gid = (gid_t)-1;
	const char *what;
	int rc;

	if (c->user == NULL)
		return 0;
	rc = find_user(c->user, &uid, &gid);
	what = rc == -ENOENT ? "there is no such user" : strerror(-rc);
	if (rc == 0 && getuid() != 0 && uid != getuid()) {
		rc = -EPERM;
		what = "only root can become another user; start it as root, "
		    "or as that user";
	}
	if (rc < 0)
		snprintf(why, max, "%sUser %s: %s", conf_where(c, "User", 0),
		    c->user, what);
	return rc;
}

int
process_as_user(const char *user)
{
	uid_t uid = (uid_t)-1;
	gid_t gid = (gid_t)-1;
	int rc;

	if (user == NULL || getuid() != 0)
		return 0;
	if ((rc = find_user(user, &uid, &gid)) < 0)
		return rc;
	if (initgroups(user, gid) < 0 || setegid(gid) < 0 || seteuid(uid) < 0)
		return -errno;
	return 0;
}

void
process_as_root(void)
{
	if (getuid() != 0 || geteuid() == 0)
		return;
	if (seteuid(0) < 0 || setegid(0) < 0)
		_exit(1);	/* nothing can be trusted to work then */
}

int
process_find(struct process_user *u, const char *user)
{
	int rc;

	memset(u, 0, sizeof(*u));
	u->ngroups = PROCESS_GROUPS_MAX;
	if (user == NULL || getuid() != 0)
		return 0;
	if ((rc = find_user(user, &u->uid, &u->gid)) < 0)
		return rc;
	if (getgrouplist(user, u->gid, u->group, &u->ngroups) < 0)
		return -E2BIG;
	u->other = 1;
	return 0;
}

int
process_become(const struct process_user *u)
{
	if (!u->other)
		return 0;
	if (setgroups((size_t)u->ngroups, u->group) < 0 ||
	    setresgid(u->gid, u->gid, u->gid) < 0 ||
	    setresuid(u->uid, u->uid, u->uid) < 0)
		return -errno;
	if (u->uid != 0 && (setuid(0) == 0 || seteuid(0) == 0))
		return -EPERM;		/* it came back: refuse to go on */
	return 0;
}

int
process_drop(const char *user)
{
	struct process_user u;
	int rc = process_find(&u, user);

	return rc < 0 ? rc : process_become(&u);
}

int
process_uid(const char *user, uint32_t *out)
{
	uid_t uid = getuid();
	gid_t gid = (gid_t)-1;
	int rc = 0;

	if (user && uid == 0)
		rc = find_user(user, &uid, &gid);
	*out = uid;
	return rc;
}

void
process_no_bounds(void)
{
	int i;

	for (i = 0; i <= CAP_LAST_CAP; i++)	/* may fail: not for us */
		(void)prctl(PR_CAPBSET_DROP, i, 0, 0, 0);
}

/* Of those that are there. */
static int
keep_capabilities(uint32_t wanted)
{
	struct __user_cap_header_struct h = {
		.version = _LINUX_CAPABILITY_VERSION_3
	};
	struct __user_cap_data_struct d[2] = { { .permitted = 0 } };

	if (syscall(SYS_capget, &h, d) < 0)
		return -errno;
	d[0].permitted &= wanted;
	d[0].effective = d[0].permitted;
	d[0].inheritable = 0;
	memset(&d[1], 0, sizeof(d[1]));
	if (syscall(SYS_capset, &h, d) < 0 ||
	    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
		return -errno;
	return 0;
}

int
process_limit(uint32_t capabilities)
{
	int i;

	for (i = 0; i <= CAP_LAST_CAP; i++)
		if (i >= 32 || !(capabilities & 1u << i))
			(void)prctl(PR_CAPBSET_DROP, i, 0, 0, 0);
	return keep_capabilities(capabilities);
}

int
process_no_rights(void)
{
	return keep_capabilities(0);
}

int
process_closed(int debugger)
{
	struct rlimit none = { 0, 0 };

	if (setrlimit(RLIMIT_CORE, &none) < 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    (!debugger && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0))
		return -errno;
	return 0;
}

/* What is not to come back goes first: the rest may lack the rights for it. */
int
process_keep(const char *user, uint32_t capabilities)
{
	int rc;

	process_no_bounds();
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
		return -errno;
	if ((rc = process_drop(user)) < 0 ||
	    (rc = keep_capabilities(capabilities)) < 0)
		return rc;
	if (prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) < 0)
		return -errno;
	return process_closed(0);
}

int
process_harden(const struct conf *c)
{
	return process_closed(!c->disable_debugger_attachment);
}

/* Queues of hundreds of KiB come and go with each burst.  As glibc is set, each
 * time their pages would go back to the kernel, to be asked for and cleared
 * anew: a fifth of the time that ten fast flows cost. */
void
process_memory(void)
{
#ifdef M_TRIM_THRESHOLD
	mallopt(M_TRIM_THRESHOLD, KEPT_MAX);
	mallopt(M_MMAP_THRESHOLD, KEPT_PIECE);
#endif
}

size_t
process_descriptors(void)
{
	struct rlimit lim;

	if (getrlimit(RLIMIT_NOFILE, &lim) < 0)
		return 1024;
	lim.rlim_cur = lim.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &lim) < 0)
		getrlimit(RLIMIT_NOFILE, &lim);
	return lim.rlim_cur > 1024 * 1024 ? 1024 * 1024 :
	    (size_t)lim.rlim_cur;
}

int
process_pid_file(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC |
	    O_NOFOLLOW, 0644);

	if (fd < 0)
		return -errno;
	dprintf(fd, "%ld\n", (long)getpid());
	close(fd);
	return 0;
}

static int
give_directory(const char *path, const char *user)
{
	uid_t uid = (uid_t)-1;
	gid_t gid = (gid_t)-1;
	int rc;

	if (user == NULL || getuid() != 0)
		return 0;
	if ((rc = find_user(user, &uid, &gid)) < 0)
		return rc;
	return chown(path, uid, gid) < 0 ? -errno : 0;
}

static int
make_directory(const char *path, const char *user, mode_t mode)
{
	struct stat st;

	if (stat(path, &st) == 0)
		return S_ISDIR(st.st_mode) ? 0 : -ENOTDIR;
	if (mkdir(path, mode) < 0 || chmod(path, mode) < 0)
		return -errno;
	return give_directory(path, user);
}

int
process_directory(const char *path, const char *user)
{
	return make_directory(path, user, 0700);
}

int
process_socket_directory(const char *socket, const char *user, int ours)
{
	const char *slash = strrchr(socket, '/');
	struct stat st;
	char *dir;
	int rc;

	if (slash == NULL || slash == socket)
		return 0;
	if ((dir = strndup(socket, (size_t)(slash - socket))) == NULL)
		return -ENOMEM;
	rc = make_directory(dir, user, 0755);
	if (rc == 0 && ours && lstat(dir, &st) == 0 && S_ISDIR(st.st_mode) &&
	    st.st_uid == 0)
		rc = give_directory(dir, user);
	free(dir);
	return rc;
}

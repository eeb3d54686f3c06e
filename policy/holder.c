/* policy/holder.c - a process that holds sockets, and does nothing else
 *
 * In the end it is in the kernel's strictest seccomp mode, in a read() of a
 * pipe whose other end it has itself.  Signals are our affair, since whoever
 * stops a service sends them to all of its processes: it takes none but
 * SIGKILL.  At a shutdown systemd would wait for it to end, for a minute and a
 * half, but for those whose first argument begins with @: these it lets live
 * until the machine is off.  Who comes after us takes what it holds by
 * pidfd_getfd().
 */
#include "policy/holder.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { READY, PIPE, PIPE_END, HELD };	/* in the list of descriptors */
enum { FIRST = STDERR_FILENO + 1, FDS_MAX = 8192, WAIT_MS = 5000 };

/* --- the process --- */

static void
write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (write(fd, text, strlen(text)) < 0)
		(void)errno;		/* then without */
	close(fd);
}

static int
no_rights(void)
{
	struct __user_cap_header_struct h = {
		.version = _LINUX_CAPABILITY_VERSION_3
	};
	struct __user_cap_data_struct d[2] = { { .permitted = 0 } };
	struct rlimit none = { 0, 0 };
	int i;

	(void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	for (i = 0; i <= CAP_LAST_CAP; i++)	/* may fail: not for us */
		(void)prctl(PR_CAPBSET_DROP, i, 0, 0, 0);
	if (setrlimit(RLIMIT_CORE, &none) < 0 ||
	    syscall(SYS_capset, &h, d) < 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	return 0;
}

/* All but these, from FIRST on. */
static int
close_but(const int *fds, size_t n)
{
	unsigned from = FIRST, next;
	size_t i;

	for (;; from = next + 1) {
		next = ~0U;
		for (i = 0; i < n; i++)
			if ((unsigned)fds[i] >= from && (unsigned)fds[i] < next)
				next = (unsigned)fds[i];
		if (next > from && close_range(from, next == ~0U ? next :
		    next - 1, 0) < 0)
			return -errno;
		if (next == ~0U)
			return 0;
	}
}

/* Nothing is open but the null device and @fds, of which the first is there
 * already, and those behind PIPE_END.  None is where standard output and the
 * like are. */
static int
arrange(int *fds, size_t n)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC), i;
	size_t k;

	if (null < 0 || pipe2(&fds[PIPE], O_CLOEXEC) < 0)
		return -errno;
	for (k = 0; k < n; k++)
		if (fds[k] < FIRST &&
		    (fds[k] = fcntl(fds[k], F_DUPFD_CLOEXEC, FIRST)) < 0)
			return -errno;
	for (i = 0; i < FIRST; i++)
		if (dup2(null, i) < 0)
			return -errno;
	return close_but(fds, n);
}

/* In place: it is what /proc tells of us. */
static void
outlive_shutdown(void)
{
	if (program_invocation_name[0])
		program_invocation_name[0] = '@';
}

static void
ignore_signals(void)
{
	int i;

	for (i = 1; i < NSIG; i++)
		if (i != SIGCHLD)
			signal(i, SIG_IGN);
}

static void __attribute__((noreturn))
live(const char *name, int *fds, size_t n)
{
	ssize_t done;
	char c = 0;

	ignore_signals();
	(void)setsid();
	(void)prctl(PR_SET_NAME, name);
	outlive_shutdown();
	/* else is_one() and holder_inherit() want rights */
	(void)prctl(PR_SET_DUMPABLE, 1);
	(void)prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0);	/* Yama */
	write_file("/proc/self/oom_score_adj", "-1000");
	if (chdir("/") < 0 || arrange(fds, n) < 0 || no_rights() < 0)
		_exit(EXIT_FAILURE);
	done = write(fds[READY], &c, 1);
	close(fds[READY]);
	(void)prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT, 0, 0, 0);
	do {
		done = read(fds[PIPE], &c, 1);
	} while (done < 0);
	syscall(SYS_exit, EXIT_SUCCESS);	/* is not reached */
	__builtin_unreachable();
}

/* --- seen from us --- */

static int
wait_ready(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char c;

	if (poll(&p, 1, WAIT_MS) <= 0)
		return -ETIMEDOUT;
	return read(fd, &c, 1) == 1 ? 0 : -EPERM;
}

int
holder_start(struct holder *h, const char *name, const int *fds, size_t n)
{
	int *its = calloc(HELD + n, sizeof(*its)), ready[2], rc;

	h->pid = 0;
	h->fd = -1;
	if (its == NULL || pipe2(ready, O_CLOEXEC) < 0) {
		rc = its == NULL ? -ENOMEM : -errno;
		free(its);
		return rc;
	}
	its[READY] = ready[1];
	memcpy(its + HELD, fds, n * sizeof(*fds));
	if ((h->pid = fork()) == 0) {
		close(ready[0]);
		live(name, its, HELD + n);
	}
	rc = h->pid < 0 ? -errno : 0;
	free(its);
	close(ready[1]);
	if (rc == 0)
		rc = wait_ready(ready[0]);
	close(ready[0]);
	if (rc == 0) {
		h->fd = (int)syscall(SYS_pidfd_open, h->pid, 0);
		rc = h->fd < 0 ? -errno : 0;
	}
	if (rc < 0)
		holder_stop(h);
	return rc;
}

int
holder_is_gone(const struct holder *h)
{
	struct pollfd p = { .fd = h->fd, .events = POLLIN };

	return h->pid <= 0 || poll(&p, 1, 0) > 0;
}

void
holder_stop(struct holder *h)
{
	int status;

	if (h->pid > 0) {
		kill(h->pid, SIGKILL);
		(void)waitpid(h->pid, &status, 0);
	}
	holder_leave(h);
}

void
holder_leave(struct holder *h)
{
	if (h->fd >= 0)
		close(h->fd);
	h->pid = 0;
	h->fd = -1;
}

/* --- those that were left --- */

static int
is_one(const char *pid, const char *name)
{
	char path[64], line[128], got[32] = "";
	unsigned long uid = ~0UL;
	struct stat ours, its;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%.16s/status", pid);
	if ((f = fopen(path, "re")) == NULL)
		return 0;
	while (fgets(line, sizeof(line), f)) {
		(void)sscanf(line, "Name:\t%31s", got);
		if (strncmp(line, "Uid:\t", 5) == 0)
			uid = strtoul(line + 5, NULL, 10);
	}
	fclose(f);
	if (strcmp(got, name) != 0 || uid != geteuid())
		return 0;
	snprintf(path, sizeof(path), "/proc/%.16s/ns/net", pid);
	return stat("/proc/self/ns/net", &ours) == 0 &&
	    stat(path, &its) == 0 && its.st_ino == ours.st_ino &&
	    its.st_dev == ours.st_dev;
}

/* Each that has this name but @but, by a descriptor, so that it is the process
 * that was looked at.  The sum of what @one returns. */
static int
each(const char *name, pid_t but, int (*one)(int pidfd, void *arg), void *arg)
{
	DIR *d = opendir("/proc");
	struct dirent *e;
	int fd, n = 0;

	if (d == NULL)
		return 0;
	while ((e = readdir(d)) != NULL) {
		if (!isdigit((unsigned char)e->d_name[0]) ||
		    atoi(e->d_name) == but || !is_one(e->d_name, name))
			continue;
		fd = (int)syscall(SYS_pidfd_open, atoi(e->d_name), 0);
		if (fd < 0)
			continue;
		if (is_one(e->d_name, name))
			n += one(fd, arg);
		close(fd);
	}
	closedir(d);
	return n;
}

static int
end_one(int pidfd, void *arg)
{
	struct pollfd p = { .fd = pidfd, .events = POLLIN };

	(void)arg;
	return syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0) == 0 &&
	    poll(&p, 1, WAIT_MS) > 0;
}

int
holder_stop_others(const char *name, const struct holder *but)
{
	return each(name, but->pid, end_one, NULL);
}

struct heir {
	void	(*take)(void *arg, int fd);
	void	*arg;
};

/* They are where they were in who started it, so that there may be gaps. */
static int
inherit_from(int pidfd, void *arg)
{
	struct heir *h = arg;
	int at, fd;

	for (at = FIRST; at < FDS_MAX; at++) {
		fd = (int)syscall(SYS_pidfd_getfd, pidfd, at, 0);
		if (fd >= 0)
			h->take(h->arg, fd);
		else if (errno != EBADF)
			break;
	}
	return 0;
}

void
holder_inherit(const char *name, void (*take)(void *arg, int fd), void *arg)
{
	struct heir h = { take, arg };

	(void)each(name, 0, inherit_from, &h);
}

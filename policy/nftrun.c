/* policy/nftrun.c - the program nft, given a text
 *
 * The text is put into a file in memory before, so that nobody waits for a pipe
 * to be read.  nft is a transaction: killed at any moment, it has done all or
 * nothing.  It does not outlive us, lest it put in force what whoever comes
 * after us has replaced.  Where we are not root but have CAP_NET_ADMIN, it is
 * handed on.
 */
#include "policy/nftrun.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "policy/scratch.h"

enum {
	TIMEOUT_MS = 20000,
	STEP_MS = 2,
	SAID_MAX = 4096,	/* the rest is thrown away */
	NO_NAMESPACE = 126, NO_EXEC = 127
};

/* --- the child --- */

static void
hand_on_rights(void)
{
	struct __user_cap_header_struct h = {
		.version = _LINUX_CAPABILITY_VERSION_3
	};
	struct __user_cap_data_struct d[2] = { { .permitted = 0 } };

	if (geteuid() == 0 || syscall(SYS_capget, &h, d) < 0)
		return;
	d[0].inheritable |= d[0].permitted & (1u << CAP_NET_ADMIN);
	if (syscall(SYS_capset, &h, d) == 0)
		(void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE,
		    CAP_NET_ADMIN, 0, 0);
}

static void
plain_signals(void)
{
	sigset_t none;
	int i;

	for (i = 1; i < NSIG; i++)
		signal(i, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static void __attribute__((noreturn))
child(const char *path, const struct scratch *in, int text, int out,
    pid_t parent)
{
	char name[] = "nft", flag[] = "-f", from[] = "-";
	char *argv[] = { name, flag, from, NULL }, *envp[] = { NULL };

	plain_signals();
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 ||
	    getppid() != parent)
		_exit(NO_EXEC);
	if (in && scratch_enter(in) < 0)
		_exit(NO_NAMESPACE);
	hand_on_rights();
	if (dup2(text, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 ||
	    dup2(out, STDERR_FILENO) < 0 ||
	    close_range(STDERR_FILENO + 1, ~0U, 0) < 0 || chdir("/") < 0)
		_exit(NO_EXEC);
	execve(path, argv, envp);
	_exit(NO_EXEC);
}

/* --- the parent --- */

static int
text_file(const char *text, size_t len)
{
	int fd = memfd_create("nft", MFD_CLOEXEC), rc;
	ssize_t n;

	if (fd < 0)
		return -errno;
	while (len) {
		if ((n = write(fd, text, len)) < 0 && errno != EINTR) {
			rc = -errno;
			close(fd);
			return rc;
		}
		text += n > 0 ? n : 0;
		len -= n > 0 ? (size_t)n : 0;
	}
	(void)lseek(fd, 0, SEEK_SET);
	return fd;
}

/* What it says, until it says no more. */
static size_t
listen_to(int fd, char *said, size_t max, int64_t end)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char gone[512];
	size_t len = 0;
	ssize_t n;
	int64_t left;

	while ((left = end - clock_ms()) > 0) {
		if (poll(&p, 1, (int)left) <= 0)
			continue;
		n = len < max ? read(fd, said + len, max - len) :
		    read(fd, gone, sizeof(gone));
		if (n == 0 || (n < 0 && errno != EINTR))
			break;
		if (n > 0 && len < max)
			len += (size_t)n;
	}
	return len;
}

static int
wait_for(pid_t pid, int64_t end, int *status)
{
	pid_t got;

	while ((got = waitpid(pid, status, WNOHANG)) == 0 && clock_ms() < end)
		poll(NULL, 0, STEP_MS);
	if (got == pid)
		return 0;
	if (got < 0)
		return -errno;
	kill(pid, SIGKILL);
	(void)waitpid(pid, status, 0);
	return -ETIMEDOUT;
}

static int
judge(int rc, int status, const char *said, size_t len, char *why, size_t max)
{
	if (rc < 0) {
		snprintf(why, max, rc == -ETIMEDOUT ? "nft did not end" :
		    "what became of nft is not known");
		return rc;
	}
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	if (WIFSIGNALED(status))
		snprintf(why, max, "nft was killed (signal %d)",
		    WTERMSIG(status));
	else if (WEXITSTATUS(status) == NO_EXEC && len == 0)
		snprintf(why, max, "nft could not be started");
	else if (WEXITSTATUS(status) == NO_NAMESPACE && len == 0)
		snprintf(why, max, "the namespace for trying rules cannot be "
		    "entered");
	else
		nftrun_explain(said, len, why, max);
	return WIFSIGNALED(status) ? -EINTR : -EINVAL;
}

static int
run(const char *path, const struct scratch *in, int text, char *why,
    size_t max)
{
	int64_t end = clock_ms() + TIMEOUT_MS;
	int fds[2], rc, status = 0;
	char said[SAID_MAX];
	size_t len;
	pid_t self = getpid(), pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	if ((pid = fork()) == 0)
		child(path, in, text, fds[1], self);
	rc = pid < 0 ? -errno : 0;
	close(fds[1]);
	if (rc < 0) {
		close(fds[0]);
		return rc;
	}
	len = listen_to(fds[0], said, sizeof(said), end);
	rc = wait_for(pid, end, &status);
	close(fds[0]);
	return judge(rc, status, said, len, why, max);
}

int
nftrun(const struct scratch *in, const char *text, size_t len, char *why,
    size_t max)
{
	const char *path = nftrun_path();
	int fd, rc;

	why[0] = '\0';
	if (path == NULL) {
		snprintf(why, max, "nft is missing: apt install nftables");
		return -ENOENT;
	}
	if ((fd = text_file(text, len)) < 0)
		rc = fd;
	else
		rc = run(path, in, fd, why, max);
	if (fd >= 0)
		close(fd);
	if (rc < 0 && why[0] == '\0')
		snprintf(why, max, "nft could not be started: %s",
		    strerror(-rc));
	return rc;
}

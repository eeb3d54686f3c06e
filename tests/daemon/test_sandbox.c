/* tests/daemon/test_sandbox.c - what can't be done in there
 *
 * Each attempt is made twice, by a child: outside, where it has to work, or
 * what is shown inside would be nothing; and inside.
 */
#include "daemon/sandbox.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <netpacket/packet.h>
#include <pthread.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <seccomp.h>

#include "base/sanitizer.h"
#include "daemon/callfilter.h"
#include "daemon/landlock.h"
#include "onion/crypto/crypt.h"
#include "onion/hs/hspow.h"
#include "tests/unit.h"

enum { BAD_START = 200, NO_CALL = 201 };

static char base[] = "/tmp/test_sandbox.XXXXXX";
static char data[64], other[64];
static const char *user;
static char lacks[SANDBOX_TEXT], why[SANDBOX_TEXT];

static void
set_up(void)
{
	const struct passwd *pw;

	ck_assert_ptr_nonnull(mkdtemp(base));
	chmod(base, 0755);
	snprintf(data, sizeof(data), "%s/data", base);
	snprintf(other, sizeof(other), "%s/other", base);
	ck_assert_int_eq(mkdir(data, 0700), 0);
	ck_assert_int_eq(mkdir(other, 0777), 0);
	chmod(other, 0777);
	if (geteuid() != 0)
		return;
	ck_assert_ptr_nonnull((pw = getpwnam("nobody")));
	user = "nobody";
	ck_assert_int_eq(chown(data, pw->pw_uid, pw->pw_gid), 0);
}

static void
tear_down(void)
{
	char cmd[128];

	snprintf(cmd, sizeof(cmd), "rm -rf %s", base);
	ck_assert_int_eq(system(cmd), 0);
}

static int
enter(void)
{
	struct sandbox_conf c = { .user = user, .ndirs = 3,
		.parent = getppid() };

	c.dir[0].path = data;
	c.dir[0].writable = 1;
	c.dir[1].path = "/nonexistent/directory";	/* [2] is none at all */
	return sandbox_enter(&c, lacks, why, sizeof(why));
}

/* --- attempts: 0, or errno --- */

static int
as_errno(long rc)
{
	return rc < 0 ? errno : 0;
}

static int
try_exec(void)
{
	execl("/bin/true", "true", (char *)NULL);
	return errno;
}

static int
try_fork(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	return as_errno(pid < 0 ? -1 : waitpid(pid, NULL, 0));
}

static int
try_ptrace(void)
{
	return as_errno(ptrace(PTRACE_TRACEME, 0, NULL, NULL));
}

static int
try_read_memory(void)
{
	char a = 1, b = 0;
	struct iovec to = { &b, 1 }, from = { &a, 1 };

	return as_errno(process_vm_readv(getpid(), &to, 1, &from, 1, 0));
}

static int
try_kill(void)
{
	return as_errno(kill(getppid(), 0));
}

static int
try_thread_kill(void)
{
	pid_t p = getppid();

	return as_errno(syscall(SYS_tgkill, p, p, 0));
}

static int
try_raw(void)
{
	return as_errno(socket(AF_INET, SOCK_RAW, IPPROTO_ICMP));
}

static int
try_packet(void)
{
	return as_errno(socket(AF_PACKET, SOCK_DGRAM, 0));
}

static int
try_unix(void)
{
	return as_errno(socket(AF_UNIX, SOCK_STREAM, 0));
}

static int
try_unix_pair(void)
{
	int fd[2];

	return as_errno(socketpair(AF_UNIX, SOCK_STREAM, 0, fd));
}

static int
try_netfilter(void)
{
	return as_errno(socket(AF_NETLINK, SOCK_RAW, 12));
}

static int
try_listen(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	return as_errno(listen(fd, 1));
}

static int
try_port(void)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM, 0), port, rc = -1;

	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	for (port = 40000; rc < 0 && port < 40100; port++) {
		in.sin_port = htons((uint16_t)port);
		rc = bind(fd, (struct sockaddr *)&in, sizeof(in));
	}
	return as_errno(rc);
}

static int
try_program_memory(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? errno : 0;
}

static int
try_make_program(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return as_errno(mprotect(p, 4096, PROT_READ | PROT_EXEC));
}

static int
try_dumpable(void)
{
	return as_errno(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0));
}

static int
try_owner(void)
{
	int fd[2];

	return as_errno(pipe2(fd, 0) < 0 ? -1 : fcntl(fd[0], F_SETOWN,
	    getppid()));
}

static int
try_tun_flags(void)
{
	int fd[2], on = 1;

	/* here it is no such ioctl, there none at all is made */
	if (pipe2(fd, 0) == 0 && ioctl(fd[0], FIOASYNC, &on) < 0)
		return errno == ENOTTY ? 0 : errno;
	return 0;
}

static int
try_limit(void)
{
	struct rlimit lim;

	return as_errno(prlimit(getppid(), RLIMIT_CORE, NULL, &lim));
}

static int
try_user(void)
{
	return as_errno(setresuid(getuid(), getuid(), getuid()));
}

static int
try_unshare(void)
{
	return as_errno(unshare(CLONE_FS));
}

static int
try_memfd(void)
{
	return as_errno(memfd_create("x", 0));
}

static int
try_chdir(void)
{
	return as_errno(chdir("/"));
}

static int
try_umask(void)
{
	umask(022);
	return 0;
}

static int
try_read_file(void)
{
	return as_errno(open("/etc/passwd", O_RDONLY));
}

static int
try_read_upwards(void)
{
	char path[128];
	int dir = open(data, O_RDONLY | O_DIRECTORY);

	snprintf(path, sizeof(path), "../../../../../../etc/passwd");
	return as_errno(dir < 0 ? -1 : openat(dir, path, O_RDONLY));
}

static int
try_read_devices(void)
{
	return as_errno(open("/dev/zero", O_RDONLY));
}

static int
try_read_processes(void)
{
	return as_errno(open("/proc/self/status", O_RDONLY));
}

static int
try_list_root(void)
{
	return as_errno(open("/etc", O_RDONLY | O_DIRECTORY));
}

static int
try_write_beside(void)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/x", other);
	return as_errno(open(path, O_WRONLY | O_CREAT, 0600));
}

static int
try_write_tmp(void)
{
	return as_errno(open("/tmp", O_TMPFILE | O_WRONLY, 0600));
}

static int
try_data(void)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/x", data);
	if (open(path, O_WRONLY | O_CREAT, 0600) < 0 ||
	    open(path, O_RDONLY) < 0)
		return errno;
	return as_errno(unlink(path));
}

static void *
nothing(void *arg)
{
	free(malloc(1000));
	return arg;
}

static int
try_thread(void)
{
	pthread_t t;
	int rc = pthread_create(&t, NULL, nothing, NULL);

	return rc ? rc : pthread_join(t, NULL);
}

static int
try_memory(void)
{
	char *p = NULL, *more;
	size_t n;

	for (n = 1; n < 1 << 26; n *= 2) {
		if ((more = realloc(p, n)) == NULL)
			return ENOMEM;
		p = more;
		memset(p, 1, n);
	}
	free(p);
	return 0;
}

static int
try_neighbours(void)
{
	struct ifaddrs *all;

	if (getifaddrs(&all) < 0)
		return errno;
	freeifaddrs(all);
	return 0;
}

static int
try_connect(void)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	in.sin_port = htons(1);
	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0)
		return errno;
	return connect(fd, (struct sockaddr *)&in, sizeof(in)) < 0 &&
	    errno != ECONNREFUSED ? errno : 0;
}

static int
try_time(void)
{
	time_t t = time(NULL);
	struct timespec ms = { .tv_nsec = 1000000 };
	struct tm tm;

	localtime_r(&t, &tm);
	return as_errno(nanosleep(&ms, NULL));
}

/* --- the children --- */

/* Its wait status: what it exits with is what the attempt said. */
static int
run(int (*attempt)(void), int inside)
{
	int status;
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		if (inside && enter() < 0)
			_exit(BAD_START);
		_exit(attempt());
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return status;
}

static const struct {
	const char	*name;
	int		(*attempt)(void);
	int		 root;		/* outside it needs to be root */
	int		 err;		/* inside; 0: the end, by SIGSYS */
} forbidden[] = {
	{ "exec", try_exec, 0, 0 },
	{ "fork", try_fork, 0, 0 },
	{ "ptrace", try_ptrace, 0, 0 },
	{ "others' memory", try_read_memory, 0, 0 },
	{ "kill", try_kill, 0, 0 },
	{ "tgkill", try_thread_kill, 0, 0 },
	{ "raw socket", try_raw, 1, 0 },
	{ "packet socket", try_packet, 1, 0 },
	{ "unix socket", try_unix, 0, EACCES },
	{ "unix socket pair", try_unix_pair, 0, EACCES },
	{ "netfilter", try_netfilter, 0, 0 },
	{ "listen", try_listen, 0, 0 },
	{ "mmap, executable", try_program_memory, 0, 0 },
	{ "mprotect, executable", try_make_program, 0, 0 },
	{ "prctl", try_dumpable, 0, 0 },
	{ "F_SETOWN", try_owner, 0, 0 },
	{ "ioctl", try_tun_flags, 0, 0 },
	{ "prlimit", try_limit, 0, 0 },
	{ "setresuid", try_user, 0, 0 },
	{ "unshare", try_unshare, 0, 0 },
	{ "memfd", try_memfd, 0, 0 },
	{ "chdir", try_chdir, 0, 0 },
	{ "umask", try_umask, 0, 0 },
};

START_TEST(sandbox_forbidden_call_ends_the_process)
{
	int status;

	set_up();
	if (SANITIZERS) {
		tear_down();
		return;
	}
	if (geteuid() == 0 || !forbidden[_i].root) {
		status = run(forbidden[_i].attempt, 0);
		ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0,
		    "%s: outside it is %x", forbidden[_i].name,
		    (unsigned)status);
	}
	status = run(forbidden[_i].attempt, 1);
	if (forbidden[_i].err)
		ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) ==
		    forbidden[_i].err, "%s: %x", forbidden[_i].name,
		    (unsigned)status);
	else
		ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) ==
		    SIGSYS, "%s: %x", forbidden[_i].name, (unsigned)status);
	tear_down();
}
END_TEST

/* Files: not there where the root is empty, else not to be touched. */
static const struct { const char *name; int (*attempt)(void); } files[] = {
	{ "read a file", try_read_file },
	{ "read upwards", try_read_upwards },
	{ "read a device", try_read_devices },
	{ "read /proc", try_read_processes },
	{ "list a directory", try_list_root },
	{ "write beside", try_write_beside },
	{ "write in /tmp", try_write_tmp },
};

START_TEST(sandbox_files_outside_are_not_there)
{
	int status;

	set_up();
	if (SANITIZERS || (geteuid() != 0 && landlock_abi() == 0)) {
		tear_down();
		return;
	}
	ck_assert_msg(run(files[_i].attempt, 0) == 0, "%s: outside",
	    files[_i].name);
	status = run(files[_i].attempt, 1);
	ck_assert_msg(WIFEXITED(status) && (WEXITSTATUS(status) == ENOENT ||
	    WEXITSTATUS(status) == EACCES ||
	    WEXITSTATUS(status) == EROFS), "%s: %x", files[_i].name,
	    (unsigned)status);
	tear_down();
}
END_TEST

START_TEST(sandbox_no_port_can_be_taken)
{
	set_up();
	if (SANITIZERS || landlock_abi() < 4) {
		tear_down();
		return;
	}
	ck_assert_int_eq(run(try_port, 0), 0);
	ck_assert_int_eq(WEXITSTATUS(run(try_port, 1)), EACCES);
	tear_down();
}
END_TEST

static void
on_proof(void *arg, int err, const uint8_t proof[INTROMSG_POW])
{
	int *rc = arg;

	(void)proof;
	*rc = -err;
}

/* In a thread that steps back behind the others. */
static int
try_proof(void)
{
	struct hspow_conf conf = { .base = event_base_new() };
	struct hspow_ask ask = { .effort = 1 };
	struct hspow_job *job;
	struct hspow *pow;
	int rc = -1;

	crypt_init();
	if (conf.base == NULL || hspow_new(&pow, &conf) < 0 ||
	    hspow_solve(pow, &ask, on_proof, &rc, &job) < 0)
		return errno ? errno : EIO;
	while (rc < 0)
		event_base_loop(conf.base, EVLOOP_ONCE);
	hspow_free(pow);
	event_base_free(conf.base);
	return rc;
}

static const struct { const char *name; int (*attempt)(void); } allowed[] = {
	{ "its directory", try_data }, { "a thread", try_thread },
	{ "memory", try_memory }, { "neighbours", try_neighbours },
	{ "a connection", try_connect }, { "time", try_time },
	{ "a proof of work", try_proof },
};

START_TEST(sandbox_what_is_needed_works)
{
	int status;

	set_up();
	status = run(allowed[_i].attempt, 1);
	ck_assert_msg(status == 0, "%s: %x", allowed[_i].name,
	    (unsigned)status);
	tear_down();
}
END_TEST

static int
do_abort(void)
{
	abort();
}

START_TEST(sandbox_abort_is_an_abort)
{
	int status;

	set_up();
	status = run(do_abort, 1);
	ck_assert(WIFSIGNALED(status));
	ck_assert_int_eq(WTERMSIG(status), SIGABRT);
	tear_down();
}
END_TEST

/* --- what it is to the system --- */

static char shown[8192];

/* As the kernel says it of a child that waits inside. */
static void
look_inside(void)
{
	int up[2], down[2], fd;
	char path[64], c;
	ssize_t n;
	pid_t pid;

	ck_assert_int_eq(pipe(up) | pipe(down), 0);
	if ((pid = fork()) == 0) {
		close(down[1]);
		if (enter() < 0 || write(up[1], "", 1) != 1)
			_exit(1);
		_exit(read(down[0], &c, 1) != 0);
	}
	ck_assert_int_eq(read(up[0], &c, 1), 1);
	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	fd = open(path, O_RDONLY);
	n = read(fd, shown, sizeof(shown) - 1);
	ck_assert_int_gt(n, 0);
	shown[n] = '\0';
	close(down[1]);
	waitpid(pid, NULL, 0);
}

START_TEST(sandbox_has_no_rights_and_gets_none)
{
	static const char *const line[] = {
		"\nCapInh:\t0000000000000000\n",
		"\nCapPrm:\t0000000000000000\n",
		"\nCapEff:\t0000000000000000\n",
		"\nCapAmb:\t0000000000000000\n", "\nNoNewPrivs:\t1\n"
	};
	size_t i;

	set_up();
	look_inside();
	for (i = 0; i < NELEM(line); i++)
		ck_assert_msg(strstr(shown, line[i]) != NULL, "%s in %s",
		    line[i], shown);
	if (geteuid() == 0) {
		ck_assert_ptr_nonnull(strstr(shown,
		    "\nCapBnd:\t0000000000000000\n"));
		ck_assert_ptr_null(strstr(shown, "\nUid:\t0"));
	}
	if (!SANITIZERS)
		ck_assert_ptr_nonnull(strstr(shown, "\nSeccomp:\t2\n"));
	tear_down();
}
END_TEST

START_TEST(sandbox_lacks_nothing_where_all_is)
{
	int status;
	pid_t pid;

	set_up();
	if (SANITIZERS || geteuid() != 0 || landlock_abi() == 0) {
		tear_down();
		return;
	}
	if ((pid = fork()) == 0)
		_exit(enter() < 0 ? BAD_START : lacks[0] != '\0');
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	tear_down();
}
END_TEST

/* The parent is another one than it was said to be: it died before. */
START_TEST(sandbox_orphan_does_not_start)
{
	struct sandbox_conf c = { .parent = 1 };
	int status;
	pid_t pid;

	set_up();
	c.user = user;
	if ((pid = fork()) == 0)
		_exit(sandbox_enter(&c, lacks, why, sizeof(why)) == -ESRCH);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(WEXITSTATUS(status), 1);
	tear_down();
}
END_TEST

START_TEST(sandbox_ends_with_its_parent)
{
	int up[2];
	char c;
	pid_t pid;

	set_up();
	ck_assert_int_eq(pipe(up), 0);
	if ((pid = fork()) == 0) {
		if (fork() == 0) {
			if (enter() < 0 || write(up[1], "x", 1) != 1)
				_exit(1);
			for (;;)
				sleep(1000);
		}
		for (;;)
			pause();
	}
	close(up[1]);
	ck_assert_int_eq(read(up[0], &c, 1), 1);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	ck_assert_int_eq(read(up[0], &c, 1), 0);	/* nobody holds it */
	tear_down();
}
END_TEST

START_TEST(callfilter_names_are_system_calls)
{
	size_t i;

	for (i = 0; callfilter_name(i); i++)
		ck_assert_msg(seccomp_syscall_resolve_name(callfilter_name(i))
		    != __NR_SCMP_ERROR, "%s", callfilter_name(i));
	ck_assert_uint_gt(i, 50);
}
END_TEST

/* What a list must never have, whoever writes a comment. */
START_TEST(callfilter_names_are_harmless)
{
	static const char *const never[] = { "execve", "execveat", "fork",
		"vfork", "ptrace", "kill", "socket", "clone", "clone3",
		"mount", "umount2", "open_tree", "setuid", "setresuid",
		"capset", "chroot", "pivot_root", "unshare", "setns", "bpf",
		"io_uring_setup", "process_vm_writev", "mmap", "mprotect",
		"ioctl", "prctl", "listen", "init_module", "keyctl",
		"userfaultfd", "perf_event_open", "personality" };
	size_t i, k;

	for (i = 0; callfilter_name(i); i++)
		for (k = 0; k < NELEM(never); k++)
			ck_assert_str_ne(callfilter_name(i), never[k]);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT_LOOP(sandbox_forbidden_call_ends_the_process, NELEM(forbidden)),
	UNIT_LOOP(sandbox_files_outside_are_not_there, NELEM(files)),
	UNIT_LOOP(sandbox_what_is_needed_works, NELEM(allowed)),
	UNIT(sandbox_no_port_can_be_taken),
	UNIT(sandbox_abort_is_an_abort),
	UNIT(sandbox_has_no_rights_and_gets_none),
	UNIT(sandbox_lacks_nothing_where_all_is),
	UNIT(sandbox_orphan_does_not_start),
	UNIT(sandbox_ends_with_its_parent),
	UNIT(callfilter_names_are_system_calls),
	UNIT(callfilter_names_are_harmless),
};
UNIT_MAIN("sandbox", tests)

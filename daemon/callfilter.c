/* daemon/callfilter.c - the system calls that the engine may make */
#include "daemon/callfilter.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/netlink.h>
#include <linux/sockios.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

/* What the C library needs for itself: memory, time, threads, the end.
 *
 * Old names stand beside new ones, since which of them a C library uses is its
 * own affair. */
/* seccomp: brk munmap mremap madvise mlock munlock mincore
 * clock_gettime clock_nanosleep gettimeofday nanosleep time
 * futex set_robust_list rseq sched_yield sched_getaffinity gettid getpid
 * getppid getuid geteuid getgid getegid
 * rt_sigaction rt_sigprocmask rt_sigreturn sigaltstack restart_syscall
 * exit exit_group sysinfo uname getrlimit */

struct row {
	const char	*name;
};

static const struct row rows[] = {
#include <daemon/callfilter_names.h>	/* made, in the build directory */
};

enum { NROWS = sizeof(rows) / sizeof(rows[0]), ARGS_MAX = 3 };

#ifndef PR_SET_VMA
#define PR_SET_VMA	0x53564d41
#endif

#define EQ(n, v)	{ .arg = (n), .op = SCMP_CMP_EQ, .datum_a = (v) }
#define BITS(n, m, v)	{ .arg = (n), .op = SCMP_CMP_MASKED_EQ,		\
			    .datum_a = (m), .datum_b = (v) }
#define TYPE(v)		BITS(1, ~(unsigned)(SOCK_NONBLOCK | SOCK_CLOEXEC) & \
			    0xffffffffu, (v))

struct checked {
	const char	*name;
	unsigned	 n;
	struct scmp_arg_cmp arg[ARGS_MAX];
};

/* A call is allowed where one of its rows holds.  The kernel looks at 64 bits
 * of an argument of which it then takes 32, hence the masks of a full word. */
static const struct checked checked[] = {
	/* relays, destinations, resolvers */
	{ "socket", 2, { EQ(0, AF_INET), TYPE(SOCK_STREAM) } },
	{ "socket", 2, { EQ(0, AF_INET6), TYPE(SOCK_STREAM) } },
	{ "socket", 2, { EQ(0, AF_INET), TYPE(SOCK_DGRAM) } },
	{ "socket", 2, { EQ(0, AF_INET6), TYPE(SOCK_DGRAM) } },
	/* who is whose neighbour (daemon/kin_kernel, getifaddrs) */
	{ "socket", 3, { EQ(0, AF_NETLINK), TYPE(SOCK_RAW),
	    EQ(2, NETLINK_ROUTE) } },
	/* memory is never a program */
	{ "mmap", 1, { BITS(2, PROT_EXEC, 0) } },
	{ "mprotect", 1, { BITS(2, PROT_EXEC, 0) } },
	/* threads, not processes */
	{ "clone", 1, { BITS(0, CLONE_THREAD | CLONE_VM | CLONE_NEWUSER |
	    CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWPID | CLONE_NEWIPC |
	    CLONE_NEWUTS, CLONE_THREAD | CLONE_VM) } },
	{ "prlimit64", 1, { EQ(0, 0) } },
	{ "getpriority", 2, { EQ(0, PRIO_PROCESS), EQ(1, 0) } },
	{ "setpriority", 2, { EQ(0, PRIO_PROCESS), EQ(1, 0) } },
	{ "prctl", 1, { EQ(0, PR_SET_NAME) } },
	{ "prctl", 1, { EQ(0, PR_SET_VMA) } },
	/* not whom to send signals to */
	{ "fcntl", 1, { EQ(1, F_GETFD) } },
	{ "fcntl", 1, { EQ(1, F_SETFD) } },
	{ "fcntl", 1, { EQ(1, F_GETFL) } },
	{ "fcntl", 1, { EQ(1, F_SETFL) } },
	{ "fcntl", 1, { EQ(1, F_DUPFD_CLOEXEC) } },
	/* how much waits in a socket; is this a terminal */
	{ "ioctl", 1, { EQ(1, FIONREAD) } },
	{ "ioctl", 1, { EQ(1, SIOCOUTQ) } },
	{ "ioctl", 1, { EQ(1, FIONBIO) } },
	/* what an interface is called (daemon/kin_kernel) */
	{ "ioctl", 1, { EQ(1, SIOCGIFNAME) } },
	{ "ioctl", 1, { EQ(1, TCGETS) } },
	/* a TUN that somebody else opened (tun/tundev_linux) */
	{ "ioctl", 1, { EQ(1, TUNGETIFF) } },
	{ "ioctl", 1, { EQ(1, TUNSETVNETHDRSZ) } },
	{ "ioctl", 1, { EQ(1, TUNSETOFFLOAD) } },
};

enum { NCHECKED = sizeof(checked) / sizeof(checked[0]) };

/* Refused, and not the end: a C library tries them, and has another way. */
static const struct { const char *name; int err; } refused[] = {
	{ "clone3", ENOSYS },		/* its flags cannot be seen */
	{ "socketpair", EACCES },
};

const char *
callfilter_name(size_t i)
{
	return i < NROWS ? rows[i].name : NULL;
}

static int
number(const char *name)
{
	return seccomp_syscall_resolve_name(name);
}

/* What this machine does not have nobody can call. */
static int
allow(scmp_filter_ctx f, const char *name, unsigned n,
    const struct scmp_arg_cmp *arg)
{
	int nr = number(name);

	if (nr == __NR_SCMP_ERROR || nr < 0)
		return 0;
	return seccomp_rule_add_array(f, SCMP_ACT_ALLOW, nr, n, arg);
}

/* abort() sends a signal: to itself, and to nobody else. */
static int
allow_abort(scmp_filter_ctx f)
{
	struct scmp_arg_cmp self = EQ(0, (scmp_datum_t)getpid());

	return allow(f, "tgkill", 1, &self);
}

/* A system log that was started again is connected to anew; else whoever tries
 * finds none. */
static int
add_unix(scmp_filter_ctx f, int syslog)
{
	struct scmp_arg_cmp arg[2] = { EQ(0, AF_UNIX), TYPE(SOCK_DGRAM) };

	if (syslog)
		return allow(f, "socket", 2, arg);
	return seccomp_rule_add_array(f, SCMP_ACT_ERRNO(EACCES),
	    number("socket"), 1, arg);
}

static int
add_rules(scmp_filter_ctx f, const struct callfilter_conf *c)
{
	size_t i;
	int rc = 0, nr;

	for (i = 0; i < NROWS && rc == 0; i++)
		rc = allow(f, rows[i].name, 0, NULL);
	for (i = 0; i < NCHECKED && rc == 0; i++)
		rc = allow(f, checked[i].name, checked[i].n, checked[i].arg);
	for (i = 0; i < sizeof(refused) / sizeof(refused[0]) && rc == 0; i++)
		if ((nr = number(refused[i].name)) >= 0)
			rc = seccomp_rule_add_array(f, SCMP_ACT_ERRNO((unsigned)
			    refused[i].err), nr, 0, NULL);
	if (rc == 0)
		rc = allow_abort(f);
	return rc == 0 ? add_unix(f, c->syslog) : rc;
}

#ifdef CALLFILTER_TELL
static void
on_sigsys(int sig, siginfo_t *si, void *context)
{
	char text[] = "not on the list of system calls: 0000\n";
	char *digit = strrchr(text, '\n');
	int nr = si->si_syscall;
	ssize_t n;

	(void)sig;
	(void)context;
	for (; nr > 0 && digit[-1] == '0'; nr /= 10)
		*--digit = (char)('0' + nr % 10);
	n = write(STDERR_FILENO, text, sizeof(text) - 1);
	_exit(n < 0 ? 128 : 128 + SIGSYS);
}

static uint32_t
otherwise(void)
{
	struct sigaction sa = { .sa_sigaction = on_sigsys,
		.sa_flags = SA_SIGINFO };

	sigaction(SIGSYS, &sa, NULL);
	return SCMP_ACT_TRAP;
}
#else
static uint32_t
otherwise(void)
{
	return SCMP_ACT_KILL_PROCESS;
}
#endif

int
callfilter_load(const struct callfilter_conf *c, char *why, size_t max)
{
	scmp_filter_ctx f = seccomp_init(otherwise());
	int rc = -ENOMEM;

	if (f == NULL)
		goto out;
	/* A tree of comparisons: it is asked at each call. */
	(void)seccomp_attr_set(f, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	if ((rc = seccomp_attr_set(f, SCMP_FLTATR_ACT_BADARCH,
	    SCMP_ACT_KILL_PROCESS)) == 0 && (rc = add_rules(f, c)) == 0)
		rc = seccomp_load(f);
	seccomp_release(f);
	/* so it says that the kernel has it not */
	if (rc == -ECANCELED || rc == -EINVAL)
		rc = -ENOSYS;
out:
	if (rc < 0)
		snprintf(why, max, "no filter of system calls: %s",
		    strerror(-rc));
	return rc;
}

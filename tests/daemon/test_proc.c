/* tests/daemon/test_proc.c - a process of each kind */
#include "daemon/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/procmsg.h"
#include "tests/unit.h"

/* Says its name, then what it heard, until the other side is gone. */
static int
echo(void *arg, const int fd[PROC_SOCKETS])
{
	struct procmsg m = { .type = PROCMSG_SAID };

	prctl(PR_GET_NAME, m.text);
	m.value = *(int *)arg;
	procmsg_send(fd[1], &m);
	while (procmsg_recv(fd[0], &m, 60000) == 0)
		procmsg_send(fd[0], &m);
	return 7;
}

static int
stay(void *arg, const int fd[PROC_SOCKETS])
{
	(void)arg;
	(void)fd;
	while (pause() < 0 && errno == EINTR)
		;
	return 0;
}

START_TEST(proc_start_child_has_its_name_and_both_sockets)
{
	static const char *const name[] = { [PROC_ENGINE] = "ot-engine",
		[PROC_KEEPER] = "ot-keeper", [PROC_FIREWALL] = "ot-firewall" };
	struct procmsg m;
	struct proc p;
	int arg = 42, status;
	int kind = PROC_ENGINE + _i;

	ck_assert_int_eq(proc_start(&p, (enum proc_kind)kind, echo, &arg), 0);
	ck_assert_int_eq(procmsg_recv(p.fd[1], &m, 60000), 0);
	ck_assert_str_eq(m.text, name[kind]);
	ck_assert_int_eq(m.value, 42);
	m = (struct procmsg){ .type = PROCMSG_DONE, .value = 3 };
	ck_assert_int_eq(procmsg_send(p.fd[0], &m), 0);
	ck_assert_int_eq(procmsg_recv(p.fd[0], &m, 60000), 0);
	ck_assert_int_eq(m.value, 3);
	proc_close(&p);
	ck_assert_int_eq(p.fd[0], -1);
	ck_assert_int_eq(waitpid(p.pid, &status, 0), p.pid);
	ck_assert_int_eq(WEXITSTATUS(status), 7);
}
END_TEST

/* Says how many descriptors it has, on the second of its own. */
static int
alone(void *arg, const int fd[PROC_SOCKETS])
{
	struct procmsg m = { .type = PROCMSG_SAID };
	int own[PROC_SOCKETS] = { fd[0], fd[1] }, i;

	(void)arg;
	/* where they are to come, too */
	if (dup2(STDERR_FILENO, 3) < 0 || dup2(STDERR_FILENO, 4) < 0 ||
	    dup2(STDERR_FILENO, 77) < 0)
		return 1;
	for (i = 0; i < PROC_SOCKETS; i++)
		if ((own[i] = fcntl(fd[i], F_DUPFD, 100)) < 0)
			return 1;
	if (proc_alone(own) < 0)
		return 2;
	for (i = 0; i < 1024; i++)
		m.value += fcntl(i, F_GETFD) >= 0;
	for (i = 0; i < PROC_SOCKETS; i++)
		if (!(fcntl(own[i], F_GETFD) & FD_CLOEXEC))
			return 3;
	procmsg_send(own[1], &m);
	return procmsg_recv(own[0], &m, 60000) == -EPIPE ? 0 : 4;
}

START_TEST(proc_alone_leaves_the_two_sockets_and_nothing_else)
{
	struct procmsg m;
	struct proc p;
	int status;

	ck_assert_int_eq(proc_start(&p, PROC_FIREWALL, alone, NULL), 0);
	ck_assert_int_eq(procmsg_recv(p.fd[1], &m, 60000), 0);
	ck_assert_int_eq(m.value, STDERR_FILENO + 1 + PROC_SOCKETS);
	proc_close(&p);
	ck_assert_int_eq(waitpid(p.pid, &status, 0), p.pid);
	ck_assert_int_eq(status, 0);
}
END_TEST

START_TEST(proc_start_child_does_not_heed_a_services_signals)
{
	static const int all[] = { SIGHUP, SIGINT, SIGTERM, SIGUSR1, SIGUSR2 };
	struct procmsg m;
	struct proc p;
	int arg = 0;
	size_t i;

	ck_assert_int_eq(proc_start(&p, PROC_ENGINE, echo, &arg), 0);
	ck_assert_int_eq(procmsg_recv(p.fd[1], &m, 60000), 0);
	for (i = 0; i < NELEM(all); i++)
		kill(p.pid, all[i]);
	m = (struct procmsg){ .type = PROCMSG_DONE };
	ck_assert_int_eq(procmsg_send(p.fd[0], &m), 0);
	ck_assert_int_eq(procmsg_recv(p.fd[0], &m, 60000), 0);
	proc_close(&p);
	proc_wait(&p);
	ck_assert_int_eq(p.pid, 0);
	ck_assert_int_eq(waitpid(-1, NULL, 0), -1);
	ck_assert_int_eq(errno, ECHILD);
}
END_TEST

START_TEST(proc_wait_who_does_not_end_is_killed)
{
	struct proc p;

	ck_assert_int_eq(proc_start(&p, PROC_KEEPER, stay, NULL), 0);
	proc_close(&p);
	proc_wait(&p);
	ck_assert_int_eq(waitpid(-1, NULL, 0), -1);
	ck_assert_int_eq(errno, ECHILD);
}
END_TEST

START_TEST(proc_capabilities_are_as_few_as_can_be)
{
	ck_assert_uint_eq(proc_capabilities(PROC_ENGINE), 0);
	ck_assert_uint_eq(proc_capabilities(PROC_KEEPER), 1u << CAP_NET_ADMIN);
	ck_assert_uint_eq(proc_capabilities(PROC_FIREWALL), 1u <<
	    CAP_NET_ADMIN | 1u << CAP_NET_RAW | 1u << CAP_SYS_ADMIN |
	    1u << CAP_DAC_READ_SEARCH);
	ck_assert_uint_eq(proc_capabilities(PROC_PARENT) &
	    (1u << CAP_SYS_MODULE | 1u << CAP_SYS_PTRACE |
	    1u << CAP_SYS_RAWIO | 1u << CAP_SYS_BOOT | 1u << CAP_SYS_TIME |
	    1u << CAP_MKNOD | 1u << CAP_SETFCAP), 0);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT_LOOP(proc_start_child_has_its_name_and_both_sockets, 3),
	UNIT(proc_alone_leaves_the_two_sockets_and_nothing_else),
	UNIT(proc_start_child_does_not_heed_a_services_signals),
	UNIT(proc_wait_who_does_not_end_is_killed),
	UNIT(proc_capabilities_are_as_few_as_can_be),
};
UNIT_MAIN("proc", tests)

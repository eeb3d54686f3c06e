/* tests/daemon/test_proc.c - a process of each kind */
#include "daemon/proc.h"

#include <errno.h>
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
		[PROC_KEEPER] = "ot-keeper" };
	struct procmsg m;
	struct proc p;
	int arg = 42, status;
	int kind = _i ? PROC_KEEPER : PROC_ENGINE;

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
	ck_assert_uint_eq(proc_capabilities(PROC_PARENT) &
	    (1u << CAP_SYS_MODULE | 1u << CAP_SYS_PTRACE |
	    1u << CAP_SYS_RAWIO | 1u << CAP_SYS_BOOT | 1u << CAP_SYS_TIME |
	    1u << CAP_MKNOD | 1u << CAP_SETFCAP), 0);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT_LOOP(proc_start_child_has_its_name_and_both_sockets, 2),
	UNIT(proc_start_child_does_not_heed_a_services_signals),
	UNIT(proc_wait_who_does_not_end_is_killed),
	UNIT(proc_capabilities_are_as_few_as_can_be),
};
UNIT_MAIN("proc", tests)

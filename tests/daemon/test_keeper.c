/* tests/daemon/test_keeper.c - messages, and the helper as a process
 *
 * Where we have the rights for it, in a network namespace of our own; without
 * them the helper says so, which is as well.
 */
#include "daemon/keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/evloop.h"
#include "daemon/procmsg.h"
#include "daemon/keepproc.h"
#include "policy/netplan.h"
#include "tests/unit.h"

/* --- messages --- */

static int pair[2];

static void
make_pair(void)
{
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
}

START_TEST(procmsg_recv_gives_what_was_sent)
{
	struct procmsg a = { .type = PROCMSG_FAILED, .value = -ENODEV,
		.text = "there is no lan9" }, b;

	make_pair();
	ck_assert_int_eq(procmsg_send(pair[0], &a), 0);
	ck_assert_int_eq(procmsg_recv(pair[1], &b, 0), 0);
	ck_assert_int_eq(b.type, PROCMSG_FAILED);
	ck_assert_int_eq(b.value, -ENODEV);
	ck_assert_str_eq(b.text, "there is no lan9");
	ck_assert_uint_eq(b.nfds, 0);
}
END_TEST

START_TEST(procmsg_recv_descriptors_are_the_receivers_and_closed_on_exec)
{
	struct procmsg a = { .type = PROCMSG_SOCKETS, .value = AF_INET }, b;
	unsigned i;

	make_pair();
	for (i = 0; i < PROCMSG_FDS; i++)
		a.fds[a.nfds++] = pair[0];
	ck_assert_int_eq(procmsg_send(pair[0], &a), 0);
	ck_assert_int_eq(procmsg_recv(pair[1], &b, 0), 0);
	ck_assert_uint_eq(b.nfds, PROCMSG_FDS);
	for (i = 0; i < PROCMSG_FDS; i++)
		ck_assert_int_eq(fcntl(b.fds[i], F_GETFD), FD_CLOEXEC);
	procmsg_close(&b);
	ck_assert_uint_eq(b.nfds, 0);
}
END_TEST

START_TEST(procmsg_recv_nothing_times_out_and_an_end_is_told)
{
	struct procmsg m;

	make_pair();
	ck_assert_int_eq(procmsg_recv(pair[1], &m, 0), -ETIMEDOUT);
	close(pair[0]);
	ck_assert_int_eq(procmsg_recv(pair[1], &m, 0), -EPIPE);
}
END_TEST

START_TEST(procmsg_recv_what_is_no_message_is_refused)
{
	static const struct { uint32_t type; int32_t value; } odd[] = {
		{ PROCMSG_NONE, 0 }, { PROCMSG_NTYPES, 0 }, { UINT32_MAX, 0 }
	};
	static const char zeros[2000];
	struct procmsg m;
	size_t i;

	make_pair();
	for (i = 0; i < NELEM(odd); i++) {
		ck_assert_int_eq(send(pair[0], &odd[i], sizeof(odd[i]), 0),
		    sizeof(odd[i]));
		ck_assert_int_eq(procmsg_recv(pair[1], &m, 0), -EPROTO);
	}
	ck_assert_int_eq(send(pair[0], zeros, 7, 0), 7);
	ck_assert_int_eq(procmsg_recv(pair[1], &m, 0), -EPROTO);
	ck_assert_int_eq(send(pair[0], zeros, sizeof(zeros), 0),
	    sizeof(zeros));
	ck_assert_int_eq(procmsg_recv(pair[1], &m, 0), -EPROTO);
}
END_TEST

/* Descriptors that nobody asked for are closed: the pair's end is seen. */
START_TEST(procmsg_recv_descriptors_with_another_type_are_closed)
{
	struct procmsg a = { .type = PROCMSG_SOCKETS, .nfds = 1 }, m;
	int extra[2];
	char c;

	make_pair();
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, extra), 0);
	a.fds[0] = extra[0];
	a.type = PROCMSG_DONE;
	ck_assert_int_eq(procmsg_send(pair[0], &a), 0);
	close(extra[0]);
	ck_assert_int_eq(procmsg_recv(pair[1], &m, 0), -EPROTO);
	ck_assert_int_eq(read(extra[1], &c, 1), 0);
}
END_TEST

START_TEST(procmsg_recv_text_is_printable)
{
	struct procmsg a = { .type = PROCMSG_SAID, .text = "a\n\x1b[2Jb" }, b;

	make_pair();
	ck_assert_int_eq(procmsg_send(pair[0], &a), 0);
	ck_assert_int_eq(procmsg_recv(pair[1], &b, 0), 0);
	ck_assert_str_eq(b.text, "a??[2Jb");
}
END_TEST

/* --- the process --- */

static char dir[] = "/tmp/test_keeper.XXXXXX";
static struct netplan_conf plan;
static struct keeper *k;
static char why[PROCMSG_TEXT];

static int
have_rights(void)
{
	return geteuid() == 0 && unshare(CLONE_NEWNET) == 0;
}

static void
start_with(const char *lan, int undo)
{
	struct keepproc_conf kc = { .plan = &plan, .directory = dir,
		.undo = undo };

	ck_assert_ptr_nonnull(mkdtemp(dir));
	strcpy(plan.tun, "ot0");
	strcpy(plan.lan[0], lan);
	plan.nlan = 1;
	plan.mtu = 1500;
	ck_assert_msg(keeper_new(&k, &kc, why, sizeof(why)) == 0, "%s", why);
}

static void
start(void)
{
	start_with("nolan0", 0);
}

static void
end(void)
{
	keeper_free(k);
	ck_assert_int_eq(rmdir(dir), 0);
}

START_TEST(keeper_prepare_without_that_interface_says_so)
{
	int rights = have_rights(), rc;

	start();
	rc = keeper_prepare(k, why, sizeof(why));
	ck_assert_int_eq(rc, -ENODEV);
	ck_assert_str_eq(why, "TunClients: there is no interface nolan0");
	(void)rights;		/* to look needs none */
	end();
}
END_TEST

/* What it wrote down is the daemon's user's to change. */
START_TEST(keeper_undo_is_done_where_it_was_said_before_and_as_it_was)
{
	char path[64];
	FILE *f;

	if (!have_rights())
		return;
	start_with("lo", _i);
	ck_assert_int_eq(keeper_prepare(k, why, sizeof(why)), 0);
	snprintf(path, sizeof(path), "%s/tun-before", dir);
	ck_assert_ptr_nonnull(f = fopen(path, "w"));
	fputs("not what it wrote\n", f);
	fclose(f);
	ck_assert_int_eq(keeper_undo(k, why, sizeof(why)), _i ? 0 : -EPERM);
	ck_assert_int_eq(access(path, F_OK), _i ? -1 : 0);
	unlink(path);
	end();
}
END_TEST

/* An engine that somebody took over is not to open what it should close; and
 * its end is not the keeper's. */
START_TEST(keepproc_undo_is_the_parents_alone)
{
	struct keepproc_conf kc = { .plan = &plan, .directory = dir,
		.undo = 1 };
	struct procmsg undo = { .type = PROCMSG_UNDO }, m;
	int engine[2], parent[2], status;
	pid_t pid;

	if (!have_rights())
		return;
	ck_assert_ptr_nonnull(mkdtemp(dir));
	strcpy(plan.tun, "ot0");
	plan.mtu = 1500;
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, engine), 0);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, parent), 0);
	if ((pid = fork()) == 0)
		_exit(keepproc_run(engine[1], parent[1], &kc));
	close(engine[1]);
	close(parent[1]);
	ck_assert_int_eq(procmsg_recv(parent[0], &m, 10000), 0);
	ck_assert_int_eq(m.type, PROCMSG_DONE);

	ck_assert_int_eq(procmsg_send(engine[0], &undo), 0);
	ck_assert_int_eq(procmsg_recv(engine[0], &m, 10000), 0);
	ck_assert_int_eq(m.type, PROCMSG_FAILED);
	ck_assert_int_eq(m.value, -EPERM);
	ck_assert_int_eq(send(engine[0], "rubbish", 7, 0), 7);
	close(engine[0]);
	ck_assert_int_eq(waitpid(pid, &status, WNOHANG), 0);

	ck_assert_int_eq(procmsg_send(parent[0], &undo), 0);
	ck_assert_int_eq(procmsg_recv(parent[0], &m, 10000), 0);
	ck_assert_int_eq(m.type, PROCMSG_DONE);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	ck_assert_int_eq(rmdir(dir), 0);
}
END_TEST

START_TEST(keeper_apply_before_prepare_is_refused)
{
	start();
	ck_assert_int_eq(keeper_apply(k, why, sizeof(why)), -EINVAL);
	end();
}
END_TEST

START_TEST(keeper_socket_is_marked_or_there_is_none)
{
	static const int families[] = { AF_INET, AF_INET6 };
	int rights = have_rights(), fd, i, type, n;
	socklen_t len = sizeof(type);

	start();
	for (i = 0; i < 2; i++)
		for (n = 0; n < PROCMSG_FDS + 2; n++) {
			fd = keeper_socket(k, families[i]);
			if (!rights) {
				ck_assert_int_eq(fd, -EPERM);
				continue;
			}
			ck_assert_int_ge(fd, 0);
			getsockopt(fd, SOL_SOCKET, SO_MARK, &type, &len);
			ck_assert_int_eq(type, NETPLAN_MARK);
			getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &type, &len);
			ck_assert_int_eq(type, families[i]);
			ck_assert(fcntl(fd, F_GETFL) & O_NONBLOCK);
			ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
			close(fd);
		}
	end();
}
END_TEST

START_TEST(keeper_socket_of_another_family_is_refused)
{
	start();
	ck_assert_int_eq(keeper_socket(k, AF_UNIX), -EAFNOSUPPORT);
	end();
}
END_TEST

static int gone;

static void
on_gone(void *arg)
{
	gone++;
	evloop_stop(arg);
}

/* The only child that we have is the helper. */
static pid_t
the_child(void)
{
	char text[64];
	FILE *f;
	size_t n;

	snprintf(text, sizeof(text), "/proc/self/task/%d/children", getpid());
	ck_assert_ptr_nonnull(f = fopen(text, "r"));
	n = fread(text, 1, sizeof(text) - 1, f);
	text[n] = '\0';
	fclose(f);
	return (pid_t)atoi(text);
}

START_TEST(keeper_watch_tells_when_it_died)
{
	struct evloop ev;
	pid_t pid;

	start();
	ck_assert_int_eq(evloop_init(&ev), 0);
	ck_assert_int_eq(keeper_watch(k, &ev, on_gone, &ev), 0);
	ck_assert_int_gt(pid = the_child(), 0);
	kill(pid, SIGTERM);	/* it does not heed that */
	ck_assert_int_eq(keeper_socket(k, AF_UNIX), -EAFNOSUPPORT);
	kill(pid, SIGKILL);
	ck_assert_int_eq(evloop_run(&ev), 0);
	ck_assert_int_eq(gone, 1);
	ck_assert_int_lt(keeper_apply(k, why, sizeof(why)), 0);
	end();
	evloop_fini(&ev);
}
END_TEST

static int
owes_nothing(void)
{
	struct timespec step = { .tv_nsec = 10 * 1000 * 1000 };
	int i;

	for (i = 0; i < 1000; i++) {
		if (keeper_ping(k) == 0)
			return 1;
		nanosleep(&step, NULL);
	}
	return 0;
}

START_TEST(keeper_ping_counts_what_is_owed)
{
	unsigned owed;
	int status;
	pid_t pid;

	start();
	ck_assert_uint_eq(keeper_ping(k), 0);
	ck_assert(owes_nothing());
	ck_assert_int_gt(pid = keeper_pid(k), 0);
	ck_assert_int_eq(kill(pid, SIGSTOP), 0);
	ck_assert_int_eq(waitpid(pid, &status, WUNTRACED), pid);
	owed = keeper_ping(k);	/* the last one may have been answered */
	ck_assert_uint_eq(keeper_ping(k), owed + 1);
	ck_assert_uint_eq(keeper_ping(k), owed + 2);
	ck_assert_int_eq(kill(pid, SIGCONT), 0);
	ck_assert(owes_nothing());
	/* nor do late answers stand in the way of another question's */
	ck_assert_int_eq(keeper_undo(k, why, sizeof(why)), -EPERM);
	end();
}
END_TEST

START_TEST(keeper_free_ends_it)
{
	start();
	ck_assert_int_gt(the_child(), 0);
	end();
	ck_assert_int_eq(waitpid(-1, NULL, 0), -1);
	ck_assert_int_eq(errno, ECHILD);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(procmsg_recv_gives_what_was_sent),
	UNIT(procmsg_recv_descriptors_are_the_receivers_and_closed_on_exec),
	UNIT(procmsg_recv_nothing_times_out_and_an_end_is_told),
	UNIT(procmsg_recv_what_is_no_message_is_refused),
	UNIT(procmsg_recv_descriptors_with_another_type_are_closed),
	UNIT(procmsg_recv_text_is_printable),
	UNIT(keeper_prepare_without_that_interface_says_so),
	UNIT_LOOP(keeper_undo_is_done_where_it_was_said_before_and_as_it_was, 2),
	UNIT(keepproc_undo_is_the_parents_alone),
	UNIT(keeper_apply_before_prepare_is_refused),
	UNIT(keeper_socket_is_marked_or_there_is_none),
	UNIT(keeper_socket_of_another_family_is_refused),
	UNIT(keeper_watch_tells_when_it_died),
	UNIT(keeper_ping_counts_what_is_owed),
	UNIT(keeper_free_ends_it),
};
UNIT_MAIN("keeper", tests)

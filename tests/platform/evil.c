/* tests/platform/evil.c - an engine that somebody took over
 *
 * The program, but for an engine that, once it is up, does what the file `evil`
 * in its DataDirectory names, and writes what came of it into `evil.out`.
 *
 *	evil attempt NAME	does the same outside, as a control
 *	evil list		names them: NAME, and what is to come of it
 *	evil ...		else is onion-transparent
 *
 * What is to come of it: the engine's end by its filter ("end"), an error
 * ("error"), its end by the parent ("kill"), or a refusal ("refused").
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netpacket/packet.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/procmsg.h"
#include "tests/platform/evil.h"

#undef main

enum { FLOOD = 20000 };

static int ask_fd = -1, tell_fd = -1;
static const char *home = "/tmp";

static int
as_errno(long rc)
{
	return rc < 0 ? errno : 0;
}

/* --- files --- */

static int
shadow(void)
{
	return as_errno(open("/etc/shadow", O_RDONLY));
}

static int
upwards(void)
{
	int dir = open(home, O_RDONLY | O_DIRECTORY);

	return as_errno(dir < 0 ? -1 : openat(dir,
	    "../../../../../../../../etc/passwd", O_RDONLY));
}

static int
link_out(void)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/evil.link", home);
	return as_errno(open(path, O_RDONLY));
}

static int
list_root(void)
{
	return as_errno(open("/usr", O_RDONLY | O_DIRECTORY));
}

static int
parents_memory(void)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/mem", (int)getppid());
	return as_errno(open(path, O_RDWR));
}

static int
write_out(void)
{
	return as_errno(open("/var/tmp", O_TMPFILE | O_WRONLY, 0600));
}

static int
port_53(void)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	in.sin_port = htons(54);
	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return as_errno(bind(fd, (struct sockaddr *)&in, sizeof(in)));
}

/* A name that is nobody's file: who listens there is reached from everywhere
 * in this network. */
static int
unix_socket(void)
{
	return as_errno(socket(AF_UNIX, SOCK_STREAM, 0));
}

/* --- calls --- */

static int
packet(void)
{
	return as_errno(socket(AF_PACKET, SOCK_RAW, 0));
}

static int
raw(void)
{
	return as_errno(socket(AF_INET, SOCK_RAW, IPPROTO_RAW));
}

static int
trace_parent(void)
{
	int rc = as_errno(ptrace(PTRACE_SEIZE, getppid(), NULL, NULL));

	if (rc == 0)
		ptrace(PTRACE_DETACH, getppid(), NULL, NULL);
	return rc;
}

static int
kill_parent(void)
{
	return as_errno(kill(getppid(), SIGCONT));
}

static int
kill_all(void)
{
	return as_errno(kill(0, SIGCONT));
}

/* Where it succeeds there is no way back: a child tries. */
static int
execute(void)
{
	int status;
	pid_t pid;

	if (ask_fd >= 0)
		execl("/bin/true", "true", (char *)NULL);
	if ((pid = fork()) == 0) {
		execl("/bin/true", "true", (char *)NULL);
		_exit(1);
	}
	waitpid(pid, &status, 0);
	return status;
}

static int
become_root(void)
{
	return as_errno(setresuid(0, 0, 0));
}

static int
mount_one(void)
{
	return as_errno(unshare(CLONE_NEWNS) < 0 ? -1 : mount("tmpfs", "/mnt",
	    "tmpfs", 0, NULL));
}

static int
new_user(void)
{
	return as_errno(unshare(CLONE_NEWUSER));
}

static int
new_root(void)
{
	return as_errno(chroot("/"));
}

static int
program_memory(void)
{
	return mmap(NULL, 4096, PROT_EXEC | PROT_WRITE, MAP_PRIVATE |
	    MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? errno : 0;
}

static int
traced_by_all(void)
{
	return as_errno(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0));
}

static int
outlive_parent(void)
{
	return as_errno(prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0));
}

static int
type_for_others(void)
{
	char c = 'x';
	int fd[2];

	/* it is no terminal: what counts is whether the call is made */
	return pipe2(fd, 0) == 0 && ioctl(fd[0], TIOCSTI, &c) < 0 &&
	    errno != ENOTTY ? errno : 0;
}

static int
listen_there(void)
{
	return as_errno(listen(socket(AF_INET, SOCK_STREAM, 0), 1));
}

static int
bpf(void)
{
	return syscall(SYS_bpf, 99, NULL, 0) < 0 && errno == ENOSYS ? ENOSYS :
	    0;
}

static int
ring(void)
{
	return syscall(SYS_io_uring_setup, 0, NULL) < 0 && errno == ENOSYS ?
	    ENOSYS : 0;
}

/* To be let go as if it had been told to. */
static int
leave(void)
{
	_exit(0);
}

/* --- messages --- */

static int
say(int fd, const void *data, size_t len)
{
	return as_errno(send(fd, data, len, MSG_NOSIGNAL));
}

/* The parent is to end us; should it not, say so. */
static int
wait_to_die(int rc)
{
	struct pollfd none = { .fd = -1 };

	poll(&none, 1, 10 * 1000);
	return rc;
}

static int
say_and_die(int fd, enum procmsg_type type)
{
	struct procmsg m = { .type = type };

	return wait_to_die(procmsg_send(fd, &m));
}

/* Alive, and deaf: to be left alone, with what it has. */
static int
hang_up(void)
{
	struct pollfd none = { .fd = -1 };

	close(ask_fd);
	close(tell_fd);
	poll(&none, 1, 60 * 1000);
	return 0;
}

/* Or busy with something else, for ever. */
static int
hang(void)
{
	for (;;)
		(void)getppid();
	return 0;
}

static int
garbage(void)
{
	return wait_to_die(say(ask_fd, "\xff\xff\xff\xff\x7f\0\0\0 x", 10));
}

static int
short_one(void)
{
	return wait_to_die(say(ask_fd, "\x08", 1));
}

static int
long_one(void)
{
	static char big[60000] = { PROCMSG_UP };

	return wait_to_die(say(ask_fd, big, sizeof(big)));
}

static int
order(void)
{
	return say_and_die(ask_fd, PROCMSG_UNDO);
}

static int
up_twice(void)
{
	return say_and_die(ask_fd, PROCMSG_UP);
}

static int
answer(void)
{
	return say_and_die(tell_fd, PROCMSG_DONE);
}

static int
reload(void)
{
	return say_and_die(tell_fd, PROCMSG_RELOAD);
}

static int
gift(void)
{
	struct procmsg m = { .type = PROCMSG_LENT, .nfds = 2,
		.fds = { ask_fd, tell_fd } };

	return wait_to_die(procmsg_send(ask_fd, &m));
}

/* Twenty thousand questions, and no ear for an answer. */
static int
flood(void)
{
	struct procmsg m = { .type = PROCMSG_LEND };
	int i, rc = 0;

	for (i = 0; i < FLOOD && rc == 0; i++)
		rc = procmsg_send(ask_fd, &m);
	return wait_to_die(rc);
}

/* The same, with an ear. */
static int
pester(void)
{
	struct procmsg m;
	int i, rc = 0;

	for (i = 0; i < FLOOD && rc == 0; i++) {
		m = (struct procmsg){ .type = PROCMSG_LEND };
		if ((rc = procmsg_send(ask_fd, &m)) == 0 &&
		    (rc = procmsg_recv(ask_fd, &m, 5000)) == 0)
			procmsg_close(&m);
	}
	return wait_to_die(rc);
}

/* 0: it got something. */
static int
ask_for(enum procmsg_type type, int32_t row)
{
	struct procmsg m = { .type = type, .value = row };
	int rc = procmsg_send(ask_fd, &m);

	if (rc == 0)
		rc = procmsg_recv(ask_fd, &m, 5000);
	if (rc < 0)
		return EIO;
	if (m.nfds == 0)
		return m.value < 0 ? -m.value : EIO;
	procmsg_close(&m);
	return 0;
}

static int
no_row(void)
{
	return ask_for(PROCMSG_LEND, 4711);
}

static int
negative_row(void)
{
	return ask_for(PROCMSG_LEND, INT32_MIN);
}

static int
new_row(void)
{
	return ask_for(PROCMSG_LEND_NEW, 0);
}

static int
empty_row(void)
{
	return ask_for(PROCMSG_LEND, 7);	/* there is no TUN */
}

static int
socket_again(void)
{
	return ask_for(PROCMSG_LEND, 5);	/* its StatusSocket */
}

/* What an honest one asks for, at the first number that has something. */
static int
honest(void)
{
	int i;

	for (i = 0; i < 16; i++)
		if (ask_for(PROCMSG_LEND, i) == 0)
			return 0;
	return EPERM;
}

static const struct attempt {
	const char	*name, *outcome;
	int		(*try)(void);
} attempts[] = {
	{ "shadow", "error", shadow }, { "upwards", "error", upwards },
	{ "link-out", "error", link_out },
	{ "list-root", "error", list_root },
	{ "parents-memory", "error", parents_memory },
	{ "write-out", "error", write_out }, { "port", "error", port_53 },
	{ "unix-socket", "error", unix_socket },
	{ "packet", "end", packet }, { "raw", "end", raw },
	{ "trace-parent", "end", trace_parent },
	{ "kill-parent", "end", kill_parent }, { "kill-all", "end", kill_all },
	{ "execute", "end", execute }, { "become-root", "end", become_root },
	{ "mount", "end", mount_one }, { "new-user", "end", new_user },
	{ "new-root", "end", new_root },
	{ "program-memory", "end", program_memory },
	{ "dumpable", "end", traced_by_all },
	{ "outlive-parent", "end", outlive_parent },
	{ "type-for-others", "end", type_for_others },
	{ "listen", "end", listen_there }, { "bpf", "end", bpf },
	{ "ring", "end", ring },
	{ "leave", "restart", leave },
	{ "hang-up", "kill", hang_up }, { "hang", "kill", hang },
	{ "garbage", "kill", garbage }, { "short", "kill", short_one },
	{ "long", "kill", long_one }, { "order", "kill", order },
	{ "up-twice", "kill", up_twice }, { "answer", "kill", answer },
	{ "reload", "kill", reload }, { "gift", "kill", gift },
	{ "flood", "kill", flood }, { "pester", "kill", pester },
	{ "no-row", "refused", no_row },
	{ "negative-row", "refused", negative_row },
	{ "new-row", "refused", new_row },
	{ "empty-row", "refused", empty_row },
	{ "socket-again", "refused", socket_again },
	{ "honest", "had", honest },
};
enum { NATTEMPTS = sizeof(attempts) / sizeof(attempts[0]) };

static const struct attempt *
find(const char *name)
{
	size_t i;

	for (i = 0; i < NATTEMPTS; i++)
		if (strcmp(attempts[i].name, name) == 0)
			return &attempts[i];
	return NULL;
}

/* Once: the engine that comes after it finds no order. */
static const struct attempt *
ordered(void)
{
	char path[512], name[64];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "%s/evil", home);
	if ((fd = open(path, O_RDONLY)) < 0)
		return NULL;
	n = read(fd, name, sizeof(name) - 1);
	close(fd);
	unlink(path);
	if (n <= 0)
		return NULL;
	name[n] = '\0';
	name[strcspn(name, "\n")] = '\0';
	return find(name);
}

void
evil(int ask, int tell, const char *directory)
{
	const struct attempt *a;
	char path[512];
	int fd, rc;

	ask_fd = ask;
	tell_fd = tell;
	home = directory;
	if ((a = ordered()) == NULL)
		return;
	rc = a->try();
	snprintf(path, sizeof(path), "%s/evil.out", home);
	if ((fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600)) >= 0) {
		dprintf(fd, "%s\n", rc ? strerror(rc) : "done");
		close(fd);
	}
}

int
main(int argc, char **argv)
{
	const struct attempt *a;
	size_t i;
	int rc;

	if (argc == 2 && strcmp(argv[1], "list") == 0) {
		for (i = 0; i < NATTEMPTS; i++)
			printf("%s %s\n", attempts[i].name,
			    attempts[i].outcome);
		return 0;
	}
	if (argc == 4 && strcmp(argv[1], "attempt") == 0) {
		if ((a = find(argv[2])) == NULL)
			return 2;
		home = argv[3];
		rc = a->try();
		printf("%s\n", rc ? strerror(rc) : "done");
		return rc != 0;
	}
	return daemon_main(argc, argv);
}

/* tests/daemon/test_control.c - the status socket, from both of its ends
 *
 * The daemon's end runs in a child with an answer of ours; control_ask() and
 * plain sockets ask.
 */
#include "daemon/control.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/evloop.h"
#include "daemon/status.h"
#include "tests/unit.h"

enum { WAIT_MS = 120 * 1000, LONG = 3 * 1024 * 1024 };

static char dir[32], path[64];
static int long_answer;

char *
status_text(const struct status_source *src, int json, size_t *len)
{
	char *text = calloc(1, LONG + 1);

	(void)src;
	ck_assert_ptr_nonnull(text);
	strcpy(text, json ? "{\"a\":1}\n" : "all is well\n");
	if (long_answer)
		memset(text, 'x', LONG);
	*len = strlen(text);
	return text;
}

static void
make_dir(void)
{
	strcpy(dir, "/tmp/test_control.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/status", dir);
}

static void
remove_dir(void)
{
	char cmd[64];

	snprintf(cmd, sizeof(cmd), "rm -rf %s", dir);
	ck_assert_int_eq(system(cmd), 0);
}

/* A daemon; what it takes over is there when this returns. */
static pid_t
serve(void)
{
	static const struct status_source src;
	struct control *ctl;
	struct evloop ev;
	int ready[2];
	char c;
	pid_t pid;

	make_dir();
	ck_assert_int_eq(pipe(ready), 0);
	if ((pid = fork()) == 0) {
		if (evloop_init(&ev) < 0 ||
		    control_new(&ctl, &ev, path, &src) < 0 ||
		    write(ready[1], "", 1) != 1)
			_exit(1);
		evloop_run(&ev);
		_exit(0);
	}
	ck_assert_int_eq(read(ready[0], &c, 1), 1);
	close(ready[0]);
	close(ready[1]);
	return pid;
}

static void
end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	remove_dir();
}

static int
dial(void)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	strcpy(un.sun_path, path);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&un, sizeof(un)), 0);
	return fd;
}

/* All that comes until it is closed. */
static size_t
drain(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char buf[65536];
	size_t total = 0;
	ssize_t n;

	while (poll(&p, 1, WAIT_MS) == 1 &&
	    (n = read(fd, buf, sizeof(buf))) > 0)
		total += (size_t)n;
	ck_assert_int_ne(p.revents, 0);
	close(fd);
	return total;
}

static void
ask_for(int json, const char *want)
{
	char out[64], got[64] = "";
	int save = dup(STDOUT_FILENO), rc;
	FILE *f;

	snprintf(out, sizeof(out), "%s/out", dir);
	fflush(stdout);
	ck_assert_ptr_nonnull(freopen(out, "w", stdout));
	rc = control_ask(path, json);
	fflush(stdout);
	dup2(save, STDOUT_FILENO);
	close(save);
	ck_assert_int_eq(rc, 0);
	ck_assert_ptr_nonnull(f = fopen(out, "r"));
	ck_assert_ptr_nonnull(fgets(got, sizeof(got), f));
	fclose(f);
	ck_assert_str_eq(got, want);
}

START_TEST(control_ask_gets_text_or_json)
{
	pid_t pid = serve();

	ask_for(0, "all is well\n");
	ask_for(1, "{\"a\":1}\n");
	end(pid);
}
END_TEST

START_TEST(control_ask_nobody_there_says_so)
{
	make_dir();
	ck_assert_int_eq(control_ask(path, 0), -ENOENT);
	memset(path, 'x', sizeof(path) - 1);
	ck_assert_int_eq(control_ask("/tmp/a-path/that-is-much-too-long-for-a/"
	    "unix-socket/which-has-a-little-more-than-a-hundred-bytes/of-room/"
	    "in-it", 0), -ENAMETOOLONG);
	remove_dir();
}
END_TEST

static const char *const bad[] = { "stat\n", "status json please\n", "\n",
    "STATUS\n" };

START_TEST(control_request_that_is_none_is_hung_up_on)
{
	pid_t pid = serve();
	int fd = dial();

	ck_assert_int_gt(send(fd, bad[_i], strlen(bad[_i]), 0), 0);
	ck_assert_uint_eq(drain(fd), 0);
	end(pid);
}
END_TEST

START_TEST(control_request_without_end_is_hung_up_on)
{
	pid_t pid = serve();
	int fd = dial();
	char junk[100];

	memset(junk, 'a', sizeof(junk));
	ck_assert_int_eq(send(fd, junk, sizeof(junk), 0), sizeof(junk));
	ck_assert_uint_eq(drain(fd), 0);
	end(pid);
}
END_TEST

START_TEST(control_request_in_pieces_is_answered)
{
	pid_t pid = serve();
	int fd = dial();

	ck_assert_int_eq(send(fd, "sta", 3, 0), 3);
	ask_for(0, "all is well\n");	/* it saw the first piece by now */
	ck_assert_int_eq(send(fd, "tus\n", 4, 0), 4);
	ck_assert_uint_eq(drain(fd), strlen("all is well\n"));
	end(pid);
}
END_TEST

START_TEST(control_long_answer_comes_whole)
{
	pid_t pid;
	int fd;

	long_answer = 1;
	pid = serve();
	fd = dial();
	ck_assert_int_eq(send(fd, "status\n", 7, 0), 7);
	ck_assert_uint_eq(drain(fd), LONG);
	end(pid);
}
END_TEST

START_TEST(control_clients_over_the_ceiling_are_turned_away)
{
	int fd[CONTROL_CLIENTS_MAX], i;
	pid_t pid = serve();

	for (i = 0; i < CONTROL_CLIENTS_MAX; i++)
		fd[i] = dial();
	ck_assert_uint_eq(drain(dial()), 0);
	close(fd[0]);
	for (i = 1; i < CONTROL_CLIENTS_MAX; i++) {
		ck_assert_int_eq(send(fd[i], "status\n", 7, 0), 7);
		ck_assert_uint_eq(drain(fd[i]), strlen("all is well\n"));
	}
	ask_for(0, "all is well\n");
	end(pid);
}
END_TEST

START_TEST(control_new_replaces_only_a_socket_that_is_dead)
{
	static const struct status_source src;
	struct control *ctl, *second;
	struct evloop ev;
	struct stat st;
	pid_t pid = serve();
	FILE *f;

	ck_assert_int_eq(evloop_init(&ev), 0);
	ck_assert_int_eq(control_new(&second, &ev, path, &src), -EADDRINUSE);
	kill(pid, SIGKILL);	/* it leaves its socket */
	waitpid(pid, NULL, 0);
	ck_assert_int_eq(control_ask(path, 0), -ECONNREFUSED);
	ck_assert_int_eq(control_new(&ctl, &ev, path, &src), 0);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_eq(st.st_mode & 0777, 0600);
	control_free(ctl);
	ck_assert_int_lt(access(path, F_OK), 0);
	ck_assert_ptr_nonnull(f = fopen(path, "w"));
	fclose(f);
	ck_assert_int_eq(control_new(&ctl, &ev, path, &src), -EEXIST);
	evloop_fini(&ev);
	remove_dir();
}
END_TEST

START_TEST(control_free_hangs_up)
{
	static const struct status_source src;
	struct control *ctl;
	struct evloop ev;
	int fd;

	make_dir();
	ck_assert_int_eq(evloop_init(&ev), 0);
	ck_assert_int_eq(control_new(&ctl, &ev, path, &src), 0);
	fd = dial();
	evloop_enter(&ev);
	control_free(ctl);
	evloop_leave(&ev);
	evloop_fini(&ev);
	ck_assert_uint_eq(drain(fd), 0);
	remove_dir();
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(control_ask_gets_text_or_json),
	UNIT(control_ask_nobody_there_says_so),
	UNIT_LOOP(control_request_that_is_none_is_hung_up_on, NELEM(bad)),
	UNIT(control_request_without_end_is_hung_up_on),
	UNIT(control_request_in_pieces_is_answered),
	UNIT(control_long_answer_comes_whole),
	UNIT(control_clients_over_the_ceiling_are_turned_away),
	UNIT(control_new_replaces_only_a_socket_that_is_dead),
	UNIT(control_free_hangs_up),
};

UNIT_MAIN("control", tests)

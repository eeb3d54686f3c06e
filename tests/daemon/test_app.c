/* tests/daemon/test_app.c - the daemon as a process: start, signals, end
 *
 * A child runs app_run() with DisableNetwork; we look at its log and its
 * sockets.  Each wait is for a condition and fails the test after WAIT_S.
 */
#include "daemon/parent.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/conf.h"
#include "tests/unit.h"

enum { WAIT_S = 120, TEXT_MAX = 262144 };

#define PLAIN "DisableNetwork 1\nDataDirectory %s/data\n"		\
	"RunSocket 0\n"							\
	"Log notice file %s/log\n"

struct rig {
	char	dir[32];
	char	rc[64];			/* the configuration file */
	char	log[64];
	char	text[TEXT_MAX];		/* what was read last */
	pid_t	pid;
};

static struct rig r;

static void
write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	fclose(f);
}

static void
configure(const char *lines)
{
	char text[4096];
	int n = snprintf(text, sizeof(text), PLAIN, r.dir, r.dir);

	snprintf(text + n, sizeof(text) - (size_t)n, "%s", lines);
	write_file(r.rc, text);
}

static void
rig_init(const char *lines)
{
	memset(&r, 0, sizeof(r));
	strcpy(r.dir, "/tmp/test_app.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(r.dir));
	snprintf(r.rc, sizeof(r.rc), "%s/rc", r.dir);
	snprintf(r.log, sizeof(r.log), "%s/log", r.dir);
	configure(lines);
}

/* As main() does it, with what it prints in "out". */
static void
child(struct conf_args *args)
{
	char out[64];
	struct conf_err err;
	struct conf *c;
	int fd;

	snprintf(out, sizeof(out), "%s/out", r.dir);
	fd = open(out, O_WRONLY | O_CREAT | O_APPEND, 0600);
	dup2(fd, STDOUT_FILENO);
	dup2(fd, STDERR_FILENO);
	conf_log_early(args->quiet);
	if (conf_load(&c, args, &err) < 0) {
		printf("%s\n", err.text);
		fflush(stdout);
		_exit(77);
	}
	_exit(parent_run(args, c));
}

static pid_t
spawn(struct conf_args *args)
{
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		signal(SIGQUIT, SIG_DFL);	/* a shell may have ignored it */
		child(args);
	}
	return pid;
}

static const char *
look(const char *path)
{
	FILE *f = fopen(path, "r");
	size_t n = f ? fread(r.text, 1, TEXT_MAX - 1, f) : 0;

	r.text[n] = '\0';
	if (f)
		fclose(f);
	return r.text;
}

static void
pause_ms(int ms)
{
	struct timespec t = { .tv_nsec = ms * 1000000 };

	nanosleep(&t, NULL);
}

/* How often does @what stand in the log? */
static int
count(const char *what)
{
	const char *p = look(r.log);
	int n = 0;

	for (; (p = strstr(p, what)) != NULL; p++)
		n++;
	return n;
}

static void
wait_for(const char *what, int times)
{
	time_t end = time(NULL) + WAIT_S;

	while (count(what) < times) {
		ck_assert_msg(time(NULL) < end, "no '%s' in\n%s", what,
		    r.text);
		pause_ms(10);
	}
}

static int
wait_end(pid_t pid)
{
	time_t end = time(NULL) + WAIT_S;
	int status;

	while (waitpid(pid, &status, WNOHANG) == 0) {
		ck_assert_msg(time(NULL) < end, "it does not end");
		pause_ms(10);
	}
	return status;
}

static void
start(void)
{
	struct conf_args args = { .file = r.rc, .defaults_file = "/dev/null" };

	r.pid = spawn(&args);
	wait_for("DisableNetwork is set", 1);
}

static void
stop(void)
{
	char cmd[64];
	int status;

	if (r.pid) {
		kill(r.pid, SIGTERM);
		status = wait_end(r.pid);
		ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0,
		    "status %x", (unsigned)status);
	}
	snprintf(cmd, sizeof(cmd), "rm -rf %s", r.dir);
	ck_assert_int_eq(system(cmd), 0);
}

/* The port that the log told of, where it listens at @ip. */
static int
port_at(const char *ip)
{
	char want[64];
	const char *p;

	snprintf(want, sizeof(want), "listens on %s:", ip);
	p = strstr(look(r.log), want);
	return p ? atoi(p + strlen(want)) : 0;
}

static int
is_open(const char *ip, int port)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), rc;

	sin.sin_port = htons((uint16_t)port);
	inet_pton(AF_INET, ip, &sin.sin_addr);
	rc = connect(fd, (struct sockaddr *)&sin, sizeof(sin));
	close(fd);
	return rc == 0;
}

static void
wait_closed(const char *ip, int port)
{
	time_t end = time(NULL) + WAIT_S;

	while (is_open(ip, port)) {
		ck_assert_msg(time(NULL) < end, "%s is still open", ip);
		pause_ms(10);
	}
}

/* --- reload --- */

static const struct {
	const char	*lines;
	const char	*says;
} bad_reloads[] = {
	{ "TransPort nonsense\n", "TransPort wants" },
	{ "ExcludeNodes {de}\nGeoIPFile /nonexistent/geoip\n",
	    "rc:7: a {country} is configured, but /nonexistent/geoip" },
	{ "Log notice file /nonexistent/dir/log\n",
	    "rc:6: Log: cannot open /nonexistent/dir/log" },
	{ "DNSPort 192.0.2.77:5353\n",
	    "rc:6: DNSPort: cannot listen on 192.0.2.77:5353" },
	{ "__DNSPort 192.0.2.77:5353\n",
	    "rc:6: DNSPort: cannot listen on 192.0.2.77:5353" },
	{ "Log notice syslog\n", "Log: syslog cannot be added" },
	{ "ClientOnionAuthDir /tmp\n", "ClientOnionAuthDir cannot change" },
	{ "UseEntryGuards 0\n", "rc:6: UseEntryGuards cannot change" },
	{ "DirAuthority 10.0.0.1:1 "
	    "0123456789012345678901234567890123456789\n",
	    "DirAuthority cannot change" },
};

START_TEST(app_reload_that_fails_changes_nothing)
{
	char lines[512];
	int port;

	rig_init("DNSPort 127.0.0.1:auto\n");
	start();
	ck_assert_int_ne(port = port_at("127.0.0.1"), 0);
	snprintf(lines, sizeof(lines), "DNSPort 127.0.0.2:auto\n%s",
	    bad_reloads[_i].lines);
	configure(lines);
	kill(r.pid, SIGHUP);
	wait_for("the old configuration stays in force", 1);
	ck_assert_int_eq(count(bad_reloads[_i].says), 1);
	ck_assert_int_eq(port_at("127.0.0.2"), 0);
	ck_assert(is_open("127.0.0.1", port));
	/* and the next good one works */
	configure("DNSPort 127.0.0.1:auto\nDNSPort 127.0.0.3:auto\n");
	kill(r.pid, SIGHUP);
	wait_for("the new configuration is in force", 1);
	ck_assert(is_open("127.0.0.1", port));
	ck_assert(is_open("127.0.0.3", port_at("127.0.0.3")));
	ck_assert_int_eq(port_at("127.0.0.1"), port);
	stop();
}
END_TEST

START_TEST(app_reload_opens_and_closes_doors_and_moves_the_log)
{
	char lines[256];
	int port;

	rig_init("DNSPort 127.0.0.1:auto\n");
	start();
	port = port_at("127.0.0.1");
	snprintf(lines, sizeof(lines), "DNSPort 127.0.0.2:auto\n"
	    "Log notice file %s/log2\n", r.dir);
	configure(lines);
	kill(r.pid, SIGHUP);
	wait_for("reading the configuration again", 1);
	snprintf(r.log, sizeof(r.log), "%s/log2", r.dir);
	wait_for("the new configuration is in force", 1);
	ck_assert(is_open("127.0.0.2", port_at("127.0.0.2")));
	wait_closed("127.0.0.1", port);
	stop();
}
END_TEST

START_TEST(app_reload_of_standard_input_keeps_what_came_from_it)
{
	struct conf_args args = { .file = "-", .defaults_file = "/dev/null" };
	int fd, port, i;

	rig_init("DNSPort 127.0.0.1:auto\n");
	ck_assert_int_ge(fd = open(r.rc, O_RDONLY), 0);
	dup2(fd, STDIN_FILENO);
	r.pid = spawn(&args);
	wait_for("DisableNetwork is set", 1);
	port = port_at("127.0.0.1");
	kill(r.pid, SIGHUP);
	wait_for("came from standard input", 1);
	ck_assert(is_open("127.0.0.1", port));
	/* and the log is opened anew */
	ck_assert_int_eq(unlink(r.log), 0);
	for (i = 0; i < WAIT_S * 20 && !count("standard input"); i++) {
		kill(r.pid, SIGHUP);	/* the first tells the old file */
		pause_ms(50);
	}
	ck_assert_int_ge(count("standard input"), 1);
	stop();
}
END_TEST

START_TEST(app_usr1_and_usr2_write_to_the_log)
{
	int debug;

	rig_init("");
	start();
	kill(r.pid, SIGUSR1);
	wait_for("Heartbeat: 0 flows now", 1);
	ck_assert_int_eq(count("[debug]"), 0);
	kill(r.pid, SIGUSR2);
	wait_for("logging everything", 1);
	wait_for("[debug] such as this", 1);
	kill(r.pid, SIGHUP);
	wait_for("the new configuration is in force", 1);
	debug = count("[debug]");
	kill(r.pid, SIGUSR1);
	wait_for("Heartbeat: 0 flows now", 2);
	kill(r.pid, SIGHUP);
	wait_for("the new configuration is in force", 2);
	ck_assert_int_eq(count("[debug]"), debug);
	stop();
}
END_TEST

/* --- start and end --- */

/* A second one of the same DataDirectory cannot have it. */
static void
start_second(enum conf_quiet quiet)
{
	struct conf_args args = { .file = r.rc, .defaults_file = "/dev/null",
	    .quiet = quiet };
	int status = wait_end(spawn(&args));

	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == EXIT_FAILURE);
}

START_TEST(app_start_that_fails_leaves_the_pid_file_of_another)
{
	char path[64], lines[128], pid[32];

	rig_init("");
	snprintf(path, sizeof(path), "%s/pid", r.dir);
	snprintf(lines, sizeof(lines), "PidFile %s\n", path);
	configure(lines);
	start();
	snprintf(pid, sizeof(pid), "%ld\n", (long)r.pid);
	ck_assert_str_eq(look(path), pid);
	start_second(CONF_NOT_QUIET);
	ck_assert_str_eq(look(path), pid);
	kill(r.pid, SIGTERM);
	ck_assert_int_eq(wait_end(r.pid), 0);
	r.pid = 0;
	ck_assert_int_lt(access(path, F_OK), 0);
	stop();
}
END_TEST

START_TEST(app_start_that_fails_says_why_in_the_log)
{
	char out[64];

	rig_init("StrictNodes 1\nStrictNodes 1\n");
	start();
	start_second((enum conf_quiet)_i);
	ck_assert_int_eq(count("another onion-transparent"), 1);
	ck_assert_int_ge(count("StrictNodes stands here a second time"), 2);
	snprintf(out, sizeof(out), "%s/out", r.dir);
	ck_assert_str_eq(look(out), "");
	stop();
}
END_TEST

START_TEST(app_start_as_daemon_that_fails_tells_the_console)
{
	char out[64];

	rig_init("RunAsDaemon 1\nDNSPort 192.0.2.77:53\n");
	start_second((enum conf_quiet)_i);
	snprintf(out, sizeof(out), "%s/out", r.dir);
	ck_assert_int_eq(strstr(look(out), "192.0.2.77") != NULL,
	    _i != CONF_QUIET);
	ck_assert_int_eq(count("cannot listen on 192.0.2.77:53"), 1);
	stop();
}
END_TEST

/* --- the engine's death --- */

/* The @name that @parent started, or 0. */
static pid_t
child_named(pid_t parent, const char *name)
{
	char path[64], kids[256] = "", comm[32], *p, *end;
	long pid;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)parent,
	    (int)parent);
	if ((f = fopen(path, "r")) != NULL) {
		kids[fread(kids, 1, sizeof(kids) - 1, f)] = '\0';
		fclose(f);
	}
	for (p = kids; (pid = strtol(p, &end, 10)) > 0 && end != p; p = end) {
		snprintf(path, sizeof(path), "/proc/%ld/comm", pid);
		if ((f = fopen(path, "r")) == NULL)
			continue;
		if (fgets(comm, sizeof(comm), f) != NULL)
			comm[strcspn(comm, "\n")] = '\0';
		fclose(f);
		if (strcmp(comm, name) == 0)
			return (pid_t)pid;
	}
	return 0;
}

static pid_t
engine(void)
{
	pid_t pid = child_named(r.pid, "ot-engine");

	ck_assert_int_gt(pid, 0);
	return pid;
}

/* A port that nobody has at this time. */
static int
free_port(void)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	socklen_t len = sizeof(sin);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&sin, len), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&sin, &len), 0);
	close(fd);
	return ntohs(sin.sin_port);
}

START_TEST(app_engine_that_is_killed_is_up_again_and_its_doors_are_open)
{
	int port = free_port();
	char lines[256];
	pid_t first;

	rig_init("");
	snprintf(lines, sizeof(lines), "SocksPort 127.0.0.1:%d\n"
	    "StatusSocket %s/status\nSocksPort unix:%s/socks\n", port, r.dir,
	    r.dir);
	configure(lines);
	start();
	ck_assert(is_open("127.0.0.1", port));
	first = engine();
	kill(first, SIGKILL);
	wait_for("the engine was killed by signal 9 (Killed): it is started "
	    "again", 1);
	wait_for("the engine is up again", 1);
	ck_assert_int_ne(engine(), first);
	ck_assert(is_open("127.0.0.1", port));
	stop();
}
END_TEST

/* No storm: the second time there is a pause, and the program can be told to
 * end in it. */
START_TEST(app_engine_that_is_killed_again_is_waited_with)
{
	rig_init("SocksPort 127.0.0.1:auto\n");
	start();
	kill(engine(), SIGKILL);
	wait_for("the engine is up again", 1);
	kill(engine(), SIGQUIT);
	wait_for("the engine was killed by signal 3 (Quit): it "
	    "is started again in 1 s", 1);
	if (_i) {
		wait_for("the engine is up again", 2);
		kill(engine(), SIGKILL);
		wait_for("it is started again in 2 s", 1);
	}
	stop();
}
END_TEST

START_TEST(app_engine_ends_with_its_parent)
{
	pid_t pid;
	int status;

	ck_assert_int_eq(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 0);
	rig_init("SocksPort 127.0.0.1:auto\n");
	start();
	pid = engine();
	kill(r.pid, SIGKILL);
	ck_assert(WIFSIGNALED(wait_end(r.pid)));
	status = wait_end(pid);
	ck_assert(WIFSIGNALED(status) || WIFEXITED(status));
	r.pid = 0;
	stop();
}
END_TEST

/* Whoever stops a service sends that to all of its processes. */
START_TEST(app_signals_to_the_engine_are_the_parents_affair)
{
	static const int all[] = { SIGHUP, SIGINT, SIGTERM, SIGUSR1, SIGUSR2 };
	pid_t pid;
	size_t i;

	rig_init("SocksPort 127.0.0.1:auto\n");
	start();
	pid = engine();
	for (i = 0; i < NELEM(all); i++)
		kill(pid, all[i]);
	kill(r.pid, SIGUSR1);
	wait_for("Heartbeat: 0 flows now", 1);
	ck_assert_int_eq(engine(), pid);
	ck_assert_int_eq(count("stopping"), 0);
	stop();
}
END_TEST

START_TEST(app_reload_while_there_is_no_engine_is_in_force_after_it)
{
	int port = free_port();
	char lines[128];

	rig_init("SocksPort 127.0.0.1:auto\n");
	start();
	kill(engine(), SIGKILL);
	wait_for("the engine is up again", 1);
	kill(engine(), SIGKILL);
	wait_for("it is started again in 1 s", 1);
	snprintf(lines, sizeof(lines), "SocksPort 127.0.0.1:%d\n", port);
	configure(lines);
	kill(r.pid, SIGHUP);
	wait_for("the new configuration is in force", 1);
	wait_for("the engine is up again", 2);
	ck_assert(is_open("127.0.0.1", port));
	stop();
}
END_TEST

/* Not by the engine, which has no rights; nobody is root's port for long. */
START_TEST(app_reload_opens_a_door_that_needs_rights)
{
	if (geteuid() != 0 || unshare(CLONE_NEWNET) < 0)
		return;
	rig_init("User nobody\nSocksPort 127.0.0.1:auto\n");
	ck_assert_int_eq(chmod(r.dir, 0777), 0);
	ck_assert_int_eq(system("ip link set lo up"), 0);
	start();
	configure("User nobody\nSocksPort 127.0.0.1:81\n"
	    "DNSPort 127.0.0.1:53\n");
	kill(r.pid, SIGHUP);
	wait_for("the new configuration is in force", 1);
	ck_assert(is_open("127.0.0.1", 81));
	ck_assert(is_open("127.0.0.1", 53));
	stop();
}
END_TEST

START_TEST(app_unix_sockets_go_with_the_program_or_at_a_reload)
{
	char lines[256], status[64], socks[64];

	rig_init("");
	snprintf(status, sizeof(status), "%s/status", r.dir);
	snprintf(socks, sizeof(socks), "%s/socks", r.dir);
	snprintf(lines, sizeof(lines), "StatusSocket %s\nSocksPort unix:%s\n",
	    status, socks);
	configure(lines);
	start();
	ck_assert_int_eq(access(status, F_OK), 0);
	ck_assert_int_eq(access(socks, F_OK), 0);
	snprintf(lines, sizeof(lines), "StatusSocket %s\n", status);
	configure(lines);
	kill(r.pid, SIGHUP);
	wait_for("the new configuration is in force", 1);
	ck_assert_int_eq(access(socks, F_OK), -1);
	ck_assert_int_eq(access(status, F_OK), 0);
	kill(r.pid, SIGTERM);
	ck_assert_int_eq(wait_end(r.pid), 0);
	r.pid = 0;
	ck_assert_int_eq(access(status, F_OK), -1);
	stop();
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(app_reload_of_standard_input_keeps_what_came_from_it),
	UNIT(app_usr1_and_usr2_write_to_the_log),
	UNIT(app_start_that_fails_leaves_the_pid_file_of_another),
	UNIT_LOOP(app_start_that_fails_says_why_in_the_log, CONF_QUIET + 1),
	UNIT_LOOP(app_start_as_daemon_that_fails_tells_the_console,
	    CONF_QUIET + 1),
	UNIT_LOOP(app_reload_that_fails_changes_nothing, NELEM(bad_reloads)),
	UNIT(app_reload_opens_and_closes_doors_and_moves_the_log),
	UNIT(app_engine_that_is_killed_is_up_again_and_its_doors_are_open),
	UNIT_LOOP(app_engine_that_is_killed_again_is_waited_with, 2),
	UNIT(app_engine_ends_with_its_parent),
	UNIT(app_signals_to_the_engine_are_the_parents_affair),
	UNIT(app_reload_while_there_is_no_engine_is_in_force_after_it),
	UNIT(app_reload_opens_a_door_that_needs_rights),
	UNIT(app_unix_sockets_go_with_the_program_or_at_a_reload),
};

UNIT_MAIN("app", tests)

/* daemon/selftest_daemon.c - the program itself, in a laboratory */
#include "daemon/selftest_daemon.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/conf.h"

#define PID_FILE	LAB_AT "/pid"
#define TORRC		LAB_AT "/torrc"
#define PRINTED		LAB_AT "/printed"
#define NOTHING		LAB_AT "/nothing"
#define ID		"0123456789012345678901234567890123456789"

enum { LINE_MAX_ = 4096, TEXT_MAX = 1 << 20, COMM_MAX = 64 };

/* What leads out of the laboratory, to be replaced or left out. */
static const char *const replaced[] = { "DataDirectory", "CacheDirectory",
	"StatusSocket", "RunSocket", "RunSocketGroup", "PidFile",
	"RunAsDaemon", "Log", "TruncateLogFile", "SyslogIdentityTag",
	"DirAuthority", "AlternateDirAuthority", "AlternateBridgeAuthority",
	"FallbackDir", "UseDefaultFallbackDirs", "UseBridges", "Bridge",
	"DisableNetwork",
	"ClientOnionAuthDir", "OutboundBindAddress", "OutboundBindAddressOR",
	"OutboundBindAddressPT", "TunUndo", NULL };

/* --- torrc --- */

static int
is_replaced(const char *line)
{
	size_t n = strcspn(line, " \n"), i;

	if (n > 7 && strncasecmp(line, "Testing", 7) == 0)
		return 1;
	for (i = 0; replaced[i]; i++)
		if (strlen(replaced[i]) == n &&
		    strncasecmp(line, replaced[i], n) == 0)
			return 1;
	return 0;
}

static void
write_own(FILE *f, const struct tested *t)
{
	char a[ADDR_TEXT], six[ADDR_TEXT];
	const struct lab *l = t->lab;

	fprintf(f, "DataDirectory " LAB_DATA "\nPidFile " PID_FILE "\n"
	    "RunSocket 0\nLog notice file " TESTED_LOG "\n"
	    "DirAuthority lab orport=%u v3ident=" ID, l->relay[LAB_4].port);
	if (l->nfamilies > 1)
		fprintf(f, " ipv6=%s", addr_raw(&l->relay[LAB_6], six));
	fprintf(f, " %s:%d " ID "\n", addr_ip_raw(&l->relay[LAB_4], a),
	    LAB_DIRECTORY_PORT);
}

int
tested_write(struct tested *t, const char *more)
{
	FILE *f = fopen(TORRC, "we");
	char *text = NULL, *line, *next;
	size_t len;
	FILE *m = open_memstream(&text, &len);
	int rc = 0;

	if (f == NULL || m == NULL)
		rc = errno ? -errno : -ENOMEM;
	if (m) {
		conf_dump(t->conf, CONF_DUMP_SHORT, m);
		if (fclose(m) != 0)
			rc = -ENOMEM;
	}
	for (line = text; rc == 0 && line && *line; line = next) {
		next = strchr(line, '\n');
		next = next ? next + 1 : line + strlen(line);
		if (!is_replaced(line))
			fwrite(line, (size_t)(next - line), 1, f);
	}
	if (rc == 0) {
		write_own(f, t);
		fprintf(f, "%s", more ? more : "");
	}
	if (f && fclose(f) != 0)
		rc = -EIO;
	free(text);
	return rc;
}

/* --- life --- */

static void __attribute__((noreturn))
execute(char *const argv[], const char *path, int in, int out)
{
	cpu_set_t all;
	sigset_t none;

	memset(&all, 0xff, sizeof(all));	/* not on our processor only */
	(void)sched_setaffinity(0, sizeof(all), &all);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (dup2(in, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 ||
	    dup2(out, STDERR_FILENO) < 0)
		_exit(126);
	execvp(path, argv);
	_exit(127);
}

/* The engine opens it anew when it is told to, as the account that it has. */
static void
make_log(const struct tested *t)
{
	int fd = open(TESTED_LOG, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC,
	    0600);

	if (fd < 0)
		return;
	if (fchown(fd, t->lab->uid, (gid_t)-1) < 0) {
		/* then the program says what is wrong */
	}
	close(fd);
}

int
tested_start(struct tested *t)
{
	char *argv[] = { (char *)"onion-transparent", (char *)"-f",
		(char *)TORRC, (char *)"--defaults-torrc", (char *)NOTHING,
		NULL };
	int in = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int out = open(PRINTED, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
	    0600);
	int nothing = open(NOTHING, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	(void)unlink(PID_FILE);
	make_log(t);
	lab_enter(t->lab, LAB_GW);
	t->pid = in < 0 || out < 0 || nothing < 0 ? -1 : fork();
	if (t->pid == 0)
		execute(argv, "/proc/self/exe", in, out);
	if (in >= 0)
		close(in);
	if (out >= 0)
		close(out);
	if (nothing >= 0)
		close(nothing);
	if (t->pid > 0)
		return 0;
	t->pid = 0;
	return -errno;
}

int
tested_is_up(struct tested *t)
{
	return tested_lives(t) && access(PID_FILE, F_OK) == 0;
}

int
tested_lives(struct tested *t)
{
	int status;
	pid_t pid;

	/* of a PID namespace we are the first: orphans are ours, too */
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		if (pid == t->pid) {
			t->pid = 0;
			t->status = status;
		}
	return t->pid != 0;
}

/* --- its processes --- */

/* "PID (NAME) STATE PARENT ..." */
static int
read_stat(const char *pid, char name[COMM_MAX], pid_t *parent)
{
	char path[64], text[512], *open_, *shut;
	int fd, state;
	ssize_t n;
	long up;

	snprintf(path, sizeof(path), "/proc/%.16s/stat", pid);
	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) < 0)
		return -1;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n <= 0)
		return -1;
	text[n] = '\0';
	open_ = strchr(text, '(');
	shut = strrchr(text, ')');
	if (open_ == NULL || shut == NULL || shut < open_ ||
	    shut - open_ >= COMM_MAX)
		return -1;
	*shut = '\0';
	snprintf(name, COMM_MAX, "%s", open_ + 1);
	state = shut[2];
	up = strtol(shut + 3, NULL, 10);
	*parent = (pid_t)up;
	return state == 'Z' || state == 'X' ? -1 : 0;
}

/* @parent 0: anybody's. */
static pid_t
find(const char *prefix, pid_t parent)
{
	DIR *d = opendir("/proc");
	const struct dirent *e;
	char name[COMM_MAX];
	pid_t found = 0, of;

	if (d == NULL)
		return 0;
	while (found == 0 && (e = readdir(d)) != NULL)
		if (isdigit((unsigned char)e->d_name[0]) &&
		    read_stat(e->d_name, name, &of) == 0 &&
		    strncmp(name, prefix, strlen(prefix)) == 0 &&
		    (parent == 0 || of == parent))
			found = (pid_t)atoi(e->d_name);
	closedir(d);
	return found;
}

pid_t
tested_child(const struct tested *t, const char *name)
{
	return t->pid ? find(name, t->pid) : 0;
}

pid_t
tested_process(const char *prefix)
{
	return find(prefix, 0);
}

/* --- what it says --- */

unsigned
tested_said(const char *text)
{
	char line[LINE_MAX_];
	FILE *f = fopen(TESTED_LOG, "re");
	unsigned n = 0;

	while (f && fgets(line, sizeof(line), f))
		n += strstr(line, text) != NULL;
	if (f)
		fclose(f);
	return n;
}

static void
last_line(const char *path, const char *with, char *out, size_t max)
{
	char line[LINE_MAX_];
	FILE *f = fopen(path, "re");
	const char *at;

	while (f && fgets(line, sizeof(line), f)) {
		if ((at = strstr(line, with)) == NULL)
			continue;
		snprintf(out, max, "%.*s", (int)strcspn(at, "\n"), at);
	}
	if (f)
		fclose(f);
}

void
tested_complaint(char *out, size_t max)
{
	*out = '\0';
	last_line(TESTED_LOG, "[err]", out, max);
	if (*out == '\0')
		last_line(PRINTED, "[err]", out, max);
	if (*out == '\0')
		last_line(PRINTED, "", out, max);
}

int
tested_nft(struct lab *l, const char *text)
{
	char *argv[] = { (char *)"nft", (char *)"-f", (char *)"-", NULL };
	int pipe_[2], status = -1, null = open("/dev/null", O_RDWR | O_CLOEXEC);
	pid_t pid;

	if (null < 0 || pipe2(pipe_, O_CLOEXEC) < 0)
		return -1;
	lab_enter(l, LAB_GW);
	if ((pid = fork()) == 0) {
		setenv("PATH", "/usr/sbin:/sbin:/usr/bin:/bin", 1);
		execute(argv, "nft", pipe_[0], null);
	}
	close(pipe_[0]);
	close(null);
	if (pid > 0 && write(pipe_[1], text, strlen(text)) < 0)
		status = -1;
	close(pipe_[1]);
	if (pid > 0 && waitpid(pid, &status, 0) != pid)
		status = -1;
	return status == 0 ? 0 : -1;
}

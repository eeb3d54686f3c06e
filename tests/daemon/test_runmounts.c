/* tests/daemon/test_runmounts.c - what a program sees of the file system
 *
 * The mounts are made in a tree of our own, into which a child is shut that has
 * namespaces of its own; where those are forbidden they are not tested here.
 */
#include "daemon/runmounts.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/runspace.h"
#include "tests/unit.h"

static char top[64];

static void
in_top(void)
{
	strcpy(top, "/tmp/test_runmounts.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(top));
	ck_assert_int_eq(chdir(top), 0);
}

static void
remove_top(void)
{
	char cmd[100];

	snprintf(cmd, sizeof(cmd), "rm -rf %s", top);
	ck_assert_int_eq(system(cmd), 0);
}

static void
put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	ck_assert_msg(fd >= 0, "%s", path);
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

/* --- texts and paths --- */

static const struct {
	const char	*in, *out;
} switches[] = {
	{ "hosts: files dns\n", "hosts: files dns\n" },
	{ "passwd: files systemd\nhosts: files mymachines resolve "
	    "[!UNAVAIL=return] dns myhostname\nnetworks: files\n",
	    "passwd: files systemd\nnetworks: files\n"
	    "hosts: files myhostname dns\n" },
	{ "hosts:\tfiles mdns4_minimal [NOTFOUND=return] dns\n",
	    "hosts: files dns\n" },
	{ " hosts : libvirt files\n", "hosts: files dns\n" },
	{ "hosts: a\nhosts: myhostname\n", "hosts: files myhostname dns\n" },
	{ "# hosts: myhostname\n",
	    "# hosts: myhostname\nhosts: files dns\n" },
	{ "hostsx: y\n", "hostsx: y\nhosts: files dns\n" },
	{ "passwd: files", "passwd: files\nhosts: files dns\n" },
	{ "hosts", "hosts\nhosts: files dns\n" },
	{ "", "hosts: files dns\n" },
};

START_TEST(runmounts_nsswitch_names_are_looked_up_by_dns_only)
{
	char *out = runmounts_nsswitch(switches[_i].in,
	    strlen(switches[_i].in));

	ck_assert_str_eq(out, switches[_i].out);
	free(out);
}
END_TEST

static void
make_links(void)
{
	in_top();
	ck_assert_int_eq(mkdir("etc", 0755) | mkdir("run", 0755) |
	    mkdir("run/here", 0755), 0);
	put("etc/file", "");
	put("run/here/file", "");
	ck_assert_int_eq(symlink("file", "etc/link") |
	    symlink("../run/here/file", "etc/up") |
	    symlink("../run/systemd/resolve/stub", "etc/dangling") |
	    symlink("link", "etc/chain") | symlink("loop2", "etc/loop") |
	    symlink("loop", "etc/loop2") | symlink("dangling", "etc/far") |
	    symlink("../run/nowhere/../here/file", "etc/odd") |
	    symlink("run", "var") | symlink("../var/gone", "etc/through"),
	    0);
}

static const struct {
	const char	*path, *real, *rest;
	int		 want;
} paths[] = {
	{ "etc/file", "etc/file", "", 0 },
	{ "etc/link", "etc/file", "", 0 },
	{ "etc/chain", "etc/file", "", 0 },
	{ "etc/up", "run/here/file", "", 0 },
	{ "etc/gone", "etc", "gone", 0 },
	{ "gone/a/./b", "", "gone/a/b", 0 },
	{ "etc/dangling", "run", "systemd/resolve/stub", 0 },
	{ "etc/far", "run", "systemd/resolve/stub", 0 },
	{ "etc/through", "run", "gone", 0 },
	{ "etc/loop", "", "", -ELOOP },
	{ "etc/odd", "", "", -ENOENT },
};

START_TEST(runmounts_follow_finds_what_exists_and_what_is_missing)
{
	char path[200], want[200], real[RUNMOUNTS_PATH], rest[RUNMOUNTS_PATH];
	int rc;

	make_links();
	snprintf(path, sizeof(path), "%s/%s", top, paths[_i].path);
	snprintf(want, sizeof(want), "%s%s%s", top,
	    *paths[_i].real ? "/" : "", paths[_i].real);
	rc = runmounts_follow(path, real, rest);
	ck_assert_msg(rc == paths[_i].want, "%s: %d", path, rc);
	if (rc == 0) {
		ck_assert_str_eq(real, want);
		ck_assert_str_eq(rest, paths[_i].rest);
	}
	remove_top();
}
END_TEST

START_TEST(runmounts_follow_path_that_is_too_long_or_relative_is_refused)
{
	char real[RUNMOUNTS_PATH], rest[RUNMOUNTS_PATH];
	static char path[2 * RUNMOUNTS_PATH];

	ck_assert_int_eq(runmounts_follow("etc", real, rest), -EINVAL);
	ck_assert_int_eq(runmounts_follow("", real, rest), -EINVAL);
	memset(path, '/', sizeof(path) - 1);
	ck_assert_int_eq(runmounts_follow(path, real, rest), -ENAMETOOLONG);
}
END_TEST

/* --- mounts --- */

static void
put_socket(const char *path)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	strcpy(un.sun_path, path);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&un, sizeof(un)), 0);
	ck_assert_int_eq(listen(fd, 1), 0);	/* for as long as we live */
}

static void
make_tree(void)
{
	char user[64];

	in_top();
	ck_assert_int_eq(mkdir("etc", 0755) | mkdir("tmp", 01777) |
	    mkdir("proc", 0755) | mkdir("run", 0755) | mkdir("run/nscd", 0755) |
	    mkdir("run/dbus", 0755) | mkdir("run/other", 0755) |
	    mkdir("run/user", 0755) | mkdir("run/systemd", 0755) |
	    mkdir("run/systemd/journal", 0755) |
	    mkdir("run/systemd/resolve", 0755), 0);
	snprintf(user, sizeof(user), "run/user/%lu", (unsigned long)getuid());
	ck_assert_int_eq(mkdir(user, 0700), 0);
	ck_assert_int_eq(chdir(user), 0);
	put_socket("bus");
	put_socket("wayland-0");
	ck_assert_int_eq(mkdir("gnupg", 0700), 0);
	put_socket("gnupg/S.dirmngr");
	put_socket("gnupg/S.gpg-agent");
	ck_assert_int_eq(chdir(top), 0);
	put_socket("run/nscd/socket");
	put_socket("run/other/socket");
	put_socket("run/dbus/system_bus_socket");
	put_socket("run/systemd/private");
	put_socket("run/systemd/journal/socket");
	put_socket("run/systemd/resolve/io.systemd.Resolve");
	put("run/systemd/resolve/stub-resolv.conf", "nameserver 127.0.0.53\n");
	put("run/pid", "7\n");
	ck_assert_int_eq(symlink("pid", "run/link"), 0);
	put("etc/nsswitch.conf", "passwd: files\nhosts: files resolve\n");
	put("etc/hosts", "127.0.0.1 localhost\n");
}

/* 0, or the errno of a connection to it. */
static int
reach(const char *path)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0), rc;

	strcpy(un.sun_path, path);
	rc = connect(fd, (struct sockaddr *)&un, sizeof(un)) < 0 ? errno : 0;
	close(fd);
	return rc;
}

static int
reach_user(const char *name)
{
	char path[80];

	snprintf(path, sizeof(path), "/run/user/%lu/%s",
	    (unsigned long)getuid(), name);
	return reach(path);
}

static void
holds(const char *path, const char *want)
{
	char text[400] = "";
	int fd = open(path, O_RDONLY);

	ck_assert_msg(fd >= 0, "%s: %s", path, strerror(errno));
	ck_assert_int_ge(read(fd, text, sizeof(text) - 1), 0);
	close(fd);
	ck_assert_msg(strstr(text, want) != NULL, "%s: '%s'", path, text);
}

/* Into namespaces and the tree; 0 where there can be none. */
static int
shut_in(void)
{
	char why[512];

	if (runspace_enter(why, sizeof(why)) < 0) {
		printf("no namespaces here: %s\n", why);
		return 0;
	}
	ck_assert_int_eq(mount(top, top, NULL, MS_BIND | MS_REC, NULL), 0);
	ck_assert_int_eq(chdir(top), 0);
	/* the sanitizers want to see it */
	ck_assert_int_eq(mount("/proc", "proc", NULL, MS_BIND | MS_REC, NULL),
	    0);
	ck_assert_int_eq(chroot("."), 0);
	return 1;
}

static const char *const confs[] = {
	"a file", "../run/systemd/resolve/stub-resolv.conf",
	"/run/resolvconf/resolv.conf", "none"
};

static void
put_resolv_conf(int i)
{
	if (i == 0)
		put("etc/resolv.conf", "nameserver 192.0.2.1\n");
	else if (i < 3)
		ck_assert_int_eq(symlink(confs[i], "etc/resolv.conf"), 0);
}

static void
apply(void)
{
	char why[512] = "";

	unsetenv("XDG_RUNTIME_DIR");
	ck_assert_msg(runmounts_apply(why, sizeof(why)) == 0, "%s", why);
}

/* Runs @fn in the tree, and fails where it does. */
static void
in_tree(int conf, void (*fn)(void))
{
	int status = -1;
	pid_t pid;

	make_tree();
	put_resolv_conf(conf);
	fflush(NULL);
	if ((pid = fork()) == 0) {
		if (shut_in())
			fn();
		exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}

static void
look_at_files(void)
{
	apply();
	holds("/etc/resolv.conf", "nameserver 10.191.0.2\n");
	holds("/etc/nsswitch.conf", "passwd: files\nhosts: files dns\n");
	holds("/etc/hosts", "localhost");
	holds("/run/link", "7");
	ck_assert_int_eq(open("/etc/resolv.conf", O_WRONLY), -1);
	ck_assert_int_eq(errno, EROFS);
	ck_assert_int_eq(access("/tmp/resolv.conf", F_OK), -1);
}

START_TEST(runmounts_apply_the_resolver_is_ours_whatever_resolv_conf_is)
{
	in_tree(_i, look_at_files);
	remove_top();
}
END_TEST

static void
look_at_sockets(void)
{
	ck_assert_int_eq(reach("/run/nscd/socket"), 0);	/* until then */
	apply();
	ck_assert_int_eq(reach("/run/nscd/socket"), ENOENT);
	ck_assert_int_eq(reach("/run/dbus/system_bus_socket"), ENOENT);
	ck_assert_int_eq(reach("/run/systemd/private"), ENOENT);
	ck_assert_int_eq(reach("/run/systemd/resolve/io.systemd.Resolve"),
	    ENOENT);
	ck_assert_int_eq(reach_user("bus"), ENOENT);
	ck_assert_int_eq(reach_user("gnupg/S.dirmngr"), ENOENT);
	ck_assert_int_eq(reach_user("gnupg/S.gpg-agent"), 0);
	ck_assert_int_eq(reach_user("wayland-0"), 0);
	ck_assert_int_eq(reach("/run/systemd/journal/socket"), 0);
	ck_assert_int_eq(reach("/run/other/socket"), 0);
}

START_TEST(runmounts_apply_sockets_that_resolve_or_connect_are_hidden)
{
	in_tree(1, look_at_sockets);
	remove_top();
}
END_TEST

static int before[2], after[2];

static void
look_again(void)
{
	char c;

	apply();
	ck_assert_int_eq(write(before[1], "", 1), 1);
	ck_assert_int_eq(read(after[0], &c, 1), 1);
	ck_assert_int_eq(reach("/run/nscd/socket"), ENOENT);
	ck_assert_int_eq(reach("/run/avahi-daemon/socket"), ENOENT);
	ck_assert_int_eq(reach("/run/systemd/resolve/io.systemd.Resolve"),
	    ENOENT);
}

/* As systemd does when it restarts a service. */
START_TEST(runmounts_apply_service_that_restarts_outside_stays_hidden)
{
	int status;
	pid_t pid;
	char c;

	make_tree();
	put_resolv_conf(1);
	ck_assert_int_eq(pipe(before) | pipe(after), 0);
	fflush(NULL);
	if ((pid = fork()) == 0) {
		close(before[0]);
		if (shut_in())
			look_again();
		exit(0);
	}
	close(before[1]);
	if (read(before[0], &c, 1) == 1) {	/* there are namespaces */
		ck_assert_int_eq(system("rm -r run/nscd run/systemd/resolve"),
		    0);
		ck_assert_int_eq(mkdir("run/nscd", 0755) |
		    mkdir("run/avahi-daemon", 0755) |
		    mkdir("run/systemd/resolve", 0755), 0);
		put_socket("run/nscd/socket");
		put_socket("run/avahi-daemon/socket");
		put_socket("run/systemd/resolve/io.systemd.Resolve");
		ck_assert_int_eq(write(after[1], "", 1), 1);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	remove_top();
}
END_TEST

static int
count(const char *path)
{
	struct dirent *e;
	DIR *d = opendir(path);
	int n = 0;

	ck_assert_ptr_nonnull(d);
	while ((e = readdir(d)) != NULL)
		n += e->d_name[0] != '.';
	closedir(d);
	return n;
}

START_TEST(runmounts_apply_nothing_changes_outside)
{
	int run, etc, status;
	pid_t pid;

	make_tree();		/* no resolv.conf: a place must be made */
	run = count("run");
	etc = count("etc");
	fflush(NULL);
	if ((pid = fork()) == 0) {
		if (shut_in())
			apply();
		exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	ck_assert_int_eq(count("run"), run);
	ck_assert_int_eq(count("etc"), etc);
	ck_assert_int_eq(count("tmp"), 0);
	ck_assert_int_eq(reach("run/nscd/socket"), 0);
	remove_top();
}
END_TEST

static void
look_around(void)
{
	char cwd[100];

	ck_assert_int_eq(chdir("/run/systemd"), 0);
	apply();
	ck_assert_str_eq(getcwd(cwd, sizeof(cwd)), "/run/systemd");
	ck_assert_int_eq(reach("../nscd/socket"), ENOENT);
	ck_assert_int_eq(reach("resolve/io.systemd.Resolve"), ENOENT);
}

START_TEST(runmounts_apply_below_a_mirror_the_old_directory_is_left)
{
	in_tree(1, look_around);
	remove_top();
}
END_TEST

static const struct unit_test tests[] = {
	UNIT_LOOP(runmounts_nsswitch_names_are_looked_up_by_dns_only,
	    NELEM(switches)),
	UNIT_LOOP(runmounts_follow_finds_what_exists_and_what_is_missing,
	    NELEM(paths)),
	UNIT(runmounts_follow_path_that_is_too_long_or_relative_is_refused),
	UNIT_LOOP(
	    runmounts_apply_the_resolver_is_ours_whatever_resolv_conf_is,
	    NELEM(confs)),
	UNIT(runmounts_apply_sockets_that_resolve_or_connect_are_hidden),
	UNIT(runmounts_apply_service_that_restarts_outside_stays_hidden),
	UNIT(runmounts_apply_nothing_changes_outside),
	UNIT(runmounts_apply_below_a_mirror_the_old_directory_is_left),
};

UNIT_MAIN("runmounts", tests)

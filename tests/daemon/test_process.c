/* tests/daemon/test_process.c - users, rights, files of the process
 *
 * What needs root is done only as root, each in a process of its own (check
 * forks); what must be refused without root is done after rights were dropped.
 */
#include "daemon/process.h"

#include <errno.h>
#include <pwd.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/conf.h"
#include "tests/unit.h"

static char why[512];

static struct conf *
with(const char *text)
{
	struct conf_args args = {
		.file = "rc", .text = text, .text_len = strlen(text),
		.no_files = 1
	};
	struct conf_err err;
	struct conf *c;

	if (conf_load(&c, &args, &err) < 0)
		ck_abort_msg("%s", err.text);
	return c;
}

/* An account without rights, or NULL. */
static const struct passwd *
nobody(void)
{
	const struct passwd *pw = getpwnam("nobody");

	return pw && pw->pw_uid ? pw : NULL;
}

static int
become_nobody(void)
{
	const struct passwd *pw = nobody();

	return geteuid() != 0 || (pw && setgid(pw->pw_gid) == 0 &&
	    setuid(pw->pw_uid) == 0);
}

START_TEST(process_check_user_unknown_names_the_line)
{
	struct conf *c = with("StrictNodes 0\nUser no-such-user-here\n");

	ck_assert_int_eq(process_check_user(c, why, sizeof(why)), -ENOENT);
	ck_assert_str_eq(why, "rc:2: User no-such-user-here: there is no such "
	    "user");
	conf_free(c);
}
END_TEST

START_TEST(process_check_user_without_one_is_good)
{
	struct conf *c = with("");

	ck_assert_int_eq(process_check_user(c, why, sizeof(why)), 0);
	conf_free(c);
}
END_TEST

START_TEST(process_check_user_without_root_must_be_ourselves)
{
	const struct passwd *pw;
	struct conf *c;
	char text[256];

	if (!become_nobody())
		return;
	c = with("User root\n");
	ck_assert_int_eq(process_check_user(c, why, sizeof(why)), -EPERM);
	ck_assert_ptr_nonnull(strstr(why, "rc:1: User root: only root"));
	conf_free(c);
	if ((pw = getpwuid(getuid())) == NULL)
		return;
	snprintf(text, sizeof(text), "User %s\n", pw->pw_name);
	c = with(text);
	ck_assert_int_eq(process_check_user(c, why, sizeof(why)), 0);
	conf_free(c);
}
END_TEST

START_TEST(process_as_user_and_back_is_for_files_only)
{
	const struct passwd *pw = nobody();

	if (getuid() != 0 || pw == NULL)
		return;
	ck_assert_int_eq(process_as_user("nobody"), 0);
	ck_assert_uint_eq(geteuid(), pw->pw_uid);
	ck_assert_uint_eq(getegid(), pw->pw_gid);
	ck_assert_uint_eq(getuid(), 0);
	process_as_root();
	ck_assert_uint_eq(geteuid(), 0);
	ck_assert_uint_eq(getegid(), 0);
	ck_assert_int_eq(process_as_user("no-such-user-here"), -ENOENT);
	ck_assert_uint_eq(geteuid(), 0);
	ck_assert_int_eq(process_as_user(NULL), 0);
	ck_assert_uint_eq(geteuid(), 0);
}
END_TEST

START_TEST(process_drop_cannot_be_undone)
{
	uid_t r, e, s;
	const struct passwd *pw = nobody();

	if (getuid() != 0 || pw == NULL)
		return;
	ck_assert_int_eq(process_drop("nobody"), 0);
	ck_assert_int_eq(getresuid(&r, &e, &s), 0);
	ck_assert(r == pw->pw_uid && e == pw->pw_uid && s == pw->pw_uid);
	ck_assert_int_eq(getresgid(&r, &e, &s), 0);
	ck_assert(r == pw->pw_gid && e == pw->pw_gid && s == pw->pw_gid);
	ck_assert_int_lt(setuid(0), 0);
	ck_assert_int_lt(setgid(0), 0);
}
END_TEST

START_TEST(process_drop_to_unknown_changes_nothing)
{
	uid_t before = getuid();

	ck_assert_int_eq(process_drop("no-such-user-here"),
	    before == 0 ? -ENOENT : 0);
	ck_assert_uint_eq(getuid(), before);
}
END_TEST

START_TEST(process_harden_allows_no_core_and_no_new_privileges)
{
	struct conf *c = with("");
	struct rlimit lim;

	ck_assert_int_eq(process_harden(c), 0);
	ck_assert_int_eq(getrlimit(RLIMIT_CORE, &lim), 0);
	ck_assert_uint_eq(lim.rlim_max, 0);
	ck_assert_int_eq(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 1);
	ck_assert_int_eq(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0), 0);
	conf_free(c);
}
END_TEST

START_TEST(process_harden_leaves_a_debugger_that_is_wanted)
{
	struct conf *c = with("DisableDebuggerAttachment 0\n");

	ck_assert_int_eq(process_harden(c), 0);
	ck_assert_int_eq(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0), 1);
	conf_free(c);
}
END_TEST

START_TEST(process_descriptors_raises_to_the_limit)
{
	struct rlimit lim = { 50, 100 };

	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &lim), 0);
	ck_assert_uint_eq(process_descriptors(), 100);
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &lim), 0);
	ck_assert_uint_eq(lim.rlim_cur, 100);
}
END_TEST

START_TEST(process_pid_file_and_directory_are_made_or_refused)
{
	char dir[] = "/tmp/test_process.XXXXXX", path[64], cmd[64], got[32];
	const struct passwd *pw = nobody();
	struct stat st;
	FILE *f;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/pid", dir);
	ck_assert_int_eq(process_pid_file(path), 0);
	ck_assert_ptr_nonnull(f = fopen(path, "r"));
	ck_assert_ptr_nonnull(fgets(got, sizeof(got), f));
	fclose(f);
	ck_assert_int_eq(atol(got), getpid());
	ck_assert_int_eq(process_directory(path, NULL), -ENOTDIR);
	/* what stands there already may be a trap */
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(symlink("/dev/null", path), 0);
	ck_assert_int_eq(process_pid_file(path), -ELOOP);
	snprintf(path, sizeof(path), "%s/data", dir);
	ck_assert_int_eq(process_directory(path, pw ? "nobody" : NULL), 0);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_eq(st.st_mode & 07777, 0700);
	if (pw && getuid() == 0)
		ck_assert_uint_eq(st.st_uid, pw->pw_uid);
	ck_assert_int_eq(process_directory(path, NULL), 0);
	snprintf(path, sizeof(path), "%s/no/data", dir);
	ck_assert_int_eq(process_directory(path, NULL), -ENOENT);
	snprintf(cmd, sizeof(cmd), "rm -rf %s", dir);
	ck_assert_int_eq(system(cmd), 0);
}
END_TEST

static uid_t
owner(const char *path, unsigned mode)
{
	struct stat st;

	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, mode);
	return st.st_uid;
}

START_TEST(process_socket_directory_is_made_and_given_but_never_taken)
{
	const struct passwd *pw = getpwnam("nobody");
	char dir[] = "/tmp/test_process.XXXXXX", path[100], made[100];
	int root = pw && getuid() == 0;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(made, sizeof(made), "%s/run", dir);
	snprintf(path, sizeof(path), "%s/run/sock", dir);
	ck_assert_int_eq(process_socket_directory(path, NULL, 0), 0);
	ck_assert_uint_eq(owner(made, 0755), getuid());
	ck_assert_int_eq(process_socket_directory(path,
	    root ? "nobody" : NULL, 0), 0);
	ck_assert_uint_eq(owner(made, 0755), getuid());
	ck_assert_int_eq(process_socket_directory(path,
	    root ? "nobody" : NULL, 1), 0);
	ck_assert_uint_eq(owner(made, 0755), root ? pw->pw_uid : getuid());
	ck_assert_int_eq(process_socket_directory("sock", NULL, 1), 0);
	ck_assert_int_eq(rmdir(made), 0);
	snprintf(path, sizeof(path), "%s/no/run/sock", dir);
	ck_assert_int_eq(process_socket_directory(path, NULL, 1), -ENOENT);
	rmdir(dir);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(process_check_user_unknown_names_the_line),
	UNIT(process_check_user_without_one_is_good),
	UNIT(process_check_user_without_root_must_be_ourselves),
	UNIT(process_as_user_and_back_is_for_files_only),
	UNIT(process_drop_cannot_be_undone),
	UNIT(process_drop_to_unknown_changes_nothing),
	UNIT(process_harden_allows_no_core_and_no_new_privileges),
	UNIT(process_harden_leaves_a_debugger_that_is_wanted),
	UNIT(process_descriptors_raises_to_the_limit),
	UNIT(process_pid_file_and_directory_are_made_or_refused),
	UNIT(process_socket_directory_is_made_and_given_but_never_taken),
};

UNIT_MAIN("process", tests)

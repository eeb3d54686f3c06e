/* tests/onion/dir/test_store.c */
#include "onion/dir/store.h"

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "base/log.h"
#include "tests/onion/dir/tmpdir.h"
#include "tests/unit.h"

static struct store *
open_store(void)
{
	char why[200];
	struct store *s;

	ck_assert_msg(store_open(&s, tmpdir_make(), why, sizeof(why)) == 0,
	    "%s", why);
	return s;
}

static void
close_store(struct store *s)
{
	store_close(s);
	tmpdir_remove();
}

static int
put(struct store *s, const char *name, const char *text)
{
	struct store_part part = { text, strlen(text) };

	return store_write(s, name, &part, 1);
}

static void
check_text(const char *name, const char *want)
{
	size_t len;
	char *got = tmpdir_get(name, &len);

	ck_assert_ptr_nonnull(got);
	ck_assert_str_eq(got, want);
	free(got);
}

START_TEST(store_write_then_read_gives_it_back)
{
	struct store *s = open_store();
	struct stat st;
	uint8_t *p;
	size_t len;

	ck_assert_int_eq(put(s, "state", "one\n"), 0);
	ck_assert_int_eq(put(s, "state", "second\n"), 0);
	ck_assert_int_eq(store_read(s, "state", 7, &p, &len), 0);
	ck_assert_uint_eq(len, 7);
	ck_assert_str_eq((char *)p, "second\n");
	free(p);
	ck_assert_int_eq(store_read(s, "state", 6, &p, &len), -EFBIG);
	ck_assert_int_eq(stat(tmpdir_path("state"), &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
	ck_assert_int_ne(access(tmpdir_path("state.tmp"), F_OK), 0);
	close_store(s);
}
END_TEST

START_TEST(store_write_many_slices_are_joined)
{
	struct store_part part[1000];
	struct store *s = open_store();
	size_t i, len, size = 0;
	char *got;

	for (i = 0; i < 1000; i++) {
		part[i].p = "abcdefghij";
		part[i].len = i % 11;
		size += i % 11;
	}
	ck_assert_int_eq(store_write(s, "cached-microdescs", part, 1000), 0);
	ck_assert_int_eq(store_append(s, "cached-microdescs", part, 1000,
	    &len), 0);
	ck_assert_uint_eq(len, 2 * size);
	got = tmpdir_get("cached-microdescs", &len);
	ck_assert_uint_eq(len, 2 * size);
	ck_assert_mem_eq(got, "aababcabcd", 10);
	ck_assert_mem_eq(got, got + size, size);
	free(got);
	ck_assert_int_eq(store_write(s, "empty", NULL, 0), 0);
	check_text("empty", "");
	close_store(s);
}
END_TEST

START_TEST(store_names_with_a_path_are_refused)
{
	static const char *const names[] = {
		"", ".", "..", ".hidden", "a/b", "../x", "/etc/passwd"
	};
	struct store *s = open_store();
	uint8_t *p;
	size_t len, i;

	for (i = 0; i < NELEM(names); i++) {
		ck_assert_int_eq(put(s, names[i], "x"), -EINVAL);
		ck_assert_int_eq(store_read(s, names[i], 9, &p, &len),
		    -EINVAL);
		ck_assert_int_eq(store_append(s, names[i], NULL, 0, NULL),
		    -EINVAL);
		ck_assert_int_eq(store_remove(s, names[i]), -EINVAL);
		ck_assert_int_eq(store_rename(s, "a", names[i]), -EINVAL);
	}
	close_store(s);
}
END_TEST

START_TEST(store_links_are_never_followed)
{
	struct store *s = open_store();
	char other[600];
	uint8_t *p;
	size_t len;

	snprintf(other, sizeof(other), "%s", tmpdir_path("other"));
	tmpdir_put("other", "keep", 4);
	ck_assert_int_eq(symlink(other, tmpdir_path("state")), 0);
	ck_assert_int_eq(symlink(other, tmpdir_path("journal")), 0);
	ck_assert_int_eq(symlink(other, tmpdir_path("x.tmp")), 0);
	ck_assert_int_eq(store_read(s, "state", 100, &p, &len), -ELOOP);
	ck_assert_int_eq(put(s, "state", "new"), 0);	/* replaces the link */
	ck_assert_int_eq(put(s, "x", "new"), 0);
	ck_assert_int_lt(store_append(s, "journal", NULL, 0, NULL), 0);
	check_text("other", "keep");
	check_text("state", "new");
	check_text("x", "new");
	close_store(s);
}
END_TEST

START_TEST(store_read_what_is_no_file_is_refused)
{
	struct store *s = open_store();
	uint8_t *p;
	size_t len;

	ck_assert_int_eq(mkdir(tmpdir_path("sub"), 0700), 0);
	ck_assert_int_eq(store_read(s, "sub", 100, &p, &len), -EINVAL);
	ck_assert_int_eq(mkfifo(tmpdir_path("fifo"), 0600), 0);
	ck_assert_int_eq(store_read(s, "fifo", 100, &p, &len), -EINVAL);
	ck_assert_int_eq(store_read(s, "none", 100, &p, &len), -ENOENT);
	ck_assert_int_eq(store_remove(s, "none"), 0);
	close_store(s);
}
END_TEST

START_TEST(store_open_second_instance_is_refused)
{
	struct store *s = open_store(), *t;
	char why[200];

	ck_assert_int_eq(store_open(&t, tmpdir, why, sizeof(why)),
	    -EWOULDBLOCK);
	ck_assert_ptr_nonnull(strstr(why, "another"));
	store_close(s);
	ck_assert_int_eq(store_open(&t, tmpdir, why, sizeof(why)), 0);
	close_store(t);
}
END_TEST

START_TEST(store_open_makes_it_and_closes_it_to_others)
{
	char why[200], path[300];
	struct store *s;
	struct stat st;

	snprintf(path, sizeof(path), "%s", tmpdir_make());
	ck_assert_int_eq(rmdir(path), 0);
	ck_assert_int_eq(store_open(&s, path, why, sizeof(why)), 0);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0700);
	store_close(s);
	ck_assert_int_eq(chmod(path, 0755), 0);
	ck_assert_int_eq(store_open(&s, path, why, sizeof(why)), 0);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0700);
	store_close(s);
	ck_assert_int_eq(chmod(path, 0770), 0);
	ck_assert_int_eq(store_open(&s, path, why, sizeof(why)), -EPERM);
	ck_assert_ptr_nonnull(strstr(why, "0770"));
	tmpdir_remove();
}
END_TEST

START_TEST(store_open_of_another_user_is_refused)
{
	char why[200];
	struct store *s;

	tmpdir_make();
	if (geteuid() == 0) {
		ck_assert_int_eq(chown(tmpdir, 12345, 12345), 0);
		ck_assert_int_eq(store_open(&s, tmpdir, why, sizeof(why)),
		    -EPERM);
		ck_assert_ptr_nonnull(strstr(why, "12345"));
		ck_assert_int_eq(chown(tmpdir, 0, 0), 0);
	} else {
		ck_assert_int_eq(store_open(&s, "/", why, sizeof(why)),
		    -EPERM);
		ck_assert_ptr_nonnull(strstr(why, "belongs"));
	}
	tmpdir_remove();
}
END_TEST

START_TEST(store_open_of_a_file_is_refused)
{
	char why[200], path[600];
	struct store *s;

	tmpdir_make();
	tmpdir_put("file", "x", 1);
	snprintf(path, sizeof(path), "%s", tmpdir_path("file"));
	ck_assert_int_eq(store_open(&s, path, why, sizeof(why)), -ENOTDIR);
	ck_assert_int_gt(strlen(why), 0);
	tmpdir_remove();
}
END_TEST

static unsigned complaints;

static void
count(void *arg, enum log_level l, const char *line)
{
	(void)arg;
	(void)line;
	complaints += l <= LL_WARN;
}

static void
limit(rlim_t n)
{
	struct rlimit r;

	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &r);
	r.rlim_cur = n == 0 ? r.rlim_max : n;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &r), 0);
}

START_TEST(store_write_failure_keeps_the_old_and_complains_once)
{
	struct store *s = open_store();
	static char big[100000];
	struct store_part part = { big, sizeof(big) };
	size_t size;
	int i;

	memset(big, 'x', sizeof(big));
	be_quiet();
	log_capture(count, NULL);
	ck_assert_int_eq(put(s, "a", "old"), 0);
	ck_assert_int_eq(put(s, "journal", "old"), 0);
	limit(50000);
	for (i = 0; i < 100; i++) {
		ck_assert_int_eq(store_write(s, "a", &part, 1), -EFBIG);
		ck_assert_int_eq(store_append(s, "journal", &part, 1, &size),
		    -EFBIG);
	}
	ck_assert_int_eq(store_failing(s), -EFBIG);
	limit(0);
	check_text("a", "old");
	check_text("journal", "old");
	ck_assert_int_ne(access(tmpdir_path("a.tmp"), F_OK), 0);
	ck_assert_uint_eq(complaints, 1);
	ck_assert_int_eq(store_write(s, "a", &part, 1), 0);
	ck_assert_int_eq(store_failing(s), 0);
	log_capture(NULL, NULL);
	close_store(s);
}
END_TEST

START_TEST(store_write_directory_gone_is_an_error)
{
	struct store *s = open_store();
	uint8_t *p;
	size_t len;

	be_quiet();
	log_capture(count, NULL);
	tmpdir_remove();
	ck_assert_int_eq(put(s, "a", "x"), -ENOENT);
	ck_assert_int_eq(store_read(s, "a", 10, &p, &len), -ENOENT);
	ck_assert_int_lt(store_append(s, "a", NULL, 0, NULL), 0);
	log_capture(NULL, NULL);
	store_close(s);
}
END_TEST

/* Killed at any moment, a file is one of the versions, whole. */
START_TEST(store_write_killed_leaves_old_or_new)
{
	char text[2][20001];
	struct store *s = open_store();
	size_t len;
	pid_t pid;
	char *got;
	int i, k;

	memset(text, 0, sizeof(text));
	memset(text[0], 'a', 20000);
	memset(text[1], 'b', 10000);
	ck_assert_int_eq(put(s, "f", text[0]), 0);
	for (i = 0; i < 40; i++) {
		if ((pid = fork()) == 0) {
			for (k = 0;; k++)
				put(s, "f", text[k & 1]);
		}
		usleep((useconds_t)(500 + 211 * i));
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		got = tmpdir_get("f", &len);
		ck_assert(len == 20000 || len == 10000);
		ck_assert_str_eq(got, text[len == 10000]);
		free(got);
	}
	close_store(s);
}
END_TEST

/* --- killed between one system call and the next --- */

/* The store's calls that change a disk are ours, as the linker takes these
 * before libc's.  At the one whose turn it is (@die_in, counted down) the process
 * is killed, before or after it is made. */
static int die_in, die_before;

static void
step(int before)
{
	if (die_in == 0 || before != die_before)
		return;
	if (--die_in == 0)
		kill(getpid(), SIGKILL);
}

ssize_t
writev(int fd, const struct iovec *v, int n)
{
	ssize_t rc;

	step(1);
	rc = syscall(SYS_writev, fd, v, n);
	step(0);
	return rc;
}

int
fsync(int fd)
{
	int rc;

	step(1);
	rc = (int)syscall(SYS_fsync, fd);
	step(0);
	return rc;
}

int
renameat(int from, const char *a, int to, const char *b)
{
	int rc;

	step(1);
	rc = (int)syscall(SYS_renameat2, from, a, to, b, 0);
	step(0);
	return rc;
}

/* 1: the child was killed where it was to be; 0: it had written all before. */
static int
write_one(struct store *s, const char *text, int steps, int before)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		die_in = steps;
		die_before = before;
		_exit(put(s, "f", text) == 0 ? 0 : 1);
	}
	ck_assert_int_gt(pid, 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status)) {
		ck_assert_int_eq(WEXITSTATUS(status), 0);
		return 0;
	}
	ck_assert_int_eq(WTERMSIG(status), SIGKILL);
	return 1;
}

/* A thousand times, at each point in turn: what is there is the old text or the
 * new one, whole, and the new one from the rename on; what a dead one left
 * behind is in nobody's way. */
START_TEST(store_write_killed_between_its_steps_leaves_old_or_new)
{
	enum { CALLS = 4, RENAME = 3, TIMES = 1000 };
	char old[64] = "the first\n", new[64];
	struct store *s = open_store();
	unsigned i, killed = 0, torn = 0, renamed = 0;
	int point, before, kept;
	size_t len;
	char *got;

	ck_assert_int_eq(put(s, "f", old), 0);
	for (i = 0; i < TIMES; i++) {
		point = (int)(i / 2) % (CALLS + 1) + 1;
		before = (int)i % 2;
		snprintf(new, sizeof(new), "the text of %u, %.*s\n", i,
		    (int)(i % 20), "twenty bytes of text");
		if (write_one(s, new, point, before)) {
			killed++;
			ck_assert_int_le(point, CALLS);
		} else {
			ck_assert_int_gt(point, CALLS);
		}
		torn += access(tmpdir_path("f.tmp"), F_OK) == 0;
		got = tmpdir_get("f", &len);
		ck_assert_ptr_nonnull(got);
		kept = strcmp(got, old) == 0;
		if (!kept)
			ck_assert_str_eq(got, new);
		free(got);
		ck_assert_int_eq(kept, point < RENAME ||
		    (point == RENAME && before));
		renamed += !kept;
		if (!kept)
			memcpy(old, new, sizeof(old));
	}
	ck_assert_uint_eq(killed, TIMES * CALLS / (CALLS + 1));
	ck_assert_uint_gt(torn, 0);
	ck_assert_uint_gt(renamed, 0);
	ck_assert_int_eq(put(s, "f", "the last\n"), 0);
	check_text("f", "the last\n");
	ck_assert_int_ne(access(tmpdir_path("f.tmp"), F_OK), 0);
	close_store(s);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(store_write_then_read_gives_it_back),
	UNIT(store_write_many_slices_are_joined),
	UNIT(store_names_with_a_path_are_refused),
	UNIT(store_links_are_never_followed),
	UNIT(store_read_what_is_no_file_is_refused),
	UNIT(store_open_second_instance_is_refused),
	UNIT(store_open_makes_it_and_closes_it_to_others),
	UNIT(store_open_of_another_user_is_refused),
	UNIT(store_open_of_a_file_is_refused),
	UNIT(store_write_failure_keeps_the_old_and_complains_once),
	UNIT(store_write_directory_gone_is_an_error),
	UNIT(store_write_killed_leaves_old_or_new),
	UNIT(store_write_killed_between_its_steps_leaves_old_or_new)
};

UNIT_MAIN("store", tests)

/* tests/onion/dir/test_statefile.c */
#include "onion/dir/statefile.h"

#include <errno.h>

#include "base/log.h"
#include "base/loop.h"
#include "onion/dir/store.h"
#include "tests/onion/dir/tmpdir.h"
#include "tests/unit.h"

enum { LINES = 100 };

struct mine {			/* an owner that remembers what it was given */
	char	line[LINES][200];
	size_t	n;
	int	refuse;
};

static struct loop loop;
static struct store *store;
static unsigned warnings;

static int
on_line(void *arg, const char *key, const char *value)
{
	struct mine *m = arg;

	if (m->refuse || m->n == LINES)
		return -EINVAL;
	snprintf(m->line[m->n++], sizeof(m->line[0]), "%s %s", key, value);
	return 0;
}

static void
on_save(void *arg, struct statefile *f)
{
	struct mine *m = arg;
	char *blank;
	size_t i;

	for (i = 0; i < m->n; i++) {
		blank = strchr(m->line[i], ' ');
		*blank = '\0';
		statefile_put(f, m->line[i], "%s", blank + 1);
		*blank = ' ';
	}
}

static const char *const guard_keys[] = { "Guard", NULL };
static const char *const time_keys[] = {
	"CircuitBuildTimeBin", "TotalBuildTimes", NULL
};
static const struct statefile_owner guard_owner = {
	guard_keys, on_line, on_save
};
static const struct statefile_owner time_owner = {
	time_keys, on_line, on_save
};

static void
on_log(void *arg, enum log_level l, const char *line)
{
	(void)arg;
	(void)line;
	warnings += l <= LL_WARN;
}

static struct statefile *
begin(struct mine *guards, struct mine *times)
{
	struct statefile *f;
	char why[200];

	loop_init(&loop, 0, 1795387500);
	if (store == NULL)
		ck_assert_msg(store_open(&store, tmpdir, why, sizeof(why)) == 0,
		    "%s", why);
	ck_assert_int_eq(statefile_new(&f, &loop, store), 0);
	ck_assert_int_eq(statefile_own(f, &guard_owner, guards), 0);
	ck_assert_int_eq(statefile_own(f, &time_owner, times), 0);
	be_quiet();
	log_capture(on_log, NULL);
	return f;
}

static void
end(struct statefile *f)
{
	statefile_free(f);
	store_close(store);
	store = NULL;
	log_capture(NULL, NULL);
	tmpdir_remove();
}

static const char tors[] =
    "# Tor state file last generated on 2026-11-22 22:45:31 local time\n"
    "# Other times below are in UTC\n"
    "# You *do not* need to edit this file.\n"
    "\n"
    "CircuitBuildTimeBin 125 1\n"
    "CircuitBuildTimeBin 165 2\n"
    "Dormant 0\n"
    "Guard in=default rsa_id=AAAA nickname=r1 sampled_on=2026-11-14T01:02:03\n"
    "Guard in=default rsa_id=BBBB nickname=r2 sampled_on=2026-11-15T01:02:03\n"
    "TorVersion Tor 0.4.9.11\n"
    "LastWritten 2026-11-22 22:45:31\n"
    "TotalBuildTimes 3\n";

START_TEST(statefile_load_tors_own_file_is_understood)
{
	struct mine g = { .n = 0 }, t = { .n = 0 };
	struct statefile *f;
	size_t len;
	char *got;

	tmpdir_make();
	tmpdir_put("state", tors, sizeof(tors) - 1);
	f = begin(&g, &t);
	ck_assert_int_eq(statefile_load(f), 0);
	ck_assert_uint_eq(g.n, 2);
	ck_assert_uint_eq(t.n, 3);
	ck_assert_str_eq(t.line[1], "CircuitBuildTimeBin 165 2");
	statefile_dirty(f, 1);
	ck_assert_int_eq(statefile_flush(f), 0);
	got = tmpdir_get("state", &len);
	/* Nobody's lines are kept, ours are as we said, comments are ours. */
	ck_assert_ptr_nonnull(strstr(got, "\nDormant 0\n"));
	ck_assert_ptr_nonnull(strstr(got, "\nTorVersion Tor 0.4.9.11\n"));
	ck_assert_ptr_nonnull(strstr(got, "rsa_id=BBBB"));
	ck_assert_ptr_nonnull(strstr(got,
	    "\nLastWritten 2026-11-22 22:45:00\n"));
	ck_assert_ptr_null(strstr(got, "22:45:31"));
	ck_assert_uint_eq(warnings, 0);
	free(got);
	end(f);
}
END_TEST

START_TEST(statefile_save_and_load_round_and_round_is_stable)
{
	struct mine g = { .n = 0 }, t = { .n = 0 };
	struct statefile *f;
	char *first = NULL, *got;
	size_t len;
	int i;

	tmpdir_make();
	tmpdir_put("state", tors, sizeof(tors) - 1);
	for (i = 0; i < 4; i++) {
		g.n = t.n = 0;
		f = begin(&g, &t);
		ck_assert_int_eq(statefile_load(f), 0);
		statefile_dirty(f, 0);
		ck_assert_int_eq(statefile_flush(f), 0);
		statefile_free(f);
		got = tmpdir_get("state", &len);
		if (first) {
			ck_assert_str_eq(got, first);
			free(got);
		} else
			first = got;
	}
	free(first);
	f = begin(&g, &t);
	end(f);
}
END_TEST

START_TEST(statefile_load_without_file_is_no_error)
{
	struct mine g = { .n = 0 }, t = { .n = 0 };
	struct statefile *f;

	tmpdir_make();
	f = begin(&g, &t);
	ck_assert_int_eq(statefile_load(f), 0);
	ck_assert_uint_eq(warnings, 0);
	end(f);
}
END_TEST

/* Cut before the line LastWritten, or within a line: it is put aside, and what
 * is left of whole lines is used. */
START_TEST(statefile_load_truncated_is_put_aside_and_salvaged)
{
	struct mine g, t;
	struct statefile *f;
	size_t cut, len, whole, last;
	char *got;

	tmpdir_make();
	last = (size_t)(strstr(tors, "TotalBuildTimes") - tors);
	for (cut = 0; cut < sizeof(tors) - 1; cut++) {
		tmpdir_put("state", tors, cut);
		memset(&g, 0, sizeof(g));
		memset(&t, 0, sizeof(t));
		f = begin(&g, &t);
		warnings = 0;
		if (cut >= last && tors[cut - 1] == '\n') {
			ck_assert_int_eq(statefile_load(f), 0);
		} else {
			ck_assert_int_eq(statefile_load(f), -EBADMSG);
			ck_assert_uint_ge(warnings, 1);
			got = tmpdir_get("state.corrupt", &len);
			ck_assert_uint_eq(len, cut);
			free(got);
			ck_assert_ptr_null(tmpdir_get("state", &len));
			ck_assert_int_eq(statefile_flush(f), 0);
		}
		whole = 0;
		if (cut > 350)
			whole = 1;
		ck_assert_uint_ge(g.n, whole);
		statefile_free(f);
	}
	f = begin(&g, &t);
	end(f);
}
END_TEST

START_TEST(statefile_load_flipped_bits_never_crash_or_pass_as_text)
{
	struct mine g, t;
	char text[sizeof(tors)];
	struct statefile *f;
	size_t i, k;

	tmpdir_make();
	for (i = 0; i < sizeof(tors) - 1; i += 3) {
		memcpy(text, tors, sizeof(tors));
		text[i] ^= (char)(1 << i % 8);
		tmpdir_put("state", text, sizeof(tors) - 1);
		memset(&g, 0, sizeof(g));
		memset(&t, 0, sizeof(t));
		f = begin(&g, &t);
		statefile_load(f);
		for (k = 0; k < g.n; k++)
			ck_assert_int_eq(strncasecmp(g.line[k], "Guard ", 6),
			    0);
		ck_assert_uint_ge(g.n, 1);
		statefile_free(f);
	}
	f = begin(&g, &t);
	end(f);
}
END_TEST

START_TEST(statefile_load_refused_line_is_dropped_with_a_warning)
{
	struct mine g = { .refuse = 1 }, t = { .n = 0 };
	struct statefile *f;

	tmpdir_make();
	tmpdir_put("state", tors, sizeof(tors) - 1);
	f = begin(&g, &t);
	warnings = 0;
	ck_assert_int_eq(statefile_load(f), 0);
	ck_assert_uint_eq(warnings, 2);
	ck_assert_uint_eq(t.n, 3);
	end(f);
}
END_TEST

START_TEST(statefile_dirty_is_written_in_its_time)
{
	struct mine g = { .n = 0 }, t = { .n = 0 };
	struct statefile *f;
	size_t len;

	tmpdir_make();
	f = begin(&g, &t);
	snprintf(g.line[g.n++], 200, "Guard one");
	statefile_dirty(f, 0);
	loop_advance(&loop, 599999);
	ck_assert_int_ne(access(tmpdir_path("state"), F_OK), 0);
	loop_advance(&loop, 1);
	ck_assert_int_eq(access(tmpdir_path("state"), F_OK), 0);
	unlink(tmpdir_path("state"));
	/* The later but more urgent one brings it forward, not back. */
	statefile_dirty(f, 0);
	loop_advance(&loop, 1000);
	statefile_dirty(f, 1);
	ck_assert_int_ne(access(tmpdir_path("state"), F_OK), 0);
	loop_advance(&loop, 0);
	ck_assert_int_eq(access(tmpdir_path("state"), F_OK), 0);
	unlink(tmpdir_path("state"));
	/* Not more than once in a second. */
	statefile_dirty(f, 1);
	statefile_dirty(f, 0);
	loop_advance(&loop, 999);
	ck_assert_int_ne(access(tmpdir_path("state"), F_OK), 0);
	loop_advance(&loop, 1);
	free(tmpdir_get("state", &len));
	ck_assert_uint_gt(len, 0);
	/* Clean: nothing more is written. */
	unlink(tmpdir_path("state"));
	ck_assert_int_eq(statefile_flush(f), 0);
	loop_advance(&loop, 3600000);
	ck_assert_int_ne(access(tmpdir_path("state"), F_OK), 0);
	end(f);
}
END_TEST

START_TEST(statefile_flush_on_a_failing_disk_is_tried_again)
{
	struct mine g = { .n = 0 }, t = { .n = 0 };
	struct statefile *f;

	tmpdir_make();
	f = begin(&g, &t);
	/* Something that can't be removed stands where the file is made. */
	ck_assert_int_eq(mkdir(tmpdir_path("state.tmp"), 0700), 0);
	statefile_dirty(f, 1);
	loop_advance(&loop, 30000);
	ck_assert_int_lt(statefile_flush(f), 0);
	ck_assert_int_eq(rmdir(tmpdir_path("state.tmp")), 0);
	loop_advance(&loop, 600000);
	ck_assert_int_eq(access(tmpdir_path("state"), F_OK), 0);
	end(f);
}
END_TEST

START_TEST(statefile_put_what_would_break_a_line_is_left_out)
{
	struct mine g = { .n = 0 }, t = { .n = 0 };
	struct statefile *f;
	size_t len;
	char *got;

	tmpdir_make();
	f = begin(&g, &t);
	snprintf(g.line[g.n++], 200, "Guard a\nInjected b");
	snprintf(g.line[g.n++], 200, "Guard good");
	statefile_dirty(f, 1);
	ck_assert_int_eq(statefile_flush(f), 0);
	got = tmpdir_get("state", &len);
	ck_assert_ptr_null(strstr(got, "Injected"));
	ck_assert_ptr_nonnull(strstr(got, "\nGuard good\n"));
	free(got);
	end(f);
}
END_TEST

START_TEST(statefile_own_a_key_twice_is_refused)
{
	struct mine g = { .n = 0 }, t = { .n = 0 };
	struct statefile *f;

	tmpdir_make();
	f = begin(&g, &t);
	ck_assert_int_eq(statefile_own(f, &guard_owner, &t), -EEXIST);
	end(f);
}
END_TEST

START_TEST(statefile_without_store_keeps_nothing)
{
	struct statefile *f;

	loop_init(&loop, 0, 0);
	ck_assert_int_eq(statefile_new(&f, &loop, NULL), 0);
	ck_assert_int_eq(statefile_load(f), 0);
	statefile_dirty(f, 1);
	ck_assert_int_eq(loop_next(&loop), LOOP_NEVER);
	ck_assert_int_eq(statefile_flush(f), 0);
	statefile_free(f);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(statefile_load_tors_own_file_is_understood),
	UNIT(statefile_save_and_load_round_and_round_is_stable),
	UNIT(statefile_load_without_file_is_no_error),
	UNIT(statefile_load_truncated_is_put_aside_and_salvaged),
	UNIT(statefile_load_flipped_bits_never_crash_or_pass_as_text),
	UNIT(statefile_load_refused_line_is_dropped_with_a_warning),
	UNIT(statefile_dirty_is_written_in_its_time),
	UNIT(statefile_flush_on_a_failing_disk_is_tried_again),
	UNIT(statefile_put_what_would_break_a_line_is_left_out),
	UNIT(statefile_own_a_key_twice_is_refused),
	UNIT(statefile_without_store_keeps_nothing)
};

UNIT_MAIN("statefile", tests)

/* tests/base/test_log.c */
#include "base/log.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit.h"

static char seen[4096];
static int nseen;

static void
take(void *arg, enum log_level level, const char *text)
{
	(void)arg;
	(void)level;
	nseen++;
	snprintf(seen, sizeof(seen), "%s", text);
}

/* A fresh file name in the directory of the test. */
static void
temp_path(char *path, size_t max)
{
	int fd;

	snprintf(path, max, "test_log.XXXXXX");
	ck_assert_int_ge(fd = mkstemp(path), 0);
	close(fd);
}

static size_t
slurp(const char *path, char *out, size_t max)
{
	FILE *f = fopen(path, "r");
	size_t n;

	ck_assert_ptr_nonnull(f);
	n = fread(out, 1, max - 1, f);
	out[n] = '\0';
	fclose(f);
	return n;
}

START_TEST(log_level_parse_case_gives_its_result)
{
	static const struct { const char *s; int want; } c[] = {
		{ "err", LL_ERR }, { "WARN", LL_WARN }, { "Notice", LL_NOTICE },
		{ "info", LL_INFO }, { "debug", LL_DEBUG }, { "none", -EINVAL },
		{ "", -EINVAL }, { "warning", -EINVAL }, { "war", -EINVAL },
		{ "errr", -EINVAL },
	};

	ck_assert_int_eq(log_level_parse(c[_i].s, strlen(c[_i].s)), c[_i].want);
	ck_assert_int_eq(log_level_parse("warn-err", 4), LL_WARN);
}
END_TEST

START_TEST(log_without_sinks_wants_notice_and_worse)
{
	ck_assert_int_eq(log_wants(LL_ERR), 1);
	ck_assert_int_eq(log_wants(LL_NOTICE), 1);
	ck_assert_int_eq(log_wants(LL_INFO), 0);
}
END_TEST

START_TEST(log_sink_takes_only_its_levels)
{
	struct log_set *set = log_set_new();
	char path[64], text[4096];

	temp_path(path, sizeof(path));
	ck_assert_int_eq(log_set_add(set, LL_INFO, LL_WARN, LOG_TO_FILE, path),
	    0);
	log_set_use(set);
	ck_assert_int_eq(log_wants(LL_INFO), 1);
	ck_assert_int_eq(log_wants(LL_DEBUG), 0);
	log_err(LD_GENERAL, "an error %d", 1);
	log_warn(LD_GENERAL, "a warning %d", 2);
	log_info(LD_NET, "information %d", 3);
	log_debug(LD_NET, "detail %d", 4);
	log_set_use(NULL);
	log_warn(LD_GENERAL, "to stdout: expected here");
	slurp(path, text, sizeof(text));
	ck_assert_ptr_null(strstr(text, "an error"));
	ck_assert_ptr_nonnull(strstr(text, " [warn] a warning 2\n"));
	ck_assert_ptr_nonnull(strstr(text, " [info] net: information 3\n"));
	ck_assert_ptr_null(strstr(text, "detail"));
	ck_assert_ptr_null(strstr(text, "stdout"));
	unlink(path);
}
END_TEST

START_TEST(log_sink_takes_only_its_domains)
{
	unsigned domains[LL_DEBUG + 1] = { 0 };
	struct log_set *set = log_set_new();
	char path[64], text[4096];

	domains[LL_DEBUG] = 1u << LD_NET;
	domains[LL_ERR] = 1u << LD_NET | 1u << LD_DNS;
	temp_path(path, sizeof(path));
	ck_assert_int_eq(log_set_add_domains(set, domains, LOG_TO_FILE, path),
	    0);
	log_set_use(set);
	log_debug(LD_NET, "one");
	log_debug(LD_DNS, "two");
	log_err(LD_DNS, "three");
	log_err(LD_DIR, "four");
	log_notice(LD_NET, "five");
	log_set_use(NULL);
	slurp(path, text, sizeof(text));
	ck_assert_ptr_nonnull(strstr(text, "one"));
	ck_assert_ptr_null(strstr(text, "two"));
	ck_assert_ptr_nonnull(strstr(text, "three"));
	ck_assert_ptr_null(strstr(text, "four"));
	ck_assert_ptr_null(strstr(text, "five"));
	unlink(path);
}
END_TEST

START_TEST(log_set_granularity_rounds_the_time_down)
{
	struct log_set *set = log_set_new();
	char path[64], text[4096];

	temp_path(path, sizeof(path));
	ck_assert_int_eq(log_set_add(set, LL_NOTICE, LL_ERR, LOG_TO_FILE,
	    path), 0);
	log_set_style(set, 1000, NULL);
	log_set_use(set);
	usleep(3000);
	log_notice(LD_GENERAL, "x");
	log_set_use(NULL);
	slurp(path, text, sizeof(text));
	ck_assert_ptr_nonnull(strstr(text, ".000 [notice] x\n"));
	unlink(path);
}
END_TEST

START_TEST(log_file_is_private_and_appended_to)
{
	char path[64], text[4096];
	struct log_set *set;
	struct stat st;
	int i;

	temp_path(path, sizeof(path));
	unlink(path);
	for (i = 0; i < 2; i++) {
		set = log_set_new();
		ck_assert_int_eq(log_set_add(set, LL_NOTICE, LL_ERR,
		    LOG_TO_FILE, path), 0);
		log_set_use(set);
		log_notice(LD_GENERAL, "line %d", i);
	}
	log_set_use(NULL);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
	slurp(path, text, sizeof(text));
	ck_assert_ptr_nonnull(strstr(text, "line 0"));
	ck_assert_ptr_nonnull(strstr(text, "line 1"));
	unlink(path);
}
END_TEST

START_TEST(log_set_add_file_that_cannot_be_opened_fails)
{
	struct log_set *set = log_set_new();
	char path[64];

	ck_assert_int_eq(log_set_add(set, LL_NOTICE, LL_ERR, LOG_TO_FILE,
	    "no/such/directory/log"), -ENOENT);
	temp_path(path, sizeof(path));
	unlink(path);
	ck_assert_int_eq(symlink("elsewhere", path), 0);
	ck_assert_int_eq(log_set_add(set, LL_NOTICE, LL_ERR, LOG_TO_FILE,
	    path), -ELOOP);
	unlink(path);
	log_set_free(set);
	log_set_free(NULL);
}
END_TEST

START_TEST(log_set_add_over_ceiling_fails)
{
	struct log_set *set = log_set_new();
	int i;

	for (i = 0; i < LOG_SINKS_MAX; i++)
		ck_assert_int_eq(log_set_add(set, LL_ERR, LL_ERR,
		    LOG_TO_STDERR, NULL), 0);
	ck_assert_int_eq(log_set_add(set, LL_ERR, LL_ERR, LOG_TO_STDERR, NULL),
	    -ENOSPC);
	log_set_free(set);
}
END_TEST

START_TEST(log_line_that_is_too_long_is_cut_and_stays_a_line)
{
	struct log_set *set = log_set_new();
	char path[64], text[8192], longer[3000];
	size_t n;

	temp_path(path, sizeof(path));
	ck_assert_int_eq(log_set_add(set, LL_NOTICE, LL_ERR, LOG_TO_FILE,
	    path), 0);
	log_set_use(set);
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	log_notice(LD_CONTROL, "%s", longer);
	log_notice(LD_CONTROL, "next");
	log_set_use(NULL);
	n = slurp(path, text, sizeof(text));
	ck_assert_uint_gt(n, 1000);
	ck_assert_uint_lt(n, 1300);
	ck_assert_ptr_nonnull(strstr(text, "x\n"));
	ck_assert_ptr_nonnull(strstr(text, "control: next\n"));
	unlink(path);
}
END_TEST

static const struct {
	const char	*in;
	size_t		 len, max;
	const char	*want;
} text_cases[] = {
	{ "hello", 5, 64, "hello" },
	{ "", 0, 64, "" },
	{ "a\nb", 3, 64, "a\\x0ab" },
	{ "\x1b[31m", 5, 64, "\\x1b[31m" },
	{ "a\0b", 3, 64, "a\\x00b" },
	{ "a\\b", 3, 64, "a\\x5cb" },
	{ "\xff\x7f\x80", 3, 64, "\\xff\\x7f\\x80" },
	{ "0123456789", 10, 9, "0123+" },
	{ "0123", 4, 9, "0123" },
	{ "\n\n\n", 3, 6, "\\x0a+" },
	{ "abc", 3, 2, "+" },
	{ "abc", 3, 1, "" },
};

START_TEST(log_text_case_gives_its_result)
{
	char out[66];

	memset(out, '#', sizeof(out));
	log_text(out + 1, text_cases[_i].max, text_cases[_i].in,
	    text_cases[_i].len);
	ck_assert_str_eq(out + 1, text_cases[_i].want);
	ck_assert_int_eq(out[0], '#');
	ck_assert_int_eq(out[1 + text_cases[_i].max], '#');
}
END_TEST

START_TEST(log_text_without_room_touches_nothing)
{
	char out[1] = { '#' };

	ck_assert_str_eq(log_text(out, 0, "abc", 3), "");
	ck_assert_int_eq(out[0], '#');
}
END_TEST

START_TEST(log_limited_holds_back_and_counts)
{
	struct log_limit lim = { .every_s = 3600 };

	log_capture(take, NULL);
	log_limited(&lim, LL_INFO, LD_NET, "peer says %d", 1);
	ck_assert_str_eq(seen, "peer says 1");
	log_limited(&lim, LL_INFO, LD_NET, "peer says %d", 2);
	log_limited(&lim, LL_INFO, LD_NET, "peer says %d", 3);
	ck_assert_int_eq(nseen, 1);
	lim.last -= 3600;
	log_limited(&lim, LL_INFO, LD_NET, "peer says %d", 4);
	ck_assert_int_eq(nseen, 2);
	ck_assert_str_eq(seen, "peer says 4 [2 like it not shown]");
	lim.last -= 3600;
	log_limited(&lim, LL_INFO, LD_NET, "peer says %d", 5);
	ck_assert_str_eq(seen, "peer says 5");
	log_capture(NULL, NULL);
}
END_TEST

START_TEST(log_limited_that_nobody_wants_uses_up_nothing)
{
	struct log_limit lim = { .every_s = 3600 };

	log_limited(&lim, LL_DEBUG, LD_NET, "not seen");
	ck_assert(lim.last == 0);
	log_capture(take, NULL);
	log_limited(&lim, LL_DEBUG, LD_NET, "seen");
	ck_assert_str_eq(seen, "seen");
	log_capture(NULL, NULL);
}
END_TEST

START_TEST(log_scrub_hides_unless_told_otherwise)
{
	ck_assert_str_eq(log_scrub("example.com"), "[scrubbed]");
	log_set_scrub(0);
	ck_assert_str_eq(log_scrub("example.com"), "example.com");
	log_set_scrub(1);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT_LOOP(log_level_parse_case_gives_its_result, 10),
	UNIT(log_without_sinks_wants_notice_and_worse),
	UNIT(log_sink_takes_only_its_levels),
	UNIT(log_sink_takes_only_its_domains),
	UNIT(log_set_granularity_rounds_the_time_down),
	UNIT(log_file_is_private_and_appended_to),
	UNIT(log_set_add_file_that_cannot_be_opened_fails),
	UNIT(log_set_add_over_ceiling_fails),
	UNIT(log_line_that_is_too_long_is_cut_and_stays_a_line),
	UNIT_LOOP(log_text_case_gives_its_result, NELEM(text_cases)),
	UNIT(log_text_without_room_touches_nothing),
	UNIT(log_limited_holds_back_and_counts),
	UNIT(log_limited_that_nobody_wants_uses_up_nothing),
	UNIT(log_scrub_hides_unless_told_otherwise),
};

UNIT_MAIN("log", tests)

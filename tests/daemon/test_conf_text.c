/* tests/daemon/test_conf_text.c - lines, files and %include */
#include "daemon/conf_text.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit.h"

static char dir[64];
static struct conf_err err;

/* Each check is a process of its own, with a directory of its own. */
static void
make_dir(void)
{
	snprintf(dir, sizeof(dir), "/tmp/test_conf_text.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_int_eq(chdir(dir), 0);
}

static void
remove_dir(void)
{
	char cmd[128];

	ck_assert_int_eq(chdir("/"), 0);
	snprintf(cmd, sizeof(cmd), "rm -rf %s", dir);
	ck_assert_int_eq(system(cmd), 0);
}

static void
put(const char *name, const char *text)
{
	FILE *f = fopen(name, "w");

	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	fclose(f);
}

/* "name=value@file:line;..." */
static const char *
shown(const struct conf_lines *l)
{
	static char out[65536];
	size_t i, n = 0;

	out[0] = '\0';
	for (i = 0; i < l->n; i++)
		n += (size_t)snprintf(out + n, sizeof(out) - n,
		    "%s%s=%s@%s:%d;", l->line[i].how == CONF_HOW_ADD ? "+" :
		    l->line[i].how == CONF_HOW_CLEAR ? "/" : "",
		    l->line[i].name, l->line[i].value,
		    l->files.item[l->line[i].file], l->line[i].line);
	return out;
}

static const struct {
	const char	*text;
	const char	*want;		/* begins with '!': the error */
} cases[] = {
	{ "", "" }, { "\n\n  \t\n", "" }, { "# only this", "" },
	{ "A", "A=@t:1;" }, { "A b", "A=b@t:1;" }, { "A\tb \n", "A=b@t:1;" },
	{ "A b c  d\n", "A=b c  d@t:1;" },
	{ "A b#c\nB d", "A=b@t:1;B=d@t:2;" }, { "A#c\nB", "A=@t:1;B=@t:2;" },
	{ "A \\\nb\nC d", "A=b@t:1;C=d@t:3;" },
	{ "A b\\\nc\\\n d\nE f", "A=bc d@t:1;E=f@t:4;" },
	{ "A b\\\n# x\nc\nE f", "A=bc@t:1;E=f@t:4;" },
	{ "A b\\\n  # x\n# y\n c\nE f", "A=b   c@t:1;E=f@t:5;" },
	{ "A b\\\r\nc\r\nE f\r\n", "A=bc@t:1;E=f@t:3;" },
	{ "A b\\", "A=b\\@t:1;" }, { "A b\\c", "A=b\\c@t:1;" },
	{ "+A b\n/C d\n+\n", "+A=b@t:1;/C=@t:2;+=@t:3;" },
	{ "A \"b\"", "A=b@t:1;" }, { "A \"b # c\" # d\nE", "A=b # c@t:1;E=@t:2;" },
	{ "A \"\"\n", "A=@t:1;" }, { "A \" b \"\r\n", "A= b @t:1;" },
	{ "A \"\\x41\\102\\\\\\\"\\'\\t\"", "A=AB\\\"'\t@t:1;" },
	{ "A b\"c\"", "A=b\"c\"@t:1;" },
	{ "A \"b", "!t:1: this quoted" }, { "A \"b\n\"", "!t:1: this quoted" },
	{ "A \"b\" c", "!t:1: there is more" }, { "A \"b\\", "!t:1: in a quoted" },
	{ "A \"\\x4\"", "!t:1: in a quoted" }, { "A \"\\x\"", "!t:1: in a quoted" },
	{ "A \"\\777\"", "!t:1: in a quoted" }, { "A \"\\q\"", "!t:1: in a quoted" },
	{ "A \"\\0\"", "!t:1: a quoted value can't" },
	{ "\nA b\\\n c # d\nE", "!t:3: a comment" },
	{ "%include", "!t:1: %include is not possible" },
	{ "%INCLUDE x", "%INCLUDE=x@t:1;" },
};

START_TEST(conf_text_read_case_gives_its_lines)
{
	struct conf_lines lines = { .no_files = 1 };
	const char *text = cases[_i].text, *want = cases[_i].want;
	int rc = conf_text_read(&lines, "t", text, strlen(text), &err);

	if (*want == '!') {
		ck_assert_msg(rc == -EINVAL, "%s", text);
		ck_assert_msg(strncmp(err.text, want + 1, strlen(want + 1)) ==
		    0, "%s", err.text);
		ck_assert_int_eq(err.code, rc);
	} else {
		ck_assert_msg(rc == 0, "%s", err.text);
		ck_assert_str_eq(shown(&lines), want);
	}
	conf_lines_free(&lines);
}
END_TEST

static const struct {
	const char	*text;
	size_t		 column;	/* of the last value */
} columns[] = {
	{ "A b", 3 }, { "A b\n", 3 }, { "  A\tb c", 5 },
	{ "X y\n\n # z\n +A  b # c\n", 6 }, { "A \"b c\" # d", 4 },
	{ "A \"b", 0 },			/* refused */
	{ "A \"\\x41b\"", 0 }, { "A b\\\nc", 0 }, { "A \\\nb", 0 },
	{ "A \"\\\"b\"", 0 }, { "A b\\\n# x\n", 3 },
};

/* Where it is told at all, the value does stand there. */
START_TEST(conf_text_read_tells_where_a_value_stands)
{
	struct conf_lines l = { .no_files = 1 };
	const char *text = columns[_i].text;

	if (conf_text_read(&l, "t", text, strlen(text), &err) == 0)
		ck_assert_msg(l.line[l.n - 1].column == columns[_i].column,
		    "%s: %zu", text, l.line[l.n - 1].column);
	else
		ck_assert_uint_eq(columns[_i].column, 0);
	conf_lines_free(&l);
}
END_TEST

START_TEST(conf_text_read_zero_byte_is_refused)
{
	struct conf_lines lines = { .n = 0 };

	ck_assert_int_eq(conf_text_read(&lines, "t", "A b\0c", 5, &err),
	    -EINVAL);
	conf_lines_free(&lines);
}
END_TEST

START_TEST(conf_text_read_over_ceilings_is_refused)
{
	struct conf_lines lines = { .n = 0 };
	char *text = malloc(CONF_FILE_MAX + 1);
	size_t i;

	memset(text, '\n', CONF_FILE_MAX + 1);
	ck_assert_int_eq(conf_text_read(&lines, "t", text, CONF_FILE_MAX + 1,
	    &err), -EFBIG);
	ck_assert_int_eq(conf_text_read(&lines, "t", text, CONF_FILE_MAX,
	    &err), 0);
	for (i = 0; i < CONF_FILE_MAX; i += 2)
		text[i] = 'A';
	ck_assert_int_eq(conf_text_read(&lines, "t", text, CONF_FILE_MAX,
	    &err), -EINVAL);
	ck_assert_ptr_nonnull(strstr(err.text, "too many lines"));
	ck_assert_uint_eq(lines.n, CONF_LINES_MAX);
	conf_lines_free(&lines);
	free(text);
}
END_TEST

START_TEST(conf_text_file_missing_is_an_error_unless_told)
{
	struct conf_lines lines = { .n = 0 };

	make_dir();
	ck_assert_int_eq(conf_text_file(&lines, "no", 0, &err), -ENOENT);
	ck_assert_ptr_nonnull(strstr(err.text, "cannot open no: No such"));
	ck_assert_int_eq(conf_text_file(&lines, "no", 1, &err), 0);
	ck_assert_uint_eq(lines.n, 0);
	ck_assert_int_eq(conf_text_file(&lines, ".", 0, &err), -EISDIR);
	conf_lines_free(&lines);
	remove_dir();
}
END_TEST

START_TEST(conf_text_include_takes_file_directory_and_pattern)
{
	struct conf_lines lines = { .n = 0 };

	make_dir();
	put("torrc", "A 1\n%include one\nB 2\n%include \"d\"\n%include p/*.c\n"
	    "%include p/nothing*\nC 3\n");
	put("one", "I 1\n\nJ 2");
	ck_assert_int_eq(mkdir("d", 0700), 0);
	ck_assert_int_eq(mkdir("d/sub", 0700), 0);
	ck_assert_int_eq(mkdir("p", 0700), 0);
	put("d/20", "D 20");
	put("d/10", "D 10");
	put("d/.hidden", "D hidden");
	put("d/sub/x", "D sub");
	put("p/b.c", "P b");
	put("p/a.c", "P a");
	put("p/a.h", "P h");
	put("p/.x.c", "P x");
	ck_assert_msg(conf_text_file(&lines, "torrc", 0, &err) == 0, "%s",
	    err.text);
	ck_assert_str_eq(shown(&lines), "A=1@torrc:1;I=1@one:1;J=2@one:3;"
	    "B=2@torrc:3;D=10@d/10:1;D=20@d/20:1;P=a@p/a.c:1;P=b@p/b.c:1;"
	    "C=3@torrc:7;");
	conf_lines_free(&lines);
	remove_dir();
}
END_TEST

START_TEST(conf_text_include_missing_file_is_an_error)
{
	struct conf_lines lines = { .n = 0 };

	make_dir();
	put("torrc", "A 1\n%include nowhere\n");
	ck_assert_int_eq(conf_text_file(&lines, "torrc", 0, &err), -ENOENT);
	ck_assert_str_eq(err.text, "torrc:2: cannot include nowhere: "
	    "No such file or directory");
	conf_lines_free(&lines);
	remove_dir();
}
END_TEST

START_TEST(conf_text_include_of_itself_ends)
{
	struct conf_lines lines = { .n = 0 };

	make_dir();
	put("torrc", "A 1\n%include torrc\n");
	ck_assert_int_eq(conf_text_file(&lines, "torrc", 0, &err), -EINVAL);
	ck_assert_ptr_nonnull(strstr(err.text, "too many %include"));
	conf_lines_free(&lines);
	/* twice each time would be 2^31 files */
	put("torrc", "%include torrc\n%include torrc\n");
	ck_assert_int_lt(conf_text_file(&lines, "torrc", 0, &err), 0);
	conf_lines_free(&lines);
	remove_dir();
}
END_TEST

START_TEST(conf_text_include_wide_ends)
{
	struct conf_lines lines = { .n = 0 };
	char text[16 * 64 + 1] = "";
	int i;

	make_dir();
	for (i = 0; i < 64; i++)
		strcat(text, "%include next\n ");
	put("torrc", text);
	put("next", "%include leaf\n%include leaf\n%include leaf\n%include leaf\n"
	    "%include leaf\n%include leaf\n%include leaf\n%include leaf\n"
	    "%include leaf\n%include leaf\n%include leaf\n%include leaf\n"
	    "%include leaf\n%include leaf\n%include leaf\n%include leaf\n");
	put("leaf", "A 1");
	ck_assert_int_eq(conf_text_file(&lines, "torrc", 0, &err), -EMFILE);
	conf_lines_free(&lines);
	remove_dir();
}
END_TEST

START_TEST(conf_text_include_of_a_fifo_is_refused)
{
	struct conf_lines lines = { .n = 0 };

	make_dir();
	put("torrc", "%include pipe\n");
	ck_assert_int_eq(mkfifo("pipe", 0600), 0);
	ck_assert_int_eq(conf_text_file(&lines, "torrc", 0, &err), -EINVAL);
	conf_lines_free(&lines);
	remove_dir();
}
END_TEST

START_TEST(conf_text_arg_takes_the_value_as_it_is)
{
	struct conf_lines lines = { .n = 0 };
	char out[64];

	ck_assert_int_eq(conf_text_arg(&lines, "+A", "b # \"c\"", &err), 0);
	ck_assert_str_eq(lines.line[0].name, "A");
	ck_assert_str_eq(lines.line[0].value, "b # \"c\"");
	ck_assert_int_eq(lines.line[0].how, CONF_HOW_ADD);
	ck_assert_str_eq(conf_line_where(&lines, &lines.line[0], out,
	    sizeof(out)), "command line: ");
	conf_lines_free(&lines);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT_LOOP(conf_text_read_case_gives_its_lines, NELEM(cases)),
	UNIT_LOOP(conf_text_read_tells_where_a_value_stands, NELEM(columns)),
	UNIT(conf_text_read_zero_byte_is_refused),
	UNIT(conf_text_read_over_ceilings_is_refused),
	UNIT(conf_text_file_missing_is_an_error_unless_told),
	UNIT(conf_text_include_takes_file_directory_and_pattern),
	UNIT(conf_text_include_missing_file_is_an_error),
	UNIT(conf_text_include_of_itself_ends),
	UNIT(conf_text_include_wide_ends),
	UNIT(conf_text_include_of_a_fifo_is_refused),
	UNIT(conf_text_arg_takes_the_value_as_it_is),
};

UNIT_MAIN("conf_text", tests)

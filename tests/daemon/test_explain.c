/* tests/daemon/test_explain.c - the table of rules, printed and explained
 *
 * Each tests/golden/explain/NAME.in is a torrc, and behind a line "---" what is
 * asked, a line each; NAME.out is the table, and the answers with the status of
 * the process.
 */
#include "daemon/explain.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/conf.h"
#include "tests/daemon/golden.h"
#include "tests/daemon/testconf.h"

static void
ask(const struct conf *c, char *words, FILE *f)
{
	const char *word[CONF_WORDS_MAX];
	size_t n = 0;
	char *s;

	fprintf(f, "\n# explain %s\n", words);
	for (s = strtok(words, " "); s && n < CONF_WORDS_MAX;
	    s = strtok(NULL, " "))
		word[n++] = s;
	fprintf(f, "= %d\n", explain(c, word, n, f, f));
}

static char *
outcome(char *in)
{
	char *text = NULL, *asked = strstr(in, "---\n"), *s, *end;
	struct conf *c;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	ck_assert_ptr_nonnull(asked);
	*asked = '\0';
	c = testconf(in);
	explain_table(c, f);
	for (s = asked + 4; (end = strchr(s, '\n')) != NULL; s = end + 1) {
		*end = '\0';
		ask(c, s, f);
	}
	conf_free(c);
	fclose(f);
	return text;
}

static void
check(const char *path)
{
	char *in, *got;
	size_t len;

	ck_assert_ptr_nonnull(in = golden_read(path, &len));
	got = outcome(in);
	golden_is(path, "out", got);
	free(in);
	free(got);
}

START_TEST(explain_golden_input_gives_its_output)
{
	golden_each("explain/*.in", 10, check);
}
END_TEST

START_TEST(explain_table_of_no_rules_is_nothing)
{
	struct conf *c = testconf("TransPort 9040\n");
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	explain_table(c, f);
	fclose(f);
	ck_assert_str_eq(text, "");
	free(text);
	conf_free(c);
}
END_TEST

/* As many words as there may be, each as long as there is room. */
START_TEST(explain_too_long_is_an_error)
{
	struct conf *c = testconf("TransPort 9040\n");
	const char *word[CONF_WORDS_MAX];
	char *text = NULL, longest[600];
	size_t len, i;
	FILE *f = open_memstream(&text, &len);

	memset(longest, 'a', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	for (i = 0; i < CONF_WORDS_MAX; i++)
		word[i] = longest;
	ck_assert_int_eq(explain(c, word, CONF_WORDS_MAX, f, f),
	    EXPLAIN_ERROR);
	ck_assert_int_eq(explain(c, word, 1, f, f), EXPLAIN_ERROR);
	ck_assert_int_eq(explain(c, word, 0, f, f), EXPLAIN_ERROR);
	fclose(f);
	ck_assert_ptr_nonnull(strstr(text, "too long"));
	free(text);
	conf_free(c);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(explain_golden_input_gives_its_output),
	UNIT(explain_table_of_no_rules_is_nothing),
	UNIT(explain_too_long_is_an_error),
};
UNIT_MAIN("explain", tests)

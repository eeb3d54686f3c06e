/* tests/daemon/test_conf_args.c - the command line */
#include <errno.h>
#include <string.h>

#include "daemon/conf.h"
#include "tests/unit.h"

enum { WORDS_MAX = 48 };

/* "-f x status": parsed into @a; the words outlive it. */
static int
parse(struct conf_args *a, const char *line, struct conf_err *err)
{
	static char copy[512];
	static char *argv[WORDS_MAX + 1];
	char *p;
	int argc = 1;

	snprintf(copy, sizeof(copy), "%s", line);
	argv[0] = copy;		/* not looked at */
	for (p = strtok(copy, " "); p && argc < WORDS_MAX;
	    p = strtok(NULL, " "))
		argv[argc++] = p;
	argv[argc] = NULL;
	return conf_args_parse(a, argc, argv, err);
}

static const struct {
	const char		*line;
	enum conf_command	 command;
	enum conf_quiet		 quiet;
	enum conf_dump		 dump;
	const char		*file;
} good[] = {
	{ "", CONF_CMD_RUN, CONF_NOT_QUIET, CONF_DUMP_NONE, NULL },
	{ "-f torrc", CONF_CMD_RUN, CONF_NOT_QUIET, CONF_DUMP_NONE, "torrc" },
	{ "--torrc-file -", CONF_CMD_RUN, CONF_NOT_QUIET, CONF_DUMP_NONE, "-" },
	{ "--quiet -f a -f b", CONF_CMD_RUN, CONF_QUIET, CONF_DUMP_NONE, "b" },
	{ "--quiet --hush", CONF_CMD_RUN, CONF_QUIET, CONF_DUMP_NONE, NULL },
	{ "--verify-config --hush", CONF_CMD_VERIFY, CONF_HUSH, CONF_DUMP_NONE,
	    NULL },
	{ "--dump-config", CONF_CMD_DUMP, CONF_QUIET, CONF_DUMP_SHORT, NULL },
	{ "--dump-config full -f x", CONF_CMD_DUMP, CONF_QUIET, CONF_DUMP_FULL,
	    "x" },
	{ "--dump-config -f x", CONF_CMD_DUMP, CONF_QUIET, CONF_DUMP_SHORT,
	    "x" },
	{ "status", CONF_CMD_STATUS, CONF_NOT_QUIET, CONF_DUMP_NONE, NULL },
	{ "status --json -f x", CONF_CMD_STATUS, CONF_NOT_QUIET,
	    CONF_DUMP_NONE, "x" },
	{ "explain local a.example 80", CONF_CMD_EXPLAIN, CONF_NOT_QUIET,
	    CONF_DUMP_NONE, NULL },
	{ "explain -f x local a.example 80 in lan0", CONF_CMD_EXPLAIN,
	    CONF_NOT_QUIET, CONF_DUMP_NONE, "x" },
	{ "explain local a.example 80 -f x", CONF_CMD_EXPLAIN,
	    CONF_NOT_QUIET, CONF_DUMP_NONE, "x" },
	{ "selftest", CONF_CMD_SELFTEST, CONF_NOT_QUIET, CONF_DUMP_NONE,
	    NULL },
	{ "selftest A01 -f x flush", CONF_CMD_SELFTEST, CONF_NOT_QUIET,
	    CONF_DUMP_NONE, "x" },
	{ "selftest --list", CONF_CMD_SELFTEST, CONF_NOT_QUIET,
	    CONF_DUMP_NONE, NULL },
	{ "--version", CONF_CMD_VERSION, CONF_HUSH, CONF_DUMP_NONE, NULL },
	{ "-h", CONF_CMD_HELP, CONF_HUSH, CONF_DUMP_NONE, NULL },
	{ "--list-torrc-options", CONF_CMD_LIST_OPTIONS, CONF_HUSH,
	    CONF_DUMP_NONE, NULL },
};

START_TEST(conf_args_parse_good_line_gives_its_command)
{
	struct conf_args a;
	struct conf_err err;

	ck_assert_msg(parse(&a, good[_i].line, &err) == 0, "%s", err.text);
	ck_assert_int_eq(a.command, good[_i].command);
	ck_assert_int_eq(a.quiet, good[_i].quiet);
	ck_assert_int_eq(a.dump, good[_i].dump);
	ck_assert_pstr_eq(a.file, good[_i].file);
	ck_assert_uint_eq(a.option.n, 0);
	conf_args_free(&a);
}
END_TEST

static const struct {
	const char	*line;
	const char	*options;	/* joined by ; */
} options[] = {
	{ "--TransPort 9040", "TransPort 9040;" },
	{ "TransPort 9040 -DNSPort 53", "TransPort 9040;DNSPort 53;" },
	{ "--+TransPort 9040 +DNSPort 53", "+TransPort 9040;+DNSPort 53;" },
	{ "--/TransPort --DNSPort 53", "/TransPort;DNSPort 53;" },
	{ "/TransPort", "/TransPort;" },
	{ "--DisableNetwork 1 -f x --ExitNodes {de}",
	    "DisableNetwork 1;ExitNodes {de};" },
	{ "--ExitNodes --TransPort", "ExitNodes --TransPort;" },
};

START_TEST(conf_args_parse_options_are_kept_in_order)
{
	struct conf_args a;
	struct conf_err err;
	char joined[256] = "";
	size_t i;

	ck_assert_msg(parse(&a, options[_i].line, &err) == 0, "%s", err.text);
	for (i = 0; i < a.option.n; i++) {
		strcat(joined, a.option.item[i]);
		strcat(joined, ";");
	}
	ck_assert_str_eq(joined, options[_i].options);
	conf_args_free(&a);
}
END_TEST

START_TEST(conf_args_parse_explain_keeps_all_its_words)
{
	struct conf_args a;
	struct conf_err err;
	char line[512] = "explain";
	size_t i;

	ck_assert_msg(parse(&a, "explain local --ExitNodes {de} a.example 80 "
	    "user u", &err) == 0, "%s", err.text);
	ck_assert_uint_eq(a.nwords, 5);
	ck_assert_str_eq(a.word[0], "local");
	ck_assert_str_eq(a.word[4], "u");
	ck_assert_uint_eq(a.option.n, 1);
	conf_args_free(&a);
	ck_assert_int_lt(parse(&a, "explain local a.example", &err), 0);
	ck_assert_ptr_nonnull(strstr(err.text, "FROM, TO and PORT"));
	ck_assert_int_lt(parse(&a, "--quiet explain local a.example 80", &err),
	    0);
	ck_assert_ptr_nonnull(strstr(err.text, "comes first"));
	for (i = 0; i <= CONF_WORDS_MAX; i++)
		strcat(line, " x");
	ck_assert_int_lt(parse(&a, line, &err), 0);
	ck_assert_ptr_nonnull(strstr(err.text, "too many"));
}
END_TEST

START_TEST(conf_args_parse_selftest_keeps_its_items)
{
	struct conf_args a;
	struct conf_err err;

	ck_assert_int_eq(parse(&a, "selftest A01 --FailClosed 1 flush", &err),
	    0);
	ck_assert_uint_eq(a.nwords, 2);
	ck_assert_str_eq(a.word[1], "flush");
	ck_assert_int_eq(a.list, 0);
	conf_args_free(&a);
	ck_assert_int_eq(parse(&a, "selftest --list", &err), 0);
	ck_assert_int_eq(a.list, 1);
	ck_assert_int_lt(parse(&a, "status --list", &err), 0);
	ck_assert_ptr_nonnull(strstr(err.text, "--list goes with selftest"));
	ck_assert_int_lt(parse(&a, "--quiet selftest", &err), 0);
	ck_assert_ptr_nonnull(strstr(err.text, "comes first"));
}
END_TEST

static const struct {
	const char	*line;
	const char	*file, *options, *program;	/* joined by ; */
	enum conf_quiet	 quiet;
} runs[] = {
	{ "run ls", NULL, "", "ls;", CONF_NOT_QUIET },
	{ "run -- ls -la", NULL, "", "ls;-la;", CONF_NOT_QUIET },
	{ "run ls -f x --quiet", NULL, "", "ls;-f;x;--quiet;",
	    CONF_NOT_QUIET },
	{ "run -f x --RunSocket 0 --quiet ls -- y", "x", "RunSocket 0;",
	    "ls;--;y;", CONF_QUIET },
	{ "run --/Log -- -odd", NULL, "/Log;", "-odd;", CONF_NOT_QUIET },
	{ "run run run", NULL, "", "run;run;", CONF_NOT_QUIET },
	{ "run -- -- x", NULL, "", "--;x;", CONF_NOT_QUIET },
	{ "run TransPort 1", NULL, "", "TransPort;1;", CONF_NOT_QUIET },
};

START_TEST(conf_args_parse_run_leaves_the_command_its_words)
{
	struct conf_args a;
	struct conf_err err;
	char joined[256] = "";
	size_t i;

	ck_assert_msg(parse(&a, runs[_i].line, &err) == 0, "%s", err.text);
	ck_assert_int_eq(a.command, CONF_CMD_PROGRAM);
	ck_assert_int_eq(a.quiet, runs[_i].quiet);
	ck_assert_pstr_eq(a.file, runs[_i].file);
	for (i = 0; i < a.option.n; i++) {
		strcat(joined, a.option.item[i]);
		strcat(joined, ";");
	}
	ck_assert_str_eq(joined, runs[_i].options);
	for (*joined = '\0'; *a.program; a.program++) {
		strcat(joined, *a.program);
		strcat(joined, ";");
	}
	ck_assert_str_eq(joined, runs[_i].program);
	conf_args_free(&a);
}
END_TEST

static const struct {
	const char	*line;
	const char	*why;
} bad[] = {
	{ "-f", "-f wants a value" }, { "--TransPort", "wants a value" },
	{ "--dump-config long", "--dump-config wants short or full" },
	{ "--hash-password x", "does not have" },
	{ "--keygen", "does not have" }, { "--json", "--json goes with status" },
	{ "-- x", "no option's name" }, { "status foo", "wants a value" },
	{ "run", "run wants a command" }, { "run --", "run wants a command" },
	{ "run -f x", "run wants a command" },
	{ "run --json ls", "--json goes with status" },
	{ "run -f", "-f wants a value" },
	{ "-f x status", "status comes first: onion-transparent status" },
	{ "-f x resolve name", "resolve comes first" },
	{ "-f x firewall", "firewall comes first" },
	{ "firewall pf", "pf wants a value" },
	{ "firewall nft iptables", "iptables wants a value" },
	{ "firewall shut", "shut wants a value" },
	{ "firewall --yes-let-everything-out", "goes with firewall open" },
	{ "firewall close --without-asking", "goes with firewall open" },
	{ "undo --yes-let-everything-out", "goes with firewall open" },
};

START_TEST(conf_args_parse_bad_line_says_why)
{
	struct conf_args a;
	struct conf_err err;

	ck_assert_int_eq(parse(&a, bad[_i].line, &err), -EINVAL);
	ck_assert_msg(strstr(err.text, bad[_i].why) != NULL, "%s", err.text);
}
END_TEST

static const struct {
	const char	*line;
	enum conf_format format;
	enum conf_command command;
} formats[] = {
	{ "firewall", CONF_FORMAT_NFT,
	    CONF_CMD_FIREWALL },
	{ "firewall nft", CONF_FORMAT_NFT,
	    CONF_CMD_FIREWALL },
	{ "firewall early", CONF_FORMAT_EARLY,
	    CONF_CMD_FIREWALL },
	{ "firewall iptables", CONF_FORMAT_IPTABLES,
	    CONF_CMD_FIREWALL },
	{ "firewall ip6tables", CONF_FORMAT_IP6TABLES,
	    CONF_CMD_FIREWALL },
	{ "firewall close", CONF_FORMAT_NFT, CONF_CMD_CLOSE },
	{ "firewall open", CONF_FORMAT_NFT, CONF_CMD_OPEN },
	{ "firewall check", CONF_FORMAT_NFT, CONF_CMD_CHECK },
};

START_TEST(conf_args_parse_firewall_takes_a_word)
{
	char line[80];
	struct conf_args a;
	struct conf_err err;

	snprintf(line, sizeof(line), "%s -f torrc --Uplink up0",
	    formats[_i].line);
	ck_assert_int_eq(parse(&a, line, &err), 0);
	ck_assert_int_eq(a.command, formats[_i].command);
	ck_assert_int_eq(a.format, formats[_i].format);
	ck_assert_int_eq(a.let_out || a.unasked, 0);
	ck_assert_str_eq(a.file, "torrc");
	ck_assert_uint_eq(a.option.n, 1);
	conf_args_free(&a);
}
END_TEST

START_TEST(conf_args_parse_firewall_open_is_confirmed_by_two)
{
	struct conf_args a;
	struct conf_err err;

	ck_assert_int_eq(parse(&a, "firewall open --without-asking", &err), 0);
	ck_assert_int_eq(a.unasked, 1);
	ck_assert_int_eq(a.let_out, 0);
	conf_args_free(&a);
	ck_assert_int_eq(parse(&a, "firewall open --yes-let-everything-out",
	    &err), 0);
	ck_assert_int_eq(a.unasked, 0);
	ck_assert_int_eq(a.let_out, 1);
	conf_args_free(&a);
}
END_TEST

START_TEST(conf_load_command_line_overrides_files)
{
	static const char text[] = "TransPort 1\nTransPort 2\n"
	    "StrictNodes 0\nDNSPort 53\n";
	struct conf_args a;
	struct conf_err err;
	struct conf *c;

	ck_assert_int_eq(parse(&a, "--TransPort 3 --StrictNodes 1 --/DNSPort",
	    &err), 0);
	a.text = text;
	a.text_len = strlen(text);
	ck_assert_msg(conf_load(&c, &a, &err) == 0, "%s", err.text);
	ck_assert_uint_eq(c->ntrans_ports, 1);
	ck_assert_uint_eq(c->trans_ports[0].addr.port, 3);
	ck_assert_int_eq(c->strict_nodes, 1);
	ck_assert_uint_eq(c->ndns_ports, 0);
	conf_free(c);
	conf_args_free(&a);
	ck_assert_int_eq(parse(&a, "+TransPort 3", &err), 0);
	a.text = text;
	a.text_len = strlen(text);
	ck_assert_msg(conf_load(&c, &a, &err) == 0, "%s", err.text);
	ck_assert_uint_eq(c->ntrans_ports, 3);
	conf_free(c);
	conf_args_free(&a);
}
END_TEST

START_TEST(conf_load_command_line_error_names_it)
{
	struct conf_args a;
	struct conf_err err;
	struct conf *c;

	ck_assert_int_eq(parse(&a, "--StrictNodes 2", &err), 0);
	a.text = "";
	ck_assert_int_eq(conf_load(&c, &a, &err), -EINVAL);
	ck_assert_str_eq(err.text,
	    "command line: StrictNodes wants 0 or 1; got '2'");
	conf_args_free(&a);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT_LOOP(conf_args_parse_good_line_gives_its_command, NELEM(good)),
	UNIT(conf_args_parse_explain_keeps_all_its_words),
	UNIT(conf_args_parse_selftest_keeps_its_items),
	UNIT_LOOP(conf_args_parse_options_are_kept_in_order, NELEM(options)),
	UNIT_LOOP(conf_args_parse_run_leaves_the_command_its_words,
	    NELEM(runs)),
	UNIT_LOOP(conf_args_parse_bad_line_says_why, NELEM(bad)),
	UNIT_LOOP(conf_args_parse_firewall_takes_a_word, NELEM(formats)),
	UNIT(conf_args_parse_firewall_open_is_confirmed_by_two),
	UNIT(conf_load_command_line_overrides_files),
	UNIT(conf_load_command_line_error_names_it),
};

UNIT_MAIN("conf_args", tests)

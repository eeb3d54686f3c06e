/* daemon/conf_args.c - the command line
 *
 *	onion-transparent [options] [--OptionName value ...]
 *	onion-transparent status [--json] [options]
 *	onion-transparent undo [options]
 *	onion-transparent run [options] [--] COMMAND [ARGUMENT ...]
 *	onion-transparent resolve [-x] [-p PORT] [options] NAME
 *	onion-transparent explain [options] FROM TO PORT [FACT VALUE ...]
 *	onion-transparent firewall [nft|early|iptables|ip6tables] [options]
 *	onion-transparent firewall close|check [options]
 *	onion-transparent firewall open --yes-let-everything-out [options]
 *	onion-transparent selftest [--list] [options] [ITEM ...]
 *
 * As tor's: an option of torrc may be given with or without dashes, with + or
 * / in front, and its value is the next word.  /Name has no value.  With run,
 * options begin with a dash; the first word that does not is the command, and
 * all that follows belongs to it.  With resolve that word is the name; with
 * explain and selftest all of them are its own.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/conf.h"
#include "daemon/conf_util.h"

enum wants { NOTHING, VALUE, PERHAPS };

struct flag {
	const char		*name;
	const char		*brief;
	enum wants		 wants;
	enum conf_command	 command;	/* or CONF_CMD_NONE */
	enum conf_quiet		 quiet;
};

static const struct flag flags[] = {
	{ "--torrc-file", "-f", VALUE, CONF_CMD_NONE, CONF_NOT_QUIET },
	{ "--defaults-torrc", NULL, VALUE, CONF_CMD_NONE, CONF_NOT_QUIET },
	{ "--ignore-missing-torrc", NULL, NOTHING, CONF_CMD_NONE,
	    CONF_NOT_QUIET },
	{ "--allow-missing-torrc", NULL, NOTHING, CONF_CMD_NONE,
	    CONF_NOT_QUIET },
	{ "--quiet", NULL, NOTHING, CONF_CMD_NONE, CONF_QUIET },
	{ "--hush", NULL, NOTHING, CONF_CMD_NONE, CONF_HUSH },
	{ "--json", NULL, NOTHING, CONF_CMD_NONE, CONF_NOT_QUIET },
	{ "--yes-let-everything-out", NULL, NOTHING, CONF_CMD_NONE,
	    CONF_NOT_QUIET },
	{ "--without-asking", NULL, NOTHING, CONF_CMD_NONE, CONF_NOT_QUIET },
	{ "--list", NULL, NOTHING, CONF_CMD_NONE, CONF_NOT_QUIET },
	{ "--verify-config", NULL, NOTHING, CONF_CMD_VERIFY, CONF_NOT_QUIET },
	{ "--dump-config", NULL, PERHAPS, CONF_CMD_DUMP, CONF_QUIET },
	{ "--version", "-V", NOTHING, CONF_CMD_VERSION, CONF_HUSH },
	{ "--help", "-h", NOTHING, CONF_CMD_HELP, CONF_HUSH },
	{ "--list-torrc-options", NULL, NOTHING, CONF_CMD_LIST_OPTIONS,
	    CONF_HUSH },
	{ "--list-deprecated-options", NULL, NOTHING,
	    CONF_CMD_LIST_DEPRECATED, CONF_HUSH },
};
enum { NFLAGS = sizeof(flags) / sizeof(flags[0]) };

/* tor's commands that make no sense here: not to be taken for options. */
static const char *const foreign[] = {
	"--hash-password", "--list-fingerprint", "--keygen", "--keygen-family",
	"--key-expiration", "--list-modules", "--library-versions",
	"--passphrase-fd", "--newpass", "--no-passphrase", "--format",
	"--service", "--nt-service", NULL
};

static const struct flag *
find_flag(const char *word)
{
	size_t i;

	for (i = 0; i < NFLAGS; i++)
		if (strcmp(flags[i].name, word) == 0 ||
		    (flags[i].brief && strcmp(flags[i].brief, word) == 0))
			return &flags[i];
	return NULL;
}

static int
set_dump(struct conf_args *a, const char *value, struct conf_err *err)
{
	if (value == NULL || strcmp(value, "short") == 0 ||
	    strcmp(value, "non-builtin") == 0)
		a->dump = CONF_DUMP_SHORT;
	else if (strcmp(value, "full") == 0)
		a->dump = CONF_DUMP_FULL;
	else
		return conf_fail(err, -EINVAL, "--dump-config wants short or "
		    "full; got '%s'", value);
	return 0;
}

static int
set_flag(struct conf_args *a, const struct flag *f, const char *value,
    struct conf_err *err)
{
	if (f->command != CONF_CMD_NONE)
		a->command = f->command;
	if (f->quiet > a->quiet)
		a->quiet = f->quiet;
	if (strcmp(f->name, "--torrc-file") == 0)
		a->file = value;
	else if (strcmp(f->name, "--defaults-torrc") == 0)
		a->defaults_file = value;
	else if (strstr(f->name, "-missing-torrc"))
		a->missing_ok = 1;
	else if (strcmp(f->name, "--json") == 0)
		a->json = 1;
	else if (strcmp(f->name, "--yes-let-everything-out") == 0)
		a->let_out = 1;
	else if (strcmp(f->name, "--without-asking") == 0)
		a->unasked = 1;
	else if (strcmp(f->name, "--list") == 0)
		a->list = 1;
	else if (f->command == CONF_CMD_DUMP)
		return set_dump(a, value, err);
	return 0;
}

static int
is_foreign(const char *word)
{
	size_t i;

	for (i = 0; foreign[i]; i++)
		if (strcmp(foreign[i], word) == 0)
			return 1;
	return strncmp(word, "--dbg-", 6) == 0;
}

/* "--+TransPort 9040": "+TransPort 9040" */
static int
add_option(struct conf_args *a, const char *word, const char *value,
    struct conf_err *err)
{
	char *text;
	int rc, n;

	word += *word == '-';
	word += *word == '-';
	if (strchr(word, ' ') || *word == '\0')
		return conf_fail(err, -EINVAL, "command line: '%s' is no "
		    "option's name", word);
	n = asprintf(&text, "%s%s%s", word, value ? " " : "",
	    value ? value : "");
	if (n < 0)
		return conf_fail(err, -ENOMEM, "no memory");
	rc = conf_strings_add(&a->option, text, (size_t)n);
	free(text);
	return rc < 0 ? conf_fail(err, rc, "no memory") : 0;
}

static int
is_clear(const char *word)
{
	word += *word == '-';
	word += *word == '-';
	return *word == '/';
}

static enum conf_command
command_of(const char *word)
{
	static const struct {
		const char	*word;
		enum conf_command command;
	} commands[] = {
		{ "status", CONF_CMD_STATUS }, { "undo", CONF_CMD_UNDO },
		{ "run", CONF_CMD_PROGRAM }, { "resolve", CONF_CMD_RESOLVE },
		{ "explain", CONF_CMD_EXPLAIN },
		{ "firewall", CONF_CMD_FIREWALL },
		{ "selftest", CONF_CMD_SELFTEST },
	};
	size_t i;

	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(word, commands[i].word) == 0)
			return commands[i].command;
	return CONF_CMD_NONE;
}

/* One word and perhaps its value; how many words that were. */
static int
take(struct conf_args *a, const char *word, const char *value,
    struct conf_err *err)
{
	const struct flag *f = find_flag(word);
	enum wants wants = f ? f->wants : is_clear(word) ? NOTHING : VALUE;
	int rc;

	if (f == NULL && is_foreign(word))
		return conf_fail(err, -EINVAL, "%s is a command of tor's that "
		    "this program does not have", word);
	if (f == NULL && command_of(word) != CONF_CMD_NONE)
		return conf_fail(err, -EINVAL, "%s comes first: "
		    "onion-transparent %s ...", word, word);
	if (wants == VALUE && value == NULL)
		return conf_fail(err, -EINVAL, "command line: %s wants a value",
		    word);
	if (wants == PERHAPS && (value == NULL || *value == '-'))
		wants = NOTHING;
	if (wants == NOTHING)
		value = NULL;
	rc = f ? set_flag(a, f, value, err) : add_option(a, word, value, err);
	return rc < 0 ? rc : value ? 2 : 1;
}

/* Does the program of `run` begin here?  It may have -- in front. */
static int
begins_program(struct conf_args *a, char *const *argv, int i)
{
	if (a->command != CONF_CMD_PROGRAM ||
	    (argv[i][0] == '-' && strcmp(argv[i], "--") != 0))
		return 0;
	a->program = argv + i + (argv[i][0] == '-');
	return 1;
}

/* A word of `resolve` alone: how many words that were, 0: it is none, or an
 * error. */
static int
take_resolve(struct conf_args *a, char *const *argv, int i, int argc,
    struct conf_err *err)
{
	const char *word = argv[i];

	if (a->command != CONF_CMD_RESOLVE)
		return 0;
	if (strcmp(word, "-x") == 0) {
		a->reverse = 1;
		return 1;
	}
	if (strcmp(word, "-p") == 0) {
		if (i + 1 == argc)
			return conf_fail(err, -EINVAL, "-p wants PORT or "
			    "ADDRESS:PORT");
		a->port = argv[i + 1];
		return 2;
	}
	if (*word == '-')
		return 0;
	if (a->name)
		return conf_fail(err, -EINVAL, "resolve wants one name; got "
		    "'%s' and '%s'", a->name, word);
	a->name = word;
	return 1;
}

/* The same of `explain` and `selftest`. */
static int
take_word(struct conf_args *a, const char *word, struct conf_err *err)
{
	if ((a->command != CONF_CMD_EXPLAIN &&
	    a->command != CONF_CMD_SELFTEST) || *word == '-')
		return 0;
	if (a->nwords == CONF_WORDS_MAX)
		return conf_fail(err, -EINVAL, "%s: these are too many words",
		    a->command == CONF_CMD_EXPLAIN ? "explain" : "selftest");
	a->word[a->nwords++] = word;
	return 1;
}

/* The word behind `firewall`, if there is one: how many words that were. */
static int
take_firewall(struct conf_args *a, const char *word)
{
	static const struct {
		const char	*word;
		enum conf_command command;
		enum conf_format format;
	} words[] = {
		{ "nft", CONF_CMD_FIREWALL, CONF_FORMAT_NFT },
		{ "early", CONF_CMD_FIREWALL, CONF_FORMAT_EARLY },
		{ "iptables", CONF_CMD_FIREWALL, CONF_FORMAT_IPTABLES },
		{ "ip6tables", CONF_CMD_FIREWALL, CONF_FORMAT_IP6TABLES },
		{ "close", CONF_CMD_CLOSE, CONF_FORMAT_NFT },
		{ "open", CONF_CMD_OPEN, CONF_FORMAT_NFT },
		{ "check", CONF_CMD_CHECK, CONF_FORMAT_NFT },
	};
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(word, words[i].word) == 0) {
			a->command = words[i].command;
			a->format = words[i].format;
			return 1;
		}
	return 0;
}

/* What goes with what, once all is read. */
static int
check_args(const struct conf_args *a, struct conf_err *err)
{
	if (a->json && a->command != CONF_CMD_STATUS)
		return conf_fail(err, -EINVAL, "--json goes with status");
	if ((a->let_out || a->unasked) && a->command != CONF_CMD_OPEN)
		return conf_fail(err, -EINVAL, "%s goes with firewall open",
		    a->let_out ? "--yes-let-everything-out" :
		    "--without-asking");
	if (a->list && a->command != CONF_CMD_SELFTEST)
		return conf_fail(err, -EINVAL, "--list goes with selftest");
	if (a->command == CONF_CMD_PROGRAM &&
	    (a->program == NULL || *a->program == NULL))
		return conf_fail(err, -EINVAL, "run wants a command");
	if (a->command == CONF_CMD_RESOLVE &&
	    (a->name == NULL || *a->name == '\0'))
		return conf_fail(err, -EINVAL, "resolve wants a name");
	if (a->command == CONF_CMD_EXPLAIN && a->nwords < 3)
		return conf_fail(err, -EINVAL, "explain wants FROM, TO and "
		    "PORT: explain 192.168.1.7 www.example.com 443");
	return 0;
}

int
conf_args_parse(struct conf_args *a, int argc, char *const *argv,
    struct conf_err *err)
{
	enum conf_command command = CONF_CMD_NONE;
	int i = 1, n, rc;

	memset(a, 0, sizeof(*a));
	memset(err, 0, sizeof(*err));
	a->command = CONF_CMD_RUN;
	if (argc > 1 && (command = command_of(argv[1])) != CONF_CMD_NONE) {
		a->command = command;
		i++;
	}
	if (command == CONF_CMD_FIREWALL && argc > i)
		i += take_firewall(a, argv[i]);
	while (i < argc && !begins_program(a, argv, i)) {
		if ((n = take_resolve(a, argv, i, argc, err)) == 0 &&
		    (n = take_word(a, argv[i], err)) == 0)
			n = take(a, argv[i],
			    i + 1 < argc ? argv[i + 1] : NULL, err);
		if (n < 0) {
			conf_args_free(a);
			return n;
		}
		i += n;
	}
	if ((rc = check_args(a, err)) < 0)
		conf_args_free(a);
	return rc;
}

void
conf_args_free(struct conf_args *a)
{
	conf_strings_free(&a->option);
}

void
conf_usage(FILE *f)
{
	fputs(
"usage: onion-transparent [-f FILE] [--OptionName VALUE ...]\n"
"       onion-transparent status [--json] [-f FILE]\n"
"       onion-transparent undo [-f FILE]\n"
"       onion-transparent run [-f FILE] [--] COMMAND [ARGUMENT ...]\n"
"       onion-transparent resolve [-x] [-p PORT] [-f FILE] NAME\n"
"       onion-transparent explain [-f FILE] FROM TO PORT [FACT VALUE ...]\n"
"       onion-transparent firewall [nft|early|iptables|ip6tables] [-f FILE]\n"
"       onion-transparent firewall close|check [-f FILE]\n"
"       onion-transparent firewall open --yes-let-everything-out [-f FILE]\n"
"       onion-transparent selftest [--list] [-f FILE] [ITEM ...]\n"
"\n"
"  -f, --torrc-file FILE       read FILE (- for standard input)\n"
"  --defaults-torrc FILE       read FILE before it\n"
"  --ignore-missing-torrc      a file that is not there is empty\n"
"  --OptionName VALUE          set an option of torrc\n"
"  --verify-config             say whether the configuration is right\n"
"  --dump-config [short|full]  write the configuration that was read\n"
"  --list-torrc-options        write the names of all options\n"
"  --list-deprecated-options   write those that have no effect any more\n"
"  -x                          resolve: the name of an address\n"
"  -p PORT, ADDRESS:PORT       resolve: the SocksPort to ask\n"
"  FROM TO PORT                explain: of which connection; FROM may be local\n"
"  FACT VALUE                  explain: in IF, mac MAC, user USER, app CGROUP,\n"
"                              country CC, proto P, time DAY HH:MM\n"
"  --without-asking            firewall open: do not ask once more\n"
"  --list                      selftest: what it tries\n"
"  ITEM                        selftest: only these\n"
"  --hush, --quiet             less, or nothing, on the console\n"
"  -V, --version               write the version\n"
"  -h, --help                  write this\n"
"\n"
"See onion-transparent(8) and onion-transparent.conf(5).\n", f);
}

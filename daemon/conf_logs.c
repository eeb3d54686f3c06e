/* daemon/conf_logs.c - Log lines, and the sinks they open */
#include "daemon/conf_logs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/borrow.h"
#include "daemon/conf.h"
#include "daemon/conf_util.h"

enum { ALL = (1 << LD_NDOMAINS) - 1 };

/* The first name of each of ours is the one that is printed. */
static const struct {
	const char	*name;
	enum log_domain	 domain;
} domains[] = {
	{ "general", LD_GENERAL }, { "config", LD_CONFIG }, { "net", LD_NET },
	{ "channel", LD_CHAN }, { "dir", LD_DIR }, { "guard", LD_GUARD },
	{ "circ", LD_CIRC }, { "edge", LD_STREAM }, { "app", LD_DNS },
	{ "control", LD_CONTROL },
	/* ours have these names too */
	{ "chan", LD_CHAN }, { "circuit", LD_CIRC }, { "stream", LD_STREAM },
	{ "dns", LD_DNS },
	/* the rest of tor's */
	{ "crypto", LD_CHAN }, { "fs", LD_GENERAL }, { "protocol", LD_CIRC },
	{ "mm", LD_GENERAL }, { "http", LD_DIR }, { "rend", LD_CIRC },
	{ "bug", LD_GENERAL }, { "dirserv", LD_DIR }, { "or", LD_CHAN },
	{ "acct", LD_GENERAL }, { "hist", LD_GENERAL },
	{ "handshake", LD_CHAN }, { "heartbeat", LD_GENERAL },
	{ "sched", LD_CHAN }, { "consdiff", LD_DIR }, { "dos", LD_NET },
	{ "process", LD_GENERAL }, { "pt", LD_NET }, { "btrack", LD_CIRC },
	{ "mesg", LD_GENERAL },
};
enum { NDOMAINS = sizeof(domains) / sizeof(domains[0]) };

static const char *const level_names[] = {
	[LL_ERR] = "err", [LL_WARN] = "warn", [LL_NOTICE] = "notice",
	[LL_INFO] = "info", [LL_DEBUG] = "debug"
};
static const char *const where_names[] = {
	[LOG_TO_STDOUT] = "stdout", [LOG_TO_STDERR] = "stderr",
	[LOG_TO_FILE] = "file", [LOG_TO_SYSLOG] = "syslog"
};

static int
domain_bit(const char *s, size_t len, unsigned *bit)
{
	size_t i;

	for (i = 0; i < NDOMAINS; i++)
		if (conf_is(s, len, domains[i].name)) {
			*bit = 1u << domains[i].domain;
			return 0;
		}
	return -EINVAL;
}

/* "[net,~dir]"; @s is behind the bracket and ends behind the other. */
static int
read_domains(const char **s, unsigned *mask, struct conf_note *note)
{
	unsigned with = 0, without = 0, bit = 0;
	const char *end = strchr(*s, ']'), *p = *s;
	size_t len;
	int not;

	if (end == NULL)
		return conf_wrong(note, "'[' has no ']'");
	for (; p < end; p += len + 1) {
		while (*p == ' ' || *p == '\t')
			p++;
		len = strcspn(p, ",]");
		not = *p == '~';
		while (len && (p[len - 1] == ' ' || p[len - 1] == '\t'))
			len--;
		if (len == 1 && *p == '*')
			with = ALL;
		else if (domain_bit(p + not, len - (size_t)not, &bit) < 0)
			return conf_wrong(note, "there is no log domain "
			    "'%.*s'", len < 40 ? (int)len : 40, p);
		else if (not)
			without |= bit;
		else
			with |= bit;
		len += strcspn(p + len, ",]");
	}
	*mask = (with == 0 && without ? ALL : with) & ~without;
	*s = end + 1;
	return *mask ? 0 : conf_wrong(note, "the brackets hold no log domain");
}

/* "info", "debug-notice" */
static int
read_levels(const char *s, size_t len, int *least, int *most,
    struct conf_note *note)
{
	const char *dash = memchr(s, '-', len);
	size_t n = dash ? (size_t)(dash - s) : len;

	*least = log_level_parse(s, n);
	*most = dash ? log_level_parse(dash + 1, len - n - 1) : LL_ERR;
	if (*least < 0 || *most < 0)
		return conf_wrong(note, "'%.*s' is no severity (debug, info, "
		    "notice, warn, err)", len < 40 ? (int)len : 40, s);
	if (*most > *least)
		return conf_wrong(note, "in '%.*s' the less severe must come "
		    "first", len < 40 ? (int)len : 40, s);
	return 0;
}

static int
where_of(const char *s, size_t len)
{
	int i;

	if (conf_is(s, len, "android"))
		return LOG_TO_SYSLOG;
	for (i = LOG_TO_STDOUT; i <= LOG_TO_SYSLOG; i++)
		if (conf_is(s, len, where_names[i]))
			return i;
	return -EINVAL;
}

/* All severities; @s then stands at the sink, or at the end. */
static int
read_severities(struct conf_log *log, const char **s, struct conf_note *note)
{
	int least, most, i, any = 0, bare = 0;
	const char *p = *s, *word;
	unsigned mask = ALL;
	size_t len;

	for (;; *s = p) {
		while (*p == ' ' || *p == '\t')
			p++;
		*s = p;
		mask = ALL;
		if (*p == '[') {
			p++;
			if (read_domains(&p, &mask, note) < 0)
				return -EINVAL;
		} else
			bare++;
		if ((word = conf_word(&p, &len)) == NULL)
			break;
		if (where_of(word, len) >= 0) {
			*s = word;
			break;
		}
		if (bare > 1)
			return conf_wrong(note, "'%.*s' is a second severity "
			    "without [domains]", len < 40 ? (int)len : 40,
			    word);
		if (read_levels(word, len, &least, &most, note) < 0)
			return -EINVAL;
		for (i = most; i <= least; i++)
			log->domains[i] |= mask;
		any = 1;
	}
	return any ? 0 : conf_wrong(note, "there is no severity");
}

static int
read_sink(struct conf_log *log, const char *s, struct conf_note *note)
{
	const char *word;
	size_t len;
	int where;

	if ((word = conf_word(&s, &len)) == NULL)
		return 0;		/* stdout */
	if ((where = where_of(word, len)) < 0)
		return conf_wrong(note, "'%.*s' is no place to log to",
		    len < 40 ? (int)len : 40, word);
	log->where = (enum log_where)where;
	while (*s == ' ' || *s == '\t')
		s++;
	if (where == LOG_TO_FILE) {
		if (*s == '\0')
			return conf_wrong(note, "file wants a path");
		if ((log->path = conf_path(s, NULL)) == NULL)
			return -ENOMEM;
	} else if (*s)
		return conf_wrong(note, "there is more behind the sink: '%.40s'",
		    s);
	return 0;
}

int
conf_read_log(void *array, const char *s, struct conf_note *note)
{
	struct conf_log log = { .where = LOG_TO_STDOUT }, *at, *items;
	size_t n;
	int rc;

	if (read_severities(&log, &s, note) < 0)
		return -EINVAL;
	if ((rc = read_sink(&log, s, note)) < 0)
		return rc;
	conf_array_get(array, (void **)&items, &n);
	if (n >= LOG_SINKS_MAX) {
		free(log.path);
		return conf_wrong(note, "there are more than %d",
		    LOG_SINKS_MAX);
	}
	if ((at = conf_array_add(array, sizeof(*at))) == NULL) {
		free(log.path);
		return -ENOMEM;
	}
	*at = log;
	return 0;
}

static void
print_mask(FILE *f, unsigned mask)
{
	const char *sep = "[";
	int i;

	for (i = 0; i < LD_NDOMAINS && mask != ALL; i++)
		if (mask & 1u << i) {
			fprintf(f, "%s%s", sep, domains[i].name);
			sep = ",";
		}
	fputs(mask == ALL ? "[*]" : "]", f);
}

/* Runs of levels with the same domains, from the least severe. */
static void
print_levels(FILE *f, const struct conf_log *log)
{
	int least, most;

	for (least = LL_DEBUG; least >= LL_ERR; least = most - 1) {
		most = least;
		while (most > LL_ERR &&
		    log->domains[most - 1] == log->domains[least])
			most--;
		if (log->domains[least] == 0)
			continue;
		print_mask(f, log->domains[least]);
		fprintf(f, "%s-%s ", level_names[least], level_names[most]);
	}
}

void
conf_print_log(FILE *f, const void *item)
{
	const struct conf_log *log = item;
	char *text = NULL;
	size_t size;
	FILE *m = open_memstream(&text, &size);

	if (m == NULL)
		return;
	print_levels(m, log);
	fputs(where_names[log->where], m);
	if (log->path)
		fprintf(m, " %s", log->path);
	fclose(m);
	conf_quote(f, text);
	free(text);
}

void
conf_free_log(void *item)
{
	free(((struct conf_log *)item)->path);
}

/* TruncateLogFile empties a file once in the life of the process: what a
 * reload finds there is our own. */
static struct conf_strings emptied;

static void
empty_once(const char *path)
{
	size_t i;

	if (borrow_has_lender())	/* who has done it */
		return;
	for (i = 0; i < emptied.n; i++)
		if (strcmp(emptied.item[i], path) == 0)
			return;
	if (truncate(path, 0) == 0 || errno == ENOENT)
		(void)conf_strings_add(&emptied, path, strlen(path));
}

static int
open_sink(struct log_set *set, const struct conf *c, size_t i, int debug,
    struct conf_err *err)
{
	static const unsigned all[LL_DEBUG + 1] = {
		[LL_ERR] = ALL, [LL_WARN] = ALL, [LL_NOTICE] = ALL,
		[LL_INFO] = ALL, [LL_DEBUG] = ALL
	};
	const struct conf_log *l = &c->logs[i];
	const char *where = conf_where(c, "Log", i);
	int rc;

	if (c->run_as_daemon && (l->where == LOG_TO_STDOUT ||
	    l->where == LOG_TO_STDERR))
		return 0;		/* nobody is there to see it */
	rc = log_set_add_domains(set, debug ? all : l->domains, l->where,
	    l->path);
	if (rc == 0)
		return 0;
	if (l->path)
		return conf_fail(err, rc, "%sLog: cannot open %s: %s", where,
		    l->path, strerror(-rc));
	return conf_fail(err, rc, "%sLog: %s", where, strerror(-rc));
}

static int
open_all(const struct conf *c, enum conf_quiet quiet, int debug,
    struct log_set **out, struct conf_err *err)
{
	struct log_set *set = log_set_new();
	size_t i;
	int rc = 0;

	if (set == NULL)
		return conf_fail(err, -ENOMEM, "no memory for the log");
	log_set_style(set, c->log_time_granularity_ms,
	    c->syslog_identity_tag);
	if (c->default_logs && quiet != CONF_NOT_QUIET) {
		if (quiet == CONF_HUSH)
			rc = log_set_add(set, LL_WARN, LL_ERR, LOG_TO_STDOUT,
			    NULL);
	} else
		for (i = 0; i < c->nlogs && rc == 0; i++)
			rc = open_sink(set, c, i, debug, err);
	if (rc < 0) {
		log_set_free(set);
		return rc;
	}
	*out = set;
	return 0;
}

int
conf_log_open(const struct conf *c, enum conf_quiet quiet,
    struct log_set **out, struct conf_err *err)
{
	return open_all(c, quiet, 0, out, err);
}

int
conf_log_open_debug(const struct conf *c, enum conf_quiet quiet,
    struct log_set **out, struct conf_err *err)
{
	return open_all(c, quiet, 1, out, err);
}

void
conf_log_early(enum conf_quiet quiet)
{
	struct log_set *set;

	if (quiet == CONF_NOT_QUIET || (set = log_set_new()) == NULL)
		return;
	if (quiet == CONF_HUSH)
		(void)log_set_add(set, LL_WARN, LL_ERR, LOG_TO_STDOUT, NULL);
	log_set_use(set);
}

void
conf_log_use(const struct conf *c, struct log_set *set)
{
	size_t i;

	for (i = 0; i < c->nlogs && c->truncate_log_file; i++)
		if (c->logs[i].where == LOG_TO_FILE)
			empty_once(c->logs[i].path);
	log_set_scrub(c->safe_logging != CONF_SCRUB_NONE);
	log_set_use(set);
}

/* base/log.c - what the program says, at tor's levels
 *
 * Theory of operation
 *	A set of sinks, replaced whole at reload so that a bad Log line can't
 *	leave us half silent.  A line is made once and handed to each sink that
 *	wants its level.  What cannot be written is lost: logging never blocks
 *	or ends the program.
 */
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "base/borrow.h"

/* seccomp: write openat open newfstatat fstat close lseek
 * connect sendto */

enum { LOG_LINE_MAX = 1024, LOG_ALL_DOMAINS = (1 << LD_NDOMAINS) - 1 };

struct sink {
	unsigned	domains[LL_DEBUG + 1];	/* wanted, by level */
	enum log_where	where;
	int		fd;
};

struct log_set {
	struct sink	sinks[LOG_SINKS_MAX];
	size_t		n;
	enum log_level	least;		/* least severe that any takes */
	int		granularity_ms;
	char		ident[64];	/* for syslog */
};

static struct log_set fallback = {
	.sinks = { {
		.domains = {
			[LL_ERR] = LOG_ALL_DOMAINS,
			[LL_WARN] = LOG_ALL_DOMAINS,
			[LL_NOTICE] = LOG_ALL_DOMAINS
		},
		.where = LOG_TO_STDOUT, .fd = STDOUT_FILENO
	} },
	.n = 1, .least = LL_NOTICE
};
static char syslog_ident[64] = "onion-transparent";	/* openlog() keeps it */
static struct log_set *current = &fallback;
static int scrub = 1;
static void (*capture)(void *, enum log_level, const char *);
static void *capture_arg;

static const char *const level_names[] = {
	[LL_NONE] = "none", [LL_ERR] = "err", [LL_WARN] = "warn",
	[LL_NOTICE] = "notice", [LL_INFO] = "info", [LL_DEBUG] = "debug"
};
static const char *const domain_names[LD_NDOMAINS] = {
	[LD_GENERAL] = "", [LD_CONFIG] = "config: ", [LD_NET] = "net: ",
	[LD_CHAN] = "channel: ", [LD_DIR] = "dir: ", [LD_GUARD] = "guard: ",
	[LD_CIRC] = "circuit: ", [LD_STREAM] = "stream: ", [LD_DNS] = "dns: ",
	[LD_CONTROL] = "control: "
};

int
log_level_parse(const char *s, size_t len)
{
	int i;

	for (i = LL_ERR; i <= LL_DEBUG; i++)
		if (strlen(level_names[i]) == len &&
		    strncasecmp(s, level_names[i], len) == 0)
			return i;
	return -EINVAL;
}

int
log_wants(enum log_level level)
{
	return level <= current->least || capture != NULL;
}

static int
syslog_priority(enum log_level level)
{
	switch (level) {
	case LL_ERR:
		return LOG_ERR;
	case LL_WARN:
		return LOG_WARNING;
	case LL_NOTICE:
		return LOG_NOTICE;
	case LL_INFO:
		return LOG_INFO;
	default:
		return LOG_DEBUG;
	}
}

static void
stamp(char *out, size_t max)
{
	struct timeval tv;
	struct tm tm;
	int64_t ms;
	time_t t;
	size_t n;

	gettimeofday(&tv, NULL);
	ms = (int64_t)tv.tv_sec * 1000 + tv.tv_usec / 1000;
	if (current->granularity_ms > 1)
		ms -= ms % current->granularity_ms;
	t = (time_t)(ms / 1000);
	localtime_r(&t, &tm);
	n = strftime(out, max, "%b %d %H:%M:%S", &tm);
	snprintf(out + n, max - n, ".%03d", (int)(ms % 1000));
}

static void
emit(enum log_level level, enum log_domain domain, const char *text)
{
	char line[LOG_LINE_MAX + 64], when[32];
	const struct sink *s;
	size_t i;
	int n;

	if (capture)
		capture(capture_arg, level, text);
	if (level > current->least)
		return;
	stamp(when, sizeof(when));
	n = snprintf(line, sizeof(line), "%s [%s] %s%s\n", when,
	    level_names[level], domain_names[domain], text);
	if ((size_t)n >= sizeof(line)) {
		n = sizeof(line) - 1;
		line[n - 1] = '\n';
	}
	for (i = 0; i < current->n; i++) {
		s = &current->sinks[i];
		if (!(s->domains[level] & 1u << domain))
			continue;
		if (s->where == LOG_TO_SYSLOG)
			syslog(syslog_priority(level), "%s%s",
			    domain_names[domain], text);
		else if (write(s->fd, line, (size_t)n) < 0)
			continue;	/* lost, by design */
	}
}

void
log_at(enum log_level level, enum log_domain domain, const char *fmt, ...)
{
	char text[LOG_LINE_MAX];
	va_list ap;

	if (!log_wants(level))
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	emit(level, domain, text);
}

static int64_t
seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + 1;
}

void
log_limited(struct log_limit *lim, enum log_level level,
    enum log_domain domain, const char *fmt, ...)
{
	char text[LOG_LINE_MAX];
	int64_t now = seconds();
	va_list ap;
	size_t n;

	if (!log_wants(level))
		return;
	if (lim->last && now - lim->last < lim->every_s) {
		lim->held++;
		return;
	}
	lim->last = now;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	n = strlen(text);
	if (lim->held)
		snprintf(text + n, sizeof(text) - n,
		    " [%u like it not shown]", lim->held);
	lim->held = 0;
	emit(level, domain, text);
}

const char *
log_text(char *out, size_t max, const void *in, size_t len)
{
	const unsigned char *p = in;
	size_t i, n = 0;

	if (max == 0)
		return "";
	for (i = 0; i < len && n + 5 < max; i++) {
		if (p[i] >= 0x20 && p[i] < 0x7f && p[i] != '\\')
			out[n++] = (char)p[i];
		else
			n += (size_t)snprintf(out + n, max - n, "\\x%02x",
			    p[i]);
	}
	if (i < len && n + 1 < max)
		out[n++] = '+';
	out[n] = '\0';
	return out;
}

const char *
log_scrub(const char *s)
{
	return scrub ? "[scrubbed]" : s;
}

void
log_set_scrub(int on)
{
	scrub = on;
}

struct log_set *
log_set_new(void)
{
	return calloc(1, sizeof(struct log_set));
}

int
log_set_add(struct log_set *set, enum log_level from, enum log_level to,
    enum log_where where, const char *path)
{
	unsigned domains[LL_DEBUG + 1] = { 0 };
	int i;

	for (i = to < LL_ERR ? LL_ERR : to; i <= (int)from; i++)
		domains[i] = LOG_ALL_DOMAINS;
	return log_set_add_domains(set, domains, where, path);
}

int
log_open(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC |
	    O_NOFOLLOW | O_NONBLOCK, 0600);

	return fd < 0 ? -errno : fd;
}

int
log_set_add_domains(struct log_set *set, const unsigned *domains,
    enum log_where where, const char *path)
{
	struct sink *s = &set->sinks[set->n];
	int i;

	if (set->n == LOG_SINKS_MAX)
		return -ENOSPC;
	s->fd = where == LOG_TO_STDERR ? STDERR_FILENO : STDOUT_FILENO;
	if (where == LOG_TO_FILE) {
		s->fd = borrow_path(BORROW_LOG, path);
		if (s->fd == -ENOSYS)
			s->fd = log_open(path);
		if (s->fd < 0)
			return s->fd;
	}
	memcpy(s->domains, domains, sizeof(s->domains));
	s->where = where;
	set->n++;
	for (i = LL_ERR; i <= LL_DEBUG; i++)
		if (s->domains[i] && i > (int)set->least)
			set->least = (enum log_level)i;
	return 0;
}

void
log_set_style(struct log_set *set, int64_t granularity_ms, const char *tag)
{
	set->granularity_ms = granularity_ms > 0 && granularity_ms <= 86400000 ?
	    (int)granularity_ms : 0;
	snprintf(set->ident, sizeof(set->ident), "onion-transparent%s%.32s",
	    tag ? "-" : "", tag ? tag : "");
}

void
log_set_free(struct log_set *set)
{
	size_t i;

	if (set == NULL || set == &fallback)
		return;
	for (i = 0; i < set->n; i++)
		if (set->sinks[i].where == LOG_TO_FILE)
			close(set->sinks[i].fd);
	free(set);
}

static int
has_syslog(const struct log_set *set)
{
	size_t i;

	for (i = 0; i < set->n; i++)
		if (set->sinks[i].where == LOG_TO_SYSLOG)
			return 1;
	return 0;
}

void
log_set_use(struct log_set *set)
{
	struct log_set *old = current;

	current = set ? set : &fallback;
	if (set && set->ident[0])
		memcpy(syslog_ident, set->ident, sizeof(syslog_ident));
	if (has_syslog(current))
		openlog(syslog_ident, LOG_PID | LOG_NDELAY, LOG_DAEMON);
	log_set_free(old);
}

void
log_capture(void (*fn)(void *, enum log_level, const char *), void *arg)
{
	capture = fn;
	capture_arg = arg;
}

/* daemon/selftest_report.c - what a selftest says, and its log */
#include "daemon/selftest_report.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ID_WIDTH = 5, WHAT_WIDTH = 36 };

static const struct {
	const char	*name, *colour;
} looks[NVERDICTS] = {
	[NOT_SHOWN] = { "----", "\033[33m" }, [FAIL] = { "FAIL", "\033[31m" },
	[PASS] = { "pass", "\033[32m" }
};

void
report_open(struct report *r, FILE *out, FILE *log)
{
	const char *term = getenv("TERM"), *no = getenv("NO_COLOR");

	memset(r, 0, sizeof(*r));
	r->out = out;
	r->log = log;
	r->terminal = isatty(fileno(out)) && term && strcmp(term, "dumb") != 0;
	r->colour = r->terminal && (no == NULL || *no == '\0');
}

static void
clear_line(struct report *r)
{
	if (r->terminal)
		fputs("\r\033[K", r->out);
}

void
report_doing(struct report *r, unsigned i, unsigned n, const char *id,
    const char *what)
{
	if (!r->terminal)
		return;
	clear_line(r);
	fprintf(r->out, "  %u/%u  %-*s %s ...", i, n, ID_WIDTH, id, what);
	fflush(r->out);
}

static void
heading(struct report *r, const char *group)
{
	if (r->group && strcmp(r->group, group) == 0)
		return;
	r->group = group;
	fprintf(r->out, "\n%s\n", group);
	fprintf(r->log, "\n%s\n", group);
}

void
report_item(struct report *r, const char *group, const char *id,
    const char *what, enum verdict v, const char *reason, const char *line)
{
	const char *on = r->colour ? looks[v].colour : "";
	const char *off = r->colour ? "\033[0m" : "";
	const char *indent = v == PASS ? "  " : "\n             ";

	r->count[v]++;
	clear_line(r);
	heading(r, group);
	fprintf(r->out, "  %s%s%s  %-*s %-*s", on, looks[v].name, off,
	    ID_WIDTH, id, v == PASS ? WHAT_WIDTH : 0, what);
	fprintf(r->out, "%s%s\n", indent, reason);
	if (line)
		fprintf(r->out, "             %s\n", line);
	fprintf(r->log, "  %s  %-*s %s: %s\n", looks[v].name, ID_WIDTH, id,
	    what, reason);
	fflush(r->out);
}

void
report_say(struct report *r, const char *fmt, ...)
{
	va_list ap;

	clear_line(r);
	va_start(ap, fmt);
	vfprintf(r->out, fmt, ap);
	va_end(ap);
	va_start(ap, fmt);
	vfprintf(r->log, fmt, ap);
	va_end(ap);
	fputc('\n', r->out);
	fputc('\n', r->log);
	fflush(r->out);
}

/* daemon/selftest_report.h - what a selftest says, and its log
 *
 * On a terminal a line tells what goes on, and is written over by what came of
 * it.  The log has all that, and what was seen, frame by frame.
 */
#ifndef DAEMON_SELFTEST_REPORT_H
#define DAEMON_SELFTEST_REPORT_H

#include <stdio.h>

enum verdict { NOT_SHOWN, FAIL, PASS, NVERDICTS };

struct report {
	FILE		*out;
	FILE		*log;
	int		 terminal, colour;
	unsigned	 count[NVERDICTS];
	const char	*group;		/* whose heading was written */
};

void	report_open(struct report *, FILE *out, FILE *log);
void	report_doing(struct report *, unsigned i, unsigned n, const char *id,
	    const char *what);
/* @reason: one sentence; @line, or NULL: what was seen first. */
void	report_item(struct report *, const char *group, const char *id,
	    const char *what, enum verdict, const char *reason,
	    const char *line);
/* A line of its own, on both. */
void	report_say(struct report *, const char *fmt, ...)
	    __attribute__((format(printf, 2, 3)));

#endif

/* daemon/explain.h - what the FlowRules are, and what they say of a flow
 *
 * For the operator, from the configuration alone: nobody is asked, no root, no
 * daemon.
 *
 *	explain FROM TO PORT [in IF] [mac MAC] [user USER] [app CGROUP]
 *		[country CC] [proto P] [time DAY HH:MM]
 *
 * FROM is an address or "local" (a program on this host), TO an address or a
 * name.  What is not given is not known; the rules that would decide if it were
 * are named.  Doors may refuse what this lets through (NoIPv4Traffic and so on):
 * it is about the rules, and what holds for all doors.
 */
#ifndef DAEMON_EXPLAIN_H
#define DAEMON_EXPLAIN_H

#include <stddef.h>
#include <stdio.h>

struct conf;

enum explain_status {			/* of the process; 1: an error */
	EXPLAIN_TORIFY = 0,
	EXPLAIN_ERROR = 1,
	EXPLAIN_DIRECT = 2,
	EXPLAIN_REJECT = 3,
	EXPLAIN_DROP = 4
};

/* The words behind "explain", to @out; what is wrong with them to @err. */
enum explain_status explain(const struct conf *, const char *const *words,
	    size_t n, FILE *out, FILE *err);
/* All FlowRules, numbered, each with what it comes to; nothing where there are
 * none. */
void	explain_table(const struct conf *, FILE *);

#endif

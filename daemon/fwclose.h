/* daemon/fwclose.h - `firewall close`, `open` and `check`
 *
 * Who closes is the early unit, before any link is up: the rules that it puts
 * in force let nothing out, and the daemon fills their chains later.  They are
 * read back from the kernel before it is said that they are there.
 *
 * Each returns the exit status of its command, and has said why on @err.
 */
#ifndef DAEMON_FWCLOSE_H
#define DAEMON_FWCLOSE_H

#include <stdio.h>

struct conf;
struct conf_args;

/* EXIT_SUCCESS: in force and verified, by us or by a daemon that runs.  @c
 * NULL: the configuration cannot be read, and @why says what is wrong with
 * it.  On failure everything is dropped, as far as the kernel lets us; but with
 * FailClosed 0 nothing changes. */
int	fwclose(const struct conf *c, const char *why, FILE *err);
/* Compares the kernel's rules and sysctls with what FailClosed plans;
 * EXIT_SUCCESS: they are that, or what fwclose() puts in force, which @out
 * tells; else what differs. */
int	fwcheck(const struct conf *, FILE *out, FILE *err);
/* Takes the rules away, once it was confirmed twice (@in), and logs that. */
int	fwopen(const struct conf *, const struct conf_args *, FILE *in,
	    FILE *err);

#endif

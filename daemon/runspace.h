/* daemon/runspace.h - namespaces for a program of `run`, and no way back
 *
 * Called in the child that becomes the program, in this order, with what needs
 * rights in the namespaces between the two.
 *
 * An ordinary user gets a user namespace, in which the own user and group are
 * the only ones: files keep their owner, others' look like nobody's.  root
 * gets none, so that a package manager can still become another user, and
 * loses every capability that reaches beyond files and processes; where it is
 * root of a container and may not do that, it is treated as anybody.
 */
#ifndef DAEMON_RUNSPACE_H
#define DAEMON_RUNSPACE_H

#include <stddef.h>

/* User, network and mount namespaces.  0 or -errno, and then in @why a
 * sentence that names the setting which forbids it, if one is known. */
int	runspace_enter(char *why, size_t max);
/* For good: what could undo the namespaces is given up. */
int	runspace_confine(char *why, size_t max);

/* The setting below @proc_sys ("/proc/sys") that forbids namespaces to
 * ordinary users, as a sentence; "" where none is known to. */
const char *runspace_blame(const char *proc_sys, char *out, size_t max);

#endif

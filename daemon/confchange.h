/* daemon/confchange.h - the parent's configuration, and how it changes
 *
 * torrc is read anew, all that the parent does with it is tried, and the
 * firewall's process and the engine are asked to try their parts; then all have
 * the new one, or all the old one.
 */
#ifndef DAEMON_CONFCHANGE_H
#define DAEMON_CONFCHANGE_H

#include <stddef.h>

struct conf;
struct conf_args;
struct log_set;

struct confchange {
	const struct conf_args *args;
	struct conf	*conf;		/* in force */
	struct conf	*fresh;		/* what is being changed to, or NULL */
	struct log_set	*log;		/* of that */
};

/* The log that @conf wants, opened as its User, and its warnings.  0, or
 * negative with @why. */
int	confchange_log(const struct confchange *, char *why, size_t max);
/* It came from standard input, and cannot be read again. */
int	confchange_is_fixed(const struct confchange *);
/* Reads it.  On failure, with @why, all is as before. */
int	confchange_begin(struct confchange *, char *why, size_t max);
/* The answer: @fresh is in force, and the old one is @old, to be freed. */
void	confchange_commit(struct confchange *, struct conf **old);
void	confchange_drop(struct confchange *);
/* Log files that were moved away are made anew. */
void	confchange_reopen(const struct confchange *);

#endif

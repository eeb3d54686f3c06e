/* daemon/lend.h - what the parent opens for the engine
 *
 * A configuration names files, addresses and sockets; here they stand in one
 * list, in an order that depends on nothing else.  Both processes have the same
 * configuration, so that the engine asks by a number (base/borrow.h finds it),
 * and the parent opens what its own reading of torrc has there, or nothing.
 */
#ifndef DAEMON_LEND_H
#define DAEMON_LEND_H

#include <stddef.h>

#include "base/addr.h"
#include "base/borrow.h"

struct conf;
struct conf_strings;

struct lend_row {
	enum borrow_kind kind;
	const char	*path;		/* borrowed from the configuration */
	struct addr	 addr;
	/* a Unix socket's */
	int		 type, mode;
	const char	*group;		/* or NULL */
	int		 root;		/* made by root, and given to User */
};

/* The @i-th of all: 1, or 0: there are no more. */
int	lend_row(const struct conf *, size_t i, struct lend_row *);
/* Which one that is, or -EPERM: none. */
int	lend_find(const struct conf *, const struct borrow_want *);
/* Opens it, as the User where it is a file: borrow_count() descriptors, the
 * caller's.  0 or -errno. */
int	lend_open(const struct conf *, size_t i, int fd[BORROW_FDS_MAX]);
/* Removes those Unix sockets that @but does not name, too (or NULL). */
void	lend_unlink(const struct conf_strings *made, const char *user,
	    const struct conf *but);

#endif

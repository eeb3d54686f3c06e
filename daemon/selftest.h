/* daemon/selftest.h - the leak laboratory on the user's own machine
 *
 *	onion-transparent selftest [-f FILE] [--list] [ITEM ...]
 *
 * A LAN, a gateway and a net in namespaces, the user's own configuration, and
 * this program in it; then all that should not get out, each first without the
 * program, where it has to be seen.  Nothing of the machine's own network is
 * touched, and all of it is gone afterwards, whatever happens.
 */
#ifndef DAEMON_SELFTEST_H
#define DAEMON_SELFTEST_H

#include <stddef.h>
#include <stdio.h>

struct conf;

/* The exit status: 0 if there was nothing to find fault with.  @ids: the items
 * that are wanted, or none of them: all. */
int	selftest(const struct conf *, const char *const *ids, size_t n);
void	selftest_list(FILE *);

#endif

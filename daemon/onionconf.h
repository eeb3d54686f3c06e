/* daemon/onionconf.h - what torrc says, in the engine's words
 *
 * The engine knows nothing of torrc.  @out borrows from @conf and from
 * @store, which holds what had to be converted; both live as long as it is
 * used.
 */
#ifndef DAEMON_ONIONCONF_H
#define DAEMON_ONIONCONF_H

#include <stddef.h>

#include "onion/onionconf.h"

struct conf;

struct onionconf_store {
	struct onion_authority *auths, *fallbacks;
	struct onion_bridge *bridges;
	const char	**exit_sets;
};

int	onionconf_make(struct onion_conf *out, struct onionconf_store *store,
	    const struct conf *);		/* 0 or -ENOMEM */
void	onionconf_free(struct onionconf_store *);
/* MaxMemInQueues, of which everybody who lets bytes wait has a part. */
size_t	onionconf_memory(const struct conf *);

#endif

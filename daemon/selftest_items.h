/* daemon/selftest_items.h - what a selftest tries, as a table
 *
 * The numbers are the catalogue's, which docs/promises.md speaks of; the tables
 * are const, and the order is that of the second half: what only sends comes
 * before what ends processes.
 */
#ifndef DAEMON_SELFTEST_ITEMS_H
#define DAEMON_SELFTEST_ITEMS_H

#include <stddef.h>

#include "daemon/selftest_events.h"
#include "daemon/selftest_trial.h"

struct conf;

enum item_group {
	ITEM_CLIENTS, ITEM_OWN, ITEM_OUTSIDE, ITEM_HOUSE, ITEM_EVENTS,
	ITEM_NGROUPS
};

enum item_kind {
	ITEM_FRAMES,			/* of all LANs' clients */
	ITEM_SOCKETS,			/* of the gateway's own programs */
	ITEM_EVENT,			/* something else, by both families */
	ITEM_EVENT4,			/* by IPv4 */
};

enum item_needs {			/* where they are missing there is
					 * nothing to show */
	ITEM_LAN = 1, ITEM_TRANS = 2, ITEM_TUN = 4, ITEM_CLOSED = 8,
	ITEM_LAN_OR_TUN = 16
};

struct item {
	const char	*id, *what;
	enum item_group	 group;
	enum item_kind	 kind;
	unsigned	 needs;
	stimulus	*frames;
	unsigned	(*sockets)(struct lab *);
	trial_event	*event;
};

extern const struct item items[];
extern const size_t nitems;

const char *item_group_name(enum item_group);
/* Does the configuration have what @item is about? */
int	item_fits(const struct item *, const struct conf *);
const struct item *item_find(const char *id);
/* Of @t's half, into @t->now. */
void	item_try(const struct item *, struct trial *t);

#endif

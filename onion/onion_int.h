/* onion/onion_int.h - what the files of the engine share
 *
 *	onion.c		what its parts tell each other; connecting, looking up
 *	onionmake.c	making, changing and ending it
 *	show.c		what there is to show of it
 */
#ifndef ONION_ONION_INT_H
#define ONION_ONION_INT_H

#include "base/loop.h"
#include "onion/onion.h"

struct attach;
struct bridges;
struct bridges_user;
struct bootstrap;
struct bootstrap_user;
struct chanset;
struct chanset_user;
struct dircirc_user;
struct dircircs;
struct dirsources;
struct guard_user;
struct guards;
struct hsnet;
struct netdir;
struct nodes;
struct params;
struct path_ctx;
struct pool;
struct pool_user;
struct statefile;
struct store;
struct timeout;
struct tlslink_dialer;

enum {
	ONION_ANSWERS_MAX = 32,
	HURRY_EVERY_MS = 60 * 1000,	/* however many users wait */
	TEST_HURRY_EVERY_MS = 1000
};

struct onion {
	struct loop		*loop;
	const struct onion_user	*user;
	void			*arg;
	int			 testing;

	struct nodes		*nodes;
	struct store		*store;
	struct statefile	*state;
	struct tlslink_dialer	*dialer;
	struct chanset		*chans;
	struct dirsources	*sources;
	struct bridges		*bridges;	/* NULL: UseBridges 0 */
	struct guards		*guards;	/* NULL: UseEntryGuards 0 */
	struct path_ctx		*path;
	struct timeout		*timeout;
	struct dircircs		*dircircs;
	struct pool		*pool;
	struct hsnet		*hsnet;
	struct attach		*attach;
	struct bootstrap	*boot;

	struct netdir		*netdir;	/* in use; NULL: none */
	struct netdir		*old_netdir;	/* freed at the turn's end */
	struct loop_item	 drop_old;
	int			 percent;
	const char		*tag, *summary;
	int			 ready;
	int			 disabled;	/* DisableNetwork */
	int			 hurried;	/* once, and last then: */
	int64_t			 hurried_at;	/* loop ms */
	int			 loaded;	/* state may be written */
	char			 version[32];
	int			 padding, reduced_padding;
};

/* onion.c */
extern const struct chanset_user onion_chan_users;
extern const struct guard_user onion_guard_users;
extern const struct bootstrap_user onion_boot_users;
extern const struct bridges_user onion_bridge_users;
extern const struct dircirc_user onion_dircirc_users;
extern const struct pool_user onion_pool_users;
void	 onion_timeout_dirty(void *onion);
int	 onion_load_state(struct onion *);
void	 onion_wake(void *onion);	/* whoever waits for a circuit */
void	 onion_drop_old(void *onion);		/* netdir, at the turn's end */
void	 onion_set_padding(struct onion *, const struct params *);
void	 onion_recheck(struct onion *);		/* are circuits possible? */

#endif

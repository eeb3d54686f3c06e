/* onion/onion_int.h - what onion.c and show.c share */
#ifndef ONION_ONION_INT_H
#define ONION_ONION_INT_H

#include "base/loop.h"
#include "onion/onion.h"

struct attach;
struct bootstrap;
struct chanset;
struct dircircs;
struct dirsources;
struct guards;
struct netdir;
struct nodes;
struct path_ctx;
struct pool;
struct statefile;
struct store;
struct timeout;
struct tlslink_dialer;

enum {
	ONION_ANSWERS_MAX = 32,
	HURRY_EVERY_MS = 60 * 1000,	/* however many users wait */
	TEST_HURRY_EVERY_MS = 1000,
	ONION_QUEUED_DEFAULT = 256 * 1024 * 1024	/* MaxMemInQueues 0 */
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
	struct guards		*guards;	/* NULL: UseEntryGuards 0 */
	struct path_ctx		*path;
	struct timeout		*timeout;
	struct dircircs		*dircircs;
	struct pool		*pool;
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

#endif

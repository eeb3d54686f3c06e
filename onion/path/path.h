/* onion/path/path.h - which relays a circuit goes through (path-spec 2.2)
 *
 * A path_ctx joins a netdir, the node options of the configuration and the
 * guards, and keeps for each position a table to draw from.  It belongs to
 * the circuit pool.  The last hop is chosen first, then the guard, which must
 * be no kin of it, then what is between.
 */
#ifndef ONION_PATH_PATH_H
#define ONION_PATH_PATH_H

#include <stddef.h>
#include <stdint.h>

#include "onion/path/kin.h"

struct addr;
struct guard_use;
struct guards;
struct loop;
struct netdir;
struct path_ctx;
struct relay;
struct relayset;

enum {
	PATH_HOPS = 3,
	PATH_HOPS_MAX = 8,
	PATH_TARGETS_MAX = 64,
	PATH_AVOID_MAX = 64,
	PATH_BAD_MAX = 512,	/* exits marked bad at a time */
	PATH_LONG_LIVED_MAX = 256,
	PATH_EXITS_ID = 16
};

/* Exits that some flows are to leave by, and the name by which that is asked:
 * whoever waits keeps but the name, so that the set may go meanwhile. */
struct path_exits {
	uint8_t			 id[PATH_EXITS_ID];
	const char		*text;		/* for the log */
	const struct relayset	*set;
};

struct path_conf {			/* copied; the sets are borrowed */
	const struct relayset	*exclude;	/* ExcludeNodes */
	const struct relayset	*exclude_exits;	/* ExcludeExitNodes */
	const struct relayset	*exits;		/* ExitNodes; NULL: not set */
	/* exit= of FlowRule, by rising id; they stand in for ExitNodes, where
	 * asked for.  Borrowed. */
	const struct path_exits	*exit_sets;
	size_t			 nexit_sets;
	const struct relayset	*entries;	/* EntryNodes */
	const struct relayset	*middles;	/* MiddleNodes */
	uint8_t			 strict;	/* StrictNodes */
	struct kin		 kin;
	const uint16_t		*long_lived;	/* LongLivedPorts; copied */
	size_t			 nlong_lived;
	double			 paths_needed;	/* PathsNeededToBuildCircuits,
						 * 0..1; < 0: consensus */
	struct guards		*guards;	/* NULL: UseEntryGuards 0 */
	/* Where there are no guards: may the first hop be dialled at that
	 * address?  NULL: any. */
	int			(*reachable)(void *arg, const struct addr *);
	void			*reachable_arg;
};

enum path_kind {
	PATH_INTERNAL,		/* the last hop is chosen like a middle */
	PATH_EXIT,		/* it lets our targets out */
	PATH_ONE_HOP,		/* a directory guard alone */
	/* Towards onion services (proposal 333): the guard, a layer-2 vanguard,
	 * and a relay that can be a rendezvous point.  No kinship is asked, so
	 * that guards don't show in what is chosen behind them, only that none
	 * of the three is another; avoid_middles holds for the latter two. */
	PATH_SERVICE
};

struct path_target {
	uint16_t	port;
	uint8_t		family;	/* 4 or 6; 0: either will do */
};

struct path_request {
	enum path_kind		 kind;
	/* PATH_EXIT: what waits to go out; an exit that takes the most of it
	 * is chosen.  None: any relay that lets anything out (RESOLVE).  A port
	 * of LongLivedPorts implies need_uptime. */
	const struct path_target *targets;
	size_t			 ntargets;	/* <= PATH_TARGETS_MAX */
	uint8_t			 need_uptime;	/* Stable */
	uint8_t			 need_capacity;	/* Fast */
	uint8_t			 need_cc;	/* exit: FlowCtrl=2, ntor-v3 */
	uint8_t			 need_conflux;
	size_t			 hops;		/* 0: PATH_HOPS */
	/* The last hop is this one (by name, or to extend to a given relay).
	 * Policy and flags are not asked then; ExcludeNodes is, if StrictNodes
	 * is set. */
	const struct relay	*last;
	/* PATH_EXIT: the last hop is one of those, whatever ExitNodes says; all
	 * else that is asked of an exit holds.  NULL: as ExitNodes has it. */
	const struct relayset	*exits;
	const uint8_t		(*avoid)[20];	/* RSA ids, not as last hop */
	size_t			 navoid;	/* <= PATH_AVOID_MAX */
	const uint8_t		(*avoid_guards)[20];
	size_t			 navoid_guards;
	const uint8_t		(*avoid_middles)[20];
	size_t			 navoid_middles;
	void			*guard_arg;	/* use_arg for the guard */
};

struct path {
	size_t			 n;
	const struct relay	*hop[PATH_HOPS_MAX];	/* borrowed from the
							 * netdir of now */
	struct guard_use	*guard;	/* the caller owns it; NULL where no
					 * guards are used */
	size_t			 supported;	/* so many targets */
	uint8_t			 relaxed;	/* not all are Fast, Stable */
};

int	 path_new(struct path_ctx **, struct loop *, const struct path_conf *);
void	 path_free(struct path_ctx *);
int	 path_set_conf(struct path_ctx *, const struct path_conf *);
/* Borrowed until the next call.  The guards are given it by their owner. */
int	 path_set_netdir(struct path_ctx *, const struct netdir *);

/* 0, or: -ENOENT no relay will do as last hop; -EHOSTUNREACH none as middle;
 * -EAGAIN no guard at this time, try later; -ENETUNREACH no netdir; -EINVAL a
 * request that makes no sense.  *out is changed on success only. */
int	 path_choose(struct path_ctx *, const struct path_request *,
	    struct path *out);

/* May it be left by, where it is asked for by name (.exit)?  Neither
 * ExcludeExitNodes nor, if StrictNodes is set, ExcludeNodes may have it. */
int	 path_exit_named(const struct path_ctx *, const struct relay *,
	    const struct path_target *);
/* Whom others chose for us (a directory or an introduction point of an onion
 * service), does ExcludeNodes name him?  0; 1: he is for where there is nobody
 * else; -EACCES: StrictNodes is set, and he is for nothing. */
struct hopinfo;
int	 path_excludes(const struct path_ctx *, const struct hopinfo *);
/* New identity: other vanguards from now on. */
void	 path_newnym(struct path_ctx *);

/* Would that relay's exit policy take it?  Not asked: addresses, which the
 * summary in a microdescriptor does not tell. */
int	 path_exit_allows(const struct path_ctx *, const struct relay *,
	    const struct path_target *);
/* Is it an exit that path_choose() could choose at this time? */
int	 path_exit_usable(const struct path_ctx *, const struct relay *);
/* The set of that name; NULL: there is none (any more). */
const struct path_exits *path_exits(const struct path_ctx *,
	    const uint8_t id[PATH_EXITS_ID]);
/* Could it be chosen where the exit is to be one of those?  Also while it is
 * bad: there may be no other. */
int	 path_exit_in(const struct path_ctx *, const struct relay *,
	    const struct relayset *exits);
/* An exit broke its policy's promise, or is short of something: it is treated
 * as one that rejects everything for so long (path-spec 2.5). */
void	 path_exit_bad(struct path_ctx *, const uint8_t rsa[20],
	    int64_t for_ms);
int	 path_exit_is_bad(const struct path_ctx *, const uint8_t rsa[20]);

int	 path_port_is_long_lived(const struct path_ctx *, uint16_t port);

/* Could we build enough of all paths, by weight, with the microdescriptors
 * that we have (path-spec 2.1.0)? */
struct path_info {
	double		guard, middle, exit;	/* fractions, 0..1 */
	double		paths;			/* their product */
	double		needed;
	size_t		guards_missing;	/* see guard_missing_descs() */
	uint8_t		has_exits;	/* else: internal circuits only */
	uint8_t		enough;
};
int	 path_have_enough(const struct path_ctx *, struct path_info *);
		/* ->enough; the second may be NULL */

#endif

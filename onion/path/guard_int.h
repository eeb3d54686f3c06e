/* onion/path/guard_int.h - what the guard files share
 *
 *	guard.c		doors; which selection is in use; picking
 *	guard_use.c	uses: what became of a pick; circuits that wait
 *	guard_sample.c	one selection: SAMPLED, FILTERED, CONFIRMED, PRIMARY
 *	guard_state.c	lines of the state file
 *
 * Dates that are written to disk are seconds of the wall clock; all else is
 * loop time in ms, so that a clock that jumps marks no guard up or down.
 */
#ifndef ONION_PATH_GUARD_INT_H
#define ONION_PATH_GUARD_INT_H

#include "base/log.h"
#include "base/loop.h"
#include "onion/path/guard.h"

#define GUARD_NEVER_MS	INT64_MIN
enum { GUARD_DAY_S = 86400, GUARD_NAME_MAX = 64 };

struct guard {
	/* on disk */
	uint8_t			 rsa[20];
	char			 nickname[20];	/* may be empty */
	int64_t			 sampled_on;
	int64_t			 confirmed_on;	/* 0: is not */
	int64_t			 unlisted_since;	/* 0: is listed */
	int32_t			 sampled_idx;
	int32_t			 confirmed_idx;	/* -1: is not */
	uint8_t			 listed;
	char			*sampled_by;	/* or NULL */
	char			*extra;		/* not known; or NULL */
	/* in memory */
	struct selection	*sel;
	const struct relay	*relay;	/* in the netdir of now, or NULL */
	uint8_t			 filtered;
	uint8_t			 primary;
	uint8_t			 pending;
	enum guard_reach	 reach;
	int64_t			 tried;		/* ms */
	int64_t			 failing;	/* ms, since then */
};

enum selection_kind {
	SELECTION_OTHER,	/* somebody else's */
	SELECTION_BRIDGES,	/* of the configuration, not of the netdir */
	SELECTION_NORMAL,
	SELECTION_RESTRICTED	/* sampled from what passes the filter only */
};

/* Three lists of the same guards; the first one owns them.  All are in the
 * order of sampled_idx (proposal 310). */
struct selection {
	char			 name[GUARD_NAME_MAX];
	enum selection_kind	 kind;
	struct guard		**sample, **confirmed, **primary;
	size_t			 n, nconfirmed, nprimary;
	size_t			 cap;		/* of each */
	int			 lists_stale;	/* confirmed, primary */
	int			 exhausted;	/* the netdir has no more */
	int32_t			 next_confirmed;
	int64_t			 online;	/* ms: the network was there */
};

struct guard_params {
	int32_t	max_percent, max_size, min_filtered, nprimary, nuse, ndir,
		meaningful_percent, extreme_percent;
	int64_t	unlisted_s, lifetime_s, confirmed_s, down_ms, connect_ms,
		idle_ms;
};

enum use_state {
	USE_DEAD,
	USE_ON_COMPLETION,	/* good as soon as it stands */
	USE_IF_NO_BETTER,	/* good if nothing better does */
	USE_WAITING,		/* it stands, and waits for that */
	USE_COMPLETE
};

struct limit {			/* a guard_limit that lasts */
	uint8_t		has_exit;
	uint8_t		exit[20];
	uint8_t		path;	/* 0: it is about reachability, not paths */
	size_t		nexclude;
	uint8_t		(*exclude)[20];
};

struct guard_use {
	struct guards		*gs;
	struct guard		*guard;	/* NULL: it left the sample */
	uint8_t			 rsa[20];
	enum guard_usage	 usage;
	enum use_state		 state;
	int64_t			 since;	/* ms, of the state */
	struct limit		 limit;
	void			*arg;
	uint8_t			 tell_ready, told_stale;
	struct guard_use	*next, **prevp;
};

struct guards {
	struct loop		*loop;
	struct guard_conf	 conf;
	const struct guard_user	*user;
	void			*arg;
	char			 version[32];
	const struct netdir	*nd;
	struct guard_params	 par;
	struct selection	*sels[GUARD_SELECTIONS_MAX];
	size_t			 nsels;
	struct selection	*cur;
	int			 chosen;	/* by what a netdir said */
	int			 warned_extreme;
	int			 switched;	/* and not told yet */
	size_t			 nguards;	/* in the netdir; and those */
	size_t			 npassing;	/* that pass the filter */
	struct guard_use	*uses;
	size_t			 nuses;
	struct loop_item	 item;
	struct loop_timer	 timer;
	struct log_limit	 quiet;
};

/* guard.c */
void	guards_dirty(struct guards *);
int	guards_live(const struct guards *);	/* netdir reasonably live? */
struct selection *guards_selection(struct guards *, const char *name);
			/* found or made; NULL: no memory, or too many */
int64_t	guards_backdate(const struct guards *, int64_t most_s);
void	guards_online(struct guards *, struct selection *);

/* guard_sample.c */
/* Who that is now; NULL: nobody that could be a guard. */
const struct relay *guards_find(const struct guards *,
	    const uint8_t rsa[20]);
struct selection *sel_new(const char *name);
void	sel_empty(struct selection *);	/* of all guards */
void	sel_free(struct selection *);
struct guard *sel_find(const struct selection *, const uint8_t rsa[20]);
int	sel_insert(struct selection *, struct guard *);	/* 0: it is owned */
void	sel_relink(struct guards *, struct selection *);
void	sel_update(struct guards *, struct selection *);
void	sel_refresh(struct guards *, struct selection *);
void	sel_expand(struct guards *, struct selection *);
void	sel_confirm(struct guards *, struct guard *);
void	sel_forgive(struct selection *, int primary_only);
struct guard *guard_new_blank(void);
void	guard_discard(struct guard *);
int	guard_is_possible(const struct relay *);
int	guard_passes(const struct guards *, const struct relay *);
int	guard_is_usable(const struct guard *);
void	guard_consider_retry(const struct guards *, struct guard *);

/* guard_use.c */
int	limit_init(struct limit *, enum guard_usage,
	    const struct guard_limit *);
void	limit_fini(struct limit *);
int	limit_obeys(const struct guards *, const struct limit *,
	    const struct relay *exit, const struct guard *);
void	uses_forget(struct guards *, const struct guard *);
void	uses_run(void *guards);		/* item and timer */
int	use_new(struct guard_use **, struct guards *, struct guard *,
	    enum guard_usage, enum use_state, struct limit *take, void *arg);

#endif

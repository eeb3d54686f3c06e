/* onion/dir/bootstrap.h - getting and keeping a view of the network
 *
 * Loads what is on disk, works out what is missing or too old, and asks its
 * owner for documents one after the other: authority certificates, the
 * consensus (as a difference where we hold one), microdescriptors.  It checks
 * what comes, writes it to disk, hands whole network views to the owner, and
 * says how far it is and what is wrong.  It dials nothing and picks no guard:
 * it names a configured source, or leaves the choice of a directory guard to
 * the owner (dir-spec 5, map 14).
 *
 * Callbacks may come from within any call here except bootstrap_new(), and
 * from timers; the owner may call everything but bootstrap_free() from them.
 */
#ifndef ONION_DIR_BOOTSTRAP_H
#define ONION_DIR_BOOTSTRAP_H

#include <stddef.h>
#include <stdint.h>

#include "onion/dir/dirclient.h"

struct bootstrap;
struct dirsource;
struct dirsources;
struct loop;
struct netdir;
struct relayid;
struct store;

enum {
	DIR_FETCHES_MAX = 16		/* requests out at one time */
};

struct dir_fetch {
	uint32_t		 id;	/* never 0, never reused */
	const struct dirsource	*source; /* ask this one; NULL: a directory
					 * guard of the owner's choice */
	struct dir_request	 request; /* goes to dirclient_get() as it is,
					 * but for @host where a guard is asked;
					 * borrowed for the call */
};

enum bootstrap_clock {
	BOOTSTRAP_CLOCK_UNKNOWN,
	BOOTSTRAP_CLOCK_GOOD,
	BOOTSTRAP_CLOCK_BEHIND,
	BOOTSTRAP_CLOCK_AHEAD
};

enum bootstrap_state {
	BOOTSTRAP_IDLE,		/* not started, or stopped */
	BOOTSTRAP_OBSOLETE,	/* the network requires a protocol that we
				 * don't speak: nothing is fetched */
	BOOTSTRAP_NO_CONSENSUS,
	BOOTSTRAP_NO_CERTS,	/* a consensus waits for certificates */
	BOOTSTRAP_NO_DESCS,	/* too few microdescriptors for paths */
	BOOTSTRAP_READY		/* a usable view was handed over */
};

struct bootstrap_user {
	/* Get this.  0: bootstrap_result() will be called, once, unless
	 * cancel() comes before; it may be called at once, from within.
	 * -EAGAIN: no directory guard can be asked now (it is tried again;
	 * after some seconds with a configured source instead).  Any other
	 * error counts as a failure of the source. */
	int	(*fetch)(void *arg, const struct dir_fetch *);
	void	(*cancel)(void *arg, uint32_t id);
	/* A new view; the owner has it now, and frees the one before at the end
	 * of the turn, when nobody looks at it any more. */
	void	(*netdir)(void *arg, struct netdir *take);
	/* Is this view, which may not have been handed over yet, enough to
	 * build circuits (fraction of paths that could be built, descriptors
	 * of primary guards)?  *@percent: how far towards that, 0..100. */
	int	(*enough)(void *arg, const struct netdir *, int *percent);
	/* tor's numbers and tags: 0, 25, 30, 40, 45, 50..75.  Those of
	 * connections and circuits (5 to 20, 90, 95, 100) are the owner's.
	 * Only ever upwards, until a view is lost. */
	void	(*progress)(void *arg, int percent, const char *tag,
		    const char *summary);
	/* The state, or the opinion of our clock, changed.  May be NULL. */
	void	(*changed)(void *arg);
	/* The wall clock was set, or the machine slept: noticed within a
	 * minute, or by bootstrap_check_clock().  May be NULL. */
	void	(*jumped)(void *arg);
};

struct bootstrap_conf {
	struct loop			*loop;
	struct store			*store;		/* NULL: keep nothing */
	struct dirsources		*sources;	/* both borrowed */
	int				 testing;	/* TestingTorNetwork */
	int				 full_only;	/* no diffs */
	const struct bootstrap_user	*user;
	void				*arg;
};

int	 bootstrap_new(struct bootstrap **, const struct bootstrap_conf *);
void	 bootstrap_free(struct bootstrap *);	/* cancels its requests */

/* Loads the cache (a view may come before this returns) and begins. */
int	 bootstrap_start(struct bootstrap *);
void	 bootstrap_stop(struct bootstrap *);	/* DisableNetwork; resumable */

/* What came of a fetch. The result's body may be taken (dirclient.h).
 * Tells what to think of who sent it: 0 all right, -ENOENT it did not have it,
 * -EBADMSG it sent something wrong, else the error it was. */
int	 bootstrap_result(struct bootstrap *, uint32_t id,
	    struct dir_result *);

/* A relay's clock against ours by NETINFO (chanset_user.skew); positive: we are
 * behind. */
void	 bootstrap_skew(struct bootstrap *, const struct relayid *, int64_t s);
void	 bootstrap_check_clock(struct bootstrap *);	/* cheap */
/* The network came back, or a user waits: try at once.  May be called often; it
 * helps once a minute, so that an outage does not become a storm. */
void	 bootstrap_retry(struct bootstrap *);
/* Guards or the rules for paths changed: ask enough() again. */
void	 bootstrap_recheck(struct bootstrap *);

struct bootstrap_status {
	enum bootstrap_state	 state;
	enum bootstrap_clock	 clock;
	int64_t			 skew_s;	/* + behind, - ahead */
	int			 percent;
	const char		*tag;
	const char		*summary;
	char			 trouble[256];	/* "" or a sentence */
	int64_t			 valid_after, fresh_until, valid_until;
				/* of the view in use; 0: none */
	size_t			 relays, microdescs, missing;
	int			 live;		/* 2 live, 1 reasonably, 0 no */
	int64_t			 next_consensus_at;	/* wall s; 0 unknown */
	unsigned		 fetching;	/* requests out */
};
void	 bootstrap_status(const struct bootstrap *, struct bootstrap_status *);
const char *bootstrap_state_name(enum bootstrap_state);

#endif

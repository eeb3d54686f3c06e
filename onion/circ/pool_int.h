/* onion/circ/pool_int.h - what the files of the pool share
 *
 *	pool.c		which circuit for whom; how many ahead
 *	poolcirc.c	the life of one
 *	poolset.c	two that are linked (conflux)
 *	poolhs.c	those towards onion services
 *	poolshare.c	how much one client may have
 */
#ifndef ONION_CIRC_POOL_INT_H
#define ONION_CIRC_POOL_INT_H

#include <sys/queue.h>

#include "base/loop.h"
#include "onion/circ/circ.h"
#include "onion/circ/flowctl.h"
#include "onion/circ/pool.h"
#include "onion/circ/predict.h"
#include "onion/link/relayid.h"

struct path;

enum pool_state {
	POOL_DEAD,
	POOL_BUILDING,
	POOL_SLOW,		/* built only to be timed: never used */
	POOL_WAITING,		/* built; a better guard may still come up */
	POOL_LINKING,		/* built; to be linked with its mate */
	POOL_LEG,		/* carries what its mate is given */
	POOL_READY
};

struct pool_circ {
	LIST_ENTRY(pool_circ) link;
	struct pool	*pool;
	struct circ	*circ;
	struct guard_use *guard;
	enum pool_state	 state;
	uint8_t		 token[POOL_TOKEN];
	uint32_t	 nym;
	uint8_t		 has_token;	/* used, or promised to a need */
	uint8_t		 used;		/* a stream went onto it */
	uint8_t		 spoilt;	/* gets no new stream */
	uint8_t		 dialling;	/* its channel is not open yet */
	uint8_t		 old_chan;	/* ... was, when it was begun */
	uint8_t		 blameless;	/* its guard, of its failing */
	uint64_t	 cells_in;	/* of the channel, when it was begun */
	uint8_t		 first_hop;	/* it stands */
	uint8_t		 is_leg;	/* the second one of a set */
	uint8_t		 linking;	/* LINK was sent */
	uint8_t		 linked;
	uint8_t		 stable;	/* good for LongLivedPorts */
	uint8_t		 named;		/* its exit was asked for (.exit) */
	uint8_t		 is_hs;		/* towards an onion service */
	uint8_t		 streamed;	/* ... and had a stream */
	uint8_t		 hops_built;
	struct pool_hs	*hs;		/* whose it is; NULL: a stub */
	struct pool_circ *mate;		/* of its set, or NULL */
	uint8_t		 exit[20];
	int64_t		 began;		/* loop ms, all of these; when the
					 * channel was open */
	int64_t		 built;
	int64_t		 dirty;		/* first used */
	int64_t		 idle;		/* used last, or the last stream ended */
	int64_t		 keep_until;	/* while clean */
	int64_t		 due;		/* the timer's, while it is built */
	struct loop_timer timer;	/* dialling, build timeout, close */
	struct loop_item reap;
};

struct pool_hs {		/* who has a circuit towards a service */
	enum pool_hs_kind kind;
	const struct pool_hs_user *user;	/* NULL: is told nothing more */
	void		*arg;
	uint8_t		 owes_last;	/* is to be extended to it */
	uint8_t		 gave_up;	/* it was too slow */
	uint8_t		 lingers;	/* he is done with it */
	struct circ_hop	 last;
	struct loop_item tell;		/* that it is built, or given up */
};

LIST_HEAD(pool_circs, pool_circ);

struct pool {
	struct pool_conf conf;
	const struct pool_user *user;
	void		*arg;
	const struct netdir *netdir;
	int		 usable;
	struct flow_params flow;
	int		 extend_by_ed;
	struct predict	 predict;
	int64_t		 keep_base;	/* CircuitsAvailableTimeout, ms */
	int64_t		 keep_ms;	/* drawn from it: see pool.c */
	struct pool_circs circs;
	size_t		 count;
	size_t		 building;	/* BUILDING, not SLOW */
	uint32_t	 nym;		/* counts new identities */
	unsigned	 failures;	/* in a row */
	uint8_t		 dark;		/* the last one: before the first hop */
	int64_t		 failed_at;	/* the last one */
	int64_t		 launched;	/* the last launch */
	int64_t		 hold_until;	/* no launch before that */
	size_t		 sets_max;	/* 0: none are linked */
	size_t		 sets_ahead;	/* unused, at most */
	unsigned	 unlinked;	/* sets that failed, in a row */
	int64_t		 sets_hold_until;
	uint64_t	 cells_in;	/* of all channels, at the last tick */
	int64_t		 hs_asked;	/* for a circuit to a service, last */
	int		 pad;		/* those circuits (circpad.h) */
	struct loop_timer tick;
	struct loop_item wake;		/* ready() at the end of the turn */
};

/* Begin one for that need; NULL: whatever is predicted to be wanted.  The new
 * circuit, or NULL with *rc. */
struct pool_circ *poolcirc_launch(struct pool *, const struct pool_need *,
	    int *rc);
/* The same for a set: the first of it; the second to the exit of @first. */
struct pool_circ *poolcirc_launch_first(struct pool *,
	    const struct pool_need *, int *rc);
struct pool_circ *poolcirc_launch_second(struct pool *,
	    const struct pool_circ *first, int *rc);
/* The same for a stub of a circuit to a service, through neither of which but
 * the guard may be @not (RSA id; NULL: anybody). */
struct pool_circ *poolcirc_launch_stub(struct pool *, const uint8_t not[20],
	    int stable, int *rc);
void	 poolcirc_close(struct pool_circ *, int circ_why);
/* It is being built again, one hop further; so long it may take. */
void	 poolcirc_extending(struct pool_circ *);
void	 poolcirc_fill_hop(const struct pool *, const struct hopinfo *,
	    int is_exit, struct circ_hop *);
int	 poolcirc_too_old(const struct pool_circ *);

/* poolhs.c */
void	 poolhs_built(struct pool_circ *);	/* it may be used */
int	 poolhs_message(struct pool_circ *, uint8_t cmd, const uint8_t *data,
	    size_t len);
void	 poolhs_dying(struct pool_circ *);
void	 poolhs_left(struct pool_circ *);	/* it is dead: tell, and free */
void	 poolhs_give_up(struct pool_circ *);	/* it is too slow for him */
void	 poolhs_unhand(struct pool_circ *);	/* its owner is told no more */
int	 poolhs_lingers(struct pool_circ *);	/* nor is it closed yet */
/* Its owner is on the way to a service: it does not get old meanwhile. */
int	 poolhs_is_busy(const struct pool_circ *);
void	 poolhs_ahead(struct pool *);		/* stubs */
const char *poolhs_purpose(const struct pool_circ *);

/* poolshare.c */
/* Is there room for one more, of anybody's, or one that can give way to it?
 * Then it is made. */
int	 poolshare_has_room(const struct pool *);
void	 poolshare_make_room(struct pool *);
/* The same, of whoever has @token: for one that is to be built or, else, for
 * one that is there and nobody's.  When he has it, what he has too much goes. */
int	 poolshare_may_have(const struct pool *,
	    const uint8_t token[POOL_TOKEN], int is_new);
void	 poolshare_settle(struct pool *, const uint8_t token[POOL_TOKEN]);

/* poolset.c */
void	 poolset_configure(struct pool *);	/* a new netdir, or conf */
int	 poolset_wanted(const struct pool *);
/* 0, or a reason; the first alone is fine where @or_one. */
int	 poolset_launch(struct pool *, const struct pool_need *, int or_one);
void	 poolset_built(struct pool_circ *);
void	 poolset_linked(struct pool_circ *);
void	 poolset_lost(struct pool_circ *);
void	 poolset_alone(struct pool_circ *);	/* LINK was not sent */

#endif

/* onion/circ/pool.h - the circuits at hand, and those being built
 *
 * The pool builds circuits ahead for the ports that are likely to be wanted,
 * and on demand for what is; it knows which circuit may carry what: the exit's
 * policy, how long it has been in use, and whose streams it carries
 * (isolation).  It reports each one's fate to the guards and to the learning
 * of build timeouts.
 *
 * A circuit belongs to the pool.  pool_get() lends one until the turn ends;
 * streams on it are ended by circ.h's own rules when it goes.
 */
#ifndef ONION_CIRC_POOL_H
#define ONION_CIRC_POOL_H

#include <stddef.h>
#include <stdint.h>

struct chan;
struct chanset;
struct circ;
struct circ_conf;
struct guard_use;
struct guards;
struct loop;
struct netdir;
struct params;
struct path_ctx;
struct pool;
struct pool_circ;
struct timeout;

enum {
	POOL_TOKEN = 16,
	POOL_EXITS = 16,		/* the name of a set of exits */
	POOL_OWNER = 6,			/* its first bytes: the client whose it
					 * is, as to what one may have */
	POOL_CIRCS_MAX = 1024,		/* in all */
	POOL_CLEAN_MAX = 14,		/* unused, waiting (path-spec 2.1.1) */
	POOL_AVOID_MAX = 8,
	POOL_PER_PORT = 2		/* clean ones for each likely port */
};

struct pool_conf {
	struct loop	*loop;
	struct chanset	*chans;
	struct path_ctx	*path;
	struct guards	*guards;	/* NULL: UseEntryGuards 0 */
	struct timeout	*timeout;
	int64_t		 dirtiness_ms;	/* MaxCircuitDirtiness */
	int64_t		 keep_clean_ms;	/* CircuitsAvailableTimeout; 0:
					 * consensus, half of it where padding
					 * is reduced */
	int		 reduced_padding;
	int64_t		 retry_ms;	/* NewCircuitPeriod: while none can be
					 * built, one is tried this often; 0 or
					 * over 15 s: about every 15 s */
	int		 predict;	/* build ahead */
	int		 max_pending;	/* being built, at most */
	int		 reject_internal;
	int		 extend_by_ed;	/* 1, 0, -1: consensus */
	uint64_t	 max_queued;	/* bytes that wait; 0: no limit */
	int		 conflux;	/* link circuits: 1, 0, -1: consensus */
	int		 conflux_ux;	/* enum conflux_ux: what we ask for */
};

struct pool_user {
	/* Something changed for those who wait: let each of them call
	 * pool_get() before this returns. */
	void	(*ready)(void *arg);
	/* A circuit was built and may be used: the first of them proves that
	 * the network works. */
	void	(*built)(void *arg);
	void	(*building)(void *arg);		/* one was begun */
	/* Both may be NULL.  What waits outside and falls under the same limit,
	 * and since when (loop ms).  Then: end what has waited longest there,
	 * until @bytes are free or the rest is younger than @at; how much it
	 * was. */
	uint64_t (*queued)(void *arg, int64_t *oldest);
	uint64_t (*shed)(void *arg, uint64_t bytes, int64_t at);
};

/* What a stream or a lookup wants of its circuit. */
struct pool_need {
	uint8_t		token[POOL_TOKEN];
	uint32_t	nym;		/* pool_nym() when it was asked for */
	uint16_t	port;		/* 0: a lookup, any exit will do */
	uint8_t		family;		/* 4, 6; 0: a name */
	uint8_t		has_exit;	/* by that one or not at all (.exit) */
	uint8_t		exit[20];	/* RSA id */
	uint8_t		has_exits;	/* one of that set (path.h), or not at
					 * all */
	uint8_t		exits[POOL_EXITS];
	uint8_t		alone;		/* nothing comes onto it after that */
	uint8_t		navoid;		/* <= POOL_AVOID_MAX */
	const uint8_t	(*avoid)[20];	/* exits, RSA ids */
};

int	pool_new(struct pool **, const struct pool_conf *,
	    const struct pool_user *, void *arg);
void	pool_free(struct pool *);
void	pool_set_conf(struct pool *, const struct pool_conf *);
/* A new view, lent until the next; NULL: none, nothing is built.  @usable: may
 * circuits be built (enough of it is known)? */
void	pool_set_netdir(struct pool *, const struct netdir *, int usable);

/* 0 and a circuit that stands; -EAGAIN: one is being built, ready() will come;
 * -ENOENT: no exit there is, or may be, takes it. */
int	pool_get(struct pool *, const struct pool_need *, struct pool_circ **);
struct circ *pool_circ(struct pool_circ *);
/* A stream goes onto it: from now on it is its token's, and gets old. */
void	pool_circ_used(struct pool_circ *, const struct pool_need *);
void	pool_circ_spoil(struct pool_circ *);	/* no more streams */
void	pool_circ_close(struct pool_circ *);	/* at once, with its streams */
/* Would its exit take that, as far as its policy tells? */
int	pool_circ_takes(const struct pool_circ *, uint16_t port,
	    uint8_t family);
const uint8_t *pool_circ_exit(const struct pool_circ *);	/* RSA id */
/* The circuit that stands on it; NULL once it is gone. */
struct pool_circ *pool_find(struct pool *, const struct circ *);

/* From the channels: time for building counts from here on. */
void	pool_chan_open(struct pool *, const struct chan *);
/* From guards, which know circuits by this. */
void	pool_guard_ready(void *pool_circ);
void	pool_guard_stale(void *pool_circ);
void	pool_guards_switched(struct pool *);
/* The machine slept, or so it seems: connections may be dead without a sign of
 * it.  Nothing new goes over those that there are. */
void	pool_clock_jumped(struct pool *);
/* New identity: all that were used get no more streams, and no need of before
 * shares one with a need of after. */
void	pool_newnym(struct pool *);
uint32_t pool_nym(const struct pool *);
void	pool_close_all(struct pool *);

/* For onion services: a circuit of guard, layer-2 vanguard (proposal 333) and a
 * middle relay, with @last behind it unless NULL.  It is its asker's alone, and
 * no pool_get() gives it; but it lives in the pool, under the same rules of
 * building, guards, memory and ceilings.  Stubs of three hops are kept ahead
 * once somebody asked for one.
 *
 * 0, and events come, none from within the call; -EAGAIN: nobody gets one now,
 * -EBUSY: not that one, and either way ready() tells when to ask again;
 * -ENETUNREACH: there is no such path; -ENOMEM.  After pool_circ_close() none
 * comes; after gone() the pointer is not used again.  @token is for status and
 * isolation; streams over it are counted like any others.
 *
 * It gets old as others do, from its first stream on; before that it counts
 * from when it was joined to the service, and until then it does not age: its
 * owner closes it when he is done.  A build that is too slow is gone() to its
 * asker, unless no circuit stands at all. */
struct pool_hs_user {
	void	(*built)(void *arg);
	int	(*message)(void *arg, uint8_t cmd, const uint8_t *data,
		    size_t len);
	/* @reached: its first three hops stood once, so that what failed was
	 * the last one, if anybody. */
	void	(*gone)(void *arg, int reached);
};
enum pool_hs_kind {
	POOL_HS_DIR = 1, POOL_HS_INTRO, POOL_HS_REND,
	POOL_HS_REND_STABLE	/* of relays that are Stable, as far as may be
				 * (LongLivedPorts) */
};
struct hopinfo;
enum { POOL_HS_STUBS = 3, POOL_HS_MAX = 768 };	/* ahead; in all */
int	pool_circ_is_stable(const struct pool_circ *);
/* The service is behind it from now on. */
void	pool_circ_joined(struct pool_circ *);
/* No stream should go onto it any more: it is spoilt, or was used for too
 * long. */
int	pool_circ_is_over(const struct pool_circ *);
int	pool_hs_open(struct pool *, enum pool_hs_kind,
	    const uint8_t token[POOL_TOKEN], const struct hopinfo *last,
	    const struct pool_hs_user *, void *arg, struct pool_circ **);

struct pool_show {
	const struct circ *circ;
	const char	*state;
	const char	*purpose;	/* "general", "onion service: ..." */
	int64_t		 age_ms;
	int64_t		 dirty_ms;	/* -1: clean */
};
void	pool_each(const struct pool *, void (*fn)(void *arg,
	    const struct pool_show *), void *arg);
size_t	pool_count(const struct pool *);
size_t	pool_building(const struct pool *);
size_t	pool_standing(const struct pool *);	/* built and fit for use */

#endif

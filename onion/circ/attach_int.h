/* onion/circ/attach_int.h - what streams and lookups share while they wait */
#ifndef ONION_CIRC_ATTACH_INT_H
#define ONION_CIRC_ATTACH_INT_H

#include <sys/queue.h>

#include "base/buf.h"
#include "base/loop.h"
#include "onion/circ/attach.h"
#include "onion/circ/pool.h"

enum attach_state {
	ATTACH_GONE,
	ATTACH_WAITING,		/* for a circuit */
	ATTACH_TRYING,		/* asked, not answered */
	ATTACH_OPEN
};

struct attach_waiter;

struct attach_kind {		/* of a stream, of a lookup */
	/* Ask on that circuit.  0, or: -EINVAL it can't be asked at all;
	 * else the circuit can't take it. */
	int	(*begin)(struct attach_waiter *, struct pool_circ *);
	/* End the try that is under way, without a call back. */
	void	(*abandon)(struct attach_waiter *, int why);
	void	(*tell)(struct attach_waiter *, int why);	/* last word */
	void	(*reap)(struct attach_waiter *);
};

/* What is needed until there is an answer, and no longer: an open stream costs
 * little. */
struct attach_seek {
	struct pool_need need;
	struct loop_timer try_timer;
	struct loop_timer total_timer;
	unsigned	 tries, failures;
	int		 err;		/* why the last try failed */
	/* Of a stream. */
	uint32_t	 flags;		/* BEGIN_* */
	uint8_t		 has_service;	/* it goes there, and to no exit */
	uint8_t		 service[32];
	size_t		 credit;	/* granted before it was open */
	struct buf	 early;		/* sent before it was open */
	size_t		 early_sent;	/* of it, to the inner */
	uint8_t		 avoid[POOL_AVOID_MAX][20];
};

struct attach_waiter {
	TAILQ_ENTRY(attach_waiter) link;
	const struct attach_kind *kind;
	struct attach	*at;
	struct circ	*circ;		/* TRYING, OPEN */
	struct attach_seek *seek;	/* NULL: open, and nothing is early */
	struct loop_item reap;
	enum attach_state state;
};

TAILQ_HEAD(attach_waiters, attach_waiter);

struct attach {
	struct attach_conf conf;
	struct attach_waiters waiting;	/* in order of arrival */
	struct attach_waiters rest;	/* TRYING and OPEN */
	struct loop_item wake;
	size_t		 nwaiting, nstreams, nlookups;
	size_t		 early;		/* bytes, of all */
	uint64_t	 read, written;
	uint32_t	 last_id;
	uint8_t		 closing;
};

/* Begins to wait; the other fields of the need are the caller's. */
int	 attach_enter(struct attach *, struct attach_waiter *,
	    const struct attach_kind *, const uint8_t token[POOL_TOKEN]);
/* It has to leave by one of that set; NULL: by any. */
void	 attach_set_exits(struct attach_waiter *, const uint8_t *exits);
void	 attach_move(struct attach_waiter *, enum attach_state);
/* The answer came: what is left of the search goes, but for early bytes. */
void	 attach_settle(struct attach_waiter *);
void	 attach_drop_seek(struct attach_waiter *);
/* Off all lists, freed at the end of the turn; nobody is told. */
void	 attach_retire(struct attach_waiter *);
void	 attach_finish(struct attach_waiter *, int why);	/* and told */
/* The try failed: wait for another circuit, with another exit than that one's
 * (NULL: it is gone), or give up with @err where it was one too many. */
void	 attach_try_again(struct attach_waiter *, struct pool_circ *, int err);

extern const struct attach_kind attach_stream_kind;
struct attach_stream;
const struct attach_stream *attach_stream_of(const struct attach_waiter *);
void	 attach_stream_describe(const struct attach_stream *,
	    struct attach_show *);

#endif

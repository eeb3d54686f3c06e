/* onion/circ/streams_int.h - what the files of a circuit's streams share
 *
 *	streams.c	the set: ids, who is sent what and when, dispatch
 *	stream.c	one stream, an endpoint: its life
 *	streamout.c	what it sends
 *	streamin.c	what it gets
 *	lookup.c	one RESOLVE
 *	half.c		ids of streams that we ended and the relay may not have
 *
 * A callback may do anything, also end the circuit.  What dies is unlinked at
 * once and marked; its memory stays until the turn ends.  So after each call
 * up, look whether the stream is dead or the set is cut before going on.
 */
#ifndef ONION_CIRC_STREAMS_INT_H
#define ONION_CIRC_STREAMS_INT_H

#include <sys/queue.h>

#include "base/addr.h"
#include "base/buf.h"
#include "base/endpoint.h"
#include "base/loop.h"
#include "onion/circ/conflux.h"
#include "onion/circ/hopflow.h"
#include "onion/circ/hops.h"
#include "onion/circ/streams.h"
#include "onion/circ/xonxoff.h"

enum slot_kind { SLOT_NONE, SLOT_STREAM, SLOT_LOOKUP, SLOT_HALF };

enum {				/* slot.owes, in this order */
	OWES_BEGIN	= 1 << 0,	/* also BEGIN_DIR, RESOLVE */
	OWES_SENDME	= 1 << 1,
	OWES_XOFF	= 1 << 2,
	OWES_XON	= 1 << 3,
	OWES_END	= 1 << 4
};

enum stream_state {
	STREAM_S_DEAD,		/* its holder knows, or did it */
	STREAM_S_CONNECTING,
	STREAM_S_OPEN,		/* CONNECTED came */
	STREAM_S_ENDED		/* END came, or the circuit went; not all
				 * is delivered */
};

enum stream_queue {		/* where ->out is linked */
	STREAM_Q_NONE,
	STREAM_Q_PART,		/* a cell not yet full; goes at end of turn */
	STREAM_Q_WAIT		/* has more than it could send */
};

struct stream {
	struct streams_slot	 slot;
	struct endpoint		 ep;
	struct streams		*set;
	TAILQ_ENTRY(stream)	 link;		/* all, or dead */
	uint8_t			 state;		/* enum stream_state */
	uint8_t			 is_dir;
	uint8_t			 opened;	/* the holder was told so */
	uint8_t			 fin;		/* the holder sends no more */
	uint8_t			 end_reason;
	int			 why;		/* for gone(), once ENDED */
	uint32_t		 flags;		/* BEGIN_* */
	struct addr		 addr;
	uint8_t			*target;	/* data of BEGIN, until sent */
	uint16_t		 target_len;

	/* fwd */
	TAILQ_ENTRY(stream)	 out;
	uint8_t			 queue;		/* enum stream_queue */
	uint8_t			 wants_room;	/* send() came up short */
	uint16_t		 part_len;
	uint8_t			*part;		/* RELAY_DATA_MAX; or NULL */
	int32_t			 window;	/* cells; without cc */
	struct xonxoff		 flow;		/* with cc */

	/* bwd */
	TAILQ_ENTRY(stream)	 ready;
	uint8_t			 is_ready;
	uint8_t			 delivering;	/* from @held, this moment */
	uint16_t		 sendmes;	/* owed */
	int32_t			 rwindow;	/* cells; without cc */
	size_t			 credit;
	struct buf		 held;		/* what credit did not cover */
	int64_t			 held_since;	/* ms */

	struct loop_timer	 timer;		/* pace; patience */
	int64_t			 pace_at;	/* ms, or LOOP_NEVER */
	int64_t			 heard;		/* ms; data came, or what the
						 * other waits for happened */
};

struct half {
	struct streams_slot	 slot;
	TAILQ_ENTRY(half)	 link;		/* in the order of @until */
	int64_t			 until;		/* ms; NEVER: END is unsent */
	int64_t			 data_until;	/* ms; the same for DATA */
	uint16_t		 data;		/* cells that may still come */
	uint8_t			 sendmes;
	uint8_t			 flow;		/* XON, XOFF */
	uint8_t			 connected;
	uint8_t			 resolved;
};

TAILQ_HEAD(stream_list, stream);
TAILQ_HEAD(lookup_list, lookup);
TAILQ_HEAD(half_list, half);
TAILQ_HEAD(slot_list, streams_slot);

struct leg {			/* a circuit that the set goes over */
	struct hops		*hops;
	struct hopflow		 flow;
	uint64_t		 count;		/* conflux: as in conflux.c */
	uint8_t			 switched;	/* and nothing sent since */
	int64_t			 rtt;		/* us */
	uint64_t		 bytes_fwd, bytes_bwd;
};

struct streams {
	struct streams_conf	 conf;
	struct leg		 leg[CONFLUX_LEGS];
	size_t			 nlegs;
	size_t			 cur;		/* what is sent goes there */
	uint8_t			 linked;
	uint8_t			 passes_by;	/* a leg that has no room */
	size_t			 cell;		/* data of a full one, over any leg */
	struct conflux_in	 in;
	struct map		*ids;		/* -> streams_slot */
	struct streams_slot	*last;		/* looked up */
	uint16_t		 next_id;
	size_t			 live;		/* streams and lookups */
	size_t			 nhalf;
	struct stream_list	 all, dead, ready, part, wait;
	struct lookup_list	 lookups;
	struct half_list	 halves;
	struct slot_list	 ctl;		/* who owes something */
	struct loop_item	 turn;
	struct stream		*serving;	/* its room() is running */
	unsigned		 quota;		/* cells it may still send */
	uint8_t			*spare;		/* a part nobody uses */
	uint8_t			 cut;
	uint8_t			 left_over;	/* freed with its last stream */
	uint8_t			 busy;		/* idle() is still to come */
	uint8_t			 used;		/* there was a stream, ever */
	int			 fail;
};

/* Nothing is delivered any more; or not yet again. */
static inline int
streams_are_still(const struct streams *s)
{
	return s->cut && !s->left_over;
}

static inline int64_t
stream_now(const struct stream *st)
{
	return st->set->conf.loop->now;
}

static inline int
stream_has_cc(const struct stream *st)
{
	return st->set->conf.cc;
}

static inline const struct flow_params *
stream_params(const struct stream *st)
{
	return st->set->conf.flow;
}

/* streams.c */
void	 streams_wake(struct streams *);	/* work for turn's end */
void	 streams_fail(struct streams *, int err);
int	 streams_put(struct streams *, struct streams_slot *);
void	 streams_drop(struct streams *, struct streams_slot *);
int	 streams_draw_id(struct streams *, uint16_t *);
void	 streams_owe(struct streams *, struct streams_slot *, unsigned what);
void	 streams_waive(struct streams *, struct streams_slot *,
	     unsigned what);
int	 streams_pay(struct streams *);		/* < 0: no room */
int	 streams_send(struct streams *, enum relay_cmd, uint16_t id,
	     const uint8_t *data, size_t len);	/* 0 or -ENOBUFS */
int	 streams_open_for_data(const struct streams *);
size_t	 streams_cell(const struct streams *);	/* what the next DATA takes */

/* stream.c */
int	 stream_new(struct streams *, struct endpoint **, int is_dir,
	     const uint8_t *target, size_t len);
void	 stream_free(struct stream *);
void	 stream_gone(struct stream *, int why);	/* tells the holder */
/* The same, and the relay hears of it. */
void	 stream_refuse(struct stream *, int why);
void	 stream_set_timer(struct stream *);
void	 stream_heard(struct stream *);		/* its patience begins anew */
/* The circuit went: 1 if it has to deliver what it holds before it ends. */
int	 stream_outlives(struct stream *, int why);

/* streamout.c */
size_t	 stream_take(struct stream *, const uint8_t *, size_t);	/* send() */
void	 stream_enqueue(struct stream *);	/* it may send again */
void	 stream_serve(struct stream *);		/* its turn to send */
void	 stream_flush(struct stream *);		/* its part */
int	 stream_pay(struct stream *);		/* 0 or -ENOBUFS */
void	 stream_stop_sending(struct stream *);

/* streamin.c: what a relay says: 0, -EPROTO or -ENOMEM */
int	 stream_connected(struct stream *, const struct relaymsg *);
int	 stream_data(struct stream *, const struct relaymsg *);
int	 stream_ended(struct stream *, const struct relaymsg *);
int	 stream_sendme(struct stream *);
int	 stream_xoff(struct stream *, const struct relaymsg *);
int	 stream_xon(struct stream *, const struct relaymsg *);
void	 stream_make_ready(struct stream *);	/* if credit covers any */
void	 stream_deliver(struct stream *);	/* what credit covers */

/* lookup.c */
int	 lookup_pay(struct lookup *);
int	 lookup_answered(struct lookup *, const struct relaymsg *);
int	 lookup_ended(struct lookup *, const struct relaymsg *);
void	 lookup_gone(struct lookup *, int why);

/* half.c */
int	 half_from_stream(struct stream *);
int	 half_from_lookup(struct lookup *);
int	 half_pay(struct streams *, struct half *);
int	 half_message(struct streams *, struct half *,
	     const struct relaymsg *);
void	 half_free_all(struct streams *);

#endif

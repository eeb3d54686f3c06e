/* onion/circ/streams.h - the streams of a circuit, all to its last hop, or of
 * two that were linked (conflux.h)
 *
 * Belongs to a circuit, which hands it the messages that the last hop sends
 * and tells it when the channel has room.  Streams are endpoints; lookups are
 * callbacks.  Calls up are made while a message is handled, while there is
 * room, or when the turn ends; never from within a call down.
 */
#ifndef ONION_CIRC_STREAMS_H
#define ONION_CIRC_STREAMS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "onion/circ/relaymsg.h"
#include "onion/circ/resolvemsg.h"

struct addr;
struct endpoint;
struct flow_params;
struct hops;
struct loop;
struct streams;

enum {
	STREAMS_MAX	= 4096,	/* streams and lookups of a circuit */
	/* Streams that we ended and the relay may not know of yet: so many are
	 * remembered, so long after our END went out. */
	STREAMS_HALF_MAX = 2048,
	STREAMS_HALF_MS	= 2 * 60 * 1000,
	/* DATA that may still come for one of them where no window says how
	 * much: until it is long past the time in which the exit had our END,
	 * the longest round trip that was seen or at least so long, and no more
	 * cells than may ever be in flight.  C tor takes the build timeout for
	 * the least; but it passes over what comes later, and we close. */
	STREAMS_HALF_DATA_MS = 30 * 1000,
	STREAMS_HALF_DATA_MAX = 20000,
	/* XON and XOFF that may still come for one of them. */
	STREAMS_HALF_FLOW_MAX = 16,
	/* Cells that one stream may send while others wait for their turn. */
	STREAMS_SHARE	= 8,
	/* Bytes that wait for a stream's holder.  With fixed windows it is one
	 * window.  With congestion control it is what may be under way when
	 * our XOFF arrives, which only the exit knows; C tor has no limit but
	 * its memory.  This is more than its slow start goes to, and a half. */
	STREAMS_HELD_MAX = 8 * 1024 * 1024,
	/* A stream whose holder sends no more is kept for the answer, but not
	 * after so long without a byte of it.  Only END tells the far side that
	 * no more comes, and it ends the answer, too: whoever waits for that
	 * end before it says anything gets it after this time, and whoever takes
	 * longer to begin its answer loses it.  C tor sends END at once. */
	STREAMS_SILENT_MS = 30 * 1000,
	/* What came before an end is kept for its holder, but not after so long
	 * in which it took nothing.  A splice takes when a quarter of a megabyte
	 * went to its client: that may be as slow as 440 bytes/s. */
	STREAMS_UNREAD_MS = 10 * 60 * 1000
};

struct streams_user {
	void	(*idle)(void *arg);		/* the last one went */
	void	(*failed)(void *arg, int err);	/* the circuit can't go on */
};

struct streams_conf {
	struct loop			*loop;
	struct hops			*hops;
	const struct flow_params	*flow;
	int				 cc;
	uint8_t				 sendme_inc;
	int				 reject_internal;
	const struct streams_user	*user;
	void				*arg;
};

int	streams_new(struct streams **, const struct streams_conf *);
/* Conflux: from now on messages are numbered, and go over a second circuit,
 * too.  Before anything was sent.  RTTs are those of linking. */
struct streams_leg {
	struct hops	*hops;
	uint8_t		 sendme_inc;
	int64_t		 rtt_us;
};
void	streams_link(struct streams *, int64_t rtt_us,
	    const struct streams_leg *second, int passes_by);
/* The circuit is over: nothing is sent or comes any more.  end() then tells
 * every holder, free() is for after that.  Unless it has to be @at_once,
 * streams that hold what came stay until it was taken; the set does not need
 * the circuit for that, nor anything else but its loop. */
void	streams_cut(struct streams *);
void	streams_end(struct streams *, int why, int at_once);
void	streams_free(struct streams *);

/* From the last hop of leg 0, or of the second one, 1.  0, or the circuit must
 * be closed: -EPROTO, -ENOMEM. */
int	streams_message(struct streams *, size_t leg, const struct relaymsg *,
	    const uint8_t tag[RELAY_TAG]);
void	streams_room(struct streams *);

int	streams_are_fresh(const struct streams *);	/* never was one */
size_t	streams_count(const struct streams *);
size_t	streams_queued(const struct streams *, int64_t *oldest);
void	streams_totals(const struct streams *, size_t leg, uint64_t *fwd,
	    uint64_t *bwd);

/* Endpoints: see circ.h.  -EINVAL, -ENOSPC, -ENOMEM, -ENOTCONN. */
int	streams_connect(struct streams *, const char *host, uint16_t port,
	    uint32_t flags, struct endpoint **);
int	streams_connect_service(struct streams *, uint16_t port,
	    struct endpoint **);
int	streams_begin_dir(struct streams *, struct endpoint **);
uint8_t	stream_end_reason(const struct endpoint *);
const struct addr *stream_addr(const struct endpoint *);
int	stream_is_open(const struct endpoint *);

/* A lookup is embedded in its owner's; done() is the last that is heard of it,
 * with answers or with @why.  There is at least one answer where why is 0. */
struct lookup;
typedef void lookup_fn(struct lookup *, const struct resolved *, size_t n,
    int why);
struct streams_slot {
	uint16_t	 id;
	uint8_t		 kind;
	uint8_t		 owes;		/* messages that wait for room */
	uint8_t		 listed;	/* is in ->ctl, for what it owes */
	TAILQ_ENTRY(streams_slot) ctl;
};
struct lookup {
	struct streams_slot	 slot;
	struct streams		*set;
	lookup_fn		*done;
	char			*name;		/* until it was sent */
	TAILQ_ENTRY(lookup)	 link;
};
int	lookup_start(struct lookup *, struct streams *, const char *name,
	    lookup_fn *);
void	lookup_cancel(struct lookup *);

#endif

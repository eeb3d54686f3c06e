/* onion/link/chan.h - channels: authenticated links that carry circuits' cells
 *
 * A channel is one TLS connection to one relay, whose identity has been proven
 * (tor-spec 2, 4).  A chanset holds them: at most one per relay that is trusted
 * to be alive, dialled when first asked for, shared by all circuits, closed
 * when long unused.  Channels belong to the chanset; circuits borrow them
 * between attach and detach.
 *
 * A connection can be dead without a sign of it: an address changed, a router
 * forgot it, the machine slept.  Whoever notices says chanset_distrust(), and
 * the next one who asks for that relay gets a new channel.
 *
 * Cells go out in place: chan_cell() gives the body of a cell at the end of
 * the output queue, to be filled before the next call to anything here.  The
 * queue is written once, when the turn ends.  Where it is full chan_cell() is
 * NULL; chan_want_room() then asks for one room() call, in turn with the other
 * circuits that wait; while some wait, it is NULL for all others too.  CREATE
 * and DESTROY have room kept for them: CREATE fails only on a link that takes
 * nothing any more, DESTROY never.
 *
 * No call here leads to a call to a circuit before it returns, except those
 * that close: chanset_close() and chanset_free(), which tell gone().
 */
#ifndef ONION_LINK_CHAN_H
#define ONION_LINK_CHAN_H

#include <stddef.h>
#include <stdint.h>

#include "onion/link/cell.h"
#include "onion/link/chanpad.h"

struct addr;
struct chan;
struct chanset;
struct hopinfo;
struct link_dialer;
struct loop;
struct relayid;

enum {				/* ceilings */
	CHANSET_MAX = 128,		/* channels */
	CHANSET_BACKOFFS_MAX = 512,	/* relays remembered to have failed */
	CHAN_CIRCS_MAX = 4096,		/* circuits on one channel */
	CHAN_GHOSTS_MAX = 4096		/* ids lately in use on it */
};

enum chan_why {			/* why a channel is no more */
	CHAN_WHY_NONE,
	CHAN_WHY_CLOSED,	/* we closed it: idle, or shutting down */
	CHAN_WHY_CONNECT,	/* no TCP connection */
	CHAN_WHY_TLS,		/* no TLS, or TLS failed later */
	CHAN_WHY_IDENTITY,	/* not the relay that was wanted */
	CHAN_WHY_PROTOCOL,	/* it broke the protocol */
	CHAN_WHY_TIMEOUT,	/* dialling took too long */
	CHAN_WHY_LOST		/* the peer closed it, or the network did */
};

struct chan_user {		/* one circuit's ears */
	void	(*open)(void *arg);	/* only if attached while dialling */
	void	(*cell)(void *arg, uint8_t cmd, uint8_t body[CELL_BODY]);
			/* any cell with our circuit id; the body may be
			 * changed in place and dies with the call.  After
			 * CELL_DESTROY nothing more comes or goes: detach */
	void	(*room)(void *arg);
	void	(*gone)(void *arg, enum chan_why);	/* last; detached */
};

/* Attach a circuit: it gets a fresh id.  The channel may still be dialling.
 * 0, or -ENOSPC (CHAN_CIRCS_MAX, or no id is free), -ENOTCONN (dead). */
int	 chan_attach(struct chan *, const struct chan_user *, void *arg,
	    uint32_t *circ_id);
/* No call to the circuit after this.  @destroy: also send DESTROY (reason 0),
 * unless the relay did, or never heard of the id; cells that still come for it
 * are ignored until it is safe to reuse. */
void	 chan_detach(struct chan *, uint32_t circ_id, int destroy);
int	 chan_is_open(const struct chan *);
int64_t	 chan_open_ms(const struct chan *);	/* for so long; 0: it isn't */
uint8_t	*chan_cell(struct chan *, uint32_t circ_id, uint8_t cmd);
			/* body, all zeros; NULL: no room, or not open */
void	 chan_want_room(struct chan *, uint32_t circ_id);
size_t	 chan_room(const struct chan *);	/* cells it would take now */
const struct relayid *chan_id(const struct chan *);	/* proven once open */
const struct addr *chan_peer(const struct chan *);
size_t	 chan_circuits(const struct chan *);
uint64_t chan_cells_in(const struct chan *);	/* so many came, ever */

/* The set. */
struct chanset_user {
	/* Progress of a new connection, for the bootstrap display. */
	void	(*dialling)(void *arg, const struct hopinfo *);
	void	(*connected)(void *arg, const struct hopinfo *); /* TLS is up */
	void	(*open)(void *arg, struct chan *);
	/* After circuits were told; @wanted is who was dialled. */
	void	(*gone)(void *arg, const struct hopinfo *wanted, enum chan_why,
		    int was_open);
	/* The relay's clock against ours, seconds, believable (NETINFO came
	 * promptly); positive: we are behind. */
	void	(*skew)(void *arg, const struct relayid *, int64_t seconds);
};

struct chanset_conf {
	struct loop			*loop;
	const struct link_dialer	*dialer;
	const struct chanset_user	*user;
	void				*arg;
	struct chan_padding		 padding;
	/* What of these is not allowed is never dialled, whoever asks. */
	uint8_t	prefer_v6;		/* ClientPreferIPv6ORPort */
	uint8_t	use_v4, use_v6;
	int	(*may_reach)(void *arg, const struct addr *);  /* NULL: all */
	void	*may_reach_arg;		/* lives until another is set */
};

int	 chanset_new(struct chanset **, const struct chanset_conf *);
void	 chanset_free(struct chanset *);	/* kills all, at once */
/* The channel to that relay: an open one, one that is being dialled, or a new
 * one.  -EHOSTDOWN: failed lately, see chanset_retry_at(), or has another
 * Ed25519 identity than is asked for; -EADDRNOTAVAIL: no address we may use;
 * -ENOSPC: CHANSET_MAX. */
int	 chanset_get(struct chanset *, const struct hopinfo *, struct chan **);
struct chan *chanset_find(struct chanset *, const uint8_t rsa_id[20]);
int64_t	 chanset_retry_at(struct chanset *, const struct hopinfo *); /* ms */
/* Gives no circuit to this channel any more; it lives on for those that it has,
 * and is closed when the last one goes.  1: it was trusted until now; 0: it is
 * dead, or was distrusted before, so that this failure says nothing about the
 * relay, and no guard is to be blamed for it.
 *
 * To be called before circ_kill() where a circuit's time to build is over, its
 * first hop has not answered (circ_nbuilt() is 0) and its channel is open; not
 * while the channel is dialled, which has a limit of its own, nor where it is
 * open only since a moment ago (chan_open_ms()): then it was alive just now. */
int	 chanset_distrust(struct chanset *, struct chan *);
/* The same for all, also those that are being dialled: after the clock has
 * jumped (a sleep), or the addresses of this machine have changed.  Where one
 * of these comes to nothing, gone() says CHAN_WHY_CLOSED.  Circuits that wait
 * on them are told as ever: better end those that are being built before. */
void	 chanset_distrust_all(struct chanset *);
/* The network may have come back, or a user waits: forget the backoffs. */
void	 chanset_forgive(struct chanset *);
void	 chanset_set_padding(struct chanset *, const struct chan_padding *);
/* Which addresses may be dialled from now on: the last five of a conf. */
void	 chanset_set_reach(struct chanset *, const struct chanset_conf *);
/* Close all that carry nothing; @all: also those that do. */
void	 chanset_close(struct chanset *, int all);

struct chanset_totals {
	uint64_t	bytes_in, bytes_out;	/* as written to the network */
	uint64_t	cells_in, cells_out;
	size_t		channels, dialling;
};
void	 chanset_totals(const struct chanset *, struct chanset_totals *);

#endif

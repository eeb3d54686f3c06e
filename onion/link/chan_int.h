/* onion/link/chan_int.h - what chan.c, chanmux.c and chanset.c share
 *
 *	chan.c		one channel: dialling, handshake, death
 *	chanshake.c	what the handshake's cells must say
 *	chanmux.c	its circuits: ids, cells, turns
 *	chanset.c	which channels there are, backoff, totals
 *
 * A callback may do anything, also kill the channel or free the whole set.  So
 * every way in from below stands between chanset_enter() and chanset_leave(),
 * in which no struct chan and no struct chanset is freed; after each call up,
 * look at ->why before going on.
 */
#ifndef ONION_LINK_CHAN_INT_H
#define ONION_LINK_CHAN_INT_H

#include <sys/queue.h>

#include "base/addr.h"
#include "base/log.h"
#include "base/loop.h"
#include "onion/link/cell.h"
#include "onion/link/chan.h"
#include "onion/link/chan_fsm.h"
#include "onion/link/chanpad.h"
#include "onion/link/link.h"
#include "onion/link/relayid.h"

enum {
	CHAN_PREAUTH_MAX = 65536,	/* bytes before it is open */
	CHAN_DIAL_MS	 = 60000,	/* from the first SYN to open */
	CHAN_FIRST_MS	 = 12000,	/* TCP, where another address is left */
	CHAN_IDLE_MS	 = 180000,	/* and up to half as much again */
	CHAN_SKEW_MS	 = 30000,	/* NETINFO later than this: no skew;
					 * less than CHAN_DIAL_MS */
	CHAN_GHOST_MS	 = 120000,	/* an id is not reused for so long */
	CHAN_HEADROOM	 = 64 * CELL_LEN, /* of the link's queue, for CREATE,
					 * DESTROY and the channel's own */
	CHAN_QUANTUM	 = 16,		/* cells in one turn of several */
	CHAN_ID_TRIES	 = 64,
	CHANSET_BACKOFF_MS = 1000,	/* after the first failure */
	CHANSET_BACKOFF_MS_MAX = 60000
};

struct slot {			/* a circuit on a channel, or its ghost */
	uint32_t		 id;
	const struct chan_user	*user;		/* NULL: a ghost */
	void			*arg;
	TAILQ_ENTRY(slot)	 link;		/* in one of the four lists */
	TAILQ_ENTRY(slot)	 turn;		/* waiting */
	int64_t			 until;		/* ghost: ms */
	uint8_t			 waits;		/* is in waiting */
	uint8_t			 opening;	/* is in opening */
	uint8_t			 destroyed;	/* the relay sent DESTROY */
	uint8_t			 used;		/* the relay knows the id */
};
TAILQ_HEAD(slots, slot);

enum chan_use {			/* what the channel has carried so far */
	CHAN_USE_NONE,		/* at most circuits of one hop */
	CHAN_USE_BUILT,		/* one of several hops */
	CHAN_USE_TRAFFIC	/* and what streams send, or so it seems */
};

struct chan {
	struct chanset		*set;
	TAILQ_ENTRY(chan)	 link;		/* in the set, or its dead */
	enum chan_state		 state;
	enum chan_why		 why;		/* set once: it is dead */
	struct hopinfo		 wanted;
	struct relayid		 id;		/* wanted, then proven */
	struct addr		 peer;
	struct addr		 other;		/* to try next; or family 0 */
	struct link		*wire;		/* NULL: not dialled, or dead */
	uint8_t			 version;	/* 0: not yet agreed */
	uint8_t			 indexed;	/* is in the set's map */
	uint8_t			 was_open;
	uint8_t			 distrusted;	/* not for new circuits */
	uint8_t			 told_dialling;	/* the set's user was */
	enum chan_use		 use;
	uint8_t			 told_relay_stop; /* PADDING_NEGOTIATE STOP */
	uint8_t			 has_skew;
	int64_t			 skew;		/* s, of NETINFO */
	uint8_t			 tls_sha256[32];
	int64_t			 versions_at;	/* ms */
	int64_t			 open_since;	/* ms */
	int64_t			 idle_since;	/* ms */
	size_t			 preauth;	/* bytes so far */
	struct loop_timer	 timer;		/* dialling; then idle */
	struct loop_timer	 first_timer;	/* of the first address */
	struct loop_item	 work;		/* dial, or serve */
	struct chanpad		 pad;
	uint64_t		 cells_in, cells_out;

	struct map		*ids;		/* of all slots */
	struct slots		 opening;	/* attached while dialling */
	struct slots		 circs;
	struct slots		 waiting;	/* for room, in turn */
	struct slots		 owing;		/* ghosts, DESTROY unsent */
	struct slots		 ghosts;	/* oldest first */
	size_t			 ncircs, nghosts, nwaiting; /* nghosts: of
						 * owing, too */
	struct slot		*last;		/* the last one looked up */
	struct slot		*serving;	/* whose turn it is, or NULL */
	unsigned		 quantum;	/* cells left in its turn */
};
TAILQ_HEAD(chans, chan);

struct chanset {
	struct chanset_conf	 conf;
	struct map		*by_id;		/* RSA identity -> chan */
	struct map		*backoffs;
	struct chans		 chans, dead;
	size_t			 nchans;
	struct loop_item	 reap;
	struct chanset_totals	 gone;		/* of those no more */
	unsigned		 depth;
	uint8_t			 closing;	/* chanset_free() was called */
};

/* chanset.c */
void	chanset_enter(struct chanset *);
void	chanset_leave(struct chanset *);	/* may free the set */
int	chanset_may_dial(const struct chanset *, const struct addr *);
void	chanset_index(struct chan *);		/* its identity is proven */
void	chanset_buried(struct chan *);		/* it died: off the lists */
void	chanset_worked(struct chan *);		/* it opened: no backoff */

/* chan.c */
int	chan_new(struct chan **, struct chanset *, const struct hopinfo *,
	    const struct addr *peer, const struct addr *other);
void	chan_kill(struct chan *, enum chan_why);
void	chan_free(struct chan *);		/* a dead one */
void	chan_padding_changed(struct chan *);
void	chan_idle_again(struct chan *);		/* no circuit is left */
void	chan_sent(struct chan *);		/* a cell was queued */
void	chan_note_use(struct chan *, uint8_t cmd); /* one of a circuit */
void	chan_log(const struct chan *, enum log_level, const char *, ...)
	    __attribute__((format(printf, 3, 4)));
void	chan_odd(const struct chan *, const char *what); /* log, limited */
uint8_t	*chan_own_cell(struct chan *, uint8_t cmd);	/* or NULL: no room */

/* chanshake.c */
enum chan_why	chanshake_versions(struct chan *);
enum chan_why	chanshake_keep_version(struct chan *, const struct cell *);
enum chan_why	chanshake_certs(struct chan *, const struct cell *);
enum chan_why	chanshake_challenge(const struct cell *);
enum chan_why	chanshake_netinfo(struct chan *, const struct cell *);

/* chanmux.c */
int	chanmux_init(struct chan *);
void	chanmux_fini(struct chan *);
void	chanmux_opened(struct chan *);
void	chanmux_deliver(struct chan *, struct cell *);
void	chanmux_serve(struct chan *);
void	chanmux_tell_gone(struct chan *);

#endif

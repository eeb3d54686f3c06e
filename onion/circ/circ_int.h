/* onion/circ/circ_int.h - what the files of a circuit share
 *
 *	circ.c		life, events, cells, what an owner may ask
 *	circ_build.c	the handshakes with its hops
 *	circ_lookup.c	names that its exit is asked for
 *	circ_link.c	linking it with another one (conflux)
 *	circ_service.c	onion services: a hop more, messages, the service
 */
#ifndef ONION_CIRC_CIRC_INT_H
#define ONION_CIRC_CIRC_INT_H

#include "base/log.h"
#include "base/loop.h"
#include "onion/circ/circ.h"
#include "onion/circ/circ_fsm.h"
#include "onion/circ/circpad.h"
#include "onion/circ/conflux.h"
#include "onion/circ/flowctl.h"
#include "onion/circ/hops.h"
#include "onion/circ/streams.h"

struct circ_names;
struct circ_told;

struct circ_link {		/* while it is, or is being, linked */
	struct conflux_link	 ours;
	struct conflux_link	 theirs;	/* once LINKED */
	int64_t			 sent_at;	/* ms; LINK */
	int64_t			 rtt_us;
	uint8_t			 owes_link, owes_ack;	/* there was no room */
};

struct circ {
	uint32_t		 id;		/* ours, for logs and status */
	enum circ_state		 state;
	enum circ_why		 why;
	struct circ_conf	 conf;
	struct flow_params	 flow;
	const struct circ_user	*user;		/* NULL: our owner is done */
	void			*arg;
	struct chan		*chan;		/* NULL: detached */
	uint32_t		 chan_id;
	struct hops		 hops;		/* those that stand */
	struct handshake	*shake;		/* under way, or NULL */
	struct streams		*streams;	/* once built; NULL: mate's */
	struct circ_names	*names;		/* once asked, or NULL */
	struct circ_link	*link;		/* or NULL */
	struct circ		*mate;		/* joined with it, or NULL */
	uint8_t			 sendme_inc;	/* with congestion control */
	uint8_t			 leg;		/* of the set; 1: the second */
	struct loop_item	 reap;
	uint8_t			 owes_extend;	/* there was no room */
	struct circ_told	*told;		/* waits for room; or NULL */
	uint8_t			 has_told;	/* a message, ever */
	uint8_t			 due;		/* see circ_service.c */
	struct circpad		 pad;
	size_t			 nhops;
	struct circ_hop		 hop[CIRC_HOPS_MAX];	/* are wanted */
};

/* circ.c */
void	circ_log(const struct circ *, enum log_level, const char *, ...)
	    __attribute__((format(printf, 3, 4)));
void	circ_event(struct circ *, enum circ_event, uint8_t *body,
	    const struct relaymsg *, const uint8_t *tag);
void	circ_die(struct circ *, enum circ_why, int destroy);
void	circ_die_of_protocol(struct circ *, const char *what);
int	circ_make_streams(struct circ *, int cc, uint8_t sendme_inc);
int	circ_hop_is_sane(const struct circ_hop *, size_t i);

/* circ_build.c */
void	circ_build_create(struct circ *);
void	circ_build_extend(struct circ *);
/* The reply stands in a CREATED cell's body or, if @m, in EXTENDED2. */
void	circ_build_reply(struct circ *, const uint8_t *body,
	    const struct relaymsg *m);
int	circ_build_wants_fast(const struct circ *);

/* circ_lookup.c */
void	circ_names_end(struct circ *, int why);	/* who waits is told */
void	circ_names_free(struct circ *);

/* circ_link.c */
void	circ_link_begin(struct circ *);
void	circ_link_reply(struct circ *, const struct relaymsg *);
int	circ_link_pay(struct circ *);	/* what it owes: 0 or -ENOBUFS */

/* circ_service.c */
void	circ_service_message(struct circ *, const struct relaymsg *);
int	circ_service_pay(struct circ *);

#endif

/* onion/circ/circ_fsm.h - the states of a circuit, as a table
 *
 *	WAITING		its channel is being dialled
 *	CREATING	CREATE was sent to hop 1
 *	EXTENDING	EXTEND2 was sent, or waits for room
 *	BUILT		all hops stand
 *	LINKING		and CONFLUX_LINK was sent, or waits for room
 *	LINKED		the exit said CONFLUX_LINKED
 *	JOINED		an onion service is the hop behind the last relay
 *
 * Pure: it names actions, circ.c does them.  Zero is death, and so is every
 * pair that is not written down.
 */
#ifndef ONION_CIRC_CIRC_FSM_H
#define ONION_CIRC_CIRC_FSM_H

#define CIRC_STATES(X)	X(DEAD) X(WAITING) X(CREATING) X(EXTENDING)	\
	X(BUILT) X(LINKING) X(LINKED) X(JOINED)

#define CIRC_EVENTS(X)							\
	X(NONSENSE)	/* what may come at no time */			\
	X(CHAN_OPEN)							\
	X(CREATED)	/* of the kind that we asked for */		\
	X(EXTENDED)	/* EXTENDED2 from the last hop that stands */	\
	X(MORE)		/* a handshake held; there are hops to go */	\
	X(LAST)		/* a handshake held; that was all */		\
	X(LINK)		/* our owner wants it */			\
	X(LINKED)	/* CONFLUX_LINKED from the last hop */		\
	X(MESSAGE)	/* from the last hop, for streams */		\
	X(LENGTHEN)	/* our owner wants one hop more */		\
	X(SERVICE)	/* of introduction or rendezvous; the last hop */ \
	X(JOIN)		/* our owner has the keys of a service */	\
	X(PADDING)	/* from the hop that we negotiated it with */	\
	X(TRUNCATED)	/* from any hop that stands */			\
	X(DESTROYED)							\
	X(CHAN_GONE)

#define CIRC_ACTIONS(X)							\
	X(KILL)		/* the protocol was broken */			\
	X(CREATE)							\
	X(FINISH)	/* the handshake; gives MORE or LAST */		\
	X(EXTEND)							\
	X(ANNOUNCE)							\
	X(LINK)								\
	X(LINKED)	/* check what it says, and tell */		\
	X(DELIVER)							\
	X(TELL)		/* our owner, if it asked */			\
	X(PAD)		/* is it what was negotiated? */		\
	X(REST)		/* there is nothing more to do */		\
	X(KILL_TRUNCATED)						\
	X(KILL_DESTROYED)						\
	X(KILL_CHANNEL)

#define CIRC_X(n)	CIRC_S_##n,
enum circ_state { CIRC_STATES(CIRC_X) CIRC_NSTATES };
#undef CIRC_X
#define CIRC_X(n)	CIRC_E_##n,
enum circ_event { CIRC_EVENTS(CIRC_X) CIRC_NEVENTS };
#undef CIRC_X
#define CIRC_X(n)	CIRC_A_##n,
enum circ_action { CIRC_ACTIONS(CIRC_X) CIRC_NACTIONS };
#undef CIRC_X

struct circ_step {
	enum circ_state		next;
	enum circ_action	action;
};

struct circ_step circ_fsm_step(enum circ_state, enum circ_event);
const char *circ_state_name(enum circ_state);
const char *circ_event_name(enum circ_event);

#endif

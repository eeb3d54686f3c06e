/* onion/link/chan_fsm.h - in which order a channel's cells may come
 *
 * A pure table (tor-spec 4): what a channel that is in a state does next where
 * an event happens.  A pair that nobody wrote down is death.
 */
#ifndef ONION_LINK_CHAN_FSM_H
#define ONION_LINK_CHAN_FSM_H

#define CHAN_STATES(X)							\
	X(DEAD)								\
	X(DIALLING)		/* no TCP connection yet */		\
	X(SECURING)		/* TLS handshake */			\
	X(VERSIONS)		/* ours is sent, theirs is awaited */	\
	X(CERTS)							\
	X(CHALLENGE)		/* they are who they should be */	\
	X(NETINFO)							\
	X(OPEN)

#define CHAN_EVENTS(X)							\
	X(TCP_UP)							\
	X(TLS_UP)							\
	X(GOT_VERSIONS)							\
	X(GOT_CERTS)							\
	X(GOT_CHALLENGE)						\
	X(GOT_NETINFO)							\
	X(GOT_FILLER)		/* VPADDING, unknown variable cells */	\
	X(GOT_LINK_CELL)	/* fixed, but no circuit's: PADDING ... */ \
	X(GOT_CIRC_CELL)

#define CHAN_ACTIONS(X)							\
	X(KILL)								\
	X(NOTE_TCP)							\
	X(SEND_VERSIONS)						\
	X(KEEP_VERSION)							\
	X(CHECK_CERTS)		/* and send NETINFO */			\
	X(CHECK_CHALLENGE)						\
	X(CHECK_NETINFO)	/* and announce that it is open */	\
	X(DELIVER)							\
	X(DROP)

#define X(n) CHAN_S_##n,
enum chan_state { CHAN_STATES(X) CHAN_NSTATES };
#undef X
#define X(n) CHAN_E_##n,
enum chan_event { CHAN_EVENTS(X) CHAN_NEVENTS };
#undef X
#define X(n) CHAN_A_##n,
enum chan_action { CHAN_ACTIONS(X) CHAN_NACTIONS };
#undef X

struct chan_step {
	enum chan_state		next;
	enum chan_action	action;
};

struct chan_step chan_fsm_step(enum chan_state, enum chan_event);
const char	*chan_fsm_state_name(enum chan_state);
const char	*chan_fsm_event_name(enum chan_event);

#endif

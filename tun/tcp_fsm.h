/* tun/tcp_fsm.h - the states of a TCP connection (RFC 9293 3.3.2)
 *
 * A pure table, of the accepting side: what a connection that is in a state
 * does next where an event happens.  A pair that nobody wrote down is death.
 */
#ifndef TUN_TCP_FSM_H
#define TUN_TCP_FSM_H

#define TCP_STATES(X)							\
	X(DEAD)			/* CLOSED */				\
	X(HELD)			/* a SYN came; the holder knows of it */ \
	X(SYN_RCVD)		/* and it was answered */		\
	X(ESTABLISHED)							\
	X(FIN_WAIT_1)							\
	X(FIN_WAIT_2)							\
	X(CLOSE_WAIT)							\
	X(CLOSING)							\
	X(LAST_ACK)							\
	X(TIME_WAIT)

#define TCP_EVENTS(X)							\
	X(ACCEPT)		/* by the holder */			\
	X(CLOSE)		/* the holder sends no more */		\
	X(KILL)			/* by the holder */			\
	X(ACK_OF_SYN)							\
	X(ACK_OF_FIN)							\
	X(GOT_SYN)							\
	X(GOT_FIN)		/* after all before it */		\
	X(GOT_RST)		/* one that is to be believed */	\
	X(TIMEOUT)		/* the client is gone; it waited enough */

#define TCP_ACTIONS(X)							\
	X(KILL)			/* at once and in silence */		\
	X(NONE)								\
	X(ANSWER)		/* SYN|ACK */				\
	X(REFUSE)		/* as the reason says */		\
	X(RESET)		/* the client is told, no holder is */	\
	X(OPEN)								\
	X(SEND_FIN)		/* after all data */			\
	X(TELL_FIN)							\
	X(TELL_LOST)		/* gone(): reset by the client */	\
	X(TELL_LATE)		/* gone(): timed out; client is told */ \
	X(TELL_END)		/* gone(0) */				\
	X(CHALLENGE)		/* RFC 5961 4 */			\
	X(ACK_AGAIN)

#define X(n) TCP_S_##n,
enum tcp_state { TCP_STATES(X) TCP_NSTATES };
#undef X
#define X(n) TCP_E_##n,
enum tcp_event { TCP_EVENTS(X) TCP_NEVENTS };
#undef X
#define X(n) TCP_A_##n,
enum tcp_action { TCP_ACTIONS(X) TCP_NACTIONS };
#undef X

struct tcp_step {
	enum tcp_state	next;
	enum tcp_action	action;
};

struct tcp_step tcp_fsm_step(enum tcp_state, enum tcp_event);
const char	*tcp_fsm_state_name(enum tcp_state);
const char	*tcp_fsm_event_name(enum tcp_event);

#endif

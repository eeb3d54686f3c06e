/* tun/tcp_fsm.c - the states of a TCP connection
 *
 * Theory of operation
 *	  SYN -> HELD -accept-> SYN_RCVD -ACK-> ESTABLISHED
 *	                                          |      |
 *	                       FIN_WAIT_1 <-close-'      '-FIN-> CLOSE_WAIT
 *	                        |      |                            |
 *	           FIN_WAIT_2 <-'      '-FIN-> CLOSING            close
 *	                |                         |                 |
 *	                '-FIN-> TIME_WAIT <-------'              LAST_ACK
 *
 *	A holder that closes before the handshake is over is remembered by the
 *	connection, which says so again when it is.  The holder leaves with
 *	TELL_END, TELL_LOST or TELL_LATE, and knows nothing of TIME_WAIT, in
 *	which a reset means nothing (RFC 1337).  Its KILL is a refusal or a
 *	reset; one that is neither, of a connection that is over, is not seen
 *	here.
 */
#include "tun/tcp_fsm.h"

/* Of every state in which both sides know each other. */
#define TALKING(s)							\
	[TCP_E_GOT_SYN] = { TCP_S_##s,		TCP_A_CHALLENGE },	\
	[TCP_E_GOT_RST] = { TCP_S_DEAD,		TCP_A_TELL_LOST },	\
	[TCP_E_TIMEOUT] = { TCP_S_DEAD,		TCP_A_TELL_LATE },	\
	[TCP_E_KILL] =	  { TCP_S_DEAD,		TCP_A_RESET }
/* One that had its FIN, or all before it, sends it again. */
#define FIN_AGAIN(s)							\
	[TCP_E_GOT_FIN] = { TCP_S_##s,		TCP_A_ACK_AGAIN }

static const struct tcp_step steps[TCP_NSTATES][TCP_NEVENTS] = {
	[TCP_S_HELD] = {
		[TCP_E_ACCEPT] =  { TCP_S_SYN_RCVD,	TCP_A_ANSWER },
		[TCP_E_GOT_SYN] = { TCP_S_HELD,		TCP_A_NONE },
		[TCP_E_GOT_RST] = { TCP_S_DEAD,		TCP_A_TELL_LOST },
		[TCP_E_TIMEOUT] = { TCP_S_DEAD,		TCP_A_TELL_LATE },
		[TCP_E_KILL] =	  { TCP_S_DEAD,		TCP_A_REFUSE },
	},
	[TCP_S_SYN_RCVD] = {
		[TCP_E_ACK_OF_SYN] = { TCP_S_ESTABLISHED, TCP_A_OPEN },
		[TCP_E_CLOSE] =	  { TCP_S_SYN_RCVD,	TCP_A_NONE },
		TALKING(SYN_RCVD),
	},
	[TCP_S_ESTABLISHED] = {
		[TCP_E_CLOSE] =	  { TCP_S_FIN_WAIT_1,	TCP_A_SEND_FIN },
		[TCP_E_GOT_FIN] = { TCP_S_CLOSE_WAIT,	TCP_A_TELL_FIN },
		TALKING(ESTABLISHED),
	},
	[TCP_S_FIN_WAIT_1] = {
		[TCP_E_ACK_OF_FIN] = { TCP_S_FIN_WAIT_2, TCP_A_NONE },
		[TCP_E_GOT_FIN] = { TCP_S_CLOSING,	TCP_A_TELL_FIN },
		TALKING(FIN_WAIT_1),
	},
	[TCP_S_FIN_WAIT_2] = {
		[TCP_E_GOT_FIN] = { TCP_S_TIME_WAIT,	TCP_A_TELL_END },
		TALKING(FIN_WAIT_2),
	},
	[TCP_S_CLOSE_WAIT] = {
		[TCP_E_CLOSE] =	  { TCP_S_LAST_ACK,	TCP_A_SEND_FIN },
		FIN_AGAIN(CLOSE_WAIT),
		TALKING(CLOSE_WAIT),
	},
	[TCP_S_CLOSING] = {
		[TCP_E_ACK_OF_FIN] = { TCP_S_TIME_WAIT,	TCP_A_TELL_END },
		FIN_AGAIN(CLOSING),
		TALKING(CLOSING),
	},
	[TCP_S_LAST_ACK] = {
		[TCP_E_ACK_OF_FIN] = { TCP_S_DEAD,	TCP_A_TELL_END },
		FIN_AGAIN(LAST_ACK),
		TALKING(LAST_ACK),
	},
	[TCP_S_TIME_WAIT] = {
		FIN_AGAIN(TIME_WAIT),
		[TCP_E_GOT_SYN] = { TCP_S_TIME_WAIT,	TCP_A_CHALLENGE },
		[TCP_E_GOT_RST] = { TCP_S_TIME_WAIT,	TCP_A_NONE },
		[TCP_E_TIMEOUT] = { TCP_S_DEAD,		TCP_A_KILL },
	},
};

struct tcp_step
tcp_fsm_step(enum tcp_state s, enum tcp_event e)
{
	static const struct tcp_step dead;

	if ((unsigned)s >= TCP_NSTATES || (unsigned)e >= TCP_NEVENTS)
		return dead;
	return steps[s][e];
}

const char *
tcp_fsm_state_name(enum tcp_state s)
{
#define X(n) [TCP_S_##n] = #n,
	static const char *const names[] = { TCP_STATES(X) };
#undef X
	return (unsigned)s < TCP_NSTATES ? names[s] : "?";
}

const char *
tcp_fsm_event_name(enum tcp_event e)
{
#define X(n) [TCP_E_##n] = #n,
	static const char *const names[] = { TCP_EVENTS(X) };
#undef X
	return (unsigned)e < TCP_NEVENTS ? names[e] : "?";
}

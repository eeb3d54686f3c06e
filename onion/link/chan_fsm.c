/* onion/link/chan_fsm.c - in which order a channel's cells may come
 *
 * Theory of operation
 *	  DIALLING -TCP-> SECURING -TLS-> VERSIONS -> CERTS -> CHALLENGE
 *	                                               NETINFO <-'   |
 *	                                                  |          |
 *	                                                OPEN <-------'
 *	An initiator that does not authenticate may get NETINFO without having
 *	seen AUTH_CHALLENGE, but AUTH_CHALLENGE only once, and only between
 *	CERTS and NETINFO.  A further VERSIONS is dropped, as C tor does;
 *	further CERTS, AUTH_CHALLENGE or NETINFO are death.  No fixed cell but
 *	NETINFO is taken before the channel is open.
 */
#include "onion/link/chan_fsm.h"

#define FILLER(s)							\
	[CHAN_E_GOT_FILLER] = { CHAN_S_##s, CHAN_A_DROP }
#define VERSIONS_AGAIN(s)						\
	[CHAN_E_GOT_VERSIONS] = { CHAN_S_##s, CHAN_A_DROP }

static const struct chan_step steps[CHAN_NSTATES][CHAN_NEVENTS] = {
	[CHAN_S_DIALLING] = {
		[CHAN_E_TCP_UP] =
		    { CHAN_S_SECURING,	CHAN_A_NOTE_TCP },
	},
	[CHAN_S_SECURING] = {
		[CHAN_E_TLS_UP] =
		    { CHAN_S_VERSIONS,	CHAN_A_SEND_VERSIONS },
	},
	[CHAN_S_VERSIONS] = {
		[CHAN_E_GOT_VERSIONS] =
		    { CHAN_S_CERTS,	CHAN_A_KEEP_VERSION },
		FILLER(VERSIONS),
	},
	[CHAN_S_CERTS] = {
		[CHAN_E_GOT_CERTS] =
		    { CHAN_S_CHALLENGE,	CHAN_A_CHECK_CERTS },
		FILLER(CERTS), VERSIONS_AGAIN(CERTS),
	},
	[CHAN_S_CHALLENGE] = {
		[CHAN_E_GOT_CHALLENGE] =
		    { CHAN_S_NETINFO,	CHAN_A_CHECK_CHALLENGE },
		[CHAN_E_GOT_NETINFO] =
		    { CHAN_S_OPEN,	CHAN_A_CHECK_NETINFO },
		FILLER(CHALLENGE), VERSIONS_AGAIN(CHALLENGE),
	},
	[CHAN_S_NETINFO] = {
		[CHAN_E_GOT_NETINFO] =
		    { CHAN_S_OPEN,	CHAN_A_CHECK_NETINFO },
		FILLER(NETINFO), VERSIONS_AGAIN(NETINFO),
	},
	[CHAN_S_OPEN] = {
		[CHAN_E_GOT_CIRC_CELL] =
		    { CHAN_S_OPEN,	CHAN_A_DELIVER },
		[CHAN_E_GOT_LINK_CELL] =
		    { CHAN_S_OPEN,	CHAN_A_DROP },
		FILLER(OPEN), VERSIONS_AGAIN(OPEN),
	},
};

struct chan_step
chan_fsm_step(enum chan_state s, enum chan_event e)
{
	static const struct chan_step dead;

	if ((unsigned)s >= CHAN_NSTATES || (unsigned)e >= CHAN_NEVENTS)
		return dead;
	return steps[s][e];
}

const char *
chan_fsm_state_name(enum chan_state s)
{
#define X(n) [CHAN_S_##n] = #n,
	static const char *const names[] = { CHAN_STATES(X) };
#undef X
	return (unsigned)s < CHAN_NSTATES ? names[s] : "?";
}

const char *
chan_fsm_event_name(enum chan_event e)
{
#define X(n) [CHAN_E_##n] = #n,
	static const char *const names[] = { CHAN_EVENTS(X) };
#undef X
	return (unsigned)e < CHAN_NEVENTS ? names[e] : "?";
}

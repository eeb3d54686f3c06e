/* onion/circ/circ_fsm.c - the states of a circuit, as a table */
#include "onion/circ/circ_fsm.h"

#define TO(s, a)	{ CIRC_S_##s, CIRC_A_##a }

static const struct circ_step steps[CIRC_NSTATES][CIRC_NEVENTS] = {
	[CIRC_S_WAITING] = {
		[CIRC_E_CHAN_OPEN]	= TO(CREATING, CREATE),
		[CIRC_E_CHAN_GONE]	= TO(DEAD, KILL_CHANNEL)
	},
	[CIRC_S_CREATING] = {
		[CIRC_E_CREATED]	= TO(CREATING, FINISH),
		[CIRC_E_MORE]		= TO(EXTENDING, EXTEND),
		[CIRC_E_LAST]		= TO(BUILT, ANNOUNCE),
		[CIRC_E_DESTROYED]	= TO(DEAD, KILL_DESTROYED),
		[CIRC_E_CHAN_GONE]	= TO(DEAD, KILL_CHANNEL)
	},
	[CIRC_S_EXTENDING] = {
		[CIRC_E_EXTENDED]	= TO(EXTENDING, FINISH),
		[CIRC_E_MORE]		= TO(EXTENDING, EXTEND),
		[CIRC_E_LAST]		= TO(BUILT, ANNOUNCE),
		[CIRC_E_TRUNCATED]	= TO(DEAD, KILL_TRUNCATED),
		[CIRC_E_DESTROYED]	= TO(DEAD, KILL_DESTROYED),
		[CIRC_E_CHAN_GONE]	= TO(DEAD, KILL_CHANNEL)
	},
	[CIRC_S_BUILT] = {
		[CIRC_E_LINK]		= TO(LINKING, LINK),
		[CIRC_E_LENGTHEN]	= TO(EXTENDING, EXTEND),
		[CIRC_E_SERVICE]	= TO(BUILT, TELL),
		[CIRC_E_JOIN]		= TO(JOINED, REST),
		[CIRC_E_PADDING]	= TO(BUILT, PAD),
		[CIRC_E_MESSAGE]	= TO(BUILT, DELIVER),
		[CIRC_E_TRUNCATED]	= TO(DEAD, KILL_TRUNCATED),
		[CIRC_E_DESTROYED]	= TO(DEAD, KILL_DESTROYED),
		[CIRC_E_CHAN_GONE]	= TO(DEAD, KILL_CHANNEL)
	},
	[CIRC_S_LINKING] = {
		[CIRC_E_LINKED]		= TO(LINKED, LINKED),
		[CIRC_E_TRUNCATED]	= TO(DEAD, KILL_TRUNCATED),
		[CIRC_E_DESTROYED]	= TO(DEAD, KILL_DESTROYED),
		[CIRC_E_CHAN_GONE]	= TO(DEAD, KILL_CHANNEL)
	},
	[CIRC_S_LINKED] = {
		[CIRC_E_MESSAGE]	= TO(LINKED, DELIVER),
		[CIRC_E_TRUNCATED]	= TO(DEAD, KILL_TRUNCATED),
		[CIRC_E_DESTROYED]	= TO(DEAD, KILL_DESTROYED),
		[CIRC_E_CHAN_GONE]	= TO(DEAD, KILL_CHANNEL)
	},
	[CIRC_S_JOINED] = {
		[CIRC_E_PADDING]	= TO(JOINED, PAD),
		[CIRC_E_MESSAGE]	= TO(JOINED, DELIVER),
		[CIRC_E_TRUNCATED]	= TO(DEAD, KILL_TRUNCATED),
		[CIRC_E_DESTROYED]	= TO(DEAD, KILL_DESTROYED),
		[CIRC_E_CHAN_GONE]	= TO(DEAD, KILL_CHANNEL)
	}
};

struct circ_step
circ_fsm_step(enum circ_state s, enum circ_event e)
{
	return steps[s][e];
}

const char *
circ_state_name(enum circ_state s)
{
#define CIRC_X(n)	#n,
	static const char *const names[] = { CIRC_STATES(CIRC_X) };
#undef CIRC_X

	return names[s];
}

const char *
circ_event_name(enum circ_event e)
{
#define CIRC_X(n)	#n,
	static const char *const names[] = { CIRC_EVENTS(CIRC_X) };
#undef CIRC_X

	return names[e];
}

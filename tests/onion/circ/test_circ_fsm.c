/* tests/onion/circ/test_circ_fsm.c - the table, all of it */
#include "tests/unit.h"

#include "onion/circ/circ_fsm.h"

static const struct {
	enum circ_state		from;
	enum circ_event		event;
	enum circ_state		to;
	enum circ_action	action;
} legal[] = {
#define L(f, e, t, a)	{ CIRC_S_##f, CIRC_E_##e, CIRC_S_##t, CIRC_A_##a }
	L(WAITING, CHAN_OPEN, CREATING, CREATE),
	L(WAITING, CHAN_GONE, DEAD, KILL_CHANNEL),
	L(CREATING, CREATED, CREATING, FINISH),
	L(CREATING, MORE, EXTENDING, EXTEND),
	L(CREATING, LAST, BUILT, ANNOUNCE),
	L(CREATING, DESTROYED, DEAD, KILL_DESTROYED),
	L(CREATING, CHAN_GONE, DEAD, KILL_CHANNEL),
	L(EXTENDING, EXTENDED, EXTENDING, FINISH),
	L(EXTENDING, MORE, EXTENDING, EXTEND),
	L(EXTENDING, LAST, BUILT, ANNOUNCE),
	L(EXTENDING, TRUNCATED, DEAD, KILL_TRUNCATED),
	L(EXTENDING, DESTROYED, DEAD, KILL_DESTROYED),
	L(EXTENDING, CHAN_GONE, DEAD, KILL_CHANNEL),
	L(BUILT, MESSAGE, BUILT, DELIVER),
	L(BUILT, TRUNCATED, DEAD, KILL_TRUNCATED),
	L(BUILT, DESTROYED, DEAD, KILL_DESTROYED),
	L(BUILT, CHAN_GONE, DEAD, KILL_CHANNEL),
	L(BUILT, LINK, LINKING, LINK),
	L(LINKING, LINKED, LINKED, LINKED),
	L(LINKING, TRUNCATED, DEAD, KILL_TRUNCATED),
	L(LINKING, DESTROYED, DEAD, KILL_DESTROYED),
	L(LINKING, CHAN_GONE, DEAD, KILL_CHANNEL),
	L(LINKED, MESSAGE, LINKED, DELIVER),
	L(LINKED, TRUNCATED, DEAD, KILL_TRUNCATED),
	L(LINKED, DESTROYED, DEAD, KILL_DESTROYED),
	L(LINKED, CHAN_GONE, DEAD, KILL_CHANNEL),
	L(BUILT, LENGTHEN, EXTENDING, EXTEND),
	L(BUILT, SERVICE, BUILT, TELL),
	L(BUILT, JOIN, JOINED, REST),
	L(BUILT, PADDING, BUILT, PAD),
	L(JOINED, PADDING, JOINED, PAD),
	L(JOINED, MESSAGE, JOINED, DELIVER),
	L(JOINED, TRUNCATED, DEAD, KILL_TRUNCATED),
	L(JOINED, DESTROYED, DEAD, KILL_DESTROYED),
	L(JOINED, CHAN_GONE, DEAD, KILL_CHANNEL),
#undef L
};

static int
find(enum circ_state s, enum circ_event e)
{
	size_t i;

	for (i = 0; i < NELEM(legal); i++)
		if (legal[i].from == s && legal[i].event == e)
			return (int)i;
	return -1;
}

START_TEST(circ_fsm_step_any_other_pair_is_death)
{
	struct circ_step step;
	int s, e, i;

	for (s = 0; s < CIRC_NSTATES; s++)
		for (e = 0; e < CIRC_NEVENTS; e++) {
			step = circ_fsm_step((enum circ_state)s,
			    (enum circ_event)e);
			i = find((enum circ_state)s, (enum circ_event)e);
			ck_assert_int_eq(step.next,
			    i < 0 ? CIRC_S_DEAD : legal[i].to);
			ck_assert_int_eq(step.action,
			    i < 0 ? CIRC_A_KILL : legal[i].action);
		}
}
END_TEST

START_TEST(circ_fsm_zero_is_death_and_names_are_there)
{
	ck_assert_int_eq(CIRC_S_DEAD, 0);
	ck_assert_int_eq(CIRC_A_KILL, 0);
	ck_assert_str_eq(circ_state_name(CIRC_S_DEAD), "DEAD");
	ck_assert_str_eq(circ_state_name(CIRC_S_BUILT), "BUILT");
	ck_assert_str_eq(circ_event_name(CIRC_E_CHAN_GONE), "CHAN_GONE");
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(circ_fsm_step_any_other_pair_is_death),
	UNIT(circ_fsm_zero_is_death_and_names_are_there),
};
UNIT_MAIN("circ_fsm", tests)

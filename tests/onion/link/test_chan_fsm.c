/* tests/onion/link/test_chan_fsm.c */
#include <string.h>

#include "onion/link/chan_fsm.h"
#include "tests/unit.h"

/* All that is legal, by name, apart from the table itself. */
static const struct {
	enum chan_state		from;
	enum chan_event		e;
	enum chan_state		to;
	enum chan_action	a;
} legal[] = {
#define L(f, ev, t, ac) \
	{ CHAN_S_##f, CHAN_E_##ev, CHAN_S_##t, CHAN_A_##ac }
	L(DIALLING, TCP_UP, SECURING, NOTE_TCP),
	L(SECURING, TLS_UP, VERSIONS, SEND_VERSIONS),
	L(VERSIONS, GOT_VERSIONS, CERTS, KEEP_VERSION),
	L(VERSIONS, GOT_FILLER, VERSIONS, DROP),
	L(CERTS, GOT_CERTS, CHALLENGE, CHECK_CERTS),
	L(CERTS, GOT_FILLER, CERTS, DROP),
	L(CERTS, GOT_VERSIONS, CERTS, DROP),
	L(CHALLENGE, GOT_CHALLENGE, NETINFO, CHECK_CHALLENGE),
	L(CHALLENGE, GOT_NETINFO, OPEN, CHECK_NETINFO),
	L(CHALLENGE, GOT_FILLER, CHALLENGE, DROP),
	L(CHALLENGE, GOT_VERSIONS, CHALLENGE, DROP),
	L(NETINFO, GOT_NETINFO, OPEN, CHECK_NETINFO),
	L(NETINFO, GOT_FILLER, NETINFO, DROP),
	L(NETINFO, GOT_VERSIONS, NETINFO, DROP),
	L(OPEN, GOT_CIRC_CELL, OPEN, DELIVER),
	L(OPEN, GOT_LINK_CELL, OPEN, DROP),
	L(OPEN, GOT_FILLER, OPEN, DROP),
	L(OPEN, GOT_VERSIONS, OPEN, DROP),
#undef L
};

START_TEST(chan_fsm_step_any_illegal_pair_is_death)
{
	struct chan_step got;
	int s, e;
	size_t i, n = 0;

	for (s = 0; s < CHAN_NSTATES; s++)
		for (e = 0; e < CHAN_NEVENTS; e++) {
			got = chan_fsm_step(s, e);
			for (i = 0; i < NELEM(legal); i++)
				if ((int)legal[i].from == s &&
				    (int)legal[i].e == e)
					break;
			if (i < NELEM(legal)) {
				n++;
				continue;
			}
			ck_assert_int_eq(got.next, CHAN_S_DEAD);
			ck_assert_int_eq(got.action, CHAN_A_KILL);
		}
	ck_assert_uint_eq(n, NELEM(legal));
}
END_TEST

START_TEST(chan_fsm_step_legal_pair_is_as_the_specification_says)
{
	struct chan_step got = chan_fsm_step(legal[_i].from, legal[_i].e);

	ck_assert_int_eq(got.next, legal[_i].to);
	ck_assert_int_eq(got.action, legal[_i].a);
}
END_TEST

START_TEST(chan_fsm_step_beyond_the_table_is_death)
{
	struct chan_step got = chan_fsm_step(CHAN_NSTATES, CHAN_E_TCP_UP);

	ck_assert_int_eq(got.action, CHAN_A_KILL);
	got = chan_fsm_step(CHAN_S_OPEN, CHAN_NEVENTS);
	ck_assert_int_eq(got.action, CHAN_A_KILL);
}
END_TEST

START_TEST(chan_fsm_names_are_those_of_the_lists)
{
	ck_assert_str_eq(chan_fsm_state_name(CHAN_S_OPEN), "OPEN");
	ck_assert_str_eq(chan_fsm_event_name(CHAN_E_GOT_CERTS), "GOT_CERTS");
	ck_assert_str_eq(chan_fsm_state_name(CHAN_NSTATES), "?");
	ck_assert_str_eq(chan_fsm_event_name(CHAN_NEVENTS), "?");
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(chan_fsm_step_any_illegal_pair_is_death),
	UNIT_LOOP(chan_fsm_step_legal_pair_is_as_the_specification_says,
	    NELEM(legal)),
	UNIT(chan_fsm_step_beyond_the_table_is_death),
	UNIT(chan_fsm_names_are_those_of_the_lists),
};
UNIT_MAIN("chan_fsm", tests)

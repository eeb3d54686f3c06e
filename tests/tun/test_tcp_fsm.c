/* tests/tun/test_tcp_fsm.c - all pairs of the table */
#include "tun/tcp_fsm.h"

#include "tests/unit.h"

/* All that is legal, by name, apart from the table itself: RFC 9293 3.3.2,
 * 3.10, RFC 5961 4, RFC 1337. */
static const struct {
	enum tcp_state	from;
	enum tcp_event	e;
	enum tcp_state	to;
	enum tcp_action	a;
} legal[] = {
#define L(f, ev, t, ac) { TCP_S_##f, TCP_E_##ev, TCP_S_##t, TCP_A_##ac }
#define TALKING(s)							\
	L(s, GOT_SYN, s, CHALLENGE), L(s, GOT_RST, DEAD, TELL_LOST),	\
	L(s, TIMEOUT, DEAD, TELL_LATE), L(s, KILL, DEAD, RESET)
	L(HELD, ACCEPT, SYN_RCVD, ANSWER),
	L(HELD, GOT_SYN, HELD, NONE),
	L(HELD, GOT_RST, DEAD, TELL_LOST),
	L(HELD, TIMEOUT, DEAD, TELL_LATE),
	L(HELD, KILL, DEAD, REFUSE),
	L(SYN_RCVD, ACK_OF_SYN, ESTABLISHED, OPEN),
	L(SYN_RCVD, CLOSE, SYN_RCVD, NONE),
	TALKING(SYN_RCVD),
	L(ESTABLISHED, CLOSE, FIN_WAIT_1, SEND_FIN),
	L(ESTABLISHED, GOT_FIN, CLOSE_WAIT, TELL_FIN),
	TALKING(ESTABLISHED),
	L(FIN_WAIT_1, ACK_OF_FIN, FIN_WAIT_2, NONE),
	L(FIN_WAIT_1, GOT_FIN, CLOSING, TELL_FIN),
	TALKING(FIN_WAIT_1),
	L(FIN_WAIT_2, GOT_FIN, TIME_WAIT, TELL_END),
	TALKING(FIN_WAIT_2),
	L(CLOSE_WAIT, CLOSE, LAST_ACK, SEND_FIN),
	L(CLOSE_WAIT, GOT_FIN, CLOSE_WAIT, ACK_AGAIN),
	TALKING(CLOSE_WAIT),
	L(CLOSING, ACK_OF_FIN, TIME_WAIT, TELL_END),
	L(CLOSING, GOT_FIN, CLOSING, ACK_AGAIN),
	TALKING(CLOSING),
	L(LAST_ACK, ACK_OF_FIN, DEAD, TELL_END),
	L(LAST_ACK, GOT_FIN, LAST_ACK, ACK_AGAIN),
	TALKING(LAST_ACK),
	L(TIME_WAIT, GOT_FIN, TIME_WAIT, ACK_AGAIN),
	L(TIME_WAIT, GOT_SYN, TIME_WAIT, CHALLENGE),
	L(TIME_WAIT, GOT_RST, TIME_WAIT, NONE),
	L(TIME_WAIT, TIMEOUT, DEAD, KILL),
#undef L
};

START_TEST(tcp_fsm_step_any_illegal_pair_is_death)
{
	struct tcp_step got;
	size_t i, n = 0;
	int s, e;

	for (s = 0; s < TCP_NSTATES; s++)
		for (e = 0; e < TCP_NEVENTS; e++) {
			got = tcp_fsm_step(s, e);
			for (i = 0; i < NELEM(legal); i++)
				if ((int)legal[i].from == s &&
				    (int)legal[i].e == e)
					break;
			if (i < NELEM(legal)) {
				n++;
				continue;
			}
			ck_assert_int_eq(got.next, TCP_S_DEAD);
			ck_assert_int_eq(got.action, TCP_A_KILL);
		}
	ck_assert_uint_eq(n, NELEM(legal));
}
END_TEST

START_TEST(tcp_fsm_step_legal_pair_is_as_the_specification_says)
{
	struct tcp_step got = tcp_fsm_step(legal[_i].from, legal[_i].e);

	ck_assert_int_eq(got.next, legal[_i].to);
	ck_assert_int_eq(got.action, legal[_i].a);
}
END_TEST

/* Whatever the state, somebody can end it. */
START_TEST(tcp_fsm_step_timeout_ends_every_state)
{
	int s;

	for (s = 0; s < TCP_NSTATES; s++)
		ck_assert_int_eq(tcp_fsm_step(s, TCP_E_TIMEOUT).next,
		    TCP_S_DEAD);
}
END_TEST

START_TEST(tcp_fsm_step_beyond_the_table_is_death)
{
	ck_assert_int_eq(tcp_fsm_step(TCP_NSTATES, TCP_E_ACCEPT).action,
	    TCP_A_KILL);
	ck_assert_int_eq(tcp_fsm_step(TCP_S_HELD, TCP_NEVENTS).action,
	    TCP_A_KILL);
}
END_TEST

START_TEST(tcp_fsm_names_are_those_of_the_lists)
{
	ck_assert_str_eq(tcp_fsm_state_name(TCP_S_TIME_WAIT), "TIME_WAIT");
	ck_assert_str_eq(tcp_fsm_event_name(TCP_E_GOT_FIN), "GOT_FIN");
	ck_assert_str_eq(tcp_fsm_state_name(TCP_NSTATES), "?");
	ck_assert_str_eq(tcp_fsm_event_name(TCP_NEVENTS), "?");
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(tcp_fsm_step_any_illegal_pair_is_death),
	UNIT_LOOP(tcp_fsm_step_legal_pair_is_as_the_specification_says,
	    NELEM(legal)),
	UNIT(tcp_fsm_step_timeout_ends_every_state),
	UNIT(tcp_fsm_step_beyond_the_table_is_death),
	UNIT(tcp_fsm_names_are_those_of_the_lists),
};

UNIT_MAIN("tcp_fsm", tests)

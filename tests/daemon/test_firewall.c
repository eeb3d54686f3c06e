/* tests/daemon/test_firewall.c - the firewall, as the engine sees it
 *
 * A child is the firewall's process: it says what the test has written down,
 * and counts what it was asked.
 */
#include "daemon/firewall.h"

#include <errno.h>
#include <event2/event.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/conf.h"
#include "daemon/dial.h"
#include "daemon/evloop.h"
#include "daemon/procmsg.h"
#include "onion/link/tcpdial.h"
#include "tests/daemon/testconf.h"
#include "tests/unit.h"

static const char text[] = "SocksPort 1\n"
    "FlowRule direct to 192.0.2.0/24 port 80\n"
    "FlowRule direct to www.example\n"
    "TestingTorNetwork 1\nDirAuthority a orport=9001 "
    "v3ident=0123456789012345678901234567890123456789 "
    "203.0.113.7:9030 0123456789012345678901234567890123456789\n";

static struct evloop ev;
static struct firewall *fw;
static struct conf *c;
static int other = -1, ours, gates, is_open = -1, gone;
static pid_t child;

static void
on_gate(void *arg, int open)
{
	ck_assert_ptr_eq(arg, &ev);
	gates++;
	is_open = open;
	evloop_stop(&ev);
}

static void
on_gone(void *arg)
{
	(void)arg;
	gone++;
	evloop_stop(&ev);
}

static const struct firewall_user user = { .gate = on_gate, .gone = on_gone };

static void
begin(void)
{
	int pair[2];

	log_set_use(log_set_new());
	c = testconf(text);
	ck_assert_int_eq(evloop_init(&ev), 0);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0,
	    pair), 0);
	other = pair[0];
	ours = pair[1];
	evloop_enter(&ev);
	ck_assert_int_eq(firewall_new(&fw, pair[1], &ev, c, &user, &ev), 0);
	evloop_leave(&ev);
}

static void
finish(void)
{
	evloop_enter(&ev);
	firewall_free(fw);
	evloop_leave(&ev);
	evloop_fini(&ev);
	conf_free(c);
	if (other >= 0)
		close(other);
	if (child)
		waitpid(child, NULL, 0);
}

static void
say(int fd, enum procmsg_type type, int32_t value)
{
	struct procmsg m = { .type = type, .value = value, .text = "so" };

	(void)procmsg_send(fd, &m);
}

enum how { YES, NO, LATE, SHUT_FIRST, ENDS };

/* Answers @n questions, and its status is how many there were of relays. */
static void
answerer(enum how how, int n)
{
	struct procmsg m;
	int relays = 0, i;

	if ((child = fork()) != 0) {
		close(other);
		other = -1;
		return;
	}
	close(ours);		/* else there would be no end */
	for (i = 0; i < n && procmsg_recv(other, &m, 60000) == 0; i++) {
		relays += m.type == PROCMSG_PERMIT_RELAY;
		if (how == ENDS)
			break;
		if (how == SHUT_FIRST)
			say(other, PROCMSG_GATE, 0);
		if (how == LATE) {
			say(other, PROCMSG_FAILED, m.value - 1);
			say(other, PROCMSG_DONE, m.value + 1);
		}
		say(other, how == NO ? PROCMSG_FAILED : PROCMSG_DONE, m.value);
	}
	while (how != ENDS && procmsg_recv(other, &m, 60000) == 0)
		relays += 100;		/* nobody was to ask any more */
	_exit(relays);
}

static int
relays_asked(void)
{
	int status;

	evloop_enter(&ev);
	firewall_free(fw);
	evloop_leave(&ev);
	fw = NULL;
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	child = 0;
	ck_assert(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static int
relay(const char *where)
{
	struct addr a;

	ck_assert_int_eq(addr_parse(&a, where, -1), 0);
	return firewall_relay(fw, &a);
}

static int
direct(const char *where)
{
	struct addr a;

	ck_assert_int_eq(addr_parse(&a, where, -1), 0);
	return firewall_direct(fw, &a);
}

START_TEST(firewall_gate_is_shut_until_it_was_heard)
{
	begin();
	ck_assert_int_eq(firewall_is_open(fw), 0);
	say(other, PROCMSG_GATE, 1);
	ck_assert_int_eq(evloop_run(&ev), 0);
	ck_assert_int_eq(is_open, 1);
	ck_assert_int_eq(firewall_is_open(fw), 1);
	say(other, PROCMSG_GATE, 0);
	ck_assert_int_eq(evloop_run(&ev), 0);
	ck_assert_int_eq(is_open, 0);
	ck_assert_int_eq(gates, 2);
	finish();
}
END_TEST

START_TEST(firewall_other_numbers_leave_the_gate_shut)
{
	begin();
	say(other, PROCMSG_GATE, 1);
	ck_assert_int_eq(evloop_run(&ev), 0);
	say(other, PROCMSG_GATE, 2);
	ck_assert_int_eq(evloop_run(&ev), 0);
	ck_assert_int_eq(is_open, 0);
	finish();
}
END_TEST

START_TEST(firewall_its_process_is_gone_and_the_gate_is_shut)
{
	begin();
	say(other, PROCMSG_GATE, 1);
	ck_assert_int_eq(evloop_run(&ev), 0);
	close(other);
	other = -1;
	while (!gone)
		ck_assert_int_eq(evloop_run(&ev), 0);
	ck_assert_int_eq(is_open, 0);
	ck_assert_int_eq(gone, 1);
	ck_assert_int_eq(firewall_is_open(fw), 0);
	ck_assert_int_eq(relay("1.2.3.4:443"), -EPIPE);
	finish();
}
END_TEST

START_TEST(firewall_relay_is_asked_for_once)
{
	begin();
	answerer(YES, 2);
	ck_assert_int_eq(relay("1.2.3.4:443"), 0);
	ck_assert_int_eq(relay("1.2.3.4:443"), 0);
	ck_assert_int_eq(relay("1.2.3.4:9001"), 0);
	ck_assert_int_eq(relay("1.2.3.4:443"), 0);
	ck_assert_int_eq(relays_asked(), 2);
	finish();
}
END_TEST

START_TEST(firewall_authority_is_not_asked_for)
{
	begin();
	answerer(YES, 0);
	ck_assert_int_eq(relay("203.0.113.7:9001"), 0);
	ck_assert_int_eq(direct("192.0.2.9:80"), 0);
	ck_assert_int_eq(relays_asked(), 0);
	finish();
}
END_TEST

START_TEST(firewall_direct_is_asked_for_again_by_another_configuration)
{
	begin();
	answerer(YES, 3);
	ck_assert_int_eq(direct("192.0.2.9:443"), 0);
	ck_assert_int_eq(direct("192.0.2.9:443"), 0);
	ck_assert_int_eq(relay("1.2.3.4:443"), 0);
	ck_assert_int_eq(firewall_set_conf(fw, c), 0);
	ck_assert_int_eq(relay("1.2.3.4:443"), 0);
	ck_assert_int_eq(direct("192.0.2.9:443"), 0);
	ck_assert_int_eq(relays_asked(), 1);
	finish();
}
END_TEST

START_TEST(firewall_no_is_no_and_is_not_remembered)
{
	begin();
	answerer(NO, 2);
	ck_assert_int_eq(relay("1.2.3.4:443"), -EACCES);
	ck_assert_int_eq(relay("1.2.3.4:443"), -EACCES);
	ck_assert_int_eq(relays_asked(), 2);
	finish();
}
END_TEST

START_TEST(firewall_other_questions_answers_are_passed_over)
{
	begin();
	answerer(LATE, 2);
	ck_assert_int_eq(relay("1.2.3.4:443"), 0);
	ck_assert_int_eq(relay("1.2.3.5:443"), 0);
	ck_assert_int_eq(relays_asked(), 2);
	finish();
}
END_TEST

START_TEST(firewall_gate_that_shuts_before_an_answer_is_told_next_turn)
{
	begin();
	say(other, PROCMSG_GATE, 1);
	ck_assert_int_eq(evloop_run(&ev), 0);
	answerer(SHUT_FIRST, 1);
	evloop_enter(&ev);
	ck_assert_int_eq(relay("1.2.3.4:443"), 0);
	ck_assert_int_eq(is_open, 1);
	ck_assert_int_eq(firewall_is_open(fw), 0);
	evloop_leave(&ev);
	ck_assert_int_eq(evloop_run(&ev), 0);
	ck_assert_int_eq(is_open, 0);
	finish();
}
END_TEST

START_TEST(firewall_process_that_ends_at_a_question_is_gone)
{
	begin();
	answerer(ENDS, 1);
	evloop_enter(&ev);
	ck_assert_int_eq(relay("1.2.3.4:443"), -EPIPE);
	ck_assert_int_eq(gone, 0);
	evloop_leave(&ev);
	ck_assert_int_eq(evloop_run(&ev), 0);
	ck_assert_int_eq(gone, 1);
	finish();
}
END_TEST

/* --- who asks --- */

static unsigned asked;

static int
forbid(void *arg, const struct addr *to)
{
	ck_assert_ptr_eq(arg, &asked);
	ck_assert_uint_eq(to->port, 9);
	asked++;
	return -EACCES;
}

START_TEST(tcpdial_asks_before_it_connects)
{
	struct tcpdial_conf tc = { .permit = forbid, .permit_arg = &asked };
	struct addr to, any = { .family = 0 };
	int fd = -1;

	addr_v4(&to, 0x7f000001, 9);
	ck_assert_int_eq(tcpdial(&fd, &to, &any, &tc), -EACCES);
	ck_assert_int_eq(fd, -1);
	ck_assert_uint_eq(asked, 1);
}
END_TEST

START_TEST(dial_start_asks_before_it_connects)
{
	struct dial_conf dc = { .permit = forbid, .permit_arg = &asked };
	struct addr to;

	addr_v4(&to, 0x7f000001, 9);
	ck_assert_int_eq(dial_start(&dc, &to), -EACCES);
	ck_assert_uint_eq(asked, 1);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(firewall_gate_is_shut_until_it_was_heard),
	UNIT(firewall_other_numbers_leave_the_gate_shut),
	UNIT(firewall_its_process_is_gone_and_the_gate_is_shut),
	UNIT(firewall_relay_is_asked_for_once),
	UNIT(firewall_authority_is_not_asked_for),
	UNIT(firewall_direct_is_asked_for_again_by_another_configuration),
	UNIT(firewall_no_is_no_and_is_not_remembered),
	UNIT(firewall_other_questions_answers_are_passed_over),
	UNIT(firewall_gate_that_shuts_before_an_answer_is_told_next_turn),
	UNIT(firewall_process_that_ends_at_a_question_is_gone),
	UNIT(tcpdial_asks_before_it_connects),
	UNIT(dial_start_asks_before_it_connects),
};
UNIT_MAIN("firewall", tests)

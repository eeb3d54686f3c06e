/* tests/daemon/test_firewall.c - the firewall, as the engine sees it
 *
 * A child is the firewall's process: it says what the test has written down,
 * and counts what it was asked.
 */
#include "daemon/firewall.h"

#include <errno.h>
#include <event2/event.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/loop.h"
#include "base/permit.h"
#include "daemon/conf.h"
#include "daemon/evloop.h"
#include "daemon/fwsets.h"
#include "daemon/procmsg.h"
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

/* --- who asks --- */

struct asker {
	struct permit	permit;
	int		answers, rc;
	struct asker	*other;		/* whom the answer has withdraw */
};

static void
on_answer(void *arg, int rc)
{
	struct asker *k = arg;

	k->answers++;
	k->rc = rc;
	if (k->other)
		permit_withdraw(firewall_relays(fw), &k->other->permit);
	evloop_stop(&ev);
}

static int
ask(struct asker *k, const struct permit_giver *g, const char *where)
{
	struct addr a;
	int rc;

	ck_assert_int_eq(addr_parse(&a, where, -1), 0);
	*k = (struct asker){ .answers = 0 };
	permit_init(&k->permit, on_answer, k);
	evloop_enter(&ev);
	rc = permit_ask(g, &k->permit, &a);
	evloop_leave(&ev);
	ck_assert_int_eq(k->answers, 0);	/* never at once */
	return rc;
}

static int
answer(struct asker *k)
{
	while (!k->answers)
		ck_assert_int_eq(evloop_run(&ev), 0);
	ck_assert_int_eq(k->answers, 1);
	return k->rc;
}

static int
wait_for(const struct permit_giver *g, const char *where)
{
	struct asker k;
	int rc = ask(&k, g, where);

	return rc == -EINPROGRESS ? answer(&k) : rc;
}

static int
relay(const char *where)
{
	return wait_for(firewall_relays(fw), where);
}

static int
direct(const char *where)
{
	return wait_for(firewall_direct(fw), where);
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

START_TEST(firewall_gate_that_shuts_before_an_answer_is_told)
{
	begin();
	say(other, PROCMSG_GATE, 1);
	ck_assert_int_eq(evloop_run(&ev), 0);
	answerer(SHUT_FIRST, 1);
	ck_assert_int_eq(relay("1.2.3.4:443"), 0);
	ck_assert_int_eq(firewall_is_open(fw), 0);
	ck_assert_int_eq(is_open, 0);
	finish();
}
END_TEST

START_TEST(firewall_process_that_ends_at_a_question_is_gone)
{
	begin();
	answerer(ENDS, 1);
	ck_assert_int_eq(relay("1.2.3.4:443"), -EPIPE);
	ck_assert_int_eq(gone, 1);
	ck_assert_int_eq(relay("1.2.3.4:443"), -EPIPE);
	finish();
}
END_TEST

/* More than are sent at a time, and each is answered once. */
START_TEST(firewall_many_may_ask_at_once)
{
	static struct asker k[300];
	char where[32];
	size_t i;

	begin();
	answerer(YES, NELEM(k));
	for (i = 0; i < NELEM(k); i++) {
		snprintf(where, sizeof(where), "1.2.%zu.%zu:443", i / 100,
		    i % 100);
		ck_assert_int_eq(ask(&k[i], firewall_relays(fw), where),
		    -EINPROGRESS);
	}
	for (i = 0; i < NELEM(k); i++)
		ck_assert_int_eq(answer(&k[i]), 0);
	ck_assert_int_eq(relays_asked(), NELEM(k) & 0xff);
	finish();
}
END_TEST

/* What nobody waits for is not remembered; those that still wait go on. */
START_TEST(firewall_who_withdraws_hears_nothing)
{
	struct asker a, b;

	begin();
	ck_assert_int_eq(ask(&a, firewall_relays(fw), "1.2.3.4:443"),
	    -EINPROGRESS);
	ck_assert_int_eq(ask(&b, firewall_relays(fw), "1.2.3.5:443"),
	    -EINPROGRESS);
	permit_withdraw(firewall_relays(fw), &a.permit);
	permit_withdraw(firewall_relays(fw), &a.permit);	/* harmless */
	answerer(YES, 3);
	ck_assert_int_eq(answer(&b), 0);
	ck_assert_int_eq(a.answers, 0);
	ck_assert_int_eq(relay("1.2.3.4:443"), 0);
	ck_assert_int_eq(relays_asked(), 3);
	finish();
}
END_TEST

/* The firewall's process keeps so many, whoever still waited for their answers:
 * what it may have forgotten is no longer known. */
START_TEST(firewall_what_others_withdrew_may_have_pushed_out_is_asked_anew)
{
	struct asker k;
	char where[32];
	int i, j, sent = 0;

	begin();
	answerer(YES, INT_MAX);
	ck_assert_int_eq(relay("1.2.3.4:443"), 0);
	ck_assert_int_eq(relay("1.2.3.5:443"), 0);
	for (i = 0; sent < FWSETS_RELAYS_MAX - 1; i++) {
		for (j = 0; j < 16 && sent < FWSETS_RELAYS_MAX - 2; j++) {
			snprintf(where, sizeof(where), "1.3.%d.%d:443", i, j);
			ck_assert_int_eq(ask(&k, firewall_relays(fw), where),
			    -EINPROGRESS);
			permit_withdraw(firewall_relays(fw), &k.permit);
			sent++;
		}
		/* they were sent, and answered before this one is */
		snprintf(where, sizeof(where), "1.4.%d.1:443", i);
		ck_assert_int_eq(relay(where), 0);
		sent++;
	}
	ck_assert_int_eq(ask(&k, firewall_relays(fw), "1.2.3.5:443"), 0);
	ck_assert_int_eq(ask(&k, firewall_relays(fw), "1.2.3.4:443"),
	    -EINPROGRESS);
	ck_assert_int_eq(answer(&k), 0);
	finish();
}
END_TEST

/* Nobody who goes past Tor holds up who goes to a relay. */
START_TEST(firewall_relays_are_asked_for_before_direct_flows)
{
	static struct asker many[4 * 64], k;
	char where[32];
	size_t i, before = 0;

	begin();
	for (i = 0; i < NELEM(many); i++) {
		snprintf(where, sizeof(where), "198.51.%zu.%zu:443", i / 100,
		    i % 100);
		ck_assert_int_eq(ask(&many[i], firewall_direct(fw), where),
		    -EINPROGRESS);
	}
	ck_assert_int_eq(ask(&k, firewall_relays(fw), "1.2.3.4:443"),
	    -EINPROGRESS);
	answerer(YES, INT_MAX);
	ck_assert_int_eq(answer(&k), 0);
	for (i = 0; i < NELEM(many); i++)
		before += many[i].answers != 0;
	ck_assert_uint_le(before, 2 * 64);
	for (i = 0; i < NELEM(many); i++)
		ck_assert_int_eq(answer(&many[i]), 0);
	finish();
}
END_TEST

START_TEST(firewall_as_many_direct_flows_as_may_wait_leave_room_for_relays)
{
	static struct asker many[8192], k;
	char where[32];
	size_t i, n = 0;
	int rc = -EINPROGRESS;

	begin();
	for (i = 0; i < NELEM(many) && rc == -EINPROGRESS; i++) {
		snprintf(where, sizeof(where), "198.51.%zu.%zu:443", i / 100,
		    i % 100);
		rc = ask(&many[i], firewall_direct(fw), where);
		n += rc == -EINPROGRESS;
	}
	ck_assert_int_eq(rc, -EAGAIN);
	ck_assert_int_eq(ask(&k, firewall_relays(fw), "1.2.3.4:443"),
	    -EINPROGRESS);
	permit_withdraw(firewall_relays(fw), &k.permit);
	for (i = 0; i < n; i++)
		permit_withdraw(firewall_direct(fw), &many[i].permit);
	finish();
}
END_TEST

START_TEST(firewall_answer_may_withdraw_another_question)
{
	struct asker a, b;

	begin();
	ck_assert_int_eq(ask(&a, firewall_relays(fw), "1.2.3.4:443"),
	    -EINPROGRESS);
	ck_assert_int_eq(ask(&b, firewall_relays(fw), "1.2.3.5:443"),
	    -EINPROGRESS);
	a.other = &b;
	answerer(YES, 3);
	ck_assert_int_eq(answer(&a), 0);
	ck_assert_int_eq(relay("1.2.3.6:443"), 0);
	ck_assert_int_eq(b.answers, 0);
	ck_assert_int_eq(relays_asked(), 3);
	finish();
}
END_TEST

/* By a clock that is turned by hand; each answer is a reason to wait on. */
START_TEST(firewall_process_that_is_silent_is_waited_for_so_long)
{
	struct asker a, b;

	begin();
	ck_assert_int_eq(ask(&a, firewall_relays(fw), "1.2.3.4:443"),
	    -EINPROGRESS);
	ck_assert_int_eq(ask(&b, firewall_relays(fw), "1.2.3.5:443"),
	    -EINPROGRESS);
	evloop_enter(&ev);
	loop_advance(&ev.loop, 9999);
	ck_assert_int_eq(a.answers + b.answers, 0);
	loop_advance(&ev.loop, 1);
	evloop_leave(&ev);
	ck_assert_int_eq(a.answers + b.answers, 2);
	ck_assert_int_eq(a.rc, -ETIMEDOUT);
	ck_assert_int_eq(b.rc, -ETIMEDOUT);
	answerer(YES, 3);
	ck_assert_int_eq(relay("1.2.3.4:443"), 0);
	ck_assert_int_eq(relays_asked(), 3);
	finish();
}
END_TEST

START_TEST(firewall_answer_of_an_earlier_configuration_is_not_remembered)
{
	struct asker k;

	begin();
	ck_assert_int_eq(ask(&k, firewall_direct(fw), "192.0.2.9:443"),
	    -EINPROGRESS);
	ck_assert_int_eq(firewall_set_conf(fw, c), 0);
	answerer(YES, 2);
	ck_assert_int_eq(answer(&k), 0);
	ck_assert_int_eq(direct("192.0.2.9:443"), 0);
	ck_assert_int_eq(direct("192.0.2.9:443"), 0);
	ck_assert_int_eq(relays_asked(), 0);
	finish();
}
END_TEST

START_TEST(firewall_that_goes_forgets_who_asks)
{
	struct asker k;

	begin();
	ck_assert_int_eq(ask(&k, firewall_relays(fw), "1.2.3.4:443"),
	    -EINPROGRESS);
	finish();
	fw = NULL;
	permit_withdraw(NULL, &k.permit);
	ck_assert_int_eq(k.answers, 0);
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
	UNIT(firewall_gate_that_shuts_before_an_answer_is_told),
	UNIT(firewall_process_that_ends_at_a_question_is_gone),
	UNIT(firewall_many_may_ask_at_once),
	UNIT(firewall_who_withdraws_hears_nothing),
	UNIT(firewall_what_others_withdrew_may_have_pushed_out_is_asked_anew),
	UNIT(firewall_relays_are_asked_for_before_direct_flows),
	UNIT(firewall_as_many_direct_flows_as_may_wait_leave_room_for_relays),
	UNIT(firewall_answer_may_withdraw_another_question),
	UNIT(firewall_process_that_is_silent_is_waited_for_so_long),
	UNIT(firewall_answer_of_an_earlier_configuration_is_not_remembered),
	UNIT(firewall_that_goes_forgets_who_asks),
};
UNIT_MAIN("firewall", tests)

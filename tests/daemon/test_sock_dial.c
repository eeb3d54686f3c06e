/* tests/daemon/test_sock_dial.c - connections of our own, on loopback
 *
 * Each wait is for a condition, and fails the test after WAIT_S; what takes
 * minutes is told by a clock that is turned by hand.
 */
#include "daemon/sock.h"

#include <check.h>
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/addr.h"
#include "base/endpoint.h"
#include "daemon/dial.h"
#include "daemon/evloop.h"
#include "tests/fakepermit.h"
#include "tests/unit.h"

enum { WAIT_S = 60, SMALL = 1000, LARGE = 200 * 1024 };

static struct evloop ev;
static struct endpoint *ep;
static struct addr dest;
static int listener, peer, made, asked, make_rc;
static struct {
	int	open, fin, gone, why;
	size_t	got;
	int	killer;		/* open() kills it */
} seen;

static void
on_open(void *arg)
{
	(void)arg;
	seen.open++;
	if (seen.killer)
		endpoint_kill(ep, 0);
}

static void
on_data(void *arg, const void *p, size_t len)
{
	(void)arg;
	(void)p;
	ck_assert_int_eq(seen.open, 1);
	seen.got += len;
}

static void on_room(void *arg) { (void)arg; }
static void on_fin(void *arg) { (void)arg; seen.fin++; }

static void
on_gone(void *arg, int why)
{
	(void)arg;
	seen.gone++;
	seen.why = why;
}

static const struct endpoint_user user = {
	.open = on_open, .data = on_data, .room = on_room, .fin = on_fin,
	.gone = on_gone
};

static void
late(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	ck_abort_msg("nothing happened for %d s", WAIT_S);
}

static void
step(void)
{
	struct timeval tv = { .tv_sec = WAIT_S };
	struct event *bound = event_new(ev.base, -1, 0, late, NULL);

	event_add(bound, &tv);
	event_base_loop(ev.base, EVLOOP_ONCE);
	event_free(bound);
}

#define UNTIL(x) do { while (!(x)) step(); } while (0)
#define TURN(x) do { evloop_enter(&ev); x; evloop_leave(&ev); } while (0)

/* Bound, and listening if @backlog is not negative. */
static void
setup(int backlog)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(sin);

	memset(&seen, 0, sizeof(seen));
	memset(&fakepermit, 0, sizeof(fakepermit));
	made = asked = make_rc = 0;
	peer = -1;
	ck_assert_int_eq(evloop_init(&ev), 0);
	listener = socket(AF_INET, SOCK_STREAM, 0);
	ck_assert_int_eq(bind(listener, (struct sockaddr *)&sin, len), 0);
	if (backlog >= 0)
		ck_assert_int_eq(listen(listener, backlog), 0);
	ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&sin, &len),
	    0);
	ck_assert_int_eq(addr_from_sock(&dest, (struct sockaddr *)&sin), 0);
}

static void
teardown(void)
{
	close(listener);
	if (peer >= 0)
		close(peer);
	evloop_fini(&ev);
}

static int
maker(void *arg, int family)
{
	ck_assert_ptr_eq(arg, &made);
	asked = family;
	if (make_rc < 0)
		return make_rc;
	return made = socket(family, SOCK_STREAM, 0);	/* a blocking one */
}

static const struct dial_conf conf = { .socket = maker, .arg = &made,
	.permit = &fakepermit_giver };

static void
dial(void)
{
	TURN({
		ck_assert_int_eq(sock_dial(&ep, &ev, &dest, &conf), 0);
		endpoint_hold(ep, &user, NULL);
		ck_assert_int_eq(seen.open + seen.gone, 0);
	});
}

static int
is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

/* What came to the peer until its end. */
static size_t
peer_reads_all(void)
{
	static char b[64 * 1024];
	size_t got = 0;
	ssize_t n;

	peer = accept(listener, NULL, NULL);
	ck_assert_int_ge(peer, 0);
	while ((n = recv(peer, b, sizeof(b), 0)) > 0)
		got += (size_t)n;
	ck_assert_int_eq(n, 0);
	return got;
}

/* Bytes and even the end may be given before it is open; nothing of it goes
 * anywhere until then.  In slices of both kinds. */
START_TEST(sock_dial_sends_what_came_before_it_was_open)
{
	static uint8_t b[LARGE];
	size_t len = _i ? LARGE : SMALL;

	setup(1);
	dial();
	TURN({
		ck_assert_uint_eq(endpoint_send(ep, b, len), len);
		endpoint_fin(ep);
	});
	ck_assert_int_eq(seen.open, 0);
	UNTIL(seen.open);
	ck_assert_uint_eq(peer_reads_all(), len);
	TURN(endpoint_grant(ep, 100));
	ck_assert_int_eq(send(peer, "answer", 6, 0), 6);
	close(peer);
	peer = -1;
	UNTIL(seen.gone);
	ck_assert_uint_eq(seen.got, 6);
	ck_assert_int_eq(seen.fin + seen.open, 1);	/* both ends: gone */
	ck_assert_int_eq(seen.why, 0);
	teardown();
}
END_TEST

START_TEST(sock_dial_uses_credit_from_before_it_was_open)
{
	setup(1);
	dial();
	TURN(endpoint_grant(ep, 3));
	UNTIL(seen.open);
	peer = accept(listener, NULL, NULL);
	ck_assert_int_eq(send(peer, "answer", 6, 0), 6);
	UNTIL(seen.got);
	ck_assert_uint_eq(seen.got, 3);
	TURN(endpoint_grant(ep, 3));
	UNTIL(seen.got == 6);
	TURN(endpoint_kill(ep, 0));
	teardown();
}
END_TEST

START_TEST(sock_dial_refused_is_gone_with_the_reason)
{
	setup(-1);
	dial();
	TURN(endpoint_grant(ep, 100));
	UNTIL(seen.gone);
	ck_assert_int_eq(seen.why, -ECONNREFUSED);
	ck_assert_int_eq(seen.open, 0);
	ck_assert(!is_open(made));
	teardown();
}
END_TEST

/* A backlog that is full answers to no one. */
static int
fill_backlog(void)
{
	struct sockaddr_storage ss;
	socklen_t len = addr_to_sock(&dest, &ss);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	ck_assert_int_eq(connect(fd, (struct sockaddr *)&ss, len), 0);
	return fd;
}

START_TEST(sock_dial_without_an_answer_times_out)
{
	int first;

	setup(0);
	first = fill_backlog();
	dial();
	TURN(endpoint_grant(ep, 100));
	event_base_loop(ev.base, EVLOOP_NONBLOCK);
	loop_advance(&ev.loop, SOCK_DIAL_MS - 1000);
	ck_assert_int_eq(seen.open + seen.gone, 0);
	loop_advance(&ev.loop, 1000);
	ck_assert_int_eq(seen.gone, 1);
	ck_assert_int_eq(seen.why, -ETIMEDOUT);
	loop_end_turn(&ev.loop);
	ck_assert(!is_open(made));
	close(first);
	teardown();
}
END_TEST

/* 0: as its client went, 1: as its client was reset */
START_TEST(sock_dial_killed_before_it_is_open_says_nothing)
{
	static uint8_t b[LARGE];
	int first;

	setup(0);
	first = fill_backlog();
	dial();
	TURN({
		ck_assert_uint_eq(endpoint_send(ep, b, LARGE), LARGE);
		endpoint_kill(ep, _i ? -ECONNRESET : 0);
	});
	ck_assert(!is_open(made));
	event_base_loop(ev.base, EVLOOP_NONBLOCK);
	loop_advance(&ev.loop, 2 * SOCK_DIAL_MS);
	ck_assert_int_eq(seen.open + seen.gone, 0);
	close(first);
	teardown();
}
END_TEST

START_TEST(sock_dial_killed_as_it_opens_is_gone)
{
	setup(1);
	seen.killer = 1;
	dial();
	TURN(ck_assert_uint_eq(endpoint_send(ep, "x", 1), 1));
	UNTIL(seen.open);
	ck_assert(!is_open(made));
	ck_assert_int_eq(seen.gone, 0);
	teardown();
}
END_TEST

START_TEST(sock_dial_takes_sockets_from_whom_it_is_told)
{
	setup(1);
	dial();
	ck_assert_int_eq(asked, AF_INET);
	ck_assert_int_eq(fcntl(made, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
	TURN(endpoint_kill(ep, 0));
	make_rc = -EMFILE;
	dest.family = 6;
	TURN(ck_assert_int_eq(sock_dial(&ep, &ev, &dest, &conf), -EMFILE));
	ck_assert_int_eq(asked, AF_INET6);
	teardown();
}
END_TEST

START_TEST(sock_dial_by_itself_makes_a_plain_one)
{
	setup(1);
	TURN({
		ck_assert_int_eq(sock_dial(&ep, &ev, &dest, NULL), 0);
		endpoint_hold(ep, &user, NULL);
	});
	UNTIL(seen.open);
	TURN(endpoint_kill(ep, 0));
	teardown();
}
END_TEST

START_TEST(sock_dial_asks_before_it_connects)
{
	static uint8_t b[LARGE];

	setup(1);
	fakepermit.rc = -EACCES;
	TURN(ck_assert_int_eq(sock_dial(&ep, &ev, &dest, &conf), -EACCES));
	fakepermit.rc = -EINPROGRESS;
	dial();
	ck_assert(addr_equal(&fakepermit.to, &dest));
	TURN({
		ck_assert_uint_eq(endpoint_send(ep, b, LARGE), LARGE);
		endpoint_grant(ep, 100);
		endpoint_fin(ep);
	});
	ck_assert_int_eq(made, 0);
	ck_assert_int_eq(seen.open + seen.gone, 0);
	TURN(fakepermit_say(0));
	ck_assert_int_ne(made, 0);
	UNTIL(seen.open);
	ck_assert_uint_eq(peer_reads_all(), LARGE);
	TURN(endpoint_kill(ep, 0));
	ck_assert_uint_eq(fakepermit.withdrawn, 0);
	teardown();
}
END_TEST

/* 0: who was asked says no; 1: there is no socket */
START_TEST(sock_dial_that_may_not_connect_is_gone)
{
	setup(1);
	fakepermit.rc = -EINPROGRESS;
	dial();
	make_rc = -EMFILE;
	TURN(fakepermit_say(_i ? 0 : -EACCES));
	ck_assert_int_eq(seen.gone, 1);
	ck_assert_int_eq(seen.why, _i ? -EMFILE : -EACCES);
	ck_assert_int_eq(made, 0);
	teardown();
}
END_TEST

START_TEST(sock_dial_killed_while_it_asks_withdraws)
{
	setup(1);
	fakepermit.rc = -EINPROGRESS;
	dial();
	if (_i == 0)
		TURN(endpoint_kill(ep, -ECONNRESET));
	else
		TURN(loop_advance(&ev.loop, SOCK_DIAL_MS));
	ck_assert_uint_eq(fakepermit.withdrawn, 1);
	ck_assert_int_eq(seen.gone, _i);
	ck_assert_int_eq(made, 0);
	teardown();
}
END_TEST

/* Nothing of it is left open. */
START_TEST(sock_dial_to_nowhere_fails_at_once)
{
	struct addr none = { .port = 80 }, all;

	setup(1);
	TURN(ck_assert_int_eq(sock_dial(&ep, &ev, &none, &conf), -EINVAL));
	addr_v4(&all, 0x7f000001, 0);
	TURN(ck_assert_int_eq(sock_dial(&ep, &ev, &all, &conf), -EINVAL));
	ck_assert_int_eq(made, 0);
	addr_v4(&all, 0xffffffff, 80);
	TURN(ck_assert_int_lt(sock_dial(&ep, &ev, &all, &conf), 0));
	ck_assert_int_ne(made, 0);
	ck_assert(!is_open(made));
	teardown();
}
END_TEST

START_TEST(dial_is_own_knows_this_hosts_addresses)
{
	static const struct { const char *addr; int own; } rows[] = {
		{ "127.0.0.1", 1 }, { "127.9.9.9", 1 }, { "0.0.0.0", 1 },
		{ "203.0.113.80", 0 }, { "198.51.100.1", 0 },
		{ "fe80::1", 0 }
	};
	struct addr a = { .family = 0 };
	size_t i;

	ck_assert_int_lt(dial_is_own(&a), 0);
	for (i = 0; i < NELEM(rows); i++) {
		ck_assert_int_eq(addr_parse_ip(&a, rows[i].addr, -1), 0);
		a.port = 1;		/* it is not about ports */
		ck_assert_msg(dial_is_own(&a) == rows[i].own, "%s",
		    rows[i].addr);
	}
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(sock_dial_asks_before_it_connects),
	UNIT_LOOP(sock_dial_that_may_not_connect_is_gone, 2),
	UNIT_LOOP(sock_dial_killed_while_it_asks_withdraws, 2),
	UNIT_LOOP(sock_dial_sends_what_came_before_it_was_open, 2),
	UNIT(sock_dial_uses_credit_from_before_it_was_open),
	UNIT(sock_dial_refused_is_gone_with_the_reason),
	UNIT(sock_dial_without_an_answer_times_out),
	UNIT_LOOP(sock_dial_killed_before_it_is_open_says_nothing, 2),
	UNIT(sock_dial_killed_as_it_opens_is_gone),
	UNIT(sock_dial_takes_sockets_from_whom_it_is_told),
	UNIT(sock_dial_by_itself_makes_a_plain_one),
	UNIT(sock_dial_to_nowhere_fails_at_once),
	UNIT(dial_is_own_knows_this_hosts_addresses),
};

UNIT_MAIN("sock_dial", tests)

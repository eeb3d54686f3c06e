/* tests/daemon/test_sock.c - a socket as an endpoint, against the kernel's TCP
 *
 * The other end is a plain blocking socket on loopback.  Each wait is for a
 * condition, and fails the test after WAIT_S.
 */
#include "daemon/sock.h"

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/endpoint.h"
#include "daemon/evloop.h"
#include "daemon/splice.h"
#include "tests/unit.h"

enum {
	WAIT_S = 60,
	MUCH = 8 * 1024 * 1024,
	SMALL = 4096,			/* slices that are collected, ... */
	LARGE = 64 * 1024		/* ... and those that are not */
};

static struct evloop ev;
static struct endpoint *ep;
static int peer, own;
static size_t slice;
static struct {
	size_t	got, pieces, rooms;
	int	fin, gone, why, wrong;
} seen;

static void
on_data(void *arg, const void *p, size_t len)
{
	const uint8_t *b = p;
	size_t i;

	(void)arg;
	for (i = 0; i < len; i++)
		seen.wrong |= b[i] != (uint8_t)(seen.got + i);
	seen.got += len;
	seen.pieces++;
}

static void on_room(void *arg) { (void)arg; seen.rooms++; }
static void on_fin(void *arg) { (void)arg; seen.fin++; }

static void
on_gone(void *arg, int why)
{
	(void)arg;
	seen.gone++;
	seen.why = why;
}

/* Where a holder that wants it has what comes. */
static struct {
	uint8_t	bytes[SPLICE_CREDIT];
	size_t	len;			/* of the place; 0: there is none */
	int	owed;
} place;

static unsigned
on_place(void *arg, size_t len, struct iovec v[2])
{
	size_t n = len < place.len ? len : place.len;

	(void)arg;
	ck_assert_int_eq(place.owed, 0);
	v[0].iov_base = place.bytes;
	v[0].iov_len = (n + 1) / 2;
	v[1].iov_base = place.bytes + (n + 1) / 2;
	v[1].iov_len = n / 2;
	place.owed = n > 1;
	return n > 1 ? 2 : 0;
}

static void
on_placed(void *arg, size_t len)
{
	ck_assert_int_eq(place.owed, 1);
	ck_assert_uint_le(len, place.len);
	place.owed = 0;
	if (len)
		on_data(arg, place.bytes, len);
}

static const struct endpoint_user user = {
	.place = on_place, .placed = on_placed,
	.data = on_data, .room = on_room, .fin = on_fin, .gone = on_gone
};

static void
late(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	ck_abort_msg("nothing happened for %d s", WAIT_S);
}

/* One thing that happens; a bound on how long that may take. */
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
/* A call down, as it comes within a turn. */
#define TURN(x) do { evloop_enter(&ev); x; evloop_leave(&ev); } while (0)

/* What is ready now is handled, and no more. */
static void
settle(void)
{
	int i;

	for (i = 0; i < 50; i++) {
		event_base_loop(ev.base, EVLOOP_NONBLOCK);
		usleep(1000);
	}
}

static void
setup(void)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(sin);
	int l = socket(AF_INET, SOCK_STREAM, 0);

	memset(&seen, 0, sizeof(seen));
	place.len = 0;
	slice = SMALL;
	ck_assert_int_eq(evloop_init(&ev), 0);
	ck_assert_int_eq(bind(l, (struct sockaddr *)&sin, len), 0);
	ck_assert_int_eq(listen(l, 1), 0);
	ck_assert_int_eq(getsockname(l, (struct sockaddr *)&sin, &len), 0);
	peer = socket(AF_INET, SOCK_STREAM, 0);
	ck_assert_int_eq(connect(peer, (struct sockaddr *)&sin, len), 0);
	ck_assert_int_ge(own = accept(l, NULL, NULL), 0);
	close(l);
	TURN(ck_assert_int_eq(sock_new(&ep, &ev, own), 0));
	endpoint_hold(ep, &user, NULL);
}

static void
teardown(void)
{
	if (!seen.gone)
		TURN(endpoint_kill(ep, 0));
	close(peer);
	evloop_fini(&ev);
}

static void
peer_resets(void)
{
	struct linger hard = { .l_onoff = 1 };

	setsockopt(peer, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
	close(peer);
	peer = -1;
}

static void
peer_sends(size_t len)
{
	static uint8_t b[64 * 1024];
	size_t i;

	ck_assert_uint_le(len, sizeof(b));
	for (i = 0; i < len; i++)
		b[i] = (uint8_t)i;
	ck_assert_int_eq(send(peer, b, len, 0), (ssize_t)len);
}

static size_t
queued(void)
{
	struct endpoint_queued q;

	endpoint_queued(ep, &q);
	return q.bytes;
}

/* Sends what may be sent, of @total in all; counts up as on_data() wants. */
static size_t
fill(size_t sent, size_t total)
{
	static uint8_t b[LARGE];
	size_t i, n, want;

	do {
		want = total - sent < slice ? total - sent : slice;
		for (i = 0; i < want; i++)
			b[i] = (uint8_t)(sent + i);
		n = endpoint_send(ep, b, want);
		sent += n;
	} while (n > 0 && n == want && sent < total);
	return sent;
}

/* Reads what is there without waiting; returns how much, of the right bytes. */
static size_t
peer_takes(size_t had, int *end)
{
	static uint8_t b[64 * 1024];
	size_t i, wrong = 0;
	ssize_t n;

	*end = 0;
	n = recv(peer, b, sizeof(b), MSG_DONTWAIT);
	if (n <= 0) {
		*end = n == 0 || errno != EAGAIN;
		return 0;
	}
	for (i = 0; i < (size_t)n; i++)
		wrong += b[i] != (uint8_t)(had + i);
	ck_assert_uint_eq(wrong, 0);
	return (size_t)n;
}

/* Sends MUCH to a peer that reads it all; the peer's end of file. */
static void
send_much(int with_fin)
{
	size_t sent = 0, got = 0;
	int end = 0, told = 0;

	while (!end && (got < MUCH || with_fin)) {
		if (sent < MUCH)
			TURN(sent = fill(sent, MUCH));
		else if (with_fin && !told++)
			TURN(endpoint_fin(ep));
		event_base_loop(ev.base, EVLOOP_NONBLOCK);
		got += peer_takes(got, &end);
	}
	ck_assert_uint_eq(got, MUCH);
	ck_assert_int_eq(end, with_fin);
}

START_TEST(data_comes_only_as_far_as_credit)
{
	setup();
	peer_sends(1000);
	settle();
	ck_assert_uint_eq(seen.got, 0);
	TURN(endpoint_grant(ep, 300));
	UNTIL(seen.got >= 300);
	settle();
	ck_assert_uint_eq(seen.got, 300);
	TURN(endpoint_grant(ep, 10000));
	UNTIL(seen.got == 1000);
	ck_assert_int_eq(seen.wrong, 0);
	teardown();
}
END_TEST

START_TEST(what_waits_comes_in_one_piece)
{
	enum { PIECE = 60 * 1024, PIECES = 3 };
	int i, room = 2 * PIECE * PIECES, waiting = 0;

	setup();
	ck_assert_int_eq(setsockopt(own, SOL_SOCKET, SO_RCVBUF, &room,
	    sizeof(room)), 0);
	for (i = 0; i < PIECES; i++)
		peer_sends(PIECE);
	for (i = 0; i < WAIT_S * 1000 && waiting < PIECE * PIECES; i++) {
		usleep(1000);
		ck_assert_int_eq(ioctl(own, FIONREAD, &waiting), 0);
	}
	ck_assert_int_eq(waiting, PIECE * PIECES);
	TURN(endpoint_grant(ep, SPLICE_CREDIT));
	UNTIL(seen.got > 0);
	ck_assert_uint_eq(seen.got, PIECE * PIECES);
	ck_assert_uint_eq(seen.pieces, 1);
	teardown();
}
END_TEST

START_TEST(what_has_a_place_comes_there)
{
	setup();
	place.len = 777;
	peer_sends(1024);
	TURN(endpoint_grant(ep, 5000));
	UNTIL(seen.got == 1024);
	ck_assert_int_eq(seen.wrong, 0);
	ck_assert_uint_ge(seen.pieces, 2);
	ck_assert_int_eq(place.owed, 0);
	peer_sends(4500);
	UNTIL(seen.got == 5000);	/* no more than credit */
	settle();
	ck_assert_uint_eq(seen.got, 5000);
	TURN(endpoint_grant(ep, 5000));
	UNTIL(seen.got == 5524);
	ck_assert_int_eq(shutdown(peer, SHUT_WR), 0);
	UNTIL(seen.fin);
	ck_assert_int_eq(seen.wrong, 0);
	teardown();
}
END_TEST

START_TEST(reset_is_noticed_where_a_place_is_ready)
{
	setup();
	place.len = 777;
	TURN(endpoint_grant(ep, 5000));
	settle();
	peer_resets();
	UNTIL(seen.gone);
	ck_assert_int_eq(seen.why, -ECONNRESET);
	ck_assert_int_eq(place.owed, 0);
	teardown();
}
END_TEST

/* 0: in small slices, 1: in large ones, which wait with whoever sends them */
START_TEST(send_to_a_slow_peer_comes_short_then_has_room)
{
	size_t sent = 0, got = 0, before;
	int end;

	setup();
	slice = _i ? LARGE : SMALL;
	do {
		before = sent;
		TURN(sent = fill(sent, 64 * MUCH));
		settle();
	} while (sent > before);
	ck_assert_uint_le(queued(), SOCK_OUT_MAX);
	if (_i)
		ck_assert_uint_eq(queued(), 0);
	else
		ck_assert_uint_gt(queued(), SOCK_OUT_MAX / 2);
	seen.rooms = 0;
	while (seen.rooms == 0) {
		event_base_loop(ev.base, EVLOOP_NONBLOCK);
		got += peer_takes(got, &end);
	}
	ck_assert_uint_le(queued(), SOCK_OUT_MAX / 2);
	teardown();
}
END_TEST

/* Slices of all sizes, and a peer that reads in fits and starts. */
START_TEST(send_in_slices_of_every_size_comes_through_in_order)
{
	size_t sent = 0, got = 0;
	int end = 0;

	setup();
	while (got < MUCH) {
		slice = 1 + (size_t)rand_below(rand_below(2) ? 2000 : LARGE);
		if (sent < MUCH && rand_below(3))
			TURN(sent = fill(sent, sent + slice < MUCH ?
			    sent + slice : MUCH));
		event_base_loop(ev.base, EVLOOP_NONBLOCK);
		if (rand_below(4) == 0)
			got += peer_takes(got, &end);
	}
	ck_assert_uint_eq(sent, MUCH);
	ck_assert_int_eq(end, 0);
	teardown();
}
END_TEST

/* It is found out within send(), and told outside of it. */
START_TEST(send_of_a_large_slice_to_a_peer_that_reset_is_noticed)
{
	struct pollfd arrived;

	setup();
	slice = LARGE;
	arrived.fd = own;
	arrived.events = 0;
	peer_resets();
	ck_assert_int_eq(poll(&arrived, 1, WAIT_S * 1000), 1);
	TURN({
		fill(0, LARGE);
		ck_assert_int_eq(seen.gone, 0);
	});
	ck_assert_int_eq(seen.gone, 1);
	ck_assert_int_eq(seen.why, -ECONNRESET);
	teardown();
}
END_TEST

START_TEST(both_fins_end_it_in_order)
{
	setup();
	slice = _i ? LARGE : SMALL;
	TURN(endpoint_grant(ep, 10));
	shutdown(peer, SHUT_WR);
	UNTIL(seen.fin);
	ck_assert_int_eq(seen.gone, 0);
	send_much(1);
	UNTIL(seen.gone);
	ck_assert_int_eq(seen.why, 0);
	ck_assert_int_eq(seen.fin, 1);
	teardown();
}
END_TEST

START_TEST(our_fin_first_then_peers)
{
	setup();
	slice = _i ? LARGE : SMALL;
	TURN(endpoint_grant(ep, 10));
	send_much(1);
	ck_assert_int_eq(seen.gone, 0);
	shutdown(peer, SHUT_WR);
	UNTIL(seen.gone);
	ck_assert_int_eq(seen.why, 0);
	teardown();
}
END_TEST

/* 0: nothing waits to be written, 1: much does, 2: with whoever sends it. */
START_TEST(reset_after_peers_fin_is_noticed)
{
	size_t before, sent = 0;

	setup();
	slice = _i == 2 ? LARGE : SMALL;
	TURN(endpoint_grant(ep, 10));
	shutdown(peer, SHUT_WR);
	UNTIL(seen.fin);
	if (_i) {
		do {
			before = sent;
			TURN(sent = fill(sent, 64 * MUCH));
			settle();
		} while (sent > before);
	}
	settle();
	ck_assert_int_eq(seen.gone, 0);
	peer_resets();
	UNTIL(seen.gone);
	ck_assert_int_eq(seen.why, -ECONNRESET);
	ck_assert_int_eq(seen.fin, 1);
	teardown();
}
END_TEST

START_TEST(reset_before_peers_fin_is_noticed)
{
	setup();
	TURN(endpoint_grant(ep, 10));
	peer_resets();
	UNTIL(seen.gone);
	ck_assert_int_eq(seen.why, -ECONNRESET);
	ck_assert_int_eq(seen.fin, 0);
	teardown();
}
END_TEST

/* It sent more than there is credit for, and goes.  0: none ever was; 1: it
 * is used up; 2: and had to be waited for once before */
START_TEST(reset_without_credit_is_noticed)
{
	setup();
	if (_i)
		TURN(endpoint_grant(ep, 100));
	peer_sends(1000);
	if (_i)
		UNTIL(seen.got == 100);
	if (_i == 2) {
		usleep(1100 * 1000);
		settle();
		TURN(endpoint_grant(ep, 100));
		UNTIL(seen.got == 200);
		ck_assert_int_eq(seen.wrong, 0);
	}
	settle();
	ck_assert_uint_eq(seen.got, _i * 100);
	peer_resets();
	UNTIL(seen.gone);
	ck_assert_int_eq(seen.why, -ECONNRESET);
	teardown();
}
END_TEST

/* Bytes and an end that nobody reads keep waking nobody. */
START_TEST(stall_does_not_spin)
{
	struct timespec a, b;
	int i;

	setup();
	peer_sends(1000);
	shutdown(peer, SHUT_WR);
	usleep(1100 * 1000);
	settle();
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &a);
	for (i = 0; i < 3; i++) {
		struct timeval tv = { .tv_usec = 100 * 1000 };

		event_base_loopexit(ev.base, &tv);
		event_base_dispatch(ev.base);
	}
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &b);
	ck_assert_int_lt((b.tv_sec - a.tv_sec) * 1000 +
	    (b.tv_nsec - a.tv_nsec) / 1000000, 150);
	TURN(endpoint_grant(ep, 10000));
	UNTIL(seen.fin);
	ck_assert_uint_eq(seen.got, 1000);
	ck_assert_int_eq(seen.wrong, 0);
	teardown();
}
END_TEST

/* A program that still reads keeps its connection, however long it is quiet:
 * only its kernel is asked. */
START_TEST(peers_fin_starts_the_probes)
{
	int idle = 0, on = 0;
	socklen_t len = sizeof(idle);

	setup();
	TURN(endpoint_grant(ep, 10));
	shutdown(peer, SHUT_WR);
	UNTIL(seen.fin);
	ck_assert_int_eq(getsockopt(own, SOL_SOCKET, SO_KEEPALIVE, &on,
	    &len), 0);
	ck_assert_int_eq(getsockopt(own, IPPROTO_TCP, TCP_KEEPIDLE, &idle,
	    &len), 0);
	ck_assert_int_ne(on, 0);
	ck_assert_int_le(idle, 60);
	settle();
	ck_assert_int_eq(seen.gone, 0);
	send_much(0);
	teardown();
}
END_TEST

/* 0: killed in order, the peer reads an end; 1: a cut, the peer has an error */
START_TEST(kill_tells_the_peer_which_end_it_was)
{
	uint8_t b;
	ssize_t n;

	setup();
	TURN(endpoint_kill(ep, _i ? -ECONNRESET : 0));
	n = recv(peer, &b, 1, 0);
	ck_assert_int_eq(n, _i ? -1 : 0);
	if (_i)
		ck_assert_int_eq(errno, ECONNRESET);
	settle();
	ck_assert_int_eq(seen.gone, 0);
	seen.gone = 1;			/* by us */
	teardown();
}
END_TEST

/* --- joined to a stream that ends, the clock by hand --- */

static struct {
	struct endpoint	ep;
	size_t		credit, sent;
} far;

static size_t
far_send(struct endpoint *e, const void *p, size_t len)
{
	(void)e;
	(void)p;
	return len;
}

static void far_grant(struct endpoint *e, size_t n) { (void)e; far.credit += n; }
static void far_fin(struct endpoint *e) { (void)e; }
static void far_kill(struct endpoint *e, int why) { (void)e; (void)why; }

static const struct endpoint_ops far_ops = {
	.send = far_send, .grant = far_grant, .fin = far_fin,
	.kill = far_kill
};

static void
on_done(void *arg, int why)
{
	(void)arg;
	seen.gone++;
	seen.why = why;
}

static void
join(struct splice *s)
{
	setup();
	memset(s, 0, sizeof(*s));
	memset(&far, 0, sizeof(far));
	far.ep.ops = &far_ops;
	s->done = on_done;
	TURN(splice_open(s, &ev.loop, ep, &far.ep));
	TURN(far.ep.user->open(far.ep.arg));
}

/* All that there is credit for, @most bytes at most. */
static void
far_sends(size_t most)
{
	static uint8_t b[SPLICE_CREDIT];
	size_t i, n;

	while (far.credit && far.sent < most) {
		n = far.credit < most - far.sent ? far.credit :
		    most - far.sent;
		for (i = 0; i < n; i++)
			b[i] = (uint8_t)(far.sent + i);
		far.credit -= n;
		far.sent += n;
		TURN(far.ep.user->data(far.ep.arg, b, n));
		settle();
	}
}

/* It reads a little, now and then: all of it comes, and then the end. */
START_TEST(slow_reader_gets_all_of_a_stream_that_went)
{
	struct splice s;
	size_t got = 0;
	int end = 0, i;

	join(&s);
	far_sends(64 * MUCH);
	ck_assert_uint_gt(far.sent, SOCK_OUT_MAX + SPLICE_CREDIT);
	TURN(far.ep.user->gone(far.ep.arg, 0));
	while (!end) {
		for (i = 0; i < 10; i++)
			got += peer_takes(got, &end);
		event_base_loop(ev.base, EVLOOP_NONBLOCK);
		loop_advance(&ev.loop, SPLICE_LINGER_MS);
		loop_end_turn(&ev.loop);
	}
	ck_assert_uint_eq(got, far.sent);
	ck_assert_int_eq(recv(peer, &end, 1, MSG_DONTWAIT), 0);
	if (!seen.gone)
		TURN(splice_kill(&s, 0));
	teardown();
}
END_TEST

/* 0: what it is to have is in its kernel and ours: closed, but not lost.
 * 1: some of it waits here: a cut, and it looks like one. */
START_TEST(reader_that_pauses_for_long_sees_a_true_end)
{
	struct splice s;
	size_t got = 0, n;
	int end = 0;

	join(&s);
	far_sends(_i ? 64 * MUCH : 300000);
	TURN(far.ep.user->gone(far.ep.arg, 0));
	settle();
	ck_assert_int_eq(seen.gone, 0);
	loop_advance(&ev.loop, 2 * SPLICE_LINGER_MS);
	loop_end_turn(&ev.loop);
	ck_assert_int_eq(seen.gone, 1);
	ck_assert_int_eq(seen.why, _i ? -ETIMEDOUT : 0);
	errno = 0;
	while ((n = peer_takes(got, &end)) > 0)
		got += n;
	ck_assert_int_ne(end, 0);
	ck_assert_int_eq(errno, _i ? ECONNRESET : 0);
	ck_assert_int_eq(got == far.sent, !_i);
	teardown();
}
END_TEST

START_TEST(kill_in_order_with_bytes_waiting_is_a_cut)
{
	size_t got = 0, n, sent = 0, before;
	int end;

	setup();
	do {
		before = sent;
		TURN(sent = fill(sent, 64 * MUCH));
		settle();
	} while (sent > before);
	TURN(endpoint_kill(ep, 0));
	seen.gone = 1;			/* by us */
	errno = 0;
	while ((n = peer_takes(got, &end)) > 0)
		got += n;
	ck_assert_int_ne(end, 0);
	ck_assert_int_eq(errno, ECONNRESET);
	teardown();
}
END_TEST

/* After the peer's end only edges come.  What waited in the splice is given to
 * the socket when there is room, and no other edge would come for it. */
START_TEST(rest_of_a_stream_is_written_after_the_peers_fin)
{
	static uint8_t b[16 * 1024];
	struct splice s;
	size_t i, got = 0;
	int end = 0;

	join(&s);
	shutdown(peer, SHUT_WR);
	UNTIL(s.client.fin);
	while (s.stream.wait.len == 0 || s.stream.wait.len == sizeof(b)) {
		ck_assert_uint_ge(far.credit, sizeof(b));
		for (i = 0; i < sizeof(b); i++)
			b[i] = (uint8_t)(far.sent + i);
		far.credit -= sizeof(b);
		far.sent += sizeof(b);
		TURN(far.ep.user->data(far.ep.arg, b, sizeof(b)));
	}
	settle();
	while (got < far.sent) {
		while ((i = peer_takes(got, &end)) > 0)
			got += i;
		if (got < far.sent)
			step();
	}
	TURN(splice_kill(&s, 0));
	teardown();
}
END_TEST

/* The kernel takes a little at a time: each time it is asked again. */
START_TEST(all_that_waits_is_written_bit_by_bit)
{
	struct splice s;
	size_t i, got = 0, rounds = 0;
	int end = 0, little = 4096;

	join(&s);
	setsockopt(own, SOL_SOCKET, SO_SNDBUF, &little, sizeof(little));
	far_sends(64 * MUCH);
	ck_assert_uint_eq(s.stream.wait.len + s.stream.owed, SPLICE_CREDIT);
	while (got < far.sent) {
		while ((i = peer_takes(got, &end)) > 0)
			got += i;
		if (got < far.sent)
			step();
		rounds++;
	}
	ck_assert_uint_gt(rounds, 1);
	TURN(splice_kill(&s, 0));
	teardown();
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(what_has_a_place_comes_there),
	UNIT(reset_is_noticed_where_a_place_is_ready),
	UNIT(data_comes_only_as_far_as_credit),
	UNIT(what_waits_comes_in_one_piece),
	UNIT(send_to_a_slow_peer_comes_short_then_has_room),
	UNIT(both_fins_end_it_in_order),
	UNIT(our_fin_first_then_peers),
	UNIT_LOOP(reset_after_peers_fin_is_noticed, 2),
	UNIT_LOOP(send_to_a_slow_peer_comes_short_then_has_room, 2),
	UNIT(send_in_slices_of_every_size_comes_through_in_order),
	UNIT(send_of_a_large_slice_to_a_peer_that_reset_is_noticed),
	UNIT_LOOP(both_fins_end_it_in_order, 2),
	UNIT_LOOP(our_fin_first_then_peers, 2),
	UNIT_LOOP(reset_after_peers_fin_is_noticed, 3),
	UNIT(reset_before_peers_fin_is_noticed),
	UNIT_LOOP(reset_without_credit_is_noticed, 3),
	UNIT(stall_does_not_spin),
	UNIT(peers_fin_starts_the_probes),
	UNIT_LOOP(kill_tells_the_peer_which_end_it_was, 2),
	UNIT(slow_reader_gets_all_of_a_stream_that_went),
	UNIT_LOOP(reader_that_pauses_for_long_sees_a_true_end, 2),
	UNIT(kill_in_order_with_bytes_waiting_is_a_cut),
	UNIT(rest_of_a_stream_is_written_after_the_peers_fin),
	UNIT(all_that_waits_is_written_bit_by_bit)
};

UNIT_MAIN("sock", tests)

/* tests/dnsport/test_dnsconn.c - DNS over a stream, with all that can happen
 *
 * The client's end of a socket pair is driven by hand.
 */
#include "dnsport/dnsconn.h"

#include <check.h>
#include <errno.h>
#include <sys/socket.h>

#include "dnsport/dnspipe.h"
#include "tests/dnsport/server.h"
#include "tests/unit.h"

static struct dnsconn_conf conf;
static struct dnsconn *conn;
static int client = -1;		/* its end */
static unsigned closed;
static struct query query;

static uint8_t in[1 << 20];	/* what the client has read */
static size_t in_len;

static void
on_closed(void *arg)
{
	ck_assert_ptr_eq(arg, &closed);
	closed++;
}

static void
open_conn(int64_t idle_ms)
{
	const int small = 64 * 1024;
	struct addr from;
	int fd[2];

	server_open();
	closed = 0;
	in_len = 0;
	conf = (struct dnsconn_conf){
		.loop = &server.loop, .base = server.base,
		.dnsport = server.dp, .listener = &conf,
		.enter = server_enter, .leave = server_leave, .turn = &server,
		.idle_ms = idle_ms
	};
	addr_v4(&from, 0x0a000001, 40000);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK |
	    SOCK_CLOEXEC, 0, fd), 0);
	client = fd[0];
	/* What the kernel holds must not be what a test measures. */
	setsockopt(fd[1], SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
	setsockopt(fd[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
	ck_assert_int_eq(dnsconn_new(&conn, &conf, fd[1], &from, on_closed,
	    &closed), 0);
}

static void
close_conn(void)
{
	if (!closed)
		dnsconn_kill(conn);
	loop_end_turn(&server.loop);
	close(client);
	server_close();
}

static void
say(const void *p, size_t len)
{
	ck_assert_int_eq(send(client, p, len, MSG_NOSIGNAL), len);
}

/* A question with its length before it; returns the size of both. */
static size_t
frame(uint8_t *out, const char *name, uint16_t type)
{
	size_t len;

	query_make(&query, name, type);
	len = query_len(&query);
	wire_set16(out, (uint16_t)len);
	memcpy(out + 2, query.buf, len);
	return len + 2;
}

static void
say_question(const char *name, uint16_t type)
{
	uint8_t buf[512];

	say(buf, frame(buf, name, type));
}

/* Reads what there is; 0 at the end of the stream. */
static ssize_t
hear(void)
{
	ssize_t n = recv(client, in + in_len, sizeof(in) - in_len, 0);

	if (n > 0)
		in_len += (size_t)n;
	return n;
}

/* Whole answers in what was read. */
static unsigned
answers(void)
{
	size_t at = 0;
	unsigned n = 0;

	while (hear() > 0)
		;
	while (in_len - at >= 2 && in_len - at >= 2u + wire_get16(in + at)) {
		ldns_pkt *pkt = query_read(in + at + 2, wire_get16(in + at));

		ck_assert_uint_eq(ldns_pkt_id(pkt), Q_ID);
		ldns_pkt_free(pkt);
		at += 2u + wire_get16(in + at);
		n++;
	}
	return n;
}

static int
ended(void)
{
	ssize_t n;

	while ((n = hear()) > 0)
		;
	return n == 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
}

START_TEST(dnsconn_question_is_answered)
{
	open_conn(30000);
	say_question("www.example.test", Q_A);
	PUMP_UNTIL(answers() == 1);
	ck_assert_int_eq(server.from.tcp, 1);
	ck_assert_ptr_eq(server.from.listener, &conf);
	ck_assert(!closed);
	close_conn();
}
END_TEST

START_TEST(dnsconn_question_byte_by_byte_is_answered)
{
	uint8_t buf[512];
	size_t i, len;

	open_conn(30000);
	len = frame(buf, "www.example.test", Q_AAAA);
	for (i = 0; i < len; i++) {
		ck_assert_uint_eq(server.asked, 0);
		say(buf + i, 1);
		event_base_loop(server.base, EVLOOP_NONBLOCK);
	}
	PUMP_UNTIL(answers() == 1);
	close_conn();
}
END_TEST

START_TEST(dnsconn_length_zero_closes)
{
	open_conn(30000);
	say_question("hold.test", Q_A);
	say("\0\0", 2);
	PUMP_UNTIL(closed == 1);
	ck_assert_uint_eq(server.forgotten, 1);
	ck_assert(ended());
	close_conn();
}
END_TEST

START_TEST(dnsconn_length_65535_is_read_whole)
{
	static uint8_t big[2 + 65535];
	size_t at = 0;
	ssize_t n;

	open_conn(30000);
	query_make(&query, "a.test", Q_A);
	wire_set16(big, 65535);
	memcpy(big + 2, query.buf, query_len(&query));	/* and much too much */
	while (at < sizeof(big)) {
		n = send(client, big + at, sizeof(big) - at, MSG_NOSIGNAL);
		if (n > 0)
			at += (size_t)n;
		event_base_loop(server.base, EVLOOP_NONBLOCK);
	}
	PUMP_UNTIL(answers() == 1);
	ck_assert_uint_eq(in[2 + 3] & 15, 1);		/* FORMERR */
	ck_assert(!closed);
	close_conn();
}
END_TEST

START_TEST(dnsconn_garbage_of_a_good_length_does_not_close)
{
	open_conn(30000);
	say("\0\5hello", 7);
	say_question("www.example.test", Q_A);
	PUMP_UNTIL(answers() == 1);		/* the first got silence */
	close_conn();
}
END_TEST

START_TEST(dnsconn_thousand_questions_in_one_breath_are_answered)
{
	static uint8_t all[1000 * 64];
	size_t len = 0, at = 0;
	ssize_t n;
	int i;

	open_conn(30000);
	for (i = 0; i < 1000; i++)
		len += frame(all + len, i % 3 ? "a.example.test" :
		    "none.example.test", Q_A);
	while (at < len) {
		n = send(client, all + at, len - at, MSG_NOSIGNAL);
		if (n > 0)
			at += (size_t)n;
		event_base_loop(server.base, EVLOOP_NONBLOCK);
	}
	PUMP_UNTIL(answers() == 1000);
	close_conn();
}
END_TEST

/* More than may wait at a time: the rest is read as answers come. */
START_TEST(dnsconn_thousand_held_questions_wait_for_their_turn)
{
	static uint8_t all[1000 * 64];
	size_t len = 0, at = 0;
	unsigned released;
	ssize_t n;
	int i;

	open_conn(30000);
	for (i = 0; i < 1000; i++)
		len += frame(all + len, "hold.example.test", Q_A);
	for (released = 0; released < 1000; released++) {
		if (at < len && (n = send(client, all + at, len - at,
		    MSG_NOSIGNAL)) > 0)
			at += (size_t)n;
		PUMP_UNTIL(server.nheld > 0);
		ck_assert_uint_le(server.nheld, DNSPIPE_PENDING_MAX);
		server_release();
	}
	PUMP_UNTIL(answers() == 1000);
	ck_assert_uint_eq(server.asked, 1000);
	close_conn();
}
END_TEST

START_TEST(dnsconn_answers_come_in_any_order)
{
	struct dns_query *q;

	open_conn(30000);
	say_question("hold.test", Q_A);
	say_question("hold.test", Q_AAAA);
	PUMP_UNTIL(server.nheld == 2);
	q = server.held[0];
	server.held[0] = server.held[1];
	server.held[1] = q;
	server_release();
	server_release();
	PUMP_UNTIL(answers() == 2);
	ck_assert_uint_eq(wire_get16(in + 2 + 12 + 11), Q_AAAA);
	close_conn();
}
END_TEST

/* It asks for ever and reads nothing: what it costs has an end. */
START_TEST(dnsconn_client_that_never_reads_is_bounded)
{
	static uint8_t all[1000 * 64];
	size_t len = 0, stuck = 0;
	unsigned before;
	int i;

	open_conn(30000);
	for (i = 0; i < 1000; i++)
		len += frame(all + len, "a.example.test", Q_A);
	while (stuck < 50) {
		before = server.asked;
		if (send(client, all, len, MSG_NOSIGNAL) < 0)
			ck_assert(errno == EAGAIN);
		event_base_loop(server.base, EVLOOP_NONBLOCK);
		stuck = server.asked == before ? stuck + 1 : 0;
		ck_assert_uint_lt(server.asked, 100 * 1000);
	}
	/* Answers in our buffer and the kernel's, of some 50 bytes each. */
	ck_assert_uint_gt(server.asked, DNSCONN_OUT_MAX / 64);
	ck_assert_uint_lt(server.asked, 20 * DNSCONN_OUT_MAX / 48);
	ck_assert(!closed);
	close_conn();
}
END_TEST

START_TEST(dnsconn_silence_ends_it)
{
	open_conn(50);
	PUMP_UNTIL(closed == 1);
	ck_assert(ended());
	close_conn();
}
END_TEST

START_TEST(dnsconn_client_that_stops_reading_is_ended)
{
	static uint8_t all[1000 * 64];
	size_t len = 0;
	int i;

	open_conn(100);
	for (i = 0; i < 1000; i++)
		len += frame(all + len, "a.example.test", Q_A);
	for (i = 0; i < 100000 && !closed; i++) {
		(void)!send(client, all, len, MSG_NOSIGNAL);
		event_base_loop(server.base, EVLOOP_NONBLOCK);
		usleep(100);
	}
	ck_assert_uint_eq(closed, 1);
	close_conn();
}
END_TEST

START_TEST(dnsconn_close_with_questions_waiting_forgets_them)
{
	open_conn(30000);
	say_question("hold.test", Q_A);
	say_question("hold.test", Q_A);
	PUMP_UNTIL(server.nheld == 2);
	dnsconn_kill(conn);
	ck_assert_uint_eq(server.forgotten, 2);
	loop_end_turn(&server.loop);
	PUMP_UNTIL(ended());
	ck_assert_uint_eq(closed, 0);		/* its owner knows */
	closed = 1;
	close_conn();
}
END_TEST

START_TEST(dnsconn_half_closed_client_gets_its_answers)
{
	open_conn(30000);
	say_question("hold.test", Q_A);
	say_question("a.test", Q_A);
	ck_assert_int_eq(shutdown(client, SHUT_WR), 0);
	PUMP_UNTIL(server.nheld == 1 && answers() == 1);
	server_pump();
	ck_assert(!closed);
	server_release();
	PUMP_UNTIL(closed == 1);
	ck_assert_uint_eq(answers(), 2);
	ck_assert(ended());
	close_conn();
}
END_TEST

/* The end comes with the question, and its answer at once. */
START_TEST(dnsconn_half_closed_client_gets_what_was_answered_at_once)
{
	open_conn(30000);
	say_question("a.test", Q_A);
	ck_assert_int_eq(shutdown(client, SHUT_WR), 0);
	PUMP_UNTIL(closed == 1);
	ck_assert_uint_eq(answers(), 1);
	close_conn();
}
END_TEST

START_TEST(dnsconn_half_closed_client_with_more_than_may_wait_gets_all)
{
	static uint8_t all[200 * 64];
	size_t len = 0;
	int i;

	open_conn(30000);
	for (i = 0; i < 200; i++)
		len += frame(all + len, "hold.test", Q_A);
	say(all, len);
	ck_assert_int_eq(shutdown(client, SHUT_WR), 0);
	for (i = 0; i < 200; i++) {
		PUMP_UNTIL(server.nheld > 0);
		server_release();
	}
	PUMP_UNTIL(closed == 1);
	ck_assert_uint_eq(answers(), 200);
	close_conn();
}
END_TEST

START_TEST(dnsconn_client_that_goes_in_the_middle_of_a_question_ends_it)
{
	open_conn(30000);
	say("\0\100half", 6);
	close(client);
	client = -1;
	PUMP_UNTIL(closed == 1);
	ck_assert_uint_eq(server.asked, 0);
	close_conn();
}
END_TEST

START_TEST(dnsconn_client_that_goes_before_its_answer_ends_it)
{
	open_conn(30000);
	say_question("hold.test", Q_A);
	PUMP_UNTIL(server.nheld == 1);
	close(client);
	client = -1;
	server_pump();
	server_release();
	PUMP_UNTIL(closed == 1);
	close_conn();
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(dnsconn_question_is_answered),
	UNIT(dnsconn_question_byte_by_byte_is_answered),
	UNIT(dnsconn_length_zero_closes),
	UNIT(dnsconn_length_65535_is_read_whole),
	UNIT(dnsconn_garbage_of_a_good_length_does_not_close),
	UNIT(dnsconn_thousand_questions_in_one_breath_are_answered),
	UNIT(dnsconn_thousand_held_questions_wait_for_their_turn),
	UNIT(dnsconn_answers_come_in_any_order),
	UNIT(dnsconn_client_that_never_reads_is_bounded),
	UNIT(dnsconn_silence_ends_it),
	UNIT(dnsconn_client_that_stops_reading_is_ended),
	UNIT(dnsconn_close_with_questions_waiting_forgets_them),
	UNIT(dnsconn_half_closed_client_gets_its_answers),
	UNIT(dnsconn_half_closed_client_gets_what_was_answered_at_once),
	UNIT(dnsconn_half_closed_client_with_more_than_may_wait_gets_all),
	UNIT(dnsconn_client_that_goes_in_the_middle_of_a_question_ends_it),
	UNIT(dnsconn_client_that_goes_before_its_answer_ends_it),
};

UNIT_MAIN("dnsconn", tests)

/* tests/dnsport/test_upstream.c - questions to resolvers over given streams */
#include "dnsport/upstream.h"

#include "base/loop.h"
#include "dnsport/record.h"
#include "tests/dnsport/resolver.h"
#include "tests/unit.h"

enum { ASKS_MAX = 4096, T_MX = 15 };

static struct loop loop;
static struct upstream *up;
static struct dns_resolver resolvers[3];
static int door_a, door_b;

struct ask {
	struct upstream_query *q;
	int		 done, err;
	uint8_t		 msg[512];
	size_t		 len;
};
static struct ask asks[ASKS_MAX];

static void
open_up(size_t n)
{
	struct upstream_conf conf = { .loop = &loop, .resolvers = resolvers,
		.n = n, .connect = fake_connect };
	size_t i;

	memset(asks, 0, sizeof(asks));
	memset(resolvers, 0, sizeof(resolvers));
	for (i = 0; i < 3; i++)
		addr_v4(&resolvers[i].addr, 0x09090901 + (uint32_t)i, 53);
	loop_init(&loop, 1000, 1700000000);
	ck_assert_int_eq(upstream_new(&up, &conf), 0);
}

static void
close_up(void)
{
	unsigned i;

	upstream_free(up);
	loop_end_turn(&loop);
	ck_assert_int_eq(loop_next(&loop), LOOP_NEVER);
	for (i = 0; i < fakes.n; i++)
		ck_assert(fakes.f[i]->dead);
	fakes_free();
}

static void
on_done(void *arg, int err, const uint8_t *msg, size_t len)
{
	struct ask *a = arg;

	ck_assert_int_eq(a->done, 0);
	a->done = 1;
	a->err = err;
	ck_assert_uint_le(len, sizeof(a->msg));
	if (len)
		memcpy(a->msg, msg, len);
	a->len = len;
}

static const uint8_t www[] = "\3www\7example\4test";	/* with its root */

static int
ask_of(struct ask *a, uint32_t client, uint32_t share, void *listener,
    unsigned flags)
{
	struct dns_from from = { .listener = listener };
	struct upstream_ask ask = { .from = &from, .name = www,
		.name_len = sizeof(www), .type = T_MX, .flags = flags };
	int rc;

	addr_v4(&from.client, client, 4000);
	addr_v4(&from.share, share, 0);
	rc = upstream_ask(up, &ask, on_done, a, &a->q);
	ck_assert_int_eq(a->done, 0);	/* never from within */
	return rc;
}

static int
ask_from(struct ask *a, uint32_t client, void *listener, unsigned flags)
{
	return ask_of(a, client, client, listener, flags);
}

static void
ask(struct ask *a)
{
	ck_assert_int_eq(ask_from(a, 0x0a000001, &door_a, 0), 0);
	loop_end_turn(&loop);
}

static const uint8_t *
question(unsigned conn)
{
	const uint8_t *p;
	size_t len;

	ck_assert_uint_lt(conn, fakes.n);
	p = fake_next(fakes.f[conn], &len);
	ck_assert_ptr_nonnull(p);
	return p;
}

START_TEST(upstream_ask_writes_one_plain_question)
{
	const uint8_t *p;
	size_t len;

	open_up(1);
	ck_assert_int_eq(ask_from(&asks[0], 0x0a000001, &door_a, 0), 0);
	ck_assert_uint_eq(fakes.n, 0);		/* when the turn ends */
	loop_end_turn(&loop);
	ck_assert_uint_eq(fakes.n, 1);
	ck_assert(addr_equal(&fakes.f[0]->resolver, &resolvers[0].addr));
	ck_assert_ptr_eq(fakes.f[0]->from.listener, &door_a);
	p = fake_next(fakes.f[0], &len);
	ck_assert_uint_eq(wire_get16(p + 2), 0x0100);
	ck_assert_uint_eq(wire_get16(p + 4), 1);
	ck_assert_uint_eq(wire_get16(p + 10), 1);
	ck_assert_mem_eq(p + 12, www, sizeof(www));
	ck_assert_uint_eq(wire_get16(p + 12 + sizeof(www)), T_MX);
	ck_assert_uint_eq(wire_get16(p + 14 + sizeof(www)), 1);
	ck_assert_uint_eq(len, 12 + sizeof(www) + 4 + 11);
	ck_assert_ptr_null(fake_next(fakes.f[0], &len));
	fake_answer(fakes.f[0], p, 0x8180, 0, NULL, 0);
	ck_assert(asks[0].done);
	ck_assert_int_eq(asks[0].err, 0);
	ck_assert_uint_eq(asks[0].len, 12 + sizeof(www) + 4);
	close_up();
}
END_TEST

START_TEST(upstream_ask_carries_do_and_cd)
{
	const uint8_t *p;

	open_up(1);
	ck_assert_int_eq(ask_from(&asks[0], 0x0a000001, &door_a,
	    UPSTREAM_DO | UPSTREAM_CD), 0);
	loop_end_turn(&loop);
	p = question(0);
	ck_assert_uint_eq(wire_get16(p + 2), 0x0110);
	ck_assert_uint_eq(wire_get32(p + 12 + sizeof(www) + 4 + 5), 0x8000);
	close_up();
}
END_TEST

START_TEST(upstream_ask_pipelines_and_takes_answers_in_any_order)
{
	enum { N = 300 };
	const uint8_t *p[N];
	unsigned i, j;

	open_up(1);
	for (i = 0; i < N; i++)
		ask(&asks[i]);
	ck_assert_uint_eq(fakes.n, 1);
	for (i = 0; i < N; i++)
		p[i] = question(0);
	for (i = 0; i < N; i++)
		for (j = 0; j < i; j++)
			ck_assert_uint_ne(wire_get16(p[i]), wire_get16(p[j]));
	for (i = N; i-- > 0;) {
		fake_answer(fakes.f[0], p[i], 0x8180, 0, NULL, 0);
		ck_assert(asks[i].done);
		ck_assert_mem_eq(asks[i].msg, p[i], 2);
		ck_assert(i == 0 || !asks[i - 1].done);
	}
	close_up();
}
END_TEST

/* One connection for each client, listener and resolver. */
START_TEST(upstream_ask_shares_no_connection_between_clients_or_doors)
{
	open_up(2);
	ask_from(&asks[0], 0x0a000001, &door_a, 0);
	ask_from(&asks[1], 0x0a000002, &door_a, 0);
	ask_from(&asks[2], 0x0a000001, &door_b, 0);
	ask_from(&asks[3], 0x0a000001, &door_a, 0);
	loop_end_turn(&loop);
	ck_assert_uint_eq(fakes.n, 3);
	question(0);
	question(1);
	question(2);
	question(0);
	close_up();
}
END_TEST

START_TEST(upstream_answer_byte_by_byte_is_taken)
{
	uint8_t msg[2 + 12 + sizeof(www) + 4];
	const uint8_t *p;
	size_t i;

	open_up(1);
	ask(&asks[0]);
	p = question(0);
	wire_set16(msg, sizeof(msg) - 2);
	memcpy(msg + 2, p, sizeof(msg) - 2);
	wire_set16(msg + 4, 0x8180);
	memset(msg + 12, 0, 2);	/* no OPT */
	msg[15] = 'W';			/* the name in another case */
	for (i = 0; i < sizeof(msg); i++) {
		ck_assert(!asks[0].done);
		fake_say(fakes.f[0], msg + i, 1);
	}
	ck_assert(asks[0].done);
	ck_assert_int_eq(asks[0].err, 0);
	close_up();
}
END_TEST

/* What can't be the answer ends the connection; the next one is asked. */
static const struct { size_t at; uint8_t xor; } lies[] = {
	{ 2, 0x80 },		/* a question */
	{ 2, 0x02 },		/* truncated, over TCP */
	{ 5, 0x01 },		/* no question */
	{ 5, 0x03 },		/* two */
	{ 13, 0x01 },		/* another name */
	{ 12 + 17, 0x01 },	/* its end */
	{ 12 + 19, 0x02 },	/* another type */
	{ 12 + 21, 0x02 },	/* another class */
};

START_TEST(upstream_answer_to_something_else_is_not_taken)
{
	uint8_t msg[2 + 12 + sizeof(www) + 4];
	const uint8_t *p;

	open_up(2);
	ask(&asks[0]);
	p = question(0);
	wire_set16(msg, sizeof(msg) - 2);
	memcpy(msg + 2, p, sizeof(msg) - 2);
	wire_set16(msg + 4, 0x8180);
	msg[2 + lies[_i].at] ^= lies[_i].xor;
	fake_say(fakes.f[0], msg, sizeof(msg));
	ck_assert(fakes.f[0]->dead);
	ck_assert(!asks[0].done);
	loop_end_turn(&loop);
	ck_assert_uint_eq(fakes.n, 2);
	ck_assert(addr_equal(&fakes.f[1]->resolver, &resolvers[1].addr));
	fake_answer(fakes.f[1], question(1), 0x8183, 0, NULL, 0);
	ck_assert(asks[0].done);
	ck_assert_uint_eq(asks[0].msg[3] & 15, 3);
	close_up();
}
END_TEST

START_TEST(upstream_frame_shorter_than_a_header_ends_it)
{
	static const uint8_t frames[3][4] = { { 0, 0 }, { 0, 1, 9 },
		{ 0, 2, 9, 9 } };

	open_up(1);
	ask(&asks[0]);
	fake_say(fakes.f[0], frames[_i], 2 + (size_t)_i);
	ck_assert(fakes.f[0]->dead);
	close_up();
}
END_TEST

START_TEST(upstream_strays_are_borne_and_many_are_not)
{
	uint8_t stray[2 + 12] = { 0, 12 };
	unsigned i;

	open_up(1);
	ask(&asks[0]);
	wire_set16(stray + 2, (uint16_t)(wire_get16(question(0)) + 1));
	for (i = 0; i < UPSTREAM_STRAYS_MAX; i++)
		fake_say(fakes.f[0], stray, sizeof(stray));
	ck_assert(!fakes.f[0]->dead);
	ck_assert(!asks[0].done);
	fake_say(fakes.f[0], stray, sizeof(stray));
	ck_assert(fakes.f[0]->dead);
	close_up();
}
END_TEST

START_TEST(upstream_resolver_without_an_answer_is_passed_over)
{
	static const uint16_t rcodes[] = { 1, 2, 4, 5, 9 };
	uint16_t flags = (uint16_t)(0x8180 | rcodes[_i]);

	open_up(2);
	ask(&asks[0]);
	fake_answer(fakes.f[0], question(0), flags, 0, NULL, 0);
	ck_assert(!asks[0].done);
	loop_end_turn(&loop);
	fake_answer(fakes.f[1], question(1), flags, 0, NULL, 0);
	loop_end_turn(&loop);
	fake_answer(fakes.f[0], question(0), flags, 0, NULL, 0);
	ck_assert(asks[0].done);	/* the third try: that is it */
	ck_assert_int_eq(asks[0].err, 0);
	ck_assert_uint_eq(asks[0].msg[3] & 15, rcodes[_i]);
	close_up();
	open_up(1);
	ask(&asks[0]);
	fake_answer(fakes.f[0], question(0), flags, 0, NULL, 0);
	ck_assert(asks[0].done);	/* nobody else to ask */
	close_up();
}
END_TEST

START_TEST(upstream_connection_that_ends_is_made_anew)
{
	unsigned i;

	open_up(1);
	ask(&asks[0]);
	ask(&asks[1]);
	for (i = 0; i < UPSTREAM_TRIES_MAX; i++) {
		ck_assert_uint_eq(fakes.n, i + 1);
		question(i);
		question(i);
		if (i % 2)
			fakes.f[i]->ep.user->fin(fakes.f[i]->ep.arg);
		else
			fake_gone(fakes.f[i], -ECONNREFUSED);
		loop_end_turn(&loop);
	}
	ck_assert(asks[0].done && asks[1].done);
	ck_assert_int_eq(asks[0].err, -ECONNREFUSED);
	ck_assert_uint_eq(fakes.n, UPSTREAM_TRIES_MAX);
	close_up();
}
END_TEST

START_TEST(upstream_without_a_stream_fails)
{
	open_up(2);
	fakes.rc = -EAGAIN;
	ask(&asks[0]);
	ck_assert(asks[0].done);
	ck_assert_int_eq(asks[0].err, -EAGAIN);
	ck_assert_uint_eq(fakes.refused, UPSTREAM_TRIES_MAX);
	close_up();
}
END_TEST

START_TEST(upstream_silence_is_bounded)
{
	open_up(1);
	ask(&asks[0]);
	question(0);
	loop_advance(&loop, UPSTREAM_TRY_MS - 1);
	ck_assert(!fakes.f[0]->dead);
	loop_advance(&loop, 1);
	ck_assert(fakes.f[0]->dead);	/* it said nothing at all */
	ck_assert(!asks[0].done);
	loop_advance(&loop, UPSTREAM_TOTAL_MS - UPSTREAM_TRY_MS);
	ck_assert(asks[0].done);
	ck_assert_int_eq(asks[0].err, -ETIMEDOUT);
	close_up();
}
END_TEST

START_TEST(upstream_slow_answer_among_others_costs_not_the_connection)
{
	const uint8_t *first, *second;

	open_up(2);
	ask(&asks[0]);
	first = question(0);
	loop_advance(&loop, UPSTREAM_TRY_MS - 10);
	ask(&asks[1]);
	second = question(0);
	fake_answer(fakes.f[0], second, 0x8180, 0, NULL, 0);
	loop_advance(&loop, 10);
	ck_assert(!fakes.f[0]->dead);
	ck_assert_uint_eq(fakes.n, 2);	/* asked elsewhere */
	fake_answer(fakes.f[0], first, 0x8180, 0, NULL, 0);	/* too late */
	ck_assert(!asks[0].done);
	fake_answer(fakes.f[1], question(1), 0x8180, 0, NULL, 0);
	ck_assert(asks[0].done);
	close_up();
}
END_TEST

START_TEST(upstream_connection_is_closed_when_idle)
{
	open_up(1);
	ask(&asks[0]);
	fake_answer(fakes.f[0], question(0), 0x8180, 0, NULL, 0);
	loop_advance(&loop, UPSTREAM_IDLE_MS - 1);
	ck_assert_uint_eq(upstream_conns(up), 1);
	ask(&asks[1]);			/* goes on on it */
	ck_assert_uint_eq(fakes.n, 1);
	fake_answer(fakes.f[0], question(0), 0x8180, 0, NULL, 0);
	loop_advance(&loop, UPSTREAM_IDLE_MS);
	ck_assert(fakes.f[0]->killed);
	ck_assert_uint_eq(upstream_conns(up), 0);
	close_up();
}
END_TEST

START_TEST(upstream_connection_that_is_old_takes_no_more)
{
	unsigned n;

	open_up(1);
	ask(&asks[0]);
	for (n = 1; loop.now < 1000 + UPSTREAM_OLD_MS; n++) {
		fake_answer(fakes.f[0], question(0), 0x8180, 0, NULL, 0);
		loop_advance(&loop, UPSTREAM_IDLE_MS / 2);
		ask(&asks[n]);
		if (fakes.n > 1)
			break;
	}
	ck_assert_uint_eq(fakes.n, 2);
	ck_assert(fakes.f[0]->dead);
	ck_assert(!asks[n].done);
	close_up();
}
END_TEST

START_TEST(upstream_more_connections_than_there_may_be_take_the_idle_ones)
{
	uint32_t i;

	open_up(1);
	for (i = 0; i < UPSTREAM_CONNS_MAX; i++)
		ask_from(&asks[i], 0x0a000000 + i, &door_a, 0);
	loop_end_turn(&loop);
	ck_assert_uint_eq(upstream_conns(up), UPSTREAM_CONNS_MAX);
	ask_from(&asks[i], 0x0b000000, &door_a, 0);
	loop_end_turn(&loop);
	ck_assert(asks[i].done);	/* all are busy */
	ck_assert_int_eq(asks[i].err, -ENOSPC);
	fake_answer(fakes.f[7], question(7), 0x8180, 0, NULL, 0);
	ask_from(&asks[i + 1], 0x0b000000, &door_a, 0);
	loop_end_turn(&loop);
	ck_assert(fakes.f[7]->killed);
	ck_assert_uint_eq(upstream_conns(up), UPSTREAM_CONNS_MAX);
	ck_assert(!asks[i + 1].done);
	close_up();
}
END_TEST

/* Whoever is one client, by whatever addresses, has his share and no more. */
START_TEST(upstream_one_client_does_not_take_all_connections)
{
	uint32_t i, n = UPSTREAM_CONNS_CLIENT_MAX;

	open_up(1);
	for (i = 0; i < n; i++)
		ask_of(&asks[i], 0x0a000000 + i, 0x0a000000, &door_a, 0);
	ask_of(&asks[n], 0x0a0000ff, 0x0a000000, &door_a, 0);
	ask_from(&asks[n + 1], 0x0b000000, &door_a, 0);
	loop_end_turn(&loop);
	ck_assert(asks[n].done);
	ck_assert_int_eq(asks[n].err, -ENOSPC);
	ck_assert(!asks[n + 1].done);
	ck_assert_uint_eq(upstream_conns(up), n + 1);
	fake_answer(fakes.f[n], question(n), 0x8180, 0, NULL, 0);
	fake_answer(fakes.f[5], question(5), 0x8180, 0, NULL, 0);
	ask_of(&asks[n + 2], 0x0a0000ff, 0x0a000000, &door_a, 0);
	loop_end_turn(&loop);
	ck_assert(fakes.f[5]->killed);		/* its own, */
	ck_assert(!fakes.f[n]->killed);		/* not another's */
	ck_assert(!asks[n + 2].done);
	ck_assert_uint_eq(upstream_conns(up), n + 1);
	close_up();
}
END_TEST

START_TEST(upstream_one_client_does_not_take_all_questions)
{
	uint32_t i;
	int rc = 0;

	open_up(1);
	for (i = 0; i <= UPSTREAM_CLIENT_MAX && rc == 0; i++)
		rc = ask_of(&asks[i], 0x0a000000 + (i & 7), 0x0a000000,
		    i & 8 ? &door_a : &door_b, 0);
	ck_assert_int_eq(rc, -ENOSPC);
	ck_assert_uint_eq(i, UPSTREAM_CLIENT_MAX + 1);
	ck_assert_int_eq(ask_from(&asks[i], 0x0b000000, &door_a, 0), 0);
	upstream_cancel(asks[0].q);
	ck_assert_int_eq(ask_from(&asks[i + 1], 0x0a000000, &door_a, 0), 0);
	close_up();
}
END_TEST

/* RFC 1035: it has our id, and says no. */
START_TEST(upstream_refusal_without_the_question_is_no_answer)
{
	static const uint8_t rcodes[] = { 1, 2, 4, 5 };
	uint8_t msg[2 + 12] = { 0, 12 };

	open_up(2);
	ask(&asks[0]);
	ask(&asks[1]);
	memcpy(msg + 2, question(0), 2);
	wire_set16(msg + 4, (uint16_t)(0x8180 | rcodes[_i]));
	fake_say(fakes.f[0], msg, sizeof(msg));
	ck_assert(!fakes.f[0]->dead);
	loop_end_turn(&loop);
	ck_assert_uint_eq(fakes.n, 2);		/* the next one is asked */
	fake_answer(fakes.f[1], question(1), 0x8180, 0, NULL, 0);
	ck_assert(asks[0].done && !asks[1].done);
	fake_answer(fakes.f[0], question(0), 0x8180, 0, NULL, 0);
	ck_assert(asks[1].done);
	close_up();
	open_up(1);
	ask(&asks[0]);
	memcpy(msg + 2, question(0), 2);
	fake_say(fakes.f[0], msg, sizeof(msg));
	ck_assert(asks[0].done);		/* nobody else to ask */
	ck_assert_int_eq(asks[0].err, 0);
	ck_assert_uint_eq(asks[0].len, 12);
	close_up();
}
END_TEST

START_TEST(upstream_stream_without_room_is_written_to_later)
{
	unsigned i;

	open_up(1);
	fakes.rc = 0;
	ask(&asks[0]);
	fakes.f[0]->block = 1;
	for (i = 1; i < 1024; i++)
		ask(&asks[i]);
	ck_assert_uint_eq(fakes.n, 1);
	fakes.f[0]->block = 0;
	fakes.f[0]->ep.user->room(fakes.f[0]->ep.arg);
	for (i = 0; i < 1024; i++)
		question(0);
	close_up();
}
END_TEST

START_TEST(upstream_cancel_leaves_the_others)
{
	const uint8_t *p, *p1;

	open_up(1);
	ask(&asks[0]);
	ask(&asks[1]);
	upstream_cancel(asks[0].q);
	upstream_cancel(asks[0].q);
	p = question(0);
	p1 = question(0);
	fake_answer(fakes.f[0], p, 0x8180, 0, NULL, 0);
	fake_answer(fakes.f[0], p1, 0x8180, 0, NULL, 0);
	ck_assert(!asks[0].done && asks[1].done);
	loop_end_turn(&loop);
	ask_from(&asks[2], 0x0a000001, &door_a, 0);
	upstream_cancel(asks[2].q);	/* before it began */
	loop_end_turn(&loop);
	ck_assert(!asks[2].done);
	close_up();
}
END_TEST

START_TEST(upstream_forget_shares_nothing_with_a_door_that_is_gone)
{
	open_up(1);
	ask(&asks[0]);
	fake_answer(fakes.f[0], question(0), 0x8180, 0, NULL, 0);
	ask_from(&asks[1], 0x0a000001, &door_b, 0);
	loop_end_turn(&loop);
	upstream_forget(up, &door_a);
	loop_end_turn(&loop);
	ck_assert(fakes.f[0]->dead && !fakes.f[1]->dead);
	ask(&asks[2]);
	ck_assert_uint_eq(fakes.n, 3);
	close_up();
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(upstream_ask_writes_one_plain_question),
	UNIT(upstream_ask_carries_do_and_cd),
	UNIT(upstream_ask_pipelines_and_takes_answers_in_any_order),
	UNIT(upstream_ask_shares_no_connection_between_clients_or_doors),
	UNIT(upstream_answer_byte_by_byte_is_taken),
	UNIT_LOOP(upstream_answer_to_something_else_is_not_taken,
	    NELEM(lies)),
	UNIT_LOOP(upstream_frame_shorter_than_a_header_ends_it, 3),
	UNIT(upstream_strays_are_borne_and_many_are_not),
	UNIT_LOOP(upstream_resolver_without_an_answer_is_passed_over, 5),
	UNIT(upstream_connection_that_ends_is_made_anew),
	UNIT(upstream_without_a_stream_fails),
	UNIT(upstream_silence_is_bounded),
	UNIT(upstream_slow_answer_among_others_costs_not_the_connection),
	UNIT(upstream_connection_is_closed_when_idle),
	UNIT(upstream_connection_that_is_old_takes_no_more),
	UNIT(upstream_more_connections_than_there_may_be_take_the_idle_ones),
	UNIT(upstream_one_client_does_not_take_all_connections),
	UNIT(upstream_one_client_does_not_take_all_questions),
	UNIT_LOOP(upstream_refusal_without_the_question_is_no_answer, 4),
	UNIT(upstream_stream_without_room_is_written_to_later),
	UNIT(upstream_cancel_leaves_the_others),
	UNIT(upstream_forget_shares_nothing_with_a_door_that_is_gone),
};

UNIT_MAIN("upstream", tests)

/* tests/daemon/test_splice.c - two scripted endpoints, joined
 *
 * A fake endpoint takes as many bytes as it has room for, keeps count of the
 * credit that it was granted, and fails the test where it is called after its
 * end, sent to after fin(), or granted more than can have a place.
 */
#include "daemon/splice.h"

#include <check.h>
#include <errno.h>
#include <string.h>

#include "base/endpoint.h"
#include "base/rand.h"
#include "tests/unit.h"

struct fake {
	struct endpoint	ep;
	size_t		room;		/* takes this much more */
	size_t		credit;		/* granted and not used */
	uint64_t	out;		/* bytes it delivered ... */
	uint64_t	in;		/* ... and took: both count up */
	size_t		kernel;		/* of that, not known to have arrived */
	int		refused;	/* room() is owed */
	int		fin;		/* was told so */
	int		said_fin;
	int		dead, why;	/* killed, or gone() */
	unsigned	accepted;
	size_t		window;		/* its credit when it was */
	size_t		placing;	/* placed() is owed */
	int		places;		/* it has a place for what is to come */
	int		full;		/* what it took is much already */
};

/* libcheck writes to a pipe at each of its assertions, which is too slow for
 * what runs a million times. */
#define must(x) do { if (!(x)) ck_abort_msg("not so: %s", #x); } while (0)

static struct loop loop;
static struct fake client, stream;
static struct splice *splice;
static struct loop_item reap;
static unsigned done, opened;
static int done_why;

static struct fake *
of(struct endpoint *e)
{
	return (struct fake *)(void *)e;
}

/* What is delivered is the count of bytes, so order and loss are seen. */
static size_t
fake_send(struct endpoint *e, const void *p, size_t len)
{
	struct fake *f = of(e);
	const uint8_t *b = p;
	size_t i, n = len < f->room ? len : f->room, wrong = 0;

	must(!f->dead);
	must(!f->fin);
	for (i = 0; i < n; i++)		/* an assertion a byte takes minutes */
		wrong += b[i] != (uint8_t)(f->in + i);
	must(wrong == 0);
	f->in += n;
	f->room -= n;
	f->refused |= n < len;
	return n;
}

static void
fake_grant(struct endpoint *e, size_t credit)
{
	struct fake *f = of(e);

	must(!f->dead);
	must(credit > 0);
	f->credit += credit;
	must(f->credit <= SPLICE_CREDIT);
}

static void
fake_fin(struct endpoint *e)
{
	struct fake *f = of(e);

	must(!f->dead);
	must(!f->fin);
	f->fin = 1;
}

static void
fake_kill(struct endpoint *e, int why)
{
	struct fake *f = of(e);

	must(!f->dead);
	f->dead = 1;
	f->why = why;
}

static void
fake_accept(struct endpoint *e)
{
	struct fake *f = of(e);

	must(f == &client && !f->dead && !f->fin && !f->accepted);
	f->accepted++;
	f->window = f->credit;
}

static size_t
fake_under_way(const struct endpoint *e)
{
	return ((const struct fake *)(const void *)e)->kernel;
}

static int
fake_roomy(struct endpoint *e)
{
	must(!of(e)->dead);
	return !of(e)->full;
}

static uint8_t place_here[SPLICE_CREDIT];

static unsigned
fake_place(struct endpoint *e, size_t len, struct iovec v[2])
{
	struct fake *f = of(e);

	must(!f->dead && !f->placing);
	if (f->places == 0)
		return 0;
	f->placing = len < f->room ? len : f->room;
	v[0].iov_base = place_here;
	v[0].iov_len = f->placing;
	return f->placing > 0;
}

static void
fake_placed(struct endpoint *e, size_t len)
{
	struct fake *f = of(e);

	must(len <= f->placing);
	f->placing = 0;
	if (len)
		must(fake_send(e, place_here, len) == len);
}

static const struct endpoint_ops fake_ops = {
	.roomy = fake_roomy, .place = fake_place, .placed = fake_placed,
	.send = fake_send, .grant = fake_grant, .fin = fake_fin,
	.kill = fake_kill, .accept = fake_accept,
	.under_way = fake_under_way
};

/* --- what an endpoint says --- */

/* As deliver(), in place if there is one for so much. */
static int
deliver_in_place(struct fake *f, size_t len)
{
	struct iovec v[2];
	size_t i;

	must(len <= f->credit);
	if (f->ep.user->place(f->ep.arg, f->credit, v) == 0)
		return 0;
	must(v[0].iov_len >= len);
	for (i = 0; i < len; i++)
		((uint8_t *)v[0].iov_base)[i] = (uint8_t)(f->out + i);
	f->credit -= len;
	f->out += len;
	f->ep.user->placed(f->ep.arg, len);
	return 1;
}

static void
deliver(struct fake *f, size_t len)
{
	static uint8_t buf[SPLICE_CREDIT];
	size_t i;

	must(!f->dead && !f->said_fin);
	must(len <= f->credit);
	for (i = 0; i < len; i++)
		buf[i] = (uint8_t)(f->out + i);
	f->credit -= len;
	f->out += len;
	f->ep.user->data(f->ep.arg, buf, len);
}

static void
make_room(struct fake *f, size_t room)
{
	f->room += room;
	if (f->refused) {
		f->refused = 0;
		f->ep.user->room(f->ep.arg);
	}
}

static void
say_fin(struct fake *f)
{
	f->said_fin = 1;
	f->ep.user->fin(f->ep.arg);
}

static void
go(struct fake *f, int why)
{
	f->dead = 1;
	f->why = why;
	f->ep.user->gone(f->ep.arg, why);
}

static void
say_open(void)
{
	stream.ep.user->open(stream.ep.arg);
}

/* --- the holder --- */

static void
on_reap(void *arg)
{
	(void)arg;
	free(splice);
	splice = NULL;
}

static void
on_done(void *arg, int why)
{
	ck_assert_ptr_eq(arg, &done);
	done++;
	done_why = why;
	loop_item_add(&loop, &reap);
}

static void
on_opened(void *arg)
{
	ck_assert_ptr_eq(arg, &done);
	opened++;
}

static void
join(size_t client_room, size_t stream_room)
{
	memset(&client, 0, sizeof(client));
	memset(&stream, 0, sizeof(stream));
	client.ep.ops = stream.ep.ops = &fake_ops;
	client.room = client_room;
	stream.room = stream_room;
	done = opened = 0;
	loop_init(&loop, 1000, 1700000000);
	loop_item_init(&reap, on_reap, NULL);
	splice = calloc(1, sizeof(*splice));
	ck_assert_ptr_nonnull(splice);
	splice->opened = on_opened;
	splice->done = on_done;
	splice->arg = &done;
	splice_open(splice, &loop, &client.ep, &stream.ep);
}

static void
finish(void)
{
	if (splice && !done)
		splice_kill(splice, -ECONNRESET);
	must(client.dead && stream.dead);
	must(done == 1);
	loop_end_turn(&loop);
	ck_assert_ptr_null(splice);
	ck_assert_int_eq(loop_next(&loop), LOOP_NEVER);
}

static size_t
waiting(void)
{
	struct endpoint_queued q;

	splice_queued(splice, &q);
	return q.bytes;
}

#define BIG ((size_t)1 << 40)

START_TEST(splice_open_grants_both_sides_what_has_a_place)
{
	join(BIG, BIG);
	ck_assert_uint_eq(client.credit, SPLICE_EARLY);
	ck_assert_uint_eq(stream.credit, SPLICE_CREDIT);
	say_open();
	ck_assert_uint_eq(opened, 1);
	ck_assert_uint_eq(client.credit, SPLICE_CREDIT);
	say_open();				/* once is enough */
	ck_assert_uint_eq(opened, 1);
	ck_assert_uint_eq(client.credit, SPLICE_CREDIT);
	finish();
}
END_TEST

START_TEST(splice_client_is_accepted_when_the_stream_opens)
{
	join(BIG, BIG);
	ck_assert_uint_eq(client.accepted, 0);
	say_open();
	ck_assert_uint_eq(client.accepted, 1);
	ck_assert_uint_eq(client.window, SPLICE_CREDIT);
	finish();
}
END_TEST

START_TEST(splice_accept_lets_the_client_in_before_the_stream_is_open)
{
	join(BIG, BIG);
	splice_accept(splice);
	ck_assert_uint_eq(client.accepted, 1);
	ck_assert_uint_eq(client.window, SPLICE_EARLY);
	deliver(&client, 300);
	ck_assert_uint_eq(stream.in, 300);	/* it goes with BEGIN */
	splice_accept(splice);
	say_open();
	ck_assert_uint_eq(client.accepted, 1);	/* once */
	ck_assert_uint_eq(client.credit, SPLICE_CREDIT);
	finish();
}
END_TEST

START_TEST(splice_accept_then_a_stream_that_fails_resets_the_client)
{
	join(BIG, BIG);
	splice_accept(splice);
	go(&stream, -ECONNREFUSED);
	ck_assert(client.dead);
	ck_assert_int_eq(client.why, -ECONNREFUSED);
	splice_accept(splice);			/* too late: nothing */
	ck_assert_uint_eq(client.accepted, 1);
	loop_end_turn(&loop);
}
END_TEST

START_TEST(splice_client_is_refused_where_the_stream_fails)
{
	join(BIG, BIG);
	go(&stream, -ECONNREFUSED);
	ck_assert_uint_eq(client.accepted, 0);
	ck_assert(client.dead);
	ck_assert_int_eq(client.why, -ECONNREFUSED);
	finish();
}
END_TEST

/* What a proxy has said to it already may be under way still: to be let in for
 * that would be to be told of a success. */
START_TEST(splice_client_is_refused_whatever_it_was_told_before)
{
	join(BIG, BIG);
	client.kernel = 2;
	go(&stream, -ECONNREFUSED);
	ck_assert_uint_eq(client.accepted, 0);
	ck_assert(client.dead);
	ck_assert_int_eq(client.why, -ECONNREFUSED);
	ck_assert_uint_eq(done, 1);
	finish();
}
END_TEST

START_TEST(splice_client_is_accepted_though_the_stream_ended_at_once)
{
	join(BIG, BIG);
	go(&stream, 0);
	ck_assert_uint_eq(client.accepted, 1);
	ck_assert(client.fin && !client.dead);
	finish();
}
END_TEST

START_TEST(splice_early_data_is_bounded_though_the_stream_takes_it)
{
	join(BIG, BIG);
	deliver(&client, SPLICE_EARLY - 1);
	ck_assert_uint_eq(client.credit, 1);
	deliver(&client, 1);
	ck_assert_uint_eq(stream.in, SPLICE_EARLY);
	ck_assert_uint_eq(client.credit, 0);
	say_open();
	ck_assert_uint_eq(client.credit, SPLICE_CREDIT);
	deliver(&client, 1000);
	ck_assert_uint_eq(client.credit, SPLICE_CREDIT);
	finish();
}
END_TEST

START_TEST(splice_early_data_that_is_refused_waits)
{
	join(BIG, 100);
	deliver(&client, SPLICE_EARLY);
	ck_assert_uint_eq(stream.in, 100);
	ck_assert_uint_eq(waiting(), SPLICE_EARLY - 100);
	say_open();
	ck_assert_uint_eq(client.credit, SPLICE_CREDIT - SPLICE_EARLY + 100);
	make_room(&stream, BIG);
	ck_assert_uint_eq(stream.in, SPLICE_EARLY);
	ck_assert_uint_eq(client.credit, SPLICE_CREDIT);
	ck_assert_uint_eq(waiting(), 0);
	finish();
}
END_TEST

/* One side stalls: the other gets no credit, and nothing is lost. */
static void
stall(struct fake *from, struct fake *to)
{
	size_t i;

	join(from == &client ? BIG : 0, from == &client ? 0 : BIG);
	say_open();
	while (from->credit)
		deliver(from, from->credit < 10000 ? from->credit : 10000);
	ck_assert_uint_eq(from->out, SPLICE_CREDIT);
	ck_assert_uint_eq(to->in, 0);
	ck_assert_uint_eq(waiting(), SPLICE_CREDIT);
	for (i = 0; i < 10; i++) {
		make_room(to, 1000);
		ck_assert_uint_eq(to->in, 1000 * (i + 1));
		ck_assert_uint_eq(from->credit, 0);	/* not in crumbs */
	}
	make_room(to, SPLICE_GRANT - 10000);
	ck_assert_uint_eq(to->in, SPLICE_GRANT);
	ck_assert_uint_eq(from->credit, SPLICE_GRANT);
	make_room(to, BIG);
	ck_assert_uint_eq(to->in, SPLICE_CREDIT);
	ck_assert_uint_eq(from->credit, SPLICE_CREDIT);
	finish();
}

START_TEST(splice_stalled_stream_stalls_the_client)
{
	stall(&client, &stream);
}
END_TEST

START_TEST(splice_stalled_client_stalls_the_stream)
{
	stall(&stream, &client);
}
END_TEST

/* The client shuts down its sending; the answer still comes. */
START_TEST(splice_answer_comes_after_the_clients_fin)
{
	join(BIG, BIG);
	say_open();
	deliver(&client, 500);
	say_fin(&client);
	ck_assert(stream.fin && !stream.dead && !client.fin);
	deliver(&stream, 100000);
	ck_assert_uint_eq(client.in, 100000);
	ck_assert_uint_eq(stream.credit, SPLICE_CREDIT);
	say_fin(&stream);
	ck_assert(client.fin);
	go(&stream, 0);
	ck_assert(!client.dead);
	go(&client, 0);
	ck_assert_uint_eq(done, 1);
	ck_assert_int_eq(done_why, 0);
	finish();
}
END_TEST

START_TEST(splice_fin_waits_until_all_has_gone_across)
{
	join(BIG, 10);
	say_open();
	deliver(&client, 1000);
	say_fin(&client);
	ck_assert(!stream.fin);
	make_room(&stream, 989);
	ck_assert(!stream.fin);
	make_room(&stream, 1);
	ck_assert(stream.fin);
	ck_assert_uint_eq(stream.in, 1000);
	finish();
}
END_TEST

START_TEST(splice_stream_gone_in_order_drains_to_the_client)
{
	join(10, BIG);
	say_open();
	deliver(&stream, 5000);
	go(&stream, 0);
	ck_assert(!client.fin && !client.dead);
	make_room(&client, BIG);
	ck_assert_uint_eq(client.in, 5000);
	ck_assert(client.fin && !client.dead);
	ck_assert_uint_eq(done, 0);
	go(&client, 0);
	ck_assert_int_eq(done_why, 0);
	finish();
}
END_TEST

/* Its end must be seen behind whatever it still sends. */
START_TEST(splice_client_that_talks_on_after_the_stream_went_is_read)
{
	int i;

	join(BIG, 0);
	say_open();
	deliver(&client, SPLICE_CREDIT);	/* all of it waits */
	ck_assert_uint_eq(client.credit, 0);
	go(&stream, 0);
	ck_assert_uint_eq(waiting(), 0);
	for (i = 0; i < 100; i++) {
		ck_assert_uint_eq(client.credit, SPLICE_CREDIT);
		deliver(&client, SPLICE_CREDIT);
	}
	say_fin(&client);
	go(&client, 0);
	finish();
}
END_TEST

START_TEST(splice_stream_gone_before_it_opened_frees_what_was_owed)
{
	join(BIG, 1000);
	deliver(&client, SPLICE_EARLY);
	go(&stream, 0);
	ck_assert_uint_eq(client.credit, SPLICE_EARLY);
	ck_assert(client.fin);
	finish();
}
END_TEST

START_TEST(splice_stream_failure_resets_the_client)
{
	join(10, BIG);
	if (_i)
		say_open();
	if (_i)
		deliver(&stream, 10);
	go(&stream, -ECONNREFUSED);
	ck_assert(client.dead);
	ck_assert_int_eq(client.why, -ECONNREFUSED);
	ck_assert_uint_eq(done, 1);
	ck_assert_int_eq(done_why, -ECONNREFUSED);
	finish();
}
END_TEST

/* What came before it failed is the client's, and a reset would take back what
 * its kernel does not have yet. */
START_TEST(splice_stream_failure_comes_after_what_had_arrived)
{
	join(10, BIG);
	say_open();
	deliver(&client, 100);
	deliver(&stream, 5000);
	go(&stream, -ECONNRESET);
	ck_assert(!client.dead);
	deliver(&client, SPLICE_CREDIT);	/* read on, and dropped */
	loop_advance(&loop, SPLICE_LINGER_MS - 1);
	client.kernel = 5000;
	make_room(&client, BIG);
	ck_assert_uint_eq(client.in, 5000);
	loop_advance(&loop, SPLICE_LINGER_MS - 1);
	ck_assert(!client.dead && !client.fin);
	client.kernel = 1;
	loop_advance(&loop, SPLICE_LINGER_MS - 1);
	ck_assert(!client.dead);
	client.kernel = 0;
	loop_advance(&loop, SPLICE_POLL_MS);
	ck_assert(client.dead && !client.fin);
	ck_assert_int_eq(client.why, -ECONNRESET);
	ck_assert_int_eq(done_why, -ECONNRESET);
	finish();
}
END_TEST

/* 0: it waits here, 1: in the kernel */
START_TEST(splice_stream_failure_does_not_wait_for_ever)
{
	join(_i ? BIG : 10, BIG);
	say_open();
	client.kernel = _i ? 5000 : 0;
	deliver(&stream, 5000);
	go(&stream, -ECONNRESET);
	loop_advance(&loop, SPLICE_LINGER_MS - 1);
	ck_assert(!client.dead);
	loop_advance(&loop, SPLICE_POLL_MS);
	ck_assert(client.dead);
	ck_assert_int_eq(client.why, -ECONNRESET);
	finish();
}
END_TEST

START_TEST(splice_client_gone_kills_the_stream)
{
	static const int why[] = { 0, -ECONNRESET };

	join(BIG, 0);
	deliver(&client, 500);
	go(&client, why[_i]);
	ck_assert(stream.dead);
	ck_assert_int_eq(stream.why, why[_i]);
	ck_assert_int_eq(done_why, why[_i]);
	finish();
}
END_TEST

START_TEST(splice_client_that_never_closes_is_ended)
{
	join(BIG, BIG);
	say_open();
	go(&stream, 0);
	loop_advance(&loop, SPLICE_LINGER_MS - 1);
	ck_assert(!client.dead);
	loop_advance(&loop, 1);
	ck_assert(client.dead);
	ck_assert_int_eq(client.why, 0);	/* it had everything */
	ck_assert_uint_eq(done, 1);
	finish();
}
END_TEST

START_TEST(splice_client_that_never_reads_is_reset)
{
	join(10, BIG);
	say_open();
	deliver(&stream, 5000);
	go(&stream, 0);
	loop_advance(&loop, SPLICE_LINGER_MS - 1);
	ck_assert(!client.dead);
	loop_advance(&loop, 1);
	ck_assert(client.dead);
	ck_assert_int_eq(client.why, -ETIMEDOUT);
	finish();
}
END_TEST

/* All is in the kernel: what counts is whether that gets rid of it; and if it
 * does not, the kernel may have it, but nothing is thrown away. */
START_TEST(splice_client_is_given_what_is_in_the_kernel)
{
	join(BIG, BIG);
	say_open();
	client.kernel = 20000;
	deliver(&stream, 20000);
	go(&stream, 0);
	ck_assert(client.fin);
	while (client.kernel > 15000) {
		client.kernel -= 1000;
		loop_advance(&loop, SPLICE_LINGER_MS);
		ck_assert(!client.dead);
	}
	loop_advance(&loop, 2 * SPLICE_LINGER_MS);
	ck_assert(client.dead);
	ck_assert_int_eq(client.why, 0);
	finish();
}
END_TEST

/* A slow reader gets all of it, however long it takes. */
START_TEST(splice_client_that_reads_slowly_is_not_cut_off)
{
	int i;

	join(0, BIG);
	say_open();
	deliver(&stream, 20000);
	go(&stream, 0);
	for (i = 0; i < 20; i++) {
		loop_advance(&loop, SPLICE_LINGER_MS - 1);
		ck_assert(!client.dead);
		make_room(&client, 1000);
	}
	ck_assert_uint_eq(client.in, 20000);
	ck_assert(client.fin);
	loop_advance(&loop, SPLICE_LINGER_MS);
	ck_assert(client.dead);
	finish();
}
END_TEST

START_TEST(splice_kill_ends_both_and_says_so_once)
{
	join(BIG, BIG);
	splice_kill(splice, -EACCES);
	ck_assert(client.dead && stream.dead);
	ck_assert_int_eq(client.why, -EACCES);
	ck_assert_int_eq(stream.why, -EACCES);
	ck_assert_uint_eq(done, 1);
	splice_kill(splice, -EACCES);
	ck_assert_uint_eq(done, 1);
	finish();
}
END_TEST

/* --- every order --- */

enum event { OPEN, C_DATA, S_DATA, C_ROOM, S_ROOM, C_FIN, S_FIN, C_GONE,
	S_GONE, C_FAIL, S_FAIL, KILL, TIME, NEVENTS };

static void
data_if_any(struct fake *f, size_t len)
{
	if (len > f->credit)
		len = f->credit;
	if (!f->dead && !f->said_fin && len)
		deliver(f, len);
}

/* What an endpoint may say at this point; else nothing happens. */
static void
play(enum event e)
{
	struct fake *f = e == C_DATA || e == C_ROOM || e == C_FIN ||
	    e == C_GONE || e == C_FAIL ? &client : &stream;

	if (e == KILL)
		splice_kill(splice, -ECONNRESET);
	else if (e == TIME)
		loop_advance(&loop, SPLICE_LINGER_MS / 2 + 1);
	else if (f->dead)
		return;
	else if (e == OPEN)
		say_open();
	else if (e == C_DATA || e == S_DATA)
		data_if_any(f, 700);
	else if (e == C_ROOM || e == S_ROOM)
		make_room(f, 400);
	else if ((e == C_FIN || e == S_FIN) && !f->said_fin)
		say_fin(f);
	else if (e == C_GONE || e == S_GONE)
		go(f, 0);
	else if (e == C_FAIL || e == S_FAIL)
		go(f, -ECONNRESET);
}

static void
check_balance(void)
{
	size_t all;

	if (done || client.dead || stream.dead)
		return;
	all = splice->open ? SPLICE_CREDIT : SPLICE_EARLY;
	must(client.credit + splice->client.wait.len +
	    splice->client.owed == all);
	must(stream.credit + splice->stream.wait.len +
	    splice->stream.owed == SPLICE_CREDIT);
	must(!splice->open || (splice->client.owed < SPLICE_GRANT &&
	    (splice->client.owed == 0 || splice->client.wait.len)));
	must(splice->stream.owed < SPLICE_GRANT &&
	    (splice->stream.owed == 0 || splice->stream.wait.len));
	must(client.out == stream.in + splice->client.wait.len);
	must(stream.out == client.in + splice->stream.wait.len);
	must(stream.fin == (client.said_fin &&
	    splice->client.wait.len == 0));
	must(client.fin == (stream.said_fin &&
	    splice->stream.wait.len == 0));
}

/* All sequences of five events, beginning with the one given. */
START_TEST(splice_ends_well_in_every_order_of_events)
{
	unsigned code, i, c;

	for (code = 0; code < NEVENTS * NEVENTS * NEVENTS * NEVENTS; code++) {
		join(500, 300);
		play((enum event)_i);
		for (i = 0, c = code; i < 4 && !done; i++, c /= NEVENTS) {
			play((enum event)(c % NEVENTS));
			check_balance();
		}
		must((done == 1) == (client.dead && stream.dead));
		finish();
	}
}
END_TEST

START_TEST(splice_carries_random_traffic_exactly)
{
	size_t i;

	join(0, 0);
	for (i = 0; i < 20000; i++) {
		if (i == 500)
			say_open();
		data_if_any(&client, (size_t)rand_below(30000));
		data_if_any(&stream, (size_t)rand_below(30000));
		if (rand_below(3) == 0)
			make_room(&client, (size_t)rand_below(40000));
		if (rand_below(3) == 0)
			make_room(&stream, (size_t)rand_below(40000));
		check_balance();
	}
	say_fin(&client);
	go(&stream, 0);
	make_room(&client, BIG);
	ck_assert_uint_eq(client.in, stream.out);
	go(&client, 0);
	finish();
}
END_TEST

START_TEST(splice_fetches_to_where_the_other_side_wants_it)
{
	join(BIG, BIG);
	say_open();
	ck_assert_int_eq(deliver_in_place(&stream, 100), 0);
	client.places = 1;
	ck_assert_int_eq(deliver_in_place(&stream, 1000), 1);
	ck_assert_uint_eq(client.in, 1000);
	ck_assert_uint_eq(stream.credit, SPLICE_CREDIT);
	ck_assert_int_eq(deliver_in_place(&stream, 0), 1);
	ck_assert_uint_eq(splice->stream.bytes, 1000);
	finish();
}
END_TEST

/* Behind what waits there is no place. */
START_TEST(splice_fetches_in_order)
{
	join(1000, BIG);
	say_open();
	client.places = 1;
	deliver(&stream, 3000);
	ck_assert_uint_eq(waiting(), 2000);
	make_room(&client, 500);
	ck_assert_uint_eq(waiting(), 1500);
	client.room = 700;
	ck_assert_int_eq(deliver_in_place(&stream, 600), 0);
	client.room = 0;
	make_room(&client, BIG);
	ck_assert_uint_eq(waiting(), 0);
	ck_assert_int_eq(deliver_in_place(&stream, 600), 1);
	ck_assert_uint_eq(client.in, 3600);
	finish();
}
END_TEST

START_TEST(splice_grants_nothing_to_what_would_have_to_wait)
{
	join(BIG, BIG);
	say_open();
	client.full = 1;
	deliver(&stream, 1000);
	ck_assert_uint_eq(client.in, 1000);
	ck_assert_uint_eq(stream.credit, SPLICE_CREDIT - 1000);
	client.places = 1;
	ck_assert_int_eq(deliver_in_place(&stream, 2000), 1);
	ck_assert_uint_eq(stream.credit, SPLICE_CREDIT - 3000);
	deliver(&client, 500);			/* the other way all is well */
	ck_assert_uint_eq(client.credit, SPLICE_CREDIT);
	client.full = 0;
	client.ep.user->room(client.ep.arg);
	ck_assert_uint_eq(stream.credit, SPLICE_CREDIT);
	ck_assert_uint_eq(waiting(), 0);
	client.full = 1;
	deliver(&stream, 700);
	go(&client, -ECONNRESET);
	finish();
}
END_TEST

START_TEST(splice_has_no_place_where_nobody_takes_it)
{
	join(BIG, BIG);
	say_open();
	stream.places = 1;
	go(&stream, 0);
	ck_assert_int_eq(deliver_in_place(&client, 100), 0);
	finish();
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(splice_fetches_to_where_the_other_side_wants_it),
	UNIT(splice_fetches_in_order),
	UNIT(splice_has_no_place_where_nobody_takes_it),
	UNIT(splice_grants_nothing_to_what_would_have_to_wait),
	UNIT(splice_open_grants_both_sides_what_has_a_place),
	UNIT(splice_client_is_accepted_when_the_stream_opens),
	UNIT(splice_accept_lets_the_client_in_before_the_stream_is_open),
	UNIT(splice_accept_then_a_stream_that_fails_resets_the_client),
	UNIT(splice_client_is_refused_where_the_stream_fails),
	UNIT(splice_client_is_refused_whatever_it_was_told_before),
	UNIT(splice_client_is_accepted_though_the_stream_ended_at_once),
	UNIT(splice_early_data_is_bounded_though_the_stream_takes_it),
	UNIT(splice_early_data_that_is_refused_waits),
	UNIT(splice_stalled_stream_stalls_the_client),
	UNIT(splice_stalled_client_stalls_the_stream),
	UNIT(splice_answer_comes_after_the_clients_fin),
	UNIT(splice_fin_waits_until_all_has_gone_across),
	UNIT(splice_stream_gone_in_order_drains_to_the_client),
	UNIT(splice_client_that_talks_on_after_the_stream_went_is_read),
	UNIT(splice_stream_gone_before_it_opened_frees_what_was_owed),
	UNIT_LOOP(splice_stream_failure_resets_the_client, 2),
	UNIT(splice_stream_failure_comes_after_what_had_arrived),
	UNIT_LOOP(splice_stream_failure_does_not_wait_for_ever, 2),
	UNIT_LOOP(splice_client_gone_kills_the_stream, 2),
	UNIT(splice_client_that_never_closes_is_ended),
	UNIT(splice_client_that_never_reads_is_reset),
	UNIT(splice_client_is_given_what_is_in_the_kernel),
	UNIT(splice_client_that_reads_slowly_is_not_cut_off),
	UNIT(splice_kill_ends_both_and_says_so_once),
	UNIT_LOOP(splice_ends_well_in_every_order_of_events, NEVENTS),
	UNIT(splice_carries_random_traffic_exactly),
};

UNIT_MAIN("splice", tests)

/* tests/daemon/test_dnsflow.c - questions over scripted connections */
#include "daemon/dnsflow.h"

#include <check.h>
#include <errno.h>

#include "base/endpoint.h"
#include "dnsport/dnspipe.h"
#include "tests/dnsport/server.h"
#include "tests/unit.h"

enum { OUT = 1 << 20 };
#define BIG ((size_t)1 << 40)

struct fake {
	struct endpoint	ep;
	uint8_t		out[OUT];	/* what the client was sent */
	size_t		len;
	size_t		room, credit, under_way;
	int		refused, accepted, fin, dead, why;
};

static struct dnsflows *set;
static struct fake *one;		/* the first of a test */
static struct query query;

static struct fake *
of(const struct endpoint *e)
{
	return (struct fake *)(void *)(uintptr_t)(const void *)e;
}

static size_t
fake_send(struct endpoint *e, const void *p, size_t len)
{
	struct fake *f = of(e);
	size_t n = len < f->room ? len : f->room;

	ck_assert(!f->dead && !f->fin && f->accepted);
	ck_assert_uint_le(f->len + n, OUT);
	memcpy(f->out + f->len, p, n);
	f->len += n;
	f->room -= n;
	f->refused |= n < len;
	return n;
}

static void
fake_grant(struct endpoint *e, size_t n)
{
	ck_assert(!of(e)->dead);
	of(e)->credit += n;
	ck_assert_uint_le(of(e)->credit, DNSFLOW_CREDIT);
}

static void
fake_fin(struct endpoint *e)
{
	ck_assert(!of(e)->dead && !of(e)->fin);
	of(e)->fin = 1;
}

static void
fake_kill(struct endpoint *e, int why)
{
	ck_assert(!of(e)->dead);
	of(e)->dead = 1;
	of(e)->why = why;
}

static void
fake_accept(struct endpoint *e)
{
	ck_assert(!of(e)->dead && !of(e)->accepted);
	of(e)->accepted = 1;
}

static size_t
fake_under_way(const struct endpoint *e)
{
	return of(e)->under_way;
}

static const struct endpoint_ops fake_ops = {
	.send = fake_send, .grant = fake_grant, .fin = fake_fin,
	.kill = fake_kill, .accept = fake_accept,
	.under_way = fake_under_way
};

static struct fake *
dial(uint32_t client)
{
	struct fake *f = calloc(1, sizeof(*f));
	struct addr a;

	ck_assert_ptr_nonnull(f);
	f->ep.ops = &fake_ops;
	f->room = BIG;
	addr_v4(&a, client, 40000);
	dnsflows_take(set, &a, &f->ep);
	loop_end_turn(&server.loop);
	return f;
}

static void
init(void)
{
	struct dnsflow_conf conf = { .loop = &server.loop,
	    .listener = &server };

	server_open();
	conf.dnsport = server.dp;
	ck_assert_int_eq(dnsflows_new(&set, &conf), 0);
	one = dial(0x0a000001);
}

static void
fini(void)
{
	dnsflows_free(set);
	loop_end_turn(&server.loop);
	ck_assert_int_eq(loop_next(&server.loop), LOOP_NEVER);
	server_close();
	free(one);
}

static void
say(struct fake *f, const void *p, size_t len)
{
	ck_assert_uint_le(len, f->credit);
	f->credit -= len;
	f->ep.user->data(f->ep.arg, p, len);
	loop_end_turn(&server.loop);
}

static size_t
frame(uint8_t *out, const char *name)
{
	size_t len;

	query_make(&query, name, Q_A);
	len = query_len(&query);
	wire_set16(out, (uint16_t)len);
	memcpy(out + 2, query.buf, len);
	return len + 2;
}

static void
ask(struct fake *f, const char *name)
{
	uint8_t buf[512];

	say(f, buf, frame(buf, name));
}

static void
release(void)
{
	server_release();
	loop_end_turn(&server.loop);
}

static void
make_room(struct fake *f, size_t n)
{
	f->room = n;
	f->refused = 0;
	f->ep.user->room(f->ep.arg);
	loop_end_turn(&server.loop);
}

static unsigned
answers(const struct fake *f)
{
	size_t at = 0;
	unsigned n = 0;

	while (f->len - at >= 2 &&
	    f->len - at >= 2u + wire_get16(f->out + at)) {
		ldns_pkt_free(query_read(f->out + at + 2,
		    wire_get16(f->out + at)));
		at += 2u + wire_get16(f->out + at);
		n++;
	}
	return n;
}

START_TEST(dnsflow_client_is_let_in_at_once_and_answered)
{
	init();
	ck_assert(one->accepted);
	ck_assert_uint_eq(one->credit, DNSFLOW_CREDIT);
	ask(one, "a.test");
	ck_assert_uint_eq(answers(one), 1);
	ck_assert_int_eq(server.from.tcp, 1);
	ck_assert_ptr_eq(server.from.listener, &server);
	ck_assert_uint_eq(server.from.client.port, 40000);
	ck_assert_uint_eq(one->credit, DNSFLOW_CREDIT);
	fini();
}
END_TEST

START_TEST(dnsflow_question_byte_by_byte_is_answered)
{
	uint8_t buf[512];
	size_t i, len;

	init();
	len = frame(buf, "a.test");
	for (i = 0; i < len; i++) {
		ck_assert_uint_eq(server.asked, 0);
		say(one, buf + i, 1);
	}
	ck_assert_uint_eq(answers(one), 1);
	fini();
}
END_TEST

START_TEST(dnsflow_length_65535_fits_into_the_credit)
{
	static uint8_t big[DNSPIPE_FRAME_MAX];

	init();
	memset(big, 0, sizeof(big));
	wire_set16(big, 65535);
	say(one, big, 40000);
	/* A TCP offers its window in units (RFC 7323 2.3): of the last bytes of
	 * a credit there may be no word. */
	ck_assert_uint_ge(one->credit, sizeof(big) - 40000 + 15);
	say(one, big + 40000, sizeof(big) - 40000);
	ck_assert_uint_eq(one->credit, DNSFLOW_CREDIT);
	ck_assert(!one->dead);
	fini();
}
END_TEST

START_TEST(dnsflow_length_zero_resets)
{
	init();
	ask(one, "hold.test");
	say(one, "\0\0", 2);
	ck_assert(one->dead);
	ck_assert_int_eq(one->why, -EPROTO);
	ck_assert_uint_eq(server.forgotten, 1);
	fini();
}
END_TEST

START_TEST(dnsflow_questions_beyond_the_limit_wait_in_the_input)
{
	static uint8_t all[200 * 64];
	size_t len = 0;
	int i;

	init();
	for (i = 0; i < 200; i++)
		len += frame(all + len, "hold.test");
	say(one, all, len);
	for (i = 0; i < 200; i++) {
		ck_assert_uint_eq(server.nheld, 200 - i <
		    DNSPIPE_PENDING_MAX ? 200 - i : DNSPIPE_PENDING_MAX);
		release();
	}
	ck_assert_uint_eq(answers(one), 200);
	ck_assert_uint_eq(one->credit, DNSFLOW_CREDIT);
	fini();
}
END_TEST

START_TEST(dnsflow_client_that_does_not_read_is_asked_no_more)
{
	uint8_t three[3 * 64];
	size_t len;

	init();
	one->room = 20;
	len = frame(three, "a.test");
	len += frame(three + len, "a.test");
	len += frame(three + len, "a.test");
	say(one, three, len);
	ck_assert_uint_eq(server.asked, 1);
	ck_assert_uint_eq(one->len, 20);
	ck_assert_uint_eq(one->credit, DNSFLOW_CREDIT - len / 3 * 2);
	make_room(one, 30);
	ck_assert_uint_eq(server.asked, 2);
	make_room(one, BIG);
	ck_assert_uint_eq(server.asked, 3);
	ck_assert_uint_eq(answers(one), 3);
	ck_assert_uint_eq(one->credit, DNSFLOW_CREDIT);
	fini();
}
END_TEST

START_TEST(dnsflow_half_closed_client_gets_its_answers)
{
	init();
	ask(one, "hold.test");
	one->ep.user->fin(one->ep.arg);
	ck_assert(!one->fin);
	release();
	ck_assert_uint_eq(answers(one), 1);
	ck_assert(one->fin && !one->dead);
	one->ep.user->gone(one->ep.arg, 0);
	loop_end_turn(&server.loop);
	fini();
}
END_TEST

START_TEST(dnsflow_half_closed_client_that_reads_slowly_gets_all)
{
	init();
	one->room = 1;
	ask(one, "a.test");
	one->ep.user->fin(one->ep.arg);
	ck_assert(!one->fin);
	make_room(one, BIG);
	ck_assert(one->fin);
	ck_assert_uint_eq(answers(one), 1);
	fini();
}
END_TEST

START_TEST(dnsflow_client_that_goes_is_forgotten)
{
	init();
	ask(one, "hold.test");
	one->ep.user->gone(one->ep.arg, -ECONNRESET);
	loop_end_turn(&server.loop);
	ck_assert_uint_eq(server.forgotten, 1);
	fini();
}
END_TEST

START_TEST(dnsflow_idle_client_is_closed_in_order)
{
	init();
	ask(one, "a.test");
	loop_advance(&server.loop, DNSFLOW_IDLE_MS - 1);
	ck_assert(!one->dead);
	loop_advance(&server.loop, 1);
	ck_assert(one->dead);
	ck_assert_int_eq(one->why, 0);
	fini();
}
END_TEST

START_TEST(dnsflow_slow_reader_is_kept_as_long_as_it_takes_something)
{
	int i;

	init();
	one->room = 1;
	ask(one, "a.test");
	for (i = 10; i > 0; i--) {
		one->under_way = (size_t)i;
		loop_advance(&server.loop, DNSFLOW_IDLE_MS);
		ck_assert(!one->dead);
	}
	loop_advance(&server.loop, DNSFLOW_IDLE_MS);
	ck_assert(one->dead);
	ck_assert_int_eq(one->why, -ETIMEDOUT);
	fini();
}
END_TEST

START_TEST(dnsflow_client_that_waits_for_answers_is_not_idle)
{
	init();
	ask(one, "hold.test");
	one->ep.user->fin(one->ep.arg);
	loop_advance(&server.loop, 3 * DNSFLOW_IDLE_MS);
	ck_assert(!one->dead);
	release();
	ck_assert(one->fin);
	fini();
}
END_TEST

START_TEST(dnsflow_client_over_its_limit_is_refused)
{
	struct fake *f[DNSFLOW_CLIENT_MAX];
	int i;

	init();
	for (i = 0; i < DNSFLOW_CLIENT_MAX; i++)
		f[i] = dial(0x0a000001);
	for (i = 0; i < DNSFLOW_CLIENT_MAX; i++)
		ck_assert_int_eq(f[i]->dead, i == DNSFLOW_CLIENT_MAX - 1);
	ck_assert_int_eq(f[i - 1]->why, -ECONNREFUSED);
	ck_assert(!f[i - 1]->accepted && !one->dead);
	fini();
	while (i > 0)
		free(f[--i]);
}
END_TEST

START_TEST(dnsflow_over_the_limit_the_oldest_mute_client_goes)
{
	struct fake *f[DNSFLOW_MAX];
	int i;

	init();
	ask(one, "a.test");		/* the oldest, but not mute */
	for (i = 0; i < DNSFLOW_MAX; i++)
		f[i] = dial(0x0a000002 + (uint32_t)i);
	for (i = 0; i < DNSFLOW_MAX; i++)
		ck_assert_int_eq(f[i]->dead, i == 0);
	ck_assert(!one->dead);
	fini();
	for (i = 0; i < DNSFLOW_MAX; i++)
		free(f[i]);
}
END_TEST

/* Where all speak, it is the one that has not asked for longest, and waits for
 * nothing; or else the newest is refused. */
START_TEST(dnsflow_over_the_limit_the_idlest_client_goes)
{
	struct fake *f[DNSFLOW_MAX];
	int i;

	init();
	for (i = 1; i < DNSFLOW_MAX; i++)
		f[i] = dial(0x0a000002 + (uint32_t)i);
	for (i = 1; i < DNSFLOW_MAX; i++)
		ask(f[i], i == 1 ? "hold.test" : "a.test");
	ask(one, "a.test");
	f[4]->under_way = 1;		/* it has not read its answer */
	ask(f[2], "a.test");
	f[0] = dial(0x0b000001);
	ck_assert(!f[0]->dead);
	for (i = 1; i < DNSFLOW_MAX; i++)
		ck_assert_int_eq(f[i]->dead, i == 3);
	ck_assert_int_eq(f[3]->why, 0);
	for (i = 0; i < DNSFLOW_MAX; i++)
		if (i != 3)
			ask(f[i], "hold.test");
	ask(one, "hold.test");
	free(f[3]);
	f[3] = dial(0x0b000002);
	ck_assert_int_eq(f[3]->why, -ECONNREFUSED);
	fini();
	for (i = 0; i < DNSFLOW_MAX; i++)
		free(f[i]);
}
END_TEST

START_TEST(dnsflow_all_addresses_of_a_client_have_one_share)
{
	struct fake *f[DNSFLOW_CLIENT_MAX + 1];
	int i;

	init();
	for (i = 0; i <= DNSFLOW_CLIENT_MAX; i++)
		f[i] = dial(0x0a090000 + (uint32_t)i);
	for (i = 0; i <= DNSFLOW_CLIENT_MAX; i++)
		ck_assert_int_eq(f[i]->dead, i == DNSFLOW_CLIENT_MAX);
	fini();
	while (i > 0)
		free(f[--i]);
}
END_TEST

START_TEST(dnsflow_over_both_limits_a_client_ends_no_other)
{
	struct fake *f[DNSFLOW_MAX];
	int i;

	init();
	for (i = 1; i < DNSFLOW_MAX; i++)
		f[i] = dial(i < DNSFLOW_CLIENT_MAX ? 0x0a000001 :
		    0x0b000000 + (uint32_t)i);
	f[0] = dial(0x0a000001);
	ck_assert_int_eq(f[0]->why, -ECONNREFUSED);
	ck_assert(!one->dead);
	for (i = 1; i < DNSFLOW_MAX; i++)
		ck_assert(!f[i]->dead);
	fini();
	for (i = 0; i < DNSFLOW_MAX; i++)
		free(f[i]);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(dnsflow_client_is_let_in_at_once_and_answered),
	UNIT(dnsflow_question_byte_by_byte_is_answered),
	UNIT(dnsflow_length_65535_fits_into_the_credit),
	UNIT(dnsflow_length_zero_resets),
	UNIT(dnsflow_questions_beyond_the_limit_wait_in_the_input),
	UNIT(dnsflow_client_that_does_not_read_is_asked_no_more),
	UNIT(dnsflow_half_closed_client_gets_its_answers),
	UNIT(dnsflow_half_closed_client_that_reads_slowly_gets_all),
	UNIT(dnsflow_client_that_goes_is_forgotten),
	UNIT(dnsflow_idle_client_is_closed_in_order),
	UNIT(dnsflow_slow_reader_is_kept_as_long_as_it_takes_something),
	UNIT(dnsflow_client_that_waits_for_answers_is_not_idle),
	UNIT(dnsflow_client_over_its_limit_is_refused),
	UNIT(dnsflow_over_the_limit_the_oldest_mute_client_goes),
	UNIT(dnsflow_over_the_limit_the_idlest_client_goes),
	UNIT(dnsflow_all_addresses_of_a_client_have_one_share),
	UNIT(dnsflow_over_both_limits_a_client_ends_no_other),
};

UNIT_MAIN("dnsflow", tests)

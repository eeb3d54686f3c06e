/* tests/dnsport/test_dnspipe.c - frames and their answers, without a carrier
 *
 * What a connection makes of it is in test_dnsconn.c.
 */
#include "dnsport/dnspipe.h"

#include <check.h>
#include <errno.h>

#include "tests/dnsport/server.h"
#include "tests/unit.h"

static struct dnspipe pipe_;
static struct query query;
static unsigned answers, settled;

static void
on_send(void *arg, const uint8_t head[DNSPIPE_HEAD], const uint8_t *msg,
    size_t len)
{
	ck_assert_ptr_eq(arg, &pipe_);
	ck_assert_uint_eq(wire_get16(head), len);
	ldns_pkt_free(query_read(msg, len));
	answers++;
}

static void
on_settled(void *arg)
{
	ck_assert_ptr_eq(arg, &pipe_);
	settled++;
}

static void
init(void)
{
	struct addr client;

	server_open();
	answers = settled = 0;
	addr_v4(&client, 0x0a000001, 40000);
	pipe_.send = on_send;
	pipe_.settled = on_settled;
	pipe_.arg = &pipe_;
	dnspipe_init(&pipe_, server.dp, &client, &server);
}

static void
fini(void)
{
	dnspipe_fini(&pipe_);
	server_close();
}

static void
take(const char *name)
{
	static uint8_t frame[512];
	size_t len;

	query_make(&query, name, Q_A);
	len = query_len(&query);
	wire_set16(frame, (uint16_t)len);
	memcpy(frame + DNSPIPE_HEAD, query.buf, len);
	ck_assert_int_eq(dnspipe_take(&pipe_, frame, DNSPIPE_HEAD + len), 0);
}

static const struct {
	const char	*bytes;
	size_t		 len;
	int		 want;
} frames[] = {
	{ "", 0, 0 }, { "\0", 1, 0 }, { "\0\0", 2, -EPROTO },
	{ "\0\1", 2, 3 }, { "\1\0xyz", 5, 258 }, { "\377\377", 2, 65537 },
};

START_TEST(dnspipe_frame_tells_its_length_from_two_bytes)
{
	ck_assert_int_eq(dnspipe_frame((const uint8_t *)frames[_i].bytes,
	    frames[_i].len), frames[_i].want);
}
END_TEST

START_TEST(dnspipe_take_is_answered_at_once_or_later)
{
	init();
	take("a.test");
	ck_assert_uint_eq(answers, 1);
	ck_assert_uint_eq(settled, 1);
	take("hold.test");
	ck_assert_uint_eq(pipe_.npending, 1);
	ck_assert_ptr_eq(server.from.listener, &server);
	ck_assert_int_eq(server.from.tcp, 1);
	server_release();
	ck_assert_uint_eq(answers, 2);
	ck_assert_uint_eq(settled, 2);
	ck_assert_uint_eq(pipe_.npending, 0);
	fini();
}
END_TEST

START_TEST(dnspipe_take_what_is_no_question_settles_in_silence)
{
	init();
	ck_assert_int_eq(dnspipe_take(&pipe_, (const uint8_t *)"\0\2hi", 4),
	    0);
	ck_assert_uint_eq(answers, 0);
	ck_assert_uint_eq(settled, 1);
	ck_assert_uint_eq(pipe_.npending, 0);
	fini();
}
END_TEST

START_TEST(dnspipe_full_says_when_enough_wait)
{
	unsigned i;

	init();
	for (i = 0; i < DNSPIPE_PENDING_MAX; i++) {
		ck_assert(!dnspipe_full(&pipe_));
		take("hold.test");
	}
	ck_assert(dnspipe_full(&pipe_));
	server_release();
	ck_assert(!dnspipe_full(&pipe_));
	fini();
}
END_TEST

START_TEST(dnspipe_fini_forgets_what_waits)
{
	init();
	take("hold.test");
	take("hold.test");
	dnspipe_fini(&pipe_);
	ck_assert_uint_eq(server.forgotten, 2);
	ck_assert_uint_eq(pipe_.npending, 0);
	ck_assert_uint_eq(answers + settled, 0);
	fini();
}
END_TEST

static const struct unit_test tests[] = {
	UNIT_LOOP(dnspipe_frame_tells_its_length_from_two_bytes,
	    NELEM(frames)),
	UNIT(dnspipe_take_is_answered_at_once_or_later),
	UNIT(dnspipe_take_what_is_no_question_settles_in_silence),
	UNIT(dnspipe_full_says_when_enough_wait),
	UNIT(dnspipe_fini_forgets_what_waits),
};

UNIT_MAIN("dnspipe", tests)

/* tests/tun/test_tcp_rcv.c - what comes in any order, and is said to it */
#include "tun/tcp_rcv.h"

#include <string.h>

#include "base/loop.h"
#include "base/rand.h"
#include "tests/tun/nomem.h"
#include "tests/unit.h"

enum { IRS = 0xffffff00, FIRST = IRS + 1, MSS = 1000 };

static struct tcp_rcv r;
static uint8_t got[1 << 20];
static size_t ngot;
static const void *last;
static size_t grants;			/* from within, what came */
static int fin;

static void
start(size_t credit)
{
	tcp_rcv_init(&r, IRS, MSS, 0);
	tcp_rcv_grant(&r, credit);
	(void)tcp_rcv_advertise(&r);
	ngot = 0;
	grants = 0;
}

static void
take(void *arg, const void *p, size_t len)
{
	struct tcp_rcv *rcv = arg;

	ck_assert_uint_le(ngot + len, sizeof(got));
	memcpy(got + ngot, p, len);
	ngot += len;
	last = p;
	if (grants)
		tcp_rcv_grant(rcv, len);
}

/* At an offset from the first byte. */
static enum tcp_rcv_ack
segment_fin(uint32_t off, const void *p, size_t len, int has_fin)
{
	return tcp_rcv_segment(&r, FIRST + off, p, len, has_fin, &fin, take,
	    &r, 1000);
}

static enum tcp_rcv_ack
segment(uint32_t off, const void *p, size_t len)
{
	return segment_fin(off, p, len, 0);
}

static int
delivered(const char *want)
{
	return ngot == strlen(want) && memcmp(got, want, ngot) == 0;
}

static int
block(const struct tcp_sack *b, uint32_t from, uint32_t to)
{
	return b->from == FIRST + from && b->to == FIRST + to;
}

START_TEST(segment_in_order_is_handed_on_where_it_lies)
{
	static const char in[] = "hello";

	start(100);
	ck_assert_int_eq(segment(0, in, 5), TCP_RCV_LATER);
	ck_assert(delivered("hello"));
	ck_assert_ptr_eq(last, in);
	ck_assert_uint_eq(r.credit, 95);
	ck_assert_int_eq(r.ack_at, 1000 + TCP_DELACK_MS);
	tcp_rcv_free(&r);
}
END_TEST

START_TEST(every_second_full_segment_is_acknowledged_at_once)
{
	static const uint8_t in[MSS];

	start(100000);
	ck_assert_int_eq(segment(0, in, MSS), TCP_RCV_LATER);
	ck_assert_int_eq(segment(MSS, in, MSS), TCP_RCV_NOW);
	(void)tcp_rcv_advertise(&r);
	ck_assert_int_eq(r.ack_at, LOOP_NEVER);
	ck_assert_int_eq(segment(2 * MSS, in, MSS), TCP_RCV_LATER);
	tcp_rcv_free(&r);
}
END_TEST

/* It may be the only one that the client dares to send. */
START_TEST(segments_after_a_loss_are_acknowledged_at_once_for_a_while)
{
	unsigned i, n;

	start(100);
	for (n = 0; n < 2; n++) {
		if (n == 0) {			/* out of order, */
			segment(1, "b", 1);
			segment(0, "a", 1);
		} else {			/* or twice */
			tcp_rcv_old(&r, FIRST, 1);
		}
		for (i = 0; i < TCP_RCV_QUICK; i++) {
			(void)tcp_rcv_advertise(&r);
			ck_assert_int_eq(segment((uint32_t)ngot, "x", 1),
			    TCP_RCV_NOW);
		}
		(void)tcp_rcv_advertise(&r);
		ck_assert_int_eq(segment((uint32_t)ngot, "x", 1),
		    TCP_RCV_LATER);
	}
	tcp_rcv_free(&r);
}
END_TEST

START_TEST(early_segments_wait_and_are_said_the_newest_first)
{
	struct tcp_sack b[8];

	start(100);
	ck_assert_int_eq(segment(2, "cd", 2), TCP_RCV_NOW);
	ck_assert_int_eq(segment(10, "kl", 2), TCP_RCV_NOW);
	ck_assert_int_eq(segment(6, "gh", 2), TCP_RCV_NOW);
	ck_assert_uint_eq(tcp_rcv_sacks(&r, b, 8), 3);
	ck_assert(block(&b[0], 6, 8));
	ck_assert(block(&b[1], 10, 12));
	ck_assert(block(&b[2], 2, 4));
	/* One more touches the oldest: they are one, and the newest. */
	segment(4, "e", 1);
	ck_assert_uint_eq(tcp_rcv_sacks(&r, b, 8), 3);
	ck_assert(block(&b[0], 2, 5));
	ck_assert_uint_eq(tcp_rcv_sacks(&r, b, 2), 2);
	ck_assert(block(&b[1], 6, 8));
	/* In front of one: they are one, too. */
	segment(9, "j", 1);
	ck_assert_uint_eq(tcp_rcv_sacks(&r, b, 8), 3);
	ck_assert(block(&b[0], 9, 12));
	/* Once more what is there already. */
	segment(2, "cd", 2);
	(void)tcp_rcv_advertise(&r);
	ck_assert_uint_eq(tcp_rcv_sacks(&r, b, 8), 3);
	ck_assert(block(&b[0], 2, 5));
	ck_assert_uint_eq(ngot, 0);
	ck_assert_int_eq(segment(0, "ab", 2), TCP_RCV_NOW);
	ck_assert(delivered("abcde"));
	segment(8, "i", 1);
	segment(5, "f", 1);
	ck_assert(delivered("abcdefghijkl"));
	ck_assert_uint_eq(tcp_rcv_sacks(&r, b, 8), 0);
	ck_assert_uint_eq(r.early_bytes, 0);
	ck_assert_uint_eq(r.credit, 100 - 12);
}
END_TEST

START_TEST(bytes_that_came_first_stand)
{
	start(100);
	segment(3, "DEF", 3);
	segment(2, "xxxxxx", 6);		/* around it */
	segment(0, "abyyyyyyzz", 10);
	ck_assert(delivered("abxDEFxxzz"));
	segment(8, "!!kl", 4);			/* behind it */
	ck_assert(delivered("abxDEFxxzzkl"));
}
END_TEST

START_TEST(what_came_twice_is_said_first)
{
	struct tcp_sack b[4];

	start(100);
	segment(4, "efgh", 4);
	segment(5, "fgh", 3);
	ck_assert_uint_eq(tcp_rcv_sacks(&r, b, 4), 2);
	ck_assert(block(&b[0], 5, 8));
	ck_assert(block(&b[1], 4, 8));
	(void)tcp_rcv_advertise(&r);
	ck_assert_uint_eq(tcp_rcv_sacks(&r, b, 4), 1);
	segment(0, "abcd", 4);
	tcp_rcv_old(&r, FIRST, 4);
	ck_assert_uint_eq(tcp_rcv_sacks(&r, b, 4), 1);
	ck_assert(block(&b[0], 0, 4));
	ck_assert_int_eq(segment(6, "ghij", 4), TCP_RCV_NOW);
	ck_assert(delivered("abcdefghij"));
	ck_assert_uint_eq(tcp_rcv_sacks(&r, b, 4), 1);
	ck_assert(block(&b[0], 6, 8));
}
END_TEST

START_TEST(window_cuts_what_goes_beyond_it_and_its_fin)
{
	start(5);
	ck_assert_int_eq(segment_fin(0, "abcdefg", 7, 1), TCP_RCV_NOW);
	ck_assert(delivered("abcde"));
	ck_assert(!fin);
	ck_assert_uint_eq(r.credit, 0);
	ck_assert_uint_eq(tcp_rcv_advertise(&r), 0);
	tcp_rcv_grant(&r, 5);
	segment_fin(5, "fg", 2, 1);
	ck_assert(delivered("abcdefg"));
	ck_assert(fin);
	ck_assert_uint_eq(r.nxt, FIRST + 8);
}
END_TEST

START_TEST(acceptable_is_what_touches_the_window)
{
	static const struct {
		size_t		credit;
		int32_t		off;
		size_t		len;
		int		want;
	} c[] = {
		{ 10, 0, 0, 1 }, { 10, 9, 0, 1 }, { 10, 10, 0, 1 },
		{ 10, 11, 0, 0 }, { 10, -1, 0, 0 }, { 10, -1, 1, 0 },
		{ 10, -1, 2, 1 }, { 10, -5, 20, 1 }, { 10, 9, 1, 1 },
		{ 10, 9, 100, 1 }, { 10, 10, 1, 0 }, { 0, 0, 0, 1 },
		{ 0, 0, 1, 0 }, { 0, 1, 0, 0 }, { 0, -1, 1, 0 },
		{ 0, -1, 0, 0 }
	};
	size_t i;

	for (i = 0; i < NELEM(c); i++) {
		start(c[i].credit);
		ck_assert_msg(tcp_rcv_acceptable(&r,
		    FIRST + (uint32_t)c[i].off, c[i].len) == c[i].want,
		    "row %zu", i);
	}
}
END_TEST

START_TEST(fin_counts_once_all_before_it_is_there)
{
	start(100);
	segment_fin(3, "d", 1, 1);
	ck_assert(!fin);
	/* What goes beyond it is cut; another end is none. */
	segment(4, "zzz", 3);
	segment_fin(8, "", 0, 1);
	ck_assert_int_eq(segment(0, "abczzz", 6), TCP_RCV_NOW);
	ck_assert(delivered("abcd"));
	ck_assert(fin);
	ck_assert_uint_eq(r.nxt, FIRST + 5);
	ck_assert_uint_eq(r.early_bytes, 0);
}
END_TEST

START_TEST(fin_before_what_has_come_is_none)
{
	start(100);
	segment(4, "ef", 2);
	segment_fin(2, "c", 1, 1);
	segment(0, "ab", 2);
	segment(3, "d", 1);
	ck_assert(delivered("abcdef"));
	ck_assert(!fin);
}
END_TEST

START_TEST(fin_needs_no_window)
{
	start(0);
	ck_assert_int_eq(segment_fin(0, "", 0, 1), TCP_RCV_NOW);
	ck_assert(fin);
	ck_assert_uint_eq(tcp_rcv_advertise(&r), 0);
}
END_TEST

START_TEST(grant_tells_at_once_where_much_opened)
{
	start(0);
	ck_assert_int_eq(tcp_rcv_grant(&r, 1), 1);	/* it was shut */
	(void)tcp_rcv_advertise(&r);
	tcp_rcv_grant(&r, 9999);
	(void)tcp_rcv_advertise(&r);
	ck_assert_int_eq(tcp_rcv_grant(&r, 9999), 0);
	ck_assert_int_eq(tcp_rcv_grant(&r, 1), 1);	/* twice as much */
}
END_TEST

START_TEST(advertise_is_the_credit_or_less)
{
	static const struct {
		size_t	credit;
		uint8_t	scale;
		size_t	want;
	} c[] = {
		{ 0, 0, 0 }, { 65535, 0, 65535 }, { 65536, 0, 65535 },
		{ 15, 4, 0 }, { 16, 4, 1 }, { 31, 4, 1 },
		{ 1 << 20, 4, 65535 }, { 1 << 19, 4, 1 << 15 },
		{ (size_t)1 << 40, 14, 65535 }
	};
	size_t i;

	for (i = 0; i < NELEM(c); i++) {
		tcp_rcv_init(&r, IRS, MSS, c[i].scale);
		tcp_rcv_grant(&r, c[i].credit);
		ck_assert_uint_eq(tcp_rcv_advertise(&r), c[i].want);
		ck_assert_int_eq(tcp_rcv_acceptable(&r, FIRST, 1),
		    c[i].credit > 0);
		ck_assert_uint_eq(r.wup - r.nxt, c[i].want << c[i].scale);
		ck_assert_uint_le(tcp_rcv_advertise_syn(&r), c[i].credit);
	}
}
END_TEST

START_TEST(d09_stretches_are_bounded_and_the_farthest_goes)
{
	struct tcp_sack b[4];
	uint32_t i;

	start(100000);
	for (i = 0; i < TCP_RCV_EARLY_MAX + 10; i++)
		segment(10000 - 10 * i, "x", 1);
	ck_assert_uint_eq(r.count, TCP_RCV_EARLY_MAX);
	ck_assert_uint_eq(tcp_rcv_sacks(&r, b, 4), 4);
	ck_assert(block(&b[0], 10000 - 10 * (i - 1), 10001 - 10 * (i - 1)));
	tcp_rcv_free(&r);
	ck_assert_uint_eq(r.early_bytes, 0);
}
END_TEST

/* SegmentSmack.  What each costs is bounded by the stretches there can be, so a
 * million of them are done before anybody notices. */
START_TEST(d09_a_million_bytes_in_reverse_are_cheap)
{
	size_t calls = nomem_calls, most = 0;
	uint32_t i, n = 1000000;

	start(1 << 20);
	for (i = 0; i < n; i++) {
		segment(n - i, "x", 1);
		if (r.early_bytes > most)
			most = r.early_bytes;
	}
	ck_assert_uint_le(most, (TCP_RCV_EARLY_MAX + 1) * 96);
	ck_assert_uint_le(nomem_calls - calls, n + 100);	/* libcheck's */
	tcp_rcv_free(&r);
}
END_TEST

START_TEST(d09_memory_for_early_bytes_has_a_ceiling)
{
	static const uint8_t in[MSS];
	uint32_t i;

	start(1 << 20);
	r.early_max = 10 * MSS;
	for (i = 1; i < 200; i++) {
		segment(i * (i % 2 ? MSS : 2 * MSS), in, MSS);
		ck_assert_uint_le(r.early_bytes, r.early_max);
	}
	ck_assert_uint_gt(r.early_bytes, 5 * MSS);
	tcp_rcv_free(&r);
}
END_TEST

START_TEST(segment_without_memory_is_as_one_that_was_lost)
{
	start(1000);
	nomem_after = _i;
	segment(2, "cd", 2);
	segment(6, "gh", 2);
	segment(3, "de12345678901234567890123456789012345678901234567890"
	    "12345678901234567890", 72);
	nomem_after = -1;
	segment(0, "abcd", 4);
	segment(4, "efgh", 4);
	ck_assert_uint_ge(ngot, 8);
	ck_assert(memcmp(got, "abcd", 4) == 0);
	tcp_rcv_free(&r);
	ck_assert_uint_eq(r.early_bytes, 0);
}
END_TEST

/* Random segments over a short stretch of numbers, each with bytes of its own:
 * what is delivered must be, for each place, the bytes that came there first
 * while it was in the window. */
START_TEST(segments_at_random_give_what_came_first)
{
	enum { SPAN = 400 };
	uint8_t want[SPAN + 100], has[SPAN + 100], in[60];
	uint32_t off, i, nxt, edge;
	size_t len;
	int n;

	start(50);
	grants = 1;
	memset(has, 0, sizeof(has));
	for (n = 0; n < 20000 && ngot < SPAN; n++) {
		nxt = r.nxt - FIRST;
		edge = nxt + (uint32_t)r.credit;
		off = nxt + (uint32_t)rand_below(60);
		off = off > 10 ? off - (uint32_t)rand_below(10) : off;
		len = 1 + (size_t)rand_below(20);
		memset(in, n, sizeof(in));
		if (!tcp_rcv_acceptable(&r, FIRST + off, len))
			continue;
		for (i = off; i < off + len; i++)
			if (i >= nxt && i < edge && !has[i]) {
				has[i] = 1;
				want[i] = (uint8_t)n;
			}
		segment(off, in, len);
		ck_assert_uint_eq(r.nxt - FIRST, ngot);
		ck_assert_uint_eq(r.credit, 50);
		for (i = 0; i < ngot; i++)
			if (!has[i] || got[i] != want[i])
				ck_abort_msg("byte %u is wrong", i);
		ck_assert(!has[ngot]);
	}
	ck_assert_uint_ge(ngot, SPAN);
	tcp_rcv_free(&r);
	ck_assert_uint_eq(r.early_bytes, 0);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(segment_in_order_is_handed_on_where_it_lies),
	UNIT(every_second_full_segment_is_acknowledged_at_once),
	UNIT(segments_after_a_loss_are_acknowledged_at_once_for_a_while),
	UNIT(early_segments_wait_and_are_said_the_newest_first),
	UNIT(bytes_that_came_first_stand),
	UNIT(what_came_twice_is_said_first),
	UNIT(window_cuts_what_goes_beyond_it_and_its_fin),
	UNIT(acceptable_is_what_touches_the_window),
	UNIT(fin_counts_once_all_before_it_is_there),
	UNIT(fin_before_what_has_come_is_none),
	UNIT(fin_needs_no_window),
	UNIT(grant_tells_at_once_where_much_opened),
	UNIT(advertise_is_the_credit_or_less),
	UNIT(d09_stretches_are_bounded_and_the_farthest_goes),
	UNIT(d09_a_million_bytes_in_reverse_are_cheap),
	UNIT(d09_memory_for_early_bytes_has_a_ceiling),
	UNIT_LOOP(segment_without_memory_is_as_one_that_was_lost, 4),
	UNIT_LOOP(segments_at_random_give_what_came_first, 10),
};

UNIT_MAIN("tcp_rcv", tests)

/* tests/tun/test_tcp_snd.c - the sending half, by hand
 *
 * Segments have 1000 bytes, the client's window 60000 unless said otherwise.
 */
#include "tun/tcp_snd.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/loop.h"
#include "tests/tun/sndcheck.h"
#include "tests/unit.h"

_Static_assert(sizeof(struct tcp_snd) <= 232, "an idle connection is small");
_Static_assert(sizeof(struct tcp_tx) <= 24, "so is a record");

enum { ISS = 999, MSS = 1000, WND = 60000 };

static struct tcp_snd s;
static int64_t now;
static struct tcp_seg_out o;
static int no_memory;			/* while the module runs */
static int in_module;

void	*__real_malloc(size_t);
void	*__wrap_malloc(size_t);

void *
__wrap_malloc(size_t n)
{
	return no_memory && in_module ? NULL : __real_malloc(n);
}

/* libcheck wants memory of its own. */
#define IN_MODULE(set, call)						\
	do {								\
		in_module = 1;						\
		(set) = (call);						\
		in_module = 0;						\
	} while (0)

static void
holds(void)
{
	const char *what = sndcheck(&s);

	ck_assert_msg(what == NULL, "%s", what);
}

/* Sequence numbers in tests count from una after the handshake. */
static uint32_t
seq(uint32_t n)
{
	return ISS + 1 + n;
}

static int
ack_of(const struct tcp_ack *a)
{
	int flags;

	IN_MODULE(flags, tcp_snd_ack(&s, a, now));
	holds();
	return flags;
}

static int
ack(uint32_t n, uint32_t wnd)
{
	struct tcp_ack a = { .ack = seq(n), .wnd = wnd, .seq = 1 };

	return ack_of(&a);
}

static int
sack(uint32_t n, uint32_t from, uint32_t to)
{
	struct tcp_ack a = { .ack = seq(n), .wnd = WND, .seq = 1, .nsack = 1,
	    .sack = { { seq(from), seq(to) } } };

	return ack_of(&a);
}

static int
echo(uint32_t n, int64_t ts)
{
	struct tcp_ack a = { .ack = seq(n), .wnd = WND, .seq = 1, .has_ts = 1,
	    .ts_ecr = (uint32_t)ts };

	return ack_of(&a);
}

static void
start_as(uint32_t wnd, int with_sack)
{
	tcp_snd_free(&s);
	no_memory = 0;
	now = 1000;
	tcp_snd_init(&s, ISS, MSS, with_sack, 1);
	tcp_rtt_sample(&s.rtt, 0);
	ck_assert_int_eq(ack(0, wnd), TCP_ACK_WINDOW);
}

static void
start(void)
{
	start_as(WND, 1);
}

static uint8_t
byte(uint32_t at)
{
	return (uint8_t)(at * 7 + at / 251);
}

static uint32_t
end_of_queue(void)
{
	return s.una + s.q.len - seq(0);
}

static void
put(size_t n)
{
	uint8_t *p = malloc(n);
	uint32_t at = end_of_queue();
	size_t i;

	for (i = 0; i < n; i++)
		p[i] = byte(at + (uint32_t)i);
	ck_assert_uint_eq(tcp_snd_put(&s, p, n, now), n);
	free(p);
	holds();
}

/* One segment, of at most @most: where, how long, and its bytes are right. */
static void
wants_of(size_t most, uint32_t from, size_t len)
{
	uint32_t at = from, wrong = 0;
	size_t i, k, sum = 0;
	int rc;

	IN_MODULE(rc, tcp_snd_next(&s, &o, most, now));
	ck_assert_int_eq(rc, 1);
	holds();
	ck_assert_uint_eq(o.seq - seq(0), from);
	ck_assert_uint_eq(o.len, len);
	for (i = 0; i < o.nbody; i++)
		for (sum += o.body[i].len, k = 0; k < o.body[i].len; k++)
			wrong += ((const uint8_t *)o.body[i].p)[k] !=
			    byte(at++);
	ck_assert_uint_eq(sum, len);
	ck_assert_uint_eq(wrong, 0);
}

static void
wants(uint32_t from, size_t len)
{
	wants_of(MSS, from, len);
}

static void
wants_none_of(size_t most)
{
	int rc;

	IN_MODULE(rc, tcp_snd_next(&s, &o, most, now));
	ck_assert_int_eq(rc, 0);
	holds();
}

static void
wants_nothing(void)
{
	wants_none_of(MSS);
}

/* On to the deadline, which is @in ms from now. */
static int
due_in(int64_t in)
{
	int rc;

	ck_assert_int_ne(s.deadline, LOOP_NEVER);
	ck_assert_int_eq(s.deadline - now, in);
	now = s.deadline;
	IN_MODULE(rc, tcp_snd_timer(&s, now));
	holds();
	return rc;
}

static void
wants_probe_of_window(void)
{
	wants_of(MSS, s.una - 1 - seq(0), 0);
	ck_assert_int_eq(o.fin, 0);
}

/* All its probes for the tail go unanswered. */
static void
exhaust_probes(uint32_t from, size_t len)
{
	static const int64_t wait[] = { 50, 6, 12, 24, 48 };
	size_t i;

	for (i = 0; i < NELEM(wait); i++) {
		ck_assert_int_eq(due_in(wait[i]), 0);
		wants(from, len);
		wants_nothing();
	}
}

/* --- the queue and its segments --- */

START_TEST(tcp_snd_next_cuts_at_the_mss_and_pushes_the_last)
{
	start();
	put(2500);
	wants(0, 1000);
	ck_assert_int_eq(o.push, 0);
	wants(1000, 1000);
	wants(2000, 500);
	ck_assert_int_eq(o.push, 1);
	wants_nothing();
	ck_assert_int_eq(ack(2500, WND), TCP_ACK_NEW);
	ck_assert_int_eq(s.deadline, LOOP_NEVER);
	ck_assert_uint_eq(tcp_snd_queued(&s), 0);
}
END_TEST

START_TEST(tcp_snd_next_makes_one_segment_of_much_where_the_device_cuts)
{
	start();
	put(8500);
	wants_of(4500, 0, 4000);
	wants_of(65000, 4000, 4500);
	ck_assert_int_eq(o.push, 1);
	ck_assert_uint_eq(s.tx.n, 1);
}
END_TEST

START_TEST(tcp_snd_next_across_the_end_of_the_ring_gives_two_slices)
{
	start_as(600000, 1);
	s.cc.cwnd = TCP_CWND_MAX;
	put(TCP_SND_QUEUE_MAX);
	ck_assert_uint_eq(tcp_snd_room(&s), 0);
	ck_assert_uint_eq(tcp_snd_put(&s, "x", 1, now), 0);
	while (tcp_snd_next(&s, &o, 64000, now))
		;
	ack(200000, 600000);
	put(200000);			/* else it would become a smaller one */
	wants(512000, 1000);
	ck_assert_uint_eq(o.nbody, 1);
	while (tcp_snd_next(&s, &o, 64000, now))
		;
	ack(TCP_SND_QUEUE_MAX - 500, 600000);
	now += 300;
	(void)tcp_snd_timer(&s, now);
	wants_of(64000, TCP_SND_QUEUE_MAX - 500, 1000);
	ck_assert_uint_eq(o.nbody, 2);
}
END_TEST

START_TEST(tcp_snd_next_before_any_ack_sends_nothing)
{
	start();
	tcp_snd_free(&s);
	tcp_snd_init(&s, ISS, MSS, 1, 1);
	put(100);
	wants_nothing();
	ck_assert_int_eq(s.deadline, LOOP_NEVER);
	ack(0, WND);
	wants(0, 100);
}
END_TEST

static const struct {
	uint16_t	mss, want;
} mss_cases[] = {
	{ 0, 524 }, { 1, 524 }, { 88, 524 }, { 523, 524 }, { 524, 524 },
	{ 535, 535 }, { 1460, 1460 }, { 65535, 65535 },
};

START_TEST(tcp_snd_init_takes_no_mss_below_the_smallest)
{
	start();
	tcp_snd_free(&s);
	tcp_snd_init(&s, ISS, mss_cases[_i].mss, 1, 1);
	ck_assert_uint_eq(s.mss, mss_cases[_i].want);
	holds();
}
END_TEST

START_TEST(tcp_snd_set_mss_sends_what_was_too_large_again)
{
	start();
	put(3000);
	wants_of(64000, 0, 3000);
	tcp_snd_set_mss(&s, 2000, now);
	wants_nothing();
	tcp_snd_set_mss(&s, 600, now);
	holds();
	ck_assert_int_eq(tcp_snd_next(&s, &o, 600, now), 1);
	ck_assert_uint_eq(o.seq, seq(0));
	ck_assert_uint_eq(o.len, 600);
	tcp_snd_set_mss(&s, 1, now);
	ck_assert_uint_eq(s.mss, TCP_SND_MSS_MIN);
	ck_assert_uint_ge(s.cc.cwnd, 10 * MSS);	/* that was no congestion */
}
END_TEST

START_TEST(tcp_snd_since_tells_how_old_the_rest_is)
{
	start();
	ck_assert_int_eq(tcp_snd_since(&s), LOOP_NEVER);
	put(1000);
	wants(0, 1000);
	ck_assert_int_eq(tcp_snd_since(&s), 1000);
	now += 100;
	ack(500, WND);
	ck_assert_int_eq(tcp_snd_since(&s), 1050);
	ack(1000, WND);
	ck_assert_int_eq(tcp_snd_since(&s), LOOP_NEVER);
}
END_TEST

START_TEST(tcp_snd_congestion_window_bounds_what_is_under_way)
{
	start();
	put(20000);
	wants_of(64000, 0, 10000);
	wants_nothing();
	ck_assert_int_eq(s.cc.full, 1);
	ack(2000, WND);
	wants_of(64000, 10000, 4000);	/* slow start */
	wants_nothing();
}
END_TEST

/* --- crumbs behind much --- */

/* @n bytes are under way, in segments that a device cuts. */
static uint32_t
under_way(uint32_t n)
{
	start_as(1 << 20, 1);
	s.cc.cwnd = 1 << 20;
	put(n);
	while (tcp_snd_next(&s, &o, 64000, now))
		holds();
	ck_assert_uint_eq(s.max, seq(n));
	return n;
}

START_TEST(tcp_snd_crumb_behind_much_waits_for_an_ack)
{
	uint32_t n;

	start();
	n = under_way(TCP_SND_BULK);
	put(64000 + 500);
	wants_of(64000, n, 64000);
	wants_none_of(64000);
	ck_assert_int_eq(s.cc.full, 0);
	ack(63000, 1 << 20);		/* as much is under way still */
	wants_none_of(64000);
	ack(65000, 1 << 20);
	wants_of(64000, n + 64000, 500);
	ck_assert_int_eq(o.push, 1);
}
END_TEST

START_TEST(tcp_snd_crumb_behind_much_goes_with_what_comes)
{
	uint32_t n;

	start();
	n = under_way(TCP_SND_BULK);
	put(500);
	wants_none_of(64000);
	put(64000);
	wants_of(64000, n, 64000);
	wants_none_of(64000);
}
END_TEST

START_TEST(tcp_snd_crumb_behind_much_goes_where_no_device_cuts)
{
	uint32_t n;

	start();
	n = under_way(TCP_SND_BULK);
	put(2500);
	wants(n, 1000);
	wants(n + 1000, 1000);
	wants_nothing();
	put(500);
	wants(n + 2000, 1000);
}
END_TEST

START_TEST(tcp_snd_last_crumb_behind_much_goes_at_once)
{
	uint32_t n;

	start();
	n = under_way(TCP_SND_BULK);
	put(500);
	tcp_snd_fin(&s);
	wants_of(64000, n, 500);
	ck_assert_int_eq(o.fin, 1);
}
END_TEST

START_TEST(tcp_snd_crumb_behind_much_goes_with_a_probe)
{
	uint32_t n;

	start();
	n = under_way(TCP_SND_BULK);
	put(500);
	wants_none_of(64000);
	ck_assert_int_eq(due_in(3), 0);
	wants_of(64000, n, 500);
}
END_TEST

START_TEST(tcp_snd_crumb_behind_less_goes_at_once)
{
	uint32_t n;

	start();
	n = under_way(TCP_SND_BULK - 1000);
	put(500);
	wants_of(64000, n, 500);
}
END_TEST

/* --- the client's window --- */

START_TEST(tcp_snd_ack_of_old_segments_does_not_move_the_window)
{
	struct tcp_ack a = { .ack = seq(0), .wnd = 5000, .seq = 10 };

	start();
	ck_assert_int_eq(ack_of(&a), TCP_ACK_WINDOW);
	a.seq = 9;
	a.wnd = 7;
	ck_assert_int_eq(ack_of(&a), 0);	/* WL1 */
	ck_assert_uint_eq(s.wnd, 5000);
	put(2000);
	wants(0, 1000);
	wants(1000, 1000);
	a.seq = 10;
	a.ack = seq(1000);
	ck_assert_int_eq(ack_of(&a), TCP_ACK_NEW | TCP_ACK_WINDOW);
	ck_assert_uint_eq(s.wnd, 7);
	ck_assert_uint_eq(s.max_wnd, WND);
}
END_TEST

START_TEST(tcp_snd_ack_beyond_what_was_sent_means_nothing)
{
	start();
	put(1000);
	wants(0, 1000);
	ck_assert_int_eq(ack(1001, 9), 0);
	ck_assert_int_eq(ack(UINT32_MAX, 9), 0);
	ck_assert_uint_eq(s.una, seq(0));
	ck_assert_uint_eq(s.wnd, WND);
}
END_TEST

START_TEST(tcp_snd_next_sends_no_crumbs_into_a_small_window)
{
	start();
	put(5000);
	wants(0, 1000);
	ack(0, 1900);
	wants_nothing();	/* 900 bytes would fit */
	ack(1000, 900);
	wants_nothing();
	ack(1000, 1000);
	wants(1000, 1000);
}
END_TEST

START_TEST(tcp_snd_next_sends_half_of_the_largest_window)
{
	start_as(700, 1);
	put(5000);
	wants(0, 700);
	ack(700, 349);
	wants_nothing();
	ack(700, 350);
	wants(700, 350);
}
END_TEST

START_TEST(tcp_snd_crumbs_go_when_nothing_else_happens)
{
	start();
	put(5000);
	ack(0, 900);
	wants_nothing();
	ck_assert_int_eq(due_in(200), 0);
	wants(0, 900);
	wants_nothing();
	ack(900, WND);
	wants(900, 1000);
}
END_TEST

START_TEST(tcp_snd_closed_window_is_probed_ever_more_slowly)
{
	static const int64_t wait[] = { 200, 400, 800, 1600, 3200, 6400, 12800,
	    25600, 51200, 60000, 60000, 60000 };
	size_t i;

	start();
	put(3000);
	wants(0, 1000);
	ack(1000, 0);
	for (i = 0; i < NELEM(wait); i++) {
		wants_nothing();
		ck_assert_int_eq(due_in(wait[i]), 0);
		wants_probe_of_window();
		ack(1000, 0);		/* so it lives on */
	}
	ack(1000, WND);
	wants(1000, 1000);
	ck_assert_int_le(s.deadline - now, 200);
}
END_TEST

START_TEST(tcp_snd_closed_window_without_an_answer_is_the_end)
{
	int64_t begin;
	int rc;

	start();
	put(3000);
	wants(0, 1000);
	ack(1000, 0);
	begin = now;
	do {
		wants_nothing();
		now = s.deadline;
		rc = tcp_snd_timer(&s, now);
		if (rc == 0)
			wants_probe_of_window();
	} while (rc == 0);
	ck_assert_int_eq(rc, -ETIMEDOUT);
	ck_assert_int_eq(now - begin, TCP_GIVE_UP_MS);
}
END_TEST

START_TEST(tcp_snd_closed_window_after_a_long_rest_is_not_the_end)
{
	start();
	ack(0, 0);
	now += 10 * TCP_GIVE_UP_MS;
	put(1000);
	ck_assert_int_eq(due_in(200), 0);
	wants_probe_of_window();
}
END_TEST

START_TEST(tcp_snd_window_taken_back_holds_the_rest_until_it_opens)
{
	start();
	put(4000);
	wants_of(64000, 0, 4000);
	ack(1000, 500);			/* it had offered 60000 */
	ck_assert_uint_eq(s.nxt, seq(1500));
	ck_assert_uint_eq(s.max, seq(4000));
	now += 300;
	ck_assert_int_eq(tcp_snd_timer(&s, now), 0);
	wants_of(64000, 1000, 500);	/* as far as it lets us */
	wants_nothing();
	ack(1500, 0);
	wants_nothing();
	ck_assert(s.stuck);
	now = s.deadline;
	ck_assert_int_eq(tcp_snd_timer(&s, now), 0);
	wants_probe_of_window();
	ack(1500, WND);
	wants_of(64000, 1500, 1000);	/* cwnd after the timeout */
	ack(2500, WND);
	wants_of(64000, 2500, 1000);
	wants_of(64000, 3500, 500);
	ack(4000, WND);
	ck_assert_int_eq(s.deadline, LOOP_NEVER);
}
END_TEST

/* --- FIN --- */

START_TEST(tcp_snd_fin_goes_with_the_last_bytes)
{
	start();
	put(1500);
	tcp_snd_fin(&s);
	ck_assert_uint_eq(tcp_snd_room(&s), 0);
	ck_assert_uint_eq(tcp_snd_put(&s, "x", 1, now), 0);
	wants(0, 1000);
	ck_assert_int_eq(o.fin, 0);
	wants(1000, 500);
	ck_assert_int_eq(o.fin, 1);
	ck_assert_int_eq(ack(1500, WND), TCP_ACK_NEW);
	ck_assert(!tcp_snd_fin_acked(&s));
	ck_assert_int_ne(s.deadline, LOOP_NEVER);
	ck_assert_int_eq(ack(1501, WND), TCP_ACK_NEW | TCP_ACK_FIN);
	ck_assert(tcp_snd_fin_acked(&s));
	ck_assert_int_eq(s.deadline, LOOP_NEVER);
	wants_nothing();
}
END_TEST

START_TEST(tcp_snd_fin_alone_is_sent_again_until_acknowledged)
{
	start();
	tcp_snd_fin(&s);
	wants(0, 0);
	ck_assert_int_eq(o.fin, 1);
	wants_nothing();
	exhaust_probes(0, 0);
	ck_assert_int_eq(due_in(200), 0);
	wants(0, 0);
	ck_assert_int_eq(o.fin, 1);
	ck_assert_int_eq(ack(1, WND), TCP_ACK_NEW | TCP_ACK_FIN);
	ck_assert_int_eq(s.deadline, LOOP_NEVER);
}
END_TEST

START_TEST(tcp_snd_fin_waits_for_a_closed_window)
{
	start_as(1000, 1);
	put(1000);
	tcp_snd_fin(&s);
	wants(0, 1000);
	ck_assert_int_eq(o.fin, 0);
	wants_nothing();
	ack(1000, 0);
	wants_nothing();
	ck_assert_int_eq(due_in(200), 0);
	wants_probe_of_window();
	ack(1000, 1);
	wants(1000, 0);
	ck_assert_int_eq(o.fin, 1);
}
END_TEST

/* --- the timeout --- */

START_TEST(tcp_snd_timer_without_any_answer_backs_off_and_gives_up)
{
	static const int64_t wait[] = { 1000, 2000, 4000, 8000, 16000, 32000 };
	size_t i;

	start();
	tcp_snd_free(&s);
	tcp_snd_init(&s, ISS, MSS, 1, 1);	/* no round trip known */
	ack(0, WND);
	put(100);
	wants(0, 100);
	for (i = 0; i < NELEM(wait); i++) {
		wants_nothing();
		ck_assert_int_eq(due_in(wait[i]), 0);
		wants(0, 100);
	}
	ck_assert_int_eq(due_in(37000), -ETIMEDOUT);
}
END_TEST

START_TEST(tcp_snd_probes_come_before_the_timeout)
{
	start();
	put(3000);
	wants(0, 1000);
	wants(1000, 1000);
	wants(2000, 1000);
	ck_assert_int_eq(due_in(3), 0);
	wants(2000, 1000);		/* the tail */
	ck_assert_int_eq(due_in(6), 0);
	wants(2000, 1000);
	put(1000);
	ck_assert_int_eq(due_in(12), 0);
	wants(3000, 1000);		/* new bytes are as good */
	ck_assert_int_eq(s.cc.state, TCP_CWND_OPEN);
	ack(4000, WND);
	ck_assert_int_eq(s.deadline, LOOP_NEVER);
}
END_TEST

START_TEST(tcp_snd_probe_of_new_bytes_goes_beyond_the_congestion_window)
{
	start();
	put(20000);
	while (tcp_snd_next(&s, &o, MSS, now))
		;
	ck_assert_uint_eq(s.max, seq(10000));
	ck_assert_int_eq(due_in(3), 0);
	wants(10000, 1000);
	wants_nothing();
}
END_TEST

START_TEST(tcp_snd_timeout_begins_anew_with_one_segment)
{
	start();
	put(3000);
	wants_of(64000, 0, 3000);
	now += 250;
	ck_assert_int_eq(tcp_snd_timer(&s, now), 0);
	ck_assert_int_eq(s.cc.state, TCP_CWND_LOSS);
	wants_of(64000, 0, 1000);
	wants_nothing();
	ck_assert_int_eq(s.undo, 1);
	echo(1000, now);
	wants_of(64000, 1000, 1000);	/* slow start */
	wants_of(64000, 2000, 1000);
	echo(3000, now);
	ck_assert_int_eq(s.cc.state, TCP_CWND_OPEN);
}
END_TEST

START_TEST(tcp_snd_flight_after_a_loss_is_four_super_segments)
{
	start();
	put(100000);
	wants_of(64000, 0, 10000);	/* the first: as large as may be */
	now += 300;
	ck_assert_int_eq(tcp_snd_timer(&s, now), 0);
	wants_of(64000, 0, 1000);
	s.cc.cwnd = 41000;
	wants_of(64000, 1000, 9000);	/* again, as one: it is less */
	wants_of(64000, 10000, 10000);
	wants_of(64000, 20000, 10000);
	wants_of(64000, 30000, 10000);
	wants_of(64000, 40000, 1000);
	wants_nothing();
}
END_TEST

START_TEST(tcp_snd_timeout_counts_from_when_the_head_went_again)
{
	start();
	put(8000);
	wants_of(64000, 0, 8000);
	now += 2;
	sack(0, 1000, 8000);
	wants_of(64000, 0, 1000);
	ck_assert_int_eq(s.rto_at, now + 200);
}
END_TEST

START_TEST(tcp_snd_progress_without_timestamps_ends_a_long_backoff)
{
	int i;

	start();
	put(3000);
	wants_of(64000, 0, 3000);
	for (i = 0; i < 4; i++) {
		now = s.rto_at;
		ck_assert_int_eq(tcp_snd_timer(&s, now), 0);
		wants_of(64000, 0, 1000);
	}
	ck_assert_int_eq(s.rto_at - now, 3200);
	ack(1000, WND);
	ck_assert_int_eq(s.rto_at - now, 400);
}
END_TEST

START_TEST(tcp_snd_timeout_for_nothing_is_undone)
{
	uint32_t cwnd;
	int64_t sent;

	start();
	put(3000);
	wants_of(64000, 0, 3000);
	sent = now;
	cwnd = s.cc.cwnd;
	now += 250;
	ck_assert_int_eq(tcp_snd_timer(&s, now), 0);
	wants_of(64000, 0, 1000);
	now += 1;
	echo(1000, sent);		/* the first one was only late */
	ck_assert_int_eq(s.cc.state, TCP_CWND_OPEN);
	ck_assert_uint_ge(s.cc.cwnd, cwnd);
	ck_assert_uint_eq(s.tx.lost, 0);
	wants_nothing();
}
END_TEST

START_TEST(tcp_snd_timestamps_give_a_round_trip_where_karn_has_none)
{
	start();
	s.rtt = (struct tcp_rtt){ 0 };
	put(100);
	wants(0, 100);
	ck_assert_int_eq(due_in(1000), 0);
	wants(0, 100);
	now += 30;
	echo(100, now - 30);
	ck_assert_uint_eq(tcp_rtt_ms(&s.rtt), 30);
	put(100);
	wants(100, 100);
	now += 70;
	echo(200, now + 5);		/* nonsense, and not needed */
	ck_assert_uint_eq(tcp_rtt_ms(&s.rtt), 35);
}
END_TEST

/* The ACK of the first is lost; that of a probe, later, tells of both. */
START_TEST(tcp_snd_round_trip_is_none_of_the_waits_for_a_probe)
{
	start();
	put(3000);
	wants_of(1000, 0, 1000);
	now += 40;
	wants_of(1000, 1000, 1000);
	now += 2;
	ack(2000, WND);
	ck_assert_uint_eq(s.rtt.srtt, 2 * 256 / 8);
	/* Once more; where the second went twice, its echo tells. */
	wants_of(1000, 2000, 1000);
	s.rtt = (struct tcp_rtt){ 0 };
	put(1000);
	wants_of(1000, 3000, 1000);
	ck_assert_int_eq(due_in(200), 0);
	wants_of(1000, 2000, 1000);
	now += 3;
	echo(4000, now - 3);
	ck_assert_uint_eq(tcp_rtt_ms(&s.rtt), 3);
}
END_TEST

START_TEST(tcp_snd_echoes_that_make_no_sense_are_no_samples)
{
	start();
	s.rtt = (struct tcp_rtt){ 0 };
	put(100);
	wants(0, 100);
	ck_assert_int_eq(due_in(1000), 0);
	wants(0, 100);
	echo(100, now - 70000);
	ck_assert(!s.rtt.known);
}
END_TEST

/* --- SACK and RACK --- */

/* RFC 8985 3.4: four are sent, three are lost; the probe tells, and then one
 * of what is sent again is lost as well. */
START_TEST(tcp_snd_recovers_as_in_the_example_of_rfc_8985)
{
	start();
	s.rtt = (struct tcp_rtt){ 0 };
	put(4000);
	wants_of(64000, 0, 4000);
	now += 10;
	ack(1000, WND);			/* a round trip of 10 ms */
	ck_assert_int_eq(due_in(23), 0);
	wants(3000, 1000);		/* 3b. the probe */
	wants_nothing();
	now += 10;
	sack(1000, 3000, 4000);		/* 5. */
	wants(1000, 1000);
	wants(2000, 1000);
	wants_nothing();
	now += 10;
	sack(1000, 2000, 4000);		/* 7. sent again, and lost again */
	wants(1000, 1000);
	wants_nothing();
	now += 10;
	ack(4000, WND);			/* 8. */
	ck_assert_int_eq(s.cc.state, TCP_CWND_OPEN);
	ck_assert_int_eq(s.deadline, LOOP_NEVER);
}
END_TEST

START_TEST(tcp_snd_hole_below_three_segments_is_lost_at_once)
{
	start();
	put(8000);
	wants_of(64000, 0, 8000);
	sack(0, 1000, 2000);
	wants_nothing();
	sack(0, 1000, 3000);
	wants_nothing();
	sack(0, 1000, 4000);
	wants_of(64000, 0, 1000);
	ck_assert_int_eq(s.cc.state, TCP_CWND_RECOVERY);
	ck_assert_uint_eq(s.cc.ssthresh, 4000);
	wants_nothing();
	sack(0, 1000, 8000);		/* not lost again, for all that */
	wants_nothing();
}
END_TEST

START_TEST(tcp_snd_hole_below_one_segment_is_lost_a_margin_later)
{
	start();
	put(2000);
	wants_of(64000, 0, 2000);
	sack(0, 1000, 2000);
	wants_nothing();
	ck_assert_int_eq(due_in(1), 0);
	wants(0, 1000);
}
END_TEST

START_TEST(tcp_snd_part_of_a_super_segment_goes_again_alone)
{
	start();
	put(10000);
	wants_of(64000, 0, 10000);
	sack(3000, 4000, 10000);
	wants_of(64000, 3000, 1000);
	wants_nothing();
	ack(10000, WND);
	ck_assert_int_eq(s.deadline, LOOP_NEVER);
}
END_TEST

START_TEST(tcp_snd_probe_that_repaired_a_loss_halves_the_window)
{
	start();
	put(3000);
	wants_of(64000, 0, 3000);
	ck_assert_int_eq(due_in(3), 0);
	wants(2000, 1000);
	ack(3000, WND);
	ck_assert_uint_eq(s.cc.cwnd, 10000);	/* not known yet */
	put(1000);
	wants(3000, 1000);
	ack(4000, WND);
	ck_assert_uint_eq(s.cc.cwnd, 5000);
}
END_TEST

START_TEST(tcp_snd_probe_for_nothing_costs_nothing)
{
	start();
	put(3000);
	wants_of(64000, 0, 3000);
	ck_assert_int_eq(due_in(3), 0);
	wants(2000, 1000);
	ack(3000, WND);
	sack(3000, 2000, 3000);		/* D-SACK: it had it */
	put(1000);
	wants(3000, 1000);
	ack(4000, WND);
	ck_assert_uint_eq(s.cc.cwnd, 10000);
	ck_assert_uint_eq(s.rack.mult, 2);
}
END_TEST

START_TEST(tcp_snd_head_is_probed_while_more_is_missing)
{
	start();
	put(8000);
	wants_of(64000, 0, 8000);
	sack(0, 1000, 8000);
	wants_of(64000, 0, 1000);
	wants_nothing();
	ck_assert_int_eq(s.cc.state, TCP_CWND_RECOVERY);
	ck_assert_int_eq(due_in(50), 0);
	wants(0, 1000);			/* long before 200 ms */
	wants_nothing();
}
END_TEST

START_TEST(tcp_snd_sack_taken_back_is_forgotten_after_the_timeout)
{
	start();
	put(3000);
	wants_of(64000, 0, 3000);
	sack(0, 0, 3000);		/* all, but it acknowledges nothing */
	wants_nothing();
	ck_assert_uint_eq(s.tx.sacked, 3000);
	ck_assert_int_eq(due_in(200), 0);
	ck_assert_uint_eq(s.tx.sacked, 0);
	wants_of(64000, 0, 1000);
	wants_nothing();
	echo(1000, now);
	wants_of(64000, 1000, 1000);
	wants_of(64000, 2000, 1000);
}
END_TEST

START_TEST(tcp_snd_sack_taken_back_beyond_a_hole_is_forgotten_in_the_end)
{
	start();
	put(3000);
	wants_of(64000, 0, 3000);
	sack(0, 1000, 3000);
	now += 200;
	ck_assert_int_eq(tcp_snd_timer(&s, now), 0);
	while (tcp_snd_next(&s, &o, MSS, now))
		ck_assert_uint_eq(o.seq, seq(0));
	now += 1000;
	ck_assert_int_eq(tcp_snd_timer(&s, now), 0);
	now += 1000;
	ck_assert_int_eq(tcp_snd_timer(&s, now), 0);
	ck_assert_uint_eq(s.tx.sacked, 0);
	wants(0, 1000);
}
END_TEST

START_TEST(tcp_snd_sack_that_was_forgotten_is_heard_when_it_is_said_again)
{
	start();
	put(3000);
	wants_of(64000, 0, 3000);
	sack(0, 0, 3000);
	ck_assert_int_eq(due_in(200), 0);
	ck_assert_uint_eq(s.tx.sacked, 0);
	sack(0, 0, 3000);
	ck_assert_uint_eq(s.tx.sacked, 3000);
}
END_TEST

static const struct {
	const char	*name;
	uint32_t	 from, to;	/* una 1000, max 5000 */
} bogus[] = {
	{ "empty", 2000, 2000 }, { "reversed", 3000, 2000 },
	{ "beyond", 4000, 5001 }, { "far beyond", 6000, 9000 },
	{ "below", 0, 500 }, { "up to una", 0, 1000 },
	{ "across una", 500, 2000 }, { "all there is", 1001, 1000 },
	{ "half the space", 2000, 2000 + 0x80000001u },
	{ "half the space back", 0x80000000u, 2000 },
};

START_TEST(tcp_snd_ack_ignores_blocks_that_make_no_sense)
{
	start();
	put(5000);
	wants_of(64000, 0, 5000);
	ack(1000, WND);
	sack(1000, bogus[_i].from, bogus[_i].to);
	ck_assert_msg(s.tx.sacked == 0 && s.tx.n == 1, "%s", bogus[_i].name);
}
END_TEST

START_TEST(tcp_snd_ack_takes_blocks_that_overlap_once)
{
	struct tcp_ack a = { .ack = seq(0), .wnd = WND, .seq = 1, .nsack = 77,
	    .sack = { { seq(1000), seq(3000) }, { seq(2000), seq(4000) },
	    { seq(1000), seq(4000) }, { seq(3999), seq(4001) } } };

	start();
	put(5000);
	wants_of(64000, 0, 5000);
	ack_of(&a);
	ck_assert_uint_eq(s.tx.sacked, 3001);
	ck_assert_uint_eq(s.tx.n, 3);
}
END_TEST

/* CVE-2019-11477, 11478: crumbs of SACK, as many as it likes. */
START_TEST(tcp_snd_ack_of_every_other_byte_has_a_ceiling)
{
	uint32_t i;

	start();
	put(10000);
	wants_of(64000, 0, 10000);
	for (i = 0; i < 5000; i++) {
		struct tcp_ack a = { .ack = seq(0), .wnd = WND, .seq = 1,
		    .nsack = 1, .sack = { { seq(2 * i), seq(2 * i + 1) } } };

		tcp_snd_ack(&s, &a, now);
	}
	holds();
	ck_assert_uint_le(s.tx.n, TCP_TX_MAX);
	while (tcp_snd_next(&s, &o, 64000, now))
		;
	holds();
	for (i = 0; i < 20 && tcp_snd_timer(&s, now = s.deadline) == 0; i++)
		while (tcp_snd_next(&s, &o, 64000, now))
			;
	holds();
	ack(10000, WND);
	ck_assert_int_eq(s.deadline, LOOP_NEVER);
}
END_TEST

/* --- without SACK --- */

START_TEST(tcp_snd_without_sack_goes_by_three_duplicates)
{
	start_as(WND, 0);
	put(8000);
	wants_of(64000, 0, 8000);
	ack(0, WND);
	ack(0, WND);
	wants_nothing();
	ack(0, WND);
	wants_of(64000, 0, 1000);
	ck_assert_int_eq(s.cc.state, TCP_CWND_RECOVERY);
	wants_nothing();
	ack(3000, WND);			/* partial: the next is lost too */
	wants_of(64000, 3000, 1000);
	ack(8000, WND);
	ck_assert_int_eq(s.cc.state, TCP_CWND_OPEN);
	ck_assert_uint_eq(s.cc.cwnd, 4000);
}
END_TEST

START_TEST(tcp_snd_without_sack_counts_only_true_duplicates)
{
	struct tcp_ack a = { .ack = seq(0), .wnd = WND, .seq = 1, .len = 5 };
	int i;

	start_as(WND, 0);
	put(8000);
	wants_of(64000, 0, 8000);
	for (i = 0; i < 5; i++)
		ack_of(&a);		/* they carry something */
	for (i = 0; i < 5; i++)
		ack(0, WND - 1 - (uint32_t)i);	/* another window */
	ck_assert_int_eq(s.cc.state, TCP_CWND_OPEN);
	wants_nothing();
}
END_TEST

START_TEST(tcp_snd_without_sack_a_flood_of_duplicates_has_a_ceiling)
{
	int i;

	start_as(WND, 0);
	put(20000);
	while (tcp_snd_next(&s, &o, 64000, now))
		;
	for (i = 0; i < 1000; i++) {
		tcp_snd_ack(&s, &(struct tcp_ack){ .ack = s.una, .wnd = WND,
		    .seq = 1 }, now);
		while (tcp_snd_next(&s, &o, 64000, now))
			;
	}
	holds();
	ck_assert_uint_le(s.cc.cwnd, 20000);
}
END_TEST

/* --- the rest --- */

START_TEST(tcp_snd_sequence_numbers_wrap)
{
	struct tcp_ack a = { .wnd = WND, .seq = UINT32_MAX };
	uint32_t sum = 0;

	start();
	tcp_snd_free(&s);
	tcp_snd_init(&s, UINT32_MAX - 1500, MSS, 1, 1);
	tcp_rtt_sample(&s.rtt, 0);
	a.ack = s.una;
	ack_of(&a);
	put(4000);
	while (tcp_snd_next(&s, &o, MSS, now))
		sum += (uint32_t)o.len;
	ck_assert_uint_eq(sum, 4000);
	ck_assert_uint_lt(s.max, s.una);
	a.seq = 3;			/* after UINT32_MAX, too */
	a.nsack = 1;
	a.sack[0].from = s.una + 1000;
	a.sack[0].to = s.una + 4000;
	a.wnd = WND - 1;
	ck_assert_int_eq(ack_of(&a), TCP_ACK_WINDOW);
	ck_assert_int_eq(tcp_snd_next(&s, &o, MSS, now), 1);
	ck_assert_uint_eq(o.seq, UINT32_MAX - 1499);
	a.ack = s.max;
	a.nsack = 0;
	ck_assert_int_eq(ack_of(&a), TCP_ACK_NEW);
	ck_assert_uint_eq(tcp_snd_queued(&s), 0);
}
END_TEST

START_TEST(tcp_snd_without_memory_for_the_queue_asks_to_come_again)
{
	size_t n;

	start();
	no_memory = 1;
	IN_MODULE(n, tcp_snd_put(&s, "abc", 3, now));
	ck_assert_uint_eq(n, 0);
	holds();
	ck_assert_int_eq(due_in(100), 0);
	ck_assert_int_eq(s.deadline, LOOP_NEVER);
	no_memory = 0;
	put(3);
	wants(0, 3);
}
END_TEST

START_TEST(tcp_snd_without_memory_for_a_record_sends_later)
{
	start();
	put(1000);
	no_memory = 1;
	wants_nothing();
	ck_assert_int_eq(due_in(100), 0);
	wants_nothing();
	no_memory = 0;
	ck_assert_int_eq(due_in(100), 0);
	wants(0, 1000);
	ack(1000, WND);
	ck_assert_int_eq(s.deadline, LOOP_NEVER);
}
END_TEST

START_TEST(tcp_snd_without_memory_to_split_still_recovers)
{
	uint32_t i;
	int rc, more;

	start();
	put(9000);
	for (i = 0; i < 8; i++, now++)
		wants(i * 1000, 1000);	/* as many records as there is place */
	no_memory = 1;
	sack(0, 1500, 2500);
	sack(0, 3500, 3600);
	now += 10;
	IN_MODULE(rc, tcp_snd_timer(&s, now));
	while (rc == 0) {
		IN_MODULE(more, tcp_snd_next(&s, &o, 64000, now));
		holds();
		if (!more)
			break;
	}
	now += 300;
	IN_MODULE(rc, tcp_snd_timer(&s, now));
	ck_assert_int_eq(rc, 0);
	wants(0, 1000);
	echo(1000, now);
	no_memory = 0;
	wants(1000, 1000);
	ack(8000, WND);
	wants(8000, 1000);
	ack(9000, WND);
	ck_assert_int_eq(s.deadline, LOOP_NEVER);
}
END_TEST

START_TEST(tcp_snd_idle_holds_nothing)
{
	start();
	put(5000);
	wants_of(64000, 0, 5000);
	ack(5000, WND);
	ck_assert_ptr_null(s.q.base);
	ck_assert_ptr_null(s.tx.v);
	ck_assert_int_eq(s.deadline, LOOP_NEVER);
	ck_assert_int_eq(tcp_snd_timer(&s, now + 1000000), 0);
	wants_nothing();
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(tcp_snd_next_cuts_at_the_mss_and_pushes_the_last),
	UNIT(tcp_snd_next_makes_one_segment_of_much_where_the_device_cuts),
	UNIT(tcp_snd_next_across_the_end_of_the_ring_gives_two_slices),
	UNIT(tcp_snd_next_before_any_ack_sends_nothing),
	UNIT_LOOP(tcp_snd_init_takes_no_mss_below_the_smallest, NELEM(mss_cases)),
	UNIT(tcp_snd_set_mss_sends_what_was_too_large_again),
	UNIT(tcp_snd_since_tells_how_old_the_rest_is),
	UNIT(tcp_snd_congestion_window_bounds_what_is_under_way),
	UNIT(tcp_snd_crumb_behind_much_waits_for_an_ack),
	UNIT(tcp_snd_crumb_behind_much_goes_with_what_comes),
	UNIT(tcp_snd_crumb_behind_much_goes_where_no_device_cuts),
	UNIT(tcp_snd_last_crumb_behind_much_goes_at_once),
	UNIT(tcp_snd_crumb_behind_much_goes_with_a_probe),
	UNIT(tcp_snd_crumb_behind_less_goes_at_once),
	UNIT(tcp_snd_ack_of_old_segments_does_not_move_the_window),
	UNIT(tcp_snd_ack_beyond_what_was_sent_means_nothing),
	UNIT(tcp_snd_next_sends_no_crumbs_into_a_small_window),
	UNIT(tcp_snd_next_sends_half_of_the_largest_window),
	UNIT(tcp_snd_crumbs_go_when_nothing_else_happens),
	UNIT(tcp_snd_closed_window_is_probed_ever_more_slowly),
	UNIT(tcp_snd_closed_window_without_an_answer_is_the_end),
	UNIT(tcp_snd_closed_window_after_a_long_rest_is_not_the_end),
	UNIT(tcp_snd_window_taken_back_holds_the_rest_until_it_opens),
	UNIT(tcp_snd_fin_goes_with_the_last_bytes),
	UNIT(tcp_snd_fin_alone_is_sent_again_until_acknowledged),
	UNIT(tcp_snd_fin_waits_for_a_closed_window),
	UNIT(tcp_snd_timer_without_any_answer_backs_off_and_gives_up),
	UNIT(tcp_snd_probes_come_before_the_timeout),
	UNIT(tcp_snd_probe_of_new_bytes_goes_beyond_the_congestion_window),
	UNIT(tcp_snd_timeout_begins_anew_with_one_segment),
	UNIT(tcp_snd_progress_without_timestamps_ends_a_long_backoff),
	UNIT(tcp_snd_flight_after_a_loss_is_four_super_segments),
	UNIT(tcp_snd_timeout_counts_from_when_the_head_went_again),
	UNIT(tcp_snd_timeout_for_nothing_is_undone),
	UNIT(tcp_snd_timestamps_give_a_round_trip_where_karn_has_none),
	UNIT(tcp_snd_round_trip_is_none_of_the_waits_for_a_probe),
	UNIT(tcp_snd_echoes_that_make_no_sense_are_no_samples),
	UNIT(tcp_snd_recovers_as_in_the_example_of_rfc_8985),
	UNIT(tcp_snd_hole_below_three_segments_is_lost_at_once),
	UNIT(tcp_snd_hole_below_one_segment_is_lost_a_margin_later),
	UNIT(tcp_snd_part_of_a_super_segment_goes_again_alone),
	UNIT(tcp_snd_probe_that_repaired_a_loss_halves_the_window),
	UNIT(tcp_snd_probe_for_nothing_costs_nothing),
	UNIT(tcp_snd_head_is_probed_while_more_is_missing),
	UNIT(tcp_snd_sack_taken_back_is_forgotten_after_the_timeout),
	UNIT(tcp_snd_sack_taken_back_beyond_a_hole_is_forgotten_in_the_end),
	UNIT(tcp_snd_sack_that_was_forgotten_is_heard_when_it_is_said_again),
	UNIT_LOOP(tcp_snd_ack_ignores_blocks_that_make_no_sense,
	    NELEM(bogus)),
	UNIT(tcp_snd_ack_takes_blocks_that_overlap_once),
	UNIT(tcp_snd_ack_of_every_other_byte_has_a_ceiling),
	UNIT(tcp_snd_without_sack_goes_by_three_duplicates),
	UNIT(tcp_snd_without_sack_counts_only_true_duplicates),
	UNIT(tcp_snd_without_sack_a_flood_of_duplicates_has_a_ceiling),
	UNIT(tcp_snd_sequence_numbers_wrap),
	UNIT(tcp_snd_without_memory_for_the_queue_asks_to_come_again),
	UNIT(tcp_snd_without_memory_for_a_record_sends_later),
	UNIT(tcp_snd_without_memory_to_split_still_recovers),
	UNIT(tcp_snd_idle_holds_nothing),
};

UNIT_MAIN("tcp_snd", tests)

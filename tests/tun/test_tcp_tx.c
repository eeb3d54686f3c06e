/* tests/tun/test_tcp_tx.c - what is under way, and what became of it */
#include "tun/tcp_tx.h"

#include <check.h>
#include <errno.h>
#include <string.h>

#include "tests/unit.h"

static uint32_t told;			/* bytes that arrived, as told */
static struct tcp_txs t;

static void
on_arrived(void *arg, const struct tcp_tx *r)
{
	(void)arg;
	told += r->to - r->from;
}

static void
start(void)
{
	tcp_txs_free(&t);
	memset(&t, 0, sizeof(t));
	told = 0;
}

static void
add(uint32_t from, uint32_t to, int64_t now)
{
	ck_assert_int_eq(tcp_txs_add(&t, from, to, now), 0);
}

static void
sack(uint32_t from, uint32_t to)
{
	tcp_txs_sack(&t, from, to, on_arrived, NULL);
}

/* "from-to" of each record, with s, l, a for its marks. */
static const char *
show(void)
{
	static char out[4096];
	size_t n = 0;
	int i;

	out[0] = 0;
	for (i = 0; i < t.n; i++) {
		const struct tcp_tx *r = tcp_txs_at(&t, i);

		n += (size_t)snprintf(out + n, sizeof(out) - n, "%s%u-%u%s%s%s",
		    i ? " " : "", r->from, r->to, r->sacked ? "s" : "",
		    r->lost ? "l" : "", r->again ? "a" : "");
	}
	return out;
}

START_TEST(tcp_txs_add_in_one_millisecond_is_one_record)
{
	start();
	add(0, 10, 1);
	add(10, 20, 1);
	add(20, 30, 2);
	ck_assert_str_eq(show(), "0-20 20-30");
}
END_TEST

START_TEST(tcp_txs_add_after_something_went_again_is_another_record)
{
	start();
	add(0, 10, 1);
	add(10, 20, 1);
	tcp_txs_resend(&t, 0, 10, 1);
	add(20, 30, 1);
	ck_assert_str_eq(show(), "0-10a 10-20 20-30");
	ck_assert(tcp_tx_before(tcp_txs_at(&t, 1), tcp_txs_at(&t, 0)->order,
	    10));
	ck_assert(tcp_tx_before(tcp_txs_at(&t, 0), tcp_txs_at(&t, 2)->order,
	    30));
}
END_TEST

START_TEST(tcp_txs_ack_trims_and_gives_memory_back)
{
	start();
	add(0, 10, 1);
	add(10, 20, 2);
	tcp_txs_ack(&t, 15, on_arrived, NULL);
	ck_assert_str_eq(show(), "15-20");
	ck_assert_uint_eq(told, 15);
	tcp_txs_ack(&t, 20, on_arrived, NULL);
	ck_assert_uint_eq(told, 20);
	ck_assert_ptr_null(t.v);
}
END_TEST

START_TEST(tcp_txs_sack_splits_and_joins)
{
	start();
	add(0, 100, 1);
	sack(20, 30);
	ck_assert_str_eq(show(), "0-20 20-30s 30-100");
	sack(50, 60);
	sack(30, 50);
	ck_assert_str_eq(show(), "0-20 20-60s 60-100");
	sack(10, 70);
	ck_assert_str_eq(show(), "0-10 10-70s 70-100");
	sack(0, 100);
	ck_assert_str_eq(show(), "0-100s");
	ck_assert_uint_eq(told, 100);
	ck_assert_uint_eq(t.sacked, 100);
	tcp_txs_ack(&t, 100, on_arrived, NULL);
	ck_assert_uint_eq(told, 100);	/* each byte once */
}
END_TEST

START_TEST(tcp_txs_resend_of_a_piece_leaves_the_rest_lost)
{
	start();
	add(0, 100, 1);
	tcp_txs_lose_all(&t);
	tcp_txs_resend(&t, 0, 30, 5);
	ck_assert_str_eq(show(), "0-30a 30-100l");
	ck_assert_int_eq(tcp_txs_next_lost(&t), 1);
	tcp_txs_resend(&t, 1, 30, 5);
	ck_assert_str_eq(show(), "0-60a 60-100l");
	tcp_txs_resend(&t, 1, 40, 5);
	ck_assert_str_eq(show(), "0-100a");
	ck_assert_uint_eq(t.lost, 0);
	ck_assert_int_eq(tcp_txs_next_lost(&t), -1);
}
END_TEST

START_TEST(tcp_txs_lost_is_found_again_by_an_ack)
{
	start();
	add(0, 100, 1);
	sack(50, 60);
	tcp_txs_lose_all(&t);
	ck_assert_uint_eq(t.lost, 90);
	sack(80, 90);
	ck_assert_uint_eq(t.lost, 80);
	tcp_txs_ack(&t, 55, on_arrived, NULL);
	ck_assert_str_eq(show(), "55-60s 60-80l 80-90s 90-100l");
	ck_assert_uint_eq(t.lost, 30);
	ck_assert_uint_eq(t.sacked, 15);
	tcp_txs_unsack(&t);
	tcp_txs_lose_all(&t);
	ck_assert_uint_eq(t.lost, 45);
	tcp_txs_found_all(&t);
	ck_assert_uint_eq(t.lost, 0);
}
END_TEST

START_TEST(tcp_txs_tail_is_cut_to_a_segment)
{
	start();
	ck_assert_int_eq(tcp_txs_tail(&t, 10), -1);
	add(0, 100, 1);
	ck_assert_int_eq(tcp_txs_tail(&t, 10), 1);
	ck_assert_str_eq(show(), "0-90 90-100");
	ck_assert_int_eq(tcp_txs_tail(&t, 10), 1);
}
END_TEST

/* Every other byte acknowledged: new bytes are refused first, then blocks, and
 * what is sent again still goes. */
START_TEST(tcp_txs_full_of_holes_stays_within_its_ceiling)
{
	uint32_t i;

	start();
	add(0, 5000, 1);
	for (i = 0; i < 2500; i++)
		sack(2 * i + 1, 2 * i + 2);
	ck_assert_uint_le(t.n, TCP_TX_MAX);
	ck_assert_uint_ge(t.n, TCP_TX_MAX - 20);
	ck_assert_int_eq(tcp_txs_add(&t, 5000, 6000, 2), -ENOBUFS);
	tcp_txs_lose_all(&t);
	while (tcp_txs_next_lost(&t) >= 0)
		tcp_txs_resend(&t, tcp_txs_next_lost(&t), 1, 3 + told++);
	ck_assert_uint_le(t.n, TCP_TX_MAX);
	tcp_txs_ack(&t, 5000, on_arrived, NULL);
	ck_assert_uint_eq(t.n, 0);
	add(5000, 6000, 9);
	start();
}
END_TEST

enum { SPAN = 400 };

/* Against one mark a byte. */
START_TEST(tcp_txs_at_random_agrees_with_a_byte_map)
{
	uint8_t got[SPAN], lost[SPAN];
	uint32_t base, una, max, a, b, i, nsacked, nlost, wrong;
	int round, step, k;

	for (round = 0; round < 300; round++) {
		start();
		memset(got, 0, sizeof(got));
		memset(lost, 0, sizeof(lost));
		base = rand_below(2) ? 0 : UINT32_MAX - 200;
		una = max = 0;
		for (step = 0; step < 150; step++) {
			a = una + (uint32_t)rand_below(max - una + 1);
			b = a + (uint32_t)rand_below(max - a + 1);
			switch (rand_below(6)) {
			case 0:
				b = max + (uint32_t)rand_below(30);
				if (b >= SPAN || b == max)
					break;
				add(base + max, base + b, step / 3);
				max = b;
				break;
			case 1:
				if (rand_below(3))
					break;
				tcp_txs_ack(&t, base + a, on_arrived, NULL);
				memset(got, 1, a);
				memset(lost, 0, a);
				una = a;
				break;
			case 2:
			case 3:
				if (a == b)
					break;
				sack(base + a, base + b);
				memset(got + a, 1, b - a);
				memset(lost + a, 0, b - a);
				break;
			case 4:
				if (t.n == 0)
					break;
				k = (int)rand_below(t.n);
				tcp_txs_lose(&t, k);
				a = tcp_txs_at(&t, k)->from - base;
				b = tcp_txs_at(&t, k)->to - base;
				for (i = a; i < b; i++)
					lost[i] = !got[i];
				break;
			case 5:
				if ((k = tcp_txs_next_lost(&t)) < 0)
					break;
				a = tcp_txs_at(&t, k)->from - base;
				b = tcp_txs_at(&t, k)->to - base;
				wrong = 0;
				for (i = una; i < a; i++)
					wrong += lost[i];
				ck_assert_uint_eq(wrong, 0);
				b = a + 1 + (uint32_t)rand_below(b - a);
				tcp_txs_resend(&t, k, b - a, step / 3);
				memset(lost + a, 0, b - a);
				break;
			}
			nsacked = nlost = wrong = 0;
			for (k = 0; k < t.n; k++) {
				const struct tcp_tx *r = tcp_txs_at(&t, k);

				for (i = r->from - base; i != r->to - base;
				    i++)
					wrong += r->sacked != got[i] ||
					    r->lost != lost[i];
			}
			for (i = una; i < max; i++) {
				nsacked += got[i];
				nlost += lost[i];
			}
			ck_assert(wrong == 0 && nsacked == t.sacked &&
			    nlost == t.lost && (t.n == 0) == (una == max));
		}
		for (i = a = 0; i < max; i++)
			a += got[i];
		ck_assert_uint_eq(told, a);
	}
	start();
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(tcp_txs_add_in_one_millisecond_is_one_record),
	UNIT(tcp_txs_add_after_something_went_again_is_another_record),
	UNIT(tcp_txs_ack_trims_and_gives_memory_back),
	UNIT(tcp_txs_sack_splits_and_joins),
	UNIT(tcp_txs_resend_of_a_piece_leaves_the_rest_lost),
	UNIT(tcp_txs_lost_is_found_again_by_an_ack),
	UNIT(tcp_txs_tail_is_cut_to_a_segment),
	UNIT(tcp_txs_full_of_holes_stays_within_its_ceiling),
	UNIT(tcp_txs_at_random_agrees_with_a_byte_map),
};

UNIT_MAIN("tcp_tx", tests)

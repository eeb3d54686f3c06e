/* tests/tun/test_tcp_rack.c - which transmissions are lost */
#include "tun/tcp_rack.h"

#include <check.h>

#include "base/loop.h"
#include "tests/unit.h"
#include "tun/tcp_tx.h"

static struct tcp_txs t;

static void
on_arrived(void *arg, const struct tcp_tx *r)
{
	(void)arg;
	(void)r;
}

/* Within a millisecond: what is sent again after SACKed bytes went out is not
 * lost for their sake. */
START_TEST(tcp_rack_detect_goes_by_order_where_the_clock_is_too_coarse)
{
	struct tcp_rack k;

	tcp_txs_free(&t);
	tcp_rack_init(&k, 0);
	ck_assert_int_eq(tcp_txs_add(&t, 0, 100, 7), 0);
	tcp_txs_sack(&t, 90, 100, on_arrived, NULL);
	tcp_rack_arrived(&k, tcp_txs_at(&t, 1), 0, 0);
	ck_assert(tcp_rack_detect(&k, &t, 0, 7) == LOOP_NEVER);
	ck_assert_uint_eq(t.lost, 90);
	tcp_txs_resend(&t, 0, 90, 7);
	ck_assert(tcp_rack_detect(&k, &t, 0, 7) == LOOP_NEVER);
	ck_assert_uint_eq(t.lost, 0);
	tcp_txs_free(&t);
}
END_TEST

START_TEST(tcp_rack_detect_waits_for_the_margin)
{
	struct tcp_rack k;

	tcp_txs_free(&t);
	tcp_rack_init(&k, 0);
	ck_assert_int_eq(tcp_txs_add(&t, 0, 10, 100), 0);
	ck_assert_int_eq(tcp_txs_add(&t, 10, 20, 101), 0);
	tcp_txs_sack(&t, 10, 20, on_arrived, NULL);
	tcp_rack_arrived(&k, tcp_txs_at(&t, 1), 8, 0);
	ck_assert_int_eq(tcp_rack_detect(&k, &t, 2, 109), 110);
	ck_assert_uint_eq(t.lost, 0);
	ck_assert(tcp_rack_detect(&k, &t, 2, 110) == LOOP_NEVER);
	ck_assert_uint_eq(t.lost, 10);
	tcp_txs_free(&t);
}
END_TEST

START_TEST(tcp_rack_arrived_of_a_suspect_retransmission_is_no_evidence)
{
	struct tcp_tx r = { .from = 0, .to = 10, .again = 1, .order = 5 };
	struct tcp_rack k;

	tcp_rack_init(&k, 0);
	tcp_rack_arrived(&k, &r, 0, 1);
	ck_assert(!k.known);
	tcp_rack_arrived(&k, &r, 0, 0);
	ck_assert(k.known && k.order == 5);
	r.order = 4;			/* what was sent before is no news */
	tcp_rack_arrived(&k, &r, 9, 0);
	ck_assert_uint_eq(k.rtt, 0);
}
END_TEST

START_TEST(tcp_rack_margin_adapts_to_reordering)
{
	struct tcp_tx high = { .from = 10, .to = 20, .order = 2 };
	struct tcp_tx low = { .from = 0, .to = 10, .order = 1 };
	struct tcp_rack k;
	int i;

	tcp_rack_init(&k, 0);
	ck_assert_uint_eq(tcp_rack_margin(&k, 40, 80, 0), 10);
	ck_assert_uint_eq(tcp_rack_margin(&k, 0, 0, 0), 1);
	ck_assert_uint_eq(tcp_rack_margin(&k, 40, 80, 1), 0);
	tcp_rack_arrived(&k, &high, 1, 0);
	ck_assert(!k.reordered);
	tcp_rack_arrived(&k, &low, 1, 0);
	ck_assert(k.reordered);
	ck_assert_uint_eq(tcp_rack_margin(&k, 40, 80, 1), 10);
	tcp_rack_dsack(&k, 20, 100);
	ck_assert_uint_eq(tcp_rack_margin(&k, 40, 80, 1), 20);
	tcp_rack_dsack(&k, 50, 100);	/* the same round */
	ck_assert_uint_eq(tcp_rack_margin(&k, 40, 80, 1), 20);
	for (i = 0; i < 300; i++)
		tcp_rack_dsack(&k, 100 + (uint32_t)i, 101 + (uint32_t)i);
	ck_assert_uint_eq(tcp_rack_margin(&k, 40, 80, 1), 80);
	ck_assert_uint_eq(tcp_rack_margin(&k, 0, 0, 1), 4);
	for (i = 0; i < 16; i++)
		tcp_rack_recovered(&k);
	ck_assert_uint_eq(tcp_rack_margin(&k, 40, 80, 1), 10);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(tcp_rack_detect_goes_by_order_where_the_clock_is_too_coarse),
	UNIT(tcp_rack_detect_waits_for_the_margin),
	UNIT(tcp_rack_arrived_of_a_suspect_retransmission_is_no_evidence),
	UNIT(tcp_rack_margin_adapts_to_reordering),
};

UNIT_MAIN("tcp_rack", tests)

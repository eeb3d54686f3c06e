/* tests/onion/circ/test_predict.c - which ports are wanted next */
#include "onion/circ/predict.h"

#include <check.h>

#include "tests/unit.h"

enum { KEEP_MS = 3600 * 1000 };

static struct predict p;
static uint16_t ports[PREDICT_PORTS_MAX];

static int
has(size_t n, uint16_t port)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (ports[i] == port)
			return 1;
	return 0;
}

START_TEST(predict_init_begins_with_443)
{
	predict_init(&p, 1000);
	ck_assert_uint_eq(predict_ports(&p, 1000, KEEP_MS, ports), 1);
	ck_assert_uint_eq(ports[0], 443);
}
END_TEST

START_TEST(predict_note_names_each_port_once)
{
	predict_init(&p, 1000);
	predict_note(&p, 80, 1001);
	predict_note(&p, 80, 1002);
	predict_note(&p, 443, 1003);
	ck_assert_uint_eq(predict_ports(&p, 1003, KEEP_MS, ports), 2);
	ck_assert(has(2, 80) && has(2, 443));
}
END_TEST

START_TEST(predict_ports_forgets_what_is_too_old)
{
	predict_init(&p, 0);
	predict_note(&p, 80, 500);
	ck_assert_uint_eq(predict_ports(&p, KEEP_MS, KEEP_MS, ports), 2);
	ck_assert_uint_eq(predict_ports(&p, KEEP_MS + 1, KEEP_MS, ports), 1);
	ck_assert_uint_eq(ports[0], 80);
	ck_assert_uint_eq(predict_ports(&p, KEEP_MS + 501, KEEP_MS, ports), 0);
	/* For good: time that is taken back does not bring it again. */
	ck_assert_uint_eq(predict_ports(&p, 500, KEEP_MS, ports), 0);
	predict_note(&p, 22, KEEP_MS + 502);
	ck_assert_uint_eq(predict_ports(&p, KEEP_MS + 502, KEEP_MS, ports), 1);
	ck_assert_uint_eq(ports[0], 22);
}
END_TEST

START_TEST(predict_note_again_keeps_a_port_alive)
{
	predict_init(&p, 0);
	predict_note(&p, 443, KEEP_MS);
	ck_assert_uint_eq(predict_ports(&p, 2 * KEEP_MS, KEEP_MS, ports), 1);
}
END_TEST

START_TEST(predict_note_of_too_many_puts_out_the_oldest)
{
	uint16_t i;
	size_t n;

	predict_init(&p, 0);
	for (i = 1; i < PREDICT_PORTS_MAX; i++)
		predict_note(&p, i, i);
	predict_note(&p, 443, 100);		/* so 1 is the oldest */
	ck_assert_uint_eq(predict_ports(&p, 100, KEEP_MS, ports),
	    PREDICT_PORTS_MAX);
	predict_note(&p, 1000, 101);
	predict_note(&p, 1001, 102);
	n = predict_ports(&p, 102, KEEP_MS, ports);
	ck_assert_uint_eq(n, PREDICT_PORTS_MAX);
	ck_assert(has(n, 443) && has(n, 1000) && has(n, 1001) && has(n, 3));
	ck_assert(!has(n, 1) && !has(n, 2));
}
END_TEST

START_TEST(predict_note_of_every_port_stays_in_bounds)
{
	unsigned i;

	predict_init(&p, 0);
	for (i = 0; i <= UINT16_MAX; i++)
		predict_note(&p, (uint16_t)i, i);
	ck_assert_uint_eq(predict_ports(&p, UINT16_MAX, KEEP_MS, ports),
	    PREDICT_PORTS_MAX);
	ck_assert(has(PREDICT_PORTS_MAX, UINT16_MAX));
	ck_assert(!has(PREDICT_PORTS_MAX, UINT16_MAX - PREDICT_PORTS_MAX));
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(predict_init_begins_with_443),
	UNIT(predict_note_names_each_port_once),
	UNIT(predict_ports_forgets_what_is_too_old),
	UNIT(predict_note_again_keeps_a_port_alive),
	UNIT(predict_note_of_too_many_puts_out_the_oldest),
	UNIT(predict_note_of_every_port_stays_in_bounds),
};

UNIT_MAIN("predict", tests)

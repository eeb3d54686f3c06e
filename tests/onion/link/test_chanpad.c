/* tests/onion/link/test_chanpad.c - padding an idle channel */
#include <string.h>

#include "base/wire.h"
#include "onion/link/chanpad.h"
#include "tests/onion/link/rig.h"
#include "tests/unit.h"

static const struct chan_padding usual = {
	.low_ms = 1500, .high_ms = 9500, .low_reduced_ms = 9000,
	.high_reduced_ms = 14000
};

START_TEST(chanpad_draw_is_the_larger_of_two)
{
	int64_t t, sum = 0, lo = INT64_MAX, hi = 0;
	int i, n = 20000;

	for (i = 0; i < n; i++) {
		t = chanpad_draw(&usual);
		sum += t;
		lo = t < lo ? t : lo;
		hi = t > hi ? t : hi;
	}
	ck_assert_int_ge(lo, 1500);
	ck_assert_int_lt(hi, 9500);
	ck_assert_int_gt(hi, 9400);
	/* The mean of max(X, X) is two thirds of the way: 6833 ms. */
	ck_assert_int_gt(sum / n, 6833 - 100);
	ck_assert_int_lt(sum / n, 6833 + 100);
}
END_TEST

static const struct {
	const char		*name;
	struct chan_padding	 p;
	int64_t			 lo, hi;
} draws[] = {
	{ "off", { 1, 0, 1500, 9500, 9000, 14000, 0 }, 0, 0 },
	{ "consensus says no", { 0, 0, 0, 0, 9000, 14000, 0 }, 0, 0 },
	{ "reduced", { 0, 1, 1500, 9500, 9000, 14000, 0 }, 9000, 13999 },
	{ "reduced, but the consensus is slower",
	  { 0, 1, 20000, 30000, 9000, 14000, 0 }, 20000, 29999 },
	{ "no range", { 0, 0, 2000, 2000, 0, 0, 0 }, 2000, 2000 },
	{ "upside down", { 0, 0, 9000, 100, 0, 0, 0 }, 9000, 9000 },
	{ "negative", { 0, 0, -5, 3, 0, 0, 0 }, 1, 2 },
};

START_TEST(chanpad_draw_keeps_to_what_is_configured)
{
	int64_t t;
	int i;

	for (i = 0; i < 1000; i++) {
		t = chanpad_draw(&draws[_i].p);
		ck_assert_msg(t >= draws[_i].lo && t <= draws[_i].hi,
		    "%s: %ld", draws[_i].name, (long)t);
	}
}
END_TEST

START_TEST(chanpad_negotiate_bodies)
{
	struct chan_padding p = usual;
	uint8_t body[CELL_BODY] = { 0 };

	chanpad_negotiate(body, &p);
	ck_assert_mem_eq(body, "\0\2\x05\xdc\x25\x1c", 7);
	p.off = 1;
	memset(body, 0, sizeof(body));
	chanpad_negotiate(body, &p);
	ck_assert_mem_eq(body, "\0\1\0\0\0\0", 7);
}
END_TEST

/* ---- on a channel ---- */

static struct rig r;

/* A circuit of more than one hop. */
static void
full_circuit(struct ear *e)
{
	ear_attach(e, &r, rig_open(&r));
	ck_assert(chan_cell(e->chan, e->id, CELL_RELAY_EARLY) != NULL);
	loop_advance(&r.loop, 10);
}

START_TEST(chan_idle_with_a_full_circuit_is_padded)
{
	struct ear e = { 0 };
	unsigned before;
	int i;

	rig_init(&r);
	full_circuit(&e);
	for (i = 0; i < 50; i++) {
		before = r.cells[CELL_PADDING];
		loop_advance(&r.loop, 1400);
		ck_assert_uint_eq(r.cells[CELL_PADDING], before);
		while (r.cells[CELL_PADDING] == before)
			loop_advance(&r.loop, 1);
		ck_assert_uint_eq(r.cells[CELL_PADDING], before + 1);
		ck_assert_uint_eq(r.last_id, 0);
	}
	/* 6.8 s each */
	ck_assert_int_gt(r.loop.now, 50 * 5500);
	ck_assert_int_lt(r.loop.now, 50 * 8200);
	rig_fini(&r);
}
END_TEST

START_TEST(chan_with_traffic_either_way_is_not_padded)
{
	struct ear e = { 0 };
	int i;

	rig_init(&r);
	full_circuit(&e);
	for (i = 0; i < 100; i++) {
		loop_advance(&r.loop, 1400);
		if (i % 2)
			sim_send_cell(rig_conn(&r), 0, CELL_PADDING, NULL, 0);
		else
			chan_cell(e.chan, e.id, CELL_RELAY);
		loop_advance(&r.loop, 10);
	}
	ck_assert_uint_eq(r.cells[CELL_PADDING], 0);
	rig_fini(&r);
}
END_TEST

START_TEST(chan_to_a_directory_is_not_padded)
{
	struct ear e = { 0 };

	rig_init(&r);
	ear_attach(&e, &r, rig_open(&r));
	chan_cell(e.chan, e.id, CELL_CREATE_FAST);
	chan_cell(e.chan, e.id, CELL_RELAY);
	loop_advance(&r.loop, 120000);
	ck_assert_uint_eq(r.cells[CELL_PADDING], 0);
	rig_fini(&r);
}
END_TEST

/* nf_pad_before_usage=0: circuits that are kept at hand cost no padding. */
START_TEST(chan_that_was_only_built_on_is_padded_unless_told)
{
	struct ear e = { 0 }, dir = { 0 };

	rig_init(&r);
	r.conf.padding.after_use = (uint8_t)_i;
	chanset_set_padding(r.set, &r.conf.padding);
	ear_attach(&dir, &r, rig_open(&r));
	chan_cell(dir.chan, dir.id, CELL_RELAY);	/* is no use yet */
	ear_attach(&e, &r, dir.chan);
	chan_cell(e.chan, e.id, CELL_RELAY_EARLY);
	loop_advance(&r.loop, 60000);
	ck_assert_int_eq(r.cells[CELL_PADDING] > 0, !_i);
	chan_cell(e.chan, e.id, CELL_RELAY);
	loop_advance(&r.loop, 60000);
	ck_assert_uint_gt(r.cells[CELL_PADDING], 5);
	rig_fini(&r);
}
END_TEST

START_TEST(chan_padding_changed_counts_what_was_carried_before)
{
	struct chan_padding *p = &r.conf.padding;
	struct ear e = { 0 };
	unsigned n;

	rig_init(&r);
	full_circuit(&e);
	p->after_use = 1;
	chanset_set_padding(r.set, p);
	loop_advance(&r.loop, 60000);
	ck_assert_uint_eq(r.cells[CELL_PADDING], 0);
	p->after_use = 0;
	chanset_set_padding(r.set, p);
	loop_advance(&r.loop, 60000);
	n = r.cells[CELL_PADDING];
	ck_assert_uint_gt(n, 5);
	chan_cell(e.chan, e.id, CELL_RELAY);
	p->after_use = 1;
	chanset_set_padding(r.set, p);
	loop_advance(&r.loop, 60000);
	ck_assert_uint_gt(r.cells[CELL_PADDING], n + 5);
	rig_fini(&r);
}
END_TEST

START_TEST(chan_of_protocol_4_is_not_padded)
{
	struct ear e = { 0 };

	rig_init(&r);
	r.relay->knobs.versions[0] = 4;
	full_circuit(&e);
	loop_advance(&r.loop, 120000);
	ck_assert_uint_eq(r.cells[CELL_PADDING], 0);
	ck_assert_uint_eq(r.cells[CELL_PADDING_NEGOTIATE], 0);
	rig_fini(&r);
}
END_TEST

START_TEST(chan_padding_switched_at_runtime)
{
	struct chan_padding p = usual;
	struct ear e = { 0 };
	unsigned n;

	rig_init(&r);
	full_circuit(&e);
	ck_assert_uint_eq(r.cells[CELL_PADDING_NEGOTIATE], 0);
	p.off = 1;
	chanset_set_padding(r.set, &p);
	loop_advance(&r.loop, 100);
	ck_assert_uint_eq(r.cells[CELL_PADDING_NEGOTIATE], 1);
	ck_assert_mem_eq(r.last_body, "\0\1\0\0\0\0", 6);
	loop_advance(&r.loop, 100000);
	ck_assert_uint_eq(r.cells[CELL_PADDING], 0);
	p.off = 0;
	p.reduced = 1;			/* still nothing from the relay */
	chanset_set_padding(r.set, &p);
	loop_advance(&r.loop, 14000 + 100);
	ck_assert_uint_eq(r.cells[CELL_PADDING_NEGOTIATE], 1);
	ck_assert_uint_eq(r.cells[CELL_PADDING], 1);
	p.reduced = 0;
	chanset_set_padding(r.set, &p);
	loop_advance(&r.loop, 100);
	ck_assert_uint_eq(r.cells[CELL_PADDING_NEGOTIATE], 2);
	ck_assert_uint_eq(r.last_body[1], 2);
	n = r.cells[CELL_PADDING];
	loop_advance(&r.loop, 9500);
	ck_assert_uint_gt(r.cells[CELL_PADDING], n);
	rig_fini(&r);
}
END_TEST

START_TEST(chan_with_reduced_padding_says_so_when_it_opens)
{
	rig_init(&r);
	chanset_free(r.set);
	r.conf.padding.reduced = 1;
	ck_assert_int_eq(chanset_new(&r.set, &r.conf), 0);
	rig_open(&r);
	ck_assert_uint_eq(r.cells[CELL_PADDING_NEGOTIATE], 1);
	ck_assert_mem_eq(r.last_body, "\0\1", 2);
	/* and it doesn't stay as long when idle: 90 to 135 s */
	loop_advance(&r.loop, 88000);
	ck_assert_uint_eq(r.gone, 0);
	loop_advance(&r.loop, 48000);
	ck_assert_uint_eq(r.gone, 1);
	rig_fini(&r);
}
END_TEST

START_TEST(chan_never_obeys_padding_negotiate)
{
	struct ear e = { 0 };

	rig_init(&r);
	full_circuit(&e);
	sim_send_cell(rig_conn(&r), 0, CELL_PADDING_NEGOTIATE, "\0\1", 2);
	loop_advance(&r.loop, 60000);
	ck_assert_uint_gt(r.cells[CELL_PADDING], 3);
	rig_fini(&r);
}
END_TEST

START_TEST(chan_stalled_is_not_padded)
{
	struct ear e = { 0 };

	rig_init(&r);
	/* Every 7 s, so that none is due when it goes on. */
	r.conf.padding.low_ms = r.conf.padding.high_ms = 7000;
	chanset_set_padding(r.set, &r.conf.padding);
	full_circuit(&e);
	sim_stall(rig_conn(&r), 1);
	chan_cell(e.chan, e.id, CELL_RELAY);
	loop_advance(&r.loop, 60000);
	sim_stall(rig_conn(&r), 0);
	loop_advance(&r.loop, 100);
	ck_assert_uint_eq(r.cells[CELL_RELAY], 1);
	ck_assert_uint_eq(r.cells[CELL_PADDING], 0);
	rig_fini(&r);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(chanpad_draw_is_the_larger_of_two),
	UNIT_LOOP(chanpad_draw_keeps_to_what_is_configured, NELEM(draws)),
	UNIT(chanpad_negotiate_bodies),
	UNIT(chan_idle_with_a_full_circuit_is_padded),
	UNIT(chan_with_traffic_either_way_is_not_padded),
	UNIT(chan_to_a_directory_is_not_padded),
	UNIT_LOOP(chan_that_was_only_built_on_is_padded_unless_told, 2),
	UNIT(chan_padding_changed_counts_what_was_carried_before),
	UNIT(chan_of_protocol_4_is_not_padded),
	UNIT(chan_padding_switched_at_runtime),
	UNIT(chan_with_reduced_padding_says_so_when_it_opens),
	UNIT(chan_never_obeys_padding_negotiate),
	UNIT(chan_stalled_is_not_padded),
};
UNIT_MAIN("chanpad", tests)

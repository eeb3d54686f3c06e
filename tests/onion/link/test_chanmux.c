/* tests/onion/link/test_chanmux.c - the circuits of a channel */
#include <errno.h>
#include <sodium.h>
#include <string.h>

#include "tests/onion/link/rig.h"
#include "tests/unit.h"

static struct rig r;

static unsigned
send_cells(struct ear *e, uint8_t cmd, unsigned n)
{
	unsigned i;

	for (i = 0; i < n; i++)
		if (chan_cell(e->chan, e->id, cmd) == NULL)
			break;
	return i;
}

START_TEST(chan_attach_ids_have_the_high_bit_and_differ)
{
	static struct ear e[2000];
	struct chan *c;
	size_t i, j;

	rig_init(&r);
	c = rig_open(&r);
	memset(e, 0, sizeof(e));
	for (i = 0; i < NELEM(e); i++) {
		ck_assert_int_eq(ear_attach(&e[i], &r, c), 0);
		ck_assert_uint_ge(e[i].id, 0x80000000u);
		for (j = 0; j < i; j++)
			ck_assert_uint_ne(e[i].id, e[j].id);
	}
	ck_assert_uint_eq(chan_circuits(c), NELEM(e));
	rig_fini(&r);
}
END_TEST

START_TEST(chan_attach_over_the_ceiling_is_refused)
{
	static struct ear e[CHAN_CIRCS_MAX + 1];
	struct chan *c;
	size_t i;

	rig_init(&r);
	c = rig_open(&r);
	memset(e, 0, sizeof(e));
	for (i = 0; i < CHAN_CIRCS_MAX; i++)
		ck_assert_int_eq(ear_attach(&e[i], &r, c), 0);
	ck_assert_int_eq(ear_attach(&e[i], &r, c), -ENOSPC);
	chan_detach(c, e[7].id, 0);
	ck_assert_int_eq(ear_attach(&e[i], &r, c), 0);
	rig_fini(&r);
}
END_TEST

START_TEST(chan_attach_to_a_dead_channel_is_refused)
{
	struct ear e = { 0 };
	struct chan *c;

	rig_init(&r);
	c = rig_open(&r);
	chanset_close(r.set, 1);
	ck_assert_int_eq(ear_attach(&e, &r, c), -ENOTCONN);
	ck_assert(chan_cell(c, 0x80000001u, CELL_RELAY) == NULL);
	ck_assert_uint_eq(chan_room(c), 0);
	rig_fini(&r);
}
END_TEST

START_TEST(chan_cell_before_it_is_open_has_no_room)
{
	struct ear e = { 0 };
	struct chan *c;

	rig_init(&r);
	c = rig_get(&r);
	ear_attach(&e, &r, c);
	ck_assert(chan_cell(c, e.id, CELL_CREATE2) == NULL);
	chan_want_room(c, e.id);
	e.to_send = 3;
	loop_advance(&r.loop, 1000);
	ck_assert_uint_eq(e.open, 1);
	ck_assert_uint_eq(r.cells[CELL_RELAY], 3);
	rig_fini(&r);
}
END_TEST

START_TEST(chan_cell_body_is_sent_as_it_was_filled)
{
	struct ear e = { 0 };
	uint8_t *p;

	rig_init(&r);
	ear_attach(&e, &r, rig_open(&r));
	p = chan_cell(e.chan, e.id, CELL_CREATE_FAST);
	memcpy(p, "hello", 5);
	p = chan_cell(e.chan, e.id, CELL_RELAY);
	memcpy(p + CELL_BODY - 3, "end", 3);
	loop_advance(&r.loop, 100);
	ck_assert_uint_eq(r.cells[CELL_CREATE_FAST], 1);
	ck_assert_uint_eq(r.last_id, e.id);
	ck_assert_mem_eq(r.last_body + CELL_BODY - 3, "end", 3);
	ck_assert_uint_eq(r.last_body[0], 0);
	rig_fini(&r);
}
END_TEST

START_TEST(chan_cell_in_goes_to_the_circuit_with_its_id_only)
{
	struct ear a = { 0 }, b = { 0 };
	struct chan *c;

	rig_init(&r);
	c = rig_open(&r);
	ear_attach(&a, &r, c);
	ear_attach(&b, &r, c);
	sim_send_cell(rig_conn(&r), b.id, CELL_RELAY, "b", 1);
	sim_send_cell(rig_conn(&r), b.id ^ 0x40000000, CELL_RELAY, "x", 1);
	sim_send_cell(rig_conn(&r), b.id & 0x7fffffff, CELL_RELAY, "x", 1);
	sim_send_cell(rig_conn(&r), b.id & 0xffff, CELL_RELAY, "x", 1);
	sim_send_cell(rig_conn(&r), 0, CELL_RELAY, "x", 1);
	sim_send_cell(rig_conn(&r), a.id, CELL_RELAY_EARLY, "a", 1);
	loop_advance(&r.loop, 100);
	ck_assert_uint_eq(a.cells, 1);
	ck_assert_uint_eq(a.cmd, CELL_RELAY_EARLY);
	ck_assert_uint_eq(b.cells, 1);
	ck_assert_mem_eq(b.body, "b", 2);
	rig_fini(&r);
}
END_TEST

static void
detach_on_destroy(struct ear *e)
{
	if (e->cmd == CELL_DESTROY)
		chan_detach(e->chan, e->id, 1);
}

START_TEST(chan_destroy_from_the_relay_is_told_and_never_answered)
{
	struct ear e = { 0 };
	struct chan *c;

	rig_init(&r);
	c = rig_open(&r);
	ear_attach(&e, &r, c);
	e.then = detach_on_destroy;
	ck_assert_uint_eq(send_cells(&e, CELL_CREATE2, 1), 1);
	sim_send_cell(rig_conn(&r), e.id, CELL_DESTROY, "\5", 1);
	sim_send_cell(rig_conn(&r), e.id, CELL_RELAY, "late", 4);
	loop_advance(&r.loop, 100);
	ck_assert_uint_eq(e.cells, 1);
	ck_assert_uint_eq(e.body[0], 5);
	ck_assert_uint_eq(chan_circuits(c), 0);
	ck_assert_uint_eq(r.cells[CELL_DESTROY], 0);
	rig_fini(&r);
}
END_TEST

START_TEST(chan_destroyed_circuit_that_stays_hears_and_sends_nothing)
{
	struct ear e = { 0 };

	rig_init(&r);
	ear_attach(&e, &r, rig_open(&r));
	send_cells(&e, CELL_CREATE2, 1);
	sim_send_cell(rig_conn(&r), e.id, CELL_DESTROY, NULL, 0);
	sim_send_cell(rig_conn(&r), e.id, CELL_RELAY, NULL, 0);
	loop_advance(&r.loop, 100);
	ck_assert_uint_eq(e.cells, 1);
	ck_assert_uint_eq(send_cells(&e, CELL_RELAY, 1), 0);
	rig_fini(&r);
}
END_TEST

START_TEST(chan_detach_sends_destroy_and_hears_no_more)
{
	struct ear e = { 0 };
	struct chan *c;

	rig_init(&r);
	c = rig_open(&r);
	ear_attach(&e, &r, c);
	send_cells(&e, CELL_CREATE2, 1);
	chan_detach(c, e.id, 1);
	chan_detach(c, e.id, 1);	/* a second one is nothing */
	sim_send_cell(rig_conn(&r), e.id, CELL_RELAY, "late", 4);
	loop_advance(&r.loop, 100);
	ck_assert_uint_eq(r.cells[CELL_DESTROY], 1);
	ck_assert_uint_eq(r.last_id, e.id);
	ck_assert_uint_eq(r.last_body[0], 0);
	ck_assert_uint_eq(e.cells, 0);
	ck_assert(chan_cell(c, e.id, CELL_RELAY) == NULL);
	rig_fini(&r);
}
END_TEST

START_TEST(chan_detach_of_a_circuit_the_relay_never_saw_is_silent)
{
	struct ear e = { 0 };

	rig_init(&r);
	ear_attach(&e, &r, rig_open(&r));
	chan_detach(e.chan, e.id, 1);
	loop_advance(&r.loop, 100);
	ck_assert_uint_eq(r.cells[CELL_DESTROY], 0);
	rig_fini(&r);
}
END_TEST

/* F06, F02: many short circuits; memory for old ids has a ceiling. */
START_TEST(chan_ids_of_old_circuits_are_remembered_but_not_all)
{
	struct ear e = { 0 };
	struct chan *c;
	int i;

	rig_init(&r);
	c = rig_open(&r);
	for (i = 0; i < 3 * CHAN_GHOSTS_MAX; i++) {
		ck_assert_int_eq(ear_attach(&e, &r, c), 0);
		ck_assert_uint_eq(send_cells(&e, CELL_CREATE2, 1), 1);
		chan_detach(c, e.id, 1);
		if (i % 16 == 0)
			loop_advance(&r.loop, 1);
	}
	loop_advance(&r.loop, 100);
	ck_assert_uint_eq(r.gone, 0);
	ck_assert_uint_eq(r.cells[CELL_DESTROY], 3 * CHAN_GHOSTS_MAX);
	rig_fini(&r);
}
END_TEST

/* ---- a generator of which we know what it gives ---- */

static uint8_t known_byte;

static void
known_bytes(void *p, size_t len)
{
	memset(p, known_byte, len);
}

static uint32_t
known_u32(void)
{
	return known_byte * 0x01010101u;
}

static const char *
known_name(void)
{
	return "known";
}

static void
draw_only(uint8_t byte)
{
	static struct randombytes_implementation known = {
		.implementation_name = known_name, .random = known_u32,
		.buf = known_bytes
	};
	uint8_t stock[512];
	int i;

	known_byte = byte;
	randombytes_set_implementation(&known);
	for (i = 0; i < 64; i++)		/* whatever was in stock */
		rand_bytes(stock, sizeof(stock));
}

/* F06: an id in use is never given out, were it the only one that is drawn; nor
 * is that of a circuit that the relay may still speak of. */
START_TEST(chan_attach_draws_no_id_in_use_and_gives_up)
{
	struct ear a = { 0 }, b = { 0 };
	struct chan *c;

	rig_init(&r);
	c = rig_open(&r);
	draw_only(0x11);
	ck_assert_int_eq(ear_attach(&a, &r, c), 0);
	ck_assert_uint_eq(a.id, 0x91111111u);
	ck_assert_int_eq(ear_attach(&b, &r, c), -ENOSPC);
	ck_assert_uint_eq(chan_circuits(c), 1);
	send_cells(&a, CELL_CREATE2, 1);
	chan_detach(c, a.id, 1);
	ck_assert_int_eq(ear_attach(&b, &r, c), -ENOSPC);
	draw_only(0x91);
	ck_assert_int_eq(ear_attach(&b, &r, c), 0);
	ck_assert_uint_eq(b.id, 0x91919191u);
	chan_detach(c, b.id, 1);	/* the relay never heard of it */
	ck_assert_int_eq(ear_attach(&b, &r, c), 0);
	rand_init();
	ck_assert_int_eq(ear_attach(&a, &r, c), 0);
	ck_assert_uint_eq(chan_circuits(c), 2);
	rig_fini(&r);
}
END_TEST

START_TEST(chan_stalled_link_has_a_ceiling_and_room_for_create)
{
	struct ear e = { 0 }, f = { 0 };
	unsigned n;

	rig_init(&r);
	ear_attach(&e, &r, rig_open(&r));
	ear_attach(&f, &r, e.chan);
	sim_stall(rig_conn(&r), 1);
	n = send_cells(&e, CELL_RELAY, 100000);
	ck_assert_uint_gt(n, 32);
	ck_assert_uint_lt(n, SIMLINK_QUEUE / CELL_LEN);
	ck_assert_uint_eq(chan_room(e.chan), 0);
	ck_assert_uint_eq(send_cells(&f, CELL_CREATE2, 1), 1);
	chan_detach(f.chan, f.id, 1);
	chan_want_room(e.chan, e.id);
	loop_advance(&r.loop, 1000);
	ck_assert_uint_eq(e.rooms, 0);
	sim_stall(rig_conn(&r), 0);
	loop_advance(&r.loop, 1000);
	ck_assert_uint_eq(e.rooms, 1);
	ck_assert_uint_eq(r.cells[CELL_RELAY], n);
	ck_assert_uint_eq(r.cells[CELL_CREATE2], 1);
	ck_assert_uint_eq(r.cells[CELL_DESTROY], 1);
	ck_assert_uint_gt(chan_room(e.chan), 32);
	rig_fini(&r);
}
END_TEST

START_TEST(chan_destroy_without_room_is_owed_and_paid)
{
	static struct ear e[300];
	struct chan *c;
	size_t i;

	rig_init(&r);
	c = rig_open(&r);
	memset(e, 0, sizeof(e));
	for (i = 0; i < NELEM(e); i++) {
		ear_attach(&e[i], &r, c);
		send_cells(&e[i], CELL_CREATE2, 1);
		if (i % 32 == 0)
			loop_advance(&r.loop, 10);
	}
	loop_advance(&r.loop, 100);
	sim_stall(rig_conn(&r), 1);
	for (i = 0; i < NELEM(e); i++)
		chan_detach(c, e[i].id, 1);
	loop_advance(&r.loop, 1000);
	ck_assert_uint_eq(r.cells[CELL_DESTROY], 0);
	sim_stall(rig_conn(&r), 0);
	loop_advance(&r.loop, 1000);
	ck_assert_uint_eq(r.cells[CELL_DESTROY], NELEM(e));
	rig_fini(&r);
}
END_TEST

/* F08: a relay that takes nothing any more.  As many circuits as there can be
 * end, and new ones don't go before what is owed. */
START_TEST(chan_stalled_owes_each_circuit_its_destroy)
{
	static struct ear e[CHAN_CIRCS_MAX], late;
	struct chan *c;
	size_t i;

	rig_init(&r);
	c = rig_open(&r);
	memset(e, 0, sizeof(e));
	for (i = 0; i < NELEM(e); i++) {
		ck_assert_int_eq(ear_attach(&e[i], &r, c), 0);
		ck_assert_uint_eq(send_cells(&e[i], CELL_CREATE2, 1), 1);
		if (i % 32 == 0)
			loop_end_turn(&r.loop);
	}
	loop_end_turn(&r.loop);
	sim_stall(rig_conn(&r), 1);
	for (i = 0; i < NELEM(e); i++)
		chan_detach(c, e[i].id, 1);
	ck_assert_int_eq(ear_attach(&late, &r, c), 0);
	ck_assert_uint_eq(send_cells(&late, CELL_CREATE2, 1), 0);
	late.to_send = 1;
	chan_want_room(c, late.id);
	loop_advance(&r.loop, 1000);
	sim_stall(rig_conn(&r), 0);
	loop_advance(&r.loop, 1000);
	ck_assert_uint_eq(r.cells[CELL_DESTROY], NELEM(e));
	ck_assert_uint_eq(r.cells[CELL_RELAY], 1);
	rig_fini(&r);
}
END_TEST

/* Each call is a chance to pay; what was paid is not paid again, and they go
 * in the order in which the circuits ended. */
START_TEST(chan_debts_are_paid_once_and_oldest_first)
{
	static struct ear e[300];
	struct chan *c;
	size_t i, n = NELEM(e);

	rig_init(&r);
	c = rig_open(&r);
	memset(e, 0, sizeof(e));
	for (i = 0; i < n; i++) {
		ear_attach(&e[i], &r, c);
		send_cells(&e[i], CELL_CREATE2, 1);
		if (i % 32 == 0)
			loop_advance(&r.loop, 10);
	}
	loop_advance(&r.loop, 100);
	sim_stall(rig_conn(&r), 1);
	for (i = 0; i + 1 < n; i++)
		chan_detach(c, e[n - 2 - i].id, 1);
	for (i = 0; i < 1000; i++)
		ck_assert_uint_eq(send_cells(&e[n - 1], CELL_RELAY, 1), 0);
	r.nends = 0;
	sim_stall(rig_conn(&r), 0);
	for (i = 0; r.nends < n - 1 && i < 1000; i++) {
		loop_advance(&r.loop, 1);
		(void)send_cells(&e[n - 1], CELL_RELAY, 1);
	}
	ck_assert_uint_eq(r.nends, n - 1);
	for (i = 0; i + 1 < n; i++)
		ck_assert_uint_eq(r.ends[i], e[n - 2 - i].id);
	rig_fini(&r);
}
END_TEST

START_TEST(chan_waiting_circuits_take_turns)
{
	struct ear e[4];
	size_t i, seen[4] = { 0 };
	struct chan *c;

	rig_init(&r);
	c = rig_open(&r);
	memset(e, 0, sizeof(e));
	for (i = 0; i < 4; i++)
		ear_attach(&e[i], &r, c);
	sim_stall(rig_conn(&r), 1);
	send_cells(&e[0], CELL_RELAY, 1000);
	for (i = 0; i < 4; i++) {
		e[i].to_send = i == 0 ? 400 : 64;	/* one is greedy */
		chan_want_room(c, e[i].id);
		chan_want_room(c, e[i].id);		/* counts once */
	}
	/* Where there is a line, nobody goes past it. */
	sim_stall(rig_conn(&r), 0);
	ck_assert_uint_eq(send_cells(&e[1], CELL_RELAY, 1), 0);
	r.norder = 0;
	loop_advance(&r.loop, 3);
	loop_advance(&r.loop, 1000);
	for (i = 0; i < 4; i++)
		ck_assert_uint_eq(e[i].to_send, 0);
	/* What came first is what was queued before; behind it, while all
	 * four still send, none is more than two turns ahead of another. */
	for (i = r.norder - (400 + 3 * 64); i < r.norder; i++) {
		size_t k, lo = SIZE_MAX, hi = 0;

		for (k = 0; k < 4; k++)
			if (r.order[i] == e[k].id)
				seen[k]++;
		if (seen[1] == 64 || seen[2] == 64 || seen[3] == 64)
			break;
		for (k = 0; k < 4; k++) {
			lo = seen[k] < lo ? seen[k] : lo;
			hi = seen[k] > hi ? seen[k] : hi;
		}
		ck_assert_uint_le(hi - lo, 32);
	}
	ck_assert_uint_ge(seen[0], 48);
	rig_fini(&r);
}
END_TEST

static void
want_again(struct ear *e)
{
	chan_want_room(e->chan, e->id);
}

START_TEST(chan_circuit_that_wants_room_and_sends_nothing_harms_nobody)
{
	struct ear idle = { 0 }, busy = { 0 };

	rig_init(&r);
	ear_attach(&idle, &r, rig_open(&r));
	ear_attach(&busy, &r, idle.chan);
	idle.then = want_again;
	busy.to_send = 200;
	chan_want_room(idle.chan, idle.id);
	chan_want_room(busy.chan, busy.id);
	loop_advance(&r.loop, 1000);
	ck_assert_uint_eq(busy.to_send, 0);
	ck_assert_uint_eq(r.cells[CELL_RELAY], 200);
	rig_fini(&r);
}
END_TEST

START_TEST(chan_cells_of_one_turn_leave_in_one_piece)
{
	struct ear e = { 0 };
	struct simlink_conn *conn;
	uint64_t before;

	rig_init(&r);
	ear_attach(&e, &r, rig_open(&r));
	conn = rig_conn(&r);
	before = conn->bytes_in;
	send_cells(&e, CELL_RELAY, 31);
	ck_assert_uint_eq(conn->bytes_in, before);
	loop_advance(&r.loop, 5);
	ck_assert_uint_eq(conn->bytes_in, before + 31 * CELL_LEN);
	rig_fini(&r);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(chan_attach_ids_have_the_high_bit_and_differ),
	UNIT(chan_attach_over_the_ceiling_is_refused),
	UNIT(chan_attach_to_a_dead_channel_is_refused),
	UNIT(chan_cell_before_it_is_open_has_no_room),
	UNIT(chan_cell_body_is_sent_as_it_was_filled),
	UNIT(chan_cell_in_goes_to_the_circuit_with_its_id_only),
	UNIT(chan_destroy_from_the_relay_is_told_and_never_answered),
	UNIT(chan_destroyed_circuit_that_stays_hears_and_sends_nothing),
	UNIT(chan_detach_sends_destroy_and_hears_no_more),
	UNIT(chan_detach_of_a_circuit_the_relay_never_saw_is_silent),
	UNIT(chan_ids_of_old_circuits_are_remembered_but_not_all),
	UNIT(chan_attach_draws_no_id_in_use_and_gives_up),
	UNIT(chan_stalled_link_has_a_ceiling_and_room_for_create),
	UNIT(chan_destroy_without_room_is_owed_and_paid),
	UNIT(chan_stalled_owes_each_circuit_its_destroy),
	UNIT(chan_debts_are_paid_once_and_oldest_first),
	UNIT(chan_waiting_circuits_take_turns),
	UNIT(chan_circuit_that_wants_room_and_sends_nothing_harms_nobody),
	UNIT(chan_cells_of_one_turn_leave_in_one_piece),
};
UNIT_MAIN("chanmux", tests)

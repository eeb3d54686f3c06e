/* tests/onion/link/test_chanset.c - which channels there are */
#include <errno.h>
#include <string.h>

#include "tests/onion/link/rig.h"
#include "tests/unit.h"

static struct rig r;

START_TEST(chanset_get_gives_one_channel_per_relay)
{
	struct chan *c, *again;

	rig_init(&r);
	c = rig_get(&r);
	ck_assert(rig_get(&r) == c);		/* while it is dialled */
	loop_advance(&r.loop, 1000);
	ck_assert(rig_get(&r) == c);		/* and when it is open */
	r.hop.id.has_ed = 0;
	ck_assert_int_eq(chanset_get(r.set, &r.hop, &again), 0);
	ck_assert(again == c);
	ck_assert(chanset_find(r.set, r.hop.id.rsa) == c);
	ck_assert_uint_eq(r.relay->dials, 1);
	rig_fini(&r);
}
END_TEST

START_TEST(chanset_get_with_another_ed_identity_is_not_that_channel)
{
	struct chan *c;

	rig_init(&r);
	rig_open(&r);
	r.hop.id.ed[31] ^= 1;
	ck_assert_int_eq(chanset_get(r.set, &r.hop, &c), -EHOSTDOWN);
	rig_fini(&r);
}
END_TEST

/* A directory's address may be dialled without its Ed25519 identity.  Whoever
 * joins knows which one it has to prove, and the channel holds it to that. */
static const struct {
	const char	*name;
	int		 flip;
	enum chan_why	 why;
} joiners[] = {
	{ "the right one", 0, CHAN_WHY_NONE },
	{ "another one", 1, CHAN_WHY_IDENTITY },
};

START_TEST(chanset_get_while_dialled_adds_the_ed_identity_to_prove)
{
	struct ear first = { 0 }, joins = { 0 };
	struct chan *c, *again;

	rig_init(&r);
	r.hop.id.has_ed = 0;
	c = rig_get(&r);
	ear_attach(&first, &r, c);
	r.hop.id.has_ed = 1;
	r.hop.id.ed[7] ^= (uint8_t)joiners[_i].flip;
	ck_assert_int_eq(chanset_get(r.set, &r.hop, &again), 0);
	ck_assert(again == c);
	ear_attach(&joins, &r, c);
	ck_assert(rig_get(&r) == c);		/* the same one again */
	r.hop.id.ed[8] ^= 1;			/* but no second one */
	ck_assert_int_eq(chanset_get(r.set, &r.hop, &again), -EHOSTDOWN);
	r.hop.id.has_ed = 0;
	ck_assert(rig_get(&r) == c);
	loop_advance(&r.loop, 1000);
	ck_assert_msg(joins.why == joiners[_i].why, "%s", joiners[_i].name);
	ck_assert_int_eq(first.why, joiners[_i].why);
	ck_assert_uint_eq(joins.open, joiners[_i].why == CHAN_WHY_NONE);
	rig_fini(&r);
}
END_TEST

/* Once CERTS came it's what they prove that counts, open or not yet. */
START_TEST(chanset_get_after_certs_compares_with_the_proven_ed_identity)
{
	struct chan *c, *again;

	rig_init(&r);
	r.hop.id.has_ed = 0;
	r.relay->knobs.netinfo_late_ms = _i ? 0 : 5000;
	c = rig_get(&r);
	loop_advance(&r.loop, 1000);
	ck_assert_int_eq(chan_is_open(c), _i);
	r.hop.id.has_ed = 1;
	ck_assert(rig_get(&r) == c);
	r.hop.id.ed[31] ^= 1;
	ck_assert_int_eq(chanset_get(r.set, &r.hop, &again), -EHOSTDOWN);
	rig_fini(&r);
}
END_TEST

START_TEST(chanset_get_tells_nobody_anything_at_once)
{
	rig_init(&r);
	r.relay->knobs.refuse = -ENETUNREACH;
	rig_get(&r);
	ck_assert_uint_eq(r.dialling + r.gone, 0);
	loop_end_turn(&r.loop);
	ck_assert_uint_eq(r.dialling, 1);
	ck_assert_uint_eq(r.gone, 1);
	rig_fini(&r);
}
END_TEST

START_TEST(chanset_backoff_doubles_up_to_a_ceiling)
{
	int64_t want = 1000, wait;
	struct chan *c;
	int i;

	rig_init(&r);
	r.relay->knobs.down_at_dial = -ECONNREFUSED;
	ck_assert_int_eq(chanset_retry_at(r.set, &r.hop), 0);
	for (i = 0; i < 10; i++) {
		rig_get(&r);
		loop_advance(&r.loop, 10);
		ck_assert_uint_eq(r.gone, (unsigned)i + 1);
		ck_assert_int_eq(chanset_get(r.set, &r.hop, &c), -EHOSTDOWN);
		wait = chanset_retry_at(r.set, &r.hop) - r.loop.now;
		ck_assert_int_ge(wait, want / 2 - 10);
		ck_assert_int_le(wait, want + want / 2);
		loop_advance(&r.loop, wait);
		want = want * 2 < 60000 ? want * 2 : 60000;
	}
	/* It works again: all is forgotten. */
	r.relay->knobs.down_at_dial = 0;
	rig_get(&r);
	loop_advance(&r.loop, 100);
	ck_assert_uint_eq(r.opened, 1);
	ck_assert_int_eq(chanset_retry_at(r.set, &r.hop), 0);
	rig_fini(&r);
}
END_TEST

START_TEST(chanset_backoffs_of_two_clients_are_out_of_step)
{
	int64_t at[20];
	int i, j, same = 0;

	for (i = 0; i < 20; i++) {
		rig_init(&r);
		r.relay->knobs.refuse = -ENETUNREACH;
		rig_get(&r);
		loop_end_turn(&r.loop);
		at[i] = chanset_retry_at(r.set, &r.hop);
		for (j = 0; j < i; j++)
			same += at[i] == at[j];
		rig_fini(&r);
	}
	ck_assert_int_lt(same, 10);
}
END_TEST

START_TEST(chanset_forgive_allows_a_dial_at_once)
{
	struct chan *c;

	rig_init(&r);
	simlink_relay_gone(r.relay);
	rig_get(&r);
	loop_advance(&r.loop, 10);
	ck_assert_int_eq(chanset_get(r.set, &r.hop, &c), -EHOSTDOWN);
	chanset_forgive(r.set);
	r.relay->knobs.down_at_dial = 0;
	r.gone = 0;
	rig_open(&r);
	rig_fini(&r);
}
END_TEST

static const struct {
	const char		*name;
	struct simlink_knobs	 k;
	int			 backs_off;
} failures[] = {
	{ "identity", { .impostor = 1 }, 1 },
	{ "protocol", { .certs_none = 1 }, 1 },
	{ "TLS", { .tls_fails = 1 }, 1 },
	{ "timeout", { .silent = 1 }, 1 },
	{ "none", { .silent = 0 }, 0 },
};

START_TEST(chanset_backoff_comes_of_any_failure_before_it_is_open)
{
	rig_init(&r);
	r.relay->knobs = failures[_i].k;
	rig_get(&r);
	loop_advance(&r.loop, 59990);
	loop_advance(&r.loop, 20);
	if (!failures[_i].backs_off)
		sim_close(rig_conn(&r), -ECONNRESET);
	ck_assert_uint_eq(r.gone, 1);
	ck_assert_msg((chanset_retry_at(r.set, &r.hop) > 0) ==
	    failures[_i].backs_off, "%s", failures[_i].name);
	rig_fini(&r);
}
END_TEST

START_TEST(chanset_backoff_without_identity_goes_by_address)
{
	struct chan *c;

	rig_init(&r);
	memset(&r.hop.id, 0, sizeof(r.hop.id));
	simlink_relay_gone(r.relay);
	rig_get(&r);
	loop_advance(&r.loop, 10);
	ck_assert_int_eq(chanset_get(r.set, &r.hop, &c), -EHOSTDOWN);
	r.hop.or4.port++;
	ck_assert_int_eq(chanset_get(r.set, &r.hop, &c), 0);
	rig_fini(&r);
}
END_TEST

START_TEST(chanset_backoffs_have_a_ceiling)
{
	struct chan *c;
	unsigned i;

	rig_init(&r);
	for (i = 0; i < 2 * CHANSET_BACKOFFS_MAX; i++) {
		r.hop.id.rsa[0] = (uint8_t)i;
		r.hop.id.rsa[1] = (uint8_t)(i >> 8);
		r.hop.or4.port = (uint16_t)(1000 + i);
		ck_assert_int_eq(chanset_get(r.set, &r.hop, &c), 0);
		loop_advance(&r.loop, 6);
	}
	ck_assert_uint_eq(r.gone, 2 * CHANSET_BACKOFFS_MAX);
	ck_assert_int_gt(chanset_retry_at(r.set, &r.hop), 0);
	r.hop.id.rsa[0] = r.hop.id.rsa[1] = 0;
	ck_assert_int_eq(chanset_retry_at(r.set, &r.hop), 0);
	rig_fini(&r);
}
END_TEST

/* Of relays that the network does not have: none is the rig's own. */
static int
get_nth(unsigned i, struct chan **c)
{
	memset(r.hop.id.rsa, 0xa5, sizeof(r.hop.id.rsa));
	r.hop.id.rsa[0] = (uint8_t)i;
	r.hop.id.rsa[1] = (uint8_t)(i >> 8);
	return chanset_get(r.set, &r.hop, c);
}

START_TEST(chanset_get_over_the_ceiling_is_refused)
{
	struct chanset_totals t;
	struct chan *c;
	unsigned i;

	rig_init(&r);
	r.relay->knobs.no_answer = 1;
	for (i = 0; i < CHANSET_MAX; i++)
		ck_assert_int_eq(get_nth(i + 1, &c), 0);
	ck_assert_int_eq(get_nth(i + 1, &c), -ENOSPC);
	ck_assert_int_eq(get_nth(7, &c), 0);
	chanset_totals(r.set, &t);
	ck_assert_uint_eq(t.channels, CHANSET_MAX);
	ck_assert_uint_eq(t.dialling, CHANSET_MAX);
	rig_fini(&r);
}
END_TEST

START_TEST(chanset_get_over_the_ceiling_closes_one_that_is_idle)
{
	struct ear e = { 0 };
	struct hopinfo second;
	struct simlink_relay *other;
	struct chan *c, *busy;
	unsigned i;

	rig_init(&r);
	other = simlink_relay_new(r.net, NULL);
	simlink_relay_hopinfo(other, &second);
	ck_assert_int_eq(chanset_get(r.set, &second, &busy), 0);
	ear_attach(&e, &r, busy);
	rig_open(&r);
	r.relay->knobs.no_answer = 1;
	for (i = 0; i < CHANSET_MAX - 2; i++)
		ck_assert_int_eq(get_nth(i + 1, &c), 0);
	ck_assert_int_eq(get_nth(i + 1, &c), 0);
	ck_assert_uint_eq(r.gone, 1);
	ck_assert_int_eq(r.why, CHAN_WHY_CLOSED);
	ck_assert_uint_eq(e.gone, 0);
	ck_assert_int_eq(get_nth(i + 2, &c), -ENOSPC);
	rig_fini(&r);
}
END_TEST

START_TEST(chanset_close_spares_those_that_carry)
{
	struct ear e = { 0 };
	struct hopinfo second;
	struct simlink_relay *other;
	struct chan *c;

	rig_init(&r);
	other = simlink_relay_new(r.net, NULL);
	simlink_relay_hopinfo(other, &second);
	ck_assert_int_eq(chanset_get(r.set, &second, &c), 0);
	ear_attach(&e, &r, rig_open(&r));
	ck_assert_uint_eq(r.opened, 2);
	chanset_close(r.set, 0);
	ck_assert_uint_eq(r.gone, 1);
	ck_assert_uint_eq(other->conns, 0);
	ck_assert_uint_eq(e.gone, 0);
	chanset_close(r.set, 1);
	ck_assert_uint_eq(e.gone, 1);
	ck_assert_int_eq(e.why, CHAN_WHY_CLOSED);
	ck_assert_int_eq(chanset_retry_at(r.set, &r.hop), 0);
	rig_fini(&r);
}
END_TEST

START_TEST(chanset_totals_count_the_dead_too)
{
	struct chanset_totals t, after;
	struct ear e = { 0 };

	rig_init(&r);
	ear_attach(&e, &r, rig_open(&r));
	chan_cell(e.chan, e.id, CELL_RELAY);
	sim_send_cell(rig_conn(&r), e.id, CELL_RELAY, NULL, 0);
	loop_advance(&r.loop, 100);
	chanset_totals(r.set, &t);
	ck_assert_uint_eq(t.cells_out, 2);		/* and NETINFO */
	ck_assert_uint_eq(t.cells_in, 5);
	ck_assert_uint_eq(t.bytes_out, 11 + 2 * CELL_LEN);
	ck_assert_uint_gt(t.bytes_in, 2 * CELL_LEN);
	chanset_close(r.set, 1);
	chanset_totals(r.set, &after);
	ck_assert_uint_eq(after.bytes_in, t.bytes_in);
	ck_assert_uint_eq(after.bytes_out, t.bytes_out);
	ck_assert_uint_eq(after.cells_in, t.cells_in);
	ck_assert_uint_eq(after.cells_out, t.cells_out);
	ck_assert_uint_eq(after.channels, 0);
	rig_fini(&r);
}
END_TEST

START_TEST(chanset_relay_gone_and_back_is_dialled_again)
{
	rig_init(&r);
	rig_open(&r);
	simlink_relay_gone(r.relay);
	ck_assert_uint_eq(r.gone, 1);
	ck_assert(chanset_find(r.set, r.hop.id.rsa) == NULL);
	r.relay->knobs.down_at_dial = 0;
	r.gone = 0;
	rig_open(&r);			/* no backoff: it had been open */
	ck_assert_uint_eq(r.relay->opened, 2);
	rig_fini(&r);
}
END_TEST

/* ---- channels that are dead without a sign of it ---- */

/* A relay that answers nothing: what it was sent is as good as lost. */
static struct chan *
open_unanswered(struct ear *e)
{
	struct chan *c = rig_open(&r);

	ck_assert_int_eq(ear_attach(e, &r, c), 0);
	ck_assert(chan_cell(c, e->id, CELL_CREATE2) != NULL);
	loop_advance(&r.loop, 30000);
	ck_assert_uint_eq(e->cells + e->gone, 0);
	ck_assert(rig_get(&r) == c);
	return c;
}

START_TEST(chanset_distrusted_channel_is_dialled_anew)
{
	struct ear e = { 0 };
	struct chan *c, *again;

	rig_init(&r);
	c = open_unanswered(&e);
	ck_assert_int_eq(chan_open_ms(c), 30000 + 1000 - 20);
	ck_assert_int_eq(chanset_distrust(r.set, c), 1);
	ck_assert(chanset_find(r.set, r.hop.id.rsa) == NULL);
	again = rig_open(&r);
	ck_assert(again != c);
	ck_assert_uint_eq(r.relay->dials, 2);
	ck_assert(chanset_find(r.set, r.hop.id.rsa) == again);
	ck_assert_int_eq(chanset_distrust(r.set, c), 0);
	ck_assert(rig_get(&r) == again);	/* one that is trusted */
	rig_fini(&r);
}
END_TEST

START_TEST(chanset_distrusted_channel_lives_as_long_as_its_circuits)
{
	struct ear e = { 0 };
	struct simlink_conn *conn;
	struct chan *c;

	rig_init(&r);
	c = open_unanswered(&e);
	conn = rig_conn(&r);
	chanset_distrust(r.set, c);
	rig_open(&r);
	ck_assert_uint_eq(r.relay->conns, 2);
	sim_send_cell(conn, e.id, CELL_CREATED2, NULL, 0);
	ck_assert(chan_cell(c, e.id, CELL_RELAY) != NULL);
	loop_advance(&r.loop, 3600000);
	ck_assert_uint_eq(e.cells, 1);
	ck_assert_uint_eq(r.cells[CELL_RELAY], 1);
	ck_assert_uint_eq(e.gone, 0);
	r.gone = 0;				/* the other one was idle */
	chan_detach(c, e.id, 1);
	ck_assert_uint_eq(r.gone, 0);
	loop_advance(&r.loop, 100);
	ck_assert_uint_eq(r.gone, 1);
	ck_assert_int_eq(r.why, CHAN_WHY_CLOSED);
	ck_assert_uint_eq(r.relay->conns, 0);
	rig_fini(&r);
}
END_TEST

START_TEST(chanset_distrusted_channel_without_circuits_goes_at_end_of_turn)
{
	struct chan *c;

	rig_init(&r);
	c = _i ? rig_get(&r) : rig_open(&r);
	ck_assert_int_eq(chanset_distrust(r.set, c), 1);
	ck_assert_uint_eq(r.gone, 0);
	loop_end_turn(&r.loop);
	ck_assert_uint_eq(r.gone, 1);
	ck_assert_int_eq(r.why, CHAN_WHY_CLOSED);
	ck_assert_uint_eq(r.relay->conns, 0);
	ck_assert_int_eq(chanset_retry_at(r.set, &r.hop), 0);
	rig_fini(&r);
}
END_TEST

/* Of one whose address is all that is known. */
START_TEST(chanset_distrusted_channel_is_not_found_by_address)
{
	struct ear e = { 0 };
	struct chan *c;

	rig_init(&r);
	memset(&r.hop.id, 0, sizeof(r.hop.id));
	c = open_unanswered(&e);
	chanset_distrust(r.set, c);
	ck_assert(rig_open(&r) != c);
	ck_assert_uint_eq(r.relay->dials, 2);
	rig_fini(&r);
}
END_TEST

/* What was dialled before the machine slept opens all the same: for those who
 * wait for it, and for nobody else. */
START_TEST(chanset_distrusted_while_dialled_is_not_found_once_open)
{
	struct ear e = { 0 };
	struct chan *c, *again;

	rig_init(&r);
	c = rig_get(&r);
	ear_attach(&e, &r, c);
	loop_advance(&r.loop, 12);
	chanset_distrust_all(r.set);
	loop_advance(&r.loop, 100);
	ck_assert_uint_eq(e.open, 1);
	again = rig_open(&r);
	ck_assert(again != c);
	ck_assert(chanset_find(r.set, r.hop.id.rsa) == again);
	chan_detach(c, e.id, 1);
	loop_advance(&r.loop, 1);
	ck_assert_uint_eq(r.relay->conns, 1);
	ck_assert(chanset_find(r.set, r.hop.id.rsa) == again);
	rig_fini(&r);
}
END_TEST

/* The relay may be fine: it's the connection that wasn't. */
START_TEST(chanset_distrusted_channel_that_fails_backs_off_from_nobody)
{
	struct ear e = { 0 };
	struct chan *c;

	rig_init(&r);
	r.relay->knobs.no_answer = 1;
	c = rig_get(&r);
	ear_attach(&e, &r, c);
	loop_advance(&r.loop, 1000);
	chanset_distrust_all(r.set);
	r.relay->knobs.no_answer = 0;
	rig_open(&r);
	loop_advance(&r.loop, 61000);
	ck_assert_uint_eq(e.gone, 1);
	ck_assert_int_eq(e.why, CHAN_WHY_CLOSED);
	ck_assert_uint_eq(r.gone, 1);
	ck_assert_int_eq(r.why, CHAN_WHY_CLOSED);
	ck_assert_int_eq(chanset_retry_at(r.set, &r.hop), 0);
	rig_fini(&r);
}
END_TEST

/* But who lies about who he is does so on any connection. */
START_TEST(chanset_distrusted_channel_to_an_impostor_backs_off)
{
	struct ear e = { 0 };

	rig_init(&r);
	r.relay->knobs.impostor = 1;
	ear_attach(&e, &r, rig_get(&r));
	loop_advance(&r.loop, 1);
	chanset_distrust_all(r.set);
	loop_advance(&r.loop, 100);
	ck_assert_int_eq(r.why, CHAN_WHY_IDENTITY);
	ck_assert_int_gt(chanset_retry_at(r.set, &r.hop), 0);
	rig_fini(&r);
}
END_TEST

START_TEST(chanset_distrust_all_spares_nothing_and_closes_what_is_idle)
{
	struct ear e = { 0 };
	struct hopinfo second;
	struct simlink_relay *other;
	struct chan *c;

	rig_init(&r);
	other = simlink_relay_new(r.net, NULL);
	simlink_relay_hopinfo(other, &second);
	ck_assert_int_eq(chanset_get(r.set, &second, &c), 0);
	open_unanswered(&e);
	chanset_distrust_all(r.set);
	loop_end_turn(&r.loop);
	ck_assert_uint_eq(r.gone, 1);
	ck_assert_uint_eq(other->conns, 0);
	ck_assert_uint_eq(e.gone, 0);
	ck_assert(chanset_find(r.set, r.hop.id.rsa) == NULL);
	rig_fini(&r);
}
END_TEST

/* F08: a guard that accepts and then says nothing, for ever. */
START_TEST(chanset_distrusted_channels_count_against_the_ceiling)
{
	static struct ear e[CHANSET_MAX];
	struct chanset_totals t;
	struct chan *c;
	size_t i;

	rig_init(&r);
	memset(e, 0, sizeof(e));
	for (i = 0; i < CHANSET_MAX; i++) {
		c = rig_open(&r);
		ck_assert_int_eq(ear_attach(&e[i], &r, c), 0);
		chanset_distrust(r.set, c);
	}
	ck_assert_int_eq(chanset_get(r.set, &r.hop, &c), -ENOSPC);
	chanset_totals(r.set, &t);
	ck_assert_uint_eq(t.channels, CHANSET_MAX);
	chan_detach(e[7].chan, e[7].id, 1);
	loop_end_turn(&r.loop);
	r.gone = 0;
	rig_open(&r);
	rig_fini(&r);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(chanset_get_gives_one_channel_per_relay),
	UNIT(chanset_get_with_another_ed_identity_is_not_that_channel),
	UNIT_LOOP(chanset_get_while_dialled_adds_the_ed_identity_to_prove,
	    NELEM(joiners)),
	UNIT_LOOP(chanset_get_after_certs_compares_with_the_proven_ed_identity,
	    2),
	UNIT(chanset_get_tells_nobody_anything_at_once),
	UNIT(chanset_backoff_doubles_up_to_a_ceiling),
	UNIT(chanset_backoffs_of_two_clients_are_out_of_step),
	UNIT(chanset_forgive_allows_a_dial_at_once),
	UNIT_LOOP(chanset_backoff_comes_of_any_failure_before_it_is_open,
	    NELEM(failures)),
	UNIT(chanset_backoff_without_identity_goes_by_address),
	UNIT(chanset_backoffs_have_a_ceiling),
	UNIT(chanset_get_over_the_ceiling_is_refused),
	UNIT(chanset_get_over_the_ceiling_closes_one_that_is_idle),
	UNIT(chanset_close_spares_those_that_carry),
	UNIT(chanset_totals_count_the_dead_too),
	UNIT(chanset_relay_gone_and_back_is_dialled_again),
	UNIT(chanset_distrusted_channel_is_dialled_anew),
	UNIT(chanset_distrusted_channel_lives_as_long_as_its_circuits),
	UNIT_LOOP(
	    chanset_distrusted_channel_without_circuits_goes_at_end_of_turn, 2),
	UNIT(chanset_distrusted_channel_is_not_found_by_address),
	UNIT(chanset_distrusted_while_dialled_is_not_found_once_open),
	UNIT(chanset_distrusted_channel_that_fails_backs_off_from_nobody),
	UNIT(chanset_distrusted_channel_to_an_impostor_backs_off),
	UNIT(chanset_distrust_all_spares_nothing_and_closes_what_is_idle),
	UNIT(chanset_distrusted_channels_count_against_the_ceiling),
};
UNIT_MAIN("chanset", tests)

/* tests/onion/crypto/test_cgo.c - CGO, client against known answers and relays
 *
 * Linked with --wrap=free, as test_wipe.c is.
 */
#include "onion/crypto/cgo.h"

#include "onion/crypto/crypt.h"
#include "tests/onion/crypto/cgorelay.h"
#include "tests/onion/crypto/hex.h"
#include "tests/unit.h"
#include "tests/vectors/cgo.h"

enum { HOPS = 3, BODY = CGO_BODY, RELAY = 3, RELAY_EARLY = 9 };

/* --- known answers --- */

/* T' begins as zeros.  Any cell that is passed makes it what that one began
 * with. */
static struct cgo *
client_new(const uint8_t keys[80], const uint8_t tweak[16])
{
	uint8_t body[BODY] = { 0 };
	struct cgo *c = cgo_new(keys);

	ck_assert_ptr_nonnull(c);
	memcpy(body, tweak, 16);
	cgo_pass_fwd(c, 0, body);
	return c;
}

/* The same for a relay, where it is what a cell begins with that comes out. */
static struct cgorelay *
relay_new(const uint8_t keys[80], const uint8_t tweak[16])
{
	uint8_t body[BODY] = { 0 };
	struct cgorelay *r = cgorelay_new(keys);
	struct cgo *c = cgo_new(keys);

	ck_assert_ptr_nonnull(c);
	memcpy(body, tweak, 16);
	cgo_pass_fwd(c, 0, body);
	cgorelay_pass_bwd(r, 0, body);
	ck_assert(memcmp(body, tweak, 16) == 0);
	cgo_free(c);
	return r;
}

static struct cgo *
client_at(const struct cgov_state *s)
{
	uint8_t keys[80], tweak[16];

	UNHEX(keys, s->keys);
	UNHEX(tweak, s->tweak);
	return client_new(keys, tweak);
}

static struct cgorelay *
relay_at(const struct cgov_state *s)
{
	uint8_t keys[80], tweak[16];

	UNHEX(keys, s->keys);
	UNHEX(tweak, s->tweak);
	return relay_new(keys, tweak);
}

/* Keys, T' and nonce, as far as cells show them. */
static void
ck_same(struct cgo *a, struct cgo *b)
{
	uint8_t one[BODY], two[BODY], t1[16], t2[16];
	int i;

	rand_bytes(one, sizeof(one));
	memcpy(two, one, sizeof(two));
	for (i = 0; i < 4; i++) {
		if (i & 1) {
			cgo_pass_fwd(a, RELAY, one);
			cgo_pass_fwd(b, RELAY, two);
		} else {
			cgo_originate(a, RELAY, one, t1);
			cgo_originate(b, RELAY, two, t2);
			ck_assert(memcmp(t1, t2, 16) == 0);
		}
		ck_assert(memcmp(one, two, BODY) == 0);
	}
}

/* Ends both. */
static void
ck_client_at(struct cgo *c, const struct cgov_state *s)
{
	struct cgo *want = client_at(s);

	ck_same(c, want);
	cgo_free(c);
	cgo_free(want);
}

static void
ck_relay_at(struct cgorelay *r, const struct cgov_state *s)
{
	struct cgorelay *want = relay_at(s);
	uint8_t one[BODY] = { 0 }, two[BODY] = { 0 }, tag[16];

	cgorelay_originate(r, RELAY, one, tag);
	cgorelay_originate(want, RELAY, two, tag);
	ck_assert(memcmp(one, two, BODY) == 0);
	cgorelay_free(r);
	cgorelay_free(want);
}

static uint8_t
known_cmd(const char *hex)
{
	uint8_t cmd[1];

	UNHEX(cmd, hex);
	return cmd[0];
}

/* The message behind a tag of other bytes. */
static void
known_msg(uint8_t body[BODY], const char *hex)
{
	memset(body, 0xee, 16);
	ck_assert_uint_eq(unhex(body + 16, BODY - 16, hex), BODY - 16);
}

START_TEST(cgo_originate_known_messages_give_known_cells)
{
	const struct cgov_client *v = &cgov_client_originate[_i];
	uint8_t body[BODY], cmd = known_cmd(v->cmd), tag[16];
	struct cgo *c[HOPS];
	int i;

	crypt_init();
	for (i = 0; i < HOPS; i++)
		c[i] = client_at(&v->before[i]);
	known_msg(body, v->msg);
	cgo_originate(c[v->hop], cmd, body, tag);
	ck_assert(memcmp(tag, body, 16) == 0);
	for (i = v->hop; i-- > 0; )
		cgo_pass_fwd(c[i], cmd, body);
	CK_HEX(body, BODY, v->out);
	for (i = 0; i < HOPS; i++)
		ck_client_at(c[i], &v->after[i]);
}
END_TEST

START_TEST(cgo_pass_fwd_known_bodies_give_known_bodies)
{
	const struct cgov_uiv *v = &cgov_uiv[_i];
	uint8_t keys[80] = { 0 }, tweak[17], body[BODY];
	struct cgo *c;

	crypt_init();
	ck_assert_uint_eq(unhex(keys, 64, v->keys), 64);
	UNHEX(tweak, v->tweak);
	UNHEX(body, v->in);
	c = client_new(keys, tweak);
	cgo_pass_fwd(c, tweak[16], body);
	CK_HEX(body, BODY, v->out);
	cgo_free(c);
}
END_TEST

/* The right side of zeros becomes the key stream; a cell of our own, whose
 * nonce is the input, is followed by keys that are the next stream. */
START_TEST(cgo_prf_known_input_gives_known_streams)
{
	const struct cgov_prf *v = &cgov_prf[_i];
	uint8_t keys[80] = { 0 }, next[80], body[BODY] = { 0 }, tag[16];
	struct cgo *c, *want;

	crypt_init();
	ck_assert_uint_eq(unhex(keys + 32, 32, v->keys), 32);
	ck_assert_uint_eq(unhex(keys + 64, 16, v->in), 16);
	UNHEX(next, v->out1);
	ck_assert_ptr_nonnull(c = cgo_new(keys));
	cgo_originate(c, RELAY, body, tag);
	CK_HEX(body + 16, BODY - 16, v->out0);
	want = client_new(next, keys + 64);
	ck_same(c, want);
	cgo_free(c);
	cgo_free(want);
}
END_TEST

/* Where the right side of a first pass was zeros it shows what a second one
 * will add. */
START_TEST(cgo_et_known_block_gives_known_block)
{
	const struct cgov_et *v = &cgov_et[_i];
	uint8_t keys[80] = { 0 }, tweak[510], body[BODY] = { 0 };
	struct cgo *c;
	int i;

	crypt_init();
	ck_assert_uint_eq(unhex(keys, 32, v->keys), 32);
	UNHEX(tweak, v->tweak);
	ck_assert_uint_eq(unhex(body, 16, v->in), 16);
	c = client_new(keys, tweak);
	cgo_pass_fwd(c, tweak[16], body);
	cgo_free(c);
	for (i = 16; i < BODY; i++)
		body[i] ^= tweak[i + 1];
	ck_assert_uint_eq(unhex(body, 16, v->in), 16);
	c = client_new(keys, tweak);
	cgo_pass_fwd(c, tweak[16], body);
	ck_assert(memcmp(body + 16, tweak + 17, BODY - 16) == 0);
	CK_HEX(body, 16, v->out);
	cgo_free(c);
}
END_TEST

START_TEST(cgo_update_known_keys_become_known_keys)
{
	const struct cgov_update *v = &cgov_update[_i];
	uint8_t before[80], after[80], body[BODY] = { 0 }, tag[16];
	struct cgo *c, *want;

	crypt_init();
	UNHEX(before, v->before);
	UNHEX(after, v->after);
	ck_assert_ptr_nonnull(c = cgo_new(before));
	cgo_originate(c, RELAY, body, tag);
	want = client_new(after, before + 64);
	ck_same(c, want);
	cgo_free(c);
	cgo_free(want);
}
END_TEST

/* What relays send comes out as what went in; and the relays of these tests
 * are checked against the known cells as well. */
START_TEST(cgo_bwd_known_cells_of_its_relay_are_recognised)
{
	const struct cgov_relay *v = &cgov_relay_originate[_i];
	uint8_t body[BODY], want[BODY], tag[16], cmd = known_cmd(v->cmd);
	struct cgorelay *r;
	struct cgo *c;

	crypt_init();
	r = relay_at(&v->before);
	known_msg(body, v->in);
	cgorelay_originate(r, cmd, body, tag);
	CK_HEX(body, BODY, v->out);
	ck_assert(memcmp(tag, body, 16) == 0);
	ck_relay_at(r, &v->after);

	c = client_at(&v->before);
	memset(tag, 0, sizeof(tag));
	memcpy(want, body, 16);
	ck_assert_int_eq(cgo_bwd(c, cmd, body, tag), 1);
	ck_assert(memcmp(tag, want, 16) == 0);
	known_msg(want, v->in);
	ck_assert(memcmp(body + 16, want + 16, BODY - 16) == 0);
	ck_client_at(c, &v->after);
}
END_TEST

START_TEST(cgo_bwd_known_cells_of_other_relays_are_passed)
{
	const struct cgov_relay *v = &cgov_relay_bwd[_i];
	uint8_t body[BODY], tag[16], cmd = known_cmd(v->cmd);
	struct cgorelay *r;
	struct cgo *c;

	crypt_init();
	r = relay_at(&v->before);
	UNHEX(body, v->in);
	cgorelay_pass_bwd(r, cmd, body);
	CK_HEX(body, BODY, v->out);
	ck_relay_at(r, &v->after);
	c = client_at(&v->before);
	ck_assert_int_eq(cgo_bwd(c, cmd, body, tag), 0);
	CK_HEX(body, BODY, v->in);
	ck_client_at(c, &v->after);
}
END_TEST

/* fwd the client's T' is of the other side of the cell. */
START_TEST(cgo_pass_fwd_known_cells_are_what_relays_pass)
{
	const struct cgov_relay *v = &cgov_relay_fwd[_i];
	uint8_t body[BODY], tag[16], cmd = known_cmd(v->cmd);
	struct cgorelay *r;
	struct cgo *c;

	crypt_init();
	r = relay_at(&v->before);
	UNHEX(body, v->in);
	ck_assert_int_eq(cgorelay_fwd(r, cmd, body, tag), 0);
	CK_HEX(body, BODY, v->out);
	ck_relay_at(r, &v->after);
	c = client_at(&v->before);
	cgo_pass_fwd(c, cmd, body);
	CK_HEX(body, BODY, v->in);
	ck_client_at(c, &v->after);
}
END_TEST

/* --- there and back --- */

struct circuit {
	uint8_t		 keys[HOPS][80];
	struct cgo	*client[HOPS];
	struct cgorelay	*relay[HOPS];
};

/* One direction: a test has use for no more. */
static void
circuit_init(struct circuit *c)
{
	int i;

	for (i = 0; i < HOPS; i++) {
		c->client[i] = cgo_new(c->keys[i]);
		ck_assert_ptr_nonnull(c->client[i]);
		c->relay[i] = cgorelay_new(c->keys[i]);
	}
}

static void
circuit_new(struct circuit *c)
{
	crypt_init();
	rand_bytes(c->keys, sizeof(c->keys));
	circuit_init(c);
}

static void
circuit_free(struct circuit *c)
{
	int i;

	for (i = 0; i < HOPS; i++) {
		cgo_free(c->client[i]);
		cgorelay_free(c->relay[i]);
	}
}

static void
circuit_again(struct circuit *c)
{
	circuit_free(c);
	circuit_init(c);
}

static void
send_fwd(struct circuit *c, int hop, uint8_t cmd, uint8_t body[BODY],
    uint8_t tag[16])
{
	int i;

	rand_bytes(body, BODY);
	cgo_originate(c->client[hop], cmd, body, tag);
	for (i = hop; i-- > 0; )
		cgo_pass_fwd(c->client[i], cmd, body);
}

/* Which relay it is for, or -1. */
static int
take_fwd(struct circuit *c, uint8_t cmd, uint8_t body[BODY], uint8_t tag[16])
{
	int i;

	for (i = 0; i < HOPS; i++)
		if (cgorelay_fwd(c->relay[i], cmd, body, tag))
			return i;
	return -1;
}

static void
send_bwd(struct circuit *c, int hop, uint8_t cmd, uint8_t body[BODY],
    uint8_t tag[16])
{
	int i;

	rand_bytes(body, BODY);
	cgorelay_originate(c->relay[hop], cmd, body, tag);
	for (i = hop; i-- > 0; )
		cgorelay_pass_bwd(c->relay[i], cmd, body);
}

static int
take_bwd(struct circuit *c, uint8_t cmd, uint8_t body[BODY], uint8_t tag[16])
{
	int i;

	for (i = 0; i < HOPS; i++)
		if (cgo_bwd(c->client[i], cmd, body, tag))
			return i;
	return -1;
}

static uint8_t
any_cmd(void)
{
	return rand_below(2) ? RELAY : RELAY_EARLY;
}

START_TEST(cgo_fwd_any_hop_recognises_what_is_for_it)
{
	uint8_t body[BODY], want[BODY], ours[16], theirs[16], cmd;
	struct circuit c;
	int i, hop, at;

	circuit_new(&c);
	for (i = 0; i < 2000; i++) {
		hop = (int)rand_below(HOPS);
		cmd = any_cmd();
		rand_bytes(body, BODY);
		memcpy(want, body, BODY);
		cgo_originate(c.client[hop], cmd, body, ours);
		for (at = hop; at-- > 0; )
			cgo_pass_fwd(c.client[at], cmd, body);
		ck_assert_int_eq(take_fwd(&c, cmd, body, theirs), hop);
		ck_assert(memcmp(body + 16, want + 16, BODY - 16) == 0);
		ck_assert(memcmp(ours, theirs, 16) == 0);
	}
	circuit_free(&c);
}
END_TEST

START_TEST(cgo_bwd_any_hop_is_recognised)
{
	uint8_t body[BODY], want[BODY], ours[16], theirs[16], cmd;
	struct circuit c;
	int i, hop, at;

	circuit_new(&c);
	for (i = 0; i < 2000; i++) {
		hop = (int)rand_below(HOPS);
		cmd = any_cmd();
		rand_bytes(body, BODY);
		memcpy(want, body, BODY);
		cgorelay_originate(c.relay[hop], cmd, body, theirs);
		for (at = hop; at-- > 0; )
			cgorelay_pass_bwd(c.relay[at], cmd, body);
		ck_assert_int_eq(take_bwd(&c, cmd, body, ours), hop);
		ck_assert(memcmp(body + 16, want + 16, BODY - 16) == 0);
		ck_assert(memcmp(ours, theirs, 16) == 0);
	}
	circuit_free(&c);
}
END_TEST

/* --- keys that change --- */

/* The same cell, made once as one's own and once as another's, is the same;
 * what follows is not. */
START_TEST(cgo_originate_changes_keys_and_pass_fwd_does_not)
{
	uint8_t keys[80], body[BODY], same[BODY], tag[16];
	struct cgo *a, *b, *c;

	crypt_init();
	rand_bytes(keys, sizeof(keys));
	a = cgo_new(keys);
	b = cgo_new(keys);
	ck_assert(a != NULL && b != NULL);
	rand_bytes(body, BODY);
	memcpy(same, body, BODY);
	memcpy(same, keys + 64, 16);
	cgo_originate(a, RELAY, body, tag);
	cgo_pass_fwd(b, RELAY, same);
	ck_assert(memcmp(body, same, BODY) == 0);
	cgo_pass_fwd(a, RELAY, body);
	cgo_pass_fwd(b, RELAY, same);
	ck_assert(memcmp(body, same, 16) != 0);
	ck_assert(memcmp(body + 16, same + 16, BODY - 16) != 0);
	cgo_free(a);
	/* T' apart, b is as it was at first. */
	rand_bytes(body, BODY);
	cgo_pass_fwd(b, RELAY, body);
	c = client_new(keys, body);
	cgo_free(b);
	b = client_new(keys, body);
	ck_same(b, c);
	cgo_free(b);
	cgo_free(c);
}
END_TEST

START_TEST(cgo_bwd_a_cell_again_is_not_recognised)
{
	uint8_t body[BODY], again[BODY], tag[16];
	struct circuit c;
	int i;

	circuit_new(&c);
	for (i = 0; i < 100; i++) {
		circuit_again(&c);
		send_bwd(&c, _i, RELAY, body, tag);
		memcpy(again, body, BODY);
		ck_assert_int_eq(take_bwd(&c, RELAY, body, tag), _i);
		ck_assert_int_eq(take_bwd(&c, RELAY, again, tag), -1);
	}
	circuit_free(&c);
}
END_TEST

/* --- hostile --- */

static int
differing_bits(const uint8_t *a, const uint8_t *b, size_t len)
{
	int n = 0;
	size_t i;

	for (i = 0; i < len; i++)
		n += __builtin_popcount((unsigned)(a[i] ^ b[i]));
	return n;
}

/* The client of a circuit that was spoilt fwd can reach no relay any more. */
static void
ck_dead_fwd(struct circuit *c)
{
	uint8_t body[BODY], tag[16];
	int hop;

	for (hop = HOPS; hop-- > 0; ) {
		send_fwd(c, hop, RELAY, body, tag);
		ck_assert_int_eq(take_fwd(c, RELAY, body, tag), -1);
	}
}

/* bwd it hears no more from @hop, nor from those behind it, for which it took
 * the noise.  Those before come back: a circuit is not dead by itself. */
static void
ck_dead_bwd(struct circuit *c, int hop)
{
	uint8_t body[BODY], tag[16];
	int i;

	for (i = 0; i < HOPS; i++) {
		send_bwd(c, hop, RELAY, body, tag);
		ck_assert_int_eq(take_bwd(c, RELAY, body, tag), -1);
	}
	for (i = 0; i < HOPS; i++) {
		send_bwd(c, i, RELAY, body, tag);
		ck_assert_int_eq(take_bwd(c, RELAY, body, tag),
		    i < hop ? i : -1);
	}
}

/* Every bit, for or from each hop. */
START_TEST(cgo_fwd_any_flipped_bit_ends_the_circuit)
{
	uint8_t body[BODY], tag[16];
	struct circuit c;
	int bit;

	circuit_new(&c);
	for (bit = 0; bit < BODY * 8; bit++) {
		circuit_again(&c);
		send_fwd(&c, _i, RELAY, body, tag);
		body[bit / 8] ^= (uint8_t)(1 << bit % 8);
		ck_assert_msg(take_fwd(&c, RELAY, body, tag) == -1, "%d", bit);
		ck_dead_fwd(&c);
	}
	circuit_free(&c);
}
END_TEST

START_TEST(cgo_bwd_any_flipped_bit_ends_what_its_hop_sends)
{
	uint8_t body[BODY], tag[16], mine[16];
	struct circuit c;
	int bit, i;

	circuit_new(&c);
	for (bit = 0; bit < BODY * 8; bit++) {
		circuit_again(&c);
		send_bwd(&c, _i, RELAY, body, tag);
		body[bit / 8] ^= (uint8_t)(1 << bit % 8);
		memset(mine, 0x5a, sizeof(mine));
		ck_assert_msg(take_bwd(&c, RELAY, body, mine) == -1, "%d", bit);
		for (i = 0; i < 16; i++)
			ck_assert_uint_eq(mine[i], 0x5a);
		ck_dead_bwd(&c, _i);
	}
	circuit_free(&c);
}
END_TEST

/* tor1 gives the sender of a tagged cell its tag back.  Of what comes out here
 * about half of the bits are others, at every hop. */
START_TEST(cgo_fwd_a_flipped_bit_is_spread_over_the_body)
{
	uint8_t keys[80], body[BODY], other[BODY], tag[16];
	struct cgorelay *a, *b;
	int bit;

	crypt_init();
	rand_bytes(keys, sizeof(keys));
	for (bit = 0; bit < BODY * 8; bit++) {
		a = cgorelay_new(keys);
		b = cgorelay_new(keys);
		rand_bytes(body, BODY);
		memcpy(other, body, BODY);
		other[bit / 8] ^= (uint8_t)(1 << bit % 8);
		cgorelay_fwd(a, RELAY, body, tag);
		cgorelay_fwd(b, RELAY, other, tag);
		ck_assert_int_gt(differing_bits(body, other, 16), 16);
		ck_assert_int_gt(differing_bits(body, other, BODY), 1600);
		cgorelay_free(a);
		cgorelay_free(b);
	}
}
END_TEST

START_TEST(cgo_fwd_a_changed_command_ends_the_circuit)
{
	uint8_t body[BODY], tag[16];
	struct circuit c;
	int i;

	circuit_new(&c);
	for (i = 0; i < 100; i++) {
		circuit_again(&c);
		send_fwd(&c, _i, RELAY_EARLY, body, tag);
		ck_assert_int_eq(take_fwd(&c, RELAY, body, tag), -1);
		ck_dead_fwd(&c);
	}
	circuit_free(&c);
}
END_TEST

START_TEST(cgo_bwd_a_changed_command_ends_what_its_hop_sends)
{
	uint8_t body[BODY], tag[16];
	struct circuit c;
	int i;

	circuit_new(&c);
	for (i = 0; i < 100; i++) {
		circuit_again(&c);
		send_bwd(&c, _i, RELAY, body, tag);
		ck_assert_int_eq(take_bwd(&c, RELAY_EARLY, body, tag), -1);
		ck_dead_bwd(&c, _i);
	}
	circuit_free(&c);
}
END_TEST

START_TEST(cgo_bwd_cells_in_another_order_are_not_recognised)
{
	uint8_t first[BODY], second[BODY], tag[16];
	struct circuit c;
	int i;

	circuit_new(&c);
	for (i = 0; i < 100; i++) {
		circuit_again(&c);
		send_bwd(&c, _i, RELAY, first, tag);
		send_bwd(&c, _i, RELAY, second, tag);
		ck_assert_int_eq(take_bwd(&c, RELAY, second, tag), -1);
		ck_assert_int_eq(take_bwd(&c, RELAY, first, tag), -1);
	}
	circuit_free(&c);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT_LOOP(cgo_originate_known_messages_give_known_cells,
	    NELEM(cgov_client_originate)),
	UNIT_LOOP(cgo_pass_fwd_known_bodies_give_known_bodies,
	    NELEM(cgov_uiv)),
	UNIT_LOOP(cgo_prf_known_input_gives_known_streams, NELEM(cgov_prf)),
	UNIT_LOOP(cgo_et_known_block_gives_known_block, NELEM(cgov_et)),
	UNIT_LOOP(cgo_update_known_keys_become_known_keys, NELEM(cgov_update)),
	UNIT_LOOP(cgo_bwd_known_cells_of_its_relay_are_recognised,
	    NELEM(cgov_relay_originate)),
	UNIT_LOOP(cgo_bwd_known_cells_of_other_relays_are_passed,
	    NELEM(cgov_relay_bwd)),
	UNIT_LOOP(cgo_pass_fwd_known_cells_are_what_relays_pass,
	    NELEM(cgov_relay_fwd)),
	UNIT(cgo_fwd_any_hop_recognises_what_is_for_it),
	UNIT(cgo_bwd_any_hop_is_recognised),
	UNIT(cgo_originate_changes_keys_and_pass_fwd_does_not),
	UNIT_LOOP(cgo_bwd_a_cell_again_is_not_recognised, HOPS),
	UNIT_LOOP(cgo_fwd_any_flipped_bit_ends_the_circuit, HOPS),
	UNIT_LOOP(cgo_bwd_any_flipped_bit_ends_what_its_hop_sends, HOPS),
	UNIT(cgo_fwd_a_flipped_bit_is_spread_over_the_body),
	UNIT_LOOP(cgo_fwd_a_changed_command_ends_the_circuit, HOPS),
	UNIT_LOOP(cgo_bwd_a_changed_command_ends_what_its_hop_sends, HOPS),
	UNIT_LOOP(cgo_bwd_cells_in_another_order_are_not_recognised, HOPS),
};
UNIT_MAIN("cgo", tests)

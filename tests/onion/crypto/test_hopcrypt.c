/* tests/onion/crypto/test_hopcrypt.c - relay crypto, client against relays */
#include "onion/crypto/hopcrypt.h"

#include "onion/crypto/crypt.h"
#include "onion/crypto/handshake.h"
#include "tests/onion/crypto/hex.h"
#include "tests/sim/simhand.h"
#include "tests/unit.h"
#include "tests/vectors/crypto.h"

enum { HOPS = 3, BODY = HOPCRYPT_BODY, RELAY = 3 };

struct circuit {
	struct handshake_keys	 keys[HOPS];
	struct hopcrypt		*client[HOPS];
	struct simhand_hop	*relay[HOPS];
};

static void
circuit_init(struct circuit *c)
{
	int i;

	for (i = 0; i < HOPS; i++) {
		c->keys[i].cgo_on = 0;	/* see test_cgo.c */
		c->client[i] = hopcrypt_new(&c->keys[i]);
		ck_assert_ptr_nonnull(c->client[i]);
		c->relay[i] = simhand_hop_new(&c->keys[i]);
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
		hopcrypt_free(c->client[i]);
		simhand_hop_free(c->relay[i]);
	}
}

static void
send_fwd(struct circuit *c, int hop, uint8_t body[BODY], uint8_t tag[20])
{
	int i;

	hopcrypt_originate(c->client[hop], RELAY, body, tag);
	for (i = hop; i-- > 0; )
		hopcrypt_pass_fwd(c->client[i], RELAY, body);
}

/* Which hop it is from, or -1. */
static int
take_bwd(struct circuit *c, uint8_t body[BODY], uint8_t tag[20])
{
	int i;

	for (i = 0; i < HOPS; i++)
		if (hopcrypt_bwd(c->client[i], RELAY, body, tag))
			return i;
	return -1;
}

/* Random, with the fields of a header where relay crypto has them zero. */
static void
random_body(uint8_t body[BODY])
{
	rand_bytes(body, BODY);
	body[1] = body[2] = 0;
	memset(body + 5, 0, 4);
}

static int
same(const uint8_t *a, const uint8_t *b)
{
	return a[0] == b[0] && memcmp(a + 3, b + 3, 2) == 0 &&
	    memcmp(a + 9, b + 9, BODY - 9) == 0;
}

/* --- known answers --- */

static void
known_keys(struct circuit *c)
{
	uint8_t raw[HOPS * 72], *p = raw;
	int i;

	crypt_init();
	UNHEX(raw, relay_keys);
	for (i = 0; i < HOPS; i++, p += 72) {
		memcpy(c->keys[i].df, p, 20);
		memcpy(c->keys[i].db, p + 20, 20);
		memcpy(c->keys[i].kf, p + 40, 16);
		memcpy(c->keys[i].kb, p + 56, 16);
	}
	circuit_init(c);
}

/* The bodies that make-crypto.py sends: SHAKE of their name. */
static void
known_body(const char *dir, int i, uint8_t body[BODY])
{
	char name[64];

	snprintf(name, sizeof(name), "crypto vectors: %s %d", dir, i);
	crypt_shake256(body, BODY, name, strlen(name));
}

START_TEST(hopcrypt_originate_known_bodies_give_known_cells)
{
	static uint8_t wire[40 * BODY];
	uint8_t tags[40 * 20], sum[32], *body;
	struct circuit c;
	int i;

	known_keys(&c);
	for (i = 0; i < 40; i++) {
		body = wire + i * BODY;
		known_body("fwd", i, body);
		send_fwd(&c, i % HOPS, body, tags + i * 20);
	}
	CK_HEX(wire, BODY, relay_fwd_first);
	CK_HEX(wire + 39 * BODY, BODY, relay_fwd_last);
	CK_HEX(tags + 39 * 20, 20, relay_fwd_last_tag);
	crypt_sha256(sum, wire, sizeof(wire));
	CK_HEX(sum, 32, relay_fwd_wire);
	crypt_sha256(sum, tags, sizeof(tags));
	CK_HEX(sum, 32, relay_fwd_tags);
	circuit_free(&c);
}
END_TEST

/* The relays' side is checked against the known cells as well: the two then
 * are three implementations that agree. */
START_TEST(hopcrypt_bwd_known_cells_give_known_bodies)
{
	static uint8_t wire[40 * BODY];
	uint8_t tags[40 * 20], tag[20], sum[32], want[BODY], *body;
	struct circuit c;
	int i;

	known_keys(&c);
	for (i = 0; i < 40; i++) {
		body = wire + i * BODY;
		known_body("bwd", i, body);
		simhand_bwd(c.relay, (size_t)(i % HOPS), body, tag);
	}
	CK_HEX(wire, BODY, relay_bwd_first);
	CK_HEX(wire + 39 * BODY, BODY, relay_bwd_last);
	crypt_sha256(sum, wire, sizeof(wire));
	CK_HEX(sum, 32, relay_bwd_wire);
	for (i = 0; i < 40; i++) {
		body = wire + i * BODY;
		known_body("bwd", i, want);
		ck_assert_int_eq(take_bwd(&c, body, tags + i * 20), i % HOPS);
		ck_assert(same(body, want));
	}
	CK_HEX(tags + 39 * 20, 20, relay_bwd_last_tag);
	crypt_sha256(sum, tags, sizeof(tags));
	CK_HEX(sum, 32, relay_bwd_tags);
	circuit_free(&c);
}
END_TEST

/* --- there and back --- */

START_TEST(hopcrypt_fwd_any_hop_recognises_what_is_for_it)
{
	uint8_t body[BODY], want[BODY], ours[20], theirs[20];
	struct circuit c;
	int i, hop;

	circuit_new(&c);
	for (i = 0; i < 2000; i++) {
		hop = (int)rand_below(HOPS);
		random_body(body);
		memcpy(want, body, BODY);
		send_fwd(&c, hop, body, ours);
		ck_assert_int_eq(simhand_fwd(c.relay, HOPS, RELAY, body, theirs),
		    hop);
		ck_assert(same(body, want));
		ck_assert(memcmp(ours, theirs, 20) == 0);
	}
	circuit_free(&c);
}
END_TEST

START_TEST(hopcrypt_bwd_any_hop_is_recognised)
{
	uint8_t body[BODY], want[BODY], ours[20], theirs[20];
	struct circuit c;
	int i, hop;

	circuit_new(&c);
	for (i = 0; i < 2000; i++) {
		hop = (int)rand_below(HOPS);
		random_body(body);
		memcpy(want, body, BODY);
		simhand_bwd(c.relay, (size_t)hop, body, theirs);
		ck_assert_int_eq(take_bwd(&c, body, ours), hop);
		ck_assert(memcmp(body, want, BODY) == 0);
		ck_assert(memcmp(ours, theirs, 20) == 0);
	}
	circuit_free(&c);
}
END_TEST

START_TEST(hopcrypt_originate_overwrites_what_the_caller_left_there)
{
	uint8_t body[BODY], tag[20];
	struct circuit c;

	circuit_new(&c);
	memset(body, 0xff, BODY);
	send_fwd(&c, 2, body, tag);
	ck_assert_int_eq(simhand_fwd(c.relay, HOPS, RELAY, body, tag), 2);
	circuit_free(&c);
}
END_TEST

/* --- hostile --- */

/* F05.  tor1 is malleable: what is flipped on the way is flipped in the end,
 * and the body is nobody's, whichever bit it was. */
START_TEST(hopcrypt_bwd_any_flipped_bit_is_not_recognised)
{
	uint8_t body[BODY], tag[20], mine[20];
	struct circuit c;
	int bit, i;

	circuit_new(&c);
	for (bit = 0; bit < BODY * 8; bit++) {
		circuit_free(&c);	/* afresh: its digests have parted */
		circuit_init(&c);
		random_body(body);
		simhand_bwd(c.relay, (size_t)_i, body, tag);
		body[bit / 8] ^= (uint8_t)(1 << bit % 8);
		memset(mine, 0x5a, sizeof(mine));
		ck_assert_msg(take_bwd(&c, body, mine) == -1, "bit %d", bit);
		for (i = 0; i < 20; i++)
			ck_assert_uint_eq(mine[i], 0x5a);
	}
	circuit_free(&c);
}
END_TEST

/* After that the other hops are as they were.  The one whose body was spoilt
 * has a digest of its own now, and is never recognised again. */
START_TEST(hopcrypt_bwd_flipped_bit_spoils_only_its_hop)
{
	uint8_t body[BODY], want[BODY], tag[20], theirs[20];
	static const int bits[] = { 0, 5 * 8, 8 * 8 + 7, 11 * 8, BODY * 8 - 1 };
	struct circuit c;
	int i, hop;

	circuit_new(&c);
	random_body(body);
	simhand_bwd(c.relay, 2, body, tag);
	body[bits[_i] / 8] ^= (uint8_t)(1 << bits[_i] % 8);
	ck_assert_int_eq(take_bwd(&c, body, tag), -1);
	for (i = 0; i < 100; i++) {
		hop = (int)rand_below(HOPS);
		random_body(body);
		memcpy(want, body, BODY);
		simhand_bwd(c.relay, (size_t)hop, body, theirs);
		ck_assert_int_eq(take_bwd(&c, body, tag), hop == 2 ? -1 : hop);
		if (hop == 2)
			continue;
		ck_assert(memcmp(body, want, BODY) == 0);
		ck_assert(memcmp(tag, theirs, 20) == 0);
	}
	circuit_free(&c);
}
END_TEST

/* A body that some hop sends but does not sign as the client expects, as often
 * as one likes: garbage never moves a digest. */
START_TEST(hopcrypt_bwd_garbage_leaves_no_trace)
{
	uint8_t body[BODY], want[BODY], tag[20], theirs[20];
	struct circuit c;
	int i, hop;

	circuit_new(&c);
	for (i = 0; i < 1000; i++) {
		/* Passed on, not originated: no digest of a relay moves. */
		rand_bytes(body, BODY);
		if (i % 2 == 0) {
			/* "recognized" reads 0 at hop i % 3, so that the
			 * digest is really tried there. */
			body[1] = body[2] = 0;
			for (hop = i % HOPS + 1; hop-- > 0; )
				simhand_hop_pass_bwd(c.relay[hop], body);
			for (hop = i % HOPS + 1; hop < HOPS; hop++) {
				memset(want, 0, BODY);
				simhand_hop_pass_bwd(c.relay[hop], want);
			}
		} else {
			for (hop = HOPS; hop-- > 0; )
				simhand_hop_pass_bwd(c.relay[hop], body);
		}
		ck_assert_int_eq(take_bwd(&c, body, tag), -1);
		hop = (int)rand_below(HOPS);
		random_body(body);
		memcpy(want, body, BODY);
		simhand_bwd(c.relay, (size_t)hop, body, theirs);
		ck_assert_int_eq(take_bwd(&c, body, tag), hop);
		ck_assert(memcmp(body, want, BODY) == 0);
		ck_assert(memcmp(tag, theirs, 20) == 0);
	}
	circuit_free(&c);
}
END_TEST

START_TEST(hopcrypt_bwd_not_recognised_body_is_as_decrypted)
{
	uint8_t body[BODY], want[BODY], tag[20];
	struct circuit c;

	circuit_new(&c);
	rand_bytes(want, BODY);
	want[1] = want[2] = 0;		/* tried, digest field and all */
	memcpy(body, want, BODY);
	simhand_hop_pass_bwd(c.relay[0], body);
	ck_assert_int_eq(hopcrypt_bwd(c.client[0], RELAY, body, tag), 0);
	ck_assert(memcmp(body, want, BODY) == 0);
	circuit_free(&c);
}
END_TEST

/* F03, F05: the same body again, or two exchanged, is nobody's. */
START_TEST(hopcrypt_bwd_replay_and_reordering_are_not_recognised)
{
	uint8_t a[BODY], b[BODY], again[BODY], tag[20];
	struct circuit c;

	circuit_new(&c);
	random_body(a);
	simhand_bwd(c.relay, 2, a, tag);
	memcpy(again, a, BODY);
	ck_assert_int_eq(take_bwd(&c, a, tag), 2);
	ck_assert_int_eq(take_bwd(&c, again, tag), -1);
	circuit_free(&c);
	circuit_init(&c);
	random_body(a);
	random_body(b);
	simhand_bwd(c.relay, 2, a, tag);
	simhand_bwd(c.relay, 2, b, tag);
	ck_assert_int_eq(take_bwd(&c, b, tag), -1);
	ck_assert_int_eq(take_bwd(&c, a, tag), -1);
	circuit_free(&c);
}
END_TEST

/* A relay in the middle that signs with its own digest is heard as itself. */
START_TEST(hopcrypt_bwd_middle_cannot_speak_for_the_exit)
{
	uint8_t body[BODY], tag[20];
	struct circuit c;

	circuit_new(&c);
	random_body(body);
	simhand_bwd(c.relay, 1, body, tag);
	ck_assert_int_eq(take_bwd(&c, body, tag), 1);
	circuit_free(&c);
}
END_TEST

/* --- the hop at an onion service --- */

static uint8_t service_key[4][32];	/* df, db, kf, kb */

static void
service_new(struct circuit *c)
{
	circuit_new(c);
	rand_bytes(service_key, sizeof(service_key));
	hopcrypt_free(c->client[HOPS - 1]);
	simhand_hop_free(c->relay[HOPS - 1]);
	c->client[HOPS - 1] = hopcrypt_new_service(service_key[0],
	    service_key[1], service_key[2], service_key[3]);
	ck_assert_ptr_nonnull(c->client[HOPS - 1]);
	c->relay[HOPS - 1] = simhand_hop_new_service(service_key[0],
	    service_key[1], service_key[2], service_key[3]);
}

#define SERVICE_TAG0	"0c438a1e71e1c3d853334e00596d22c2ada6356b"
#define SERVICE_SUM0	"00361b9913f43ac7bb6f3f15347d2554" \
	"8db8ebf947683260b6f934f9a861f486"
#define SERVICE_TAG1	"4d59e0aa160823acf8cbae58c0dedcf51f84b2dd"
#define SERVICE_SUM1	"a3acfac70a245e66f7755c9caf4126a2" \
	"0b71d23ac150875aa34244cad5d10796"

/* Calculated with Python's hashlib and openssl-enc(1). */
START_TEST(hopcrypt_new_service_known_keys_give_known_cells)
{
	uint8_t df[32], db[32], kf[32], kb[32], body[BODY], tag[20], sum[32];
	struct hopcrypt *h;
	int i;

	crypt_init();
	memset(df, 1, 32);
	memset(db, 2, 32);
	memset(kf, 3, 32);
	memset(kb, 4, 32);
	h = hopcrypt_new_service(df, db, kf, kb);
	for (i = 0; i < 2; i++) {
		memset(body, 0x5a + i, sizeof(body));
		hopcrypt_originate(h, RELAY, body, tag);
		CK_HEX(tag, 20, i ? SERVICE_TAG1 : SERVICE_TAG0);
		crypt_sha256(sum, body, sizeof(body));
		CK_HEX(sum, 32, i ? SERVICE_SUM1 : SERVICE_SUM0);
	}
	hopcrypt_free(h);
}
END_TEST

START_TEST(hopcrypt_new_service_cells_go_both_ways)
{
	uint8_t plain[BODY], body[BODY], tag[20], theirs[20];
	struct circuit c;
	int i, n;

	service_new(&c);
	for (n = 0; n < 100; n++) {
		int hop = n % 5 == 4 ? n / 5 % (HOPS - 1) : HOPS - 1;

		rand_bytes(plain, sizeof(plain));
		memcpy(body, plain, sizeof(body));
		send_fwd(&c, hop, body, tag);
		ck_assert_int_eq(simhand_fwd(c.relay, HOPS, RELAY, body, theirs),
		    hop);
		ck_assert_mem_eq(tag, theirs, 20);
		ck_assert_mem_eq(body + 9, plain + 9, BODY - 9);

		memcpy(body, plain, sizeof(body));
		simhand_bwd(c.relay, (size_t)hop, body, theirs);
		for (i = 0; i < HOPS; i++)
			if (hopcrypt_bwd(c.client[i], RELAY, body, tag))
				break;
		ck_assert_int_eq(i, hop);
		ck_assert_mem_eq(tag, theirs, 20);
		ck_assert_mem_eq(body + 9, plain + 9, BODY - 9);
	}
	circuit_free(&c);
}
END_TEST

/* What the relays before it send in its name, or change, is not its. */
START_TEST(hopcrypt_new_service_what_is_not_its_own_leaves_no_trace)
{
	uint8_t body[BODY], before[BODY], tag[20], theirs[20];
	struct circuit c;
	int n;

	service_new(&c);
	for (n = 0; n < 500; n++) {
		rand_bytes(body, sizeof(body));
		memcpy(before, body, sizeof(body));
		/* One whose "recognized" is zero when it is decrypted. */
		simhand_hop_pass_bwd(c.relay[HOPS - 1], body);
		body[1] = (uint8_t)(body[1] ^ before[1]);
		body[2] = (uint8_t)(body[2] ^ before[2]);
		memset(tag, 0xee, sizeof(tag));
		ck_assert_int_eq(hopcrypt_bwd(c.client[HOPS - 1], RELAY, body, tag),
		    0);
		ck_assert_uint_eq(body[1] | body[2], 0);
		ck_assert_mem_eq(body + 3, before + 3, BODY - 3);
		ck_assert_uint_eq(tag[0], 0xee);
	}
	memset(body, 7, sizeof(body));
	simhand_hop_originate(c.relay[HOPS - 1], body, theirs);
	ck_assert_int_eq(hopcrypt_bwd(c.client[HOPS - 1], RELAY, body, tag), 1);
	ck_assert_mem_eq(tag, theirs, 20);
	circuit_free(&c);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(hopcrypt_originate_known_bodies_give_known_cells),
	UNIT(hopcrypt_bwd_known_cells_give_known_bodies),
	UNIT(hopcrypt_fwd_any_hop_recognises_what_is_for_it),
	UNIT(hopcrypt_bwd_any_hop_is_recognised),
	UNIT(hopcrypt_originate_overwrites_what_the_caller_left_there),
	UNIT_LOOP(hopcrypt_bwd_any_flipped_bit_is_not_recognised, HOPS),
	UNIT_LOOP(hopcrypt_bwd_flipped_bit_spoils_only_its_hop, 5),
	UNIT(hopcrypt_bwd_garbage_leaves_no_trace),
	UNIT(hopcrypt_bwd_not_recognised_body_is_as_decrypted),
	UNIT(hopcrypt_bwd_replay_and_reordering_are_not_recognised),
	UNIT(hopcrypt_bwd_middle_cannot_speak_for_the_exit),
	UNIT(hopcrypt_new_service_known_keys_give_known_cells),
	UNIT(hopcrypt_new_service_cells_go_both_ways),
	UNIT(hopcrypt_new_service_what_is_not_its_own_leaves_no_trace),
};
UNIT_MAIN("hopcrypt", tests)

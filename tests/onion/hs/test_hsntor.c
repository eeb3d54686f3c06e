/* tests/onion/hs/test_hsntor.c - the handshake with a service */
#include "onion/hs/hsntor.h"

#include <errno.h>
#include <string.h>

#include "base/secret.h"
#include "base/wire.h"
#include "onion/crypto/crypt.h"
#include "tests/onion/crypto/hex.h"
#include "tests/onion/hs/specvec.h"
#include "tests/unit.h"

#define PROTO	"tor-hs-ntor-curve25519-sha3-256-1"
#define EXPAND	PROTO ":hs_key_expand"

struct vec {
	struct hsntor	h;
	uint8_t		auth[32], enc[32], sub[32], reply[HSNTOR_REPLY];
};

static void
load(struct vec *v)
{
	uint8_t y[32], mac[32];

	UNHEX(v->h.x, SPEC_X_SEC);
	UNHEX(v->h.X, SPEC_X);
	UNHEX(v->auth, SPEC_AUTH);
	UNHEX(v->enc, SPEC_ENC);
	UNHEX(v->sub, SPEC_SUBCRED);
	UNHEX(y, SPEC_Y);
	UNHEX(mac, SPEC_AUTH_MAC);
	memcpy(v->reply, y, 32);
	memcpy(v->reply + 32, mac, 32);
}

START_TEST(hsntor_intro_makes_the_keys_of_the_specification)
{
	uint8_t enc_key[32], mac_key[32];
	struct vec v;

	load(&v);
	ck_assert_int_eq(hsntor_intro(&v.h, v.auth, v.enc, v.sub, enc_key,
	    mac_key), 0);
	CK_HEX(enc_key, 32, SPEC_ENC_KEY);
	CK_HEX(mac_key, 32, SPEC_MAC_KEY);
}
END_TEST

START_TEST(hsntor_finish_makes_the_keys_of_the_specification)
{
	uint8_t in[32 + sizeof(EXPAND) - 1], seed[32], want[128];
	struct hsntor_keys got;
	struct vec v;

	load(&v);
	ck_assert_int_eq(hsntor_finish(&v.h, v.auth, v.enc, v.reply, &got),
	    0);
	UNHEX(seed, SPEC_KEY_SEED);
	memcpy(in, seed, 32);
	memcpy(in + 32, EXPAND, sizeof(EXPAND) - 1);
	crypt_shake256(want, sizeof(want), in, sizeof(in));
	ck_assert_mem_eq(got.df, want, 32);
	ck_assert_mem_eq(got.db, want + 32, 32);
	ck_assert_mem_eq(got.kf, want + 64, 32);
	ck_assert_mem_eq(got.kb, want + 96, 32);
}
END_TEST

/* Each bit of what came (also the one that X25519 does not look at), and of
 * what we know of the service. */
START_TEST(hsntor_finish_any_bit_wrong_is_refused)
{
	static const struct hsntor_keys none;
	struct hsntor_keys got = none;
	struct vec v;
	size_t i;

	load(&v);
	for (i = 0; i < 8 * HSNTOR_REPLY; i++) {
		v.reply[i / 8] ^= (uint8_t)(1 << i % 8);
		ck_assert_int_eq(hsntor_finish(&v.h, v.auth, v.enc, v.reply,
		    &got), -EBADMSG);
		v.reply[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	v.auth[0] ^= 1;
	ck_assert_int_eq(hsntor_finish(&v.h, v.auth, v.enc, v.reply, &got),
	    -EBADMSG);
	v.auth[0] ^= 1;
	v.enc[0] ^= 1;
	ck_assert_int_eq(hsntor_finish(&v.h, v.auth, v.enc, v.reply, &got),
	    -EBADMSG);
	ck_assert_mem_eq(&got, &none, sizeof(none));
}
END_TEST

/* Orders 1 (twice), 2, 4, 8: every handshake with them ends in zeros. */
static const char *const low[] = {
	"0000000000000000000000000000000000000000000000000000000000000000",
	"0100000000000000000000000000000000000000000000000000000000000000",
	"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
	"5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
};

START_TEST(hsntor_intro_key_of_low_order_is_refused)
{
	uint8_t enc_key[32] = { 1 }, mac_key[32] = { 2 };
	struct vec v;

	load(&v);
	UNHEX(v.enc, low[_i]);
	ck_assert_int_eq(hsntor_intro(&v.h, v.auth, v.enc, v.sub, enc_key,
	    mac_key), -EBADMSG);
	ck_assert_int_eq(enc_key[0], 1);
	ck_assert_int_eq(mac_key[0], 2);
}
END_TEST

static void
make_mac(uint8_t out[32], const uint8_t *k, size_t klen, const char *m)
{
	uint8_t in[512];
	struct pack p;

	pack_init(&p, in, sizeof(in));
	pack_u64(&p, klen);
	pack_put(&p, k, klen);
	pack_put(&p, m, strlen(m));
	ck_assert_int_eq(p.err, 0);
	crypt_sha3(out, in, pack_len(&p));
}

/* The reply of whoever knows the client's secret, x; the point is there. */
static void
answer(struct vec *v)
{
	uint8_t dh[2][32] = { { 0 } }, in[512], verify[32];
	struct pack p;
	size_t n;

	(void)crypt_dh(dh[0], v->h.x, v->reply);	/* or zeros */
	ck_assert_int_eq(crypt_dh(dh[1], v->h.x, v->enc), 0);
	pack_init(&p, in, sizeof(in));
	pack_put(&p, dh, sizeof(dh));
	pack_put(&p, v->auth, 32);
	pack_put(&p, v->enc, 32);
	pack_put(&p, v->h.X, 32);
	pack_put(&p, v->reply, 32);
	pack_put(&p, PROTO, sizeof(PROTO) - 1);
	make_mac(verify, in, pack_len(&p), PROTO ":hs_verify");
	pack_init(&p, in, sizeof(in));
	pack_put(&p, verify, 32);
	pack_put(&p, v->auth, 32);
	pack_put(&p, v->enc, 32);
	pack_put(&p, v->reply, 32);
	pack_put(&p, v->h.X, 32);
	pack_put(&p, PROTO "Server", sizeof(PROTO "Server") - 1);
	n = pack_len(&p);
	make_mac(v->reply + 32, in, n, PROTO ":hs_mac");
}

/* Such a reply would fit for whoever knows no secret but the service's. */
START_TEST(hsntor_finish_point_of_low_order_is_refused)
{
	struct hsntor_keys got;
	uint8_t y[32];
	struct vec v;

	load(&v);
	UNHEX(y, low[_i]);
	memcpy(v.reply, y, 32);
	answer(&v);
	ck_assert_int_eq(hsntor_finish(&v.h, v.auth, v.enc, v.reply, &got),
	    -EBADMSG);
}
END_TEST

/* Bug 41297: keys that were never drawn are known to everybody, and a reply
 * can be made that fits them. */
START_TEST(hsntor_finish_without_drawn_keys_is_refused)
{
	struct hsntor_keys got;
	struct vec v;

	load(&v);
	answer(&v);
	ck_assert_int_eq(hsntor_finish(&v.h, v.auth, v.enc, v.reply, &got),
	    0);
	memset(&v.h, 0, sizeof(v.h));
	answer(&v);
	ck_assert_int_eq(hsntor_finish(&v.h, v.auth, v.enc, v.reply, &got),
	    -EBADMSG);
}
END_TEST

START_TEST(hsntor_new_draws_a_pair)
{
	struct hsntor a, b;
	uint8_t pub[32];

	ck_assert_int_eq(hsntor_new(&a), 0);
	ck_assert_int_eq(hsntor_new(&b), 0);
	ck_assert_mem_ne(&a, &b, sizeof(a));
	ck_assert_int_eq(crypt_x25519_pub(pub, a.x), 0);
	ck_assert_mem_eq(pub, a.X, 32);
	ck_assert(!secret_is_zero(a.x, 32));
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(hsntor_intro_makes_the_keys_of_the_specification),
	UNIT(hsntor_finish_makes_the_keys_of_the_specification),
	UNIT(hsntor_finish_any_bit_wrong_is_refused),
	UNIT_LOOP(hsntor_intro_key_of_low_order_is_refused, NELEM(low)),
	UNIT_LOOP(hsntor_finish_point_of_low_order_is_refused, NELEM(low)),
	UNIT(hsntor_finish_without_drawn_keys_is_refused),
	UNIT(hsntor_new_draws_a_pair),
};

int
main(void)
{
	crypt_init();
	return unit_run("hsntor", tests, NELEM(tests));
}

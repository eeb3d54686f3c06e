/* tests/onion/crypto/test_handshake.c - circuit handshakes
 *
 * Known answers first, then all three against the relay's side of
 * tests/sim/simhand, honest and hostile.
 */
#include "onion/crypto/handshake.h"

#include <errno.h>

#include "base/secret.h"
#include "onion/crypto/crypt.h"
#include "onion/crypto/fast.h"
#include "onion/crypto/ntor.h"
#include "onion/crypto/ntor3.h"
#include "tests/onion/crypto/hex.h"
#include "tests/sim/simhand.h"
#include "tests/unit.h"
#include "tests/vectors/crypto.h"

/* --- known answers --- */

START_TEST(fast_finish_known_reply_gives_known_keys)
{
	struct fast f;
	uint8_t reply[FAST_REPLY_LEN], keys[72];

	crypt_init();
	UNHEX(f.x, fast_x);
	UNHEX(reply, fast_reply);
	ck_assert_int_eq(fast_finish(&f, reply, keys, sizeof(keys)), 0);
	CK_HEX(keys, sizeof(keys), fast_keys);
}
END_TEST

START_TEST(ntor_known_keys_give_known_answers)
{
	struct ntor n;
	uint8_t id[20], onion[32], sec[32], skin[NTOR_LEN];
	uint8_t reply[NTOR_REPLY_LEN], keys[92];

	crypt_init();
	UNHEX(id, ntor_id);
	UNHEX(onion, ntor_onion);
	UNHEX(sec, ntor_sec);
	UNHEX(reply, ntor_reply);
	ck_assert_int_eq(ntor_start(&n, id, onion, sec, skin), 0);
	CK_HEX(skin, sizeof(skin), ntor_skin);
	ck_assert_int_eq(ntor_finish(&n, reply, keys, sizeof(keys)), 0);
	CK_HEX(keys, sizeof(keys), ntor_keys);
}
END_TEST

/* Proposal 332, X.2. */
static const char ntor3_onion[] =
	"f8307a2bc1870b00b828bb74dbb8fd88e632a6375ab3bcd1ae706aaa8b6cdd1d";
static const char ntor3_id[] =
	"9fad2af287ef942632833d21f946c6260c33fae6172b60006e86e4a6911753a2";
static const char ntor3_sec[] =
	"b825a3719147bcbe5fb1d0b0fcb9c09e51948048e2e3283d2ab7b45b5ef38b49";
static const char ntor3_skin[] =
	"9fad2af287ef942632833d21f946c6260c33fae6172b60006e86e4a6911753a2"
	"f8307a2bc1870b00b828bb74dbb8fd88e632a6375ab3bcd1ae706aaa8b6cdd1d"
	"252fe9ae91264c91d4ecb8501f79d0387e34ad8ca0f7c995184f7d11d5da4f46"
	"3bebd9151fd3b47c180abc9e044d53565f04d82bbb3bebed3d06cea65db8be9c"
	"72b68cd461942088502f67";
static const char ntor3_reply[] =
	"4bf4814326fdab45ad5184f5518bd7fae25dc59374062698201a50a22954246d"
	"2fc5f8773ca824542bc6cf6f57c7c29bbf4e5476461ab130c5b18ab0a9127665"
	"1202c3e1e87c0d32054c";
static const char ntor3_keys[] =
	"9c19b631fd94ed86a817e01f6c80b0743a43f5faebd39cfaa8b00fa8bcc65c3b"
	"feaa403d91acbd68a821bf6ee8504602b094a254392a07737d5662768c7a9fb1"
	"b2814bb34780eaee6e867c773e28c212ead563e98a1cd5d5b4576f5ee61c59bd"
	"e025ff2851bb19b721421694f263818e3531e43a9e4e3e2c661e2ad547d8984c"
	"aa28ebecd3e4525452299be26b9185a20a90ce1eac20a91f2832d731b54502b0"
	"9749b5a2a2949292f8cfcbeffb790c7790ed935a9d251e7e336148ea83b063a5"
	"618fcff674a44581585fd22077ca0e52c59a24347a38d1a1ceebddbf238541f2"
	"26b8f88d0fb9c07a1bcd2ea764bbbb5dacdaf5312a14c0b9e4f06309b0333b4a";

START_TEST(ntor3_known_keys_give_known_answers)
{
	struct ntor3 n;
	uint8_t id[32], onion[32], sec[32], reply[128], out[256];
	uint8_t msg[NTOR3_MSG_MAX], keys[256];
	int len;

	crypt_init();
	UNHEX(id, ntor3_id);
	UNHEX(onion, ntor3_onion);
	UNHEX(sec, ntor3_sec);
	ck_assert_int_eq(ntor3_init(&n, id, onion, sec, "xyzzy"), 0);
	len = ntor3_start(&n, (const uint8_t *)"hello world", 11, out,
	    sizeof(out));
	ck_assert_int_eq(len, NTOR3_OVERHEAD + 11);
	CK_HEX(out, (size_t)len, ntor3_skin);
	len = ntor3_finish(&n, reply, unhex(reply, sizeof(reply), ntor3_reply),
	    msg, keys, sizeof(keys));
	ck_assert_int_eq(len, 10);
	ck_assert(memcmp(msg, "Hola Mundo", 10) == 0);
	CK_HEX(keys, sizeof(keys), ntor3_keys);
}
END_TEST

START_TEST(ntor3_other_verification_string_is_refused)
{
	struct ntor3 n;
	uint8_t id[32], onion[32], sec[32], reply[128], out[256];
	uint8_t msg[NTOR3_MSG_MAX], keys[32];

	crypt_init();
	UNHEX(id, ntor3_id);
	UNHEX(onion, ntor3_onion);
	UNHEX(sec, ntor3_sec);
	ck_assert_int_eq(ntor3_init(&n, id, onion, sec, "xyzz"), 0);
	ck_assert_int_gt(ntor3_start(&n, (const uint8_t *)"hello world", 11,
	    out, sizeof(out)), 0);
	ck_assert_int_eq(ntor3_finish(&n, reply, unhex(reply, sizeof(reply),
	    ntor3_reply), msg, keys, sizeof(keys)), -EBADMSG);
}
END_TEST

START_TEST(ntor3_start_room_and_message_have_limits)
{
	struct ntor3 n;
	uint8_t id[32] = { 1 }, sec[32], onion[32];
	static uint8_t msg[NTOR3_MSG_MAX + 1];
	static uint8_t out[NTOR3_OVERHEAD + NTOR3_MSG_MAX + 1];

	crypt_init();
	ck_assert_int_eq(crypt_x25519_new(sec, onion), 0);
	ck_assert_int_eq(ntor3_init(&n, id, onion, NULL, NTOR3_VER_CIRC), 0);
	ck_assert_int_eq(ntor3_start(&n, msg, NTOR3_MSG_MAX + 1, out,
	    sizeof(out)), -EMSGSIZE);
	ck_assert_int_eq(ntor3_start(&n, msg, NTOR3_MSG_MAX, out,
	    sizeof(out)), NTOR3_OVERHEAD + NTOR3_MSG_MAX);
	ck_assert_int_eq(ntor3_start(&n, msg, 10, out, NTOR3_OVERHEAD + 9),
	    -ENOBUFS);
	ck_assert_int_eq(ntor3_start(&n, msg, 0, out, NTOR3_OVERHEAD),
	    NTOR3_OVERHEAD);
}
END_TEST

/* --- all three, client against relay --- */

struct pair {
	struct simhand_relay	 relay;
	struct handshake	*h;
	uint8_t			 data[HANDSHAKE_DATA_MAX];
	size_t			 len;
	uint8_t			 reply[HANDSHAKE_REPLY_MAX];
	size_t			 reply_len;
	struct handshake_keys	 relay_keys;
};

static void
start(struct pair *p, int kind, const struct handshake_ask *ask)
{
	int n;

	crypt_init();
	memset(p, 0, sizeof(*p));
	simhand_relay_new(&p->relay);
	n = handshake_start(&p->h, (enum handshake_kind)kind, p->relay.rsa_id,
	    p->relay.ed_id, p->relay.ntor_pub, ask, p->data, sizeof(p->data));
	ck_assert_int_gt(n, 0);
	ck_assert_int_eq(handshake_kind(p->h), kind);
	p->len = (size_t)n;
}

static void
answer(struct pair *p)
{
	int n;

	n = simhand_answer(&p->relay, (int)handshake_kind(p->h), p->data,
	    p->len, p->reply, sizeof(p->reply), &p->relay_keys);
	ck_assert_int_gt(n, 0);
	p->reply_len = (size_t)n;
}

/* The reply, from a buffer of just its size; on failure nothing is given. */
static int
finish(struct pair *p, size_t len, struct handshake_keys *k)
{
	struct handshake_keys before;
	uint8_t *exact = malloc(len > 0 ? len : 1);
	int rc;

	memcpy(exact, p->reply, len);
	memset(k, 0x5a, sizeof(*k));
	before = *k;
	rc = handshake_finish(p->h, exact, len, k);
	free(exact);
	ck_assert(rc == 0 || memcmp(k, &before, sizeof(*k)) == 0);
	ck_assert_int_eq(handshake_kind(p->h), HANDSHAKE_NONE);
	handshake_free(p->h);
	p->h = NULL;
	return rc;
}

static const struct {
	int	kind;
	size_t	len, reply_len;
} kinds[] = {
	{ HANDSHAKE_FAST, HANDSHAKE_FAST_LEN, HANDSHAKE_FAST_REPLY_LEN },
	{ HANDSHAKE_NTOR, HANDSHAKE_NTOR_LEN, HANDSHAKE_NTOR_REPLY_LEN },
	{ HANDSHAKE_NTOR3, 129, 65 },
};

START_TEST(handshake_honest_relay_shares_the_keys)
{
	struct handshake_keys k;
	struct pair p;

	start(&p, kinds[_i].kind, NULL);
	ck_assert_uint_eq(p.len, kinds[_i].len);
	answer(&p);
	ck_assert_uint_eq(p.reply_len, kinds[_i].reply_len);
	ck_assert_int_eq(finish(&p, p.reply_len, &k), 0);
	ck_assert(memcmp(&k, &p.relay_keys, sizeof(k)) == 0);
	ck_assert(!secret_is_zero(k.kf, sizeof(k.kf)));
	ck_assert(memcmp(k.kf, k.kb, sizeof(k.kf)) != 0);
	ck_assert_int_eq(k.cc_on, 0);
}
END_TEST

START_TEST(handshake_start_twice_gives_other_data)
{
	struct pair p, q;

	start(&p, kinds[_i].kind, NULL);
	start(&q, kinds[_i].kind, NULL);
	ck_assert(memcmp(p.data + p.len - 20, q.data + q.len - 20, 20) != 0);
	handshake_free(p.h);
	handshake_free(q.h);
}
END_TEST

START_TEST(handshake_start_too_little_room_is_refused)
{
	struct handshake *h = NULL;
	struct simhand_relay r;
	uint8_t out[HANDSHAKE_DATA_MAX];

	crypt_init();
	simhand_relay_new(&r);
	ck_assert_int_eq(handshake_start(&h, (enum handshake_kind)
	    kinds[_i].kind, r.rsa_id, r.ed_id, r.ntor_pub, NULL, out,
	    kinds[_i].len - 1), -ENOBUFS);
	ck_assert_ptr_null(h);
}
END_TEST

START_TEST(handshake_start_without_the_keys_is_refused)
{
	struct handshake *h = NULL;
	uint8_t out[HANDSHAKE_DATA_MAX], sec[32], pub[32];

	crypt_init();
	ck_assert_int_eq(crypt_x25519_new(sec, pub), 0);
	ck_assert_int_eq(handshake_start(&h, HANDSHAKE_NONE, pub, pub, pub,
	    NULL, out, sizeof(out)), -EINVAL);
	ck_assert_int_eq(handshake_start(&h, HANDSHAKE_NTOR, NULL, pub, pub,
	    NULL, out, sizeof(out)), -EINVAL);
	ck_assert_int_eq(handshake_start(&h, HANDSHAKE_NTOR, pub, pub, NULL,
	    NULL, out, sizeof(out)), -EINVAL);
	ck_assert_int_eq(handshake_start(&h, HANDSHAKE_NTOR3, pub, NULL, pub,
	    NULL, out, sizeof(out)), -EINVAL);
	ck_assert_ptr_null(h);
	ck_assert_int_eq(handshake_start(&h, HANDSHAKE_FAST, NULL, NULL, NULL,
	    NULL, out, sizeof(out)), HANDSHAKE_FAST_LEN);
	handshake_free(h);
}
END_TEST

static const char *const low_order[] = {
	"0000000000000000000000000000000000000000000000000000000000000000",
	"0100000000000000000000000000000000000000000000000000000000000000",
	"e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
	"5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
	"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
};

START_TEST(handshake_start_low_order_onion_key_is_refused)
{
	struct handshake *h = NULL;
	uint8_t out[HANDSHAKE_DATA_MAX], id[32] = { 1 }, key[32];

	crypt_init();
	UNHEX(key, low_order[_i]);
	ck_assert_int_eq(handshake_start(&h, HANDSHAKE_NTOR, id, id, key, NULL,
	    out, sizeof(out)), -EBADMSG);
	ck_assert_int_eq(handshake_start(&h, HANDSHAKE_NTOR3, id, id, key,
	    NULL, out, sizeof(out)), -EBADMSG);
	ck_assert_ptr_null(h);
}
END_TEST

/* Such a Y makes one of the secrets all zeros, which anybody knows. */
START_TEST(handshake_finish_low_order_reply_is_refused)
{
	struct handshake_keys k;
	struct pair p;
	int kind;

	for (kind = HANDSHAKE_NTOR; kind <= HANDSHAKE_NTOR3; kind++) {
		start(&p, kind, NULL);
		answer(&p);
		UNHEX(*(uint8_t (*)[32])p.reply, low_order[_i]);
		ck_assert_int_eq(finish(&p, p.reply_len, &k), -EBADMSG);
	}
}
END_TEST

START_TEST(handshake_finish_any_flipped_bit_is_refused)
{
	struct handshake_keys k;
	struct pair p;
	size_t bit;

	for (bit = 0; bit < kinds[_i].reply_len * 8; bit++) {
		/* Also the top bit of a point, which X25519 ignores. */
		start(&p, kinds[_i].kind, NULL);
		answer(&p);
		p.reply[bit / 8] ^= (uint8_t)(1 << bit % 8);
		ck_assert_int_eq(finish(&p, p.reply_len, &k), -EBADMSG);
	}
}
END_TEST

START_TEST(handshake_finish_any_other_length_is_refused)
{
	struct handshake_keys k;
	struct pair p;
	size_t n;

	for (n = 0; n < kinds[_i].reply_len + 3; n++) {
		if (n == kinds[_i].reply_len)
			continue;
		start(&p, kinds[_i].kind, NULL);
		answer(&p);
		ck_assert_int_lt(finish(&p, n, &k), 0);
	}
	start(&p, kinds[_i].kind, NULL);
	ck_assert_int_lt(finish(&p, HANDSHAKE_REPLY_MAX, &k), 0);
}
END_TEST

START_TEST(handshake_finish_reply_to_another_client_is_refused)
{
	struct handshake_keys k;
	struct pair p, q;

	start(&p, kinds[_i].kind, NULL);
	start(&q, kinds[_i].kind, NULL);
	q.relay = p.relay;
	answer(&p);
	memcpy(q.reply, p.reply, p.reply_len);
	ck_assert_int_eq(finish(&q, p.reply_len, &k), -EBADMSG);
	handshake_free(p.h);
}
END_TEST

START_TEST(handshake_finish_second_reply_is_refused)
{
	struct handshake_keys k;
	struct pair p;

	start(&p, kinds[_i].kind, NULL);
	answer(&p);
	ck_assert_int_eq(handshake_finish(p.h, p.reply, p.reply_len, &k), 0);
	ck_assert_int_eq(handshake_finish(p.h, p.reply, p.reply_len, &k),
	    -EINVAL);
	handshake_free(p.h);
	start(&p, kinds[_i].kind, NULL);
	answer(&p);
	p.reply[35] ^= 1;
	ck_assert_int_eq(handshake_finish(p.h, p.reply, p.reply_len, &k),
	    -EBADMSG);
	p.reply[35] ^= 1;
	ck_assert_int_eq(handshake_finish(p.h, p.reply, p.reply_len, &k),
	    -EINVAL);
	handshake_free(p.h);
}
END_TEST

/* A relay without the onion key, or with another identity, cannot answer. */
START_TEST(handshake_finish_other_relay_is_refused)
{
	struct handshake_keys k;
	struct simhand_relay other;
	struct pair p;
	int kind;

	for (kind = HANDSHAKE_NTOR; kind <= HANDSHAKE_NTOR3; kind++) {
		start(&p, kind, NULL);
		simhand_relay_new(&other);
		if (_i == 0) {		/* pretends to be the one we asked */
			memcpy(other.rsa_id, p.relay.rsa_id, 20);
			memcpy(other.ed_id, p.relay.ed_id, 32);
			memcpy(other.ntor_pub, p.relay.ntor_pub, 32);
		} else {		/* the same onion key, other names */
			memcpy(other.ntor_sec, p.relay.ntor_sec, 32);
			memcpy(other.ntor_pub, p.relay.ntor_pub, 32);
			memcpy(p.data, kind == HANDSHAKE_NTOR ? other.rsa_id :
			    other.ed_id, kind == HANDSHAKE_NTOR ? 20 : 32);
		}
		p.relay = other;
		if (kind == HANDSHAKE_NTOR3) {	/* sees it, has no answer */
			ck_assert_int_lt(simhand_answer(&p.relay, kind, p.data,
			    p.len, p.reply, sizeof(p.reply), &p.relay_keys),
			    0);
			handshake_free(p.h);
			continue;
		}
		answer(&p);
		ck_assert_int_eq(finish(&p, p.reply_len, &k), -EBADMSG);
	}
}
END_TEST

/* --- what is negotiated --- */

static const struct handshake_ask ask_cc = { .want_cc = 1, .sendme_inc = 31 };

START_TEST(handshake_ntor3_relay_with_cc_agrees_on_it)
{
	struct handshake_keys k;
	struct pair p;

	start(&p, HANDSHAKE_NTOR3, &ask_cc);
	ck_assert_uint_eq(p.len, NTOR3_OVERHEAD + 3);
	p.relay.cc = 1;
	answer(&p);
	ck_assert_int_eq(finish(&p, p.reply_len, &k), 0);
	ck_assert_int_eq(k.cc_on, 1);
	ck_assert_int_eq(k.sendme_inc, 31);
	ck_assert(memcmp(&k, &p.relay_keys, sizeof(k)) == 0);
}
END_TEST

START_TEST(handshake_ntor3_relay_without_cc_stays_without)
{
	struct handshake_keys k;
	struct pair p;

	start(&p, HANDSHAKE_NTOR3, &ask_cc);
	answer(&p);
	ck_assert_int_eq(finish(&p, p.reply_len, &k), 0);
	ck_assert_int_eq(k.cc_on, 0);
	ck_assert_int_eq(k.sendme_inc, 0);
}
END_TEST

static const struct handshake_ask ask_cgo = { .want_cc = 1, .want_cgo = 1,
	.sendme_inc = 31 };

START_TEST(handshake_ntor3_relay_with_cgo_agrees_on_it)
{
	static const uint8_t none[CGO_KEYS];
	struct handshake_keys k;
	struct pair p;

	start(&p, HANDSHAKE_NTOR3, &ask_cgo);
	ck_assert_uint_eq(p.len, NTOR3_OVERHEAD + 7);
	p.relay.cc = p.relay.cgo = 1;
	answer(&p);
	ck_assert_int_eq(finish(&p, p.reply_len, &k), 0);
	ck_assert_int_eq(k.cgo_on, 1);
	ck_assert_int_eq(k.cc_on, 1);
	ck_assert_int_eq(k.sendme_inc, 31);
	ck_assert_mem_ne(k.cgo_fwd, none, CGO_KEYS);
	ck_assert_mem_ne(k.cgo_fwd, k.cgo_bwd, CGO_KEYS);
	ck_assert(memcmp(&k, &p.relay_keys, sizeof(k)) == 0);
}
END_TEST

/* It answers with DESTROY, so that there is no doubt of what was agreed. */
START_TEST(handshake_ntor3_relay_without_cgo_has_no_answer)
{
	struct pair p;

	start(&p, HANDSHAKE_NTOR3, &ask_cgo);
	p.relay.cc = 1;
	ck_assert_int_eq(simhand_answer(&p.relay, HANDSHAKE_NTOR3, p.data,
	    p.len, p.reply, sizeof(p.reply), &p.relay_keys), -EOPNOTSUPP);
	handshake_free(p.h);
}
END_TEST

/* No answer to CC is no answer to CGO. */
START_TEST(handshake_ntor3_cgo_without_cc_is_refused)
{
	static const uint8_t nothing[] = { 0 };
	struct handshake_keys k;
	struct pair p;
	int n;

	start(&p, HANDSHAKE_NTOR3, &ask_cgo);
	n = simhand_ntor3(&p.relay, p.data, p.len, nothing, sizeof(nothing),
	    p.reply, sizeof(p.reply), &p.relay_keys);
	ck_assert_int_gt(n, 0);
	ck_assert_int_eq(finish(&p, (size_t)n, &k), -EPROTO);
}
END_TEST

static const struct {
	const char	*name;
	uint8_t		 inc;		/* consensus; 0: nothing is asked */
	const char	*msg;		/* hex */
	int		 want;
	uint8_t		 cc;		/* agreed sendme_inc */
} messages[] = {
	{ "nothing",		31, "00", 0, 0 },
	{ "cc",			31, "0102011f", 0, 31 },
	{ "one less",		31, "0102011e", 0, 30 },
	{ "one more",		31, "01020120", 0, 32 },
	{ "two less",		31, "0102011d", -EPROTO, 0 },
	{ "two more",		31, "01020121", -EPROTO, 0 },
	{ "never a SENDME",	1,  "01020100", -EPROTO, 0 },
	{ "one of one",		1,  "01020101", 0, 1 },
	{ "most",		255, "010201ff", 0, 255 },
	{ "round the corner",	255, "01020100", -EPROTO, 0 },
	{ "not asked",		0,  "0102011f", -EPROTO, 0 },
	{ "not asked, of one",	0,  "01020101", -EPROTO, 0 },
	{ "nothing, not asked",	0,  "00", 0, 0 },
	{ "told twice",		31, "0202011f02011f", -EPROTO, 0 },
	{ "cc without a body",	31, "010200", -EPROTO, 0 },
	{ "cc with two bytes",	31, "0102021f00", -EPROTO, 0 },
	{ "unknown type",	31, "01090361626c", 0, 0 },
	{ "unknown, empty",	31, "010900", 0, 0 },
	{ "unknown after cc",	31, "0202011f0900", 0, 31 },
	{ "unknown before cc",	31, "020102616202011f", 0, 31 },
	{ "unknown twice",	31, "0209000900", 0, 0 },
	{ "no message at all",	31, "", -EPROTO, 0 },
	{ "fewer than counted",	31, "0202011f", -EPROTO, 0 },
	{ "more than counted",	31, "0002011f", -EPROTO, 0 },
	{ "a byte behind",	31, "0102011f00", -EPROTO, 0 },
	{ "length too long",	31, "0102021f", -EPROTO, 0 },
	{ "type alone",		31, "0102", -EPROTO, 0 },
	{ "255 of nothing",	31, "ff", -EPROTO, 0 },
};

START_TEST(handshake_ntor3_reply_message_is_judged_whole)
{
	const struct handshake_ask ask = { .want_cc = messages[_i].inc > 0,
	    .sendme_inc = messages[_i].inc };
	struct handshake_keys k;
	struct pair p;
	uint8_t msg[64];
	int n, rc;

	start(&p, HANDSHAKE_NTOR3, &ask);
	n = simhand_ntor3(&p.relay, p.data, p.len, msg, unhex(msg, sizeof(msg),
	    messages[_i].msg), p.reply, sizeof(p.reply), &p.relay_keys);
	ck_assert_int_gt(n, 0);
	rc = finish(&p, (size_t)n, &k);
	ck_assert_msg(rc == messages[_i].want, "%s: %d", messages[_i].name,
	    rc);
	if (rc == 0) {
		ck_assert_int_eq(k.cc_on, messages[_i].cc > 0);
		ck_assert_int_eq(k.sendme_inc, messages[_i].cc);
	}
}
END_TEST

/* As much as a CREATED2 cell can hold, and it is still read. */
START_TEST(handshake_ntor3_longest_reply_is_read)
{
	struct handshake_keys k;
	struct pair p;
	uint8_t msg[HANDSHAKE_REPLY_MAX - NTOR3_REPLY_OVERHEAD] = { 0 };
	int n;

	start(&p, HANDSHAKE_NTOR3, &ask_cc);
	msg[0] = 3;
	memcpy(msg + 1, "\002\001\037\011\377", 5);
	memcpy(msg + 6 + 255, "\012", 1);
	msg[6 + 255 + 1] = sizeof(msg) - 6 - 255 - 2;
	n = simhand_ntor3(&p.relay, p.data, p.len, msg, sizeof(msg), p.reply,
	    sizeof(p.reply), &p.relay_keys);
	ck_assert_int_eq(n, HANDSHAKE_REPLY_MAX);
	ck_assert_int_eq(finish(&p, (size_t)n, &k), 0);
	ck_assert_int_eq(k.sendme_inc, 31);
}
END_TEST

/* What older handshakes cannot negotiate they don't. */
START_TEST(handshake_old_kinds_ignore_what_is_asked)
{
	struct handshake_keys k;
	struct pair p;

	start(&p, kinds[_i].kind, &ask_cgo);
	ck_assert_uint_eq(p.len, kinds[_i].len);
	p.relay.cc = p.relay.cgo = 1;
	answer(&p);
	ck_assert_int_eq(finish(&p, p.reply_len, &k), 0);
	ck_assert_int_eq(k.cc_on, 0);
	ck_assert_int_eq(k.cgo_on, 0);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(fast_finish_known_reply_gives_known_keys),
	UNIT(ntor_known_keys_give_known_answers),
	UNIT(ntor3_known_keys_give_known_answers),
	UNIT(ntor3_other_verification_string_is_refused),
	UNIT(ntor3_start_room_and_message_have_limits),
	UNIT_LOOP(handshake_honest_relay_shares_the_keys, NELEM(kinds)),
	UNIT_LOOP(handshake_start_twice_gives_other_data, NELEM(kinds)),
	UNIT_LOOP(handshake_start_too_little_room_is_refused, NELEM(kinds)),
	UNIT(handshake_start_without_the_keys_is_refused),
	UNIT_LOOP(handshake_start_low_order_onion_key_is_refused,
	    NELEM(low_order)),
	UNIT_LOOP(handshake_finish_low_order_reply_is_refused,
	    NELEM(low_order)),
	UNIT_LOOP(handshake_finish_any_flipped_bit_is_refused, NELEM(kinds)),
	UNIT_LOOP(handshake_finish_any_other_length_is_refused, NELEM(kinds)),
	UNIT_LOOP(handshake_finish_reply_to_another_client_is_refused,
	    NELEM(kinds)),
	UNIT_LOOP(handshake_finish_second_reply_is_refused, NELEM(kinds)),
	UNIT_LOOP(handshake_finish_other_relay_is_refused, 2),
	UNIT(handshake_ntor3_relay_with_cc_agrees_on_it),
	UNIT(handshake_ntor3_relay_without_cc_stays_without),
	UNIT(handshake_ntor3_relay_with_cgo_agrees_on_it),
	UNIT(handshake_ntor3_relay_without_cgo_has_no_answer),
	UNIT(handshake_ntor3_cgo_without_cc_is_refused),
	UNIT_LOOP(handshake_ntor3_reply_message_is_judged_whole,
	    NELEM(messages)),
	UNIT(handshake_ntor3_longest_reply_is_read),
	UNIT_LOOP(handshake_old_kinds_ignore_what_is_asked, 2),
};
UNIT_MAIN("handshake", tests)

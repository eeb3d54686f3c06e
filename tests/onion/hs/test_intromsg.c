/* tests/onion/hs/test_intromsg.c - INTRODUCE1 and what answers it */
#include "onion/hs/intromsg.h"

#include <errno.h>
#include <string.h>

#include "base/secret.h"
#include "base/wire.h"
#include "onion/crypto/crypt.h"
#include "tests/onion/crypto/hex.h"
#include "tests/onion/hs/specvec.h"
#include "tests/unit.h"

enum { USUAL = 310, HEAD = 56, TAIL = 32 };

struct rig {
	uint8_t			cookie[INTROMSG_COOKIE];
	uint8_t			sub[32];
	uint8_t			pow[INTROMSG_POW];
	struct hsntor		hs;
	struct hsdesc_intro	intro;
	struct hopinfo		rend;
	struct intromsg		m;
};

/* What the specification's example asks for. */
static void
load(struct rig *r)
{
	memset(r, 0, sizeof(*r));
	UNHEX(r->cookie, SPEC_COOKIE);
	UNHEX(r->sub, SPEC_SUBCRED);
	UNHEX(r->hs.x, SPEC_X_SEC);
	UNHEX(r->hs.X, SPEC_X);
	UNHEX(r->intro.auth, SPEC_AUTH);
	UNHEX(r->intro.enc, SPEC_ENC);
	UNHEX(r->rend.ntor, SPEC_RP_NTOR);
	UNHEX(r->rend.id.rsa, SPEC_RP_RSA);
	UNHEX(r->rend.id.ed, SPEC_RP_ED);
	memset(r->pow, 0x50, sizeof(r->pow));
	r->rend.id.has_ed = 1;
	r->rend.has_ntor = 1;
	addr_v4(&r->rend.or4, 0x7f000001, 5001);
	r->m.cookie = r->cookie;
	r->m.hs = &r->hs;
	r->m.intro = &r->intro;
	r->m.subcredential = r->sub;
	r->m.rend = &r->rend;
	r->m.want_cc = 1;
}

START_TEST(intromsg_put_is_what_tor_sent)
{
	uint8_t out[INTROMSG_MAX];
	struct rig r;

	load(&r);
	ck_assert_int_eq(intromsg_put(&r.m, out), USUAL);
	CK_HEX(out, USUAL, SPEC_INTRO1);
}
END_TEST

/* As the service reads it, with its own secret: the plaintext's length. */
static size_t
open_as_service(const struct rig *r, uint8_t *msg, size_t len, uint8_t *plain)
{
	uint8_t b[32], dh[32], in[1024], keys[64], mac[32];
	struct crypt_ctr *c;
	struct pack p;
	size_t n = len - HEAD - 32 - TAIL;

	UNHEX(b, SPEC_ENC_SEC);
	ck_assert_int_eq(crypt_dh(dh, b, msg + HEAD), 0);
#define PROTO "tor-hs-ntor-curve25519-sha3-256-1"
	pack_init(&p, in, sizeof(in));
	pack_put(&p, dh, 32);
	pack_put(&p, r->intro.auth, 32);
	pack_put(&p, msg + HEAD, 32);
	pack_put(&p, r->intro.enc, 32);
	pack_put(&p, PROTO PROTO ":hs_key_extract" PROTO ":hs_key_expand",
	    sizeof(PROTO PROTO ":hs_key_extract" PROTO ":hs_key_expand") - 1);
	pack_put(&p, r->sub, 32);
	crypt_shake256(keys, sizeof(keys), in, pack_len(&p));
	pack_init(&p, in, sizeof(in));
	pack_u64(&p, 32);
	pack_put(&p, keys + 32, 32);
	pack_put(&p, msg, len - TAIL);
	crypt_sha3(mac, in, pack_len(&p));
	ck_assert_mem_eq(mac, msg + len - TAIL, TAIL);
	memcpy(plain, msg + HEAD + 32, n);
	c = crypt_ctr_new(keys, 32);
	crypt_ctr_xor(c, plain, n);
	crypt_ctr_free(c);
	return n;
}

START_TEST(intromsg_put_opens_to_the_plaintext_of_the_specification)
{
	uint8_t out[INTROMSG_MAX], plain[INTROMSG_MAX];
	struct rig r;
	int len;

	load(&r);
	len = intromsg_put(&r.m, out);
	ck_assert_uint_eq(open_as_service(&r, out, (size_t)len, plain), 190);
	CK_HEX(plain, 190, SPEC_PLAIN);
}
END_TEST

static const struct { int cc, pow, ed, v6; } kinds[] = {
	{ 0, 0, 0, 0 }, { 1, 0, 0, 0 }, { 0, 1, 0, 0 }, { 0, 0, 1, 0 },
	{ 0, 0, 0, 1 }, { 1, 1, 0, 0 }, { 1, 0, 1, 1 }, { 0, 1, 1, 1 },
	{ 1, 1, 1, 1 },
};

/* Nobody on the way learns from the length what was in it. */
START_TEST(intromsg_put_all_kinds_have_one_length_and_all_parts)
{
	uint8_t out[INTROMSG_MAX], plain[INTROMSG_MAX], *at = plain;
	struct rig r;
	size_t n;

	load(&r);
	r.m.want_cc = (uint8_t)kinds[_i].cc;
	r.m.pow = kinds[_i].pow ? r.pow : NULL;
	r.rend.id.has_ed = (uint8_t)kinds[_i].ed;
	if (kinds[_i].v6)
		ck_assert_int_eq(addr_parse(&r.rend.or6,
		    "[2001:db8::5]:9002", -1), 0);
	ck_assert_int_eq(intromsg_put(&r.m, out), USUAL);
	n = open_as_service(&r, out, USUAL, plain);
	CK_HEX(at, 20, SPEC_COOKIE);
	at += 20;
	ck_assert_int_eq(*at++, kinds[_i].cc + kinds[_i].pow);
	if (kinds[_i].cc) {
		ck_assert_mem_eq(at, "\1\0", 2);
		at += 2;
	}
	if (kinds[_i].pow) {
		ck_assert_mem_eq(at, "\2\x29", 2);
		ck_assert_mem_eq(at + 2, r.pow, 41);
		at += 43;
	}
	ck_assert_mem_eq(at, "\1\0\x20", 3);
	CK_HEX(at + 3, 32, SPEC_RP_NTOR);
	at += 35;
	ck_assert_int_eq(*at++, 2 + kinds[_i].ed + kinds[_i].v6);
	ck_assert_mem_eq(at, "\0\6\x7f\0\0\1\x13\x89", 8);
	ck_assert_mem_eq(at + 8, "\2\x14", 2);
	CK_HEX(at + 10, 20, SPEC_RP_RSA);
	at += 30;
	if (kinds[_i].ed) {
		ck_assert_mem_eq(at, "\3\x20", 2);
		CK_HEX(at + 2, 32, SPEC_RP_ED);
		at += 34;
	}
	if (kinds[_i].v6) {
		ck_assert_mem_eq(at, "\1\x12\x20\x01\x0d\xb8\0\0\0\0\0\0\0"
		    "\0\0\0\0\5\x23\x2a", 20);
		at += 20;
	}
	ck_assert(secret_is_zero(at, n - (size_t)(at - plain)));
}
END_TEST

/* Bug 41297, and whatever else may not have been set. */
START_TEST(intromsg_put_with_something_unset_is_refused)
{
	uint8_t out[INTROMSG_MAX] = { 0x77 };
	struct rig r;

	load(&r);
	switch (_i) {
	case 0:
		memset(r.cookie, 0, sizeof(r.cookie));
		break;
	case 1:
		memset(r.hs.x, 0, 32);
		break;
	case 2:
		memset(r.hs.X, 0, 32);
		break;
	case 3:
		memset(r.intro.auth, 0, 32);
		break;
	case 4:
		memset(r.intro.enc, 0, 32);
		break;
	case 5:
		memset(r.sub, 0, 32);
		break;
	case 6:
		memset(r.rend.ntor, 0, 32);
		break;
	case 7:
		r.rend.has_ntor = 0;
		break;
	case 8:
		memset(r.rend.id.rsa, 0, 20);
		break;
	case 9:
		r.rend.or4.family = 0;
		break;
	case 10:
		r.rend.or4.port = 0;
		break;
	case 11:
		r.m.cookie = NULL;
		break;
	case 12:
		r.m.hs = NULL;
		break;
	case 13:
		r.m.intro = NULL;
		break;
	case 14:
		r.m.subcredential = NULL;
		break;
	default:
		r.m.rend = NULL;
		break;
	}
	ck_assert_int_eq(intromsg_put(&r.m, out), -EINVAL);
	ck_assert_int_eq(out[0], 0x77);
}
END_TEST

START_TEST(intromsg_put_key_of_low_order_is_refused)
{
	uint8_t out[INTROMSG_MAX];
	struct rig r;

	load(&r);
	memset(r.intro.enc, 0, 32);
	r.intro.enc[0] = 1;
	ck_assert_int_eq(intromsg_put(&r.m, out), -EBADMSG);
}
END_TEST

static const struct {
	const char		*bytes;
	size_t			 len;
	int			 rc;
	enum intromsg_status	 want;
} acks[] = {
	{ "\0\0\0", 3, 0, INTROMSG_OK },
	{ "\0\1\0", 3, 0, INTROMSG_UNKNOWN_ID },
	{ "\0\2\0", 3, 0, INTROMSG_BAD_FORMAT },
	{ "\0\3\0", 3, 0, INTROMSG_CANT_RELAY },
	{ "\0\4\0", 3, 0, INTROMSG_OTHER },
	{ "\1\0\0", 3, 0, INTROMSG_OTHER },
	{ "\xff\xff\0", 3, 0, INTROMSG_OTHER },
	{ "\0\0\1\7\2ab", 7, 0, INTROMSG_OK },
	{ "\0\1\2\7\0\7\1x", 8, 0, INTROMSG_UNKNOWN_ID },
	{ "\0\0\0more", 7, 0, INTROMSG_OK },
	{ "", 0, -EBADMSG, INTROMSG_OK },
	{ "\0", 1, -EBADMSG, INTROMSG_OK },
	{ "\0\0", 2, -EBADMSG, INTROMSG_OK },
	{ "\0\0\1", 3, -EBADMSG, INTROMSG_OK },
	{ "\0\0\1\7", 4, -EBADMSG, INTROMSG_OK },
	{ "\0\0\1\7\2a", 6, -EBADMSG, INTROMSG_OK },
	{ "\0\0\377\0\0", 5, -EBADMSG, INTROMSG_OK },
};

START_TEST(intromsg_ack_is_read)
{
	enum intromsg_status got = INTROMSG_OTHER;

	ck_assert_int_eq(intromsg_ack((const uint8_t *)acks[_i].bytes,
	    acks[_i].len, &got), acks[_i].rc);
	ck_assert_int_eq(got, acks[_i].rc == 0 ? acks[_i].want :
	    INTROMSG_OTHER);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(intromsg_put_is_what_tor_sent),
	UNIT(intromsg_put_opens_to_the_plaintext_of_the_specification),
	UNIT_LOOP(intromsg_put_all_kinds_have_one_length_and_all_parts,
	    NELEM(kinds)),
	UNIT_LOOP(intromsg_put_with_something_unset_is_refused, 16),
	UNIT(intromsg_put_key_of_low_order_is_refused),
	UNIT_LOOP(intromsg_ack_is_read, NELEM(acks)),
};

int
main(void)
{
	crypt_init();
	return unit_run("intromsg", tests, NELEM(tests));
}

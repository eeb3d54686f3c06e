/* tests/onion/hs/test_hsdesc_inner.c - the second layer of a descriptor */
#include "onion/hs/hsdesc_int.h"

#include <errno.h>
#include <string.h>

#include "base/wire.h"
#include "onion/crypto/crypt.h"
#include "tests/onion/crypto/hex.h"
#include "tests/onion/hs/descmint.h"
#include "tests/unit.h"
#include "tests/vectors/hs.h"

#define HEAD	"create2-formats 2\n"
#define ZERO_KEY "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
#define ONE_KEY	"AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
/* Of order 8. */
#define LOW_KEY	"X5yVvKNQjCSx0LFVnIPvWwREXMRYHI6G2CJO3dCfEVc="

static struct descmint mint;
static struct hsdesc got;

static void
setup(void)
{
	descmint_init(&mint, HSV_NOW);
}

static int
read_it(const char *text)
{
	memset(&got, 0, sizeof(got));
	return hsdesc_inner(&got, text, strlen(text), mint.signing, mint.now);
}

/* --- the whole --- */

static const struct {
	const char	*text;
	int		 rc;
	int		 single, flow, inc, auth, pow;
	uint32_t	 effort;
	int64_t		 expires;
} heads[] = {
#define BAD(text) { text, -EBADMSG, 0, 0, 0, 0, 0, 0, 0 }
#define PLAIN(text) { text, 0, 0, 0, 0, 0, 0, 0, 0 }
	PLAIN(HEAD),
	PLAIN("create2-formats 1 2 3\n"),
	PLAIN("create2-formats 99999999999 two 2\n"),
	BAD(""),
	BAD("create2-formats\n"),
	BAD("create2-formats 1 3\n"),
	BAD("create2-formats 22\n"),
	BAD("single-onion-service\n" HEAD),
	BAD("unknown\n" HEAD),
	BAD(HEAD HEAD),
	PLAIN(HEAD "unknown\nunknown again\nunknown\n"),
	PLAIN(HEAD "unknown\n-----BEGIN X-----\nAAAA\n-----END X-----\n"),
	BAD(HEAD "unknown\n-----BEGIN X-----\nAAAA\n"),
	BAD(HEAD "no newline"),
	{ HEAD "single-onion-service\n", 0, 1, 0, 0, 0, 0, 0, 0 },
	{ HEAD "single-onion-service yes\n", 0, 1, 0, 0, 0, 0, 0, 0 },
	BAD(HEAD "single-onion-service\nsingle-onion-service\n"),
	{ HEAD "intro-auth-required ed25519\n", 0, 0, 0, 0, 1, 0, 0, 0 },
	{ HEAD "intro-auth-required new ed25519\n", 0, 0, 0, 0, 1, 0, 0, 0 },
	BAD(HEAD "intro-auth-required\n"),
	BAD(HEAD "intro-auth-required new\n"),
	BAD(HEAD "intro-auth-required ed25519\n"
	    "intro-auth-required ed25519\n"),
	{ HEAD "flow-control 1-2 31\n", 0, 0, 1, 31, 0, 0, 0, 0 },
	{ HEAD "flow-control 2 255\n", 0, 0, 1, 255, 0, 0, 0, 0 },
	{ HEAD "flow-control 1,2,9 1 more\n", 0, 0, 1, 1, 0, 0, 0, 0 },
	{ HEAD "flow-control 1 31\n", 0, 0, 0, 31, 0, 0, 0, 0 },
	{ HEAD "flow-control 3 31\n", 0, 0, 0, 31, 0, 0, 0, 0 },
	BAD(HEAD "flow-control\n"),
	BAD(HEAD "flow-control 1-2\n"),
	BAD(HEAD "flow-control 1-2 0\n"),
	BAD(HEAD "flow-control 1-2 256\n"),
	BAD(HEAD "flow-control 1-2 -1\n"),
	BAD(HEAD "flow-control 1-2 4294967327\n"),
	BAD(HEAD "flow-control 2-1 31\n"),
	BAD(HEAD "flow-control 1-99 31\n"),
	BAD(HEAD "flow-control 1- 31\n"),
	BAD(HEAD "flow-control x 31\n"),
	BAD(HEAD "flow-control 1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1"
	    ",1,1,1,1,1,1,1,1,1,1,1,1,1,1,1 31\n"),
	BAD(HEAD "flow-control 1-2 31\nflow-control 1-2 31\n"),
	{ HEAD "pow-params v1 " ZERO_KEY " 0 2026-11-28T14:30:00\n", 0, 0, 0,
	    0, 0, 1, 0, HSV_NOW + 9000 },
	{ HEAD "pow-params v1 " ZERO_KEY " 4294967295 1970-01-01T00:00:00\n",
	    0, 0, 0, 0, 0, 1, UINT32_MAX, 0 },
	{ HEAD "pow-params v2 x\npow-params v1 " ZERO_KEY " 7 "
	    "9999-12-31T23:59:59 more\npow-params v3\n", 0, 0, 0, 0, 0, 1, 7,
	    INT64_C(253402300799) },
	PLAIN(HEAD "pow-params v2 a\npow-params v2 b\n"),
	BAD(HEAD "pow-params\n"),
	BAD(HEAD "pow-params v1\n"),
	BAD(HEAD "pow-params v1 " ZERO_KEY "\n"),
	BAD(HEAD "pow-params v1 " ZERO_KEY " 1\n"),
	BAD(HEAD "pow-params v1 AAAA 1 2026-11-28T14:30:00\n"),
	BAD(HEAD "pow-params v1 *" ZERO_KEY " 1 2026-11-28T14:30:00\n"),
	BAD(HEAD "pow-params v1 " ZERO_KEY "AAAA 1 2026-11-28T14:30:00\n"),
	BAD(HEAD "pow-params v1 " ZERO_KEY " -1 2026-11-28T14:30:00\n"),
	BAD(HEAD "pow-params v1 " ZERO_KEY " 4294967296 "
	    "2026-11-28T14:30:00\n"),
	BAD(HEAD "pow-params v1 " ZERO_KEY " 1 2026-11-28 14:30:00\n"),
	BAD(HEAD "pow-params v1 " ZERO_KEY " 1 2026-13-28T14:30:00\n"),
	BAD(HEAD "pow-params v1 " ZERO_KEY " 1 20261128T143000\n"),
	BAD(HEAD "pow-params v1 " ZERO_KEY " 1 1796000000\n"),
	BAD(HEAD "pow-params v1 " ZERO_KEY " 1 2026-11-28T14:30:00\n"
	    "pow-params v1 " ZERO_KEY " 1 2026-11-28T14:30:00\n"),
	/* Of no introduction point. */
	PLAIN(HEAD "onion-key ntor " ZERO_KEY "\nauth-key\nenc-key x\n"),
};

START_TEST(hsdesc_inner_lines_of_the_whole)
{
	setup();
	ck_assert_msg(read_it(heads[_i].text) == heads[_i].rc, "%s",
	    heads[_i].text);
	if (heads[_i].rc == 0) {
		ck_assert_int_eq(got.single, heads[_i].single);
		ck_assert_int_eq(got.flow_control, heads[_i].flow);
		ck_assert_int_eq(got.sendme_inc, heads[_i].inc);
		ck_assert_int_eq(got.wants_auth, heads[_i].auth);
		ck_assert_int_eq(got.pow.has, heads[_i].pow);
		ck_assert_uint_eq(got.pow.effort, heads[_i].effort);
		ck_assert_int_eq(got.pow.expires, heads[_i].expires);
		ck_assert_uint_eq(got.nintros, 0);
	}
	descmint_fini(&mint);
}
END_TEST

/* Such lines count wherever they stand. */
START_TEST(hsdesc_inner_lines_after_introduction_points_count)
{
	setup();
	ck_assert_int_eq(read_it(descmint_text(&mint, "%sflow-control 2 9\n%s",
	    descmint_swap(&mint, descmint_inner(&mint, 1),
	    "flow-control 1-2 31\n", ""), descmint_intro(&mint, 1))), 0);
	ck_assert_uint_eq(got.nintros, 2);
	ck_assert_int_eq(got.sendme_inc, 9);
	descmint_fini(&mint);
}
END_TEST

/* --- introduction points --- */

/* How many of three are left where this was done to the second? */
static size_t
left_with(const char *odd)
{
	ck_assert_int_eq(read_it(descmint_text(&mint, HEAD "%s%s%s",
	    descmint_intro(&mint, 0), odd, descmint_intro(&mint, 2))), 0);
	ck_assert_int_eq(got.intro[0].relay.or4.port, 9001);
	ck_assert_int_eq(got.intro[got.nintros - 1].relay.or4.port, 9003);
	return got.nintros;
}

START_TEST(hsdesc_inner_good_introduction_points_are_all_there)
{
	setup();
	ck_assert_uint_eq(left_with(descmint_intro(&mint, 1)), 3);
	ck_assert_int_eq(got.intro[1].relay.or4.port, 9002);
	ck_assert_int_eq(got.intro[1].relay.or6.family, 0);
	ck_assert_mem_ne(got.intro[0].enc, got.intro[1].enc, 32);
	ck_assert_mem_ne(got.intro[0].auth, got.intro[1].auth, 32);
	ck_assert_mem_ne(got.intro[0].enc, got.intro[0].relay.ntor, 32);
	descmint_fini(&mint);
}
END_TEST

static const struct {
	const char	*from;
	const char	*to;
	size_t		 left;
} lines[] = {
	{ "onion-key", "unknown 1\nonion-key", 3 },
	{ "onion-key", "onion-key rsa AAAA\nonion-key", 3 },
	{ "onion-key", "legacy-key\n-----BEGIN X-----\nAAAA\n"
	    "-----END X-----\nonion-key", 3 },
	{ "onion-key ntor ", "onion-key new ", 2 },
	{ "onion-key ntor ", "onion-key ntor " ZERO_KEY " ", 2 },
	{ "onion-key ntor ", "onion-key ntor AAAA ", 2 },
	{ "onion-key ntor ", "onion-key ntor *", 2 },
	{ "onion-key ntor ", "onion-key ntor\nx ", 2 },
	{ "onion-key ntor ", "onion-key\nx ", 2 },
	{ "onion-key", "x-onion-key", 2 },
	{ "enc-key", "enc-key new AAAA\nenc-key", 3 },
	{ "enc-key ntor ", "enc-key new ", 2 },
	/* Bug 41295, and its like. */
	{ "enc-key ntor ", "enc-key ntor " ZERO_KEY " ", 2 },
	{ "enc-key ntor ", "enc-key ntor " ONE_KEY " ", 2 },
	{ "enc-key ntor ", "enc-key ntor " LOW_KEY " ", 2 },
	{ "enc-key ntor ", "enc-key ntor AAAA ", 2 },
	{ "enc-key ntor", "enc-key-x ntor", 2 },
	{ "auth-key\n", "auth-key-x\n", 2 },
	{ "auth-key\n", "auth-key\nauth-key\n", 2 },
	{ "auth-key\n-----BEGIN ED25519 CERT", "auth-key\n-----BEGIN CERT",
	    0 },
	{ "enc-key-cert\n", "enc-key-cert-x\n", 2 },
	{ "enc-key-cert\n", "enc-key-cert\nenc-key-cert\n", 2 },
	{ "introduction-point ", "introduction-point x ", 2 },
	{ "introduction-point ", "introduction-point *", 2 },
	{ "introduction-point ", "introduction-point\nx ", 2 },
	{ "introduction-point ", "introduction-point AAAA\n"
	    "introduction-point ", 3 },
};

START_TEST(hsdesc_inner_odd_introduction_point_is_left_out)
{
	const char *text;

	setup();
	text = descmint_swap(&mint, descmint_intro(&mint, 1), lines[_i].from,
	    lines[_i].to);
	if (lines[_i].left == 0)	/* no document at all */
		ck_assert_int_eq(read_it(descmint_text(&mint, HEAD "%s",
		    text)), -EBADMSG);
	else
		ck_assert_msg(left_with(text) == lines[_i].left, "%s",
		    lines[_i].to);
	descmint_fini(&mint);
}
END_TEST

/* Without its first line the others belong to the one before. */
START_TEST(hsdesc_inner_lines_of_no_introduction_point_spoil_the_one_before)
{
	setup();
	ck_assert_int_eq(read_it(descmint_text(&mint, HEAD "%s%s%s",
	    descmint_intro(&mint, 0), descmint_swap(&mint,
	    descmint_intro(&mint, 1), "introduction-point",
	    "introduction-pointer"), descmint_intro(&mint, 2))), 0);
	ck_assert_uint_eq(got.nintros, 1);
	ck_assert_int_eq(got.intro[0].relay.or4.port, 9003);
	descmint_fini(&mint);
}
END_TEST

/* Each line twice. */
START_TEST(hsdesc_inner_two_of_a_line_make_it_odd)
{
	static const char *const keys[] = {
		"onion-key", "auth-key", "enc-key ntor", "enc-key-cert"
	};
	const char *intro, *at, *end;
	size_t n;

	setup();
	intro = descmint_intro(&mint, 1);
	at = strstr(intro, keys[_i]);
	end = _i % 2 ? strstr(at, "-----END") : at;
	n = (size_t)(strchr(end, '\n') - at) + 1;
	ck_assert_uint_eq(left_with(descmint_text(&mint, "%s%.*s", intro,
	    (int)n, at)), 2);
	descmint_fini(&mint);
}
END_TEST

enum { CERT_FAULTS = 8 };

static void
spoil(struct descmint_cert *c, int how)
{
	switch (how) {
	case 0:
		break;
	case 1:
		c->type = (uint8_t)(20 - c->type);	/* the other one's */
		break;
	case 2:
		c->key_type = 3;
		break;
	case 3:
		c->signer = mint.other_sec;
		break;
	case 4:
		c->signer = mint.other_sec;
		c->named = mint.signing_sec + 32;
		break;
	case 5:
		c->no_name = 1;
		break;
	case 6:
		c->expires = mint.now - 3600;
		break;
	default:
		c->spoilt = 1;
		break;
	}
}

/* Types 9 and 11, in turn. */
START_TEST(hsdesc_inner_odd_certificate_makes_it_odd)
{
	struct descmint_cert c = { 0 };
	const char *intro, *at, *end, *key;

	setup();
	c.type = _i % 2 ? 11 : 9;
	spoil(&c, _i / 2);
	key = _i % 2 ? "enc-key-cert\n" : "auth-key\n";
	intro = descmint_intro(&mint, 1);
	at = strstr(intro, key) + strlen(key);
	end = strchr(strstr(at, "-----END"), '\n') + 1;
	ck_assert_uint_eq(left_with(descmint_text(&mint, "%.*s%s%s",
	    (int)(at - intro), intro, descmint_cert(&mint, &c), end)),
	    _i / 2 == 0 ? 3 : 2);
	descmint_fini(&mint);
}
END_TEST

START_TEST(hsdesc_inner_auth_key_of_zeros_makes_it_odd)
{
	static const uint8_t zero[32];
	struct descmint_cert c = { .type = 9, .key = zero };
	const char *intro, *at, *end;

	setup();
	intro = descmint_intro(&mint, 1);
	at = strstr(intro, "auth-key\n") + 9;
	end = strchr(strstr(at, "-----END"), '\n') + 1;
	ck_assert_uint_eq(left_with(descmint_text(&mint, "%.*s%s%s",
	    (int)(at - intro), intro, descmint_cert(&mint, &c), end)), 2);
	descmint_fini(&mint);
}
END_TEST

/* Without any one of its lines. */
START_TEST(hsdesc_inner_incomplete_introduction_point_is_left_out)
{
	static const char *const keys[] = {
		"onion-key", "auth-key", "enc-key ntor", "enc-key-cert"
	};
	const char *intro, *at;

	setup();
	intro = descmint_intro(&mint, 1);
	at = strstr(intro, keys[_i]);
	ck_assert_uint_eq(left_with(descmint_text(&mint, "%.*sgone%s",
	    (int)(at - intro), intro, strpbrk(at, " \n"))), 2);
	descmint_fini(&mint);
}
END_TEST

/* --- link specifiers --- */

#define V4	"0006c0000202232a"
#define RSA	"02140101010101010101010101010101010101010101"
#define ED	"032002020202020202020202020202020202020202020202020202020202" \
		"02020202"
#define V6	"011220010db8000000000000000000000001232b"

static const struct {
	const char	*hex;
	int		 ok;
} specs[] = {
	{ "03" V4 RSA ED, 1 },
	{ "04" V4 RSA ED V6, 1 },
	{ "04" V6 ED RSA V4, 1 },
	{ "02" V4 RSA, 1 },
	{ "04" V4 RSA ED "7f03616263", 1 },	/* of another kind */
	{ "04" V4 RSA ED "7f00", 1 },
	{ "04" V4 "0006c0000203232b" RSA ED, 1 },	/* the first counts */
	{ "", 0 },
	{ "00", 0 },
	{ "01" V4, 0 },
	{ "01" RSA, 0 },
	{ "02" RSA ED, 0 },
	{ "02" V4 ED, 0 },
	{ "02" V6 RSA, 0 },
	{ "03" V4 RSA RSA, 0 },
	{ "04" V4 RSA ED ED, 0 },
	{ "03" V4 RSA, 0 },			/* says more than there is */
	{ "ff" V4 RSA ED, 0 },
	{ "01" V4 RSA ED, 0 },			/* less */
	{ "03" V4 RSA ED "00", 0 },
	{ "02" "0005c000020223" RSA, 0 },	/* wrong lengths */
	{ "02" "0007c0000202232a00" RSA, 0 },
	{ "02" V4 "02130101010101010101010101010101010101010101", 0 },
	{ "02" V4 "02150101010101010101010101010101010101010101ff", 0 },
	{ "03" V4 RSA "031f" "02020202020202020202020202020202020202020202020"
	    "202020202020202", 0 },
	{ "03" V4 RSA "0111" "20010db80000000000000000000000000123", 0 },
	{ "02" V4 RSA "05", 0 },
	{ "02" V4 "02ff0101", 0 },
	{ "03" "0006c00002020000" RSA ED, 0 },	/* port, address, keys of 0 */
	{ "03" "000600000000232a" RSA ED, 0 },
	{ "03" V4 "02140000000000000000000000000000000000000000" ED, 0 },
	{ "03" V4 RSA "0320000000000000000000000000000000000000000000000000000"
	    "000000000000000", 0 },
};

START_TEST(hsdesc_inner_link_specifiers)
{
	const char *intro, *end;
	char b64[ENC_B64_LEN(256)];
	uint8_t raw[256];
	int n;

	setup();
	n = dec_hex(raw, sizeof(raw), specs[_i].hex, strlen(specs[_i].hex));
	ck_assert_int_ge(n, 0);
	enc_b64(b64, raw, (size_t)n);
	intro = descmint_intro(&mint, 1);
	end = strchr(intro, '\n');
	ck_assert_msg(left_with(descmint_text(&mint, "introduction-point %s%s",
	    b64, end)) == (specs[_i].ok ? 3 : 2), "%s", specs[_i].hex);
	if (specs[_i].ok) {
		const struct hopinfo *h = &got.intro[1].relay;

		ck_assert_int_eq(h->or4.port, 9002);
		ck_assert_mem_eq(h->or4.ip, "\xc0\0\2\2", 4);
		ck_assert_int_eq(h->id.rsa[19], 1);
		ck_assert_int_eq(h->id.has_ed, strstr(specs[_i].hex, ED) !=
		    NULL);
		ck_assert_int_eq(h->id.ed[31], 2 * h->id.has_ed);
		ck_assert_int_eq(h->or6.port, strstr(specs[_i].hex, V6) !=
		    NULL ? 9003 : 0);
	}
	descmint_fini(&mint);
}
END_TEST

/* 255 of 255 bytes: 64 KiB of them. */
START_TEST(hsdesc_inner_link_specifiers_too_large_are_odd)
{
	static char b64[ENC_B64_LEN(1 + 255 * 257)];
	static uint8_t raw[1 + 255 * 257];
	const char *end;
	size_t i;

	setup();
	raw[0] = 255;
	for (i = 0; i < 255; i++) {
		raw[1 + i * 257] = 0x7f;
		raw[2 + i * 257] = 255;
	}
	enc_b64(b64, raw, sizeof(raw));
	end = strchr(descmint_intro(&mint, 1), '\n');
	ck_assert_uint_eq(left_with(descmint_text(&mint,
	    "introduction-point %s%s", b64, end)), 2);
	descmint_fini(&mint);
}
END_TEST

/* --- many --- */

START_TEST(hsdesc_inner_twenty_are_taken_and_no_more)
{
	setup();
	ck_assert_int_eq(read_it(descmint_inner(&mint, HSDESC_INTROS_MAX)),
	    0);
	ck_assert_uint_eq(got.nintros, HSDESC_INTROS_MAX);
	ck_assert_int_eq(read_it(descmint_inner(&mint, HSDESC_INTROS_MAX +
	    1)), -EBADMSG);
	ck_assert_uint_le(got.nintros, HSDESC_INTROS_MAX);
	/* Odd ones are not counted. */
	ck_assert_int_eq(read_it(descmint_text(&mint, "%sintroduction-point\n"
	    "introduction-point AAAA\n", descmint_inner(&mint,
	    HSDESC_INTROS_MAX))), 0);
	descmint_fini(&mint);
}
END_TEST

/* Far more than fit into a descriptor, all of them empty. */
START_TEST(hsdesc_inner_64k_introduction_points_are_no_harm)
{
	static char text[sizeof(HEAD) + 65536 * 24];
	size_t i, at = sizeof(HEAD) - 1;

	setup();
	memcpy(text, HEAD, at);
	for (i = 0; i < 65536; i++) {
		memcpy(text + at, "introduction-point AA==\n", 24);
		at += 24;
	}
	memset(&got, 0, sizeof(got));
	ck_assert_int_eq(hsdesc_inner(&got, text, at, mint.signing, mint.now),
	    0);
	ck_assert_uint_eq(got.nintros, 0);
	descmint_fini(&mint);
}
END_TEST

START_TEST(hsdesc_inner_cut_anywhere_gives_no_half_introduction_point)
{
	const char *text;
	size_t i, len;

	setup();
	text = descmint_inner(&mint, 2);
	len = strlen(text);
	for (i = 0; i < len; i += 7) {
		memset(&got, 0, sizeof(got));
		(void)hsdesc_inner(&got, text, i, mint.signing, mint.now);
		ck_assert_uint_le(got.nintros, 1);
	}
	descmint_fini(&mint);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT_LOOP(hsdesc_inner_lines_of_the_whole, NELEM(heads)),
	UNIT(hsdesc_inner_lines_after_introduction_points_count),
	UNIT(hsdesc_inner_good_introduction_points_are_all_there),
	UNIT_LOOP(hsdesc_inner_odd_introduction_point_is_left_out,
	    NELEM(lines)),
	UNIT(hsdesc_inner_lines_of_no_introduction_point_spoil_the_one_before),
	UNIT_LOOP(hsdesc_inner_two_of_a_line_make_it_odd, 4),
	UNIT_LOOP(hsdesc_inner_odd_certificate_makes_it_odd, 2 * CERT_FAULTS),
	UNIT(hsdesc_inner_auth_key_of_zeros_makes_it_odd),
	UNIT_LOOP(hsdesc_inner_incomplete_introduction_point_is_left_out, 4),
	UNIT_LOOP(hsdesc_inner_link_specifiers, NELEM(specs)),
	UNIT(hsdesc_inner_link_specifiers_too_large_are_odd),
	UNIT(hsdesc_inner_twenty_are_taken_and_no_more),
	UNIT(hsdesc_inner_64k_introduction_points_are_no_harm),
	UNIT(hsdesc_inner_cut_anywhere_gives_no_half_introduction_point),
};

int
main(void)
{
	crypt_init();
	return unit_run("hsdesc_inner", tests, NELEM(tests));
}

/* tests/onion/hs/test_hsdesc.c - opening descriptors: signatures, seals, keys
 * of clients
 */
#include "onion/hs/hsdesc_int.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/rand.h"
#include "base/why.h"
#include "onion/crypto/crypt.h"
#include "tests/onion/crypto/hex.h"
#include "tests/onion/dir/tmpdir.h"
#include "tests/onion/hs/descmint.h"
#include "tests/unit.h"
#include "tests/vectors/hs.h"

enum { INVALID = -WHY_HS_INVALID };

static struct descmint mint;

static void
setup(void)
{
	be_quiet();
	descmint_init(&mint, HSV_NOW);
}

/* 0 and what is in it; the reason else. */
static int
try_with(const char *text, const uint8_t *auth, struct hsdesc *out)
{
	struct hsdesc *d = NULL;
	int rc;

	rc = hsdesc_open(&d, text, strlen(text), &mint.blind, auth, mint.now);
	ck_assert((rc == 0) == (d != NULL));
	if (d != NULL && out != NULL)
		*out = *d;
	free(d);
	return rc;
}

static int
try(const char *text)
{
	return try_with(text, NULL, NULL);
}

/* The pieces of a good one. */
static const char *
sealed_first(void)
{
	return descmint_seal(&mint, 0, NULL, descmint_first(&mint,
	    descmint_seal(&mint, 1, NULL, descmint_inner(&mint, 2), 0), NULL,
	    NULL), 10000);
}

static const char *
good_outer(void)
{
	return descmint_outer(&mint, sealed_first());
}

/* --- vectors --- */

static struct blind
vector_blind(void)
{
	struct blind b;

	UNHEX(b.key, hsv_blinded);
	UNHEX(b.subcredential, hsv_subcredential);
	return b;
}

static int
open_vector(const char *name, const char *auth, struct hsdesc **d)
{
	static uint8_t text[HSDESC_TEXT_MAX];
	struct blind b = vector_blind();
	uint8_t key[32];
	size_t n;

	n = vector(name, text, sizeof(text));
	if (auth != NULL)
		UNHEX(key, auth);
	return hsdesc_open(d, (const char *)text, n, &b,
	    auth != NULL ? key : NULL, HSV_NOW);
}

static void
check_vector(const struct hsdesc *d)
{
	static const struct {
		const char *rsa, *ed, *onion, *auth, *enc;
	} want[3] = {
		{ hsv_intro0_rsa, hsv_intro0_ed, hsv_intro0_onion,
		    hsv_intro0_auth, hsv_intro0_enc },
		{ hsv_intro1_rsa, hsv_intro1_ed, hsv_intro1_onion,
		    hsv_intro1_auth, hsv_intro1_enc },
		{ hsv_intro2_rsa, hsv_intro2_ed, hsv_intro2_onion,
		    hsv_intro2_auth, hsv_intro2_enc },
	};
	size_t i;

	ck_assert_uint_eq(d->revision, UINT64_MAX - 1);
	ck_assert_int_eq(d->lifetime_s, 180 * 60);
	ck_assert_int_eq(d->cert_expires, HSV_NOW + 54 * 3600);
	ck_assert_int_eq(d->single, 0);
	ck_assert_int_eq(d->wants_auth, 0);
	ck_assert_int_eq(d->flow_control, 1);
	ck_assert_int_eq(d->sendme_inc, 31);
	ck_assert_int_eq(d->pow.has, 1);
	CK_HEX(d->pow.seed, 32, hsv_pow);
	ck_assert_uint_eq(d->pow.effort, 4242);
	ck_assert_int_eq(d->pow.expires, HSV_NOW + 9000);
	ck_assert_uint_eq(d->nintros, 3);
	for (i = 0; i < 3; i++) {
		const struct hsdesc_intro *in = &d->intro[i];
		char text[ADDR_TEXT], v4[ADDR_TEXT];

		CK_HEX(in->relay.id.rsa, 20, want[i].rsa);
		CK_HEX(in->relay.id.ed, 32, want[i].ed);
		CK_HEX(in->relay.ntor, 32, want[i].onion);
		CK_HEX(in->auth, 32, want[i].auth);
		CK_HEX(in->enc, 32, want[i].enc);
		ck_assert_int_eq(in->relay.id.has_ed, 1);
		ck_assert_int_eq(in->relay.has_ntor, 1);
		snprintf(v4, sizeof(v4), "192.0.2.%zu:%zu", i + 1, 9001 + i);
		ck_assert_str_eq(addr_raw(&in->relay.or4, text), v4);
		ck_assert_int_eq(in->relay.or6.family, 6);
		ck_assert_int_eq(in->relay.or6.port, 9001 + i);
		ck_assert_int_eq(in->relay.or6.ip[0], 0x20);
		ck_assert_uint_eq(in->relay.caps, 0);
		ck_assert_str_eq(in->relay.nickname, "");
	}
}

static const struct { const char *name, *auth; int want; } vectors[] = {
	{ "hs/open", NULL, 0 },
	{ "hs/open", hsv_eve, 0 },	/* a key that nobody asks for */
	{ "hs/auth", hsv_alice, 0 },
	{ "hs/auth", hsv_bob, 0 },
	{ "hs/auth", NULL, -WHY_HS_AUTH_MISSING },
	{ "hs/auth", hsv_eve, -WHY_HS_AUTH_WRONG },
};

START_TEST(hsdesc_open_vector_gives_all_that_is_in_it)
{
	struct hsdesc *d = NULL;

	setup();
	ck_assert_int_eq(open_vector(vectors[_i].name, vectors[_i].auth, &d),
	    vectors[_i].want);
	if (vectors[_i].want == 0)
		check_vector(d);
	else
		ck_assert_ptr_null(d);
	free(d);
	descmint_fini(&mint);
}
END_TEST

/* One bit of the text wrong, anywhere: no descriptor, or the same one (as of
 * the base64 of padding).  Never another. */
START_TEST(hsdesc_open_vector_with_a_wrong_byte_is_refused)
{
	static char text[HSDESC_TEXT_MAX];
	struct blind b = vector_blind();
	struct hsdesc *d, *good = NULL;
	size_t n, i;
	char was;
	int rc;

	setup();
	ck_assert_int_eq(open_vector("hs/open", NULL, &good), 0);
	n = vector("hs/open", (uint8_t *)text, sizeof(text));
	for (i = (size_t)_i; i < n; i += 37 + (i > 1200) * 200) {
		was = text[i];
		text[i] = (char)(was ^ (1 << i % 7));
		d = NULL;
		rc = hsdesc_open(&d, text, n, &b, NULL, HSV_NOW);
		ck_assert_msg(rc == INVALID || (rc == 0 &&
		    memcmp(d, good, sizeof(*d)) == 0), "byte %zu: %d", i, rc);
		free(d);
		text[i] = was;
	}
	free(good);
	descmint_fini(&mint);
}
END_TEST

START_TEST(hsdesc_open_cut_anywhere_is_refused)
{
	static char text[HSDESC_TEXT_MAX];
	struct blind b = vector_blind();
	struct hsdesc *d = NULL;
	size_t n, i;

	setup();
	n = vector("hs/open", (uint8_t *)text, sizeof(text));
	for (i = 0; i < n; i += i < n - 120 ? 61 : 1)
		ck_assert_int_eq(hsdesc_open(&d, text, i, &b, NULL, HSV_NOW),
		    INVALID);
	descmint_fini(&mint);
}
END_TEST

/* "Wrong blinding": of another period, or another service. */
START_TEST(hsdesc_open_with_other_keys_is_refused)
{
	static char text[HSDESC_TEXT_MAX];
	struct blind b = vector_blind();
	struct hsdesc *d = NULL;
	size_t n;

	setup();
	n = vector("hs/open", (uint8_t *)text, sizeof(text));
	if (_i == 0)
		UNHEX(b.key, hsv_blinded_240);
	else
		b.subcredential[0] ^= 1;
	ck_assert_int_eq(hsdesc_open(&d, text, n, &b, NULL, HSV_NOW),
	    INVALID);
	descmint_fini(&mint);
}
END_TEST

START_TEST(hsdesc_open_after_its_certificate_is_refused)
{
	static char text[HSDESC_TEXT_MAX];
	struct blind b = vector_blind();
	struct hsdesc *d = NULL;
	size_t n;

	setup();
	n = vector("hs/open", (uint8_t *)text, sizeof(text));
	ck_assert_int_eq(hsdesc_open(&d, text, n, &b, NULL, HSV_NOW +
	    54 * 3600), 0);
	free(d);
	ck_assert_int_eq(hsdesc_open(&d, text, n, &b, NULL, HSV_NOW +
	    54 * 3600 + 1), INVALID);
	descmint_fini(&mint);
}
END_TEST

/* --- the outer text --- */

START_TEST(hsdesc_open_minted_one_is_good)
{
	struct hsdesc d;

	setup();
	ck_assert_int_eq(try_with(descmint_all(&mint, descmint_inner(&mint,
	    2)), NULL, &d), 0);
	ck_assert_uint_eq(d.nintros, 2);
	ck_assert_uint_eq(d.revision, 42);
	ck_assert_int_eq(try(descmint_sign(&mint, good_outer())), 0);
	descmint_fini(&mint);
}
END_TEST

static const struct {
	const char	*from;
	const char	*to;
	int		 want;
} outers[] = {
	{ "hs-descriptor 3", "hs-descriptor 2", INVALID },
	{ "hs-descriptor 3", "hs-descriptor 4", INVALID },
	{ "hs-descriptor 3", "hs-descriptor", INVALID },
	{ "hs-descriptor 3", "hs-descriptor 3 3", INVALID },
	{ "hs-descriptor 3", "hs-descriptor 03", 0 },
	{ "hs-descriptor 3\n", "", INVALID },
	{ "hs-descriptor 3\n", "hs-descriptor 3\nhs-descriptor 3\n", INVALID },
	{ "hs-descriptor 3\n", "something-new\nhs-descriptor 3\n", INVALID },
	{ "hs-descriptor 3\n", "hs-descriptor 3\nsomething-new 1\n", 0 },
	{ "hs-descriptor 3\n", "hs-descriptor 3\nsomething-new\n"
	    "-----BEGIN X-----\nAAAA\n-----END X-----\n", 0 },
	{ "hs-descriptor 3\n", "hs-descriptor 3\nsignature AAAA\n", INVALID },
	{ "hs-descriptor 3\n", "hs-descriptor 3\r\n", INVALID },
	{ "hs-descriptor 3\n", "hs-descriptor 3\n \n", INVALID },
	{ "lifetime 180", "lifetime 30", 0 },
	{ "lifetime 180", "lifetime 720", 0 },
	{ "lifetime 180", "lifetime 29", INVALID },
	{ "lifetime 180", "lifetime 0", INVALID },
	{ "lifetime 180", "lifetime 721", INVALID },
	{ "lifetime 180", "lifetime -180", INVALID },
	{ "lifetime 180", "lifetime 4294967476", INVALID },
	{ "lifetime 180", "lifetime", INVALID },
	{ "descriptor-lifetime 180\n", "", INVALID },
	{ "descriptor-lifetime 180\n", "descriptor-lifetime 180\n"
	    "descriptor-lifetime 180\n", INVALID },
	{ "counter 42", "counter", INVALID },
	{ "counter 42", "counter -42", INVALID },
	{ "counter 42", "counter +42", INVALID },
	{ "counter 42", "counter 0x2a", INVALID },
	{ "counter 42", "counter 42 0", INVALID },
	{ "counter 42", "counter 0042", 0 },
	/* 2^64 + 42 and 10^20 + 42: no wrapping around to what opens it. */
	{ "counter 42", "counter 18446744073709551658", INVALID },
	{ "counter 42", "counter 100000000000000000042", INVALID },
	/* The counter is bound to the seals. */
	{ "counter 42", "counter 41", INVALID },
	{ "counter 42", "counter 43", INVALID },
	{ "revision-counter 42\n", "", INVALID },
	{ "-signing-key-cert", "-signing-key-cert-x", INVALID },
	{ "BEGIN ED25519 CERT", "BEGIN ED25519 CERTS", INVALID },
	{ "superencrypted", "superdecrypted", INVALID },
	{ "BEGIN MESSAGE", "BEGIN MASSAGE", INVALID },
	{ "-----BEGIN MESSAGE-----\n", "-----BEGIN MESSAGE-----\n*\n",
	    INVALID },
	{ "-----BEGIN MESSAGE-----\n", "-----BEGIN MESSAGE-----\nAAAA\n",
	    INVALID },
	{ "-----END MESSAGE-----\n", "", INVALID },
};

START_TEST(hsdesc_open_odd_outer_text)
{
	const char *text;

	setup();
	text = descmint_swap(&mint, good_outer(), outers[_i].from,
	    outers[_i].to);
	ck_assert_msg(try(descmint_sign(&mint, text)) == outers[_i].want,
	    "%s: %s", outers[_i].from, outers[_i].to);
	descmint_fini(&mint);
}
END_TEST

static const char *const unsigned_tails[] = {
	"", "signature\n", "signature AAAA\n", "signature *\n",
};

START_TEST(hsdesc_open_without_a_good_signature_is_refused)
{
	const char *outer, *text;

	setup();
	outer = good_outer();
	ck_assert_int_eq(try(descmint_text(&mint, "%s%s", outer,
	    unsigned_tails[_i])), INVALID);
	text = descmint_sign(&mint, outer);
	ck_assert_int_eq(try(text), 0);
	ck_assert_int_eq(try(descmint_text(&mint, "%sx\n", text)), INVALID);
	ck_assert_int_eq(try(descmint_text(&mint, "%s%s", text,
	    strstr(text, "signature "))), INVALID);
	/* What was signed is not what it is. */
	ck_assert_int_eq(try(descmint_swap(&mint, text, "lifetime 180",
	    "lifetime 181")), INVALID);
	descmint_fini(&mint);
}
END_TEST

/* By another key than the certificate's; by the blinded key itself. */
START_TEST(hsdesc_open_signed_by_others_is_refused)
{
	const char *outer;

	setup();
	outer = good_outer();
	memcpy(mint.signing_sec, _i == 0 ? mint.other_sec : mint.blinded_sec,
	    sizeof(mint.signing_sec));
	ck_assert_int_eq(try(descmint_sign(&mint, outer)), INVALID);
	descmint_fini(&mint);
}
END_TEST

START_TEST(hsdesc_open_odd_certificate_is_refused)
{
	struct descmint_cert c = { .type = 8 };
	const char *good, *outer;

	setup();
	c.key = mint.signing;
	c.signer = mint.blinded_sec;
	good = descmint_cert(&mint, &c);
	switch (_i) {
	case 0:
		break;
	case 1:
		c.type = 9;
		break;
	case 2:
		c.key_type = 2;
		break;
	case 3:		/* of the key itself */
		c.signer = mint.signing_sec;
		break;
	case 4:		/* of another service */
		c.signer = mint.other_sec;
		break;
	case 5:		/* ... that says it were of this one */
		c.signer = mint.other_sec;
		c.named = mint.blinded_sec + 32;
		break;
	case 6:
		c.named = mint.other_sec + 32;
		break;
	case 7:
		c.no_name = 1;
		break;
	case 8:
		c.expires = mint.now - 3600;
		break;
	case 9:
		c.spoilt = 1;
		break;
	default:
		c.key = mint.other_sec + 32;
		break;
	}
	outer = descmint_swap(&mint, good_outer(), good,
	    descmint_cert(&mint, &c));
	ck_assert_int_eq(try(descmint_sign(&mint, outer)),
	    _i == 0 ? 0 : INVALID);
	descmint_fini(&mint);
}
END_TEST

/* As large as it may be, and a byte more. */
START_TEST(hsdesc_open_too_large_is_refused)
{
	const char *outer, *text, *fill;
	size_t left;

	setup();
	outer = good_outer();
	left = HSDESC_TEXT_MAX - strlen(descmint_sign(&mint, outer));
	fill = descmint_text(&mint, "hs-descriptor 3\nx %0*d\n",
	    (int)left - 3, 0);
	text = descmint_sign(&mint, descmint_swap(&mint, outer,
	    "hs-descriptor 3\n", fill));
	ck_assert_uint_eq(strlen(text), HSDESC_TEXT_MAX);
	ck_assert_int_eq(try(text), 0);
	fill = descmint_text(&mint, "hs-descriptor 3\nx %0*d\n",
	    (int)left - 2, 0);
	ck_assert_int_eq(try(descmint_sign(&mint, descmint_swap(&mint, outer,
	    "hs-descriptor 3\n", fill))), INVALID);
	descmint_fini(&mint);
}
END_TEST

/* --- seals --- */

/* No ciphertext, no salt, nothing. */
START_TEST(hsdesc_open_short_seal_is_refused)
{
	static const size_t lens[] = { 0, 1, 16, 47, 48 };
	char b64[ENC_B64_LEN(48)];
	uint8_t zero[48] = { 0 };
	const char *text;

	setup();
	enc_b64(b64, zero, lens[_i]);
	text = descmint_text(&mint, "-----BEGIN MESSAGE-----\n%s%s"
	    "-----END MESSAGE-----\n", b64, lens[_i] > 0 ? "\n" : "");
	ck_assert_int_eq(try(descmint_sign(&mint, descmint_outer(&mint,
	    text))), INVALID);
	text = descmint_first(&mint, text, NULL, NULL);
	ck_assert_int_eq(try(descmint_sign(&mint, descmint_outer(&mint,
	    descmint_seal(&mint, 0, NULL, text, 10000)))), INVALID);
	descmint_fini(&mint);
}
END_TEST

/* All padding; nothing before the first NUL. */
START_TEST(hsdesc_open_empty_layer_is_refused)
{
	const char *first;

	setup();
	ck_assert_int_eq(try(descmint_sign(&mint, descmint_outer(&mint,
	    descmint_seal(&mint, 0, NULL, "", 10000)))), INVALID);
	first = descmint_first(&mint, descmint_seal(&mint, 1, NULL, "", 1),
	    NULL, NULL);
	ck_assert_int_eq(try(descmint_sign(&mint, descmint_outer(&mint,
	    descmint_seal(&mint, 0, NULL, first, 0)))), INVALID);
	descmint_fini(&mint);
}
END_TEST

/* A seal of one kind does not stand for the other. */
START_TEST(hsdesc_open_seals_of_the_wrong_layer_are_refused)
{
	const char *first;

	setup();
	first = descmint_first(&mint, descmint_seal(&mint, 0, NULL,
	    descmint_inner(&mint, 1), 0), NULL, NULL);
	ck_assert_int_eq(try(descmint_sign(&mint, descmint_outer(&mint,
	    descmint_seal(&mint, 0, NULL, first, 0)))),
	    -WHY_HS_AUTH_MISSING);
	first = descmint_first(&mint, descmint_seal(&mint, 1, NULL,
	    descmint_inner(&mint, 1), 0), NULL, NULL);
	ck_assert_int_eq(try(descmint_sign(&mint, descmint_outer(&mint,
	    descmint_seal(&mint, 1, NULL, first, 0)))), INVALID);
	descmint_fini(&mint);
}
END_TEST

/* --- the first layer --- */

static const struct {
	const char	*from;
	const char	*to;
	int		 want;
} firsts[] = {
	{ "desc-auth-type x25519\n", "", INVALID },
	{ "desc-auth-type x25519", "desc-auth-type", INVALID },
	{ "desc-auth-type x25519", "desc-auth-type x448", INVALID },
	{ "desc-auth-type x25519", "desc-auth-type x25519 more", 0 },
	{ "desc-auth-type x25519\n", "new-line\ndesc-auth-type x25519\n",
	    INVALID },
	{ "desc-auth-type x25519\n", "desc-auth-type x25519\nnew-line\n", 0 },
	{ "desc-auth-type x25519\n", "desc-auth-type x25519\n"
	    "desc-auth-type x25519\n", INVALID },
	{ "ephemeral-key ", "ephemeral-key *", INVALID },
	{ "ephemeral-key ", "ephemeral-key AAAA ", INVALID },
	{ "ephemeral-key ", "ephemeral-kex ", INVALID },
	{ "auth-client ", "auth-client x ", INVALID },
	{ "auth-client ", "auth-client AAAAAAAAAAA= AAAA AAAA\nauth-client ",
	    INVALID },
	{ "auth-client ", "auth-client\nauth-client ", INVALID },
	{ "encrypted\n", "encrypted\nencrypted\n", INVALID },
	{ "encrypted\n", "decrypted\n", INVALID },
	{ "BEGIN MESSAGE", "BEGIN MASSAGE", INVALID },
	{ "-----END MESSAGE-----\n", "-----END MESSAGE-----", 0 },
	{ "-----END MESSAGE-----\n", "-----END MESSAGE---", INVALID },
	{ "-----END MESSAGE-----\n", "-----END MESSAGE-----\nmore", 0 },
	{ "-----END MESSAGE-----\n", "", INVALID },
};

START_TEST(hsdesc_open_odd_first_layer)
{
	const char *text;

	setup();
	text = descmint_first(&mint, descmint_seal(&mint, 1, NULL,
	    descmint_inner(&mint, 1), 0), NULL, NULL);
	text = descmint_swap(&mint, text, firsts[_i].from, firsts[_i].to);
	text = descmint_seal(&mint, 0, NULL, text, 10000);
	ck_assert_msg(try(descmint_sign(&mint, descmint_outer(&mint,
	    text))) == firsts[_i].want, "%s: %s", firsts[_i].from,
	    firsts[_i].to);
	descmint_fini(&mint);
}
END_TEST

START_TEST(hsdesc_open_without_any_client_line_is_refused)
{
	const char *text, *at, *end;

	setup();
	text = descmint_first(&mint, descmint_seal(&mint, 1, NULL,
	    descmint_inner(&mint, 1), 0), NULL, NULL);
	at = strstr(text, "auth-client");
	end = strstr(text, "encrypted\n");
	text = descmint_text(&mint, "%.*s%s", (int)(at - text), text, end);
	ck_assert_int_eq(try(descmint_sign(&mint, descmint_outer(&mint,
	    descmint_seal(&mint, 0, NULL, text, 10000)))), INVALID);
	descmint_fini(&mint);
}
END_TEST

/* Exactly as long as a multiple of the padding: no NUL at all. */
START_TEST(hsdesc_open_without_padding_is_good)
{
	const char *text;

	setup();
	text = descmint_first(&mint, descmint_seal(&mint, 1, NULL,
	    descmint_inner(&mint, 1), 0), NULL, NULL);
	ck_assert_int_eq(try(descmint_sign(&mint, descmint_outer(&mint,
	    descmint_seal(&mint, 0, NULL, text, 0)))), 0);
	descmint_fini(&mint);
}
END_TEST

/* --- clients --- */

static const char *
for_client(const uint8_t *pub, const uint8_t cookie[16])
{
	const char *second = descmint_seal(&mint, 1, cookie,
	    descmint_inner(&mint, 1), 0);

	return descmint_sign(&mint, descmint_outer(&mint, descmint_seal(&mint,
	    0, NULL, descmint_first(&mint, second, pub, cookie), 10000)));
}

START_TEST(hsdesc_open_for_a_client_needs_its_key)
{
	static const uint8_t cookie[16] = "a cookie";
	uint8_t sec[32], pub[32], other[32], none[32] = { 0 };
	const char *text;

	setup();
	crypt_x25519_new(sec, pub);
	rand_bytes(other, sizeof(other));
	text = for_client(pub, cookie);
	ck_assert_int_eq(try_with(text, sec, NULL), 0);
	ck_assert_int_eq(try_with(text, other, NULL), -WHY_HS_AUTH_WRONG);
	ck_assert_int_eq(try_with(text, none, NULL), -WHY_HS_AUTH_WRONG);
	ck_assert_int_eq(try(text), -WHY_HS_AUTH_MISSING);
	descmint_fini(&mint);
}
END_TEST

/* An all-zero ephemeral key makes no key for anybody, and no crash. */
START_TEST(hsdesc_open_ephemeral_key_of_zeros_opens_for_nobody)
{
	uint8_t sec[32], pub[32];
	const char *text, *at;

	setup();
	crypt_x25519_new(sec, pub);
	text = descmint_first(&mint, descmint_seal(&mint, 1, NULL,
	    descmint_inner(&mint, 1), 0), NULL, NULL);
	at = strstr(text, "ephemeral-key ") + 14;
	text = descmint_text(&mint, "%.*s%s%s", (int)(at - text), text,
	    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", at + 44);
	text = descmint_sign(&mint, descmint_outer(&mint, descmint_seal(&mint,
	    0, NULL, text, 10000)));
	ck_assert_int_eq(try(text), 0);
	ck_assert_int_eq(try_with(text, sec, NULL), 0);
	descmint_fini(&mint);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT_LOOP(hsdesc_open_vector_gives_all_that_is_in_it, NELEM(vectors)),
	UNIT_LOOP(hsdesc_open_vector_with_a_wrong_byte_is_refused, 3),
	UNIT(hsdesc_open_cut_anywhere_is_refused),
	UNIT_LOOP(hsdesc_open_with_other_keys_is_refused, 2),
	UNIT(hsdesc_open_after_its_certificate_is_refused),
	UNIT(hsdesc_open_minted_one_is_good),
	UNIT_LOOP(hsdesc_open_odd_outer_text, NELEM(outers)),
	UNIT_LOOP(hsdesc_open_without_a_good_signature_is_refused,
	    NELEM(unsigned_tails)),
	UNIT_LOOP(hsdesc_open_signed_by_others_is_refused, 2),
	UNIT_LOOP(hsdesc_open_odd_certificate_is_refused, 11),
	UNIT(hsdesc_open_too_large_is_refused),
	UNIT_LOOP(hsdesc_open_short_seal_is_refused, 5),
	UNIT(hsdesc_open_empty_layer_is_refused),
	UNIT(hsdesc_open_seals_of_the_wrong_layer_are_refused),
	UNIT_LOOP(hsdesc_open_odd_first_layer, NELEM(firsts)),
	UNIT(hsdesc_open_without_any_client_line_is_refused),
	UNIT(hsdesc_open_without_padding_is_good),
	UNIT(hsdesc_open_for_a_client_needs_its_key),
	UNIT(hsdesc_open_ephemeral_key_of_zeros_opens_for_nobody),
};

int
main(void)
{
	crypt_init();
	return unit_run("hsdesc", tests, NELEM(tests));
}

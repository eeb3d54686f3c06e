/* tests/onion/crypto/test_cert.c - certificates, from real relays and minted
 *
 * tests/vectors/certs-relay*.bin are SHA-256 of a TLS certificate (32 bytes)
 * and the CERTS cell that came with it, from two relays of tor 0.4.9.11.
 */
#include "onion/crypto/cert.h"

#include <errno.h>

#include "onion/crypto/crypt.h"
#include "tests/onion/crypto/hex.h"
#include "tests/onion/crypto/mint.h"
#include "tests/unit.h"

enum { DAY = 86400, WALL = 1795388390 };

static const struct {
	const char	*file, *rsa, *ed;
} relays[2] = {
	{ "certs-relay1.bin", "76274F0099B2B5C58B81F89392FE485A10C7A3F6",
	  "EDA012592D0A04DDF0CB30133C1533F392CC0FF66A26BC66F4DEB0916915FCED" },
	{ "certs-relay2.bin", "340BD6646FED03BACBB0FBB1DF707467D0C21BD6",
	  "A93BBC10E8A1982992CFFDD6AC6861102CB545432B3BC2E7E53087C8C0DB931E" },
};

struct capture {
	uint8_t			 bytes[4096];
	size_t			 len;		/* of the cell's body */
	uint8_t			*tls, *cell;
	struct cert_blob	 blobs[CERT_BLOBS_MAX];
	size_t			 n;
};

static void
capture(struct capture *c, int which)
{
	int n;

	crypt_init();
	c->len = vector(relays[which].file, c->bytes, sizeof(c->bytes)) - 32;
	c->tls = c->bytes;
	c->cell = c->bytes + 32;
	n = cert_split(c->blobs, c->cell, c->len);
	ck_assert_int_eq(n, 5);
	c->n = (size_t)n;
}

static struct cert_blob *
blob(struct capture *c, uint8_t type)
{
	size_t i;

	for (i = 0; i < c->n; i++)
		if (c->blobs[i].type == type)
			return &c->blobs[i];
	ck_abort_msg("no certificate of type %d", type);
	return NULL;
}

/* Refused, and the result not touched. */
static int
refused(const struct cert_blob *b, size_t n, const uint8_t *tls, int64_t wall)
{
	struct certs_result r, before;
	int rc;

	memset(&r, 0x5a, sizeof(r));
	before = r;
	rc = cert_check_link(b, n, tls, wall, &r);
	ck_assert(rc >= 0 || memcmp(&r, &before, sizeof(r)) == 0);
	return rc;
}

/* --- what a real relay sends --- */

START_TEST(cert_check_link_real_relay_gives_its_identities)
{
	struct certs_result r;
	struct capture c;

	capture(&c, _i);
	ck_assert_int_eq(cert_check_link(c.blobs, c.n, c.tls, WALL, &r), 0);
	CK_HEX(r.rsa, 20, relays[_i].rsa);
	CK_HEX(r.ed, 32, relays[_i].ed);
}
END_TEST

/* C tor's own type 1, and types that nobody knows yet, prove nothing and spoil
 * nothing. */
START_TEST(cert_check_link_other_types_are_ignored)
{
	struct certs_result r;
	struct capture c;

	capture(&c, 0);
	blob(&c, 1)->type = 99;
	c.blobs[c.n].type = 200;
	c.blobs[c.n].len = 0;
	c.blobs[c.n++].body = c.cell;
	ck_assert_int_eq(cert_check_link(c.blobs, c.n, c.tls, WALL, &r), 0);
}
END_TEST

static const uint8_t needed[] = { 2, 4, 5, 7 };

START_TEST(cert_check_link_one_missing_is_refused)
{
	struct capture c;

	capture(&c, 0);
	*blob(&c, needed[_i]) = c.blobs[c.n - 1];
	c.n--;
	ck_assert_int_eq(refused(c.blobs, c.n, c.tls, WALL), -ENOENT);
}
END_TEST

static const uint8_t any[] = { 1, 2, 4, 5, 7, 99 };

START_TEST(cert_check_link_one_twice_is_refused)
{
	struct capture c;
	struct cert_blob twin = { .type = 99 };

	capture(&c, 0);
	if (any[_i] != 99)
		twin = *blob(&c, any[_i]);
	else
		c.blobs[c.n++] = twin;
	c.blobs[c.n++] = twin;
	ck_assert_int_eq(refused(c.blobs, c.n, c.tls, WALL), -EEXIST);
}
END_TEST

START_TEST(cert_check_link_one_of_another_relay_is_refused)
{
	struct capture c, d;

	capture(&c, 0);
	capture(&d, 1);
	*blob(&c, needed[_i]) = *blob(&d, needed[_i]);
	ck_assert_int_eq(refused(c.blobs, c.n, c.tls, WALL), -EBADMSG);
}
END_TEST

START_TEST(cert_check_link_other_tls_certificate_is_refused)
{
	struct capture c;
	size_t i;

	capture(&c, 0);
	for (i = 0; i < 32; i++) {
		c.tls[i] ^= 1;
		ck_assert_int_eq(refused(c.blobs, c.n, c.tls, WALL), -EBADMSG);
		c.tls[i] ^= 1;
	}
}
END_TEST

START_TEST(cert_check_link_any_flipped_bit_is_refused)
{
	struct capture c;
	struct cert_blob *b;
	uint8_t *at;
	size_t i;

	capture(&c, 0);
	b = blob(&c, needed[_i]);
	at = c.bytes + (b->body - c.bytes);
	for (i = 0; i < b->len * 8; i++) {
		at[i / 8] ^= (uint8_t)(1 << i % 8);
		ck_assert_msg(refused(c.blobs, c.n, c.tls, WALL) < 0,
		    "type %d, bit %zu", b->type, i);
		at[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	ck_assert_int_eq(refused(c.blobs, c.n, c.tls, WALL), 0);
}
END_TEST

START_TEST(cert_check_link_one_cut_short_is_refused)
{
	struct capture c;
	struct cert_blob *b;
	uint8_t *exact;
	size_t n, len;

	capture(&c, 0);
	b = blob(&c, needed[_i]);
	len = b->len;
	exact = malloc(len);
	for (n = 0; n < len; n++) {
		memcpy(exact + len - n, c.bytes + (b->body - c.bytes), n);
		c.n = 5;
		blob(&c, needed[_i])->len = n;
		ck_assert_int_lt(refused(c.blobs, c.n, c.tls, WALL), 0);
	}
	free(exact);
}
END_TEST

/* --- the frame of the cell --- */

START_TEST(cert_split_cut_short_is_refused)
{
	struct cert_blob b[CERT_BLOBS_MAX];
	struct capture c;
	uint8_t *exact;
	size_t n;

	capture(&c, 0);
	for (n = 0; n < c.len; n++) {
		exact = malloc(n > 0 ? n : 1);
		memcpy(exact, c.cell, n);
		ck_assert_int_eq(cert_split(b, exact, n), -EMSGSIZE);
		free(exact);
	}
}
END_TEST

START_TEST(cert_split_trailing_bytes_are_ignored)
{
	struct cert_blob b[CERT_BLOBS_MAX];
	struct capture c;

	capture(&c, 0);
	memset(c.cell + c.len, 0xff, 100);
	ck_assert_int_eq(cert_split(b, c.cell, c.len + 100), 5);
}
END_TEST

START_TEST(cert_split_counts_to_the_ceiling_and_no_further)
{
	struct cert_blob b[CERT_BLOBS_MAX];
	uint8_t cell[1 + 3 * (CERT_BLOBS_MAX + 1)] = { 0 };

	cell[0] = 0;
	ck_assert_int_eq(cert_split(b, cell, sizeof(cell)), 0);
	cell[0] = CERT_BLOBS_MAX;
	ck_assert_int_eq(cert_split(b, cell, sizeof(cell)), CERT_BLOBS_MAX);
	cell[0] = CERT_BLOBS_MAX + 1;
	ck_assert_int_eq(cert_split(b, cell, sizeof(cell)), -EPROTO);
	cell[0] = 255;
	ck_assert_int_eq(cert_split(b, cell, sizeof(cell)), -EPROTO);
}
END_TEST

/* --- minted ones: rule by rule --- */

enum { HOUR0 = WALL / 3600 * 3600 };	/* WALL, in whole hours */

static const struct {
	const char	*name;
	struct mint_odd	 odd;
	int		 want;
} rules[] = {
	{ "honest", { 0 }, 0 },
	{ "signing expires this hour", { .signing_at = HOUR0 }, -ESTALE },
	{ "signing expires next hour", { .signing_at = HOUR0 + 3600 }, 0 },
	{ "link expired", { .link_at = HOUR0 }, -ESTALE },
	{ "link expires next hour", { .link_at = HOUR0 + 3600 }, 0 },
	{ "cross expired", { .cross_at = HOUR0 }, -ESTALE },
	{ "cross expires next hour", { .cross_at = HOUR0 + 3600 }, 0 },
	{ "id just within the slop", { .x509_until = -2 * DAY }, 0 },
	{ "id beyond the slop", { .x509_until = -2 * DAY - 1 }, -ESTALE },
	{ "id soon", { .x509_from = 30 * DAY }, 0 },
	{ "id not for long", { .x509_from = 30 * DAY + 1 }, -ESTALE },
	{ "id signed by another", { .x509_by_other = 1 }, -EBADMSG },
	{ "version 2", { .version = 2 }, -EPROTO },
	{ "signing calls itself link", { .signing_type = 5 }, -EPROTO },
	{ "link calls itself signing", { .link_type = 4 }, -EPROTO },
	{ "link calls itself auth", { .link_type = 6 }, -EPROTO },
	{ "signing certifies a digest", { .signing_key_type = 3 }, -EPROTO },
	{ "link certifies a key", { .link_key_type = 1 }, -EPROTO },
	{ "signing without signer", { .no_signer = 1 }, -EPROTO },
	{ "signing with two signers", { .signer_twice = 1 }, -EPROTO },
	{ "unknown extension", { .ext_type = 9 }, 0 },
	{ "unknown extension, other flags", { .ext_type = 9,
	    .ext_flags = 0xfe }, 0 },
	{ "unknown critical extension", { .ext_type = 9, .ext_flags = 1 },
	    -EPROTO },
	{ "short signer", { .no_signer = 1, .ext_type = 4 }, -EPROTO },
	{ "link signed by identity", { .link_by_id = 1 }, -EBADMSG },
	{ "link names its signer", { .link_names_signer = 1 }, 0 },
	{ "link names another signer", { .link_names_other = 1 }, -EBADMSG },
	{ "id and a byte", { .trailing = 2 }, -EPROTO },
	{ "signing and a byte", { .trailing = 4 }, -EPROTO },
	{ "link and a byte", { .trailing = 5 }, -EPROTO },
	{ "cross and a byte", { .trailing = 7 }, -EPROTO },
	{ "cross without its prefix", { .cross_no_prefix = 1 }, -EBADMSG },
	{ "cross with a shorter signature", { .cross_siglen = 127 },
	    -EPROTO },
	{ "cross with a longer signature", { .cross_siglen = 129 },
	    -EMSGSIZE },
	{ "cross over 20 bytes of hash", { .cross_short_hash = 1 },
	    -EBADMSG },
};

START_TEST(cert_check_link_each_rule_is_kept)
{
	static struct mint_cell c;
	struct certs_result want, got;
	struct mint *m = mint_new(1024);
	uint8_t tls[32];
	int rc;

	crypt_init();
	rand_bytes(tls, sizeof(tls));
	mint_cell(m, tls, WALL, &rules[_i].odd, &c);
	rc = refused(c.blobs, 4, tls, WALL);
	ck_assert_msg(rc == rules[_i].want, "%s: %d", rules[_i].name, rc);
	if (rc == 0) {
		mint_ids(m, &want);
		ck_assert_int_eq(cert_check_link(c.blobs, 4, tls, WALL, &got),
		    0);
		ck_assert(memcmp(&want, &got, sizeof(want)) == 0);
	}
	mint_free(m);
}
END_TEST

static const struct {
	int	bits, want;
} id_bits[] = { { 1024, 0 }, { 1040, -EPROTO }, { 2048, -EPROTO } };

START_TEST(cert_check_link_rsa_identity_is_of_1024_bits_exactly)
{
	static struct mint_cell c;
	struct mint *m = mint_new(id_bits[_i].bits);
	uint8_t tls[32] = { 1 };

	crypt_init();
	mint_cell(m, tls, WALL, NULL, &c);
	ck_assert_int_eq(refused(c.blobs, 4, tls, WALL), id_bits[_i].want);
	mint_free(m);
}
END_TEST

/* An RSA identity that was not asked, claimed by an Ed25519 identity. */
START_TEST(cert_check_link_cross_by_another_rsa_key_is_refused)
{
	static struct mint_cell c;
	struct mint *m = mint_new(1024), *victim = mint_new(1024);
	const struct mint_odd odd = { .cross_by = victim };
	uint8_t tls[32] = { 1 };

	crypt_init();
	mint_cell(m, tls, WALL, &odd, &c);
	ck_assert_int_eq(refused(c.blobs, 4, tls, WALL), -EBADMSG);
	mint_free(m);
	mint_free(victim);
}
END_TEST

START_TEST(cert_check_link_without_any_certificate_is_refused)
{
	uint8_t tls[32] = { 0 };

	ck_assert_int_eq(refused(NULL, 0, tls, WALL), -ENOENT);
}
END_TEST

/* --- one certificate --- */

START_TEST(cert_parse_real_signing_certificate_gives_its_fields)
{
	struct capture c;
	struct cert_blob *b;
	struct cert s;

	capture(&c, 0);
	b = blob(&c, CERT_SIGNING);
	ck_assert_int_eq(cert_parse(&s, b->body, b->len), 0);
	ck_assert_int_eq(s.type, CERT_SIGNING);
	ck_assert_int_eq(s.key_type, CERT_KEY_ED25519);
	ck_assert_int_eq(s.expires, 1797980400);
	ck_assert(s.has_signer);
	CK_HEX(s.signer, 32, relays[0].ed);
	ck_assert_uint_eq(s.body_len, b->len - 64);
	ck_assert_int_eq(cert_check(&s, s.signer, s.expires), 0);
	ck_assert_int_eq(cert_check(&s, s.signer, s.expires + 1), -ESTALE);
}
END_TEST

START_TEST(cert_check_other_signer_is_refused)
{
	struct capture c;
	struct cert_blob *b;
	struct cert s;
	uint8_t other[32];

	capture(&c, 0);
	UNHEX(other, relays[1].ed);
	b = blob(&c, CERT_SIGNING);
	ck_assert_int_eq(cert_parse(&s, b->body, b->len), 0);
	ck_assert_int_eq(cert_check(&s, other, WALL), -EBADMSG);
	b = blob(&c, CERT_LINK);
	ck_assert_int_eq(cert_parse(&s, b->body, b->len), 0);
	ck_assert(!s.has_signer);
	ck_assert_int_eq(cert_check(&s, other, WALL), -EBADMSG);
}
END_TEST

START_TEST(cert_parse_cut_short_is_refused)
{
	struct capture c;
	struct cert_blob *b;
	struct cert s;
	uint8_t *exact;
	size_t n;

	capture(&c, 0);
	b = blob(&c, CERT_SIGNING);
	for (n = 0; n < b->len; n++) {
		exact = malloc(n > 0 ? n : 1);
		memcpy(exact, b->body, n);
		ck_assert_int_eq(cert_parse(&s, exact, n), -EMSGSIZE);
		free(exact);
	}
}
END_TEST

START_TEST(cert_parse_too_many_extensions_are_refused)
{
	uint8_t body[40 + 4 * (CERT_EXT_MAX + 1) + 64] = { 1, 4 };
	struct cert s;

	body[39] = CERT_EXT_MAX;
	ck_assert_int_eq(cert_parse(&s, body, sizeof(body) - 4), 0);
	body[39] = CERT_EXT_MAX + 1;
	ck_assert_int_eq(cert_parse(&s, body, sizeof(body)), -EPROTO);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT_LOOP(cert_check_link_real_relay_gives_its_identities, 2),
	UNIT(cert_check_link_other_types_are_ignored),
	UNIT_LOOP(cert_check_link_one_missing_is_refused, NELEM(needed)),
	UNIT_LOOP(cert_check_link_one_twice_is_refused, NELEM(any)),
	UNIT_LOOP(cert_check_link_one_of_another_relay_is_refused,
	    NELEM(needed)),
	UNIT(cert_check_link_other_tls_certificate_is_refused),
	UNIT_LOOP(cert_check_link_any_flipped_bit_is_refused, NELEM(needed)),
	UNIT_LOOP(cert_check_link_one_cut_short_is_refused, NELEM(needed)),
	UNIT(cert_split_cut_short_is_refused),
	UNIT(cert_split_trailing_bytes_are_ignored),
	UNIT(cert_split_counts_to_the_ceiling_and_no_further),
	UNIT_LOOP(cert_check_link_each_rule_is_kept, NELEM(rules)),
	UNIT_LOOP(cert_check_link_rsa_identity_is_of_1024_bits_exactly,
	    NELEM(id_bits)),
	UNIT(cert_check_link_cross_by_another_rsa_key_is_refused),
	UNIT(cert_check_link_without_any_certificate_is_refused),
	UNIT(cert_parse_real_signing_certificate_gives_its_fields),
	UNIT(cert_check_other_signer_is_refused),
	UNIT(cert_parse_cut_short_is_refused),
	UNIT(cert_parse_too_many_extensions_are_refused),
};
UNIT_MAIN("cert", tests)

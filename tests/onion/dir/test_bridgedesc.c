/* tests/onion/dir/test_bridgedesc.c
 *
 * The vector is the descriptor of a bridge of tor 0.4.9.11.  What else is read
 * here are the seeds of the fuzz target: the same with changes, signed anew by
 * the bridge's keys, so that nothing but the change can be what is wrong.
 */
#include "onion/dir/bridgedesc.h"

#include "onion/link/relayid.h"
#include "tests/onion/dir/dirtest.h"

#define FINGERPRINT "09CC63DF75DFD3F8D3436563FE3E40A65512A8CB"

/* Its "published"; the certificate holds for a month. */
#define WRITTEN INT64_C(1795954423)
enum { MONTH = 31 * 24 * 3600 };

static struct text
seed(const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "../../fuzz/corpus/bridgedesc/%s", name);
	return load(path);
}

static int
parse(struct bridgedesc *d, const struct text *t, int64_t now)
{
	uint8_t rsa[20];

	ck_assert_int_eq(dec_hex(rsa, 20, FINGERPRINT, 40), 20);
	return bridgedesc_parse(d, t->p, t->len, rsa, now);
}

START_TEST(bridgedesc_parse_real_one_holds)
{
	struct text t = load("bridgedesc");
	struct bridgedesc d;
	char hex[41], b64[ENC_B64_LEN(32)];

	ck_assert_int_eq(parse(&d, &t, WRITTEN), 0);
	enc_hex(hex, d.rsa, 20);
	ck_assert_str_eq(hex, FINGERPRINT);
	enc_b64_bare(b64, d.ed, 32);
	ck_assert_str_eq(b64, "+S0fh8J7qrrXujfI51shTchsx+umm4RQ4v7q6ev8H6k");
	enc_b64_bare(b64, d.ntor, 32);
	ck_assert_str_eq(b64, "CmMn16+5wIOEEuxBCl8Lzb2T4Fpfml0ML7dPyS8iImM");
	ck_assert_str_eq(d.nickname, "bridgeone");
	ck_assert_int_eq(d.published, WRITTEN);
	ck_assert_uint_eq(d.caps & (CAP_NTOR3 | CAP_FLOWCTRL | CAP_CONFLUX),
	    CAP_NTOR3 | CAP_FLOWCTRL | CAP_CONFLUX);
	free(t.p);
}
END_TEST

START_TEST(bridgedesc_parse_any_altered_byte_is_bad)
{
	struct text t = load("bridgedesc");
	struct bridgedesc d;
	size_t i;

	for (i = 0; i < t.len; i++) {
		t.p[i] ^= 1;
		ck_assert_msg(parse(&d, &t, WRITTEN) < 0, "byte %zu", i);
		t.p[i] ^= 1;
	}
	ck_assert_int_eq(parse(&d, &t, WRITTEN), 0);
	free(t.p);
}
END_TEST

START_TEST(bridgedesc_parse_any_truncation_is_bad)
{
	struct text t = load("bridgedesc"), part;
	struct bridgedesc d;
	size_t i;

	for (i = 0; i < t.len; i++) {
		part = text_copy(t.p, i);
		ck_assert_msg(parse(&d, &part, WRITTEN) == -EBADMSG, "%zu", i);
		free(part.p);
	}
	free(t.p);
}
END_TEST

START_TEST(bridgedesc_parse_of_another_relay_is_enoent)
{
	struct text t = load("bridgedesc");
	struct bridgedesc d = { .caps = 7 };
	uint8_t rsa[20] = { 1 };

	ck_assert_int_eq(bridgedesc_parse(&d, t.p, t.len, rsa, WRITTEN),
	    -ENOENT);
	ck_assert_uint_eq(d.caps, 7);
	free(t.p);
}
END_TEST

START_TEST(bridgedesc_parse_expired_is_estale)
{
	struct text t = load("bridgedesc");
	struct bridgedesc d;

	ck_assert_int_eq(parse(&d, &t, WRITTEN + MONTH), -ESTALE);
	ck_assert_int_eq(parse(&d, &t, WRITTEN - 10 * MONTH), 0);
	free(t.p);
}
END_TEST

START_TEST(bridgedesc_parse_too_long_is_e2big)
{
	struct text t = load("bridgedesc"), big;
	struct bridgedesc d;

	big.len = BRIDGEDESC_TEXT_MAX + 1;
	ck_assert_ptr_nonnull(big.p = malloc(big.len));
	memset(big.p, '\n', big.len);
	memcpy(big.p, t.p, t.len);
	ck_assert_int_eq(parse(&d, &big, WRITTEN), -E2BIG);
	big.len--;
	ck_assert_int_eq(parse(&d, &big, WRITTEN), 0);
	free(big.p);
	free(t.p);
}
END_TEST

static const struct {
	const char *seed;
	int	    want;
} cases[] = {
	{ "real", 0 },
	{ "more", 0 },			/* a line that is not known */
	{ "bad-ed", -EBADMSG },
	{ "bad-rsa", -EBADMSG },
	{ "other-master", -EBADMSG },
	{ "other-fingerprint", -EBADMSG },
	{ "no-ntor", -EBADMSG },
	{ "two-ntor", -EBADMSG },
	{ "cert-third", -EBADMSG },
	{ "no-cert", -EBADMSG },
	{ "after-sig", -EBADMSG },
	{ "between", -EBADMSG },
	{ "opt-sig", -EBADMSG },
	{ "bad-nickname", -EBADMSG },
};

START_TEST(bridgedesc_parse_wants_each_part_in_its_place)
{
	struct text t = seed(cases[_i].seed);
	struct bridgedesc d;

	ck_assert_msg(parse(&d, &t, WRITTEN) == cases[_i].want, "%s",
	    cases[_i].seed);
	free(t.p);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(bridgedesc_parse_real_one_holds),
	UNIT(bridgedesc_parse_any_altered_byte_is_bad),
	UNIT(bridgedesc_parse_any_truncation_is_bad),
	UNIT(bridgedesc_parse_of_another_relay_is_enoent),
	UNIT(bridgedesc_parse_expired_is_estale),
	UNIT(bridgedesc_parse_too_long_is_e2big),
	UNIT_LOOP(bridgedesc_parse_wants_each_part_in_its_place, NELEM(cases)),
};
DIRTEST_MAIN("bridgedesc", tests)

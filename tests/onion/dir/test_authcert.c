/* tests/onion/dir/test_authcert.c */
#include "onion/dir/authcert.h"

#include "tests/onion/dir/dirtest.h"

enum { EXPIRY_SLACK = 366 * 24 * 3600 };

START_TEST(authcert_parse_real_certificates_hold)
{
	struct text t = load("certs");
	struct authcert *c;
	uint8_t id[20];
	size_t at = 0, used, n = 0, i, known = 0;

	while (authcert_parse(&c, t.p + at, t.len - at, &used) == 0) {
		for (i = 0; i < 3; i++) {
			dec_hex(id, 20, vector_ids[i], 40);
			known += memcmp(id, c->id, 20) == 0;
		}
		ck_assert_int_lt(c->published, VECTOR_TIME);
		ck_assert_int_gt(c->expires, VECTOR_TIME);
		ck_assert_int_eq(crypt_rsa_bits(c->key), 2048);
		ck_assert_uint_eq(c->len, used);
		ck_assert_mem_eq(c->text, t.p + at, used);
		authcert_free(c);
		at += used;
		n++;
	}
	ck_assert_uint_eq(n, 3);
	ck_assert_uint_eq(known, 3);
	ck_assert_uint_eq(at, t.len);
	free(t.p);
}
END_TEST

static struct text
first_cert(void)
{
	struct text all = load("certs"), one;
	struct authcert *c;
	size_t used;

	ck_assert_int_eq(authcert_parse(&c, all.p, all.len, &used), 0);
	one = text_copy(all.p, used);
	authcert_free(c);
	free(all.p);
	return one;
}

START_TEST(authcert_parse_any_altered_byte_is_bad)
{
	struct text t = first_cert();
	struct authcert *c;
	size_t i, used;

	for (i = 0; i < t.len; i++) {
		char was = t.p[i];

		t.p[i] ^= 1;
		ck_assert_msg(authcert_parse(&c, t.p, t.len, &used) < 0,
		    "byte %zu", i);
		ck_assert_uint_le(used, t.len);
		t.p[i] = was;
	}
	ck_assert_int_eq(authcert_parse(&c, t.p, t.len, &used), 0);
	authcert_free(c);
	free(t.p);
}
END_TEST

START_TEST(authcert_parse_any_truncation_is_bad)
{
	struct text t = first_cert();
	struct authcert *c;
	size_t i, used;

	for (i = 0; i < t.len; i++) {
		struct text part = text_copy(t.p, i);

		ck_assert_msg(authcert_parse(&c, part.p, i, &used) < 0,
		    "%zu bytes", i);
		free(part.p);
	}
	free(t.p);
}
END_TEST

static const struct {
	const char *old, *with;
	int	    good;	/* certificates that remain */
} edits[] = {
	{ "-version 3\n", "-version 4\n", 0 },
	{ "dir-key-expires", "dir-key-expired", 0 },
	{ "dir-identity-key\n", "dir-identity-key\ndir-identity-key\n", 0 },
	{ "-----BEGIN RSA PUBLIC", "-----BEGIN PRIVATE", 0 },
	{ "dir-key-certification\n", "dir-key-certification \n", 0 },
	{ "dir-key-certification\n", "dir-key-certification x\n", 0 },
	{ "-----BEGIN SIGNATURE-----\n", "-----BEGIN SIGNATURE-----\n\n-", 0 },
	{ "fingerprint ", "fingerprint  ", 0 },
	{ "dir-key-certificate-version 3\n", "dir-key-certificate-version 3\n"
	    "dir-key-certificate-version 3\n", 1 },
};

START_TEST(authcert_parse_wrong_structure_is_bad)
{
	struct text t = first_cert();
	struct text u = replace(t, edits[_i].old, edits[_i].with);
	struct authcert_set *s = vector_set(3, 0);

	ck_assert_int_eq(authcert_set_add(s, u.p, u.len, VECTOR_TIME),
	    edits[_i].good);
	authcert_set_free(s);
	free(t.p);
	free(u.p);
}
END_TEST

START_TEST(authcert_parse_passes_over_what_is_around)
{
	struct text t = first_cert();
	static const char junk[] = "@downloaded\nfoo bar\n";
	char *buf = malloc(t.len + 2 * sizeof(junk));
	struct authcert *c;
	size_t used, head = sizeof(junk) - 1;

	memcpy(buf, junk, head);
	memcpy(buf + head, t.p, t.len);
	memcpy(buf + head + t.len, junk, head);
	ck_assert_int_eq(authcert_parse(&c, buf, 2 * head + t.len, &used), 0);
	ck_assert_uint_eq(c->len, t.len);
	ck_assert_uint_eq(used, 2 * head + t.len);
	authcert_free(c);
	ck_assert_int_eq(authcert_parse(&c, junk, head, &used), -ENOENT);
	free(buf);
	free(t.p);
}
END_TEST

START_TEST(authcert_set_add_keeps_only_what_is_trusted)
{
	struct text t = load("certs");
	struct authcert_set *s = vector_set(1, 2);
	const struct authcert *c;
	size_t i = 0;

	ck_assert_uint_eq(authcert_set_trusted(s), 3);
	ck_assert_int_eq(authcert_set_add(s, t.p, t.len, VECTOR_TIME), 1);
	ck_assert_int_eq(authcert_set_add(s, t.p, t.len, VECTOR_TIME), 0);
	c = authcert_set_next(s, &i);
	ck_assert_ptr_nonnull(c);
	ck_assert_mem_eq(c->id, authcert_set_id(s, 0), 20);
	ck_assert_ptr_eq(authcert_set_find(s, c->id, c->sk), c);
	ck_assert_ptr_null(authcert_set_find(s, c->id, c->id));
	ck_assert_ptr_null(authcert_set_next(s, &i));
	ck_assert(authcert_set_has(s, 0, VECTOR_TIME));
	ck_assert(!authcert_set_has(s, 1, VECTOR_TIME));
	authcert_set_free(s);
	free(t.p);
}
END_TEST

START_TEST(authcert_set_add_one_broken_does_not_spoil_the_others)
{
	struct text t = load("certs");
	struct text u = replace(t, "expires 2027", "expires 2028");
	struct authcert_set *s = vector_set(3, 0);

	ck_assert_int_eq(authcert_set_add(s, u.p, u.len, VECTOR_TIME), 2);
	ck_assert_int_eq(authcert_set_add(s, t.p, t.len, VECTOR_TIME), 1);
	authcert_set_free(s);
	free(t.p);
	free(u.p);
}
END_TEST

START_TEST(authcert_set_expired_certificates_are_refused_and_dropped)
{
	struct text t = load("certs");
	struct authcert_set *s = vector_set_with_certs(3, 0);
	size_t i = 0;

	ck_assert(!authcert_set_has(s, 0, VECTOR_TIME + EXPIRY_SLACK));
	authcert_set_expire(s, VECTOR_TIME);
	ck_assert(authcert_set_has(s, 0, VECTOR_TIME));
	authcert_set_expire(s, VECTOR_TIME + EXPIRY_SLACK);
	ck_assert_ptr_null(authcert_set_next(s, &i));
	ck_assert_int_eq(authcert_set_add(s, t.p, t.len,
	    VECTOR_TIME + EXPIRY_SLACK), 0);
	authcert_set_free(s);
	free(t.p);
}
END_TEST

START_TEST(authcert_set_new_duplicates_count_once)
{
	uint8_t ids[3][20] = { { 1 }, { 2 }, { 1 } };
	struct authcert_set *s = authcert_set_new(ids, 3);

	ck_assert_uint_eq(authcert_set_trusted(s), 2);
	ck_assert(authcert_set_trusts(s, ids[2]));
	ids[2][0] = 3;
	ck_assert(!authcert_set_trusts(s, ids[2]));
	authcert_set_free(s);
}
END_TEST

START_TEST(authcert_set_new_has_a_ceiling)
{
	uint8_t ids[AUTHCERT_AUTH_MAX + 1][20] = { { 0 } };
	struct authcert_set *s;
	size_t i;

	for (i = 0; i <= AUTHCERT_AUTH_MAX; i++)
		ids[i][0] = (uint8_t)(i + 1);
	s = authcert_set_new(ids, AUTHCERT_AUTH_MAX + 1);
	ck_assert_uint_eq(authcert_set_trusted(s), AUTHCERT_AUTH_MAX);
	authcert_set_free(s);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(authcert_parse_real_certificates_hold),
	UNIT(authcert_parse_any_altered_byte_is_bad),
	UNIT(authcert_parse_any_truncation_is_bad),
	UNIT_LOOP(authcert_parse_wrong_structure_is_bad, NELEM(edits)),
	UNIT(authcert_parse_passes_over_what_is_around),
	UNIT(authcert_set_add_keeps_only_what_is_trusted),
	UNIT(authcert_set_add_one_broken_does_not_spoil_the_others),
	UNIT(authcert_set_expired_certificates_are_refused_and_dropped),
	UNIT(authcert_set_new_duplicates_count_once),
	UNIT(authcert_set_new_has_a_ceiling),
};
DIRTEST_MAIN("authcert", tests)

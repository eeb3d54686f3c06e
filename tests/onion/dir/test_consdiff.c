/* tests/onion/dir/test_consdiff.c */
#include "onion/dir/consdiff.h"

#include "onion/dir/consensus.h"
#include "tests/onion/dir/dirtest.h"

START_TEST(consdiff_apply_real_diffs_give_the_real_documents)
{
	struct text base = load("diff-base"), diff = load("diff");
	struct text want = load("diff-result");
	struct authcert_set *s = vector_set_with_certs(3, 0);
	struct consensus_tally tally;
	struct consensus *c;
	char *out;
	size_t len;

	ck_assert(consdiff_is(diff.p, diff.len));
	ck_assert(!consdiff_is(base.p, base.len));
	ck_assert_int_eq(consdiff_apply(&out, &len, base.p, base.len, diff.p,
	    diff.len), 0);
	ck_assert_uint_eq(len, want.len);
	ck_assert_mem_eq(out, want.p, len);
	ck_assert_int_eq(consensus_parse(&c, out, len, 1), 0);
	ck_assert_int_eq(consensus_verify(c, s, VECTOR_TIME, &tally), 0);
	consensus_free(c);
	authcert_set_free(s);
	free(out);
	free(base.p);
	free(diff.p);
	free(want.p);
}
END_TEST

START_TEST(consdiff_apply_any_altered_byte_is_refused)
{
	struct text base = load("diff-base"), diff = load("diff");
	size_t len, i;
	char *out;

	for (i = 0; i < diff.len; i++) {
		char was = diff.p[i];
		int rc;

		diff.p[i] ^= 1;
		rc = consdiff_apply(&out, &len, base.p, base.len, diff.p,
		    diff.len);
		ck_assert_msg(rc == -EBADMSG || rc == -ESTALE, "byte %zu", i);
		diff.p[i] = was;
	}
	free(base.p);
	free(diff.p);
}
END_TEST

START_TEST(consdiff_apply_any_truncation_is_refused)
{
	struct text base = load("diff-base"), diff = load("diff");
	size_t len, i;
	char *out;

	for (i = 0; i < diff.len; i++) {
		struct text part = text_copy(diff.p, i);

		ck_assert_msg(consdiff_apply(&out, &len, base.p, base.len,
		    part.p, i) < 0, "%zu bytes", i);
		free(part.p);
	}
	free(base.p);
	free(diff.p);
}
END_TEST

START_TEST(consdiff_apply_to_another_document_is_stale)
{
	struct text base = load("consensus"), diff = load("diff");
	size_t len;
	char *out;

	ck_assert_int_eq(consdiff_apply(&out, &len, base.p, base.len, diff.p,
	    diff.len), -ESTALE);
	ck_assert_int_eq(consdiff_apply(&out, &len, "", 0, diff.p, diff.len),
	    -ESTALE);
	ck_assert_int_eq(consdiff_apply(&out, &len, diff.p, diff.len, diff.p,
	    diff.len), -ESTALE);
	free(base.p);
	free(diff.p);
}
END_TEST

/* --- the commands, on a document of seven lines --- */

#define HEAD	"network-status-version 3\n"
#define TAIL	"directory-signature x\n"
static const char base[] = HEAD "b\nc\nd\ne\nf\n" TAIL;

static const struct {
	const char	*script;
	const char	*want;		/* NULL: refused */
} cases[] = {
	{ "", HEAD "b\nc\nd\ne\nf\n" TAIL },
	{ "3d\n", HEAD "b\nd\ne\nf\n" TAIL },
	{ "3,5d\n", HEAD "b\nf\n" TAIL },
	{ "2,$d\n", HEAD },
	{ "1d\n", "b\nc\nd\ne\nf\n" TAIL },
	{ "1,7d\n", "" },
	{ "3a\nx\ny\n.\n", HEAD "b\nc\nx\ny\nd\ne\nf\n" TAIL },
	{ "0a\nx\n.\n", "x\n" HEAD "b\nc\nd\ne\nf\n" TAIL },
	{ "7a\nx\n.\n", HEAD "b\nc\nd\ne\nf\n" TAIL "x\n" },
	{ "3c\nx\n.\n", HEAD "b\nx\nd\ne\nf\n" TAIL },
	{ "3,4c\nx\ny\nz\n.\n", HEAD "b\nx\ny\nz\ne\nf\n" TAIL },
	{ "6d\n4c\nx\n.\n2a\ny\n.\n", HEAD "b\ny\nc\nx\ne\n" TAIL },
	{ "3d\n2a\nx\n.\n", HEAD "b\nx\nd\ne\nf\n" TAIL },
	{ "3a\nx\n.\n3a\ny\n.\n", HEAD "b\nc\ny\nx\nd\ne\nf\n" TAIL },
	{ "3a\n..\n.\n", HEAD "b\nc\n..\nd\ne\nf\n" TAIL },
	{ "3a\n\n.\n", HEAD "b\nc\n\nd\ne\nf\n" TAIL },
	/* not from the end to the start */
	{ "3d\n4d\n", NULL }, { "3d\n3d\n", NULL }, { "3d\n2,3d\n", NULL },
	{ "3c\nx\n.\n3a\ny\n.\n", NULL },
	/* not numbers of lines */
	{ "8d\n", NULL }, { "8a\nx\n.\n", NULL }, { "0d\n", NULL },
	{ "0c\nx\n.\n", NULL }, { "0,2d\n", NULL }, { "5,8d\n", NULL },
	{ "5,4d\n", NULL }, { "5,5d\n", NULL }, { "8,$d\n", NULL },
	{ "7,$d\n", NULL }, { "2147483648d\n", NULL },
	{ "4294967297d\n", NULL }, { "18446744073709551617d\n", NULL },
	{ "-1d\n", NULL }, { "+1d\n", NULL }, { "$d\n", NULL },
	{ " 3d\n", NULL }, { "3 d\n", NULL }, { "3,d\n", NULL },
	/* not commands */
	{ "d\n", NULL }, { "3\n", NULL }, { "3x\n", NULL },
	{ "3dd\n", NULL }, { "3d \n", NULL }, { "\n", NULL }, { ".\n", NULL },
	{ "3,4a\nx\n.\n", NULL }, { "3,$c\nx\n.\n", NULL },
	{ "3,$a\nx\n.\n", NULL }, { "3s/a/b/\n", NULL }, { "w out\n", NULL },
	{ "!sh\n", NULL },
	/* nothing to add, or no end of it */
	{ "3a\n.\n", NULL }, { "3a\nx\n", NULL }, { "3a\n", NULL },
	{ "3a", NULL }, { "3a\nx\n.", NULL }, { "3d", NULL },
};

static struct text
make_diff(const char *script, const char *want)
{
	uint8_t digest[SHA3_LEN];
	char from[65], to[65], buf[1024];
	size_t begin, end;
	int n;

	ck_assert_int_eq(consensus_signed_part(base, sizeof(base) - 1, &begin,
	    &end), 0);
	crypt_sha3(digest, base + begin, end - begin);
	enc_hex(from, digest, sizeof(digest));
	crypt_sha3(digest, want, strlen(want));
	enc_hex(to, digest, sizeof(digest));
	n = snprintf(buf, sizeof(buf),
	    "network-status-diff-version 1\nhash %s %s\n%s", from, to, script);
	return text_copy(buf, (size_t)n);
}

START_TEST(consdiff_apply_runs_commands_or_refuses)
{
	const char *want = cases[_i].want != NULL ? cases[_i].want : base;
	struct text diff = make_diff(cases[_i].script, want);
	char *out = NULL;
	size_t len = 0;
	int rc = consdiff_apply(&out, &len, base, sizeof(base) - 1, diff.p,
	    diff.len);

	if (cases[_i].want == NULL)
		ck_assert_msg(rc == -EBADMSG, "%s: %d", cases[_i].script, rc);
	else {
		ck_assert_msg(rc == 0, "%s: %d", cases[_i].script, rc);
		ck_assert_uint_eq(len, strlen(want));
		ck_assert_mem_eq(out, want, len);
	}
	free(out);
	free(diff.p);
}
END_TEST

START_TEST(consdiff_apply_result_of_another_hash_is_refused)
{
	struct text diff = make_diff("3d\n", base);
	char *out;
	size_t len;

	ck_assert_int_eq(consdiff_apply(&out, &len, base, sizeof(base) - 1,
	    diff.p, diff.len), -EBADMSG);
	free(diff.p);
}
END_TEST

static const struct {
	const char *old, *with;
} heads[] = {
	{ "version 1\n", "version 2\n" },
	{ "version 1\n", "version 1 \n" },
	{ "hash ", "hish " },
	{ "hash ", "hash 00" },
	{ "hash ", "hash A B " },
	{ "hash ", "hash\n" },
	{ "hash ", "" },
};

START_TEST(consdiff_apply_wrong_head_is_refused)
{
	struct text diff = make_diff("3d\n", HEAD "b\nd\ne\nf\n" TAIL), bad;
	char *out;
	size_t len;

	bad = replace(diff, heads[_i].old, heads[_i].with);
	ck_assert_int_eq(consdiff_apply(&out, &len, base, sizeof(base) - 1,
	    diff.p, diff.len), 0);
	free(out);
	ck_assert_int_eq(consdiff_apply(&out, &len, base, sizeof(base) - 1,
	    bad.p, bad.len), -EBADMSG);
	free(diff.p);
	free(bad.p);
}
END_TEST

START_TEST(consdiff_apply_base_without_its_last_newline_is_refused)
{
	static const char part[] = HEAD "b\n" "directory-signature x";
	uint8_t digest[SHA3_LEN];
	char hex[65], buf[512], *out;
	size_t begin, end, len;
	int n;

	ck_assert_int_eq(consensus_signed_part(part, sizeof(part) - 1, &begin,
	    &end), 0);
	crypt_sha3(digest, part, end);
	enc_hex(hex, digest, sizeof(digest));
	n = snprintf(buf, sizeof(buf),
	    "network-status-diff-version 1\nhash %s %s\n1d\n", hex, hex);
	ck_assert_int_eq(consdiff_apply(&out, &len, part, sizeof(part) - 1,
	    buf, (size_t)n), -EBADMSG);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(consdiff_apply_real_diffs_give_the_real_documents),
	UNIT(consdiff_apply_any_altered_byte_is_refused),
	UNIT(consdiff_apply_any_truncation_is_refused),
	UNIT(consdiff_apply_to_another_document_is_stale),
	UNIT_LOOP(consdiff_apply_runs_commands_or_refuses, NELEM(cases)),
	UNIT(consdiff_apply_result_of_another_hash_is_refused),
	UNIT_LOOP(consdiff_apply_wrong_head_is_refused, NELEM(heads)),
	UNIT(consdiff_apply_base_without_its_last_newline_is_refused),
};
DIRTEST_MAIN("consdiff", tests)

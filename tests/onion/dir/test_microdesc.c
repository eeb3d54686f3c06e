/* tests/onion/dir/test_microdesc.c */
#include "onion/dir/microdesc.h"

#include "onion/dir/consensus.h"
#include "onion/dir/intern.h"
#include "onion/dir/portlist.h"
#include "tests/onion/dir/dirtest.h"

#define NTOR	"ntor-onion-key AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE\n"
#define ED	"id ed25519 AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n"

static struct consensus *
vector_consensus(void)
{
	struct text t = load("consensus");
	struct consensus *c;

	ck_assert_int_eq(consensus_parse(&c, t.p, t.len, 1), 0);
	free(t.p);
	return c;
}

/* Adds all in @text; how many were taken. */
static int
add_all(struct mdset *s, const char *text, size_t len, int64_t when)
{
	struct microdesc_reader r;
	struct microdesc_raw raw;
	int n = 0;

	microdesc_read_init(&r, text, len);
	while (microdesc_read(&r, &raw) > 0)
		n += mdset_add(s, &raw, when) == 0;
	return n;
}

/* The only one in @text, in a set of its own. */
static const struct microdesc *
add_one(struct mdset *s, const char *text, int *rc)
{
	struct text t = text_copy(text, strlen(text));
	struct microdesc_reader r;
	struct microdesc_raw raw;

	microdesc_read_init(&r, t.p, t.len);
	ck_assert_int_eq(microdesc_read(&r, &raw), 1);
	*rc = mdset_add(s, &raw, VECTOR_TIME);
	free(t.p);
	return mdset_find(s, raw.digest);
}

START_TEST(mdset_add_real_ones_are_those_of_the_consensus)
{
	struct text t = load("microdescs");
	struct consensus *c = vector_consensus();
	struct mdset *s = mdset_new();
	const struct microdesc *md;
	size_t i;

	ck_assert_uint_eq(mdset_nmissing(s, c), 8);
	ck_assert_int_eq(add_all(s, t.p, t.len, VECTOR_TIME), 8);
	ck_assert_uint_eq(mdset_nmissing(s, c), 0);
	for (i = 0; i < c->nrouters; i++) {
		int exit = (c->routers[i].flags & RELAY_EXIT) != 0;

		md = mdset_find(s, c->routers[i].md);
		ck_assert_ptr_nonnull(md);
		ck_assert_int_eq(md->has,
		    MICRODESC_HAS_NTOR | MICRODESC_HAS_ED);
		if (c->routers[i].nickname[0] == 'r')
			ck_assert(portlist_accepts(md->exit4, 80));
		else
			ck_assert(!exit || md->exit4 == NULL);
	}
	md = mdset_find(s, c->routers[1].md);		/* r1 */
	ck_assert(portlist_accepts(md->exit4, 6667));
	ck_assert(!portlist_accepts(md->exit4, 25));
	ck_assert_ptr_null(md->exit6);
	ck_assert_uint_eq(md->family->n, 3);
	ck_assert_ptr_null(md->famids);
	md = mdset_find(s, c->routers[2].md);		/* r2 */
	ck_assert(portlist_accepts(md->exit6, 6667));
	ck_assert_uint_eq(md->family->n, 3);
	ck_assert_int_eq(md->family->member[0][0], 'N');
	ck_assert_str_eq((const char *)md->family->member[0] + 1, "r3");
	/* r4 and r5 store their family once */
	ck_assert_ptr_eq(mdset_find(s, c->routers[0].md)->famids,
	    mdset_find(s, c->routers[6].md)->famids);
	mdset_free(s);
	consensus_free(c);
	free(t.p);
}
END_TEST

START_TEST(microdesc_read_any_altered_byte_is_another_digest)
{
	struct text t = load("microdescs");
	struct consensus *c = vector_consensus();
	size_t i;

	for (i = 0; i < t.len; i += 5) {
		struct mdset *s = mdset_new();
		char was = t.p[i];

		t.p[i] ^= 1;
		add_all(s, t.p, t.len, VECTOR_TIME);
		ck_assert_msg(mdset_nmissing(s, c) > 0, "byte %zu", i);
		t.p[i] = was;
		mdset_free(s);
	}
	consensus_free(c);
	free(t.p);
}
END_TEST

/* Whole: one that ends here, or whose successor's first line is all there. */
START_TEST(microdesc_read_truncated_download_gives_the_whole_ones)
{
	struct text t = load("microdescs");
	struct consensus *c = vector_consensus();
	struct microdesc_reader r;
	struct microdesc_raw raw;
	size_t end[8], i, k = 0, whole;

	microdesc_read_init(&r, t.p, t.len);
	while (microdesc_read(&r, &raw) > 0)
		end[k++] = (size_t)(raw.body + raw.len - t.p);
	for (i = 0; i <= t.len; i++) {
		struct text part = text_copy(t.p, i);
		struct mdset *s = mdset_new();

		for (whole = 0, k = 0; k < 8; k++)
			whole += end[k] == i || end[k] + 10 <= i;
		add_all(s, part.p, i, VECTOR_TIME);
		ck_assert_uint_eq(mdset_nmissing(s, c), 8 - whole);
		mdset_free(s);
		free(part.p);
	}
	consensus_free(c);
	free(t.p);
}
END_TEST

START_TEST(microdesc_read_cache_with_annotations_is_read_back)
{
	struct text t = load("microdescs");
	struct microdesc_reader r;
	struct microdesc_raw raw;
	char line[MICRODESC_ANNOTATION], *cache = malloc(2 * t.len);
	uint8_t want[8][32];
	size_t len = 0, i, n = 0;

	microdesc_read_init(&r, t.p, t.len);
	while (microdesc_read(&r, &raw) > 0) {
		ck_assert_int_eq(raw.listed, 0);
		memcpy(want[n], raw.digest, 32);
		microdesc_annotation(line, VECTOR_TIME + (int64_t)n++);
		memcpy(cache + len, line, strlen(line));
		len += strlen(line);
		memcpy(cache + len, raw.body, raw.len);
		len += raw.len;
	}
	ck_assert_uint_eq(n, 8);
	microdesc_read_init(&r, cache, len);
	for (i = 0; microdesc_read(&r, &raw) > 0; i++) {
		ck_assert_mem_eq(raw.digest, want[i], 32);
		ck_assert_int_eq(raw.listed, VECTOR_TIME + (int64_t)i);
	}
	ck_assert_uint_eq(i, 8);
	free(cache);
	free(t.p);
}
END_TEST

static const struct {
	const char	*text;
	size_t		 n;
	int64_t		 listed;	/* of the first */
} read_cases[] = {
	{ "", 0, 0 }, { "\n", 0, 0 }, { "onion-ke", 0, 0 },
	{ "onion-key", 0, 0 }, { "onion-keys\n", 0, 0 },
	{ "onion-key\n", 1, 0 }, { "onion-key x\n", 1, 0 },
	{ "junk\nonion-key\nonion-key\n", 2, 0 },
	{ "@last-listed 1970-01-01 00:00:01\nonion-key\n", 1, 1 },
	{ "@other\n@last-listed 1970-01-01 00:00:01\n@x\nonion-key\n", 1, 1 },
	{ "@last-listed 1970-13-01 00:00:01\nonion-key\n", 1, 0 },
	{ "@last-listed \nonion-key\n", 1, 0 },
	{ "@last-listed 1970-01-01 00:00:01", 0, 0 },
	{ "onion-key\na\n@last-listed 1970-01-01 00:00:01\n", 1, 0 },
	{ "@last-listed 1970-01-01 00:00:01\nonion-key\n@x\nonion-key\n", 2,
	    1 },
};

START_TEST(microdesc_read_finds_beginnings_and_ends)
{
	struct text t = text_copy(read_cases[_i].text,
	    strlen(read_cases[_i].text));
	struct microdesc_reader r;
	struct microdesc_raw raw;
	size_t n = 0;

	microdesc_read_init(&r, t.p, t.len);
	while (microdesc_read(&r, &raw) > 0) {
		if (n++ == 0)
			ck_assert_int_eq(raw.listed, read_cases[_i].listed);
		ck_assert_mem_eq(raw.body, "onion-key", 9);
	}
	ck_assert_uint_eq(n, read_cases[_i].n);
	free(t.p);
}
END_TEST

static const struct {
	const char	*text;
	int		 rc;
} parse_cases[] = {
	{ "onion-key\n" NTOR, 0 },
	{ "onion-key\n" NTOR ED, 0 },
	{ "onion-key\n-----BEGIN RSA PUBLIC KEY-----\nMIGJ\n"
	    "-----END RSA PUBLIC KEY-----\n" NTOR, 0 },
	{ "onion-key\n-----BEGIN RSA PUBLIC KEY-----\nnot base 64 at all\n"
	    "-----END RSA PUBLIC KEY-----\n" NTOR, 0 },
	{ "onion-key\n" NTOR "id rsa1024 AAAA\n", 0 },
	{ "onion-key\n" NTOR "future line\n", 0 },
	{ "onion-key\n" NTOR "a [::1]:9\na junk\n", 0 },
	{ "onion-key\n" NTOR "p junk\n", 0 },
	{ "onion-key\n" NTOR "family \n", 0 },
	{ "onion-key\n" NTOR "family $ $12 !! very_strange\n", 0 },
	{ "onion-key\n", -EBADMSG },
	{ "onion-key\n" NTOR NTOR, -EBADMSG },
	{ "onion-key\n" NTOR ED ED, -EBADMSG },
	{ "onion-key\nntor-onion-key\n", -EBADMSG },
	{ "onion-key\nntor-onion-key AAAA\n", -EBADMSG },
	{ "onion-key\n" NTOR "id ed25519\n", -EBADMSG },
	{ "onion-key\n" NTOR "id ed25519 AAAA\n", -EBADMSG },
	{ "onion-key\n" NTOR "p accept 1\np accept 2\n", -EBADMSG },
	{ "onion-key\n" NTOR "no newline", -EBADMSG },
	{ "onion-key\n" NTOR "cr\r\n", -EBADMSG },
	{ "onion-key\n-----BEGIN RSA PUBLIC KEY-----\n" NTOR, -EBADMSG },
};

START_TEST(mdset_add_takes_good_ones_and_remembers_broken_ones)
{
	struct mdset *s = mdset_new();
	const struct microdesc *md;
	int rc;

	md = add_one(s, parse_cases[_i].text, &rc);
	ck_assert_msg(rc == parse_cases[_i].rc, "%s: %d",
	    parse_cases[_i].text, rc);
	ck_assert_ptr_nonnull(md);
	ck_assert_int_eq((md->has & MICRODESC_BROKEN) != 0, rc < 0);
	ck_assert_uint_eq(mdset_count(s), 1);
	(void)add_one(s, parse_cases[_i].text, &rc);
	ck_assert_int_eq(rc, -EEXIST);
	mdset_free(s);
}
END_TEST

#define A40	"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define B40	"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

START_TEST(microdesc_parse_family_is_normalised)
{
	static const char *const same[] = {
		"family $" A40 " $" B40 " nick\n",
		"family Nick $" B40 "=Name " A40 "\n",
		"family $" B40 "~x $" A40 " NICK nick $" A40 "\n",
		"family $" B40 "~x $" A40 " nick not_a_name $" A40 "0 $xyz\n",
	};
	struct mdset *s = mdset_new();
	const struct family *f = NULL;
	char text[512];
	size_t i;
	int rc;

	for (i = 0; i < NELEM(same); i++) {
		const struct microdesc *md;

		snprintf(text, sizeof(text), "onion-key\n%s%s", NTOR, same[i]);
		md = add_one(s, text, &rc);
		ck_assert_int_eq(rc, 0);
		if (f == NULL)
			f = md->family;
		ck_assert_ptr_eq(md->family, f);
	}
	ck_assert_uint_eq(f->n, 3);
	ck_assert_mem_eq(f->member[0], "Nnick\0", 6);
	ck_assert_mem_eq(f->member[1], "R\xaa\xaa", 3);
	ck_assert_mem_eq(f->member[2], "R\xbb\xbb", 3);
	mdset_free(s);
}
END_TEST

START_TEST(microdesc_parse_family_beyond_the_ceiling_does_not_count)
{
	size_t room = 64 * 1024, len, i;
	char *text = malloc(room);
	struct mdset *s = mdset_new();
	const struct microdesc *md;
	int rc;

	len = (size_t)snprintf(text, room, "onion-key\n%sfamily", NTOR);
	for (i = 0; i < MICRODESC_FAMILY_MAX + 100; i++)
		len += (size_t)snprintf(text + len, room - len, " n%zu", i);
	snprintf(text + len, room - len, "\n");
	md = add_one(s, text, &rc);
	ck_assert_int_eq(rc, 0);
	ck_assert_uint_eq(md->family->n, MICRODESC_FAMILY_MAX);
	mdset_free(s);
	free(text);
}
END_TEST

START_TEST(microdesc_parse_over_the_greatest_length_is_broken)
{
	size_t len = MICRODESC_TEXT_MAX + 2, head;
	char *text = malloc(len);
	struct mdset *s = mdset_new();
	int rc;

	memset(text, 'x', len);
	head = (size_t)sprintf(text, "onion-key\n%s", NTOR);
	text[head] = 'x';
	text[len - 2] = '\n';
	text[len - 1] = '\0';
	(void)add_one(s, text, &rc);
	ck_assert_int_eq(rc, -EBADMSG);
	text[len - 3] = '\n';
	text[len - 2] = '\0';
	(void)add_one(s, text, &rc);
	ck_assert_int_eq(rc, 0);
	mdset_free(s);
	free(text);
}
END_TEST

START_TEST(mdset_expire_drops_what_no_consensus_names)
{
	struct text t = load("microdescs");
	struct consensus *c = vector_consensus();
	struct mdset *s = mdset_new();
	int rc;

	add_all(s, t.p, t.len, VECTOR_TIME);
	(void)add_one(s, "onion-key\n" NTOR "family x y\np accept 9\n", &rc);
	ck_assert_uint_eq(mdset_count(s), 9);
	ck_assert_uint_eq(mdset_expire(s, VECTOR_TIME + 3600), 0);
	mdset_list(s, c, VECTOR_TIME + 7200);
	ck_assert_uint_eq(mdset_expire(s, VECTOR_TIME + MICRODESC_KEEP_S + 1),
	    1);
	ck_assert_uint_eq(mdset_count(s), 8);
	ck_assert_uint_eq(mdset_nmissing(s, c), 0);
	ck_assert_uint_eq(mdset_expire(s, VECTOR_TIME + 7200 +
	    MICRODESC_KEEP_S), 8);
	ck_assert_uint_eq(mdset_bytes(s), 0);
	ck_assert_int_eq(add_all(s, t.p, t.len, VECTOR_TIME), 8);
	mdset_free(s);
	consensus_free(c);
	free(t.p);
}
END_TEST

START_TEST(mdset_missing_comes_in_batches)
{
	struct gen g = gen_network(100);
	struct mdset *s = mdset_new();
	struct consensus *c;
	uint8_t want[30][32];
	size_t from = 0, n, sum = 0;

	ck_assert_int_eq(consensus_parse(&c, g.consensus.p, g.consensus.len,
	    0), 0);
	while ((n = mdset_missing(s, c, &from, want, NELEM(want))) > 0) {
		ck_assert_mem_eq(want[0], c->routers[sum].md, 32);
		sum += n;
	}
	ck_assert_uint_eq(sum, 100);
	ck_assert_int_eq(add_all(s, g.microdescs.p, g.microdescs.len,
	    VECTOR_TIME), 100);
	from = 0;
	ck_assert_uint_eq(mdset_missing(s, c, &from, want, NELEM(want)), 0);
	consensus_free(c);
	mdset_free(s);
	gen_free(&g);
}
END_TEST

/* --- the pool --- */

START_TEST(intern_get_equal_bytes_are_one_list_until_the_last_drop)
{
	struct intern *in = intern_new(1000, 10);
	const void *a = intern_get(in, "abc", 3), *b = intern_get(in, "abc", 3);
	const void *c = intern_get(in, "abd", 3);

	ck_assert_ptr_eq(a, b);
	ck_assert_ptr_ne(a, c);
	ck_assert_uint_eq(intern_size(a), 3);
	ck_assert_uint_ne(intern_nr(a), intern_nr(c));
	intern_drop(in, a);
	ck_assert_ptr_eq(intern_get(in, "abc", 3), b);
	intern_drop(in, b);
	intern_drop(in, b);
	intern_drop(in, c);
	intern_drop(in, NULL);
	ck_assert_uint_eq(intern_bytes(in), 0);
	/* numbers are used again */
	(void)intern_get(in, "xyz", 3);
	ck_assert_uint_eq(intern_slots(in), 2);
	intern_free(in);
}
END_TEST

START_TEST(intern_get_over_its_ceilings_is_refused)
{
	struct intern *in = intern_new(1000, 2);
	uint8_t big[1001] = { 0 };

	ck_assert_ptr_null(intern_get(in, big, sizeof(big)));
	ck_assert_ptr_nonnull(intern_get(in, "a", 1));
	ck_assert_ptr_nonnull(intern_get(in, "b", 1));
	ck_assert_ptr_null(intern_get(in, "c", 1));
	intern_free(in);
	in = intern_new(200, 10);
	ck_assert_ptr_nonnull(intern_get(in, big, 100));
	ck_assert_ptr_null(intern_get(in, big, 99));
	ck_assert_ptr_nonnull(intern_get(in, big, 100));
	intern_free(in);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(mdset_add_real_ones_are_those_of_the_consensus),
	UNIT(microdesc_read_any_altered_byte_is_another_digest),
	UNIT(microdesc_read_truncated_download_gives_the_whole_ones),
	UNIT(microdesc_read_cache_with_annotations_is_read_back),
	UNIT_LOOP(microdesc_read_finds_beginnings_and_ends,
	    NELEM(read_cases)),
	UNIT_LOOP(mdset_add_takes_good_ones_and_remembers_broken_ones,
	    NELEM(parse_cases)),
	UNIT(microdesc_parse_family_is_normalised),
	UNIT(microdesc_parse_family_beyond_the_ceiling_does_not_count),
	UNIT(microdesc_parse_over_the_greatest_length_is_broken),
	UNIT(mdset_expire_drops_what_no_consensus_names),
	UNIT(mdset_missing_comes_in_batches),
	UNIT(intern_get_equal_bytes_are_one_list_until_the_last_drop),
	UNIT(intern_get_over_its_ceilings_is_refused),
};
DIRTEST_MAIN("microdesc", tests)

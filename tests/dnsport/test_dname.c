/* tests/dnsport/test_dname.c - names in canonical form and order */
#include "dnsport/dname.h"

#include <errno.h>
#include <ldns/ldns.h>
#include <string.h>

#include "tests/unit.h"

static struct dname
name(const char *s)
{
	uint8_t wire[DNAME_LEN_MAX + 1];
	size_t len = 0, n;
	struct dname d;

	for (; *s; s += n + (s[n] == '.')) {
		n = strcspn(s, ".");
		wire[len++] = (uint8_t)n;
		memcpy(wire + len, s, n);
		len += n;
	}
	wire[len++] = 0;
	ck_assert_int_eq(dname_set(&d, wire, len), 0);
	return d;
}

/* RFC 4034 6.1, in its order. */
static const char *const order[] = {
	"example", "a.example", "yljkjljk.a.example", "Z.a.example",
	"zABC.a.EXAMPLE", "z.example", "\001.z.example", "*.z.example",
	"\200.z.example"
};

START_TEST(dname_cmp_has_the_order_of_the_specification)
{
	size_t i, j;

	for (i = 0; i < NELEM(order); i++)
		for (j = 0; j < NELEM(order); j++) {
			struct dname a = name(order[i]), b = name(order[j]);
			int rc = dname_cmp(&a, &b);

			ck_assert_int_eq((rc > 0) - (rc < 0),
			    (i > j) - (i < j));
		}
}
END_TEST

START_TEST(dname_cut_and_wildcard)
{
	struct dname d = name("A.b.C"), cut, wild, want;

	ck_assert_uint_eq(d.n, 3);
	dname_cut(&cut, &d, 2);
	want = name("b.c");
	ck_assert_int_eq(dname_cmp(&cut, &want), 0);
	ck_assert(dname_is_below(&d, &cut) && !dname_is_below(&cut, &d));
	ck_assert(!dname_is_below(&d, &d));
	ck_assert_uint_eq(dname_common(&d, &cut), 2);
	ck_assert_int_eq(dname_wildcard(&wild, &cut), 0);
	want = name("*.b.c");
	ck_assert_int_eq(dname_cmp(&wild, &want), 0);
	ck_assert(dname_is_wildcard(&wild) && !dname_is_wildcard(&d));
	dname_cut(&cut, &d, 0);
	ck_assert_uint_eq(cut.len, 1);
	ck_assert(dname_is_below(&d, &cut));
}
END_TEST

static const struct { const char *wire; size_t len; } bad[] = {
	{ "", 0 }, { "\1a", 2 }, { "\2a\0", 3 }, { "\0\0", 2 },
	{ "\1a\0\0", 4 }, { "\100aaa\0", 5 }, { "\300\0", 2 },
	{ "\1", 1 }, { "\77aaaa\0", 6 }
};

START_TEST(dname_set_takes_one_whole_name)
{
	struct dname d;

	ck_assert_int_eq(dname_set(&d, (const uint8_t *)bad[_i].wire,
	    bad[_i].len), -EINVAL);
}
END_TEST

START_TEST(dname_set_takes_the_longest_and_no_longer)
{
	uint8_t wire[DNAME_LEN_MAX + 2];
	struct dname d, wild;
	size_t i;

	for (i = 0; i < 254; i += 2) {
		wire[i] = 1;
		wire[i + 1] = 'a';
	}
	wire[254] = 0;
	ck_assert_int_eq(dname_set(&d, wire, 255), 0);
	ck_assert_uint_eq(d.n, DNAME_LABELS_MAX);
	ck_assert_int_eq(dname_wildcard(&wild, &d), -EINVAL);
	wire[254] = 1;
	wire[255] = 'a';
	wire[256] = 0;
	ck_assert_int_eq(dname_set(&d, wire, 257), -EINVAL);
}
END_TEST

static const struct { const char *a, *b; int same, below; } pairs[] = {
	{ "a.b.", "a.b.", 1, 0 }, { "A.b.", "a.B.", 1, 0 },
	{ "a.b.", "b.", 0, 1 }, { "a.B.", "b.", 0, 1 }, { "b.", "a.b.", 0, 0 },
	{ "xb.", "b.", 0, 0 }, { "a.xb.", "b.", 0, 0 },
	{ "a.c.", "b.", 0, 0 }, { "a.", ".", 0, 1 }, { ".", ".", 1, 0 },
	{ ".", "a.", 0, 0 }, { "a.b.c.", "c.", 0, 1 },
	/* the same bytes, but not at a label's beginning */
	{ "x\\001b.", "b.", 0, 0 },
	/* only letters have two cases */
	{ "a@.", "a`.", 0, 0 }, { "a[.", "a{.", 0, 0 },
};

START_TEST(dname_rdf_compares_as_names_do)
{
	ldns_rdf *a = ldns_dname_new_frm_str(pairs[_i].a),
	    *b = ldns_dname_new_frm_str(pairs[_i].b);

	ck_assert(a && b);
	ck_assert_int_eq(dname_rdf_same(a, b), pairs[_i].same);
	ck_assert_int_eq(dname_rdf_same(b, a), pairs[_i].same);
	ck_assert_int_eq(dname_rdf_below(a, b), pairs[_i].below);
	ldns_rdf_deep_free(a);
	ldns_rdf_deep_free(b);
}
END_TEST

START_TEST(dname_rdf_that_is_no_name_is_neither)
{
	ldns_rdf *name = ldns_dname_new_frm_str("a."),
	    *other = ldns_rdf_new_frm_data(LDNS_RDF_TYPE_B64, 3, "\1a");

	ck_assert(!dname_rdf_same(NULL, NULL) && !dname_rdf_same(name, NULL));
	ck_assert(!dname_rdf_same(name, other) &&
	    !dname_rdf_same(other, other));
	ck_assert(!dname_rdf_below(NULL, name) && !dname_rdf_below(name, NULL));
	ldns_rdf_deep_free(name);
	ldns_rdf_deep_free(other);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT_LOOP(dname_rdf_compares_as_names_do, NELEM(pairs)),
	UNIT(dname_rdf_that_is_no_name_is_neither),
	UNIT(dname_cmp_has_the_order_of_the_specification),
	UNIT(dname_cut_and_wildcard),
	UNIT_LOOP(dname_set_takes_one_whole_name, NELEM(bad)),
	UNIT(dname_set_takes_the_longest_and_no_longer),
};

UNIT_MAIN("dname", tests)

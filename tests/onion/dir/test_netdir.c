/* tests/onion/dir/test_netdir.c */
#include "onion/dir/netdir.h"

#include "onion/dir/consensus.h"
#include "onion/dir/microdesc.h"
#include "onion/dir/params.h"
#include "onion/dir/portlist.h"
#include "onion/link/relayid.h"
#include "tests/onion/dir/dirtest.h"

/* Joins two texts; what they were read into is gone when it returns. */
static struct netdir *
join(struct text consensus, struct text mds, int testing)
{
	struct mdset *s = mdset_new();
	struct microdesc_reader r;
	struct microdesc_raw raw;
	struct consensus *c;
	struct netdir *nd;

	ck_assert_int_eq(consensus_parse(&c, consensus.p, consensus.len,
	    testing), 0);
	microdesc_read_init(&r, mds.p, mds.len);
	while (microdesc_read(&r, &raw) > 0)
		ck_assert_int_ne(mdset_add(s, &raw, VECTOR_TIME), -ENOSPC);
	ck_assert_int_eq(netdir_build(&nd, c, s), 0);
	mdset_free(s);
	consensus_free(c);
	return nd;
}

static struct netdir *
vector_netdir(const char *old, const char *with)
{
	struct text c = load("consensus"), m = load("microdescs"), e;
	struct netdir *nd;

	e = replace(c, old, with);
	nd = join(e, m, 1);
	free(c.p);
	free(m.p);
	free(e.p);
	return nd;
}

static const struct relay *
named(const struct netdir *nd, const char *name)
{
	size_t i = 0;
	const struct relay *r = netdir_by_nickname(nd, name, &i);

	ck_assert_msg(r != NULL, "no relay %s", name);
	return r;
}

START_TEST(netdir_build_joins_and_outlives_its_sources)
{
	struct netdir *nd = vector_netdir("\n", "\n");
	const struct relay *r;
	struct hopinfo h;

	ck_assert_uint_eq(nd->nrelays, 8);
	ck_assert_uint_eq(nd->nusable, 8);
	ck_assert_uint_eq(nd->nmissing, 0);
	ck_assert_int_eq(nd->valid_after, VECTOR_TIME);
	ck_assert_int_eq(params_get(nd->params, "cc_alg", 0, 0, 9), 2);
	r = named(nd, "R1");
	ck_assert(relay_usable(r));
	ck_assert(portlist_accepts(r->exit4, 443));
	ck_assert(!portlist_accepts(r->exit4, 22));
	ck_assert(!portlist_accepts(r->exit6, 443));
	ck_assert_ptr_eq(netdir_by_rsa(nd, r->rsa), r);
	ck_assert_ptr_eq(netdir_by_ed(nd, r->ed), r);
	relay_hopinfo(r, &h);
	ck_assert_mem_eq(h.id.rsa, r->rsa, 20);
	ck_assert_mem_eq(h.id.ed, r->ed, 32);
	ck_assert(h.id.has_ed && h.has_ntor);
	ck_assert_mem_eq(h.ntor, r->ntor, 32);
	ck_assert(addr_equal(&h.or4, &r->or4));
	ck_assert_uint_eq(h.or4.port, 23321);
	ck_assert(h.caps & CAP_NTOR3);
	ck_assert_str_eq(h.nickname, "r1");
	netdir_free(nd);
}
END_TEST

START_TEST(netdir_build_without_a_microdescriptor_is_listed_not_usable)
{
	struct text c = load("consensus"), none = text_copy("", 0);
	struct netdir *nd = join(c, none, 1);
	const struct relay *r = named(nd, "r1");
	struct hopinfo h;

	ck_assert_uint_eq(nd->nrelays, 8);
	ck_assert_uint_eq(nd->nusable, 0);
	ck_assert_uint_eq(nd->nmissing, 8);
	ck_assert_uint_eq(nd->ned, 0);
	ck_assert(!relay_usable(r));
	ck_assert(!(r->flags & RELAY_HAS_MD));
	ck_assert_ptr_null(r->exit4);
	relay_hopinfo(r, &h);
	ck_assert(!h.has_ntor && !h.id.has_ed);
	ck_assert_ptr_null(netdir_by_ed(nd, r->ed));
	netdir_free(nd);
	free(c.p);
	free(none.p);
}
END_TEST

/* --- families --- */

static const struct {
	const char	*a, *b;
	int		 by_lists, by_ids;
} family_cases[] = {
	{ "r1", "r2", 1, 0 },
	{ "r1", "r3", 1, 0 },
	{ "r2", "r3", 0, 0 },		/* r3 does not name r2 */
	{ "r4", "r5", 0, 1 },
	{ "r1", "r4", 0, 0 },
	{ "a1", "a2", 0, 0 },
};

static const struct {
	const char	*params;
	int		 lists, ids;
} family_params[] = {
	{ "use-family-ids=1", 1, 1 },
	{ "use-family-ids=0", 1, 0 },
	{ "use-family-lists=0", 0, 1 },
	{ "use-family-ids=0 use-family-lists=0", 0, 0 },
	{ "x=1", 1, 1 },
	{ "use-family-ids=-7 use-family-lists=99", 1, 0 },
};

START_TEST(netdir_same_family_as_both_say_and_the_parameters_allow)
{
	struct netdir *nd = vector_netdir("use-family-ids=1",
	    family_params[_i].params);
	size_t i;

	for (i = 0; i < NELEM(family_cases); i++) {
		const struct relay *a = named(nd, family_cases[i].a);
		const struct relay *b = named(nd, family_cases[i].b);
		int want = (family_cases[i].by_lists &&
		    family_params[_i].lists) || (family_cases[i].by_ids &&
		    family_params[_i].ids);

		ck_assert_msg(netdir_same_family(nd, a, b) == want, "%s %s",
		    family_cases[i].a, family_cases[i].b);
		ck_assert_int_eq(netdir_same_family(nd, b, a), want);
		ck_assert(netdir_same_family(nd, a, a));
	}
	netdir_free(nd);
}
END_TEST

START_TEST(netdir_same_family_nickname_counts_without_case)
{
	/* r2 names r3 by nickname; let r3 name r2 the same way. */
	static const char md[] = "onion-key\n"
	    "ntor-onion-key AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE\n"
	    "family R2\n";
	struct text c = load("consensus"), m = load("microdescs"), m2;
	struct netdir *nd;
	uint8_t digest[32];
	char b64[64], *at;

	crypt_sha256(digest, md, sizeof(md) - 1);
	enc_b64_bare(b64, digest, 32);
	m2.len = m.len + sizeof(md) - 1;
	m2.p = malloc(m2.len);
	memcpy(m2.p, m.p, m.len);
	memcpy(m2.p + m.len, md, sizeof(md) - 1);
	at = memmem(c.p, c.len, "\nr r3 ", 6);
	at = memmem(at, c.len - (size_t)(at - c.p), "\nm ", 3);
	memcpy(at + 3, b64, 43);
	nd = join(c, m2, 1);
	ck_assert(netdir_same_family(nd, named(nd, "r2"), named(nd, "r3")));
	ck_assert(!netdir_same_family(nd, named(nd, "r1"), named(nd, "r3")));
	netdir_free(nd);
	free(c.p);
	free(m.p);
	free(m2.p);
}
END_TEST

/* --- weights --- */

START_TEST(netdir_build_weights_of_the_consensus)
{
	struct netdir *nd = vector_netdir("\n", "\n");

	ck_assert(nd->has_weights);
	ck_assert_int_eq(nd->weight_scale, 10000);
	ck_assert_int_eq(nd->weight[NETDIR_WGG], 10000);
	ck_assert_int_eq(nd->weight[NETDIR_WMG], 0);
	ck_assert_int_eq(nd->weight[NETDIR_WED], 3333);
	ck_assert_int_eq(nd->weight[NETDIR_WDB], 10000);
	netdir_free(nd);
}
END_TEST

static const struct {
	const char *old, *with;
	int	    has;
	int32_t	    wee, scale;
} weight_cases[] = {
	{ "bandwidth-weights", "no-weights", 0, 10000, 10000 },
	{ " Wee=10000", "", 0, 10000, 10000 },
	{ " Wee=10000", " Wee=-1", 0, 10000, 10000 },
	{ " Wee=10000", " Wee=77", 1, 77, 10000 },
	{ " Wee=10000", " Wee=2147483647", 1, 10000, 10000 },
	{ "\nparams AuthDirMaxServersPerAddr=0", "\nparams bwweightscale=1",
	    1, 1, 1 },
	{ "\nparams AuthDirMaxServersPerAddr=0", "\nparams bwweightscale=-5",
	    1, 1, 1 },
	{ "\nparams AuthDirMaxServersPerAddr=0",
	    "\nparams bwweightscale=2147483647", 1, 10000, INT32_MAX },
};

START_TEST(netdir_build_weights_missing_or_absurd_are_tamed)
{
	struct netdir *nd = vector_netdir(weight_cases[_i].old,
	    weight_cases[_i].with);

	ck_assert_int_eq(nd->has_weights, weight_cases[_i].has);
	ck_assert_int_eq(nd->weight_scale, weight_cases[_i].scale);
	ck_assert_int_eq(nd->weight[NETDIR_WEE], weight_cases[_i].wee);
	netdir_free(nd);
}
END_TEST

/* --- lookups --- */

START_TEST(netdir_by_nickname_gives_all_of_that_name)
{
	struct netdir *nd = vector_netdir("r r5 ", "r R1 ");
	size_t i = 0, n = 0;

	while (netdir_by_nickname(nd, "r1", &i) != NULL)
		n++;
	ck_assert_uint_eq(n, 2);
	i = 0;
	ck_assert_ptr_null(netdir_by_nickname(nd, "r", &i));
	ck_assert_ptr_null(netdir_by_nickname(nd, "r11", &i));
	ck_assert_ptr_null(netdir_by_nickname(nd, "", &i));
	ck_assert_ptr_null(netdir_by_nickname(nd, "zzz", &i));
	netdir_free(nd);
}
END_TEST

START_TEST(netdir_lookups_find_every_relay_of_a_large_network)
{
	struct gen g = gen_network(9000);
	struct netdir *nd = join(g.consensus, g.microdescs, 0);
	uint8_t id[20] = { 0xff }, ed[32] = { 0xff };
	size_t i, from;

	ck_assert_uint_eq(nd->nrelays, 9000);
	ck_assert_uint_eq(nd->nusable, 9000);
	for (i = 0; i < nd->nrelays; i++) {
		const struct relay *r = &nd->relays[i];

		from = 0;
		ck_assert_ptr_eq(netdir_by_rsa(nd, r->rsa), r);
		ck_assert_ptr_eq(netdir_by_ed(nd, r->ed), r);
		ck_assert_ptr_eq(netdir_by_nickname(nd, r->nickname, &from),
		    r);
		ck_assert_int_eq(netdir_same_family(nd, r,
		    &nd->relays[(i + 1) % 9000]), i % 16 != 15 && i != 8999);
		ck_assert_int_eq(r->or6.family, i % 4 == 0 ? 6 : 0);
		ck_assert_int_eq(portlist_accepts(r->exit4, 80), i % 8 == 0);
		ck_assert_int_eq(portlist_accepts(r->exit6, 443),
		    i % 8 == 0);
	}
	ck_assert_ptr_null(netdir_by_rsa(nd, id));
	ck_assert_ptr_null(netdir_by_ed(nd, ed));
	/* exits with the same policy share it */
	ck_assert_ptr_eq(nd->relays[0].exit6, nd->relays[8].exit6);
	ck_assert_ptr_eq(nd->relays[0].exit4, nd->relays[600].exit4);
	ck_assert_ptr_eq(nd->relays[0].family, nd->relays[1].family);
	netdir_free(nd);
	gen_free(&g);
}
END_TEST

START_TEST(netdir_build_empty_network_is_empty)
{
	struct gen g = gen_network(0);
	struct text none = text_copy("", 0);
	struct netdir *nd = join(g.consensus, none, 0);
	uint8_t id[32] = { 0 };
	size_t i = 0;

	ck_assert_uint_eq(nd->nrelays, 0);
	ck_assert_ptr_null(netdir_by_rsa(nd, id));
	ck_assert_ptr_null(netdir_by_ed(nd, id));
	ck_assert_ptr_null(netdir_by_nickname(nd, "x", &i));
	netdir_free(nd);
	gen_free(&g);
	free(none.p);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(netdir_build_joins_and_outlives_its_sources),
	UNIT(netdir_build_without_a_microdescriptor_is_listed_not_usable),
	UNIT_LOOP(netdir_same_family_as_both_say_and_the_parameters_allow,
	    NELEM(family_params)),
	UNIT(netdir_same_family_nickname_counts_without_case),
	UNIT(netdir_build_weights_of_the_consensus),
	UNIT_LOOP(netdir_build_weights_missing_or_absurd_are_tamed,
	    NELEM(weight_cases)),
	UNIT(netdir_by_nickname_gives_all_of_that_name),
	UNIT(netdir_lookups_find_every_relay_of_a_large_network),
	UNIT(netdir_build_empty_network_is_empty),
};
DIRTEST_MAIN("netdir", tests)

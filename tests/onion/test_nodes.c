/* tests/onion/test_nodes.c - node sets: whole or not at all */
#include "tests/unit.h"

#include <errno.h>
#include <string.h>

#include "base/addr.h"
#include "onion/crypto/crypt.h"
#include "onion/nodes.h"
#include <stdlib.h>
#include "onion/onion.h"
#include "onion/onion_int.h"
#include "onion/onionconf.h"
#include "onion/path/relayset.h"
#include "tests/onion/dir/tmpdir.h"

#define FP "$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

static const char *const bad_family[] = { FP ",moria1", "a b c$" };

static const struct {
	const char	*name;
	struct onion_conf conf;
	int		 rc;
	const char	*why;		/* stands in it */
} cases[] = {
	{ "nothing", { .exclude_nodes = NULL }, 0, "" },
	{ "empty", { .exclude_nodes = "" }, 0, "" },
	{ "exclude", { .exclude_nodes = FP ",10.0.0.0/8,moria1" }, 0, "" },
	{ "bad exclude", { .exclude_nodes = "10.0.0.0/99" }, -EINVAL,
	    "ExcludeNodes" },
	{ "bad exit", { .exit_nodes = "$XYZ" }, -EINVAL, "ExitNodes" },
	{ "bad entry", { .entry_nodes = "{toolong}" }, -EINVAL,
	    "EntryNodes" },
	{ "bad family", { .families = bad_family, .nfamilies = 2 }, -EINVAL,
	    "NodeFamily" },
	{ "no geoip file", { .exclude_exit_nodes = "{us}",
	    .geoip = "/nonexistent/geoip", .geoip6 = "/nonexistent/geoip6" },
	    -ENOENT, "GeoIPFile" },
};

START_TEST(nodes_new_is_whole_or_says_which_option_is_wrong)
{
	struct nodes *n = NULL;
	char why[256];
	int rc = nodes_new(&n, &cases[_i].conf, why, sizeof(why));

	ck_assert_msg(rc == cases[_i].rc, "%s: %d", cases[_i].name, rc);
	if (rc < 0) {
		ck_assert_ptr_null(n);
		ck_assert_msg(strstr(why, cases[_i].why) != NULL, "%s: %s",
		    cases[_i].name, why);
	}
	nodes_free(n);
}
END_TEST

static const char *const one_family[] = { "a,b" };
static const char *const other_family[] = { "a,c" };

static const struct {
	struct onion_conf a, b;
	int		 same;
} same_cases[] = {
	{ { .exit_nodes = "a" }, { .exit_nodes = "a" }, 1 },
	{ { .exit_nodes = "a" }, { .exit_nodes = "b" }, 0 },
	{ { .exit_nodes = "a" }, { .entry_nodes = "a" }, 0 },
	{ { .exit_nodes = "a", .strict_nodes = 1 }, { .exit_nodes = "a" }, 0 },
	{ { .families = one_family, .nfamilies = 1 },
	    { .families = one_family, .nfamilies = 1 }, 1 },
	{ { .families = one_family, .nfamilies = 1 },
	    { .families = other_family, .nfamilies = 1 }, 0 },
	{ { .families = one_family, .nfamilies = 1 }, { .exit_nodes = "" }, 0 },
	{ { .distinct_subnets = 1 }, { .distinct_subnets = 0 }, 0 },
	{ { .dirtiness_s = 1 }, { .dirtiness_s = 2 }, 1 },
};

START_TEST(nodes_same_compares_all_that_they_were_made_of)
{
	struct nodes *a, *b;
	char why[256];

	ck_assert_int_eq(nodes_new(&a, &same_cases[_i].a, why, 256), 0);
	ck_assert_int_eq(nodes_new(&b, &same_cases[_i].b, why, 256), 0);
	ck_assert_int_eq(nodes_same(a, b), same_cases[_i].same);
	ck_assert_int_eq(nodes_same(b, a), same_cases[_i].same);
	nodes_free(a);
	nodes_free(b);
}
END_TEST

/* 10.0.0.0/8 is Germany, the rest of the world is unknown. */
static const char germany[] = "167772160,184549375,DE\n";
static const char germany6[] = "2001:db8::,2001:db8::ffff,DE\n";

static const struct {
	struct onion_conf conf;
	int		 unknown, known;	/* excluded? */
} unknown_cases[] = {
	{ { .geoip_exclude_unknown = 1 }, 1, 0 },
	{ { .geoip_exclude_unknown = 0 }, 0, 0 },
	{ { .geoip_exclude_unknown = -1 }, 0, 0 },
	{ { .geoip_exclude_unknown = 1, .exclude_nodes = "moria1" }, 1, 0 },
	{ { .geoip_exclude_unknown = -1, .exclude_nodes = "moria1" }, 0, 0 },
	{ { .geoip_exclude_unknown = -1, .exclude_nodes = "{fr}" }, 1, 0 },
	{ { .geoip_exclude_unknown = 0, .exclude_nodes = "{de}" }, 0, 1 },
	{ { .geoip_exclude_unknown = 1, .exclude_nodes = "{de}" }, 1, 1 },
};

START_TEST(nodes_new_unknown_countries_are_excluded_as_configured)
{
	struct onion_conf conf = unknown_cases[_i].conf;
	const struct relayset *exits;
	struct nodes *n;
	struct addr a;
	char why[256], path[512];

	tmpdir_make();
	tmpdir_put("geoip", germany, sizeof(germany) - 1);
	tmpdir_put("geoip6", germany6, sizeof(germany6) - 1);
	strcpy(path, tmpdir_path("geoip"));
	conf.geoip = path;
	conf.geoip6 = tmpdir_path("geoip6");
	ck_assert_msg(nodes_new(&n, &conf, why, sizeof(why)) == 0, "%s", why);
	addr_v4(&a, 0x0b000001, 9001);
	ck_assert_int_eq(relayset_has_parts(n->exclude, NULL, NULL, &a),
	    unknown_cases[_i].unknown);
	exits = n->exclude_exits;	/* always, or where it has countries */
	ck_assert_int_eq(relayset_has_parts(exits, NULL, NULL, &a),
	    conf.geoip_exclude_unknown == 1);
	addr_v4(&a, 0x0a000001, 9001);
	ck_assert_int_eq(relayset_has_parts(n->exclude, NULL, NULL, &a),
	    unknown_cases[_i].known);
	nodes_free(n);
	tmpdir_remove();
}
END_TEST

START_TEST(onion_country_is_known_where_it_was_to_be_asked_for)
{
	static const struct { uint32_t ip; const char *country; } rows[] = {
		{ 0x0a000001, "de" }, { 0x0b000001, "" },
	};
	struct onion_conf conf = { .countries = _i };
	struct onion *o = calloc(1, sizeof(*o));
	char why[256], path[512], out[3];
	struct addr a = { .family = 0 };
	size_t i;

	ck_assert_ptr_nonnull(o);
	tmpdir_make();
	tmpdir_put("geoip", germany, sizeof(germany) - 1);
	tmpdir_put("geoip6", germany6, sizeof(germany6) - 1);
	strcpy(path, tmpdir_path("geoip"));
	conf.geoip = path;
	conf.geoip6 = tmpdir_path("geoip6");
	ck_assert_str_eq(onion_country(o, &a, out), "");
	ck_assert_msg(nodes_new(&o->nodes, &conf, why, sizeof(why)) == 0, "%s",
	    why);
	ck_assert_str_eq(onion_country(o, &a, out), "");
	for (i = 0; i < NELEM(rows); i++) {
		addr_v4(&a, rows[i].ip, 80);
		ck_assert_str_eq(onion_country(o, &a, out),
		    _i ? rows[i].country : "");
	}
	ck_assert_int_eq(addr_parse_ip(&a, "2001:db8::7", -1), 0);
	ck_assert_str_eq(onion_country(o, &a, out), _i ? "de" : "");
	nodes_free(o->nodes);
	free(o);
	tmpdir_remove();
}
END_TEST

#define TWO "moria1," FP
static const char *const sets[] = { "{de}", TWO, "{de}", "moria1" };
static const char *const bad_set[] = { "moria1", "{d" };
static const char *const empty_set[] = { "" };

START_TEST(nodes_new_sets_of_exits_are_found_by_their_text)
{
	struct onion_conf conf = { .exit_sets = sets,
		.nexit_sets = NELEM(sets) };
	uint8_t id[PATH_EXITS_ID], fp[20];
	struct nodes *n;
	struct addr de, other;
	char why[256], path[512];
	size_t i, seen = 0;

	crypt_init();
	tmpdir_make();
	tmpdir_put("geoip", germany, sizeof(germany) - 1);
	tmpdir_put("geoip6", germany6, sizeof(germany6) - 1);
	strcpy(path, tmpdir_path("geoip"));
	conf.geoip = path;
	conf.geoip6 = tmpdir_path("geoip6");
	ck_assert_msg(nodes_new(&n, &conf, why, sizeof(why)) == 0, "%s", why);
	ck_assert_uint_eq(n->nexit_sets, 3);
	addr_v4(&de, 0x0a000001, 9001);
	addr_v4(&other, 0x0b000001, 9001);
	memset(fp, 0xaa, sizeof(fp));
	nodes_exits_id(id, "{de}");
	for (i = 0; i < n->nexit_sets; i++) {
		const struct path_exits *e = &n->exit_sets[i];

		if (i)
			ck_assert_int_lt(memcmp(e[-1].id, e->id, sizeof(id)),
			    0);
		ck_assert_int_eq(relayset_has_parts(e->set, fp, NULL, NULL),
		    strcmp(e->text, sets[1]) == 0);
		if (memcmp(e->id, id, sizeof(id)) != 0)
			continue;
		seen++;
		ck_assert_str_eq(e->text, "{de}");
		ck_assert(relayset_has_parts(e->set, NULL, NULL, &de));
		ck_assert(!relayset_has_parts(e->set, NULL, NULL, &other));
	}
	ck_assert_uint_eq(seen, 1);
	nodes_free(n);
	tmpdir_remove();
}
END_TEST

START_TEST(nodes_new_set_of_exits_that_is_wrong_is_refused)
{
	struct onion_conf conf = { .exit_sets = _i ? empty_set : bad_set,
		.nexit_sets = _i ? 1 : 2 };
	struct nodes *n = NULL;
	char why[256];

	crypt_init();
	ck_assert_int_eq(nodes_new(&n, &conf, why, sizeof(why)), -EINVAL);
	ck_assert_ptr_null(n);
	ck_assert_ptr_nonnull(strstr(why, "exit="));
}
END_TEST

static const struct unit_test tests[] = {
	UNIT_LOOP(onion_country_is_known_where_it_was_to_be_asked_for, 2),
	UNIT(nodes_new_sets_of_exits_are_found_by_their_text),
	UNIT_LOOP(nodes_new_set_of_exits_that_is_wrong_is_refused, 2),
	UNIT_LOOP(nodes_new_unknown_countries_are_excluded_as_configured,
	    NELEM(unknown_cases)),
	UNIT_LOOP(nodes_new_is_whole_or_says_which_option_is_wrong,
	    NELEM(cases)),
	UNIT_LOOP(nodes_same_compares_all_that_they_were_made_of,
	    NELEM(same_cases)),
};
UNIT_MAIN("nodes", tests)

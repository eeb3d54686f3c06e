/* tests/policy/test_fwplan.c - plans of the firewall that cannot be, and what
 * changes while one is loaded
 *
 * Whole plans' texts are compared in tests/daemon/test_fwconf.c.  What changes
 * in sets is in tests/golden/firewall/elements; CONF_GOLDEN_WRITE=1 in the
 * environment writes it anew.
 */
#include "policy/fwplan.h"

#include <check.h>
#include <errno.h>
#include <string.h>

#include "tests/unit.h"

static struct fwplan_conf conf;
static struct fwplan plan;
static char why[FWPLAN_WHY];

static void
name(struct fwplan_links *l, const char *link)
{
	snprintf(l->name[l->n++], FWPLAN_IFNAME, "%s", link);
}

static struct addr
at(const char *text)
{
	struct addr a = { .family = 0 };

	ck_assert_int_eq(addr_parse(&a, text, -1), 0);
	return a;
}

static void
setup(void)
{
	memset(&conf, 0, sizeof(conf));
	conf.uid = 1234;
	name(&conf.uplinks, "up0");
	name(&conf.lans, "lan0");
	conf.lan_doors.trans4 = at("10.9.0.1:9040");
	conf.lan_doors.dns4 = at("10.9.0.1:5300");
}

static char *
text(void)
{
	char *out = NULL;
	size_t size;
	FILE *f = open_memstream(&out, &size);

	fwplan_nft(f, &plan);
	fclose(f);
	return out;
}

/* --- what is refused --- */

static void
refused(int err, const char *sentence)
{
	ck_assert_int_eq(fwplan_make(&plan, &conf, why), err);
	ck_assert_msg(strstr(why, sentence) != NULL, "'%s'", why);
	ck_assert_ptr_null(plan.rules);
	ck_assert_ptr_null(plan.relays);
}

START_TEST(fwplan_of_root_is_refused)
{
	setup();
	conf.uid = 0;
	refused(-EINVAL, "set User");
}
END_TEST

START_TEST(fwplan_uplink_that_is_a_lan_is_refused)
{
	setup();
	name(&conf.uplinks, "lan0");
	refused(-EINVAL, "lan0 is an uplink and a LAN");
	setup();
	name(&conf.tun_lans, "up0");
	refused(-EINVAL, "up0 is an uplink and a LAN");
	setup();
	snprintf(conf.tun, sizeof(conf.tun), "up0");
	refused(-EINVAL, "up0 is an uplink and the TUN");
	setup();
	name(&conf.tun_lans, "lan0");
	refused(-EINVAL, "led into the TUN and turned around");
}
END_TEST

static const char *const bad_names[] = { "", "a b", "a\"b", "eth*", "eth+",
	"a\nb", "a;b", "a\\b", "$(a)", "a{", "a}", "\xc3\xa4", "a,b", "!a",
	"a/b", "a:b" };

START_TEST(fwplan_name_that_is_more_than_a_name_is_refused)
{
	setup();
	conf.uplinks.n = 0;
	name(&conf.uplinks, bad_names[_i]);
	refused(-EINVAL, "rename it");
	setup();
	name(&conf.lans, bad_names[_i]);
	refused(-EINVAL, "rename it");
	setup();
	conf.nallow = 1;
	conf.allow[0].proto = FWPLAN_ALLOW_TCP;
	snprintf(conf.allow[0].link, FWPLAN_IFNAME, "%s", bad_names[_i]);
	refused(-EINVAL, "rename it");
	ck_assert_int_eq(fwplan_make_early(&plan, &conf, why), -EINVAL);
	ck_assert_int_eq(fwplan_nft_uplink(stderr, bad_names[_i]), -EINVAL);
}
END_TEST

START_TEST(fwplan_loopback_is_no_uplink)
{
	setup();
	name(&conf.uplinks, "lo");
	refused(-EINVAL, "lo is no uplink");
	ck_assert_int_eq(fwplan_nft_uplink(stderr, "lo"), -EINVAL);
}
END_TEST

START_TEST(fwplan_vrrp_of_an_uplink_is_refused)
{
	setup();
	conf.nallow = 1;
	conf.allow[0].proto = FWPLAN_ALLOW_VRRP;
	snprintf(conf.allow[0].link, FWPLAN_IFNAME, "up0");
	refused(-EINVAL, "VRRP is spoken on LANs, and up0 is an uplink");
	snprintf(conf.allow[0].link, FWPLAN_IFNAME, "lan0");
	conf.allow[0].out = 1;
	refused(-EINVAL, "makes no sense");
	conf.allow[0].out = 0;
	ck_assert_msg(fwplan_make(&plan, &conf, why) == 0, "%s", why);
	fwplan_free(&plan);
	conf.uplinks.n = FWPLAN_LINKS_MAX + 1;
	refused(-E2BIG, "more than 16 uplinks");
	ck_assert_int_eq(fwplan_make_early(&plan, &conf, why), -E2BIG);
}
END_TEST

/* --- ceilings --- */

static struct fwplan_direct direct[FWPLAN_DIRECT_MAX + 1];
static struct addr relays[FWPLAN_RELAYS_MAX + 1];

static void
fill(void)
{
	size_t i;

	for (i = 0; i < NELEM(direct); i++) {
		direct[i] = (struct fwplan_direct){ .lo = 1, .hi = 65535 };
		addr_v4(&direct[i].net.addr, 0x0a000000 + (uint32_t)i, 0);
		direct[i].net.bits = 32;
	}
	for (i = 0; i < NELEM(relays); i++)
		addr_v4(&relays[i], 0x05000000 + (uint32_t)i, 443);
	conf.direct = direct;
	conf.relays = relays;
}

START_TEST(fwplan_at_its_ceilings_is_whole)
{
	struct fwplan_allow a = { .proto = FWPLAN_ALLOW_PING, .out = 1,
		.link = "up0" };
	unsigned i;

	setup();
	fill();
	conf.ipv6 = conf.dhcp = conf.local = 1;
	conf.local_doors = conf.lan_doors;
	conf.ndirect = FWPLAN_DIRECT_MAX;
	conf.nrelays = FWPLAN_RELAYS_MAX;
	conf.nallow = FWPLAN_ALLOW_MAX;
	conf.nlisten = FWPLAN_LISTEN_MAX;
	for (i = 0; i < FWPLAN_ALLOW_MAX; i++)
		conf.allow[i] = a;
	for (i = 0; i < FWPLAN_LISTEN_MAX; i++)
		conf.listen[i] = at("10.9.0.1:9050");
	ck_assert_msg(fwplan_make(&plan, &conf, why) == 0, "%s", why);
	ck_assert_uint_eq(plan.nrelays, FWPLAN_RELAYS_MAX);
	fwplan_free(&plan);
}
END_TEST

START_TEST(fwplan_past_its_ceilings_is_refused)
{
	unsigned i;

	setup();
	fill();
	conf.ndirect = FWPLAN_DIRECT_MAX + 1;
	refused(-E2BIG, "direct rules");
	conf.ndirect = 0;
	conf.nrelays = FWPLAN_RELAYS_MAX + 1;
	refused(-E2BIG, "relays");
	setup();
	conf.nallow = FWPLAN_ALLOW_MAX + 1;
	refused(-E2BIG, "allowances");
	setup();
	conf.nlisten = FWPLAN_LISTEN_MAX + 1;
	refused(-E2BIG, "ports for LANs");
	setup();
	for (i = 0; i < FWPLAN_LINKS_MAX; i++)
		snprintf(conf.lans.name[i], FWPLAN_IFNAME, "lan%u", i);
	conf.lans.n = FWPLAN_LINKS_MAX;
	name(&conf.tun_lans, "other");
	refused(-E2BIG, "LANs");
}
END_TEST

/* --- what is the same --- */

START_TEST(fwplan_relays_are_each_there_once_and_in_order)
{
	static struct addr some[4];
	char *out;

	setup();
	some[0] = at("203.0.113.9:443");
	some[1] = at("[2001:db8::7]:9001");
	some[2] = at("203.0.113.7:9001");
	some[3] = some[0];
	conf.relays = some;
	conf.nrelays = 4;
	ck_assert_int_eq(fwplan_make(&plan, &conf, why), 0);
	out = text();
	ck_assert_ptr_nonnull(strstr(out, "relays4 { 203.0.113.7 . 9001, "
	    "203.0.113.9 . 443 }\n"));
	ck_assert_ptr_nonnull(strstr(out, "relays6 { 2001:db8::7 . 9001 }\n"));
	free(out);
	fwplan_free(&plan);
}
END_TEST

START_TEST(fwplan_of_any_relay_has_no_sets_of_them_to_look_into)
{
	char *out;

	setup();
	conf.any_relay = 1;
	ck_assert_int_eq(fwplan_make(&plan, &conf, why), 0);
	out = text();
	ck_assert_ptr_null(strstr(out, "@relays"));
	free(out);
	fwplan_free(&plan);
	conf.any_relay = 0;
	ck_assert_int_eq(fwplan_make(&plan, &conf, why), 0);
	out = text();
	ck_assert_ptr_nonnull(strstr(out, "@relays4"));
	ck_assert_ptr_null(strstr(out, "@relays6"));	/* without ipv6 */
	free(out);
	fwplan_free(&plan);
}
END_TEST

START_TEST(fwplan_zeroed_lets_nothing_but_the_loopback_through)
{
	char *out;

	memset(&plan, 0, sizeof(plan));
	out = text();
	ck_assert_ptr_null(strstr(out, "accept\n"));
	free(out);
	memset(&conf, 0, sizeof(conf));
	ck_assert_int_eq(fwplan_make_early(&plan, &conf, why), 0);
	out = text();
	ck_assert_ptr_nonnull(strstr(out, "leave oifname \"lo\" accept\n"));
	ck_assert_ptr_null(strstr(out, "skuid"));
	free(out);
	fwplan_free(&plan);
}
END_TEST

/* --- sets --- */

static void
change_sets(FILE *f)
{
	struct addr four = at("203.0.113.9:443"), six = at("[2001:db8::9]:9");

	ck_assert_int_eq(fwplan_nft_add(f, FWPLAN_RELAYS4, &four, 0), 0);
	ck_assert_int_eq(fwplan_nft_add(f, FWPLAN_RELAYS6, &six, 0), 0);
	ck_assert_int_eq(fwplan_nft_add(f, FWPLAN_DIRECT4, &four, 300), 0);
	ck_assert_int_eq(fwplan_nft_add(f, FWPLAN_DIRECT6, &six, 1), 0);
	four.port = 9001;
	ck_assert_int_eq(fwplan_nft_delete(f, FWPLAN_RELAYS4, &four), 0);
	ck_assert_int_eq(fwplan_nft_uplink(f, "wwan0.5-a"), 0);
}

START_TEST(fwplan_nft_changes_sets_as_before)
{
	const char *srcdir = getenv("srcdir");
	char path[4096], *got = NULL, want[4096] = "";
	size_t size;
	FILE *f = open_memstream(&got, &size);

	change_sets(f);
	fclose(f);
	snprintf(path, sizeof(path), "%s/tests/golden/firewall/elements",
	    srcdir ? srcdir : ".");
	if (getenv("CONF_GOLDEN_WRITE")) {
		ck_assert_ptr_nonnull(f = fopen(path, "w"));
		fputs(got, f);
		fclose(f);
	}
	ck_assert_ptr_nonnull(f = fopen(path, "r"));
	ck_assert_uint_lt(fread(want, 1, sizeof(want) - 1, f),
	    sizeof(want) - 1);
	fclose(f);
	ck_assert_str_eq(got, want);
	free(got);
}
END_TEST

START_TEST(fwplan_nft_set_takes_its_own_kind_only)
{
	struct addr four = at("203.0.113.9:443"), six = at("[2001:db8::9]:9");

	ck_assert_int_eq(fwplan_nft_add(stderr, FWPLAN_RELAYS4, &six, 0),
	    -EINVAL);
	ck_assert_int_eq(fwplan_nft_add(stderr, FWPLAN_DIRECT6, &four, 0),
	    -EINVAL);
	ck_assert_int_eq(fwplan_nft_delete(stderr, FWPLAN_LANS, &four),
	    -EINVAL);
	ck_assert_int_eq(fwplan_nft_add(stderr, FWPLAN_NSETS, &four, 0),
	    -EINVAL);
	four.port = 0;
	ck_assert_int_eq(fwplan_nft_add(stderr, FWPLAN_RELAYS4, &four, 0),
	    -EINVAL);
}
END_TEST

/* Names that differ must not share a chain. */
START_TEST(fwplan_nft_egress_is_another_for_each_name)
{
	char a[FWPLAN_CHAIN_NAME], b[FWPLAN_CHAIN_NAME];

	ck_assert_str_eq(fwplan_nft_egress("up0", a), "egress_up0");
	ck_assert_str_eq(fwplan_nft_egress("a.b", a), "egress_a_2eb");
	ck_assert_str_ne(fwplan_nft_egress("a-b", a),
	    fwplan_nft_egress("a_b", b));
	ck_assert_str_ne(fwplan_nft_egress("a.b", a),
	    fwplan_nft_egress("a_2eb", b));
	ck_assert_str_eq(fwplan_nft_egress("---------------", a),
	    "egress__2d_2d_2d_2d_2d_2d_2d_2d_2d_2d_2d_2d_2d_2d_2d");
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(fwplan_of_root_is_refused),
	UNIT(fwplan_uplink_that_is_a_lan_is_refused),
	UNIT_LOOP(fwplan_name_that_is_more_than_a_name_is_refused,
	    NELEM(bad_names)),
	UNIT(fwplan_loopback_is_no_uplink),
	UNIT(fwplan_vrrp_of_an_uplink_is_refused),
	UNIT(fwplan_at_its_ceilings_is_whole),
	UNIT(fwplan_past_its_ceilings_is_refused),
	UNIT(fwplan_relays_are_each_there_once_and_in_order),
	UNIT(fwplan_of_any_relay_has_no_sets_of_them_to_look_into),
	UNIT(fwplan_zeroed_lets_nothing_but_the_loopback_through),
	UNIT(fwplan_nft_changes_sets_as_before),
	UNIT(fwplan_nft_set_takes_its_own_kind_only),
	UNIT(fwplan_nft_egress_is_another_for_each_name),
};

UNIT_MAIN("fwplan", tests)

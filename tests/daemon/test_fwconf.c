/* tests/daemon/test_fwconf.c - torrc in, a firewall's rules out
 *
 * Each tests/golden/firewall/NAME.rc has to give NAME.nft, NAME.v4, NAME.v6,
 * NAME.early and NAME.closed.  That nft and iptables take them, tests/check-firewall shows.
 */
#include "daemon/fwconf.h"

#include <errno.h>
#include <string.h>

#include "policy/fwplan.h"
#include "tests/daemon/golden.h"

enum { UID = 1234 };

static struct conf *
load(const char *name, const char *text)
{
	struct conf_args args = { .file = name, .text = text,
		.text_len = strlen(text), .no_files = 1 };
	struct conf_err err;
	struct conf *c;

	ck_assert_msg(conf_load(&c, &args, &err) == 0, "%s", err.text);
	return c;
}

enum kind { NFT, V4, V6, EARLY, CLOSED, NKINDS };
static const char *const endings[NKINDS] = { "nft", "v4", "v6", "early",
	"closed" };

static char *
plan_text(const struct fwplan_conf *c, enum kind kind)
{
	char why[FWPLAN_WHY] = "", *text = NULL;
	struct fwplan p;
	size_t size;
	FILE *f;
	int rc = kind == EARLY ? fwplan_make_early(&p, c, why) :
	    kind == CLOSED ? fwplan_make_closed(&p, c, why) :
	    fwplan_make(&p, c, why);

	ck_assert_msg(rc == 0, "%s", why);
	ck_assert_ptr_nonnull(f = open_memstream(&text, &size));
	if (kind != V4 && kind != V6)
		fwplan_nft(f, &p);
	else
		fwplan_iptables(f, &p, kind == V4 ? 4 : 6);
	fclose(f);
	fwplan_free(&p);
	return text;
}

/* Whoever runs the test, the engine is number 1234. */
static struct fwplan_conf
plan_of(struct fwconf **f, const struct conf *c)
{
	struct fwplan_conf p;
	char why[512] = "";

	ck_assert_msg(fwconf_new(f, c, why, sizeof(why)) == 0, "%s", why);
	ck_assert_int_eq(fwconf_find_uplinks(*f, c, why, sizeof(why)), 0);
	p = *fwconf_plan(*f);
	p.uid = UID;
	return p;
}

static void
one(const char *path)
{
	char *text, *got, *again;
	struct conf *c;
	struct fwplan_conf p;
	struct fwconf *f;
	enum kind kind;
	size_t len;

	ck_assert_ptr_nonnull(text = golden_read(path, &len));
	c = load(strrchr(path, '/') + 1, text);
	p = plan_of(&f, c);
	for (kind = 0; kind < NKINDS; kind++) {
		got = plan_text(&p, kind);
		again = plan_text(&p, kind);
		ck_assert_str_eq(got, again);
		golden_is(path, endings[kind], got);
		free(got);
		free(again);
	}
	fwconf_free(f);
	conf_free(c);
	free(text);
}

START_TEST(fwconf_torrc_gives_its_rules)
{
	golden_each("firewall/*.rc", 12, one);
}
END_TEST

/* --- what cannot be planned --- */

static const struct {
	const char	*text, *why;
} refused[] = {
	{ "TransClients lan0\nTransPort 127.0.0.1:9040\n",
	    "there is no TransPort at the LAN's own address" },
	{ "TransClients local\nTransPort 10.9.0.1:9040\n",
	    "there is no TransPort on 127.0.0.1" },
	{ "TransClients lan0\nTransPort 10.9.0.1:auto\n",
	    "TransPort auto" },
	{ "TransClients lan0\nTransPort 10.9.0.1:1\nTransPort 10.8.0.1:2\n",
	    "not to 1 and 2" },
	{ "TransClients lan0\nTransPort 10.9.0.1:1\nSocksPort 10.9.0.1:auto\n",
	    "SocksPort or HTTPTunnelPort for LANs is auto" },
	{ "TransClients lan0\nTransPort 10.9.0.1:1\nUser no-such-account\n",
	    "there is no such account" },
	{ "TunClients lan0\nTunDevice a+\n", "cannot name the TUN" },
	{ "TunClients a*\n", "cannot name the LAN" },
};

START_TEST(fwconf_what_cannot_be_said_is_refused)
{
	struct conf *c = load("torrc", refused[_i].text);
	struct fwplan_conf p;
	struct fwplan plan;
	struct fwconf *f;
	char why[512] = "";
	int rc = fwconf_new(&f, c, why, sizeof(why));

	if (rc == 0) {
		p = *fwconf_plan(f);
		p.uid = UID;
		rc = fwplan_make(&plan, &p, why);
		ck_assert_ptr_null(plan.rules);
		fwconf_free(f);
	}
	ck_assert_int_lt(rc, 0);
	ck_assert_msg(strstr(why, refused[_i].why) != NULL, "'%s'", why);
	conf_free(c);
}
END_TEST

START_TEST(fwconf_early_rules_need_nothing_that_is_there)
{
	struct conf *c = load("torrc", "TunClients lan0\nUplink up0\n"
	    "FirewallAllow in lan0 tcp 22\n");
	char why[512] = "", *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	ck_assert_int_eq(fwconf_print(c, CONF_FORMAT_EARLY, f, why,
	    sizeof(why)), 0);
	fclose(f);
	ck_assert_ptr_nonnull(strstr(text, "hook output priority 0; policy "
	    "drop;"));
	ck_assert_ptr_nonnull(strstr(text, "iifname \"lan0\""));
	ck_assert_ptr_null(strstr(text, "device"));
	ck_assert_ptr_null(strstr(text, "up0"));
	free(text);
	conf_free(c);
}
END_TEST

/* This machine has a loopback at least, which is none. */
START_TEST(fwconf_uplinks_are_all_that_is_nothing_else)
{
	struct conf *c = load("torrc", "TunClients lan0\n");
	struct fwconf *f;
	struct fwplan_conf p = plan_of(&f, c);
	unsigned i;

	for (i = 0; i < p.uplinks.n; i++) {
		ck_assert_str_ne(p.uplinks.name[i], "lo");
		ck_assert_str_ne(p.uplinks.name[i], "lan0");
		ck_assert_str_ne(p.uplinks.name[i], "ot0");
	}
	fwconf_free(f);
	conf_free(c);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(fwconf_torrc_gives_its_rules),
	UNIT_LOOP(fwconf_what_cannot_be_said_is_refused, NELEM(refused)),
	UNIT(fwconf_early_rules_need_nothing_that_is_there),
	UNIT(fwconf_uplinks_are_all_that_is_nothing_else),
};

UNIT_MAIN("fwconf", tests)

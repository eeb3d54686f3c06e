/* tests/daemon/test_livenet.c - the live network, as the engine gets it */
#include "daemon/onionconf.h"

#include <string.h>

#include "base/loop.h"
#include "base/secret.h"
#include "daemon/conf.h"
#include "onion/crypto/crypt.h"
#include "onion/dir/authcert.h"
#include "onion/dir/consensus.h"
#include "onion/dir/dirsource.h"
#include "tests/unit.h"

static struct conf *conf;
static struct onionconf_store store;
static struct onion_conf oc;

static void
load(void)
{
	struct conf_args args = { .text = "", .no_files = 1 };
	struct conf_err err;

	if (conf_load(&conf, &args, &err) < 0)
		ck_abort_msg("%s", err.text);
	ck_assert_int_eq(onionconf_make(&oc, &store, conf), 0);
}

static void
unload(void)
{
	onionconf_free(&store);
	conf_free(conf);
}

/* As the engine does it. */
static struct dirsources *
sources(struct loop *loop)
{
	struct dirsource_conf all[16] = { 0 };
	struct dirsources *s;
	size_t i;

	ck_assert_uint_le(oc.nauths, 16);
	loop_init(loop, 1000, 1795300000);
	for (i = 0; i < oc.nauths; i++) {
		memcpy(all[i].rsa_id, oc.auths[i].rsa_id, 20);
		memcpy(all[i].v3ident, oc.auths[i].v3ident, 20);
		all[i].or4 = oc.auths[i].or4;
		all[i].or6 = oc.auths[i].or6;
		all[i].weight = oc.auths[i].weight;
	}
	ck_assert_int_eq(dirsources_new(&s, loop, all, oc.nauths, NULL, 0, 0),
	    0);
	return s;
}

/* Serge, the bridge authority, neither votes nor serves. */
START_TEST(onionconf_make_bridge_authority_has_no_part)
{
	size_t i, out = 0;

	load();
	ck_assert_uint_eq(oc.nauths, 10);
	for (i = 0; i < oc.nauths; i++) {
		int serge = strcmp(oc.auths[i].nickname, "Serge") == 0;

		out += serge;
		ck_assert_int_eq(secret_is_zero(oc.auths[i].v3ident, 20),
		    serge);
		ck_assert(serge ? oc.auths[i].weight <= 0 :
		    oc.auths[i].weight > 0);
	}
	ck_assert_uint_eq(out, 1);
	ck_assert_uint_ge(oc.nfallbacks, 100);
	unload();
}
END_TEST

START_TEST(onionconf_make_five_of_nine_must_sign)
{
	struct consensus c = { .nsigs = 0 };
	struct consensus_tally tally;
	struct authcert_set *set;
	struct dirsources *s;
	uint8_t id[16][20];
	struct loop loop;
	size_t i, n;

	load();
	s = sources(&loop);
	n = dirsources_nvoters(s);
	ck_assert_uint_eq(n, 9);
	for (i = 0; i < n; i++)
		memcpy(id[i], dirsources_voter(s, i), 20);
	set = authcert_set_new((const uint8_t (*)[20])id, n);
	ck_assert_uint_eq(authcert_set_trusted(set), 9);
	ck_assert_int_lt(consensus_verify(&c, set, 1795300000, &tally), 0);
	ck_assert_uint_eq(tally.needed, 5);
	authcert_set_free(set);
	dirsources_free(s);
	unload();
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(onionconf_make_bridge_authority_has_no_part),
	UNIT(onionconf_make_five_of_nine_must_sign)
};

int
main(void)
{
	crypt_init();
	return unit_run("livenet", tests, NELEM(tests));
}

/* tests/onion/hs/test_hsclient_real.c - the whole way with nothing made up
 *
 * The descriptors are those of make-hs.py, opened by hsdesc.c; who has them is
 * for hsring.c, the keys of clients come from files by hsauth.c.  The service's
 * own secret keys are the seeds of make-hs.py.
 */
#include "tests/unit.h"

#include <errno.h>
#include <string.h>

#include "base/why.h"
#include "onion/crypto/crypt.h"
#include "onion/hs/hsauth.h"
#include "tests/onion/crypto/hex.h"
#include "tests/onion/dir/tmpdir.h"
#include "tests/onion/hs/hsrig.h"
#include "tests/vectors/hs.h"

/* hsv_alice_base32 is the key that it asks for. */
#define ALICE "52GIQNKWV3CEMIMLOZDUZYAPPZMN3MBAKYFVREL4PNKJ6MJCAIGQ"
#define LINE(key) "kgr5bxqj3hrfiytpf577tcqk3jcrcddqszjrqtvmdta46gd5jtzahbyd" \
	":descriptor:x25519:" key "\n"

static struct rig r;
static const char *doc;			/* which the directories have */
static struct hsauth *auth;

size_t
rig_text(const struct rig *rig_unused, uint8_t *out, size_t max)
{
	(void)rig_unused;
	return vector(doc, out, max);
}

static void
setup(const char *name)
{
	static const char *const auths[] = { hsv_intro0_auth, hsv_intro1_auth,
		hsv_intro2_auth }, *const rsas[] = { hsv_intro0_rsa,
		hsv_intro1_rsa, hsv_intro2_rsa };
	char label[64];
	size_t i;

	be_quiet();
	doc = name;
	rig_start = HSV_NOW;
	UNHEX(rig_service[0], hsv_service);
	rig_new(&r, 0);
	for (i = 0; i < RIG_INTROS; i++) {
		struct rig_intro *in = &r.intro[i];

		snprintf(label, sizeof(label), "hs vectors: intro %zu enc", i);
		crypt_shake256(in->sec, 32, label, strlen(label));
		ck_assert_int_eq(crypt_x25519_pub(in->pub.enc, in->sec), 0);
		UNHEX(in->pub.auth, auths[i]);
		UNHEX(in->pub.relay.id.rsa, rsas[i]);
	}
}

static void
teardown(void)
{
	rig_free(&r);
	hsauth_free(auth);
	auth = NULL;
}

static void
load_key(const char *line)
{
	struct hsauth *was = auth;
	char why[256] = "";

	tmpdir_make();
	tmpdir_put("a.auth_private", line, strlen(line));
	ck_assert_msg(hsauth_load(&auth, tmpdir, why, sizeof(why)) == 0, "%s",
	    why);
	ck_assert_uint_eq(hsauth_count(auth), 1);
	tmpdir_remove();
	hsclient_set_auth(r.hs, auth);
	hsauth_free(was);
	rig_turn(&r);
}

static void
check_the_rest(void)
{
	struct rig_circ *intro = rig_last(&r, HS_INTRO);
	struct rig_circ *rend = rig_last(&r, HS_REND);
	struct rig_intro1 i;
	void *circ;

	rig_built(&r, intro);
	rig_built(&r, rend);
	ck_assert_int_eq(rig_established(&r, rend), 0);
	rig_turn(&r);
	ck_assert_uint_eq(r.njobs, 1);
	ck_assert_uint_eq(r.job[0].ask.effort, 4242);
	CK_HEX(r.job[0].ask.blinded, 32, hsv_blinded);
	CK_HEX(r.job[0].ask.seed, 32, hsv_pow);
	rig_solve(&r, 0, 0);
	ck_assert_int_eq(rig_read(&r, intro, &i), 0);
	ck_assert_int_eq(i.pow, 1);
	ck_assert_int_eq(i.cc, 1);
	ck_assert_int_eq(rig_ack(&r, intro, 0), 0);
	ck_assert_int_eq(rig_meet(&r, intro, rend), 0);
	rig_turn(&r);
	ck_assert_int_eq(rig_get(&r, 0, 0, &circ), 0);
	ck_assert_ptr_eq(circ, rend);
	ck_assert_int_eq(rend->cc, 1);
	ck_assert_int_eq(rend->inc, 31);
}

START_TEST(hsclient_reaches_the_service_of_a_real_descriptor)
{
	setup("hs/open");
	rig_to_descriptor(&r, 0);
	check_the_rest();
	teardown();
}
END_TEST

START_TEST(hsclient_reaches_a_service_that_wants_a_key)
{
	setup("hs/auth");
	load_key(LINE(ALICE));
	rig_to_descriptor(&r, 0);
	check_the_rest();
	teardown();
}
END_TEST

START_TEST(hsclient_key_that_comes_after_the_descriptor_opens_it)
{
	setup("hs/auth");
	rig_to_descriptor(&r, 0);
	ck_assert_int_eq(rig_get(&r, 0, 0, NULL), -WHY_HS_AUTH_MISSING);
	load_key(LINE("OM7TGIVRYMY6PFX6GAC6ATRTA5U6WW6U7A4ZNHQDI6OVL52XVV2Q"));
	ck_assert_int_eq(rig_get(&r, 0, 0, NULL), -EAGAIN);
	rig_turn(&r);
	ck_assert_int_eq(rig_get(&r, 0, 0, NULL), -WHY_HS_AUTH_WRONG);
	load_key(LINE(ALICE));
	ck_assert_int_eq(rig_get(&r, 0, 0, NULL), -EAGAIN);
	rig_turn(&r);
	ck_assert_uint_eq(rig_count(&r, HS_DIR), 1);
	check_the_rest();
	teardown();
}
END_TEST

START_TEST(hsclient_descriptor_of_another_period_is_invalid)
{
	unsigned i;

	setup("hs/open");
	rig_later(&r, 24);
	ck_assert_int_eq(rig_get(&r, 0, 0, NULL), -EAGAIN);
	rig_turn(&r);
	for (i = 0; i < RIG_DIRS; i++) {
		rig_built(&r, rig_last(&r, HS_DIR));
		rig_fetched(&r, rig_last(&r, HS_DIR), 200);
	}
	ck_assert_int_eq(rig_get(&r, 0, 0, NULL), -WHY_HS_INVALID);
	teardown();
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(hsclient_reaches_the_service_of_a_real_descriptor),
	UNIT(hsclient_reaches_a_service_that_wants_a_key),
	UNIT(hsclient_key_that_comes_after_the_descriptor_opens_it),
	UNIT(hsclient_descriptor_of_another_period_is_invalid),
};

UNIT_MAIN("hsclient_real", tests)

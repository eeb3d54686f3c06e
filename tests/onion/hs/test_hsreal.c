/* tests/onion/hs/test_hsreal.c - against what real tor did
 *
 * Taken from a private network of Debian's tor 0.4.9.11 (TestingTorNetwork,
 * votings every 10 s, hsdir_spread_fetch=1): what a client had as consensus
 * and microdescriptors, which directories it asked for which descriptor (its
 * event HS_DESC), and the descriptors of three services that it got there.
 * Three times: when the shared random value that clients want was not yet
 * there, when they want the current one, and when the previous.
 */
#include <stdlib.h>
#include <string.h>

#include "base/enc.h"
#include "base/why.h"
#include "onion/crypto/crypt.h"
#include "onion/dir/consensus.h"
#include "onion/dir/microdesc.h"
#include "onion/dir/netdir.h"
#include "onion/hs/blind.h"
#include "onion/hs/hsdesc.h"
#include "onion/hs/hsring.h"
#include "onion/hs/hstime.h"
#include "onion/hs/onionaddr.h"
#include "tests/onion/crypto/hex.h"
#include "tests/unit.h"
#include "tests/vectors/hs.h"

static const struct moment {
	const char	*dir;
	int64_t		 now;
	int		 disaster;
	const char	*plain, *auth, *pow;	/* addresses */
	const char	*asked;			/* descriptor id */
	const char	*dirs[2];		/* fingerprints */
} moments[] = {
#include "tests/vectors/hs/moments.h"
};

static struct mdset *
read_mds(const char *name)
{
	static char text[65536];
	struct mdset *set = mdset_new();
	struct microdesc_reader r;
	struct microdesc_raw raw;

	ck_assert_ptr_nonnull(set);
	microdesc_read_init(&r, text, vector(name, (uint8_t *)text,
	    sizeof(text)));
	while (microdesc_read(&r, &raw) > 0)
		(void)mdset_add(set, &raw, 1);
	return set;
}

static struct netdir *
read_net(const struct moment *m)
{
	static char text[65536];
	struct consensus *c;
	struct netdir *nd;
	struct mdset *set;
	char name[64];
	size_t n;

	snprintf(name, sizeof(name), "hs/%s/consensus", m->dir);
	n = vector(name, (uint8_t *)text, sizeof(text));
	ck_assert_int_eq(consensus_parse(&c, text, n, 1), 0);
	snprintf(name, sizeof(name), "hs/%s/microdescs", m->dir);
	set = read_mds(name);
	ck_assert_int_eq(netdir_build(&nd, c, set), 0);
	ck_assert_uint_eq(nd->nmissing, 0);
	consensus_free(c);
	mdset_free(set);
	return nd;
}

static void
blind_of(struct blind *b, const char *label, const struct hstime *t)
{
	uint8_t key[ONIONADDR_KEY];
	char host[80];

	snprintf(host, sizeof(host), "%s.onion", label);
	ck_assert_int_eq(onionaddr_parse(host, key), ONIONADDR_OK);
	ck_assert_int_eq(blind_service(b, key, t->period, t->minutes), 0);
}

static size_t
find(const struct netdir *nd, const struct hstime *t, const uint8_t *blinded,
    const struct relay **got)
{
	struct hsring *ring;
	size_t n;

	ck_assert_int_eq(hsring_new(&ring, nd, t), 0);
	n = hsring_find(ring, blinded, got);
	hsring_free(ring);
	return n;
}

START_TEST(hsreal_directories_are_those_that_tor_asked)
{
	const struct moment *m = &moments[_i];
	const struct relay *got[HSRING_MAX];
	struct netdir *nd = read_net(m);
	char id[ENC_B64_LEN(32)], fp[2][41];
	struct hstime t;
	struct blind b;

	hstime_of(&t, nd, 1);
	ck_assert_int_eq(t.disaster, m->disaster);
	ck_assert_uint_eq(t.minutes, 4);
	blind_of(&b, m->plain, &t);
	enc_b64_bare(id, b.key, sizeof(b.key));
	ck_assert_str_eq(id, m->asked);
	ck_assert_uint_eq(find(nd, &t, b.key, got), 2);
	enc_hex(fp[0], got[0]->rsa, 20);
	enc_hex(fp[1], got[1]->rsa, 20);
	ck_assert((strcmp(fp[0], m->dirs[0]) == 0 &&
	    strcmp(fp[1], m->dirs[1]) == 0) ||
	    (strcmp(fp[0], m->dirs[1]) == 0 &&
	    strcmp(fp[1], m->dirs[0]) == 0));
	netdir_free(nd);
}
END_TEST

static int
open_one(struct hsdesc **d, const struct moment *m, const char *file,
    const struct blind *b, const uint8_t *auth)
{
	static char text[HSDESC_TEXT_MAX];
	char name[64];
	size_t n;

	snprintf(name, sizeof(name), "hs/%s/%s", m->dir, file);
	n = vector(name, (uint8_t *)text, sizeof(text));
	return hsdesc_open(d, text, n, b, auth, m->now);
}

/* Its introduction points are relays of that network. */
static void
check(struct hsdesc *d, const struct netdir *nd, const struct moment *m)
{
	size_t i;

	ck_assert_uint_ge(d->nintros, 1);
	ck_assert_int_eq(d->lifetime_s, 180 * 60);
	ck_assert_int_gt(d->cert_expires, m->now + 24 * 3600);
	ck_assert_int_eq(d->flow_control, 1);
	ck_assert_int_eq(d->sendme_inc, 31);
	ck_assert_int_eq(d->single, 0);
	for (i = 0; i < d->nintros; i++) {
		const struct hopinfo *h = &d->intro[i].relay;
		const struct relay *r = netdir_by_rsa(nd, h->id.rsa);

		ck_assert_ptr_nonnull(r);
		ck_assert_int_eq(h->id.has_ed, 1);
		ck_assert_mem_eq(h->id.ed, r->ed, 32);
		ck_assert_mem_eq(h->ntor, r->ntor, 32);
		ck_assert(addr_equal(&h->or4, &r->or4));
	}
	free(d);
}

START_TEST(hsreal_descriptors_open)
{
	const struct moment *m = &moments[_i];
	struct netdir *nd = read_net(m);
	uint8_t alice[32], eve[32];
	struct hsdesc *d;
	struct hstime t;
	struct blind b;

	UNHEX(alice, hsv_alice);
	UNHEX(eve, hsv_eve);
	hstime_of(&t, nd, 1);
	blind_of(&b, m->plain, &t);
	ck_assert_int_eq(open_one(&d, m, "plain", &b, NULL), 0);
	ck_assert_int_eq(d->pow.has, 0);
	check(d, nd, m);

	blind_of(&b, m->auth, &t);
	ck_assert_int_eq(open_one(&d, m, "auth", &b, NULL),
	    -WHY_HS_AUTH_MISSING);
	ck_assert_int_eq(open_one(&d, m, "auth", &b, eve),
	    -WHY_HS_AUTH_WRONG);
	ck_assert_int_eq(open_one(&d, m, "auth", &b, alice), 0);
	check(d, nd, m);

	blind_of(&b, m->pow, &t);
	ck_assert_int_eq(open_one(&d, m, "pow", &b, NULL), 0);
	ck_assert_int_eq(d->pow.has, 1);
	ck_assert_int_gt(d->pow.expires, m->now);
	ck_assert_int_lt(d->pow.expires, m->now + 4 * 3600);
	check(d, nd, m);

	blind_of(&b, m->plain, &t);	/* another's */
	ck_assert_int_eq(open_one(&d, m, "pow", &b, NULL), -WHY_HS_INVALID);
	netdir_free(nd);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT_LOOP(hsreal_directories_are_those_that_tor_asked,
	    NELEM(moments)),
	UNIT_LOOP(hsreal_descriptors_open, NELEM(moments)),
};

int
main(void)
{
	crypt_init();
	return unit_run("hsreal", tests, NELEM(tests));
}

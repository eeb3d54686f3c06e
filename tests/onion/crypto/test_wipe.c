/* tests/onion/crypto/test_wipe.c - keys are gone from memory that is freed
 *
 * Linked with --wrap=free: every block that our own code gives back is looked
 * through for the bytes that the test uses as secrets.  OpenSSL's memory is
 * its own affair, and so is the stack.
 */
#include <malloc.h>
#include <sodium.h>
#include <string.h>

#include "onion/crypto/cgo.h"
#include "onion/crypto/crypt.h"
#include "onion/crypto/handshake.h"
#include "onion/crypto/hopcrypt.h"
#include "tests/onion/crypto/hex.h"
#include "tests/sim/simhand.h"
#include "tests/unit.h"
#include "tests/vectors/cgo.h"

enum { NEEDLE = 16, NEEDLES_MAX = 8 };

void	__real_free(void *);
void	__wrap_free(void *);

static uint8_t needles[NEEDLES_MAX][NEEDLE];
static size_t nneedles;
static unsigned freed, found;

void
__wrap_free(void *p)
{
	size_t i, len = p ? malloc_usable_size(p) : 0;

	for (i = 0; i < nneedles; i++)
		if (len >= NEEDLE &&
		    memmem(p, len, needles[i], NEEDLE) != NULL)
			found++;
	freed += nneedles > 0 && p != NULL;
	__real_free(p);
}

static void
look_for(const void *secret)
{
	ck_assert_uint_lt(nneedles, NEEDLES_MAX);
	memcpy(needles[nneedles++], secret, NEEDLE);
}

static void
look_no_more(void)
{
	ck_assert_uint_gt(freed, 0);
	nneedles = 0;
}

/* The test itself must be able to fail. */
START_TEST(free_of_a_block_that_was_not_wiped_is_noticed)
{
	uint8_t secret[NEEDLE], *p = malloc(100);
	volatile uint8_t *v = p;
	size_t i;

	memset(secret, 0xa5, sizeof(secret));
	for (i = 0; i < NEEDLE; i++)
		v[40 + i] = secret[i];
	look_for(secret);
	free(p);
	look_no_more();
	ck_assert_uint_eq(found, 1);
}
END_TEST

/* Seeds lie in the digests until the first body; key stream that was made
 * ahead is as good as a key for what comes. */
START_TEST(hopcrypt_free_wipes_seeds_and_key_stream)
{
	struct handshake_keys k = { 0 };
	uint8_t body[HOPCRYPT_BODY] = { 0 }, tag[HOPCRYPT_TAG];
	struct crypt_ctr *ctr;
	struct hopcrypt *h;
	int i;

	crypt_init();
	memset(k.df, 0xa1, sizeof(k.df));
	memset(k.db, 0xa2, sizeof(k.db));
	memset(k.kf, 0xa3, sizeof(k.kf));
	memset(k.kb, 0xa4, sizeof(k.kb));
	ck_assert((ctr = crypt_ctr_new(k.kf, sizeof(k.kf))) != NULL);
	for (i = 0; i <= _i; i++) {
		memset(body, 0, sizeof(body));
		crypt_ctr_xor(ctr, body, sizeof(body));
	}
	crypt_ctr_free(ctr);
	look_for(k.df);
	look_for(k.db);
	look_for(k.kf);
	look_for(body);			/* of the cell after those sent */
	ck_assert((h = hopcrypt_new(&k)) != NULL);
	for (i = 0; i < _i; i++) {
		memset(body, 0, sizeof(body));
		hopcrypt_originate(h, 3, body, tag);
	}
	hopcrypt_free(h);
	look_no_more();
	ck_assert_uint_eq(found, 0);
}
END_TEST

/* As it was made, and after an UPDATE; the known one, so that what it made is
 * known. */
START_TEST(cgo_free_wipes_keys)
{
	uint8_t keys[CGO_KEYS], body[CGO_BODY] = { 0 }, tag[CGO_TAG];
	struct cgo *c;
	int i;

	crypt_init();
	UNHEX(keys, cgov_update[2].before);
	ck_assert_ptr_nonnull(c = cgo_new(keys));
	if (_i == 1) {
		cgo_originate(c, 3, body, tag);
		UNHEX(keys, cgov_update[2].after);
	}
	for (i = 0; i < CGO_KEYS; i += NEEDLE)
		look_for(keys + i);
	cgo_free(c);
	look_no_more();
	ck_assert_uint_eq(found, 0);
	cgo_free(NULL);
}
END_TEST

/* All that is random is 0x5b, so also the handshake's secret. */
static void
known_bytes(void *p, size_t len)
{
	memset(p, 0x5b, len);
}

static uint32_t
known_u32(void)
{
	return 0x5b5b5b5b;
}

static const char *
known_name(void)
{
	return "known";
}

static void
make_known(void)
{
	static struct randombytes_implementation known = {
		.implementation_name = known_name, .random = known_u32,
		.buf = known_bytes
	};
	uint8_t stock[512];
	int i;

	randombytes_set_implementation(&known);
	for (i = 0; i < 64; i++)		/* whatever was in stock */
		rand_bytes(stock, sizeof(stock));
}

static const enum handshake_kind kinds[] = {
	HANDSHAKE_FAST, HANDSHAKE_NTOR, HANDSHAKE_NTOR3
};

/* Row by row: not answered, answered well, answered with a wrong bit. */
START_TEST(handshake_free_wipes_its_secret)
{
	enum handshake_kind kind = kinds[_i % 3];
	uint8_t out[HANDSHAKE_DATA_MAX], reply[HANDSHAKE_REPLY_MAX], x[NEEDLE];
	struct handshake_keys k, theirs;
	struct simhand_relay relay;
	struct handshake *h;
	int n, rc;

	crypt_init();
	simhand_relay_new(&relay);
	make_known();
	memset(x, 0x5b, sizeof(x));
	look_for(x);
	n = handshake_start(&h, kind, relay.rsa_id, relay.ed_id,
	    relay.ntor_pub, NULL, out, sizeof(out));
	ck_assert_int_gt(n, 0);
	/* The relay's secret must be another one. */
	rand_init();
	n = simhand_answer(&relay, (int)kind, out, (size_t)n, reply,
	    sizeof(reply), &theirs);
	ck_assert_int_gt(n, 0);
	reply[n - 1] ^= _i / 3 == 2;
	if (_i / 3 > 0) {
		rc = handshake_finish(h, reply, (size_t)n, &k);
		ck_assert_int_eq(rc == 0, _i / 3 == 1);
	}
	handshake_free(h);
	look_no_more();
	ck_assert_uint_eq(found, 0);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(free_of_a_block_that_was_not_wiped_is_noticed),
	UNIT_LOOP(hopcrypt_free_wipes_seeds_and_key_stream, 4),
	UNIT_LOOP(cgo_free_wipes_keys, 2),
	UNIT_LOOP(handshake_free_wipes_its_secret, 9),
};
UNIT_MAIN("wipe", tests)

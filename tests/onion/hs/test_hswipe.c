/* tests/onion/hs/test_hswipe.c - keys of clients, and what only they may read,
 * are gone from memory that is freed
 *
 * Linked with --wrap=free, as test_wipe.c of crypto/.
 */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "onion/crypto/crypt.h"
#include "onion/hs/hsauth.h"
#include "onion/hs/hsdesc.h"
#include "tests/onion/crypto/hex.h"
#include "tests/onion/dir/tmpdir.h"
#include "tests/unit.h"
#include "tests/vectors/hs.h"

enum { NEEDLE = 16 };

void	__real_free(void *);
void	__wrap_free(void *);

static uint8_t needle[NEEDLE];
static int looking;
static unsigned freed, found;

void
__wrap_free(void *p)
{
	size_t len = p ? malloc_usable_size(p) : 0;

	if (looking && len >= NEEDLE) {
		found += memmem(p, len, needle, NEEDLE) != NULL;
		freed++;
	}
	__real_free(p);
}

static void
look_for(const void *secret)
{
	memcpy(needle, secret, NEEDLE);
	looking = 1;
}

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
	ck_assert_uint_eq(found, 1);
}
END_TEST

START_TEST(hsauth_free_wipes_keys_also_of_files_left_out)
{
	struct hsauth *a;
	uint8_t alice[32];
	char why[256];
	FILE *f;
	int i;

	UNHEX(alice, hsv_alice);
	be_quiet();
	tmpdir_make();
	for (i = 0; i < 2; i++) {
		f = fopen(tmpdir_path(i ? "a.auth_private" :
		    "b.auth_private"), "w");
		fprintf(f, "%s:descriptor:x25519:%s\n", hsv_address,
		    hsv_alice_base32);
		fclose(f);
	}
	look_for(alice);
	ck_assert_int_eq(hsauth_load(&a, tmpdir, why, sizeof(why)), 0);
	ck_assert_uint_eq(hsauth_count(a), 1);
	hsauth_free(a);
	ck_assert_uint_gt(freed, 0);
	ck_assert_uint_eq(found, 0);
	looking = 0;
	tmpdir_remove();
}
END_TEST

/* The inner layer of a service that wants to be found by some only. */
START_TEST(hsdesc_open_wipes_what_it_opened)
{
	static uint8_t text[HSDESC_TEXT_MAX];
	uint8_t alice[32];
	struct hsdesc *d;
	struct blind b;
	size_t n;

	UNHEX(alice, hsv_alice);
	UNHEX(b.key, hsv_blinded);
	UNHEX(b.subcredential, hsv_subcredential);
	n = vector("hs/auth", text, sizeof(text));
	look_for("introduction-point");
	ck_assert_int_eq(hsdesc_open(&d, (const char *)text, n, &b, alice,
	    HSV_NOW), 0);
	ck_assert_uint_gt(freed, 1);
	ck_assert_uint_eq(found, 0);
	looking = 0;
	free(d);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(free_of_a_block_that_was_not_wiped_is_noticed),
	UNIT(hsauth_free_wipes_keys_also_of_files_left_out),
	UNIT(hsdesc_open_wipes_what_it_opened),
};

int
main(void)
{
	crypt_init();
	return unit_run("hswipe", tests, NELEM(tests));
}

/* tests/onion/hs/test_hsauth.c - ClientOnionAuthDir */
#include "onion/hs/hsauth.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include <sodium.h>

#include "base/enc.h"
#include "onion/crypto/crypt.h"
#include "onion/hs/onionaddr.h"
#include "tests/onion/crypto/hex.h"
#include "tests/onion/dir/tmpdir.h"
#include "tests/unit.h"
#include "tests/vectors/hs.h"

#define ADDR	"kgr5bxqj3hrfiytpf577tcqk3jcrcddqszjrqtvmdta46gd5jtzahbyd"
#define DUCK	"duckduckgogg42xjoc72x3sjasowoarfbgcmvfimaftt6twagswzczad"
/* Of rend-spec-v3 G.1.2. */
#define KEY	"OM7TGIVRYMY6PFX6GAC6ATRTA5U6WW6U7A4ZNHQDI6OVL52XVV2Q"
#define ZERO	"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define LINE	ADDR ":descriptor:x25519:" KEY

/* --- one line --- */

static const struct {
	const char	*text;
	int		 ok;
} lines[] = {
	{ LINE, 1 },
	{ LINE "\n", 1 },
	{ LINE "\r\n\r\n", 1 },
	{ "  " ADDR " : descriptor :\tx25519 : " KEY " \n", 1 },
	{ ADDR ":descriptor:x25519:om7tgivrymy6pfx6gac6atrta5u6ww6u7a4znhqdi6ov"
	    "l52xvv2q", 1 },
	{ "", 0 },
	{ ":", 0 },
	{ ":::", 0 },
	{ ADDR, 0 },
	{ ADDR ":descriptor:x25519", 0 },
	{ ADDR ":descriptor:x25519:", 0 },
	{ LINE ":", 0 },
	{ LINE ":more", 0 },
	{ LINE "\n" LINE, 0 },
	{ LINE "\nmore", 0 },
	{ ADDR ":intro:x25519:" KEY, 0 },
	{ ADDR ":descriptor:x448:" KEY, 0 },
	{ ADDR ":Descriptor:x25519:" KEY, 0 },
	{ "descriptor:x25519:" KEY, 0 },		/* the service's half */
	{ ADDR ".onion:descriptor:x25519:" KEY, 0 },
	{ "a" ADDR ":descriptor:x25519:" KEY, 0 },
	{ "lgr5bxqj3hrfiytpf577tcqk3jcrcddqszjrqtvmdta46gd5jtzahbyd"
	    ":descriptor:x25519:" KEY, 0 },		/* checksum */
	{ "expyuzz4wqqyqhjn:descriptor:x25519:" KEY, 0 },
	{ ADDR ":descriptor:x25519:" KEY "A", 0 },
	{ ADDR ":descriptor:x25519:" KEY "====", 0 },
	{ ADDR ":descriptor:x25519:0M7TGIVRYMY6PFX6GAC6ATRTA5U6WW6U7A4ZNHQDI6OV"
	    "L52XVV2Q", 0 },
	{ ADDR ":descriptor:x25519:OM7TGIVRYMY6PFX6GAC6ATRTA5U6WW6U7A4ZNHQDI6OV"
	    "L52XVV2R", 0 },		/* bits that mean nothing */
	{ ADDR ":descriptor:x25519:" ZERO, 0 },
};

START_TEST(hsauth_parse_takes_what_is_a_key)
{
	uint8_t service[32] = { 7 }, key[32] = { 8 };
	const char *why = NULL, *text = lines[_i].text;

	ck_assert_msg((hsauth_parse(text, strlen(text), service, key, &why) ==
	    0) == lines[_i].ok, "%s", text);
	if (lines[_i].ok) {
		CK_HEX(service, 32, hsv_service);
		CK_HEX(key, 32, "733f3322b1c331e796fe3005e04e330769eb5bd4f839"
		    "969e03479d55f757ad75");
	} else {
		ck_assert_int_eq(service[0], 7);
		ck_assert_int_eq(key[0], 8);
		ck_assert_ptr_nonnull(why);
		/* What is secret stands in no message. */
		ck_assert_ptr_null(strstr(why, "OM7T"));
	}
}
END_TEST

START_TEST(hsauth_parse_bytes_of_all_kinds_are_refused)
{
	static char big[HSAUTH_FILE_MAX + 1];
	static const char nul[] = "kgr5bxqj3hrfiytpf577tcqk3jcrcddqszjrqtvmdta"
	    "46gd5jtzah\0yd:descriptor:x25519:" KEY;
	uint8_t service[32], key[32];
	const char *why;

	ck_assert_int_eq(hsauth_parse(nul, sizeof(nul) - 1, service, key,
	    &why), -EBADMSG);
	memset(big, ' ', sizeof(big));
	memcpy(big, LINE, sizeof(LINE) - 1);
	ck_assert_int_eq(hsauth_parse(big, HSAUTH_FILE_MAX, service, key,
	    &why), 0);
	ck_assert_int_eq(hsauth_parse(big, HSAUTH_FILE_MAX + 1, service, key,
	    &why), -EBADMSG);
	memset(big, ':', sizeof(big));
	ck_assert_int_eq(hsauth_parse(big, HSAUTH_FILE_MAX, service, key,
	    &why), -EBADMSG);
}
END_TEST

/* --- the folder --- */

static unsigned warnings;

static void
count_warnings(void *arg, enum log_level level, const char *line)
{
	(void)arg;
	if (level != LL_WARN)
		return;
	warnings++;
	/* Neither a key nor a name. */
	ck_assert_ptr_null(strstr(line, "OM7T"));
	ck_assert_ptr_null(strstr(line, "kgr5"));
	ck_assert_ptr_null(strstr(line, ".auth_private"));
}

static void
setup(void)
{
	tmpdir_make();
	be_quiet();
	log_capture(count_warnings, NULL);
}

static void
put(const char *name, const char *text)
{
	FILE *f = fopen(tmpdir_path(name), "w");

	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	fclose(f);
}

static void
key_of(uint8_t service[32], const char *label)
{
	char host[80];

	snprintf(host, sizeof(host), "%s.onion", label);
	ck_assert_int_eq(onionaddr_parse(host, service), ONIONADDR_OK);
}

START_TEST(hsauth_load_without_a_folder_is_empty)
{
	struct hsauth *a = NULL;
	uint8_t service[32];
	char why[256];

	ck_assert_int_eq(hsauth_load(&a, _i ? "" : NULL, why, sizeof(why)),
	    0);
	ck_assert_ptr_nonnull(a);
	ck_assert_uint_eq(hsauth_count(a), 0);
	key_of(service, ADDR);
	ck_assert_ptr_null(hsauth_key(a, service));
	ck_assert_ptr_null(hsauth_key(NULL, service));
	hsauth_free(a);
	hsauth_free(NULL);
}
END_TEST

START_TEST(hsauth_load_reads_all_keys_that_are_there)
{
	struct hsauth *a = NULL;
	uint8_t service[32], other[32];
	char why[256], line[256];

	setup();
	put("a.auth_private", LINE "\n");
	snprintf(line, sizeof(line), "%s:descriptor:x25519:%s", DUCK,
	    hsv_alice_base32);
	put("b.auth_private", line);
	ck_assert_int_eq(hsauth_load(&a, tmpdir, why, sizeof(why)), 0);
	ck_assert_uint_eq(hsauth_count(a), 2);
	key_of(service, ADDR);
	CK_HEX(hsauth_key(a, service), 32, "733f3322b1c331e796fe3005e04e330769"
	    "eb5bd4f839969e03479d55f757ad75");
	key_of(other, DUCK);
	CK_HEX(hsauth_key(a, other), 32, hsv_alice);
	service[0] ^= 1;
	ck_assert_ptr_null(hsauth_key(a, service));
	ck_assert_uint_eq(warnings, 0);
	hsauth_free(a);
	tmpdir_remove();
}
END_TEST

/* What is no key is told and left out; what has another name isn't looked at;
 * the first by name counts. */
START_TEST(hsauth_load_leaves_out_what_makes_no_sense)
{
	static char big[HSAUTH_FILE_MAX * 2];
	struct hsauth *a = NULL;
	uint8_t service[32];
	char why[256], line[256];

	setup();
	memset(big, ' ', sizeof(big) - 1);
	memcpy(big, LINE, sizeof(LINE) - 1);
	snprintf(line, sizeof(line), "%s:descriptor:x25519:%s", ADDR,
	    hsv_alice_base32);
	put("a.auth_private", "");				/* told */
	put("b.auth_private", big);				/* told */
	put("c.auth_private", LINE);
	put("d.auth_private", line);				/* told */
	put("e.auth", line);
	put(".auth_private", line);
	put(".f.auth_private", line);
	put("g.auth_private.bak", line);
	ck_assert_int_eq(mkfifo(tmpdir_path("h.auth_private"), 0600), 0);
	ck_assert_int_eq(symlink("/nowhere", tmpdir_path("i.auth_private")),
	    0);
	ck_assert_int_eq(symlink(".", tmpdir_path("j.auth_private")), 0);
	ck_assert_int_eq(hsauth_load(&a, tmpdir, why, sizeof(why)), 0);
	ck_assert_uint_eq(hsauth_count(a), 1);
	key_of(service, ADDR);
	CK_HEX(hsauth_key(a, service), 32, "733f3322b1c331e796fe3005e04e330769"
	    "eb5bd4f839969e03479d55f757ad75");
	ck_assert_uint_eq(warnings, 6);
	hsauth_free(a);
	tmpdir_remove();
}
END_TEST

static const mode_t modes[] = { 0755, 0750, 0710, 0701, 0770, 0777, 0740 };

START_TEST(hsauth_load_folder_of_everybody_is_an_error)
{
	struct hsauth *a = NULL;
	char why[256] = "";

	setup();
	put("a.auth_private", LINE);
	ck_assert_int_eq(chmod(tmpdir, modes[_i]), 0);
	ck_assert_int_lt(hsauth_load(&a, tmpdir, why, sizeof(why)), 0);
	ck_assert_ptr_null(a);
	ck_assert_ptr_nonnull(strstr(why, tmpdir));
	ck_assert_ptr_nonnull(strstr(why, "chmod 700"));
	ck_assert_int_eq(chmod(tmpdir, 0700), 0);
	ck_assert_int_eq(hsauth_load(&a, tmpdir, why, sizeof(why)), 0);
	hsauth_free(a);
	tmpdir_remove();
}
END_TEST

START_TEST(hsauth_load_of_what_is_no_folder_is_an_error)
{
	struct hsauth *a = NULL;
	char why[256] = "";

	setup();
	put("file", LINE);
	ck_assert_int_lt(hsauth_load(&a, tmpdir_path("file"), why,
	    sizeof(why)), 0);
	ck_assert_int_gt(strlen(why), 20);
	why[0] = '\0';
	ck_assert_int_lt(hsauth_load(&a, tmpdir_path("gone"), why,
	    sizeof(why)), 0);
	ck_assert_int_gt(strlen(why), 20);
	ck_assert_ptr_null(a);
	tmpdir_remove();
}
END_TEST

static void
random_label(char label[ONIONADDR_TEXT])
{
	uint8_t sec[64], pub[32];

	crypto_sign_keypair(pub, sec);
	onionaddr_format(pub, label);
	label[ONIONADDR_LABEL] = '\0';
}

/* At the ceiling, and over it. */
START_TEST(hsauth_load_keeps_to_its_ceiling)
{
	char why[256], line[256], name[64], label[ONIONADDR_TEXT];
	struct hsauth *a = NULL;
	int i;

	setup();
	for (i = 0; i < HSAUTH_MAX + 3; i++) {
		random_label(label);
		snprintf(line, sizeof(line), "%s:descriptor:x25519:%s", label,
		    KEY);
		snprintf(name, sizeof(name), "%d.auth_private", i);
		put(name, line);
	}
	ck_assert_int_eq(hsauth_load(&a, tmpdir, why, sizeof(why)), 0);
	ck_assert_uint_eq(hsauth_count(a), HSAUTH_MAX);
	ck_assert_uint_eq(warnings, 1);
	hsauth_free(a);
	tmpdir_remove();
}
END_TEST

static const struct unit_test tests[] = {
	UNIT_LOOP(hsauth_parse_takes_what_is_a_key, NELEM(lines)),
	UNIT(hsauth_parse_bytes_of_all_kinds_are_refused),
	UNIT_LOOP(hsauth_load_without_a_folder_is_empty, 2),
	UNIT(hsauth_load_reads_all_keys_that_are_there),
	UNIT(hsauth_load_leaves_out_what_makes_no_sense),
	UNIT_LOOP(hsauth_load_folder_of_everybody_is_an_error, NELEM(modes)),
	UNIT(hsauth_load_of_what_is_no_folder_is_an_error),
	UNIT(hsauth_load_keeps_to_its_ceiling),
};

int
main(void)
{
	crypt_init();
	return unit_run("hsauth", tests, NELEM(tests));
}

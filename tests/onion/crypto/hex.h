/* tests/onion/crypto/hex.h - bytes written as text, and files of them */
#ifndef TESTS_ONION_CRYPTO_HEX_H
#define TESTS_ONION_CRYPTO_HEX_H

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/enc.h"

/* Into an array, which must be filled exactly. */
#define UNHEX(arr, text) \
	ck_assert_int_eq(dec_hex(arr, sizeof(arr), text, strlen(text)), \
	    (int)sizeof(arr))

/* However long it is. */
static inline size_t
unhex(uint8_t *out, size_t max, const char *text)
{
	int n = dec_hex(out, max, text, strlen(text));

	ck_assert_int_ge(n, 0);
	return (size_t)n;
}

#define CK_HEX(got, len, text) ck_hex(got, len, text, __LINE__)
static inline void
ck_hex(const uint8_t *got, size_t len, const char *text, int line)
{
	uint8_t want[4096];

	ck_assert_msg(unhex(want, sizeof(want), text) == len &&
	    memcmp(got, want, len) == 0, "line %d: other than %s", line, text);
}

/* A file of tests/vectors; its length. */
static inline size_t
vector(const char *name, uint8_t *out, size_t max)
{
	const char *dir = getenv("srcdir");
	char path[512];
	size_t n;
	FILE *f;

	snprintf(path, sizeof(path), "%s/tests/vectors/%s",
	    dir != NULL ? dir : ".", name);
	f = fopen(path, "rb");
	ck_assert_msg(f != NULL, "%s is not there", path);
	n = fread(out, 1, max, f);
	fclose(f);
	return n;
}

#endif

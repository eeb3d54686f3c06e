/* tests/daemon/golden.h - files that tell what comes of others
 *
 * golden_each() calls for each tests/golden/PATTERN; what comes of one is
 * compared by golden_is() with the file of the same name and another ending.
 * CONF_GOLDEN_WRITE=1 in the environment writes those anew, for a person to look
 * through.
 */
#ifndef TESTS_DAEMON_GOLDEN_H
#define TESTS_DAEMON_GOLDEN_H

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit.h"

enum { GOLDEN_MAX = 1 << 17 };

/* All of it and a NUL, the caller's; NULL: it is not there. */
static char *
golden_read(const char *path, size_t *len)
{
	FILE *f = fopen(path, "rb");
	char *text = calloc(1, GOLDEN_MAX);

	ck_assert_ptr_nonnull(text);
	if (f == NULL) {
		free(text);
		return NULL;
	}
	*len = fread(text, 1, GOLDEN_MAX - 1, f);
	ck_assert_uint_lt(*len, GOLDEN_MAX - 1);
	fclose(f);
	return text;
}

/* Where the two part: a line of each says more than both whole. */
static void
golden_differs(const char *path, const char *got, const char *want)
{
	size_t i, line = 0, n = 1;

	for (i = 0; got[i] && got[i] == want[i]; i++)
		if (got[i] == '\n') {
			line = i + 1;
			n++;
		}
	ck_abort_msg("%s:%zu: got\n%.*s\nwanted\n%.*s", path, n,
	    (int)strcspn(got + line, "\n"), got + line,
	    (int)strcspn(want + line, "\n"), want + line);
}

static void
golden_is(const char *in_path, const char *ending, const char *got)
{
	const char *dot = strrchr(in_path, '.');
	char path[4096], *want;
	size_t len;
	FILE *f;

	snprintf(path, sizeof(path), "%.*s.%s", (int)(dot - in_path), in_path,
	    ending);
	if (getenv("CONF_GOLDEN_WRITE")) {
		ck_assert_ptr_nonnull(f = fopen(path, "wb"));
		fputs(got, f);
		fclose(f);
	}
	want = golden_read(path, &len);
	ck_assert_msg(want != NULL, "%s is missing", path);
	if (strcmp(got, want) != 0)
		golden_differs(path, got, want);
	free(want);
}

/* @least: so many files have to be there. */
static void
golden_each(const char *pattern, size_t least, void (*fn)(const char *path))
{
	const char *srcdir = getenv("srcdir");
	char all[4096];
	glob_t g;
	size_t i;

	snprintf(all, sizeof(all), "%s/tests/golden/%s", srcdir ? srcdir : ".",
	    pattern);
	ck_assert_int_eq(glob(all, 0, NULL, &g), 0);
	ck_assert_uint_ge(g.gl_pathc, least);
	for (i = 0; i < g.gl_pathc; i++)
		fn(g.gl_pathv[i]);
	globfree(&g);
}

#endif

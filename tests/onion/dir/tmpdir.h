/* tests/onion/dir/tmpdir.h - a directory of its own for each test */
#ifndef TESTS_ONION_DIR_TMPDIR_H
#define TESTS_ONION_DIR_TMPDIR_H

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"

static char tmpdir[256];

/* What goes wrong on purpose need not be read by anybody. */
static inline void
be_quiet(void)
{
	struct log_set *none = log_set_new();

	if (none == NULL || log_set_add(none, LL_ERR, LL_ERR, LOG_TO_STDERR,
	    NULL) < 0)
		abort();
	log_set_use(none);
}

static inline const char *
tmpdir_make(void)
{
	const char *base = getenv("TMPDIR");

	snprintf(tmpdir, sizeof(tmpdir), "%s/onion-test-XXXXXX",
	    base ? base : "/tmp");
	if (mkdtemp(tmpdir) == NULL)
		abort();
	return tmpdir;
}

static inline void
tmpdir_remove(void)
{
	struct dirent *e;
	DIR *d;

	if ((d = opendir(tmpdir)) == NULL)
		return;
	while ((e = readdir(d)) != NULL)
		unlinkat(dirfd(d), e->d_name,
		    strcmp(e->d_name, "sub") == 0 ? AT_REMOVEDIR : 0);
	closedir(d);
	rmdir(tmpdir);
}

static inline const char *
tmpdir_path(const char *name)
{
	static char path[512];

	snprintf(path, sizeof(path), "%s/%s", tmpdir, name);
	return path;
}

static inline void
tmpdir_put(const char *name, const void *p, size_t len)
{
	FILE *f = fopen(tmpdir_path(name), "wb");

	if (f == NULL || fwrite(p, 1, len, f) != len || fclose(f) != 0)
		abort();
}

/* Freed by the caller; NULL: no such file. */
static inline char *
tmpdir_get(const char *name, size_t *len)
{
	FILE *f = fopen(tmpdir_path(name), "rb");
	char *p;

	if (f == NULL)
		return NULL;
	fseek(f, 0, SEEK_END);
	*len = (size_t)ftell(f);
	rewind(f);
	p = malloc(*len + 1);
	if (p == NULL || fread(p, 1, *len, f) != *len)
		abort();
	p[*len] = '\0';
	fclose(f);
	return p;
}

#endif

/* tests/fuzz/replay.c - feeds a corpus to a fuzz target, once
 *
 * What `make check` runs where there is no libFuzzer: the target is linked
 * with this main(), which gives it every file of tests/fuzz/corpus/<name>, an
 * empty input, and every file cut short at some lengths.  Each input is a copy
 * of exact size on the heap, so that a sanitizer sees a read past its end.
 *
 * With NOMEM in the environment, each file is read with too little memory instead
 * (nomem.h; tests/fuzz/check-nomem runs all targets so).
 */
#include <dirent.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/nomem.h"

enum { NOMEM_FILES = 8 };	/* of one target: each costs many processes */

static unsigned runs;
static int short_of_memory;
static struct nomem_tally tally;

static void
one(const uint8_t *p, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);

	if (copy == NULL)
		abort();
	if (len)
		memcpy(copy, p, len);
	LLVMFuzzerTestOneInput(copy, len);
	free(copy);
	runs++;
}

static void
file(const char *path)
{
	static uint8_t buf[4 * 1024 * 1024];
	FILE *f = fopen(path, "rb");
	size_t n, cut;

	if (f == NULL) {
		perror(path);
		exit(1);
	}
	n = fread(buf, 1, sizeof(buf), f);
	fclose(f);
	if (short_of_memory) {
		nomem_input(path, buf, n, &tally);
		return;
	}
	one(buf, n);
	for (cut = 1; cut < n; cut += cut < 16 ? 1 : n / 16 + 1)
		one(buf, cut);
}

int
main(int argc, char **argv)
{
	const char *name = strrchr(argv[0], '/');
	const char *srcdir = getenv("srcdir");
	char dir[PATH_MAX / 2], path[PATH_MAX];
	unsigned files = 0;
	struct dirent *d;
	DIR *corpus;

	(void)argc;
	short_of_memory = getenv("NOMEM") != NULL;
	if (short_of_memory && !nomem_possible())
		return 77;
	name = name ? name + 1 : argv[0];
	if (strncmp(name, "fz_", 3) == 0)
		name += 3;
	snprintf(dir, sizeof(dir), "%s/tests/fuzz/corpus/%s",
	    srcdir ? srcdir : ".", name);
	if (!short_of_memory)
		one((const uint8_t *)"", 0);
	if ((corpus = opendir(dir)) == NULL) {
		perror(dir);
		return 1;
	}
	while ((d = readdir(corpus)) != NULL) {
		if (d->d_name[0] == '.' ||
		    (short_of_memory && files == NOMEM_FILES))
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, d->d_name);
		file(path);
		files++;
	}
	closedir(corpus);
	if (short_of_memory) {
		printf("%s: %u allocations refused, %u deaths\n", name,
		    tally.refused, tally.died);
		return tally.died != 0;
	}
	printf("%s: %u files, %u inputs\n%u passed, 0 failed\n", name, files,
	    runs, files);
	return files ? 0 : 1;
}

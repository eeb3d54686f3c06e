/* policy/nftpath.c - where nft is */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "policy/nftrun.h"

static const char *const places[] = { "/usr/sbin/nft", "/sbin/nft",
	"/usr/bin/nft", "/bin/nft", "/usr/local/sbin/nft" };

static int
only_root_writes(const struct stat *st)
{
	return st->st_uid == 0 && (st->st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

static int
is_good(const char *path)
{
	char folder[64];
	struct stat st;

	snprintf(folder, sizeof(folder), "%.*s",
	    (int)(strrchr(path, '/') - path), path);
	return stat(folder, &st) == 0 && only_root_writes(&st) &&
	    stat(path, &st) == 0 && S_ISREG(st.st_mode) &&
	    only_root_writes(&st) && (st.st_mode & S_IXUSR);
}

const char *
nftrun_path(void)
{
	size_t i;

	for (i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (is_good(places[i]))
			return places[i];
	return NULL;
}

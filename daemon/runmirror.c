/* daemon/runmirror.c - a directory of which some names are not seen
 *
 * Theory of operation
 *	A directory in which sockets must not be seen is mirrored: a file system
 *	of our own is mounted over it, and what was in it is mounted there one
 *	by one, but for what is hidden.  It could be done the other way round,
 *	with something mounted over each socket; but whoever replaces a socket
 *	outside, as each restart of a service does, takes the mount away with
 *	it.  Nothing outside can take away or add a name in a mirror: a service
 *	that was started anew is out of reach, or was there all the time.
 */
#include "daemon/runmirror.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ENTRIES_MAX = 4096 };

static int
contains(const char *const *list, const char *name)
{
	for (; list && *list; list++)
		if (strcmp(*list, name) == 0)
			return 1;
	return 0;
}

int
runmirror_has(const struct runmirrors *m, const char *dir)
{
	struct stat st;
	size_t i;

	if (stat(dir, &st) < 0)
		return 0;
	for (i = 0; i < m->n; i++)
		if (m->dev[i] == st.st_dev)
			return 1;
	return 0;
}

/* Something to mount it on, or what it is, where that needs no mount. */
static int
place_for(int from, int to, const char *name, const struct stat *st)
{
	char link[PATH_MAX];
	ssize_t n;
	int fd;

	if (S_ISLNK(st->st_mode)) {
		n = readlinkat(from, name, link, sizeof(link) - 1);
		if (n < 0)
			return -errno;
		link[n] = '\0';
		return symlinkat(link, to, name) < 0 ? -errno : 0;
	}
	if (S_ISDIR(st->st_mode))
		return mkdirat(to, name, 0755) < 0 ? -errno : 1;
	fd = openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	close(fd);
	return 1;
}

/* One entry of @from appears in @to.  What vanished meanwhile is not missed. */
static int
mount_entry(int from, int to, const char *name)
{
	struct stat st;
	int tree, rc;

	if (fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT || errno == EACCES ? 0 : -errno;
	if ((rc = place_for(from, to, name, &st)) <= 0)
		return rc;
	tree = open_tree(from, name, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC |
	    AT_RECURSIVE | AT_SYMLINK_NOFOLLOW);
	if (tree < 0)		/* EINVAL: it must not be mounted twice */
		return errno == ENOENT || errno == EACCES ||
		    errno == EINVAL ? 0 : -errno;
	rc = move_mount(tree, "", to, name, MOVE_MOUNT_F_EMPTY_PATH) < 0 ?
	    -errno : 0;
	close(tree);
	return rc;
}

int
runmirror_entries(int from, int to, const char *const *list, int only)
{
	struct dirent *e;
	int fd = openat(from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int rc = 0, n = 0;
	DIR *d;

	if (fd < 0)
		return -errno;
	if ((d = fdopendir(fd)) == NULL) {
		close(fd);
		return -ENOMEM;
	}
	while (rc == 0 && (e = readdir(d)) != NULL) {
		if (strcmp(e->d_name, ".") == 0 ||
		    strcmp(e->d_name, "..") == 0 ||
		    contains(list, e->d_name) != only)
			continue;
		if (++n > ENTRIES_MAX)
			rc = -E2BIG;
		else
			rc = mount_entry(from, to, e->d_name);
	}
	closedir(d);
	return rc;
}

int
runmirror_mount(struct runmirrors *m, const char *dir, mode_t mode)
{
	char options[64];
	struct stat st;

	if (m->n == RUNMIRRORS_MAX)
		return -E2BIG;
	snprintf(options, sizeof(options), "size=16m,mode=%o",
	    (unsigned)mode & 01777);
	if (mount("onion-transparent", dir, "tmpfs", MS_NOSUID | MS_NODEV,
	    options) < 0 || stat(dir, &st) < 0)
		return -errno;
	m->dev[m->n++] = st.st_dev;
	return 0;
}

int
runmirror(struct runmirrors *m, const char *dir, const char *const *hidden)
{
	int from = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC), to = -1, rc;
	struct stat st;

	if (from < 0)
		return errno == ENOENT || errno == ENOTDIR ||
		    errno == EACCES ? 0 : -errno;
	if (fstat(from, &st) < 0)
		rc = -errno;
	else if ((rc = runmirror_mount(m, dir, st.st_mode)) == 0 &&
	    (to = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC)) < 0)
		rc = -errno;
	if (rc == 0)
		rc = runmirror_entries(from, to, hidden, 0);
	if (to >= 0)
		close(to);
	close(from);
	return rc;
}

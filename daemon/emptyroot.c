/* daemon/emptyroot.c - a root directory with nothing in it
 *
 * Theory of operation
 *	The new root is made on top of /proc, in mounts that nobody else sees:
 *	it is a directory that every system has, and in which nothing lies that
 *	is to be bound.  The directories are bound from their old names, and
 *	then it takes the root's place, by pivot_root() onto itself: the old
 *	root lies on top of it for a moment, and is detached.
 *
 *	There is no /proc, no /dev and no /etc in it: whatever is read there has
 *	been read before.
 */
#include "daemon/emptyroot.h"

#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#define AT	"/proc"

enum { HARMLESS = MS_NOSUID | MS_NODEV | MS_NOEXEC };

static int
say(char *why, size_t max, const char *what, const char *path)
{
	int rc = -errno;

	snprintf(why, max, "%s%s: %s", what, path, strerror(-rc));
	return rc;
}

/* All directories of a path that begins with AT. */
static int
make_directories(char *path)
{
	char *p = path + strlen(AT);

	while ((p = strchr(p + 1, '/')) != NULL) {
		*p = '\0';
		if (mkdir(path, 0755) < 0 && errno != EEXIST)
			return -errno;
		*p = '/';
	}
	return mkdir(path, 0755) < 0 && errno != EEXIST ? -errno : 0;
}

/* What its file system is mounted with stays: in a container it has to. */
static unsigned long
flags_of(const char *path)
{
	static const struct { unsigned long st, ms; } same[] = {
		{ ST_RDONLY, MS_RDONLY }, { ST_NOATIME, MS_NOATIME },
		{ ST_NODIRATIME, MS_NODIRATIME }, { ST_RELATIME, MS_RELATIME }
	};
	unsigned long flags = 0;
	struct statvfs v;
	size_t i;

	if (statvfs(path, &v) == 0)
		for (i = 0; i < sizeof(same) / sizeof(same[0]); i++)
			if (v.f_flag & same[i].st)
				flags |= same[i].ms;
	return flags;
}

static int
bind_directory(const struct emptyroot_dir *d, char *why, size_t max)
{
	unsigned long flags = MS_REMOUNT | MS_BIND | HARMLESS;
	char to[PATH_MAX];

	if (snprintf(to, sizeof(to), AT "%s", d->path) >= (int)sizeof(to)) {
		errno = ENAMETOOLONG;
		return say(why, max, "", d->path);
	}
	if (make_directories(to) < 0)
		return say(why, max, "cannot make a place for ", d->path);
	if (mount(d->path, to, NULL, MS_BIND, NULL) < 0)
		return say(why, max, "cannot bind ", d->path);
	flags |= flags_of(to);
	if (!d->writable)
		flags |= MS_RDONLY;
	if (mount(NULL, to, NULL, flags, NULL) < 0)
		return say(why, max, "cannot set the flags of ", d->path);
	return 0;
}

static int
change_root(char *why, size_t max)
{
	if (chdir(AT) < 0 || syscall(SYS_pivot_root, ".", ".") < 0)
		return say(why, max, "cannot change the root", "");
	/* From here on there is no way back. */
	if (umount2(".", MNT_DETACH) < 0 || chdir("/") < 0 ||
	    mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | HARMLESS,
	    NULL) < 0)
		return say(why, max, "cannot close the new root", "");
	return 0;
}

static int
make_root(const struct emptyroot_dir *d, size_t n, char *why, size_t max)
{
	size_t i;
	int rc = 0;

	/* Without a System V IPC or a host name of others, too. */
	if (unshare(CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS) < 0)
		return say(why, max, "no mounts of its own", "");
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return say(why, max, "mounts cannot be made private", "");
	if (mount("tmpfs", AT, "tmpfs", HARMLESS, "size=64k,mode=755") < 0)
		return say(why, max, "no empty file system", "");
	for (i = 0; i < n && rc == 0; i++)
		rc = bind_directory(&d[i], why, max);
	if (rc == 0)
		rc = change_root(why, max);
	if (rc < 0)		/* with all that is mounted below it */
		(void)umount2(AT, MNT_DETACH);
	return rc;
}

/* Whoever starts us, User has to get through the directories. */
int
emptyroot_enter(const struct emptyroot_dir *d, size_t n, char *why, size_t max)
{
	mode_t mask = umask(022);
	int rc = make_root(d, n, why, max);

	umask(mask);
	return rc;
}

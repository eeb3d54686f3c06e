/* daemon/runmounts.c - what a program of `run` sees of the file system
 *
 * Theory of operation
 *	Directories in which sockets must not be seen are mirrored (runmirror),
 *	and files of ours are mounted where they must be seen.
 *
 *	  /run -> mirror { systemd -> mirror { journal ... }, user, lock ... }
 *	  /etc/resolv.conf -> ours, mounted over what it leads to
 *
 *	resolv.conf is often a symbolic link to what is hidden.  Then the file
 *	is made in the mirror.  Where its place is missing in the real file
 *	system, that place is mirrored first: nothing is ever created outside.
 *
 *	It can still be replaced outside.  Then the program sees the new one,
 *	and whatever resolver that names is still asked over the TUN or, on the
 *	loopback, not there: the network namespace is what keeps it in.
 *
 * Not here
 *	Sockets that programs outside serve elsewhere in the file system, such
 *	as those of X11 and of ssh-agent: the manual names them.
 */
#include "daemon/runmounts.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/runmirror.h"
#include "daemon/runnet.h"

enum {
	LINKS_MAX = 40,
	NSSWITCH_MAX = 65536
};

/* A host's own name is no search domain, and an answer may take its time. */
static const char resolv_conf[] =
    "# made by onion-transparent run\n"
    "nameserver " RUNNET_RESOLVER "\n"
    "search .\n"
    "options timeout:30 attempts:2\n";

/* Those who would look a name up, make a connection or start a program for the
 * program that asks them. */
static const char *const in_run[] = {
	"nscd", "unscd", "nslcd", "dbus", "avahi-daemon", "NetworkManager",
	"connman", "docker", "docker.sock", "containerd", "podman", "crio",
	"libvirt", "lxd", "incus", "snapd.socket", "snapd-snap.socket",
	"snapd", "cups", "systemd", NULL
};
/* Of systemd: what is needed to log, and to see that it runs. */
static const char *const in_systemd[] = {
	"journal", "notify", "system", "seats", "sessions", "users", NULL
};
static const char *const in_user[] = {
	"bus", "systemd", "docker.sock", "docker", "podman", "gvfs", "gvfsd",
	"at-spi", "snapd-session-agent.socket", NULL
};
static const char *const in_gnupg[] = { "S.dirmngr", NULL };

struct mounts {
	char	*why;
	size_t	 max;
	struct runmirrors mirrors;
};

static int
failed(const struct mounts *m, int rc, const char *what, const char *path)
{
	snprintf(m->why, m->max, "cannot %s %s: %s", what, path,
	    strerror(-rc));
	return rc;
}

/* --- texts and paths --- */

static int
is_hosts(const char *line, size_t len)
{
	while (len && (*line == ' ' || *line == '\t')) {
		line++;
		len--;
	}
	return len >= 6 && memcmp(line, "hosts", 5) == 0 &&
	    (line[5] == ':' || line[5] == ' ' || line[5] == '\t');
}

char *
runmounts_nsswitch(const char *text, size_t len)
{
	const char *at = text, *end = text + len, *nl;
	char *out = NULL;
	size_t size, n;
	int own_name = 0;
	FILE *f = open_memstream(&out, &size);

	if (f == NULL)
		return NULL;
	for (; at < end; at += n) {
		nl = memchr(at, '\n', (size_t)(end - at));
		n = nl ? (size_t)(nl - at) + 1 : (size_t)(end - at);
		if (!is_hosts(at, n))
			fwrite(at, 1, n, f);
		else if (memmem(at, n, "myhostname", 10))
			own_name = 1;
	}
	if (len && end[-1] != '\n')
		fputc('\n', f);
	fprintf(f, "hosts: files %sdns\n", own_name ? "myhostname " : "");
	if (fclose(f) != 0) {
		free(out);
		return NULL;
	}
	return out;
}

/* The last name of @path becomes the first of @rest. */
static int
shift(char *path, char *rest)
{
	char *slash = strrchr(path, '/'), old[RUNMOUNTS_PATH];
	const char *name = slash + 1;

	if (strcmp(name, "..") == 0)
		return -ENOENT;		/* of what is missing */
	if (*name && strcmp(name, ".") != 0) {
		strcpy(old, rest);
		if (snprintf(rest, RUNMOUNTS_PATH, "%s%s%s", name,
		    *old ? "/" : "", old) >= RUNMOUNTS_PATH)
			return -ENAMETOOLONG;
	}
	*(slash == path ? slash + 1 : slash) = '\0';
	return 0;
}

/* If @path is a link, where it leads, in @path. 1, 0, or -errno. */
static int
one_link(char *path)
{
	char to[RUNMOUNTS_PATH], *slash = strrchr(path, '/');
	ssize_t n = readlink(path, to, sizeof(to) - 1);

	if (n < 0)
		return 0;
	to[n] = '\0';
	if (*to == '/')
		slash = path;
	else
		slash++;
	if ((size_t)(slash - path) + (size_t)n >= RUNMOUNTS_PATH)
		return -ENAMETOOLONG;
	strcpy(slash, to);
	return 1;
}

int
runmounts_follow(const char *path, char real[RUNMOUNTS_PATH],
    char rest[RUNMOUNTS_PATH])
{
	char at[RUNMOUNTS_PATH];
	int links = 0, rc;

	*rest = '\0';
	if (*path != '/' || strlen(path) >= sizeof(at))
		return *path != '/' ? -EINVAL : -ENAMETOOLONG;
	strcpy(at, path);
	while (realpath(at, real) == NULL) {
		if (errno != ENOENT)
			return -errno;
		if ((rc = one_link(at)) < 0)
			return rc;
		if (rc > 0 && ++links > LINKS_MAX)
			return -ELOOP;
		if (rc == 0 && (rc = shift(at, rest)) < 0)
			return rc;
	}
	return 0;
}

/* --- mirrors --- */

static int
mirror(struct mounts *m, const char *dir, const char *const *list)
{
	int rc = runmirror(&m->mirrors, dir, list);

	return rc < 0 ? failed(m, rc, "hide sockets in", dir) : 0;
}

/* --- files --- */

static int
make_path(const char *real, char *rest, char out[RUNMOUNTS_PATH])
{
	char *name = rest, *slash;
	int dir, fd, next;

	if (snprintf(out, RUNMOUNTS_PATH, "%s/%s", real, rest) >=
	    RUNMOUNTS_PATH)
		return -ENAMETOOLONG;
	if ((dir = open(real, O_PATH | O_DIRECTORY | O_CLOEXEC)) < 0)
		return -errno;
	for (; (slash = strchr(name, '/')) != NULL; name = slash + 1) {
		*slash = '\0';
		mkdirat(dir, name, 0755);
		next = openat(dir, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
		close(dir);
		if ((dir = next) < 0)
			return -errno;
	}
	fd = openat(dir, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	close(dir);
	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

/* Where to mount a file so that @path leads to it. */
static int
find_place(struct mounts *m, const char *path, char out[RUNMOUNTS_PATH])
{
	char real[RUNMOUNTS_PATH], rest[RUNMOUNTS_PATH];
	int rc;

	if ((rc = runmounts_follow(path, real, rest)) < 0)
		return failed(m, rc, "follow", path);
	if (*rest == '\0') {
		strcpy(out, real);
		return 0;
	}
	if (!runmirror_has(&m->mirrors, real) &&
	    (rc = mirror(m, real, NULL)) < 0)
		return rc;
	if ((rc = make_path(real, rest, out)) < 0)
		return failed(m, rc, "make a place for", path);
	return 0;
}

/* @path leads to what is in @from, and nobody can change that. */
static int
cover(struct mounts *m, const char *from, const char *path)
{
	char place[RUNMOUNTS_PATH];
	int rc;

	if ((rc = find_place(m, path, place)) < 0)
		return rc;
	if (mount(from, place, NULL, MS_BIND, NULL) < 0 ||
	    mount(NULL, place, NULL, MS_BIND | MS_REMOUNT | MS_RDONLY |
	    MS_NOSUID | MS_NODEV, NULL) < 0)
		return failed(m, -errno, "put a file at", place);
	return 0;
}

static int
write_file(const char *dir, const char *name, const char *text)
{
	char path[RUNMOUNTS_PATH];
	size_t len = strlen(text);
	int fd, rc;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0)
		return -errno;
	rc = fchmod(fd, 0644) < 0 || write(fd, text, len) != (ssize_t)len ?
	    -EIO : 0;
	close(fd);
	return rc;
}

/* nsswitch.conf as it is, changed; *@out NULL: there is none, and then the C
 * library does what we want of itself. */
static int
read_nsswitch(char **out)
{
	char *text;
	int fd = open("/etc/nsswitch.conf", O_RDONLY | O_CLOEXEC), rc = 0;
	ssize_t n;

	*out = NULL;
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	if ((text = malloc(NSSWITCH_MAX)) == NULL)
		rc = -ENOMEM;
	else if ((n = read(fd, text, NSSWITCH_MAX)) < 0)
		rc = -errno;
	else if (n == NSSWITCH_MAX)
		rc = -EFBIG;
	else if ((*out = runmounts_nsswitch(text, (size_t)n)) == NULL)
		rc = -ENOMEM;
	free(text);
	close(fd);
	return rc;
}

/* Our files in a file system of their own at @dir, mounted where they must be
 * seen, and then out of sight there. */
static int
put_files(struct mounts *m, const char *dir, const char *nsswitch)
{
	char path[RUNMOUNTS_PATH];
	int rc;

	if ((rc = runmirror_mount(&m->mirrors, dir, 0755)) < 0)
		return failed(m, rc, "mount a file system at", dir);
	if ((rc = write_file(dir, "resolv.conf", resolv_conf)) < 0 ||
	    (nsswitch && (rc = write_file(dir, "nsswitch.conf",
	    nsswitch)) < 0))
		return failed(m, rc, "write to", dir);
	snprintf(path, sizeof(path), "%s/resolv.conf", dir);
	if ((rc = cover(m, path, "/etc/resolv.conf")) < 0)
		return rc;
	snprintf(path, sizeof(path), "%s/nsswitch.conf", dir);
	if (nsswitch && (rc = cover(m, path, "/etc/nsswitch.conf")) < 0)
		return rc;
	if (umount2(dir, MNT_DETACH) < 0)
		return failed(m, -errno, "unmount", dir);
	return 0;
}

static int
all_files(struct mounts *m)
{
	char *nsswitch;
	int rc;

	if ((rc = read_nsswitch(&nsswitch)) < 0)
		return failed(m, rc, "read", "/etc/nsswitch.conf");
	rc = put_files(m, access("/tmp", F_OK) == 0 ? "/tmp" : "/mnt",
	    nsswitch);
	free(nsswitch);
	return rc;
}

/* --- sockets --- */

static int
mirror_user(struct mounts *m, const char *dir)
{
	char gnupg[RUNMOUNTS_PATH];
	int rc;

	if ((rc = mirror(m, dir, in_user)) < 0)
		return rc;
	if (snprintf(gnupg, sizeof(gnupg), "%s/gnupg", dir) >=
	    (int)sizeof(gnupg))
		return 0;
	return mirror(m, gnupg, in_gnupg);
}

/* systemd is hidden in /run's mirror, and some of it comes back.  There it is
 * of the mirror's file system, so that files can be made in it. */
static int
mirror_systemd(struct mounts *m, int old_run)
{
	int from = openat(old_run, "systemd", O_PATH | O_DIRECTORY |
	    O_NOFOLLOW | O_CLOEXEC), to, rc;

	if (from < 0)
		return 0;
	if (mkdir("/run/systemd", 0755) < 0 ||
	    (to = open("/run/systemd", O_PATH | O_DIRECTORY |
	    O_CLOEXEC)) < 0) {
		rc = -errno;
	} else {
		rc = runmirror_entries(from, to, in_systemd, 1);
		close(to);
	}
	close(from);
	return rc < 0 ? failed(m, rc, "hide sockets in", "/run/systemd") : 0;
}

static int
mirror_run(struct mounts *m)
{
	int old = open("/run", O_PATH | O_DIRECTORY | O_CLOEXEC), rc;

	if (old < 0)
		return 0;
	if ((rc = mirror(m, "/run", in_run)) == 0)
		rc = mirror_systemd(m, old);
	close(old);
	return rc;
}

/* Where there is no link, as there is on Debian. */
static int
mirror_var_run(struct mounts *m)
{
	struct stat st;

	if (lstat("/var/run", &st) < 0 || !S_ISDIR(st.st_mode))
		return 0;
	return mirror(m, "/var/run", in_run);
}

/* Some set XDG_RUNTIME_DIR to /tmp, in which files must be real ones. */
static int
is_private(const char *dir)
{
	struct stat st;

	return stat(dir, &st) == 0 && st.st_uid == getuid() &&
	    (st.st_mode & 077) == 0;
}

static int
all_mirrors(struct mounts *m)
{
	const char *dir = getenv("XDG_RUNTIME_DIR");
	char usual[64], real[RUNMOUNTS_PATH], rest[RUNMOUNTS_PATH];
	int rc;

	snprintf(usual, sizeof(usual), "/run/user/%lu",
	    (unsigned long)getuid());
	if ((rc = mirror_run(m)) < 0 || (rc = mirror_var_run(m)) < 0 ||
	    (rc = mirror_user(m, usual)) < 0)
		return rc;
	if (dir == NULL || runmounts_follow(dir, real, rest) < 0 || *rest ||
	    runmirror_has(&m->mirrors, real) || !is_private(real))
		return 0;
	return mirror_user(m, real);
}

/* --- all of it --- */

int
runmounts_apply(char *why, size_t max)
{
	struct mounts m = { .why = why, .max = max };
	char cwd[PATH_MAX];
	int rc, has_cwd = getcwd(cwd, sizeof(cwd)) != NULL;

	/* What is mounted outside appears here too, but not the reverse. */
	if (mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
		return failed(&m, -errno, "separate the mounts of", "/");
	if ((rc = all_mirrors(&m)) < 0 || (rc = all_files(&m)) < 0)
		return rc;
	/* where we stand may be below a mirror now */
	if (has_cwd && *cwd == '/' && chdir(cwd) < 0 && chdir("/") < 0)
		return failed(&m, -errno, "enter", "/");
	return 0;
}

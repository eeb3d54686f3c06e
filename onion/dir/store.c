/* onion/dir/store.c - the data directory: what we keep from one run to the next
 *
 * Theory of operation
 *	Everything goes by openat() on one descriptor, with O_NOFOLLOW.  A file
 *	is written to NAME.tmp, synced, renamed over NAME, and the directory is
 *	synced: at any moment, also after a power cut, NAME is the old or the
 *	new content, whole.  An append that fails is cut back to where it began;
 *	one that is torn by a crash is for the format to recognise.
 *
 *	The lock is flock() on the file `lock`, as tor takes it, so that neither
 *	of us starts on a directory that the other uses.
 * Limits
 *	Files are read into memory whole, up to the ceiling that the caller
 *	names.  IO is synchronous: files are some MB, and writes are rare.
 */
#include "onion/dir/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/log.h"

/* seccomp: open openat mkdir fstat newfstatat statx fchmod flock lseek
 * read pread64 write writev fsync ftruncate renameat renameat2 unlink unlinkat
 * close */

enum {
	NAME_MAX_LEN = 64,
	SLICES = 256,			/* written in one call */
	COMPLAIN_EVERY_S = 600
};

struct store {
	int		 dir;
	int		 lock;
	int		 failing;
	struct log_limit complaint;
};

/* --- opening --- */

static int
say(char *why, size_t max, int err, const char *what)
{
	if (max)
		snprintf(why, max, "%s: %s", what, strerror(-err));
	return err;
}

static int
check_dir(int fd, char *why, size_t max)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return say(why, max, -errno, "cannot look at it");
	if (!S_ISDIR(st.st_mode))
		return say(why, max, -ENOTDIR, "it is something else");
	if (st.st_uid != geteuid()) {
		if (max)
			snprintf(why, max, "it belongs to user id %lu, but we "
			    "run as %lu", (unsigned long)st.st_uid,
			    (unsigned long)geteuid());
		return -EPERM;
	}
	if (st.st_mode & 022) {
		if (max)
			snprintf(why, max, "others may write to it (mode "
			    "%04o): make it 0700, and mind what is in it",
			    (unsigned)st.st_mode & 07777);
		return -EPERM;
	}
	if ((st.st_mode & 055) && fchmod(fd, 0700) < 0)
		return say(why, max, -errno, "others may read it, and its mode "
		    "cannot be changed");
	return 0;
}

static int
take_lock(int dir, int *out, char *why, size_t max)
{
	int fd, rc;

	fd = openat(dir, "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC,
	    0600);
	if (fd < 0)
		return say(why, max, -errno, "cannot make its lock file");
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		rc = -errno;
		close(fd);
		if (rc == -EWOULDBLOCK && max)
			snprintf(why, max, "another onion-transparent, or a "
			    "tor, is using it");
		else
			say(why, max, rc, "cannot lock it");
		return rc;
	}
	*out = fd;
	return 0;
}

int
store_open_fd(struct store **out, int dir, char *why, size_t max)
{
	struct store *s;
	int rc;

	if (max)
		why[0] = '\0';
	if ((s = calloc(1, sizeof(*s))) == NULL) {
		rc = say(why, max, -ENOMEM, "cannot open it");
		goto fail;
	}
	s->dir = dir;
	s->complaint.every_s = COMPLAIN_EVERY_S;
	if ((rc = check_dir(dir, why, max)) < 0 ||
	    (rc = take_lock(dir, &s->lock, why, max)) < 0)
		goto fail;
	*out = s;
	return 0;

fail:
	free(s);
	close(dir);
	return rc;
}

int
store_open(struct store **out, const char *path, char *why, size_t max)
{
	int fd;

	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return say(why, max, -errno, "cannot make it");
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return say(why, max, -errno, "cannot open it");
	return store_open_fd(out, fd, why, max);
}

void
store_close(struct store *s)
{
	if (s == NULL)
		return;
	close(s->lock);
	close(s->dir);
	free(s);
}

int
store_failing(const struct store *s)
{
	return s->failing;
}

/* --- names, complaints --- */

static int
is_name(const char *name)
{
	size_t n = strlen(name);

	return n > 0 && n < NAME_MAX_LEN && name[0] != '.' &&
	    strchr(name, '/') == NULL;
}

static int
settle(struct store *s, int rc, const char *what, const char *name)
{
	s->failing = rc;
	if (rc < 0)
		log_limited(&s->complaint, LL_WARN, LD_GENERAL,
		    "Cannot %s \"%s\" in the data directory: %s. Going on "
		    "without.", what, name, strerror(-rc));
	return rc;
}

/* --- reading --- */

static int
read_all(int fd, uint8_t *p, size_t want, size_t *got)
{
	ssize_t n;

	for (*got = 0; *got < want; *got += (size_t)n) {
		n = read(fd, p + *got, want - *got);
		if (n < 0 && errno == EINTR) {
			n = 0;
			continue;
		}
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
	}
	return 0;
}

static int
check_file(int fd, size_t max, size_t *size)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	if (st.st_uid != geteuid() && st.st_uid != 0)
		return -EPERM;
	if (st.st_size < 0 || (uint64_t)st.st_size > max)
		return -EFBIG;
	*size = (size_t)st.st_size;
	return 0;
}

int
store_read(struct store *s, const char *name, size_t max, uint8_t **out,
    size_t *len)
{
	uint8_t *p = NULL;
	size_t size = 0;
	int fd, rc;

	if (!is_name(name))
		return -EINVAL;
	fd = openat(s->dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC |
	    O_NONBLOCK);
	if (fd < 0)
		return -errno;
	if ((rc = check_file(fd, max, &size)) < 0)
		goto out;
	rc = -ENOMEM;
	if ((p = malloc(size + 1)) == NULL)
		goto out;
	if ((rc = read_all(fd, p, size, len)) < 0)
		goto out;
	p[*len] = '\0';
	*out = p;
	p = NULL;
out:
	free(p);
	close(fd);
	return rc;
}

/* --- writing --- */

/* Leaves out what @done bytes at the front already hold. */
static size_t
gather(struct iovec *v, const struct store_part *part, size_t n, size_t done)
{
	size_t i, k = 0;

	for (i = 0; i < n && k < SLICES; i++) {
		if (done >= part[i].len) {
			done -= part[i].len;
			continue;
		}
		v[k].iov_base = (uint8_t *)(uintptr_t)part[i].p + done;
		v[k++].iov_len = part[i].len - done;
		done = 0;
	}
	return k;
}

static int
write_parts(int fd, const struct store_part *part, size_t n)
{
	struct iovec v[SLICES];
	size_t done = 0, k;	/* bytes of the parts from @part on */
	ssize_t wrote;

	for (;;) {
		for (; n && done >= part->len; part++, n--)
			done -= part->len;
		if ((k = gather(v, part, n, done)) == 0)
			return 0;
		wrote = writev(fd, v, (int)k);
		if (wrote < 0 && errno == EINTR)
			continue;
		if (wrote < 0)
			return -errno;
		if (wrote == 0)
			return -EIO;
		done += (size_t)wrote;
	}
}

static int
open_new(struct store *s, const char *tmp)
{
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	int fd;

	fd = openat(s->dir, tmp, flags, 0600);
	if (fd < 0 && errno == EEXIST) {	/* left by a crash */
		unlinkat(s->dir, tmp, 0);
		fd = openat(s->dir, tmp, flags, 0600);
	}
	return fd < 0 ? -errno : fd;
}

static int
fill(int fd, const struct store_part *part, size_t n)
{
	int rc = write_parts(fd, part, n);

	if (rc == 0 && fsync(fd) < 0)
		rc = -errno;
	if (close(fd) < 0 && rc == 0)
		rc = -errno;
	return rc;
}

static int
replace(struct store *s, const char *from, const char *to)
{
	if (renameat(s->dir, from, s->dir, to) < 0)
		return -errno;
	return fsync(s->dir) < 0 ? -errno : 0;
}

int
store_write(struct store *s, const char *name, const struct store_part *part,
    size_t n)
{
	char tmp[NAME_MAX_LEN + 4];
	int fd, rc;

	if (!is_name(name))
		return -EINVAL;
	snprintf(tmp, sizeof(tmp), "%s.tmp", name);
	if ((fd = open_new(s, tmp)) < 0)
		return settle(s, fd, "write", name);
	if ((rc = fill(fd, part, n)) == 0)
		rc = replace(s, tmp, name);
	if (rc < 0)
		unlinkat(s->dir, tmp, 0);
	return settle(s, rc, "write", name);
}

static int
append_to(int fd, const struct store_part *part, size_t n, size_t *size)
{
	struct stat st;
	int rc;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	if ((rc = write_parts(fd, part, n)) < 0) {
		if (ftruncate(fd, st.st_size) < 0)
			log_info(LD_GENERAL, "Cannot cut back either: %s",
			    strerror(errno));
		return rc;
	}
	*size = (size_t)st.st_size;
	for (; n; part++, n--)
		*size += part->len;
	return 0;
}

int
store_append(struct store *s, const char *name, const struct store_part *part,
    size_t n, size_t *size)
{
	size_t total = 0;
	int fd, rc;

	if (!is_name(name))
		return -EINVAL;
	fd = openat(s->dir, name, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW |
	    O_CLOEXEC | O_NONBLOCK, 0600);
	if (fd < 0)
		return settle(s, -errno, "append to", name);
	rc = append_to(fd, part, n, &total);
	if (close(fd) < 0 && rc == 0)
		rc = -errno;
	if (rc == 0 && size)
		*size = total;
	return settle(s, rc, "append to", name);
}

int
store_remove(struct store *s, const char *name)
{
	if (!is_name(name))
		return -EINVAL;
	if (unlinkat(s->dir, name, 0) < 0 && errno != ENOENT)
		return settle(s, -errno, "remove", name);
	return 0;
}

int
store_rename(struct store *s, const char *from, const char *to)
{
	if (!is_name(from) || !is_name(to))
		return -EINVAL;
	return settle(s, replace(s, from, to), "rename", from);
}

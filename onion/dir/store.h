/* onion/dir/store.h - the data directory: what we keep from one run to the next
 *
 * All files are reached from one descriptor of the directory, so that it works
 * after chroot and under a seccomp filter; no link is ever followed, files are
 * 0600.  A file is replaced whole (temporary, fsync, rename, fsync of the
 * directory) or, where its format allows for a torn tail, appended to.
 *
 * Writing may fail at any time (disk full, read-only): that is logged, not too
 * often, returned, and never fatal.  Names are plain: no '/', not hidden.
 */
#ifndef ONION_DIR_STORE_H
#define ONION_DIR_STORE_H

#include <stddef.h>
#include <stdint.h>

struct store;

struct store_part {		/* a file is written from slices */
	const void	*p;
	size_t		 len;
};

/* Opens @path, made with mode 0700 if it is not there, and takes its lock.
 * -EWOULDBLOCK: another instance, or a tor, has it; -EPERM: not our user's, or
 * others may write to it (where others may only read, that is taken from them).
 * @why gets a sentence for the user on failure. */
int	store_open(struct store **, const char *path, char *why, size_t max);
/* The same from a descriptor of the directory, which is taken. */
int	store_open_fd(struct store **, int dirfd, char *why, size_t max);
void	store_close(struct store *);		/* gives up the lock */

/* 0, -ENOENT, -EFBIG (more than @max), -EINVAL (not a plain file), -EPERM (not
 * our user's), -errno.  A NUL follows *@out, which is freed by the caller. */
int	store_read(struct store *, const char *name, size_t max,
	    uint8_t **out, size_t *len);
int	store_write(struct store *, const char *name,
	    const struct store_part *, size_t n);
/* Adds to the end, made if missing; after a failure the old length is
 * restored. @size: the file's length then (may be NULL). */
int	store_append(struct store *, const char *name,
	    const struct store_part *, size_t n, size_t *size);
int	store_remove(struct store *, const char *name);	/* 0 if not there */
int	store_rename(struct store *, const char *from, const char *to);
/* Did the last write to anything fail?  0 or its -errno, for the status. */
int	store_failing(const struct store *);

#endif

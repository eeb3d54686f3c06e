/* onion/dir/statefile.h - the file `state`, as tor writes it
 *
 * Lines "Key value".  Modules own keys: at load each owner is handed the
 * values of its keys, at save each writes its lines anew; lines of nobody are
 * kept as they are, so that a tor can take the directory over again.  A damaged
 * file is kept as state.corrupt, loudly, and what could be read of it is used:
 * forgetting our guards would be worse than a line lost.
 *
 * Dirty states are written after a while (30 s for what matters, up to 10
 * minutes otherwise), at once by statefile_flush().  On a disk that refuses, it
 * is tried again after the longest delay.
 */
#ifndef ONION_DIR_STATEFILE_H
#define ONION_DIR_STATEFILE_H

#include <stddef.h>
#include <stdint.h>

struct loop;
struct statefile;
struct store;

enum { STATEFILE_MAX = 2 * 1024 * 1024, STATEFILE_OWNERS_MAX = 8 };

struct statefile_owner {
	const char *const *keys;	/* NULL-terminated; case matters not */
	/* One line of the file at load; 0, or -EINVAL where it makes no sense
	 * (the line is dropped, with a warning). */
	int	(*line)(void *arg, const char *key, const char *value);
	/* Write all lines now, by statefile_put(). */
	void	(*save)(void *arg, struct statefile *);
};

/* The parser by itself: calls @line for every line that is one, in order; gives
 * how many others there were (damage: 0 in a sound file). */
size_t	statefile_parse(const char *, size_t len, void (*line)(void *arg,
	    const char *key, const char *value), void *arg);

/* @store may be NULL: nothing is kept.  Both are borrowed. */
int	statefile_new(struct statefile **, struct loop *, struct store *);
void	statefile_free(struct statefile *);	/* does not write */
/* Before statefile_load(); -EEXIST: a key has an owner already. */
int	statefile_own(struct statefile *, const struct statefile_owner *,
	    void *arg);
/* 0 (also without a file), -EBADMSG where it was damaged and was put aside,
 * -errno where it could not be read. */
int	statefile_load(struct statefile *);
/* Only inside save(). */
void	statefile_put(struct statefile *, const char *key, const char *fmt, ...)
	    __attribute__((format(printf, 3, 4)));
/* Something changed; @soon: before the loop waits again, but once in a second at
 * most; else within 10 minutes. */
void	statefile_dirty(struct statefile *, int soon);
int	statefile_flush(struct statefile *);	/* now, if dirty */

#endif

/* onion/dir/microdesc.h - what else there is to know of a relay: its keys,
 * family and exit ports (dir-spec 3.3)
 *
 * Three parts: a reader, which finds the microdescriptors in a download or in
 * the disk cache with their exact bytes and digests; struct mdset, which keeps
 * them parsed, by digest, with port lists and families stored once; and the
 * helpers of the cache format, in which an annotation line stands before each:
 *
 *	@last-listed 2026-11-22 10:00:00
 *	onion-key
 *	...
 *
 *	microdesc_read_init(&r, body, len);
 *	while (microdesc_read(&r, &raw) > 0) {
 *		if (!asked_for(raw.digest))
 *			continue;
 *		if (mdset_add(set, &raw, now) == 0)
 *			append(microdesc_annotation(line, now), raw.body);
 *	}
 *
 * A digest is all that authenticates a microdescriptor: add only what a
 * verified consensus lists.
 */
#ifndef ONION_DIR_MICRODESC_H
#define ONION_DIR_MICRODESC_H

#include <stddef.h>
#include <stdint.h>

struct consensus;
struct portlist;

enum {
	MICRODESC_TEXT_MAX = 64 * 1024,		/* bytes of one */
	MICRODESC_MAX = 65535 + 16384,		/* in a set */
	MICRODESC_LISTS_MAX = 64 * 1024 * 1024,	/* bytes of lists in a set */
	MICRODESC_FAMILY_MAX = 2048,		/* members named by one; what
						 * is beyond does not count */
	MICRODESC_FAMIDS_MAX = 128,		/* likewise */
	MICRODESC_KEEP_S = 7 * 24 * 3600,	/* after it was last listed */
	MICRODESC_ANNOTATION = 40		/* bytes of such a line */
};

/* --- reading --- */

struct microdesc_raw {
	const char	*body;		/* from "onion-key"; borrowed */
	size_t		 len;
	uint8_t		 digest[32];	/* SHA-256 of it */
	int64_t		 listed;	/* from the annotation; 0: none */
};

struct microdesc_reader {
	const char	*at;
	const char	*end;
};

void	microdesc_read_init(struct microdesc_reader *, const char *, size_t);
int	microdesc_read(struct microdesc_reader *, struct microdesc_raw *);
			/* 1: one more; 0: the end.  What is between two
			 * microdescriptors is passed over. */
/* "@last-listed ...\n" with a NUL; gives @out. */
const char *microdesc_annotation(char out[MICRODESC_ANNOTATION], int64_t when);

/* --- keeping (mdset.c) --- */

/* Members of a family, each 21 bytes: 'R' and an RSA identity, or 'N' and a
 * nickname in lower case, padded with NUL; sorted, distinct. */
struct family {
	uint32_t	n;
	uint8_t		member[][21];
};

/* Proven families (prop321), as the SHA-256 of each id's text; sorted. */
struct famids {
	uint32_t	n;
	uint8_t		id[][32];
};

enum {				/* microdesc.has */
	MICRODESC_HAS_NTOR = 1 << 0,
	MICRODESC_HAS_ED = 1 << 1,
	MICRODESC_BROKEN = 1 << 2	/* right digest, but cannot be parsed:
					 * kept so as not to ask again */
};

/* The lists are the set's and live as long as the microdescriptor does. */
struct microdesc {
	uint8_t			 digest[32];
	uint8_t			 ntor[32];
	uint8_t			 ed[32];
	int64_t			 listed;	/* s since 1970 */
	const struct portlist	*exit4;		/* NULL: no port */
	const struct portlist	*exit6;
	const struct family	*family;	/* NULL: none */
	const struct famids	*famids;
	uint8_t			 has;
};

struct intern;

/* Reads one; its lists go into the pool.  -EBADMSG, -ENOSPC. */
int	microdesc_parse(struct microdesc *, const struct microdesc_raw *,
	    struct intern *);
void	microdesc_drop(struct microdesc *, struct intern *);	/* its lists */

struct mdset;

struct mdset *mdset_new(void);
void	mdset_free(struct mdset *);
/* 0; -EEXIST (its `listed` is brought forward); -EBADMSG (remembered as
 * broken); -ENOSPC; -ENOMEM.  @listed: when a consensus named it. */
int	mdset_add(struct mdset *, const struct microdesc_raw *, int64_t listed);
const struct microdesc *mdset_find(const struct mdset *,
	    const uint8_t digest[32]);	/* also a broken one */
size_t	mdset_count(const struct mdset *);
size_t	mdset_bytes(const struct mdset *);	/* what it takes, about */
const struct intern *mdset_lists(const struct mdset *);	/* all its lists */

/* Those that the consensus names and we lack: writes up to @max digests to
 * @out, starting with router @*from, which moves on; gives how many. */
size_t	mdset_missing(const struct mdset *, const struct consensus *,
	    size_t *from, uint8_t (*out)[32], size_t max);
size_t	mdset_nmissing(const struct mdset *, const struct consensus *);
/* Marks all that @consensus names as listed at @when. */
void	mdset_list(struct mdset *, const struct consensus *, int64_t when);
/* Drops what has not been listed for MICRODESC_KEEP_S; gives how many. */
size_t	mdset_expire(struct mdset *, int64_t now);

#endif

/* onion/dir/netdoc.h - tokenizer of directory documents (dir-spec 1.2)
 *
 * Walks over a document in memory, one item at a time: a keyword line and the
 * object that may follow it.  Everything handed out points into the document,
 * which is borrowed, need not end in a NUL, and must outlive what points into
 * it.  Nothing is allocated.
 *
 * A NUL, a CR or what is not UTF-8 anywhere, a line over NETDOC_LINE_MAX, a
 * last line without its newline, and an object without its end are errors:
 * -EBADMSG, which latches.
 * Blank lines between items are passed over, as is a leading "opt".
 */
#ifndef ONION_DIR_NETDOC_H
#define ONION_DIR_NETDOC_H

#include <stddef.h>
#include <stdint.h>

enum {
	NETDOC_LINE_MAX = 128 * 1024,
	NETDOC_OBJECT_MAX = 128 * 1024	/* characters between the two lines */
};

struct slice {			/* part of a document; not NUL-terminated */
	const char	*p;
	size_t		 len;
};

struct netdoc {
	const char	*at;
	const char	*end;
	int		 err;
	size_t		 steps;	/* lines looked at: what a parse has cost */
};

struct netdoc_item {
	const char	*begin;		/* of the keyword line */
	const char	*end;		/* past its last newline */
	struct slice	 key;
	struct slice	 rest;		/* the line after the keyword's blank */
	struct slice	 type;		/* "RSA PUBLIC KEY"; len 0: no object */
	struct slice	 body;		/* base64 with newlines */
};

void	netdoc_init(struct netdoc *, const void *, size_t);
int	netdoc_next(struct netdoc *, struct netdoc_item *);
			/* 1: an item; 0: the end; -EBADMSG */
int	netdoc_is(const struct netdoc_item *, const char *key);

struct netdoc_key {		/* a table of keywords, */
	const char	*key;
	unsigned	 bit;
};
/* and the bit of the one that it is; 0: none of them. */
unsigned netdoc_which(const struct netdoc_item *, const struct netdoc_key *,
	    size_t n);

/* Takes the next argument off the front of @rest; 0 when there is none. */
int	netdoc_arg(struct slice *rest, struct slice *arg);
int	netdoc_eq(struct slice, const char *);

/* The object's bytes: their number, or -EBADMSG where there is no object of
 * this type, its base64 is broken, or it has more than @max bytes. */
int	netdoc_object(const struct netdoc_item *, const char *type,
	    uint8_t *out, size_t max);

/* Values.  0 or -EBADMSG; no sign, blank or other character may be left over,
 * except the one '-' of netdoc_i32(). */
int	netdoc_u32(uint32_t *, struct slice, uint32_t min, uint32_t max);
int	netdoc_i32(int32_t *, struct slice);
int	netdoc_hex(uint8_t *, size_t len, struct slice);	/* exactly */
int	netdoc_b64(uint8_t *, size_t len, struct slice);	/* exactly */
int	netdoc_is_nickname(struct slice);	/* 1 to 19 letters, digits */
/* "YYYY-MM-DD HH:MM:SS", UTC, to seconds since 1970; years 1970 to 9999. */
int	netdoc_time(int64_t *, struct slice);
void	netdoc_time_text(char out[20], int64_t);	/* with a NUL */

#endif

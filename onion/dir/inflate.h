/* onion/dir/inflate.h - undoing compression while a document comes in
 *
 * zlib ("deflate"), gzip, or nothing: found out from the first two bytes, since
 * directories send compressed bodies with and without saying so (map 14.2).
 * Several streams one after the other are one document (gzip allows it, tor
 * does it).  A stream that is cut short is an error, and so is whatever grows
 * beyond a factor after a grace, summed over all streams: a bomb.
 */
#ifndef ONION_DIR_INFLATE_H
#define ONION_DIR_INFLATE_H

#include <stddef.h>
#include <stdint.h>

struct inflate;

enum {
	INFLATE_BOMB_RATIO = 25,
	INFLATE_BOMB_GRACE = 64 * 1024	/* bytes out before it is judged */
};

/* @max: most bytes out; a final document is NUL-terminated beyond that. */
int	inflate_new(struct inflate **, size_t max);
void	inflate_free(struct inflate *);
/* 0, -EMSGSIZE (over @max), -EBADMSG (damaged), -E2BIG (a bomb), -ENOMEM.
 * After an error the same error comes for ever. */
int	inflate_feed(struct inflate *, const void *, size_t len);
/* Nothing more comes: takes the document, freed by the caller with free();
 * -EPIPE where a stream was cut short. */
int	inflate_finish(struct inflate *, uint8_t **out, size_t *len);
size_t	inflate_size(const struct inflate *);	/* bytes out so far */

#endif

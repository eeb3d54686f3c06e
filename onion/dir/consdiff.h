/* onion/dir/consdiff.h - a consensus from an older one and a diff
 *
 * dir-spec 4.5 (prop140).  Both hashes in the diff are checked: the old
 * document's signed part before, the whole new document after.  The result is
 * as unproven as any document from the network: parse and verify it.
 */
#ifndef ONION_DIR_CONSDIFF_H
#define ONION_DIR_CONSDIFF_H

#include <stddef.h>
#include <stdint.h>

/* Does this body look like a diff rather than a whole consensus? */
int	consdiff_is(const char *, size_t);

/* The digest (SHA3-256, signed part) of the document that it starts from. */
int	consdiff_from(uint8_t from[32], const char *, size_t);

/* The new document, for the caller to free().  -EBADMSG: not a diff or a
 * broken one; -ESTALE: it starts from another document than @base; -E2BIG: the
 * result would exceed CONSENSUS_TEXT_MAX; -ENOMEM. */
int	consdiff_apply(char **out, size_t *outlen, const char *base,
	    size_t baselen, const char *diff, size_t difflen);

#endif

/* onion/crypto/cgo.h - Counter Galois Onion, one direction of one hop
 *
 * The client's side of proposal 359, with AES-128: each cell is one block of
 * 509 bytes of a wide-block cipher.  A bit that is changed on the way leaves a
 * cell which is nobody's, and so are all that follow to or from that hop.  The
 * first 16 bytes of a body are the tag; the message stands behind it
 * (relaymsg.h, V1).
 *
 * @cmd is the command of the cell on the link, CELL_RELAY or CELL_RELAY_EARLY,
 * which a relay on the way can't change unnoticed.
 *
 * Every call moves the state on: each body goes through each hop once, in the
 * order of the wire.
 */
#ifndef ONION_CRYPTO_CGO_H
#define ONION_CRYPTO_CGO_H

#include <stdint.h>

enum {
	CGO_BODY	= 509,
	CGO_TAG		= 16,
	CGO_KEYS	= 80	/* bytes of key material, a direction */
};

struct cgo;

/* NULL: no memory.  The keys are copied. */
struct cgo *cgo_new(const uint8_t keys[CGO_KEYS]);
void	cgo_free(struct cgo *);		/* wipes */

/* For this hop: @body's first 16 bytes are written over, and all is encrypted.
 * @tag is what the hop quotes if this cell makes it send a SENDME. */
void	cgo_originate(struct cgo *, uint8_t cmd, uint8_t body[CGO_BODY],
	    uint8_t tag[CGO_TAG]);
/* For a hop further on. */
void	cgo_pass_fwd(struct cgo *, uint8_t cmd, uint8_t body[CGO_BODY]);

/* Takes this hop's layer off.  1: it is this hop's cell, and @tag is what a
 * SENDME of ours has to quote for it.  0: it is not; @tag is untouched, @body
 * is ready for the next hop. */
int	cgo_bwd(struct cgo *, uint8_t cmd, uint8_t body[CGO_BODY],
	    uint8_t tag[CGO_TAG]);

#endif

/* tests/onion/crypto/cgorelay.h - the relay's side of CGO, one direction
 *
 * For fake relays in tests: from the rules of proposal 359, and not from the
 * client's code; its POLYVAL goes bit by bit.  Nothing here defends itself.
 *
 * A relay has two, one for each direction.  Each body goes through each relay
 * once, in the order of the wire.
 */
#ifndef TESTS_ONION_CRYPTO_CGORELAY_H
#define TESTS_ONION_CRYPTO_CGORELAY_H

#include <stdint.h>

struct cgorelay;

struct cgorelay *cgorelay_new(const uint8_t keys[80]);
void	cgorelay_free(struct cgorelay *);

/* A cell from the client.  1: it is for this relay, whose SENDME quotes @tag;
 * the message stands behind the first 16 bytes.  0: for the next one. */
int	cgorelay_fwd(struct cgorelay *, uint8_t cmd, uint8_t body[509],
	    uint8_t tag[16]);
/* A cell to the client.  @body's first 16 bytes are written over; @tag is what
 * the client's SENDME must quote for it. */
void	cgorelay_originate(struct cgorelay *, uint8_t cmd, uint8_t body[509],
	    uint8_t tag[16]);
/* A cell to the client, from a relay further on. */
void	cgorelay_pass_bwd(struct cgorelay *, uint8_t cmd, uint8_t body[509]);

#endif

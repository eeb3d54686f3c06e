/* onion/dir/bridgedesc.h - what a bridge says of itself: its own descriptor
 *
 * dir-spec 2.1.1, as far as a client needs it.  No consensus vouches for a
 * bridge, so its descriptor is worth what its signatures are: the fingerprint
 * that the operator was given is of the RSA key, that key signs the whole, and
 * so does the Ed25519 key that the descriptor's certificate ties to the identity
 * which the bridge has to prove on its channel.
 *
 * Not looked at: addresses (those of the Bridge line count), the exit policy, and
 * the cross-certificates of onion keys, since a handshake by ntor proves the same.
 */
#ifndef ONION_DIR_BRIDGEDESC_H
#define ONION_DIR_BRIDGEDESC_H

#include <stddef.h>
#include <stdint.h>

enum { BRIDGEDESC_TEXT_MAX = 64 * 1024 };

struct bridgedesc {
	uint8_t		rsa[20];	/* the fingerprint */
	uint8_t		ed[32];
	uint8_t		ntor[32];
	char		nickname[20];
	uint32_t	caps;		/* CAP_*, link/relayid.h */
	int64_t		published;	/* s since 1970 */
};

/* The whole text must be one descriptor.  *out is written where all held.
 * -EBADMSG malformed, or a signature that does not hold; -ENOENT it is another
 * relay's than @rsa; -ESTALE its certificate has expired at @now; -E2BIG;
 * -ENOMEM. */
int	bridgedesc_parse(struct bridgedesc *out, const char *text, size_t len,
	    const uint8_t rsa[20], int64_t now);

#endif

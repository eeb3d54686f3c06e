/* onion/crypto/hopcrypt.h - the encryption of relay cells, one hop of a circuit
 *
 * The client's side of tor1 (tor-spec 5.5 and 6.1): a stream of AES-128-CTR
 * and a running SHA-1 in each direction.  A body is the 509 bytes of a RELAY
 * or RELAY_EARLY cell; byte 0 is the relay command, 1-2 "recognized", 5-8 the
 * digest.
 *
 * Or of CGO, where that was agreed (cgo.h): bodies are of another format then,
 * with a tag in front, and the command of the cell matters, @cmd.  Each hop of
 * a circuit has its own kind.
 *
 * An onion service at the end of a circuit is one more hop, of another kind
 * (rend-spec-v3 0.3, 4.2.1): AES-256-CTR and SHA3-256, of which four bytes are
 * the digest, too, and the first 20 the tag.
 *
 *	fwd to hop n:	hopcrypt_originate(hop[n], cmd, body, tag);
 *			for (i = n; i-- > 0; )
 *				hopcrypt_pass_fwd(hop[i], cmd, body);
 *	bwd:		for (i = 0; i < hops; i++)
 *				if (hopcrypt_bwd(hop[i], cmd, body, tag))
 *					it is from hop i
 *			no hop recognised it: the circuit must be closed
 *
 * Every call moves the streams on: each body goes through each hop once, in
 * the order of the wire.
 */
#ifndef ONION_CRYPTO_HOPCRYPT_H
#define ONION_CRYPTO_HOPCRYPT_H

#include <stddef.h>
#include <stdint.h>

enum {
	HOPCRYPT_BODY	= 509,
	/* what an authenticated SENDME quotes; of CGO 16, and 4 zeros */
	HOPCRYPT_TAG	= 20
};

struct handshake_keys;
struct hopcrypt;

/* NULL: no memory.  The keys are copied. */
struct hopcrypt *hopcrypt_new(const struct handshake_keys *);
enum { HOPCRYPT_SERVICE_KEY = 32 };	/* bytes of each of the four */
struct hopcrypt *hopcrypt_new_service(const uint8_t df[HOPCRYPT_SERVICE_KEY],
	    const uint8_t db[HOPCRYPT_SERVICE_KEY],
	    const uint8_t kf[HOPCRYPT_SERVICE_KEY],
	    const uint8_t kb[HOPCRYPT_SERVICE_KEY]);
void	hopcrypt_free(struct hopcrypt *);	/* wipes */
int	hopcrypt_is_cgo(const struct hopcrypt *);

/* For this hop: sets "recognized" and the digest, or the tag, then encrypts.
 * @tag is what this hop will quote if this cell makes it send a SENDME. */
void	hopcrypt_originate(struct hopcrypt *, uint8_t cmd,
	    uint8_t body[HOPCRYPT_BODY], uint8_t tag[HOPCRYPT_TAG]);
/* For a hop further on: only encrypts. */
void	hopcrypt_pass_fwd(struct hopcrypt *, uint8_t cmd,
	    uint8_t body[HOPCRYPT_BODY]);

/* Takes this hop's layer off.  1: it is this hop's cell, and @tag is what a
 * SENDME of ours has to quote for it; a digest field reads 0 from now on.
 * 0: it is not; @tag is untouched, @body is ready for the next hop. */
int	hopcrypt_bwd(struct hopcrypt *, uint8_t cmd,
	    uint8_t body[HOPCRYPT_BODY], uint8_t tag[HOPCRYPT_TAG]);

#endif

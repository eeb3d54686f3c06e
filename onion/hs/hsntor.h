/* onion/hs/hsntor.h - the handshake with an onion service, client side
 * (rend-spec-v3 3.3.2, 4.2)
 *
 * A struct hsntor is drawn together with the rendezvous cookie, when the
 * circuit to the rendezvous point is begun, never later (map 15: 41297).  It is
 * secret; its holder wipes it.
 */
#ifndef ONION_HS_HSNTOR_H
#define ONION_HS_HSNTOR_H

#include <stddef.h>
#include <stdint.h>

enum { HSNTOR_REPLY = 64 };	/* Y, AUTH: of RENDEZVOUS2 */

struct hsntor {
	uint8_t	x[32];		/* secret */
	uint8_t	X[32];		/* public */
};

struct hsntor_keys {		/* of the hop at the service: SHA3, AES-256 */
	uint8_t	df[32], db[32];
	uint8_t	kf[32], kb[32];
};

int	hsntor_new(struct hsntor *);		/* 0 or -EIO */
/* For INTRODUCE1: keys by which its plaintext is encrypted and its whole is
 * authenticated.  -EBADMSG: @enc is no key to talk to (all zero, low order). */
int	hsntor_intro(const struct hsntor *, const uint8_t auth[32],
	    const uint8_t enc[32], const uint8_t subcredential[32],
	    uint8_t enc_key[32], uint8_t mac_key[32]);
/* RENDEZVOUS2 came: -EBADMSG where it is not that service's answer to that
 * introduction. */
int	hsntor_finish(const struct hsntor *, const uint8_t auth[32],
	    const uint8_t enc[32], const uint8_t reply[HSNTOR_REPLY],
	    struct hsntor_keys *out);

#endif

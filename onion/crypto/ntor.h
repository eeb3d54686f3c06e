/* onion/crypto/ntor.h - the ntor handshake (tor-spec 5.1.4, proposal 216)
 *
 * struct ntor is held by value and is secret; its holder wipes it.
 */
#ifndef ONION_CRYPTO_NTOR_H
#define ONION_CRYPTO_NTOR_H

#include <stddef.h>
#include <stdint.h>

enum { NTOR_LEN = 84, NTOR_REPLY_LEN = 64 };

struct ntor {
	uint8_t	id[20];		/* the relay's RSA fingerprint */
	uint8_t	onion[32];	/* its onion key, B */
	uint8_t	sec[32];	/* ours of one use, x */
	uint8_t	pub[32];	/* X */
	uint8_t	shared[32];	/* Bx */
};

/* @sec is NULL except where a test needs a known key.  -EBADMSG: @onion is no
 * usable key. */
int	ntor_start(struct ntor *, const uint8_t id[20],
	    const uint8_t onion[32], const uint8_t *sec,
	    uint8_t out[NTOR_LEN]);
/* -EBADMSG: not who we asked, or a point of low order. */
int	ntor_finish(const struct ntor *, const uint8_t reply[NTOR_REPLY_LEN],
	    uint8_t *keys, size_t keys_len);

#endif

/* onion/crypto/ntor3.h - the ntor-v3 handshake (proposal 332)
 *
 * Like ntor, with Ed25519 identities and SHA-3, and each side sends an
 * encrypted message along.  What the messages say is handshake.c's business.
 * struct ntor3 is held by value and is secret; its holder wipes it.
 */
#ifndef ONION_CRYPTO_NTOR3_H
#define ONION_CRYPTO_NTOR3_H

#include <stddef.h>
#include <stdint.h>

/* The verification string for extending circuits. */
#define NTOR3_VER_CIRC	"circuit extend"

enum {
	NTOR3_OVERHEAD	= 128,		/* client's data beyond its message */
	NTOR3_REPLY_OVERHEAD = 64,
	NTOR3_MSG_MAX	= 512,		/* more fits into no cell */
	NTOR3_VER_MAX	= 64,
	NTOR3_KEYS_MAX	= 256		/* key stream that can be asked for */
};

struct ntor3 {
	uint8_t	id[32];		/* the relay's Ed25519 identity */
	uint8_t	onion[32];	/* its onion key, B */
	uint8_t	sec[32];	/* ours of one use, x */
	uint8_t	pub[32];	/* X */
	uint8_t	shared[32];	/* Bx */
	uint8_t	mac[32];	/* ours, of what we sent */
	const char *ver;	/* verification string; borrowed */
};

/* @sec is NULL except where a test needs a known key.  @ver must live as long
 * as the handshake.  -EBADMSG: @onion is no usable key. */
int	ntor3_init(struct ntor3 *, const uint8_t id[32],
	    const uint8_t onion[32], const uint8_t *sec, const char *ver);
/* The length of what goes to the relay, -ENOBUFS or -EMSGSIZE (@msg). */
int	ntor3_start(struct ntor3 *, const uint8_t *msg, size_t msg_len,
	    uint8_t *out, size_t max);
/* @msg holds NTOR3_MSG_MAX and receives the relay's message; its length is
 * returned.  -EMSGSIZE: the reply is too short or too long; -EBADMSG. */
int	ntor3_finish(const struct ntor3 *, const uint8_t *reply, size_t,
	    uint8_t *msg, uint8_t *keys, size_t keys_len);

#endif

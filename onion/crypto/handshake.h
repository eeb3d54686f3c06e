/* onion/crypto/handshake.h - one door to all circuit handshakes, client side
 *
 *	handshake_start(&h, ...)  -> data for CREATE_FAST, CREATE2 or EXTEND2
 *	handshake_finish(h, ...)  <- data of CREATED_FAST, CREATED2, EXTENDED2
 *	handshake_free(h)
 *
 * A handshake is used for one reply; after handshake_finish(), whatever it
 * gave, only handshake_free() is left to do.  Its secrets are wiped then, at
 * the latest.  struct handshake_keys is secret, too: its holder wipes it.
 *
 * tor-spec 5.1.1-5.1.4 and 5.2; proposals 332 (ntor-v3), 324 (section 10.3,
 * the congestion control extension), 346 (the subprotocol request).
 */
#ifndef ONION_CRYPTO_HANDSHAKE_H
#define ONION_CRYPTO_HANDSHAKE_H

#include <stddef.h>
#include <stdint.h>

#include "onion/crypto/cgo.h"

enum handshake_kind {		/* the values are HTYPE of CREATE2, EXTEND2 */
	HANDSHAKE_NONE	= 0,
	HANDSHAKE_FAST	= 1,	/* only in CREATE_FAST, only for hop 1 */
	HANDSHAKE_NTOR	= 2,
	HANDSHAKE_NTOR3	= 3
};

enum {
	HANDSHAKE_DATA_MAX  = 505,	/* HDATA that a CREATE2 cell holds */
	HANDSHAKE_REPLY_MAX = 507,	/* HDATA that a CREATED2 cell holds */
	HANDSHAKE_FAST_LEN  = 20,	/* client's data in CREATE_FAST */
	HANDSHAKE_FAST_REPLY_LEN = 40,
	HANDSHAKE_NTOR_LEN  = 84,
	HANDSHAKE_NTOR_REPLY_LEN = 64
};

/* What to negotiate; only ntor-v3 can.  All zero asks for nothing. */
struct handshake_ask {
	uint8_t		want_cc;	/* congestion control */
	uint8_t		want_cgo;	/* and with it Counter Galois Onion */
	uint8_t		sendme_inc;	/* consensus cc_sendme_inc: the reply
					 * may differ by 1 at the most */
};

struct handshake_keys {		/* in the order of tor-spec 5.2.2 */
	uint8_t		df[20];		/* seeds the digest, forward */
	uint8_t		db[20];		/* ... backward */
	uint8_t		kf[16];		/* AES-128, forward */
	uint8_t		kb[16];		/* ... backward */
	uint8_t		kh[20];		/* nonce of onion services */
	uint8_t		cgo_on;		/* these instead of df, db, kf, kb: */
	uint8_t		cgo_fwd[CGO_KEYS];
	uint8_t		cgo_bwd[CGO_KEYS];
	uint8_t		cc_on;		/* congestion control is agreed */
	uint8_t		sendme_inc;	/* cells per SENDME; 0 unless cc_on */
};

struct handshake;

/* Writes the client's data to @out and returns its length; -ENOBUFS: @max is
 * too small; -EINVAL: unknown kind; -EBADMSG: @ntor_key is no usable key.
 * FAST looks at no key (they may be NULL), NTOR needs @rsa_id, NTOR3 @ed_id;
 * both need @ntor_key.  @ask may be NULL. */
int	handshake_start(struct handshake **, enum handshake_kind,
	    const uint8_t rsa_id[20], const uint8_t ed_id[32],
	    const uint8_t ntor_key[32], const struct handshake_ask *ask,
	    uint8_t *out, size_t max);

/* 0 and all of @out, or with @out untouched: -EMSGSIZE a wrong length,
 * -EBADMSG it is not the relay that we asked for, -EPROTO it is, but it
 * answers what was not asked or cannot be. */
int	handshake_finish(struct handshake *, const uint8_t *reply, size_t,
	    struct handshake_keys *out);

void	handshake_free(struct handshake *);
enum handshake_kind handshake_kind(const struct handshake *);

#endif

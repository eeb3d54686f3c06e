/* onion/crypto/cgo.c - Counter Galois Onion, one direction of one hop
 *
 * Theory of operation
 *	(proposal 359, with AES-128.)  A body is X_L, 16 bytes, and X_R, the
 *	other 493.  The wide block hides each side under the other:
 *
 *	  X_R ^= PRF(X_L, 0)	key stream of AES-CTR under K, whose IV is
 *				POLYVAL(B, X_L) with the last six bits cleared
 *	  X_L  = ET^-1(X_L)	AES under KB, with the same mask added before
 *				and after: POLYVAL(KU, T' | cmd | X_R)
 *
 *	This is its decryption, for the client in both directions.  Relays
 *	encrypt, first X_L and then X_R, which makes noise of all if a bit is
 *	another; decryption would leave that bit in X_R as it is and make noise
 *	of X_L.  To us that is enough, since X_L says whose the cell is.
 *
 *	T' is X_L of the cell before, as it was before it was decrypted.  A cell
 *	is for the hop where X_L becomes the nonce N.
 *
 *	Then, and only then, the keys and the nonce are replaced (UPDATE), by
 *	PRF(N, 1): the same key stream, 31 blocks further on.  fwd X_L was N
 *	before it was decrypted, and bwd what it was becomes N first, so the IV
 *	of the cell serves for this, too.  What a cell was encrypted with is
 *	gone after it; key stream, masks and new keys are wiped as soon as they
 *	were used.
 *
 *	A cell that was spoilt on its way is nobody's.  fwd, so is all that
 *	follows, at the relay where it was spoilt and behind it: T' there is
 *	noise, and makes noise of the next.  bwd, so is all that follows from
 *	the hop whose cell it was, whose keys have moved on without ours.  T' of
 *	the hops before that one comes right again with whole cells that pass
 *	them, and theirs would be recognised.  So the circuit must be closed at
 *	the first cell that no hop recognises, as with tor1.
 *
 * Speed
 *	ns per cell and hop; the least of many rounds, OpenSSL 3.0.19, AMD EPYC
 *	with AES-NI and PCLMULQDQ, gcc -O2 hardened as it is built:
 *
 *	  originate				389
 *	  bwd, this hop's			426
 *	  bwd, another's			262
 *	  pass_fwd				236
 *
 *	  of which: key stream, 31 blocks	 52
 *		    POLYVAL of 510 bytes	 94 (1890 without PCLMULQDQ)
 *		    AES, one block		 17
 *	  UPDATE:   key stream, 5 blocks	 17
 *		    both keys of AES		120
 *		    powers of KU		 10
 *
 *	The key stream through EVP's own counter mode is 113, half of it for the
 *	IV, and a key of AES 92 with padding switched off (crypt.c).
 */
#include "onion/crypto/cgo.h"

#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "onion/crypto/crypt.h"
#include "onion/crypto/polyval.h"

enum {
	BLOCK		= 16,
	RIGHT		= CGO_BODY - BLOCK,
	RIGHT_BLOCKS	= (RIGHT + BLOCK - 1) / BLOCK,	/* of key stream */
	KEYS_BLOCKS	= CGO_KEYS / BLOCK
};

struct cgo {
	struct crypt_aes	*kb;		/* decrypts */
	struct crypt_aes	*k;		/* makes key stream */
	struct polyval_key	 ku, b;
	uint8_t			 nonce[BLOCK];
	uint8_t			 tweak[BLOCK];	/* T' */
};

_Static_assert((int)CGO_TAG == (int)BLOCK, "the tag is X_L");

/* What is beside the ciphers' own keys. */
static void
set_rest(struct cgo *c, const uint8_t keys[CGO_KEYS])
{
	polyval_key_set(&c->ku, keys + 16, POLYVAL_POWERS);
	polyval_key_set(&c->b, keys + 48, 1);
	memcpy(c->nonce, keys + 64, BLOCK);
}

struct cgo *
cgo_new(const uint8_t keys[CGO_KEYS])
{
	struct cgo *c;

	if ((c = calloc(1, sizeof(*c))) == NULL)
		return NULL;
	c->kb = crypt_aes_new_dec(keys);
	c->k = crypt_aes_new_enc(keys + 32);
	if (c->kb == NULL || c->k == NULL) {
		cgo_free(c);
		return NULL;
	}
	set_rest(c, keys);
	return c;
}

void
cgo_free(struct cgo *c)
{
	if (c == NULL)
		return;
	crypt_aes_free(c->kb);
	crypt_aes_free(c->k);
	secret_wipe(c, sizeof(*c));
	free(c);
}

/* PRF's hash of @x: where its key stream begins. */
static void
prf_iv(const struct cgo *c, const uint8_t x[BLOCK], uint8_t iv[BLOCK])
{
	struct polyval p;

	polyval_begin(&p, &c->b);
	polyval_add(&p, x, BLOCK);
	polyval_end(&p, iv);
	iv[BLOCK - 1] &= 0xc0;
}

static void
prf_xor(struct cgo *c, const uint8_t iv[BLOCK], uint8_t right[RIGHT])
{
	uint8_t stream[RIGHT_BLOCKS * BLOCK];

	crypt_aes_stream(c->k, iv, stream, RIGHT_BLOCKS);
	crypt_xor(right, stream, RIGHT);
	secret_wipe(stream, sizeof(stream));
}

static void
et_mask(const struct cgo *c, uint8_t cmd, const uint8_t right[RIGHT],
    uint8_t mask[BLOCK])
{
	uint8_t head[2 * BLOCK];
	struct polyval p;

	memcpy(head, c->tweak, BLOCK);
	head[BLOCK] = cmd;
	memcpy(head + BLOCK + 1, right, BLOCK - 1);
	polyval_begin(&p, &c->ku);
	polyval_add(&p, head, sizeof(head));
	polyval_add(&p, right + BLOCK - 1, RIGHT - (BLOCK - 1));
	polyval_end(&p, mask);
	secret_wipe(head, sizeof(head));
}

/* Takes a layer off.  @iv is left for update(), and is the caller's to wipe. */
static void
decrypt(struct cgo *c, uint8_t cmd, uint8_t body[CGO_BODY], uint8_t iv[BLOCK])
{
	uint8_t before[BLOCK], mask[BLOCK];

	memcpy(before, body, BLOCK);
	prf_iv(c, body, iv);
	prf_xor(c, iv, body + BLOCK);
	et_mask(c, cmd, body + BLOCK, mask);
	crypt_xor(body, mask, BLOCK);
	crypt_aes_block(c->kb, body);
	crypt_xor(body, mask, BLOCK);
	memcpy(c->tweak, before, BLOCK);
	secret_wipe(mask, sizeof(mask));
}

/* @iv is that of what X_L was. */
static void
update(struct cgo *c, uint8_t iv[BLOCK])
{
	uint8_t keys[CGO_KEYS];

	iv[BLOCK - 1] += RIGHT_BLOCKS;
	crypt_aes_stream(c->k, iv, keys, KEYS_BLOCKS);
	crypt_aes_key(c->kb, keys);
	crypt_aes_key(c->k, keys + 32);
	set_rest(c, keys);
	secret_wipe(keys, sizeof(keys));
}

void
cgo_originate(struct cgo *c, uint8_t cmd, uint8_t body[CGO_BODY],
    uint8_t tag[CGO_TAG])
{
	uint8_t iv[BLOCK];

	memcpy(body, c->nonce, BLOCK);
	decrypt(c, cmd, body, iv);
	memcpy(tag, body, CGO_TAG);
	update(c, iv);
	secret_wipe(iv, sizeof(iv));
}

void
cgo_pass_fwd(struct cgo *c, uint8_t cmd, uint8_t body[CGO_BODY])
{
	uint8_t iv[BLOCK];

	decrypt(c, cmd, body, iv);
	secret_wipe(iv, sizeof(iv));
}

int
cgo_bwd(struct cgo *c, uint8_t cmd, uint8_t body[CGO_BODY],
    uint8_t tag[CGO_TAG])
{
	uint8_t iv[BLOCK];
	int ours;

	decrypt(c, cmd, body, iv);
	if ((ours = secret_equal(body, c->nonce, BLOCK))) {
		memcpy(tag, c->tweak, CGO_TAG);
		update(c, iv);
	}
	secret_wipe(iv, sizeof(iv));
	return ours;
}

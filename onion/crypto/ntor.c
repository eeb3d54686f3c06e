/* onion/crypto/ntor.c - the ntor handshake
 *
 *	we send		ID | B | X
 *	relay sends	Y | AUTH
 *
 * where secret_input = Xy | Xb | ID | B | X | Y | PROTOID.  Both halves of the
 * check of a reply (the point and AUTH) are made before either is looked at,
 * so that time does not tell which one failed.
 */
#include "onion/crypto/ntor.h"

#include <errno.h>
#include <string.h>

#include "base/secret.h"
#include "base/wire.h"
#include "onion/crypto/crypt.h"

#define PROTOID		"ntor-curve25519-sha256-1"
#define T_MAC		PROTOID ":mac"
#define T_KEY		PROTOID ":key_extract"
#define T_VERIFY	PROTOID ":verify"
#define M_EXPAND	PROTOID ":key_expand"
#define STR(s)		s, sizeof(s) - 1

int
ntor_start(struct ntor *n, const uint8_t id[20], const uint8_t onion[32],
    const uint8_t *sec, uint8_t out[NTOR_LEN])
{
	struct pack p;
	int rc;

	memcpy(n->id, id, sizeof(n->id));
	memcpy(n->onion, onion, sizeof(n->onion));
	if (sec != NULL) {
		memcpy(n->sec, sec, sizeof(n->sec));
		rc = crypt_x25519_pub(n->pub, sec);
	} else {
		rc = crypt_x25519_new(n->sec, n->pub);
	}
	if (rc == 0)
		rc = crypt_dh(n->shared, n->sec, n->onion);
	if (rc < 0)
		return rc;
	pack_init(&p, out, NTOR_LEN);
	pack_put(&p, n->id, sizeof(n->id));
	pack_put(&p, n->onion, sizeof(n->onion));
	pack_put(&p, n->pub, sizeof(n->pub));
	return p.err;
}

/* verify = H(secret_input, t_verify) and from it
 * AUTH = H(verify | ID | B | Y | X | PROTOID | "Server", t_mac) */
static void
make_auth(const struct ntor *n, const uint8_t y[32], const uint8_t *secret,
    size_t secret_len, uint8_t auth[32])
{
	uint8_t in[32 + 20 + 3 * 32 + sizeof(PROTOID "Server")];
	uint8_t verify[32];
	struct pack p;

	crypt_hmac_sha256(verify, STR(T_VERIFY), secret, secret_len);
	pack_init(&p, in, sizeof(in));
	pack_put(&p, verify, sizeof(verify));
	pack_put(&p, n->id, sizeof(n->id));
	pack_put(&p, n->onion, sizeof(n->onion));
	pack_put(&p, y, 32);
	pack_put(&p, n->pub, sizeof(n->pub));
	pack_put(&p, STR(PROTOID "Server"));
	crypt_hmac_sha256(auth, STR(T_MAC), in, pack_len(&p));
	secret_wipe(verify, sizeof(verify));
	secret_wipe(in, sizeof(in));
}

int
ntor_finish(const struct ntor *n, const uint8_t reply[NTOR_REPLY_LEN],
    uint8_t *keys, size_t keys_len)
{
	uint8_t secret[2 * 32 + 20 + 3 * 32 + sizeof(PROTOID)];
	uint8_t dh_y[32] = { 0 }, auth[32];
	const uint8_t *y = reply;
	struct pack p;
	int bad;

	bad = crypt_dh(dh_y, n->sec, y) < 0;
	pack_init(&p, secret, sizeof(secret));
	pack_put(&p, dh_y, sizeof(dh_y));
	pack_put(&p, n->shared, sizeof(n->shared));
	pack_put(&p, n->id, sizeof(n->id));
	pack_put(&p, n->onion, sizeof(n->onion));
	pack_put(&p, n->pub, sizeof(n->pub));
	pack_put(&p, y, 32);
	pack_put(&p, STR(PROTOID));
	make_auth(n, y, secret, pack_len(&p), auth);
	bad |= !secret_equal(auth, reply + 32, sizeof(auth));
	if (!bad)
		crypt_hkdf_sha256(keys, keys_len, secret, pack_len(&p),
		    STR(T_KEY), STR(M_EXPAND));
	secret_wipe(secret, sizeof(secret));
	secret_wipe(dh_y, sizeof(dh_y));
	secret_wipe(auth, sizeof(auth));
	return bad ? -EBADMSG : 0;
}

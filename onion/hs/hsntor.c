/* onion/hs/hsntor.c - the handshake with an onion service, client side
 *
 * That of ntor.c with other strings, SHA3 for HMAC-SHA-256 and SHAKE256 for
 * HKDF:
 *
 *	intro_secret = Bx | AUTH_KEY | X | B | PROTOID
 *	rend_secret  = Yx | Bx | AUTH_KEY | B | X | Y | PROTOID
 *	MAC(k, m)    = SHA3(INT_8(len(k)) | k | m)
 *
 * Of a reply both halves (the point and AUTH) are made before either is looked
 * at.
 */
#include "onion/hs/hsntor.h"

#include <errno.h>
#include <string.h>

#include "base/secret.h"
#include "base/wire.h"
#include "onion/crypto/crypt.h"

#define PROTOID		"tor-hs-ntor-curve25519-sha3-256-1"
#define T_ENC		PROTOID ":hs_key_extract"
#define T_VERIFY	PROTOID ":hs_verify"
#define T_MAC		PROTOID ":hs_mac"
#define M_EXPAND	PROTOID ":hs_key_expand"
#define SERVER		PROTOID "Server"
#define STR(s)		s, sizeof(s) - 1

enum { SECRET_MAX = 256, MAC_LEN = SHA3_LEN };

int
hsntor_new(struct hsntor *h)
{
	return crypt_x25519_new(h->x, h->X) < 0 ? -EIO : 0;
}

static void
mac(uint8_t out[MAC_LEN], const uint8_t *key, size_t keylen, const char *m,
    size_t len)
{
	uint8_t in[8 + SECRET_MAX + 64];
	struct pack p;

	pack_init(&p, in, sizeof(in));
	pack_u64(&p, keylen);
	pack_put(&p, key, keylen);
	pack_put(&p, m, len);
	crypt_sha3(out, in, pack_len(&p));
	secret_wipe(in, sizeof(in));
}

int
hsntor_intro(const struct hsntor *h, const uint8_t auth[32],
    const uint8_t enc[32], const uint8_t subcredential[32],
    uint8_t enc_key[32], uint8_t mac_key[32])
{
	uint8_t in[SECRET_MAX + 128], keys[64], dh[X25519_LEN];
	struct pack p;

	if (crypt_dh(dh, h->x, enc) < 0)
		return -EBADMSG;
	pack_init(&p, in, sizeof(in));
	pack_put(&p, dh, sizeof(dh));
	pack_put(&p, auth, 32);
	pack_put(&p, h->X, sizeof(h->X));
	pack_put(&p, enc, 32);
	pack_put(&p, STR(PROTOID));
	pack_put(&p, STR(T_ENC));
	pack_put(&p, STR(M_EXPAND));
	pack_put(&p, subcredential, 32);
	crypt_shake256(keys, sizeof(keys), in, pack_len(&p));
	memcpy(enc_key, keys, 32);
	memcpy(mac_key, keys + 32, 32);
	secret_wipe(dh, sizeof(dh));
	secret_wipe(in, sizeof(in));
	secret_wipe(keys, sizeof(keys));
	return 0;
}

/* MAC(verify | AUTH_KEY | B | Y | X | PROTOID | "Server", t_hsmac) */
static void
make_auth(uint8_t out[MAC_LEN], const struct hsntor *h,
    const uint8_t auth[32], const uint8_t enc[32], const uint8_t y[32],
    const uint8_t *secret, size_t secret_len)
{
	uint8_t in[SECRET_MAX], verify[MAC_LEN];
	struct pack p;

	mac(verify, secret, secret_len, STR(T_VERIFY));
	pack_init(&p, in, sizeof(in));
	pack_put(&p, verify, sizeof(verify));
	pack_put(&p, auth, 32);
	pack_put(&p, enc, 32);
	pack_put(&p, y, 32);
	pack_put(&p, h->X, sizeof(h->X));
	pack_put(&p, STR(SERVER));
	mac(out, in, pack_len(&p), STR(T_MAC));
	secret_wipe(verify, sizeof(verify));
	secret_wipe(in, sizeof(in));
}

/* SHAKE256(MAC(rend_secret, t_hsenc) | m_hsexpand) */
static void
expand(struct hsntor_keys *out, const uint8_t *secret, size_t secret_len)
{
	uint8_t in[MAC_LEN + sizeof(M_EXPAND)];
	struct pack p;

	mac(in, secret, secret_len, STR(T_ENC));
	pack_init(&p, in, sizeof(in));
	p.at += MAC_LEN;
	pack_put(&p, STR(M_EXPAND));
	_Static_assert(sizeof(*out) == 4 * 32, "no holes");
	crypt_shake256((uint8_t *)out, sizeof(*out), in, pack_len(&p));
	secret_wipe(in, sizeof(in));
}

int
hsntor_finish(const struct hsntor *h, const uint8_t auth[32],
    const uint8_t enc[32], const uint8_t reply[HSNTOR_REPLY],
    struct hsntor_keys *out)
{
	uint8_t secret[SECRET_MAX], got[MAC_LEN];
	uint8_t dh_y[X25519_LEN] = { 0 }, dh_b[X25519_LEN] = { 0 };
	const uint8_t *y = reply;
	struct pack p;
	int bad;

	bad = secret_is_zero(h->x, sizeof(h->x));	/* never drawn */
	bad |= crypt_dh(dh_y, h->x, y) < 0;
	bad |= crypt_dh(dh_b, h->x, enc) < 0;
	pack_init(&p, secret, sizeof(secret));
	pack_put(&p, dh_y, sizeof(dh_y));
	pack_put(&p, dh_b, sizeof(dh_b));
	pack_put(&p, auth, 32);
	pack_put(&p, enc, 32);
	pack_put(&p, h->X, sizeof(h->X));
	pack_put(&p, y, 32);
	pack_put(&p, STR(PROTOID));
	make_auth(got, h, auth, enc, y, secret, pack_len(&p));
	bad |= !secret_equal(got, reply + 32, sizeof(got));
	if (!bad)
		expand(out, secret, pack_len(&p));
	secret_wipe(secret, sizeof(secret));
	secret_wipe(dh_y, sizeof(dh_y));
	secret_wipe(dh_b, sizeof(dh_b));
	secret_wipe(got, sizeof(got));
	return bad ? -EBADMSG : 0;
}

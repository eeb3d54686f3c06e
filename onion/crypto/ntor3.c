/* onion/crypto/ntor3.c - the ntor-v3 handshake
 *
 *	we send		ID | B | X | ENC(message) | MAC
 *	relay sends	Y | AUTH | ENC(message)
 *
 * Every hash begins with its own tweak, encapsulated: 8 bytes of length, then
 * the bytes.  What is hashed is put together in one buffer first (struct mix),
 * since nothing here is long and OpenSSL 3.0 squeezes SHAKE only once.
 */
#include "onion/crypto/ntor3.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "base/secret.h"
#include "base/wire.h"
#include "onion/crypto/crypt.h"

#define PROTOID	"ntor3-curve25519-sha3_256-1"
#define STR(s)	s, sizeof(s) - 1

struct mix {
	struct pack	p;
	uint8_t		buf[1024];
};

static void
add(struct mix *m, const void *p, size_t len)
{
	pack_put(&m->p, p, len);
}

static void
add_encap(struct mix *m, const void *p, size_t len)
{
	pack_u64(&m->p, len);
	add(m, p, len);
}

static void
begin(struct mix *m, const char *tweak)
{
	pack_init(&m->p, m->buf, sizeof(m->buf));
	add_encap(m, tweak, strlen(tweak));
}

static void
end_sha3(struct mix *m, uint8_t out[SHA3_LEN])
{
	assert(m->p.err == 0);
	crypt_sha3(out, m->buf, pack_len(&m->p));
	secret_wipe(m->buf, sizeof(m->buf));
}

static void
end_shake(struct mix *m, uint8_t *out, size_t len)
{
	assert(m->p.err == 0);
	crypt_shake256(out, len, m->buf, pack_len(&m->p));
	secret_wipe(m->buf, sizeof(m->buf));
}

static int
cipher(uint8_t *inout, size_t len, const uint8_t key[AES256_LEN])
{
	struct crypt_ctr *c = crypt_ctr_new(key, AES256_LEN);

	if (c == NULL)
		return -ENOMEM;
	crypt_ctr_xor(c, inout, len);
	crypt_ctr_free(c);
	return 0;
}

int
ntor3_init(struct ntor3 *n, const uint8_t id[32], const uint8_t onion[32],
    const uint8_t *sec, const char *ver)
{
	int rc;

	assert(strlen(ver) <= NTOR3_VER_MAX);
	memcpy(n->id, id, sizeof(n->id));
	memcpy(n->onion, onion, sizeof(n->onion));
	n->ver = ver;
	if (sec != NULL) {
		memcpy(n->sec, sec, sizeof(n->sec));
		rc = crypt_x25519_pub(n->pub, sec);
	} else {
		rc = crypt_x25519_new(n->sec, n->pub);
	}
	if (rc < 0)
		return rc;
	return crypt_dh(n->shared, n->sec, n->onion);
}

/* KDF_msgkdf(Bx | ID | X | B | PROTOID | ENCAP(VER)) -> ENC_K1, MAC_K1 */
static void
phase1_keys(const struct ntor3 *n, uint8_t enc[32], uint8_t mac[32])
{
	uint8_t both[64];
	struct mix m;

	begin(&m, PROTOID ":kdf_phase1");
	add(&m, n->shared, sizeof(n->shared));
	add(&m, n->id, sizeof(n->id));
	add(&m, n->pub, sizeof(n->pub));
	add(&m, n->onion, sizeof(n->onion));
	add(&m, STR(PROTOID));
	add_encap(&m, n->ver, strlen(n->ver));
	end_shake(&m, both, sizeof(both));
	memcpy(enc, both, 32);
	memcpy(mac, both + 32, 32);
	secret_wipe(both, sizeof(both));
}

/* MAC_msgmac(MAC_K1, ID | B | X | encrypted message) */
static void
phase1_mac(const struct ntor3 *n, const uint8_t key[32], const uint8_t *msg,
    size_t len, uint8_t out[32])
{
	struct mix m;

	begin(&m, PROTOID ":msg_mac");
	add_encap(&m, key, 32);
	add(&m, n->id, sizeof(n->id));
	add(&m, n->onion, sizeof(n->onion));
	add(&m, n->pub, sizeof(n->pub));
	add(&m, msg, len);
	end_sha3(&m, out);
}

int
ntor3_start(struct ntor3 *n, const uint8_t *msg, size_t msg_len, uint8_t *out,
    size_t max)
{
	uint8_t enc[32], mac[32], *at;
	struct pack p;
	int rc;

	if (msg_len > NTOR3_MSG_MAX)
		return -EMSGSIZE;
	if (max < msg_len + NTOR3_OVERHEAD)
		return -ENOBUFS;
	pack_init(&p, out, max);
	pack_put(&p, n->id, sizeof(n->id));
	pack_put(&p, n->onion, sizeof(n->onion));
	pack_put(&p, n->pub, sizeof(n->pub));
	at = out + pack_len(&p);
	pack_put(&p, msg, msg_len);
	phase1_keys(n, enc, mac);
	if ((rc = cipher(at, msg_len, enc)) == 0) {
		phase1_mac(n, mac, at, msg_len, n->mac);
		pack_put(&p, n->mac, sizeof(n->mac));
		rc = (int)pack_len(&p);
	}
	secret_wipe(enc, sizeof(enc));
	secret_wipe(mac, sizeof(mac));
	return rc;
}

/* H_tweak(Yx | Bx | ID | B | X | Y | PROTOID | ENCAP(VER)) */
static void
hash_secret(const struct ntor3 *n, const char *tweak, const uint8_t yx[32],
    const uint8_t y[32], uint8_t out[32])
{
	struct mix m;

	begin(&m, tweak);
	add(&m, yx, 32);
	add(&m, n->shared, sizeof(n->shared));
	add(&m, n->id, sizeof(n->id));
	add(&m, n->onion, sizeof(n->onion));
	add(&m, n->pub, sizeof(n->pub));
	add(&m, y, 32);
	add(&m, STR(PROTOID));
	add_encap(&m, n->ver, strlen(n->ver));
	end_sha3(&m, out);
}

/* H_auth(verify | ID | B | Y | X | MAC | ENCAP(MSG) | PROTOID | "Server") */
static void
hash_auth(const struct ntor3 *n, const uint8_t verify[32], const uint8_t y[32],
    const struct wire *msg, uint8_t out[32])
{
	struct mix m;

	begin(&m, PROTOID ":auth_final");
	add(&m, verify, 32);
	add(&m, n->id, sizeof(n->id));
	add(&m, n->onion, sizeof(n->onion));
	add(&m, y, 32);
	add(&m, n->pub, sizeof(n->pub));
	add(&m, n->mac, sizeof(n->mac));
	add_encap(&m, msg->at, wire_left(msg));
	add(&m, STR(PROTOID "Server"));
	end_sha3(&m, out);
}

/* Once the relay has proved itself: its message, and the key stream. */
static int
open_message(const uint8_t seed[32], const struct wire *in, uint8_t *msg,
    uint8_t *keys, size_t keys_len)
{
	uint8_t stream[32 + NTOR3_KEYS_MAX];
	struct mix m;
	int rc;

	begin(&m, PROTOID ":kdf_final");
	add(&m, seed, 32);
	end_shake(&m, stream, 32 + keys_len);
	memcpy(msg, in->at, wire_left(in));
	if ((rc = cipher(msg, wire_left(in), stream)) == 0)
		memcpy(keys, stream + 32, keys_len);
	secret_wipe(stream, sizeof(stream));
	return rc;
}

int
ntor3_finish(const struct ntor3 *n, const uint8_t *reply, size_t len,
    uint8_t *msg, uint8_t *keys, size_t keys_len)
{
	uint8_t yx[32] = { 0 }, seed[32], verify[32], auth[32];
	const uint8_t *y, *their_auth;
	struct wire w;
	int rc, bad;

	assert(keys_len <= NTOR3_KEYS_MAX);
	wire_init(&w, reply, len);
	y = wire_take(&w, 32);
	their_auth = wire_take(&w, 32);
	if (w.err != 0 || wire_left(&w) > NTOR3_MSG_MAX)
		return -EMSGSIZE;
	/* All of it, before any of it is judged: time tells nothing. */
	bad = crypt_dh(yx, n->sec, y) < 0;
	hash_secret(n, PROTOID ":key_seed", yx, y, seed);
	hash_secret(n, PROTOID ":verify", yx, y, verify);
	hash_auth(n, verify, y, &w, auth);
	bad |= !secret_equal(auth, their_auth, sizeof(auth));
	rc = bad ? -EBADMSG : open_message(seed, &w, msg, keys, keys_len);
	secret_wipe(yx, sizeof(yx));
	secret_wipe(seed, sizeof(seed));
	secret_wipe(verify, sizeof(verify));
	secret_wipe(auth, sizeof(auth));
	return rc < 0 ? rc : (int)wire_left(&w);
}

/* tests/sim/simhand.c - the relay's side of handshakes and of relay crypto */
#include "tests/sim/simhand.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/rand.h"
#include "onion/crypto/crypt.h"
#include "onion/crypto/handshake.h"
#include "tests/onion/crypto/cgorelay.h"

#define V1	"ntor-curve25519-sha256-1"
#define V3	"ntor3-curve25519-sha3_256-1"
#define VER	"circuit extend"

enum {
	STREAM = 92,		/* Df Db Kf Kb KH */
	CGO_STREAM = 180,	/* forward, backward, KH */
	BACK = 3		/* RELAY: the command of all that goes back */
};

/* Bytes put one after the other. */
struct heap {
	uint8_t	b[2048];
	size_t	n;
};

static void
put(struct heap *h, const void *p, size_t len)
{
	if (len > sizeof(h->b) - h->n)
		abort();
	memcpy(h->b + h->n, p, len);
	h->n += len;
}

static void
put_str(struct heap *h, const char *s)
{
	put(h, s, strlen(s));
}

static void
put_encap(struct heap *h, const void *p, size_t len)
{
	uint8_t be[8] = { 0, 0, 0, 0, 0, 0, (uint8_t)(len >> 8),
	    (uint8_t)len };

	put(h, be, sizeof(be));
	put(h, p, len);
}

void
simhand_relay_new(struct simhand_relay *r)
{
	memset(r, 0, sizeof(*r));
	rand_bytes(r->rsa_id, sizeof(r->rsa_id));
	rand_bytes(r->ed_id, sizeof(r->ed_id));
	if (crypt_x25519_new(r->ntor_sec, r->ntor_pub) < 0)
		abort();
	r->sendme_inc = 31;
}

static void
split(const uint8_t s[STREAM], struct handshake_keys *k)
{
	memset(k, 0, sizeof(*k));
	memcpy(k->df, s, 20);
	memcpy(k->db, s + 20, 20);
	memcpy(k->kf, s + 40, 16);
	memcpy(k->kb, s + 56, 16);
	memcpy(k->kh, s + 72, 20);
}

static void
split_cgo(const uint8_t s[CGO_STREAM], struct handshake_keys *k)
{
	memset(k, 0, sizeof(*k));
	k->cgo_on = 1;
	memcpy(k->cgo_fwd, s, 80);
	memcpy(k->cgo_bwd, s + 80, 80);
	memcpy(k->kh, s + 160, 20);
}

/* --- CREATE_FAST --- */

static int
answer_fast(const uint8_t *x, size_t len, uint8_t *reply, size_t max,
    struct handshake_keys *k)
{
	uint8_t in[41], out[120], s[STREAM];
	uint8_t i;

	if (len != 20)
		return -EPROTO;
	if (max < 40)
		return -ENOBUFS;
	rand_bytes(reply, 20);
	memcpy(in, x, 20);
	memcpy(in + 20, reply, 20);
	for (i = 0; i < 6; i++) {
		in[40] = i;
		crypt_sha1(out + 20 * i, in, sizeof(in));
	}
	memcpy(reply + 20, out, 20);
	memcpy(s, out + 20, 72);
	memcpy(s + 72, out, 20);
	split(s, k);
	return 40;
}

/* --- ntor --- */

static void
v1_hash(uint8_t out[32], const struct heap *h, const char *tweak)
{
	crypt_hmac_sha256(out, tweak, strlen(tweak), h->b, h->n);
}

static int
answer_ntor(const struct simhand_relay *r, const uint8_t *data, size_t len,
    uint8_t *reply, size_t max, struct handshake_keys *k)
{
	struct heap secret = { .n = 0 }, auth = { .n = 0 };
	uint8_t ysec[32], y[32], xy[32], xb[32], verify[32], s[STREAM];
	const uint8_t *x = data + 52;

	if (len != 84 || memcmp(data, r->rsa_id, 20) != 0 ||
	    memcmp(data + 20, r->ntor_pub, 32) != 0)
		return -EPROTO;
	if (max < 64)
		return -ENOBUFS;
	if (crypt_x25519_new(ysec, y) < 0 || crypt_dh(xy, ysec, x) < 0 ||
	    crypt_dh(xb, r->ntor_sec, x) < 0)
		return -EBADMSG;
	put(&secret, xy, 32);
	put(&secret, xb, 32);
	put(&secret, r->rsa_id, 20);
	put(&secret, r->ntor_pub, 32);
	put(&secret, x, 32);
	put(&secret, y, 32);
	put_str(&secret, V1);
	v1_hash(verify, &secret, V1 ":verify");
	put(&auth, verify, 32);
	put(&auth, r->rsa_id, 20);
	put(&auth, r->ntor_pub, 32);
	put(&auth, y, 32);
	put(&auth, x, 32);
	put_str(&auth, V1 "Server");
	memcpy(reply, y, 32);
	v1_hash(reply + 32, &auth, V1 ":mac");
	crypt_hkdf_sha256(s, sizeof(s), secret.b, secret.n, V1 ":key_extract",
	    strlen(V1 ":key_extract"), V1 ":key_expand",
	    strlen(V1 ":key_expand"));
	split(s, k);
	return 64;
}

/* --- ntor-v3 --- */

static void
v3_begin(struct heap *h, const char *tweak)
{
	h->n = 0;
	put_encap(h, tweak, strlen(tweak));
}

static void
v3_crypt(uint8_t *p, size_t len, const uint8_t key[32])
{
	struct crypt_ctr *c = crypt_ctr_new(key, 32);

	if (c == NULL)
		abort();
	crypt_ctr_xor(c, p, len);
	crypt_ctr_free(c);
}

/* Opens the client's message in place; its length, or an error. */
static int
v3_open(const struct simhand_relay *r, const uint8_t *data, size_t len,
    const uint8_t xb[32], uint8_t *msg)
{
	const uint8_t *x = data + 64, *mac = data + len - 32;
	uint8_t keys[64], want[32];
	struct heap h;

	v3_begin(&h, V3 ":kdf_phase1");
	put(&h, xb, 32);
	put(&h, r->ed_id, 32);
	put(&h, x, 32);
	put(&h, r->ntor_pub, 32);
	put_str(&h, V3);
	put_encap(&h, VER, strlen(VER));
	crypt_shake256(keys, sizeof(keys), h.b, h.n);
	v3_begin(&h, V3 ":msg_mac");
	put_encap(&h, keys + 32, 32);
	put(&h, r->ed_id, 32);
	put(&h, r->ntor_pub, 32);
	put(&h, x, 32);
	put(&h, data + 96, len - 128);
	crypt_sha3(want, h.b, h.n);
	if (memcmp(want, mac, 32) != 0)
		return -EBADMSG;
	memcpy(msg, data + 96, len - 128);
	v3_crypt(msg, len - 128, keys);
	return (int)(len - 128);
}

/* What both sides know in the end: the hash with @tweak. */
static void
v3_secret(const struct simhand_relay *r, const uint8_t xy[32],
    const uint8_t xb[32], const uint8_t x[32], const uint8_t y[32],
    const char *tweak, uint8_t out[32])
{
	struct heap h;

	v3_begin(&h, tweak);
	put(&h, xy, 32);
	put(&h, xb, 32);
	put(&h, r->ed_id, 32);
	put(&h, r->ntor_pub, 32);
	put(&h, x, 32);
	put(&h, y, 32);
	put_str(&h, V3);
	put_encap(&h, VER, strlen(VER));
	crypt_sha3(out, h.b, h.n);
}

static int
v3_reply(const struct simhand_relay *r, const uint8_t *data, size_t len,
    const uint8_t xb[32], const uint8_t *msg, size_t msg_len, int cgo,
    uint8_t *reply, struct handshake_keys *k)
{
	uint8_t ysec[32], y[32], xy[32], seed[32], verify[32];
	uint8_t stream[32 + CGO_STREAM];
	const uint8_t *x = data + 64;
	struct heap h;

	if (crypt_x25519_new(ysec, y) < 0 || crypt_dh(xy, ysec, x) < 0)
		return -EBADMSG;
	v3_secret(r, xy, xb, x, y, V3 ":key_seed", seed);
	v3_secret(r, xy, xb, x, y, V3 ":verify", verify);
	v3_begin(&h, V3 ":kdf_final");
	put(&h, seed, 32);
	crypt_shake256(stream, sizeof(stream), h.b, h.n);
	memcpy(reply, y, 32);
	memcpy(reply + 64, msg, msg_len);
	v3_crypt(reply + 64, msg_len, stream);
	v3_begin(&h, V3 ":auth_final");
	put(&h, verify, 32);
	put(&h, r->ed_id, 32);
	put(&h, r->ntor_pub, 32);
	put(&h, y, 32);
	put(&h, x, 32);
	put(&h, data + len - 32, 32);
	put_encap(&h, reply + 64, msg_len);
	put_str(&h, V3 "Server");
	crypt_sha3(reply + 32, h.b, h.n);
	if (cgo)
		split_cgo(stream + 32, k);
	else
		split(stream + 32, k);
	return (int)(64 + msg_len);
}

enum { ASKS_CC = 1, ASKS_CGO = 2, ASKS_ELSE = 4 };

/* Pairs of a protocol and what it should be able to do, in order. */
static int
read_pairs(const uint8_t *p, size_t len)
{
	int asks = 0;
	size_t i;

	if (len == 0 || len % 2 != 0)
		return -EPROTO;
	for (i = 0; i < len; i += 2) {
		if (i > 0 && memcmp(p + i - 2, p + i, 2) >= 0)
			return -EPROTO;
		if (p[i] == 2 && p[i + 1] == 6)
			asks |= ASKS_CGO;
		else
			asks |= ASKS_ELSE;
	}
	return asks;
}

/* One extension of the client's message: what it asks, or -EPROTO. */
static int
read_ext(uint8_t type, const uint8_t *p, size_t len)
{
	if (type == 1)
		return len == 0 ? ASKS_CC : -EPROTO;
	if (type == 3)
		return read_pairs(p, len);
	return 0;		/* what is not known is passed over */
}

/* What the client's message asks.  -EPROTO: nonsense. */
static int
v3_asks(const uint8_t *msg, size_t len)
{
	int n, asks = 0, before = -1, rc;
	size_t at = 1;

	if (len < 1)
		return -EPROTO;
	for (n = msg[0]; n > 0; n--) {
		if (len - at < 2 || len - at - 2 < msg[at + 1])
			return -EPROTO;
		if (msg[at] <= before)
			return -EPROTO;
		before = msg[at];
		rc = read_ext(msg[at], msg + at + 2, msg[at + 1]);
		if (rc < 0)
			return rc;
		asks |= rc;
		at += 2 + (size_t)msg[at + 1];
	}
	if ((asks & ASKS_CGO) && !(asks & ASKS_CC))
		return -EPROTO;
	return at == len ? asks : -EPROTO;
}

static int
v3_check(const struct simhand_relay *r, const uint8_t *data, size_t len,
    uint8_t xb[32])
{
	if (len < 128 || len > 512 || memcmp(data, r->ed_id, 32) != 0 ||
	    memcmp(data + 32, r->ntor_pub, 32) != 0)
		return -EPROTO;
	return crypt_dh(xb, r->ntor_sec, data + 64);
}

int
simhand_ntor3(const struct simhand_relay *r, const uint8_t *data, size_t len,
    const uint8_t *reply_msg, size_t reply_msg_len, uint8_t *reply, size_t max,
    struct handshake_keys *keys)
{
	uint8_t xb[32], msg[512];
	int rc, asks;

	if ((rc = v3_check(r, data, len, xb)) < 0)
		return rc;
	if ((rc = v3_open(r, data, len, xb, msg)) < 0)
		return rc;
	if (max < 64 + reply_msg_len)
		return -ENOBUFS;
	asks = v3_asks(msg, (size_t)rc);
	return v3_reply(r, data, len, xb, reply_msg, reply_msg_len,
	    asks > 0 && (asks & ASKS_CGO), reply, keys);
}

static int
answer_ntor3(const struct simhand_relay *r, const uint8_t *data, size_t len,
    uint8_t *reply, size_t max, struct handshake_keys *k)
{
	uint8_t msg[512], xb[32], ours[4] = { 0 };
	size_t ours_len = 1;
	int rc, asks;

	if ((rc = v3_check(r, data, len, xb)) < 0)
		return rc;
	if ((rc = v3_open(r, data, len, xb, msg)) < 0)
		return rc;
	if ((asks = v3_asks(msg, (size_t)rc)) < 0)
		return asks;
	if ((asks & ASKS_ELSE) || ((asks & ASKS_CGO) && !r->cgo))
		return -EOPNOTSUPP;
	if ((asks & ASKS_CC) && r->cc) {
		ours[0] = 1;		/* one extension: */
		ours[1] = 2;		/* congestion control agreed, */
		ours[2] = 1;
		ours[3] = r->sendme_inc;
		ours_len = 4;
	}
	if (max < 64 + ours_len)
		return -ENOBUFS;
	rc = v3_reply(r, data, len, xb, ours, ours_len, asks & ASKS_CGO, reply,
	    k);
	if (rc >= 0 && ours_len == 4) {
		k->cc_on = 1;
		k->sendme_inc = r->sendme_inc;
	}
	return rc;
}

int
simhand_answer(const struct simhand_relay *r, int kind, const uint8_t *data,
    size_t len, uint8_t *reply, size_t max, struct handshake_keys *keys)
{
	switch (kind) {
	case 1:
		return answer_fast(data, len, reply, max, keys);
	case 2:
		return answer_ntor(r, data, len, reply, max, keys);
	case 3:
		return answer_ntor3(r, data, len, reply, max, keys);
	default:
		return -EPROTO;
	}
}

/* --- relay crypto --- */

struct simhand_hop {
	struct crypt_ctr	*fwd, *bwd;
	struct crypt_sha1_run	 fwd_run, bwd_run;
	struct crypt_sha3_run	*fwd3, *bwd3, *try3;	/* of a service */
	struct cgorelay		*cgo_fwd, *cgo_bwd;	/* or only these */
};

struct simhand_hop *
simhand_hop_new(const struct handshake_keys *k)
{
	struct simhand_hop *h = calloc(1, sizeof(*h));

	if (h == NULL)
		abort();
	if (k->cgo_on) {
		h->cgo_fwd = cgorelay_new(k->cgo_fwd);
		h->cgo_bwd = cgorelay_new(k->cgo_bwd);
		if (h->cgo_fwd == NULL || h->cgo_bwd == NULL)
			abort();
		return h;
	}
	h->fwd = crypt_ctr_new(k->kf, 16);
	h->bwd = crypt_ctr_new(k->kb, 16);
	if (h->fwd == NULL || h->bwd == NULL)
		abort();
	crypt_sha1_begin(&h->fwd_run);
	crypt_sha1_add(&h->fwd_run, k->df, 20);
	crypt_sha1_begin(&h->bwd_run);
	crypt_sha1_add(&h->bwd_run, k->db, 20);
	return h;
}

struct simhand_hop *
simhand_hop_new_service(const uint8_t df[32], const uint8_t db[32],
    const uint8_t kf[32], const uint8_t kb[32])
{
	struct simhand_hop *h = calloc(1, sizeof(*h));

	if (h == NULL)
		abort();
	h->fwd = crypt_ctr_new(kf, 32);
	h->bwd = crypt_ctr_new(kb, 32);
	h->fwd3 = crypt_sha3_new();
	h->bwd3 = crypt_sha3_new();
	h->try3 = crypt_sha3_new();
	if (!h->fwd || !h->bwd || !h->fwd3 || !h->bwd3 || !h->try3)
		abort();
	crypt_sha3_add(h->fwd3, df, 32);
	crypt_sha3_add(h->bwd3, db, 32);
	return h;
}

/* Is it for a service?  Its state moves on only then. */
static int
service_fwd(struct simhand_hop *h, const uint8_t bare[509],
    const uint8_t said[4], uint8_t tag[20])
{
	uint8_t digest[32];

	crypt_sha3_copy(h->try3, h->fwd3);
	crypt_sha3_add(h->try3, bare, 509);
	crypt_sha3_get(h->try3, digest);
	if (memcmp(digest, said, 4) != 0)
		return 0;
	crypt_sha3_copy(h->fwd3, h->try3);
	memcpy(tag, digest, 20);
	return 1;
}

void
simhand_hop_free(struct simhand_hop *h)
{
	if (h == NULL)
		return;
	crypt_sha3_free(h->fwd3);
	crypt_sha3_free(h->bwd3);
	crypt_sha3_free(h->try3);
	crypt_ctr_free(h->fwd);
	crypt_ctr_free(h->bwd);
	cgorelay_free(h->cgo_fwd);
	cgorelay_free(h->cgo_bwd);
	free(h);
}

int
simhand_hop_is_cgo(const struct simhand_hop *h)
{
	return h->cgo_fwd != NULL;
}

static int
cgo_fwd(struct simhand_hop *h, uint8_t cmd, uint8_t body[509], uint8_t tag[20])
{
	uint8_t got[16];

	if (!cgorelay_fwd(h->cgo_fwd, cmd, body, got))
		return 0;
	memset(tag, 0, 20);
	memcpy(tag, got, sizeof(got));
	return 1;
}

int
simhand_hop_fwd(struct simhand_hop *h, uint8_t cmd, uint8_t body[509],
    uint8_t tag[20])
{
	struct crypt_sha1_run whole, end;
	uint8_t bare[509], digest[20];

	if (h->cgo_fwd)
		return cgo_fwd(h, cmd, body, tag);
	crypt_ctr_xor(h->fwd, body, 509);
	if (body[1] != 0 || body[2] != 0)
		return 0;
	memcpy(bare, body, sizeof(bare));
	memset(bare + 5, 0, 4);
	if (h->fwd3)
		return service_fwd(h, bare, body + 5, tag);
	whole = h->fwd_run;
	crypt_sha1_add(&whole, bare, sizeof(bare));
	end = whole;
	crypt_sha1_end(&end, digest);
	if (memcmp(digest, body + 5, 4) != 0)
		return 0;
	h->fwd_run = whole;
	memcpy(tag, digest, 20);
	return 1;
}

void
simhand_hop_originate(struct simhand_hop *h, uint8_t body[509],
    uint8_t tag[20])
{
	struct crypt_sha1_run end;
	uint8_t digest[32];

	if (h->cgo_bwd) {
		memset(tag, 0, 20);
		cgorelay_originate(h->cgo_bwd, BACK, body, tag);
		return;
	}
	body[1] = body[2] = 0;
	memset(body + 5, 0, 4);
	if (h->bwd3) {
		crypt_sha3_add(h->bwd3, body, 509);
		crypt_sha3_get(h->bwd3, digest);
		memcpy(tag, digest, 20);
	} else {
		crypt_sha1_add(&h->bwd_run, body, 509);
		end = h->bwd_run;
		crypt_sha1_end(&end, tag);
	}
	memcpy(body + 5, tag, 4);
	crypt_ctr_xor(h->bwd, body, 509);
}

void
simhand_hop_pass_bwd(struct simhand_hop *h, uint8_t body[509])
{
	if (h->cgo_bwd)
		cgorelay_pass_bwd(h->cgo_bwd, BACK, body);
	else
		crypt_ctr_xor(h->bwd, body, 509);
}

int
simhand_fwd(struct simhand_hop *const *hops, size_t n, uint8_t cmd,
    uint8_t body[509], uint8_t tag[20])
{
	size_t i;

	for (i = 0; i < n; i++)
		if (simhand_hop_fwd(hops[i], cmd, body, tag))
			return (int)i;
	return -1;
}

void
simhand_bwd(struct simhand_hop *const *hops, size_t from, uint8_t body[509],
    uint8_t tag[20])
{
	size_t i;

	simhand_hop_originate(hops[from], body, tag);
	for (i = from; i-- > 0; )
		simhand_hop_pass_bwd(hops[i], body);
}

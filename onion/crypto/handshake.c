/* onion/crypto/handshake.c - one door to all circuit handshakes, client side
 *
 * Theory of operation
 *	The three handshakes differ in what they prove, and agree in what they
 *	give: 92 bytes of key material, cut up in the order of tor-spec 5.2.2.
 *	FAST takes KH from the reply instead of from the end of the stream.
 *	Where CGO was asked for there are 180 bytes of other keys: the reply
 *	says nothing of it, since a relay that does not grant a subprotocol
 *	answers with DESTROY.
 *
 *	Only ntor-v3 carries messages.  A message is a number of extensions,
 *
 *		N (1) { type (1) length (1) body }*
 *
 *	in rising order of type where we write them, and nothing may follow
 *	them.  Types that we don't know are passed over in a reply, as
 *	proposal 332 wants, so that relays can learn new ones before us.
 *
 * Invariants
 *	Key material leaves only if the relay proved that it is the one that
 *	was asked, and if its message holds.  kind goes back to NONE, and the
 *	secrets are gone, as soon as one reply has been looked at.
 *
 * Not here
 *	When to use which: that is a matter of the directory and of the place
 *	in the circuit.
 */
#include "onion/crypto/handshake.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "base/wire.h"
#include "onion/crypto/fast.h"
#include "onion/crypto/ntor.h"
#include "onion/crypto/ntor3.h"

enum {
	KH_LEN		= 20,
	KEYS_LEN	= 20 + 20 + 16 + 16 + KH_LEN,
	KEYS_LEN_CGO	= CGO_KEYS + CGO_KEYS + KH_LEN,
	EXT_CC_ASK	= 1,	/* proposal 324, section 10.3 */
	EXT_CC_ANSWER	= 2,
	EXT_SUBPROTO	= 3,	/* proposal 346; pairs of a protocol and ... */
	PROTO_RELAY	= 2,
	RELAY_CGO	= 6	/* ... a capability of it: Relay=6 */
};

struct handshake {
	enum handshake_kind	kind;		/* NONE: used up */
	struct handshake_ask	ask;
	union {
		struct fast	fast;
		struct ntor	ntor;
		struct ntor3	ntor3;
	} u;
};

/* --- the message of ntor-v3 --- */

static size_t
build_message(const struct handshake_ask *ask, uint8_t *out, size_t max)
{
	struct pack p;

	pack_init(&p, out, max);
	pack_u8(&p, (uint8_t)((ask->want_cc != 0) + (ask->want_cgo != 0)));
	if (ask->want_cc) {
		pack_u8(&p, EXT_CC_ASK);
		pack_u8(&p, 0);
	}
	if (ask->want_cgo) {
		pack_u8(&p, EXT_SUBPROTO);
		pack_u8(&p, 2);
		pack_u8(&p, PROTO_RELAY);
		pack_u8(&p, RELAY_CGO);
	}
	return pack_len(&p);
}

static int
read_cc(struct wire *body, const struct handshake_ask *ask,
    struct handshake_keys *k)
{
	int inc = wire_u8(body);

	if (wire_done(body) < 0)
		return -EPROTO;
	if (!ask->want_cc || k->cc_on)
		return -EPROTO;		/* not asked for, or told twice */
	if (inc == 0 || abs(inc - (int)ask->sendme_inc) > 1)
		return -EPROTO;
	k->cc_on = 1;
	k->sendme_inc = (uint8_t)inc;
	return 0;
}

static int
read_message(const uint8_t *msg, size_t len, const struct handshake_ask *ask,
    struct handshake_keys *k)
{
	struct wire w, body;
	unsigned n;
	uint8_t type;

	wire_init(&w, msg, len);
	for (n = wire_u8(&w); n > 0; n--) {
		type = wire_u8(&w);
		wire_sub(&w, &body, wire_u8(&w));
		if (w.err != 0)
			return -EPROTO;
		if (type == EXT_CC_ANSWER && read_cc(&body, ask, k) < 0)
			return -EPROTO;
	}
	return wire_done(&w) < 0 ? -EPROTO : 0;
}

/* --- the client's data --- */

static int
start_fast(struct handshake *h, uint8_t *out, size_t max)
{
	if (max < FAST_LEN)
		return -ENOBUFS;
	fast_start(&h->u.fast, out);
	return FAST_LEN;
}

static int
start_ntor(struct handshake *h, const uint8_t rsa_id[20],
    const uint8_t onion[32], uint8_t *out, size_t max)
{
	int rc;

	if (rsa_id == NULL || onion == NULL)
		return -EINVAL;
	if (max < NTOR_LEN)
		return -ENOBUFS;
	rc = ntor_start(&h->u.ntor, rsa_id, onion, NULL, out);
	return rc < 0 ? rc : NTOR_LEN;
}

static int
start_ntor3(struct handshake *h, const uint8_t ed_id[32],
    const uint8_t onion[32], uint8_t *out, size_t max)
{
	uint8_t msg[16];
	size_t len;
	int rc;

	if (ed_id == NULL || onion == NULL)
		return -EINVAL;
	len = build_message(&h->ask, msg, sizeof(msg));
	rc = ntor3_init(&h->u.ntor3, ed_id, onion, NULL, NTOR3_VER_CIRC);
	if (rc < 0)
		return rc;
	return ntor3_start(&h->u.ntor3, msg, len, out, max);
}

int
handshake_start(struct handshake **out_h, enum handshake_kind kind,
    const uint8_t rsa_id[20], const uint8_t ed_id[32],
    const uint8_t ntor_key[32], const struct handshake_ask *ask, uint8_t *out,
    size_t max)
{
	struct handshake *h;
	int rc = -EINVAL;

	if ((h = calloc(1, sizeof(*h))) == NULL)
		return -ENOMEM;
	h->kind = kind;
	if (ask != NULL)
		h->ask = *ask;
	switch (kind) {
	case HANDSHAKE_FAST:
		rc = start_fast(h, out, max);
		break;
	case HANDSHAKE_NTOR:
		rc = start_ntor(h, rsa_id, ntor_key, out, max);
		break;
	case HANDSHAKE_NTOR3:
		rc = start_ntor3(h, ed_id, ntor_key, out, max);
		break;
	case HANDSHAKE_NONE:
		break;
	}
	if (rc < 0)
		handshake_free(h);
	else
		*out_h = h;
	return rc;
}

/* --- the relay's answer --- */

static void
cut_keys(const uint8_t raw[KEYS_LEN_CGO], struct handshake_keys *k)
{
	struct wire w;

	wire_init(&w, raw, KEYS_LEN_CGO);
	if (k->cgo_on) {
		wire_copy(&w, k->cgo_fwd, sizeof(k->cgo_fwd));
		wire_copy(&w, k->cgo_bwd, sizeof(k->cgo_bwd));
	} else {
		wire_copy(&w, k->df, sizeof(k->df));
		wire_copy(&w, k->db, sizeof(k->db));
		wire_copy(&w, k->kf, sizeof(k->kf));
		wire_copy(&w, k->kb, sizeof(k->kb));
	}
	wire_copy(&w, k->kh, sizeof(k->kh));
}

static int
finish_fast(const struct handshake *h, const uint8_t *reply, size_t len,
    uint8_t raw[KEYS_LEN])
{
	int rc;

	if (len != FAST_REPLY_LEN)
		return -EMSGSIZE;
	rc = fast_finish(&h->u.fast, reply, raw, KEYS_LEN - KH_LEN);
	if (rc == 0)
		memcpy(raw + KEYS_LEN - KH_LEN, reply + 20, KH_LEN);
	return rc;
}

static int
finish_ntor3(const struct handshake *h, const uint8_t *reply, size_t len,
    uint8_t raw[KEYS_LEN_CGO], struct handshake_keys *k)
{
	uint8_t msg[NTOR3_MSG_MAX];
	int rc;

	rc = ntor3_finish(&h->u.ntor3, reply, len, msg, raw,
	    h->ask.want_cgo ? KEYS_LEN_CGO : KEYS_LEN);
	if (rc >= 0)
		rc = read_message(msg, (size_t)rc, &h->ask, k);
	secret_wipe(msg, sizeof(msg));
	k->cgo_on = h->ask.want_cgo != 0;
	/* its cells know no other flow control */
	return rc == 0 && k->cgo_on && !k->cc_on ? -EPROTO : rc;
}

static int
finish(const struct handshake *h, const uint8_t *reply, size_t len,
    uint8_t raw[KEYS_LEN_CGO], struct handshake_keys *k)
{
	switch (h->kind) {
	case HANDSHAKE_FAST:
		return finish_fast(h, reply, len, raw);
	case HANDSHAKE_NTOR:
		if (len != NTOR_REPLY_LEN)
			return -EMSGSIZE;
		return ntor_finish(&h->u.ntor, reply, raw, KEYS_LEN);
	case HANDSHAKE_NTOR3:
		return finish_ntor3(h, reply, len, raw, k);
	case HANDSHAKE_NONE:
		break;
	}
	return -EINVAL;
}

int
handshake_finish(struct handshake *h, const uint8_t *reply, size_t len,
    struct handshake_keys *out)
{
	struct handshake_keys k = { 0 };
	uint8_t raw[KEYS_LEN_CGO] = { 0 };
	int rc;

	if ((rc = finish(h, reply, len, raw, &k)) == 0) {
		cut_keys(raw, &k);
		*out = k;
	}
	h->kind = HANDSHAKE_NONE;
	secret_wipe(&h->u, sizeof(h->u));
	secret_wipe(raw, sizeof(raw));
	secret_wipe(&k, sizeof(k));
	return rc;
}

void
handshake_free(struct handshake *h)
{
	if (h == NULL)
		return;
	secret_wipe(h, sizeof(*h));
	free(h);
}

enum handshake_kind
handshake_kind(const struct handshake *h)
{
	return h->kind;
}

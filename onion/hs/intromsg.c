/* onion/hs/intromsg.c - messages of introduction and rendezvous
 *
 *	zeros (20) | 2 | 32 (2) | AUTH_KEY | 0	the introduction point's part
 *	X | ENCRYPTED | MAC			the service's
 *
 * and in ENCRYPTED: cookie, extensions, onion key and link specifiers of the
 * rendezvous point, zeros.  The zeros fill up as those of C tor do: so far that
 * the first part and ENCRYPTED have 246 bytes together.  All that clients send
 * today is shorter, so every INTRODUCE1 is of one length, 310, and does not
 * tell what was asked for.
 */
#include "onion/hs/intromsg.h"

#include <errno.h>
#include <string.h>

#include "base/secret.h"
#include "base/wire.h"
#include "onion/crypto/crypt.h"
#include "onion/link/relayid.h"

enum {
	KEY_ED25519 = 2, ONION_NTOR = 1, EXT_CC = 1, EXT_POW = 2,
	SPEC_V4 = 0, SPEC_V6 = 1, SPEC_RSA = 2, SPEC_ED = 3,
	LEGACY_ID = 20, FILL_TO = 246, MAC_LEN = SHA3_LEN
};

/* --- INTRODUCE1 --- */

static int
is_unset(const uint8_t *p, size_t len)
{
	return p == NULL || secret_is_zero(p, len);
}

static int
is_complete(const struct intromsg *m)
{
	const struct hopinfo *r = m->rend;

	if (m->hs == NULL || m->intro == NULL || r == NULL)
		return 0;
	return !is_unset(m->cookie, INTROMSG_COOKIE) &&
	    !is_unset(m->hs->x, 32) && !is_unset(m->hs->X, 32) &&
	    !is_unset(m->intro->auth, 32) && !is_unset(m->intro->enc, 32) &&
	    !is_unset(m->subcredential, 32) && r->has_ntor &&
	    !is_unset(r->ntor, 32) && !is_unset(r->id.rsa, 20) &&
	    r->or4.family == 4 && r->or4.port != 0;
}

static void
put_spec(struct pack *p, uint8_t type, const void *body, size_t len)
{
	pack_u8(p, type);
	pack_u8(p, (uint8_t)len);
	pack_put(p, body, len);
}

static void
put_spec_addr(struct pack *p, uint8_t type, const struct addr *a)
{
	size_t iplen = addr_iplen(a);

	pack_u8(p, type);
	pack_u8(p, (uint8_t)(iplen + 2));
	pack_put(p, a->ip, iplen);
	pack_u16(p, a->port);
}

/* In the order that other clients use. */
static void
put_specs(struct pack *p, const struct hopinfo *h)
{
	int has6 = h->or6.family == 6;

	pack_u8(p, (uint8_t)(2 + (h->id.has_ed != 0) + has6));
	put_spec_addr(p, SPEC_V4, &h->or4);
	put_spec(p, SPEC_RSA, h->id.rsa, sizeof(h->id.rsa));
	if (h->id.has_ed)
		put_spec(p, SPEC_ED, h->id.ed, sizeof(h->id.ed));
	if (has6)
		put_spec_addr(p, SPEC_V6, &h->or6);
}

static void
put_plain(struct pack *p, const struct intromsg *m)
{
	pack_put(p, m->cookie, INTROMSG_COOKIE);
	pack_u8(p, (uint8_t)((m->want_cc != 0) + (m->pow != NULL)));
	if (m->want_cc) {
		pack_u8(p, EXT_CC);
		pack_u8(p, 0);
	}
	if (m->pow != NULL)
		put_spec(p, EXT_POW, m->pow, INTROMSG_POW);
	pack_u8(p, ONION_NTOR);
	pack_u16(p, 32);
	pack_put(p, m->rend->ntor, 32);
	put_specs(p, m->rend);
}

static void
put_head(struct pack *p, const struct intromsg *m)
{
	static const uint8_t zero[LEGACY_ID];

	pack_put(p, zero, sizeof(zero));
	pack_u8(p, KEY_ED25519);
	pack_u16(p, 32);
	pack_put(p, m->intro->auth, 32);
	pack_u8(p, 0);		/* no extensions */
}

/* MAC(MAC_KEY, all before it) */
static void
put_mac(struct pack *p, const uint8_t key[32])
{
	uint8_t in[8 + 32 + INTROMSG_MAX], mac[MAC_LEN];
	struct pack w;

	pack_init(&w, in, sizeof(in));
	pack_u64(&w, 32);
	pack_put(&w, key, 32);
	pack_put(&w, p->base, pack_len(p));
	crypt_sha3(mac, in, pack_len(&w));
	pack_put(p, mac, sizeof(mac));
	secret_wipe(in, sizeof(in));
}

/* Head, X and plaintext are in @p; makes the message of it. */
static int
seal(struct pack *p, size_t plain, const uint8_t enc_key[32],
    const uint8_t mac_key[32])
{
	struct crypt_ctr *c = crypt_ctr_new(enc_key, AES256_LEN);

	if (c == NULL)
		return -ENOMEM;
	crypt_ctr_xor(c, p->base + plain, pack_len(p) - plain);
	crypt_ctr_free(c);
	put_mac(p, mac_key);
	return p->err != 0 ? -EMSGSIZE : (int)pack_len(p);
}

int
intromsg_put(const struct intromsg *m, uint8_t out[INTROMSG_MAX])
{
	uint8_t enc_key[32], mac_key[32];
	size_t plain;
	struct pack p;
	int rc;

	if (!is_complete(m))
		return -EINVAL;
	if ((rc = hsntor_intro(m->hs, m->intro->auth, m->intro->enc,
	    m->subcredential, enc_key, mac_key)) < 0)
		return rc;
	pack_init(&p, out, INTROMSG_MAX - MAC_LEN);
	put_head(&p, m);
	pack_put(&p, m->hs->X, 32);
	plain = pack_len(&p);
	put_plain(&p, m);
	while (p.err == 0 && pack_len(&p) < FILL_TO + 32)
		pack_u8(&p, 0);
	rc = -EMSGSIZE;
	if (p.err == 0) {
		p.end += MAC_LEN;
		rc = seal(&p, plain, enc_key, mac_key);
	}
	if (rc < 0)
		secret_wipe(out, INTROMSG_MAX);		/* of plaintext */
	secret_wipe(enc_key, sizeof(enc_key));
	secret_wipe(mac_key, sizeof(mac_key));
	return rc;
}

/* --- INTRODUCE_ACK --- */

/* What follows the extensions is for later versions and not looked at. */
int
intromsg_ack(const uint8_t *data, size_t len, enum intromsg_status *out)
{
	uint16_t status;
	struct wire w;
	unsigned n;

	wire_init(&w, data, len);
	status = wire_u16(&w);
	for (n = wire_u8(&w); n > 0; n--) {
		(void)wire_u8(&w);
		(void)wire_take(&w, wire_u8(&w));
	}
	if (w.err != 0)
		return -EBADMSG;
	*out = status < INTROMSG_OTHER ? (enum intromsg_status)status :
	    INTROMSG_OTHER;
	return 0;
}

/* onion/hs/hsdesc_text.c - a descriptor's outer text, and its first layer
 *
 * Lines that are not known are passed over, known ones stand exactly once
 * (rend-spec-v3 2.4, 2.5.1.2).
 */
#include "onion/hs/hsdesc_int.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "onion/crypto/cert.h"
#include "onion/crypto/crypt.h"

#define SIG_PREFIX	"Tor onion service descriptor sig v3"
#define CERT_OBJECT	"ED25519 CERT"
#define SEALED_OBJECT	"MESSAGE"

enum {
	CERT_BYTES_MAX = 512, VERSION = 3,
	LIFETIME_MIN = 30, LIFETIME_MAX = 720	/* minutes */
};

/* --- what both need --- */

int
hsdesc_arg(const struct netdoc_item *it, struct slice *arg)
{
	struct slice rest = it->rest, more;

	if (!netdoc_arg(&rest, arg) || netdoc_arg(&rest, &more))
		return -EBADMSG;
	return 0;
}

int
hsdesc_cert(const struct netdoc_item *it, uint8_t type,
    const uint8_t signer[32], int64_t now, uint8_t key[32], int64_t *expires)
{
	uint8_t raw[CERT_BYTES_MAX];
	struct cert c;
	int n;

	if ((n = netdoc_object(it, CERT_OBJECT, raw, sizeof(raw))) < 0 ||
	    cert_parse(&c, raw, (size_t)n) < 0 || c.type != type ||
	    c.key_type != CERT_KEY_ED25519 || !c.has_signer ||
	    cert_check(&c, signer, now) < 0)
		return -EBADMSG;
	memcpy(key, c.key, 32);
	*expires = c.expires;
	return 0;
}

static int
read_sealed(struct slice *out, const struct netdoc_item *it)
{
	if (!netdoc_eq(it->type, SEALED_OBJECT))
		return -EBADMSG;
	*out = it->body;
	return 0;
}

/* --- the outer text --- */

enum {
	OUT_VERSION = 1 << 0, OUT_LIFETIME = 1 << 1, OUT_CERT = 1 << 2,
	OUT_REVISION = 1 << 3, OUT_SEALED = 1 << 4, OUT_SIGNATURE = 1 << 5,
	OUT_ALL = (1 << 6) - 1
};

static const struct netdoc_key outer_lines[] = {
	{ "hs-descriptor", OUT_VERSION }, { "descriptor-lifetime",
	OUT_LIFETIME }, { "descriptor-signing-key-cert", OUT_CERT },
	{ "revision-counter", OUT_REVISION }, { "superencrypted", OUT_SEALED },
	{ "signature", OUT_SIGNATURE },
};

struct outer_read {
	struct hsdesc_outer	 o;
	const uint8_t		*blinded;
	int64_t			 now;
	uint8_t			 sig[ED25519_SIG_LEN];
	const char		*sig_at;	/* where its line begins */
	unsigned		 seen;
};

static int
read_u64(uint64_t *out, struct slice s)
{
	uint64_t v = 0;
	size_t i;

	if (s.len == 0)
		return -EBADMSG;
	for (i = 0; i < s.len; i++) {
		unsigned d = (unsigned)(unsigned char)s.p[i] - '0';

		if (d > 9 || v > (UINT64_MAX - d) / 10)
			return -EBADMSG;
		v = v * 10 + d;
	}
	*out = v;
	return 0;
}

static int
read_outer_value(struct outer_read *r, unsigned line, struct slice arg,
    const struct netdoc_item *it)
{
	uint32_t v;

	switch (line) {
	case OUT_VERSION:
		return netdoc_u32(&v, arg, VERSION, VERSION);
	case OUT_LIFETIME:
		if (netdoc_u32(&v, arg, LIFETIME_MIN, LIFETIME_MAX) < 0)
			return -EBADMSG;
		r->o.lifetime_s = (int64_t)v * 60;
		return 0;
	case OUT_REVISION:
		return read_u64(&r->o.revision, arg);
	default:
		r->sig_at = it->begin;
		return netdoc_b64(r->sig, sizeof(r->sig), arg);
	}
}

static int
read_outer(struct outer_read *r, const struct netdoc_item *it)
{
	unsigned line = netdoc_which(it, outer_lines,
	    sizeof(outer_lines) / sizeof(outer_lines[0]));
	struct slice arg;

	if (r->seen & (line | OUT_SIGNATURE) ||
	    (r->seen == 0) != (line == OUT_VERSION))
		return -EBADMSG;	/* twice, after the last, not first */
	r->seen |= line;
	switch (line) {
	case 0:
		return 0;
	case OUT_CERT:
		return hsdesc_cert(it, CERT_HS_SIGNING, r->blinded, r->now,
		    r->o.signing, &r->o.cert_expires);
	case OUT_SEALED:
		return read_sealed(&r->o.sealed, it);
	default:
		if (hsdesc_arg(it, &arg) < 0)
			return -EBADMSG;
		return read_outer_value(r, line, arg, it);
	}
}

/* Over all that comes before its line. */
static int
check_signature(const struct outer_read *r, const char *text)
{
	const size_t prefix = sizeof(SIG_PREFIX) - 1;
	size_t len = (size_t)(r->sig_at - text);
	uint8_t *in;
	int rc;

	if ((in = malloc(prefix + len)) == NULL)
		return -ENOMEM;
	memcpy(in, SIG_PREFIX, prefix);
	memcpy(in + prefix, text, len);
	rc = crypt_ed25519_verify(r->o.signing, r->sig, in, prefix + len);
	free(in);
	return rc;
}

int
hsdesc_outer(struct hsdesc_outer *out, const char *text, size_t len,
    const uint8_t blinded[32], int64_t now)
{
	struct outer_read r = { .blinded = blinded, .now = now };
	struct netdoc_item it;
	struct netdoc doc;
	int rc;

	netdoc_init(&doc, text, len);
	while ((rc = netdoc_next(&doc, &it)) > 0)
		if ((rc = read_outer(&r, &it)) < 0)
			break;
	if (rc == 0 && r.seen != OUT_ALL)
		rc = -EBADMSG;
	if (rc < 0 || (rc = check_signature(&r, text)) < 0)
		return rc;
	*out = r.o;
	return 0;
}

/* --- the first layer --- */

enum {
	MID_TYPE = 1 << 0, MID_KEY = 1 << 1, MID_SEALED = 1 << 2,
	MID_CLIENT = 1 << 3, MID_ALL = (1 << 4) - 1
};

static const struct netdoc_key middle_lines[] = {
	{ "desc-auth-type", MID_TYPE }, { "desc-auth-ephemeral-key", MID_KEY },
	{ "auth-client", MID_CLIENT }, { "encrypted", MID_SEALED },
};

struct client {
	uint8_t	id[HSDESC_CLIENT_ID];
	uint8_t	iv[16];
	uint8_t	cookie[HSDESC_COOKIE];	/* encrypted */
};

static int
read_client(struct client *c, struct slice rest)
{
	struct slice id, iv, cookie;

	if (!netdoc_arg(&rest, &id) || !netdoc_arg(&rest, &iv) ||
	    !netdoc_arg(&rest, &cookie))
		return -EBADMSG;
	if (netdoc_b64(c->id, sizeof(c->id), id) < 0 ||
	    netdoc_b64(c->iv, sizeof(c->iv), iv) < 0 ||
	    netdoc_b64(c->cookie, sizeof(c->cookie), cookie) < 0)
		return -EBADMSG;
	return 0;
}

static int
read_middle(struct hsdesc_middle *m, const struct netdoc_item *it,
    unsigned *seen)
{
	unsigned line = netdoc_which(it, middle_lines,
	    sizeof(middle_lines) / sizeof(middle_lines[0]));
	struct slice rest = it->rest, arg;
	struct client c;

	if (*seen & line & ~(unsigned)MID_CLIENT ||
	    (*seen == 0) != (line == MID_TYPE))
		return -EBADMSG;
	*seen |= line;
	switch (line) {
	case MID_TYPE:
		return netdoc_arg(&rest, &arg) && netdoc_eq(arg, "x25519") ?
		    0 : -EBADMSG;
	case MID_KEY:
		return netdoc_arg(&rest, &arg) ? netdoc_b64(m->ephemeral,
		    sizeof(m->ephemeral), arg) : -EBADMSG;
	case MID_CLIENT:
		return read_client(&c, rest);
	case MID_SEALED:
		return read_sealed(&m->sealed, it);
	default:
		return 0;
	}
}

int
hsdesc_middle(struct hsdesc_middle *m, const char *text, size_t len)
{
	struct netdoc_item it;
	struct netdoc doc;
	unsigned seen = 0;
	int rc;

	netdoc_init(&doc, text, len);
	while ((rc = netdoc_next(&doc, &it)) > 0)
		if (read_middle(m, &it, &seen) < 0)
			return -EBADMSG;
	return rc == 0 && seen != MID_ALL ? -EBADMSG : rc;
}

int
hsdesc_cookie(uint8_t cookie[HSDESC_COOKIE], const char *text, size_t len,
    const uint8_t id[HSDESC_CLIENT_ID], const uint8_t key[32])
{
	struct netdoc_item it;
	struct crypt_ctr *ctr;
	struct netdoc doc;
	struct client c;

	netdoc_init(&doc, text, len);
	while (netdoc_next(&doc, &it) > 0) {
		if (!netdoc_is(&it, "auth-client") ||
		    read_client(&c, it.rest) < 0 ||
		    memcmp(c.id, id, sizeof(c.id)) != 0)
			continue;
		if ((ctr = crypt_ctr_new_iv(key, AES256_LEN, c.iv)) == NULL)
			return -ENOMEM;
		memcpy(cookie, c.cookie, HSDESC_COOKIE);
		crypt_ctr_xor(ctr, cookie, HSDESC_COOKIE);
		crypt_ctr_free(ctr);
		return 1;
	}
	return 0;
}

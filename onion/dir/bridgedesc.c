/* onion/dir/bridgedesc.c - what a bridge says of itself: its own descriptor
 *
 * Read in one pass; nothing is believed until both signatures held at the end.
 */
#include "onion/dir/bridgedesc.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "onion/crypto/cert.h"
#include "onion/crypto/crypt.h"
#include "onion/dir/netdoc.h"
#include "onion/dir/protover.h"

enum {
	SEEN_ROUTER = 1 << 0, SEEN_CERT = 1 << 1, SEEN_MASTER = 1 << 2,
	SEEN_PUBLISHED = 1 << 3, SEEN_FINGERPRINT = 1 << 4,
	SEEN_NTOR = 1 << 5, SEEN_SIGNING = 1 << 6, SEEN_PROTO = 1 << 7,
	SEEN_SIG_ED = 1 << 8, SEEN_SIG = 1 << 9,
	NEEDED = SEEN_ROUTER | SEEN_CERT | SEEN_MASTER | SEEN_PUBLISHED |
	    SEEN_NTOR | SEEN_SIGNING | SEEN_SIG_ED | SEEN_SIG
};

enum {
	CERT_LEN_MAX = 1024,
	RSA_BITS = 1024,		/* all relays' identities */
	SIG_LEN = RSA_BITS / 8
};

#define ED_PREFIX "Tor router descriptor signature v1"

struct reading {
	struct bridgedesc	 d;
	struct crypt_rsa	*key;
	const char		*begin;		/* of the document */
	const char		*ed_end;	/* of what each signs */
	const char		*rsa_end;
	uint8_t			 cert_bytes[CERT_LEN_MAX];
	struct cert		 cert;		/* of these */
	uint8_t			 master[32];
	uint8_t			 fingerprint[20];
	uint8_t			 ed_sig[ED25519_SIG_LEN];
	uint8_t			 sig[SIG_LEN];
	unsigned		 seen;
};

/* --- lines --- */

/* router nickname address orport socksport dirport */
static int
read_router(struct reading *r, const struct netdoc_item *it)
{
	struct slice rest = it->rest, name;

	if (!netdoc_arg(&rest, &name) || !netdoc_is_nickname(name))
		return -EBADMSG;
	memcpy(r->d.nickname, name.p, name.len);
	r->begin = it->begin;
	return 0;
}

static int
read_cert(struct reading *r, const struct netdoc_item *it)
{
	int n = netdoc_object(it, "ED25519 CERT", r->cert_bytes,
	    sizeof(r->cert_bytes));

	if (n < 0 || cert_parse(&r->cert, r->cert_bytes, (size_t)n) < 0 ||
	    r->cert.type != CERT_SIGNING ||
	    r->cert.key_type != CERT_KEY_ED25519 || !r->cert.has_signer)
		return -EBADMSG;
	memcpy(r->d.ed, r->cert.signer, sizeof(r->d.ed));
	return 0;
}

static int
read_b64(uint8_t *out, size_t len, const struct netdoc_item *it)
{
	struct slice rest = it->rest, arg;

	return netdoc_arg(&rest, &arg) ? netdoc_b64(out, len, arg) : -EBADMSG;
}

/* Ten groups of four digits. */
static int
read_fingerprint(struct reading *r, const struct netdoc_item *it)
{
	struct slice rest = it->rest, arg;
	size_t i;

	for (i = 0; i < 10; i++)
		if (!netdoc_arg(&rest, &arg) ||
		    netdoc_hex(r->fingerprint + 2 * i, 2, arg) < 0)
			return -EBADMSG;
	return netdoc_arg(&rest, &arg) ? -EBADMSG : 0;
}

static int
read_signing_key(struct reading *r, const struct netdoc_item *it)
{
	uint8_t der[512];
	int n = netdoc_object(it, "RSA PUBLIC KEY", der, sizeof(der));

	if (n < 0 || crypt_rsa_from_der(&r->key, der, (size_t)n) < 0 ||
	    crypt_rsa_bits(r->key) != RSA_BITS)
		return -EBADMSG;
	crypt_rsa_id(r->key, r->d.rsa);
	return 0;
}

/* Signed up to the blank behind the keyword, which stands at the very beginning
 * of its line. */
static int
read_sig_ed(struct reading *r, const struct netdoc_item *it)
{
	if (it->key.p != it->begin || it->key.p[it->key.len] != ' ')
		return -EBADMSG;
	r->ed_end = it->key.p + it->key.len + 1;
	return read_b64(r->ed_sig, sizeof(r->ed_sig), it);
}

static int
read_sig(struct reading *r, const struct netdoc_item *it)
{
	if (it->key.p != it->begin || it->key.p[it->key.len] != '\n')
		return -EBADMSG;
	r->rsa_end = it->key.p + it->key.len + 1;
	return netdoc_object(it, "SIGNATURE", r->sig, sizeof(r->sig)) ==
	    SIG_LEN ? 0 : -EBADMSG;
}

static unsigned
line_of(const struct netdoc_item *it)
{
	static const struct netdoc_key lines[] = {
		{ "router", SEEN_ROUTER }, { "identity-ed25519", SEEN_CERT },
		{ "master-key-ed25519", SEEN_MASTER },
		{ "published", SEEN_PUBLISHED },
		{ "fingerprint", SEEN_FINGERPRINT },
		{ "ntor-onion-key", SEEN_NTOR },
		{ "signing-key", SEEN_SIGNING }, { "proto", SEEN_PROTO },
		{ "router-sig-ed25519", SEEN_SIG_ED },
		{ "router-signature", SEEN_SIG }
	};

	return netdoc_which(it, lines, sizeof(lines) / sizeof(lines[0]));
}

/* The first, the second, and the last two have their places. */
static int
is_in_place(unsigned seen, unsigned line)
{
	if (seen & SEEN_SIG || (seen & SEEN_SIG_ED && line != SEEN_SIG) ||
	    (line == SEEN_SIG && !(seen & SEEN_SIG_ED)))
		return 0;
	if (seen == 0 || seen == SEEN_ROUTER)
		return line == (seen ? SEEN_CERT : SEEN_ROUTER);
	return !(seen & line);
}

static int
read_item(struct reading *r, const struct netdoc_item *it)
{
	unsigned line = line_of(it);

	if (!is_in_place(r->seen, line))
		return -EBADMSG;
	r->seen |= line;
	switch (line) {
	case SEEN_ROUTER:
		return read_router(r, it);
	case SEEN_CERT:
		return read_cert(r, it);
	case SEEN_MASTER:
		return read_b64(r->master, sizeof(r->master), it);
	case SEEN_PUBLISHED:
		return netdoc_time(&r->d.published, it->rest);
	case SEEN_FINGERPRINT:
		return read_fingerprint(r, it);
	case SEEN_NTOR:
		return read_b64(r->d.ntor, sizeof(r->d.ntor), it);
	case SEEN_SIGNING:
		return read_signing_key(r, it);
	case SEEN_PROTO:	/* what can't be read promises nothing */
		if (protover_caps(&r->d.caps, it->rest.p, it->rest.len) < 0)
			r->d.caps = 0;
		return 0;
	case SEEN_SIG_ED:
		return read_sig_ed(r, it);
	case SEEN_SIG:
		return read_sig(r, it);
	default:
		return 0;
	}
}

/* --- signatures --- */

static int
check_ed(const struct reading *r)
{
	const size_t n = sizeof(ED_PREFIX) - 1;
	size_t len = (size_t)(r->ed_end - r->begin);
	uint8_t digest[SHA256_LEN];
	char *text = malloc(n + len);

	if (text == NULL)
		return -ENOMEM;
	memcpy(text, ED_PREFIX, n);
	memcpy(text + n, r->begin, len);
	crypt_sha256(digest, text, n + len);
	free(text);
	return crypt_ed25519_verify(r->cert.key, r->ed_sig, digest,
	    sizeof(digest)) < 0 ? -EBADMSG : 0;
}

static int
check_rsa(const struct reading *r)
{
	uint8_t digest[SHA1_LEN];

	crypt_sha1(digest, r->begin, (size_t)(r->rsa_end - r->begin));
	return crypt_rsa_verify(r->key, r->sig, sizeof(r->sig), digest,
	    sizeof(digest)) < 0 ? -EBADMSG : 0;
}

static int
check(const struct reading *r, const uint8_t rsa[20], int64_t now)
{
	int rc;

	if ((r->seen & NEEDED) != NEEDED ||
	    memcmp(r->master, r->d.ed, sizeof(r->master)) != 0 ||
	    (r->seen & SEEN_FINGERPRINT &&
	    memcmp(r->fingerprint, r->d.rsa, 20) != 0))
		return -EBADMSG;
	if ((rc = check_rsa(r)) < 0 || (rc = check_ed(r)) < 0)
		return rc;
	if (memcmp(r->d.rsa, rsa, 20) != 0)
		return -ENOENT;
	rc = cert_check(&r->cert, r->d.ed, now);
	return rc == 0 || rc == -ESTALE ? rc : -EBADMSG;
}

int
bridgedesc_parse(struct bridgedesc *out, const char *text, size_t len,
    const uint8_t rsa[20], int64_t now)
{
	struct reading r;
	struct netdoc_item it;
	struct netdoc doc;
	int rc;

	if (len > BRIDGEDESC_TEXT_MAX)
		return -E2BIG;
	memset(&r, 0, sizeof(r));
	netdoc_init(&doc, text, len);
	while ((rc = netdoc_next(&doc, &it)) > 0)
		if ((rc = read_item(&r, &it)) < 0)
			break;
	if (rc == 0)
		rc = check(&r, rsa, now);
	crypt_rsa_free(r.key);
	if (rc == 0)
		*out = r.d;
	return rc;
}

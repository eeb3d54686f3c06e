/* onion/dir/authcert.c - the key certificates of directory authorities
 *
 * Theory of operation
 *	A certificate is worth something if four things hold: the fingerprint
 *	is that of the identity key in it; the identity key signed it; the
 *	signing key signed the identity (so that nobody certifies a key that is
 *	not his); it has not expired.  The first three are checked once, by
 *	authcert_parse(), the last at every use.
 *
 *	The set never holds a certificate of an authority that is not trusted,
 *	so whoever finds one in it need not ask again.
 */
#include "onion/dir/authcert.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "onion/crypto/crypt.h"
#include "onion/dir/netdoc.h"

enum { RSA_DER_MAX = 1200, RSA_SIG_MAX = 1024, RSA_BITS_MIN = 1024 };

static const char first_key[] = "dir-key-certificate-version ";

enum {
	SEEN_VERSION = 1 << 0, SEEN_FINGERPRINT = 1 << 1,
	SEEN_PUBLISHED = 1 << 2, SEEN_EXPIRES = 1 << 3,
	SEEN_IDENTITY = 1 << 4, SEEN_SIGNING = 1 << 5,
	SEEN_CROSSCERT = 1 << 6, SEEN_CERTIFICATION = 1 << 7,
	SEEN_ALL = (1 << 8) - 1
};

struct sig {
	uint8_t	bytes[RSA_SIG_MAX];
	size_t	len;
};

/* A certificate while it is being read. */
struct draft {
	unsigned	 seen;
	uint8_t		 fingerprint[20];
	int64_t		 published;
	int64_t		 expires;
	struct crypt_rsa *identity;
	struct crypt_rsa *signing;
	struct sig	 crosscert;
	struct sig	 certification;
	size_t		 signed_len;	/* from the start */
	size_t		 len;		/* of the whole */
};

static int
read_rsa(struct crypt_rsa **out, const struct netdoc_item *it)
{
	uint8_t der[RSA_DER_MAX];
	int n = netdoc_object(it, "RSA PUBLIC KEY", der, sizeof(der));

	if (n < 0 || crypt_rsa_from_der(out, der, (size_t)n) < 0)
		return -EBADMSG;
	return crypt_rsa_bits(*out) < RSA_BITS_MIN ? -EBADMSG : 0;
}

static int
read_sig(struct sig *sig, const struct netdoc_item *it, const char *type)
{
	int n = netdoc_object(it, type, sig->bytes, sizeof(sig->bytes));

	if (n < 0)
		return -EBADMSG;
	sig->len = (size_t)n;
	return 0;
}

static int
read_crosscert(struct sig *sig, const struct netdoc_item *it)
{
	return netdoc_eq(it->type, "SIGNATURE") ?
	    read_sig(sig, it, "SIGNATURE") :
	    read_sig(sig, it, "ID SIGNATURE");
}

static int
read_version(const struct netdoc_item *it)
{
	struct slice rest = it->rest, arg;

	return netdoc_arg(&rest, &arg) && netdoc_eq(arg, "3") ? 0 : -EBADMSG;
}

static unsigned
which(const struct netdoc_item *it)
{
	static const struct netdoc_key keys[] = {
		{ "dir-key-certificate-version", SEEN_VERSION },
		{ "fingerprint", SEEN_FINGERPRINT },
		{ "dir-key-published", SEEN_PUBLISHED },
		{ "dir-key-expires", SEEN_EXPIRES },
		{ "dir-identity-key", SEEN_IDENTITY },
		{ "dir-signing-key", SEEN_SIGNING },
		{ "dir-key-crosscert", SEEN_CROSSCERT },
		{ "dir-key-certification", SEEN_CERTIFICATION },
	};

	return netdoc_which(it, keys, sizeof(keys) / sizeof(keys[0]));
}

static int
read_item(struct draft *d, const char *text, const struct netdoc_item *it)
{
	unsigned bit = which(it);

	if (bit & d->seen || (d->seen == 0) != (bit == SEEN_VERSION))
		return -EBADMSG;	/* twice, or not the first */
	d->seen |= bit;
	switch (bit) {
	case SEEN_VERSION:
		return read_version(it);
	case SEEN_FINGERPRINT:
		return netdoc_hex(d->fingerprint, 20, it->rest);
	case SEEN_PUBLISHED:
		return netdoc_time(&d->published, it->rest);
	case SEEN_EXPIRES:
		return netdoc_time(&d->expires, it->rest);
	case SEEN_IDENTITY:
		return read_rsa(&d->identity, it);
	case SEEN_SIGNING:
		return read_rsa(&d->signing, it);
	case SEEN_CROSSCERT:
		return read_crosscert(&d->crosscert, it);
	case SEEN_CERTIFICATION:
		d->signed_len = (size_t)(it->rest.p + it->rest.len + 1 - text);
		d->len = (size_t)(it->end - text);
		return it->rest.len > 0 ? -EBADMSG :
		    read_sig(&d->certification, it, "SIGNATURE");
	default:
		return 0;		/* from a later version of tor */
	}
}

static int
read_draft(struct draft *d, const char *text, size_t len)
{
	struct netdoc doc;
	struct netdoc_item it;
	int rc;

	netdoc_init(&doc, text, len);
	while ((d->seen & SEEN_CERTIFICATION) == 0) {
		if ((rc = netdoc_next(&doc, &it)) <= 0)
			return -EBADMSG;
		if ((rc = read_item(d, text, &it)) < 0)
			return rc;
	}
	return d->seen == SEEN_ALL ? 0 : -EBADMSG;
}

static int
check_draft(const struct draft *d, const char *text)
{
	uint8_t id[SHA1_LEN], digest[SHA1_LEN];

	crypt_rsa_id(d->identity, id);
	if (memcmp(id, d->fingerprint, sizeof(id)) != 0)
		return -EBADMSG;
	crypt_sha1(digest, text, d->signed_len);
	if (crypt_rsa_verify(d->identity, d->certification.bytes,
	    d->certification.len, digest, sizeof(digest)) < 0)
		return -EBADMSG;
	return crypt_rsa_verify(d->signing, d->crosscert.bytes,
	    d->crosscert.len, id, sizeof(id)) < 0 ? -EBADMSG : 0;
}

static int
commit(struct authcert **out, struct draft *d, const char *text)
{
	struct authcert *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return -ENOMEM;
	if ((c->text = malloc(d->len)) == NULL) {
		free(c);
		return -ENOMEM;
	}
	memcpy(c->text, text, d->len);
	c->len = d->len;
	memcpy(c->id, d->fingerprint, sizeof(c->id));
	crypt_rsa_id(d->signing, c->sk);
	c->published = d->published;
	c->expires = d->expires;
	c->key = d->signing;
	d->signing = NULL;
	*out = c;
	return 0;
}

static int
parse_one(struct authcert **out, const char *text, size_t len)
{
	struct draft d;
	int rc;

	if (len > AUTHCERT_TEXT_MAX)
		return -EBADMSG;
	memset(&d, 0, sizeof(d));
	if ((rc = read_draft(&d, text, len)) == 0 &&
	    (rc = check_draft(&d, text)) == 0)
		rc = commit(out, &d, text);
	crypt_rsa_free(d.identity);
	crypt_rsa_free(d.signing);
	return rc;
}

/* Where the next certificate begins at or after @from; @len: nowhere. */
static size_t
find_start(const char *text, size_t len, size_t from)
{
	const size_t n = sizeof(first_key) - 1;
	const char *nl;

	while (len - from >= n) {
		if (memcmp(text + from, first_key, n) == 0)
			return from;
		if ((nl = memchr(text + from, '\n', len - from)) == NULL)
			break;
		from = (size_t)(nl - text) + 1;
	}
	return len;
}

int
authcert_parse(struct authcert **out, const char *text, size_t len,
    size_t *used)
{
	size_t begin = find_start(text, len, 0), end;

	*used = begin;
	if (begin == len)
		return -ENOENT;
	end = find_start(text, len, begin + 1);
	*used = end;
	return parse_one(out, text + begin, end - begin);
}

void
authcert_free(struct authcert *c)
{
	if (c == NULL)
		return;
	crypt_rsa_free(c->key);
	free(c->text);
	free(c);
}

/* --- the set --- */

struct authority {
	uint8_t		 id[20];
	struct authcert	*certs[AUTHCERT_EACH_MAX];	/* NULL: free place */
};

struct authcert_set {
	size_t		 n;
	struct authority auth[AUTHCERT_AUTH_MAX];
};

static struct authority *
lookup(const struct authcert_set *s, const uint8_t id[20])
{
	size_t i;

	for (i = 0; i < s->n; i++)
		if (memcmp(s->auth[i].id, id, 20) == 0)
			return (struct authority *)&s->auth[i];
	return NULL;
}

struct authcert_set *
authcert_set_new(const uint8_t (*ids)[20], size_t n)
{
	struct authcert_set *s = calloc(1, sizeof(*s));
	size_t i;

	if (s == NULL)
		return NULL;
	for (i = 0; i < n && s->n < AUTHCERT_AUTH_MAX; i++)
		if (lookup(s, ids[i]) == NULL)
			memcpy(s->auth[s->n++].id, ids[i], 20);
	return s;
}

void
authcert_set_free(struct authcert_set *s)
{
	size_t i, j;

	if (s == NULL)
		return;
	for (i = 0; i < s->n; i++)
		for (j = 0; j < AUTHCERT_EACH_MAX; j++)
			authcert_free(s->auth[i].certs[j]);
	free(s);
}

size_t
authcert_set_trusted(const struct authcert_set *s)
{
	return s->n;
}

const uint8_t *
authcert_set_id(const struct authcert_set *s, size_t i)
{
	return s->auth[i].id;
}

int
authcert_set_trusts(const struct authcert_set *s, const uint8_t id[20])
{
	return lookup(s, id) != NULL;
}

const struct authcert *
authcert_set_find(const struct authcert_set *s, const uint8_t id[20],
    const uint8_t sk[20])
{
	const struct authority *a = lookup(s, id);
	size_t i;

	for (i = 0; a != NULL && i < AUTHCERT_EACH_MAX; i++)
		if (a->certs[i] != NULL &&
		    memcmp(a->certs[i]->sk, sk, 20) == 0)
			return a->certs[i];
	return NULL;
}

/* The place for a new certificate: the one of the same key, a free one, or
 * that of the earliest published. */
static struct authcert **
place_for(struct authority *a, const struct authcert *c)
{
	struct authcert **best = NULL;
	size_t i;

	for (i = 0; i < AUTHCERT_EACH_MAX; i++)
		if (a->certs[i] != NULL &&
		    memcmp(a->certs[i]->sk, c->sk, 20) == 0)
			return &a->certs[i];
	for (i = 0; i < AUTHCERT_EACH_MAX; i++) {
		if (a->certs[i] == NULL)
			return &a->certs[i];
		if (best == NULL ||
		    a->certs[i]->published < (*best)->published)
			best = &a->certs[i];
	}
	return best;
}

/* 1: it was new; 0: it goes.  Takes @c either way. */
static int
give_cert(struct authcert_set *s, struct authcert *c, int64_t now)
{
	struct authority *a = lookup(s, c->id);
	struct authcert **place;

	if (a == NULL || c->expires <= now) {
		authcert_free(c);
		return 0;
	}
	place = place_for(a, c);
	if (*place != NULL && (*place)->published >= c->published) {
		authcert_free(c);
		return 0;
	}
	authcert_free(*place);
	*place = c;
	return 1;
}

int
authcert_set_add(struct authcert_set *s, const char *text, size_t len,
    int64_t now)
{
	static struct log_limit limit = { .every_s = 600 };
	struct authcert *c;
	size_t used;
	int rc, added = 0;

	while ((rc = authcert_parse(&c, text, len, &used)) != -ENOENT) {
		text += used;
		len -= used;
		if (rc == 0)
			added += give_cert(s, c, now);
		else
			log_limited(&limit, LL_INFO, LD_DIR,
			    "passing over a broken authority certificate");
	}
	return added;
}

int
authcert_set_has(const struct authcert_set *s, size_t i, int64_t now)
{
	size_t j;

	for (j = 0; j < AUTHCERT_EACH_MAX; j++)
		if (s->auth[i].certs[j] != NULL &&
		    s->auth[i].certs[j]->expires > now)
			return 1;
	return 0;
}

const struct authcert *
authcert_set_next(const struct authcert_set *s, size_t *i)
{
	const struct authcert *c;

	while (*i < s->n * AUTHCERT_EACH_MAX) {
		c = s->auth[*i / AUTHCERT_EACH_MAX].
		    certs[*i % AUTHCERT_EACH_MAX];
		(*i)++;
		if (c != NULL)
			return c;
	}
	return NULL;
}

size_t
authcert_set_expire(struct authcert_set *s, int64_t now)
{
	size_t i, j, n = 0;

	for (i = 0; i < s->n; i++)
		for (j = 0; j < AUTHCERT_EACH_MAX; j++) {
			struct authcert **c = &s->auth[i].certs[j];

			if (*c == NULL || (*c)->expires > now)
				continue;
			authcert_free(*c);
			*c = NULL;
			n++;
		}
	return n;
}

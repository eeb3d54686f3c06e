/* onion/dir/authcert.h - the key certificates of directory authorities
 *
 * dir-spec 3.1.  A certificate binds an authority's identity key (known by its
 * SHA-1: the `v3ident` of the configuration) to the medium-term key that signs
 * consensuses.  authcert_parse() checks every signature in it; whether the
 * identity is one to trust is the set's business.
 *
 * struct authcert_set is the list of authorities that are trusted, and the
 * certificates at hand for them.  It owns its certificates.
 */
#ifndef ONION_DIR_AUTHCERT_H
#define ONION_DIR_AUTHCERT_H

#include <stddef.h>
#include <stdint.h>

struct crypt_rsa;

enum {
	AUTHCERT_TEXT_MAX = 128 * 1024,
	AUTHCERT_AUTH_MAX = 64,		/* authorities in a set */
	AUTHCERT_EACH_MAX = 4		/* certificates kept of each */
};

struct authcert {
	uint8_t			 id[20];	/* of the identity key */
	uint8_t			 sk[20];	/* of the signing key */
	int64_t			 published;	/* s since 1970 */
	int64_t			 expires;
	struct crypt_rsa	*key;		/* the signing key */
	char			*text;		/* the document, to cache */
	size_t			 len;
};

/* Parses and verifies the first certificate of @text.  @used becomes the bytes
 * that it took, also on failure (where to go on; 0: nothing more to find).
 * -EBADMSG, -ENOMEM; -ENOENT: there is none in it. */
int	authcert_parse(struct authcert **, const char *text, size_t len,
	    size_t *used);
void	authcert_free(struct authcert *);

struct authcert_set;

/* @ids: the SHA-1 identities of all authorities configured; duplicates count
 * once. */
struct authcert_set *authcert_set_new(const uint8_t (*ids)[20], size_t n);
void	authcert_set_free(struct authcert_set *);
size_t	authcert_set_trusted(const struct authcert_set *);	/* how many */
/* The i-th of them, i < authcert_set_trusted(). */
const uint8_t *authcert_set_id(const struct authcert_set *, size_t i);
int	authcert_set_trusts(const struct authcert_set *, const uint8_t id[20]);

/* Adds all good, trusted, unexpired certificates in @text; gives how many of
 * them were new.  Others are passed over.  Of more than AUTHCERT_EACH_MAX for
 * one authority the earliest published goes. */
int	authcert_set_add(struct authcert_set *, const char *text, size_t len,
	    int64_t now);
const struct authcert *authcert_set_find(const struct authcert_set *,
	    const uint8_t id[20], const uint8_t sk[20]);
/* Is there an unexpired one for the i-th authority? */
int	authcert_set_has(const struct authcert_set *, size_t i, int64_t now);
/* All, for the cache: for (i = 0; (c = authcert_set_next(s, &i)) != NULL;) */
const struct authcert *authcert_set_next(const struct authcert_set *,
	    size_t *i);
/* How many of them went. */
size_t	authcert_set_expire(struct authcert_set *, int64_t now);

#endif

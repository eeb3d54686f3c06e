/* tests/onion/crypto/mint.h - certificates made to order, good and bad
 *
 * The keys of one pretended relay, and a CERTS cell for it that differs from
 * what an honest relay would send as struct mint_odd says.
 */
#ifndef TESTS_ONION_CRYPTO_MINT_H
#define TESTS_ONION_CRYPTO_MINT_H

#include <stddef.h>
#include <stdint.h>

#include "onion/crypto/cert.h"

enum { MINT_MAX = 2048 };

struct mint;			/* keys */
struct mint	*mint_new(int rsa_bits);
void		 mint_free(struct mint *);
void		 mint_ids(struct mint *, struct certs_result *);

struct mint_odd {		/* all zero: an honest cell */
	int64_t	 signing_at;	/* expiry in s; 0: a month after @wall */
	int64_t	 link_at;
	int64_t	 cross_at;
	int64_t	 x509_from;	/* validity relative to @wall; 0: an hour ago */
	int64_t	 x509_until;	/* 0: a year from @wall */
	uint8_t	 version;	/* of both Ed25519 ones; 0: 1 */
	uint8_t	 signing_type;	/* type inside; 0: as outside */
	uint8_t	 link_type;
	uint8_t	 signing_key_type;	/* 0: as it should be */
	uint8_t	 link_key_type;
	uint8_t	 no_signer;	/* signing lacks extension 04 */
	uint8_t	 signer_twice;
	uint8_t	 ext_type;	/* one more in signing, of 3 bytes */
	uint8_t	 ext_flags;
	uint8_t	 link_names_other;	/* link has an extension 04 that lies */
	uint8_t	 link_names_signer;	/* ... or says the truth */
	uint8_t	 link_by_id;	/* signed by the identity, not by signing */
	uint8_t	 trailing;	/* type of the one with a byte too many */
	uint8_t	 cross_no_prefix;
	uint8_t	 cross_siglen;	/* claims so much; 0: what it is */
	uint8_t	 cross_short_hash;	/* signs only 20 bytes of the hash */
	uint8_t	 x509_by_other;	/* not self-signed */
	const struct mint *cross_by;	/* another relay's RSA key */
};

struct mint_cell {
	struct cert_blob blobs[4];		/* 2 4 5 7 */
	uint8_t		 bytes[4][MINT_MAX];
};
void	mint_cell(struct mint *, const uint8_t tls[32], int64_t wall,
	    const struct mint_odd *, struct mint_cell *);

#endif

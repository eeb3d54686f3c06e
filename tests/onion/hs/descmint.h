/* tests/onion/hs/descmint.h - descriptors made to order, good and bad
 *
 * Made from the inside out, each piece a text that can be altered before it
 * is sealed or signed:
 *
 *	inner = descmint_inner(&m, 3);
 *	inner = descmint_swap(&m, inner, "flow-control 1-2", "flow-control x");
 *	text = descmint_all(&m, inner);
 *
 * The blinded key is any Ed25519 key, the subcredential made up: a descriptor
 * does not care where they come from.  Texts belong to the mint.
 */
#ifndef TESTS_ONION_HS_DESCMINT_H
#define TESTS_ONION_HS_DESCMINT_H

#include <stddef.h>
#include <stdint.h>

#include "onion/hs/blind.h"

enum { DESCMINT_COOKIE = 16, DESCMINT_TEXTS = 4096 };

struct descmint {
	uint8_t		blinded_sec[64];	/* as libsodium has them */
	uint8_t		signing_sec[64];
	uint8_t		other_sec[64];		/* of somebody else */
	uint8_t		signing[32];
	struct blind	blind;
	uint64_t	revision;
	int64_t		now;
	char		*text[DESCMINT_TEXTS];
	size_t		n;
};

void	descmint_init(struct descmint *, int64_t now);
void	descmint_fini(struct descmint *);

struct descmint_cert {		/* zero: as it should be */
	uint8_t		 type;
	uint8_t		 key_type;	/* 0: Ed25519 */
	const uint8_t	*key;		/* NULL: of some bytes */
	const uint8_t	*signer;	/* secret; NULL: the signing key */
	const uint8_t	*named;		/* NULL: the signer */
	int64_t		 expires;	/* 0: in 54 hours */
	uint8_t		 no_name;
	uint8_t		 spoilt;
};
const char *descmint_cert(struct descmint *, const struct descmint_cert *);

const char *descmint_intro(struct descmint *, unsigned nr);
const char *descmint_inner(struct descmint *, unsigned nintros);
/* With padding up to @padded bytes. */
const char *descmint_seal(struct descmint *, int second,
	    const uint8_t *cookie, const char *plain, size_t padded);
/* For a client with that public key, or for none. */
const char *descmint_first(struct descmint *, const char *sealed,
	    const uint8_t *client, const uint8_t *cookie);
const char *descmint_outer(struct descmint *, const char *sealed);
const char *descmint_sign(struct descmint *, const char *outer);
const char *descmint_all(struct descmint *, const char *inner);

/* @from, which must be there, by @to; the first one. */
const char *descmint_swap(struct descmint *, const char *text,
	    const char *from, const char *to);
const char *descmint_text(struct descmint *, const char *fmt, ...)
	    __attribute__((format(printf, 2, 3)));

#endif

/* onion/hs/hsdesc_int.h - the three texts of a descriptor, one by one
 *
 * Each reads a text that was checked or decrypted by who calls.  0, -EBADMSG
 * or -ENOMEM.  Slices point into the text.
 */
#ifndef ONION_HS_HSDESC_INT_H
#define ONION_HS_HSDESC_INT_H

#include "onion/dir/netdoc.h"
#include "onion/hs/hsdesc.h"

enum { HSDESC_COOKIE = 16, HSDESC_CLIENT_ID = 8 };

struct hsdesc_outer {		/* what everybody sees */
	uint64_t	revision;
	int64_t		lifetime_s;
	int64_t		cert_expires;
	uint8_t		signing[32];	/* key by which it is signed */
	struct slice	sealed;		/* the next layer, base64 */
};

/* Checks the signature, and the certificate of the key that made it. */
int	hsdesc_outer(struct hsdesc_outer *, const char *text, size_t len,
	    const uint8_t blinded[32], int64_t now);

struct hsdesc_middle {		/* what whoever knows the address sees */
	uint8_t		ephemeral[32];	/* X25519 */
	struct slice	sealed;
};

int	hsdesc_middle(struct hsdesc_middle *, const char *text, size_t len);
/* Of a client, from a text that hsdesc_middle() took: 1 and its descriptor
 * cookie, 0 where it is not among those who are authorized; -ENOMEM. */
int	hsdesc_cookie(uint8_t cookie[HSDESC_COOKIE], const char *text,
	    size_t len, const uint8_t id[HSDESC_CLIENT_ID],
	    const uint8_t key[32]);

/* What those who are authorized see.  Fills in all but what stands outside. */
int	hsdesc_inner(struct hsdesc *, const char *text, size_t len,
	    const uint8_t signing[32], int64_t now);

/* An item's certificate, of that type and by that signer, whom it must name:
 * the key in it. */
int	hsdesc_cert(const struct netdoc_item *, uint8_t type,
	    const uint8_t signer[32], int64_t now, uint8_t key[32],
	    int64_t *expires);
/* The one and only argument of a line. */
int	hsdesc_arg(const struct netdoc_item *, struct slice *);

#endif

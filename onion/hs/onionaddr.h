/* onion/hs/onionaddr.h - addresses of onion services (rend-spec-v3 6)
 *
 * Of a name in .onion the label before it is the address; what stands further
 * left is a subdomain, which only the service cares for.  Case does not count,
 * nor does one final dot.
 */
#ifndef ONION_HS_ONIONADDR_H
#define ONION_HS_ONIONADDR_H

#include <stdint.h>

enum { ONIONADDR_KEY = 32, ONIONADDR_LABEL = 56, ONIONADDR_TEXT = 63 };

enum onionaddr_verdict {
	ONIONADDR_NOT,		/* 0: no name in .onion */
	ONIONADDR_OK,
	ONIONADDR_V2,		/* 16 characters: gone since 2021 */
	ONIONADDR_LENGTH,
	ONIONADDR_ALPHABET,	/* no base32 */
	ONIONADDR_CHECKSUM,
	ONIONADDR_VERSION,
	ONIONADDR_POINT		/* no key: off the curve, of small order or with
				 * a torsion component */
};

/* @key is written for OK only. */
enum onionaddr_verdict onionaddr_parse(const char *host,
	    uint8_t key[ONIONADDR_KEY]);
/* "abc....onion", NUL-terminated. */
void	onionaddr_format(const uint8_t key[ONIONADDR_KEY],
	    char out[ONIONADDR_TEXT]);
/* In words, for logs and answers; NULL for NOT and OK. */
const char *onionaddr_why(enum onionaddr_verdict);

#endif

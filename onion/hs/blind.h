/* onion/hs/blind.h - keys of a service in one time period (rend-spec-v3 A.2,
 * 2.1)
 */
#ifndef ONION_HS_BLIND_H
#define ONION_HS_BLIND_H

#include <stdint.h>

enum { BLIND_KEY = 32 };

struct blind {
	uint8_t	key[BLIND_KEY];		/* A', the blinded public key */
	uint8_t	subcredential[32];
};

/* @key: the service's, checked (onionaddr_parse()).  -EBADMSG: no result that
 * is a key. */
int	blind_service(struct blind *, const uint8_t key[BLIND_KEY],
	    uint64_t period, uint64_t period_minutes);

#endif

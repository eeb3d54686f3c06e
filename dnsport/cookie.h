/* dnsport/cookie.h - DNS cookies (RFC 7873, 9018): whose address is proven
 *
 * Whoever sends back what we gave it receives what is sent to its address, and
 * may be sent more than it asked with (dnsport.c).  Nothing is remembered: the
 * cookie is a keyed hash over the client's half, its address and the time.
 */
#ifndef DNSPORT_COOKIE_H
#define DNSPORT_COOKIE_H

#include <stddef.h>
#include <stdint.h>

struct addr;
struct hash_key;

enum {
	COOKIE_CLIENT = 8, COOKIE_SERVER = 16,
	COOKIE_LEN = COOKIE_CLIENT + COOKIE_SERVER,
	COOKIE_OLD_S = 60 * 60, COOKIE_AHEAD_S = 5 * 60
};

/* Of the client's half, which may be @out's own beginning. */
void	cookie_make(const struct hash_key *, const uint8_t *client,
	    const struct addr *, int64_t wall_s, uint8_t out[COOKIE_LEN]);
/* Is it one of ours, for that address, and neither too old nor too new? */
int	cookie_is_ours(const struct hash_key *, const uint8_t *, size_t len,
	    const struct addr *, int64_t wall_s);

#endif

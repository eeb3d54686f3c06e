/* dnsport/cookie.c - DNS cookies (RFC 7873, 9018) */
#include "dnsport/cookie.h"

#include <string.h>

#include "base/addr.h"
#include "base/hash.h"
#include "base/secret.h"
#include "base/wire.h"

enum { VERSION = 1, HASHED = 16, TIME_AT = 12, HASH_AT = 16, HASH = 8 };

/* RFC 9018 4.4: all before the hash, and the address. */
static void
put_hash(const struct hash_key *key, const struct addr *a,
    uint8_t cookie[COOKIE_LEN])
{
	uint8_t in[HASHED + sizeof(a->ip)];
	size_t len = addr_iplen(a);
	uint64_t h;

	memcpy(in, cookie, HASHED);
	memcpy(in + HASHED, a->ip, len);
	h = hash_keyed(key, in, HASHED + len);
	memcpy(cookie + HASH_AT, &h, HASH);
}

void
cookie_make(const struct hash_key *key, const uint8_t *client,
    const struct addr *a, int64_t wall_s, uint8_t out[COOKIE_LEN])
{
	memmove(out, client, COOKIE_CLIENT);
	wire_set32(out + COOKIE_CLIENT, (uint32_t)VERSION << 24);
	wire_set32(out + TIME_AT, (uint32_t)wall_s);
	put_hash(key, a, out);
}

int
cookie_is_ours(const struct hash_key *key, const uint8_t *cookie, size_t len,
    const struct addr *a, int64_t wall_s)
{
	uint8_t want[COOKIE_LEN];
	uint32_t age;

	if (len != COOKIE_LEN || cookie[COOKIE_CLIENT] != VERSION)
		return 0;
	age = (uint32_t)wall_s - wire_get32(cookie + TIME_AT);
	if (age > COOKIE_OLD_S && age < (uint32_t)-COOKIE_AHEAD_S)
		return 0;
	memcpy(want, cookie, COOKIE_LEN);
	put_hash(key, a, want);
	return secret_equal(want, cookie, COOKIE_LEN);
}

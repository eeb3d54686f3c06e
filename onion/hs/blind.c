/* onion/hs/blind.c - keys of a service in one time period
 *
 *	h = H("Derive temporary signing key\0" | A | B | "key-blind" |
 *	    INT_8(period) | INT_8(minutes)), clamped;  A' = h A
 *
 * B is the base point of Ed25519 as a decimal string, as the specification
 * writes it.  No secret is here: the service's key is its address.
 */
#include "onion/hs/blind.h"

#include <errno.h>
#include <string.h>

#include <sodium.h>

#include "base/wire.h"
#include "onion/crypto/crypt.h"

/* With the NUL that ends it. */
static const char blind_string[] = "Derive temporary signing key";
static const char base_point[] =
    "(15112221349535400772501151409588531511454012693041857206046"
    "113283949847762202, 4631683569492647816942839400347516314130"
    "7993866256225615783033603165251855960)";
static const char nonce[] = "key-blind";

static void
factor(uint8_t h[32], const uint8_t key[BLIND_KEY], uint64_t period,
    uint64_t minutes)
{
	uint8_t in[sizeof(blind_string) + BLIND_KEY + sizeof(base_point) +
	    sizeof(nonce) + 16];
	struct pack p;

	pack_init(&p, in, sizeof(in));
	pack_put(&p, blind_string, sizeof(blind_string));
	pack_put(&p, key, BLIND_KEY);
	pack_put(&p, base_point, sizeof(base_point) - 1);
	pack_put(&p, nonce, sizeof(nonce) - 1);
	pack_u64(&p, period);
	pack_u64(&p, minutes);
	crypt_sha3(h, in, pack_len(&p));
	h[0] &= 248;
	h[31] &= 63;
	h[31] |= 64;
}

/* H("subcredential" | H("credential" | A) | A') */
static void
subcredential(uint8_t out[32], const uint8_t key[BLIND_KEY],
    const uint8_t blinded[BLIND_KEY])
{
	static const char cred[] = "credential", sub[] = "subcredential";
	uint8_t in[sizeof(sub) + 2 * 32], digest[32];
	struct pack p;

	pack_init(&p, in, sizeof(in));
	pack_put(&p, cred, sizeof(cred) - 1);
	pack_put(&p, key, BLIND_KEY);
	crypt_sha3(digest, in, pack_len(&p));
	pack_init(&p, in, sizeof(in));
	pack_put(&p, sub, sizeof(sub) - 1);
	pack_put(&p, digest, sizeof(digest));
	pack_put(&p, blinded, BLIND_KEY);
	crypt_sha3(out, in, pack_len(&p));
}

int
blind_service(struct blind *out, const uint8_t key[BLIND_KEY],
    uint64_t period, uint64_t period_minutes)
{
	uint8_t h[32], blinded[BLIND_KEY];

	factor(h, key, period, period_minutes);
	if (crypto_scalarmult_ed25519_noclamp(blinded, h, key) != 0)
		return -EBADMSG;
	memcpy(out->key, blinded, sizeof(out->key));
	subcredential(out->subcredential, key, blinded);
	return 0;
}

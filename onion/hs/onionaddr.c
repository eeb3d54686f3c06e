/* onion/hs/onionaddr.c - addresses of onion services
 *
 *	base32(KEY | first 2 bytes of H(".onion checksum" | KEY | 3) | 3)
 *
 * A key with a torsion component would make eight addresses of one service,
 * and each of them a service of its own for whoever keeps a list (rend-spec-v3
 * 2.2.7); it is refused.
 */
#include "onion/hs/onionaddr.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

#include <sodium.h>

#include "base/enc.h"
#include "base/wire.h"
#include "onion/crypto/crypt.h"

#define TLD		".onion"
#define CHECKSUM	".onion checksum"

enum { TLD_LEN = sizeof(TLD) - 1, VERSION = 3, SUM = 2, V2_LABEL = 16 };
enum { RAW = ONIONADDR_KEY + SUM + 1 };

static void
checksum(uint8_t out[SUM], const uint8_t key[ONIONADDR_KEY])
{
	uint8_t in[sizeof(CHECKSUM) + ONIONADDR_KEY], digest[SHA3_LEN];
	struct pack p;

	pack_init(&p, in, sizeof(in));
	pack_put(&p, CHECKSUM, sizeof(CHECKSUM) - 1);
	pack_put(&p, key, ONIONADDR_KEY);
	pack_u8(&p, VERSION);
	crypt_sha3(digest, in, pack_len(&p));
	memcpy(out, digest, SUM);
}

static enum onionaddr_verdict
parse_label(const char *label, size_t len, uint8_t key[ONIONADDR_KEY])
{
	uint8_t raw[RAW], sum[SUM];

	if (len == V2_LABEL)
		return ONIONADDR_V2;
	if (len != ONIONADDR_LABEL)
		return ONIONADDR_LENGTH;
	if (dec_b32(raw, sizeof(raw), label, len) != RAW)
		return ONIONADDR_ALPHABET;
	if (raw[RAW - 1] != VERSION)
		return ONIONADDR_VERSION;
	checksum(sum, raw);
	if (memcmp(sum, raw + ONIONADDR_KEY, SUM) != 0)
		return ONIONADDR_CHECKSUM;
	if (crypto_core_ed25519_is_valid_point(raw) != 1)
		return ONIONADDR_POINT;
	memcpy(key, raw, ONIONADDR_KEY);
	return ONIONADDR_OK;
}

/* How much of @host is left without ".onion"; -1: it does not end so.  What
 * would be malformed anywhere else (several dots at the end, nothing before
 * ".onion") is a name in .onion here, lest anybody take it for another kind
 * of name and ask an exit. */
static ptrdiff_t
head_len(const char *host, int *odd)
{
	size_t len = strlen(host), dots = 0;

	for (; len > 0 && host[len - 1] == '.'; len--)
		dots++;
	*odd = dots > 1;
	if (len == TLD_LEN - 1 && strncasecmp(host, &TLD[1], len) == 0)
		return 0;
	if (len < TLD_LEN ||
	    strncasecmp(host + len - TLD_LEN, TLD, TLD_LEN) != 0)
		return -1;
	return (ptrdiff_t)(len - TLD_LEN);
}

enum onionaddr_verdict
onionaddr_parse(const char *host, uint8_t key[ONIONADDR_KEY])
{
	ptrdiff_t end, at;
	int odd;

	if ((end = head_len(host, &odd)) < 0)
		return ONIONADDR_NOT;
	if (odd)
		return ONIONADDR_LENGTH;
	for (at = end; at > 0 && host[at - 1] != '.'; at--)
		;
	return parse_label(host + at, (size_t)(end - at), key);
}

void
onionaddr_format(const uint8_t key[ONIONADDR_KEY], char out[ONIONADDR_TEXT])
{
	uint8_t raw[RAW];

	memcpy(raw, key, ONIONADDR_KEY);
	checksum(raw + ONIONADDR_KEY, key);
	raw[RAW - 1] = VERSION;
	enc_b32(out, raw, sizeof(raw));
	memcpy(out + ONIONADDR_LABEL, TLD, sizeof(TLD));
}

const char *
onionaddr_why(enum onionaddr_verdict v)
{
	switch (v) {
	case ONIONADDR_V2:
		return "onion addresses of 16 characters (version 2) are gone "
		    "since 2021";
	case ONIONADDR_LENGTH:
		return "an onion address has 56 characters before .onion";
	case ONIONADDR_ALPHABET:
		return "an onion address has only letters and the digits "
		    "2 to 7";
	case ONIONADDR_CHECKSUM:
		return "the onion address is mistyped: its checksum is wrong";
	case ONIONADDR_VERSION:
		return "the onion address is of a version that does not exist";
	case ONIONADDR_POINT:
		return "the onion address is no key";
	case ONIONADDR_NOT:
	case ONIONADDR_OK:
		break;
	}
	return NULL;
}

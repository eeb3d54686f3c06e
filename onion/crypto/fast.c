/* onion/crypto/fast.c - the CREATE_FAST handshake
 *
 * K0 is our 20 random bytes and the relay's 20; KH, which the relay sends
 * along, shows that it has seen ours.
 */
#include "onion/crypto/fast.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "base/rand.h"
#include "base/secret.h"
#include "onion/crypto/crypt.h"

enum { SECRET_MAX = 60, KEYS_MAX = 256 };

void
fast_kdf(uint8_t *out, size_t out_len, const uint8_t *secret,
    size_t secret_len)
{
	uint8_t in[SECRET_MAX + 1], block[SHA1_LEN];
	size_t done, n;

	assert(secret_len <= SECRET_MAX && out_len <= 256 * SHA1_LEN);
	memcpy(in, secret, secret_len);
	in[secret_len] = 0;
	for (done = 0; done < out_len; done += n, in[secret_len]++) {
		crypt_sha1(block, in, secret_len + 1);
		n = out_len - done;
		if (n > sizeof(block))
			n = sizeof(block);
		memcpy(out + done, block, n);
	}
	secret_wipe(in, sizeof(in));
	secret_wipe(block, sizeof(block));
}

void
fast_start(struct fast *f, uint8_t out[FAST_LEN])
{
	rand_bytes(f->x, sizeof(f->x));
	memcpy(out, f->x, sizeof(f->x));
}

int
fast_finish(const struct fast *f, const uint8_t reply[FAST_REPLY_LEN],
    uint8_t *keys, size_t keys_len)
{
	uint8_t k0[40], got[SHA1_LEN + KEYS_MAX];
	int rc = -EBADMSG;

	assert(keys_len <= KEYS_MAX);
	memcpy(k0, f->x, 20);
	memcpy(k0 + 20, reply, 20);
	fast_kdf(got, SHA1_LEN + keys_len, k0, sizeof(k0));
	if (secret_equal(got, reply + 20, SHA1_LEN)) {
		memcpy(keys, got + SHA1_LEN, keys_len);
		rc = 0;
	}
	secret_wipe(k0, sizeof(k0));
	secret_wipe(got, sizeof(got));
	return rc;
}

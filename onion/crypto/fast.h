/* onion/crypto/fast.h - the CREATE_FAST handshake (tor-spec 5.1.3, 5.2.1)
 *
 * No public key takes part: it is as secret and as authentic as the TLS link
 * that carries it.  For one-hop circuits before there is a directory.
 * struct fast is held by value and is secret; its holder wipes it.
 */
#ifndef ONION_CRYPTO_FAST_H
#define ONION_CRYPTO_FAST_H

#include <stddef.h>
#include <stdint.h>

enum { FAST_LEN = 20, FAST_REPLY_LEN = 40 };

struct fast {
	uint8_t	x[20];
};

void	fast_start(struct fast *, uint8_t out[FAST_LEN]);
/* @keys gets @keys_len bytes of the key stream after KH.  -EBADMSG: KH is
 * not what both of us should know. */
int	fast_finish(const struct fast *, const uint8_t reply[FAST_REPLY_LEN],
	    uint8_t *keys, size_t keys_len);

/* KDF-TOR: SHA1(K0 | 0) | SHA1(K0 | 1) | ...  @secret_len is 60 at most, and
 * @out_len 256 * 20. */
void	fast_kdf(uint8_t *out, size_t out_len, const uint8_t *secret,
	    size_t secret_len);

#endif

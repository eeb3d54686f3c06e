/* tests/fuzz/fz_edcert.c - one Ed25519 certificate */
#include <stdlib.h>

#include "onion/crypto/cert.h"
#include "onion/crypto/crypt.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct cert c;

	crypt_init();
	if (cert_parse(&c, data, len) < 0)
		return 0;
	if (c.body != data || c.body_len + 64 != len || c.expires < 0 ||
	    c.expires % 3600 != 0)
		abort();
	(void)cert_check(&c, c.has_signer ? c.signer : c.key, 0);
	return 0;
}

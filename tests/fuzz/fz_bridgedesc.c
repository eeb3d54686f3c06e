/* tests/fuzz/fz_bridgedesc.c - a bridge's own descriptor */
#include <stdlib.h>
#include <string.h>

#include "base/enc.h"
#include "onion/crypto/crypt.h"
#include "onion/dir/bridgedesc.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const char id[] = "09CC63DF75DFD3F8D3436563FE3E40A65512A8CB";
	struct bridgedesc d;
	static int ready;
	uint8_t rsa[20];

	if (!ready++)
		crypt_init();
	memset(&d, 0x55, sizeof(d));
	if (dec_hex(rsa, sizeof(rsa), id, 40) != (int)sizeof(rsa))
		abort();
	if (bridgedesc_parse(&d, (const char *)data, len, rsa, 1) == 0 &&
	    (memcmp(d.rsa, rsa, sizeof(rsa)) != 0 ||
	    memchr(d.nickname, '\0', sizeof(d.nickname)) == NULL))
		abort();
	return 0;
}

/* tests/fuzz/fz_hsauth.c - a file of ClientOnionAuthDir */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "onion/crypto/crypt.h"
#include "onion/hs/hsauth.h"
#include "onion/hs/onionaddr.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	uint8_t service[32] = { 1 }, key[32] = { 2 }, again[32];
	char host[ONIONADDR_TEXT];
	const char *why = NULL;
	int rc;

	crypt_init();
	rc = hsauth_parse((const char *)data, len, service, key, &why);
	if (rc < 0) {
		must(rc == -EBADMSG && why != NULL);
		must(service[0] == 1 && key[0] == 2);
		return 0;
	}
	must(!secret_is_zero(key, sizeof(key)));
	onionaddr_format(service, host);
	must(onionaddr_parse(host, again) == ONIONADDR_OK);
	must(memcmp(again, service, sizeof(again)) == 0);
	return 0;
}

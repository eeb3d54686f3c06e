/* tests/fuzz/fz_onionaddr.c - names that may be in .onion */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "onion/crypto/crypt.h"
#include "onion/hs/onionaddr.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	uint8_t key[ONIONADDR_KEY], again[ONIONADDR_KEY];
	char *host, text[ONIONADDR_TEXT];
	enum onionaddr_verdict v;
	size_t n;

	crypt_init();
	if ((host = malloc(len + 1)) == NULL)
		return 0;
	memcpy(host, data, len);
	host[len] = '\0';
	v = onionaddr_parse(host, key);
	must((onionaddr_why(v) == NULL) == (v == ONIONADDR_NOT ||
	    v == ONIONADDR_OK));
	n = strlen(host);
	while (n > 0 && host[n - 1] == '.')
		n--;
	/* However it is written: what ends in .onion is never another name. */
	must((v == ONIONADDR_NOT) == !((n == 5 &&
	    strncasecmp(host, "onion", 5) == 0) || (n > 5 &&
	    strncasecmp(host + n - 6, ".onion", 6) == 0)));
	if (v == ONIONADDR_OK) {
		onionaddr_format(key, text);
		must(n >= 62 && strncasecmp(host + n - 62, text, 62) == 0);
		must(onionaddr_parse(text, again) == ONIONADDR_OK);
		must(memcmp(key, again, sizeof(key)) == 0);
	}
	free(host);
	return 0;
}

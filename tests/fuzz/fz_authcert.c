/* tests/fuzz/fz_authcert.c - authority certificates, any number of them */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "onion/crypto/crypt.h"
#include "onion/dir/authcert.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const char *p = (const char *)data;
	struct authcert *c;
	size_t used;
	int rc;

	crypt_init();
	while ((rc = authcert_parse(&c, p, len, &used)) != -ENOENT) {
		if (used == 0 || used > len)
			abort();
		if (rc == 0) {
			if (c->len == 0 || c->len > used || c->key == NULL)
				abort();
			authcert_free(c);
		}
		p += used;
		len -= used;
	}
	return 0;
}

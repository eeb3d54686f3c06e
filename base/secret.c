/* base/secret.c - handling of key material */
#include "base/secret.h"

#include <sodium.h>

void
secret_wipe(void *p, size_t len)
{
	sodium_memzero(p, len);
}

int
secret_equal(const void *a, const void *b, size_t len)
{
	return sodium_memcmp(a, b, len) == 0;
}

int
secret_is_zero(const void *p, size_t len)
{
	return sodium_is_zero(p, len) == 1;
}

/* tests/fuzz/fz_certs.c - a CERTS cell, from its frame to the last signature
 *
 * Input: the SHA-256 of a TLS certificate (32 bytes) and the cell's body, as in
 * tests/vectors/certs-relay*.bin.
 */
#include <stdlib.h>
#include <string.h>

#include "onion/crypto/cert.h"
#include "onion/crypto/crypt.h"
#include "tests/fuzz/fuzz.h"

/* The RSA parts alone: behind a signature check a fuzzer seldom gets. */
static void
try_rsa(const struct cert_blob *b, int64_t wall)
{
	struct crypt_rsa *r;
	uint8_t id[20];

	if (crypt_rsa_from_der(&r, b->body, b->len) == 0) {
		crypt_rsa_id(r, id);
		(void)crypt_rsa_verify(r, b->body, b->len, id, sizeof(id));
		crypt_rsa_free(r);
	}
	if (crypt_rsa_from_x509(&r, b->body, b->len) == 0) {
		crypt_rsa_id(r, id);
		(void)crypt_x509_check(b->body, b->len, r, wall, 0, 0);
		crypt_rsa_free(r);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const int64_t wall = 1795388390;
	struct cert_blob blobs[CERT_BLOBS_MAX];
	struct certs_result res;
	int n, i;

	crypt_init();
	if (len < 32)
		return 0;
	n = cert_split(blobs, data + 32, len - 32);
	if (n < 0)
		return 0;
	if (n > CERT_BLOBS_MAX)
		abort();
	for (i = 0; i < n; i++) {
		if (blobs[i].len > 0 && (blobs[i].body < data + 32 ||
		    blobs[i].body + blobs[i].len > data + len))
			abort();
		try_rsa(&blobs[i], wall);
	}
	(void)cert_check_link(blobs, (size_t)n, data, wall, &res);
	return 0;
}

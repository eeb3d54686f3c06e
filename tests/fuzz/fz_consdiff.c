/* tests/fuzz/fz_consdiff.c - a diff, past its hashes
 *
 * Input: the old document, a NUL, and the commands.  The hash of the old
 * document is put in front for the fuzzer; that of the result cannot be known,
 * so the best that can come of it is -EBADMSG, after all has been done.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/enc.h"
#include "onion/crypto/crypt.h"
#include "onion/dir/consdiff.h"
#include "onion/dir/consensus.h"
#include "tests/fuzz/fuzz.h"

static void
apply(const char *base, size_t baselen, const char *diff, size_t difflen)
{
	size_t outlen = 0;
	char *out;

	if (consdiff_apply(&out, &outlen, base, baselen, diff, difflen) == 0)
		free(out);
}

static void
apply_script(const char *base, size_t baselen, const char *script, size_t len)
{
	uint8_t digest[SHA3_LEN];
	char hex[65], head[256], *diff;
	size_t begin, end, n;

	if (consensus_signed_part(base, baselen, &begin, &end) < 0)
		return;
	crypt_sha3(digest, base + begin, end - begin);
	enc_hex(hex, digest, sizeof(digest));
	n = (size_t)snprintf(head, sizeof(head),
	    "network-status-diff-version 1\nhash %s %064d\n", hex, 0);
	if ((diff = malloc(n + len)) == NULL)
		return;
	memcpy(diff, head, n);
	if (len > 0)
		memcpy(diff + n, script, len);
	apply(base, baselen, diff, n + len);
	free(diff);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const uint8_t *nul = len > 0 ? memchr(data, '\0', len) : NULL;
	const char *base = (const char *)data;
	size_t baselen;
	char *copy;

	crypt_init();
	if (nul == NULL)
		return 0;
	baselen = (size_t)(nul - data);
	if ((copy = malloc(baselen + 1)) == NULL)
		return 0;
	memcpy(copy, base, baselen);
	apply(copy, baselen, base + baselen + 1, len - baselen - 1);
	apply_script(copy, baselen, base + baselen + 1, len - baselen - 1);
	free(copy);
	return 0;
}

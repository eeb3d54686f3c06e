/* tests/fuzz/fz_decompress.c - a compressed body, in pieces
 *
 * The first byte is the size of the pieces, the second the ceiling in units of
 * 4 KiB.  However it is cut the result is the same, and never over the ceiling.
 */
#include <stdlib.h>
#include <string.h>

#include "onion/dir/inflate.h"
#include "tests/fuzz/fuzz.h"

static int
run(const uint8_t *p, size_t len, size_t piece, size_t max, uint8_t **out,
    size_t *outlen)
{
	struct inflate *f;
	size_t n;
	int rc = 0;

	must(inflate_new(&f, max) == 0);
	for (; len && rc == 0; p += n, len -= n) {
		n = len < piece ? len : piece;
		rc = inflate_feed(f, p, n);
		must(inflate_size(f) <= max + 1);
	}
	if (rc == 0)
		rc = inflate_finish(f, out, outlen);
	inflate_free(f);
	return rc;
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	uint8_t *a = NULL, *b = NULL;
	size_t max, alen, blen;
	int rc, rc2;

	if (len < 2)
		return 0;
	max = (size_t)p[1] * 4096;
	rc = run(p + 2, len - 2, SIZE_MAX, max, &a, &alen);
	rc2 = run(p + 2, len - 2, p[0] + (size_t)1, max, &b, &blen);
	/* Which ceiling is hit first may depend on the pieces. */
	must((rc == 0) == (rc2 == 0));
	if (rc == 0) {
		must(alen <= max && alen == blen && a[alen] == 0);
		must(memcmp(a, b, alen) == 0);
	}
	free(a);
	free(b);
	return 0;
}

/* tests/fuzz/fz_http_resp.c - the answer of a directory, in pieces
 *
 * The first byte is the size of the pieces.
 */
#include <stdlib.h>
#include <string.h>

#include "onion/dir/http.h"
#include "tests/fuzz/fuzz.h"

static void
feed(struct http_resp *r, const uint8_t *p, size_t len, size_t piece)
{
	size_t n, body = 0;
	int used;

	for (; len; p += n, len -= n) {
		n = len < piece ? len : piece;
		if ((used = http_feed(r, p, n)) < 0)
			return;
		must((size_t)used <= n && (r->done || (size_t)used == n));
		if (r->done)
			body += n - (size_t)used;
	}
	if (!r->done)
		return;
	must(r->status >= 100 && r->status <= 599 && r->got == body);
	if (http_end(r) == 0 && r->has_length)
		must(r->length == body);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	struct http_resp whole, pieces;
	char date[HTTP_DATE_LEN];
	int64_t wall;

	if (len < 1)
		return 0;
	memset(&whole, 0, sizeof(whole));
	memset(&pieces, 0, sizeof(pieces));
	feed(&whole, p + 1, len - 1, SIZE_MAX);
	feed(&pieces, p + 1, len - 1, p[0] + (size_t)1);
	must(whole.done == pieces.done && whole.status == pieces.status);
	if (whole.has_date) {
		http_date_build(date, whole.date);
		must(http_date_parse(date, strlen(date), &wall) == 0 &&
		    wall == whole.date);
	}
	return 0;
}

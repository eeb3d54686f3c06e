/* tests/fuzz/fz_httpconnect.c - what a client says to an HTTPTunnelPort
 *
 * The first byte says how it is cut in pieces.  Cut otherwise the same must
 * come of it; no byte is taken beyond the empty line, and what was asked for is a
 * host that can be one.
 */
#include <stdlib.h>
#include <string.h>

#include "daemon/httpconnect.h"
#include "tests/fuzz/fuzz.h"

static enum httpconnect_result
hear(struct httpconnect *h, const uint8_t *in, size_t len, size_t step,
    size_t *took)
{
	enum httpconnect_result r = HTTPCONNECT_MORE;
	size_t n, used;

	*took = 0;
	while (r == HTTPCONNECT_MORE && *took < len) {
		n = len - *took < step ? len - *took : step;
		r = httpconnect_input(h, in + *took, n, &used);
		must(used <= n && (used == n || r != HTTPCONNECT_MORE));
		must(h->in_cap <= HTTPCONNECT_IN_MAX);
		*took += used;
	}
	return r;
}

static void
check_ask(struct httpconnect *h, const uint8_t *in, size_t took)
{
	char again[HOSTNAME_TEXT];

	must(took >= 4 && memcmp(in + took - 4, "\r\n\r\n", 4) == 0);
	must(hostname_take(again, h->host, strlen(h->host)) == 0);
	must(strcmp(again, h->host) == 0);
	must(h->port != 0);
	must(h->auth_len <= HTTPCONNECT_IN_MAX);
	httpconnect_answer(h, 0);
	must(h->reply_len > 20 && h->reply_len < HTTPCONNECT_REPLY_MAX);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct httpconnect a, b;
	enum httpconnect_result r;
	size_t one, two;

	if (len < 1)
		return 0;
	httpconnect_init(&a);
	httpconnect_init(&b);
	r = hear(&a, data + 1, len - 1, 1 + data[0], &one);
	must(hear(&b, data + 1, len - 1, len, &two) == r);
	must(one == two && a.reply_len == b.reply_len);
	must(strcmp(a.host, b.host) == 0 && a.auth_len == b.auth_len);
	must(a.auth_len == 0 || memcmp(a.auth, b.auth, a.auth_len) == 0);
	if (r == HTTPCONNECT_ASKED)
		check_ask(&a, data + 1, one);
	httpconnect_fini(&a);
	httpconnect_fini(&b);
	return 0;
}

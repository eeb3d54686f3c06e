/* tests/fuzz/fz_socks.c - what a client says to a SocksPort
 *
 * The first byte says how it is cut in pieces.  Cut otherwise the same must
 * come of it: result, replies, request; no byte is taken beyond a request, and what
 * was asked for is a host that can be one.
 */
#include <stdlib.h>
#include <string.h>

#include "daemon/socks.h"
#include "tests/fuzz/fuzz.h"

enum { SAID_MAX = 8192 };

struct heard {
	enum socks_result r;
	size_t	used, len;
	uint8_t	said[SAID_MAX];
};

static void
hear(struct socks *s, const uint8_t *in, size_t len, size_t step,
    struct heard *h)
{
	size_t n, used;

	h->r = SOCKS_MORE;
	h->used = h->len = 0;
	while (h->r == SOCKS_MORE && h->used < len) {
		n = len - h->used < step ? len - h->used : step;
		h->r = socks_input(s, in + h->used, n, &used);
		must(used <= n && (used > 0 || h->r != SOCKS_MORE));
		must(s->in_len <= SOCKS_IN_MAX);
		must(s->auth_len <= SOCKS_AUTH_MAX);
		must(h->len + s->reply_len <= SAID_MAX);
		h->used += used;
		if (s->reply_len)
			memcpy(h->said + h->len, s->reply, s->reply_len);
		h->len += s->reply_len;
	}
}

static void
check_ask(struct socks *s)
{
	char again[HOSTNAME_TEXT];

	must(hostname_take(again, s->ask.host, strlen(s->ask.host)) == 0);
	must(strcmp(again, s->ask.host) == 0);
	must(s->ask.command != SOCKS_CONNECT || s->ask.port != 0);
	must(s->version == 4 || s->version == 5);
	must(!s->ask.by_addr || !s->rules.safe);
	socks_answer(s, 0);
	must(s->reply_len == (s->version == 4 ? 8 : 10));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct heard one, two;
	struct socks_rules rules = { .safe = 0 };
	struct socks a, b;

	if (len < 1)
		return 0;
	rules.safe = data[0] & 1;
	rules.prefer_no_auth = data[0] >> 1 & 1;
	rules.extended = data[0] >> 2 & 1;
	socks_init(&a, &rules);
	socks_init(&b, &rules);
	hear(&a, data + 1, len - 1, 1 + (data[0] >> 3), &one);
	hear(&b, data + 1, len - 1, len, &two);
	must(one.r == two.r && one.used == two.used && one.len == two.len);
	must(memcmp(one.said, two.said, one.len) == 0);
	must(strcmp(a.ask.host, b.ask.host) == 0);
	must(a.auth_len == b.auth_len &&
	    memcmp(a.auth, b.auth, a.auth_len) == 0);
	if (one.r == SOCKS_ASKED)
		check_ask(&a);
	if (one.r == SOCKS_OVER)
		must(a.what != NULL);
	socks_wipe(&a);
	socks_wipe(&b);
	return 0;
}

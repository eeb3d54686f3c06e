/* tests/fuzz/fz_extended.c - EXTENDED2 and CREATED2, and targets of BEGIN
 *
 * The first byte chooses.  Oracles: the handshake lies within the message; a
 * target is refused or becomes "host:port" and a NUL in lower case.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "onion/circ/extendmsg.h"
#include "onion/circ/relaymsg.h"
#include "tests/fuzz/fuzz.h"

static void
reply(const uint8_t *p, size_t len)
{
	const uint8_t *h;
	size_t n;

	if (extendmsg_get_reply(p, len, &h, &n) == 0)
		must(h >= p && n <= len && h + n <= p + len);
}

static void
target(const uint8_t *p, size_t len)
{
	uint8_t data[RELAY_DATA_MAX];
	char *host = malloc(len + 1);
	const uint8_t *nul;
	int i, n;

	must(host != NULL);
	memcpy(host, p, len);
	host[len] = '\0';
	n = relaymsg_put_begin(data, host, 443, (uint32_t)len & 7);
	if (n > 0) {
		must(n <= RELAY_DATA_MAX);
		must((nul = memchr(data, 0, (size_t)n)) != NULL);
		must(n - (nul - data) == ((len & 7) ? 5 : 1));
		must(nul - data >= 4 && memcmp(nul - 4, ":443", 4) == 0);
		for (i = 0; data + i < nul; i++)
			must(data[i] > ' ' && data[i] <= '~' &&
			    !(data[i] >= 'A' && data[i] <= 'Z'));
	}
	n = relaymsg_put_resolve(data, host);
	must(n < 0 || (n > 1 && n <= RELAY_HOST_MAX + 1));
	free(host);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	if (len == 0)
		return 0;
	if (p[0] & 1)
		target(p + 1, len - 1);
	else
		reply(p + 1, len - 1);
	return 0;
}

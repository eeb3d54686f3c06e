/* onion/link/hello.c - what the cells of a channel's handshake say */
#include "onion/link/hello.h"

#include <errno.h>
#include <string.h>

#include "base/wire.h"

enum { ADDR_IPV4 = 4, ADDR_IPV6 = 6, CHALLENGE_LEN = 32 };

void
hello_versions_build(uint8_t out[HELLO_VERSIONS_LEN])
{
	struct pack p;
	uint16_t v;

	pack_init(&p, out, HELLO_VERSIONS_LEN);
	pack_u16(&p, 0);
	pack_u8(&p, CELL_VERSIONS);
	pack_u16(&p, 6);
	for (v = 3; v <= HELLO_VERSION_MAX; v++)
		pack_u16(&p, v);
}

int
hello_versions_pick(const uint8_t *body, size_t len)
{
	struct wire w;
	int v, best = 0;

	if (len % 2)
		return -EPROTO;
	wire_init(&w, body, len);
	while (wire_left(&w)) {
		v = wire_u16(&w);
		if (v >= HELLO_VERSION_MIN && v <= HELLO_VERSION_MAX &&
		    v > best)
			best = v;
	}
	return best ? best : -EPROTO;
}

int
hello_challenge_check(const uint8_t *body, size_t len)
{
	struct wire w;
	size_t n;

	wire_init(&w, body, len);
	wire_take(&w, CHALLENGE_LEN);
	n = wire_u16(&w);
	wire_take(&w, n * 2);
	return w.err ? -EPROTO : 0;	/* what follows is ignored */
}

void
hello_netinfo_build(uint8_t *body, const struct addr *peer)
{
	struct pack p;

	pack_init(&p, body, CELL_BODY);
	pack_u32(&p, 0);
	pack_u8(&p, peer->family == 6 ? ADDR_IPV6 : ADDR_IPV4);
	pack_u8(&p, (uint8_t)addr_iplen(peer));
	pack_put(&p, peer->ip, addr_iplen(peer));
	pack_u8(&p, 0);
}

/* One address; 0, or -EPROTO where its form is none that we know, in which
 * case the cursor stands behind it all the same. */
static int
get_addr(struct wire *w, struct addr *a)
{
	uint8_t type = wire_u8(w), len = wire_u8(w);
	const uint8_t *ip = wire_take(w, len);

	memset(a, 0, sizeof(*a));
	if (ip == NULL)
		return -EPROTO;
	if (!(type == ADDR_IPV4 && len == 4) &&
	    !(type == ADDR_IPV6 && len == 16))
		return -EPROTO;
	a->family = type == ADDR_IPV4 ? 4 : 6;
	memcpy(a->ip, ip, len);
	return 0;
}

int
hello_netinfo_parse(struct hello_netinfo *out, const uint8_t *body, size_t len)
{
	struct hello_netinfo ni;
	struct addr a;
	struct wire w;
	unsigned n;

	memset(&ni, 0, sizeof(ni));
	wire_init(&w, body, len);
	ni.time = wire_u32(&w);
	if (get_addr(&w, &ni.other) < 0)
		return -EPROTO;
	for (n = wire_u8(&w); n > 0 && !w.err; n--)
		if (get_addr(&w, &a) == 0 && ni.nmine < HELLO_MINE_MAX)
			ni.mine[ni.nmine++] = a;
	if (w.err)
		return -EPROTO;
	*out = ni;
	return 0;
}

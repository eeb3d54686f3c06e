/* onion/circ/extendmsg.c - EXTEND2, EXTENDED2, CREATE2, CREATED2 */
#include "onion/circ/extendmsg.h"

#include <errno.h>

#include "base/wire.h"
#include "onion/link/relayid.h"

enum { SPEC_V4 = 0, SPEC_RSA = 2, SPEC_ED = 3 };	/* link specifiers */

static void
put_handshake(struct pack *p, uint16_t htype, const uint8_t *hdata, size_t hlen)
{
	pack_u16(p, htype);
	pack_u16(p, (uint16_t)hlen);
	pack_put(p, hdata, hlen);
}

int
extendmsg_put_extend2(uint8_t data[RELAY_DATA_MAX], const struct hopinfo *hop,
    int with_ed, uint16_t htype, const uint8_t *hdata, size_t hlen)
{
	struct pack p;

	if (hop->or4.family != 4)
		return -EADDRNOTAVAIL;
	with_ed = with_ed && hop->id.has_ed;
	pack_init(&p, data, RELAY_DATA_MAX);
	pack_u8(&p, (uint8_t)(with_ed ? 3 : 2));
	pack_u8(&p, SPEC_V4);
	pack_u8(&p, 6);
	pack_put(&p, hop->or4.ip, 4);
	pack_u16(&p, hop->or4.port);
	pack_u8(&p, SPEC_RSA);
	pack_u8(&p, sizeof(hop->id.rsa));
	pack_put(&p, hop->id.rsa, sizeof(hop->id.rsa));
	if (with_ed) {
		pack_u8(&p, SPEC_ED);
		pack_u8(&p, sizeof(hop->id.ed));
		pack_put(&p, hop->id.ed, sizeof(hop->id.ed));
	}
	put_handshake(&p, htype, hdata, hlen);
	return p.err ? -EMSGSIZE : (int)pack_len(&p);
}

int
extendmsg_put_create2(uint8_t body[RELAY_BODY], uint16_t htype,
    const uint8_t *hdata, size_t hlen)
{
	struct pack p;

	pack_init(&p, body, RELAY_BODY);
	put_handshake(&p, htype, hdata, hlen);
	return p.err ? -EMSGSIZE : (int)pack_len(&p);
}

int
extendmsg_get_reply(const uint8_t *in, size_t len, const uint8_t **hdata,
    size_t *hlen)
{
	struct wire w;

	wire_init(&w, in, len);
	*hlen = wire_u16(&w);
	*hdata = wire_take(&w, *hlen);
	return w.err ? -EPROTO : 0;
}

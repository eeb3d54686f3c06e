/* tun/vnet.c - what stands before each packet of a device with IFF_VNET_HDR */
#include "tun/vnet.h"

#include <errno.h>
#include <string.h>

#include "tun/pkt.h"

/* Where the fields are.  Their numbers are here, since the header has to be
 * read and written where there is no linux/virtio_net.h, too: in tests. */
enum {
	FLAGS = 0, GSO_TYPE = 1, HDR_LEN = 2, GSO_SIZE = 4, CSUM_START = 6,
	CSUM_OFFSET = 8
};
enum {
	F_NEEDS_CSUM = 1,	/* it was never made: a local sender, or one
				 * whose super-segment comes uncut */
	F_DATA_VALID = 2,	/* it was verified */
	GSO_NONE = 0, GSO_TCPV4 = 1, GSO_TCPV6 = 4,
	GSO_ECN = 0x80		/* beside a type: CWR is in it */
};

static void
put(uint8_t *at, size_t v)
{
	uint16_t n = (uint16_t)v;

	memcpy(at, &n, sizeof(n));
}

void
vnet_build(uint8_t out[VNET_HEAD], const struct pkt_out *p)
{
	memset(out, 0, VNET_HEAD);
	if (p->csum_start) {
		out[FLAGS] = F_NEEDS_CSUM;
		put(out + CSUM_START, p->csum_start);
		put(out + CSUM_OFFSET, p->csum_offset);
	}
	if (p->seg) {
		out[GSO_TYPE] = p->head[0] >> 4 == 4 ? GSO_TCPV4 : GSO_TCPV6;
		put(out + HDR_LEN, p->headlen);
		put(out + GSO_SIZE, p->seg);
	}
}

int
vnet_parse(const uint8_t in[VNET_HEAD], struct pkt_in *p)
{
	unsigned type = in[GSO_TYPE] & ~(unsigned)GSO_ECN;

	p->csum_ok = (in[FLAGS] & (F_NEEDS_CSUM | F_DATA_VALID)) != 0;
	if (type != GSO_NONE && type != GSO_TCPV4 && type != GSO_TCPV6)
		return -EPROTONOSUPPORT;
	return 0;
}

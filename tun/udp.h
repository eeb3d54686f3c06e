/* tun/udp.h - a UDP datagram (RFC 768, 8200 8.1) */
#ifndef TUN_UDP_H
#define TUN_UDP_H

#include <stddef.h>
#include <stdint.h>

#include "tun/drop.h"

struct addr;
struct ip;
struct pkt_out;

enum { UDP_HEAD = 8 };

struct udp {			/* borrows the packet */
	uint16_t	 sport, dport;
	const uint8_t	*data;
	size_t		 len;
};

/* DROP_NOT, DROP_DATAGRAM, DROP_CHECKSUM.  @csum_ok as in pkt_in. */
enum drop	udp_parse(struct udp *, const struct ip *, int csum_ok);
/* A packet whose payload stays where it is. */
void		udp_build(struct pkt_out *, const struct addr *from,
		    const struct addr *to, const void *, size_t len,
		    int offload);

#endif
